// Package customers finds out who is behind a number: it normalises, asks the connectors, verifies every returned number, ranks,
// and remembers what people chose. It knows connectors by their port only.
package customers

import (
	"time"

	"github.com/pult-cc/pult/connectors"
)

// ID names a customer globally: it encodes a connectors.Ref, see EncodeID.
type ID string

// NumberKind is what sort of number a caller has.
type NumberKind string

// The kinds of numbers. Only public ones are asked about.
const (
	NumberPublic    NumberKind = "PUBLIC"
	NumberInternal  NumberKind = "INTERNAL"
	NumberAnonymous NumberKind = "ANONYMOUS"
)

// Number is a normalised telephone number.
type Number struct {
	E164    string     `json:"e164"`    // E.164, or the digits as received when it is no valid public number
	Display string     `json:"display"` // as people of the region write it
	Ext     string     `json:"ext,omitempty"`
	Kind    NumberKind `json:"kind"`
}

// Customer is a record of a customer system as it was when asked.
type Customer struct {
	ID         ID              `json:"id"`
	Ref        connectors.Ref  `json:"ref"`
	Kind       connectors.Kind `json:"kind"`
	Name       string          `json:"name"`
	Company    string          `json:"company,omitempty"`
	TaxID      string          `json:"taxId,omitempty"`
	Numbers    []LabeledNumber `json:"numbers,omitempty"`
	Emails     []string        `json:"emails,omitempty"`
	Owner      string          `json:"owner,omitempty"` // responsible manager
	URL        string          `json:"url,omitempty"`
	Source     string          `json:"source"`     // connector instance id
	SourceName string          `json:"sourceName"` // as people call it: "1C"
	AsOf       time.Time       `json:"asOf"`       // when the customer system said so
}

// LabeledNumber is a number of a customer and what their system calls it.
type LabeledNumber struct {
	Number Number `json:"number"`
	Label  string `json:"label,omitempty"`
}

// MatchState is how far the question "who is calling" has come.
type MatchState string

// The states of a match.
const (
	MatchPending MatchState = "PENDING" // asked, no answer yet
	MatchFound   MatchState = "FOUND"   // exactly one, or one chosen
	MatchMany    MatchState = "MANY"    // several equally good: a person chooses
	MatchNone    MatchState = "NONE"    // every system answered, nobody has the number
	MatchFailed  MatchState = "FAILED"  // a system did not answer
	MatchSkipped MatchState = "SKIPPED" // anonymous or internal number: not asked
)

// Reason is why a candidate is offered.
type Reason string

// The reasons, best first.
const (
	ReasonRemembered Reason = "REMEMBERED" // a person chose it for this number before
	ReasonExact      Reason = "EXACT"      // equal E.164
	ReasonExtension  Reason = "EXTENSION"  // equal but for the extension
	ReasonSuffix     Reason = "SUFFIX"     // equal national digits, country unknown on one side
)

// Candidate is a verified customer with the reason.
type Candidate struct {
	Customer   Customer `json:"customer"`
	Why        Reason   `json:"why"`
	Confidence float64  `json:"confidence"` // 0 to 1
}

// Match is the answer to "who is calling". Values are immutable once handed out.
type Match struct {
	State        MatchState  `json:"state"`
	Candidates   []Candidate `json:"candidates,omitempty"` // best first
	Chosen       *Customer   `json:"chosen,omitempty"`
	ChosenBy     string      `json:"chosenBy,omitempty"` // operator id, or "" when the ranking chose
	FailingSince *time.Time  `json:"failingSince,omitempty"`
	Problem      string      `json:"problem,omitempty"` // fit to show
	Asked        []string    `json:"asked,omitempty"`   // names of the systems asked
}
