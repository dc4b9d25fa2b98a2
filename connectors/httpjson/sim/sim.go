// Package sim simulates customer systems behind HTTP, as strictly as their documentation and recordings tell: an unknown path or
// parameter, a wrong header and a body that is not what the system takes are violations, which a test reports. What a simulator
// accepts is not proof that the real system does; docs/connectors says of each what its shape was taken from.
package sim

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"time"
)

// Object is a record in the system's own shape.
type Object map[string]any

// Trouble is what a system does instead of answering well.
type Trouble struct {
	Delay      time.Duration // before anything; the request's end ends it
	HangUp     bool
	Status     int
	RetryAfter string
	Body       string
	WebPage    bool
	CutOff     bool
	BOM        bool
	Data       bool // token requests are answered well
}

// Sim is a simulated system.
type Sim struct {
	mux *http.ServeMux

	mu         sync.Mutex
	sets       map[string][]Object
	serial     int
	violations []string
	trouble    *Trouble
	requests   []string
	tokenPath  string
	expire     func() // ends an access token; nil where there is none
	portal     *bitrixApp
}

// newSim makes a system whose requests are all let in by letIn first.
func newSim() *Sim { return &Sim{mux: http.NewServeMux(), sets: map[string][]Object{}} }

// Add puts an object into a set.
func (s *Sim) Add(set string, o Object) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.sets[set] = append(s.sets[set], o)
}

// Set returns copies of a set's objects.
func (s *Sim) Set(set string) []Object {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := make([]Object, len(s.sets[set]))
	for i, o := range s.sets[set] {
		out[i] = clone(o)
	}
	return out
}

// Clear empties a set, as somebody who works in the system does.
func (s *Sim) Clear(set string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.sets, set)
}

func clone(o Object) Object {
	out := Object{}
	for k, v := range o {
		out[k] = v
	}
	return out
}

// next returns a number that no object has.
func (s *Sim) next() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.serial++
	return 1000 + s.serial
}

// change changes the object of a set whose field key is id, and reports whether there is one.
func (s *Sim) change(set, key, id string, fields Object) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, o := range s.sets[set] {
		if fmt.Sprint(o[key]) == id {
			for k, v := range fields {
				o[k] = v
			}
			return true
		}
	}
	return false
}

// remove removes the object of a set whose field key is id, and reports whether there was one.
func (s *Sim) remove(set, key, id string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	had := len(s.sets[set])
	s.sets[set] = slices.DeleteFunc(s.sets[set], func(o Object) bool { return fmt.Sprint(o[key]) == id })
	return len(s.sets[set]) < had
}

// find returns the object of a set whose field key is id.
func (s *Sim) find(set, key, id string) (Object, bool) {
	for _, o := range s.Set(set) {
		if fmt.Sprint(o[key]) == id {
			return o, true
		}
	}
	return nil, false
}

// Suffer makes every following answer suffer a trouble; nil heals.
func (s *Sim) Suffer(t *Trouble) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.trouble = t
}

// Violations lists what the real system would not have taken.
func (s *Sim) Violations() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.violations)
}

// Requests lists method and path of every request.
func (s *Sim) Requests() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.requests)
}

func (s *Sim) violate(format string, args ...any) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.violations = append(s.violations, fmt.Sprintf(format, args...))
}

// ServeHTTP implements http.Handler.
func (s *Sim) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	t := s.trouble
	s.requests = append(s.requests, r.Method+" "+r.URL.Path)
	s.mu.Unlock()
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return
	}
	r.Body = io.NopCloser(bytes.NewReader(body))
	if t == nil || t.Data && r.URL.Path == s.tokenPath {
		s.answer(w, r)
		return
	}
	if t.Delay > 0 {
		timer := time.NewTimer(t.Delay)
		defer timer.Stop()
		select {
		case <-timer.C:
		case <-r.Context().Done():
			return
		}
	}
	switch {
	case t.HangUp:
		panic(http.ErrAbortHandler)
	case t.Status != 0:
		if t.RetryAfter != "" {
			w.Header().Set("Retry-After", t.RetryAfter)
		}
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(t.Status)
		_, _ = io.WriteString(w, t.Body)
	case t.WebPage:
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		_, _ = io.WriteString(w, "<!DOCTYPE html><html><body>Sign in</body></html>")
	case t.CutOff, t.BOM:
		rec := httptest.NewRecorder()
		s.answer(rec, r)
		out := rec.Body.Bytes()
		if t.CutOff {
			w.Header().Set("Content-Length", fmt.Sprint(len(out)+10))
			w.WriteHeader(rec.Code)
			_, _ = w.Write(out[:len(out)/2])
			panic(http.ErrAbortHandler)
		}
		w.WriteHeader(rec.Code)
		_, _ = w.Write(append([]byte("\ufeff"), out...))
	default:
		s.answer(w, r)
	}
}

func (s *Sim) answer(w http.ResponseWriter, r *http.Request) {
	if _, pattern := s.mux.Handler(r); pattern == "" {
		s.violate("unknown path: %s %s", r.Method, r.URL.Path)
	}
	s.mux.ServeHTTP(w, r)
}

// handle adds a path. f answers with a status and what becomes JSON; a []byte goes as it is.
func (s *Sim) handle(pattern string, f func(r *http.Request) (int, any)) {
	s.mux.HandleFunc(pattern, func(w http.ResponseWriter, r *http.Request) {
		status, v := f(r)
		if v == nil {
			w.WriteHeader(status)
			return
		}
		w.Header().Set("Content-Type", "application/json; charset=utf-8")
		w.WriteHeader(status)
		if raw, ok := v.([]byte); ok {
			_, _ = w.Write(raw)
			return
		}
		_ = json.NewEncoder(w).Encode(v)
	})
}

// input reads a JSON body.
func (s *Sim) input(r *http.Request, kinds ...string) (Object, bool) {
	if len(kinds) == 0 {
		kinds = []string{"application/json"}
	}
	kind, _, _ := strings.Cut(r.Header.Get("Content-Type"), ";")
	if !slices.Contains(kinds, kind) {
		s.violate("%s %s with content type %q", r.Method, r.URL.Path, kind)
		return nil, false
	}
	var o Object
	dec := json.NewDecoder(r.Body)
	if err := dec.Decode(&o); err != nil {
		s.violate("%s %s: body is not a JSON object: %v", r.Method, r.URL.Path, err)
		return nil, false
	}
	return o, true
}

// params violates on every query parameter that is not known. A name that ends in * stands for all with that beginning.
func (s *Sim) params(r *http.Request, known ...string) {
	for name := range r.URL.Query() {
		if !slices.ContainsFunc(known, func(k string) bool {
			head, rest := strings.CutSuffix(k, "*")
			return name == k || rest && strings.HasPrefix(name, head)
		}) {
			s.violate("%s %s: unknown parameter %s", r.Method, r.URL.Path, name)
		}
	}
}

// fields violates on every field of a body that the system does not know: most would take it and drop it silently.
func (s *Sim) fields(what string, o Object, known ...string) {
	for name := range o {
		if !slices.Contains(known, name) {
			s.violate("%s: unknown field %s", what, name)
		}
	}
}

// required violates on missing fields.
func (s *Sim) required(what string, o Object, names ...string) bool {
	ok := true
	for _, n := range names {
		if v, has := o[n]; !has || v == nil || v == "" {
			s.violate("%s: field %s is missing", what, n)
			ok = false
		}
	}
	return ok
}

func text(v any) string {
	if s, ok := v.(string); ok {
		return s
	}
	if v == nil {
		return ""
	}
	return fmt.Sprint(v)
}

func list(v any) []any {
	l, _ := v.([]any)
	return l
}

func object(v any) Object {
	switch v := v.(type) {
	case map[string]any:
		return v
	case Object:
		return v
	}
	return Object{}
}

// likeMatch matches SQL's LIKE, without case.
func likeMatch(pattern, s string) bool {
	return wild([]rune(strings.ToLower(pattern)), []rune(strings.ToLower(s)))
}

func wild(p, s []rune) bool {
	for len(p) > 0 {
		switch p[0] {
		case '%':
			for i := 0; i <= len(s); i++ {
				if wild(p[1:], s[i:]) {
					return true
				}
			}
			return false
		case '_':
			if len(s) == 0 {
				return false
			}
		case '\\':
			if len(p) > 1 {
				p = p[1:]
			}
			fallthrough
		default:
			if len(s) == 0 || s[0] != p[0] {
				return false
			}
		}
		p, s = p[1:], s[1:]
	}
	return len(s) == 0
}

// page cuts a list.
func page[T any](l []T, offset, limit int) []T {
	offset = min(max(0, offset), len(l))
	return l[offset:min(len(l), offset+max(0, limit))]
}

// Texts returns all texts of the objects of a set in which one of the keys occurs, one entry per object.
func (s *Sim) Texts(set string, keys ...string) []string {
	var out []string
	for _, o := range s.Set(set) {
		var b strings.Builder
		flatten(&b, o)
		if slices.ContainsFunc(keys, func(k string) bool { return k != "" && strings.Contains(b.String(), k) }) {
			out = append(out, b.String())
		}
	}
	return out
}

func flatten(b *strings.Builder, v any) {
	switch v := v.(type) {
	case map[string]any:
		for _, e := range v {
			flatten(b, e)
		}
	case Object:
		flatten(b, map[string]any(v))
	case []any:
		for _, e := range v {
			flatten(b, e)
		}
	case nil:
	default:
		fmt.Fprintln(b, v)
	}
}
