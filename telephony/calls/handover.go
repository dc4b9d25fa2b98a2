package calls

import (
	"strconv"
	"time"

	"github.com/pult-cc/pult/telephony"
)

// An operator takes the phone to another window, or another computer, in the middle of a conversation: the old leg goes on until the new
// one is in the conversation. Make before break.

// handOver waits for the new phone.
func (s *step) handOver() {
	s.c.moving = true
	s.dropNext()
}

// reachNext calls the new phone, which answers by itself.
func (s *step) reachNext(at time.Time, desk bool) {
	c := &s.c
	if !c.moving || c.Next != nil || !c.watched() || !talks(c.State) {
		return
	}
	leg := telephony.LegID("op-" + string(c.ID) + "-next-" + strconv.FormatInt(at.UnixMilli(), 36) + "-" + strconv.FormatUint(c.Version, 36))
	headers := map[string]string{HeaderCall: string(c.ID)}
	autoAnswer(headers)
	c.Next, s.changed = &Leg{ID: leg, Role: RoleOperator, State: telephony.LegDown, Desk: desk, patience: patience{due: at.Add(selfTimeout + offerGrace)}}, true
	marks := c.marks(RoleOperator)
	if desk { // the old one is not
		marks[markDesk] = "1"
	}
	s.do(DoOriginate{telephony.Originate{
		Leg: leg, Endpoint: EndpointOf(c.OperatorID), Timeout: selfTimeout,
		From:    telephony.Party{Number: c.CustomerNumber().E164, Name: c.customerName()},
		Headers: headers,
		Marks:   marks,
	}})
}

// nextAnswered brings the new leg to where the old one is.
func (s *step) nextAnswered(at time.Time) {
	c := &s.c
	op := up(c.Operator)
	if op == nil {
		return // it is about to take over
	}
	s.await(at, c.Next.ID, joinPatience)
	bridge := BridgeOf(c.ID)
	if op.Aside {
		bridge = AsideOf(c.ID)
	}
	s.do(DoMute{c.Next.ID, c.muteAsked}, DoJoin{bridge, []telephony.LegID{c.Next.ID}})
}

const (
	// nextTries is how often the new leg, once it is in the conversation, is listened to in vain.
	nextTries = 5
	// nextWithin is when an answer about the new leg is overdue.
	nextWithin = 2 * time.Second
)

// nextJoined waits until the new leg is heard: a browser that has answered still has to find a way for its media and to agree on keys.
// Until then the customer hears the old one, and both for a moment. A desk phone need not send anything.
func (s *step) nextJoined(at time.Time) {
	if s.c.Next.Desk {
		s.nextHeard(at)
		return
	}
	s.listenToNext(at)
}

func (s *step) listenToNext(at time.Time) {
	id := s.c.Next.ID
	s.leg(id, func(l *Leg) { l.listened++ })
	s.await(at, id, nextWithin)
	s.do(DoListen{id})
}

// listenedToNext takes what came of listening to the new leg. Where the PBX cannot tell, that it has answered has to do.
func (s *step) listenedToNext(e Heard) {
	next := up(s.c.Next)
	switch {
	case next == nil || next.dying != 0 || !next.joined():
	case e.On, e.Unsure:
		s.nextHeard(e.At)
	default:
		s.await(e.At, next.ID, listenEvery)
	}
}

// nextLate listens again, or gives up a new leg that does not answer or is not heard: the conversation stays where it is.
func (s *step) nextLate(at time.Time) {
	if next := up(s.c.Next); next != nil && next.joined() && next.listened < nextTries {
		s.listenToNext(at)
		return
	}
	s.hangup(at, s.c.Next.ID, telephony.CauseNoAnswer)
}

// nextHeard lets the old leg go.
func (s *step) nextHeard(at time.Time) {
	c := &s.c
	op := up(c.Operator)
	if op == nil || op.Aside != c.Next.Aside || op.Bridged != c.Next.Bridged {
		s.nextAnswered(at) // the old one has been moved meanwhile
		return
	}
	s.do(DoHangup{op.ID, telephony.CauseNormal})
	next := *c.Next
	next.due = time.Time{}
	c.Operator, c.Next = &next, nil
	s.heard()
	c.muteUnsure, s.changed = true, true
	s.stayMuted()
	s.moved(at, next.ID)
}

// nextTakesOver makes the call to the new phone the one that fetches the operator back: the old leg is gone before it was answered.
func (s *step) nextTakesOver(at time.Time) {
	c := &s.c
	if c.State != StateRescuing {
		s.lost(at)
		s.do(DoPark{c.Customer.ID})
	}
	next := *c.Next
	c.Operator, c.Next = &next, nil
	s.heard()
	until := at.Add(selfTimeout)
	c.OfferUntil = &until
	c.Attempts++
	s.state(StateOffered, at)
	switch {
	case next.State == telephony.LegUp && c.onHold:
		s.backOnHold(at)
	case next.State == telephony.LegUp:
		s.meet(at)
	case next.State == telephony.LegRinging:
		s.state(StateRinging, at)
	}
}

// dropNext gives the new phone up.
func (s *step) dropNext() {
	if s.c.Next != nil {
		s.do(DoHangup{s.c.Next.ID, telephony.CauseNormal})
		s.c.Next, s.changed = nil, true
	}
}
