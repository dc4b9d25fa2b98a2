package connectors

import (
	"context"
	"errors"
	"time"
)

// Connector is a customer system as the host uses it: a driver with deadlines, single-flight, caches, bulkhead and breaker around
// it. It is written once, in connectors/resilient, because a breaker and single-flight need libraries and this package keeps to
// the standard one; like the portable types of go-cloud it is not meant to be implemented per system. Methods may be called
// concurrently; errors have errs kinds and a message fit to show.
type Connector interface {
	// ID is the instance's id in the configuration, Name what people call the system ("1C").
	ID() string
	Name() string
	// RingDeadline is how long a ringing call waits for this system before its card says that the system is slow.
	RingDeadline() time.Duration
	// Peek returns what memory knows and never blocks. The answer may be Stale.
	Peek(q LookupQuery) (Answer, bool)
	// Lookup answers from memory when it may, else asks. A stale answer is returned at once while a new one is fetched behind it.
	// When ctx ends first the error is errs.Timeout, the question stays asked and its answer is kept.
	Lookup(ctx context.Context, q LookupQuery) (Answer, error)
	// Refresh asks past the caches; questions about the same number that are under way are joined.
	Refresh(ctx context.Context, q LookupQuery) (Answer, error)
	// Get fetches one record; an unknown one is errs.NotFound, a driver that cannot is errs.Unsupported.
	Get(ctx context.Context, ref Ref) (Candidate, error)
	// Search finds records by words or digits; a driver that cannot is errs.Unsupported.
	Search(ctx context.Context, text string, limit int) ([]Candidate, error)
	// Check asks the system whether it is there and lets us in, whatever the breaker thinks.
	Check(ctx context.Context) (Health, error)
	// Status tells how the system has been doing. It asks nobody.
	Status() Status
}

// Answer is what a customer system said about a number. Candidates are shared between callers: do not change them.
type Answer struct {
	Candidates []Candidate
	AsOf       time.Time // when the system said so
	Stale      bool      // older than the cache's lifetime: show it, but ask again
}

// Status is how a customer system has been doing.
type Status struct {
	ID           string
	Name         string
	State        State
	Since        time.Time  // when State began; zero while unknown
	FailingSince *time.Time // first failure since the last success; nil when the last request succeeded
	Problem      string     // of the last failure, fit to show; "" when the last request succeeded
}

// State is the short form of a Status.
type State string

// The states of a customer system.
const (
	StateUnknown State = "UNKNOWN" // not asked yet
	StateUp      State = "UP"      // the last request succeeded
	StateFailing State = "FAILING" // the last request failed; requests still go out
	StateDown    State = "DOWN"    // the breaker is open: requests fail at once, a probe goes out from time to time
)

// RetryAfter says how long a system asked to be left alone (HTTP Retry-After, RFC 9110 section 10.2.3). Drivers put it in the
// chain of an errs.RateLimited or errs.Unavailable error; the portable type obeys it.
type RetryAfter struct {
	After time.Duration
}

// Error implements error.
func (e *RetryAfter) Error() string { return "asked to come back after " + e.After.String() }

// RetryAfterOf returns the wait that an error carries.
func RetryAfterOf(err error) (time.Duration, bool) {
	var r *RetryAfter
	if errors.As(err, &r) && r.After > 0 {
		return r.After, true
	}
	return 0, false
}
