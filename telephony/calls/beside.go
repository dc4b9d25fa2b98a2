package calls

import (
	"time"

	"github.com/pult-cc/pult/internal/errs"
	"github.com/pult-cc/pult/telephony"
	"github.com/pult-cc/pult/telephony/queues"
)

// An operator has one call from the distribution, and may have a second beside it: one they dial, take or pick up, or that a colleague
// brings. Each has a leg, a card and a life of its own; of those they speak with one, the other customer is on hold.

// of lists the operator's calls.
func (f *Floor) of(o *queues.Operator) []*Call {
	if o == nil {
		return nil
	}
	var out []*Call
	for _, id := range []string{o.Busy, o.Also} {
		if c, ok := f.calls[ID(id)]; ok {
			out = append(out, c)
		}
	}
	return out
}

// forgetGone takes calls from the operator that are no more.
func (f *Floor) forgetGone(o *queues.Operator) {
	for _, id := range []string{o.Also, o.Busy} {
		if _, busy := f.calls[ID(id)]; !busy {
			o.Drop(id)
		}
	}
}

// another refuses a call beside those that the operator has: there may be two, while the first one is led, held or written about.
func (f *Floor) another(op string, o *queues.Operator) error {
	has := f.of(o)
	if len(has) > 1 {
		return errs.E(errs.Conflict, op, "you have two calls")
	}
	for _, c := range has {
		if c.OperatorID != o.ID || c.State != StateTalking && c.State != StateHeld && c.State != StateWrapUp || c.HangupAsked {
			return errs.E(errs.Conflict, op, "you have a call")
		}
	}
	return nil
}

// engaged tells whether another call of the operator's has them where it cannot be put aside: in a consultation or a conference.
func (f *Floor) engaged(o *queues.Operator, except ID) bool {
	for _, c := range f.of(o) {
		if c.ID != except && (c.State == StateConsulting || c.State == StateConference) {
			return true
		}
	}
	return false
}

// turnTo puts the operator's other calls on hold.
func (f *Floor) turnTo(o *queues.Operator, id ID, now time.Time) {
	for _, c := range f.of(o) {
		if c.ID != id && c.OperatorID == o.ID {
			f.apply(c.ID, PutAside{now})
		}
	}
}

// turn puts the other calls of an operator on hold who is now in this one: an offered call has been answered, or a lost one is back. One
// that comes back, or moves to another phone, on hold takes nobody from the one that is led.
func (f *Floor) turn(old, n *Call) {
	if n.Version == old.Version || n.End != nil {
		return
	}
	adopted := old.Version == 0 // its legs may have been up for long
	if speaks(n.State) && !speaks(old.State) || !adopted && n.State != StateHeld && reached(old.Operator, n.Operator) {
		f.turnTo(f.q.Operators[n.OperatorID], n.ID, n.Since)
	}
	if n.Consult != nil && !adopted && reached(old.Guest, n.Guest) {
		f.turnTo(f.q.Operators[n.Consult.OperatorID], n.ID, n.Since)
	}
}

// speaks tells whether the operator hears somebody.
func speaks(s State) bool { return s == StateTalking || s == StateConsulting || s == StateConference }

// reached tells whether a leg has been answered between two versions, by somebody who is still wanted.
func reached(old, n *Leg) bool {
	return up(n) != nil && (old == nil || old.ID != n.ID || old.State != telephony.LegUp)
}

// front is the one of the operator's calls that they are at.
func (f *Floor) front(o *queues.Operator) *Call {
	var best *Call
	for _, c := range f.of(o) {
		if best == nil || closeness(c) > closeness(best) {
			best = c
		}
	}
	return best
}

func closeness(c *Call) int {
	switch c.State {
	case StateTalking, StateConsulting, StateConference:
		return 4
	case StateNew, StateOffered, StateRinging, StateRescuing:
		return 3
	case StateHeld:
		return 2
	}
	return 1
}
