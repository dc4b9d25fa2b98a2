package lab

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
)

// ServerOptions says how to run a private server. The zero value runs it on loopback, on a free port, in a temporary
// folder that goes away with it.
type ServerOptions struct {
	// Dir holds the data. It is made if it does not exist; a server finds its data of the last time there. Empty: a
	// temporary folder.
	Dir string
	// BindAddr and Port are where it serves. Empty: 127.0.0.1. 0: a free port.
	BindAddr string
	Port     int
	// Durable makes PostgreSQL and Redis write to the disk before they answer, as in production. Otherwise PostgreSQL does
	// not wait for the disk, and Redis keeps nothing over a restart. Vault ignores it.
	Durable bool
	// Log gets what the server prints. Nil: it is dropped.
	Log io.Writer
}

func (o *ServerOptions) fill() error {
	if o.BindAddr == "" {
		o.BindAddr = "127.0.0.1"
	}
	if o.Port != 0 {
		return nil
	}
	var err error
	o.Port, err = freePort("tcp", o.BindAddr)
	return err
}

func (o *ServerOptions) addr() string { return net.JoinHostPort(o.BindAddr, strconv.Itoa(o.Port)) }

// Postgres is a private, running PostgreSQL.
type Postgres struct {
	Process
	// URL connects as the superuser "pult" to the database "postgres". It contains the password.
	URL string
}

// StartPostgres makes a database cluster in its folder, if there is none, and starts PostgreSQL on it.
func StartPostgres(ctx context.Context, o ServerOptions) (*Postgres, error) {
	initdb, err := Find("initdb")
	if err != nil {
		return nil, err
	}
	server, err := Find("postgres")
	if err != nil {
		return nil, err
	}
	if err := o.fill(); err != nil {
		return nil, err
	}
	p := &Postgres{}
	// SIGINT ends the sessions and shuts down, SIGTERM would wait for them, and SIGKILL leaves shared memory behind.
	p.stopSignal, p.closeSignal = syscall.SIGINT, syscall.SIGINT
	launch := func(ctx context.Context) (*proc, error) { return p.run(ctx, server, o) }
	if err := p.init(ctx, o.Dir, launch); err != nil {
		return nil, err
	}
	password, err := p.cluster(ctx, initdb, o)
	if err != nil {
		return nil, p.abandon(fmt.Errorf("making a database cluster: %w", err))
	}
	u := url.URL{Scheme: "postgres", User: url.UserPassword("pult", password), Host: o.addr(), Path: "/postgres", RawQuery: "sslmode=disable"}
	p.URL = u.String()
	if err := p.begin(); err != nil {
		return nil, err
	}
	return p, nil
}

// cluster makes the data folder, unless there is one, and returns the superuser's password.
func (p *Postgres) cluster(ctx context.Context, initdb string, o ServerOptions) (string, error) {
	secret := filepath.Join(p.Dir, "password")
	if _, err := os.Stat(filepath.Join(p.Dir, "data", "PG_VERSION")); err == nil {
		raw, err := os.ReadFile(secret)
		return string(raw), err
	}
	password := randomHex(16)
	if err := os.WriteFile(secret, []byte(password), 0o600); err != nil {
		return "", err
	}
	err := runToEnd(ctx, command{
		name: "initdb", path: initdb, dir: p.Dir, log: o.Log, unprivileged: true,
		args: []string{"-D", "data", "-U", "pult", "--pwfile=password", "--auth=scram-sha-256", "--locale=C.UTF-8", "--encoding=UTF8", "--no-sync"},
	})
	if err != nil {
		return "", err
	}
	return password, nil
}

func (p *Postgres) run(ctx context.Context, server string, o ServerOptions) (*proc, error) {
	settings := map[string]string{
		"listen_addresses": o.BindAddr, "port": strconv.Itoa(o.Port),
		"unix_socket_directories": "", // their paths may be too long, and TCP is enough
		"max_connections":         "200", "timezone": "UTC", "log_timezone": "UTC",
	}
	if !o.Durable {
		settings["fsync"], settings["synchronous_commit"], settings["full_page_writes"] = "off", "off", "off"
	}
	args := []string{"-D", "data"}
	for name, value := range settings {
		args = append(args, "-c", name+"="+value)
	}
	pidFile := filepath.Join(p.Dir, "data", "postmaster.pid")
	for attempt := 1; ; attempt++ {
		child, err := start(p.ctx, command{name: "postgres", path: server, args: args, dir: p.Dir, log: o.Log, unprivileged: true, end: syscall.SIGINT})
		if err != nil {
			return nil, err
		}
		err = child.wait(ctx, func(context.Context) error {
			raw, err := os.ReadFile(pidFile)
			if err != nil {
				return err
			}
			// The server writes its process id as the file's first line, and its state as the eighth. A killed one leaves
			// its file behind.
			lines := strings.Split(string(raw), "\n")
			if len(lines) < 8 || lines[0] != strconv.Itoa(child.cmd.Process.Pid) || strings.TrimSpace(lines[7]) != "ready" {
				return errors.New("starting up")
			}
			return nil
		})
		// Sessions of a killed server live on for a moment, and it refuses to start beside them.
		if err != nil && attempt < 20 && strings.Contains(child.tail.String(), "pre-existing shared memory block") {
			continue
		}
		return child, err
	}
}

// Redis is a private, running Redis.
type Redis struct {
	Process
	// Addr is "host:port".
	Addr string
	// Password of the default user.
	Password string
	// URL is both, for clients that take one: "redis://:password@host:port/0".
	URL string
}

// StartRedis starts a Redis.
func StartRedis(ctx context.Context, o ServerOptions) (*Redis, error) {
	server, err := Find("redis")
	if err != nil {
		return nil, err
	}
	if err := o.fill(); err != nil {
		return nil, err
	}
	r := &Redis{Addr: o.addr(), Password: randomHex(16)}
	r.URL = (&url.URL{Scheme: "redis", User: url.UserPassword("", r.Password), Host: r.Addr, Path: "/0"}).String()
	launch := func(ctx context.Context) (*proc, error) {
		child, err := start(r.ctx, command{name: "redis", path: server, args: []string{filepath.Join(r.Dir, "redis.conf")}, dir: r.Dir, log: o.Log})
		if err != nil {
			return nil, err
		}
		return child, child.wait(ctx, r.ping)
	}
	if err := r.init(ctx, o.Dir, launch); err != nil {
		return nil, err
	}
	conf := fmt.Sprintf("bind %s\nport %d\ndir \"%s\"\nrequirepass %s\nsave \"\"\n", o.BindAddr, o.Port, r.Dir, r.Password)
	if o.Durable {
		conf += "appendonly yes\nappendfsync always\n"
	}
	// In a file, because a command line can be read by everybody.
	if err := os.WriteFile(filepath.Join(r.Dir, "redis.conf"), []byte(conf), 0o600); err != nil {
		return nil, r.abandon(err)
	}
	if err := r.begin(); err != nil {
		return nil, err
	}
	return r, nil
}

func (r *Redis) ping(ctx context.Context) error {
	var d net.Dialer
	c, err := d.DialContext(ctx, "tcp", r.Addr)
	if err != nil {
		return err
	}
	// Ends the reading, too, when ctx ends; a second Close does no harm.
	defer context.AfterFunc(ctx, func() { c.Close() })()
	defer c.Close()
	if _, err := fmt.Fprintf(c, "AUTH %s\r\nPING\r\n", r.Password); err != nil {
		return err
	}
	lines := bufio.NewReader(c)
	for _, want := range []string{"+OK\r\n", "+PONG\r\n"} {
		got, err := lines.ReadString('\n')
		if err != nil {
			return err
		}
		if got != want {
			return fmt.Errorf("redis says %q", got)
		}
	}
	return nil
}

// Vault is a private, running HashiCorp Vault: KV version 2 at secret/, transit at transit/, AppRole at auth/approle/. It
// keeps its data and unseals itself over a restart; to have it sealed, seal it over its API.
type Vault struct {
	Process
	// Address is the base URL: "http://127.0.0.1:8200".
	Address string
	// Token is the root token.
	Token string
}

// StartVault starts a Vault.
func StartVault(ctx context.Context, o ServerOptions) (*Vault, error) {
	server, err := Find("vault")
	if err != nil {
		return nil, err
	}
	if err := o.fill(); err != nil {
		return nil, err
	}
	v := &Vault{Address: "http://" + o.addr()}
	launch := func(ctx context.Context) (*proc, error) {
		var announced lineBuffer
		child, err := start(v.ctx, command{
			name: "vault", path: server, args: []string{"-listen", o.addr(), "-storage", "."}, dir: v.Dir, log: o.Log, stdout: &announced,
		})
		if err != nil {
			return nil, err
		}
		return child, child.wait(ctx, func(context.Context) error {
			line, err := announced.line()
			if err != nil {
				return err
			}
			var ready struct{ Token string }
			if err := json.Unmarshal(line, &ready); err != nil {
				return err
			}
			if v.Token == "" { // the same after a restart
				v.Token = ready.Token
			}
			return nil
		})
	}
	if err := v.init(ctx, o.Dir, launch); err != nil {
		return nil, err
	}
	if err := v.begin(); err != nil {
		return nil, err
	}
	return v, nil
}

// lineBuffer collects output until it has a line.
type lineBuffer struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (l *lineBuffer) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.buf.Write(b)
}

func (l *lineBuffer) line() ([]byte, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	line, _, found := bytes.Cut(l.buf.Bytes(), []byte("\n"))
	if !found {
		return nil, errors.New("nothing announced yet")
	}
	return bytes.Clone(line), nil
}
