package sqltable

import (
	"context"
	"encoding/json"
	"net/url"
	"strings"
	"time"

	"github.com/go-sql-driver/mysql"
	"github.com/jackc/pgx/v5"

	"github.com/pult-cc/pult/connectors"
	"github.com/pult-cc/pult/connectors/internal/conf"
	"github.com/pult-cc/pult/connectors/internal/table"
)

// Config is the configuration of one database.
type Config struct {
	DSN            string          `json:"dsn"`     // reference to a secret: postgres://… or mysql://…
	Timeout        conf.Duration   `json:"timeout"` // of one statement; default 5s
	MaxConnections int             `json:"max_connections"`
	Type           string          `json:"type"` // of records whose query has no column type
	Kind           connectors.Kind `json:"kind"` // of records whose query has no column kind
	Link           string          `json:"link"` // deep link with {id} and {type}
	Page           int             `json:"page"` // rows of an index page; default 1000
	Queries        Queries         `json:"queries"`
}

// Queries are SELECTs with named parameters. What is missing is a capability that the connector lacks.
type Queries struct {
	Lookup string `json:"lookup"`
	Search string `json:"search"`
	Get    string `json:"get"`
	Index  string `json:"index"`
	Agents string `json:"agents"`
}

// parameters are what each query may use.
var parameters = map[string][]string{
	"lookup": {"e164", "digits", "national", "region", "tail", "spread", "limit"},
	"search": {"text", "pattern", "digits", "spread", "limit"},
	"get":    {"type", "id"},
	"index":  {"after", "limit"},
	"agents": {},
}

// dialect is which database it is.
type dialect string

const (
	postgres dialect = "postgres"
	mySQL    dialect = "mysql"
)

func readConfig(raw json.RawMessage) (Config, error) {
	var c Config
	if err := conf.Decode(raw, &c); err != nil {
		return c, err
	}
	if c.DSN == "" {
		return c, conf.Field("dsn", "is required: a reference to postgres://user:password@host/database or mysql://…")
	}
	if c.Timeout == 0 {
		c.Timeout = conf.Duration(5 * time.Second)
	}
	if c.MaxConnections < 0 || c.Page < 0 {
		return c, conf.Field("max_connections, page", "must not be negative")
	}
	if c.MaxConnections == 0 {
		c.MaxConnections = 4
	}
	if c.Page == 0 {
		c.Page = 1000
	}
	if c.Queries.Lookup == "" {
		return c, conf.Field("queries.lookup", "is required: a connector answers who has a number")
	}
	return c, nil
}

func (c Config) shape(id string) (table.Shape, error) {
	s := table.Shape{Connector: id, Type: c.Type, Kind: c.Kind, Link: c.Link}
	return s, s.Check()
}

// source is where a DSN leads. Its errors repeat nothing of it.
func source(ctx context.Context, c Config, secrets connectors.Secrets) (dialect, any, error) {
	dsn, err := conf.Secret(ctx, secrets, "dsn", c.DSN)
	if err != nil {
		return "", nil, err
	}
	scheme, _, _ := strings.Cut(dsn, "://")
	switch scheme {
	case "postgres", "postgresql":
		p, err := pgx.ParseConfig(dsn)
		if err != nil {
			return "", nil, conf.Field("dsn", "is no address of a PostgreSQL; write it like postgres://user:password@host:5432/database")
		}
		p.RuntimeParams["application_name"] = "pult"
		return postgres, p, nil
	case "mysql":
		m, err := mysqlConfig(dsn, time.Duration(c.Timeout))
		return mySQL, m, err
	}
	return "", nil, conf.Field("dsn", "must begin with postgres:// or mysql://")
}

func mysqlConfig(dsn string, timeout time.Duration) (*mysql.Config, error) {
	u, err := url.Parse(dsn)
	if err != nil || u.Host == "" || strings.Trim(u.Path, "/") == "" {
		return nil, conf.Field("dsn", "is no address of a MySQL; write it like mysql://user:password@host:3306/database?tls=true")
	}
	m := mysql.NewConfig()
	m.Net, m.Addr, m.DBName = "tcp", u.Host, strings.Trim(u.Path, "/")
	if u.Port() == "" {
		m.Addr += ":3306"
	}
	m.User = u.User.Username()
	m.Passwd, _ = u.User.Password()
	m.Timeout, m.CheckConnLiveness = timeout, true
	m.Collation = "utf8mb4_general_ci"
	for name, values := range u.Query() {
		if name != "tls" {
			return nil, conf.Field("dsn", "parameter %q is not supported; known: tls", name)
		}
		m.TLSConfig = values[0]
	}
	return m, nil
}
