package graph

import (
	"context"

	"github.com/pult-cc/pult/graph/model"
	"github.com/pult-cc/pult/internal/errs"
)

func (r *Resolver) setOperatorDevice(ctx context.Context, input model.SetOperatorDeviceInput) (*model.SetOperatorDevicePayload, error) {
	m, err := r.operatorToChange(ctx, input.OperatorID)
	if err != nil {
		return nil, err
	}
	if err := r.core.Phones.SetDevice(ctx, input.OperatorID, input.Device == model.OperatorDeviceDesk); err != nil {
		return nil, err
	}
	m.Device = input.Device // the board of this process may learn of it a moment later
	return &model.SetOperatorDevicePayload{Operator: m}, nil
}

func (r *Resolver) issueDeskPhone(ctx context.Context, input model.IssueDeskPhoneInput) (*model.IssueDeskPhonePayload, error) {
	if _, err := r.operatorToChange(ctx, input.OperatorID); err != nil {
		return nil, err
	}
	a, err := r.core.Phones.IssueDesk(ctx, input.OperatorID)
	if err != nil {
		return nil, err
	}
	r.core.Log.Info("desk phone issued", "operator", input.OperatorID)
	return &model.IssueDeskPhonePayload{Account: &model.DeskPhoneAccount{
		Server: a.Server, Transport: a.Transport, User: a.User, Password: a.Password, Realm: a.Realm, Renewed: a.Renewed,
	}}, nil
}

// operatorToChange finds whom a mutation is about.
func (r *Resolver) operatorToChange(ctx context.Context, id string) (*model.Operator, error) {
	if m := r.lens(ctx).operatorByID(id); m != nil {
		return m, nil
	}
	return nil, errs.E(errs.NotFound, "finding operator", "there is no such operator")
}
