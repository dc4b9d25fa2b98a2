package customers

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
