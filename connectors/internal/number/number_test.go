package number

import (
	"slices"
	"testing"
)

func TestTails(t *testing.T) {
	for _, c := range []struct {
		region, digits string
		want           []string
	}{
		{"RU", "4950123402", []string{"2-34-02", "2 34 02", "23402", "2-3402", "2 3402"}},
		{"RU", "9161234567", []string{"23-45-67", "23 45 67", "234567", "23-4567", "23 4567"}},
		{"GB", "2079460958", []string{"46-09-58", "46 09 58", "460958", "46-0958", "46 0958"}},
		{"RU", "112", []string{"112"}},
	} {
		if got := Tails(c.region, c.digits); !slices.Equal(got, c.want) {
			t.Errorf("%s %s: got %q, want %q", c.region, c.digits, got, c.want)
		}
	}
}

func TestSpread(t *testing.T) {
	if got := Spread("495"); got != "%4%9%5%" || Spread("") != "" {
		t.Errorf("got %q", got)
	}
}
