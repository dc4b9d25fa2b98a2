package resilient

import (
	"context"
	"errors"
	"fmt"
	"io"
	"runtime/debug"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"github.com/sony/gobreaker/v2"
	"golang.org/x/sync/singleflight"

	"github.com/pult-cc/pult/connectors"
	"github.com/pult-cc/pult/internal/errs"
)

// The operations, as hooks and rules know them.
const (
	opLookup = "lookup"
	opGet    = "get"
	opSearch = "search"
	opCheck  = "check"
	opIndex  = "index"
)

// Connector implements connectors.Connector around a driver. It starts goroutines only for questions under way; Close ends them.
type Connector struct {
	driver connectors.Driver
	o      Options

	cache   *cache
	flights singleflight.Group
	places  chan struct{} // bulkhead
	asides  chan struct{} // part of it, see aside
	waiting atomic.Int32
	breaker atomic.Pointer[gobreaker.CircuitBreaker[struct{}]]
	health  health

	mu      sync.Mutex
	closed  bool
	cancels map[*context.CancelFunc]struct{}
	flying  sync.WaitGroup
}

var _ connectors.Connector = (*Connector)(nil)

// New makes a connector of a driver. Nothing is asked yet. Call Run to keep the system awake and watched, or Close when done.
func New(driver connectors.Driver, o Options) (*Connector, error) {
	if driver == nil || o.ID == "" {
		return nil, errs.E(errs.Internal, "making connector", "a connector needs a driver and an id")
	}
	o = o.withDefaults()
	c := &Connector{
		driver: driver, o: o, cache: newCache(o),
		places: make(chan struct{}, o.MaxConcurrent), asides: make(chan struct{}, max(1, o.MaxConcurrent/2)), cancels: map[*context.CancelFunc]struct{}{},
	}
	c.resetBreaker()
	return c, nil
}

func (c *Connector) resetBreaker() {
	c.breaker.Store(gobreaker.NewCircuitBreaker[struct{}](gobreaker.Settings{
		Name:         c.o.ID,
		MaxRequests:  1,
		Timeout:      c.o.OpenFor,
		ReadyToTrip:  func(n gobreaker.Counts) bool { return n.ConsecutiveFailures >= c.o.FailuresToOpen },
		IsSuccessful: func(err error) bool { return !isOutage(err) },
		IsExcluded: func(err error) bool {
			return errors.Is(err, context.Canceled) || errors.Is(err, connectors.ErrNoTurn) || errors.As(err, new(ofCard))
		},
	}))
}

// ID implements connectors.Connector.
func (c *Connector) ID() string { return c.o.ID }

// Name implements connectors.Connector.
func (c *Connector) Name() string { return c.o.Name }

// RingDeadline implements connectors.Connector.
func (c *Connector) RingDeadline() time.Duration { return c.o.RingDeadline }

// Peek implements connectors.Connector.
func (c *Connector) Peek(q connectors.LookupQuery) (connectors.Answer, bool) {
	a, outcome := c.cache.get(cacheKey(q), time.Now())
	if c.o.Hooks.Cached != nil {
		c.o.Hooks.Cached(c.o.ID, outcome)
	}
	return a, outcome != Miss
}

// Lookup implements connectors.Connector.
func (c *Connector) Lookup(ctx context.Context, q connectors.LookupQuery) (connectors.Answer, error) {
	a, ok := c.Peek(q)
	if !ok {
		return c.Refresh(ctx, q)
	}
	if a.Stale {
		c.fly(ctx, q) // the answer goes into the cache
	}
	return a, nil
}

// Refresh implements connectors.Connector.
func (c *Connector) Refresh(ctx context.Context, q connectors.LookupQuery) (connectors.Answer, error) {
	select {
	case r := <-c.fly(ctx, q):
		if r.Err != nil {
			return connectors.Answer{}, r.Err
		}
		return r.Val.(connectors.Answer), nil
	case <-ctx.Done():
		return connectors.Answer{}, &errs.Error{
			Kind: errs.Timeout, Op: "asking " + c.o.Name, Msg: "no answer in time", Err: ctx.Err(),
		}
	}
}

// fly asks the driver, once for all who ask the same now. The question outlives the asker, whose patience is shorter than the
// value of the answer, but never BackgroundDeadline or Close.
func (c *Connector) fly(ctx context.Context, q connectors.LookupQuery) <-chan singleflight.Result {
	key := cacheKey(q)
	return c.flights.DoChan(key, func() (any, error) {
		var found []connectors.Candidate
		err := c.call(context.WithoutCancel(ctx), opLookup, func(ctx context.Context) (err error) {
			found, err = c.driver.Lookup(ctx, q)
			return err
		})
		if err != nil {
			return nil, err
		}
		now := time.Now()
		c.cache.put(key, found, now)
		return connectors.Answer{Candidates: found, AsOf: now}, nil
	})
}

// Get implements connectors.Connector.
func (c *Connector) Get(ctx context.Context, ref connectors.Ref) (found connectors.Candidate, err error) {
	g, ok := connectors.As[connectors.Getter](c.driver)
	if !ok {
		return found, errs.E(errs.Unsupported, "getting record from "+c.o.Name, "this system cannot fetch single records")
	}
	err = c.call(ctx, opGet, func(ctx context.Context) (err error) {
		found, err = g.Get(ctx, ref)
		return err
	})
	return found, err
}

// Search implements connectors.Connector.
func (c *Connector) Search(ctx context.Context, text string, limit int) (found []connectors.Candidate, err error) {
	s, ok := connectors.As[connectors.Searcher](c.driver)
	if !ok {
		return nil, errs.E(errs.Unsupported, "searching "+c.o.Name, "this system cannot be searched")
	}
	err = c.call(ctx, opSearch, func(ctx context.Context) (err error) {
		found, err = s.Search(ctx, text, limit)
		return err
	})
	return found, err
}

// Index lists everybody who has a number, page after page, see connectors.Indexer; a driver that cannot is errs.Unsupported. A page is
// a request that a ringing call may overtake.
func (c *Connector) Index(ctx context.Context, cursor string, limit int) (page connectors.Page, err error) {
	i, ok := connectors.As[connectors.Indexer](c.driver)
	if !ok {
		return page, errs.E(errs.Unsupported, "listing records of "+c.o.Name, "this system cannot list its records")
	}
	err = c.aside(ctx, opIndex, func(ctx context.Context) (err error) {
		page, err = i.Index(ctx, cursor, limit)
		return err
	})
	return page, err
}

// Check implements connectors.Connector. A system that answers closes the breaker and ends a pause. A driver without the
// capability is checked by nothing and said to be well.
func (c *Connector) Check(ctx context.Context) (h connectors.Health, err error) {
	checker, ok := connectors.As[connectors.Checker](c.driver)
	if !ok {
		return h, nil
	}
	op := "checking " + c.o.Name
	ctx, end, err := c.begin(ctx, op)
	if err != nil {
		return h, err
	}
	defer end()
	began := time.Now()
	err = guard(func() (err error) {
		h, err = checker.Check(ctx)
		return err
	})
	c.record(opCheck, time.Since(began), err)
	if err != nil {
		return connectors.Health{}, errs.Wrap(op, err)
	}
	c.resetBreaker()
	return h, nil
}

// Run checks the system from time to time, which keeps a 1C from falling asleep (the first request after idling may take half a
// minute) and notices its return after an outage, until ctx ends; then it cancels what is under way and waits for it.
func (c *Connector) Run(ctx context.Context) error {
	defer c.Close()
	checker, ok := connectors.As[connectors.Checker](c.driver)
	if !ok || c.o.KeepAlive < 0 {
		<-ctx.Done()
		return nil
	}
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-timer.C:
		}
		// Through breaker and bulkhead like any other request: a probe is what closes the breaker again.
		err := c.aside(ctx, opCheck, func(ctx context.Context) error {
			_, err := checker.Check(ctx)
			return err
		})
		if err != nil {
			timer.Reset(min(c.o.OpenFor+time.Millisecond, c.o.KeepAlive))
		} else {
			timer.Reset(c.o.KeepAlive)
		}
	}
}

// Close cancels the questions under way, waits until their goroutines are gone and closes the driver if it is an io.Closer. Later
// requests are errs.Unavailable.
func (c *Connector) Close() {
	c.mu.Lock()
	first := !c.closed
	c.closed = true
	for cancel := range c.cancels {
		(*cancel)()
	}
	c.mu.Unlock()
	c.flying.Wait()
	if closer, ok := c.driver.(io.Closer); ok && first {
		if err := closer.Close(); err != nil {
			c.o.Log.Warn("closing customer system failed", "connector", c.o.ID, "err", err)
		}
	}
}

// begin gives a request its deadline and lets Close find it.
func (c *Connector) begin(ctx context.Context, op string) (context.Context, func(), error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed {
		return nil, nil, errs.E(errs.Unavailable, op, "the connector is shut down")
	}
	ctx, cancel := context.WithTimeout(ctx, c.o.BackgroundDeadline)
	c.cancels[&cancel] = struct{}{}
	c.flying.Add(1)
	return ctx, func() {
		cancel()
		c.mu.Lock()
		delete(c.cancels, &cancel)
		c.mu.Unlock()
		c.flying.Done()
	}, nil
}

// call sends one request through pause, bulkhead and breaker.
func (c *Connector) call(ctx context.Context, what string, ask func(context.Context) error) error {
	op := fmt.Sprintf("asking %s (%s)", c.o.Name, what)
	asker := ctx
	ctx, end, err := c.begin(ctx, op)
	if err != nil {
		return err
	}
	defer end()
	if err := c.refusal(op); err != nil {
		return err
	}
	if what == opShow && c.breaker.Load().State() != gobreaker.StateClosed {
		return c.down(op) // the one request that tells whether the system is back is not for a card
	}
	if err := c.enter(ctx, op); err != nil {
		return err
	}
	defer func() { <-c.places }()
	if err := c.paused(); err != nil { // somebody before us in the queue may have learnt it
		return errs.Wrap(op, err)
	}
	_, err = c.breaker.Load().Execute(func() (struct{}, error) {
		began := time.Now()
		err := guard(func() error { return ask(ctx) })
		if errors.Is(err, connectors.ErrNoTurn) {
			return struct{}{}, err // our own limit: says nothing about the system, and nothing is under way
		}
		if err != nil && (asker.Err() != nil || errors.Is(ctx.Err(), context.Canceled)) {
			return struct{}{}, context.Canceled // the asker lost patience, or Close: says nothing about the system
		}
		c.record(what, time.Since(began), err)
		if what == opShow && err != nil {
			err = ofCard{err}
		}
		return struct{}{}, err
	})
	switch {
	case errors.Is(err, gobreaker.ErrOpenState), errors.Is(err, gobreaker.ErrTooManyRequests):
		return c.down(op)
	case errors.Is(err, context.Canceled):
		return &errs.Error{Kind: errs.Timeout, Op: op, Msg: "the request was given up", Err: err}
	}
	return errs.Wrap(op, err)
}

// refusal tells whether it makes sense to ask at all.
func (c *Connector) refusal(op string) error {
	if err := c.paused(); err != nil {
		return errs.Wrap(op, err)
	}
	if c.breaker.Load().State() == gobreaker.StateOpen {
		return c.down(op)
	}
	return nil
}

// enter waits for a place in the bulkhead.
func (c *Connector) enter(ctx context.Context, op string) error {
	select {
	case c.places <- struct{}{}:
		return nil
	default:
	}
	if int(c.waiting.Add(1)) > c.o.MaxWaiting {
		c.waiting.Add(-1)
		return errs.E(errs.Unavailable, op, "too many requests are waiting for the system")
	}
	defer c.waiting.Add(-1)
	select {
	case c.places <- struct{}{}:
		return nil
	case <-ctx.Done():
		return &errs.Error{Kind: errs.Timeout, Op: op, Msg: "no answer in time", Err: context.Cause(ctx)}
	}
}

// guard turns a panic of a driver into an error: a defect in one connector must not take the calls down.
func guard(f func() error) (err error) {
	defer func() {
		if r := recover(); r != nil {
			err = errs.With(errs.Internal, "running driver", fmt.Errorf("panic: %v\n%s", r, debug.Stack()))
		}
	}()
	return f()
}

func cacheKey(q connectors.LookupQuery) string {
	return q.E164 + "|" + q.National + "|" + q.Region + "|" + strconv.Itoa(q.Limit)
}
