package calls_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/pult-cc/pult/telephony"
	"github.com/pult-cc/pult/telephony/calls"
)

// world is a PBX with everybody at its far ends, in memory. It carries effects out lane by lane, as the engine does, when it is
// told to; commands may fail, or succeed without an answer; and while the link is down nobody hears what happens.
type world struct {
	s       *stand
	legs    map[telephony.LegID]*worldLeg
	lanes   map[string][]calls.CallEffect
	online  map[string]bool
	started time.Time
	down    bool
	lost    bool // the end of a leg was asked for in vain, maybe for a call that is forgotten
	next    int
	muted   map[telephony.LegID]bool
	mute    map[telephony.LegID]bool            // operators' phones from which nothing comes
	asked   []calls.CallEffect                  // who is to be listened to
	blank   map[telephony.LegID]telephony.LegID // legs left to their peers whose marks could not be written
}

type worldLeg struct {
	telephony.Leg
	outbound bool
	until    time.Time // when an unanswered one gives up
}

func newWorld(s *stand) *world {
	return &world{
		s: s, legs: map[telephony.LegID]*worldLeg{}, lanes: map[string][]calls.CallEffect{}, online: map[string]bool{}, started: epoch,
		down: true, muted: map[telephony.LegID]bool{}, blank: map[telephony.LegID]telephony.LegID{},
		mute: map[telephony.LegID]bool{},
	}
}

// fate is what becomes of a command.
type fate string

const (
	carriedOut fate = "carried out"
	refused    fate = "refused"        // it did nothing, and said so
	unanswered fate = "without a word" // it did what it should, but the answer got lost
)

// emit tells an event to whoever owns the floor; without a link it is lost.
func (w *world) emit(ev telephony.Event) {
	if !w.down {
		w.s.pbx(ev)
	}
	w.gather()
}

// gather puts the effects of the floor into their lanes.
func (w *world) gather() {
	for _, e := range w.s.take() {
		lane := ""
		switch d := e.Effect.(type) {
		case calls.DoOriginate:
			lane = string(d.Leg)
		case calls.DoHangup:
			lane = string(d.Leg)
		case calls.DoPark:
			lane = string(d.Leg)
		case calls.DoAnswer:
			lane = string(d.Leg)
		case calls.DoMark:
			lane = string(d.Leg)
		case calls.DoMute:
			lane = string(d.Leg)
		case calls.DoReturn:
			lane = string(d.Leg)
		case calls.DoJoin:
			lane = string(d.Legs[0])
		case calls.DoCloseBridge:
			lane = string(d.Bridge)
		case calls.DoListen:
			w.asked = append(w.asked, e)
			continue
		case calls.LookUp, calls.Link:
			w.s.f.Asked(e.Call)
			continue
		default:
			continue
		}
		w.lanes[lane] = append(w.lanes[lane], e)
	}
}

// listen answers the first question about who is heard.
func (w *world) listen() {
	if len(w.asked) == 0 {
		return
	}
	e := w.asked[0]
	w.asked = w.asked[1:]
	leg := e.Effect.(calls.DoListen).Leg
	w.s.f.Heard(e.Call, leg, w.legs[leg] != nil && !w.mute[leg], w.down || w.legs[leg] == nil, w.s.now)
	w.s.settle()
	w.gather()
}

// busy lists the lanes with work.
func (w *world) busy() []string { return slices.Sorted(maps.Keys(w.lanes)) }

// work lets a lane do its next command.
func (w *world) work(lane string, f fate) {
	e := w.lanes[lane][0]
	if w.lanes[lane] = w.lanes[lane][1:]; len(w.lanes[lane]) == 0 {
		delete(w.lanes, lane)
	}
	if w.down {
		f = refused
	}
	if _, end := e.Effect.(calls.DoHangup); end && f == refused {
		w.lost = true
	}
	if m, mark := e.Effect.(calls.DoMark); mark && f == refused && m.Marks["peer"] != "" {
		w.blank[m.Leg] = telephony.LegID(m.Marks["peer"])
	}
	ok := f != refused && w.carryOut(e)
	switch d := e.Effect.(type) {
	case calls.DoOriginate:
		if !ok || f == unanswered {
			w.s.f.OriginateFailed(e.Call, d.Leg, false, w.s.now)
			w.s.settle()
		}
	case calls.DoJoin:
		if !ok || f == unanswered {
			w.s.f.JoinFailed(e.Call, d.Legs, w.s.now)
			w.s.settle()
		}
	case calls.DoMute:
		if ok && f == carriedOut {
			w.s.f.Muted(e.Call, d.Leg, d.On)
			w.s.settle()
		}
	}
	if f != carriedOut {
		w.s.f.Failed(e.Call, w.s.now)
		w.s.settle()
	}
	w.gather()
}

// workAll lets the PBX do everything, without a fault.
func (w *world) workAll() {
	w.gather()
	for guard := 0; len(w.lanes)+len(w.asked) > 0; guard++ {
		if guard > 5000 {
			w.s.t.Fatalf("commands without end: %v", w.lanes)
		}
		if len(w.asked) > 0 {
			w.listen()
			continue
		}
		w.work(w.busy()[0], carriedOut)
	}
}

// carryOut does a command and reports false where the PBX would refuse it.
func (w *world) carryOut(e calls.CallEffect) bool {
	switch d := e.Effect.(type) {
	case calls.DoOriginate:
		if op, ok := calls.OperatorOf(d.Endpoint); ok && !w.online[op] {
			return false
		}
		if w.legs[d.Leg] == nil {
			w.legs[d.Leg] = &worldLeg{
				Leg:      telephony.Leg{ID: d.Leg, State: telephony.LegDown, Endpoint: d.Endpoint, Marks: maps.Clone(d.Marks), Created: w.s.now},
				outbound: true, until: w.s.now.Add(d.Timeout),
			}
		}
		return true
	case calls.DoHangup:
		w.end(d.Leg, telephony.Cause{Q850: d.Cause}, true)
		return true
	case calls.DoReturn:
		w.end(d.Leg, telephony.Cause{}, true)
		return true
	case calls.DoCloseBridge:
		for _, l := range w.sorted() {
			if l.Bridge == d.Bridge {
				w.leave(l)
			}
		}
		return true
	case calls.DoAnswer:
		return w.onLeg(d.Leg, func(l *worldLeg) {
			if l.State != telephony.LegUp {
				l.State = telephony.LegUp
				w.emit(telephony.LegAnswered{At: w.s.now, Leg: l.ID})
			}
		})
	case calls.DoMark:
		l := w.legs[d.Leg]
		if l != nil {
			maps.Copy(l.Marks, d.Marks)
		}
		return l != nil
	case calls.DoMute:
		return w.onLeg(d.Leg, func(l *worldLeg) { w.muted[l.ID] = d.On })
	case calls.DoPark:
		return w.onLeg(d.Leg, func(l *worldLeg) {
			if !l.Parked {
				w.leave(l)
				l.Parked = true
				w.emit(telephony.LegParked{At: w.s.now, Leg: l.ID})
			}
		})
	case calls.DoJoin:
		for _, id := range d.Legs {
			if l := w.legs[id]; l == nil || l.outbound && l.State != telephony.LegUp {
				return false
			}
		}
		for _, id := range d.Legs {
			if l := w.legs[id]; l != nil && l.Bridge != d.Bridge {
				w.leave(l)
				l.Parked, l.Bridge = false, d.Bridge
				w.emit(telephony.LegJoined{At: w.s.now, Leg: id, Bridge: d.Bridge})
			}
		}
		return true
	}
	return true
}

func (w *world) onLeg(id telephony.LegID, f func(*worldLeg)) bool {
	l := w.legs[id]
	if l == nil || l.outbound && l.State != telephony.LegUp {
		return false
	}
	f(l)
	return true
}

func (w *world) leave(l *worldLeg) {
	l.Parked = false
	if b := l.Bridge; b != "" {
		l.Bridge = ""
		w.emit(telephony.LegLeft{At: w.s.now, Leg: l.ID, Bridge: b})
	}
}

func (w *world) end(id telephony.LegID, cause telephony.Cause, byUs bool) {
	if l := w.legs[id]; l != nil {
		w.leave(l)
		delete(w.legs, id)
		w.emit(telephony.LegEnded{At: w.s.now, Leg: id, Cause: cause, ByUs: byUs})
	}
}

func (w *world) sorted() []*worldLeg {
	var out []*worldLeg
	for _, id := range slices.Sorted(maps.Keys(w.legs)) {
		out = append(out, w.legs[id])
	}
	return out
}

// callIn lets somebody call. Without a link the call stays with the dialplan.
func (w *world) callIn() {
	if w.down {
		return
	}
	w.next++
	l := &worldLeg{Leg: telephony.Leg{
		ID: telephony.LegID(fmt.Sprintf("in%d", w.next)), State: telephony.LegRinging, Created: w.s.now,
		Party: telephony.Party{Number: "+79161234567"}, Marks: telephony.Marks{},
	}}
	w.legs[l.ID] = l
	w.emit(telephony.LegStarted{At: w.s.now, Leg: l.Leg, Args: []string{"queue", "support"}})
}

func (w *world) ring(l *worldLeg) {
	if l.outbound && l.State == telephony.LegDown {
		l.State = telephony.LegRinging
		w.emit(telephony.LegRang{At: w.s.now, Leg: l.ID})
	}
}

func (w *world) answer(l *worldLeg) {
	if !l.outbound || l.State == telephony.LegUp {
		return
	}
	if w.down { // the PBX drops what finds no application
		delete(w.legs, l.ID)
		return
	}
	l.State = telephony.LegUp
	snapshot := l.Leg
	snapshot.Marks = maps.Clone(l.Marks)
	w.emit(telephony.LegStarted{At: w.s.now, Leg: snapshot})
	w.emit(telephony.LegAnswered{At: w.s.now, Leg: l.ID})
}

// talk answers the offered call.
func (w *world) talk(id calls.ID) {
	w.s.t.Helper()
	w.answer(w.legs[w.s.operatorLeg(id)])
	w.workAll()
	w.s.want(id, calls.StateTalking)
}

// phone lets an operator's device come or go.
func (w *world) phone(op string, online bool) {
	w.online[op] = online
	w.emit(telephony.EndpointChanged{At: w.s.now, Endpoint: telephony.Endpoint{Name: calls.EndpointOf(op), Online: online}})
}

// advance lets time pass, second by second, for the PBX as well.
func (w *world) advance(d time.Duration) {
	for range int(d / time.Second) {
		w.s.advance(time.Second)
		w.gather()
		for range len(w.asked) {
			w.listen()
		}
		for _, l := range w.sorted() {
			if l.outbound && l.State != telephony.LegUp && !w.s.now.Before(l.until) {
				w.end(l.ID, telephony.Cause{Q850: telephony.CauseNoAnswer}, false)
			}
		}
	}
}

func (w *world) cut() {
	if !w.down {
		w.emit(telephony.LinkDown{At: w.s.now, Reason: "cut"})
		w.down = true
	}
}

// restart takes everything away that a PBX forgets.
func (w *world) restart() {
	w.cut()
	w.started = w.s.now
	clear(w.legs)
	clear(w.online)
}

// connect tells the whole truth to whoever owns the floor.
func (w *world) connect() {
	w.down, w.lost = false, false
	w.emit(w.truth())
}

func (w *world) truth() telephony.LinkUp {
	up := telephony.LinkUp{At: w.s.now, StartedAt: w.started}
	for _, l := range w.sorted() {
		snapshot := l.Leg
		snapshot.Marks = maps.Clone(l.Marks)
		up.Legs = append(up.Legs, snapshot)
	}
	for _, op := range slices.Sorted(maps.Keys(w.online)) {
		up.Endpoints = append(up.Endpoints, telephony.Endpoint{Name: calls.EndpointOf(op), Online: w.online[op]})
	}
	return up
}

// inherit lets another owner take the floor over: from the history, less what the former owner did not get to save, and the PBX.
// What the former owner had not commanded yet is never commanded. A leg that was never marked begins anew.
func (w *world) inherit(unsaved int) {
	s := w.s.succeed()
	records := w.s.journal[:max(0, len(w.s.journal)-unsaved)]
	w.s, w.lanes, w.asked, w.down = s, map[string][]calls.CallEffect{}, nil, true
	s.f.Restore(openRecords(records), s.now)
	s.settle()
	s.journal = append(slices.Clone(records), s.journal...)
	var fresh []*worldLeg
	for _, l := range w.sorted() {
		if !l.outbound && len(l.Marks) == 0 {
			fresh = append(fresh, l)
			delete(w.legs, l.ID)
		}
	}
	w.connect()
	for _, l := range fresh {
		w.legs[l.ID] = l
		w.emit(telephony.LegStarted{At: s.now, Leg: l.Leg, Args: []string{"queue", "support"}})
	}
}

// openRecords is what the history holds as not closed after these records were saved, one after the other.
func openRecords(saved []calls.Call) []calls.OpenRecord {
	last := map[calls.ID]calls.Call{}
	for _, c := range saved {
		if last[c.ID].State != calls.StateEnded || c.State == calls.StateEnded {
			last[c.ID] = c
		}
	}
	var out []calls.OpenRecord
	for _, id := range slices.Sorted(maps.Keys(last)) {
		c := last[id]
		if c.State == calls.StateEnded {
			continue
		}
		r := calls.OpenRecord{
			ID: c.ID, Direction: c.Direction, QueueID: c.QueueID, OperatorID: c.OperatorID, Number: c.CustomerNumber(),
			StartedAt: c.StartedAt, AnsweredAt: c.AnsweredAt, End: c.End,
		}
		if c.Match.Chosen != nil {
			r.CustomerID, r.CustomerName = c.Match.Chosen.ID, c.Match.Chosen.Name
		}
		out = append(out, r)
	}
	return out
}

// String describes the world for a failing test.
func (w *world) String() string {
	var b strings.Builder
	for _, l := range w.sorted() {
		fmt.Fprintf(&b, "leg %s %s bridge=%q parked=%v marks=%v\n", l.ID, l.State, l.Bridge, l.Parked, l.Marks)
	}
	for _, id := range slices.Sorted(maps.Keys(w.s.calls)) {
		if c := w.s.calls[id]; c.State != calls.StateEnded {
			fmt.Fprintf(&b, "call %s %s of %q, customer %+v, operator %+v, guest %+v, consult %+v\n", id, c.State, c.OperatorID, c.Customer, c.Operator, c.Guest, c.Consult)
		}
	}
	for _, id := range slices.Sorted(maps.Keys(w.s.ops)) {
		o := w.s.ops[id]
		fmt.Fprintf(&b, "operator %s %s %s phone=%v call=%q\n", id, o.Availability, o.Presence, o.PhoneOnline, o.CallID)
	}
	return b.String()
}
