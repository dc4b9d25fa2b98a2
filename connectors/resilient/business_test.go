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

// telling is a fake that tells of its customers and creates them.
type telling struct{ fake }

func (l *telling) Related(ctx context.Context, ref connectors.Ref, limit int) ([]connectors.Item, error) {
	_, err := l.answer(ctx)
	return make([]connectors.Item, limit), err
}

func (l *telling) History(ctx context.Context, ref connectors.Ref, limit int) ([]connectors.Contact, error) {
	_, err := l.answer(ctx)
	return make([]connectors.Contact, limit), err
}

func (l *telling) CreateContact(ctx context.Context, n connectors.NewContact) (connectors.Candidate, error) {
	_, err := l.answer(ctx)
	return connectors.Candidate{Name: n.Name}, err
}

func TestBusinessIsARequestLikeAnyOther(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := &telling{}
		l.set(0, nil)
		asked := map[string]int{}
		c, err := resilient.New(l, resilient.Options{ID: "crm", FailuresToOpen: 3, Hooks: resilient.Hooks{
			Asked: func(_, op string, _ time.Duration, _ error) { asked[op]++ },
		}})
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		ask := func() (related, history, create error) {
			items, related := c.Related(t.Context(), connectors.Ref{ID: "1"}, 3)
			past, history := c.History(t.Context(), connectors.Ref{ID: "1"}, 2)
			made, create := c.CreateContact(t.Context(), connectors.NewContact{Name: "Maria"})
			if related == nil && (len(items) != 3 || len(past) != 2 || made.Name != "Maria") {
				t.Errorf("%d items, %d contacts, %+v", len(items), len(past), made)
			}
			return related, history, create
		}
		if a, b, d := ask(); a != nil || b != nil || d != nil || !c.Creates() {
			t.Fatal(a, b, d)
		}
		l.set(0, errs.E(errs.Unavailable, "asking", "away"))
		for range 2 {
			if a, b, d := ask(); !errs.Is(a, errs.Unavailable) || !errs.Is(b, errs.Unavailable) || !errs.Is(d, errs.Unavailable) {
				t.Error(a, b, d)
			}
		}
		if asked["related"] != 2 || asked["history"] != 2 || asked["create"] != 2 || c.Status().State != connectors.StateDown {
			t.Errorf("the driver was asked %v, the system is %s; the breaker should have opened after the third failure", asked, c.Status().State)
		}
	})
}

func TestWhatADriverCannotDoIsUnsupported(t *testing.T) {
	plain := &fake{}
	plain.set(0, nil)
	c, err := resilient.New(plain, resilient.Options{ID: "crm"})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	_, related := c.Related(t.Context(), connectors.Ref{}, 1)
	_, history := c.History(t.Context(), connectors.Ref{}, 1)
	_, create := c.CreateContact(t.Context(), connectors.NewContact{})
	if !errs.Is(related, errs.Unsupported) || !errs.Is(history, errs.Unsupported) || !errs.Is(create, errs.Unsupported) || c.Creates() {
		t.Error(related, history, create, c.Creates())
	}
}

func TestLettersLeavePlacesToWhoeverRings(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := &telling{}
		l.set(time.Minute, nil)
		c, err := resilient.New(l, resilient.Options{ID: "crm", MaxConcurrent: 4, FailuresToOpen: 1000})
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
		defer cancel()
		done := make(chan error, 6)
		for range 6 {
			go func() {
				_, err := c.Related(ctx, connectors.Ref{ID: "1"}, 1)
				done <- err
			}()
		}
		synctest.Wait()
		l.set(0, nil)
		began := time.Now()
		if _, err := c.Refresh(t.Context(), connectors.LookupQuery{E164: "+79160000001"}); err != nil || time.Since(began) > 0 {
			t.Errorf("a look-up beside six questions for deals: %v after %v", err, time.Since(began))
		}
		for range 6 {
			if err := <-done; !errs.Is(err, errs.Timeout) {
				t.Errorf("got %v", err)
			}
		}
		if time.Since(began) != 5*time.Second {
			t.Errorf("they waited %v, longer than those who asked", time.Since(began))
		}
	})
}
