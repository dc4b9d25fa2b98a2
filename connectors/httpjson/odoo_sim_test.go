package httpjson_test

import (
	"bytes"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/pult-cc/pult/connectors"
	"github.com/pult-cc/pult/connectors/connectortest"
	"github.com/pult-cc/pult/connectors/httpjson/sim"
)

// askOdoo sends one request, and makes what differs from Odoo to Odoo the same: ids, and the words of errors.
func askOdoo(t *testing.T, url, service, method string, args ...any) any {
	t.Helper()
	body, err := json.Marshal(values{"jsonrpc": "2.0", "id": 1, "method": "call", "params": values{"service": service, "method": method, "args": args}})
	if err != nil {
		t.Fatal(err)
	}
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, url+"/jsonrpc", bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/json")
	req.Close = true
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	var answer values
	if err := json.NewDecoder(resp.Body).Decode(&answer); err != nil || resp.StatusCode != http.StatusOK {
		t.Fatal(resp.Status, err)
	}
	if e, ok := answer["error"].(values); ok {
		data, _ := e["data"].(values)
		return values{"error": data["name"], "code": e["code"], "message": e["message"]}
	}
	return masked(answer["result"])
}

func masked(v any) any {
	switch v := v.(type) {
	case float64:
		return "a number"
	case values:
		for k, e := range v {
			v[k] = masked(e)
		}
		if v["date_deadline"] != nil {
			v["date_deadline"] = "a day"
		}
	case []any:
		for i, e := range v {
			v[i] = masked(e)
		}
	}
	return v
}

// asTheSimulator asks the real Odoo and the simulator the same and wants the same from both: what presets are tried with every
// day is then as good as what was seen here.
func (o *realOdoo) asTheSimulator(t *testing.T) {
	customers := []connectortest.Customer{
		{Kind: connectors.KindCompany, Name: "Василёк", TaxID: "7700000000", Owner: "Орлов Игорь", Phones: []string{"8 (495) 012-34-01", "+7 495 012-34-02"}},
		{Kind: connectors.KindPerson, Name: "Котова Мария", Company: "Василёк", Phones: []string{"8 (495) 012-34-03"}},
		{Kind: connectors.KindPerson, Name: "Ушедший", Deleted: true, Phones: []string{"8 (495) 012-34-04"}},
		{Kind: connectors.KindPerson, Name: "Молчун"},
	}
	o.hold(t, customers)
	s := sim.OdooRPC(14, o.Database, "pult", secret)
	fillOdoo(s, customers)
	srv := httptest.NewServer(s)
	defer srv.Close()
	var model []struct{ ID int }
	o.do(t, &model, "ir.model", "search_read", domain{[]any{"model", "=", "res.partner"}}, []string{"id"})

	both := func(service, method string, args ...any) {
		t.Helper()
		compare(t, method, args, askOdoo(t, o.URL, service, method, args...), askOdoo(t, srv.URL, service, method, args...))
	}
	call := func(model, method string, args []any, named values) {
		t.Helper()
		const simulated = 6 // the id of its only user
		compare(t, model+"."+method, args, askOdoo(t, o.URL, "object", "execute_kw", o.Database, o.user, secret, model, method, args, named),
			askOdoo(t, srv.URL, "object", "execute_kw", o.Database, simulated, secret, model, method, args, named))
	}
	read := func(model string, where domain, fields ...string) {
		t.Helper()
		call(model, "search_read", []any{where}, values{"fields": fields, "order": "id"})
	}

	both("common", "login", o.Database, "pult", secret)
	both("common", "login", o.Database, "pult", "wrong")
	both("common", "login", o.Database, "nobody", secret)
	both("common", "login", "nosuch", "pult", secret)
	both("object", "execute_kw", o.Database, 6, "wrong", "res.partner", "search_read", []any{domain{}}, values{})
	both("object", "execute_kw", "nosuch", 6, secret, "res.partner", "search_read", []any{domain{}}, values{})

	// The base's own records beside My Company differ; what has a number or a note is the test's.
	partner := []string{"name", "is_company", "parent_id", "phone", "mobile", "email", "vat", "user_id", "active", "comment", "type"}
	read("res.partner", domain{[]any{"phone", "!=", false}}, partner...)
	read("res.partner", everybody([]any{"phone", "!=", false}), partner...)
	read("res.partner", everybody([]any{"phone", "not in", []any{false, ""}}), partner...)
	read("res.partner", everybody("|", []any{"phone", "like", "%0%1%2%3%4%0%"}, []any{"mobile", "like", "%0%1%2%3%4%0%2%"}), partner...)
	read("res.partner", domain{[]any{"name", "ilike", "василёк"}}, partner...)
	read("res.partner", domain{[]any{"name", "like", "василёк"}}, partner...)
	read("res.partner", domain{[]any{"name", "=", "Молчун"}}, partner...)
	call("res.partner", "fields_get", []any{[]string{"comment"}, []string{"type"}}, nil)
	call("res.partner", "create", []any{values{"name": "Новый", "is_company": false, "phone": "", "email": false, "comment": "a < b\n[pult:k]"}}, nil)
	call("res.partner", "create", []any{[]values{{"name": "Второй", "comment": "[pult:k]"}}}, nil)
	read("res.partner", domain{[]any{"comment", "ilike", "[pult:k]"}}, "name", "is_company", "phone", "email", "comment", "active")
	call("res.partner", "write", []any{[]int{999_999}, values{"name": "x"}}, nil)

	const note = "a &amp; b &lt;i&gt; &quot;q&quot;<br/>[pult:n]"
	call("mail.message", "create", []any{values{"model": "res.partner", "res_id": 1, "message_type": "comment", "date": "2026-03-04 09:15:30", "body": note}}, nil)
	read("mail.message", domain{[]any{"body", "ilike", "[pult:n]"}}, "model", "res_id", "body", "message_type", "date", "author_id", "subject")
	call("mail.message", "unlink", []any{[]int{999_999}}, nil)
	for _, side := range []struct {
		url               string
		user, res, record int
	}{{o.URL, o.user, model[0].ID, 1}, {srv.URL, 6, 77, 1}} {
		askOdoo(t, side.url, "object", "execute_kw", o.Database, side.user, secret, "mail.activity", "create",
			[]any{values{"res_model_id": side.res, "res_id": side.record, "summary": "s", "note": note}}, values{})
	}
	read("mail.activity", domain{[]any{"note", "ilike", "[pult:n]"}}, "summary", "note", "date_deadline", "res_id", "res_model_id", "res_model", "activity_type_id", "user_id")
	for _, v := range s.Violations() {
		t.Errorf("the simulator would not take what Odoo takes: %s", v)
	}
}

func compare(t *testing.T, what string, args []any, real, simulated any) {
	t.Helper()
	a, _ := json.Marshal(real)
	b, _ := json.Marshal(simulated)
	if !bytes.Equal(a, b) {
		t.Errorf("%s %v\nOdoo says      %s\nthe simulator  %s", what, args, a, b)
	}
}
