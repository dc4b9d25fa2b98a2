// Package figure prints what a benchmark measured beside what it has to reach, one line a figure that a script can read:
//
//	FIGURE name value target ok|short
package figure

import (
	"fmt"
	"io"
	"math"
	"slices"
	"time"
)

// Sheet collects the figures of one run. It is not safe for concurrent use.
type Sheet struct {
	out   io.Writer
	short int
}

// NewSheet makes an empty sheet that prints to out.
func NewSheet(out io.Writer) *Sheet { return &Sheet{out: out} }

// AtMost prints a figure that may not exceed its target.
func (s *Sheet) AtMost(name string, value, target float64) {
	s.line(name, value, "<=", target, value <= target)
}

// AtLeast prints a figure that has to reach its target.
func (s *Sheet) AtLeast(name string, value, target float64) {
	s.line(name, value, ">=", target, value >= target)
}

func (s *Sheet) line(name string, value float64, sign string, target float64, ok bool) {
	word := "ok"
	if !ok { // a value that is no number is short too
		word = "short"
		s.short++
	}
	fmt.Fprintf(s.out, "FIGURE %-22s %9.3f %s%-8g %s\n", name, value, sign, target, word)
}

// Err is an error when a figure is short.
func (s *Sheet) Err() error {
	if s.short == 0 {
		return nil
	}
	return fmt.Errorf("short of the target: %d", s.short)
}

// Quantile returns, in milliseconds, the value that the part q (0 to 1) of the values does not exceed: the nearest rank, never an
// interpolation. Of no values it is no number (NaN).
func Quantile(values []time.Duration, q float64) float64 {
	if len(values) == 0 {
		return math.NaN()
	}
	sorted := slices.Sorted(slices.Values(values))
	rank := int(q*float64(len(sorted))+0.999999) - 1
	return float64(sorted[min(max(rank, 0), len(sorted)-1)]) / float64(time.Millisecond)
}

// Print writes the spread of a measurement, for people.
func (s *Sheet) Print(what string, values []time.Duration) {
	fmt.Fprintf(s.out, "%-46s n %3d   p50 %8.3f   p95 %8.3f   p99 %8.3f   max %8.3f ms\n", what, len(values),
		Quantile(values, 0.5), Quantile(values, 0.95), Quantile(values, 0.99), Quantile(values, 1))
}
