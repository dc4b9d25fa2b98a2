package httpjson_test

import (
	"fmt"
	"html"
	"maps"
	"regexp"
	"strings"
	"sync"
	"testing"

	"github.com/pult-cc/pult/connectors"
	"github.com/pult-cc/pult/connectors/connectortest"
	"github.com/pult-cc/pult/connectors/httpjson"
	"github.com/pult-cc/pult/internal/lab"
)

// realOdoo is a running Odoo with a user for Pult, who has the rights that docs/connectors/odoo.md names and no more.
type realOdoo struct {
	*lab.Odoo
	user   int
	first  int // partners from this id on were put in by a test
	owners map[string]int
	fault  connectortest.Fault
}

type (
	values = map[string]any
	domain = []any
)

func startOdoo(t *testing.T) *realOdoo {
	t.Helper()
	server, err := lab.StartOdoo(t.Context(), lab.ServerOptions{})
	if err != nil {
		t.Fatal(err)
	}
	o := &realOdoo{Odoo: server, owners: map[string]int{}}
	t.Cleanup(func() {
		if err := o.Close(); err != nil {
			t.Error(err)
		}
	})
	o.user = o.employee(t, "Pult", "pult", "base.group_partner_manager", "sales_team.group_sale_salesman_all_leads")
	// Odoo refuses an address for a minute after some wrong passwords. The suite gives more than some.
	o.do(t, nil, "ir.config_parameter", "set_param", "base.login_cooldown_after", "0")
	o.employee(t, "Орлов Игорь", "orlov")
	o.employee(t, "Стажёр", "trainee")
	var last []struct{ ID int }
	o.do(t, &last, "res.partner", "search_read", everybody(), []string{"id"}, 0, 1, "id desc")
	o.first = last[0].ID + 1
	return o
}

// do calls a method as the administrator.
func (o *realOdoo) do(t *testing.T, result any, model, method string, args ...any) {
	t.Helper()
	if err := o.Execute(t.Context(), result, model, method, args, values{"context": values{"active_test": false}}); err != nil {
		t.Fatal(err)
	}
}

// everybody is a domain: archived ones, too.
func everybody(more ...any) domain {
	return append(domain{[]any{"active", "in", []bool{true, false}}}, more...)
}

func (o *realOdoo) employee(t *testing.T, name, login string, groups ...string) int {
	t.Helper()
	rights := []any{}
	for _, g := range append([]string{"base.group_user"}, groups...) {
		module, id, _ := strings.Cut(g, ".")
		var found []struct {
			Res int `json:"res_id"`
		}
		o.do(t, &found, "ir.model.data", "search_read", domain{[]any{"module", "=", module}, []any{"name", "=", id}}, []string{"res_id"})
		rights = append(rights, []any{4, found[0].Res})
	}
	var id int
	o.do(t, &id, "res.users", "create", values{"name": name, "login": login, "password": secret, "groups_id": rights})
	o.owners[name] = id
	return id
}

func (o *realOdoo) search(t *testing.T, model string, where domain) (ids []int) {
	t.Helper()
	o.do(t, &ids, model, "search", where)
	return ids
}

// hold leaves nobody in the base but these customers.
func (o *realOdoo) hold(t *testing.T, list []connectortest.Customer) {
	t.Helper()
	o.do(t, nil, "crm.lead", "unlink", o.search(t, "crm.lead", domain{}))
	o.do(t, nil, "res.partner", "unlink", o.search(t, "res.partner", domain{[]any{"id", ">=", o.first}}))
	ids := map[string]int{}
	for _, kind := range []connectors.Kind{connectors.KindCompany, connectors.KindPerson} {
		var names []string
		var records []values
		for _, c := range list {
			if c.Kind != kind {
				continue
			}
			v := values{"name": c.Name, "is_company": kind == connectors.KindCompany, "active": !c.Deleted}
			if parent, ok := ids[c.Company]; ok {
				v["parent_id"] = parent
			}
			if c.TaxID != "" {
				v["vat"] = c.TaxID
			}
			if owner, ok := o.owners[c.Owner]; ok {
				v["user_id"] = owner
			}
			for i, field := range []string{"phone", "mobile"} {
				if i < len(c.Phones) {
					v[field] = c.Phones[i]
				}
			}
			names, records = append(names, c.Name), append(records, v)
		}
		if len(records) == 0 {
			continue
		}
		var made []int
		o.do(t, &made, "res.partner", "create", records)
		for i, id := range made {
			ids[names[i]] = id
		}
	}
	for _, c := range list {
		for i, b := range c.Business {
			var lead int
			o.do(t, &lead, "crm.lead", "create", values{"name": b.Title, "type": "opportunity", "partner_id": ids[c.Name], "expected_revenue": 1000.5})
			if !b.Open { // won and lost by turns
				o.do(t, nil, "crm.lead", []string{"action_set_won", "action_set_lost"}[i/2%2], []int{lead})
			}
		}
	}
}

// suffer makes Odoo itself cause a fault, after the one before has ended.
func (o *realOdoo) suffer(t *testing.T, f connectortest.Fault) {
	t.Helper()
	var err error
	switch before := o.fault; before {
	case connectortest.Slow:
		err = o.Resume()
	case connectortest.Down:
		err = o.Restart(t.Context())
	case connectortest.Unauthorized:
		o.do(t, nil, "res.users", "write", []int{o.user}, values{"password": secret})
	case connectortest.Forbidden:
		o.do(t, nil, "res.users", "write", []int{o.user}, values{"active": true})
	}
	if err != nil {
		t.Fatal(err)
	}
	switch o.fault = f; f {
	case connectortest.Slow:
		err = o.Hang()
	case connectortest.Down:
		err = o.Kill()
	case connectortest.Unauthorized:
		o.do(t, nil, "res.users", "write", []int{o.user}, values{"password": "another"})
	case connectortest.Forbidden:
		o.do(t, nil, "res.users", "write", []int{o.user}, values{"active": false})
	}
	if err != nil {
		t.Fatal(err)
	}
}

var tag = regexp.MustCompile(`<[^>]*>`)

// written returns the texts of every record that has the key, as a reader sees them.
func (o *realOdoo) written(t *testing.T, what connectortest.Record, key string) (out []string) {
	t.Helper()
	model, field := "mail.message", "body"
	if what == connectortest.Tasks {
		model, field = "mail.activity", "note"
	}
	var found []values
	o.do(t, &found, model, "search_read", domain{[]any{field, "ilike", key}})
	for _, v := range found {
		text := tag.ReplaceAllString(strings.ReplaceAll(fmt.Sprint(v[field]), "<br>", "\n"), "")
		out = append(out, fmt.Sprintln(v["res_id"], v["summary"], html.UnescapeString(text)))
	}
	return out
}

func (o *realOdoo) config(more values) values {
	settings := values{"database": o.Database, "login": "pult"}
	maps.Copy(settings, more)
	return values{"settings": settings, "secrets": values{"password": "env:SECRET"}}
}

func (o *realOdoo) driver(t *testing.T, more values) *httpjson.Driver {
	t.Helper()
	d := open(t, o.URL, "odoo-rpc", o.config(more))
	t.Cleanup(func() { _ = d.Close() })
	return d
}

func (o *realOdoo) system(t *testing.T, list []connectortest.Customer) connectortest.System {
	t.Helper()
	o.suffer(t, "")
	o.hold(t, list)
	d := open(t, o.URL, "odoo-rpc", o.config(nil))
	var once sync.Once
	return connectortest.System{
		Driver: d, ID: "crm", Secret: secret,
		// Down is last: Odoo takes some seconds to come back.
		Faults:  []connectortest.Fault{connectortest.Slow, connectortest.Unauthorized, connectortest.Forbidden, connectortest.Down},
		Inject:  func(f connectortest.Fault) { o.suffer(t, f) },
		Reopen:  func() connectors.Driver { return o.driver(t, nil) },
		Written: func(what connectortest.Record, key string) []string { return o.written(t, what, key) },
		Close:   func() { once.Do(func() { _ = d.Close() }) },
	}
}
