package plugin_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/pult-cc/pult/connectors"
	"github.com/pult-cc/pult/connectors/plugin"
	"github.com/pult-cc/pult/connectors/plugin/internal/wire"
	"github.com/pult-cc/pult/connectors/resilient"
	"github.com/pult-cc/pult/internal/errs"
	"github.com/pult-cc/pult/internal/obs"
)

// far is longer than anything here takes, however busy the machine.
const far = time.Minute

// quick is a supervisor in a hurry.
var quick = plugin.Pace{Restart: 10 * time.Millisecond, RestartMax: 50 * time.Millisecond}

// within waits until something is true.
func within(t testing.TB, what string, ok func() bool) {
	t.Helper()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for end := time.Now().Add(far); !ok(); <-tick.C {
		if time.Now().After(end) {
			t.Fatalf("%s: not within %v", what, far)
		}
	}
}

// running tells whether a process is there and not only waits to be buried.
func running(pid int) bool {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return false
	}
	_, rest, _ := bytes.Cut(stat, []byte(") "))
	return len(rest) > 0 && rest[0] != 'Z'
}

func lookup(t testing.TB, d *plugin.Driver, number string) ([]connectors.Candidate, error) {
	ctx, cancel := context.WithTimeout(t.Context(), far)
	defer cancel()
	return d.Lookup(ctx, connectors.LookupQuery{National: number})
}

func signal(t *testing.T, pid int, s syscall.Signal) {
	t.Helper()
	if err := syscall.Kill(pid, s); err != nil {
		t.Fatal(err)
	}
}

func TestAPlugInKilledBetweenLookupsIsUnavailableAtOnceAndComesBack(t *testing.T) {
	// The next start is far away: what is answered meanwhile is answered without it.
	d := open(t, as("narrow"), plugin.Options{Pace: plugin.Pace{Restart: far, RestartMax: far}})
	pid := d.Pid()
	signal(t, pid, syscall.SIGKILL)
	within(t, "the death is noticed", func() bool { return d.Pid() == 0 })
	for range 3 {
		began := time.Now()
		_, err := lookup(t, d, "1")
		if !errs.Is(err, errs.Unavailable) || !strings.Contains(errs.Message(err), "the plug-in has ended (signal: killed)") {
			t.Errorf("asked while it is dead: %v", err)
		}
		if took := time.Since(began); took > time.Second {
			t.Errorf("that took %v", took)
		}
	}
	back := open(t, as("narrow"), plugin.Options{Pace: quick})
	pid = back.Pid()
	signal(t, pid, syscall.SIGKILL)
	within(t, "it is started again", func() bool { p := back.Pid(); return p != 0 && p != pid })
	if found, err := lookup(t, back, "1"); err != nil || len(found) != 1 {
		t.Errorf("asked when it is back: %v, %v", found, err)
	}
}

func TestAPlugInKilledInALookupAnswersAtOnce(t *testing.T) {
	var said lines
	d := open(t, as("narrow"), plugin.Options{Pace: quick, Log: slog.New(slog.NewTextHandler(io.MultiWriter(&said, t.Output()), nil))})
	for _, die := range []string{"by its own fault", "from outside"} {
		within(t, "it runs", func() bool { return d.Pid() != 0 })
		pid := d.Pid()
		var err error
		if die == "from outside" {
			answer := make(chan error, 1)
			go func() { _, err := lookup(t, d, "hang"); answer <- err }()
			within(t, "the question has arrived", func() bool { return strings.Contains(said.String(), "it hangs") })
			signal(t, pid, syscall.SIGKILL)
			err = <-answer
		} else {
			_, err = lookup(t, d, "crash")
		}
		if !errs.Is(err, errs.Unavailable) || errs.Message(err) != "the plug-in ended while it was asked" {
			t.Errorf("%s: %v", die, err)
		}
		within(t, "it is back", func() bool { p := d.Pid(); return p != 0 && p != pid })
	}
	if _, err := lookup(t, d, "panic"); !errs.Is(err, errs.Internal) || d.Pid() == 0 {
		t.Errorf("a panic on one record: %v; it must not end the process", err)
	}
}

// The card says the same of a plug-in as of any other system that is away.
func TestTheDeathOfAPlugInIsAStateOfItsConnector(t *testing.T) {
	d := open(t, as("narrow"), plugin.Options{Pace: plugin.Pace{Restart: far, RestartMax: far}})
	c, err := resilient.New(d, resilient.Options{ID: "crm", Name: "Наша база", KeepAlive: -1})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	q := connectors.LookupQuery{National: "1"}
	if _, err := c.Refresh(t.Context(), q); err != nil || c.Status().State != connectors.StateUp {
		t.Fatal(err, c.Status())
	}
	signal(t, d.Pid(), syscall.SIGKILL)
	within(t, "the death is noticed", func() bool { return d.Pid() == 0 })
	_, err = c.Refresh(t.Context(), q)
	s := c.Status()
	if !errs.Is(err, errs.Unavailable) || s.State != connectors.StateFailing || s.Name != "Наша база" ||
		s.Problem != "the plug-in has ended (signal: killed) and is started again" {
		t.Errorf("%v, %+v", err, s)
	}
}

// stopped tells whether every thread of a process has obeyed SIGSTOP.
func stopped(pid int) bool {
	threads, err := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/stat", pid))
	return err == nil && len(threads) > 0 && !slices.ContainsFunc(threads, func(file string) bool {
		stat, err := os.ReadFile(file)
		_, rest, _ := bytes.Cut(stat, []byte(") "))
		return err != nil || len(rest) == 0 || rest[0] != 'T'
	})
}

func TestALookupInAHangingPlugInEndsInTime(t *testing.T) {
	d := open(t, as("narrow"), plugin.Options{Pace: plugin.Pace{Ping: far, Goodbye: 100 * time.Millisecond}})
	signal(t, d.Pid(), syscall.SIGSTOP)
	within(t, "it hangs", func() bool { return stopped(d.Pid()) })
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	if _, err := d.Lookup(ctx, connectors.LookupQuery{National: "1"}); !errs.Is(err, errs.Timeout) || !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("asked while it hangs: %v", err)
	}
}

func TestAHangingPlugInIsStartedAgain(t *testing.T) {
	pace := quick
	pace.Ping, pace.Misses, pace.Goodbye = 100*time.Millisecond, 2, 100*time.Millisecond
	d := open(t, as("narrow"), plugin.Options{Pace: pace})
	pid := d.Pid()
	signal(t, pid, syscall.SIGSTOP)
	within(t, "another takes its place", func() bool { p := d.Pid(); return p != 0 && p != pid })
	if running(pid) {
		t.Error("the one that hangs is still there")
	}
	// On a busy machine the next one may be thought to hang as well.
	within(t, "it answers", func() bool { _, err := lookup(t, d, "1"); return err == nil })
}

func TestAPlugInThatHangsAtItsStartIsADriverAllTheSame(t *testing.T) {
	s := as("mute")
	s.Start = plugin.Duration(100 * time.Millisecond)
	d := open(t, s, plugin.Options{Pace: quick})
	_, err := lookup(t, d, "1")
	if m := errs.Message(err); !errs.Is(err, errs.Unavailable) || (m != "the plug-in was not ready in time" && m != "the plug-in is being started") {
		t.Errorf("got %v", err)
	}
}

func TestOpeningDoesNotWaitForAPlugInThatHangs(t *testing.T) {
	began := time.Now()
	d := open(t, as("mute"), plugin.Options{Patience: 10 * time.Millisecond, Pace: plugin.Pace{Goodbye: time.Millisecond}})
	_, err := lookup(t, d, "1")
	if !errs.Is(err, errs.Unavailable) || errs.Message(err) != "the plug-in is being started" {
		t.Errorf("got %v", err)
	}
	if err := d.Close(); err != nil {
		t.Fatal(err)
	}
	if took := time.Since(began); took > 15*time.Second { // it would be ready in time for 20 s
		t.Errorf("opening and closing took %v", took)
	}
}

func TestAPlugInThatFailsAtItsFirstStartServesFromTheSecond(t *testing.T) {
	d := open(t, as("flaky", "MARK", filepath.Join(t.TempDir(), "mark")), plugin.Options{Pace: quick})
	within(t, "it runs", func() bool { return d.Pid() != 0 })
	if _, err := lookup(t, d, "1"); err != nil {
		t.Error(err)
	}
	// What it can do was not known when it was opened: it is asked and says no.
	g, ok := connectors.As[connectors.Getter](d)
	if !ok {
		t.Fatal("a plug-in that could not be asked yet is taken to be able to do everything")
	}
	if _, err := g.Get(t.Context(), connectors.Ref{Connector: "crm", Type: "t", ID: "1"}); !errs.Is(err, errs.Unsupported) {
		t.Errorf("got %v, want Unsupported", err)
	}
}

func TestWhatIsWrongForGoodIsSaidWhenItIsOpened(t *testing.T) {
	sum := sha256.Sum256([]byte("another program"))
	wrong, missing := as("narrow"), as("narrow")
	wrong.Checksum = hex.EncodeToString(sum[:])
	missing.Command = filepath.Join(t.TempDir(), "absent")
	short := as("narrow")
	short.Checksum = "abc"
	unset := as("narrow")
	unset.Secrets["password"] = "env:ABSENT"
	for name, c := range map[string]struct {
		s    plugin.Settings
		want string
	}{
		"newer":    {as("newer"), "the plug-in speaks version 2 of the protocol, this Pult version 1: install a newer Pult, or an older version of the plug-in"},
		"older":    {as("older"), "the plug-in speaks version 0 of the protocol, this Pult version 1: install a newer version of the plug-in, or build it"},
		"stranger": {as("stranger"), "does not greet as a plug-in does"},
		"checksum": {wrong, "is not the one that the configuration names"},
		"short":    {short, "must be a SHA-256"},
		"missing":  {missing, "is not there, or cannot be run"},
		"nothing":  {plugin.Settings{}, "the program to start is missing"},
		"secret":   {unset, "is not set"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := plugin.Open(t.Context(), "crm", c.s, vault{}, plugin.Options{Log: logTo(t), Patience: far})
			if !errs.Is(err, errs.Invalid) || !strings.Contains(errs.Message(err), c.want) {
				t.Errorf("got %v, want %q", err, c.want)
			}
		})
	}
	right := as("narrow")
	self, err := os.ReadFile(right.Command)
	if err != nil {
		t.Fatal(err)
	}
	sum = sha256.Sum256(self)
	right.Checksum = "sha256:" + hex.EncodeToString(sum[:])
	if _, err := lookup(t, open(t, right, plugin.Options{}), "1"); err != nil {
		t.Errorf("with the right checksum: %v", err)
	}
}

// lines is where a log goes.
type lines struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *lines) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *lines) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

func TestWhatAPlugInWritesIsLoggedWithoutSecretsAndNumbers(t *testing.T) {
	var written lines
	log, err := obs.NewLogger(io.MultiWriter(&written, t.Output()), obs.LogOptions{})
	if err != nil {
		t.Fatal(err)
	}
	s := as("full")
	s.Secrets["password"] = "env:CRM"
	s.Config = []byte(`{"loud":true}`)
	d := open(t, s, plugin.Options{Log: log})
	within(t, "its words are in the log", func() bool { return strings.Contains(written.String(), "signing in with") })
	within(t, "its output is in the log", func() bool { return strings.Contains(written.String(), "xxxx") })
	if err := d.Close(); err != nil {
		t.Fatal(err)
	}
	got := written.String()
	if !strings.Contains(got, "plug-in: signing in with [removed] for ***") || !strings.Contains(got, "connector=crm") {
		t.Errorf("the log says %s", got)
	}
	for _, secret := range []string{password, "012-34-01", strings.Repeat("x", 5000)} {
		if strings.Contains(got, secret) {
			t.Errorf("the log has %.40q", secret)
		}
	}
}

func TestAPlugInGetsNothingOfPultsEnvironment(t *testing.T) {
	t.Setenv("PULT_ARI_PASSWORD", "x")
	d := open(t, as("narrow", "GREETING", "hi"), plugin.Options{})
	found, err := lookup(t, d, "environment")
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, c := range found {
		names = append(names, c.Name)
	}
	for _, want := range []string{"GREETING", wire.Handshake().MagicCookieKey, "PLUGIN_UNIX_SOCKET_DIR"} {
		if !slices.Contains(names, want) {
			t.Errorf("%s is missing in %v", want, names)
		}
	}
	for _, n := range names {
		if n != part && n != "GREETING" && n != "PULT_PLUGIN" && !strings.HasPrefix(n, "PLUGIN_") {
			t.Errorf("%s is passed on", n)
		}
	}
	dir, err := os.Stat(d.Sockets())
	if err != nil || dir.Mode().Perm() != 0o700 {
		t.Errorf("the folder of the socket: %v, %v", dir.Mode(), err)
	}
}

func TestOnlyPlugInsWithGoPluginAreGivenCertificates(t *testing.T) {
	for program, want := range map[string]bool{sampleGo: true, sampleNode(t).Command: false, "/nonexistent": false} {
		if got := plugin.SpeaksMTLS(program); got != want {
			t.Errorf("%s: %v", filepath.Base(program), got)
		}
	}
}

func TestFiftyLookupsWhileThePlugInDies(t *testing.T) {
	d := open(t, as("narrow"), plugin.Options{Pace: quick})
	var wg sync.WaitGroup
	for i := range 50 {
		wg.Go(func() {
			for range 20 {
				if _, err := lookup(t, d, strconv.Itoa(i)); err != nil && !errs.Is(err, errs.Unavailable) {
					t.Errorf("got %v", err)
				}
			}
		})
	}
	pid := d.Pid()
	signal(t, pid, syscall.SIGKILL)
	wg.Wait()
	within(t, "it is back", func() bool { p := d.Pid(); return p != 0 && p != pid })
	if _, err := lookup(t, d, "1"); err != nil {
		t.Error(err)
	}
}
