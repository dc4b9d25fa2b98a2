package calls

import (
	"context"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/pult-cc/pult/internal/customers"
	"github.com/pult-cc/pult/internal/errs"
	"github.com/pult-cc/pult/telephony"
)

// effectTime bounds one effect with its repetitions. What fails for good is repeated when the state still demands it after the next
// LinkUp, or given up when it is overdue: see patience.
const (
	effectTime = 10 * time.Second
	hangupTime = time.Minute // the call may be forgotten by then, and nobody else would end the leg
)

// forever is a limit for retry: longer than a process lives.
const forever = 100 * 365 * 24 * time.Hour

// execute hands an effect to a worker. Effects upon one leg keep their order; different legs do not wait for each other.
func (e *Engine) execute(ctx context.Context, ce CallEffect) {
	switch ef := ce.Effect.(type) {
	case LookUp:
		e.lanes.free(func() {
			e.o.Matcher.Match(ctx, ef.Number, ef.Fresh, func(m customers.Match) {
				e.in.put(func(f *Floor, _ time.Time) { f.Matched(ce.Call, ef.Ask, m) })
			})
			e.in.put(func(f *Floor, _ time.Time) { f.Asked(ce.Call) })
		})
	case Link:
		e.lanes.free(func() { e.link(ctx, ce.Call, ef) })
	case DoListen:
		e.lanes.free(func() { e.listen(ctx, ce.Call, ef.Leg) })
	case DoMeasure:
		if m, ok := e.o.Driver.(telephony.RTPMeter); ok {
			e.lanes.run(string(ef.Leg), func() { e.count(ctx, m, ef.Leg) })
		}
	case DoOriginate:
		e.lanes.run(string(ef.Leg), func() { e.originate(ctx, ce.Call, ef) })
	default:
		lane, fn := e.pbxEffect(ce.Effect)
		e.lanes.run(lane, func() {
			limit := effectTime
			switch ce.Effect.(type) {
			case DoHangup:
				limit = hangupTime
			case DoDigits:
				limit = 0 // what has arrived, unknown to us, must not arrive twice: a PIN would be wrong
			}
			if err := retry(ctx, limit, fn); ctx.Err() == nil {
				e.report(ce, err)
			}
		})
	}
}

// report tells the floor how an effect went, where no event of the PBX would.
func (e *Engine) report(ce CallEffect, err error) {
	switch ef := ce.Effect.(type) {
	case DoJoin:
		if err != nil {
			e.in.put(func(f *Floor, now time.Time) { f.JoinFailed(ce.Call, ef.Legs, now) })
		}
	case DoMute:
		if err == nil {
			e.in.put(func(f *Floor, _ time.Time) { f.Muted(ce.Call, ef.Leg, ef.On) })
		}
	}
	if err != nil && !errs.Is(err, errs.Conflict) {
		e.o.Log.Warn("commanding the PBX", "call", ce.Call, "effect", fmt.Sprintf("%T", ce.Effect), "error", err)
		e.in.put(func(f *Floor, now time.Time) { f.Failed(ce.Call, now) })
	}
}

// pbxEffect turns an effect into a driver call and names the lane it runs in: the customer's leg where two are concerned, since
// what precedes (answer, music) happens there.
func (e *Engine) pbxEffect(ef Effect) (string, func(context.Context) error) {
	d := e.o.Driver
	switch ef := ef.(type) {
	case DoAnswer:
		return string(ef.Leg), func(ctx context.Context) error { return d.Answer(ctx, ef.Leg) }
	case DoPark:
		return string(ef.Leg), func(ctx context.Context) error { return d.Park(ctx, ef.Leg) }
	case DoJoin:
		return string(ef.Legs[0]), func(ctx context.Context) error { return d.Join(ctx, ef.Bridge, ef.Legs...) }
	case DoHangup:
		return string(ef.Leg), func(ctx context.Context) error {
			return d.Hangup(ctx, ef.Leg, telephony.Cause{Q850: ef.Cause})
		}
	case DoMark:
		return string(ef.Leg), func(ctx context.Context) error { return d.Mark(ctx, ef.Leg, ef.Marks) }
	case DoCloseBridge:
		return string(ef.Bridge), func(ctx context.Context) error { return d.CloseBridge(ctx, ef.Bridge) }
	case DoMute:
		return string(ef.Leg), func(ctx context.Context) error {
			if m, ok := d.(telephony.Muter); ok {
				return m.SetMuted(ctx, ef.Leg, ef.On)
			}
			return nil // the phone mutes itself
		}
	case DoDigits:
		return string(ef.Leg), func(ctx context.Context) error {
			if s, ok := d.(telephony.DigitSender); ok {
				return s.SendDigits(ctx, ef.Leg, ef.Digits)
			}
			return errs.E(errs.Unsupported, "sending digits", "this telephone system cannot send digits")
		}
	case DoRingback:
		return string(ef.Leg), func(ctx context.Context) error {
			if r, ok := d.(telephony.Ringbacker); ok {
				return r.SetRingback(ctx, ef.Leg, ef.On)
			}
			return nil // a comfort only
		}
	case DoAnswerFar:
		return string(ef.Leg), func(ctx context.Context) error {
			if a, ok := d.(telephony.FarAnswerer); ok {
				return a.AnswerFar(ctx, ef.Leg)
			}
			return nil // the phone answers by itself when it sees AnswerRequested
		}
	case DoReturn:
		return string(ef.Leg), func(ctx context.Context) error {
			if r, ok := d.(telephony.Returner); ok {
				return r.Return(ctx, ef.Leg)
			}
			return d.Hangup(ctx, ef.Leg, telephony.Cause{Q850: telephony.CauseNormal})
		}
	}
	return "", func(context.Context) error { return errs.Ef(errs.Internal, "executing", "unknown effect %T", ef) }
}

func (e *Engine) originate(ctx context.Context, id ID, ef DoOriginate) {
	err := e.o.Driver.Originate(ctx, ef.Originate)
	if errs.Is(err, errs.Timeout) { // idempotent by leg id: whether it was made is not known, so ask again
		err = e.o.Driver.Originate(ctx, ef.Originate)
	}
	if err == nil || ctx.Err() != nil {
		return
	}
	e.o.Log.Info("leg could not be made", "call", id, "error", err)
	unsure := errs.Is(err, errs.Timeout)
	e.in.put(func(f *Floor, now time.Time) { f.OriginateFailed(id, ef.Leg, unsure, now) })
}

func (e *Engine) link(ctx context.Context, id ID, ef Link) {
	ctx, cancel := context.WithTimeout(ctx, effectTime)
	defer cancel()
	m, err := e.o.Matcher.Link(ctx, ef.Number, ef.Customer, ef.OperatorID)
	if err != nil {
		e.o.Log.Warn("linking customer", "call", id, "error", err)
	}
	e.in.put(func(f *Floor, now time.Time) {
		if err == nil {
			f.Linked(id, m)
		} else {
			f.LinkFailed(id, ef.OperatorID, errs.Message(err), now)
		}
		f.Asked(id)
	})
}

// retry repeats what failed for want of an answer, with growing pauses, until it succeeds, fails otherwise, or limit has passed.
func retry(ctx context.Context, limit time.Duration, fn func(context.Context) error) error {
	deadline := time.Now().Add(limit)
	for pause := 50 * time.Millisecond; ; pause = min(2*pause, 2*time.Second) {
		err := fn(ctx)
		if err == nil || !(errs.Is(err, errs.Timeout) || errs.Is(err, errs.Unavailable)) || ctx.Err() != nil {
			return err
		}
		pause += time.Duration(rand.Int64N(int64(pause / 4)))
		if time.Now().Add(pause).After(deadline) {
			return err
		}
		t := time.NewTimer(pause)
		select {
		case <-ctx.Done():
			t.Stop()
			return err
		case <-t.C:
		}
	}
}
