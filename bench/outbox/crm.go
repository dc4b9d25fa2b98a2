package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"strconv"
	"sync"
	"time"
)

// How the customer system is.
const (
	well   = iota
	away   // 503 to everything
	losing // cuts one in a hundred connections after it has done what it was asked
)

// record is a call as the system has it.
type record struct {
	ID      int    `json:"id"`
	Key     string `json:"key"`
	Comment string `json:"comment"`
}

// crm is a customer system that makes as many records of a call as it is asked to.
type crm struct {
	ln  net.Listener
	srv *http.Server

	mu      sync.Mutex
	how     int
	vain    int
	writes  int
	lost    int
	records []*record
	byKey   map[string][]*record
	moved   chan struct{} // closed when a key is new
}

func startCRM() (*crm, error) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	c := &crm{ln: ln, byKey: map[string][]*record{}, moved: make(chan struct{})}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /calls", c.find)
	mux.HandleFunc("POST /calls", c.create)
	mux.HandleFunc("PUT /calls/{id}", c.update)
	mux.HandleFunc("GET /me", func(w http.ResponseWriter, _ *http.Request) { answer(w, map[string]string{"version": "1"}) })
	c.srv = &http.Server{Handler: c.door(mux), ReadHeaderTimeout: time.Minute}
	go func() { _ = c.srv.Serve(ln) }()
	return c, nil
}

func (c *crm) url() string  { return address(c.ln.Addr().String()) }
func (c *crm) Close() error { return c.srv.Close() }

func (c *crm) mode(how int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.how = how
}

func (c *crm) refused() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.vain
}

// door refuses while the system is away.
func (c *crm) door(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		c.mu.Lock()
		closed := c.how == away
		if closed {
			c.vain++
		}
		c.mu.Unlock()
		if closed {
			http.Error(w, "down", http.StatusServiceUnavailable)
			return
		}
		next.ServeHTTP(w, r)
	})
}

func answer(w http.ResponseWriter, v any) {
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(v) // who went away asks again
}

func (c *crm) find(w http.ResponseWriter, r *http.Request) {
	c.mu.Lock()
	found := append([]*record{}, c.byKey[r.URL.Query().Get("key")]...)
	c.mu.Unlock()
	answer(w, map[string]any{"items": found})
}

func (c *crm) create(w http.ResponseWriter, r *http.Request) {
	var in record
	if json.NewDecoder(r.Body).Decode(&in) != nil || in.Key == "" {
		http.Error(w, "bad", http.StatusBadRequest)
		return
	}
	c.mu.Lock()
	in.ID = len(c.records)
	c.records = append(c.records, &in)
	c.byKey[in.Key] = append(c.byKey[in.Key], &in)
	close(c.moved)
	c.moved = make(chan struct{})
	c.mu.Unlock()
	c.done(w, in)
}

func (c *crm) update(w http.ResponseWriter, r *http.Request) {
	var in record
	id, err := strconv.Atoi(r.PathValue("id"))
	if err != nil || json.NewDecoder(r.Body).Decode(&in) != nil {
		http.Error(w, "bad", http.StatusBadRequest)
		return
	}
	c.mu.Lock()
	if id < 0 || id >= len(c.records) {
		c.mu.Unlock()
		http.NotFound(w, r)
		return
	}
	c.records[id].Comment = in.Comment
	out := *c.records[id]
	c.mu.Unlock()
	c.done(w, out)
}

// done answers a write, or cuts the connection.
func (c *crm) done(w http.ResponseWriter, rec record) {
	c.mu.Lock()
	c.writes++
	cut := c.how == losing && c.writes%100 == 0
	if cut {
		c.lost++
	}
	c.mu.Unlock()
	if cut {
		panic(http.ErrAbortHandler)
	}
	answer(w, rec)
}

// until waits until the system has so many of the first calls.
func (c *crm) until(ctx context.Context, want, calls int) error {
	limit, cancel := context.WithTimeout(ctx, 20*time.Minute)
	defer cancel()
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	for {
		c.mu.Lock()
		have := 0
		for i := range calls {
			if len(c.byKey[callID(i)]) > 0 {
				have++
			}
		}
		c.mu.Unlock()
		if have >= want {
			return nil
		}
		select {
		case <-limit.Done():
			return fmt.Errorf("%d of %d calls are in the system: %w", have, want, errors.Join(limit.Err(), ctx.Err()))
		case <-tick.C:
		}
	}
}

// verdict is what the system has, and should not, and the other way round.
type verdict struct{ lost, doubled, stale, cut int }

func (c *crm) judge(f *floor) verdict {
	c.mu.Lock()
	defer c.mu.Unlock()
	v := verdict{cut: c.lost}
	for i := range f.ended() {
		switch have := c.byKey[callID(i)]; {
		case len(have) == 0:
			v.lost++
		case len(have) > 1:
			v.doubled++
		case have[0].Comment != f.comment(i):
			v.stale++
		}
	}
	return v
}
