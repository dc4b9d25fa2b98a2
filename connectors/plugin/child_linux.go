package plugin

import (
	"errors"
	"os"
	"os/exec"
	"syscall"

	"golang.org/x/sys/unix"
)

// alone puts a process into a group of its own, so that Ctrl-C reaches Pult only and what the plug-in starts can be found, and has the
// kernel end it when the thread that started it is gone: that thread is the supervisor's own and lives as long as Pult.
func alone(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
}

// endGroup ends a process that has not been waited for, and everything in its group.
func endGroup(p *os.Process) error {
	if err := syscall.Kill(-p.Pid, syscall.SIGKILL); err != nil && !errors.Is(err, syscall.ESRCH) {
		return err
	}
	return p.Kill()
}

// reap waits for the process to end, ends what is left of its group, and only then gives its number free.
func (c *child) reap() error {
	for {
		err := unix.Waitid(unix.P_PID, c.cmd.Process.Pid, nil, unix.WEXITED|unix.WNOWAIT, nil)
		if !errors.Is(err, unix.EINTR) {
			break
		}
	}
	c.forget()
	_ = syscall.Kill(-c.cmd.Process.Pid, syscall.SIGKILL)
	return c.cmd.Wait()
}
