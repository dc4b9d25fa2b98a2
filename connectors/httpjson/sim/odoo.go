package sim

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
)

// The model and its methods are the same behind both of Odoo's interfaces.

// odooFault is what Odoo answers with instead of a result.
type odooFault struct{ name, message string }

const (
	odooDenied  = "odoo.exceptions.AccessDenied"
	odooMissing = "odoo.exceptions.MissingError"
	odooValue   = "builtins.ValueError"
	odooNoBase  = "psycopg2.OperationalError"
)

var odooFields = map[string][]string{
	"res.partner":   {"id", "name", "is_company", "parent_id", "phone", "mobile", "email", "vat", "user_id", "active", "comment", "type"},
	"res.users":     {"id", "name", "login", "email", "share"},
	"mail.message":  {"id", "model", "res_id", "body", "message_type", "date", "author_id", "subject"},
	"mail.activity": {"id", "summary", "note", "date_deadline", "res_id", "res_model_id", "res_model", "activity_type_id", "user_id"},
	"ir.model":      {"id", "model"},
	"crm.lead":      {"id", "name", "partner_id", "stage_id", "probability", "active", "expected_revenue", "user_id", "write_date", "type"},
}

// NewOdoo makes the data of an Odoo.
func newOdoo() *Sim {
	s := newSim()
	s.Add("ir.model", Object{"id": 77, "model": "res.partner"})
	return s
}

// OdooRPC simulates JSON-RPC of Odoo 14 to 18: errors come with status 200, and an empty field is false. TestRealOdoo compares it
// with a real Odoo 14. Later ones keep notes of a partner as HTML.
func OdooRPC(version int, db, login, password string) *Sim {
	s := newOdoo()
	s.Add("res.partner", Object{"id": 1, "name": "My Company", "is_company": true, "active": true, "phone": "", "type": "contact"})
	notes := "text"
	if version > 14 {
		notes = "html"
	}
	s.Add("fields", Object{"model": "res.partner", "name": "comment", "type": notes})
	s.handle("POST /jsonrpc", func(r *http.Request) (int, any) {
		o, ok := s.input(r)
		if !ok {
			return http.StatusBadRequest, nil
		}
		answer := func(v any, f *odooFault) (int, any) {
			out := Object{"jsonrpc": "2.0", "id": o["id"]}
			if f != nil {
				out["error"] = Object{"code": 200, "message": "Odoo Server Error", "data": Object{"name": f.name, "message": f.message, "debug": "Traceback"}}
			} else {
				out["result"] = v
			}
			return http.StatusOK, out
		}
		s.fields("jsonrpc", o, "jsonrpc", "id", "method", "params")
		p := object(o["params"])
		args := list(p["args"])
		if p["service"] != "common" || p["method"] != "version" {
			if len(args) == 0 || args[0] != db {
				return answer(nil, &odooFault{odooNoBase, fmt.Sprintf("FATAL:  database %q does not exist\n", append(args, "")[0])})
			}
		}
		switch text(p["service"]) + "." + text(p["method"]) {
		case "common.version":
			return answer(Object{"server_version": fmt.Sprintf("%d.0", version), "protocol_version": 1}, nil)
		case "common.login":
			if len(args) != 3 || args[1] != login || args[2] != password {
				return answer(false, nil)
			}
			return answer(6, nil)
		case "object.execute_kw":
			if len(args) < 6 || fmt.Sprint(args[1]) != "6" || args[2] != password {
				return answer(nil, &odooFault{odooDenied, "Access Denied"})
			}
			return answer(s.odoo(text(args[3]), text(args[4]), list(args[5]), object(append(args, Object{})[6])))
		}
		s.violate("no method %v.%v", p["service"], p["method"])
		return answer(nil, &odooFault{odooValue, "no such method"})
	})
	return s
}

// OdooJSON2 simulates the JSON-2 interface of Odoo 19: named arguments, a status of its own for every error.
func OdooJSON2(db, key string) *Sim {
	s := newOdoo()
	s.handle("GET /web/version", func(*http.Request) (int, any) {
		return http.StatusOK, Object{"version_info": []any{19, 0, 0, "final", 0, ""}, "version": "19.0"}
	})
	s.handle("POST /json/2/{model}/{method}", func(r *http.Request) (int, any) {
		if r.Header.Get("Authorization") != "bearer "+key {
			return http.StatusUnauthorized, Object{"name": "werkzeug.exceptions.Unauthorized", "message": "Invalid apikey"}
		}
		if r.Header.Get("X-Odoo-Database") != db {
			s.violate("X-Odoo-Database %q", r.Header.Get("X-Odoo-Database"))
		}
		o, ok := s.input(r)
		if !ok {
			return http.StatusBadRequest, nil
		}
		method := r.PathValue("method")
		positional := map[string][]string{
			"search_read": {"domain", "fields", "offset", "limit", "order"}, "create": {"vals_list"}, "write": {"vals"}, "unlink": {}, "message_post": nil,
			"read": {"fields"}, "context_get": {},
		}
		if _, known := positional[method]; !known {
			s.violate("method %s", method)
			return http.StatusNotFound, Object{"name": "werkzeug.exceptions.NotFound", "message": "no such method"}
		}
		var args []any
		kw := Object{}
		for k, v := range o {
			switch {
			case k == "context":
			case k == "ids":
				args = append([]any{v}, args...)
			case k == "vals_list", k == "vals":
				args = append(args, v)
			default:
				kw[k] = v
			}
		}
		v, f := s.odoo(r.PathValue("model"), method, args, kw)
		if f != nil {
			status := map[string]int{odooMissing: http.StatusNotFound, odooValue: http.StatusInternalServerError}[f.name]
			return status, Object{"name": f.name, "message": f.message, "arguments": []any{}, "debug": "Traceback"}
		}
		return http.StatusOK, v
	})
	return s
}

func (s *Sim) odoo(model, method string, args []any, kw Object) (any, *odooFault) {
	fields := odooFields[model]
	if fields == nil && !(model == "res.users" && method == "context_get") {
		s.violate("no model %s", model)
		return nil, &odooFault{odooValue, "no model " + model}
	}
	switch method {
	case "context_get":
		return Object{"lang": "ru_RU", "uid": 6}, nil
	case "search_read":
		s.fields(model+".search_read", kw, "domain", "fields", "limit", "offset", "order")
		domain := list(kw["domain"])
		if len(args) > 0 {
			domain = list(args[0])
		}
		found := []Object{}
		for _, o := range s.Set(model) {
			if o["active"] == false && !strings.Contains(fmt.Sprint(domain), "active") {
				continue // archived ones are left out unless asked for
			}
			if s.odooMatch(model, domain, o) {
				found = append(found, odooRead(o, list(kw["fields"])))
			}
		}
		if order := text(kw["order"]); order != "" {
			by, way, _ := strings.Cut(order, " ")
			if !slices.Contains(fields, by) {
				s.violate("order by %s", order)
			}
			slices.SortStableFunc(found, func(a, b Object) int { return compareAny(a[by], b[by]) })
			if way == "desc" {
				slices.Reverse(found)
			}
		}
		limit := len(found)
		if n, err := json.Number(text(kw["limit"])).Int64(); err == nil && n > 0 {
			limit = int(n)
		}
		return page(found, 0, limit), nil
	case "fields_get":
		if len(args) != 2 || fmt.Sprint(args[1]) != "[type]" {
			s.violate("fields_get of %s with %v", model, args)
		}
		out := Object{}
		for _, f := range s.Set("fields") {
			if f["model"] == model && slices.Contains(list(args[0]), f["name"]) {
				out[text(f["name"])] = Object{"type": f["type"]}
			}
		}
		return out, nil
	case "create":
		single := true
		vals := object(args[0])
		if l := list(args[0]); l != nil {
			single, vals = false, object(l[0])
		}
		s.fields(model, vals, fields...)
		id := s.next()
		vals["id"] = id
		switch model { // what Odoo fills in itself
		case "res.partner":
			vals["active"] = true
		case "mail.activity":
			vals["res_model"] = "res.partner"
			vals["res_model_id"] = []any{vals["res_model_id"], "Contact"}
			vals["activity_type_id"] = false
			if vals["date_deadline"] == nil {
				vals["date_deadline"] = "2026-03-04"
			}
			if vals["user_id"] == nil {
				vals["user_id"] = []any{6, "Pult"}
			}
		case "mail.message":
			vals["author_id"] = []any{7, "Pult"}
			if vals["date"] == nil {
				vals["date"] = "2026-03-04 09:15:30"
			}
		}
		tidy(vals)
		s.Add(model, vals)
		if single {
			return id, nil
		}
		return []any{id}, nil
	case "write":
		ids, vals := list(args[0]), object(args[1])
		s.fields(model, vals, fields...)
		tidy(vals)
		for _, id := range ids {
			if !s.change(model, "id", fmt.Sprint(id), vals) {
				return nil, &odooFault{odooMissing, "Record does not exist or has been deleted."}
			}
		}
		return true, nil
	case "unlink":
		for _, id := range list(args[0]) {
			if !s.remove(model, "id", fmt.Sprint(id)) {
				return nil, &odooFault{odooMissing, "Record does not exist or has been deleted."}
			}
		}
		return true, nil
	}
	s.violate("no method %s.%s", model, method)
	return nil, &odooFault{odooValue, "no method " + method}
}

// tidy is what becomes of HTML that Odoo takes.
func tidy(vals Object) {
	for _, f := range []string{"body", "note"} {
		if v, ok := vals[f].(string); ok {
			vals[f] = "<p>" + strings.NewReplacer("<br/>", "<br>", "&quot;", `"`, "&#39;", "'").Replace(v) + "</p>"
		}
	}
}

func odooRead(o Object, fields []any) Object {
	out := Object{"id": o["id"]}
	for _, f := range fields {
		v, ok := o[text(f)]
		if !ok || v == nil {
			v = false
		}
		out[text(f)] = v
	}
	return out
}

func compareAny(a, b any) int {
	x, okA := toFloat(a)
	y, okB := toFloat(b)
	if okA && okB {
		switch {
		case x < y:
			return -1
		case x > y:
			return 1
		}
		return 0
	}
	return strings.Compare(fmt.Sprint(a), fmt.Sprint(b))
}

func toFloat(v any) (float64, bool) {
	switch v := v.(type) {
	case float64:
		return v, true
	case int:
		return float64(v), true
	}
	return 0, false
}

// odooMatch evaluates a domain: conditions in prefix notation, joined by & where nothing is said.
func (s *Sim) odooMatch(model string, domain []any, o Object) bool {
	rest := domain
	out := true
	for len(rest) > 0 {
		var ok bool
		ok, rest = s.odooTerm(model, rest, o)
		out = out && ok
	}
	return out
}

func (s *Sim) odooTerm(model string, d []any, o Object) (bool, []any) {
	if len(d) == 0 {
		s.violate("domain ends early")
		return false, nil
	}
	switch d[0] {
	case "|":
		a, rest := s.odooTerm(model, d[1:], o)
		b, rest := s.odooTerm(model, rest, o)
		return a || b, rest
	case "&":
		a, rest := s.odooTerm(model, d[1:], o)
		b, rest := s.odooTerm(model, rest, o)
		return a && b, rest
	case "!":
		a, rest := s.odooTerm(model, d[1:], o)
		return !a, rest
	}
	leaf := list(d[0])
	if len(leaf) != 3 || !slices.Contains(odooFields[model], text(leaf[0])) {
		s.violate("domain leaf %v of %s", d[0], model)
		return false, d[1:]
	}
	v := o[text(leaf[0])]
	if pair := list(v); len(pair) == 2 {
		v = pair[0]
	}
	switch text(leaf[1]) {
	case "=":
		return odooEqual(v, leaf[2]), d[1:]
	case "!=":
		return !odooEqual(v, leaf[2]), d[1:]
	case ">":
		return compareAny(v, leaf[2]) > 0, d[1:]
	case "in":
		return slices.ContainsFunc(list(leaf[2]), func(e any) bool { return odooEqual(v, e) }), d[1:]
	case "not in":
		return !slices.ContainsFunc(list(leaf[2]), func(e any) bool { return odooEqual(v, e) }), d[1:]
	case "like":
		return v != nil && wild([]rune("%"+text(leaf[2])+"%"), []rune(text(v))), d[1:]
	case "ilike":
		return v != nil && likeMatch("%"+text(leaf[2])+"%", text(v)), d[1:]
	}
	s.violate("operator %v", leaf[1])
	return false, d[1:]
}

// odooEqual: nothing is false, and an empty text is not nothing.
func odooEqual(v, want any) bool {
	return fmt.Sprint(v) == fmt.Sprint(want) || v == nil && want == false
}
