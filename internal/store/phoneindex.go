package store

import (
	"context"
	"time"

	"github.com/pult-cc/pult/ent"
	"github.com/pult-cc/pult/ent/indexpage"
	"github.com/pult-cc/pult/ent/indexscan"
	"github.com/pult-cc/pult/internal/customers/phoneindex"
	"github.com/pult-cc/pult/internal/errs"
)

type indexRepo struct{ *Store }

var _ phoneindex.Repository = indexRepo{}

// PhoneIndex returns the repository of what was read of customer systems.
func (s *Store) PhoneIndex() phoneindex.Repository { return indexRepo{s} }

// Scans implements phoneindex.Repository.
func (r indexRepo) Scans(ctx context.Context, connector string) ([]phoneindex.Scan, error) {
	const op = "reading scans of an index"
	rows, err := r.client.IndexScan.Query().Where(indexscan.Connector(clean(connector))).
		Order(indexscan.ByStartedAt(), indexscan.ByID()).All(ctx)
	if err != nil {
		return nil, wrap(op, err)
	}
	out := make([]phoneindex.Scan, len(rows))
	for i, row := range rows {
		out[i] = phoneindex.Scan{ID: row.ID, Connector: row.Connector, Stamp: row.Stamp, StartedAt: utc(row.StartedAt)}
		if row.FinishedAt != nil {
			at := utc(*row.FinishedAt)
			out[i].FinishedAt = &at
		}
		last, err := r.client.IndexPage.Query().Where(indexpage.ScanID(row.ID)).
			Order(ent.Desc(indexpage.FieldSeq)).Limit(1).Select(indexpage.FieldSeq, indexpage.FieldNext).All(ctx)
		if err != nil {
			return nil, wrap(op, err)
		}
		if len(last) > 0 {
			out[i].Pages, out[i].Next = last[0].Seq, last[0].Next
		}
	}
	return out, nil
}

// Begin implements phoneindex.Repository.
func (r indexRepo) Begin(ctx context.Context, s phoneindex.Scan) error {
	return wrap("beginning a scan", r.client.IndexScan.Create().SetID(s.ID).SetConnector(clean(s.Connector)).SetStamp(s.Stamp).
		SetStartedAt(utc(s.StartedAt)).Exec(ctx))
}

// Add implements phoneindex.Repository.
func (r indexRepo) Add(ctx context.Context, scan string, p phoneindex.Page) error {
	const op = "storing a page of an index"
	return wrap(op, r.inTx(ctx, func(tx *ent.Tx) error {
		there, err := tx.IndexScan.Query().Where(indexscan.ID(scan)).Exist(ctx)
		if err != nil {
			return err
		}
		if !there {
			return errs.E(errs.NotFound, op, "the scan has been dropped")
		}
		err = tx.IndexPage.Create().SetScanID(scan).SetSeq(p.Seq).SetNext(clean(p.Next)).SetRecords(p.Records).
			SetReadAt(utc(p.ReadAt)).SetData(append([]byte{}, p.Data...)).Exec(ctx)
		if ent.IsConstraintError(err) {
			return errs.E(errs.Conflict, op, "another process has read this page")
		}
		return err
	}))
}

// Finish implements phoneindex.Repository.
func (r indexRepo) Finish(ctx context.Context, scan string, at time.Time) error {
	const op = "finishing a scan"
	return wrap(op, r.inTx(ctx, func(tx *ent.Tx) error {
		row, err := tx.IndexScan.Get(ctx, scan)
		if err != nil {
			return notFound(op, "the scan has been dropped", err)
		}
		if err := tx.IndexScan.UpdateOneID(scan).SetFinishedAt(utc(at)).Exec(ctx); err != nil {
			return err
		}
		_, err = tx.IndexScan.Delete().Where(
			indexscan.Connector(row.Connector), indexscan.IDNEQ(scan), indexscan.StartedAtLTE(row.StartedAt),
		).Exec(ctx)
		return err
	}))
}

// indexPages is how many pages one statement reads.
const indexPages = 16

// Pages implements phoneindex.Repository.
func (r indexRepo) Pages(ctx context.Context, scan string, after int, f func(phoneindex.Page) error) error {
	const op = "reading pages of an index"
	for {
		rows, err := r.client.IndexPage.Query().Where(indexpage.ScanID(scan), indexpage.SeqGT(after)).
			Order(indexpage.BySeq()).Limit(indexPages).All(ctx)
		if err != nil {
			return wrap(op, err)
		}
		for _, row := range rows {
			p := phoneindex.Page{Seq: row.Seq, Next: row.Next, Records: row.Records, ReadAt: utc(row.ReadAt), Data: row.Data}
			if err := f(p); err != nil {
				return err
			}
			after = row.Seq
		}
		if len(rows) < indexPages {
			return nil
		}
	}
}

// Drop implements phoneindex.Repository.
func (r indexRepo) Drop(ctx context.Context, scan string) error {
	_, err := r.client.IndexScan.Delete().Where(indexscan.ID(scan)).Exec(ctx)
	return wrap("dropping a scan", err)
}
