package plugin

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/hashicorp/go-plugin/runner"
)

// child is the process of a plug-in, as go-plugin wants to run it. It differs from go-plugin's own in what happens at the end: the
// process and all it started end with Pult, by a pipe at standard input that closes with Pult and by the kernel where it can.
type child struct {
	cmd   *exec.Cmd
	out   [2]*output // of standard output and error
	stdin *os.File   // our end: closing it says goodbye

	greeting *io.PipeReader // the first line of standard output, for go-plugin
	exited   chan struct{}  // closed when the process is gone and its pipes are read

	mu       sync.Mutex
	hello    string // the first line of standard output
	state    string // how it ended
	reaped   bool   // its process number is about to be given free, or is
	unwanted bool   // was told to end before it began
}

var _ runner.Runner = (*child)(nil)

// drainTime is how long the pipes of a dead process may still be held open by somebody it started.
const drainTime = 500 * time.Millisecond

func newChild(s Settings, env []string, out, err *output) *child {
	cmd := exec.Command(s.Command, s.Args...)
	cmd.Env = env
	for k, v := range s.Env {
		cmd.Env = append(cmd.Env, k+"="+v)
	}
	alone(cmd)
	return &child{cmd: cmd, out: [2]*output{out, err}, exited: make(chan struct{})}
}

// Start implements runner.Runner.
func (c *child) Start(context.Context) error {
	var files []*os.File // read and write ends of input, output, errors
	err := error(nil)
	for range 3 {
		r, w, perr := os.Pipe()
		if perr != nil {
			err = perr
			break
		}
		files = append(files, r, w)
	}
	if err == nil {
		c.cmd.Stdin, c.cmd.Stdout, c.cmd.Stderr = files[0], files[3], files[5]
		err = c.spawn()
	}
	if err != nil {
		closeAll(files...)
		close(c.exited)
		return err
	}
	closeAll(files[0], files[3], files[5])
	stdout, stderr := files[2], files[4]
	c.stdin = files[1]
	var greet *io.PipeWriter
	c.greeting, greet = io.Pipe()
	var readers sync.WaitGroup
	readers.Go(func() { c.readOutput(stdout, greet) })
	readers.Go(func() { _, _ = io.Copy(c.out[1], stderr) })
	go func() {
		err := c.reap()
		c.mu.Lock()
		c.state = "exit status 0"
		if err != nil {
			c.state = err.Error()
		}
		c.mu.Unlock()
		for _, ours := range []*os.File{stdout, stderr} {
			_ = ours.SetReadDeadline(time.Now().Add(drainTime))
		}
		readers.Wait()
		closeAll(c.stdin, stdout, stderr)
		c.out[0].end()
		c.out[1].end()
		close(c.exited)
	}()
	return nil
}

func closeAll(files ...*os.File) {
	for _, f := range files {
		_ = f.Close()
	}
}

func (c *child) spawn() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.unwanted {
		return context.Canceled
	}
	return c.cmd.Start()
}

// readOutput gives the first line to go-plugin and what follows to the log: a plug-in that prints must not come to a halt.
func (c *child) readOutput(stdout io.Reader, greet *io.PipeWriter) {
	const longest = 64 << 10
	r := bufio.NewReaderSize(stdout, longest)
	line, err := r.ReadSlice('\n')
	c.mu.Lock()
	c.hello = strings.TrimSpace(string(line))
	c.mu.Unlock()
	if err == nil {
		_, _ = greet.Write(line)
	}
	_ = greet.Close()
	_, _ = io.Copy(c.out[0], r)
}

// greeted returns the first line of standard output, and how the process ended if it has.
func (c *child) greeted() (hello, state string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.hello, c.state
}

// forget makes Kill do nothing from now on: the number may soon be another process's.
func (c *child) forget() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.reaped = true
}

// Kill implements runner.AttachedRunner.
func (c *child) Kill(context.Context) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.cmd.Process == nil {
		c.unwanted = true
		return nil
	}
	if c.reaped {
		return nil
	}
	if err := endGroup(c.cmd.Process); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return err
	}
	return nil
}

// Wait implements runner.AttachedRunner.
func (c *child) Wait(context.Context) error {
	<-c.exited
	if _, state := c.greeted(); state != "exit status 0" {
		return errors.New(state)
	}
	return nil
}

// Stdout implements runner.Runner: the greeting only.
func (c *child) Stdout() io.ReadCloser { return c.greeting }

// Stderr implements runner.Runner: we read it ourselves.
func (c *child) Stderr() io.ReadCloser { return io.NopCloser(strings.NewReader("")) }

// Name implements runner.Runner.
func (c *child) Name() string { return c.cmd.Path }

// ID implements runner.AttachedRunner.
func (c *child) ID() string {
	if c.cmd.Process == nil {
		return ""
	}
	return strconv.Itoa(c.cmd.Process.Pid)
}

// Diagnose implements runner.Runner.
func (c *child) Diagnose(context.Context) string {
	hello, state := c.greeted()
	return fmt.Sprintf("first line %q, %s", hello, state)
}

// PluginToHost implements runner.AddrTranslator: both live on one machine.
func (c *child) PluginToHost(network, address string) (string, string, error) {
	return network, address, nil
}

// HostToPlugin implements runner.AddrTranslator.
func (c *child) HostToPlugin(network, address string) (string, string, error) {
	return network, address, nil
}
