package ari

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"errors"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/coder/websocket"

	"github.com/pult-cc/pult/internal/errs"
)

// errSuperseded ends a link: Asterisk connected anew before we noticed that the old connection was dead.
var errSuperseded = errors.New("Asterisk connected anew")

// Door is where Asterisk connects to Pult: the far side of an outbound WebSocket, as Asterisk calls it (ari.conf, type =
// outbound_websocket). It is an HTTP handler that lives as long as the process. The Driver that has it in its Options takes the
// connections; while there is none, because another process owns the calls, or while the Driver gathers itself, Asterisk is
// answered 503, keeps its events and comes again. A new connection replaces the one before: Asterisk makes no second one while it
// believes in the first.
//
// A GET that asks for no WebSocket is answered 204 where Asterisk would be let in and 503 where not: a load balancer's check.
type Door struct {
	user, password [sha256.Size]byte
	log            *slog.Logger
	complained     atomic.Bool // somebody was refused since Asterisk was last let in: once per trouble, whoever knocks how often

	mu     sync.Mutex
	holder *Driver              // who takes connections; nil: nobody
	wait   chan *websocket.Conn // where the holder waits, while it does; capacity 1
	served *session             // the holder's connection
	next   *websocket.Conn      // came while another was served, which is ending because of it
}

// NewDoor makes a door for who knows the user and password, which are those of websocket_client.conf. Both are needed.
func NewDoor(user, password string, log *slog.Logger) (*Door, error) {
	if user == "" || password == "" {
		return nil, errs.Field("configuring Asterisk's way in", "user", "user and password are needed")
	}
	if log == nil {
		log = slog.Default()
	}
	return &Door{user: sha256.Sum256([]byte(user)), password: sha256.Sum256([]byte(password)), log: log.With("part", "ari")}, nil
}

// ServeHTTP implements http.Handler.
func (d *Door) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if !d.knows(r) {
		if !d.complained.Swap(true) {
			d.log.Warn("refused a connection that does not know the password", "from", r.RemoteAddr,
				"hint", "Asterisk's is in websocket_client.conf, Pult's in telephony.ari.outbound")
		}
		w.Header().Set("WWW-Authenticate", `Basic realm="pult"`)
		http.Error(w, "unknown user or wrong password", http.StatusUnauthorized)
		return
	}
	d.mu.Lock()
	open := d.isOpen()
	d.mu.Unlock()
	switch {
	case !open:
		w.Header().Set("Retry-After", "1")
		http.Error(w, "this Pult does not own the calls now", http.StatusServiceUnavailable)
		return
	case !strings.EqualFold(r.Header.Get("Upgrade"), "websocket"):
		w.WriteHeader(http.StatusNoContent)
		return
	}
	conn, err := websocket.Accept(w, r, &websocket.AcceptOptions{Subprotocols: []string{"ari"}, CompressionMode: websocket.CompressionDisabled})
	if err != nil {
		d.log.Warn("a connection is no WebSocket of Asterisk's", "error", err)
		return
	}
	if conn.Subprotocol() != "ari" {
		d.log.Warn("refused a WebSocket that does not speak ARI", "hint", "websocket_client.conf: protocols = ari")
		_ = conn.Close(websocket.StatusPolicyViolation, "the subprotocol is ari")
		return
	}
	d.complained.Store(false)
	d.admit(conn)
}

// knows reports whether the request is Asterisk's. The time it takes says nothing of how much was right.
func (d *Door) knows(r *http.Request) bool {
	user, password, _ := r.BasicAuth()
	u, p := sha256.Sum256([]byte(user)), sha256.Sum256([]byte(password))
	return subtle.ConstantTimeCompare(u[:], d.user[:])&subtle.ConstantTimeCompare(p[:], d.password[:]) == 1
}

// admit gives a connection to whom it belongs.
func (d *Door) admit(conn *websocket.Conn) {
	d.mu.Lock()
	defer d.mu.Unlock()
	switch {
	case !d.isOpen(): // no more, since the handshake began
		_ = conn.CloseNow()
	case d.wait != nil:
		d.wait <- conn
		d.wait = nil
	default:
		d.next = conn
		if d.served != nil {
			d.served.cancel(errSuperseded)
		}
	}
}

// isOpen reports whether a connection is let in. One at a time waits for the end of another: two Asterisks that know the password
// must not push each other out without pause.
func (d *Door) isOpen() bool { return d.holder != nil && d.next == nil }

func (d *Door) dropNext() {
	if d.next != nil {
		_ = d.next.CloseNow()
		d.next = nil
	}
}

// await makes the driver the holder and waits for a connection. A holder before it is told that it was replaced.
func (d *Door) await(ctx context.Context, who *Driver) (*websocket.Conn, error) {
	d.mu.Lock()
	if d.holder != nil && d.holder != who {
		if d.served != nil {
			d.served.fenced.Store(true)
			d.served.cancel(errReplaced)
			d.served = nil
		}
		if d.wait != nil {
			close(d.wait)
		}
		d.dropNext()
	}
	d.holder = who
	if conn := d.next; conn != nil {
		d.next = nil
		d.mu.Unlock()
		return conn, nil
	}
	wait := make(chan *websocket.Conn, 1)
	d.wait = wait
	d.mu.Unlock()
	select {
	case conn, ok := <-wait:
		if !ok {
			return nil, errReplaced
		}
		return conn, nil
	case <-ctx.Done():
		d.leave(who, nil)
		select {
		case conn := <-wait: // it came at the same moment
			if conn != nil {
				_ = conn.CloseNow()
			}
		default:
		}
		return nil, ctx.Err()
	}
}

// serve says which connection the holder serves, so that a newer one can end it.
func (d *Door) serve(who *Driver, s *session) {
	d.mu.Lock()
	defer d.mu.Unlock()
	switch {
	case d.holder != who:
		s.fenced.Store(true)
		s.cancel(errReplaced)
	case d.next != nil:
		s.cancel(errSuperseded)
	default:
		d.served = s
	}
}

// leave says why the holder's connection ended. Unless a newer one ended it, nobody takes connections until the next await.
func (d *Door) leave(who *Driver, why error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.holder != who {
		return
	}
	d.served, d.wait = nil, nil
	if !errors.Is(why, errSuperseded) {
		d.holder = nil
		d.dropNext()
	}
}
