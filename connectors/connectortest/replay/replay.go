// Package replay serves a recording that `pult connector capture` made of a customer system, so that a driver can be tested against
// what that system really says.
package replay

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"sync"

	"github.com/pult-cc/pult/connectors/capture"
	"github.com/pult-cc/pult/internal/errs"
)

// Read reads a recording.
func Read(data []byte) (capture.Fixture, error) {
	const op = "reading recording"
	var f capture.Fixture
	if err := json.Unmarshal(data, &f); err != nil {
		return f, errs.With(errs.Invalid, op, err)
	}
	if f.Format != capture.Format {
		return f, errs.Ef(errs.Invalid, op, "format %d is not known; this is for %d", f.Format, capture.Format)
	}
	return f, nil
}

// Server answers as the recorded system did. It may be used by many goroutines.
type Server struct {
	mu         sync.Mutex
	exchanges  map[string][]capture.Exchange // by request; several in their order, the last again and again
	violations []string
}

// New makes a server of a recording.
func New(f capture.Fixture) *Server {
	s := &Server{exchanges: map[string][]capture.Exchange{}}
	for _, e := range f.Exchanges {
		key := keyOf(e.Method, e.Target, e.Body)
		s.exchanges[key] = append(s.exchanges[key], e)
	}
	return s
}

// Config is the recording's configuration for a server at an address, host:port.
func Config(f capture.Fixture, address string) json.RawMessage {
	return json.RawMessage(strings.ReplaceAll(string(f.Config), capture.Host, address))
}

// keyOf names a request: JSON is the same however it is written.
func keyOf(method, target, body string) string {
	var v any
	if json.Unmarshal([]byte(body), &v) == nil {
		if text, err := json.Marshal(v); err == nil {
			body = string(text)
		}
	}
	return method + " " + target + "\n" + body
}

// Violations lists requests that were not recorded: the driver asks otherwise than it did.
func (s *Server) Violations() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]string(nil), s.violations...)
}

// ServeHTTP implements http.Handler.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(io.LimitReader(r.Body, 4<<20))
	if err != nil {
		http.Error(w, "unreadable", http.StatusBadRequest)
		return
	}
	e, ok := s.next(keyOf(r.Method, r.URL.RequestURI(), string(body)))
	if !ok {
		http.Error(w, "no such request was recorded", http.StatusNotImplemented)
		return
	}
	for k, v := range e.Header {
		w.Header().Set(k, v)
	}
	w.WriteHeader(e.Status)
	answer := []byte(e.Answer)
	if len(answer) == 0 {
		answer = []byte(e.Text)
	}
	_, _ = w.Write(bytes.ReplaceAll(answer, []byte("http://"+capture.Host), []byte("http://"+r.Host))) // the driver has gone: nobody to tell
}

func (s *Server) next(key string) (capture.Exchange, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	all := s.exchanges[key]
	if len(all) == 0 {
		s.violations = append(s.violations, key)
		return capture.Exchange{}, false
	}
	if len(all) > 1 {
		s.exchanges[key] = all[1:]
	}
	return all[0], true
}
