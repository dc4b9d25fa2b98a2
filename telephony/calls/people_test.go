package calls_test

import (
	"testing"
	"time"

	"github.com/pult-cc/pult/telephony"
	"github.com/pult-cc/pult/telephony/calls"
	"github.com/pult-cc/pult/telephony/queues"
)

// TestOperatorIsRemovedInATalk: an account is disabled while its operator talks. The customer must not notice, and nothing may stay.
func TestOperatorIsRemovedInATalk(t *testing.T) {
	s := newStand(t, "anna", "boris")
	s.linkUp("anna", "boris")
	id := s.callIn("leg1", "+79161234567")
	s.connect(id)
	s.directory("boris")
	s.want(id, calls.StateTalking)
	if !s.ops["anna"].Gone {
		t.Fatal("anna is still shown")
	}
	for _, o := range s.f.Snapshot(s.now).Operators {
		if o.ID == "anna" {
			t.Fatal("anna is still in the picture")
		}
	}
	gone := s.ops["anna"].Version
	s.pbx(telephony.LegEnded{At: s.now, Leg: "leg1"})
	s.want(id, calls.StateEnded) // nobody is there to end a wrap-up
	s.directory("anna", "boris")
	if a := s.ops["anna"]; a.Gone || a.Version <= gone || !a.PhoneOnline {
		t.Fatalf("after her return anna is %+v; she was gone at version %d", a, gone)
	}
}

func TestOperatorIsRemovedInTheirWrapUp(t *testing.T) {
	s := newStand(t, "anna")
	s.linkUp("anna")
	id := s.callIn("leg1", "+79161234567")
	s.connect(id)
	s.pbx(telephony.LegEnded{At: s.now, Leg: "leg1"})
	s.want(id, calls.StateWrapUp)
	s.directory()
	s.want(id, calls.StateEnded)
}

// TestOperatorWhoComesBackStillHasTheirCall: disabled and enabled again while talking, they must not be offered another.
func TestOperatorWhoComesBackStillHasTheirCall(t *testing.T) {
	s := newStand(t, "anna")
	s.linkUp("anna")
	id := s.callIn("leg1", "+79161234567")
	s.connect(id)
	s.directory()
	s.directory("anna")
	if a := s.ops["anna"]; a.CallID != id || a.Presence != calls.PresenceTalking {
		t.Fatalf("anna is %+v", a)
	}
	second := s.callIn("leg2", "+79160000000")
	s.want(second, calls.StateQueued)
}

// TestPhoneOfSomebodyNewIsKnown: the device registered before the directory was read.
func TestPhoneOfSomebodyNewIsKnown(t *testing.T) {
	s := newStand(t)
	s.declared["anna"] = queues.Declared{OperatorID: "anna", Availability: queues.Ready}
	s.linkUp("anna")
	id := s.callIn("leg1", "+79161234567")
	s.directory("anna")
	if !s.ops["anna"].PhoneOnline || s.calls[id].OperatorID != "anna" {
		t.Fatalf("anna is %+v, the call %s", s.ops["anna"], s.calls[id].State)
	}
}

// TestQueueIsRemoved: whoever waits in it goes back to the dialplan instead of waiting for nobody.
func TestQueueIsRemoved(t *testing.T) {
	s := newStand(t)
	s.linkUp()
	s.callIn("leg1", "+79161234567")
	s.take()
	s.f.SetDirectory(nil, nil, nil, s.now)
	s.settle()
	if !has(s.take(), func(d calls.DoReturn) bool { return d.Leg == "leg1" }) {
		t.Fatal("the caller waits for nobody")
	}
	if q := s.qs["q1"]; !q.Gone || q.Waiting != 0 {
		t.Fatalf("the queue is shown as %+v", q)
	}
}

// TestQueueCounts: what a queue shows is counted as things change.
func TestQueueCounts(t *testing.T) {
	s := newStand(t, "anna", "boris", "vera")
	s.linkUp("anna", "boris")
	count := func(when string, waiting, ready, talking, operators int) {
		t.Helper()
		if q := s.qs["q1"]; q.Waiting != waiting || q.Ready != ready || q.Talking != talking || q.Operators != operators {
			t.Fatalf("%s: %d wait, %d ready, %d talk, %d there; want %d, %d, %d, %d", when, q.Waiting, q.Ready, q.Talking, q.Operators,
				waiting, ready, talking, operators)
		}
	}
	count("at first", 0, 2, 0, 3)
	one := s.callIn("leg1", "+79161234567")
	count("an offer", 0, 1, 0, 3)
	s.connect(one)
	count("a talk", 0, 1, 1, 3)
	s.callIn("leg2", "+79161234568")
	began := s.now
	s.advance(time.Second)
	three := s.callIn("leg3", "+79161234569")
	count("one waits", 1, 0, 1, 3)
	if q := s.qs["q1"]; q.OldestSince == nil || !q.OldestSince.Equal(began.Add(time.Second)) {
		t.Fatalf("the oldest waits since %v", q.OldestSince)
	}
	s.must(calls.Command{Kind: calls.CmdSetAvailability, OperatorID: "vera", Avail: queues.Offline})
	count("vera went", 1, 0, 1, 2)
	s.pbx(telephony.LegEnded{At: s.now, Leg: "leg3"})
	s.want(three, calls.StateEnded)
	count("the caller gave up", 0, 0, 1, 2)
	s.pbx(telephony.LegEnded{At: s.now, Leg: "leg1"})
	count("wrap-up", 0, 0, 0, 2)
	s.must(calls.Command{Kind: calls.CmdFinishWrapUp, OperatorID: "anna", CallID: one})
	count("anna is free", 0, 1, 0, 2)
}

// TestPlaces: positions follow the line; who is kept for one operator has none.
func TestPlaces(t *testing.T) {
	s := newStand(t, "anna")
	s.linkUp("anna")
	talking := s.callIn("leg0", "+79161234560")
	s.connect(talking)
	var ids []calls.ID
	for _, leg := range []telephony.LegID{"leg1", "leg2", "leg3"} {
		s.advance(time.Second)
		ids = append(ids, s.callIn(leg, "+7916123456"+string(leg[3])))
	}
	places := func(want ...int) {
		t.Helper()
		for i, id := range ids {
			if got := s.calls[id].Position; got != want[i] {
				t.Fatalf("place of call %d is %d, want %d", i+1, got, want[i])
			}
		}
	}
	places(1, 2, 3)
	s.pbx(telephony.LegEnded{At: s.now, Leg: "leg2"})
	places(1, 0, 2)
	s.phone("anna", false)
	s.lose(talking)
	s.want(talking, calls.StateRescuing)
	places(1, 0, 2)
	if p := s.calls[talking].Position; p != 0 {
		t.Fatalf("a call that is kept for anna has the place %d", p)
	}
	s.advance(21 * time.Second)
	s.want(talking, calls.StateQueued)
	if p := s.calls[talking].Position; p != 1 {
		t.Fatalf("a lost call came back to the place %d", p)
	}
	places(2, 0, 3)
}
