package ari

import (
	"net/http"
	"strings"
	"testing"

	"github.com/pult-cc/pult/internal/lab/sipua"
	"github.com/pult-cc/pult/telephony"
)

// TestEchoOfAPhonesCheckIsNoCall: the leg of an operator's phone is at Echo() in the dialplan, and neither events nor a new link's
// picture show it.
func TestEchoOfAPhonesCheckIsNoCall(t *testing.T) {
	h, x := live(t)
	const name = "op-echo"
	ha1 := sipua.HA1(name, x.Realm(), "secret")
	noError(t, x.Provision(t.Context(), telephony.Account{Endpoint: name, HA1: ha1}))
	dev, err := h.SignIn(t, name, ha1)
	noError(t, err)
	cli := func(command string) string {
		out, err := h.lab.pbx.CLI(t.Context(), command)
		noError(t, err)
		return out
	}
	noError(t, h.lab.pbx.ARI(t.Context(), http.MethodPost, "/channels", map[string]any{
		"endpoint": "PJSIP/" + name, "context": "pult-operators", "extension": "pult-echo", "priority": 1,
	}, nil))
	phone := dev.Next(t).(*far)
	phone.Answer(t)
	eventually(t, "the echo", func() bool { return strings.Contains(cli("core show channels concise"), "!pult-operators!pult-echo!") })
	eventually(t, "Echo()", func() bool { return strings.Contains(cli("core show channels concise"), "!Echo!") })
	links := func() (n int) {
		for _, e := range x.all() {
			if _, up := e.(telephony.LinkUp); up {
				n++
			}
		}
		return n
	}
	relink := func() { // what a new link says comes after everything before
		before := links()
		h.CutLink(t)
		h.RestoreLink(t)
		eventually(t, "a new link", func() bool { return links() > before })
	}
	relink()
	phone.Hangup(t)
	eventually(t, "the end", func() bool { return !strings.Contains(cli("core show channels concise"), "Echo") })
	relink()
	for _, e := range x.all() {
		switch e := e.(type) {
		case telephony.LinkDown, telephony.EndpointChanged:
		case telephony.LinkUp:
			if len(e.Legs) > 0 {
				t.Errorf("a link shows the legs %+v", e.Legs)
			}
		default:
			t.Errorf("the driver tells %s", line(e))
		}
	}
	noError(t, x.Deprovision(t.Context(), name))
}
