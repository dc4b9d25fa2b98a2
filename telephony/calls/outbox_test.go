package calls

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"

	"github.com/pult-cc/pult/internal/bus/membus"
	"github.com/pult-cc/pult/internal/errs"
)

func marshal(t *testing.T, v any) []byte {
	t.Helper()
	raw, err := json.Marshal(v)
	if err != nil {
		t.Error(err)
	}
	return raw
}

// publisher is as much of an engine as publishes.
func publisher(t *testing.T, l *leaky) *Engine {
	e := &Engine{o: EngineOptions{Bus: l, Epoch: "one", Log: slog.New(slog.DiscardHandler)}, out: newMailbox[batch](), saves: newSaves()}
	go func() {
		if err := e.publish(t.Context()); !errors.Is(err, context.Canceled) {
			t.Errorf("publishing: %v", err)
		}
	}()
	return e
}

// TestLastChangeBeforeAQuietHour: it could not be published, and nothing follows that would show the hole.
func TestLastChangeBeforeAQuietHour(t *testing.T) {
	before := goleak.IgnoreCurrent()
	synctest.Test(t, func(t *testing.T) {
		l := &leaky{Bus: membus.New()}
		f := &floor{t: t, bus: l, epoch: "one", calls: map[ID]Call{}}
		f.serve(t.Context())
		b := boardOf(t, l)
		e := publisher(t, l)
		l.mu.Lock()
		l.fail = 3
		l.mu.Unlock()
		f.n, f.calls["a"] = 1, Call{ID: "a", Version: 1}
		e.out.put(batch{Epoch: "one", N: 1, Changes: []Change{callAt("a", 1, StateQueued)}})
		time.Sleep(time.Minute) // synctest's clock
		if versionOn(b, "a") != 1 {
			t.Fatal("other processes never hear of it")
		}
		inStep(t, b)
	})
	if err := goleak.Find(before); err != nil {
		t.Fatal(err)
	}
}

// TestBacklogOfASlowBus is dropped but for its end: a snapshot is cheaper for everybody than what nobody needs any more.
func TestBacklogOfASlowBus(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := &leaky{Bus: membus.New(), hang: make(chan struct{})}
		sub, err := l.Bus.Subscribe(t.Context(), subjectFloor)
		if err != nil {
			t.Fatal(err)
		}
		e := publisher(t, l)
		e.out.put(batch{Epoch: "one", N: 1})
		synctest.Wait()
		for n := range uint64(3 * publishMax) {
			e.out.put(batch{Epoch: "one", N: n + 2})
		}
		close(l.hang)
		synctest.Wait()
		var got []uint64
		for len(sub.C()) > 0 {
			var b batch
			if err := json.Unmarshal((<-sub.C()).Payload, &b); err != nil {
				t.Fatal(err)
			}
			got = append(got, b.N)
		}
		if len(got) != 2 || got[1] != 3*publishMax+1 {
			t.Fatalf("%d batches were published, the last is %d", len(got), got[len(got)-1])
		}
	})
}

// TestSavesKeepTheNewest of each record, in the order in which the records first came.
func TestSavesKeepTheNewest(t *testing.T) {
	s := newSaves()
	var done []string
	save := func(what string) func(context.Context) error {
		return func(context.Context) error {
			done = append(done, what)
			return nil
		}
	}
	s.put("call a", save("a1"))
	s.put("call b", save("b1"))
	s.put("call a", save("a2"))
	for _, fn := s.take(); fn != nil; _, fn = s.take() {
		if err := fn(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	if len(done) != 2 || done[0] != "a2" || done[1] != "b1" {
		t.Fatalf("saved %v", done)
	}
}

// TestRetry repeats what may succeed, and only that.
func TestRetry(t *testing.T) {
	for kind, want := range map[errs.Kind]int{errs.Unavailable: 4, errs.Timeout: 4, errs.Conflict: 1, errs.Internal: 1} {
		synctest.Test(t, func(t *testing.T) {
			tries := 0
			err := retry(t.Context(), time.Minute, func(context.Context) error {
				if tries++; tries > 3 {
					return nil
				}
				return errs.E(kind, "trying", "no")
			})
			if tries != want || (err == nil) != (want == 4) {
				t.Errorf("%s was tried %d times: %v", kind, tries, err)
			}
		})
	}
}
