package sqltable

import (
	"context"
	"errors"
	"fmt"

	"github.com/go-sql-driver/mysql"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/pult-cc/pult/connectors/internal/web"
	"github.com/pult-cc/pult/internal/errs"
)

// failure sorts a database's error. Its text may repeat a parameter, so it is scrubbed and only the code is kept as cause.
func failure(ctx context.Context, op string, err error) error {
	if ctx.Err() != nil {
		return &errs.Error{Kind: errs.Timeout, Op: op, Msg: "no answer in time", Err: ctx.Err()}
	}
	var pg *pgconn.PgError
	if errors.As(err, &pg) {
		return sorted(op, pgKind(pg.Code), pg.Message, "SQLSTATE "+pg.Code)
	}
	var my *mysql.MySQLError
	if errors.As(err, &my) {
		return sorted(op, mysqlKind(my.Number), my.Message, fmt.Sprintf("error %d", my.Number))
	}
	return &errs.Error{Kind: errs.Unavailable, Op: op, Msg: "the database does not answer", Err: errors.New("the connection failed")}
}

func sorted(op string, kind errs.Kind, said, code string) error {
	msg := map[errs.Kind]string{
		errs.Unauthenticated: "the database did not let us in",
		errs.Timeout:         "the query took longer than timeout permits",
		errs.Unavailable:     "the database is busy or being restarted",
		errs.Rejected:        "the database refused: " + web.Scrub(said),
		errs.Invalid:         "the query does not fit the database: " + web.Scrub(said),
	}[kind]
	return &errs.Error{Kind: kind, Op: op, Msg: msg, Err: errors.New(code)}
}

func pgKind(code string) errs.Kind {
	switch {
	case code[:2] == "28", code == "42501":
		return errs.Unauthenticated
	case code == "57014":
		return errs.Timeout
	case code[:2] == "P0":
		return errs.Rejected
	case code[:2] == "08", code[:2] == "53", code[:2] == "57", code[:2] == "58", code[:2] == "XX":
		return errs.Unavailable
	}
	return errs.Invalid
}

func mysqlKind(number uint16) errs.Kind {
	switch number {
	case 1044, 1045, 1142, 1143, 1698:
		return errs.Unauthenticated
	case 3024, 1969: // MySQL, MariaDB
		return errs.Timeout
	case 1040, 1053, 1129, 1203, 1205, 1213, 2006, 2013:
		return errs.Unavailable
	case 1644:
		return errs.Rejected
	}
	return errs.Invalid
}
