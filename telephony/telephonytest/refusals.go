package telephonytest

import (
	"strings"
	"testing"
	"time"

	"github.com/pult-cc/pult/internal/errs"
	"github.com/pult-cc/pult/telephony"
)

// refusalTests are about input that no PBX is asked for.
var refusalTests = []test{
	{"InvalidInput", func(t *testing.T, b *bench) {
		p, _ := b.start(t)
		prov := p.Driver.(telephony.Provisioner)
		leg, _ := b.callIn(t, p)
		ctx := t.Context()
		for what, err := range map[string]error{
			"Originate without a leg":          p.Originate(ctx, telephony.Originate{Endpoint: "op-1", Timeout: time.Second}),
			"Originate without a target":       p.Originate(ctx, telephony.Originate{Leg: newLeg(), Timeout: time.Second}),
			"Originate with two targets":       p.Originate(ctx, telephony.Originate{Leg: newLeg(), Endpoint: "op-1", Number: "1", Timeout: time.Second}),
			"Originate with bad marks":         p.Originate(ctx, telephony.Originate{Leg: newLeg(), Endpoint: "op-1", Marks: telephony.Marks{"a": "b\r\nc"}}),
			"Mark with a control character":    p.Mark(ctx, leg.ID, telephony.Marks{"a": "b\nc"}),
			"Mark with another alphabet":       p.Mark(ctx, leg.ID, telephony.Marks{"a": "Иван"}),
			"Mark without a key":               p.Mark(ctx, leg.ID, telephony.Marks{"": "b"}),
			"Join without a bridge":            p.Join(ctx, "", leg.ID),
			"Join without legs":                p.Join(ctx, newBridge()),
			"Provision without a name":         prov.Provision(ctx, telephony.Account{HA1: strings.Repeat("a", 32)}),
			"Provision with a plain password":  prov.Provision(ctx, telephony.Account{Endpoint: newEndpoint(), HA1: "secret"}),
			"Provision with an upper-case HA1": prov.Provision(ctx, telephony.Account{Endpoint: newEndpoint(), HA1: strings.Repeat("A", 32)}),
		} {
			if !errs.Is(err, errs.Invalid) {
				t.Errorf("%s: %v, want invalid", what, err)
			}
		}
		quiet(t, p.recorder, func(telephony.Event) bool { return true })
	}},
	{"UnknownLeg", func(t *testing.T, b *bench) {
		p, _ := b.start(t)
		for what, err := range commands(t.Context(), p, "leg-of-nobody") {
			switch what {
			case "Originate": // to a device that is not there
			case "Hangup", "CloseBridge":
				if err != nil {
					t.Errorf("%s: %v, want success", what, err)
				}
			default:
				if !errs.Is(err, errs.Conflict) {
					t.Errorf("%s: %v, want a conflict", what, err)
				}
			}
		}
	}},
}

// capabilityTests are about what a driver may have; one that lacks a capability passes its test by that.
var capabilityTests = []test{
	{"KeysAreSent", func(t *testing.T, b *bench) {
		p, _ := b.start(t)
		d, ok := p.Driver.(telephony.DigitSender)
		if !ok {
			return
		}
		leg, far := b.callIn(t, p)
		must(t, p.Answer(t.Context(), leg.ID))
		await(t, p.recorder, ofLeg[telephony.LegAnswered](leg.ID))
		must(t, d.SendDigits(t.Context(), leg.ID, "12,*#D"))
		for _, bad := range []string{"", "x", "1 2", "1\n"} {
			if err := d.SendDigits(t.Context(), leg.ID, bad); !errs.Is(err, errs.Invalid) {
				t.Errorf("SendDigits(%q): %v, want invalid", bad, err)
			}
		}
		far.Hangup(t)
		await(t, p.recorder, ofLeg[telephony.LegEnded](leg.ID))
		if err := d.SendDigits(t.Context(), leg.ID, "1"); !errs.Is(err, errs.Conflict) {
			t.Errorf("SendDigits to an ended leg: %v, want a conflict", err)
		}
	}},
	{"MuteAndRingback", func(t *testing.T, b *bench) {
		p, _ := b.start(t)
		leg, far := b.callIn(t, p)
		must(t, p.Answer(t.Context(), leg.ID))
		await(t, p.recorder, ofLeg[telephony.LegAnswered](leg.ID))
		m, canMute := p.Driver.(telephony.Muter)
		r, canRing := p.Driver.(telephony.Ringbacker)
		for _, on := range []bool{true, true, false, false} {
			if canMute {
				must(t, m.SetMuted(t.Context(), leg.ID, on))
			}
			if canRing {
				must(t, r.SetRingback(t.Context(), leg.ID, on))
			}
		}
		quiet(t, p.recorder, about(leg.ID))
		far.Hangup(t)
		await(t, p.recorder, ofLeg[telephony.LegEnded](leg.ID))
		if canMute {
			if err := m.SetMuted(t.Context(), leg.ID, true); !errs.Is(err, errs.Conflict) {
				t.Errorf("SetMuted of an ended leg: %v, want a conflict", err)
			}
		}
	}},
	{"ReturnedLegIsTheDialplansAgain", func(t *testing.T, b *bench) {
		p, _ := b.start(t)
		r, ok := p.Driver.(telephony.Returner)
		if !ok {
			return
		}
		leg, _ := b.callIn(t, p)
		must(t, p.Answer(t.Context(), leg.ID))
		must(t, p.Park(t.Context(), leg.ID))
		await(t, p.recorder, ofLeg[telephony.LegParked](leg.ID))
		must(t, r.Return(t.Context(), leg.ID))
		if end := await(t, p.recorder, ofLeg[telephony.LegEnded](leg.ID)); !end.ByUs {
			t.Errorf("ended %+v, want by us", end)
		}
		if err := r.Return(t.Context(), leg.ID); !errs.Is(err, errs.Conflict) {
			t.Errorf("Return of a returned leg: %v, want a conflict", err)
		}
	}},
	{"RehearsalCall", func(t *testing.T, b *bench) {
		p, _ := b.start(t)
		d, ok := p.Driver.(telephony.DemoCaller)
		if !ok {
			return
		}
		must(t, d.DemoCall(t.Context(), customer, "support", time.Second))
		started := await[telephony.LegStarted](t, p.recorder, nil)
		if started.Leg.Party != customer || started.Leg.Dialed != "support" || len(started.Args) != 2 {
			t.Errorf("the rehearsal call started as %+v", started)
		}
		must(t, p.Answer(t.Context(), started.Leg.ID))
		await(t, p.recorder, ofLeg[telephony.LegAnswered](started.Leg.ID))
		if end := await(t, p.recorder, ofLeg[telephony.LegEnded](started.Leg.ID)); end.ByUs {
			t.Errorf("ended %+v, want by the customer", end)
		}
		if err := d.DemoCall(t.Context(), customer, "", time.Second); !errs.Is(err, errs.Invalid) {
			t.Errorf("DemoCall to nobody: %v, want invalid", err)
		}
	}},
}
