package outbox

import (
	"context"
	"io"

	"github.com/pult-cc/pult/connectors"
	"github.com/pult-cc/pult/internal/errs"
)

// write makes the entry's record in the customer system and returns where.
func (l *lane) write(ctx context.Context, e Entry) (connectors.Ref, error) {
	const op = "writing into customer system"
	p := e.Effective()
	switch e.Kind {
	case KindCall:
		names, err := l.Directory.Names(ctx, p.QueueID, p.OperatorID, p.TopicID)
		if err != nil {
			return connectors.Ref{}, ours(op, err)
		}
		announced, err := l.announced(ctx, e)
		if err != nil {
			return connectors.Ref{}, ours(op, err)
		}
		return l.target.LogCall(ctx, connectors.CallRecord{
			Key: e.Key, Customer: p.Customer, Number: p.Number, Inbound: p.Inbound, Queue: names.Queue, Agent: names.Agent,
			StartedAt: p.StartedAt, Waited: p.Waited, Talked: p.Talked, Outcome: p.Outcome, Topic: names.Topic, Tags: p.Tags, Comment: p.Comment,
			Written: connectors.Written{Ref: e.Written, Customer: e.WrittenFor}, Announced: announced,
		})
	case KindTask:
		names, err := l.Directory.Names(ctx, p.QueueID, p.OperatorID, "")
		if err != nil {
			return connectors.Ref{}, ours(op, err)
		}
		return l.target.CreateTask(ctx, connectors.Task{
			Key: e.Key, Customer: p.Customer, Number: p.Number, Title: p.Title, Text: p.Text, DueAt: p.DueAt, Agent: names.Agent,
		})
	case KindRecording:
		call, err := l.Repository.Written(ctx, e.Connector, e.Subject)
		if errs.Is(err, errs.NotFound) {
			return connectors.Ref{}, errs.E(errs.NotFound, op, "the call that was recorded has not been written there")
		}
		if err != nil {
			return connectors.Ref{}, ours(op, err)
		}
		announced, err := l.announced(ctx, e)
		if err != nil {
			return connectors.Ref{}, ours(op, err)
		}
		rec := connectors.Recording{Key: e.Key, Call: call, Announced: announced, Customer: p.Customer, Name: p.File, Type: p.Type, Length: p.Length, URL: p.URL}
		rec.Open = func(ctx context.Context) (io.ReadCloser, error) {
			if l.Recording == nil {
				return nil, errs.E(errs.Unsupported, "opening recording", "the recording can only be fetched by its address")
			}
			return l.Recording(ctx, e.Subject)
		}
		return call, l.target.AttachRecording(ctx, rec)
	}
	return connectors.Ref{}, errs.Ef(errs.Unsupported, op, "records of kind %s are not known here", e.Kind)
}

// announced is what the system knows of the call while it lives.
func (l *lane) announced(ctx context.Context, e Entry) (connectors.Announced, error) {
	if l.Announced == nil {
		return connectors.Announced{}, nil
	}
	return l.Announced(ctx, e.Connector, e.Subject)
}

// ours is an error of our own side, which says nothing about the record: it is tried again.
func ours(op string, err error) error {
	if errs.Is(err, errs.Timeout) {
		return err
	}
	return &errs.Error{Kind: errs.Unavailable, Op: op, Msg: "Pult's own database did not answer", Err: err}
}
