package store_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/pult-cc/pult/internal/auth"
	"github.com/pult-cc/pult/internal/errs"
	"github.com/pult-cc/pult/internal/lab"
	"github.com/pult-cc/pult/internal/store"
)

// TestLookingChangesNothing: the doctor used to make, migrate and fill the database that it was asked to look at.
func TestLookingChangesNothing(t *testing.T) {
	look := func(t *testing.T, dsn string) store.Glimpse {
		t.Helper()
		g, err := store.Look(t.Context(), dsn)
		if err != nil {
			t.Fatal(err)
		}
		return g
	}
	fill := func(t *testing.T, dsn string) *store.Store {
		t.Helper()
		s, err := store.Open(t.Context(), store.Options{DSN: dsn})
		if err != nil {
			t.Fatal(err)
		}
		if err := s.Migrate(t.Context()); err != nil {
			t.Fatal(err)
		}
		if err := s.Seed(t.Context(), "en", time.Now()); err != nil {
			t.Fatal(err)
		}
		if _, err := auth.New(s.Auth(), auth.Options{}).CreateUser(t.Context(), auth.NewUser{
			Login: "anna", Name: "Anna", Role: auth.RoleOperator, Password: "a long password",
		}); err != nil {
			t.Fatal(err)
		}
		return s
	}
	full := func(t *testing.T, g store.Glimpse) {
		t.Helper()
		if g.Absent || g.Version == 0 || g.Version != g.Newest || g.People != 1 || !slices.Equal(g.Queues, []string{"support", "sales"}) {
			t.Errorf("saw %+v", g)
		}
	}
	t.Run("SQLite", func(t *testing.T) {
		dir := t.TempDir()
		path := filepath.Join(dir, "a b?.db")
		if g := look(t, "sqlite:"+path); !g.Absent {
			t.Errorf("of an absent file it saw %+v", g)
		}
		if got := names(t, dir); len(got) != 0 {
			t.Errorf("looking made %q", got)
		}
		if err := os.WriteFile(path, nil, 0o600); err != nil {
			t.Fatal(err)
		}
		if g := look(t, "sqlite:"+path); g.Absent || g.Version != 0 || g.Newest == 0 {
			t.Errorf("of an empty file it saw %+v", g)
		}
		if info, err := os.Stat(path); err != nil || info.Size() != 0 {
			t.Errorf("looking filled the file: %v %v", info, err)
		}
		s := fill(t, "sqlite:"+path)
		full(t, look(t, "sqlite:"+path)) // beside a running Pult
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
		before, files := read(t, path), names(t, dir)
		full(t, look(t, "sqlite:"+path))
		if read(t, path) != before || !slices.Equal(names(t, dir), files) {
			t.Errorf("looking changed the file, or %q to %q", files, names(t, dir))
		}
	})
	t.Run("PostgreSQL", func(t *testing.T) {
		_, fresh := postgres(t, lab.ServerOptions{})
		dsn := fresh(t)
		for range 2 {
			if g := look(t, dsn); g.Absent || g.Version != 0 || g.Newest == 0 {
				t.Errorf("of an empty database it saw %+v", g)
			}
		}
		s := fill(t, dsn)
		defer s.Close()
		full(t, look(t, dsn))
	})
	for dsn, kind := range map[string]errs.Kind{"mysql:x": errs.Invalid, "postgres://u:p@127.0.0.1:1/x?connect_timeout=1": errs.Unavailable} {
		if _, err := store.Look(t.Context(), dsn); !errs.Is(err, kind) || strings.Contains(err.Error(), ":p@") {
			t.Errorf("%s gave %v", dsn, err)
		}
	}
}

func names(t *testing.T, dir string) (out []string) {
	t.Helper()
	if err := filepath.WalkDir(dir, func(path string, _ fs.DirEntry, err error) error {
		if path != dir {
			out = append(out, filepath.Base(path))
		}
		return err
	}); err != nil {
		t.Fatal(err)
	}
	return out
}

func read(t *testing.T, path string) string {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}
