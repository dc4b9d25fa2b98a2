package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/coder/websocket"

	"github.com/pult-cc/pult/internal/lab"
)

const (
	bareApp      = "bare"       // as the dialplan's pult-bare has it
	bareEndpoint = "bench-bare" // who calls it
)

// bare is the least that anybody can have of ARI: an open WebSocket of an application, and a note when an event comes.
type bare struct {
	conn *websocket.Conn
	done chan struct{}

	mu    sync.Mutex
	first map[string]time.Time // by dialled extension
	fresh chan struct{}        // closed and renewed when one is noted
}

// newBare listens, and makes the endpoint whose calls go there.
func newBare(ctx context.Context, a *lab.Asterisk) (*bare, error) {
	fields := []map[string]string{}
	for _, f := range [][2]string{
		{"transport", "transport-udp"}, {"context", "pult-bare"}, {"disallow", "all"}, {"allow", "alaw"}, {"identify_by", "username"},
		{"direct_media", "no"},
	} {
		fields = append(fields, map[string]string{"attribute": f[0], "value": f[1]})
	}
	body, err := json.Marshal(map[string]any{"fields": fields})
	if err != nil {
		return nil, err
	}
	address := a.ARIURL + "/asterisk/config/dynamic/res_pjsip/endpoint/" + bareEndpoint
	req, err := http.NewRequestWithContext(ctx, http.MethodPut, address, bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	req.SetBasicAuth(a.ARIUser, a.ARIPassword)
	req.Header.Set("Content-Type", "application/json")
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	if said, err := io.ReadAll(resp.Body); err != nil || resp.StatusCode >= 300 {
		return nil, fmt.Errorf("making an endpoint: %s %s %w", resp.Status, said, err)
	}
	q := url.Values{"app": {bareApp}, "api_key": {a.ARIUser + ":" + a.ARIPassword}}
	conn, upgrade, err := websocket.Dial(ctx, "ws"+strings.TrimPrefix(a.ARIURL, "http")+"/events?"+q.Encode(), nil)
	if err != nil {
		return nil, fmt.Errorf("listening to ARI: %w", err)
	}
	if upgrade.Body != nil {
		_ = upgrade.Body.Close() // nothing in it
	}
	conn.SetReadLimit(1 << 20)
	b := &bare{conn: conn, done: make(chan struct{}), first: map[string]time.Time{}, fresh: make(chan struct{})}
	go b.read(context.WithoutCancel(ctx))
	return b, nil
}

func (b *bare) close() {
	_ = b.conn.CloseNow() // nothing to say
	<-b.done
}

func (b *bare) read(ctx context.Context) {
	defer close(b.done)
	for {
		_, raw, err := b.conn.Read(ctx)
		at := time.Now()
		if err != nil {
			return
		}
		var ev struct {
			Channel struct {
				Dialplan struct {
					Exten string `json:"exten"`
				} `json:"dialplan"`
			} `json:"channel"`
		}
		if json.Unmarshal(raw, &ev) != nil || ev.Channel.Dialplan.Exten == "" {
			continue
		}
		b.mu.Lock()
		if _, seen := b.first[ev.Channel.Dialplan.Exten]; !seen {
			b.first[ev.Channel.Dialplan.Exten] = at
			close(b.fresh)
			b.fresh = make(chan struct{})
		}
		b.mu.Unlock()
	}
}

// wait waits for the first event of a call and tells when it came.
func (b *bare) wait(ctx context.Context, exten string) (time.Time, error) {
	for {
		b.mu.Lock()
		at, ok := b.first[exten]
		fresh := b.fresh
		b.mu.Unlock()
		if ok {
			return at, nil
		}
		select {
		case <-fresh:
		case <-ctx.Done():
			return time.Time{}, ctx.Err()
		}
	}
}
