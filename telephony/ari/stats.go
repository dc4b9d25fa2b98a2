package ari

import (
	"maps"
	"sync"
	"sync/atomic"
)

// Stats counts what the link has seen since the Driver was made.
type Stats struct {
	Connects   uint64            // links that came up
	Frames     uint64            // events received
	Garbage    uint64            // frames that were no event
	Replayed   uint64            // events of the past that said nothing new
	Waiting    int               // frames received and not delivered yet
	MaxWaiting int               // the most that ever waited
	Ignored    map[string]uint64 // events of types that we do not use or do not know, by type
}

// counters is Stats in the making.
type counters struct {
	connects, frames, garbage, replayed atomic.Uint64

	mu      sync.Mutex
	ignored map[string]uint64
	waiting int
	max     int
}

// maxTypes bounds the memory that invented event types can take.
const maxTypes = 128

// ignore counts an event of a type that is not used. It reports whether the type was seen for the first time.
func (c *counters) ignore(kind string) (first bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.ignored == nil {
		c.ignored = map[string]uint64{}
	}
	if c.ignored[kind] == 0 {
		if len(c.ignored) >= maxTypes {
			return false
		}
		first = true
	}
	c.ignored[kind]++
	return first
}

// setWaiting notes the length of the queue.
func (c *counters) setWaiting(n int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.waiting = n
	c.max = max(c.max, n)
}

// Stats returns the counters.
func (d *Driver) Stats() Stats {
	c := &d.stats
	c.mu.Lock()
	defer c.mu.Unlock()
	return Stats{
		Connects: c.connects.Load(), Frames: c.frames.Load(), Garbage: c.garbage.Load(), Replayed: c.replayed.Load(),
		Waiting: c.waiting, MaxWaiting: c.max, Ignored: maps.Clone(c.ignored),
	}
}
