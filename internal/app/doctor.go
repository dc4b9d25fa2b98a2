package app

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/pult-cc/pult/deploy"
	"github.com/pult-cc/pult/internal/config"
	"github.com/pult-cc/pult/internal/errs"
	"github.com/pult-cc/pult/telephony"
)

// doctorTime bounds each examination.
const doctorTime = 10 * time.Second

// Doctor examines what the configuration names, from Pult's side, and says what to write where. Its error says how many things are
// wrong.
func Doctor(ctx context.Context, cfg config.Config, out io.Writer) error {
	d := &doctor{out: out, cfg: cfg}
	a, err := New(ctx, cfg, Options{Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		d.tell(telephony.Finding{What: "database, bus, sealing key and connectors open", Why: message(err), Fix: "mend the configuration: pult config check"})
		return d.verdict()
	}
	defer a.Close()
	d.try(ctx, "the database answers", "check database.dsn", a.store.Check)
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	for _, w := range a.workers { // a bus over Redis connects while it runs
		go func() { _ = w(ctx) }() // ends with ctx; what is wrong shows in the checks
	}
	d.try(ctx, "messages pass the bus", "check bus.url", func(ctx context.Context) error { return soon(ctx, a.bus.Check) })
	d.tell(telephony.Finding{OK: true, What: "the sealing key is there"})
	d.pbx(ctx, a)
	d.phones()
	for _, c := range a.conns {
		d.try(ctx, "connector "+c.id+" ("+c.name+") lets us in", "check connectors."+c.id+" and its credentials", func(ctx context.Context) error {
			_, err := c.c.Check(ctx)
			return err
		})
	}
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
	out      io.Writer
	cfg      config.Config
	wrong    int
	pbxWrong bool // something at the PBX wants mending
}

func (d *doctor) tell(f telephony.Finding) {
	mark := "ok   "
	if !f.OK {
		mark = "WRONG"
		d.wrong++
	}
	fmt.Fprintf(d.out, "%s  %s\n", mark, f.What)
	if f.Why != "" {
		fmt.Fprintf(d.out, "       %s\n", f.Why)
	}
	if f.Fix != "" {
		fmt.Fprintf(d.out, "       → %s\n", strings.ReplaceAll(f.Fix, "\n", "\n         "))
	}
	d.pbxWrong = d.pbxWrong || (!f.OK && f.File != "")
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

func (d *doctor) pbx(ctx context.Context, a *App) {
	if a.simulated() {
		d.tell(telephony.Finding{OK: true, What: "no telephone system: telephony.driver is fakepbx, calls are silent"})
		return
	}
	driver, err := a.openDriver(ctx)
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
func (d *doctor) phones() {
	t := d.cfg.Telephony
	if len(t.PhoneWSURLs) == 0 {
		d.tell(telephony.Finding{
			What: "browsers know where to sign their phones in", Why: "telephony.phone_ws_urls is empty",
			Fix: "set it to Asterisk's WebSocket as browsers reach it, e.g. wss://pbx.example.com/ws",
		})
		return
	}
	public, err := url.Parse(d.cfg.Server.PublicURL)
	secure := err == nil && public.Scheme == "https"
	for _, raw := range t.PhoneWSURLs {
		if secure && strings.HasPrefix(raw, "ws://") {
			d.tell(telephony.Finding{
				What: "browsers may use " + raw, Why: "an https page may not open a ws:// socket",
				Fix: "serve Asterisk's WebSocket by TLS (a proxy will do) and write wss://… into telephony.phone_ws_urls",
			})
			continue
		}
		d.tell(telephony.Finding{OK: true, What: "browsers may use " + raw})
	}
	if !secure && err == nil && public.Hostname() != "localhost" && public.Hostname() != "127.0.0.1" {
		d.tell(telephony.Finding{
			What: "browsers give the microphone to " + d.cfg.Server.PublicURL, Why: "they do so for https pages and localhost only",
			Fix: "put a TLS proxy in front and set server.public_url to its https address",
		})
	}
}

// verdict prints what to write into Asterisk's files and ends the examination.
func (d *doctor) verdict() error {
	if d.pbxWrong {
		d.snippets()
	}
	if d.wrong == 0 {
		fmt.Fprintln(d.out, "\nEverything is in order.")
		return nil
	}
	return errs.Ef(errs.Invalid, "examining", "%d wrong, see above", d.wrong)
}

func (d *doctor) snippets() {
	t := d.cfg.Telephony
	data := deploy.Asterisk{
		ARIUser: t.ARI.User, ARIPassword: "<the password that telephony.ari.password refers to>", Language: "en", FallbackTries: 12,
		HTTPHost: "0.0.0.0", HTTPPort: 8088,
		Numbers: []deploy.Number{{Number: "support", Queue: "support"}, {Number: "sales", Queue: "sales"}},
	}
	if u, err := url.Parse(t.ARI.URL); err == nil {
		if p, err := strconv.Atoi(u.Port()); err == nil {
			data.HTTPPort = p
		}
	}
	all, err := data.Site()
	if err != nil {
		fmt.Fprintln(d.out, err)
		return
	}
	for _, f := range slices.Sorted(maps.Keys(all)) {
		fmt.Fprintf(d.out, "\n──── into /etc/asterisk/%s, unless it is there ────\n%s\n", f, strings.TrimSpace(all[f]))
	}
	fmt.Fprintln(d.out, "\nThen: asterisk -rx 'core restart when convenient' (sorcery.conf and http.conf are read at start).")
}
