package capture

import (
	"encoding/json"

	"github.com/pult-cc/pult/connectors"
)

// Format is that of a Fixture.
const Format = 1

// Host stands in a fixture where the system's was.
const Host = "crm.example"

// Fixture is an anonymised recording of a customer system: what it was asked, what it answered, and what the driver made of that.
// connectortest/replay serves it.
type Fixture struct {
	Format    int             `json:"format"`
	Kind      string          `json:"kind"`
	Config    json.RawMessage `json:"config"` // with Host, and secrets that are none
	Exchanges []Exchange      `json:"exchanges"`
	Cases     []Case          `json:"cases"`
}

// Exchange is a request and its answer.
type Exchange struct {
	Method string            `json:"method"`
	Target string            `json:"target"` // path and query, as sent
	Body   string            `json:"body,omitempty"`
	Status int               `json:"status"`
	Header map[string]string `json:"header,omitempty"`
	Answer json.RawMessage   `json:"answer,omitempty"` // JSON
	Text   string            `json:"text,omitempty"`   // an answer that is no JSON
}

// Case is a question to the driver and its outcome.
type Case struct {
	Op      string                  `json:"op"` // check, lookup, search, index
	Query   *connectors.LookupQuery `json:"query,omitempty"`
	Text    string                  `json:"text,omitempty"`
	Found   []connectors.Candidate  `json:"found,omitempty"`
	Problem string                  `json:"problem,omitempty"` // kind of the error
}
