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
	"github.com/pult-cc/pult/connectors/internal/pace"
	"github.com/pult-cc/pult/connectors/memory"
	"github.com/pult-cc/pult/connectors/resilient"
	"github.com/pult-cc/pult/internal/errs"
)

// limited is a driver of a system with a limit: a look-up takes two requests, a call six, all else one, and each takes 80 ms.
type limited struct {
	limit *pace.Limiter
	sent  atomic.Int32
}

func (d *limited) send(ctx context.Context, n int) error {
	for range n {
		if err := d.limit.Wait(ctx, connectors.IsAside(ctx)); err != nil {
			return &errs.Error{Kind: errs.RateLimited, Op: "asking", Msg: "more requests are waiting than the system takes", Err: err}
		}
		d.sent.Add(1)
		time.Sleep(80 * time.Millisecond)
	}
	return nil
}

func (d *limited) Lookup(ctx context.Context, _ connectors.LookupQuery) ([]connectors.Candidate, error) {
	return nil, d.send(ctx, 2)
}

func (d *limited) Check(ctx context.Context) (connectors.Health, error) {
	return connectors.Health{}, d.send(ctx, 1)
}

func (d *limited) Index(ctx context.Context, cursor string, _ int) (connectors.Page, error) {
	return connectors.Page{Next: cursor + "."}, d.send(ctx, 1)
}

func (d *limited) LogCall(ctx context.Context, call connectors.CallRecord) (connectors.Ref, error) {
	return connectors.Ref{ID: call.Key}, d.send(ctx, 6)
}

// TestARingingCallWaitedWhileTheOutboxCaughtUp: after an outage, on a system that takes two requests a second, a look-up waited for places
// within the limit behind the records that were being written, the page of the index and the check: longer than a phone rings.
func TestARingingCallWaitedWhileTheOutboxCaughtUp(t *testing.T) {
	for _, burst := range []int{1, 5, 50} {
		t.Run(fmt.Sprintf("%d at once", burst), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				d := &limited{limit: pace.New(2, time.Second, burst)}
				c, err := resilient.New(d, resilient.Options{ID: "crm", KeepAlive: time.Second})
				if err != nil {
					t.Fatal(err)
				}
				ctx, stop := context.WithCancel(t.Context())
				var wg sync.WaitGroup
				defer wg.Wait()
				defer stop()
				wg.Go(func() { _ = c.Run(ctx) })
				wg.Go(func() {
					for ctx.Err() == nil {
						if _, err := c.Index(ctx, "", 10); err != nil && ctx.Err() == nil {
							t.Errorf("a page: %v", err)
						}
					}
				})
				var written atomic.Int32
				for range 2 { // the workers of an outbox's lane
					wg.Go(func() {
						for ctx.Err() == nil {
							if _, err := c.LogCall(ctx, connectors.CallRecord{Key: "a"}); err == nil {
								written.Add(1)
							} else if ctx.Err() == nil {
								t.Errorf("a call: %v", err)
							}
						}
					})
				}
				time.Sleep(time.Minute)
				// A place for each of two requests, and their answers. With a reserve there is nothing to wait for.
				most := 2*500*time.Millisecond + 160*time.Millisecond
				if burst > 1 {
					most = 160 * time.Millisecond
				}
				before, began := d.sent.Load(), time.Now()
				for i := range 60 {
					asked := time.Now()
					if _, err := c.Lookup(ctx, number(i)); err != nil || time.Since(asked) > most {
						t.Errorf("a look-up: %v after %v, want %v at most", err, time.Since(asked), most)
					}
					time.Sleep(4*time.Second + time.Duration(i*37%900)*time.Millisecond)
				}
				if rate := float64(d.sent.Load()-before) / time.Since(began).Seconds(); rate < 1.95 || rate > 2.05 {
					t.Errorf("%.2f requests a second, want all that the limit takes, 2", rate)
				}
				if n := written.Load(); n < 30 {
					t.Errorf("%d calls were written meanwhile", n)
				}
			})
		})
	}
}

// TestPagesAndChecksTookThePlacesOfWhoeverRings: two records, a page and a check were all the places there are.
func TestPagesAndChecksTookThePlacesOfWhoeverRings(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := memory.New("crm", nil)
		d.Behave(20*time.Second, nil)
		c, err := resilient.New(d, resilient.Options{ID: "crm", MaxConcurrent: 4})
		if err != nil {
			t.Fatal(err)
		}
		ctx, stop := context.WithCancel(t.Context())
		var wg sync.WaitGroup
		defer wg.Wait()
		defer stop()
		wg.Go(func() { _, _ = c.Index(ctx, "", 10) })
		wg.Go(func() { _, _ = c.LogCall(ctx, connectors.CallRecord{Key: "a"}) })
		wg.Go(func() { _, _ = c.LogCall(ctx, connectors.CallRecord{Key: "b"}) })
		wg.Go(func() { _ = c.Run(ctx) })
		synctest.Wait()
		d.Behave(0, nil)
		began := time.Now()
		if _, err := c.Lookup(ctx, number(1)); err != nil || time.Since(began) > 0 {
			t.Errorf("a look-up: %v after %v", err, time.Since(began))
		}
	})
}

// noTurn is a driver that the limit leaves no room for records.
type noTurn struct{ fake }

func (*noTurn) LogCall(context.Context, connectors.CallRecord) (connectors.Ref, error) {
	return connectors.Ref{}, &errs.Error{Kind: errs.RateLimited, Op: "logging", Msg: "more requests are waiting than the system takes", Err: connectors.ErrNoTurn}
}

// TestARecordWithoutATurnSilencedTheSystem: a record that the driver held back passed for the system's wish to be left alone, and look-ups
// were refused for two seconds.
func TestARecordWithoutATurnSilencedTheSystem(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := &noTurn{}
		d.set(0, nil, "Maria")
		c, err := resilient.New(d, resilient.Options{ID: "crm", FailuresToOpen: 2})
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		for i := range 5 {
			if _, err := c.LogCall(t.Context(), connectors.CallRecord{Key: "a"}); !errs.Is(err, errs.RateLimited) {
				t.Errorf("a record: %v", err)
			}
			if a, err := c.Lookup(t.Context(), number(i)); err != nil || len(a.Candidates) != 1 {
				t.Errorf("a look-up after it: %v, %v", a, err)
			}
		}
		if s := c.Status(); s.State != connectors.StateUp {
			t.Errorf("the system is %s: %s", s.State, s.Problem)
		}
	})
}

// TestARecordThatWasNotSentPassedForOneWithoutAnAnswer: whoever has it written would wait until a system that was never asked cannot be at it.
func TestARecordThatWasNotSentPassedForOneWithoutAnAnswer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := &limited{limit: pace.New(1, 25*time.Second, 1)}
		c, err := resilient.New(d, resilient.Options{ID: "crm"})
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		if _, err := c.Check(t.Context()); err != nil {
			t.Fatal(err)
		}
		first := make(chan error)
		go func() {
			_, err := c.Index(t.Context(), "", 10)
			first <- err
		}()
		synctest.Wait()
		ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
		defer cancel()
		if _, err := c.LogCall(ctx, connectors.CallRecord{Key: "a"}); !errs.Is(err, errs.RateLimited) {
			t.Errorf("a record whose time ended in the queue: %v", err)
		}
		if err := <-first; err != nil {
			t.Errorf("the page before it: %v", err)
		}
	})
}

// marks notes which operations are marked.
type marks struct {
	fake
	aside sync.Map
}

func (m *marks) note(ctx context.Context, op string) { m.aside.Store(op, connectors.IsAside(ctx)) }

func (m *marks) Lookup(ctx context.Context, q connectors.LookupQuery) ([]connectors.Candidate, error) {
	m.note(ctx, "lookup")
	return m.fake.Lookup(ctx, q)
}

func (m *marks) Get(ctx context.Context, ref connectors.Ref) (connectors.Candidate, error) {
	m.note(ctx, "get")
	return m.fake.Get(ctx, ref)
}

func (m *marks) Search(ctx context.Context, text string, limit int) ([]connectors.Candidate, error) {
	m.note(ctx, "search")
	return m.fake.Search(ctx, text, limit)
}

func (m *marks) Check(ctx context.Context) (connectors.Health, error) {
	m.note(ctx, "check")
	return m.fake.Check(ctx)
}

func (m *marks) Index(ctx context.Context, _ string, _ int) (connectors.Page, error) {
	m.note(ctx, "index")
	return connectors.Page{}, nil
}

func (m *marks) Related(ctx context.Context, _ connectors.Ref, _ int) ([]connectors.Item, error) {
	m.note(ctx, "related")
	return nil, nil
}

func (m *marks) CreateTask(ctx context.Context, _ connectors.Task) (connectors.Ref, error) {
	m.note(ctx, "task")
	return connectors.Ref{}, nil
}

func TestWhatARingingCallMayOvertakeIsMarked(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := &marks{}
		m.set(0, nil, "Maria")
		c, err := resilient.New(m, resilient.Options{ID: "crm"})
		if err != nil {
			t.Fatal(err)
		}
		_, lookup := c.Lookup(t.Context(), number(1))
		_, get := c.Get(t.Context(), connectors.Ref{ID: "1"})
		_, search := c.Search(t.Context(), "Maria", 1)
		_, check := c.Check(t.Context())
		_, index := c.Index(t.Context(), "", 1)
		_, related := c.Related(t.Context(), connectors.Ref{ID: "1"}, 1)
		_, task := c.CreateTask(t.Context(), connectors.Task{Key: "a"})
		for _, err := range []error{lookup, get, search, check, index, related, task} {
			if err != nil {
				t.Error(err)
			}
		}
		asked, _ := m.aside.Load("check")
		ctx, stop := context.WithCancel(t.Context())
		done := make(chan error)
		go func() { done <- c.Run(ctx) }()
		synctest.Wait()
		kept, _ := m.aside.Load("check")
		stop()
		if err := <-done; err != nil {
			t.Error(err)
		}
		if asked != false || kept != true {
			t.Errorf("a person's check: %v, that of the keep-alive: %v", asked, kept)
		}
		for op, want := range map[string]bool{"lookup": false, "get": false, "search": false, "index": true, "related": true, "task": true} {
			if got, _ := m.aside.Load(op); got != want {
				t.Errorf("%s: marked %v, want %v", op, got, want)
			}
		}
	})
}
