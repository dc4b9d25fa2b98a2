package calls_test

import (
	"testing"
	"time"

	"github.com/pult-cc/pult/internal/errs"
	"github.com/pult-cc/pult/telephony"
	"github.com/pult-cc/pult/telephony/calls"
)

func hangs(leg telephony.LegID) func(calls.DoHangup) bool {
	return func(d calls.DoHangup) bool { return d.Leg == leg }
}

// TestHangUpOnAnOfferDeclinesIt: a stray key must not cut off a caller whom the operator has not even answered.
func TestHangUpOnAnOfferDeclinesIt(t *testing.T) {
	s := newStand(t, "anna", "boris")
	s.linkUp("anna", "boris")
	id := s.callIn("leg1", "+79161234567")
	leg := s.operatorLeg(id)
	s.take()
	s.must(calls.Command{Kind: calls.CmdHangUp, OperatorID: "anna", CallID: id})
	e := s.take()
	if has(e, hangs("leg1")) || !has(e, func(d calls.DoHangup) bool { return d.Leg == leg && d.Cause == telephony.CauseRejected }) {
		t.Fatalf("hanging up an offer did %v", e)
	}
	s.pbx(telephony.LegEnded{At: s.now, Leg: leg, ByUs: true})
	if c := s.calls[id]; c.OperatorID != "boris" || c.State != calls.StateOffered {
		t.Fatalf("the call is %s at %q", c.State, c.OperatorID)
	}
	s.must(calls.Command{Kind: calls.CmdHangUp, OperatorID: "vera", Supervisor: true, CallID: id})
	if !has(s.take(), hangs("leg1")) {
		t.Fatal("a supervisor cannot end the call")
	}
}

func TestCallBeingEndedIsNotOffered(t *testing.T) {
	s := newStand(t, "anna")
	s.linkUp()
	id := s.callIn("leg1", "+79161234567")
	s.must(calls.Command{Kind: calls.CmdHangUp, OperatorID: "vera", Supervisor: true, CallID: id})
	s.take()
	s.pbx(telephony.EndpointChanged{At: s.now, Endpoint: telephony.Endpoint{Name: "op-anna", Online: true}})
	if has[calls.DoOriginate](s.take(), nil) {
		t.Fatal("anna's phone rings for a call that is being ended")
	}
	if err := s.do(calls.Command{Kind: calls.CmdTake, OperatorID: "anna", CallID: id}); !errs.Is(err, errs.Conflict) {
		t.Fatalf("taking it gave %v", err)
	}
	s.pbx(telephony.LegEnded{At: s.now, Leg: "leg1", ByUs: true})
	s.want(id, calls.StateEnded)
}

// TestHangUpThatWasLost: the command may be lost with the link. Pressing again must help, and so must the link's return.
func TestHangUpThatWasLost(t *testing.T) {
	s := newStand(t, "anna")
	s.linkUp("anna")
	id := s.callIn("leg1", "+79161234567")
	s.connect(id)
	op := s.operatorLeg(id)
	hangUp := calls.Command{Kind: calls.CmdHangUp, OperatorID: "anna", CallID: id}
	s.must(hangUp)
	s.take()
	s.must(hangUp)
	if e := s.take(); !has(e, hangs("leg1")) || !has(e, hangs(op)) {
		t.Fatal("pressing again does nothing")
	}
	s.pbx(telephony.LinkDown{At: s.now, Reason: "cut"})
	s.take()
	s.pbx(telephony.LinkUp{At: s.now, StartedAt: epoch, Legs: []telephony.Leg{
		{ID: "leg1", State: telephony.LegUp, Bridge: calls.BridgeOf(id), Marks: telephony.Marks{"call": string(id), "role": "CUSTOMER"}},
		{ID: op, State: telephony.LegUp, Bridge: calls.BridgeOf(id), Marks: telephony.Marks{"call": string(id), "role": "OPERATOR"}},
	}})
	if e := s.take(); !has(e, hangs("leg1")) || !has(e, hangs(op)) {
		t.Fatal("after the reconnection the legs live on")
	}
}

// TestWrapUpKeepsNoLeg: the end of the operator's leg may be lost with the link, too.
func TestWrapUpKeepsNoLeg(t *testing.T) {
	s := newStand(t, "anna")
	s.linkUp("anna")
	id := s.callIn("leg1", "+79161234567")
	s.connect(id)
	op := s.operatorLeg(id)
	s.pbx(telephony.LegEnded{At: s.now, Leg: "leg1"})
	s.want(id, calls.StateWrapUp)
	leftover := telephony.LinkUp{At: s.now, StartedAt: epoch, Legs: []telephony.Leg{{
		ID: op, State: telephony.LegUp, Bridge: calls.BridgeOf(id),
		Marks: telephony.Marks{"call": string(id), "role": "OPERATOR", "dir": "INBOUND", "op": "anna"},
	}}}
	s.take()
	s.pbx(leftover)
	if !has(s.take(), hangs(op)) {
		t.Fatal("in wrap-up the operator's leg lives on in silence")
	}
	s.must(calls.Command{Kind: calls.CmdFinishWrapUp, OperatorID: "anna", CallID: id})
	saved := len(s.journal)
	s.take()
	s.pbx(leftover)
	if !has(s.take(), hangs(op)) {
		t.Fatal("after the wrap-up the operator's leg lives on in silence")
	}
	if len(s.journal) != saved || s.calls[id].State != calls.StateEnded {
		t.Fatalf("a leg that was left over raised the call from the dead, and overwrote its record: %+v", s.journal[saved:])
	}
}

// TestAnsweredAfterGivenUp: whether an unanswered Originate made a leg is not known. If it did, whoever picks up must not sit there.
func TestAnsweredAfterGivenUp(t *testing.T) {
	s := newStand(t, "anna", "boris")
	s.linkUp("anna", "boris")
	id := s.callIn("leg1", "+79161234567")
	ghost := s.operatorLeg(id)
	s.take()
	s.f.OriginateFailed(id, ghost, false, s.now)
	s.settle()
	if !has(s.take(), hangs(ghost)) {
		t.Fatal("a leg that may have been made is left to ring")
	}
	s.pbx(telephony.LegStarted{At: s.now, Leg: telephony.Leg{ID: ghost, State: telephony.LegUp, Marks: telephony.Marks{"call": string(id)}}})
	if !has(s.take(), hangs(ghost)) {
		t.Fatal("the leg that was given up lives on in silence")
	}
	if c := s.calls[id]; c.OperatorID != "boris" {
		t.Fatalf("the call is %s at %q", c.State, c.OperatorID)
	}
}

// TestLateFailureOfALegThatLives: the answer to Originate was lost, its events were not.
func TestLateFailureOfALegThatLives(t *testing.T) {
	s := newStand(t, "anna")
	s.linkUp("anna")
	id := s.callIn("leg1", "+79161234567")
	op := s.operatorLeg(id)
	s.connect(id)
	s.f.OriginateFailed(id, op, false, s.now)
	s.settle()
	s.want(id, calls.StateTalking)
}

// TestEachOfferIsALegOfItsOwn: two attempts within a millisecond, or while the clock goes back, must not share an id, for then the
// second phone would never ring.
func TestEachOfferIsALegOfItsOwn(t *testing.T) {
	s := newStand(t, "anna", "boris")
	s.linkUp("anna", "boris")
	id := s.callIn("leg1", "+79161234567")
	first := s.operatorLeg(id)
	s.f.OriginateFailed(id, first, false, s.now)
	s.settle()
	if second := s.operatorLeg(id); second == first {
		t.Fatalf("both phones are rung with the leg %s", first)
	}
}

// TestSilentPBXHoldsNobody: commands are accepted, and nothing is ever heard of them.
func TestSilentPBXHoldsNobody(t *testing.T) {
	t.Run("an operator's phone", func(t *testing.T) {
		s := newStand(t, "anna", "boris")
		s.linkUp("anna", "boris")
		id := s.callIn("leg1", "+79161234567")
		leg := s.operatorLeg(id)
		s.take()
		s.advance(15*time.Second + 4*time.Second)
		if !has(s.take(), hangs(leg)) {
			t.Fatal("nobody ends the ringing")
		}
		s.advance(16 * time.Second)
		if c := s.calls[id]; c.OperatorID != "boris" || s.ops["anna"].CallID != "" {
			t.Fatalf("the caller waits for a phone of which nothing is heard: %s at %q", c.State, c.OperatorID)
		}
	})
	t.Run("the phone of who dialled", func(t *testing.T) {
		s := newStand(t, "anna")
		s.linkUp("anna")
		s.must(calls.Command{Kind: calls.CmdDial, OperatorID: "anna", Number: "+74951112233"})
		s.advance(24 * time.Second)
		s.advance(16 * time.Second)
		if o := s.ops["anna"]; o.CallID != "" {
			t.Fatalf("anna is held by %q", o.CallID)
		}
	})
	t.Run("the far end", func(t *testing.T) {
		s := newStand(t, "anna")
		s.linkUp("anna")
		id := s.dial("anna")
		s.pbx(telephony.LegAnswered{At: s.now, Leg: s.operatorLeg(id)})
		s.want(id, calls.StateRinging)
		s.advance(64 * time.Second)
		s.advance(16 * time.Second)
		s.want(id, calls.StateWrapUp)
		if r := s.calls[id].End.Result; r != calls.ResultNoAnswer {
			t.Fatalf("the result is %s", r)
		}
	})
	t.Run("a hang-up", func(t *testing.T) {
		s := newStand(t, "anna")
		s.linkUp("anna")
		id := s.callIn("leg1", "+79161234567")
		s.connect(id)
		s.must(calls.Command{Kind: calls.CmdHangUp, OperatorID: "anna", CallID: id})
		s.advance(16 * time.Second)
		s.want(id, calls.StateWrapUp)
	})
}

// TestNothingIsExpectedWithoutALink: an outage longer than the ringing must not pile up commands that cannot be given.
func TestNothingIsExpectedWithoutALink(t *testing.T) {
	s := newStand(t, "anna")
	s.linkUp("anna")
	id := s.callIn("leg1", "+79161234567")
	s.pbx(telephony.LinkDown{At: s.now, Reason: "cut"})
	s.take()
	if d := s.f.Deadline(s.now); !d.IsZero() {
		t.Fatalf("the floor wants to be woken at %s, for nothing", d)
	}
	for range 100 {
		s.advance(10 * time.Second)
	}
	if e := s.take(); len(e) != 0 {
		t.Fatalf("without a link it commanded %d times", len(e))
	}
	s.want(id, calls.StateOffered)
}

// TestDeclineAndAnswerAtOnce: the phone was answered just before the decline reached it.
func TestDeclineAndAnswerAtOnce(t *testing.T) {
	s := newStand(t, "anna", "boris")
	s.linkUp("anna", "boris")
	id := s.callIn("leg1", "+79161234567")
	leg := s.operatorLeg(id)
	s.must(calls.Command{Kind: calls.CmdDecline, OperatorID: "anna", CallID: id})
	s.take()
	s.pbx(telephony.LegStarted{At: s.now, Leg: telephony.Leg{ID: leg, State: telephony.LegUp}})
	s.pbx(telephony.LegAnswered{At: s.now, Leg: leg})
	if has[calls.DoJoin](s.take(), nil) {
		t.Fatal("who declined is put through")
	}
	s.pbx(telephony.LegEnded{At: s.now, Leg: leg, ByUs: true})
	if c := s.calls[id]; c.OperatorID != "boris" || s.ops["anna"].PauseReason != "declined" {
		t.Fatalf("the call is %s at %q, anna %+v", c.State, c.OperatorID, s.ops["anna"])
	}
	next := s.operatorLeg(id)
	s.pbx(telephony.LegAnswered{At: s.now, Leg: next})
	if err := s.do(calls.Command{Kind: calls.CmdDecline, OperatorID: "boris", CallID: id}); !errs.Is(err, errs.Conflict) {
		t.Fatalf("declining what is answered gave %v", err)
	}
}

// TestOwnPhoneIsNoResultOfTheCustomer: who dialled did not pick up their own phone; the customer was never called.
func TestOwnPhoneIsNoResultOfTheCustomer(t *testing.T) {
	for _, cause := range []int{telephony.CauseNoAnswer, telephony.CauseBusy, telephony.CauseRejected} {
		s := newStand(t, "anna")
		s.linkUp("anna")
		id := s.dial("anna")
		s.pbx(telephony.LegEnded{At: s.now, Leg: s.operatorLeg(id), Cause: telephony.Cause{Q850: cause}})
		if end := s.calls[id].End; end == nil || end.Result != calls.ResultCancelled || s.ops["anna"].CallID != "" {
			t.Errorf("cause %d of the operator's own phone gave %+v", cause, end)
		}
	}
}

// TestWrapUpOfADialledCallEndsByItself: it has no queue to say when, and who had forgotten it was offered nothing for hours.
func TestWrapUpOfADialledCallEndsByItself(t *testing.T) {
	s := newStand(t, "anna")
	s.linkUp("anna")
	id := s.dialled("anna")
	s.must(calls.Command{Kind: calls.CmdHangUp, OperatorID: "anna", CallID: id})
	for _, l := range s.calls[id].Legs() {
		s.pbx(telephony.LegEnded{At: s.now, Leg: l.ID, ByUs: true})
	}
	s.want(id, calls.StateWrapUp)
	s.advance(2*time.Minute - time.Second)
	s.want(id, calls.StateWrapUp)
	s.advance(2 * time.Second)
	s.want(id, calls.StateEnded)

	s = newStand(t, "anna") // a new owner of the floor
	s.f.Restore([]calls.OpenRecord{{
		ID: "x", Direction: calls.Outbound, OperatorID: "anna", StartedAt: epoch.Add(-time.Hour),
		End: &calls.End{At: epoch.Add(-time.Minute), Result: calls.ResultNoAnswer, By: calls.ByOperator},
	}}, s.now)
	s.settle()
	s.linkUp("anna")
	s.want("x", calls.StateWrapUp)
	s.advance(time.Minute + time.Second)
	s.want("x", calls.StateEnded)
	if a := s.ops["anna"]; a.Presence != calls.PresenceReady {
		t.Errorf("anna is %s", a.Presence)
	}
}
