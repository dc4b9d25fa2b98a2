package redisbus

import (
	"context"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/pult-cc/pult/internal/bus"
	"github.com/pult-cc/pult/internal/errs"
)

// subject is a subject that this process subscribes to. Guarded by mu of Bus.
type subject struct {
	subs     []*bus.Mailbox
	ready    chan struct{} // closed when Redis has confirmed
	isReady  bool
	owesMiss bool              // tell subscribers when it has
	seen     map[string]uint64 // last number seen, by epoch of other processes
	idle     time.Time         // since when nobody subscribes
}

// fromAny stands for a publisher of whose epoch nothing was missed, though no number of it is known.
const fromAny = math.MaxUint64

func (s *subject) confirm() {
	if !s.isReady {
		s.isReady = true
		close(s.ready)
	}
}

func (s *subject) miss(epoch string) {
	for _, m := range s.subs {
		m.Miss(epoch)
	}
}

// put delivers to every subscriber a payload of its own, which is not nil.
func put[P string | []byte](s *subject, e bus.Envelope, payload P) {
	for _, m := range s.subs {
		e.Payload = append([]byte{}, payload...)
		m.Put(e)
	}
}

// maxSubjects bounds the memory for numbers: beyond it numbering begins anew.
const maxSubjects = 1 << 16

// Publish implements bus.Bus. Subscribers of this process have the message when it returns; it does not wait for Redis.
func (b *Bus) Publish(ctx context.Context, name string, payload []byte) error {
	op := "publishing " + name
	if err := ctx.Err(); err != nil {
		return errs.With(errs.Timeout, op, err)
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if _, known := b.seqs[name]; !known && len(b.seqs) >= maxSubjects {
		b.restartEpoch()
	}
	b.seqs[name]++
	seq := b.seqs[name]
	if s := b.subjects[name]; s != nil {
		put(s, bus.Envelope{Subject: name, Epoch: b.epoch, Seq: seq}, payload)
	}
	if b.link == nil {
		return errs.E(errs.Unavailable, op, "Redis is not connected")
	}
	select {
	case b.out <- frame{b.subjectChannel(name), encodeMessage(b.epoch, seq, payload)}:
		return nil
	default:
		// Others miss this message; a new epoch makes them ask, even if nothing follows.
		b.restartEpoch()
		return errs.E(errs.Unavailable, op, "too many messages wait for Redis")
	}
}

// restartEpoch begins numbering anew in the midst of publishing. The caller holds mu.
func (b *Bus) restartEpoch() {
	b.newEpoch()
	b.lossy = true
	for _, s := range b.subjects { // of this process, who missed nothing but see another epoch
		for _, m := range s.subs {
			m.Suspect()
		}
	}
}

// onMessage delivers a message of another process.
func (b *Bus) onMessage(name, data string) error {
	epoch, seq, payload, err := decodeMessage(data)
	if err != nil {
		return err
	}
	if processOf(epoch) == b.id {
		return nil // delivered when it was published
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	s := b.subjects[name]
	if s == nil {
		return nil
	}
	last, counting := s.seen[epoch]
	if counting && last != fromAny && seq <= last {
		return nil
	}
	gap := !counting || last != fromAny && seq != last+1
	s.seen[epoch] = seq
	put(s, bus.Envelope{Subject: name, Epoch: epoch, Seq: seq, Gap: gap}, payload)
	return nil
}

// Subscribe implements bus.Bus. While Redis is away it returns at once, and the subscriber sees Gap when Redis is back.
func (b *Bus) Subscribe(ctx context.Context, name string) (bus.Subscription, error) {
	op := "subscribing " + name
	if err := ctx.Err(); err != nil {
		return nil, errs.With(errs.Timeout, op, err)
	}
	b.subMu.Lock()
	b.mu.Lock()
	s := b.subjects[name]
	fresh := s == nil
	if fresh {
		s = &subject{ready: make(chan struct{}), seen: map[string]uint64{}}
		for _, p := range b.peers {
			s.seen[p.epoch] = fromAny
		}
		b.subjects[name] = s
	}
	m := bus.NewMailbox(ctx, name, b.opts.MailboxSize, func(m *bus.Mailbox) { b.leave(s, m) })
	s.subs = append(s.subs, m)
	l := b.link
	b.mu.Unlock()
	if fresh && l != nil {
		// A failure is the link's end, and the next link subscribes to what is in the map.
		_ = l.ps.Subscribe(ctx, b.subjectChannel(name))
	}
	b.subMu.Unlock()
	if l == nil {
		return m, nil
	}
	select {
	case <-s.ready:
	case <-l.down:
	case <-ctx.Done():
		m.Close()
		return nil, errs.With(errs.Timeout, op, ctx.Err())
	}
	return m, nil
}

// confirmed takes note that Redis sends us a channel from now on.
func (b *Bus) confirmed(channel string) {
	name, _ := strings.CutPrefix(channel, b.subjectChannel(""))
	b.mu.Lock()
	defer b.mu.Unlock()
	s := b.subjects[name]
	if s == nil {
		return
	}
	s.confirm()
	if s.owesMiss {
		s.owesMiss = false
		s.miss(b.epoch)
	}
}

func (b *Bus) leave(s *subject, m *bus.Mailbox) {
	b.mu.Lock()
	defer b.mu.Unlock()
	s.subs = slices.DeleteFunc(s.subs, func(other *bus.Mailbox) bool { return other == m })
	if len(s.subs) == 0 {
		s.idle = time.Now()
	}
}

// idleFor is how long we stay subscribed to what nobody here wants any more: often somebody comes back.
const idleFor = 10 * time.Second

// unsubscribeIdle lets go of subjects without subscribers.
func (b *Bus) unsubscribeIdle(ctx context.Context, l *link) {
	if !b.subMu.TryLock() {
		return // another time
	}
	defer b.subMu.Unlock()
	var channels []string
	b.mu.Lock()
	for name, s := range b.subjects {
		if len(s.subs) == 0 && time.Since(s.idle) > idleFor {
			delete(b.subjects, name)
			channels = append(channels, b.subjectChannel(name))
		}
	}
	b.mu.Unlock()
	if len(channels) > 0 {
		_ = l.ps.Unsubscribe(ctx, channels...) // a failure is the link's end
	}
}
