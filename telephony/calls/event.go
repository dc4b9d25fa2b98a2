package calls

import (
	"time"

	"github.com/pult-cc/pult/internal/customers"
	"github.com/pult-cc/pult/telephony"
)

// Event is something that happened to a call. The set is closed.
type Event interface{ callEvent() }

type (
	// PBX is an event of one of the call's legs.
	PBX struct{ telephony.Event }
	// Offered is the distribution's decision.
	Offered struct {
		At         time.Time
		OperatorID string
		Until      time.Time // when the operator's phone stops ringing
		Taken      bool      // the operator took it out of turn
		Desk       bool      // on a desk phone
	}
	// OriginateFailed says that a leg could not even be made.
	OriginateFailed struct {
		At     time.Time
		Leg    telephony.LegID
		Unsure bool // the PBX did not answer in time: no fault of the phone's
	}
	// Vanished says that a leg is not to be counted on: the PBX does not have it after a reconnection, or it is at odds with another.
	Vanished struct {
		At  time.Time
		Leg telephony.LegID
	}
	// Missing says that the PBX has no legs but those that the call has.
	Missing struct{ At time.Time }
	// JoinFailed says that the legs could not be brought together, for good.
	JoinFailed struct {
		At   time.Time
		Legs []telephony.LegID
	}
	// Failed says that a command to the PBX failed, for good.
	Failed struct{ At time.Time }
	// Muted says that the PBX has stopped the leg from being heard, or lets it be heard again.
	Muted struct {
		Leg telephony.LegID
		On  bool
	}
	// PhoneGone says that the operator's phone went away: it is no longer registered, and a conversation may survive (its media do not
	// need the signalling). Replaced: another phone session takes over. SignedOut: with that, a conversation is over as well.
	PhoneGone struct {
		At         time.Time
		OperatorID string
		Replaced   bool
		SignedOut  bool
	}
	// ConsultAsked is an accepted wish to bring a third party in: a colleague, or an outside number.
	ConsultAsked struct {
		At         time.Time
		By         string
		OperatorID string // the colleague, or
		Party      Party  // the number; the colleague's name
		CallerID   string // shown to an outside number; "" leaves it to the PBX
		Blind      bool   // By leaves at once; for outside numbers
		Desk       bool   // the colleague is at a desk phone
	}
	// TransferAsked is an accepted wish to give the call to a colleague or a queue.
	TransferAsked struct {
		At         time.Time
		OperatorID string
		QueueID    string
		Beside     bool // the colleague has a call
	}
	// PutAside says that the operator turns to another call of theirs.
	PutAside struct{ At time.Time }
	// PhoneKept says that the operator's phone was not replaced after all.
	PhoneKept struct{ OperatorID string }
	// Matched is an answer to who is calling. ByPerson: it is what a person chose.
	Matched struct {
		Match    customers.Match
		ByPerson bool
	}
	// Moved is a new place in the queue.
	Moved struct{ Position int }
	// Asked is an accepted command of the call's operator (or a supervisor).
	Asked struct {
		At  time.Time
		Cmd Command
	}
	// RescueOver says that the operator for whom the call was kept has not taken it in time.
	RescueOver struct{ At time.Time }
	// Ticked is the passing of time.
	Ticked struct{ At time.Time }
	// Reasserted asks for whatever the call's state demands of the PBX once more: commands may have been lost with the link.
	Reasserted struct{ At time.Time }
)

func (PBX) callEvent()             {}
func (Offered) callEvent()         {}
func (OriginateFailed) callEvent() {}
func (Vanished) callEvent()        {}
func (Missing) callEvent()         {}
func (JoinFailed) callEvent()      {}
func (Failed) callEvent()          {}
func (Muted) callEvent()           {}
func (PhoneGone) callEvent()       {}
func (PhoneKept) callEvent()       {}
func (ConsultAsked) callEvent()    {}
func (TransferAsked) callEvent()   {}
func (PutAside) callEvent()        {}
func (Matched) callEvent()         {}
func (Moved) callEvent()           {}
func (Asked) callEvent()           {}
func (RescueOver) callEvent()      {}
func (Ticked) callEvent()          {}
func (Reasserted) callEvent()      {}

// Effect is something to be done because a call changed, as data. The set is closed.
type Effect interface{ effect() }

// Effects for the PBX. Those of one call are carried out in order; see Engine.
type (
	// DoAnswer answers the leg.
	DoAnswer struct{ Leg telephony.LegID }
	// DoPark lets the leg hear music.
	DoPark struct{ Leg telephony.LegID }
	// DoJoin lets the legs hear each other.
	DoJoin struct {
		Bridge telephony.BridgeID
		Legs   []telephony.LegID
	}
	// DoOriginate makes a leg.
	DoOriginate struct{ telephony.Originate }
	// DoHangup ends a leg.
	DoHangup struct {
		Leg   telephony.LegID
		Cause int
	}
	// DoMark writes on the leg what must survive us.
	DoMark struct {
		Leg   telephony.LegID
		Marks telephony.Marks
	}
	// DoCloseBridge removes the call's bridge.
	DoCloseBridge struct{ Bridge telephony.BridgeID }
	// DoMute stops the leg from being heard, or lets it be heard again.
	DoMute struct {
		Leg telephony.LegID
		On  bool
	}
	// DoDigits presses keys towards the leg's far end.
	DoDigits struct {
		Leg    telephony.LegID
		Digits string
	}
	// DoRingback lets the leg hear that the other side is being rung.
	DoRingback struct {
		Leg telephony.LegID
		On  bool
	}
	// DoAnswerFar answers in place of a simulated phone.
	DoAnswerFar struct{ Leg telephony.LegID }
	// DoReturn hands a leg back to the dialplan's fallback.
	DoReturn struct{ Leg telephony.LegID }
)

// Effects for the customer systems.
type (
	// LookUp asks who the number belongs to; Fresh goes past every cache. Floor numbers the questions of a call: see Floor.Matched.
	LookUp struct {
		Number customers.Number
		Fresh  bool
		Ask    int
	}
	// Link remembers a person's choice; an empty Customer takes it back.
	Link struct {
		Number     customers.Number
		Customer   customers.ID
		OperatorID string
	}
)

// Effects for the floor, carried out by Floor itself.
type (
	// Enqueue puts the call into the line of its queue. Only, OnlyUntil, NotBefore and Beside are as in queues.Waiting.
	Enqueue struct {
		Since     time.Time
		Head      bool
		Only      string
		OnlyUntil time.Time
		NotBefore time.Time
		Beside    bool
	}
	// Dequeue takes it out.
	Dequeue struct{}
	// Release frees the operator.
	Release struct {
		At         time.Time
		OperatorID string
		Pause      string // reason key; "" = none
		Worked     bool   // there was a conversation: idle time starts anew
	}
	// Relay leaves two legs to themselves: when one ends, so does the other.
	Relay struct {
		Legs   [2]telephony.LegID
		Bridge telephony.BridgeID
	}
	// Tell says something to an operator.
	Tell struct {
		At         time.Time
		OperatorID string
		Kind       NoticeKind
		Text       string
	}
)

func (DoAnswer) effect()      {}
func (DoPark) effect()        {}
func (DoJoin) effect()        {}
func (DoOriginate) effect()   {}
func (DoHangup) effect()      {}
func (DoMark) effect()        {}
func (DoCloseBridge) effect() {}
func (DoMute) effect()        {}
func (DoDigits) effect()      {}
func (DoRingback) effect()    {}
func (DoAnswerFar) effect()   {}
func (DoReturn) effect()      {}
func (LookUp) effect()        {}
func (Link) effect()          {}
func (Enqueue) effect()       {}
func (Dequeue) effect()       {}
func (Release) effect()       {}
func (Relay) effect()         {}
func (Tell) effect()          {}
