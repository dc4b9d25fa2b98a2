package transport

import (
	"context"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/99designs/gqlgen/graphql"
	"github.com/coder/websocket"

	"github.com/pult-cc/pult/internal/errs"
)

// subprotocol is the one of github.com/enisdenjo/graphql-ws, PROTOCOL.md.
const subprotocol = "graphql-transport-ws"

// Close codes. Those from 4400 to 4429 are of the protocol; the reference client takes 4400, 4401, 4406, 4409 and 4429 as final and
// comes back after the others.
const (
	closeRestart      websocket.StatusCode = websocket.StatusServiceRestart // drain, or the session's rights have changed
	closeTryLater     websocket.StatusCode = websocket.StatusTryAgainLater
	closeBadMessage   websocket.StatusCode = 4400
	closeUnauthorized websocket.StatusCode = 4401 // an operation before the connection was acknowledged
	closeForbidden    websocket.StatusCode = 4403 // nobody is signed in, or no longer
	closeSubprotocol  websocket.StatusCode = 4406
	closeInitTimeout  websocket.StatusCode = 4408
	closeDuplicateID  websocket.StatusCode = 4409
	closeTooManyInits websocket.StatusCode = 4429
	closeSlow         websocket.StatusCode = 4503 // the browser does not read
)

// Session ties a connection to who opened it.
type Session struct {
	// Key names the session; connections of one are counted.
	Key string
	// Context returns a context in which the session's person asks.
	Context func(context.Context) context.Context
	// Ended is closed when the session has ended or its rights have changed; Valid tells which. Release is called when the connection
	// is gone.
	Ended   <-chan struct{}
	Valid   func(context.Context) bool
	Release func()
}

// SocketLimits bound one connection. All are required.
type SocketLimits struct {
	MessageBytes     int64         // of one message from the browser
	Operations       int           // at a time
	Mailbox          int           // messages waiting to be written
	MailboxBytes     int           // and their size
	PerSession       int           // connections of one session
	InitTimeout      time.Duration // until connection_init
	OperationTimeout time.Duration // of a query or mutation
	WriteTimeout     time.Duration // of one message
	Patience         time.Duration // how long a message may wait for the browser to read: to be put or to be written
	PingEvery        time.Duration // how often the browser is asked whether it is there
	DeadAfter        time.Duration // without a message from it
}

// Socket is the graphql.Transport of WebSockets: graphql-transport-ws, for queries, mutations and subscriptions. Each connection has a
// reader, a bounded mailbox of what is to be written, and a goroutine an operation. Its methods may be called concurrently.
type Socket struct {
	open   func(*http.Request) (Session, error)
	limits SocketLimits

	mu       sync.Mutex
	conns    map[*conn]struct{}
	sessions map[string]int
	draining bool
	gone     sync.WaitGroup
}

var _ graphql.Transport = (*Socket)(nil)

// NewSocket makes the transport. open tells who opens a connection; errs.Unauthenticated closes it with 4403, any other error with 1013
// (try again later). Origins are checked before.
func NewSocket(open func(*http.Request) (Session, error), l SocketLimits) *Socket {
	return &Socket{open: open, limits: l, conns: map[*conn]struct{}{}, sessions: map[string]int{}}
}

// IsUpgrade tells whether the request asks for a WebSocket.
func IsUpgrade(r *http.Request) bool { return strings.EqualFold(r.Header.Get("Upgrade"), "websocket") }

// Supports implements graphql.Transport.
func (s *Socket) Supports(r *http.Request) bool { return IsUpgrade(r) }

// Do implements graphql.Transport. It returns when the connection is gone.
func (s *Socket) Do(w http.ResponseWriter, r *http.Request, exec graphql.GraphExecutor) {
	ws, err := websocket.Accept(w, r, &websocket.AcceptOptions{
		Subprotocols: []string{subprotocol}, InsecureSkipVerify: true, // package graph has checked the origin
		CompressionMode: websocket.CompressionDisabled, // messages are small, and state for each connection is not
	})
	if err != nil {
		return // Accept has answered
	}
	if ws.Subprotocol() != subprotocol {
		_ = ws.Close(closeSubprotocol, "Subprotocol not acceptable")
		return
	}
	ws.SetReadLimit(s.limits.MessageBytes)
	sess, err := s.open(r)
	if errs.Is(err, errs.Unauthenticated) {
		_ = ws.Close(closeForbidden, "Forbidden")
		return
	}
	if err != nil {
		_ = ws.Close(closeTryLater, "Try again later")
		return
	}
	defer sess.Release()
	// A connection outlives what its handshake's context may be bound by; it ends by its own rules.
	ctx := context.WithoutCancel(r.Context())
	c := newConn(ctx, ws, exec, sess, s.limits, r.Header)
	defer c.stop()
	if code, reason := s.enter(c); code != 0 {
		_ = ws.Close(code, reason)
		return
	}
	defer s.leave(c)
	c.serve(ctx)
}

func (s *Socket) enter(c *conn) (code websocket.StatusCode, reason string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case s.draining:
		return closeRestart, "Service restart"
	case s.sessions[c.session.Key] >= s.limits.PerSession:
		return closeTryLater, "Too many connections"
	}
	s.conns[c] = struct{}{}
	s.sessions[c.session.Key]++
	s.gone.Add(1)
	return 0, ""
}

func (s *Socket) leave(c *conn) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.conns, c)
	if s.sessions[c.session.Key]--; s.sessions[c.session.Key] == 0 {
		delete(s.sessions, c.session.Key)
	}
	s.gone.Done()
}

// Connections returns how many there are.
func (s *Socket) Connections() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.conns)
}

// Drain refuses new connections, asks all browsers to come back (1012), and waits until they are gone or ctx ends.
func (s *Socket) Drain(ctx context.Context) {
	s.mu.Lock()
	s.draining = true
	for c := range s.conns {
		c.close(closeRestart, "Service restart")
	}
	s.mu.Unlock()
	gone := make(chan struct{})
	go func() {
		s.gone.Wait()
		close(gone)
	}()
	select {
	case <-gone:
	case <-ctx.Done():
	}
}
