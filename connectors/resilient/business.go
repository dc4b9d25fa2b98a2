package resilient

import (
	"context"
	"net/http"

	"github.com/pult-cc/pult/connectors"
	"github.com/pult-cc/pult/internal/errs"
)

// What a person asks for while they look at a card. These go through pause, bulkhead and breaker like a look-up, but take half of the
// places at most: whoever rings does not wait for somebody's letters. They are never repeated here.
const (
	opRelated = "related"
	opHistory = "history"
	opCreate  = "create"
	opAgents  = "agents"
)

// Related tells what goes on with a customer, see connectors.Relater; a driver that cannot is errs.Unsupported.
func (c *Connector) Related(ctx context.Context, customer connectors.Ref, limit int) (items []connectors.Item, err error) {
	r, ok := connectors.As[connectors.Relater](c.driver)
	if !ok {
		return nil, errs.E(errs.Unsupported, "asking "+c.o.Name+" for deals", "this system does not tell what goes on with a customer")
	}
	err = c.aside(ctx, opRelated, func(ctx context.Context) (err error) {
		items, err = r.Related(ctx, customer, limit)
		return err
	})
	return items, err
}

// History tells what was said and written before, see connectors.Historian; a driver that cannot is errs.Unsupported.
func (c *Connector) History(ctx context.Context, customer connectors.Ref, limit int) (past []connectors.Contact, err error) {
	h, ok := connectors.As[connectors.Historian](c.driver)
	if !ok {
		return nil, errs.E(errs.Unsupported, "asking "+c.o.Name+" for its history", "this system does not tell its history")
	}
	err = c.aside(ctx, opHistory, func(ctx context.Context) (err error) {
		past, err = h.History(ctx, customer, limit)
		return err
	})
	return past, err
}

// Creates tells whether CreateContact is not errs.Unsupported. It asks nobody.
func (c *Connector) Creates() bool {
	_, ok := connectors.As[connectors.ContactCreator](c.driver)
	return ok
}

// CreateContact makes a new record, see connectors.ContactCreator; a driver that cannot is errs.Unsupported.
func (c *Connector) CreateContact(ctx context.Context, n connectors.NewContact) (made connectors.Candidate, err error) {
	creator, ok := connectors.As[connectors.ContactCreator](c.driver)
	if !ok {
		return made, errs.E(errs.Unsupported, "creating a customer in "+c.o.Name, "customers cannot be created in this system")
	}
	err = c.aside(ctx, opCreate, func(ctx context.Context) (err error) {
		made, err = creator.CreateContact(ctx, n)
		return err
	})
	return made, err
}

// aside sends a request that a ringing call may overtake: in half of the places at most, and behind it where the system has a limit.
func (c *Connector) aside(ctx context.Context, what string, ask func(context.Context) error) error {
	select {
	case c.asides <- struct{}{}:
		defer func() { <-c.asides }()
		return c.call(connectors.Aside(ctx), what, ask)
	case <-ctx.Done():
		return &errs.Error{Kind: errs.Timeout, Op: "asking " + c.o.Name + " (" + what + ")", Msg: "no answer in time", Err: ctx.Err()}
	}
}

// Clicked understands a request of the system's, see connectors.ClickSource; a driver that cannot is errs.Unsupported. Nobody is asked, so
// neither the breaker nor the bulkhead has a say.
func (c *Connector) Clicked(ctx context.Context, r *http.Request) ([]connectors.Click, error) {
	source, ok := connectors.As[connectors.ClickSource](c.driver)
	if !ok {
		return nil, errs.E(errs.Unsupported, "reading a click of "+c.o.Name, "this system sends no clicks")
	}
	return source.Clicked(ctx, r)
}

// Agents tells who works with the system, see connectors.AgentLister; a driver that cannot is errs.Unsupported.
func (c *Connector) Agents(ctx context.Context) (people []connectors.Agent, err error) {
	lister, ok := connectors.As[connectors.AgentLister](c.driver)
	if !ok {
		return nil, errs.E(errs.Unsupported, "listing the people of "+c.o.Name, "this system does not tell who works with it")
	}
	err = c.aside(ctx, opAgents, func(ctx context.Context) (err error) {
		people, err = lister.Agents(ctx)
		return err
	})
	return people, err
}
