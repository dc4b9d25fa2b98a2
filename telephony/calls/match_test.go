package calls_test

import (
	"testing"

	"github.com/pult-cc/pult/internal/customers"
	"github.com/pult-cc/pult/internal/errs"
	"github.com/pult-cc/pult/telephony"
	"github.com/pult-cc/pult/telephony/calls"
)

func found(id customers.ID) customers.Match {
	return customers.Match{State: customers.MatchFound, Chosen: &customers.Customer{ID: id, Name: "Василёк " + string(id)}}
}

// asked returns the numbers of the questions among the effects so far.
func (s *stand) asked() (out []int) {
	for _, e := range s.take() {
		if l, ok := e.Effect.(calls.LookUp); ok {
			out = append(out, l.Ask)
		}
	}
	return out
}

func (s *stand) answer(id calls.ID, ask int, m customers.Match) {
	s.f.Matched(id, ask, m)
	s.settle()
}

func (s *stand) chosen(id calls.ID) customers.ID {
	if c := s.calls[id].Match.Chosen; c != nil {
		return c.ID
	}
	return ""
}

// TestLateAnswerReachesTheRecord: a caller gave up before the customer system answered. Who it was is worth knowing all the more.
func TestLateAnswerReachesTheRecord(t *testing.T) {
	s := newStand(t)
	s.linkUp()
	id := s.callIn("leg1", "+79161234567")
	ask := s.asked()[0]
	s.pbx(telephony.LegEnded{At: s.now, Leg: "leg1"})
	s.want(id, calls.StateEnded)
	s.answer(id, ask, customers.Match{State: customers.MatchPending})
	s.answer(id, ask, found("c1"))
	last := s.journal[len(s.journal)-1]
	if last.Match.Chosen == nil || last.Match.Chosen.ID != "c1" || last.State != calls.StateEnded {
		t.Fatalf("the record says %s, customer %+v", last.State, last.Match.Chosen)
	}
	s.f.Asked(id)
	saved := len(s.journal)
	s.answer(id, ask, found("c2"))
	if len(s.journal) != saved {
		t.Fatal("a call is remembered after its last answer")
	}
}

// TestChoiceAtTheVeryEnd: the wrap-up was finished while the choice was being kept.
func TestChoiceAtTheVeryEnd(t *testing.T) {
	s := newStand(t, "anna")
	s.linkUp("anna")
	id := s.callIn("leg1", "+79161234567")
	s.f.Asked(id)
	s.connect(id)
	s.pbx(telephony.LegEnded{At: s.now, Leg: "leg1"})
	s.must(calls.Command{Kind: calls.CmdLinkCustomer, OperatorID: "anna", CallID: id, CustomerID: "c7"})
	s.must(calls.Command{Kind: calls.CmdFinishWrapUp, OperatorID: "anna", CallID: id})
	s.f.Linked(id, found("c7"))
	s.settle()
	if last := s.journal[len(s.journal)-1]; last.Match.Chosen == nil || last.Match.Chosen.ID != "c7" {
		t.Fatalf("the record has %+v", last.Match.Chosen)
	}
}

// TestOldAnswerOverwritesNothing: the first question is still with a slow system when a person asks again, or chooses.
func TestOldAnswerOverwritesNothing(t *testing.T) {
	s := newStand(t, "anna")
	s.linkUp("anna")
	id := s.callIn("leg1", "+79161234567")
	first := s.asked()[0]
	s.must(calls.Command{Kind: calls.CmdRetryMatch, OperatorID: "anna", CallID: id})
	second := s.asked()[0]
	s.answer(id, second, found("c2"))
	s.answer(id, first, customers.Match{State: customers.MatchNone})
	if got := s.chosen(id); got != "c2" {
		t.Fatalf("a late answer to the first question made it %q", got)
	}
	s.must(calls.Command{Kind: calls.CmdLinkCustomer, OperatorID: "anna", CallID: id, CustomerID: "c3"})
	s.f.Linked(id, found("c3"))
	s.settle()
	s.answer(id, second, found("c2"))
	if got := s.chosen(id); got != "c3" {
		t.Fatalf("a late answer replaced what a person chose by %q", got)
	}
}

// TestChoiceThatFailsThrowsNoAnswerAway: the card waited for ever for the answer that was under way when somebody chose in vain.
func TestChoiceThatFailsThrowsNoAnswerAway(t *testing.T) {
	s := newStand(t, "anna")
	s.linkUp("anna")
	id := s.callIn("leg1", "+79161234567")
	ask := s.asked()[0]
	s.connect(id)
	s.must(calls.Command{Kind: calls.CmdLinkCustomer, CallID: id, OperatorID: "anna", CustomerID: "c9"})
	s.f.LinkFailed(id, "anna", "1C does not answer", s.now)
	s.f.Asked(id)
	s.answer(id, ask, customers.Match{State: customers.MatchNone})
	if got := s.calls[id].Match.State; got != customers.MatchNone {
		t.Errorf("the card is %s for ever", got)
	}
	if n := s.notices[len(s.notices)-1]; n.Kind != calls.NoticeConnectorTrouble || n.OperatorID != "anna" || n.CallID != id || n.Text != "1C does not answer" {
		t.Errorf("anna was told %+v", n)
	}
}

// TestAWrongLinkIsUndoneInEveryCall: the number calls twice at once. Who it is not was said in one call and stayed on the other's card.
func TestAWrongLinkIsUndoneInEveryCall(t *testing.T) {
	s := newStand(t, "anna")
	s.linkUp("anna")
	one := s.callIn("leg1", "+79161234567")
	first := s.asked()[0]
	two := s.callIn("leg2", "+79161234567")
	second := s.asked()[0]
	other := s.callIn("leg3", "+79161234568")
	third := s.asked()[0]
	hidden := s.callIn("leg4", "anonymous")
	s.answer(one, first, found("wrong"))
	s.answer(two, second, found("wrong"))
	s.answer(other, third, found("neighbour"))
	s.f.Linked(one, customers.Match{State: customers.MatchMany})
	s.settle()
	if a, b, c := s.chosen(one), s.chosen(two), s.chosen(other); a != "" || b != "" || c != "neighbour" {
		t.Fatalf("the calls are linked to %q, %q and, from another number, %q", a, b, c)
	}
	s.answer(two, second, found("wrong")) // the answer of a slow system
	if got := s.chosen(two); got != "" {
		t.Fatalf("a late answer brought %q back", got)
	}
	s.f.Linked(hidden, found("somebody"))
	s.settle()
	if a, b := s.chosen(hidden), s.chosen(one); a != "somebody" || b != "" {
		t.Fatalf("linking a withheld number made it %q and another call %q", a, b)
	}
}

// TestASystemDoesNotChooseWhereAPersonSaidNobody: the card showed somebody whom the history, which keeps to what people say, did not have.
func TestASystemDoesNotChooseWhereAPersonSaidNobody(t *testing.T) {
	s := newStand(t, "anna")
	s.linkUp("anna")
	id := s.callIn("leg1", "+79161234567")
	s.answer(id, s.asked()[0], found("wrong"))
	s.f.Linked(id, found("wrong").WithoutChoice(s.now))
	s.settle()
	for _, state := range []customers.MatchState{customers.MatchPending, customers.MatchFound} {
		s.must(calls.Command{Kind: calls.CmdRetryMatch, OperatorID: "anna", CallID: id})
		m := found("likely")
		m.State = state
		s.answer(id, s.asked()[0], m)
		if m := s.calls[id].Match; s.chosen(id) != "" || m.DecidedAt == nil || m.State == customers.MatchFound {
			t.Fatalf("a system chose %q: %s", s.chosen(id), m.State)
		}
	}
	s.must(calls.Command{Kind: calls.CmdRetryMatch, OperatorID: "anna", CallID: id})
	s.answer(id, s.asked()[0], customers.Match{State: customers.MatchFound}.WithChoice(customers.Customer{ID: "right"}, "boris", s.now))
	if got := s.chosen(id); got != "right" {
		t.Errorf("what another person said of the number made it %q", got)
	}
}

// TestFailedAnswerTakesNothingBack: the customer system went away between two questions.
func TestFailedAnswerTakesNothingBack(t *testing.T) {
	s := newStand(t, "anna")
	s.linkUp("anna")
	id := s.callIn("leg1", "+79161234567")
	s.answer(id, s.asked()[0], found("c1"))
	s.must(calls.Command{Kind: calls.CmdRetryMatch, OperatorID: "anna", CallID: id})
	s.answer(id, s.asked()[0], customers.Match{State: customers.MatchFailed, Problem: "1C does not answer"})
	if m := s.calls[id].Match; m.State != customers.MatchFailed || s.chosen(id) != "c1" {
		t.Fatalf("after the failure the card shows %s, %q", m.State, s.chosen(id))
	}
	s.f.Linked(id, customers.Match{State: customers.MatchFailed})
	s.settle()
	if got := s.chosen(id); got != "" {
		t.Fatalf("taking the choice back left %q", got)
	}
}

// TestMutedIsWhatThePBXSays: an operator who believes to be muted says things that nobody should hear.
func TestMutedIsWhatThePBXSays(t *testing.T) {
	w := newWorld(newStand(t, "anna"))
	w.online["anna"] = true
	w.connect()
	w.callIn()
	w.workAll()
	id := w.live()[0]
	mute := calls.Command{Kind: calls.CmdSetMuted, OperatorID: "anna", CallID: id, Muted: true}
	if err := w.s.do(mute); !errs.Is(err, errs.Conflict) {
		t.Fatalf("muting a phone that rings gave %v", err)
	}
	w.talk(id)
	w.s.must(mute)
	if w.s.calls[id].Muted {
		t.Fatal("shown as muted before the PBX has done it")
	}
	w.workAll()
	if !w.s.calls[id].Muted {
		t.Fatal("not shown as muted")
	}
	w.inherit(0)
	w.workAll()
	if !w.s.calls[id].Muted || !w.muted[w.s.operatorLeg(id)] {
		t.Fatal("the new owner of the floor does not know that the leg is muted")
	}
	op := w.s.operatorLeg(id)
	w.end(op, telephony.Cause{}, false)
	w.workAll()
	if !w.s.calls[id].Muted {
		t.Fatal("a page that is fetched back does not know that it begins muted")
	}
	w.talk(id)
	if !w.s.calls[id].Muted || !w.muted[w.s.operatorLeg(id)] {
		t.Fatal("the new leg is not muted")
	}
}
