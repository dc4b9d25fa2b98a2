package store

import (
	"context"
	"strconv"
	"time"

	"github.com/pult-cc/pult/ent"
	"github.com/pult-cc/pult/ent/indexscan"
	"github.com/pult-cc/pult/ent/setting"
	"github.com/pult-cc/pult/ent/webconnector"
	"github.com/pult-cc/pult/internal/errs"
	"github.com/pult-cc/pult/internal/workbench"
)

type webConnectorRepo struct{ *Store }

var _ workbench.Repository = webConnectorRepo{}

// WebConnectors returns the repository of customer systems that were configured in the web app.
func (s *Store) WebConnectors() workbench.Repository { return webConnectorRepo{s} }

// WebConnectors implements workbench.Repository.
func (r webConnectorRepo) WebConnectors(ctx context.Context) ([]workbench.Record, error) {
	rows, err := r.client.WebConnector.Query().Order(webconnector.ByID()).All(ctx)
	if err != nil {
		return nil, wrap("reading connectors", err)
	}
	out := make([]workbench.Record, len(rows))
	for i, row := range rows {
		out[i] = webConnectorOf(row)
	}
	return out, nil
}

// WebConnector implements workbench.Repository.
func (r webConnectorRepo) WebConnector(ctx context.Context, id string) (workbench.Record, error) {
	row, err := r.client.WebConnector.Get(ctx, clean(id))
	if err != nil {
		return workbench.Record{}, notFound("reading connector", "there is no such connector", err)
	}
	return webConnectorOf(row), nil
}

// SaveWebConnector implements workbench.Repository. One statement decides between two who save the same version.
func (r webConnectorRepo) SaveWebConnector(ctx context.Context, c workbench.Record, former int64) (int64, error) {
	const op = "saving connector"
	if c.ID == "" {
		return 0, errs.Field(op, "id", "missing")
	}
	sealed := append([]byte{}, c.Sealed...) // never NULL
	if former == 0 {
		err := r.inTx(ctx, func(tx *ent.Tx) error {
			err := tx.WebConnector.Create().SetID(c.ID).SetKind(c.Kind).SetName(clean(c.Name)).SetConfig(c.Config).
				SetSealed(sealed).SetNoIndex(c.NoIndex).SetDisabled(c.Disabled).SetVersion(c.Version).
				SetUpdatedAt(utc(c.UpdatedAt)).SetUpdatedBy(c.UpdatedBy).Exec(ctx)
			if err != nil {
				return err
			}
			last, err := lastVersion(ctx, tx, c.ID) // behind the insertion, which has waited for whoever was deleting
			if err != nil || c.Version > last {
				return err
			}
			c.Version = last + 1
			return tx.WebConnector.UpdateOneID(c.ID).SetVersion(c.Version).Exec(ctx)
		})
		return c.Version, wrap(op, err)
	}
	n, err := r.client.WebConnector.Update().Where(webconnector.ID(c.ID), webconnector.Version(former)).
		SetName(clean(c.Name)).SetConfig(c.Config).SetSealed(sealed).SetNoIndex(c.NoIndex).SetDisabled(c.Disabled).
		SetVersion(c.Version).SetUpdatedAt(utc(c.UpdatedAt)).SetUpdatedBy(c.UpdatedBy).Save(ctx)
	if err == nil && n == 0 {
		return 0, errs.E(errs.Conflict, op, "another version is stored")
	}
	return c.Version, wrap(op, err)
}

// versionOf is the setting that outlives a connector: the version with which it was deleted.
func versionOf(id string) string { return "connector-version:" + id }

func lastVersion(ctx context.Context, tx *ent.Tx, id string) (int64, error) {
	row, err := tx.Setting.Get(ctx, versionOf(id))
	switch {
	case ent.IsNotFound(err):
		return 0, nil
	case err != nil:
		return 0, err
	}
	return strconv.ParseInt(row.Value, 10, 64)
}

// DeleteWebConnector implements workbench.Repository.
func (r webConnectorRepo) DeleteWebConnector(ctx context.Context, id string, former int64) error {
	const op = "deleting connector"
	id = clean(id)
	return wrap(op, r.inTx(ctx, func(tx *ent.Tx) error {
		n, err := tx.WebConnector.Delete().Where(webconnector.ID(id), webconnector.Version(former)).Exec(ctx)
		if err != nil {
			return err
		}
		if n == 0 {
			there, err := tx.WebConnector.Query().Where(webconnector.ID(id)).Exist(ctx)
			if err != nil || !there {
				return err
			}
			return errs.E(errs.Conflict, op, "another version is stored")
		}
		err = tx.Setting.Create().SetID(versionOf(id)).SetValue(strconv.FormatInt(former, 10)).SetUpdatedAt(utc(time.Now())).
			OnConflictColumns(setting.FieldID).UpdateNewValues().Exec(ctx)
		if err != nil {
			return err
		}
		_, err = tx.IndexScan.Delete().Where(indexscan.Connector(id)).Exec(ctx)
		return err
	}))
}

// Rotated implements workbench.Repository.
func (r webConnectorRepo) Rotated(ctx context.Context, id string) ([]byte, error) {
	row, err := r.client.WebConnector.Get(ctx, clean(id))
	if err != nil {
		return nil, notFound("reading rotated secrets", "there is no such connector", err)
	}
	return row.Rotated, nil
}

// SaveRotated implements workbench.Repository.
func (r webConnectorRepo) SaveRotated(ctx context.Context, id string, former, sealed []byte) error {
	const op = "storing rotated secrets"
	id = clean(id)
	as := webconnector.RotatedIsNil()
	if len(former) > 0 {
		as = webconnector.RotatedEQ(former)
	}
	n, err := r.client.WebConnector.Update().Where(webconnector.ID(id), as).SetRotated(sealed).Save(ctx)
	if err != nil || n > 0 {
		return wrap(op, err)
	}
	if _, err := r.WebConnector(ctx, id); err != nil {
		return err
	}
	return errs.E(errs.Conflict, op, "something else is stored")
}

func webConnectorOf(row *ent.WebConnector) workbench.Record {
	return workbench.Record{
		ID: row.ID, Kind: row.Kind, Name: row.Name, Config: row.Config, Sealed: row.Sealed, NoIndex: row.NoIndex, Disabled: row.Disabled,
		Version: row.Version, UpdatedAt: row.UpdatedAt.UTC(), UpdatedBy: row.UpdatedBy,
	}
}
