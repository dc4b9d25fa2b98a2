// Package resilient is the portable type around any connectors.Driver, written once so that drivers stay small: deadlines,
// single-flight by number, a cache that serves stale answers while it asks again, a bulkhead, a circuit breaker, obedience to
// "come back later", and a status that people can be shown.
//
// It lives beside the port, not in it: the port keeps to the standard library, the breaker and single-flight here do not. Time is
// the process clock, which testing/synctest makes virtual; there is no clock to inject.
package resilient

import (
	"log/slog"
	"time"

	"github.com/pult-cc/pult/connectors"
)

// Options configure a Connector. The zero value of a field means its default.
type Options struct {
	ID   string // instance id in the configuration; required
	Name string // what people call the system; default: ID

	RingDeadline       time.Duration // how long a ringing call waits; default 1.5 s
	BackgroundDeadline time.Duration // how long a request may take at all; default 30 s: a sleeping 1C needs that to wake

	MaxConcurrent int // requests at the same time; default 4, what a 1C with few licences bears
	MaxWaiting    int // requests waiting for a place; more are refused at once; default 256

	FreshFor    time.Duration // a found answer is believed so long; default 5 min
	StaleFor    time.Duration // then shown so long while a new one is fetched; default 1 h
	NegativeFor time.Duration // "nobody" is believed so long; default 30 s
	MaxEntries  int           // numbers remembered; default 4096

	FailuresToOpen uint32        // outages in a row that open the breaker; default 5
	OpenFor        time.Duration // then one probe each so often; default 5 s
	AuthPause      time.Duration // silence after a refused password, so that the account is not locked; default 1 min
	KeepAlive      time.Duration // Run checks the system so often; default 1 min; negative: never

	Hooks Hooks
	Log   *slog.Logger // state changes, once each; default: discarded
}

// Hooks observe a Connector, for metrics. Any may be nil. They are called from many goroutines and must return at once.
type Hooks struct {
	// Asked is called after every request to the system. op is lookup, get, search, index, check, related, history, create, agents, or one of those that write; err is nil, or has an errs kind.
	Asked func(connector, op string, took time.Duration, err error)
	// Cached is called for every look-up that memory was asked about.
	Cached func(connector string, outcome Outcome)
	// StateChanged is called when Status().State changes because of an answer or its absence.
	StateChanged func(connector string, from, to connectors.State)
}

// Outcome is what the cache knew.
type Outcome string

// The outcomes.
const (
	Hit      Outcome = "hit"      // a fresh answer
	Negative Outcome = "negative" // a fresh "nobody"
	Stale    Outcome = "stale"
	Miss     Outcome = "miss"
)

func or[T int | uint32 | time.Duration](v, def T) T {
	if v == 0 {
		return def
	}
	return v
}

func (o Options) withDefaults() Options {
	if o.Name == "" {
		o.Name = o.ID
	}
	o.RingDeadline = or(o.RingDeadline, 1500*time.Millisecond)
	o.BackgroundDeadline = or(o.BackgroundDeadline, 30*time.Second)
	o.MaxConcurrent = or(o.MaxConcurrent, 4)
	o.MaxWaiting = or(o.MaxWaiting, 256)
	o.FreshFor = or(o.FreshFor, 5*time.Minute)
	o.StaleFor = or(o.StaleFor, time.Hour)
	o.NegativeFor = or(o.NegativeFor, 30*time.Second)
	o.MaxEntries = or(o.MaxEntries, 4096)
	o.FailuresToOpen = or(o.FailuresToOpen, 5)
	o.OpenFor = or(o.OpenFor, 5*time.Second)
	o.AuthPause = or(o.AuthPause, time.Minute)
	o.KeepAlive = or(o.KeepAlive, time.Minute)
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	return o
}
