package main

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"
)

// times are what one part measured.
type times struct {
	mu     sync.Mutex
	bare   []time.Duration // INVITE to the first event at the bare listener
	card   []time.Duration // INVITE to the first card at the operator's browser
	found  []time.Duration // INVITE to the card with the customer
	beside []time.Duration // found without the time that 1C took
	ring   []time.Duration // INVITE to the INVITE at the operator's phone
	early  int             // cards that were there before the phone was called
	asked  int             // requests of 1C
}

// before is the share of cards that were there before the phone was called, in percent.
func (t *times) before() float64 { return 100 * float64(t.early) / float64(len(t.card)) }

// runner makes calls.
type runner struct {
	s       *stage
	every   time.Duration // from a call to Pult to the next
	verbose bool
	// ringOnly does not wait for the customer: 1C is not expected to know.
	ringOnly bool
	made     int // calls so far: every call has a number of its own
}

// part makes n calls, every other one to the bare listener where alternate is set, in between those to Pult.
func (r *runner) part(ctx context.Context, n int, alternate bool) (*times, error) {
	t := &times{}
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	var wg sync.WaitGroup
	every := r.every
	if alternate {
		every /= 2
	}
	tick := time.NewTicker(every)
	defer tick.Stop()
	for i := range n {
		k := r.made
		r.made++
		wg.Go(func() {
			one := r.toPult
			if alternate && i%2 == 0 {
				one = r.toBare
			}
			if err := one(ctx, k, t); err != nil {
				cancel(fmt.Errorf("call %d: %w", k, err))
			}
		})
		select {
		case <-tick.C:
		case <-ctx.Done():
			wg.Wait()
			return nil, context.Cause(ctx)
		}
	}
	wg.Wait()
	return t, context.Cause(ctx)
}

func (r *runner) toBare(ctx context.Context, k int, t *times) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	exten := fmt.Sprintf("%s%d", bareApp, k)
	call, err := r.s.carrier.call(number(k), exten)
	if err != nil {
		return err
	}
	at, err := r.s.bare.wait(ctx, exten)
	if err != nil {
		return fmt.Errorf("no event at the bare listener: %w", err)
	}
	t.mu.Lock()
	t.bare = append(t.bare, at.Sub(call.sent))
	t.mu.Unlock()
	return call.hangUp(ctx)
}

func (r *runner) toPult(ctx context.Context, k int, t *times) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	from := number(k)
	call, err := r.s.carrier.call(from, "support")
	if err != nil {
		return err
	}
	s := r.s
	var first, found seen
	var rang time.Time
	err = s.wait(ctx, func() bool {
		cards := s.cards[from]
		if len(cards) == 0 {
			return false
		}
		first = cards[0]
		for _, c := range cards {
			if c.Match == "FOUND" && found.At.IsZero() {
				found = c
			}
		}
		rang = s.invites[first.Call]
		return (r.ringOnly || !found.At.IsZero()) && !rang.IsZero()
	})
	if err != nil {
		return errors.Join(fmt.Errorf("card %v, customer %v, ring %v: %w", !first.At.IsZero(), !found.At.IsZero(), !rang.IsZero(), err), call.hangUp(ctx))
	}
	var busy time.Duration
	var n int
	t.mu.Lock()
	t.card = append(t.card, first.At.Sub(call.sent))
	t.ring = append(t.ring, rang.Sub(call.sent))
	if !r.ringOnly {
		busy, n = s.oneC.busy(call.sent, found.At)
		t.found = append(t.found, found.At.Sub(call.sent))
		t.beside = append(t.beside, found.At.Sub(call.sent)-busy)
		t.asked += n
	}
	if first.At.Before(rang) {
		t.early++
	}
	t.mu.Unlock()
	if r.verbose {
		fmt.Printf("%s card %v (%s, %s) found %v ring %v 1C %v in %d\n", from, first.At.Sub(call.sent), first.State, first.Match,
			found.At.Sub(call.sent), rang.Sub(call.sent), busy, n)
	}
	return call.hangUp(ctx)
}
