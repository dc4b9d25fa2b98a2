package redisbus_test

import (
	"context"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"

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
		}
		return f
	})
}

func TestMalformedURL(t *testing.T) {
	for _, u := range []string{"", "localhost:6379", "redis://:s3cret@host:port/x"} {
		if _, err := redisbus.New(redisbus.Options{URL: u}); !errs.Is(err, errs.Invalid) || strings.Contains(err.Error(), "s3cret") {
			t.Errorf("%q: %v", u, err)
		}
	}
}
