package sim

import (
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strings"
)

// Salesforce simulates the REST API: SOQL for what it is given, records by id, errors as a list. Tokens come by client credentials.
func Salesforce(id, secret string) *Sim {
	s := newSim()
	s.tokens("/services/oauth2/token", id, secret)
	fault := func(status int, code, message string) (int, any) {
		return status, []Object{{"errorCode": code, "message": message}}
	}
	objects := map[string][]string{
		"Contact":     {"Id", "Name", "FirstName", "LastName", "Phone", "MobilePhone", "HomePhone", "OtherPhone", "Email", "Account.Name", "OwnerId", "Owner.Name", "Description"},
		"Account":     {"Id", "Name", "Phone", "OwnerId", "Owner.Name"},
		"Lead":        {"Id", "Name", "Phone", "MobilePhone", "Email", "Company", "OwnerId", "Owner.Name", "IsConverted"},
		"Opportunity": {"Id", "Name", "StageName", "IsClosed", "Amount", "OwnerId", "Owner.Name", "LastModifiedDate", "AccountId"},
		"Case":        {"Id", "Subject", "Status", "IsClosed", "OwnerId", "Owner.Name", "LastModifiedDate", "AccountId", "ContactId"},
		"Task": {"Id", "Subject", "WhoId", "WhatId", "Status", "TaskSubtype", "CallType", "CallDurationInSeconds", "CallDisposition", "CallObject",
			"Description", "ActivityDate", "OwnerId", "Priority", "CreatedDate"},
		"User": {"Id", "Name", "Username", "Email", "Phone", "IsActive"},
	}
	in := func(f func(r *http.Request) (int, any)) func(r *http.Request) (int, any) {
		return func(r *http.Request) (int, any) {
			if r.Header.Get("Authorization") != "Bearer "+accessToken {
				return fault(http.StatusUnauthorized, "INVALID_SESSION_ID", "Session expired or invalid")
			}
			return f(r)
		}
	}
	s.handle("GET /services/data/v62.0/limits", in(func(*http.Request) (int, any) {
		return http.StatusOK, Object{"DailyApiRequests": Object{"Max": 15000, "Remaining": 14998}}
	}))
	s.handle("GET /services/data/v62.0/query", in(func(r *http.Request) (int, any) {
		s.params(r, "q")
		q, err := parseSOQL(r.URL.Query().Get("q"))
		if err != nil {
			s.violate("%v", err)
			return fault(http.StatusBadRequest, "MALFORMED_QUERY", err.Error())
		}
		known := objects[q.from]
		for _, f := range append(slices.Clone(q.fields), q.order) {
			if f != "" && !slices.Contains(known, f) {
				s.violate("no field %s of %q", f, q.from)
				return fault(http.StatusBadRequest, "INVALID_FIELD", "No such column")
			}
		}
		found := []Object{}
		for _, o := range s.Set(q.from) {
			ok, err := q.where.holds(o, func(name string) bool { return slices.Contains(known, name) })
			if err != nil {
				s.violate("%v", err)
				return fault(http.StatusBadRequest, "MALFORMED_QUERY", err.Error())
			}
			if ok {
				out := Object{"attributes": Object{"type": q.from, "url": "/services/data/v62.0/sobjects/" + q.from + "/" + text(o["Id"])}}
				for _, f := range q.fields {
					if parent, field, deep := strings.Cut(f, "."); deep {
						if v := text(o[f]); v != "" {
							out[parent] = Object{"attributes": Object{"type": parent}, field: v}
						} else {
							out[parent] = nil
						}
						continue
					}
					out[f] = o[f]
				}
				found = append(found, out)
			}
		}
		if q.order != "" {
			slices.SortStableFunc(found, func(a, b Object) int { return strings.Compare(text(a[q.order]), text(b[q.order])) })
			if q.descending {
				slices.Reverse(found)
			}
		}
		cut := page(found, 0, q.limit)
		return http.StatusOK, Object{"totalSize": len(cut), "done": true, "records": cut}
	}))
	prefix := map[string]string{"Contact": "003", "Account": "001", "Task": "00T", "Lead": "00Q"}
	s.handle("POST /services/data/v62.0/sobjects/{type}", in(func(r *http.Request) (int, any) {
		set := r.PathValue("type")
		o, ok := s.input(r)
		if !ok || prefix[set] == "" {
			return fault(http.StatusNotFound, "NOT_FOUND", "The requested resource does not exist")
		}
		s.fields(set, o, objects[set]...)
		if set == "Contact" {
			s.required(set, o, "LastName")
			o["Name"] = strings.TrimSpace(text(o["FirstName"]) + " " + text(o["LastName"]))
		}
		if len(text(o["CallDisposition"])) > 255 || len(text(o["CallObject"])) > 255 {
			return fault(http.StatusBadRequest, "STRING_TOO_LONG", "data value too large")
		}
		o["Id"] = fmt.Sprintf("%s%015d", prefix[set], s.next())
		s.Add(set, o)
		return http.StatusCreated, Object{"id": o["Id"], "success": true, "errors": []any{}}
	}))
	s.handle("PATCH /services/data/v62.0/sobjects/{type}/{id}", in(func(r *http.Request) (int, any) {
		o, ok := s.input(r)
		s.fields(r.PathValue("type"), o, objects[r.PathValue("type")]...)
		if !ok || !s.change(r.PathValue("type"), "Id", r.PathValue("id"), o) {
			return fault(http.StatusNotFound, "NOT_FOUND", "Provided external ID field does not exist or is not accessible")
		}
		return http.StatusNoContent, nil
	}))
	return s
}

const accessToken = "access-of-an-hour"

// tokens adds an OAuth 2.0 token endpoint for client credentials.
func (s *Sim) tokens(path, id, secret string) {
	s.tokenPath = path
	s.handle("POST "+path, func(r *http.Request) (int, any) {
		if err := r.ParseForm(); err != nil || r.PostForm.Get("grant_type") != "client_credentials" {
			s.violate("token request: %v", r.PostForm)
			return http.StatusBadRequest, Object{"error": "unsupported_grant_type"}
		}
		if r.PostForm.Get("client_id") != id || r.PostForm.Get("client_secret") != secret {
			return http.StatusBadRequest, Object{"error": "invalid_client"}
		}
		return http.StatusOK, Object{"access_token": accessToken, "token_type": "Bearer", "expires_in": 3600}
	})
}

type soqlQuery struct {
	fields     []string
	from       string
	where      *condition
	order      string
	descending bool
	limit      int
}

var soqlShape = regexp.MustCompile(`(?s)^SELECT (.+?) FROM (\w+)(?: WHERE (.+?))?(?: ORDER BY (\w+)(?: (ASC|DESC))?)?(?: LIMIT (\d+))?$`)

func parseSOQL(q string) (soqlQuery, error) {
	m := soqlShape.FindStringSubmatch(q)
	if m == nil {
		return soqlQuery{}, fmt.Errorf("not SOQL: %s", q)
	}
	out := soqlQuery{from: m[2], order: m[4], descending: m[5] == "DESC", limit: 2000}
	for _, f := range strings.Split(m[1], ",") {
		out.fields = append(out.fields, strings.TrimSpace(f))
	}
	if m[6] != "" {
		out.limit = toInt(m[6])
	}
	var err error
	out.where, err = parseCondition(m[3], soqlString)
	return out, err
}

// soqlString reads a literal with its backslash escapes; \% and \_ stay for LIKE.
func soqlString(s string) (string, int, error) {
	var b strings.Builder
	for i := 1; i < len(s); i++ {
		switch s[i] {
		case '\'':
			return b.String(), i + 1, nil
		case '\\':
			i++
			if i == len(s) {
				return "", 0, fmt.Errorf("literal ends in a backslash")
			}
			switch s[i] {
			case '\'', '"':
				b.WriteByte(s[i])
			case '\\', '%', '_':
				b.WriteByte('\\')
				b.WriteByte(s[i])
			case 'n':
				b.WriteByte('\n')
			case 't':
				b.WriteByte('\t')
			case 'r':
				b.WriteByte('\r')
			default:
				return "", 0, fmt.Errorf("escape \\%c", s[i])
			}
		default:
			b.WriteByte(s[i])
		}
	}
	return "", 0, fmt.Errorf("literal without an end")
}
