package calls_test

import (
	"fmt"
	"maps"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/pult-cc/pult/telephony"
	"github.com/pult-cc/pult/telephony/calls"
	"github.com/pult-cc/pult/telephony/queues"
)

var operators = []string{"anna", "boris", "vera"}

// TestNoSequenceBreaksTheFloor: whatever the network, the phones, the people and the owners of the floor do, in any order, with
// commands that fail or lose their answers: an operator never has more than two calls, nor speaks in two of them, versions grow by one (see stand.settle), when
// the trouble is over nobody is left in silence and no leg without a call, and once all have hung up the floor is empty.
func TestNoSequenceBreaksTheFloor(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		w := newWorld(newStand(rt, operators...))
		if rapid.Bool().Draw(rt, "desk") {
			w.s.desks = map[string]bool{"anna": true}
			w.s.directory(operators...)
		}
		for _, o := range operators {
			w.online[o] = true
		}
		w.connect()
		for range rapid.IntRange(1, 80).Draw(rt, "steps") {
			w.step(rt)
			w.check(rt)
		}
		w.calm(rt)
		w.goHome(rt)
	})
}

// TestNoSequenceBreaksAConsultation is the same from the middle of a consultation, with more of what can be done there.
func TestNoSequenceBreaksAConsultation(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		w := newWorld(newStand(rt, operators...))
		if rapid.Bool().Draw(rt, "desk") {
			w.s.desks = map[string]bool{"anna": true}
			w.s.directory(operators...)
		}
		for _, o := range operators {
			w.online[o] = true
		}
		w.connect()
		w.callIn()
		w.workAll()
		id := w.live()[0]
		w.talk(id)
		to := &calls.Target{OperatorID: "boris"}
		if rapid.Bool().Draw(rt, "outside") {
			to = &calls.Target{Number: "+74957654321"}
		}
		kind := calls.CmdConsult
		if to.Number != "" && rapid.Bool().Draw(rt, "blind") {
			kind = calls.CmdTransfer
		}
		w.s.must(calls.Command{Kind: kind, CallID: id, OperatorID: "anna", To: to})
		w.gather()
		if rapid.Bool().Draw(rt, "reached") {
			w.workAll()
			w.answer(w.legs[w.s.calls[id].Guest.ID])
			if rapid.Bool().Draw(rt, "settled") {
				w.workAll()
			}
		}
		more := []string{"third", "party", "party", "party", "work", "work", "answer", "ring"}
		for range rapid.IntRange(1, 40).Draw(rt, "steps") {
			w.step(rt, more...)
			w.check(rt)
		}
		w.calm(rt)
		w.goHome(rt)
	})
}

// step lets one thing happen.
func (w *world) step(t *rapid.T, more ...string) {
	w.act(t, append([]string{
		"work", "work", "work", "work", "work all", "in", "ring", "answer", "answer", "end", "phone", "renew", "command", "command", "command", "third", "beat",
		"mute", "listen", "drop",
		"availability", "dial", "time", "link", "restart", "owner", "directory",
	}, more...)...)
}

// act lets one of the things happen.
func (w *world) act(t *rapid.T, acts ...string) {
	switch rapid.SampledFrom(acts).Draw(t, "what") {
	case "work":
		if lanes := w.busy(); len(lanes) > 0 {
			w.work(rapid.SampledFrom(lanes).Draw(t, "lane"), rapid.SampledFrom([]fate{carriedOut, carriedOut, carriedOut, refused, unanswered}).Draw(t, "fate"))
		}
	case "work all":
		w.workAll()
	case "in":
		w.callIn()
	case "ring":
		w.onAny(t, w.ring)
	case "answer":
		w.onAny(t, w.answer)
	case "end":
		w.onAny(t, func(l *worldLeg) {
			w.end(l.ID, telephony.Cause{Q850: rapid.SampledFrom([]int{0, 16, 17, 19, 21}).Draw(t, "cause")}, false)
		})
	case "phone":
		w.phone(rapid.SampledFrom(operators).Draw(t, "op"), rapid.Bool().Draw(t, "online"))
	case "renew":
		op := rapid.SampledFrom(operators).Draw(t, "op")
		if w.s.f.RenewPhone(op, rapid.Bool().Draw(t, "sign out"), w.s.now) == nil {
			w.s.settle()
			w.phone(op, false)
			w.phone(op, rapid.Bool().Draw(t, "back"))
		}
	case "command":
		w.command(t)
	case "third":
		w.third(t)
	case "beat":
		_ = w.s.do(calls.Command{Kind: calls.CmdBeat, OperatorID: rapid.SampledFrom(operators).Draw(t, "op")})
	case "mute":
		w.onAny(t, func(l *worldLeg) { w.mute[l.ID] = rapid.Bool().Draw(t, "silent") })
	case "drop":
		w.onAny(t, func(l *worldLeg) {
			for _, id := range w.live() {
				if c := w.s.calls[id]; l.Bridge != "" && slices.ContainsFunc(c.Legs(), func(own calls.Leg) bool { return own.ID == l.ID }) {
					w.leave(l)
				}
			}
		})
	case "listen":
		w.listen()
	case "party":
		w.party(t)
	case "availability":
		_ = w.s.do(calls.Command{
			Kind: calls.CmdSetAvailability, OperatorID: rapid.SampledFrom(operators).Draw(t, "op"),
			Avail: rapid.SampledFrom([]queues.Availability{queues.Ready, queues.Ready, queues.Paused, queues.Offline}).Draw(t, "to"),
		})
	case "dial":
		_ = w.s.do(calls.Command{Kind: calls.CmdDial, OperatorID: rapid.SampledFrom(operators).Draw(t, "op"), Number: "+74951112233"})
	case "time":
		w.advance(time.Duration(rapid.IntRange(1, 40).Draw(t, "seconds")) * time.Second)
	case "link":
		if w.down || rapid.Bool().Draw(t, "twice") {
			w.connect()
		} else {
			w.cut()
		}
	case "restart":
		w.restart()
	case "owner":
		w.inherit(rapid.IntRange(0, 3).Draw(t, "unsaved"))
	case "directory":
		w.s.directory(rapid.SampledFrom([][]string{operators, operators, operators[:1]}).Draw(t, "people")...)
	}
	w.gather()
}

// onAny does something to a leg, if there is one.
func (w *world) onAny(t *rapid.T, f func(*worldLeg)) {
	if ids := slices.Sorted(maps.Keys(w.legs)); len(ids) > 0 {
		f(w.legs[rapid.SampledFrom(ids).Draw(t, "leg")])
	}
}

// live lists the calls that have not ended.
func (w *world) live() []calls.ID {
	var out []calls.ID
	for _, id := range slices.Sorted(maps.Keys(w.s.calls)) {
		if w.s.calls[id].State != calls.StateEnded {
			out = append(out, id)
		}
	}
	return out
}

func (w *world) command(t *rapid.T) {
	ids := w.live()
	if len(ids) == 0 {
		return
	}
	_ = w.s.do(calls.Command{
		Kind: rapid.SampledFrom([]calls.CommandKind{
			calls.CmdAnswer, calls.CmdDecline, calls.CmdHangUp, calls.CmdHold, calls.CmdResume, calls.CmdTake,
			calls.CmdFinishWrapUp, calls.CmdExtendWrapUp, calls.CmdSetMuted, calls.CmdRetryMatch, calls.CmdLinkCustomer,
			calls.CmdSwapConsult, calls.CmdMergeConsult, calls.CmdCompleteConsult, calls.CmdCancelConsult, calls.CmdPark,
		}).Draw(t, "command"),
		CallID:     rapid.SampledFrom(ids).Draw(t, "call"),
		OperatorID: rapid.SampledFrom(operators).Draw(t, "op"),
		Supervisor: rapid.Bool().Draw(t, "supervisor"),
		Muted:      rapid.Bool().Draw(t, "muted"),
	})
}

// third brings somebody else into a call, gives it to them, or does something to them.
func (w *world) third(t *rapid.T) {
	ids := w.live()
	if len(ids) == 0 {
		return
	}
	id := rapid.SampledFrom(ids).Draw(t, "call")
	c := w.s.calls[id]
	cmd := calls.Command{
		Kind:   rapid.SampledFrom([]calls.CommandKind{calls.CmdConsult, calls.CmdConsult, calls.CmdTransfer}).Draw(t, "third"),
		CallID: id, OperatorID: c.OperatorID,
	}
	switch rapid.IntRange(0, 2).Draw(t, "target") {
	case 0:
		cmd.To = &calls.Target{OperatorID: rapid.SampledFrom(operators).Draw(t, "op")}
	case 1:
		cmd.To = &calls.Target{Number: "+74957654321"}
	default:
		cmd.To = &calls.Target{QueueID: "q1"}
	}
	_ = w.s.do(cmd)
}

// party does something with the third party that is there.
func (w *world) party(t *rapid.T) {
	for _, id := range w.live() {
		c := w.s.calls[id]
		if c.Guest == nil || c.Customer == nil {
			continue
		}
		leg := rapid.SampledFrom([]*calls.Leg{c.Guest, c.Customer}).Draw(t, "leg")
		_ = w.s.do(calls.Command{
			Kind: rapid.SampledFrom([]calls.CommandKind{
				calls.CmdSwapConsult, calls.CmdMergeConsult, calls.CmdCompleteConsult, calls.CmdCancelConsult, calls.CmdMuteParty, calls.CmdDropParty,
				calls.CmdHangUp, calls.CmdSendDigits,
			}).Draw(t, "party"),
			CallID: id, OperatorID: c.OperatorID, LegID: string(leg.ID), Muted: rapid.Bool().Draw(t, "muted"), Digits: "1",
		})
	}
}

// check demands what holds at every moment.
func (w *world) check(t *rapid.T) {
	busy := map[string][]calls.ID{}
	for _, id := range w.live() {
		c := w.s.calls[id]
		for _, o := range operators {
			if !c.Involves(o) {
				continue
			}
			if busy[o] = append(busy[o], id); len(busy[o]) > 2 && !w.down {
				t.Fatalf("%s has the calls %v\n%s", o, busy[o], w)
			}
		}
	}
	for _, o := range w.s.ops {
		if o.Gone {
			continue
		}
		if c, ok := w.s.calls[o.CallID]; o.CallID != "" && (!ok || c.State == calls.StateEnded || !c.Involves(o.ID)) {
			t.Fatalf("%s is busy with %q, which is %s of %q\n%s", o.ID, o.CallID, c.State, c.OperatorID, w)
		}
		if has := busy[o.ID]; len(has) > 0 && !slices.Contains(has, o.CallID) && !w.down {
			t.Fatalf("%s has %v and is busy with %q\n%s", o.ID, has, o.CallID, w)
		}
	}
}

// calm ends the trouble, gives everybody time, and demands that PBX and floor agree and nobody is left in silence. A reconnection
// would mend almost everything, so often there is none.
func (w *world) calm(t *rapid.T) {
	if w.down || w.lost || rapid.Bool().Draw(t, "reconnect") {
		w.connect()
	}
	for range 6 {
		w.workAll()
		w.advance(20 * time.Second)
	}
	w.workAll()
	w.check(t)
	owned := map[telephony.LegID]calls.Leg{}
	speaks := map[string]calls.ID{}
	for _, id := range w.live() {
		c := w.s.calls[id]
		for _, l := range c.Legs() {
			owned[l.ID] = l
			if own := l.Role == calls.RoleOperator || l.Role == calls.RoleGuest && c.Consult.OperatorID != ""; own || !w.muted[l.ID] {
				continue // a person is there who can end it
			}
			if c.State != calls.StateConference || !l.Muted {
				t.Fatalf("the %s of %s, %s, is muted and nobody can end it\n%s", l.Role, id, c.State, w)
			}
		}
		if c.State == calls.StateTalking || c.State == calls.StateConsulting || c.State == calls.StateConference {
			for _, o := range operators {
				if other, twice := speaks[o]; c.Involves(o) && twice {
					t.Fatalf("%s is in two conversations, %s and %s\n%s", o, id, other, w)
				} else if c.Involves(o) {
					speaks[o] = id
				}
			}
		}
		if c.HangupAsked && c.Live() {
			t.Fatalf("call %s was to be ended long ago\n%s", id, w)
		}
		switch c.State {
		case calls.StateWrapUp:
			if len(c.Legs()) > 0 {
				t.Fatalf("call %s is over and has legs\n%s", id, w)
			}
		case calls.StateTalking:
			if c.Operator.Silent {
				t.Fatalf("a silent phone is shown as talking\n%s", w)
			}
			if a, b := w.legs[c.Customer.ID], w.legs[c.Operator.ID]; a == nil || b == nil || a.Bridge == "" || a.Bridge != b.Bridge {
				t.Fatalf("those who talk do not hear each other\n%s", w)
			}
			if w.muted[c.Operator.ID] != c.Muted {
				t.Fatalf("muted is %v and shown as %v\n%s", w.muted[c.Operator.ID], c.Muted, w)
			}
		case calls.StateConsulting, calls.StateConference:
			w.hear(t, &c)
		default:
			if c.State == calls.StateHeld && w.legs[c.Operator.ID].Bridge == "" {
				t.Fatalf("the operator of %s, %s, is nowhere\n%s", id, c.State, w)
			}
			if c.Customer != nil && (c.Direction == calls.Inbound || c.AnsweredAt != nil) && !w.legs[c.Customer.ID].Parked {
				t.Fatalf("the customer of %s, %s, hears silence\n%s", id, c.State, w)
			}
		}
	}
	for _, l := range w.sorted() {
		if w.isTail(l) {
			continue
		}
		if _, ok := owned[l.ID]; !ok {
			t.Fatalf("leg %s belongs to no call\n%s", l.ID, w)
		}
	}
}

// isTail tells whether the leg is with another that it was left to, as the marks of at least one of them say.
func (w *world) isTail(l *worldLeg) bool {
	for _, p := range w.sorted() {
		if p.ID != l.ID && p.Bridge != "" && p.Bridge == l.Bridge && (p.Marks["peer"] == string(l.ID) || l.Marks["peer"] == string(p.ID) || w.blank[l.ID] == p.ID) {
			return true
		}
	}
	return false
}

// hear demands that in a consultation everybody hears whom the floor says they hear, or music.
func (w *world) hear(t *rapid.T, c *calls.Call) {
	cust := w.legs[c.Customer.ID]
	if c.Consult.Blind {
		if !cust.Parked {
			t.Fatalf("the customer of %s, who is being transferred, hears silence\n%s", c.ID, w)
		}
		return
	}
	op, guest := w.legs[c.Operator.ID], w.legs[c.Guest.ID]
	ok := false
	switch c.Consult.Front {
	case calls.SideBoth:
		ok = c.State == calls.StateConference && cust.Bridge != "" && cust.Bridge == op.Bridge && cust.Bridge == guest.Bridge
	case calls.SideCustomer:
		ok = cust.Bridge != "" && cust.Bridge == op.Bridge && (guest.Parked || guest.State != telephony.LegUp)
	case calls.SideGuest:
		ok = op.Bridge != "" && op.Bridge == guest.Bridge && cust.Parked
	case calls.SideNone:
		ok = cust.Parked && guest.State != telephony.LegUp
	}
	if !ok {
		t.Fatalf("in %s, %s with %q in front, somebody hears silence\n%s", c.ID, c.State, c.Consult.Front, w)
	}
}

// goHome ends everything and demands an empty floor.
func (w *world) goHome(t *rapid.T) {
	for _, o := range operators {
		_ = w.s.do(calls.Command{Kind: calls.CmdSetAvailability, OperatorID: o, Avail: queues.Offline})
	}
	for range 100 {
		if len(w.legs) == 0 {
			break
		}
		w.end(w.sorted()[0].ID, telephony.Cause{Q850: telephony.CauseNormal}, false)
		w.workAll()
	}
	for _, id := range w.live() {
		if c := w.s.calls[id]; c.State == calls.StateWrapUp {
			w.s.must(calls.Command{Kind: calls.CmdFinishWrapUp, CallID: id, OperatorID: c.OperatorID})
		}
	}
	if left := w.live(); len(left) > 0 {
		t.Fatalf("calls are left over: %v\n%s", left, w)
	}
	for _, o := range w.s.ops {
		if o.CallID != "" {
			t.Fatalf("%s is left busy with %s", o.ID, o.CallID)
		}
	}
	if q := w.s.qs["q1"]; q.Waiting != 0 || q.Talking != 0 {
		t.Fatalf("the queue is left with %+v", q)
	}
	if got := fmt.Sprint(w.busy()); got != "[]" {
		t.Fatalf("commands are left over in the lanes %s", got)
	}
}
