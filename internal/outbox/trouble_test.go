package outbox_test

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/pult-cc/pult/connectors"
	"github.com/pult-cc/pult/internal/errs"
	"github.com/pult-cc/pult/internal/outbox"
)

// crm is a customer system that the test plays.
type crm struct {
	mu   sync.Mutex
	log  func(connectors.CallRecord) error
	got  []connectors.CallRecord
	busy map[string]int
	most int // deliveries of one call at the same time
}

func (c *crm) ID() string                { return "crm" }
func (c *crm) Status() connectors.Status { return connectors.Status{State: connectors.StateUp} }

func (c *crm) LogCall(_ context.Context, call connectors.CallRecord) (connectors.Ref, error) {
	c.mu.Lock()
	if c.busy == nil {
		c.busy = map[string]int{}
	}
	c.busy[call.Key]++
	c.most = max(c.most, c.busy[call.Key])
	log := c.log
	c.mu.Unlock()
	var err error
	if log != nil {
		err = log(call)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.busy[call.Key]--
	c.got = append(c.got, call)
	return connectors.Ref{Connector: "crm", Type: "call", ID: call.Key}, err
}

func (c *crm) AttachRecording(context.Context, connectors.Recording) error { return nil }

func (c *crm) CreateTask(context.Context, connectors.Task) (connectors.Ref, error) {
	return connectors.Ref{}, errs.E(errs.Rejected, "creating task", "no")
}

// behave changes how the system answers.
func (c *crm) behave(log func(connectors.CallRecord) error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.log, c.got = log, nil
}

// calls are those that it was told of.
func (c *crm) calls() []connectors.CallRecord {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.Clone(c.got)
}

// overlap is how many deliveries of one call there were at the same time.
func (c *crm) overlap() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.most
}

func (s *stand) played(c *crm) outbox.Options {
	o := s.options()
	o.Targets = []outbox.Target{c}
	return o
}

func client(id string) connectors.Ref {
	return connectors.Ref{Connector: "crm", Type: "customer", ID: id}
}

func of(id string) func(*outbox.Wish) {
	return func(w *outbox.Wish) {
		w.Payload.Customer, w.Payload.StartedAt = client(id), time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC)
		if id == "" {
			w.Payload.Customer = connectors.Ref{}
		}
	}
}

// TestAProxyThatRefusesEverythingKillsNothing: 404, 403 or a redirect for everything, and a backlog was laid aside at full speed.
func TestAProxyThatRefusesEverythingKillsNothing(t *testing.T) {
	bubble(t, func(s *stand) {
		const n = 200
		c := &crm{log: func(connectors.CallRecord) error {
			return errs.E(errs.Invalid, "logging call", "the address leads elsewhere")
		}}
		for i := range n {
			s.call(fmt.Sprint("c", i))
		}
		defer s.run(s.played(c))()
		wait(time.Hour)
		if dead := s.entries(outbox.StateDead); len(dead) != 0 {
			t.Fatalf("%d of %d are dead", len(dead), n)
		}
		if asked := len(c.calls()); asked > 400 {
			t.Errorf("asked %d times in an hour", asked)
		}
		counts, err := s.desk.Counts(t.Context())
		if err != nil || len(counts) != 1 || counts[0].Entries != n || counts[0].Reason != "the address leads elsewhere" {
			t.Errorf("counted %+v, %v", counts, err)
		}
		c.behave(nil)
		wait(20 * time.Minute)
		if e := s.entries(outbox.StatePending, outbox.StateDead); len(e) != 0 {
			t.Errorf("%d are left, as %+v", len(e), e[0])
		}
	})
}

func TestWhatIsRefusedForItsOwnSakeDiesHoweverMuchThereIsOfIt(t *testing.T) {
	bubble(t, func(s *stand) {
		bad := func(c connectors.CallRecord) error {
			if c.Customer.ID == "gone" {
				return errs.E(errs.NotFound, "logging call", "the customer is not there any more")
			}
			return nil
		}
		c := &crm{log: bad}
		defer s.run(s.played(c))()
		s.call("first")
		wait(2 * time.Second)
		s.call("bad", of("gone"))
		wait(2 * time.Second)
		if dead := s.entries(outbox.StateDead); len(dead) != 1 {
			t.Fatalf("a single bad one: %+v", s.entries())
		}
		for i := range 30 {
			s.call(fmt.Sprint("bad", i), of("gone"))
		}
		wait(time.Minute)
		for i := range 30 {
			s.call(fmt.Sprint("good", i), of("1"))
			wait(time.Minute)
		}
		wait(time.Hour)
		if dead, waiting := len(s.entries(outbox.StateDead)), len(s.entries(outbox.StatePending)); dead != 31 || waiting != 0 {
			t.Errorf("%d are dead, %d wait; want 31 and none", dead, waiting)
		}
	})
}

func TestACallIsHeldUntilACustomerOfTheSystemIsKnown(t *testing.T) {
	bubble(t, func(s *stand) {
		c := &crm{log: func(c connectors.CallRecord) error {
			if c.Customer.ID == "" {
				return connectors.NeedsCustomer("logging call")
			}
			return nil
		}}
		defer s.run(s.played(c))()
		for i := range 20 {
			s.call(fmt.Sprint("c", i), of(""))
		}
		wait(time.Minute)
		if held := s.entries(outbox.StateHeld); len(held) != 20 || held[0].Reason == "" {
			t.Fatalf("got %+v", s.entries())
		}
		asked := len(c.calls())
		wait(24 * time.Hour)
		if len(c.calls()) != asked {
			t.Error("what is held is tried")
		}
		s.call("c7", of("1"))
		wait(2 * time.Second)
		if done := s.entries(outbox.StateDelivered); len(done) != 1 || done[0].Key != "c7" {
			t.Errorf("got %+v", done)
		}
		held := s.entries(outbox.StateHeld)[0]
		if _, err := s.desk.Discard(t.Context(), held.ID); err != nil {
			t.Errorf("discarding what is held: %v", err)
		}
	})
}

func TestACallThatIsLinkedAnewTellsWhatWasWritten(t *testing.T) {
	bubble(t, func(s *stand) {
		c := &crm{}
		defer s.run(s.played(c))()
		s.call("c1", of("A"))
		wait(2 * time.Second)
		s.call("c1", of("B"))
		wait(time.Minute)
		want := connectors.Written{Ref: connectors.Ref{Connector: "crm", Type: "call", ID: "c1"}, Customer: client("A")}
		if len(c.calls()) != 2 || c.calls()[0].Written != (connectors.Written{}) || c.calls()[1].Written != want || c.calls()[1].Customer != client("B") {
			t.Errorf("got %+v", c.calls())
		}
		c.behave(func(c connectors.CallRecord) error {
			if c.Customer.ID == "" {
				return connectors.NeedsCustomer("logging call") // it has taken it back
			}
			return nil
		})
		s.call("c1", of(""))
		wait(time.Minute)
		s.call("c1", of("A"))
		wait(time.Minute)
		if want.Customer = client("B"); len(c.calls()) != 2 || c.calls()[0].Written != want || c.calls()[1].Written != (connectors.Written{}) {
			t.Errorf("unlinked and linked: %+v", c.calls())
		}
	})
}

// TestTwoProcessesWhoseClocksDifferDoNotWriteAtTheSameTime: a lease lasted by the clock of who took it.
func TestTwoProcessesWhoseClocksDifferDoNotWriteAtTheSameTime(t *testing.T) {
	bubble(t, func(s *stand) {
		c := &crm{log: func(connectors.CallRecord) error {
			wait(30 * time.Second)
			return nil
		}}
		for i := range 4 {
			s.call(fmt.Sprint("c", i))
		}
		fast := s.played(c)
		fast.Now = func() time.Time { return time.Now().Add(10 * time.Minute) }
		defer s.run(s.played(c))()
		wait(time.Second)
		defer s.run(fast)()
		wait(3 * time.Minute)
		if c.overlap() != 1 || len(s.entries(outbox.StateDelivered)) != 4 {
			t.Errorf("%d deliveries of one call at the same time; %+v", c.overlap(), s.entries())
		}
	})
}

func TestACallWhoseAnswerWasWaitedForInVainIsWrittenOnceMore(t *testing.T) {
	bubble(t, func(s *stand) {
		c := &crm{log: func(connectors.CallRecord) error { return errs.E(errs.Timeout, "logging call", "no answer in time") }}
		defer s.run(s.played(c))()
		s.call("late")
		wait(2 * time.Second)
		c.behave(nil)
		wait(5 * time.Minute)
		if len(c.calls()) != 1 {
			t.Fatalf("written %d times", len(c.calls()))
		}
		wait(time.Hour)
		if len(c.calls()) != 2 || c.calls()[1].Written.Ref.ID != "late" || len(s.entries(outbox.StateDelivered)) != 1 {
			t.Errorf("written %+v, %+v", c.calls(), s.entries())
		}
	})
}

// TestACallThatIsLinkedAnewWhileNoAnswerComesIsNotWrittenTwice: it was sent for the new customer at once, when the system had not yet
// made what it was asked for the old one, and nobody looked again.
func TestACallThatIsLinkedAnewWhileNoAnswerComesIsNotWrittenTwice(t *testing.T) {
	bubble(t, func(s *stand) {
		c := &crm{log: func(connectors.CallRecord) error {
			wait(30 * time.Second)
			return errs.E(errs.Timeout, "logging call", "no answer in time")
		}}
		defer s.run(s.played(c))()
		s.call("c1", of("A"))
		wait(5 * time.Second)
		s.call("c1", of("B"))
		wait(20 * time.Second)
		c.behave(nil)
		wait(40 * time.Second)
		if got := c.calls(); len(got) != 1 || got[0].Customer != client("A") {
			t.Fatalf("asked again while it may be at it: %+v", got)
		}
		wait(time.Hour)
		got := c.calls()[1:]
		if len(got) != 2 || got[0].Customer != client("B") || got[0].Written != (connectors.Written{Customer: client("A")}) || got[1].Customer != client("B") {
			t.Errorf("want it for B, and once more when nothing can come any more: %+v", got)
		}
	})
}

// TestNotesOfACallDoNotForgetThatItsAnswerMayComeLate: it was not written once more when it had changed meanwhile, somebody had it tried
// again, or other trouble came in between.
func TestNotesOfACallDoNotForgetThatItsAnswerMayComeLate(t *testing.T) {
	bubble(t, func(s *stand) {
		c := &crm{log: func(connectors.CallRecord) error { return errs.E(errs.Timeout, "logging call", "no answer in time") }}
		defer s.run(s.played(c))()
		s.call("noted", of("A"))
		s.call("tried", of("A"))
		s.call("away", of("A"))
		wait(5 * time.Second)
		var away sync.Once
		c.behave(func(call connectors.CallRecord) (err error) {
			if call.Key == "away" {
				away.Do(func() { err = errs.E(errs.Unavailable, "logging call", "closed") })
			}
			return err
		})
		for _, e := range s.entries(outbox.StatePending) {
			if e.Key == "tried" {
				_, err := s.desk.Retry(t.Context(), e.ID)
				if err != nil {
					t.Fatal(err)
				}
			}
		}
		wait(3 * time.Minute)
		s.call("noted", of("A"), func(w *outbox.Wish) { w.Payload.Comment = "заметка" })
		wait(time.Hour)
		times := map[string]int{}
		for _, got := range c.calls() {
			times[got.Key]++
		}
		if times["noted"] != 3 || times["tried"] != 2 || times["away"] != 3 || len(s.entries(outbox.StateDelivered)) != 3 {
			t.Errorf("written %v times, want 3, 2 and 3", times)
		}
	})
}

// forgetful is a repository whose database is away when the first delivery is noted.
type forgetful struct {
	outbox.Repository
	away sync.Once
}

func (f *forgetful) Delivered(ctx context.Context, id, lease string, revision int64, d outbox.Delivery, at time.Time) (err error) {
	f.away.Do(func() { err = errs.E(errs.Unavailable, "noting a delivery", "the database is away") })
	if err != nil {
		return err
	}
	return f.Repository.Delivered(ctx, id, lease, revision, d, at)
}

// TestACallOfWhichNothingCouldBeNotedIsNotTakenForUntried: it was given back, sent again at once, and when it was linked to somebody else
// meanwhile the system was not told for whom it stood there.
func TestACallOfWhichNothingCouldBeNotedIsNotTakenForUntried(t *testing.T) {
	bubble(t, func(s *stand) {
		c := &crm{}
		o := s.played(c)
		o.Repository = &forgetful{Repository: s.repo}
		s.call("c1", of("A"))
		defer s.run(o)()
		wait(30 * time.Second)
		if len(c.calls()) != 1 {
			t.Fatalf("written %d times while it is leased", len(c.calls()))
		}
		s.call("c1", of("B"))
		wait(10 * time.Minute)
		if got := c.calls(); len(got) != 2 || got[1].Customer != client("B") || got[1].Written.Customer != client("A") {
			t.Errorf("got %+v", got)
		}
	})
}
