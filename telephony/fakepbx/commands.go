package fakepbx

import (
	"context"
	"maps"
	"slices"
	"time"

	"github.com/pult-cc/pult/internal/errs"
	"github.com/pult-cc/pult/telephony"
)

// Originate implements telephony.Driver.
func (d *Driver) Originate(ctx context.Context, o telephony.Originate) error {
	const op = "originating leg"
	switch {
	case o.Leg == "":
		return errs.Field(op, "leg", "is empty")
	case (o.Endpoint == "") == (o.Number == ""):
		return errs.Field(op, "endpoint", "name either an endpoint or a number")
	}
	if err := validMarks(op, o.Marks); err != nil {
		return err
	}
	if err := d.command(ctx, "Originate", op); err != nil {
		return err
	}
	p := d.pbx
	defer p.mu.Unlock()
	if _, again := p.used[o.Leg]; again {
		return nil
	}
	b := p.opts.Trunk
	party := telephony.Party{Number: o.Number}
	if o.Endpoint != "" {
		e := p.endpoints[o.Endpoint]
		if e == nil || !e.online {
			return errs.E(errs.Unavailable, op, "the device is not registered")
		}
		party = telephony.Party{Number: o.Endpoint}
		b = p.opts.Device
		if own, ok := p.behaviour[o.Endpoint]; ok {
			b = own
		}
	} else if p.noTrunk {
		return errs.E(errs.Unavailable, op, "the trunk does not answer")
	}
	p.used[o.Leg] = struct{}{}
	at := o.Endpoint
	if at == "" {
		at = trunkEndpoint
	}
	l := &leg{
		Leg: telephony.Leg{
			ID: o.Leg, State: telephony.LegDown, Party: party, Endpoint: at, Marks: maps.Clone(o.Marks), Created: time.Now(),
		},
		originated: true,
		from:       o.From,
		headers:    maps.Clone(o.Headers),
		behaviour:  b,
		reported:   map[*Driver]bool{},
	}
	p.legs[l.ID] = l
	if o.Timeout > 0 {
		p.after(l, o.Timeout, func() { p.end(l, telephony.Cause{Q850: telephony.CauseNoAnswer}, false) })
	}
	switch {
	case b.RingAfter == 0:
		p.rang(l)
	case b.RingAfter > 0:
		p.after(l, b.RingAfter, func() { p.rang(l) })
	}
	return nil
}

// Answer implements telephony.Driver.
func (d *Driver) Answer(ctx context.Context, id telephony.LegID) error {
	const op = "answering leg"
	if err := d.command(ctx, "Answer", op); err != nil {
		return err
	}
	p := d.pbx
	defer p.mu.Unlock()
	l := p.legs[id]
	switch {
	case l == nil:
		return ended(op)
	case l.State == telephony.LegUp:
		return nil
	case l.originated:
		return notUp(op)
	}
	l.State = telephony.LegUp
	l.countMedia(time.Now())
	p.emit(telephony.LegAnswered{At: time.Now(), Leg: id})
	p.hangupLater(l)
	return nil
}

// Hangup implements telephony.Driver.
func (d *Driver) Hangup(ctx context.Context, id telephony.LegID, cause telephony.Cause) error {
	if err := d.command(ctx, "Hangup", "hanging up leg"); err != nil {
		return err
	}
	p := d.pbx
	defer p.mu.Unlock()
	if l := p.legs[id]; l != nil {
		if cause.Q850 == 0 {
			cause.Q850 = telephony.CauseNormal
		}
		p.end(l, cause, true)
	}
	return nil
}

// Join implements telephony.Driver.
func (d *Driver) Join(ctx context.Context, bridge telephony.BridgeID, legs ...telephony.LegID) error {
	const op = "joining legs"
	if bridge == "" || len(legs) == 0 {
		return errs.Field(op, "bridge", "a bridge and at least one leg are needed")
	}
	if err := d.command(ctx, "Join", op); err != nil {
		return err
	}
	p := d.pbx
	defer p.mu.Unlock()
	for _, id := range legs {
		if l := p.legs[id]; l == nil {
			return ended(op)
		} else if l.originated && l.State != telephony.LegUp {
			return notUp(op)
		}
	}
	for _, id := range legs {
		l := p.legs[id]
		if l.Bridge == bridge {
			continue
		}
		p.takeOut(l)
		l.Bridge = bridge
		p.bridges[bridge] = append(p.bridges[bridge], id)
		p.emit(telephony.LegJoined{At: time.Now(), Leg: id, Bridge: bridge})
	}
	return nil
}

// Park implements telephony.Driver.
func (d *Driver) Park(ctx context.Context, id telephony.LegID) error {
	const op = "parking leg"
	if err := d.command(ctx, "Park", op); err != nil {
		return err
	}
	p := d.pbx
	defer p.mu.Unlock()
	l := p.legs[id]
	switch {
	case l == nil:
		return ended(op)
	case l.originated && l.State != telephony.LegUp:
		return notUp(op)
	case l.Parked:
		return nil
	}
	p.takeOut(l)
	l.Parked = true
	p.emit(telephony.LegParked{At: time.Now(), Leg: id})
	return nil
}

// CloseBridge implements telephony.Driver.
func (d *Driver) CloseBridge(ctx context.Context, bridge telephony.BridgeID) error {
	if err := d.command(ctx, "CloseBridge", "closing bridge"); err != nil {
		return err
	}
	p := d.pbx
	defer p.mu.Unlock()
	for _, id := range slices.Clone(p.bridges[bridge]) {
		p.takeOut(p.legs[id])
	}
	delete(p.bridges, bridge)
	return nil
}

// Mark implements telephony.Driver.
func (d *Driver) Mark(ctx context.Context, id telephony.LegID, marks telephony.Marks) error {
	const op = "marking leg"
	if err := validMarks(op, marks); err != nil {
		return err
	}
	if err := d.command(ctx, "Mark", op); err != nil {
		return err
	}
	p := d.pbx
	defer p.mu.Unlock()
	l := p.legs[id]
	if l == nil {
		return ended(op)
	}
	if l.Marks == nil {
		l.Marks = telephony.Marks{}
	}
	maps.Copy(l.Marks, marks)
	return nil
}

// validMarks refuses what the port forbids: anything but printable ASCII.
func validMarks(op string, marks telephony.Marks) error {
	for k, v := range marks {
		if k == "" || k[0] == '.' {
			return errs.Field(op, "marks", "a key is empty or begins with a dot")
		}
		for _, s := range []string{k, v} {
			for i := range len(s) {
				if s[i] < ' ' || s[i] > '~' {
					return errs.Field(op, "marks", "printable ASCII only")
				}
			}
		}
	}
	return nil
}
