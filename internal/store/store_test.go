package store_test

import (
	"context"
	"database/sql"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"entgo.io/ent/dialect"
	entsql "entgo.io/ent/dialect/sql"
	"go.uber.org/goleak"

	"github.com/pult-cc/pult/ent/migrate"
	"github.com/pult-cc/pult/internal/errs"
	"github.com/pult-cc/pult/internal/lab"
	"github.com/pult-cc/pult/internal/store"
	"github.com/pult-cc/pult/internal/store/storetest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func newSQLite(t *testing.T) string {
	return "sqlite:" + filepath.Join(t.TempDir(), "with space, 100% & ?#.db")
}

func TestSQLite(t *testing.T) { storetest.Run(t, newSQLite) }

// The change of a new file to WAL fails at once, past busy_timeout, while another process is about to write.
func TestSQLiteWaitsForTheFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "pult.db")
	other, err := sql.Open("sqlite", "file:"+path+"?_txlock=immediate")
	if err != nil {
		t.Fatal(err)
	}
	defer other.Close()
	writing, err := other.BeginTx(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := writing.ExecContext(t.Context(), "CREATE TABLE t (a)"); err != nil {
		t.Fatal(err)
	}
	hurried, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if s, err := store.Open(hurried, store.Options{DSN: "sqlite:" + path}); err == nil {
		_ = s.Close()
		t.Fatal("opened while another process was writing: the case is not made")
	}
	let := time.AfterFunc(100*time.Millisecond, func() { _ = writing.Rollback() })
	defer let.Stop()
	s, err := store.Open(t.Context(), store.Options{DSN: "sqlite:" + path})
	if err != nil {
		t.Fatalf("Open: %v", err)
	}
	if err := s.Close(); err != nil {
		t.Error(err)
	}
}

// postgres starts a real server and returns what makes a fresh schema in it.
func postgres(t *testing.T, opts lab.ServerOptions) (*lab.Postgres, storetest.NewDatabase) {
	t.Helper()
	server, err := lab.StartPostgres(t.Context(), opts)
	if err != nil {
		t.Fatalf("starting PostgreSQL: %v", err)
	}
	t.Cleanup(func() {
		if err := server.Close(); err != nil {
			t.Errorf("closing PostgreSQL: %v", err)
		}
	})
	admin, err := sql.Open("pgx", server.URL)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = admin.Close() })
	var made atomic.Int32
	return server, func(t *testing.T) string {
		t.Helper()
		name := fmt.Sprint("test_", made.Add(1))
		if _, err := admin.ExecContext(t.Context(), "CREATE SCHEMA "+name); err != nil {
			t.Fatalf("making a schema: %v", err)
		}
		u, err := url.Parse(server.URL)
		if err != nil {
			t.Fatal(err)
		}
		q := u.Query()
		q.Set("search_path", name)
		u.RawQuery = q.Encode()
		return u.String()
	}
}

func TestPostgres(t *testing.T) {
	_, fresh := postgres(t, lab.ServerOptions{})
	storetest.Run(t, fresh)
	t.Run("migrations make what the schema says", func(t *testing.T) {
		dsn := fresh(t)
		db, err := sql.Open("pgx", dsn)
		if err != nil {
			t.Fatal(err)
		}
		defer db.Close()
		testMigrationsMakeSchema(t, dsn, dialect.Postgres, db)
	})
	t.Run("link rate of old calls", func(t *testing.T) {
		dsn := fresh(t)
		db, err := sql.Open("pgx", dsn)
		if err != nil {
			t.Fatal(err)
		}
		defer db.Close()
		testLinkRateOfOldCalls(t, dsn, "postgres", db)
	})
}

func TestSQLiteMigrationsMakeSchema(t *testing.T) {
	dsn := newSQLite(t)
	path := strings.TrimPrefix(dsn, "sqlite:")
	db, err := sql.Open("sqlite", "file:"+(&url.URL{Path: path}).EscapedPath()+"?_pragma=foreign_keys(1)")
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	testMigrationsMakeSchema(t, dsn, dialect.SQLite, db)
}

// testMigrationsMakeSchema compares a migrated database with the generated tables, the way that online migration would.
func testMigrationsMakeSchema(t *testing.T, dsn, dialectName string, db *sql.DB) {
	s, err := store.Open(t.Context(), store.Options{DSN: dsn})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if err := s.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	difference := func() string {
		var out strings.Builder
		err := migrate.NewSchema(entsql.OpenDB(dialectName, db)).
			WriteTo(t.Context(), &out, migrate.WithDropColumn(true), migrate.WithDropIndex(true))
		if err != nil {
			t.Fatal(err)
		}
		return strings.TrimSpace(out.String())
	}
	if d := difference(); d != "" {
		t.Errorf("the schema has changes without a migration; run `go run ./ent/migrate/diff`:\n%s", d)
	}
	// The comparison sees what it should.
	for _, change := range []string{"DROP INDEX interaction_open", "ALTER TABLE users ADD COLUMN stray text"} {
		if _, err := db.ExecContext(t.Context(), change); err != nil {
			t.Fatal(err)
		}
	}
	// To drop a column ent makes an SQLite table anew.
	if d := difference(); !strings.Contains(d, "interaction_open") || !strings.Contains(d, "stray") && !strings.Contains(d, "new_users") {
		t.Errorf("the comparison overlooks a lost index or a stray column:\n%s", d)
	}
}

func TestPostgresOutage(t *testing.T) {
	server, fresh := postgres(t, lab.ServerOptions{Durable: true})
	s, err := store.Open(t.Context(), store.Options{DSN: fresh(t)})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if err := s.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := server.Kill(); err != nil {
		t.Fatal(err)
	}
	for range 3 {
		if _, err := s.Auth().Users(t.Context()); !errs.Is(err, errs.Unavailable) {
			t.Errorf("reading: %v", err)
		}
		if err := s.SetSetting(t.Context(), "a", "b", time.Now()); !errs.Is(err, errs.Unavailable) {
			t.Errorf("writing: %v", err)
		}
		if err := s.Check(t.Context()); !errs.Is(err, errs.Unavailable) {
			t.Errorf("checking: %v", err)
		}
	}
	if err := server.Restart(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := s.Check(t.Context()); err != nil {
		t.Errorf("checking after the restart: %v", err)
	}
	if _, err := s.Auth().Users(t.Context()); err != nil {
		t.Errorf("reading after the restart: %v", err)
	}
	if err := server.Kill(); err != nil {
		t.Fatal(err)
	}
	if _, err := store.Open(t.Context(), store.Options{DSN: server.URL}); !errs.Is(err, errs.Unavailable) || strings.Contains(err.Error(), password(server.URL)) {
		t.Errorf("opening: %v", err)
	}
}

func password(dsn string) string {
	u, _ := url.Parse(dsn)
	p, _ := u.User.Password()
	return p
}

func TestOpenMalformed(t *testing.T) {
	for _, dsn := range []string{"", "sqlite:", "sqlite::memory:", "mysql://x", "postgres://user:s3cret@host:port/db", "pult.db"} {
		_, err := store.Open(t.Context(), store.Options{DSN: dsn})
		if !errs.Is(err, errs.Invalid) || errs.FieldsOf(err)["dsn"] == "" || strings.Contains(err.Error(), "s3cret") {
			t.Errorf("%q: %v", dsn, err)
		}
	}
	missing := "sqlite:" + filepath.Join(t.TempDir(), "no", "such", "folder", "pult.db")
	if _, err := store.Open(t.Context(), store.Options{DSN: missing}); !errs.Is(err, errs.Invalid) {
		t.Errorf("a file in no folder: %v", err)
	}
}

func TestSQLiteFileIsPrivate(t *testing.T) {
	dsn := newSQLite(t)
	s, err := store.Open(t.Context(), store.Options{DSN: dsn})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if err := s.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	path := strings.TrimPrefix(dsn, "sqlite:")
	for _, p := range []string{path, path + "-wal", path + "-shm"} {
		info, err := os.Stat(p)
		if err != nil {
			t.Errorf("%v", err)
			continue
		}
		if mode := info.Mode().Perm(); mode&0o077 != 0 {
			t.Errorf("%s has mode %#o", filepath.Base(p), mode)
		}
	}
}

func TestNewerDatabase(t *testing.T) {
	dsn := newSQLite(t)
	s, err := store.Open(t.Context(), store.Options{DSN: dsn})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if err := s.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	db, err := sql.Open("sqlite", "file:"+(&url.URL{Path: strings.TrimPrefix(dsn, "sqlite:")}).EscapedPath())
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if _, err := db.ExecContext(t.Context(), "INSERT INTO goose_db_version (version_id, is_applied) VALUES (99999, 1)"); err != nil {
		t.Fatal(err)
	}
	if err := s.Migrate(t.Context()); !errs.Is(err, errs.Conflict) || errs.Message(err) == "" {
		t.Errorf("got %v", err)
	}
}

func TestWritersWaitForAnotherProcess(t *testing.T) {
	dsn := newSQLite(t)
	s, err := store.Open(t.Context(), store.Options{DSN: dsn})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if err := s.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	other, err := sql.Open("sqlite", "file:"+(&url.URL{Path: strings.TrimPrefix(dsn, "sqlite:")}).EscapedPath()+"?_txlock=immediate")
	if err != nil {
		t.Fatal(err)
	}
	defer other.Close()
	tx, err := other.BeginTx(context.WithoutCancel(t.Context()), nil)
	if err != nil {
		t.Fatal(err)
	}
	written := make(chan error, 1)
	go func() { written <- s.SetSetting(t.Context(), "a", "b", time.Now()) }()
	select {
	case err := <-written:
		t.Errorf("written while another process held the lock: %v", err)
	case <-time.After(50 * time.Millisecond):
	}
	if _, err := s.Auth().Users(t.Context()); err != nil {
		t.Errorf("reading while another process writes: %v", err)
	}
	if err := tx.Rollback(); err != nil {
		t.Fatal(err)
	}
	if err := <-written; err != nil {
		t.Errorf("writing after it: %v", err)
	}
}
