package auth

import (
	"net/netip"
	"sync"
	"time"
)

// Limit allows Burst attempts at once and one more every Every.
type Limit struct {
	Burst int
	Every time.Duration
}

// limiterKeys bounds the memory of a limiter: beyond it the keys nearest to being free again are forgotten.
const limiterKeys = 1 << 16

// A limiter counts attempts per key with the generic cell rate algorithm (ITU-T I.371): one time stamp per key. Its methods may
// be called concurrently.
type limiter struct {
	limit Limit

	mu   sync.Mutex
	free map[string]time.Time // when the key is wholly free again
}

func newLimiter(l Limit) *limiter { return &limiter{limit: l, free: map[string]time.Time{}} }

// take counts an attempt. A positive wait means that it is refused, uncounted, and may be repeated after it.
func (l *limiter) take(key string, now time.Time) (wait time.Duration) {
	if l.limit.Burst <= 0 {
		return 0
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	free := l.free[key]
	if free.Before(now) {
		free = now
	}
	next := free.Add(l.limit.Every)
	if wait = next.Sub(now) - time.Duration(l.limit.Burst)*l.limit.Every; wait > 0 {
		return wait
	}
	if _, known := l.free[key]; !known && len(l.free) >= limiterKeys {
		l.shrink(now)
	}
	l.free[key] = next
	return 0
}

// refund takes an attempt back: only failures count.
func (l *limiter) refund(key string, now time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	free, known := l.free[key]
	if !known {
		return
	}
	if free = free.Add(-l.limit.Every); free.After(now) {
		l.free[key] = free
	} else {
		delete(l.free, key)
	}
}

// prune forgets keys that are wholly free.
func (l *limiter) prune(now time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for k, free := range l.free {
		if !free.After(now) {
			delete(l.free, k)
		}
	}
}

// shrink makes room: first the free keys go, then those with one attempt behind them, then any. A flood of invented names thus
// pushes out itself and not the name under attack.
func (l *limiter) shrink(now time.Time) {
	for _, horizon := range []time.Time{now, now.Add(l.limit.Every), now.Add(time.Duration(l.limit.Burst) * l.limit.Every)} {
		for k, free := range l.free {
			if !free.After(horizon) {
				delete(l.free, k)
			}
		}
		if len(l.free) < limiterKeys {
			return
		}
	}
}

// addressKey is the unit that a client address is counted by: IPv4 alone, IPv6 by its /64, since one host has a whole one.
func addressKey(a netip.Addr) string {
	if !a.IsValid() {
		return "unknown"
	}
	if a = a.Unmap().WithZone(""); a.Is6() {
		if p, err := a.Prefix(64); err == nil {
			return p.String()
		}
	}
	return a.String()
}
