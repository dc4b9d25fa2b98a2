package redisbus

import (
	"context"
	"crypto/rand"
	"errors"
	"sync"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/pult-cc/pult/internal/bus"
	"github.com/pult-cc/pult/internal/errs"
)

// A lease is a key with a life, which holds the holder's token; its term is kept in another key for ever. A term is the greatest of
// the last one plus one and Redis's clock in milliseconds, so terms grow even over a Redis that forgets, or a change from membus.
//
// A Redis that has just started may have forgotten a lease that is held. So nobody takes a lease from a Redis younger than the
// lease's life: the holder has renewed it by then, or given up. Not covered is a replica that is promoted without the last writes:
// there the term is what keeps an old holder from the database.
var (
	// take: KEYS lease, term; ARGV token, ttl in ms, greatest term known here. Returns {1, term}, or {0, ms to wait at most}.
	take = redis.NewScript(`
		local ttl = tonumber(ARGV[2])
		local holder = redis.call('GET', KEYS[1])
		if holder == ARGV[1] then
			redis.call('PEXPIRE', KEYS[1], ttl)
			return {1, redis.call('GET', KEYS[2])}
		end
		if holder then
			return {0, tostring(redis.call('PTTL', KEYS[1]))}
		end
		local uptime = string.match(redis.call('INFO', 'server'), 'uptime_in_seconds:(%d+)')
		local young = ttl + 1000 - tonumber(uptime) * 1000
		if young > 0 then
			return {0, tostring(young)}
		end
		local now = redis.call('TIME')
		local last = tonumber(redis.call('GET', KEYS[2]) or 0)
		local term = string.format('%.0f', math.max(last + 1, tonumber(ARGV[3]) + 1, math.floor(now[1] * 1000 + now[2] / 1000)))
		redis.call('SET', KEYS[2], term)
		redis.call('SET', KEYS[1], ARGV[1], 'PX', ttl)
		return {1, term}`)
	// renew: KEYS lease, term; ARGV token, ttl in ms, term. Returns 1 while the lease is the token's. A lease that Redis forgot is
	// put back unless somebody else has had it since.
	renew = redis.NewScript(`
		local holder = redis.call('GET', KEYS[1])
		if holder == ARGV[1] then
			redis.call('PEXPIRE', KEYS[1], ARGV[2])
			return 1
		end
		if not holder and tonumber(redis.call('GET', KEYS[2]) or 0) <= tonumber(ARGV[3]) then
			redis.call('SET', KEYS[2], ARGV[3])
			redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
			return 1
		end
		return 0`)
	// release: KEYS lease; ARGV token.
	release = redis.NewScript(`
		if redis.call('GET', KEYS[1]) == ARGV[1] then
			return redis.call('DEL', KEYS[1])
		end
		return 0`)
)

const (
	askLeaseEvery = 200 * time.Millisecond // at the latest: somebody may have died
	leaseMargin   = 10                     // a lease ends for its holder this fraction of its life before it ends in Redis
)

type lease struct {
	b     *Bus
	name  string
	token string
	term  uint64
	ttl   time.Duration

	lost    chan struct{}
	lose    func()      // closes lost, once
	expires *time.Timer // calls lose
}

// Acquire implements bus.Bus. Until the lease is released or lost it is renewed while Run runs, whatever becomes of ctx.
func (b *Bus) Acquire(ctx context.Context, name string, ttl time.Duration) (bus.Lease, error) {
	const op = "acquiring lease"
	l := &lease{b: b, name: name, token: b.id + " " + rand.Text(), ttl: ttl, lost: make(chan struct{})}
	l.lose = sync.OnceFunc(func() { close(l.lost) })
	for {
		b.mu.Lock()
		up, released := b.up, b.released
		b.mu.Unlock()
		select {
		case <-up:
		case <-b.done:
			return nil, errs.E(errs.Unavailable, op, "the bus has ended")
		case <-ctx.Done():
			return nil, errs.With(errs.Timeout, op, ctx.Err())
		}
		wait, err := l.take(ctx)
		if err == nil && l.term > 0 {
			return l, nil
		}
		if err != nil {
			wait = askLeaseEvery
		}
		timer := time.NewTimer(min(wait, askLeaseEvery))
		select {
		case <-timer.C:
		case <-released:
			timer.Stop()
		case <-ctx.Done():
			timer.Stop()
			l.giveBack(ctx)
			return nil, errs.With(errs.Timeout, op, errors.Join(ctx.Err(), err))
		}
	}
}

// take tries to get the lease. Without an error and a term it returns how long to wait at most.
func (l *lease) take(ctx context.Context) (wait time.Duration, err error) {
	b := l.b
	b.mu.Lock()
	known := b.terms[l.name]
	b.mu.Unlock()
	before := time.Now()
	reply, err := take.Run(ctx, b.client, l.keys(), l.token, milliseconds(l.ttl), known).Slice()
	if err != nil {
		return 0, err
	}
	taken, value, err := readTake(reply)
	if err != nil {
		return 0, err
	}
	if !taken {
		return time.Duration(max(value, 1)) * time.Millisecond, nil
	}
	l.term = uint64(value)
	b.mu.Lock()
	b.terms[l.name] = max(known, l.term)
	ended := b.ended()
	if !ended {
		b.work.Add(1)
	}
	b.mu.Unlock()
	l.expires = time.AfterFunc(time.Until(l.deadline(before)), l.lose)
	if ended {
		l.lose()
		return 0, nil
	}
	go l.keep(context.WithoutCancel(ctx))
	return 0, nil
}

// ended tells whether Run is ending. The caller holds mu; Run ends only after it was free.
func (b *Bus) ended() bool {
	select {
	case <-b.done:
		return true
	default:
		return false
	}
}

func readTake(reply []any) (taken bool, value int64, err error) {
	if len(reply) != 2 {
		return false, 0, errMalformed
	}
	first, ok := reply[0].(int64)
	text, isText := reply[1].(string)
	if !ok || !isText {
		return false, 0, errMalformed
	}
	value, err = parseInt(text)
	return first == 1, value, err
}

// deadline is until when a lease that was asked for at the time is held for certain.
func (l *lease) deadline(asked time.Time) time.Time { return asked.Add(l.ttl - l.ttl/leaseMargin) }

// keep renews the lease until it is lost.
func (l *lease) keep(ctx context.Context) {
	defer l.b.work.Done()
	defer l.expires.Stop()
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	stop := context.AfterFunc(ctx, l.lose)
	defer stop()
	tick := time.NewTicker(max(l.ttl/3, time.Millisecond))
	defer tick.Stop()
	for {
		select {
		case <-l.lost:
			return
		case <-l.b.done:
			l.lose()
			return
		case <-tick.C:
		}
		before := time.Now()
		attempt, end := context.WithTimeout(ctx, l.ttl/3)
		held, err := renew.Run(attempt, l.b.client, l.keys(), l.token, milliseconds(l.ttl), l.term).Int()
		end()
		switch {
		case err != nil: // once more, until it expires
		case held != 1:
			l.lose()
		case l.expires.Stop(): // not expired meanwhile
			l.expires.Reset(time.Until(l.deadline(before)))
		}
	}
}

// Term implements bus.Lease.
func (l *lease) Term() uint64 { return l.term }

// Lost implements bus.Lease.
func (l *lease) Lost() <-chan struct{} { return l.lost }

// Release implements bus.Lease; it may be called more than once. An error is errs.Unavailable: the lease ends by itself then.
func (l *lease) Release(ctx context.Context) error {
	l.lose()
	if err := l.giveBack(ctx); err != nil && !errors.Is(err, redis.ErrClosed) {
		return errs.With(errs.Unavailable, "releasing lease", err)
	}
	return nil
}

// giveBack deletes the lease if it is ours and tells who waits for it.
func (l *lease) giveBack(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), ioFor)
	defer cancel()
	n, err := release.Run(ctx, l.b.client, l.keys()[:1], l.token).Int()
	if err != nil || n == 0 {
		return err
	}
	// Who does not hear it asks soon.
	_ = l.b.client.Publish(ctx, l.b.controlChannel(), encodeNote(control{Released: l.name}, nil)).Err()
	return nil
}

func (l *lease) keys() []string { return []string{l.b.leaseKey(l.name), l.b.termKey(l.name)} }
