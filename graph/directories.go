package graph

import (
	"context"

	"github.com/pult-cc/pult/internal/errs"
	"github.com/pult-cc/pult/internal/interactions"
	"github.com/pult-cc/pult/telephony/queues"
)

// topicSet is the tree of topics with an index.
type topicSet struct {
	all  []interactions.Topic
	byID map[string]interactions.Topic
}

func (r *Resolver) topicSet(ctx context.Context) (topicSet, error) {
	return r.topics.get(ctx, func(ctx context.Context) (topicSet, error) {
		ts, err := r.core.History.Topics(ctx)
		if err != nil {
			return topicSet{}, err
		}
		set := topicSet{all: ts, byID: make(map[string]interactions.Topic, len(ts))}
		for _, t := range ts {
			set.byID[t.ID] = t
		}
		return set, nil
	})
}

// reasonSet is the list of pause reasons with indexes.
type reasonSet struct {
	all   []queues.PauseReason
	byKey map[string]queues.PauseReason
	byID  map[string]queues.PauseReason
}

func (r *Resolver) pauseReasons(ctx context.Context) (reasonSet, error) {
	return r.reasons.get(ctx, func(ctx context.Context) (reasonSet, error) {
		ps, err := r.core.Reasons.PauseReasons(ctx)
		if err != nil {
			return reasonSet{}, err
		}
		set := reasonSet{all: ps, byKey: map[string]queues.PauseReason{}, byID: map[string]queues.PauseReason{}}
		for _, p := range ps {
			set.byKey[p.Key], set.byID[p.ID] = p, p
		}
		return set, nil
	})
}

// pauseKey turns the id of a reason that somebody chose into its key.
func (r *Resolver) pauseKey(ctx context.Context, id string) (string, error) {
	const op, field = "choosing pause reason", "pauseReasonId"
	set, err := r.pauseReasons(ctx)
	if err != nil {
		return "", errs.Wrap(op, err)
	}
	p, ok := set.byID[id]
	switch {
	case !ok:
		return "", errs.Field(op, field, "there is no such reason")
	case p.System:
		return "", errs.Field(op, field, "this reason is set by Pult itself")
	}
	return p.Key, nil
}
