package customers

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"time"

	"github.com/pult-cc/pult/connectors"
	"github.com/pult-cc/pult/internal/errs"
)

// Sameness is why somebody may be the customer that is about to be created.
type Sameness string

// The samenesses, the surest first. None of them decides: a person does.
const (
	SameNumber Sameness = "NUMBER"
	SameTaxID  Sameness = "TAX_ID"
	SameMail   Sameness = "MAIL"
	SameName   Sameness = "NAME" // but for order, legal form, letters' case or one typing error a word
)

var samenessRank = map[Sameness]int{SameNumber: 0, SameTaxID: 1, SameMail: 2, SameName: 3}

// Duplicate is somebody who may be the customer that is about to be created.
type Duplicate struct {
	Customer Customer
	Why      []Sameness // the surest first
}

// maxDuplicates bounds what a person has to look through.
const maxDuplicates = 10

// duplicates asks a system in every way who of its customers may be the new one, all questions at the same time, and looks through the
// index and what is kept of it. One question that is not answered is an error: half a check is none.
func (s *Service) duplicates(ctx context.Context, src Source, n Number, w NewCustomer) ([]Duplicate, error) {
	type found struct {
		customers []Customer
		err       error
	}
	var questions []func() ([]Customer, error)
	live := func(cs []connectors.Candidate) []Customer {
		var out []Customer
		for _, c := range cs {
			if !c.Deleted {
				out = append(out, s.customer(src, c, connectors.Answer{AsOf: time.Now()}))
			}
		}
		return out
	}
	if n.E164 != "" {
		questions = append(questions, func() ([]Customer, error) {
			a, err := src.Refresh(ctx, s.numbers.Query(n))
			return live(a.Candidates), err
		})
	}
	for _, text := range w.searches() {
		questions = append(questions, func() ([]Customer, error) {
			cs, err := src.Search(ctx, text, maxSearch)
			if errs.Is(err, errs.Unsupported) {
				err = nil // then the number, the index and what is kept have to do
			}
			return live(cs), err
		}, func() ([]Customer, error) { return s.repo.SearchKept(ctx, text, maxSearch) })
	}
	answers := make(chan found, len(questions))
	for _, ask := range questions {
		go func() {
			cs, err := ask()
			answers <- found{cs, err}
		}()
	}
	var all []Customer
	if index := s.systems.Load().indexes[src.ID()]; index != nil && n.E164 != "" {
		all = index.Lookup(n)
	}
	var trouble error
	for range questions {
		a := <-answers
		all = append(all, a.customers...)
		trouble = cmp.Or(trouble, a.err)
	}
	if trouble != nil {
		return nil, trouble
	}
	return s.numbers.sameAs(w, n, src.ID(), all), nil
}

// searches are the words by which a duplicate is looked for: systems find what has every word, so the longest one of the name is
// asked for, and what comes back is compared.
func (w NewCustomer) searches() []string {
	var out []string
	for _, name := range []string{w.Name, w.Company} {
		longest := ""
		for _, word := range strings.Fields(companyName(name)) {
			if len(word) > len(longest) {
				longest = word
			}
		}
		if len([]rune(longest)) >= minSearch && !slices.Contains(out, longest) {
			out = append(out, longest)
		}
	}
	for _, text := range []string{w.Email, w.TaxID} {
		if text != "" {
			out = append(out, text)
		}
	}
	return out
}

// sameAs picks those of one system who may be the new customer, the surest first. It is pure.
func (n *Normalizer) sameAs(w NewCustomer, number Number, source string, all []Customer) []Duplicate {
	var out []Duplicate
	seen := map[ID]bool{}
	for _, c := range all {
		if c.Source != source || seen[c.ID] {
			continue
		}
		if why := n.sameness(w, number, c); len(why) > 0 {
			seen[c.ID] = true
			out = append(out, Duplicate{Customer: c, Why: why})
		}
	}
	slices.SortStableFunc(out, func(a, b Duplicate) int {
		return cmp.Or(cmp.Compare(samenessRank[a.Why[0]], samenessRank[b.Why[0]]), -cmp.Compare(len(a.Why), len(b.Why)), cmp.Compare(a.Customer.Name, b.Customer.Name))
	})
	return out[:min(len(out), maxDuplicates)]
}

func (n *Normalizer) sameness(w NewCustomer, number Number, c Customer) []Sameness {
	var why []Sameness
	if number.E164 != "" {
		if cand, ok := n.candidate(number, c, OriginLive); ok && cand.Why != ReasonSuffix {
			why = append(why, SameNumber)
		}
	}
	if id := taxID(Customer{TaxID: w.TaxID}); id != "" && id == taxID(c) {
		why = append(why, SameTaxID)
	}
	if w.Email != "" && slices.ContainsFunc(c.Emails, func(e string) bool { return strings.EqualFold(strings.TrimSpace(e), w.Email) }) {
		why = append(why, SameMail)
	}
	if sameName(w.Name, c.Name) || w.Kind == connectors.KindCompany && c.Kind == connectors.KindCompany && sameName(w.Company, c.Name) {
		why = append(why, SameName)
	}
	return why
}

// sameName tells whether two names are the same but for order, legal form, punctuation, case, and one wrong letter in a long word.
func sameName(a, b string) bool {
	x, y := strings.Fields(companyName(a)), strings.Fields(companyName(b))
	if len(x) == 0 || len(x) != len(y) {
		return false
	}
	left := slices.Clone(y)
	for _, word := range x {
		i := slices.IndexFunc(left, func(other string) bool { return nearly(word, other) })
		if i < 0 {
			return false
		}
		left = slices.Delete(left, i, i+1)
	}
	return true
}

// longWord is from how many letters on a word may have a wrong one.
const longWord = 5

// nearly tells whether two words are equal, or long and one letter apart.
func nearly(a, b string) bool {
	if a == b {
		return true
	}
	x, y := []rune(a), []rune(b)
	if len(x) > len(y) {
		x, y = y, x
	}
	if len(x) < longWord || len(y)-len(x) > 1 {
		return false
	}
	i := 0
	for i < len(x) && x[i] == y[i] {
		i++
	}
	if len(x) == len(y) {
		return slices.Equal(x[i+1:], y[i+1:])
	}
	return slices.Equal(x[i:], y[i+1:])
}
