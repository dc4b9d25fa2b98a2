package config

import (
	"strings"
	"testing"

	"github.com/pult-cc/pult/internal/errs"
)

func TestDeskPhones(t *testing.T) {
	for text, wrong := range map[string]string{
		"": "", "desk_phone_server: pbx.example.com": "", "desk_phone_server: 10.0.0.5:5062": "", `desk_phone_server: "[fd00::5]:5060"`: "",
		"desk_phone_transport: tls": "", "desk_phone_transport: sctp": "telephony.desk_phone_transport",
		`desk_phone_server: "sip:pbx"`: "telephony.desk_phone_server", `desk_phone_server: "pbx example"`: "telephony.desk_phone_server",
		"desk_phone_server: pbx:port": "telephony.desk_phone_server",
	} {
		_, err := Parse("pult.yaml", []byte("telephony:\n  realm: house\n  "+text+"\n"), nil)
		if wrong == "" != (err == nil) || err != nil && !strings.Contains(errs.Message(err), wrong) {
			t.Errorf("%s: %v", text, err)
		}
	}
}
