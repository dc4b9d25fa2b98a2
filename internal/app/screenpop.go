package app

import (
	"context"
	"time"

	"github.com/pult-cc/pult/connectors"
	"github.com/pult-cc/pult/internal/errs"
	"github.com/pult-cc/pult/internal/obs"
	"github.com/pult-cc/pult/internal/screenpop"
	"github.com/pult-cc/pult/telephony/calls"
)

// poppers are for the customer systems that show cards of their own, beside the engine of an epoch.
func (a *App) poppers(epoch string) []*screenpop.Popper {
	var out []*screenpop.Popper
	for _, c := range a.cfg.Connectors { // those of the file stay as long as the process
		sys := a.systems.byID(c.ID)
		if sys == nil || !c.ShowCalls {
			continue
		}
		there := addressed{ids: c.Operators}
		out = append(out, screenpop.New(screenpop.Options{
			Floor: a.board, System: sys.c, Repository: a.store.ScreenPops(), Epoch: epoch, Mask: obs.Mask, Log: a.log,
			Agent: func(login, name string) connectors.Agent {
				return there.agent(connectors.Agent{Login: login, Name: name})
			},
		}))
	}
	return out
}

// begun notes a call that a system has begun for a click, with a card of its own at who clicked, where its record ends it.
func (a *App) begun(ctx context.Context, connector string, call calls.ID, c connectors.Click) error {
	for _, k := range a.cfg.Connectors {
		if k.ID == connector && k.LogCalls {
			_, err := a.store.ScreenPops().Add(ctx, screenpop.Pop{
				Connector: connector, Call: string(call), Announced: connectors.Announced{Ref: c.Call, Customer: c.Customer}, Agent: c.Agent.ID, At: time.Now(),
			})
			return err
		}
	}
	return nil
}

// announced reads what systems know of calls while they live; nil where none knows anything.
func (a *App) announced() func(ctx context.Context, connector, subject string) (connectors.Announced, error) {
	knows := map[string]bool{}
	for _, c := range a.cfg.Connectors {
		if c.ShowCalls || c.Clicks {
			knows[c.ID] = true
		}
	}
	if len(knows) == 0 {
		return nil
	}
	return func(ctx context.Context, connector, subject string) (connectors.Announced, error) {
		if !knows[connector] {
			return connectors.Announced{}, nil
		}
		p, err := a.store.ScreenPops().Get(ctx, connector, subject)
		if errs.Is(err, errs.NotFound) {
			return connectors.Announced{}, nil
		}
		return p.Announced, err
	}
}

// forgetPops forgets, once an hour until ctx ends, what systems were told of calls of long ago.
func (a *App) forgetPops(ctx context.Context) error {
	for {
		if _, err := a.store.ScreenPops().Sweep(ctx, time.Now().Add(-screenpop.Keep)); err != nil && ctx.Err() == nil {
			a.log.Warn("forgetting what customer systems were told of calls", "error", err)
		}
		if !pause(ctx, time.Hour) {
			return nil
		}
	}
}
