package membus_test

import (
	"context"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/pult-cc/pult/internal/bus"
	"github.com/pult-cc/pult/internal/bus/bustest"
	"github.com/pult-cc/pult/internal/bus/membus"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// process is a part of the program with a lifetime of its own: the nearest that one process has to several.
type process struct {
	bus.Bus
	ctx context.Context
}

func (p process) Handle(ctx context.Context, subject string, h bus.Handler) error {
	ctx, end := context.WithCancel(ctx)
	context.AfterFunc(p.ctx, end)
	return p.Bus.Handle(ctx, subject, h)
}

func TestMembus(t *testing.T) {
	bustest.Run(t, func(t *testing.T) bustest.Fleet {
		b := membus.New()
		return bustest.Fleet{Join: func(t *testing.T) (bus.Bus, func()) {
			ctx, leave := context.WithCancel(t.Context())
			return process{b, ctx}, leave
		}}
	})
}

func TestMailboxSize(t *testing.T) {
	b := membus.New(membus.WithMailboxSize(2))
	s, err := b.Subscribe(t.Context(), "calls")
	if err != nil {
		t.Fatal(err)
	}
	for range 3 {
		if err := b.Publish(t.Context(), "calls", []byte("x")); err != nil {
			t.Fatal(err)
		}
	}
	if e := <-s.C(); !e.Gap || e.Seq != 3 {
		t.Fatalf("got %+v", e)
	}
}

// TestLatency holds the promise that the embedded default is cheap: from Publish to a waiting subscriber in under 20 µs.
func TestLatency(t *testing.T) {
	limit := 20 * time.Microsecond
	if raceEnabled { // the detector's own cost comes on top
		limit *= 10
	}
	result := testing.Benchmark(BenchmarkPublish)
	if per := time.Duration(result.NsPerOp()); per > limit {
		t.Errorf("%v per message", per)
	}
}

func BenchmarkPublish(b *testing.B) {
	m := membus.New()
	s, err := m.Subscribe(b.Context(), "calls")
	if err != nil {
		b.Fatal(err)
	}
	payload := make([]byte, 500)
	got := make(chan struct{})
	go func() {
		for range s.C() {
			got <- struct{}{}
		}
		close(got)
	}()
	b.ReportAllocs()
	for b.Loop() {
		if err := m.Publish(b.Context(), "calls", payload); err != nil {
			b.Fatal(err)
		}
		<-got
	}
	s.Close()
	<-got
}
