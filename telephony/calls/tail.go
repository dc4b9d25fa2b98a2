package calls

import (
	"cmp"

	"github.com/pult-cc/pult/telephony"
)

// tails are pairs of legs that were brought together and left to themselves: a customer who was transferred to an outside number.
// For us the call is over; but what we brought to the PBX we also end there.
type tails map[telephony.LegID]tail

type tail struct {
	call   ID
	peer   telephony.LegID
	bridge telephony.BridgeID
}

// use tells whether legs that were left to themselves are in the bridge.
func (t tails) use(bridge telephony.BridgeID) bool {
	for _, one := range t {
		if one.bridge == bridge {
			return true
		}
	}
	return false
}

func (f *Floor) relay(id ID, e Relay) {
	for i, leg := range e.Legs {
		f.tails[leg] = tail{call: id, peer: e.Legs[1-i], bridge: e.Bridge}
		delete(f.legs, leg)
	}
}

// tailEnded ends the other leg as well.
func (f *Floor) tailEnded(leg telephony.LegID) {
	t, ok := f.tails[leg]
	if !ok {
		return
	}
	delete(f.tails, leg)
	if _, left := f.tails[t.peer]; left {
		f.out.Effects = append(f.out.Effects, CallEffect{t.call, DoHangup{t.peer, telephony.CauseNormal}})
		return
	}
	f.out.Effects = append(f.out.Effects, CallEffect{t.call, DoCloseBridge{t.bridge}})
}

// tailMoved brings a leg back that an overtaken command has moved away from its peer.
func (f *Floor) tailMoved(leg telephony.LegID, to telephony.BridgeID) {
	if t, ok := f.tails[leg]; ok && to != t.bridge {
		f.out.Effects = append(f.out.Effects, CallEffect{t.call, DoJoin{t.bridge, []telephony.LegID{leg}}})
	}
}

// reconcileTails takes the PBX's word on which of them live. It returns the legs that are not tails.
func (f *Floor) reconcileTails(legs []telephony.Leg) []telephony.Leg {
	named := map[telephony.LegID]telephony.LegID{} // whoever is named as a peer is a tail, even if their own marks could not be written
	for _, l := range legs {
		if Role(l.Marks[markRole]) == roleTail {
			named[telephony.LegID(l.Marks[markPeer])] = l.ID
		}
	}
	present := map[telephony.LegID]telephony.Leg{}
	var rest []telephony.Leg
	for _, l := range legs {
		_, known := f.tails[l.ID]
		if known || named[l.ID] != "" || Role(l.Marks[markRole]) == roleTail {
			present[l.ID] = l
		} else {
			rest = append(rest, l)
		}
	}
	for id := range f.tails {
		if _, ok := present[id]; !ok {
			f.tailEnded(id)
		}
	}
	for _, id := range sortedKeys(present) {
		l := present[id]
		t, known := f.tails[id]
		if !known {
			call := ID(l.Marks[markCall])
			t = tail{call: call, peer: cmp.Or(telephony.LegID(l.Marks[markPeer]), named[id]), bridge: BridgeOf(call)}
			f.tails[id] = t
		}
		switch _, paired := present[t.peer]; {
		case !paired:
			f.out.Effects = append(f.out.Effects, CallEffect{t.call, DoHangup{id, telephony.CauseNormal}})
		case l.Bridge != t.bridge:
			f.out.Effects = append(f.out.Effects, CallEffect{t.call, DoJoin{t.bridge, []telephony.LegID{id, t.peer}}})
		}
	}
	return rest
}
