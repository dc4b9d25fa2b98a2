package ari

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"net/url"
	"runtime"
	"sync"
	"sync/atomic"
	"time"

	"github.com/coder/websocket"

	"github.com/pult-cc/pult/internal/errs"
	"github.com/pult-cc/pult/telephony"
)

// errReplaced ends a link: another WebSocket took the application over. Asterisk leaves ours open and silent for ever.
var errReplaced = errors.New("another instance took the application over")

// errRefused ends an attempt: Asterisk answers, and does not let us in.
var errRefused = errors.New("Asterisk refuses Pult's ARI user: check user and password in ari.conf")

// session is one connection, from the dial to the cut.
type session struct {
	ctx    context.Context // ends with the connection; its cause says why
	cancel context.CancelCauseFunc
	conn   *websocket.Conn
	queue  *queue
	fenced atomic.Bool    // the application is another's: command nothing
	wg     sync.WaitGroup // reader, pinger and background work

	// Of a connection that Asterisk made; see replay.go.
	began  time.Time
	since  time.Time     // by the PBX's clock: the truth is no older. Zero: there is no replay
	token  string        // marks the event that proves that events reach us
	echoed chan struct{} // capacity 1: it came

	forget  func() bool  // ends the wait for the end of Run
	heardAt atomic.Int64 // when the last frame came, Unix time in nanoseconds
}

func (d *Driver) newSession(ctx context.Context, conn *websocket.Conn) *session {
	conn.SetReadLimit(maxAnswer)
	s := &session{conn: conn, queue: newQueue(d.timing.overflow), began: time.Now()}
	s.ctx, s.cancel = context.WithCancelCause(ctx)
	return s
}

// connect makes a connection, or waits for Asterisk to make one.
func (d *Driver) connect(ctx context.Context) (*session, error) {
	if d.o.Door != nil {
		return d.accept(ctx)
	}
	return d.dial(ctx)
}

// part ends a connection and waits for those who work on it.
func (d *Driver) part(s *session, why error) {
	if d.o.Door != nil && s.ctx.Err() == nil {
		d.lull(s)
	}
	s.cancel(why)
	// Not a closing handshake: a peer that hangs must not delay the next attempt.
	_ = s.conn.CloseNow()
	s.wg.Wait()
	if d.o.Door != nil {
		s.forget()
		d.o.Door.leave(d, why)
	}
}

// Run implements telephony.Driver.
func (d *Driver) Run(ctx context.Context, sink func(telephony.Event)) error {
	if d.ran.Swap(true) {
		return errs.E(errs.Internal, "running Asterisk driver", "Run was called twice")
	}
	defer d.rest.transport.CloseIdleConnections()
	if d.o.Door != nil {
		defer d.o.Door.leave(d, nil)
	}
	var attempt int
	var logged string
	for {
		began := time.Now()
		up, err := d.connection(ctx, sink)
		if ctx.Err() != nil {
			return ctx.Err()
		}
		d.mu.Lock()
		d.lastErr = errs.With(errs.Unavailable, "connecting to Asterisk", err)
		d.mu.Unlock()
		if up {
			attempt = d.timing.afterLink(attempt, time.Since(began))
		}
		wait := backoff(d.timing, attempt)
		switch {
		case errors.Is(err, errReplaced):
			wait += d.timing.replaced
		case errors.Is(err, errRefused):
			wait += d.timing.refused // a password does not mend itself, and a guard of the host may count the attempts
		case d.o.Door != nil && attempt == 0:
			wait = 0 // to wait for Asterisk burdens nobody, unless it comes and goes
		}
		attempt++
		// Once per reason: a PBX that is down for an hour fills no log.
		if text := err.Error(); up || text != logged {
			logged = text
			d.log.Warn("no link to Asterisk", "error", text, "was_up", up, "retry_in", wait.Round(time.Millisecond))
		}
		timer := time.NewTimer(wait)
		select {
		case <-ctx.Done():
			timer.Stop()
			return ctx.Err()
		case <-timer.C:
		}
	}
}

// afterLink returns at which attempt the back-off goes on when a link ended that had been up for so long. An Asterisk that
// comes and goes is not asked without pause, but an old outage must not delay the answer to a new one.
func (t timing) afterLink(attempt int, lived time.Duration) int {
	if lived >= t.steadyAfter {
		return 0
	}
	return min(attempt, 2)
}

// backoff returns how long to wait before an attempt: exponential, with jitter, so that many instances do not come at once.
func backoff(t timing, attempt int) time.Duration {
	limit := min(t.backoffMax, t.backoffMin<<min(attempt, 16))
	return limit/2 + rand.N(limit/2+1)
}

// connection makes one connection and serves it until it is cut. It returns why, and whether LinkUp was told.
func (d *Driver) connection(ctx context.Context, sink func(telephony.Event)) (up bool, err error) {
	s, err := d.connect(ctx)
	if err != nil {
		return false, err
	}
	defer func() { d.part(s, err) }()
	s.wg.Go(func() { d.read(s) })
	s.wg.Go(func() { d.keepAlive(s) })

	began, err := d.synchronise(s)
	if err != nil {
		if cause := context.Cause(s.ctx); cause != nil {
			err = cause
		}
		return false, err
	}
	if s.fenced.Load() {
		return false, errReplaced
	}
	d.link.Store(s)
	d.stats.connects.Add(1)
	d.log.Info("link to Asterisk is up", "node", began.up.Node, "legs", len(began.up.Legs), "new_legs", len(began.fresh), "bridges", len(began.up.Bridges))
	sink(began.up)
	for _, e := range began.fresh {
		sink(e)
	}

	err = d.deliver(ctx, s, sink)
	d.link.Store(nil)
	s.cancel(err) // commands under way end too, before the core hears of it
	if ctx.Err() != nil {
		return true, ctx.Err()
	}
	sink(telephony.LinkDown{At: time.Now(), Reason: err.Error(), Replaced: errors.Is(err, errReplaced)})
	return true, err
}

// dial opens the WebSocket.
func (d *Driver) dial(ctx context.Context) (*session, error) {
	u, err := url.Parse(d.o.WSURL)
	if err != nil {
		return nil, fmt.Errorf("opening WebSocket: %w", err)
	}
	q := u.Query()
	q.Set("app", d.o.App)
	q.Set("subscribeAll", "false")
	u.RawQuery = q.Encode()
	dialCtx, cancelDial := context.WithTimeout(ctx, d.timing.dial)
	defer cancelDial()
	conn, resp, err := websocket.Dial(dialCtx, u.String(), &websocket.DialOptions{
		HTTPClient: d.rest.http,
		// A header, because addresses end up in logs.
		HTTPHeader:      http.Header{"Authorization": {"Basic " + base64.StdEncoding.EncodeToString([]byte(d.o.User+":"+d.o.Password))}},
		CompressionMode: websocket.CompressionDisabled,
	})
	if err != nil {
		switch {
		case resp != nil && (resp.StatusCode == http.StatusUnauthorized || resp.StatusCode == http.StatusForbidden):
			return nil, errRefused
		case resp != nil:
			return nil, fmt.Errorf("Asterisk answered the WebSocket with %d: check http.conf and ari.conf", resp.StatusCode)
		}
		var ue *url.Error
		if errors.As(err, &ue) {
			err = ue.Err
		}
		return nil, fmt.Errorf("Asterisk cannot be reached: %w", err)
	}
	return d.newSession(ctx, conn), nil
}

// read moves frames from the socket into the queue as fast as they come: Asterisk cuts off who reads slowly.
func (d *Driver) read(s *session) {
	var alarmed bool
	for {
		kind, data, err := s.conn.Read(s.ctx)
		if err != nil {
			if cause := context.Cause(s.ctx); cause != nil {
				err = cause
			} else {
				err = fmt.Errorf("the connection was cut: %w", err)
			}
			s.cancel(err)
			s.queue.close(err)
			return
		}
		d.stats.frames.Add(1)
		s.heardAt.Store(time.Now().UnixNano())
		if d.tap != nil {
			d.tap(data)
		}
		if kind != websocket.MessageText {
			d.stats.garbage.Add(1)
			continue
		}
		name := typeOf(data)
		if name == "" {
			d.stats.garbage.Add(1)
			continue
		}
		if name == typeEcho {
			s.heard(data)
			continue
		}
		if used[name] == nil {
			if d.stats.ignore(name) {
				d.log.Debug("ignoring an event type", "type", name)
			}
			continue
		}
		f := frame{at: time.Now(), data: data}
		if s.aged(&f, name) {
			d.stats.replayed.Add(1)
			continue
		}
		if name == typeReplaced {
			// At once, however much waits to be delivered: the legs are commanded by another instance now.
			s.fenced.Store(true)
		}
		waiting, err := s.queue.push(f)
		d.stats.setWaiting(waiting)
		if err != nil {
			s.cancel(err)
			return
		}
		if waiting == 1 {
			runtime.Gosched() // who delivers it runs at once, not when reading has come to wait for the next
		}
		if over := waiting >= d.timing.alarm; over != alarmed {
			if over {
				d.log.Warn("events are not taken fast enough", "waiting", waiting)
			}
			alarmed = over
		}
	}
}

// keepAlive finds a connection that died without a word.
func (d *Driver) keepAlive(s *session) {
	tick := time.NewTicker(d.timing.ping)
	defer tick.Stop()
	for {
		select {
		case <-s.ctx.Done():
			return
		case <-tick.C:
		}
		ctx, cancel := context.WithTimeout(s.ctx, d.timing.ping)
		err := s.conn.Ping(ctx)
		cancel()
		if err != nil {
			s.cancel(errors.New("Asterisk does not answer pings"))
			return
		}
	}
}

// deliver hands events to sink until the connection ends, and returns why it ended. What came before the end is delivered.
func (d *Driver) deliver(ctx context.Context, s *session, sink func(telephony.Event)) error {
	for {
		batch, err := s.queue.take()
		if err != nil {
			return err
		}
		for _, f := range batch {
			if ctx.Err() != nil {
				return ctx.Err()
			}
			if err := d.deliverOne(s, f, sink); err != nil {
				return err
			}
			waiting, goOn := s.queue.done()
			if waiting == 0 {
				d.stats.setWaiting(0)
			}
			if !goOn {
				return errOverflow
			}
		}
		if len(batch) == 0 {
			<-s.queue.wake // closed by the reader, which ends with the connection
		}
	}
}

func (d *Driver) deliverOne(s *session, f frame, sink func(telephony.Event)) error {
	kind := typeOf(f.data)
	if kind == typeReplaced {
		return errReplaced
	}
	e, err := decode(f, kind)
	if err != nil {
		d.stats.garbage.Add(1)
		d.log.Warn("skipping a damaged event", "type", kind)
		return nil
	}
	d.mu.Lock()
	out := d.legs.apply(e)
	d.mu.Unlock()
	for _, e := range out.events {
		sink(e)
	}
	for _, id := range out.unmark {
		d.background(s, func(ctx context.Context) error { return d.writeMarks(ctx, "marking leg", id) })
	}
	for _, id := range out.orphan {
		d.background(s, func(ctx context.Context) error { return d.drop(ctx, id, telephony.CauseNormal) })
	}
	return nil
}

// background does work for Asterisk that no command waits for. It ends with the connection.
func (d *Driver) background(s *session, f func(context.Context) error) {
	s.wg.Go(func() {
		ctx, cancel := context.WithTimeout(s.ctx, d.timing.command)
		defer cancel()
		if err := f(ctx); err != nil && s.ctx.Err() == nil {
			d.log.Warn("work for Asterisk failed", slog.Any("error", err))
		}
	})
}
