// Command pop measures how soon the card of an incoming call is at the operator's browser, beside the least that anybody can have:
// a bare listener of ARI in the same run, on the same Asterisk.
//
// Calls alternate between the two, each called at the same rate; both come from the same carrier and enter their application in the first step of the same dialplan.
// A call to Pult finds an operator whose browser is a real client of the web interface (the web app's own subscription over
// graphql-transport-ws) and whose phone is registered over SIP by WebSocket; the caller gives up as soon as that phone rings. Times
// are of one clock, from the moment before the INVITE is sent to the moment after the message was read.
// In further parts 1C takes 100 ms for an answer, does not answer, fails, and does so now and then; the phones are to ring as soon as
// ever. Customers' numbers are all different, so that no answer comes from a cache.
//
// It runs inside of scripts/netns and prints a line for each figure (see bench/figure); the exit code is 1 when one is short.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"net/http"
	"os"
	"os/signal"
	"runtime"
	"sync"
	"syscall"
	"time"

	"github.com/pult-cc/pult/bench/figure"
	"github.com/pult-cc/pult/connectors/onec/onecsim"
)

func main() {
	var o options
	flag.IntVar(&o.calls, "calls", 200, "calls to Pult in the main part, and as many to the bare listener")
	flag.IntVar(&o.slow, "slow", 50, "calls to Pult while 1C is slow, and as many for each of its other troubles")
	flag.Float64Var(&o.rate, "rate", 5, "calls per second to each")
	flag.DurationVar(&o.delay, "1c", 100*time.Millisecond, "how long the slow 1C takes")
	flag.StringVar(&o.binary, "pult", "", "the program (default: bin/pult)")
	flag.BoolVar(&o.verbose, "v", false, "show Pult's log and every call")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, o)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "pop:", err)
		os.Exit(1)
	}
}

type options struct {
	calls, slow int
	rate        float64
	delay       time.Duration
	binary      string
	verbose     bool
}

// warm calls are made before anything is measured: first requests open connections and fill caches.
const warm = 10

// patience is how long a call may take to ring.
const patience = 10 * time.Second

func run(ctx context.Context, o options) error {
	var log *os.File
	if o.verbose {
		log = os.Stderr
	}
	s, err := newStage(ctx, o.binary, warm+2*o.calls+4*o.slow, log)
	if err != nil {
		return err
	}
	err = measure(ctx, s, o)
	return errors.Join(err, s.close())
}

func measure(ctx context.Context, s *stage, o options) error {
	r := &runner{s: s, every: time.Duration(float64(time.Second) / o.rate), verbose: o.verbose}
	fmt.Printf("%d calls to Pult and to a bare listener, each %g a second; then %d with a 1C of %v; %d processors\n", o.calls, o.rate, o.slow, o.delay, runtime.NumCPU())
	if _, err := r.part(ctx, warm, true); err != nil {
		return err
	}
	plain, err := r.part(ctx, 2*o.calls, true)
	if err != nil {
		return err
	}
	s.oneC.sim.SetDelay(o.delay)
	slow, err := r.part(ctx, o.slow, false)
	if err != nil {
		return err
	}
	s.oneC.sim.SetDelay(0)
	r.ringOnly = true
	var troubled []*times
	for _, trouble := range troubles {
		healed := trouble.begin(s.oneC.sim)
		t, err := r.part(ctx, o.slow, false)
		healed()
		if err != nil {
			return fmt.Errorf("1C %s: %w", trouble.name, err)
		}
		troubled = append(troubled, t)
	}
	return report(plain, slow, troubled)
}

// troubles are what a 1C does instead of answering. begin starts one and returns what ends it.
var troubles = []struct {
	name  string
	begin func(*onecsim.Sim) (end func())
}{
	{"hanging", func(s *onecsim.Sim) func() { return suffer(s, onecsim.Trouble{Delay: time.Minute}) }},
	{"failing", func(s *onecsim.Sim) func() { return suffer(s, onecsim.Trouble{Status: http.StatusBadGateway}) }},
	{"flapping", func(s *onecsim.Sim) func() {
		tick, done := time.NewTicker(flap), make(chan struct{})
		var wg sync.WaitGroup
		wg.Go(func() {
			for ill := true; ; ill = !ill {
				if ill {
					s.Suffer(&onecsim.Trouble{HangUp: true})
				} else {
					s.Suffer(nil)
				}
				select {
				case <-tick.C:
				case <-done:
					return
				}
			}
		})
		return func() {
			tick.Stop()
			close(done)
			wg.Wait()
			s.Suffer(nil)
		}
	}},
}

// flap is how long a flapping 1C is well, and how long it is not.
const flap = 700 * time.Millisecond

func suffer(s *onecsim.Sim, t onecsim.Trouble) func() {
	s.Suffer(&t)
	return func() { s.Suffer(nil) }
}

// report prints what was measured.
func report(plain, slow *times, troubled []*times) error {
	f := figure.NewSheet(os.Stdout)
	f.Print("INVITE → first event at the bare listener", plain.bare)
	f.Print("INVITE → card at the browser", plain.card)
	f.Print("INVITE → card with the customer", plain.found)
	f.Print("INVITE → INVITE at the operator's phone", plain.ring)
	f.Print("slow 1C: INVITE → card at the browser", slow.card)
	f.Print("slow 1C: INVITE → card with the customer", slow.found)
	f.Print("slow 1C: of that, beside 1C's own time", slow.beside)
	f.Print("slow 1C: INVITE → INVITE at the operator's phone", slow.ring)
	for i, t := range troubled {
		f.Print(troubles[i].name+" 1C: INVITE → INVITE at the operator's phone", t.ring)
	}
	f.AtMost("pop_p50_ratio", figure.Quantile(plain.card, 0.5)/figure.Quantile(plain.bare, 0.5), 1.5)
	f.AtMost("pop_p99_ratio", figure.Quantile(plain.card, 0.99)/figure.Quantile(plain.bare, 0.99), 3)
	f.AtMost("pop_p99_ms", figure.Quantile(plain.card, 0.99), 10)
	f.AtMost("ring_ratio_slow_1c", figure.Quantile(slow.ring, 0.5)/figure.Quantile(plain.ring, 0.5), 1.02)
	for i, t := range troubled {
		f.AtMost("ring_ratio_"+troubles[i].name+"_1c", figure.Quantile(t.ring, 0.5)/figure.Quantile(plain.ring, 0.5), 1.02)
	}
	f.AtMost("card_over_1c_p95_ms", figure.Quantile(slow.beside, 0.95), 10)
	f.AtLeast("card_before_invite_pct", plain.before(), 99)
	return f.Err()
}
