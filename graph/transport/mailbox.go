package transport

import (
	"errors"
	"sync"
	"time"
)

var (
	errClosed  = errors.New("the connection is closing")
	errStalled = errors.New("the browser does not read")
)

// A mailbox holds messages that wait to be written to one connection. Its methods may be called concurrently. One caller at a time
// takes: who has put asks by begin whether that is them.
type mailbox struct {
	max      int // messages
	maxBytes int

	mu     sync.Mutex
	frames [][]byte
	bytes  int
	space  chan struct{} // closed when there is room again; nil when nobody waits
	taking bool
	closed bool
}

func newMailbox(limit, maxBytes int) *mailbox {
	return &mailbox{max: limit, maxBytes: maxBytes}
}

// put adds a message. While the mailbox is full it waits: who sends into it follows a mailbox of its own that keeps the newest only,
// so waiting costs nobody anything. After patience it gives up with errStalled; after close with errClosed.
func (m *mailbox) put(frame []byte, patience time.Duration) error {
	var timeout <-chan time.Time
	for {
		m.mu.Lock()
		if m.closed {
			m.mu.Unlock()
			return errClosed
		}
		if len(m.frames) < m.max && (m.bytes+len(frame) <= m.maxBytes || len(m.frames) == 0) {
			m.frames = append(m.frames, frame)
			m.bytes += len(frame)
			m.mu.Unlock()
			return nil
		}
		if m.space == nil {
			m.space = make(chan struct{})
		}
		space := m.space
		m.mu.Unlock()
		if timeout == nil {
			t := time.NewTimer(patience)
			defer t.Stop()
			timeout = t.C
		}
		select {
		case <-space:
		case <-timeout:
			return errStalled
		}
	}
}

// begin makes the caller the one who takes, until take returns nothing. It returns false where somebody is: they take what was put
// before the call as well.
func (m *mailbox) begin() bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.taking {
		return false
	}
	m.taking = true
	return true
}

// take returns all messages. When there are none the caller's turn is over.
func (m *mailbox) take() [][]byte {
	m.mu.Lock()
	defer m.mu.Unlock()
	out := m.frames
	m.frames, m.bytes, m.taking = nil, 0, len(out) > 0
	m.wake()
	return out
}

// close drops what waits and refuses more.
func (m *mailbox) close() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.closed, m.frames, m.bytes = true, nil, 0
	m.wake()
}

func (m *mailbox) wake() {
	if m.space != nil {
		close(m.space)
		m.space = nil
	}
}
