package sqltable_test

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/pult-cc/pult/connectors"
	"github.com/pult-cc/pult/connectors/connectortest"
	"github.com/pult-cc/pult/connectors/sqltable"
	"github.com/pult-cc/pult/connectors/trace"
	"github.com/pult-cc/pult/internal/errs"
	"github.com/pult-cc/pult/internal/lab"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

type secrets map[string]string

func (s secrets) Secret(_ context.Context, ref string) (string, error) { return s[ref], nil }

const password = "s3cret-кл/юч?&="

// server is a real PostgreSQL with a role that may only read.
type server struct {
	admin *sql.DB
	host  string
	made  atomic.Int32
}

func startServer(t *testing.T) *server {
	t.Helper()
	pg, err := lab.StartPostgres(t.Context(), lab.ServerOptions{})
	if err != nil {
		t.Fatalf("starting PostgreSQL: %v", err)
	}
	t.Cleanup(func() {
		if err := pg.Close(); err != nil {
			t.Errorf("closing PostgreSQL: %v", err)
		}
	})
	admin, err := sql.Open("pgx", pg.URL)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = admin.Close() })
	u, err := url.Parse(pg.URL)
	if err != nil {
		t.Fatal(err)
	}
	s := &server{admin: admin, host: u.Host}
	s.exec(t, "CREATE ROLE reader LOGIN PASSWORD '"+password+"'")
	return s
}

func (s *server) exec(t *testing.T, text string, args ...any) {
	t.Helper()
	if _, err := s.admin.ExecContext(t.Context(), text, args...); err != nil {
		t.Fatalf("%s: %v", text, err)
	}
}

// schema makes tables as a small shop has them: numbers as typed, many to a customer.
func (s *server) schema(t *testing.T) string {
	t.Helper()
	name := fmt.Sprint("shop_", s.made.Add(1))
	s.exec(t, "CREATE SCHEMA "+name)
	s.exec(t, "GRANT USAGE ON SCHEMA "+name+" TO reader")
	s.exec(t, "CREATE TABLE "+name+`.customers (id bigserial PRIMARY KEY, kind text, name text, company text, inn text, manager text, deleted bool)`)
	s.exec(t, "CREATE TABLE "+name+`.phones (customer bigint, typed text)`)
	s.exec(t, "CREATE TABLE "+name+`.managers (name text)`)
	s.exec(t, "CREATE FUNCTION "+name+`.rule() RETURNS bool LANGUAGE plpgsql AS $$ BEGIN
		IF EXISTS (SELECT 1 FROM `+name+`.stop) THEN RAISE EXCEPTION 'Номер 74950123401 в стоп-листе'; END IF; RETURN true; END $$`)
	s.exec(t, "CREATE TABLE "+name+".stop (x int)")
	s.exec(t, "GRANT SELECT ON ALL TABLES IN SCHEMA "+name+" TO reader")
	return name
}

const columns = `SELECT c.id, c.kind, c.name, c.company, c.inn AS tax_id, c.manager AS owner, c.deleted, p.typed AS phone
	FROM customers c LEFT JOIN phones p ON p.customer = c.id `

var queries = map[string]string{
	"lookup": columns + `WHERE rule() AND c.id IN (SELECT customer FROM phones WHERE typed LIKE :spread) LIMIT :limit`,
	"search": columns + `WHERE NOT c.deleted AND (c.name ILIKE :pattern OR c.id IN (SELECT customer FROM phones WHERE typed LIKE :spread)) LIMIT :limit`,
	"get":    columns + `WHERE c.id::text = :id AND :type = 'customer'`,
	"index": columns + `WHERE rule() AND p.typed IS NOT NULL AND (:after::bigint IS NULL OR c.id > :after::bigint)
		ORDER BY c.id LIMIT :limit -- "'; :nothing`,
	"agents": `SELECT name AS id, name FROM managers`,
}

func dsn(host, schema, password string) string {
	u := url.URL{Scheme: "postgres", User: url.UserPassword("reader", password), Host: host, Path: "/postgres",
		RawQuery: "sslmode=disable&connect_timeout=5&search_path=" + schema}
	return u.String()
}

func open(t *testing.T, dsn string, extra map[string]any) *sqltable.Driver {
	t.Helper()
	config := map[string]any{"dsn": "env:DSN", "link": "https://shop.example/customers/{id}", "queries": queries}
	for k, v := range extra {
		config[k] = v
	}
	raw, err := json.Marshal(config)
	if err != nil {
		t.Fatal(err)
	}
	d, err := sqltable.New(t.Context(), "shop", raw, secrets{"env:DSN": dsn})
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func TestConformance(t *testing.T) {
	s := startServer(t)
	connectortest.Run(t, connectortest.Harness{New: func(t *testing.T, customers []connectortest.Customer) connectortest.System {
		name := s.schema(t)
		for _, c := range customers {
			var id int64
			err := s.admin.QueryRowContext(t.Context(), "INSERT INTO "+name+`.customers (kind, name, company, inn, manager, deleted)
				VALUES ($1, $2, $3, $4, $5, $6) RETURNING id`, string(c.Kind), c.Name, c.Company, c.TaxID, c.Owner, c.Deleted).Scan(&id)
			if err != nil {
				t.Fatal(err)
			}
			for _, p := range c.Phones {
				s.exec(t, "INSERT INTO "+name+".phones VALUES ($1, $2)", id, p)
			}
			if c.Owner != "" {
				s.exec(t, "INSERT INTO "+name+".managers VALUES ($1)", c.Owner)
			}
		}
		p := startProxy(t, s.host)
		d := open(t, dsn(p.address(), name, password), nil)
		var once sync.Once
		return connectortest.System{
			Driver: d, ID: "shop", Secret: password,
			Faults: []connectortest.Fault{connectortest.Slow, connectortest.Down, connectortest.Unauthorized, connectortest.Forbidden, connectortest.BusinessRule},
			Reopen: func() connectors.Driver {
				later := open(t, dsn(p.address(), name, password), nil)
				t.Cleanup(func() { _ = later.Close() })
				return later
			},
			Inject: func(f connectortest.Fault) {
				// What the last fault did is undone.
				s.exec(t, "ALTER ROLE reader PASSWORD '"+password+"'")
				s.exec(t, "GRANT SELECT ON ALL TABLES IN SCHEMA "+name+" TO reader")
				s.exec(t, "DELETE FROM "+name+".stop")
				p.behave(proxyMode(""))
				switch f {
				case connectortest.Slow:
					p.behave(silent)
				case connectortest.Down:
					p.behave(away)
				case connectortest.Unauthorized:
					s.exec(t, "ALTER ROLE reader PASSWORD 'changed'")
					p.cut()
				case connectortest.Forbidden:
					s.exec(t, "REVOKE SELECT ON ALL TABLES IN SCHEMA "+name+" FROM reader")
				case connectortest.BusinessRule:
					s.exec(t, "INSERT INTO "+name+".stop VALUES (1)")
				}
			},
			Close: func() {
				once.Do(func() {
					_ = d.Close()
					p.close()
				})
			},
		}
	}})
}

func TestOnlyReading(t *testing.T) {
	s := startServer(t)
	name := s.schema(t)
	s.exec(t, "GRANT ALL ON ALL TABLES IN SCHEMA "+name+" TO reader")
	s.exec(t, "CREATE FUNCTION "+name+`.evil() RETURNS text LANGUAGE sql AS $$ INSERT INTO `+name+`.stop VALUES (7) RETURNING 'x' $$`)
	d := open(t, dsn(s.host, name, password), map[string]any{"queries": map[string]string{"lookup": "SELECT evil() AS id"}})
	defer d.Close()
	_, err := d.Lookup(t.Context(), connectortest.Query("4950123401"))
	if !errs.Is(err, errs.Invalid) || !strings.Contains(err.Error(), "25006") {
		t.Errorf("writing: %v, want the server's refusal of a read-only transaction", err)
	}
	var n int
	if err := s.admin.QueryRowContext(t.Context(), "SELECT count(*) FROM "+name+".stop").Scan(&n); err != nil || n != 0 {
		t.Errorf("%d rows were written, %v", n, err)
	}
}

func TestServerGivesUp(t *testing.T) {
	s := startServer(t)
	name := s.schema(t)
	d := open(t, dsn(s.host, name, password), map[string]any{
		"timeout": "100ms", "queries": map[string]string{"lookup": "SELECT 'x' AS id FROM pg_sleep(60)"},
	})
	defer d.Close()
	began := time.Now()
	_, err := d.Lookup(t.Context(), connectortest.Query("4950123401"))
	if !errs.Is(err, errs.Timeout) || time.Since(began) > 30*time.Second {
		t.Errorf("got %v after %v", err, time.Since(began))
	}
}

func TestCheckNamesWhatIsNotThere(t *testing.T) {
	s := startServer(t)
	name := s.schema(t)
	for query, want := range map[string]string{
		"SELECT id FROM nobody":                 `relation "nobody" does not exist`,
		"SELECT c.nme AS name FROM customers c": `column c.nme does not exist`,
	} {
		d := open(t, dsn(s.host, name, password), map[string]any{"queries": map[string]string{"lookup": query}})
		if _, err := d.Check(t.Context()); !errs.Is(err, errs.Invalid) || !strings.Contains(errs.Message(err), want) {
			t.Errorf("%s: %v", query, err)
		}
		_ = d.Close()
	}
	d := open(t, dsn(s.host, name, password), map[string]any{"queries": map[string]string{"lookup": "SELECT 1 AS id, 'x' AS fone"}})
	defer d.Close()
	ctx, recorder := trace.With(t.Context())
	if _, err := d.Lookup(ctx, connectortest.Query("4950123401")); !strings.Contains(errs.Message(err), `column "fone" is unknown; did you mean phone?`) {
		t.Errorf("got %v", err)
	}
	if all, _ := recorder.Requests(); len(all) != 1 || all[0].Method != "SQL" || all[0].Target != "queries.lookup" || !strings.Contains(all[0].Error, "fone") {
		t.Errorf("traced %+v", all)
	}
	if h, err := d.Check(t.Context()); err != nil || !strings.HasPrefix(h.Version, "PostgreSQL ") {
		t.Errorf("got %+v, %v", h, err)
	}
}

// proxy stands between driver and server and can be cut.
type proxy struct {
	listener net.Listener
	target   string
	mu       sync.Mutex
	mode     proxyMode
	conns    map[net.Conn]bool
	gate     chan struct{} // closed while bytes may pass
	done     sync.WaitGroup
}

type proxyMode string

const (
	silent proxyMode = "silent" // nothing passes
	away   proxyMode = "away"   // connections are closed at once
)

func startProxy(t *testing.T, target string) *proxy {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	p := &proxy{listener: l, target: target, conns: map[net.Conn]bool{}, gate: make(chan struct{})}
	close(p.gate)
	p.done.Go(p.serve)
	return p
}

func (p *proxy) address() string { return p.listener.Addr().String() }

func (p *proxy) serve() {
	for {
		c, err := p.listener.Accept()
		if err != nil {
			return
		}
		p.mu.Lock()
		mode := p.mode
		p.mu.Unlock()
		if mode == away {
			_ = c.Close()
			continue
		}
		up, err := net.Dial("tcp", p.target)
		if err != nil {
			_ = c.Close()
			continue
		}
		p.mu.Lock()
		p.conns[c], p.conns[up] = true, true
		p.mu.Unlock()
		p.done.Go(func() { p.copy(up, c) })
		p.done.Go(func() { p.copy(c, up) })
	}
}

func (p *proxy) copy(to, from net.Conn) {
	defer func() { _, _ = to.Close(), from.Close() }()
	buf := make([]byte, 64<<10)
	for {
		n, err := from.Read(buf)
		p.mu.Lock()
		gate := p.gate
		p.mu.Unlock()
		<-gate
		if _, w := to.Write(buf[:n]); err != nil || w != nil {
			return
		}
	}
}

func (p *proxy) behave(m proxyMode) {
	p.mu.Lock()
	was := p.mode
	p.mode = m
	if m == silent && was != silent {
		p.gate = make(chan struct{})
	}
	if m != silent && was == silent {
		close(p.gate)
	}
	p.mu.Unlock()
	if m == away {
		p.cut()
	}
}

// cut ends all connections.
func (p *proxy) cut() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for c := range p.conns {
		_ = c.Close()
		delete(p.conns, c)
	}
}

func (p *proxy) close() {
	p.behave("")
	_ = p.listener.Close()
	p.cut()
	p.done.Wait()
}

var _ io.Closer = (*sqltable.Driver)(nil)
