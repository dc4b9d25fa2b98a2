package customers

import "strings"

// Index is a customer system's records, read in the background, by their numbers. It answers in microseconds and blocks nobody.
type Index interface {
	// Lookup returns the customers who may have the number, better too many than too few, each as of when its system said so.
	Lookup(n Number) []Customer
}

// fromIndex returns the candidates that an index has for a number.
func (s *Service) fromIndex(n Number, index Index) []Candidate {
	var out []Candidate
	for _, c := range index.Lookup(n) {
		if cand, ok := s.numbers.candidate(n, c, OriginIndex); ok {
			out = append(out, cand)
		}
	}
	return unite(out)
}

// TailDigits is how many last digits an index is asked by: numbers that may be the same have at least so many in common.
const TailDigits = minSuffix

// Tail returns the last digits of a number, by which an index finds it. A number that is nobody's, for it is too short or was typed
// to fill a field, has none.
func Tail(n Number) (uint32, bool) {
	digits := strings.TrimPrefix(n.E164, "+")
	if len(digits) == len(n.E164) {
		digits = strings.TrimLeft(digits, "0")
		if len(digits) < minSuffix || isFiller(digits) {
			return 0, false
		}
	}
	if n.Kind == NumberAnonymous || len(digits) < minSuffix {
		return 0, false
	}
	tail := uint32(0)
	for _, c := range []byte(digits[len(digits)-minSuffix:]) {
		if c < '0' || c > '9' {
			return 0, false
		}
		tail = tail*10 + uint32(c-'0')
	}
	return tail, true
}
