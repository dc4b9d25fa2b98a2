// Package calls is the core: what a call is, how it changes, and the one writer that changes it.
//
// Call.Apply is pure: no clock, no I/O, no locks. Floor ties calls to queues and operators, also without I/O. Engine owns a Floor,
// takes events and commands from one queue, publishes immutable snapshots and hands effects (data) to workers, whose results come
// back as events. Board is the read side, equal in every process; Service is what the edges use.
package calls

import (
	"time"

	"github.com/pult-cc/pult/internal/customers"
	"github.com/pult-cc/pult/telephony"
	"github.com/pult-cc/pult/telephony/quality"
)

// ID names a call; it is also the id of its interaction.
type ID string

// Direction is who called whom.
type Direction string

// The directions.
const (
	Inbound  Direction = "INBOUND"
	Outbound Direction = "OUTBOUND"
)

// State is where a call stands.
type State string

// The states of a call.
const (
	StateNew     State = "NEW"     // outbound: the operator's own phone is being reached
	StateQueued  State = "QUEUED"  // the customer waits with music
	StateOffered State = "OFFERED" // an operator's phone is being reached
	StateRinging State = "RINGING" // the operator's phone rings; outbound: the customer is being reached
	StateTalking State = "TALKING" // both hear each other, confirmed by the PBX
	StateHeld    State = "HELD"    // the customer hears music, confirmed by the PBX

	// There is a third party: Call.Consult says who, and whom the operator speaks with.
	StateConsulting State = "CONSULTING"
	StateConference State = "CONFERENCE" // all three hear each other, confirmed by the PBX

	StateRescuing State = "RESCUING" // the operator's leg was lost; the customer hears music
	StateWrapUp   State = "WRAP_UP"  // the conversation is over, the operator writes
	StateEnded    State = "ENDED"
)

// Role is whose leg it is.
type Role string

// The roles.
const (
	RoleCustomer Role = "CUSTOMER"
	RoleOperator Role = "OPERATOR"
	RoleGuest    Role = "GUEST" // the third party: a colleague, or an outside number
	roleTail     Role = "TAIL"  // of two legs that were brought together and left to themselves, see tails
)

// Leg is one party's connection, as the call sees it.
type Leg struct {
	ID      telephony.LegID    `json:"id"`
	Role    Role               `json:"role"`
	State   telephony.LegState `json:"state"`
	Bridged bool               `json:"bridged,omitempty"` // in the call's mixing bridge
	Aside   bool               `json:"aside,omitempty"`   // in the bridge beside it, where the customer does not hear
	Parked  bool               `json:"parked,omitempty"`  // hears music
	Muted   bool               `json:"muted,omitempty"`   // of customer and guest; the operator's is Call.Muted
	Desk    bool               `json:"desk,omitempty"`    // a phone of its own, no page of ours: its hang-up is the operator's
	Silent  bool               `json:"silent,omitempty"`  // nothing is received from it, though it is up

	listened   int  // how often it was listened to before it took over: see handover.go
	muteAsked  bool // of customer and guest: what Muted will be once the PBX has confirmed it
	muteUnsure bool // what it has not confirmed yet
	patience
}

// joined tells whether the leg is where somebody is heard.
func (l *Leg) joined() bool { return l.Bridged || l.Aside }

// Party is one end of the call with a normalised number.
type Party struct {
	Number customers.Number `json:"number"`
	Name   string           `json:"name,omitempty"`
}

// RouteKind is what happened to a call on its way.
type RouteKind string

// The kinds of route steps.
const (
	RouteEntered     RouteKind = "ENTERED"
	RouteQueued      RouteKind = "QUEUED"
	RouteOffered     RouteKind = "OFFERED"
	RouteDeclined    RouteKind = "DECLINED"
	RouteNoAnswer    RouteKind = "NO_ANSWER"
	RouteUnreachable RouteKind = "UNREACHABLE"
	RouteAnswered    RouteKind = "ANSWERED"
	RouteLost        RouteKind = "LOST"
	RouteReturned    RouteKind = "RETURNED"
	RouteTaken       RouteKind = "TAKEN"
	RouteConsulted   RouteKind = "CONSULTED"
	RouteTransferred RouteKind = "TRANSFERRED"
	RouteParked      RouteKind = "PARKED"
)

// RouteStep is one entry of a call's way; steps are only appended.
type RouteStep struct {
	At         time.Time        `json:"at"`
	Kind       RouteKind        `json:"kind"`
	OperatorID string           `json:"operatorId,omitempty"`
	QueueID    string           `json:"queueId,omitempty"`
	Number     customers.Number `json:"number,omitzero"` // of an outside party
	By         string           `json:"by,omitempty"`    // who decided it, where that is another operator
}

// Result is how a conversation came out.
type Result string

// The results.
const (
	ResultAnswered  Result = "ANSWERED"
	ResultAbandoned Result = "ABANDONED" // the caller gave up waiting
	ResultNoAnswer  Result = "NO_ANSWER"
	ResultBusy      Result = "BUSY"
	ResultRejected  Result = "REJECTED"
	ResultFailed    Result = "FAILED"
	ResultCancelled Result = "CANCELLED" // the operator gave up dialling
)

// By is who ended the conversation.
type By string

// The parties that end conversations.
const (
	ByCustomer By = "CUSTOMER"
	ByOperator By = "OPERATOR"
	BySystem   By = "SYSTEM"
)

// End is the end of the conversation.
type End struct {
	At     time.Time `json:"at"`
	Result Result    `json:"result"`
	By     By        `json:"by"`
	Cause  int       `json:"cause"` // ITU-T Q.850
}

// Call is an immutable snapshot of a call: Apply returns a changed copy with a greater Version. Slices and pointers inside are never
// written to after the snapshot has been handed out.
type Call struct {
	ID        ID        `json:"id"`
	Version   uint64    `json:"version"` // grows by one with every change
	Direction Direction `json:"direction"`
	State     State     `json:"state"`
	Since     time.Time `json:"since"` // when State began

	StartedAt  time.Time  `json:"startedAt"`
	EnqueuedAt *time.Time `json:"enqueuedAt,omitempty"`
	AnsweredAt *time.Time `json:"answeredAt,omitempty"` // when the parties first heard each other

	QueueID    string `json:"queueId,omitempty"`
	OperatorID string `json:"operatorId,omitempty"` // offered to, talking, or wrapping up
	From       Party  `json:"from"`
	To         Party  `json:"to"`

	Customer *Leg `json:"customer,omitempty"` // the customer's leg
	Operator *Leg `json:"operator,omitempty"` // the operator's leg
	Guest    *Leg `json:"guest,omitempty"`    // the third party's leg
	Next     *Leg `json:"next,omitempty"`     // the operator's at their new phone; when it is joined, it takes Operator's place

	Consult *Consult `json:"consult,omitempty"` // set as long as there is, or may be, a guest
	Parking *Parking `json:"parking,omitempty"` // set while the call is parked

	Muted           bool `json:"muted,omitempty"`
	AnswerRequested bool `json:"answerRequested,omitempty"`
	HangupAsked     bool `json:"hangupAsked,omitempty"` // the operator asked for the end; the PBX has not confirmed yet
	Declining       bool `json:"declining,omitempty"`

	Attempts int         `json:"attempts"`
	Position int         `json:"position,omitempty"` // place in the queue from 1; 0 = not waiting
	Route    []RouteStep `json:"route,omitempty"`

	Match customers.Match `json:"match"`

	OfferUntil  *time.Time `json:"offerUntil,omitempty"`
	WrapUpUntil *time.Time `json:"wrapUpUntil,omitempty"`

	// Quality is how the conversation sounds; nil until something was measured.
	Quality *quality.Record `json:"quality,omitempty"`

	End *End `json:"end,omitempty"`

	// What only the owner of the floor needs. A change of it alone makes no new version.
	talked      string    // the operator who spoke with the customer last
	rescueUntil time.Time // until when a lost call is kept for talked
	blameless   bool      // the present offer will fail, and not for anything the operator did
	muteAsked   bool      // what Muted will be once the PBX has confirmed it
	muteUnsure  bool      // what it has not confirmed yet
	liveness
	measuring
	onHold   bool      // the customer was on hold when the operator was lost
	moving   bool      // the operator takes the phone elsewhere, and speaks on the old one until then
	away     bool      // talked has given it away, or did not come back to it in time: what rings now is an offer, to whomever
	returnBy time.Time // until when a call that nobody took, outside all queues, is kept for talked; zero = it was not given back
	placeBy  time.Time // when a leg that is nowhere must have come somewhere; zero = none is
	again    time.Time // when to reassert what the state demands, because a command failed; zero = not
}

// CustomerNumber is the number of the customer, whoever called.
func (c Call) CustomerNumber() customers.Number {
	if c.Direction == Outbound {
		return c.To.Number
	}
	return c.From.Number
}

// Held tells whether the customer is known to hear music in a conversation.
func (c Call) Held() bool {
	return c.State == StateHeld || c.State == StateConsulting && c.Customer != nil && c.Customer.Parked
}

// Involves tells whether the operator has a part in the call: as its operator, or as the colleague who is consulted.
func (c *Call) Involves(operatorID string) bool {
	return operatorID != "" && (c.OperatorID == operatorID || c.Consult != nil && c.Consult.OperatorID == operatorID)
}

// Reached tells whether the third party has answered.
func (c *Call) Reached() bool { return c.Guest != nil && c.Guest.State == telephony.LegUp }

// Live tells whether a customer is or may still be on the line.
func (c Call) Live() bool { return c.State != StateWrapUp && c.State != StateEnded }

// Waited is how long the customer has waited for an operator until now, the answer, or the end.
func (c Call) Waited(now time.Time) time.Duration {
	from := c.StartedAt
	if c.EnqueuedAt != nil {
		from = *c.EnqueuedAt
	}
	switch {
	case c.Direction == Outbound:
		return 0
	case c.AnsweredAt != nil:
		now = *c.AnsweredAt
	case c.End != nil:
		now = c.End.At
	}
	if now.Before(from) {
		return 0
	}
	return now.Sub(from)
}

// Legs lists the call's present legs, the customer's first.
func (c Call) Legs() []Leg {
	var out []Leg
	if c.Customer != nil {
		out = append(out, *c.Customer)
	}
	if c.Operator != nil {
		out = append(out, *c.Operator)
	}
	if c.Guest != nil {
		out = append(out, *c.Guest)
	}
	if c.Next != nil {
		out = append(out, *c.Next)
	}
	return out
}
