package phoneindex

import (
	"context"
	"time"
)

// Scan is one reading of everybody in a customer system.
type Scan struct {
	ID         string
	Connector  string // instance id
	Stamp      string // how its pages are written; pages of another stamp cannot be read
	StartedAt  time.Time
	FinishedAt *time.Time // nil while it goes on
	Pages      int
	Next       string // cursor behind the last page
}

// Page is what was read at once. Stored, it is also the note of how far the scan has come.
type Page struct {
	Seq     int    // 1 is the first
	Next    string // cursor behind it; "" is the end
	Records int
	ReadAt  time.Time
	Data    []byte // see EncodePage
}

// Repository keeps scans, so that a restart has the index at once and goes on where it was. Methods may be called concurrently, by
// many processes, and honour ctx.
type Repository interface {
	// Scans returns a connector's scans, oldest first.
	Scans(ctx context.Context, connector string) ([]Scan, error)
	// Begin stores a new scan without pages.
	Begin(ctx context.Context, s Scan) error
	// Add stores the next page of a scan. A page with this Seq is errs.Conflict, a scan that is not there errs.NotFound: another
	// process reads, and ours has lost.
	Add(ctx context.Context, scan string, p Page) error
	// Finish notes that a scan is complete and removes the connector's scans that began before it.
	Finish(ctx context.Context, scan string, at time.Time) error
	// Pages calls f for the pages behind Seq after, in order, until f fails.
	Pages(ctx context.Context, scan string, after int, f func(Page) error) error
	// Drop removes a scan with its pages; one that is not there is success.
	Drop(ctx context.Context, scan string) error
}
