// Package trace records what a connector asks of its system while somebody tries it out: which requests, how they went and how long
// they took. Drivers fill it through the context; without a recorder there they spend nothing. What is recorded is masked, because it
// is shown: no secret, and no number that is not the asker's own knowledge.
package trace

import (
	"context"
	"regexp"
	"strings"
	"sync"
	"time"
)

// Request is one question to the system.
type Request struct {
	Method string        // GET, POST, SQL, CALL
	Target string        // masked: an address, the name of a query or method
	Status int           // HTTP status; 0 where there was no answer, or no HTTP
	Bytes  int           // of the answer
	Rows   int           // of a query
	At     time.Duration // since the recorder began
	Took   time.Duration
	Error  string // why there was no answer, fit to show
}

// limit is how many requests are kept: a look-up has a handful.
const limit = 100

// Recorder collects requests. Its methods may be called concurrently; a nil one records nothing.
type Recorder struct {
	began time.Time

	mu       sync.Mutex
	requests []Request
	dropped  int
}

type key struct{}

// With returns a context in which requests are recorded.
func With(ctx context.Context) (context.Context, *Recorder) {
	r := &Recorder{began: time.Now()}
	return context.WithValue(ctx, key{}, r), r
}

// From returns the context's recorder, or nil.
func From(ctx context.Context) *Recorder {
	r, _ := ctx.Value(key{}).(*Recorder)
	return r
}

// Begin notes that a request is sent; the function it returns notes how it went. The target is masked here; secrets are the values
// that must not be seen in it.
func (r *Recorder) Begin(method, target string, secrets ...string) func(Request) {
	if r == nil {
		return func(Request) {}
	}
	began := time.Now()
	return func(how Request) {
		how.Method, how.Target = method, Mask(target, secrets...)
		how.At, how.Took = began.Sub(r.began), time.Since(began)
		r.mu.Lock()
		defer r.mu.Unlock()
		if len(r.requests) == limit {
			r.dropped++
			return
		}
		r.requests = append(r.requests, how)
	}
}

// Requests returns what was recorded, in the order in which the answers came, and how many more there were than are kept.
func (r *Recorder) Requests() (all []Request, dropped int) {
	if r == nil {
		return nil, 0
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	return append([]Request(nil), r.requests...), r.dropped
}

// personal is what tells people apart: keys, and numbers however they are written, also with the wildcards of a filter between the
// digits. Addresses of mail are personal too.
var (
	guid   = regexp.MustCompile(`[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}`)
	number = regexp.MustCompile(`\+?[0-9]([ ().%_*-]{0,2}[0-9]){4,}`)
	mail   = regexp.MustCompile(`[\pL\pN._+-]+@[\pL\pN.-]+`)
	opaque = regexp.MustCompile(`[A-Za-z0-9_~-]{24,}`)
)

// longest is how much of a target is kept, in runes.
const longest = 600

// Mask blots out secrets, keys, numbers and addresses of mail, and cuts what is long.
func Mask(s string, secrets ...string) string {
	for _, secret := range secrets {
		if len(secret) > 2 {
			s = strings.ReplaceAll(s, secret, "***")
		}
	}
	s = guid.ReplaceAllString(s, "…")
	s = mail.ReplaceAllString(s, "…")
	s = opaque.ReplaceAllStringFunc(s, func(word string) string {
		if strings.ContainsAny(word, "0123456789") { // a token that the system made, not a name
			return "…"
		}
		return word
	})
	s = number.ReplaceAllString(s, "…")
	if r := []rune(s); len(r) > longest {
		s = string(r[:longest]) + "…"
	}
	return s
}
