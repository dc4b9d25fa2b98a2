// Package served runs the built program, `pult serve`, as a child process with a configuration written for it, the way a site
// runs it: for proofs from end to end and for measurements. It knows nothing of Pult's insides.
package served

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/pult-cc/pult/internal/lab"
)

// startTimeout bounds a start until the process is ready; generous, for machines that do other work too.
const startTimeout = 30 * time.Second

// Options say what to run and what to connect it to.
type Options struct {
	// Binary is the program. Empty: bin/pult above the working directory.
	Binary string
	// Dir holds configuration, database, sealing key. Several processes that share a floor share it. It must exist.
	Dir string
	// Name tells processes of one folder apart. Empty: "pult".
	Name string
	// Asterisk is the PBX.
	Asterisk *lab.Asterisk
	// OneC is the address of a 1C base's OData interface, and its user; nil: no customer system.
	OneC *OneC
	// Database is a DSN, empty for an SQLite file in Dir; Bus is a redis:// address, empty for none.
	Database, Bus string
	// Everywhere: it listens at all addresses, not at loopback only, for browsers on another host of scripts/netns.
	Everywhere bool
	// Language of the names the installation starts with, "en" or "ru".
	Language string
	// LogLevel is debug, info (also if empty), warn or error.
	LogLevel string
	// Settings are further keys of the configuration by their names in the environment, without PULT_.
	Settings map[string]string
	// Log gets what the process prints. Nil: it is dropped.
	Log io.Writer
}

// OneC is a 1C base. NoIndex: it is asked for every number, no copy of its numbers is kept. LogCalls: calls are written into it.
type OneC struct {
	URL, User, Password string
	NoIndex, LogCalls   bool
}

// Server is `pult serve`, running or not. Its methods are safe for concurrent use.
type Server struct {
	o      Options
	config string
	env    []string
	addr   string

	mu    sync.Mutex
	child *child
}

// child is one life of the process.
type child struct {
	cmd  *exec.Cmd
	done chan struct{}
	err  error // after done
}

// New writes the configuration. Nothing runs yet.
func New(o Options) (*Server, error) {
	if o.Binary == "" {
		var err error
		if o.Binary, err = binary(); err != nil {
			return nil, err
		}
	}
	var err error
	if o.Binary, err = filepath.Abs(o.Binary); err != nil { // it runs in Dir
		return nil, err
	}
	if o.Name == "" {
		o.Name = "pult"
	}
	if o.LogLevel == "" {
		o.LogLevel = "info"
	}
	if o.Log == nil {
		o.Log = io.Discard
	}
	port, err := freePort()
	if err != nil {
		return nil, err
	}
	s := &Server{o: o, addr: net.JoinHostPort("127.0.0.1", strconv.Itoa(port)), config: filepath.Join(o.Dir, o.Name+".yaml")}
	// Browsers give the microphone to localhost only, and a session's cookie to one name only.
	text := s.yaml("http://localhost:" + strconv.Itoa(port))
	if err := os.WriteFile(s.config, []byte(text), 0o600); err != nil {
		return nil, fmt.Errorf("writing the configuration: %w", err)
	}
	s.env = append(os.Environ(), "PULT_ARI_PASSWORD="+o.Asterisk.ARIPassword)
	if o.OneC != nil {
		s.env = append(s.env, "PULT_1C_PASSWORD="+o.OneC.Password)
	}
	for k, v := range o.Settings {
		s.env = append(s.env, "PULT_"+k+"="+v)
	}
	return s, nil
}

// yaml is the configuration. JSON strings are YAML strings.
func (s *Server) yaml(public string) string {
	var b strings.Builder
	q := func(v string) string {
		raw, err := json.Marshal(v)
		if err != nil {
			panic(err) // a string always has a JSON form
		}
		return string(raw)
	}
	dsn, bus := s.o.Database, s.o.Bus
	if dsn == "" {
		dsn = "sqlite:" + filepath.Join(s.o.Dir, "pult.db")
	}
	if bus == "" {
		bus = "memory"
	}
	a := s.o.Asterisk
	listen := s.addr
	if s.o.Everywhere {
		_, port, _ := net.SplitHostPort(s.addr)
		listen = ":" + port
	}
	fmt.Fprintf(&b, "server: {listen: %s, public_url: %s, drain_timeout: 3s}\n", q(listen), q(public))
	fmt.Fprintf(&b, "database: {dsn: %s}\nbus: {url: %s}\n", q(dsn), q(bus))
	fmt.Fprintf(&b, "seal: {key_file: %s}\n", q(filepath.Join(s.o.Dir, "pult.key")))
	fmt.Fprintf(&b, "telephony:\n  ari: {url: %s, user: %s, password: env:PULT_ARI_PASSWORD}\n", q(a.ARIURL), q(a.ARIUser))
	fmt.Fprintf(&b, "  trunk: PJSIP/{number}@carrier\n  realm: %s\n  phone_ws_urls: [%s]\n", q(a.Realm), q(a.WSURL))
	fmt.Fprintf(&b, "region: RU\nlanguage: %s\nlog: {level: %s}\n", q(s.o.Language), q(s.o.LogLevel))
	fmt.Fprint(&b, "web_connectors: {networks: [127.0.0.0/8]}\n")
	if c := s.o.OneC; c != nil {
		fmt.Fprintf(&b, "connectors:\n  - id: 1c\n    kind: onec\n    name: 1C\n    no_index: %v\n    log_calls: %v\n", c.NoIndex, c.LogCalls)
		fmt.Fprintf(&b, "    config: {base_url: %s, user: %s, password: env:PULT_1C_PASSWORD}\n", q(c.URL), q(c.User))
	}
	return b.String()
}

// URL is what people open.
func (s *Server) URL() string {
	_, port, _ := net.SplitHostPort(s.addr)
	return "http://localhost:" + port
}

// AddUser adds a person by `pult user add`. Nil queues: all.
func (s *Server) AddUser(ctx context.Context, login, name, password, role string, queues []string) error {
	args := []string{"user", "add", login, "--name", name, "--role", role}
	for _, q := range queues {
		args = append(args, "--queue", q)
	}
	return s.command(ctx, password+"\n", args...)
}

// SetRescue sets how long a lost call of a queue is kept for its operator. A running process sees it when somebody signs in.
func (s *Server) SetRescue(ctx context.Context, queue string, keep time.Duration) error {
	return s.command(ctx, "", "queue", "set", queue, "--rescue", keep.String())
}

// command runs the program with the configuration and waits for its end.
func (s *Server) command(ctx context.Context, input string, args ...string) error {
	cmd := exec.CommandContext(ctx, s.o.Binary, append([]string{"-c", s.config}, args...)...)
	cmd.Dir, cmd.Env, cmd.Stdin = s.o.Dir, s.env, strings.NewReader(input)
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("pult %s %s: %w: %s", args[0], args[1], err, out)
	}
	return nil
}

// Start starts the process, which must not run, and waits until it is ready. The process ends with ctx.
func (s *Server) Start(ctx context.Context) error {
	c, err := s.Launch(ctx)
	if err != nil {
		return err
	}
	return s.await(ctx, c)
}

// Launch starts the process and does not wait for it. Most callers want Start.
func (s *Server) Launch(ctx context.Context) (Life, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.child != nil && s.child.running() {
		return Life{}, errors.New("pult is running already")
	}
	cmd := exec.CommandContext(ctx, s.o.Binary, "-c", s.config, "serve")
	cmd.Dir, cmd.Env, cmd.Stdout, cmd.Stderr = s.o.Dir, s.env, s.o.Log, s.o.Log
	cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGTERM) }
	cmd.WaitDelay = 5 * time.Second
	if err := cmd.Start(); err != nil {
		return Life{}, fmt.Errorf("starting pult: %w", err)
	}
	c := &child{cmd: cmd, done: make(chan struct{})}
	go func() {
		c.err = cmd.Wait()
		close(c.done)
	}()
	s.child = c
	return Life{c}, nil
}

// Life is one life of the process.
type Life struct{ c *child }

// PID is its process id.
func (l Life) PID() int { return l.c.cmd.Process.Pid }

// Ended is closed when the process has ended.
func (l Life) Ended() <-chan struct{} { return l.c.done }

func (c *child) running() bool {
	select {
	case <-c.done:
		return false
	default:
		return true
	}
}

// await waits until the process says that it is ready.
func (s *Server) await(ctx context.Context, l Life) error {
	ctx, cancel := context.WithTimeout(ctx, startTimeout)
	defer cancel()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for {
		last := s.Ready(ctx)
		if last == nil {
			return nil
		}
		select {
		case <-l.Ended():
			return fmt.Errorf("pult ended before it was ready: %w", errors.Join(l.c.err, last))
		case <-ctx.Done():
			return fmt.Errorf("pult is not ready: %w", last)
		case <-tick.C:
		}
	}
}

// Ready asks /readyz; nil means ready.
func (s *Server) Ready(ctx context.Context) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+s.addr+"/readyz", http.NoBody)
	if err != nil {
		return err
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(io.LimitReader(resp.Body, 4096))
	if err != nil {
		return err
	}
	if resp.StatusCode != http.StatusOK {
		return fmt.Errorf("%s: %s", resp.Status, body)
	}
	return nil
}

// Stop ends the process in order (SIGTERM) and waits for that. A process that does not run is success.
func (s *Server) Stop() error { return s.end(syscall.SIGTERM) }

// Kill ends the process as a crash would (SIGKILL) and waits for that.
func (s *Server) Kill() error { return s.end(syscall.SIGKILL) }

func (s *Server) end(sig syscall.Signal) error {
	s.mu.Lock()
	c := s.child
	s.mu.Unlock()
	if c == nil {
		return nil
	}
	if err := c.cmd.Process.Signal(sig); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return fmt.Errorf("signalling pult: %w", err)
	}
	select {
	case <-c.done:
		return nil
	case <-time.After(15 * time.Second):
		return errors.Join(errors.New("pult does not end"), c.cmd.Process.Kill())
	}
}

// binary finds bin/pult above the working directory.
func binary() (string, error) {
	dir, err := os.Getwd()
	if err != nil {
		return "", err
	}
	for {
		path := filepath.Join(dir, "bin", "pult")
		if info, err := os.Stat(path); err == nil && info.Mode().IsRegular() {
			return path, nil
		}
		parent := filepath.Dir(dir)
		if parent == dir {
			return "", errors.New("there is no bin/pult: run `make build`")
		}
		dir = parent
	}
}

// freePort returns a port of loopback that was free a moment ago.
func freePort() (int, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return 0, err
	}
	return l.Addr().(*net.TCPAddr).Port, l.Close()
}
