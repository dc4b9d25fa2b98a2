package sipua

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
)

// Call is one dialog. Its methods may be called concurrently.
type Call struct {
	agent         *Agent
	id            string
	invite        *message // theirs, or ours when we called
	outgoing      bool
	local, remote string // From/To values with tags
	target        string // the far end's Contact

	mu       sync.Mutex
	last     *message // last response of ours to the INVITE
	answered bool
	leaving  bool // hung up before an answer that may be under way
	status   int
	reason   string
	over     bool
	ended    chan struct{}
}

// Header returns a header of the INVITE that came in.
func (c *Call) Header(name string) string { return c.invite.get(name) }

// From returns user part and display name of the caller.
func (c *Call) From() (user, name string) {
	value := c.invite.get("From")
	user, _, _ = strings.Cut(strings.TrimPrefix(address(value), "sip:"), "@")
	name, _, _ = strings.Cut(value, "<")
	return user, strings.Trim(strings.TrimSpace(name), `"`)
}

// Offer returns the session description of the INVITE that came in.
func (c *Call) Offer() string { return string(c.invite.body) }

// Ended is closed when the call is over: hung up by the far end, cancelled, refused, or ended by us.
func (c *Call) Ended() <-chan struct{} { return c.ended }

// Reason returns the Reason header (RFC 3326) of what ended the call, once Ended is closed.
func (c *Call) Reason() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.reason
}

// Status returns the final response to our INVITE, once there was one.
func (c *Call) Status() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.status
}

// Ring answers 180.
func (c *Call) Ring() error { return c.respond(180, "Ringing", nil) }

// Progress answers 183 without media.
func (c *Call) Progress() error { return c.respond(183, "Session Progress", nil) }

// Answer answers 200.
func (c *Call) Answer() error {
	c.mu.Lock()
	c.answered = true
	c.mu.Unlock()
	return c.respond(200, "OK", c.agent.sdp())
}

// Reject refuses the call: 486 busy here, 603 decline.
func (c *Call) Reject(status int) error {
	err := c.respond(status, "Refused", nil)
	c.end(status, "")
	return err
}

func (c *Call) respond(status int, reason string, body []byte) error {
	m := (&message{status: status, reason: reason, body: body}).copyFrom(c.invite, "Via", "Record-Route", "From")
	m.add("To", c.local).copyFrom(c.invite, "Call-ID", "CSeq")
	m.add("Contact", c.agent.contact(""))
	if body != nil {
		m.add("Content-Type", "application/sdp")
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.over {
		return errors.New("the call is over")
	}
	c.last = m
	return c.agent.send(m)
}

// again serves an INVITE within the dialog.
func (c *Call) again(m *message) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if m.get("CSeq") == c.invite.get("CSeq") && !c.outgoing {
		if c.last != nil {
			_ = c.agent.send(c.last)
		}
		return
	}
	resp := (&message{status: 200, reason: "OK", body: c.agent.sdp()}).copyFrom(m, "Via", "From", "To", "Call-ID", "CSeq")
	resp.add("Contact", c.agent.contact("")).add("Content-Type", "application/sdp")
	_ = c.agent.send(resp)
}

// cancelled serves CANCEL (RFC 3261 §9.2).
func (c *Call) cancelled(m *message) {
	c.mu.Lock()
	answered := c.answered
	c.mu.Unlock()
	if answered {
		return
	}
	_ = c.respond(487, "Request Terminated", nil)
	c.end(487, m.get("Reason"))
}

func (c *Call) end(status int, reason string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.over {
		return
	}
	c.over = true
	c.reason = reason
	if status != 0 {
		c.status = status
	}
	close(c.ended)
}

// Invite calls a URI's user part at the server. It returns at once; Answered and Ended tell what becomes of it.
func (a *Agent) Invite(from, name, to string, headers map[string]string) (*Call, error) {
	m := &message{method: "INVITE", uri: fmt.Sprintf("sip:%s@%s", to, a.domain), body: a.sdp()}
	c := &Call{
		agent: a, id: token(), invite: m, outgoing: true, ended: make(chan struct{}), target: m.uri,
		local: fmt.Sprintf("%q <sip:%s@%s>;tag=%s", name, from, a.Addr(), token()), remote: fmt.Sprintf("<sip:%s@%s>", to, a.domain),
	}
	a.head(m, c.id, c.local, c.remote)
	m.add("Contact", a.contact("")).add("Content-Type", "application/sdp")
	for k, v := range headers {
		m.add(k, v)
	}
	branch := param(m.get("Via"), "branch") + " INVITE"
	ch := make(chan *message, 16)
	a.mu.Lock()
	a.dialogs[c.id] = c
	a.waiting[branch] = ch
	a.mu.Unlock()
	if err := a.send(m); err != nil {
		return nil, err
	}
	go c.follow(branch, ch)
	return c, nil
}

// follow handles the responses to our INVITE.
func (c *Call) follow(branch string, ch chan *message) {
	defer func() {
		c.agent.mu.Lock()
		delete(c.agent.waiting, branch)
		c.agent.mu.Unlock()
	}()
	for {
		var m *message
		select {
		case m = <-ch:
		case <-c.ended:
			return
		case <-c.agent.done:
			return
		}
		if m.status < 200 {
			continue
		}
		ack := &message{method: "ACK", uri: c.target}
		if m.status >= 300 { // the ACK of a refusal belongs to the INVITE's transaction (RFC 3261 §17.1.1.3)
			ack.copyFrom(c.invite, "Via", "From")
		} else {
			if contact := m.get("Contact"); contact != "" {
				ack.uri = address(contact)
			}
			ack.add("Via", c.agent.newVia()).copyFrom(c.invite, "From")
		}
		seq, _, _ := strings.Cut(c.invite.get("CSeq"), " ")
		ack.copyFrom(m, "To").copyFrom(c.invite, "Call-ID").add("CSeq", seq+" ACK").add("Max-Forwards", "70")
		_ = c.agent.send(ack)
		c.mu.Lock()
		c.remote, c.target, c.status = m.get("To"), ack.uri, m.status
		c.answered = m.status < 300
		leaving := c.leaving && c.answered
		c.mu.Unlock()
		if leaving { // the answer crossed our CANCEL (RFC 3261 §15)
			_ = c.agent.send(c.bye())
			c.end(0, "")
			return
		}
		if m.status >= 300 {
			c.end(m.status, m.get("Reason"))
			return
		}
	}
}

// Answered reports whether the call was answered.
func (c *Call) Answered() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.answered
}

// Hangup ends the call from our side: BYE, CANCEL before an answer to our own call, 603 to a call that rings here.
func (c *Call) Hangup(ctx context.Context) error {
	c.mu.Lock()
	answered, over := c.answered, c.over
	c.leaving = true
	c.mu.Unlock()
	switch {
	case over:
		return nil
	case answered:
		m := c.bye()
		c.end(0, "")
		_, err := c.agent.request(ctx, m)
		return err
	case c.outgoing:
		m := (&message{method: "CANCEL", uri: c.invite.uri}).copyFrom(c.invite, "Via", "From", "To", "Call-ID")
		seq, _, _ := strings.Cut(c.invite.get("CSeq"), " ")
		m.add("CSeq", seq+" CANCEL").add("Max-Forwards", "70")
		_, err := c.agent.request(ctx, m)
		return err
	}
	return c.Reject(603)
}

// bye makes the request that ends the dialog.
func (c *Call) bye() *message {
	c.mu.Lock()
	target, local, remote := c.target, c.local, c.remote
	c.mu.Unlock()
	m := &message{method: "BYE", uri: target}
	c.agent.head(m, c.id, local, remote)
	return m
}

// Digit presses a key: one RFC 4733 telephone event would need media, so it goes as SIP INFO (RFC 6086, application/dtmf-relay).
func (c *Call) Digit(ctx context.Context, digit string) error {
	c.mu.Lock()
	target, local, remote := c.target, c.local, c.remote
	c.mu.Unlock()
	m := &message{method: "INFO", uri: target, body: []byte("Signal=" + digit + "\r\nDuration=160\r\n")}
	c.agent.head(m, c.id, local, remote)
	m.add("Content-Type", "application/dtmf-relay")
	resp, err := c.agent.request(ctx, m)
	if err == nil && resp.status >= 300 {
		err = fmt.Errorf("sending digit: %d %s", resp.status, resp.reason)
	}
	return err
}

// sdp describes G.711 A-law both ways at the agent's media port (RFC 4566).
func (a *Agent) sdp() []byte {
	a.mu.Lock()
	at := a.media
	a.mu.Unlock()
	return fmt.Appendf(nil, "v=0\r\no=- 1 1 IN IP4 %s\r\ns=-\r\nc=IN IP4 %s\r\nt=0 0\r\nm=audio %d RTP/AVP 8 0 101\r\n"+
		"a=rtpmap:8 PCMA/8000\r\na=rtpmap:0 PCMU/8000\r\na=rtpmap:101 telephone-event/8000\r\na=fmtp:101 0-16\r\na=sendrecv\r\n", at.IP, at.IP, at.Port)
}
