package calls

import (
	"time"

	"github.com/pult-cc/pult/telephony/queues"
)

// Take returns and clears what has come of the inputs: changes with refreshed views of operators and queues, effects, records.
func (f *Floor) Take(now time.Time) Outcome {
	for id := range f.dirtyOps {
		o := f.q.Operators[id]
		if o == nil {
			continue
		}
		v := f.operatorView(o, now)
		old, known := f.opViews[id]
		if known && sameOperator(old, v) {
			continue
		}
		v.Version = max(old.Version, f.opt.VersionBase) + 1
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
		v.Version = max(old.Version, f.opt.VersionBase) + 1
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
	if len(a.Queues) != len(b.Queues) {
		return false
	}
	for i := range a.Queues {
		if a.Queues[i] != b.Queues[i] {
			return false
		}
	}
	return a.Login == b.Login && a.Name == b.Name && a.Availability == b.Availability && a.PauseReason == b.PauseReason &&
		a.Presence == b.Presence && a.PhoneOnline == b.PhoneOnline && a.CallID == b.CallID && a.Since.Equal(b.Since)
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
		PauseReason: o.Declared.PauseReason, PhoneOnline: o.PhoneOnline, CallID: ID(o.Busy), Since: o.Declared.Since,
	}
	switch o.Declared.Availability {
	case queues.Ready:
		v.Presence = PresenceReady
	case queues.Paused:
		v.Presence = PresencePaused
	default:
		v.Presence = PresenceOffline
	}
	c, busy := f.calls[ID(o.Busy)]
	if busy {
		switch c.State {
		case StateOffered:
			v.Presence = PresenceOffered
		case StateNew, StateTalking, StateRescuing:
			v.Presence = PresenceTalking
		case StateRinging:
			v.Presence = PresenceOffered
			if c.Direction == Outbound {
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

func (f *Floor) queueView(q queues.Queue) Queue {
	v := Queue{Queue: q}
	for _, w := range f.q.Waiting(q.ID) {
		v.Waiting++
		if since := w.Since; v.OldestSince == nil || since.Before(*v.OldestSince) {
			v.OldestSince = &since
		}
	}
	for _, o := range f.q.Operators {
		if !o.Serves(q.ID) {
			continue
		}
		if o.Declared.Availability != queues.Offline {
			v.Operators++
		}
		if o.Free() {
			v.Ready++
		}
	}
	for _, c := range f.calls {
		if c.QueueID == q.ID && (c.State == StateTalking || c.State == StateHeld) {
			v.Talking++
		}
	}
	return v
}

// Snapshot is the whole floor.
func (f *Floor) Snapshot(now time.Time) Snapshot {
	s := Snapshot{At: now, LinkUp: f.linkUp}
	for _, c := range f.calls {
		s.Calls = append(s.Calls, c)
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
