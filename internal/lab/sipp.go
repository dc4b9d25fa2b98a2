package lab

import (
	"bytes"
	"context"
	"embed"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"text/template"
	"time"
)

//go:embed sipp/*.xml
var scenarios embed.FS

// SIPpOptions says how to run SIPp.
type SIPpOptions struct {
	// Scenario is the name of one of ours, "caller" or "callee", or the path of a scenario file.
	Scenario string
	// Data for a scenario of ours; see [Asterisk.Call] and [Asterisk.Carrier], which fill it in.
	Data any
	// Local is "ip:port" to work on; Remote is where calls go, empty for a scenario that waits for calls.
	Local, Remote string
	// Calls is how many calls to make or take before it ends. 0: one. Rate is how many to start a second. 0: as SIPp does.
	Calls, Rate int
	// Args are added to the command line.
	Args []string
	// Log gets what SIPp prints. Nil: it is dropped.
	Log io.Writer
}

// SIPp is a running SIPp. Its methods are safe for concurrent use.
type SIPp struct {
	proc   *proc
	dir    string
	local  string
	ended  chan struct{} // closed when the process has ended and all events are read
	rtp    *RTP
	mu     sync.Mutex
	events []Event
	nexts  int           // how many times Next has reached a scenario
	fresh  chan struct{} // closed and renewed when one of these grows
}

// Event is something that happened to a call, as one of our scenarios saw it.
type Event struct {
	// Kind is, for a call that SIPp makes: "calling", "ringing", "progress", "answered", "refused" (Detail: the status
	// code), "cancelled", "ended" (by the other side), "hungup" (by SIPp); for one that it takes: "called" (Detail: media
	// address, From and To headers), "answered", "refused", "cancelled" (by the other side), "ended", "hungup".
	Kind string
	// CallID is the SIP Call-ID.
	CallID string
	// Detail is what else there is to say.
	Detail string
	// At is when the lab read it, some milliseconds after it happened.
	At time.Time
}

// StartSIPp starts SIPp. It ends after its calls, or with ctx.
func StartSIPp(ctx context.Context, o SIPpOptions) (*SIPp, error) {
	program, err := Find("sipp")
	if err != nil {
		return nil, err
	}
	dir, err := os.MkdirTemp("", "pult-sipp-")
	if err != nil {
		return nil, err
	}
	s := &SIPp{dir: dir, local: o.Local, ended: make(chan struct{}), fresh: make(chan struct{})}
	if c, ok := o.Data.(interface{ media() *RTP }); ok {
		s.rtp = c.media()
	}
	if err := s.start(ctx, program, o); err != nil {
		return nil, errors.Join(fmt.Errorf("starting sipp: %w", err), os.RemoveAll(dir))
	}
	go s.watch()
	return s, nil
}

func (s *SIPp) start(ctx context.Context, program string, o SIPpOptions) error {
	file := o.Scenario
	if !strings.ContainsRune(file, filepath.Separator) {
		text, err := scenarios.ReadFile("sipp/" + o.Scenario + ".xml")
		if err != nil {
			return err
		}
		t, err := template.New(o.Scenario).Option("missingkey=error").Parse(string(text))
		if err != nil {
			return err
		}
		var b bytes.Buffer
		if err := t.Execute(&b, o.Data); err != nil {
			return err
		}
		file = filepath.Join(s.dir, "scenario.xml")
		if err := os.WriteFile(file, b.Bytes(), 0o600); err != nil {
			return err
		}
	}
	ip, port, err := net.SplitHostPort(o.Local)
	if err != nil {
		return err
	}
	args := []string{
		"-sf", file, "-i", ip, "-p", port, "-m", strconv.Itoa(max(1, o.Calls)), "-nostdin",
		"-cid_str", "%u-%p-" + randomHex(4) + "@%s",
		"-trace_logs", "-log_file", s.logFile(), "-trace_err", "-error_file", filepath.Join(s.dir, "errors"),
	}
	if o.Rate > 0 {
		args = append(args, "-r", strconv.Itoa(o.Rate))
	}
	if file != o.Scenario {
		// Our scenarios meet messages that cross theirs on the way; to SIPp those are errors that end the call.
		args = append(args, "-default_behaviors", "all,-abortunexp")
	}
	args = append(args, o.Args...)
	if o.Remote != "" {
		args = append(args, o.Remote)
	}
	s.proc, err = start(ctx, command{name: "sipp", path: program, args: args, dir: s.dir, log: o.Log, env: []string{"TERM=dumb"}})
	return err
}

func (s *SIPp) logFile() string { return filepath.Join(s.dir, "events") }

// watch reads the events as they are written, until SIPp has ended.
func (s *SIPp) watch() {
	defer close(s.ended)
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	var read int
	for running := true; running; {
		select {
		case <-s.proc.done:
			running = false
		case <-tick.C:
		}
		raw, err := os.ReadFile(s.logFile())
		if err != nil || len(raw) <= read {
			continue
		}
		end := bytes.LastIndexByte(raw, '\n') + 1
		if end > read {
			s.add(string(raw[read:end]))
			read = end
		}
	}
}

func (s *SIPp) add(lines string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for line := range strings.Lines(lines) {
		kind, rest, _ := strings.Cut(strings.TrimSpace(line), " ")
		id, detail, _ := strings.Cut(rest, " ")
		if kind == "next" {
			s.nexts++
			continue
		}
		s.events = append(s.events, Event{Kind: kind, CallID: id, Detail: detail, At: time.Now()})
		if s.rtp != nil && (kind == "answered" || kind == "called") {
			media, _, _ := strings.Cut(detail, " ")
			if addr, err := net.ResolveUDPAddr("udp", media); err == nil && addr.Port != 0 {
				s.rtp.setRemote(addr)
			}
		}
	}
	close(s.fresh)
	s.fresh = make(chan struct{})
}

// Events returns what has happened so far.
func (s *SIPp) Events() []Event {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]Event(nil), s.events...)
}

// WaitEvent waits for the first event of a kind. It fails when SIPp ends without one.
func (s *SIPp) WaitEvent(ctx context.Context, kind string) (Event, error) {
	return s.waitEvent(ctx, kind)
}

func (s *SIPp) waitEvent(ctx context.Context, kinds ...string) (Event, error) {
	for {
		s.mu.Lock()
		events, fresh := s.events, s.fresh
		s.mu.Unlock()
		for _, e := range events {
			if slices.Contains(kinds, e.Kind) {
				return e, nil
			}
		}
		select {
		case <-fresh:
		case <-s.ended:
			if len(s.Events()) == len(events) {
				return Event{}, fmt.Errorf("the call ended without %q: %v; %w", kinds, events, errOr(s.result(), "sipp is content"))
			}
		case <-ctx.Done():
			return Event{}, fmt.Errorf("waiting for %q after %v: %w", kinds, events, ctx.Err())
		}
	}
}

// Next makes a single call of our scenarios go on at once: a ringing callee answers (or refuses), a caller that waits gives
// up, a call in progress is hung up.
func (s *SIPp) Next(ctx context.Context) error {
	call, err := s.waitEvent(ctx, "calling", "called")
	if err != nil {
		return err
	}
	s.mu.Lock()
	before := s.nexts
	s.mu.Unlock()
	tick := time.NewTicker(200 * time.Millisecond)
	defer tick.Stop()
	for {
		if err := s.sendNext(ctx, call.CallID); err != nil {
			return err
		}
		for again := false; !again; {
			s.mu.Lock()
			reached, fresh := s.nexts > before, s.fresh
			s.mu.Unlock()
			if reached {
				return nil
			}
			select {
			case <-fresh:
			case <-tick.C:
				again = true // it came between two states of the scenario, and was dropped
			case <-s.ended:
				return fmt.Errorf("the call is over: %v", s.Events())
			case <-ctx.Done():
				return fmt.Errorf("making the call go on: %w", ctx.Err())
			}
		}
	}
}

// sendNext sends what our scenarios take for a sign. Any message with the call's id reaches them; the rest is never read.
func (s *SIPp) sendNext(ctx context.Context, callID string) error {
	var d net.Dialer
	c, err := d.DialContext(ctx, "udp", s.local)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(c, "PRACK sip:lab SIP/2.0\r\nVia: SIP/2.0/UDP lab;branch=z9hG4bK%s\r\nFrom: <sip:lab>;tag=lab\r\nTo: <sip:lab>\r\n"+
		"Call-ID: %s\r\nCSeq: 1 PRACK\r\nContent-Length: 0\r\n\r\n", randomHex(4), callID)
	return errors.Join(err, c.Close())
}

// Wait waits for the end. It returns an error when a call did not go as the scenario says.
func (s *SIPp) Wait(ctx context.Context) error {
	select {
	case <-s.ended:
		return s.result()
	case <-ctx.Done():
		return fmt.Errorf("waiting for the end of sipp: %w", ctx.Err())
	}
}

// result is valid after ended.
func (s *SIPp) result() error {
	if s.proc.err == nil {
		return nil
	}
	// Without the file the exit code says it alone.
	said, _ := os.ReadFile(filepath.Join(s.dir, "errors"))
	return fmt.Errorf("sipp: %w: %s", s.proc.err, bytes.TrimSpace(said))
}

// Close ends SIPp, without ending its calls, and removes its files.
func (s *SIPp) Close() error {
	err := s.proc.stop(syscall.SIGKILL)
	<-s.ended
	return errors.Join(err, os.RemoveAll(s.dir))
}

// CallOptions describes a call from a customer.
type CallOptions struct {
	// To is the number or queue that is called; From and FromName are the customer's number and name. Empty From: anonymous.
	To, From, FromName string
	// GiveUp is how long the customer waits for an answer, from when the PBX has taken the call (100 Trying). 0: for ever.
	GiveUp time.Duration
	// Talk is when after the answer the customer hangs up. 0: not before the other side or [SIPp.Next].
	Talk time.Duration
	// Media is the customer's ear and mouth. Nil: nobody listens, and nothing is said.
	Media *RTP
	// Calls, Rate and Log are as in [SIPpOptions].
	Calls, Rate int
	Log         io.Writer
}

// Call makes the carrier call a number. It returns at once; see [SIPp.WaitEvent] for what becomes of the call.
func (a *Asterisk) Call(ctx context.Context, o CallOptions) (*SIPp, error) {
	if o.From == "" {
		o.From = "anonymous"
	}
	local, err := a.carrierSide(true)
	if err != nil {
		return nil, err
	}
	ip, port, err := mediaAddr(o.Media, local)
	if err != nil {
		return nil, err
	}
	return StartSIPp(ctx, SIPpOptions{
		Scenario: "caller", Local: local, Remote: a.SIPAddr, Calls: o.Calls, Rate: o.Rate, Log: o.Log,
		Data: callerData{o, scenarioData{a.TrunkToken, ip, port, o.Media}},
	})
}

// CarrierOptions describes what becomes of calls to customers.
type CarrierOptions struct {
	// Ring is how long the customer's phone rings before Code is answered. 0: not at all.
	Ring time.Duration
	// Code is the SIP status of the answer. 0: 200, the call is taken; 486 is busy, 603 declined.
	Code int
	// Talk is when after the answer the customer hangs up. 0: not before the other side or [SIPp.Next].
	Talk time.Duration
	// Media is the customer's ear and mouth. Nil: nobody listens, and nothing is said.
	Media *RTP
	// Calls is how many calls are taken. 0: one.
	Calls int
	Log   io.Writer
}

// Carrier takes calls at CarrierAddr. A customer who never answers is one with a long Ring.
func (a *Asterisk) Carrier(ctx context.Context, o CarrierOptions) (*SIPp, error) {
	if o.Code == 0 {
		o.Code = 200
	}
	local, err := a.carrierSide(false)
	if err != nil {
		return nil, err
	}
	ip, port, err := mediaAddr(o.Media, local)
	if err != nil {
		return nil, err
	}
	return StartSIPp(ctx, SIPpOptions{
		Scenario: "callee", Local: local, Calls: o.Calls, Log: o.Log,
		Data: calleeData{o, scenarioData{a.TrunkToken, ip, port, o.Media}},
	})
}

// carrierSide is the carrier's address, or another free port of it.
func (a *Asterisk) carrierSide(free bool) (string, error) {
	if !free {
		return a.CarrierAddr, nil
	}
	host, _, err := net.SplitHostPort(a.CarrierAddr)
	if err != nil {
		return "", err
	}
	port, err := freePort("udp", host)
	return net.JoinHostPort(host, strconv.Itoa(port)), err
}

// mediaAddr is what SDP says. Without an endpoint it is the discard port of the carrier, where nobody is.
func mediaAddr(r *RTP, local string) (string, int, error) {
	if r != nil {
		return r.Addr().IP.String(), r.Addr().Port, nil
	}
	host, _, err := net.SplitHostPort(local)
	return host, 9, err
}

// scenarioData is what both of our scenarios need.
type scenarioData struct {
	Trunk     string
	MediaIP   string
	MediaPort int
	rtp       *RTP
}

func (d scenarioData) media() *RTP { return d.rtp }

type callerData struct {
	CallOptions
	scenarioData
}

func (d callerData) GiveUpMS() int64 { return d.GiveUp.Milliseconds() }
func (d callerData) TalkMS() int64   { return d.Talk.Milliseconds() }

// RefusalCodes are the final answers that a caller takes as such; any other is a failure of the scenario.
func (callerData) RefusalCodes() []int {
	return []int{401, 403, 404, 408, 410, 480, 484, 486, 488, 500, 501, 502, 503, 504, 600, 603, 604}
}

type calleeData struct {
	CarrierOptions
	scenarioData
}

func (d calleeData) RingMS() int64 { return d.Ring.Milliseconds() }
func (d calleeData) TalkMS() int64 { return d.Talk.Milliseconds() }
