package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/pult-cc/pult/connectors/onec/onecsim"
	"github.com/pult-cc/pult/e2e/served"
	"github.com/pult-cc/pult/internal/lab"
)

// operators that are signed in. One would do at this rate; more make sure that a call finds one free.
const operators = 4

// stage is everything around the measurement: Asterisk, 1C, Pult, operators at their pages, the carrier and the bare listener.
type stage struct {
	asterisk *lab.Asterisk
	oneC     *oneC
	carrier  *carrier
	bare     *bare
	closers  []func() error

	mu      sync.Mutex
	cards   map[string][]seen    // by the caller's number
	invites map[string]time.Time // by call id
	fresh   chan struct{}        // closed and renewed when something is noted
}

// seen is a card at an operator's page.
type seen struct {
	card
	operator int
}

func newStage(ctx context.Context, binary string, customers int, log *os.File) (_ *stage, err error) {
	s := &stage{cards: map[string][]seen{}, invites: map[string]time.Time{}, fresh: make(chan struct{})}
	defer func() {
		if err != nil {
			err = errors.Join(err, s.close())
		}
	}()
	docs, err := readDocuments()
	if err != nil {
		return nil, err
	}
	dir, err := os.MkdirTemp("", "pult-bench-")
	if err != nil {
		return nil, err
	}
	s.closers = append(s.closers, func() error { return os.RemoveAll(dir) })
	if s.asterisk, err = lab.StartAsterisk(ctx, lab.AsteriskOptions{Dir: filepath.Join(dir, "asterisk")}); err != nil {
		return nil, err
	}
	s.closers = append(s.closers, s.asterisk.Close)
	if s.oneC, err = newOneC(ctx, customers); err != nil {
		return nil, err
	}
	o := served.Options{
		Binary: binary, Dir: dir, Asterisk: s.asterisk, Language: "en", LogLevel: "warn",
		// 1C itself is measured: an index would have answered before.
		OneC: &served.OneC{URL: s.oneC.url, User: oneCUser, Password: oneCPassword, NoIndex: true},
	}
	if log != nil {
		o.Log, o.LogLevel = log, "debug"
	}
	server, err := served.New(o)
	if err != nil {
		return nil, err
	}
	s.closers = append(s.closers, server.Stop)
	for i := range operators {
		login := fmt.Sprintf("operator%d", i)
		if err := server.AddUser(ctx, login, login, "a long password "+login, "OPERATOR", nil); err != nil {
			return nil, err
		}
	}
	if err := server.Start(ctx); err != nil {
		return nil, err
	}
	for i := range operators {
		login := fmt.Sprintf("operator%d", i)
		w, err := newWorkspace(ctx, docs, server.URL(), login, "a long password "+login, func(c card) { s.carded(seen{c, i}) }, s.invited)
		if err != nil {
			return nil, err
		}
		s.closers = append(s.closers, func() error { w.close(); return nil })
	}
	if s.bare, err = newBare(ctx, s.asterisk); err != nil {
		return nil, err
	}
	s.closers = append(s.closers, func() error { s.bare.close(); return nil })
	_, local := lab.Addrs()
	if s.carrier, err = newCarrier(local, s.asterisk.SIPAddr, s.asterisk.TrunkToken); err != nil {
		return nil, err
	}
	s.closers = append(s.closers, func() error { s.carrier.close(); return nil })
	return s, nil
}

func (s *stage) close() error {
	var errs []error
	for i := len(s.closers) - 1; i >= 0; i-- {
		errs = append(errs, s.closers[i]())
	}
	return errors.Join(errs...)
}

func (s *stage) carded(c seen) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.cards[c.From] = append(s.cards[c.From], c)
	s.wake()
}

func (s *stage) invited(call string, at time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, again := s.invites[call]; !again {
		s.invites[call] = at
	}
	s.wake()
}

func (s *stage) wake() {
	close(s.fresh)
	s.fresh = make(chan struct{})
}

// wait waits until is true of what was noted. is runs with the lock held.
func (s *stage) wait(ctx context.Context, is func() bool) error {
	for {
		s.mu.Lock()
		ok, fresh := is(), s.fresh
		s.mu.Unlock()
		if ok {
			return nil
		}
		select {
		case <-fresh:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// oneC is a simulated 1C that knows every caller, and notes when it was asked and had answered.
type oneC struct {
	sim *onecsim.Sim
	url string

	mu   sync.Mutex
	asks []ask
}

type ask struct{ from, to time.Time }

const (
	oneCUser     = "Пульт"
	oneCPassword = "измерение"
)

// number is the number of the i-th customer. No Russian subscriber has the code 975.
func number(i int) string { return fmt.Sprintf("+7975%07d", 1000000+i*37) }

func newOneC(ctx context.Context, customers int) (*oneC, error) {
	base := onecsim.NewUT11()
	onecsim.AddKinds(base)
	for i := range customers {
		name := fmt.Sprintf("Клиент %d", i)
		partner := onecsim.NewGUID("партнёр", name)
		base.Add(onecsim.SetPartners, onecsim.Row{
			"Ref_Key": partner, "Description": name, "НаименованиеПолное": name, "ЮрФизЛицо": "ЧастноеЛицо", "Клиент": true,
		})
		base.Add(onecsim.SetCounterparties, onecsim.Row{
			"Ref_Key": onecsim.NewGUID("контрагент", name), "Description": name, "НаименованиеПолное": name, "Партнер_Key": partner,
			"ЮрФизЛицо":             "ФизЛицо",
			onecsim.PartContactInfo: []onecsim.Row{onecsim.Phone("Мобильный", number(i), onecsim.DigitsFull)},
		})
	}
	ln, err := (&net.ListenConfig{}).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	c := &oneC{
		sim: onecsim.New(onecsim.Options{Base: base, User: oneCUser, Password: oneCPassword}),
		url: "http://" + ln.Addr().String() + onecsim.DefaultRoot,
	}
	go func() { _ = onecsim.Serve(ctx, ln, c) }() // a failure shows as cards without a customer
	return c, nil
}

// ServeHTTP implements http.Handler.
func (c *oneC) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	from := time.Now()
	c.sim.ServeHTTP(w, r)
	c.mu.Lock()
	defer c.mu.Unlock()
	c.asks = append(c.asks, ask{from, time.Now()})
}

// busy is how long 1C was busy between two moments, from the first request that came to the last that it had answered.
func (c *oneC) busy(from, to time.Time) (time.Duration, int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	var first, last time.Time
	n := 0
	for _, a := range c.asks {
		if a.from.Before(from) || a.to.After(to) {
			continue
		}
		if n == 0 {
			first = a.from
		}
		last = a.to
		n++
	}
	return last.Sub(first), n
}
