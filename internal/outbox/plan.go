package outbox

import (
	"reflect"
	"slices"
	"time"

	"github.com/pult-cc/pult/connectors"
	"github.com/pult-cc/pult/internal/customers"
	"github.com/pult-cc/pult/internal/errs"
	"github.com/pult-cc/pult/internal/interactions"
	"github.com/pult-cc/pult/telephony/calls"
)

// Line is what one customer system is told.
type Line struct {
	Connector   string
	Calls       bool // every call that has ended
	MissedTasks bool // a task to call back for every call that was missed
}

// Wording is the text of tasks, in the language of the installation. A function may be called concurrently.
type Wording struct {
	MissedTitle func(number customers.Number) string
	MissedText  func(in interactions.Interaction) string
}

// Times of the plan. Notes are typed during wrap-up, and a customer system should not be told of every key that was pressed.
const (
	// WrapUpHold is how long the record of an ended call waits for its wrap-up to end.
	WrapUpHold = 2 * time.Minute
	// Throttle is how long a change of a delivered record waits for the next.
	Throttle = 10 * time.Second
	// CallBackWithin is when a missed caller should have been called back.
	CallBackWithin = 15 * time.Minute
	// MissedFor is how long a missed call is worth a task: notes of last year's calls may be changed too.
	MissedFor = 24 * time.Hour
)

// Planner says what customer systems are to know of an interaction. Its methods are pure and may be called concurrently.
type Planner struct {
	Lines   []Line
	Wording Wording
	NewID   func() string    // ids that sort by time
	Now     func() time.Time // when a change is written
}

// Foreign tells whether a system is told that did not name the interaction's customer: it may know them by another name.
func (p *Planner) Foreign(in interactions.Interaction) bool {
	if p == nil || in.CustomerID == "" || in.Number.Kind != customers.NumberPublic {
		return false
	}
	linked, err := customers.DecodeID(in.CustomerID)
	return err == nil && slices.ContainsFunc(p.Lines, func(l Line) bool { return l.Connector != linked.Connector && (l.Calls || l.MissedTasks) })
}

// Plan returns what follows from an interaction as it stands; elsewhere is what other systems call its customer. Calls that live, and
// calls between colleagues, are nobody's business.
func (p *Planner) Plan(in interactions.Interaction, elsewhere ...connectors.Ref) []Wish {
	if p == nil || in.Channel != interactions.ChannelCall || in.EndedAt == nil || in.Number.Kind == customers.NumberInternal {
		return nil
	}
	said := payloadOf(in)
	linked, err := customers.DecodeID(in.CustomerID)
	var out []Wish
	for _, l := range p.Lines {
		w := Wish{Connector: l.Connector, Subject: in.ID, Payload: said}
		for _, ref := range append([]connectors.Ref{linked}, elsewhere...) {
			if err == nil && ref.Connector == l.Connector {
				w.Payload.Customer = ref
				break
			}
		}
		if l.Calls {
			call := w
			call.Kind, call.Key = KindCall, in.ID
			if in.ClosedAt == nil {
				call.NotBefore = in.EndedAt.Add(WrapUpHold)
			}
			out = append(out, call)
		}
		if l.MissedTasks && said.Outcome == connectors.OutcomeMissed && said.Number != "" && p.Now().Sub(*in.EndedAt) < MissedFor {
			task := w
			task.Kind, task.Key = KindTask, in.ID+"-callback"
			task.Payload = Payload{
				Customer: w.Payload.Customer, Number: said.Number, QueueID: said.QueueID,
				Title: p.Wording.MissedTitle(in.Number), Text: p.Wording.MissedText(in), DueAt: in.EndedAt.Add(CallBackWithin).UTC(),
			}
			out = append(out, task)
		}
	}
	return out
}

func payloadOf(in interactions.Interaction) Payload {
	p := Payload{
		Inbound: in.Direction == string(calls.Inbound), QueueID: in.QueueID, OperatorID: in.OperatorID, StartedAt: in.StartedAt.UTC(),
		Waited: in.Waited, TopicID: in.Notes.TopicID, Tags: in.Notes.Tags, Comment: in.Notes.Comment,
	}
	if in.Number.Kind == customers.NumberPublic {
		p.Number = in.Number.E164
	}
	if len(p.Tags) == 0 {
		p.Tags = nil
	}
	if in.AnsweredAt != nil && in.EndedAt.After(*in.AnsweredAt) {
		p.Talked = in.EndedAt.Sub(*in.AnsweredAt)
	}
	p.Outcome = outcomeOf(calls.Result(in.Result), p.Inbound)
	return p
}

func outcomeOf(r calls.Result, inbound bool) connectors.Outcome {
	switch {
	case r == calls.ResultAnswered:
		return connectors.OutcomeAnswered
	case r == calls.ResultFailed:
		return connectors.OutcomeFailed
	case inbound:
		return connectors.OutcomeMissed
	case r == calls.ResultBusy:
		return connectors.OutcomeBusy
	}
	return connectors.OutcomeNoAnswer
}

// Merge is what becomes of an entry (nil: none yet) by a wish for it; false says that nothing changes. What a person discarded stays
// so. What was refused gets another try when it has changed. A task or recording that is delivered is done.
func Merge(have *Entry, w Wish, newID func() string, at time.Time) (Entry, bool) {
	due := at
	if w.NotBefore.After(at) {
		due = w.NotBefore
	}
	if have == nil {
		return Entry{
			ID: newID(), Connector: w.Connector, Kind: w.Kind, Subject: w.Subject, Key: w.Key, Payload: w.Payload, Revision: 1,
			State: StatePending, Since: at, NextAttempt: due, CreatedAt: at, UpdatedAt: at,
		}, true
	}
	e := *have
	changed := !samePayload(e.Payload, w.Payload)
	if changed && (e.State == StateDiscarded || e.State == StateDelivered && e.Kind != KindCall) {
		return e, false
	}
	// Nobody has tried yet, and nothing is there that would be rewritten: it may go as soon as the wish says.
	sooner := e.State == StatePending && e.Lease == "" && e.Attempts == 0 && e.Reason == "" && e.DeliveredAt == nil && due.Before(e.NextAttempt)
	if sooner {
		e.NextAttempt = due
	}
	if !changed {
		return e, sooner
	}
	e.rewrite(func() {
		e.Edits = e.Edits.against(e.Payload, w.Payload)
		e.Payload, e.UpdatedAt, e.Past = w.Payload, at, false
	})
	e.Revision++
	soon := at.Add(Throttle)
	if w.NotBefore.After(soon) {
		soon = w.NotBefore
	}
	switch e.State {
	case StatePending: // it may only wait to be delivered once more
		if e.DeliveredAt != nil && e.Lease == "" && e.Attempts == 0 && e.Reason == "" && soon.Before(e.NextAttempt) {
			e.NextAttempt, e.ReasonCode = soon, errs.Timeout.String() // what it waits for may come after that, too
		}
	case StateDelivered:
		e.pending(soon, at)
	case StateDead:
		e.pending(due, at)
	case StateHeld:
		if e.Effective().Customer != (connectors.Ref{}) {
			e.pending(due, at)
		}
	}
	return e, true
}

// rewrite changes what an entry says, and keeps for whom a record of it stands in the system, or may stand since no answer came.
func (e *Entry) rewrite(change func()) {
	was := e.Effective().Customer
	tried := e.State == StatePending && !e.Past && (e.Lease != "" || e.Attempts > 0 || e.Reason != "")
	switch {
	case e.Past:
	case e.State == StateDelivered:
		e.WrittenFor = was
	case tried && e.Written.ID == "" && e.WrittenFor == (connectors.Ref{}):
		e.WrittenFor = was
	}
	change()
	// It goes back to whom it stands for, or has been moved away from by an attempt that we know nothing of.
	if tried && was != e.WrittenFor && e.Effective().Customer == e.WrittenFor {
		e.WrittenFor = was
	}
}

// pending makes the entry wait for its next attempt, as if there had been none, but for one without an answer: what was asked then may
// still be carried out.
func (e *Entry) pending(due, at time.Time) {
	if e.State != StatePending {
		e.State, e.Since = StatePending, at
	}
	if e.ReasonCode != errs.Timeout.String() {
		e.ReasonCode = ""
	}
	e.Attempts, e.Reason = 0, ""
	if e.Lease == "" {
		e.NextAttempt = due
	}
}

// against drops the edits of what the payload says anew.
func (d Edits) against(was, is Payload) Edits {
	if was.Customer != is.Customer {
		d.Customer = nil
	}
	if was.Number != is.Number {
		d.Number = nil
	}
	if was.Comment != is.Comment {
		d.Comment = nil
	}
	return d
}

func samePayload(a, b Payload) bool {
	if !a.StartedAt.Equal(b.StartedAt) || !a.DueAt.Equal(b.DueAt) {
		return false
	}
	a.StartedAt, b.StartedAt, a.DueAt, b.DueAt = time.Time{}, time.Time{}, time.Time{}, time.Time{}
	return reflect.DeepEqual(a, b)
}
