package calls_test

import (
	"testing"
	"time"

	"github.com/pult-cc/pult/telephony"
	"github.com/pult-cc/pult/telephony/calls"
)

// dialledOnly has anna talk with somebody she dialled, and nobody else.
func dialledOnly(t *testing.T) (*world, calls.ID) {
	t.Helper()
	w, held, led := twoCalls(t)
	w.must(calls.Command{Kind: calls.CmdHangUp, CallID: held, OperatorID: "anna"})
	w.must(calls.Command{Kind: calls.CmdFinishWrapUp, CallID: held, OperatorID: "anna"})
	return w, led
}

// TestDialledCallRingsWhomItIsGivenTo: they have not answered, so they do not talk.
func TestDialledCallRingsWhomItIsGivenTo(t *testing.T) {
	w, id := dialledOnly(t)
	w.must(calls.Command{Kind: calls.CmdTransfer, CallID: id, OperatorID: "anna", To: &colleague})
	w.ring(w.legs[w.s.operatorLeg(id)])
	w.s.want(id, calls.StateRinging)
	if b := w.s.ops["boris"]; b.CallID != id || b.Presence != calls.PresenceOffered {
		t.Errorf("boris, whose phone rings, is %+v", b)
	}
	w.talk(id)
	if b := w.s.ops["boris"]; b.Presence != calls.PresenceTalking {
		t.Errorf("boris, who answered, is %s", b.Presence)
	}
}

// TestParkedDialledCallRingsMoreThanOnce: outside all queues there is nobody else to give the customer to, so that one ring which
// nobody hears must not be the end.
func TestParkedDialledCallRingsMoreThanOnce(t *testing.T) {
	w, id := dialledOnly(t)
	w.must(calls.Command{Kind: calls.CmdPark, CallID: id, OperatorID: "anna"})
	cust := w.s.calls[id].Customer.ID
	w.advance(121 * time.Second)
	w.workAll()
	w.s.want(id, calls.StateOffered)
	rings := 1
	for range 45 {
		before := w.s.calls[id].State
		w.advance(time.Second)
		w.workAll()
		if now := w.s.calls[id].State; now == calls.StateOffered && before != now {
			rings++
		}
		if w.legs[cust] == nil || !w.legs[cust].Parked {
			t.Fatalf("after %d rings the customer hears no music\n%s", rings, w)
		}
	}
	if rings != 2 {
		t.Fatalf("in 45 seconds anna's phone rang %d times", rings)
	}
	w.advance(3 * time.Minute)
	w.workAll()
	w.s.want(id, calls.StateEnded) // it does not ring for ever
	if end := w.s.calls[id].End; w.legs[cust] != nil || end.By != calls.BySystem || w.s.calls[id].OperatorID != "anna" {
		t.Fatalf("ended %+v, of %q", end, w.s.calls[id].OperatorID)
	}
}

// TestReturnedCallThatIsAnsweredCanBeGivenAwayAgain: the second time has as much time as the first.
func TestReturnedCallThatIsAnsweredCanBeGivenAwayAgain(t *testing.T) {
	w, id := dialledOnly(t)
	for range 2 {
		w.must(calls.Command{Kind: calls.CmdTransfer, CallID: id, OperatorID: "anna", To: &colleague})
		w.must(calls.Command{Kind: calls.CmdDecline, CallID: id, OperatorID: "boris"})
		if c := w.s.calls[id]; c.State != calls.StateOffered || c.OperatorID != "anna" {
			t.Fatalf("declined, the call is %s of %q", c.State, c.OperatorID)
		}
		w.talk(id)
		w.advance(150 * time.Second)
	}
}

// TestParkedCallOutlivesItsOwner: the new owner knows who parked it, and until when; and it is no lost conversation.
func TestParkedCallOutlivesItsOwner(t *testing.T) {
	for name, start := range map[string]func(*testing.T) (*world, calls.ID){"called": talking, "dialled": dialledOnly} {
		t.Run(name, func(t *testing.T) {
			w, id := start(t)
			w.must(calls.Command{Kind: calls.CmdPark, CallID: id, OperatorID: "anna"})
			cust, parked := w.s.calls[id].Customer.ID, *w.s.calls[id].Parking
			w.advance(100 * time.Second)
			w.inherit(0)
			w.workAll()
			w.s.want(id, calls.StateQueued)
			if p := w.s.calls[id].Parking; p == nil || p.By != "anna" || !p.Until.Equal(parked.Until) {
				t.Fatalf("parking %+v, was %+v", p, parked)
			}
			if w.legs[cust] == nil || !w.legs[cust].Parked {
				t.Fatalf("the customer hears no music\n%s", w)
			}
			w.advance(22 * time.Second)
			w.workAll()
			if c := w.s.calls[id]; c.State != calls.StateOffered || c.OperatorID != "anna" {
				t.Fatalf("when its time is over the call is %s of %q", c.State, c.OperatorID)
			}
			w.talk(id)
			w.inherit(0)
			w.workAll()
			w.s.want(id, calls.StateTalking)
			if c := w.s.calls[id]; c.Parking != nil {
				t.Fatalf("picked up and parked: %+v", c.Parking)
			}
		})
	}
}

// TestDialledCallThatIsBeingGivenAwayOutlivesItsOwner: whom it was meant for is not known any more; then it comes back.
func TestDialledCallThatIsBeingGivenAwayOutlivesItsOwner(t *testing.T) {
	w, id := dialledOnly(t)
	w.must(calls.Command{Kind: calls.CmdTransfer, CallID: id, OperatorID: "anna", To: &colleague})
	w.phone("boris", false)
	w.workAll()
	cust := w.s.calls[id].Customer.ID
	w.inherit(0)
	w.workAll()
	if w.legs[cust] == nil {
		t.Fatalf("the customer was hung up: %+v", w.s.calls[id].End)
	}
	if c := w.s.calls[id]; c.State != calls.StateOffered || c.OperatorID != "anna" {
		t.Fatalf("the call is %s of %q", c.State, c.OperatorID)
	}
	w.talk(id)
}

// givenToTheQueue has anna give her call to a queue in which nobody but her is there.
func givenToTheQueue(t *testing.T) (w *world, id calls.ID, cust telephony.LegID) {
	t.Helper()
	w, id = talking(t)
	for _, o := range []string{"boris", "vera"} {
		w.phone(o, false)
	}
	w.must(calls.Command{Kind: calls.CmdTransfer, CallID: id, OperatorID: "anna", To: &calls.Target{QueueID: "q1"}})
	if c := w.s.calls[id]; c.State != calls.StateOffered || c.OperatorID != "anna" {
		t.Fatalf("the call is %s of %q", c.State, c.OperatorID)
	}
	return w, id, w.s.calls[id].Customer.ID
}

// TestCallThatCameBackFromAQueueIsAnOffer to whoever gave it there: not theirs to end, and nothing to write about.
func TestCallThatCameBackFromAQueueIsAnOffer(t *testing.T) {
	for name, first := range map[string]func(*world){
		"":                 func(*world) {},
		" for a new owner": func(w *world) { w.inherit(0); w.workAll() },
	} {
		t.Run("hung up"+name, func(t *testing.T) {
			w, id, cust := givenToTheQueue(t)
			first(w)
			w.must(calls.Command{Kind: calls.CmdHangUp, CallID: id, OperatorID: "anna"})
			if w.legs[cust] == nil {
				t.Error("hanging up what only rings ended the customer")
			}
			w.s.want(id, calls.StateQueued)
		})
		t.Run("given up"+name, func(t *testing.T) {
			w, id, cust := givenToTheQueue(t)
			first(w)
			w.end(cust, telephony.Cause{Q850: telephony.CauseNormal}, false)
			w.workAll()
			w.s.want(id, calls.StateEnded)
		})
		t.Run("answered"+name, func(t *testing.T) {
			w, id, _ := givenToTheQueue(t)
			first(w)
			w.talk(id)
			w.must(calls.Command{Kind: calls.CmdHangUp, CallID: id, OperatorID: "anna"})
			w.s.want(id, calls.StateWrapUp)
		})
	}
}
