// Package queues decides who gets which waiting call. It is pure: no clock, no I/O, no locks; one owner (telephony/calls.Floor)
// holds its State.
package queues

import (
	"sort"
	"time"
)

// Operator is a person as the distribution sees them.
type Operator struct {
	ID          string
	Queues      []string // ids of the queues they serve
	Declared    Declared
	PhoneOnline bool
	Busy        string // call id that occupies them (offered, talking, wrap-up); "" = free
}

// Free tells whether a new call may be offered.
func (o *Operator) Free() bool {
	return o.Declared.Availability == Ready && o.PhoneOnline && o.Busy == ""
}

// Serves tells whether the operator belongs to the queue.
func (o *Operator) Serves(queueID string) bool {
	for _, q := range o.Queues {
		if q == queueID {
			return true
		}
	}
	return false
}

// Waiting is a call that waits for an operator.
type Waiting struct {
	CallID    string
	QueueID   string // "" = outside all queues: only Only may have it
	Since     time.Time
	Head      bool   // before everybody without it: a lost call that comes back
	Only      string // until OnlyUntil nobody but this operator, who need not be ready: they were talking to the customer
	OnlyUntil time.Time
	NotBefore time.Time // not even Only before: their phone has just failed
}

// Offer is a decision: this operator shall be rung for this call.
type Offer struct {
	CallID     string
	OperatorID string
	QueueID    string
}

// State is the whole distribution: configuration, people and waiting calls. The zero value is not usable; see NewState.
type State struct {
	Queues    map[string]Queue
	Operators map[string]*Operator
	waiting   []Waiting // in order of service
	revision  uint64
}

// Revision changes whenever the line does.
func (s *State) Revision() uint64 { return s.revision }

// NewState makes an empty state.
func NewState() *State {
	return &State{Queues: map[string]Queue{}, Operators: map[string]*Operator{}}
}

// QueueByKey finds a queue by its dialplan name.
func (s *State) QueueByKey(key string) (Queue, bool) {
	for _, q := range s.Queues {
		if q.Key == key {
			return q, true
		}
	}
	return Queue{}, false
}

// Enqueue adds a waiting call, or replaces the entry of the same call.
func (s *State) Enqueue(w Waiting) {
	s.Remove(w.CallID)
	s.revision++
	s.waiting = append(s.waiting, w)
	sort.SliceStable(s.waiting, func(i, j int) bool {
		a, b := &s.waiting[i], &s.waiting[j]
		if a.Head != b.Head {
			return a.Head
		}
		return a.Since.Before(b.Since)
	})
}

// Remove takes a call out of the line; an absent one is no matter.
func (s *State) Remove(callID string) {
	for i := range s.waiting {
		if s.waiting[i].CallID == callID {
			s.waiting = append(s.waiting[:i:i], s.waiting[i+1:]...)
			s.revision++
			return
		}
	}
}

// Line counts the waiting calls of a queue and finds since when the oldest waits; zero when nobody does.
func (s *State) Line(queueID string) (n int, oldest time.Time) {
	for i := range s.waiting {
		w := &s.waiting[i]
		if w.QueueID != queueID {
			continue
		}
		if n++; n == 1 || w.Since.Before(oldest) {
			oldest = w.Since
		}
	}
	return n, oldest
}

// Waiting lists the calls of a queue in order of service; "" lists all.
func (s *State) Waiting(queueID string) []Waiting {
	var out []Waiting
	for _, w := range s.waiting {
		if queueID == "" || w.QueueID == queueID {
			out = append(out, w)
		}
	}
	return out
}

// Decide gives waiting calls to free operators: calls in order of service, each to the operator who has been idle longest. It
// takes the calls out of the line and marks the operators busy; the caller carries the offers out. The same state and time
// always give the same offers. When nobody is free it costs one look at each operator, however many calls wait.
func (s *State) Decide(now time.Time) []Offer {
	if len(s.waiting) == 0 {
		return nil
	}
	free := s.free()
	var offers []Offer
	for i := range s.waiting {
		w := &s.waiting[i]
		if op := s.choose(w, free, now); op != nil {
			op.Busy = w.CallID
			offers = append(offers, Offer{CallID: w.CallID, OperatorID: op.ID, QueueID: w.QueueID})
		}
	}
	for _, o := range offers {
		s.Remove(o.CallID)
	}
	return offers
}

// free lists the operators to whom a call may be offered, the longest idle first.
func (s *State) free() []*Operator {
	var out []*Operator
	for _, o := range s.Operators {
		if o.Free() {
			out = append(out, o)
		}
	}
	sort.Slice(out, func(i, j int) bool {
		a, b := out[i].Declared.IdleSince, out[j].Declared.IdleSince
		if !a.Equal(b) {
			return a.Before(b)
		}
		return out[i].ID < out[j].ID
	})
	return out
}

// choose finds the operator for a call; free are those who were free when the decision began.
func (s *State) choose(w *Waiting, free []*Operator, now time.Time) *Operator {
	if w.Only != "" && now.Before(w.OnlyUntil) {
		o := s.Operators[w.Only]
		if o != nil && o.PhoneOnline && (o.Busy == "" || o.Busy == w.CallID) && !now.Before(w.NotBefore) {
			return o
		}
		return nil
	}
	if w.QueueID == "" {
		return nil
	}
	for _, o := range free {
		if o.Busy == "" && o.Serves(w.QueueID) {
			return o
		}
	}
	return nil
}

// NextDeadline is when Decide may answer differently by the passing of time alone; zero when never.
func (s *State) NextDeadline(now time.Time) time.Time {
	var next time.Time
	for i := range s.waiting {
		w := &s.waiting[i]
		if w.Only == "" {
			continue
		}
		for _, t := range []time.Time{w.OnlyUntil, w.NotBefore} {
			if t.After(now) && (next.IsZero() || t.Before(next)) {
				next = t
			}
		}
	}
	return next
}

// Lapsed lists waiting calls whose time for one operator only is over.
func (s *State) Lapsed(now time.Time) []Waiting {
	var out []Waiting
	for i := range s.waiting {
		if w := &s.waiting[i]; w.Only != "" && !now.Before(w.OnlyUntil) {
			out = append(out, *w)
		}
	}
	return out
}
