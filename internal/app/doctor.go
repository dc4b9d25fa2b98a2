package app

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"maps"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/pult-cc/pult/connectors"
	"github.com/pult-cc/pult/connectors/all"
	"github.com/pult-cc/pult/deploy"
	"github.com/pult-cc/pult/internal/config"
	"github.com/pult-cc/pult/internal/errs"
	"github.com/pult-cc/pult/internal/obs"
	"github.com/pult-cc/pult/internal/seal"
	"github.com/pult-cc/pult/internal/seal/localkey"
	"github.com/pult-cc/pult/internal/store"
	"github.com/pult-cc/pult/telephony"
	"github.com/pult-cc/pult/telephony/ari"
)

// doctorTime bounds each examination.
const doctorTime = 10 * time.Second

// DoctorOptions say what to examine beside the configuration.
type DoctorOptions struct {
	// AsteriskConfig is the folder of Asterisk's configuration. Empty: /etc/asterisk, where Asterisk is on this machine and it may be read.
	AsteriskConfig string
	Out            io.Writer
}

// Doctor examines what the configuration names and says what to write where. It only looks: no database, table, key or file is made or
// changed; the one thing it writes anywhere is an account that it pushes to Asterisk's memory and takes back. Its error says how many
// things are wrong.
func Doctor(ctx context.Context, cfg config.Config, o DoctorOptions) error {
	a := &App{
		cfg: cfg, o: Options{Environ: os.LookupEnv}, log: slog.New(slog.DiscardHandler), health: obs.NewHealth(time.Now),
		secrets: config.NewSecrets(os.LookupEnv, nil),
	}
	a.secrets = config.NewSecrets(os.LookupEnv, a.vaultReader())
	d := &doctor{out: o.Out, cfg: cfg, files: map[string]bool{}}
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	defer a.Close() //nolint:errcheck // nothing was written
	d.database(ctx, a)
	d.bus(ctx, a)
	d.sealing(ctx, a)
	d.pbx(ctx, a)
	d.phones(ctx, a)
	if !a.simulated() {
		d.site(o.AsteriskConfig)
	}
	d.connectors(ctx, a)
	return d.verdict()
}

// soon repeats a check until it succeeds or half of doctorTime has passed: what has just been started takes a moment.
func soon(ctx context.Context, check func(context.Context) error) error {
	for deadline := time.Now().Add(doctorTime / 2); ; {
		err := check(ctx)
		if err == nil || time.Now().After(deadline) || !pause(ctx, 200*time.Millisecond) {
			return err
		}
	}
}

type doctor struct {
	out    io.Writer
	cfg    config.Config
	seen   store.Glimpse   // of the database
	wrong  int             // findings
	hidden int             // what could not be seen
	files  map[string]bool // Asterisk's, in which something is wrong
	inside bool            // Asterisk's files were read
}

func (d *doctor) tell(f telephony.Finding) {
	mark := "ok   "
	if !f.OK {
		mark = "WRONG"
		d.wrong++
		if f.File != "" {
			d.files[f.File] = true
		}
	}
	d.print(mark, f.What, f.Why, f.Fix)
}

// unseen tells what could not be looked at, and what to compare by hand.
func (d *doctor) unseen(what, why, compare string) {
	d.hidden++
	d.print("?    ", what, why, compare)
}

func (d *doctor) print(mark, what, why, fix string) {
	fmt.Fprintf(d.out, "%s  %s\n", mark, what)
	if why != "" {
		fmt.Fprintf(d.out, "       %s\n", why)
	}
	if fix != "" {
		fmt.Fprintf(d.out, "       → %s\n", strings.ReplaceAll(fix, "\n", "\n         "))
	}
}

func (d *doctor) try(ctx context.Context, what, fix string, fn func(context.Context) error) {
	ctx, cancel := context.WithTimeout(ctx, doctorTime)
	defer cancel()
	if err := fn(ctx); err != nil {
		d.tell(telephony.Finding{What: what, Why: message(err), Fix: fix})
		return
	}
	d.tell(telephony.Finding{OK: true, What: what})
}

func message(err error) string {
	if m := errs.Message(err); m != "" {
		return m
	}
	return err.Error()
}

func (d *doctor) database(ctx context.Context, a *App) {
	f := telephony.Finding{What: "the database can be used"}
	ctx, cancel := context.WithTimeout(ctx, doctorTime)
	defer cancel()
	dsn, err := a.secrets.Resolve(ctx, d.cfg.Database.DSN)
	if err == nil {
		d.seen, err = store.Look(ctx, dsn)
	}
	path := strings.TrimPrefix(dsn, "sqlite:")
	switch {
	case err != nil:
		f.Why, f.Fix = message(err), "check database.dsn"
	case d.seen.Absent:
		f.Why = path + " is not there; `pult serve` makes it"
		if info, err := os.Stat(filepath.Dir(path)); err != nil || !info.IsDir() {
			f.Why, f.Fix = "there is no folder "+filepath.Dir(path), "make it, or mend database.dsn"
			break
		}
		f.OK = true
	case d.seen.Version == 0:
		f.OK, f.Why = true, "it is empty; `pult serve` or `pult migrate` makes the tables"
	case d.seen.Version < d.seen.Newest:
		f.OK, f.Why = true, fmt.Sprintf("its tables are of version %d and become %d at the next `pult serve` or `pult migrate`", d.seen.Version, d.seen.Newest)
	case d.seen.Version > d.seen.Newest:
		f.Why, f.Fix = fmt.Sprintf("it is of a newer Pult (version %d, this program knows %d)", d.seen.Version, d.seen.Newest), "start the newer Pult"
	default:
		f.OK, f.Why = true, fmt.Sprintf("people: %d, queues: %d", d.seen.People, len(d.seen.Queues))
	}
	d.tell(f)
}

func (d *doctor) bus(ctx context.Context, a *App) {
	const what, fix = "messages pass the bus", "check bus.url"
	if err := a.openBus(ctx); err != nil {
		d.tell(telephony.Finding{What: what, Why: message(err), Fix: fix})
		return
	}
	for _, w := range a.workers { // a bus over Redis connects while it runs
		go func() { _ = w(ctx) }() // ends with ctx; what is wrong shows in the check
	}
	d.try(ctx, what, fix, func(ctx context.Context) error { return soon(ctx, a.bus.Check) })
}

// sealing looks for the key and makes none.
func (d *doctor) sealing(ctx context.Context, a *App) {
	f := telephony.Finding{What: "the sealing key can be had"}
	ctx, cancel := context.WithTimeout(ctx, doctorTime)
	defer cancel()
	var keys seal.KeySource = localkey.New(d.cfg.Seal.KeyFile)
	f.Fix = "check seal.key_file"
	if d.cfg.Seal.Vault.Enabled() {
		v, err := a.openVault(ctx)
		if err != nil {
			d.tell(telephony.Finding{What: f.What, Why: message(err), Fix: "check seal.vault"})
			return
		}
		keys, f.Fix = v, "check seal.vault"
	}
	_, err := keys.Version(ctx, 1) // Current would make one
	switch _, stat := os.Stat(d.cfg.Seal.KeyFile); {
	case err == nil:
		f = telephony.Finding{OK: true, What: f.What}
	case errs.Is(err, errs.NotFound) && !d.cfg.Seal.Vault.Enabled() && stat == nil:
		f = telephony.Finding{OK: true, What: f.What, Why: "its first version was destroyed, newer ones are there"}
	case errs.Is(err, errs.NotFound):
		f = telephony.Finding{OK: true, What: f.What, Why: "there is none yet; `pult serve` makes it"}
	default:
		f.Why = message(err)
	}
	d.tell(f)
}

func (d *doctor) pbx(ctx context.Context, a *App) {
	if a.simulated() {
		d.tell(telephony.Finding{OK: true, What: "no telephone system: telephony.driver is fakepbx, calls are silent"})
		return
	}
	err := a.openDoor(ctx)
	var driver telephony.Driver
	if err == nil {
		driver, err = a.openDriver(ctx)
	}
	if err != nil {
		d.tell(telephony.Finding{What: "the telephone system is configured", Why: message(err), Fix: "check telephony.ari"})
		return
	}
	diag, ok := driver.(telephony.Diagnoser)
	if !ok {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, 3*doctorTime)
	defer cancel()
	for _, f := range diag.Diagnose(ctx) {
		d.tell(f)
	}
}

// phones looks at what browsers need.
func (d *doctor) phones(ctx context.Context, a *App) {
	if a.simulated() {
		return
	}
	public, err := url.Parse(d.cfg.Server.PublicURL)
	secure := err == nil && public.Scheme == "https"
	if len(d.cfg.Telephony.PhoneWSURLs) == 0 {
		d.tell(telephony.Finding{
			What: "browsers know where to sign their phones in", Why: "telephony.phone_ws_urls is empty",
			Fix: "set it to Asterisk's WebSocket as browsers reach it, e.g. wss://pbx.example.com/ws",
		})
	}
	for _, raw := range a.phoneURLs() {
		if secure && strings.HasPrefix(raw, "ws://") {
			d.tell(telephony.Finding{
				What: "browsers may use " + raw, Why: "an https page may not open a ws:// socket",
				Fix: "serve Asterisk's WebSocket by TLS (a proxy will do) and write wss://… into telephony.phone_ws_urls",
			})
		}
		d.tell(ari.ProbePhones(ctx, raw, strings.TrimRight(d.cfg.Server.PublicURL, "/")))
	}
	if !secure && err == nil && public.Hostname() != "localhost" && public.Hostname() != "127.0.0.1" {
		d.tell(telephony.Finding{
			What: "browsers give the microphone to " + d.cfg.Server.PublicURL, Why: "they do so for https pages and localhost only",
			Fix: "put a TLS proxy in front and set server.public_url to its https address",
		})
	}
}

// connectors asks the customer systems.
func (d *doctor) connectors(ctx context.Context, a *App) {
	reg, err := all.Registry(a.log)
	if err != nil {
		d.tell(telephony.Finding{What: "connectors can be made", Why: message(err)})
		return
	}
	for _, c := range d.cfg.Connectors {
		d.try(ctx, "connector "+c.ID+" ("+c.Name+") lets us in", "check connectors."+c.ID+" and its credentials", func(ctx context.Context) error {
			raw, err := c.JSON()
			if err != nil {
				return err
			}
			driver, err := reg.Open(ctx, c.ID, c.Kind, raw, a.secrets)
			if err != nil {
				return err
			}
			if closer, ok := driver.(io.Closer); ok {
				defer func() { _ = closer.Close() }()
			}
			if checker, ok := connectors.As[connectors.Checker](driver); ok {
				_, err = checker.Check(ctx)
			}
			return err
		})
	}
}

// verdict prints what to write into Asterisk's files and ends the examination.
func (d *doctor) verdict() error {
	if len(d.files) > 0 {
		d.snippets()
	}
	switch {
	case d.wrong > 0:
		return errs.Ef(errs.Invalid, "examining", "%d wrong, see above", d.wrong)
	case d.hidden > 0:
		fmt.Fprintln(d.out, "\nWhat could be seen is in order; compare the rest (?) by hand.")
	default:
		fmt.Fprintln(d.out, "\nEverything is in order.")
	}
	return nil
}

// snippets prints the pieces of Asterisk's files in which something is wrong; all pieces where the files themselves were not seen.
func (d *doctor) snippets() {
	t := d.cfg.Telephony
	data := deploy.Asterisk{
		ARIUser: t.ARI.User, ARIPassword: "<the password that telephony.ari.password refers to>", Language: "en", FallbackTries: 12,
		HTTPHost: "0.0.0.0", HTTPPort: 8088,
	}
	for _, q := range d.queues() {
		data.Numbers = append(data.Numbers, deploy.Number{Number: q, Queue: q})
	}
	if u, err := url.Parse(t.ARI.URL); err == nil {
		if p, err := strconv.Atoi(u.Port()); err == nil {
			data.HTTPPort = p
		}
	}
	if t.ARI.Link == config.LinkOutbound {
		data.OutboundURL, data.OutboundUser = d.wayIn(), t.ARI.Outbound.User
		data.OutboundPassword = "<the password that telephony.ari.outbound.password refers to>"
	}
	all, err := data.Site()
	if err != nil {
		fmt.Fprintln(d.out, err)
		return
	}
	for _, f := range slices.Sorted(maps.Keys(all)) {
		if !d.inside || d.files[f] {
			fmt.Fprintf(d.out, "\n──── into /etc/asterisk/%s, unless it is there ────\n%s\n", f, strings.TrimSpace(all[f]))
		}
	}
	fmt.Fprintln(d.out, "\nThen: asterisk -rx 'core restart when convenient' (sorcery.conf and http.conf are read at start).")
}

// wayIn is where Asterisk connects to Pult, as far as the configuration tells.
func (d *doctor) wayIn() string {
	o := d.cfg.Telephony.ARI.Outbound
	if o.Listen != "" {
		host, port, err := net.SplitHostPort(o.Listen)
		if err != nil {
			return ""
		}
		if host == "" || host == "0.0.0.0" {
			host = "<this machine>"
		}
		return "ws://" + net.JoinHostPort(host, port) + o.Path
	}
	return strings.Replace(strings.TrimRight(d.cfg.Server.PublicURL, "/"), "http", "ws", 1) + o.Path
}

// queues are the keys of Pult's queues; those of a new installation where the database does not say.
func (d *doctor) queues() []string {
	if len(d.seen.Queues) > 0 {
		return d.seen.Queues
	}
	return []string{"support", "sales"}
}

// notThere reports whether a file is absent.
func notThere(err error) bool { return errors.Is(err, fs.ErrNotExist) }
