package graph

import (
	"testing"

	"github.com/pult-cc/pult/internal/errs"
	"github.com/pult-cc/pult/telephony/calls"
	"github.com/pult-cc/pult/telephony/health"
)

const readinessFields = `id readiness since desk version operator { name } health {
	checkedAt browser platform microphone speaker steps { name state } troubles { name problem since } errors { kind text }
}`

// deaf is Anna without a microphone.
func deaf(version uint64) calls.Operator {
	r := (&health.Record{OperatorID: "anna"}).Take(health.Report{
		Check: &health.Check{Browser: "Firefox 145", Platform: "Linux", Steps: []health.Step{
			{Name: health.StepPermission, State: health.Failed, Problem: "denied"}, {Name: health.StepClock, State: health.OK},
		}},
		Errors: []health.Error{{Kind: health.ErrorMicrophone, Text: "denied"}},
	}, testNow)
	return calls.Operator{ID: "anna", Version: version, Name: "Anna", Readiness: calls.Unheard, ReadySince: testNow, Health: r}
}

func TestReadinessIsForSupervisors(t *testing.T) {
	s := newStand(t)
	o := deaf(2)
	s.board.put(calls.Change{Operator: &o})
	for who, want := range map[string]string{"": "UNAUTHENTICATED", "anna": "FORBIDDEN", "vera": "FORBIDDEN", "sonya": "", "adam": ""} {
		a := s.do(who, `{ readiness { `+readinessFields+` } }`)
		if a.code() != want || want != "" && a.Data != nil {
			t.Errorf("%q: %q, want %q: %s", who, a.code(), want, a.Body)
		}
	}
	c := s.open("anna")
	c.subscribe("1", `subscription { readinessFeed { __typename } }`)
	if m := c.read(); m.Type != "error" {
		t.Errorf("an operator follows the readiness of all: %v", m)
	}
}

func TestReadinessShowsWhatIsWrongWithWhosePhone(t *testing.T) {
	s := newStand(t)
	o := deaf(2)
	s.board.put(calls.Change{Operator: &o})
	var anna, boris any
	for _, r := range at(s.must("sonya", `{ readiness { `+readinessFields+` } }`), "readiness").([]any) {
		switch at(r, "id") {
		case "anna":
			anna = r
		case "boris":
			boris = r
		}
	}
	if at(boris, "health") != nil {
		t.Errorf("of one who never reported is known %v", boris)
	}
	troubles := at(anna, "health", "troubles").([]any)
	if at(anna, "readiness") != "NO_MICROPHONE" || at(anna, "health", "browser") != "Firefox 145" || len(troubles) != 1 ||
		at(troubles[0], "name") != "PERMISSION" || at(troubles[0], "problem") != "denied" || len(at(anna, "health", "steps").([]any)) != 2 {
		t.Errorf("of Anna is shown %v", anna)
	}
}

func TestReadinessFeed(t *testing.T) {
	s := newStand(t)
	c := s.open("sonya")
	c.subscribe("1", `subscription { readinessFeed { __typename ... on ReadinessChanged { readiness { `+readinessFields+` } } ... on ReadinessRemoved { id } } }`)
	for at(c.next("1"), "readinessFeed", "__typename") != "Synced" {
	}
	o := deaf(2)
	s.board.put(calls.Change{Operator: &o})
	if got := at(c.next("1"), "readinessFeed"); at(got, "readiness", "readiness") != "NO_MICROPHONE" || at(got, "readiness", "operator", "name") != "Anna" {
		t.Errorf("the feed sends %v", got)
	}
	o.Version, o.Gone = 3, true
	s.board.put(calls.Change{Operator: &o})
	if got := at(c.next("1"), "readinessFeed"); at(got, "__typename") != "ReadinessRemoved" || at(got, "id") != "anna" {
		t.Errorf("the feed sends %v", got)
	}
}

func TestReportsAreTheViewersOwn(t *testing.T) {
	s := newStand(t)
	s.must("anna", `mutation { reportPhoneHealth(input: {
		check: {browser: "Chrome 142", platform: "Windows", microphone: "Jabra", speaker: "", steps: [{name: PERMISSION, state: FAILED, problem: "denied"}, {name: CLOCK, state: OK}]}
		errors: [{kind: SIP, text: "408"}]
	}) { ok } }`)
	cmd := s.floor.last(t)
	if cmd.Kind != calls.CmdReportHealth || cmd.OperatorID != "anna" || cmd.Health.Check.Steps[0].Problem != "denied" || cmd.Health.Errors[0].Kind != health.ErrorSIP {
		t.Errorf("the floor is told %+v", cmd)
	}
	s.floor.failWith(calls.CmdReportHealth, errs.E(errs.RateLimited, "reporting", "too many reports"))
	if a := s.do("anna", `mutation { reportPhoneHealth(input: {errors: [{kind: PAGE, text: "x"}]}) { ok } }`); a.code() != "RATE_LIMITED" {
		t.Errorf("a flood: %s", a.Body)
	}
}

func TestAQueueSaysHowItRings(t *testing.T) {
	s := newStand(t)
	q, _ := s.board.Queue("q1")
	q.Version, q.Tone, q.AutoAnswer = 2, "bell", true
	s.board.put(calls.Change{Queue: &q})
	got := at(s.must("anna", `{ queue(id: "q1") { ringTone autoAnswer } }`), "queue")
	if at(got, "ringTone") != "bell" || at(got, "autoAnswer") != true {
		t.Errorf("the queue is %v", got)
	}
}
