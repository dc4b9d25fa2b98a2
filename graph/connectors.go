package graph

import (
	"cmp"
	"context"
	"encoding/json"

	"github.com/pult-cc/pult/connectors"
	"github.com/pult-cc/pult/connectors/trace"
	"github.com/pult-cc/pult/graph/model"
	"github.com/pult-cc/pult/internal/customers"
	"github.com/pult-cc/pult/internal/errs"
	"github.com/pult-cc/pult/internal/workbench"
)

func (r *Resolver) connectors(ctx context.Context) ([]*model.Connector, error) {
	all, err := r.core.Connectors.List(ctx)
	if err != nil {
		return nil, err
	}
	l := r.lens(ctx)
	out := make([]*model.Connector, len(all))
	for i := range all {
		out[i] = l.connector(&all[i])
	}
	return out, nil
}

func (r *Resolver) connectorKinds() []*model.ConnectorKind {
	var out []*model.ConnectorKind
	for _, f := range r.core.Connectors.Kinds() {
		k := &model.ConnectorKind{
			Name: f.Kind, Schema: schemaOf(f), SecretsStay: append([]string{}, f.Browser.Stay...), Presets: []*model.ConnectorPreset{},
		}
		if f.Presets != nil {
			for _, p := range f.Presets() {
				k.Presets = append(k.Presets, &model.ConnectorPreset{Name: p.Name, Title: p.Title, Config: p.Config})
			}
		}
		out = append(out, k)
	}
	return out
}

func schemaOf(f connectors.Factory) json.RawMessage {
	if len(f.Schema) == 0 {
		return json.RawMessage(`{"type":"object"}`)
	}
	return f.Schema
}

func (r *Resolver) upsertConnector(ctx context.Context, input model.UpsertConnectorInput) (*model.UpsertConnectorPayload, error) {
	v, err := mustViewer(ctx)
	if err != nil {
		return nil, err
	}
	c, err := r.core.Connectors.Save(ctx, draft(input.Connector), v.id())
	if err != nil {
		return nil, err
	}
	return &model.UpsertConnectorPayload{Connector: r.lens(ctx).connector(&c)}, nil
}

func (r *Resolver) switchConnector(ctx context.Context, input model.SwitchConnectorInput) (*model.SwitchConnectorPayload, error) {
	v, err := mustViewer(ctx)
	if err != nil {
		return nil, err
	}
	c, err := r.core.Connectors.Switch(ctx, input.ID, input.Disabled, int64(input.Version), v.id())
	if err != nil {
		return nil, err
	}
	return &model.SwitchConnectorPayload{Connector: r.lens(ctx).connector(&c)}, nil
}

func (r *Resolver) deleteConnector(ctx context.Context, input model.DeleteConnectorInput) (*model.DeleteConnectorPayload, error) {
	v, err := mustViewer(ctx)
	if err != nil {
		return nil, err
	}
	if err := r.core.Connectors.Delete(ctx, input.ID, int64(input.Version), v.id()); err != nil {
		return nil, err
	}
	return &model.DeleteConnectorPayload{ID: input.ID}, nil
}

func (r *Resolver) testConnector(ctx context.Context, input model.TestConnectorInput) (*model.TestConnectorPayload, error) {
	s, err := subject(input.ID, input.Draft)
	if err != nil {
		return nil, err
	}
	t, err := r.core.Connectors.Test(ctx, s)
	if err != nil {
		return nil, err
	}
	return &model.TestConnectorPayload{
		Trial: trial(&t.Trial), Checked: t.Checked, Version: t.Version, Capabilities: append([]string{}, t.Capabilities...),
	}, nil
}

func (r *Resolver) tryConnector(ctx context.Context, input model.TryConnectorInput) (*model.TryConnectorPayload, error) {
	s, err := subject(input.ID, input.Draft)
	if err != nil {
		return nil, err
	}
	t, err := r.core.Connectors.Try(ctx, s, input.Number)
	if err != nil {
		return nil, err
	}
	m := &model.TryConnectorPayload{
		Trial: trial(&t.Trial), Number: number(t.Number), Match: r.lens(ctx).match(&t.Match), Found: make([]*model.ExaminedRecord, len(t.Found)),
	}
	for i := range t.Found {
		m.Found[i] = examined(&t.Found[i])
	}
	return m, nil
}

func draft(d *model.ConnectorDraftInput) workbench.Draft {
	out := workbench.Draft{
		ID: d.ID, Kind: d.Kind, Name: d.Name, Config: d.Config, Secrets: map[string]*string{}, NoIndex: !d.Index, Disabled: d.Disabled,
		Version: int64(d.Version),
	}
	for _, s := range d.Secrets {
		out.Secrets[s.Path] = s.Value
	}
	return out
}

func subject(id *string, d *model.ConnectorDraftInput) (workbench.Subject, error) {
	switch {
	case (id == nil) == (d == nil):
		return workbench.Subject{}, errs.Field("reading input", "id", "give an id or a draft")
	case d == nil:
		return workbench.Subject{ID: *id}, nil
	}
	of := draft(d)
	return workbench.Subject{Draft: &of}, nil
}

func (l *lens) connector(c *workbench.Connector) *model.Connector {
	m := &model.Connector{
		ID: c.ID, Kind: c.Kind, Name: c.Name, Origin: model.ConnectorOriginWeb, Config: c.Config, Secrets: append([]string{}, c.Secrets...),
		Index: !c.NoIndex, Version: int(c.Version), UpdatedAt: opt(c.UpdatedAt),
		State: model.ConnectorState(cmp.Or(c.Status.State, connectors.StateUnknown)), Since: opt(c.Status.Since),
		FailingSince: c.Status.FailingSince, Problem: c.Status.Problem,
	}
	if c.UpdatedBy != "" {
		m.UpdatedBy = l.operatorByID(c.UpdatedBy)
	}
	if c.FromFile {
		m.Origin = model.ConnectorOriginFile
	}
	switch {
	case c.Disabled:
		m.State, m.Since = model.ConnectorStateDisabled, nil
	case c.Status.Refused != "":
		m.State, m.Since, m.Problem = model.ConnectorStateRefused, nil, c.Status.Refused
	}
	return m
}

func trial(t *workbench.Trial) *model.ConnectorTrial {
	m := &model.ConnectorTrial{Ok: t.Problem == nil, Took: t.Took, Requests: make([]*model.ConnectorRequest, len(t.Requests)), More: t.Dropped}
	if t.Problem != nil {
		kind := errs.KindOf(t.Problem)
		m.Code, m.Problem = kind.String(), cmp.Or(errs.Message(t.Problem), plain[kind])
	}
	for i, q := range t.Requests {
		m.Requests[i] = request(q)
	}
	return m
}

func request(q trace.Request) *model.ConnectorRequest {
	return &model.ConnectorRequest{
		Method: q.Method, Target: q.Target, Status: opt(q.Status), Bytes: q.Bytes, Rows: q.Rows, At: q.At, Took: q.Took, Problem: q.Error,
	}
}

func examined(e *customers.Examined) *model.ExaminedRecord {
	c := e.Candidate
	m := &model.ExaminedRecord{
		Type: c.Ref.Type, ID: c.Ref.ID, Kind: model.CustomerKind(cmp.Or(c.Kind, connectors.KindPerson)), Name: c.Name, Company: c.Company,
		TaxID: c.TaxID, Emails: append([]string{}, c.Emails...), Responsible: c.Owner.Name, URL: c.URL,
		Phones: make([]*model.ExaminedPhone, len(e.Phones)), Why: reason(e.Why), Also: make([]model.MatchReason, len(e.Also)), Place: opt(e.Place),
	}
	for i, p := range e.Phones {
		m.Phones[i] = &model.ExaminedPhone{Raw: p.Raw, Label: p.Label, Numbers: make([]*model.ExaminedNumber, len(p.Numbers))}
		for j, n := range p.Numbers {
			m.Phones[i].Numbers[j] = &model.ExaminedNumber{Number: number(n.Number), Why: reason(n.Why)}
		}
	}
	for i, also := range e.Also {
		m.Also[i] = model.MatchReason(also)
	}
	if e.LeftOut != "" {
		left := model.LeftOutReason(e.LeftOut)
		m.LeftOut = &left
	}
	return m
}

func reason(why customers.Reason) *model.MatchReason {
	if why == "" {
		return nil
	}
	m := model.MatchReason(why)
	return &m
}
