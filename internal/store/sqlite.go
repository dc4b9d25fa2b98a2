package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"time"

	"entgo.io/ent/dialect"
	"modernc.org/sqlite" // registers "sqlite"
	sqlite3 "modernc.org/sqlite/lib"

	"github.com/pult-cc/pult/internal/errs"
)

// sqliteReaders is how many connections read at a time. WAL lets them read while the writer writes.
const sqliteReaders = 4

// sqliteBusy is how long one process waits for another's lock on the file.
const sqliteBusy = 5 * time.Second

// openSQLite opens (or makes) the file. The file is for the owner only: it holds password hashes and sealed secrets, and its
// -wal and -shm companions inherit the mode.
func openSQLite(path string) (*driver, error) {
	const op = "opening SQLite file"
	if path == "" || path == ":memory:" {
		return nil, errs.Field(op, "dsn", "want the path of a file")
	}
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		kind := errs.Unavailable
		if errors.Is(err, fs.ErrNotExist) {
			kind = errs.Invalid
		}
		return nil, &errs.Error{Kind: kind, Op: op, Msg: "the database file cannot be opened", Err: err}
	}
	if err := f.Close(); err != nil {
		return nil, errs.With(errs.Unavailable, op, err)
	}
	write, err := sql.Open("sqlite", sqliteDSN(path, "foreign_keys(1)"))
	if err != nil {
		return nil, errs.With(errs.Unavailable, op, err)
	}
	write.SetMaxOpenConns(1)
	read, err := sql.Open("sqlite", sqliteDSN(path, "foreign_keys(1)", "query_only(1)"))
	if err != nil {
		_ = write.Close()
		return nil, errs.With(errs.Unavailable, op, err)
	}
	read.SetMaxOpenConns(sqliteReaders)
	read.SetMaxIdleConns(sqliteReaders)
	return &driver{dialect: dialect.SQLite, write: write, read: read}, nil
}

// sqliteDSN is the driver's address of the file. Transactions take the write lock when they begin: a transaction that reads first
// and then finds another writer ahead would fail at once, whatever busy_timeout says (https://sqlite.org/lang_transaction.html).
// busy_timeout is for other processes, such as `pult user add` beside a running server.
func sqliteDSN(path string, pragmas ...string) string {
	q := url.Values{
		"_pragma":      append([]string{fmt.Sprintf("busy_timeout(%d)", sqliteBusy.Milliseconds()), "journal_mode(wal)", "synchronous(full)"}, pragmas...),
		"_txlock":      {"immediate"},
		"_time_format": {"sqlite"},
	}
	return "file:" + (&url.URL{Path: path}).EscapedPath() + "?" + q.Encode()
}

// untilNotBusy repeats f, the first use of the file, while another process has the file to itself. busy_timeout does not cover the
// moments at which SQLite changes a new file to WAL and at which the last process that had it open cleans up behind itself
// (https://sqlite.org/wal.html, "Sometimes Queries Return SQLITE_BUSY In WAL Mode").
func untilNotBusy(ctx context.Context, f func(context.Context) error) error {
	for end := time.Now().Add(sqliteBusy); ; {
		err := f(ctx)
		var lite *sqlite.Error
		// The low byte is the code, the rest its extension: SQLITE_BUSY_RECOVERY is busy too.
		if !errors.As(err, &lite) || lite.Code()&0xff != sqlite3.SQLITE_BUSY || time.Now().After(end) {
			return err
		}
		select {
		case <-ctx.Done():
			return err
		case <-time.After(10 * time.Millisecond):
		}
	}
}
