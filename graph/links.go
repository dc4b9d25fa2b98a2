package graph

import (
	"context"
	"strings"
	"time"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"

	"github.com/pult-cc/pult/connectors"
	"github.com/pult-cc/pult/graph/model"
	"github.com/pult-cc/pult/internal/auth"
	"github.com/pult-cc/pult/internal/customers"
	"github.com/pult-cc/pult/internal/errs"
	"github.com/pult-cc/pult/internal/interactions"
	"github.com/pult-cc/pult/telephony/calls"
)

func shareModel(c interactions.LinkCount) *model.LinkShare {
	return &model.LinkShare{Calls: c.Calls, Resolvable: c.Resolvable, Linked: c.Linked(), BySystem: c.BySystem, ByPerson: c.ByPerson}
}

func (r *Resolver) linkRate(ctx context.Context, since *time.Time) (*model.LinkRate, error) {
	from := interactions.Week(0)
	if since != nil {
		from = interactions.WeekOf(*since)
	}
	counts, err := r.core.History.LinkCounts(ctx, from)
	if err != nil {
		return nil, err
	}
	l := r.lens(ctx)
	m := &model.LinkRate{Weeks: []*model.LinkWeek{}}
	var total, week interactions.LinkCount
	for i, c := range counts { // by week, then by queue
		if i == 0 || c.Week != counts[i-1].Week {
			m.Weeks = append(m.Weeks, &model.LinkWeek{Begins: c.Week.Begin()})
			week = interactions.LinkCount{}
		}
		total, week = total.Add(c), week.Add(c)
		last := m.Weeks[len(m.Weeks)-1]
		last.All = shareModel(week)
		last.Queues = append(last.Queues, &model.LinkQueue{QueueID: c.QueueID, Queue: l.queueByID(c.QueueID), Share: shareModel(c)})
	}
	m.Total = shareModel(total)
	return m, nil
}

func (r *Resolver) unlinkedCalls(ctx context.Context, f *model.UnlinkedFilter, first *int, after *string) (*model.UnlinkedConnection, error) {
	limit, err := pageSize(first)
	if err != nil {
		return nil, err
	}
	filter := interactions.UnlinkedFilter{Order: interactions.UnlinkedByCalls}
	if f != nil {
		filter.Order, filter.QueueID = interactions.UnlinkedOrder(f.Order), deref(f.QueueID)
		if f.Since != nil {
			filter.Since = *f.Since
		}
	}
	page, err := r.core.History.Unlinked(ctx, filter, limit, deref(after))
	if err != nil {
		return nil, err
	}
	l := r.lens(ctx)
	m := &model.UnlinkedConnection{
		Edges: make([]*model.UnlinkedEdge, len(page.Items)), PageInfo: &model.PageInfo{HasNextPage: page.Next != "", EndCursor: opt(page.Next)},
	}
	for i := range page.Items {
		item := &page.Items[i]
		m.Edges[i] = &model.UnlinkedEdge{
			Node:   &model.UnlinkedNumber{Number: number(item.Number), Calls: item.Calls, Last: l.interaction(&item.Last)},
			Cursor: page.Cursors[i],
		}
	}
	return m, nil
}

func (r *Resolver) phoneIndexes() []*model.PhoneIndex {
	all := r.core.Indexes()
	out := make([]*model.PhoneIndex, len(all))
	for i, x := range all {
		out[i] = &model.PhoneIndex{
			ID: x.ID, Name: x.Name, Numbers: x.Numbers, Records: x.Records, CompleteAt: opt(x.CompleteAt), Reading: x.Reading, Problem: x.Problem,
		}
	}
	return out
}

func (r *Resolver) contactSystems() []*model.ContactSystem {
	out := []*model.ContactSystem{}
	for _, s := range r.core.Customers.Creating() {
		out = append(out, &model.ContactSystem{ID: s.ID, Name: s.Name})
	}
	return out
}

func (r *Resolver) linkNumber(ctx context.Context, in model.NumberLinkInput) (*model.NumberLinkPayload, error) {
	v, err := mustViewer(ctx)
	if err != nil {
		return nil, err
	}
	l, err := r.core.Links.LinkNumber(ctx, v.id(), in.Number, customers.ID(in.CustomerID))
	if err != nil {
		return nil, err
	}
	return &model.NumberLinkPayload{Customer: customerModel(&l.Customer), Calls: l.Calls}, nil
}

func (r *Resolver) unlinkNumber(ctx context.Context, in model.NumberLinkInput) (*model.NumberLinkPayload, error) {
	v, err := mustViewer(ctx)
	if err != nil {
		return nil, err
	}
	n, err := r.core.Links.UnlinkNumber(ctx, v.id(), in.Number, customers.ID(in.CustomerID))
	if err != nil {
		return nil, err
	}
	return &model.NumberLinkPayload{Calls: n}, nil
}

func (r *Resolver) linkInteraction(ctx context.Context, in model.LinkInteractionInput) (*model.InteractionPayload, error) {
	v, err := mustViewer(ctx)
	if err != nil {
		return nil, err
	}
	row, err := r.core.History.Get(ctx, in.InteractionID)
	if err != nil {
		return nil, err
	}
	if err := v.mayWrite(&row); err != nil {
		return nil, err
	}
	row, err = r.core.Links.LinkInteraction(ctx, v.id(), in.InteractionID, customers.ID(deref(in.CustomerID)))
	if err != nil {
		return nil, err
	}
	return &model.InteractionPayload{Interaction: r.lens(ctx).interaction(&row)}, nil
}

func (r *Resolver) createCustomer(ctx context.Context, in model.CreateCustomerInput) (*model.CreateCustomerPayload, error) {
	v, err := mustViewer(ctx)
	if err != nil {
		return nil, err
	}
	if err := r.mayCreateFor(ctx, v, deref(in.CallID)); err != nil {
		return nil, err
	}
	made, linked, err := r.core.Links.Create(ctx, v.id(), deref(in.CallID), customers.NewCustomer{
		Key: in.Key, System: deref(in.SystemID), Kind: connectors.Kind(in.Kind), Name: in.Name, Company: deref(in.Company),
		TaxID: deref(in.TaxID), Number: deref(in.Number), Email: deref(in.Email), Comment: deref(in.Comment), Confirmed: in.Confirmed,
		Agent: agentOf(v.User),
	})
	if err != nil {
		return nil, err
	}
	m := &model.CreateCustomerPayload{Duplicates: make([]*model.DuplicateCustomer, len(made.Duplicates)), Calls: linked}
	if made.Customer != nil {
		m.Customer = customerModel(made.Customer)
	}
	for i := range made.Duplicates {
		d := &made.Duplicates[i]
		m.Duplicates[i] = &model.DuplicateCustomer{Customer: customerModel(&d.Customer), Why: make([]model.Sameness, len(d.Why))}
		for j, why := range d.Why {
			m.Duplicates[i].Why[j] = model.Sameness(why)
		}
	}
	return m, nil
}

// mayCreateFor finds the call, led or past, and asks whether the viewer may create a customer for it.
func (r *Resolver) mayCreateFor(ctx context.Context, v viewer, callID string) error {
	if callID == "" {
		return v.mayCreate(nil, nil)
	}
	if c, led := r.core.Board.Call(calls.ID(callID)); led {
		return v.mayCreate(&c, nil)
	}
	in, err := r.core.History.Get(ctx, callID)
	if err != nil {
		return err
	}
	return v.mayCreate(nil, &in)
}

func agentOf(u auth.User) connectors.Agent {
	return connectors.Agent{Login: u.Login, Name: u.Name}
}

// maxTold is how much a customer system is asked for at most.
const maxTold = 20

// askable refuses what would ask a customer system for every change of a feed, and reads the size of the answer.
func askable(ctx context.Context, first *int) (int, error) {
	const op = "asking a customer system"
	if graphql.GetOperationContext(ctx).Operation.Operation == ast.Subscription {
		return 0, errs.E(errs.Invalid, op, "customer systems are not asked in subscriptions: use a query")
	}
	limit, err := pageSize(first)
	return min(limit, maxTold), err
}

func (r *Resolver) related(ctx context.Context, id string, first *int) ([]*model.RelatedItem, error) {
	limit, err := askable(ctx, first)
	if err != nil {
		return nil, err
	}
	items, err := r.core.Customers.Related(ctx, customers.ID(id), limit)
	if err != nil {
		return nil, err
	}
	out := make([]*model.RelatedItem, 0, min(limit, len(items)))
	for _, i := range items[:min(limit, len(items))] {
		out = append(out, &model.RelatedItem{
			ID: string(customers.EncodeID(i.Ref)), Kind: relatedKind(i.Kind), Title: i.Title, Status: i.Status, Open: i.Open, Sum: i.Sum,
			Responsible: i.Owner.Name, At: opt(i.At), URL: i.URL,
		})
	}
	return out, nil
}

func relatedKind(k connectors.ItemKind) model.RelatedKind {
	if kind := model.RelatedKind(k); kind.IsValid() {
		return kind
	}
	return model.RelatedKindDeal // a driver of others may say anything
}

func (r *Resolver) contacts(ctx context.Context, id string, first *int) ([]*model.PastContact, error) {
	limit, err := askable(ctx, first)
	if err != nil {
		return nil, err
	}
	past, err := r.core.Customers.Contacts(ctx, customers.ID(id), limit)
	if err != nil {
		return nil, err
	}
	out := make([]*model.PastContact, 0, min(limit, len(past)))
	for _, p := range past[:min(limit, len(past))] {
		channel := model.PastChannel(strings.ToUpper(p.Channel))
		if !channel.IsValid() {
			channel = model.PastChannelOther
		}
		out = append(out, &model.PastContact{
			ID: string(customers.EncodeID(p.Ref)), Channel: channel, Inbound: p.Inbound, At: opt(p.At), Title: p.Title, Text: p.Text,
			Who: p.Who.Name, URL: p.URL,
		})
	}
	return out, nil
}
