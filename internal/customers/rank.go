package customers

import (
	"slices"
	"sort"
	"strings"
	"unicode"

	"github.com/pult-cc/pult/connectors"
)

// ranks of the reasons and kinds, best first.
var (
	reasonRank = map[Reason]int{ReasonRemembered: 0, ReasonExact: 1, ReasonNational: 2, ReasonExtension: 3, ReasonSuffix: 4}
	kindRank   = map[connectors.Kind]int{connectors.KindPerson: 0, connectors.KindCompany: 1, connectors.KindLead: 2}
)

// rank orders candidates: by reason, whom nobody refused, whom we spoke with last, who has something unfinished, persons before
// companies before leads, then by name so that the order is the same each time.
func rank(cs []Candidate) {
	sort.SliceStable(cs, func(i, j int) bool {
		a, b := &cs[i], &cs[j]
		if reasonRank[a.Why] != reasonRank[b.Why] {
			return reasonRank[a.Why] < reasonRank[b.Why]
		}
		if (a.RefusedBy == "") != (b.RefusedBy == "") {
			return a.RefusedBy == ""
		}
		for _, also := range []Reason{ReasonLastSpoken, ReasonOpen} {
			if x, y := slices.Contains(a.Also, also), slices.Contains(b.Also, also); x != y {
				return x
			}
		}
		if kindRank[a.Customer.Kind] != kindRank[b.Customer.Kind] {
			return kindRank[a.Customer.Kind] < kindRank[b.Customer.Kind]
		}
		if a.Customer.Name != b.Customer.Name {
			return a.Customer.Name < b.Customer.Name
		}
		return a.Customer.ID < b.Customer.ID
	})
}

// oneBest returns the candidate that is surely the caller: better than all others, and not by last digits alone. A company is no
// rival of its own employee, nor is anybody whom a person refused for this number.
func oneBest(cs []Candidate) (Candidate, bool) {
	best := -1
	for i, c := range cs {
		switch {
		case c.RefusedBy != "" || c.Why == ReasonSuffix:
		case best < 0:
			best = i
		case c.Why == cs[best].Why && !worksFor(cs[best].Customer, c.Customer):
			return Candidate{}, false
		}
	}
	if best < 0 {
		return Candidate{}, false
	}
	return cs[best], true
}

func worksFor(person, company Customer) bool {
	if person.Kind != connectors.KindPerson || company.Kind != connectors.KindCompany {
		return false
	}
	name := companyName(person.Company)
	return name != "" && name == companyName(company.Name)
}

// unite ranks candidates and joins records of the same customer: those that another one of their system stands for, and those of
// other systems with the same tax number or address of mail. All of them have the caller's number already. Never by name.
func unite(cs []Candidate) []Candidate {
	rank(cs)
	stoodFor := map[ID]bool{}
	for _, c := range cs {
		if c.Customer.StandsFor != "" {
			stoodFor[c.Customer.StandsFor] = true
		}
	}
	out := make([]Candidate, 0, len(cs))
	for _, c := range cs {
		if !stoodFor[c.Customer.ID] {
			out = append(out, c)
		}
	}
	for i := 0; i < len(out); i++ {
		for j := i + 1; j < len(out); {
			if !sameCustomer(&out[i], &out[j]) {
				j++
				continue
			}
			out[i] = join(out[i], out[j])
			out = slices.Delete(out, j, j+1)
			j = i + 1 // what has joined may be what another one waited for
		}
	}
	rank(out) // whoever was joined may have brought a reason
	return out
}

// join adds the records of b to a.
func join(a, b Candidate) Candidate {
	a.Same = append(append(slices.Clone(a.Same), b.Customer), b.Same...)
	a.Also = slices.Clone(a.Also)
	for _, also := range b.Also {
		if !slices.Contains(a.Also, also) {
			a.Also = append(a.Also, also)
		}
	}
	return a
}

// sameCustomer reports whether two candidates are one customer. Two records of one system are two customers, whatever they share: that
// system's people know why, and a person chooses.
func sameCustomer(a, b *Candidate) bool {
	same := false
	for _, x := range records(a) {
		for _, y := range records(b) {
			if x.Source == y.Source {
				return false
			}
			same = same || sameElsewhere(*x, *y)
		}
	}
	return same
}

func records(c *Candidate) []*Customer {
	out := []*Customer{&c.Customer}
	for i := range c.Same {
		out = append(out, &c.Same[i])
	}
	return out
}

// Elsewhere returns what other systems call the customer, among records that have a number of theirs: those that would be united with
// them on a card. Of a system with more than one such record it returns none, since nobody knows which.
func Elsewhere(c Customer, among []Customer) []connectors.Ref {
	bySource := map[string][]Customer{}
	for _, x := range among {
		if sameElsewhere(c, x) {
			bySource[x.Source] = append(bySource[x.Source], x)
		}
	}
	var out []connectors.Ref
	for _, of := range bySource {
		best := slices.DeleteFunc(slices.Clone(of), func(x Customer) bool {
			return slices.ContainsFunc(of, func(y Customer) bool { return y.StandsFor == x.ID })
		})
		if len(best) == 1 {
			out = append(out, best[0].Ref)
		}
	}
	return out
}

// In returns what a system calls the customer of a match, false when there is none or the system does not know them: the record that was
// chosen, or the one there of the same customer, unless a person said of it that the number is not theirs.
func (m Match) In(system string) (connectors.Ref, bool) {
	if m.Chosen == nil {
		return connectors.Ref{}, false
	}
	if ref, err := DecodeID(m.Chosen.ID); err == nil && ref.Connector == system {
		return ref, true
	}
	var among []Customer
	for i := range m.Candidates {
		if m.Candidates[i].RefusedBy != "" {
			continue
		}
		for _, x := range records(&m.Candidates[i]) {
			among = append(among, *x)
		}
	}
	for _, ref := range Elsewhere(*m.Chosen, among) {
		if ref.Connector == system {
			return ref, true
		}
	}
	return connectors.Ref{}, false
}

// Confirmed tells whether a system has said of a record of its own, which In returned, that the number is theirs: the phone index and
// earlier answers may be out of date, and the system is always asked, too. What a person chose, or what is the same customer by tax number
// or mail, needs no such word.
func (m Match) Confirmed(ref connectors.Ref) bool {
	if m.ChosenBy != "" {
		return true
	}
	for i := range m.Candidates {
		if c := &m.Candidates[i]; c.Customer.Ref == ref {
			return c.Origin != OriginIndex && c.Origin != OriginKept
		}
	}
	return true
}

func sameElsewhere(a, b Customer) bool {
	if a.Source == b.Source {
		return false
	}
	if id := taxID(a); id != "" && id == taxID(b) && (a.Kind == b.Kind || len(id) == personalTaxID) {
		return true
	}
	if a.Kind != b.Kind {
		return false
	}
	for _, x := range a.Emails {
		for _, y := range b.Emails {
			if strings.Contains(x, "@") && strings.EqualFold(strings.TrimSpace(x), strings.TrimSpace(y)) {
				return true
			}
		}
	}
	return false
}

// personalTaxID is how many digits the tax number of a person has in Russia: a sole trader is a company in one system and a person
// in another. That of a company says nothing of the persons in it.
const personalTaxID = 12

// taxID returns a tax number that may tell customers apart; "" for what was typed to fill the field.
func taxID(c Customer) string {
	id := strings.Map(func(r rune) rune {
		if unicode.IsLetter(r) || unicode.IsDigit(r) {
			return unicode.ToUpper(r)
		}
		return -1
	}, c.TaxID)
	if len(id) < 6 || strings.Trim(id, id[:1]) == "" || id == "1234567890" || id == "123456789012" {
		return ""
	}
	return id
}

// legalForms are words that a company's name may have or not: ООО «Василёк» is Василёк.
var legalForms = map[string]bool{
	"ооо": true, "оао": true, "зао": true, "пао": true, "ао": true, "нао": true, "ип": true, "тоо": true, "чп": true, "ано": true,
	"llc": true, "ltd": true, "inc": true, "gmbh": true, "co": true,
}

func companyName(s string) string {
	s = strings.ReplaceAll(strings.ToLower(s), "ё", "е")
	words := strings.FieldsFunc(s, func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) })
	kept := words[:0]
	for _, w := range words {
		if !legalForms[w] {
			kept = append(kept, w)
		}
	}
	return strings.Join(kept, " ")
}
