package store

import (
	"context"
	"time"

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
	ctx context.Context, connector string, limit int, lease string, now, until time.Time,
) ([]outbox.Entry, error) {
	const op = "claiming entries"
	due := []predicate.OutboxEntry{outboxentry.Connector(clean(connector)), pending, outboxentry.NextAttemptAtLTE(utc(now))}
	// Most looks find nothing, and a transaction of SQLite is one that writes.
	if some, err := r.client.OutboxEntry.Query().Where(due...).Limit(1).Select(outboxentry.FieldID).Strings(ctx); err != nil || len(some) == 0 {
		return nil, wrap(op, err)
	}
	var out []outbox.Entry
	err := r.inTx(ctx, func(tx *ent.Tx) error {
		rows, err := tx.OutboxEntry.Query().Where(append(due, first)...).Order(outboxentry.ByID()).Limit(limit).
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

// first is true of an entry before which nothing of its subject waits or was refused.
func first(s *entsql.Selector) {
	before := entsql.Table(outboxentry.Table).As("before")
	s.Where(entsql.NotExists(entsql.Select(before.C(outboxentry.FieldID)).From(before).Where(entsql.And(
		entsql.ColumnsEQ(before.C(outboxentry.FieldConnector), s.C(outboxentry.FieldConnector)),
		entsql.ColumnsEQ(before.C(outboxentry.FieldSubject), s.C(outboxentry.FieldSubject)),
		entsql.ColumnsLT(before.C(outboxentry.FieldID), s.C(outboxentry.FieldID)),
		entsql.In(before.C(outboxentry.FieldState), string(outbox.StatePending), string(outbox.StateDead)),
	))))
}

// Delivered implements outbox.Repository.
func (r outboxRepo) Delivered(ctx context.Context, id, lease string, revision int64, written connectors.Ref, at time.Time) error {
	const op = "noting a delivery"
	done := func() *ent.OutboxEntryUpdate {
		return r.client.OutboxEntry.Update().Where(outboxentry.ID(id), outboxentry.Lease(lease)).SetLease("").SetNextAttemptAt(utc(at)).
			SetWrittenType(clean(written.Type)).SetWrittenID(clean(written.ID)).SetDeliveredAt(utc(at)).SetUpdatedAt(utc(at)).
			SetAttempts(0).SetReason("").SetReasonCode("")
	}
	n, err := done().Where(outboxentry.Revision(revision), pending).SetState(string(outbox.StateDelivered)).SetSince(utc(at)).Save(ctx)
	if err == nil && n == 0 { // it has changed meanwhile, or the lease is somebody else's
		err = done().Exec(ctx)
	}
	return wrap(op, err)
}

// Failed implements outbox.Repository.
func (r outboxRepo) Failed(ctx context.Context, id, lease string, revision int64, f outbox.Failure, at time.Time) error {
	const op = "noting a failed delivery"
	leased := []predicate.OutboxEntry{outboxentry.ID(id), outboxentry.Lease(lease)}
	u := r.client.OutboxEntry.Update().Where(append(leased, outboxentry.Revision(revision), pending)...).
		SetLease("").SetUpdatedAt(utc(at)).SetReason(clean(f.Reason)).SetReasonCode(f.ReasonCode)
	if !f.Uncounted {
		u.AddAttempts(1)
	}
	if f.Dead {
		u.SetState(string(outbox.StateDead)).SetSince(utc(at)).SetNextAttemptAt(utc(at))
	} else {
		u.SetNextAttemptAt(utc(f.Next))
	}
	n, err := u.Save(ctx)
	if err == nil && n == 0 { // it has changed meanwhile, or the lease is somebody else's
		err = r.client.OutboxEntry.Update().Where(leased...).SetLease("").SetNextAttemptAt(utc(at)).SetUpdatedAt(utc(at)).Exec(ctx)
	}
	return wrap(op, err)
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

// Wake implements outbox.Repository.
func (r outboxRepo) Wake(ctx context.Context, connector string, at time.Time) error {
	return wrap("waking entries", r.client.OutboxEntry.Update().Where(
		outboxentry.Connector(clean(connector)), pending, outboxentry.Lease(""), outboxentry.AttemptsGT(0), outboxentry.NextAttemptAtGT(utc(at)),
	).SetNextAttemptAt(utc(at)).Exec(ctx))
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

// sweepBatch is how many entries are removed at a time: SQLite has one writer, and calls that end must not wait for a weekend's entries.
const sweepBatch = 500

// Sweep implements outbox.Repository.
func (r outboxRepo) Sweep(ctx context.Context, before time.Time) (int, error) {
	const op = "removing old entries of the outbox"
	for swept := 0; ; {
		ids, err := r.client.OutboxEntry.Query().Where(
			outboxentry.StateIn(string(outbox.StateDelivered), string(outbox.StateDiscarded)), outboxentry.SinceLT(utc(before)),
		).Limit(sweepBatch).IDs(ctx)
		if err != nil || len(ids) == 0 {
			return swept, wrap(op, err)
		}
		n, err := r.client.OutboxEntry.Delete().Where(
			outboxentry.IDIn(ids...), // one that has changed meanwhile stays
			outboxentry.StateIn(string(outbox.StateDelivered), string(outbox.StateDiscarded)), outboxentry.SinceLT(utc(before)),
		).Exec(ctx)
		swept += n
		if err != nil || len(ids) < sweepBatch {
			return swept, wrap(op, err)
		}
	}
}
