package telephonytest

import (
	"testing"
	"time"

	"github.com/pult-cc/pult/internal/errs"
	"github.com/pult-cc/pult/telephony"
)

// outboundTests are about legs that we make.
var outboundTests = []test{
	{"DeviceIsRungWithHeadersAndAnswers", func(t *testing.T, b *bench) {
		p, _ := b.start(t)
		name, dev := b.device(t, p)
		id := newLeg()
		must(t, p.Originate(t.Context(), telephony.Originate{
			Leg: id, Endpoint: name, From: customer, Timeout: 10 * time.Second,
			Headers: map[string]string{"X-Pult-Call": "call-7", "X-Pult-Auto-Answer": "yes"},
			Marks:   telephony.Marks{"call": "7", "role": "operator"},
		}))
		far := dev.Next(t)
		if got := far.Header("X-Pult-Call") + far.Header("X-Pult-Auto-Answer"); got != "call-7yes" {
			t.Errorf("the device saw headers %q", got)
		}
		if far.Caller() != customer {
			t.Errorf("the device saw a call from %+v, want %+v", far.Caller(), customer)
		}
		far.Ring(t)
		await(t, p.recorder, ofLeg[telephony.LegRang](id))
		far.Answer(t)
		started := await(t, p.recorder, ofLeg[telephony.LegStarted](id))
		if l := started.Leg; l.State != telephony.LegUp || l.Endpoint != name || l.Marks["call"] != "7" || l.Marks["role"] != "operator" || len(l.Marks) != 2 {
			t.Errorf("started as %+v", l)
		}
		await(t, p.recorder, ofLeg[telephony.LegAnswered](id))
		far.Hangup(t)
		if end := await(t, p.recorder, ofLeg[telephony.LegEnded](id)); end.ByUs || end.Cause.Q850 != telephony.CauseNormal {
			t.Errorf("ended %+v, want normal clearing by the device", end)
		}
		for what, n := range map[string]int{
			"LegRang":    p.count(is[telephony.LegRang](id)),
			"LegStarted": p.count(is[telephony.LegStarted](id)), "LegAnswered": p.count(is[telephony.LegAnswered](id)),
		} {
			if n != 1 {
				t.Errorf("%d %s, want 1", n, what)
			}
		}
	}},
	{"DeviceDeclines", func(t *testing.T, b *bench) {
		p, _ := b.start(t)
		name, dev := b.device(t, p)
		for status, q850 := range map[int]int{486: telephony.CauseBusy, 603: telephony.CauseRejected} {
			id := newLeg()
			must(t, p.Originate(t.Context(), telephony.Originate{Leg: id, Endpoint: name, From: customer, Timeout: 10 * time.Second}))
			far := dev.Next(t)
			far.Ring(t)
			await(t, p.recorder, ofLeg[telephony.LegRang](id))
			far.Reject(t, status)
			end := await(t, p.recorder, ofLeg[telephony.LegEnded](id))
			if end.ByUs || end.Cause != (telephony.Cause{Q850: q850, SIP: status}) {
				t.Errorf("ended %+v, want cause %d and status %d", end, q850, status)
			}
			quiet(t, p.recorder, about(id))
		}
	}},
	{"NobodyAnswers", func(t *testing.T, b *bench) {
		p, _ := b.start(t)
		name, dev := b.device(t, p)
		id := newLeg()
		must(t, p.Originate(t.Context(), telephony.Originate{Leg: id, Endpoint: name, From: customer, Timeout: time.Second}))
		far := dev.Next(t)
		far.Ring(t)
		await(t, p.recorder, ofLeg[telephony.LegRang](id))
		end := await(t, p.recorder, ofLeg[telephony.LegEnded](id))
		if end.ByUs || end.Cause.Q850 != telephony.CauseNoAnswer {
			t.Errorf("ended %+v, want no answer", end)
		}
		far.AwaitEnd(t)
		quiet(t, p.recorder, about(id))
	}},
	{"WeStopRinging", func(t *testing.T, b *bench) {
		p, _ := b.start(t)
		leg, caller := b.callIn(t, p)
		name, dev := b.device(t, p)
		id := newLeg()
		must(t, p.Originate(t.Context(), telephony.Originate{Leg: id, Endpoint: name, From: customer, Timeout: 10 * time.Second}))
		far := dev.Next(t)
		far.Ring(t)
		await(t, p.recorder, ofLeg[telephony.LegRang](id))
		caller.Hangup(t)
		await(t, p.recorder, ofLeg[telephony.LegEnded](leg.ID))
		must(t, p.Hangup(t.Context(), id, telephony.Cause{Q850: telephony.CauseElsewhere}))
		end := await(t, p.recorder, ofLeg[telephony.LegEnded](id))
		if !end.ByUs || end.Cause.Q850 != telephony.CauseElsewhere {
			t.Errorf("ended %+v, want answered elsewhere by us", end)
		}
		far.AwaitEnd(t)
		quiet(t, p.recorder, about(id))
	}},
	{"OriginateIsIdempotent", func(t *testing.T, b *bench) {
		p, _ := b.start(t)
		name, dev := b.device(t, p)
		o := telephony.Originate{Leg: newLeg(), Endpoint: name, From: customer, Timeout: 10 * time.Second}
		const attempts = 5
		done := make(chan error, attempts)
		for range attempts {
			go func() { done <- p.Originate(t.Context(), o) }()
		}
		for range attempts {
			must(t, <-done)
		}
		far := dev.Next(t)
		dev.None(t)
		far.Answer(t)
		await(t, p.recorder, ofLeg[telephony.LegAnswered](o.Leg))
		must(t, p.Originate(t.Context(), o))
		far.Hangup(t)
		await(t, p.recorder, ofLeg[telephony.LegEnded](o.Leg))
		must(t, p.Originate(t.Context(), o))
		dev.None(t)
	}},
	{"HangupRightAfterOriginate", func(t *testing.T, b *bench) {
		p, _ := b.start(t)
		name, _ := b.device(t, p)
		for range 5 {
			id := newLeg()
			originated := make(chan error, 1)
			go func() {
				originated <- p.Originate(t.Context(), telephony.Originate{Leg: id, Endpoint: name, Timeout: 10 * time.Second})
			}()
			// Whichever comes first: no leg may be left.
			must(t, p.Hangup(t.Context(), id, telephony.Cause{Q850: telephony.CauseNormal}))
			must(t, <-originated)
			must(t, p.Hangup(t.Context(), id, telephony.Cause{Q850: telephony.CauseNormal}))
			await(t, p.recorder, ofLeg[telephony.LegEnded](id))
		}
	}},
	{"AbsentDevice", func(t *testing.T, b *bench) {
		p, _ := b.start(t)
		name, dev := b.device(t, p)
		dev.Leave(t)
		await(t, p.recorder, func(e telephony.EndpointChanged) bool { return e.Endpoint == telephony.Endpoint{Name: name} })
		id := newLeg()
		o := telephony.Originate{Leg: id, Endpoint: name, Timeout: 10 * time.Second}
		if err := p.Originate(t.Context(), o); !errs.Is(err, errs.Unavailable) {
			t.Errorf("Originate to a device that is away: %v, want unavailable", err)
		}
		quiet(t, p.recorder, about(id))
		o.Leg, o.Endpoint = newLeg(), "op-of-nobody"
		if err := p.Originate(t.Context(), o); !errs.Is(err, errs.Unavailable) {
			t.Errorf("Originate to an unknown device: %v, want unavailable", err)
		}
		// The id that failed is free.
		dev = b.signIn(t, p, name, "another secret")
		o.Leg, o.Endpoint = id, name
		must(t, p.Originate(t.Context(), o))
		dev.Next(t).Answer(t)
		await(t, p.recorder, ofLeg[telephony.LegAnswered](id))
	}},
	{"NumberIsDialledThroughTheTrunk", func(t *testing.T, b *bench) {
		p, _ := b.start(t)
		outside := b.Outside(t)
		from := telephony.Party{Number: "74951230001", Name: "Pult"}
		for _, busy := range []bool{true, false} {
			id := newLeg()
			must(t, p.Originate(t.Context(), telephony.Originate{Leg: id, Number: "+79165554433", From: from, Timeout: 10 * time.Second, Marks: telephony.Marks{"call": "9"}}))
			far := outside.Next(t)
			if far.Caller() != from {
				t.Errorf("the far end saw %+v, want %+v", far.Caller(), from)
			}
			far.Ring(t)
			await(t, p.recorder, ofLeg[telephony.LegRang](id))
			if busy {
				far.Reject(t, 486)
				if end := await(t, p.recorder, ofLeg[telephony.LegEnded](id)); end.Cause != (telephony.Cause{Q850: telephony.CauseBusy, SIP: 486}) {
					t.Errorf("ended %+v, want busy", end)
				}
				continue
			}
			far.Answer(t)
			l := await(t, p.recorder, ofLeg[telephony.LegStarted](id)).Leg
			if l.Party.Number != "+79165554433" || l.Endpoint != "carrier" || l.Marks["call"] != "9" {
				t.Errorf("started as %+v", l)
			}
			must(t, p.Hangup(t.Context(), id, telephony.Cause{}))
			far.AwaitEnd(t)
			await(t, p.recorder, ofLeg[telephony.LegEnded](id))
		}
	}},
	{"MarksBeforeAnswer", func(t *testing.T, b *bench) {
		p, _ := b.start(t)
		name, dev := b.device(t, p)
		id := newLeg()
		must(t, p.Originate(t.Context(), telephony.Originate{Leg: id, Endpoint: name, Timeout: 10 * time.Second, Marks: telephony.Marks{"a": "1", "b": "1"}}))
		far := dev.Next(t)
		must(t, p.Mark(t.Context(), id, telephony.Marks{"b": "2", "c": "x=1&y;%"}))
		far.Answer(t)
		l := await(t, p.recorder, ofLeg[telephony.LegStarted](id)).Leg
		if l.Marks["a"] != "1" || l.Marks["b"] != "2" || l.Marks["c"] != "x=1&y;%" {
			t.Errorf("marks %v", l.Marks)
		}
		// A command that needs the marks' write behind it: then another Pult finds them.
		must(t, p.Mark(t.Context(), id, telephony.Marks{"d": "3"}))
		p.stop()
		_, up := b.start(t)
		if m := legIn(t, up, id).Marks; m["a"] != "1" || m["b"] != "2" || m["c"] != "x=1&y;%" || m["d"] != "3" {
			t.Errorf("marks after a restart of Pult: %v", m)
		}
	}},
}

// legIn returns a leg of LinkUp.
func legIn(t *testing.T, up telephony.LinkUp, id telephony.LegID) telephony.Leg {
	t.Helper()
	for _, l := range up.Legs {
		if l.ID == id {
			return l
		}
	}
	t.Fatalf("leg %s is not in %+v", id, up)
	return telephony.Leg{}
}
