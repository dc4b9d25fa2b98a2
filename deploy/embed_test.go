package deploy

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func sample(etc string) Asterisk {
	return Asterisk{
		Etc: etc, Var: "/srv/pult/var", Run: "/run/pult", Modules: "/usr/lib/asterisk/modules", Data: "/usr/share/asterisk",
		EntityID: "02:00:00:00:00:01", Language: "ru",
		HTTPHost: "127.0.0.1", HTTPPort: 8088, ARIUser: "pult", ARIPassword: "secret",
		SIPHost: "192.0.2.1", SIPPort: 5060, Carrier: "192.0.2.2:5060", CarrierMatches: []string{"192.0.2.2", "192.0.2.3"}, TrunkToken: "token",
		RTPStart: 20000, RTPEnd: 29999,
		Numbers: []Number{{Number: "+74951230001", Queue: "support"}}, FallbackTries: 12,
	}
}

func TestWriteRendersEveryTemplate(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	a := sample(dir)
	if err := a.Write(); err != nil {
		t.Fatal(err)
	}
	templates, err := filepath.Glob("asterisk/*.tmpl")
	if err != nil || len(templates) == 0 {
		t.Fatalf("no templates: %v", err)
	}
	for _, name := range templates {
		raw, err := os.ReadFile(filepath.Join(dir, strings.TrimSuffix(filepath.Base(name), ".tmpl")))
		if err != nil {
			t.Error(err)
			continue
		}
		if text := string(raw); strings.Contains(text, "<no value>") || strings.Contains(text, "{{") {
			t.Errorf("%s is not rendered:\n%s", name, text)
		}
	}
	wants := map[string][]string{
		"pjsip.conf":            {"match = 192.0.2.2\nmatch = 192.0.2.3\n", "match_header = X-Pult-Trunk: token", "allow_transfer = no"},
		"extensions.conf":       {"exten => +74951230001,1,Stasis(pult,queue,support)", "Set(__PULT_QUEUE=support)", "[pult-fallback]", "[pult-demo-caller]", "exten => pult-echo,1,", "n,Echo()"},
		"http.conf":             {"sessionlimit = 5000", "bindport = 8088"},
		"ari.conf":              {"websocket_write_timeout = 5000", "password = secret"},
		"sorcery.conf":          {"auth = memory", "endpoint = config,pjsip.conf"},
		"websocket_client.conf": {"nothing is dialled"},
	}
	for name, parts := range wants {
		raw, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			t.Error(err)
		}
		for _, part := range parts {
			if !strings.Contains(string(raw), part) {
				t.Errorf("%s lacks %q:\n%s", name, part, raw)
			}
		}
	}
}

func TestOutboundConnectsAsThePultUser(t *testing.T) {
	t.Parallel()
	a := sample(t.TempDir())
	a.OutboundURL, a.OutboundUser, a.OutboundPassword = "wss://pult.example/asterisk", "asterisk", "another-secret"
	if err := a.Write(); err != nil {
		t.Fatal(err)
	}
	site, err := a.Site()
	if err != nil {
		t.Fatal(err)
	}
	for name, parts := range map[string][]string{
		"ari.conf": {"local_ari_user = pult"},
		"websocket_client.conf": {
			"uri = wss://pult.example/asterisk", "username = asterisk", "password = another-secret", "tls_enabled = yes", "connection_type = persistent",
		},
	} {
		raw, err := os.ReadFile(filepath.Join(a.Etc, name))
		if err != nil {
			t.Fatal(err)
		}
		for _, part := range parts {
			if !strings.Contains(string(raw), part) || !strings.Contains(site[name], part) {
				t.Errorf("%s lacks %q:\n%s\nor the site's:\n%s", name, part, raw, site[name])
			}
		}
	}
}

// An existing site gets what it needs and nothing of the private server: no carrier, no demo, no paths.
func TestSiteSnippetsHoldOnlyOurPart(t *testing.T) {
	t.Parallel()
	snippets, err := sample("").Site()
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"ari.conf", "extensions.conf", "http.conf", "pjsip.conf", "sorcery.conf"} {
		text, ok := snippets[name]
		if !ok {
			t.Errorf("no snippet for %s", name)
		}
		for _, alien := range []string{"carrier]", "demo", "/srv/", "token", "{{", "<no value>"} {
			if strings.Contains(text, alien) {
				t.Errorf("%s holds %q:\n%s", name, alien, text)
			}
		}
	}
}
