package bustest

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/pult-cc/pult/internal/bus"
)

func testOrder(t *testing.T, f Fleet) {
	a, b := join(t, f), join(t, f)
	subs := []bus.Subscription{subscribe(t, a, "calls"), subscribe(t, a, "calls"), subscribe(t, b, "calls")}
	const n = 500
	for i := range n {
		publish(t, a, "calls", fmt.Sprint(i))
	}
	for who, s := range subs {
		var before bus.Envelope
		for i := range n {
			e := receive(t, s)
			if got, want := string(e.Payload), fmt.Sprint(i); got != want {
				t.Fatalf("subscriber %d: message %q in place of %q", who, got, want)
			}
			if e.Subject != "calls" || e.Epoch == "" {
				t.Fatalf("subscriber %d: subject %q, epoch %q", who, e.Subject, e.Epoch)
			}
			if i > 0 && (e.Gap || e.Epoch != before.Epoch || e.Seq != before.Seq+1) {
				t.Fatalf("subscriber %d: %+v follows %+v", who, e, before)
			}
			before = e
		}
	}
}

func testInForce(t *testing.T, f Fleet) {
	a, b := join(t, f), join(t, f)
	for i := range 30 {
		subject := fmt.Sprint("subject.", i)
		s := subscribe(t, b, subject)
		publish(t, a, subject, "first")
		if e := receive(t, s); string(e.Payload) != "first" {
			t.Fatalf("got %q", e.Payload)
		}
	}
}

// testEndsAtOnce is for the race detector, too.
func testEndsAtOnce(t *testing.T, f Fleet) {
	b := join(t, f)
	for range 200 {
		ctx, cancel := context.WithCancel(t.Context())
		go cancel()
		s, err := b.Subscribe(ctx, "calls")
		if err != nil {
			continue // it had ended before
		}
		for open := true; open; {
			select {
			case _, open = <-s.C():
			case <-within(t).Done():
				t.Fatal("the subscription is still there")
			}
		}
	}
}

func testPayloadOwned(t *testing.T, f Fleet) {
	b := join(t, f)
	one, other := subscribe(t, b, "calls"), subscribe(t, b, "calls")
	payload := []byte("abc")
	if err := b.Publish(within(t), "calls", payload); err != nil {
		t.Fatal(err)
	}
	copy(payload, "xyz")
	e := receive(t, one)
	if string(e.Payload) != "abc" {
		t.Fatalf("the publisher changed a delivered payload: %q", e.Payload)
	}
	copy(e.Payload, "???")
	if e := receive(t, other); string(e.Payload) != "abc" {
		t.Fatalf("one subscriber changed the payload of another: %q", e.Payload)
	}
}

func testEmptyPayload(t *testing.T, f Fleet) {
	a, b := join(t, f), join(t, f)
	for _, s := range []bus.Subscription{subscribe(t, a, "calls"), subscribe(t, b, "calls")} {
		if err := a.Publish(within(t), "calls", nil); err != nil {
			t.Fatal(err)
		}
		if e := receive(t, s); e.Payload == nil || len(e.Payload) != 0 {
			t.Fatalf("got %v", e.Payload)
		}
	}
}

func testSubjects(t *testing.T, f Fleet) {
	a, b := join(t, f), join(t, f)
	s := subscribe(t, b, "calls.1")
	publish(t, a, "calls.2", "other")
	publish(t, a, "calls", "other")
	publish(t, a, "calls.*", "other")
	publish(t, a, "calls.1", "mine")
	if e := receive(t, s); string(e.Payload) != "mine" {
		t.Fatalf("got %q", e.Payload)
	}
}

func testOverflow(t *testing.T, f Fleet) {
	b := join(t, f)
	slow, fast := subscribe(t, b, "calls"), subscribe(t, b, "calls")
	const n = 3 * bus.MailboxSize
	for i := range n {
		publish(t, b, "calls", fmt.Sprint(i))
		if e := receive(t, fast); string(e.Payload) != fmt.Sprint(i) || i > 0 && e.Gap {
			t.Fatalf("the subscriber that reads got %q, gap %v, in place of %d", e.Payload, e.Gap, i)
		}
	}
	first := receive(t, slow)
	if !first.Gap {
		t.Fatalf("the subscriber that did not read got message %q without Gap", first.Payload)
	}
	last := first
	for string(last.Payload) != fmt.Sprint(n-1) {
		e := receive(t, slow)
		if e.Gap || e.Seq != last.Seq+1 {
			t.Fatalf("after the hole: %+v follows %+v", e, last)
		}
		last = e
	}
}

func testSubscriptionEnds(t *testing.T, f Fleet) {
	b := join(t, f)
	ctx, cancel := context.WithCancel(t.Context())
	byContext, err := b.Subscribe(ctx, "calls")
	if err != nil {
		t.Fatal(err)
	}
	byClose := subscribe(t, b, "calls")
	cancel()
	byClose.Close()
	byClose.Close()
	for _, s := range []bus.Subscription{byContext, byClose} {
		select {
		case e, ok := <-s.C():
			if ok {
				t.Fatalf("an ended subscription delivered %+v", e)
			}
		case <-time.After(patience):
			t.Fatal("an ended subscription's channel is not closed")
		}
	}
	byContext.Close()
	publish(t, b, "calls", "nobody is there")

	// While messages are on their way, too.
	var wg sync.WaitGroup
	for range 20 {
		s := subscribe(t, b, "calls")
		wg.Go(s.Close)
		wg.Go(func() { _ = b.Publish(within(t), "calls", []byte("x")) })
	}
	wg.Wait()
}

func testNumbersNotReused(t *testing.T, f Fleet) {
	b := join(t, f)
	seen := map[string]bool{}
	for range 5 {
		s := subscribe(t, b, "calls")
		for range 3 {
			publish(t, b, "calls", "x")
			e := receive(t, s)
			if key := fmt.Sprint(e.Epoch, e.Seq); seen[key] {
				t.Fatalf("epoch and number of %+v were given before", e)
			} else {
				seen[key] = true
			}
		}
		s.Close()
		publish(t, b, "calls", "nobody is there")
	}
}
