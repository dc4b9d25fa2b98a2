package ari

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/coder/websocket"

	"github.com/pult-cc/pult/internal/errs"
	"github.com/pult-cc/pult/telephony"
)

// The event types of Asterisk 22 that the ARI library does not know. Its own client ends the process on them.
var unknownTypes = []string{
	"ApplicationRegistered", "ApplicationUnregistered", "CallBroadcast", "CallClaimed", "ChannelToneDetected", "ChannelTransfer", "RESTResponse",
}

func TestUnknownEventTypesAreCountedAndSkipped(t *testing.T) {
	f := newFakeARI(t)
	x := f.drive(t, nil)
	x.await(t, 1)
	for _, kind := range append(unknownTypes, "TypeOfTomorrow", "ChannelVarset") {
		f.send(evt(kind, `"channel":`+chanJSON("c-0", "Up")), evt(kind, `"channel":null`))
	}
	f.send(stasisStart("c-1"))
	x.await(t, 2)
	if got, want := x.lines(), []string{"up ", "started c-1 queue,support"}; !slices.Equal(got, want) {
		t.Errorf("told %q, want %q", got, want)
	}
	s := x.Stats()
	for _, kind := range unknownTypes {
		if s.Ignored[kind] != 2 {
			t.Errorf("%s was counted %d times, want 2", kind, s.Ignored[kind])
		}
	}
	if s.Garbage != 0 || s.Connects != 1 {
		t.Errorf("stats are %+v", s)
	}
}

func TestGarbageIsSkipped(t *testing.T) {
	f := newFakeARI(t)
	x := f.drive(t, nil)
	x.await(t, 1)
	start := stasisStart("c-0")
	f.send("", "null", "{}", "[]", `"x"`, "17", "{", `{"type":1}`, `{"type":""}`, `{"type":null}`, start[:len(start)/2], strings.Replace(start, `"args":[`, `"args":{"a":[`, 1),
		`{"type":"StasisStart"}`, `{"type":"StasisStart","channel":null}`, `{"type":"StasisStart","channel":17}`, `{"type":"StasisStart","args":"x","channel":{}}`,
		`{"type":"Dial"}`, `{"type":"Dial","peer":null,"dialstatus":null}`, `{"type":"ChannelEnteredBridge","bridge":null,"channel":null}`,
		`{"type":"ChannelDestroyed","cause":"x","channel":{"id":"c-0"}}`, `{"type":"ChannelDestroyed","tech_cause":"x","channel":{"id":"c-0"}}`,
		`{"type":"EndpointStateChange","endpoint":null}`, `{"type":"ChannelStateChange","channel":{"id":"c-0","creationtime":"yesterday"}}`,
		`{"type":"`+strings.Repeat("x", 1<<16)+`"}`, strings.Repeat("[", 1<<16), `{"type":"StasisStart","channel":{"id":"\ud800`+"\xff\xfe"+`"}`)
	if err := f.newest().Write(t.Context(), websocket.MessageBinary, []byte{0, 1, 2}); err != nil {
		t.Fatal(err)
	}
	f.send(evt("ChannelUserevent", `"userevent":"`+strings.Repeat("x", 1<<20)+`"`), stasisStart("c-1"))
	x.await(t, 2)
	if got, want := x.lines(), []string{"up ", "started c-1 queue,support"}; !slices.Equal(got, want) {
		t.Errorf("told %q, want %q", got, want)
	}
	if s := x.Stats(); s.Garbage < 15 || s.Connects != 1 {
		t.Errorf("stats are %+v", s)
	}
}

func TestBurstWhileRESTIsSlow(t *testing.T) {
	f := newFakeARI(t)
	x := f.drive(t, func(d *Driver) { d.timing.command, d.rest.transport.ResponseHeaderTimeout = time.Minute, 0 })
	x.await(t, 1)
	release := make(chan struct{})
	f.set(func() {
		f.intercept = func(w http.ResponseWriter, r *http.Request) bool {
			if strings.HasSuffix(r.URL.Path, "/answer") {
				<-release
			}
			return false
		}
	})
	f.send(stasisStart("c-0"))
	x.await(t, 2)
	answered := make(chan error, 1)
	go func() { answered <- x.Answer(context.Background(), "c-0") }()
	eventually(t, "the command at Asterisk", func() bool { return len(f.asked("POST /channels/c-0/answer")) == 1 })
	const burst = 5000
	for i := 1; i <= burst; i++ {
		f.send(stasisStart(fmt.Sprintf("c-%d", i)))
	}
	events := x.await(t, 2+burst)
	for i, e := range events[1:] {
		if v, ok := e.(telephony.LegStarted); !ok || v.Leg.ID != telephony.LegID(fmt.Sprintf("c-%d", i)) {
			t.Fatalf("event %d is %s", i, line(e))
		}
	}
	close(release)
	if err := <-answered; err != nil {
		t.Errorf("Answer: %v", err)
	}
}

func TestRESTThatHangs(t *testing.T) {
	f := newFakeARI(t)
	x := f.drive(t, func(d *Driver) { d.timing.command = 2 * time.Second })
	x.await(t, 1)
	f.send(stasisStart("c-1"))
	x.await(t, 2)
	f.set(func() {
		f.intercept = func(_ http.ResponseWriter, r *http.Request) bool {
			f.hang(r)
			return true
		}
	})
	for name, command := range map[string]func(context.Context) error{
		"Originate": func(ctx context.Context) error {
			return x.Originate(ctx, telephony.Originate{Leg: "leg-1", Endpoint: "op-1"})
		},
		"Answer":      func(ctx context.Context) error { return x.Answer(ctx, "c-1") },
		"Hangup":      func(ctx context.Context) error { return x.Hangup(ctx, "c-1", telephony.Cause{}) },
		"Join":        func(ctx context.Context) error { return x.Join(ctx, "b-1", "c-1") },
		"Park":        func(ctx context.Context) error { return x.Park(ctx, "c-1") },
		"CloseBridge": func(ctx context.Context) error { return x.CloseBridge(ctx, "b-1") },
		"Mark":        func(ctx context.Context) error { return x.Mark(ctx, "c-1", telephony.Marks{"a": "b"}) },
		"SendDigits":  func(ctx context.Context) error { return x.SendDigits(ctx, "c-1", "1") },
		"SetMuted":    func(ctx context.Context) error { return x.SetMuted(ctx, "c-1", true) },
		"Provision": func(ctx context.Context) error {
			return x.Provision(ctx, telephony.Account{Endpoint: "op-1", HA1: strings.Repeat("0", 32)})
		},
		"Deprovision": func(ctx context.Context) error { return x.Deprovision(ctx, "op-2") },
		"DemoCall": func(ctx context.Context) error {
			return x.DemoCall(ctx, telephony.Party{}, "support", time.Second)
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
			defer cancel()
			for limit, ctx := range map[time.Duration]context.Context{time.Second: ctx, 5 * time.Second: t.Context()} {
				began := time.Now()
				err := command(ctx)
				if took := time.Since(began); !errs.Is(err, errs.Timeout) || took > limit {
					t.Errorf("returned %v after %v, want a timeout within %v", err, took, limit)
				}
			}
		})
	}
}

func TestCutAtEveryPointOfConnecting(t *testing.T) {
	// What is asked between the dial and LinkUp; the eighth and later ones are the marks of the channels.
	for point := range 10 {
		t.Run(fmt.Sprint(point), func(t *testing.T) {
			t.Parallel()
			f := newFakeARI(t)
			f.channels = "[" + chanJSON("c-1", "Ring") + "," + chanJSON("c-2", "Up") + "]"
			var asked, trouble atomic.Int64
			f.intercept = func(w http.ResponseWriter, r *http.Request) bool {
				if trouble.Load() >= 3 {
					return false
				}
				switch {
				case point == 0: // the handshake itself
				case point == 1: // right after the handshake
					if r.URL.Path == "/ari/events" {
						trouble.Add(1)
						if conn, err := websocket.Accept(w, r, nil); err == nil {
							_ = conn.CloseNow()
						}
						return true
					}
					return false
				case r.URL.Path == "/ari/events":
					asked.Store(0)
					return false
				case asked.Add(1) != int64(point-1):
					return false
				default: // both the request and the WebSocket
					f.cut()
				}
				trouble.Add(1)
				hangUp(w)
				return true
			}
			x := f.drive(t, nil)
			x.await(t, 3)
			eventually(t, "a steady link", func() bool { return x.LastError() == nil })
			got := x.lines()
			if want := []string{"up ", "started c-1 queue,support", "started c-2 queue,support"}; !slices.Equal(got[:3], want) {
				t.Errorf("told %q, want %q first", got, want)
			}
			// A late request may be repeated before the cut of the WebSocket is noticed: then there was a link for a moment.
			for i, l := range got[3:] {
				if want := []string{"down", "up c-1,c-2"}[i%2]; l != want {
					t.Errorf("told %q, want %q at %d", got, want, 3+i)
				}
			}
			if trouble.Load() == 0 {
				t.Error("no connection was troubled")
			}
		})
	}
}

func TestReplaced(t *testing.T) {
	f := newFakeARI(t)
	const backoff = 300 * time.Millisecond
	x := f.drive(t, func(d *Driver) { d.timing.replaced = backoff })
	x.await(t, 1)
	blocked, release := make(chan struct{}), make(chan struct{})
	x.mu.Lock()
	x.slow = func(e telephony.Event) {
		if _, ok := e.(telephony.LegStarted); ok {
			close(blocked)
			<-release
		}
	}
	x.mu.Unlock()
	f.send(stasisStart("c-1"))
	<-blocked
	f.send(evt("ApplicationReplaced", `"x":1`))
	// Commands are refused at once, even while the news waits behind other events.
	eventually(t, "a refusal", func() bool { return errs.Is(x.Hangup(t.Context(), "c-1", telephony.Cause{}), errs.Unavailable) })
	began := time.Now()
	close(release)
	x.await(t, 4)
	if got, want := x.lines(), []string{"up ", "started c-1 queue,support", "replaced", "up "}; !slices.Equal(got, want) {
		t.Errorf("told %q, want %q", got, want)
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if len(f.dials) != 2 || f.dials[1].Sub(began) < backoff {
		t.Errorf("connected again %v after being replaced, want not before %v", f.dials[1].Sub(began), backoff)
	}
}

func TestWrongCredentialsAreRetried(t *testing.T) {
	f := newFakeARI(t)
	f.intercept = func(w http.ResponseWriter, r *http.Request) bool {
		if user, password, _ := r.BasicAuth(); user != "pult" || password != "secret-password" {
			t.Errorf("signed in as %q with the wrong password", user)
		}
		w.WriteHeader(http.StatusUnauthorized)
		return true
	}
	x := f.drive(t, nil)
	eventually(t, "the reason", func() bool { return strings.Contains(x.LastError().Error(), "refuses Pult's ARI user") })
	if n := len(x.all()); n != 0 {
		t.Errorf("%d events were told without a link", n)
	}
	f.set(func() { f.intercept = nil })
	x.await(t, 1)
}

func TestHalfOpenSocket(t *testing.T) {
	f := newFakeARI(t)
	f.deaf = true
	x := f.drive(t, func(d *Driver) { d.timing.ping = 50 * time.Millisecond })
	x.await(t, 2)
	if got := x.lines()[:2]; !slices.Equal(got, []string{"up ", "down"}) {
		t.Errorf("told %q", got)
	}
	f.set(func() { f.deaf = false })
	eventually(t, "a steady link", func() bool {
		got := x.lines()
		return got[len(got)-1] == "up " && x.LastError() == nil && x.Stats().Connects > 1
	})
}

func TestDownAtStart(t *testing.T) {
	f := newFakeARI(t)
	c := newCable(t, strings.TrimPrefix(f.srv.URL, "http://"))
	c.cut()
	var log bytes.Buffer
	d, err := New(Options{URL: "http://" + c.addr() + "/ari", User: "u", Password: "p", Logger: slog.New(slog.NewTextHandler(&log, nil))})
	if err != nil {
		t.Fatal(err)
	}
	x := drive(t, quick(d))
	eventually(t, "some attempts", func() bool { return strings.Contains(x.LastError().Error(), "cannot be reached") })
	c.mend()
	x.await(t, 1)
	x.stop()
	if n := strings.Count(log.String(), "level=WARN"); n == 0 || n > 4 {
		t.Errorf("%d warnings, want one per reason:\n%s", n, log.String())
	}
}

func TestTooManyWaitingEvents(t *testing.T) {
	f := newFakeARI(t)
	x := f.drive(t, func(d *Driver) { d.timing.overflow = 100 })
	x.await(t, 1)
	release := make(chan struct{})
	x.mu.Lock()
	x.slow = func(e telephony.Event) {
		if _, ok := e.(telephony.LegStarted); ok {
			<-release
		}
	}
	x.mu.Unlock()
	f.send(stasisStart("c-0"))
	x.await(t, 2) // and blocked there
	for i := 1; i < 150; i++ {
		if f.newest().Write(t.Context(), websocket.MessageText, []byte(stasisStart(fmt.Sprintf("c-%d", i)))) != nil {
			break // cut off already
		}
	}
	f.set(func() { f.channels = "[" + chanJSON("c-0", "Up") + "]" })
	eventually(t, "the overflow", func() bool { return x.Stats().MaxWaiting >= 100 })
	close(release)
	eventually(t, "a new link", func() bool { return x.Stats().Connects == 2 })
	got := x.lines()
	if want := []string{"up ", "started c-0 queue,support", "down", "up c-0"}; !slices.Equal(got, want) {
		t.Errorf("told %q, want %q", got, want)
	}
}

func TestEveryEventTwice(t *testing.T) {
	f := newFakeARI(t)
	x := f.drive(t, nil)
	x.await(t, 1)
	destroyed := evt("ChannelDestroyed", `"cause":17,"cause_txt":"User busy","tech_cause":486,"channel":`+chanJSON("leg-1", "Ringing"))
	if err := x.Originate(t.Context(), telephony.Originate{Leg: "leg-1", Endpoint: "op-1"}); err != nil {
		t.Fatal(err)
	}
	for _, e := range []string{
		stasisStart("c-1"),
		evt("ChannelStateChange", `"channel":`+chanJSON("c-1", "Up")),
		bridgeEvt("ChannelEnteredBridge", "pult-music", "holding", "c-1"),
		evt("ChannelDtmfReceived", `"digit":"5","duration_ms":100,"channel":`+chanJSON("c-1", "Up")),
		bridgeEvt("ChannelLeftBridge", "pult-music", "holding", "c-1"),
		bridgeEvt("ChannelEnteredBridge", "b-1", "mixing", "c-1"),
		evt("ChannelStateChange", `"channel":`+chanJSON("leg-1", "Ringing")),
		evt("Dial", `"dialstatus":"RINGING","peer":`+chanJSON("leg-1", "Ringing")),
		destroyed,
		evt("EndpointStateChange", `"endpoint":{"technology":"PJSIP","resource":"op-1","state":"online","channel_ids":[]}`),
		bridgeEvt("ChannelLeftBridge", "b-1", "mixing", "c-1"),
		evt("ChannelHangupRequest", `"cause":16,"channel":`+chanJSON("c-1", "Up")),
		stasisEnd("c-1"),
		evt("ChannelDestroyed", `"cause":16,"cause_txt":"x","channel":`+chanJSON("c-1", "Up")),
	} {
		f.send(e, e)
	}
	f.send(stasisStart("c-2"))
	want := []string{
		"up ", "started c-1 queue,support", "answered c-1", "parked c-1", "digit c-1 5", "joined c-1 b-1", "rang leg-1",
		"ended leg-1 17/486 by us false", "endpoint op-1 true", "left c-1 b-1", "ended c-1 16/0 by us false", "started c-2 queue,support",
	}
	x.await(t, len(want))
	if got := x.lines(); !slices.Equal(got, want) {
		t.Errorf("told\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

func TestEventsDuringTheSnapshot(t *testing.T) {
	f := newFakeARI(t)
	f.channels = "[" + chanJSON("c-1", "Up") + "," + chanJSON("c-2", "Up") + "]"
	f.bridges = `[{"id":"b-1","bridge_type":"mixing","name":"pult","channels":["c-1"]},{"id":"b-2","bridge_type":"mixing","name":"pult","channels":[]},` +
		`{"id":"b-3","bridge_type":"mixing","name":"somebody else's","channels":[]},{"id":"pult-music","bridge_type":"holding","name":"pult","channels":["c-2"]}]`
	f.intercept = func(w http.ResponseWriter, r *http.Request) bool {
		switch r.URL.Path {
		case "/ari/bridges": // the channels were fetched already
			f.send(
				bridgeEvt("ChannelEnteredBridge", "b-1", "mixing", "c-1"), // as the snapshot says
				stasisStart("c-3"), // newer than the list of channels
				stasisEnd("c-2"),   // still in the snapshot
				stasisStart("c-1"), // as the snapshot says
			)
		case "/ari/channels/c-1/variable", "/ari/channels/c-2/variable":
			_, _ = w.Write([]byte(`{"value":"call=1"}`))
			return true
		}
		return false
	}
	x := f.drive(t, nil)
	x.await(t, 3)
	if got, want := x.lines(), []string{"up c-1,c-2", "started c-3 queue,support", "ended c-2 0/0 by us false"}; !slices.Equal(got, want) {
		t.Errorf("told %q, want %q", got, want)
	}
	up := x.all()[0].(telephony.LinkUp)
	if fmt.Sprint(up.Bridges) != "[{b-1 [c-1]}]" || up.Legs[0].Bridge != "b-1" || !up.Legs[1].Parked || up.Legs[0].Marks["call"] != "1" {
		t.Errorf("LinkUp is %+v", up)
	}
	if age := up.At.Sub(up.Legs[0].Created); age != 0 { // created at 12:00:00, and the ping said 12:00:00
		t.Errorf("the leg is %v old", age)
	}
	if got := f.asked("DELETE /bridges"); !slices.Equal(got, []string{"DELETE /bridges/b-2"}) {
		t.Errorf("reaped %q", got)
	}
}

func TestSecretsAreNotLogged(t *testing.T) {
	f := newFakeARI(t)
	var log bytes.Buffer
	d, err := New(Options{URL: f.srv.URL + "/ari", User: "pult", Password: "secret-password", Logger: slog.New(slog.NewJSONHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug}))})
	if err != nil {
		t.Fatal(err)
	}
	x := drive(t, quick(d))
	x.await(t, 1)
	ha1 := strings.Repeat("0123456789abcdef", 2)
	f.set(func() {
		f.intercept = func(w http.ResponseWriter, r *http.Request) bool {
			w.WriteHeader(http.StatusInternalServerError)
			_, _ = fmt.Fprintf(w, `{"message":"password_digest MD5:%s"}`, "of somebody")
			return true
		}
	})
	var said strings.Builder
	fmt.Fprint(&said, x.Provision(t.Context(), telephony.Account{Endpoint: "op-1", HA1: ha1}))
	fmt.Fprint(&said, x.Originate(t.Context(), telephony.Originate{Leg: "l", Number: "79161234567", Headers: map[string]string{"X-Secret": "header-secret"}}))
	f.srv.Listener.Close()
	f.srv.CloseClientConnections()
	fmt.Fprint(&said, x.Provision(t.Context(), telephony.Account{Endpoint: "op-1", HA1: ha1}))
	f.cut()
	eventually(t, "the end of the link", func() bool { return x.LastError() != nil })
	fmt.Fprint(&said, x.LastError())
	x.stop()
	for _, secret := range []string{ha1, "secret-password", "79161234567", "header-secret"} {
		if strings.Contains(log.String()+said.String(), secret) {
			t.Errorf("%q is in the log or in an error:\n%s\n%s", secret, log.String(), said.String())
		}
	}
}
