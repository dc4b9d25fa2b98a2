package workbench_test

import (
	"bytes"
	"context"
	"encoding/json"
	"log/slog"
	"net/http/httptest"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/pult-cc/pult/connectors"
	"github.com/pult-cc/pult/connectors/all"
	"github.com/pult-cc/pult/connectors/onec/onecsim"
	"github.com/pult-cc/pult/internal/customers"
	"github.com/pult-cc/pult/internal/errs"
	"github.com/pult-cc/pult/internal/seal"
	"github.com/pult-cc/pult/internal/seal/localkey"
	"github.com/pult-cc/pult/internal/workbench"
)

// rows is a repository in memory.
type rows struct {
	mu sync.Mutex
	m  map[string]workbench.Record

	rotated map[string][]byte
	gone    map[string]int64
	broken  error // of rotated
	lost    error // of rotated: it is stored, and the answer is lost
}

func newRows() *rows {
	return &rows{m: map[string]workbench.Record{}, rotated: map[string][]byte{}, gone: map[string]int64{}}
}

// locks are names that one holds at a time.
type locks struct{ m sync.Map }

func (l *locks) take(ctx context.Context, name string) (func(), error) {
	place, _ := l.m.LoadOrStore(name, make(chan struct{}, 1))
	select {
	case place.(chan struct{}) <- struct{}{}:
		return func() { <-place.(chan struct{}) }, nil
	case <-ctx.Done():
		return nil, errs.With(errs.Timeout, "waiting", ctx.Err())
	}
}

func (r *rows) WebConnectors(context.Context) ([]workbench.Record, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	var out []workbench.Record
	for _, c := range r.m {
		out = append(out, c)
	}
	slices.SortFunc(out, func(a, b workbench.Record) int { return strings.Compare(a.ID, b.ID) })
	return out, nil
}

func (r *rows) WebConnector(_ context.Context, id string) (workbench.Record, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	c, ok := r.m[id]
	if !ok {
		return c, errs.E(errs.NotFound, "reading", "there is no such connector")
	}
	return c, nil
}

func (r *rows) SaveWebConnector(_ context.Context, c workbench.Record, former int64) (int64, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.m[c.ID].Version != former {
		return 0, errs.E(errs.Conflict, "saving", "another version")
	}
	c.Version = max(c.Version, r.gone[c.ID]+1)
	r.m[c.ID] = c
	return c.Version, nil
}

func (r *rows) Rotated(_ context.Context, id string) ([]byte, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if _, ok := r.m[id]; !ok {
		return nil, errs.E(errs.NotFound, "reading", "there is no such connector")
	}
	return r.rotated[id], r.broken
}

func (r *rows) SaveRotated(_ context.Context, id string, former, sealed []byte) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	switch _, ok := r.m[id]; {
	case !ok:
		return errs.E(errs.NotFound, "storing", "there is no such connector")
	case r.broken != nil:
		return r.broken
	case !bytes.Equal(former, r.rotated[id]):
		return errs.E(errs.Conflict, "storing", "something else is stored")
	}
	r.rotated[id] = sealed
	return r.lost
}

func (r *rows) DeleteWebConnector(_ context.Context, id string, former int64) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if c, ok := r.m[id]; ok && c.Version != former {
		return errs.E(errs.Conflict, "deleting", "another version")
	}
	r.gone[id] = former
	delete(r.m, id)
	delete(r.rotated, id)
	return nil
}

const (
	user     = "Пульт"
	password = "п@роль-секрет"
)

var now = time.Date(2026, 11, 26, 9, 0, 0, 0, time.UTC)

// stand is a workbench with a 1C beside it.
type stand struct {
	*workbench.Service
	t       *testing.T
	rows    *rows
	sim     *onecsim.Sim
	url     string
	changed int
	log     bytes.Buffer
	status  map[string]workbench.Status
	sealer  workbench.Sealer
	lock    func(context.Context, string) (func(), error)
}

func newStand(t *testing.T, change ...func(*workbench.Options)) *stand {
	t.Helper()
	s := &stand{t: t, rows: newRows(), status: map[string]workbench.Status{}}
	s.sim = onecsim.New(onecsim.Options{Base: onecsim.NewDemo(), User: user, Password: password})
	srv := httptest.NewServer(s.sim)
	t.Cleanup(srv.Close)
	s.url = srv.URL + "/demo"
	reg, err := all.Registry(slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	numbers, err := customers.NewNormalizer("RU", "")
	if err != nil {
		t.Fatal(err)
	}
	o := workbench.Options{
		Kinds: reg.Kinds(), Open: reg.Open, Repository: s.rows, Numbers: numbers,
		Sealer:  seal.New(localkey.New(filepath.Join(t.TempDir(), "key"))),
		Reach:   connectors.Reach{Networks: []string{"127.0.0.0/8"}},
		Lock:    new(locks).take,
		Changed: func(context.Context) { s.changed++ },
		Status:  func() map[string]workbench.Status { return s.status },
		Now:     func() time.Time { return now }, Log: slog.New(slog.NewTextHandler(&s.log, nil)),
	}
	for _, c := range change {
		c(&o)
	}
	s.sealer, s.lock = o.Sealer, o.Lock
	s.Service = workbench.New(o)
	return s
}

func ptr(s string) *string { return &s }

// draft is a 1C as an administrator types it.
func (s *stand) draft() workbench.Draft {
	return workbench.Draft{
		ID: "1c", Kind: "onec", Name: "1С", Config: s.config(map[string]any{}), Secrets: map[string]*string{"password": ptr(password)},
	}
}

// config is that of the 1C with changes.
func (s *stand) config(change map[string]any) json.RawMessage {
	s.t.Helper()
	c := map[string]any{"base_url": s.url, "user": user, "preset": "ut11"}
	for k, v := range change {
		c[k] = v
	}
	text, err := json.Marshal(c)
	if err != nil {
		s.t.Fatal(err)
	}
	return text
}

func (s *stand) save(d workbench.Draft) workbench.Connector {
	s.t.Helper()
	c, err := s.Save(s.t.Context(), d, "adam")
	if err != nil {
		s.t.Fatal(err)
	}
	return c
}
