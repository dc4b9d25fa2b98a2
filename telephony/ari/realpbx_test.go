package ari

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/pult-cc/pult/internal/lab"
	"github.com/pult-cc/pult/internal/lab/sipua"
	"github.com/pult-cc/pult/telephony"
	"github.com/pult-cc/pult/telephony/telephonytest"
)

// TestMain runs the one Asterisk that the tests of this package share, and looks for goroutines that they left.
func TestMain(m *testing.M) {
	code := m.Run()
	for _, l := range []*realLab{&theLab, &callingLab} {
		if err := l.close(); err != nil {
			fmt.Fprintln(os.Stderr, "stopping Asterisk:", err)
			code = 1
		}
	}
	if code == 0 {
		http.DefaultClient.CloseIdleConnections()
		if err := goleak.Find(); err != nil {
			fmt.Fprintln(os.Stderr, err)
			code = 1
		}
	}
	os.Exit(code)
}

// realLab is an Asterisk of this package's tests.
type realLab struct {
	calls bool // it connects to us

	once    sync.Once
	err     error
	cancel  context.CancelFunc
	pbx     *lab.Asterisk
	carrier string

	// Where the Asterisk that calls us arrives: cables, one after the other, that lead to the server.
	pult   *httptest.Server
	door   atomic.Pointer[Door] // of the test that runs
	way    *cable
	deaths int
}

// theLab waits for us to connect, callingLab connects.
var (
	theLab     realLab
	callingLab = realLab{calls: true}
)

// What an Asterisk that calls says that it is.
const callingUser, callingPassword = "asterisk", "a-password-of-its-own"

// start starts the Asterisk, once.
func (l *realLab) start(t testing.TB) *realLab {
	t.Helper()
	l.once.Do(func() {
		ctx, cancel := context.WithCancel(context.Background())
		l.cancel = cancel
		host, _ := lab.Addrs()
		var o lab.AsteriskOptions
		if l.calls {
			l.pult = httptest.NewServer(http.HandlerFunc(l.serve))
			if l.way, l.err = layCable(l.pult.Listener.Addr().String()); l.err != nil {
				return
			}
			o.OutboundURL, o.OutboundUser, o.OutboundPassword = "ws://"+l.way.addr()+"/asterisk", callingUser, callingPassword
		}
		if l.carrier, l.err = freeUDP(host); l.err != nil {
			return
		}
		o.CarrierAddr = l.carrier
		l.pbx, l.err = lab.StartAsterisk(ctx, o)
	})
	if l.err != nil {
		t.Fatalf("starting the real Asterisk: %v", l.err)
	}
	return l
}

func (l *realLab) serve(w http.ResponseWriter, r *http.Request) {
	if door := l.door.Load(); door != nil {
		door.ServeHTTP(w, r)
		return
	}
	w.WriteHeader(http.StatusServiceUnavailable)
}

// awaitKnock waits until Asterisk tries to connect again: then it is done with the connection before. Events in that moment can
// kill Asterisk 22.10; see docs/decisions/0002-ari-link.md.
func (l *realLab) awaitKnock(t testing.TB) {
	t.Helper()
	before := l.way.knocks.Load()
	eventually(t, "Asterisk to knock again", func() bool {
		l.revive(t)
		return l.way.knocks.Load() > before
	})
}

// maxDeaths is how often Asterisk may die of its own defect in a run.
const maxDeaths = 3

// revive starts an Asterisk that connects to us again where the end of its connection has killed it, as it does up to 22.11: see
// docs/decisions/0002-ari-link.md. What a test found before stands; the next one needs an Asterisk.
func (l *realLab) revive(t testing.TB) {
	t.Helper()
	if !l.calls || l.pbx.Running() {
		return
	}
	l.deaths++
	t.Logf("Asterisk has died of the end of its connection, for the %d. time", l.deaths)
	if l.deaths > maxDeaths {
		t.Fatal("Asterisk dies too often for the defect that is known")
	}
	if err := l.pbx.Restart(context.Background()); err != nil {
		t.Fatalf("restarting Asterisk: %v", err)
	}
}

func (l *realLab) close() error {
	if l.cancel == nil {
		return nil
	}
	defer l.cancel()
	if l.way != nil {
		defer l.pult.Close()
		defer l.way.remove()
	}
	if l.pbx == nil {
		return nil
	}
	return l.pbx.Close()
}

func freeUDP(host string) (string, error) {
	c, err := net.ListenPacket("udp", net.JoinHostPort(host, "0"))
	if err != nil {
		return "", err
	}
	return c.LocalAddr().String(), c.Close()
}

// options are those of a driver for the Asterisk behind the cable.
func (l *realLab) options(c *cable) Options {
	return Options{
		URL: "http://" + c.addr() + "/ari", User: l.pbx.ARIUser, Password: l.pbx.ARIPassword, Realm: l.pbx.Realm,
		PhoneURLs: []string{l.pbx.WSURL}, Formats: "opus,alaw,ulaw", Logger: quietLogger(),
	}
}

func quietLogger() *slog.Logger { return slog.New(slog.DiscardHandler) }

// quick is for tests that cut links.
func quick(d *Driver) *Driver {
	d.timing.backoffMin, d.timing.backoffMax = 10*time.Millisecond, 100*time.Millisecond
	d.timing.refused, d.timing.replaced = 100*time.Millisecond, time.Minute
	return d
}

// harness plays the far ends for the conformance suite.
type harness struct {
	lab     *realLab
	cable   *cable
	carrier *sipua.Agent
	door    *Door // nil where we connect
}

func newHarness(t testing.TB) *harness {
	t.Helper()
	return newHarnessOf(t, &theLab)
}

func newHarnessOf(t testing.TB, l *realLab) *harness {
	t.Helper()
	l.start(t)
	c := newCable(t, strings.TrimSuffix(strings.TrimPrefix(l.pbx.ARIURL, "http://"), "/ari"))
	agent, err := sipua.New(l.carrier, l.pbx.SIPAddr)
	if err != nil {
		t.Fatalf("starting the carrier: %v", err)
	}
	t.Cleanup(func() {
		defer agent.Close() // whatever is wrong: the next test's has the same address
		if l.calls {
			l.door.Store(nil)
			l.way.mend()
			l.awaitKnock(t)
		}
		// The next test must find a silent PBX.
		out, err := l.pbx.CLI(context.Background(), "channel request hangup all")
		if l.calls && !l.pbx.Running() {
			l.revive(t) // it has nothing to hang up any more
		} else if err != nil {
			t.Errorf("hanging everything up: %v: %s", err, out)
		}
		base, err := url.Parse(l.pbx.ARIURL)
		if err != nil {
			t.Fatal(err)
		}
		rest := newRESTClient(base, l.options(c))
		defer rest.transport.CloseIdleConnections()
		// ARI's list lags behind Asterisk's own count, and the next test's driver would see it.
		eventually(t, "an empty PBX", func() bool {
			l.revive(t)
			var channels []channel
			err := rest.do(context.Background(), request{method: http.MethodGet, path: []string{"channels"}}, &channels)
			return err == nil && len(channels) == 0
		})
	})
	h := &harness{lab: l, cable: c, carrier: agent}
	if l.calls {
		if h.door, err = NewDoor(callingUser, callingPassword, quietLogger()); err != nil {
			t.Fatal(err)
		}
		l.door.Store(h.door)
	}
	return h
}

func (h *harness) NewDriver(t testing.TB) telephony.Driver {
	o := h.lab.options(h.cable)
	o.Door = h.door
	d, err := New(o)
	if err != nil {
		t.Fatalf("New: %v", err)
	}
	return quick(d)
}

func (h *harness) CallIn(t testing.TB, from telephony.Party, queue string) telephonytest.Far {
	c, err := h.carrier.Invite(from.Number, from.Name, queue, nil)
	if err != nil {
		t.Fatalf("calling in: %v", err)
	}
	return &far{c}
}

func (h *harness) SignIn(t testing.TB, endpoint, ha1 string) (telephonytest.Device, error) {
	agent, err := sipua.New(net.JoinHostPort(hostOf(h.lab.carrier), "0"), h.lab.pbx.SIPAddr)
	if err != nil {
		t.Fatalf("starting a device: %v", err)
	}
	t.Cleanup(agent.Close)
	if err := agent.Register(t.Context(), endpoint, ha1); err != nil {
		return nil, err
	}
	return &device{agent: agent, user: endpoint, ha1: ha1}, nil
}

func (h *harness) Outside(testing.TB) telephonytest.Device { return &device{agent: h.carrier} }

func (h *harness) CutLink(t testing.TB) {
	t.Helper()
	if h.door != nil { // an event that is under way can kill Asterisk, now or when it has knocked again
		eventually(t, "a line on which nothing is said", h.lab.way.quiet)
	}
	h.cable.cut()
	if h.door != nil {
		h.lab.way.cut()
		h.lab.awaitKnock(t)
	}
}

func (h *harness) RestoreLink(testing.TB) {
	h.cable.mend()
	if h.door != nil {
		h.lab.way.mend()
	}
}

func (h *harness) SetHanging(t testing.TB, hanging bool) {
	do := h.lab.pbx.Resume
	if hanging {
		do = h.lab.pbx.Hang
	}
	if err := do(); err != nil {
		t.Fatalf("stopping or continuing Asterisk: %v", err)
	}
	if hanging {
		eventually(t, "every thread of Asterisk to stop", func() bool { return stopped(h.lab.pbx.PID()) })
	}
}

// stopped reports whether all threads of a process have taken the signal (proc(5): state T).
func stopped(pid int) bool {
	stats, err := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/stat", pid))
	if err != nil || len(stats) == 0 {
		return false
	}
	for _, path := range stats {
		stat, err := os.ReadFile(path)
		if err != nil {
			continue // a thread that ended
		}
		if _, rest, _ := strings.Cut(string(stat), ") "); !strings.HasPrefix(rest, "T") {
			return false
		}
	}
	return true
}

func (h *harness) Restart(t testing.TB) {
	if err := h.lab.pbx.Restart(t.Context()); err != nil {
		t.Fatalf("restarting Asterisk: %v", err)
	}
}

func hostOf(addr string) string {
	host, _, _ := net.SplitHostPort(addr)
	return host
}

// device is a telephonytest.Device that is a SIP user agent.
type device struct {
	agent     *sipua.Agent
	user, ha1 string
}

func (d *device) Next(t testing.TB) telephonytest.Far {
	t.Helper()
	select {
	case c := <-d.agent.Calls():
		return &far{c}
	case <-time.After(telephonytest.Patience):
		t.Fatal("no call arrived at the device")
		return nil
	}
}

func (d *device) None(t testing.TB) {
	t.Helper()
	select {
	case <-d.agent.Calls():
		t.Error("a call arrived at the device")
	case <-time.After(200 * time.Millisecond):
	}
}

func (d *device) Leave(t testing.TB) {
	t.Helper()
	if err := d.agent.Unregister(t.Context(), d.user, d.ha1); err != nil {
		t.Errorf("signing out: %v", err)
	}
}

// far is a telephonytest.Far that is a SIP dialog.
type far struct{ *sipua.Call }

func (f *far) Caller() telephony.Party {
	user, name := f.From()
	return telephony.Party{Number: user, Name: name}
}

func (f *far) Ring(t testing.TB)               { t.Helper(); noError(t, f.Call.Ring()) }
func (f *far) Answer(t testing.TB)             { t.Helper(); noError(t, f.Call.Answer()) }
func (f *far) Reject(t testing.TB, status int) { t.Helper(); noError(t, f.Call.Reject(status)) }
func (f *far) Hangup(t testing.TB)             { t.Helper(); noError(t, f.Call.Hangup(t.Context())) }

func (f *far) Press(t testing.TB, digit string) {
	t.Helper()
	eventually(t, "an answered call", f.Answered)
	noError(t, f.Digit(t.Context(), digit))
}

func (f *far) AwaitEnd(t testing.TB) {
	t.Helper()
	select {
	case <-f.Ended():
	case <-time.After(telephonytest.Patience):
		t.Error("the far end was not told that the call is over")
	}
}

func noError(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Error(err)
	}
}

// eventually waits for a condition.
func eventually(t testing.TB, what string, cond func() bool) {
	t.Helper()
	deadline := time.After(telephonytest.Patience)
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for !cond() {
		select {
		case <-deadline:
			t.Fatalf("waited in vain for %s", what)
		case <-tick.C:
		}
	}
}
