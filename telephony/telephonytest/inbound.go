package telephonytest

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/pult-cc/pult/internal/errs"
	"github.com/pult-cc/pult/telephony"
)

// inboundTests are about legs that come to us.
var inboundTests = []test{
	{"InboundLegIsToldAsItCame", func(t *testing.T, b *bench) {
		p, _ := b.start(t)
		before := time.Now()
		leg, _ := b.callIn(t, p)
		want := telephony.Leg{
			ID: leg.ID, State: telephony.LegRinging, Party: customer, Dialed: "support", Endpoint: "carrier",
			Marks: telephony.Marks{}, Created: leg.Created,
		}
		if fmt.Sprint(leg) != fmt.Sprint(want) {
			t.Errorf("leg is\n%+v, want\n%+v", leg, want)
		}
		if age := leg.Created.Sub(before); age < -2*time.Second || age > Patience {
			t.Errorf("the leg was created %v after the call was made", age)
		}
		if n := p.count(func(e telephony.Event) bool {
			v, ok := e.(telephony.LegStarted)
			return ok && slices.Equal(v.Args, []string{"queue", "support"})
		}); n != 1 {
			t.Errorf("told %d times with the dialplan's arguments, want once", n)
		}
	}},
	{"AnswerIsIdempotent", func(t *testing.T, b *bench) {
		p, _ := b.start(t)
		leg, far := b.callIn(t, p)
		must(t, p.Answer(t.Context(), leg.ID))
		await(t, p.recorder, ofLeg[telephony.LegAnswered](leg.ID))
		must(t, p.Answer(t.Context(), leg.ID))
		quiet(t, p.recorder, about(leg.ID))
		far.Hangup(t)
		await(t, p.recorder, ofLeg[telephony.LegEnded](leg.ID))
	}},
	{"CallerHangsUp", func(t *testing.T, b *bench) {
		p, _ := b.start(t)
		leg, far := b.callIn(t, p)
		must(t, p.Answer(t.Context(), leg.ID))
		must(t, p.Park(t.Context(), leg.ID))
		await(t, p.recorder, ofLeg[telephony.LegParked](leg.ID))
		far.Hangup(t)
		end := await(t, p.recorder, ofLeg[telephony.LegEnded](leg.ID))
		if end.ByUs || end.Cause.Q850 != telephony.CauseNormal {
			t.Errorf("ended %+v, want normal clearing by the caller", end)
		}
		for what, err := range map[string]error{
			"Answer": p.Answer(t.Context(), leg.ID),
			"Park":   p.Park(t.Context(), leg.ID),
			"Join":   p.Join(t.Context(), newBridge(), leg.ID),
			"Mark":   p.Mark(t.Context(), leg.ID, telephony.Marks{"a": "b"}),
		} {
			if !errs.Is(err, errs.Conflict) {
				t.Errorf("%s of an ended leg: %v, want a conflict", what, err)
			}
		}
		must(t, p.Hangup(t.Context(), leg.ID, telephony.Cause{}))
		quiet(t, p.recorder, about(leg.ID))
	}},
	{"CallerGivesUpBeforeAnswer", func(t *testing.T, b *bench) {
		p, _ := b.start(t)
		leg, far := b.callIn(t, p)
		far.Hangup(t)
		if end := await(t, p.recorder, ofLeg[telephony.LegEnded](leg.ID)); end.ByUs {
			t.Errorf("ended %+v, want by the caller", end)
		}
		quiet(t, p.recorder, about(leg.ID))
	}},
	{"WeHangUp", func(t *testing.T, b *bench) {
		p, _ := b.start(t)
		leg, far := b.callIn(t, p)
		must(t, p.Answer(t.Context(), leg.ID))
		await(t, p.recorder, ofLeg[telephony.LegAnswered](leg.ID))
		must(t, p.Hangup(t.Context(), leg.ID, telephony.Cause{Q850: telephony.CauseNormal}))
		end := await(t, p.recorder, ofLeg[telephony.LegEnded](leg.ID))
		if !end.ByUs || end.Cause.Q850 != telephony.CauseNormal {
			t.Errorf("ended %+v, want normal clearing by us", end)
		}
		far.AwaitEnd(t)
		must(t, p.Hangup(t.Context(), leg.ID, telephony.Cause{Q850: telephony.CauseNormal}))
		quiet(t, p.recorder, about(leg.ID))
	}},
	{"WeRefuseAnUnansweredCall", func(t *testing.T, b *bench) {
		p, _ := b.start(t)
		leg, far := b.callIn(t, p)
		must(t, p.Hangup(t.Context(), leg.ID, telephony.Cause{Q850: telephony.CauseBusy}))
		end := await(t, p.recorder, ofLeg[telephony.LegEnded](leg.ID))
		if !end.ByUs || end.Cause.Q850 != telephony.CauseBusy {
			t.Errorf("ended %+v, want busy by us", end)
		}
		far.AwaitEnd(t)
	}},
	{"KeysOfTheCaller", func(t *testing.T, b *bench) {
		p, _ := b.start(t)
		leg, far := b.callIn(t, p)
		must(t, p.Answer(t.Context(), leg.ID))
		await(t, p.recorder, ofLeg[telephony.LegAnswered](leg.ID))
		for _, key := range []string{"5", "5", "#"} {
			far.Press(t, key)
			if d := await(t, p.recorder, ofLeg[telephony.LegDigit](leg.ID)); d.Digit != key {
				t.Errorf("digit %q, want %q", d.Digit, key)
			}
		}
		quiet(t, p.recorder, is[telephony.LegDigit](leg.ID))
	}},
	{"ManyCallsAtOnce", func(t *testing.T, b *bench) {
		p, _ := b.start(t)
		const calls = 20
		fars := make([]Far, calls)
		for i := range fars {
			fars[i] = b.CallIn(t, telephony.Party{Number: fmt.Sprintf("7916000%04d", i)}, "support")
		}
		legs := map[string]telephony.LegID{}
		for range fars {
			e := await[telephony.LegStarted](t, p.recorder, nil)
			legs[e.Leg.Party.Number] = e.Leg.ID
		}
		if len(legs) != calls {
			t.Fatalf("%d callers were told, want %d", len(legs), calls)
		}
		done := make(chan error, calls)
		for _, id := range legs {
			go func() {
				err := p.Answer(t.Context(), id)
				if err == nil {
					err = p.Park(t.Context(), id)
				}
				done <- err
			}()
		}
		for range fars {
			must(t, <-done)
		}
		var parked []func(telephony.Event) bool
		for _, id := range legs {
			parked = append(parked, is[telephony.LegParked](id))
		}
		awaitAll(t, p.recorder, parked...)
		for _, far := range fars {
			go far.Hangup(t)
		}
		var ended []func(telephony.Event) bool
		for _, id := range legs {
			ended = append(ended, is[telephony.LegEnded](id))
		}
		awaitAll(t, p.recorder, ended...)
		for _, far := range fars {
			far.AwaitEnd(t)
		}
	}},
}
