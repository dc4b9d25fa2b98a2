package phoneindex

import (
	"strings"
	"sync/atomic"

	"github.com/pult-cc/pult/internal/customers"
)

// View is the index of a mirror as callers are looked up in it. Until the mirror has taken what is stored, that of the mirror before
// it answers as well: nobody who is known becomes unknown because settings were saved.
type View struct {
	own    *Index
	former atomic.Pointer[View] // nil: none, or no longer needed
}

var _ customers.Index = (*View)(nil)

// Lookup implements customers.Index.
func (v *View) Lookup(n customers.Number) []customers.Customer {
	former := v.former.Load() // first: once there is none, own has everything
	found := v.own.Lookup(n)
	if former == nil {
		return found
	}
	known := make(map[customers.ID]bool, len(found))
	for i := range found {
		known[found[i].ID] = true
	}
	for _, c := range former.Lookup(n) {
		if !known[c.ID] {
			c.SourceName = v.own.name
			found = append(found, c)
		}
	}
	return found
}

// Stats tells the size of what answers.
func (v *View) Stats() Stats {
	s := v.own.Stats()
	if former := v.former.Load(); former != nil {
		if f := former.Stats(); f.Customers > s.Customers {
			return f
		}
	}
	return s
}

// succeed lets the index of a former mirror answer until this one has taken what is stored, where both are of the same system.
func (m *Mirror) succeed(former *Mirror) {
	if former == nil || former.o.Connector != m.o.Connector || former.place() != m.place() {
		return
	}
	m.view.former.Store(former.view)
	m.state.CompleteAt = former.State().CompleteAt
}

// serving returns the scans that answer: those that were read as the configuration has it now and, until one of them is complete, also
// what was read of the same system under another one.
func (m *Mirror) serving(scans []Scan) []Scan {
	var own, all []Scan
	complete := false
	for _, s := range scans {
		if s.Stamp == m.stamp() {
			own = append(own, s)
			complete = complete || s.FinishedAt != nil
		}
		if strings.HasPrefix(s.Stamp, m.place()+" ") {
			all = append(all, s)
		}
	}
	if complete {
		return own
	}
	return all
}
