package ari

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"net/http"
	"strconv"
	"strings"

	ari "github.com/CyCoreSystems/ari/v5"

	"github.com/pult-cc/pult/telephony"
)

var _ telephony.Diagnoser = (*Driver)(nil)

// wantedModules are those that calls and phones need beside what every Asterisk loads, with what is lost without them.
var wantedModules = []struct{ name, why string }{
	{"res_ari_channels.so", "without it Pult cannot command calls"},
	{"res_ari_bridges.so", "without it nobody hears each other"},
	{"res_ari_asterisk.so", "without it Pult cannot push phones' accounts"},
	{"app_stasis.so", "without it the dialplan cannot hand calls to Pult"},
	{"bridge_holding.so", "without it waiting customers hear silence"},
	{"res_pjsip_transport_websocket.so", "without it browsers cannot sign phones in"},
	{"res_http_websocket.so", "without it there are no events and no browser phones"},
	{"res_srtp.so", "without it browsers' media cannot be encrypted, and they insist on it"},
}

// Diagnose implements telephony.Diagnoser. It asks Asterisk over ARI only, pushes an account that nobody knows and removes it.
func (d *Driver) Diagnose(ctx context.Context) []telephony.Finding {
	var info struct {
		System struct {
			Version  string `json:"version"`
			EntityID string `json:"entity_id"`
		} `json:"system"`
	}
	err := d.rest.do(ctx, request{method: http.MethodGet, path: []string{"asterisk", "info"}}, &info)
	what := "ARI answers at " + d.o.URL
	switch status := statusOf(err); {
	case err == nil:
	case status == http.StatusUnauthorized, status == http.StatusForbidden:
		return []telephony.Finding{{
			What: what, Why: "Asterisk refuses the user " + d.o.User, File: "ari.conf",
			Fix: "make the user in ari.conf and telephony.ari.user and .password the same",
		}}
	case status == http.StatusNotFound:
		return []telephony.Finding{{
			What: what, Why: "there is a web server, but no ARI", File: "ari.conf",
			Fix: "enable ARI in ari.conf and the HTTP server in http.conf; the address ends in /ari, after http.conf's prefix if it has one",
		}}
	default:
		return []telephony.Finding{{
			What: what, Why: err.Error(), File: "ari.conf",
			Fix: "start Asterisk; in http.conf: enabled = yes, bindaddr and bindport as in telephony.ari.url",
		}}
	}
	out := []telephony.Finding{{OK: true, What: what, Why: "Asterisk " + info.System.Version}}
	out = append(out, versionFinding(info.System.Version))
	out = append(out, d.modulesFinding(ctx)...)
	if d.o.Door != nil {
		out = append(out, d.registeredFinding(ctx), outboundFinding(info.System.Version))
	}
	out = append(out, d.eventsFinding(ctx), d.pushFinding(ctx), d.trunkFinding(ctx), d.recordingsFinding(ctx))
	return out
}

// versionFinding: older Asterisks lack what the driver stands on.
func versionFinding(version string) telephony.Finding {
	f := telephony.Finding{OK: true, What: "the version is one that Pult works with"}
	major, _, _ := strings.Cut(version, ".")
	if n, err := strconv.Atoi(major); err != nil || n >= 20 {
		return f
	}
	return telephony.Finding{What: f.What, Why: "this is " + version, Fix: "Pult needs Asterisk 20 or newer; 22 is what it is tested with"}
}

func (d *Driver) modulesFinding(ctx context.Context) []telephony.Finding {
	const what = "the modules that calls and phones need are loaded"
	var modules []struct {
		Name   string `json:"name"`
		Status string `json:"status"`
	}
	if err := d.rest.do(ctx, request{method: http.MethodGet, path: []string{"asterisk", "modules"}}, &modules); err != nil {
		return []telephony.Finding{{What: what, Why: err.Error(), Fix: "load res_ari_asterisk.so", File: "ari.conf"}}
	}
	running := map[string]bool{}
	for _, m := range modules {
		running[m.Name] = m.Status == "Running"
	}
	var out []telephony.Finding
	for _, w := range wantedModules {
		if !running[w.name] {
			out = append(out, telephony.Finding{
				What: w.name + " is loaded", Why: w.why, Fix: "install the package that has it and load it in modules.conf: load = " + w.name,
			})
		}
	}
	opus := running["codec_opus.so"] || running["codec_opus_open_source.so"]
	if len(out) == 0 {
		f := telephony.Finding{OK: true, What: what}
		if !opus {
			f.Why = "there is no Opus codec, so browsers talk G.711; that works, Opus sounds better"
		}
		out = append(out, f)
	}
	return out
}

// registeredFinding: an Asterisk that connects to us keeps the application whether we are there or not.
func (d *Driver) registeredFinding(ctx context.Context) telephony.Finding {
	f := telephony.Finding{What: "Asterisk keeps the application " + d.o.App + " for Pult"}
	err := d.rest.do(ctx, request{method: http.MethodGet, path: []string{"applications", d.o.App}}, nil)
	switch {
	case err == nil:
		f.OK = true
	case statusOf(err) == http.StatusNotFound:
		f.Why, f.File = "no outbound connection of Asterisk's serves it", "ari.conf"
		f.Fix = "in ari.conf a section with type = outbound_websocket and apps = " + d.o.App + ", in websocket_client.conf where it leads; then restart Asterisk"
	default:
		f.Why = err.Error()
	}
	return f
}

// outboundFinding says which Asterisks can connect to us, and what is known of them.
func outboundFinding(version string) telephony.Finding {
	f := telephony.Finding{What: "this Asterisk can connect to Pult (telephony.ari.link: outbound)"}
	var major, minor int
	// What cannot be read is a version of one's own making.
	if n, _ := fmt.Sscanf(version, "%d.%d", &major, &minor); n == 2 && (major < 20 || major == 20 && minor < 15 || major == 21 && minor < 10 || major == 22 && minor < 5) {
		f.Why, f.Fix = "this is "+version, "update to 20.15, 21.10, 22.5 or newer, or set telephony.ari.link: inbound"
		return f
	}
	f.OK, f.Why = true, "Asterisk up to 22.11 can die when this connection ends while events are under way: see docs/decisions/0002-ari-link.md"
	return f
}

// eventsFinding opens the socket for an application that nobody uses: opening Pult's own would take it from a running Pult.
func (d *Driver) eventsFinding(ctx context.Context) telephony.Finding {
	const what = "events can be followed"
	probe := *d.probeOptions()
	other, err := New(probe)
	if err != nil {
		return telephony.Finding{What: what, Why: err.Error()}
	}
	s, err := other.dial(ctx)
	if err != nil {
		return telephony.Finding{What: what, Why: err.Error(), Fix: "load res_ari_events.so; a proxy in between must pass WebSockets", File: "http.conf"}
	}
	s.cancel(nil)
	if err := s.conn.CloseNow(); err != nil {
		d.log.Debug("closing the diagnosis socket", "error", err)
	}
	return telephony.Finding{OK: true, What: what}
}

func (d *Driver) probeOptions() *Options {
	o := d.o
	o.App += "-doctor"
	return &o
}

// pushFinding pushes an account and removes it.
func (d *Driver) pushFinding(ctx context.Context) telephony.Finding {
	const what = "Pult may push phones' accounts"
	var random [8]byte
	if _, err := rand.Read(random[:]); err != nil {
		return telephony.Finding{What: what, Why: err.Error()}
	}
	name := "pult-doctor-" + hex.EncodeToString(random[:])
	path := objectPath("auth", name)
	err := d.rest.do(ctx, request{method: http.MethodPut, path: path, body: ari.ConfigTupleList{Fields: []ari.ConfigTuple{
		{Attribute: "auth_type", Value: "digest"}, {Attribute: "username", Value: name}, {Attribute: "realm", Value: d.o.Realm},
		{Attribute: "password_digest", Value: "MD5:" + hex.EncodeToString(append(random[:], random[:]...))},
	}}}, nil)
	if err != nil {
		f := telephony.Finding{What: what, Why: err.Error(), File: "sorcery.conf", Fix: "give auth, aor and endpoint a second, writable place in sorcery.conf"}
		if statusOf(err) == http.StatusBadRequest {
			f.Fix = "Asterisk before 20.12, 21.7 and 22.2 does not know auth_type=digest: update it"
			f.File = ""
		}
		return f
	}
	if err := d.rest.do(ctx, request{method: http.MethodDelete, path: path}, nil); err != nil {
		return telephony.Finding{What: what, Why: "the test account " + name + " could not be removed: " + err.Error()}
	}
	return telephony.Finding{OK: true, What: what}
}

// trunkFinding looks for the endpoint that outgoing calls are dialled through.
func (d *Driver) trunkFinding(ctx context.Context) telephony.Finding {
	tech, rest, ok := strings.Cut(d.o.Trunk, "/")
	_, trunk, at := strings.Cut(rest, "@")
	what := fmt.Sprintf("outgoing calls have a trunk (%s)", strings.ReplaceAll(d.o.Trunk, "%s", "{number}"))
	if !ok || !at {
		return telephony.Finding{OK: true, What: what, Why: "its form names no endpoint, so it was not looked for"}
	}
	var endpoint struct {
		State string `json:"state"`
	}
	err := d.rest.do(ctx, request{method: http.MethodGet, path: []string{"endpoints", tech, trunk}}, &endpoint)
	if err != nil {
		return telephony.Finding{What: what, Why: "Asterisk has no endpoint " + tech + "/" + trunk, Fix: "set telephony.trunk to how your dialplan dials out, e.g. PJSIP/{number}@your-trunk"}
	}
	return telephony.Finding{OK: true, What: what, Why: "the endpoint is " + endpoint.State}
}

// recordingsFinding asks for the list of recordings, which Asterisk cannot make without their folder. Debian's package leaves it out.
func (d *Driver) recordingsFinding(ctx context.Context) telephony.Finding {
	f := telephony.Finding{OK: true, What: "Asterisk has a folder for recordings"}
	err := d.rest.do(ctx, request{method: http.MethodGet, path: []string{"recordings", "stored"}}, &[]struct{}{})
	switch status := statusOf(err); {
	case err == nil:
	case status == http.StatusInternalServerError:
		f.OK, f.Why = false, "it cannot list its recordings, and every new one fails"
		f.Fix = "install -d -o asterisk -g asterisk /var/spool/asterisk/recording   (or where astspooldir in asterisk.conf says)"
	case status == http.StatusNotFound:
		f.Why = "it was not asked: res_ari_recordings.so is not loaded"
	default:
		f.Why = "it did not say: " + err.Error()
	}
	return f
}
