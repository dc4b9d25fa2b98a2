package calls_test

import (
	"testing"
	"time"

	"github.com/pult-cc/pult/telephony"
	"github.com/pult-cc/pult/telephony/calls"
)

// atDesk is a world in which anna, at a desk phone, talks with a caller.
func atDesk(t *testing.T) (*world, calls.ID) {
	t.Helper()
	w := newWorld(newStand(t, "anna", "boris", "vera"))
	w.s.desks = map[string]bool{"anna": true}
	w.s.directory("anna", "boris", "vera")
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

func (w *world) putDown(id calls.ID) {
	w.end(w.s.operatorLeg(id), telephony.Cause{Q850: telephony.CauseNormal}, false)
	w.workAll()
}

// TestReceiverOfADeskPhoneIsPutDown: that is a hang-up like any other command, not a lost phone.
func TestReceiverOfADeskPhoneIsPutDown(t *testing.T) {
	w, id := atDesk(t)
	w.putDown(id)
	w.s.want(id, calls.StateWrapUp)
	if end := w.s.calls[id].End; end.By != calls.ByOperator || end.Result != calls.ResultAnswered {
		t.Errorf("end %+v", end)
	}
}

// TestDeskPhoneThatBreaksIsRungAgain: its network died, the PBX says so.
func TestDeskPhoneThatBreaksIsRungAgain(t *testing.T) {
	w, id := atDesk(t)
	w.end(w.s.operatorLeg(id), telephony.Cause{Q850: telephony.CauseInterworking}, false)
	w.workAll()
	w.s.want(id, calls.StateOffered)
	w.heard(id, calls.BridgeOf(id), nil, calls.RoleCustomer)
	w.talk(id)
}

// TestSilentDeskPhoneIsNoLoss: desk phones may send nothing while nobody speaks.
func TestSilentDeskPhoneIsNoLoss(t *testing.T) {
	w, id := atDesk(t)
	w.mute[w.s.operatorLeg(id)] = true
	w.phone("anna", false)
	w.pass(5 * time.Second)
	w.s.want(id, calls.StateTalking)
}

// TestReceiverPutDownInAConsultationTransfers, as on any desk phone; before the guest has answered it calls back.
func TestReceiverPutDownInAConsultationTransfers(t *testing.T) {
	t.Run("colleague", func(t *testing.T) {
		w, id := atDesk(t)
		w.must(calls.Command{Kind: calls.CmdConsult, CallID: id, OperatorID: "anna", To: &colleague})
		w.reach(id)
		w.putDown(id)
		if c := w.s.calls[id]; c.State != calls.StateTalking || c.OperatorID != "boris" || w.s.ops["anna"].CallID != "" {
			t.Fatalf("the call is %s of %q\n%s", c.State, c.OperatorID, w)
		}
		w.heard(id, calls.BridgeOf(id), []calls.Role{calls.RoleCustomer, calls.RoleOperator})
	})
	t.Run("outside", func(t *testing.T) {
		w, id := atDesk(t)
		w.must(calls.Command{Kind: calls.CmdConsult, CallID: id, OperatorID: "anna", To: &outside})
		w.reach(id)
		w.putDown(id)
		w.s.want(id, calls.StateEnded)
		if len(w.legs) != 2 {
			t.Fatalf("customer and outside party are not left to each other\n%s", w)
		}
	})
	t.Run("not reached", func(t *testing.T) {
		w, id := atDesk(t)
		w.must(calls.Command{Kind: calls.CmdConsult, CallID: id, OperatorID: "anna", To: &outside})
		w.putDown(id)
		w.s.want(id, calls.StateOffered)
		w.heard(id, calls.BridgeOf(id), nil, calls.RoleCustomer)
	})
}

// TestQueueThatAnswersByItself asks phones of both kinds to.
func TestQueueThatAnswersByItself(t *testing.T) {
	s := newStand(t, "anna")
	s.linkUp("anna")
	q := support
	q.AutoAnswer = true
	s.queue(q)
	s.callIn("leg1", "+79161234567")
	if !has(s.take(), func(d calls.DoOriginate) bool {
		return d.Headers[calls.HeaderAutoAnswer] == "1" && d.Headers[calls.HeaderCallInfo] == "<sip:pult>;answer-after=0"
	}) {
		t.Fatal("the phone is not asked to answer by itself")
	}
}
