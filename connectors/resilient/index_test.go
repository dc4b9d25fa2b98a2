package resilient_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pult-cc/pult/connectors"
	"github.com/pult-cc/pult/connectors/resilient"
	"github.com/pult-cc/pult/internal/errs"
)

// listing is a fake that lists its records on one page.
type listing struct{ fake }

func (l *listing) Index(ctx context.Context, cursor string, _ int) (connectors.Page, error) {
	if cursor != "" {
		return connectors.Page{}, errs.E(errs.Invalid, "listing", "the cursor is too old")
	}
	found, err := l.answer(ctx)
	return connectors.Page{Candidates: found}, err
}

func TestIndexIsARequestLikeAnyOther(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := &listing{}
		l.set(0, nil, "Maria", "Anna")
		asked := map[string]int{}
		c, err := resilient.New(l, resilient.Options{ID: "crm", FailuresToOpen: 2, Hooks: resilient.Hooks{
			Asked: func(_, op string, _ time.Duration, _ error) { asked[op]++ },
		}})
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		if page, err := c.Index(t.Context(), "", 10); err != nil || len(page.Candidates) != 2 {
			t.Fatalf("%+v, %v", page, err)
		}
		if _, err := c.Index(t.Context(), "old", 10); !errs.Is(err, errs.Invalid) {
			t.Errorf("an old cursor: %v, want Invalid", err)
		}
		if s := c.Status(); s.State != connectors.StateUp {
			t.Errorf("an old cursor is no trouble of the system, which is %s", s.State)
		}
		l.set(0, errs.E(errs.Unavailable, "listing", "away"))
		for range 3 {
			if _, err := c.Index(t.Context(), "", 10); !errs.Is(err, errs.Unavailable) {
				t.Errorf("away: %v", err)
			}
		}
		if asked["index"] != 4 || c.Status().State != connectors.StateDown {
			t.Errorf("the driver was asked %d times, the system is %s; the breaker should be open", asked["index"], c.Status().State)
		}
	})
}
