package bustest

import (
	"context"
	"sync"
	"testing"
	"time"

	"github.com/pult-cc/pult/internal/bus"
	"github.com/pult-cc/pult/internal/errs"
)

// runTrouble proves what holds when the transport fails; a transport that cannot fail has proven it.
func runTrouble(t *testing.T, open func(t *testing.T) Fleet) {
	able := open(t)
	for _, c := range []struct {
		name string
		can  func(Fleet) bool
		test func(*testing.T, Fleet)
	}{
		{"after a restart every subscriber sees Gap, and messages pass", canRestart, testRestartGap},
		{"after a restart handlers serve again", canRestart, testRestartHandlers},
		{"over a restart a lease never has two holders, and its term does not fall", canRestart, testRestartLease},
		{"a lease is lost when the transport is gone", canStop, testStopLease},
		{"without the transport requests and check fail, and nothing hangs", canStop, testStopRequests},
		{"the lease of a process that died is taken over", canStop, testTakeover},
		{"whatever happens, who follows Gap ends up with what was published", canDisturb, testConverges},
		{"whatever happens, a lease has one holder at a time", canDisturb, testLeaseUnderFire},
	} {
		if c.can(able) {
			t.Run(c.name, func(t *testing.T) {
				t.Parallel() // they mostly wait
				c.test(t, open(t))
			})
		}
	}
}

func canRestart(f Fleet) bool { return f.Restart != nil }
func canStop(f Fleet) bool    { return f.Stop != nil }
func canDisturb(f Fleet) bool { return len(f.Disturb) > 0 }

func testRestartGap(t *testing.T, f Fleet) {
	a, b := join(t, f), join(t, f)
	subs := []bus.Subscription{subscribe(t, a, "calls"), subscribe(t, b, "calls"), subscribe(t, b, "quiet")}
	publish(t, a, "calls", "before")
	epochs := map[string]bool{}
	for _, s := range subs[:2] {
		epochs[receive(t, s).Epoch] = true
	}
	_ = b.Publish(within(t), "calls", []byte("perhaps lost"))
	f.Restart(t)
	for i, s := range subs {
		// Even where nothing is published any more: the screen must not stay as it was.
		deadline := time.After(patience)
		for gap := false; !gap; {
			select {
			case e := <-s.C():
				gap = e.Gap && !epochs[e.Epoch]
			case <-deadline:
				t.Fatalf("subscriber %d was not told of the restart", i)
			}
		}
	}
	eventually(t, "messages pass again", func() bool {
		if a.Publish(within(t), "calls", []byte("after")) != nil {
			return false
		}
		select {
		case e := <-subs[1].C():
			return string(e.Payload) == "after"
		case <-time.After(100 * time.Millisecond):
			return false
		}
	})
	eventually(t, "the check passes again", func() bool { return b.Check(within(t)) == nil })
}

func testRestartHandlers(t *testing.T, f Fleet) {
	a, b := join(t, f), join(t, f)
	handle(t, t.Context(), a, "engine", answer("old"))
	handle(t, t.Context(), b, "engine", answer("new"))
	f.Restart(t)
	eventually(t, "the newest handler serves", func() bool {
		got, err := a.Request(within(t), "engine", nil)
		return err == nil && string(got) == "new"
	})
}

func testRestartLease(t *testing.T, f Fleet) {
	a, b := join(t, f), join(t, f)
	first := acquire(t, a, "pbx")
	type taken struct {
		lease bus.Lease
		early bool
	}
	second := make(chan taken, 1)
	ctx, stop := context.WithCancel(within(t))
	defer stop()
	var wg sync.WaitGroup
	for range 8 { // so that one asks in the moment when Redis has come back
		wg.Go(func() {
			l, err := b.Acquire(ctx, "pbx", ttl)
			if err != nil {
				return
			}
			second <- taken{l, !lost(first)}
			stop()
		})
	}
	f.Restart(t)
	// Two outcomes are right: the holder keeps the lease over a short outage, or it loses it and another takes over.
	var got taken
	select {
	case got = <-second:
	case <-time.After(4 * ttl):
		if lost(first) {
			t.Fatal("the lease is lost, and nobody takes it over")
		}
		if err := first.Release(within(t)); err != nil {
			t.Fatal(err)
		}
		got = <-second
	}
	if got.early {
		t.Error("taken over while the holder believes to hold it")
	}
	if got.lease.Term() <= first.Term() {
		t.Errorf("term %d follows %d", got.lease.Term(), first.Term())
	}
	wg.Wait()
	if err := got.lease.Release(within(t)); err != nil {
		t.Error(err)
	}
}

func testStopLease(t *testing.T, f Fleet) {
	l := acquire(t, join(t, f), "pbx")
	f.Stop(t)
	stopped := time.Now()
	select {
	case <-l.Lost():
		if took := time.Since(stopped); took > ttl+200*time.Millisecond {
			t.Fatalf("noticed after %v, with a ttl of %v", took, ttl)
		}
	case <-time.After(patience):
		t.Fatal("the holder does not notice")
	}
}

func testStopRequests(t *testing.T, f Fleet) {
	a, b := join(t, f), join(t, f)
	handle(t, t.Context(), a, "engine", answer("here"))
	f.Stop(t)
	eventually(t, "the check fails", func() bool { return b.Check(within(t)) != nil })
	if _, err := b.Request(within(t), "engine", nil); !errs.Is(err, errs.Unavailable) && !errs.Is(err, errs.Timeout) {
		t.Fatalf("the request got %v", err)
	}
	eventually(t, "publishing says that nobody may have got it", func() bool {
		return errs.Is(b.Publish(within(t), "calls", []byte("x")), errs.Unavailable)
	})
	before := time.Now()
	s := subscribe(t, b, "calls")
	_ = b.Publish(within(t), "calls", []byte("to ourselves"))
	if e := receive(t, s); string(e.Payload) != "to ourselves" || time.Since(before) > time.Second {
		t.Errorf("a process without transport is deaf to itself: %q after %v", e.Payload, time.Since(before))
	}
}

func testTakeover(t *testing.T, f Fleet) {
	a, die := f.Join(t)
	b := join(t, f)
	first, err := a.Acquire(within(t), "pbx", ttl)
	if err != nil {
		t.Fatal(err)
	}
	die()
	died := time.Now()
	second := acquire(t, b, "pbx")
	if took := time.Since(died); took > ttl+300*time.Millisecond {
		t.Errorf("taken over after %v, with a ttl of %v", took, ttl)
	}
	if second.Term() <= first.Term() {
		t.Errorf("term %d follows %d", second.Term(), first.Term())
	}
	if !lost(first) {
		t.Error("the lease of a process that ended does not count as lost")
	}
}
