package customers

import (
	"slices"
	"strings"
	"time"
)

// inquiry is the state of one question "who is calling". It has no clock, no I/O and no locks: match is a pure function of it.
type inquiry struct {
	numbers *Normalizer
	number  Number
	sources []sourceState
	local   local
	version version // of the number, when local was read
}

// local is what is known without asking anybody.
type local struct {
	remembered *Customer // what a person chose for the number
	by         string    // and who
	at         time.Time // and when
	kept       []Customer
	spoken     ID            // whom the last conversation with the number was with
	refused    map[ID]string // whom a person refused for the number, and who
	readAt     time.Time     // when the repository said so; zero: it has not been asked
}

// phase is how far a source has come.
type phase int

const (
	waiting phase = iota
	late          // the ring deadline has passed, the question is still asked
	answered
	failed
)

type sourceState struct {
	id, name string
	phase    phase
	found    []Candidate // verified; of the last answer, which is stale unless phase is answered
	indexed  []Candidate // verified; of the index, while there is no answer
	since    time.Time   // late or failed: since when the system has not been answering
	problem  string
}

// settled reports whether nothing more will come.
func (q *inquiry) settled() bool {
	for _, s := range q.sources {
		if s.phase == waiting || s.phase == late {
			return false
		}
	}
	return !q.local.readAt.IsZero()
}

// match is the answer as far as it is known. Ranking and meaning:
//   - a person's choice beats everything;
//   - what a system said now beats what it said before; what it said before is shown while it is silent;
//   - FAILED means that a system did not answer and no other found anybody. The candidates are then what is known locally, and
//     Chosen is set when that is one.
func (q *inquiry) match() Match {
	var m Match
	live, old := q.candidates()
	trouble, pending := false, false
	var problems []string
	for _, s := range q.sources {
		m.Asked = append(m.Asked, s.name)
		switch s.phase {
		case waiting:
			pending = true
		case late, failed:
			trouble = true
			problems = append(problems, s.name+": "+s.problem)
			if since := s.since; m.FailingSince == nil || since.Before(*m.FailingSince) {
				m.FailingSince = &since
			}
		}
	}
	m.Problem = strings.Join(problems, "; ")
	m.Candidates = q.merge(live, old)
	if q.local.remembered != nil {
		m.remember(*q.local.remembered, q.local.by, q.local.at)
		return m
	}
	found := len(live) > 0
	best, certain := oneBest(m.Candidates)
	switch {
	case !found && trouble && !pending:
		m.State = MatchFailed
	case len(m.Candidates) == 0 && (pending || q.local.readAt.IsZero()):
		m.State = MatchPending
	case len(m.Candidates) == 0:
		m.State = MatchNone
	case certain:
		m.State = MatchFound
	default:
		m.State = MatchMany
	}
	if certain && (m.State == MatchFound || m.State == MatchFailed) {
		m.Chosen = &best.Customer
	}
	return m
}

// candidates returns who has the number: as the systems say now, and as systems that have not answered yet said before.
func (q *inquiry) candidates() (live, old []Candidate) {
	silent := map[string]bool{}
	for _, s := range q.sources {
		if s.phase == answered {
			live = append(live, s.found...)
			continue
		}
		silent[s.id] = true
		old = append(old, s.found...)
		old = append(old, s.indexed...)
	}
	for _, c := range q.local.kept {
		if !silent[c.Source] {
			continue // the system has answered, or is none of ours any more
		}
		if cand, ok := q.numbers.candidate(q.number, c, OriginKept); ok {
			old = append(old, cand)
		}
	}
	return live, old
}

// merge joins candidates, each record once as it was described last, marks what is known of them here, and unites them.
func (q *inquiry) merge(lists ...[]Candidate) []Candidate {
	var out []Candidate
	at := map[ID]int{}
	for _, list := range lists {
		for _, c := range list {
			i, seen := at[c.Customer.ID]
			if seen && !out[i].Customer.AsOf.Before(c.Customer.AsOf) {
				continue
			}
			if c.Customer.ID == q.local.spoken {
				c.Also = append([]Reason{ReasonLastSpoken}, c.Also...)
			}
			c.RefusedBy = q.local.refused[c.Customer.ID]
			if seen {
				out[i] = c
				continue
			}
			at[c.Customer.ID] = len(out)
			out = append(out, c)
		}
	}
	out = unite(out)
	return out[:min(len(out), maxCandidates)]
}

// maxCandidates bounds what a card offers.
const maxCandidates = 20

// remember makes a match that a person decided; what the systems know about the customer now is preferred to what was stored.
func (m *Match) remember(c Customer, by string, at time.Time) {
	first := Candidate{Customer: c, Why: ReasonRemembered, Origin: OriginKept}
	rest := make([]Candidate, 0, len(m.Candidates))
	for _, known := range m.Candidates {
		if !known.is(c.ID) {
			rest = append(rest, known)
			continue
		}
		if known.Customer.ID != c.ID { // it is what another system calls the same customer
			known.Same = append([]Customer{known.Customer}, known.Same...)
			for i, same := range known.Same {
				if same.ID == c.ID {
					known.Customer = same
					known.Same = append(known.Same[:i:i], known.Same[i+1:]...)
					break
				}
			}
		}
		first = known
		first.Also = known.Also
		first.Why, first.RefusedBy = ReasonRemembered, ""
	}
	first.Confidence = confidences[ReasonRemembered]
	m.Candidates = append([]Candidate{first}, rest...)
	m.Candidates = m.Candidates[:min(len(m.Candidates), maxCandidates)]
	m.State, m.Chosen, m.ChosenBy, m.DecidedAt = MatchFound, &first.Customer, by, &at
}

// is reports whether a candidate is that customer, in whatever system.
func (c Candidate) is(id ID) bool {
	return c.Customer.ID == id || slices.ContainsFunc(c.Same, func(s Customer) bool { return s.ID == id })
}

// WithChoice returns the match after a person chose the customer.
func (m Match) WithChoice(c Customer, operatorID string, at time.Time) Match {
	m.remember(c, operatorID, at)
	return m
}

// WithoutChoice returns the match after a person said that nobody is linked: the candidates stand for choice again.
func (m Match) WithoutChoice(at time.Time) Match {
	m.Chosen, m.ChosenBy, m.DecidedAt = nil, "", &at
	if m.State == MatchFound {
		m.State = MatchMany
	}
	return m
}
