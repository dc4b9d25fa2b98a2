// Command diff writes the next migration: what ent/schema has and the migrations so far lack.
//
//	go run ./ent/migrate/diff -name add_recordings -postgres "$PULT_TEST_POSTGRES"
//
// It applies the present migrations to a scratch SQLite database in memory and to a scratch schema of the given PostgreSQL
// database, compares each with the generated tables, and writes one file per dialect where they differ. Read the files before
// committing them: a renamed column looks like a dropped and an added one.
package main

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"log"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"

	"entgo.io/ent/dialect"
	entsql "entgo.io/ent/dialect/sql"
	"entgo.io/ent/dialect/sql/schema"
	_ "github.com/jackc/pgx/v5/stdlib"
	"github.com/pressly/goose/v3"
	_ "modernc.org/sqlite"

	"github.com/pult-cc/pult/ent/migrate"
)

// pragma is left out: it does nothing inside a transaction. The store migrates SQLite with foreign keys off and checks them after.
var pragma = regexp.MustCompile(`(?m)^PRAGMA foreign_keys = (on|off);\n?`)

const scratch = "pult_migration_scratch"

func main() {
	log.SetFlags(0)
	name := flag.String("name", "change", "what the migration does, in snake case")
	dir := flag.String("dir", filepath.Join("ent", "migrate"), "folder that holds sqlite/ and postgres/")
	postgres := flag.String("postgres", "", "URL of a PostgreSQL database in which a scratch schema may be made")
	flag.Parse()
	if err := run(context.Background(), *name, *dir, *postgres); err != nil {
		log.Fatal(err)
	}
}

func run(ctx context.Context, name, dir, postgres string) error {
	if postgres == "" {
		return errors.New("-postgres is missing: both dialects are migrated together")
	}
	lite, err := sql.Open("sqlite", "file::memory:?_pragma=foreign_keys(1)")
	if err != nil {
		return fmt.Errorf("opening SQLite: %w", err)
	}
	defer lite.Close()
	lite.SetMaxOpenConns(1)
	if err := write(ctx, lite, dialect.SQLite, goose.DialectSQLite3, name, filepath.Join(dir, "sqlite")); err != nil {
		return err
	}

	admin, err := sql.Open("pgx", postgres)
	if err != nil {
		return fmt.Errorf("opening PostgreSQL: %w", err)
	}
	defer admin.Close()
	if _, err := admin.ExecContext(ctx, "DROP SCHEMA IF EXISTS "+scratch+" CASCADE; CREATE SCHEMA "+scratch); err != nil {
		return fmt.Errorf("making the scratch schema: %w", err)
	}
	defer admin.ExecContext(ctx, "DROP SCHEMA "+scratch+" CASCADE")
	u, err := url.Parse(postgres)
	if err != nil {
		return fmt.Errorf("reading -postgres: %w", err)
	}
	q := u.Query()
	q.Set("search_path", scratch)
	u.RawQuery = q.Encode()
	pg, err := sql.Open("pgx", u.String())
	if err != nil {
		return fmt.Errorf("opening PostgreSQL: %w", err)
	}
	defer pg.Close()
	return write(ctx, pg, dialect.Postgres, goose.DialectPostgres, name, filepath.Join(dir, "postgres"))
}

// write brings db to the last migration and writes what is then still missing as the next file.
func write(ctx context.Context, db *sql.DB, dialectName string, gooseDialect goose.Dialect, name, dir string) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	files, err := fs.Glob(os.DirFS(dir), "*.sql")
	if err != nil {
		return err
	}
	if len(files) > 0 {
		provider, err := goose.NewProvider(gooseDialect, db, os.DirFS(dir))
		if err != nil {
			return fmt.Errorf("reading %s: %w", dir, err)
		}
		if _, err := provider.Up(ctx); err != nil {
			return fmt.Errorf("applying %s: %w", dir, err)
		}
	}
	var missing bytes.Buffer
	pending := migrate.NewSchema(entsql.OpenDB(dialectName, db))
	err = pending.WriteTo(ctx, &missing, migrate.WithDropColumn(true), migrate.WithDropIndex(true), schema.WithIndent("  "))
	if err != nil {
		return fmt.Errorf("comparing %s: %w", dialectName, err)
	}
	text := strings.TrimSpace(pragma.ReplaceAllString(missing.String(), ""))
	if text == "" {
		fmt.Printf("%s: nothing to do\n", dialectName)
		return nil
	}
	path := filepath.Join(dir, fmt.Sprintf("%05d_%s.sql", len(files)+1, name))
	if err := os.WriteFile(path, []byte("-- +goose Up\n"+text+"\n"), 0o644); err != nil {
		return err
	}
	fmt.Println(path)
	return nil
}
