package lab

import (
	"os"
	"syscall"
)

// unprivilegedID is the user and group that a child started as root sees itself as.
const unprivilegedID = 1000

// sysProcAttr makes a child die with this process, however that dies.
func sysProcAttr(unprivileged bool) *syscall.SysProcAttr {
	a := &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
	if unprivileged && os.Geteuid() == 0 {
		// A user namespace, not another user: the child keeps reading and writing our private folders, whatever folder
		// they are in.
		a.Cloneflags = syscall.CLONE_NEWUSER
		a.UidMappings = []syscall.SysProcIDMap{{ContainerID: unprivilegedID, HostID: 0, Size: 1}}
		a.GidMappings = []syscall.SysProcIDMap{{ContainerID: unprivilegedID, HostID: 0, Size: 1}}
	}
	return a
}
