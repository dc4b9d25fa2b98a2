package store

import (
	"context"

	"github.com/pult-cc/pult/ent"
	"github.com/pult-cc/pult/ent/indexscan"
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
func (r webConnectorRepo) SaveWebConnector(ctx context.Context, c workbench.Record, former int64) error {
	const op = "saving connector"
	if c.ID == "" {
		return errs.Field(op, "id", "missing")
	}
	sealed := append([]byte{}, c.Sealed...) // never NULL
	if former == 0 {
		return wrap(op, r.client.WebConnector.Create().SetID(c.ID).SetKind(c.Kind).SetName(clean(c.Name)).SetConfig(c.Config).
			SetSealed(sealed).SetNoIndex(c.NoIndex).SetDisabled(c.Disabled).SetVersion(c.Version).
			SetUpdatedAt(utc(c.UpdatedAt)).SetUpdatedBy(c.UpdatedBy).Exec(ctx))
	}
	n, err := r.client.WebConnector.Update().Where(webconnector.ID(c.ID), webconnector.Version(former)).
		SetName(clean(c.Name)).SetConfig(c.Config).SetSealed(sealed).SetNoIndex(c.NoIndex).SetDisabled(c.Disabled).
		SetVersion(c.Version).SetUpdatedAt(utc(c.UpdatedAt)).SetUpdatedBy(c.UpdatedBy).Save(ctx)
	if err == nil && n == 0 {
		return errs.E(errs.Conflict, op, "another version is stored")
	}
	return wrap(op, err)
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
		_, err = tx.IndexScan.Delete().Where(indexscan.Connector(id)).Exec(ctx)
		return err
	}))
}

func webConnectorOf(row *ent.WebConnector) workbench.Record {
	return workbench.Record{
		ID: row.ID, Kind: row.Kind, Name: row.Name, Config: row.Config, Sealed: row.Sealed, NoIndex: row.NoIndex, Disabled: row.Disabled,
		Version: row.Version, UpdatedAt: row.UpdatedAt.UTC(), UpdatedBy: row.UpdatedBy,
	}
}
