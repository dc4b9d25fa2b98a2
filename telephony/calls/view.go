package calls

import (
	"time"

	"github.com/pult-cc/pult/telephony/health"
	"github.com/pult-cc/pult/telephony/queues"
)

// Presence is what the floor sees of an operator: availability and work together.
type Presence string

// The presences.
const (
	PresenceReady   Presence = "READY"
	PresenceOffered Presence = "OFFERED"
	PresenceTalking Presence = "TALKING"
	PresenceHeld    Presence = "HELD"
	PresenceWrapUp  Presence = "WRAP_UP"
	PresencePaused  Presence = "PAUSED"
	PresenceOffline Presence = "OFFLINE"
)

// Operator is an immutable snapshot of a person on the floor.
type Operator struct {
	ID           string              `json:"id"`
	Version      uint64              `json:"version"`
	Login        string              `json:"login"`
	Name         string              `json:"name"`
	Queues       []string            `json:"queues,omitempty"`
	Availability queues.Availability `json:"availability"`
	PauseReason  string              `json:"pauseReason,omitempty"` // key
	Presence     Presence            `json:"presence"`
	Since        time.Time           `json:"since"` // when Presence began
	PhoneOnline  bool                `json:"phoneOnline"`
	Desk         bool                `json:"desk,omitempty"`   // their device is a phone of its own
	CallID       ID                  `json:"callId,omitempty"` // what keeps them busy
	Readiness    Readiness           `json:"readiness"`
	ReadySince   time.Time           `json:"readySince"`       // when Readiness began
	Health       *health.Record      `json:"health,omitempty"` // what their page last said of their phone
	Gone         bool                `json:"gone,omitempty"`   // no longer in the directory: the last word on them
}

// Queue is an immutable snapshot of a waiting line.
type Queue struct {
	queues.Queue
	Version     uint64     `json:"version"`
	Waiting     int        `json:"waiting"`
	OldestSince *time.Time `json:"oldestSince,omitempty"`
	Ready       int        `json:"ready"`
	Talking     int        `json:"talking"`
	Operators   int        `json:"operators"`
	Gone        bool       `json:"gone,omitempty"` // no longer in the directory: the last word on it
}

// NoticeKind is what a notice is about.
type NoticeKind string

// The kinds of notices.
const (
	NoticePhoneTakenOver   NoticeKind = "PHONE_TAKEN_OVER"
	NoticePhoneLost        NoticeKind = "PHONE_LOST"
	NoticeConnectorTrouble NoticeKind = "CONNECTOR_TROUBLE"
	NoticePBXDown          NoticeKind = "PBX_DOWN"
	NoticePBXUp            NoticeKind = "PBX_UP"
	NoticeMissedOffer      NoticeKind = "MISSED_OFFER"
	NoticeNotReached       NoticeKind = "NOT_REACHED" // who was to be consulted; Text is a RouteKind
)

// Notice is a message to one operator, or to everybody.
type Notice struct {
	ID            string     `json:"id"`
	At            time.Time  `json:"at"`
	Kind          NoticeKind `json:"kind"`
	OperatorID    string     `json:"operatorId,omitempty"` // "" = everybody
	CallID        ID         `json:"callId,omitempty"`
	PhoneClientID string     `json:"phoneClientId,omitempty"`
	Text          string     `json:"text,omitempty"` // detail, fit to show; the page words the kind itself
}

// Change is one published change. Exactly one field is set.
type Change struct {
	Call     *Call     `json:"call,omitempty"` // State ENDED: the last word on it
	Operator *Operator `json:"operator,omitempty"`
	Queue    *Queue    `json:"queue,omitempty"`
	Notice   *Notice   `json:"notice,omitempty"`
	Reset    bool      `json:"reset,omitempty"` // local only: the whole picture was replaced; read Snapshot again
}

// Snapshot is the whole floor at one moment.
type Snapshot struct {
	Epoch     string     `json:"epoch"` // incarnation of the engine
	Seq       uint64     `json:"seq"`   // the last bus sequence it includes
	At        time.Time  `json:"at"`
	LinkUp    bool       `json:"linkUp"`             // events come from the PBX
	Restored  bool       `json:"restored,omitempty"` // as the history has it: the PBX has not said yet what is there; see Board.Confirmed
	Calls     []Call     `json:"calls"`
	Operators []Operator `json:"operators"`
	Queues    []Queue    `json:"queues"` // in display order
}
