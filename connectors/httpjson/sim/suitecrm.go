package sim

import (
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strings"
)

// SuiteCRM simulates the V8 API, which is JSON:API: filters per field, one of them enough or all wanted.
func SuiteCRM(id, secret string) *Sim {
	s := newSim()
	s.tokens("/Api/access_token", id, secret)
	fault := func(status int, detail string) (int, any) {
		return status, Object{"errors": Object{"status": status, "title": nil, "detail": detail}}
	}
	person := []string{"name", "first_name", "last_name", "phone_work", "phone_mobile", "phone_home", "email1", "account_name", "assigned_user_id", "assigned_user_name", "description", "date_entered"}
	modules := map[string][]string{
		"Contacts": person, "Leads": person,
		"Accounts":      {"name", "phone_office", "phone_alternate", "email1", "assigned_user_id", "assigned_user_name", "description", "date_entered", "inn_c"},
		"Opportunities": {"name", "sales_stage", "amount", "account_id", "date_modified", "assigned_user_name"},
		"Cases":         {"name", "status", "account_id", "date_modified", "assigned_user_name"},
		"Calls":         {"name", "status", "direction", "date_start", "duration_hours", "duration_minutes", "description", "parent_type", "parent_id", "assigned_user_id"},
		"Tasks":         {"name", "status", "date_due", "description", "parent_type", "parent_id", "assigned_user_id"},
		"Users":         {"user_name", "full_name", "email1", "phone_work", "status"},
	}
	shown := func(module string, o Object, fields []any) Object {
		out := Object{}
		for _, f := range fields {
			out[text(f)] = o[text(f)]
		}
		return Object{"type": strings.TrimSuffix(module, "s"), "id": o["id"], "attributes": out, "relationships": Object{}}
	}
	in := func(f func(r *http.Request, module string) (int, any)) func(r *http.Request) (int, any) {
		return func(r *http.Request) (int, any) {
			if r.Header.Get("Authorization") != "Bearer "+accessToken {
				return http.StatusUnauthorized, Object{"error": "access_denied", "message": "The resource owner or authorization server denied the request."}
			}
			m := r.PathValue("module")
			if m != "" && modules[m] == nil {
				s.violate("no module %s", m)
				return fault(http.StatusBadRequest, "Module "+m+" does not exist")
			}
			return f(r, m)
		}
	}
	s.handle("GET /Api/V8/current-user", in(func(*http.Request, string) (int, any) {
		return http.StatusOK, Object{"data": Object{"type": "User", "id": "1", "attributes": Object{"user_name": "pult"}}}
	}))
	filter := regexp.MustCompile(`^filter\[(\w+)\]\[(\w+)\]$`)
	s.handle("GET /Api/V8/module/{module}", in(func(r *http.Request, m string) (int, any) {
		q := r.URL.Query()
		s.params(r, "filter[*", "fields[*", "page[size]", "page[number]", "sort")
		fields := split(q.Get("fields[" + strings.TrimSuffix(m, "s") + "]"))
		if m == "Opportunities" {
			fields = split(q.Get("fields[Opportunity]"))
		}
		for _, f := range fields {
			if !slices.Contains(modules[m], text(f)) {
				s.violate("no field %v of %s", f, m)
				return fault(http.StatusBadRequest, "The following field in "+m+" module is not found: "+text(f))
			}
		}
		found := []Object{}
		for _, o := range s.Set(m) {
			hits, conditions := 0, 0
			for name, values := range q {
				if name == "filter[operator]" || !strings.HasPrefix(name, "filter[") {
					continue
				}
				p := filter.FindStringSubmatch(name)
				if p == nil || p[1] != "id" && !slices.Contains(modules[m], p[1]) {
					s.violate("filter %s", name)
					return fault(http.StatusBadRequest, "filter")
				}
				conditions++
				v, hit := text(o[p[1]]), false
				switch p[2] {
				case "eq":
					hit = strings.EqualFold(v, values[0])
				case "gt":
					hit = v > values[0]
				case "like":
					hit = likeMatch(values[0], v)
				default:
					s.violate("operator %s", p[2])
				}
				if hit {
					hits++
				}
			}
			if conditions == hits || q.Get("filter[operator]") == "or" && hits > 0 {
				found = append(found, o)
			}
		}
		slices.SortStableFunc(found, func(a, b Object) int { return strings.Compare(text(a["id"]), text(b["id"])) })
		data := []Object{}
		for _, o := range page(found, 0, toInt(q.Get("page[size]"))) {
			data = append(data, shown(m, o, fields))
		}
		return http.StatusOK, Object{"meta": Object{"total-pages": 1, "records-on-this-page": len(data)}, "data": data}
	}))
	s.handle("GET /Api/V8/module/{module}/{id}", in(func(r *http.Request, m string) (int, any) {
		o, ok := s.find(m, "id", r.PathValue("id"))
		if !ok {
			return fault(http.StatusBadRequest, "Module "+m+" with id "+r.PathValue("id")+" is not found")
		}
		return http.StatusOK, Object{"data": shown(m, o, split(r.URL.Query().Get("fields["+strings.TrimSuffix(m, "s")+"]")))}
	}))
	write := func(r *http.Request, _ string) (int, any) {
		o, ok := s.input(r, "application/json", "application/vnd.api+json")
		if !ok {
			return fault(http.StatusBadRequest, "body")
		}
		data := object(o["data"])
		m, a := text(data["type"]), object(data["attributes"])
		if modules[m] == nil {
			s.violate("no module %s", m)
			return fault(http.StatusBadRequest, "module")
		}
		s.fields(m, a, modules[m]...)
		if r.Method == http.MethodPatch {
			if !s.change(m, "id", text(data["id"]), a) {
				return fault(http.StatusBadRequest, m+" with id is not found")
			}
			return http.StatusCreated, Object{"data": Object{"type": m, "id": data["id"], "attributes": a}}
		}
		if m == "Contacts" {
			a["name"] = strings.TrimSpace(text(a["first_name"]) + " " + text(a["last_name"]))
		}
		a["id"] = fmt.Sprintf("00000000-0000-4000-8000-%012d", s.next())
		s.Add(m, a)
		return http.StatusCreated, Object{"data": Object{"type": m, "id": a["id"], "attributes": a}}
	}
	s.handle("POST /Api/V8/module", in(write))
	s.handle("PATCH /Api/V8/module", in(write))
	return s
}
