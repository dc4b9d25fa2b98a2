package graph

import (
	"context"

	"github.com/pult-cc/pult/graph/model"
	"github.com/pult-cc/pult/internal/errs"
	"github.com/pult-cc/pult/internal/interactions"
	"github.com/pult-cc/pult/telephony/calls"
)

// maxTagsShown is how many tags are offered while somebody types.
const maxTagsShown = 50

// writable finds what notes are written to and checks access: a call of the board, or an interaction.
func (r *Resolver) writable(ctx context.Context, id string) (call *calls.Call, err error) {
	v, err := mustViewer(ctx)
	if err != nil {
		return nil, err
	}
	if c, ok := r.core.Board.Call(calls.ID(id)); ok {
		return &c, v.mayWrite(&interactions.Interaction{ID: id, OperatorID: c.OperatorID, QueueID: c.QueueID})
	}
	in, err := r.core.History.Get(ctx, id)
	if err != nil {
		return nil, err
	}
	return nil, v.mayWrite(&in)
}

func (r *Resolver) writeNotes(ctx context.Context, id string, n interactions.NotesChange) (*model.InteractionPayload, error) {
	c, err := r.writable(ctx, id)
	if err != nil {
		return nil, err
	}
	in, err := r.core.History.SetNotes(ctx, id, n, c != nil)
	if err != nil {
		return nil, err
	}
	l := r.lens(ctx)
	if c != nil {
		return &model.InteractionPayload{Interaction: l.interactionOfCall(c, &in.Notes)}, nil
	}
	return &model.InteractionPayload{Interaction: l.interaction(&in)}, nil
}

// wrapUp saves what was written first: it must not be lost because the wrap-up has ended meanwhile.
func (r *Resolver) wrapUp(ctx context.Context, input model.WrapUpInput) (*model.WrapUpPayload, error) {
	const op = "wrapping up"
	n := interactions.NotesChange{TopicID: input.TopicID, Comment: input.Comment}
	if input.Tags != nil {
		n.Tags = &input.Tags
	}
	c, err := r.writable(ctx, input.CallID)
	if err != nil {
		return nil, err
	}
	in, err := r.core.History.SetNotes(ctx, input.CallID, n, c != nil)
	if err != nil {
		return nil, err
	}
	var kind calls.CommandKind
	switch input.Action {
	case model.WrapUpActionSave:
	case model.WrapUpActionExtend:
		kind = calls.CmdExtendWrapUp
	case model.WrapUpActionFinish:
		kind = calls.CmdFinishWrapUp
	}
	if kind != "" {
		v, err := mustViewer(ctx)
		if err != nil {
			return nil, err
		}
		switch after, err := r.order(ctx, v, calls.Command{Kind: kind, CallID: calls.ID(input.CallID)}); {
		case err == nil:
			c = &after
		case kind == calls.CmdFinishWrapUp && errs.Is(err, errs.Conflict) && !r.onBoard(input.CallID):
			c = nil // it has ended by itself: finished is finished
		default:
			return nil, errs.Wrap(op, err)
		}
	}
	l := r.lens(ctx)
	if c == nil {
		return &model.WrapUpPayload{Call: l.endedCall(&in), Interaction: l.interaction(&in)}, nil
	}
	m := l.call(c, &in.Notes)
	return &model.WrapUpPayload{Call: m, Interaction: m.Interaction}, nil
}

func (r *Resolver) onBoard(id string) bool {
	_, ok := r.core.Board.Call(calls.ID(id))
	return ok
}
