package calls

import (
	"strings"
	"time"

	"github.com/pult-cc/pult/internal/customers"
	"github.com/pult-cc/pult/telephony"
	"github.com/pult-cc/pult/telephony/health"
	"github.com/pult-cc/pult/telephony/quality"
	"github.com/pult-cc/pult/telephony/queues"
)

// FloorOptions are what a floor needs of the world, all pure.
type FloorOptions struct {
	Normalize func(raw string) customers.Number
	// ParseDialed turns what an operator typed into a number to dial, or an errs.Invalid error with the field "number".
	ParseDialed func(text string) (customers.Number, error)
	NewID       func() string
	// CallerID is the number shown to those we call; zero leaves it to the PBX.
	CallerID customers.Number
	// VersionBase is where versions of adopted calls, operators and queues start, so that they grow over a change of owner.
	VersionBase uint64
}

// VersionBaseAt makes a VersionBase from the time at which an owner starts. It stays below 2^31, GraphQL's Int, until 2033.
func VersionBaseAt(t time.Time) uint64 { return uint64(max(t.Unix()-1_750_000_000, 0)) * 8 }

// Floor ties calls, queues and operators together. It does no I/O and reads no clock; it is owned by one goroutine. Every method
// that changes it leaves changes and effects to be collected by Take.
type Floor struct {
	opt     FloorOptions
	calls   map[ID]*Call // values are never written to
	legs    map[telephony.LegID]ID
	legsOf  map[ID][]telephony.LegID // all that a call has had
	timed   map[ID]struct{}          // calls with a deadline
	tails   tails
	asks    asks
	past    *past
	q       *queues.State
	people  map[string]Person
	online  map[string]bool // operators whose phone is registered, known or not
	health  map[string]*health.Record
	reports map[string]reports // of health, lately
	linkUp  bool
	told    bool // the PBX has said what is there, once at least
	stirred bool // there may be something to decide

	opViews     map[string]Operator
	qViews      map[string]Queue
	retired     map[string]uint64 // versions of what was in the directory, should it come back
	tally       map[string]*tally // by queue
	shares      map[string]share  // of operators in the tally
	dirtyOps    map[string]struct{}
	dirtyQueues map[string]struct{}
	placed      uint64 // revision of the line whose places have been told
	out         Outcome
	inherited   map[ID]*quality.Record // of calls that a former owner has led
}

// CallEffect is an effect of one call.
type CallEffect struct {
	Call   ID
	Effect Effect
}

// Outcome is what came of the inputs since the last Take.
type Outcome struct {
	Changes  []Change
	Effects  []CallEffect
	Journal  []Call            // calls whose record is to be saved
	Declared []queues.Declared // availabilities to be saved
	Health   []*health.Record  // to be saved
}

// NewFloor makes an empty floor.
func NewFloor(opt FloorOptions) *Floor {
	return &Floor{
		opt: opt, calls: map[ID]*Call{}, legs: map[telephony.LegID]ID{}, legsOf: map[ID][]telephony.LegID{}, timed: map[ID]struct{}{}, tails: tails{}, asks: newAsks(), past: newPast(),
		q: queues.NewState(), people: map[string]Person{}, online: map[string]bool{}, health: map[string]*health.Record{}, reports: map[string]reports{},
		opViews: map[string]Operator{}, qViews: map[string]Queue{}, retired: map[string]uint64{}, tally: map[string]*tally{}, shares: map[string]share{},
		dirtyOps: map[string]struct{}{}, dirtyQueues: map[string]struct{}{},
	}
}

// Decide hands waiting calls to free operators, when anything of the line or of an operator has changed. What only time changes is
// for Tick.
func (f *Floor) Decide(now time.Time) {
	if !f.linkUp || !f.stirred {
		return
	}
	f.stirred = false
	for _, w := range f.q.Lapsed(now) {
		f.q.Remove(w.CallID)
		f.apply(ID(w.CallID), RescueOver{now})
	}
	for _, o := range f.q.Decide(now) {
		f.offer(o, now, false)
	}
	f.reposition()
}

func (f *Floor) offer(o queues.Offer, now time.Time, taken bool) {
	c, ok := f.calls[ID(o.CallID)]
	if !ok {
		return
	}
	ring := f.policy(c).RingTimeout
	if ring <= 0 {
		ring = ringDefault
	}
	f.touchOperator(o.OperatorID)
	f.dirtyQueues[o.QueueID] = struct{}{}
	f.apply(c.ID, Offered{At: now, OperatorID: o.OperatorID, Until: now.Add(ring), Taken: taken, Desk: f.people[o.OperatorID].Desk})
}

// reposition tells waiting calls their place, when the line has changed. A call that is kept for one operator has none.
func (f *Floor) reposition() {
	if f.placed == f.q.Revision() {
		return
	}
	f.placed = f.q.Revision()
	place := map[string]int{}
	f.q.Each(func(w *queues.Waiting) {
		if w.Only != "" {
			return
		}
		place[w.QueueID]++
		if c, ok := f.calls[ID(w.CallID)]; ok && c.Position != place[w.QueueID] {
			f.apply(c.ID, Moved{place[w.QueueID]})
		}
	})
}

// wrapUpDefault ends the wrap-up of a call outside all queues, such as one that was dialled: who forgets to would be offered nothing.
const wrapUpDefault = 2 * time.Minute

func (f *Floor) policy(c *Call) queues.Queue {
	if q, ok := f.q.Queues[c.QueueID]; ok {
		return q
	}
	return queues.Queue{WrapUp: wrapUpDefault}
}

// apply runs one event through a call and gathers what follows.
func (f *Floor) apply(id ID, ev Event) {
	c, ok := f.calls[id]
	if !ok {
		return
	}
	n, effects := c.Apply(ev, f.policy(c))
	f.store(c, &n, effects)
}

func (f *Floor) store(old, n *Call, effects []Effect) {
	if r := f.inherited[n.ID]; r != nil && n.Quality == nil {
		n.Quality = r
	}
	f.calls[n.ID] = n
	if n.deadline(true).IsZero() {
		delete(f.timed, n.ID)
	} else {
		f.timed[n.ID] = struct{}{}
	}
	if n.Version != old.Version {
		for _, l := range n.Legs() {
			f.own(n.ID, l.ID)
		}
		f.out.Changes = append(f.out.Changes, Change{Call: n})
		if old.OperatorID != n.OperatorID || old.State != n.State {
			f.touchOperator(old.OperatorID)
			f.touchOperator(n.OperatorID)
			f.countTalking(old, n)
		}
		for _, c := range []*Call{old, n} {
			if c.Consult != nil {
				f.touchOperator(c.Consult.OperatorID)
			}
		}
		if journalled(old, n) {
			f.out.Journal = append(f.out.Journal, *n)
		}
	}
	for _, e := range effects {
		f.effect(n, e)
	}
	f.turn(old, n)
	switch {
	case n.State == StateEnded:
		f.forget(n)
	case n.State == StateWrapUp && !f.writes(n):
		f.apply(n.ID, Asked{At: n.Since, Cmd: Command{Kind: CmdFinishWrapUp}})
	}
}

// writes tells whether somebody is there for the call's wrap-up: its operator may have left the directory, or may have another call
// by now, see occupy. Nobody else would end it.
func (f *Floor) writes(c *Call) bool {
	o := f.q.Operators[c.OperatorID]
	if o == nil {
		return false
	}
	f.forgetGone(o)
	if o.Busy == "" {
		o.Take(string(c.ID))
	}
	return o.Has(string(c.ID))
}

// own notes whose leg it is.
func (f *Floor) own(id ID, leg telephony.LegID) {
	if f.legs[leg] != id {
		f.legs[leg] = id
		f.legsOf[id] = append(f.legsOf[id], leg)
	}
}

// forget drops an ended call; legs that still die are no news to anybody.
func (f *Floor) forget(c *Call) {
	f.q.Remove(string(c.ID))
	for _, leg := range f.legsOf[c.ID] {
		delete(f.legs, leg)
	}
	delete(f.legsOf, c.ID)
	delete(f.calls, c.ID)
	delete(f.timed, c.ID)
	f.past.add(c.ID)
	f.asks.ended(c)
}

// free makes the operator available for another call, or gives them to one that they have in truth: see occupy.
func (f *Floor) free(o *queues.Operator, was ID) {
	o.Drop(string(was))
	for id, c := range f.calls {
		if o.Also == "" && id != was && c.Involves(o.ID) && c.State != StateEnded {
			o.Take(string(id))
		}
	}
	f.touchOperator(o.ID)
}

// journalled tells whether the record of a call has to be saved again.
func journalled(old, n *Call) bool {
	return old.Version == 0 || old.OperatorID != n.OperatorID || (old.AnsweredAt == nil) != (n.AnsweredAt == nil) ||
		(old.End == nil) != (n.End == nil) || chosen(old) != chosen(n) || (old.State != n.State && n.State == StateEnded)
}

func chosen(c *Call) customers.ID {
	if c.Match.Chosen == nil {
		return ""
	}
	return c.Match.Chosen.ID
}

// effect carries out what concerns the floor and passes on the rest.
func (f *Floor) effect(c *Call, e Effect) {
	switch e := e.(type) {
	case Enqueue:
		f.q.Enqueue(queues.Waiting{
			CallID: string(c.ID), QueueID: c.QueueID, Since: e.Since, Head: e.Head,
			Only: e.Only, OnlyUntil: e.OnlyUntil, NotBefore: e.NotBefore, Beside: e.Beside,
		})
		f.dirtyQueues[c.QueueID] = struct{}{}
		f.stirred = true
	case Dequeue:
		f.q.Remove(string(c.ID))
		f.dirtyQueues[c.QueueID] = struct{}{}
		f.stirred = true
	case Release:
		f.release(c, e)
	case Relay:
		f.relay(c.ID, e)
	case DoCloseBridge:
		if !f.tails.use(e.Bridge) {
			f.out.Effects = append(f.out.Effects, CallEffect{c.ID, e})
		}
	case Tell:
		f.notice(Notice{At: e.At, Kind: e.Kind, OperatorID: e.OperatorID, CallID: c.ID, Text: e.Text})
	case LookUp:
		e.Ask = f.asks.open(c.ID)
		f.out.Effects = append(f.out.Effects, CallEffect{c.ID, e})
	case Link:
		f.asks.wait(c.ID)
		f.out.Effects = append(f.out.Effects, CallEffect{c.ID, e})
	default:
		f.out.Effects = append(f.out.Effects, CallEffect{c.ID, e})
	}
}

func (f *Floor) release(c *Call, e Release) {
	o := f.q.Operators[e.OperatorID]
	if o == nil || !o.Has(string(c.ID)) {
		return
	}
	f.free(o, c.ID)
	if e.Worked {
		o.Declared.IdleSince = e.At
		f.saveDeclared(o)
	}
	if e.Pause != "" && o.Declared.Availability == queues.Ready && (o.Busy == "" || e.Pause == queues.PausePhone) {
		f.declare(o, queues.Paused, e.Pause, e.At)
		kind := NoticeMissedOffer
		if e.Pause == queues.PausePhone {
			kind = NoticePhoneLost
		}
		f.notice(Notice{At: e.At, Kind: kind, OperatorID: o.ID, CallID: c.ID, Text: e.Pause})
	}
}

func (f *Floor) notice(n Notice) {
	n.ID = f.opt.NewID()
	f.out.Changes = append(f.out.Changes, Change{Notice: &n})
}

func (f *Floor) declare(o *queues.Operator, a queues.Availability, reason string, at time.Time) {
	o.Declared.Availability, o.Declared.PauseReason, o.Declared.Since = a, reason, at
	f.saveDeclared(o)
	f.touchOperator(o.ID)
}

func (f *Floor) saveDeclared(o *queues.Operator) { f.out.Declared = append(f.out.Declared, o.Declared) }

func (f *Floor) touchOperator(id string) {
	if id != "" {
		f.dirtyOps[id] = struct{}{}
		f.stirred = true
	}
}

// Deadline is when Tick may change something by the passing of time alone; zero when never.
func (f *Floor) Deadline(now time.Time) time.Time {
	var next time.Time
	if f.linkUp {
		next = f.q.NextDeadline(now)
	}
	for id := range f.timed {
		if d := f.calls[id].deadline(f.linkUp); !d.IsZero() && (next.IsZero() || d.Before(next)) {
			next = d
		}
	}
	return next
}

// Tick lets time pass.
func (f *Floor) Tick(now time.Time) {
	for id := range f.timed {
		if d := f.calls[id].deadline(f.linkUp); !d.IsZero() && !now.Before(d) {
			f.apply(id, Ticked{now})
		}
	}
	f.stirred = true
	f.Decide(now)
}

// OriginateFailed takes the news that a leg could not be made. While there is no link it says nothing: reconcile will tell.
func (f *Floor) OriginateFailed(id ID, leg telephony.LegID, unsure bool, now time.Time) {
	if f.linkUp {
		f.apply(id, OriginateFailed{At: now, Leg: leg, Unsure: unsure})
		f.Decide(now)
	}
}

// JoinFailed takes the news that legs could not be brought together.
func (f *Floor) JoinFailed(id ID, legs []telephony.LegID, now time.Time) {
	if f.linkUp {
		f.apply(id, JoinFailed{At: now, Legs: legs})
		f.Decide(now)
	}
}

// Failed takes the news that a command for the call failed; what is still needed is asked for again.
func (f *Floor) Failed(id ID, now time.Time) { f.apply(id, Failed{now}) }

// Muted takes the news that a leg is muted, or no longer.
func (f *Floor) Muted(id ID, leg telephony.LegID, on bool) { f.apply(id, Muted{Leg: leg, On: on}) }

// PBX takes an event of the PBX.
func (f *Floor) PBX(ev telephony.Event, now time.Time) {
	switch e := ev.(type) {
	case telephony.LinkUp:
		f.reconcile(e, now)
	case telephony.LinkDown:
		if f.linkUp {
			f.notice(Notice{At: now, Kind: NoticePBXDown, Text: e.Reason})
		}
		f.linkUp = false
	case telephony.LegStarted:
		if id, ok := f.legs[e.Leg.ID]; ok {
			f.apply(id, PBX{e})
		} else {
			f.entered(e, now)
		}
	case telephony.LegRang:
		f.apply(f.legs[e.Leg], PBX{e})
	case telephony.LegAnswered:
		f.apply(f.legs[e.Leg], PBX{e})
	case telephony.LegJoined:
		f.tailMoved(e.Leg, e.Bridge)
		f.apply(f.legs[e.Leg], PBX{e})
	case telephony.LegParked:
		f.tailMoved(e.Leg, "")
		f.apply(f.legs[e.Leg], PBX{e})
	case telephony.LegLeft:
		f.apply(f.legs[e.Leg], PBX{e})
	case telephony.LegEnded:
		f.tailEnded(e.Leg)
		if e.RTP != nil {
			f.Measured(e.Leg, *e.RTP, now)
		}
		f.apply(f.legs[e.Leg], PBX{e})
		delete(f.legs, e.Leg)
	case telephony.EndpointChanged:
		f.endpoint(e.Endpoint, now)
	}
	f.Decide(now)
}

// entered takes a leg that came to us from the dialplan: Stasis(pult,queue,KEY).
func (f *Floor) entered(e telephony.LegStarted, now time.Time) {
	if len(e.Args) < 2 || e.Args[0] != "queue" {
		f.out.Effects = append(f.out.Effects, CallEffect{Effect: DoReturn{e.Leg.ID}})
		return
	}
	q, ok := f.q.QueueByKey(e.Args[1])
	if !ok {
		f.out.Effects = append(f.out.Effects, CallEffect{Effect: DoReturn{e.Leg.ID}})
		return
	}
	from := Party{Number: f.opt.Normalize(e.Leg.Party.Number), Name: strings.TrimSpace(e.Leg.Party.Name)}
	to := Party{Number: f.opt.Normalize(e.Leg.Dialed)}
	at := e.At
	if at.IsZero() {
		at = now
	}
	c, effects := NewInbound(ID(f.opt.NewID()), at, e.Leg, q.ID, from, to)
	f.store(&Call{}, &c, effects)
}
