package calls_test

import (
	"testing"
	"time"

	"github.com/pult-cc/pult/telephony/calls"
	"github.com/pult-cc/pult/telephony/queues"
)

// TestKilledBrowserInAConferenceLeavesTheCallToTheColleague: it is not torn from the customer because the leg falls silent before it ends.
func TestKilledBrowserInAConferenceLeavesTheCallToTheColleague(t *testing.T) {
	w, id := consulting(t, colleague)
	w.must(calls.Command{Kind: calls.CmdMergeConsult, CallID: id, OperatorID: "anna"})
	annas := w.s.operatorLeg(id)
	w.mute[annas] = true
	w.phone("anna", false)
	w.pass(25 * time.Second)
	if c := w.s.calls[id]; c.State != calls.StateTalking || c.OperatorID != "boris" || w.legs[annas] != nil {
		t.Fatalf("the call is %s of %q\n%s", c.State, c.OperatorID, w)
	}
	w.heard(id, calls.BridgeOf(id), []calls.Role{calls.RoleCustomer, calls.RoleOperator})
	if a := w.s.ops["anna"]; a.CallID != "" || a.PauseReason != queues.PausePhone {
		t.Errorf("anna is %+v", a)
	}
}

// TestKilledBrowserInAConferenceWithADeadColleague: neither of them has the customer.
func TestKilledBrowserInAConferenceWithADeadColleague(t *testing.T) {
	for _, told := range []bool{true, false} {
		w, id := consulting(t, colleague)
		w.must(calls.Command{Kind: calls.CmdMergeConsult, CallID: id, OperatorID: "anna"})
		w.mute[w.s.calls[id].Guest.ID] = true
		if told {
			w.phone("boris", false)
			w.pass(time.Second)
		}
		w.mute[w.s.operatorLeg(id)] = true
		w.phone("anna", false)
		w.pass(5 * time.Second)
		w.s.want(id, calls.StateRescuing)
		if c := w.s.calls[id]; !w.legs[c.Customer.ID].Parked {
			t.Fatalf("the customer hears silence (told %v)\n%s", told, w)
		}
	}
}

// TestCustomerIsNotGivenToADeadColleague, whether or not their phone is known to be gone.
func TestCustomerIsNotGivenToADeadColleague(t *testing.T) {
	for name, gone := range map[string]bool{"browser killed": true, "network cut": false} {
		t.Run(name, func(t *testing.T) {
			w, id := consulting(t, colleague)
			w.must(calls.Command{Kind: calls.CmdSwapConsult, CallID: id, OperatorID: "anna"})
			boriss := w.s.calls[id].Guest.ID
			w.mute[boriss] = true
			if gone {
				w.phone("boris", false)
			}
			w.must(calls.Command{Kind: calls.CmdCompleteConsult, CallID: id, OperatorID: "anna"})
			if c := w.s.calls[id]; c.OperatorID != "anna" {
				t.Fatalf("the call is %s of %q", c.State, c.OperatorID)
			}
			w.pass(15 * time.Second)
			if c := w.s.calls[id]; c.State != calls.StateTalking || c.OperatorID != "anna" || c.Consult != nil || w.legs[boriss] != nil {
				t.Fatalf("the call is %s of %q, with %+v", c.State, c.OperatorID, c.Consult)
			}
			w.heard(id, calls.BridgeOf(id), []calls.Role{calls.RoleCustomer, calls.RoleOperator})
			if n := w.s.notices[len(w.s.notices)-1]; n.Kind != calls.NoticeNotReached || n.OperatorID != "anna" || n.Text != string(calls.RouteUnreachable) {
				t.Errorf("anna was told %+v", n)
			}
		})
	}
}

// TestColleagueWhoIsHeardAgainGetsTheCustomer: a network that stumbled is no reason to ask twice.
func TestColleagueWhoIsHeardAgainGetsTheCustomer(t *testing.T) {
	w, id := consulting(t, colleague)
	w.mute[w.s.calls[id].Guest.ID] = true
	w.must(calls.Command{Kind: calls.CmdCompleteConsult, CallID: id, OperatorID: "anna"})
	w.pass(2 * time.Second)
	w.s.want(id, calls.StateConference)
	clear(w.mute)
	w.pass(2 * time.Second)
	if c := w.s.calls[id]; c.State != calls.StateTalking || c.OperatorID != "boris" || c.Operator.Silent {
		t.Fatalf("the call is %s of %q, with %+v", c.State, c.OperatorID, c.Consult)
	}
}

// TestDeadColleagueIsNoticedInAConsultation: nobody is to speak to a browser that is gone for a minute.
func TestDeadColleagueIsNoticedInAConsultation(t *testing.T) {
	w, id := consulting(t, colleague)
	w.mute[w.s.calls[id].Guest.ID] = true
	w.phone("boris", false)
	w.pass(15 * time.Second)
	w.s.want(id, calls.StateHeld)
	if c := w.s.calls[id]; c.Consult != nil {
		t.Fatalf("consulting %+v", c.Consult)
	}
}

// TestLostSignallingOfAColleagueChangesNothing while they are heard, or the PBX cannot tell.
func TestLostSignallingOfAColleagueChangesNothing(t *testing.T) {
	w, id := consulting(t, colleague)
	w.phone("boris", false)
	w.pass(15 * time.Second)
	w.s.want(id, calls.StateConsulting)
	w.must(calls.Command{Kind: calls.CmdMergeConsult, CallID: id, OperatorID: "anna"})
	w.s.must(calls.Command{Kind: calls.CmdCompleteConsult, CallID: id, OperatorID: "anna"})
	guest := w.s.calls[id].Guest.ID
	w.s.f.Heard(id, guest, false, true, w.s.now)
	w.s.settle()
	w.workAll()
	if c := w.s.calls[id]; c.State != calls.StateTalking || c.OperatorID != "boris" {
		t.Fatalf("the call is %s of %q", c.State, c.OperatorID)
	}
	if w.legs[guest] == nil {
		t.Fatal("boris was hung up")
	}
}
