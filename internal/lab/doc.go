// Package lab runs the real parts around Pult on this machine, for the demo, tests and benchmarks: Asterisk, SIPp as the
// carrier, PostgreSQL, Redis, Vault and Odoo, and an RTP endpoint that can tell what it hears.
//
// Everything is private: own folders, own ports, random passwords, no system service started or touched. The programs are
// those that scripts/parts brings; [Find] says where they are. Every child dies with the context it was started with, and
// on Linux also when this process is killed.
//
// Media between Asterisk and a browser needs an address that is not loopback, because both leave 127.0.0.0/8 out of ICE.
// scripts/netns runs a command in a network namespace that has such addresses; [Addrs] finds them.
package lab
