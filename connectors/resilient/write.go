package resilient

import (
	"context"

	"github.com/pult-cc/pult/connectors"
	"github.com/pult-cc/pult/internal/errs"
)

// The operations that write. They pass the same bulkhead and breaker as questions do, in the half of the places that
// ringing calls do not need; nothing is repeated here: who wants a record
// written repeats it with its key (internal/outbox).
const (
	opLogCall = "log call"
	opAttach  = "attach recording"
	opTask    = "create task"
	opShow    = "show call"
)

func writes(op string) bool {
	return op == opLogCall || op == opAttach || op == opTask || op == opCreate
}

// write sends a record, which a ringing call may overtake. What was not sent because the system refused somebody else's question is
// errs.Unavailable: it says nothing about the record.
func (c *Connector) write(ctx context.Context, what string, send func(context.Context) error) error {
	sent := false
	err := c.aside(ctx, what, func(ctx context.Context) error {
		sent = true
		return send(ctx)
	})
	if !sent && refused(err) {
		return &errs.Error{Kind: errs.Unavailable, Op: "writing into " + c.o.Name, Msg: "the system is left alone for a while", Err: err}
	}
	return err
}

// LogCall writes a call, see connectors.CallLogger; a driver that cannot is errs.Unsupported.
func (c *Connector) LogCall(ctx context.Context, call connectors.CallRecord) (written connectors.Ref, err error) {
	l, ok := connectors.As[connectors.CallLogger](c.driver)
	if !ok {
		return written, errs.E(errs.Unsupported, "logging call in "+c.o.Name, "this system cannot log calls")
	}
	err = c.write(ctx, opLogCall, func(ctx context.Context) (err error) {
		written, err = l.LogCall(ctx, call)
		return err
	})
	return written, err
}

// AttachRecording adds the voice to a call, see connectors.RecordingAttacher; a driver that cannot is errs.Unsupported.
func (c *Connector) AttachRecording(ctx context.Context, rec connectors.Recording) error {
	a, ok := connectors.As[connectors.RecordingAttacher](c.driver)
	if !ok {
		return errs.E(errs.Unsupported, "attaching recording in "+c.o.Name, "this system cannot take recordings")
	}
	return c.write(ctx, opAttach, func(ctx context.Context) error { return a.AttachRecording(ctx, rec) })
}

// CreateTask creates a task, see connectors.TaskCreator; a driver that cannot is errs.Unsupported.
func (c *Connector) CreateTask(ctx context.Context, task connectors.Task) (written connectors.Ref, err error) {
	t, ok := connectors.As[connectors.TaskCreator](c.driver)
	if !ok {
		return written, errs.E(errs.Unsupported, "creating task in "+c.o.Name, "this system cannot take tasks")
	}
	err = c.write(ctx, opTask, func(ctx context.Context) (err error) {
		written, err = t.CreateTask(ctx, task)
		return err
	})
	return written, err
}

// AnnounceCall tells the system of a call that goes on, see connectors.CallShower; a driver that cannot is errs.Unsupported.
func (c *Connector) AnnounceCall(ctx context.Context, call connectors.LiveCall) (announced connectors.Ref, err error) {
	err = c.shower(ctx, func(ctx context.Context, s connectors.CallShower) (err error) {
		announced, err = s.AnnounceCall(ctx, call)
		return err
	})
	return announced, err
}

// ShowCall has the system show its own card of a call, see connectors.CallShower; a driver that cannot is errs.Unsupported.
func (c *Connector) ShowCall(ctx context.Context, card connectors.Card) error {
	return c.shower(ctx, func(ctx context.Context, s connectors.CallShower) error { return s.ShowCall(ctx, card) })
}

func (c *Connector) shower(ctx context.Context, ask func(context.Context, connectors.CallShower) error) error {
	s, ok := connectors.As[connectors.CallShower](c.driver)
	if !ok {
		return errs.E(errs.Unsupported, "showing call in "+c.o.Name, "this system has no card of its own to show")
	}
	return c.aside(ctx, opShow, func(ctx context.Context) error { return ask(ctx, s) })
}

// ofCard is the error of a card, which counts for nothing: no look-up is left out for its sake.
type ofCard struct{ error }

func (e ofCard) Unwrap() error { return e.error }
