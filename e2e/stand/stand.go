package main

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
	"net"
	"os"
	"path/filepath"
	"sync"

	"github.com/pult-cc/pult/connectors/onec/onecsim"
	"github.com/pult-cc/pult/e2e/served"
	"github.com/pult-cc/pult/internal/lab"
)

type options struct {
	instances int
	language  string
	logCalls  bool
	verbose   bool
}

// person signs in with login and password.
type person struct {
	Login    string `json:"login"`
	Name     string `json:"name"`
	Password string `json:"password"`
	Role     string `json:"role"`
	queues   []string
}

// people of the stand. Every one has a password of this run only by the login; it never leaves the namespace.
func people() []person {
	list := []person{
		{Login: "anna", Name: "Anna Sokolova", Role: "OPERATOR"},
		{Login: "boris", Name: "Boris Levin", Role: "OPERATOR"},
		{Login: "vera", Name: "Vera Orlova", Role: "SUPERVISOR"},
		{Login: "gleb", Name: "Gleb Zimin", Role: "ADMIN"},
	}
	for i := range list {
		list[i].Password = list[i].Login + " has a long password"
	}
	return list
}

// stand is everything that runs. Methods may be called concurrently.
type stand struct {
	ctx      context.Context // the life of all that runs
	dir      string
	asterisk *lab.Asterisk
	sim      *onecsim.Sim
	oneC     net.Listener
	crm      crm
	servers  []*served.Server
	carrier  string // the carrier's IP address
	closers  []func() error
	logs     map[string]*logBuffer

	mu    sync.Mutex
	calls map[string]*call
	made  int // calls so far
}

// newStand starts everything. On failure too what it returns is to be closed.
func newStand(ctx context.Context, o options) (*stand, error) {
	s := &stand{ctx: ctx, calls: map[string]*call{}, logs: map[string]*logBuffer{}}
	pbx, carrier := lab.Addrs()
	if pbx == "127.0.0.1" {
		return s, errors.New("run this inside of scripts/netns: browsers and Asterisk need addresses that are not loopback")
	}
	s.carrier = carrier
	var err error
	if s.dir, err = os.MkdirTemp("", "pult-stand-"); err != nil {
		return s, err
	}
	s.closers = append(s.closers, func() error { return os.RemoveAll(s.dir) })
	s.asterisk, err = lab.StartAsterisk(ctx, lab.AsteriskOptions{
		Dir: filepath.Join(s.dir, "asterisk"), Language: o.language, Log: s.log("asterisk", o.verbose),
	})
	if err != nil {
		return s, err
	}
	s.closers = append(s.closers, s.asterisk.Close)
	if err := s.tuneMusic(ctx); err != nil {
		return s, err
	}
	if err := s.startOneC(ctx); err != nil {
		return s, err
	}
	if err := s.startCRM(ctx); err != nil {
		return s, err
	}
	return s, s.startPult(ctx, o)
}

// musicTone is the music on hold: a tone of this many hertz, so that it is told for certain from speech and silence.
const musicTone = 600

// tuneMusic replaces the music on hold, as a site does with its own.
func (s *stand) tuneMusic(ctx context.Context) error {
	dir := filepath.Join(s.dir, "music")
	if err := os.Mkdir(dir, 0o700); err != nil {
		return err
	}
	const rate, seconds = 8000, 10 // whole periods, so that it loops without a click
	raw := make([]byte, 0, 2*rate*seconds)
	for i := range rate * seconds {
		v := 0.25 * math.Sin(2*math.Pi*musicTone*float64(i)/rate)
		raw = binary.LittleEndian.AppendUint16(raw, uint16(int16(v*math.MaxInt16)))
	}
	if err := os.WriteFile(filepath.Join(dir, "tone.sln"), raw, 0o600); err != nil {
		return err
	}
	conf := "[default]\nmode = files\ndirectory = " + dir + "\n"
	if err := os.WriteFile(filepath.Join(s.asterisk.Dir, "etc", "musiconhold.conf"), []byte(conf), 0o600); err != nil {
		return err
	}
	_, err := s.asterisk.CLI(ctx, "moh reload")
	return err
}

func (s *stand) startOneC(ctx context.Context) error {
	var err error
	if s.oneC, err = (&net.ListenConfig{}).Listen(ctx, "tcp", "127.0.0.1:0"); err != nil {
		return err
	}
	s.sim = onecsim.New(onecsim.Options{Base: onecsim.NewDemo(), User: oneCUser, Password: oneCPassword})
	ended := make(chan error, 1)
	go func() { ended <- onecsim.Serve(ctx, s.oneC, s.sim) }()
	s.closers = append(s.closers, func() error {
		_ = s.oneC.Close() // closed already where ctx has ended
		<-ended
		return nil
	})
	return nil
}

// A login as bases have it.
const (
	oneCUser     = "Пульт"
	oneCPassword = "стенд"
)

// startPult starts the servers, one after the other, and adds people.
func (s *stand) startPult(ctx context.Context, o options) error {
	so := served.Options{
		Dir: s.dir, Asterisk: s.asterisk, Language: o.language, LogLevel: "debug", Everywhere: true,
		OneC: &served.OneC{URL: "http://" + s.oneC.Addr().String() + onecsim.DefaultRoot, User: oneCUser, Password: oneCPassword, LogCalls: o.logCalls},
	}
	if o.instances > 1 {
		pg, err := lab.StartPostgres(ctx, lab.ServerOptions{Dir: filepath.Join(s.dir, "postgres")})
		if err != nil {
			return err
		}
		s.closers = append(s.closers, pg.Close)
		redis, err := lab.StartRedis(ctx, lab.ServerOptions{Dir: filepath.Join(s.dir, "redis")})
		if err != nil {
			return err
		}
		s.closers = append(s.closers, redis.Close)
		so.Database, so.Bus = pg.URL, redis.URL
	}
	for i := range max(1, o.instances) {
		so.Name = fmt.Sprintf("pult-%d", i)
		so.Log = s.log(so.Name, o.verbose)
		server, err := served.New(so)
		if err != nil {
			return err
		}
		s.servers = append(s.servers, server)
		s.closers = append(s.closers, server.Stop)
		if i == 0 {
			for _, p := range people() {
				if err := server.AddUser(ctx, p.Login, p.Name, p.Password, p.Role, p.queues); err != nil {
					return err
				}
			}
		}
		if err := server.Start(ctx); err != nil {
			return err
		}
	}
	return nil
}

// close ends everything, in the opposite order.
func (s *stand) close() error {
	s.mu.Lock()
	open := s.calls
	s.calls = map[string]*call{}
	s.mu.Unlock()
	var errs []error
	for _, c := range open {
		errs = append(errs, c.close())
	}
	for i := len(s.closers) - 1; i >= 0; i-- {
		errs = append(errs, s.closers[i]())
	}
	return errors.Join(errs...)
}

// log makes a place for what a part prints.
func (s *stand) log(name string, verbose bool) io.Writer {
	b := &logBuffer{}
	if verbose {
		b.also = os.Stderr
	}
	s.logs[name] = b
	return b
}

// logBuffer keeps what was written last.
type logBuffer struct {
	mu   sync.Mutex
	kept []byte
	also io.Writer
}

const logSize = 4 << 20

func (b *logBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.kept = append(b.kept, p...)
	if over := len(b.kept) - logSize; over > 0 {
		b.kept = append(b.kept[:0], b.kept[over:]...)
	}
	if b.also != nil {
		return b.also.Write(p)
	}
	return len(p), nil
}

func (b *logBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return string(b.kept)
}
