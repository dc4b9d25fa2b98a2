package graph

import (
	"context"

	"github.com/pult-cc/pult/graph/model"
	"github.com/pult-cc/pult/internal/customers"
	"github.com/pult-cc/pult/internal/interactions"
	"github.com/pult-cc/pult/internal/outbox"
)

// Outbox is what administrators do with records for customer systems; *outbox.Desk implements it.
type Outbox interface {
	Lines() []outbox.LineName
	Name(connector string) string
	Number(e164 string) customers.Number
	List(ctx context.Context, f outbox.Filter, limit int, after string) (outbox.Page, error)
	Counts(ctx context.Context) ([]outbox.Count, error)
	Retry(ctx context.Context, id string) (outbox.Entry, error)
	Edit(ctx context.Context, id string, c outbox.Correction) (outbox.Entry, error)
	Discard(ctx context.Context, id string) (outbox.Entry, error)
	Replay(ctx context.Context, connector string) (int, error)
}

// outboxPage lists entries with what the history knows of their calls, in one statement each.
func (r *Resolver) outboxPage(ctx context.Context, f *model.OutboxFilter, first *int, after *string) (*model.OutboxConnection, error) {
	limit, err := pageSize(first)
	if err != nil {
		return nil, err
	}
	filter := outbox.Filter{States: []outbox.State{outbox.StatePending, outbox.StateDead}}
	if f != nil {
		filter.Connector = deref(f.ConnectorID)
		if f.States != nil {
			filter.States = nil
			for _, s := range f.States {
				filter.States = append(filter.States, outbox.State(s))
			}
		}
	}
	page, err := r.core.Outbox.List(ctx, filter, limit, deref(after))
	if err != nil {
		return nil, err
	}
	nodes, err := r.outboxEntries(ctx, page.Items)
	if err != nil {
		return nil, err
	}
	m := &model.OutboxConnection{
		Edges: make([]*model.OutboxEdge, len(nodes)), PageInfo: &model.PageInfo{HasNextPage: page.Next != ""},
	}
	for i, n := range nodes {
		m.Edges[i] = &model.OutboxEdge{Node: n, Cursor: page.Cursors[i]}
		m.PageInfo.EndCursor = &m.Edges[i].Cursor
	}
	return m, nil
}

func (r *Resolver) outboxEntries(ctx context.Context, entries []outbox.Entry) ([]*model.OutboxEntry, error) {
	ids := make([]string, len(entries))
	for i, e := range entries {
		ids[i] = e.Subject
	}
	rows, err := r.core.History.GetMany(ctx, ids)
	if err != nil {
		return nil, err
	}
	calls := map[string]interactions.Interaction{}
	for _, in := range rows {
		calls[in.ID] = in
	}
	out := make([]*model.OutboxEntry, len(entries))
	for i, e := range entries {
		out[i] = r.outboxEntry(e, calls[e.Subject])
	}
	return out, nil
}

func (r *Resolver) outboxEntry(e outbox.Entry, in interactions.Interaction) *model.OutboxEntry {
	p := e.Effective()
	m := &model.OutboxEntry{
		ID: e.ID, ConnectorID: e.Connector, ConnectorName: r.core.Outbox.Name(e.Connector), Kind: model.OutboxKind(e.Kind),
		State: model.OutboxState(e.State), Since: e.Since, Attempts: e.Attempts, InProgress: e.Lease != "", Reason: e.Reason,
		InteractionID: e.Subject, Comment: p.Comment, Title: p.Title, Edited: e.Edits != outbox.Edits{},
	}
	if e.State == outbox.StatePending && e.Lease == "" {
		m.NextAttemptAt = &e.NextAttempt
	}
	if e.ReasonCode != "" {
		m.ReasonCode = &e.ReasonCode
	}
	if !in.StartedAt.IsZero() {
		m.StartedAt = &in.StartedAt
	}
	if p.Number != "" {
		m.Number = number(r.core.Outbox.Number(p.Number))
	}
	if p.Customer.ID != "" {
		id := string(customers.EncodeID(p.Customer))
		m.CustomerID = &id
		if in.CustomerID == customers.ID(id) {
			m.CustomerName = in.CustomerName
		}
	}
	return m
}

// outboxPayload shows an entry after it was changed.
func (r *Resolver) outboxPayload(ctx context.Context, e outbox.Entry, err error) (*model.OutboxEntryPayload, error) {
	if err != nil {
		return nil, err
	}
	shown, err := r.outboxEntries(ctx, []outbox.Entry{e})
	if err != nil {
		return nil, err
	}
	return &model.OutboxEntryPayload{Entry: shown[0]}, nil
}

// outboxConnectors counts by customer system: first those that are written to, then those of which something is left.
func (r *Resolver) outboxConnectors(ctx context.Context) ([]*model.OutboxConnector, error) {
	counts, err := r.core.Outbox.Counts(ctx)
	if err != nil {
		return nil, err
	}
	out := []*model.OutboxConnector{}
	known := map[string]*model.OutboxConnector{}
	add := func(id, name string, active bool) *model.OutboxConnector {
		m := &model.OutboxConnector{ID: id, Name: name, Active: active}
		known[id] = m
		out = append(out, m)
		return m
	}
	for _, l := range r.core.Outbox.Lines() {
		add(l.ID, l.Name, true)
	}
	for _, c := range counts {
		m := known[c.Connector]
		if m == nil {
			m = add(c.Connector, r.core.Outbox.Name(c.Connector), false)
		}
		since := c.Oldest
		switch c.State {
		case outbox.StatePending:
			m.Waiting, m.WaitingSince, m.Problem = c.Entries, &since, c.Reason
		case outbox.StateDead:
			m.Dead, m.DeadSince = c.Entries, &since
		case outbox.StateHeld:
			m.Held = c.Entries
		}
	}
	return out, nil
}

func correction(in model.EditOutboxEntryInput) outbox.Correction {
	c := outbox.Correction{Number: in.Number, Comment: in.Comment}
	if in.CustomerID != nil {
		id := customers.ID(*in.CustomerID)
		c.Customer = &id
	}
	return c
}
