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

func TestRunKeepsTheSystemAwakeAndSeesItReturn(t *testing.T) {
	in(t, resilient.Options{}, func(t *testing.T, f *fake, c *resilient.Connector) {
		f.set(0, nil)
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error, 1)
		go func() { done <- c.Run(ctx) }()
		time.Sleep(3*time.Minute + time.Second)
		if n := f.checks.Load(); n != 4 {
			t.Errorf("%d checks in three minutes, want 4", n)
		}
		f.set(0, outage)
		time.Sleep(5 * time.Minute)
		if s := c.Status(); s.State != connectors.StateDown {
			t.Errorf("during the outage %+v", s)
		}
		f.set(0, nil)
		time.Sleep(6 * time.Second)
		if s := c.Status(); s.State != connectors.StateUp {
			t.Errorf("six seconds after the return %+v", s)
		}
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
		if _, err := c.Lookup(t.Context(), number(1)); !errs.Is(err, errs.Unavailable) {
			t.Errorf("after Run: %v", err)
		}
	})
}

func TestCloseCancelsWhatIsUnderWay(t *testing.T) {
	in(t, resilient.Options{}, func(t *testing.T, f *fake, c *resilient.Connector) {
		f.set(time.Hour, nil)
		got := make(chan error, 1)
		go func() { _, err := c.Lookup(t.Context(), number(1)); got <- err }()
		synctest.Wait()
		began := time.Now()
		c.Close()
		if err := <-got; err == nil || time.Since(began) != 0 {
			t.Errorf("got %v after %v", err, time.Since(began))
		}
		if s := c.Status(); s.State != connectors.StateUnknown {
			t.Errorf("a cancelled question says nothing about the system: %+v", s)
		}
	})
}

func TestGetAndSearch(t *testing.T) {
	in(t, resilient.Options{}, func(t *testing.T, f *fake, c *resilient.Connector) {
		if got, err := c.Get(t.Context(), connectors.Ref{Connector: "crm", ID: "Maria"}); err != nil || got.Name != "Maria" {
			t.Errorf("get: %+v %v", got, err)
		}
		if got, err := c.Search(t.Context(), "mar", 5); err != nil || len(got) != 1 {
			t.Errorf("search: %+v %v", got, err)
		}
		f.set(0, errs.E(errs.NotFound, "getting", "no such record"))
		if _, err := c.Get(t.Context(), connectors.Ref{}); !errs.Is(err, errs.NotFound) {
			t.Errorf("get: %v", err)
		}
		if s := c.Status(); s.State != connectors.StateUp {
			t.Errorf("an unknown record is an answer: %+v", s)
		}
		f.set(time.Hour, nil)
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		for range 9 {
			if _, err := c.Search(ctx, "x", 1); !errs.Is(err, errs.Timeout) {
				t.Errorf("search: %v", err)
			}
		}
		if s := c.Status(); s.State != connectors.StateUp {
			t.Errorf("an impatient asker says nothing about the system: %+v", s)
		}
	})
}

func TestNewRefuses(t *testing.T) {
	if _, err := resilient.New(nil, resilient.Options{ID: "crm"}); err == nil {
		t.Error("no driver was accepted")
	}
	if _, err := resilient.New(&fake{}, resilient.Options{}); err == nil {
		t.Error("no id was accepted")
	}
	c, err := resilient.New(&fake{}, resilient.Options{ID: "crm"})
	if err != nil || c.ID() != "crm" || c.Name() != "crm" {
		t.Errorf("defaults: %v %v", c, err)
	}
}
