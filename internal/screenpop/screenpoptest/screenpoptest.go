// Package screenpoptest is what every screenpop.Repository has to do, and one in memory.
package screenpoptest

import (
	"context"
	"reflect"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/pult-cc/pult/connectors"
	"github.com/pult-cc/pult/internal/errs"
	"github.com/pult-cc/pult/internal/screenpop"
)

// Run tries an empty repository.
func Run(t *testing.T, r screenpop.Repository) {
	t.Helper()
	start := time.Date(2026, 3, 4, 9, 15, 30, 0, time.UTC)
	pop := func(call string, agent string, after time.Duration) screenpop.Pop {
		return screenpop.Pop{
			Connector: "b24", Call: call, Agent: agent, At: start.Add(after),
			Announced: connectors.Announced{
				Ref:      connectors.Ref{Connector: "b24", Type: "call", ID: "externalCall." + call},
				Customer: connectors.Ref{Connector: "b24", Type: "contact", ID: "797"},
			},
		}
	}
	put := func(p screenpop.Pop) {
		t.Helper()
		if err := r.Put(t.Context(), p); err != nil {
			t.Fatal(err)
		}
	}
	open := func(connector string, want ...screenpop.Pop) {
		t.Helper()
		if got, err := r.Open(t.Context(), connector, start); err != nil || len(got) != len(want) || len(want) > 0 && !reflect.DeepEqual(got, want) {
			t.Errorf("open at %s: %+v, %v; want %+v", connector, got, err, want)
		}
	}
	if _, err := r.Get(t.Context(), "b24", "1"); !errs.Is(err, errs.NotFound) {
		t.Errorf("a call that was not announced: %v", err)
	}
	open("b24")
	second, first := pop("2", "11", time.Minute), pop("1", "11", 0)
	put(second)
	put(first)
	other := pop("1", "7", 0)
	other.Connector, other.Announced.Ref.Connector, other.Announced.Customer.Connector = "crm", "crm", "crm"
	put(other)
	if got, err := r.Get(t.Context(), "b24", "1"); err != nil || got != first {
		t.Errorf("got %+v, %v; want %+v", got, err, first)
	}
	open("b24", first, second)
	open("crm", other)
	first.Agent = ""
	put(first)
	if got, err := r.Get(t.Context(), "b24", "1"); err != nil || got != first {
		t.Errorf("changed to %+v, %v; want %+v", got, err, first)
	}
	open("b24", second)
	if got, err := r.Open(t.Context(), "b24", start.Add(2*time.Minute)); err != nil || len(got) != 0 {
		t.Errorf("open since a later time: %+v, %v", got, err)
	}
	if got, err := r.Add(t.Context(), pop("1", "12", 0)); err != nil || got != first {
		t.Errorf("added to what there is: %+v, %v; want %+v", got, err, first)
	}
	// Of a call that the system has begun it may not say whose it is, and of one whose announcement was not answered there is no name.
	for _, bare := range []screenpop.Pop{
		{Connector: "b24", Call: "3", At: start, Announced: connectors.Announced{Ref: first.Announced.Ref}},
		{Connector: "b24", Call: "4", At: start, Announced: connectors.Announced{Customer: first.Announced.Customer}},
	} {
		if got, err := r.Add(t.Context(), bare); err != nil || got != bare {
			t.Errorf("added %+v, %v; want %+v", got, err, bare)
		}
		put(bare)
		if got, err := r.Get(t.Context(), "b24", bare.Call); err != nil || got != bare {
			t.Errorf("got %+v, %v; want %+v", got, err, bare)
		}
	}
	if n, err := r.Sweep(t.Context(), start.Add(time.Second)); n != 4 || err != nil {
		t.Errorf("swept %d, %v; want all but call 2", n, err)
	}
	if _, err := r.Get(t.Context(), "crm", "1"); !errs.Is(err, errs.NotFound) {
		t.Errorf("what was swept: %v", err)
	}
	open("b24", second)
}

// Memory implements screenpop.Repository. The zero value is empty and ready.
type Memory struct {
	mu   sync.Mutex
	pops []screenpop.Pop
}

var _ screenpop.Repository = (*Memory)(nil)

// Get implements screenpop.Repository.
func (m *Memory) Get(_ context.Context, connector string, call string) (screenpop.Pop, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, p := range m.pops {
		if p.Connector == connector && p.Call == call {
			return p, nil
		}
	}
	return screenpop.Pop{}, errs.E(errs.NotFound, "reading what was shown", "nothing was")
}

// Open implements screenpop.Repository.
func (m *Memory) Open(_ context.Context, connector string, since time.Time) ([]screenpop.Pop, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	out := slices.DeleteFunc(slices.Clone(m.pops), func(p screenpop.Pop) bool { return p.Connector != connector || p.Agent == "" || p.At.Before(since) })
	slices.SortFunc(out, func(a, b screenpop.Pop) int { return a.At.Compare(b.At) })
	return out, nil
}

// Add implements screenpop.Repository.
func (m *Memory) Add(ctx context.Context, p screenpop.Pop) (screenpop.Pop, error) {
	if there, err := m.Get(ctx, p.Connector, p.Call); err == nil {
		return there, nil
	}
	return p, m.Put(ctx, p)
}

// Put implements screenpop.Repository.
func (m *Memory) Put(_ context.Context, p screenpop.Pop) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.pops = append(slices.DeleteFunc(m.pops, func(x screenpop.Pop) bool { return x.Connector == p.Connector && x.Call == p.Call }), p)
	return nil
}

// Sweep implements screenpop.Repository.
func (m *Memory) Sweep(_ context.Context, before time.Time) (int, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	had := len(m.pops)
	m.pops = slices.DeleteFunc(m.pops, func(p screenpop.Pop) bool { return p.At.Before(before) })
	return had - len(m.pops), nil
}
