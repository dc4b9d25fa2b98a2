package calls_test

import (
	"testing"
	"time"

	"github.com/pult-cc/pult/internal/errs"
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

// TestPageCannotAnswerForADeskPhone: nothing can pick its receiver up, so nobody may believe that it was.
func TestPageCannotAnswerForADeskPhone(t *testing.T) {
	s := newStand(t, "anna", "boris")
	s.desks = map[string]bool{"anna": true, "boris": true}
	s.directory("anna", "boris")
	s.linkUp("anna", "boris")
	id := s.callIn("leg1", "+79161234567")
	answer := func(op string) {
		t.Helper()
		err := s.do(calls.Command{Kind: calls.CmdAnswer, CallID: id, OperatorID: op})
		if !errs.Is(err, errs.Conflict) || errs.Message(err) != "answer on your desk phone" || s.calls[id].AnswerRequested {
			t.Fatalf("answering for %s gave %v", op, err)
		}
	}
	answer("anna")
	s.connect(id)
	s.must(calls.Command{Kind: calls.CmdConsult, CallID: id, OperatorID: "anna", To: &colleague})
	answer("boris")
}

// TestDeskPhoneIsSeen: the page has to know that it is not the phone, and when that changes.
func TestDeskPhoneIsSeen(t *testing.T) {
	s := newStand(t, "anna")
	s.linkUp("anna")
	if s.ops["anna"].Desk {
		t.Fatal("anna has no desk phone yet")
	}
	before := s.ops["anna"].Version
	s.desks = map[string]bool{"anna": true}
	s.directory("anna")
	if o := s.ops["anna"]; !o.Desk || o.Version <= before {
		t.Fatalf("anna is %+v; before it was version %d", o, before)
	}
}

// TestDeskPhoneOutlivesItsAccount: a new secret, a revoked account, the page as the next device: who talks goes on talking.
func TestDeskPhoneOutlivesItsAccount(t *testing.T) {
	for _, revoked := range []bool{false, true} {
		w, id := atDesk(t)
		if err := w.s.f.RenewPhone("anna", revoked, w.s.now); err != nil {
			t.Fatal(err)
		}
		w.phone("anna", false)
		w.pass(5 * time.Second)
		w.s.want(id, calls.StateTalking)
		w.s.desks = nil // and now it is the page
		w.s.directory("anna", "boris", "vera")
		w.phone("anna", true)
		w.workAll()
		w.s.want(id, calls.StateTalking)
		w.putDown(id)
		w.s.want(id, calls.StateWrapUp)
	}
}

// TestPageHandsOverToADeskPhone in mid-call: the desk phone is called, answers by itself, and is one from then on.
func TestPageHandsOverToADeskPhone(t *testing.T) {
	w, id := talking(t)
	old := w.s.operatorLeg(id)
	w.s.desks = map[string]bool{"anna": true}
	w.s.directory("anna", "boris", "vera")
	if err := w.s.f.RenewPhone("anna", false, w.s.now); err != nil {
		t.Fatal(err)
	}
	w.phone("anna", false)
	w.phone("anna", true)
	w.workAll()
	next := w.s.calls[id].Next
	if next == nil || !next.Desk {
		t.Fatalf("the desk phone is not called\n%s", w)
	}
	w.answer(w.legs[next.ID])
	w.workAll()
	w.s.want(id, calls.StateTalking)
	if leg := w.s.operatorLeg(id); leg == old || w.legs[old] != nil {
		t.Fatalf("the page still has the call\n%s", w)
	}
	w.putDown(id)
	w.s.want(id, calls.StateWrapUp)
}

// TestNewOwnerKnowsADeskPhone by its leg: putting the receiver down must not look like a lost browser.
func TestNewOwnerKnowsADeskPhone(t *testing.T) {
	w, id := atDesk(t)
	w.inherit(0)
	w.s.want(id, calls.StateTalking)
	w.putDown(id)
	w.s.want(id, calls.StateWrapUp)
}
