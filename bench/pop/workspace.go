package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/cookiejar"
	"strings"
	"time"

	"github.com/coder/websocket"
)

// feedDocument is the subscription that brings the card of a call of the operator's own.
const feedDocument = "MyCallFeed"

// workspace is an operator's browser: signed in, following the calls over graphql-transport-ws, with a phone.
type workspace struct {
	base string
	docs documents
	http *http.Client
	conn *websocket.Conn
	done chan struct{}
	*phone
}

// card is what a message of the feed said of a call.
type card struct {
	Call   string // its id
	From   string // E.164
	State  string
	Match  string // PENDING, FOUND, …
	Answer string // name of the customer found
	At     time.Time
}

// newWorkspace signs in, opens the feed and a phone, and is ready to be called. carded and invited are called from the goroutines
// that read, at once.
func newWorkspace(ctx context.Context, docs documents, base, login, password string, carded func(card), invited func(string, time.Time)) (*workspace, error) {
	jar, err := cookiejar.New(nil)
	if err != nil {
		return nil, err
	}
	w := &workspace{base: base, docs: docs, http: &http.Client{Jar: jar}, done: make(chan struct{})}
	if err := w.do(ctx, "SignIn", map[string]any{"login": login, "password": password}, nil); err != nil {
		return nil, err
	}
	if err := w.follow(ctx, carded); err != nil {
		return nil, err
	}
	var started struct {
		StartPhone struct {
			Phone session `json:"phone"`
		} `json:"startPhone"`
	}
	if err := w.do(ctx, "StartPhone", map[string]any{"clientId": token(), "take": true}, &started); err != nil {
		return nil, errors.Join(err, w.conn.CloseNow())
	}
	if w.phone, err = newPhone(ctx, started.StartPhone.Phone, invited); err != nil {
		return nil, errors.Join(err, w.conn.CloseNow())
	}
	if err := w.do(ctx, "SetAvailability", map[string]any{"availability": "READY"}, nil); err != nil {
		return nil, errors.Join(err, w.conn.CloseNow())
	}
	return w, nil
}

func (w *workspace) close() {
	w.phone.close()
	_ = w.conn.CloseNow() // the server sees to the rest
	<-w.done
}

// do performs an operation of the web app.
func (w *workspace) do(ctx context.Context, name string, input any, into any) error {
	query, err := w.docs.operation(name)
	if err != nil {
		return err
	}
	body, err := json.Marshal(map[string]any{"query": query, "operationName": name, "variables": map[string]any{"input": input}})
	if err != nil {
		return err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, w.base+"/graphql", bytes.NewReader(body))
	if err != nil {
		return err
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Origin", w.base)
	req.Header.Set("X-Pult-Client", "web")
	resp, err := w.http.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	raw, err := io.ReadAll(resp.Body)
	if err != nil {
		return err
	}
	var answer struct {
		Data   json.RawMessage `json:"data"`
		Errors json.RawMessage `json:"errors"`
	}
	if err := json.Unmarshal(raw, &answer); err != nil || answer.Errors != nil {
		return fmt.Errorf("%s: %s %s", name, resp.Status, raw)
	}
	if into == nil {
		return nil
	}
	return json.Unmarshal(answer.Data, into)
}

// follow opens the feed (graphql-transport-ws) and returns when all that was true has been sent.
func (w *workspace) follow(ctx context.Context, carded func(card)) error {
	query, err := w.docs.operation(feedDocument)
	if err != nil {
		return err
	}
	header := http.Header{"Origin": {w.base}}
	conn, resp, err := websocket.Dial(ctx, "ws"+strings.TrimPrefix(w.base, "http")+"/graphql", &websocket.DialOptions{
		HTTPClient: w.http, HTTPHeader: header, Subprotocols: []string{"graphql-transport-ws"},
	})
	if err != nil {
		return fmt.Errorf("opening the feed: %w", err)
	}
	if resp.Body != nil {
		_ = resp.Body.Close() // nothing in it
	}
	conn.SetReadLimit(1 << 20)
	w.conn = conn
	synced := make(chan error, 1)
	go w.read(context.WithoutCancel(ctx), carded, synced)
	for _, m := range []any{
		map[string]any{"type": "connection_init"},
		map[string]any{"type": "subscribe", "id": "1", "payload": map[string]any{"query": query, "operationName": feedDocument}},
	} {
		raw, err := json.Marshal(m)
		if err != nil {
			return err
		}
		if err := conn.Write(ctx, websocket.MessageText, raw); err != nil {
			return fmt.Errorf("subscribing: %w", err)
		}
	}
	select {
	case err := <-synced:
		return err
	case <-ctx.Done():
		return fmt.Errorf("waiting for the feed: %w", ctx.Err())
	}
}

func (w *workspace) read(ctx context.Context, carded func(card), synced chan<- error) {
	defer close(w.done)
	tell := func(err error) {
		select {
		case synced <- err:
		default: // the first word counts
		}
	}
	for {
		_, raw, err := w.conn.Read(ctx)
		at := time.Now()
		if err != nil {
			tell(fmt.Errorf("reading the feed: %w", err))
			return
		}
		var m feedMessage
		if err := json.Unmarshal(raw, &m); err != nil {
			tell(fmt.Errorf("reading the feed: %w: %s", err, raw))
			return
		}
		switch {
		case m.Type == "ping":
			if err := w.conn.Write(ctx, websocket.MessageText, []byte(`{"type":"pong"}`)); err != nil {
				return
			}
		case m.Type == "error", m.Type == "complete":
			tell(fmt.Errorf("the feed ended: %s", raw))
			return
		case m.Payload.Data.Feed.Kind == "Synced":
			tell(nil)
		case m.Payload.Data.Feed.Kind == "CallChanged":
			c := m.Payload.Data.Feed.Call
			carded(card{c.ID, c.From.Number.E164, c.State, c.Match.State, c.Customer.Name, at})
		}
	}
}

// feedMessage is a message of graphql-transport-ws with what is measured of the card.
type feedMessage struct {
	Type    string `json:"type"`
	Payload struct {
		Data struct {
			Feed struct {
				Kind string `json:"__typename"`
				Call struct {
					ID    string `json:"id"`
					State string `json:"state"`
					From  struct {
						Number struct {
							E164 string `json:"e164"`
						} `json:"number"`
					} `json:"from"`
					Match struct {
						State string `json:"state"`
					} `json:"match"`
					Customer struct {
						Name string `json:"name"`
					} `json:"customer"`
				} `json:"call"`
			} `json:"callFeed"`
		} `json:"data"`
	} `json:"payload"`
}

// UnmarshalJSON takes any payload: only that of a next message is an object of this shape.
func (m *feedMessage) UnmarshalJSON(raw []byte) error {
	var head struct {
		Type    string          `json:"type"`
		Payload json.RawMessage `json:"payload"`
	}
	if err := json.Unmarshal(raw, &head); err != nil {
		return err
	}
	m.Type = head.Type
	if head.Type != "next" {
		return nil
	}
	return json.Unmarshal(head.Payload, &m.Payload)
}
