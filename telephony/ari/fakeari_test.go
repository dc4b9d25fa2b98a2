package ari

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/coder/websocket"

	"github.com/pult-cc/pult/telephony"
)

// fakeARI is a server that speaks enough ARI to be misbehaved with. It proves how the driver stands trouble; what Asterisk
// really does is proven by the conformance suite and the traces.
type fakeARI struct {
	t    testing.TB
	srv  *httptest.Server
	done chan struct{} // closed at the end of the test

	mu        sync.Mutex
	conns     []*websocket.Conn
	requests  []string // "METHOD path?query", REST only
	dials     []time.Time
	intercept func(w http.ResponseWriter, r *http.Request) (handled bool)
	deaf      bool // read nothing from new WebSockets, so that pings stay unanswered
	channels  string
	bridges   string
	accounts  map[string]bool // by endpoint: has been pushed
}

func newFakeARI(t testing.TB) *fakeARI {
	f := &fakeARI{t: t, done: make(chan struct{}), channels: "[]", bridges: "[]", accounts: map[string]bool{}}
	f.srv = httptest.NewServer(http.HandlerFunc(f.serve))
	t.Cleanup(func() {
		close(f.done)
		f.cut()
		f.srv.CloseClientConnections()
		f.srv.Close()
	})
	return f
}

func (f *fakeARI) serve(w http.ResponseWriter, r *http.Request) {
	f.mu.Lock()
	intercept := f.intercept
	if r.URL.Path == "/ari/events" {
		f.dials = append(f.dials, time.Now())
	} else {
		line := r.Method + " " + strings.TrimPrefix(r.URL.Path, "/ari")
		if r.URL.RawQuery != "" {
			line += "?" + r.URL.RawQuery
		}
		f.requests = append(f.requests, line)
	}
	channels, bridges := f.channels, f.bridges
	f.mu.Unlock()
	if intercept != nil && intercept(w, r) {
		return
	}
	if name, ok := strings.CutPrefix(r.URL.Path, "/ari/asterisk/config/dynamic/res_pjsip/endpoint/"); ok {
		f.set(func() { f.accounts[name] = r.Method == http.MethodPut })
	}
	answer := func(body string) {
		w.Header().Set("Content-Type", "application/json")
		_, _ = w.Write([]byte(body))
	}
	switch path := strings.TrimPrefix(r.URL.Path, "/ari"); {
	case path == "/events":
		f.events(w, r)
	case path == "/asterisk/info":
		answer(`{"system":{"version":"22.10.1","entity_id":"02:00:00:00:00:01"},"status":{"startup_time":"2026-11-22T10:00:00.000+0000"}}`)
	case path == "/asterisk/ping":
		answer(`{"ping":"pong","timestamp":"2026-11-22T12:00:00.000+0000"}`)
	case path == "/applications/pult":
		answer(`{"name":"pult","channel_ids":[]}`)
	case path == "/channels" && r.Method == http.MethodGet:
		answer(channels)
	case path == "/bridges" && r.Method == http.MethodGet:
		answer(bridges)
	case path == "/endpoints/PJSIP":
		answer(`[]`)
	case strings.HasPrefix(path, "/endpoints/PJSIP/"):
		name, known := strings.TrimPrefix(path, "/endpoints/PJSIP/"), false
		f.set(func() { known = f.accounts[name] })
		if known {
			answer(fmt.Sprintf(`{"technology":"PJSIP","resource":%q,"state":"offline","channel_ids":[]}`, name))
			return
		}
		w.WriteHeader(http.StatusNotFound)
	case strings.HasSuffix(path, "/variable") && r.Method == http.MethodGet:
		w.WriteHeader(http.StatusNotFound)
		answer(`{"message":"Provided variable was not found"}`)
	case r.Method == http.MethodPost && path == "/channels", r.Method == http.MethodPut:
		answer(`{}`)
	default:
		w.WriteHeader(http.StatusNoContent)
	}
}

func (f *fakeARI) events(w http.ResponseWriter, r *http.Request) {
	conn, err := websocket.Accept(w, r, nil)
	if err != nil {
		return
	}
	f.mu.Lock()
	f.conns = append(f.conns, conn)
	deaf := f.deaf
	f.mu.Unlock()
	if deaf {
		<-f.done
		return
	}
	for {
		if _, _, err := conn.Read(r.Context()); err != nil {
			return
		}
	}
}

// set changes the server while nobody looks.
func (f *fakeARI) set(change func()) {
	f.mu.Lock()
	defer f.mu.Unlock()
	change()
}

// send sends a frame to the newest WebSocket.
func (f *fakeARI) send(frames ...string) {
	f.t.Helper()
	conn := f.newest()
	for _, text := range frames {
		if err := conn.Write(context.Background(), websocket.MessageText, []byte(text)); err != nil {
			f.t.Errorf("sending an event: %v", err)
			return
		}
	}
}

// newest returns the newest WebSocket. The client may know that it is open a moment before we do.
func (f *fakeARI) newest() (conn *websocket.Conn) {
	f.t.Helper()
	eventually(f.t, "a WebSocket", func() bool {
		f.mu.Lock()
		defer f.mu.Unlock()
		if len(f.conns) > 0 {
			conn = f.conns[len(f.conns)-1]
		}
		return conn != nil
	})
	return conn
}

// cut closes all WebSockets without a word.
func (f *fakeARI) cut() {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, c := range f.conns {
		_ = c.CloseNow()
	}
}

// asked returns the REST requests that begin so.
func (f *fakeARI) asked(prefix string) (out []string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, r := range f.requests {
		if strings.HasPrefix(r, prefix) {
			out = append(out, r)
		}
	}
	return out
}

// on answers requests that begin so by a status, and nothing else differently.
func on(prefix string, status int, message string) func(http.ResponseWriter, *http.Request) bool {
	return func(w http.ResponseWriter, r *http.Request) bool {
		if !strings.HasPrefix(r.Method+" "+strings.TrimPrefix(r.URL.Path, "/ari"), prefix) {
			return false
		}
		w.WriteHeader(status)
		_ = json.NewEncoder(w).Encode(map[string]string{"message": message})
		return true
	}
}

// hang answers nothing until the client gives up.
func (f *fakeARI) hang(r *http.Request) {
	select {
	case <-r.Context().Done():
	case <-f.done:
	}
}

// hangUp drops the TCP connection of a request in the middle.
func hangUp(w http.ResponseWriter) {
	conn, _, err := w.(http.Hijacker).Hijack()
	if err == nil {
		conn.Close()
	}
}

// told is a running driver and what it told.
type told struct {
	*Driver
	stop func()

	mu     sync.Mutex
	events []telephony.Event
	slow   func(telephony.Event) // called by the sink, without the lock
}

// drive runs a driver against the server.
func (f *fakeARI) drive(t testing.TB, tune func(*Driver)) *told {
	t.Helper()
	d, err := New(Options{URL: f.srv.URL + "/ari", User: "pult", Password: "secret-password", Logger: quietLogger()})
	if err != nil {
		t.Fatal(err)
	}
	quick(d)
	if tune != nil {
		tune(d)
	}
	return drive(t, d)
}

func drive(t testing.TB, d *Driver) *told {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	x := &told{Driver: d}
	go func() { done <- d.Run(ctx, x.sink) }()
	x.stop = sync.OnceFunc(func() {
		cancel()
		select {
		case err := <-done:
			if !errors.Is(err, context.Canceled) {
				t.Errorf("Run returned %v", err)
			}
		case <-time.After(10 * time.Second):
			t.Error("Run did not return")
		}
	})
	t.Cleanup(x.stop)
	return x
}

func (x *told) sink(e telephony.Event) {
	x.mu.Lock()
	x.events = append(x.events, e)
	slow := x.slow
	x.mu.Unlock()
	if slow != nil {
		slow(e)
	}
}

// all returns what was told so far.
func (x *told) all() []telephony.Event {
	x.mu.Lock()
	defer x.mu.Unlock()
	return slices.Clone(x.events)
}

// lines returns what was told so far, one word or two each.
func (x *told) lines() (out []string) {
	for _, e := range x.all() {
		out = append(out, line(e))
	}
	return out
}

// await waits until what was told has so many events.
func (x *told) await(t testing.TB, n int) []telephony.Event {
	t.Helper()
	eventually(t, fmt.Sprintf("%d events", n), func() bool { return len(x.all()) >= n })
	return x.all()
}

// line describes an event shortly.
func line(e telephony.Event) string {
	switch v := e.(type) {
	case telephony.LinkUp:
		ids := make([]string, 0, len(v.Legs))
		for _, l := range v.Legs {
			ids = append(ids, string(l.ID))
		}
		return "up " + strings.Join(ids, ",")
	case telephony.LinkDown:
		if v.Replaced {
			return "replaced"
		}
		return "down"
	case telephony.LegStarted:
		return fmt.Sprintf("started %s %s", v.Leg.ID, strings.Join(v.Args, ","))
	case telephony.LegRang:
		return fmt.Sprintf("rang %s", v.Leg)
	case telephony.LegAnswered:
		return fmt.Sprintf("answered %s", v.Leg)
	case telephony.LegJoined:
		return fmt.Sprintf("joined %s %s", v.Leg, v.Bridge)
	case telephony.LegParked:
		return fmt.Sprintf("parked %s", v.Leg)
	case telephony.LegLeft:
		return fmt.Sprintf("left %s %s", v.Leg, v.Bridge)
	case telephony.LegDigit:
		return fmt.Sprintf("digit %s %s", v.Leg, v.Digit)
	case telephony.LegEnded:
		return fmt.Sprintf("ended %s %d/%d by us %v", v.Leg, v.Cause.Q850, v.Cause.SIP, v.ByUs)
	case telephony.EndpointChanged:
		return fmt.Sprintf("endpoint %s %v", v.Endpoint.Name, v.Endpoint.Online)
	}
	return fmt.Sprintf("%T", e)
}

// Events as Asterisk writes them.

func evt(kind, rest string) string {
	return fmt.Sprintf(`{"type":%q,"timestamp":"2026-11-22T12:00:00.500+0000",%s,"asterisk_id":"02:00:00:00:00:01","application":"pult"}`, kind, rest)
}

func chanJSON(id, state string) string {
	return fmt.Sprintf(`{"id":%q,"name":"PJSIP/carrier-00000001","state":%q,"protocol_id":"x","caller":{"name":"Ivan","number":"7916"},`+
		`"connected":{"name":"","number":""},"accountcode":"","dialplan":{"context":"pult-inbound","exten":"support","priority":2,`+
		`"app_name":"Stasis","app_data":"pult,queue,support"},"creationtime":"2026-11-22T12:00:00.000+0000","language":"en"}`, id, state)
}

func stasisStart(id string) string {
	return evt("StasisStart", `"args":["queue","support"],"channel":`+chanJSON(id, "Ring"))
}

func stasisEnd(id string) string { return evt("StasisEnd", `"channel":`+chanJSON(id, "Up")) }

func bridgeEvt(kind, bridge, bridgeType, id string) string {
	return evt(kind, fmt.Sprintf(`"bridge":{"id":%q,"technology":"simple_bridge","bridge_type":%q,"bridge_class":"stasis","creator":"Stasis","name":"pult","channels":[%q],`+
		`"creationtime":"2026-11-22T12:00:00.000+0000","video_mode":"talker"},"channel":`, bridge, bridgeType, id)+chanJSON(id, "Up"))
}
