// Package interactions is the history of every channel: calls today, chats and mail later, in one timeline with topics, tags and
// comments. Its repository is implemented by internal/store.
package interactions

import (
	"context"
	"time"

	"github.com/pult-cc/pult/internal/customers"
	"github.com/pult-cc/pult/telephony/quality"
)

// Channel is how customer and company spoke.
type Channel string

// The channels.
const (
	ChannelCall Channel = "CALL"
	ChannelChat Channel = "CHAT"
	ChannelMail Channel = "MAIL"
	ChannelNote Channel = "NOTE"
)

// Interaction is one row of the history. For a call its ID is the call's ID.
type Interaction struct {
	ID           string
	Channel      Channel
	Direction    string // INBOUND, OUTBOUND
	Number       customers.Number
	QueueID      string
	OperatorID   string
	CustomerID   customers.ID
	CustomerName string     // as known then
	LinkedBy     string     // operator who chose the customer; "" when the ranking did, or nobody is linked
	LinkedAt     *time.Time // when a person decided on the customer, or that there is none; nil: nobody has
	StartedAt    time.Time
	EnqueuedAt   *time.Time
	AnsweredAt   *time.Time
	EndedAt      *time.Time // the conversation's end
	ClosedAt     *time.Time // wrap-up finished; nil while the call or its wrap-up lives
	Waited       time.Duration
	Result       string          // calls.Result; "" while live
	Quality      *quality.Record // how a call sounded; nil: not measured
	Term         uint64          // lease term of the writer: an older term must not overwrite a newer one

	Notes Notes
}

// Notes are what people write about an interaction. They have a life of their own: no call event overwrites them.
type Notes struct {
	TopicID   string
	Tags      []string
	Comment   string
	CommentAt *time.Time
}

// NotesChange says what to change of Notes; nil leaves as is.
type NotesChange struct {
	TopicID *string // "" clears
	Tags    *[]string
	Comment *string
}

// Topic is what a conversation was about.
type Topic struct {
	ID    string
	Group string
	Name  string
	Order int
}

// Filter selects interactions; empty fields do not restrict.
type Filter struct {
	CustomerID customers.ID
	Number     string // E.164
	OperatorID string
	QueueID    string
	// Scope restricts to what the viewer may see: rows of these queues, or of OwnOperator. Nil Queues and "" OwnOperator: everything.
	Queues      []string
	OwnOperator string
}

// Page is a part of a list, newest first.
type Page struct {
	Items   []Interaction
	Cursors []string // of the items, one each: List continues behind it
	Next    string   // cursor for the next page; "" at the end
}

// Repository keeps interactions. Methods may be called concurrently and honour ctx.
type Repository interface {
	// SaveCall inserts or updates the call part of an interaction (everything but Notes). A Quality of nil leaves what is there. A row with a greater Term, or a closed one
	// when in is not closed, is left alone and no error is returned. So is the link of a row on which a person has decided later than LinkedAt.
	SaveCall(ctx context.Context, in Interaction) error
	// SetNotes changes notes and returns the whole interaction. An unknown id is errs.NotFound, an unknown topic errs.Invalid with the
	// field topicId, and then nothing is changed. at is the time of the change. Bounds are the Service's business.
	SetNotes(ctx context.Context, id string, change NotesChange, at time.Time) (Interaction, error)
	// SetCustomer links (or with "" unlinks) the interaction, because the operator by said so at that time.
	SetCustomer(ctx context.Context, id string, customer customers.ID, name, by string, at time.Time) error
	// LinkCounts counts the calls of each queue and week from since on, oldest week first, in one statement. It reads an index of
	// a few bytes a call: a million takes less than a second.
	LinkCounts(ctx context.Context, since Week) ([]LinkCount, error)
	// Unlinked returns a page of the numbers whose calls are linked to nobody, at most limit of them, in a constant number of
	// statements; a malformed cursor, or one of another order, is errs.Invalid.
	Unlinked(ctx context.Context, f UnlinkedFilter, limit int, after string) (UnlinkedPage, error)
	Get(ctx context.Context, id string) (Interaction, error)
	// GetMany returns those of the ids that exist, in any order, in one statement.
	GetMany(ctx context.Context, ids []string) ([]Interaction, error)
	// List returns a page, newest first, at most limit rows; a malformed cursor is errs.Invalid. The number of statements does
	// not depend on the number of rows.
	List(ctx context.Context, f Filter, limit int, after string) (Page, error)
	// OpenCalls returns calls that have not been closed, for restoring after a restart.
	OpenCalls(ctx context.Context) ([]Interaction, error)
	Topics(ctx context.Context) ([]Topic, error)
	// Tags returns tags in use that begin with prefix (case-insensitively), most used first.
	Tags(ctx context.Context, prefix string, limit int) ([]string, error)
}
