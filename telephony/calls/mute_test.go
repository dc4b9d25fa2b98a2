package calls_test

import (
	"testing"

	"github.com/pult-cc/pult/internal/errs"
	"github.com/pult-cc/pult/telephony"
	"github.com/pult-cc/pult/telephony/calls"
)

// TestCustomerMutedInAConferenceIsHeardAfterIt: in whatever way it ends.
func TestCustomerMutedInAConferenceIsHeardAfterIt(t *testing.T) {
	for name, end := range map[string]struct {
		guest calls.Target
		by    func(w *world, id calls.ID)
		state calls.State
	}{
		"cancelled": {colleague, func(w *world, id calls.ID) {
			w.must(calls.Command{Kind: calls.CmdCancelConsult, CallID: id, OperatorID: "anna"})
		}, calls.StateTalking},
		"guest hangs up": {outside, func(w *world, id calls.ID) {
			w.end(w.s.calls[id].Guest.ID, telephony.Cause{Q850: telephony.CauseNormal}, false)
			w.workAll()
		}, calls.StateTalking},
		"completed": {colleague, func(w *world, id calls.ID) {
			w.must(calls.Command{Kind: calls.CmdCompleteConsult, CallID: id, OperatorID: "anna"})
		}, calls.StateTalking},
		"handed out": {outside, func(w *world, id calls.ID) {
			w.must(calls.Command{Kind: calls.CmdCompleteConsult, CallID: id, OperatorID: "anna"})
		}, calls.StateWrapUp},
		"operator lost": {outside, func(w *world, id calls.ID) {
			w.end(w.s.operatorLeg(id), telephony.Cause{Q850: telephony.CauseNormal}, false)
			w.workAll()
		}, calls.StateOffered},
	} {
		t.Run(name, func(t *testing.T) {
			w, id := consulting(t, end.guest)
			cust := w.s.calls[id].Customer.ID
			w.refused(calls.Command{Kind: calls.CmdMuteParty, CallID: id, OperatorID: "anna", LegID: string(cust), Muted: true}, errs.Conflict)
			w.must(calls.Command{Kind: calls.CmdMergeConsult, CallID: id, OperatorID: "anna"})
			w.must(calls.Command{Kind: calls.CmdMuteParty, CallID: id, OperatorID: "anna", LegID: string(cust), Muted: true})
			if !w.muted[cust] {
				t.Fatal("the customer was not muted")
			}
			end.by(w, id)
			w.s.want(id, end.state)
			if c := w.s.calls[id]; w.muted[cust] || c.Customer != nil && c.Customer.Muted {
				t.Error("the customer is muted")
			}
		})
	}
}

// TestMutingUnderWayWhenAConferenceEnds: the PBX has not confirmed it yet.
func TestMutingUnderWayWhenAConferenceEnds(t *testing.T) {
	w, id := consulting(t, colleague)
	w.must(calls.Command{Kind: calls.CmdMergeConsult, CallID: id, OperatorID: "anna"})
	cust := w.s.calls[id].Customer.ID
	w.s.must(calls.Command{Kind: calls.CmdMuteParty, CallID: id, OperatorID: "anna", LegID: string(cust), Muted: true})
	w.must(calls.Command{Kind: calls.CmdCancelConsult, CallID: id, OperatorID: "anna"})
	if w.muted[cust] {
		t.Error("the customer is muted")
	}
}

// TestMutedOperatorIsFetchedBackMuted: who was muted is not heard without being asked, however the phone was lost.
func TestMutedOperatorIsFetchedBackMuted(t *testing.T) {
	for name, lose := range map[string]func(w *world, id calls.ID){
		"leg ended": func(w *world, id calls.ID) {
			w.end(w.s.operatorLeg(id), telephony.Cause{Q850: telephony.CauseNormal}, false)
		},
		"silent, and a new page": func(w *world, id calls.ID) {
			w.mute[w.s.operatorLeg(id)] = true
			w.phone("anna", false)
			w.workAll()
			if err := w.s.f.RenewPhone("anna", false, w.s.now); err != nil {
				t.Fatal(err)
			}
			w.s.settle()
			w.workAll()
			w.phone("anna", true)
		},
		"on hold": func(w *world, id calls.ID) {
			w.must(calls.Command{Kind: calls.CmdHold, CallID: id, OperatorID: "anna"})
			w.end(w.s.operatorLeg(id), telephony.Cause{Q850: telephony.CauseNormal}, false)
		},
	} {
		t.Run(name, func(t *testing.T) {
			w, id := talking(t)
			w.must(calls.Command{Kind: calls.CmdSetMuted, CallID: id, OperatorID: "anna", Muted: true})
			lose(w, id)
			w.workAll()
			w.answer(w.legs[w.s.operatorLeg(id)])
			w.workAll()
			if c := w.s.calls[id]; !c.Muted || !w.muted[c.Operator.ID] {
				t.Fatalf("the customer hears who had muted themselves: shown as muted %v", c.Muted)
			}
			w.inherit(0) // who leads the floor makes no difference
			w.workAll()
			if c := w.s.calls[id]; !c.Muted || !w.muted[c.Operator.ID] {
				t.Fatal("a new owner does not know")
			}
			// It is hers: nobody else gets the call muted.
			w.must(calls.Command{Kind: calls.CmdTransfer, CallID: id, OperatorID: "anna", To: &colleague})
			w.talk(id)
			if c := w.s.calls[id]; c.OperatorID != "boris" || c.Muted || w.muted[c.Operator.ID] {
				t.Fatalf("%s is muted", c.OperatorID)
			}
		})
	}
}
