package outbox

import (
	"errors"
	"time"

	"github.com/pult-cc/pult/connectors"
	"github.com/pult-cc/pult/internal/errs"
)

// Bounds of waiting. A system that is away is asked again without end.
const (
	firstWait   = 5 * time.Second
	unknownWait = time.Minute // after no answer: the system may still be at it
	longestWait = 15 * time.Minute
	authRest    = time.Minute // after a refused password, so that not every entry is refused, and no account locked

	firstRest   = 200 * time.Millisecond
	longestRest = 30 * time.Second

	stormRest = 5 * time.Second  // while everything is refused
	lateWait  = 10 * time.Minute // after which a request whose answer never came has been carried out, or never will be

	// defectAttempts is how often an entry is tried whose answer nobody understands.
	defectAttempts = 10
)

// Verdict is what follows from a failed attempt.
type Verdict struct {
	Dead      bool
	Held      bool
	Wait      time.Duration // until the entry's next attempt, unless Dead or Held
	Rest      time.Duration // how long the system is left alone, at least; 0: the failure says nothing about the system
	Uncounted bool          // the attempt does not count
}

// Judge decides on a failed attempt, the attempts-th before it having failed too. jitter, 0 to 1, spreads the waits by a fifth to
// either side.
func Judge(err error, attempts int, jitter float64) Verdict {
	if errors.Is(err, connectors.ErrCustomerNeeded) {
		return Verdict{Held: true, Uncounted: true}
	}
	switch errs.KindOf(err) {
	case errs.Unavailable:
		wait := backOff(firstWait, longestWait, attempts, jitter)
		if asked, ok := connectors.RetryAfterOf(err); ok {
			return Verdict{Wait: max(wait, asked), Rest: asked}
		}
		return Verdict{Wait: wait, Rest: firstRest}
	case errs.Timeout:
		return Verdict{Wait: backOff(unknownWait, longestWait, attempts, jitter), Rest: firstRest}
	case errs.RateLimited:
		rest := firstWait
		if asked, ok := connectors.RetryAfterOf(err); ok {
			rest = asked
		}
		return Verdict{Wait: rest, Rest: rest, Uncounted: true}
	case errs.Unauthenticated, errs.Forbidden: // it says nothing about the record, and somebody will put it right
		return Verdict{Wait: backOff(authRest, longestWait, attempts, jitter), Rest: authRest}
	case errs.Internal:
		if attempts+1 < defectAttempts {
			return Verdict{Wait: backOff(firstWait, longestWait, attempts, jitter)}
		}
	}
	return Verdict{Dead: true}
}

// storm is how many calls in a row a system may refuse before that is trouble of the system: a proxy that answers in its place, a right
// that was taken away.
const storm = 5

// suspected is what follows from a refusal that is one of a storm.
func suspected(attempts int, jitter float64) Verdict {
	return Verdict{Wait: backOff(unknownWait, longestWait, attempts, jitter), Rest: stormRest}
}

// rest is how long a system is left alone after so many failures in a row, at least as long as was asked.
func rest(failures int, asked time.Duration, jitter float64) time.Duration {
	return max(asked, backOff(firstRest, longestRest, failures-1, jitter))
}

// backOff doubles with every attempt.
func backOff(first, longest time.Duration, attempts int, jitter float64) time.Duration {
	d := first
	for range attempts {
		if d >= longest {
			break
		}
		d *= 2
	}
	return time.Duration(float64(min(d, longest)) * (0.8 + 0.4*jitter))
}

// reasons say what an error without a message of its own means.
var reasons = map[errs.Kind]string{
	errs.Timeout:         "no answer in time",
	errs.Unavailable:     "the system does not answer",
	errs.Unauthenticated: "the user name or password was refused",
	errs.Forbidden:       "the user may not do this there",
	errs.RateLimited:     "the system asks for fewer requests",
	errs.Rejected:        "the system refused the record",
	errs.NotFound:        "the record it belongs to is not there any more",
	errs.Unsupported:     "this system cannot take such records",
	errs.Invalid:         "the record, or the connector's settings, do not fit the system",
	errs.Conflict:        "the system has something else in its place",
}

const longestReason = 300

// reasonOf is the text of an error that is fit to show: no telephone number, no secret, not too long.
func reasonOf(err error, mask func(string) string) string {
	text := errs.Message(err)
	if text == "" {
		text = reasons[errs.KindOf(err)]
	}
	if text == "" {
		text = "the answer was not understood"
	}
	if r := []rune(mask(text)); len(r) > longestReason {
		return string(r[:longestReason-1]) + "…"
	}
	return mask(text)
}
