package sim

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"unicode"
)

// HubSpot simulates CRM v3: search by filter groups (at most 5) and by words, lists with a cursor. Numbers are searched by a computed
// property with the national number.
func HubSpot(token string) *Sim {
	s := newSim()
	sets := map[string][]string{
		"contacts":  {"firstname", "lastname", "phone", "mobilephone", "email", "company", "hubspot_owner_id", "hs_lead_status", "message", "hs_searchable_calculated_phone_number", "hs_searchable_calculated_mobile_number"},
		"companies": {"name", "phone", "domain", "hubspot_owner_id"},
		"deals":     {"dealname", "dealstage", "amount", "hs_is_closed", "hs_lastmodifieddate", "hubspot_owner_id"},
		"calls": {"hs_timestamp", "hs_call_title", "hs_call_body", "hs_call_direction", "hs_call_duration", "hs_call_status", "hs_call_from_number",
			"hs_call_to_number", "hs_call_external_id", "hs_call_recording_url", "hubspot_owner_id"},
		"tasks": {"hs_timestamp", "hs_task_subject", "hs_task_body", "hs_task_status", "hs_task_type", "hubspot_owner_id"},
	}
	in := func(f func(r *http.Request) (int, any)) func(r *http.Request) (int, any) {
		return func(r *http.Request) (int, any) {
			if r.Header.Get("Authorization") != "Bearer "+token {
				return http.StatusUnauthorized, Object{"status": "error", "message": "Authentication credentials not found.", "category": "INVALID_AUTHENTICATION"}
			}
			if set := r.PathValue("set"); set != "" && sets[set] == nil {
				s.violate("no object type %s", set)
				return http.StatusBadRequest, Object{"status": "error", "category": "VALIDATION_ERROR"}
			}
			return f(r)
		}
	}
	shown := func(o Object, properties []string) Object {
		all, some := object(o["properties"]), Object{"hs_object_id": o["id"]}
		for _, p := range properties {
			some[p] = all[p]
		}
		return Object{"id": o["id"], "properties": some, "createdAt": "2026-01-01T00:00:00Z", "archived": false}
	}
	s.handle("POST /crm/v3/objects/{set}/search", in(func(r *http.Request) (int, any) {
		set := r.PathValue("set")
		o, ok := s.input(r)
		if !ok {
			return http.StatusBadRequest, Object{"status": "error"}
		}
		s.fields("search", o, "filterGroups", "query", "properties", "limit", "after", "sorts")
		groups := list(o["filterGroups"])
		if len(groups) > 5 || toInt(o["limit"]) > 200 {
			s.violate("%d filter groups, limit %v", len(groups), o["limit"])
		}
		if q := text(o["query"]); len(q) > 3000 {
			s.violate("query of %d characters", len(q))
		}
		properties := hubProperties(s, sets[set], list(o["properties"]))
		results := []Object{}
		for _, c := range s.Set(set) {
			if s.hubMatch(sets[set], set, c, groups, text(o["query"])) {
				results = append(results, shown(c, properties))
			}
		}
		return http.StatusOK, Object{"total": len(results), "results": page(results, 0, toInt(o["limit"]))}
	}))
	s.handle("GET /crm/v3/objects/{set}", in(func(r *http.Request) (int, any) {
		s.params(r, "limit", "after", "properties", "archived")
		q := r.URL.Query()
		limit := toInt(q.Get("limit"))
		if limit < 1 || limit > 100 {
			s.violate("limit %q", q.Get("limit"))
		}
		var results []Object
		all := s.Set(r.PathValue("set"))
		slices.SortFunc(all, func(a, b Object) int { return compareAny(toInt(a["id"]), toInt(b["id"])) })
		for _, c := range all {
			if toInt(c["id"]) > toInt(q.Get("after")) || q.Get("after") == "" {
				results = append(results, shown(c, hubProperties(s, sets[r.PathValue("set")], split(q.Get("properties")))))
			}
		}
		out := Object{"results": append([]Object{}, page(results, 0, limit)...)}
		if len(results) > limit {
			out["paging"] = Object{"next": Object{"after": text(results[limit-1]["id"]), "link": "https://api.hubapi.com/…"}}
		}
		return http.StatusOK, out
	}))
	s.handle("GET /crm/v3/objects/{set}/{id}", in(func(r *http.Request) (int, any) {
		s.params(r, "properties")
		o, ok := s.find(r.PathValue("set"), "id", r.PathValue("id"))
		if !ok {
			return http.StatusNotFound, Object{"status": "error", "category": "OBJECT_NOT_FOUND"}
		}
		return http.StatusOK, shown(o, hubProperties(s, sets[r.PathValue("set")], split(r.URL.Query().Get("properties"))))
	}))
	s.handle("GET /crm/v4/objects/{set}/{id}/associations/deals", in(func(r *http.Request) (int, any) {
		results := []Object{}
		for _, d := range s.Set("deals") {
			if d["with"] == r.PathValue("id") {
				results = append(results, Object{"toObjectId": toInt(d["id"]), "associationTypes": []any{}})
			}
		}
		return http.StatusOK, Object{"results": results}
	}))
	s.handle("POST /crm/v3/objects/{set}/batch/read", in(func(r *http.Request) (int, any) {
		o, ok := s.input(r)
		if !ok {
			return http.StatusBadRequest, nil
		}
		results := []Object{}
		for _, i := range list(o["inputs"]) {
			if d, found := s.find(r.PathValue("set"), "id", text(object(i)["id"])); found {
				results = append(results, shown(d, hubProperties(s, sets[r.PathValue("set")], list(o["properties"]))))
			}
		}
		return http.StatusOK, Object{"status": "COMPLETE", "results": results}
	}))
	types := map[string]string{"calls contacts": "194", "calls companies": "182", "tasks contacts": "204", "tasks companies": "192"}
	s.handle("POST /crm/v3/objects/{set}", in(func(r *http.Request) (int, any) {
		set := r.PathValue("set")
		o, ok := s.input(r)
		if !ok {
			return http.StatusBadRequest, Object{"status": "error"}
		}
		s.fields(set, o, "properties", "associations")
		p := object(o["properties"])
		s.fields(set, p, sets[set]...)
		if set == "calls" || set == "tasks" {
			s.required(set, p, "hs_timestamp")
		}
		for _, a := range list(o["associations"]) {
			kind := object(list(object(a)["types"])[0])
			target := text(object(object(a)["to"])["id"])
			_, isContact := s.find("contacts", "id", target)
			want := types[set+" companies"]
			if isContact {
				want = types[set+" contacts"]
			}
			if kind["associationCategory"] != "HUBSPOT_DEFINED" || text(kind["associationTypeId"]) != want {
				s.violate("association %v of %s with %s, want %s", kind, set, target, want)
			}
		}
		if set == "contacts" {
			for _, c := range s.Set(set) {
				if e := text(p["email"]); e != "" && object(c["properties"])["email"] == e {
					return http.StatusConflict, Object{"status": "error", "category": "CONFLICT", "message": "Contact already exists. Existing ID: " + text(c["id"])}
				}
			}
		}
		o["id"] = fmt.Sprint(s.next())
		s.Add(set, o)
		return http.StatusCreated, shown(o, sets[set])
	}))
	s.handle("PATCH /crm/v3/objects/{set}/{id}", in(func(r *http.Request) (int, any) {
		set := r.PathValue("set")
		o, ok := s.input(r)
		old, found := s.find(set, "id", r.PathValue("id"))
		if !ok || !found {
			return http.StatusNotFound, Object{"status": "error", "category": "OBJECT_NOT_FOUND"}
		}
		p := object(o["properties"])
		s.fields(set, o, "properties")
		s.fields(set, p, sets[set]...)
		merged := clone(object(old["properties"]))
		for k, v := range p {
			merged[k] = v
		}
		s.change(set, "id", r.PathValue("id"), Object{"properties": merged})
		old["properties"] = merged
		return http.StatusOK, shown(old, sets[set])
	}))
	tie := func(r *http.Request, keep bool) (int, any) {
		set, id, kind, target := r.PathValue("set"), r.PathValue("id"), r.PathValue("kind"), r.PathValue("target")
		o, found := s.find(set, "id", id)
		_, there := s.find(kind, "id", target)
		if !found || !there {
			return http.StatusNotFound, Object{"status": "error", "category": "OBJECT_NOT_FOUND"}
		}
		if types[set+" "+kind] != r.PathValue("type") {
			s.violate("association %s of %s with %s", r.PathValue("type"), set, kind)
		}
		ties := slices.DeleteFunc(slices.Clone(list(o["associations"])), func(a any) bool { return text(object(object(a)["to"])["id"]) == target })
		if keep {
			ties = append(ties, Object{"to": Object{"id": target}})
		}
		s.change(set, "id", id, Object{"associations": ties})
		if !keep {
			return http.StatusNoContent, nil
		}
		o, _ = s.find(set, "id", id)
		return http.StatusOK, shown(o, nil)
	}
	const ties = "/crm/v3/objects/{set}/{id}/associations/{kind}/{target}/{type}"
	s.handle("PUT "+ties, in(func(r *http.Request) (int, any) { return tie(r, true) }))
	s.handle("DELETE "+ties, in(func(r *http.Request) (int, any) { return tie(r, false) }))
	s.handle("GET /crm/v3/owners", in(func(r *http.Request) (int, any) {
		s.params(r, "limit", "after", "archived")
		return http.StatusOK, Object{"results": s.Set("owners")}
	}))
	s.handle("GET /account-info/v3/details", in(func(*http.Request) (int, any) {
		return http.StatusOK, Object{"portalId": 145000, "timeZone": "Europe/Moscow", "companyCurrency": "RUB", "uiDomain": "app.hubspot.com"}
	}))
	return s
}

func toInt(v any) int {
	var n int
	_, _ = fmt.Sscan(text(v), &n)
	return n
}

func split(s string) []any {
	var out []any
	for _, p := range strings.Split(s, ",") {
		if p != "" {
			out = append(out, p)
		}
	}
	return out
}

func hubProperties(s *Sim, known []string, wanted []any) []string {
	var out []string
	for _, w := range wanted {
		if !slices.Contains(known, text(w)) {
			s.violate("no property %v", w)
		}
		out = append(out, text(w))
	}
	return out
}

// hubNumber computes the searchable property: the national number of the first that is typed.
func hubNumber(typed string) string {
	first, _, _ := strings.Cut(typed, ",")
	d := digits(first)
	if len(d) == 11 {
		return d[1:]
	}
	return d
}

func (s *Sim) hubMatch(known []string, set string, o Object, groups []any, query string) bool {
	p := object(o["properties"])
	if query != "" {
		var all strings.Builder
		for _, v := range p {
			fmt.Fprintln(&all, text(v))
		}
		tokens := append(hubTokens(all.String()), hubNumber(text(p["phone"])))
		for _, w := range hubTokens(query) {
			if !slices.ContainsFunc(tokens, func(t string) bool { return strings.HasPrefix(t, w) }) {
				return false
			}
		}
		return true
	}
	for _, g := range groups {
		match := true
		for _, f := range list(object(g)["filters"]) {
			f := object(f)
			name := text(f["propertyName"])
			if !slices.Contains(known, name) {
				s.violate("%s: filter by unknown property %s", set, name)
			}
			v := text(p[name])
			switch name {
			case "hs_searchable_calculated_phone_number":
				v = hubNumber(text(p["phone"]))
			case "hs_searchable_calculated_mobile_number":
				v = hubNumber(text(p["mobilephone"]))
			}
			switch text(f["operator"]) {
			case "EQ":
				match = match && v == text(f["value"])
			case "CONTAINS_TOKEN":
				value := strings.ToLower(text(f["value"]))
				match = match && slices.ContainsFunc(hubTokens(v), func(t string) bool {
					return wild([]rune(strings.ReplaceAll(value, "*", "%")), []rune(t))
				})
			default:
				s.violate("operator %v", f["operator"])
			}
		}
		if match {
			return true
		}
	}
	return len(groups) == 0
}

func hubTokens(s string) []string {
	return strings.FieldsFunc(strings.ToLower(s), func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) })
}

// digits returns the digits of a text.
func digits(s string) string {
	return strings.Map(func(r rune) rune {
		if r < '0' || r > '9' {
			return -1
		}
		return r
	}, s)
}
