package calls

import (
	"context"
	"time"

	"github.com/pult-cc/pult/internal/errs"
	"github.com/pult-cc/pult/telephony"
	"github.com/pult-cc/pult/telephony/queues"
)

// A browser that dies, or whose network does, leaves its leg at the PBX up and silent for a long time. What makes us suspicious is
// cheap and early: the phone's registration goes, or its page, which beats while it is in a conversation, misses a beat. What counts as
// proof is the media: a phone that is there sends, even while nobody speaks (RFC 7874 §3, RFC 3551 §4.1; browsers use no discontinuous
// transmission unless asked to). So a conversation whose signalling alone is lost goes on undisturbed.
const (
	// BeatEvery is how often a page beats.
	BeatEvery = 700 * time.Millisecond
	// beatWithin is when a beat is overdue: one may be late, and one may be lost.
	beatWithin = 1300 * time.Millisecond
	// listenFor is how long a silent phone is listened to: twenty packets of 20 ms, and more than what jitter hides.
	listenFor = 400 * time.Millisecond
	// listenEvery is how often while there is suspicion, or silence.
	listenEvery = 500 * time.Millisecond
	// silentTries is how often a phone that is back is found silent before its leg is replaced.
	silentTries = 5
)

// liveness is what is known of the operator's phone during a conversation.
type liveness struct {
	beatBy    time.Time // when the next beat is overdue; zero = its page does not beat
	listenAt  time.Time // when to listen next; zero = no need
	listening bool
	suspect   bool // the phone may be gone
	back      int  // how often it was found silent since it was back; 0 = it is not back
}

type (
	// Beat says that the page of the operator's phone is there.
	Beat struct {
		At         time.Time
		OperatorID string
	}
	// PhoneBack says that the operator's phone has registered again. Desk: their device is a desk phone now.
	PhoneBack struct {
		At         time.Time
		OperatorID string
		Desk       bool
	}
	// Heard is what came of listening to a leg: whether anything is received from it. Unsure: the PBX did not tell.
	Heard struct {
		At     time.Time
		Leg    telephony.LegID
		On     bool
		Unsure bool
	}
)

func (Beat) callEvent()      {}
func (PhoneBack) callEvent() {}
func (Heard) callEvent()     {}

// DoListen asks whether anything comes from a leg; the answer is Heard.
type DoListen struct{ Leg telephony.LegID }

func (DoListen) effect() {}

// watched tells whether somebody would miss the operator.
func (c *Call) watched() bool {
	return c.End == nil && !c.HangupAsked && c.Customer != nil && up(c.Operator) != nil && !c.Operator.Desk && (talks(c.State) || c.State == StateRescuing)
}

func (s *step) beat(e Beat) {
	c := &s.c
	if e.OperatorID != c.OperatorID || c.Operator == nil || c.Operator.Desk || c.End != nil {
		return
	}
	// The page beats from the moment it has answered, which the PBX may tell us later: a network that dies then is missed as well.
	c.beatBy = e.At.Add(beatWithin)
	if c.watched() {
		s.there(e.At)
	}
}

func (s *step) phoneBack(e PhoneBack) {
	if e.OperatorID == s.c.OperatorID && s.c.watched() {
		s.there(e.At)
		s.reachNext(e.At, e.Desk)
	}
}

// there takes a sign of life of the phone. Where it has been found silent, it is listened to at once.
func (s *step) there(at time.Time) {
	c := &s.c
	c.suspect = false
	if !c.Operator.Silent {
		c.listenAt = time.Time{}
		return
	}
	c.back = max(c.back, 1)
	if c.listenAt.IsZero() {
		s.listen(at)
	}
}

// suspected listens whether the phone is there at all.
func (s *step) suspected(at time.Time) {
	c := &s.c
	c.suspect, c.back = true, 0
	s.listen(at)
}

func (s *step) listen(time.Time) {
	c := &s.c
	c.listenAt = time.Time{}
	if !c.watched() || c.listening {
		return
	}
	c.listening = true
	s.do(DoListen{c.Operator.ID})
}

func (s *step) heardOf(e Heard) {
	c := &s.c
	if c.Next != nil && c.Next.ID == e.Leg {
		s.listenedToNext(e)
		return
	}
	if c.Guest != nil && c.Guest.ID == e.Leg {
		s.listenedToGuest(e)
		return
	}
	if c.Operator == nil || c.Operator.ID != e.Leg {
		return
	}
	c.listening = false
	if !c.watched() {
		return
	}
	if c.suspect || !e.On || e.Unsure {
		c.listenAt = e.At.Add(listenEvery)
	}
	switch silent := c.Operator.Silent; {
	case e.Unsure:
	case e.On && silent:
		s.hearAgain(e.At)
	case !e.On && !silent:
		s.fallSilent(e.At)
	case !e.On && c.back > 0:
		if c.back++; c.back > silentTries { // it is there, and this leg will not be heard again
			s.hangup(e.At, c.Operator.ID, telephony.CauseNormal)
		}
	}
}

// fallSilent lets the customer hear music, unless a colleague is with them who can go on. The leg stays: it may be heard again.
func (s *step) fallSilent(at time.Time) {
	c := &s.c
	if c.moving { // there is a new phone: nobody will be heard on this leg again
		s.hangup(at, c.Operator.ID, telephony.CauseNormal)
		return
	}
	if c.successor() {
		s.do(DoHangup{c.Operator.ID, telephony.CauseNormal})
		s.promote(at, queues.PausePhone)
		return
	}
	s.leg(c.Operator.ID, func(l *Leg) { l.Silent = true })
	s.lost(at)
	s.do(DoPark{c.Customer.ID})
}

// hearAgain goes on with the conversation on the leg that it was led on.
func (s *step) hearAgain(at time.Time) {
	c := &s.c
	s.leg(c.Operator.ID, func(l *Leg) { l.Silent = false })
	if c.State != StateRescuing {
		return
	}
	c.back, c.rescueUntil = 0, time.Time{}
	if c.onHold {
		s.backOnHold(at)
		return
	}
	s.meet(at)
}

// backOnHold goes on as it was: nobody is to speak to a customer whom they put on hold.
func (s *step) backOnHold(at time.Time) {
	c := &s.c
	c.onHold, c.OfferUntil, c.AnswerRequested, c.rescueUntil = false, nil, false, time.Time{}
	s.await(at, c.Operator.ID, 0)
	s.stayMuted()
	s.do(DoJoin{BridgeOf(c.ID), []telephony.LegID{c.Operator.ID}})
	s.park(c.Customer)
	s.state(StateHeld, at)
}

// lateLiveness acts when a beat, or the phone itself, is overdue.
func (s *step) lateLiveness(at time.Time) {
	c := &s.c
	if !c.beatBy.IsZero() && !at.Before(c.beatBy) {
		c.beatBy = time.Time{}
		if c.watched() {
			s.suspected(at)
		}
	}
	if !c.listenAt.IsZero() && !at.Before(c.listenAt) {
		s.listen(at)
	}
	if c.silenced() && !at.Before(c.rescueUntil) {
		s.rescueOver(at)
	}
}

// liveBy is when lateLiveness may do something; zero when never.
func (c *Call) liveBy() time.Time {
	next := c.beatBy
	if next.IsZero() || !c.listenAt.IsZero() && c.listenAt.Before(next) {
		next = c.listenAt
	}
	if c.silenced() && (next.IsZero() || c.rescueUntil.Before(next)) {
		next = c.rescueUntil
	}
	return next
}

// silenced tells whether the call waits for its operator's leg to be heard again.
func (c *Call) silenced() bool {
	return c.State == StateRescuing && c.Operator != nil && !c.HangupAsked
}

// Heard takes what came of listening to a leg.
func (f *Floor) Heard(id ID, leg telephony.LegID, on, unsure bool, now time.Time) {
	f.apply(id, Heard{At: now, Leg: leg, On: on, Unsure: unsure})
	f.Decide(now)
}

// listen counts a leg's packets twice.
func (e *Engine) listen(ctx context.Context, id ID, leg telephony.LegID) {
	on, err := e.receives(ctx, leg)
	if ctx.Err() != nil {
		return
	}
	e.in.put(func(f *Floor, now time.Time) { f.Heard(id, leg, on, err != nil, now) })
}

func (e *Engine) receives(ctx context.Context, leg telephony.LegID) (bool, error) {
	m, ok := e.o.Driver.(telephony.RTPMeter)
	if !ok {
		return false, errs.E(errs.Unsupported, "listening to a leg", "this telephone system counts no media")
	}
	first, err := m.RTP(ctx, leg)
	if err != nil {
		return false, err
	}
	t := time.NewTimer(listenFor)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return false, ctx.Err()
	case <-t.C:
	}
	second, err := m.RTP(ctx, leg)
	return second.Received > first.Received, err
}
