package fakepbx

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/pult-cc/pult/internal/errs"
	"github.com/pult-cc/pult/telephony"
)

// SendDigits implements telephony.DigitSender.
func (d *Driver) SendDigits(ctx context.Context, id telephony.LegID, digits string) error {
	const op = "sending digits"
	if digits == "" || strings.Trim(digits, "0123456789ABCD*#,") != "" {
		return errs.Field(op, "digits", "only 0-9 A-D * # and , are keys")
	}
	return d.onLeg(ctx, "SendDigits", op, id, func(l *leg) { l.digits += digits })
}

// SetMuted implements telephony.Muter.
func (d *Driver) SetMuted(ctx context.Context, id telephony.LegID, muted bool) error {
	return d.onLeg(ctx, "SetMuted", "muting leg", id, func(l *leg) { l.muted = muted })
}

// SetRingback implements telephony.Ringbacker.
func (d *Driver) SetRingback(ctx context.Context, id telephony.LegID, on bool) error {
	return d.onLeg(ctx, "SetRingback", "setting ring-back", id, func(l *leg) { l.ringback = on })
}

// Return implements telephony.Returner.
func (d *Driver) Return(ctx context.Context, id telephony.LegID) error {
	return d.onLeg(ctx, "Return", "returning leg", id, func(l *leg) { d.pbx.end(l, telephony.Cause{}, true) })
}

// onLeg does f to a leg that is in the application.
func (d *Driver) onLeg(ctx context.Context, name, op string, id telephony.LegID, f func(*leg)) error {
	if err := d.command(ctx, name, op); err != nil {
		return err
	}
	defer d.pbx.mu.Unlock()
	l := d.pbx.legs[id]
	switch {
	case l == nil:
		return ended(op)
	case l.originated && l.State != telephony.LegUp:
		return notUp(op)
	}
	f(l)
	return nil
}

// Provision implements telephony.Provisioner.
func (d *Driver) Provision(ctx context.Context, a telephony.Account) error {
	const op = "provisioning account"
	switch {
	case a.Endpoint == "":
		return errs.Field(op, "endpoint", "is empty")
	case len(a.HA1) != 32 || strings.Trim(a.HA1, "0123456789abcdef") != "":
		return errs.Field(op, "ha1", "is not a lower-case hex MD5")
	}
	if err := d.command(ctx, "Provision", op); err != nil {
		return err
	}
	p := d.pbx
	defer p.mu.Unlock()
	p.setOnline(a.Endpoint, false)
	p.endpoints[a.Endpoint].account = &a
	return nil
}

// Deprovision implements telephony.Provisioner.
func (d *Driver) Deprovision(ctx context.Context, name string) error {
	if err := d.command(ctx, "Deprovision", "removing account"); err != nil {
		return err
	}
	p := d.pbx
	defer p.mu.Unlock()
	if p.endpoints[name] != nil {
		p.setOnline(name, false)
		delete(p.endpoints, name)
	}
	return nil
}

// Realm implements telephony.Provisioner.
func (d *Driver) Realm() string { return d.pbx.opts.Realm }

// PhoneURLs implements telephony.Provisioner.
func (d *Driver) PhoneURLs() []string { return slices.Clone(d.pbx.opts.PhoneURLs) }

// DemoCall implements telephony.DemoCaller. The caller hangs up d after it was answered.
func (d *Driver) DemoCall(ctx context.Context, from telephony.Party, to string, talk time.Duration) error {
	const op = "making a rehearsal call"
	if to == "" || talk <= 0 {
		return errs.Field(op, "to", "a number and a duration are needed")
	}
	if err := d.command(ctx, "DemoCall", op); err != nil {
		return err
	}
	defer d.pbx.mu.Unlock()
	d.pbx.callIn(from, to, Behaviour{HangupAfter: talk}, d.pbx.opts.InboundArgs)
	return nil
}

// Diagnose implements telephony.Diagnoser: a PBX in memory has nothing that could be configured wrongly.
func (d *Driver) Diagnose(context.Context) []telephony.Finding {
	return []telephony.Finding{{OK: true, What: "the PBX in memory", Why: "calls are simulated and silent"}}
}
