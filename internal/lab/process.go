package lab

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"sync"
	"syscall"
)

// Process is what all parts share: they can be stopped, killed, made to hang, and started again on the same address with
// the same data. Its methods are safe for concurrent use.
type Process struct {
	// Dir holds the part's data.
	Dir string

	ctx         context.Context                          // the life of the children, across restarts
	stopSignal  os.Signal                                // for an orderly end
	closeSignal os.Signal                                // for a quick end that leaves nothing behind
	launch      func(ctx context.Context) (*proc, error) // starts a child and waits until it serves
	beneath     func() error                             // closes the part that this one stands on, if not nil

	mu     sync.Mutex
	proc   *proc
	temp   []string // folders to remove in the end
	closed bool
}

// init makes the folder and remembers how to start. The part ends with ctx.
func (p *Process) init(ctx context.Context, dir string, launch func(context.Context) (*proc, error)) error {
	p.ctx, p.launch = ctx, launch
	if p.stopSignal == nil {
		p.stopSignal = syscall.SIGTERM
	}
	if p.closeSignal == nil {
		p.closeSignal = syscall.SIGKILL
	}
	var err error
	p.Dir, err = p.folder(dir)
	return err
}

// folder makes dir, or a temporary folder if dir is empty, that nobody else can read.
func (p *Process) folder(dir string) (string, error) {
	if dir == "" {
		dir, err := os.MkdirTemp("", "pult-lab-")
		if err == nil {
			p.temp = append(p.temp, dir)
		}
		return dir, err
	}
	dir, err := filepath.Abs(dir)
	if err != nil {
		return "", err
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return "", err
	}
	return dir, os.Chmod(dir, 0o700)
}

// begin launches for the first time. If that fails, nothing is left behind.
func (p *Process) begin() error {
	if err := p.Restart(p.ctx); err != nil {
		return errors.Join(err, p.Close())
	}
	context.AfterFunc(p.ctx, func() {
		// Nobody is left to hear of an error, and the children are dead already.
		_ = p.Close()
	})
	return nil
}

// abandon cleans up after a failure before begin.
func (p *Process) abandon(err error) error { return errors.Join(err, p.Close()) }

// Stop ends the part in order and waits for that. Restart brings it back.
func (p *Process) Stop() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.stopLocked(p.stopSignal)
}

func (p *Process) stopLocked(sig os.Signal) error {
	if p.proc == nil {
		return nil
	}
	return p.proc.stop(sig)
}

// Kill ends the part by SIGKILL, as a crash would, and waits until it is gone. Restart brings it back.
func (p *Process) Kill() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.proc == nil {
		return nil
	}
	return p.proc.kill()
}

// Restart starts the part again, stopping it before if it runs, and waits until it serves. ctx bounds the wait, not the
// part's life, which is still that of the context it was started with.
func (p *Process) Restart(ctx context.Context) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed {
		return errors.New("the part is closed")
	}
	if err := p.stopLocked(p.stopSignal); err != nil {
		return err
	}
	child, err := p.launch(ctx)
	if child != nil {
		p.proc = child
	}
	return err
}

// Hang stops the part's process without ending it: connections stay open and nobody answers. Resume lets it go on.
func (p *Process) Hang() error { return p.signal(syscall.SIGSTOP) }

// Resume lets a part go on after Hang.
func (p *Process) Resume() error { return p.signal(syscall.SIGCONT) }

func (p *Process) signal(sig os.Signal) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.proc.signal(sig)
}

// Running reports whether the part has not ended by itself.
func (p *Process) Running() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	select {
	case <-p.proc.done:
		return false
	default:
		return true
	}
}

// PID is the process id of the part now.
func (p *Process) PID() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.proc.cmd.Process.Pid
}

// Close ends the part for good, waits for that, and removes its temporary folders. It does not take the time for an orderly
// end: Stop before it for that. The end of its context does the same.
func (p *Process) Close() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed {
		return nil
	}
	p.closed = true
	err := p.stopLocked(p.closeSignal)
	if p.beneath != nil {
		err = errors.Join(err, p.beneath()) // before the folders go: its own is in one of them
	}
	for _, dir := range p.temp {
		err = errors.Join(err, os.RemoveAll(dir))
	}
	return err
}
