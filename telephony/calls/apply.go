package calls

import (
	"strconv"
	"time"

	"github.com/pult-cc/pult/internal/customers"
	"github.com/pult-cc/pult/telephony"
	"github.com/pult-cc/pult/telephony/queues"
)

// Names on the wire between the floor, the PBX and the phones.
const (
	// HeaderCall pairs the INVITE at an operator's phone with the call.
	HeaderCall = "X-Pult-Call"
	// HeaderAutoAnswer asks the operator's phone to answer by itself: the operator has just dialled.
	HeaderAutoAnswer = "X-Pult-Auto-Answer"

	markCall     = "call"
	markRole     = "role"
	markDir      = "dir"
	markQueue    = "queue"
	markOperator = "op"
	markStarted  = "t0" // Unix milliseconds
	markAnswered = "ta"
	markNumber   = "num"
)

const dialTimeout = 60 * time.Second

// EndpointOf names an operator's device at the PBX.
func EndpointOf(operatorID string) string { return "op-" + operatorID }

// OperatorOf is the inverse of EndpointOf.
func OperatorOf(endpoint string) (string, bool) {
	if len(endpoint) > 3 && endpoint[:3] == "op-" {
		return endpoint[3:], true
	}
	return "", false
}

// BridgeOf names the call's mixing bridge.
func BridgeOf(id ID) telephony.BridgeID { return telephony.BridgeID("call-" + string(id)) }

func millis(t time.Time) string { return strconv.FormatInt(t.UnixMilli(), 10) }

// NewInbound makes the call of a leg that entered a queue from outside.
func NewInbound(id ID, at time.Time, leg telephony.Leg, queueID string, from, to Party) (Call, []Effect) {
	c := Call{
		ID: id, Version: 1, Direction: Inbound, State: StateQueued, Since: at, StartedAt: at, EnqueuedAt: &at,
		QueueID: queueID, From: from, To: to,
		Customer: &Leg{ID: leg.ID, Role: RoleCustomer, State: leg.State},
		Route:    []RouteStep{{At: at, Kind: RouteEntered}, {At: at, Kind: RouteQueued, QueueID: queueID}},
		Match:    pendingMatch(from.Number),
	}
	return c, []Effect{
		Enqueue{Since: at},
		LookUp{Number: from.Number},
		DoMark{leg.ID, telephony.Marks{
			markCall: string(id), markRole: string(RoleCustomer), markDir: string(Inbound), markQueue: queueID, markStarted: millis(at),
		}},
		DoAnswer{leg.ID},
		DoPark{leg.ID},
	}
}

// NewOutbound makes a call that an operator dialled: their own phone is reached first.
func NewOutbound(id ID, at time.Time, operatorID string, from, to Party) (Call, []Effect) {
	c := Call{
		ID: id, Version: 1, Direction: Outbound, State: StateNew, Since: at, StartedAt: at,
		OperatorID: operatorID, From: from, To: to,
		Route: []RouteStep{{At: at, Kind: RouteEntered, OperatorID: operatorID}},
		Match: pendingMatch(to.Number),
	}
	leg := telephony.LegID("op-" + string(id) + "-1")
	c.Operator = &Leg{ID: leg, Role: RoleOperator, State: telephony.LegDown}
	c.Attempts = 1
	return c, []Effect{
		LookUp{Number: to.Number},
		DoOriginate{telephony.Originate{
			Leg: leg, Endpoint: EndpointOf(operatorID), Timeout: 20 * time.Second,
			From:    telephony.Party{Number: to.Number.E164, Name: to.Name},
			Headers: map[string]string{HeaderCall: string(id), HeaderAutoAnswer: "1"},
			Marks:   c.marks(RoleOperator),
		}},
	}
}

func pendingMatch(n customers.Number) customers.Match {
	if n.Kind != customers.NumberPublic {
		return customers.Match{State: customers.MatchSkipped}
	}
	return customers.Match{State: customers.MatchPending}
}

func (c Call) marks(role Role) telephony.Marks {
	m := telephony.Marks{
		markCall: string(c.ID), markRole: string(role), markDir: string(c.Direction), markStarted: millis(c.StartedAt),
		markOperator: c.OperatorID,
	}
	if c.QueueID != "" {
		m[markQueue] = c.QueueID
	}
	if c.Direction == Outbound {
		m[markNumber] = c.To.Number.E164
	}
	return m
}

// step collects what one event does to a call.
type step struct {
	c       Call
	effects []Effect
	changed bool
}

func (s *step) do(e ...Effect) { s.effects = append(s.effects, e...) }

func (s *step) state(st State, at time.Time) {
	if s.c.State != st {
		s.c.State, s.c.Since = st, at
	}
	s.changed = true
}

func (s *step) route(at time.Time, kind RouteKind, op string) {
	// A full slice expression makes append copy: earlier snapshots share the backing array.
	r := s.c.Route
	s.c.Route = append(r[:len(r):len(r)], RouteStep{At: at, Kind: kind, OperatorID: op, QueueID: s.c.QueueID})
	s.changed = true
}

// leg gives a private copy of the leg with the id to fn, or reports false.
func (s *step) leg(id telephony.LegID, fn func(l *Leg)) bool {
	for _, p := range []**Leg{&s.c.Customer, &s.c.Operator} {
		if *p != nil && (*p).ID == id {
			l := **p
			fn(&l)
			if l != **p {
				*p = &l
				s.changed = true
			}
			return true
		}
	}
	return false
}

// Apply returns the call after the event and what is to be done. It is pure. An event that means nothing to the call returns it
// unchanged, with the same Version. policy is the call's queue (zero for none).
func (c Call) Apply(ev Event, policy queues.Queue) (Call, []Effect) {
	s := &step{c: c}
	switch e := ev.(type) {
	case PBX:
		s.pbx(e.Event, policy)
	case Offered:
		s.offered(e)
	case OriginateFailed:
		s.ended(e.At, e.Leg, telephony.Cause{}, false, policy, true)
	case Matched:
		s.c.Match, s.changed = e.Match, true
	case Moved:
		if s.c.Position != e.Position {
			s.c.Position, s.changed = e.Position, true
		}
	case Asked:
		s.asked(e, policy)
	case RescueOver:
		s.rescueOver(e.At)
	case Ticked:
		s.ticked(e.At)
	}
	if !s.changed {
		return c, s.effects
	}
	s.c.Version = c.Version + 1
	return s.c, s.effects
}

func (s *step) offered(e Offered) {
	// The time makes the id new even for an owner of the floor who does not know how many attempts there were before.
	leg := telephony.LegID("op-" + string(s.c.ID) + "-" + strconv.FormatInt(e.At.UnixMilli(), 36))
	s.c.Attempts++
	s.c.OperatorID = e.OperatorID
	s.c.Operator = &Leg{ID: leg, Role: RoleOperator, State: telephony.LegDown}
	s.c.AnswerRequested, s.c.Declining, s.c.Muted = false, false, false
	s.c.Position = 0
	until := e.Until
	s.c.OfferUntil = &until
	kind := RouteOffered
	if e.Taken {
		kind = RouteTaken
	}
	s.route(e.At, kind, e.OperatorID)
	headers := map[string]string{HeaderCall: string(s.c.ID)}
	if s.c.State == StateRescuing {
		headers[HeaderAutoAnswer] = "1" // they were talking: the conversation goes on by itself
	}
	s.state(StateOffered, e.At)
	other := s.c.From
	if s.c.Direction == Outbound {
		other = s.c.To
	}
	s.do(DoOriginate{telephony.Originate{
		Leg: leg, Endpoint: EndpointOf(e.OperatorID), Timeout: e.Until.Sub(e.At), Headers: headers,
		From: telephony.Party{Number: other.Number.E164, Name: other.Name}, Marks: s.c.marks(RoleOperator),
	}})
}

func (s *step) pbx(ev telephony.Event, policy queues.Queue) {
	switch e := ev.(type) {
	case telephony.LegRang:
		if !s.leg(e.Leg, func(l *Leg) {
			if l.State == telephony.LegDown {
				l.State = telephony.LegRinging
			}
		}) {
			return
		}
		if s.c.Operator != nil && s.c.Operator.ID == e.Leg && s.c.State == StateOffered {
			s.state(StateRinging, e.At)
		}
	case telephony.LegStarted:
		s.answered(e.At, e.Leg.ID)
	case telephony.LegAnswered:
		s.answered(e.At, e.Leg)
	case telephony.LegJoined:
		if e.Bridge != BridgeOf(s.c.ID) {
			return
		}
		s.leg(e.Leg, func(l *Leg) { l.Bridged, l.Parked = true, false })
		s.talking(e.At)
	case telephony.LegParked:
		s.leg(e.Leg, func(l *Leg) { l.Bridged, l.Parked = false, true })
		if s.c.State == StateTalking && s.c.Customer != nil && s.c.Customer.Parked {
			s.state(StateHeld, e.At)
		}
	case telephony.LegLeft:
		s.leg(e.Leg, func(l *Leg) { l.Bridged = false })
	case telephony.LegEnded:
		s.ended(e.At, e.Leg, e.Cause, e.ByUs, policy, false)
	}
}

func (s *step) answered(at time.Time, id telephony.LegID) {
	already := true
	if !s.leg(id, func(l *Leg) {
		already = l.State == telephony.LegUp
		l.State = telephony.LegUp
	}) || already {
		return
	}
	cust, op := s.c.Customer, s.c.Operator
	isOperator := op != nil && op.ID == id
	switch {
	case s.c.End != nil || s.c.HangupAsked:
		s.do(DoHangup{id, telephony.CauseNormal})
	case isOperator && s.c.Direction == Outbound && cust == nil:
		leg := telephony.LegID("cust-" + string(s.c.ID))
		s.c.Customer = &Leg{ID: leg, Role: RoleCustomer, State: telephony.LegDown}
		s.state(StateRinging, at)
		s.do(
			DoJoin{BridgeOf(s.c.ID), []telephony.LegID{id}},
			DoRingback{id, true},
			DoOriginate{telephony.Originate{
				Leg: leg, Number: s.c.To.Number.E164, Timeout: dialTimeout, Marks: s.c.marks(RoleCustomer),
			}},
		)
	case isOperator && cust != nil:
		s.do(DoJoin{BridgeOf(s.c.ID), []telephony.LegID{cust.ID, id}})
	case !isOperator && op != nil && s.c.Direction == Outbound:
		s.do(DoRingback{op.ID, false}, DoJoin{BridgeOf(s.c.ID), []telephony.LegID{id, op.ID}})
	}
}

// talking moves to TALKING once the PBX has confirmed that both legs are in the bridge.
func (s *step) talking(at time.Time) {
	cust, op := s.c.Customer, s.c.Operator
	if cust == nil || op == nil || !cust.Bridged || !op.Bridged || s.c.State == StateTalking || s.c.End != nil {
		return
	}
	s.c.OfferUntil, s.c.AnswerRequested = nil, false
	s.state(StateTalking, at)
	if s.c.AnsweredAt == nil {
		s.c.AnsweredAt = &at
		s.route(at, RouteAnswered, s.c.OperatorID)
	}
	s.do(DoMark{cust.ID, telephony.Marks{markAnswered: millis(*s.c.AnsweredAt), markOperator: s.c.OperatorID}})
}

func (s *step) ended(at time.Time, id telephony.LegID, cause telephony.Cause, byUs bool, policy queues.Queue, unreachable bool) {
	switch {
	case s.c.Customer != nil && s.c.Customer.ID == id:
		s.c.Customer, s.changed = nil, true
		s.customerGone(at, cause, policy)
	case s.c.Operator != nil && s.c.Operator.ID == id:
		s.c.Operator, s.changed = nil, true
		s.operatorGone(at, cause, byUs, policy, unreachable)
	}
}

func (s *step) customerGone(at time.Time, cause telephony.Cause, policy queues.Queue) {
	if s.c.End != nil {
		return
	}
	by := ByCustomer
	if s.c.HangupAsked {
		by = ByOperator
	}
	result := ResultAnswered
	switch {
	case s.c.AnsweredAt != nil:
	case s.c.Direction == Inbound && s.c.HangupAsked:
		result = ResultCancelled
	case s.c.Direction == Inbound:
		result = ResultAbandoned
	default:
		result = dialResult(cause.Q850, s.c.HangupAsked)
	}
	s.finish(at, End{At: at, Result: result, By: by, Cause: cause.Q850}, policy)
}

func dialResult(q850 int, cancelled bool) Result {
	switch {
	case cancelled:
		return ResultCancelled
	case q850 == telephony.CauseBusy:
		return ResultBusy
	case q850 == telephony.CauseNoAnswer, q850 == telephony.CauseNoResponse:
		return ResultNoAnswer
	case q850 == telephony.CauseRejected:
		return ResultRejected
	}
	return ResultFailed
}

// finish ends the conversation: into wrap-up if an operator took part, else into the end.
func (s *step) finish(at time.Time, end End, policy queues.Queue) {
	wasOffered := s.c.State == StateOffered || (s.c.State == StateRinging && s.c.Direction == Inbound)
	s.c.End = &end
	s.c.OfferUntil, s.c.Position, s.c.AnswerRequested = nil, 0, false
	s.do(Dequeue{})
	if s.c.Operator != nil {
		hang := telephony.CauseNormal
		s.do(DoHangup{s.c.Operator.ID, hang})
	}
	s.do(DoCloseBridge{BridgeOf(s.c.ID)})
	worked := s.c.AnsweredAt != nil || (s.c.Direction == Outbound && s.c.State != StateNew)
	if worked && s.c.OperatorID != "" {
		s.state(StateWrapUp, at)
		s.c.WrapUpUntil = nil
		if policy.WrapUp > 0 {
			until := at.Add(policy.WrapUp)
			s.c.WrapUpUntil = &until
		}
		return
	}
	if wasOffered || s.c.Direction == Outbound {
		s.do(Release{At: at, OperatorID: s.c.OperatorID})
	}
	s.state(StateEnded, at)
}

func (s *step) operatorGone(at time.Time, cause telephony.Cause, byUs bool, policy queues.Queue, unreachable bool) {
	if s.c.End != nil || s.c.HangupAsked && s.c.Customer != nil {
		return // expected; the customer's leg tells the end
	}
	op := s.c.OperatorID
	switch s.c.State {
	case StateTalking, StateHeld:
		s.c.Muted = false
		s.route(at, RouteLost, op)
		s.state(StateRescuing, at)
		s.do(
			DoPark{s.c.Customer.ID}, DoCloseBridge{BridgeOf(s.c.ID)},
			Enqueue{Since: s.c.StartedAt, Head: true, Only: op, OnlyFor: true, OnlyStart: at},
		)
	case StateOffered, StateRinging:
		if s.c.Direction == Outbound && s.c.AnsweredAt == nil {
			s.dialAborted(at, cause, policy)
			return
		}
		s.offerFailed(at, cause, byUs, unreachable)
	case StateNew:
		s.finish(at, End{At: at, Result: dialResult(cause.Q850, s.c.HangupAsked), By: ByOperator, Cause: cause.Q850}, policy)
	}
}

// rescueOver gives the customer to anybody of the queue; outside all queues there is nobody to give them to.
func (s *step) rescueOver(at time.Time) {
	if s.c.State != StateRescuing {
		return
	}
	s.route(at, RouteReturned, s.c.OperatorID)
	if s.c.QueueID == "" {
		s.c.HangupAsked = true
		s.do(DoHangup{s.c.Customer.ID, telephony.CauseNormal})
		return
	}
	s.do(
		Release{At: at, OperatorID: s.c.OperatorID, Pause: queues.PausePhone},
		Enqueue{Since: s.c.StartedAt, Head: true},
	)
	s.c.OperatorID = ""
	s.state(StateQueued, at)
}

// dialAborted: the operator's own leg went while the far end was being reached.
func (s *step) dialAborted(at time.Time, cause telephony.Cause, policy queues.Queue) {
	if s.c.Customer != nil {
		s.do(DoHangup{s.c.Customer.ID, telephony.CauseNormal})
	}
	s.finish(at, End{At: at, Result: ResultCancelled, By: ByOperator, Cause: cause.Q850}, policy)
}

// offerFailed puts the call back into the line and pauses the operator with the reason, so that it does not ring in vain again.
func (s *step) offerFailed(at time.Time, cause telephony.Cause, byUs, unreachable bool) {
	op := s.c.OperatorID
	kind, pause := RouteUnreachable, queues.PausePhone
	switch {
	case unreachable:
	case s.c.Declining, cause.Q850 == telephony.CauseRejected, cause.Q850 == telephony.CauseBusy:
		kind, pause = RouteDeclined, queues.PauseDeclined
	case cause.Q850 == telephony.CauseNoAnswer, cause.Q850 == telephony.CauseNoResponse, byUs:
		kind, pause = RouteNoAnswer, queues.PauseNoAnswer
	}
	s.route(at, kind, op)
	s.c.OperatorID, s.c.OfferUntil, s.c.AnswerRequested, s.c.Declining = "", nil, false, false
	s.state(StateQueued, at)
	since, head := s.c.StartedAt, s.c.AnsweredAt != nil
	if s.c.EnqueuedAt != nil {
		since = *s.c.EnqueuedAt
	}
	s.do(Release{At: at, OperatorID: op, Pause: pause}, Enqueue{Since: since, Head: head})
	if s.c.Customer != nil && s.c.Customer.Bridged {
		s.do(DoPark{s.c.Customer.ID}, DoCloseBridge{BridgeOf(s.c.ID)})
	}
}

func (s *step) asked(e Asked, policy queues.Queue) {
	switch e.Cmd.Kind {
	case CmdAnswer:
		if s.c.Operator != nil && s.c.Operator.State != telephony.LegUp && !s.c.AnswerRequested {
			s.c.AnswerRequested, s.changed = true, true
			s.do(DoAnswerFar{s.c.Operator.ID})
		}
	case CmdDecline:
		if s.c.Operator != nil && !s.c.Declining {
			s.c.Declining, s.changed = true, true
			s.do(DoHangup{s.c.Operator.ID, telephony.CauseRejected})
		}
	case CmdHangUp:
		if s.c.HangupAsked {
			return
		}
		s.c.HangupAsked, s.changed = true, true
		if s.c.Customer != nil {
			s.do(DoHangup{s.c.Customer.ID, telephony.CauseNormal})
		}
		if s.c.Operator != nil {
			s.do(DoHangup{s.c.Operator.ID, telephony.CauseNormal})
		}
	case CmdHold:
		if s.c.State == StateTalking {
			s.do(DoPark{s.c.Customer.ID})
		}
	case CmdResume:
		if s.c.State == StateHeld {
			s.do(DoJoin{BridgeOf(s.c.ID), []telephony.LegID{s.c.Customer.ID}})
		}
	case CmdSetMuted:
		if s.c.Operator != nil && s.c.Muted != e.Cmd.Muted {
			s.c.Muted, s.changed = e.Cmd.Muted, true
			s.do(DoMute{s.c.Operator.ID, e.Cmd.Muted})
		}
	case CmdSendDigits:
		if s.c.Customer != nil {
			s.do(DoDigits{s.c.Customer.ID, e.Cmd.Digits})
		}
	case CmdExtendWrapUp:
		if s.c.WrapUpUntil != nil {
			until := s.c.WrapUpUntil.Add(time.Minute)
			s.c.WrapUpUntil, s.changed = &until, true
		}
	case CmdFinishWrapUp:
		s.wrapUpOver(e.At)
	case CmdLinkCustomer:
		s.do(Link{Number: s.c.CustomerNumber(), Customer: e.Cmd.CustomerID, OperatorID: e.Cmd.OperatorID})
	case CmdUnlinkCustomer:
		s.do(Link{Number: s.c.CustomerNumber(), OperatorID: e.Cmd.OperatorID})
	case CmdRetryMatch:
		m := s.c.Match
		m.State = customers.MatchPending
		s.c.Match, s.changed = m, true
		s.do(LookUp{Number: s.c.CustomerNumber(), Fresh: true})
	}
}

func (s *step) wrapUpOver(at time.Time) {
	if s.c.State != StateWrapUp {
		return
	}
	s.c.WrapUpUntil = nil
	s.state(StateEnded, at)
	s.do(Release{At: at, OperatorID: s.c.OperatorID, Worked: true})
}

// offerGrace is how much longer than its own time-out we give the PBX before we end a ringing leg ourselves.
const offerGrace = 3 * time.Second

func (s *step) ticked(at time.Time) {
	switch {
	case s.c.State == StateWrapUp && s.c.WrapUpUntil != nil && !at.Before(*s.c.WrapUpUntil):
		s.wrapUpOver(at)
	case s.c.OfferUntil != nil && s.c.Operator != nil && s.c.Operator.State != telephony.LegUp &&
		!at.Before(s.c.OfferUntil.Add(offerGrace)):
		until := at.Add(offerGrace)
		s.c.OfferUntil, s.changed = &until, true
		s.do(DoHangup{s.c.Operator.ID, telephony.CauseNoAnswer})
	}
}

// Deadline is when Ticked may change the call; zero when never.
func (c Call) Deadline() time.Time {
	switch {
	case c.State == StateWrapUp && c.WrapUpUntil != nil:
		return *c.WrapUpUntil
	case c.OfferUntil != nil && c.Operator != nil && c.Operator.State != telephony.LegUp:
		return c.OfferUntil.Add(offerGrace)
	}
	return time.Time{}
}
