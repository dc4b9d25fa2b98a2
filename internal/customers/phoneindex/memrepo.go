package phoneindex

import (
	"cmp"
	"context"
	"slices"
	"sync"
	"time"

	"github.com/pult-cc/pult/internal/errs"
)

// Memory is a Repository in memory, for tests and for tools that keep nothing. The zero value is empty and ready.
type Memory struct {
	mu    sync.Mutex
	scans []Scan
	pages map[string][]Page
}

var _ Repository = (*Memory)(nil)

func (m *Memory) find(id string) int {
	return slices.IndexFunc(m.scans, func(s Scan) bool { return s.ID == id })
}

// Scans implements Repository.
func (m *Memory) Scans(_ context.Context, connector string) ([]Scan, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	var out []Scan
	for _, s := range m.scans {
		if s.Connector == connector {
			if pages := m.pages[s.ID]; len(pages) > 0 {
				last := pages[len(pages)-1]
				s.Pages, s.Next = last.Seq, last.Next
			}
			out = append(out, s)
		}
	}
	slices.SortStableFunc(out, func(a, b Scan) int { return cmp.Or(a.StartedAt.Compare(b.StartedAt), cmp.Compare(a.ID, b.ID)) })
	return out, nil
}

// Begin implements Repository.
func (m *Memory) Begin(_ context.Context, s Scan) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.pages == nil {
		m.pages = map[string][]Page{}
	}
	m.scans = append(m.scans, s)
	return nil
}

// Add implements Repository.
func (m *Memory) Add(_ context.Context, scan string, p Page) error {
	const op = "storing a page of an index"
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.find(scan) < 0 {
		return errs.E(errs.NotFound, op, "the scan has been dropped")
	}
	if slices.ContainsFunc(m.pages[scan], func(have Page) bool { return have.Seq == p.Seq }) {
		return errs.E(errs.Conflict, op, "another process has read this page")
	}
	p.Data = slices.Clone(p.Data)
	m.pages[scan] = append(m.pages[scan], p)
	return nil
}

// Finish implements Repository.
func (m *Memory) Finish(_ context.Context, scan string, at time.Time) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	i := m.find(scan)
	if i < 0 {
		return errs.E(errs.NotFound, "finishing a scan", "the scan has been dropped")
	}
	m.scans[i].FinishedAt = &at
	done := m.scans[i]
	m.scans = slices.DeleteFunc(m.scans, func(s Scan) bool {
		old := s.Connector == done.Connector && s.ID != done.ID && !s.StartedAt.After(done.StartedAt)
		if old {
			delete(m.pages, s.ID)
		}
		return old
	})
	return nil
}

// Pages implements Repository.
func (m *Memory) Pages(ctx context.Context, scan string, after int, f func(Page) error) error {
	m.mu.Lock()
	pages := slices.Clone(m.pages[scan])
	m.mu.Unlock()
	for _, p := range pages {
		if p.Seq <= after {
			continue
		}
		if err := ctx.Err(); err != nil {
			return errs.With(errs.Timeout, "reading pages of an index", err)
		}
		if err := f(p); err != nil {
			return err
		}
	}
	return nil
}

// Drop implements Repository.
func (m *Memory) Drop(_ context.Context, scan string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.scans = slices.DeleteFunc(m.scans, func(s Scan) bool { return s.ID == scan })
	delete(m.pages, scan)
	return nil
}
