package httpjson

import (
	"context"
	"encoding/json"
	"sort"
	"sync"

	"github.com/pult-cc/pult/internal/errs"
)

// together runs n functions, some at the same time; the first error cancels the others and is returned.
func together(ctx context.Context, n, atOnce int, f func(context.Context, int) error) error {
	if n == 1 {
		return f(ctx, 0)
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	var (
		wg    sync.WaitGroup
		once  sync.Once
		first error
	)
	places := make(chan struct{}, max(1, atOnce))
	for i := range n {
		wg.Go(func() {
			places <- struct{}{}
			defer func() { <-places }()
			if err := f(ctx, i); err != nil {
				once.Do(func() {
					first = err
					cancel()
				})
			}
		})
	}
	wg.Wait()
	return first
}

// held is a value that is expensive to get and good until it is forgotten: a session, a token. One asker fetches, others wait.
type held struct {
	place chan struct{} // one place; nil until first use
	once  sync.Once
	mu    sync.Mutex
	known bool
	value any
	turn  int // how often a value was fetched
}

func (h *held) get(ctx context.Context, fetch func(context.Context) (any, error)) (any, int, error) {
	h.once.Do(func() { h.place = make(chan struct{}, 1) })
	select {
	case h.place <- struct{}{}:
		defer func() { <-h.place }()
	case <-ctx.Done():
		return nil, 0, &errs.Error{Kind: errs.Timeout, Op: "signing in", Msg: "no answer in time", Err: ctx.Err()}
	}
	h.mu.Lock()
	known, value, turn := h.known, h.value, h.turn
	h.mu.Unlock()
	if known {
		return value, turn, nil
	}
	value, err := fetch(ctx)
	if err != nil {
		return nil, 0, err
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	h.turn++
	h.known, h.value = true, value
	return value, h.turn, nil
}

// forget drops the value of a turn, unless another has replaced it.
func (h *held) forget(turn int) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.turn == turn {
		h.known, h.value = false, nil
	}
}

// keyed lets nobody write about one key while another does: systems that are asked first whether a record is there would be told
// twice.
type keyed struct {
	mu   sync.Mutex
	busy map[string]chan struct{}
}

func (k *keyed) lock(ctx context.Context, key string) (func(), error) {
	for {
		k.mu.Lock()
		wait, busy := k.busy[key]
		if !busy {
			if k.busy == nil {
				k.busy = map[string]chan struct{}{}
			}
			done := make(chan struct{})
			k.busy[key] = done
			k.mu.Unlock()
			return func() {
				k.mu.Lock()
				delete(k.busy, key)
				k.mu.Unlock()
				close(done)
			}, nil
		}
		k.mu.Unlock()
		select {
		case <-wait:
		case <-ctx.Done():
			return nil, &errs.Error{Kind: errs.Timeout, Op: "waiting for another write", Msg: "no answer in time", Err: ctx.Err()}
		}
	}
}

func jsonText(v any) (string, error) {
	b, err := json.Marshal(v)
	return string(b), err
}

func sortStable[T any](list []T, less func(a, b T) bool) {
	sort.SliceStable(list, func(i, j int) bool { return less(list[i], list[j]) })
}
