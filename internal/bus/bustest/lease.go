package bustest

import (
	"context"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/pult-cc/pult/internal/bus"
	"github.com/pult-cc/pult/internal/errs"
)

const ttl = 600 * time.Millisecond

func acquire(t *testing.T, b bus.Bus, name string) bus.Lease {
	t.Helper()
	l, err := b.Acquire(within(t), name, ttl)
	if err != nil {
		t.Fatalf("Acquire: %v", err)
	}
	t.Cleanup(func() { _ = l.Release(context.WithoutCancel(t.Context())) })
	return l
}

func lost(l bus.Lease) bool {
	select {
	case <-l.Lost():
		return true
	default:
		return false
	}
}

func testLeaseExclusive(t *testing.T, f Fleet) {
	buses := []bus.Bus{join(t, f), join(t, f)}
	var inside atomic.Int32
	var mu sync.Mutex
	var terms []uint64
	var wg sync.WaitGroup
	for _, b := range buses {
		for range 3 {
			wg.Go(func() {
				for range 4 {
					l, err := b.Acquire(within(t), "pbx", ttl)
					if err != nil {
						t.Errorf("Acquire: %v", err)
						return
					}
					if inside.Add(1) != 1 {
						t.Error("two hold the lease")
					}
					mu.Lock()
					terms = append(terms, l.Term())
					mu.Unlock()
					inside.Add(-1)
					if err := l.Release(within(t)); err != nil {
						t.Errorf("Release: %v", err)
					}
				}
			})
		}
	}
	wg.Wait()
	for i := 1; i < len(terms); i++ {
		if terms[i] <= terms[i-1] {
			t.Fatalf("terms do not grow: %v", terms)
		}
	}
	if len(terms) != 24 {
		t.Fatalf("%d acquisitions in place of 24", len(terms))
	}
}

func testLeaseLasts(t *testing.T, f Fleet) {
	a, b := join(t, f), join(t, f)
	held := acquire(t, a, "pbx")
	other := acquire(t, b, "another name is another lease")
	ctx, cancel := context.WithTimeout(t.Context(), 3*ttl)
	defer cancel()
	if l, err := b.Acquire(ctx, "pbx", ttl); err == nil {
		t.Fatalf("a second holder got term %d", l.Term())
	}
	if lost(held) || lost(other) {
		t.Fatal("a lease was lost while its holder lived")
	}
}

func testLeaseReleased(t *testing.T, f Fleet) {
	a, b := join(t, f), join(t, f)
	const long = 5 * time.Second // waiting for its end would be noticed
	first, err := a.Acquire(within(t), "pbx", long)
	if err != nil {
		t.Fatal(err)
	}
	got := make(chan bus.Lease, 1)
	go func() {
		l, err := b.Acquire(within(t), "pbx", ttl)
		if err != nil {
			t.Errorf("Acquire: %v", err)
		}
		got <- l
	}()
	released := time.Now()
	if err := first.Release(within(t)); err != nil {
		t.Fatalf("Release: %v", err)
	}
	if !lost(first) {
		t.Error("a released lease does not count as lost")
	}
	if err := first.Release(within(t)); err != nil {
		t.Errorf("second Release: %v", err)
	}
	second := <-got
	if second == nil {
		t.FailNow()
	}
	if took := time.Since(released); took > long/4 {
		t.Errorf("free after %v", took)
	}
	if second.Term() <= first.Term() {
		t.Errorf("term %d follows %d", second.Term(), first.Term())
	}
	if err := first.Release(within(t)); err != nil || lost(second) {
		t.Errorf("an old holder's Release took the lease from the new one (%v)", err)
	}
	if err := second.Release(within(t)); err != nil {
		t.Error(err)
	}
}

func testLeaseWaitEnds(t *testing.T, f Fleet) {
	a, b := join(t, f), join(t, f)
	acquire(t, a, "pbx")
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if _, err := b.Acquire(ctx, "pbx", ttl); !errs.Is(err, errs.Timeout) {
		t.Fatalf("got %v", err)
	}
}

func testTermsFromClock(t *testing.T, f Fleet) {
	before := uint64(time.Now().Add(-time.Minute).UnixMilli())
	if term := acquire(t, join(t, f), "pbx").Term(); term < before {
		t.Fatalf("term %d: rows written before a restart would carry a greater one", term)
	}
}

func testCheck(t *testing.T, f Fleet) {
	if err := join(t, f).Check(within(t)); err != nil {
		t.Fatal(err)
	}
}
