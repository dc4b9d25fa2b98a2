package calls_test

import (
	"slices"
	"testing"
	"time"

	"github.com/pult-cc/pult/internal/errs"
	"github.com/pult-cc/pult/telephony"
	"github.com/pult-cc/pult/telephony/calls"
	"github.com/pult-cc/pult/telephony/queues"
)

// twoCalls has anna talk with somebody she dialled while a caller of hers is on hold.
func twoCalls(t *testing.T) (w *world, held, led calls.ID) {
	t.Helper()
	return twoCallsOf(t)
}

func twoCallsOf(t tester) (w *world, held, led calls.ID) {
	t.Helper()
	w, held = talkingOf(t)
	w.must(calls.Command{Kind: calls.CmdDial, OperatorID: "anna", Number: "+74951112233"})
	w.s.want(held, calls.StateHeld)
	for _, id := range w.live() {
		if id != held {
			led = id
		}
	}
	w.answer(w.legs[w.s.operatorLeg(led)])
	w.workAll()
	w.answer(w.legs[w.s.calls[led].Customer.ID])
	w.workAll()
	w.s.want(led, calls.StateTalking)
	w.s.want(held, calls.StateHeld)
	return w, held, led
}

func TestSecondCallPutsTheFirstOnHold(t *testing.T) {
	w, first, second := twoCalls(t)
	if a := w.s.ops["anna"]; a.CallID != second || a.Presence != calls.PresenceTalking {
		t.Fatalf("anna is %+v", a)
	}
	w.must(calls.Command{Kind: calls.CmdResume, OperatorID: "anna", CallID: first})
	w.s.want(first, calls.StateTalking)
	w.s.want(second, calls.StateHeld)
	w.heard(second, calls.BridgeOf(second), []calls.Role{calls.RoleOperator}, calls.RoleCustomer)
	w.refused(calls.Command{Kind: calls.CmdDial, OperatorID: "anna", Number: "+74951112244"}, errs.Conflict)

	w.must(calls.Command{Kind: calls.CmdHangUp, OperatorID: "anna", CallID: first})
	w.s.want(first, calls.StateWrapUp) // written about while the other waits
	w.s.want(second, calls.StateHeld)
	w.must(calls.Command{Kind: calls.CmdFinishWrapUp, OperatorID: "anna", CallID: first})
	w.s.want(second, calls.StateHeld)
	if a := w.s.ops["anna"]; a.CallID != second || a.Presence != calls.PresenceHeld {
		t.Fatalf("anna is %+v", a)
	}
	w.must(calls.Command{Kind: calls.CmdHangUp, OperatorID: "anna", CallID: second})
	w.must(calls.Command{Kind: calls.CmdFinishWrapUp, OperatorID: "anna", CallID: second})
	if a := w.s.ops["anna"]; a.CallID != "" || a.Presence != calls.PresenceReady {
		t.Fatalf("anna is %+v", a)
	}
}

// TestCallWaitingFromAColleague rings beside the conversation; declined it comes back, and nobody is paused for it.
func TestCallWaitingFromAColleague(t *testing.T) {
	bring := func(t *testing.T) (w *world, hers, his calls.ID) {
		t.Helper()
		w, hers = talking(t)
		w.callIn()
		w.workAll()
		for _, id := range w.live() {
			if id != hers {
				his = id
			}
		}
		w.talk(his)
		if got := w.s.calls[his].OperatorID; got != "boris" {
			t.Fatalf("the second call is %q's", got)
		}
		w.must(calls.Command{Kind: calls.CmdTransfer, OperatorID: "boris", CallID: his, To: &calls.Target{OperatorID: "anna"}})
		w.s.want(his, calls.StateOffered)
		w.s.want(hers, calls.StateTalking)
		return w, hers, his
	}
	t.Run("answered", func(t *testing.T) {
		w, hers, his := bring(t)
		w.talk(his)
		w.s.want(hers, calls.StateHeld)
		if c := w.s.calls[his]; c.OperatorID != "anna" {
			t.Fatalf("the call is %q's", c.OperatorID)
		}
	})
	t.Run("declined", func(t *testing.T) {
		w, hers, his := bring(t)
		w.must(calls.Command{Kind: calls.CmdDecline, OperatorID: "anna", CallID: his})
		w.s.want(hers, calls.StateTalking)
		if a := w.s.ops["anna"]; a.Availability != queues.Ready || a.CallID != hers {
			t.Fatalf("anna is %+v", a)
		}
		if c := w.s.calls[his]; c.OperatorID == "anna" || c.State != calls.StateOffered {
			t.Fatalf("the call is %s of %q", c.State, c.OperatorID)
		}
	})
	t.Run("a third", func(t *testing.T) {
		w, _, _ := bring(t)
		w.callIn()
		w.workAll()
		for _, id := range w.live() {
			if w.s.calls[id].OperatorID == "vera" || w.s.calls[id].OperatorID == "boris" {
				w.talk(id)
				w.refused(calls.Command{
					Kind: calls.CmdConsult, OperatorID: w.s.calls[id].OperatorID, CallID: id, To: &calls.Target{OperatorID: "anna"},
				}, errs.Conflict)
				return
			}
		}
		t.Fatalf("nobody has the third call\n%s", w)
	})
}

// TestDistributionGivesNobodyASecondCall.
func TestDistributionGivesNobodyASecondCall(t *testing.T) {
	w, first := talking(t)
	for _, o := range []string{"boris", "vera"} {
		w.must(calls.Command{Kind: calls.CmdSetAvailability, OperatorID: o, Avail: queues.Offline})
	}
	w.callIn()
	w.workAll()
	w.must(calls.Command{Kind: calls.CmdHold, OperatorID: "anna", CallID: first})
	for _, id := range w.live() {
		if id != first {
			w.s.want(id, calls.StateQueued)
			w.must(calls.Command{Kind: calls.CmdTake, OperatorID: "anna", CallID: id}) // but she may take it
			w.talk(id)
		}
	}
}

// TestTwoCallsSurviveALostPhone: each comes back as it was.
func TestTwoCallsSurviveALostPhone(t *testing.T) {
	w, held, led := twoCalls(t)
	for _, id := range []calls.ID{held, led} {
		w.end(w.s.operatorLeg(id), telephony.Cause{Q850: telephony.CauseNormal}, false)
	}
	w.workAll()
	for _, id := range []calls.ID{held, led} {
		w.heard(id, calls.BridgeOf(id), nil, calls.RoleCustomer)
		w.answer(w.legs[w.s.operatorLeg(id)])
	}
	w.workAll()
	w.s.want(led, calls.StateTalking)
	w.s.want(held, calls.StateHeld)
	w.heard(held, calls.BridgeOf(held), []calls.Role{calls.RoleOperator}, calls.RoleCustomer)
}

func TestTwoCallsOutliveTheirOwner(t *testing.T) {
	w, held, led := twoCalls(t)
	w.inherit(0)
	w.workAll()
	w.s.want(led, calls.StateTalking)
	w.s.want(held, calls.StateHeld)
	w.must(calls.Command{Kind: calls.CmdHangUp, OperatorID: "anna", CallID: led})
	w.must(calls.Command{Kind: calls.CmdResume, OperatorID: "anna", CallID: held})
	w.s.want(held, calls.StateTalking)
	w.s.want(led, calls.StateWrapUp)
}

// TestConsultationKeepsItsOperator: who is in one cannot turn to another call, nor get one.
func TestConsultationKeepsItsOperator(t *testing.T) {
	w, held, led := twoCalls(t)
	w.must(calls.Command{Kind: calls.CmdConsult, OperatorID: "anna", CallID: led, To: &outside})
	w.reach(led)
	w.refused(calls.Command{Kind: calls.CmdResume, OperatorID: "anna", CallID: held}, errs.Conflict)
	w.must(calls.Command{Kind: calls.CmdCancelConsult, OperatorID: "anna", CallID: led})
	w.s.want(led, calls.StateTalking)
	// A consultation about the held one puts the other aside.
	w.must(calls.Command{Kind: calls.CmdConsult, OperatorID: "anna", CallID: held, To: &outside})
	w.reach(held)
	w.s.want(led, calls.StateHeld)
	w.heard(held, calls.AsideOf(held), []calls.Role{calls.RoleOperator, calls.RoleGuest}, calls.RoleCustomer)
	if got := w.who(led, ""); !slices.Equal(got, []calls.Role{calls.RoleCustomer}) {
		t.Fatalf("music in the other call hear %v", got)
	}
	w.advance(time.Second)
}

// TestDialledSecondCallOutlivesItsOwner: it was ended, as its operator had a customer on hold.
func TestDialledSecondCallOutlivesItsOwner(t *testing.T) {
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
	w.s.want(led, calls.StateRinging)
	if w.legs[cust] == nil {
		t.Fatal("the far end is not rung any more")
	}
	w.answer(w.legs[cust])
	w.workAll()
	w.s.want(led, calls.StateTalking)
	w.s.want(held, calls.StateHeld)
}

// TestConsultationOfABusyColleagueOutlivesItsOwner: they have a call of their own on hold.
func TestConsultationOfABusyColleagueOutlivesItsOwner(t *testing.T) {
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

// TestTwoLostCallsComeBackInAnyOrder: of the two the one that was led is answered first.
func TestTwoLostCallsComeBackInAnyOrder(t *testing.T) {
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

// TestPhoneMovesWithASecondCallOnHold: the led one stays led.
func TestPhoneMovesWithASecondCallOnHold(t *testing.T) {
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
