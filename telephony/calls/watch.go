package calls

import (
	"container/list"
	"context"
	"slices"
	"sync"

	"github.com/pult-cc/pult/internal/errs"
)

// pastMax is how many changes that leave nothing behind (a call's end, a notice) are kept for those who have not heard of them. Who is
// further behind reads the whole picture again.
const pastMax = 4096

// recent is the last change of everything, in the order of changing. All watches share it: a change costs the same however many
// follow, and a slow one costs nothing. Board.mu guards it.
type recent struct {
	stamp   uint64 // of the newest change
	horizon uint64 // changes up to here may be missing
	live    map[object]*list.Element
	order   *list.List // of stamped: the last change of each thing that is there
	past    []stamped  // what leaves nothing behind, oldest first
	moved   chan struct{}
}

type object struct {
	kind byte
	id   string
}

type stamped struct {
	stamp  uint64
	change Change
}

func newRecent() recent {
	return recent{live: map[object]*list.Element{}, order: list.New(), moved: make(chan struct{})}
}

// add records changes and wakes whoever waits for them.
func (r *recent) add(cs []Change) {
	for _, c := range cs {
		r.stamp++
		var key object
		last := false
		switch {
		case c.Call != nil:
			key, last = object{'c', string(c.Call.ID)}, c.Call.State == StateEnded
		case c.Operator != nil:
			key, last = object{'o', c.Operator.ID}, c.Operator.Gone
		case c.Queue != nil:
			key, last = object{'q', c.Queue.ID}, c.Queue.Gone
		default:
			last = true
		}
		s := stamped{r.stamp, c}
		e, known := r.live[key]
		switch {
		case last:
			if known {
				r.order.Remove(e)
				delete(r.live, key)
			}
			r.past = append(r.past, s)
		case known:
			e.Value = s
			r.order.MoveToBack(e)
		default:
			r.live[key] = r.order.PushBack(s)
		}
	}
	if over := len(r.past) - pastMax; over > pastMax/4 { // seldom, and many at once
		r.horizon = r.past[over-1].stamp
		r.past = slices.Clone(r.past[over:])
	}
	r.wake()
}

// reset forgets everything: who follows has to read the picture again.
func (r *recent) reset() {
	r.stamp++
	r.horizon = r.stamp
	clear(r.live)
	r.order.Init()
	r.past = nil
	r.wake()
}

func (r *recent) wake() {
	close(r.moved)
	r.moved = make(chan struct{})
}

// since lists the last change of everything that has changed after the stamp, in the order of changing.
func (r *recent) since(stamp uint64) []Change {
	var found []stamped
	for e := r.order.Back(); e != nil; e = e.Prev() {
		s := e.Value.(stamped)
		if s.stamp <= stamp {
			break
		}
		found = append(found, s)
	}
	for i := len(r.past) - 1; i >= 0 && r.past[i].stamp > stamp; i-- {
		found = append(found, r.past[i])
	}
	slices.SortFunc(found, func(a, b stamped) int {
		if a.stamp < b.stamp {
			return -1
		}
		return 1
	})
	out := make([]Change, len(found))
	for i := range found {
		out[i] = found[i].change
	}
	return out
}

// Watch starts to follow the board: the returned Snapshot and the changes that Next delivers join without a hole. Close it.
func (b *Board) Watch() (*Watch, Snapshot) {
	b.mu.RLock()
	defer b.mu.RUnlock()
	return &Watch{board: b, seen: b.recent.stamp, done: make(chan struct{})}, b.snapshotLocked()
}

// Watch is one follower. While it does not ask, changes of one object merge, the newest wins: a slow reader costs no memory, misses
// intermediate versions, and delays nobody. Its methods may be called concurrently.
type Watch struct {
	board *Board
	done  chan struct{}
	once  sync.Once

	mu   sync.Mutex
	seen uint64 // stamp of the newest change that was delivered
}

// Next waits for changes and returns all pending ones, or ctx's error, or errs.Unavailable after Close. A change with Reset comes
// alone and means: take Board.Snapshot anew (through Resnapshot), everything may have changed.
func (w *Watch) Next(ctx context.Context) ([]Change, error) {
	for {
		select {
		case <-w.done:
			return nil, errs.E(errs.Unavailable, "watching the floor", "closed")
		default:
		}
		cs, moved := w.pending()
		if len(cs) > 0 {
			return cs, nil
		}
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-w.done:
		case <-moved:
		}
	}
}

// pending returns what has changed, or what to wait for.
func (w *Watch) pending() ([]Change, <-chan struct{}) {
	w.mu.Lock()
	defer w.mu.Unlock()
	r := &w.board.recent
	w.board.mu.RLock()
	defer w.board.mu.RUnlock()
	if w.seen == r.stamp {
		return nil, r.moved
	}
	seen := w.seen
	w.seen = r.stamp
	if seen < r.horizon {
		return []Change{{Reset: true}}, nil
	}
	return r.since(seen), nil
}

// Resnapshot drops what is pending and returns the present picture, joining without a hole with later changes.
func (w *Watch) Resnapshot() Snapshot {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.board.mu.RLock()
	defer w.board.mu.RUnlock()
	w.seen = w.board.recent.stamp
	return w.board.snapshotLocked()
}

// Close ends the watch; it may be called more than once.
func (w *Watch) Close() { w.once.Do(func() { close(w.done) }) }
