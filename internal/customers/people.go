package customers

import (
	"context"
	"maps"
	"slices"
	"sort"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/pult-cc/pult/connectors"
	"github.com/pult-cc/pult/internal/errs"
)

// Choose remembers that a number is a customer's, because operatorID said so, and returns the customer. From now on every call from
// the number shows this customer first. A number that is not public is errs.Invalid, an unknown customer errs.NotFound.
func (s *Service) Choose(ctx context.Context, rawNumber string, id ID, operatorID string) (Customer, error) {
	l, err := s.Link(ctx, rawNumber, id, operatorID)
	return l.Customer, err
}

// Linked is what a choice, or a refusal, did.
type Linked struct {
	Number   Number
	Customer Customer // of a choice
	Calls    int      // past calls with the number that had nobody and have the customer now; or that lost their link
}

// Link is Choose that tells what it did to the history.
func (s *Service) Link(ctx context.Context, rawNumber string, id ID, operatorID string) (Linked, error) {
	const op = "choosing customer"
	n := s.numbers.Parse(rawNumber)
	if n.Kind != NumberPublic {
		return Linked{}, errs.Field(op, "number", "an internal or withheld number cannot be remembered")
	}
	c, err := s.Get(ctx, id)
	if err != nil {
		return Linked{}, errs.Wrap(op, err)
	}
	at := time.Now()
	calls, err := s.repo.Remember(ctx, n.E164, c, operatorID, at)
	if err != nil {
		return Linked{}, errs.Wrap(op, err)
	}
	s.memory.change(n.E164, func(r remembered) remembered {
		r.local.remembered, r.local.by, r.local.at = &c, operatorID, at
		r.local.refused = without(r.local.refused, id)
		r.version.choices++
		return r
	})
	return Linked{Number: n, Customer: c, Calls: calls}, nil
}

// Reread makes the next question about a number ask the repository what people said of it, because somebody, perhaps in another
// process, has said something new. Questions under way go on with what they have read.
func (s *Service) Reread(rawNumber string) {
	s.memory.change(s.numbers.Parse(rawNumber).E164, func(r remembered) remembered {
		r.local.readAt = time.Time{}
		r.version.rereads++
		return r
	})
}

// Forget takes a choice back.
func (s *Service) Forget(ctx context.Context, rawNumber string) error {
	n := s.numbers.Parse(rawNumber)
	if n.Kind != NumberPublic {
		return nil
	}
	if err := s.repo.Forget(ctx, n.E164); err != nil && !errs.Is(err, errs.NotFound) {
		return errs.Wrap("forgetting choice", err)
	}
	s.memory.change(n.E164, func(r remembered) remembered {
		r.local.remembered, r.local.by = nil, ""
		r.version.choices++
		return r
	})
	return nil
}

// Refuse takes back whoever is linked to the number now, by a person's choice or by a rule, because operatorID says that it is not
// them: here, in every other process, and in the history of the number. They are not linked to it again until a person chooses them.
func (s *Service) Refuse(ctx context.Context, rawNumber, operatorID string) error {
	_, err := s.Unlink(ctx, rawNumber, "", operatorID)
	return err
}

// aroundTime is how long a change of a link waits for who is the same customer elsewhere: a system that hangs must not keep a person
// from taking a wrong link back.
const aroundTime = 1500 * time.Millisecond

// lookAround is Match for as long as a change of a link can wait for it.
func (s *Service) lookAround(ctx context.Context, rawNumber string) Match {
	ctx, cancel := context.WithTimeout(ctx, aroundTime)
	defer cancel()
	return s.Match(ctx, rawNumber)
}

// Unlink is Refuse of one customer, with everything that is the same customer elsewhere, or with "" of whoever is linked now. It
// says of which number and how many past calls lost their link.
func (s *Service) Unlink(ctx context.Context, rawNumber string, id ID, operatorID string) (Linked, error) {
	const op = "refusing customer"
	n := s.numbers.Parse(rawNumber)
	if n.Kind != NumberPublic {
		return Linked{Number: n}, nil
	}
	m := s.lookAround(ctx, rawNumber)
	if id == "" && m.Chosen != nil {
		id = m.Chosen.ID
	}
	var ids []ID
	if id != "" {
		ids = append(ids, id)
		for _, c := range m.Candidates {
			if c.is(id) {
				for _, same := range records(&c) {
					if same.ID != id {
						ids = append(ids, same.ID)
					}
				}
			}
		}
	}
	calls, err := s.repo.Refuse(ctx, n.E164, ids, operatorID, time.Now())
	if err != nil {
		return Linked{}, errs.Wrap(op, err)
	}
	s.memory.change(n.E164, func(r remembered) remembered {
		if c := r.local.remembered; c != nil && slices.Contains(ids, c.ID) {
			r.local.remembered, r.local.by = nil, ""
		}
		r.local.refused = maps.Clone(r.local.refused)
		if r.local.refused == nil {
			r.local.refused = map[ID]string{}
		}
		for _, id := range ids {
			r.local.refused[id] = operatorID
		}
		r.version.choices++
		return r
	})
	return Linked{Number: n, Calls: calls}, nil
}

func without(refused map[ID]string, id ID) map[ID]string {
	if _, ok := refused[id]; !ok {
		return refused
	}
	refused = maps.Clone(refused)
	delete(refused, id)
	return refused
}

// Known returns a customer as last seen. It asks no customer system; unknown is errs.NotFound.
func (s *Service) Known(ctx context.Context, id ID) (Customer, error) {
	c, err := s.repo.Kept(ctx, id)
	return c, errs.Wrap("reading kept customer", err)
}

// Get returns a customer: as last seen if that was a moment ago, else as its system says now, else, when the system is silent, as
// last seen. Unknown is errs.NotFound.
func (s *Service) Get(ctx context.Context, id ID) (Customer, error) {
	const op = "getting customer"
	ref, err := DecodeID(id)
	if err != nil {
		return Customer{}, errs.Wrap(op, err)
	}
	kept, keptErr := s.repo.Kept(ctx, id)
	if keptErr == nil && time.Since(kept.AsOf) < s.o.FreshFor {
		return kept, nil
	}
	if keptErr != nil && !errs.Is(keptErr, errs.NotFound) {
		s.log.Warn("reading kept customer failed", "err", keptErr)
	}
	err = errs.E(errs.NotFound, op, "there is no such customer")
	for _, src := range s.systems.Load().sources {
		if src.ID() != ref.Connector {
			continue
		}
		askCtx, cancel := context.WithTimeout(ctx, s.o.SearchDeadline)
		found, askErr := src.Get(askCtx, ref)
		cancel()
		switch {
		case askErr == nil && !found.Deleted:
			c := s.customer(src, found, connectors.Answer{AsOf: time.Now()})
			if keepErr := s.repo.Keep(ctx, []Customer{c}); keepErr != nil {
				s.log.Warn("keeping customer failed", "err", keepErr)
			}
			return c, nil
		case askErr == nil, errs.Is(askErr, errs.NotFound):
			return Customer{}, errs.E(errs.NotFound, op, "the customer is no longer in "+src.Name())
		}
		err = errs.Wrap(op, askErr)
	}
	if keptErr == nil {
		return kept, nil
	}
	return Customer{}, err
}

// minSearch is how much must be typed before anything is searched.
const minSearch = 2

// Search finds customers by words of a name or company, or digits of a number, in all systems at the same time and among those last
// seen. A system that does not answer is left out; only when nobody answered and nothing is found is that an error.
func (s *Service) Search(ctx context.Context, text string, limit int) ([]Customer, error) {
	const op = "searching customers"
	text = strings.TrimSpace(text)
	if utf8.RuneCountInString(text) < minSearch {
		return nil, nil
	}
	if limit <= 0 || limit > maxSearch {
		limit = maxSearch
	}
	askCtx, cancel := context.WithTimeout(ctx, s.o.SearchDeadline)
	defer cancel()
	sources := s.systems.Load().sources
	type result struct {
		source int
		found  []Customer
		err    error
	}
	results := make(chan result, len(sources)+1)
	for i, src := range sources {
		go func() {
			found, err := src.Search(askCtx, text, limit)
			r := result{source: i, err: err}
			for _, c := range found {
				if !c.Deleted {
					r.found = append(r.found, s.customer(src, c, connectors.Answer{AsOf: time.Now()}))
				}
			}
			results <- r
		}()
	}
	go func() {
		kept, err := s.repo.SearchKept(askCtx, text, limit)
		results <- result{source: len(sources), found: kept, err: err}
	}()
	all := make([]result, 0, len(sources)+1)
	for range len(sources) + 1 {
		all = append(all, <-results)
	}
	sort.Slice(all, func(i, j int) bool { return all[i].source < all[j].source })
	var out, fresh []Customer
	var trouble error
	seen := map[ID]bool{}
	for _, r := range all {
		if r.err != nil && !errs.Is(r.err, errs.Unsupported) && trouble == nil {
			trouble = r.err
		}
		for _, c := range r.found {
			if !seen[c.ID] {
				seen[c.ID] = true
				out = append(out, c)
			}
		}
		if r.source < len(sources) {
			fresh = append(fresh, r.found...)
		}
	}
	if len(out) == 0 && trouble != nil {
		return nil, errs.Wrap(op, trouble)
	}
	if len(fresh) > 0 { // so that Choose and Known find them at once
		if err := s.repo.Keep(ctx, fresh); err != nil {
			s.log.Warn("keeping found customers failed", "err", err)
		}
	}
	return out[:min(limit, len(out))], nil
}

// maxSearch bounds an answer of Search.
const maxSearch = 50
