// Package sipua is a SIP user agent for tests: a carrier that calls and is called, and an operator's desk phone that registers,
// rings, answers and declines, each step on the test's word. It speaks UDP and offers G.711, and sends no media, unless it speaks through
// something that does. Over WebSocket
// (RFC 7118) it is a browser's phone as far as signalling goes: it registers, rings and declines.
//
// It exists because a scripted traffic generator cannot be told in the middle of a call what to do next, nor asked which
// headers an INVITE had. It does no retransmission: it is for loopback.
package sipua

import (
	"bytes"
	"context"
	"crypto/md5"
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"net"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// Agent is a user agent. Its methods may be called concurrently.
type Agent struct {
	wire   wire
	domain string // of the URIs of the server's users
	rtp    net.PacketConn
	calls  chan *Call
	done   chan struct{}
	heard  atomic.Int64  // packets of sound
	ears   chan struct{} // closed when the media port is

	mu      sync.Mutex
	media   *net.UDPAddr             // what sdp announces
	waiting map[string]chan *message // by branch, of our requests
	dialogs map[string]*Call         // by Call-ID
	cseq    int
}

// New starts a user agent that talks to the server at an address "host:port", listening at addr ("127.0.0.1:0"). Close ends it.
func New(addr, server string) (*Agent, error) {
	w, err := listenUDP(addr, server)
	if err != nil {
		return nil, err
	}
	host, _, err := net.SplitHostPort(w.addr())
	if err != nil {
		return nil, err
	}
	return newAgent(w, server, host)
}

// NewWS starts a user agent at a server's WebSocket address, "ws://127.0.0.1:8088/ws".
func NewWS(ctx context.Context, url string) (*Agent, error) {
	w, err := dialWS(ctx, url)
	if err != nil {
		return nil, err
	}
	return newAgent(w, "asterisk.invalid", "127.0.0.1")
}

func newAgent(w wire, domain, mediaHost string) (*Agent, error) {
	rtp, err := net.ListenPacket("udp", net.JoinHostPort(mediaHost, "0"))
	if err != nil {
		w.close()
		return nil, err
	}
	a := &Agent{
		wire: w, domain: domain, rtp: rtp, media: rtp.LocalAddr().(*net.UDPAddr), calls: make(chan *Call, 64), done: make(chan struct{}), ears: make(chan struct{}),
		waiting: map[string]chan *message{}, dialogs: map[string]*Call{},
	}
	go a.read()
	go a.listen()
	return a, nil
}

// listen counts the media packets that are not silence.
func (a *Agent) listen() {
	defer close(a.ears)
	buf := make([]byte, 2048)
	for {
		n, _, err := a.rtp.ReadFrom(buf)
		if err != nil {
			return
		}
		// RTP's header (RFC 3550) is 12 bytes here; payload types 0 and 8 are G.711. Silence is one byte again and again.
		if n > 12+80 && buf[1]&0x7f <= 8 && len(bytes.TrimLeft(buf[12:n], string(buf[12:13]))) > 0 {
			a.heard.Add(1)
		}
	}
}

// SpeakThrough announces another's media address from now on: an ear and a mouth of its own.
func (a *Agent) SpeakThrough(addr *net.UDPAddr) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.media = addr
}

// Heard returns how many packets of sound came, over all calls.
func (a *Agent) Heard() int64 { return a.heard.Load() }

// Close ends the agent without a word to anybody, as a device that loses power.
func (a *Agent) Close() {
	a.wire.close()
	a.rtp.Close()
	<-a.done
	<-a.ears
}

// Addr is where the agent listens.
func (a *Agent) Addr() string { return a.wire.addr() }

// contact is the agent's own URI.
func (a *Agent) contact(user string) string {
	uri := "<sip:" + a.Addr() + a.wire.params() + ">"
	if user != "" {
		uri = "<sip:" + user + "@" + a.Addr() + a.wire.params() + ">"
	}
	return uri
}

// Calls delivers the calls that come in.
func (a *Agent) Calls() <-chan *Call { return a.calls }

// Register signs in as user with an HA1 for 300 seconds (RFC 3261 §10, RFC 2617). The error tells the final status.
func (a *Agent) Register(ctx context.Context, user, ha1 string) error {
	return a.register(ctx, user, ha1, 300)
}

// Unregister signs out.
func (a *Agent) Unregister(ctx context.Context, user, ha1 string) error {
	return a.register(ctx, user, ha1, 0)
}

func (a *Agent) register(ctx context.Context, user, ha1 string, expires int) error {
	uri := "sip:" + a.domain
	callID, tag, auth := token(), token(), ""
	for range 3 {
		m := &message{method: "REGISTER", uri: uri}
		a.head(m, callID, fmt.Sprintf("<sip:%s@%s>;tag=%s", user, a.domain, tag), fmt.Sprintf("<sip:%s@%s>", user, a.domain))
		m.add("Contact", a.contact(user)).add("Expires", fmt.Sprint(expires))
		if auth != "" {
			m.add("Authorization", auth)
		}
		resp, err := a.request(ctx, m)
		if err != nil {
			return err
		}
		switch {
		case resp.status == 200:
			return nil
		case resp.status == 401 && auth == "":
			auth = authorize(resp.get("WWW-Authenticate"), user, ha1, "REGISTER", uri)
		default:
			return fmt.Errorf("registering: %d %s", resp.status, resp.reason)
		}
	}
	return fmt.Errorf("registering: challenged again and again")
}

// authorize answers a digest challenge (RFC 2617 §3.2.2).
func authorize(challenge, user, ha1, method, uri string) string {
	get := func(name string) string {
		for _, p := range strings.Split(strings.TrimPrefix(challenge, "Digest "), ",") {
			k, v, _ := strings.Cut(strings.TrimSpace(p), "=")
			if strings.EqualFold(k, name) {
				return strings.Trim(v, `"`)
			}
		}
		return ""
	}
	realm, nonce, cnonce := get("realm"), get("nonce"), token()
	response := hexMD5(strings.Join([]string{ha1, nonce, "00000001", cnonce, "auth", hexMD5(method + ":" + uri)}, ":"))
	return fmt.Sprintf(`Digest username="%s", realm="%s", nonce="%s", uri="%s", response="%s", algorithm=MD5, cnonce="%s", qop=auth, nc=00000001, opaque="%s"`,
		user, realm, nonce, uri, response, cnonce, get("opaque"))
}

// HA1 is the digest secret MD5(user:realm:password) (RFC 2617 §3.2.2.2).
func HA1(user, realm, password string) string { return hexMD5(user + ":" + realm + ":" + password) }

func hexMD5(s string) string {
	sum := md5.Sum([]byte(s))
	return hex.EncodeToString(sum[:])
}

func token() string {
	b := make([]byte, 8)
	rand.Read(b)
	return hex.EncodeToString(b)
}

// head writes what every request of ours begins with.
func (a *Agent) head(m *message, callID, from, to string) {
	a.mu.Lock()
	a.cseq++
	seq := a.cseq
	a.mu.Unlock()
	m.add("Via", a.newVia())
	m.add("From", from).add("To", to).add("Call-ID", callID).add("CSeq", fmt.Sprintf("%d %s", seq, m.method)).add("Max-Forwards", "70")
}

// newVia begins a transaction.
func (a *Agent) newVia() string {
	return fmt.Sprintf("SIP/2.0/%s %s;rport;branch=z9hG4bK%s", a.wire.name(), a.Addr(), token())
}

func (a *Agent) send(m *message) error { return a.wire.write(m.bytes()) }

// request sends a request and waits for its final response.
func (a *Agent) request(ctx context.Context, m *message) (*message, error) {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	branch := param(m.get("Via"), "branch") + " " + m.method
	ch := make(chan *message, 8)
	a.mu.Lock()
	a.waiting[branch] = ch
	a.mu.Unlock()
	defer func() {
		a.mu.Lock()
		delete(a.waiting, branch)
		a.mu.Unlock()
	}()
	if err := a.send(m); err != nil {
		return nil, err
	}
	for {
		select {
		case resp := <-ch:
			if resp.status >= 200 {
				return resp, nil
			}
		case <-a.done:
			return nil, net.ErrClosed
		case <-ctx.Done():
			return nil, fmt.Errorf("no answer to %s: %w", m.method, ctx.Err())
		}
	}
}

// read handles messages until the wire is closed.
func (a *Agent) read() {
	defer close(a.done)
	for {
		data, err := a.wire.read()
		if err != nil {
			return
		}
		m, err := parse(data)
		if err != nil {
			continue // keep-alives and the like
		}
		if m.status != 0 {
			_, method, _ := strings.Cut(m.get("CSeq"), " ")
			a.mu.Lock()
			ch := a.waiting[param(m.get("Via"), "branch")+" "+method]
			a.mu.Unlock()
			if ch != nil {
				select {
				case ch <- m:
				default:
				}
			}
			continue
		}
		a.handle(m)
	}
}

// reply answers a request that belongs to no dialog, or ends a transaction at once.
func (a *Agent) reply(req *message, status int, reason string) error {
	return a.send((&message{status: status, reason: reason}).copyFrom(req, "Via", "From", "To", "Call-ID", "CSeq"))
}

// handle serves a request from the server.
func (a *Agent) handle(m *message) {
	a.mu.Lock()
	c := a.dialogs[m.get("Call-ID")]
	a.mu.Unlock()
	// An error of sending is an agent that was closed meanwhile: nothing is left to serve.
	switch m.method {
	case "INVITE":
		a.invited(m, c)
	case "ACK":
	case "CANCEL":
		_ = a.reply(m, 200, "OK")
		if c != nil {
			c.cancelled(m)
		}
	case "BYE":
		if c == nil {
			_ = a.reply(m, 481, "Call/Transaction Does Not Exist")
			return
		}
		_ = a.reply(m, 200, "OK")
		c.end(0, m.get("Reason"))
	default:
		_ = a.reply(m, 200, "OK")
	}
}

func (a *Agent) invited(m *message, c *Call) {
	if c != nil { // a retransmission, or a re-INVITE: the last word again
		c.again(m)
		return
	}
	c = &Call{
		agent: a, id: m.get("Call-ID"), invite: m, ended: make(chan struct{}),
		local: m.get("To") + ";tag=" + token(), remote: m.get("From"), target: address(m.get("Contact")),
	}
	a.mu.Lock()
	a.dialogs[c.id] = c
	a.mu.Unlock()
	_ = a.reply(m, 100, "Trying")
	select {
	case a.calls <- c:
	default:
		_ = a.reply(m, 486, "Busy Here")
	}
}
