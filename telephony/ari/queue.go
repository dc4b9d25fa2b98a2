package ari

import (
	"errors"
	"sync"
	"time"
)

// errOverflow closes a queue that nobody empties. The link is made anew and the truth fetched: cheaper than to catch up, and
// nothing is lost in silence.
var errOverflow = errors.New("too many events wait to be delivered")

// frame is an event as it came. at is our own clock: the PBX's may be another. old says that it is of before the truth.
type frame struct {
	at   time.Time
	data []byte
	old  bool
}

// queue is an ordered queue between the socket and the delivery. Its one producer never waits.
type queue struct {
	limit int

	mu      sync.Mutex
	frames  []frame
	waiting int // frames taken and not yet done included
	err     error

	wake chan struct{} // capacity 1: there is something, or the end
}

func newQueue(limit int) *queue { return &queue{limit: limit, wake: make(chan struct{}, 1)} }

// push appends a frame and returns how many wait. It fails when the limit is reached.
func (q *queue) push(f frame) (waiting int, err error) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.waiting >= q.limit {
		q.closeLocked(errOverflow)
		return q.waiting, errOverflow
	}
	q.frames = append(q.frames, f)
	q.waiting++
	q.signal()
	return q.waiting, nil
}

// close ends the queue: take returns err once everything before has been taken.
func (q *queue) close(err error) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.closeLocked(err)
}

func (q *queue) closeLocked(err error) {
	if q.err == nil {
		q.err = err
	}
	if errors.Is(q.err, errOverflow) {
		q.frames = nil
	}
	q.signal()
}

func (q *queue) signal() {
	select {
	case q.wake <- struct{}{}:
	default:
	}
}

// take returns all frames that wait, and an error when none can come any more. It does not block: wake says when to try again.
func (q *queue) take() ([]frame, error) {
	q.mu.Lock()
	defer q.mu.Unlock()
	batch := q.frames
	q.frames = nil
	if len(batch) == 0 {
		return nil, q.err
	}
	return batch, nil
}

// done says that a frame was delivered, and returns how many wait still and whether delivering more of a batch makes sense.
func (q *queue) done() (waiting int, goOn bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.waiting--
	return q.waiting, !errors.Is(q.err, errOverflow)
}
