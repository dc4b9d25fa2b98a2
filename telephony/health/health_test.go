package health_test

import (
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"pgregory.net/rapid"

	"github.com/pult-cc/pult/internal/errs"
	"github.com/pult-cc/pult/telephony/health"
)

var noon = time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)

func check(steps ...health.Step) health.Report {
	return health.Report{Check: &health.Check{Browser: "Chrome 142", Steps: steps}}
}

func TestWhoseMicrophoneIsBlockedOrMissingIsUnheard(t *testing.T) {
	for name, tc := range map[string]struct {
		report health.Report
		want   bool
	}{
		"blocked":           {check(health.Step{Name: health.StepPermission, State: health.Failed, Problem: "denied"}), true},
		"missing":           {check(health.Step{Name: health.StepMicrophone, State: health.Failed, Problem: "missing"}), true},
		"well":              {check(health.Step{Name: health.StepMicrophone, State: health.OK}), false},
		"not looked at yet": {check(health.Step{Name: health.StepPermission, State: health.Running}), false},
		"silent only":       {check(health.Step{Name: health.StepLevel, State: health.Failed, Problem: "zeros"}), false},
		"errors only":       {health.Report{Errors: []health.Error{{Kind: health.ErrorMicrophone, Text: "busy"}}}, false},
	} {
		r := (&health.Record{OperatorID: "anna"}).Take(tc.report, noon)
		if r.Unheard() != tc.want {
			t.Errorf("%s: unheard is %v", name, r.Unheard())
		}
	}
	if (*health.Record)(nil).Unheard() {
		t.Error("one who never reported is unheard")
	}
}

func TestATroubleKeepsItsBeginning(t *testing.T) {
	denied := health.Step{Name: health.StepPermission, State: health.Failed, Problem: "denied"}
	r := (&health.Record{}).Take(check(denied), noon)
	r = r.Take(check(denied), noon.Add(time.Minute))
	if got := r.Troubles()[0].Since; !got.Equal(noon) || !r.Check.At.Equal(noon.Add(time.Minute)) {
		t.Errorf("the trouble is since %v, checked %v", got, r.Check.At)
	}
	denied.Problem = "insecure"
	if got := r.Take(check(denied), noon.Add(time.Hour)).Troubles()[0].Since; !got.Equal(noon.Add(time.Hour)) {
		t.Errorf("another trouble is since %v", got)
	}
}

func TestTroublesComeGravestFirst(t *testing.T) {
	r := (&health.Record{}).Take(check(
		health.Step{Name: health.StepNotifications, State: health.Warn, Problem: "default"},
		health.Step{Name: health.StepMedia, State: health.Failed, Problem: "no_echo"},
		health.Step{Name: health.StepClock, State: health.OK},
	), noon)
	got := r.Troubles()
	if len(got) != 2 || got[0].Name != health.StepMedia || got[1].Name != health.StepNotifications {
		t.Errorf("troubles are %+v", got)
	}
}

func TestStepsAreKeptInTheirOrder(t *testing.T) {
	r := (&health.Record{}).Take(check(
		health.Step{Name: health.StepClock, State: health.OK}, health.Step{Name: health.StepPermission, State: health.OK},
	), noon)
	if got := r.Check.Steps; got[0].Name != health.StepPermission || got[1].Name != health.StepClock {
		t.Errorf("steps are %+v", got)
	}
}

func TestAReportIsRefusedThatNoPageMakes(t *testing.T) {
	many := health.Report{Errors: make([]health.Error, health.MaxErrors+1)}
	step := health.Step{Name: health.StepClock, State: health.OK}
	twice, unknown, odd := check(step, step), check(health.Step{Name: "MOON", State: health.OK}), check(health.Step{Name: health.StepClock, State: "GREEN"})
	kind := health.Report{Errors: []health.Error{{Kind: "MOOD"}}}
	for name, r := range map[string]*health.Report{
		"nothing": {}, "nil": nil, "too many errors": &many, "a step twice": &twice, "an unknown step": &unknown, "an unknown state": &odd, "an unknown kind": &kind,
	} {
		if err := r.Validate(); !errs.Is(err, errs.Invalid) {
			t.Errorf("%s: %v", name, err)
		}
	}
	good := check(step)
	if err := good.Validate(); err != nil {
		t.Errorf("a good report: %v", err)
	}
}

func TestNothingPersonalIsKept(t *testing.T) {
	for in, want := range map[string]string{
		"call to +7 (916) 123-45-67 failed":              "call to … failed",
		"sip:op-7@pbx.example refused":                   "… refused",
		"no answer from anna@example.com":                "no answer from …",
		"at https://pult.example/?customer=c42:17":       "at https://pult.example/…",
		"ha1 0123456789abcdef0123456789abcdef is wrong":  "ha1 … is wrong",
		"TypeError: x is undefined\n\tat answer (a.js)":  "TypeError: x is undefined at answer (a.js)",
		"WebSocket closed with 1006":                     "WebSocket closed with 1006",
		"wss://pbx.example:8089/ws?token=secret is away": "wss://pbx.example:8089/… is away",
	} {
		if got := health.Clean(in, health.MaxText); got != want {
			t.Errorf("%q became %q, want %q", in, got, want)
		}
	}
}

func TestWhateverPagesReportIsBounded(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		r := &health.Record{}
		for range rapid.IntRange(1, 5).Draw(t, "reports") {
			n := rapid.IntRange(1, health.MaxErrors).Draw(t, "errors")
			var es []health.Error
			for range n {
				es = append(es, health.Error{Kind: health.ErrorPage, Text: rapid.String().Draw(t, "text") + strings.Repeat("x", 300)})
			}
			r = r.Take(health.Report{Errors: es}, noon)
		}
		if len(r.Errors) > health.MaxKept {
			t.Fatalf("%d errors are kept", len(r.Errors))
		}
		for _, e := range r.Errors {
			if utf8.RuneCountInString(e.Text) > health.MaxText || !utf8.ValidString(e.Text) {
				t.Fatalf("kept %q", e.Text)
			}
		}
	})
}
