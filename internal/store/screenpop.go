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
	ref := func(kind, id string) connectors.Ref {
		if id == "" {
			return connectors.Ref{}
		}
		return connectors.Ref{Connector: row.Connector, Type: kind, ID: id}
	}
	return pops.Pop{
		Connector: row.Connector, Call: row.CallID, Agent: row.Agent, At: utc(row.At),
		Announced: connectors.Announced{Ref: ref(row.RefType, row.RefID), Customer: ref(row.CustomerType, row.CustomerID)},
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
func (r popRepo) Open(ctx context.Context, connector string, since time.Time) ([]pops.Pop, error) {
	rows, err := r.client.ScreenPop.Query().Where(screenpop.Connector(clean(connector)), screenpop.AgentNEQ(""), screenpop.AtGTE(utc(since))).
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

// Add implements screenpop.Repository.
func (r popRepo) Add(ctx context.Context, p pops.Pop) (pops.Pop, error) {
	if err := r.create(p).Ignore().Exec(ctx); err != nil {
		return pops.Pop{}, wrap("keeping what was shown", err)
	}
	return r.Get(ctx, p.Connector, p.Call)
}

// Put implements screenpop.Repository.
func (r popRepo) Put(ctx context.Context, p pops.Pop) error {
	return wrap("keeping what was shown", r.create(p).UpdateNewValues().Exec(ctx))
}

func (r popRepo) create(p pops.Pop) *ent.ScreenPopUpsertOne {
	return r.client.ScreenPop.Create().SetConnector(clean(p.Connector)).SetCallID(clean(p.Call)).SetAgent(clean(p.Agent)).SetAt(utc(p.At)).
		SetRefType(clean(p.Announced.Ref.Type)).SetRefID(clean(p.Announced.Ref.ID)).
		SetCustomerType(clean(p.Announced.Customer.Type)).SetCustomerID(clean(p.Announced.Customer.ID)).
		OnConflictColumns(screenpop.FieldConnector, screenpop.FieldCallID)
}

// Sweep implements screenpop.Repository.
func (r popRepo) Sweep(ctx context.Context, before time.Time) (int, error) {
	n, err := r.client.ScreenPop.Delete().Where(screenpop.AtLT(utc(before))).Exec(ctx)
	return n, wrap("sweeping what was shown", err)
}
