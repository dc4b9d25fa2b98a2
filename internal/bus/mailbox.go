package bus

import (
	"context"
	"sync"
)

// MailboxSize is how many envelopes wait for a subscriber unless a driver is told otherwise.
const MailboxSize = 1024

// Mailbox is the bounded way from a driver to one subscriber; it is the Subscription that drivers return. When it is full the
// waiting envelopes are dropped, for they are older than the snapshot that the subscriber must now fetch, and the newest follows
// with Gap. It has no goroutine: Put is a channel send, some hundred nanoseconds.
type Mailbox struct {
	subject string
	onClose func(*Mailbox)
	stop    func() bool // ends the watch over the subscriber's ctx

	mu     sync.Mutex
	c      chan Envelope
	gap    bool
	closed bool
}

// NewMailbox makes a mailbox for size envelopes (at least 1) that closes when ctx ends. onClose, when not nil, is called once after
// it has closed, from any goroutine, which may be before NewMailbox has returned.
func NewMailbox(ctx context.Context, subject string, size int, onClose func(*Mailbox)) *Mailbox {
	m := &Mailbox{subject: subject, onClose: onClose, c: make(chan Envelope, max(size, 1))}
	m.mu.Lock()
	m.stop = context.AfterFunc(ctx, m.Close)
	m.mu.Unlock()
	return m
}

// Subject is what the mailbox was made for.
func (m *Mailbox) Subject() string { return m.subject }

// C implements Subscription.
func (m *Mailbox) C() <-chan Envelope { return m.c }

// Put hands an envelope over; it never blocks, and does nothing once the mailbox is closed.
func (m *Mailbox) Put(e Envelope) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.closed {
		return
	}
	if m.gap {
		e.Gap, m.gap = true, false
	}
	select {
	case m.c <- e:
		return
	default:
	}
	for dropped := true; dropped; {
		select {
		case <-m.c:
		default:
			dropped = false
		}
	}
	e.Gap = true
	m.c <- e // there is room: Put is the only sender
}

// Miss tells the subscriber, at once, that something was missed.
func (m *Mailbox) Miss(epoch string) { m.Put(Envelope{Subject: m.subject, Epoch: epoch, Gap: true}) }

// Suspect marks the next envelope with Gap, without an envelope of its own.
func (m *Mailbox) Suspect() {
	m.mu.Lock()
	m.gap = true
	m.mu.Unlock()
}

// Close implements Subscription.
func (m *Mailbox) Close() {
	m.mu.Lock()
	if m.closed {
		m.mu.Unlock()
		return
	}
	m.closed = true
	close(m.c)
	m.stop()
	m.mu.Unlock()
	if m.onClose != nil {
		m.onClose(m)
	}
}
