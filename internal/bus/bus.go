// Package bus is the fan-out port between Pult processes: publish/subscribe that owns up to its holes, request/reply, leases.
//
// Drivers: membus (one process) and redisbus (many); both pass bustest. Nothing is stored: a subscriber that missed something is
// told so and fetches a snapshot. The package imports the standard library and internal/errs only.
package bus

import (
	"context"
	"time"
)

// Envelope is one published message as a subscriber sees it.
type Envelope struct {
	Subject string
	Epoch   string // changes when the publisher starts anew or the transport may have forgotten
	Seq     uint64 // grows by one per subject within an epoch
	Gap     bool   // one or more messages before this one were missed, or the epoch changed: fetch the snapshot again
	Payload []byte // owned by the subscriber; nil (with Gap) when the hole was noticed before the next message came
}

// Subscription delivers envelopes of one subject in publication order.
type Subscription interface {
	// C is closed when the subscription ends (ctx of Subscribe, or Close).
	C() <-chan Envelope
	// Close ends the subscription; it may be called more than once.
	Close()
}

// Handler answers a request. It may be called concurrently. An error travels to the requester with its errs kind, message and fields.
type Handler func(ctx context.Context, payload []byte) ([]byte, error)

// Bus connects processes. All methods may be called concurrently.
type Bus interface {
	// Publish hands the payload to every present subscriber of the subject. It does not wait for them. An error means that
	// nobody may have got it (errs.Unavailable); subscribers will see a Gap.
	Publish(ctx context.Context, subject string, payload []byte) error
	// Subscribe starts a subscription that is in force when Subscribe returns: whatever is published later arrives, or the next
	// envelope has Gap. The mailbox is bounded; a subscriber that does not read loses the oldest and sees Gap, and delays nobody.
	Subscribe(ctx context.Context, subject string) (Subscription, error)
	// Request sends to the one process that Handles the subject and waits for its answer. No handler: errs.Unavailable at once or
	// at the latest when ctx ends (Timeout).
	Request(ctx context.Context, subject string, payload []byte) ([]byte, error)
	// Handle serves requests on the subject until ctx ends; it returns once the handler is in force and does not wait for that
	// end. The newest handler of a subject wins; when it ends, the newest that remains serves. A handler's ctx carries the
	// requester's deadline, but does not end when the requester gives up.
	Handle(ctx context.Context, subject string, h Handler) error
	// Acquire waits until this process holds the named lease, or ctx ends. At most one process holds a lease at a time, up to
	// clock drift and pauses; Term grows with every change of holder so that a store can refuse an old holder's writes.
	Acquire(ctx context.Context, name string, ttl time.Duration) (Lease, error)
	// Check tells whether messages really pass (a canary through the whole path), for readiness.
	Check(ctx context.Context) error
}

// Lease is ownership of a name.
type Lease interface {
	Term() uint64
	// Lost is closed when the lease is no longer held for certain: stop at once.
	Lost() <-chan struct{}
	// Release gives it up so that another may acquire it at once.
	Release(ctx context.Context) error
}
