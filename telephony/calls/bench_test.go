package calls_test

import (
	"fmt"
	"strconv"
	"testing"
	"time"

	"github.com/pult-cc/pult/telephony"
	"github.com/pult-cc/pult/telephony/calls"
	"github.com/pult-cc/pult/telephony/queues"
)

// BenchmarkBusyFloor is one caller who comes and gives up on a floor where 500 operators, of ten queues each, all talk and 200 others
// wait: eleven events, of which one lets 200 calls move up.
func BenchmarkBusyFloor(b *testing.B) {
	n := 0
	f := calls.NewFloor(options(func() string { n++; return strconv.Itoa(n) }))
	var qs []queues.Queue
	for i := range 20 {
		qs = append(qs, queues.Queue{ID: strconv.Itoa(i), Key: fmt.Sprint("q", i)})
	}
	var people []calls.Person
	var declared []queues.Declared
	up := telephony.LinkUp{At: epoch, StartedAt: epoch}
	for i := range 500 {
		p := calls.Person{ID: fmt.Sprintf("op%03d", i)}
		for q := range 10 {
			p.Queues = append(p.Queues, strconv.Itoa((i+q)%20))
		}
		people = append(people, p)
		declared = append(declared, queues.Declared{OperatorID: p.ID, Availability: queues.Ready, IdleSince: epoch.Add(time.Duration(i))})
		up.Endpoints = append(up.Endpoints, telephony.Endpoint{Name: calls.EndpointOf(p.ID), Online: true})
	}
	f.SetDirectory(qs, people, declared, epoch)
	f.PBX(up, epoch)
	enter := func(leg telephony.LegID, queue string, at time.Time) calls.Outcome {
		f.PBX(telephony.LegStarted{At: at, Leg: telephony.Leg{ID: leg, Party: telephony.Party{Number: "+79161234567"}}, Args: []string{"queue", queue}}, at)
		return f.Take(at)
	}
	for i := range 700 {
		leg := telephony.LegID(fmt.Sprint("leg", i))
		for _, ch := range enter(leg, fmt.Sprint("q", i%20), epoch).Changes {
			if c := ch.Call; c != nil && c.Operator != nil {
				f.PBX(telephony.LegAnswered{At: epoch, Leg: c.Operator.ID}, epoch)
				f.PBX(telephony.LegJoined{At: epoch, Leg: leg, Bridge: calls.BridgeOf(c.ID)}, epoch)
				f.PBX(telephony.LegJoined{At: epoch, Leg: c.Operator.ID, Bridge: calls.BridgeOf(c.ID)}, epoch)
			}
		}
	}
	f.Take(epoch)
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		now := epoch.Add(-time.Minute) // before the others: they move down, and up again
		leg := telephony.LegID(strconv.Itoa(i))
		enter(leg, "q0", now)
		for range 4 {
			f.PBX(telephony.LegParked{At: now, Leg: leg}, now)
			f.Take(now)
			f.Deadline(now)
			f.PBX(telephony.LegLeft{At: now, Leg: "leg1", Bridge: "other"}, now)
			f.Take(now)
			f.Deadline(now)
		}
		f.PBX(telephony.LegEnded{At: now, Leg: leg}, now)
		f.Take(now)
	}
}

// BenchmarkCall takes one inbound call through a floor of 200 operators, from entering to the end of its wrap-up.
func BenchmarkCall(b *testing.B) {
	n := 0
	f := calls.NewFloor(options(func() string { n++; return strconv.Itoa(n) }))
	var people []calls.Person
	var declared []queues.Declared
	up := telephony.LinkUp{At: epoch, StartedAt: epoch}
	for i := range 200 {
		id := fmt.Sprintf("op%03d", i)
		people = append(people, calls.Person{ID: id, Login: id, Name: id, Queues: []string{"q1"}})
		declared = append(declared, queues.Declared{OperatorID: id, Availability: queues.Ready, IdleSince: epoch.Add(time.Duration(i))})
		up.Endpoints = append(up.Endpoints, telephony.Endpoint{Name: calls.EndpointOf(id), Online: true})
	}
	f.SetDirectory([]queues.Queue{{ID: "q1", Key: "support"}}, people, declared, epoch)
	f.PBX(up, epoch)
	f.Take(epoch)
	now := epoch
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		now = now.Add(time.Second)
		leg := telephony.LegID(strconv.Itoa(i))
		f.PBX(telephony.LegStarted{At: now, Leg: telephony.Leg{ID: leg, Party: telephony.Party{Number: "+79161234567"}}, Args: []string{"queue", "support"}}, now)
		out := f.Take(now)
		var call calls.Call
		for _, ch := range out.Changes {
			if ch.Call != nil {
				call = *ch.Call
			}
		}
		if call.Operator == nil {
			b.Fatal("not offered")
		}
		op := call.Operator.ID
		for _, ev := range []telephony.Event{
			telephony.LegAnswered{At: now, Leg: leg}, telephony.LegParked{At: now, Leg: leg},
			telephony.LegRang{At: now, Leg: op}, telephony.LegAnswered{At: now, Leg: op},
			telephony.LegJoined{At: now, Leg: leg, Bridge: calls.BridgeOf(call.ID)}, telephony.LegJoined{At: now, Leg: op, Bridge: calls.BridgeOf(call.ID)},
			telephony.LegEnded{At: now, Leg: leg}, telephony.LegEnded{At: now, Leg: op, ByUs: true},
		} {
			f.PBX(ev, now)
			f.Take(now)
		}
		if _, err := f.Command(calls.Command{Kind: calls.CmdFinishWrapUp, OperatorID: call.OperatorID, CallID: call.ID}, now); err != nil {
			b.Fatal(err)
		}
		f.Take(now)
	}
}
