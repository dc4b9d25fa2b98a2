package app

import (
	"net/url"
	"os"
	"slices"
	"strings"

	"github.com/pult-cc/pult/internal/astconf"
	"github.com/pult-cc/pult/telephony"
)

// outbound looks at what makes Asterisk connect to Pult: ari.conf names a client of websocket_client.conf.
func (d *doctor) outbound(dir string) {
	ari, err := astconf.Read(dir, "ari.conf")
	if err != nil {
		return // told already
	}
	app := d.cfg.Telephony.ARI.App
	f := telephony.Finding{What: "ari.conf: Asterisk connects to Pult for the application " + app, File: "ari.conf"}
	for _, s := range ari.Sections {
		kind, _ := s.Get("type")
		apps, _ := s.Get("apps")
		if s.Template || kind != "outbound_websocket" || !slices.Contains(strings.FieldsFunc(apps, func(r rune) bool { return r == ',' || r == ' ' }), app) {
			continue
		}
		client, _ := s.Get("websocket_client_id")
		local, _ := s.Get("local_ari_user")
		switch {
		case client == "":
			f.Why, f.Fix = "["+s.Name+"] has no websocket_client_id, which ends Asterisk at its start", "["+s.Name+"]\nwebsocket_client_id = pult"
		case local == "" || ari.Named(local) == nil:
			f.Why, f.Fix = "["+s.Name+"] has no local_ari_user that ari.conf knows", "["+s.Name+"]\nlocal_ari_user = "+d.cfg.Telephony.ARI.User
		default:
			f.OK, f.File = true, ""
			d.tell(f)
			d.client(dir, client)
			return
		}
		d.tell(f)
		return
	}
	f.Why, f.Fix = "no section has type = outbound_websocket and "+app+" among its apps", "the piece is below"
	d.tell(f)
}

// client looks at the section of websocket_client.conf.
func (d *doctor) client(dir, name string) {
	const file = "websocket_client.conf"
	f := telephony.Finding{What: file + ": [" + name + "] leads to Pult", File: file}
	conf, err := astconf.Read(dir, file)
	if err != nil {
		if os.IsPermission(err) {
			d.unseen(f.What, "it may not be read", "run this as a user who may")
			return
		}
		f.Why, f.Fix = reasonOf(err), "write it; the piece is below"
		d.tell(f)
		return
	}
	o := d.cfg.Telephony.ARI.Outbound
	get := func(key string) string { v, _ := conf.Get(name, key); return v }
	u, err := url.Parse(get("uri"))
	fix := func(why, line string) { f.Why, f.Fix = why, "["+name+"]\n"+line }
	switch {
	case conf.Named(name) == nil:
		f.Why, f.Fix = "there is no such section", "write it as the piece below, or name its section by websocket_client_id in ari.conf"
	case err != nil || u.Scheme != "ws" && u.Scheme != "wss" || u.Path != o.Path:
		fix("its uri does not end in "+o.Path, "uri = "+d.wayIn())
	case get("connection_type") != "persistent":
		fix("connection_type is "+orNothing(get("connection_type"))+": only persistent keeps events while Pult is away", "connection_type = persistent")
	case !slices.Contains(strings.Split(get("protocols"), ","), "ari"):
		fix("its protocols are "+orNothing(get("protocols")), "protocols = ari")
	case get("username") != o.User:
		fix("its username is not that of telephony.ari.outbound.user", "username = "+o.User)
	case get("password") == "":
		fix("it has no password", "password = <the password that telephony.ari.outbound.password refers to>")
	case u.Scheme == "wss" && !yes(get("tls_enabled")):
		fix("its uri is wss and tls_enabled is "+orNothing(get("tls_enabled")), "tls_enabled = yes")
	default:
		f.OK, f.File = true, ""
	}
	d.tell(f)
}
