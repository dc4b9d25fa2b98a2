package calls

import "sync"

// mailbox is an unbounded queue with one reader. put never blocks. Its length is bounded by what happens on the floor while the
// reader works: nothing here is fed by strangers.
type mailbox[T any] struct {
	ready chan struct{}

	mu    sync.Mutex
	items []T
}

func newMailbox[T any]() *mailbox[T] { return &mailbox[T]{ready: make(chan struct{}, 1)} }

func (m *mailbox[T]) put(v T) {
	m.mu.Lock()
	m.items = append(m.items, v)
	m.mu.Unlock()
	select {
	case m.ready <- struct{}{}:
	default:
	}
}

// take returns everything that waits, in order.
func (m *mailbox[T]) take() []T {
	m.mu.Lock()
	defer m.mu.Unlock()
	out := m.items
	m.items = nil
	return out
}

// lanes runs functions: one after another within a lane, lanes beside each other. A lane's goroutine lives while it has work.
type lanes struct {
	wg sync.WaitGroup

	mu   sync.Mutex
	work map[string][]func()
}

func newLanes() *lanes { return &lanes{work: map[string][]func(){}} }

func (l *lanes) run(lane string, fn func()) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if q, busy := l.work[lane]; busy {
		l.work[lane] = append(q, fn)
		return
	}
	l.work[lane] = nil
	l.wg.Add(1)
	go l.drain(lane, fn)
}

func (l *lanes) drain(lane string, fn func()) {
	defer l.wg.Done()
	for {
		fn()
		l.mu.Lock()
		q := l.work[lane]
		if len(q) == 0 {
			delete(l.work, lane)
			l.mu.Unlock()
			return
		}
		fn, l.work[lane] = q[0], q[1:]
		l.mu.Unlock()
	}
}

// free runs fn beside everything else.
func (l *lanes) free(fn func()) {
	l.wg.Add(1)
	go func() {
		defer l.wg.Done()
		fn()
	}()
}

// wait returns when nothing runs any more.
func (l *lanes) wait() { l.wg.Wait() }
