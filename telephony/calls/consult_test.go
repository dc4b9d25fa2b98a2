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

// talking is a world in which anna talks with a caller.
func talking(t *testing.T) (*world, calls.ID) {
	t.Helper()
	return talkingOf(t)
}

func talkingOf(t tester) (*world, calls.ID) {
	t.Helper()
	w := newWorld(newStand(t, "anna", "boris", "vera"))
	for _, o := range []string{"anna", "boris", "vera"} {
		w.online[o] = true
	}
	w.connect()
	w.callIn()
	w.workAll()
	id := w.live()[0]
	w.talk(id)
	return w, id
}

func (w *world) must(cmd calls.Command) {
	w.s.t.Helper()
	w.s.must(cmd)
	w.workAll()
}

func (w *world) refused(cmd calls.Command, kind errs.Kind) {
	w.s.t.Helper()
	if err := w.s.do(cmd); !errs.Is(err, kind) {
		w.s.t.Fatalf("%s by %s: %v, want %v", cmd.Kind, cmd.OperatorID, err, kind)
	}
}

// consulting has anna consult somebody, who has answered.
func consulting(t *testing.T, to calls.Target) (*world, calls.ID) {
	t.Helper()
	w, id := talking(t)
	w.must(calls.Command{Kind: calls.CmdConsult, CallID: id, OperatorID: "anna", To: &to})
	w.reach(id)
	return w, id
}

// reach answers in the guest's place.
func (w *world) reach(id calls.ID) {
	w.s.t.Helper()
	w.answer(w.legs[w.s.calls[id].Guest.ID])
	w.workAll()
}

// who lists by role who is at the place, "" is music.
func (w *world) who(id calls.ID, bridge telephony.BridgeID) []calls.Role {
	var out []calls.Role
	c := w.s.calls[id]
	for _, l := range c.Legs() {
		if at := w.legs[l.ID]; at != nil && at.Bridge == bridge && (bridge != "" || at.Parked) {
			out = append(out, l.Role)
		}
	}
	return out
}

// heard demands who hears whom: together, and who hears music.
func (w *world) heard(id calls.ID, bridge telephony.BridgeID, together []calls.Role, music ...calls.Role) {
	w.s.t.Helper()
	if got := w.who(id, bridge); !slices.Equal(got, together) {
		w.s.t.Fatalf("together are %v, want %v\n%s", got, together, w)
	}
	if got := w.who(id, ""); !slices.Equal(got, music) {
		w.s.t.Fatalf("music hear %v, want %v\n%s", got, music, w)
	}
}

var (
	colleague = calls.Target{OperatorID: "boris"}
	outside   = calls.Target{Number: "+74957654321"}
	all       = []calls.Role{calls.RoleCustomer, calls.RoleOperator, calls.RoleGuest}
)

func TestConsultSwapMergeCancel(t *testing.T) {
	for name, to := range map[string]calls.Target{"colleague": colleague, "outside": outside} {
		t.Run(name, func(t *testing.T) {
			w, id := consulting(t, to)
			main, aside := calls.BridgeOf(id), calls.AsideOf(id)
			w.s.want(id, calls.StateConsulting)
			w.heard(id, aside, []calls.Role{calls.RoleOperator, calls.RoleGuest}, calls.RoleCustomer)
			if c := w.s.calls[id]; c.Consult.Front != calls.SideGuest || !c.Held() || c.OperatorID != "anna" {
				t.Fatalf("consult %+v, held %v", c.Consult, c.Held())
			}

			w.must(calls.Command{Kind: calls.CmdSwapConsult, CallID: id, OperatorID: "anna"})
			w.heard(id, main, []calls.Role{calls.RoleCustomer, calls.RoleOperator}, calls.RoleGuest)
			if c := w.s.calls[id]; c.Consult.Front != calls.SideCustomer || c.Held() {
				t.Fatalf("after the swap: %+v", c.Consult)
			}
			w.must(calls.Command{Kind: calls.CmdSwapConsult, CallID: id, OperatorID: "anna"})
			w.heard(id, aside, []calls.Role{calls.RoleOperator, calls.RoleGuest}, calls.RoleCustomer)

			w.must(calls.Command{Kind: calls.CmdMergeConsult, CallID: id, OperatorID: "anna"})
			w.s.want(id, calls.StateConference)
			w.heard(id, main, all)

			w.must(calls.Command{Kind: calls.CmdCancelConsult, CallID: id, OperatorID: "anna"})
			w.s.want(id, calls.StateTalking)
			w.heard(id, main, []calls.Role{calls.RoleCustomer, calls.RoleOperator})
			if b := w.s.ops["boris"]; b.CallID != "" {
				t.Fatalf("boris is left with %q", b.CallID)
			}
		})
	}
}

// TestCompletedConsultGivesTheColleagueTheCall: same call, same card, same notes; a rescue is theirs from then on.
func TestCompletedConsultGivesTheColleagueTheCall(t *testing.T) {
	w, id := consulting(t, colleague)
	annas := w.s.operatorLeg(id)
	if b := w.s.ops["boris"]; b.CallID != id || b.Presence != calls.PresenceTalking {
		t.Fatalf("boris is %+v", b)
	}
	w.must(calls.Command{Kind: calls.CmdCompleteConsult, CallID: id, OperatorID: "anna"})
	c := w.s.calls[id]
	if c.State != calls.StateTalking || c.OperatorID != "boris" || c.Consult != nil || w.legs[annas] != nil {
		t.Fatalf("the call is %s of %q, consult %+v\n%s", c.State, c.OperatorID, c.Consult, w)
	}
	w.heard(id, calls.BridgeOf(id), []calls.Role{calls.RoleCustomer, calls.RoleOperator})
	if a := w.s.ops["anna"]; a.CallID != "" || a.Presence != calls.PresenceReady {
		t.Fatalf("anna is %+v", a)
	}
	if last := c.Route[len(c.Route)-1]; last.Kind != calls.RouteTransferred || last.By != "anna" || last.OperatorID != "boris" {
		t.Fatalf("route ends with %+v", last)
	}
	w.end(w.s.operatorLeg(id), telephony.Cause{Q850: telephony.CauseNormal}, false)
	w.workAll()
	if c := w.s.calls[id]; c.OperatorID != "boris" || c.State != calls.StateOffered {
		t.Fatalf("lost by boris the call is %s of %q", c.State, c.OperatorID)
	}
}

// TestCompletedConsultLeavesTheCustomerToTheOutsideParty: our part is over and gets its wrap-up; when one hangs up so does the other.
func TestCompletedConsultLeavesTheCustomerToTheOutsideParty(t *testing.T) {
	for _, first := range []string{"customer", "guest"} {
		t.Run(first+" hangs up first", func(t *testing.T) {
			w, id := consulting(t, outside)
			legs := map[string]telephony.LegID{"customer": w.s.calls[id].Customer.ID, "guest": w.s.calls[id].Guest.ID}
			w.must(calls.Command{Kind: calls.CmdCompleteConsult, CallID: id, OperatorID: "anna"})
			w.s.want(id, calls.StateWrapUp)
			if end := w.s.calls[id].End; end.Result != calls.ResultAnswered || end.By != calls.ByOperator {
				t.Fatalf("end %+v", end)
			}
			a, b := w.legs[legs["customer"]], w.legs[legs["guest"]]
			if a == nil || b == nil || a.Bridge == "" || a.Bridge != b.Bridge || len(w.legs) != 2 {
				t.Fatalf("customer and outside party do not hear each other\n%s", w)
			}
			w.must(calls.Command{Kind: calls.CmdFinishWrapUp, CallID: id, OperatorID: "anna"})
			w.inherit(0) // they talk on, whoever owns the floor
			w.workAll()
			if len(w.legs) != 2 || len(w.live()) != 0 {
				t.Fatalf("with a new owner: %v\n%s", w.live(), w)
			}
			w.end(legs[first], telephony.Cause{Q850: telephony.CauseNormal}, false)
			w.workAll()
			if len(w.legs) != 0 {
				t.Fatalf("the other one is left alone\n%s", w)
			}
		})
	}
}

func TestGuestWhoIsNotReached(t *testing.T) {
	for name, c := range map[string]struct {
		cause int
		kind  calls.RouteKind
	}{
		"declines":    {telephony.CauseRejected, calls.RouteDeclined},
		"is busy":     {telephony.CauseBusy, calls.RouteDeclined},
		"no answer":   {telephony.CauseNoAnswer, calls.RouteNoAnswer},
		"unallocated": {telephony.CauseUnallocated, calls.RouteUnreachable},
	} {
		t.Run(name, func(t *testing.T) {
			w, id := talking(t)
			w.must(calls.Command{Kind: calls.CmdConsult, CallID: id, OperatorID: "anna", To: &colleague})
			w.ring(w.legs[w.s.calls[id].Guest.ID])
			if b := w.s.ops["boris"]; b.Presence != calls.PresenceOffered {
				t.Fatalf("boris is %s while his phone rings", b.Presence)
			}
			w.end(w.s.calls[id].Guest.ID, telephony.Cause{Q850: c.cause}, false)
			w.workAll()
			w.s.want(id, calls.StateHeld) // nobody talks to the customer before anna knows that she does
			w.heard(id, calls.BridgeOf(id), []calls.Role{calls.RoleOperator}, calls.RoleCustomer)
			n := w.s.notices[len(w.s.notices)-1]
			if n.Kind != calls.NoticeNotReached || n.OperatorID != "anna" || n.Text != string(c.kind) {
				t.Fatalf("anna was told %+v", n)
			}
			if b := w.s.ops["boris"]; b.CallID != "" || b.Availability != queues.Ready {
				t.Fatalf("boris is %+v", b)
			}
			w.must(calls.Command{Kind: calls.CmdResume, CallID: id, OperatorID: "anna"})
			w.s.want(id, calls.StateTalking)
		})
	}
}

// TestDecliningAConsultationByCommandIsTold: the colleague presses Decline on the page, and their leg ends by us.
func TestDecliningAConsultationByCommandIsTold(t *testing.T) {
	w, id := talking(t)
	consult := calls.Command{Kind: calls.CmdConsult, CallID: id, OperatorID: "anna", To: &colleague}
	w.must(consult)
	w.ring(w.legs[w.s.calls[id].Guest.ID])
	before := len(w.s.notices)
	w.must(calls.Command{Kind: calls.CmdDecline, CallID: id, OperatorID: "boris"})
	w.s.want(id, calls.StateHeld)
	if told := w.s.notices[before:]; len(told) != 1 || told[0].Kind != calls.NoticeNotReached || told[0].OperatorID != "anna" ||
		told[0].Text != string(calls.RouteDeclined) {
		t.Fatalf("anna was told %+v", told)
	}
	// What she cancels herself she is not told.
	w.must(calls.Command{Kind: calls.CmdResume, CallID: id, OperatorID: "anna"})
	w.must(consult)
	before = len(w.s.notices)
	w.must(calls.Command{Kind: calls.CmdCancelConsult, CallID: id, OperatorID: "anna"})
	w.s.want(id, calls.StateTalking)
	if told := w.s.notices[before:]; len(told) != 0 {
		t.Fatalf("anna was told %+v", told)
	}
}

// TestRefusedJoinOfAConsultationIsTriedAgain: a swap that the PBX refused left everybody with music.
func TestRefusedJoinOfAConsultationIsTriedAgain(t *testing.T) {
	w, id := consulting(t, colleague)
	w.s.must(calls.Command{Kind: calls.CmdSwapConsult, CallID: id, OperatorID: "anna"})
	w.gather()
	lane := string(w.s.calls[id].Customer.ID)
	if len(w.lanes[lane]) != 1 {
		t.Fatalf("to be done for the customer: %v", w.lanes)
	}
	legs := w.lanes[lane][0].Effect.(calls.DoJoin).Legs
	delete(w.lanes, lane)
	w.s.f.JoinFailed(id, legs, w.s.now)
	w.workAll()
	w.advance(4 * time.Second)
	w.workAll()
	w.heard(id, calls.BridgeOf(id), []calls.Role{calls.RoleCustomer, calls.RoleOperator}, calls.RoleGuest)
}

// TestHangUpInAConsultationMeansTheGuest: a hasty hand must not lose the customer.
func TestHangUpInAConsultationMeansTheGuest(t *testing.T) {
	w, id := consulting(t, outside)
	w.must(calls.Command{Kind: calls.CmdHangUp, CallID: id, OperatorID: "anna"})
	w.s.want(id, calls.StateTalking)
	w.heard(id, calls.BridgeOf(id), []calls.Role{calls.RoleCustomer, calls.RoleOperator})
	w.must(calls.Command{Kind: calls.CmdHangUp, CallID: id, OperatorID: "anna"})
	w.s.want(id, calls.StateWrapUp)
}

func TestColleagueInAConsultationHasTheirOwnPartOnly(t *testing.T) {
	w, id := consulting(t, colleague)
	w.refused(calls.Command{Kind: calls.CmdCompleteConsult, CallID: id, OperatorID: "boris"}, errs.Forbidden)
	w.refused(calls.Command{Kind: calls.CmdHold, CallID: id, OperatorID: "boris"}, errs.Forbidden)
	guest := w.s.calls[id].Guest.ID
	w.must(calls.Command{Kind: calls.CmdSetMuted, CallID: id, OperatorID: "boris", Muted: true})
	if !w.muted[guest] || !w.s.calls[id].Guest.Muted || w.s.calls[id].Muted {
		t.Fatalf("muted %v, shown %+v", w.muted, w.s.calls[id].Guest)
	}
	w.must(calls.Command{Kind: calls.CmdHangUp, CallID: id, OperatorID: "boris"})
	w.s.want(id, calls.StateHeld)
	if w.legs[guest] != nil {
		t.Fatal("boris's leg is still there")
	}
}

func TestPartiesOfAConferenceAreMutedAndDropped(t *testing.T) {
	w, id := consulting(t, outside)
	w.must(calls.Command{Kind: calls.CmdMergeConsult, CallID: id, OperatorID: "anna"})
	c := w.s.calls[id]
	for _, leg := range []*calls.Leg{c.Customer, c.Guest} {
		w.must(calls.Command{Kind: calls.CmdMuteParty, CallID: id, OperatorID: "anna", LegID: string(leg.ID), Muted: true})
		if !w.muted[leg.ID] {
			t.Errorf("%s is not muted", leg.Role)
		}
	}
	if c := w.s.calls[id]; !c.Customer.Muted || !c.Guest.Muted || c.Muted {
		t.Errorf("shown as muted: customer %v, guest %v, operator %v", c.Customer.Muted, c.Guest.Muted, c.Muted)
	}
	w.refused(calls.Command{Kind: calls.CmdDropParty, CallID: id, OperatorID: "anna", LegID: string(c.Customer.ID)}, errs.Invalid)
	w.must(calls.Command{Kind: calls.CmdDropParty, CallID: id, OperatorID: "anna", LegID: string(c.Guest.ID)})
	w.s.want(id, calls.StateTalking)
}

// TestOperatorIsLostInAConsultation: customer and guest wait with music, and the consultation goes on when the operator is back.
func TestOperatorIsLostInAConsultation(t *testing.T) {
	w, id := consulting(t, outside)
	w.end(w.s.operatorLeg(id), telephony.Cause{Q850: telephony.CauseNormal}, false)
	w.workAll()
	if got := w.who(id, ""); !slices.Equal(got, []calls.Role{calls.RoleCustomer, calls.RoleGuest}) {
		t.Fatalf("music hear %v\n%s", got, w)
	}
	w.answer(w.legs[w.s.operatorLeg(id)])
	w.workAll()
	w.s.want(id, calls.StateConsulting)
	w.heard(id, calls.BridgeOf(id), []calls.Role{calls.RoleCustomer, calls.RoleOperator}, calls.RoleGuest)
	w.must(calls.Command{Kind: calls.CmdSwapConsult, CallID: id, OperatorID: "anna"})
	w.heard(id, calls.AsideOf(id), []calls.Role{calls.RoleOperator, calls.RoleGuest}, calls.RoleCustomer)
}

// TestColleagueInAConferenceTakesALostCallOver: somebody who talks with the customer is better than music.
func TestColleagueInAConferenceTakesALostCallOver(t *testing.T) {
	w, id := consulting(t, colleague)
	w.must(calls.Command{Kind: calls.CmdMergeConsult, CallID: id, OperatorID: "anna"})
	w.phone("anna", false)
	w.end(w.s.operatorLeg(id), telephony.Cause{Q850: telephony.CauseNormal}, false)
	w.workAll()
	if c := w.s.calls[id]; c.State != calls.StateTalking || c.OperatorID != "boris" {
		t.Fatalf("the call is %s of %q", c.State, c.OperatorID)
	}
	w.heard(id, calls.BridgeOf(id), []calls.Role{calls.RoleCustomer, calls.RoleOperator})
	if a := w.s.ops["anna"]; a.Availability != queues.Paused || a.PauseReason != queues.PausePhone {
		t.Fatalf("anna is %+v", a)
	}
}

func TestCustomerHangsUpInAConsultation(t *testing.T) {
	w, id := consulting(t, colleague)
	w.end(w.s.calls[id].Customer.ID, telephony.Cause{Q850: telephony.CauseNormal}, false)
	w.workAll()
	w.s.want(id, calls.StateWrapUp)
	if len(w.legs) != 0 || w.s.ops["boris"].CallID != "" || w.s.ops["anna"].CallID != id {
		t.Fatalf("left over:\n%s", w)
	}
}

func TestTransferToColleague(t *testing.T) {
	w, id := talking(t)
	w.must(calls.Command{Kind: calls.CmdTransfer, CallID: id, OperatorID: "anna", To: &colleague})
	c := w.s.calls[id]
	if c.State != calls.StateOffered || c.OperatorID != "boris" || w.s.ops["anna"].Presence != calls.PresenceReady {
		t.Fatalf("the call is %s of %q, anna %s", c.State, c.OperatorID, w.s.ops["anna"].Presence)
	}
	w.heard(id, calls.BridgeOf(id), nil, calls.RoleCustomer)
	w.talk(id)
	if c := w.s.calls[id]; c.OperatorID != "boris" || c.Match.State != w.s.calls[id].Match.State {
		t.Fatalf("talking: %q", c.OperatorID)
	}
}

// TestTransferThatNobodyTakesComesBack: to the queue the call came through; an outbound call to whoever transferred it.
func TestTransferThatNobodyTakesComesBack(t *testing.T) {
	t.Run("queue", func(t *testing.T) {
		w, id := talking(t)
		w.must(calls.Command{Kind: calls.CmdTransfer, CallID: id, OperatorID: "anna", To: &colleague})
		w.end(w.s.operatorLeg(id), telephony.Cause{Q850: telephony.CauseRejected}, false)
		w.workAll()
		if c := w.s.calls[id]; c.State != calls.StateOffered || c.OperatorID == "boris" {
			t.Fatalf("declined by boris the call is %s of %q", c.State, c.OperatorID)
		}
	})
	t.Run("outbound", func(t *testing.T) {
		w, _ := talking(t)
		w.must(calls.Command{Kind: calls.CmdDial, OperatorID: "boris", Number: "+74951112233"})
		var id calls.ID
		for _, one := range w.live() {
			if w.s.calls[one].OperatorID == "boris" {
				id = one
			}
		}
		w.answer(w.legs[w.s.operatorLeg(id)])
		w.workAll()
		w.answer(w.legs[w.s.calls[id].Customer.ID])
		w.workAll()
		w.s.want(id, calls.StateTalking)
		w.must(calls.Command{Kind: calls.CmdTransfer, CallID: id, OperatorID: "boris", To: &calls.Target{OperatorID: "vera"}})
		w.end(w.s.operatorLeg(id), telephony.Cause{Q850: telephony.CauseNoAnswer}, false)
		w.workAll()
		if c := w.s.calls[id]; c.State != calls.StateOffered || c.OperatorID != "boris" {
			t.Fatalf("not answered by vera the call is %s of %q", c.State, c.OperatorID)
		}
		w.talk(id)
	})
}

func TestTransferToQueue(t *testing.T) {
	w, id := talking(t)
	w.advance(10 * time.Second)
	w.must(calls.Command{Kind: calls.CmdSetAvailability, OperatorID: "boris", Avail: queues.Paused, Pause: "lunch"})
	w.must(calls.Command{Kind: calls.CmdTransfer, CallID: id, OperatorID: "anna", To: &calls.Target{QueueID: "q1"}})
	c := w.s.calls[id]
	if c.State != calls.StateOffered || c.OperatorID != "vera" { // idle longest: anna has just talked
		t.Fatalf("the call is %s of %q", c.State, c.OperatorID)
	}
}

// TestBlindTransferToANumber: the customer hears music until the far end answers, and is theirs then; else the call comes back.
func TestBlindTransferToANumber(t *testing.T) {
	w, id := talking(t)
	cmd := calls.Command{Kind: calls.CmdTransfer, CallID: id, OperatorID: "anna", To: &outside}
	w.must(cmd)
	w.s.want(id, calls.StateConsulting)
	w.heard(id, calls.BridgeOf(id), nil, calls.RoleCustomer)
	if a := w.s.ops["anna"]; a.CallID != "" {
		t.Fatalf("anna is %+v", a)
	}
	w.end(w.s.calls[id].Guest.ID, telephony.Cause{Q850: telephony.CauseNoAnswer}, false)
	w.workAll()
	w.s.want(id, calls.StateOffered)
	w.talk(id)
	cmd.OperatorID = w.s.calls[id].OperatorID
	w.must(cmd)
	w.reach(id)
	w.s.want(id, calls.StateEnded)
	if len(w.legs) != 2 || w.s.calls[id].OperatorID != cmd.OperatorID {
		t.Fatalf("the record names %q\n%s", w.s.calls[id].OperatorID, w)
	}
}

func TestParkedCallIsPickedUp(t *testing.T) {
	w, id := talking(t)
	w.must(calls.Command{Kind: calls.CmdPark, CallID: id, OperatorID: "anna"})
	c := w.s.calls[id]
	if c.State != calls.StateQueued || c.Parking == nil || c.Parking.By != "anna" || c.Position != 0 {
		t.Fatalf("the parked call is %s, %+v, place %d", c.State, c.Parking, c.Position)
	}
	w.advance(30 * time.Second)
	w.s.want(id, calls.StateQueued) // nobody gets it by themselves
	w.must(calls.Command{Kind: calls.CmdTake, CallID: id, OperatorID: "vera"})
	w.talk(id)
	if c := w.s.calls[id]; c.OperatorID != "vera" || c.Parking != nil {
		t.Fatalf("picked up: %q, %+v", c.OperatorID, c.Parking)
	}
}

// TestForgottenParkedCallIsOfferedAgain: first to who parked it, then to everybody.
func TestForgottenParkedCallIsOfferedAgain(t *testing.T) {
	w, id := talking(t)
	w.must(calls.Command{Kind: calls.CmdPark, CallID: id, OperatorID: "anna"})
	w.advance(121 * time.Second)
	w.workAll()
	if c := w.s.calls[id]; c.State != calls.StateOffered || c.OperatorID != "anna" {
		t.Fatalf("after two minutes the call is %s of %q", c.State, c.OperatorID)
	}
	w.end(w.s.operatorLeg(id), telephony.Cause{Q850: telephony.CauseNoAnswer}, false)
	w.workAll()
	if c := w.s.calls[id]; c.State != calls.StateOffered || c.OperatorID == "anna" {
		t.Fatalf("then it is %s of %q", c.State, c.OperatorID)
	}
}

func TestThirdPartiesThatCannotBe(t *testing.T) {
	w, id := talking(t)
	consult := func(to *calls.Target) calls.Command {
		return calls.Command{Kind: calls.CmdConsult, CallID: id, OperatorID: "anna", To: to}
	}
	w.refused(consult(nil), errs.Invalid)
	w.refused(consult(&calls.Target{QueueID: "q1"}), errs.Invalid)
	w.refused(consult(&calls.Target{OperatorID: "anna"}), errs.Invalid)
	w.refused(consult(&calls.Target{OperatorID: "nobody"}), errs.Invalid)
	w.refused(consult(&calls.Target{Number: "no number"}), errs.Invalid)
	w.phone("boris", false)
	w.refused(consult(&colleague), errs.Conflict)
	w.phone("boris", true)
	w.refused(calls.Command{Kind: calls.CmdConsult, CallID: id, OperatorID: "boris", To: &outside}, errs.Forbidden)
	w.refused(calls.Command{Kind: calls.CmdTransfer, CallID: id, OperatorID: "anna", To: &calls.Target{QueueID: "q9"}}, errs.Invalid)
	w.refused(calls.Command{Kind: calls.CmdSwapConsult, CallID: id, OperatorID: "anna"}, errs.Conflict)
	w.must(consult(&colleague))
	w.refused(calls.Command{Kind: calls.CmdCompleteConsult, CallID: id, OperatorID: "anna"}, errs.Conflict)
	w.refused(calls.Command{Kind: calls.CmdTransfer, CallID: id, OperatorID: "anna", To: &outside}, errs.Conflict)
}

// TestConsultationOutlivesItsOwner: a new owner of the floor finds everybody where they are.
func TestConsultationOutlivesItsOwner(t *testing.T) {
	for name, bring := range map[string]func(w *world, id calls.ID){
		"with the guest": func(*world, calls.ID) {},
		"with the customer": func(w *world, id calls.ID) {
			w.must(calls.Command{Kind: calls.CmdSwapConsult, CallID: id, OperatorID: "anna"})
		},
		"conference": func(w *world, id calls.ID) {
			w.must(calls.Command{Kind: calls.CmdMergeConsult, CallID: id, OperatorID: "anna"})
		},
	} {
		t.Run(name, func(t *testing.T) {
			w, id := consulting(t, colleague)
			bring(w, id)
			before := w.s.calls[id]
			w.inherit(0)
			w.workAll()
			after := w.s.calls[id]
			if after.State != before.State || after.Consult == nil || after.Consult.Front != before.Consult.Front ||
				after.Consult.OperatorID != "boris" || after.Consult.By != "anna" || after.OperatorID != "anna" {
				t.Fatalf("%s %+v became %s %+v\n%s", before.State, before.Consult, after.State, after.Consult, w)
			}
			if w.s.ops["boris"].CallID != id || w.s.ops["anna"].CallID != id {
				t.Fatalf("busy: anna %q, boris %q", w.s.ops["anna"].CallID, w.s.ops["boris"].CallID)
			}
			w.must(calls.Command{Kind: calls.CmdCompleteConsult, CallID: id, OperatorID: "anna"})
			if c := w.s.calls[id]; c.OperatorID != "boris" || c.State != calls.StateTalking {
				t.Fatalf("completed: %s of %q", c.State, c.OperatorID)
			}
		})
	}
}
