// Package outbox carries what customer systems are to know of calls: call records, recordings, tasks. An entry is written in the
// transaction that ends the call or changes its notes, and delivered at least once; its key makes a repetition harmless. What is due
// to a system that is away waits, however long; what a system refuses is laid aside with the reason until a person decides.
//
// The package decides (Planner, Merge, Judge: pure) and delivers (Deliverer). It knows connectors by their port, and no database.
package outbox

import (
	"time"

	"github.com/pult-cc/pult/connectors"
)

// Kind is what sort of record an entry makes.
type Kind string

// The kinds.
const (
	KindCall      Kind = "CALL"
	KindRecording Kind = "RECORDING"
	KindTask      Kind = "TASK"
)

// State is how far an entry has come.
type State string

// The states.
const (
	StatePending   State = "PENDING"   // to be delivered, now or at NextAttempt
	StateDelivered State = "DELIVERED" // the customer system has it
	StateDead      State = "DEAD"      // the customer system refused it: a person decides
	StateDiscarded State = "DISCARDED" // a person decided that the system is not to have it
	StateHeld      State = "HELD"      // not for this system until a customer of its own is known; nothing of it stands there
)

// Payload is what an entry says, by ids of ours, which become names when it is delivered. Which fields count depends on the kind.
type Payload struct {
	Customer   connectors.Ref     `json:"customer,omitzero"` // in the entry's own system; empty: nobody is linked, or somebody whom it does not know
	Number     string             `json:"number,omitempty"`  // E.164; empty: withheld
	Inbound    bool               `json:"inbound,omitempty"`
	QueueID    string             `json:"queueId,omitempty"`
	OperatorID string             `json:"operatorId,omitempty"`
	StartedAt  time.Time          `json:"startedAt,omitzero"`
	Waited     time.Duration      `json:"waited,omitempty"`
	Talked     time.Duration      `json:"talked,omitempty"`
	Outcome    connectors.Outcome `json:"outcome,omitempty"`
	TopicID    string             `json:"topicId,omitempty"`
	Tags       []string           `json:"tags,omitempty"`
	Comment    string             `json:"comment,omitempty"`

	File   string        `json:"file,omitempty"` // of a recording: name with its ending, media type, where it can be fetched
	Type   string        `json:"type,omitempty"`
	Length time.Duration `json:"length,omitempty"`
	URL    string        `json:"url,omitempty"`

	Title string    `json:"title,omitempty"` // of a task
	Text  string    `json:"text,omitempty"`
	DueAt time.Time `json:"dueAt,omitzero"`
}

// Edits are what a person put right in an entry; nil leaves the payload's. They last until the payload itself says something new there.
type Edits struct {
	Customer *connectors.Ref `json:"customer,omitempty"`
	Number   *string         `json:"number,omitempty"`
	Comment  *string         `json:"comment,omitempty"`
}

// Entry is a record that a customer system is to have. There is one for each connector, kind and key: what changes later changes the
// entry, and the newest state is what is delivered.
type Entry struct {
	ID        string // sorts by creation
	Connector string
	Kind      Kind
	Subject   string // interaction; entries of one are delivered in the order of their ids
	Key       string // names the record to the customer system, whatever is repeated
	Payload   Payload
	Edits     Edits
	Revision  int64 // grows with every change of what is to be delivered

	State       State
	Since       time.Time // when State began
	Attempts    int       // failed ones since the last success or change by a person
	NextAttempt time.Time // PENDING: not before; while Lease is set: when the lease ends
	Lease       string    // who is delivering it now; "" nobody
	Reason      string    // of the last failure, fit to show
	ReasonCode  string    // its errs.Kind; "" none

	Written     connectors.Ref // in the customer system, once it is there
	WrittenFor  connectors.Ref // the customer for whom it stands there, or may stand where no answer came; empty for nobody
	Past        bool           // what it said is forgotten; where it was written, or that it was discarded, is not
	CreatedAt   time.Time
	UpdatedAt   time.Time
	DeliveredAt *time.Time // last
}

// Effective is the payload with the edits over it.
func (e Entry) Effective() Payload {
	p := e.Payload
	if e.Edits.Customer != nil {
		p.Customer = *e.Edits.Customer
	}
	if e.Edits.Number != nil {
		p.Number = *e.Edits.Number
	}
	if e.Edits.Comment != nil {
		p.Comment = *e.Edits.Comment
	}
	return p
}

// Wish is that a customer system should have a record.
type Wish struct {
	Connector string
	Kind      Kind
	Subject   string
	Key       string
	Payload   Payload
	NotBefore time.Time // zero: at once
}
