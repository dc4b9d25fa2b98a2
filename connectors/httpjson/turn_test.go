package httpjson_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/pult-cc/pult/connectors"
	"github.com/pult-cc/pult/connectors/connectortest"
	"github.com/pult-cc/pult/connectors/resilient"
	"github.com/pult-cc/pult/internal/errs"
)

const logsInTwo = `"log_call": {"steps": [{"path": "/seen", "result": "null"}, {"path": "/call", "method": "POST", "body": {"key": "${.call.key}"}, "result": "{type: \"c\", id: 7}"}]}`

// inTime is a context whose end no test waits for: who has no turn before it is told at once.
func inTime(t *testing.T) context.Context {
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	t.Cleanup(cancel)
	return ctx
}

// TestRecordsTookTheLastTurns: the limit served who came first, and what was written left nothing for whoever rang. As the host asks: by
// the portable type, which says what may wait.
func TestRecordsTookTheLastTurns(t *testing.T) {
	srv, last := asked(t)
	c, err := resilient.New(driver(t, with(t, srv.URL, `{"limits": {"requests": 1, "per": "1h", "burst": 2}, "operations": {`+logsInTwo+`}}`)), resilient.Options{ID: "crm"})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	_, err = c.LogCall(t.Context(), connectors.CallRecord{Key: "a"})
	if !errs.Is(err, errs.RateLimited) || !errors.Is(err, connectors.ErrNoTurn) {
		t.Errorf("a record of two requests where one place is a question's: %v", err)
	}
	if r, _ := last(); r.URL.Path != "/seen" {
		t.Errorf("%s was sent, want the first of two", r.URL.Path)
	}
	if _, err := c.Refresh(t.Context(), connectortest.Query("4950123401")); err != nil {
		t.Errorf("a look-up after it: %v", err)
	}
	if _, err := c.Refresh(t.Context(), connectortest.Query("4950123401")); !errors.Is(err, connectors.ErrNoTurn) {
		t.Errorf("another within the hour: %v", err)
	}
}

// TestSigningInForARecordIsNotAside: whoever rings needs the same session, and would wait behind the record that began to sign in.
func TestSigningInForARecordIsNotAside(t *testing.T) {
	signed := 0
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/session" {
			w.WriteHeader(http.StatusUnauthorized) // the session has ended
			return
		}
		if signed++; signed == 2 {
			w.WriteHeader(http.StatusServiceUnavailable)
			return
		}
		_, _ = io.WriteString(w, `"in"`)
	}))
	defer srv.Close()
	d := driver(t, with(t, srv.URL, `{"limits": {"requests": 1, "per": "1h", "burst": 4}, "operations": {"session": {"path": "/session"}, `+logsInTwo+`}}`))
	if _, err := d.Lookup(inTime(t), connectortest.Query("4950123401")); !errs.Is(err, errs.Unavailable) || signed != 2 {
		t.Fatalf("a look-up whose session ended: %v, signed in %d times", err, signed)
	}
	logger, ok := connectors.As[connectors.CallLogger](d)
	if !ok {
		t.Fatal("does not log calls")
	}
	// One place is left, a question's.
	if _, err := logger.LogCall(connectors.Aside(inTime(t)), connectors.CallRecord{Key: "a"}); !errors.Is(err, connectors.ErrNoTurn) || signed != 3 {
		t.Errorf("a record: %v, signed in %d times; want the session, which questions use too, and nothing else", err, signed)
	}
}
