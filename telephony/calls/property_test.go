package calls_test

import (
	"fmt"
	"sort"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/pult-cc/pult/telephony"
	"github.com/pult-cc/pult/telephony/calls"
	"github.com/pult-cc/pult/telephony/queues"
)

// livelyPBX carries effects out in memory and lets the outside world do anything that legs can do, in any order.
type livelyPBX struct {
	s    *stand
	legs map[telephony.LegID]telephony.LegState
	next int
}

func (p *livelyPBX) carryOut() {
	for guard := 0; len(p.s.effects) > 0; guard++ {
		if guard > 1000 {
			p.s.t.Fatal("effects without end")
		}
		e := p.s.effects[0]
		p.s.effects = p.s.effects[1:]
		switch d := e.Effect.(type) {
		case calls.DoOriginate:
			p.legs[d.Leg] = telephony.LegDown
		case calls.DoHangup:
			if _, ok := p.legs[d.Leg]; ok {
				delete(p.legs, d.Leg)
				p.s.pbx(telephony.LegEnded{At: p.s.now, Leg: d.Leg, ByUs: true, Cause: telephony.Cause{Q850: d.Cause}})
			}
		case calls.DoPark:
			if _, ok := p.legs[d.Leg]; ok {
				p.s.pbx(telephony.LegParked{At: p.s.now, Leg: d.Leg})
			}
		case calls.DoJoin:
			for _, l := range d.Legs {
				if _, ok := p.legs[l]; !ok {
					d.Legs = nil
				}
			}
			for _, l := range d.Legs {
				p.s.pbx(telephony.LegJoined{At: p.s.now, Leg: l, Bridge: d.Bridge})
			}
		}
	}
}

func (p *livelyPBX) pick(t *rapid.T) (telephony.LegID, bool) {
	var ids []string
	for id := range p.legs {
		ids = append(ids, string(id))
	}
	if len(ids) == 0 {
		return "", false
	}
	sort.Strings(ids)
	return telephony.LegID(rapid.SampledFrom(ids).Draw(t, "leg")), true
}

var operators = []string{"anna", "boris"}

// TestNoSequenceBreaksTheFloor: whatever the network, the phones and the people do, an operator never has two calls at once,
// versions grow by one (see stand.settle), and once all legs are gone and the wrap-ups are over no call is left.
func TestNoSequenceBreaksTheFloor(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		s := newStand(t, operators...)
		p := &livelyPBX{s: s, legs: map[telephony.LegID]telephony.LegState{}}
		s.linkUp(operators...)
		steps := rapid.IntRange(1, 60).Draw(rt, "steps")
		for range steps {
			p.step(rt)
			p.carryOut()
			p.oneCallEach(rt)
		}
		p.goHome(rt)
	})
}

func (p *livelyPBX) step(t *rapid.T) {
	s := p.s
	switch rapid.SampledFrom([]string{"in", "rang", "answered", "ended", "phone", "command", "availability", "dial", "tick", "relink"}).Draw(t, "what") {
	case "in":
		p.next++
		leg := telephony.LegID(fmt.Sprintf("in%d", p.next))
		p.legs[leg] = telephony.LegUp
		s.callIn(leg, "+79161234567")
	case "rang":
		if l, ok := p.pick(t); ok {
			s.pbx(telephony.LegRang{At: s.now, Leg: l})
		}
	case "answered":
		if l, ok := p.pick(t); ok {
			p.legs[l] = telephony.LegUp
			s.pbx(telephony.LegAnswered{At: s.now, Leg: l})
		}
	case "ended":
		if l, ok := p.pick(t); ok {
			delete(p.legs, l)
			s.pbx(telephony.LegEnded{At: s.now, Leg: l, Cause: telephony.Cause{Q850: rapid.SampledFrom([]int{0, 16, 17, 19, 21}).Draw(t, "cause")}})
		}
	case "phone":
		s.pbx(telephony.EndpointChanged{At: s.now, Endpoint: telephony.Endpoint{
			Name: calls.EndpointOf(rapid.SampledFrom(operators).Draw(t, "op")), Online: rapid.Bool().Draw(t, "online"),
		}})
	case "command":
		p.command(t)
	case "availability":
		_ = s.do(calls.Command{
			Kind: calls.CmdSetAvailability, OperatorID: rapid.SampledFrom(operators).Draw(t, "op"),
			Avail: rapid.SampledFrom([]queues.Availability{queues.Ready, queues.Ready, queues.Paused, queues.Offline}).Draw(t, "to"),
		})
	case "dial":
		_ = s.do(calls.Command{Kind: calls.CmdDial, OperatorID: rapid.SampledFrom(operators).Draw(t, "op"), Number: "+74951112233"})
	case "tick":
		s.advance(time.Duration(rapid.IntRange(1, 90).Draw(t, "seconds")) * time.Second)
	case "relink":
		s.pbx(telephony.LinkDown{At: s.now, Reason: "test"})
		up := telephony.LinkUp{At: s.now, StartedAt: epoch}
		for id, st := range p.legs {
			if c, ok := p.callOf(id); ok {
				l := telephony.Leg{ID: id, State: st, Marks: telephony.Marks{"call": string(c.ID)}}
				for _, known := range c.Legs() {
					if known.ID == id {
						l.Parked = known.Parked
						if known.Bridged {
							l.Bridge = calls.BridgeOf(c.ID)
						}
					}
				}
				up.Legs = append(up.Legs, l)
			}
		}
		for _, o := range operators {
			up.Endpoints = append(up.Endpoints, telephony.Endpoint{Name: calls.EndpointOf(o), Online: rapid.Bool().Draw(t, "online")})
		}
		s.pbx(up)
	}
}

func (p *livelyPBX) callOf(leg telephony.LegID) (calls.Call, bool) {
	for _, c := range p.s.calls {
		for _, l := range c.Legs() {
			if l.ID == leg && c.State != calls.StateEnded {
				return c, true
			}
		}
	}
	return calls.Call{}, false
}

func (p *livelyPBX) command(t *rapid.T) {
	var ids []string
	for id, c := range p.s.calls {
		if c.State != calls.StateEnded {
			ids = append(ids, string(id))
		}
	}
	if len(ids) == 0 {
		return
	}
	sort.Strings(ids)
	_ = p.s.do(calls.Command{
		Kind: rapid.SampledFrom([]calls.CommandKind{
			calls.CmdAnswer, calls.CmdDecline, calls.CmdHangUp, calls.CmdHold, calls.CmdResume, calls.CmdTake,
			calls.CmdFinishWrapUp, calls.CmdExtendWrapUp, calls.CmdSetMuted,
		}).Draw(t, "command"),
		CallID:     calls.ID(rapid.SampledFrom(ids).Draw(t, "call")),
		OperatorID: rapid.SampledFrom(operators).Draw(t, "op"),
		Supervisor: rapid.Bool().Draw(t, "supervisor"),
	})
}

func (p *livelyPBX) oneCallEach(t *rapid.T) {
	busy := map[string]calls.ID{}
	for id, c := range p.s.calls {
		if c.State == calls.StateEnded || c.OperatorID == "" {
			continue
		}
		if other, twice := busy[c.OperatorID]; twice {
			t.Fatalf("%s has two calls: %s (%s) and %s (%s)", c.OperatorID, id, c.State, other, p.s.calls[other].State)
		}
		busy[c.OperatorID] = id
	}
}

// goHome ends everything and demands an empty floor.
func (p *livelyPBX) goHome(t *rapid.T) {
	for _, o := range operators {
		_ = p.s.do(calls.Command{Kind: calls.CmdSetAvailability, OperatorID: o, Avail: queues.Offline})
	}
	for round := 0; len(p.legs) > 0 && round < 100; round++ {
		for id := range p.legs {
			delete(p.legs, id)
			p.s.pbx(telephony.LegEnded{At: p.s.now, Leg: id})
			break
		}
		p.carryOut()
	}
	for id, c := range p.s.calls {
		if c.State == calls.StateWrapUp {
			p.s.must(calls.Command{Kind: calls.CmdFinishWrapUp, CallID: id, OperatorID: c.OperatorID})
		}
	}
	for id, c := range p.s.calls {
		if c.State != calls.StateEnded {
			t.Fatalf("call %s is left over: %s, legs %+v", id, c.State, c.Legs())
		}
	}
	for _, o := range p.s.ops {
		if o.CallID != "" {
			t.Fatalf("%s is left busy with %s", o.ID, o.CallID)
		}
	}
}
