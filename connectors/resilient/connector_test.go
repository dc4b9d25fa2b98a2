package resilient_test

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pult-cc/pult/connectors"
	"github.com/pult-cc/pult/connectors/resilient"
	"github.com/pult-cc/pult/internal/errs"
)

// fake is a driver whose answers a test writes.
type fake struct {
	mu     sync.Mutex
	took   time.Duration
	err    error
	found  []connectors.Candidate
	calls  atomic.Int32
	checks atomic.Int32
	inside atomic.Int32
	most   atomic.Int32
}

func (f *fake) set(took time.Duration, err error, names ...string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.took, f.err, f.found = took, err, nil
	for _, n := range names {
		f.found = append(f.found, connectors.Candidate{Name: n, Ref: connectors.Ref{Connector: "crm", Type: "t", ID: n}})
	}
}

func (f *fake) answer(ctx context.Context) ([]connectors.Candidate, error) {
	n := f.inside.Add(1)
	defer f.inside.Add(-1)
	for m := f.most.Load(); n > m && !f.most.CompareAndSwap(m, n); m = f.most.Load() {
	}
	f.mu.Lock()
	took, err, found := f.took, f.err, f.found
	f.mu.Unlock()
	if took > 0 {
		select {
		case <-time.After(took):
		case <-ctx.Done():
			return nil, errs.With(errs.Timeout, "looking up", ctx.Err())
		}
	}
	if err != nil {
		return nil, err
	}
	return found, nil
}

func (f *fake) Lookup(ctx context.Context, _ connectors.LookupQuery) ([]connectors.Candidate, error) {
	f.calls.Add(1)
	return f.answer(ctx)
}

func (f *fake) Check(ctx context.Context) (connectors.Health, error) {
	f.checks.Add(1)
	_, err := f.answer(ctx)
	return connectors.Health{Version: "1"}, err
}

func (f *fake) Get(ctx context.Context, ref connectors.Ref) (connectors.Candidate, error) {
	f.calls.Add(1)
	found, err := f.answer(ctx)
	if err != nil || len(found) == 0 {
		return connectors.Candidate{}, err
	}
	return found[0], nil
}

func (f *fake) Search(ctx context.Context, _ string, _ int) ([]connectors.Candidate, error) {
	f.calls.Add(1)
	return f.answer(ctx)
}

func number(n int) connectors.LookupQuery {
	return connectors.LookupQuery{E164: fmt.Sprintf("+7495000%04d", n), National: fmt.Sprintf("495000%04d", n), Region: "RU"}
}

// in runs a test on virtual time around a connector of a fake driver.
func in(t *testing.T, o resilient.Options, test func(*testing.T, *fake, *resilient.Connector)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		f := &fake{}
		f.set(100*time.Millisecond, nil, "Maria")
		o.ID = "crm"
		c, err := resilient.New(f, o)
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		test(t, f, c)
	})
}

var outage = errs.E(errs.Unavailable, "asking", "the server does not answer")

func TestSingleFlight(t *testing.T) {
	in(t, resilient.Options{}, func(t *testing.T, f *fake, c *resilient.Connector) {
		var wg sync.WaitGroup
		for range 50 {
			wg.Go(func() {
				if a, err := c.Lookup(t.Context(), number(1)); err != nil || len(a.Candidates) != 1 {
					t.Errorf("got %v %v", a, err)
				}
			})
		}
		wg.Wait()
		if n := f.calls.Load(); n != 1 {
			t.Errorf("the driver was asked %d times, want once", n)
		}
	})
}

func TestCacheAges(t *testing.T) {
	var outcomes []resilient.Outcome
	o := resilient.Options{Hooks: resilient.Hooks{Cached: func(_ string, o resilient.Outcome) { outcomes = append(outcomes, o) }}}
	in(t, o, func(t *testing.T, f *fake, c *resilient.Connector) {
		ask := func() connectors.Answer {
			t.Helper()
			a, err := c.Lookup(t.Context(), number(1))
			if err != nil {
				t.Fatal(err)
			}
			return a
		}
		first := ask()
		time.Sleep(5*time.Minute - time.Second)
		if a := ask(); a.Stale || !a.AsOf.Equal(first.AsOf) || f.calls.Load() != 1 {
			t.Errorf("fresh: %+v after %d calls", a, f.calls.Load())
		}
		time.Sleep(2 * time.Second)
		f.set(100*time.Millisecond, nil, "Anna")
		began := time.Now()
		if a := ask(); !a.Stale || a.Candidates[0].Name != "Maria" || time.Since(began) != 0 {
			t.Errorf("stale: %+v after %v, want Maria at once", a, time.Since(began))
		}
		time.Sleep(150 * time.Millisecond)
		if a := ask(); a.Stale || a.Candidates[0].Name != "Anna" || f.calls.Load() != 2 {
			t.Errorf("revalidated: %+v after %d calls", a, f.calls.Load())
		}
		time.Sleep(time.Hour + 6*time.Minute)
		if _, ok := c.Peek(number(1)); ok {
			t.Error("an answer of an hour ago is still shown")
		}
		want := []resilient.Outcome{resilient.Miss, resilient.Hit, resilient.Stale, resilient.Hit, resilient.Miss}
		if fmt.Sprint(outcomes) != fmt.Sprint(want) {
			t.Errorf("outcomes %v, want %v", outcomes, want)
		}
	})
}

func TestNobodyIsRememberedShortly(t *testing.T) {
	in(t, resilient.Options{}, func(t *testing.T, f *fake, c *resilient.Connector) {
		f.set(time.Millisecond, nil)
		for _, wait := range []time.Duration{0, 29 * time.Second, 2 * time.Second} {
			time.Sleep(wait)
			if a, err := c.Lookup(t.Context(), number(1)); err != nil || len(a.Candidates) != 0 || a.Stale {
				t.Fatalf("got %+v %v", a, err)
			}
		}
		if n := f.calls.Load(); n != 2 {
			t.Errorf("asked %d times, want 2: the second after 30 s", n)
		}
	})
}

func TestRefreshGoesPastTheCache(t *testing.T) {
	in(t, resilient.Options{}, func(t *testing.T, f *fake, c *resilient.Connector) {
		if _, err := c.Lookup(t.Context(), number(1)); err != nil {
			t.Fatal(err)
		}
		f.set(0, nil, "Anna")
		a, err := c.Refresh(t.Context(), number(1))
		if err != nil || a.Candidates[0].Name != "Anna" {
			t.Fatalf("got %+v %v", a, err)
		}
		if a, ok := c.Peek(number(1)); !ok || a.Candidates[0].Name != "Anna" {
			t.Errorf("memory has %+v", a)
		}
	})
}

func TestCacheForgetsTheLeastUsed(t *testing.T) {
	in(t, resilient.Options{MaxEntries: 2}, func(t *testing.T, _ *fake, c *resilient.Connector) {
		for _, n := range []int{1, 2, 1, 3} {
			if _, err := c.Lookup(t.Context(), number(n)); err != nil {
				t.Fatal(err)
			}
		}
		for n, want := range map[int]bool{1: true, 2: false, 3: true} {
			if _, ok := c.Peek(number(n)); ok != want {
				t.Errorf("number %d remembered: %v, want %v", n, ok, want)
			}
		}
	})
}

func TestImpatientAskerLeavesTheQuestion(t *testing.T) {
	in(t, resilient.Options{}, func(t *testing.T, f *fake, c *resilient.Connector) {
		f.set(3*time.Second, nil, "Maria")
		ctx, cancel := context.WithTimeout(t.Context(), c.RingDeadline())
		defer cancel()
		began := time.Now()
		_, err := c.Lookup(ctx, number(1))
		if !errs.Is(err, errs.Timeout) || time.Since(began) != 1500*time.Millisecond {
			t.Fatalf("got %v after %v", err, time.Since(began))
		}
		time.Sleep(2 * time.Second)
		if a, ok := c.Peek(number(1)); !ok || a.Candidates[0].Name != "Maria" {
			t.Errorf("the late answer was lost: %+v", a)
		}
		if s := c.Status(); s.State != connectors.StateUp {
			t.Errorf("status %+v, want UP: the system did answer", s)
		}
	})
}

func TestBulkhead(t *testing.T) {
	in(t, resilient.Options{MaxConcurrent: 4, MaxWaiting: 10}, func(t *testing.T, f *fake, c *resilient.Connector) {
		var wg sync.WaitGroup
		var refused atomic.Int32
		for i := range 20 {
			wg.Go(func() {
				if _, err := c.Lookup(t.Context(), number(i)); errs.Is(err, errs.Unavailable) {
					refused.Add(1)
				} else if err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		if m := f.most.Load(); m != 4 {
			t.Errorf("%d requests at the same time, want 4", m)
		}
		if r := refused.Load(); r != 6 {
			t.Errorf("%d refused, want 6: 4 places, 10 waiting", r)
		}
	})
}

func TestBreakerCountsOutagesOnly(t *testing.T) {
	for name, err := range map[string]error{
		"a business rule":       errs.E(errs.Rejected, "asking", "no"),
		"a configuration error": errs.E(errs.Invalid, "asking", "no field"),
	} {
		in(t, resilient.Options{}, func(t *testing.T, f *fake, c *resilient.Connector) {
			f.set(0, err)
			for i := range 20 {
				if _, got := c.Lookup(t.Context(), number(i)); errs.KindOf(got) != errs.KindOf(err) {
					t.Fatalf("%s: got %v", name, got)
				}
			}
			if s := c.Status(); f.calls.Load() != 20 || s.State != connectors.StateFailing || s.Problem == "" {
				t.Errorf("%s: %d calls, status %+v", name, f.calls.Load(), s)
			}
		})
	}
}

func TestBreakerOpensAndCloses(t *testing.T) {
	var states []connectors.State
	o := resilient.Options{Hooks: resilient.Hooks{StateChanged: func(_ string, _, to connectors.State) { states = append(states, to) }}}
	in(t, o, func(t *testing.T, f *fake, c *resilient.Connector) {
		if s := c.Status(); s.State != connectors.StateUnknown {
			t.Errorf("at first %+v", s)
		}
		f.set(time.Millisecond, outage)
		began := time.Now()
		for i := range 5 {
			if _, err := c.Lookup(t.Context(), number(i)); !errs.Is(err, errs.Unavailable) {
				t.Fatal(err)
			}
		}
		s := c.Status()
		if s.State != connectors.StateDown || s.FailingSince == nil || s.FailingSince.Sub(began) != time.Millisecond {
			t.Fatalf("after five outages %+v", s)
		}
		if _, err := c.Lookup(t.Context(), number(9)); !errs.Is(err, errs.Unavailable) || f.calls.Load() != 5 {
			t.Errorf("open: %v, %d calls", err, f.calls.Load())
		}
		time.Sleep(6 * time.Second) // half open: one probe, which fails
		for range 2 {
			_, _ = c.Lookup(t.Context(), number(10))
		}
		if n := f.calls.Load(); n != 6 {
			t.Errorf("%d calls, want one probe", n)
		}
		time.Sleep(6 * time.Second)
		f.set(time.Millisecond, nil, "Maria")
		if _, err := c.Lookup(t.Context(), number(11)); err != nil {
			t.Error(err)
		}
		if s := c.Status(); s.State != connectors.StateUp || s.FailingSince != nil || s.Problem != "" {
			t.Errorf("after the return %+v", s)
		}
		if fmt.Sprint(states) != "[FAILING UP]" {
			t.Errorf("state changes %v", states)
		}
	})
}

func TestBackgroundDeadlineIsAnOutage(t *testing.T) {
	in(t, resilient.Options{}, func(t *testing.T, f *fake, c *resilient.Connector) {
		f.set(time.Hour, nil)
		began := time.Now()
		if _, err := c.Lookup(t.Context(), number(1)); !errs.Is(err, errs.Timeout) || time.Since(began) != 30*time.Second {
			t.Fatalf("got %v after %v", err, time.Since(began))
		}
		if s := c.Status(); s.State != connectors.StateFailing || s.Problem != "no answer in time" {
			t.Errorf("status %+v", s)
		}
	})
}

func TestRefusedPasswordSilencesTheConnector(t *testing.T) {
	in(t, resilient.Options{}, func(t *testing.T, f *fake, c *resilient.Connector) {
		f.set(0, errs.E(errs.Unauthenticated, "asking", "the user name or password was refused"))
		for i := range 10 {
			if _, err := c.Lookup(t.Context(), number(i)); !errs.Is(err, errs.Unauthenticated) {
				t.Fatal(err)
			}
		}
		if n := f.calls.Load(); n != 1 {
			t.Errorf("the password was tried %d times, want once: it locks the account", n)
		}
		f.set(0, nil, "Maria")
		if _, err := c.Check(t.Context()); err != nil { // the administrator corrected it and presses "test"
			t.Fatal(err)
		}
		if _, err := c.Lookup(t.Context(), number(1)); err != nil {
			t.Error(err)
		}
	})
}

func TestRetryAfterIsObeyed(t *testing.T) {
	in(t, resilient.Options{}, func(t *testing.T, f *fake, c *resilient.Connector) {
		f.set(0, errs.With(errs.RateLimited, "asking", &connectors.RetryAfter{After: 7 * time.Second}))
		for range 3 {
			if _, err := c.Lookup(t.Context(), number(1)); !errs.Is(err, errs.RateLimited) {
				t.Fatal(err)
			}
		}
		f.set(0, nil, "Maria")
		time.Sleep(7 * time.Second)
		if _, err := c.Lookup(t.Context(), number(1)); err != nil || f.calls.Load() != 2 {
			t.Errorf("after the wait: %v, %d calls, want 2", err, f.calls.Load())
		}
	})
}

func TestPanicIsAnError(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, err := resilient.New(panicking{}, resilient.Options{ID: "crm"})
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		if _, err := c.Lookup(t.Context(), number(1)); !errs.Is(err, errs.Internal) {
			t.Errorf("got %v, want Internal", err)
		}
		for what, err := range map[string]error{
			"get":    func() error { _, err := c.Get(t.Context(), connectors.Ref{}); return err }(),
			"search": func() error { _, err := c.Search(t.Context(), "x", 1); return err }(),
			"index":  func() error { _, err := c.Index(t.Context(), "", 1); return err }(),
		} {
			if !errs.Is(err, errs.Unsupported) {
				t.Errorf("%s: %v, want Unsupported", what, err)
			}
		}
		if _, err := c.Check(t.Context()); err != nil {
			t.Errorf("check without the capability: %v", err)
		}
	})
}

type closing struct {
	panicking
	closed int
}

func (c *closing) Close() error { c.closed++; return errs.E(errs.Internal, "closing", "half open") }

func TestCloseClosesTheDriverOnce(t *testing.T) {
	d := &closing{}
	c, err := resilient.New(d, resilient.Options{ID: "crm"})
	if err != nil {
		t.Fatal(err)
	}
	c.Close()
	c.Close()
	if d.closed != 1 {
		t.Errorf("closed %d times", d.closed)
	}
}

type panicking struct{}

func (panicking) Lookup(context.Context, connectors.LookupQuery) ([]connectors.Candidate, error) {
	panic("a defect")
}

func BenchmarkLookupWarm(b *testing.B) {
	f := &fake{}
	f.set(0, nil, "Maria")
	c, err := resilient.New(f, resilient.Options{ID: "crm"})
	if err != nil {
		b.Fatal(err)
	}
	defer c.Close()
	for b.Loop() {
		if a, err := c.Lookup(b.Context(), number(1)); err != nil || len(a.Candidates) != 1 {
			b.Fatal(err)
		}
	}
}
