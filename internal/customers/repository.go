package customers

import (
	"context"
	"time"
)

// Links is what people said, and did, about a number.
type Links struct {
	Chosen  *Customer     // whom a person chose; nil: nobody
	By      string        // the operator who did
	At      time.Time     // and when
	Refused map[ID]string // whom a person refused, and which operator
	Spoken  ID            // whom the last answered conversation with the number was with
}

// Repository keeps what people chose and the customers last seen, so that the card has something to show when the customer
// system is silent. Methods may be called concurrently and honour ctx.
type Repository interface {
	// Remember stores a person's choice for a number; the newest wins. It takes back a refusal and links every call with the number
	// that is linked to nobody; it returns how many. Forget removes the choice.
	Remember(ctx context.Context, e164 string, c Customer, operatorID string, at time.Time) (linked int, err error)
	Forget(ctx context.Context, e164 string) error
	// Refuse stores that the number is none of these customers', takes back a choice of one of them, and the link of every
	// interaction with the number to them; it returns how many those were.
	Refuse(ctx context.Context, e164 string, ids []ID, operatorID string, at time.Time) (unlinked int, err error)
	// Links returns what is known of the number; nothing is no error.
	Links(ctx context.Context, e164 string) (Links, error)
	// Keep stores customers as last seen, keyed by ID, with their numbers.
	Keep(ctx context.Context, cs []Customer) error
	// Kept returns a customer as last seen; unknown is errs.NotFound.
	Kept(ctx context.Context, id ID) (Customer, error)
	// KeptByNumber returns the customers last seen with the number.
	KeptByNumber(ctx context.Context, e164 string) ([]Customer, error)
	// SearchKept finds customers last seen by words or digits.
	SearchKept(ctx context.Context, text string, limit int) ([]Customer, error)
}
