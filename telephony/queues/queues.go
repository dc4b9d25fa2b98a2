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
}

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
	s.waiting = append(s.waiting, w)
	sort.SliceStable(s.waiting, func(i, j int) bool {
		a, b := s.waiting[i], s.waiting[j]
		if a.Head != b.Head {
			return a.Head
		}
		return a.Since.Before(b.Since)
	})
}

// Remove takes a call out of the line; an absent one is no matter.
func (s *State) Remove(callID string) {
	for i, w := range s.waiting {
		if w.CallID == callID {
			s.waiting = append(s.waiting[:i:i], s.waiting[i+1:]...)
			return
		}
	}
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

// Find returns the entry of a call.
func (s *State) Find(callID string) (Waiting, bool) {
	for _, w := range s.waiting {
		if w.CallID == callID {
			return w, true
		}
	}
	return Waiting{}, false
}

// Decide gives waiting calls to free operators: calls in order of service, each to the operator who has been idle longest. It
// takes the calls out of the line and marks the operators busy; the caller carries the offers out. The same state and time
// always give the same offers.
func (s *State) Decide(now time.Time) []Offer {
	var offers []Offer
	for _, w := range append([]Waiting(nil), s.waiting...) {
		op := s.choose(w, now)
		if op == nil {
			continue
		}
		op.Busy = w.CallID
		s.Remove(w.CallID)
		offers = append(offers, Offer{CallID: w.CallID, OperatorID: op.ID, QueueID: w.QueueID})
	}
	return offers
}

func (s *State) choose(w Waiting, now time.Time) *Operator {
	if w.Only != "" && now.Before(w.OnlyUntil) {
		o := s.Operators[w.Only]
		if o != nil && o.PhoneOnline && (o.Busy == "" || o.Busy == w.CallID) {
			return o
		}
		return nil
	}
	if w.QueueID == "" {
		return nil
	}
	var best *Operator
	for _, o := range s.Operators {
		if !o.Free() || !o.Serves(w.QueueID) {
			continue
		}
		if best == nil || o.Declared.IdleSince.Before(best.Declared.IdleSince) ||
			(o.Declared.IdleSince.Equal(best.Declared.IdleSince) && o.ID < best.ID) {
			best = o
		}
	}
	return best
}

// NextDeadline is when Decide may answer differently by the passing of time alone; zero when never.
func (s *State) NextDeadline(now time.Time) time.Time {
	var next time.Time
	for _, w := range s.waiting {
		if w.Only != "" && w.OnlyUntil.After(now) && (next.IsZero() || w.OnlyUntil.Before(next)) {
			next = w.OnlyUntil
		}
	}
	return next
}

// Lapsed lists waiting calls whose time for one operator only is over.
func (s *State) Lapsed(now time.Time) []Waiting {
	var out []Waiting
	for _, w := range s.waiting {
		if w.Only != "" && !now.Before(w.OnlyUntil) {
			out = append(out, w)
		}
	}
	return out
}
