package redisbus_test

import (
	"context"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"go.uber.org/goleak"

	"github.com/pult-cc/pult/internal/bus"
	"github.com/pult-cc/pult/internal/bus/bustest"
	"github.com/pult-cc/pult/internal/bus/redisbus"
	"github.com/pult-cc/pult/internal/errs"
	"github.com/pult-cc/pult/internal/lab"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func startRedis(t *testing.T) *lab.Redis {
	t.Helper()
	server, err := lab.StartRedis(t.Context(), lab.ServerOptions{})
	if err != nil {
		t.Fatalf("starting Redis: %v", err)
	}
	t.Cleanup(func() {
		if err := server.Close(); err != nil {
			t.Errorf("closing Redis: %v", err)
		}
	})
	return server
}

// join runs a bus, waits until it is connected, and returns what ends it.
func join(t *testing.T, opts redisbus.Options) (*redisbus.Bus, func()) {
	t.Helper()
	b, err := redisbus.New(opts)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.WithoutCancel(t.Context()))
	ended := make(chan error, 1)
	go func() { ended <- b.Run(ctx) }()
	var left atomic.Bool
	leave := func() {
		if left.Swap(true) {
			return
		}
		cancel()
		if err := <-ended; err != nil {
			t.Errorf("Run: %v", err)
		}
	}
	t.Cleanup(leave)
	for b.Check(t.Context()) != nil {
		if t.Context().Err() != nil {
			t.Fatal("the bus does not come up")
		}
	}
	return b, leave
}

func TestRedisbus(t *testing.T) {
	shared := startRedis(t)
	var fleets atomic.Int32
	bustest.Run(t, func(t *testing.T) bustest.Fleet {
		// A fleet that only talks gets a part of the shared server, one that breaks things gets a server.
		server := shared
		own := strings.Contains(t.Name(), "/trouble")
		if own {
			server = startRedis(t)
		}
		opts := redisbus.Options{URL: server.URL, Prefix: fmt.Sprint("test", fleets.Add(1)), Logger: nil}
		f := bustest.Fleet{Join: func(t *testing.T) (bus.Bus, func()) {
			b, leave := join(t, opts)
			return b, leave
		}}
		if own {
			f.Restart = func(t *testing.T) {
				if err := server.Kill(); err != nil {
					t.Fatal(err)
				}
				if err := server.Restart(t.Context()); err != nil {
					t.Fatal(err)
				}
			}
			f.Stop = func(t *testing.T) {
				if err := server.Kill(); err != nil {
					t.Fatal(err)
				}
			}
			f.Disturb = []func(*testing.T){
				func(t *testing.T) { cut(t, server, "pubsub") },
				func(t *testing.T) { cut(t, server, "normal") },
				f.Restart,
				func(t *testing.T) { hang(t, server, 3*time.Second) },
				func(t *testing.T) {
					for range 5 {
						cut(t, server, "pubsub")
						cut(t, server, "normal")
					}
				},
			}
		}
		return f
	})
}

// cut closes all connections of a kind, as a network does.
func cut(t *testing.T, server *lab.Redis, kind string) {
	t.Helper()
	opts, err := redis.ParseURL(server.URL)
	if err != nil {
		t.Fatal(err)
	}
	client := redis.NewClient(opts)
	defer client.Close()
	for range 10 {
		wait(t, 30*time.Millisecond) // so that something is on its way
		if err := client.Do(t.Context(), "CLIENT", "KILL", "TYPE", kind, "SKIPME", "yes").Err(); err != nil {
			t.Fatal(err)
		}
	}
}

// hang makes the server deaf for a while.
func hang(t *testing.T, server *lab.Redis, d time.Duration) {
	t.Helper()
	if err := server.Hang(); err != nil {
		t.Fatal(err)
	}
	wait(t, d)
	if err := server.Resume(); err != nil {
		t.Fatal(err)
	}
}

// wait lets time pass during which trouble is to last.
func wait(t *testing.T, d time.Duration) {
	t.Helper()
	select {
	case <-time.After(d):
	case <-t.Context().Done():
		t.Fatal(t.Context().Err())
	}
}

func TestRedisComesLater(t *testing.T) {
	server := startRedis(t)
	if err := server.Kill(); err != nil {
		t.Fatal(err)
	}
	b, err := redisbus.New(redisbus.Options{URL: server.URL})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- b.Run(ctx) }()
	defer func() {
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	}()
	if err := b.Check(ctx); !errs.Is(err, errs.Unavailable) {
		t.Errorf("Check: %v", err)
	}
	s, err := b.Subscribe(ctx, "calls")
	if err != nil {
		t.Fatal(err)
	}
	if err := b.Publish(ctx, "calls", []byte("own")); !errs.Is(err, errs.Unavailable) {
		t.Errorf("Publish: %v", err)
	}
	if e := <-s.C(); string(e.Payload) != "own" {
		t.Errorf("our own subscriber got %+v", e)
	}
	if err := b.Handle(ctx, "engine", func(context.Context, []byte) ([]byte, error) { return []byte("here"), nil }); err != nil {
		t.Fatal(err)
	}
	if got, err := b.Request(ctx, "engine", nil); err != nil || string(got) != "here" {
		t.Errorf("our own handler: %q, %v", got, err)
	}
	if err := server.Restart(ctx); err != nil {
		t.Fatal(err)
	}
	if e := <-s.C(); !e.Gap {
		t.Errorf("with Redis there came %+v", e)
	}
	other, _ := join(t, redisbus.Options{URL: server.URL})
	deadline, end := context.WithTimeout(ctx, 10*time.Second)
	defer end()
	for {
		got, err := other.Request(deadline, "engine", nil)
		if err == nil && string(got) == "here" {
			break
		}
		if deadline.Err() != nil {
			t.Fatalf("another process's request: %q, %v", got, err)
		}
	}
}

// TestHungRedis holds what the owner of a floor needs: whatever Redis does, its own screens are served, and readiness tells.
func TestHungRedis(t *testing.T) {
	server := startRedis(t)
	b, _ := join(t, redisbus.Options{URL: server.URL})
	s, err := b.Subscribe(t.Context(), "calls")
	if err != nil {
		t.Fatal(err)
	}
	if err := server.Hang(); err != nil {
		t.Fatal(err)
	}
	defer server.Resume()
	ctx, cancel := context.WithTimeout(t.Context(), time.Second)
	defer cancel()
	for i := range 1000 {
		before := time.Now()
		_ = b.Publish(ctx, "calls", []byte("x"))
		if e := <-s.C(); e.Payload == nil {
			t.Fatalf("message %d: %+v", i, e)
		}
		if took := time.Since(before); took > 20*time.Millisecond && !raceEnabled {
			t.Errorf("message %d took %v", i, took)
		}
	}
	if err := b.Check(ctx); !errs.Is(err, errs.Unavailable) {
		t.Errorf("Check: %v", err)
	}
}

func TestOutboxFull(t *testing.T) {
	server := startRedis(t)
	opts := redisbus.Options{URL: server.URL}
	a, _ := join(t, opts)
	b, _ := join(t, opts)
	there, err := b.Subscribe(t.Context(), "calls")
	if err != nil {
		t.Fatal(err)
	}
	if err := server.Hang(); err != nil {
		t.Fatal(err)
	}
	full := false
	for i := 0; !full; i++ {
		if i > 100_000 {
			t.Fatal("the outbox is without bounds")
		}
		full = errs.Is(a.Publish(t.Context(), "calls", []byte("x")), errs.Unavailable)
	}
	if err := server.Resume(); err != nil {
		t.Fatal(err)
	}
	timeout := time.After(10 * time.Second)
	for gap := false; !gap; {
		select {
		case e := <-there.C():
			gap = e.Gap && e.Payload == nil
		case <-timeout:
			t.Fatal("another process was not told that it missed messages")
		}
	}
}

func TestPrefixesAreApart(t *testing.T) {
	server := startRedis(t)
	a, _ := join(t, redisbus.Options{URL: server.URL, Prefix: "one"})
	b, _ := join(t, redisbus.Options{URL: server.URL, Prefix: "two"})
	here, err := a.Subscribe(t.Context(), "calls")
	if err != nil {
		t.Fatal(err)
	}
	if err := b.Publish(t.Context(), "calls", []byte("theirs")); err != nil {
		t.Fatal(err)
	}
	if err := b.Check(t.Context()); err != nil { // it has gone through Redis
		t.Fatal(err)
	}
	if err := a.Publish(t.Context(), "calls", []byte("ours")); err != nil {
		t.Fatal(err)
	}
	if e := <-here.C(); string(e.Payload) != "ours" {
		t.Errorf("got %q", e.Payload)
	}
	if err := a.Handle(t.Context(), "engine", func(context.Context, []byte) ([]byte, error) { return nil, nil }); err != nil {
		t.Fatal(err)
	}
	if _, err := b.Request(t.Context(), "engine", nil); !errs.Is(err, errs.Unavailable) {
		t.Errorf("a request to another installation: %v", err)
	}
}

func TestRunOnce(t *testing.T) {
	server := startRedis(t)
	b, leave := join(t, redisbus.Options{URL: server.URL})
	if err := b.Run(t.Context()); !errs.Is(err, errs.Internal) {
		t.Errorf("a second Run: %v", err)
	}
	l, err := b.Acquire(t.Context(), "pbx", time.Second)
	if err != nil {
		t.Fatal(err)
	}
	leave()
	select {
	case <-l.Lost():
	default:
		t.Error("a lease outlives Run")
	}
	if _, err := b.Acquire(t.Context(), "pbx", time.Second); !errs.Is(err, errs.Unavailable) {
		t.Errorf("Acquire after Run: %v", err)
	}
	if err := b.Publish(t.Context(), "calls", nil); !errs.Is(err, errs.Unavailable) {
		t.Errorf("Publish after Run: %v", err)
	}
}

func TestMalformedURL(t *testing.T) {
	for _, u := range []string{"", "localhost:6379", "redis://:s3cret@host:port/x"} {
		if _, err := redisbus.New(redisbus.Options{URL: u}); !errs.Is(err, errs.Invalid) || strings.Contains(err.Error(), "s3cret") {
			t.Errorf("%q: %v", u, err)
		}
	}
}
