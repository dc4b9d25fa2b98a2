package ari

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	ari "github.com/CyCoreSystems/ari/v5"

	"github.com/pult-cc/pult/telephony"
)

// used are the event types that become port events, with what they are decoded into. Asterisk is asked to send no others, but a
// filter can be lost or come late.
var used = map[string]func() ari.Event{
	"StasisStart":          func() ari.Event { return new(ari.StasisStart) },
	"StasisEnd":            func() ari.Event { return new(ari.StasisEnd) },
	"ChannelStateChange":   func() ari.Event { return new(ari.ChannelStateChange) },
	"ChannelHangupRequest": func() ari.Event { return new(ari.ChannelHangupRequest) },
	"ChannelDestroyed":     func() ari.Event { return new(ari.ChannelDestroyed) },
	"ChannelEnteredBridge": func() ari.Event { return new(ari.ChannelEnteredBridge) },
	"ChannelLeftBridge":    func() ari.Event { return new(ari.ChannelLeftBridge) },
	"ChannelDtmfReceived":  func() ari.Event { return new(ari.ChannelDtmfReceived) },
	"Dial":                 func() ari.Event { return new(ari.Dial) },
	"BridgeDestroyed":      func() ari.Event { return new(ari.BridgeDestroyed) },
	"EndpointStateChange":  func() ari.Event { return new(ari.EndpointStateChange) },
	"PeerStatusChange":     func() ari.Event { return new(ari.PeerStatusChange) },
	"ContactStatusChange":  func() ari.Event { return new(ari.ContactStatusChange) },
	typeReplaced:           func() ari.Event { return new(ari.ApplicationReplaced) },
}

// typeReplaced says that another WebSocket took the application over.
const typeReplaced = "ApplicationReplaced"

// event is a decoded frame: the library's event, and what the library leaves out.
type event struct {
	at time.Time
	ari.Event
	sip int  // tech_cause: the final SIP status, where there was one
	old bool // replayed, of before the truth
}

// errGarbage is a frame that is no event.
var errGarbage = errors.New("not an event")

// typeOf returns the type of an event without decoding the rest, where Asterisk puts it first, as it does.
func typeOf(data []byte) string {
	if rest, ok := bytes.CutPrefix(data, []byte(`{"type":"`)); ok {
		if name, _, ok := bytes.Cut(rest, []byte(`"`)); ok && len(name) <= 64 {
			return string(name)
		}
	}
	var m struct{ Type string }
	if json.Unmarshal(data, &m) != nil || len(m.Type) > 64 {
		return ""
	}
	return m.Type
}

// decode decodes the frame of an event of a used type. It never panics, whatever the frame is: the library is not trusted so far.
func decode(f frame, kind string) (e event, err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("%w: decoding %s: %v", errGarbage, kind, r)
		}
	}()
	e.at, e.old = f.at, f.old
	e.Event = used[kind]() // ari.DecodeEvent would look for the type again, in a pass of its own
	if err := json.Unmarshal(f.data, e.Event); err != nil {
		return event{}, fmt.Errorf("%w: decoding %s: %w", errGarbage, kind, err)
	}
	switch kind {
	case "ChannelHangupRequest", "ChannelDestroyed":
		var extra struct {
			TechCause int `json:"tech_cause"`
		}
		if err := json.Unmarshal(f.data, &extra); err != nil {
			return event{}, fmt.Errorf("%w: decoding %s: %w", errGarbage, kind, err)
		}
		e.sip = extra.TechCause
	}
	return e, nil
}

// legState translates a channel's state.
func legState(s string) telephony.LegState {
	switch s {
	case "Up":
		return telephony.LegUp
	case "Ring", "Ringing":
		return telephony.LegRinging
	}
	return telephony.LegDown
}

// party returns the caller as the network said it. A withheld number comes as one of a few words instead of digits.
func party(c *ari.CallerID) telephony.Party {
	if c == nil {
		return telephony.Party{}
	}
	p := telephony.Party{Number: c.Number, Name: c.Name}
	switch strings.ToLower(p.Number) {
	case "anonymous", "unavailable", "restricted", "unknown", "private":
		p.Number = ""
	}
	if p.Number == "" && strings.EqualFold(p.Name, "anonymous") {
		p.Name = ""
	}
	return p
}

// endpointName returns "op-7" of the channel name "PJSIP/op-7-00000001", "" for channels of another technology.
func endpointName(tech, channel string) string {
	rest, ok := strings.CutPrefix(channel, tech+"/")
	if !ok {
		return ""
	}
	if i := strings.LastIndexByte(rest, '-'); i >= 0 {
		rest = rest[:i]
	}
	return rest
}
