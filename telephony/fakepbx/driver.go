package fakepbx

import (
	"context"
	"slices"
	"time"

	"github.com/pult-cc/pult/internal/errs"
	"github.com/pult-cc/pult/telephony"
)

// commandTimeout is the driver's own deadline where the caller has no nearer one.
const commandTimeout = 3 * time.Second

// Driver is one connection to a PBX. It implements telephony.Driver and all optional capabilities.
type Driver struct {
	pbx *PBX

	// Guarded by pbx.mu.
	ran     bool
	waiting bool // runs and wants to be connected as soon as the link is there
	queue   []telephony.Event
	retry   *time.Timer

	wake chan struct{} // capacity 1: the queue has something
}

// push appends an event to what Run delivers.
func (d *Driver) push(e telephony.Event) {
	d.queue = append(d.queue, e)
	select {
	case d.wake <- struct{}{}:
	default:
	}
}

// Run implements telephony.Driver.
func (d *Driver) Run(ctx context.Context, sink func(telephony.Event)) error {
	p := d.pbx
	p.mu.Lock()
	if d.ran {
		p.mu.Unlock()
		return errs.E(errs.Internal, "running PBX driver", "Run was called twice")
	}
	d.ran = true
	d.waiting = true
	p.running = append(p.running, d)
	if !p.linkCut {
		p.connect(d)
	}
	p.mu.Unlock()

	defer func() {
		p.mu.Lock()
		defer p.mu.Unlock()
		p.running = slices.DeleteFunc(p.running, func(o *Driver) bool { return o == d })
		if p.active == d {
			p.active = nil
		}
		if d.retry != nil {
			d.retry.Stop()
		}
	}()
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-d.wake:
		}
		for {
			p.mu.Lock()
			batch := d.queue
			d.queue = nil
			p.mu.Unlock()
			if len(batch) == 0 {
				break
			}
			for _, e := range batch {
				if ctx.Err() != nil {
					return ctx.Err()
				}
				sink(e)
			}
		}
	}
}

// command admits a command: it waits out a hanging PBX and latency, refuses without a link and injects faults. On success the
// PBX is locked and the caller must unlock it.
func (d *Driver) command(ctx context.Context, name, op string) error {
	ctx, cancel := context.WithTimeout(ctx, commandTimeout)
	defer cancel()
	p := d.pbx
	p.mu.Lock()
	p.counts[name]++
	for p.hang != nil || p.latency > 0 {
		hang, latency := p.hang, p.latency
		p.mu.Unlock()
		var slow <-chan time.Time
		if hang == nil {
			t := time.NewTimer(latency)
			defer t.Stop()
			slow = t.C
		}
		select {
		case <-ctx.Done():
			return errs.With(errs.Timeout, op, ctx.Err())
		case <-hang:
		case <-slow:
		}
		p.mu.Lock()
		if hang == nil {
			break
		}
	}
	if err := ctx.Err(); err != nil {
		p.mu.Unlock()
		return errs.With(errs.Timeout, op, err)
	}
	if p.active != d {
		p.mu.Unlock()
		return errs.E(errs.Unavailable, op, "the PBX is not connected")
	}
	if f := p.faults[name]; len(f) > 0 {
		p.faults[name] = f[1:]
		p.mu.Unlock()
		return errs.Wrap(op, f[0])
	}
	return nil
}

// ended is the error of a command for a leg that is not there any more.
func ended(op string) error { return errs.E(errs.Conflict, op, "the call has ended") }

// notUp is the error of a command that a leg which was not answered cannot follow.
func notUp(op string) error { return errs.E(errs.Conflict, op, "the leg has not been answered yet") }
