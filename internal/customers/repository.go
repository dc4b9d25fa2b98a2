package customers

import (
	"context"
	"time"
)

// Repository keeps what people chose and the customers last seen, so that the card has something to show when the customer
// system is silent. Methods may be called concurrently and honour ctx.
type Repository interface {
	// Remember stores a person's choice for a number; the newest wins. Forget removes it.
	Remember(ctx context.Context, e164 string, c Customer, operatorID string, at time.Time) error
	Forget(ctx context.Context, e164 string) error
	// Remembered returns the choice for the number; none is errs.NotFound.
	Remembered(ctx context.Context, e164 string) (Customer, string, error)
	// Keep stores customers as last seen, keyed by ID, with their numbers.
	Keep(ctx context.Context, cs []Customer) error
	// Kept returns a customer as last seen; unknown is errs.NotFound.
	Kept(ctx context.Context, id ID) (Customer, error)
	// KeptByNumber returns the customers last seen with the number.
	KeptByNumber(ctx context.Context, e164 string) ([]Customer, error)
	// SearchKept finds customers last seen by words or digits.
	SearchKept(ctx context.Context, text string, limit int) ([]Customer, error)
}
