package main

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/google/uuid"

	"github.com/pult-cc/pult/connectors"
	"github.com/pult-cc/pult/internal/customers"
	"github.com/pult-cc/pult/internal/interactions"
	"github.com/pult-cc/pult/internal/outbox"
	"github.com/pult-cc/pult/internal/store"
)

// floor is where calls end: the history on a real database.
type floor struct {
	*store.Store
	began time.Time
	calls atomic.Int64
}

func openFloor(ctx context.Context, dsn string) (*floor, error) {
	f := &floor{began: time.Now().Add(-time.Hour)}
	var err error
	f.Store, err = store.Open(ctx, store.Options{DSN: dsn, Outbox: &outbox.Planner{
		Lines: []outbox.Line{{Connector: connectorID, Calls: true}}, NewID: newID, Now: time.Now,
	}})
	if err != nil {
		return nil, err
	}
	if err := f.Migrate(ctx); err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return f, f.Seed(ctx, "ru", time.Now())
}

func newID() string { return uuid.Must(uuid.NewV7()).String() }

func callID(i int) string { return fmt.Sprintf("call-%06d", i) }

// edited says which calls get another comment when they have ended.
func edited(i int) bool { return i%50 == 7 }

// comment is what a call's record says in the end.
func (f *floor) comment(i int) string {
	if edited(i) {
		return "перезвонили " + callID(i)
	}
	return ""
}

// ended is how many calls have ended so far.
func (f *floor) ended() int { return int(f.calls.Load()) }

// end ends a call, in the transactions in which calls end: the conversation, then its wrap-up.
func (f *floor) end(ctx context.Context, i int) error {
	at := f.began.Add(time.Duration(i) * time.Second / rate)
	answered, ended := at.Add(-time.Minute), at
	in := interactions.Interaction{
		ID: callID(i), Channel: interactions.ChannelCall, Direction: "INBOUND", StartedAt: at.Add(-70 * time.Second), AnsweredAt: &answered,
		EndedAt: &ended, ClosedAt: &ended, Waited: 10 * time.Second, Result: "ANSWERED", Term: 1,
		Number:     customers.Number{E164: fmt.Sprintf("+7495%07d", i), Kind: customers.NumberPublic},
		CustomerID: customers.EncodeID(connectors.Ref{Connector: connectorID, Type: "client", ID: fmt.Sprint(i)}),
	}
	if err := f.Interactions().SaveCall(ctx, in); err != nil {
		return err
	}
	if text := f.comment(i); text != "" {
		if _, err := f.Interactions().SetNotes(ctx, in.ID, interactions.NotesChange{Comment: &text}, time.Now()); err != nil {
			return err
		}
	}
	f.calls.Add(1)
	return nil
}

// hour ends so many calls as fast as they can be written.
func (f *floor) hour(ctx context.Context, calls, writers int) error {
	next := make(chan int)
	failed := make(chan error, writers)
	var wg sync.WaitGroup
	for range writers {
		wg.Go(func() {
			for i := range next {
				if err := f.end(ctx, i); err != nil {
					failed <- err
					return
				}
			}
		})
	}
	for i := range calls {
		select {
		case next <- i:
		case err := <-failed:
			close(next)
			wg.Wait()
			return err
		}
	}
	close(next)
	wg.Wait()
	select {
	case err := <-failed:
		return err
	default:
		return nil
	}
}

// goOn ends calls by the clock until ctx ends.
func (f *floor) goOn(ctx context.Context, from int) error {
	tick := time.NewTicker(time.Second / rate)
	defer tick.Stop()
	for i := from; ; i++ {
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
		if err := f.end(context.WithoutCancel(ctx), i); err != nil {
			return err
		}
	}
}

// drained waits until nothing waits. What was refused is an error.
func (f *floor) drained(ctx context.Context) error {
	limit, cancel := context.WithTimeout(ctx, 5*time.Minute)
	defer cancel()
	tick := time.NewTicker(200 * time.Millisecond)
	defer tick.Stop()
	for {
		counts, err := f.Outbox().Counts(limit)
		if err != nil {
			return err
		}
		if len(counts) == 0 {
			return nil
		}
		for _, c := range counts {
			if c.State == outbox.StateDead {
				return fmt.Errorf("%d records were refused", c.Entries)
			}
		}
		select {
		case <-limit.Done():
			return fmt.Errorf("%d records still wait: %w", counts[0].Entries, limit.Err())
		case <-tick.C:
		}
	}
}
