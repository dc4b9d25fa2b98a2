package calls

import (
	"time"

	"github.com/pult-cc/pult/internal/customers"
	"github.com/pult-cc/pult/telephony"
)

// asked carries out a command that Floor has permitted.
func (s *step) asked(e Asked) {
	c := &s.c
	switch e.Cmd.Kind {
	case CmdAnswer:
		if l := s.guestOf(e.Cmd); l != nil {
			if l.State != telephony.LegUp && l.dying == 0 {
				s.changed = s.changed || !c.AnswerRequested
				c.AnswerRequested = true
				s.do(DoAnswerFar{l.ID})
			}
			return
		}
		if c.Operator != nil && c.Operator.State != telephony.LegUp && c.Operator.dying == 0 {
			s.changed = s.changed || !c.AnswerRequested
			c.AnswerRequested = true
			s.do(DoAnswerFar{c.Operator.ID})
		}
	case CmdDecline:
		if l := s.guestOf(e.Cmd); l != nil {
			s.hangup(e.At, l.ID, telephony.CauseRejected)
			return
		}
		s.decline(e.At)
	case CmdHangUp:
		if l := s.guestOf(e.Cmd); l != nil {
			s.hangup(e.At, l.ID, telephony.CauseNormal) // their part ends, the call goes on
			return
		}
		if c.State == StateConsulting && c.Consult != nil && c.Consult.aim == SideGuest && c.Guest != nil && e.Cmd.OperatorID == c.OperatorID {
			// Who speaks with the guest and hangs up means the guest: the customer waits.
			e.Cmd.Kind = CmdCancelConsult
			s.consultCommand(e.At, e.Cmd)
			return
		}
		if e.Cmd.OperatorID == c.OperatorID && c.onOffer() && !c.rejoining() {
			s.decline(e.At) // what they have not answered is not theirs to end
			return
		}
		s.changed = s.changed || !c.HangupAsked
		c.HangupAsked = true
		s.do(Dequeue{})
		for _, l := range c.Legs() {
			s.hangup(e.At, l.ID, telephony.CauseNormal)
		}
	case CmdHold:
		if c.State == StateTalking && c.Customer != nil {
			s.do(DoPark{c.Customer.ID})
		}
	case CmdResume:
		if c.State == StateHeld && c.Customer != nil && c.Operator != nil {
			s.do(DoJoin{BridgeOf(c.ID), []telephony.LegID{c.Customer.ID, c.Operator.ID}})
		}
	case CmdSetMuted:
		if l := s.guestOf(e.Cmd); l != nil {
			s.mute(l.ID, e.Cmd.Muted)
			return
		}
		if c.Operator != nil && c.Operator.State == telephony.LegUp {
			c.muteAsked, c.muteUnsure = e.Cmd.Muted, true
			s.do(DoMute{c.Operator.ID, e.Cmd.Muted})
		}
	case CmdSendDigits:
		to := c.Customer
		if c.Consult != nil && c.Consult.Front == SideGuest {
			to = c.Guest
		}
		if to != nil {
			s.do(DoDigits{to.ID, e.Cmd.Digits})
		}
	case CmdMuteParty:
		s.mute(telephony.LegID(e.Cmd.LegID), e.Cmd.Muted)
	case CmdDropParty:
		s.hangup(e.At, telephony.LegID(e.Cmd.LegID), telephony.CauseNormal)
	case CmdPark:
		s.parkedFor(e.At)
	case CmdSwapConsult, CmdMergeConsult, CmdCompleteConsult, CmdCancelConsult:
		s.consultCommand(e.At, e.Cmd)
	case CmdExtendWrapUp:
		if c.WrapUpUntil != nil {
			until := c.WrapUpUntil.Add(time.Minute)
			c.WrapUpUntil, s.changed = &until, true
		}
	case CmdFinishWrapUp:
		s.wrapUpOver(e.At)
	case CmdLinkCustomer:
		s.do(Link{Number: c.CustomerNumber(), Customer: e.Cmd.CustomerID, OperatorID: e.Cmd.OperatorID})
	case CmdUnlinkCustomer:
		s.do(Link{Number: c.CustomerNumber(), OperatorID: e.Cmd.OperatorID})
	case CmdReportQuality:
		s.reported(*e.Cmd.Quality, e.At)
	case CmdRetryMatch:
		m := c.Match
		m.State = customers.MatchPending
		c.Match, s.changed = m, true
		s.do(LookUp{Number: c.CustomerNumber(), Fresh: true})
	}
}

// guestOf returns the guest's leg where the command is the consulted colleague's.
func (s *step) guestOf(cmd Command) *Leg {
	c := &s.c
	if c.Consult == nil || c.Consult.OperatorID == "" || c.Consult.OperatorID != cmd.OperatorID || c.OperatorID == cmd.OperatorID {
		return nil
	}
	return c.Guest
}

// onOffer tells whether an operator's phone rings, or is about to, with a call that came in.
func (c *Call) onOffer() bool {
	return (c.State == StateOffered || c.State == StateRinging && (c.Direction == Inbound || c.AnsweredAt != nil)) &&
		c.Operator != nil && c.Operator.State != telephony.LegUp
}

func (s *step) decline(at time.Time) {
	if s.c.Operator == nil || s.c.Declining {
		return
	}
	s.c.Declining, s.changed = true, true
	s.hangup(at, s.c.Operator.ID, telephony.CauseRejected)
}
