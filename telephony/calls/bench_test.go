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
