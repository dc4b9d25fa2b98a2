package sim

import (
	"fmt"
	"net/http"
	"strings"
)

// Pipedrive simulates API v2: search of persons by number or name, lists with a cursor, activities.
func Pipedrive(token string) *Sim {
	s := newSim()
	fault := func(status int, text string) (int, any) {
		return status, Object{"success": false, "error": text, "error_info": "Please check developers.pipedrive.com", "data": nil}
	}
	in := func(f func(r *http.Request) (int, any)) func(r *http.Request) (int, any) {
		return func(r *http.Request) (int, any) {
			if r.Header.Get("x-api-token") != token {
				return fault(http.StatusUnauthorized, "unauthorized access")
			}
			return f(r)
		}
	}
	s.handle("GET /api/v1/users/me", in(func(*http.Request) (int, any) {
		return http.StatusOK, Object{"success": true, "data": Object{"id": 9, "name": "Pult", "company_domain": "demo"}}
	}))
	s.handle("GET /api/v1/users", in(func(*http.Request) (int, any) {
		return http.StatusOK, Object{"success": true, "data": s.Set("users")}
	}))
	s.handle("GET /api/v2/persons/search", in(func(r *http.Request) (int, any) {
		s.params(r, "term", "fields", "exact_match", "limit", "cursor")
		q := r.URL.Query()
		term := q.Get("term")
		if len([]rune(term)) < 2 {
			return fault(http.StatusBadRequest, "term must have at least 2 characters")
		}
		if n := toInt(q.Get("limit")); n < 1 || n > 500 {
			s.violate("limit %s", q.Get("limit"))
		}
		items := []Object{}
		for _, p := range s.Set("persons") {
			hit := false
			switch q.Get("fields") {
			case "phone":
				for _, n := range list(p["phones"]) {
					hit = hit || strings.Contains(digits(text(object(n)["value"])), digits(term))
				}
			case "name":
				hit = likeMatch("%"+strings.NewReplacer(`\`, `\\`, "%", `\%`, "_", `\_`).Replace(term)+"%", text(p["name"]))
			default:
				s.violate("fields %s", q.Get("fields"))
			}
			if hit {
				var phones []any
				for _, n := range list(p["phones"]) {
					phones = append(phones, object(n)["value"])
				}
				items = append(items, Object{"result_score": 0.5, "item": Object{
					"id": p["id"], "type": "person", "name": p["name"], "phones": phones, "emails": []any{}, "organization": p["organization"],
					"owner": Object{"id": p["owner_id"]},
				}})
			}
		}
		return http.StatusOK, Object{"success": true, "data": Object{"items": page(items, 0, toInt(q.Get("limit")))}, "additional_data": Object{"next_cursor": nil}}
	}))
	one := func(o Object) Object {
		out := clone(o)
		org := object(out["organization"])
		delete(out, "organization")
		out["org_id"] = org["id"]
		return out
	}
	s.handle("GET /api/v2/persons", in(func(r *http.Request) (int, any) {
		s.params(r, "limit", "cursor", "sort_by", "sort_direction")
		from := 0
		if c := r.URL.Query().Get("cursor"); c != "" {
			if _, err := fmt.Sscanf(c, "after-%d", &from); err != nil {
				return fault(http.StatusBadRequest, "Invalid cursor")
			}
		}
		limit := toInt(r.URL.Query().Get("limit"))
		all := s.Set("persons")
		data := []Object{}
		for _, p := range page(all, from, limit) {
			data = append(data, one(p))
		}
		var next any
		if from+limit < len(all) {
			next = fmt.Sprintf("after-%d", from+limit)
		}
		return http.StatusOK, Object{"success": true, "data": data, "additional_data": Object{"next_cursor": next}}
	}))
	s.handle("GET /api/v2/persons/{id}", in(func(r *http.Request) (int, any) {
		if p, ok := s.find("persons", "id", r.PathValue("id")); ok {
			return http.StatusOK, Object{"success": true, "data": one(p)}
		}
		return fault(http.StatusNotFound, "Person not found")
	}))
	s.handle("GET /api/v2/organizations/{id}", in(func(r *http.Request) (int, any) {
		if p, ok := s.find("organizations", "id", r.PathValue("id")); ok {
			return http.StatusOK, Object{"success": true, "data": p}
		}
		return fault(http.StatusNotFound, "Organization not found")
	}))
	s.handle("POST /api/v2/persons", in(func(r *http.Request) (int, any) {
		o, ok := s.input(r)
		if !ok || !s.required("person", o, "name") {
			return fault(http.StatusBadRequest, "body")
		}
		s.fields("person", o, "name", "owner_id", "phones", "emails")
		o["id"] = s.next()
		s.Add("persons", o)
		return http.StatusOK, Object{"success": true, "data": one(o)}
	}))
	s.handle("GET /api/v2/deals", in(func(r *http.Request) (int, any) {
		s.params(r, "person_id", "limit", "sort_by", "sort_direction")
		data := []Object{}
		for _, d := range s.Set("deals") {
			if fmt.Sprint(d["person_id"]) == r.URL.Query().Get("person_id") {
				data = append(data, d)
			}
		}
		return http.StatusOK, Object{"success": true, "data": data}
	}))
	known := []string{"subject", "type", "done", "due_date", "due_time", "duration", "note", "participants", "owner_id"}
	s.handle("GET /api/v2/activities", in(func(r *http.Request) (int, any) {
		s.params(r, "person_id", "limit", "sort_by", "sort_direction")
		data := []Object{}
		for _, a := range s.Set("activities") {
			if fmt.Sprint(object(list(a["participants"])[0])["person_id"]) == r.URL.Query().Get("person_id") {
				data = append([]Object{a}, data...)
			}
		}
		return http.StatusOK, Object{"success": true, "data": page(data, 0, toInt(r.URL.Query().Get("limit"))), "additional_data": Object{"next_cursor": nil}}
	}))
	s.handle("POST /api/v2/activities", in(func(r *http.Request) (int, any) {
		o, ok := s.input(r)
		if !ok || !s.required("activity", o, "subject", "type", "participants") {
			return fault(http.StatusBadRequest, "body")
		}
		s.fields("activity", o, known...)
		o["id"] = s.next()
		s.Add("activities", o)
		return http.StatusOK, Object{"success": true, "data": o}
	}))
	s.handle("GET /api/v2/activities/{id}", in(func(r *http.Request) (int, any) {
		if a, ok := s.find("activities", "id", r.PathValue("id")); ok {
			return http.StatusOK, Object{"success": true, "data": a}
		}
		return fault(http.StatusNotFound, "Activity not found")
	}))
	s.handle("DELETE /api/v2/activities/{id}", in(func(r *http.Request) (int, any) {
		if !s.remove("activities", "id", r.PathValue("id")) {
			return fault(http.StatusNotFound, "Activity not found")
		}
		return http.StatusOK, Object{"success": true, "data": Object{"id": toInt(r.PathValue("id"))}}
	}))
	s.handle("PATCH /api/v2/activities/{id}", in(func(r *http.Request) (int, any) {
		o, ok := s.input(r)
		s.fields("activity", o, known...)
		if !ok || !s.change("activities", "id", r.PathValue("id"), o) {
			return fault(http.StatusNotFound, "Activity not found")
		}
		o["id"] = toInt(r.PathValue("id"))
		return http.StatusOK, Object{"success": true, "data": o}
	}))
	return s
}
