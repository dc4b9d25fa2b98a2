// Package sqltable is the driver of customers in tables of a PostgreSQL or MySQL: named queries, written by who knows the tables, run
// in read-only transactions with a time limit, and given values as bind variables only.
package sqltable

import (
	"context"
	"database/sql"
	"database/sql/driver"
	_ "embed"
	"encoding/json"
	"io"
	"strings"
	"time"

	"github.com/go-sql-driver/mysql"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"

	"github.com/pult-cc/pult/connectors"
	"github.com/pult-cc/pult/connectors/internal/conf"
	"github.com/pult-cc/pult/connectors/internal/number"
	"github.com/pult-cc/pult/connectors/internal/table"
	"github.com/pult-cc/pult/connectors/trace"
	"github.com/pult-cc/pult/internal/errs"
)

// Kind is the name of this kind of connector in configurations.
const Kind = "sqltable"

// Driver implements connectors.Driver, Checker and Partial. It may be used by many goroutines.
type Driver struct {
	db      *sql.DB
	dialect dialect
	timeout time.Duration
	page    int
	shape   table.Shape
	queries map[string]statement
}

var _ interface {
	connectors.Driver
	connectors.Checker
	connectors.Partial
	io.Closer
} = (*Driver)(nil)

//go:embed schema.json
var schema []byte

// Factory returns the factory of the kind "sqltable".
func Factory() connectors.Factory {
	return connectors.Factory{
		Kind: Kind, Schema: schema,
		New: func(ctx context.Context, id string, config json.RawMessage, secrets connectors.Secrets) (connectors.Driver, error) {
			return New(ctx, id, config, secrets)
		},
		Mirrored: mirrored,
	}
}

// mirrored implements connectors.Factory.
func mirrored(config json.RawMessage) (connectors.Mirrored, error) {
	c, err := readConfig(config)
	if err != nil {
		return connectors.Mirrored{}, err
	}
	return connectors.Mirrored{
		System: c.DSN, Accounts: []string{c.DSN}, Records: conf.Text(c.Queries.Index, c.Type, c.Kind, c.Link, c.Page),
	}, nil
}

// New makes a driver from the JSON of a Config. Nothing is connected yet; a configuration that cannot be right is errs.Invalid and
// names the field.
func New(ctx context.Context, id string, config json.RawMessage, secrets connectors.Secrets) (*Driver, error) {
	c, err := readConfig(config)
	if err != nil {
		return nil, err
	}
	d := &Driver{timeout: time.Duration(c.Timeout), page: c.Page, queries: map[string]statement{}}
	if d.shape, err = c.shape(id); err != nil {
		return nil, err
	}
	var where any
	if d.dialect, where, err = source(ctx, c, secrets); err != nil {
		return nil, err
	}
	for name, text := range map[string]string{
		"lookup": c.Queries.Lookup, "search": c.Queries.Search, "get": c.Queries.Get, "index": c.Queries.Index, "agents": c.Queries.Agents,
	} {
		if text == "" {
			continue
		}
		if d.queries[name], err = translate("queries."+name, text, d.dialect, parameters[name]); err != nil {
			return nil, err
		}
	}
	var connector driver.Connector
	switch w := where.(type) {
	case *pgx.ConnConfig:
		connector = stdlib.GetConnector(*w)
	case *mysql.Config:
		if connector, err = mysql.NewConnector(w); err != nil {
			return nil, errs.Field("reading configuration", "dsn", "is no address of a MySQL")
		}
	}
	d.db = sql.OpenDB(connector)
	d.db.SetMaxOpenConns(c.MaxConnections)
	d.db.SetMaxIdleConns(c.MaxConnections)
	d.db.SetConnMaxIdleTime(5 * time.Minute)
	return d, nil
}

// Close closes the connections.
func (d *Driver) Close() error { return d.db.Close() }

// ask runs a query and hands its rows over, by column.
func (d *Driver) ask(ctx context.Context, op, name string, values map[string]any, row func(map[string]string) error) error {
	answered := trace.From(ctx).Begin("SQL", "queries."+name)
	rows := 0
	err := d.query(ctx, op, name, values, func(r map[string]string) error {
		rows++
		return row(r)
	})
	how := trace.Request{Rows: rows}
	if err != nil {
		how.Error = errs.Message(err)
	}
	answered(how)
	return err
}

func (d *Driver) query(ctx context.Context, op, name string, values map[string]any, row func(map[string]string) error) error {
	s := d.queries[name]
	args := make([]any, len(s.binds))
	for i, b := range s.binds {
		args[i] = values[b]
	}
	tx, err := d.db.BeginTx(ctx, &sql.TxOptions{ReadOnly: true})
	if err != nil {
		return failure(ctx, op, err)
	}
	defer func() { _ = tx.Rollback() }() // nothing was written
	if err := d.limitTime(ctx, tx); err != nil {
		return failure(ctx, op, err)
	}
	rows, err := tx.QueryContext(ctx, s.text, args...)
	if err != nil {
		return failure(ctx, op, err)
	}
	defer rows.Close()
	if err := read(op, name, rows, row); err != nil {
		return err
	}
	if err := rows.Err(); err != nil {
		return failure(ctx, op, err)
	}
	return nil
}

// limitTime tells the server to give up, should the connection be gone when we do.
func (d *Driver) limitTime(ctx context.Context, tx *sql.Tx) error {
	ms := d.timeout.Milliseconds()
	if d.dialect == postgres {
		_, err := tx.ExecContext(ctx, "SELECT set_config('statement_timeout', $1::bigint::text, true)", ms)
		return err
	}
	_, err := tx.ExecContext(ctx, "SET SESSION max_execution_time = ?", ms)
	var my *mysql.MySQLError
	if asMySQL(err, &my) && my.Number == 1193 { // MariaDB has another name, and seconds
		_, err = tx.ExecContext(ctx, "SET SESSION max_statement_time = ?", d.timeout.Seconds())
	}
	return err
}

func read(op, name string, rows *sql.Rows, row func(map[string]string) error) error {
	columns, err := rows.Columns()
	if err != nil {
		return errs.With(errs.Unavailable, op, err)
	}
	cells := make([]sql.NullString, len(columns))
	pointers := make([]any, len(columns))
	for i, c := range columns {
		pointers[i] = &cells[i]
		if columns[i] = strings.ToLower(c); name != "agents" && !table.Known(columns[i]) {
			return errs.E(errs.Invalid, op, "query "+name+": "+table.Unknown(columns[i]))
		}
	}
	for rows.Next() {
		if err := rows.Scan(pointers...); err != nil {
			return errs.E(errs.Invalid, op, "query "+name+": a column is no text")
		}
		values := make(map[string]string, len(columns))
		for i, c := range columns {
			values[c] = strings.TrimSpace(cells[i].String)
		}
		if err := row(values); err != nil {
			return errs.E(errs.Invalid, op, "query "+name+": "+err.Error())
		}
	}
	return nil
}

// candidates runs a query for records.
func (d *Driver) candidates(ctx context.Context, op, name string, values map[string]any) ([]connectors.Candidate, error) {
	rows := table.New(d.shape)
	if err := d.ask(ctx, op, name, values, rows.Add); err != nil {
		return nil, err
	}
	return rows.Candidates(), nil
}

// rowsAsked is how many rows a look-up may return: more than a caller wants, because some will turn out to be others'.
const rowsAsked = 200

// Lookup implements connectors.Driver.
func (d *Driver) Lookup(ctx context.Context, q connectors.LookupQuery) ([]connectors.Candidate, error) {
	const op = "looking up number in the database"
	digits, national := number.Digits(q.E164), number.Digits(q.National)
	if national == "" {
		national = digits
	}
	if len(national) < 4 {
		return nil, nil
	}
	found, err := d.candidates(ctx, op, "lookup", map[string]any{
		"e164": "+" + digits, "digits": digits, "national": national, "region": q.Region, "tail": national[max(0, len(national)-7):],
		"spread": number.Spread(national), "limit": rowsAsked,
	})
	return table.Best(found, national, q.Limit), err
}

// sample are values with which a query is explained.
var sample = map[string]any{
	"e164": "+0", "digits": "0", "national": "0", "region": "RU", "tail": "0", "spread": "%0%", "limit": 1, "text": "x", "pattern": "%x%",
	"type": "x", "id": "0", "after": nil,
}

// Check implements connectors.Checker: every query is planned, so that a table, column or right that is not there is found here and
// not when the phone rings.
func (d *Driver) Check(ctx context.Context) (connectors.Health, error) {
	const op = "checking the database"
	began := time.Now()
	var version string
	if err := d.db.QueryRowContext(ctx, "SELECT version()").Scan(&version); err != nil {
		return connectors.Health{}, failure(ctx, op, err)
	}
	latency := time.Since(began)
	for _, s := range d.queries {
		if err := d.explain(ctx, op, s); err != nil {
			return connectors.Health{}, err
		}
	}
	short, _, _ := strings.Cut(version, " (")
	if f := strings.Fields(short); d.dialect == postgres && len(f) > 1 {
		short = f[0] + " " + f[1]
	}
	return connectors.Health{Version: short, Latency: latency}, nil
}

func (d *Driver) explain(ctx context.Context, op string, s statement) error {
	args := make([]any, len(s.binds))
	for i, b := range s.binds {
		args[i] = sample[b]
	}
	tx, err := d.db.BeginTx(ctx, &sql.TxOptions{ReadOnly: true})
	if err != nil {
		return failure(ctx, op, err)
	}
	defer func() { _ = tx.Rollback() }()
	rows, err := tx.QueryContext(ctx, "EXPLAIN "+s.text, args...)
	if err != nil {
		return failure(ctx, op, err)
	}
	defer rows.Close()
	for rows.Next() { // an error of the plan may come with its end
	}
	if err := rows.Err(); err != nil {
		return failure(ctx, op, err)
	}
	return nil
}
