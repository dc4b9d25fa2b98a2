package calls

import (
	"cmp"
	"strconv"
	"time"

	"github.com/pult-cc/pult/telephony"
)

// Side is whom the operator speaks with in a consultation.
type Side string

// The sides.
const (
	SideNone     Side = ""         // nobody yet: the guest is being reached, or somebody is on the way
	SideCustomer Side = "CUSTOMER" // the guest hears music
	SideGuest    Side = "GUEST"    // the customer hears music
	SideBoth     Side = "BOTH"     // a conference
)

// Consult is the third party of a call. Handed out it is never written to.
type Consult struct {
	OperatorID string    `json:"operatorId,omitempty"` // the colleague; "" = an outside number
	Party      Party     `json:"party"`                // the outside number, or the colleague's name
	By         string    `json:"by"`                   // who asked for it
	Since      time.Time `json:"since"`
	Front      Side      `json:"front,omitempty"` // confirmed by the PBX
	// Blind: nobody of us stays on the line; once the guest has answered the customer is theirs.
	Blind bool `json:"blind,omitempty"`

	aim     Side // what Front is to become
	leaving bool // once all three hear each other the operator goes
}

// Parking is a call that waits for whoever picks it up.
type Parking struct {
	By    string    `json:"by"`
	Since time.Time `json:"since"`
	Until time.Time `json:"until"` // then it is offered to By again, and then to the queue
}

// parkTime is how long a parked call waits to be picked up.
const parkTime = 2 * time.Minute

// AsideOf names the bridge in which operator and guest speak without the customer.
func AsideOf(id ID) telephony.BridgeID { return telephony.BridgeID("aside-" + string(id)) }

// consult changes a private copy of the consultation.
func (s *step) consult(fn func(*Consult)) {
	before := *s.c.Consult
	after := before
	fn(&after)
	if after == before {
		return
	}
	s.c.Consult = &after
	visible := after
	visible.aim, visible.leaving = before.aim, before.leaving
	s.changed = s.changed || visible != before
}

// consulted brings a third party in: the customer goes to music, and a guest is called.
func (s *step) consulted(e ConsultAsked) {
	c := &s.c
	leg := telephony.LegID("guest-" + string(c.ID) + "-" + strconv.FormatInt(e.At.UnixMilli(), 36) + "-" + strconv.FormatUint(c.Version, 36))
	timeout := dialTimeout
	if e.OperatorID != "" {
		timeout = ringDefault
	}
	c.Guest = &Leg{ID: leg, Role: RoleGuest, State: telephony.LegDown, Desk: e.Desk, patience: patience{due: e.At.Add(timeout + offerGrace)}}
	c.Consult = &Consult{OperatorID: e.OperatorID, Party: e.Party, By: e.By, Since: e.At, Blind: e.Blind, aim: SideGuest}
	s.state(StateConsulting, e.At)
	s.routed(RouteStep{At: e.At, Kind: RouteConsulted, OperatorID: e.OperatorID, Number: e.Party.Number, By: e.By})
	from := telephony.Party{Number: c.CustomerNumber().E164, Name: c.customerName()}
	o := telephony.Originate{Leg: leg, Timeout: timeout, From: from, Marks: c.marksOf(RoleGuest)}
	if e.OperatorID != "" {
		o.Endpoint, o.Headers = EndpointOf(e.OperatorID), map[string]string{HeaderCall: string(c.ID)}
	} else {
		o.Number, o.From = e.Party.Number.E164, telephony.Party{Number: e.CallerID}
	}
	if e.Blind {
		s.letGo(e.At)
	}
	s.arrange()
	if c.Operator != nil {
		s.do(DoRingback{c.Operator.ID, true})
	}
	s.do(DoOriginate{o})
}

func (c Call) customerName() string {
	if c.Match.Chosen != nil && c.Match.Chosen.Name != "" {
		return c.Match.Chosen.Name
	}
	if c.Direction == Outbound {
		return c.To.Name
	}
	return c.From.Name
}

// marksOf is what is written on a leg of the role.
func (c Call) marksOf(role Role) telephony.Marks {
	m := c.marks(role)
	if role == RoleGuest && c.Consult != nil {
		m[markBy], m[markOperator], m[markNumber] = c.Consult.By, c.Consult.OperatorID, c.Consult.Party.Number.E164
		m[markBlind] = flag(c.Consult.Blind)
	}
	return m
}

// arrange asks the PBX for what the consultation aims at. All of it is idempotent.
func (s *step) arrange() {
	c := &s.c
	cust, op, guest := c.Customer, up(c.Operator), up(c.Guest)
	if c.End != nil || cust == nil || cust.dying != 0 {
		return
	}
	main, aside := BridgeOf(c.ID), AsideOf(c.ID)
	switch {
	case c.Consult.Blind && guest != nil:
		s.do(DoJoin{main, []telephony.LegID{cust.ID, guest.ID}})
	case c.Consult.Blind || op == nil: // the operator was lost, or has gone
		s.park(cust)
		s.park(guest)
	case c.Consult.aim == SideBoth && guest != nil:
		s.do(DoJoin{main, []telephony.LegID{cust.ID, op.ID, guest.ID}})
	case c.Consult.aim == SideCustomer:
		s.park(guest)
		s.do(DoJoin{main, []telephony.LegID{cust.ID, op.ID}})
	default:
		s.park(cust)
		legs := []telephony.LegID{op.ID}
		if guest != nil {
			legs = append(legs, guest.ID)
		}
		s.do(DoJoin{aside, legs})
	}
}

func (s *step) park(l *Leg) {
	if l != nil && !l.Parked {
		s.do(DoPark{l.ID})
	}
}

// up returns the leg where it can be moved about: answered, and not to be ended.
func up(l *Leg) *Leg {
	if l == nil || l.State != telephony.LegUp || l.dying != 0 {
		return nil
	}
	return l
}

// moved looks at who hears whom after a leg of a consultation has moved, and corrects what an overtaken command did.
func (s *step) moved(at time.Time, id telephony.LegID) {
	c := &s.c
	if c.Consult == nil || c.End != nil || c.HangupAsked {
		return
	}
	op, front := up(c.Operator), c.front()
	if c.Consult.Blind && c.State == StateConsulting {
		if guest := up(c.Guest); guest != nil && guest.Bridged && c.Customer != nil && c.Customer.Bridged {
			if c.Consult.OperatorID != "" {
				s.promote(at, "")
			} else {
				s.handOut(at)
			}
		}
		return
	}
	s.consult(func(n *Consult) { n.Front = front })
	if op == nil || c.State != StateConsulting && c.State != StateConference {
		return // the operator is being fetched back
	}
	if front == SideBoth {
		s.state(StateConference, at)
	} else {
		s.state(StateConsulting, at)
	}
	if front == SideBoth && c.Consult.leaving {
		s.part(at)
		return
	}
	if s.astray(id) {
		s.arrange()
	}
}

// front tells whom the operator hears.
func (c *Call) front() Side {
	cust, op, guest := c.Customer, up(c.Operator), up(c.Guest)
	switch {
	case cust == nil || op == nil:
	case cust.Bridged && op.Bridged && guest != nil && guest.Bridged:
		return SideBoth
	case cust.Bridged && op.Bridged:
		return SideCustomer
	case op.Aside && guest != nil && guest.Aside && !cust.Bridged:
		return SideGuest
	}
	return SideNone
}

// placeConsult derives the state of an adopted call with a third party; false: the operator is not there, and the call is placed as
// any other.
func (c *Call) placeConsult() bool {
	if c.Consult == nil || c.Customer == nil || c.Guest == nil {
		return false
	}
	n := *c.Consult
	n.Front, n.aim = c.front(), SideCustomer
	c.Consult = &n
	switch {
	case n.Blind:
		c.OperatorID = ""
	case up(c.Operator) == nil:
		return false
	case n.Front == SideBoth:
		n.aim = SideBoth
		c.State, c.away = StateConference, false
		return true
	case c.Operator.Aside || c.Guest.State != telephony.LegUp:
		n.aim = SideGuest
	}
	c.State = StateConsulting
	return true
}

// consultOf reads a third party off their leg.
func (f *Floor) consultOf(l telephony.Leg, now time.Time) *Consult {
	n := &Consult{
		OperatorID: l.Marks[markOperator], By: l.Marks[markBy], Since: l.Created, Blind: l.Marks[markBlind] == "1",
	}
	if n.Since.IsZero() {
		n.Since = now
	}
	if n.OperatorID != "" {
		n.Party.Name = f.people[n.OperatorID].Name
	} else {
		n.Party.Number = f.opt.Normalize(l.Marks[markNumber])
	}
	return n
}

// astray tells whether the leg is where the consultation does not want it.
func (s *step) astray(id telephony.LegID) bool {
	c := &s.c
	if c.Consult.Blind || up(c.Operator) == nil {
		return false
	}
	aim := c.Consult.aim
	for _, l := range c.Legs() {
		if l.ID != id || l.dying != 0 {
			continue
		}
		switch l.Role {
		case RoleCustomer:
			return l.Aside || l.Bridged == (aim == SideGuest) && (l.Bridged || l.Parked)
		case RoleOperator:
			return l.Aside && aim != SideGuest || l.Bridged && aim == SideGuest
		case RoleGuest:
			return l.Aside && aim != SideGuest || l.Bridged && aim != SideBoth || l.Parked && aim != SideCustomer
		}
	}
	return false
}

// guestAnswered lets the guest hear whom they were called for.
func (s *step) guestAnswered(at time.Time) {
	c := &s.c
	s.await(at, c.Guest.ID, 0)
	c.AnswerRequested = false
	if op := up(c.Operator); op != nil {
		s.do(DoRingback{op.ID, false})
	}
	if c.State == StateConsulting || c.State == StateConference {
		s.arrange()
		return
	}
	s.park(c.Guest) // the operator is being fetched back
}

// guestGone ends the consultation. The customer stays where they are: on music, unless they were with the operator.
func (s *step) guestGone(at time.Time) {
	c := &s.c
	if c.Consult == nil {
		return
	}
	old := *c.Consult
	c.Consult, c.AnswerRequested, s.changed = nil, false, true
	if old.OperatorID != "" {
		s.do(Release{At: at, OperatorID: old.OperatorID})
	}
	if c.End != nil || c.HangupAsked {
		return
	}
	if c.State != StateConsulting && c.State != StateConference {
		s.do(DoCloseBridge{AsideOf(c.ID)})
		return // the operator was lost and is being fetched back
	}
	op, cust := c.Operator, c.Customer
	switch {
	case cust == nil:
		return
	case old.Blind || op == nil:
		s.comeBack(at)
		return
	case cust.Bridged && op.Bridged:
		s.state(StateTalking, at)
	default:
		s.state(StateHeld, at)
	}
	if op.dying != 0 {
		return // the operator is about to be lost as well
	}
	s.do(DoRingback{op.ID, false})
	legs := []telephony.LegID{op.ID}
	if old.aim != SideGuest {
		legs = []telephony.LegID{cust.ID, op.ID}
	}
	s.do(DoJoin{BridgeOf(c.ID), legs}, DoCloseBridge{AsideOf(c.ID)})
}

// leave takes the operator out of a conference: the colleague has the call from now on, or the customer is left with the outside
// party.
func (s *step) leave(at time.Time) {
	c := &s.c
	if c.Consult.OperatorID == "" {
		s.handOut(at)
		return
	}
	s.do(DoHangup{c.Operator.ID, telephony.CauseNormal})
	s.promote(at, "")
}

// promote makes the colleague, who is with the customer, the call's operator; pause is why the former one cannot go on.
func (s *step) promote(at time.Time, pause string) {
	c := &s.c
	by, to := cmp.Or(c.OperatorID, c.Consult.By), c.Consult.OperatorID
	s.dropNext()
	s.do(Release{At: at, OperatorID: c.OperatorID, Pause: pause, Worked: true})
	op := *c.Guest
	op.Role, op.due = RoleOperator, time.Time{}
	c.Operator, c.Guest, c.Consult = &op, nil, nil
	c.OperatorID, c.talked, c.away = to, to, false
	c.AnswerRequested, c.Declining, c.blameless, c.moving = false, false, false, false
	c.liveness = liveness{}
	c.Muted, c.muteAsked, c.muteUnsure = op.Muted, op.Muted, true
	if op.muteUnsure {
		c.muteAsked = op.muteAsked
	}
	c.Operator.Muted, c.Operator.muteAsked, c.Operator.muteUnsure = false, false, false
	s.routed(RouteStep{At: at, Kind: RouteTransferred, OperatorID: to, By: by})
	s.state(StateTalking, at)
	s.do(
		DoMute{op.ID, c.muteAsked}, // should an earlier wish still be on its way
		DoMark{op.ID, c.marks(RoleOperator)},
		DoMark{c.Customer.ID, telephony.Marks{markOperator: to, markAway: flag(false)}},
		DoCloseBridge{AsideOf(c.ID)},
	)
	s.listen(at) // the former one may have been lost before they were heard
}

// handOut leaves customer and outside party, who hear each other, to themselves. For us the conversation is over.
func (s *step) handOut(at time.Time) {
	c := &s.c
	cust, guest := c.Customer.ID, c.Guest.ID
	to := *c.Consult
	s.voice(c.Customer)
	s.voice(c.Guest)
	s.routed(RouteStep{At: at, Kind: RouteTransferred, OperatorID: to.OperatorID, Number: to.Party.Number, By: to.By})
	c.Customer, c.Guest, c.Consult = nil, nil, nil
	s.do(
		Relay{Legs: [2]telephony.LegID{cust, guest}, Bridge: BridgeOf(c.ID)},
		DoMark{cust, tailMarks(c.ID, guest)}, DoMark{guest, tailMarks(c.ID, cust)},
		DoCloseBridge{AsideOf(c.ID)},
	)
	s.finish(at, End{At: at, Result: ResultAnswered, By: ByOperator, Cause: telephony.CauseNormal})
}

func tailMarks(id ID, peer telephony.LegID) telephony.Marks {
	return telephony.Marks{markCall: string(id), markRole: string(roleTail), markPeer: string(peer)}
}

// letGo takes the operator out of the call, whose customer stays.
func (s *step) letGo(at time.Time) {
	c := &s.c
	s.dropNext()
	if c.Operator != nil {
		s.do(DoHangup{c.Operator.ID, telephony.CauseNormal})
		c.Operator = nil
	}
	s.do(Release{At: at, OperatorID: c.OperatorID, Worked: true})
	c.AnswerRequested, c.Declining, c.blameless = false, false, false
	s.giveAway()
}

// transferred gives the call to somebody else without asking them first: it waits, with music, for them.
func (s *step) transferred(e TransferAsked) {
	c := &s.c
	by := c.OperatorID
	s.dropGuest(e.At)
	s.letGo(e.At)
	if e.QueueID != "" {
		c.QueueID = e.QueueID
		at := e.At
		c.EnqueuedAt = &at
		s.do(DoMark{c.Customer.ID, telephony.Marks{markQueue: e.QueueID}})
	}
	s.routed(RouteStep{At: e.At, Kind: RouteTransferred, OperatorID: e.OperatorID, QueueID: e.QueueID, By: by})
	s.state(StateQueued, e.At)
	s.park(c.Customer)
	w := Enqueue{Since: c.StartedAt, Head: e.QueueID == ""}
	if e.OperatorID != "" {
		w.Only, w.OnlyUntil, w.Beside = e.OperatorID, e.At.Add(directTime), e.Beside
	}
	s.do(w)
}

// directTime is for how long a call is kept for the operator it was transferred to, should their phone not be there.
const directTime = 10 * time.Second

// parkedFor lets the call wait for whoever picks it up.
func (s *step) parkedFor(at time.Time) {
	c := &s.c
	by := c.OperatorID
	s.dropGuest(at)
	s.letGo(at)
	until := at.Add(parkTime)
	c.Parking = &Parking{By: by, Since: at, Until: until}
	s.do(DoMark{c.Customer.ID, telephony.Marks{markParked: millis(at)}})
	s.routed(RouteStep{At: at, Kind: RouteParked, By: by})
	s.state(StateQueued, at)
	s.park(c.Customer)
	s.do(c.parked())
}

// unpark: it waits for somebody in particular again.
func (s *step) unpark() {
	if s.c.Parking != nil {
		s.c.Parking = nil
		s.do(DoMark{s.c.Customer.ID, telephony.Marks{markParked: flag(false)}})
	}
}

// parked is the place of a parked call in the line.
func (c *Call) parked() Enqueue {
	until := c.Parking.Until
	return Enqueue{Since: c.StartedAt, Head: true, Only: c.Parking.By, NotBefore: until, OnlyUntil: until.Add(keepDefault)}
}

// comeBack puts a call whose transfer came to nothing back: to the queue it came through, or to whom it is from.
func (s *step) comeBack(at time.Time) {
	c := &s.c
	s.unpark()
	s.park(c.Customer)
	s.routed(RouteStep{At: at, Kind: RouteReturned, QueueID: c.QueueID})
	again := c.OperatorID == c.talked // it has just been offered to them
	c.OperatorID = ""
	s.state(StateQueued, at)
	if c.QueueID != "" {
		s.do(Enqueue{Since: c.StartedAt, Head: true})
		return
	}
	s.do(c.kept(at, again))
}

// returnPause is between two attempts to give a call back to whom it is from.
const returnPause = 5 * time.Second

// kept is the place in the line of a call that nobody took, and that is outside all queues: it is offered to whom it is from again and
// again, for some time.
func (c *Call) kept(at time.Time, again bool) Enqueue {
	e := Enqueue{Since: c.StartedAt, Head: true, Only: c.talked}
	if c.returnBy.IsZero() {
		c.returnBy = at.Add(parkTime)
	}
	if again {
		e.NotBefore = at.Add(returnPause)
	}
	e.OnlyUntil = c.returnBy
	return e
}

// dropGuest ends the consultation for a reason of the call's own.
func (s *step) dropGuest(at time.Time) {
	c := &s.c
	if c.Guest != nil {
		s.do(DoHangup{c.Guest.ID, telephony.CauseNormal})
		c.Guest = nil
	}
	if c.Consult != nil {
		if c.Consult.OperatorID != "" {
			s.do(Release{At: at, OperatorID: c.Consult.OperatorID})
		}
		c.Consult, s.changed = nil, true
		s.do(DoCloseBridge{AsideOf(c.ID)})
	}
}

// consultCommand carries out a command about the third party that Floor has permitted.
func (s *step) consultCommand(at time.Time, cmd Command) {
	c := &s.c
	aim := func(side Side) {
		s.consult(func(n *Consult) { n.aim, n.leaving = side, false })
		s.arrange()
	}
	switch cmd.Kind {
	case CmdSwapConsult:
		if c.Consult.aim == SideGuest {
			aim(SideCustomer)
		} else {
			aim(SideGuest)
		}
	case CmdMergeConsult:
		aim(SideBoth)
	case CmdCompleteConsult:
		if c.Consult.Front != SideBoth {
			aim(SideBoth)
		}
		s.consult(func(n *Consult) { n.aim, n.leaving = SideBoth, true })
		if c.Consult.Front == SideBoth {
			s.part(at)
		}
	case CmdCancelConsult:
		s.consult(func(n *Consult) { n.aim, n.leaving = SideCustomer, false }) // guestGone brings operator and customer together
		s.hangup(at, c.Guest.ID, telephony.CauseNormal)
		if op := up(c.Operator); op != nil && c.Customer != nil {
			s.do(DoRingback{op.ID, false}, DoJoin{BridgeOf(c.ID), []telephony.LegID{c.Customer.ID, op.ID}})
		}
	}
}
