package graph

import (
	"context"
	"sync"
	"time"
)

const (
	// memoFor is how long a small directory (topics, pause reasons) is believed.
	memoFor = 10 * time.Second
	// memoWait bounds one question: feeds have no deadline of their own.
	memoWait = 2 * time.Second
)

// A memo keeps the last answer of a slow question for a while. While somebody asks anew, and when asking fails, the stale answer
// serves. Its methods may be called concurrently.
type memo[T any] struct {
	now func() time.Time

	mu     sync.Mutex
	value  T
	at     time.Time // zero: no answer yet
	asking bool
}

func newMemo[T any](now func() time.Time) *memo[T] { return &memo[T]{now: now} }

func (m *memo[T]) get(ctx context.Context, ask func(context.Context) (T, error)) (T, error) {
	m.mu.Lock()
	known := !m.at.IsZero()
	if known && (m.asking || m.now().Sub(m.at) < memoFor) {
		defer m.mu.Unlock()
		return m.value, nil
	}
	m.asking = true
	m.mu.Unlock()

	ctx, cancel := context.WithTimeout(ctx, memoWait)
	defer cancel()
	v, err := ask(ctx)

	m.mu.Lock()
	defer m.mu.Unlock()
	m.asking = false
	if err == nil {
		m.value, m.at = v, m.now()
		return v, nil
	}
	if known {
		m.at = m.now() // try again after a while, not at once
		return m.value, nil
	}
	return v, err
}
