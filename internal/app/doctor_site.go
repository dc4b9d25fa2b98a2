package app

import (
	"fmt"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/pult-cc/pult/internal/astconf"
	"github.com/pult-cc/pult/internal/config"
	"github.com/pult-cc/pult/telephony"
)

// siteFolder is where Asterisk's configuration usually is.
const siteFolder = "/etc/asterisk"

// site looks into Asterisk's files, for what ARI does not tell.
func (d *doctor) site(dir string) {
	if dir == "" && d.isHere() {
		if _, err := os.ReadDir(siteFolder); err == nil {
			dir = siteFolder
		}
	}
	if dir == "" {
		d.blind()
		return
	}
	if _, err := os.ReadDir(dir); err != nil {
		d.tell(telephony.Finding{What: "Asterisk's configuration is in " + dir, Why: err.Error(), Fix: "check --asterisk-config"})
		d.blind()
		return
	}
	d.inside = true
	d.look(dir, "extensions.conf", d.dialplan)
	d.look(dir, "http.conf", d.httpServer)
	d.look(dir, "pjsip.conf", d.transports)
	d.look(dir, "ari.conf", d.ariUser)
	if d.cfg.Telephony.ARI.Link == config.LinkOutbound {
		d.outbound(dir)
	}
	d.recordings(dir)
}

// isHere reports whether Asterisk is on this machine: the files of another one would be judged otherwise.
func (d *doctor) isHere() bool {
	u, err := url.Parse(d.cfg.Telephony.ARI.URL)
	if err != nil {
		return false
	}
	ip := net.ParseIP(u.Hostname())
	if u.Hostname() == "localhost" || ip != nil && ip.IsLoopback() {
		return true
	}
	addrs, err := net.InterfaceAddrs()
	return err == nil && ip != nil && slices.ContainsFunc(addrs, func(a net.Addr) bool {
		n, ok := a.(*net.IPNet)
		return ok && n.IP.Equal(ip)
	})
}

// blind says what to compare by hand where the files are not here.
func (d *doctor) blind() {
	const why = "Asterisk's files are not here; run this on its machine, or name their folder by --asterisk-config"
	app := d.cfg.Telephony.ARI.App
	d.unseen("the dialplan hands calls to the queues "+strings.Join(d.queues(), ", "), why,
		fmt.Sprintf("compare extensions.conf: each has a Stasis(%s,queue,%s), with your own fallback as the step behind it", app, d.queues()[0]))
	d.unseen("Asterisk serves as many connections as phones need", "",
		fmt.Sprintf("compare http.conf: sessionlimit is %d at least (four for everybody who may sign in and two hundred more; 100 where it says nothing)", d.sessions()))
	d.unseen("phones have a transport", "", "compare pjsip.conf: a section with type = transport and protocol = ws (or wss)")
	if d.cfg.Telephony.ARI.Link == config.LinkOutbound {
		d.unseen("Asterisk connects to Pult", "", "compare ari.conf (type = outbound_websocket) and websocket_client.conf with what `pult doctor` prints")
	}
}

// look reads a file and lets it be judged. Lines that were not understood are told first: the judgement may be wrong because of them.
func (d *doctor) look(dir, name string, judge func(dir string, f *astconf.File)) {
	f, err := astconf.Read(dir, name)
	switch {
	case err == nil:
	case os.IsPermission(err):
		d.unseen(name, "it may not be read", "run this as a user who may")
		return
	default:
		d.tell(telephony.Finding{What: name + " is there", Why: reasonOf(err), Fix: "write it; the piece is below", File: name})
		return
	}
	if n := len(f.Problems); n > 0 {
		more := ""
		if n > 3 {
			more = fmt.Sprintf("\n(and %d more)", n-3)
		}
		d.unseen("parts of "+name, strings.ReplaceAll(strings.Join(f.Problems[:min(n, 3)], "\n")+more, "\n", "\n       "), "")
	}
	judge(dir, f)
}

func reasonOf(err error) string {
	if notThere(err) {
		return "there is no such file"
	}
	return err.Error()
}

func (d *doctor) dialplan(dir string, f *astconf.File) {
	var others []string
	for _, name := range []string{"extensions.ael", "extensions.lua"} {
		if _, err := os.Stat(filepath.Join(dir, name)); err == nil {
			others = append(others, name)
		}
	}
	for _, finding := range judgeDialplan(readDialplan(f), d.cfg.Telephony.ARI.App, d.queues(), others) {
		d.tell(finding)
	}
}

// people is how many phones there may be.
func (d *doctor) people() int { return max(1, d.seen.People) }

// sessions is what http.conf's sessionlimit must allow: a phone's WebSocket and what its reconnecting takes, and ARI.
func (d *doctor) sessions() int { return 4*d.people() + 200 }

func (d *doctor) httpServer(_ string, f *astconf.File) {
	const file = "http.conf"
	if v, _ := f.Get("general", "enabled"); !yes(v) {
		d.tell(telephony.Finding{What: "http.conf: the HTTP server is on", Why: "enabled is " + orNothing(v), Fix: "[general]\nenabled = yes", File: file})
	}
	const what = "http.conf: sessionlimit is enough for everybody"
	text, ok := f.Get("general", "sessionlimit")
	limit, err := strconv.Atoi(text)
	if !ok {
		limit, err = 100, nil
	}
	switch {
	case err != nil:
		d.tell(telephony.Finding{What: what, Why: fmt.Sprintf("%q is no number", text), Fix: "[general]\nsessionlimit = 5000", File: file})
	case limit < d.sessions():
		why := fmt.Sprintf("it is %d; %d are needed", limit, d.sessions())
		if !ok {
			why = fmt.Sprintf("it is not set, which means 100; %d are needed", d.sessions())
		}
		d.tell(telephony.Finding{
			What: what, Why: why + ": every ARI request, ARI WebSocket and phone counts, and whoever comes over it is locked out",
			Fix: fmt.Sprintf("[general]\nsessionlimit = %d", max(5000, d.sessions())), File: file,
		})
	default:
		d.tell(telephony.Finding{OK: true, What: what, Why: fmt.Sprintf("it is %d, %d are needed", limit, d.sessions())})
	}
}

func (d *doctor) transports(_ string, f *astconf.File) {
	const what = "pjsip.conf: phones have a transport"
	for _, s := range f.Sections {
		kind, _ := s.Get("type")
		protocol, _ := s.Get("protocol")
		if !s.Template && kind == "transport" && (protocol == "ws" || protocol == "wss") {
			d.tell(telephony.Finding{OK: true, What: what, Why: "[" + s.Name + "], protocol = " + protocol})
			return
		}
	}
	d.tell(telephony.Finding{
		What: what, Why: "no section has type = transport and protocol = ws or wss", File: "pjsip.conf",
		Fix: "[transport-ws]\ntype = transport\nprotocol = ws\nbind = 0.0.0.0",
	})
}

func (d *doctor) ariUser(_ string, f *astconf.File) {
	user := d.cfg.Telephony.ARI.User
	finding := telephony.Finding{What: "ari.conf: the user " + user + " may command", File: "ari.conf"}
	if v, ok := f.Get("general", "enabled"); ok && !yes(v) {
		finding.Why, finding.Fix = "ARI is switched off", "[general]\nenabled = yes"
		d.tell(finding)
		return
	}
	for _, s := range f.Named(user) {
		if kind, _ := s.Get("type"); kind != "user" {
			continue
		}
		if v, _ := s.Get("read_only"); yes(v) {
			finding.Why, finding.Fix = "it may only read", "["+user+"]\nread_only = no"
			d.tell(finding)
			return
		}
		finding.OK, finding.File = true, ""
		d.tell(finding)
		return
	}
	finding.Why, finding.Fix = "there is no section ["+user+"] with type = user", "["+user+"]\ntype = user\nread_only = no\npassword = …"
	d.tell(finding)
}

// recordings looks for the folder that Debian's package leaves out, without which every recording fails.
func (d *doctor) recordings(dir string) {
	spool := "/var/spool/asterisk"
	if f, err := astconf.Read(dir, "asterisk.conf"); err == nil {
		if v, ok := f.Get("directories", "astspooldir"); ok {
			spool = v
		}
	}
	f := telephony.Finding{What: "recordings have a place"}
	place := filepath.Join(spool, "recording")
	info, err := os.Stat(place)
	switch {
	case err == nil && info.IsDir() && info.Mode().Perm()&0o200 != 0:
		f.OK, f.Why = true, place
	case err == nil:
		f.Why, f.Fix = place+" is no folder that its owner may write to", "chmod u+w "+place
	case os.IsPermission(err):
		d.unseen(f.What, place+" may not be looked at", "see that it is there and Asterisk may write to it")
		return
	default:
		if _, err := os.Stat(spool); err != nil {
			d.unseen(f.What, spool+" is not on this machine", "see that the folder recording is in it")
			return
		}
		f.Why, f.Fix = place+" is not there, and every recording fails", "install -d -o asterisk -g asterisk "+place
	}
	d.tell(f)
}

// yes is Asterisk's idea of true.
func yes(v string) bool {
	return slices.Contains([]string{"yes", "true", "y", "t", "1", "on"}, strings.ToLower(v))
}

func orNothing(v string) string {
	if v == "" {
		return "not set"
	}
	return v
}
