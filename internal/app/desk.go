package app

import (
	"context"
	"log/slog"
	"time"

	"github.com/pult-cc/pult/internal/auth"
	"github.com/pult-cc/pult/internal/config"
	"github.com/pult-cc/pult/internal/errs"
	"github.com/pult-cc/pult/internal/obs"
	"github.com/pult-cc/pult/telephony/calls"
	"github.com/pult-cc/pult/telephony/phones"
)

// DeskPhones changes operators' desk phones from the command line: in the database, by logins. A running Pult sees the change and tells
// the PBX within seconds; one that starts later does so then.
type DeskPhones struct {
	app    *App
	phones *phones.Service
}

// OpenDeskPhones opens the database and the sealing key of the configuration. Close it.
func OpenDeskPhones(ctx context.Context, cfg config.Config, log *slog.Logger) (*DeskPhones, error) {
	if _, err := Migrate(ctx, cfg, log); err != nil {
		return nil, err
	}
	a := &App{cfg: cfg, log: log, secrets: config.NewSecrets(lookupEnv, nil), health: obs.NewHealth(time.Now)}
	a.secrets = config.NewSecrets(lookupEnv, a.vaultReader())
	for _, step := range []func(context.Context) error{a.openStore, a.openSeal} {
		if err := step(ctx); err != nil {
			a.Close()
			return nil, err
		}
	}
	people := devices{auth.New(a.store.Auth(), auth.Options{}), a.store.Auth()}
	quiet := slog.New(slog.DiscardHandler) // that nobody could be told is no news here
	return &DeskPhones{a, phones.New(a.store.Credentials(), people, a.sealer, noFloor{}, noFloor{}, a.phoneSettings(), quiet)}, nil
}

// Close releases what was opened.
func (d *DeskPhones) Close() error { return d.app.Close() }

// Add makes a desk phone the person's device and returns what to type into it. One that has an account is Conflict: see Rotate.
func (d *DeskPhones) Add(ctx context.Context, login string) (phones.DeskAccount, auth.User, error) {
	u, has, err := d.find(ctx, login)
	switch {
	case err != nil:
		return phones.DeskAccount{}, u, err
	case u.Disabled:
		return phones.DeskAccount{}, u, errs.E(errs.Conflict, "adding desk phone", u.Login+" is disabled")
	case has:
		return phones.DeskAccount{}, u, errs.E(errs.Conflict, "adding desk phone",
			u.Login+" has a desk phone; `pult phone rotate` gives it a new password")
	}
	a, err := d.phones.IssueDesk(ctx, u.ID)
	return a, u, err
}

// Rotate gives the person's desk phone a new password.
func (d *DeskPhones) Rotate(ctx context.Context, login string) (phones.DeskAccount, auth.User, error) {
	u, has, err := d.find(ctx, login)
	if err == nil && !has {
		err = noDesk("rotating password", u)
	}
	if err != nil {
		return phones.DeskAccount{}, u, err
	}
	a, err := d.phones.IssueDesk(ctx, u.ID)
	return a, u, err
}

// Remove revokes the account of the person's desk phone; the page is their device again.
func (d *DeskPhones) Remove(ctx context.Context, login string) (auth.User, error) {
	u, has, err := d.find(ctx, login)
	switch {
	case err != nil:
		return u, err
	case !has && u.Device != auth.DeviceDesk:
		return u, noDesk("removing desk phone", u)
	}
	return u, d.phones.SetDevice(ctx, u.ID, false)
}

func noDesk(op string, u auth.User) error {
	return errs.E(errs.NotFound, op, u.Login+" has no desk phone; `pult phone add` makes one")
}

func (d *DeskPhones) find(ctx context.Context, login string) (u auth.User, has bool, err error) {
	u, err = d.app.store.Auth().UserByLogin(ctx, auth.NormaliseLogin(login))
	if err != nil {
		return u, false, err
	}
	has, err = d.phones.HasDesk(ctx, u.ID)
	return u, has, err
}

// noFloor is the floor of a process that has none.
type noFloor struct{}

// Do implements phones.Floor.
func (noFloor) Do(context.Context, calls.Command) (calls.Reply, error) {
	return calls.Reply{}, errs.E(errs.Unavailable, "asking the floor", "this process has no floor")
}

// Notify implements phones.Notifier.
func (noFloor) Notify(context.Context, calls.Notice) error {
	return errs.E(errs.Unavailable, "telling windows", "this process has no floor")
}
