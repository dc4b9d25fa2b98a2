package customers

import (
	"time"

	"github.com/pult-cc/pult/connectors"
)

// Examined is a record of a customer system and what verifying and ranking make of it.
type Examined struct {
	Candidate connectors.Candidate
	Phones    []ExaminedPhone
	Why       Reason   // the best of its numbers; "" when none may be the caller's
	Also      []Reason // what else speaks for it
	Place     int      // in the answer, from 1; 0: left out
	LeftOut   LeftOut  // why
}

// LeftOut is why a record is not offered.
type LeftOut string

// Why records are left out.
const (
	LeftOutDeleted LeftOut = "DELETED" // marked for deletion in its system
	LeftOutNumber  LeftOut = "NUMBER"  // none of its numbers is the caller's
	LeftOutSame    LeftOut = "SAME"    // another record of the same customer says more
	LeftOutMany    LeftOut = "MANY"    // too many are better
)

// ExaminedPhone is one field with a number or several, and the verdict on each.
type ExaminedPhone struct {
	Raw, Label string
	Numbers    []ExaminedNumber
}

// ExaminedNumber is a number that was found in a field, and why it may be the caller's; "" when it is another's.
type ExaminedNumber struct {
	Number Number
	Why    Reason
}

// Examine tells what becomes of a system's answer when the caller rings, were it the only system and nobody had chosen: the match, and
// for every record why.
func (n *Normalizer) Examine(caller Number, source, sourceName string, found []connectors.Candidate, asOf time.Time) (Match, []Examined) {
	answer := connectors.Answer{Candidates: found, AsOf: asOf}
	inq := inquiry{numbers: n, number: caller, local: local{readAt: asOf}, sources: []sourceState{
		{id: source, name: sourceName, phase: answered, found: n.verify(caller, source, sourceName, answer)},
	}}
	m := inq.match()
	out := make([]Examined, len(found))
	for i, c := range found {
		e := Examined{Candidate: c}
		for _, p := range c.Phones {
			phone := ExaminedPhone{Raw: p.Raw, Label: p.Label}
			for _, num := range n.ParseAll(p.Raw) {
				phone.Numbers = append(phone.Numbers, ExaminedNumber{num, n.compare(caller, num)})
			}
			e.Phones = append(e.Phones, phone)
		}
		own, fits := n.candidate(caller, n.Customer(source, sourceName, c, asOf), OriginLive)
		e.Why, e.Also = own.Why, own.Also
		for at := range m.Candidates {
			if m.Candidates[at].Customer.ID == own.Customer.ID {
				e.Place = at + 1
			}
		}
		switch {
		case c.Deleted:
			e.LeftOut = LeftOutDeleted
		case !fits:
			e.LeftOut = LeftOutNumber
		case e.Place > 0:
		case own.Customer.stoodFor(m.Candidates):
			e.LeftOut = LeftOutSame
		default:
			e.LeftOut = LeftOutMany
		}
		out[i] = e
	}
	return m, out
}

// stoodFor tells whether one of the candidates is a fuller record of the same customer.
func (c Customer) stoodFor(cs []Candidate) bool {
	for i := range cs {
		for _, r := range records(&cs[i]) {
			if r.StandsFor == c.ID {
				return true
			}
		}
	}
	return false
}
