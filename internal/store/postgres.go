package store

import (
	"time"

	"entgo.io/ent/dialect"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"

	"github.com/pult-cc/pult/internal/errs"
)

// Bounds of the pool: a process makes at most so many connections, and keeps so many between bursts.
const (
	postgresConns     = 20
	postgresIdleConns = 5
	postgresIdle      = 5 * time.Minute
	postgresDial      = 5 * time.Second // unless connect_timeout says otherwise
)

func openPostgres(dsn string) (*driver, error) {
	const op = "reading PostgreSQL URL"
	config, err := pgx.ParseConfig(dsn)
	if err != nil {
		// The cause is left out: it may quote the URL, which holds the password.
		return nil, errs.Field(op, "dsn", "not a PostgreSQL URL")
	}
	if config.ConnectTimeout == 0 {
		config.ConnectTimeout = postgresDial
	}
	db := stdlib.OpenDB(*config)
	db.SetMaxOpenConns(postgresConns)
	db.SetMaxIdleConns(postgresIdleConns)
	db.SetConnMaxIdleTime(postgresIdle)
	return &driver{dialect: dialect.Postgres, write: db, read: db}, nil
}
