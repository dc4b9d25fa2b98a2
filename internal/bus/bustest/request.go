package bustest

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"sync"
	"testing"
	"time"

	"github.com/pult-cc/pult/internal/bus"
	"github.com/pult-cc/pult/internal/errs"
)

func handle(t *testing.T, ctx context.Context, b bus.Bus, subject string, h bus.Handler) {
	t.Helper()
	if err := b.Handle(ctx, subject, h); err != nil {
		t.Fatalf("Handle(%q): %v", subject, err)
	}
}

func answer(text string) bus.Handler {
	return func(context.Context, []byte) ([]byte, error) { return []byte(text), nil }
}

func testRequest(t *testing.T, f Fleet) {
	a, b := join(t, f), join(t, f)
	handle(t, t.Context(), a, "engine", func(_ context.Context, p []byte) ([]byte, error) {
		return append([]byte("re: "), p...), nil
	})
	for name, from := range map[string]bus.Bus{"same process": a, "another": b} {
		for _, p := range []string{"answer call 1", "", "\x00\xff binary"} {
			got, err := from.Request(within(t), "engine", []byte(p))
			if err != nil || string(got) != "re: "+p {
				t.Fatalf("%s, %q: got %q, %v", name, p, got, err)
			}
		}
	}
}

func testErrorsTravel(t *testing.T, f Fleet) {
	a, b := join(t, f), join(t, f)
	kinds := []errs.Kind{
		errs.Internal, errs.Invalid, errs.Unauthenticated, errs.Forbidden, errs.NotFound, errs.Conflict, errs.Unavailable,
		errs.Timeout, errs.RateLimited, errs.Rejected, errs.Unsupported,
	}
	handle(t, t.Context(), a, "engine", func(_ context.Context, p []byte) ([]byte, error) {
		if string(p) == "bare" {
			return nil, errors.New("a defect")
		}
		for _, k := range kinds {
			if k.String() == string(p) {
				return nil, errs.Wrap("outer", &errs.Error{Kind: k, Op: "inner", Msg: "Звонок завершён", Fields: map[string]string{"callId": "ended"}})
			}
		}
		return nil, nil
	})
	for _, from := range []bus.Bus{a, b} {
		for _, k := range kinds {
			_, err := from.Request(within(t), "engine", []byte(k.String()))
			if errs.KindOf(err) != k || errs.Message(err) != "Звонок завершён" ||
				!maps.Equal(errs.FieldsOf(err), map[string]string{"callId": "ended"}) {
				t.Errorf("%v arrived as kind %v, message %q, fields %v", k, errs.KindOf(err), errs.Message(err), errs.FieldsOf(err))
			}
		}
		if _, err := from.Request(within(t), "engine", []byte("bare")); errs.KindOf(err) != errs.Internal || errs.Message(err) != "" {
			t.Errorf("an error without kind arrived as %v, message %q", errs.KindOf(err), errs.Message(err))
		}
	}
}

func testNoHandler(t *testing.T, f Fleet) {
	b := join(t, f)
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	if _, err := b.Request(ctx, "nobody", nil); !errs.Is(err, errs.Unavailable) {
		t.Fatalf("got %v", err)
	}
	if ctx.Err() != nil {
		t.Fatal("the request waited for its context")
	}
	hctx, end := context.WithCancel(t.Context())
	handle(t, hctx, b, "engine", answer("here"))
	end()
	eventually(t, "an ended handler is not asked", func() bool {
		_, err := b.Request(within(t), "engine", nil)
		return errs.Is(err, errs.Unavailable)
	})
}

func testNewestHandler(t *testing.T, f Fleet) {
	a, b := join(t, f), join(t, f)
	handle(t, t.Context(), a, "engine", answer("old"))
	hctx, end := context.WithCancel(t.Context())
	handle(t, hctx, b, "engine", answer("new"))
	for range 3 {
		for _, from := range []bus.Bus{a, b} {
			if got, err := from.Request(within(t), "engine", nil); err != nil || string(got) != "new" {
				t.Fatalf("got %q, %v", got, err)
			}
		}
	}
	end()
	eventually(t, "the older handler serves", func() bool {
		got, err := b.Request(within(t), "engine", nil)
		return err == nil && string(got) == "old"
	})
}

func testRequestDeadline(t *testing.T, f Fleet) {
	a, b := join(t, f), join(t, f)
	deadlines := make(chan bool, 2)
	done := make(chan struct{})
	handle(t, t.Context(), a, "engine", func(ctx context.Context, _ []byte) ([]byte, error) {
		_, ok := ctx.Deadline()
		deadlines <- ok
		<-done // deaf to its context
		return nil, nil
	})
	t.Cleanup(func() { close(done) })
	for _, from := range []bus.Bus{a, b} {
		ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
		if _, err := from.Request(ctx, "engine", nil); !errs.Is(err, errs.Timeout) {
			t.Fatalf("got %v", err)
		}
		if ctx.Err() == nil {
			t.Fatal("the request ended before its context, and the handler had not answered")
		}
		cancel()
		if !<-deadlines {
			t.Fatal("the handler does not know the requester's deadline")
		}
	}
}

func testHandlerKeepsGoing(t *testing.T, f Fleet) {
	a, b := join(t, f), join(t, f)
	started, goOn, ended := make(chan struct{}), make(chan struct{}), make(chan error)
	handle(t, t.Context(), a, "engine", func(ctx context.Context, _ []byte) ([]byte, error) {
		close(started)
		<-goOn
		ended <- ctx.Err()
		return nil, nil
	})
	ctx, giveUp := context.WithCancel(t.Context())
	result := make(chan error, 1)
	go func() {
		_, err := b.Request(ctx, "engine", nil)
		result <- err
	}()
	<-started
	giveUp()
	if err := <-result; !errs.Is(err, errs.Timeout) {
		t.Fatalf("the requester that gave up got %v", err)
	}
	close(goOn)
	if err := <-ended; err != nil {
		t.Fatalf("the handler was cut off in the middle: %v", err)
	}
}

func testRequestsConcurrent(t *testing.T, f Fleet) {
	a, b := join(t, f), join(t, f)
	const n = 20
	var arrived sync.WaitGroup
	arrived.Add(n)
	handle(t, t.Context(), a, "engine", func(_ context.Context, p []byte) ([]byte, error) {
		arrived.Done()
		arrived.Wait() // none gets through unless all run
		return p, nil
	})
	var wg sync.WaitGroup
	for i := range n {
		wg.Go(func() {
			want := fmt.Sprint(i)
			if got, err := b.Request(within(t), "engine", []byte(want)); err != nil || string(got) != want {
				t.Errorf("request %s got %q, %v", want, got, err)
			}
		})
	}
	wg.Wait()
}

func testProcessLeaves(t *testing.T, f Fleet) {
	a := join(t, f)
	b, leave := f.Join(t)
	handle(t, t.Context(), a, "engine", answer("stays"))
	handle(t, within(t), b, "engine", answer("leaves"))
	if got, err := a.Request(within(t), "engine", nil); err != nil || string(got) != "leaves" {
		t.Fatalf("got %q, %v", got, err)
	}
	leave()
	eventually(t, "the process that stays is asked", func() bool {
		got, err := a.Request(within(t), "engine", nil)
		return err == nil && string(got) == "stays"
	})
}
