package calls_test

import (
	"maps"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/pult-cc/pult/telephony"
	"github.com/pult-cc/pult/telephony/calls"
)

// TestNoNewOwnerEndsACall: whatever goes on, a customer who is on the line stays there when another owner takes the floor over, and
// who spoke with somebody, or had them on hold, goes on as before.
func TestNoNewOwnerEndsACall(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		w, _ := talkingOf(rt)
		for range rapid.IntRange(1, 12).Draw(rt, "steps") {
			w.act(rt, "work all", "work all", "third", "third", "party", "party", "dial", "dial", "in", "answer", "answer", "answer", "command", "time", "end")
			if rapid.Bool().Draw(rt, "settled") {
				w.workAll()
			}
		}
		w.workAll()
		before := maps.Clone(w.s.calls)
		w.inherit(0)
		w.workAll()
		for id, c := range before {
			if !c.Live() || c.HangupAsked || c.Customer == nil {
				continue
			}
			if w.legs[c.Customer.ID] == nil {
				rt.Fatalf("%s, %s of %q, was ended by a new owner: %+v\n%s", id, c.State, c.OperatorID, w.s.calls[id].End, w)
			}
			switch now := w.s.calls[id]; c.State {
			case calls.StateTalking, calls.StateHeld, calls.StateConsulting, calls.StateConference:
				if now.State != c.State || now.OperatorID != c.OperatorID {
					rt.Fatalf("%s, %s of %q, is %s of %q with a new owner\n%s", id, c.State, c.OperatorID, now.State, now.OperatorID, w)
				}
			}
		}
	})
}

// TestNoLossChangesWhichCallIsLed: whatever becomes of the phone, in whatever order the calls come back, without a command of the
// operator's one stays on hold and the other one led.
func TestNoLossChangesWhichCallIsLed(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		w, held, led := twoCallsOf(rt)
		both := []calls.ID{held, led}
		legs := func() (out []telephony.LegID) {
			for _, id := range both {
				for _, l := range w.s.calls[id].Legs() {
					if l.Role == calls.RoleOperator {
						out = append(out, l.ID)
					}
				}
			}
			return out
		}
		for range rapid.IntRange(1, 12).Draw(rt, "steps") {
			if left := legs(); len(left) > 0 {
				leg := rapid.SampledFrom(left).Draw(rt, "leg")
				switch rapid.SampledFrom([]string{"end", "silence", "answer", "renew", "gone", "work", "owner"}).Draw(rt, "what") {
				case "end":
					w.end(leg, telephony.Cause{Q850: telephony.CauseNormal}, false)
				case "silence":
					w.mute[leg] = rapid.Bool().Draw(rt, "silent")
				case "answer":
					if l := w.legs[leg]; l != nil {
						w.answer(l)
					}
				case "renew":
					if w.s.f.RenewPhone("anna", false, w.s.now) == nil {
						w.s.settle()
						w.phone("anna", false)
						w.phone("anna", true)
					}
				case "gone":
					w.phone("anna", false)
					w.pass(100 * time.Millisecond)
					w.phone("anna", true)
				case "work":
					if lanes := w.busy(); len(lanes) > 0 {
						w.work(rapid.SampledFrom(lanes).Draw(rt, "lane"), carriedOut)
					}
				case "owner":
					w.workAll() // what is not done is not known
					if w.s.calls[held].State == calls.StateHeld && w.s.calls[led].State == calls.StateTalking {
						w.inherit(0)
					}
				}
			}
			w.gather()
		}
		clear(w.mute)
		for range 8 { // the phone is there and answers by itself
			w.pass(2 * time.Second)
			for _, leg := range rapid.Permutation(legs()).Draw(rt, "order") {
				if l := w.legs[leg]; l != nil {
					w.answer(l)
					w.workAll()
				}
			}
		}
		if a, b := w.s.calls[held].State, w.s.calls[led].State; a != calls.StateHeld || b != calls.StateTalking {
			rt.Fatalf("the one on hold is %s, the led one %s\n%s", a, b, w)
		}
	})
}
