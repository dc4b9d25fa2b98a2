package figure

import (
	"math"
	"strings"
	"testing"
	"time"
)

func TestQuantileIsTheNearestRank(t *testing.T) {
	var values []time.Duration
	for i := range 100 {
		values = append(values, time.Duration(100-i)*time.Millisecond)
	}
	for q, want := range map[float64]float64{0: 1, 0.5: 50, 0.95: 95, 0.99: 99, 1: 100} {
		if got := Quantile(values, q); got != want {
			t.Errorf("quantile %v is %v, want %v", q, got, want)
		}
	}
	if got := Quantile(values[:1], 0.99); got != 100 {
		t.Errorf("of one value: %v", got)
	}
	if got := Quantile(nil, 0.5); !math.IsNaN(got) {
		t.Errorf("of nothing: %v", got)
	}
}

func TestSheetTellsWhatIsShort(t *testing.T) {
	var out strings.Builder
	s := NewSheet(&out)
	s.AtMost("a", 1, 1)
	s.AtLeast("b", 99, 99)
	if err := s.Err(); err != nil {
		t.Errorf("nothing is short: %v", err)
	}
	s.AtMost("c", math.NaN(), 1)
	s.AtLeast("d", 98.9, 99)
	if err := s.Err(); err == nil {
		t.Error("two are short")
	}
	for i, word := range []string{"ok", "ok", "short", "short"} {
		line := strings.Split(out.String(), "\n")[i]
		if !strings.HasPrefix(line, "FIGURE ") || !strings.HasSuffix(line, " "+word) {
			t.Errorf("line %d: %q", i, line)
		}
	}
}
