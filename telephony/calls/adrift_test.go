package calls_test

import (
	"testing"
	"time"

	"github.com/pult-cc/pult/telephony"
	"github.com/pult-cc/pult/telephony/calls"
)

// TestLateCloseOfTheAsideBridge: the bridge of a consultation is closed when the next one is in it, and its legs are nowhere.
func TestLateCloseOfTheAsideBridge(t *testing.T) {
	w, id := consulting(t, colleague)
	w.end(w.s.calls[id].Guest.ID, telephony.Cause{Q850: telephony.CauseNormal}, false)
	lane := string(calls.AsideOf(id))
	rest := func() {
		w.gather()
		for {
			busy := false
			for _, l := range w.busy() {
				if l != lane {
					w.work(l, carriedOut)
					busy = true
					break
				}
			}
			if !busy {
				return
			}
		}
	}
	rest()
	w.s.must(calls.Command{Kind: calls.CmdConsult, CallID: id, OperatorID: "anna", To: &colleague})
	rest()
	w.answer(w.legs[w.s.calls[id].Guest.ID])
	rest()
	w.workAll()
	w.advance(2 * time.Second)
	w.workAll()
	w.heard(id, calls.AsideOf(id), []calls.Role{calls.RoleOperator, calls.RoleGuest}, calls.RoleCustomer)
}

// TestLegThatFallsOutOfItsBridgeIsPutBack, in every state in which somebody hears somebody.
func TestLegThatFallsOutOfItsBridgeIsPutBack(t *testing.T) {
	main, aside := calls.BridgeOf, calls.AsideOf
	for name, c := range map[string]struct {
		start func(t *testing.T) (*world, calls.ID)
		in    func(calls.ID) telephony.BridgeID
		who   []calls.Role
		music []calls.Role
	}{
		"talking": {talking, main, []calls.Role{calls.RoleCustomer, calls.RoleOperator}, nil},
		"held": {func(t *testing.T) (*world, calls.ID) {
			w, id := talking(t)
			w.must(calls.Command{Kind: calls.CmdHold, CallID: id, OperatorID: "anna"})
			return w, id
		}, main, []calls.Role{calls.RoleOperator}, []calls.Role{calls.RoleCustomer}},
		"dialling": {func(t *testing.T) (*world, calls.ID) {
			w, held := talking(t)
			w.must(calls.Command{Kind: calls.CmdDial, OperatorID: "anna", Number: "+74951112233"})
			led := w.live()[0]
			if led == held {
				led = w.live()[1]
			}
			w.answer(w.legs[w.s.operatorLeg(led)])
			w.workAll()
			return w, led
		}, main, []calls.Role{calls.RoleOperator}, nil},
		"consulting": {func(t *testing.T) (*world, calls.ID) { return consulting(t, colleague) }, aside,
			[]calls.Role{calls.RoleOperator, calls.RoleGuest}, []calls.Role{calls.RoleCustomer}},
		"conference": {func(t *testing.T) (*world, calls.ID) {
			w, id := consulting(t, colleague)
			w.must(calls.Command{Kind: calls.CmdMergeConsult, CallID: id, OperatorID: "anna"})
			return w, id
		}, main, all, nil},
	} {
		for _, role := range c.who {
			t.Run(name+" "+string(role), func(t *testing.T) {
				w, id := c.start(t)
				before := w.s.calls[id].State
				for _, l := range w.s.calls[id].Legs() {
					if l.Role == role {
						w.leave(w.legs[l.ID])
					}
				}
				w.workAll()
				w.advance(2 * time.Second)
				w.workAll()
				w.s.want(id, before)
				w.heard(id, c.in(id), c.who, c.music...)
			})
		}
	}
}
