package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/coder/websocket"

	"github.com/pult-cc/pult/internal/lab"
)

// bareApp is the listener's application, as the dialplan has it; calls for extensions that begin so go there.
const bareApp = "bare"

// bare is the least that anybody can have of ARI: an open WebSocket of an application, and a note when an event comes.
type bare struct {
	conn *websocket.Conn
	done chan struct{}

	mu    sync.Mutex
	first map[string]time.Time // by dialled extension
	fresh chan struct{}        // closed and renewed when one is noted
}

// newBare listens.
func newBare(ctx context.Context, a *lab.Asterisk) (*bare, error) {
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
