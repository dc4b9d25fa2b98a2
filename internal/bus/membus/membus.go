// Package membus is the bus of a single process: the embedded default. Nothing leaves memory; a message costs microseconds.
package membus

import (
	"bytes"
	"context"
	"crypto/rand"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/pult-cc/pult/internal/bus"
	"github.com/pult-cc/pult/internal/errs"
)

// Bus implements bus.Bus within one process. It has no goroutine of its own and needs no closing.
type Bus struct {
	epoch string
	size  int

	published atomic.Uint64

	mu       sync.RWMutex
	subjects map[string]*subject
	floor    uint64                // the greatest number of a subject that has gone
	handlers map[string][]*handler // oldest first

	leases leases
}

var _ bus.Bus = (*Bus)(nil)

// Option changes a Bus before its first use.
type Option func(*Bus)

// WithMailboxSize sets how many envelopes wait for a subscriber before it loses some; the default is bus.MailboxSize.
func WithMailboxSize(n int) Option { return func(b *Bus) { b.size = n } }

// New returns a bus that nobody uses yet.
func New(opts ...Option) *Bus {
	b := &Bus{
		epoch:    rand.Text(),
		size:     bus.MailboxSize,
		subjects: map[string]*subject{},
		handlers: map[string][]*handler{},
		leases:   leases{held: map[string]*lease{}, waiting: map[string][]chan struct{}{}, terms: map[string]uint64{}},
	}
	for _, o := range opts {
		o(b)
	}
	return b
}

// subject is the subscribers and the numbering of one subject; it exists while somebody subscribes. Its lock is held while a
// message is handed out, which is what makes every subscriber see the same order; handing out never blocks.
type subject struct {
	mu   sync.Mutex
	seq  uint64
	subs []*bus.Mailbox
	gone bool // no longer in the map: look again
}

// Publish implements bus.Bus. It fails only when ctx has ended.
func (b *Bus) Publish(ctx context.Context, name string, payload []byte) error {
	if err := ctx.Err(); err != nil {
		return errs.With(errs.Timeout, "publishing "+name, err)
	}
	b.published.Add(1)
	for {
		b.mu.RLock()
		s := b.subjects[name]
		b.mu.RUnlock()
		if s == nil || s.publish(b.epoch, name, payload) {
			return nil
		}
	}
}

// publish reports false when the subject has gone meanwhile.
func (s *subject) publish(epoch, name string, payload []byte) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.gone {
		return false
	}
	s.seq++
	for _, m := range s.subs {
		// Each subscriber owns its copy; never nil, for nil says that there was no message.
		m.Put(bus.Envelope{Subject: name, Epoch: epoch, Seq: s.seq, Payload: append([]byte{}, payload...)})
	}
	return true
}

// Subscribe implements bus.Bus.
func (b *Bus) Subscribe(ctx context.Context, name string) (bus.Subscription, error) {
	if err := ctx.Err(); err != nil {
		return nil, errs.With(errs.Timeout, "subscribing "+name, err)
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	s := b.subjects[name]
	if s == nil {
		// No subject has seen more messages than were published at all: a number is never given twice in an epoch, and who comes
		// back after nobody had listened sees a hole.
		s = &subject{seq: max(b.published.Load(), b.floor)}
		b.subjects[name] = s
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	m := bus.NewMailbox(ctx, name, b.size, func(m *bus.Mailbox) { b.leave(s, m) })
	s.subs = append(s.subs, m)
	return m, nil
}

// leave takes a closed mailbox out.
func (b *Bus) leave(s *subject, m *bus.Mailbox) {
	b.mu.Lock()
	defer b.mu.Unlock()
	s.mu.Lock()
	defer s.mu.Unlock()
	s.subs = slices.DeleteFunc(s.subs, func(other *bus.Mailbox) bool { return other == m })
	if len(s.subs) == 0 {
		s.gone = true
		b.floor = max(b.floor, s.seq)
		delete(b.subjects, m.Subject())
	}
}

type handler struct {
	ctx context.Context // of Handle: its end is the handler's
	do  bus.Handler
}

// Handle implements bus.Bus.
func (b *Bus) Handle(ctx context.Context, name string, do bus.Handler) error {
	if err := ctx.Err(); err != nil {
		return errs.With(errs.Timeout, "handling "+name, err)
	}
	h := &handler{ctx: ctx, do: do}
	b.mu.Lock()
	b.handlers[name] = append(b.handlers[name], h)
	b.mu.Unlock()
	context.AfterFunc(ctx, func() {
		b.mu.Lock()
		defer b.mu.Unlock()
		b.handlers[name] = slices.DeleteFunc(b.handlers[name], func(other *handler) bool { return other == h })
	})
	return nil
}

// handler returns the newest handler that has not ended.
func (b *Bus) handler(name string) *handler {
	b.mu.RLock()
	defer b.mu.RUnlock()
	for _, h := range slices.Backward(b.handlers[name]) {
		if h.ctx.Err() == nil {
			return h
		}
	}
	return nil
}

// Request implements bus.Bus.
func (b *Bus) Request(ctx context.Context, name string, payload []byte) ([]byte, error) {
	if err := ctx.Err(); err != nil {
		return nil, bus.ErrNoAnswer(name, err)
	}
	h := b.handler(name)
	if h == nil {
		return nil, bus.ErrNoHandler(name)
	}
	hctx, cancel := h.ctx, context.CancelFunc(func() {})
	if deadline, ok := ctx.Deadline(); ok {
		hctx, cancel = context.WithDeadline(h.ctx, deadline)
	}
	type answer struct {
		payload []byte
		err     error
	}
	// Of its own, so that a handler that does not come back keeps only itself.
	done := make(chan answer, 1)
	request := bytes.Clone(payload)
	go func() {
		defer cancel()
		out, err := h.do(hctx, request)
		done <- answer{out, err}
	}()
	select {
	case a := <-done:
		if a.err != nil {
			return nil, bus.FailureOf(a.err).Err()
		}
		return bytes.Clone(a.payload), nil
	case <-ctx.Done():
		return nil, bus.ErrNoAnswer(name, ctx.Err())
	}
}

// Check implements bus.Bus: the way from publisher to subscriber is a few lines above, and always there.
func (b *Bus) Check(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return errs.With(errs.Timeout, "checking bus", err)
	}
	return nil
}
