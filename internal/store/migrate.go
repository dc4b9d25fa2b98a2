package store

import (
	"context"
	"database/sql"
	"fmt"
	"log/slog"
	"strings"

	"entgo.io/ent/dialect"
	"github.com/pressly/goose/v3"

	"github.com/pult-cc/pult/ent/migrate"
	"github.com/pult-cc/pult/internal/errs"
)

// Migrate brings the tables to the version that this program knows; on a database that is there already it only looks. Several
// processes may call it at the same time. A database of a newer program is errs.Conflict: an older one must not write to it.
func (s *Store) Migrate(ctx context.Context) error {
	const op = "migrating database"
	if s.driver.dialect != dialect.SQLite {
		return wrap(op, s.migrate(ctx, s.driver.write, true))
	}
	// A changed SQLite table is rebuilt: copied, dropped, renamed. With foreign keys enforced, dropping would delete what refers to
	// the table, and the switch does nothing inside a transaction; so migrations have a connection of their own with keys off.
	db, err := sql.Open("sqlite", sqliteDSN(strings.TrimPrefix(s.opts.DSN, "sqlite:"), "foreign_keys(0)"))
	if err != nil {
		return wrap(op, err)
	}
	defer db.Close()
	db.SetMaxOpenConns(1)
	return wrap(op, s.migrate(ctx, db, false))
}

// Pending returns the names of migrations that Migrate would apply.
func (s *Store) Pending(ctx context.Context) ([]string, error) {
	const op = "reading migrations"
	provider, err := s.provider(s.driver.write, false)
	if err != nil {
		return nil, wrap(op, err)
	}
	all, err := provider.Status(ctx)
	if err != nil {
		return nil, wrap(op, err)
	}
	var names []string
	for _, m := range all {
		if m.State == goose.StatePending {
			names = append(names, m.Source.Path)
		}
	}
	return names, nil
}

func (s *Store) migrate(ctx context.Context, db *sql.DB, locked bool) error {
	provider, err := s.provider(db, locked)
	if err != nil {
		return err
	}
	sources := provider.ListSources()
	newest := sources[len(sources)-1].Version
	// Asking without the lock first keeps the usual start, with nothing to do, to a few milliseconds.
	current, err := provider.GetDBVersion(ctx)
	for {
		switch {
		case err != nil:
			return err
		case current == newest:
			return nil
		case current > newest:
			return errs.Ef(errs.Conflict, "", "the database is of a newer Pult (version %d, this program knows %d)", current, newest)
		}
		applied, failed := provider.Up(ctx)
		for _, m := range applied {
			s.opts.Logger.InfoContext(ctx, "migrated database", slog.String("migration", m.Source.Path), slog.Duration("took", m.Duration))
		}
		if failed == nil {
			break
		}
		// SQLite has no lock to hold over several migrations; who finds a step done by another process goes on behind it.
		before := current
		if current, err = provider.GetDBVersion(ctx); err == nil && current <= before {
			return failed
		}
	}
	if s.driver.dialect == dialect.SQLite {
		return checkForeignKeys(ctx, db)
	}
	return nil
}

func (s *Store) provider(db *sql.DB, locked bool) (*goose.Provider, error) {
	name := goose.DialectPostgres
	if s.driver.dialect == dialect.SQLite {
		name = goose.DialectSQLite3
	}
	opts := []goose.ProviderOption{goose.WithDisableGlobalRegistry(true)}
	if locked {
		opts = append(opts, goose.WithSessionLocker(advisoryLock{}))
	}
	return goose.NewProvider(name, db, migrate.Files(s.driver.dialect), opts...)
}

// checkForeignKeys fails when a row refers to one that is not there.
func checkForeignKeys(ctx context.Context, db *sql.DB) error {
	rows, err := db.QueryContext(ctx, "PRAGMA foreign_key_check")
	if err != nil {
		return err
	}
	defer rows.Close()
	if rows.Next() {
		var table, parent string
		var row sql.NullInt64
		var key int
		if err := rows.Scan(&table, &row, &parent, &key); err != nil {
			return err
		}
		return fmt.Errorf("a row of %s refers to no row of %s", table, parent)
	}
	return rows.Err()
}

// advisoryLock makes processes migrate PostgreSQL one after the other. Goose's own lock asks every few seconds; this one is granted
// the moment it is free, and PostgreSQL takes it back from a process that dies.
type advisoryLock struct{}

// lockKey is any number that no other program would choose: "pult" in ASCII.
const lockKey = 0x70756c74

// SessionLock implements lock.SessionLocker of goose.
func (advisoryLock) SessionLock(ctx context.Context, conn *sql.Conn) error {
	_, err := conn.ExecContext(ctx, "SELECT pg_advisory_lock($1)", lockKey)
	return err
}

// SessionUnlock implements lock.SessionLocker of goose. It must not fail because ctx has ended: the connection goes back to the pool.
func (advisoryLock) SessionUnlock(ctx context.Context, conn *sql.Conn) error {
	_, err := conn.ExecContext(context.WithoutCancel(ctx), "SELECT pg_advisory_unlock($1)", lockKey)
	return err
}
