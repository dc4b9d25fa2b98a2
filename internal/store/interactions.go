package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"time"

	entsql "entgo.io/ent/dialect/sql"

	"github.com/pult-cc/pult/ent"
	"github.com/pult-cc/pult/ent/interaction"
	"github.com/pult-cc/pult/ent/predicate"
	"github.com/pult-cc/pult/internal/customers"
	"github.com/pult-cc/pult/internal/errs"
	"github.com/pult-cc/pult/internal/interactions"
	"github.com/pult-cc/pult/telephony/quality"
)

// linkColumns are what a call event may overwrite unless a person has decided later than what the event tells of, perhaps in another
// process: an answer of a customer system is no decision.
var linkColumns = []string{
	interaction.FieldCustomerID, interaction.FieldCustomerName, interaction.FieldLinkedBy, interaction.FieldLink, interaction.FieldLinkedAt,
}

// decided is the value of a column of linkColumns when a call event comes to a row that is there.
func decided(column string) string {
	return "CASE WHEN interactions.linked_at IS NOT NULL AND (excluded.linked_at IS NULL OR excluded.linked_at < interactions.linked_at)" +
		" THEN interactions." + column + " ELSE excluded." + column + " END"
}

type interactionRepo struct{ *Store }

var _ interactions.Repository = interactionRepo{}

const noInteraction = "there is no such interaction"

// callColumns are what a call event may overwrite: everything but the id and the notes.
var callColumns = []string{
	interaction.FieldChannel, interaction.FieldDirection, interaction.FieldNumber, interaction.FieldNumberDisplay,
	interaction.FieldNumberExt, interaction.FieldNumberKind, interaction.FieldQueueID, interaction.FieldOperatorID,
	interaction.FieldWeek, interaction.FieldStartedAt, interaction.FieldEnqueuedAt,
	interaction.FieldAnsweredAt, interaction.FieldEndedAt, interaction.FieldClosedAt, interaction.FieldWaitedMs,
	interaction.FieldResult, interaction.FieldTerm,
}

// SaveCall implements interactions.Repository in one statement, so that the database itself fences off an old holder of the lease
// however late its write arrives. With a call that has ended goes, in one transaction, what customer systems are to know of it; where
// that cannot be written, and never will be, the end is saved without it and the error says so.
func (r interactionRepo) SaveCall(ctx context.Context, in interactions.Interaction) error {
	const op = "saving call"
	if in.ID == "" {
		return errs.Field(op, "id", "missing")
	}
	record, mos, err := qualityColumns(in.Quality)
	if err != nil {
		return errs.With(errs.Internal, op, err)
	}
	if in.EndedAt == nil || r.opts.Outbox == nil {
		_, err := saveCall(ctx, r.client.Interaction, in, record, mos)
		return wrap(op, err)
	}
	err = r.inTx(ctx, func(tx *ent.Tx) error {
		saved, err := saveCall(ctx, tx.Interaction, in, record, mos)
		if err != nil || !saved {
			return err
		}
		return r.tell(ctx, tx, interaction.ID(in.ID))
	})
	switch kindOfAny(err) {
	case errs.Unavailable, errs.Timeout: // both will be tried again
		return wrap(op, err)
	}
	if err != nil { // neither would come of trying again: the call has ended all the same
		if _, alone := saveCall(ctx, r.client.Interaction, in, record, mos); alone != nil {
			return wrap(op, alone)
		}
		return wrap("telling customer systems of an ended call", err)
	}
	return nil
}

// saveCall is false when the row is of a newer term, or closed, and so left alone.
func saveCall(ctx context.Context, rows *ent.InteractionClient, in interactions.Interaction, record json.RawMessage, mos *float64) (bool, error) {
	row := rows.Create().SetID(in.ID).
		SetChannel(string(in.Channel)).SetDirection(in.Direction).
		SetNumber(clean(in.Number.E164)).SetNumberDisplay(clean(in.Number.Display)).
		SetNumberExt(clean(in.Number.Ext)).SetNumberKind(string(in.Number.Kind)).
		SetQueueID(in.QueueID).SetOperatorID(in.OperatorID).
		SetCustomerID(clean(string(in.CustomerID))).SetCustomerName(clean(in.CustomerName)).
		SetLinkedBy(clean(in.LinkedBy)).SetNillableLinkedAt(utcOrNil(in.LinkedAt)).SetLink(int(in.Link())).SetWeek(weekOf(in)).
		SetStartedAt(utc(in.StartedAt)).SetNillableEnqueuedAt(utcOrNil(in.EnqueuedAt)).
		SetNillableAnsweredAt(utcOrNil(in.AnsweredAt)).SetNillableEndedAt(utcOrNil(in.EndedAt)).
		SetNillableClosedAt(utcOrNil(in.ClosedAt)).
		SetNillableMos(mos).
		SetWaitedMs(in.Waited.Milliseconds()).SetResult(in.Result).SetTerm(int64(in.Term))
	if record != nil { // a JSON null is not SQL's
		row.SetQuality(record)
	}
	err := row.OnConflict(
		entsql.ConflictColumns(interaction.FieldID),
		entsql.ResolveWith(func(u *entsql.UpdateSet) {
			for _, c := range callColumns {
				u.SetExcluded(c)
			}
			for _, c := range linkColumns {
				u.Set(c, entsql.Expr(decided(c)))
			}
			for _, c := range qualityColumnNames {
				u.Set(c, entsql.Expr("COALESCE(excluded."+c+", interactions."+c+")"))
			}
		}),
		entsql.UpdateWhere(entsql.P(func(b *entsql.Builder) {
			b.WriteString(`interactions.term <= excluded.term AND ` +
				`(interactions.closed_at IS NULL OR excluded.closed_at IS NOT NULL)`)
		})),
	).Exec(ctx)
	if errors.Is(err, sql.ErrNoRows) {
		return false, nil
	}
	return err == nil, err
}

// SetNotes implements interactions.Repository.
func (r interactionRepo) SetNotes(
	ctx context.Context, id string, change interactions.NotesChange, at time.Time,
) (interactions.Interaction, error) {
	const op = "saving notes"
	var out interactions.Interaction
	id = clean(id)
	err := r.inTx(ctx, func(tx *ent.Tx) error {
		u := tx.Interaction.Update().Where(interaction.ID(id))
		if change.TopicID != nil {
			if *change.TopicID == "" {
				u.ClearTopicID()
			} else {
				u.SetTopicID(clean(*change.TopicID))
			}
		}
		if change.Comment != nil {
			u.SetComment(clean(*change.Comment)).SetCommentAt(utc(at))
		}
		var tags []string
		if change.Tags != nil {
			tags = cleanTags(*change.Tags)
			u.SetTags(tags)
		}
		// The update goes first: its row lock makes changes of one interaction wait for each other.
		if len(u.Mutation().Fields()) > 0 || len(u.Mutation().ClearedFields()) > 0 {
			if _, err := u.Save(ctx); err != nil {
				if kindOf(err) == errs.Invalid {
					return errs.Field("", "topicId", "unknown topic")
				}
				return err
			}
		}
		row, err := tx.Interaction.Get(ctx, id)
		if err != nil {
			return notFound("", noInteraction, err)
		}
		out = interactionOf(row)
		if change.Tags != nil {
			if err := replaceTags(ctx, tx, id, tags); err != nil {
				return err
			}
		}
		return r.tell(ctx, tx, interaction.ID(id))
	})
	if err != nil {
		return interactions.Interaction{}, wrap(op, err)
	}
	return out, nil
}

// Get implements interactions.Repository.
func (r interactionRepo) Get(ctx context.Context, id string) (interactions.Interaction, error) {
	row, err := r.client.Interaction.Get(ctx, clean(id))
	if err != nil {
		return interactions.Interaction{}, notFound("reading interaction", noInteraction, err)
	}
	return interactionOf(row), nil
}

// GetMany implements interactions.Repository.
func (r interactionRepo) GetMany(ctx context.Context, ids []string) ([]interactions.Interaction, error) {
	if len(ids) == 0 {
		return nil, nil
	}
	wanted := make([]string, len(ids))
	for i, id := range ids {
		wanted[i] = clean(id)
	}
	rows, err := r.client.Interaction.Query().Where(interaction.IDIn(wanted...)).All(ctx)
	if err != nil {
		return nil, wrap("reading interactions", err)
	}
	return interactionsOf(rows), nil
}

// List implements interactions.Repository in one statement. The cursor is the last row's place in the order, so a page costs the
// same at any depth, and rows that come in meanwhile shift nothing.
func (r interactionRepo) List(
	ctx context.Context, f interactions.Filter, limit int, after string,
) (interactions.Page, error) {
	const op = "listing interactions"
	if limit <= 0 {
		return interactions.Page{}, errs.Field(op, "first", "want at least 1")
	}
	where := filterOf(f)
	if after != "" {
		from, err := parseCursor(after)
		if err != nil {
			return interactions.Page{}, errs.Wrap(op, err)
		}
		where = append(where, func(s *entsql.Selector) {
			s.Where(entsql.CompositeLT(
				[]string{s.C(interaction.FieldStartedAt), s.C(interaction.FieldID)}, from.startedAt, from.id))
		})
	}
	rows, err := r.client.Interaction.Query().Where(where...).
		Order(interaction.ByStartedAt(entsql.OrderDesc()), interaction.ByID(entsql.OrderDesc())).
		Limit(limit + 1). // one more tells whether there is a next page
		All(ctx)
	if err != nil {
		return interactions.Page{}, wrap(op, err)
	}
	var page interactions.Page
	if len(rows) > limit {
		rows = rows[:limit]
		last := rows[limit-1]
		page.Next = cursor{startedAt: last.StartedAt, id: last.ID}.String()
	}
	page.Items = interactionsOf(rows)
	page.Cursors = make([]string, len(rows))
	for i, row := range rows {
		page.Cursors[i] = cursor{startedAt: row.StartedAt, id: row.ID}.String()
	}
	return page, nil
}

func filterOf(f interactions.Filter) []predicate.Interaction {
	var where []predicate.Interaction
	if f.CustomerID != "" {
		where = append(where, interaction.CustomerID(clean(string(f.CustomerID))))
	}
	if f.Number != "" {
		where = append(where, interaction.Number(clean(f.Number)))
	}
	if f.OperatorID != "" {
		where = append(where, interaction.OperatorID(clean(f.OperatorID)))
	}
	if f.QueueID != "" {
		where = append(where, interaction.QueueID(clean(f.QueueID)))
	}
	if f.Queues == nil && f.OwnOperator == "" {
		return where
	}
	// An empty list that is not nil is a viewer without queues: IN () is false for every row.
	scope := []predicate.Interaction{interaction.QueueIDIn(f.Queues...)}
	if f.OwnOperator != "" {
		scope = append(scope, interaction.OperatorID(f.OwnOperator))
	}
	return append(where, interaction.Or(scope...))
}

// OpenCalls implements interactions.Repository, oldest first.
func (r interactionRepo) OpenCalls(ctx context.Context) ([]interactions.Interaction, error) {
	rows, err := r.client.Interaction.Query().
		Where(interaction.ClosedAtIsNil(), interaction.Channel(string(interactions.ChannelCall))).
		Order(interaction.ByStartedAt(), interaction.ByID()).
		All(ctx)
	if err != nil {
		return nil, wrap("reading open calls", err)
	}
	return interactionsOf(rows), nil
}

func interactionsOf(rows []*ent.Interaction) []interactions.Interaction {
	out := make([]interactions.Interaction, len(rows))
	for i, row := range rows {
		out[i] = interactionOf(row)
	}
	return out
}

var qualityColumnNames = []string{interaction.FieldQuality, interaction.FieldMos}

// qualityColumns are the record and its score; nil where there is none.
func qualityColumns(r *quality.Record) (json.RawMessage, *float64, error) {
	if r == nil {
		return nil, nil, nil
	}
	raw, err := json.Marshal(r)
	if err != nil {
		return nil, nil, err
	}
	mos, ok := r.Overall()
	if !ok {
		return raw, nil, nil
	}
	return raw, &mos, nil
}

// qualityOf reads the record. One that cannot be read, of whatever program wrote it, costs its figures and not the history.
func qualityOf(raw json.RawMessage) *quality.Record {
	var r quality.Record
	if len(raw) == 0 || json.Unmarshal(raw, &r) != nil {
		return nil
	}
	return &r
}

func interactionOf(row *ent.Interaction) interactions.Interaction {
	out := interactions.Interaction{
		ID: row.ID, Channel: interactions.Channel(row.Channel), Direction: row.Direction,
		Number: customers.Number{
			E164: row.Number, Display: row.NumberDisplay, Ext: row.NumberExt, Kind: customers.NumberKind(row.NumberKind),
		},
		QueueID: row.QueueID, OperatorID: row.OperatorID,
		CustomerID: customers.ID(row.CustomerID), CustomerName: row.CustomerName, LinkedBy: row.LinkedBy, LinkedAt: utcOrNil(row.LinkedAt),
		StartedAt: row.StartedAt.UTC(), EnqueuedAt: utcOrNil(row.EnqueuedAt), AnsweredAt: utcOrNil(row.AnsweredAt),
		EndedAt: utcOrNil(row.EndedAt), ClosedAt: utcOrNil(row.ClosedAt),
		Waited: time.Duration(row.WaitedMs) * time.Millisecond, Result: row.Result, Term: uint64(row.Term),
		Notes: interactions.Notes{Tags: row.Tags, Comment: row.Comment, CommentAt: utcOrNil(row.CommentAt)},
	}
	out.Quality = qualityOf(row.Quality)
	if row.TopicID != nil {
		out.Notes.TopicID = *row.TopicID
	}
	return out
}
