package connectortest

import (
	"context"
	"iter"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/pult-cc/pult/connectors"
	"github.com/pult-cc/pult/internal/errs"
)

// Known is a customer who stands in a real system: a number, and a part of the name that it must lead to.
type Known struct {
	Query connectors.LookupQuery
	Name  string
}

// VerifyLive asks a driver to a real system what can be asked without knowing what stands there, and, where known is not nil, about
// that customer. It writes nothing and is gentle. id is the connector instance that the driver was opened for.
func VerifyLive(ctx context.Context, driver connectors.Driver, id string, known *Known) iter.Seq[Verdict] {
	s := live{System: System{Driver: driver, ID: id}, known: known}
	return func(yield func(Verdict) bool) {
		for _, c := range []struct {
			name string
			run  func(T)
		}{
			{"Check", s.check}, {"Known", s.knownCustomer}, {"Nobody", s.nobody}, {"OddCharacters", s.oddCharacters},
			{"Concurrent", s.concurrent}, {"HonoursDeadline", s.deadline}, {"Get", s.get}, {"Search", s.search}, {"Index", s.index},
			{"Gaps", func(t T) {
				gaps(t, func(T, []Customer) System { return System{Driver: driver, ID: id, Close: func() {}} })
			}},
		} {
			if ctx.Err() != nil || !yield(judge(ctx, c.name, c.run)) {
				return
			}
		}
	}
}

// live is a real system, of which nobody knows what stands in it.
type live struct {
	System
	known *Known
}

// unlikely is a number that no plan has.
var unlikely = connectors.LookupQuery{E164: "+70123456789", National: "0123456789", Region: "RU"}

func (s live) query() connectors.LookupQuery {
	if s.known != nil {
		return s.known.Query
	}
	return unlikely
}

func (s live) check(t T) {
	c, ok := connectors.As[connectors.Checker](s.Driver)
	if !ok {
		t.Log("the driver does not check")
		return
	}
	h, err := c.Check(t.Context())
	if err != nil {
		t.Fatalf("the system is not well: %v", err)
	}
	t.Logf("%s, %v", h.Version, h.Latency.Round(time.Millisecond))
}

// customer looks the known customer up.
func (s live) customer(t T) (connectors.Candidate, bool) {
	t.Helper()
	if s.known == nil {
		t.Log("not asked: no customer was named")
		return connectors.Candidate{}, false
	}
	for _, c := range lookup(t, s.System, s.known.Query) {
		if strings.Contains(c.Name, s.known.Name) {
			return c, true
		}
	}
	t.Fatalf("nobody called %q was found by that number", s.known.Name)
	return connectors.Candidate{}, false
}

func (s live) knownCustomer(t T) {
	c, ok := s.customer(t)
	if !ok {
		return
	}
	tail := s.known.Query.National
	tail = tail[max(0, len(tail)-7):]
	if !slices.ContainsFunc(c.Phones, func(p connectors.Phone) bool { return strings.Contains(onlyDigits(p.Raw), tail) }) {
		t.Errorf("none of the phones returned has the number: the host cannot verify them")
	}
	q := s.known.Query
	q.Limit = 1
	if found := lookup(t, s.System, q); len(found) != 1 {
		t.Errorf("limit 1 returned %d", len(found))
	}
}

func (s live) nobody(t T) {
	if found := lookup(t, s.System, unlikely); len(found) != 0 {
		t.Errorf("a number that no plan has found %d records", len(found))
	}
}

func (s live) oddCharacters(t T) {
	for _, evil := range []string{"' or ''='", "') or (true", "%", "*", "&$filter=", "\x00", "😀"} {
		found, err := s.Driver.Lookup(t.Context(), connectors.LookupQuery{E164: evil, National: evil})
		if err == nil && len(found) != 0 {
			t.Errorf("number %q found %d records", evil, len(found))
		}
	}
}

func (s live) concurrent(t T) {
	var wg sync.WaitGroup
	for range 10 {
		wg.Go(func() {
			if _, err := s.Driver.Lookup(t.Context(), s.query()); err != nil && !errs.Is(err, errs.RateLimited) {
				t.Errorf("ten look-ups at once: %v", err)
			}
		})
	}
	wg.Wait()
}

func (s live) deadline(t T) {
	const patience = time.Millisecond
	best := time.Hour
	for try := 0; try < 10 && best > lateness; try++ {
		ctx, cancel := context.WithTimeout(t.Context(), patience)
		began := time.Now()
		_, err := s.Driver.Lookup(ctx, s.query())
		best = min(best, time.Since(began)-patience)
		cancel()
		if err != nil && !errs.Is(err, errs.Timeout) {
			t.Fatalf("got %v, want Timeout or an answer", err)
		}
	}
	if best > lateness {
		t.Errorf("the driver came back %v after its deadline, want %v at most", best, lateness)
	}
}

func (s live) get(t T) {
	getter, ok := connectors.As[connectors.Getter](s.Driver)
	if !ok {
		t.Log("the driver does not get single records")
		return
	}
	want, ok := s.customer(t)
	if !ok {
		return
	}
	got, err := getter.Get(t.Context(), want.Ref)
	if err != nil || got.Ref != want.Ref || got.Name != want.Name || got.Kind != want.Kind {
		t.Errorf("look-up and get do not return the same record: %+v and %+v, %v", want.Ref, got.Ref, err)
	}
	want.Ref.ID = "no-such-id"
	if _, err := getter.Get(t.Context(), want.Ref); !errs.Is(err, errs.NotFound) {
		t.Errorf("an unknown record: %v, want NotFound", err)
	}
}

func (s live) search(t T) {
	searcher, ok := connectors.As[connectors.Searcher](s.Driver)
	if !ok {
		t.Log("the driver does not search")
		return
	}
	if found, err := searcher.Search(t.Context(), " ", 10); err != nil || len(found) != 0 {
		t.Errorf("search for nothing: %d found, %v", len(found), err)
	}
	want, ok := s.customer(t)
	if !ok {
		return
	}
	found, err := searcher.Search(t.Context(), want.Name, 20)
	if err != nil || !slices.ContainsFunc(found, func(c connectors.Candidate) bool { return c.Ref == want.Ref }) {
		t.Errorf("a search for the customer's own name does not find them: %d found, %v", len(found), err)
	}
}

func (s live) index(t T) {
	if _, ok := connectors.As[connectors.Indexer](s.Driver); !ok {
		t.Log("the driver does not list everybody")
		return
	}
	i := indexer(t, s.System)
	cursor := ""
	for n := range 3 {
		page, err := i.Index(t.Context(), cursor, 50)
		if err != nil {
			t.Fatalf("page %d: %v", n+1, err)
		}
		for _, c := range page.Candidates {
			checkCandidate(t, s.System, c)
		}
		again, err := i.Index(t.Context(), cursor, 50)
		if err != nil || !sameRefs(page, again) {
			t.Errorf("page %d is another one when it is read again: %v", n+1, err)
		}
		if cursor = page.Next; cursor == "" {
			return
		}
	}
}
