// Package storetest proves that the store keeps the promises of every repository it implements, on a given database. SQLite and a
// real PostgreSQL run the whole of it.
package storetest

import (
	"context"
	"sync/atomic"
	"testing"
	"time"

	"github.com/pult-cc/pult/internal/errs"
	"github.com/pult-cc/pult/internal/store"
)

// NewDatabase makes a fresh, empty database and returns its DSN. It lasts until the test ends.
type NewDatabase func(t *testing.T) (dsn string)

// start is a time with microseconds, as tests like it: not now, so that nothing depends on the clock.
var start = time.Date(2026, 3, 29, 1, 59, 59, 999_999_000, time.UTC)

// Run runs the suite.
func Run(t *testing.T, fresh NewDatabase) {
	for _, group := range []struct {
		name string
		run  func(*testing.T, NewDatabase)
	}{
		{"database", runDatabase},
		{"users", runUsers},
		{"interactions", runInteractions},
		{"timeline", runTimeline},
		{"customers", runCustomers},
		{"links", runLinks},
		{"phone index", runPhoneIndex},
		{"web connectors", runWebConnectors},
		{"outbox", runOutbox},
		{"screen pops", runScreenPops},
		{"directory", runDirectory},
		{"credentials", runCredentials},
		{"concurrency", runConcurrency},
	} {
		t.Run(group.name, func(t *testing.T) { group.run(t, fresh) })
	}
}

// testCase is one promise.
type testCase struct {
	name string
	test func(*testing.T, *db)
}

// each runs the cases of a group on one database: nothing may depend on an empty table unless it says so.
func each(t *testing.T, fresh NewDatabase, cases []testCase) {
	d := open(t, fresh(t))
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) { c.test(t, d) })
	}
}

// db is an open, migrated and seeded store that counts its statements.
type db struct {
	*store.Store
	dsn   string
	count atomic.Int64
}

func open(t *testing.T, dsn string) *db {
	t.Helper()
	d := &db{dsn: dsn}
	s, err := store.Open(t.Context(), store.Options{
		DSN: dsn, OnStatement: func(context.Context, string) { d.count.Add(1) },
	})
	if err != nil {
		t.Fatalf("Open: %v", err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Errorf("Close: %v", err)
		}
	})
	d.Store = s
	if err := s.Migrate(t.Context()); err != nil {
		t.Fatalf("Migrate: %v", err)
	}
	if err := s.Seed(t.Context(), "ru", start); err != nil {
		t.Fatalf("Seed: %v", err)
	}
	return d
}

// statements returns how many statements f needs.
func (d *db) statements(f func()) int64 {
	before := d.count.Load()
	f()
	return d.count.Load() - before
}

func must(t *testing.T, what string, err error) {
	t.Helper()
	if err != nil {
		t.Fatalf("%s: %v", what, err)
	}
}

func wantKind(t *testing.T, what string, err error, kind errs.Kind) {
	t.Helper()
	if !errs.Is(err, kind) {
		t.Errorf("%s: got %v, want kind %v", what, err, kind)
	}
}

func ptr[T any](v T) *T { return &v }
