// Package queues decides who gets which waiting call. It is pure: no clock, no I/O, no locks; one owner (telephony/calls.Floor)
// holds its State.
package queues

import (
	"slices"
	"sort"
	"time"
)

// Operator is a person as the distribution sees them.
type Operator struct {
	ID          string
	Queues      []string // ids of the queues they serve
	Declared    Declared
	PhoneOnline bool
	Unheard     bool   // a customer would not hear them: the microphone is blocked or missing
	Busy        string // call id that occupies them (offered, talking, wrap-up); "" = free
	Also        string // a second call beside it; the distribution never gives one
}

// Has tells whether the call is one of theirs.
func (o *Operator) Has(callID string) bool {
	return callID != "" && (o.Busy == callID || o.Also == callID)
}

// Take gives them the call, which must find room: see Also. Taking it again changes nothing.
func (o *Operator) Take(callID string) {
	switch {
	case o.Has(callID):
	case o.Busy == "":
		o.Busy = callID
	default:
		o.Also = callID
	}
}

// Drop takes the call from them.
func (o *Operator) Drop(callID string) {
	switch callID {
	case o.Busy:
		o.Busy, o.Also = o.Also, ""
	case o.Also:
		o.Also = ""
	}
}

// Free tells whether a new call may be offered.
func (o *Operator) Free() bool {
	return o.Declared.Availability == Ready && o.PhoneOnline && !o.Unheard && o.Busy == ""
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
	Beside    bool      // Only may have it beside a call that they have
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
	kept      int // of the waiting, for one operator only
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
	if w.Only != "" {
		s.kept++
	}
	i := sort.Search(len(s.waiting), func(i int) bool { return w.before(&s.waiting[i]) })
	s.waiting = slices.Insert(s.waiting, i, w)
}

// before tells whether w is served before o; who came first is where nothing else decides.
func (w *Waiting) before(o *Waiting) bool {
	if w.Head != o.Head {
		return w.Head
	}
	return w.Since.Before(o.Since)
}

// Remove takes a call out of the line; an absent one is no matter.
func (s *State) Remove(callID string) {
	i := slices.IndexFunc(s.waiting, func(w Waiting) bool { return w.CallID == callID })
	if i < 0 {
		return
	}
	if s.waiting[i].Only != "" {
		s.kept--
	}
	s.waiting = slices.Delete(s.waiting, i, i+1)
	s.revision++
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

// Each shows the waiting calls in order of service. They must not be changed, nor the line while they are shown.
func (s *State) Each(show func(w *Waiting)) {
	for i := range s.waiting {
		show(&s.waiting[i])
	}
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
			op.Take(w.CallID)
			offers = append(offers, Offer{CallID: w.CallID, OperatorID: op.ID, QueueID: w.QueueID})
		}
	}
	for _, o := range offers {
		s.Remove(o.CallID)
	}
	return offers
}

// free lists the operators to whom a call may be offered.
func (s *State) free() []*Operator {
	var out []*Operator
	for _, o := range s.Operators {
		if o.Free() {
			out = append(out, o)
		}
	}
	return out
}

// choose finds the operator for a call; free are those who were free when the decision began.
func (s *State) choose(w *Waiting, free []*Operator, now time.Time) *Operator {
	if w.Only != "" && now.Before(w.OnlyUntil) {
		o := s.Operators[w.Only]
		if o != nil && o.PhoneOnline && !o.Unheard && (o.Busy == "" || o.Has(w.CallID) || w.Beside && o.Also == "") && !now.Before(w.NotBefore) {
			return o
		}
		return nil
	}
	if w.QueueID == "" {
		return nil
	}
	var best *Operator
	for _, o := range free {
		if o.Busy == "" && (best == nil || o.idlerThan(best)) && o.Serves(w.QueueID) {
			best = o
		}
	}
	return best
}

// idlerThan tells whether the operator is to get a call before another who is free as well.
func (o *Operator) idlerThan(other *Operator) bool {
	a, b := o.Declared.IdleSince, other.Declared.IdleSince
	if !a.Equal(b) {
		return a.Before(b)
	}
	return o.ID < other.ID
}

// NextDeadline is when Decide may answer differently by the passing of time alone; zero when never.
func (s *State) NextDeadline(now time.Time) time.Time {
	var next time.Time
	for i := range s.waiting {
		w := &s.waiting[i]
		if s.kept == 0 {
			break
		}
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
		if s.kept == 0 {
			break
		}
		if w := &s.waiting[i]; w.Only != "" && !now.Before(w.OnlyUntil) {
			out = append(out, *w)
		}
	}
	return out
}
