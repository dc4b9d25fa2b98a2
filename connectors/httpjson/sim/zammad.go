package sim

import (
	"net/http"
	"slices"
	"strconv"
	"strings"
)

// Zammad simulates its REST API with Elasticsearch behind the search: phrases of whole words, words with wildcards, OR and AND.
func Zammad(token string) *Sim {
	s := newSim()
	in := func(f func(r *http.Request) (int, any)) func(r *http.Request) (int, any) {
		return func(r *http.Request) (int, any) {
			if r.Header.Get("Authorization") != "Token token="+token {
				return http.StatusUnauthorized, Object{"error": "Authentication required"}
			}
			return f(r)
		}
	}
	s.handle("GET /api/v1/users/me", in(func(*http.Request) (int, any) {
		return http.StatusOK, Object{"id": 3, "login": "pult", "firstname": "Pult"}
	}))
	s.handle("GET /api/v1/version", in(func(*http.Request) (int, any) { return http.StatusOK, Object{"version": "6.4.0"} }))
	s.handle("GET /api/v1/users/search", in(func(r *http.Request) (int, any) {
		s.params(r, "query", "limit", "expand", "sort_by", "order_by")
		found := []Object{}
		for _, u := range s.Set("users") {
			if s.lucene(r.URL.Query().Get("query"), u) {
				found = append(found, u)
			}
		}
		return http.StatusOK, page(found, 0, toInt(r.URL.Query().Get("limit")))
	}))
	s.handle("GET /api/v1/users", in(func(r *http.Request) (int, any) {
		s.params(r, "page", "per_page", "expand")
		n, _ := strconv.Atoi(r.URL.Query().Get("page"))
		size, _ := strconv.Atoi(r.URL.Query().Get("per_page"))
		return http.StatusOK, append([]Object{}, page(s.Set("users"), (n-1)*size, size)...)
	}))
	s.handle("GET /api/v1/users/{id}", in(func(r *http.Request) (int, any) {
		s.params(r, "expand")
		if u, ok := s.find("users", "id", r.PathValue("id")); ok {
			return http.StatusOK, u
		}
		return http.StatusNotFound, Object{"error": "Couldn't find User with 'id'=" + r.PathValue("id")}
	}))
	s.handle("POST /api/v1/users", in(func(r *http.Request) (int, any) {
		o, ok := s.input(r)
		if !ok {
			return http.StatusBadRequest, Object{"error": "body"}
		}
		s.fields("user", o, "firstname", "lastname", "phone", "email", "note", "roles")
		for _, u := range s.Set("users") {
			if e := text(o["email"]); e != "" && u["email"] == e {
				return http.StatusUnprocessableEntity, Object{"error": "Email address '" + e + "' is already used for another user."}
			}
		}
		o["id"], o["active"] = s.next(), true
		s.Add("users", o)
		return http.StatusCreated, o
	}))
	s.handle("GET /api/v1/tickets/search", in(func(r *http.Request) (int, any) {
		s.params(r, "query", "limit", "expand", "sort_by", "order_by")
		found := []Object{}
		for _, t := range s.Set("tickets") {
			if s.lucene(r.URL.Query().Get("query"), t) {
				found = append(found, t)
			}
		}
		return http.StatusOK, page(found, 0, toInt(r.URL.Query().Get("limit")))
	}))
	s.handle("POST /api/v1/tickets", in(func(r *http.Request) (int, any) {
		o, ok := s.input(r)
		if !ok {
			return http.StatusBadRequest, Object{"error": "body"}
		}
		s.fields("ticket", o, "title", "group", "customer_id", "article", "tags", "owner_id", "pending_time")
		s.required("ticket", o, "title", "group", "customer_id", "article")
		s.fields("article", object(o["article"]), "subject", "body", "type", "internal", "content_type", "sender")
		if object(o["article"])["type"] != "phone" {
			s.violate("article of type %v", object(o["article"])["type"])
		}
		o["id"], o["state"] = s.next(), "new"
		s.Add("tickets", o)
		return http.StatusCreated, o
	}))
	return s
}

// lucene evaluates what this project sends of the query language: OR of AND of [field:]"phrase" and [field:]word with wildcards.
func (s *Sim) lucene(query string, o Object) bool {
	for _, alternative := range strings.Split(query, " OR ") {
		all := true
		for _, term := range strings.Split(alternative, " AND ") {
			all = all && s.luceneTerm(strings.TrimSpace(term), o)
		}
		if all {
			return true
		}
	}
	return false
}

func (s *Sim) luceneTerm(term string, o Object) bool {
	fields := []string{"firstname", "lastname", "phone", "mobile", "email", "login", "title", "note", "tags"}
	if name, rest, ok := strings.Cut(term, ":"); ok && !strings.ContainsAny(name, `"\`) {
		if name == "article.body" {
			return strings.Contains(text(object(o["article"])["body"]), strings.Trim(rest, `"`))
		}
		fields, term = []string{name}, rest
	}
	phrase := len(term) > 1 && strings.HasPrefix(term, `"`) && strings.HasSuffix(term, `"`)
	if !phrase && strings.ContainsAny(strings.ReplaceAll(term, `\`, ""), `"`) && !strings.Contains(term, `\"`) {
		s.violate("query term %s", term)
	}
	wanted := hubTokens(term)
	for _, f := range fields {
		var value string
		if l := list(o[f]); l != nil {
			value = strings.Trim(strings.Join(strings.Fields(joined(l)), " "), " ")
		} else {
			value = text(o[f])
		}
		tokens := hubTokens(value)
		switch {
		case phrase:
			for i := range tokens {
				if len(wanted) > 0 && len(tokens)-i >= len(wanted) && slices.Equal(tokens[i:i+len(wanted)], wanted) {
					return true
				}
			}
		case strings.Contains(term, "*"):
			if slices.ContainsFunc(tokens, func(t string) bool {
				return wild([]rune(strings.ToLower(strings.ReplaceAll(strings.ReplaceAll(term, `\`, ""), "*", "%"))), []rune(t))
			}) {
				return true
			}
		default:
			if slices.Contains(tokens, strings.ToLower(term)) || value == term {
				return true
			}
		}
	}
	return false
}

func joined(l []any) string {
	var out []string
	for _, e := range l {
		out = append(out, text(e))
	}
	return strings.Join(out, " ")
}
