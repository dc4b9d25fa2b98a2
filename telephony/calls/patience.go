package calls

import (
	"slices"
	"time"

	"github.com/pult-cc/pult/telephony"
)

// How long we wait for the PBX before we act ourselves. The PBX has limits of its own, and each leg's end is reported exactly once;
// this is for the day on which that is not so: a leg of which nothing is heard must not hold a customer or an operator for ever.
const (
	offerGrace     = 3 * time.Second  // beyond the ringing time that the PBX was given
	joinPatience   = 15 * time.Second // from the answer until both hear each other; longer than effectTime
	hangupPatience = 15 * time.Second // from asking for a leg's end until it is reported; longer than effectTime
	placePatience  = time.Second      // from leaving a bridge until the leg is in another place, where somebody or music is heard
	reassertPause  = 3 * time.Second  // from a command that failed until what the state demands is asked for again
)

// patience is what is awaited of a leg.
type patience struct {
	due   time.Time // when it must have been answered, been joined, or have ended; zero = nothing is awaited
	dying int       // its end was asked for, with this Q.850 cause; 0 = not
}

// hangup asks for the leg's end and waits for it for a limited time. Asked again it says so again, and does not wait longer.
func (s *step) hangup(at time.Time, id telephony.LegID, cause int) {
	s.leg(id, func(l *Leg) {
		if l.dying == 0 {
			if s.c.measurable(l) {
				s.do(DoMeasure{id})
			}
			l.dying, l.due = cause, at.Add(hangupPatience)
		}
	})
	s.do(DoHangup{id, cause})
}

// await expects something of the leg within a time; 0 expects nothing more. The end of a leg, once asked for, stays expected.
func (s *step) await(at time.Time, id telephony.LegID, within time.Duration) {
	s.leg(id, func(l *Leg) {
		switch {
		case l.dying != 0:
		case within == 0:
			l.due = time.Time{}
		default:
			l.due = at.Add(within)
		}
	})
}

func (s *step) ticked(at time.Time) {
	if s.c.State == StateWrapUp && s.c.WrapUpUntil != nil && !at.Before(*s.c.WrapUpUntil) {
		s.wrapUpOver(at)
	}
	if !s.c.again.IsZero() && !at.Before(s.c.again) {
		s.reasserted(at)
	}
	if !s.c.placeBy.IsZero() && !at.Before(s.c.placeBy) {
		s.c.placeBy = time.Time{}
		s.reassert(at)
	}
	s.lateLiveness(at)
	for _, l := range s.c.Legs() {
		if l.due.IsZero() || at.Before(l.due) {
			continue
		}
		switch {
		case l.dying != 0:
			// It was asked to end, and nothing came of it. If it lives all the same, its next sign of life gets it another DoHangup.
			s.do(DoHangup{l.ID, l.dying})
			s.ended(at, l.ID, telephony.Cause{Q850: l.dying}, endedByUs)
		case s.c.Next != nil && l.ID == s.c.Next.ID:
			s.nextLate(at)
		case s.c.Guest != nil && l.ID == s.c.Guest.ID && l.State == telephony.LegUp:
			s.guestLate(at)
		case l.State == telephony.LegUp:
			s.await(at, l.ID, 0)
			s.apart(at)
		default:
			s.hangup(at, l.ID, telephony.CauseNoAnswer)
		}
	}
}

// apart gives up bringing two answered legs together.
func (s *step) apart(at time.Time) {
	c := &s.c
	if c.End != nil || c.HangupAsked || c.Operator == nil || (c.State != StateOffered && c.State != StateRinging) {
		return
	}
	if c.Direction == Outbound && c.AnsweredAt == nil {
		if c.Customer != nil {
			s.hangup(at, c.Customer.ID, telephony.CauseNormal)
		}
		return
	}
	c.blameless = true
	s.hangup(at, c.Operator.ID, telephony.CauseNormal)
}

// joinFailed acts when the legs that could not be joined are still those of the call.
func (s *step) joinFailed(e JoinFailed) {
	if s.c.State == StateConsulting || s.c.State == StateConference {
		s.c.again = e.At.Add(reassertPause) // nobody is to be left between two places
		return
	}
	cust, op := s.c.Customer, s.c.Operator
	if cust != nil && op != nil && slices.Contains(e.Legs, cust.ID) && slices.Contains(e.Legs, op.ID) {
		s.apart(e.At)
	}
}

// Deadline is when Ticked may change the call; zero when never.
func (c *Call) Deadline() time.Time { return c.deadline(true) }

// deadline leaves out what is expected of the PBX while there is no link to it: nothing can be heard of it, nor said to it.
func (c *Call) deadline(linked bool) time.Time {
	var next time.Time
	earliest := func(t time.Time) {
		if !t.IsZero() && (next.IsZero() || t.Before(next)) {
			next = t
		}
	}
	if c.State == StateWrapUp && c.WrapUpUntil != nil {
		earliest(*c.WrapUpUntil)
	}
	if linked {
		earliest(c.again)
		earliest(c.placeBy)
		earliest(c.liveBy())
		for _, l := range []*Leg{c.Customer, c.Operator, c.Guest, c.Next} {
			if l != nil {
				earliest(l.due)
			}
		}
	}
	return next
}

// adrift tells whether somebody who is to hear music or voices is nowhere: a bridge was closed late, or the PBX dropped the leg.
func (c *Call) adrift() bool {
	if c.End != nil || c.HangupAsked {
		return false
	}
	for _, l := range []*Leg{c.Customer, c.Operator, c.Guest} {
		if up(l) != nil && !l.joined() && !l.Parked {
			return true
		}
	}
	return false
}

// reasserted repeats what the state demands. All of it is idempotent.
func (s *step) reasserted(at time.Time) {
	s.c.again = time.Time{}
	for _, l := range s.c.Legs() {
		if l.dying != 0 {
			s.do(DoHangup{l.ID, l.dying})
		}
		if !l.due.IsZero() && l.due.Before(at.Add(offerGrace)) {
			s.leg(l.ID, func(l *Leg) { l.due = at.Add(offerGrace) }) // while nobody watched, nothing could be expected
		}
	}
	s.reassert(at)
}

func (s *step) reassert(at time.Time) {
	c := &s.c
	cust, op := c.Customer, c.Operator
	if cust == nil || cust.dying != 0 || op != nil && op.dying != 0 || c.End != nil {
		return
	}
	opUp := op != nil && op.State == telephony.LegUp
	if opUp && c.muteUnsure {
		s.do(DoMute{op.ID, c.muteAsked})
	}
	for _, l := range []*Leg{up(cust), up(c.Guest)} {
		if l != nil && l.muteUnsure {
			s.do(DoMute{l.ID, l.muteAsked})
		}
	}
	if c.State != StateConsulting && c.State != StateConference {
		s.park(up(c.Guest)) // waits for the operator as well
	}
	if next := up(c.Next); next != nil {
		s.nextAnswered(at)
	}
	custUp := cust.State == telephony.LegUp || c.Direction == Inbound // one that came to us can be joined before it is answered
	meeting := c.State == StateOffered || c.State == StateRinging
	switch {
	case c.State == StateConsulting || c.State == StateConference:
		if s.moved(at, ""); c.End == nil && c.Consult != nil {
			s.arrange()
		}
	case c.State == StateRescuing && opUp && !op.Silent:
		s.meet(at)
		s.met(at)
	case c.State == StateTalking && opUp:
		if !cust.Bridged || !op.Bridged {
			s.do(DoJoin{BridgeOf(c.ID), []telephony.LegID{cust.ID, op.ID}})
		}
	case meeting && opUp && custUp:
		s.meet(at)
	case meeting && (opUp || !custUp): // the far end is being reached
		if opUp && !op.Bridged {
			s.do(DoJoin{BridgeOf(c.ID), []telephony.LegID{op.ID}})
		}
	default:
		if !cust.Parked {
			if cust.State != telephony.LegUp {
				s.do(DoAnswer{cust.ID})
			}
			s.do(DoPark{cust.ID})
		}
		if c.State == StateHeld && opUp && !op.Bridged {
			s.do(DoJoin{BridgeOf(c.ID), []telephony.LegID{op.ID}})
		}
	}
}
