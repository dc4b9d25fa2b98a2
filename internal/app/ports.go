package app

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"log/slog"
	"net/url"
	"strings"
	"time"

	"github.com/pult-cc/pult/connectors"
	"github.com/pult-cc/pult/internal/bus/membus"
	"github.com/pult-cc/pult/internal/bus/redisbus"
	"github.com/pult-cc/pult/internal/config"
	"github.com/pult-cc/pult/internal/customers/phoneindex"
	"github.com/pult-cc/pult/internal/errs"
	"github.com/pult-cc/pult/internal/seal"
	"github.com/pult-cc/pult/internal/seal/localkey"
	"github.com/pult-cc/pult/internal/seal/vaultkey"
	"github.com/pult-cc/pult/internal/store"
	"github.com/pult-cc/pult/telephony"
	"github.com/pult-cc/pult/telephony/ari"
	"github.com/pult-cc/pult/telephony/phones"
)

// openStore opens the database and brings it up to date.
func (a *App) openStore(ctx context.Context) error {
	dsn, err := a.secrets.Resolve(ctx, a.cfg.Database.DSN)
	if err != nil {
		return err
	}
	s, err := store.Open(ctx, store.Options{DSN: dsn, Logger: a.log, Outbox: a.planner()})
	if err != nil {
		return err
	}
	a.store = s
	a.closers = append(a.closers, s)
	if err := s.Migrate(ctx); err != nil {
		return err
	}
	return s.Seed(ctx, a.language(), time.Now())
}

// language is that of names the installation starts with.
func (a *App) language() string {
	if a.cfg.Language == "ru" || (a.cfg.Language == "" && a.cfg.Region == "RU") {
		return "ru"
	}
	return "en"
}

// openBus chooses between one process and many.
func (a *App) openBus(ctx context.Context) error {
	raw, err := a.secrets.Resolve(ctx, a.cfg.Bus.URL)
	if err != nil {
		return err
	}
	if raw == "memory" {
		a.bus = membus.New()
		return nil
	}
	b, err := redisbus.New(redisbus.Options{URL: raw, Logger: a.log})
	if err != nil {
		return err
	}
	a.bus = b
	a.workers = append(a.workers, b.Run)
	return nil
}

// openSeal chooses where the sealing key comes from and fails where it cannot be had: without it no phone could sign in.
func (a *App) openSeal(ctx context.Context) error {
	var keys seal.KeySource = localkey.New(a.cfg.Seal.KeyFile)
	if a.cfg.Seal.Vault.Enabled() {
		v, err := a.openVault(ctx)
		if err != nil {
			return err
		}
		keys = v
		a.workers = append(a.workers, v.Run)
	}
	part := a.health.Require("sealing")
	if _, err := keys.Current(ctx); err != nil {
		return errs.Wrap("reading the sealing key", err)
	}
	part.OK()
	a.sealer = seal.New(keys)
	return nil
}

func (a *App) openVault(ctx context.Context) (*vaultkey.Source, error) {
	c := a.cfg.Seal.Vault
	o := vaultkey.Options{Address: c.Address, Mount: c.Mount, Path: c.Path, RoleID: c.RoleID, Logger: a.log}
	var err error
	if c.Token != "" {
		if o.Token, err = a.secrets.Secret(ctx, c.Token); err != nil {
			return nil, err
		}
	}
	if c.SecretID != "" {
		if o.SecretID, err = a.secrets.Secret(ctx, c.SecretID); err != nil {
			return nil, err
		}
	}
	return vaultkey.New(o)
}

// openMirror makes the phone index of a connector. Of many processes one reads the customer system, the others follow by the database.
func (a *App) openMirror(id, name string, of connectors.Mirrored, lister phoneindex.Lister, former *phoneindex.Mirror) (*phoneindex.Mirror, error) {
	digest := func(text string) string {
		sum := sha256.Sum256([]byte(text))
		return hex.EncodeToString(sum[:8])
	}
	return phoneindex.NewMirror(phoneindex.Options{
		Connector: id, Name: name, Former: former, System: digest(of.System), Config: digest(of.Records), Lister: lister,
		Numbers: a.number, Repository: a.store.PhoneIndex(), NewID: newID, Log: a.log,
		Lead: func(ctx context.Context) (<-chan struct{}, func(), error) { return a.hold(ctx, "index:"+id) },
	})
}

// hold waits until this process holds a lease.
func (a *App) hold(ctx context.Context, name string) (lost <-chan struct{}, release func(), err error) {
	lease, err := a.bus.Acquire(ctx, name, leaseTime)
	if err != nil {
		return nil, nil, err
	}
	return lease.Lost(), func() {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Second)
		defer cancel()
		if err := lease.Release(ctx); err != nil {
			a.log.Debug("releasing a lease", "lease", name, "err", err)
		}
	}, nil
}

// exclusive implements workbench.Options.Lock.
func (a *App) exclusive(ctx context.Context, name string) (release func(), err error) {
	_, release, err = a.hold(ctx, name)
	return release, err
}

// openDriver makes the PBX driver for one term of ownership.
func (a *App) openDriver(ctx context.Context) (telephony.Driver, error) {
	t := a.cfg.Telephony
	if a.simulated() {
		return simulation{Driver: a.simulation.NewDriver(), pbx: a.simulation}, nil
	}
	password, err := a.secrets.Resolve(ctx, t.ARI.Password)
	if err != nil {
		return nil, err
	}
	return ari.New(ari.Options{
		URL: t.ARI.URL, User: t.ARI.User, Password: password, App: t.ARI.App, Door: a.door,
		Trunk: strings.ReplaceAll(t.Trunk, "{number}", "%s"), Realm: t.Realm, PhoneURLs: a.phoneURLs(),
		OperatorContext: t.OperatorContext, Language: a.cfg.Language, Logger: a.log,
	})
}

// simulated tells whether there is no real PBX.
func (a *App) simulated() bool { return a.cfg.Telephony.Driver == config.DriverFakePBX }

func (a *App) phoneSettings() phones.Settings {
	t := a.cfg.Telephony
	s := phones.Settings{Realm: t.Realm, URLs: a.phoneURLs(), Host: t.PhoneHost, Simulated: a.simulated()}
	if s.Host == "" && len(s.URLs) > 0 {
		if u, err := url.Parse(s.URLs[0]); err == nil {
			s.Host = u.Hostname()
		}
	}
	s.DeskServer, s.DeskTransport = cmp.Or(t.DeskPhoneServer, s.Host), t.DeskPhoneTransport
	return s
}

// phoneURLs are where phones connect: as configured, or Asterisk's own WebSocket beside its ARI.
func (a *App) phoneURLs() []string {
	t := a.cfg.Telephony
	if len(t.PhoneWSURLs) > 0 {
		return t.PhoneWSURLs
	}
	u, err := url.Parse(t.ARI.URL)
	if err != nil || u.Host == "" {
		return nil
	}
	return []string{strings.Replace(u.Scheme, "http", "ws", 1) + "://" + u.Host + "/ws"}
}

// vaultReader resolves vault: references where a Vault is configured.
func (a *App) vaultReader() config.VaultReader {
	if !a.cfg.Seal.Vault.Enabled() {
		return nil
	}
	return func(ctx context.Context, path, field string) (string, error) {
		if strings.HasPrefix(a.cfg.Seal.Vault.Token, "vault:") {
			return "", errs.E(errs.Invalid, "resolving secret", "Vault's own token cannot be in Vault")
		}
		v, err := a.openVault(ctx)
		if err != nil {
			return "", err
		}
		return v.Read(ctx, path, field)
	}
}

// Migrate brings the database up to date and says what it applied.
func Migrate(ctx context.Context, cfg config.Config, log *slog.Logger) ([]string, error) {
	a := &App{cfg: cfg, log: log, secrets: config.NewSecrets(lookupEnv, nil)}
	dsn, err := a.secrets.Resolve(ctx, cfg.Database.DSN)
	if err != nil {
		return nil, err
	}
	s, err := store.Open(ctx, store.Options{DSN: dsn, Logger: log})
	if err != nil {
		return nil, err
	}
	defer s.Close()
	pending, err := s.Pending(ctx)
	if err != nil {
		return nil, err
	}
	if err := s.Migrate(ctx); err != nil {
		return nil, err
	}
	return pending, s.Seed(ctx, a.language(), time.Now())
}
