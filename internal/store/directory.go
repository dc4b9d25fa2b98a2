package store

import (
	"context"
	"time"

	"github.com/pult-cc/pult/ent"
	"github.com/pult-cc/pult/ent/declaredavailability"
	"github.com/pult-cc/pult/ent/pausereason"
	"github.com/pult-cc/pult/ent/queue"
	"github.com/pult-cc/pult/internal/errs"
	"github.com/pult-cc/pult/telephony/queues"
)

type directory struct{ *Store }

var _ queues.Directory = directory{}

// Queues implements queues.Directory, in their order.
func (r directory) Queues(ctx context.Context) ([]queues.Queue, error) {
	rows, err := r.client.Queue.Query().Order(queue.ByPosition(), queue.ByID()).All(ctx)
	if err != nil {
		return nil, wrap("reading queues", err)
	}
	out := make([]queues.Queue, len(rows))
	for i, q := range rows {
		out[i] = queues.Queue{
			ID: q.ID, Key: q.Key, Name: q.Name, Order: q.Position,
			RingTimeout: time.Duration(q.RingTimeoutMs) * time.Millisecond,
			WrapUp:      time.Duration(q.WrapUpMs) * time.Millisecond,
			RescueFor:   time.Duration(q.RescueForMs) * time.Millisecond,
			AutoAnswer:  q.AutoAnswer, Tone: q.Tone,
		}
	}
	return out, nil
}

// UpsertQueue implements queues.Directory. A key that another queue has is errs.Conflict.
func (r directory) UpsertQueue(ctx context.Context, q queues.Queue) error {
	const op = "saving queue"
	switch {
	case q.ID == "":
		return errs.Field(op, "id", "missing")
	case q.Key == "":
		return errs.Field(op, "key", "missing")
	}
	if err := q.Validate(); err != nil {
		return errs.Wrap(op, err)
	}
	err := createQueue(r.client.Queue, q).OnConflictColumns(queue.FieldID).UpdateNewValues().Exec(ctx)
	if kindOfAny(err) == errs.Conflict {
		return &errs.Error{Kind: errs.Conflict, Op: op, Msg: "another queue has this key", Err: err}
	}
	return wrap(op, err)
}

func createQueue(client *ent.QueueClient, q queues.Queue) *ent.QueueCreate {
	return client.Create().SetID(q.ID).SetKey(clean(q.Key)).SetName(clean(q.Name)).SetPosition(q.Order).
		SetRingTimeoutMs(q.RingTimeout.Milliseconds()).SetWrapUpMs(q.WrapUp.Milliseconds()).
		SetRescueForMs(q.RescueFor.Milliseconds()).SetAutoAnswer(q.AutoAnswer).SetTone(clean(q.Tone))
}

// PauseReasons implements queues.Directory: those to be chosen in their order, then Pult's own.
func (r directory) PauseReasons(ctx context.Context) ([]queues.PauseReason, error) {
	rows, err := r.client.PauseReason.Query().
		Order(pausereason.BySystem(), pausereason.ByPosition(), pausereason.ByID()).
		All(ctx)
	if err != nil {
		return nil, wrap("reading pause reasons", err)
	}
	out := make([]queues.PauseReason, len(rows))
	for i, p := range rows {
		out[i] = queues.PauseReason{ID: p.ID, Key: p.Key, Name: p.Name, System: p.System}
	}
	return out, nil
}

// Declared implements queues.Directory.
func (r directory) Declared(ctx context.Context) ([]queues.Declared, error) {
	rows, err := r.client.DeclaredAvailability.Query().Order(declaredavailability.ByID()).All(ctx)
	if err != nil {
		return nil, wrap("reading availability", err)
	}
	out := make([]queues.Declared, len(rows))
	for i, d := range rows {
		out[i] = queues.Declared{
			OperatorID: d.ID, Availability: queues.Availability(d.Availability), PauseReason: d.PauseReason,
			Since: d.Since.UTC(), IdleSince: d.IdleSince.UTC(),
		}
	}
	return out, nil
}

// SaveDeclared implements queues.Directory; the last write wins.
func (r directory) SaveDeclared(ctx context.Context, d queues.Declared) error {
	const op = "saving availability"
	if d.OperatorID == "" {
		return errs.Field(op, "operatorId", "missing")
	}
	err := r.client.DeclaredAvailability.Create().SetID(d.OperatorID).
		SetAvailability(string(d.Availability)).SetPauseReason(d.PauseReason).
		SetSince(utc(d.Since)).SetIdleSince(utc(d.IdleSince)).
		OnConflictColumns(declaredavailability.FieldID).UpdateNewValues().
		Exec(ctx)
	return wrap(op, err)
}
