package clicks_test

import (
	"context"
	"fmt"
	"log/slog"
	"testing"
	"time"

	"github.com/pult-cc/pult/connectors"
	"github.com/pult-cc/pult/internal/clicks"
	"github.com/pult-cc/pult/internal/customers"
	"github.com/pult-cc/pult/internal/errs"
	"github.com/pult-cc/pult/telephony/calls"
	"github.com/pult-cc/pult/telephony/queues"
)

// stand is a floor that notes its commands.
type stand struct {
	*clicks.Service
	done    []calls.Command
	refusal error
	avail   queues.Availability
	call    calls.ID // that they have
	is      calls.Presence
	asked   int // for the people of the system
	begun   []string
	now     time.Time
}

func newStand() *stand {
	s := &stand{avail: queues.Ready, now: time.Date(2026, 3, 4, 9, 0, 0, 0, time.UTC)}
	s.Service = clicks.New(clicks.Options{
		People: func(context.Context) ([]clicks.Person, error) {
			return []clicks.Person{{ID: "op-1", Login: "anna"}, {ID: "op-2", Login: "boris@example.com"}}, nil
		},
		Operator: func(id string) (calls.Operator, bool) {
			return calls.Operator{ID: id, Availability: s.avail, CallID: s.call, Presence: s.is}, id != "op-3"
		},
		Customer: func(_ context.Context, id customers.ID) (customers.Customer, error) {
			return customers.Customer{ID: id, Numbers: []customers.LabeledNumber{{Number: customers.Number{E164: "+74951234567"}}}}, nil
		},
		Do: func(_ context.Context, c calls.Command) (calls.Reply, error) {
			if s.refusal != nil {
				return calls.Reply{}, s.refusal
			}
			s.done = append(s.done, c)
			return calls.Reply{Call: &calls.Call{ID: "call-1", To: calls.Party{Number: customers.Number{E164: c.Number}}}}, nil
		},
		Begun: func(_ context.Context, system string, call calls.ID, c connectors.Click) error {
			s.begun = append(s.begun, system+" "+string(call)+" "+c.Call.ID)
			return errs.E(errs.Unavailable, "noting", "away") // the call goes on
		},
		Now: func() time.Time { return s.now }, Log: slog.New(slog.DiscardHandler),
	})
	return s
}

func (s *stand) system() clicks.System {
	return clicks.System{
		ID: "b24", People: map[string]string{"Anna": "12", "ghost": "99"},
		Agents: func(context.Context) ([]connectors.Agent, error) {
			s.asked++
			return []connectors.Agent{{ID: "13", Email: "Boris@Example.com"}, {ID: "14", Name: "anna", Email: "other@example.com"}}, nil
		},
	}
}

func click(agent, key string) connectors.Click {
	return connectors.Click{Agent: connectors.Agent{ID: agent}, Number: "+74951234567", Key: key}
}

func TestAClickIsACallOfWhoClicked(t *testing.T) {
	s := newStand()
	c := click("12", "k1")
	c.Customer = connectors.Ref{Connector: "b24", Type: "contact", ID: "797"}
	c.Call = connectors.Ref{Connector: "b24", Type: "clicked", ID: "externalCall.1"}
	if err := s.Dial(t.Context(), s.system(), c); err != nil {
		t.Fatal(err)
	}
	if fmt.Sprint(s.begun) != "[b24 call-1 externalCall.1]" {
		t.Errorf("noted %q", s.begun)
	}
	want := []calls.Command{
		{Kind: calls.CmdDial, OperatorID: "op-1", Number: "+74951234567"},
		{Kind: calls.CmdLinkCustomer, OperatorID: "op-1", CallID: "call-1", CustomerID: customers.EncodeID(c.Customer)},
	}
	if fmt.Sprint(s.done) != fmt.Sprint(want) {
		t.Errorf("got %+v", s.done)
	}
}

func TestANumberThatIsNotTheCustomersIsDialledAndNotLinked(t *testing.T) {
	s := newStand()
	c := click("12", "k1")
	c.Customer, c.Number = connectors.Ref{Connector: "b24", Type: "contact", ID: "797"}, "+74957654321"
	if err := s.Dial(t.Context(), s.system(), c); err != nil || len(s.done) != 1 || s.done[0].Kind != calls.CmdDial {
		t.Errorf("%v, %+v", err, s.done)
	}
}

func TestWhoClickedIsFoundByTheirMailAddress(t *testing.T) {
	s := newStand()
	for i := range 2 {
		if err := s.Dial(t.Context(), s.system(), click("13", fmt.Sprint("k", i))); err != nil || s.done[i].OperatorID != "op-2" {
			t.Fatalf("%v, %+v", err, s.done)
		}
	}
	if s.asked != 1 {
		t.Errorf("the system was asked %d times who works there", s.asked)
	}
}

// A name proves nobody, and somebody without an account calls nobody.
func TestWhoIsNotKnownHereCallsNobody(t *testing.T) {
	s := newStand()
	for name, c := range map[string]connectors.Click{
		"a namesake of an operator": click("14", ""), "an account that is gone": click("99", ""), "somebody unknown": click("15", ""), "nobody": click("", ""),
	} {
		if err := s.Dial(t.Context(), s.system(), c); !errs.Is(err, errs.NotFound) || len(s.done) != 0 {
			t.Errorf("%s: %v, %+v", name, err, s.done)
		}
	}
}

func TestWhoIsNotAtWorkIsNotMadeToCall(t *testing.T) {
	for _, a := range []queues.Availability{queues.Offline, ""} {
		s := newStand()
		s.avail = a
		if err := s.Dial(t.Context(), s.system(), click("12", "k")); !errs.Is(err, errs.Conflict) || len(s.done) != 0 {
			t.Errorf("%q: %v", a, err)
		}
		s.avail = queues.Paused // comes to work: the same click may be tried again
		if err := s.Dial(t.Context(), s.system(), click("12", "k")); err != nil || len(s.done) != 1 {
			t.Errorf("at work: %v", err)
		}
	}
}

// The floor would put whom they talk to on hold.
func TestAClickPutsNobodyOnHold(t *testing.T) {
	for _, p := range []calls.Presence{calls.PresenceOffered, calls.PresenceTalking, calls.PresenceHeld} {
		s := newStand()
		s.call, s.is = "call-0", p
		if err := s.Dial(t.Context(), s.system(), click("12", "k")); !errs.Is(err, errs.Conflict) || len(s.done) != 0 {
			t.Errorf("%s: %v, %+v", p, err, s.done)
		}
		s.is = calls.PresenceWrapUp // writes about it: may call
		if err := s.Dial(t.Context(), s.system(), click("12", "k")); err != nil || len(s.done) != 1 {
			t.Errorf("after %s: %v, %+v", p, err, s.done)
		}
	}
}

// Whoever takes the mail address of an operator who is named in the configuration does not make that operator call.
func TestAnOperatorWhoIsNamedIsNotFoundByMailAsWell(t *testing.T) {
	s := newStand()
	sys := s.system()
	sys.People["Boris@example.com"] = "20"
	if err := s.Dial(t.Context(), sys, click("13", "k")); !errs.Is(err, errs.NotFound) || len(s.done) != 0 {
		t.Errorf("somebody with the address: %v, %+v", err, s.done)
	}
	if err := s.Dial(t.Context(), sys, click("20", "k")); err != nil || len(s.done) != 1 || s.done[0].OperatorID != "op-2" {
		t.Errorf("the one who is named: %v, %+v", err, s.done)
	}
}

func TestAClickThatIsSentTwiceIsOneCall(t *testing.T) {
	s := newStand()
	for range 3 {
		if err := s.Dial(t.Context(), s.system(), click("12", "k1")); err != nil {
			t.Fatal(err)
		}
	}
	if len(s.done) != 1 {
		t.Errorf("%d calls", len(s.done))
	}
}

func TestClicksComeNoFasterThanAPersonClicks(t *testing.T) {
	s := newStand()
	limited := 0
	for i := range 20 {
		if errs.Is(s.Dial(t.Context(), s.system(), click("12", fmt.Sprint(i))), errs.RateLimited) {
			limited++
		}
	}
	if len(s.done) != 3 || limited != 17 {
		t.Errorf("%d calls, %d limited", len(s.done), limited)
	}
	if err := s.Dial(t.Context(), s.system(), click("13", "other")); err != nil {
		t.Errorf("another operator: %v", err)
	}
	s.now = s.now.Add(11 * time.Second)
	if err := s.Dial(t.Context(), s.system(), click("12", "later")); err != nil {
		t.Errorf("later: %v", err)
	}
}

func TestWhatTheFloorRefusesIsRefused(t *testing.T) {
	s := newStand()
	s.refusal = errs.E(errs.Conflict, "dialling", "your phone is not registered")
	if err := s.Dial(t.Context(), s.system(), click("12", "k")); !errs.Is(err, errs.Conflict) {
		t.Errorf("got %v", err)
	}
	// Sent again it is no call that was made.
	if err := s.Dial(t.Context(), s.system(), click("12", "k")); !errs.Is(err, errs.Conflict) {
		t.Errorf("sent again: %v", err)
	}
}

func TestClicksThatWereSeenAreForgottenBeforeMemoryEnds(t *testing.T) {
	s := newStand()
	for i := range 5000 {
		s.now = s.now.Add(11 * time.Second)
		if err := s.Dial(t.Context(), s.system(), click("12", fmt.Sprint(i))); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.Dial(t.Context(), s.system(), click("12", "4999")); err != nil || len(s.done) != 5000 {
		t.Errorf("the last one again: %v, %d calls", err, len(s.done))
	}
}
