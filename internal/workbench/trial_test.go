package workbench_test

import (
	"context"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/pult-cc/pult/connectors/onec/onecsim"
	"github.com/pult-cc/pult/internal/customers"
	"github.com/pult-cc/pult/internal/errs"
	"github.com/pult-cc/pult/internal/workbench"
)

// caller is a number of the demo base that is one customer's.
const caller = "+79750124567"

func TestADraftIsTestedWithoutBeingSaved(t *testing.T) {
	s := newStand(t)
	got, err := s.Test(t.Context(), workbench.Subject{Draft: ptrTo(s.draft())})
	if err != nil || got.Problem != nil || !got.Checked || len(got.Requests) == 0 || got.Took <= 0 {
		t.Fatalf("%+v, %v", got, err)
	}
	if can := strings.Join(got.Capabilities, " "); can != "CHECK GET SEARCH INDEX" {
		t.Errorf("it can %s", can)
	}
	if len(s.rows.m) != 0 || s.changed != 0 {
		t.Error("it was saved")
	}
}

func TestTroubleIsToldInWords(t *testing.T) {
	s := newStand(t)
	wrong := s.draft()
	wrong.Secrets["password"] = ptr("wrong")
	got, err := s.Test(t.Context(), workbench.Subject{Draft: &wrong})
	if err != nil || !errs.Is(got.Problem, errs.Unauthenticated) || got.Requests[0].Status != http.StatusUnauthorized {
		t.Errorf("a wrong password: %+v, %v", got, err)
	}
	s.sim.Suffer(&onecsim.Trouble{HangUp: true})
	tried, err := s.Try(t.Context(), workbench.Subject{Draft: ptrTo(s.draft())}, caller)
	if err != nil || !errs.Is(tried.Problem, errs.Unavailable) || tried.Match.State != customers.MatchFailed || tried.Requests[0].Error == "" {
		t.Errorf("hung up: %+v, %v", tried, err)
	}
	s.sim.Suffer(&onecsim.Trouble{Delay: time.Minute})
	ctx, cancel := context.WithTimeout(t.Context(), 700*time.Millisecond)
	defer cancel()
	slow, err := s.Test(ctx, workbench.Subject{Draft: ptrTo(s.draft())})
	if err != nil || !errs.Is(slow.Problem, errs.Timeout) || ctx.Err() != nil {
		t.Errorf("slow: %+v, %v: the asker has no time left: %v", slow, err, ctx.Err())
	}
}

func TestATriedNumberIsShownStepByStep(t *testing.T) {
	s := newStand(t)
	got, err := s.Try(t.Context(), workbench.Subject{Draft: ptrTo(s.draft())}, caller)
	if err != nil || got.Problem != nil || len(got.Found) == 0 || got.Match.State != customers.MatchFound {
		t.Fatalf("%+v, %v", got, err)
	}
	first := got.Found[0]
	if first.Why == "" || first.Place != 1 || first.LeftOut != "" {
		t.Errorf("the first is %+v", first)
	}
	digits := strings.TrimPrefix(got.Number.E164, "+7")
	for _, r := range got.Requests {
		if r.Method != http.MethodGet || r.Status != http.StatusOK || r.Bytes == 0 || r.Took <= 0 || !strings.Contains(r.Target, "Catalog_") {
			t.Errorf("request %+v", r)
		}
		if strings.Contains(r.Target, digits) || strings.Contains(r.Target, digits[3:]) || strings.Contains(r.Target, password) {
			t.Errorf("a request shows what it must not: %s", r.Target)
		}
	}
	if len(got.Requests) == 0 {
		t.Error("no requests")
	}
	for _, n := range []string{"101", "anonymous", ""} {
		if _, err := s.Try(t.Context(), workbench.Subject{Draft: ptrTo(s.draft())}, n); errs.FieldsOf(err)["number"] == "" {
			t.Errorf("%q: %v", n, err)
		}
	}
}
