package calls

import (
	"strings"
	"time"

	"github.com/pult-cc/pult/internal/customers"
	"github.com/pult-cc/pult/internal/errs"
	"github.com/pult-cc/pult/telephony"
	"github.com/pult-cc/pult/telephony/queues"
)

// Person is who may serve on the floor.
type Person struct {
	ID     string
	Login  string
	Name   string
	Queues []string // ids
}

// FloorOptions are what a floor needs of the world, all pure.
type FloorOptions struct {
	Normalize func(raw string) customers.Number
	// ParseDialed turns what an operator typed into a number to dial, or an errs.Invalid error with the field "number".
	ParseDialed func(text string) (customers.Number, error)
	NewID       func() string
	// VersionBase is where versions of adopted calls, operators and queues start, so that they grow over a change of owner.
	VersionBase uint64
}

// VersionBaseAt makes a VersionBase from the time at which an owner starts. It stays below 2^31, GraphQL's Int, until 2033.
func VersionBaseAt(t time.Time) uint64 { return uint64(max(t.Unix()-1_750_000_000, 0)) * 8 }

// Floor ties calls, queues and operators together. It does no I/O and reads no clock; it is owned by one goroutine. Every method
// that changes it leaves changes and effects to be collected by Take.
type Floor struct {
	opt       FloorOptions
	calls     map[ID]Call
	legs      map[telephony.LegID]ID
	q         *queues.State
	people    map[string]Person
	opViews   map[string]Operator
	qViews    map[string]Queue
	linkUp    bool
	startedAt time.Time // of the PBX

	dirtyOps    map[string]struct{}
	dirtyQueues map[string]struct{}
	out         Outcome
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
}

// NewFloor makes an empty floor.
func NewFloor(opt FloorOptions) *Floor {
	return &Floor{
		opt: opt, calls: map[ID]Call{}, legs: map[telephony.LegID]ID{}, q: queues.NewState(), people: map[string]Person{},
		opViews: map[string]Operator{}, qViews: map[string]Queue{},
		dirtyOps: map[string]struct{}{}, dirtyQueues: map[string]struct{}{},
	}
}

// SetDirectory installs queues, people and their declared availability (used for people not yet known; the living state wins).
func (f *Floor) SetDirectory(qs []queues.Queue, people []Person, declared []queues.Declared, now time.Time) {
	f.q.Queues = map[string]queues.Queue{}
	for _, q := range qs {
		f.q.Queues[q.ID] = q
		f.dirtyQueues[q.ID] = struct{}{}
	}
	byID := map[string]queues.Declared{}
	for _, d := range declared {
		byID[d.OperatorID] = d
	}
	ops := map[string]*queues.Operator{}
	f.people = map[string]Person{}
	for _, p := range people {
		f.people[p.ID] = p
		o := f.q.Operators[p.ID]
		if o == nil {
			d, ok := byID[p.ID]
			if !ok {
				d = queues.Declared{OperatorID: p.ID, Availability: queues.Offline, Since: now, IdleSince: now}
			}
			o = &queues.Operator{ID: p.ID, Declared: d}
		}
		o.Queues = p.Queues
		ops[p.ID] = o
		f.dirtyOps[p.ID] = struct{}{}
	}
	f.q.Operators = ops
}

// Knows tells whether the person is in the floor's directory.
func (f *Floor) Knows(operatorID string) bool {
	_, ok := f.people[operatorID]
	return ok
}

// Decide hands waiting calls to free operators.
func (f *Floor) Decide(now time.Time) {
	if !f.linkUp {
		return
	}
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
	ring := f.policy(f.calls[ID(o.CallID)]).RingTimeout
	if ring <= 0 {
		ring = 20 * time.Second
	}
	f.touchOperator(o.OperatorID)
	f.apply(ID(o.CallID), Offered{At: now, OperatorID: o.OperatorID, Until: now.Add(ring), Taken: taken})
}

// reposition tells waiting calls their place.
func (f *Floor) reposition() {
	place := map[string]int{}
	for _, w := range f.q.Waiting("") {
		place[w.QueueID]++
		if c, ok := f.calls[ID(w.CallID)]; ok && c.Position != place[w.QueueID] {
			f.apply(c.ID, Moved{place[w.QueueID]})
		}
	}
}

func (f *Floor) policy(c Call) queues.Queue { return f.q.Queues[c.QueueID] }

// apply runs one event through a call and gathers what follows.
func (f *Floor) apply(id ID, ev Event) {
	c, ok := f.calls[id]
	if !ok {
		return
	}
	n, effects := c.Apply(ev, f.policy(c))
	f.store(c, n, effects)
}

func (f *Floor) store(old, n Call, effects []Effect) {
	if n.Version != old.Version {
		f.calls[n.ID] = n
		for _, l := range n.Legs() {
			f.legs[l.ID] = n.ID
		}
		f.out.Changes = append(f.out.Changes, Change{Call: &n})
		if old.OperatorID != n.OperatorID || old.State != n.State {
			f.touchOperator(old.OperatorID)
			f.touchOperator(n.OperatorID)
			f.dirtyQueues[n.QueueID] = struct{}{}
		}
		if journalled(old, n) {
			f.out.Journal = append(f.out.Journal, n)
		}
	}
	for _, e := range effects {
		f.effect(n, e)
	}
	if n.State == StateEnded {
		f.forget(n)
	}
}

// forget drops an ended call; legs that still die are no news to anybody.
func (f *Floor) forget(c Call) {
	f.q.Remove(string(c.ID))
	for leg, id := range f.legs {
		if id == c.ID {
			delete(f.legs, leg)
		}
	}
	delete(f.calls, c.ID)
}

// journalled tells whether the record of a call has to be saved again.
func journalled(old, n Call) bool {
	chosen := func(c Call) customers.ID {
		if c.Match.Chosen == nil {
			return ""
		}
		return c.Match.Chosen.ID
	}
	return old.Version == 0 || old.OperatorID != n.OperatorID || (old.AnsweredAt == nil) != (n.AnsweredAt == nil) ||
		(old.End == nil) != (n.End == nil) || chosen(old) != chosen(n) || (old.State != n.State && n.State == StateEnded)
}

// effect carries out what concerns the floor and passes on the rest.
func (f *Floor) effect(c Call, e Effect) {
	switch e := e.(type) {
	case Enqueue:
		w := queues.Waiting{CallID: string(c.ID), QueueID: c.QueueID, Since: e.Since, Head: e.Head}
		if e.OnlyFor {
			keep := f.policy(c).RescueFor
			if keep <= 0 {
				keep = 20 * time.Second
			}
			w.Only, w.OnlyUntil = e.Only, e.OnlyStart.Add(keep)
		}
		f.q.Enqueue(w)
		f.dirtyQueues[c.QueueID] = struct{}{}
	case Dequeue:
		f.q.Remove(string(c.ID))
		f.dirtyQueues[c.QueueID] = struct{}{}
	case Release:
		f.release(c, e)
	default:
		f.out.Effects = append(f.out.Effects, CallEffect{c.ID, e})
	}
}

func (f *Floor) release(c Call, e Release) {
	o := f.q.Operators[e.OperatorID]
	if o == nil || o.Busy != string(c.ID) {
		return
	}
	o.Busy = ""
	if e.Worked {
		o.Declared.IdleSince = e.At
		f.saveDeclared(o)
	}
	if e.Pause != "" && o.Declared.Availability == queues.Ready {
		f.declare(o, queues.Paused, e.Pause, e.At)
		f.out.Changes = append(f.out.Changes, Change{Notice: &Notice{
			ID: f.opt.NewID(), At: e.At, Kind: NoticeMissedOffer, OperatorID: o.ID, CallID: c.ID, Text: e.Pause,
		}})
	}
	f.touchOperator(o.ID)
}

func (f *Floor) declare(o *queues.Operator, a queues.Availability, reason string, at time.Time) {
	o.Declared.Availability, o.Declared.PauseReason, o.Declared.Since = a, reason, at
	f.saveDeclared(o)
	f.touchOperator(o.ID)
}

func (f *Floor) saveDeclared(o *queues.Operator) { f.out.Declared = append(f.out.Declared, o.Declared) }

func (f *Floor) touchOperator(id string) {
	if id == "" {
		return
	}
	f.dirtyOps[id] = struct{}{}
	if o := f.q.Operators[id]; o != nil {
		for _, q := range o.Queues {
			f.dirtyQueues[q] = struct{}{}
		}
	}
}

// Deadline is when Tick may change something by the passing of time alone; zero when never.
func (f *Floor) Deadline(now time.Time) time.Time {
	next := f.q.NextDeadline(now)
	for _, c := range f.calls {
		if d := c.Deadline(); !d.IsZero() && (next.IsZero() || d.Before(next)) {
			next = d
		}
	}
	return next
}

// Tick lets time pass.
func (f *Floor) Tick(now time.Time) {
	for id, c := range f.calls {
		if d := c.Deadline(); !d.IsZero() && !now.Before(d) {
			f.apply(id, Ticked{now})
		}
	}
	f.Decide(now)
}

// Matched takes an answer to who is calling; a call that ended meanwhile is no matter.
func (f *Floor) Matched(id ID, m customers.Match) { f.apply(id, Matched{m}) }

// OriginateFailed takes the news that a leg could not be made.
func (f *Floor) OriginateFailed(id ID, leg telephony.LegID, now time.Time) {
	f.apply(id, OriginateFailed{At: now, Leg: leg})
	f.Decide(now)
}

// PBX takes an event of the PBX.
func (f *Floor) PBX(ev telephony.Event, now time.Time) {
	switch e := ev.(type) {
	case telephony.LinkUp:
		f.reconcile(e, now)
	case telephony.LinkDown:
		if f.linkUp {
			f.out.Changes = append(f.out.Changes, Change{Notice: &Notice{
				ID: f.opt.NewID(), At: now, Kind: NoticePBXDown, Text: e.Reason,
			}})
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
		f.apply(f.legs[e.Leg], PBX{e})
	case telephony.LegParked:
		f.apply(f.legs[e.Leg], PBX{e})
	case telephony.LegLeft:
		f.apply(f.legs[e.Leg], PBX{e})
	case telephony.LegEnded:
		id := f.legs[e.Leg]
		f.apply(id, PBX{e})
		delete(f.legs, e.Leg)
	case telephony.EndpointChanged:
		f.endpoint(e.Endpoint)
	}
	f.Decide(now)
}

func (f *Floor) endpoint(ep telephony.Endpoint) {
	id, ok := OperatorOf(ep.Name)
	if !ok {
		return
	}
	if o := f.q.Operators[id]; o != nil && o.PhoneOnline != ep.Online {
		o.PhoneOnline = ep.Online
		f.touchOperator(id)
	}
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
	f.legs[e.Leg.ID] = c.ID
	f.store(Call{}, c, effects)
}

// Command carries out a command or refuses it with an errs error.
func (f *Floor) Command(cmd Command, now time.Time) (Reply, error) {
	const op = "taking command"
	switch cmd.Kind {
	case CmdSetAvailability:
		return f.setAvailability(cmd, now)
	case CmdDial:
		return f.dial(cmd, now)
	case CmdNotify:
		if cmd.Notice == nil {
			return Reply{}, errs.E(errs.Invalid, op, "no notice")
		}
		f.out.Changes = append(f.out.Changes, Change{Notice: cmd.Notice})
		return Reply{}, nil
	case CmdProvisionPhone, CmdDropPhone, CmdReloadDirectory, CmdDemoCall:
		return Reply{}, errs.E(errs.Internal, op, "not a command of the floor")
	}
	c, ok := f.calls[cmd.CallID]
	if !ok {
		return Reply{}, errs.E(errs.Conflict, op, "the call has ended")
	}
	if err := f.permit(c, cmd); err != nil {
		return Reply{}, err
	}
	if cmd.Kind == CmdTake {
		return f.take(c, cmd, now)
	}
	f.apply(c.ID, Asked{At: now, Cmd: cmd})
	f.Decide(now)
	n, ok := f.calls[c.ID]
	if !ok { // the command ended it
		n = c
		n.State = StateEnded
	}
	return Reply{Call: &n}, nil
}

// permit refuses what is another's, or what the call's state does not allow. Pure.
func (f *Floor) permit(c Call, cmd Command) error {
	const op = "taking command"
	own := cmd.OperatorID != "" && cmd.OperatorID == c.OperatorID
	if !own && !cmd.Supervisor && cmd.Kind != CmdTake {
		return errs.E(errs.Forbidden, op, "the call is another operator's")
	}
	wrong := func() error {
		return errs.Ef(errs.Conflict, op, "not possible while the call is %s", strings.ToLower(string(c.State)))
	}
	talking := c.State == StateTalking || c.State == StateHeld
	switch cmd.Kind {
	case CmdAnswer, CmdDecline:
		if c.State != StateOffered && !(c.State == StateRinging && c.Direction == Inbound) {
			return wrong()
		}
	case CmdHangUp:
		if !c.Live() {
			return wrong()
		}
	case CmdHold:
		if c.State != StateTalking {
			return wrong()
		}
	case CmdResume:
		if c.State != StateHeld {
			return wrong()
		}
	case CmdSetMuted:
		if !talking && c.State != StateRinging {
			return wrong()
		}
	case CmdSendDigits:
		if c.State != StateTalking {
			return wrong()
		}
		if !validDigits(cmd.Digits) {
			return errs.Field(op, "digits", "only 0-9, A-D, *, # and commas, at most 64")
		}
	case CmdExtendWrapUp, CmdFinishWrapUp:
		if c.State != StateWrapUp {
			return wrong()
		}
	case CmdTake:
		if c.State != StateQueued {
			return wrong()
		}
	case CmdLinkCustomer, CmdUnlinkCustomer, CmdRetryMatch:
		if c.CustomerNumber().Kind != customers.NumberPublic && cmd.Kind == CmdRetryMatch {
			return errs.E(errs.Conflict, op, "there is no public number to ask about")
		}
	default:
		return errs.Ef(errs.Invalid, op, "unknown command %q", cmd.Kind)
	}
	if !f.linkUp {
		switch cmd.Kind {
		case CmdAnswer, CmdDecline, CmdHangUp, CmdHold, CmdResume, CmdSetMuted, CmdSendDigits, CmdTake:
			return errs.E(errs.Unavailable, op, "the telephone system is not reachable")
		}
	}
	return nil
}

func validDigits(s string) bool {
	if s == "" || len(s) > 64 {
		return false
	}
	return strings.Trim(s, "0123456789ABCD*#,") == ""
}

func (f *Floor) take(c Call, cmd Command, now time.Time) (Reply, error) {
	const op = "taking waiting call"
	o := f.q.Operators[cmd.OperatorID]
	switch {
	case o == nil:
		return Reply{}, errs.E(errs.NotFound, op, "no such operator")
	case !o.Serves(c.QueueID) && !cmd.Supervisor:
		return Reply{}, errs.E(errs.Forbidden, op, "the queue is not yours")
	case !o.PhoneOnline:
		return Reply{}, errs.E(errs.Conflict, op, "your phone is not registered")
	case o.Busy != "":
		return Reply{}, errs.E(errs.Conflict, op, "you have a call")
	}
	f.q.Remove(string(c.ID))
	o.Busy = string(c.ID)
	f.offer(queues.Offer{CallID: string(c.ID), OperatorID: o.ID, QueueID: c.QueueID}, now, true)
	f.reposition()
	n := f.calls[c.ID]
	return Reply{Call: &n}, nil
}

func (f *Floor) dial(cmd Command, now time.Time) (Reply, error) {
	const op = "dialling"
	o := f.q.Operators[cmd.OperatorID]
	switch {
	case o == nil:
		return Reply{}, errs.E(errs.NotFound, op, "no such operator")
	case !f.linkUp:
		return Reply{}, errs.E(errs.Unavailable, op, "the telephone system is not reachable")
	case !o.PhoneOnline:
		return Reply{}, errs.E(errs.Conflict, op, "your phone is not registered")
	case o.Busy != "":
		return Reply{}, errs.E(errs.Conflict, op, "you have a call")
	}
	number, err := f.opt.ParseDialed(cmd.Number)
	if err != nil {
		return Reply{}, err
	}
	c, effects := NewOutbound(ID(f.opt.NewID()), now, o.ID, Party{Name: f.people[o.ID].Name}, Party{Number: number, Name: cmd.Name})
	o.Busy = string(c.ID)
	f.touchOperator(o.ID)
	f.store(Call{}, c, effects)
	return Reply{Call: &c}, nil
}

func (f *Floor) setAvailability(cmd Command, now time.Time) (Reply, error) {
	const op = "setting availability"
	o := f.q.Operators[cmd.OperatorID]
	if o == nil {
		return Reply{}, errs.E(errs.NotFound, op, "no such operator")
	}
	switch cmd.Avail {
	case queues.Ready, queues.Offline:
		f.declare(o, cmd.Avail, "", now)
	case queues.Paused:
		f.declare(o, queues.Paused, cmd.Pause, now)
	default:
		return Reply{}, errs.Field(op, "availability", "READY, PAUSED or OFFLINE")
	}
	f.Decide(now)
	v := f.operatorView(o, now)
	return Reply{Operator: &v}, nil
}
