package calls_test

import (
	"strings"
	"testing"
	"time"

	"github.com/pult-cc/pult/internal/customers"
	"github.com/pult-cc/pult/telephony"
	"github.com/pult-cc/pult/telephony/calls"
	"github.com/pult-cc/pult/telephony/queues"
)

// TestRestartAdoptsLiveCalls: a new owner of the floor rebuilds each kind of live call from the legs and their marks alone.
func TestRestartAdoptsLiveCalls(t *testing.T) {
	reach := map[calls.State]func(w *world, id calls.ID){
		calls.StateQueued:  func(*world, calls.ID) {},
		calls.StateTalking: func(w *world, id calls.ID) { w.talk(id) },
		calls.StateHeld: func(w *world, id calls.ID) {
			w.talk(id)
			w.s.must(calls.Command{Kind: calls.CmdHold, OperatorID: "anna", CallID: id})
			w.workAll()
		},
		calls.StateRinging: func(w *world, id calls.ID) { w.ring(w.legs[w.s.operatorLeg(id)]) },
	}
	for state, bring := range reach {
		t.Run(strings.ToLower(string(state)), func(t *testing.T) {
			var online []string
			if state != calls.StateQueued {
				online = []string{"anna"}
			}
			w := newWorld(newStand(t, "anna"))
			for _, op := range online {
				w.online[op] = true
			}
			w.connect()
			w.callIn()
			w.workAll()
			id := w.live()[0]
			bring(w, id)
			w.s.want(id, state)
			old := w.s
			w.advance(2 * time.Second)
			w.inherit(len(old.journal)) // nothing was saved
			w.workAll()
			s := w.s
			s.want(id, state)
			c := s.calls[id]
			if c.QueueID != "q1" || c.From.Number.E164 != "+79161234567" || !c.StartedAt.Equal(old.calls[id].StartedAt) {
				t.Fatalf("adopted %+v", c)
			}
			if c.Version <= old.calls[id].Version {
				t.Fatalf("version fell from %d to %d: browsers would ignore it", old.calls[id].Version, c.Version)
			}
			if state != calls.StateQueued && c.OperatorID != "anna" {
				t.Fatalf("the operator was forgotten: %+v", c)
			}
			if state == calls.StateTalking {
				w.end(c.Customer.ID, telephony.Cause{}, false)
				s.want(id, calls.StateWrapUp)
			}
		})
	}
}

func TestCallsThatEndedUnobserved(t *testing.T) {
	s := newStand(t, "anna")
	s.linkUp("anna")
	talking := s.callIn("leg1", "+79161234567")
	s.connect(talking)
	waiting := s.callIn("leg2", "+79160000000")
	s.pbx(telephony.LinkDown{At: s.now, Reason: "cut"})
	s.linkUp("anna") // nobody is left
	s.want(talking, calls.StateWrapUp)
	s.want(waiting, calls.StateEnded)
	if s.calls[waiting].End.Result != calls.ResultAbandoned {
		t.Fatalf("waiting ended as %s", s.calls[waiting].End.Result)
	}
}

func TestRestoreFromHistory(t *testing.T) {
	answered := epoch.Add(-5 * time.Minute)
	s := newStand(t, "anna")
	s.f.Restore([]calls.OpenRecord{
		{ID: "w", Direction: calls.Inbound, QueueID: "q1", OperatorID: "anna", StartedAt: answered, AnsweredAt: &answered,
			End: &calls.End{At: epoch.Add(-10 * time.Second), Result: calls.ResultAnswered, By: calls.ByCustomer}},
		{ID: "gone", Direction: calls.Inbound, QueueID: "q1", StartedAt: answered},
	}, s.now)
	s.settle()
	s.want("w", calls.StateWrapUp)
	if s.ops["anna"].Presence != calls.PresenceWrapUp {
		t.Fatalf("anna is %s, and would be offered a call in her wrap-up", s.ops["anna"].Presence)
	}
	s.linkUp("anna")
	s.want("w", calls.StateWrapUp)
	s.want("gone", calls.StateEnded)
	s.must(calls.Command{Kind: calls.CmdFinishWrapUp, OperatorID: "anna", CallID: "w"})
	s.want("w", calls.StateEnded)
	var closed bool
	for _, c := range s.journal {
		closed = closed || (c.ID == "gone" && c.State == calls.StateEnded)
	}
	if !closed {
		t.Fatal("the vanished call stays open in the history")
	}
}

// TestNobodyStaysBusyWithWhatEndedUnobserved: the owner died while anna's phone rang, and the customer gave up meanwhile.
func TestNobodyStaysBusyWithWhatEndedUnobserved(t *testing.T) {
	for name, legs := range map[string][]telephony.Leg{
		"no leg is left": nil,
		"the customer is left": {{
			ID: "leg1", State: telephony.LegUp, Parked: true,
			Marks: telephony.Marks{"call": "x", "role": "CUSTOMER", "dir": "INBOUND", "queue": "q1", "t0": "1795338000000"},
		}},
	} {
		t.Run(name, func(t *testing.T) {
			s := newStand(t, "anna")
			s.f.Restore([]calls.OpenRecord{{ID: "x", Direction: calls.Inbound, QueueID: "q1", OperatorID: "anna", StartedAt: epoch}}, s.now)
			s.settle()
			s.pbx(telephony.LinkUp{At: s.now, StartedAt: epoch, Legs: legs})
			if a := s.ops["anna"]; a.CallID != "" || a.Presence != calls.PresenceReady {
				t.Fatalf("anna is %+v", a)
			}
			if legs != nil {
				s.want("x", calls.StateQueued)
				s.phone("anna", true)
				s.want("x", calls.StateOffered)
			}
		})
	}
}

// TestTalkOutweighsAnUnfinishedWrapUp: the end of anna's wrap-up was not saved when the owner died, and she has a new call.
func TestTalkOutweighsAnUnfinishedWrapUp(t *testing.T) {
	s := newStand(t, "anna")
	end := &calls.End{At: epoch.Add(-time.Minute), Result: calls.ResultAnswered, By: calls.ByCustomer}
	s.f.Restore([]calls.OpenRecord{
		{ID: "old", Direction: calls.Inbound, QueueID: "q1", OperatorID: "anna", StartedAt: epoch.Add(-time.Hour), AnsweredAt: &end.At, End: end},
		{ID: "new", Direction: calls.Inbound, QueueID: "q1", OperatorID: "anna", StartedAt: epoch, AnsweredAt: &epoch},
	}, s.now)
	s.settle()
	marks := func(role string) telephony.Marks {
		return telephony.Marks{"call": "new", "role": role, "dir": "INBOUND", "queue": "q1", "op": "anna", "ta": "1795338000000"}
	}
	s.pbx(telephony.LinkUp{
		At: s.now, StartedAt: epoch,
		Legs: []telephony.Leg{
			{ID: "leg1", State: telephony.LegUp, Bridge: "call-new", Marks: marks("CUSTOMER")},
			{ID: "leg2", State: telephony.LegUp, Bridge: "call-new", Marks: marks("OPERATOR")},
		},
		Endpoints: []telephony.Endpoint{{Name: "op-anna", Online: true}},
	})
	s.want("old", calls.StateEnded)
	s.want("new", calls.StateTalking)
	if a := s.ops["anna"]; a.CallID != "new" {
		t.Fatalf("anna is %+v", a)
	}
	other := s.callIn("leg9", "+79160000000")
	s.want(other, calls.StateQueued) // anna talks
}

// TestLinkGapPausesNobody: what became of a ringing phone while nobody watched is nobody's fault.
func TestLinkGapPausesNobody(t *testing.T) {
	s := newStand(t, "anna")
	s.linkUp("anna")
	id := s.callIn("leg1", "+79161234567")
	s.pbx(telephony.LinkDown{At: s.now, Reason: "cut"})
	s.f.OriginateFailed(id, s.operatorLeg(id), false, s.now) // for want of a link
	s.settle()
	s.pbx(telephony.LinkUp{
		At: s.now, StartedAt: epoch,
		Legs:      []telephony.Leg{{ID: "leg1", State: telephony.LegUp, Parked: true, Marks: telephony.Marks{"call": string(id), "role": "CUSTOMER"}}},
		Endpoints: []telephony.Endpoint{{Name: "op-anna", Online: true}},
	})
	if c, a := s.calls[id], s.ops["anna"]; c.State != calls.StateOffered || c.Attempts != 2 || a.Availability != queues.Ready {
		t.Fatalf("the call is %s after %d attempts; anna is %s (%s)", c.State, c.Attempts, a.Availability, a.PauseReason)
	}
}

// TestLegThatWasNeverMarked: without marks a new owner could not tell whose it is.
func TestLegThatWasNeverMarked(t *testing.T) {
	s := newStand(t)
	s.linkUp()
	id := s.callIn("leg1", "+79161234567")
	s.pbx(telephony.LinkDown{At: s.now, Reason: "cut"})
	s.take()
	s.pbx(telephony.LinkUp{At: s.now, StartedAt: epoch, Legs: []telephony.Leg{{ID: "leg1", State: telephony.LegUp, Marks: telephony.Marks{}}}})
	e := s.take()
	if !has(e, func(d calls.DoMark) bool {
		return d.Leg == "leg1" && d.Marks["call"] == string(id) && d.Marks["queue"] == "q1"
	}) {
		t.Fatal("the leg stays unmarked")
	}
	if !has(e, func(d calls.DoPark) bool { return d.Leg == "leg1" }) {
		t.Fatal("the customer, whom the park did not reach, waits in silence")
	}
}

// TestTwoPhonesRingForOneCall: an offer whose end was lost beside the present one.
func TestTwoPhonesRingForOneCall(t *testing.T) {
	s := newStand(t, "anna", "boris")
	marks := func(role, op string) telephony.Marks {
		return telephony.Marks{"call": "x", "role": role, "dir": "INBOUND", "queue": "q1", "op": op, "t0": "1795338000000"}
	}
	s.pbx(telephony.LinkUp{At: s.now, StartedAt: epoch, Legs: []telephony.Leg{
		{ID: "leg1", State: telephony.LegUp, Parked: true, Marks: marks("CUSTOMER", "")},
		{ID: "op-x-1", State: telephony.LegRinging, Marks: marks("OPERATOR", "anna"), Created: epoch},
		{ID: "op-x-2", State: telephony.LegUp, Marks: marks("OPERATOR", "boris"), Created: epoch.Add(time.Second)},
	}})
	e := s.take()
	if c := s.calls["x"]; c.OperatorID != "boris" || !has(e, hangs("op-x-1")) || has(e, hangs("op-x-2")) {
		t.Fatalf("the call is %s at %q", c.State, c.OperatorID)
	}
	if !has(e, func(d calls.DoJoin) bool { return len(d.Legs) == 2 }) {
		t.Fatal("boris, who has answered, is not put through")
	}
	if a := s.ops["anna"]; a.CallID != "" {
		t.Fatalf("anna is busy with %q", a.CallID)
	}
}

// TestLegsTheFloorHasGivenUp: one was let go and turns up beside the present offer; one was being made while the PBX told what it has.
func TestLegsTheFloorHasGivenUp(t *testing.T) {
	s := newStand(t, "anna", "boris")
	s.linkUp("anna", "boris")
	id := s.callIn("leg1", "+79161234567")
	first := s.operatorLeg(id)
	s.f.OriginateFailed(id, first, false, s.now)
	s.settle()
	second := s.operatorLeg(id)
	marks := telephony.Marks{"call": string(id), "role": "OPERATOR"}
	s.take()
	s.pbx(telephony.LinkUp{At: s.now, StartedAt: epoch, Legs: []telephony.Leg{
		{ID: "leg1", State: telephony.LegUp, Parked: true, Marks: telephony.Marks{"call": string(id), "role": "CUSTOMER"}},
		{ID: first, State: telephony.LegRinging, Marks: marks},
	}})
	e := s.take()
	if !has(e, hangs(first)) {
		t.Fatal("a phone rings for a call that is offered elsewhere")
	}
	if !has(e, hangs(second)) {
		t.Fatal("a leg that was just being made is left to ring")
	}
	s.want(id, calls.StateQueued)
}

// TestLinkUpTwice says the same again, and nothing must come of it.
func TestLinkUpTwice(t *testing.T) {
	w := newWorld(newStand(t, "anna"))
	w.online["anna"] = true
	w.connect()
	w.callIn()
	w.workAll()
	id := w.live()[0]
	w.talk(id)
	before, notices := w.s.calls[id], len(w.s.notices)
	w.s.pbx(w.truth())
	if after := w.s.calls[id]; after.Version != before.Version || len(w.s.notices) != notices {
		t.Fatalf("the call went from version %d to %d, with %d notices", before.Version, after.Version, len(w.s.notices)-notices)
	}
	if e := w.s.take(); len(e) != 0 {
		t.Fatalf("it commanded %v", e)
	}
	up := w.truth()
	w.s.pbx(telephony.LegStarted{At: w.s.now, Leg: up.Legs[0], Args: []string{"queue", "support"}}) // told again for the adopted leg
	if len(w.live()) != 1 || w.s.calls[id].Version != before.Version {
		t.Fatal("a leg that is told twice makes a second call")
	}
}

// TestRecordKeepsItsCustomer: a new owner asks anew who it was, and must not lose meanwhile what the record says.
func TestRecordKeepsItsCustomer(t *testing.T) {
	s := newStand(t, "anna")
	s.f.Restore([]calls.OpenRecord{{
		ID: "x", Direction: calls.Inbound, QueueID: "q1", OperatorID: "anna", StartedAt: epoch, AnsweredAt: &epoch,
		Number: customers.Number{E164: "+79161234567", Kind: customers.NumberPublic}, CustomerID: "c1", CustomerName: "Василёк",
	}}, s.now)
	s.settle()
	ask := s.asked()
	if len(ask) != 1 {
		t.Fatalf("%d questions who it is", len(ask))
	}
	s.answer("x", ask[0], customers.Match{State: customers.MatchFailed})
	s.linkUp("anna")
	s.want("x", calls.StateWrapUp)
	for _, saved := range s.journal {
		if saved.Match.Chosen == nil || saved.Match.Chosen.ID != "c1" {
			t.Fatalf("the record lost its customer at %s", saved.State)
		}
	}
}
