// Package deploy holds what Pult installs around itself: the configuration of an Asterisk of its own, and the snippets that
// go into the configuration of an existing one.
package deploy

import (
	"embed"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"
	"text/template"
)

//go:embed asterisk
var files embed.FS

// defaults are files that Asterisk complains about when they are missing, and that we have nothing to say in.
var defaults = []string{
	"acl.conf", "ccss.conf", "chan_websocket.conf", "features.conf", "manager.conf", "pjproject.conf", "udptl.conf",
}

// Number says which queue the calls to a number enter.
type Number struct {
	// Number is the extension as the carrier sends it: digits, perhaps with a leading "+", or a name such as "support".
	Number string
	// Queue is Pult's name of the queue.
	Queue string
}

// Asterisk is the data of the configuration templates. Every field without a comment that says otherwise is needed.
type Asterisk struct {
	// Etc, Var and Run are private folders: for configuration, for data, and for the control socket, whose path may not be
	// longer than about a hundred characters. Modules and Data are the installed Asterisk's.
	Etc, Var, Run, Modules, Data string

	// EntityID names this node to Pult: six hexadecimal pairs like a MAC address.
	EntityID string
	// Language of the announcements: "en" or "ru".
	Language string

	// HTTPHost and HTTPPort serve ARI at /ari and the browsers' SIP at /ws.
	HTTPHost string
	HTTPPort int
	// ARIUser and ARIPassword are Pult's.
	ARIUser, ARIPassword string
	// OutboundURL is where Asterisk itself connects to Pult (ws:// or wss://). Empty: Pult connects to Asterisk.
	OutboundURL string
	// OutboundUser and OutboundPassword are Asterisk's at Pult, where OutboundURL is set.
	OutboundUser, OutboundPassword string

	// SIPHost and SIPPort are the carrier's side: SIP over UDP.
	SIPHost string
	SIPPort int
	// Carrier is the host:port that outbound calls are sent to.
	Carrier string
	// CarrierMatches are the addresses (an IP, a network, or IP:port) that the carrier calls from. None may be an address
	// that browsers connect from.
	CarrierMatches []string
	// TrunkToken is the value of the SIP header X-Pult-Trunk that also identifies the carrier.
	TrunkToken string
	// RTPStart and RTPEnd bound the ports of media, inclusive.
	RTPStart, RTPEnd int

	// Numbers that Pult takes calls for. FallbackTries is how often, five seconds apart, a caller is offered again to a Pult
	// that is away, before the announcement that ends the call.
	Numbers       []Number
	FallbackTries int
}

// OutboundTLS reports whether Asterisk connects to Pult by TLS.
func (a Asterisk) OutboundTLS() bool { return strings.HasPrefix(a.OutboundURL, "wss://") }

// Write renders the complete configuration into a.Etc, which must exist. The files are readable by the owner only: they
// hold passwords.
func (a Asterisk) Write() error {
	t, names, err := parse()
	if err != nil {
		return err
	}
	for _, name := range defaults {
		if err := os.WriteFile(filepath.Join(a.Etc, name), []byte("; all defaults\n"), 0o600); err != nil {
			return err
		}
	}
	for _, name := range names {
		if path.Dir(name) != "." {
			continue
		}
		if err := a.writeFile(t, name); err != nil {
			return fmt.Errorf("writing %s: %w", name, err)
		}
	}
	return nil
}

func (a Asterisk) writeFile(t *template.Template, name string) error {
	var b strings.Builder
	if err := t.ExecuteTemplate(&b, name, a); err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(a.Etc, strings.TrimSuffix(name, ".tmpl")), []byte(b.String()), 0o600)
}

// Site returns what an existing Asterisk needs for Pult, by the name of the configuration file it belongs to, such as
// "pjsip.conf". Only the fields that an existing Asterisk does not own are used: ARI's, HTTP's, Outbound's, Numbers, FallbackTries
// and Language.
func (a Asterisk) Site() (map[string]string, error) {
	t, names, err := parse()
	if err != nil {
		return nil, err
	}
	snippets := make(map[string]string)
	for _, name := range names {
		if path.Dir(name) != "site" {
			continue
		}
		if a.OutboundURL == "" && path.Base(name) == "websocket_client.conf.tmpl" {
			continue
		}
		var b strings.Builder
		if err := t.ExecuteTemplate(&b, name, a); err != nil {
			return nil, err
		}
		snippets[strings.TrimSuffix(path.Base(name), ".tmpl")] = b.String()
	}
	return snippets, nil
}

// parse returns the templates, named by their path below asterisk/, and those names in order.
func parse() (*template.Template, []string, error) {
	t := template.New("").Option("missingkey=error")
	var names []string
	err := fs.WalkDir(files, "asterisk", func(p string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		text, err := files.ReadFile(p)
		if err != nil {
			return err
		}
		name := strings.TrimPrefix(p, "asterisk/")
		names = append(names, name)
		_, err = t.New(name).Parse(string(text))
		return err
	})
	return t, names, err
}
