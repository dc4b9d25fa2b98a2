package screenpop

import (
	"context"
	"time"

	"github.com/pult-cc/pult/connectors"
)

// Keep is how long a pop is worth keeping: the record of its call is written by then, or nobody waits for it any more.
const Keep = 30 * 24 * time.Hour

// Pop is what a customer system was told of a live call.
type Pop struct {
	Connector string
	Call      string               // interaction
	Announced connectors.Announced // Ref is empty until the system has answered; Customer where the system has begun the call and does not say
	Agent     string               // by the system's own id: where the card is open, or may be; "" nowhere
	At        time.Time
}

// Repository keeps pops, so that whoever comes next knows which cards are open, and the record of a call ends what was announced.
// Methods may be called concurrently, by many processes, and honour ctx.
type Repository interface {
	// Get returns what a system was told of a call; errs.NotFound when it was not.
	Get(ctx context.Context, connector string, call string) (Pop, error)
	// Open returns the pops of a system, of a time and later, whose card is open, oldest first.
	Open(ctx context.Context, connector string, since time.Time) ([]Pop, error)
	// Add keeps a pop unless there is one of its connector and call, and returns the one there is then.
	Add(ctx context.Context, p Pop) (Pop, error)
	// Put keeps a pop in place of the former one of its connector and call.
	Put(ctx context.Context, p Pop) error
	// Sweep removes pops from before a time and tells how many there were.
	Sweep(ctx context.Context, before time.Time) (int, error)
}
