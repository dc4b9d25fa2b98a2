package sim

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
)

// AmoCRM simulates API v4 of amoCRM (Kommo): search by words over all fields, 204 where nothing is found, calls as notes.
func AmoCRM(token string) *Sim {
	return amoCRM(func(shown string) bool { return shown == "Bearer "+token })
}

func amoCRM(letsIn func(authorization string) bool) *Sim {
	s := newSim()
	in := func(f func(r *http.Request) (int, any)) func(r *http.Request) (int, any) {
		return func(r *http.Request) (int, any) {
			if !letsIn(r.Header.Get("Authorization")) {
				return http.StatusUnauthorized, Object{"title": "Unauthorized", "type": "https://httpstatus.es/401", "status": 401, "detail": "Неверный логин или пароль"}
			}
			return f(r)
		}
	}
	answer := func(set string, found []Object) (int, any) {
		if len(found) == 0 {
			return http.StatusNoContent, nil
		}
		return http.StatusOK, Object{"_page": 1, "_embedded": Object{set: found}}
	}
	s.handle("GET /api/v4/account", in(func(*http.Request) (int, any) {
		return http.StatusOK, Object{"id": 31, "name": "Демо", "subdomain": "demo"}
	}))
	for _, set := range []string{"contacts", "companies", "leads"} {
		s.handle("GET /api/v4/"+set, in(func(r *http.Request) (int, any) {
			s.params(r, "query", "with", "limit", "page", "filter[id][]", "order[id]")
			q := r.URL.Query()
			limit := toInt(q.Get("limit"))
			if limit < 1 || limit > 250 {
				s.violate("limit %q", q.Get("limit"))
			}
			var found []Object
			for _, o := range s.Set(set) {
				if ids := q["filter[id][]"]; len(ids) > 0 && !slices.Contains(ids, fmt.Sprint(o["id"])) {
					continue
				}
				if query := q.Get("query"); query == "" || amoMatch(o, query) {
					found = append(found, o)
				}
			}
			n := max(1, toInt(q.Get("page")))
			return answer(set, page(found, (n-1)*limit, limit))
		}))
		s.handle("GET /api/v4/"+set+"/{id}", in(func(r *http.Request) (int, any) {
			s.params(r, "with")
			if o, ok := s.find(set, "id", r.PathValue("id")); ok {
				return http.StatusOK, o
			}
			return http.StatusNoContent, nil
		}))
		if set == "leads" {
			continue
		}
		s.handle("GET /api/v4/"+set+"/{id}/notes", in(func(r *http.Request) (int, any) {
			s.params(r, "filter[note_type][]", "limit", "page", "order[id]")
			var found []Object
			for _, o := range s.Set("notes") {
				if fmt.Sprint(o["entity_id"]) == r.PathValue("id") && slices.Contains(r.URL.Query()["filter[note_type][]"], text(o["note_type"])) {
					found = append(found, o)
				}
			}
			slices.Reverse(found) // order[id]=desc is asked for
			if r.URL.Query().Get("order[id]") != "desc" {
				s.violate("notes without order[id]=desc")
			}
			return answer("notes", page(found, 0, toInt(r.URL.Query().Get("limit"))))
		}))
		note := func(r *http.Request, o Object) bool {
			s.fields("note", o, "note_type", "params", "created_at", "responsible_user_id", "entity_id")
			p := object(o["params"])
			s.fields("note.params", p, "uniq", "duration", "source", "link", "phone", "call_result", "call_status", "call_responsible")
			if !slices.Contains([]string{"call_in", "call_out"}, text(o["note_type"])) || !s.required("note.params", p, "uniq", "source", "phone") {
				s.violate("note %v", o)
				return false
			}
			if n, ok := toFloat(p["call_status"]); ok && (n < 1 || n > 7) {
				s.violate("call_status %v", p["call_status"])
			}
			return true
		}
		s.handle("POST /api/v4/"+set+"/{id}/notes", in(func(r *http.Request) (int, any) {
			l, ok := s.inputs(r)
			if !ok || !note(r, l[0]) {
				return http.StatusBadRequest, Object{"title": "Bad Request", "status": 400, "validation-errors": []any{}}
			}
			o := l[0]
			o["id"], o["entity_id"], o["entity_type"] = s.next(), toInt(r.PathValue("id")), set
			s.Add("notes", o)
			return http.StatusOK, Object{"_embedded": Object{"notes": []Object{{"id": o["id"], "entity_id": o["entity_id"], "request_id": "0"}}}}
		}))
		s.handle("PATCH /api/v4/"+set+"/{id}/notes/{note}", in(func(r *http.Request) (int, any) {
			o, ok := s.input(r)
			if old, found := s.find("notes", "id", r.PathValue("note")); !found || old["entity_type"] != set || fmt.Sprint(old["entity_id"]) != r.PathValue("id") {
				return http.StatusNotFound, Object{"title": "Not Found", "status": 404}
			}
			if o["entity_id"] != nil {
				s.violate("a note stays with its %s", set)
			}
			if !ok || !note(r, o) || !s.change("notes", "id", r.PathValue("note"), o) {
				return http.StatusBadRequest, Object{"title": "Bad Request", "status": 400}
			}
			return http.StatusOK, Object{"id": toInt(r.PathValue("note")), "entity_id": toInt(r.PathValue("id"))}
		}))
	}
	s.handle("POST /api/v4/contacts", in(func(r *http.Request) (int, any) {
		l, ok := s.inputs(r)
		if !ok {
			return http.StatusBadRequest, nil
		}
		o := l[0]
		s.fields("contact", o, "name", "first_name", "last_name", "responsible_user_id", "custom_fields_values", "request_id")
		o["id"] = s.next()
		s.Add("contacts", o)
		return http.StatusOK, Object{"_embedded": Object{"contacts": []Object{{"id": o["id"], "request_id": o["request_id"]}}}}
	}))
	s.handle("GET /api/v4/tasks", in(func(r *http.Request) (int, any) {
		s.params(r, "filter[entity_type]", "filter[entity_id][]", "limit", "order[id]")
		var found []Object
		for _, o := range s.Set("tasks") {
			if fmt.Sprint(o["entity_id"]) == r.URL.Query().Get("filter[entity_id][]") {
				found = append(found, o)
			}
		}
		return answer("tasks", found)
	}))
	s.handle("POST /api/v4/tasks", in(func(r *http.Request) (int, any) {
		l, ok := s.inputs(r)
		if !ok {
			return http.StatusBadRequest, nil
		}
		o := l[0]
		s.fields("task", o, "text", "complete_till", "entity_id", "entity_type", "task_type_id", "responsible_user_id")
		s.required("task", o, "text", "complete_till")
		o["id"] = s.next()
		s.Add("tasks", o)
		return http.StatusOK, Object{"_embedded": Object{"tasks": []Object{{"id": o["id"]}}}}
	}))
	s.handle("GET /api/v4/users", in(func(r *http.Request) (int, any) {
		s.params(r, "limit", "page")
		return answer("users", s.Set("users"))
	}))
	return s
}

// inputs reads a body that is a list.
func (s *Sim) inputs(r *http.Request) ([]Object, bool) {
	var l []Object
	if r.Header.Get("Content-Type") != "application/json" {
		s.violate("content type %q", r.Header.Get("Content-Type"))
	}
	if err := json.NewDecoder(r.Body).Decode(&l); err != nil || len(l) == 0 {
		s.violate("%s %s: body is no list: %v", r.Method, r.URL.Path, err)
		return nil, false
	}
	return l, true
}

// amoMatch finds a query of digits by the last ten of any number, any other by all its words.
func amoMatch(o Object, query string) bool {
	var b strings.Builder
	flatten(&b, map[string]any{"name": o["name"], "fields": o["custom_fields_values"]})
	all := strings.ToLower(b.String())
	if d := digits(query); len(d) >= 7 && d == query {
		for _, line := range strings.FieldsFunc(all, func(r rune) bool { return r == '\n' || r == ',' || r == 'д' }) {
			if n := digits(line); strings.Contains(n, d[max(0, len(d)-10):]) {
				return true
			}
		}
		return false
	}
	for _, w := range strings.Fields(strings.ToLower(query)) {
		if !strings.Contains(all, w) {
			return false
		}
	}
	return true
}
