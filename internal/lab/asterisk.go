package lab

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/hex"
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
	"time"

	"github.com/pult-cc/pult/deploy"
)

// AsteriskOptions says how to run a private Asterisk. The zero value runs one on loopback, on free ports, in a temporary
// folder that goes away with it.
type AsteriskOptions struct {
	// Dir holds its configuration, data and logs. It is made if it does not exist. Empty: a temporary folder.
	Dir string
	// BindAddr is the address of everything it serves. Empty: as [Addrs] says.
	BindAddr string
	// HTTPPort serves ARI and WebSocket SIP, SIPPort is the carrier's UDP port. 0: a free one.
	HTTPPort, SIPPort int
	// RTPStart and RTPEnd bound the media ports. 0: 20000 to 29999. Asterisks on one address may share a range.
	RTPStart, RTPEnd int
	// CarrierAddr is where outbound calls go, "host:port". Calls that come from its host, or only from its port if Asterisk
	// is on the same host, are the carrier's. Empty: a free port of the carrier's address in [Addrs]. Whatever this says, a
	// call with the header "X-Pult-Trunk: <TrunkToken>" is the carrier's too.
	CarrierAddr string
	// Language of the announcements, "en" (also if empty) or "ru".
	Language string
	// Numbers that lead into queues. Nil: [DefaultNumbers].
	Numbers []deploy.Number
	// FallbackTries is how often, five seconds apart, a waiting caller is offered again to a Pult that is away. 0: 12.
	FallbackTries int
	// OutboundURL makes Asterisk connect to Pult (ws://…, application "pult"), instead of waiting for Pult to connect.
	OutboundURL string
	// OutboundUser and OutboundPassword are what Asterisk says then.
	OutboundUser, OutboundPassword string
	// EntityID names the node. Empty: a random one.
	EntityID string
	// Log gets notices, warnings and errors. Nil: they are dropped.
	Log io.Writer
}

// DefaultNumbers are the queues "support" (+7 495 123-00-01) and "sales" (+7 495 123-00-02), by name and by number as
// carriers may write it.
func DefaultNumbers() []deploy.Number {
	var numbers []deploy.Number
	for _, q := range []struct{ name, national string }{{"support", "4951230001"}, {"sales", "4951230002"}} {
		for _, n := range []string{q.name, "7" + q.national, "+7" + q.national, "8" + q.national} {
			numbers = append(numbers, deploy.Number{Number: n, Queue: q.name})
		}
	}
	return numbers
}

// Asterisk is a private, running Asterisk. Its fields do not change. Its methods are safe for concurrent use. Dir holds its
// configuration, data and logs; recordings are in Dir/var/spool/recording.
type Asterisk struct {
	Process
	// ARIURL is the base of ARI, without a slash at the end: "http://127.0.0.1:8088/ari".
	ARIURL string
	// ARIUser and ARIPassword are the credentials of ARI.
	ARIUser, ARIPassword string
	// WSURL is where browsers connect by SIP over WebSocket: "ws://127.0.0.1:8088/ws".
	WSURL string
	// SIPAddr is the carrier's side, SIP over UDP: "127.0.0.1:5060".
	SIPAddr string
	// CarrierAddr is where outbound calls ("PJSIP/<number>@carrier") are sent: "127.0.0.1:5080".
	CarrierAddr string
	// TrunkToken is the value of the header X-Pult-Trunk that marks a call as the carrier's.
	TrunkToken string
	// Realm of SIP digest authentication.
	Realm string
	// EntityID is what ARI calls asterisk_id.
	EntityID string

	program string
	conf    string
	log     io.Writer
}

// StartAsterisk configures and starts a private Asterisk and waits until ARI and SIP are served. It lives until ctx ends
// or Close. A failure says what to do, or quotes what Asterisk said.
func StartAsterisk(ctx context.Context, o AsteriskOptions) (*Asterisk, error) {
	program, err := Find("asterisk")
	if err != nil {
		return nil, err
	}
	root, err := Find("asterisk-root")
	if err != nil {
		return nil, err
	}
	a := &Asterisk{program: program, log: o.Log, ARIUser: "pult", ARIPassword: randomHex(16), TrunkToken: randomHex(8), Realm: "asterisk"}
	if err := a.init(ctx, o.Dir, a.run); err != nil {
		return nil, err
	}
	if err := a.configure(o, root); err != nil {
		return nil, a.abandon(fmt.Errorf("configuring asterisk: %w", err))
	}
	if err := a.begin(); err != nil {
		return nil, err
	}
	return a, nil
}

// configure fills in what o leaves open, makes the folders and writes the configuration.
func (a *Asterisk) configure(o AsteriskOptions, root string) error {
	pbx, carrier := Addrs()
	if o.BindAddr == "" {
		o.BindAddr = pbx
	}
	if o.RTPStart == 0 {
		o.RTPStart, o.RTPEnd = 20000, 29999
	}
	if o.Language == "" {
		o.Language = "en"
	}
	if o.Numbers == nil {
		o.Numbers = DefaultNumbers()
	}
	if o.FallbackTries == 0 {
		o.FallbackTries = 12
	}
	if o.EntityID == "" {
		o.EntityID = randomEntityID()
	}
	var err error
	if o.CarrierAddr == "" {
		port, err := freePort("udp", carrier)
		if err != nil {
			return err
		}
		o.CarrierAddr = net.JoinHostPort(carrier, strconv.Itoa(port))
	}
	if o.HTTPPort == 0 {
		if o.HTTPPort, err = freePort("tcp", o.BindAddr); err != nil {
			return err
		}
	}
	if o.SIPPort == 0 {
		if o.SIPPort, err = freePort("udp", o.BindAddr); err != nil {
			return err
		}
	}
	modules, err := filepath.Glob(filepath.Join(root, "usr/lib/*/asterisk/modules"))
	if err != nil || len(modules) != 1 {
		return fmt.Errorf("no modules in %s: run `make deps`", root)
	}
	run := filepath.Join(a.Dir, "run")
	// The path of a Unix socket is limited to 108 bytes.
	if len(run) > 80 {
		if run, err = a.folder(""); err != nil {
			return err
		}
	}
	etc, vars := filepath.Join(a.Dir, "etc"), filepath.Join(a.Dir, "var")
	// Debian's package leaves the recording folder out, and every recording fails.
	for _, d := range []string{etc, run, "lib/keys", "log", "spool/recording", "spool/tmp"} {
		if !filepath.IsAbs(d) {
			d = filepath.Join(vars, d)
		}
		if err := os.MkdirAll(d, 0o700); err != nil {
			return err
		}
	}
	var matches []string
	if host, _, err := net.SplitHostPort(o.CarrierAddr); err != nil {
		return fmt.Errorf("carrier address: %w", err)
	} else if host == o.BindAddr {
		matches = append(matches, o.CarrierAddr)
	} else {
		matches = append(matches, host)
	}
	a.conf = filepath.Join(etc, "asterisk.conf")
	a.EntityID = o.EntityID
	a.CarrierAddr = o.CarrierAddr
	a.SIPAddr = net.JoinHostPort(o.BindAddr, strconv.Itoa(o.SIPPort))
	base := net.JoinHostPort(o.BindAddr, strconv.Itoa(o.HTTPPort))
	a.ARIURL, a.WSURL = "http://"+base+"/ari", "ws://"+base+"/ws"
	return deploy.Asterisk{
		Etc: etc, Var: vars, Run: run, Modules: modules[0], Data: filepath.Join(root, "usr/share/asterisk"),
		EntityID: o.EntityID, Language: o.Language,
		HTTPHost: o.BindAddr, HTTPPort: o.HTTPPort, ARIUser: a.ARIUser, ARIPassword: a.ARIPassword,
		OutboundURL: o.OutboundURL, OutboundUser: o.OutboundUser, OutboundPassword: o.OutboundPassword,
		SIPHost: o.BindAddr, SIPPort: o.SIPPort, Carrier: o.CarrierAddr, CarrierMatches: matches, TrunkToken: a.TrunkToken,
		RTPStart: o.RTPStart, RTPEnd: o.RTPEnd, Numbers: o.Numbers, FallbackTries: o.FallbackTries,
	}.Write()
}

// run starts the process and waits until it serves.
func (a *Asterisk) run(ctx context.Context) (*proc, error) {
	p, err := start(a.ctx, command{name: "asterisk", path: a.program, args: []string{"-f", "-n", "-C", a.conf}, dir: a.Dir, log: a.log})
	if err != nil {
		return nil, err
	}
	return p, p.wait(ctx, func(ctx context.Context) error {
		if err := a.ARI(ctx, http.MethodGet, "/asterisk/ping", nil, nil); err != nil {
			return err
		}
		// ARI answers before the last modules have started.
		_, err := a.CLI(ctx, "core waitfullybooted")
		return err
	})
}

// CLI runs a command of Asterisk's console and returns what it prints.
func (a *Asterisk) CLI(ctx context.Context, cmd string) (string, error) {
	out, err := exec.CommandContext(ctx, a.program, "-C", a.conf, "-rx", cmd).CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("asterisk command %q: %w: %s", cmd, err, bytes.TrimSpace(out))
	}
	return string(out), nil
}

// DemoCall rings a number of this Asterisk as a customer who is heard and who listens: see the dialplan's pult-demo-caller.
// The call is a real one, SIP and RTP from Asterisk to itself. It returns when the call is under way.
//
// from is the caller's number and name its name, which may be empty. The customer hangs up d after the call is answered.
func (a *Asterisk) DemoCall(ctx context.Context, from, name, to string, d time.Duration) error {
	callerID := from
	if name != "" {
		callerID = fmt.Sprintf("%q <%s>", name, from)
	}
	return a.ARI(ctx, http.MethodPost, "/channels", map[string]any{
		"endpoint": "PJSIP/" + to + "@demo-customer", "context": "pult-demo-caller", "extension": "s", "priority": 1,
		"callerId": callerID, "timeout": 600,
		"variables": map[string]string{"PULT_DEMO_SECONDS": strconv.Itoa(int(d.Seconds()))},
	}, nil)
}

// ARI makes a request of ARI, with a path such as "/channels" and a body that is encoded as JSON, and decodes the answer
// into out. body and out may be nil. An answer of 300 or more is an error that quotes it.
func (a *Asterisk) ARI(ctx context.Context, method, path string, body, out any) error {
	var in io.Reader = http.NoBody
	if body != nil {
		raw, err := json.Marshal(body)
		if err != nil {
			return err
		}
		in = bytes.NewReader(raw)
	}
	req, err := http.NewRequestWithContext(ctx, method, a.ARIURL+path, in)
	if err != nil {
		return err
	}
	req.SetBasicAuth(a.ARIUser, a.ARIPassword)
	req.Header.Set("Content-Type", "application/json")
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return err
	}
	raw, err := io.ReadAll(resp.Body)
	if err := errors.Join(err, resp.Body.Close()); err != nil {
		return err
	}
	if resp.StatusCode >= 300 {
		return fmt.Errorf("%s %s: %s: %s", method, path, resp.Status, bytes.TrimSpace(raw))
	}
	if out == nil {
		return nil
	}
	return json.Unmarshal(raw, out)
}

// freePort returns a port that was free a moment ago.
func freePort(network, host string) (int, error) {
	addr := net.JoinHostPort(host, "0")
	if network == "udp" {
		c, err := net.ListenPacket("udp", addr)
		if err != nil {
			return 0, err
		}
		return c.LocalAddr().(*net.UDPAddr).Port, c.Close()
	}
	l, err := net.Listen("tcp", addr)
	if err != nil {
		return 0, err
	}
	return l.Addr().(*net.TCPAddr).Port, l.Close()
}

func randomHex(bytes int) string {
	b := make([]byte, bytes)
	rand.Read(b) // never fails
	return hex.EncodeToString(b)
}

// randomEntityID makes a locally administered MAC address, the form Asterisk wants.
func randomEntityID() string {
	b := make([]byte, 5)
	rand.Read(b) // never fails
	return strings.ReplaceAll(fmt.Sprintf("02 % x", b), " ", ":")
}
