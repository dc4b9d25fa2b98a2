// Package onecsim is our own simulator of the standard OData interface of 1C:Enterprise 8.3. It is strict: where public
// probes of real bases show the platform refusing or behaving oddly, so does the simulator, and each such quirk is a test here that
// names its source. It is no proof against a licensed 1C: what no source tells, it decides by itself and says so in a comment.
//
// Sources are abbreviated as in the project's notes: P4, P7, P8, P9, M1d are probes of a real "Управление торговлей 11" published by the
// odata1c-gate project; "client" is the code of a public client of real bases.
package onecsim

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"sync"
	"time"
	"unicode/utf8"

	"github.com/pult-cc/pult/internal/errs"
)

// DefaultRoot is the path of the OData interface of a base published as "demo".
const DefaultRoot = "/demo/odata/standard.odata/"

// Options configure a Sim. The zero value serves an open base with every quirk on.
type Options struct {
	Base     *Base
	Root     string // path of the interface, with slashes at both ends; default DefaultRoot
	User     string // "" lets everybody in
	Password string

	// Delay is how long every answer takes; ColdStart how long the first one takes after IdleAfter without requests (P4: more than
	// 30 s, M1d: 11.5 s). IdleAfter 0: only the very first.
	Delay, ColdStart, IdleAfter time.Duration

	MaxQuery       int      // longest query string in bytes; 0: 2048, the default of IIS; negative: no limit, as on Apache
	NoBOM          bool     // JSON without byte order mark
	OldPlatform    bool     // before 8.3.8: no paths through tabular parts in $filter
	JoinDuplicates bool     // an owner appears once per fitting line of its tabular part (no source; a join would do that)
	Unpublished    []string // sets that exist in the configuration and are not published

	// Handler is the configuration's own code that runs when a record is written; what it returns, unless "", is the exception it
	// throws.
	Handler func(set string, row Row) string
}

// Trouble is what goes wrong instead of an answer.
type Trouble struct {
	Delay      time.Duration // before anything else
	Status     int           // answer so, with the rest of this
	Code       string        // of an odata.error body; "" with Status: a web page of the server
	Message    string
	RetryAfter string // header
	WebPage    bool   // 200 and HTML, as a proxy's sign-in page
	CutOff     bool   // the right answer, half of it
	HangUp     bool   // the connection is closed without an answer
	Deaf       bool   // a write is done, and then the connection closed without an answer
}

// Sim serves a Base over HTTP. It may be used by many goroutines.
type Sim struct {
	o Options

	mu       sync.Mutex
	trouble  *Trouble
	delay    time.Duration
	last     time.Time
	requests []string
	metadata int

	base     sync.RWMutex // over the rows of o.Base, and what follows
	made     int
	versions uint64
}

// New makes a simulator.
func New(o Options) *Sim {
	if o.Base == nil {
		o.Base = NewUT11()
	}
	if o.Root == "" {
		o.Root = DefaultRoot
	}
	if o.MaxQuery == 0 {
		o.MaxQuery = 2048
	}
	return &Sim{o: o, delay: o.Delay}
}

// Suffer makes every following request meet the trouble; nil heals.
func (s *Sim) Suffer(t *Trouble) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.trouble = t
}

// SetDelay changes how long every answer takes.
func (s *Sim) SetDelay(d time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.delay = d
}

// Requests returns path and query of every request so far, decoded for reading.
func (s *Sim) Requests() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]string(nil), s.requests...)
}

// MetadataRequests counts how often $metadata was fetched: on a real base that is 16.8 MB and 23 s (P4).
func (s *Sim) MetadataRequests() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.metadata
}

// note takes a request down and returns what it has to suffer.
func (s *Sim) note(r *http.Request) (Trouble, time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	readable := r.URL.EscapedPath() + "?" + r.URL.RawQuery
	if text, err := url.PathUnescape(readable); err == nil {
		readable = text
	}
	s.requests = append(s.requests, readable)
	wait := s.delay
	now := time.Now()
	if s.o.ColdStart > 0 && (s.last.IsZero() || s.o.IdleAfter > 0 && now.Sub(s.last) >= s.o.IdleAfter) {
		wait += s.o.ColdStart
	}
	s.last = now
	if s.trouble == nil {
		return Trouble{}, wait
	}
	return *s.trouble, wait + s.trouble.Delay
}

// ServeHTTP implements http.Handler.
func (s *Sim) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	trouble, wait := s.note(r)
	if wait > 0 {
		timer := time.NewTimer(wait)
		defer timer.Stop()
		select {
		case <-timer.C:
		case <-r.Context().Done():
			return
		}
	}
	w.Header().Set("Server", "Microsoft-IIS/10.0")
	if s.spoil(w, trouble) {
		return
	}
	if s.o.MaxQuery > 0 && len(r.URL.RawQuery) > s.o.MaxQuery {
		webPage(w, http.StatusNotFound, "404.15 - Query String Too Long") // IIS requestLimits, before 1C sees anything
		return
	}
	if !s.admits(r) {
		w.Header().Set("WWW-Authenticate", `Basic realm="1C:Enterprise 8.3"`)
		webPage(w, http.StatusUnauthorized, "401 - Unauthorized")
		return
	}
	asJSON := true
	o, p := parseOptions(r.URL.RawQuery)
	var body []byte
	contentType, status := jsonType, http.StatusOK
	if p == nil {
		asJSON = o.json
		status, body, contentType, p = s.answer(w.Header(), r, o)
	}
	if trouble.Deaf && r.Method != http.MethodGet {
		hangUp(w)
		return
	}
	w.Header().Set("DataServiceVersion", "3.0")
	w.Header().Set("Cache-Control", "no-cache")
	if p != nil {
		status = p.status
		body, contentType = errorJSON(p), jsonType
		if !asJSON {
			body, contentType = errorAtom(p), "application/xml;charset=utf-8"
		}
	}
	if strings.HasPrefix(contentType, "application/json") && !s.o.NoBOM {
		body = append([]byte(bom), body...)
	}
	if trouble.CutOff {
		body = body[:len(body)/2]
	}
	w.Header().Set("Content-Type", contentType)
	w.WriteHeader(status)
	_, _ = w.Write(body) // the client may have gone
}

// spoil answers with the trouble, if that is what there is to answer.
func (s *Sim) spoil(w http.ResponseWriter, t Trouble) bool {
	if t.RetryAfter != "" {
		w.Header().Set("Retry-After", t.RetryAfter)
	}
	switch {
	case t.HangUp:
		hangUp(w)
	case t.WebPage:
		webPage(w, http.StatusOK, "Please sign in")
	case t.Status != 0 && t.Code != "":
		w.Header().Set("Content-Type", jsonType)
		w.WriteHeader(t.Status)
		_, _ = w.Write(append([]byte(bom), errorJSON(&problem{t.Status, t.Code, t.Message})...)) // the client may have gone
	case t.Status != 0:
		webPage(w, t.Status, fmt.Sprintf("%d - %s", t.Status, http.StatusText(t.Status)))
	default:
		return false
	}
	return true
}

func hangUp(w http.ResponseWriter) {
	if conn, _, err := http.NewResponseController(w).Hijack(); err == nil {
		_ = conn.Close() // hanging up is the point
	}
}

func webPage(w http.ResponseWriter, status int, text string) {
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(status)
	_, _ = fmt.Fprintf(w, "<!DOCTYPE html>\r\n<html><head><title>%s</title></head><body><h2>%s</h2></body></html>", text, text)
}

// admits checks HTTP Basic. A login in Cyrillic works in UTF-8 only (P4: cp1251 is answered 401.5).
func (s *Sim) admits(r *http.Request) bool {
	if s.o.User == "" {
		return true
	}
	encoded, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Basic ")
	if !ok {
		return false
	}
	raw, err := base64.StdEncoding.DecodeString(encoded)
	return err == nil && utf8.Valid(raw) && string(raw) == s.o.User+":"+s.o.Password
}

const jsonType = "application/json;odata=minimalmetadata;charset=utf-8"

var entityPath = regexp.MustCompile(`^([^(/]+)\(guid'([^']*)'\)$`)

// answer finds what was asked for. The path must spell (guid'...') literally: no source tells whether the platform takes %28 and
// %27, so the simulator does not.
func (s *Sim) answer(header http.Header, r *http.Request, o options) (status int, body []byte, contentType string, p *problem) {
	escaped := r.URL.EscapedPath()
	rest, ok := strings.CutPrefix(escaped, s.o.Root)
	if !ok {
		if escaped+"/" != s.o.Root {
			return 0, nil, "", &problem{http.StatusNotFound, "0", "Ресурс не найден"}
		}
		rest = ""
	}
	upper := strings.ToUpper(rest)
	for _, bad := range []string{"%28", "%29", "%27"} {
		if strings.Contains(upper, bad) {
			return 0, nil, "", unknownSegment(rest)
		}
	}
	name, err := url.PathUnescape(rest)
	if err != nil {
		return 0, nil, "", unknownSegment(rest)
	}
	root := "http://" + r.Host + s.o.Root
	if r.Method == http.MethodGet {
		s.base.RLock()
		defer s.base.RUnlock()
		body, contentType, p = s.read(name, root, o)
		return http.StatusOK, body, contentType, p
	}
	s.base.Lock()
	defer s.base.Unlock()
	name, key, p := keyOf(name)
	if p != nil {
		return 0, nil, "", p
	}
	set, p := s.set(name)
	if p != nil {
		return 0, nil, "", p
	}
	return s.write(header, r, set, key, o, root)
}

// keyOf splits Name(guid'key').
func keyOf(segment string) (name, key string, p *problem) {
	m := entityPath.FindStringSubmatch(segment)
	if m == nil {
		return segment, "", nil
	}
	if !guidForm.MatchString(m[2]) {
		return "", "", badKey(m[2])
	}
	return m[1], m[2], nil
}

// read answers a GET.
func (s *Sim) read(name, root string, o options) ([]byte, string, *problem) {
	switch name {
	case "":
		return s.serviceDocument(root), jsonType, nil
	case "$metadata":
		s.mu.Lock()
		s.metadata++
		s.mu.Unlock()
		return s.o.Base.metadata(), "application/xml", nil
	}
	name, key, p := keyOf(name)
	if p != nil {
		return nil, "", p
	}
	set, p := s.set(name)
	if p != nil {
		return nil, "", p
	}
	sel, p := s.o.Base.selectFrom(set, o.sel, o.expand)
	if p != nil {
		return nil, "", p
	}
	if key != "" {
		row := s.o.Base.byKey(name, key)
		if row == nil {
			return nil, "", &problem{http.StatusNotFound, "9", "Экземпляр сущности не найден"}
		}
		if !o.json {
			return s.o.Base.atom(set, []Row{row}, root), "application/atom+xml;type=entry;charset=utf-8", nil
		}
		return s.o.Base.entity(set, row, sel, root+"$metadata#"+name+"/@Element"), jsonType, nil
	}
	rows, total, p := s.query(set, o)
	if p != nil {
		return nil, "", p
	}
	if !o.json { // Accept alone changes nothing (P4)
		return s.o.Base.atom(set, rows, root), "application/atom+xml;type=feed;charset=utf-8", nil
	}
	count := -1
	if o.count {
		count = total
	}
	return s.o.Base.collection(set, rows, sel, root, count), jsonType, nil
}

func badKey(key string) *problem {
	return &problem{http.StatusBadRequest, "1", fmt.Sprintf("Не удалось разобрать строку '%s' как значение типа Edm.Guid!", key)}
}

func (s *Sim) set(name string) (*Set, *problem) {
	set, ok := s.o.Base.lookup(name)
	for _, hidden := range s.o.Unpublished {
		ok = ok && name != hidden && !strings.HasPrefix(name, hidden+"_")
	}
	if !ok {
		return nil, &problem{http.StatusNotFound, "0", fmt.Sprintf("Сущность '%s' не найдена", name)}
	}
	return set, nil
}

// query selects, orders and pages the rows of a set; total counts them before paging.
func (s *Sim) query(set *Set, o options) (rows []Row, total int, p *problem) {
	if !o.hasFlt {
		rows = append(rows, set.rows...)
	} else {
		c, err := compile(s.o.Base, set, o.filter, !s.o.OldPlatform)
		if err != nil {
			return nil, 0, filterProblem(err)
		}
		for _, r := range set.rows {
			n := c.matches(r)
			if !s.o.JoinDuplicates {
				n = min(n, 1)
			}
			for range n {
				rows = append(rows, r)
			}
		}
	}
	if len(o.orderBy) == 0 && o.skip > 0 {
		// Without an order a database gives what it likes, each time: whoever pages so will miss something.
		s.mu.Lock()
		turn := len(s.requests)
		s.mu.Unlock()
		rows = append(rows[turn%max(1, len(rows)):], rows[:turn%max(1, len(rows))]...)
	}
	if p := order(set, rows, o.orderBy); p != nil {
		return nil, 0, p
	}
	total = len(rows)
	rows = rows[min(o.skip, len(rows)):]
	if o.top >= 0 {
		rows = rows[:min(o.top, len(rows))]
	}
	return rows, total, nil
}

// filterProblem is the platform's answer to a filter; it repeats numbers and GUIDs, and nothing else (P7).
func filterProblem(err error) *problem {
	var number errNumber
	var value errValue
	switch {
	case errors.Is(err, errFunction):
		return &problem{http.StatusInternalServerError, "-1", "Несоответствие типов (параметр номер '1')"}
	case errors.As(err, &number):
		return &problem{http.StatusBadRequest, "14", "Ошибка при разборе опции запроса $filter: '" + number.text + "'"}
	case errors.As(err, &value):
		return badKey(value.text)
	}
	return badFilter()
}

func (s *Sim) serviceDocument(root string) []byte {
	type entry struct {
		Name string `json:"name"`
		URL  string `json:"url"`
	}
	list := []entry{}
	for _, name := range s.o.Base.published() {
		if _, p := s.set(name); p == nil {
			list = append(list, entry{name, name})
		}
	}
	var o object
	o.put("odata.metadata", root+"$metadata")
	o.put("value", list)
	return o.end()
}

// Serve serves a simulator on a listener until ctx ends, then closes it. It is what a command needs around New.
func Serve(ctx context.Context, ln net.Listener, h http.Handler) error {
	srv := &http.Server{Handler: h, ReadHeaderTimeout: 10 * time.Second}
	stop := context.AfterFunc(ctx, func() { _ = srv.Close() }) // a simulator has nothing to finish
	defer stop()
	if err := srv.Serve(ln); err != nil && !errors.Is(err, http.ErrServerClosed) {
		return errs.With(errs.Unavailable, "serving simulated 1C", err)
	}
	return nil
}
