//go:build !linux

package lab

import "syscall"

// sysProcAttr has no parent-death signal to use here: a child outlives this process if that is killed.
func sysProcAttr(*command) *syscall.SysProcAttr { return &syscall.SysProcAttr{Setpgid: true} }
