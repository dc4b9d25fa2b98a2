package customers

import (
	"strings"
	"time"
)

// inquiry is the state of one question "who is calling". It has no clock, no I/O and no locks: match is a pure function of it.
type inquiry struct {
	number  Number
	sources []sourceState
	local   local
	choices int // of the number, when local was read: see remembered.choices
}

// local is what is known without asking anybody.
type local struct {
	remembered *Customer // what a person chose for the number
	by         string    // and who
	kept       []Customer
	readAt     time.Time // when the repository said so; zero: it has not been asked
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
	m.Candidates = merge(live, old)
	if q.local.remembered != nil {
		m.remember(*q.local.remembered, q.local.by)
		return m
	}
	found := len(live) > 0
	switch {
	case !found && trouble && !pending:
		m.State = MatchFailed
	case len(m.Candidates) == 0 && (pending || q.local.readAt.IsZero()):
		m.State = MatchPending
	case len(m.Candidates) == 0:
		m.State = MatchNone
	case oneBest(m.Candidates):
		m.State = MatchFound
	default:
		m.State = MatchMany
	}
	if (m.State == MatchFound || m.State == MatchFailed) && oneBest(m.Candidates) {
		chosen := m.Candidates[0].Customer
		m.Chosen = &chosen
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
	}
	for _, c := range q.local.kept {
		if !silent[c.Source] {
			continue // the system has answered, or is none of ours any more
		}
		if why := reasonFor(q.number, c); why != "" {
			old = append(old, Candidate{Customer: c, Why: why, Confidence: confidences[why]})
		}
	}
	return live, old
}

// merge joins candidates, each customer once, the first mention counts, and ranks them.
func merge(lists ...[]Candidate) []Candidate {
	var out []Candidate
	seen := map[ID]bool{}
	for _, list := range lists {
		for _, c := range list {
			if !seen[c.Customer.ID] {
				seen[c.Customer.ID] = true
				out = append(out, c)
			}
		}
	}
	rank(out)
	return out[:min(len(out), maxCandidates)]
}

// maxCandidates bounds what a card offers.
const maxCandidates = 20

// remember makes a match that a person decided; what the systems know about the customer now is preferred to what was stored.
func (m *Match) remember(c Customer, by string) {
	for _, known := range m.Candidates {
		if known.Customer.ID == c.ID {
			c = known.Customer
		}
	}
	first := Candidate{Customer: c, Why: ReasonRemembered, Confidence: confidences[ReasonRemembered]}
	m.Candidates = merge([]Candidate{first}, m.Candidates)
	m.State, m.Chosen, m.ChosenBy = MatchFound, &c, by
}

// WithChoice returns the match after a person chose the customer.
func (m Match) WithChoice(c Customer, operatorID string) Match {
	m.remember(c, operatorID)
	return m
}
