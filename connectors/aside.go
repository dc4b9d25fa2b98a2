package connectors

import (
	"context"
	"errors"
)

type asideKey struct{}

// Aside marks the context of what a ringing call may overtake: records that are written, pages of an index, checks, what a person looks at
// beside a card. The portable type marks, a driver that has something to share out, such as a limit of requests, asks IsAside. What is not
// marked is a question that somebody waits for while a phone rings.
func Aside(ctx context.Context) context.Context { return context.WithValue(ctx, asideKey{}, true) }

// IsAside tells whether a context is marked, see Aside.
func IsAside(ctx context.Context) bool { return ctx.Value(asideKey{}) != nil }

// ErrNoTurn is in the chain of an errs.RateLimited error when the driver itself held a request back, because the system's limit left no
// room for it in time. No request is under way, and nothing is said about the system, so the portable type neither counts it nor pauses.
var ErrNoTurn = errors.New("no turn within the limit of requests")
