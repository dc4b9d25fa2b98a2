package sqltable

import (
	"context"
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/pult-cc/pult/connectors"
	"github.com/pult-cc/pult/internal/errs"
)

type given map[string]string

func (s given) Secret(_ context.Context, ref string) (string, error) { return s[ref], nil }

func TestTranslate(t *testing.T) {
	known := []string{"digits", "limit", "spread"}
	for query, want := range map[string]struct {
		pg    string
		my    string
		binds []string // MySQL's
	}{
		"SELECT 1 WHERE a = :digits AND b = :digits LIMIT :limit;": {
			"SELECT 1 WHERE a = $1 AND b = $1 LIMIT $2", "SELECT 1 WHERE a = ? AND b = ? LIMIT ?", []string{"digits", "digits", "limit"},
		},
		"SELECT ':digits', a::text -- :digits\n, /* :digits ; */ b FROM t WHERE c = :digits::text": {
			"SELECT ':digits', a::text -- :digits\n, /* :digits ; */ b FROM t WHERE c = $1::text",
			"SELECT ':digits', a::text -- :digits\n, /* :digits ; */ b FROM t WHERE c = ?::text", []string{"digits"},
		},
		"WITH x AS (SELECT 'it''s :digits') SELECT * FROM x WHERE y LIKE :spread": {
			"WITH x AS (SELECT 'it''s :digits') SELECT * FROM x WHERE y LIKE $1",
			"WITH x AS (SELECT 'it''s :digits') SELECT * FROM x WHERE y LIKE ?", []string{"spread"},
		},
	} {
		pg, err := translate("queries.lookup", query, postgres, known)
		if err != nil || pg.text != want.pg {
			t.Errorf("%s: %q, %v", query, pg.text, err)
		}
		my, err := translate("queries.lookup", query, mySQL, known)
		if err != nil || my.text != want.my || !slices.Equal(my.binds, want.binds) {
			t.Errorf("%s: %q %v, %v", query, my.text, my.binds, err)
		}
	}
	if s, err := translate("q", "SELECT $x$ :digits ; $x$, `a` FROM t", postgres, known); err != nil || len(s.binds) != 0 {
		t.Errorf("dollar quotes: %+v, %v", s, err)
	}
	if s, err := translate("q", `SELECT 'a\' :digits', `+"`:digits`", mySQL, known); err != nil || len(s.binds) != 0 {
		t.Errorf("MySQL's quotes: %+v, %v", s, err)
	}
	for query, want := range map[string]string{
		"DELETE FROM t":               "must be a SELECT (or WITH … SELECT): this connector only reads",
		"SELECT 1; DROP TABLE t":      "must be one statement",
		"SELECT 1 WHERE a = :digitss": ":digitss is no parameter of this query; did you mean digits?",
	} {
		if _, err := translate("queries.lookup", query, postgres, known); errs.FieldsOf(err)["queries.lookup"] != want {
			t.Errorf("%s: %v", query, err)
		}
	}
}

func TestConfigurationErrors(t *testing.T) {
	const good = `"queries": {"lookup": "SELECT 1 AS id"}`
	for config, want := range map[string][2]string{
		`{` + good + `}`:   {"dsn", "is required: a reference to postgres://user:password@host/database or mysql://…"},
		`{"dsn": "env:X"}`: {"queries.lookup", "is required: a connector answers who has a number"},
		`{"dsn": "env:X", "tmeout": "1s", ` + good + `}`:         {"tmeout", "is unknown; did you mean timeout?"},
		`{"dsn": "env:X", "timeout": "soon", ` + good + `}`:      {"timeout", `"soon" is no length of time; write it like 500ms, 10s or 5m`},
		`{"dsn": "env:X", "kind": "PERSN", ` + good + `}`:        {"kind", `"PERSN" is unknown; did you mean PERSON?`},
		`{"dsn": "env:X", "link": "/x", ` + good + `}`:           {"link", "must be an absolute address, such as https://crm.example.com/customers/{id}"},
		`{"dsn": "env:BAD", ` + good + `}`:                       {"dsn", "must begin with postgres:// or mysql://"},
		`{"dsn": "env:MYBAD", ` + good + `}`:                     {"dsn", "is no address of a MySQL; write it like mysql://user:password@host:3306/database?tls=true"},
		`{"dsn": "env:X", "queries": {"lookup": "SELECT :nme"}}`: {"queries.lookup", ":nme is no parameter of this query; known: digits, e164, limit, national, region, spread, tail"},
	} {
		_, err := New(t.Context(), "shop", json.RawMessage(config), given{"env:X": "postgres://u:p@h/d", "env:BAD": "s3cret", "env:MYBAD": "mysql://u:s3cret@"})
		if got := errs.FieldsOf(err)[want[0]]; !errs.Is(err, errs.Invalid) || got != want[1] {
			t.Errorf("%s: %v", config, err)
		}
		if err != nil && strings.Contains(err.Error(), "s3cret") {
			t.Errorf("the error gives the password away: %v", err)
		}
	}
}

func TestMySQLConfiguration(t *testing.T) {
	d, err := New(t.Context(), "shop", json.RawMessage(`{"dsn": "env:X", "queries": {"lookup": "SELECT id, name FROM c WHERE p LIKE :spread OR q LIKE :spread LIMIT :limit"}}`),
		given{"env:X": "mysql://user:p%40ss@db.example/shop?tls=true"})
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	m, err := mysqlConfig("mysql://user:p%40ss@db.example/shop?tls=true", d.timeout)
	if err != nil || m.User != "user" || m.Passwd != "p@ss" || m.Addr != "db.example:3306" || m.DBName != "shop" || m.TLSConfig != "true" || m.MultiStatements || m.InterpolateParams {
		t.Errorf("got %+v, %v", m, err)
	}
	if _, ok := connectors.As[connectors.Searcher](d); ok {
		t.Error("it searches without a query for it")
	}
	for number, want := range map[uint16]errs.Kind{1045: errs.Unauthenticated, 3024: errs.Timeout, 1040: errs.Unavailable, 1146: errs.Invalid, 1644: errs.Rejected, 1792: errs.Invalid} {
		if got := mysqlKind(number); got != want {
			t.Errorf("error %d is %v, want %v", number, got, want)
		}
	}
}
