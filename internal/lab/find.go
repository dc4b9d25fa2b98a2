package lab

import (
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
)

// The addresses that scripts/netns sets up: the PBX and the browsers are at the first, the carrier is at the second.
const (
	netnsPBX     = "10.99.0.1"
	netnsCarrier = "10.99.0.2"
)

// Addrs returns the addresses to run the PBX and the carrier on: those of scripts/netns inside of it, otherwise loopback
// for both, where SIP and RTP work but a browser's media does not.
func Addrs() (pbx, carrier string) {
	addrs, err := net.InterfaceAddrs()
	if err != nil {
		return "127.0.0.1", "127.0.0.1"
	}
	var found int
	for _, a := range addrs {
		if n, ok := a.(*net.IPNet); ok && (n.IP.String() == netnsPBX || n.IP.String() == netnsCarrier) {
			found++
		}
	}
	if found < 2 {
		return "127.0.0.1", "127.0.0.1"
	}
	return netnsPBX, netnsCarrier
}

// Find returns the path of a part by the name that scripts/parts knows it by: "asterisk", "sipp", "postgres", "initdb",
// "redis", "vault", "odoo", "chromium", and, all of them folders, "node", "asterisk-root", "odoo-base". It looks in the folder
// that PULT_CACHE names, otherwise in the repository's. The error tells the user how to get what is missing. It is safe for
// concurrent use.
func Find(name string) (string, error) {
	script, err := partsScript()
	if err != nil {
		return "", fmt.Errorf("finding %s: %w", name, err)
	}
	out, err := exec.Command(script, "path", name).Output()
	if err != nil {
		var exit *exec.ExitError
		if errors.As(err, &exit) {
			return "", fmt.Errorf("%s is missing: run `make deps` (%s)", name, strings.TrimSpace(string(exit.Stderr)))
		}
		return "", fmt.Errorf("finding %s: %w", name, err)
	}
	return strings.TrimSpace(string(out)), nil
}

// partsScript finds scripts/parts above the working directory (tests run in their package's) or above the executable.
var partsScript = sync.OnceValues(func() (string, error) {
	var starts []string
	if dir, err := os.Getwd(); err == nil {
		starts = append(starts, dir)
	}
	if exe, err := os.Executable(); err == nil {
		starts = append(starts, filepath.Dir(exe))
	}
	for _, dir := range starts {
		for {
			script := filepath.Join(dir, "scripts", "parts")
			if info, err := os.Stat(script); err == nil && info.Mode().IsRegular() {
				return script, nil
			}
			parent := filepath.Dir(dir)
			if parent == dir {
				break
			}
			dir = parent
		}
	}
	return "", errors.New("no scripts/parts above this folder: run inside a checkout of Pult, after `make deps`")
})
