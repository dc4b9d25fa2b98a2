package calls

import (
	"container/list"
	"context"
	"slices"
	"sync"
	"time"

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

// pbxPatience is how long a picture that is only the history's waits for the PBX. An Asterisk that is there answers within milliseconds,
// and where it makes the connection itself within a second.
const pbxPatience = 3 * time.Second

// Confirmed waits until what the board shows may be believed. A new owner of the floor begins with what the history knows: conversations
// look as if they waited, nobody is consulted, and who talks looks free. Pages and programs would act upon it, so it is kept back until
// the PBX has said what is there; if it does not in time it is away, and the history is the best there is. A board without any picture,
// because nobody owns the floor yet, waits as long as ctx. Errors: ctx's.
func (b *Board) Confirmed(ctx context.Context) error { return b.confirmed(ctx, nil) }

func (b *Board) confirmed(ctx context.Context, done <-chan struct{}) error {
	for {
		b.mu.RLock()
		doubt, moved := b.doubtLocked(), b.recent.moved
		b.mu.RUnlock()
		if doubt <= 0 {
			return nil
		}
		over := time.NewTimer(doubt)
		select {
		case <-ctx.Done():
			over.Stop()
			return ctx.Err()
		case <-done:
			over.Stop()
			return errWatchClosed
		case <-moved:
			over.Stop()
		case <-over.C:
		}
	}
}

// doubtLocked is how long the picture is to be kept back yet; not above zero: it may be shown.
func (b *Board) doubtLocked() time.Duration {
	switch {
	case b.epoch == "":
		return time.Hour // and again: there is none
	case b.doubted.IsZero():
		return 0
	}
	return time.Until(b.doubted)
}

// Watch starts to follow the board: Picture is what to begin with, Next what follows. Close it.
func (b *Board) Watch() *Watch {
	b.mu.RLock()
	defer b.mu.RUnlock()
	return &Watch{board: b, seen: b.recent.stamp, done: make(chan struct{})}
}

var errWatchClosed = errs.E(errs.Unavailable, "watching the floor", "closed")

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
// alone and means: read Picture anew, everything may have changed.
func (w *Watch) Next(ctx context.Context) ([]Change, error) {
	for {
		select {
		case <-w.done:
			return nil, errWatchClosed
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

// Picture waits until the board's picture is confirmed (see Board.Confirmed), returns it and drops what is pending: the picture and what
// Next delivers afterwards join without a hole. Errors are those of Next.
func (w *Watch) Picture(ctx context.Context) (Snapshot, error) {
	for {
		if err := w.board.confirmed(ctx, w.done); err != nil {
			return Snapshot{}, err
		}
		if s, ok := w.picture(); ok {
			return s, nil
		}
	}
}

// picture is Picture at this moment; false means that it is in doubt again.
func (w *Watch) picture() (Snapshot, bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.board.mu.RLock()
	defer w.board.mu.RUnlock()
	if w.board.doubtLocked() > 0 {
		return Snapshot{}, false
	}
	w.seen = w.board.recent.stamp
	return w.board.snapshotLocked(), true
}

// Close ends the watch; it may be called more than once.
func (w *Watch) Close() { w.once.Do(func() { close(w.done) }) }
