package store

import (
	"context"
	"encoding/json"
	"time"

	"entgo.io/ent/dialect"
	entsql "entgo.io/ent/dialect/sql"

	"github.com/pult-cc/pult/connectors"
	"github.com/pult-cc/pult/ent"
	"github.com/pult-cc/pult/ent/outboxentry"
	"github.com/pult-cc/pult/ent/predicate"
	"github.com/pult-cc/pult/internal/errs"
	"github.com/pult-cc/pult/internal/outbox"
)

var (
	pending = outboxentry.State(string(outbox.StatePending))
	dead    = outboxentry.State(string(outbox.StateDead))
)

// Claim implements outbox.Repository. On PostgreSQL many claim at a time and skip what others have locked; SQLite has one writer.
func (r outboxRepo) Claim(
	ctx context.Context, connector string, limit int, fresh bool, lease string, now, until time.Time,
) ([]outbox.Entry, error) {
	const op = "claiming entries"
	due := []predicate.OutboxEntry{outboxentry.Connector(clean(connector)), pending, outboxentry.NextAttemptAtLTE(utc(now))}
	if fresh {
		due = append(due, outboxentry.Attempts(0))
	}
	// Most looks find nothing, and a transaction of SQLite is one that writes.
	if some, err := r.client.OutboxEntry.Query().Where(due...).Limit(1).Select(outboxentry.FieldID).Strings(ctx); err != nil || len(some) == 0 {
		return nil, wrap(op, err)
	}
	var out []outbox.Entry
	err := r.inTx(ctx, func(tx *ent.Tx) error {
		rows, err := tx.OutboxEntry.Query().Where(append(due, first(now))...).Order(outboxentry.ByID()).Limit(limit).
			Modify(forUpdate(entsql.WithLockAction(entsql.SkipLocked))).All(ctx)
		if err != nil || len(rows) == 0 {
			return err
		}
		ids := make([]string, len(rows))
		for i, row := range rows {
			ids[i] = row.ID
			row.Lease, row.NextAttemptAt = lease, until
		}
		if out, err = entriesOf(rows); err != nil {
			return err
		}
		return tx.OutboxEntry.Update().Where(outboxentry.IDIn(ids...)).SetLease(lease).SetNextAttemptAt(utc(until)).Exec(ctx)
	})
	return out, wrap(op, err)
}

// first is true of an entry before which nothing of its subject waits or was refused. A task does not wait for what stands in the system
// already and is not due yet.
func first(now time.Time) predicate.OutboxEntry {
	return func(s *entsql.Selector) {
		before := entsql.Table(outboxentry.Table).As("before")
		s.Where(entsql.NotExists(entsql.Select(before.C(outboxentry.FieldID)).From(before).Where(entsql.And(
			entsql.ColumnsEQ(before.C(outboxentry.FieldConnector), s.C(outboxentry.FieldConnector)),
			entsql.ColumnsEQ(before.C(outboxentry.FieldSubject), s.C(outboxentry.FieldSubject)),
			entsql.ColumnsLT(before.C(outboxentry.FieldID), s.C(outboxentry.FieldID)),
			entsql.In(before.C(outboxentry.FieldState), string(outbox.StatePending), string(outbox.StateDead)),
			entsql.Or(
				entsql.NEQ(s.C(outboxentry.FieldKind), string(outbox.KindTask)),
				entsql.EQ(before.C(outboxentry.FieldState), string(outbox.StateDead)),
				entsql.IsNull(before.C(outboxentry.FieldDeliveredAt)),
				entsql.NEQ(before.C(outboxentry.FieldLease), ""),
				entsql.LTE(before.C(outboxentry.FieldNextAttemptAt), utc(now)),
			),
		))))
	}
}

// Delivered implements outbox.Repository.
func (r outboxRepo) Delivered(ctx context.Context, id, lease string, revision int64, d outbox.Delivery, at time.Time) error {
	const op = "noting a delivery"
	done := func() *ent.OutboxEntryUpdate {
		return r.client.OutboxEntry.Update().Where(outboxentry.ID(id), outboxentry.Lease(lease)).SetLease("").SetNextAttemptAt(utc(at)).
			SetWrittenType(clean(d.Written.Ref.Type)).SetWrittenID(clean(d.Written.Ref.ID)).
			SetWrittenForType(clean(d.Written.Customer.Type)).SetWrittenForID(clean(d.Written.Customer.ID)).
			SetDeliveredAt(utc(at)).SetUpdatedAt(utc(at)).SetAttempts(0).SetReason("").SetReasonCode("")
	}
	as := done().Where(outboxentry.Revision(revision), pending)
	if d.Again.IsZero() {
		as.SetState(string(outbox.StateDelivered)).SetSince(utc(at))
	} else {
		as.SetNextAttemptAt(utc(d.Again))
	}
	n, err := as.Save(ctx)
	if err == nil && n == 0 { // it has changed meanwhile, or the lease is somebody else's
		as = done()
		if !d.Again.IsZero() {
			as.SetReasonCode(errs.Timeout.String())
		}
		err = as.Exec(ctx)
	}
	return wrap(op, err)
}

// Failed implements outbox.Repository.
func (r outboxRepo) Failed(ctx context.Context, id, lease string, revision int64, f outbox.Failure, at time.Time) error {
	const op = "noting a failed delivery"
	leased := []predicate.OutboxEntry{outboxentry.ID(id), outboxentry.Lease(lease)}
	u := r.client.OutboxEntry.Update().Where(append(leased, outboxentry.Revision(revision), pending)...).
		SetLease("").SetUpdatedAt(utc(at)).SetReason(clean(f.Reason)).SetReasonCode(f.ReasonCode)
	switch {
	case f.Held:
		nowhere(u).SetState(string(outbox.StateHeld)).SetSince(utc(at)).SetNextAttemptAt(utc(at)).SetAttempts(0)
	case f.Dead:
		u.SetState(string(outbox.StateDead)).SetSince(utc(at)).SetNextAttemptAt(utc(at))
	default:
		u.SetNextAttemptAt(utc(f.Next))
	}
	if !f.Uncounted && !f.Held {
		u.AddAttempts(1)
	}
	n, err := u.Save(ctx)
	if err == nil && n == 0 { // it has changed meanwhile, or the lease is somebody else's
		u = r.client.OutboxEntry.Update().Where(leased...).SetLease("").SetNextAttemptAt(utc(at)).SetUpdatedAt(utc(at))
		switch {
		case f.Held:
			nowhere(u)
		case f.Unsure():
			u.SetNextAttemptAt(utc(f.Next)).SetReason(clean(f.Reason)).SetReasonCode(f.ReasonCode)
		}
		err = u.Exec(ctx)
	}
	return wrap(op, err)
}

// nowhere forgets where an entry was written: it was taken back.
func nowhere(u *ent.OutboxEntryUpdate) *ent.OutboxEntryUpdate {
	return u.SetWrittenType("").SetWrittenID("").SetWrittenForType("").SetWrittenForID("")
}

// Release implements outbox.Repository.
func (r outboxRepo) Release(ctx context.Context, connector, lease string, at time.Time) error {
	const op = "giving entries back"
	leased := []predicate.OutboxEntry{outboxentry.Connector(clean(connector)), outboxentry.Lease(lease)}
	// As a rule nothing is left.
	if some, err := r.client.OutboxEntry.Query().Where(leased...).Limit(1).Select(outboxentry.FieldID).Strings(ctx); err != nil || len(some) == 0 {
		return wrap(op, err)
	}
	return wrap(op, r.client.OutboxEntry.Update().Where(leased...).SetLease("").SetNextAttemptAt(utc(at)).Exec(ctx))
}

// Wake implements outbox.Repository. Of the few that had no answer a moment ago each has a time of its own.
func (r outboxRepo) Wake(ctx context.Context, connector string, pause time.Duration, at time.Time) error {
	const op = "waking entries"
	waits := []predicate.OutboxEntry{
		outboxentry.Connector(clean(connector)), pending, outboxentry.Lease(""), outboxentry.AttemptsGT(0), outboxentry.NextAttemptAtGT(utc(at)),
	}
	unsure := []predicate.OutboxEntry{outboxentry.ReasonCode(errs.Timeout.String()), outboxentry.UpdatedAtGT(utc(at.Add(-pause)))}
	rows, err := r.client.OutboxEntry.Query().Where(append(waits, unsure...)...).All(ctx)
	if err != nil {
		return wrap(op, err)
	}
	for _, row := range rows {
		due := utc(row.UpdatedAt.Add(pause))
		err := r.client.OutboxEntry.Update().Where(
			outboxentry.ID(row.ID), outboxentry.Lease(""), outboxentry.UpdatedAt(row.UpdatedAt), outboxentry.NextAttemptAtGT(due),
		).SetNextAttemptAt(due).Exec(ctx)
		if err != nil {
			return wrap(op, err)
		}
	}
	return wrap(op, r.client.OutboxEntry.Update().Where(append(waits, outboxentry.Not(outboxentry.And(unsure...)))...).
		SetNextAttemptAt(utc(at)).Exec(ctx))
}

// Now implements outbox.Repository by the clock of the PostgreSQL server; who shares a file of SQLite's shares a clock.
func (r outboxRepo) Now(ctx context.Context) (time.Time, error) {
	if r.driver.dialect == dialect.SQLite {
		return time.Now(), nil
	}
	var now time.Time
	err := r.driver.read.QueryRowContext(ctx, "SELECT clock_timestamp()").Scan(&now)
	return utc(now), wrap("reading the database's clock", err)
}

// Written implements outbox.Repository.
func (r outboxRepo) Written(ctx context.Context, connector, subject string) (connectors.Ref, error) {
	const op = "reading where a call was written"
	rows, err := r.client.OutboxEntry.Query().Where(
		outboxentry.Connector(clean(connector)), outboxentry.Subject(clean(subject)), outboxentry.Kind(string(outbox.KindCall)),
		outboxentry.WrittenIDNEQ(""),
	).Limit(1).All(ctx)
	if err != nil {
		return connectors.Ref{}, wrap(op, err)
	}
	if len(rows) == 0 {
		return connectors.Ref{}, errs.E(errs.NotFound, op, "it was not")
	}
	return connectors.Ref{Connector: rows[0].Connector, Type: rows[0].WrittenType, ID: rows[0].WrittenID}, nil
}

// Replay implements outbox.Repository.
func (r outboxRepo) Replay(ctx context.Context, connector string, at time.Time) (int, error) {
	n, err := r.client.OutboxEntry.Update().Where(outboxentry.Connector(clean(connector)), dead).
		SetState(string(outbox.StatePending)).SetSince(utc(at)).SetUpdatedAt(utc(at)).SetNextAttemptAt(utc(at)).
		SetAttempts(0).SetReason("").SetReasonCode("").Save(ctx)
	return n, wrap("replaying the outbox", err)
}

// present is true of an entry that is not past. The text is that of the index outbox_present: a bound value would not find it.
func present(s *entsql.Selector) {
	s.Where(entsql.ExprP(s.C(outboxentry.FieldPast) + " = false"))
}

// sweepBatch is how many entries change at a time: SQLite has one writer, and calls that end must not wait for a weekend's entries.
const sweepBatch = 500

// Sweep implements outbox.Repository.
func (r outboxRepo) Sweep(ctx context.Context, before time.Time) (int, error) {
	const op = "sweeping the outbox"
	swept := 0
	for _, state := range []outbox.State{outbox.StateDelivered, outbox.StateDiscarded, outbox.StateHeld} {
		old := []predicate.OutboxEntry{outboxentry.State(string(state)), present, outboxentry.SinceLT(utc(before))}
		for more := true; more; {
			n := 0
			err := r.inTx(ctx, func(tx *ent.Tx) (err error) {
				rows, err := tx.OutboxEntry.Query().Where(old...).Limit(sweepBatch).Modify(forUpdate()).All(ctx)
				if more = len(rows) == sweepBatch; err != nil || len(rows) == 0 {
					return err
				}
				n, err = sweep(ctx, tx, state, rows)
				return err
			})
			swept += n
			if err != nil {
				return swept, wrap(op, err)
			}
		}
	}
	return swept, nil
}

func sweep(ctx context.Context, tx *ent.Tx, state outbox.State, rows []*ent.OutboxEntry) (int, error) {
	ids := make([]string, len(rows))
	for i, row := range rows {
		ids[i] = row.ID
		if state != outbox.StateDelivered || row.WrittenForID != "" {
			continue
		}
		// It was delivered by a program that did not note for whom.
		if e, err := entryOf(row); err == nil && e.Effective().Customer.ID != "" {
			c := e.Effective().Customer
			if err := tx.OutboxEntry.UpdateOneID(row.ID).SetWrittenForType(c.Type).SetWrittenForID(c.ID).Exec(ctx); err != nil {
				return 0, err
			}
		}
	}
	if state == outbox.StateHeld {
		return tx.OutboxEntry.Delete().Where(outboxentry.IDIn(ids...)).Exec(ctx)
	}
	return tx.OutboxEntry.Update().Where(outboxentry.IDIn(ids...)).SetPast(true).SetPayload(json.RawMessage("{}")).ClearEdits().
		SetReason("").SetReasonCode("").Save(ctx)
}
