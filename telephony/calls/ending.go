package calls

import (
	"time"

	"github.com/pult-cc/pult/telephony"
	"github.com/pult-cc/pult/telephony/queues"
)

// ending is how a leg ended.
type ending int

const (
	ended           ending = iota // its far end, or the PBX, ended it
	endedByUs                     // we asked for it
	endedUnmade                   // it never was
	endedUnobserved               // while there was no link
)

func (s *step) ended(at time.Time, id telephony.LegID, cause telephony.Cause, how ending) {
	switch {
	case s.c.Customer != nil && s.c.Customer.ID == id:
		s.c.Customer, s.changed = nil, true
		s.customerGone(at, cause, how)
	case s.c.Operator != nil && s.c.Operator.ID == id:
		desk := s.c.Operator.Desk && cause.Q850 == telephony.CauseNormal
		s.c.Operator, s.changed = nil, true
		s.operatorGone(at, cause, how, desk)
	case s.c.Guest != nil && s.c.Guest.ID == id:
		s.notReached(at, cause, how)
		s.c.Guest, s.changed = nil, true
		s.guestGone(at)
	case s.c.Next != nil && s.c.Next.ID == id:
		s.c.Next, s.c.moving, s.changed = nil, false, true // the old phone it is
	}
}

// notReached tells the operator why the third party is not coming.
func (s *step) notReached(at time.Time, cause telephony.Cause, how ending) {
	c := &s.c
	if c.Consult == nil || c.End != nil || c.Guest.State == telephony.LegUp {
		return
	}
	if how == endedByUs && c.Guest.dying == telephony.CauseNormal {
		return // the operator thought better of it
	}
	kind := RouteNoAnswer
	switch {
	case how == endedUnmade, how == endedUnobserved:
		kind = RouteUnreachable
	case cause.Q850 == telephony.CauseRejected, cause.Q850 == telephony.CauseBusy, c.Guest.dying == telephony.CauseRejected:
		kind = RouteDeclined
	case cause.Q850 == telephony.CauseNoAnswer, cause.Q850 == telephony.CauseNoResponse, how == endedByUs:
	default:
		kind = RouteUnreachable
	}
	s.routed(RouteStep{At: at, Kind: kind, OperatorID: c.Consult.OperatorID, Number: c.Consult.Party.Number})
	s.do(Tell{At: at, OperatorID: c.Consult.By, Kind: NoticeNotReached, Text: string(kind)})
}

func (s *step) customerGone(at time.Time, cause telephony.Cause, how ending) {
	if s.c.End != nil {
		return
	}
	by := ByCustomer
	switch {
	case s.c.HangupAsked:
		by = ByOperator
	case how != ended:
		by = BySystem
	}
	result := ResultAnswered
	switch {
	case s.c.AnsweredAt != nil:
	case s.c.Direction == Inbound && s.c.HangupAsked:
		result = ResultCancelled
	case s.c.Direction == Inbound:
		result = ResultAbandoned
	default:
		result = dialResult(cause.Q850, s.c.HangupAsked)
	}
	s.finish(at, End{At: at, Result: result, By: by, Cause: cause.Q850})
}

func dialResult(q850 int, cancelled bool) Result {
	switch {
	case cancelled:
		return ResultCancelled
	case q850 == telephony.CauseBusy:
		return ResultBusy
	case q850 == telephony.CauseNoAnswer, q850 == telephony.CauseNoResponse:
		return ResultNoAnswer
	case q850 == telephony.CauseRejected:
		return ResultRejected
	}
	return ResultFailed
}

// operatorGone: desk says that the receiver of a desk phone was put down, which nobody but the operator can do.
func (s *step) operatorGone(at time.Time, cause telephony.Cause, how ending, desk bool) {
	c := &s.c
	if c.End != nil || c.HangupAsked && c.Customer != nil {
		return // expected; the customer's leg tells the end
	}
	if desk && how == ended && talks(c.State) && c.Customer != nil {
		switch {
		case c.Consult == nil:
			c.HangupAsked = true
			s.hangup(at, c.Customer.ID, telephony.CauseNormal)
			return
		case up(c.Guest) != nil: // as on any desk phone: who puts the receiver down leaves the two to each other
			s.letGo(at)
			s.consult(func(n *Consult) { n.Blind = true })
			s.state(StateConsulting, at)
			s.arrange()
			s.moved(at, "") // they may hear each other already
			return
		}
	}
	if c.Next != nil && c.Next.dying == 0 && c.Customer != nil && (talks(c.State) || c.State == StateRescuing) {
		s.nextTakesOver(at)
		return
	}
	switch c.State {
	case StateTalking, StateHeld:
		if c.Declining { // the answer overtook it
			s.offerFailed(at, cause, how)
			return
		}
		s.rescue(at)
	case StateConsulting, StateConference:
		if c.successor() {
			s.promote(at, queues.PausePhone) // the colleague speaks with the customer already
			return
		}
		s.rescue(at)
	case StateRescuing: // it had fallen silent
		s.heard()
		s.do(Enqueue{Since: c.StartedAt, Head: true, Only: c.OperatorID, OnlyUntil: c.rescueUntil})
	case StateOffered, StateRinging:
		if c.Direction == Outbound && c.AnsweredAt == nil {
			s.finish(at, End{At: at, Result: ResultCancelled, By: ByOperator, Cause: cause.Q850})
			return
		}
		s.offerFailed(at, cause, how)
	case StateNew:
		// The customer was not reached for: whatever became of the operator's own phone is no result of theirs.
		end := End{At: at, Result: ResultCancelled, By: ByOperator, Cause: cause.Q850}
		if how == endedUnmade || how == endedUnobserved {
			end.Result, end.By = ResultFailed, BySystem
		}
		s.finish(at, end)
	}
}

// abandon ends a conversation that nobody is left to lead.
func (s *step) abandon(at time.Time, by By) {
	s.finish(at, End{At: at, Result: ResultAnswered, By: by, Cause: telephony.CauseNormal})
}

// missing closes a call of whose customer the PBX has no leg: it ended while nobody watched.
func (s *step) missing(at time.Time) {
	if !s.c.Live() || s.c.Customer != nil || s.c.State == StateNew {
		return
	}
	end := End{At: at, Result: ResultAbandoned, By: BySystem}
	if s.c.AnsweredAt != nil {
		end.Result = ResultAnswered
	} else if s.c.Direction == Outbound {
		end.Result = ResultFailed
	}
	s.finish(at, end)
}

// finish ends the conversation: into wrap-up if the operator took part, else into the end.
func (s *step) finish(at time.Time, end End) {
	c := &s.c
	// Who dialled has something to write even about nobody's answering.
	dialled := c.Direction == Outbound && c.AnsweredAt == nil && c.State != StateNew
	took := c.OperatorID != "" && (dialled || talks(c.State) || c.rejoining())
	c.End = &end
	s.unalarmed(at)
	c.OfferUntil, c.Position, c.AnswerRequested = nil, 0, false
	s.do(Dequeue{})
	for _, l := range c.Legs() {
		s.hangup(at, l.ID, telephony.CauseNormal)
	}
	s.do(DoCloseBridge{BridgeOf(c.ID)})
	if c.Consult != nil {
		s.do(Release{At: at, OperatorID: c.Consult.OperatorID}, DoCloseBridge{AsideOf(c.ID)})
	}
	c.Consult, c.Parking = nil, nil
	if took {
		s.state(StateWrapUp, at)
		c.WrapUpUntil = nil
		if s.policy.WrapUp > 0 {
			until := at.Add(s.policy.WrapUp)
			c.WrapUpUntil = &until
		}
		return
	}
	if c.OperatorID != "" {
		s.do(Release{At: at, OperatorID: c.OperatorID})
	}
	if c.talked != "" {
		c.OperatorID = c.talked // the record says who spoke with the customer, not whose phone rang last
	}
	s.state(StateEnded, at)
}

func (s *step) wrapUpOver(at time.Time) {
	if s.c.State != StateWrapUp {
		return
	}
	s.c.WrapUpUntil = nil
	s.state(StateEnded, at)
	s.do(Release{At: at, OperatorID: s.c.OperatorID, Worked: true})
}
