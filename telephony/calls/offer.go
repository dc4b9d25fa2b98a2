package calls

import (
	"cmp"
	"strconv"
	"time"

	"github.com/pult-cc/pult/telephony"
	"github.com/pult-cc/pult/telephony/queues"
)

// rescuePause is between two attempts to reach the phone of the operator whose leg was lost: a page that is being reloaded takes
// some seconds to sign in again.
const rescuePause = 2 * time.Second

func (s *step) offered(e Offered) {
	c := &s.c
	c.Attempts++
	// The time makes the id new even for an owner of the floor who does not know how many attempts there were before, the number
	// for two attempts within a millisecond.
	leg := telephony.LegID("op-" + string(c.ID) + "-" + strconv.Itoa(c.Attempts) + "-" + strconv.FormatInt(e.At.UnixMilli(), 36))
	c.OperatorID = e.OperatorID
	c.Operator = &Leg{ID: leg, Role: RoleOperator, State: telephony.LegDown, Desk: e.Desk, patience: patience{due: e.Until.Add(offerGrace)}}
	c.AnswerRequested, c.Declining, c.blameless = false, false, false
	s.heard()
	c.Position = 0
	s.unpark()
	until := e.Until
	c.OfferUntil = &until
	kind := RouteOffered
	if e.Taken {
		kind = RouteTaken
	}
	s.route(e.At, kind, e.OperatorID)
	headers := map[string]string{HeaderCall: string(c.ID)}
	if c.State == StateRescuing || s.policy.AutoAnswer {
		autoAnswer(headers) // they were talking, and the conversation goes on by itself; or the queue will have it so
	}
	s.state(StateOffered, e.At)
	other := c.From
	if c.Direction == Outbound {
		other = c.To
	}
	s.do(DoOriginate{telephony.Originate{
		Leg: leg, Endpoint: EndpointOf(e.OperatorID), Timeout: e.Until.Sub(e.At), Headers: headers,
		From: telephony.Party{Number: other.Number.E164, Name: other.Name}, Marks: c.marks(RoleOperator),
	}})
}

// rejoining tells whether the call is its operator's, be it that they are fetched back to it, or an offer like any other.
func (c *Call) rejoining() bool {
	return c.AnsweredAt != nil && c.talked != "" && c.talked == c.OperatorID && !c.away
}

// notMade: the PBX refused the leg, or did not answer. In the latter case it may exist, so it is ended as well; one that has shown
// life since is there, whatever became of the answer.
func (s *step) notMade(e OriginateFailed) {
	for _, l := range s.c.Legs() {
		if l.ID == e.Leg && l.State == telephony.LegDown {
			s.do(DoHangup{e.Leg, telephony.CauseNormal})
			s.c.blameless = s.c.blameless || e.Unsure
			s.ended(e.At, e.Leg, telephony.Cause{}, endedUnmade)
		}
	}
}

// phoneGone drops the operator's leg where nobody can be at it any more.
func (s *step) phoneGone(e PhoneGone) {
	c := &s.c
	if c.Consult != nil && e.OperatorID == c.Consult.OperatorID {
		if c.Guest != nil && (c.Guest.State != telephony.LegUp || e.Replaced && !c.Guest.Desk) {
			s.hangup(e.At, c.Guest.ID, telephony.CauseNormal)
		} else if c.Guest != nil && !c.Guest.Desk {
			s.doubtGuest(e.At)
		}
		return
	}
	if c.Operator == nil || c.End != nil || c.Operator.dying != 0 || e.OperatorID != c.OperatorID {
		return
	}
	if c.watched() && !e.SignedOut {
		s.suspected(e.At)
		if e.Replaced && talks(c.State) && !c.Operator.Silent {
			s.handOver()
			return
		}
	}
	if c.Operator.State == telephony.LegUp && (!e.Replaced || c.Operator.Desk) {
		return // a desk phone's call does not need its account: who has answered talks to the end
	}
	c.blameless = true
	s.hangup(e.At, c.Operator.ID, telephony.CauseNormal)
}

// offerFailed puts the call back into the line and, where it was the operator's doing, pauses them with the reason, so that it does
// not ring in vain again.
func (s *step) offerFailed(at time.Time, cause telephony.Cause, how ending) {
	c := &s.c
	op, rejoining := c.OperatorID, c.rejoining()
	declined := c.Declining || cause.Q850 == telephony.CauseRejected
	kind, pause := RouteUnreachable, queues.PausePhone
	switch {
	case how == endedUnmade && !c.blameless:
	case c.blameless || how == endedUnobserved:
		pause = ""
	case declined, cause.Q850 == telephony.CauseBusy:
		kind, pause = RouteDeclined, queues.PauseDeclined
	case cause.Q850 == telephony.CauseNoAnswer, cause.Q850 == telephony.CauseNoResponse, how == endedByUs:
		kind, pause = RouteNoAnswer, queues.PauseNoAnswer
	}
	s.route(at, kind, op)
	c.OfferUntil, c.AnswerRequested, c.Declining, c.blameless = nil, false, false, false
	s.heard()
	if c.Customer != nil && !c.Customer.Parked {
		s.do(DoPark{c.Customer.ID})
	}
	since := c.StartedAt
	if c.EnqueuedAt != nil {
		since = *c.EnqueuedAt
	}
	switch {
	case rejoining && !declined && at.Before(c.rescueUntil):
		s.state(StateRescuing, at)
		s.do(Enqueue{Since: since, Head: true, Only: op, OnlyUntil: c.rescueUntil, NotBefore: at.Add(rescuePause)})
	case c.QueueID == "" && c.away && (!declined || c.talked != op) && (c.returnBy.IsZero() || at.Before(c.returnBy)):
		s.do(Release{At: at, OperatorID: op, Pause: pause})
		s.comeBack(at)
	case c.QueueID == "":
		by := BySystem
		if declined {
			by = ByOperator
		}
		s.abandon(at, by)
	default:
		s.dropGuest(at)
		s.giveAway()
		s.state(StateQueued, at)
		s.do(Release{At: at, OperatorID: op, Pause: pause}, Enqueue{Since: since, Head: c.AnsweredAt != nil})
	}
}

// rescue keeps the customer, with music, for the operator whose leg was lost.
func (s *step) rescue(at time.Time) {
	c := &s.c
	s.heard()
	s.lost(at)
	s.do(
		DoPark{c.Customer.ID},
		Enqueue{Since: c.StartedAt, Head: true, Only: c.OperatorID, OnlyUntil: c.rescueUntil},
	)
}

func (s *step) lost(at time.Time) {
	c := &s.c
	c.blameless, c.onHold = false, c.State == StateHeld
	s.route(at, RouteLost, c.OperatorID)
	s.state(StateRescuing, at)
	c.rescueUntil = at.Add(cmp.Or(max(s.policy.RescueFor, 0), keepDefault))
	if c.Consult != nil { // the guest waits with them
		s.consult(func(n *Consult) { n.aim, n.Front, n.leaving = SideCustomer, SideNone, false })
		s.park(up(c.Guest))
	}
}

// rescueOver gives the customer to anybody of the queue; outside all queues there is nobody to give them to but whoever
// transferred or parked the call.
func (s *step) rescueOver(at time.Time) {
	c := &s.c
	if c.State == StateQueued && c.Customer != nil && !c.HangupAsked {
		if c.QueueID == "" && (!c.returnBy.IsZero() || c.talked == "") {
			s.abandon(at, BySystem)
			return
		}
		s.comeBack(at)
		return
	}
	if c.State != StateRescuing || c.HangupAsked {
		return
	}
	s.dropGuest(at)
	s.dropNext()
	if c.Operator != nil { // it has been silent all the time
		s.do(DoHangup{c.Operator.ID, telephony.CauseNormal})
		c.Operator = nil
		s.heard()
	}
	s.route(at, RouteReturned, c.OperatorID)
	if c.QueueID == "" {
		s.abandon(at, BySystem)
		return
	}
	s.do(
		Release{At: at, OperatorID: c.OperatorID, Pause: queues.PausePhone},
		Enqueue{Since: c.StartedAt, Head: true},
	)
	s.giveAway()
	s.state(StateQueued, at)
}

// giveAway takes the call from its operator. It is marked, for a new owner of the floor: they may be offered it again.
func (s *step) giveAway() {
	c := &s.c
	c.OperatorID, c.onHold, c.rescueUntil, s.changed = "", false, time.Time{}, true
	s.heard()
	if c.AnsweredAt != nil && !c.away && c.Customer != nil {
		c.away = true
		s.do(DoMark{c.Customer.ID, telephony.Marks{markAway: flag(true)}})
	}
}
