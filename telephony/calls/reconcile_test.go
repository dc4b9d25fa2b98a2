package calls_test

import (
	"strings"
	"testing"
	"time"

	"github.com/pult-cc/pult/telephony"
	"github.com/pult-cc/pult/telephony/calls"
)

// world is what a PBX would report after the given effects: it carries them out in memory.
type world struct {
	legs map[telephony.LegID]*telephony.Leg
}

func (w *world) take(effects []calls.CallEffect) {
	for _, e := range effects {
		switch d := e.Effect.(type) {
		case calls.DoMark:
			l := w.leg(d.Leg)
			for k, v := range d.Marks {
				l.Marks[k] = v
			}
		case calls.DoOriginate:
			l := w.leg(d.Leg)
			for k, v := range d.Marks {
				l.Marks[k] = v
			}
		case calls.DoPark:
			l := w.leg(d.Leg)
			l.Parked, l.Bridge = true, ""
		case calls.DoJoin:
			for _, id := range d.Legs {
				l := w.leg(id)
				l.Parked, l.Bridge = false, d.Bridge
			}
		}
	}
}

func (w *world) leg(id telephony.LegID) *telephony.Leg {
	if w.legs[id] == nil {
		w.legs[id] = &telephony.Leg{ID: id, State: telephony.LegUp, Marks: telephony.Marks{}}
	}
	return w.legs[id]
}

func (w *world) linkUp(at time.Time, online ...string) telephony.LinkUp {
	up := telephony.LinkUp{At: at, StartedAt: epoch}
	for _, l := range w.legs {
		up.Legs = append(up.Legs, *l)
	}
	for _, id := range online {
		up.Endpoints = append(up.Endpoints, telephony.Endpoint{Name: calls.EndpointOf(id), Online: true})
	}
	return up
}

// TestRestartAdoptsLiveCalls: a new owner of the floor rebuilds each kind of live call from the legs and their marks alone.
func TestRestartAdoptsLiveCalls(t *testing.T) {
	reach := map[calls.State]func(s *stand, id calls.ID){
		calls.StateQueued:  func(s *stand, id calls.ID) {},
		calls.StateTalking: func(s *stand, id calls.ID) { s.connect(id) },
		calls.StateHeld: func(s *stand, id calls.ID) {
			s.connect(id)
			s.must(calls.Command{Kind: calls.CmdHold, OperatorID: "anna", CallID: id})
			s.pbx(telephony.LegParked{At: s.now, Leg: "leg1"})
		},
		calls.StateRinging: func(s *stand, id calls.ID) { s.pbx(telephony.LegRang{At: s.now, Leg: s.operatorLeg(id)}) },
	}
	for state, bring := range reach {
		t.Run(strings.ToLower(string(state)), func(t *testing.T) {
			var online []string
			if state != calls.StateQueued {
				online = []string{"anna"}
			}
			old := newStand(t, "anna")
			old.linkUp(online...)
			id := old.callIn("leg1", "+79161234567")
			bring(old, id)
			old.want(id, state)
			w := &world{legs: map[telephony.LegID]*telephony.Leg{}}
			w.take(old.effects)
			w.leg("leg1").Party.Number = "+79161234567"
			if c := old.calls[id]; c.Operator != nil {
				w.leg(c.Operator.ID).State = c.Operator.State
			}

			s := newStand(t, "anna")
			s.now = old.now.Add(2 * time.Second)
			s.pbx(w.linkUp(s.now, online...))
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
				s.pbx(telephony.LegEnded{At: s.now, Leg: "leg1"})
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
