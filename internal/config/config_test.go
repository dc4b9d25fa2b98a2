package config

import (
	"encoding/json"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/pult-cc/pult/internal/errs"
)

func TestExampleSaysWhatDefaultSays(t *testing.T) {
	got, err := Parse("example.yaml", []byte(Example()), nil)
	if err != nil {
		t.Fatal(err)
	}
	if want := Default(); !reflect.DeepEqual(got, want) {
		t.Fatalf("the example gives\n%+v\nand the default is\n%+v", got, want)
	}
}

func TestDefaultIsValid(t *testing.T) {
	if err := Default().Validate(); err != nil {
		t.Fatal(err)
	}
}

func TestExampleShowsEveryKey(t *testing.T) {
	var walk func(t *testing.T, typ reflect.Type)
	walk = func(t *testing.T, typ reflect.Type) {
		for i := range typ.NumField() {
			f := typ.Field(i)
			if key := f.Tag.Get("yaml"); !strings.Contains(Example(), key+":") {
				t.Errorf("%s.%s (%s) is not in the example", typ.Name(), f.Name, key)
			}
			ft := f.Type
			if ft.Kind() == reflect.Slice {
				ft = ft.Elem()
			}
			if ft.Kind() == reflect.Struct {
				walk(t, ft)
			}
		}
	}
	walk(t, reflect.TypeFor[Config]())
}

func TestFileIsReadOverTheDefaults(t *testing.T) {
	c, err := Parse("pult.yaml", []byte(`
server:
  listen: ":9000"
  allowed_origins: [https://crm.example.com]
  drain_timeout: 1m30s
seal:
telephony:
  ari:
    password: file:ari-password
  phone_ice_servers:
    - urls: ["turn:turn.example.com:3478"]
      username: pult
      credential: env:TURN
connectors:
  - id: 1c
    kind: onec
    name: 1C
    config:
      url: https://1c.example.com/base
      nested: {list: [1, two, true]}
limits:
  query_depth: 9
`), nil)
	if err != nil {
		t.Fatal(err)
	}
	want := Default()
	want.Server.Listen = ":9000"
	want.Server.AllowedOrigins = []string{"https://crm.example.com"}
	want.Server.DrainTimeout = 90 * time.Second
	want.Telephony.ARI.Password = "file:ari-password"
	want.Telephony.PhoneICEServers = []ICEServer{{URLs: []string{"turn:turn.example.com:3478"}, Username: "pult", Credential: "env:TURN"}}
	want.Limits.QueryDepth = 9
	got := c
	got.Connectors = want.Connectors
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got\n%+v\nwant\n%+v", got, want)
	}
	raw, err := c.Connectors[0].JSON()
	if err != nil {
		t.Fatal(err)
	}
	var m map[string]any
	if err := json.Unmarshal(raw, &m); err != nil || m["url"] != "https://1c.example.com/base" ||
		!reflect.DeepEqual(m["nested"], map[string]any{"list": []any{1.0, "two", true}}) {
		t.Errorf("connector configuration %s, %v", raw, err)
	}
}

func TestMistakesAreNamedWithLineAndSuggestion(t *testing.T) {
	for name, tc := range map[string]struct{ text, want string }{
		"typo":             {"server:\n  lisen: :80\n", `f.yaml:2: unknown key "lisen" in server; did you mean listen?`},
		"typo at the top":  {"conectors: []\n", `f.yaml:1: unknown key "conectors" at the top; did you mean connectors?`},
		"another section":  {"log:\n  dsn: x\n", `f.yaml:2: unknown key "dsn" in log; did you mean database.dsn?`},
		"deep":             {"telephony:\n  ari:\n    passwrd: env:X\n", `f.yaml:3: unknown key "passwrd" in telephony.ari; did you mean password?`},
		"in a list":        {"connectors:\n  - id: a\n    knd: onec\n", `f.yaml:3: unknown key "knd" in connectors[0]; did you mean kind?`},
		"nothing like it":  {"bus:\n  zzzzzzzz: 1\n", `f.yaml:2: unknown key "zzzzzzzz" in bus; known are url`},
		"duration":         {"limits:\n  session_idle: 12\n", `f.yaml:2: limits.session_idle: "12" is no duration; write for instance 30s, 5m or 12h`},
		"number":           {"limits:\n  query_depth: many\n", `f.yaml:2: limits.query_depth: "many" is no whole number`},
		"boolean":          {"server:\n  development: ja\n", `f.yaml:2: server.development: "ja" is neither true nor false`},
		"section expected": {"server: :80\n", `f.yaml:1: server: must be a section with keys of its own`},
		"list expected":    {"server:\n  allowed_origins: https://a.example\n", `f.yaml:2: server.allowed_origins: must be a list`},
		"value expected":   {"region: [RU]\n", `f.yaml:1: region: must be a single value`},
		"two documents":    {"region: RU\n---\nregion: US\n", `f.yaml:3: a second document is not read`},
		"anchor":           {"region: &r RU\n", `f.yaml:1: region: anchors and aliases are not supported`},
		"key twice":        {"region: RU\nregion: US\n", `mapping key "region" already defined`},
		"not YAML":         {"server: [\n", `f.yaml: `},
		"enumeration":      {"telephony:\n  driver: arri\n", `telephony.driver: "arri" must be one of ari, fakepbx; did you mean ari?`},
		"plain secret":     {"telephony:\n  ari:\n    password: hunter2\n", `telephony.ari.password: must be a reference, not the secret itself`},
		"plain http":       {"server:\n  public_url: http://pult.example.com\n", `server.public_url: must be https`},
		"no number":        {"telephony:\n  trunk: PJSIP/trunk\n", `telephony.trunk: "PJSIP/trunk" must contain {number}`},
		"origin with path": {"server:\n  allowed_origins: [https://a.example/x]\n", `server.allowed_origins[0]: "https://a.example/x" must be scheme://host[:port] only`},
		"vault half set":   {"seal:\n  vault:\n    address: https://vault.example:8200\n", `seal.vault: needs a token, or role_id and secret_id`},
		"vault in vault":   {"seal:\n  vault:\n    address: https://vault.example:8200\n    token: vault:a#b\n", `seal.vault.token: cannot come from the Vault that it opens`},
		"same id":          {"connectors: [{id: a, kind: k, name: A}, {id: a, kind: k, name: B}]\n", `connectors[1].id: "a" is used twice`},
		"web network":      {"web_connectors: {networks: [house]}\n", `web_connectors.networks[0]: "house" must be a network such as 10.0.0.0/8`},
		"web folder":       {"web_connectors: {folders: [files]}\n", `web_connectors.folders[0]: "files" must be an absolute path`},
		"region":           {"region: Russia\n", `region: "Russia" must be a country by two capital letters`},
		"limit":            {"limits:\n  request_bytes: 1\n", `limits.request_bytes: 1 must be between`},
	} {
		_, err := Parse("f.yaml", []byte(tc.text), nil)
		if !errs.Is(err, errs.Invalid) || !strings.Contains(errs.Message(err), tc.want) {
			t.Errorf("%s: got\n\t%v\nwant\n\t%s", name, err, tc.want)
		}
	}
}

func TestAllMistakesAreNamedAtOnce(t *testing.T) {
	_, err := Parse("f.yaml", []byte("server:\n  lisen: x\n  development: ja\nlog:\n  levl: x\n"), []string{"PULT_LOG_LEVL=x"})
	if n := len(strings.Split(errs.Message(err), "\n")); n != 4 {
		t.Errorf("%d mistakes are named, want 4:\n%v", n, err)
	}
	_, err = Parse("f.yaml", []byte("region: x\nlog: {level: loud, format: xml}\n"), nil)
	if n := len(strings.Split(errs.Message(err), "\n")); n != 3 {
		t.Errorf("%d mistakes are named, want 3:\n%v", n, err)
	}
}

func TestMistakesDoNotShowSecrets(t *testing.T) {
	for _, text := range []string{
		"telephony:\n  ari:\n    password: hunter2\n",
		"telephony:\n  ari:\n    password: hunter2\n   broken\n",
		"telephony:\n  ari: hunter2\n",
	} {
		if _, err := Parse("f.yaml", []byte(text), nil); err == nil || strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%q gives %v", text, err)
		}
	}
}

func TestEnvironmentIsReadOverTheFile(t *testing.T) {
	c, err := Parse("f.yaml", []byte("server: {listen: ':1'}\nlog: {level: warn}\n"), []string{
		"PULT_SERVER_LISTEN=:2", "PULT_SERVER_DEVELOPMENT=true", "PULT_SERVER_ALLOWED_ORIGINS=https://a.example, https://b.example",
		"PULT_LIMITS_SESSION_IDLE=1h", "PULT_LIMITS_QUERY_DEPTH=7", "PULT_TELEPHONY_ARI_URL=http://pbx:8088/ari",
		"PULT_ARI_PASSWORD=hunter2", "PULT_CACHE=/somewhere", "PULT_CONFIG=f.yaml", "PATH=/bin",
	})
	if err != nil {
		t.Fatal(err)
	}
	if c.Server.Listen != ":2" || !c.Server.Development || len(c.Server.AllowedOrigins) != 2 || c.Server.AllowedOrigins[1] != "https://b.example" ||
		c.Limits.SessionIdle != time.Hour || c.Limits.QueryDepth != 7 || c.Telephony.ARI.URL != "http://pbx:8088/ari" || c.Log.Level != "warn" {
		t.Errorf("got %+v", c)
	}
}

func TestMistypedEnvironmentVariables(t *testing.T) {
	for env, want := range map[string]string{
		"PULT_SERVER_LISEN=:1":      "environment variable PULT_SERVER_LISEN names nothing; did you mean PULT_SERVER_LISTEN?",
		"PULT_SERVR_LISTEN=:1":      "environment variable PULT_SERVR_LISTEN names nothing; did you mean PULT_SERVER_LISTEN?",
		"PULT_SEAL_SOMETHING_ELS=1": "environment variable PULT_SEAL_SOMETHING_ELS names nothing",
		"PULT_LIMITS_QUERY_DEPTH=x": `environment variable PULT_LIMITS_QUERY_DEPTH: "x" is no whole number`,
	} {
		if _, err := Parse("", nil, []string{env}); !strings.Contains(errs.Message(err), want) {
			t.Errorf("%s: got %v, want %s", env, err, want)
		}
	}
	if _, err := Parse("", []byte("telephony: {ari: {password: 'env:PULT_TELEPHONY_ARI_PASS'}}"), []string{"PULT_TELEPHONY_ARI_PASS=x"}); err != nil {
		t.Errorf("a variable that a reference names is refused: %v", err)
	}
}

func TestLoad(t *testing.T) {
	path := filepath.Join(t.TempDir(), "pult.yaml")
	if _, err := Load(path, nil); !errs.Is(err, errs.NotFound) {
		t.Fatalf("a missing file gives %v", err)
	}
	if err := os.WriteFile(path, []byte("region: KZ\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if c, err := Load(path, nil); err != nil || c.Region != "KZ" {
		t.Fatalf("Load = %+v, %v", c, err)
	}
	if c, err := Load("", nil); err != nil || c.Region != "RU" {
		t.Fatalf("Load without a file = %+v, %v", c, err)
	}
}

func TestSecureCookiesAndOrigins(t *testing.T) {
	s := Default().Server
	if s.SecureCookies() {
		t.Error("http on localhost has secure cookies")
	}
	s.PublicURL = "https://pult.example.com/"
	s.AllowedOrigins = []string{"https://crm.example.com"}
	if !s.SecureCookies() {
		t.Error("https has insecure cookies")
	}
	if got := s.Origins(); !reflect.DeepEqual(got, []string{"https://pult.example.com", "https://crm.example.com"}) {
		t.Errorf("Origins = %v", got)
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte(Example()))
	f.Add([]byte("server: {listen: [1, {a: b}]}\nconnectors:\n- 5\n- config: x\n"))
	f.Add([]byte("? [a]\n: b\n<<: *x\n!!str k: v\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		c, err := Parse("f.yaml", data, nil)
		if err == nil && c.Validate() != nil {
			t.Fatalf("%q parses and does not validate", data)
		}
	})
}
