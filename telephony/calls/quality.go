package calls

import (
	"context"
	"maps"
	"time"

	"github.com/pult-cc/pult/internal/errs"
	"github.com/pult-cc/pult/telephony"
	"github.com/pult-cc/pult/telephony/quality"
)

const (
	// measureEvery is how often the PBX is asked how a conversation's legs are. Asterisk's reports (RTCP) are five seconds apart.
	measureEvery = 5 * time.Second
	// measureTime bounds one question. The last one comes before the hang-up, which must not wait for it.
	measureTime = 500 * time.Millisecond
	// tellEvery is how often figures alone make a new version of a call. What changes the word, or an alert, is told at once.
	tellEvery = 10 * time.Second
)

// Measured is what the PBX has counted of one of the call's legs.
type Measured struct {
	At  time.Time
	Leg telephony.LegID
	RTP telephony.RTP
}

func (Measured) callEvent() {}

// DoMeasure asks the PBX once more how a leg was, right before its end. Nothing depends on the answer.
type DoMeasure struct{ Leg telephony.LegID }

func (DoMeasure) effect() {}

// measuring is what the owner of the floor needs for Call.Quality.
type measuring struct {
	meters map[telephony.LegID]quality.Meter // never written to
	told   time.Time                         // when figures were told last
}

// measurable tells whether the leg carries a conversation.
func (c *Call) measurable(l *Leg) bool {
	return c.AnsweredAt != nil && l.State == telephony.LegUp && sideOf(l.Role) != ""
}

func sideOf(r Role) quality.Side {
	switch r {
	case RoleCustomer:
		return quality.Customer
	case RoleOperator:
		return quality.Operator
	}
	return ""
}

// measured takes the PBX's counts of a leg in.
func (s *step) measured(e Measured) {
	c := &s.c
	for _, l := range c.Legs() {
		if l.ID != e.Leg || !c.measurable(&l) {
			continue
		}
		// Who is held, or muted, sends what nobody listens to, or nothing at all.
		quiet := l.Muted || l.Role == RoleOperator && (c.Muted || c.muteAsked)
		talking := (c.State == StateTalking || c.State == StateConference) && l.Bridged && l.dying == 0 && !quiet
		meter, reading := c.meters[l.ID].Read(e.RTP, talking)
		meters := maps.Clone(c.meters)
		if meters == nil {
			meters = map[telephony.LegID]quality.Meter{}
		}
		meters[l.ID] = meter
		c.meters = meters
		r, side := c.record(), sideOf(l.Role)
		if reading.Window != nil {
			r = r.Add(side, *reading.Window)
		}
		if reading.OneWay && c.End == nil {
			r = r.Raise(quality.OneWayIn, side, e.At)
		} else {
			r = r.Clear(quality.OneWayIn, side, e.At)
		}
		s.sounds(r, e.At)
	}
}

// reported takes in what the operator's page measured. Its last word comes when the conversation is over.
func (s *step) reported(p quality.Report, at time.Time) {
	c := &s.c
	r := c.record().Take(p, *c.AnsweredAt, at)
	if c.End != nil {
		r = r.Close(c.End.At)
	}
	s.sounds(r, at)
}

func (c *Call) record() quality.Record {
	if c.Quality == nil {
		return quality.Record{}
	}
	return *c.Quality
}

// sounds sets the record, and tells it when it is worth telling.
func (s *step) sounds(r quality.Record, at time.Time) {
	if len(r.Legs)+len(r.Alerts) == 0 {
		return
	}
	c := &s.c
	before := c.Quality
	c.Quality = &r
	if before == nil || gradeNow(*before) != gradeNow(r) || open(*before) != open(r) || len(before.Legs) != len(r.Legs) ||
		c.End != nil || !at.Before(c.told.Add(tellEvery)) {
		c.told, s.changed = at, true
	}
}

func gradeNow(r quality.Record) quality.Grade {
	mos, ok := r.Now()
	if !ok {
		return ""
	}
	return quality.GradeOf(mos)
}

// open counts alerts and those that are over: any change of either is news.
func open(r quality.Record) (n [2]int) {
	for _, a := range r.Alerts {
		n[0]++
		if a.Until != nil {
			n[1]++
		}
	}
	return n
}

// unalarmed ends the alerts with the conversation.
func (s *step) unalarmed(at time.Time) {
	if s.c.Quality != nil {
		r := s.c.Quality.Close(at)
		s.c.Quality = &r
	}
}

// Measurable lists the legs of conversations, for the PBX to be asked about.
func (f *Floor) Measurable() []telephony.LegID {
	var out []telephony.LegID
	for _, c := range f.calls {
		for _, l := range c.Legs() {
			if l.dying == 0 && c.measurable(&l) {
				out = append(out, l.ID)
			}
		}
	}
	return out
}

// Measured takes what the PBX has counted of a leg.
func (f *Floor) Measured(leg telephony.LegID, rtp telephony.RTP, now time.Time) {
	f.apply(f.legs[leg], Measured{At: now, Leg: leg, RTP: rtp})
}

// permitReport refuses a page's report that cannot be true, or that is of no conversation.
func (c *Call) permitReport(p *quality.Report) error {
	const op = "reporting call quality"
	switch {
	case p == nil:
		return errs.E(errs.Invalid, op, "nothing is reported")
	case c.AnsweredAt == nil:
		return errs.E(errs.Conflict, op, "there is no conversation yet")
	}
	return p.Validate()
}

// measure asks the PBX about every conversation, again and again. A PBX that cannot tell, or does not answer, costs nothing but figures.
func (e *Engine) measure(ctx context.Context) error {
	m, ok := e.o.Driver.(telephony.RTPMeter)
	if !ok {
		<-ctx.Done()
		return ctx.Err()
	}
	tick := time.NewTicker(measureEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-tick.C:
		}
		legs, err := ask(ctx, e.in, func(f *Floor, _ time.Time) ([]telephony.LegID, error) { return f.Measurable(), nil })
		if err != nil {
			return err
		}
		for _, leg := range legs {
			e.count(ctx, m, leg)
		}
	}
}

// count asks about one leg.
func (e *Engine) count(ctx context.Context, m telephony.RTPMeter, leg telephony.LegID) {
	ctx, cancel := context.WithTimeout(ctx, measureTime)
	defer cancel()
	rtp, err := m.RTP(ctx, leg)
	if err != nil {
		return // the leg has ended, or the link is away
	}
	e.in.put(func(f *Floor, now time.Time) { f.Measured(leg, rtp, now) })
}

// records are those of the board's calls, for a new owner to go on with.
func (b *Board) records() map[ID]*quality.Record {
	b.mu.RLock()
	defer b.mu.RUnlock()
	out := map[ID]*quality.Record{}
	for id, c := range b.calls {
		if c.Quality != nil {
			out[id] = c.Quality
		}
	}
	return out
}
