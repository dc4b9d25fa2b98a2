package capture

import (
	"context"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"sync"
	"time"
	"unicode"

	"github.com/pult-cc/pult/connectors"
	"github.com/pult-cc/pult/internal/errs"
)

// shadow stands in for the system: it gives each request the anonymised answer to the recorded one that it corresponds to.
type shadow struct {
	a       *Anonymiser
	address string
	server  *http.Server
	done    chan struct{}

	mu       sync.Mutex
	now      int // question
	recorded []*heard
	told     []Exchange
}

// heard is a recorded exchange.
type heard struct {
	recorded
	form string // of the request, see form
	text string // of the request
	used bool
}

func newShadow(ctx context.Context, a *Anonymiser, all []recorded, secrets []string) (*shadow, error) {
	ln, err := (&net.ListenConfig{}).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return nil, errs.With(errs.Unavailable, "serving the recording", err)
	}
	s := &shadow{a: a, address: ln.Addr().String(), done: make(chan struct{})}
	for _, e := range all {
		target := e.URL
		if u, err := url.Parse(e.URL); err == nil {
			target = u.RequestURI()
		}
		text := requestText(e.Method, target, string(e.Body))
		for _, v := range secrets {
			text = strings.ReplaceAll(text, v, aSecret)
		}
		s.recorded = append(s.recorded, &heard{recorded: e, form: form(text), text: text})
	}
	s.server = &http.Server{Handler: s, ReadHeaderTimeout: 10 * time.Second}
	go func() {
		defer close(s.done)
		_ = s.server.Serve(ln) // ends with close
	}()
	return s, nil
}

// begin says which question is asked now.
func (s *shadow) begin(question int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.now = question
}

func (s *shadow) close() {
	_ = s.server.Close() // nothing is under way
	<-s.done
}

// requestText is a request in one text, without what only transport adds.
func requestText(method, target, body string) string {
	path, query, asks := strings.Cut(target, "?")
	if plain, err := url.PathUnescape(path); err == nil { // a plus is one here
		path = plain
	}
	if plain, err := url.QueryUnescape(query); err == nil {
		query = plain
	}
	if target = path; asks {
		target += "?" + query
	}
	if plain, err := url.QueryUnescape(body); err == nil && !strings.HasPrefix(strings.TrimSpace(body), "{") {
		body = plain
	}
	return method + " " + target + "\n" + body
}

// form is what a request and its pseudonymous twin have in common: letters and digits without which.
func form(s string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case unicode.IsDigit(r):
			return '0'
		case unicode.IsLetter(r):
			return 'a'
		}
		return r
	}, s)
}

// aSecret stands for any secret in the text of a request.
const aSecret = "§"

var secretForm = regexp.MustCompile(noSecret + `[A-Za-z0-9_-]+`)

// ServeHTTP implements http.Handler.
func (s *shadow) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		http.Error(w, "unreadable", http.StatusBadRequest)
		return
	}
	h := s.match(secretForm.ReplaceAllString(requestText(r.Method, r.URL.RequestURI(), string(body)), aSecret))
	if h == nil {
		http.Error(w, "no such request was recorded", http.StatusNotImplemented)
		return
	}
	answer := s.answer(h)
	s.mu.Lock()
	e := Exchange{Method: r.Method, Target: r.URL.RequestURI(), Body: string(body), Status: h.Status, Header: header(h.Answer)}
	if json.Valid(answer) && len(answer) > 0 {
		e.Answer = answer
	} else {
		e.Text = string(answer)
	}
	s.told = append(s.told, e)
	s.mu.Unlock()
	for k, v := range e.Header {
		w.Header().Set(k, v)
	}
	w.WriteHeader(h.Status)
	_, _ = io.WriteString(w, strings.ReplaceAll(string(answer), "http://"+Host, "http://"+s.address)) // the driver is here
}

// answer anonymises. It is called by one request at a time for one exchange; the anonymiser is not made for many.
func (s *shadow) answer(h *heard) []byte {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.a.Payload(h.Payload)
}

// match finds the recorded request of the same form that is most like this one, those of the same question first, and of these those
// that were not found before.
func (s *shadow) match(text string) *heard {
	s.mu.Lock()
	defer s.mu.Unlock()
	f := form(text)
	var best *heard
	score := -1
	for _, h := range s.recorded {
		if h.form != f {
			continue
		}
		like := alike(h.text, text)
		if !h.used {
			like += len(text)
		}
		if h.of == s.now {
			like += 2 * len(text)
		}
		if like > score {
			best, score = h, like
		}
	}
	if best != nil {
		best.used = true
	}
	return best
}

// alike counts the equal bytes of two texts of one form.
func alike(a, b string) int {
	n := 0
	for i := range min(len(a), len(b)) {
		if a[i] == b[i] {
			n++
		}
	}
	return n
}

func (s *shadow) exchanges() []Exchange {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]Exchange(nil), s.told...)
}

// caseOf is a question with its outcome, as a fixture keeps them.
func (s *shadow) caseOf(q question, out outcome) Case {
	c := Case{Op: q.op, Text: q.text, Found: []connectors.Candidate{}}
	if q.op == "lookup" {
		c.Query = &q.query
	}
	if out.err != nil {
		c.Problem = errs.KindOf(out.err).String()
	}
	for _, f := range out.found {
		f.URL = strings.ReplaceAll(f.URL, "http://"+s.address, "http://"+Host)
		c.Found = append(c.Found, f)
	}
	return c
}
