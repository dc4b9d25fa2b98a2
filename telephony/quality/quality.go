// Package quality says how good a conversation sounds: what is measured of its connections (the operator's page, and the PBX's legs to
// both sides), an estimate of the mean opinion score from it, a summary that is small enough to be kept for every call, and the alerts
// that came with it.
//
// It is pure: no clock, no I/O. Values are immutable; methods return changed copies. The page estimates by the same formula
// (webapp/src/phone/emodel.ts), and testdata/emodel.json holds both to it.
package quality

import (
	"slices"
	"time"

	"github.com/pult-cc/pult/internal/errs"
)

// Side is where it was measured.
type Side string

// The sides. "In" is always what arrives there: at the page the customer's voice, at the PBX the voice of the leg's far end.
const (
	Page     Side = "PAGE"     // the operator's browser
	Operator Side = "OPERATOR" // the PBX's leg to the operator's phone
	Customer Side = "CUSTOMER" // the PBX's leg to the customer
)

// Window is what was measured on one side over a short time. Nil is "not known".
type Window struct {
	At        time.Time      `json:"at"`
	Codec     string         `json:"codec,omitempty"`     // lower case, as in SDP: "opus", "pcma"; "" = not known
	Jitter    time.Duration  `json:"jitter"`              // of what arrives, RFC 3550 §6.4.1
	LossIn    float64        `json:"lossIn"`              // share of what should have arrived, 0 to 1
	LossOut   *float64       `json:"lossOut,omitempty"`   // share of what was sent, as the far side reports it
	RoundTrip *time.Duration `json:"roundTrip,omitempty"` // as RTCP tells it
}

// MOS estimates the mean opinion score of the window. The worse direction counts: both must hear each other.
func (w Window) MOS() float64 {
	n := Network{Codec: w.Codec, Jitter: w.Jitter, Loss: w.LossIn}
	if w.LossOut != nil {
		n.Loss = max(n.Loss, *w.LossOut)
	}
	if w.RoundTrip != nil {
		n.RoundTrip = *w.RoundTrip
	}
	return MOS(R(n))
}

// Figure is one measure over a conversation.
type Figure struct {
	Now   float64 `json:"now"` // of late: the newest window weighs two fifths
	Avg   float64 `json:"avg"`
	Worst float64 `json:"worst"`
	N     int     `json:"n"` // windows in it
}

// newest is the weight of the newest window in Figure.Now.
const newest = 0.4

func (f Figure) add(v float64, worse func(a, b float64) float64) Figure {
	if f.N == 0 {
		return Figure{Now: v, Avg: v, Worst: v, N: 1}
	}
	f.N++
	f.Now += newest * (v - f.Now)
	f.Avg += (v - f.Avg) / float64(f.N)
	f.Worst = worse(f.Worst, v)
	return f
}

// Leg is the summary of one side. Jitter and round trip are in milliseconds, losses are shares. N of a figure is 0 where it is not known.
type Leg struct {
	Side      Side      `json:"side"`
	Codec     string    `json:"codec,omitempty"`
	From      time.Time `json:"from"`
	Until     time.Time `json:"until"`
	MOS       Figure    `json:"mos"`
	Jitter    Figure    `json:"jitter"`
	LossIn    Figure    `json:"lossIn"`
	LossOut   Figure    `json:"lossOut"`
	RoundTrip Figure    `json:"roundTrip"`
}

func lower(a, b float64) float64  { return min(a, b) }
func higher(a, b float64) float64 { return max(a, b) }

func millis(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }

func (l Leg) add(w Window) Leg {
	if l.From.IsZero() || w.At.Before(l.From) {
		l.From = w.At
	}
	if w.At.After(l.Until) {
		l.Until = w.At
	}
	if w.Codec != "" {
		l.Codec = w.Codec
	}
	l.MOS = l.MOS.add(w.MOS(), lower)
	l.Jitter = l.Jitter.add(millis(w.Jitter), higher)
	l.LossIn = l.LossIn.add(w.LossIn, higher)
	if w.LossOut != nil {
		l.LossOut = l.LossOut.add(*w.LossOut, higher)
	}
	if w.RoundTrip != nil {
		l.RoundTrip = l.RoundTrip.add(millis(*w.RoundTrip), higher)
	}
	return l
}

// AlertKind is what was wrong.
type AlertKind string

// The kinds of alerts.
const (
	OneWayIn  AlertKind = "ONE_WAY_IN"  // nothing arrives at the side, though a conversation is on
	OneWayOut AlertKind = "ONE_WAY_OUT" // what the side sends does not arrive
	DeadAir   AlertKind = "DEAD_AIR"    // nobody speaks
	MutedTalk AlertKind = "MUTED_TALK"  // the operator speaks into a muted microphone
	LongHold  AlertKind = "LONG_HOLD"
)

// Alert is one thing that was wrong for a while.
type Alert struct {
	Kind  AlertKind  `json:"kind"`
	Side  Side       `json:"side"`
	From  time.Time  `json:"from"`
	Until *time.Time `json:"until,omitempty"` // nil: it still is
}

// maxAlerts bounds what is kept of one call: the first ones tell the story.
const maxAlerts = 20

// Record is all that is kept of one call.
type Record struct {
	Legs   []Leg   `json:"legs,omitempty"`
	Alerts []Alert `json:"alerts,omitempty"`
}

// Add takes a window of a side into the summary.
func (r Record) Add(side Side, w Window) Record {
	r.Legs = slices.Clone(r.Legs)
	i := slices.IndexFunc(r.Legs, func(l Leg) bool { return l.Side == side })
	if i < 0 {
		i = len(r.Legs)
		r.Legs = append(r.Legs, Leg{Side: side})
	}
	r.Legs[i] = r.Legs[i].add(w)
	return r
}

// Leg returns the summary of a side.
func (r Record) Leg(side Side) (Leg, bool) {
	i := slices.IndexFunc(r.Legs, func(l Leg) bool { return l.Side == side })
	if i < 0 {
		return Leg{}, false
	}
	return r.Legs[i], true
}

// Raise notes that something is wrong from now on; Clear that it no longer is. Doing so again changes nothing.
func (r Record) Raise(kind AlertKind, side Side, at time.Time) Record {
	if r.open(kind, side) >= 0 || len(r.Alerts) >= maxAlerts {
		return r
	}
	r.Alerts = append(slices.Clone(r.Alerts), Alert{Kind: kind, Side: side, From: at})
	return r
}

// Clear is the opposite of Raise.
func (r Record) Clear(kind AlertKind, side Side, at time.Time) Record {
	i := r.open(kind, side)
	if i < 0 {
		return r
	}
	r.Alerts = slices.Clone(r.Alerts)
	r.Alerts[i].Until = &at
	return r
}

// Close ends every alert: the conversation is over.
func (r Record) Close(at time.Time) Record {
	for _, a := range r.Alerts {
		r = r.Clear(a.Kind, a.Side, at)
	}
	return r
}

func (r Record) open(kind AlertKind, side Side) int {
	return slices.IndexFunc(r.Alerts, func(a Alert) bool { return a.Kind == kind && a.Side == side && a.Until == nil })
}

// Alerting tells whether anything is wrong right now.
func (r Record) Alerting() bool {
	return slices.ContainsFunc(r.Alerts, func(a Alert) bool { return a.Until == nil })
}

// Now is the present score: that of the worst side. false: nothing has been measured.
func (r Record) Now() (float64, bool) { return r.worst(func(l Leg) float64 { return l.MOS.Now }) }

// Overall is the score of the whole conversation: the average of the worst side. false: nothing has been measured.
func (r Record) Overall() (float64, bool) { return r.worst(func(l Leg) float64 { return l.MOS.Avg }) }

func (r Record) worst(score func(Leg) float64) (float64, bool) {
	if len(r.Legs) == 0 {
		return 0, false
	}
	out := score(r.Legs[0])
	for _, l := range r.Legs[1:] {
		out = min(out, score(l))
	}
	return out, true
}

// Limits of one report, and of what can be true.
const (
	MaxWindows = 60 // two minutes of windows: a page that was cut off for longer keeps the newest
	MaxNotes   = 20
	maxJitter  = 10 * time.Second
	maxTrip    = time.Minute
	maxCodec   = 24
)

// Note is the beginning or the end of an alert, as the page saw it.
type Note struct {
	Kind AlertKind `json:"kind"`
	At   time.Time `json:"at"`
	Over bool      `json:"over,omitempty"`
}

// Report is what an operator's page tells of one call.
type Report struct {
	Windows []Window `json:"windows,omitempty"`
	Notes   []Note   `json:"notes,omitempty"`
}

// Validate refuses what cannot be true, or is too much. The times are looked at when it is taken: see Take.
func (p Report) Validate() error {
	const op = "reporting call quality"
	switch {
	case len(p.Windows) > MaxWindows:
		return errs.Field(op, "samples", "are more than 60")
	case len(p.Notes) > MaxNotes:
		return errs.Field(op, "alerts", "are more than 20")
	}
	for _, w := range p.Windows {
		switch {
		case !share(w.LossIn), w.LossOut != nil && !share(*w.LossOut):
			return errs.Field(op, "samples", "a loss is a share from 0 to 1")
		case w.Jitter < 0 || w.Jitter > maxJitter:
			return errs.Field(op, "samples", "a jitter is out of range")
		case w.RoundTrip != nil && (*w.RoundTrip < 0 || *w.RoundTrip > maxTrip):
			return errs.Field(op, "samples", "a round trip is out of range")
		case !validCodec(w.Codec):
			return errs.Field(op, "samples", "a codec has no such name")
		}
	}
	for _, n := range p.Notes {
		switch n.Kind {
		case OneWayIn, OneWayOut, DeadAir, MutedTalk, LongHold:
		default:
			return errs.Field(op, "alerts", "there is no such kind")
		}
	}
	return nil
}

func share(v float64) bool { return v >= 0 && v <= 1 } // false for NaN

func validCodec(s string) bool {
	for i := range len(s) {
		switch c := s[i]; {
		case c >= 'a' && c <= 'z', c >= '0' && c <= '9', c == '-', c == '_', c == '.':
		default:
			return false
		}
	}
	return len(s) <= maxCodec
}

// Take takes a page's report in. Its clock is not trusted: what it says lies between from, when the call began, and now.
func (r Record) Take(p Report, from, now time.Time) Record {
	for _, w := range p.Windows {
		w.At = within(w.At, from, now)
		r = r.Add(Page, w)
	}
	for _, n := range p.Notes {
		if at := within(n.At, from, now); n.Over {
			r = r.Clear(n.Kind, Page, at)
		} else {
			r = r.Raise(n.Kind, Page, at)
		}
	}
	return r
}

func within(t, from, to time.Time) time.Time {
	switch {
	case t.After(to):
		return to
	case t.Before(from):
		return from
	}
	return t
}
