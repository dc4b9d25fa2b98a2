package app

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/pult-cc/pult/connectors/onec/onecsim"
	"github.com/pult-cc/pult/internal/auth"
	"github.com/pult-cc/pult/internal/config"
	"github.com/pult-cc/pult/internal/errs"
	"github.com/pult-cc/pult/internal/lab"
	"github.com/pult-cc/pult/internal/obs"
)

// DemoOptions say how to run the demo.
type DemoOptions struct {
	Simulate bool
	Listen   string
	Dir      string
	Language string
	CRMDelay time.Duration
	Verbose  bool
	Version  string
	Out, Err io.Writer
}

// Demo is what a process knows of being a demo.
type Demo struct {
	Simulated bool
	Callers   []DemoCaller // customers of the demo base who can call
}

// DemoCaller is a customer of the demo base.
type DemoCaller struct {
	Name, Company, Number string
}

// demoPeople sign in with demoPassword, on loopback only.
var demoPeople = []struct {
	login, ru, en string
	role          auth.Role
}{
	{"operator", "Анна Соколова", "Anna Sokolova", auth.RoleOperator},
	{"boris", "Борис Левин", "Boris Levin", auth.RoleOperator},
	{"supervisor", "Вера Орлова", "Vera Orlova", auth.RoleSupervisor},
	{"admin", "Глеб Зимин", "Gleb Zimin", auth.RoleAdmin},
}

// The demo's 1C has a user of its own; the password is made anew at every start and passed as a site would: by reference.
const (
	demoCRMUser   = "Пульт"
	demoCRMSecret = "PULT_DEMO_1C"
)

func demoPassword(login string) string { return login + "-demo" }

// RunDemo runs a telephone exchange, a customer base and Pult on this machine until ctx ends, and leaves nothing running.
func RunDemo(ctx context.Context, o DemoOptions) error {
	level := "warn"
	if o.Verbose {
		level = "debug"
	}
	log, err := obs.NewLogger(o.Err, obs.LogOptions{Level: level, Format: "text"})
	if err != nil {
		return err
	}
	if err := loopbackOnly(o.Listen); err != nil {
		return err
	}
	dir, err := filepath.Abs(o.Dir)
	if err != nil {
		return errs.With(errs.Invalid, "finding the demo's folder", err)
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return &errs.Error{Kind: errs.Invalid, Op: "making the demo's folder", Msg: "cannot write to " + o.Dir, Err: err}
	}
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	g, ctx := errgroup.WithContext(ctx)

	crmPassword := rand.Text()
	sim := onecsim.New(onecsim.Options{Base: onecsim.NewDemo(), User: demoCRMUser, Password: crmPassword, Delay: o.CRMDelay})
	crm, err := (&net.ListenConfig{}).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return errs.With(errs.Unavailable, "serving the demo's 1C", err)
	}
	g.Go(func() error { return clean(ctx, onecsim.Serve(ctx, crm, sim)) })

	cfg := demoConfig(o, dir, "http://"+crm.Addr().String()+onecsim.DefaultRoot)
	demo := &Demo{Simulated: o.Simulate}
	for _, c := range onecsim.Demo() {
		if c.Case == "unknown" { // the page has a button of its own for it
			continue
		}
		demo.Callers = append(demo.Callers, DemoCaller{Name: c.Name, Company: c.Company, Number: c.Number})
	}
	if o.Simulate {
		cfg.Telephony.Driver = config.DriverFakePBX
		cfg.Telephony.PhoneWSURLs = []string{"wss://simulation.invalid/ws"}
	} else {
		fmt.Fprintln(o.Out, "Starting Asterisk …")
		if !hasNetwork() {
			fmt.Fprintln(o.Out, "This machine has no address but loopback, which browsers leave out of media: calls will have no voice.")
		}
		ast, err := lab.StartAsterisk(ctx, lab.AsteriskOptions{Dir: filepath.Join(dir, "asterisk"), Language: o.language(), Log: asteriskLog(o)})
		if err != nil {
			return err
		}
		defer func() { _ = ast.Stop() }() // it dies with ctx anyway; this waits for it
		cfg.Telephony.ARI = config.ARI{URL: ast.ARIURL, User: ast.ARIUser, Password: ast.ARIPassword, App: "pult", Link: config.LinkInbound}
		cfg.Telephony.Realm, cfg.Telephony.Trunk = ast.Realm, "PJSIP/{number}@carrier"
		cfg.Telephony.PhoneWSURLs = []string{ast.WSURL}
	}
	a, err := New(ctx, cfg, Options{
		Version: o.Version, Log: log, Demo: demo,
		Environ: func(name string) (string, bool) {
			if name == demoCRMSecret {
				return crmPassword, true
			}
			return os.LookupEnv(name)
		},
		Ready: func(addr net.Addr) { o.welcome(addr) },
	})
	if err != nil {
		return err
	}
	defer a.Close()
	if err := a.addDemoPeople(ctx, o.language()); err != nil {
		return err
	}
	g.Go(func() error {
		defer stop()
		return a.Run(ctx)
	})
	err = g.Wait()
	if errors.Is(err, context.Canceled) {
		return nil
	}
	return err
}

// hasNetwork tells whether the machine has an address that media can flow through: browser and Asterisk leave loopback out of ICE
// (RFC 8445 §5.1.1.1).
func hasNetwork() bool {
	addrs, err := net.InterfaceAddrs()
	if err != nil {
		return true // unknown: say nothing
	}
	for _, a := range addrs {
		if n, ok := a.(*net.IPNet); ok && n.IP.IsGlobalUnicast() {
			return true
		}
	}
	return false
}

// loopbackOnly keeps the demo's well-known passwords off the network.
func loopbackOnly(listen string) error {
	host, _, err := net.SplitHostPort(listen)
	if err != nil {
		return errs.Field("reading --listen", "listen", "host:port, e.g. 127.0.0.1:8080")
	}
	if ip := net.ParseIP(host); host != "localhost" && (ip == nil || !ip.IsLoopback()) {
		return errs.Field("reading --listen", "listen", "the demo's passwords are known to everybody, so it serves loopback addresses only")
	}
	return nil
}

func asteriskLog(o DemoOptions) io.Writer {
	if o.Verbose {
		return o.Err
	}
	return nil
}

func (o DemoOptions) language() string {
	if o.Language == "en" {
		return "en"
	}
	return "ru"
}

func demoConfig(o DemoOptions, dir, crm string) config.Config {
	cfg := config.Default()
	_, port, _ := net.SplitHostPort(o.Listen)
	cfg.Server.Listen, cfg.Server.PublicURL = o.Listen, "http://localhost:"+port
	cfg.Server.AllowedOrigins = []string{"http://127.0.0.1:" + port}
	cfg.Server.Development = true
	cfg.WebConnectors.Networks = []string{"127.0.0.0/8", "::1/128"}
	cfg.Server.DrainTimeout = 2 * time.Second
	cfg.Database.DSN = "sqlite:" + filepath.Join(dir, "pult.db")
	cfg.Seal.KeyFile = filepath.Join(dir, "pult.key")
	cfg.Language = o.Language
	cfg.Connectors = []config.Connector{{
		ID: "1c", Kind: "onec", Name: "1С",
		Config: map[string]any{"base_url": crm, "user": demoCRMUser, "password": "env:" + demoCRMSecret, "preset": "ut11"},
	}}
	return cfg
}

func (a *App) addDemoPeople(ctx context.Context, language string) error {
	queues, err := a.store.Directory().Queues(ctx)
	if err != nil {
		return err
	}
	var ids []string
	for _, q := range queues {
		ids = append(ids, q.ID)
	}
	for _, p := range demoPeople {
		name := p.en
		if language == "ru" {
			name = p.ru
		}
		_, err := a.auth.CreateUser(ctx, auth.NewUser{Login: p.login, Name: name, Role: p.role, Queues: ids, Password: demoPassword(p.login)})
		if err != nil && !errs.Is(err, errs.Conflict) { // a second demo finds them
			return err
		}
	}
	return nil
}

// welcome says where to go and what to do.
func (o DemoOptions) welcome(addr net.Addr) {
	_, port, _ := net.SplitHostPort(addr.String())
	kind := "a real Asterisk: put a headset on"
	if o.Simulate {
		kind = "SIMULATION: there is no telephone exchange and calls are silent"
	}
	fmt.Fprintf(o.Out, `
  Pult is ready: http://localhost:%s
  (%s)

  Sign in      operator     %s
               boris        %s
               supervisor   %s
               admin        %s

  Then         1. allow the microphone, set yourself Ready
               2. in the panel "Demo caller" pick a customer and let them call
               3. see the card, answer, talk: they repeat what you say
               4. choose a topic, write a comment, finish the wrap-up

  Ctrl-C stops everything.

`, port, kind, demoPassword("operator"), demoPassword("boris"), demoPassword("supervisor"), demoPassword("admin"))
}
