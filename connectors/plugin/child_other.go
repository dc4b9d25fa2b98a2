//go:build !linux

package plugin

import (
	"os"
	"os/exec"
)

// alone does nothing here: a plug-in ends with Pult by its standard input.
func alone(*exec.Cmd) {}

func endGroup(p *os.Process) error { return p.Kill() }

func (c *child) reap() error {
	defer c.forget()
	return c.cmd.Wait()
}
