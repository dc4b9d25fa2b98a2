package ari

import (
	"slices"
	"time"

	ari "github.com/CyCoreSystems/ari/v5"

	"github.com/pult-cc/pult/telephony"
)

// apply turns one of Asterisk's events into the port's. Events of channels that are not ours are dropped: who watches a
// technology's endpoints is told of every call of the site. Applying an event twice does nothing the second time.
func (t *legTable) apply(e event) (out outcome) {
	switch v := e.Event.(type) {
	case *ari.StasisStart:
		t.started(&out, e, v)
	case *ari.StasisEnd:
		if l := t.leg(&v.Channel); l != nil && l.entered {
			l.rtp = lastRTP(e.at, l.codec, v.Channel.GetChannelVars())
			t.end(&out, e.at, l, l.cause)
		}
	case *ari.ChannelDestroyed:
		// For a leg that entered, StasisEnd came before. This is the end of one that was never answered.
		if l := t.leg(&v.Channel); l != nil {
			t.end(&out, e.at, l, telephony.Cause{Q850: v.Cause, SIP: e.sip})
		}
	case *ari.ChannelHangupRequest:
		// A soft request is Asterisk's own, and its "cause" is a flag word.
		if l := t.leg(&v.Channel); l != nil && !v.Soft {
			l.cause = telephony.Cause{Q850: v.Cause, SIP: e.sip}
			if v.Cause == 0 && l.State == telephony.LegUp {
				l.cause.Q850 = telephony.CauseNormal // a BYE right after the answer comes without (RFC 3398 §8.1)
			}
		}
	case *ari.ChannelStateChange:
		t.stateChanged(&out, e.at, &v.Channel)
	case *ari.Dial:
		if l := t.leg(&v.Peer); l != nil && (v.Dialstatus == "RINGING" || v.Dialstatus == "PROGRESS") {
			t.rang(&out, e.at, l)
		}
	case *ari.ChannelEnteredBridge:
		if l := t.leg(&v.Channel); l != nil {
			t.moved(&out, e.at, l, portBridge(v.Bridge.ID), v.Bridge.Type == "holding")
		}
	case *ari.ChannelLeftBridge:
		t.departed(&out, e.at, v)
	case *ari.ChannelDtmfReceived:
		t.digit(&out, e.at, v)
	case *ari.BridgeDestroyed:
		t.bridgeGone(v.Bridge.ID)
	// An account that is pushed again while its phone registers gets no EndpointStateChange: the endpoint was made anew, and the
	// state that it has from the beginning does not change. The other two come with every registration and say the state as well.
	case *ari.EndpointStateChange:
		t.endpointChanged(&out, e.at, &v.Endpoint)
	case *ari.PeerStatusChange:
		t.endpointChanged(&out, e.at, &v.Endpoint)
	case *ari.ContactStatusChange:
		endpoint := v.Endpoint
		// The endpoint's state is what it was when the message was made, which a phone that registers at once is ahead of.
		if s := v.ContactInfo.ContactStatus; s == "NonQualified" || s == "Reachable" {
			endpoint.State = "online"
		}
		t.endpointChanged(&out, e.at, &endpoint)
		t.contactChanged(&out, e.at, v)
	}
	return out
}

// leg returns the leg of a channel, nil when it is not ours.
func (t *legTable) leg(c *ari.ChannelData) *leg { return t.legs[telephony.LegID(c.ID)] }

func (t *legTable) started(out *outcome, e event, v *ari.StasisStart) {
	id, at := telephony.LegID(v.Channel.ID), e.at
	l := t.legs[id]
	switch {
	case l != nil && l.originated && l.Endpoint == "":
		l.Endpoint = endpointName(t.o.EndpointTech, v.Channel.Name)
	case l == nil && (id == "" || t.unborn(e, id)):
		return
	case l == nil && t.gone.has(id):
		out.orphan = append(out.orphan, id)
		return
	case l == nil:
		l = t.newInbound(&v.Channel)
		if created := v.Channel.GetCreationtime(); created != nil && !time.Time(v.Timestamp).IsZero() {
			// Its age by the PBX's clock, counted back on ours.
			l.Created = at.Add(-time.Time(v.Timestamp).Sub(time.Unix(created.GetSeconds(), int64(created.GetNanos()))))
		} else {
			l.Created = at
		}
		t.legs[id] = l
	}
	t.enter(out, at, l, v.Args)
}

// newInbound makes the leg of a channel that came from the dialplan.
func (t *legTable) newInbound(c *ari.ChannelData) *leg {
	return &leg{
		Leg: telephony.Leg{
			ID: telephony.LegID(c.ID), State: legState(c.State), Party: party(c.GetCaller()), Dialed: c.GetDialplan().GetExten(),
			Endpoint: endpointName(t.o.EndpointTech, c.Name), Marks: telephony.Marks{},
		},
	}
}

func (t *legTable) stateChanged(out *outcome, at time.Time, c *ari.ChannelData) {
	l := t.leg(c)
	if l == nil {
		return
	}
	switch legState(c.State) {
	case telephony.LegRinging:
		t.rang(out, at, l)
	case telephony.LegUp:
		// An originated leg is told when it enters the application, a moment later: before, no command would work.
		if l.entered && l.State != telephony.LegUp {
			l.State = telephony.LegUp
			out.emit(telephony.LegAnswered{At: at, Leg: l.ID})
		}
	}
}

func (t *legTable) departed(out *outcome, at time.Time, v *ari.ChannelLeftBridge) {
	l := t.leg(&v.Channel)
	if l == nil {
		return
	}
	if v.Bridge.Type == "holding" {
		l.Parked = false
		return
	}
	t.left(out, at, l, portBridge(v.Bridge.ID))
}

func (t *legTable) digit(out *outcome, at time.Time, v *ari.ChannelDtmfReceived) {
	l := t.leg(&v.Channel)
	if l == nil || v.Digit == "" {
		return
	}
	// The same key twice within a millisecond is one key, told once for the leg and once for its endpoint.
	stamp := time.Time(v.Timestamp)
	if !stamp.IsZero() && stamp.Equal(l.lastDigit) {
		return
	}
	l.lastDigit = stamp
	out.emit(telephony.LegDigit{At: at, Leg: l.ID, Digit: v.Digit})
}

func (t *legTable) endpointChanged(out *outcome, at time.Time, e *ari.EndpointData) {
	if e.Technology != t.o.EndpointTech || e.Resource == "" {
		return
	}
	online := e.State == "online"
	was, known := t.endpoints[e.Resource]
	t.endpoints[e.Resource] = online
	if !online {
		delete(t.contacts, e.Resource)
	}
	if online != was || !known && online {
		if online {
			t.contacts[e.Resource] = "" // whatever its address will be, it is told of
		}
		out.emit(telephony.EndpointChanged{At: at, Endpoint: telephony.Endpoint{Name: e.Resource, Online: online}})
	}
}

// contactChanged tells again that a device is there when it has signed in from elsewhere in the place of itself: its address has changed,
// or it has been started anew, and no state changed by that. What was there when the link came up has no known address: anything but
// its registering again in time is news.
func (t *legTable) contactChanged(out *outcome, at time.Time, v *ari.ContactStatusChange) {
	name, uri := v.Endpoint.Resource, v.ContactInfo.Uri
	if !t.endpoints[name] || uri == "" || v.ContactInfo.ContactStatus == "Removed" {
		return
	}
	was, told := t.contacts[name]
	t.contacts[name] = uri
	if was != uri && was != "" || !told && v.ContactInfo.ContactStatus != "Updated" {
		out.emit(telephony.EndpointChanged{At: at, Endpoint: telephony.Endpoint{Name: name, Online: true}})
	}
}

// bridgesOf returns the mixing bridges that the table's legs are in.
func (t *legTable) bridgesOf(ids []telephony.BridgeID) []telephony.Bridge {
	out := make([]telephony.Bridge, 0, len(ids))
	for _, id := range ids {
		b := telephony.Bridge{ID: id}
		for _, l := range t.legs {
			if l.Bridge == id {
				b.Legs = append(b.Legs, l.ID)
			}
		}
		slices.Sort(b.Legs)
		out = append(out, b)
	}
	return out
}
