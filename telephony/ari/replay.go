package ari

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"time"

	ari "github.com/CyCoreSystems/ari/v5"

	"github.com/pult-cc/pult/telephony"
)

// What Asterisk kept for us while we were away arrives before anything new, in order, and the truth that we fetch knows it all
// already. Nothing rests on the replay being complete, because Asterisk loses what it had written to a socket that died. So:
//
//   - what began and ended meanwhile is not told: LinkUp is the truth, and a leg that it lacks did not begin;
//   - a leg that began meanwhile and lives is in the truth, whence it is told, once;
//   - an end is applied however old it is, because Asterisk's list may lag behind it, and a leg that ended and came again (the
//     site's dialplan may send a caller to us twice) begins again after it;
//   - everything else of before the truth is in the truth, and would only show states that are over.

const (
	// replayTime is how long after a connect an event may be of the replay. Afterwards the PBX's clock decides nothing: it may
	// be set back.
	replayTime = 30 * time.Second
	// settling is how far the truth may lag behind an event.
	settling = time.Second
	// lullTime without an event is a lull.
	lullTime = 40 * time.Millisecond
	// lullLimit bounds the wait for it.
	lullLimit = 500 * time.Millisecond
)

// typeEcho is the event type of our own question whether events reach us.
const typeEcho = "ChannelUserevent"

// errDeaf ends a link whose events do not arrive.
var errDeaf = errors.New("Asterisk connects, but its events go elsewhere: either another Pult is connected to the same application, " +
	"or the Asterisk that connects is not that of telephony.ari.url")

// clock asks for the PBX's time.
func (d *Driver) clock(ctx context.Context) (time.Time, error) {
	once, cancel := context.WithTimeout(ctx, d.timing.command)
	defer cancel()
	var ping struct{ Timestamp ari.DateTime }
	err := d.rest.do(once, request{method: http.MethodGet, path: []string{"asterisk", "ping"}}, &ping)
	return time.Time(ping.Timestamp), err
}

// aged marks a frame that is of before the truth, and reports whether it says nothing that the truth does not say.
func (s *session) aged(f *frame, kind string) (obsolete bool) {
	if s.since.IsZero() || f.at.Sub(s.began) > replayTime {
		return false
	}
	stamp := stampOf(f.data)
	if stamp.IsZero() || !stamp.Before(s.since) {
		return false
	}
	f.old = true
	switch kind {
	case "StasisStart", "StasisEnd", "ChannelDestroyed", "ChannelHangupRequest":
		return false
	}
	return stamp.Before(s.since.Add(-settling))
}

// stampOf returns when the PBX says that an event happened, zero when it does not say.
func stampOf(data []byte) time.Time {
	var m struct{ Timestamp ari.DateTime }
	if json.Unmarshal(data, &m) != nil {
		return time.Time{}
	}
	return time.Time(m.Timestamp)
}

// unborn reports whether a StasisStart of before the truth is of a leg that the truth does not have.
func (t *legTable) unborn(e event, id telephony.LegID) bool { return e.old && !t.adopted[id] }

// echo asks Asterisk over REST to send an event to the application and waits for it to come in over the socket: a socket that
// Asterisk opened says nothing of where its application's events go, nor that it is the Asterisk we command.
func (d *Driver) echo(ctx context.Context, s *session) error {
	ctx, cancel := context.WithTimeout(ctx, d.timing.command)
	defer cancel()
	err := d.rest.do(ctx, request{
		method: http.MethodPost, path: []string{"events", "user", "PultLink"}, query: url.Values{"application": {d.o.App}},
		body: map[string]any{"variables": map[string]string{"token": s.token}},
	}, nil)
	if err != nil {
		return fmt.Errorf("asking for an event: %w", err)
	}
	select {
	case <-s.echoed:
		return nil
	case <-ctx.Done():
		if s.ctx.Err() != nil {
			return context.Cause(s.ctx)
		}
		return errDeaf
	}
}

// heard notes the event that echo waits for.
func (s *session) heard(data []byte) {
	if s.token == "" || !bytes.Contains(data, []byte(s.token)) {
		return
	}
	select {
	case s.echoed <- struct{}{}:
	default:
	}
}

// accept waits for Asterisk to connect.
func (d *Driver) accept(ctx context.Context) (*session, error) {
	late := time.AfterFunc(d.timing.late, func() {
		d.log.Warn("Asterisk has not connected", "hint", "ari.conf: type = outbound_websocket; websocket_client.conf: uri, username, password")
	})
	defer late.Stop()
	conn, err := d.o.Door.await(ctx, d)
	if err != nil {
		return nil, err
	}
	s := d.newSession(context.WithoutCancel(ctx), conn)
	s.forget = context.AfterFunc(ctx, func() {
		s.fenced.Store(true) // command nothing more
		d.lull(s)
		s.cancel(ctx.Err())
	})
	s.token, s.echoed = rand.Text(), make(chan struct{}, 1)
	d.o.Door.serve(d, s)
	// Before the first event is read: it decides which events are of the past.
	if s.since, err = d.clock(s.ctx); err != nil {
		if cause := context.Cause(s.ctx); cause != nil {
			err = cause
		}
		err = fmt.Errorf("asking Asterisk for its time: %w", err)
		d.part(s, err)
		return nil, err
	}
	return s, nil
}

// lull waits for a moment without events, a short while at most, before a connection is closed that Asterisk made: up to 22.11 it
// frees the socket without looking for a thread that sends an event, and dies. What is under way is told before the echo.
func (d *Driver) lull(s *session) {
	ctx, cancel := context.WithTimeout(s.ctx, lullLimit)
	defer cancel()
	tick := time.NewTicker(lullTime / 4)
	defer tick.Stop()
	for time.Since(time.Unix(0, s.heardAt.Load())) < lullTime {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
	if err := d.echo(ctx, s); err != nil {
		d.log.Debug("closing without a lull", "error", err)
	}
}
