package app

import (
	"context"
	"time"

	"github.com/pult-cc/pult/internal/customers"
	"github.com/pult-cc/pult/telephony/calls"
)

// matchTime bounds the whole question who is calling: a 1C that wakes up takes half a minute.
const matchTime = 45 * time.Second

// matcher answers the floor's questions about callers.
type matcher struct{ s *customers.Service }

var _ calls.Matcher = matcher{}

// Match reports what is known at once and every better answer.
func (m matcher) Match(ctx context.Context, n customers.Number, fresh bool, report func(customers.Match)) {
	ctx, cancel := context.WithTimeout(ctx, matchTime)
	defer cancel()
	ask := m.s.Start
	if fresh {
		ask = m.s.Refresh
	}
	now, later := ask(ctx, n.E164)
	if now.State != customers.MatchPending || len(now.Candidates) > 0 || fresh {
		report(now)
	}
	for better := range later {
		report(better)
	}
}

// candidatesTime is how long somebody who has taken a link back waits for who else it may be; what comes later follows by itself.
const candidatesTime = 1500 * time.Millisecond

// Link remembers a person's choice, or takes back who is linked: then nobody is chosen and the candidates stand for choice again.
func (m matcher) Link(ctx context.Context, n customers.Number, id customers.ID, operatorID string) (customers.Match, error) {
	if id == "" {
		if err := m.s.Refuse(ctx, n.E164, operatorID); err != nil {
			return customers.Match{}, err
		}
		around, cancel := context.WithTimeout(ctx, candidatesTime)
		defer cancel()
		return m.s.Match(around, n.E164).WithoutChoice(time.Now()), nil
	}
	if n.Kind != customers.NumberPublic { // the call can be linked though its number cannot be remembered
		c, err := m.s.Get(ctx, id)
		if err != nil {
			return customers.Match{}, err
		}
		return customers.Match{State: customers.MatchSkipped}.WithChoice(c, operatorID, time.Now()), nil
	}
	c, err := m.s.Choose(ctx, n.E164, id, operatorID)
	if err != nil {
		return customers.Match{}, err
	}
	now, _ := m.s.Start(ctx, n.E164)
	return now.WithChoice(c, operatorID, time.Now()), nil
}
