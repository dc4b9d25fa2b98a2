package graph

import (
	"context"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/pult-cc/pult/graph/model"
	"github.com/pult-cc/pult/internal/errs"
	"github.com/pult-cc/pult/internal/interactions"
	"github.com/pult-cc/pult/telephony/calls"
)

// maxTagsShown is how many tags are offered while somebody types.
const maxTagsShown = 50

// checkNotes brings notes into their normal form, or says which field is wrong.
func (r *Resolver) checkNotes(ctx context.Context, n interactions.NotesChange) (interactions.NotesChange, error) {
	const op = "checking notes"
	if n.TopicID != nil && *n.TopicID != "" {
		set, err := r.topicSet(ctx)
		if err != nil {
			return n, errs.Wrap(op, err)
		}
		if _, ok := set.byID[*n.TopicID]; !ok {
			return n, errs.Field(op, "topicId", "there is no such topic")
		}
	}
	if n.Comment != nil && utf8.RuneCountInString(*n.Comment) > interactions.MaxComment {
		return n, errs.Field(op, "comment", "is longer than 10,000 characters")
	}
	if n.Tags == nil {
		return n, nil
	}
	tags, seen := []string{}, map[string]bool{}
	for _, t := range *n.Tags {
		t = strings.Join(strings.Fields(t), " ")
		switch {
		case t == "" || seen[strings.ToLower(t)]:
			continue
		case utf8.RuneCountInString(t) > interactions.MaxTag:
			return n, errs.Field(op, "tags", "a tag is longer than 50 characters")
		case strings.ContainsFunc(t, unicode.IsControl):
			return n, errs.Field(op, "tags", "a tag contains control characters")
		}
		seen[strings.ToLower(t)] = true
		tags = append(tags, t)
	}
	if len(tags) > interactions.MaxTags {
		return n, errs.Field(op, "tags", "more than 20 tags")
	}
	n.Tags = &tags
	return n, nil
}

// How long a live call's row may be on its way into the database, and how often it is looked for.
const (
	rowWait  = 2 * time.Second
	rowRetry = 25 * time.Millisecond
)

// saveNotes changes the notes of an interaction. The row of a live call is written behind the call's back: what somebody types in its
// first moments waits for it.
func (r *Resolver) saveNotes(ctx context.Context, id string, n interactions.NotesChange, live bool) (interactions.Interaction, error) {
	deadline := time.NewTimer(rowWait)
	defer deadline.Stop()
	retry := time.NewTicker(rowRetry)
	defer retry.Stop()
	for {
		in, err := r.core.History.SetNotes(ctx, id, n)
		if !live || !errs.Is(err, errs.NotFound) {
			return in, err
		}
		select {
		case <-ctx.Done():
			return in, errs.With(errs.Timeout, "saving notes", ctx.Err())
		case <-deadline.C:
			return in, errs.With(errs.Unavailable, "saving notes: the call has no record yet", err)
		case <-retry.C:
		}
	}
}

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
	n, err := r.checkNotes(ctx, n)
	if err != nil {
		return nil, err
	}
	c, err := r.writable(ctx, id)
	if err != nil {
		return nil, err
	}
	in, err := r.saveNotes(ctx, id, n, c != nil)
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
	n, err := r.checkNotes(ctx, n)
	if err != nil {
		return nil, err
	}
	c, err := r.writable(ctx, input.CallID)
	if err != nil {
		return nil, err
	}
	in, err := r.saveNotes(ctx, input.CallID, n, c != nil)
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
