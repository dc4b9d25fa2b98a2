package customers

import (
	"sync"
	"time"

	"github.com/pult-cc/pult/connectors"
)

// memory keeps, per number, what was found out last, so that a known caller is answered in microseconds. It is bounded; a full one
// forgets an arbitrary number.
type memory struct {
	mu      sync.Mutex
	max     int
	entries map[string]remembered
}

// remembered is immutable once stored.
type remembered struct {
	local    local
	version  version
	verified map[string]verified // by source id
}

// version tells whether what was read of the repository may still be stored.
type version struct {
	choices int // grows with every choice made or taken back in this process
	rereads int // grows whenever the repository is known to have something newer
}

// verified is the outcome of verifying one answer.
type verified struct {
	asOf  time.Time
	found []Candidate
}

func (m *memory) get(e164 string) remembered {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.entries[e164]
}

// change replaces the entry of a number by what f makes of it.
func (m *memory) change(e164 string, f func(remembered) remembered) {
	m.mu.Lock()
	defer m.mu.Unlock()
	old, known := m.entries[e164]
	if !known && len(m.entries) >= m.max {
		for victim := range m.entries {
			delete(m.entries, victim)
			break
		}
	}
	m.entries[e164] = f(old)
}

// check verifies an answer, or remembers that it did.
func (s *Service) check(n Number, src Source, a connectors.Answer) []Candidate {
	if v, ok := s.memory.get(n.E164).verified[src.ID()]; ok && v.asOf.Equal(a.AsOf) {
		return v.found
	}
	found := s.numbers.verify(n, src.ID(), src.Name(), a)
	s.memory.change(n.E164, func(r remembered) remembered {
		next := make(map[string]verified, len(r.verified)+1)
		for k, v := range r.verified {
			next[k] = v
		}
		next[src.ID()] = verified{a.AsOf, found}
		r.verified = next
		return r
	})
	return found
}
