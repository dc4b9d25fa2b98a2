package store

import (
	"context"
	"database/sql"
	sqldriver "database/sql/driver"
	"errors"
	"net"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"
	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"

	"github.com/pult-cc/pult/ent"
	"github.com/pult-cc/pult/internal/errs"
)

// wrap gives a database's error its kind and the operation; nil stays nil, an error that has a kind keeps it.
func wrap(op string, err error) error {
	if err == nil {
		return nil
	}
	var known *errs.Error
	if errors.As(err, &known) {
		return errs.Wrap(op, err)
	}
	return errs.With(kindOf(err), op, err)
}

// notFound is wrap with a message for the absent row.
func notFound(op, msg string, err error) error {
	if ent.IsNotFound(err) {
		return errs.E(errs.NotFound, op, msg)
	}
	return wrap(op, err)
}

func kindOf(err error) errs.Kind {
	var (
		pg   *pgconn.PgError
		lite *sqlite.Error
		dial *pgconn.ConnectError
		link net.Error
	)
	switch {
	case ent.IsNotFound(err):
		return errs.NotFound
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		return errs.Timeout
	case errors.As(err, &pg):
		return postgresKind(pg.Code)
	case errors.As(err, &lite):
		return sqliteKind(lite.Code())
	case errors.As(err, &dial), errors.As(err, &link), errors.Is(err, sqldriver.ErrBadConn), errors.Is(err, sql.ErrConnDone),
		pgconn.SafeToRetry(err):
		return errs.Unavailable
	case ent.IsConstraintError(err):
		return errs.Conflict
	}
	return errs.Internal
}

// postgresKind reads an SQLSTATE (https://www.postgresql.org/docs/current/errcodes-appendix.html).
func postgresKind(code string) errs.Kind {
	switch code {
	case "23505": // unique_violation
		return errs.Conflict
	case "23503", "22021", "22P05": // foreign_key_violation, and characters that the encoding lacks
		return errs.Invalid
	case "57014": // query_canceled
		return errs.Timeout
	case "25006": // read_only_sql_transaction: a standby
		return errs.Unavailable
	}
	for _, class := range []string{
		"08", // connection exception
		"28", // invalid authorization: a part is not ready for us
		"3D", // no such database
		"40", // deadlock, serialization failure: once more
		"53", // out of memory, disk, connections
		"55", // locked
		"57", // shutting down
		"58", // I/O error
	} {
		if strings.HasPrefix(code, class) {
			return errs.Unavailable
		}
	}
	return errs.Internal
}

// sqliteKind reads an extended result code (https://sqlite.org/rescode.html).
func sqliteKind(code int) errs.Kind {
	switch code {
	case sqlite3.SQLITE_CONSTRAINT_UNIQUE, sqlite3.SQLITE_CONSTRAINT_PRIMARYKEY:
		return errs.Conflict
	case sqlite3.SQLITE_CONSTRAINT_FOREIGNKEY:
		return errs.Invalid
	}
	switch code & 0xff {
	case sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED, sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR, sqlite3.SQLITE_CANTOPEN,
		sqlite3.SQLITE_READONLY, sqlite3.SQLITE_NOMEM:
		return errs.Unavailable
	case sqlite3.SQLITE_INTERRUPT:
		return errs.Timeout
	}
	return errs.Internal
}

// kindOfAny is the kind of an error of ours or of the database's.
func kindOfAny(err error) errs.Kind {
	var known *errs.Error
	if errors.As(err, &known) {
		return known.Kind
	}
	return kindOf(err)
}
