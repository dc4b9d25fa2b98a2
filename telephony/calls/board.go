package calls

import (
	"bytes"
	"context"
	"encoding/json"
	"log/slog"
	"sort"
	"strconv"
	"sync"
	"time"

	"github.com/pult-cc/pult/internal/bus"
	"github.com/pult-cc/pult/internal/errs"
)

// Subjects of the bus.
const (
	subjectFloor    = "floor"          // batches of changes
	subjectSnapshot = "floor.snapshot" // request: the whole floor
	subjectCommand  = "floor.command"  // request: a Command
)

// batch is what the engine publishes: changes that belong together.
type batch struct {
	Epoch   string   `json:"epoch"`
	N       uint64   `json:"n"`                // grows by one within an epoch
	Missed  bool     `json:"missed,omitempty"` // says only how far the floor is: N could not be published
	Changes []Change `json:"changes"`
}

// Board is the read side of the floor, kept equal in every process by following the bus. All methods may be called concurrently.
type Board struct {
	bus bus.Bus
	log *slog.Logger

	mu        sync.RWMutex
	epoch     string
	n         uint64
	top       uint64 // greatest version seen
	linkUp    bool
	doubted   time.Time // the picture is the history's, and kept back until then; zero: the PBX has confirmed it
	calls     map[ID]*Call
	operators map[string]*Operator
	queues    map[string]*Queue
	recent    recent
	staleFrom time.Time // zero when in step
}

// NewBoard makes an empty board; Run fills it.
func NewBoard(b bus.Bus, log *slog.Logger) *Board {
	return &Board{
		bus: b, log: log, staleFrom: time.Now(),
		calls: map[ID]*Call{}, operators: map[string]*Operator{}, queues: map[string]*Queue{},
		recent: newRecent(),
	}
}

// Run follows the bus until ctx ends. After a gap it fetches a snapshot from the owner of the floor, for as long as it takes.
func (b *Board) Run(ctx context.Context) error {
	sub, err := b.bus.Subscribe(ctx, subjectFloor)
	if err != nil {
		return errs.Wrap("subscribing to the floor", err)
	}
	defer sub.Close()
	retry := time.NewTimer(0) // at once: the first picture
	defer retry.Stop()
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case env, ok := <-sub.C():
			if !ok {
				if ctx.Err() != nil {
					return ctx.Err()
				}
				return errs.E(errs.Unavailable, "following the floor", "the bus ended the subscription")
			}
			if !b.take(env) {
				b.markStale()
				retry.Reset(0)
			}
		case <-retry.C:
			if _, stale := b.Stale(); !stale {
				continue
			}
			if err := b.fetch(ctx); err != nil {
				b.log.Debug("floor snapshot not available", "error", err)
				retry.Reset(200 * time.Millisecond)
			}
		}
	}
}

// take takes an envelope; false means that something was missed. The batches' own numbers tell, whoever lost it on the way; the bus
// is asked only where there is no batch.
func (b *Board) take(env bus.Envelope) bool {
	if len(env.Payload) == 0 {
		return !env.Gap
	}
	if epoch, n := headOf(env.Payload); n > 0 && b.has(epoch, n) {
		return true // as in the owner's own process always: not worth decoding
	}
	var bt batch
	if err := json.Unmarshal(env.Payload, &bt); err != nil {
		b.log.Error("undecodable floor change", "error", err)
		return false
	}
	return b.apply(bt)
}

// headOf reads epoch and number of an encoded batch, which come first, and no further. N is zero where they do not.
func headOf(payload []byte) (epoch string, n uint64) {
	d := json.NewDecoder(bytes.NewReader(payload))
	d.UseNumber()
	var tokens [5]json.Token
	for i := range tokens {
		tokens[i], _ = d.Token() // nil at the end, or where it is no JSON
	}
	epoch, _ = tokens[2].(string)
	number, _ := tokens[4].(json.Number)
	if tokens[1] == "epoch" && tokens[3] == "n" {
		n, _ = strconv.ParseUint(number.String(), 10, 64)
	}
	return epoch, n
}

// has tells whether the board has applied a batch.
func (b *Board) has(epoch string, n uint64) bool {
	b.mu.RLock()
	defer b.mu.RUnlock()
	return epoch == b.epoch && n <= b.n
}

func (b *Board) fetch(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, 2*time.Second)
	defer cancel()
	before := b.present()
	raw, err := b.bus.Request(ctx, subjectSnapshot, nil)
	if err != nil {
		return err
	}
	var s Snapshot
	if err := json.Unmarshal(raw, &s); err != nil {
		return errs.With(errs.Internal, "decoding floor snapshot", err)
	}
	if now := b.present(); now != before && now != s.Epoch {
		return errs.E(errs.Conflict, "fetching the floor", "the answer is of a former owner")
	}
	b.replace(s)
	return nil
}

// present is the epoch that the board shows.
func (b *Board) present() string {
	b.mu.RLock()
	defer b.mu.RUnlock()
	return b.epoch
}

// newest is the greatest version that any object has had here.
func (b *Board) newest() uint64 {
	b.mu.RLock()
	defer b.mu.RUnlock()
	return b.top
}

// replace installs a whole picture unless the board already knows a later one of the same epoch.
func (b *Board) replace(s Snapshot) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if s.Epoch == b.epoch && s.Seq <= b.n {
		b.staleFrom = time.Time{} // everything up to b.n has been applied: the board is as new, whoever suspected a hole
		return
	}
	switch {
	case !s.Restored:
		b.doubted = time.Time{}
	case s.Epoch != b.epoch:
		b.doubted = time.Now().Add(pbxPatience)
	}
	b.epoch, b.n, b.linkUp = s.Epoch, s.Seq, s.LinkUp
	b.calls, b.operators, b.queues = map[ID]*Call{}, map[string]*Operator{}, map[string]*Queue{}
	for i := range s.Calls {
		b.calls[s.Calls[i].ID] = &s.Calls[i]
		b.top = max(b.top, s.Calls[i].Version)
	}
	for i := range s.Operators {
		b.operators[s.Operators[i].ID] = &s.Operators[i]
		b.top = max(b.top, s.Operators[i].Version)
	}
	for i := range s.Queues {
		b.queues[s.Queues[i].ID] = &s.Queues[i]
		b.top = max(b.top, s.Queues[i].Version)
	}
	b.staleFrom = time.Time{}
	b.recent.reset()
}

// apply takes one batch; false means that something before it was missed.
func (b *Board) apply(bt batch) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	if bt.Epoch == b.epoch && bt.N <= b.n {
		return true // seen, locally or by snapshot
	}
	if bt.Epoch != b.epoch || bt.N != b.n+1 || bt.Missed {
		return false
	}
	b.n = bt.N
	for i := range bt.Changes {
		ch := bt.Changes[i]
		switch {
		case ch.Call != nil:
			b.top = max(b.top, ch.Call.Version)
			if b.calls[ch.Call.ID] = ch.Call; ch.Call.State == StateEnded {
				delete(b.calls, ch.Call.ID)
			}
		case ch.Operator != nil:
			b.top = max(b.top, ch.Operator.Version)
			if b.operators[ch.Operator.ID] = ch.Operator; ch.Operator.Gone {
				delete(b.operators, ch.Operator.ID)
			}
		case ch.Queue != nil:
			b.top = max(b.top, ch.Queue.Version)
			if b.queues[ch.Queue.ID] = ch.Queue; ch.Queue.Gone {
				delete(b.queues, ch.Queue.ID)
			}
		case ch.Notice != nil && ch.Notice.Kind == NoticePBXUp:
			b.linkUp, b.doubted = true, time.Time{}
		case ch.Notice != nil && ch.Notice.Kind == NoticePBXDown:
			b.linkUp = false
		}
	}
	b.recent.add(bt.Changes)
	return true
}

func (b *Board) markStale() {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.staleFrom.IsZero() {
		b.staleFrom = time.Now()
	}
}

// Stale tells whether the board may lag behind the floor, and since when.
func (b *Board) Stale() (time.Time, bool) {
	b.mu.RLock()
	defer b.mu.RUnlock()
	return b.staleFrom, !b.staleFrom.IsZero()
}

// LinkUp tells whether events come from the PBX.
func (b *Board) LinkUp() bool {
	b.mu.RLock()
	defer b.mu.RUnlock()
	return b.linkUp
}

// Call returns a live call (or one in wrap-up).
func (b *Board) Call(id ID) (Call, bool) {
	b.mu.RLock()
	defer b.mu.RUnlock()
	if c, ok := b.calls[id]; ok {
		return *c, true
	}
	return Call{}, false
}

// Operator returns a person of the floor.
func (b *Board) Operator(id string) (Operator, bool) {
	b.mu.RLock()
	defer b.mu.RUnlock()
	if o, ok := b.operators[id]; ok {
		return *o, true
	}
	return Operator{}, false
}

// Queue returns a waiting line by id.
func (b *Board) Queue(id string) (Queue, bool) {
	b.mu.RLock()
	defer b.mu.RUnlock()
	if q, ok := b.queues[id]; ok {
		return *q, true
	}
	return Queue{}, false
}

// Snapshot copies the whole picture: calls oldest first, operators by name, queues in display order.
func (b *Board) Snapshot() Snapshot {
	b.mu.RLock()
	defer b.mu.RUnlock()
	return b.snapshotLocked()
}

func (b *Board) snapshotLocked() Snapshot {
	s := Snapshot{Epoch: b.epoch, Seq: b.n, At: time.Now(), LinkUp: b.linkUp, Restored: !b.doubted.IsZero()}
	for _, c := range b.calls {
		s.Calls = append(s.Calls, *c)
	}
	for _, o := range b.operators {
		s.Operators = append(s.Operators, *o)
	}
	for _, q := range b.queues {
		s.Queues = append(s.Queues, *q)
	}
	sortSnapshot(&s)
	return s
}

func sortSnapshot(s *Snapshot) {
	sort.Slice(s.Calls, func(i, j int) bool {
		if !s.Calls[i].StartedAt.Equal(s.Calls[j].StartedAt) {
			return s.Calls[i].StartedAt.Before(s.Calls[j].StartedAt)
		}
		return s.Calls[i].ID < s.Calls[j].ID
	})
	sort.Slice(s.Operators, func(i, j int) bool {
		if s.Operators[i].Name != s.Operators[j].Name {
			return s.Operators[i].Name < s.Operators[j].Name
		}
		return s.Operators[i].ID < s.Operators[j].ID
	})
	sort.Slice(s.Queues, func(i, j int) bool {
		if s.Queues[i].Order != s.Queues[j].Order {
			return s.Queues[i].Order < s.Queues[j].Order
		}
		return s.Queues[i].Key < s.Queues[j].Key
	})
}
