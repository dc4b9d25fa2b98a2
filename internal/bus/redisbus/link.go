package redisbus

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"
)

// read takes what Redis sends until the link fails.
func (b *Bus) read(ctx context.Context, l *link) error {
	for {
		m, err := l.ps.ReceiveTimeout(ctx, silence)
		switch {
		case errors.Is(err, os.ErrDeadlineExceeded):
			return errSilent
		case err != nil:
			return fmt.Errorf("receiving: %w", err)
		}
		switch m := m.(type) {
		case *redis.Message:
			b.dispatch(ctx, m)
		case *redis.Subscription:
			if m.Kind != "subscribe" {
				continue
			}
			if m.Channel == b.controlChannel() {
				// The client has connected anew behind our back: what was sent meanwhile is lost.
				return errors.New("the connection was replaced")
			}
			b.confirmed(m.Channel)
		}
	}
}

// write sends what waits in the outbox, in order, several messages at once.
func (b *Bus) write(ctx context.Context, _ *link) error {
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case f := <-b.out:
			pipe := b.client.Pipeline()
			pipe.Publish(ctx, f.channel, f.data)
			for n := 1; n < batch && len(b.out) > 0; n++ {
				f = <-b.out // nobody else takes from it while there is a link
				pipe.Publish(ctx, f.channel, f.data)
			}
			if _, err := pipe.Exec(ctx); err != nil {
				return fmt.Errorf("publishing: %w", err)
			}
		}
	}
}

// canary counts our heartbeats on their way through Redis. Guarded by mu of Bus.
type canary struct {
	sent    uint64
	seen    uint64
	seenAt  time.Time
	waiting map[uint64]chan struct{}
}

// control is what the control channel carries.
type control struct {
	Beat     uint64 `json:"beat,omitempty"`
	Epoch    string `json:"epoch,omitempty"`
	AgeMS    int64  `json:"age,omitempty"`      // of the epoch
	Lossy    bool   `json:"lossy,omitempty"`    // something before the epoch may not have arrived
	Released string `json:"released,omitempty"` // a lease's name
}

// beat says that we live, and watches that it comes back to us.
func (b *Bus) beat(ctx context.Context, l *link) error {
	tick := time.NewTicker(beatEvery)
	defer tick.Stop()
	for {
		b.mu.Lock()
		b.sendBeat()
		silent := time.Since(l.since) > silence && time.Since(b.beats.seenAt) > silence
		for id, p := range b.peers {
			if time.Since(p.heard) > forgetPeer {
				b.forget(id, p)
			}
		}
		b.mu.Unlock()
		if silent {
			return errSilent
		}
		b.unsubscribeIdle(ctx, l)
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-tick.C:
		}
	}
}

// sendBeat puts a heartbeat in line; seen is closed when it has come back. It is not sent when the outbox is full. The caller
// holds mu.
func (b *Bus) sendBeat() (seen <-chan struct{}, sent bool) {
	n := b.beats.sent + 1
	data := encodeNote(control{Beat: n, Epoch: b.epoch, AgeMS: milliseconds(time.Since(b.epochAt)), Lossy: b.lossy}, nil)
	select {
	case b.out <- frame{b.controlChannel(), data}:
	default:
		return nil, false
	}
	b.beats.sent = n
	c := make(chan struct{})
	b.beats.waiting[n] = c
	return c, true
}

// dispatch handles one message from Redis.
func (b *Bus) dispatch(ctx context.Context, m *redis.Message) {
	var err error
	switch {
	case m.Channel == b.controlChannel():
		err = b.onControl(m.Payload)
	case m.Channel == b.inboxChannel(b.id):
		err = b.onInbox(ctx, m.Payload)
	default:
		if name, ok := strings.CutPrefix(m.Channel, b.subjectChannel("")); ok {
			err = b.onMessage(name, m.Payload)
		}
	}
	if err != nil { // another program's, or another version's
		b.log.WarnContext(ctx, "bus dropped a message it cannot read", "channel", m.Channel, "error", err)
	}
}

func (b *Bus) onControl(data string) error {
	var c control
	if _, err := decodeNote(data, &c); err != nil {
		return err
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if c.Released != "" {
		close(b.released)
		b.released = make(chan struct{})
	}
	switch id := processOf(c.Epoch); {
	case c.Beat == 0:
	case id == b.id:
		b.beats.seen, b.beats.seenAt = c.Beat, time.Now()
		for n, seen := range b.beats.waiting {
			if n <= c.Beat {
				close(seen)
				delete(b.beats.waiting, n)
			}
		}
	default:
		b.hear(id, c)
	}
	return nil
}

// peer is another process.
type peer struct {
	epoch string
	heard time.Time
}

// hear learns of a peer's epoch. The caller holds mu.
func (b *Bus) hear(id string, c control) {
	p := b.peers[id]
	known := p != nil
	if !known {
		p = &peer{}
		b.peers[id] = p
	}
	p.heard = time.Now()
	if known && p.epoch == c.Epoch {
		return
	}
	before := p.epoch
	p.epoch = c.Epoch
	// The epoch began before our link did: nothing of it was lost since, and subscribers may count from any number on. One that
	// began later was preceded by another one, of which we may miss the end, unless the peer has lost nothing.
	sinceLink := b.link == nil || time.Duration(c.AgeMS)*time.Millisecond < time.Since(b.link.since)
	missed := known || sinceLink && c.Lossy
	for _, s := range b.subjects {
		delete(s.seen, before)
		if missed {
			s.miss(c.Epoch)
		}
		if _, counting := s.seen[c.Epoch]; !counting && (missed || !sinceLink) {
			s.seen[c.Epoch] = fromAny
		}
	}
}

// forget drops a peer that has fallen silent. The caller holds mu.
func (b *Bus) forget(id string, p *peer) {
	delete(b.peers, id)
	for _, s := range b.subjects {
		delete(s.seen, p.epoch)
	}
}
