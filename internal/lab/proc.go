package lab

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"sync"
	"syscall"
	"time"
)

// readyTimeout bounds the start of a part. It is generous: machines that build and test at the same time are slow.
const readyTimeout = time.Minute

// stopTimeout is how long a part may take to end by itself before it is killed.
const stopTimeout = 5 * time.Second

// proc is a running child. Its methods are safe for concurrent use.
type proc struct {
	name string
	cmd  *exec.Cmd
	tail *tail
	done chan struct{} // closed when the child has ended and its output is read
	err  error         // how it ended; valid after done
}

// command describes a child to start.
type command struct {
	name   string // for error messages
	path   string
	args   []string
	dir    string
	env    []string  // added to this process's
	log    io.Writer // gets what the child prints; may be nil
	stdout io.Writer // gets standard output instead of log, if not nil
	end    os.Signal // asks it to end; SIGTERM if nil
	// unprivileged runs the child under a user id that is not 0, still owning this user's files. PostgreSQL insists on it.
	unprivileged bool
}

// start starts a child that is asked to end when ctx ends, and killed soon after if it does not. It is in a
// process group of its own, so that Ctrl-C reaches only us and we decide the order of the ends.
func start(ctx context.Context, c command) (*proc, error) {
	p := &proc{name: c.name, tail: &tail{next: c.log}, done: make(chan struct{})}
	attr := sysProcAttr(&c)
	p.cmd = exec.CommandContext(ctx, c.path, c.args...)
	p.cmd.Dir = c.dir
	p.cmd.Env = append(os.Environ(), c.env...)
	p.cmd.Stderr = p.tail
	p.cmd.Stdout = p.tail
	if c.stdout != nil {
		p.cmd.Stdout = c.stdout
	}
	if c.end == nil {
		c.end = syscall.SIGTERM
	}
	p.cmd.Cancel = func() error { return p.cmd.Process.Signal(c.end) }
	p.cmd.WaitDelay = stopTimeout
	p.cmd.SysProcAttr = attr

	started := make(chan error, 1)
	go func() {
		// The kernel sends the parent-death signal when the thread that forked ends, not the process: keep that thread.
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		err := p.cmd.Start()
		started <- err
		if err != nil {
			return
		}
		p.err = p.cmd.Wait()
		close(p.done)
	}()
	if err := <-started; err != nil {
		return nil, fmt.Errorf("starting %s: %w", c.name, err)
	}
	return p, nil
}

// runToEnd runs a command that ends by itself.
func runToEnd(ctx context.Context, c command) error {
	p, err := start(ctx, c)
	if err != nil {
		return err
	}
	<-p.done
	if p.err != nil {
		return fmt.Errorf("%s: %w%s", p.name, p.err, p.tail)
	}
	return nil
}

// wait waits until probe succeeds. It fails when the child ends before, when ctx ends, or after readyTimeout.
func (p *proc) wait(ctx context.Context, probe func(context.Context) error) error {
	ctx, cancel := context.WithTimeout(ctx, readyTimeout)
	defer cancel()
	over := make(chan struct{})
	defer close(over)
	go func() { // the child's end also ends a probe that waits for it
		select {
		case <-p.done:
			cancel()
		case <-over:
		}
	}()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for {
		err := probe(ctx)
		if err == nil {
			return nil
		}
		select {
		case <-tick.C:
			continue
		case <-ctx.Done():
		}
		select {
		case <-p.done:
			return fmt.Errorf("%s ended before it was ready: %w%s", p.name, errOr(p.err, "exit 0"), p.tail)
		default:
			return fmt.Errorf("%s is not ready (%w): %w%s", p.name, err, ctx.Err(), p.tail)
		}
	}
}

// stop ends the child in its own way and waits for it. Stopping an ended child does nothing.
func (p *proc) stop(sig os.Signal) error {
	if err := p.signal(sig); err != nil {
		return err
	}
	select {
	case <-p.done:
		return nil
	case <-time.After(stopTimeout):
		return p.kill()
	}
}

// kill ends the child at once and waits for it.
func (p *proc) kill() error {
	if err := p.signal(syscall.SIGKILL); err != nil {
		return err
	}
	<-p.done
	return nil
}

func (p *proc) signal(sig os.Signal) error {
	err := p.cmd.Process.Signal(sig)
	if err == nil || errors.Is(err, os.ErrProcessDone) {
		return nil
	}
	return fmt.Errorf("signalling %s: %w", p.name, err)
}

func errOr(err error, text string) error {
	if err != nil {
		return err
	}
	return errors.New(text)
}

// tail keeps the last of what a child prints, for error messages, and passes everything on.
type tail struct {
	mu   sync.Mutex
	kept []byte
	next io.Writer
}

const tailSize = 4096

func (t *tail) Write(b []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.kept = append(t.kept, b...)
	if over := len(t.kept) - tailSize; over > 0 {
		t.kept = t.kept[over:]
	}
	if t.next != nil {
		// A log that fails must not stop the part.
		if _, err := t.next.Write(b); err != nil {
			t.next = nil
		}
	}
	return len(b), nil
}

// String returns the kept output on lines of its own, or nothing.
func (t *tail) String() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	text := strings.TrimSpace(string(bytes.ToValidUTF8(t.kept, []byte("?"))))
	if text == "" {
		return ""
	}
	return "\nits last output:\n" + text
}
