package calls_test

import (
	"testing"
	"time"

	"github.com/pult-cc/pult/internal/customers"
	"github.com/pult-cc/pult/telephony"
	"github.com/pult-cc/pult/telephony/calls"
)

// 1: of two lost calls the one that was led is answered first.
func TestReviewTwoLostCallsInTheOtherOrder(t *testing.T) {
	w, held, led := twoCalls(t)
	for _, id := range []calls.ID{held, led} {
		w.end(w.s.operatorLeg(id), telephony.Cause{Q850: telephony.CauseNormal}, false)
	}
	w.workAll()
	for _, id := range []calls.ID{led, held} {
		w.answer(w.legs[w.s.operatorLeg(id)])
		w.workAll()
	}
	w.s.want(held, calls.StateHeld)
	w.s.want(led, calls.StateTalking)
}

// 2: the phone is taken elsewhere with two calls.
func TestReviewHandoverWithASecondCallOnHold(t *testing.T) {
	w, held, led := twoCalls(t)
	if err := w.s.f.RenewPhone("anna", false, w.s.now); err != nil {
		t.Fatal(err)
	}
	w.s.settle()
	w.workAll()
	w.phone("anna", false)
	w.workAll()
	w.phone("anna", true)
	w.workAll()
	for _, id := range []calls.ID{led, held} {
		w.answer(w.legs[w.s.calls[id].Next.ID])
		w.workAll()
	}
	w.pass(2 * time.Second)
	w.s.want(held, calls.StateHeld)
	w.s.want(led, calls.StateTalking)
}

// 3: a customer muted in a conference.
func TestReviewCustomerMutedInAConferenceIsHeardAfterIt(t *testing.T) {
	for name, end := range map[string]func(w *world, id calls.ID){
		"cancelled": func(w *world, id calls.ID) {
			w.must(calls.Command{Kind: calls.CmdCancelConsult, CallID: id, OperatorID: "anna"})
		},
		"guest hangs up": func(w *world, id calls.ID) {
			w.end(w.s.calls[id].Guest.ID, telephony.Cause{Q850: telephony.CauseNormal}, false)
			w.workAll()
		},
		"completed": func(w *world, id calls.ID) {
			w.must(calls.Command{Kind: calls.CmdCompleteConsult, CallID: id, OperatorID: "anna"})
		},
	} {
		t.Run(name, func(t *testing.T) {
			w, id := consulting(t, colleague)
			w.must(calls.Command{Kind: calls.CmdMergeConsult, CallID: id, OperatorID: "anna"})
			cust := w.s.calls[id].Customer.ID
			w.must(calls.Command{Kind: calls.CmdMuteParty, CallID: id, OperatorID: "anna", LegID: string(cust), Muted: true})
			end(w, id)
			w.s.want(id, calls.StateTalking)
			c := w.s.calls[id]
			if w.muted[cust] {
				err := w.s.do(calls.Command{Kind: calls.CmdMuteParty, CallID: id, OperatorID: c.OperatorID, LegID: string(cust), Muted: false})
				t.Errorf("talking, the customer is muted; unmuting: %v", err)
			}
		})
	}
}

// 4: the same as TestColleagueInAConferenceTakesALostCallOver, but as browsers die.
func TestReviewKilledBrowserInAConference(t *testing.T) {
	w, id := consulting(t, colleague)
	w.must(calls.Command{Kind: calls.CmdMergeConsult, CallID: id, OperatorID: "anna"})
	w.mute[w.s.operatorLeg(id)] = true
	w.phone("anna", false)
	w.workAll()
	if c := w.s.calls[id]; c.State != calls.StateTalking || c.OperatorID != "boris" {
		t.Errorf("the call is %s of %q\n%s", c.State, c.OperatorID, w)
	}
	w.pass(25 * time.Second)
	t.Logf("after 25 s: %s of %q\n%s", w.s.calls[id].State, w.s.calls[id].OperatorID, w)
}

// 5: a consulted colleague whose browser has died is given the customer.
func TestReviewCustomerGivenToADeadColleague(t *testing.T) {
	w, id := consulting(t, colleague)
	w.must(calls.Command{Kind: calls.CmdSwapConsult, CallID: id, OperatorID: "anna"})
	w.mute[w.s.calls[id].Guest.ID] = true
	w.phone("boris", false)
	w.workAll()
	w.must(calls.Command{Kind: calls.CmdCompleteConsult, CallID: id, OperatorID: "anna"})
	w.pass(30 * time.Second)
	if c := w.s.calls[id]; c.State == calls.StateTalking && c.OperatorID == "boris" {
		t.Errorf("the customer has been in silence with %q for 30 s\n%s", c.OperatorID, w)
	}
}

// 6: a parked call that an operator had dialled, and a new owner.
func TestReviewParkedOutboundOutlivesItsOwner(t *testing.T) {
	w, held, led := twoCalls(t)
	_ = held
	w.must(calls.Command{Kind: calls.CmdPark, CallID: led, OperatorID: "anna"})
	cust := w.s.calls[led].Customer.ID
	w.inherit(0)
	w.workAll()
	if w.legs[cust] == nil {
		t.Errorf("the parked customer was hung up: %+v", w.s.calls[led].End)
	}
}

// 7: a second call that is being dialled, and a new owner.
func TestReviewDialledSecondCallOutlivesItsOwner(t *testing.T) {
	w, held := talking(t)
	w.must(calls.Command{Kind: calls.CmdDial, OperatorID: "anna", Number: "+74951112233"})
	var led calls.ID
	for _, id := range w.live() {
		if id != held {
			led = id
		}
	}
	w.answer(w.legs[w.s.operatorLeg(led)])
	w.workAll()
	w.s.want(held, calls.StateHeld)
	w.s.want(led, calls.StateRinging)
	cust := w.s.calls[led].Customer.ID
	w.inherit(0)
	w.workAll()
	w.s.want(held, calls.StateHeld)
	if w.legs[cust] == nil {
		t.Errorf("the call was ended: %+v", w.s.calls[led].End)
	}
}

// 8: a consultation of a colleague who has a call on hold, and a new owner.
func TestReviewConsultationOfABusyColleagueOutlivesItsOwner(t *testing.T) {
	w, hers := talking(t)
	w.callIn()
	w.workAll()
	var his calls.ID
	for _, id := range w.live() {
		if id != hers {
			his = id
		}
	}
	w.talk(his)
	w.must(calls.Command{Kind: calls.CmdConsult, CallID: hers, OperatorID: "anna", To: &colleague})
	w.reach(hers)
	w.s.want(hers, calls.StateConsulting)
	w.s.want(his, calls.StateHeld)
	w.inherit(0)
	w.workAll()
	w.s.want(his, calls.StateHeld)
	w.s.want(hers, calls.StateConsulting)
}

// 9: a call that comes back from a queue to who transferred it there is an offer, not a conversation.
func TestReviewOwnTransferredCallRingsAgain(t *testing.T) {
	w, id := talking(t)
	for _, o := range []string{"boris", "vera"} {
		w.phone(o, false)
	}
	w.must(calls.Command{Kind: calls.CmdTransfer, CallID: id, OperatorID: "anna", To: &calls.Target{QueueID: "q1"}})
	w.s.want(id, calls.StateOffered)
	if c := w.s.calls[id]; c.OperatorID != "anna" {
		t.Fatalf("%q", c.OperatorID)
	}
	cust := w.s.calls[id].Customer.ID
	w.must(calls.Command{Kind: calls.CmdHangUp, CallID: id, OperatorID: "anna"})
	if w.legs[cust] == nil {
		t.Errorf("hanging up what only rings ended the customer")
	}
}

// 10: a choice that could not be noted throws away the answer that was still under way.
func TestReviewFailedChoiceKeepsTheLookUp(t *testing.T) {
	s := newStand(t, "anna")
	s.linkUp("anna")
	id := s.callIn("leg1", "+79161234567")
	s.connect(id)
	ask := 0
	for _, e := range s.take() {
		if l, ok := e.Effect.(calls.LookUp); ok {
			ask = l.Ask
		}
	}
	if ask == 0 {
		t.Fatal("nobody was asked")
	}
	s.must(calls.Command{Kind: calls.CmdLinkCustomer, CallID: id, OperatorID: "anna", CustomerID: "c9"})
	s.f.Asked(id) // Engine.link: the customer system refused; nothing else is told
	s.f.Matched(id, ask, customers.Match{State: customers.MatchNone})
	s.settle()
	if got := s.calls[id].Match.State; got != customers.MatchNone {
		t.Errorf("the card is %s for ever", got)
	}
}

// 11: the bridge of a consultation is closed late, when the next one is in it.
func TestReviewLateCloseOfTheAsideBridge(t *testing.T) {
	w, id := consulting(t, colleague)
	w.end(w.s.calls[id].Guest.ID, telephony.Cause{Q850: telephony.CauseNormal}, false)
	lane := string(calls.AsideOf(id))
	rest := func() {
		w.gather()
		for {
			busy := false
			for _, l := range w.busy() {
				if l != lane {
					w.work(l, carriedOut)
					busy = true
					break
				}
			}
			if !busy {
				return
			}
		}
	}
	rest()
	w.s.must(calls.Command{Kind: calls.CmdConsult, CallID: id, OperatorID: "anna", To: &colleague})
	rest()
	w.answer(w.legs[w.s.calls[id].Guest.ID])
	rest()
	w.workAll()
	w.advance(30 * time.Second)
	w.workAll()
	w.heard(id, calls.AsideOf(id), []calls.Role{calls.RoleOperator, calls.RoleGuest}, calls.RoleCustomer)
}

// 12: who was muted is not heard without being asked.
func TestReviewMutedOperatorIsRescuedMuted(t *testing.T) {
	w, id := talking(t)
	w.must(calls.Command{Kind: calls.CmdSetMuted, CallID: id, OperatorID: "anna", Muted: true})
	w.mute[w.s.operatorLeg(id)] = true
	w.phone("anna", false)
	w.workAll()
	if err := w.s.f.RenewPhone("anna", false, w.s.now); err != nil {
		t.Fatal(err)
	}
	w.s.settle()
	w.workAll()
	w.phone("anna", true)
	w.workAll()
	w.talk(id)
	if c := w.s.calls[id]; !c.Muted {
		t.Errorf("the customer hears who had muted themselves")
	}
}

// 13: an outbound call that its operator transfers to a queue is offered as one that nobody's page can answer; on the floor it is well.
func TestReviewOutboundToAQueueIsOffered(t *testing.T) {
	w, held, led := twoCalls(t)
	w.must(calls.Command{Kind: calls.CmdHangUp, CallID: held, OperatorID: "anna"})
	w.must(calls.Command{Kind: calls.CmdTransfer, CallID: led, OperatorID: "anna", To: &calls.Target{OperatorID: "boris"}})
	w.ring(w.legs[w.s.operatorLeg(led)])
	w.workAll()
	c := w.s.calls[led]
	t.Logf("%s %s of %q, boris is %s", c.Direction, c.State, c.OperatorID, w.s.ops["boris"].Presence)
	if p := w.s.ops["boris"].Presence; p != calls.PresenceOffered {
		t.Errorf("boris, whose phone rings, is %s", p)
	}
	w.advance(25 * time.Second)
	w.workAll()
	c = w.s.calls[led]
	t.Logf("unanswered: %s of %q, boris %s %s", c.State, c.OperatorID, w.s.ops["boris"].Availability, w.s.ops["boris"].PauseReason)
}

// 14: a parked outbound call that nobody can answer when it comes back.
func TestReviewParkedOutboundIsNotHungUpWhenItIsNotAnswered(t *testing.T) {
	w, held, led := twoCalls(t)
	w.must(calls.Command{Kind: calls.CmdHangUp, CallID: held, OperatorID: "anna"})
	w.must(calls.Command{Kind: calls.CmdFinishWrapUp, CallID: held, OperatorID: "anna"})
	w.must(calls.Command{Kind: calls.CmdPark, CallID: led, OperatorID: "anna"})
	cust := w.s.calls[led].Customer.ID
	w.advance(121 * time.Second)
	w.workAll()
	w.s.want(led, calls.StateOffered)
	w.advance(25 * time.Second)
	w.workAll()
	if w.legs[cust] == nil {
		t.Errorf("two minutes on the park and one unanswered ring, and the customer is hung up")
	}
}
