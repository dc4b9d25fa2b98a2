package calls_test

import (
	"strings"
	"testing"
	"time"

	"github.com/pult-cc/pult/telephony"
	"github.com/pult-cc/pult/telephony/calls"
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
