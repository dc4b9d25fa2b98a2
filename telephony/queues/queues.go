// Package queues decides who gets which waiting call. It is pure: no clock, no I/O, no locks; one owner (telephony/calls.Engine)
// holds its State.
package queues
