package calls_test

import (
	"cmp"
	"context"
	"errors"
	"log/slog"
	"maps"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pult-cc/pult/internal/bus/membus"
	"github.com/pult-cc/pult/internal/customers"
	"github.com/pult-cc/pult/internal/errs"
	"github.com/pult-cc/pult/telephony"
	"github.com/pult-cc/pult/telephony/calls"
	"github.com/pult-cc/pult/telephony/fakepbx"
	"github.com/pult-cc/pult/telephony/health"
	"github.com/pult-cc/pult/telephony/queues"
)

// site is everything around engines: one PBX, one bus, one history. Engines come and go on it.
type site struct {
	t     *testing.T
	pbx   *fakepbx.PBX
	bus   *membus.Bus
	board *calls.Board
	svc   *calls.Service

	mu        sync.Mutex
	saved     map[calls.ID]calls.Call
	declared  map[string]queues.Declared
	health    map[string]health.Record
	failSaves int
	desk      bool // Anna's device
	saves     int  // attempts
	slowMatch time.Duration
	matches   int
	linkErr   error
	pushed    int
	sealed    bool   // the sealing key is out of reach
	named     string // what the queue is called now, if not Support
}

func (s *site) Match(ctx context.Context, n customers.Number, _ bool, report func(customers.Match)) {
	select {
	case <-ctx.Done():
		return
	case <-time.After(s.slowMatch):
	}
	s.mu.Lock()
	s.matches++
	s.mu.Unlock()
	c := customers.Customer{ID: "c1", Name: "ООО «Василёк»"}
	report(customers.Match{State: customers.MatchFound, Chosen: &c, Candidates: []customers.Candidate{{Customer: c}}})
}

func (s *site) Link(context.Context, customers.Number, customers.ID, string) (customers.Match, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return customers.Match{State: customers.MatchNone}, s.linkErr
}

func (s *site) SaveCall(_ context.Context, c calls.Call) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.saves++
	if s.failSaves > 0 {
		s.failSaves--
		return errs.E(errs.Unavailable, "saving", "database away")
	}
	s.saved[c.ID] = c
	return nil
}

func (s *site) OpenCalls(context.Context) ([]calls.OpenRecord, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	var out []calls.OpenRecord
	for _, c := range s.saved {
		if c.State != calls.StateEnded {
			out = append(out, calls.OpenRecord{
				ID: c.ID, Direction: c.Direction, QueueID: c.QueueID, OperatorID: c.OperatorID, Number: c.CustomerNumber(),
				StartedAt: c.StartedAt, AnsweredAt: c.AnsweredAt, End: c.End,
			})
			if c.Match.Chosen != nil {
				out[len(out)-1].CustomerID, out[len(out)-1].CustomerName = c.Match.Chosen.ID, c.Match.Chosen.Name
			}
		}
	}
	return out, nil
}

func (s *site) Queues(context.Context) ([]queues.Queue, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return []queues.Queue{{ID: "q1", Key: "support", Name: cmp.Or(s.named, "Support"), RingTimeout: 15 * time.Second}}, nil
}

func (s *site) People(context.Context) ([]calls.Person, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return []calls.Person{{ID: "anna", Login: "anna", Name: "Anna", Queues: []string{"q1"}, Desk: s.desk}, {ID: "boris", Login: "boris", Name: "Boris"}}, nil
}

func (s *site) Declared(context.Context) ([]queues.Declared, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	var out []queues.Declared
	for _, d := range s.declared {
		out = append(out, d)
	}
	return out, nil
}

func (s *site) SaveDeclared(_ context.Context, d queues.Declared) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.declared[d.OperatorID] = d
	return nil
}

func (s *site) Health(context.Context) ([]health.Record, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Collect(maps.Values(s.health)), nil
}

func (s *site) SaveHealth(_ context.Context, r health.Record) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.health[r.OperatorID] = r
	return nil
}

func (s *site) Provision(ctx context.Context, d telephony.Provisioner, op string) error {
	s.mu.Lock()
	s.pushed++
	sealed := s.sealed
	s.mu.Unlock()
	if sealed {
		return errs.E(errs.Unavailable, "opening credential", "the key is out of reach")
	}
	return d.Provision(ctx, telephony.Account{Endpoint: calls.EndpointOf(op), HA1: "0123456789abcdef0123456789abcdef"})
}

func (s *site) ProvisionAll(ctx context.Context, d telephony.Provisioner, have map[string]bool) error {
	if have[calls.EndpointOf("anna")] {
		return nil
	}
	return s.Provision(ctx, d, "anna")
}

func (s *site) Drop(ctx context.Context, d telephony.Provisioner, op string) error {
	return d.Deprovision(ctx, calls.EndpointOf(op))
}

func newSite(t *testing.T) *site {
	s := &site{t: t, pbx: fakepbx.New(fakepbx.Options{}), bus: membus.New(), saved: map[calls.ID]calls.Call{}, declared: map[string]queues.Declared{}, health: map[string]health.Record{}}
	log := slog.New(slog.DiscardHandler)
	s.board = calls.NewBoard(s.bus, log)
	s.svc = calls.NewService(s.bus, s.board)
	go func() {
		if err := s.board.Run(t.Context()); !errors.Is(err, context.Canceled) {
			t.Errorf("board: %v", err)
		}
	}()
	return s
}

// own starts an engine, as a process that got the lease would; stop is its sudden death.
func (s *site) own(driver telephony.Driver, epoch string) (stop func()) {
	ctx, cancel := context.WithCancel(s.t.Context())
	n := 0
	var mu sync.Mutex
	e := calls.NewEngine(calls.EngineOptions{
		Driver: driver, Bus: s.bus, Board: s.board, Matcher: s, Journal: s, Directory: s, Phones: s,
		Floor: options(func() string {
			mu.Lock()
			defer mu.Unlock()
			n++
			return epoch + string(rune('a'+n))
		}),
		Epoch: epoch, Log: slog.New(slog.DiscardHandler),
	})
	done := make(chan struct{})
	go func() {
		defer close(done)
		if err := e.Run(ctx); !errors.Is(err, context.Canceled) {
			s.t.Errorf("engine %s: %v", epoch, err)
		}
	}()
	settle()
	return func() {
		cancel()
		<-done
	}
}

// settle waits until all that follows from what has happened is done: effects begin after a head start, records are gathered.
func settle() {
	time.Sleep(100 * time.Millisecond) // synctest's clock
	synctest.Wait()
}

func (s *site) do(cmd calls.Command) calls.Reply {
	s.t.Helper()
	r, err := s.svc.Do(s.t.Context(), cmd)
	if err != nil {
		s.t.Fatalf("%s: %v", cmd.Kind, err)
	}
	settle()
	return r
}

// only returns the one call on the board.
func (s *site) only() calls.Call {
	s.t.Helper()
	settle()
	cs := s.board.Snapshot().Calls
	if len(cs) != 1 {
		s.t.Fatalf("%d calls on the board", len(cs))
	}
	return cs[0]
}

func (s *site) ready() {
	s.do(calls.Command{Kind: calls.CmdProvisionPhone, OperatorID: "anna"})
	s.pbx.SetEndpointOnline(calls.EndpointOf("anna"), true)
	s.do(calls.Command{Kind: calls.CmdSetAvailability, OperatorID: "anna", Avail: queues.Ready})
}

func (s *site) talk() calls.Call {
	s.t.Helper()
	s.pbx.InboundCall(telephony.Party{Number: "+79161234567"}, "support", "queue", "support")
	c := s.only()
	if c.Operator == nil {
		s.t.Fatalf("no operator is rung; the call is %s", c.State)
	}
	s.pbx.AnswerLeg(c.Operator.ID)
	c = s.only()
	if c.State != calls.StateTalking {
		s.t.Fatalf("after the answer the call is %s", c.State)
	}
	return c
}

// TestQueueEditedMeanwhileIsKnownWhenSomebodySignsIn: `pult queue set` runs in a process of its own.
func TestQueueEditedMeanwhileIsKnownWhenSomebodySignsIn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSite(t)
		defer s.own(s.pbx.NewDriver(), "one")()
		s.ready()
		s.mu.Lock()
		s.named = "Help"
		s.mu.Unlock()
		s.do(calls.Command{Kind: calls.CmdProvisionPhone, OperatorID: "anna"})
		if got := s.board.Snapshot().Queues[0].Name; got != "Help" {
			t.Errorf("the queue is still called %s", got)
		}
	})
}

func TestEngineCarriesACallThrough(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSite(t)
		defer s.own(s.pbx.NewDriver(), "one")()
		s.ready()
		c := s.talk()
		if c.Match.Chosen == nil || c.Match.Chosen.Name != "ООО «Василёк»" {
			t.Fatalf("match is %+v", c.Match)
		}
		s.do(calls.Command{Kind: calls.CmdHold, OperatorID: "anna", CallID: c.ID})
		if c = s.only(); c.State != calls.StateHeld {
			t.Fatalf("held call is %s", c.State)
		}
		s.do(calls.Command{Kind: calls.CmdResume, OperatorID: "anna", CallID: c.ID})
		s.do(calls.Command{Kind: calls.CmdHangUp, OperatorID: "anna", CallID: c.ID})
		if c = s.only(); c.State != calls.StateWrapUp || c.End.By != calls.ByOperator {
			t.Fatalf("after the hang-up the call is %s, ended by %+v", c.State, c.End)
		}
		if n := len(s.pbx.Legs()); n != 0 {
			t.Fatalf("%d legs left in the PBX", n)
		}
		s.do(calls.Command{Kind: calls.CmdFinishWrapUp, OperatorID: "anna", CallID: c.ID})
		if n := len(s.board.Snapshot().Calls); n != 0 {
			t.Fatalf("%d calls left on the board", n)
		}
		if got := s.saved[c.ID]; got.State != calls.StateEnded {
			t.Fatalf("recorded as %s", got.State)
		}
	})
}

// TestSlowCustomerSystemDelaysNothing: the phone rings at once, the card follows when the answer comes.
func TestSlowCustomerSystemDelaysNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSite(t)
		s.slowMatch = 30 * time.Second
		defer s.own(s.pbx.NewDriver(), "one")()
		s.ready()
		started := time.Now()
		c := s.talk()
		if waited := time.Since(started); waited > time.Second || c.Match.State != customers.MatchPending {
			t.Fatalf("talking after %s with match %s", waited, c.Match.State)
		}
		time.Sleep(30 * time.Second) // synctest's clock
		if c = s.only(); c.Match.State != customers.MatchFound {
			t.Fatalf("the late answer is lost: %s", c.Match.State)
		}
	})
}

func TestOwnerDiesInATalk(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSite(t)
		kill := s.own(s.pbx.NewDriver(), "one")
		s.ready()
		before := s.talk()
		kill()
		defer s.own(s.pbx.NewDriver(), "two")()
		after := s.only()
		if after.ID != before.ID || after.State != calls.StateTalking || after.OperatorID != "anna" {
			t.Fatalf("the next owner sees %s %s of %q", after.ID, after.State, after.OperatorID)
		}
		if n := len(s.pbx.Legs()); n != 2 {
			t.Fatalf("%d legs live, want both", n)
		}
		s.do(calls.Command{Kind: calls.CmdHangUp, OperatorID: "anna", CallID: after.ID})
		if c := s.only(); c.State != calls.StateWrapUp {
			t.Fatalf("hang-up under the new owner left the call %s", c.State)
		}
	})
}

// TestPBXRestart: all calls are over, the accounts are pushed again, nobody is shown talking to a ghost.
func TestPBXRestart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSite(t)
		defer s.own(s.pbx.NewDriver(), "one")()
		s.ready()
		s.talk()
		pushed := s.pushed
		s.pbx.Restart()
		time.Sleep(10 * time.Second) // synctest's clock: the driver reconnects with back-off
		if c := s.only(); c.State != calls.StateWrapUp {
			t.Fatalf("after the restart the call is %s", c.State)
		}
		if s.pushed == pushed {
			t.Fatal("the phones' accounts were not pushed again")
		}
	})
}

func TestHistorySurvivesADatabaseOutage(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSite(t)
		defer s.own(s.pbx.NewDriver(), "one")()
		s.failSaves = 5
		s.ready()
		c := s.talk()
		time.Sleep(30 * time.Second) // synctest's clock
		synctest.Wait()
		s.mu.Lock()
		defer s.mu.Unlock()
		if got, ok := s.saved[c.ID]; !ok || got.AnsweredAt == nil {
			t.Fatalf("the record is lost: %+v", got)
		}
	})
}

// TestDatabaseOutageHoldsOneRecordACall: however long it lasts and however much happens, the newest record of each call waits.
func TestDatabaseOutageHoldsOneRecordACall(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSite(t)
		defer s.own(s.pbx.NewDriver(), "one")()
		s.failSaves = 1 << 30
		s.ready()
		c := s.talk()
		s.do(calls.Command{Kind: calls.CmdHangUp, OperatorID: "anna", CallID: c.ID})
		s.do(calls.Command{Kind: calls.CmdFinishWrapUp, OperatorID: "anna", CallID: c.ID})
		time.Sleep(3 * time.Hour) // synctest's clock
		s.mu.Lock()
		s.failSaves, s.saves = 0, 0
		s.mu.Unlock()
		time.Sleep(10 * time.Second)
		s.mu.Lock()
		defer s.mu.Unlock()
		if got := s.saved[c.ID]; got.State != calls.StateEnded || s.saves > 2 {
			t.Fatalf("after the outage %d saves left the record %s", s.saves, got.State)
		}
	})
}

// TestStopSavesWhatWaits: a wrap-up that was finished a moment before the process was told to stop must not come back.
func TestStopSavesWhatWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSite(t)
		stop := s.own(s.pbx.NewDriver(), "one")
		s.ready()
		c := s.talk()
		s.do(calls.Command{Kind: calls.CmdHangUp, OperatorID: "anna", CallID: c.ID})
		s.failSaves = 1
		s.do(calls.Command{Kind: calls.CmdFinishWrapUp, OperatorID: "anna", CallID: c.ID})
		stop()
		if got := s.saved[c.ID]; got.State != calls.StateEnded {
			t.Fatalf("the record is left %s", got.State)
		}
	})
}

func TestErrorsTravelToTheAsker(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSite(t)
		defer s.own(s.pbx.NewDriver(), "one")()
		_, err := s.svc.Do(t.Context(), calls.Command{Kind: calls.CmdHangUp, OperatorID: "anna", CallID: "none"})
		if !errs.Is(err, errs.Conflict) || errs.Message(err) != "the call has ended" {
			t.Fatalf("got %v", err)
		}
		s.ready()
		_, err = s.svc.Do(t.Context(), calls.Command{Kind: calls.CmdDial, OperatorID: "anna", Number: "x"})
		if errs.FieldsOf(err)["number"] == "" {
			t.Fatalf("the field is lost: %v", err)
		}
	})
}
