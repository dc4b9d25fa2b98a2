package outbox_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"log/slog"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pult-cc/pult/connectors"
	"github.com/pult-cc/pult/connectors/memory"
	"github.com/pult-cc/pult/connectors/resilient"
	"github.com/pult-cc/pult/internal/customers"
	"github.com/pult-cc/pult/internal/errs"
	"github.com/pult-cc/pult/internal/outbox"
	"github.com/pult-cc/pult/internal/outbox/memrepo"
)

type names struct{}

func (names) Names(_ context.Context, queue, operator, topic string) (outbox.Names, error) {
	return outbox.Names{Queue: "Очередь " + queue, Topic: topic, Agent: connectors.Agent{Login: operator}}, nil
}

// stand is an outbox before a customer system in memory, within a bubble.
type stand struct {
	*testing.T
	repo   *memrepo.Repository
	crm    *memory.Driver
	target *resilient.Connector
	ids    atomic.Int64
	desk   *outbox.Desk
}

func bubble(t *testing.T, f func(*stand)) {
	synctest.Test(t, func(t *testing.T) {
		s := &stand{T: t, repo: &memrepo.Repository{}, crm: memory.New("crm", []connectors.Candidate{{Name: "Ёлка"}})}
		var err error
		// No keep-alive: what wakes the way to the system is the outbox itself.
		if s.target, err = resilient.New(s.crm, resilient.Options{ID: "crm", KeepAlive: -1}); err != nil {
			t.Fatal(err)
		}
		defer s.target.Close()
		n, err := customers.NewNormalizer("RU", "")
		if err != nil {
			t.Fatal(err)
		}
		s.desk = outbox.NewDesk(s.repo, n, []outbox.LineName{{ID: "crm", Name: "CRM"}}, time.Now)
		f(s)
	})
}

func (s *stand) newID() string { return fmt.Sprintf("e%06d", s.ids.Add(1)) }

func (s *stand) options() outbox.Options {
	return outbox.Options{
		Repository: s.repo, Targets: []outbox.Target{s.target}, Directory: names{}, Mask: func(s string) string { return s },
		NewID: s.newID, Now: time.Now, Log: slog.New(slog.DiscardHandler),
	}
}

// run delivers until the returned function is called.
func (s *stand) run(o outbox.Options) (stop func()) {
	ctx, cancel := context.WithCancel(s.Context())
	done := make(chan error)
	go func() { done <- outbox.NewDeliverer(o).Run(ctx) }()
	return func() {
		cancel()
		if err := <-done; err != nil {
			s.Errorf("Run: %v", err)
		}
	}
}

func (s *stand) call(key string, change ...func(*outbox.Wish)) {
	s.Helper()
	w := outbox.Wish{
		Connector: "crm", Kind: outbox.KindCall, Subject: key, Key: key,
		Payload: outbox.Payload{Number: "+74950123401", QueueID: "1", OperatorID: "anna", Outcome: connectors.OutcomeAnswered, StartedAt: time.Now()},
	}
	for _, f := range change {
		f(&w)
	}
	if err := s.repo.Put(s.Context(), []outbox.Wish{w}, s.newID, time.Now()); err != nil {
		s.Fatal(err)
	}
}

func (s *stand) entries(states ...outbox.State) []outbox.Entry {
	s.Helper()
	p, err := s.repo.List(s.Context(), outbox.Filter{States: states}, 100_000, "")
	if err != nil {
		s.Fatal(err)
	}
	return p.Items
}

func TestACallThatWasAnnouncedIsEndedAsThatOne(t *testing.T) {
	bubble(t, func(s *stand) {
		live := connectors.Announced{Ref: connectors.Ref{Connector: "crm", Type: "live", ID: "7"}, Customer: connectors.Ref{Connector: "crm", Type: "customer", ID: "1"}}
		o := s.options()
		var away atomic.Bool
		away.Store(true)
		o.Announced = func(_ context.Context, connector, subject string) (connectors.Announced, error) {
			switch {
			case away.Load():
				return connectors.Announced{}, errs.E(errs.Unavailable, "reading", "away")
			case connector != "crm" || subject != "c1":
				return connectors.Announced{}, nil
			}
			return live, nil
		}
		defer s.run(o)()
		s.call("c1")
		s.call("c2")
		wait(time.Minute)
		if n := len(s.crm.Written().Calls); n != 0 || len(s.entries(outbox.StatePending)) != 2 {
			t.Errorf("%d calls are written of which nobody knows whether they were announced", n)
		}
		away.Store(false)
		wait(10 * time.Minute)
		for _, c := range s.crm.Written().Calls {
			if want := map[string]connectors.Announced{"c1": live}[c.Key]; c.Announced != want {
				t.Errorf("%s: announced %+v, want %+v", c.Key, c.Announced, want)
			}
		}
		if n := len(s.crm.Written().Calls); n != 2 {
			t.Errorf("%d calls are written", n)
		}
	})
}

func wait(d time.Duration) { <-time.After(d) } // of the bubble

func TestDelivers(t *testing.T) {
	bubble(t, func(s *stand) {
		defer s.run(s.options())()
		s.call("c1", func(w *outbox.Wish) { w.Payload.Customer = connectors.Ref{Connector: "crm", Type: "customer", ID: "1"} })
		wait(2 * time.Second)
		w := s.crm.Written()
		if len(w.Calls) != 1 || w.Calls[0].Queue != "Очередь 1" || w.Calls[0].Agent.Login != "anna" || w.Calls[0].Customer.ID != "1" || w.Calls[0].Number != "+74950123401" {
			t.Errorf("got %+v", w.Calls)
		}
		if e := s.entries(); len(e) != 1 || e[0].State != outbox.StateDelivered || e[0].Written.ID != "c1" {
			t.Errorf("got %+v", e)
		}
	})
}

// A customer system that is down for a day loses and doubles nothing, and when it is back nothing waits for a long back-off.
func TestADayOfOutage(t *testing.T) {
	bubble(t, func(s *stand) {
		defer s.run(s.options())()
		s.crm.Behave(0, errs.E(errs.Unavailable, "asking", "the system does not answer"))
		const n = 500
		for i := range n {
			s.call(fmt.Sprint("c", i))
			wait(24 * time.Hour / n)
		}
		if e := s.entries(outbox.StatePending); len(e) != n {
			t.Fatalf("%d of %d wait", len(e), n)
		}
		counts, err := s.desk.Counts(t.Context())
		if err != nil || len(counts) != 1 || counts[0].Entries != n || time.Since(counts[0].Oldest) < 23*time.Hour {
			t.Errorf("counted %+v, %v", counts, err)
		}
		s.crm.LoseAnswers(true)
		s.crm.Behave(0, nil)
		wait(2 * time.Minute)
		s.crm.LoseAnswers(false)
		wait(15 * time.Minute) // what was answered too late is written once more
		if e := s.entries(outbox.StatePending, outbox.StateDead); len(e) != 0 {
			t.Errorf("%d are left, as %+v", len(e), e[0])
		}
		if w := s.crm.Written(); len(w.Calls) != n {
			t.Errorf("%d records of %d calls", len(w.Calls), n)
		}
	})
}

func TestWhatIsRefusedIsLaidAsideAndHoldsUpNobody(t *testing.T) {
	bubble(t, func(s *stand) {
		defer s.run(s.options())()
		s.call("bad", func(w *outbox.Wish) {
			w.Payload.Customer = connectors.Ref{Connector: "crm", Type: "customer", ID: "999"}
		})
		s.call("good")
		wait(2 * time.Second)
		dead := s.entries(outbox.StateDead)
		if len(dead) != 1 || dead[0].Key != "bad" || dead[0].Reason != "the customer is not there any more" || dead[0].ReasonCode != "NOT_FOUND" || dead[0].Attempts != 1 {
			t.Fatalf("got %+v", dead)
		}
		if w := s.crm.Written(); len(w.Calls) != 1 || w.Calls[0].Key != "good" {
			t.Errorf("got %+v", w.Calls)
		}
		right := customers.EncodeID(connectors.Ref{Connector: "crm", Type: "customer", ID: "1"})
		if _, err := s.desk.Edit(t.Context(), dead[0].ID, outbox.Correction{Customer: &right}); err != nil {
			t.Fatal(err)
		}
		wait(2 * time.Second)
		if w := s.crm.Written(); len(w.Calls) != 2 || w.Calls[1].Customer.ID != "1" {
			t.Errorf("after the correction: %+v", w.Calls)
		}
	})
}

// TestARefusedPasswordRefusesNothing: it says nothing about the records, and each was laid aside for it.
func TestARefusedPasswordRefusesNothing(t *testing.T) {
	bubble(t, func(s *stand) {
		defer s.run(s.options())()
		s.crm.Behave(0, errs.E(errs.Unauthenticated, "asking", "the password was refused"))
		for i := range 100 {
			s.call(fmt.Sprint("c", i))
		}
		wait(5 * time.Minute)
		if dead := len(s.entries(outbox.StateDead)); dead != 0 {
			t.Errorf("%d of 100 are refused after five minutes", dead)
		}
		s.crm.Behave(0, nil)
		wait(20 * time.Minute)
		if w := s.crm.Written(); len(w.Calls) != 100 {
			t.Errorf("%d of 100 are written", len(w.Calls))
		}
	})
}

func TestARecordingFollowsItsCallAndATaskFollowsBoth(t *testing.T) {
	bubble(t, func(s *stand) {
		o := s.options()
		o.Recording = func(_ context.Context, subject string) (io.ReadCloser, error) {
			return io.NopCloser(bytes.NewReader([]byte("voice of " + subject))), nil
		}
		s.crm.Behave(0, errs.E(errs.Unavailable, "asking", "away"))
		s.call("c1")
		s.call("c1", func(w *outbox.Wish) {
			w.Kind, w.Payload = outbox.KindRecording, outbox.Payload{File: "c1.mp3", Type: "audio/mpeg"}
		})
		s.call("c1", func(w *outbox.Wish) {
			w.Kind, w.Key, w.Payload = outbox.KindTask, "c1-callback", outbox.Payload{Title: "перезвонить"}
		})
		defer s.run(o)()
		wait(time.Minute)
		s.crm.Behave(0, nil)
		wait(time.Minute)
		w := s.crm.Written()
		if len(w.Recordings) != 1 || string(w.Recordings[0].Data) != "voice of c1" || w.Recordings[0].Call.ID != "c1" {
			t.Errorf("recordings: %+v", w.Recordings)
		}
		if len(w.Tasks) != 1 || w.Tasks[0].Title != "перезвонить" || w.Tasks[0].Key != "c1-callback" {
			t.Errorf("tasks: %+v", w.Tasks)
		}
	})
}

func TestARecordingOfACallThatIsNotThereIsRefused(t *testing.T) {
	bubble(t, func(s *stand) {
		defer s.run(s.options())()
		s.call("c1", func(w *outbox.Wish) { w.Kind = outbox.KindRecording })
		wait(2 * time.Second)
		if dead := s.entries(outbox.StateDead); len(dead) != 1 || dead[0].ReasonCode != "NOT_FOUND" {
			t.Errorf("got %+v", s.entries())
		}
	})
}

// Two processes deliver; one hangs until it is killed. Nothing is lost, and nothing doubled.
func TestTheWorkOfADeadProcessIsDoneByAnother(t *testing.T) {
	bubble(t, func(s *stand) {
		for i := range 50 {
			s.call(fmt.Sprint("c", i))
		}
		// What a killed process leaves: entries leased, and some of them written without anybody having noted it.
		left, err := s.repo.Claim(t.Context(), "crm", 16, false, "killed", time.Now(), time.Now().Add(2*time.Minute))
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range left[:5] {
			if _, err := s.crm.LogCall(t.Context(), connectors.CallRecord{Key: e.Key}); err != nil {
				t.Fatal(err)
			}
		}
		defer s.run(s.options())()
		wait(time.Minute)
		if w := s.crm.Written(); len(w.Calls) != 50-16+5 {
			t.Errorf("%d records while the lease lasts", len(w.Calls))
		}
		wait(2 * time.Minute)
		if w := s.crm.Written(); len(w.Calls) != 50 {
			t.Errorf("%d records of 50 calls", len(w.Calls))
		}
		if e := s.entries(outbox.StatePending); len(e) != 0 {
			t.Errorf("left: %+v", e)
		}
	})
}

func TestStoppingGivesBackWhatIsNotBegun(t *testing.T) {
	bubble(t, func(s *stand) {
		s.crm.Behave(10*time.Second, nil)
		for i := range 10 {
			s.call(fmt.Sprint("c", i))
		}
		stop := s.run(s.options())
		wait(5 * time.Second)
		stop()
		for _, e := range s.entries() {
			if e.Lease != "" || e.Attempts != 0 {
				t.Errorf("still leased, or blamed: %+v", e)
			}
		}
		s.crm.Behave(0, nil)
		defer s.run(s.options())()
		wait(2 * time.Minute) // what was under way may have been done, and is left alone for a while
		if w := s.crm.Written(); len(w.Calls) != 10 {
			t.Errorf("%d records of 10 calls", len(w.Calls))
		}
	})
}

func TestTheDesk(t *testing.T) {
	bubble(t, func(s *stand) {
		s.call("c1")
		id := s.entries()[0].ID
		for name, c := range map[string]struct {
			change outbox.Correction
			field  string
		}{
			"a customer elsewhere": {outbox.Correction{Customer: ptr(customers.EncodeID(connectors.Ref{Connector: "1c", Type: "x", ID: "1"}))}, "customerId"},
			"no customer at all":   {outbox.Correction{Customer: ptr(customers.ID("rubbish"))}, "customerId"},
			"a short number":       {outbox.Correction{Number: ptr("101")}, "number"},
			"a long comment":       {outbox.Correction{Comment: ptr(string(make([]rune, 10_001)))}, "comment"},
		} {
			if _, err := s.desk.Edit(t.Context(), id, c.change); !errs.Is(err, errs.Invalid) || errs.FieldsOf(err)[c.field] == "" {
				t.Errorf("%s: %v", name, err)
			}
		}
		e, err := s.desk.Edit(t.Context(), id, outbox.Correction{Customer: ptr(customers.ID("")), Number: ptr("8 495 012-34-02"), Comment: ptr("да")})
		if err != nil || e.Effective().Number != "+74950123402" || e.Effective().Comment != "да" || e.Revision != 2 {
			t.Errorf("got %+v, %v", e, err)
		}
		if e, err = s.desk.Discard(t.Context(), id); err != nil || e.State != outbox.StateDiscarded {
			t.Errorf("got %+v, %v", e, err)
		}
		if _, err := s.desk.Retry(t.Context(), id); !errs.Is(err, errs.Conflict) {
			t.Errorf("trying what was discarded: %v", err)
		}
		defer s.run(s.options())()
		s.call("c2")
		wait(2 * time.Second)
		if w := s.crm.Written(); len(w.Calls) != 1 || w.Calls[0].Key != "c2" {
			t.Errorf("got %+v", w.Calls)
		}
		if _, err := s.desk.Discard(t.Context(), s.entries(outbox.StateDelivered)[0].ID); !errs.Is(err, errs.Conflict) {
			t.Errorf("discarding what is there: %v", err)
		}
		if s.desk.Name("crm") != "CRM" || s.desk.Name("gone") != "gone" || len(s.desk.Lines()) != 1 {
			t.Error("names of connectors are wrong")
		}
	})
}

func ptr[T any](v T) *T { return &v }
