package store

import (
	"context"
	"encoding/json"
	"slices"
	"time"

	"entgo.io/ent/dialect"
	entsql "entgo.io/ent/dialect/sql"

	"github.com/pult-cc/pult/connectors"
	"github.com/pult-cc/pult/ent"
	"github.com/pult-cc/pult/ent/customernumber"
	"github.com/pult-cc/pult/ent/interaction"
	"github.com/pult-cc/pult/ent/outboxentry"
	"github.com/pult-cc/pult/ent/predicate"
	"github.com/pult-cc/pult/ent/refusedlink"
	"github.com/pult-cc/pult/ent/seencustomer"
	"github.com/pult-cc/pult/internal/customers"
	"github.com/pult-cc/pult/internal/errs"
	"github.com/pult-cc/pult/internal/interactions"
	"github.com/pult-cc/pult/internal/outbox"
)

type outboxRepo struct{ *Store }

var _ outbox.Repository = outboxRepo{}

// Outbox returns the repository of what customer systems are to know.
func (s *Store) Outbox() outbox.Repository { return outboxRepo{s} }

const noEntry = "there is no such entry"

// tell puts into the outbox what follows from the interactions, as they now stand in the transaction.
func (s *Store) tell(ctx context.Context, tx *ent.Tx, which ...predicate.Interaction) error {
	p := s.opts.Outbox
	if p == nil || len(p.Lines) == 0 {
		return nil
	}
	rows, err := tx.Interaction.Query().Where(append(which, interaction.EndedAtNotNil())...).All(ctx)
	if err != nil {
		return err
	}
	same := twins{}
	for _, row := range rows {
		in := interactionOf(row)
		elsewhere, err := same.of(ctx, tx, p, in)
		if err != nil {
			return err
		}
		if err := put(ctx, tx, p.Plan(in, elsewhere...), p.NewID, p.Now()); err != nil {
			return err
		}
	}
	return nil
}

// twins are what other systems call customers, by customer and number.
type twins map[[2]string][]connectors.Ref

// of reads what other systems call the customer of an interaction, where one of them is told of it: of all who were seen with the
// number, but whom a person refused for it.
func (t twins) of(ctx context.Context, tx *ent.Tx, p *outbox.Planner, in interactions.Interaction) ([]connectors.Ref, error) {
	if !p.Foreign(in) {
		return nil, nil
	}
	key := [2]string{string(in.CustomerID), in.Number.E164}
	if known, ok := t[key]; ok {
		return known, nil
	}
	rows, err := tx.SeenCustomer.Query().Where(hasNumber(entsql.EQ(customernumber.FieldE164, clean(in.Number.E164)))).
		Order(seencustomer.ByID()).All(ctx)
	if err != nil {
		return nil, err
	}
	refused, err := tx.RefusedLink.Query().Where(refusedlink.E164(clean(in.Number.E164))).Select(refusedlink.FieldCustomerID).Strings(ctx)
	if err != nil {
		return nil, err
	}
	var who *customers.Customer
	var among []customers.Customer
	for _, row := range rows {
		c, err := customerOf(row.Record)
		switch {
		case err != nil || slices.Contains(refused, row.ID): // what cannot be read must not stop the journal
		case c.ID == in.CustomerID:
			who = &c
		default:
			among = append(among, c)
		}
	}
	t[key] = nil
	if who != nil {
		t[key] = customers.Elsewhere(*who, among)
	}
	return t[key], nil
}

// retelling runs a change of many interactions, and tells customer systems what has become of those of which they were told before:
// where a wrong link is undone they unlearn it, and they learn of no others.
func (s *Store) retelling(ctx context.Context, tx *ent.Tx, which []predicate.Interaction, change func() error) error {
	if s.opts.Outbox == nil || len(s.opts.Outbox.Lines) == 0 {
		return change()
	}
	lines := make([]any, len(s.opts.Outbox.Lines))
	for i, l := range s.opts.Outbox.Lines {
		lines[i] = clean(l.Connector)
	}
	told, err := tx.Interaction.Query().Where(which...).Where(func(q *entsql.Selector) {
		// Systems that are told nothing any more are left out: by system and call there is an index, and entries are kept for ever.
		entry := entsql.Table(outboxentry.Table)
		q.Where(entsql.Exists(entsql.Select(entry.C(outboxentry.FieldID)).From(entry).Where(entsql.And(
			entsql.In(entry.C(outboxentry.FieldConnector), lines...),
			entsql.ColumnsEQ(entry.C(outboxentry.FieldSubject), q.C(interaction.FieldID)),
		))))
	}).Order(interaction.ByID()).IDs(ctx)
	if err != nil {
		return err
	}
	if err := change(); err != nil {
		return err
	}
	for ids := range slices.Chunk(told, tellBatch) {
		if err := s.tell(ctx, tx, interaction.IDIn(ids...)); err != nil {
			return err
		}
	}
	return nil
}

// tellBatch is how many interactions one statement reads.
const tellBatch = 500

// put merges wishes with the entries there are. Who changes the interaction holds its row, so wishes for one call wait for each other.
func put(ctx context.Context, tx *ent.Tx, wishes []outbox.Wish, newID func() string, at time.Time) error {
	for _, w := range wishes {
		rows, err := tx.OutboxEntry.Query().Where(
			outboxentry.Connector(clean(w.Connector)), outboxentry.Kind(string(w.Kind)), outboxentry.Key(clean(w.Key)),
		).Modify(forUpdate()).All(ctx)
		if err != nil {
			return err
		}
		var have *outbox.Entry
		if len(rows) > 0 {
			e, _ := entryOf(rows[0]) // what cannot be read is written anew: it must not stop the journal
			have = &e
		}
		w.Payload.Comment, w.Payload.Number = clean(w.Payload.Comment), clean(w.Payload.Number)
		e, changed := outbox.Merge(have, w, newID, at)
		switch {
		case have == nil:
			err = create(ctx, tx, e)
		case changed:
			err = update(ctx, tx, e)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// forUpdate locks the rows that are read, where rows can be locked: a transaction of SQLite has the whole file.
func forUpdate(options ...entsql.LockOption) func(*entsql.Selector) {
	return func(s *entsql.Selector) {
		if s.Dialect() == dialect.Postgres {
			s.ForUpdate(options...)
		}
	}
}

func create(ctx context.Context, tx *ent.Tx, e outbox.Entry) error {
	payload, edits, err := texts(e)
	if err != nil {
		return err
	}
	return tx.OutboxEntry.Create().SetID(e.ID).SetConnector(clean(e.Connector)).SetKind(string(e.Kind)).SetSubject(clean(e.Subject)).
		SetKey(clean(e.Key)).SetPayload(payload).SetEdits(edits).SetRevision(e.Revision).SetState(string(e.State)).SetSince(utc(e.Since)).
		SetNextAttemptAt(utc(e.NextAttempt)).SetCreatedAt(utc(e.CreatedAt)).SetUpdatedAt(utc(e.UpdatedAt)).Exec(ctx)
}

func update(ctx context.Context, tx *ent.Tx, e outbox.Entry) error {
	payload, edits, err := texts(e)
	if err != nil {
		return err
	}
	return tx.OutboxEntry.UpdateOneID(e.ID).SetPayload(payload).SetEdits(edits).SetRevision(e.Revision).
		SetState(string(e.State)).SetSince(utc(e.Since)).SetAttempts(e.Attempts).SetNextAttemptAt(utc(e.NextAttempt)).
		SetReason(clean(e.Reason)).SetReasonCode(e.ReasonCode).SetUpdatedAt(utc(e.UpdatedAt)).
		SetWrittenForType(clean(e.WrittenFor.Type)).SetWrittenForID(clean(e.WrittenFor.ID)).SetPast(e.Past).Exec(ctx)
}

func texts(e outbox.Entry) (payload, edits json.RawMessage, err error) {
	if c := e.Edits.Comment; c != nil {
		text := clean(*c)
		e.Edits.Comment = &text
	}
	if payload, err = json.Marshal(e.Payload); err == nil {
		edits, err = json.Marshal(e.Edits)
	}
	return payload, edits, err
}

func entryOf(row *ent.OutboxEntry) (outbox.Entry, error) {
	e := outbox.Entry{
		ID: row.ID, Connector: row.Connector, Kind: outbox.Kind(row.Kind), Subject: row.Subject, Key: row.Key, Revision: row.Revision,
		State: outbox.State(row.State), Since: utc(row.Since), Attempts: row.Attempts, NextAttempt: utc(row.NextAttemptAt), Lease: row.Lease,
		Reason: row.Reason, ReasonCode: row.ReasonCode, CreatedAt: utc(row.CreatedAt), UpdatedAt: utc(row.UpdatedAt),
		DeliveredAt: utcOrNil(row.DeliveredAt), Past: row.Past,
	}
	if row.WrittenForID != "" {
		e.WrittenFor = connectors.Ref{Connector: row.Connector, Type: row.WrittenForType, ID: row.WrittenForID}
	}
	if row.WrittenID != "" {
		e.Written = connectors.Ref{Connector: row.Connector, Type: row.WrittenType, ID: row.WrittenID}
	}
	if err := json.Unmarshal(row.Payload, &e.Payload); err != nil {
		return e, errs.With(errs.Internal, "reading an entry's payload", err)
	}
	if len(row.Edits) > 0 {
		if err := json.Unmarshal(row.Edits, &e.Edits); err != nil {
			return e, errs.With(errs.Internal, "reading an entry's edits", err)
		}
	}
	return e, nil
}

func entriesOf(rows []*ent.OutboxEntry) ([]outbox.Entry, error) {
	out := make([]outbox.Entry, len(rows))
	for i, row := range rows {
		e, err := entryOf(row)
		if err != nil {
			return nil, err
		}
		out[i] = e
	}
	return out, nil
}

// Put implements outbox.Repository.
func (r outboxRepo) Put(ctx context.Context, wishes []outbox.Wish, newID func() string, at time.Time) error {
	return wrap("putting into the outbox", r.inTx(ctx, func(tx *ent.Tx) error { return put(ctx, tx, wishes, newID, at) }))
}

// Get implements outbox.Repository.
func (r outboxRepo) Get(ctx context.Context, id string) (outbox.Entry, error) {
	row, err := r.client.OutboxEntry.Get(ctx, clean(id))
	if err != nil {
		return outbox.Entry{}, notFound("reading entry", noEntry, err)
	}
	return entryOf(row)
}

// Change implements outbox.Repository.
func (r outboxRepo) Change(ctx context.Context, id string, change func(outbox.Entry) (outbox.Entry, error)) (outbox.Entry, error) {
	const op = "changing entry"
	var out outbox.Entry
	err := r.inTx(ctx, func(tx *ent.Tx) error {
		row, err := tx.OutboxEntry.Query().Where(outboxentry.ID(clean(id))).Modify(forUpdate()).All(ctx)
		if err != nil {
			return err
		}
		if len(row) == 0 {
			return errs.E(errs.NotFound, op, noEntry)
		}
		e, err := entryOf(row[0])
		if err != nil {
			return err
		}
		if out, err = change(e); err != nil {
			return err
		}
		return update(ctx, tx, out)
	})
	if err != nil {
		return outbox.Entry{}, wrap(op, err)
	}
	return out, nil
}

// List implements outbox.Repository.
func (r outboxRepo) List(ctx context.Context, f outbox.Filter, limit int, after string) (outbox.Page, error) {
	const op = "listing the outbox"
	if limit <= 0 {
		return outbox.Page{}, errs.Field(op, "first", "want at least 1")
	}
	where := []predicate.OutboxEntry{present}
	if f.Connector != "" {
		where = append(where, outboxentry.Connector(clean(f.Connector)))
	}
	if len(f.States) > 0 {
		states := make([]string, len(f.States))
		for i, s := range f.States {
			states[i] = string(s)
		}
		where = append(where, outboxentry.StateIn(states...))
	}
	if after != "" {
		id, err := outbox.ParseCursor(after)
		if err != nil {
			return outbox.Page{}, errs.Wrap(op, err)
		}
		where = append(where, outboxentry.IDLT(id))
	}
	rows, err := r.client.OutboxEntry.Query().Where(where...).Order(outboxentry.ByID(entsql.OrderDesc())).Limit(limit + 1).All(ctx)
	if err != nil {
		return outbox.Page{}, wrap(op, err)
	}
	var page outbox.Page
	if len(rows) > limit {
		rows = rows[:limit]
		page.Next = outbox.Cursor(rows[limit-1].ID)
	}
	for _, row := range rows {
		page.Cursors = append(page.Cursors, outbox.Cursor(row.ID))
	}
	page.Items, err = entriesOf(rows)
	return page, err
}

// triedFirst is among how many of the oldest that failed the latest is looked for: the oldest are tried first.
const triedFirst = 50

// Counts implements outbox.Repository.
func (r outboxRepo) Counts(ctx context.Context) ([]outbox.Count, error) {
	const op = "counting the outbox"
	var groups []struct {
		Connector string `json:"connector"`
		State     string `json:"state"`
		Count     int    `json:"count"`
	}
	err := r.client.OutboxEntry.Query().Where(
		outboxentry.StateIn(string(outbox.StatePending), string(outbox.StateDead), string(outbox.StateHeld)), present,
	).GroupBy(outboxentry.FieldConnector, outboxentry.FieldState).Aggregate(ent.Count()).Scan(ctx, &groups)
	if err != nil {
		return nil, wrap(op, err)
	}
	var out []outbox.Count
	for _, g := range groups {
		// A minimum of times is a text to SQLite's driver; the row itself is a row.
		oldest, err := r.client.OutboxEntry.Query().Where(outboxentry.Connector(g.Connector), outboxentry.State(g.State), present).
			Order(outboxentry.BySince()).Limit(1).All(ctx)
		if err != nil {
			return nil, wrap(op, err)
		}
		if len(oldest) == 0 {
			continue
		}
		c := outbox.Count{Connector: g.Connector, State: outbox.State(g.State), Entries: g.Count, Oldest: utc(oldest[0].Since)}
		if c.State == outbox.StatePending {
			failed, err := r.client.OutboxEntry.Query().Where(outboxentry.Connector(g.Connector), pending, outboxentry.ReasonNEQ("")).
				Order(outboxentry.ByID()).Limit(triedFirst).All(ctx)
			if err != nil {
				return nil, wrap(op, err)
			}
			if len(failed) > 0 {
				c.Reason = slices.MaxFunc(failed, func(a, b *ent.OutboxEntry) int { return a.UpdatedAt.Compare(b.UpdatedAt) }).Reason
			}
		}
		out = append(out, c)
	}
	return out, nil
}
