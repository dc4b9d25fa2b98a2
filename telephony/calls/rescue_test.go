package calls_test

import (
	"testing"
	"time"

	"github.com/pult-cc/pult/telephony"
	"github.com/pult-cc/pult/telephony/calls"
	"github.com/pult-cc/pult/telephony/queues"
)

func (s *stand) phone(op string, online bool) {
	s.pbx(telephony.EndpointChanged{At: s.now, Endpoint: telephony.Endpoint{Name: calls.EndpointOf(op), Online: online}})
}

// lose ends the operator's leg without anybody having asked for it.
func (s *stand) lose(id calls.ID) {
	s.t.Helper()
	s.pbx(telephony.LegEnded{At: s.now, Leg: s.operatorLeg(id), Cause: telephony.Cause{Q850: telephony.CauseNormal}})
}

// dial makes an outbound call.
func (s *stand) dial(op string) calls.ID {
	s.t.Helper()
	r, err := s.f.Command(calls.Command{Kind: calls.CmdDial, OperatorID: op, Number: "+74951112233"}, s.now)
	if err != nil {
		s.t.Fatal(err)
	}
	s.settle()
	return r.Call.ID
}

// dialled makes an outbound call that has been answered.
func (s *stand) dialled(op string) calls.ID {
	s.t.Helper()
	id := s.dial(op)
	s.pbx(telephony.LegAnswered{At: s.now, Leg: s.operatorLeg(id)})
	cust := s.calls[id].Customer.ID
	s.pbx(telephony.LegAnswered{At: s.now, Leg: cust})
	s.pbx(telephony.LegJoined{At: s.now, Leg: cust, Bridge: calls.BridgeOf(id)})
	s.pbx(telephony.LegJoined{At: s.now, Leg: s.operatorLeg(id), Bridge: calls.BridgeOf(id)})
	s.want(id, calls.StateTalking)
	return id
}

// TestReloadedPageIsRungAgain: when a page goes, its leg ends before its registration does, so the first attempt to reach it finds
// nobody. The call must wait for the page to be back, and the operator is not to blame.
func TestReloadedPageIsRungAgain(t *testing.T) {
	s := newStand(t, "anna", "boris")
	s.linkUp("anna", "boris")
	id := s.callIn("leg1", "+79161234567")
	s.connect(id)
	s.lose(id)
	s.want(id, calls.StateOffered) // the registration is still there
	s.f.OriginateFailed(id, s.operatorLeg(id), false, s.now)
	s.settle()
	s.want(id, calls.StateRescuing)
	s.phone("anna", false)
	s.advance(5 * time.Second)
	s.want(id, calls.StateRescuing)
	s.phone("anna", true)
	if c := s.calls[id]; c.State != calls.StateOffered || c.OperatorID != "anna" {
		t.Fatalf("with the page back the call is %s at %q", c.State, c.OperatorID)
	}
	s.connect(id)
	if a := s.ops["anna"]; a.Availability != queues.Ready || a.Presence != calls.PresenceTalking {
		t.Fatalf("anna is %+v", a)
	}
}

// TestUnreachablePhoneIsTriedAtIntervals: the registration stays, and the phone cannot be reached.
func TestUnreachablePhoneIsTriedAtIntervals(t *testing.T) {
	s := newStand(t, "anna", "boris")
	s.linkUp("anna", "boris")
	id := s.callIn("leg1", "+79161234567")
	s.connect(id)
	s.lose(id)
	attempts := 0
	for range 40 {
		if c := s.calls[id]; c.OperatorID == "anna" && c.State == calls.StateOffered {
			attempts++
			s.f.OriginateFailed(id, s.operatorLeg(id), false, s.now)
			s.settle()
		}
		s.advance(time.Second)
	}
	if attempts < 5 || attempts > 11 {
		t.Errorf("anna's phone was tried %d times in 20 seconds", attempts)
	}
	if c := s.calls[id]; c.OperatorID != "boris" {
		t.Errorf("after the rescue time the call is %s at %q", c.State, c.OperatorID)
	}
}

// TestLostOutboundCallIsNotHeldForEver: outside all queues there is nobody else, so the customer must be let go.
func TestLostOutboundCallIsNotHeldForEver(t *testing.T) {
	t.Run("declined", func(t *testing.T) {
		s := newStand(t, "anna")
		s.linkUp("anna")
		id := s.dialled("anna")
		s.lose(id)
		s.want(id, calls.StateOffered)
		s.take()
		s.pbx(telephony.LegEnded{At: s.now, Leg: s.operatorLeg(id), Cause: telephony.Cause{Q850: telephony.CauseRejected}})
		s.want(id, calls.StateWrapUp)
		if !has(s.take(), hangs("cust-"+telephony.LegID(id))) || s.calls[id].End.By != calls.ByOperator {
			t.Fatalf("the customer hears music for ever; end %+v", s.calls[id].End)
		}
		if o := s.ops["anna"]; o.CallID != id {
			t.Fatalf("anna cannot write about it: %+v", o)
		}
	})
	t.Run("not back in time", func(t *testing.T) {
		s := newStand(t, "anna")
		s.linkUp("anna")
		id := s.dialled("anna")
		s.phone("anna", false)
		s.lose(id)
		s.want(id, calls.StateRescuing)
		s.advance(21 * time.Second)
		s.want(id, calls.StateWrapUp)
		if by := s.calls[id].End.By; by != calls.BySystem {
			t.Fatalf("ended by %s", by)
		}
	})
}

// TestNewPhoneSessionTakesTheCall: the page was reloaded, or opened elsewhere. The old leg goes on until the new one is there; where it
// is silent, because its page is gone, the customer hears music meanwhile.
func TestNewPhoneSessionTakesTheCall(t *testing.T) {
	renew := func(t *testing.T, w *world, signOut bool) {
		t.Helper()
		if err := w.s.f.RenewPhone("anna", signOut, w.s.now); err != nil {
			t.Fatal(err)
		}
		w.s.settle()
		w.workAll()
		w.phone("anna", false)
		w.workAll()
	}
	for name, bring := range map[string]func(w *world, id calls.ID){
		"talking": func(*world, calls.ID) {},
		"held": func(w *world, id calls.ID) {
			w.must(calls.Command{Kind: calls.CmdHold, OperatorID: "anna", CallID: id})
		},
		"muted": func(w *world, id calls.ID) {
			w.must(calls.Command{Kind: calls.CmdSetMuted, OperatorID: "anna", CallID: id, Muted: true})
		},
		"consulting": func(w *world, id calls.ID) {
			w.must(calls.Command{Kind: calls.CmdConsult, OperatorID: "anna", CallID: id, To: &outside})
			w.reach(id)
		},
	} {
		t.Run(name, func(t *testing.T) {
			w, id := talking(t)
			bring(w, id)
			before := w.s.calls[id]
			old := w.s.operatorLeg(id)
			renew(t, w, false)
			if c := w.s.calls[id]; c.State != before.State || w.legs[old] == nil {
				t.Fatalf("before the new phone is there the call is %s\n%s", c.State, w)
			}
			w.phone("anna", true)
			w.workAll()
			next := w.s.calls[id].Next
			if next == nil {
				t.Fatalf("the new phone is not called\n%s", w)
			}
			w.mute[next.ID] = true // its media find no way yet
			w.answer(w.legs[next.ID])
			w.workAll()
			if c := w.s.calls[id]; c.Operator.ID != old || w.legs[old] == nil {
				t.Fatalf("the old phone was let go before the new one was heard\n%s", w)
			}
			w.mute[next.ID] = false
			w.pass(time.Second)
			w.workAll()
			c := w.s.calls[id]
			if c.State != before.State || c.Operator.ID != next.ID || c.Next != nil || w.legs[old] != nil || c.Muted != before.Muted ||
				w.muted[next.ID] != before.Muted || w.legs[next.ID].Bridge == "" {
				t.Fatalf("handed over the call is %s, %+v\n%s", c.State, c.Operator, w)
			}
			if c.Consult != nil && c.Consult.Front != before.Consult.Front {
				t.Errorf("the operator hears %q, not %q", c.Consult.Front, before.Consult.Front)
			}
		})
	}
	t.Run("does not come", func(t *testing.T) {
		w, id := talking(t)
		old := w.s.operatorLeg(id)
		renew(t, w, false)
		w.phone("anna", true)
		w.workAll()
		w.end(w.s.calls[id].Next.ID, telephony.Cause{Q850: telephony.CauseNoAnswer}, false)
		w.workAll()
		w.s.want(id, calls.StateTalking)
		if w.s.operatorLeg(id) != old {
			t.Error("the old phone was given up")
		}
	})
	t.Run("is never heard", func(t *testing.T) {
		w, id := talking(t)
		old := w.s.operatorLeg(id)
		renew(t, w, false)
		w.phone("anna", true)
		w.workAll()
		next := w.s.calls[id].Next.ID
		w.mute[next] = true
		w.answer(w.legs[next])
		w.workAll()
		w.pass(10 * time.Second)
		w.workAll()
		w.s.want(id, calls.StateTalking)
		if w.s.operatorLeg(id) != old || w.legs[next] != nil || w.s.calls[id].Next != nil {
			t.Errorf("the conversation is not where it is heard\n%s", w)
		}
	})
	t.Run("the old one falls silent", func(t *testing.T) {
		w, id := talking(t)
		w.mute[w.s.operatorLeg(id)] = true
		renew(t, w, false)
		w.s.want(id, calls.StateRescuing)
		w.heard(id, calls.BridgeOf(id), nil, calls.RoleCustomer)
		w.phone("anna", true)
		w.workAll()
		w.s.want(id, calls.StateOffered)
		w.talk(id)
	})
	t.Run("the old one goes while the new one rings", func(t *testing.T) {
		w, id := talking(t)
		renew(t, w, false)
		w.phone("anna", true)
		w.workAll()
		next := w.s.calls[id].Next.ID
		w.ring(w.legs[next])
		w.end(w.s.operatorLeg(id), telephony.Cause{Q850: telephony.CauseNormal}, false)
		w.workAll()
		w.heard(id, calls.BridgeOf(id), nil, calls.RoleCustomer)
		if got := w.s.operatorLeg(id); got != next {
			t.Fatalf("the ringing phone is not waited for: %s\n%s", got, w)
		}
		w.talk(id)
	})
	t.Run("signs out", func(t *testing.T) {
		w, id := talking(t)
		renew(t, w, true)
		w.s.want(id, calls.StateRescuing)
		w.heard(id, calls.BridgeOf(id), nil, calls.RoleCustomer)
	})
	t.Run("ringing", func(t *testing.T) {
		s := newStand(t, "anna")
		s.linkUp("anna")
		id := s.callIn("leg1", "+79161234567")
		old := s.operatorLeg(id)
		s.pbx(telephony.LegRang{At: s.now, Leg: old})
		if err := s.f.RenewPhone("anna", false, s.now); err != nil {
			t.Fatal(err)
		}
		s.settle()
		s.pbx(telephony.LegEnded{At: s.now, Leg: old, ByUs: true})
		s.want(id, calls.StateQueued)
		s.phone("anna", true)
		if c, a := s.calls[id], s.ops["anna"]; c.OperatorID != "anna" || a.Availability != queues.Ready {
			t.Fatalf("the call is %s at %q, anna %s (%s)", c.State, c.OperatorID, a.Availability, a.PauseReason)
		}
	})
}

// TestPhoneThatWentIsNotRungOn: fifteen seconds of ringing at a page that is not there are lost to the caller.
func TestPhoneThatWentIsNotRungOn(t *testing.T) {
	s := newStand(t, "anna", "boris")
	s.linkUp("anna", "boris")
	id := s.callIn("leg1", "+79161234567")
	leg := s.operatorLeg(id)
	s.take()
	s.phone("anna", false)
	if !has(s.take(), hangs(leg)) {
		t.Fatal("it rings on")
	}
	s.pbx(telephony.LegEnded{At: s.now, Leg: leg, ByUs: true})
	if c := s.calls[id]; c.OperatorID != "boris" {
		t.Fatalf("the call is %s at %q", c.State, c.OperatorID)
	}
	if a := s.ops["anna"]; a.Availability != queues.Ready {
		t.Fatalf("anna is %s: %s", a.Availability, a.PauseReason)
	}
	s.connect(id)
	s.take()
	s.phone("boris", false) // the media do not need the signalling
	if e := s.take(); len(e) != 1 || !has(e, func(d calls.DoListen) bool { return d.Leg == s.operatorLeg(id) }) {
		t.Fatalf("a lost registration did more than make us listen: %v", e)
	}
	s.want(id, calls.StateTalking)
}

// TestWhoNeverAnsweredHasNoWrapUp: anna talked and was lost, boris was rung, the customer gave up.
func TestWhoNeverAnsweredHasNoWrapUp(t *testing.T) {
	s := newStand(t, "anna", "boris")
	s.linkUp("anna", "boris")
	id := s.callIn("leg1", "+79161234567")
	s.connect(id)
	s.phone("anna", false)
	s.lose(id)
	s.advance(21 * time.Second)
	if c := s.calls[id]; c.OperatorID != "boris" {
		t.Fatalf("the call is %s at %q", c.State, c.OperatorID)
	}
	s.pbx(telephony.LegEnded{At: s.now, Leg: "leg1"})
	s.want(id, calls.StateEnded)
	if b := s.ops["boris"]; b.CallID != "" || b.Presence != calls.PresenceReady {
		t.Fatalf("boris is %+v", b)
	}
	if last := s.journal[len(s.journal)-1]; last.OperatorID != "anna" || last.End.Result != calls.ResultAnswered {
		t.Fatalf("the record says %q talked, result %s", last.OperatorID, last.End.Result)
	}
}

// TestJoinUnderWayWhenTheOperatorGoes: the PBX puts the customer into a bridge where nobody is.
func TestJoinUnderWayWhenTheOperatorGoes(t *testing.T) {
	s := newStand(t, "anna")
	s.linkUp("anna")
	id := s.callIn("leg1", "+79161234567")
	s.pbx(telephony.LegAnswered{At: s.now, Leg: s.operatorLeg(id)})
	s.lose(id)
	s.want(id, calls.StateQueued)
	s.take()
	s.pbx(telephony.LegJoined{At: s.now, Leg: "leg1", Bridge: calls.BridgeOf(id)})
	if !has(s.take(), func(d calls.DoPark) bool { return d.Leg == "leg1" }) {
		t.Fatal("the customer waits in silence")
	}
}

// TestRescueClosesNoBridge: a close that comes late would tear apart those who have just been brought together again.
func TestRescueClosesNoBridge(t *testing.T) {
	s := newStand(t, "anna")
	s.linkUp("anna")
	id := s.callIn("leg1", "+79161234567")
	s.connect(id)
	s.take()
	s.lose(id)
	if has[calls.DoCloseBridge](s.take(), nil) {
		t.Fatal("the bridge of a call that goes on is closed")
	}
}

// TestJoinThatFails: both have answered and cannot be brought together.
func TestJoinThatFails(t *testing.T) {
	t.Run("inbound", func(t *testing.T) {
		s := newStand(t, "anna")
		s.linkUp("anna")
		id := s.callIn("leg1", "+79161234567")
		op := s.operatorLeg(id)
		s.pbx(telephony.LegAnswered{At: s.now, Leg: op})
		s.take()
		s.f.JoinFailed(id, []telephony.LegID{"leg1", op}, s.now)
		s.settle()
		if e := s.take(); !has(e, hangs(op)) || has(e, hangs("leg1")) {
			t.Fatalf("it did %v", e)
		}
		s.pbx(telephony.LegEnded{At: s.now, Leg: op, ByUs: true})
		if c, a := s.calls[id], s.ops["anna"]; c.State != calls.StateOffered || c.Attempts != 2 || a.Availability != queues.Ready {
			t.Fatalf("the call is %s after %d attempts, anna %s", c.State, c.Attempts, a.Availability)
		}
		now := s.operatorLeg(id)
		s.f.JoinFailed(id, []telephony.LegID{"leg1", op}, s.now) // of the former offer, late
		s.settle()
		if s.operatorLeg(id) != now || has(s.take(), hangs(now)) {
			t.Fatal("an old failure ends a new offer")
		}
	})
	t.Run("outbound", func(t *testing.T) {
		s := newStand(t, "anna")
		s.linkUp("anna")
		id := s.dial("anna")
		op := s.operatorLeg(id)
		s.pbx(telephony.LegAnswered{At: s.now, Leg: op})
		cust := s.calls[id].Customer.ID
		s.pbx(telephony.LegAnswered{At: s.now, Leg: cust})
		s.f.JoinFailed(id, []telephony.LegID{cust, op}, s.now)
		s.settle()
		s.pbx(telephony.LegEnded{At: s.now, Leg: cust, ByUs: true})
		s.want(id, calls.StateWrapUp)
		if end := s.calls[id].End; end.Result != calls.ResultFailed || end.By != calls.BySystem {
			t.Fatalf("it ended %+v", end)
		}
	})
	t.Run("without a word", func(t *testing.T) {
		s := newStand(t, "anna")
		s.linkUp("anna")
		id := s.callIn("leg1", "+79161234567")
		op := s.operatorLeg(id)
		s.pbx(telephony.LegAnswered{At: s.now, Leg: op})
		s.take()
		s.advance(16 * time.Second)
		if !has(s.take(), hangs(op)) {
			t.Fatal("customer and operator sit in silence")
		}
	})
}

// TestMusicThatFailed: the PBX did not park the customer; it is asked again.
func TestMusicThatFailed(t *testing.T) {
	s := newStand(t)
	s.linkUp()
	id := s.callIn("leg1", "+79161234567")
	s.take()
	s.f.Failed(id, s.now)
	s.settle()
	s.advance(4 * time.Second)
	if !has(s.take(), func(d calls.DoPark) bool { return d.Leg == "leg1" }) {
		t.Fatal("the customer waits in silence")
	}
	s.pbx(telephony.LegParked{At: s.now, Leg: "leg1"})
	s.f.Failed(id, s.now)
	s.settle()
	s.advance(4 * time.Second)
	if e := s.take(); len(e) != 0 {
		t.Fatalf("what is as it should be was commanded again: %v", e)
	}
}
