package customers_test

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pult-cc/pult/connectors"
	"github.com/pult-cc/pult/internal/customers"
	"github.com/pult-cc/pult/internal/customers/memrepo"
	"github.com/pult-cc/pult/internal/errs"
	"github.com/pult-cc/pult/internal/obs"
)

// system is a customer system whose answers a test writes; it has no cache but what the test puts into peek.
type system struct {
	id string

	mu    sync.Mutex
	took  time.Duration
	err   error
	found []connectors.Candidate
	peek  *connectors.Answer
	since *time.Time
	asked atomic.Int32
	gets  atomic.Int32
}

func (s *system) ID() string                  { return s.id }
func (s *system) Name() string                { return strings.ToUpper(s.id) }
func (s *system) RingDeadline() time.Duration { return 1500 * time.Millisecond }

func (s *system) set(took time.Duration, err error, found ...connectors.Candidate) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.took, s.err, s.found = took, err, found
}

func (s *system) remember(a *connectors.Answer) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.peek = a
}

func (s *system) Peek(connectors.LookupQuery) (connectors.Answer, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.peek == nil {
		return connectors.Answer{}, false
	}
	return *s.peek, true
}

func (s *system) answer(ctx context.Context) ([]connectors.Candidate, error) {
	s.mu.Lock()
	took, err, found := s.took, s.err, s.found
	s.mu.Unlock()
	if took > 0 {
		select {
		case <-time.After(took):
		case <-ctx.Done():
			return nil, errs.With(errs.Timeout, "asking", ctx.Err())
		}
	}
	return found, err
}

func (s *system) Refresh(ctx context.Context, _ connectors.LookupQuery) (connectors.Answer, error) {
	s.asked.Add(1)
	found, err := s.answer(ctx)
	if err != nil {
		return connectors.Answer{}, err
	}
	return connectors.Answer{Candidates: found, AsOf: time.Now()}, nil
}

func (s *system) Get(ctx context.Context, ref connectors.Ref) (connectors.Candidate, error) {
	s.gets.Add(1)
	found, err := s.answer(ctx)
	if err != nil {
		return connectors.Candidate{}, err
	}
	for _, c := range found {
		if c.Ref == ref {
			return c, nil
		}
	}
	return connectors.Candidate{}, errs.E(errs.NotFound, "getting", "no such record")
}

func (s *system) Search(ctx context.Context, _ string, _ int) ([]connectors.Candidate, error) {
	return s.answer(ctx)
}

func (s *system) Status() connectors.Status {
	s.mu.Lock()
	defer s.mu.Unlock()
	return connectors.Status{FailingSince: s.since}
}

func record(system, name string, phones ...string) connectors.Candidate {
	c := connectors.Candidate{Ref: connectors.Ref{Connector: system, Type: "t", ID: name}, Kind: connectors.KindPerson, Name: name}
	for _, p := range phones {
		c.Phones = append(c.Phones, connectors.Phone{Raw: p, Label: "Мобильный"})
	}
	return c
}

const number, messy = "+79161234567", "8 (916) 123-45-67"

type bench struct {
	*customers.Service
	repo *memrepo.Repository
	log  *bytes.Buffer
}

// in runs a test on virtual time with a service over the systems.
func in(t *testing.T, systems []*system, test func(*testing.T, bench)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) { test(t, newBench(t, &memrepo.Repository{}, systems...)) })
}

func newBench(t testing.TB, repo *memrepo.Repository, systems ...*system) bench {
	t.Helper()
	n, err := customers.NewNormalizer("RU", "")
	if err != nil {
		t.Fatal(err)
	}
	b := bench{repo: repo, log: &bytes.Buffer{}}
	o := customers.Options{Normalizer: n, Repository: repo, Log: slog.New(slog.NewTextHandler(b.log, &slog.HandlerOptions{Level: slog.LevelDebug}))}
	for _, s := range systems {
		o.Sources = append(o.Sources, s)
	}
	if b.Service, err = customers.NewService(o); err != nil {
		t.Fatal(err)
	}
	return b
}

// story asks and writes what is said when, in virtual milliseconds: "0 PENDING", "100 FOUND Maria".
func (b bench) story(ctx context.Context, ask func(context.Context, string) (customers.Match, <-chan customers.Match)) string {
	began := time.Now()
	m, later := ask(ctx, messy)
	out := []string{told(began, m)}
	for m := range later {
		out = append(out, told(began, m))
	}
	return strings.Join(out, ", ")
}

func told(began time.Time, m customers.Match) string {
	s := fmt.Sprintf("%d %s", time.Since(began).Milliseconds(), m.State)
	if m.Chosen != nil {
		s += " " + m.Chosen.Name
	}
	if m.ChosenBy != "" {
		s += " by " + m.ChosenBy
	}
	if m.Problem != "" {
		s += " (" + m.Problem + ")"
	}
	return s
}

func TestTheCardComesWhenTheSystemAnswers(t *testing.T) {
	crm := &system{id: "1c"}
	crm.set(100*time.Millisecond, nil, record("1c", "Maria", messy), record("1c", "Other", "8 (916) 999-45-67"))
	in(t, []*system{crm}, func(t *testing.T, b bench) {
		if got := b.story(t.Context(), b.Start); got != "0 PENDING, 100 FOUND Maria" {
			t.Error(got)
		}
		m := b.Match(t.Context(), number)
		c := m.Chosen
		if len(m.Candidates) != 1 || m.Candidates[0].Why != customers.ReasonExact || c.Source != "1c" || c.SourceName != "1C" || c.AsOf.IsZero() ||
			c.Numbers[0].Number.E164 != number || c.Numbers[0].Label != "Мобильный" || len(m.Asked) != 1 || m.Asked[0] != "1C" {
			t.Errorf("%+v", m)
		}
		if strings.Contains(b.log.String(), "9161234567") {
			t.Errorf("the log has the number: %s", b.log)
		}
	})
}

func TestSystemsAreAskedTogether(t *testing.T) {
	a, z := &system{id: "a"}, &system{id: "z"}
	a.set(300*time.Millisecond, nil)
	z.set(200*time.Millisecond, nil, record("z", "Zoe", messy))
	in(t, []*system{a, z}, func(t *testing.T, b bench) {
		if got := b.story(t.Context(), b.Start); got != "0 PENDING, 200 FOUND Zoe" {
			t.Error(got)
		}
		a.set(300*time.Millisecond, nil, record("a", "Ann", messy))
		if got := b.story(t.Context(), b.Start); got != "0 FOUND Zoe, 200 FOUND Zoe, 300 MANY" {
			t.Error(got)
		}
	})
}

func TestKnownCallersAreShownAtOnce(t *testing.T) {
	crm := &system{id: "1c"}
	crm.set(100*time.Millisecond, nil, record("1c", "Maria", messy))
	in(t, []*system{crm}, func(t *testing.T, b bench) {
		b.Match(t.Context(), number)
		synctest.Wait()
		time.Sleep(time.Hour)
		renamed := record("1c", "Maria", messy)
		renamed.Company = "Василёк"
		crm.set(100*time.Millisecond, nil, renamed)
		// Another process: nothing in memory, all in the repository. The card is there before the answer and says how old it is.
		again := newBench(t, b.repo, crm)
		began := time.Now()
		_, later := again.Start(t.Context(), number)
		m := <-later
		if m.State != customers.MatchFound || m.Chosen.Company != "" || began.Sub(m.Chosen.AsOf) != time.Hour || time.Since(began) != 0 {
			t.Errorf("at first %s, as of %v", told(began, m), m.Chosen)
		}
		m = <-later
		if m.State != customers.MatchFound || m.Chosen.Company != "Василёк" || m.Chosen.AsOf.Sub(began) != 100*time.Millisecond {
			t.Errorf("then %s, as of %v", told(began, m), m.Chosen)
		}
		if _, more := <-later; more {
			t.Error("and there was more")
		}
	})
}

func TestFreshMemoryIsTheLastWord(t *testing.T) {
	crm := &system{id: "1c"}
	in(t, []*system{crm}, func(t *testing.T, b bench) {
		crm.remember(&connectors.Answer{Candidates: []connectors.Candidate{record("1c", "Maria", messy)}, AsOf: time.Now()})
		b.Match(t.Context(), number) // reads the repository
		if got := b.story(t.Context(), b.Start); got != "0 FOUND Maria" || crm.asked.Load() != 0 {
			t.Errorf("%s, asked %d times", got, crm.asked.Load())
		}
		crm.remember(&connectors.Answer{Candidates: []connectors.Candidate{record("1c", "Maria", messy)}, AsOf: time.Now().Add(-time.Hour), Stale: true})
		crm.set(100*time.Millisecond, nil)
		if got := b.story(t.Context(), b.Start); got != "0 FOUND Maria, 100 NONE" {
			t.Errorf("stale: %s", got)
		}
		crm.remember(&connectors.Answer{AsOf: time.Now()})
		crm.set(100*time.Millisecond, nil, record("1c", "Anna", messy))
		if got := b.story(t.Context(), b.Refresh); got != "0 PENDING, 100 FOUND Anna" {
			t.Errorf("refresh: %s", got)
		}
	})
}

func TestADeadSystemIsAStateOfTheCard(t *testing.T) {
	crm := &system{id: "1c"}
	crm.set(10*time.Millisecond, errs.E(errs.Unavailable, "asking", "the server does not answer"))
	in(t, []*system{crm}, func(t *testing.T, b bench) {
		began := time.Now()
		if got := b.story(t.Context(), b.Start); got != "0 PENDING, 10 FAILED (1C: the server does not answer)" {
			t.Error(got)
		}
		earlier := began.Add(-time.Minute)
		crm.since = &earlier
		if m := b.Match(t.Context(), number); m.FailingSince == nil || !m.FailingSince.Equal(earlier) {
			t.Errorf("failing since %v, want %v", m.FailingSince, earlier)
		}
		n := b.Numbers().Parse(number)
		ref := connectors.Ref{Connector: "1c", Type: "t", ID: "Maria"}
		kept := customers.Customer{
			ID: customers.EncodeID(ref), Ref: ref, Name: "Maria", Source: "1c", AsOf: earlier, Numbers: []customers.LabeledNumber{{Number: n}},
		}
		if err := b.repo.Keep(t.Context(), []customers.Customer{kept}); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Minute)
		if got := b.story(t.Context(), b.Start); got != "0 PENDING, 0 FOUND Maria, 10 FAILED Maria (1C: the server does not answer)" {
			t.Error(got)
		}
	})
}

func TestASlowSystemIsSaidToBeSlowAndStillHeard(t *testing.T) {
	crm := &system{id: "1c"}
	crm.set(11*time.Second, nil, record("1c", "Maria", messy))
	in(t, []*system{crm}, func(t *testing.T, b bench) {
		if got := b.story(t.Context(), b.Start); got != "0 PENDING, 1500 FAILED (1C: no answer yet), 11000 FOUND Maria" {
			t.Error(got)
		}
	})
}

func TestNothingIsAskedAboutInternalAndWithheldNumbers(t *testing.T) {
	crm := &system{id: "1c"}
	in(t, []*system{crm}, func(t *testing.T, b bench) {
		for _, n := range []string{"anonymous", "", "101", "alice"} {
			m, later := b.Start(t.Context(), n)
			if _, more := <-later; m.State != customers.MatchSkipped || more || crm.asked.Load() != 0 || len(m.Asked) != 0 {
				t.Errorf("%q: %+v", n, m)
			}
		}
	})
}

func TestDeletionMarkedAndForeignRecordsAreLeftOut(t *testing.T) {
	crm := &system{id: "1c"}
	gone := record("1c", "Gone", messy)
	gone.Deleted = true
	crm.set(time.Millisecond, nil, gone, record("1c", "Foreign", "8 (926) 123-45-67"), record("1c", "Ext", messy+" доб. 5"))
	in(t, []*system{crm}, func(t *testing.T, b bench) {
		m := b.Match(t.Context(), number)
		if len(m.Candidates) != 1 || m.Chosen.Name != "Ext" || m.Candidates[0].Why != customers.ReasonExtension || m.Candidates[0].Confidence != 0.75 {
			t.Errorf("%+v", m)
		}
	})
}

func TestTheCallEndsTheQuestion(t *testing.T) {
	crm := &system{id: "1c"}
	crm.set(time.Hour, nil)
	in(t, []*system{crm}, func(t *testing.T, b bench) {
		ctx, cancel := context.WithCancel(t.Context())
		_, later := b.Start(ctx, number)
		synctest.Wait()
		cancel()
		began := time.Now()
		for range later {
		}
		if time.Since(began) != 0 {
			t.Errorf("the question outlived its call by %v", time.Since(began))
		}
		// Nobody reads: nothing may hang (synctest fails on goroutines that are left).
		crm.set(2*time.Second, nil)
		b.Start(t.Context(), number)
		time.Sleep(3 * time.Second)
	})
}

func TestABrokenRepositoryDoesNotMatter(t *testing.T) {
	crm := &system{id: "1c"}
	crm.set(100*time.Millisecond, nil, record("1c", "Maria", messy))
	synctest.Test(t, func(t *testing.T) {
		n, err := customers.NewNormalizer("RU", "")
		if err != nil {
			t.Fatal(err)
		}
		var log bytes.Buffer
		l, err := obs.NewLogger(&log, obs.LogOptions{})
		if err != nil {
			t.Fatal(err)
		}
		for name, repo := range map[string]customers.Repository{"failing": broken{}, "hanging": broken{hang: true}} {
			s, err := customers.NewService(customers.Options{
				Normalizer: n, Repository: repo, Sources: []customers.Source{crm}, Log: l,
			})
			if err != nil {
				t.Fatal(err)
			}
			began := time.Now()
			_, later := s.Start(t.Context(), number)
			if m := <-later; m.State != customers.MatchFound || time.Since(began) != 100*time.Millisecond {
				t.Errorf("%s: %s", name, told(began, m))
			}
			for range later {
			}
		}
		if got := log.String(); !strings.Contains(got, "+7***4567") || strings.Contains(got, "1234567") {
			t.Errorf("log: %s", got)
		}
	})
}

// broken is a repository without a database.
type broken struct {
	*memrepo.Repository
	hang bool
}

func (b broken) fail(ctx context.Context) error {
	if b.hang {
		<-ctx.Done()
		return errs.With(errs.Timeout, "reading", ctx.Err())
	}
	return errs.E(errs.Unavailable, "reading", "no database")
}

func (b broken) Links(ctx context.Context, _ string) (customers.Links, error) {
	return customers.Links{}, b.fail(ctx)
}

func (b broken) KeptByNumber(ctx context.Context, _ string) ([]customers.Customer, error) {
	return nil, b.fail(ctx)
}

func (b broken) Keep(ctx context.Context, _ []customers.Customer) error { return b.fail(ctx) }

func TestNewServiceRefuses(t *testing.T) {
	n, err := customers.NewNormalizer("RU", "")
	if err != nil {
		t.Fatal(err)
	}
	for name, o := range map[string]customers.Options{
		"nothing":       {},
		"no repository": {Normalizer: n},
		"the same id":   {Normalizer: n, Repository: &memrepo.Repository{}, Sources: []customers.Source{&system{id: "a"}, &system{id: "a"}}},
	} {
		if _, err := customers.NewService(o); err == nil {
			t.Errorf("%s was accepted", name)
		}
	}
}

func BenchmarkStartWarm(b *testing.B) {
	crm := &system{id: "1c"}
	crm.remember(&connectors.Answer{Candidates: []connectors.Candidate{record("1c", "Maria", messy, "8 (495) 123-45-67 доб. 12")}, AsOf: time.Now()})
	s := newBench(b, &memrepo.Repository{}, crm)
	s.Match(b.Context(), number)
	for b.Loop() {
		if m, _ := s.Start(b.Context(), number); m.State != customers.MatchFound {
			b.Fatal(m)
		}
	}
}
