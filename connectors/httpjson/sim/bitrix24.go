package sim

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
)

// Bitrix24 simulates the methods behind an incoming webhook: POST with JSON, lists in fifties, an empty list where an object would
// be expected (PHP), errors with a code.
func Bitrix24(token string) *Sim {
	s := newSim()
	fault := func(status int, code, text string) (int, any) {
		return status, Object{"error": code, "error_description": text}
	}
	ok := func(v any) (int, any) {
		return http.StatusOK, Object{"result": v, "time": Object{"start": 1.0, "finish": 1.1, "operating": 0.1}}
	}
	owners := []string{"", "lead", "deal", "contact", "company"}
	entities := map[string]string{"contact": "CONTACT", "company": "COMPANY", "lead": "LEAD"}
	fields := map[string][]string{
		"contact": {"ID", "NAME", "LAST_NAME", "SECOND_NAME", "PHONE", "EMAIL", "COMPANY_ID", "ASSIGNED_BY_ID", "HAS_PHONE", "COMMENTS", "ORIGINATOR_ID", "ORIGIN_ID"},
		"company": {"ID", "TITLE", "PHONE", "EMAIL", "ASSIGNED_BY_ID", "HAS_PHONE"},
		"lead":    {"ID", "TITLE", "NAME", "LAST_NAME", "COMPANY_TITLE", "PHONE", "EMAIL", "ASSIGNED_BY_ID", "HAS_PHONE", "STATUS_SEMANTIC_ID"},
		"deal":    {"ID", "TITLE", "STAGE_ID", "CLOSED", "OPPORTUNITY", "CURRENCY_ID", "ASSIGNED_BY_ID", "DATE_MODIFY", "CONTACT_ID", "COMPANY_ID"},
		"activity": {"ID", "OWNER_TYPE_ID", "OWNER_ID", "TYPE_ID", "SUBJECT", "START_TIME", "END_TIME", "DEADLINE", "COMPLETED", "DIRECTION", "RESPONSIBLE_ID",
			"DESCRIPTION", "DESCRIPTION_TYPE", "COMMUNICATIONS", "ORIGINATOR_ID", "ORIGIN_ID", "PROVIDER_ID", "PRIORITY", "CREATED"},
	}
	s.handle("POST /rest/1/{token}/{method}", func(r *http.Request) (int, any) {
		if r.PathValue("token") != token {
			return fault(http.StatusUnauthorized, "INVALID_CREDENTIALS", "Invalid request credentials")
		}
		p, valid := s.input(r)
		if !valid {
			return fault(http.StatusBadRequest, "", "body")
		}
		method := strings.TrimSuffix(r.PathValue("method"), ".json")
		switch method {
		case "profile":
			return ok(Object{"ID": "1", "ADMIN": false, "NAME": "Пульт"})
		case "user.get":
			s.fields(method, p, "sort", "order", "FILTER", "ADMIN_MODE", "start")
			all := s.Set("user")
			code, answer := ok(page(all, toInt(p["start"]), 50))
			answer.(Object)["total"] = len(all)
			return code, answer
		case "crm.duplicate.findbycomm":
			s.fields(method, p, "type", "values", "entity_type")
			if p["type"] != "PHONE" || len(list(p["values"])) > 20 {
				s.violate("%s: %v", method, p)
			}
			out := Object{}
			for set, name := range entities {
				var ids []any
				for _, o := range s.Set(set) {
					if bitrixHas(o, list(p["values"])) {
						ids = append(ids, toInt(o["ID"]))
					}
				}
				if len(ids) > 0 {
					out[name] = page(ids, 0, 20)
				}
			}
			if len(out) == 0 {
				return ok([]any{})
			}
			return ok(out)
		}
		if method == "crm.activity.binding.move" {
			s.fields(method, p, "activityId", "sourceEntityTypeId", "sourceEntityId", "targetEntityTypeId", "targetEntityId")
			o, found := s.find("activity", "ID", text(p["activityId"]))
			kind := toInt(p["targetEntityTypeId"])
			switch {
			case !found:
				return fault(http.StatusBadRequest, "NOT_FOUND", "Element not found")
			case kind != toInt(p["sourceEntityTypeId"]):
				return fault(http.StatusBadRequest, "SOURCE_AND_TARGET_ENTITY_TYPES_ARE_NOT_EQUAL", "Source and target entity types are not equal")
			case toInt(o["OWNER_TYPE_ID"]) != kind || text(o["OWNER_ID"]) != text(p["sourceEntityId"]):
				return fault(http.StatusBadRequest, "BINDING_NOT_FOUND", "Binding not found")
			}
			if _, found := s.find(owners[kind], "ID", text(p["targetEntityId"])); !found {
				return fault(http.StatusBadRequest, "OWNER_NOT_FOUND", "Owner not found")
			}
			s.change("activity", "ID", text(p["activityId"]), Object{"OWNER_ID": text(p["targetEntityId"])})
			return ok(true)
		}
		parts := strings.Split(method, ".")
		if len(parts) != 3 || parts[0] != "crm" || fields[parts[1]] == nil {
			s.violate("no method %s", method)
			return fault(http.StatusNotFound, "ERROR_METHOD_NOT_FOUND", "Method not found!")
		}
		set, known := parts[1], fields[parts[1]]
		switch parts[2] {
		case "get":
			if o, found := s.find(set, "ID", text(p["id"])); found {
				return ok(o)
			}
			return fault(http.StatusBadRequest, "", "Not found")
		case "list":
			s.fields(method, p, "filter", "select", "order", "start")
			found := []Object{}
			for _, o := range s.Set(set) {
				if s.bitrixMatch(method, known, o, object(p["filter"])) {
					out := Object{}
					for _, f := range list(p["select"]) {
						if !slices.Contains(known, text(f)) {
							s.violate("%s: select %v", method, f)
						}
						out[text(f)] = o[text(f)]
					}
					found = append(found, out)
				}
			}
			slices.SortStableFunc(found, func(a, b Object) int { return toInt(a["ID"]) - toInt(b["ID"]) })
			if text(object(p["order"])["ID"]) == "DESC" {
				slices.Reverse(found)
			}
			return ok(page(found, 0, 50))
		case "add":
			f := object(p["fields"])
			s.fields(method, f, known...)
			if set == "activity" {
				s.required(method, f, "OWNER_TYPE_ID", "OWNER_ID", "TYPE_ID", "SUBJECT", "COMMUNICATIONS", "RESPONSIBLE_ID")
				if text(f["TYPE_ID"]) != "2" {
					return fault(http.StatusBadRequest, "", "The field TYPE_ID is not defined or invalid.")
				}
			}
			f["ID"] = fmt.Sprint(s.next())
			s.Add(set, f)
			return ok(toInt(f["ID"]))
		case "update":
			f := object(p["fields"])
			s.fields(method, f, known...)
			if f["OWNER_ID"] != nil || f["OWNER_TYPE_ID"] != nil {
				s.violate("%s: the owner is changed by crm.activity.binding.move", method)
			}
			if !s.change(set, "ID", text(p["id"]), f) {
				return fault(http.StatusBadRequest, "", "Activity is not found")
			}
			return ok(true)
		case "delete":
			s.fields(method, p, "id")
			if !s.remove(set, "ID", text(p["id"])) {
				return fault(http.StatusBadRequest, "", "Not found")
			}
			return ok(true)
		}
		s.violate("no method %s", method)
		return fault(http.StatusNotFound, "ERROR_METHOD_NOT_FOUND", "Method not found!")
	})
	return s
}

// bitrixHas compares numbers as digits, without what follows an extension's word.
func bitrixHas(o Object, values []any) bool {
	for _, p := range list(o["PHONE"]) {
		typed, _, _ := strings.Cut(text(object(p)["VALUE"]), "доб")
		for _, v := range values {
			if d := digits(text(v)); d != "" && d == digits(typed) {
				return true
			}
		}
	}
	return false
}

func (s *Sim) bitrixMatch(method string, known []string, o Object, filter Object) bool {
	for k, want := range filter {
		name := strings.TrimLeft(k, "@%=><!")
		if !slices.Contains(known, name) {
			s.violate("%s: filter %s", method, k)
			return false
		}
		v := text(o[name])
		switch op := strings.TrimSuffix(k, name); op {
		case "", "=":
			if v != text(want) {
				return false
			}
		case "@":
			if !slices.ContainsFunc(list(want), func(e any) bool { return text(e) == v }) {
				return false
			}
		case "%":
			if !likeMatch("%"+text(want)+"%", v) {
				return false
			}
		case ">":
			if toInt(v) <= toInt(want) {
				return false
			}
		default:
			s.violate("%s: operator %s", method, op)
		}
	}
	return true
}
