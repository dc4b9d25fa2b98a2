package graph

import (
	"context"
	"encoding/json"
	"reflect"
	"testing"
	"time"

	"github.com/pult-cc/pult/connectors"
	"github.com/pult-cc/pult/connectors/trace"
	"github.com/pult-cc/pult/internal/customers"
	"github.com/pult-cc/pult/internal/errs"
	"github.com/pult-cc/pult/internal/workbench"
)

// fakeBench is a workbench that says what a test wants.
type fakeBench struct {
	asked  []any
	list   []workbench.Connector
	saved  workbench.Connector
	tested workbench.Tested
	tried  workbench.Tried
	err    error
}

func (b *fakeBench) Kinds() []connectors.Factory {
	return []connectors.Factory{{
		Kind: "crm", Schema: json.RawMessage(`{"type":"object"}`), Browser: &connectors.Browser{Stay: []string{"limits"}},
		Presets: func() []connectors.Preset {
			return []connectors.Preset{{Name: "espocrm", Title: "EspoCRM", Config: json.RawMessage(`{"a":1}`)}}
		},
	}, {Kind: "list", Browser: &connectors.Browser{}}}
}

func (b *fakeBench) List(context.Context) ([]workbench.Connector, error) { return b.list, b.err }

func (b *fakeBench) Save(_ context.Context, d workbench.Draft, userID string) (workbench.Connector, error) {
	b.asked = append(b.asked, d, userID)
	return b.saved, b.err
}

func (b *fakeBench) Switch(_ context.Context, id string, disabled bool, version int64, userID string) (workbench.Connector, error) {
	b.asked = append(b.asked, id, disabled, version, userID)
	return workbench.Connector{ID: id, Disabled: disabled, Version: version + 1}, b.err
}

func (b *fakeBench) Delete(_ context.Context, id string, version int64, userID string) error {
	b.asked = append(b.asked, id, version, userID)
	return b.err
}

func (b *fakeBench) Test(_ context.Context, s workbench.Subject) (workbench.Tested, error) {
	b.asked = append(b.asked, s)
	return b.tested, b.err
}

func (b *fakeBench) Try(_ context.Context, s workbench.Subject, number string) (workbench.Tried, error) {
	b.asked = append(b.asked, s, number)
	return b.tried, b.err
}

const (
	listConnectors = `{ connectors { id kind name origin config secrets index version updatedAt updatedBy { name } state since failingSince problem } }`
	listKinds      = `{ connectorKinds { name schema secretsStay presets { name title config } } }`
	saveConnector  = `mutation($d: ConnectorDraftInput!) { upsertConnector(input: {connector: $d}) { connector { id version } } }`
	dropConnector  = `mutation { deleteConnector(input: {id: "crm", version: 3}) { id } }`
	stopConnector  = `mutation { switchConnector(input: {id: "crm", disabled: true, version: 3}) { connector { id version state } } }`
	testConnector  = `mutation { testConnector(input: {id: "crm"}) { checked version capabilities trial { ok problem code took more requests { method target status bytes rows at took problem } } } }`
	tryConnector   = `mutation { tryConnector(input: {id: "crm", number: "8 916 123-45-67"}) { trial { ok } number { e164 } match { state chosen { name } }
		found { type id kind name company taxId emails responsible url phones { raw label numbers { number { e164 } why } } why also place leftOut } } }`
)

var draftOfTest = map[string]any{
	"id": "crm", "kind": "httpjson", "name": "CRM", "config": map[string]any{"n": 1.0, "list": []any{"a"}}, "version": 2.0, "index": false,
	"secrets": []any{map[string]any{"path": "auth.token", "value": "s3cret"}, map[string]any{"path": "auth.password", "value": nil}},
}

func TestOnlyAdministratorsConfigureConnectors(t *testing.T) {
	s := newStand(t)
	for who, want := range map[string]string{"": "UNAUTHENTICATED", "anna": "FORBIDDEN", "sonya": "FORBIDDEN", "adam": ""} {
		for _, query := range []string{listConnectors, listKinds, dropConnector, stopConnector, testConnector, tryConnector} {
			before := len(s.bench.asked)
			if a := s.do(who, query); a.code() != want {
				t.Errorf("%s as %q: %q, want %q\n%s", query, who, a.code(), want, a.Body)
			}
			if want != "" && len(s.bench.asked) != before {
				t.Errorf("%s as %q was refused and yet asked", query, who)
			}
		}
		if a := s.do(who, saveConnector, "d", draftOfTest); a.code() != want {
			t.Errorf("saving as %q: %q, want %q", who, a.code(), want)
		}
	}
}

func TestConnectorsAreListed(t *testing.T) {
	s := newStand(t)
	failing := testNow.Add(-time.Hour)
	s.bench.list = []workbench.Connector{
		{ID: "1c", Kind: "onec", Name: "1C", FromFile: true, Status: workbench.Status{Status: connectors.Status{State: connectors.StateUp, Since: testNow}}},
		{
			ID: "crm", Kind: "httpjson", Name: "CRM", Config: json.RawMessage(`{"base_url":"https://crm"}`), Secrets: []string{"auth.token"}, Version: 4,
			NoIndex: true, UpdatedAt: testNow, UpdatedBy: "adam",
			Status: workbench.Status{Status: connectors.Status{State: connectors.StateDown, FailingSince: &failing, Problem: "no answer"}},
		},
		{ID: "off", Disabled: true, Status: workbench.Status{Status: connectors.Status{State: connectors.StateUp}}},
		{ID: "bad", Status: workbench.Status{Refused: "networks: no"}},
		{ID: "new"},
	}
	all := at(s.must("adam", listConnectors), "connectors")
	for i, want := range []map[string]any{
		{"id": "1c", "origin": "FILE", "config": nil, "state": "UP", "index": true, "updatedAt": nil, "since": "2026-11-01T09:00:00.000Z"},
		{
			"id": "crm", "origin": "WEB", "config": map[string]any{"base_url": "https://crm"}, "secrets": []any{"auth.token"}, "version": 4.0, "index": false,
			"state": "DOWN", "problem": "no answer", "failingSince": "2026-11-01T08:00:00.000Z", "updatedBy": map[string]any{"name": "Adam"},
		},
		{"id": "off", "state": "DISABLED"},
		{"id": "bad", "state": "REFUSED", "problem": "networks: no"},
		{"id": "new", "state": "UNKNOWN", "since": nil},
	} {
		for key, v := range want {
			if got := at(all, i, key); !reflect.DeepEqual(got, v) {
				t.Errorf("%s of %v is %v, want %v", key, want["id"], got, v)
			}
		}
	}
	kinds := at(s.must("adam", listKinds), "connectorKinds")
	if !reflect.DeepEqual(at(kinds, 0, "schema"), map[string]any{"type": "object"}) || !reflect.DeepEqual(at(kinds, 0, "secretsStay"), []any{"limits"}) ||
		at(kinds, 0, "presets", 0, "title") != "EspoCRM" || at(kinds, 1, "schema", "type") != "object" {
		t.Errorf("kinds are %v", kinds)
	}
}

func TestDraftReachesTheWorkbenchWhole(t *testing.T) {
	s := newStand(t)
	s.bench.saved = workbench.Connector{ID: "crm", Version: 3}
	if d := s.must("adam", saveConnector, "d", draftOfTest); at(d, "upsertConnector", "connector", "version") != 3.0 {
		t.Errorf("saved %v", d)
	}
	token := "s3cret"
	want := workbench.Draft{
		ID: "crm", Kind: "httpjson", Name: "CRM", Config: json.RawMessage(`{"list":["a"],"n":1}`), Version: 2, NoIndex: true,
		Secrets: map[string]*string{"auth.token": &token, "auth.password": nil},
	}
	if !reflect.DeepEqual(s.bench.asked, []any{want, "adam"}) {
		t.Errorf("the workbench was asked %+v", s.bench.asked)
	}
	s.bench.asked = nil
	if d := s.must("adam", stopConnector); at(d, "switchConnector", "connector", "state") != "DISABLED" ||
		!reflect.DeepEqual(s.bench.asked, []any{"crm", true, int64(3), "adam"}) {
		t.Errorf("switched %v, asked %+v", d, s.bench.asked)
	}
	s.bench.asked = nil
	s.must("adam", `mutation($d: ConnectorDraftInput!) { testConnector(input: {draft: $d}) { checked } }`, "d", draftOfTest)
	if got := s.bench.asked[0].(workbench.Subject); got.ID != "" || !reflect.DeepEqual(*got.Draft, want) {
		t.Errorf("the workbench was asked to test %+v", got)
	}
	if a := s.do("adam", `mutation { testConnector(input: {}) { checked } }`); a.code() != "BAD_USER_INPUT" {
		t.Errorf("nothing to test: %s", a.Body)
	}
	s.bench.err = errs.Field("saving", "config.base_url", "is no address")
	a := s.do("adam", saveConnector, "d", draftOfTest)
	if fields, _ := a.Errors[0].Extensions["fields"].(map[string]any); a.code() != "BAD_USER_INPUT" || fields["config.base_url"] != "is no address" {
		t.Errorf("a wrong field: %s", a.Body)
	}
}

func TestTrialsAreShown(t *testing.T) {
	s := newStand(t)
	s.bench.tested = workbench.Tested{
		Checked: true, Capabilities: []string{"CHECK"}, Trial: workbench.Trial{
			Problem: errs.E(errs.Unauthenticated, "checking", "the password was refused"), Took: 1500 * time.Millisecond, Dropped: 2,
			Requests: []trace.Request{{Method: "GET", Target: "https://crm/x", Status: 401, Bytes: 7, Took: time.Second}, {Method: "SQL", Target: "queries.lookup", Rows: 3}},
		},
	}
	d := at(s.must("adam", testConnector), "testConnector")
	for path, want := range map[string]any{
		"trial.ok": false, "trial.problem": "the password was refused", "trial.code": "UNAUTHENTICATED", "trial.took": 1.5, "trial.more": 2.0, "checked": true,
	} {
		if got := dig(d, path); got != want {
			t.Errorf("%s is %v, want %v", path, got, want)
		}
	}
	if at(d, "trial", "requests", 0, "status") != 401.0 || at(d, "trial", "requests", 1, "status") != nil || at(d, "trial", "requests", 1, "rows") != 3.0 {
		t.Errorf("requests are %v", at(d, "trial", "requests"))
	}
	s.bench.tested.Problem = errs.E(errs.Internal, "checking", "")
	if d := s.must("adam", testConnector); at(d, "testConnector", "trial", "problem") != "internal error" {
		t.Errorf("a defect: %v", d)
	}
	caller := customers.Number{E164: "+79161234567", Kind: customers.NumberPublic}
	s.bench.tried = workbench.Tried{
		Number: caller, Match: customers.Match{State: customers.MatchFound, Chosen: &romashka},
		Found: []customers.Examined{
			{
				Candidate: connectors.Candidate{Ref: connectors.Ref{Type: "contact", ID: "7"}, Kind: connectors.KindCompany, Name: "Romashka", Emails: []string{"a@b"}, Owner: connectors.Person{Name: "Orlov"}},
				Phones:    []customers.ExaminedPhone{{Raw: "8 916 1234567, 101", Label: "work", Numbers: []customers.ExaminedNumber{{Number: caller, Why: customers.ReasonExact}, {Number: customers.Number{E164: "101"}}}}},
				Why:       customers.ReasonExact, Also: []customers.Reason{customers.ReasonOpen}, Place: 1,
			},
			{LeftOut: customers.LeftOutNumber},
		},
	}
	d = at(s.must("adam", tryConnector), "tryConnector")
	for i, want := range []map[string]any{
		{"type": "contact", "id": "7", "kind": "COMPANY", "why": "EXACT", "place": 1.0, "leftOut": nil, "responsible": "Orlov"},
		{"why": nil, "place": nil, "leftOut": "NUMBER", "kind": "PERSON"},
	} {
		for key, v := range want {
			if got := at(d, "found", i, key); got != v {
				t.Errorf("%s of record %d is %v, want %v", key, i, got, v)
			}
		}
	}
	if at(d, "found", 0, "phones", 0, "numbers", 0, "why") != "EXACT" || at(d, "found", 0, "phones", 0, "numbers", 1, "why") != nil || at(d, "match", "chosen", "name") == nil {
		t.Errorf("tried: %v", d)
	}
	if s.bench.asked[len(s.bench.asked)-1] != "8 916 123-45-67" {
		t.Errorf("asked about %v", s.bench.asked)
	}
}
