// Package bustest proves that a bus keeps every promise of internal/bus. Each driver runs the whole of it.
package bustest

import (
	"context"
	"testing"
	"time"

	"github.com/pult-cc/pult/internal/bus"
)

// Fleet is several processes on one transport, as far as the suite is concerned.
type Fleet struct {
	// Join adds a process: a bus that is running and connected. It ends with the test, or earlier when leave is called; leave
	// returns when nothing of the process runs any more.
	Join func(t *testing.T) (b bus.Bus, leave func())
	// Restart makes the transport stop, forget everything and come back. Nil for one that cannot do so.
	Restart func(t *testing.T)
	// Stop makes the transport stop for good. Nil for one that cannot do so.
	Stop func(t *testing.T)
	// Disturb are ways to trouble the transport; each returns when the trouble is over. Empty for one that cannot be troubled.
	Disturb []func(t *testing.T)
}

// patience is how long the suite waits for what must happen; it decides nothing but how long a failure takes.
const patience = 15 * time.Second

// Run runs the suite; open makes a fresh, empty fleet.
func Run(t *testing.T, open func(t *testing.T) Fleet) {
	for _, c := range []struct {
		name string
		test func(*testing.T, Fleet)
	}{
		{"subscribers see one order", testOrder},
		{"a subscription is in force when Subscribe returns", testInForce},
		{"a context that ends while its subscription is made takes it along", testEndsAtOnce},
		{"a payload belongs to its subscriber", testPayloadOwned},
		{"an empty payload is no missing one", testEmptyPayload},
		{"a subject sees its own messages only", testSubjects},
		{"who does not read loses the oldest, sees Gap, and delays nobody", testOverflow},
		{"a subscription ends with its context and with Close", testSubscriptionEnds},
		{"a subject without subscribers never repeats a number", testNumbersNotReused},
		{"a request is answered", testRequest},
		{"error kinds travel", testErrorsTravel},
		{"without a handler a request is unavailable at once", testNoHandler},
		{"the newest handler wins and the one before takes over", testNewestHandler},
		{"a request ends with its context", testRequestDeadline},
		{"a handler outlives the patience of its requester", testHandlerKeepsGoing},
		{"requests run side by side", testRequestsConcurrent},
		{"a process that leaves is not asked", testProcessLeaves},
		{"one holder of a lease at a time, and terms grow", testLeaseExclusive},
		{"a lease lasts while its holder lives", testLeaseLasts},
		{"a released lease is free at once", testLeaseReleased},
		{"waiting for a lease ends with its context", testLeaseWaitEnds},
		{"terms count from the clock", testTermsFromClock},
		{"a healthy bus passes its check", testCheck},
	} {
		t.Run(c.name, func(t *testing.T) { c.test(t, open(t)) })
	}
	t.Run("trouble", func(t *testing.T) { runTrouble(t, open) })
}

func within(t *testing.T) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	t.Cleanup(cancel)
	return ctx
}

func join(t *testing.T, f Fleet) bus.Bus {
	t.Helper()
	b, _ := f.Join(t)
	return b
}

func subscribe(t *testing.T, b bus.Bus, subject string) bus.Subscription {
	t.Helper()
	s, err := b.Subscribe(t.Context(), subject)
	if err != nil {
		t.Fatalf("Subscribe(%q): %v", subject, err)
	}
	t.Cleanup(s.Close)
	return s
}

func publish(t *testing.T, b bus.Bus, subject, payload string) {
	t.Helper()
	if err := b.Publish(within(t), subject, []byte(payload)); err != nil {
		t.Fatalf("Publish(%q): %v", subject, err)
	}
}

// receive returns the next envelope that carries a message.
func receive(t *testing.T, s bus.Subscription) bus.Envelope {
	t.Helper()
	timeout := time.NewTimer(patience)
	defer timeout.Stop()
	gap := false
	for {
		select {
		case e, ok := <-s.C():
			switch {
			case !ok:
				t.Fatal("the subscription ended instead of delivering")
			case e.Payload == nil && !e.Gap:
				t.Fatal("an envelope carries neither message nor Gap")
			case e.Payload == nil:
				gap = true
				continue
			}
			e.Gap = e.Gap || gap
			return e
		case <-timeout.C:
			t.Fatal("nothing was delivered")
		}
	}
}

// eventually waits until ok.
func eventually(t *testing.T, what string, ok func() bool) {
	t.Helper()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	deadline := time.NewTimer(patience)
	defer deadline.Stop()
	for !ok() {
		select {
		case <-tick.C:
		case <-deadline.C:
			t.Fatalf("it did not come to pass: %s", what)
		}
	}
}
