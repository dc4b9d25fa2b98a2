package sim

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
)

// EspoCRM simulates the REST API v1 of EspoCRM: where[] filters, lists without the parts that only a single record has
// (phoneNumberData), 409 with an X-Status-Reason for duplicates.
func EspoCRM(key string) *Sim {
	s := newSim()
	letIn := func(r *http.Request) bool { return r.Header.Get("X-Api-Key") == key }
	refuse := []byte("") // EspoCRM says nothing in a body, but in X-Status-Reason
	s.handle("GET /api/v1/App/user", func(r *http.Request) (int, any) {
		if !letIn(r) {
			return http.StatusUnauthorized, refuse
		}
		return http.StatusOK, Object{"user": Object{"id": "u-api", "userName": "pult", "type": "api"}, "settings": Object{"version": "9.1.0"}}
	})
	sets := []string{"Contact", "Account", "Lead", "Opportunity", "Case", "Call", "Task", "User"}
	s.handle("GET /api/v1/{set}", func(r *http.Request) (int, any) {
		set := r.PathValue("set")
		if !letIn(r) {
			return http.StatusUnauthorized, refuse
		}
		if !slices.Contains(sets, set) {
			s.violate("unknown entity type %s", set)
			return http.StatusNotFound, refuse
		}
		q := r.URL.Query()
		s.params(r, "where[*", "select", "maxSize", "offset", "orderBy", "order")
		limit, err := strconv.Atoi(q.Get("maxSize"))
		if err != nil || limit < 1 || limit > 200 {
			s.violate("maxSize %q", q.Get("maxSize"))
			return http.StatusForbidden, refuse
		}
		where := whereTree(q)
		var found []Object
		for _, o := range s.Set(set) {
			if s.espoAll(where, o) {
				delete(o, "phoneNumberData")
				found = append(found, o)
			}
		}
		if by := q.Get("orderBy"); by != "" {
			slices.SortStableFunc(found, func(a, b Object) int { return strings.Compare(text(a[by]), text(b[by])) })
			if q.Get("order") == "desc" {
				slices.Reverse(found)
			}
		}
		offset, _ := strconv.Atoi(q.Get("offset"))
		cut := page(found, offset, limit)
		if cut == nil {
			cut = []Object{}
		}
		return http.StatusOK, Object{"total": len(found), "list": cut}
	})
	s.handle("GET /api/v1/{set}/{id}", func(r *http.Request) (int, any) {
		if !letIn(r) {
			return http.StatusUnauthorized, refuse
		}
		if o, ok := s.find(r.PathValue("set"), "id", r.PathValue("id")); ok {
			return http.StatusOK, o
		}
		return http.StatusNotFound, refuse
	})
	known := map[string][]string{
		"Contact": {"firstName", "lastName", "accountName", "phoneNumber", "emailAddress", "description", "assignedUserId"},
		"Account": {"name", "phoneNumber", "emailAddress", "description", "assignedUserId"},
		"Lead":    {"firstName", "lastName", "accountName", "phoneNumber", "emailAddress", "description", "assignedUserId"},
		"Call":    {"name", "status", "direction", "dateStart", "dateEnd", "description", "parentType", "parentId", "contactsIds", "leadsIds", "assignedUserId"},
		"Task":    {"name", "status", "dateEnd", "description", "parentType", "parentId", "assignedUserId"},
	}
	s.handle("POST /api/v1/{set}", func(r *http.Request) (int, any) {
		set := r.PathValue("set")
		o, ok := s.input(r)
		if !letIn(r) || !ok || known[set] == nil {
			return http.StatusForbidden, refuse
		}
		s.fields(set, o, known[set]...)
		switch set {
		case "Call":
			s.required(set, o, "name", "status", "direction", "dateStart", "dateEnd")
			espoEnum(s, o, "status", "Planned", "Held", "Not Held")
			espoEnum(s, o, "direction", "Outbound", "Inbound")
		case "Contact", "Lead":
			s.required(set, o, "lastName")
			o["name"] = strings.TrimSpace(text(o["firstName"]) + " " + text(o["lastName"]))
			if r.Header.Get("X-Skip-Duplicate-Check") != "true" {
				for _, other := range s.Set(set) {
					if other["phoneNumber"] == o["phoneNumber"] {
						return http.StatusConflict, []Object{other}
					}
				}
			}
			o["phoneNumberData"] = []any{Object{"phoneNumber": o["phoneNumber"], "primary": true, "type": "Mobile"}}
		}
		o["id"] = fmt.Sprintf("%s%013d", strings.ToLower(set[:1]), s.next())
		s.Add(set, o)
		return http.StatusOK, o
	})
	s.handle("PUT /api/v1/{set}/{id}", func(r *http.Request) (int, any) {
		o, ok := s.input(r)
		if !letIn(r) || !ok {
			return http.StatusForbidden, refuse
		}
		s.fields(r.PathValue("set"), o, known[r.PathValue("set")]...)
		if !s.change(r.PathValue("set"), "id", r.PathValue("id"), o) {
			return http.StatusNotFound, refuse
		}
		o["id"] = r.PathValue("id")
		return http.StatusOK, o
	})
	return s
}

func espoEnum(s *Sim, o Object, field string, values ...string) {
	if !slices.Contains(values, text(o[field])) {
		s.violate("%s %q is none of %v", field, o[field], values)
	}
}

// whereTree reads PHP's bracket notation: where[0][value][1][type]=… becomes nested objects.
func whereTree(q url.Values) Object {
	root := Object{}
	for name, values := range q {
		if !strings.HasPrefix(name, "where[") {
			continue
		}
		keys := strings.Split(strings.TrimSuffix(strings.TrimPrefix(name, "where["), "]"), "][")
		at := root
		for _, k := range keys[:len(keys)-1] {
			if _, ok := at[k]; !ok {
				at[k] = Object{}
			}
			at = object(at[k])
		}
		at[keys[len(keys)-1]] = values[0]
	}
	return root
}

func (s *Sim) espoAll(conditions Object, o Object) bool {
	for _, c := range conditions {
		if !s.espoOne(object(c), o) {
			return false
		}
	}
	return true
}

func (s *Sim) espoOne(c Object, o Object) bool {
	field, value := text(c["attribute"]), text(c["value"])
	var values []string
	switch field {
	case "phoneNumber": // matches any of the numbers
		for _, p := range list(o["phoneNumberData"]) {
			values = append(values, text(object(p)["phoneNumber"]))
		}
	default:
		values = []string{text(o[field])}
	}
	match := func(f func(string) bool) bool { return slices.ContainsFunc(values, f) }
	switch kind := text(c["type"]); kind {
	case "or":
		for _, sub := range object(c["value"]) {
			if s.espoOne(object(sub), o) {
				return true
			}
		}
		return false
	case "and":
		return s.espoAll(object(c["value"]), o)
	case "equals":
		return match(func(v string) bool { return strings.EqualFold(v, value) })
	case "contains":
		return match(func(v string) bool { return likeMatch("%"+value+"%", v) })
	case "greaterThan":
		return match(func(v string) bool { return v > value })
	case "isTrue":
		return o[field] == true
	default:
		s.violate("unknown filter type %q", kind)
		return false
	}
}
