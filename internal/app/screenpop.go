package app

import (
	"context"

	"github.com/pult-cc/pult/connectors"
	"github.com/pult-cc/pult/internal/errs"
	"github.com/pult-cc/pult/internal/obs"
	"github.com/pult-cc/pult/internal/screenpop"
)

// poppers are for the customer systems that show cards of their own.
func (a *App) poppers() []*screenpop.Popper {
	var out []*screenpop.Popper
	for _, c := range a.cfg.Connectors { // those of the file stay as long as the process
		sys := a.systems.byID(c.ID)
		if sys == nil || !c.ShowCalls {
			continue
		}
		there := addressed{ids: c.Operators}
		out = append(out, screenpop.New(screenpop.Options{
			Floor: a.board, System: sys.c, Repository: a.store.ScreenPops(), Mask: obs.Mask, Log: a.log,
			Agent: func(login, name string) connectors.Agent {
				return there.agent(connectors.Agent{Login: login, Name: name})
			},
		}))
	}
	return out
}

// announced reads what systems were told of live calls; nil where none is.
func (a *App) announced() func(ctx context.Context, connector, subject string) (connectors.Announced, error) {
	shows := map[string]bool{}
	for _, c := range a.cfg.Connectors {
		if c.ShowCalls {
			shows[c.ID] = true
		}
	}
	if len(shows) == 0 {
		return nil
	}
	return func(ctx context.Context, connector, subject string) (connectors.Announced, error) {
		if !shows[connector] {
			return connectors.Announced{}, nil
		}
		p, err := a.store.ScreenPops().Get(ctx, connector, subject)
		if errs.Is(err, errs.NotFound) {
			return connectors.Announced{}, nil
		}
		return p.Announced, err
	}
}
