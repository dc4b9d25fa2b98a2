package outbox

import (
	"context"
	"encoding/base64"
	"strings"
	"time"

	"github.com/pult-cc/pult/connectors"
	"github.com/pult-cc/pult/internal/errs"
)

// Filter selects entries; empty fields do not restrict.
type Filter struct {
	Connector string
	States    []State
}

// Page is a part of a list, newest first.
type Page struct {
	Items   []Entry
	Cursors []string // of the items, one each: List continues behind it
	Next    string   // cursor of the next page; "" at the end
}

// Count is how many entries of a connector are in a state, and since when the oldest of them is.
type Count struct {
	Connector string
	State     State
	Entries   int
	Oldest    time.Time
	Reason    string // PENDING: of the latest attempt that failed, fit to show; "" when none did
}

// Delivery is what became of an attempt that succeeded.
type Delivery struct {
	Written connectors.Written
	Again   time.Time // when it is to be delivered once more; zero: it is done
}

// Failure is what became of an attempt that did not succeed.
type Failure struct {
	Dead       bool
	Held       bool      // the system takes it for known customers only; nothing of it stands there
	Next       time.Time // unless Dead or Held
	Uncounted  bool      // the system was not really asked, or asked for patience
	Reason     string
	ReasonCode string
}

// Unsure tells that no answer came: the system may still be at what it was asked, whatever the entry has become meanwhile.
func (f Failure) Unsure() bool { return !f.Dead && !f.Held && f.ReasonCode == errs.Timeout.String() }

// Repository keeps entries. Methods may be called concurrently, by many processes, and honour ctx. Times are the caller's.
//
// Entries get into it by Put, and by the repository of interactions, which writes what Planner.Plan asks for in the transaction of the
// change itself.
type Repository interface {
	// Put merges each wish with the entry of its connector, kind and key, see Merge, all or none of them.
	Put(ctx context.Context, wishes []Wish, newID func() string, at time.Time) error
	// Claim leases due entries of a connector, oldest first, at most limit of them, until a time: those that are PENDING, whose
	// NextAttempt has come, and before which nothing of the same subject is PENDING or DEAD; a TASK does not wait for what has been
	// delivered once and is not due. No other Claim returns them before until.
	// With fresh only those of which no attempt has failed.
	Claim(ctx context.Context, connector string, limit int, fresh bool, lease string, now, until time.Time) ([]Entry, error)
	// Delivered notes the success of a leased entry and where it was written. If it has changed since it was claimed at revision, it
	// stays PENDING and is due, and ReasonCode goes on to say that an answer was waited for in vain, where it is to be delivered once
	// more. A lease that is not the entry's any more changes nothing.
	Delivered(ctx context.Context, id, lease string, revision int64, d Delivery, at time.Time) error
	// Failed notes a failure of a leased entry. If it has changed since it was claimed at revision, it does not die but is due,
	// after no answer at Next. A lease that is not the entry's any more changes nothing. Of what is held it is forgotten where it was written.
	Failed(ctx context.Context, id, lease string, revision int64, f Failure, at time.Time) error
	// Release gives back what is still leased so.
	Release(ctx context.Context, connector, lease string, at time.Time) error
	// Wake makes everything of a connector that waits for another attempt due. An entry whose last attempt had no answer is due a pause
	// after that at the earliest: the system may still be at it.
	Wake(ctx context.Context, connector string, pause time.Duration, at time.Time) error
	// Now is the time by the clock of whoever keeps the entries, which is one for all processes: leases are by it.
	Now(ctx context.Context) (time.Time, error)
	// Written is where the call of a subject stands in the customer system; errs.NotFound when it does not.
	Written(ctx context.Context, connector, subject string) (connectors.Ref, error)

	Get(ctx context.Context, id string) (Entry, error)
	// List returns a page without what is past, newest first; a malformed cursor is errs.Invalid.
	List(ctx context.Context, f Filter, limit int, after string) (Page, error)
	// Counts counts PENDING, DEAD and HELD entries; those that are none are left out.
	Counts(ctx context.Context) ([]Count, error)
	// Change replaces an entry by what change makes of it, with nobody in between; an error of change changes nothing. ID, Connector,
	// Kind, Subject, Key and CreatedAt stay.
	Change(ctx context.Context, id string, change func(Entry) (Entry, error)) (Entry, error)
	// Replay makes every DEAD entry of a connector PENDING and due, with no attempts, and tells how many there were.
	Replay(ctx context.Context, connector string, at time.Time) (int, error)
	// Sweep makes entries Past that have been DELIVERED or DISCARDED since before a time, so that nothing is written twice or against
	// a person's will however late it changes, and removes those that have been HELD. It tells how many there were.
	Sweep(ctx context.Context, before time.Time) (int, error)
}

const cursorPrefix = "1:"

// Cursor is an entry's place in a list.
func Cursor(id string) string { return base64.RawURLEncoding.EncodeToString([]byte(cursorPrefix + id)) }

// ParseCursor is the inverse of Cursor.
func ParseCursor(cursor string) (string, error) {
	raw, err := base64.RawURLEncoding.Strict().DecodeString(cursor)
	id, ok := strings.CutPrefix(string(raw), cursorPrefix)
	if err != nil || !ok || id == "" || strings.ContainsRune(id, 0) || strings.ToValidUTF8(id, "") != id {
		return "", errs.Field("reading cursor", "after", "not a cursor of this list")
	}
	return id, nil
}
