package httpjson_test

import (
	"context"
	"errors"
	"maps"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/pult-cc/pult/connectors"
	"github.com/pult-cc/pult/connectors/connectortest"
	"github.com/pult-cc/pult/connectors/httpjson"
	"github.com/pult-cc/pult/connectors/httpjson/sim"
	"github.com/pult-cc/pult/internal/errs"
)

// What an account cannot, it cannot for an application either.
func init() {
	for app, base := range map[string]string{"amocrm-oauth": "amocrm", "bitrix24-app": "bitrix24-webhook"} {
		sys := systems[app]
		sys.gaps = systems[base].gaps
		systems[app] = sys
	}
}

// installed is a system that lets in by a refresh token which is good once. before may answer in its place.
func installed(t *testing.T, preset string, before func(w http.ResponseWriter, r *http.Request, s *sim.Sim) bool) (s *sim.Sim, reopen func() *httpjson.Driver) {
	t.Helper()
	sys := systems[preset]
	s = sys.sim()
	sys.fill(s, []connectortest.Customer{{Kind: connectors.KindCompany, Name: "Ромашка", Phones: []string{"+74950123401"}}})
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if before == nil || !before(w, r, s) {
			s.ServeHTTP(w, r)
		}
	}))
	auth := map[string]any{"keep": filepath.Join(t.TempDir(), "refresh")}
	maps.Copy(auth, sys.config["auth"].(map[string]any))
	config := maps.Clone(sys.config)
	config["auth"] = auth
	config["secrets"] = map[string]any{"application_token": "env:SECRET"}
	if preset == "amocrm-oauth" {
		delete(config, "secrets")
	}
	t.Cleanup(func() {
		srv.CloseClientConnections()
		srv.Close()
		for _, v := range s.Violations() {
			t.Errorf("%s would not take it: %s", preset, v)
		}
	})
	return s, func() *httpjson.Driver {
		d := open(t, srv.URL+sys.base, preset, config)
		t.Cleanup(func() { _ = d.Close() })
		return d
	}
}

func TestAnAccessTokenThatHasEndedIsRenewedAndTheNewRefreshTokenKept(t *testing.T) {
	for _, preset := range []string{"bitrix24-app", "amocrm-oauth"} {
		s, reopen := installed(t, preset, nil)
		d := reopen()
		for range 3 {
			if found, err := d.Lookup(t.Context(), connectortest.Query("4950123401")); err != nil || len(found) != 1 {
				t.Fatalf("%s: %v, %v", preset, found, err)
			}
			s.Expire()
		}
		// After a restart the refresh token of the configuration is long spent.
		if _, err := reopen().Check(t.Context()); err != nil {
			t.Errorf("%s: after a restart: %v", preset, err)
		}
	}
}

// A token endpoint of a preset's own would get the secrets of whoever opens a recording, or a test, with that preset.
func TestNoPresetSendsSecretsToAServerOfItsOwn(t *testing.T) {
	for _, name := range httpjson.Presets() {
		raw, err := httpjson.Preset(name)
		if err != nil {
			t.Fatal(err)
		}
		var c struct {
			Auth struct {
				TokenURL string `json:"token_url"`
			}
		}
		if err := jsonInto(raw, &c); err != nil {
			t.Fatal(err)
		}
		if c.Auth.TokenURL != "" && !strings.HasPrefix(c.Auth.TokenURL, "/") {
			t.Errorf("%s sends secrets to %s", name, c.Auth.TokenURL)
		}
	}
}

// Whoever refreshed elsewhere has spent our token: that is said as what it is, and asks for a new authorisation.
func TestASpentRefreshTokenIsUnauthenticated(t *testing.T) {
	for _, preset := range []string{"bitrix24-app", "amocrm-oauth"} {
		sys := systems[preset]
		srv := httptest.NewServer(sys.sim())
		config := maps.Clone(sys.config)
		auth := maps.Clone(sys.config["auth"].(map[string]any))
		auth["refresh_token"] = "env:WRONG"
		config["auth"] = auth
		d := open(t, srv.URL+sys.base, preset, config)
		if _, err := d.Check(t.Context()); !errs.Is(err, errs.Unauthenticated) {
			t.Errorf("%s: %v", preset, err)
		}
		_ = d.Close()
		srv.CloseClientConnections()
		srv.Close()
	}
}

// Shapes and codes of the vendors' documentation.
func TestLimitsOfInstalledApplications(t *testing.T) {
	for _, c := range []struct {
		name, preset, body string
		status             int
		kind               errs.Kind
		waits              bool
	}{
		{"two a second, fifty at once", "bitrix24-app", `{"error":"QUERY_LIMIT_EXCEEDED","error_description":"Too many requests"}`, 503, errs.RateLimited, false},
		{"blocked for load", "bitrix24-app", `{"error":"OVERLOAD_LIMIT","error_description":"REST API is blocked due to overload."}`, 503, errs.RateLimited, false},
		{
			"time of a method used up", "bitrix24-app",
			`{"error":"OPERATION_TIME_LIMIT","error_description":"Method is blocked due to operation time limit.","time":{"operating_reset_at":` + itoa(time.Now().Unix()+600) + `}}`, 429, errs.RateLimited, true,
		},
		{"no right", "bitrix24-app", `{"error":"insufficient_scope","error_description":"The request requires higher privileges than provided by the access token"}`, 403, errs.Unauthenticated, false},
		{"a webhook's way in", "bitrix24-app", `{"error":"WRONG_AUTH_TYPE","error_description":"Current authorization type is denied for this method"}`, 403, errs.Unsupported, false},
		{"more than seven a second", "amocrm-oauth", `{"title":"Too Many Requests","type":"https://httpstatus.es/429","status":429,"detail":""}`, 429, errs.RateLimited, false},
		{"locked out for asking too much", "amocrm-oauth", `<html><body>403</body></html>`, 403, errs.Unauthenticated, false},
	} {
		s, reopen := installed(t, c.preset, nil)
		d := reopen()
		if _, err := d.Check(t.Context()); err != nil {
			t.Fatal(err)
		}
		s.Suffer(&sim.Trouble{Status: c.status, Body: c.body, Data: true})
		_, err := d.Lookup(t.Context(), connectortest.Query("4950123401"))
		after, waits := connectors.RetryAfterOf(err)
		if !errs.Is(err, c.kind) || waits != c.waits || waits && after < 9*time.Minute {
			t.Errorf("%s: %v, wait %v", c.name, err, after)
		}
		s.Suffer(nil)
		if _, err := d.Lookup(t.Context(), connectortest.Query("4950123401")); err != nil {
			t.Errorf("%s: afterwards: %v", c.name, err)
		}
	}
}

// amoCRM locks out who sends more than seven requests within a second, whenever that second begins.
func TestNoSecondHasMoreThanSevenRequestsToAmoCRM(t *testing.T) {
	raw, err := httpjson.Preset("amocrm")
	if err != nil {
		t.Fatal(err)
	}
	var c struct {
		Limits struct{ Requests, Burst int }
	}
	if err := jsonInto(raw, &c); err != nil {
		t.Fatal(err)
	}
	if most := c.Limits.Requests + c.Limits.Burst; most > 7 || c.Limits.Burst < 1 {
		t.Errorf("%d requests may fall into one second", most)
	}
}

func aCall(d *httpjson.Driver, t *testing.T) connectors.CallRecord {
	t.Helper()
	found, err := d.Lookup(t.Context(), connectortest.Query("4950123401"))
	if err != nil || len(found) != 1 {
		t.Fatalf("%v, %v", found, err)
	}
	return connectors.CallRecord{
		Key: "call-1", Customer: found[0].Ref, Number: "+74950123401", Inbound: true, StartedAt: time.Date(2026, 3, 4, 9, 15, 30, 0, time.UTC),
		Waited: 12 * time.Second, Talked: 95 * time.Second, Outcome: connectors.OutcomeAnswered, Comment: "первый вид",
	}
}

func logger(t *testing.T, d *httpjson.Driver) connectors.CallLogger {
	t.Helper()
	l, ok := connectors.As[connectors.CallLogger](d)
	if !ok {
		t.Fatal("no calls are logged")
	}
	return l
}

// A call is registered and finished, and stands once in the statistics and once at the customer, whichever answer was lost.
func TestACallStandsOnceInBitrix24WhicheverAnswerIsLost(t *testing.T) {
	for _, lost := range []string{"register", "finish", "activity.update", ""} {
		var left atomic.Int32
		left.Store(1)
		s, reopen := installed(t, "bitrix24-app", func(_ http.ResponseWriter, r *http.Request, s *sim.Sim) bool {
			if lost == "" || !strings.Contains(r.URL.Path, lost) || left.Add(-1) < 0 {
				return false
			}
			s.ServeHTTP(httptest.NewRecorder(), r) // carried out
			panic(http.ErrAbortHandler)
		})
		d := reopen()
		call := aCall(d, t)
		if _, err := logger(t, d).LogCall(t.Context(), call); lost != "" && !errs.Is(err, errs.Unavailable) || lost == "" && err != nil {
			t.Fatalf("%s: %v", lost, err)
		}
		call.Comment = "второй вид"
		ref, err := logger(t, d).LogCall(t.Context(), call)
		if err != nil {
			t.Fatalf("%s: %v", lost, err)
		}
		stats, activities := s.Set("statistic"), s.Set("activity")
		if len(stats) != 1 || len(activities) != 1 {
			t.Fatalf("%s: %d in the statistics, %d activities", lost, len(stats), len(activities))
		}
		if st := stats[0]; st["CALL_DURATION"] != "95" || st["CALL_TYPE"] != "2" || st["CALL_FAILED_CODE"] != "200" || st["EXTERNAL_CALL_ID"] != "call-1" {
			t.Errorf("%s: %v", lost, st)
		}
		if a := activities[0]; a["ID"] != ref.ID || !strings.Contains(a["DESCRIPTION"].(string), "второй вид") || a["ORIGIN_ID"] != "call-1" {
			t.Errorf("%s: %v is not %v", lost, a, ref)
		}
	}
}

// Telephony had made the activity, the answer to its mark was lost, and then the link was undone: the call stayed with the wrong customer.
func TestACallOfBitrix24IsTakenBackBeforeItIsMarked(t *testing.T) {
	var left atomic.Int32
	left.Store(1)
	s, reopen := installed(t, "bitrix24-app", func(_ http.ResponseWriter, r *http.Request, _ *sim.Sim) bool {
		if !strings.Contains(r.URL.Path, "activity.update") || left.Add(-1) < 0 {
			return false
		}
		panic(http.ErrAbortHandler) // not carried out
	})
	d := reopen()
	call := aCall(d, t)
	if _, err := logger(t, d).LogCall(t.Context(), call); !errs.Is(err, errs.Unavailable) || len(s.Set("activity")) != 1 {
		t.Fatalf("%v, %v", err, s.Set("activity"))
	}
	linked := call
	call.Written, call.Customer = connectors.Written{Customer: call.Customer}, connectors.Ref{}
	for range 2 { // the answer may be lost
		if _, err := logger(t, d).LogCall(t.Context(), call); !errors.Is(err, connectors.ErrCustomerNeeded) || len(s.Set("activity")) != 0 {
			t.Fatalf("%v, it stands as %v", err, s.Set("activity"))
		}
	}
	if _, err := logger(t, d).LogCall(t.Context(), linked); err != nil || len(s.Set("activity")) != 1 || len(s.Set("statistic")) != 1 {
		t.Errorf("linked again: %v, %v", err, s.Set("activity"))
	}
}

// Somebody deletes the activity; the statistics go on naming it.
func TestACallWhoseActivityWasDeletedIsWrittenOnceMore(t *testing.T) {
	s, reopen := installed(t, "bitrix24-app", nil)
	d := reopen()
	call := aCall(d, t)
	if _, err := logger(t, d).LogCall(t.Context(), call); err != nil {
		t.Fatal(err)
	}
	s.Clear("activity")
	call.Comment = "второй вид"
	for range 2 {
		if _, err := logger(t, d).LogCall(t.Context(), call); err != nil {
			t.Fatal(err)
		}
	}
	if a := s.Set("activity"); len(a) != 1 || !strings.Contains(a[0]["DESCRIPTION"].(string), "второй вид") || len(s.Set("statistic")) != 1 {
		t.Errorf("%v, %d in the statistics", a, len(s.Set("statistic")))
	}
}

// Telephony takes no call without a number; it stands at the customer all the same.
func TestACallOfAWithheldNumberIsAnActivityAlone(t *testing.T) {
	s, reopen := installed(t, "bitrix24-app", nil)
	d := reopen()
	call := aCall(d, t)
	call.Number = ""
	if _, err := logger(t, d).LogCall(t.Context(), call); err != nil {
		t.Fatal(err)
	}
	if len(s.Set("statistic")) != 0 || len(s.Set("activity")) != 1 {
		t.Errorf("%v, %v", s.Set("statistic"), s.Set("activity"))
	}
}

func TestARecordingOfACallThatTelephonyDoesNotKnowIsRefused(t *testing.T) {
	_, reopen := installed(t, "bitrix24-app", nil)
	a, ok := connectors.As[connectors.RecordingAttacher](reopen())
	if !ok {
		t.Fatal("no recordings are taken")
	}
	err := a.AttachRecording(t.Context(), connectors.Recording{Key: "nobody", Name: "x.mp3", Open: openText("ID3")})
	if !errs.Is(err, errs.NotFound) {
		t.Errorf("got %v", err)
	}
}

func TestAnAccessTokenInTheBodyNeedsAnObject(t *testing.T) {
	sys := systems["bitrix24-app"]
	s := sys.sim()
	srv := httptest.NewServer(s)
	defer srv.Close()
	config := maps.Clone(sys.config)
	config["operations"] = map[string]any{"check": map[string]any{"path": "/profile.json", "method": "GET", "body": nil}}
	d := open(t, srv.URL+sys.base, "bitrix24-app", config)
	defer func() { _ = d.Close() }()
	if _, err := d.Check(t.Context()); !errs.Is(err, errs.Invalid) || !strings.Contains(errs.Message(err), "body") {
		t.Errorf("got %v", err)
	}
}

func clickSource(t *testing.T, d connectors.Driver) connectors.ClickSource {
	t.Helper()
	c, ok := connectors.As[connectors.ClickSource](d)
	if !ok {
		t.Fatal("the driver understands no clicks")
	}
	return c
}

// send is an event as the portal sends it: the documentation's example, as the form that PHP makes of it.
func send(ctx context.Context, token string, change map[string]string) *http.Request {
	form := map[string]string{
		"event": "ONEXTERNALCALLSTART", "event_handler_id": "1055", "data[PHONE_NUMBER]": "8 (495) 123-45-67",
		"data[PHONE_NUMBER_INTERNATIONAL]": "+74951234567", "data[EXTENSION]": "", "data[USER_ID]": "1269", "data[CALL_LIST_ID]": "0", "data[LINE_NUMBER]": "7",
		"data[IS_MOBILE]": "0", "data[CALL_ID]": "externalCall.89350264e026dace3f2b14d1f438257c.1773236989", "data[CRM_ENTITY_TYPE]": "CONTACT",
		"data[CRM_ENTITY_ID]": "797", "ts": itoa(time.Now().Unix()), "auth[access_token]": "s7p6", "auth[domain]": "some-domain.bitrix24.ru",
		"auth[application_token]": token,
	}
	maps.Copy(form, change)
	r := httptest.NewRequestWithContext(ctx, http.MethodPost, "/hooks/b24", strings.NewReader(encode(form)))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	return r
}

func TestAClickOfBitrix24(t *testing.T) {
	_, reopen := installed(t, "bitrix24-app", nil)
	c := clickSource(t, reopen())
	got, err := c.Clicked(t.Context(), send(t.Context(), secret, nil))
	want := connectors.Click{
		Agent: connectors.Agent{ID: "1269"}, Number: "+74951234567", Customer: connectors.Ref{Connector: "crm", Type: "contact", ID: "797"},
		Key:  "externalCall.89350264e026dace3f2b14d1f438257c.1773236989",
		Call: connectors.Ref{Connector: "crm", Type: "clicked", ID: "externalCall.89350264e026dace3f2b14d1f438257c.1773236989"},
	}
	if err != nil || len(got) != 1 || got[0] != want {
		t.Errorf("%+v, %v", got, err)
	}
	got, err = c.Clicked(t.Context(), send(t.Context(), secret, map[string]string{"data[PHONE_NUMBER_INTERNATIONAL]": "", "data[CRM_ENTITY_TYPE]": "DEAL"}))
	if err != nil || len(got) != 1 || got[0].Number != "8 (495) 123-45-67" || got[0].Customer != (connectors.Ref{}) {
		t.Errorf("%+v, %v", got, err)
	}
	for name, change := range map[string]map[string]string{
		"another event":            {"event": "ONEXTERNALCALLBACKSTART"},
		"a click of two hours ago": {"ts": itoa(time.Now().Add(-2 * time.Hour).Unix())},
	} {
		if got, err := c.Clicked(t.Context(), send(t.Context(), secret, change)); err != nil || len(got) != 0 {
			t.Errorf("%s: %+v, %v", name, got, err)
		}
	}
}

// Else it would be fresh for ever.
func TestAClickWhoseTimeIsNotUnderstoodIsRefused(t *testing.T) {
	sys := systems["bitrix24-app"]
	srv := httptest.NewServer(sys.sim())
	defer srv.Close()
	config := maps.Clone(sys.config)
	config["secrets"] = map[string]any{"application_token": "env:SECRET"}
	config["operations"] = map[string]any{"click": map[string]any{"result": "{agent: {id: 1}, number: \"+74951234567\", key: \"k\", at: .body.ts}"}}
	c := clickSource(t, open(t, srv.URL+sys.base, "bitrix24-app", config))
	now := time.Now()
	for at, clicks := range map[string]int{
		itoa(now.Unix()): 1, itoa(now.Unix()) + ".25": 1, itoa(now.Unix() - 3600): 0, itoa(now.Unix()-3600) + ".5": 0, "": 1,
		now.Add(-time.Hour).Format(time.RFC3339): -1, itoa(now.UnixMilli()): -1, "tomorrow": -1,
	} {
		got, err := c.Clicked(t.Context(), send(t.Context(), secret, map[string]string{"ts": at}))
		if refused := errs.Is(err, errs.Invalid); refused != (clicks < 0) || !refused && (err != nil || len(got) != clicks) {
			t.Errorf("%q: %+v, %v", at, got, err)
		}
	}
}

func TestAClickThatProvesNothingIsRefused(t *testing.T) {
	_, reopen := installed(t, "bitrix24-app", nil)
	c := clickSource(t, reopen())
	for name, r := range map[string]*http.Request{
		"another token": send(t.Context(), "x"+secret, nil), "no token": send(t.Context(), "", nil), "half a token": send(t.Context(), secret[:4], nil),
		"a token that is no text": send(t.Context(), "", map[string]string{"auth[application_token][x]": secret}),
	} {
		if got, err := c.Clicked(t.Context(), r); !errs.Is(err, errs.Unauthenticated) || got != nil || strings.Contains(err.Error(), secret) {
			t.Errorf("%s: %+v, %v", name, got, err)
		}
	}
	r := send(t.Context(), secret, nil)
	r.Header.Set("Content-Type", "text/plain")
	if _, err := c.Clicked(t.Context(), r); !errs.Is(err, errs.Invalid) {
		t.Errorf("a text: %v", err)
	}
	r = httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/", strings.NewReader(`{"event":`))
	r.Header.Set("Content-Type", "application/json")
	if _, err := c.Clicked(t.Context(), r); !errs.Is(err, errs.Invalid) {
		t.Errorf("half a JSON: %v", err)
	}
}

func TestWithoutItsSecretASystemSendsNoClicks(t *testing.T) {
	sys := systems["bitrix24-app"]
	srv := httptest.NewServer(sys.sim())
	defer srv.Close()
	d := open(t, srv.URL+sys.base, "bitrix24-app", sys.config)
	if _, ok := connectors.As[connectors.ClickSource](d); ok {
		t.Error("anybody may click")
	}
	config := maps.Clone(sys.config)
	config["operations"] = map[string]any{"click": map[string]any{"secret": ""}}
	raw := marshal(t, map[string]any{"preset": "bitrix24-app", "base_url": srv.URL, "auth": sys.config["auth"], "operations": config["operations"]})
	_, err := httpjson.New(t.Context(), "crm", raw, secrets{"env:SECRET": secret, "env:FIRST": "first-refresh"})
	var e *errs.Error
	if !errors.As(err, &e) || e.Fields["operations.click.secret"] == "" {
		t.Errorf("got %v", err)
	}
}
