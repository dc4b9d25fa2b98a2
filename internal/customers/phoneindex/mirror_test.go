package phoneindex_test

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pult-cc/pult/connectors"
	"github.com/pult-cc/pult/connectors/resilient"
	"github.com/pult-cc/pult/internal/customers"
	"github.com/pult-cc/pult/internal/customers/phoneindex"
	"github.com/pult-cc/pult/internal/errs"
)

var _ phoneindex.Lister = (*resilient.Connector)(nil)

// crm is a customer system that lists its records, and writes down what it was asked and when.
type crm struct {
	mu      sync.Mutex
	records []connectors.Candidate
	took    time.Duration
	err     error  // of every page
	old     string // cursor that is refused as too old
	asked   []string
	began   time.Time
}

func newCRM(n int) *crm {
	c := &crm{began: time.Now()}
	for i := range n {
		c.records = append(c.records, connectors.Candidate{
			Ref: connectors.Ref{Connector: "1c", Type: "t", ID: fmt.Sprint(i)}, Kind: connectors.KindPerson, Name: fmt.Sprintf("N%d", i),
			Phones: []connectors.Phone{{Raw: fmt.Sprintf("8 916 %07d", i+1)}},
		})
	}
	return c
}

func (c *crm) Index(ctx context.Context, cursor string, limit int) (connectors.Page, error) {
	c.mu.Lock()
	c.asked = append(c.asked, fmt.Sprintf("%v %s", time.Since(c.began).Round(time.Millisecond), cursor))
	took, err, old := c.took, c.err, c.old
	records := c.records
	c.mu.Unlock()
	select {
	case <-time.After(took):
	case <-ctx.Done():
		return connectors.Page{}, errs.With(errs.Timeout, "listing", ctx.Err())
	}
	if err != nil {
		return connectors.Page{}, err
	}
	if cursor != "" && cursor == old {
		return connectors.Page{}, errs.E(errs.Invalid, "listing", "the cursor is too old")
	}
	at := 0
	if cursor != "" {
		if _, err := fmt.Sscan(cursor, &at); err != nil {
			return connectors.Page{}, errs.With(errs.Invalid, "listing", err)
		}
	}
	end := min(at+limit, len(records))
	p := connectors.Page{Candidates: records[at:end]}
	if end < len(records) {
		p.Next = fmt.Sprint(end)
	}
	return p, nil
}

func (c *crm) set(f func(c *crm)) {
	c.mu.Lock()
	defer c.mu.Unlock()
	f(c)
}

// take returns what was asked since the last take, as "0s |200ms 10|400ms 20".
func (c *crm) take() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	out := strings.Join(c.asked, "|")
	c.asked = nil
	return out
}

type desk struct {
	*phoneindex.Mirror
	t    *testing.T
	n    *customers.Normalizer
	stop func()
}

// mirror runs a mirror over a system until stop or the end of the test.
func mirror(t *testing.T, c *crm, repo phoneindex.Repository, change func(*phoneindex.Options)) desk {
	t.Helper()
	n := russian(t)
	ids := 0
	o := phoneindex.Options{
		Connector: "1c", Name: "1C", Lister: c, Numbers: n, Repository: repo, Limit: 10,
		NewID: func() string { ids++; return fmt.Sprintf("%d-%d", time.Now().UnixNano(), ids) },
	}
	if change != nil {
		change(&o)
	}
	m, err := phoneindex.NewMirror(o)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- m.Run(ctx) }()
	var once sync.Once
	d := desk{Mirror: m, t: t, n: n, stop: func() {
		once.Do(func() {
			cancel()
			if err := <-done; err != nil {
				t.Errorf("Run: %v", err)
			}
		})
	}}
	t.Cleanup(d.stop)
	return d
}

// after lets time pass.
func (d desk) after(passes time.Duration) desk {
	time.Sleep(passes) // virtual
	synctest.Wait()
	return d
}

// who returns the names behind customer i's number.
func (d desk) who(i int) string {
	var out []string
	for _, c := range d.Index().Lookup(d.n.Parse(fmt.Sprintf("+7916%07d", i+1))) {
		out = append(out, c.Name)
	}
	return strings.Join(out, ",")
}

func TestEverybodyIsRead(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCRM(25)
		c.records[3].Deleted = true
		c.records[4].Phones = nil
		d := mirror(t, c, &phoneindex.Memory{}, nil)
		d.after(250 * time.Millisecond)
		if s := d.State(); !s.Reading || s.Pages != 2 || !s.CompleteAt.IsZero() || d.who(12) != "N12" || d.who(22) != "" {
			t.Errorf("meanwhile: %+v, %q, %q", s, d.who(12), d.who(22))
		}
		d.after(time.Minute)
		if got := c.take(); got != "0s |200ms 10|400ms 20" {
			t.Errorf("asked %s", got)
		}
		s := d.State()
		if s.Customers != 23 || s.Numbers != 23 || s.Reading || s.CompleteAt.IsZero() || d.who(24) != "N24" || d.who(3) != "" || d.who(4) != "" {
			t.Errorf("complete: %+v", s)
		}
		found := d.Index().Lookup(d.n.Parse("+79160000001"))
		if len(found) != 1 || found[0].Source != "1c" || found[0].SourceName != "1C" || !found[0].AsOf.Equal(c.began) {
			t.Errorf("%+v", found)
		}
	})
}

func TestARestartGoesOn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, repo := newCRM(45), &phoneindex.Memory{}
		d := mirror(t, c, repo, nil).after(250 * time.Millisecond)
		d.stop()
		if got := c.take(); got != "0s |200ms 10" {
			t.Fatalf("asked %s", got)
		}
		c.set(func(c *crm) { c.took = time.Hour }) // it is asleep, and the index is there
		again := mirror(t, c, repo, nil).after(0)
		if again.who(15) != "N15" || again.who(25) != "" || again.State().Customers != 20 {
			t.Errorf("at once: %q, %q, %+v", again.who(15), again.who(25), again.State())
		}
		again.stop()
		c.set(func(c *crm) { c.took = 0 })
		c.take()
		again = mirror(t, c, repo, nil).after(time.Minute)
		if got := c.take(); got != "250ms 20|450ms 30|650ms 40" || again.State().Customers != 45 {
			t.Errorf("went on with %s, %+v", got, again.State())
		}
		again.stop()
		// A complete one is there as well, and nothing is asked.
		last := mirror(t, c, repo, nil).after(time.Hour)
		if s := last.State(); c.take() != "" || s.Customers != 45 || s.CompleteAt.IsZero() || s.Reading {
			t.Errorf("after a complete scan: %+v", s)
		}
	})
}

func TestTheNextScanForgetsWhoIsGone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCRM(25)
		d := mirror(t, c, &phoneindex.Memory{}, nil).after(time.Minute)
		c.set(func(c *crm) {
			c.records = append([]connectors.Candidate{}, c.records[1:]...)
			c.records[5].Name = "renamed"
		})
		c.take()
		d.after(24 * time.Hour)
		if d.who(0) != "" || d.who(6) != "renamed" || d.State().Customers != 24 {
			t.Errorf("after the next scan: %q, %q, %+v", d.who(0), d.who(6), d.State())
		}
		if got := c.take(); !strings.HasPrefix(got, "24h0m0.4s |") {
			t.Errorf("read again: %s", got)
		}
	})
}

func TestACursorThatIsTooOldBeginsAnew(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCRM(25)
		c.old = "20"
		d := mirror(t, c, &phoneindex.Memory{}, nil).after(time.Second)
		c.set(func(c *crm) { c.old = "" })
		d.after(time.Minute)
		if got := c.take(); got != "0s |200ms 10|400ms 20|30.4s |30.6s 10|30.8s 20" || d.State().Customers != 25 {
			t.Errorf("asked %s, %+v", got, d.State())
		}
	})
}

func TestASystemInTroubleIsLeftAlone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCRM(5)
		c.err = errs.E(errs.Unavailable, "listing", "the server does not answer")
		d := mirror(t, c, &phoneindex.Memory{}, nil).after(40 * time.Second)
		if got := c.take(); got != "0s |1s |3s |7s |15s |31s " || d.State().Problem != "the server does not answer" {
			t.Errorf("asked at %s, %+v", got, d.State())
		}
		c.set(func(c *crm) {
			c.err = &errs.Error{Kind: errs.RateLimited, Op: "listing", Msg: "fewer", Err: &connectors.RetryAfter{After: time.Hour}}
		})
		d.after(30 * time.Second)
		c.set(func(c *crm) { c.err = nil })
		d.after(2 * time.Hour)
		if got := c.take(); got != "1m3s |1h1m3s " || d.State().Problem != "" || d.State().Customers != 5 {
			t.Errorf("asked at %s, %+v", got, d.State())
		}
	})
}

// A system that takes long for a page has as long to itself.
func TestASlowSystemIsHalfIdle(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCRM(25)
		c.took = 3 * time.Second
		mirror(t, c, &phoneindex.Memory{}, nil).after(time.Minute)
		if got := c.take(); got != "0s |6s 10|12s 20" {
			t.Errorf("asked at %s", got)
		}
	})
}

// Of two processes one reads and the other follows; when the first goes the other goes on.
func TestOneOfManyReads(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		lease := make(chan struct{}, 1)
		lead := func(o *phoneindex.Options) {
			o.Lead = func(ctx context.Context) (<-chan struct{}, func(), error) {
				select {
				case lease <- struct{}{}:
					return make(chan struct{}), func() { <-lease }, nil
				case <-ctx.Done():
					return nil, nil, errs.With(errs.Timeout, "waiting", ctx.Err())
				}
			}
		}
		c, repo := newCRM(3000), &phoneindex.Memory{}
		first := mirror(t, c, repo, lead).after(time.Millisecond)
		second := mirror(t, c, repo, lead).after(31 * time.Second)
		if a, b := first.State(), second.State(); a.Customers < 1000 || b.Customers < 1000 || !a.Reading || b.Reading {
			t.Errorf("the first has %+v, the second %+v", a, b)
		}
		before := len(strings.Split(c.take(), "|"))
		first.stop()
		second.after(2 * time.Minute)
		after := len(strings.Split(c.take(), "|"))
		if s := second.State(); s.Customers != 3000 || s.CompleteAt.IsZero() || before+after != 300 {
			t.Errorf("%+v after %d + %d pages", s, before, after)
		}
	})
}

func TestWhatWasReadOfAnotherSystemIsNotUsed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		repo := &phoneindex.Memory{}
		mirror(t, newCRM(25), repo, nil).after(time.Minute).stop()
		other := newCRM(0)
		d := mirror(t, other, repo, func(o *phoneindex.Options) { o.System = "another base" }).after(time.Minute)
		if s := d.State(); s.Customers != 0 || s.CompleteAt.IsZero() || other.take() == "" {
			t.Errorf("%+v", s)
		}
		if scans, _ := repo.Scans(t.Context(), "1c"); len(scans) != 1 {
			t.Errorf("the other base is still stored: %+v", scans)
		}
	})
}

func TestAStoredIndexThatIsBrokenIsReadAnew(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		repo := &phoneindex.Memory{}
		c := newCRM(25)
		mirror(t, c, repo, nil).after(time.Minute).stop()
		scans, _ := repo.Scans(t.Context(), "1c")
		if err := repo.Add(t.Context(), scans[0].ID, phoneindex.Page{Seq: 4, Data: []byte("broken")}); err != nil {
			t.Fatal(err)
		}
		c.take()
		if d := mirror(t, c, repo, nil).after(5 * time.Minute); d.State().Customers != 25 || c.take() == "" {
			t.Errorf("%+v", d.State())
		}
	})
}

func TestASystemThatCannotListHasNoIndex(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCRM(5)
		c.err = errs.E(errs.Unsupported, "listing", "cannot")
		d := mirror(t, c, &phoneindex.Memory{}, nil).after(time.Hour)
		if got := c.take(); got != "0s " || d.State().Customers != 0 {
			t.Errorf("asked at %s", got)
		}
	})
}

func TestNewMirrorRefuses(t *testing.T) {
	if _, err := phoneindex.NewMirror(phoneindex.Options{Connector: "1c"}); !errs.Is(err, errs.Internal) {
		t.Errorf("got %v", err)
	}
}
