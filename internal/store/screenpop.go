package store

import (
	"context"
	"time"

	"github.com/pult-cc/pult/connectors"
	"github.com/pult-cc/pult/ent"
	"github.com/pult-cc/pult/ent/screenpop"
	"github.com/pult-cc/pult/internal/errs"
	pops "github.com/pult-cc/pult/internal/screenpop"
)

type popRepo struct{ *Store }

var _ pops.Repository = popRepo{}

// ScreenPops returns the repository of what customer systems were told of live calls.
func (s *Store) ScreenPops() pops.Repository { return popRepo{s} }

func popOf(row *ent.ScreenPop) pops.Pop {
	return pops.Pop{
		Connector: row.Connector, Call: row.CallID, Agent: row.Agent, At: utc(row.At),
		Announced: connectors.Announced{
			Ref:      connectors.Ref{Connector: row.Connector, Type: row.RefType, ID: row.RefID},
			Customer: connectors.Ref{Connector: row.Connector, Type: row.CustomerType, ID: row.CustomerID},
		},
	}
}

// Get implements screenpop.Repository.
func (r popRepo) Get(ctx context.Context, connector string, call string) (pops.Pop, error) {
	const op = "reading what was shown"
	rows, err := r.client.ScreenPop.Query().Where(screenpop.Connector(clean(connector)), screenpop.CallID(clean(call))).All(ctx)
	if err != nil {
		return pops.Pop{}, wrap(op, err)
	}
	if len(rows) == 0 {
		return pops.Pop{}, errs.E(errs.NotFound, op, "nothing was")
	}
	return popOf(rows[0]), nil
}

// Open implements screenpop.Repository.
func (r popRepo) Open(ctx context.Context, connector string) ([]pops.Pop, error) {
	rows, err := r.client.ScreenPop.Query().Where(screenpop.Connector(clean(connector)), screenpop.AgentNEQ("")).
		Order(screenpop.ByAt(), screenpop.ByID()).All(ctx)
	if err != nil {
		return nil, wrap("reading open cards", err)
	}
	out := make([]pops.Pop, len(rows))
	for i, row := range rows {
		out[i] = popOf(row)
	}
	return out, nil
}

// Put implements screenpop.Repository.
func (r popRepo) Put(ctx context.Context, p pops.Pop) error {
	err := r.client.ScreenPop.Create().SetConnector(clean(p.Connector)).SetCallID(clean(p.Call)).SetAgent(clean(p.Agent)).SetAt(utc(p.At)).
		SetRefType(clean(p.Announced.Ref.Type)).SetRefID(clean(p.Announced.Ref.ID)).
		SetCustomerType(clean(p.Announced.Customer.Type)).SetCustomerID(clean(p.Announced.Customer.ID)).
		OnConflictColumns(screenpop.FieldConnector, screenpop.FieldCallID).UpdateNewValues().Exec(ctx)
	return wrap("keeping what was shown", err)
}

// Sweep implements screenpop.Repository.
func (r popRepo) Sweep(ctx context.Context, before time.Time) (int, error) {
	n, err := r.client.ScreenPop.Delete().Where(screenpop.AtLT(utc(before))).Exec(ctx)
	return n, wrap("sweeping what was shown", err)
}
