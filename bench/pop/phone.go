package main

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/coder/websocket"
)

// phone is an operator's phone: SIP over WebSocket (RFC 7118), as a browser's. It registers, and lets every call ring.
type phone struct {
	conn      *websocket.Conn
	user      string
	local     string
	tag       string
	responses chan *message
	done      chan struct{}

	// invited is called for every INVITE, with the moment its last byte was read.
	invited func(callID string, at time.Time)

	mu    sync.Mutex
	calls map[string]*message // INVITEs by Call-ID
}

// session is what startPhone hands out.
type session struct {
	WSURLs            []string `json:"wsUrls"`
	URI               string   `json:"uri"`
	AuthorizationUser string   `json:"authorizationUser"`
	HA1               string   `json:"ha1"`
}

// newPhone connects and registers. It reads until close.
func newPhone(ctx context.Context, s session, invited func(string, time.Time)) (*phone, error) {
	if len(s.WSURLs) == 0 {
		return nil, errors.New("the server knows no address for phones")
	}
	conn, resp, err := websocket.Dial(ctx, s.WSURLs[0], &websocket.DialOptions{Subprotocols: []string{"sip"}})
	if err != nil {
		return nil, fmt.Errorf("connecting a phone: %w", err)
	}
	if resp.Body != nil {
		_ = resp.Body.Close() // nothing in it
	}
	p := &phone{
		conn: conn, user: s.AuthorizationUser, local: token() + ".invalid", tag: token(), invited: invited,
		responses: make(chan *message, 16), done: make(chan struct{}), calls: map[string]*message{},
	}
	go p.read(context.WithoutCancel(ctx))
	if err := p.register(ctx, s); err != nil {
		p.close()
		return nil, err
	}
	return p, nil
}

func (p *phone) close() {
	_ = p.conn.CloseNow() // the PBX drops the contact with the connection
	<-p.done
}

func (p *phone) register(ctx context.Context, s session) error {
	_, host, _ := strings.Cut(s.URI, "@")
	uri, id, auth := "sip:"+host, token(), ""
	for seq := 1; seq <= 3; seq++ {
		m := &message{method: "REGISTER", uri: uri}
		m.add("Via", fmt.Sprintf("SIP/2.0/WS %s;branch=z9hG4bK%s", p.local, token())).add("Max-Forwards", "70")
		m.add("From", fmt.Sprintf("<%s>;tag=%s", s.URI, p.tag)).add("To", "<"+s.URI+">").add("Call-ID", id)
		m.add("CSeq", fmt.Sprintf("%d REGISTER", seq)).add("Contact", fmt.Sprintf("<sip:%s@%s;transport=ws>;expires=600", p.user, p.local))
		if auth != "" {
			m.add("Authorization", auth)
		}
		if err := p.send(ctx, m); err != nil {
			return err
		}
		select {
		case resp := <-p.responses:
			switch {
			case resp.status == 200:
				return nil
			case resp.status == 401 && auth == "":
				auth = digest(resp.get("WWW-Authenticate"), p.user, s.HA1, "REGISTER", uri)
			default:
				return fmt.Errorf("registering a phone: %d", resp.status)
			}
		case <-ctx.Done():
			return fmt.Errorf("registering a phone: %w", ctx.Err())
		}
	}
	return errors.New("registering a phone: challenged again and again")
}

func (p *phone) send(ctx context.Context, m *message) error {
	return p.conn.Write(ctx, websocket.MessageText, m.bytes())
}

func (p *phone) read(ctx context.Context) {
	defer close(p.done)
	for {
		_, raw, err := p.conn.Read(ctx)
		at := time.Now()
		if err != nil {
			return
		}
		m, err := parseSIP(raw)
		if err != nil {
			continue // a keep-alive
		}
		if err := p.take(ctx, m, at); err != nil {
			return
		}
	}
}

func (p *phone) take(ctx context.Context, m *message, at time.Time) error {
	if m.status != 0 {
		if m.status >= 200 {
			p.responses <- m
		}
		return nil
	}
	p.mu.Lock()
	invite := p.calls[m.get("Call-ID")]
	p.mu.Unlock()
	switch m.method {
	case "INVITE":
		p.invited(m.get("X-Pult-Call"), at)
		p.mu.Lock()
		p.calls[m.get("Call-ID")] = m
		p.mu.Unlock()
		return p.send(ctx, m.reply(180, p.tag).add("Contact", fmt.Sprintf("<sip:%s@%s;transport=ws>", p.user, p.local)))
	case "CANCEL":
		if err := p.send(ctx, m.reply(200, p.tag)); err != nil || invite == nil {
			return err
		}
		return p.send(ctx, invite.reply(487, p.tag))
	case "ACK":
		return nil
	}
	return p.send(ctx, m.reply(200, p.tag))
}
