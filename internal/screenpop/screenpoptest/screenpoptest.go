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
		if got, err := r.Open(t.Context(), connector); err != nil || len(got) != len(want) || len(want) > 0 && !reflect.DeepEqual(got, want) {
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
	if n, err := r.Sweep(t.Context(), start.Add(time.Second)); n != 2 || err != nil {
		t.Errorf("swept %d, %v; want both of call 1", n, err)
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
func (m *Memory) Open(_ context.Context, connector string) ([]screenpop.Pop, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	out := slices.DeleteFunc(slices.Clone(m.pops), func(p screenpop.Pop) bool { return p.Connector != connector || p.Agent == "" })
	slices.SortFunc(out, func(a, b screenpop.Pop) int { return a.At.Compare(b.At) })
	return out, nil
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
