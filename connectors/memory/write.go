package memory

import (
	"context"
	"io"
	"slices"

	"github.com/pult-cc/pult/connectors"
	"github.com/pult-cc/pult/internal/errs"
)

var _ interface {
	connectors.CallLogger
	connectors.RecordingAttacher
	connectors.TaskCreator
	connectors.CallShower
} = (*Driver)(nil)

// Record types of what is written here.
const (
	callType = "call"
	taskType = "task"
	liveType = "live"
)

// longestRecording bounds a recording that is kept, as everything here, in memory.
const longestRecording = 64 << 20

// Written is everything that was written, oldest first.
type Written struct {
	Calls      []connectors.CallRecord
	Recordings []Voice
	Tasks      []connectors.Task
	Cards      []Shown // that are open
}

// Shown is a card with the customer of its call.
type Shown struct {
	connectors.Card
	Customer connectors.Ref
}

// Voice is a recording with what Open gave.
type Voice struct {
	connectors.Recording
	Data []byte
}

// Written returns a copy of everything that was written.
func (d *Driver) Written() Written {
	d.mu.RLock()
	defer d.mu.RUnlock()
	return Written{slices.Clone(d.written.Calls), slices.Clone(d.written.Recordings), slices.Clone(d.written.Tasks), slices.Clone(d.written.Cards)}
}

// LoseAnswers makes every following write be done and its answer lost, or not any more: what a cut connection does.
func (d *Driver) LoseAnswers(lose bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.lose = lose
}

// answered is the error of a write that was done.
func (d *Driver) answered(op string) error {
	if d.lose {
		return errs.E(errs.Timeout, op, "no answer in time")
	}
	return nil
}

// known tells whether a customer is here; nobody is.
func known(records []connectors.Candidate, ref connectors.Ref) bool {
	return ref == connectors.Ref{} || slices.ContainsFunc(records, func(c connectors.Candidate) bool { return c.Ref == ref })
}

// LogCall implements connectors.CallLogger. A customer who is not here is errs.NotFound.
func (d *Driver) LogCall(ctx context.Context, call connectors.CallRecord) (connectors.Ref, error) {
	const op = "logging call"
	records, err := d.wait(ctx, op)
	if err != nil {
		return connectors.Ref{}, err
	}
	if !known(records, call.Customer) {
		return connectors.Ref{}, errs.E(errs.NotFound, op, "the customer is not there any more")
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if i := slices.IndexFunc(d.written.Calls, func(c connectors.CallRecord) bool { return c.Key == call.Key }); i >= 0 {
		d.written.Calls[i] = call
	} else {
		d.written.Calls = append(d.written.Calls, call)
	}
	delete(d.announced, call.Key)
	d.written.Cards = slices.DeleteFunc(d.written.Cards, func(s Shown) bool { return s.Key == call.Key && s.Agent.ID == call.Agent.ID })
	return connectors.Ref{Connector: d.id, Type: callType, ID: call.Key}, d.answered(op)
}

// AttachRecording implements connectors.RecordingAttacher.
func (d *Driver) AttachRecording(ctx context.Context, rec connectors.Recording) error {
	const op = "attaching recording"
	if _, err := d.wait(ctx, op); err != nil {
		return err
	}
	voice := Voice{Recording: rec}
	if rec.Open != nil {
		f, err := rec.Open(ctx)
		if err != nil && rec.URL == "" {
			return errs.Wrap(op, err)
		}
		if err == nil {
			defer f.Close()
			if voice.Data, err = io.ReadAll(io.LimitReader(f, longestRecording)); err != nil {
				return errs.With(errs.Unavailable, op, err)
			}
		}
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if !slices.ContainsFunc(d.written.Calls, func(c connectors.CallRecord) bool { return c.Key == rec.Call.ID }) {
		return errs.E(errs.NotFound, op, "the call is not there")
	}
	if !slices.ContainsFunc(d.written.Recordings, func(v Voice) bool { return v.Key == rec.Key }) {
		d.written.Recordings = append(d.written.Recordings, voice)
	}
	return d.answered(op)
}

// CreateTask implements connectors.TaskCreator.
func (d *Driver) CreateTask(ctx context.Context, task connectors.Task) (connectors.Ref, error) {
	const op = "creating task"
	records, err := d.wait(ctx, op)
	if err != nil {
		return connectors.Ref{}, err
	}
	if !known(records, task.Customer) {
		return connectors.Ref{}, errs.E(errs.NotFound, op, "the customer is not there any more")
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if !slices.ContainsFunc(d.written.Tasks, func(t connectors.Task) bool { return t.Key == task.Key }) {
		d.written.Tasks = append(d.written.Tasks, task)
	}
	return connectors.Ref{Connector: d.id, Type: taskType, ID: task.Key}, d.answered(op)
}

// AnnounceCall implements connectors.CallShower.
func (d *Driver) AnnounceCall(ctx context.Context, call connectors.LiveCall) (connectors.Ref, error) {
	const op = "announcing call"
	records, err := d.wait(ctx, op)
	if err != nil {
		return connectors.Ref{}, err
	}
	if !known(records, call.Customer) {
		return connectors.Ref{}, errs.E(errs.NotFound, op, "the customer is not there any more")
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.announced[call.Key] = call.Customer
	return connectors.Ref{Connector: d.id, Type: liveType, ID: call.Key}, d.answered(op)
}

// ShowCall implements connectors.CallShower.
func (d *Driver) ShowCall(ctx context.Context, card connectors.Card) error {
	const op = "showing call"
	if _, err := d.wait(ctx, op); err != nil {
		return err
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	customer, lives := d.announced[card.Call.ID]
	if !lives {
		return nil
	}
	d.written.Cards = slices.DeleteFunc(d.written.Cards, func(s Shown) bool { return s.Call == card.Call && s.Agent.ID == card.Agent.ID })
	if !card.Away {
		d.written.Cards = append(d.written.Cards, Shown{card, customer})
	}
	return d.answered(op)
}
