// Package pace keeps requests to the limit of a system, and lets those first that a phone rings for. It knows nothing of what is asked.
package pace

import (
	"context"
	"errors"
	"math"
	"time"

	"golang.org/x/time/rate"

	"github.com/pult-cc/pult/connectors"
)

// What is kept back for questions: half of the burst, but no more than comes back in reserveFills, since what may wait has half a minute
// and waits until the reserve is full again.
const (
	reserveShare = 2
	reserveFills = 5 * time.Second
)

// nap is how long a request that may wait trusts its reckoning: a question that is given up leaves room sooner.
const nap = time.Second

// Limiter lets so many requests through in a time, and a burst of them at once. It may be used by many goroutines and has none.
//
// A question takes the next place there is, one question behind the other. What may wait (connectors.Aside) takes one only while a reserve
// stays, and no question waits: a question finds a place at once, or waits for the next one, whatever else is queued. With a burst of 1
// there is no reserve, and the next place it is.
//
// Whatever questions leave of the rate belongs to what may wait, all of it when nobody asks: the reserve is filled once, then kept. Where
// there are as many questions as the limit takes, or more, nothing is left, and what may wait is given up with ErrNoTurn when its own time
// is over; who wants it done begins it anew (internal/outbox does so without end). A record of six requests that has half a minute needs a
// fifth of a request a second to be left.
type Limiter struct {
	bucket  *rate.Limiter
	reserve float64
	next    chan struct{} // one place, for the first of those that may wait; the others queue for it
}

// New makes a limiter of requests per time, at most burst at once; each at least 1.
func New(requests int, per time.Duration, burst int) *Limiter {
	limit := rate.Limit(float64(requests) / per.Seconds())
	return &Limiter{
		bucket:  rate.NewLimiter(limit, burst),
		reserve: min(float64(burst/reserveShare), math.Ceil(float64(limit)*reserveFills.Seconds())),
		next:    make(chan struct{}, 1),
	}
}

// Wait returns when a request may be sent. It returns the context's error when that has ended before or is cancelled, and
// connectors.ErrNoTurn as soon as it is known that there is no place before its deadline.
func (l *Limiter) Wait(ctx context.Context, aside bool) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if aside {
		return l.yield(ctx)
	}
	err := l.bucket.Wait(ctx) // a place that is taken in advance, which those that may wait find gone
	if err != nil && ctx.Err() == nil {
		return connectors.ErrNoTurn
	}
	return err
}

func (l *Limiter) yield(ctx context.Context) error {
	select {
	case l.next <- struct{}{}:
		defer func() { <-l.next }()
	case <-ctx.Done():
		return ended(ctx)
	}
	for {
		now := time.Now()
		missing := 1 + l.reserve - l.bucket.TokensAt(now)
		if missing <= 0 && l.bucket.AllowN(now, 1) {
			return nil
		}
		seconds := missing / float64(l.bucket.Limit())
		if deadline, ok := ctx.Deadline(); ok && deadline.Sub(now).Seconds() < seconds {
			return connectors.ErrNoTurn
		}
		timer := time.NewTimer(time.Duration(math.Ceil(min(seconds, nap.Seconds()) * float64(time.Second))))
		select {
		case <-timer.C:
		case <-ctx.Done():
			timer.Stop()
			return ended(ctx)
		}
	}
}

// ended is the error of a wait that its context has ended.
func ended(ctx context.Context) error {
	if errors.Is(ctx.Err(), context.DeadlineExceeded) {
		return connectors.ErrNoTurn
	}
	return ctx.Err()
}
