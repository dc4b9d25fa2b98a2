package ari

import (
	"context"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/pult-cc/pult/telephony"
)

// What a caller meets while Pult is away, with the real Asterisk: one that connects to us and one that waits for us.

// runs returns what the only channel of the PBX executes, and whether it is answered.
func (h *harness) runs(t *testing.T) (app string, answered bool) {
	t.Helper()
	var channels []channel
	if err := h.lab.pbx.ARI(t.Context(), http.MethodGet, "/channels", nil, &channels); err != nil {
		t.Fatal(err)
	}
	if len(channels) == 0 {
		return "", false
	}
	return channels[0].Dialplan.AppName, legState(channels[0].State) == telephony.LegUp
}

// inApp waits until the callers in the application are these.
func (h *harness) inApp(t *testing.T, numbers ...string) {
	t.Helper()
	eventually(t, "the calls in the application", func() bool {
		var channels []channel
		if err := h.lab.pbx.ARI(t.Context(), http.MethodGet, "/channels", nil, &channels); err != nil {
			return false
		}
		var got []string
		for _, c := range channels {
			if c.inApp("pult") {
				got = append(got, c.Caller.Number)
			}
		}
		slices.Sort(got)
		return slices.Equal(got, numbers)
	})
}

// fence makes a call and waits until it is told: whatever came before it was told before.
func (h *harness) fence(t *testing.T, x *told) {
	t.Helper()
	before := len(x.lines())
	far := h.CallIn(t, telephony.Party{Number: "79160000000"}, "sales")
	eventually(t, "the call that ends the test", func() bool {
		return slices.ContainsFunc(x.all()[before:], func(e telephony.Event) bool {
			v, ok := e.(telephony.LegStarted)
			return ok && v.Leg.Party.Number == "79160000000"
		})
	})
	far.Hangup(t)
}

// started returns how often calls from a number were told.
func (x *told) started(number string) (args [][]string) {
	for _, e := range x.all() {
		if v, ok := e.(telephony.LegStarted); ok && v.Leg.Party.Number == number {
			args = append(args, v.Args)
		}
	}
	return args
}

func TestCallerWhilePultIsAwayWaitsForIt(t *testing.T) {
	h := newHarnessOf(t, &callingLab)
	x := drive(t, h.NewDriver(t).(*Driver))
	x.await(t, 1)
	x.stop()
	h.lab.awaitKnock(t)
	back := time.NewTimer(3 * time.Second)
	defer back.Stop()

	far := h.CallIn(t, telephony.Party{Number: "79161234567"}, "support")
	h.inApp(t, "79161234567")
	impatient := h.CallIn(t, telephony.Party{Number: "79167654321"}, "support")
	h.inApp(t, "79161234567", "79167654321")
	impatient.Hangup(t)
	impatient.AwaitEnd(t)
	<-back.C
	if app, answered := h.runs(t); app != "Stasis" || answered {
		t.Fatalf("after 3 s without Pult the caller is in %s, answered %v: fell through", app, answered)
	}

	y := drive(t, h.NewDriver(t).(*Driver))
	y.await(t, 2)
	if got := y.lines()[0]; got != "up " {
		t.Errorf("told %q first, want a LinkUp without legs", got)
	}
	h.fence(t, y)
	if got := y.started("79161234567"); len(got) != 1 || !slices.Equal(got[0], []string{"queue", "support"}) {
		t.Errorf("the caller was told with %q, want once for the queue", got)
	}
	if got := y.started("79167654321"); len(got) != 0 {
		t.Errorf("the caller who had given up was told %d times", len(got))
	}
	if s := y.Stats(); s.Connects != 1 {
		t.Errorf("stats are %+v", s)
	}
	far.Hangup(t)
}

func TestCallerWhilePultIsAwayFallsThroughWhereWeConnect(t *testing.T) {
	h := newHarness(t)
	x := drive(t, h.NewDriver(t).(*Driver))
	x.await(t, 1)
	out, err := h.lab.pbx.CLI(t.Context(), "ari show websocket sessions")
	if err != nil || !strings.Contains(out, "inbound") {
		t.Fatalf("Asterisk shows no link: %v %s", err, out)
	}
	x.stop()
	eventually(t, "Asterisk to notice", func() bool {
		out, err := h.lab.pbx.CLI(t.Context(), "ari show websocket sessions")
		return err == nil && !strings.Contains(out, "inbound")
	})
	h.CallIn(t, telephony.Party{Number: "79161234567"}, "support")
	eventually(t, "the site's fallback", func() bool {
		app, answered := h.runs(t)
		return answered && (app == "Playback" || app == "MusicOnHold")
	})
}

// TestReplayAfterACut: the same driver, with calls that end, come and go while the link is cut.
func TestReplayAfterACut(t *testing.T) {
	h := newHarnessOf(t, &callingLab)
	x := drive(t, h.NewDriver(t).(*Driver))
	x.await(t, 1)
	leaving := h.CallIn(t, telephony.Party{Number: "79161111111"}, "support")
	eventually(t, "the first call", func() bool { return len(x.lines()) == 2 })
	id := x.all()[1].(telephony.LegStarted).Leg.ID
	noError(t, x.Answer(t.Context(), id))
	noError(t, x.Park(t.Context(), id))
	eventually(t, "music", func() bool { return x.has("parked " + string(id)) })

	h.CutLink(t)
	eventually(t, "the cut", func() bool { return x.has("down") })
	leaving.Hangup(t)
	leaving.AwaitEnd(t)
	coming := h.CallIn(t, telephony.Party{Number: "79162222222"}, "sales")
	passing := h.CallIn(t, telephony.Party{Number: "79163333333"}, "sales")
	h.inApp(t, "79162222222", "79163333333")
	passing.Hangup(t)
	passing.AwaitEnd(t)
	cut := len(x.lines())
	h.RestoreLink(t)
	x.await(t, cut+2)
	h.fence(t, x)
	told := x.all()[cut:]
	up, ok := told[0].(telephony.LinkUp)
	if !ok || len(up.Legs) != 0 {
		t.Errorf("after the cut the first event is %s", line(told[0]))
	}
	if v, ok := told[1].(telephony.LegStarted); !ok || v.Leg.Party.Number != "79162222222" || !slices.Equal(v.Args, []string{"queue", "sales"}) {
		t.Errorf("after LinkUp came %s, want the caller who waits", line(told[1]))
	}
	for _, e := range told[2:] {
		if v, ok := e.(telephony.LegStarted); ok && v.Leg.Party.Number != "79160000000" {
			t.Errorf("a call that was over or told already was told: %s", line(e))
		}
		if v, ok := e.(telephony.LegEnded); ok && v.Leg == id {
			t.Error("a leg that LinkUp lacked was told to end")
		}
	}
	coming.Hangup(t)
}

// TestPultComesBackAtOnce: the replay is younger than what the truth may lag behind.
func TestPultComesBackAtOnce(t *testing.T) {
	h := newHarnessOf(t, &callingLab)
	for range 3 {
		x := drive(t, h.NewDriver(t).(*Driver))
		x.await(t, 1)
		x.stop()
		h.lab.awaitKnock(t)
		far := h.CallIn(t, telephony.Party{Number: "79161234567"}, "support")
		h.inApp(t, "79161234567")
		y := drive(t, h.NewDriver(t).(*Driver))
		eventually(t, "the caller", func() bool { return len(y.started("79161234567")) == 1 })
		h.fence(t, y)
		if n := len(y.started("79161234567")); n != 1 {
			t.Errorf("the caller was told %d times", n)
		}
		far.Hangup(t)
		eventually(t, "the end", func() bool {
			ends := 0
			for _, e := range y.all() {
				if _, ok := e.(telephony.LegEnded); ok {
					ends++
				}
			}
			return ends == 2
		})
		y.stop()
	}
}

// TestApplicationTakenFromTheCallingAsterisk: whoever connects the other way gets the application for good; we say so instead of
// believing in a link that is deaf.
func TestApplicationTakenFromTheCallingAsterisk(t *testing.T) {
	h := newHarnessOf(t, &callingLab)
	x := drive(t, h.NewDriver(t).(*Driver))
	x.await(t, 1)
	o := h.lab.options(h.cable)
	other, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	x.timing.replaced = 10 * time.Millisecond
	x.timing.command = 500 * time.Millisecond
	y := drive(t, quick(other))
	y.await(t, 1)
	eventually(t, "the news", func() bool { return x.has("replaced") })
	eventually(t, "the reason", func() bool { err := x.LastError(); return err != nil && unwrapped(err, errDeaf) })
	x.stop()
	y.stop()
	// Asterisk gives the application back to nobody.
	noError(t, h.lab.pbx.Restart(context.WithoutCancel(t.Context())))
	z := drive(t, h.NewDriver(t).(*Driver))
	z.await(t, 1)
}
