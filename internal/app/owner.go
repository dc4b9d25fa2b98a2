package app

import (
	"context"
	"sync"
	"time"

	"github.com/google/uuid"

	"github.com/pult-cc/pult/internal/bus"
	"github.com/pult-cc/pult/internal/customers"
	"github.com/pult-cc/pult/internal/errs"
	"github.com/pult-cc/pult/internal/obs"
	"github.com/pult-cc/pult/telephony/calls"
)

// floorLease names the ownership of the floor, and with it of Asterisk.
const floorLease = "floor"

// leaseTime is how long a dead owner is believed alive; a new one takes over after it.
const leaseTime = 3 * time.Second

// own waits for the floor's lease and runs the engine while it is held, again and again. One process at a time does: ARI would let
// a second one in, and would not fence the first.
func (a *App) own(ctx context.Context) error {
	for ctx.Err() == nil {
		lease, err := a.bus.Acquire(ctx, floorLease, leaseTime)
		if err != nil {
			if ctx.Err() != nil {
				return nil
			}
			a.log.Warn("waiting for the floor", "error", err)
			if !pause(ctx, time.Second) {
				return nil
			}
			continue
		}
		err = a.runEngine(ctx, lease)
		release, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Second)
		if rerr := lease.Release(release); rerr != nil {
			a.log.Debug("releasing the floor", "error", rerr)
		}
		cancel()
		if ctx.Err() != nil {
			return nil
		}
		if errs.Is(err, errs.Invalid) {
			return err // the configuration can never work
		}
		a.log.Warn("no longer owner of the floor", "error", err)
		if !pause(ctx, 500*time.Millisecond) {
			return nil
		}
	}
	return nil
}

func (a *App) runEngine(ctx context.Context, lease bus.Lease) error {
	var following sync.WaitGroup
	defer following.Wait()
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	stop := make(chan struct{})
	defer close(stop)
	go func() {
		select {
		case <-lease.Lost():
			cancel()
		case <-stop:
		}
	}()
	driver, err := a.openDriver(ctx)
	if err != nil {
		return err
	}
	now, epoch := time.Now(), uuid.NewString()
	a.log.Info("owner of the floor", "term", lease.Term())
	engine := calls.NewEngine(calls.EngineOptions{
		Driver: driver, Bus: a.bus, Board: a.board, Matcher: matcher{a.match},
		Journal:   journal{repo: a.history, term: lease.Term()},
		Directory: directory{Directory: a.store.Directory(), PhoneHealth: a.store.Health(), users: a.store.Auth()},
		Phones:    a.phones,
		Floor: calls.FloorOptions{
			Normalize: a.number.Parse, ParseDialed: a.number.ParseDialed, NewID: newID, CallerID: a.callerID(),
			VersionBase: calls.VersionBaseAt(now),
		},
		Epoch: epoch, Log: a.log,
	})
	following.Go(func() { a.phones.Follow(ctx) })
	for _, p := range a.poppers(epoch) {
		following.Go(func() { p.Run(ctx) })
	}
	return engine.Run(ctx)
}

// newID makes an id that sorts by time (UUID version 7, RFC 9562 §5.7).
func newID() string {
	id, err := uuid.NewV7()
	if err != nil {
		return uuid.NewString()
	}
	return id.String()
}

// pause waits; false means that ctx ended.
func pause(ctx context.Context, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-t.C:
		return true
	}
}

// parts are what watchHealth looks at. They are registered before the first request, so that nobody is ready by having no parts. A
// PBX that is away is shown and does not make the process unready: pages, history and the other processes still need it.
func (a *App) parts() (db, bus, floor, pbx obs.Part) {
	return a.health.Require("database"), a.health.Require("bus"), a.health.Require("floor"), a.health.Advise("pbx")
}

// watchHealth keeps the state of the parts.
func (a *App) watchHealth(ctx context.Context) error {
	db, busPart, floor, pbx := a.parts()
	check := func() {
		limit, cancel := context.WithTimeout(ctx, 2*time.Second)
		defer cancel()
		if err := a.store.Check(limit); err != nil {
			db.Fail("the database does not answer: " + errs.Message(err))
		} else {
			db.OK()
		}
		if err := a.bus.Check(limit); err != nil {
			busPart.Fail("messages do not pass: " + errs.Message(err))
		} else {
			busPart.OK()
		}
	}
	look := func() {
		if since, stale := a.board.Stale(); stale {
			floor.Fail("no picture of the floor since " + since.Format(time.TimeOnly))
		} else {
			floor.OK()
		}
		if a.board.LinkUp() {
			pbx.OK()
		} else {
			pbx.Fail("the telephone system is not reachable; waiting calls are with its own dialplan")
		}
	}
	w := a.board.Watch()
	defer w.Close()
	check()
	tick := time.NewTicker(2 * time.Second)
	defer tick.Stop()
	moved := make(chan struct{}, 1)
	go func() {
		for {
			if _, err := w.Next(ctx); err != nil {
				return
			}
			select {
			case moved <- struct{}{}:
			default:
			}
		}
	}()
	for {
		look()
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-moved:
		case <-tick.C:
			check()
		}
	}
}

// callerID is the number shown to those we call; zero where the site leaves it to the PBX.
func (a *App) callerID() customers.Number {
	if a.cfg.Telephony.CallerID == "" {
		return customers.Number{}
	}
	return a.number.Parse(a.cfg.Telephony.CallerID)
}
