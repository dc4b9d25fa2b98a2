package telephonytest

import (
	"slices"
	"testing"
	"time"

	"github.com/pult-cc/pult/internal/errs"
	"github.com/pult-cc/pult/telephony"
)

// talk is a caller and an operator in a bridge.
type talk struct {
	*pult
	customer, operator telephony.LegID
	caller, phone      Far
	bridge             telephony.BridgeID
}

// talk brings a caller from the queue's music to an operator.
func (b *bench) talk(t *testing.T, p *pult) talk {
	t.Helper()
	leg, caller := b.callIn(t, p)
	must(t, p.Answer(t.Context(), leg.ID))
	must(t, p.Park(t.Context(), leg.ID))
	await(t, p.recorder, ofLeg[telephony.LegParked](leg.ID))
	name, dev := b.device(t, p)
	op, phone := b.answered(t, p, name, dev)
	bridge := newBridge()
	must(t, p.Join(t.Context(), bridge, leg.ID, op))
	awaitAll(t, p.recorder, joined(leg.ID, bridge), joined(op, bridge))
	return talk{p, leg.ID, op, caller, phone, bridge}
}

// bridgeTests are about who hears whom.
var bridgeTests = []test{
	{"CallerHangsUpInTalk", func(t *testing.T, b *bench) {
		p, _ := b.start(t)
		c := b.talk(t, p)
		c.caller.Hangup(t)
		await(t, p.recorder, ofLeg[telephony.LegLeft](c.customer))
		await(t, p.recorder, ofLeg[telephony.LegEnded](c.customer))
		quiet(t, p.recorder, about(c.operator))
		must(t, p.Hangup(t.Context(), c.operator, telephony.Cause{Q850: telephony.CauseNormal}))
		if end := await(t, p.recorder, ofLeg[telephony.LegEnded](c.operator)); !end.ByUs {
			t.Errorf("ended %+v, want by us", end)
		}
		c.phone.AwaitEnd(t)
		must(t, p.CloseBridge(t.Context(), c.bridge))
	}},
	{"OperatorHangsUpInTalk", func(t *testing.T, b *bench) {
		p, _ := b.start(t)
		c := b.talk(t, p)
		c.phone.Hangup(t)
		if end := await(t, p.recorder, ofLeg[telephony.LegEnded](c.operator)); end.ByUs {
			t.Errorf("ended %+v, want by the device", end)
		}
		// The caller is alive: back to music.
		must(t, p.Park(t.Context(), c.customer))
		await(t, p.recorder, ofLeg[telephony.LegParked](c.customer))
		must(t, p.CloseBridge(t.Context(), c.bridge))
		quiet(t, p.recorder, is[telephony.LegEnded](c.customer))
	}},
	{"ParkAndJoinAreIdempotent", func(t *testing.T, b *bench) {
		p, _ := b.start(t)
		c := b.talk(t, p)
		must(t, p.Join(t.Context(), c.bridge, c.customer, c.operator))
		quiet(t, p.recorder, func(e telephony.Event) bool { return about(c.customer)(e) || about(c.operator)(e) })
		must(t, p.Park(t.Context(), c.customer))
		awaitAll(t, p.recorder, is[telephony.LegLeft](c.customer), is[telephony.LegParked](c.customer))
		must(t, p.Park(t.Context(), c.customer))
		quiet(t, p.recorder, about(c.customer))
		must(t, p.Join(t.Context(), c.bridge, c.customer))
		awaitAll(t, p.recorder, joined(c.customer, c.bridge))
		if n := p.count(is[telephony.LegLeft](c.operator)); n != 0 {
			t.Errorf("the operator left the bridge %d times while the customer was held", n)
		}
	}},
	{"HoldAndResumeInQuickSuccession", func(t *testing.T, b *bench) {
		p, _ := b.start(t)
		c := b.talk(t, p)
		must(t, p.Mark(t.Context(), c.customer, telephony.Marks{"call": "1"}))
		for range 5 {
			must(t, p.Park(t.Context(), c.customer))
			must(t, p.Join(t.Context(), c.bridge, c.customer))
		}
		p.stop()
		_, up := b.start(t)
		if l := legIn(t, up, c.customer); l.Bridge != c.bridge || l.Parked {
			t.Errorf("after the last resume the customer is at %q, parked %v", l.Bridge, l.Parked)
		}
	}},
	{"MoveBetweenBridges", func(t *testing.T, b *bench) {
		p, _ := b.start(t)
		c := b.talk(t, p)
		other := newBridge()
		must(t, p.Join(t.Context(), other, c.operator))
		awaitAll(t, p.recorder, left(c.operator, c.bridge), joined(c.operator, other))
	}},
	{"ThreeLegsMoveBetweenMainAndAside", func(t *testing.T, b *bench) {
		p, _ := b.start(t)
		c := b.talk(t, p)
		name, dev := b.device(t, p)
		guest, colleague := b.answered(t, p, name, dev)
		must(t, p.Mark(t.Context(), c.customer, telephony.Marks{"call": "1", "role": "CUSTOMER"}))
		main, aside := c.bridge, newBridge()

		// Aside: the customer hears music and nobody else.
		must(t, p.Park(t.Context(), c.customer))
		must(t, p.Join(t.Context(), aside, c.operator, guest))
		awaitAll(t, p.recorder, is[telephony.LegParked](c.customer), left(c.operator, main), joined(c.operator, aside), joined(guest, aside))
		// Swapped: the guest hears it.
		must(t, p.Park(t.Context(), guest))
		must(t, p.Join(t.Context(), main, c.customer, c.operator))
		awaitAll(t, p.recorder, left(guest, aside), is[telephony.LegParked](guest), left(c.operator, aside), joined(c.customer, main), joined(c.operator, main))
		// And back, and all three: who is in the bridge already is not told to have joined again.
		must(t, p.Park(t.Context(), c.customer))
		must(t, p.Join(t.Context(), aside, c.operator, guest))
		awaitAll(t, p.recorder, is[telephony.LegParked](c.customer), joined(c.operator, aside), joined(guest, aside))
		must(t, p.Join(t.Context(), main, c.customer, c.operator, guest))
		awaitAll(t, p.recorder, left(c.operator, aside), left(guest, aside), joined(c.customer, main), joined(c.operator, main), joined(guest, main))
		must(t, p.Join(t.Context(), main, c.customer, c.operator, guest))
		must(t, p.CloseBridge(t.Context(), aside))
		quiet(t, p.recorder, func(e telephony.Event) bool { return about(c.customer)(e) || about(c.operator)(e) || about(guest)(e) })

		// Another Pult finds all three together; the operator goes, the two others stay.
		p.stop()
		q, up := b.start(t)
		for _, id := range []telephony.LegID{c.customer, c.operator, guest} {
			if l := legIn(t, up, id); l.Bridge != main || l.Parked {
				t.Errorf("%s is at %q, parked %v; want %q", id, l.Bridge, l.Parked, main)
			}
		}
		must(t, q.Hangup(t.Context(), c.operator, telephony.Cause{Q850: telephony.CauseNormal}))
		await(t, q.recorder, ofLeg[telephony.LegEnded](c.operator))
		c.phone.AwaitEnd(t)
		quiet(t, q.recorder, func(e telephony.Event) bool { return about(c.customer)(e) || about(guest)(e) })
		colleague.Hangup(t)
		await(t, q.recorder, ofLeg[telephony.LegEnded](guest))
	}},
	{"AnotherPultGoesOnWithThreeLegs", func(t *testing.T, b *bench) {
		p, _ := b.start(t)
		c := b.talk(t, p)
		name, dev := b.device(t, p)
		guest, _ := b.answered(t, p, name, dev)
		must(t, p.Mark(t.Context(), c.customer, telephony.Marks{"call": "1", "role": "CUSTOMER"}))
		main, aside := c.bridge, newBridge()
		must(t, p.Park(t.Context(), c.customer))
		must(t, p.Join(t.Context(), aside, c.operator, guest))
		awaitAll(t, p.recorder, is[telephony.LegParked](c.customer), joined(c.operator, aside), joined(guest, aside))
		p.stop()

		// The bridge of the conversation was empty, and is reaped; it is made again when it is wanted.
		q, up := b.start(t)
		if l := legIn(t, up, c.customer); !l.Parked {
			t.Errorf("the customer is %+v", l)
		}
		for _, id := range []telephony.LegID{c.operator, guest} {
			if l := legIn(t, up, id); l.Bridge != aside {
				t.Errorf("%s is at %q", id, l.Bridge)
			}
		}
		must(t, q.Park(t.Context(), guest))
		must(t, q.Join(t.Context(), main, c.customer, c.operator))
		awaitAll(t, q.recorder, is[telephony.LegParked](guest), joined(c.customer, main), joined(c.operator, main))
	}},
	{"ClosedBridgeThatWasLeftIsMadeAgain", func(t *testing.T, b *bench) {
		p, _ := b.start(t)
		c := b.talk(t, p)
		for range 3 {
			other := newBridge()
			must(t, p.Join(t.Context(), other, c.operator))
			must(t, p.Park(t.Context(), c.customer))
			awaitAll(t, p.recorder, joined(c.operator, other), is[telephony.LegParked](c.customer))
			must(t, p.CloseBridge(t.Context(), c.bridge))
			must(t, p.Join(t.Context(), c.bridge, c.customer, c.operator))
			awaitAll(t, p.recorder, joined(c.customer, c.bridge), joined(c.operator, c.bridge))
			must(t, p.CloseBridge(t.Context(), other))
		}
	}},
	{"JoinWithADeadLegMovesNobody", func(t *testing.T, b *bench) {
		p, _ := b.start(t)
		one, far := b.callIn(t, p)
		two, _ := b.callIn(t, p)
		must(t, p.Answer(t.Context(), one.ID))
		must(t, p.Answer(t.Context(), two.ID))
		must(t, p.Park(t.Context(), two.ID))
		await(t, p.recorder, ofLeg[telephony.LegParked](two.ID))
		far.Hangup(t)
		await(t, p.recorder, ofLeg[telephony.LegEnded](one.ID))
		if err := p.Join(t.Context(), newBridge(), two.ID, one.ID); !errs.Is(err, errs.Conflict) {
			t.Errorf("Join with a dead leg: %v, want a conflict", err)
		}
		quiet(t, p.recorder, about(two.ID))
	}},
	{"JoinRacesWithHangup", func(t *testing.T, b *bench) {
		p, _ := b.start(t)
		for range 5 {
			one, far := b.callIn(t, p)
			two, stays := b.callIn(t, p)
			must(t, p.Answer(t.Context(), one.ID))
			must(t, p.Answer(t.Context(), two.ID))
			awaitAll(t, p.recorder, is[telephony.LegAnswered](one.ID), is[telephony.LegAnswered](two.ID))
			bridge := newBridge()
			go far.Hangup(t)
			err := p.Join(t.Context(), bridge, one.ID, two.ID)
			await(t, p.recorder, ofLeg[telephony.LegEnded](one.ID))
			if err != nil && !errs.Is(err, errs.Conflict) {
				t.Errorf("Join: %v, want success or a conflict", err)
			}
			stays.Hangup(t)
			await(t, p.recorder, ofLeg[telephony.LegEnded](two.ID))
			if n := p.count(joined(two.ID, bridge)); err != nil && n != 0 {
				t.Errorf("Join failed with %v and moved a leg", err)
			}
			must(t, p.CloseBridge(t.Context(), bridge))
		}
	}},
	{"ClosedBridgeKeepsLegsAlive", func(t *testing.T, b *bench) {
		p, _ := b.start(t)
		c := b.talk(t, p)
		must(t, p.CloseBridge(t.Context(), c.bridge))
		awaitAll(t, p.recorder, is[telephony.LegLeft](c.customer), is[telephony.LegLeft](c.operator))
		quiet(t, p.recorder, func(e telephony.Event) bool { _, ended := e.(telephony.LegEnded); return ended })
		must(t, p.CloseBridge(t.Context(), c.bridge))
		must(t, p.CloseBridge(t.Context(), newBridge()))
		must(t, p.Join(t.Context(), c.bridge, c.customer, c.operator))
		awaitAll(t, p.recorder, joined(c.customer, c.bridge), joined(c.operator, c.bridge))
	}},
	{"RingingLegCannotBeMoved", func(t *testing.T, b *bench) {
		p, _ := b.start(t)
		name, dev := b.device(t, p)
		id := newLeg()
		must(t, p.Originate(t.Context(), telephony.Originate{Leg: id, Endpoint: name, Timeout: 10 * time.Second}))
		dev.Next(t).Ring(t)
		await(t, p.recorder, ofLeg[telephony.LegRang](id))
		for what, err := range map[string]error{
			"Join": p.Join(t.Context(), newBridge(), id), "Park": p.Park(t.Context(), id),
		} {
			if !errs.Is(err, errs.Conflict) {
				t.Errorf("%s of a ringing leg: %v, want a conflict", what, err)
			}
		}
	}},
	{"EmptyBridgesAreReaped", func(t *testing.T, b *bench) {
		p, _ := b.start(t)
		c := b.talk(t, p)
		empty := newBridge()
		must(t, p.Join(t.Context(), empty, c.operator))
		await(t, p.recorder, func(e telephony.LegJoined) bool { return e.Bridge == empty })
		must(t, p.Join(t.Context(), c.bridge, c.operator))
		awaitAll(t, p.recorder, joined(c.operator, c.bridge))
		p.stop()
		_, up := b.start(t)
		want := telephony.Bridge{ID: c.bridge, Legs: []telephony.LegID{c.customer, c.operator}}
		slices.Sort(want.Legs)
		found := false
		for _, br := range up.Bridges {
			slices.Sort(br.Legs)
			found = found || br.ID == want.ID && slices.Equal(br.Legs, want.Legs)
			if br.ID == empty {
				t.Errorf("the empty bridge is still told: %+v", br)
			}
		}
		if !found {
			t.Errorf("bridges %+v, want %+v among them", up.Bridges, want)
		}
	}},
}
