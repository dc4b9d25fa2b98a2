package store

import (
	"context"
	"fmt"
	"time"

	entsql "entgo.io/ent/dialect/sql"

	"github.com/pult-cc/pult/ent"
	"github.com/pult-cc/pult/ent/interaction"
	"github.com/pult-cc/pult/ent/predicate"
	"github.com/pult-cc/pult/internal/customers"
	"github.com/pult-cc/pult/internal/errs"
	"github.com/pult-cc/pult/internal/interactions"
)

// weekOf is the week that a call is counted in; 0 for what is no call.
func weekOf(in interactions.Interaction) int {
	if in.Channel != interactions.ChannelCall {
		return 0
	}
	return int(interactions.WeekOf(in.StartedAt))
}

// unlinked selects calls without a customer. The text is that of the index interaction_unlinked: a bound value would not find it.
func unlinked(s *entsql.Selector) {
	s.Where(entsql.ExprP(s.C(interaction.FieldLink) + " = 1"))
}

// SetCustomer implements interactions.Repository. What the link counts as depends on the row.
func (r interactionRepo) SetCustomer(ctx context.Context, id string, customer customers.ID, name, by string, at time.Time) error {
	const op = "linking customer"
	return wrap(op, r.inTx(ctx, func(tx *ent.Tx) error {
		linkedBy := clean(by)
		if customer == "" {
			linkedBy = ""
		}
		// The update goes first: its row lock makes changes of one interaction wait for each other.
		n, err := tx.Interaction.Update().Where(interaction.ID(clean(id))).
			SetCustomerID(clean(string(customer))).SetCustomerName(clean(name)).SetLinkedBy(linkedBy).SetLinkedAt(utc(at)).
			Save(ctx)
		if err != nil {
			return err
		}
		if n == 0 {
			return errs.E(errs.NotFound, op, noInteraction)
		}
		row, err := tx.Interaction.Get(ctx, clean(id))
		if err != nil {
			return err
		}
		in := interactionOf(row)
		if err := tx.Interaction.UpdateOneID(row.ID).SetLink(int(in.Link())).Exec(ctx); err != nil {
			return err
		}
		return r.tell(ctx, tx, interaction.ID(row.ID))
	}))
}

// LinkCounts implements interactions.Repository along the index of weeks, queues and links.
func (r interactionRepo) LinkCounts(ctx context.Context, since interactions.Week) ([]interactions.LinkCount, error) {
	var rows []struct {
		Week    int    `sql:"week"`
		QueueID string `sql:"queue_id"`
		Link    int    `sql:"link"`
		Count   int    `sql:"count"`
	}
	err := r.client.Interaction.Query().
		Where(interaction.WeekGTE(max(int(since), 1))). // 0 is no call
		Modify(func(s *entsql.Selector) {
			week, queue, link := s.C(interaction.FieldWeek), s.C(interaction.FieldQueueID), s.C(interaction.FieldLink)
			s.Select(week, queue, link, entsql.As(entsql.Count("*"), "count")).GroupBy(week, queue, link).OrderBy(week, queue, link)
		}).
		Scan(ctx, &rows)
	if err != nil {
		return nil, wrap("counting links", err)
	}
	var out []interactions.LinkCount
	for _, row := range rows {
		last := len(out) - 1
		if last < 0 || int(out[last].Week) != row.Week || out[last].QueueID != row.QueueID {
			out = append(out, interactions.LinkCount{Week: interactions.Week(row.Week), QueueID: row.QueueID})
			last++
		}
		c := &out[last]
		c.Calls += row.Count
		switch interactions.Link(row.Link) {
		case interactions.LinkNone:
			c.Resolvable += row.Count
		case interactions.LinkSystem:
			c.Resolvable += row.Count
			c.BySystem += row.Count
		case interactions.LinkPerson:
			c.Resolvable += row.Count
			c.ByPerson += row.Count
		}
	}
	return out, nil
}

// numberGroup is the calls of a number as the database counts them.
type numberGroup struct {
	Number string   `sql:"number"`
	Calls  int      `sql:"calls"`
	Last   textTime `sql:"last"`
}

// Unlinked implements interactions.Repository in two statements: the groups, and the latest call of each.
func (r interactionRepo) Unlinked(
	ctx context.Context, f interactions.UnlinkedFilter, limit int, after string,
) (interactions.UnlinkedPage, error) {
	const op = "listing unlinked numbers"
	var page interactions.UnlinkedPage
	if limit <= 0 {
		return page, errs.Field(op, "first", "want at least 1")
	}
	if f.Order == "" {
		f.Order = interactions.UnlinkedByCalls
	}
	groups, err := r.unlinkedGroups(ctx, f, limit+1, after) // one more tells whether there is a next page
	if err != nil {
		return page, wrap(op, err)
	}
	more := len(groups) > limit
	groups = groups[:min(limit, len(groups))]
	last, err := r.lastUnlinked(ctx, f, groups)
	if err != nil {
		return page, wrap(op, err)
	}
	for _, g := range groups {
		in, ok := last[g.Number]
		if !ok {
			continue // linked since the first statement
		}
		page.Items = append(page.Items, interactions.UnlinkedNumber{Number: in.Number, Calls: g.Calls, Last: in})
		page.Cursors = append(page.Cursors, g.cursor(f.Order).String())
	}
	if more {
		page.Next = groups[limit-1].cursor(f.Order).String()
	}
	return page, nil
}

func (g numberGroup) cursor(order interactions.UnlinkedOrder) groupCursor {
	c := groupCursor{order: string(order), value: int64(g.Calls), number: g.Number}
	if order == interactions.UnlinkedByRecent {
		c.value = time.Time(g.Last).UnixMicro()
	}
	return c
}

func (r interactionRepo) unlinkedGroups(
	ctx context.Context, f interactions.UnlinkedFilter, limit int, after string,
) ([]numberGroup, error) {
	var from *groupCursor
	if after != "" {
		c, err := parseGroupCursor(after, string(f.Order))
		if err != nil {
			return nil, err
		}
		from = &c
	}
	var rows []numberGroup
	err := r.client.Interaction.Query().Where(unlinkedWhere(f)...).
		Modify(func(s *entsql.Selector) {
			number, started := s.C(interaction.FieldNumber), s.C(interaction.FieldStartedAt)
			value, place := "COUNT(*)", any(int64(0))
			if from != nil {
				place = from.value
			}
			if f.Order == interactions.UnlinkedByRecent {
				value = entsql.Max(started)
				if from != nil {
					place = time.UnixMicro(from.value).UTC()
				}
			}
			s.Select(number, entsql.As(entsql.Count("*"), "calls"), entsql.As(entsql.Max(started), "last")).GroupBy(number).
				OrderExpr(entsql.Expr(value+" DESC"), entsql.Expr(number+" DESC")).Limit(limit)
			if from != nil {
				s.Having(entsql.P(func(b *entsql.Builder) {
					b.WriteString("(" + value + ", " + number + ") < (").Arg(place).WriteString(", ").Arg(from.number).WriteString(")")
				}))
			}
		}).
		Scan(ctx, &rows)
	return rows, err
}

func unlinkedWhere(f interactions.UnlinkedFilter) []predicate.Interaction {
	where := []predicate.Interaction{unlinked}
	if !f.Since.IsZero() {
		where = append(where, interaction.StartedAtGTE(utc(f.Since)))
	}
	if f.QueueID != "" {
		where = append(where, interaction.QueueID(clean(f.QueueID)))
	}
	return where
}

// lastUnlinked reads the latest call of each group.
func (r interactionRepo) lastUnlinked(
	ctx context.Context, f interactions.UnlinkedFilter, groups []numberGroup,
) (map[string]interactions.Interaction, error) {
	if len(groups) == 0 {
		return map[string]interactions.Interaction{}, nil
	}
	latest := make([]predicate.Interaction, len(groups))
	for i, g := range groups {
		latest[i] = interaction.And(interaction.Number(g.Number), interaction.StartedAt(time.Time(g.Last).UTC()))
	}
	rows, err := r.client.Interaction.Query().Where(append(unlinkedWhere(f), interaction.Or(latest...))...).
		Order(interaction.ByID()).All(ctx)
	if err != nil {
		return nil, err
	}
	out := make(map[string]interactions.Interaction, len(rows))
	for _, row := range rows {
		out[row.Number] = interactionOf(row)
	}
	return out, nil
}

// textTime is the time of an aggregate, which SQLite gives back as the text it keeps.
type textTime time.Time

// Scan implements sql.Scanner.
func (t *textTime) Scan(v any) error {
	switch v := v.(type) {
	case time.Time:
		*t = textTime(v)
		return nil
	case string:
		for _, layout := range []string{"2006-01-02 15:04:05.999999999-07:00", "2006-01-02 15:04:05.999999999 -0700 MST"} {
			if at, err := time.Parse(layout, v); err == nil {
				*t = textTime(at)
				return nil
			}
		}
	}
	return fmt.Errorf("no time: %T", v)
}
