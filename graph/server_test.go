package graph

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/pult-cc/pult/internal/auth"
	"github.com/pult-cc/pult/internal/auth/memrepo"
	"github.com/pult-cc/pult/internal/errs"
	"github.com/pult-cc/pult/telephony/calls"
)

func TestForgedRequestsAreRefused(t *testing.T) {
	s := newStand(t)
	for name, tc := range map[string]struct {
		change func(*http.Request)
		status int
		code   string
	}{
		"ours":              {func(*http.Request) {}, http.StatusOK, ""},
		"no header":         {func(r *http.Request) { r.Header.Del(ClientHeader) }, http.StatusForbidden, "FORBIDDEN"},
		"foreign origin":    {func(r *http.Request) { r.Header.Set("Origin", "https://evil.example") }, http.StatusForbidden, "FORBIDDEN"},
		"null origin":       {func(r *http.Request) { r.Header.Set("Origin", "null") }, http.StatusForbidden, "FORBIDDEN"},
		"permitted origin":  {func(r *http.Request) { r.Header.Set("Origin", "https://crm.example.com") }, http.StatusOK, ""},
		"permitted by http": {func(r *http.Request) { r.Header.Set("Origin", "http://crm.example.com") }, http.StatusForbidden, "FORBIDDEN"},
		"same host":         {func(r *http.Request) { r.Header.Set("Origin", "http://"+r.URL.Host) }, http.StatusOK, ""},
		"form":              {func(r *http.Request) { r.Header.Set("Content-Type", "application/x-www-form-urlencoded") }, http.StatusUnsupportedMediaType, "BAD_USER_INPUT"},
		"plain text":        {func(r *http.Request) { r.Header.Set("Content-Type", "text/plain") }, http.StatusUnsupportedMediaType, "BAD_USER_INPUT"},
		"no content type":   {func(r *http.Request) { r.Header.Del("Content-Type") }, http.StatusUnsupportedMediaType, "BAD_USER_INPUT"},
		"multipart":         {func(r *http.Request) { r.Header.Set("Content-Type", "multipart/form-data; boundary=x") }, http.StatusUnsupportedMediaType, "BAD_USER_INPUT"},
		"another charset":   {func(r *http.Request) { r.Header.Set("Content-Type", "application/json; charset=utf-16") }, http.StatusUnsupportedMediaType, "BAD_USER_INPUT"},
		"cannot take JSON":  {func(r *http.Request) { r.Header.Set("Accept", "text/html") }, http.StatusNotAcceptable, "BAD_USER_INPUT"},
		"GET":               {func(r *http.Request) { r.Method = http.MethodGet }, http.StatusMethodNotAllowed, "BAD_USER_INPUT"},
		"PUT":               {func(r *http.Request) { r.Method = http.MethodPut }, http.StatusMethodNotAllowed, "BAD_USER_INPUT"},
	} {
		r := s.request("anna", `{"query": "{ viewer { now } }"}`)
		tc.change(r)
		if a := s.send(r); a.Status != tc.status || a.code() != tc.code {
			t.Errorf("%s: %d %s, want %d %s", name, a.Status, a.Body, tc.status, tc.code)
		}
	}
}

func TestCORS(t *testing.T) {
	s := newStand(t)
	for origin, allowed := range map[string]bool{"https://crm.example.com": true, "https://evil.example": false} {
		r := s.request("", "")
		r.Method = http.MethodOptions
		r.Header.Set("Origin", origin)
		r.Header.Set("Access-Control-Request-Method", "POST")
		r.Header.Set("Access-Control-Request-Headers", "content-type,x-pult-client")
		a := s.send(r)
		if got := a.Header.Get("Access-Control-Allow-Origin") == origin && a.Header.Get("Access-Control-Allow-Credentials") == "true"; got != allowed {
			t.Errorf("the preflight of %s is allowed: %v (%d %v)", origin, got, a.Status, a.Header)
		}
	}
	none := newStand(t, func(_ *Core, o *Options) { o.Origins = nil })
	r := none.request("", "")
	r.Method = http.MethodOptions
	r.Header.Set("Origin", "https://evil.example")
	r.Header.Set("Access-Control-Request-Method", "POST")
	if a := none.send(r); a.Header.Get("Access-Control-Allow-Origin") != "" {
		t.Errorf("without origins everybody is allowed: %v", a.Header)
	}
}

func TestMalformedRequests(t *testing.T) {
	s := newStand(t)
	for name, tc := range map[string]struct {
		body   string
		status int
	}{
		"empty":                {``, 400},
		"no JSON":              {`{`, 400},
		"a list":               {`[{"query": "{ viewer { now } }"}]`, 400},
		"no query":             {`{}`, 400},
		"query null":           {`{"query": null}`, 400},
		"query a number":       {`{"query": 1}`, 400},
		"query empty":          {`{"query": ""}`, 400},
		"variables a string":   {`{"query": "{ viewer { now } }", "variables": "x"}`, 400},
		"variables a list":     {`{"query": "{ viewer { now } }", "variables": []}`, 400},
		"name a number":        {`{"query": "{ viewer { now } }", "operationName": 7}`, 400},
		"extensions a string":  {`{"query": "{ viewer { now } }", "extensions": "x"}`, 400},
		"too large":            {`{"query": "` + strings.Repeat("a", 65<<10) + `"}`, 413},
		"does not parse":       {`{"query": "{ viewer { "}`, 200},
		"does not validate":    {`{"query": "{ vieuer { now } }"}`, 200},
		"unknown operation":    {`{"query": "query A { viewer { now } }", "operationName": "B"}`, 200},
		"which operation":      {`{"query": "query A { viewer { now } } query B { viewer { now } }"}`, 200},
		"variable of no type":  {`{"query": "query($id: ID!) { call(id: $id) { id } }", "variables": {"id": {}}}`, 200},
		"variable missing":     {`{"query": "query($id: ID!) { call(id: $id) { id } }"}`, 200},
		"unknown enum value":   {`{"query": "query($s: [CallState!]) { calls(state: $s) { id } }", "variables": {"s": ["DANCING"]}}`, 200},
		"int too large":        {`{"query": "query($n: Int) { customers(search: \"a\", first: $n) { id } }", "variables": {"n": 12345678901234567890}}`, 200},
		"subscription by POST": {`{"query": "subscription { notices { id } }"}`, 200},
		"only a fragment":      {`{"query": "fragment F on Query { viewer { now } }"}`, 200},
		"circular fragments":   {`{"query": "{ ...A } fragment A on Query { ...B } fragment B on Query { ...A }"}`, 200},
	} {
		a := s.send(s.request("anna", tc.body))
		if a.Status != tc.status || a.code() != "BAD_USER_INPUT" || strings.Contains(a.Body, `"data"`) {
			t.Errorf("%s: %d %s", name, a.Status, a.Body)
		}
		if strings.Contains(a.Body, "viewer?") || strings.Contains(a.Body, "Did you mean") {
			t.Errorf("%s: the answer suggests names of the schema: %s", name, a.Body)
		}
	}
	r := s.request("anna", `{"query": "{ vieuer { now } }"}`)
	r.Header.Set("Accept", "application/graphql-response+json, application/json;q=0.9")
	if a := s.send(r); a.Status != 400 || !strings.HasPrefix(a.Header.Get("Content-Type"), "application/graphql-response+json") {
		t.Errorf("a client of the specification gets %d %v", a.Status, a.Header)
	}
}

func TestCostlyDocumentsAreRefused(t *testing.T) {
	s := newStand(t)
	for name, tc := range map[string]struct{ who, query, want string }{
		"many fields":    {"anna", "{ viewer { " + strings.Repeat("now ", 3000) + "} }", "tokens"},
		"stranger":       {"", "{ viewer { " + strings.Repeat("now ", 300) + "} }", "more than 200 tokens"},
		"aliases":        {"anna", "{ " + aliases(16, "viewer { now }") + "}", "at the top"},
		"sign-ins":       {"", `mutation { a: signIn(input: {login: "a", password: "b"}) { viewer { now } } b: signIn(input: {login: "a", password: "c"}) { viewer { now } } }`, "one sign-in"},
		"complex":        {"anna", `{ calls { customer { history(first: 100) { edges { node { id tags { id } } } } } } }`, "costs"},
		"introspection":  {"anna", `{ __schema { types { name } } }`, "introspection is off"},
		"type":           {"anna", `{ __type(name: "Call") { name } }`, "introspection is off"},
		"hidden in ...":  {"anna", `{ ... on Query { ... { __schema { types { name } } } } }`, "introspection is off"},
		"deep fragments": {"anna", `{ calls { ...A } } fragment A on Call { customer { history { edges { node { operator { queues { id } } } } } } match { candidates { customer { history { edges { node { operator { queues { id } } } } } } } } }`, "costs"},
	} {
		start := time.Now()
		a := s.do(tc.who, tc.query)
		if len(a.Errors) != 1 || !strings.Contains(a.Errors[0].Message, tc.want) || a.Data != nil {
			t.Errorf("%s: %.300s", name, a.Body)
		}
		if d := time.Since(start); d > 2*time.Second {
			t.Errorf("%s took %s", name, d)
		}
	}
	if a := s.do("anna", `{ __typename }`); a.code() != "" || at(a.Data, "__typename") != "Query" {
		t.Errorf("__typename: %s", a.Body)
	}
	shallow := newStand(t, func(_ *Core, o *Options) { o.Limits.QueryDepth = 4 })
	if a := shallow.do("anna", `{ operators { queues { id } } }`); a.code() != "" {
		t.Errorf("three levels: %s", a.Body)
	}
	if a := shallow.do("anna", `{ ...A } fragment A on Query { interactions { edges { ... { node { queue { id } } } } } }`); !strings.Contains(a.Body, "nested deeper than 4") {
		t.Errorf("five levels: %s", a.Body)
	}
}

func aliases(n int, field string) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, "a%d: %s ", i, field)
	}
	return b.String()
}

func TestDevelopmentHasIntrospectionAndPlayground(t *testing.T) {
	s := newStand(t, func(_ *Core, o *Options) { o.Development = true })
	if a := s.do("", `{ __schema { queryType { name } } }`); at(a.Data, "__schema", "queryType", "name") != "Query" {
		t.Errorf("introspection: %s", a.Body)
	}
	r := s.request("", "")
	r.Method = http.MethodGet
	if a := s.send(r); a.Status != http.StatusMethodNotAllowed {
		t.Errorf("a program's GET: %d %.100s", a.Status, a.Body)
	}
	r.Header.Set("Accept", "text/html,*/*")
	if a := s.send(r); a.Status != http.StatusOK || !strings.Contains(a.Body, "<html") {
		t.Errorf("playground: %d %.100s", a.Status, a.Body)
	}
}

func TestSignInAndOut(t *testing.T) {
	s := newStand(t)
	signIn := func(password string) answer {
		return s.do("", `mutation($i: SignInInput!) { signIn(input: $i) { viewer { operator { id name queues { id } } roles } } }`,
			"i", map[string]any{"login": " ANNA", "password": password})
	}
	if a := signIn("wrong password"); a.code() != "UNAUTHENTICATED" || a.Errors[0].Message != "wrong name or password" || a.Header.Get("Set-Cookie") != "" {
		t.Fatalf("a wrong password: %s", a.Body)
	}
	a := signIn(password)
	if at(a.Data, "signIn", "viewer", "operator", "id") != "anna" {
		t.Fatalf("signing in: %s", a.Body)
	}
	cookie := a.Header.Get("Set-Cookie")
	if !strings.HasPrefix(cookie, "pult=") || !strings.Contains(cookie, "HttpOnly") || !strings.Contains(cookie, "SameSite=Lax") ||
		!strings.Contains(cookie, "Path=/") || strings.Contains(cookie, "Secure") || a.Header.Get("Cache-Control") != "no-store" {
		t.Errorf("the cookie is %s, the headers %v", cookie, a.Header)
	}
	value, _, _ := strings.Cut(strings.TrimPrefix(cookie, "pult="), ";")
	s.tokens["anna"] = value
	if got := at(s.must("anna", `{ viewer { operator { login } } }`), "viewer", "operator", "login"); got != "anna" {
		t.Fatalf("the cookie signs in %v", got)
	}
	out := s.do("anna", `mutation { signOut(input: {clientId: "w1"}) { ok } }`)
	if at(out.Data, "signOut", "ok") != true || !strings.Contains(out.Header.Get("Set-Cookie"), "Max-Age=0") {
		t.Errorf("signing out: %s %v", out.Body, out.Header)
	}
	if !slices.Equal(s.phones.left, []string{"anna w1"}) {
		t.Errorf("signing out left the phones %q", s.phones.left)
	}
	if a := s.do("anna", `{ queues { id } }`); a.code() != "UNAUTHENTICATED" {
		t.Errorf("the old cookie still works: %s", a.Body)
	}
}

func TestSecureCookieHasTheHostPrefix(t *testing.T) {
	s := newStand(t, func(_ *Core, o *Options) { o.SecureCookies = true })
	a := s.do("", `mutation { signIn(input: {login: "anna", password: "`+password+`"}) { viewer { now } } }`)
	if c := a.Header.Get("Set-Cookie"); !strings.HasPrefix(c, "__Host-pult=") || !strings.Contains(c, "; Secure") || strings.Contains(c, "Domain") {
		t.Errorf("the cookie is %s", c)
	}
}

func TestSigningInAgainEndsTheFormerSession(t *testing.T) {
	s := newStand(t)
	old := s.as("anna")
	a := s.do("anna", `mutation { signIn(input: {login: "boris", password: "`+password+`"}) { viewer { operator { id } } } }`)
	if at(a.Data, "signIn", "viewer", "operator", "id") != "boris" {
		t.Fatal(a.Body)
	}
	if _, err := s.auth.Authenticate(t.Context(), old); !errs.Is(err, errs.Unauthenticated) {
		t.Errorf("the former session: %v", err)
	}
}

func TestGuessingIsLimited(t *testing.T) {
	s := newStand(t, func(c *Core, _ *Options) {
		c.Auth = auth.New(repoOf(t), auth.Options{LoginFailures: auth.Limit{Burst: 1, Every: 90 * time.Second}})
	})
	guess := func() answer {
		return s.do("", `mutation { signIn(input: {login: "anna", password: "guess guess"}) { viewer { now } } }`)
	}
	if a := guess(); a.code() != "UNAUTHENTICATED" {
		t.Fatal(a.Body)
	}
	a := guess()
	if wait, _ := a.Errors[0].Extensions["retryAfter"].(float64); a.code() != "RATE_LIMITED" || wait < 80 || wait > 90 {
		t.Errorf("the second guess: %s", a.Body)
	}
}

// repoOf returns a repository with everybody in it.
func repoOf(t *testing.T) *memrepo.Repo {
	repo := &memrepo.Repo{}
	for _, u := range peopleRepo() {
		if err := repo.CreateUser(t.Context(), u); err != nil {
			t.Fatal(err)
		}
	}
	return repo
}

func TestErrorsSayWhatTheyMay(t *testing.T) {
	s := newStand(t)
	s.board.putCall(talking("x", "anna", "q1"))

	s.floor.failWith(calls.CmdHold, errs.E(errs.Conflict, "holding", "the call has ended"))
	a := s.do("anna", `mutation { hold(input: {callId: "x"}) { call { id } } }`)
	if a.code() != "CONFLICT" || a.Errors[0].Message != "the call has ended" || fmt.Sprint(a.Errors[0].Path) != "[hold]" {
		t.Errorf("conflict: %s", a.Body)
	}
	s.floor.failWith(calls.CmdDial, errs.Field("dialling", "number", "is no telephone number"))
	a = s.do("anna", `mutation { dial(input: {number: "x"}) { call { id } } }`)
	if a.code() != "BAD_USER_INPUT" || at(a.Errors[0].Extensions, "fields", "number") != "is no telephone number" {
		t.Errorf("bad input: %s", a.Body)
	}
	s.floor.failWith(calls.CmdResume, errs.With(errs.Unavailable, "asking redis 10.0.0.7", fmt.Errorf("dial tcp 10.0.0.7: refused")))
	a = s.do("anna", `mutation { resume(input: {callId: "x"}) { call { id } } }`)
	if a.code() != "UNAVAILABLE" || strings.Contains(a.Body, "10.0.0.7") {
		t.Errorf("unavailable: %s", a.Body)
	}
	a = s.do("anna", `{ matchCaller(number: "hang") { state } }`)
	if a.code() != "TIMEOUT" || strings.Contains(a.Body, "deadline") {
		t.Errorf("timeout: %s", a.Body)
	}
}

func TestInternalErrorsLeakNothingAndAreLoggedOnce(t *testing.T) {
	s := newStand(t)
	for number, cause := range map[string]string{"defect": "unexpected EOF", "panic": "the matcher has a defect near +7***4567"} {
		a := s.do("anna", fmt.Sprintf(`query Who { matchCaller(number: %q) { state } }`, number))
		trace, _ := a.Errors[0].Extensions["traceId"].(string)
		if a.code() != "INTERNAL" || a.Errors[0].Message != "internal error" || len(trace) != 16 {
			t.Errorf("%s: %s", number, a.Body)
		}
		found := 0
		for line := range strings.Lines(s.log.String()) {
			var m map[string]any
			if err := json.Unmarshal([]byte(line), &m); err != nil {
				t.Fatal(err)
			}
			if m["trace"] == trace && m["operation"] == "Who" && strings.Contains(m["error"].(string), cause) {
				found++
			}
		}
		if found != 1 {
			t.Errorf("%s is logged %d times:\n%s", number, found, s.log.String())
		}
	}
	if strings.Contains(s.log.String(), "1234567") {
		t.Errorf("the log shows a number:\n%s", s.log.String())
	}
}

func TestDatabaseAwayIsNotSignedOut(t *testing.T) {
	s := newStand(t)
	s.repo.Break(errs.E(errs.Unavailable, "asking", "database is down"))
	r := s.request("", `{"query": "{ queues { id } }"}`)
	r.AddCookie(&http.Cookie{Name: plainCookie, Value: strings.Repeat("a", 43)})
	if a := s.send(r); a.Status != http.StatusServiceUnavailable || a.code() != "UNAVAILABLE" {
		t.Errorf("%d %s", a.Status, a.Body)
	}
}

func TestClientAddress(t *testing.T) {
	trusted := []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8"), netip.MustParsePrefix("::1/128")}
	for name, tc := range map[string]struct {
		remote    string
		forwarded []string
		want      string
	}{
		"direct":              {"192.0.2.1:5", nil, "192.0.2.1"},
		"direct and lying":    {"192.0.2.1:5", []string{"203.0.113.9"}, "192.0.2.1"},
		"one proxy":           {"10.0.0.1:5", []string{"203.0.113.9"}, "203.0.113.9"},
		"one proxy and lying": {"10.0.0.1:5", []string{"8.8.8.8, 203.0.113.9"}, "203.0.113.9"},
		"two proxies":         {"10.0.0.1:5", []string{"203.0.113.9, 10.0.0.2"}, "203.0.113.9"},
		"two headers":         {"10.0.0.1:5", []string{"203.0.113.9", "10.0.0.2"}, "203.0.113.9"},
		"only proxies":        {"10.0.0.1:5", []string{"10.0.0.3"}, "10.0.0.3"},
		"garbage":             {"10.0.0.1:5", []string{"unknown"}, "10.0.0.1"},
		"none":                {"10.0.0.1:5", nil, "10.0.0.1"},
		"mapped":              {"[::ffff:192.0.2.1]:5", nil, "192.0.2.1"},
		"IPv6 proxy":          {"[::1]:5", []string{"2001:db8::1"}, "2001:db8::1"},
	} {
		r := &http.Request{RemoteAddr: tc.remote, Header: http.Header{}}
		for _, f := range tc.forwarded {
			r.Header.Add("X-Forwarded-For", f)
		}
		if got := clientOf(r, trusted).String(); got != tc.want {
			t.Errorf("%s: %s, want %s", name, got, tc.want)
		}
	}
}

func TestACoreWithAHoleIsRefused(t *testing.T) {
	if _, err := NewHandler(Core{}, Options{}); !errs.Is(err, errs.Internal) {
		t.Errorf("NewHandler gives %v", err)
	}
}
