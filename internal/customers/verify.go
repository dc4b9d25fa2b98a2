package customers

import (
	"strings"
	"time"

	"github.com/pult-cc/pult/connectors"
)

// Connectors answer generously; here every number they return is normalised and compared, once for all of them.

// confidences of the reasons: how likely the caller is this customer.
var confidences = map[Reason]float64{
	ReasonRemembered: 1, ReasonExact: 0.95, ReasonNational: 0.8, ReasonExtension: 0.75, ReasonSuffix: 0.4,
}

// minSuffix is how many equal last digits make a suffix: a local number of seven digits, or more.
const minSuffix = 7

// compare tells why a stored number may be the caller's; "" when it is another's.
func (n *Normalizer) compare(caller, stored Number) Reason {
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
	// One side is no valid number: a local one, one written the way of another country with its trunk zero, or one of a range that
	// was assigned after our tables were made.
	a, b := n.significant(caller), n.significant(stored)
	if len(b) < minSuffix || len(a) < minSuffix || isFiller(a) || isFiller(b) {
		return ""
	}
	switch {
	case a == b && isE164(caller.E164) == isE164(stored.E164):
		if len(a) < nationalDigits {
			return ReasonSuffix // two local numbers, perhaps of two towns
		}
		return ReasonExact
	case a == b:
		return ReasonNational
	case strings.HasSuffix(a, b) && !isE164(stored.E164), strings.HasSuffix(b, a) && !isE164(caller.E164):
		return ReasonSuffix
	}
	return ""
}

// nationalDigits is from how many digits on a number that is not valid is more than a local one.
const nationalDigits = 10

// significant returns the digits of a number without country code and trunk prefix, as far as that is known.
func (n *Normalizer) significant(num Number) string {
	if isE164(num.E164) {
		return n.parse(num.E164).national
	}
	digits := digitsOf(num.E164)
	if rest, ok := strings.CutPrefix(digits, n.trunk); ok && n.trunk != "" && len(rest) == nationalDigits {
		return rest
	}
	if rest, ok := strings.CutPrefix(digits, n.code); ok && len(rest) == nationalDigits {
		return rest
	}
	return strings.TrimLeft(digits, "0")
}

// isFiller tells digits that somebody typed because the field had to be filled: 000-00-00, 9999999.
func isFiller(digits string) bool {
	return strings.Trim(digits, digits[:1]) == "" || strings.TrimRight(digits[1:], "0") == ""
}

// verify turns what a connector returned into the candidates that really have the number, best first. Records marked for deletion
// are left out.
func (n *Normalizer) verify(caller Number, source, sourceName string, a connectors.Answer) []Candidate {
	var out []Candidate
	for _, c := range a.Candidates {
		if c.Deleted {
			continue
		}
		if cand, ok := n.candidate(caller, n.Customer(source, sourceName, c, a.AsOf), OriginLive); ok {
			out = append(out, cand)
		}
	}
	return unite(out)
}

// candidate makes a customer a candidate if one of their numbers may be the caller's, for the best reason.
func (n *Normalizer) candidate(caller Number, c Customer, origin Origin) (Candidate, bool) {
	best := Candidate{Customer: c, Origin: origin}
	for i := range c.Numbers {
		why := n.compare(caller, c.Numbers[i].Number)
		if why != "" && (best.Why == "" || reasonRank[why] < reasonRank[best.Why]) {
			number := c.Numbers[i]
			best.Why, best.Number, best.Confidence = why, &number, confidences[why]
		}
	}
	if best.Why != "" && c.Open {
		best.Also = []Reason{ReasonOpen}
	}
	return best, best.Why != ""
}

// customer turns a connector's record into a Customer with normalised numbers.
func (s *Service) customer(src Source, c connectors.Candidate, a connectors.Answer) Customer {
	return s.numbers.Customer(src.ID(), src.Name(), c, a.AsOf)
}

// Customer turns a record of a customer system, by its id and name, into a Customer with normalised numbers.
func (n *Normalizer) Customer(source, sourceName string, c connectors.Candidate, asOf time.Time) Customer {
	cust := Customer{
		ID: EncodeID(c.Ref), Ref: c.Ref, Kind: c.Kind, Name: c.Name, Company: c.Company, TaxID: c.TaxID, Emails: c.Emails,
		Owner: c.Owner.Name, Open: c.Open, URL: c.URL, Source: source, SourceName: sourceName, AsOf: utc(asOf),
	}
	if c.StandsFor.ID != "" {
		cust.StandsFor = EncodeID(c.StandsFor)
	}
	for _, p := range c.Phones {
		for _, num := range n.ParseAll(p.Raw) {
			if !hasNumber(cust.Numbers, num) {
				cust.Numbers = append(cust.Numbers, LabeledNumber{Number: num, Label: p.Label})
			}
		}
	}
	return cust
}

func hasNumber(numbers []LabeledNumber, num Number) bool {
	for _, have := range numbers {
		if have.Number.E164 == num.E164 && have.Number.Ext == num.Ext {
			return true
		}
	}
	return false
}

// utc is a time as it is stored and shown: without zone and monotonic clock, so that equal times are equal values.
func utc(t time.Time) time.Time { return t.Round(0).UTC() }
