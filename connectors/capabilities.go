package connectors

import (
	"context"
	"errors"
	"io"
	"net/http"
	"time"

	"github.com/pult-cc/pult/internal/errs"
)

// As finds a capability of a driver: As[Getter](d). A driver of which only the configuration, or another process, says what it can
// do implements Partial; that of any other is a type assertion.
func As[T any](d Driver) (T, bool) {
	var capability T
	if p, ok := d.(Partial); ok {
		found := p.As(&capability)
		return capability, found
	}
	capability, ok := d.(T)
	return capability, ok
}

// Partial is a driver whose capabilities are known only at run time: an HTTP system described in a file, a plug-in. Its type has no
// method of a capability that it may lack, so that a type assertion promises nothing it cannot keep.
type Partial interface {
	// As sets target, a pointer to one of the capabilities below, and reports true when this driver has it. A driver answers the
	// same all its life.
	As(target any) bool
}

// Capabilities names what a driver can do beyond Lookup, in the order of the types below.
func Capabilities(d Driver) []string {
	var out []string
	for _, c := range []struct {
		name string
		has  func(Driver) bool
	}{
		{"CHECK", has[Checker]}, {"GET", has[Getter]}, {"SEARCH", has[Searcher]}, {"INDEX", has[Indexer]}, {"RELATED", has[Relater]},
		{"HISTORY", has[Historian]}, {"CREATE_CONTACT", has[ContactCreator]}, {"LOG_CALL", has[CallLogger]},
		{"ATTACH_RECORDING", has[RecordingAttacher]}, {"CREATE_TASK", has[TaskCreator]}, {"SHOW_CALL", has[CallShower]},
		{"AGENTS", has[AgentLister]}, {"CLICK", has[ClickSource]},
	} {
		if c.has(d) {
			out = append(out, c.name)
		}
	}
	return out
}

func has[T any](d Driver) bool {
	_, ok := As[T](d)
	return ok
}

// What a driver may do beyond Lookup, each found by As; all follow Driver's contract on concurrency, deadlines and errors. What a
// system cannot do at all is not implemented; what this installation of it cannot do is errs.Unsupported.
type (
	// Checker tells whether the system is there and the credentials work.
	Checker interface {
		Check(ctx context.Context) (Health, error)
	}
	// Getter fetches one record by reference; an unknown one is errs.NotFound.
	Getter interface {
		Get(ctx context.Context, ref Ref) (Candidate, error)
	}
	// Searcher finds records by words of a name, or digits of a number.
	Searcher interface {
		Search(ctx context.Context, text string, limit int) ([]Candidate, error)
	}
	// Indexer lists everybody who has a number, page after page, so that the host can answer without asking.
	Indexer interface {
		// Index returns the page at a cursor: "" is the first, Page.Next the one after. A cursor stays good for a day, across
		// restarts of both sides; one that is too old is errs.Invalid, and the host begins anew. A record that changes while
		// pages are read may be seen twice or in its old state, but one that stays must not be left out. limit is a wish, 0
		// leaves it to the driver.
		Index(ctx context.Context, cursor string, limit int) (Page, error)
	}
	// Relater tells what goes on with a customer: deals, tickets, orders. Open ones come first, then the latest.
	Relater interface {
		Related(ctx context.Context, customer Ref, limit int) ([]Item, error)
	}
	// Historian tells what was said and written before, latest first.
	Historian interface {
		History(ctx context.Context, customer Ref, limit int) ([]Contact, error)
	}
	// ContactCreator makes a new record. The host has looked for duplicates; a driver whose system refuses one says
	// errs.Conflict. Twice the same key makes one record.
	ContactCreator interface {
		CreateContact(ctx context.Context, c NewContact) (Candidate, error)
	}
	// CallLogger writes calls into the system. Twice the same key is one record, the later state of it: the host repeats what it
	// is not sure of, and may send a call again when its notes have changed, or its customer: what CallRecord.Written tells of is
	// then changed or moved, so that the call stands once, and not with a customer whose call it is not. A system that files calls
	// under a customer or not at all takes back what is written of a call that has none any more, and answers ErrCustomerNeeded.
	CallLogger interface {
		LogCall(ctx context.Context, call CallRecord) (Ref, error)
	}
	// RecordingAttacher adds the voice to a logged call. Twice the same key attaches once.
	RecordingAttacher interface {
		AttachRecording(ctx context.Context, rec Recording) error
	}
	// TaskCreator makes somebody in the system do something, as calling back. Twice the same key makes one task.
	TaskCreator interface {
		CreateTask(ctx context.Context, task Task) (Ref, error)
	}
	// CallShower has the system show a card of its own to an operator whose phone rings, or who has dialled (a screen pop). The host
	// announces a call once, keeps what that returned, and then has the card shown to one operator after the other; LogCall, to which
	// CallRecord.Announced tells of it, ends the call there, with the card at the record's Agent, or writes it like any other where the
	// system has forgotten it. It is worth nothing later: after the end of a call nothing is shown.
	CallShower interface {
		// AnnounceCall tells of a call with a customer and shows nothing. What is announced twice, since an answer was lost, is one or
		// two: one that is neither shown nor logged leaves no trace that people see. The host never announces a call with another
		// customer than before.
		AnnounceCall(ctx context.Context, call LiveCall) (Ref, error)
		// ShowCall shows the card, or takes it away. Shown twice it is one card, taken away twice it is gone; of a call that the system
		// has forgotten, or that has ended there, it does nothing.
		ShowCall(ctx context.Context, card Card) error
	}
	// AgentLister tells who works with the system, so that operators can be found there.
	AgentLister interface {
		Agents(ctx context.Context) ([]Agent, error)
	}
	// ClickSource understands what the system sends when somebody clicks a number there. The host has limited the body's size;
	// a request that does not prove where it comes from is errs.Unauthenticated.
	ClickSource interface {
		Clicked(ctx context.Context, r *http.Request) ([]Click, error)
	}
)

// Health is the answer of a Checker.
type Health struct {
	Version string
	Latency time.Duration
}

// Page is a part of all records. Next is empty on the last.
type Page struct {
	Candidates []Candidate
	Next       string
}

// ItemKind is what sort of business a related item is.
type ItemKind string

// The kinds of related items.
const (
	ItemDeal   ItemKind = "DEAL"
	ItemTicket ItemKind = "TICKET"
	ItemOrder  ItemKind = "ORDER"
	ItemTask   ItemKind = "TASK"
)

// Item is a piece of business with a customer. Fields that the system does not have are empty.
type Item struct {
	Ref    Ref
	Kind   ItemKind
	Title  string
	Status string // in the system's own words
	Open   bool
	Sum    string // with its currency, as the system shows it
	Owner  Person
	At     time.Time // of its last change
	URL    string    // deep link, absolute
}

// Contact is one earlier contact with a customer.
type Contact struct {
	Ref     Ref
	Channel string // CALL, MAIL, CHAT, MEETING, NOTE
	Inbound bool
	At      time.Time
	Title   string
	Text    string
	Who     Person // of the company
	URL     string
}

// NewContact is a customer to be created.
type NewContact struct {
	Key     string // names this wish; at most 64 of [A-Za-z0-9_-]
	Kind    Kind
	Name    string
	Company string
	Phone   string // E.164
	Email   string
	Comment string
	Agent   Agent // who creates it; responsible where the system wants somebody
}

// Agent is somebody who works at both sides: by the system's own id where that is known, else by what both know.
type Agent struct {
	ID        string // the system's
	Login     string // Pult's
	Name      string
	Extension string
	Email     string
}

// Outcome is how a call ended.
type Outcome string

// The outcomes of calls.
const (
	OutcomeAnswered Outcome = "ANSWERED"
	OutcomeMissed   Outcome = "MISSED" // nobody here answered
	OutcomeBusy     Outcome = "BUSY"
	OutcomeNoAnswer Outcome = "NO_ANSWER" // nobody there answered
	OutcomeFailed   Outcome = "FAILED"
)

// CallRecord is a call as it is to stand in the system.
type CallRecord struct {
	Key       string // the call's, at most 64 of [A-Za-z0-9_-]
	Customer  Ref    // empty when nobody is linked
	Number    string // of the customer, E.164; empty when withheld
	Inbound   bool
	Queue     string
	Agent     Agent // empty when nobody talked
	StartedAt time.Time
	Waited    time.Duration
	Talked    time.Duration
	Outcome   Outcome
	Topic     string
	Tags      []string
	Comment   string
	URL       string // of the call in Pult
	Written   Written
	Announced Announced
}

// Written is what stands of a call in the system already, as far as the host knows; the zero value when it knows of nothing.
type Written struct {
	Ref      Ref // as LogCall returned it; empty when no answer came: a record may be there, or not
	Customer Ref // for whom it was written; empty for nobody
}

// ErrCustomerNeeded is in the chain of the errs.Unsupported error of a system that takes such records for known customers only.
// Nothing of the record stands there then. It says nothing against the record: the host sends it again when it knows the customer.
var ErrCustomerNeeded = errors.New("a customer is needed")

// NeedsCustomer makes an error with ErrCustomerNeeded.
func NeedsCustomer(op string) error {
	return &errs.Error{Kind: errs.Unsupported, Op: op, Msg: "this system takes it for known customers only", Err: ErrCustomerNeeded}
}

// Recording is the voice of a logged call.
type Recording struct {
	Key       string // the call's
	Call      Ref    // as LogCall returned it
	Announced Announced
	Customer  Ref
	Name      string // of the file, with its ending
	Type      string // media type
	Length    time.Duration
	URL       string // where it can be fetched for a while; empty when it can only be read from Open
	// Open reads the file from its beginning; the driver closes what it gets.
	Open func(ctx context.Context) (io.ReadCloser, error)
}

// Task is something to be done about a customer.
type Task struct {
	Key      string // names this wish; at most 64 of [A-Za-z0-9_-]
	Customer Ref
	Number   string // to call, E.164
	Title    string
	Text     string
	DueAt    time.Time
	Agent    Agent // who is to do it; empty: whom the system chooses
}

// LiveCall is a call that goes on.
type LiveCall struct {
	Key       string // the call's, at most 64 of [A-Za-z0-9_-]
	Customer  Ref
	Number    string // of the customer, E.164
	Inbound   bool
	Queue     string
	Agent     Agent // whose phone rings, or who has dialled
	StartedAt time.Time
}

// Announced is a live call of which the system was told; the zero value when it was not.
type Announced struct {
	Ref      Ref // as AnnounceCall returned it; empty when no answer came: it may be known there, or not
	Customer Ref // of whom it was told then; empty when the system has begun the call, see Click, and knows whose it is
}

// Card is the system's own card of a call, at one operator.
type Card struct {
	Key   string // the call's
	Call  Ref    // as AnnounceCall returned it
	Agent Agent  // who is to see it
	Away  bool   // the call is not theirs any more: the card is taken away; of Agent only the ID is sure then
}

// Click is somebody's wish, made in the system, to call a number.
type Click struct {
	Agent    Agent
	Number   string // as it was sent
	Customer Ref    // empty when the system did not say
	Key      string // the system's own id of the wish, if any
	Call     Ref    // the call that the system itself has begun for it, as AnnounceCall would have returned it; empty when it has not
}
