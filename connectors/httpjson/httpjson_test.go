package httpjson_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/pult-cc/pult/connectors"
	"github.com/pult-cc/pult/connectors/connectortest"
	"github.com/pult-cc/pult/connectors/httpjson"
	"github.com/pult-cc/pult/internal/errs"
)

// with makes a configuration with a look-up and a check, and what else is given.
func with(t *testing.T, address string, extra string) json.RawMessage {
	t.Helper()
	config := map[string]any{
		"base_url": address, "networks": []string{"127.0.0.0/8"}, "types": map[string]any{"c": map[string]any{"link": "/c/${.id}"}},
		"operations": map[string]any{"check": map[string]any{"path": "/check"}, "lookup": map[string]any{"path": "/find"}},
	}
	var more map[string]any
	if err := json.Unmarshal([]byte(extra), &more); err != nil {
		t.Fatal(err)
	}
	for k, v := range more {
		own, both := v.(map[string]any)
		if under, ok := config[k].(map[string]any); ok && both {
			for k, v := range own {
				under[k] = v
			}
			continue
		}
		config[k] = v
	}
	raw, err := json.Marshal(config)
	if err != nil {
		t.Fatal(err)
	}
	return raw
}

var all = secrets{"env:SECRET": secret}

// asked starts a server that answers [] and remembers the last request.
func asked(t *testing.T) (*httptest.Server, func() (*http.Request, string)) {
	t.Helper()
	type seen struct {
		r    *http.Request
		body string
	}
	var last atomic.Pointer[seen]
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		last.Store(&seen{r, string(body)})
		_, _ = io.WriteString(w, "[]")
	}))
	t.Cleanup(srv.Close)
	return srv, func() (*http.Request, string) {
		s := last.Load()
		if s == nil {
			t.Fatal("nothing was asked")
		}
		return s.r, s.body
	}
}

func driver(t *testing.T, config json.RawMessage) *httpjson.Driver {
	t.Helper()
	d, err := httpjson.New(t.Context(), "crm", config, all)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = d.Close() })
	return d
}

func TestTextsStayWhereTheyAreFilledIn(t *testing.T) {
	srv, last := asked(t)
	d := driver(t, with(t, srv.URL, `{"operations": {"search": {
		"method": "POST", "path": "/a/${.text}/b", "query": {"q": "x ${.text} y", "none": "${.nothing}", "two": ["${.text}", "z"], "$f": "n eq '${.text | odata}'"},
		"headers": {"X-Text": "${.text | @base64}"},
		"body": {"t": "${.text}", "deep": [{"in": "<${.text}>"}], "n": "${.limit}", "gone": "${.nothing}", "null": null, "literal": "$${x}"}}}}`))
	searcher, ok := connectors.As[connectors.Searcher](d)
	if !ok {
		t.Fatal("does not search")
	}
	for _, evil := range []string{`a"},{"b":"c`, "a/../../b", "a?x=1&y=2#z", "a' or 'x' eq 'x", `\" \u0000 😀`, "a%2Fb ${.secrets}", "..a"} {
		if _, err := searcher.Search(t.Context(), evil, 7); err != nil {
			t.Errorf("%q: %v", evil, err)
			continue
		}
		r, body := last()
		if want := "/a/" + evil + "/b"; r.URL.Path != want || strings.Count(r.URL.EscapedPath(), "/") != 3 {
			t.Errorf("path %q, want %q", r.URL.EscapedPath(), want)
		}
		q := r.URL.Query()
		if q.Get("q") != "x "+evil+" y" || q.Has("none") || len(q["two"]) != 2 || q["two"][0] != evil ||
			q.Get("$f") != "n eq '"+strings.ReplaceAll(evil, "'", "''")+"'" || len(q) != 3 || strings.Contains(r.URL.RawQuery, "+") {
			t.Errorf("query %s", r.URL.RawQuery)
		}
		var got map[string]any
		if err := json.Unmarshal([]byte(body), &got); err != nil {
			t.Errorf("body %s: %v", body, err)
		}
		deep := fmt.Sprint(got["deep"])
		if got["t"] != evil || deep != fmt.Sprintf("[map[in:<%s>]]", evil) || got["n"] != 50.0 || len(got) != 5 || got["literal"] != "${x}" {
			t.Errorf("body %s", body)
		}
	}
}

func TestAPathCannotBeLeft(t *testing.T) {
	srv, _ := asked(t)
	d := driver(t, with(t, srv.URL, `{"operations": {"get": {"path": "/c/${.id}"}}}`))
	getter, _ := connectors.As[connectors.Getter](d)
	for _, id := range []string{".", "..", "", "\x00"} {
		if _, err := getter.Get(t.Context(), connectors.Ref{Connector: "crm", Type: "c", ID: id}); !errs.Is(err, errs.NotFound) {
			t.Errorf("%q: %v", id, err)
		}
	}
}

// What a description does not describe is no capability; that is the contract of connectors.As.
func TestCapabilitiesAreThoseThatAreConfigured(t *testing.T) {
	bare := driver(t, with(t, "https://crm.example.com", `{}`))
	rich := driver(t, with(t, "https://crm.example.com", `{"operations": {"get": {"path": "/x"}, "log_call": {"path": "/x"}, "index": {"path": "/x"}}}`))
	for name, c := range map[string]struct{ bare, rich bool }{
		"get":   {can[connectors.Getter](bare), can[connectors.Getter](rich)},
		"log":   {can[connectors.CallLogger](bare), can[connectors.CallLogger](rich)},
		"index": {can[connectors.Indexer](bare), can[connectors.Indexer](rich)},
	} {
		if c.bare || !c.rich {
			t.Errorf("%s: bare %v, rich %v", name, c.bare, c.rich)
		}
	}
	if can[connectors.Searcher](rich) || can[connectors.TaskCreator](rich) || can[connectors.ClickSource](rich) || !can[connectors.Checker](bare) {
		t.Error("a capability is promised that is not configured, or the check is not")
	}
	if _, ok := any(rich).(connectors.Getter); ok {
		t.Error("the type has a method that another configuration lacks")
	}
}

func can[T any](d connectors.Driver) bool { _, ok := connectors.As[T](d); return ok }

func TestConfigurationErrorsNameTheField(t *testing.T) {
	for config, want := range map[string][2]string{
		`{"bse_url": "x"}`:                            {"bse_url", "is unknown; did you mean base_url?"},
		`{"preset": "espocr"}`:                        {"preset", `"espocr" is unknown; did you mean espocrm?`},
		`{"base_url": "crm.example.com"}`:             {"base_url", "must begin with http:// or https://"},
		`{"base_url": "https://u:p@crm.example.com"}`: {"base_url", "must have neither user, query nor fragment; auth is for passwords"},
		`{"networks": ["10.0.0.0"]}`:                  {"networks[0]", `"10.0.0.0" is no network; write it like 10.0.0.0/8`},
		`{"auth": {"kind": "baerer"}}`:                {"auth.kind", `"baerer" is unknown; did you mean bearer?`},
		`{"auth": {"kind": "bearer"}}`:                {"auth.token", "is required for bearer"},
		`{"auth": {"kind": "oauth2_client_credentials", "client_id": "a", "client_secret": "env:SECRET"}}`: {"auth.token_url", "is required for oauth2_client_credentials"},
		`{"operations": {"lookup": null}}`: {"operations.lookup", "is required: a connector answers who has a number"},
		`{"operations": {"announce_call": {"path": "/x", "result": "{type: \"call\", id: .id}"}}}`: {"operations.show_call", "goes with announce_call: a card is shown of a call that the system was told of"},
		`{"operations": {"check": null}}`:                               {"operations.check", "is required: a small request that tells whether we are let in"},
		`{"operations": {"serch": {}}}`:                                 {"operations.serch", "is unknown; did you mean search?"},
		`{"operations": {"search": {"path": "x"}}}`:                     {"operations.search.path", "must begin with /; it follows base_url"},
		`{"operations": {"search": {"path": "/x", "methd": "GET"}}}`:    {"operations.search.methd", "is unknown; did you mean method?"},
		`{"operations": {"search": {"path": "/x", "method": "FETCH"}}}`: {"operations.search.method", `"FETCH" is unknown; did you mean PATCH?`},
		`{"operations": {"search": {"steps": [{"path": "/x"}, {}]}}}`:   {"operations.search.steps[1].path", "is required, such as /api/contacts"},
		`{"operations": {"search": {"path": "/x", "query": {"q": "n eq '${.text}'"}}}}`: {"operations.search.query.q",
			"${.text} stands within quotes: let it end in | odata, | soql, | sosl, | lucene or | like, as the language there wants"},
		`{"operations": {"search": {"path": "/x/${.secrets.a}"}}}`: {"operations.search.path", "secrets are for headers and bodies, an address is written to logs"},
		`{"errors": [{"kind": "rejcted"}]}`:                        {"errors[0].kind", `"rejcted" is unknown; did you mean rejected?`},
		`{"types": {"c": {"kind": "HUMAN"}}}`:                      {"types.c.kind", `"HUMAN" is unknown; known: COMPANY, LEAD, PERSON`},
		`{"limits": {"requests": -1}}`:                             {"limits.requests", "must not be negative"},
		`{"limits": {"requests": 1, "per": "soon"}}`:               {"limits.per", `"soon" is no length of time; write it like 500ms, 10s or 5m`},
	} {
		_, err := httpjson.New(t.Context(), "crm", with(t, "https://crm.example.com", config), all)
		if got := errs.FieldsOf(err)[want[0]]; !errs.Is(err, errs.Invalid) || got != want[1] {
			t.Errorf("%s: %v", config, err)
		}
	}
	for field, config := range map[string]string{
		"operations.search.result": `{"operations": {"search": {"path": "/x", "result": ".[}"}}}`,
		"operations.search.path":   `{"operations": {"search": {"path": "/x/${.a"}}}`,
		"defs":                     `{"defs": "def x: nosuch;"}`,
		"numbers.short":            `{"numbers": {"short": "nosuch"}}`,
	} {
		if _, err := httpjson.New(t.Context(), "crm", with(t, "https://crm.example.com", config), all); errs.FieldsOf(err)[field] == "" {
			t.Errorf("%s: %v", field, err)
		}
	}
}

func TestPrivateNetworksMustBeListed(t *testing.T) {
	srv, _ := asked(t)
	d := driver(t, with(t, srv.URL, `{"networks": []}`))
	_, err := d.Lookup(t.Context(), connectortest.Query("4950123401"))
	if !errs.Is(err, errs.Invalid) || !strings.Contains(errs.Message(err), "networks") {
		t.Errorf("got %v", err)
	}
}

func TestErrorsOfASystemWithItsOwnIdeas(t *testing.T) {
	var answer atomic.Pointer[string]
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, *answer.Load()) }))
	defer srv.Close()
	d := driver(t, with(t, srv.URL, `{"errors": [
		{"when": ".error.code == 7", "kind": "rate_limited", "retry_after": ".error.wait"},
		{"status": [200], "when": ".error", "kind": "rejected", "message": ".error.text"}]}`))
	for text, want := range map[string]struct {
		kind errs.Kind
		msg  string
		wait time.Duration
	}{
		`{"error": {"code": 7, "wait": 3}}`:                                  {errs.RateLimited, "the system asks for fewer requests", 3 * time.Second},
		`{"error": {"code": 1, "text": "Клиент +74950123401 в стоп-листе"}}`: {errs.Rejected, "the system refused: Клиент +… в стоп-листе", 0},
		`[{"type": "c", "id": 1, "phnes": []}]`:                              {errs.Invalid, "the result of operation lookup: phnes: is unknown; did you mean phones?", 0},
		`[{"type": "c", "id": {}}]`:                                          {errs.Invalid, "the result of operation lookup: id: must be a text", 0},
	} {
		answer.Store(&text)
		_, err := d.Lookup(t.Context(), connectortest.Query("4950123401"))
		wait, _ := connectors.RetryAfterOf(err)
		if errs.KindOf(err) != want.kind || errs.Message(err) != want.msg || wait != want.wait {
			t.Errorf("%s: %v (%v), wait %v", text, err, errs.KindOf(err), wait)
		}
	}
}

func TestNumbersOfAnySizeKeepTheirDigits(t *testing.T) {
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_, _ = io.WriteString(w, `[{"type": "c", "id": 9007199254740993, "name": 12345678901234567890, "tax_id": false, "owner": {"id": 7}}]`)
	}))
	defer srv.Close()
	d := driver(t, with(t, srv.URL, `{}`))
	found, err := d.Lookup(t.Context(), connectortest.Query("4950123401"))
	if err != nil || len(found) != 1 {
		t.Fatal(found, err)
	}
	if c := found[0]; c.Ref.ID != "9007199254740993" || c.Name != "12345678901234567890" || c.TaxID != "" || c.Owner.ID != "7" || c.URL != srv.URL+"/c/9007199254740993" {
		t.Errorf("got %+v", c)
	}
}

func TestRequestsKeepToTheLimit(t *testing.T) {
	srv, _ := asked(t)
	d := driver(t, with(t, srv.URL, `{"limits": {"requests": 1, "per": "1h", "burst": 2}}`))
	for range 2 {
		if _, err := d.Lookup(t.Context(), connectortest.Query("4950123401")); err != nil {
			t.Fatal(err)
		}
	}
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	began := time.Now()
	if _, err := d.Lookup(ctx, connectortest.Query("4950123401")); !errs.Is(err, errs.RateLimited) || time.Since(began) > 5*time.Second {
		t.Errorf("a third within the hour: %v after %v", err, time.Since(began))
	}
}

func TestRefreshTokensThatChangeAreKept(t *testing.T) {
	keep := filepath.Join(t.TempDir(), "token")
	turn := 0
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/token" {
			if want := map[int]string{0: secret}[turn]; want == "" && r.FormValue("refresh_token") != fmt.Sprint("refresh-", turn) || want != "" && r.FormValue("refresh_token") != want {
				w.WriteHeader(http.StatusBadRequest)
				return
			}
			turn++
			_, _ = fmt.Fprintf(w, `{"access_token": "access-%d", "refresh_token": "refresh-%d", "expires_in": 3600}`, turn, turn)
			return
		}
		if r.Header.Get("Authorization") != fmt.Sprint("Bearer access-", turn) {
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		_, _ = io.WriteString(w, "[]")
	}))
	defer srv.Close()
	config := with(t, srv.URL, `{"auth": {"kind": "oauth2_refresh_token", "token_url": "/token", "client_id": "pult", "refresh_token": "env:SECRET", "keep": "`+keep+`"}}`)
	d := driver(t, config)
	look := func(d *httpjson.Driver) {
		t.Helper()
		if _, err := d.Lookup(t.Context(), connectortest.Query("4950123401")); err != nil {
			t.Error(err)
		}
	}
	look(d)
	look(d)
	if turn != 1 {
		t.Errorf("%d tokens were fetched, want 1", turn)
	}
	look(driver(t, config)) // as after a restart: the first refresh token is no longer good
	if info, err := os.Stat(keep); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the kept token: %v, %v", info, err)
	}
	look(d) // its access token was replaced by the other: once more, with what the other kept
	if turn != 3 {
		t.Errorf("%d tokens were fetched, want 3", turn)
	}
}

func TestSchemaIsThatOfTheConfiguration(t *testing.T) {
	var s struct {
		Properties map[string]struct {
			Properties map[string]struct {
				Secret bool `json:"x-secret"`
			} `json:"properties"`
		} `json:"properties"`
	}
	if err := json.Unmarshal(httpjson.Factory().Schema, &s); err != nil {
		t.Fatal(err)
	}
	for name := range s.Properties {
		_, err := httpjson.New(t.Context(), "crm", json.RawMessage(`{"`+name+`": null}`), all)
		if m := errs.FieldsOf(err)[name]; strings.Contains(m, "unknown") {
			t.Errorf("the schema has %s: %v", name, err)
		}
	}
	for _, name := range []string{"password", "token", "client_secret", "refresh_token"} {
		if !s.Properties["auth"].Properties[name].Secret {
			t.Errorf("auth.%s is not marked as a secret", name)
		}
	}
}

func TestASessionThatEndedIsMadeAnew(t *testing.T) {
	logins := 0
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		switch {
		case r.URL.Path == "/login":
			if string(body) != `{"password":`+quoted(secret)+`}` {
				t.Errorf("signed in with %s", body)
			}
			logins++
			_, _ = fmt.Fprintf(w, `{"id": "session-%d"}`, logins)
		case r.Header.Get("X-Session") != fmt.Sprint("session-", logins):
			w.WriteHeader(http.StatusUnauthorized)
		default:
			_, _ = io.WriteString(w, "[]")
		}
	}))
	defer srv.Close()
	d := driver(t, with(t, srv.URL, `{"secrets": {"password": "env:SECRET"}, "operations": {
		"session": {"path": "/login", "body": {"password": "${.secrets.password}"}, "result": ".id"},
		"lookup": {"path": "/find", "headers": {"X-Session": "${.session}"}}}}`))
	for range 2 {
		if _, err := d.Lookup(t.Context(), connectortest.Query("4950123401")); err != nil {
			t.Fatal(err)
		}
	}
	if logins != 1 {
		t.Errorf("signed in %d times, want once", logins)
	}
	logins++ // the system has forgotten
	if _, err := d.Lookup(t.Context(), connectortest.Query("4950123401")); err != nil || logins != 3 {
		t.Errorf("after the session ended: %v, signed in %d times", err, logins-1)
	}
}

func quoted(s string) string {
	b, _ := json.Marshal(s)
	return string(b)
}

func TestAnEndlessExpressionEndsWithItsRequest(t *testing.T) {
	srv, _ := asked(t)
	d := driver(t, with(t, srv.URL, `{"operations": {"lookup": {"path": "/find", "result": "def f: f; f"}}}`))
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if _, err := d.Lookup(ctx, connectortest.Query("4950123401")); !errs.Is(err, errs.Timeout) {
		t.Errorf("got %v", err)
	}
}
