package screenpop

import (
	"context"
	"time"

	"github.com/pult-cc/pult/connectors"
)

// Pop is what a customer system was told of a live call.
type Pop struct {
	Connector string
	Call      string               // interaction
	Announced connectors.Announced // Ref is empty until the system has answered
	Agent     string               // by the system's own id: where the card is open, or may be; "" nowhere
	At        time.Time
}

// Repository keeps pops, so that whoever comes next knows which cards are open, and the record of a call ends what was announced.
// Methods may be called concurrently, by many processes, and honour ctx.
type Repository interface {
	// Get returns what a system was told of a call; errs.NotFound when it was not.
	Get(ctx context.Context, connector string, call string) (Pop, error)
	// Open returns the pops of a system whose card is open, oldest first.
	Open(ctx context.Context, connector string) ([]Pop, error)
	// Put keeps a pop in place of the former one of its connector and call.
	Put(ctx context.Context, p Pop) error
	// Sweep removes pops from before a time and tells how many there were.
	Sweep(ctx context.Context, before time.Time) (int, error)
}
