// Package app is the composition root: the only place that knows everything. It chooses the drivers (SQLite or PostgreSQL, memory
// or Redis, local key or Vault, Asterisk or the simulation), ties them to the core and runs the process.
package app

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/pult-cc/pult/internal/auth"
	"github.com/pult-cc/pult/internal/bus"
	"github.com/pult-cc/pult/internal/config"
	"github.com/pult-cc/pult/internal/customers"
	"github.com/pult-cc/pult/internal/errs"
	"github.com/pult-cc/pult/internal/interactions"
	"github.com/pult-cc/pult/internal/linking"
	"github.com/pult-cc/pult/internal/obs"
	"github.com/pult-cc/pult/internal/outbox"
	"github.com/pult-cc/pult/internal/seal"
	"github.com/pult-cc/pult/internal/store"
	"github.com/pult-cc/pult/internal/workbench"
	"github.com/pult-cc/pult/telephony/ari"
	"github.com/pult-cc/pult/telephony/calls"
	"github.com/pult-cc/pult/telephony/fakepbx"
	"github.com/pult-cc/pult/telephony/phones"
)

// Options are what a process is started with beside its configuration.
type Options struct {
	Version string
	Environ func(string) (string, bool) // os.LookupEnv but for tests
	Log     *slog.Logger
	Demo    *Demo // nil outside `pult demo`
	// Ready is called once, with the address that is served, when the process is ready for the first time.
	Ready func(addr net.Addr)
}

// App is one process of Pult.
type App struct {
	cfg     config.Config
	o       Options
	log     *slog.Logger
	secrets *config.Secrets
	health  *obs.Health

	store      *store.Store
	bus        bus.Bus
	sealer     *seal.Sealer
	auth       *auth.Service
	rights     chan string // users whose rights changed here
	match      *customers.Service
	history    *interactions.Service
	links      *linking.Service
	bench      *workbench.Service
	systems    *systems
	outbox     *outbox.Desk
	board      *calls.Board
	service    *calls.Service
	phones     *phones.Service
	door       *ari.Door    // where Asterisk connects to us; nil where we connect
	simulation *fakepbx.PBX // the silent PBX of this process; nil where there is a real one
	number     *customers.Normalizer
	closers    []io.Closer
	workers    []func(context.Context) error // of what New opened; Run runs them
	ice        map[string]string             // resolved credentials of ICE servers, by reference
}

// New opens everything that has to be there before the first request: database (migrated), bus, sealing key, connectors. It
// connects to no PBX and no customer system. Close what it returns.
func New(ctx context.Context, cfg config.Config, o Options) (*App, error) {
	if o.Environ == nil {
		o.Environ = os.LookupEnv
	}
	a := &App{cfg: cfg, o: o, log: o.Log, health: obs.NewHealth(time.Now), rights: make(chan string, 256)}
	if err := a.open(ctx); err != nil {
		return nil, errors.Join(err, a.Close())
	}
	return a, nil
}

func (a *App) open(ctx context.Context) error {
	a.parts()
	if a.simulated() {
		a.simulation = newSimulation()
	}
	a.secrets = config.NewSecrets(a.o.Environ, a.vaultReader())
	var err error
	if a.number, err = customers.NewNormalizer(a.cfg.Region, ""); err != nil {
		return err
	}
	a.ice = map[string]string{}
	for _, srv := range a.cfg.Telephony.PhoneICEServers {
		if a.ice[srv.Credential], err = a.secrets.Resolve(ctx, srv.Credential); err != nil {
			return err
		}
	}
	for _, step := range []func(context.Context) error{a.openStore, a.openBus, a.openSeal, a.openConnectors, a.openOutbox, a.openDoor} {
		if err := step(ctx); err != nil {
			return err
		}
	}
	a.history = interactions.NewService(a.store.Interactions(), a.bus, time.Now, a.log)
	a.board = calls.NewBoard(a.bus, a.log)
	a.service = calls.NewService(a.bus, a.board)
	a.links = linking.NewService(a.match, a.history, a.service, a.board, a.bus, a.log)
	a.auth = auth.New(a.store.Auth(), auth.Options{
		IdleTimeout: a.cfg.Limits.SessionIdle, AbsoluteTimeout: a.cfg.Limits.SessionAbsolute,
		Hashes:          a.cfg.Limits.ConcurrentPasswords,
		LoginFailures:   auth.Limit{Burst: a.cfg.Limits.SignInFailures, Every: 10 * time.Second},
		AddressFailures: auth.Limit{Burst: a.cfg.Limits.SignInFailuresFrom, Every: 2 * time.Second},
		Announce:        a.announceRights,
	})
	a.workers = append(a.workers, a.auth.Run, a.shareRights, a.links.Run)
	a.phones = phones.New(a.store.Credentials(), devices{a.auth, a.store.Auth()}, a.sealer, a.service, a.service, a.phoneSettings(), a.log)
	return nil
}

// Close releases what New opened.
func (a *App) Close() error {
	var all error
	for i := len(a.closers) - 1; i >= 0; i-- {
		all = errors.Join(all, a.closers[i].Close())
	}
	a.closers = nil
	return all
}

// Auth is for the command line: adding people.
func (a *App) Auth() *auth.Service { return a.auth }

// Store is for the command line and the demo.
func (a *App) Store() *store.Store { return a.store }

// Run serves until ctx ends, then drains: browsers are told to come back, requests under way are finished, the floor is handed
// over. Calls are not touched: they live in the PBX and whoever owns the floor next adopts them.
func (a *App) Run(ctx context.Context) error {
	ln, err := (&net.ListenConfig{}).Listen(ctx, "tcp", a.cfg.Server.Listen)
	if err != nil {
		return &errs.Error{Kind: errs.Invalid, Op: "listening", Msg: fmt.Sprintf("cannot serve %s (server.listen)", a.cfg.Server.Listen), Err: err}
	}
	handler, drain, err := a.handler()
	if err != nil {
		return errors.Join(err, ln.Close())
	}
	srv := &http.Server{
		Handler: handler, ReadHeaderTimeout: 10 * time.Second, ReadTimeout: 30 * time.Second, IdleTimeout: 2 * time.Minute,
		ErrorLog: slog.NewLogLogger(a.log.Handler(), slog.LevelDebug),
	}
	// The workers outlive ctx by the drain: a request under way may still need the floor.
	workCtx, stopWork := context.WithCancel(context.WithoutCancel(ctx))
	defer stopWork()
	g, workCtx := errgroup.WithContext(workCtx)
	for _, w := range a.workers {
		g.Go(func() error { return clean(workCtx, w(workCtx)) })
	}
	g.Go(func() error { return clean(workCtx, a.board.Run(workCtx)) })
	g.Go(func() error { return clean(workCtx, a.own(workCtx)) })
	g.Go(func() error { return clean(workCtx, a.watchHealth(workCtx)) })
	g.Go(func() error {
		if err := srv.Serve(ln); !errors.Is(err, http.ErrServerClosed) {
			return errs.With(errs.Internal, "serving", err)
		}
		return nil
	})
	g.Go(func() error {
		select {
		case <-ctx.Done():
		case <-workCtx.Done(): // a worker failed: leave
		}
		defer stopWork()
		a.health.Drain()
		limit, cancel := context.WithTimeout(context.WithoutCancel(ctx), a.cfg.Server.DrainTimeout)
		defer cancel()
		drain(limit)
		if err := srv.Shutdown(limit); err != nil {
			return errors.Join(errs.With(errs.Timeout, "draining", err), srv.Close())
		}
		return nil
	})
	a.announceReady(workCtx, g, ln.Addr())
	err = g.Wait()
	if ctx.Err() != nil {
		a.log.Info("stopped")
	}
	return err
}

// clean turns the end of a worker because of its context into no error.
func clean(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return nil
	}
	return err
}

// announceReady says once that the process serves.
func (a *App) announceReady(ctx context.Context, g *errgroup.Group, addr net.Addr) {
	g.Go(func() error {
		for {
			changed := a.health.Changed()
			if _, ready := a.health.Parts(); ready {
				a.log.Info("ready", "url", a.cfg.Server.PublicURL, "listen", addr.String())
				if a.o.Ready != nil {
					a.o.Ready(addr)
				}
				return nil
			}
			select {
			case <-ctx.Done():
				return nil
			case <-changed:
			}
		}
	})
}
