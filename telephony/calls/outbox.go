package calls

import (
	"context"
	"encoding/json"
	"errors"
	"sync"
	"time"

	"github.com/pult-cc/pult/internal/errs"
)

const (
	publishTime = 2 * time.Second // a bus that takes longer has not taken it
	publishMax  = 1024            // batches that wait for a slow bus; beyond, a snapshot is cheaper for everybody
	saveAtEnd   = 2 * time.Second // for what is not saved yet when Run ends

	// saveGather is how long a record waits for what else happens to its call. A call is born in a burst of changes: one record of them
	// all is cheaper than one of each, and the card and the ringing do not share the processors with the database.
	saveGather = 50 * time.Millisecond
)

// publish carries batches to the bus. A batch that cannot be published leaves a hole that the boards elsewhere see and mend by a
// snapshot, so it is not tried again; but as long as nothing follows it they must be told that there is a hole.
func (e *Engine) publish(ctx context.Context) error {
	again := time.NewTimer(time.Hour)
	defer again.Stop()
	var newest uint64
	var failing bool
	for {
		var bs []batch
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-e.out.ready:
			bs = e.out.take()
		case <-again.C:
			if failing {
				bs = []batch{{Epoch: e.o.Epoch, N: newest, Missed: true}}
			}
		}
		if len(bs) > publishMax {
			bs = bs[len(bs)-1:]
		}
		for _, b := range bs {
			newest = bs[len(bs)-1].N
			err := e.send(ctx, b)
			if errs.Is(err, errs.Internal) {
				return err
			}
			if failed := err != nil && ctx.Err() == nil; failed != failing {
				failing = failed
				if failed {
					e.o.Log.Warn("publishing floor changes: other processes do not see them", "error", err)
				} else {
					e.o.Log.Info("floor changes are published again")
				}
			}
			if failing {
				again.Reset(time.Second)
				break
			}
		}
	}
}

func (e *Engine) send(ctx context.Context, b batch) error {
	raw, err := json.Marshal(b)
	if err != nil {
		return errs.With(errs.Internal, "encoding floor change", err)
	}
	ctx, cancel := context.WithTimeout(ctx, publishTime)
	defer cancel()
	if err := e.o.Bus.Publish(ctx, subjectFloor, raw); err != nil {
		return &errs.Error{Kind: errs.Unavailable, Op: "publishing floor change", Err: err}
	}
	return nil
}

// saves are records that wait for the database, in order. A record is whole each time, so the newest replaces one that still waits:
// an outage costs memory for as many objects as there were, however long it lasts.
type saves struct {
	ready chan struct{}

	mu    sync.Mutex
	order []string
	work  map[string]func(context.Context) error
}

func newSaves() *saves {
	return &saves{ready: make(chan struct{}, 1), work: map[string]func(context.Context) error{}}
}

func (s *saves) put(key string, fn func(context.Context) error) {
	s.mu.Lock()
	if _, waits := s.work[key]; !waits {
		s.order = append(s.order, key)
	}
	s.work[key] = fn
	s.mu.Unlock()
	select {
	case s.ready <- struct{}{}:
	default:
	}
}

// take returns the first that waits, or nil.
func (s *saves) take() (string, func(context.Context) error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.order) == 0 {
		return "", nil
	}
	key := s.order[0]
	fn := s.work[key]
	s.order = s.order[1:]
	delete(s.work, key)
	return key, fn
}

// save writes records in order. While the database is away it keeps trying: the calls go on, the records wait in memory. At the end
// it gives what waits one more chance; a database that knows of a newer owner refuses it.
func (e *Engine) save(ctx context.Context) error {
	for {
		select {
		case <-ctx.Done():
			e.saveRest(ctx)
			return ctx.Err()
		case <-e.saves.ready:
		}
		gather := time.NewTimer(saveGather)
		select {
		case <-ctx.Done():
			gather.Stop()
			e.saveRest(ctx)
			return ctx.Err()
		case <-gather.C:
		}
		for {
			key, fn := e.saves.take()
			if fn == nil {
				break
			}
			err := retry(ctx, forever, fn)
			switch {
			case err == nil:
			case ctx.Err() != nil:
				e.saveRest(ctx, fn)
				return ctx.Err()
			default:
				e.o.Log.Error("saving a record", "record", key, "error", err)
			}
		}
	}
}

// saveRest saves those given first, then what waits.
func (e *Engine) saveRest(ctx context.Context, first ...func(context.Context) error) {
	<-e.ended
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), saveAtEnd)
	defer cancel()
	var failures error
	for _, fn := range first {
		failures = fn(ctx)
	}
	for ctx.Err() == nil && failures == nil {
		_, fn := e.saves.take()
		if fn == nil {
			return
		}
		failures = errors.Join(failures, fn(ctx))
	}
	if failures != nil {
		e.o.Log.Error("records are not saved at the end", "error", failures)
	}
}
