package resilient_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/pult-cc/pult/connectors"
	"github.com/pult-cc/pult/connectors/memory"
	"github.com/pult-cc/pult/connectors/resilient"
	"github.com/pult-cc/pult/internal/errs"
)

func TestWritingIsARequestLikeAnyOther(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := memory.New("crm", nil)
		asked := map[string]int{}
		c, err := resilient.New(d, resilient.Options{ID: "crm", FailuresToOpen: 2, Hooks: resilient.Hooks{
			Asked: func(_, op string, _ time.Duration, _ error) { asked[op]++ },
		}})
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		call, err := c.LogCall(t.Context(), connectors.CallRecord{Key: "a"})
		if err != nil || call.ID != "a" {
			t.Fatalf("%+v, %v", call, err)
		}
		if err := c.AttachRecording(t.Context(), connectors.Recording{Key: "a", Call: call, URL: "https://pult.example/a.mp3"}); err != nil {
			t.Errorf("recording: %v", err)
		}
		if _, err := c.CreateTask(t.Context(), connectors.Task{Key: "t"}); err != nil {
			t.Errorf("task: %v", err)
		}
		if _, err := c.LogCall(t.Context(), connectors.CallRecord{Key: "b", Customer: connectors.Ref{ID: "gone"}}); !errs.Is(err, errs.NotFound) {
			t.Errorf("a customer who is not there: %v", err)
		}
		if s := c.Status(); s.State != connectors.StateUp {
			t.Errorf("a record that does not fit is no trouble of the system, which is %s", s.State)
		}
		d.Behave(0, errs.E(errs.Unavailable, "logging", "away"))
		for range 3 {
			if _, err := c.LogCall(t.Context(), connectors.CallRecord{Key: "c"}); !errs.Is(err, errs.Unavailable) {
				t.Errorf("away: %v", err)
			}
		}
		if asked["log call"] != 4 || c.Status().State != connectors.StateDown {
			t.Errorf("the driver was asked %d times, the system is %s; the breaker should be open", asked["log call"], c.Status().State)
		}
	})
}

// TestWhoMayNotWriteMayAsk: one refused record silenced the look-ups of every ringing call for a minute, again and again, and a refused
// look-up laid records aside that had never been sent.
func TestWhoMayNotWriteMayAsk(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := memory.New("crm", nil)
		c, err := resilient.New(d, resilient.Options{ID: "crm"})
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		d.Behave(0, errs.E(errs.Forbidden, "logging", "this user may only read"))
		if _, err := c.LogCall(t.Context(), connectors.CallRecord{Key: "a"}); !errs.Is(err, errs.Forbidden) {
			t.Errorf("without the right: %v", err)
		}
		d.Behave(0, nil)
		if _, err := c.Lookup(t.Context(), number(1)); err != nil {
			t.Errorf("a look-up after it: %v", err)
		}
		d.Behave(0, errs.E(errs.Unauthenticated, "asking", "the password was refused"))
		if _, err := c.Lookup(t.Context(), number(2)); !errs.Is(err, errs.Unauthenticated) {
			t.Errorf("a wrong password: %v", err)
		}
		if _, err := c.LogCall(t.Context(), connectors.CallRecord{Key: "a"}); !errs.Is(err, errs.Unavailable) {
			t.Errorf("a record that was not sent: %v", err)
		}
	})
}

func TestWhatADriverCannotWriteIsUnsupported(t *testing.T) {
	c, err := resilient.New(&fake{}, resilient.Options{ID: "crm"})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	_, logging := c.LogCall(t.Context(), connectors.CallRecord{Key: "a"})
	_, task := c.CreateTask(t.Context(), connectors.Task{Key: "a"})
	for what, err := range map[string]error{"call": logging, "task": task, "recording": c.AttachRecording(t.Context(), connectors.Recording{Key: "a"})} {
		if !errs.Is(err, errs.Unsupported) || errs.Message(err) == "" {
			t.Errorf("%s: %v", what, err)
		}
	}
}

// TestACardSilencesNobody: what a portal says to a card would have paused the look-ups of ringing calls.
func TestACardSilencesNobody(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := memory.New("crm", nil)
		c, err := resilient.New(d, resilient.Options{ID: "crm"})
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		if _, err := c.Lookup(t.Context(), connectors.LookupQuery{E164: "+74950123401"}); err != nil {
			t.Fatal(err)
		}
		for _, kind := range []errs.Kind{errs.RateLimited, errs.Forbidden, errs.Unauthenticated, errs.Rejected, errs.Internal, errs.Unavailable, errs.Timeout} {
			d.Behave(0, errs.E(kind, "showing", "no"))
			for range 10 { // twice what opens the breaker
				if _, err := c.AnnounceCall(t.Context(), connectors.LiveCall{Key: "a"}); !errs.Is(err, kind) {
					t.Errorf("announced: %v, want %s", err, kind)
				}
				if err := c.ShowCall(t.Context(), connectors.Card{Key: "a"}); !errs.Is(err, kind) {
					t.Errorf("shown: %v, want %s", err, kind)
				}
			}
			d.Behave(0, nil)
			if _, err := c.Refresh(t.Context(), connectors.LookupQuery{E164: "+74950123401"}); err != nil || c.Status().State != connectors.StateUp {
				t.Errorf("a look-up after %s: %v; the system is %s", kind, err, c.Status().State)
			}
		}
	})
}
