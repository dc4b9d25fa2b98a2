package connectortest

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"go.uber.org/goleak"

	"github.com/pult-cc/pult/connectors"
	"github.com/pult-cc/pult/internal/errs"
)

var anyone = Customer{Kind: connectors.KindCompany, Name: "Anyone", Phones: []string{"8 (495) 012-34-01"}}

func faults(t T, h bench) {
	s := start(t, h, anyone)
	for _, must := range []Fault{Slow, Down} {
		if !slices.Contains(s.Faults, must) && !(must == Slow && s.lacks(FromMemory)) {
			t.Errorf("the harness cannot make the system %s", must)
		}
	}
	q := Query("4950123401")
	for _, f := range s.Faults {
		s.Inject(f)
		if f == ByteOrder {
			if _, ok := byName(lookup(t, s, q), anyone.Name); !ok {
				t.Errorf("%s: the record is not found", f)
			}
			continue
		}
		ctx, cancel := context.WithTimeout(t.Context(), deadlineFor(f))
		_, err := s.Driver.Lookup(ctx, q)
		cancel()
		if err == nil {
			t.Errorf("%s: no error", f)
			continue
		}
		if want := expected[f]; errs.KindOf(err) != want {
			t.Errorf("%s: %v is %v, want %v", f, err, errs.KindOf(err), want)
		}
		if errs.Message(err) == "" {
			t.Errorf("%s: %v has no message to show", f, err)
		}
		if f == TooMany {
			if d, ok := connectors.RetryAfterOf(err); !ok || d != 7*time.Second {
				t.Errorf("%s: the error says %v, want 7s", f, d)
			}
		}
		discreet(t, s, string(f), err)
		if c, ok := connectors.As[connectors.Checker](s.Driver); ok && f != BusinessRule {
			ctx, cancel := context.WithTimeout(t.Context(), deadlineFor(f))
			_, err := c.Check(ctx)
			cancel()
			if errs.KindOf(err) != expected[f] {
				t.Errorf("%s: check says %v, want %v", f, err, expected[f])
			}
			discreet(t, s, string(f), err)
		}
	}
	s.Inject("")
	if _, ok := byName(lookup(t, s, q), anyone.Name); !ok {
		t.Error("healed, but the record is not found: a driver keeps no memory of trouble")
	}
}

func deadlineFor(f Fault) time.Duration {
	if f == Slow {
		return 50 * time.Millisecond
	}
	return 10 * time.Second
}

// discreet fails when an error tells the password or the customer's number to whoever reads logs.
func discreet(t T, s System, what string, err error) {
	t.Helper()
	if err == nil {
		return
	}
	text := fmt.Sprintf("%v\n%+v\n%#v\n%s", err, err, err, errs.Message(err))
	for e := err; e != nil; e = errors.Unwrap(e) {
		text += "\n" + e.Error()
	}
	secrets := []string{"4950123401", "012-34-01"}
	if s.Secret != "" {
		secrets = append(secrets, s.Secret, base64.StdEncoding.EncodeToString([]byte(s.Secret)))
	}
	for _, secret := range secrets {
		if strings.Contains(text, secret) {
			t.Errorf("%s: the error gives away %q: %s", what, secret, text)
		}
	}
}

func slow(t T, h bench) {
	s := start(t, h, anyone)
	if s.lacks(FromMemory) {
		t.Logf("not asked: the system %s", FromMemory)
		return
	}
	s.Inject(Slow)
	const patience = 100 * time.Millisecond
	// The best of some: what is measured is the driver, not the neighbours on this machine.
	best := time.Hour
	for try := 0; try < 10 && best > lateness; try++ {
		ctx, cancel := context.WithTimeout(t.Context(), patience)
		began := time.Now()
		_, err := s.Driver.Lookup(ctx, Query("4950123401"))
		took := time.Since(began)
		cancel()
		if !errs.Is(err, errs.Timeout) || !errors.Is(err, context.DeadlineExceeded) {
			t.Fatalf("got %v, want Timeout around the context's error", err)
		}
		best = min(best, took-patience)
	}
	if best > lateness {
		t.Errorf("the driver came back %v after its deadline, want %v at most", best, lateness)
	}
}

func cancelled(t T, h bench) {
	before := goleak.IgnoreCurrent()
	s := h(t, []Customer{anyone})
	defer s.Close()
	if s.lacks(FromMemory) {
		t.Logf("not asked: the system %s", FromMemory)
		return
	}
	s.Inject(Slow)
	for range 10 {
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error, 1)
		go func() { _, err := s.Driver.Lookup(ctx, Query("4950123401")); done <- err }()
		cancel()
		if err := <-done; err == nil || !errors.Is(err, context.Canceled) {
			t.Errorf("cancelled: %v, want an error around context.Canceled", err)
		}
	}
	s.Close()
	if err := goleak.Find(before); err != nil {
		t.Errorf("goroutines are left: %v", err)
	}
}
