package ari

import (
	"context"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"time"

	"github.com/pult-cc/pult/internal/errs"
	"github.com/pult-cc/pult/telephony"
)

// entered returns the leg if commands that need it in the application can work. d.mu must be held.
func (d *Driver) entered(op string, id telephony.LegID) (*leg, error) {
	l := d.legs.legs[id]
	switch {
	case l == nil:
		return nil, errs.E(errs.Conflict, op, "the call has ended")
	case !l.entered:
		return nil, errs.E(errs.Conflict, op, "the leg has not been answered yet")
	}
	return l, nil
}

// onLeg makes a request about a leg that is in the application.
func (d *Driver) onLeg(ctx context.Context, op string, id telephony.LegID, method, what string, query url.Values) error {
	ctx, done, err := d.begin(ctx, op)
	if err != nil {
		return err
	}
	defer done()
	d.mu.Lock()
	_, err = d.entered(op, id)
	d.mu.Unlock()
	if err != nil {
		return err
	}
	return fail(ctx, op, d.rest.do(ctx, request{method: method, path: []string{"channels", string(id), what}, query: query}, nil))
}

// Answer implements telephony.Driver.
func (d *Driver) Answer(ctx context.Context, id telephony.LegID) error {
	return d.onLeg(ctx, "answering leg", id, http.MethodPost, "answer", nil)
}

// Join implements telephony.Driver. Asterisk puts all legs of one request into the bridge, or none.
func (d *Driver) Join(ctx context.Context, bridge telephony.BridgeID, legs ...telephony.LegID) error {
	const op = "joining legs"
	if !validName(string(bridge)) || bridge == d.music || len(legs) == 0 {
		return errs.Field(op, "bridge", "a bridge and at least one leg are needed")
	}
	return d.move(ctx, op, bridge, "mixing", legs)
}

// Park implements telephony.Driver. All parked legs are in one holding bridge, in which each hears music of its own.
func (d *Driver) Park(ctx context.Context, id telephony.LegID) error {
	return d.move(ctx, "parking leg", d.music, "holding", []telephony.LegID{id})
}

// move takes legs into a bridge, which is made if it is not there.
func (d *Driver) move(ctx context.Context, op string, bridge telephony.BridgeID, kind string, legs []telephony.LegID) error {
	ctx, done, err := d.begin(ctx, op)
	if err != nil {
		return err
	}
	defer done()

	g := &goal{place: bridge}
	moving, there, err := d.aim(op, g, legs)
	if err != nil || len(moving) == 0 {
		return err
	}
	made, err := d.enter(ctx, bridge, kind, there, moving)
	d.arrived(g, moving, err)
	if err != nil && made && kind == "mixing" {
		// Nobody else can be in a bridge that this call made. What stays empty all the same is reaped at the next connect.
		_ = d.rest.do(ctx, request{method: http.MethodDelete, path: []string{"bridges", d.standing(bridge)}}, nil)
	}
	if statusOf(err) == http.StatusBadRequest { // "Channel not found"
		return &errs.Error{Kind: errs.Conflict, Op: op, Msg: "the call has ended", Err: err}
	}
	return fail(ctx, op, err)
}

// enter puts legs into a bridge and makes it first unless it is there; made says that it was not. A bridge that was known can
// be gone, and one that was just closed answers 409 for a moment, because Asterisk's cache of bridges lags behind.
func (d *Driver) enter(ctx context.Context, bridge telephony.BridgeID, kind string, there bool, legs []telephony.LegID) (made bool, err error) {
	id := d.standing(bridge)
	for try := 0; ; try++ {
		taken := false // by a shadow, should it not be found either
		if !there {
			m, err := d.makeBridge(ctx, id, kind)
			if err != nil {
				return made, err
			}
			made, taken = made || m, !m
		}
		err := d.add(ctx, id, kind, legs)
		if taken && kind == "mixing" && statusOf(err) == http.StatusNotFound {
			id = d.renew(bridge, id)
		}
		if status := statusOf(err); status != http.StatusNotFound && status != http.StatusConflict || try == 3 {
			return made, err
		}
		there = false
		timer := time.NewTimer(time.Duration(try) * 5 * time.Millisecond)
		select {
		case <-ctx.Done():
			timer.Stop()
			return made, err
		case <-timer.C:
		}
	}
}

// aim finds the legs that are not there yet and notes where they are going; there says that the bridge exists.
func (d *Driver) aim(op string, g *goal, legs []telephony.LegID) (moving []telephony.LegID, there bool, err error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, id := range legs {
		l, err := d.entered(op, id)
		if err != nil {
			return nil, false, err
		}
		if !l.isAt(g.place, d.music) && !slices.Contains(moving, id) {
			moving = append(moving, id)
		}
	}
	for _, id := range moving {
		l := d.legs.legs[id]
		l.goal = g
		l.moving++
	}
	return moving, d.legs.bridges[g.place], nil
}

// arrived notes the result of a move.
func (d *Driver) arrived(g *goal, legs []telephony.LegID, err error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	g.accepted = err == nil
	if err != nil {
		delete(d.legs.bridges, g.place)
		for _, id := range legs {
			l := d.legs.legs[id]
			if l == nil {
				continue
			}
			if l.goal == g {
				l.goal = nil // where it goes now is not known
			}
			l.settled(1)
		}
		return
	}
	d.legs.bridges[g.place] = true
}

// makeBridge makes a bridge and reports whether it was not there before.
func (d *Driver) makeBridge(ctx context.Context, id, kind string) (made bool, err error) {
	err = d.rest.do(ctx, request{
		method: http.MethodPost, path: []string{"bridges", id}, creates: true,
		query: url.Values{"type": {kind}, "name": {d.o.App}},
	}, nil)
	if statusOf(err) == http.StatusConflict {
		return false, nil
	}
	return err == nil, err
}

// add puts channels into a bridge.
func (d *Driver) add(ctx context.Context, id, kind string, legs []telephony.LegID) error {
	// An array, not a string with commas: that would be one id.
	body := map[string]any{"channel": legs}
	if kind == "holding" {
		// Without a role of its own a channel that an application puts into a holding bridge is given idle mode "none", silence
		// (res_stasis); with it the bridge's own default holds, music on hold.
		body["role"] = "holding_participant"
	}
	return d.rest.do(ctx, request{method: http.MethodPost, path: []string{"bridges", id, "addChannel"}, body: body}, nil)
}

// CloseBridge implements telephony.Driver.
func (d *Driver) CloseBridge(ctx context.Context, bridge telephony.BridgeID) error {
	const op = "closing bridge"
	if !validName(string(bridge)) {
		return errs.Field(op, "bridge", "is not a bridge")
	}
	ctx, done, err := d.begin(ctx, op)
	if err != nil {
		return err
	}
	defer done()
	id := d.standing(bridge)
	err = d.rest.do(ctx, request{method: http.MethodDelete, path: []string{"bridges", id}}, nil)
	// 409 is a bridge that is closed already and still in Asterisk's cache.
	if status := statusOf(err); err != nil && status != http.StatusNotFound && status != http.StatusConflict {
		return fail(ctx, op, err)
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.legs.bridgeGone(id)
	return nil
}

// Mark implements telephony.Driver. Asterisk sets variables only on channels in an application: the marks of a leg that is not
// answered yet are written when it is, and until then a restart of Pult would find those of Originate.
func (d *Driver) Mark(ctx context.Context, id telephony.LegID, marks telephony.Marks) error {
	const op = "marking leg"
	if err := validMarks(op, marks); err != nil {
		return err
	}
	ctx, done, err := d.begin(ctx, op)
	if err != nil {
		return err
	}
	defer done()
	d.mu.Lock()
	l := d.legs.legs[id]
	if l == nil {
		d.mu.Unlock()
		return errs.E(errs.Conflict, op, "the call has ended")
	}
	before := l.Marks
	l.Marks = maps.Clone(before)
	maps.Copy(l.Marks, marks)
	l.unwritten = true
	entered := l.entered
	d.mu.Unlock()
	if !entered {
		return nil
	}
	return fail(ctx, op, d.writeMarks(ctx, op, id))
}

// writeMarks writes what is remembered of a leg's marks, unless another writer has done it meanwhile.
func (d *Driver) writeMarks(ctx context.Context, op string, id telephony.LegID) error {
	d.mu.Lock()
	l := d.legs.legs[id]
	d.mu.Unlock()
	if l == nil {
		return errs.E(errs.Conflict, op, "the call has ended")
	}
	l.marking.Lock()
	defer l.marking.Unlock()
	d.mu.Lock()
	value := note{originated: l.originated, number: l.number, marks: l.Marks}.encode()
	wanted := l.unwritten
	l.unwritten = false
	d.mu.Unlock()
	if !wanted {
		return nil
	}
	err := d.rest.do(ctx, request{
		method: http.MethodPost, path: []string{"channels", string(id), "variable"}, creates: true,
		body: map[string]string{"variable": markVariable, "value": value},
	}, nil)
	if err != nil {
		d.mu.Lock()
		l.unwritten = true
		d.mu.Unlock()
	}
	return err
}
