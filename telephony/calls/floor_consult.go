package calls

import (
	"strings"
	"time"

	"github.com/pult-cc/pult/internal/errs"
	"github.com/pult-cc/pult/telephony"
	"github.com/pult-cc/pult/telephony/queues"
)

// consult brings a colleague or an outside number in.
func (f *Floor) consult(c *Call, cmd Command, now time.Time) (Reply, error) {
	const op = "consulting"
	if cmd.To == nil || cmd.To.QueueID != "" {
		return Reply{}, errs.Field(op, "to", "name an operator or a number")
	}
	return f.bring(op, c, cmd, now, false)
}

// transfer gives the call to a colleague, a queue or an outside number, without asking them first.
func (f *Floor) transfer(c *Call, cmd Command, now time.Time) (Reply, error) {
	const op = "transferring"
	switch to := cmd.To; {
	case to == nil:
		return Reply{}, errs.Field(op, "to", "name an operator, a queue or a number")
	case to.Number != "":
		return f.bring(op, c, cmd, now, true)
	case to.OperatorID != "":
		o, err := f.colleague(op, cmd)
		if err != nil {
			return Reply{}, err
		}
		f.apply(c.ID, TransferAsked{At: now, OperatorID: to.OperatorID, Beside: o.Busy != ""})
	default:
		if _, ok := f.q.Queues[to.QueueID]; !ok {
			return Reply{}, errs.Field(op, "to.queueId", "there is no such queue")
		}
		f.dirtyQueues[to.QueueID] = struct{}{}
		f.apply(c.ID, TransferAsked{At: now, QueueID: to.QueueID})
	}
	f.Decide(now)
	return f.reply(c), nil
}

// bring calls the third party.
func (f *Floor) bring(op string, c *Call, cmd Command, now time.Time, blind bool) (Reply, error) {
	e := ConsultAsked{At: now, By: cmd.OperatorID, OperatorID: cmd.To.OperatorID, CallerID: f.opt.CallerID.E164, Blind: blind}
	if e.OperatorID != "" {
		o, err := f.colleague(op, cmd)
		if err != nil {
			return Reply{}, err
		}
		o.Take(string(c.ID))
		f.touchOperator(o.ID)
		e.Party.Name, e.Desk = f.people[o.ID].Name, f.people[o.ID].Desk
	} else {
		number, err := f.opt.ParseDialed(cmd.To.Number)
		if err != nil {
			return Reply{}, err
		}
		e.Party.Number = number
	}
	f.apply(c.ID, e)
	f.Decide(now)
	return f.reply(c), nil
}

// colleague finds the operator of the target, who must be there, and have room for a call.
func (f *Floor) colleague(op string, cmd Command) (*queues.Operator, error) {
	o := f.q.Operators[cmd.To.OperatorID]
	switch {
	case o == nil:
		return nil, errs.Field(op, "to.operatorId", "there is no such operator")
	case o.ID == cmd.OperatorID:
		return nil, errs.Field(op, "to.operatorId", "that is you")
	case f.another(op, o) != nil:
		return nil, errs.E(errs.Conflict, op, "your colleague has a call")
	case o.Declared.Availability == queues.Offline, !o.PhoneOnline:
		return nil, errs.E(errs.Conflict, op, "your colleague is not at their phone")
	case o.Unheard:
		return nil, errs.E(errs.Conflict, op, "your colleague's microphone is blocked or missing: nobody would hear them")
	}
	return o, nil
}

func (f *Floor) reply(c *Call) Reply {
	if n, ok := f.calls[c.ID]; ok {
		return Reply{Call: n}
	}
	return Reply{Call: c}
}

// permitGuest says what the consulted colleague may do: with their own leg as they please, with the call nothing.
func (f *Floor) permitGuest(c *Call, cmd Command) error {
	const op = "taking command"
	reached := c.Guest != nil && c.Guest.State == telephony.LegUp
	ok := false
	switch cmd.Kind {
	case CmdAnswer, CmdDecline:
		ok = c.Guest != nil && !reached
	case CmdHangUp:
		ok = c.Guest != nil
	case CmdSetMuted:
		ok = reached
	default:
		return errs.E(errs.Forbidden, op, "the call is another operator's")
	}
	switch {
	case !ok:
		return errs.E(errs.Conflict, op, "your part in the call is over")
	case !f.linkUp:
		return errs.E(errs.Unavailable, op, "the telephone system is not reachable")
	case cmd.Kind == CmdAnswer && c.Guest.Desk:
		return answerAtDesk(op)
	}
	return nil
}

// answerAtDesk: nobody but who sits at a desk phone can pick its receiver up.
func answerAtDesk(op string) error { return errs.E(errs.Conflict, op, "answer on your desk phone") }

// permitConsult refuses what the state of the consultation does not allow.
func permitConsult(c *Call, cmd Command, wrong func() error) error {
	const op = "taking command"
	if c.State != StateConsulting && c.State != StateConference || c.Consult == nil || c.Guest == nil || c.Consult.Blind {
		return wrong()
	}
	reached := up(c.Guest) != nil
	switch cmd.Kind {
	case CmdSwapConsult:
		if !reached || c.State != StateConsulting {
			return wrong()
		}
	case CmdMergeConsult, CmdCompleteConsult:
		if !reached {
			return errs.E(errs.Conflict, op, "nobody has answered yet")
		}
	case CmdMuteParty, CmdDropParty:
		switch {
		case cmd.Kind == CmdMuteParty && c.State != StateConference: // see voices
			return wrong()
		case cmd.LegID == string(c.Guest.ID):
		case cmd.Kind == CmdMuteParty && c.Customer != nil && cmd.LegID == string(c.Customer.ID):
		default:
			return errs.Field(op, "legId", "is not "+strings.ToLower(string(RoleGuest))+" of this call")
		}
	}
	return nil
}
