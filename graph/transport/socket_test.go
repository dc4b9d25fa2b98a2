package transport

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/99designs/gqlgen/graphql"
	"github.com/coder/websocket"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"github.com/pult-cc/pult/internal/errs"
)

// stub executes what the query names.
type stub struct {
	running chan struct{} // receives one token for every subscription that has begun
	ended   chan error    // and why it ended
}

func (s *stub) CreateOperationContext(_ context.Context, p *graphql.RawParams) (*graphql.OperationContext, gqlerror.List) {
	oc := &graphql.OperationContext{RawQuery: p.Query, Operation: &ast.OperationDefinition{Operation: ast.Query}}
	switch p.Query {
	case "invalid":
		return oc, gqlerror.List{gqlerror.Errorf("no such field")}
	case "wait", "flood", "fail", "refuse":
		oc.Operation.Operation = ast.Subscription
	case "panic":
		panic("a defect")
	}
	return oc, nil
}

func (s *stub) DispatchOperation(ctx context.Context, oc *graphql.OperationContext) (graphql.ResponseHandler, context.Context) {
	switch oc.RawQuery {
	case "wait":
		s.running <- struct{}{}
		return func(ctx context.Context) *graphql.Response {
			<-ctx.Done()
			s.ended <- ctx.Err()
			return nil
		}, ctx
	case "slow":
		return func(ctx context.Context) *graphql.Response {
			<-ctx.Done()
			return nil
		}, ctx
	case "flood":
		data := json.RawMessage(`"` + strings.Repeat("x", 64<<10) + `"`)
		context.AfterFunc(ctx, func() { s.ended <- ctx.Err() }) // as what feeds a subscription hears of it
		return func(ctx context.Context) *graphql.Response {
			if ctx.Err() != nil {
				return nil
			}
			return &graphql.Response{Data: data}
		}, ctx
	case "fail":
		Fail(ctx, errs.E(errs.Unavailable, "following", "interrupted"))
		Fail(ctx, errors.New("a later reason"))
		return func(context.Context) *graphql.Response { return nil }, ctx
	case "refuse":
		return graphql.OneShot(&graphql.Response{Errors: gqlerror.List{gqlerror.Errorf("refused")}}), ctx
	}
	return graphql.OneShot(&graphql.Response{Data: json.RawMessage(`{"a":1}`)}), ctx
}

func (s *stub) DispatchError(_ context.Context, list gqlerror.List) *graphql.Response {
	for _, e := range list {
		if u := e.Unwrap(); u != nil {
			e.Extensions = map[string]any{"code": errs.KindOf(u).String()}
		}
	}
	return &graphql.Response{Errors: list}
}

func limits() SocketLimits {
	return SocketLimits{
		MessageBytes: 4 << 10, Operations: 3, Mailbox: 8, MailboxBytes: 1 << 20, PerSession: 4, InitTimeout: 5 * time.Second,
		OperationTimeout: 5 * time.Second, WriteTimeout: 5 * time.Second, Patience: 5 * time.Second, PingEvery: time.Minute, DeadAfter: time.Hour,
	}
}

type stand struct {
	t      *testing.T
	stub   *stub
	socket *Socket
	url    string
}

func newStand(t *testing.T, change ...func(*SocketLimits)) *stand {
	t.Helper()
	l := limits()
	for _, c := range change {
		c(&l)
	}
	s := &stand{t: t, stub: &stub{running: make(chan struct{}, 16), ended: make(chan error, 16)}}
	s.socket = NewSocket(func(*http.Request) (Session, error) {
		return Session{
			Key: "one", Context: func(ctx context.Context) context.Context { return ctx }, Ended: make(chan struct{}),
			Valid: func(context.Context) bool { return true }, Release: func() {},
		}, nil
	}, l)
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { s.socket.Do(w, r, s.stub) }))
	s.url = srv.URL
	t.Cleanup(srv.Close)
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(t.Context()), 10*time.Second)
		defer cancel()
		s.socket.Drain(ctx)
		if n := s.socket.Connections(); n != 0 {
			t.Errorf("%d connections are left", n)
		}
	})
	return s
}

func (s *stand) dial() *websocket.Conn {
	s.t.Helper()
	ws, _, err := websocket.Dial(s.t.Context(), s.url, &websocket.DialOptions{Subprotocols: []string{subprotocol}}) //nolint:bodyclose // of a handshake
	if err != nil {
		s.t.Fatal(err)
	}
	ws.SetReadLimit(1 << 20)
	s.t.Cleanup(func() { _ = ws.CloseNow() })
	return ws
}

// open dials and sends messages; "BINARY" before one sends it so.
func (s *stand) open(messages ...string) *websocket.Conn {
	s.t.Helper()
	ws := s.dial()
	for _, m := range messages {
		write(s.t, ws, m)
	}
	return ws
}

func write(t *testing.T, ws *websocket.Conn, m string) {
	t.Helper()
	kind := websocket.MessageText
	if rest, binary := strings.CutPrefix(m, "BINARY"); binary {
		kind, m = websocket.MessageBinary, rest
	}
	if err := ws.Write(t.Context(), kind, []byte(m)); err != nil {
		t.Fatal(err)
	}
}

func read(t *testing.T, ws *websocket.Conn) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	_, b, err := ws.Read(ctx)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func closeCode(t *testing.T, ws *websocket.Conn) websocket.StatusCode {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	for {
		if _, _, err := ws.Read(ctx); err != nil {
			return websocket.CloseStatus(err)
		}
	}
}

const (
	initMessage = `{"type":"connection_init"}`
	ack         = `{"type":"connection_ack"}`
)

func subscribe(id, query string) string {
	return fmt.Sprintf(`{"type":"subscribe","id":%q,"payload":{"query":%q}}`, id, query)
}

// The probes of the protocol: github.com/enisdenjo/graphql-ws, PROTOCOL.md.
func TestCloseCodes(t *testing.T) {
	for name, tc := range map[string]struct {
		messages []string
		code     websocket.StatusCode
	}{
		"second init":           {[]string{initMessage, initMessage}, 4429},
		"operation before ack":  {[]string{subscribe("1", "once")}, 4401},
		"duplicate id":          {[]string{initMessage, subscribe("1", "wait"), subscribe("1", "once")}, 4409},
		"no JSON":               {[]string{initMessage, `{`}, 4400},
		"no object":             {[]string{initMessage, `[]`}, 4400},
		"unknown type":          {[]string{initMessage, `{"type":"start","id":"1","payload":{"query":"once"}}`}, 4400},
		"no type":               {[]string{initMessage, `{}`}, 4400},
		"server's message":      {[]string{initMessage, `{"type":"connection_ack"}`}, 4400},
		"binary":                {[]string{initMessage, "BINARY" + `{"type":"ping"}`}, 4400},
		"no id":                 {[]string{initMessage, `{"type":"subscribe","payload":{"query":"once"}}`}, 4400},
		"empty id":              {[]string{initMessage, `{"type":"subscribe","id":"","payload":{"query":"once"}}`}, 4400},
		"id a number":           {[]string{initMessage, `{"type":"subscribe","id":1,"payload":{"query":"once"}}`}, 4400},
		"endless id":            {[]string{initMessage, subscribe(strings.Repeat("x", 300), "once")}, 4400},
		"no payload":            {[]string{initMessage, `{"type":"subscribe","id":"1"}`}, 4400},
		"no query":              {[]string{initMessage, `{"type":"subscribe","id":"1","payload":{}}`}, 4400},
		"query a number":        {[]string{initMessage, `{"type":"subscribe","id":"1","payload":{"query":7}}`}, 4400},
		"variables a string":    {[]string{initMessage, `{"type":"subscribe","id":"1","payload":{"query":"once","variables":"x"}}`}, 4400},
		"init payload a string": {[]string{`{"type":"connection_init","payload":"x"}`}, 4400},
		"complete without id":   {[]string{initMessage, `{"type":"complete"}`}, 4400},
		"message too large":     {[]string{initMessage, `{"type":"ping","payload":{"x":"` + strings.Repeat("x", 8<<10) + `"}}`}, websocket.StatusMessageTooBig},
	} {
		t.Run(name, func(t *testing.T) {
			if code := closeCode(t, newStand(t).open(tc.messages...)); code != tc.code {
				t.Errorf("closed with %d, want %d", code, tc.code)
			}
		})
	}
}

func TestInitInTime(t *testing.T) {
	s := newStand(t, func(l *SocketLimits) { l.InitTimeout = 50 * time.Millisecond })
	if code := closeCode(t, s.open()); code != 4408 {
		t.Errorf("closed with %d, want 4408", code)
	}
	if code := closeCode(t, s.open(`{"type":"ping"}`)); code != 4408 { // a ping is no init
		t.Errorf("closed with %d, want 4408", code)
	}
	ws := s.open(initMessage)
	if m := read(t, ws); m != ack {
		t.Fatalf("the answer is %s", m)
	}
	write(t, ws, subscribe("1", "wait"))
	<-s.stub.running
}

func TestOperations(t *testing.T) {
	s := newStand(t)
	ws := s.open(`{"type":"connection_init","payload":{"any":"thing"}}`, `{"type":"pong"}`, `{"type":"complete","id":"unknown"}`,
		`{"type":"ping","payload":{"x":1}}`, subscribe("1", "once"))
	for _, want := range []string{ack, `{"type":"pong"}`, `{"id":"1","type":"next","payload":{"data":{"a":1}}}`, `{"id":"1","type":"complete"}`} {
		if m := read(t, ws); m != want {
			t.Fatalf("the server sends %s, want %s", m, want)
		}
	}
	for query, want := range map[string]string{
		"invalid": `{"id":"\"<2>","type":"error","payload":[{"message":"no such field"}]}`,
		"refuse":  `{"id":"\"<2>","type":"error","payload":[{"message":"refused"}]}`,
		"fail":    `{"id":"\"<2>","type":"error","payload":[{"message":"following: interrupted","extensions":{"code":"UNAVAILABLE"}}]}`,
	} {
		write(t, ws, subscribe(`"<2>`, query))
		if m := read(t, ws); !sameJSON(m, want) {
			t.Errorf("%s: %s, want %s", query, m, want)
		}
	}
	write(t, ws, subscribe("p", "panic"))
	if m := read(t, ws); !strings.Contains(m, `"code":"INTERNAL"`) || !strings.HasPrefix(m, `{"id":"p","type":"error"`) {
		t.Errorf("a panic: %s", m)
	}
	write(t, ws, `{"type":"ping"}`) // no error was followed by anything
	if m := read(t, ws); m != `{"type":"pong"}` {
		t.Errorf("after the errors: %s", m)
	}
}

func sameJSON(a, b string) bool {
	var x, y any
	return json.Unmarshal([]byte(a), &x) == nil && json.Unmarshal([]byte(b), &y) == nil && fmt.Sprint(x) == fmt.Sprint(y)
}

func TestSlowOperationTimesOut(t *testing.T) {
	s := newStand(t, func(l *SocketLimits) { l.OperationTimeout = 20 * time.Millisecond })
	ws := s.open(initMessage, subscribe("1", "slow"))
	read(t, ws)
	if m := read(t, ws); !strings.Contains(m, `"type":"error"`) || !strings.Contains(m, "TIMEOUT") {
		t.Errorf("a slow query: %s", m)
	}
}

func TestCompleteEndsTheOperationAndFreesItsID(t *testing.T) {
	s := newStand(t)
	ws := s.open(initMessage, subscribe("1", "wait"))
	read(t, ws)
	<-s.stub.running
	write(t, ws, `{"type":"complete","id":"1"}`)
	if err := <-s.stub.ended; !errors.Is(err, context.Canceled) {
		t.Errorf("it ended with %v", err)
	}
	write(t, ws, subscribe("1", "once"))
	if m := read(t, ws); !strings.Contains(m, `"next"`) {
		t.Errorf("the server sends %s", m)
	}
}

func TestOperationsAreBounded(t *testing.T) {
	s := newStand(t)
	ws := s.open(initMessage, subscribe("1", "wait"), subscribe("2", "wait"), subscribe("3", "wait"), subscribe("4", "once"))
	read(t, ws)
	if m := read(t, ws); !strings.Contains(m, "RATE_LIMITED") || !strings.HasPrefix(m, `{"id":"4","type":"error"`) {
		t.Errorf("the fourth: %s", m)
	}
	write(t, ws, `{"type":"complete","id":"2"}`)
	write(t, ws, subscribe("4", "once"))
	if m := read(t, ws); !strings.Contains(m, `"next"`) {
		t.Errorf("after one has ended: %s", m)
	}
}

func TestABrowserThatDoesNotReadIsLetGo(t *testing.T) {
	s := newStand(t, func(l *SocketLimits) { l.Patience = 100 * time.Millisecond })
	ws := s.open(initMessage, subscribe("1", "flood"))
	if err := <-s.stub.ended; !errors.Is(err, context.Canceled) { // the flood is stopped though the browser still does not read
		t.Errorf("it ended with %v", err)
	}
	if code := closeCode(t, ws); code != 4503 {
		t.Errorf("closed with %d, want 4503", code)
	}
}

func TestABrowserThatNeverReadsIsCut(t *testing.T) {
	s := newStand(t, func(l *SocketLimits) { l.Patience, l.WriteTimeout = 50*time.Millisecond, 200*time.Millisecond })
	s.open(initMessage, subscribe("1", "flood"))
	<-s.stub.ended
	gone(t, s.socket)
}

func TestABrowserThatReadsSlowlyLosesNothing(t *testing.T) {
	s := newStand(t)
	ws := s.open(initMessage, subscribe("1", "flood"))
	read(t, ws)
	for range 500 { // 32 MB through a mailbox of 1 MB
		if m := read(t, ws); !strings.HasPrefix(m, `{"id":"1","type":"next","payload":{"data":"xxx`) || len(m) < 64<<10 {
			t.Fatalf("the server sends %.100s", m)
		}
	}
}

func TestSilentBrowserIsCut(t *testing.T) {
	s := newStand(t, func(l *SocketLimits) { l.PingEvery, l.DeadAfter = 20*time.Millisecond, time.Second })
	ws := s.open(initMessage)
	read(t, ws)
	for range 75 { // it lives as long as it answers
		if m := read(t, ws); m != `{"type":"ping"}` {
			t.Fatalf("the server sends %s", m)
		}
		write(t, ws, `{"type":"pong"}`)
	}
	gone(t, s.socket)
}

func gone(t *testing.T, s *Socket) {
	t.Helper()
	deadline := time.NewTimer(10 * time.Second)
	defer deadline.Stop()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for s.Connections() > 0 {
		select {
		case <-deadline.C:
			t.Fatal("the connection lives on")
		case <-tick.C:
		}
	}
}

func FuzzParseMessage(f *testing.F) {
	f.Add([]byte(initMessage))
	f.Add([]byte(subscribe("1", "{ a }")))
	f.Add([]byte(`{"type":"subscribe","id":"1","payload":{"query":"x","variables":{"a":1e999},"extensions":null}}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		m, params, problem := parseMessage(data)
		if problem == "" && m.Type == typeSubscribe && (params == nil || params.Query == "" || m.ID == "") {
			t.Fatalf("%q gives %+v", data, m)
		}
		if len(problem) > 123 {
			t.Fatalf("the reason %q does not fit into a close frame", problem)
		}
	})
}
