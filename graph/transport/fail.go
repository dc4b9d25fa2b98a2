package transport

import (
	"context"
	"sync"
)

// failure is why a subscription ended on the server's side.
type failure struct {
	mu  sync.Mutex
	err error
}

type failureKey struct{}

func withFailure(ctx context.Context) (context.Context, *failure) {
	f := &failure{}
	return context.WithValue(ctx, failureKey{}, f), f
}

// Fail says why the subscription of ctx ends. It is called before the subscription's channel is closed, and lets the client hear an
// error instead of a completion, so that it subscribes anew. The first reason counts; where ctx is of no subscription it does nothing.
func Fail(ctx context.Context, err error) {
	f, ok := ctx.Value(failureKey{}).(*failure)
	if !ok {
		return
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.err == nil {
		f.err = err
	}
}

func (f *failure) reason() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.err
}
