package httpjson_test

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/goccy/go-yaml"

	"github.com/pult-cc/pult/connectors"
	"github.com/pult-cc/pult/connectors/connectortest"
	"github.com/pult-cc/pult/connectors/httpjson"
	"github.com/pult-cc/pult/connectors/httpjson/sim"
	"github.com/pult-cc/pult/internal/errs"
)

// TestErrorForms: what systems answer when they refuse, in their own forms, and what becomes of it.
func TestErrorForms(t *testing.T) {
	resets := time.Now().Add(90 * time.Second).Unix()
	bitrixLimit, err := json.Marshal(map[string]any{"error": "OPERATION_TIME_LIMIT", "error_description": "Method is blocked", "time": map[string]any{"operating_reset_at": resets}})
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		preset string
		status int
		body   string
		header string // Retry-After
		want   errs.Kind
		wait   time.Duration // at least, when not 0
	}{
		{"bitrix24-webhook", 503, `{"error":"QUERY_LIMIT_EXCEEDED","error_description":"Too many requests"}`, "", errs.RateLimited, 0},
		{"bitrix24-webhook", 429, string(bitrixLimit), "", errs.RateLimited, 60 * time.Second},
		{"bitrix24-webhook", 403, `{"error":"WRONG_AUTH_TYPE","error_description":"Current authorization type is denied for this method"}`, "", errs.Unsupported, 0},
		{"bitrix24-webhook", 401, `{"error":"INVALID_CREDENTIALS","error_description":"Invalid request credentials"}`, "", errs.Unauthenticated, 0},
		{"bitrix24-webhook", 403, `{"error":"insufficient_scope","error_description":"The request requires higher privileges"}`, "", errs.Unauthenticated, 0},
		{"bitrix24-webhook", 404, `{"error":"ERROR_METHOD_NOT_FOUND","error_description":"Method not found!"}`, "", errs.Invalid, 0},
		{"amocrm", 429, ``, "", errs.RateLimited, 0},
		{"amocrm", 403, `{"title":"Forbidden","status":403}`, "", errs.Unauthenticated, 0},
		{"amocrm", 402, `{"title":"Payment Required","status":402,"detail":"Аккаунт не оплачен"}`, "", errs.Invalid, 0},
		{"hubspot", 429, `{"status":"error","message":"You have reached your secondly limit.","errorType":"RATE_LIMIT","policyName":"SECONDLY"}`, "", errs.RateLimited, 0},
		{"hubspot", 400, `{"status":"error","message":"Invalid input JSON","category":"VALIDATION_ERROR"}`, "", errs.Rejected, 0},
		{"hubspot", 409, `{"status":"error","message":"Contact already exists.","category":"CONFLICT"}`, "", errs.Conflict, 0},
		{"hubspot", 403, `{"status":"error","message":"This app hasn't been granted all required scopes","category":"MISSING_SCOPES"}`, "", errs.Unauthenticated, 0},
		{"salesforce", 403, `[{"errorCode":"REQUEST_LIMIT_EXCEEDED","message":"TotalRequests Limit exceeded."}]`, "", errs.RateLimited, 0},
		{"salesforce", 400, `[{"errorCode":"DUPLICATES_DETECTED","message":"Use one of these records?"}]`, "", errs.Conflict, 0},
		{"salesforce", 400, `[{"errorCode":"INVALID_FIELD","message":"No such column 'INN__c' on entity 'Account'"}]`, "", errs.Invalid, 0},
		{"salesforce", 504, "<html>Gateway Timeout</html>", "", errs.Timeout, 0},
		{"salesforce", 503, `[{"errorCode":"SERVER_UNAVAILABLE","message":"Server too busy"}]`, "", errs.Unavailable, 0},
		{"dynamics", 429, `{"error":{"code":"0x80072322","message":"Number of requests exceeded the limit of 6000 over time window of 300 seconds."}}`, "30", errs.RateLimited, 30 * time.Second},
		{"dynamics", 404, `{"error":{"code":"0x80040217","message":"Entity Does Not Exist"}}`, "", errs.NotFound, 0},
		{"dynamics", 400, `{"error":{"code":"0x80040265","message":"Business rule"}}`, "", errs.Rejected, 0},
		{"dynamics", 400, `{"error":{"code":"0x80060888","message":"Could not find a property named 'x'"}}`, "", errs.Invalid, 0},
		{"espocrm", 403, ``, "", errs.Unauthenticated, 0},
		{"espocrm", 409, `[{"id":"1"}]`, "", errs.Conflict, 0},
		{"suitecrm", 401, `{"error":"access_denied","message":"The resource owner or authorization server denied the request."}`, "", errs.Unauthenticated, 0},
		{"suitecrm", 400, `{"errors":{"status":400,"title":null,"detail":"The following field in Accounts module is not found: inn_c"}}`, "", errs.Invalid, 0},
		{"odoo-rpc", 200, `{"jsonrpc":"2.0","id":1,"error":{"code":200,"message":"Odoo Server Error","data":{"name":"odoo.exceptions.AccessDenied","message":"Access Denied"}}}`, "", errs.Unauthenticated, 0},
		{"odoo-rpc", 200, `{"jsonrpc":"2.0","id":1,"error":{"code":200,"message":"Odoo Server Error","data":{"name":"psycopg2.OperationalError","message":"server closed the connection"}}}`, "", errs.Unavailable, 0},
		{"odoo-rpc", 200, `{"jsonrpc":"2.0","id":1,"error":{"code":200,"message":"Odoo Server Error","data":{"name":"builtins.ValueError","message":"Invalid field 'mobile'"}}}`, "", errs.Invalid, 0},
		{"odoo-rpc", 200, `{"jsonrpc":"2.0","id":1,"result":false}`, "", errs.Unauthenticated, 0},
		{"odoo", 401, `{"name":"werkzeug.exceptions.Unauthorized","message":"Invalid apikey"}`, "", errs.Unauthenticated, 0},
		{"odoo", 422, `{"name":"odoo.exceptions.UserError","message":"Nope"}`, "", errs.Rejected, 0},
		{"odoo", 500, `{"name":"builtins.ValueError","message":"Invalid field res.partner.mobile"}`, "", errs.Invalid, 0},
		{"pipedrive", 429, `{"success":false,"error":"request over limit"}`, "2", errs.RateLimited, 2 * time.Second},
		{"pipedrive", 401, `{"success":false,"error":"unauthorized access"}`, "", errs.Unauthenticated, 0},
		{"zammad", 422, `{"error":"Email address 'x@example.com' is already used for another user."}`, "", errs.Conflict, 0},
	} {
		sys := systems[c.preset]
		srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if strings.Contains(r.URL.Path, "token") && r.Header.Get("Content-Type") == "application/x-www-form-urlencoded" {
				_, _ = io.WriteString(w, `{"access_token":"a"}`)
				return
			}
			if c.header != "" {
				w.Header().Set("Retry-After", c.header)
			}
			w.WriteHeader(c.status)
			_, _ = io.WriteString(w, c.body)
		}))
		d := open(t, srv.URL+sys.base, c.preset, sys.config)
		_, err := d.Lookup(t.Context(), connectortest.Query("4950123401"))
		wait, _ := connectors.RetryAfterOf(err)
		if errs.KindOf(err) != c.want || err == nil || wait < c.wait {
			t.Errorf("%s, %d %s: %v is %v and asks for %v, want %v and %v", c.preset, c.status, c.body, err, errs.KindOf(err), wait, c.want, c.wait)
		}
		_ = d.Close()
		srv.Close()
	}
}

// Odoo 14 keeps notes of a partner as plain text, which TestRealOdoo sees; later ones as HTML, where a plain one would lose its lines.
func TestNotesInOdooAfter14AreHTML(t *testing.T) {
	s := sim.OdooRPC(16, "prod", "pult", secret)
	srv := httptest.NewServer(s)
	defer srv.Close()
	d := open(t, srv.URL, "odoo-rpc", systems["odoo-rpc"].config)
	defer d.Close()
	creator, _ := connectors.As[connectors.ContactCreator](d)
	if _, err := creator.CreateContact(t.Context(), connectors.NewContact{
		Key: "k", Kind: connectors.KindPerson, Name: "Котова Мария", Phone: "+74950129988", Comment: "a < b\nс",
	}); err != nil {
		t.Fatal(err)
	}
	partners := s.Set("res.partner")
	if got := partners[len(partners)-1]["comment"]; got != "a &lt; b<br/>с<br/>[pult:k]" {
		t.Errorf("the note is %q", got)
	}
}

// An unknown database is a mistake in the configuration, not an outage to wait for, in whatever language PostgreSQL says so.
func TestAnUnknownDatabaseOfOdooIsNoOutage(t *testing.T) {
	for _, said := range []string{`FATAL:  database \"prod\" does not exist\n`, `ВАЖНО:  база данных \"prod\" не существует\n`} {
		srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			_, _ = io.WriteString(w, `{"jsonrpc":"2.0","id":1,"error":{"code":200,"message":"Odoo Server Error","data":{"name":"psycopg2.OperationalError","message":"`+said+`"}}}`)
		}))
		d := open(t, srv.URL, "odoo-rpc", systems["odoo-rpc"].config)
		_, err := d.Lookup(t.Context(), connectortest.Query("4950123401"))
		if !errs.Is(err, errs.Invalid) || errs.Message(err) != "the request does not fit the system: there is no such database" {
			t.Errorf("%s: %v, %v", said, err, errs.KindOf(err))
		}
		_ = d.Close()
		srv.Close()
	}
}

// What the guide shows must work.
func TestTheGuidesDescriptionsAreRead(t *testing.T) {
	text, err := os.ReadFile("../../docs/connectors/httpjson.md")
	if err != nil {
		t.Fatal(err)
	}
	odoo, err := os.ReadFile("../../docs/connectors/odoo.md")
	if err != nil {
		t.Fatal(err)
	}
	blocks := strings.Split(string(text)+string(odoo), "```yaml\n")[1:]
	if len(blocks) != 3 {
		t.Fatalf("%d examples, want 3", len(blocks))
	}
	for _, b := range blocks {
		b, _, _ = strings.Cut(b, "```")
		var doc struct {
			Config     map[string]any `yaml:"config"`
			Connectors []struct {
				Config map[string]any `yaml:"config"`
			} `yaml:"connectors"`
		}
		if err := yaml.Unmarshal([]byte(b), &doc); err != nil {
			t.Fatalf("%s: %v", b, err)
		}
		config := doc.Config
		if len(doc.Connectors) > 0 {
			config = doc.Connectors[0].Config
		}
		raw, err := json.Marshal(config)
		if err != nil {
			t.Fatal(err)
		}
		d, err := httpjson.New(t.Context(), "crm", raw, secrets{"env:PULT_CRM_TOKEN": "x", "env:CRM_TOKEN": "x", "env:PULT_ODOO_PASSWORD": "x"})
		if err != nil {
			t.Errorf("%s: %v", b, err)
			continue
		}
		_ = d.Close()
	}
	for _, p := range httpjson.Presets() {
		if !strings.Contains(string(text), "| `"+p+"`") {
			t.Errorf("the guide does not name preset %s", p)
		}
	}
}
