package membus

import (
	"context"
	"slices"
	"sync"
	"time"

	"github.com/pult-cc/pult/internal/bus"
	"github.com/pult-cc/pult/internal/errs"
)

// leases are the leases of one process. They are never lost: who holds one, holds it until Release.
type leases struct {
	mu      sync.Mutex
	held    map[string]*lease
	waiting map[string][]chan struct{} // first come, first served
	terms   map[string]uint64
}

type lease struct {
	b    *Bus
	name string
	term uint64
	lost chan struct{}
	once sync.Once
}

// Acquire implements bus.Bus; ttl does not matter here.
func (b *Bus) Acquire(ctx context.Context, name string, _ time.Duration) (bus.Lease, error) {
	const op = "acquiring lease"
	ls := &b.leases
	ls.mu.Lock()
	for {
		if err := ctx.Err(); err != nil {
			ls.mu.Unlock()
			return nil, errs.With(errs.Timeout, op, err)
		}
		if ls.held[name] == nil {
			break
		}
		turn := make(chan struct{})
		ls.waiting[name] = append(ls.waiting[name], turn)
		ls.mu.Unlock()
		select {
		case <-turn:
			ls.mu.Lock()
		case <-ctx.Done():
			ls.mu.Lock()
			i := slices.Index(ls.waiting[name], turn)
			if i < 0 { // it was our turn just now: the next one's, then
				ls.wakeNext(name)
			} else {
				ls.waiting[name] = slices.Delete(ls.waiting[name], i, i+1)
			}
		}
	}
	// Terms go on growing over a restart of the process, and over a change to the bus with Redis, since both count from the clock:
	// the database compares them with those of rows written before.
	term := max(ls.terms[name]+1, uint64(time.Now().UnixMilli()))
	ls.terms[name] = term
	l := &lease{b: b, name: name, term: term, lost: make(chan struct{})}
	ls.held[name] = l
	ls.mu.Unlock()
	return l, nil
}

func (ls *leases) wakeNext(name string) {
	if len(ls.waiting[name]) == 0 {
		return
	}
	close(ls.waiting[name][0])
	ls.waiting[name] = ls.waiting[name][1:]
}

// Term implements bus.Lease.
func (l *lease) Term() uint64 { return l.term }

// Lost implements bus.Lease; it is closed by Release.
func (l *lease) Lost() <-chan struct{} { return l.lost }

// Release implements bus.Lease; it may be called more than once.
func (l *lease) Release(context.Context) error {
	l.once.Do(func() {
		ls := &l.b.leases
		ls.mu.Lock()
		defer ls.mu.Unlock()
		delete(ls.held, l.name)
		close(l.lost)
		ls.wakeNext(l.name)
	})
	return nil
}
