// Package connectortest is the conformance suite of customer systems, in the manner of fstest and nettest: a driver brings a
// harness, the suite brings the questions. What it asks is the contract of connectors.Driver and its optional capabilities.
package connectortest

import (
	"slices"
	"testing"
	"time"

	"github.com/pult-cc/pult/connectors"
	"github.com/pult-cc/pult/internal/errs"
)

// Customer is a record that a harness puts into its system before the driver is asked.
type Customer struct {
	Kind    connectors.Kind
	Name    string // unique within a test: the suite recognises records by it
	Company string // for persons; a company of that name is put in as well
	Phones  []string
	TaxID   string
	Owner   string // somebody of this name works with the system
	Deleted bool
	// Business goes on with them; only systems with the capability need to take it.
	Business []Business
}

// Business is a deal, ticket or order of a customer.
type Business struct {
	Title string
	Open  bool
}

// Gap is something that a system cannot know or do, so that the suite does not ask for it. Each is listed in the test's log.
type Gap string

// The gaps.
const (
	NoTaxID        Gap = "keeps no tax number"
	NoOwner        Gap = "tells no responsible manager"
	NoExtension    Gap = "does not find a number with an extension behind it"
	NoJoined       Gap = "does not find the second of two numbers in one field"
	NoPartOfNumber Gap = "does not search by a part of a number"
	NoCompanies    Gap = "keeps numbers of persons only"
	FromMemory     Gap = "answers from memory, so it is never slow"
	NoUpdate       Gap = "keeps the first state of a call that is sent again"
	KeepsEmpty     Gap = "keeps an empty record at a customer whose call it was not"
)

// Fault is trouble that a harness can make its system cause.
type Fault string

// The faults. Every system can be Slow and Down; the rest is for systems behind HTTP.
const (
	Slow         Fault = "slow"                   // answers after a minute
	Down         Fault = "down"                   // cannot be reached
	Unauthorized Fault = "401"                    // wrong password
	Forbidden    Fault = "403"                    // locked account
	TooMany      Fault = "429 with Retry-After 7" // seconds
	BusinessRule Fault = "500 of a business rule" // the system's own logic refused
	ServerError  Fault = "500 without reason"     // the web server failed
	BadGateway   Fault = "502"
	Busy         Fault = "503"
	WebPage      Fault = "200 with a web page"
	CutOff       Fault = "200 cut off in the middle"
	ByteOrder    Fault = "200 with a byte order mark" // not trouble at all: must be read
)

// expected is what a driver makes of a fault.
var expected = map[Fault]errs.Kind{
	Slow: errs.Timeout, Down: errs.Unavailable, Unauthorized: errs.Unauthenticated, Forbidden: errs.Unauthenticated,
	TooMany: errs.RateLimited, BusinessRule: errs.Rejected, ServerError: errs.Unavailable, BadGateway: errs.Unavailable,
	Busy: errs.Unavailable, WebPage: errs.Unavailable, CutOff: errs.Unavailable,
}

// System is a customer system with a driver to it.
type System struct {
	Driver connectors.Driver
	ID     string // the connector instance id the driver was made with
	// Inject makes every following answer suffer the fault, until the next Inject; "" heals.
	Inject func(Fault)
	Faults []Fault // what Inject knows, Slow and Down at least
	Secret string  // the password; it must appear in no error
	// Reopen opens another driver to the same system, as after a restart of Pult. Wanted of drivers with an index.
	Reopen func() connectors.Driver
	Gaps   []Gap
	// Written returns what stands in the system under a key: all texts of each record, in no order. Nil where nothing is written.
	Written func(what Record, key string) []string
	// Close ends the system and everything the driver keeps open. The suite calls it before it counts goroutines; it may be
	// called twice.
	Close func()
}

// Record is what a driver writes.
type Record string

// The records.
const (
	Calls      Record = "call"
	Tasks      Record = "task"
	Contacts   Record = "contact"
	Recordings Record = "recording"
	Cards      Record = "card" // of a call, open at an operator
)

func (s System) lacks(g Gap) bool { return slices.Contains(s.Gaps, g) }

// Harness makes systems.
type Harness struct {
	// New starts a system that holds the customers, and opens a driver to it.
	New func(t *testing.T, customers []Customer) System
}

// Run runs the suite.
func Run(t *testing.T, h Harness) {
	open := func(t T, customers []Customer) System { return h.New(t.(gotest).T, customers) }
	for _, c := range suite {
		t.Run(c.name, func(t *testing.T) { c.run(Of(t), open) })
	}
}

// suite is every case. A case that asks about a capability passes when the driver lacks it.
var suite = []struct {
	name string
	run  func(T, bench)
}{
	{"Spellings", spellings},
	{"Nobody", nobody},
	{"Several", several},
	{"PersonAndCompany", personAndCompany},
	{"DeletionMark", deletionMark},
	{"Limit", limit},
	{"OddCharacters", oddCharacters},
	{"Concurrent", concurrent},
	{"Faults", faults},
	{"SlowHonoursDeadline", slow},
	{"CancelLeaksNothing", cancelled},
	{"Get", get},
	{"Search", search},
	{"Check", check},
	{"Index", index},
	{"Related", related},
	{"CreateContact", createContact},
	{"LogCall", logCall},
	{"RelinkCall", relinkCall},
	{"CreateTask", createTask},
	{"AttachRecording", attachRecording},
	{"ShowCall", showCall},
	{"History", history},
	{"Agents", agents},
	{"WriteFaults", writeFaults},
	{"Gaps", gaps},
}

// lateness is how long after its deadline a driver may still hold the caller.
const lateness = 50 * time.Millisecond
