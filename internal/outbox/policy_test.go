package outbox

import (
	"strings"
	"testing"
	"time"

	"github.com/pult-cc/pult/connectors"
	"github.com/pult-cc/pult/internal/errs"
)

func TestJudge(t *testing.T) {
	const middle = 0.5 // no jitter
	e := func(k errs.Kind) error { return errs.E(k, "writing", "no") }
	for name, c := range map[string]struct {
		err      error
		attempts int
		want     Verdict
	}{
		"away":                        {e(errs.Unavailable), 0, Verdict{Wait: 5 * time.Second, Rest: 200 * time.Millisecond}},
		"still away":                  {e(errs.Unavailable), 3, Verdict{Wait: 40 * time.Second, Rest: 200 * time.Millisecond}},
		"away for a day":              {e(errs.Unavailable), 100_000, Verdict{Wait: 15 * time.Minute, Rest: 200 * time.Millisecond}},
		"no answer, it may be at it":  {e(errs.Timeout), 0, Verdict{Wait: time.Minute, Rest: 200 * time.Millisecond}},
		"no answer for a day":         {e(errs.Timeout), 1000, Verdict{Wait: 15 * time.Minute, Rest: 200 * time.Millisecond}},
		"asks for patience":           {&errs.Error{Kind: errs.RateLimited, Err: &connectors.RetryAfter{After: time.Minute}}, 7, Verdict{Wait: time.Minute, Rest: time.Minute, Uncounted: true}},
		"asks for some patience":      {e(errs.RateLimited), 7, Verdict{Wait: 5 * time.Second, Rest: 5 * time.Second, Uncounted: true}},
		"away and says for how long":  {&errs.Error{Kind: errs.Unavailable, Err: &connectors.RetryAfter{After: time.Hour}}, 0, Verdict{Wait: time.Hour, Rest: time.Hour}},
		"the password was refused":    {e(errs.Unauthenticated), 0, Verdict{Wait: time.Minute, Rest: time.Minute}},
		"a rule refused":              {e(errs.Rejected), 0, Verdict{Dead: true}},
		"does not fit":                {e(errs.Invalid), 0, Verdict{Dead: true}},
		"cannot":                      {e(errs.Unsupported), 0, Verdict{Dead: true}},
		"a customer is needed":        {connectors.NeedsCustomer("writing"), 0, Verdict{Held: true, Uncounted: true}},
		"the customer is gone":        {e(errs.NotFound), 0, Verdict{Dead: true}},
		"nobody understands it":       {e(errs.Internal), 0, Verdict{Wait: 5 * time.Second}},
		"nobody will ever understand": {e(errs.Internal), 9, Verdict{Dead: true}},
	} {
		if got := Judge(c.err, c.attempts, middle); got != c.want {
			t.Errorf("%s: %+v, want %+v", name, got, c.want)
		}
	}
	if low, high := Judge(e(errs.Unavailable), 0, 0).Wait, Judge(e(errs.Unavailable), 0, 1).Wait; low != 4*time.Second || high != 6*time.Second {
		t.Errorf("jitter spreads from %s to %s", low, high)
	}
}

func TestRestGrows(t *testing.T) {
	for failures, want := range map[int]time.Duration{1: 200 * time.Millisecond, 2: 400 * time.Millisecond, 8: 25600 * time.Millisecond, 9: 30 * time.Second, 9000: 30 * time.Second} {
		if got := rest(failures, 0, 0.5); got != want {
			t.Errorf("after %d failures: %s, want %s", failures, got, want)
		}
	}
	if got := rest(1, time.Minute, 0.5); got != time.Minute {
		t.Errorf("asked for a minute, got %s", got)
	}
}

func TestReasonsAreFitToShow(t *testing.T) {
	mask := func(s string) string { return strings.ReplaceAll(s, "+74950123401", "+7…01") }
	if got := reasonOf(errs.E(errs.Rejected, "x", "не более трёх звонков с +74950123401"), mask); got != "не более трёх звонков с +7…01" {
		t.Errorf("got %q", got)
	}
	if got := reasonOf(errs.E(errs.Rejected, "x", strings.Repeat("я", 1000)), mask); len([]rune(got)) != longestReason {
		t.Errorf("%d characters", len([]rune(got)))
	}
	for k := errs.Internal; k <= errs.Unsupported; k++ {
		if got := reasonOf(errs.E(k, "x", ""), mask); got == "" || strings.Contains(got, k.String()) {
			t.Errorf("%s: %q", k, got)
		}
	}
}
