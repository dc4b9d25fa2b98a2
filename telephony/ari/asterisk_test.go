package ari

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/pult-cc/pult/internal/errs"
	"github.com/pult-cc/pult/internal/lab/sipua"
	"github.com/pult-cc/pult/telephony"
)

// What is Asterisk's and not the port's, against the real one.

// live is a harness with a driver that has a link.
func live(t *testing.T) (*harness, *told) {
	t.Helper()
	h := newHarness(t)
	x := drive(t, h.NewDriver(t).(*Driver))
	x.await(t, 1)
	return h, x
}

// told reports whether a line was told.
func (x *told) has(want string) bool { return slices.Contains(x.lines(), want) }

func TestBrowserPhone(t *testing.T) {
	_, x := live(t)
	const name = "op-browser"
	ha1 := sipua.HA1(name, x.Realm(), "secret")
	noError(t, x.Provision(t.Context(), telephony.Account{Endpoint: name, DisplayName: "Анна", HA1: ha1, WebRTC: true}))
	phone, err := sipua.NewWS(t.Context(), x.PhoneURLs()[0])
	if err != nil {
		t.Fatalf("opening the phone's WebSocket: %v", err)
	}
	defer phone.Close()
	noError(t, phone.Register(t.Context(), name, ha1))
	eventually(t, "the phone", func() bool { return x.has("endpoint " + name + " true") })

	noError(t, x.Originate(t.Context(), telephony.Originate{
		Leg: "leg-browser", Endpoint: name, From: telephony.Party{Number: "+79161234567", Name: "Иван Петров"}, Timeout: 10 * time.Second,
		Headers: map[string]string{"X-Pult-Call": "call-7", "X-Pult-Auto-Answer": "yes"},
	}))
	call := <-phone.Calls()
	if got := call.Header("X-Pult-Call") + " " + call.Header("X-Pult-Auto-Answer"); got != "call-7 yes" {
		t.Errorf("the browser saw headers %q", got)
	}
	if number, who := call.From(); number != "+79161234567" || who != "Иван Петров" {
		t.Errorf("the browser saw a call from %q %q", number, who)
	}
	offer := call.Offer()
	for _, want := range []string{"UDP/TLS/RTP/SAVPF", "opus/48000", "PCMA/8000", "PCMU/8000", "a=fingerprint:", "a=rtcp-mux"} {
		if !strings.Contains(offer, want) {
			t.Errorf("the offer has no %s:\n%s", want, offer)
		}
	}
	if strings.Index(offer, "opus/48000") > strings.Index(offer, "PCMA/8000") {
		t.Errorf("Opus is not the first codec:\n%s", offer)
	}
	noError(t, call.Ring())
	noError(t, call.Reject(486))
	eventually(t, "the end", func() bool { return x.has("ended leg-browser 17/486 by us false") })

	// The browser dies: its contact goes with the socket.
	phone.Close()
	eventually(t, "the phone's end", func() bool { return x.has("endpoint " + name + " false") })
	if err := x.Originate(t.Context(), telephony.Originate{Leg: "leg-dead", Endpoint: name}); !errs.Is(err, errs.Unavailable) {
		t.Errorf("Originate to a dead browser: %v, want unavailable", err)
	}
	noError(t, x.Deprovision(t.Context(), name))
}

func TestAccountChangesFromBrowserToDeskPhone(t *testing.T) {
	h, x := live(t)
	const name = "op-desk"
	ha1 := sipua.HA1(name, x.Realm(), "secret")
	for _, web := range []bool{true, false} {
		noError(t, x.Provision(t.Context(), telephony.Account{Endpoint: name, HA1: ha1, WebRTC: web}))
	}
	dev, err := h.SignIn(t, name, ha1)
	if err != nil {
		t.Fatal(err)
	}
	noError(t, x.Originate(t.Context(), telephony.Originate{Leg: "leg-desk", Endpoint: name}))
	far := dev.Next(t).(*far)
	if offer := far.Offer(); !strings.Contains(offer, " RTP/AVP ") || strings.Contains(offer, "fingerprint") {
		t.Errorf("a desk phone is offered\n%s", offer)
	}
	far.Answer(t)
	eventually(t, "the answer", func() bool { return x.has("answered leg-desk") })
	noError(t, x.Deprovision(t.Context(), name))
}

// TestAccountsInQuickSuccession: Asterisk carries removals out after it has answered, and would take what comes next along.
func TestAccountsInQuickSuccession(t *testing.T) {
	h, x := live(t)
	for i := range 20 {
		name := fmt.Sprintf("op-quick-%d", i)
		ha1 := sipua.HA1(name, x.Realm(), "secret")
		for _, removed := range []bool{false, false, true, true, false} {
			if removed {
				noError(t, x.Deprovision(t.Context(), name))
			}
			noError(t, x.Provision(t.Context(), telephony.Account{Endpoint: name, HA1: ha1}))
			if _, err := h.SignIn(t, name, ha1); err != nil {
				t.Fatal(err)
			}
			eventually(t, "the device to be there and to stay", func() bool {
				lines := x.lines()
				return lines[len(lines)-1] == "endpoint "+name+" true"
			})
		}
		noError(t, x.Deprovision(t.Context(), name))
	}
}

func TestStaticObjectsAreNotOurs(t *testing.T) {
	_, x := live(t)
	err := x.Provision(t.Context(), telephony.Account{Endpoint: "carrier", HA1: strings.Repeat("0", 32)})
	if !errs.Is(err, errs.Unsupported) || !strings.Contains(errs.Message(err), "sorcery.conf") {
		t.Errorf("Provision over the carrier: %v, want unsupported with advice", err)
	}
}

func TestAnsweredElsewhereIsSaid(t *testing.T) {
	h, x := live(t)
	const name = "op-elsewhere"
	ha1 := sipua.HA1(name, x.Realm(), "secret")
	noError(t, x.Provision(t.Context(), telephony.Account{Endpoint: name, HA1: ha1}))
	dev, err := h.SignIn(t, name, ha1)
	if err != nil {
		t.Fatal(err)
	}
	noError(t, x.Originate(t.Context(), telephony.Originate{Leg: "leg-elsewhere", Endpoint: name}))
	far := dev.Next(t).(*far)
	far.Ring(t)
	eventually(t, "ringing", func() bool { return x.has("rang leg-elsewhere") })
	noError(t, x.Hangup(t.Context(), "leg-elsewhere", telephony.Cause{Q850: telephony.CauseElsewhere}))
	far.AwaitEnd(t)
	if reason := far.Reason(); !strings.Contains(reason, "cause=200") {
		t.Errorf("the CANCEL's reason is %q, want RFC 3326's for a call completed elsewhere", reason)
	}
	noError(t, x.Deprovision(t.Context(), name))
}

func TestHungUpBehindOurBack(t *testing.T) {
	h, x := live(t)
	far := h.CallIn(t, telephony.Party{Number: "79161234567"}, "support")
	eventually(t, "the call", func() bool { return len(x.lines()) == 2 })
	id := x.all()[1].(telephony.LegStarted).Leg.ID
	noError(t, x.Answer(t.Context(), id))
	noError(t, x.Park(t.Context(), id))
	eventually(t, "music", func() bool { return x.has("parked " + string(id)) })
	if out, err := h.lab.pbx.CLI(t.Context(), "channel request hangup all"); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	far.AwaitEnd(t)
	eventually(t, "the end", func() bool { return x.has(fmt.Sprintf("ended %s 0/0 by us false", id)) })
}

// TestWhatAParkedLegHears: a channel that an application puts into a holding bridge without a role is held in silence.
func TestWhatAParkedLegHears(t *testing.T) {
	h, x := live(t)
	far := h.CallIn(t, telephony.Party{Number: "79161234567"}, "support")
	eventually(t, "the call", func() bool { return len(x.lines()) == 2 })
	id := x.all()[1].(telephony.LegStarted).Leg.ID
	noError(t, x.Answer(t.Context(), id))
	noError(t, x.Park(t.Context(), id))
	sound := func(what string) {
		t.Helper()
		before := h.carrier.Heard()
		eventually(t, what, func() bool { return h.carrier.Heard() > before+10 })
	}
	sound("music")
	noError(t, x.Join(t.Context(), "b-alone", id))
	eventually(t, "the bridge", func() bool { return x.has(fmt.Sprintf("joined %s b-alone", id)) })
	noError(t, x.Park(t.Context(), id))
	sound("music again")
	noError(t, x.CloseBridge(t.Context(), "b-alone"))
	far.Hangup(t)
}

func TestRingbackIsHeard(t *testing.T) {
	h, x := live(t)
	far := h.CallIn(t, telephony.Party{Number: "79161234567"}, "support")
	eventually(t, "the call", func() bool { return len(x.lines()) == 2 })
	id := x.all()[1].(telephony.LegStarted).Leg.ID
	noError(t, x.Answer(t.Context(), id))
	eventually(t, "the answer", func() bool { return x.has("answered " + string(id)) })
	noError(t, x.SetRingback(t.Context(), id, true))
	eventually(t, "the ringing tone", func() bool { return h.carrier.Heard() > 10 })
	noError(t, x.SetRingback(t.Context(), id, false))
	far.Hangup(t)
}

func TestManyMarks(t *testing.T) {
	h, x := live(t)
	h.CallIn(t, telephony.Party{Number: "79161234567"}, "support")
	eventually(t, "the call", func() bool { return len(x.lines()) == 2 })
	id := x.all()[1].(telephony.LegStarted).Leg.ID
	marks := telephony.Marks{}
	for i := range 40 {
		marks[fmt.Sprintf("key-%d", i)] = strings.Repeat("${CHANNEL(name)}&%,;", 4)
	}
	noError(t, x.Mark(t.Context(), id, marks))
	x.stop()
	y := drive(t, h.NewDriver(t).(*Driver))
	y.await(t, 1)
	up := y.all()[0].(telephony.LinkUp)
	if len(up.Legs) != 1 || fmt.Sprint(up.Legs[0].Marks) != fmt.Sprint(marks) {
		t.Errorf("%d bytes of marks came back as %+v", len(note{marks: marks}.encode()), up.Legs)
	}
	noError(t, y.Hangup(context.WithoutCancel(t.Context()), id, telephony.Cause{}))
}

// TestSteadyLink: Asterisk answers pings, and a link that nothing happens on stays.
func TestSteadyLink(t *testing.T) {
	h := newHarness(t)
	d := h.NewDriver(t).(*Driver)
	d.timing.ping = 700 * time.Millisecond
	x := drive(t, d)
	x.await(t, 1)
	quiet := time.NewTimer(2 * time.Second)
	defer quiet.Stop()
	<-quiet.C
	if got := x.lines(); len(got) != 1 || x.LastError() != nil {
		t.Errorf("told %q after some pings", got)
	}
}
