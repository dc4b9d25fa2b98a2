package customers

import (
	"sort"
	"strings"
	"time"
	"unicode"

	"github.com/pult-cc/pult/connectors"
)

// Connectors answer generously; here every number they return is normalised and compared, once for all of them.

// confidences of the reasons: how likely the caller is this customer.
var confidences = map[Reason]float64{ReasonRemembered: 1, ReasonExact: 0.95, ReasonExtension: 0.75, ReasonSuffix: 0.5}

// ranks of the reasons and kinds, best first.
var (
	reasonRank = map[Reason]int{ReasonRemembered: 0, ReasonExact: 1, ReasonExtension: 2, ReasonSuffix: 3}
	kindRank   = map[connectors.Kind]int{connectors.KindPerson: 0, connectors.KindCompany: 1, connectors.KindLead: 2}
)

// minSuffix is how many equal last digits make a suffix: a local number of seven digits, or more.
const minSuffix = 7

// compare tells why a stored number may be the caller's; "" when it is another's.
func compare(caller, stored Number) Reason {
	if stored.Kind == NumberAnonymous || stored.E164 == "" {
		return ""
	}
	if isE164(caller.E164) && isE164(stored.E164) {
		switch {
		case caller.E164 != stored.E164:
			return ""
		case caller.Ext == stored.Ext:
			return ReasonExact
		}
		return ReasonExtension
	}
	// One side has no country: a local number, or one written the way of another country with its trunk zero.
	a, b := strings.TrimLeft(digitsOf(caller.E164), "0"), strings.TrimLeft(digitsOf(stored.E164), "0")
	if len(a) < len(b) {
		a, b = b, a
	}
	if len(b) >= minSuffix && strings.HasSuffix(a, b) {
		return ReasonSuffix
	}
	return ""
}

// verify turns what a connector returned into the candidates that really have the number, best first. Records marked for deletion
// are left out.
func (s *Service) verify(caller Number, src Source, a connectors.Answer) []Candidate {
	var out []Candidate
	for _, c := range a.Candidates {
		if c.Deleted {
			continue
		}
		cust := s.customer(src, c, a)
		if why := reasonFor(caller, cust); why != "" {
			out = append(out, Candidate{Customer: cust, Why: why, Confidence: confidences[why]})
		}
	}
	rank(out)
	return out
}

// reasonFor is the best reason among a customer's numbers.
func reasonFor(caller Number, c Customer) Reason {
	best := Reason("")
	for _, n := range c.Numbers {
		if why := compare(caller, n.Number); why != "" && (best == "" || reasonRank[why] < reasonRank[best]) {
			best = why
		}
	}
	return best
}

// customer turns a connector's record into a Customer with normalised numbers.
func (s *Service) customer(src Source, c connectors.Candidate, a connectors.Answer) Customer {
	cust := Customer{
		ID: EncodeID(c.Ref), Ref: c.Ref, Kind: c.Kind, Name: c.Name, Company: c.Company, TaxID: c.TaxID, Emails: c.Emails,
		Owner: c.Owner.Name, URL: c.URL, Source: src.ID(), SourceName: src.Name(), AsOf: utc(a.AsOf),
	}
	seen := map[string]bool{}
	for _, p := range c.Phones {
		for _, n := range s.numbers.ParseAll(p.Raw) {
			if key := n.E164 + "#" + n.Ext; !seen[key] {
				seen[key] = true
				cust.Numbers = append(cust.Numbers, LabeledNumber{Number: n, Label: p.Label})
			}
		}
	}
	return cust
}

// utc is a time as it is stored and shown: without zone and monotonic clock, so that equal times are equal values.
func utc(t time.Time) time.Time { return t.Round(0).UTC() }

// rank orders candidates: by reason, persons before companies before leads, then by name so that the order is the same each time.
func rank(cs []Candidate) {
	sort.SliceStable(cs, func(i, j int) bool {
		a, b := cs[i], cs[j]
		if reasonRank[a.Why] != reasonRank[b.Why] {
			return reasonRank[a.Why] < reasonRank[b.Why]
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

// oneBest reports whether the first of ranked candidates is better than all others. A company is no rival of its own employee, and a
// record in another system none of the record with the same tax number or address of mail: never of the same name.
func oneBest(cs []Candidate) bool {
	if len(cs) == 0 {
		return false
	}
	top := cs[0]
	for _, c := range cs[1:] {
		if c.Why != top.Why {
			break
		}
		if !worksFor(top.Customer, c.Customer) && !sameElsewhere(top.Customer, c.Customer) {
			return false
		}
	}
	return true
}

func worksFor(person, company Customer) bool {
	if person.Kind != connectors.KindPerson || company.Kind != connectors.KindCompany {
		return false
	}
	name := companyName(person.Company)
	return name != "" && name == companyName(company.Name)
}

func sameElsewhere(a, b Customer) bool {
	if a.Source == b.Source || a.Kind != b.Kind {
		return false
	}
	if a.TaxID != "" && a.TaxID == b.TaxID {
		return true
	}
	for _, x := range a.Emails {
		for _, y := range b.Emails {
			if x != "" && strings.EqualFold(x, y) {
				return true
			}
		}
	}
	return false
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
