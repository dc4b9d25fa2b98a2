// Package store keeps what must survive: accounts, history, customers last seen, queues, sealed credentials. It implements the
// repositories of the core on SQLite (one process, nothing to install) and PostgreSQL (many processes), passes storetest on both,
// and is the only importer of ent, whose types never leave it.
//
// An acknowledged write is on disk: SQLite runs with synchronous=FULL, PostgreSQL as its administrator configured it. Times are
// kept in UTC with microseconds, and durations with milliseconds; finer parts are cut off.
package store

import (
	"context"
	"database/sql"
	"log/slog"
	"strings"

	"entgo.io/ent/dialect"

	"github.com/pult-cc/pult/ent"
	"github.com/pult-cc/pult/internal/auth"
	"github.com/pult-cc/pult/internal/customers"
	"github.com/pult-cc/pult/internal/errs"
	"github.com/pult-cc/pult/internal/interactions"
	"github.com/pult-cc/pult/internal/outbox"
	"github.com/pult-cc/pult/internal/seal"
	"github.com/pult-cc/pult/telephony/queues"
)

// Options say which database to open.
type Options struct {
	// DSN is "sqlite:path/to/file.db" or a PostgreSQL URL ("postgres://user:password@host/database?sslmode=…").
	DSN string
	// Logger is told about migrations; nil is silent. It never sees values of rows.
	Logger *slog.Logger
	// OnStatement, when not nil, is called with the text of every statement before it runs, from any goroutine: for tests that
	// count and for tracing. Values are not in the text.
	OnStatement func(ctx context.Context, statement string)
	// Outbox says what customer systems are to know of an interaction: it goes into the outbox in the transaction that changes the
	// interaction. Nil: nothing.
	Outbox *outbox.Planner
}

// Store is an open database. Its methods, and those of the repositories it hands out, may be called concurrently.
type Store struct {
	client *ent.Client
	driver *driver
	opts   Options
}

// Open opens the database and checks that it answers. It changes nothing in it (but makes an absent SQLite file): see Migrate.
// A malformed DSN is errs.Invalid, a database out of reach errs.Unavailable.
func Open(ctx context.Context, opts Options) (*Store, error) {
	const op = "opening database"
	if opts.Logger == nil {
		opts.Logger = slog.New(slog.DiscardHandler)
	}
	var (
		drv *driver
		err error
	)
	scheme, rest, _ := strings.Cut(opts.DSN, ":")
	switch scheme {
	case "sqlite":
		drv, err = openSQLite(rest)
	case "postgres", "postgresql":
		drv, err = openPostgres(opts.DSN)
	default:
		return nil, errs.Field(op, "dsn", `want "sqlite:path" or "postgres://…"`)
	}
	if err != nil {
		return nil, errs.Wrap(op, err)
	}
	drv.onStatement = opts.OnStatement
	s := &Store{client: ent.NewClient(ent.Driver(drv)), driver: drv, opts: opts}
	check := s.Check
	if drv.dialect == dialect.SQLite {
		check = func(ctx context.Context) error { return untilNotBusy(ctx, s.Check) }
	}
	if err := check(ctx); err != nil {
		_ = drv.Close()
		return nil, errs.Wrap(op, err)
	}
	return s, nil
}

// Check tells whether the database answers, for readiness; it does not is errs.Unavailable.
func (s *Store) Check(ctx context.Context) error {
	for _, db := range []*sql.DB{s.driver.write, s.driver.read} {
		if err := db.PingContext(ctx); err != nil {
			return &errs.Error{Kind: errs.Unavailable, Op: "checking database", Msg: "the database does not answer", Err: err}
		}
	}
	return nil
}

// Dialect is "sqlite" or "postgres".
func (s *Store) Dialect() string {
	if s.driver.dialect == dialect.SQLite {
		return "sqlite"
	}
	return s.driver.dialect
}

// Close lets go of the database. Statements that still run end first.
func (s *Store) Close() error { return s.driver.Close() }

// Auth returns the repository of users and sessions.
func (s *Store) Auth() auth.Repository { return authRepo{s} }

// Interactions returns the repository of the history.
func (s *Store) Interactions() interactions.Repository { return interactionRepo{s} }

// Customers returns the repository of customers last seen and chosen.
func (s *Store) Customers() customers.Repository { return customerRepo{s} }

// Directory returns the repository of queues, pause reasons and declared availability.
func (s *Store) Directory() queues.Directory { return directory{s} }

// Health returns the repository of what is known of operators' phones.
func (s *Store) Health() PhoneHealth { return PhoneHealth{s} }

// Credentials returns the repository of sealed SIP credentials.
func (s *Store) Credentials() seal.CredentialRepository { return credentialRepo{s} }

// inTx runs f in a transaction and commits it unless f fails.
func (s *Store) inTx(ctx context.Context, f func(tx *ent.Tx) error) error {
	tx, err := s.client.Tx(ctx)
	if err != nil {
		return err
	}
	if err := f(tx); err != nil {
		_ = tx.Rollback() // the cause matters; a connection that cannot roll back is discarded
		return err
	}
	return tx.Commit()
}
