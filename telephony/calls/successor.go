package calls

import (
	"time"

	"github.com/pult-cc/pult/telephony"
)

// A colleague is given a customer only when something is heard of them: their browser may have died while they were consulted. Until
// then all three stay together. They are listened to when the operator wants to leave, and when their phone is no longer registered.

// guestTries is how often a silent colleague is listened to before they are given up.
const guestTries = 10

// successor tells whether the colleague is with the customer and can lead the call.
func (c *Call) successor() bool {
	guest := up(c.Guest)
	return c.Consult != nil && c.Consult.OperatorID != "" && guest != nil && guest.Bridged && !guest.Silent && c.Customer != nil && c.Customer.Bridged
}

// part lets the operator go, who leaves customer and third party to each other.
func (s *step) part(at time.Time) {
	if s.c.Consult.OperatorID == "" || s.c.Guest.Desk {
		s.leave(at)
		return
	}
	s.doubtGuest(at)
}

// doubtGuest begins to listen to the colleague.
func (s *step) doubtGuest(at time.Time) {
	guest := up(s.c.Guest)
	if guest == nil || !guest.due.IsZero() {
		return // it is done already
	}
	s.leg(guest.ID, func(l *Leg) { l.listened = 0 })
	s.listenToGuest(at)
}

func (s *step) listenToGuest(at time.Time) {
	id := s.c.Guest.ID
	s.leg(id, func(l *Leg) { l.listened++ })
	s.await(at, id, nextWithin)
	s.do(DoListen{id})
}

// listenedToGuest takes what came of it. Where the PBX cannot tell, that they have answered has to do.
func (s *step) listenedToGuest(e Heard) {
	guest := up(s.c.Guest)
	switch {
	case guest == nil || s.c.Consult == nil || s.c.End != nil:
	case e.On, e.Unsure && !guest.Silent:
		s.guestHeard(e.At)
	case e.Unsure:
		s.await(e.At, guest.ID, listenEvery)
	default:
		s.leg(guest.ID, func(l *Leg) { l.Silent = true })
		s.await(e.At, guest.ID, listenEvery)
	}
}

func (s *step) guestHeard(at time.Time) {
	c := &s.c
	s.leg(c.Guest.ID, func(l *Leg) { l.Silent = false })
	s.await(at, c.Guest.ID, 0)
	if c.State == StateConference && c.Consult.leaving && c.successor() {
		s.leave(at)
	}
}

// guestLate listens again, or gives up a colleague who is not heard: the customer stays with the operator.
func (s *step) guestLate(at time.Time) {
	c := &s.c
	switch {
	case c.Guest.listened < guestTries:
		s.listenToGuest(at)
	case !c.Guest.Silent: // the PBX does not say
		s.guestHeard(at)
	default:
		s.consult(func(n *Consult) { n.leaving = false })
		s.routed(RouteStep{At: at, Kind: RouteUnreachable, OperatorID: c.Consult.OperatorID})
		s.do(Tell{At: at, OperatorID: c.Consult.By, Kind: NoticeNotReached, Text: string(RouteUnreachable)})
		s.hangup(at, c.Guest.ID, telephony.CauseNoResponse)
	}
}
