package store

import (
	"context"
	"strings"

	entsql "entgo.io/ent/dialect/sql"

	"github.com/pult-cc/pult/ent"
	"github.com/pult-cc/pult/ent/interactiontag"
	"github.com/pult-cc/pult/ent/topic"
	"github.com/pult-cc/pult/internal/interactions"
)

// Topics implements interactions.Repository, in the order of the tree.
func (r interactionRepo) Topics(ctx context.Context) ([]interactions.Topic, error) {
	rows, err := r.client.Topic.Query().Order(topic.ByPosition(), topic.ByID()).All(ctx)
	if err != nil {
		return nil, wrap("reading topics", err)
	}
	out := make([]interactions.Topic, len(rows))
	for i, t := range rows {
		out[i] = interactions.Topic{ID: t.ID, Group: t.Group, Name: t.Name, Order: t.Position}
	}
	return out, nil
}

// Tags implements interactions.Repository.
func (r interactionRepo) Tags(ctx context.Context, prefix string, limit int) ([]string, error) {
	if limit <= 0 {
		return nil, nil
	}
	var rows []struct {
		Name string `sql:"name"`
	}
	err := r.client.InteractionTag.Query().
		Where(interactiontag.FoldedHasPrefix(interactions.FoldTag(strings.TrimSpace(clean(prefix))))).
		Modify(func(s *entsql.Selector) {
			// Of the spellings of a tag, one is shown.
			s.Select(entsql.As(entsql.Max(s.C(interactiontag.FieldName)), "name")).
				GroupBy(s.C(interactiontag.FieldFolded)).
				OrderExpr(entsql.Expr("COUNT(*) DESC"), entsql.Expr(s.C(interactiontag.FieldFolded))).
				Limit(limit)
		}).
		Scan(ctx, &rows)
	if err != nil {
		return nil, wrap("reading tags", err)
	}
	out := make([]string, len(rows))
	for i, row := range rows {
		out[i] = row.Name
	}
	return out, nil
}

// cleanTags are tags fit for the database and its unique index.
func cleanTags(tags []string) []string {
	out := make([]string, len(tags))
	for i, t := range tags {
		out[i] = clean(t)
	}
	return interactions.NormalTags(out)
}

func replaceTags(ctx context.Context, tx *ent.Tx, interactionID string, tags []string) error {
	if _, err := tx.InteractionTag.Delete().Where(interactiontag.InteractionID(interactionID)).Exec(ctx); err != nil {
		return err
	}
	rows := make([]*ent.InteractionTagCreate, len(tags))
	for i, t := range tags {
		rows[i] = tx.InteractionTag.Create().SetInteractionID(interactionID).SetFolded(interactions.FoldTag(t)).SetName(t)
	}
	return tx.InteractionTag.CreateBulk(rows...).Exec(ctx)
}
