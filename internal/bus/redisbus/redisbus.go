// Package redisbus is the bus of several processes over one Redis (6 or newer, or one that speaks its protocol; not a cluster, whose
// parts may not be used together).
//
// Pub/Sub carries messages. It promises nothing, so every publisher numbers its messages per subject within an epoch, and says
// four times a second on a control channel that it lives and which epoch it is in; these heartbeats travel in line with the
// messages. A receiver that finds a number missing, an epoch changed or its own connection interrupted tells its subscribers. A
// publisher changes its epoch whenever something it published may not have arrived, and whenever its connection was made anew,
// since Redis may have forgotten everything.
//
// Messages reach the subscribers of the same process directly, so that they see a floor that works whatever Redis does.
package redisbus

import (
	"context"
	crand "crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/redis/go-redis/v9/maintnotifications"

	"github.com/pult-cc/pult/internal/bus"
	"github.com/pult-cc/pult/internal/errs"
)

// Options say where Redis is.
type Options struct {
	// URL is "redis://user:password@host:port/db", or rediss:// with TLS.
	URL string
	// Prefix begins every key and channel, so that installations can share a Redis. Empty: "pult".
	Prefix string
	// MailboxSize is how many envelopes wait for a subscriber. 0: bus.MailboxSize.
	MailboxSize int
	// Logger is told when the link comes and goes. Nil is silent. It never sees payloads.
	Logger *slog.Logger
}

const (
	beatEvery  = 250 * time.Millisecond
	silence    = 2 * time.Second // without our own heartbeat coming back the link counts as dead
	refresh    = time.Second     // how often handlers say that they serve
	handlerTTL = 3 * time.Second // and how long Redis believes it
	forgetPeer = 30 * time.Second
	dialFor    = time.Second
	ioFor      = 2 * time.Second
	outbox     = 4096 // messages on their way to Redis
	batch      = 128  // messages written at once
)

// Bus implements bus.Bus over Redis. It connects, and stays connected, while Run runs.
type Bus struct {
	opts   Options
	client *redis.Client
	id     string // of this process
	log    *slog.Logger

	running atomic.Bool
	done    chan struct{}  // closed when Run ends
	work    sync.WaitGroup // what must end before Run does

	subMu sync.Mutex // puts changes of what Redis sends us in order; taken before mu, held over writes

	mu         sync.Mutex
	link       *link         // nil while there is none
	up         chan struct{} // closed while there is a link
	out        chan frame
	generation uint64
	epoch      string // "<id>.<generation>"
	epochAt    time.Time
	lossy      bool              // something before this epoch may not have arrived
	seqs       map[string]uint64 // last number given, by subject
	subjects   map[string]*subject
	peers      map[string]*peer
	handlers   map[string][]*handler // oldest first
	pending    map[uint64]chan answer
	requests   uint64
	beats      canary
	released   chan struct{} // closed when a lease was released somewhere
	terms      map[string]uint64
}

var _ bus.Bus = (*Bus)(nil)

// link is one connection that receives, from its making to its end.
type link struct {
	ps    *redis.PubSub
	since time.Time
	down  chan struct{} // closed at its end
}

// frame is a message on its way to Redis.
type frame struct {
	channel string
	data    []byte
}

// quiet keeps go-redis from printing: what matters of it is returned as errors.
type quiet struct{}

func (quiet) Printf(context.Context, string, ...any) {}

var silenceClient = sync.OnceFunc(func() { redis.SetLogger(quiet{}) })

// New returns a bus that is not connected yet: see Run. A malformed URL is errs.Invalid.
func New(opts Options) (*Bus, error) {
	const op = "reading Redis URL"
	config, err := redis.ParseURL(opts.URL)
	if err != nil {
		// The cause is left out: it may quote the URL, which holds the password.
		return nil, errs.Field(op, "url", "not a Redis URL")
	}
	if opts.Prefix == "" {
		opts.Prefix = "pult"
	}
	if opts.MailboxSize == 0 {
		opts.MailboxSize = bus.MailboxSize
	}
	if opts.Logger == nil {
		opts.Logger = slog.New(slog.DiscardHandler)
	}
	silenceClient()
	config.ClientName = "pult"
	config.DialTimeout, config.ReadTimeout, config.WriteTimeout = dialFor, ioFor, ioFor
	config.DialerRetries = 1
	config.MaxRetries = -1 // a repeated PUBLISH is a second message; who may repeat, decides that itself
	config.ContextTimeoutEnabled = true
	config.MaintNotificationsConfig = &maintnotifications.Config{Mode: maintnotifications.ModeDisabled}
	b := &Bus{
		opts: opts, client: redis.NewClient(config), id: crand.Text(), log: opts.Logger,
		done: make(chan struct{}), up: make(chan struct{}), out: make(chan frame, outbox),
		seqs: map[string]uint64{}, subjects: map[string]*subject{}, peers: map[string]*peer{},
		handlers: map[string][]*handler{}, pending: map[uint64]chan answer{},
		beats: canary{waiting: map[uint64]chan struct{}{}}, released: make(chan struct{}), terms: map[string]uint64{},
	}
	b.newEpoch()
	return b, nil
}

// Run keeps the bus connected until ctx ends, and then returns nil; it may be called once. Until it runs, and while Redis is away,
// Publish reaches this process only and says so, requests reach handlers of this process, and Acquire waits.
func (b *Bus) Run(ctx context.Context) error {
	if b.running.Swap(true) {
		return errs.E(errs.Internal, "running bus", "it runs already")
	}
	defer func() {
		b.mu.Lock()
		close(b.done) // leases end, and no new one is granted
		b.mu.Unlock()
		b.work.Wait()
		_ = b.client.Close()
	}()
	for failures := 0; ; failures++ {
		wasUp, err := b.connect(ctx)
		if ctx.Err() != nil {
			return nil
		}
		if wasUp {
			failures = 0
		}
		if failures == 0 {
			b.log.WarnContext(ctx, "bus is down", slog.Any("error", err))
		}
		// Soon at first: most interruptions are short. Then patiently, and not all processes in step.
		wait := min(20*time.Millisecond<<min(failures, 6), 500*time.Millisecond)
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(wait + rand.N(wait/4)):
		}
	}
}

// connect makes a link and serves it until it fails.
func (b *Bus) connect(ctx context.Context) (wasUp bool, err error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	l := &link{ps: b.client.Subscribe(ctx), down: make(chan struct{})}
	defer l.ps.Close()
	stop := context.AfterFunc(ctx, func() { _ = l.ps.Close() }) // what ends a read that waits
	defer stop()

	b.mu.Lock()
	channels := []string{b.controlChannel(), b.inboxChannel(b.id)}
	for name := range b.subjects {
		channels = append(channels, b.subjectChannel(name))
	}
	b.mu.Unlock()
	if err := b.confirm(ctx, l.ps, channels); err != nil {
		return false, err
	}
	defer b.close(l)
	if err := b.open(ctx, l, channels); err != nil {
		return true, err
	}
	b.log.InfoContext(ctx, "bus is up")

	var parts sync.WaitGroup
	failed := make(chan error, 4)
	for _, part := range []func(context.Context, *link) error{b.read, b.write, b.beat, b.keepHandlers} {
		parts.Go(func() { failed <- part(ctx, l) })
	}
	err = <-failed
	cancel()
	parts.Wait()
	return true, err
}

// confirm subscribes and waits until Redis has said that every channel is in force.
func (b *Bus) confirm(ctx context.Context, ps *redis.PubSub, channels []string) error {
	ctx, cancel := context.WithTimeout(ctx, ioFor)
	defer cancel()
	if err := ps.Subscribe(ctx, channels...); err != nil {
		return fmt.Errorf("subscribing: %w", err)
	}
	for confirmed := 0; confirmed < len(channels); {
		m, err := ps.ReceiveTimeout(ctx, ioFor)
		if err != nil {
			return fmt.Errorf("subscribing: %w", err)
		}
		switch m := m.(type) {
		case *redis.Subscription:
			confirmed++
		case *redis.Message:
			b.dispatch(ctx, m)
		}
	}
	return nil
}

// open puts a link in force: from here on messages count, and whatever came before counts as missed.
func (b *Bus) open(ctx context.Context, l *link, confirmed []string) error {
	inForce := map[string]bool{}
	for _, c := range confirmed {
		inForce[c] = true
	}
	b.subMu.Lock()
	defer b.subMu.Unlock()
	b.mu.Lock()
	for len(b.out) > 0 { // messages of the time without link, which nobody missed who is not told now
		<-b.out
	}
	l.since = time.Now()
	b.newEpoch()
	var late []string
	for name, s := range b.subjects {
		channel := b.subjectChannel(name)
		if inForce[channel] {
			s.confirm()
			s.miss(b.epoch)
			continue
		}
		s.owesMiss = true
		late = append(late, channel) // subscribed while we connected
	}
	b.link = l
	close(b.up)
	b.mu.Unlock()
	if len(late) == 0 {
		return nil
	}
	return l.ps.Subscribe(ctx, late...)
}

// close takes a link out of force.
func (b *Bus) close(l *link) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.link = nil
	b.up = make(chan struct{})
	clear(b.peers)
	clear(b.beats.waiting)
	for _, s := range b.subjects {
		clear(s.seen)
	}
	for id, c := range b.pending { // their answers may have been lost
		delete(b.pending, id)
		c <- answer{lost: true}
	}
	close(l.down)
}

// newEpoch begins numbering anew. The caller holds mu, or nobody else knows the bus yet.
func (b *Bus) newEpoch() {
	b.lossy = b.generation > 1 || b.lossy || len(b.seqs) > 0
	b.generation++
	b.epoch = fmt.Sprintf("%s.%d", b.id, b.generation)
	b.epochAt = time.Now()
	clear(b.seqs)
}

// Check implements bus.Bus: a heartbeat goes through the outbox, Redis and back.
func (b *Bus) Check(ctx context.Context) error {
	const op = "checking bus"
	b.mu.Lock()
	l := b.link
	if l == nil {
		b.mu.Unlock()
		return errs.E(errs.Unavailable, op, "Redis is not connected")
	}
	seen, sent := b.sendBeat()
	b.mu.Unlock()
	if !sent {
		return errs.E(errs.Unavailable, op, "too many messages wait for Redis")
	}
	select {
	case <-seen:
		return nil
	case <-l.down:
		return errs.E(errs.Unavailable, op, "the connection to Redis broke")
	case <-ctx.Done():
		return &errs.Error{Kind: errs.Unavailable, Op: op, Msg: "Redis does not pass messages on", Err: ctx.Err()}
	}
}

var errSilent = errors.New("our own heartbeat does not come back")
