// Package memrepo is a customers.Repository in memory, for tests and for tools that keep nothing.
package memrepo

import (
	"context"
	"maps"
	"sort"
	"strings"
	"sync"
	"time"

	"github.com/pult-cc/pult/internal/customers"
	"github.com/pult-cc/pult/internal/errs"
)

// Repository implements customers.Repository. The zero value is empty and ready.
type Repository struct {
	mu      sync.Mutex
	choices map[string]choice
	refused map[string]map[customers.ID]string
	spoken  map[string]customers.ID
	kept    map[customers.ID]customers.Customer
}

type choice struct {
	customer customers.Customer
	operator string
	at       time.Time
}

var _ customers.Repository = (*Repository)(nil)

// Remember implements customers.Repository.
func (r *Repository) Remember(ctx context.Context, e164 string, c customers.Customer, operatorID string, at time.Time) (int, error) {
	if err := ended(ctx); err != nil {
		return 0, err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.choices == nil {
		r.choices = map[string]choice{}
	}
	if old, ok := r.choices[e164]; !ok || !at.Before(old.at) {
		r.choices[e164] = choice{c, operatorID, at}
		delete(r.refused[e164], c.ID)
	}
	return 0, nil // there is no history here
}

// Forget implements customers.Repository.
func (r *Repository) Forget(ctx context.Context, e164 string) error {
	if err := ended(ctx); err != nil {
		return err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.choices, e164)
	return nil
}

// Refuse implements customers.Repository.
func (r *Repository) Refuse(ctx context.Context, e164 string, ids []customers.ID, operatorID string, _ time.Time) (int, error) {
	if err := ended(ctx); err != nil {
		return 0, err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.refused == nil {
		r.refused = map[string]map[customers.ID]string{}
	}
	if r.refused[e164] == nil {
		r.refused[e164] = map[customers.ID]string{}
	}
	for _, id := range ids {
		r.refused[e164][id] = operatorID
		if r.choices[e164].customer.ID == id {
			delete(r.choices, e164)
		}
		if r.spoken[e164] == id {
			delete(r.spoken, e164)
		}
	}
	return 0, nil // there is no history here
}

// Spoke notes whom the last conversation with a number was with, which the store reads from its history.
func (r *Repository) Spoke(e164 string, with customers.ID) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.spoken == nil {
		r.spoken = map[string]customers.ID{}
	}
	r.spoken[e164] = with
}

// Links implements customers.Repository.
func (r *Repository) Links(ctx context.Context, e164 string) (customers.Links, error) {
	if err := ended(ctx); err != nil {
		return customers.Links{}, err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	l := customers.Links{Refused: maps.Clone(r.refused[e164]), Spoken: r.spoken[e164]}
	if c, ok := r.choices[e164]; ok {
		l.Chosen, l.By, l.At = &c.customer, c.operator, c.at
	}
	return l, nil
}

// Keep implements customers.Repository.
func (r *Repository) Keep(ctx context.Context, cs []customers.Customer) error {
	if err := ended(ctx); err != nil {
		return err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.kept == nil {
		r.kept = map[customers.ID]customers.Customer{}
	}
	for _, c := range cs {
		r.kept[c.ID] = c
	}
	return nil
}

// Kept implements customers.Repository.
func (r *Repository) Kept(ctx context.Context, id customers.ID) (customers.Customer, error) {
	if err := ended(ctx); err != nil {
		return customers.Customer{}, err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	c, ok := r.kept[id]
	if !ok {
		return customers.Customer{}, errs.E(errs.NotFound, "reading kept customer", "there is no such customer")
	}
	return c, nil
}

// KeptByNumber implements customers.Repository.
func (r *Repository) KeptByNumber(ctx context.Context, e164 string) ([]customers.Customer, error) {
	return r.find(ctx, 0, func(c customers.Customer) bool {
		for _, n := range c.Numbers {
			if n.Number.E164 == e164 {
				return true
			}
		}
		return false
	})
}

// SearchKept implements customers.Repository: every word must be in name, company or tax number, or the digits in a number.
func (r *Repository) SearchKept(ctx context.Context, text string, limit int) ([]customers.Customer, error) {
	words := strings.Fields(strings.ToLower(text))
	if len(words) == 0 {
		return nil, ended(ctx)
	}
	digits := strings.Map(func(r rune) rune {
		if r < '0' || r > '9' {
			return -1
		}
		return r
	}, text)
	return r.find(ctx, limit, func(c customers.Customer) bool {
		for _, n := range c.Numbers {
			if len(digits) >= 4 && strings.Contains(n.Number.E164, digits) {
				return true
			}
		}
		hay := strings.ToLower(strings.Join([]string{c.Name, c.Company, c.TaxID}, " "))
		for _, w := range words {
			if !strings.Contains(hay, w) {
				return false
			}
		}
		return true
	})
}

func (r *Repository) find(ctx context.Context, limit int, fits func(customers.Customer) bool) ([]customers.Customer, error) {
	if err := ended(ctx); err != nil {
		return nil, err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	var out []customers.Customer
	for _, c := range r.kept {
		if fits(c) {
			out = append(out, c)
		}
	}
	sort.Slice(out, func(i, j int) bool {
		return out[i].Name < out[j].Name || out[i].Name == out[j].Name && out[i].ID < out[j].ID
	})
	if limit > 0 && len(out) > limit {
		out = out[:limit]
	}
	return out, nil
}

func ended(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return errs.With(errs.Timeout, "reading memory", err)
	}
	return nil
}
