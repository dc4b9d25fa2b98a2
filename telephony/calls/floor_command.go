package calls

import (
	"strings"
	"time"

	"github.com/pult-cc/pult/internal/customers"
	"github.com/pult-cc/pult/internal/errs"
	"github.com/pult-cc/pult/telephony"
	"github.com/pult-cc/pult/telephony/queues"
)

// Command carries out a command or refuses it with an errs error.
func (f *Floor) Command(cmd Command, now time.Time) (Reply, error) {
	const op = "taking command"
	switch cmd.Kind {
	case CmdSetAvailability:
		return f.setAvailability(cmd, now)
	case CmdDial:
		return f.dial(cmd, now)
	case CmdReportHealth:
		return f.reportHealth(cmd, now)
	case CmdBeat:
		f.onCall(cmd.OperatorID, Beat{At: now, OperatorID: cmd.OperatorID})
		return Reply{}, nil
	case CmdNotify:
		if cmd.Notice == nil {
			return Reply{}, errs.E(errs.Invalid, op, "no notice")
		}
		f.out.Changes = append(f.out.Changes, Change{Notice: cmd.Notice})
		return Reply{}, nil
	case CmdProvisionPhone, CmdDropPhone, CmdReloadDirectory, CmdDemoCall:
		return Reply{}, errs.E(errs.Internal, op, "not a command of the floor")
	}
	c, ok := f.calls[cmd.CallID]
	if !ok {
		return Reply{}, errs.E(errs.Conflict, op, "the call has ended")
	}
	if err := f.permit(c, cmd); err != nil {
		return Reply{}, err
	}
	switch cmd.Kind {
	case CmdTake:
		return f.take(c, cmd, now)
	case CmdTransfer:
		return f.transfer(c, cmd, now)
	case CmdConsult:
		return f.consult(c, cmd, now)
	}
	if cmd.Kind == CmdResume {
		f.turnTo(f.q.Operators[c.OperatorID], c.ID, now)
	}
	f.apply(c.ID, Asked{At: now, Cmd: cmd})
	f.Decide(now)
	if n, ok := f.calls[c.ID]; ok {
		return Reply{Call: n}, nil
	}
	n := *c // the command ended it
	n.State = StateEnded
	return Reply{Call: &n}, nil
}

// permit refuses what is another's, or what the call's state does not allow. Pure.
func (f *Floor) permit(c *Call, cmd Command) error {
	const op = "taking command"
	own := cmd.OperatorID != "" && cmd.OperatorID == c.OperatorID
	if !own && c.Involves(cmd.OperatorID) {
		return f.permitGuest(c, cmd)
	}
	if !own && !cmd.Supervisor && cmd.Kind != CmdTake {
		return errs.E(errs.Forbidden, op, "the call is another operator's")
	}
	wrong := func() error {
		return errs.Ef(errs.Conflict, op, "not possible while the call is %s", strings.ToLower(string(c.State)))
	}
	if c.HangupAsked && c.Live() && onLine[cmd.Kind] && cmd.Kind != CmdHangUp {
		return errs.E(errs.Conflict, op, "the call is being ended")
	}
	operatorUp := c.Operator != nil && c.Operator.State == telephony.LegUp
	switch cmd.Kind {
	case CmdAnswer, CmdDecline:
		if !c.onOffer() || c.Declining {
			return wrong()
		}
		if cmd.Kind == CmdAnswer && c.Operator.Desk {
			return answerAtDesk(op)
		}
	case CmdHangUp:
		if !c.Live() {
			return wrong()
		}
	case CmdHold:
		if c.State != StateTalking {
			return wrong()
		}
	case CmdResume:
		if c.State != StateHeld {
			return wrong()
		}
		if f.engaged(f.q.Operators[c.OperatorID], c.ID) {
			return errs.E(errs.Conflict, op, "finish the consultation first")
		}
	case CmdSetMuted:
		if !operatorUp || !c.Live() {
			return wrong()
		}
	case CmdSendDigits:
		if c.State != StateTalking && c.State != StateConsulting && c.State != StateConference {
			return wrong()
		}
		if !validDigits(cmd.Digits) {
			return errs.Field(op, "digits", "only 0-9, A-D, *, # and commas, at most 64")
		}
	case CmdExtendWrapUp, CmdFinishWrapUp:
		if c.State != StateWrapUp {
			return wrong()
		}
	case CmdTake:
		if c.State != StateQueued {
			return wrong()
		}
	case CmdTransfer, CmdConsult, CmdPark:
		if !own {
			return errs.E(errs.Forbidden, op, "the call is another operator's")
		}
		if c.State != StateTalking && c.State != StateHeld || c.Customer == nil || !operatorUp {
			return wrong()
		}
	case CmdSwapConsult, CmdMergeConsult, CmdCompleteConsult, CmdCancelConsult, CmdMuteParty, CmdDropParty:
		return permitConsult(c, cmd, wrong)
	case CmdLinkCustomer, CmdUnlinkCustomer, CmdRetryMatch:
		if c.CustomerNumber().Kind != customers.NumberPublic && cmd.Kind == CmdRetryMatch {
			return errs.E(errs.Conflict, op, "there is no public number to ask about")
		}
	case CmdReportQuality:
		return c.permitReport(cmd.Quality)
	default:
		return errs.Ef(errs.Invalid, op, "unknown command %q", cmd.Kind)
	}
	if !f.linkUp && onLine[cmd.Kind] {
		return errs.E(errs.Unavailable, op, "the telephone system is not reachable")
	}
	return nil
}

// onLine are the commands that need the PBX.
var onLine = map[CommandKind]bool{
	CmdAnswer: true, CmdDecline: true, CmdHangUp: true, CmdHold: true, CmdResume: true, CmdSetMuted: true, CmdSendDigits: true,
	CmdTake: true, CmdTransfer: true, CmdConsult: true, CmdSwapConsult: true, CmdMergeConsult: true, CmdCompleteConsult: true,
	CmdCancelConsult: true, CmdMuteParty: true, CmdDropParty: true, CmdPark: true,
}

func validDigits(s string) bool {
	if s == "" || len(s) > 64 {
		return false
	}
	return strings.Trim(s, "0123456789ABCD*#,") == ""
}

func (f *Floor) take(c *Call, cmd Command, now time.Time) (Reply, error) {
	const op = "taking waiting call"
	o := f.q.Operators[cmd.OperatorID]
	switch {
	case o == nil:
		return Reply{}, errs.E(errs.NotFound, op, "no such operator")
	case !o.Serves(c.QueueID) && c.Parking == nil && !cmd.Supervisor:
		return Reply{}, errs.E(errs.Forbidden, op, "the queue is not yours")
	case !o.PhoneOnline:
		return Reply{}, errs.E(errs.Conflict, op, "your phone is not registered")
	}
	if err := f.another(op, o); err != nil {
		return Reply{}, err
	}
	f.q.Remove(string(c.ID))
	f.turnTo(o, c.ID, now)
	o.Take(string(c.ID))
	f.offer(queues.Offer{CallID: string(c.ID), OperatorID: o.ID, QueueID: c.QueueID}, now, true)
	f.reposition()
	return Reply{Call: f.calls[c.ID]}, nil
}

func (f *Floor) dial(cmd Command, now time.Time) (Reply, error) {
	const op = "dialling"
	o := f.q.Operators[cmd.OperatorID]
	switch {
	case o == nil:
		return Reply{}, errs.E(errs.NotFound, op, "no such operator")
	case !f.linkUp:
		return Reply{}, errs.E(errs.Unavailable, op, "the telephone system is not reachable")
	case !o.PhoneOnline:
		return Reply{}, errs.E(errs.Conflict, op, "your phone is not registered")
	}
	if err := f.another(op, o); err != nil {
		return Reply{}, err
	}
	number, err := f.opt.ParseDialed(cmd.Number)
	if err != nil {
		return Reply{}, err
	}
	c, effects := NewOutbound(ID(f.opt.NewID()), now, o.ID, f.people[o.ID].Desk, Party{Number: f.opt.CallerID, Name: f.people[o.ID].Name}, Party{Number: number, Name: cmd.Name})
	f.turnTo(o, c.ID, now)
	o.Take(string(c.ID))
	f.touchOperator(o.ID)
	f.store(&Call{}, &c, effects)
	return Reply{Call: &c}, nil
}

func (f *Floor) setAvailability(cmd Command, now time.Time) (Reply, error) {
	const op = "setting availability"
	o := f.q.Operators[cmd.OperatorID]
	if o == nil {
		return Reply{}, errs.E(errs.NotFound, op, "no such operator")
	}
	switch cmd.Avail {
	case queues.Ready:
		if o.Unheard {
			return Reply{}, errs.E(errs.Conflict, op, "your microphone is blocked or missing: customers would not hear you")
		}
		f.declare(o, queues.Ready, "", now)
	case queues.Offline:
		f.declare(o, queues.Offline, "", now)
	case queues.Paused:
		f.declare(o, queues.Paused, cmd.Pause, now)
	default:
		return Reply{}, errs.Field(op, "availability", "READY, PAUSED or OFFLINE")
	}
	f.Decide(now)
	v := f.operatorView(o, now)
	return Reply{Operator: &v}, nil
}
