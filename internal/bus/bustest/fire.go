package bustest

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/pult-cc/pult/internal/bus"
)

// board is what a publisher publishes: the newest value of a few things, which can also be read whole.
type board struct {
	mu     sync.Mutex
	values map[string]int
}

func (b *board) set(key string, v int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.values[key] = v
}

func (b *board) snapshot() map[string]int {
	b.mu.Lock()
	defer b.mu.Unlock()
	out := make(map[string]int, len(b.values))
	for k, v := range b.values {
		out[k] = v
	}
	return out
}

// follow keeps a copy of the board as a screen does: it applies what comes, and reads everything again at every Gap.
func follow(s bus.Subscription, original *board) *board {
	own := &board{values: map[string]int{}}
	go func() {
		for e := range s.C() {
			if e.Gap {
				for k, v := range original.snapshot() {
					own.set(k, v)
				}
			}
			var key string
			var v int
			if e.Payload == nil {
				continue
			}
			if _, err := fmt.Sscanf(string(e.Payload), "%s %d", &key, &v); err != nil {
				panic(err)
			}
			own.mu.Lock()
			own.values[key] = max(own.values[key], v) // versions: a message may be older than the snapshot
			own.mu.Unlock()
		}
	}()
	return own
}

func (b *board) equal(other *board) bool {
	x, y := b.snapshot(), other.snapshot()
	if len(x) != len(y) {
		return false
	}
	for k, v := range x {
		if y[k] != v {
			return false
		}
	}
	return true
}

// testConverges lets three processes publish while the transport is troubled in every way, and then be silent: with no later message
// to notice by, every copy must still become equal to the original.
func testConverges(t *testing.T, f Fleet) {
	var processes []bus.Bus
	var originals []*board
	for range 3 {
		processes = append(processes, join(t, f))
		originals = append(originals, &board{values: map[string]int{}})
	}
	copies := map[string]func() bool{}
	for from, original := range originals {
		for to, b := range processes {
			own := follow(subscribe(t, b, fmt.Sprint("board.", from)), original)
			copies[fmt.Sprintf("the copy of %d at %d", from, to)] = func() bool { return own.equal(original) }
		}
	}
	round := 0
	for _, disturb := range f.Disturb {
		stop := make(chan struct{})
		var wg sync.WaitGroup
		for i, b := range processes {
			wg.Go(func() {
				tick := time.NewTicker(time.Millisecond)
				defer tick.Stop()
				for n := 0; ; n++ {
					select {
					case <-stop:
						return
					case <-tick.C:
					}
					key, v := fmt.Sprint("key", n%50), round*1_000_000+n
					originals[i].set(key, v) // first the truth, then the news
					before := time.Now()
					_ = b.Publish(t.Context(), fmt.Sprint("board.", i), fmt.Appendf(nil, "%s %d", key, v))
					if took := time.Since(before); took > 500*time.Millisecond {
						t.Errorf("Publish took %v", took)
					}
				}
			})
		}
		disturb(t)
		close(stop)
		wg.Wait()
		round++
		for name, equal := range copies {
			eventually(t, fmt.Sprintf("after trouble %d %s is like the original", round, name), equal)
		}
	}
}

// testLeaseUnderFire has two processes fight for a lease while the transport is troubled. Who believes to hold it, holds it alone.
func testLeaseUnderFire(t *testing.T, f Fleet) {
	var tenures atomic.Int32
	var mu sync.Mutex
	var last bus.Lease
	ctx, cancel := context.WithCancel(t.Context())
	var wg sync.WaitGroup
	for range 2 {
		b := join(t, f)
		wg.Go(func() {
			for ctx.Err() == nil {
				l, err := b.Acquire(ctx, "pbx", ttl)
				if err != nil {
					if ctx.Err() == nil && !errors.Is(err, context.Canceled) {
						t.Errorf("Acquire: %v", err)
					}
					continue
				}
				mu.Lock()
				if last != nil && !lost(last) {
					t.Errorf("term %d began while the holder of term %d believes to hold it", l.Term(), last.Term())
				}
				if last != nil && l.Term() <= last.Term() {
					t.Errorf("term %d follows %d", l.Term(), last.Term())
				}
				last = l
				mu.Unlock()
				tenures.Add(1)
				select { // most tenures are short, so that handing over is what gets disturbed
				case <-l.Lost():
				case <-time.After(20 * time.Millisecond):
				case <-ctx.Done():
				}
				_ = l.Release(context.WithoutCancel(ctx))
			}
		})
	}
	for _, disturb := range f.Disturb {
		before := tenures.Load()
		disturb(t)
		eventually(t, "the lease goes round again", func() bool { return tenures.Load() > before+4 })
	}
	cancel()
	wg.Wait()
}
