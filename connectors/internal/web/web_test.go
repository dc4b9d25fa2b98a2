package web

import (
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"strings"
	"testing"

	"github.com/pult-cc/pult/connectors/trace"
	"github.com/pult-cc/pult/internal/errs"
)

func client(srv *httptest.Server, networks ...string) *Client {
	o := Options{Hosts: []string{strings.TrimPrefix(srv.URL, "http://")}, MaxAnswer: 100, Setting: "max_answer_bytes"}
	for _, n := range networks {
		o.Networks = append(o.Networks, netip.MustParsePrefix(n))
	}
	return New(o)
}

func get(t *testing.T, c *Client, address string) (Answer, error) {
	t.Helper()
	req, err := http.NewRequest(http.MethodGet, address, nil)
	if err != nil {
		t.Fatal(err)
	}
	return c.Do(t.Context(), "asking", req)
}

func TestPrivateAddressesAreRefusedUnlessListed(t *testing.T) {
	asked := 0
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		asked++
		_, _ = w.Write([]byte("\ufeff {} \n"))
	}))
	defer srv.Close()
	if _, err := get(t, client(srv), srv.URL); !errs.Is(err, errs.Invalid) || asked != 0 {
		t.Errorf("not listed: %v, %d requests", err, asked)
	}
	if _, err := get(t, client(srv, "10.0.0.0/8"), srv.URL); !errs.Is(err, errs.Invalid) || asked != 0 {
		t.Errorf("another listed: %v, %d requests", err, asked)
	}
	if a, err := get(t, client(srv, "127.0.0.0/8"), srv.URL); err != nil || a.Status != 200 || string(a.Body) != "{}" {
		t.Errorf("listed: %+v, %v", a, err)
	}
	// A name is judged by what it leads to.
	named := strings.Replace(srv.URL, "127.0.0.1", "localhost", 1)
	c := New(Options{Hosts: []string{"localhost"}, MaxAnswer: 100})
	if _, err := get(t, c, named); !errs.Is(err, errs.Invalid) || asked != 1 {
		t.Errorf("by name: %v, %d requests", err, asked)
	}
	// So is an address in other digits, which the transport understands.
	wide := strings.Replace(srv.URL, "127.0.0.1", "１２７.０.０.１", 1)
	c = New(Options{Hosts: []string{strings.TrimPrefix(wide, "http://")}, MaxAnswer: 100})
	if _, err := get(t, c, wide); !errs.Is(err, errs.Invalid) || asked != 1 {
		t.Errorf("in wide digits: %v, %d requests", err, asked)
	}
}

func TestWhatIsPublic(t *testing.T) {
	for address, want := range map[string]bool{
		"93.184.216.34:443": true, "[2a00:1450::1]:443": true,
		"10.1.2.3:80": false, "192.168.1.1:80": false, "172.20.0.1:80": false, "127.0.0.1:80": false, "169.254.169.254:80": false,
		"100.64.0.1:80": false, "0.0.0.0:80": false, "224.0.0.1:80": false, "255.255.255.255:80": false, "[::1]:80": false,
		"[::ffff:10.0.0.1]:80": false, "[fd00::1]:80": false, "[fe80::1%eth0]:80": false, "[64:ff9b::a00:1]:80": false, "[2002:a00:1::]:80": false,
	} {
		if err := permit(address, nil); (err == nil) != want {
			t.Errorf("%s: %v", address, err)
		}
	}
}

func TestOtherHostsAndRedirectsAreNotFollowed(t *testing.T) {
	reached := false
	other := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { reached = true }))
	defer other.Close()
	srv := httptest.NewServer(http.RedirectHandler(other.URL, http.StatusFound))
	defer srv.Close()
	c := client(srv, "127.0.0.0/8")
	if a, err := get(t, c, srv.URL); err != nil || a.Status != http.StatusFound {
		t.Errorf("redirect: %+v, %v", a, err)
	}
	if _, err := get(t, c, other.URL); !errs.Is(err, errs.Invalid) {
		t.Errorf("another host: %v", err)
	}
	if reached {
		t.Error("the other host was reached")
	}
}

func TestLongAnswersAreRefused(t *testing.T) {
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_, _ = w.Write([]byte(strings.Repeat("x", 101)))
	}))
	defer srv.Close()
	if _, err := get(t, client(srv, "127.0.0.0/8"), srv.URL); !errs.Is(err, errs.Invalid) || !strings.Contains(err.Error(), "max_answer_bytes") {
		t.Errorf("got %v", err)
	}
}

func TestWhatIsAskedIsTracedWithoutSecretsAndNumbers(t *testing.T) {
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/gone" {
			panic(http.ErrAbortHandler)
		}
		w.WriteHeader(http.StatusTeapot)
		_, _ = w.Write([]byte(`{"a":1}`))
	}))
	defer srv.Close()
	c := New(Options{Hosts: []string{strings.TrimPrefix(srv.URL, "http://")}, Networks: Local, MaxAnswer: 100, Secrets: []string{"h00k"}})
	ctx, recorder := trace.With(t.Context())
	var tapped []trace.Exchange
	ctx = trace.WithTap(ctx, func(e trace.Exchange) { tapped = append(tapped, e) })
	for _, path := range []string{"/rest/h00k/find?phone=%2B7+916+123-45-67", "/gone"} {
		req, err := http.NewRequestWithContext(ctx, http.MethodPost, srv.URL+path, strings.NewReader("body"))
		if err != nil {
			t.Fatal(err)
		}
		_, _ = c.Do(ctx, "asking", req)
	}
	all, _ := recorder.Requests()
	if len(all) != 2 || !strings.HasSuffix(all[0].Target, "/rest/***/find?phone=…") || all[0].Status != http.StatusTeapot || all[0].Bytes != 7 || all[0].Error != "" {
		t.Errorf("traced %+v", all)
	}
	if all[1].Status != 0 || all[1].Error != "the server does not answer" {
		t.Errorf("without an answer: %+v", all[1])
	}
	if len(tapped) != 1 || string(tapped[0].Body) != "body" || string(tapped[0].Payload) != `{"a":1}` || tapped[0].Status != http.StatusTeapot {
		t.Errorf("tapped %+v", tapped)
	}
}

// A plus in a path is no space: a token with one is known for what it is, also where the query is decoded.
func TestATokenWithAPlusIsNotShown(t *testing.T) {
	for address, want := range map[string]string{
		"https://crm.example.com/rest/1+2%2F3/find?q=%2B7+916&x=a%26b": "https://crm.example.com/rest/1+2/3/find?q=+7 916&x=a&b",
		"https://crm.example.com/a%20b":                                "https://crm.example.com/a b",
		"https://crm.example.com/a?b=%zz":                              "https://crm.example.com/a?b=%zz",
	} {
		u, err := url.Parse(address)
		if err != nil {
			t.Fatal(err)
		}
		if got := shown(u); got != want {
			t.Errorf("%s is shown as %s, want %s", address, got, want)
		}
	}
	srv := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	defer srv.Close()
	const token = "s3cr+t/key"
	c := New(Options{Hosts: []string{strings.TrimPrefix(srv.URL, "http://")}, Networks: Local, MaxAnswer: 100, Secrets: []string{token}})
	ctx, recorder := trace.With(t.Context())
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, srv.URL+"/rest/"+url.PathEscape(token)+"/find?key="+url.QueryEscape(token), nil)
	if err != nil {
		t.Fatal(err)
	}
	_, _ = c.Do(ctx, "asking", req)
	if all, _ := recorder.Requests(); len(all) != 1 || !strings.HasSuffix(all[0].Target, "/rest/***/find?key=***") {
		t.Errorf("traced %+v", all)
	}
}

func TestScrub(t *testing.T) {
	if got, want := Scrub("contact 1fa1a135-d89b-11e6-8343-40167e2531c3 has +7 (495) 012-34-01, room 12"), "contact … has +…, room 12"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}
