// Package connectors is the port to customer systems (CRMs): who is behind a number.
//
// A driver (onec, memory) answers look-ups generously; the host (internal/customers) verifies every returned number, ranks and
// merges. Connector, the portable type around a driver, is written once and adds deadlines, single-flight, cache, bulkhead and
// breaker. The package imports the standard library and internal/errs only.
package connectors

import (
	"context"
	"encoding/json"
)

// Ref names a record in a customer system, globally: which connector instance, which kind of record, which id there.
type Ref struct {
	Connector string // instance id from the configuration, e.g. "1c"
	Type      string // the system's own record type, e.g. "Catalog_Контрагенты"
	ID        string // the system's own id
}

// Kind is what sort of customer a record describes.
type Kind string

// The kinds of customer records.
const (
	KindPerson  Kind = "PERSON"
	KindCompany Kind = "COMPANY"
	KindLead    Kind = "LEAD"
)

// Phone is a number as the customer system holds it, and what that system calls it.
type Phone struct {
	Raw   string // as stored there, possibly several numbers or with an extension
	Label string // e.g. "Мобильный"
}

// Person is somebody responsible in the customer system.
type Person struct {
	ID   string
	Name string
}

// Candidate is a record that may be the customer. Fields that the system does not have are empty.
type Candidate struct {
	Ref     Ref
	Kind    Kind
	Name    string
	Company string // the company a person belongs to
	// StandsFor is another record of the same customer in the same system, which says less: a counterparty of 1C stands for its
	// partner. Where both have a number only this one is shown.
	StandsFor Ref
	Phones    []Phone
	Emails    []string
	TaxID     string // ИНН
	Owner     Person // responsible manager
	Open      bool   // the system knows of something unfinished with them: a deal, a ticket
	URL       string // deep link into the system, absolute
	Deleted   bool   // marked for deletion there
	Notes     map[string]string
}

// LookupQuery asks who a number belongs to.
type LookupQuery struct {
	E164     string // "+79161234567"
	National string // significant number: "9161234567"
	Region   string // "RU"
	Limit    int    // at most so many candidates; 0 = 20
}

// Driver is implemented by customer systems. Methods may be called concurrently, honour ctx within 50 ms, do not retry, do not
// log, and return errs kinds: Unavailable (transport, 502-504, HTML instead of an answer), Timeout, Unauthenticated (401, 403),
// RateLimited, Rejected (a business rule refused), Invalid (the configuration does not fit the system), Internal.
type Driver interface {
	// Lookup returns every record that may have the number, better too many than too few: the host verifies. Nobody is an empty
	// slice and no error.
	Lookup(ctx context.Context, q LookupQuery) ([]Candidate, error)
}

// Secrets resolves secret references of a configuration ("env:NAME", "file:path", "vault:path#field").
type Secrets interface {
	Secret(ctx context.Context, ref string) (string, error)
}

// Rotating is implemented by Secrets that keep secrets which change when they are used, as refresh tokens of OAuth 2.0 do: the former
// one is refused afterwards, so a restart and other processes need the newest.
type Rotating interface {
	Secrets
	// Rotate gives use the newest value of the secret behind ref and keeps what use returns; "" or the same means that it has not
	// changed. Nobody else is given the secret meanwhile, in any process. use gets a context of its own, since a change that was begun
	// has to be kept though nobody waits for it any more. The error is that of use; one of keeping is errs.Unavailable, and what could
	// not be kept is what this process goes on with.
	Rotate(ctx context.Context, ref string, use func(ctx context.Context, value string) (next string, err error)) error
}

// Factory makes a driver of one kind. New must have no side effects: no connection, no goroutine. A plug-in is the exception: only
// its process can tell what it is able to do.
type Factory struct {
	Kind string // "onec"
	// Schema is the JSON Schema of the configuration. Secret fields carry "x-secret": true. For the web app's form: "x-more": true is
	// rarely needed, "x-when" shows a field only for such values of one beside it, "x-file-only" is for the configuration file.
	Schema json.RawMessage
	New    func(ctx context.Context, id string, config json.RawMessage, secrets Secrets) (Driver, error)
	// Browser is how the kind is configured in the web app; nil: in the configuration file only.
	Browser *Browser
	Presets func() []Preset // nil: none
	// Vocabulary lists the words of the system's answers that mean something to a driver of this configuration and tell of nobody, as
	// the names of kinds and types: an anonymised recording keeps them. nil: none.
	Vocabulary func(config json.RawMessage) []string
	// Mirrored says what a copy of the system's records depends on in a configuration that New takes; nil: on all of it.
	Mirrored func(config json.RawMessage) (Mirrored, error)
}

// Mirrored is what the records that Indexer lists depend on. Texts are compared, nothing else.
type Mirrored struct {
	System  string // whose records they are: those of another system are no answer at all
	Records string // which are read and how: after a change they are read anew, and until that is done the former ones serve
	// Accounts are references to keys of which another may be another system's, where many customers' systems are behind one address.
	// Passwords that people choose are none. See Whose.
	Accounts []string
}
