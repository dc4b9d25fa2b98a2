package store

import (
	"context"
	"database/sql"
	"errors"
	"strings"

	"entgo.io/ent/dialect"
	entsql "entgo.io/ent/dialect/sql"
)

// driver is ent's way to the database. It sends what reads to one pool and what writes to another: SQLite has one writer, and a
// pool of a single connection makes the others wait in line, in order and with their deadlines, where SQLite itself would answer
// "database is locked". On PostgreSQL both are the same pool.
type driver struct {
	dialect     string
	write, read *sql.DB
	onStatement func(ctx context.Context, statement string)
}

// Dialect implements dialect.Driver.
func (d *driver) Dialect() string { return d.dialect }

// Exec implements dialect.Driver.
func (d *driver) Exec(ctx context.Context, query string, args, v any) error {
	d.note(ctx, query)
	return entsql.OpenDB(d.dialect, d.write).Exec(ctx, query, args, v)
}

// Query implements dialect.Driver. Ent also queries to write (INSERT … RETURNING).
func (d *driver) Query(ctx context.Context, query string, args, v any) error {
	d.note(ctx, query)
	db := d.write
	if strings.HasPrefix(query, "SELECT") {
		db = d.read
	}
	return entsql.OpenDB(d.dialect, db).Query(ctx, query, args, v)
}

// Tx implements dialect.Driver. A transaction may write, so it is on the writing side from its start.
func (d *driver) Tx(ctx context.Context) (dialect.Tx, error) { return d.BeginTx(ctx, nil) }

// BeginTx is what ent looks for to start a transaction with options.
func (d *driver) BeginTx(ctx context.Context, opts *sql.TxOptions) (dialect.Tx, error) {
	t, err := entsql.OpenDB(d.dialect, d.write).BeginTx(ctx, opts)
	if err != nil {
		return nil, err
	}
	return &tx{Tx: t, d: d}, nil
}

// Close implements dialect.Driver.
func (d *driver) Close() error {
	err := d.write.Close()
	if d.read != d.write {
		err = errors.Join(err, d.read.Close())
	}
	return err
}

func (d *driver) note(ctx context.Context, statement string) {
	if d.onStatement != nil {
		d.onStatement(ctx, statement)
	}
}

// tx notes the statements of a transaction.
type tx struct {
	dialect.Tx
	d *driver
}

// Exec implements dialect.Tx.
func (t *tx) Exec(ctx context.Context, query string, args, v any) error {
	t.d.note(ctx, query)
	return t.Tx.Exec(ctx, query, args, v)
}

// Query implements dialect.Tx.
func (t *tx) Query(ctx context.Context, query string, args, v any) error {
	t.d.note(ctx, query)
	return t.Tx.Query(ctx, query, args, v)
}
