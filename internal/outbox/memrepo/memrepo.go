// Package memrepo is outbox.Repository in memory, for tests.
package memrepo

import (
	"cmp"
	"context"
	"slices"
	"sync"
	"time"

	"github.com/pult-cc/pult/connectors"
	"github.com/pult-cc/pult/internal/errs"
	"github.com/pult-cc/pult/internal/outbox"
)

// Repository implements outbox.Repository. The zero value is empty and ready.
type Repository struct {
	mu      sync.Mutex
	entries []outbox.Entry // by id
}

var _ outbox.Repository = (*Repository)(nil)

// Put implements outbox.Repository.
func (r *Repository) Put(_ context.Context, wishes []outbox.Wish, newID func() string, at time.Time) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, w := range wishes {
		have := r.find(func(e outbox.Entry) bool { return e.Connector == w.Connector && e.Kind == w.Kind && e.Key == w.Key })
		e, changed := outbox.Merge(have, w, newID, at)
		switch {
		case have == nil:
			r.entries = append(r.entries, e)
			slices.SortFunc(r.entries, func(a, b outbox.Entry) int { return cmp.Compare(a.ID, b.ID) })
		case changed:
			*have = e
		}
	}
	return nil
}

func (r *Repository) find(is func(outbox.Entry) bool) *outbox.Entry {
	if i := slices.IndexFunc(r.entries, is); i >= 0 {
		return &r.entries[i]
	}
	return nil
}

func (r *Repository) byID(id string) *outbox.Entry {
	return r.find(func(e outbox.Entry) bool { return e.ID == id })
}

// Claim implements outbox.Repository.
func (r *Repository) Claim(_ context.Context, connector string, limit int, fresh bool, lease string, now, until time.Time) ([]outbox.Entry, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	var out []outbox.Entry
	blocked, once := map[string]bool{}, map[string]bool{} // calls, for what comes after; once: but for tasks
	for i := range r.entries {
		e := &r.entries[i]
		if e.Connector != connector || e.State != outbox.StatePending && e.State != outbox.StateDead {
			continue
		}
		if e.DeliveredAt != nil && e.Lease == "" && e.State == outbox.StatePending && e.NextAttempt.After(now) {
			once[e.Subject] = true
			continue
		}
		free := !blocked[e.Subject] && (e.Kind == outbox.KindTask || !once[e.Subject])
		if e.State == outbox.StatePending && !e.NextAttempt.After(now) && free && len(out) < limit && !(fresh && e.Attempts > 0) {
			e.Lease, e.NextAttempt = lease, until
			out = append(out, *e)
		}
		blocked[e.Subject] = true
	}
	return out, nil
}

// leased is the entry if the lease is still its own.
func (r *Repository) leased(id, lease string) *outbox.Entry {
	return r.find(func(e outbox.Entry) bool { return e.ID == id && e.Lease == lease && lease != "" })
}

// Delivered implements outbox.Repository.
func (r *Repository) Delivered(_ context.Context, id, lease string, revision int64, d outbox.Delivery, at time.Time) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	e := r.leased(id, lease)
	if e == nil {
		return nil
	}
	e.Lease, e.NextAttempt, e.Written, e.WrittenFor, e.DeliveredAt, e.UpdatedAt = "", at, d.Written.Ref, d.Written.Customer, &at, at
	e.Attempts, e.Reason, e.ReasonCode = 0, "", ""
	switch {
	case e.State != outbox.StatePending || e.Revision != revision:
		if !d.Again.IsZero() {
			e.ReasonCode = errs.Timeout.String()
		}
	case d.Again.IsZero():
		e.State, e.Since = outbox.StateDelivered, at
	default:
		e.NextAttempt = d.Again
	}
	return nil
}

// Failed implements outbox.Repository.
func (r *Repository) Failed(_ context.Context, id, lease string, revision int64, f outbox.Failure, at time.Time) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	e := r.leased(id, lease)
	if e == nil {
		return nil
	}
	e.Lease, e.NextAttempt, e.UpdatedAt = "", at, at
	if f.Held {
		e.Written, e.WrittenFor = connectors.Ref{}, connectors.Ref{}
	}
	if e.Revision != revision || e.State != outbox.StatePending {
		if f.Unsure() {
			e.NextAttempt, e.Reason, e.ReasonCode = f.Next, f.Reason, f.ReasonCode
		}
		return nil
	}
	e.Reason, e.ReasonCode = f.Reason, f.ReasonCode
	if !f.Uncounted {
		e.Attempts++
	}
	switch {
	case f.Held:
		e.State, e.Since, e.Attempts = outbox.StateHeld, at, 0
	case f.Dead:
		e.State, e.Since = outbox.StateDead, at
	default:
		e.NextAttempt = f.Next
	}
	return nil
}

// Release implements outbox.Repository.
func (r *Repository) Release(_ context.Context, connector, lease string, at time.Time) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	for i := range r.entries {
		if e := &r.entries[i]; e.Connector == connector && e.Lease == lease && lease != "" {
			e.Lease, e.NextAttempt = "", at
		}
	}
	return nil
}

// Wake implements outbox.Repository.
func (r *Repository) Wake(_ context.Context, connector string, pause time.Duration, at time.Time) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	for i := range r.entries {
		e := &r.entries[i]
		if e.Connector == connector && e.State == outbox.StatePending && e.Lease == "" && e.Attempts > 0 && e.NextAttempt.After(at) {
			due := at
			if again := e.UpdatedAt.Add(pause); e.ReasonCode == errs.Timeout.String() && again.After(at) {
				due = again
			}
			if due.Before(e.NextAttempt) {
				e.NextAttempt = due
			}
		}
	}
	return nil
}

// Now implements outbox.Repository by the process clock.
func (r *Repository) Now(context.Context) (time.Time, error) { return time.Now(), nil }

// Written implements outbox.Repository.
func (r *Repository) Written(_ context.Context, connector, subject string) (connectors.Ref, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	e := r.find(func(e outbox.Entry) bool {
		return e.Connector == connector && e.Subject == subject && e.Kind == outbox.KindCall && e.Written != connectors.Ref{}
	})
	if e == nil {
		return connectors.Ref{}, errs.E(errs.NotFound, "reading where a call was written", "it was not")
	}
	return e.Written, nil
}

// Get implements outbox.Repository.
func (r *Repository) Get(_ context.Context, id string) (outbox.Entry, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if e := r.byID(id); e != nil {
		return *e, nil
	}
	return outbox.Entry{}, errs.E(errs.NotFound, "reading entry", "there is no such entry")
}

// List implements outbox.Repository.
func (r *Repository) List(_ context.Context, f outbox.Filter, limit int, after string) (outbox.Page, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	from := ""
	if after != "" {
		var err error
		if from, err = outbox.ParseCursor(after); err != nil {
			return outbox.Page{}, err
		}
	}
	var p outbox.Page
	for _, e := range slices.Backward(r.entries) {
		if e.Past || from != "" && e.ID >= from || f.Connector != "" && e.Connector != f.Connector || len(f.States) > 0 && !slices.Contains(f.States, e.State) {
			continue
		}
		if len(p.Items) == limit {
			p.Next = p.Cursors[limit-1]
			break
		}
		p.Items, p.Cursors = append(p.Items, e), append(p.Cursors, outbox.Cursor(e.ID))
	}
	return p, nil
}

// Counts implements outbox.Repository.
func (r *Repository) Counts(context.Context) ([]outbox.Count, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	var out []outbox.Count
	latest := map[string]time.Time{}
	for _, e := range r.entries {
		if e.State != outbox.StatePending && e.State != outbox.StateDead && e.State != outbox.StateHeld {
			continue
		}
		i := slices.IndexFunc(out, func(c outbox.Count) bool { return c.Connector == e.Connector && c.State == e.State })
		if i < 0 {
			i = len(out)
			out = append(out, outbox.Count{Connector: e.Connector, State: e.State, Oldest: e.Since})
		}
		out[i].Entries++
		if e.State == outbox.StatePending && e.Reason != "" && !e.UpdatedAt.Before(latest[e.Connector]) {
			out[i].Reason, latest[e.Connector] = e.Reason, e.UpdatedAt
		}
		if e.Since.Before(out[i].Oldest) {
			out[i].Oldest = e.Since
		}
	}
	return out, nil
}

// Change implements outbox.Repository.
func (r *Repository) Change(_ context.Context, id string, change func(outbox.Entry) (outbox.Entry, error)) (outbox.Entry, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	e := r.byID(id)
	if e == nil {
		return outbox.Entry{}, errs.E(errs.NotFound, "changing entry", "there is no such entry")
	}
	changed, err := change(*e)
	if err != nil {
		return outbox.Entry{}, err
	}
	*e = changed
	return changed, nil
}

// Replay implements outbox.Repository.
func (r *Repository) Replay(_ context.Context, connector string, at time.Time) (int, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	n := 0
	for i := range r.entries {
		if e := &r.entries[i]; e.Connector == connector && e.State == outbox.StateDead {
			e.State, e.Since, e.UpdatedAt, e.NextAttempt, e.Attempts, e.Reason, e.ReasonCode = outbox.StatePending, at, at, at, 0, "", ""
			n++
		}
	}
	return n, nil
}

// Sweep implements outbox.Repository.
func (r *Repository) Sweep(_ context.Context, before time.Time) (int, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	swept := 0
	r.entries = slices.DeleteFunc(r.entries, func(e outbox.Entry) bool {
		held := e.State == outbox.StateHeld && e.Since.Before(before)
		if held {
			swept++
		}
		return held
	})
	for i := range r.entries {
		e := &r.entries[i]
		if (e.State == outbox.StateDelivered || e.State == outbox.StateDiscarded) && !e.Past && e.Since.Before(before) {
			if e.State == outbox.StateDelivered {
				e.WrittenFor = e.Effective().Customer
			}
			e.Payload, e.Edits, e.Reason, e.ReasonCode, e.Past = outbox.Payload{}, outbox.Edits{}, "", "", true
			swept++
		}
	}
	return swept, nil
}
