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
	"github.com/pult-cc/pult/internal/interactions"
	"github.com/pult-cc/pult/telephony/calls"
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

const feed = `subscription { callFeed(scope: MINE) { __typename ... on CallChanged { cursor call { id version state } } ... on CallRemoved { id } ... on Synced { cursor at } } }`

func feedOf(scope, fields string) string {
	return `subscription { callFeed(scope: ` + scope + `) { __typename ... on CallChanged { call { ` + fields + ` } } ... on CallRemoved { id } ... on Synced { at } } }`
}

// item tells a feed item in short: "x3" for call x in version 3, "-x", "synced".
func (c *wsClient) item(id string) string {
	c.t.Helper()
	i := at(c.next(id), "callFeed")
	switch at(i, "__typename") {
	case "CallChanged":
		return fmt.Sprintf("%v%v", at(i, "call", "id"), at(i, "call", "version"))
	case "CallRemoved":
		return fmt.Sprintf("-%v", at(i, "id"))
	}
	return "synced"
}

func (c *wsClient) items(id string, want ...string) {
	c.t.Helper()
	for _, w := range want {
		if got := c.item(id); got != w {
			c.t.Fatalf("the feed sends %s, want %s", got, w)
		}
	}
}

func version(c calls.Call, v uint64) calls.Call {
	c.Version = v
	return c
}

func TestCallFeed(t *testing.T) {
	s := newStand(t)
	s.board.putCall(talking("a", "anna", "q1"))
	s.board.putCall(talking("b", "boris", "q1"))
	c := s.open("anna")
	c.subscribe("1", feed)
	c.items("1", "a3", "synced")

	s.board.putCall(version(talking("a", "anna", "q1"), 4))
	c.items("1", "a4")
	s.board.putCall(version(talking("b", "boris", "q1"), 4)) // not hers
	s.board.putCall(version(talking("b", "anna", "q1"), 5))  // now hers
	c.items("1", "b5")
	s.board.putCall(version(talking("b", "boris", "q1"), 6)) // and no longer
	c.items("1", "-b")

	ended := version(talking("a", "anna", "q1"), 7)
	ended.State = calls.StateEnded
	s.board.putCall(ended)
	c.items("1", "a7", "-a")
	s.board.putCall(version(ended, 8)) // nobody knew it any more
	fresh := ended
	fresh.ID = "brief" // came and went between two looks
	s.board.putCall(fresh)
	s.board.putCall(talking("c", "anna", "q1"))
	c.items("1", "c3")

	c.send(`{"type":"complete","id":"1"}`)
	eventually(t, func() bool { return s.board.following() == 0 })
}

func TestCallFeedAfterAGapSendsThePictureAgain(t *testing.T) {
	s := newStand(t)
	s.board.putCall(talking("a", "anna", "q1"))
	s.board.putCall(talking("b", "anna", "q1"))
	c := s.open("anna")
	c.subscribe("1", feed)
	c.items("1", "a3", "b3", "synced")
	s.board.reset(version(talking("b", "anna", "q1"), 9), talking("c", "anna", "q1"), talking("d", "vera", "q2"))
	c.items("1", "-a", "b9", "c3", "synced")
	s.board.putCall(version(talking("c", "anna", "q1"), 4))
	c.items("1", "c4")
}

func TestCallFeedScopes(t *testing.T) {
	s := newStand(t)
	s.board.putCall(talking("a", "anna", "q1"))
	s.board.putCall(talking("b", "boris", "q1"))
	s.board.putCall(talking("d", "vera", "q2"))
	for _, tc := range []struct {
		who, scope string
		want       []string
	}{
		{"anna", "MINE", []string{"a3"}},
		{"anna", "QUEUES", []string{"a3", "b3"}},
		{"vera", "QUEUES", []string{"d3"}},
		{"sonya", "MINE", nil},
		{"sonya", "ALL", []string{"a3", "b3", "d3"}},
		{"adam", "ALL", []string{"a3", "b3", "d3"}},
	} {
		c := s.open(tc.who)
		c.subscribe("1", strings.Replace(feed, "MINE", tc.scope, 1))
		c.items("1", append(tc.want, "synced")...)
	}
	c := s.open("anna")
	c.subscribe("1", strings.Replace(feed, "MINE", "ALL", 1))
	if f := c.read(); f.Type != "error" || !strings.Contains(string(f.Payload), "FORBIDDEN") {
		t.Errorf("an operator follows all calls: %+v %s", f, f.Payload)
	}
	c.subscribe("2", feed) // an error is not followed by complete, and the connection lives on
	c.items("2", "a3", "synced")
}

func TestCallFeedTakesACursor(t *testing.T) {
	s := newStand(t)
	s.board.putCall(talking("a", "anna", "q1"))
	c := s.open("anna")
	c.subscribe("1", feed)
	first := at(c.next("1"), "callFeed", "cursor")
	synced := at(c.next("1"), "callFeed", "cursor")
	if first == nil || synced == nil || first == synced {
		t.Fatalf("cursors are %v and %v", first, synced)
	}
	for i, since := range []any{first, synced, "nonsense"} {
		id := fmt.Sprint("again", i)
		c.subscribe(id, strings.Replace(feed, "scope: MINE", fmt.Sprintf("scope: MINE, since: %q", since), 1))
		c.items(id, "a3", "synced")
	}
}

func TestFeedReadsNotesOnceAndOutlivesTheDatabase(t *testing.T) {
	s := newStand(t)
	for _, id := range []calls.ID{"a", "b"} {
		s.board.putCall(talking(id, "anna", "q1"))
		s.history.put(interactions.Interaction{ID: string(id), Notes: interactions.Notes{Comment: "note of " + string(id)}})
	}
	c := s.open("anna")
	c.subscribe("1", feedOf("MINE", "id interaction { comment }"))
	for _, id := range []string{"a", "b"} {
		if got := dig(c.next("1"), "callFeed.call.interaction.comment"); got != "note of "+id {
			t.Fatalf("the comment is %v", got)
		}
	}
	c.next("1")
	if n := s.history.count(); n != 1 {
		t.Errorf("two calls took %d statements", n)
	}
	s.history.breakWith(errs.E(errs.Unavailable, "reading", "the database is away"))
	s.board.putCall(version(talking("a", "anna", "q1"), 4))
	if got := dig(c.next("1"), "callFeed.call.interaction.comment"); got != "note of a" {
		t.Errorf("with the database away the comment is %v", got)
	}
}

func TestQueueAndOperatorFeeds(t *testing.T) {
	s := newStand(t)
	c := s.open("anna")
	c.subscribe("q", `subscription { queueFeed(ids: ["q2"]) { __typename ... on QueueChanged { queue { id waiting } cursor } } }`)
	if d := c.next("q"); dig(d, "queueFeed.queue.id") != "q2" {
		t.Fatalf("the queue is %v", d)
	}
	if d := c.next("q"); dig(d, "queueFeed.__typename") != "Synced" {
		t.Fatalf("synced is %v", d)
	}
	q1, _ := s.board.Queue("q1")
	q2, _ := s.board.Queue("q2")
	q1.Waiting, q2.Waiting = 5, 7
	s.board.put(calls.Change{Queue: &q1}, calls.Change{Queue: &q2})
	if d := c.next("q"); dig(d, "queueFeed.queue.waiting") != 7.0 {
		t.Fatalf("the change is %v", d)
	}
	s.board.reset()
	if d := c.next("q"); dig(d, "queueFeed.queue.waiting") != 7.0 {
		t.Fatalf("after a gap: %v", d)
	}
	c.next("q")

	c.subscribe("o", `subscription { operatorFeed { __typename ... on OperatorChanged { operator { id presence pauseReason { name } queues { id } } } } }`)
	for _, id := range []string{"adam", "anna", "boris", "sonya", "vera"} {
		if d := c.next("o"); dig(d, "operatorFeed.operator.id") != id {
			t.Fatalf("the operator is %v, want %s", d, id)
		}
	}
	c.next("o")
	o, _ := s.board.Operator("vera")
	o.Presence, o.PauseReason = calls.PresencePaused, "unlisted"
	s.board.put(calls.Change{Operator: &o})
	if d := c.next("o"); dig(d, "operatorFeed.operator.presence") != "PAUSED" || dig(d, "operatorFeed.operator.pauseReason.name") != "unlisted" {
		t.Fatalf("the change is %v", d)
	}
}

func TestNoticesAreForWhomTheyConcern(t *testing.T) {
	s := newStand(t)
	c := s.open("anna")
	c.subscribe("n", `subscription { notices { id kind callId phoneClientId text } }`)
	eventually(t, func() bool { return s.board.following() == 1 })
	s.board.put(calls.Change{Notice: &calls.Notice{ID: "1", Kind: calls.NoticePhoneLost, OperatorID: "boris"}},
		calls.Change{Notice: &calls.Notice{ID: "2", Kind: calls.NoticePhoneTakenOver, OperatorID: "anna", PhoneClientID: "w2"}})
	if d := c.next("n"); dig(d, "notices.id") != "2" || dig(d, "notices.phoneClientId") != "w2" || dig(d, "notices.callId") != nil {
		t.Errorf("the notice is %v", d)
	}
	s.board.put(calls.Change{Notice: &calls.Notice{ID: "3", Kind: calls.NoticePBXDown}})
	if d := c.next("n"); dig(d, "notices.kind") != "PBX_DOWN" {
		t.Errorf("the notice is %v", d)
	}
}

func TestInteractionFeed(t *testing.T) {
	s := newStand(t)
	c := s.open("anna")
	c.subscribe("i", `subscription { interactionFeed(customerId: "c1") { id comment } }`)
	send := func(in interactions.Interaction) {
		select {
		case s.history.changes <- in:
		case <-time.After(5 * time.Second):
			t.Fatal("nobody follows")
		}
	}
	send(interactions.Interaction{ID: "secret", OperatorID: "vera", QueueID: "q2", CustomerID: "c1"})
	send(interactions.Interaction{ID: "h", OperatorID: "boris", QueueID: "q1", CustomerID: "c1", Notes: interactions.Notes{Comment: "c"}})
	if d := c.next("i"); dig(d, "interactionFeed.id") != "h" || dig(d, "interactionFeed.comment") != "c" {
		t.Errorf("the interaction is %v", d)
	}
	close(s.history.changes) // the bus is gone: the client must hear that its feed is dead
	if f := c.read(); f.Type != "error" || f.ID != "i" || !strings.Contains(string(f.Payload), "UNAVAILABLE") {
		t.Errorf("the end is %s %s", f.Type, f.Payload)
	}
}

func TestAFeedThatBreaksSaysSo(t *testing.T) {
	s := newStand(t)
	c := s.open("anna")
	c.subscribe("1", feed)
	c.items("1", "synced")
	s.board.mu.Lock()
	for f := range s.board.followers {
		f.mu.Lock()
		f.broken = errs.E(errs.Unavailable, "watching", "closed")
		f.mu.Unlock()
		f.push()
	}
	s.board.mu.Unlock()
	if f := c.read(); f.Type != "error" || !strings.Contains(string(f.Payload), "UNAVAILABLE") {
		t.Errorf("a broken feed: %s %s", f.Type, f.Payload)
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
	if n := s.handler.Connections(); n != 0 || s.board.following() != 0 {
		t.Errorf("%d connections and %d followers are left", n, s.board.following())
	}
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
