package lab

import (
	"os"
	"strings"
	"syscall"
)

const (
	// nobody is the user and group that an unprivileged child of root runs as.
	nobody = 65534
	// capDACOverride lets a process use files whoever owns them: our private folders, in whatever folder they are.
	capDACOverride = 1
)

// sysProcAttr makes a child die with this process, however that dies. An unprivileged child of root gets another user id,
// and keeps no right of root's but the one to reach our files; for that the command may be changed.
func sysProcAttr(c *command) *syscall.SysProcAttr {
	a := &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
	switch {
	case !c.unprivileged || os.Geteuid() != 0:
	case onlyRoot():
		// We are root of a user namespace that knows nobody else. In one more we can have another id. (This does not
		// serve real root, because it is forbidden in a chroot.)
		a.Cloneflags = syscall.CLONE_NEWUSER
		a.UidMappings = []syscall.SysProcIDMap{{ContainerID: nobody, HostID: 0, Size: 1}}
		a.GidMappings = []syscall.SysProcIDMap{{ContainerID: nobody, HostID: 0, Size: 1}}
	default:
		a.Credential = &syscall.Credential{Uid: nobody, Gid: nobody}
		a.AmbientCaps = []uintptr{capDACOverride}
		// The right becomes effective with the first program that is run: one that everybody can reach.
		c.args = append([]string{"-c", `cd "$1" && shift && exec "$@"`, "sh", c.dir, c.path}, c.args...)
		c.path, c.dir = "/bin/sh", "/"
	}
	return a
}

// onlyRoot reports whether the user id 0 is the only one there is.
func onlyRoot() bool {
	raw, err := os.ReadFile("/proc/self/uid_map")
	fields := strings.Fields(string(raw))
	return err == nil && len(fields) == 3 && fields[2] == "1"
}
