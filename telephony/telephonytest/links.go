package telephonytest

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/pult-cc/pult/internal/errs"
	"github.com/pult-cc/pult/telephony"
)

// linkTests are about the connection between driver and PBX.
var linkTests = []test{
	{"LinkUpIsFirst", func(t *testing.T, b *bench) {
		p, up := b.start(t)
		if up.Node == "" || up.StartedAt.IsZero() || up.StartedAt.After(time.Now().Add(time.Minute)) || len(up.Legs) != 0 {
			t.Errorf("first LinkUp is %+v", up)
		}
		p.mu.Lock()
		defer p.mu.Unlock()
		if _, ok := p.events[0].(telephony.LinkUp); !ok {
			t.Errorf("the first event is %s", describe(p.events[0]))
		}
	}},
	{"RunEndsWithItsContextAndOnlyRunsOnce", func(t *testing.T, b *bench) {
		p, _ := b.start(t)
		p.stop()
		ctx, cancel := context.WithTimeout(t.Context(), Patience)
		defer cancel()
		if err := p.Run(ctx, func(telephony.Event) {}); err == nil || errors.Is(err, ctx.Err()) {
			t.Errorf("a second Run returned %v, want a refusal", err)
		}
		if err := p.Hangup(t.Context(), newLeg(), telephony.Cause{}); !errs.Is(err, errs.Unavailable) {
			t.Errorf("a command after Run: %v, want unavailable", err)
		}
	}},
	{"CommandsNeedALink", func(t *testing.T, b *bench) {
		d := b.NewDriver(t)
		for what, err := range commands(t.Context(), d, newLeg()) {
			if !errs.Is(err, errs.Unavailable) {
				t.Errorf("%s before Run: %v, want unavailable", what, err)
			}
		}
	}},
	{"CutAndMended", func(t *testing.T, b *bench) {
		p, first := b.start(t)
		c := b.talk(t, p)
		must(t, p.Mark(t.Context(), c.customer, telephony.Marks{"call": "1", "role": "customer"}))
		waiting, _ := b.callIn(t, p)
		must(t, p.Answer(t.Context(), waiting.ID))
		must(t, p.Park(t.Context(), waiting.ID))
		await(t, p.recorder, ofLeg[telephony.LegParked](waiting.ID))
		name, dev := b.device(t, p)
		ringing := newLeg()
		must(t, p.Originate(t.Context(), telephony.Originate{Leg: ringing, Endpoint: name, Timeout: 30 * time.Second, Marks: telephony.Marks{"call": "2"}}))
		phone := dev.Next(t)
		phone.Ring(t)
		await(t, p.recorder, ofLeg[telephony.LegRang](ringing))

		b.CutLink(t)
		down := await[telephony.LinkDown](t, p.recorder, nil)
		if down.Replaced || down.Reason == "" {
			t.Errorf("LinkDown is %+v", down)
		}
		for what, err := range commands(t.Context(), p, c.customer) {
			if !errs.Is(err, errs.Unavailable) {
				t.Errorf("%s without a link: %v, want unavailable", what, err)
			}
		}
		b.RestoreLink(t)
		up := await[telephony.LinkUp](t, p.recorder, nil)
		if up.Node != first.Node || !up.StartedAt.Equal(first.StartedAt) {
			t.Errorf("after the cut the PBX is %s of %v, before it was %s of %v", up.Node, up.StartedAt, first.Node, first.StartedAt)
		}
		if l := legIn(t, up, c.customer); l.Bridge != c.bridge || l.State != telephony.LegUp || l.Party != customer || l.Dialed != "support" || l.Marks["role"] != "customer" {
			t.Errorf("the customer is %+v", l)
		}
		if l := legIn(t, up, c.operator); l.Bridge != c.bridge || l.State != telephony.LegUp {
			t.Errorf("the operator is %+v", l)
		}
		if l := legIn(t, up, waiting.ID); !l.Parked || l.Bridge != "" {
			t.Errorf("the waiting caller is %+v", l)
		}
		if l := legIn(t, up, ringing); l.State != telephony.LegRinging || l.Endpoint != name || l.Marks["call"] != "2" {
			t.Errorf("the ringing leg is %+v", l)
		}
		if !online(up, name) {
			t.Errorf("the device is not online in %+v", up.Endpoints)
		}
		// Life goes on.
		phone.Answer(t)
		await(t, p.recorder, ofLeg[telephony.LegStarted](ringing))
		await(t, p.recorder, ofLeg[telephony.LegAnswered](ringing))
		bridge := newBridge()
		must(t, p.Join(t.Context(), bridge, waiting.ID, ringing))
		awaitAll(t, p.recorder, joined(waiting.ID, bridge), joined(ringing, bridge))
		c.caller.Hangup(t)
		await(t, p.recorder, ofLeg[telephony.LegEnded](c.customer))
	}},
	{"EndsWhileCut", func(t *testing.T, b *bench) {
		p, _ := b.start(t)
		c := b.talk(t, p)
		b.CutLink(t)
		await[telephony.LinkDown](t, p.recorder, nil)
		c.caller.Hangup(t)
		c.caller.AwaitEnd(t)
		b.RestoreLink(t)
		up := await[telephony.LinkUp](t, p.recorder, nil)
		for _, l := range up.Legs {
			if l.ID == c.customer {
				t.Errorf("LinkUp has a leg that ended: %+v", l)
			}
		}
		if l := legIn(t, up, c.operator); l.Bridge != c.bridge {
			t.Errorf("the operator is %+v", l)
		}
		quiet(t, p.recorder, about(c.customer))
		if err := p.Park(t.Context(), c.customer); !errs.Is(err, errs.Conflict) {
			t.Errorf("Park of a leg that ended: %v, want a conflict", err)
		}
	}},
	{"AnotherPultAdoptsByMarks", func(t *testing.T, b *bench) {
		p, _ := b.start(t)
		c := b.talk(t, p)
		must(t, p.Mark(t.Context(), c.customer, telephony.Marks{"call": "1", "role": "customer"}))
		must(t, p.Mark(t.Context(), c.customer, telephony.Marks{"queue": "support", "role": "held"}))
		must(t, p.Mark(t.Context(), c.operator, telephony.Marks{"role": "operator"}))
		outside := b.Outside(t)
		number := newLeg()
		must(t, p.Originate(t.Context(), telephony.Originate{Leg: number, Number: "+79165554433", Timeout: 30 * time.Second}))
		outside.Next(t).Answer(t)
		await(t, p.recorder, ofLeg[telephony.LegAnswered](number))
		p.stop()

		q, up := b.start(t)
		if m := legIn(t, up, c.customer).Marks; len(m) != 3 || m["call"] != "1" || m["role"] != "held" || m["queue"] != "support" {
			t.Errorf("marks of the customer: %v", m)
		}
		if m := legIn(t, up, c.operator).Marks; len(m) != 1 || m["role"] != "operator" {
			t.Errorf("marks of the operator: %v", m)
		}
		if l := legIn(t, up, number); l.Party.Number != "+79165554433" || len(l.Marks) != 0 {
			t.Errorf("the dialled leg is %+v", l)
		}
		must(t, q.Park(t.Context(), c.customer))
		awaitAll(t, q.recorder, is[telephony.LegLeft](c.customer), is[telephony.LegParked](c.customer))
		must(t, q.Hangup(t.Context(), c.operator, telephony.Cause{Q850: telephony.CauseNormal}))
		if end := await(t, q.recorder, ofLeg[telephony.LegEnded](c.operator)); !end.ByUs {
			t.Errorf("ended %+v, want by us", end)
		}
	}},
	{"UnmarkedLegStartsAgainForAnotherPult", func(t *testing.T, b *bench) {
		p, _ := b.start(t)
		leg, _ := b.callIn(t, p)
		// For the same driver the leg is known: it stays in LinkUp.
		b.CutLink(t)
		await[telephony.LinkDown](t, p.recorder, nil)
		b.RestoreLink(t)
		legIn(t, await[telephony.LinkUp](t, p.recorder, nil), leg.ID)
		p.stop()

		q, up := b.start(t)
		if len(up.Legs) != 0 {
			t.Errorf("LinkUp has %+v, want nothing", up.Legs)
		}
		again := await(t, q.recorder, ofLeg[telephony.LegStarted](leg.ID))
		if len(again.Args) != 2 || again.Args[0] != "queue" || again.Args[1] != "support" || again.Leg.Party != customer {
			t.Errorf("started again as %+v", again)
		}
		must(t, q.Answer(t.Context(), leg.ID))
		await(t, q.recorder, ofLeg[telephony.LegAnswered](leg.ID))
	}},
	{"ReplacedByAnotherPult", func(t *testing.T, b *bench) {
		p, _ := b.start(t)
		c := b.talk(t, p)
		must(t, p.Mark(t.Context(), c.customer, telephony.Marks{"call": "1"}))
		q, up := b.start(t)
		if down := await[telephony.LinkDown](t, p.recorder, nil); !down.Replaced {
			t.Errorf("LinkDown is %+v, want replaced", down)
		}
		for what, err := range commands(t.Context(), p, c.customer) {
			if !errs.Is(err, errs.Unavailable) {
				t.Errorf("%s of the replaced: %v, want unavailable", what, err)
			}
		}
		legIn(t, up, c.customer)
		must(t, q.Park(t.Context(), c.customer))
		await(t, q.recorder, ofLeg[telephony.LegParked](c.customer))
		quiet(t, p.recorder, func(telephony.Event) bool { return true })
	}},
	{"PBXRestarts", func(t *testing.T, b *bench) {
		p, first := b.start(t)
		c := b.talk(t, p)
		name, _ := b.device(t, p)
		b.Restart(t)
		await[telephony.LinkDown](t, p.recorder, nil)
		up := await[telephony.LinkUp](t, p.recorder, nil)
		if up.StartedAt.Equal(first.StartedAt) || up.Node != first.Node {
			t.Errorf("after a restart the PBX is %s of %v, before it was %s of %v", up.Node, up.StartedAt, first.Node, first.StartedAt)
		}
		if len(up.Legs)+len(up.Bridges) != 0 {
			t.Errorf("legs %+v and bridges %+v survived the restart", up.Legs, up.Bridges)
		}
		if online(up, name) {
			t.Errorf("the account survived the restart")
		}
		if err := p.Park(t.Context(), c.customer); !errs.Is(err, errs.Conflict) {
			t.Errorf("Park of a leg of before: %v, want a conflict", err)
		}
		dev := b.signIn(t, p, name, "secret")
		b.answered(t, p, name, dev)
		leg, _ := b.callIn(t, p)
		must(t, p.Park(t.Context(), leg.ID))
		await(t, p.recorder, ofLeg[telephony.LegParked](leg.ID))
	}},
	{"HangingPBX", func(t *testing.T, b *bench) {
		p, _ := b.start(t)
		leg, _ := b.callIn(t, p)
		b.SetHanging(t, true)
		hanging := true
		mend := func() {
			if hanging {
				hanging = false
				b.SetHanging(t, false)
			}
		}
		defer mend()
		ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
		defer cancel()
		began := time.Now()
		err := p.Answer(ctx, leg.ID)
		if took := time.Since(began); !errs.Is(err, errs.Timeout) || took > time.Second {
			t.Errorf("with 200 ms to live Answer returned %v after %v, want a timeout", err, took)
		}
		began = time.Now()
		err = p.Park(t.Context(), leg.ID)
		if took := time.Since(began); !errs.Is(err, errs.Timeout) || took > 4*time.Second {
			t.Errorf("without a deadline Park returned %v after %v, want a timeout within three seconds", err, took)
		}
		mend()
		must(t, p.Hangup(t.Context(), leg.ID, telephony.Cause{}))
		await(t, p.recorder, ofLeg[telephony.LegEnded](leg.ID))
	}},
}

// online reports whether an endpoint is registered.
func online(up telephony.LinkUp, name string) bool {
	for _, e := range up.Endpoints {
		if e.Name == name {
			return e.Online
		}
	}
	return false
}

// commands gives every command of the port about a leg.
func commands(ctx context.Context, d telephony.Driver, leg telephony.LegID) map[string]error {
	return map[string]error{
		"Originate":   d.Originate(ctx, telephony.Originate{Leg: newLeg(), Endpoint: "op-1", Timeout: time.Second}),
		"Answer":      d.Answer(ctx, leg),
		"Hangup":      d.Hangup(ctx, leg, telephony.Cause{}),
		"Join":        d.Join(ctx, newBridge(), leg),
		"Park":        d.Park(ctx, leg),
		"CloseBridge": d.CloseBridge(ctx, newBridge()),
		"Mark":        d.Mark(ctx, leg, telephony.Marks{"a": "b"}),
	}
}
