package lab

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"strings"
	"testing"
)

// netns prepares a command to run under scripts/netns.
func netns(t *testing.T, args ...string) *exec.Cmd {
	t.Helper()
	script, err := Find("netns")
	if err != nil {
		t.Fatal(err)
	}
	return exec.CommandContext(within(t), script, args...)
}

// helperRole makes this test binary do something inside of a network; see roles.
const helperRole = "PULT_LAB_TEST_ROLE"

// roles are what TestMain runs in place of tests.
var roles = map[string]func() error{"parent": parent, "addrs": printAddrs, "near": near}

func printAddrs() error {
	pbx, carrier := Addrs()
	// Both are there to be used.
	for _, ip := range []string{pbx, carrier} {
		r, err := ListenRTP(ip)
		if err != nil {
			return err
		}
		if err := r.Close(); err != nil {
			return err
		}
	}
	fmt.Println(pbx, carrier)
	return nil
}

func TestNetnsHasTheAddresses(t *testing.T) {
	t.Parallel()
	cmd := netns(t, os.Args[0])
	cmd.Env = append(os.Environ(), helperRole+"=addrs")
	out, err := cmd.CombinedOutput()
	if err != nil || strings.TrimSpace(string(out)) != netnsPBX+" "+netnsCarrier {
		t.Errorf("inside Addrs says %q, %v", out, err)
	}
}

// The command's exit code comes through, and what it left running ends: the pipe that it holds is closed.
func TestNetnsEndsWithItsCommand(t *testing.T) {
	t.Parallel()
	err := netns(t, "sh", "-c", "setsid sleep 300 & exit 7").Run()
	var exit *exec.ExitError
	if !errors.As(err, &exit) || exit.ExitCode() != 7 {
		t.Errorf("the exit code 7 comes as %v", err)
	}
	out, err := netns(t, "sh", "-c", "setsid sleep 300 & echo done").Output()
	if err != nil || string(out) != "done\n" {
		t.Errorf("got %q, %v", out, err)
	}
}

func TestNetnsEndsWhenKilled(t *testing.T) {
	t.Parallel()
	cmd := netns(t, "sh", "-c", "setsid sleep 300 & echo started; sleep 300")
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	started := make([]byte, len("started\n"))
	if _, err := io.ReadFull(out, started); err != nil {
		t.Fatal(err)
	}
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	if _, err := io.ReadAll(out); err != nil { // ends when nobody holds the pipe any more
		t.Fatal(err)
	}
	if err := cmd.Wait(); err == nil {
		t.Error("a killed command succeeded")
	}
}

// A host behind a cable reaches the PBX's side until the cable is cut.
func TestNetnsFarHost(t *testing.T) {
	t.Parallel()
	cmd := netns(t, os.Args[0])
	cmd.Env = append(os.Environ(), helperRole+"=near")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
}

// near runs inside of scripts/netns.
func near() error {
	l, err := net.Listen("tcp", netnsPBX+":0")
	if err != nil {
		return err
	}
	script, err := Find("netns")
	if err != nil {
		return err
	}
	_, port, err := net.SplitHostPort(l.Addr().String())
	if err != nil {
		return err
	}
	// It ends well once a connection fails, after the first one succeeded.
	far := exec.CommandContext(context.Background(), script, "far", "bash", "-c",
		`connect() { timeout 0.5 bash -c "exec 3<>/dev/tcp/`+netnsPBX+"/"+port+`" 2>/dev/null; }; connect && while connect; do :; done`)
	far.Stderr = os.Stderr
	if err := far.Start(); err != nil {
		return err
	}
	c, err := l.Accept()
	if err != nil {
		return err
	}
	if !strings.HasPrefix(c.RemoteAddr().String(), "10.99.1.2:") {
		return fmt.Errorf("the far host is at %s", c.RemoteAddr())
	}
	if out, err := exec.Command("ip", "link", "set", "far0", "down").CombinedOutput(); err != nil {
		return fmt.Errorf("cutting the cable: %w: %s", err, out)
	}
	return far.Wait()
}
