package calls

import (
	"cmp"
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
	// HeaderCallInfo asks desk phones the same: RFC 3261 §20.9 with the "answer-after" that Yealink, Grandstream, Snom and others read.
	HeaderCallInfo = "Call-Info"

	markCall     = "call"
	markRole     = "role"
	markDir      = "dir"
	markQueue    = "queue"
	markOperator = "op"
	markStarted  = "t0" // Unix milliseconds
	markAnswered = "ta"
	markNumber   = "num"
	markMuted    = "mute" // "1" on a leg that is not heard
	markBy       = "by"   // on a guest's leg: who consults them
	markBlind    = "blind"
	markAway     = "away" // "1" on a customer's leg: see Call.away
	markParked   = "park" // on the same: since when it is parked, in Unix milliseconds; "0" = it is not
	markPeer     = "peer" // on a leg of roleTail: the other one
	markDesk     = "desk" // "1" on the leg of a desk phone
)

const (
	dialTimeout = 60 * time.Second // how long the far end is rung
	selfTimeout = 20 * time.Second // how long the phone of the operator who dialled is
	ringDefault = 20 * time.Second // queues.Queue.RingTimeout where it is not set
	keepDefault = 20 * time.Second // queues.Queue.RescueFor where it is not set
)

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
func NewOutbound(id ID, at time.Time, operatorID string, desk bool, from, to Party) (Call, []Effect) {
	c := Call{
		ID: id, Version: 1, Direction: Outbound, State: StateNew, Since: at, StartedAt: at,
		OperatorID: operatorID, From: from, To: to,
		Route: []RouteStep{{At: at, Kind: RouteEntered, OperatorID: operatorID}},
		Match: pendingMatch(to.Number),
	}
	leg := telephony.LegID("op-" + string(id) + "-1")
	c.Operator = &Leg{ID: leg, Role: RoleOperator, State: telephony.LegDown, Desk: desk, patience: patience{due: at.Add(selfTimeout + offerGrace)}}
	c.Attempts = 1
	headers := map[string]string{HeaderCall: string(id)}
	autoAnswer(headers)
	return c, []Effect{
		LookUp{Number: to.Number},
		DoOriginate{telephony.Originate{
			Leg: leg, Endpoint: EndpointOf(operatorID), Timeout: selfTimeout,
			From:    telephony.Party{Number: to.Number.E164, Name: to.Name},
			Headers: headers,
			Marks:   c.marks(RoleOperator),
		}},
	}
}

// autoAnswer asks phones of all kinds to answer by themselves.
func autoAnswer(headers map[string]string) {
	headers[HeaderAutoAnswer] = "1"
	headers[HeaderCallInfo] = "<sip:pult>;answer-after=0"
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
	if role == RoleOperator && c.Operator != nil && c.Operator.Desk || role == RoleGuest && c.Guest != nil && c.Guest.Desk {
		m[markDesk] = "1"
	}
	if role == RoleOperator && c.Muted {
		m[markMuted] = flag(true)
	}
	return m
}

// step collects what one event does to a call.
type step struct {
	c       Call
	policy  queues.Queue
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
	s.routed(RouteStep{At: at, Kind: kind, OperatorID: op, QueueID: s.c.QueueID})
}

func (s *step) routed(r RouteStep) {
	// A full slice expression makes append copy: earlier snapshots share the backing array.
	was := s.c.Route
	s.c.Route = append(was[:len(was):len(was)], r)
	s.changed = true
}

// leg gives a private copy of the leg with the id to fn, or reports false.
func (s *step) leg(id telephony.LegID, fn func(l *Leg)) bool {
	for _, p := range []**Leg{&s.c.Customer, &s.c.Operator, &s.c.Guest, &s.c.Next} {
		if *p == nil || (*p).ID != id {
			continue
		}
		before, l := **p, **p
		fn(&l)
		if l == before {
			return true
		}
		*p = &l
		seen := l
		seen.patience, seen.listened, seen.muteAsked, seen.muteUnsure = before.patience, before.listened, before.muteAsked, before.muteUnsure
		s.changed = s.changed || seen != before
		return true
	}
	return false
}

// Apply returns the call after the event and what is to be done. It is pure. An event that means nothing to the call leaves it as
// it is, with the same Version. policy is the call's queue (zero for none).
func (c Call) Apply(ev Event, policy queues.Queue) (Call, []Effect) {
	s := &step{c: c, policy: policy}
	switch e := ev.(type) {
	case PBX:
		s.pbx(e.Event)
	case Offered:
		s.offered(e)
	case OriginateFailed:
		s.notMade(e)
	case Vanished:
		s.do(DoHangup{e.Leg, telephony.CauseNormal}) // should it just be being made
		s.ended(e.At, e.Leg, telephony.Cause{}, endedUnobserved)
	case Missing:
		s.missing(e.At)
	case JoinFailed:
		s.joinFailed(e)
	case Failed:
		s.c.again = e.At.Add(reassertPause)
	case Muted:
		s.muted(e)
	case PhoneGone:
		s.phoneGone(e)
	case Beat:
		s.beat(e)
	case PhoneKept:
		s.c.moving = s.c.moving && e.OperatorID != s.c.OperatorID
	case PhoneBack:
		s.phoneBack(e)
	case Heard:
		s.heardOf(e)
	case PutAside:
		if s.c.State == StateTalking && s.c.Customer != nil && !s.c.HangupAsked {
			s.do(DoPark{s.c.Customer.ID})
		}
	case ConsultAsked:
		s.consulted(e)
	case TransferAsked:
		s.transferred(e)
	case Matched:
		s.matched(e)
	case Measured:
		s.measured(e)
	case Moved:
		if s.c.Position != e.Position {
			s.c.Position, s.changed = e.Position, true
		}
	case Asked:
		s.asked(e)
	case RescueOver:
		s.rescueOver(e.At)
	case Ticked:
		s.ticked(e.At)
	case Reasserted:
		s.reasserted(e.At)
	}
	s.voices()
	if s.changed {
		s.c.Version = c.Version + 1
	}
	return s.c, s.effects
}

func (s *step) pbx(ev telephony.Event) {
	switch e := ev.(type) {
	case telephony.LegRang:
		s.leg(e.Leg, func(l *Leg) {
			if l.State == telephony.LegDown {
				l.State = telephony.LegRinging
			}
		})
		if op := s.c.Operator; op != nil && op.ID == e.Leg && s.c.State == StateOffered {
			s.state(StateRinging, e.At)
		}
	case telephony.LegStarted:
		if cust := s.c.Customer; cust != nil && cust.ID == e.Leg.ID && s.c.Direction == Inbound {
			return // told twice; whether it is answered is told apart
		}
		s.answered(e.At, e.Leg.ID)
	case telephony.LegAnswered:
		s.answered(e.At, e.Leg)
	case telephony.LegJoined:
		s.joined(e)
	case telephony.LegParked:
		s.leg(e.Leg, func(l *Leg) { l.Bridged, l.Aside, l.Parked = false, false, true })
		if s.c.State == StateTalking && s.c.Customer != nil && s.c.Customer.Parked {
			s.state(StateHeld, e.At)
		}
		s.moved(e.At, e.Leg)
		s.strayed(e.At, e.Leg)
	case telephony.LegLeft:
		s.leg(e.Leg, func(l *Leg) {
			l.Bridged = l.Bridged && e.Bridge == AsideOf(s.c.ID)
			l.Aside = l.Aside && e.Bridge == BridgeOf(s.c.ID)
		})
		s.moved(e.At, e.Leg)
		s.c.placeBy = cmp.Or(s.c.placeBy, e.At.Add(placePatience)) // as a rule it is on its way to another place
	case telephony.LegEnded:
		how := ended
		if e.ByUs {
			how = endedByUs
		}
		s.ended(e.At, e.Leg, e.Cause, how)
	}
	if !s.c.adrift() {
		s.c.placeBy = time.Time{}
	}
}

func (s *step) joined(e telephony.LegJoined) {
	c := &s.c
	switch e.Bridge {
	case BridgeOf(c.ID):
		s.leg(e.Leg, func(l *Leg) { l.Bridged, l.Aside, l.Parked = true, false, false })
	case AsideOf(c.ID):
		s.leg(e.Leg, func(l *Leg) { l.Bridged, l.Aside, l.Parked = false, true, false })
	default:
		return
	}
	switch {
	case c.Next != nil && c.Next.ID == e.Leg:
		s.nextJoined(e.At)
	case c.State == StateConsulting || c.State == StateConference:
		s.moved(e.At, e.Leg)
	case e.Bridge == BridgeOf(c.ID):
		s.met(e.At)
	default:
		s.strayed(e.At, e.Leg)
	}
}

// strayed brings the operator back whom an overtaken command of a consultation that is over has taken out of the conversation.
func (s *step) strayed(at time.Time, id telephony.LegID) {
	c := &s.c
	if c.Operator != nil && c.Operator.ID == id && (c.State == StateTalking || c.State == StateHeld) {
		s.reassert(at)
	}
}

func (s *step) answered(at time.Time, id telephony.LegID) {
	already, dying := false, 0
	if !s.leg(id, func(l *Leg) {
		already, dying = l.State == telephony.LegUp, l.dying
		l.State = telephony.LegUp
	}) {
		s.do(DoHangup{id, telephony.CauseNormal}) // it was given up; whoever answered it must not sit in silence
		return
	}
	if already {
		return
	}
	cust, op := s.c.Customer, s.c.Operator
	switch {
	case s.c.End != nil || dying != 0:
		s.hangup(at, id, telephony.CauseNormal)
	case s.c.Guest != nil && s.c.Guest.ID == id:
		s.guestAnswered(at)
	case s.c.Next != nil && s.c.Next.ID == id:
		s.nextAnswered(at)
	case op != nil && op.ID == id && cust == nil:
		if s.c.Direction == Outbound {
			s.reach(at)
		}
	case op != nil && op.ID == id && s.c.onHold:
		s.backOnHold(at)
	case op != nil && op.State == telephony.LegUp && (cust.State == telephony.LegUp || s.c.Direction == Inbound):
		s.meet(at)
	}
}

// reach calls the far end; the operator, who is there already, hears that it rings.
func (s *step) reach(at time.Time) {
	op := s.c.Operator.ID
	leg := telephony.LegID("cust-" + string(s.c.ID))
	s.c.Customer = &Leg{ID: leg, Role: RoleCustomer, State: telephony.LegDown, patience: patience{due: at.Add(dialTimeout + offerGrace)}}
	s.await(at, op, 0)
	s.state(StateRinging, at)
	s.do(
		DoJoin{BridgeOf(s.c.ID), []telephony.LegID{op}},
		DoRingback{op, true},
		DoOriginate{telephony.Originate{
			Leg: leg, Number: s.c.To.Number.E164, From: telephony.Party{Number: s.c.From.Number.E164},
			Timeout: dialTimeout, Marks: s.c.marks(RoleCustomer),
		}},
	)
}

// meet lets customer and operator, who have both answered, hear each other.
func (s *step) meet(at time.Time) {
	cust, op := s.c.Customer.ID, s.c.Operator.ID
	s.await(at, op, joinPatience)
	if s.c.Direction == Outbound {
		s.await(at, cust, 0)
		s.do(DoRingback{op, false})
	}
	s.stayMuted()
	s.do(DoJoin{BridgeOf(s.c.ID), []telephony.LegID{cust, op}})
}

// met moves to TALKING once the PBX has confirmed that both legs are in the bridge.
func (s *step) met(at time.Time) {
	c := &s.c
	cust, op := c.Customer, c.Operator
	switch {
	case c.End != nil || c.HangupAsked || cust == nil || !cust.Bridged || c.State == StateTalking:
		return
	case op == nil || op.State != telephony.LegUp || op.Silent:
		s.do(DoPark{cust.ID}) // the join was under way when the operator's leg went: nobody is there to be heard
		return
	case !op.Bridged:
		return
	}
	s.await(at, cust.ID, 0)
	s.await(at, op.ID, 0)
	c.OfferUntil, c.AnswerRequested = nil, false
	c.rescueUntil, c.onHold = time.Time{}, false
	s.state(StateTalking, at)
	if c.AnsweredAt == nil {
		c.AnsweredAt = &at
	}
	if c.talked != c.OperatorID {
		c.talked = c.OperatorID
		s.route(at, RouteAnswered, c.OperatorID)
	}
	if c.Consult != nil { // they come back to a consultation
		s.state(StateConsulting, at)
		s.moved(at, op.ID)
		s.arrange()
	}
	c.away, c.returnBy = false, time.Time{}
	m := c.marks(RoleCustomer) // all of them: the first attempt may have failed
	m[markAnswered], m[markAway], m[markParked] = millis(*c.AnsweredAt), flag(false), flag(false)
	s.do(DoMark{cust.ID, m})
}

// muted takes the PBX's word; it is marked on the leg, because nothing else would tell a new owner of the floor.
func (s *step) muted(e Muted) {
	op := s.c.Operator
	if op == nil || op.ID != e.Leg {
		s.leg(e.Leg, func(l *Leg) {
			l.muteUnsure = l.muteUnsure && e.On != l.muteAsked
			if l.Muted != e.On {
				l.Muted = e.On
				s.do(DoMark{l.ID, telephony.Marks{markMuted: flag(e.On)}})
			}
		})
		return
	}
	unsure := s.c.muteUnsure
	if e.On == s.c.muteAsked {
		s.c.muteUnsure = false
	}
	if e.On == s.c.Muted && !unsure {
		return
	}
	s.changed = s.changed || e.On != s.c.Muted
	s.c.Muted = e.On
	s.do(DoMark{op.ID, telephony.Marks{markMuted: flag(e.On)}})
}

func flag(on bool) string {
	if on {
		return "1"
	}
	return "0"
}

// mute stops the leg of customer or guest from being heard, or lets it be heard again.
func (s *step) mute(id telephony.LegID, on bool) {
	s.leg(id, func(l *Leg) { l.muteAsked, l.muteUnsure = on, true })
	s.do(DoMute{id, on})
}

// voices: whom an operator has muted in a conference is muted for the conference, whatever ends it. Nobody would find a way to let them
// be heard again, nor know that they should. A colleague who is consulted has the means, and may have muted themselves.
func (s *step) voices() {
	c := &s.c
	if c.Consult != nil && c.Consult.aim == SideBoth {
		return
	}
	s.voice(c.Customer)
	if c.Consult != nil && c.Consult.OperatorID == "" {
		s.voice(c.Guest)
	}
}

func (s *step) voice(l *Leg) {
	if l != nil && l.dying == 0 && (l.muteAsked || l.Muted && !l.muteUnsure) {
		s.mute(l.ID, false)
	}
}

// heard: a leg that is new, or gone, is not muted. But whoever had muted themselves, and is fetched back, is not to be overheard: Muted
// stays, so that their page begins muted, and the PBX is told as soon as there is a leg.
func (s *step) heard() {
	c := &s.c
	stays := c.muteAsked && c.rejoining()
	c.Muted, c.muteAsked, c.muteUnsure = stays, stays, stays
	c.liveness, c.moving = liveness{}, false
}

// stayMuted tells the PBX of it, once there is a leg.
func (s *step) stayMuted() {
	if s.c.muteUnsure {
		s.do(DoMute{s.c.Operator.ID, s.c.muteAsked})
	}
}

// matched takes an answer. One that failed, or is still to come, takes nothing back of what was known, and no system chooses where a person
// has said that it is nobody: the history keeps to that, and so does the card.
func (s *step) matched(e Matched) {
	m, old := e.Match, s.c.Match
	if !e.ByPerson && m.DecidedAt == nil && old.DecidedAt != nil && old.Chosen == nil {
		m = m.WithoutChoice(*old.DecidedAt)
	}
	if m.Chosen == nil && !e.ByPerson && (m.State == customers.MatchFailed || m.State == customers.MatchPending) {
		m.Chosen, m.ChosenBy, m.DecidedAt = old.Chosen, old.ChosenBy, old.DecidedAt
		if len(m.Candidates) == 0 {
			m.Candidates = old.Candidates
		}
	}
	s.c.Match, s.changed = m, true
}
