package graph

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/coder/websocket"

	"github.com/pult-cc/pult/internal/auth"
	"github.com/pult-cc/pult/internal/errs"
)

// wsClient is a browser's WebSocket.
type wsClient struct {
	t  testing.TB
	ws *websocket.Conn
}

// frame is a message from the server.
type frame struct {
	ID      string          `json:"id"`
	Type    string          `json:"type"`
	Payload json.RawMessage `json:"payload"`
}

// connect opens a WebSocket as a person; change may alter the handshake.
func (s *stand) connect(login string, change ...func(http.Header)) *wsClient {
	s.t.Helper()
	h := http.Header{"Origin": {s.server.URL}}
	if token := s.as(login); token != "" {
		h.Set("Cookie", plainCookie+"="+token)
	}
	for _, c := range change {
		c(h)
	}
	ws, _, err := websocket.Dial(s.t.Context(), s.server.URL+"/graphql", &websocket.DialOptions{ //nolint:bodyclose // of a handshake
		HTTPHeader: h, Subprotocols: []string{"graphql-transport-ws"},
	})
	if err != nil {
		s.t.Fatal(err)
	}
	ws.SetReadLimit(1 << 20)
	s.t.Cleanup(func() { _ = ws.CloseNow() })
	return &wsClient{s.t, ws}
}

// open connects and initialises.
func (s *stand) open(login string) *wsClient {
	s.t.Helper()
	c := s.connect(login)
	c.send(`{"type":"connection_init"}`)
	if f := c.read(); f.Type != "connection_ack" {
		s.t.Fatalf("the server answers %+v", f)
	}
	return c
}

func (c *wsClient) send(text string) {
	c.t.Helper()
	if err := c.ws.Write(c.t.Context(), websocket.MessageText, []byte(text)); err != nil {
		c.t.Fatal(err)
	}
}

func (c *wsClient) subscribe(id, query string) {
	c.t.Helper()
	q, err := json.Marshal(query)
	if err != nil {
		c.t.Fatal(err)
	}
	c.send(fmt.Sprintf(`{"type":"subscribe","id":%q,"payload":{"query":%s}}`, id, q))
}

func (c *wsClient) read() frame {
	c.t.Helper()
	ctx, cancel := context.WithTimeout(c.t.Context(), 5*time.Second)
	defer cancel()
	_, b, err := c.ws.Read(ctx)
	if err != nil {
		c.t.Fatalf("reading: %v", err)
	}
	var f frame
	if err := json.Unmarshal(b, &f); err != nil {
		c.t.Fatalf("the server sent %s", b)
	}
	return f
}

// next reads a message of an operation and returns its data.
func (c *wsClient) next(id string) map[string]any {
	c.t.Helper()
	f := c.read()
	var p struct{ Data map[string]any }
	if err := json.Unmarshal(f.Payload, &p); err != nil || f.Type != "next" || f.ID != id || p.Data == nil {
		c.t.Fatalf("want next of %s, got %s %s %s", id, f.Type, f.ID, f.Payload)
	}
	return p.Data
}

// closed reads until the server closes and returns the code.
func (c *wsClient) closed() websocket.StatusCode {
	c.t.Helper()
	ctx, cancel := context.WithTimeout(c.t.Context(), 10*time.Second)
	defer cancel()
	for {
		if _, _, err := c.ws.Read(ctx); err != nil {
			return websocket.CloseStatus(err)
		}
	}
}

func TestQueriesAndMutationsOverTheSocket(t *testing.T) {
	s := newStand(t)
	s.board.putCall(talking("x", "anna", "q1"))
	c := s.open("anna")
	c.subscribe("q", `{ viewer { operator { id } } }`)
	if d := c.next("q"); dig(d, "viewer.operator.id") != "anna" {
		t.Errorf("viewer: %v", d)
	}
	if f := c.read(); f.Type != "complete" || f.ID != "q" {
		t.Errorf("a query ends with %+v", f)
	}
	c.subscribe("q", `mutation { hold(input: {callId: "x"}) { call { id } } }`) // the id is free again
	if d := c.next("q"); dig(d, "hold.call.id") != "x" {
		t.Errorf("hold: %v", d)
	}
	c.read()
	c.subscribe("m", `mutation { signIn(input: {login: "anna", password: "x"}) { viewer { now } } }`)
	if f := c.read(); f.Type != "next" || !strings.Contains(string(f.Payload), "over HTTP") {
		t.Errorf("signing in over the socket: %s %s", f.Type, f.Payload)
	}
	c.read()
	for name, query := range map[string]string{
		"parse": `{`, "validate": `{ vieuer }`, "tokens": "{ viewer { " + strings.Repeat("now ", 2000) + "} }", "introspect": `{ __schema { types { name } } }`,
		"two": `subscription { notices { id } queueFeed { __typename } }`,
	} {
		c.subscribe(name, query)
		if f := c.read(); f.Type != "error" || f.ID != name || f.Payload[0] != '[' {
			t.Errorf("%s: %s %s", name, f.Type, f.Payload)
		}
	}
	c.send(`{"type":"ping"}`) // nothing followed the errors
	if f := c.read(); f.Type != "pong" {
		t.Errorf("after the errors comes %+v", f)
	}
}

func TestHandshake(t *testing.T) {
	s := newStand(t)
	dial := func(change func(http.Header), protocols ...string) (*websocket.Conn, *http.Response, error) {
		h := http.Header{"Origin": {s.server.URL}, "Cookie": {plainCookie + "=" + s.as("anna")}}
		change(h)
		ws, resp, err := websocket.Dial(t.Context(), s.server.URL+"/graphql", &websocket.DialOptions{HTTPHeader: h, Subprotocols: protocols})
		if err == nil {
			t.Cleanup(func() { _ = ws.CloseNow() })
		}
		return ws, resp, err
	}
	for name, change := range map[string]func(http.Header){
		"foreign origin": func(h http.Header) { h.Set("Origin", "https://evil.example") },
		"null origin":    func(h http.Header) { h.Set("Origin", "null") },
		"no origin":      func(h http.Header) { h.Del("Origin") },
	} {
		if _, resp, err := dial(change, "graphql-transport-ws"); err == nil || resp == nil || resp.StatusCode != http.StatusForbidden { //nolint:bodyclose // of a handshake
			t.Errorf("%s: %v %v", name, resp, err)
		}
	}
	if ws, _, err := dial(func(h http.Header) { h.Set("Origin", "https://crm.example.com") }, "graphql-transport-ws"); err != nil { //nolint:bodyclose // of a handshake
		t.Errorf("a permitted origin: %v", err)
	} else if ws.Subprotocol() != "graphql-transport-ws" {
		t.Errorf("the subprotocol is %q", ws.Subprotocol())
	}
	for name, protocols := range map[string][]string{"none": nil, "the legacy one": {"graphql-ws"}} {
		ws, _, err := dial(func(http.Header) {}, protocols...) //nolint:bodyclose // of a handshake
		if err != nil {
			t.Fatal(err)
		}
		if code := (&wsClient{t, ws}).closed(); code != 4406 {
			t.Errorf("subprotocol %s: closed with %d, want 4406", name, code)
		}
	}
	if code := s.connect("").closed(); code != 4403 {
		t.Errorf("without a session: closed with %d, want 4403", code)
	}
	if code := s.connect("anna", func(h http.Header) { h.Set("Cookie", plainCookie+"="+strings.Repeat("x", 43)) }).closed(); code != 4403 {
		t.Errorf("with an invented session: closed with %d, want 4403", code)
	}
	s.as("boris")
	s.repo.Break(errs.E(errs.Unavailable, "asking", "database is down"))
	if code := s.connect("", func(h http.Header) { h.Set("Cookie", plainCookie+"="+strings.Repeat("x", 43)) }).closed(); code != 1013 {
		t.Errorf("with the database away: closed with %d, want 1013", code)
	}
}

func TestRevokedSessionClosesItsSockets(t *testing.T) {
	s := newStand(t)
	c := s.open("anna")
	c.subscribe("1", feed)
	c.items("1", "synced")
	s.must("anna", `mutation { signOut { ok } }`)
	if code := c.closed(); code != 4403 {
		t.Errorf("closed with %d, want 4403", code)
	}
	eventually(t, func() bool { return s.handler.Connections() == 0 && s.board.following() == 0 })
}

func TestChangedRightsMakeTheBrowserComeBack(t *testing.T) {
	s := newStand(t)
	c := s.open("anna")
	u := s.users["anna"]
	u.Role = auth.RoleSupervisor
	if err := s.auth.UpdateUser(t.Context(), u); err != nil {
		t.Fatal(err)
	}
	if code := c.closed(); code != websocket.StatusServiceRestart {
		t.Errorf("closed with %d, want 1012", code)
	}
	again := s.open("anna")
	again.subscribe("1", strings.Replace(feed, "MINE", "ALL", 1))
	again.items("1", "synced")
}

func TestDrain(t *testing.T) {
	s := newStand(t)
	c := s.open("anna")
	c.subscribe("1", feed)
	c.items("1", "synced")
	done := make(chan websocket.StatusCode, 1)
	go func() { done <- c.closed() }()
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
	defer cancel()
	s.handler.Drain(ctx)
	if code := <-done; code != websocket.StatusServiceRestart {
		t.Errorf("closed with %d, want 1012", code)
	}
	if n := s.handler.Connections(); n != 0 {
		t.Errorf("%d connections are left", n)
	}
	eventually(t, func() bool { return s.board.following() == 0 }) // a feed ends beside its connection
	if code := s.connect("anna").closed(); code != websocket.StatusServiceRestart {
		t.Errorf("a new connection is closed with %d, want 1012", code)
	}
}

func TestConnectionsOfASessionAreBounded(t *testing.T) {
	s := newStand(t, func(_ *Core, o *Options) { o.Limits.SocketsPerSession = 2 })
	s.open("anna")
	second := s.open("anna")
	if code := s.connect("anna").closed(); code != websocket.StatusTryAgainLater {
		t.Errorf("the third is closed with %d, want 1013", code)
	}
	s.open("boris")
	_ = second.ws.Close(websocket.StatusNormalClosure, "")
	eventually(t, func() bool { return s.handler.Connections() == 2 })
	s.open("anna")
}
