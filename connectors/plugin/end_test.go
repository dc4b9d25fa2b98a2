package plugin_test

import (
	"bufio"
	"errors"
	"log/slog"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/pult-cc/pult/connectors/plugin"
	"github.com/pult-cc/pult/connectors/plugin/internal/wire"
	"github.com/pult-cc/pult/internal/errs"
)

func TestCloseLeavesNothingBehind(t *testing.T) {
	before := goleak.IgnoreCurrent()
	for _, s := range []plugin.Settings{as("narrow"), sampleNode(t)} {
		if s.Args != nil {
			s.Config = []byte(`{"customers":"absent.json"}`)
		}
		began := time.Now()
		d, err := plugin.Open(t.Context(), "crm", s, nil, plugin.Options{Log: logTo(t), Patience: far})
		if err != nil {
			t.Fatal(err)
		}
		started := time.Since(began)
		pid, sockets := d.Pid(), d.Sockets()
		began = time.Now()
		for range 2 {
			if err := d.Close(); err != nil {
				t.Error(err)
			}
		}
		t.Logf("started in %v, ended in %v", started, time.Since(began))
		if running(pid) {
			t.Error("the process is still there")
		}
		if _, err := os.Stat(sockets); !errors.Is(err, os.ErrNotExist) {
			t.Errorf("the folder of the socket: %v", err)
		}
		if _, err := lookup(t, d, "1"); !errs.Is(err, errs.Unavailable) {
			t.Errorf("asked after the end: %v", err)
		}
	}
	if err := goleak.Find(before); err != nil {
		t.Error(err)
	}
}

func TestWhatAPlugInStartedEndsWithIt(t *testing.T) {
	var written lines
	s := as("parent", "PATH", os.Getenv("PATH"))
	d := open(t, s, plugin.Options{Log: slog.New(slog.NewTextHandler(&written, nil)), Pace: quick})
	grandchild := func() int {
		_, rest, _ := strings.Cut(written.String(), "child ")
		digits, _, _ := strings.Cut(rest, `"`)
		pid, err := strconv.Atoi(digits)
		if err != nil {
			return 0
		}
		return pid
	}
	within(t, "it tells its child", func() bool { return grandchild() != 0 })
	pid := grandchild()
	if !running(pid) {
		t.Fatal("the child does not run")
	}
	if err := d.Close(); err != nil {
		t.Fatal(err)
	}
	within(t, "the child ends", func() bool { return !running(pid) })
}

func TestAPlugInEndsWhenPultIsKilled(t *testing.T) {
	// One that is killed cannot take the folder of the socket away; a longer name than this would not fit a socket's address.
	dir, err := os.MkdirTemp("", "p")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = os.RemoveAll(dir) }()
	pult := exec.Command(as("").Command)
	pult.Env = append(os.Environ(), part+"=pult", "TMPDIR="+dir)
	pult.Stderr = t.Output()
	out, err := pult.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := pult.Start(); err != nil {
		t.Fatal(err)
	}
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	pid, err := strconv.Atoi(strings.TrimSpace(line))
	if err != nil || !running(pid) {
		t.Fatalf("the plug-in of that Pult: %q, %v", line, err)
	}
	signal(t, pult.Process.Pid, syscall.SIGKILL)
	if err := pult.Wait(); err == nil {
		t.Error("Pult ended well")
	}
	within(t, "the plug-in ends", func() bool { return !running(pid) })
}

// Where the kernel does not end it, the end of standard input does: for plug-ins with the SDK and for the one without.
func TestAPlugInEndsWithItsStandardInput(t *testing.T) {
	node := sampleNode(t)
	for name, cmd := range map[string]*exec.Cmd{
		"go": exec.CommandContext(t.Context(), sampleGo), "node": exec.CommandContext(t.Context(), node.Command, node.Args...),
	} {
		t.Run(name, func(t *testing.T) {
			h := wire.Handshake()
			cmd.Env = []string{
				h.MagicCookieKey + "=" + h.MagicCookieValue, "PLUGIN_PROTOCOL_VERSIONS=1", "PLUGIN_UNIX_SOCKET_DIR=" + t.TempDir(),
			}
			cmd.Stderr = t.Output()
			in, err := cmd.StdinPipe()
			if err != nil {
				t.Fatal(err)
			}
			out, err := cmd.StdoutPipe()
			if err != nil {
				t.Fatal(err)
			}
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			greeting, err := bufio.NewReader(out).ReadString('\n')
			if err != nil || !strings.HasPrefix(greeting, "1|1|unix|") {
				t.Errorf("it greets with %q, %v", greeting, err)
			}
			if err := in.Close(); err != nil {
				t.Fatal(err)
			}
			if err := cmd.Wait(); err != nil {
				t.Error(err)
			}
		})
	}
}

func TestASampleStartedByHandSaysWhatItIs(t *testing.T) {
	out, err := exec.CommandContext(t.Context(), sampleGo).CombinedOutput()
	var exit *exec.ExitError
	if !errors.As(err, &exit) || exit.ExitCode() != 2 || !strings.Contains(string(out), "pult connector test") {
		t.Errorf("%v: %s", err, out)
	}
}
