package config

import (
	"strings"
	"testing"
)

func TestOutboundLink(t *testing.T) {
	for name, tc := range map[string]struct{ text, want string }{
		"typo in the kind":   {"link: outbond", `telephony.ari.link: "outbond" must be one of inbound, outbound; did you mean outbound?`},
		"typo in a key":      {"link: outbound\n    outbound: {lisen: ':1'}", `unknown key "lisen" in telephony.ari.outbound; did you mean listen?`},
		"no port":            {"link: outbound\n    outbound: {listen: here}", `telephony.ari.outbound.listen: "here" must be host:port or :port, or empty for server.listen`},
		"path of the API":    {"link: outbound\n    outbound: {path: /graphql}", `telephony.ari.outbound.path: "/graphql" must be a path`},
		"path is everything": {"link: outbound\n    outbound: {path: /}", `telephony.ari.outbound.path: "/" must be a path`},
		"path is a pattern":  {"link: outbound\n    outbound: {path: '/{x}'}", `telephony.ari.outbound.path: "/{x}" must be a path`},
		"nobody":             {"link: outbound\n    outbound: {user: ''}", `telephony.ari.outbound.user: is required`},
		"no password":        {"link: outbound\n    outbound: {password: ''}", `telephony.ari.outbound.password: is required`},
		"the secret itself":  {"link: outbound\n    outbound: {password: hunter2}", `telephony.ari.outbound.password: must be a reference`},
		"unused":             {"link: inbound\n    outbound: {password: '', path: /}", ""},
		"as it should be":    {"link: outbound\n    outbound: {listen: '10.0.0.5:8090', password: file:link}", ""},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := Parse("f.yaml", []byte("telephony:\n  ari:\n    "+tc.text+"\n"), nil)
			switch {
			case tc.want == "" && err != nil:
				t.Errorf("refused: %v", err)
			case tc.want != "" && (err == nil || !strings.Contains(err.Error(), tc.want)):
				t.Errorf("got %v, want %s", err, tc.want)
			case err != nil && strings.Contains(err.Error(), "hunter2"):
				t.Errorf("the secret is shown: %v", err)
			}
		})
	}
}
