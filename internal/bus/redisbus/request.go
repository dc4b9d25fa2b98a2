package redisbus

import (
	"bytes"
	"context"
	"slices"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/pult-cc/pult/internal/bus"
	"github.com/pult-cc/pult/internal/errs"
)

// Who serves a subject is written in a key with a short life: "<rank> <process>". The rank is Redis's clock in microseconds when
// the handler came, so ranks grow over a Redis that forgets. A handler repeats its claim every second, and the greatest rank wins;
// a process that dies is overtaken when its key expires, or at the first request that nobody hears.
var (
	// claim: KEYS key; ARGV process, rank or 0 for a new one, life in ms. Returns the rank.
	claim = redis.NewScript(`
		local current = redis.call('GET', KEYS[1])
		local highest, holder = 0, ''
		if current then
			highest, holder = string.match(current, '^(%d+) (.*)$')
			highest = tonumber(highest)
		end
		local rank = tonumber(ARGV[2])
		if rank == 0 then
			local now = redis.call('TIME')
			rank = math.max(now[1] * 1000000 + now[2], highest + 1)
		end
		if rank >= highest then
			redis.call('SET', KEYS[1], string.format('%.0f %s', rank, ARGV[1]), 'PX', ARGV[3])
		end
		return string.format('%.0f', rank)`)
	// resign: KEYS key; ARGV "<rank> <process>".
	resign = redis.NewScript(`
		if redis.call('GET', KEYS[1]) == ARGV[1] then
			redis.call('DEL', KEYS[1])
		end
		return 0`)
	// ask: KEYS key; ARGV start of the inbox channel's name, message. Returns how many heard it: 1, or 0.
	ask = redis.NewScript(`
		local current = redis.call('GET', KEYS[1])
		if not current then
			return 0
		end
		local heard = redis.call('PUBLISH', ARGV[1] .. string.match(current, '^%d+ (.*)$'), ARGV[2])
		if heard == 0 then
			redis.call('DEL', KEYS[1])
		end
		return heard`)
)

type handler struct {
	ctx  context.Context // of Handle: its end is the handler's
	do   bus.Handler
	rank string // "0" until Redis has given one; guarded by mu of Bus
}

// note is what an inbox carries: a request, or the answer to one.
type note struct {
	Request  uint64       `json:"request"`
	Subject  string       `json:"subject,omitempty"` // of a request
	From     string       `json:"from,omitempty"`    // process that asks
	BudgetMS int64        `json:"budget,omitempty"`  // time left; 0: no deadline. Not a point in time: clocks differ
	Failure  *bus.Failure `json:"failure,omitempty"` // of an answer
}

type answer struct {
	payload []byte
	failure *bus.Failure
	lost    bool // the link broke
}

// Handle implements bus.Bus. While Redis is away the handler serves this process.
func (b *Bus) Handle(ctx context.Context, name string, do bus.Handler) error {
	op := "handling " + name
	if err := ctx.Err(); err != nil {
		return errs.With(errs.Timeout, op, err)
	}
	h := &handler{ctx: ctx, do: do, rank: "0"}
	b.mu.Lock()
	b.handlers[name] = append(b.handlers[name], h)
	up := b.link != nil
	b.mu.Unlock()
	context.AfterFunc(ctx, func() { b.retire(ctx, name, h) })
	if up {
		// A failure is repeated in a second, with all the others.
		_ = b.claim(ctx, name)
	}
	return nil
}

// retire takes a handler out, and lets the next one in line serve.
func (b *Bus) retire(ctx context.Context, name string, h *handler) {
	b.mu.Lock()
	b.handlers[name] = slices.DeleteFunc(b.handlers[name], func(other *handler) bool { return other == h })
	if len(b.handlers[name]) == 0 {
		delete(b.handlers, name)
	}
	rank, up := h.rank, b.link != nil
	b.mu.Unlock()
	if !up || rank == "0" {
		return
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), ioFor)
	defer cancel()
	// A failure leaves a key that expires.
	_ = resign.Run(ctx, b.client, []string{b.handlerKey(name)}, rank+" "+b.id).Err()
	_ = b.claim(ctx, name)
}

// claim says that this process serves the subject, by its newest handler.
func (b *Bus) claim(ctx context.Context, name string) error {
	b.mu.Lock()
	h := b.handler(name)
	if h == nil {
		b.mu.Unlock()
		return nil
	}
	rank := h.rank
	b.mu.Unlock()
	got, err := claim.Run(ctx, b.client, []string{b.handlerKey(name)}, b.id, rank, milliseconds(handlerTTL)).Text()
	if err != nil {
		return err
	}
	b.mu.Lock()
	h.rank = got
	b.mu.Unlock()
	if h.ctx.Err() != nil { // it ended meanwhile, and retire did not know the rank
		return resign.Run(ctx, b.client, []string{b.handlerKey(name)}, got+" "+b.id).Err()
	}
	return nil
}

// handler returns the newest handler that has not ended. The caller holds mu.
func (b *Bus) handler(name string) *handler {
	for _, h := range slices.Backward(b.handlers[name]) {
		if h.ctx.Err() == nil {
			return h
		}
	}
	return nil
}

// keepHandlers repeats the claims of our handlers.
func (b *Bus) keepHandlers(ctx context.Context, _ *link) error {
	tick := time.NewTicker(refresh)
	defer tick.Stop()
	for {
		b.mu.Lock()
		names := make([]string, 0, len(b.handlers))
		for name := range b.handlers {
			names = append(names, name)
		}
		b.mu.Unlock()
		for _, name := range names {
			if err := b.claim(ctx, name); err != nil {
				return err
			}
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-tick.C:
		}
	}
}

// Request implements bus.Bus. The way leads through Redis even to a handler of this process, for there may be a newer one
// elsewhere; without Redis this process's own answers.
func (b *Bus) Request(ctx context.Context, name string, payload []byte) ([]byte, error) {
	if err := ctx.Err(); err != nil {
		return nil, bus.ErrNoAnswer(name, err)
	}
	b.mu.Lock()
	b.requests++
	id, c := b.requests, make(chan answer, 1)
	up, own := b.link != nil, b.handler(name)
	if up {
		b.pending[id] = c
	}
	b.mu.Unlock()
	n := note{Request: id, Subject: name, From: b.id}
	if deadline, ok := ctx.Deadline(); ok {
		n.BudgetMS = milliseconds(time.Until(deadline))
	}
	switch {
	case up:
		defer func() {
			b.mu.Lock()
			delete(b.pending, id)
			b.mu.Unlock()
		}()
		heard, err := ask.Run(ctx, b.client, []string{b.handlerKey(name)}, b.inboxChannel(""), encodeNote(n, payload)).Int()
		switch {
		case ctx.Err() != nil:
			return nil, bus.ErrNoAnswer(name, ctx.Err())
		case err != nil:
			return nil, errs.With(errs.Unavailable, "requesting "+name, err)
		case heard == 0:
			return nil, bus.ErrNoHandler(name)
		}
	case own != nil:
		go func() { c <- b.serve(own, n, bytes.Clone(payload)) }()
	default:
		return nil, bus.ErrNoHandler(name)
	}
	select {
	case a := <-c:
		switch {
		case a.lost:
			return nil, bus.ErrNoAnswer(name, errSilent)
		case a.failure != nil:
			return nil, a.failure.Err()
		}
		return a.payload, nil
	case <-ctx.Done():
		return nil, bus.ErrNoAnswer(name, ctx.Err())
	}
}

// onInbox handles a request, or the answer to one.
func (b *Bus) onInbox(ctx context.Context, data string) error {
	var n note
	payload, err := decodeNote(data, &n)
	if err != nil {
		return err
	}
	if n.Subject == "" {
		b.mu.Lock()
		c := b.pending[n.Request]
		delete(b.pending, n.Request)
		b.mu.Unlock()
		if c != nil { // nil: the requester has given up
			c <- answer{payload: []byte(payload), failure: n.Failure}
		}
		return nil
	}
	b.mu.Lock()
	h := b.handler(n.Subject)
	b.mu.Unlock()
	go func() {
		a := answer{}
		if h == nil {
			f := bus.FailureOf(bus.ErrNoHandler(n.Subject))
			a.failure = &f
		} else {
			a = b.serve(h, n, []byte(payload))
		}
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), ioFor)
		defer cancel()
		reply := encodeNote(note{Request: n.Request, Failure: a.failure}, a.payload)
		if err := b.client.Publish(ctx, b.inboxChannel(n.From), reply).Err(); err != nil {
			b.log.WarnContext(ctx, "bus could not send an answer", "subject", n.Subject, "error", err)
		}
	}()
	return nil
}

func (b *Bus) serve(h *handler, n note, payload []byte) answer {
	ctx, cancel := h.ctx, context.CancelFunc(func() {})
	if n.BudgetMS > 0 {
		ctx, cancel = context.WithTimeout(h.ctx, time.Duration(n.BudgetMS)*time.Millisecond)
	}
	defer cancel()
	out, err := h.do(ctx, payload)
	if err != nil {
		f := bus.FailureOf(err)
		return answer{failure: &f}
	}
	return answer{payload: append([]byte{}, out...)}
}
