package calls

import (
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
			if p := f.policy(c); p.WrapUp > 0 {
				until := r.End.At.Add(p.WrapUp)
				c.WrapUpUntil = &until
			}
		} else {
			c.State, c.Since = StateQueued, now
		}
		f.calls[c.ID] = c
		f.out.Changes = append(f.out.Changes, Change{Call: &c})
		f.occupy(c)
		f.out.Effects = append(f.out.Effects, CallEffect{c.ID, LookUp{Number: c.CustomerNumber()}})
	}
}

func (r OpenRecord) call() Call {
	c := Call{
		ID: r.ID, Direction: r.Direction, QueueID: r.QueueID, OperatorID: r.OperatorID,
		StartedAt: r.StartedAt, AnsweredAt: r.AnsweredAt, End: r.End, Match: pendingMatch(r.Number),
		Route: []RouteStep{{At: r.StartedAt, Kind: RouteEntered}},
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

// occupy marks the call's operator busy with it.
func (f *Floor) occupy(c Call) {
	if c.OperatorID == "" {
		return
	}
	if o := f.q.Operators[c.OperatorID]; o != nil && o.Busy == "" {
		o.Busy = string(c.ID)
	}
	f.touchOperator(c.OperatorID)
}

// reconcile makes the floor agree with the PBX after a (re)connection: what it no longer has has ended, what it has and we do not
// know is adopted by its marks, what nobody can explain goes back to the dialplan.
func (f *Floor) reconcile(e telephony.LinkUp, now time.Time) {
	f.linkUp, f.startedAt = true, e.StartedAt
	f.out.Changes = append(f.out.Changes, Change{Notice: &Notice{ID: f.opt.NewID(), At: now, Kind: NoticePBXUp, Text: e.Node}})
	online := map[string]bool{}
	for _, ep := range e.Endpoints {
		if id, ok := OperatorOf(ep.Name); ok {
			online[id] = ep.Online
		}
	}
	for id, o := range f.q.Operators {
		if o.PhoneOnline != online[id] {
			o.PhoneOnline = online[id]
			f.touchOperator(id)
		}
	}
	present := map[telephony.LegID]telephony.Leg{}
	byCall := map[ID][]telephony.Leg{}
	for _, l := range e.Legs {
		present[l.ID] = l
		if id := ID(l.Marks[markCall]); id != "" {
			byCall[id] = append(byCall[id], l)
		} else if _, known := f.legs[l.ID]; !known {
			f.out.Effects = append(f.out.Effects, CallEffect{Effect: DoReturn{l.ID}})
		}
	}
	for _, id := range sortedIDs(byCall) {
		if c, known := f.calls[id]; !known || (c.Customer == nil && c.Operator == nil && c.End == nil) {
			f.adopt(id, byCall[id], now)
		}
	}
	f.settle(present, now)
}

func sortedIDs(m map[ID][]telephony.Leg) []ID {
	out := make([]ID, 0, len(m))
	for id := range m {
		out = append(out, id)
	}
	sort.Slice(out, func(i, j int) bool { return out[i] < out[j] })
	return out
}

// settle brings the known calls up to date with what the PBX says of their legs.
func (f *Floor) settle(present map[telephony.LegID]telephony.Leg, now time.Time) {
	var ids []ID
	for id := range f.calls {
		ids = append(ids, id)
	}
	sort.Slice(ids, func(i, j int) bool { return ids[i] < ids[j] })
	for _, id := range ids {
		c := f.calls[id]
		for _, l := range c.Legs() {
			p, alive := present[l.ID]
			if !alive {
				f.apply(id, PBX{telephony.LegEnded{At: now, Leg: l.ID}})
				delete(f.legs, l.ID)
				continue
			}
			if p.State == telephony.LegUp {
				f.apply(id, PBX{telephony.LegAnswered{At: now, Leg: l.ID}})
			}
			switch {
			case p.Parked && !l.Parked:
				f.apply(id, PBX{telephony.LegParked{At: now, Leg: l.ID}})
			case p.Bridge == BridgeOf(id) && !l.Bridged:
				f.apply(id, PBX{telephony.LegJoined{At: now, Leg: l.ID, Bridge: p.Bridge}})
			case p.Bridge == "" && !p.Parked && l.Bridged:
				f.apply(id, PBX{telephony.LegLeft{At: now, Leg: l.ID}})
			}
		}
		c, alive := f.calls[id]
		if alive && c.Live() && c.Customer == nil && c.Operator == nil {
			f.lost(c, now)
		}
	}
}

// lost closes a restored call of which the PBX has no leg any more: it ended while nobody watched.
func (f *Floor) lost(c Call, now time.Time) {
	n := c
	n.Version++
	s := &step{c: n}
	end := End{At: now, Result: ResultAbandoned, By: BySystem}
	if c.AnsweredAt != nil {
		end.Result = ResultAnswered
	} else if c.Direction == Outbound {
		end.Result = ResultFailed
	}
	s.finish(now, end, f.policy(c))
	f.store(c, s.c, s.effects)
}

// adopt rebuilds a call from its legs.
func (f *Floor) adopt(id ID, legs []telephony.Leg, now time.Time) {
	c, restored := f.calls[id]
	for _, l := range legs {
		role := Role(l.Marks[markRole])
		if !restored {
			c.ID, c.Version = id, f.opt.VersionBase+1
			c.Direction = Direction(l.Marks[markDir])
			c.StartedAt = fromMillis(l.Marks[markStarted], l.Created)
			if q := l.Marks[markQueue]; q != "" {
				c.QueueID = q
			}
			if role == RoleCustomer && c.Direction == Inbound {
				c.From = Party{Number: f.opt.Normalize(l.Party.Number), Name: l.Party.Name}
				c.To = Party{Number: f.opt.Normalize(l.Dialed)}
			}
			if n := l.Marks[markNumber]; n != "" {
				c.To = Party{Number: f.opt.Normalize(n)}
			}
		} else {
			c.Version++
		}
		leg := &Leg{ID: l.ID, Role: role, State: l.State, Parked: l.Parked, Bridged: l.Bridge == BridgeOf(id) && l.Bridge != ""}
		if role == RoleOperator {
			c.Operator = leg
			c.OperatorID = l.Marks[markOperator]
		} else {
			c.Customer = leg
			if ta := l.Marks[markAnswered]; ta != "" {
				at := fromMillis(ta, now)
				c.AnsweredAt = &at
				if c.OperatorID == "" {
					c.OperatorID = l.Marks[markOperator]
				}
			}
		}
		f.legs[l.ID] = id
	}
	if c.Direction == Inbound && c.EnqueuedAt == nil {
		started := c.StartedAt
		c.EnqueuedAt = &started
	}
	if !restored {
		c.Match = pendingMatch(c.CustomerNumber())
		c.Route = []RouteStep{{At: c.StartedAt, Kind: RouteEntered}}
	}
	f.place(c, restored, now)
}

// place derives the state of an adopted call from where its legs are.
func (f *Floor) place(c Call, restored bool, now time.Time) {
	cust, op := c.Customer, c.Operator
	var effects []Effect
	c.Since = now
	switch {
	case cust == nil && op != nil && c.Direction == Outbound && c.AnsweredAt == nil && op.State != telephony.LegUp:
		c.State = StateNew
	case cust == nil && op != nil:
		// The customer went while nobody watched: the operator's leg follows, and they write.
		effects = append(effects, DoHangup{op.ID, telephony.CauseNormal})
		c.State = StateQueued
	case op == nil && c.AnsweredAt != nil:
		c.State = StateRescuing
		effects = append(effects, DoPark{cust.ID}, Enqueue{Since: c.StartedAt, Head: true, Only: c.OperatorID, OnlyFor: true, OnlyStart: now})
	case op == nil && c.Direction == Outbound:
		effects = append(effects, DoHangup{cust.ID, telephony.CauseNormal})
		c.State = StateRinging
	case op == nil:
		c.State, c.OperatorID = StateQueued, ""
		effects = append(effects, Enqueue{Since: c.StartedAt})
		if !cust.Parked {
			effects = append(effects, DoAnswer{cust.ID}, DoPark{cust.ID})
		}
	case cust.Bridged && op.Bridged:
		c.State = StateTalking
		if c.AnsweredAt == nil {
			c.AnsweredAt = &now
		}
		c.Since = *c.AnsweredAt
	case c.AnsweredAt != nil && cust.Parked && op.State == telephony.LegUp:
		c.State = StateHeld
	case c.Direction == Outbound:
		c.State = StateRinging
		if cust.State == telephony.LegUp && op.State == telephony.LegUp {
			effects = append(effects, DoRingback{op.ID, false}, DoJoin{BridgeOf(c.ID), []telephony.LegID{cust.ID, op.ID}})
		}
	case op.State == telephony.LegUp:
		c.State = StateRinging
		effects = append(effects, DoJoin{BridgeOf(c.ID), []telephony.LegID{cust.ID, op.ID}})
	default:
		c.State = StateRinging
		if op.State == telephony.LegDown {
			c.State = StateOffered
		}
		until := now.Add(20 * time.Second)
		if p := f.policy(c); p.RingTimeout > 0 {
			until = now.Add(p.RingTimeout)
		}
		c.OfferUntil = &until
		c.Attempts = max(c.Attempts, 1)
	}
	if !restored {
		effects = append(effects, LookUp{Number: c.CustomerNumber()})
	}
	f.calls[c.ID] = c
	f.store(Call{ID: c.ID}, c, effects)
	f.occupy(c)
	if cust == nil && op != nil && c.State == StateQueued {
		f.lost(c, now)
	}
}

func fromMillis(s string, otherwise time.Time) time.Time {
	if ms, err := strconv.ParseInt(s, 10, 64); err == nil && ms > 0 {
		return time.UnixMilli(ms)
	}
	return otherwise
}
