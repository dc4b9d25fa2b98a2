package outbox

import (
	"context"
	"time"
	"unicode/utf8"

	"github.com/pult-cc/pult/connectors"
	"github.com/pult-cc/pult/internal/customers"
	"github.com/pult-cc/pult/internal/errs"
	"github.com/pult-cc/pult/internal/interactions"
)

// Desk is what administrators do with the outbox. Methods may be called concurrently; whether somebody may is the caller's business.
type Desk struct {
	repo    Repository
	numbers *customers.Normalizer
	lines   []LineName
	now     func() time.Time
}

// LineName is a connector that may be written to, as people call it.
type LineName struct{ ID, Name string }

// NewDesk makes a desk. lines are the connectors that are written to now; entries may be of others that were before.
func NewDesk(repo Repository, numbers *customers.Normalizer, lines []LineName, now func() time.Time) *Desk {
	return &Desk{repo: repo, numbers: numbers, lines: lines, now: now}
}

// Lines returns the connectors that are written to.
func (d *Desk) Lines() []LineName { return d.lines }

// Name is what people call a connector; one that is configured no more goes by its id.
func (d *Desk) Name(connector string) string {
	for _, l := range d.lines {
		if l.ID == connector {
			return l.Name
		}
	}
	return connector
}

// Number is an E.164 number as people of the region write it.
func (d *Desk) Number(e164 string) customers.Number { return d.numbers.Parse(e164) }

// List returns a page of entries, newest first.
func (d *Desk) List(ctx context.Context, f Filter, limit int, after string) (Page, error) {
	return d.repo.List(ctx, f, limit, after)
}

// Counts counts what waits, what was refused and what is held.
func (d *Desk) Counts(ctx context.Context) ([]Count, error) { return d.repo.Counts(ctx) }

// Retry makes an entry due that waits, was refused or is held. One that is delivered or discarded is errs.Conflict.
func (d *Desk) Retry(ctx context.Context, id string) (Entry, error) {
	return d.change(ctx, "trying again", id, func(e *Entry) error { return nil })
}

// Correction is what a person puts right; nil leaves as it is.
type Correction struct {
	Customer *customers.ID // "" for nobody
	Number   *string       // "" for none
	Comment  *string
}

// Edit puts an entry right that waits, was refused or is held, and makes it due. A customer of another system, a number that is none and a
// comment that is too long are errs.Invalid by the field.
func (d *Desk) Edit(ctx context.Context, id string, c Correction) (Entry, error) {
	const op = "correcting entry"
	return d.change(ctx, op, id, func(e *Entry) error {
		if c.Customer != nil {
			var ref connectors.Ref
			if *c.Customer != "" {
				var err error
				if ref, err = customers.DecodeID(*c.Customer); err != nil || ref.Connector != e.Connector {
					return errs.Field(op, "customerId", "want a customer of the same system")
				}
			}
			e.Edits.Customer = &ref
		}
		if c.Number != nil {
			number := ""
			if *c.Number != "" {
				n := d.numbers.Parse(*c.Number)
				if n.Kind != customers.NumberPublic {
					return errs.Field(op, "number", "is not a telephone number that can be called from outside")
				}
				number = n.E164
			}
			e.Edits.Number = &number
		}
		if c.Comment != nil {
			if utf8.RuneCountInString(*c.Comment) > interactions.Limits.Comment {
				return errs.Field(op, "comment", "is too long")
			}
			e.Edits.Comment = c.Comment
		}
		e.Revision++
		return nil
	})
}

func (d *Desk) change(ctx context.Context, op, id string, with func(*Entry) error) (Entry, error) {
	now := d.now()
	e, err := d.repo.Change(ctx, id, func(e Entry) (Entry, error) {
		if e.State != StatePending && e.State != StateDead && e.State != StateHeld {
			return e, errs.E(errs.Conflict, op, "the entry waits for nothing any more")
		}
		var err error
		if e.rewrite(func() { err = with(&e) }); err != nil {
			return e, err
		}
		e.pending(now, now)
		e.UpdatedAt = now
		return e, nil
	})
	return e, errs.Wrap(op, err)
}

// Discard decides that the system is not to have the record. What is under way may still arrive there.
func (d *Desk) Discard(ctx context.Context, id string) (Entry, error) {
	const op = "discarding entry"
	now := d.now()
	e, err := d.repo.Change(ctx, id, func(e Entry) (Entry, error) {
		switch e.State {
		case StateDelivered:
			return e, errs.E(errs.Conflict, op, "the customer system has it already")
		case StatePending, StateDead, StateHeld:
			e.State, e.Since, e.UpdatedAt = StateDiscarded, now, now
		}
		return e, nil
	})
	return e, errs.Wrap(op, err)
}

// Replay makes everything due that a connector refused.
func (d *Desk) Replay(ctx context.Context, connector string) (int, error) {
	return d.repo.Replay(ctx, connector, d.now())
}
