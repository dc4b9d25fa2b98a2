package app

import (
	"context"

	"github.com/pult-cc/pult/internal/interactions"
	"github.com/pult-cc/pult/telephony/calls"
)

// journal keeps the floor's calls as interactions.
type journal struct {
	repo *interactions.Service
	term uint64 // of the lease under which this process owns the floor
}

var _ calls.Journal = journal{}

// SaveCall writes the call part of the interaction.
func (j journal) SaveCall(ctx context.Context, c calls.Call) error {
	in := interactions.Interaction{
		ID: string(c.ID), Channel: interactions.ChannelCall, Direction: string(c.Direction), Number: c.CustomerNumber(),
		QueueID: c.QueueID, OperatorID: c.OperatorID, StartedAt: c.StartedAt, EnqueuedAt: c.EnqueuedAt, AnsweredAt: c.AnsweredAt,
		Term: j.term, Quality: c.Quality,
	}
	if m := c.Match.Chosen; m != nil {
		in.CustomerID, in.CustomerName, in.LinkedBy = m.ID, m.Name, c.Match.ChosenBy
	}
	in.LinkedAt = c.Match.DecidedAt
	if c.End != nil {
		in.EndedAt, in.Result = &c.End.At, string(c.End.Result)
		in.Waited = c.Waited(c.End.At)
	}
	if c.State == calls.StateEnded {
		closed := c.Since
		in.ClosedAt = &closed
	}
	return j.repo.SaveCall(ctx, in)
}

// OpenCalls returns what a new owner of the floor has to take up again.
func (j journal) OpenCalls(ctx context.Context) ([]calls.OpenRecord, error) {
	rows, err := j.repo.OpenCalls(ctx)
	if err != nil {
		return nil, err
	}
	out := make([]calls.OpenRecord, 0, len(rows))
	for _, r := range rows {
		o := calls.OpenRecord{
			ID: calls.ID(r.ID), Direction: calls.Direction(r.Direction), QueueID: r.QueueID, OperatorID: r.OperatorID,
			Number: r.Number, CustomerID: r.CustomerID, CustomerName: r.CustomerName, StartedAt: r.StartedAt, AnsweredAt: r.AnsweredAt,
		}
		if r.EndedAt != nil {
			o.End = &calls.End{At: *r.EndedAt, Result: calls.Result(r.Result), By: calls.BySystem}
		}
		out = append(out, o)
	}
	return out, nil
}
