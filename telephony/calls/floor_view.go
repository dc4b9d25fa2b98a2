package calls

import (
	"slices"
	"time"

	"github.com/pult-cc/pult/telephony"
	"github.com/pult-cc/pult/telephony/queues"
)

// Take returns and clears what has come of the inputs: changes with refreshed views of operators and queues, effects, records.
func (f *Floor) Take(now time.Time) Outcome {
	for id := range f.dirtyOps {
		o := f.q.Operators[id]
		if o == nil {
			continue
		}
		f.recount(id)
		v := f.operatorView(o, now)
		old, known := f.opViews[id]
		if known && sameOperator(old, v) {
			continue
		}
		v.Version = max(old.Version, f.retired[id], f.opt.VersionBase) + 1
		f.opViews[id] = v
		f.out.Changes = append(f.out.Changes, Change{Operator: &v})
	}
	for id := range f.dirtyQueues {
		q, ok := f.q.Queues[id]
		if !ok {
			continue
		}
		v := f.queueView(q)
		old, known := f.qViews[id]
		if known && sameQueue(old, v) {
			continue
		}
		v.Version = max(old.Version, f.retired[id], f.opt.VersionBase) + 1
		f.qViews[id] = v
		f.out.Changes = append(f.out.Changes, Change{Queue: &v})
	}
	clear(f.dirtyOps)
	clear(f.dirtyQueues)
	out := f.out
	f.out = Outcome{}
	return out
}

func sameOperator(a, b Operator) bool {
	return slices.Equal(a.Queues, b.Queues) && a.Login == b.Login && a.Name == b.Name && a.Availability == b.Availability && a.PauseReason == b.PauseReason &&
		a.Presence == b.Presence && a.PhoneOnline == b.PhoneOnline && a.CallID == b.CallID && a.Since.Equal(b.Since) &&
		a.Desk == b.Desk && a.Readiness == b.Readiness && a.Health == b.Health
}

func sameQueue(a, b Queue) bool {
	oldest := a.OldestSince == b.OldestSince ||
		(a.OldestSince != nil && b.OldestSince != nil && a.OldestSince.Equal(*b.OldestSince))
	return a.Queue == b.Queue && a.Waiting == b.Waiting && a.Ready == b.Ready && a.Talking == b.Talking &&
		a.Operators == b.Operators && oldest
}

// operatorView derives presence from availability and work; Since is kept while the presence (and pause reason) stays.
func (f *Floor) operatorView(o *queues.Operator, now time.Time) Operator {
	p := f.people[o.ID]
	v := Operator{
		ID: o.ID, Login: p.Login, Name: p.Name, Queues: o.Queues, Availability: o.Declared.Availability,
		PauseReason: o.Declared.PauseReason, PhoneOnline: o.PhoneOnline, Since: o.Declared.Since,
		Desk: p.Desk, Readiness: readiness(o), ReadySince: now, Health: f.health[o.ID],
	}
	if old, known := f.opViews[o.ID]; known && old.Readiness == v.Readiness {
		v.ReadySince = old.ReadySince
	}
	switch o.Declared.Availability {
	case queues.Ready:
		v.Presence = PresenceReady
	case queues.Paused:
		v.Presence = PresencePaused
	default:
		v.Presence = PresenceOffline
	}
	if c := f.front(o); c != nil {
		v.CallID = c.ID
		state := c.State
		if c.OperatorID != o.ID { // the consulted colleague
			state = StateConsulting
			if c.Guest == nil || c.Guest.State != telephony.LegUp {
				state = StateOffered
			}
		}
		switch state {
		case StateOffered:
			v.Presence = PresenceOffered
		case StateNew, StateTalking, StateRescuing, StateConsulting, StateConference:
			v.Presence = PresenceTalking
		case StateRinging:
			v.Presence = PresenceOffered
			if c.Direction == Outbound && c.AnsweredAt == nil { // they dialled
				v.Presence = PresenceTalking
			}
		case StateHeld:
			v.Presence = PresenceHeld
		case StateWrapUp:
			v.Presence = PresenceWrapUp
		}
		v.Since = c.Since
		return v
	}
	if o.Declared.IdleSince.After(v.Since) && v.Presence == PresenceReady {
		v.Since = o.Declared.IdleSince
	}
	return v
}

// tally is what a queue's view counts, kept up to date by each change: no event costs a look at everybody.
type tally struct{ operators, ready, talking int }

// share is what an operator adds to the tallies of their queues.
type share struct {
	queues         []string
	present, ready bool
}

func (f *Floor) tallyOf(queueID string) *tally {
	t := f.tally[queueID]
	if t == nil {
		t = &tally{}
		f.tally[queueID] = t
	}
	return t
}

// recount replaces what the operator adds to the tallies.
func (f *Floor) recount(id string) {
	var n share
	if o := f.q.Operators[id]; o != nil {
		n = share{queues: o.Queues, present: o.Declared.Availability != queues.Offline, ready: o.Free()}
	}
	old := f.shares[id]
	if old.present == n.present && old.ready == n.ready && slices.Equal(old.queues, n.queues) {
		return
	}
	f.add(old, -1)
	f.add(n, 1)
	f.shares[id] = n
}

func (f *Floor) add(s share, sign int) {
	for _, q := range s.queues {
		t := f.tallyOf(q)
		if s.present {
			t.operators += sign
		}
		if s.ready {
			t.ready += sign
		}
		f.dirtyQueues[q] = struct{}{}
	}
}

func (f *Floor) countTalking(old, n *Call) {
	if was := talks(old.State); was == talks(n.State) && (!was || old.QueueID == n.QueueID) {
		return
	}
	for _, c := range []*Call{old, n} {
		if !talks(c.State) {
			continue
		}
		if c == n {
			f.tallyOf(c.QueueID).talking++
		} else {
			f.tallyOf(c.QueueID).talking--
		}
		f.dirtyQueues[c.QueueID] = struct{}{}
	}
}

// talks tells whether customer and operator are in a conversation.
func talks(s State) bool {
	switch s {
	case StateTalking, StateHeld, StateConsulting, StateConference:
		return true
	}
	return false
}

func (f *Floor) queueView(q queues.Queue) Queue {
	t := f.tallyOf(q.ID)
	v := Queue{Queue: q, Ready: t.ready, Talking: t.talking, Operators: t.operators}
	n, oldest := f.q.Line(q.ID)
	if v.Waiting = n; n > 0 {
		v.OldestSince = &oldest
	}
	return v
}

// Snapshot is the whole floor.
func (f *Floor) Snapshot(now time.Time) Snapshot {
	s := Snapshot{At: now, LinkUp: f.linkUp, Restored: !f.told}
	for _, c := range f.calls {
		s.Calls = append(s.Calls, *c)
	}
	for _, o := range f.opViews {
		s.Operators = append(s.Operators, o)
	}
	for _, q := range f.qViews {
		s.Queues = append(s.Queues, q)
	}
	sortSnapshot(&s)
	return s
}
