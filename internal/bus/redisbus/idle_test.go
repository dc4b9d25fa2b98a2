package redisbus

import (
	"context"
	"testing"
	"time"

	"github.com/pult-cc/pult/internal/lab"
)

// running returns a connected bus on a real Redis, and the Redis's URL.
func running(tb testing.TB) (*Bus, string) {
	tb.Helper()
	server, err := lab.StartRedis(tb.Context(), lab.ServerOptions{})
	if err != nil {
		tb.Fatalf("starting Redis: %v", err)
	}
	tb.Cleanup(func() { _ = server.Close() })
	return runOn(tb, server.URL), server.URL
}

func runOn(tb testing.TB, url string) *Bus {
	tb.Helper()
	b, err := New(Options{URL: url})
	if err != nil {
		tb.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.WithoutCancel(tb.Context()))
	ended := make(chan error, 1)
	go func() { ended <- b.Run(ctx) }()
	tb.Cleanup(func() {
		cancel()
		if err := <-ended; err != nil {
			tb.Errorf("Run: %v", err)
		}
	})
	for b.Check(tb.Context()) != nil {
		if tb.Context().Err() != nil {
			tb.Fatal("the bus does not come up")
		}
	}
	return b
}

// TestIdleSubjects holds that what nobody wants any more is let go of, and comes back when it is wanted.
func TestIdleSubjects(t *testing.T) {
	b, url := running(t)
	other := runOn(t, url)
	for round := range 3 {
		s, err := b.Subscribe(t.Context(), "calls")
		if err != nil {
			t.Fatal(err)
		}
		if err := other.Publish(t.Context(), "calls", []byte("x")); err != nil {
			t.Fatal(err)
		}
		if e := <-s.C(); string(e.Payload) != "x" {
			t.Fatalf("round %d: %+v", round, e)
		}
		s.Close()
		b.mu.Lock()
		b.subjects["calls"].idle = time.Now().Add(-2 * idleFor)
		l := b.link
		b.mu.Unlock()
		b.unsubscribeIdle(t.Context(), l)
		b.mu.Lock()
		left := len(b.subjects)
		b.mu.Unlock()
		if n, err := b.client.PubSubNumSub(t.Context(), b.subjectChannel("calls")).Result(); left != 0 || err != nil {
			t.Fatalf("%d subjects are kept, %v, %v", left, n, err)
		}
	}
	deadline := time.Now().Add(10 * time.Second)
	for {
		n, err := b.client.PubSubNumSub(t.Context(), b.subjectChannel("calls")).Result()
		if err != nil {
			t.Fatal(err)
		}
		if n[b.subjectChannel("calls")] == 0 {
			return
		}
		if time.Now().After(deadline) {
			t.Fatal("Redis still sends what nobody wants")
		}
	}
}

// BenchmarkPublish is the way from one process to another.
func BenchmarkPublish(b *testing.B) {
	from, url := running(b)
	to := runOn(b, url)
	s, err := to.Subscribe(b.Context(), "calls")
	if err != nil {
		b.Fatal(err)
	}
	payload := make([]byte, 500)
	for b.Loop() {
		if err := from.Publish(b.Context(), "calls", payload); err != nil {
			b.Fatal(err)
		}
		<-s.C()
	}
}

// BenchmarkRequest is a command to another process and its answer.
func BenchmarkRequest(b *testing.B) {
	from, url := running(b)
	to := runOn(b, url)
	err := to.Handle(b.Context(), "engine", func(_ context.Context, p []byte) ([]byte, error) { return p, nil })
	if err != nil {
		b.Fatal(err)
	}
	payload := make([]byte, 200)
	for b.Loop() {
		if _, err := from.Request(b.Context(), "engine", payload); err != nil {
			b.Fatal(err)
		}
	}
}
