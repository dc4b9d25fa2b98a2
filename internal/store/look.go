package store

import (
	"context"
	"database/sql"
	"errors"
	"io/fs"
	"net/url"
	"os"
	"strings"

	"entgo.io/ent/dialect"

	"github.com/pult-cc/pult/internal/errs"
)

// Glimpse is what Look sees of a database.
type Glimpse struct {
	Absent          bool     // an SQLite file that Pult will make at its first start
	Version, Newest int64    // of the tables, and of this program; 0: there are no tables yet
	Queues          []string // their keys
	People          int      // who may sign in
}

// Look looks at a database without changing anything: no file is made, no table, no row. Queues and people are empty where the
// tables are older than this program. A malformed DSN is errs.Invalid, a database out of reach errs.Unavailable.
func Look(ctx context.Context, dsn string) (Glimpse, error) {
	const op = "looking at database"
	var g Glimpse
	d, err := glance(dsn)
	if errors.Is(err, fs.ErrNotExist) {
		return Glimpse{Absent: true}, nil
	}
	if err != nil {
		return g, errs.Wrap(op, err)
	}
	defer d.Close()
	if err := d.read.PingContext(ctx); err != nil {
		return g, &errs.Error{Kind: errs.Unavailable, Op: op, Msg: "the database does not answer", Err: err}
	}
	s := &Store{driver: d}
	provider, err := s.provider(d.read, false)
	if err != nil {
		return g, wrap(op, err)
	}
	sources := provider.ListSources() // of this program; nothing is asked
	g.Newest = sources[len(sources)-1].Version
	var version sql.NullInt64
	// The provider itself would make the table that it keeps versions in.
	if err := d.read.QueryRowContext(ctx, "SELECT max(version_id) FROM goose_db_version WHERE is_applied").Scan(&version); err != nil {
		if ctx.Err() != nil {
			return g, wrap(op, err)
		}
		return g, nil // a database without our tables
	}
	if g.Version = version.Int64; g.Version != g.Newest {
		return g, nil
	}
	rows, err := d.read.QueryContext(ctx, `SELECT "key" FROM queues ORDER BY position, id`)
	if err != nil {
		return g, wrap(op, err)
	}
	defer rows.Close()
	for rows.Next() {
		var key string
		if err := rows.Scan(&key); err != nil {
			return g, wrap(op, err)
		}
		g.Queues = append(g.Queues, key)
	}
	if err := rows.Err(); err != nil {
		return g, wrap(op, err)
	}
	return g, wrap(op, d.read.QueryRowContext(ctx, "SELECT count(*) FROM users WHERE NOT disabled").Scan(&g.People))
}

// glance opens a database for reading.
func glance(dsn string) (*driver, error) {
	path, ok := strings.CutPrefix(dsn, "sqlite:")
	if !ok {
		if scheme, _, _ := strings.Cut(dsn, ":"); scheme != "postgres" && scheme != "postgresql" {
			return nil, errs.Field("", "dsn", `want "sqlite:path" or "postgres://…"`)
		}
		return openPostgres(dsn)
	}
	if _, err := os.Stat(path); err != nil {
		return nil, err
	}
	q := url.Values{"mode": {"ro"}, "_pragma": {"busy_timeout(5000)", "query_only(1)"}}
	if _, err := os.Stat(path + "-wal"); errors.Is(err, fs.ErrNotExist) {
		// Nobody has it open: SQLite would make the companions of a WAL database only to read it.
		q.Set("immutable", "1")
	}
	db, err := sql.Open("sqlite", "file:"+(&url.URL{Path: path}).EscapedPath()+"?"+q.Encode())
	if err != nil {
		return nil, err
	}
	return &driver{dialect: dialect.SQLite, write: db, read: db}, nil
}
