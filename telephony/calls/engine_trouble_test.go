package calls_test

import (
	"context"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"

	"github.com/pult-cc/pult/internal/customers"
	"github.com/pult-cc/pult/internal/errs"
	"github.com/pult-cc/pult/telephony"
	"github.com/pult-cc/pult/telephony/calls"
	"github.com/pult-cc/pult/telephony/fakepbx"
)

// TestTakeoverLeavesPhonesSignedIn: pushing an account that is there drops its registration, and with it every phone of the house.
func TestTakeoverLeavesPhonesSignedIn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSite(t)
		kill := s.own(s.pbx.NewDriver(), "one")
		s.ready()
		pushed := s.pushed
		kill()
		defer s.own(s.pbx.NewDriver(), "two")()
		settle()
		if o, _ := s.board.Operator("anna"); !o.PhoneOnline {
			t.Fatal("the takeover signed anna's phone out")
		}
		s.pbx.CutLink("test")
		time.Sleep(time.Second) // synctest's clock
		s.pbx.RestoreLink()
		settle()
		if o, _ := s.board.Operator("anna"); !o.PhoneOnline || s.pushed != pushed {
			t.Fatalf("a cut link pushed %d accounts", s.pushed-pushed)
		}
		s.talk()
	})
}

// TestCardGoesFirst: commands and questions that started together with the news of a call took the processors from its card.
func TestCardGoesFirst(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSite(t)
		defer s.own(s.pbx.NewDriver(), "one")()
		s.ready()
		begun := func() (legs, questions, records int) {
			s.mu.Lock()
			defer s.mu.Unlock()
			return len(s.pbx.Legs()), s.matches, s.saves
		}
		_, _, before := begun()
		s.pbx.InboundCall(telephony.Party{Number: "+79161234567"}, "support", "queue", "support")
		synctest.Wait() // no time has passed
		cs := s.board.Snapshot().Calls
		if len(cs) != 1 || cs[0].State != calls.StateOffered || cs[0].Match.State != customers.MatchPending {
			t.Fatalf("the board shows %+v", cs)
		}
		if legs, questions, records := begun(); legs != 1 || questions != 0 || records != before {
			t.Fatalf("beside the card %d legs were made, %d questions asked and %d records saved", legs-1, questions, records-before)
		}
		c := s.only()
		if legs, _, records := begun(); legs != 2 || c.Match.State != customers.MatchFound || records != before+1 {
			t.Fatalf("then %d legs were made, %d records saved, and the match is %s", legs-1, records-before, c.Match.State)
		}
	})
}

// TestTakeoverAsksAgain: the card of a call in progress, or in wrap-up, must not stay unanswered for ever.
func TestTakeoverAsksAgain(t *testing.T) {
	for _, state := range []calls.State{calls.StateTalking, calls.StateWrapUp} {
		synctest.Test(t, func(t *testing.T) {
			s := newSite(t)
			kill := s.own(s.pbx.NewDriver(), "one")
			s.ready()
			before := s.talk()
			if state == calls.StateWrapUp {
				s.do(calls.Command{Kind: calls.CmdHangUp, OperatorID: "anna", CallID: before.ID})
			}
			before = s.only()
			kill()
			asked := s.matches
			defer s.own(s.pbx.NewDriver(), "two")()
			after := s.only()
			if s.matches != asked+1 || after.State != state || after.Match.State != customers.MatchFound || after.Match.Chosen == nil {
				t.Fatalf("asked %d times; the call is %s with %+v", s.matches-asked, after.State, after.Match)
			}
			if after.Version <= before.Version {
				t.Fatalf("the version fell from %d to %d", before.Version, after.Version)
			}
		})
	}
}

// TestReloadedPageInATalk: the page goes without a word, and Asterisk does not notice. The new page's session brings the call back.
func TestReloadedPageInATalk(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSite(t)
		defer s.own(s.pbx.NewDriver(), "one")()
		s.ready()
		c := s.talk()
		lost := c.Operator.ID
		s.pbx.SetMedia(lost, fakepbx.Media{Silent: true})
		s.do(calls.Command{Kind: calls.CmdProvisionPhone, OperatorID: "anna"})
		time.Sleep(500 * time.Millisecond) // synctest's clock
		if c = s.only(); c.State != calls.StateRescuing {
			t.Fatalf("the call is %s, with a leg to a page that is gone", c.State)
		}
		if l, ok := s.pbx.Leg(c.Customer.ID); !ok || !l.Parked {
			t.Fatal("the customer hears silence")
		}
		s.pbx.SetEndpointOnline(calls.EndpointOf("anna"), true)
		c = s.only()
		if c.Operator == nil || c.Operator.ID == lost {
			t.Fatalf("the new page is not rung; the call is %s", c.State)
		}
		if l, _ := s.pbx.Leg(c.Operator.ID); l.Headers[calls.HeaderAutoAnswer] != "1" {
			t.Fatal("the new page is not asked to answer by itself")
		}
		s.pbx.AnswerLeg(c.Operator.ID)
		if c = s.only(); c.State != calls.StateTalking {
			t.Fatalf("the call is %s", c.State)
		}
	})
}

// TestPhoneThatCouldNotBeReplaced is still registered, and must go on getting calls.
func TestPhoneThatCouldNotBeReplaced(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSite(t)
		defer s.own(s.pbx.NewDriver(), "one")()
		s.ready()
		s.sealed = true
		_, err := s.svc.Do(t.Context(), calls.Command{Kind: calls.CmdProvisionPhone, OperatorID: "anna"})
		if !errs.Is(err, errs.Unavailable) {
			t.Fatalf("replacing gave %v", err)
		}
		s.talk()
	})
}

// TestJoinThePBXRefuses: both are there, the PBX does not bring them together, and the caller is offered again.
func TestJoinThePBXRefuses(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSite(t)
		defer s.own(s.pbx.NewDriver(), "one")()
		s.ready()
		s.pbx.InboundCall(telephony.Party{Number: "+79161234567"}, "support", "queue", "support")
		c := s.only()
		first := c.Operator.ID
		s.pbx.FailNext("Join", errs.E(errs.Internal, "joining", "no"))
		s.pbx.AnswerLeg(first)
		if c = s.only(); c.Operator == nil || c.Operator.ID == first || c.State != calls.StateRinging {
			t.Fatalf("the call is %s, operator %+v", c.State, c.Operator)
		}
		if _, there := s.pbx.Leg(first); there {
			t.Fatal("the operator sits in silence")
		}
		s.pbx.AnswerLeg(c.Operator.ID)
		if c = s.only(); c.State != calls.StateTalking {
			t.Fatalf("the call is %s", c.State)
		}
	})
}

// TestPBXThatHangs: it accepts connections and answers nothing for a while. Nobody may be left in silence afterwards.
func TestPBXThatHangs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSite(t)
		defer s.own(s.pbx.NewDriver(), "one")()
		s.pbx.SetHanging(true)
		s.pbx.InboundCall(telephony.Party{Number: "+79161234567"}, "support", "queue", "support")
		time.Sleep(25 * time.Second) // synctest's clock
		s.pbx.SetHanging(false)
		time.Sleep(10 * time.Second)
		c := s.only()
		if l, ok := s.pbx.Leg(c.Customer.ID); !ok || !l.Parked || c.State != calls.StateQueued {
			t.Fatalf("the call is %s, its leg %+v", c.State, l)
		}
	})
}

// TestEngineLeavesNothingBehind: no goroutine survives the owner, whatever it was in the middle of.
func TestEngineLeavesNothingBehind(t *testing.T) {
	before := goleak.IgnoreCurrent()
	synctest.Test(t, func(t *testing.T) {
		s := newSite(t)
		s.slowMatch = time.Hour
		stop := s.own(s.pbx.NewDriver(), "one")
		s.ready()
		s.talk()
		s.pbx.SetHanging(true)
		s.pbx.InboundCall(telephony.Party{Number: "+79161234567"}, "support", "queue", "support")
		settle()
		began := time.Now()
		stop()
		if d := time.Since(began); d > 100*time.Millisecond {
			t.Fatalf("stopping took %s", d)
		}
	})
	if err := goleak.Find(before); err != nil {
		t.Fatal(err)
	}
}

// forgetful does what it is told and loses the answer.
type forgetful struct {
	*fakepbx.Driver
	digits atomic.Int32
}

func (f *forgetful) SendDigits(ctx context.Context, leg telephony.LegID, digits string) error {
	f.digits.Add(1)
	if err := f.Driver.SendDigits(ctx, leg, digits); err != nil {
		return err
	}
	return errs.E(errs.Timeout, "sending digits", "no answer")
}

// TestDigitsArriveOnce: of keys whose answer was lost nobody knows whether they arrived; pressed again they made another PIN.
func TestDigitsArriveOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSite(t)
		d := &forgetful{Driver: s.pbx.NewDriver()}
		defer s.own(d, "one")()
		s.ready()
		c := s.talk()
		if _, err := s.svc.Do(t.Context(), calls.Command{Kind: calls.CmdSendDigits, OperatorID: "anna", CallID: c.ID, Digits: "1234"}); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Minute) // synctest's clock
		if n := d.digits.Load(); n != 1 {
			t.Fatalf("the keys were pressed %d times", n)
		}
	})
}

// TestOperatorIsToldOfAChoiceThatFailed: it looked accepted.
func TestOperatorIsToldOfAChoiceThatFailed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSite(t)
		s.linkErr = errs.E(errs.Unavailable, "linking", "1C does not answer")
		defer s.own(s.pbx.NewDriver(), "one")()
		s.ready()
		c := s.talk()
		w := s.board.Watch()
		defer w.Close()
		if _, err := s.svc.Do(t.Context(), calls.Command{Kind: calls.CmdLinkCustomer, OperatorID: "anna", CallID: c.ID, CustomerID: "c9"}); err != nil {
			t.Fatal(err)
		}
		settle()
		cs, err := w.Next(t.Context())
		if err != nil || len(cs) != 1 || cs[0].Notice == nil || cs[0].Notice.OperatorID != "anna" || cs[0].Notice.Text != "1C does not answer" {
			t.Fatalf("anna was told %+v, %v", cs, err)
		}
	})
}

// TestDeskPhoneOfTheMomentBetween: `pult phone add`, after the floor had read who has which device and before the link was up: its account
// was pushed with the others, which took it off the list of changes, and the operator's device stayed the page.
func TestDeskPhoneOfTheMomentBetween(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSite(t)
		s.pbx.CutLink("not connected yet")
		defer s.own(s.pbx.NewDriver(), "one")()
		s.mu.Lock()
		s.desk = true
		s.mu.Unlock()
		s.pbx.RestoreLink()
		settle()
		if o, ok := s.board.Operator("anna"); !ok || !o.Desk {
			t.Errorf("the operator is %+v", o)
		}
	})
}
