package calls

import (
	"cmp"
	"slices"
	"sort"
	"strconv"
	"time"

	"github.com/pult-cc/pult/internal/customers"
	"github.com/pult-cc/pult/telephony"
)

// OpenRecord is a call that the history holds as not closed: what a new owner of the floor knows beside the PBX.
type OpenRecord struct {
	ID           ID
	Direction    Direction
	QueueID      string
	OperatorID   string
	Number       customers.Number
	CustomerID   customers.ID
	CustomerName string
	StartedAt    time.Time
	AnsweredAt   *time.Time
	End          *End // conversation over, wrap-up not
}

// Restore takes the open records of the history before the first LinkUp. Conversations that were over go back to wrap-up at once;
// the others wait for the PBX's word: adopted if a leg of theirs lives, closed if not.
func (f *Floor) Restore(records []OpenRecord, now time.Time) {
	for _, r := range records {
		c := r.call()
		c.Version = f.opt.VersionBase + 1
		if r.End != nil {
			c.State, c.Since = StateWrapUp, r.End.At
			if p := f.policy(&c); p.WrapUp > 0 {
				until := r.End.At.Add(p.WrapUp)
				c.WrapUpUntil = &until
			}
		} else {
			c.State, c.Since = StateQueued, now
		}
		f.store(&c, &c, []Effect{LookUp{Number: c.CustomerNumber()}})
		if _, live := f.calls[c.ID]; live {
			f.occupy(&c, now)
		}
		if n, live := f.calls[c.ID]; live {
			f.out.Changes = append(f.out.Changes, Change{Call: n})
		}
	}
}

func (r OpenRecord) call() Call {
	c := Call{
		ID: r.ID, Direction: r.Direction, QueueID: r.QueueID, OperatorID: r.OperatorID,
		StartedAt: r.StartedAt, AnsweredAt: r.AnsweredAt, End: r.End, Match: pendingMatch(r.Number),
		Route: []RouteStep{{At: r.StartedAt, Kind: RouteEntered}},
	}
	if r.CustomerID != "" { // known before: the record must not lose it while the customer systems are asked again
		c.Match.Chosen = &customers.Customer{ID: r.CustomerID, Name: r.CustomerName}
	}
	if r.AnsweredAt != nil {
		c.talked = r.OperatorID
	}
	if r.Direction == Outbound {
		c.To.Number = r.Number
	} else {
		c.From.Number = r.Number
		started := r.StartedAt
		c.EnqueuedAt = &started
	}
	return c
}

// occupy marks the call's operator busy with it. What the history and the PBX tell may contradict: then one who talks is busy with
// that, and what else they seem to have gives way, unless it may stand beside it. An unfinished wrap-up was finished, and not recorded.
func (f *Floor) occupy(c *Call, now time.Time) { f.occupyBy(c.OperatorID, c, now) }

func (f *Floor) occupyBy(operatorID string, c *Call, now time.Time) {
	o := f.q.Operators[operatorID]
	if o == nil {
		return
	}
	f.touchOperator(o.ID)
	f.forgetGone(o)
	other, busy := f.calls[ID(o.Busy)]
	beside := busy && o.Also == "" && beside(rank(other, o.ID), rank(c, o.ID))
	if !busy || o.Has(string(c.ID)) || beside {
		o.Take(string(c.ID))
		return
	}
	yields := other
	if rank(other, o.ID) > rank(c, o.ID) {
		yields = c
	} else {
		o.Drop(string(other.ID))
		o.Take(string(c.ID))
	}
	switch {
	case yields.OperatorID != o.ID && yields.Guest != nil:
		f.apply(yields.ID, Vanished{At: now, Leg: yields.Guest.ID})
	case yields.State == StateWrapUp:
		f.apply(yields.ID, Asked{At: now, Cmd: Command{Kind: CmdFinishWrapUp}})
	case yields.Operator != nil:
		f.apply(yields.ID, Vanished{At: now, Leg: yields.Operator.ID})
	}
	if n := f.calls[yields.ID]; n != nil && n.State == StateRescuing && n.OperatorID == o.ID {
		f.q.Remove(string(n.ID))
		f.apply(n.ID, RescueOver{now})
	}
}

// beside tells whether an operator may have both: a conversation, and another one or one that is about to begin (see Floor.another). Of
// two conversations one is on hold.
func beside(a, b int) bool { return max(a, b) == 3 && min(a, b) > 1 }

// rank orders states by how much of the operator they take.
func rank(c *Call, operatorID string) int {
	if c.OperatorID != operatorID { // they are consulted
		return 2
	}
	switch c.State {
	case StateTalking, StateHeld, StateConsulting, StateConference, StateRescuing:
		return 3
	case StateNew, StateOffered, StateRinging:
		if c.rejoining() {
			return 3
		}
		return 2
	case StateWrapUp:
		return 1
	}
	return 0
}

// reconcile makes the floor agree with the PBX after a (re)connection: what it no longer has has ended, what it has and we do not
// know is adopted by its marks, what nobody can explain goes back to the dialplan, or is ended where it was a leg of ours.
func (f *Floor) reconcile(e telephony.LinkUp, now time.Time) {
	if !f.linkUp {
		f.notice(Notice{At: now, Kind: NoticePBXUp, Text: e.Node})
	}
	f.linkUp, f.told, f.stirred = true, true, true
	clear(f.online)
	for _, ep := range e.Endpoints {
		if id, ok := OperatorOf(ep.Name); ok && ep.Online {
			f.online[id] = true
		}
	}
	for id := range f.q.Operators {
		f.setOnline(id, f.online[id])
	}
	present := map[telephony.LegID]telephony.Leg{}
	byCall := map[ID][]telephony.Leg{}
	for _, l := range f.reconcileTails(e.Legs) {
		present[l.ID] = l
		if id := ID(l.Marks[markCall]); id != "" {
			byCall[id] = append(byCall[id], l)
		} else if _, known := f.legs[l.ID]; !known {
			f.out.Effects = append(f.out.Effects, CallEffect{Effect: DoReturn{l.ID}})
		}
	}
	for _, id := range sortedKeys(byCall) {
		c, known := f.calls[id]
		switch {
		case known && (c.Customer != nil || c.Operator != nil || c.End != nil):
			f.hangupAll(id, byCall[id], func(l telephony.Leg) bool {
				return !slices.ContainsFunc(c.Legs(), func(own Leg) bool { return own.ID == l.ID })
			})
		case !known && f.orphans(id, byCall[id]):
			f.hangupAll(id, byCall[id], nil)
		default:
			f.adopt(id, byCall[id], now)
		}
	}
	f.settle(present, now)
	for _, id := range sortedKeys(f.q.Operators) {
		if !f.online[id] { // it may have gone while nobody watched
			f.onCall(id, PhoneGone{At: now, OperatorID: id})
		}
	}
}

func sortedKeys[K ~string, V any](m map[K]V) []K {
	out := make([]K, 0, len(m))
	for id := range m {
		out = append(out, id)
	}
	sort.Slice(out, func(i, j int) bool { return out[i] < out[j] })
	return out
}

// orphans tells whether the legs are left over from a call that has ended: one that we remember, or one without a customer that no
// open record explains (but for a phone that is about to dial).
func (f *Floor) orphans(id ID, legs []telephony.Leg) bool {
	if f.past.has(id) {
		return true
	}
	for _, l := range legs {
		switch Role(l.Marks[markRole]) {
		case RoleGuest:
		case RoleOperator:
			if Direction(l.Marks[markDir]) == Outbound && l.State != telephony.LegUp {
				return false
			}
		default:
			return false
		}
	}
	return true
}

// hangupAll ends legs that belong to nothing; which selects, nil is all.
func (f *Floor) hangupAll(id ID, legs []telephony.Leg, which func(telephony.Leg) bool) {
	for _, l := range legs {
		if which == nil || which(l) {
			f.out.Effects = append(f.out.Effects, CallEffect{id, DoHangup{l.ID, telephony.CauseNormal}})
		}
	}
}

// settle brings the known calls up to date with what the PBX says of their legs, and repeats to it what they need.
func (f *Floor) settle(present map[telephony.LegID]telephony.Leg, now time.Time) {
	for _, id := range sortedKeys(f.calls) {
		c, ok := f.calls[id]
		if !ok {
			continue // ended by what became of another
		}
		legs := c.Legs()
		for _, l := range legs {
			p, alive := present[l.ID]
			switch {
			case !alive:
				f.apply(id, Vanished{At: now, Leg: l.ID})
				delete(f.legs, l.ID)
			case p.State == telephony.LegUp && l.State != telephony.LegUp:
				f.apply(id, PBX{telephony.LegAnswered{At: now, Leg: l.ID}})
			case p.State == telephony.LegRinging && l.State == telephony.LegDown:
				f.apply(id, PBX{telephony.LegRang{At: now, Leg: l.ID}})
			}
		}
		for _, l := range legs {
			p, alive := present[l.ID]
			switch {
			case !alive:
				continue
			case p.Parked && !l.Parked:
				f.apply(id, PBX{telephony.LegParked{At: now, Leg: l.ID}})
			case p.Bridge == BridgeOf(id) && !l.Bridged, p.Bridge == AsideOf(id) && !l.Aside:
				f.apply(id, PBX{telephony.LegJoined{At: now, Leg: l.ID, Bridge: p.Bridge}})
			case p.Bridge == "" && !p.Parked && l.Bridged:
				f.apply(id, PBX{telephony.LegLeft{At: now, Leg: l.ID, Bridge: BridgeOf(id)}})
			case p.Bridge == "" && !p.Parked && l.Aside:
				f.apply(id, PBX{telephony.LegLeft{At: now, Leg: l.ID, Bridge: AsideOf(id)}})
			}
			if p.Marks[markCall] == "" { // it could not be marked before the link went
				f.out.Effects = append(f.out.Effects, CallEffect{id, DoMark{l.ID, c.marksOf(l.Role)}})
			}
		}
		f.apply(id, Missing{now})
		f.apply(id, Reasserted{now})
	}
}

// adopt rebuilds a call from its legs, and from its record where there is one.
func (f *Floor) adopt(id ID, legs []telephony.Leg, now time.Time) {
	known, restored := f.calls[id]
	var c Call
	if restored {
		c = *known
		c.Version++
	} else {
		c = Call{ID: id, Version: f.opt.VersionBase + 1}
	}
	spare := f.assign(&c, legs, restored, now)
	if c.Consult != nil && c.Consult.Blind && c.Operator != nil { // who transferred the call was to leave it
		spare = append(spare, c.Operator.ID)
		c.Operator = nil
	}
	if c.Direction == Inbound && c.EnqueuedAt == nil {
		started := c.StartedAt
		c.EnqueuedAt = &started
	}
	var effects []Effect
	for _, l := range spare {
		effects = append(effects, DoHangup{l, telephony.CauseNormal})
	}
	if !restored {
		c.Match = pendingMatch(c.CustomerNumber())
		c.Route = []RouteStep{{At: c.StartedAt, Kind: RouteEntered}}
		effects = append(effects, LookUp{Number: c.CustomerNumber()})
	}
	effects = append(effects, f.place(&c, now)...)
	if c.Guest != nil && (c.Customer == nil || c.State == StateQueued) { // nobody is left who wanted them
		effects = append(effects, DoHangup{c.Guest.ID, telephony.CauseNormal})
		c.Guest, c.Consult = nil, nil
	}
	f.store(&Call{ID: id}, &c, effects)
	for _, o := range f.q.Operators { // the record may name another, or one whose leg is gone
		if o.Has(string(id)) && !c.Involves(o.ID) {
			f.free(o, id)
		}
	}
	f.occupy(&c, now)
	if n := f.calls[id]; n != nil && n.Consult != nil {
		f.occupyBy(n.Consult.OperatorID, n, now)
	}
}

// assign gives the legs to the call and returns those that are too many: several phones may have been rung in vain.
func (f *Floor) assign(c *Call, legs []telephony.Leg, restored bool, now time.Time) (spare []telephony.LegID) {
	nearness := func(l telephony.Leg) int {
		switch {
		case l.Bridge == BridgeOf(c.ID):
			return 2
		case l.State == telephony.LegUp:
			return 1
		}
		return 0
	}
	legs = slices.Clone(legs)
	sort.SliceStable(legs, func(i, j int) bool {
		a, b := legs[i], legs[j]
		if nearness(a) != nearness(b) {
			return nearness(a) > nearness(b)
		}
		return a.Created.After(b.Created)
	})
	for _, l := range legs {
		role := Role(l.Marks[markRole])
		if !restored {
			c.Direction = Inbound
			if Direction(l.Marks[markDir]) == Outbound {
				c.Direction = Outbound
			}
			c.StartedAt = fromMillis(l.Marks[markStarted], l.Created)
			if q := l.Marks[markQueue]; q != "" {
				c.QueueID = q
			}
		}
		leg := &Leg{
			ID: l.ID, Role: role, State: l.State, Parked: l.Parked,
			Bridged: l.Bridge == BridgeOf(c.ID), Aside: l.Bridge == AsideOf(c.ID), Desk: l.Marks[markDesk] == "1",
		}
		muted := l.Marks[markMuted] == "1"
		switch {
		case role == RoleGuest && c.Guest != nil:
			spare = append(spare, l.ID)
			continue
		case role == RoleGuest:
			leg.Muted, leg.muteAsked, leg.muteUnsure = muted, muted, true
			c.Guest, c.Consult = leg, f.consultOf(l, now)
		case role == RoleOperator && c.Operator != nil, role != RoleOperator && c.Customer != nil:
			spare = append(spare, l.ID)
			continue
		case role == RoleOperator:
			c.Operator, c.OperatorID = leg, l.Marks[markOperator]
			c.Muted = muted
			c.muteAsked, c.muteUnsure = c.Muted, true // the former owner may not have got to mark the last change
		default:
			leg.Role, leg.Muted, leg.muteAsked, leg.muteUnsure = RoleCustomer, muted, muted, l.Marks[markAnswered] != ""
			c.Customer = leg
			f.assignCustomer(c, l, restored, now)
		}
		f.own(c.ID, l.ID)
	}
	return spare
}

// assignCustomer takes what the customer's leg tells of the call.
func (f *Floor) assignCustomer(c *Call, l telephony.Leg, restored bool, now time.Time) {
	if c.Direction == Inbound {
		if c.From.Number == (customers.Number{}) {
			c.From.Number = f.opt.Normalize(l.Party.Number)
		}
		c.From.Name = l.Party.Name
		c.To = Party{Number: f.opt.Normalize(l.Dialed)}
	} else if n := l.Marks[markNumber]; n != "" && c.To.Number == (customers.Number{}) {
		c.To = Party{Number: f.opt.Normalize(n)}
	}
	if ta := l.Marks[markAnswered]; ta != "" {
		at := fromMillis(ta, now)
		c.AnsweredAt, c.talked = &at, l.Marks[markOperator]
	}
	c.away = l.Marks[markAway] == flag(true)
	if since := fromMillis(l.Marks[markParked], time.Time{}); !since.IsZero() {
		c.Parking = &Parking{By: c.talked, Since: since, Until: since.Add(parkTime)}
	}
	if !restored && c.OperatorID == "" && (c.AnsweredAt != nil || c.Direction == Outbound) {
		c.OperatorID = l.Marks[markOperator]
	}
}

// place derives the state of an adopted call from where its legs are. What its state demands of the PBX follows in settle.
func (f *Floor) place(c *Call, now time.Time) []Effect {
	cust, op := c.Customer, c.Operator
	opUp := op != nil && op.State == telephony.LegUp
	policy := f.policy(c)
	_, queued := f.q.Queues[c.QueueID]
	keep := now.Add(cmp.Or(max(policy.RescueFor, 0), keepDefault))
	c.Since = now
	if op != nil {
		c.Parking = nil
	}
	if c.placeConsult() {
		return nil
	}
	switch {
	case cust == nil && op != nil && c.Direction == Outbound && c.AnsweredAt == nil && !opUp:
		c.State, op.due = StateNew, now.Add(selfTimeout+offerGrace)
	case cust == nil:
		c.State = StateRinging // the customer went while nobody watched: see Missing
	case op == nil && c.rejoining():
		c.State, c.rescueUntil = StateRescuing, keep
		return []Effect{Enqueue{Since: c.StartedAt, Head: true, Only: c.talked, OnlyUntil: keep}}
	case op == nil && c.Parking != nil:
		c.State, c.OperatorID = StateQueued, ""
		return []Effect{c.parked()}
	case op == nil && queued:
		c.State, c.OperatorID = StateQueued, ""
		return []Effect{Enqueue{Since: c.StartedAt, Head: c.AnsweredAt != nil}}
	case op == nil && c.talked != "":
		c.State, c.OperatorID = StateQueued, ""
		return []Effect{c.kept(now, false)}
	case op == nil:
		c.State = StateRinging
		cust.dying, cust.due = telephony.CauseNormal, now.Add(hangupPatience) // there is nobody to speak with
	case cust.Bridged && op.Bridged:
		c.State = StateTalking
		if c.AnsweredAt == nil {
			c.AnsweredAt = &now
		}
		c.talked, c.Since = c.OperatorID, *c.AnsweredAt
		if c.away { // they have just met
			c.away = false
			return []Effect{DoMark{cust.ID, telephony.Marks{markOperator: c.talked, markAway: flag(false), markParked: flag(false)}}}
		}
	case c.rejoining() && opUp && cust.Parked:
		c.State = StateHeld
	case c.Direction == Outbound && c.AnsweredAt == nil:
		c.State = StateRinging
		if cust.State != telephony.LegUp {
			cust.due = now.Add(dialTimeout + offerGrace)
		}
	case opUp:
		c.State = StateRinging
	default:
		c.State = StateRinging
		if op.State == telephony.LegDown {
			c.State = StateOffered
		}
		until := now.Add(cmp.Or(max(policy.RingTimeout, 0), ringDefault))
		c.OfferUntil, op.due = &until, until.Add(offerGrace)
		c.Attempts = max(c.Attempts, 1)
		if c.rejoining() {
			c.rescueUntil = keep
		}
	}
	return nil
}

func fromMillis(s string, otherwise time.Time) time.Time {
	if ms, err := strconv.ParseInt(s, 10, 64); err == nil && ms > 0 {
		return time.UnixMilli(ms)
	}
	return otherwise
}
