package resilient

import (
	"sync"
	"time"

	"github.com/sony/gobreaker/v2"

	"github.com/pult-cc/pult/connectors"
	"github.com/pult-cc/pult/internal/errs"
)

// health is what the connector remembers about how the system has been doing.
type health struct {
	mu           sync.Mutex
	state        connectors.State
	since        time.Time
	failingSince *time.Time
	problem      string
	lastErr      error
	pausedUntil  time.Time
}

// Status implements connectors.Connector.
func (c *Connector) Status() connectors.Status {
	open := c.breaker.Load().State() == gobreaker.StateOpen
	h := &c.health
	h.mu.Lock()
	defer h.mu.Unlock()
	s := connectors.Status{
		ID: c.o.ID, Name: c.o.Name, State: h.state, Since: h.since, FailingSince: h.failingSince, Problem: h.problem,
	}
	if s.State == "" {
		s.State = connectors.StateUnknown
	}
	if open {
		s.State = connectors.StateDown
	}
	return s
}

// record takes note of how a request went. It is called once per request that reached the driver.
func (c *Connector) record(op string, took time.Duration, err error) {
	if c.o.Hooks.Asked != nil {
		c.o.Hooks.Asked(c.o.ID, op, took, err)
	}
	switch {
	case writes(op) && refused(err):
		return // who may not write may still ask, and what is asked next tells whether the password is right
	case op == opShow && err != nil:
		return // nobody is silent for the sake of a card
	}
	to := connectors.StateUp
	if isTrouble(op, err) {
		to = connectors.StateFailing
	}
	now := time.Now()
	h := &c.health
	h.mu.Lock()
	from := h.state
	if from == "" {
		from = connectors.StateUnknown
	}
	if to == connectors.StateUp {
		h.failingSince, h.problem, h.lastErr, h.pausedUntil = nil, "", nil, time.Time{}
	} else {
		if h.failingSince == nil {
			h.failingSince = &now
		}
		h.problem, h.lastErr = problem(err), err
		if d := c.pauseAfter(err); d > 0 {
			h.pausedUntil = now.Add(d)
		}
	}
	if from != to {
		h.state, h.since = to, now
	}
	h.mu.Unlock()
	if from == to {
		return
	}
	if to == connectors.StateFailing {
		c.o.Log.Warn("customer system is failing", "connector", c.o.ID, "kind", errs.KindOf(err).String(), "err", err)
	} else if from == connectors.StateFailing {
		c.o.Log.Info("customer system is back", "connector", c.o.ID)
	}
	if c.o.Hooks.StateChanged != nil {
		c.o.Hooks.StateChanged(c.o.ID, from, to)
	}
}

// paused returns the error of the failure that asks for silence, while the silence lasts.
func (c *Connector) paused() error {
	h := &c.health
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.lastErr != nil && time.Now().Before(h.pausedUntil) {
		return h.lastErr
	}
	return nil
}

// down is the error of a request that the open breaker did not let through.
func (c *Connector) down(op string) error {
	c.health.mu.Lock()
	last := c.health.lastErr
	c.health.mu.Unlock()
	return &errs.Error{Kind: errs.Unavailable, Op: op, Msg: "the system does not answer", Err: last}
}

// The longest silence that a Retry-After can impose, and the one that a bare 429 does.
const (
	maxPause     = 5 * time.Minute
	defaultPause = 2 * time.Second
)

func (c *Connector) pauseAfter(err error) time.Duration {
	if d, ok := connectors.RetryAfterOf(err); ok {
		return min(d, maxPause)
	}
	switch errs.KindOf(err) {
	case errs.Unauthenticated, errs.Forbidden:
		return c.o.AuthPause
	case errs.RateLimited:
		return defaultPause
	}
	return 0
}

// refused tells whether the system did not let us in, or not that far.
func refused(err error) bool {
	return errs.Is(err, errs.Unauthenticated) || errs.Is(err, errs.Forbidden)
}

// isTrouble tells an answer that says something about the system from one about the question.
func isTrouble(op string, err error) bool {
	if err == nil {
		return false
	}
	switch errs.KindOf(err) {
	case errs.NotFound, errs.Unsupported, errs.Conflict:
		return false
	case errs.Invalid, errs.Rejected:
		return op == opLookup || op == opCheck
	}
	return true
}

// isOutage tells what the breaker counts: the system is away or too slow. A refused password and a business rule are answers.
func isOutage(err error) bool {
	k := errs.KindOf(err)
	return err != nil && (k == errs.Unavailable || k == errs.Timeout)
}

// problem is the text of an error that is fit to show.
func problem(err error) string {
	if m := errs.Message(err); m != "" {
		return m
	}
	switch errs.KindOf(err) {
	case errs.Timeout:
		return "no answer in time"
	case errs.Unavailable:
		return "the system does not answer"
	case errs.Unauthenticated, errs.Forbidden:
		return "the user name or password was refused"
	case errs.RateLimited:
		return "the system asks for fewer requests"
	case errs.Rejected:
		return "the system refused the request"
	case errs.Invalid:
		return "the connector's settings do not fit the system"
	}
	return "the answer was not understood"
}
