package calls_test

import (
	"testing"
	"time"

	"github.com/pult-cc/pult/telephony"
	"github.com/pult-cc/pult/telephony/calls"
)

func (w *world) beat(op string) {
	w.s.t.Helper()
	w.s.must(calls.Command{Kind: calls.CmdBeat, OperatorID: op})
	w.gather()
}

// pass lets time pass in small steps, as the engine's timer does.
func (w *world) pass(d time.Duration) {
	for range int(d / (100 * time.Millisecond)) {
		w.s.advance(100 * time.Millisecond)
		w.workAll()
	}
}

// TestKilledBrowserPutsTheCustomerOnMusic: its registration goes at once, its leg stays, silent.
func TestKilledBrowserPutsTheCustomerOnMusic(t *testing.T) {
	w, id := talking(t)
	leg := w.s.operatorLeg(id)
	w.mute[leg] = true
	w.phone("anna", false)
	w.workAll()
	w.s.want(id, calls.StateRescuing)
	w.heard(id, calls.BridgeOf(id), []calls.Role{calls.RoleOperator}, calls.RoleCustomer)
	if c := w.s.calls[id]; !c.Operator.Silent {
		t.Error("the page is not told that the leg is silent")
	}
	// A new page signs in: the old leg goes, and the new phone answers by itself.
	if err := w.s.f.RenewPhone("anna", false, w.s.now); err != nil {
		t.Fatal(err)
	}
	w.s.settle()
	w.workAll()
	w.phone("anna", true)
	w.workAll()
	if c := w.s.calls[id]; c.State != calls.StateOffered || c.OperatorID != "anna" || c.Operator.ID == leg {
		t.Fatalf("with the page back the call is %s of %q\n%s", c.State, c.OperatorID, w)
	}
	w.talk(id)
}

// TestLostSignallingAloneChangesNothing: the media do not need it.
func TestLostSignallingAloneChangesNothing(t *testing.T) {
	w, id := talking(t)
	w.phone("anna", false)
	w.pass(5 * time.Second)
	w.s.want(id, calls.StateTalking)
	w.mute[w.s.operatorLeg(id)] = true // and now they go, too: nobody has to tell us
	w.pass(time.Second)
	w.s.want(id, calls.StateRescuing)
}

// TestCutNetworkIsNoticedByMissingBeats: nothing closes, nothing ends.
func TestCutNetworkIsNoticedByMissingBeats(t *testing.T) {
	w, id := talking(t)
	leg := w.s.operatorLeg(id)
	for range 10 {
		w.beat("anna")
		w.pass(calls.BeatEvery)
	}
	w.s.want(id, calls.StateTalking)
	w.mute[leg] = true
	w.pass(1400 * time.Millisecond)
	w.s.want(id, calls.StateRescuing)
	w.heard(id, calls.BridgeOf(id), []calls.Role{calls.RoleOperator}, calls.RoleCustomer)
	w.pass(5 * time.Second)
	w.s.want(id, calls.StateRescuing)
	w.mute[leg] = false // the cable is back: the same leg goes on
	w.beat("anna")
	w.pass(600 * time.Millisecond)
	w.s.want(id, calls.StateTalking)
	if got := w.s.operatorLeg(id); got != leg {
		t.Errorf("the leg was replaced by %s", got)
	}
}

// TestNetworkCutRightAfterTheAnswerIsNoticed: the page beats when it has answered, the PBX tells of the answer later, and no second beat
// comes.
func TestNetworkCutRightAfterTheAnswerIsNoticed(t *testing.T) {
	w := newWorld(newStand(t, "anna"))
	w.online["anna"] = true
	w.connect()
	w.callIn()
	w.workAll()
	id := w.live()[0]
	w.s.want(id, calls.StateOffered)
	w.beat("anna")
	w.talk(id)
	w.mute[w.s.operatorLeg(id)] = true
	w.pass(1400 * time.Millisecond)
	w.s.want(id, calls.StateRescuing)
}

// TestMissedBeatsOfATalkingPhoneAreForgiven: a page that is busy, or throttled, speaks on.
func TestMissedBeatsOfATalkingPhoneAreForgiven(t *testing.T) {
	w, id := talking(t)
	w.beat("anna")
	w.pass(time.Minute)
	w.s.want(id, calls.StateTalking)
	if n := len(w.s.calls[id].Route); w.s.calls[id].Route[n-1].Kind != calls.RouteAnswered {
		t.Errorf("route %+v", w.s.calls[id].Route)
	}
}

// TestLegThatStaysSilentWithThePhoneBackIsReplaced: the address has changed, and the media do not follow.
func TestLegThatStaysSilentWithThePhoneBackIsReplaced(t *testing.T) {
	w, id := talking(t)
	leg := w.s.operatorLeg(id)
	w.mute[leg] = true
	w.beat("anna")
	w.pass(2 * time.Second)
	w.s.want(id, calls.StateRescuing)
	w.beat("anna")
	for range 8 {
		w.pass(500 * time.Millisecond)
		if w.s.calls[id].Operator == nil || w.s.calls[id].Operator.ID != leg {
			break
		}
		w.beat("anna")
	}
	if c := w.s.calls[id]; c.State != calls.StateOffered || c.Operator.ID == leg || w.legs[leg] != nil {
		t.Fatalf("the call is %s\n%s", c.State, w)
	}
	w.talk(id)
}

// TestSilentPhoneThatDoesNotComeBackLosesTheCall: to the queue, after the rescue time.
func TestSilentPhoneThatDoesNotComeBackLosesTheCall(t *testing.T) {
	w, id := talking(t)
	leg := w.s.operatorLeg(id)
	w.mute[leg] = true
	w.beat("anna")
	w.pass(25 * time.Second)
	if c := w.s.calls[id]; c.OperatorID == "anna" || w.legs[leg] != nil {
		t.Fatalf("the call is %s of %q\n%s", c.State, c.OperatorID, w)
	}
}

// TestHeldCustomerIsRescuedToo and comes back on hold: nobody speaks to them unawares.
func TestHeldCustomerIsRescuedToo(t *testing.T) {
	w, id := talking(t)
	w.must(calls.Command{Kind: calls.CmdHold, CallID: id, OperatorID: "anna"})
	w.s.want(id, calls.StateHeld)
	leg := w.s.operatorLeg(id)
	w.mute[leg] = true
	w.beat("anna")
	w.pass(2 * time.Second)
	w.s.want(id, calls.StateRescuing)
	w.mute[leg] = false
	w.beat("anna")
	w.pass(time.Second)
	w.s.want(id, calls.StateHeld)
	w.heard(id, calls.BridgeOf(id), []calls.Role{calls.RoleOperator}, calls.RoleCustomer)
}

// TestPBXThatCannotTellIsNoProof: without counts nobody is taken out of a conversation.
func TestPBXThatCannotTellIsNoProof(t *testing.T) {
	s := newStand(t, "anna")
	s.linkUp("anna")
	id := s.callIn("leg1", "+79161234567")
	s.connect(id)
	s.phone("anna", false)
	s.f.Heard(id, s.operatorLeg(id), false, true, s.now)
	s.settle()
	s.want(id, calls.StateTalking)
	s.take()
	s.advance(time.Second)
	if !has(s.take(), func(d calls.DoListen) bool { return true }) {
		t.Error("it is not asked again")
	}
	s.pbx(telephony.LegEnded{At: s.now, Leg: s.operatorLeg(id)})
	s.want(id, calls.StateRescuing)
}
