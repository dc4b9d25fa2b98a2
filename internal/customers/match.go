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
	Open       bool            `json:"open,omitempty"`  // their system knows of something unfinished with them
	URL        string          `json:"url,omitempty"`
	StandsFor  ID              `json:"standsFor,omitempty"` // another record of the same customer in the same system, which says less
	Source     string          `json:"source"`              // connector instance id
	SourceName string          `json:"sourceName"`          // as people call it: "1C"
	AsOf       time.Time       `json:"asOf"`                // when the customer system said so
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
	MatchMany    MatchState = "MANY"    // several equally good, or none certain: a person chooses
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
	ReasonNational   Reason = "NATIONAL"   // all national digits are equal, the country is unknown on one side
	ReasonExtension  Reason = "EXTENSION"  // equal but for the extension
	ReasonSuffix     Reason = "SUFFIX"     // a local number, equal to the last digits: likely, never certain
)

// The reasons that order candidates with the same of the above. They never make one certain.
const (
	ReasonLastSpoken Reason = "LAST_SPOKEN" // the last conversation with this number was with them
	ReasonOpen       Reason = "OPEN"        // something is unfinished with them: a deal, a ticket
)

// Origin is how we know of a candidate.
type Origin string

// The origins.
const (
	OriginLive  Origin = "LIVE"  // their system answered, now or a moment ago
	OriginIndex Origin = "INDEX" // read in the background, see Index
	OriginKept  Origin = "KEPT"  // of an earlier answer, kept for the day when the system is silent
)

// Candidate is a verified customer with the reasons.
type Candidate struct {
	Customer   Customer       `json:"customer"`
	Why        Reason         `json:"why"`
	Also       []Reason       `json:"also,omitempty"` // what else speaks for it
	Number     *LabeledNumber `json:"number,omitempty"`
	Origin     Origin         `json:"origin,omitempty"`
	Confidence float64        `json:"confidence"`          // 0 to 1
	Same       []Customer     `json:"same,omitempty"`      // records of the same customer in other systems
	RefusedBy  string         `json:"refusedBy,omitempty"` // operator who said that the number is not theirs
}

// Match is the answer to "who is calling". Values are immutable once handed out.
type Match struct {
	State        MatchState  `json:"state"`
	Candidates   []Candidate `json:"candidates,omitempty"` // best first
	Chosen       *Customer   `json:"chosen,omitempty"`
	ChosenBy     string      `json:"chosenBy,omitempty"`  // operator id, or "" when the ranking chose
	DecidedAt    *time.Time  `json:"decidedAt,omitempty"` // when a person chose, or said that it is nobody of these; nil: nobody has
	FailingSince *time.Time  `json:"failingSince,omitempty"`
	Problem      string      `json:"problem,omitempty"` // fit to show
	Asked        []string    `json:"asked,omitempty"`   // names of the systems asked
}
