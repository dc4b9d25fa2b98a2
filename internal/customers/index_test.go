package customers_test

import (
	"fmt"
	"runtime"
	"testing"
	"time"

	"github.com/pult-cc/pult/connectors"
	"github.com/pult-cc/pult/connectors/onec/onecsim"
	"github.com/pult-cc/pult/connectors/resilient"
	"github.com/pult-cc/pult/internal/customers"
	"github.com/pult-cc/pult/internal/customers/memrepo"
	"github.com/pult-cc/pult/internal/customers/phoneindex"
	"github.com/pult-cc/pult/internal/errs"
)

// withIndex is a service with an index of its systems' records, as of an hour ago.
func withIndex(t *testing.T, records map[*system][]connectors.Candidate) bench {
	t.Helper()
	n, err := customers.NewNormalizer("RU", "")
	if err != nil {
		t.Fatal(err)
	}
	o := customers.Options{Normalizer: n, Repository: &memrepo.Repository{}, Indexes: map[string]customers.Index{}}
	for s, list := range records {
		x := phoneindex.New(s.ID(), s.Name())
		var cs []customers.Customer
		for _, r := range list {
			cs = append(cs, n.Customer(s.ID(), s.Name(), r, time.Now().Add(-time.Hour)))
		}
		x.Put(cs)
		o.Sources, o.Indexes[s.ID()] = append(o.Sources, s), x
	}
	s, err := customers.NewService(o)
	if err != nil {
		t.Fatal(err)
	}
	return bench{Service: s}
}

func TestTheIndexAnswersAtOnceAndTheSystemCorrects(t *testing.T) {
	crm := &system{id: "1c"}
	for name, c := range map[string]struct {
		indexed []connectors.Candidate
		took    time.Duration
		err     error
		says    []connectors.Candidate
		want    string
	}{
		"the same":           {[]connectors.Candidate{record("1c", "Maria", messy)}, 11 * time.Second, nil, []connectors.Candidate{record("1c", "Maria", messy)}, "0 FOUND Maria, 1500 FAILED Maria (1C: no answer yet), 11000 FOUND Maria"},
		"somebody else":      {[]connectors.Candidate{record("1c", "Maria", messy)}, 100 * time.Millisecond, nil, []connectors.Candidate{record("1c", "Anna", messy)}, "0 FOUND Maria, 100 FOUND Anna"},
		"nobody any more":    {[]connectors.Candidate{record("1c", "Maria", messy)}, 100 * time.Millisecond, nil, nil, "0 FOUND Maria, 100 NONE"},
		"a miss":             {[]connectors.Candidate{record("1c", "Foreign", "8 (926) 123-45-67")}, 100 * time.Millisecond, nil, []connectors.Candidate{record("1c", "Maria", messy)}, "0 PENDING, 100 FOUND Maria"},
		"the system is away": {[]connectors.Candidate{record("1c", "Maria", messy)}, 100 * time.Millisecond, errs.E(errs.Unavailable, "asking", "away"), nil, "0 FOUND Maria, 100 FAILED Maria (1C: away)"},
		"two":                {[]connectors.Candidate{record("1c", "Maria", messy), record("1c", "Anna", messy)}, 100 * time.Millisecond, errs.E(errs.Unavailable, "asking", "away"), nil, "0 MANY, 100 FAILED (1C: away)"},
	} {
		t.Run(name, func(t *testing.T) {
			in(t, nil, func(t *testing.T, _ bench) {
				crm.set(c.took, c.err, c.says...)
				b := withIndex(t, map[*system][]connectors.Candidate{crm: c.indexed})
				now, later := b.Start(t.Context(), messy)
				for range later {
				}
				if len(now.Candidates) > 0 {
					if got := now.Candidates[0]; got.Origin != customers.OriginIndex || got.Number == nil || got.Number.Label != "Мобильный" || time.Since(got.Customer.AsOf) < time.Hour {
						t.Errorf("why, from where, how old: %+v", got)
					}
				}
				b = withIndex(t, map[*system][]connectors.Candidate{crm: c.indexed})
				if got := b.story(t.Context(), b.Start); got != c.want {
					t.Errorf("%s, want %s", got, c.want)
				}
			})
		})
	}
}

// The whole way with 1C: what the mirror read is what a look-up says, for every caller of the demo base, while 1C sleeps.
func TestDemoCallersFromTheIndex(t *testing.T) {
	live, sim, c := demo1C(t, onecsim.Options{}, resilient.Options{})
	want := map[string]customers.Match{}
	for _, caller := range onecsim.Demo() {
		want[caller.Number] = live.Match(t.Context(), caller.Number)
	}
	ids := 0
	m, err := phoneindex.NewMirror(phoneindex.Options{
		Connector: "1c", Name: "1C", Lister: c, Numbers: live.Numbers(), Repository: &phoneindex.Memory{}, MinPause: time.Microsecond, Limit: 20,
		NewID: func() string { ids++; return fmt.Sprint(ids) },
	})
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan error, 1)
	go func() { done <- m.Run(t.Context()) }()
	t.Cleanup(func() {
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
	for m.State().CompleteAt.IsZero() {
		if m.State().Problem != "" {
			t.Fatalf("%+v", m.State())
		}
		runtime.Gosched()
	}
	sim.SetDelay(time.Hour)
	s, err := customers.NewService(customers.Options{
		Normalizer: live.Numbers(), Sources: []customers.Source{asleep{c}}, Repository: &memrepo.Repository{},
		Indexes: map[string]customers.Index{"1c": m.Index()},
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, caller := range onecsim.Demo() {
		got, _ := s.Start(t.Context(), caller.Number)
		w := want[caller.Number]
		if w.State == customers.MatchNone {
			if got.State != customers.MatchPending {
				t.Errorf("%s: %+v", caller.Name, got)
			}
			continue
		}
		if got.State != w.State || len(got.Candidates) != len(w.Candidates) {
			t.Errorf("%s (%s): the index says %s of %d, 1C %s of %d", caller.Name, caller.Case, got.State, len(got.Candidates), w.State, len(w.Candidates))
			continue
		}
		for i := range got.Candidates {
			a, b := got.Candidates[i], w.Candidates[i]
			if a.Why != b.Why || a.Customer.ID != b.Customer.ID || a.Customer.Name != b.Customer.Name || a.Customer.Owner != b.Customer.Owner ||
				a.Customer.URL != b.Customer.URL || len(a.Customer.Numbers) != len(b.Customer.Numbers) || a.Customer.Company != b.Customer.Company {
				t.Errorf("%s: the index has %+v, 1C %+v", caller.Name, a, b)
			}
		}
	}
}

// asleep is a connector that has forgotten everything.
type asleep struct{ *resilient.Connector }

func (asleep) Peek(connectors.LookupQuery) (connectors.Answer, bool) {
	return connectors.Answer{}, false
}
