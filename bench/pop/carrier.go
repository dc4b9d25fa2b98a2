package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strings"
	"sync"
	"time"
)

// carrier calls over UDP and gives every call up again. It notes when an INVITE leaves; a traffic generator would tell to the
// millisecond only.
type carrier struct {
	conn   *net.UDPConn
	server *net.UDPAddr
	trunk  string // value of the header that marks the carrier
	done   chan struct{}

	mu    sync.Mutex
	calls map[string]*outgoing // by Call-ID
}

// outgoing is a call of the carrier's.
type outgoing struct {
	c        *carrier
	id       string
	uri      string
	from, to string
	branch   string
	sent     time.Time

	ended chan struct{}

	mu      sync.Mutex
	remote  string // To with tag, once answered
	contact string
	leaving bool // given up
	over    bool
}

func newCarrier(local, server, trunk string) (*carrier, error) {
	remote, err := net.ResolveUDPAddr("udp", server)
	if err != nil {
		return nil, err
	}
	conn, err := net.ListenUDP("udp", &net.UDPAddr{IP: net.ParseIP(local)})
	if err != nil {
		return nil, err
	}
	c := &carrier{conn: conn, server: remote, trunk: trunk, done: make(chan struct{}), calls: map[string]*outgoing{}}
	go c.read()
	return c, nil
}

func (c *carrier) close() {
	_ = c.conn.Close() // nothing is left to send
	<-c.done
}

// call sends an INVITE.
func (c *carrier) call(from, to string) (*outgoing, error) {
	local := c.conn.LocalAddr().(*net.UDPAddr)
	o := &outgoing{
		c: c, id: token(), uri: fmt.Sprintf("sip:%s@%s", to, c.server), branch: "z9hG4bK" + token(), ended: make(chan struct{}),
		from: fmt.Sprintf("<sip:%s@%s>;tag=%s", from, local.IP, token()), to: fmt.Sprintf("<sip:%s@%s>", to, c.server),
	}
	m := o.request("INVITE", o.uri, o.to, o.branch, 1)
	m.add("Contact", fmt.Sprintf("<sip:%s@%s>", from, local))
	m.add("X-Pult-Trunk", c.trunk)
	m.add("Content-Type", "application/sdp")
	// Port 9, discard: nobody listens to the music.
	m.body = fmt.Sprintf("v=0\r\no=bench 1 1 IN IP4 %s\r\ns=-\r\nc=IN IP4 %s\r\nt=0 0\r\nm=audio 9 RTP/AVP 8\r\na=rtpmap:8 PCMA/8000\r\n", local.IP, local.IP)
	raw := m.bytes()
	c.mu.Lock()
	c.calls[o.id] = o
	c.mu.Unlock()
	o.sent = time.Now()
	_, err := c.conn.WriteToUDP(raw, c.server)
	return o, err
}

func (o *outgoing) request(method, uri, to, branch string, seq int) *message {
	m := &message{method: method, uri: uri}
	m.add("Via", fmt.Sprintf("SIP/2.0/UDP %s;rport;branch=%s", o.c.conn.LocalAddr(), branch)).add("Max-Forwards", "70")
	return m.add("From", o.from).add("To", to).add("Call-ID", o.id).add("CSeq", fmt.Sprintf("%d %s", seq, method))
}

func (o *outgoing) send(m *message) error {
	_, err := o.c.conn.WriteToUDP(m.bytes(), o.c.server)
	return err
}

// hangUp gives the call up, or ends it where it was answered, and waits for the end.
func (o *outgoing) hangUp(ctx context.Context) error {
	o.mu.Lock()
	o.leaving = true
	answered := o.remote != ""
	o.mu.Unlock()
	m := o.request("CANCEL", o.uri, o.to, o.branch, 1)
	if answered {
		m = o.bye()
	}
	if err := o.send(m); err != nil {
		return err
	}
	select {
	case <-o.ended:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("hanging up %s: %w", o.to, ctx.Err())
	}
}

func (o *outgoing) bye() *message { return o.request("BYE", o.contact, o.remote, "z9hG4bK"+token(), 2) }

func (c *carrier) read() {
	defer close(c.done)
	buf := make([]byte, 65535)
	for {
		n, _, err := c.conn.ReadFromUDP(buf)
		if errors.Is(err, net.ErrClosed) {
			return
		}
		if err != nil {
			continue // an ICMP error of an earlier packet
		}
		m, err := parseSIP(buf[:n])
		if err != nil {
			continue
		}
		c.mu.Lock()
		o := c.calls[m.get("Call-ID")]
		c.mu.Unlock()
		if o != nil {
			o.take(m)
		}
	}
}

// take serves a message. What cannot be sent is a socket that was closed: the run is over.
func (o *outgoing) take(m *message) {
	if m.method == "BYE" {
		_ = o.send(m.reply(200, ""))
		o.end()
		return
	}
	_, method, _ := strings.Cut(m.get("CSeq"), " ")
	switch {
	case method == "BYE" && m.status >= 200:
		o.end()
	case method != "INVITE" || m.status < 200:
	case m.status < 300:
		o.mu.Lock()
		o.remote = m.get("To")
		o.contact = strings.Trim(strings.SplitN(m.get("Contact"), ";", 2)[0], "<> ")
		leaving := o.leaving
		o.mu.Unlock()
		_ = o.send(o.request("ACK", o.contact, o.remote, "z9hG4bK"+token(), 1))
		if leaving { // the answer and our giving up have met
			_ = o.send(o.bye())
		}
	default:
		_ = o.send(o.request("ACK", o.uri, m.get("To"), o.branch, 1))
		o.end()
	}
}

func (o *outgoing) end() {
	o.mu.Lock()
	defer o.mu.Unlock()
	if !o.over {
		o.over = true
		close(o.ended)
	}
}
