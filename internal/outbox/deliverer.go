package outbox

import (
	"context"
	"io"
	"log/slog"
	"math/rand/v2"
	"sync"
	"time"

	"github.com/pult-cc/pult/connectors"
	"github.com/pult-cc/pult/internal/errs"
)

// Target is a customer system that is written to, with its deadlines and breaker: resilient.Connector. What it cannot do is
// errs.Unsupported.
type Target interface {
	ID() string
	Status() connectors.Status
	LogCall(ctx context.Context, call connectors.CallRecord) (connectors.Ref, error)
	AttachRecording(ctx context.Context, rec connectors.Recording) error
	CreateTask(ctx context.Context, task connectors.Task) (connectors.Ref, error)
}

// Names are what ids of ours are called; unknown ones are empty.
type Names struct {
	Queue, Topic string
	Agent        connectors.Agent
}

// Directory knows names.
type Directory interface {
	Names(ctx context.Context, queueID, operatorID, topicID string) (Names, error)
}

// Options configure a Deliverer. The zero value of a duration or number means its default.
type Options struct {
	Repository Repository
	Targets    []Target
	Directory  Directory
	// Recording opens the recording of an interaction; nil where there are none but by URL.
	Recording func(ctx context.Context, subject string) (io.ReadCloser, error)
	// Announced is what a system was told of a call while it lived, the zero value for nothing; nil where no system is.
	Announced func(ctx context.Context, connector, subject string) (connectors.Announced, error)
	Mask      func(string) string // hides telephone numbers in reasons; required
	NewID     func() string
	Now       func() time.Time // need not agree with other processes'; waiting is done by the process clock
	Log       *slog.Logger

	// Workers is how many records go to one system at the same time; default 2, so that ringing calls find a free place.
	Workers int
	// Deadline bounds one delivery; default 40 s, which is longer than a request of the portable type may take.
	Deadline time.Duration
	// Lease is how long a worker's entries are its own; default 2 min. It outlasts every delivery, so that no two of them overlap.
	Lease time.Duration
	Poll  time.Duration // how often an idle system's entries are looked for; default 1 s
	Keep  time.Duration // what delivered, discarded and held entries say is kept so long; default 30 days
}

func (o Options) withDefaults() Options {
	if o.Workers == 0 {
		o.Workers = 2
	}
	for d, def := range map[*time.Duration]time.Duration{
		&o.Deadline: 40 * time.Second, &o.Lease: 2 * time.Minute, &o.Poll: time.Second, &o.Keep: 30 * 24 * time.Hour,
	} {
		if *d == 0 {
			*d = def
		}
	}
	return o
}

// Deliverer carries entries to customer systems, each at its own pace. Several processes may run one on the same repository.
type Deliverer struct{ o Options }

// NewDeliverer makes a deliverer; Run starts it.
func NewDeliverer(o Options) *Deliverer { return &Deliverer{o.withDefaults()} }

// sweepEvery is how often old entries are swept.
const sweepEvery = time.Hour

// Run delivers until ctx ends; what is under way then is given up and tried again by whoever comes next.
func (d *Deliverer) Run(ctx context.Context) error {
	var lanes sync.WaitGroup
	for _, t := range d.o.Targets {
		lanes.Go(func() { (&lane{Options: d.o, target: t}).run(ctx) })
	}
	tick := time.NewTicker(sweepEvery)
	defer tick.Stop()
	for {
		if n, err := d.o.Repository.Sweep(ctx, d.o.Now().Add(-d.o.Keep)); err != nil && ctx.Err() == nil {
			d.o.Log.Warn("sweeping the outbox", "err", err)
		} else if n > 0 {
			d.o.Log.Info("old entries of the outbox are forgotten", "entries", n)
		}
		select {
		case <-ctx.Done():
			lanes.Wait()
			return nil
		case <-tick.C:
		}
	}
}

// batchPerWorker is how many entries one claim takes for each worker.
const batchPerWorker = 16

// recoveredAfter failures in a row a success means that the system was away, not that one record was bad.
const recoveredAfter = 3

// lane is the way to one customer system. While it fails, one entry at a time is tried, ever less often.
type lane struct {
	Options
	target Target

	judging sync.Mutex // one refusal at a time, until it is noted

	mu       sync.Mutex
	failures int           // of the system, in a row
	until    time.Time     // it is left alone, by the process clock
	ahead    time.Duration // of our clock the repository's is
	row      []Entry       // what was refused since the last success, of different calls, until it is a storm
	took     time.Time     // when the system last took a record, by the repository's clock
	unnoted  bool          // of what was claimed last something was tried, and how it went could not be noted
}

// now is the time by the repository's clock.
func (l *lane) now() time.Time {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.Now().Add(l.ahead)
}

func (l *lane) run(ctx context.Context) {
	for ctx.Err() == nil {
		wait := l.pause()
		if wait <= 0 {
			n, err := l.round(ctx)
			if err != nil && ctx.Err() == nil {
				l.Log.Warn("reading the outbox", "connector", l.target.ID(), "err", err)
			}
			if n > 0 && err == nil {
				continue
			}
			wait = l.Poll
		}
		timer := time.NewTimer(wait)
		select {
		case <-ctx.Done():
		case <-timer.C:
		}
		timer.Stop()
	}
}

// pause is how long to send nothing.
func (l *lane) pause() time.Duration {
	if l.target.Status().State == connectors.StateDown { // its breaker is open: asking would only be refused
		return l.Poll
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	return time.Until(l.until)
}

// round claims some entries and delivers them; it returns how many there were.
func (l *lane) round(ctx context.Context) (int, error) {
	limit, workers := l.Workers*batchPerWorker, l.Workers
	if l.failing() {
		limit, workers = 1, 1
	}
	lease := l.NewID()
	ends := time.Now().Add(l.Lease - l.Deadline) // no delivery may begin later
	now, err := l.Repository.Now(ctx)
	if err != nil {
		return 0, err
	}
	l.mu.Lock()
	l.ahead, l.unnoted = now.Sub(l.Now()), false
	l.mu.Unlock()
	entries, err := l.Repository.Claim(ctx, l.target.ID(), limit, l.stormy(), lease, now, now.Add(l.Lease))
	if err == nil && len(entries) == 0 && l.stormy() {
		entries, err = l.Repository.Claim(ctx, l.target.ID(), limit, false, lease, now, now.Add(l.Lease))
	}
	if err != nil || len(entries) == 0 {
		return 0, err
	}
	work := make(chan Entry, len(entries))
	for _, e := range entries {
		work <- e
	}
	close(work)
	healthy := !l.failing()
	var wg sync.WaitGroup
	for range min(workers, len(entries)) {
		wg.Go(func() {
			for e := range work {
				if ctx.Err() != nil || time.Now().After(ends) || healthy && l.failing() {
					return // the rest is given back
				}
				l.deliver(ctx, e)
			}
		})
	}
	wg.Wait()
	l.mu.Lock()
	unnoted := l.unnoted
	l.mu.Unlock()
	if unnoted { // given back it would look as if nobody had tried it
		return 0, nil
	}
	after, cancel := context.WithTimeout(context.WithoutCancel(ctx), l.Deadline)
	defer cancel()
	return len(entries), l.Repository.Release(after, l.target.ID(), lease, l.now())
}

func (l *lane) failing() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.failures > 0
}

// deliver makes one attempt and notes how it went. Where that cannot be noted the lease runs out and the entry is delivered again.
func (l *lane) deliver(ctx context.Context, e Entry) {
	limit, cancel := context.WithTimeout(ctx, l.Deadline)
	written, err := l.write(limit, e)
	cancel()
	after, cancel := context.WithTimeout(context.WithoutCancel(ctx), l.Deadline)
	defer cancel()
	if err == nil {
		l.delivered(after, e, written)
		return
	}
	v := Judge(err, e.Attempts, rand.Float64())
	switch {
	case ctx.Err() != nil: // we gave up, not the system, which may still be at it
		v = Verdict{Wait: unknownWait, Uncounted: true}
	case v.Dead:
		l.judging.Lock()
		defer l.judging.Unlock()
		v = l.refused(after, e, v)
	}
	f := Failure{
		Dead: v.Dead, Held: v.Held, Next: l.now().Add(v.Wait), Uncounted: v.Uncounted, Reason: reasonOf(err, l.Mask),
		ReasonCode: errs.KindOf(err).String(),
	}
	if e.ReasonCode == errs.Timeout.String() && !v.Dead && !v.Held && !refusal(f.ReasonCode) {
		f.ReasonCode = e.ReasonCode // what was asked then may still be carried out, whatever trouble came after it
	}
	if v.Dead {
		l.Log.Warn("a customer system does not take a record", "connector", e.Connector, "entry", e.ID, "kind", string(e.Kind), "code", f.ReasonCode)
	}
	if v.Rest > 0 {
		l.failed(v.Rest)
	}
	if err := l.Repository.Failed(after, e.ID, e.Lease, e.Revision, f, l.now()); err != nil {
		l.cannotNote("noting a failed delivery", e, err)
	}
}

// delivered notes a success. Where an answer of this call was waited for in vain before, its request may be carried out yet: it is
// written once more when that can no more happen, and a connector that finds two records then mends it.
func (l *lane) delivered(ctx context.Context, e Entry, written connectors.Ref) {
	d := Delivery{Written: connectors.Written{Ref: written, Customer: e.Effective().Customer}}
	if e.Kind == KindCall && e.ReasonCode == errs.Timeout.String() {
		d.Again = l.now().Add(lateWait)
	}
	if err := l.Repository.Delivered(ctx, e.ID, e.Lease, e.Revision, d, l.now()); err != nil {
		l.cannotNote("noting a delivery", e, err)
	}
	l.recovered(ctx)
}

func (l *lane) cannotNote(what string, e Entry, err error) {
	l.Log.Warn(what, "connector", e.Connector, "entry", e.ID, "err", err)
	l.mu.Lock()
	defer l.mu.Unlock()
	l.unnoted = true
}

// failed leaves the system alone for a while.
func (l *lane) failed(asked time.Duration) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.failures++
	l.until = time.Now().Add(rest(l.failures, asked, rand.Float64()))
}

// recovered notes that the system took a record. After an outage, what waited for its next attempt waits no longer.
func (l *lane) recovered(ctx context.Context) {
	l.mu.Lock()
	failures := l.failures
	l.failures, l.until, l.row, l.took = 0, time.Time{}, nil, l.Now().Add(l.ahead)
	l.mu.Unlock()
	if failures < recoveredAfter {
		return
	}
	l.Log.Info("a customer system takes records again", "connector", l.target.ID())
	if err := l.Repository.Wake(ctx, l.target.ID(), unknownWait, l.now()); err != nil {
		l.Log.Warn("waking entries of the outbox", "connector", l.target.ID(), "err", err)
	}
}
