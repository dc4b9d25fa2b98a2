package app_test

import (
	"bytes"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/pult-cc/pult/internal/app"
	"github.com/pult-cc/pult/internal/config"
	"github.com/pult-cc/pult/internal/errs"
	"github.com/pult-cc/pult/internal/lab"
)

// examine runs the doctor and returns what it says.
func examine(t *testing.T, cfg config.Config, dir string) (string, error) {
	t.Helper()
	var out bytes.Buffer
	err := app.Doctor(t.Context(), cfg, app.DoctorOptions{AsteriskConfig: dir, Out: &out})
	return out.String(), err
}

func TestDoctorWhereNothingIs(t *testing.T) {
	cfg := testConfig(t)
	dir := filepath.Dir(cfg.Seal.KeyFile)
	said, err := examine(t, cfg, t.TempDir())
	if !errs.Is(err, errs.Invalid) {
		t.Fatalf("doctor found nothing: %v\n%s", err, said)
	}
	for _, want := range []string{
		"WRONG  ARI answers", "into /etc/asterisk/ari.conf", "pult.db is not there; `pult serve` makes it", "ok     the sealing key can be had",
		"WRONG  phones reach Asterisk at ws://127.0.0.1:1/ws", "WRONG  extensions.conf is there",
	} {
		if !strings.Contains(said, want) {
			t.Errorf("no %q in:\n%s", want, said)
		}
	}
	// It used to make and fill a database and a key.
	if made, err := os.ReadDir(dir); err != nil || len(made) != 0 {
		t.Errorf("the doctor made %v, %v", made, err)
	}
}

func TestDoctorSaysWhatItCannotSee(t *testing.T) {
	cfg := testConfig(t)
	cfg.Telephony.PhoneWSURLs = []string{"ws://127.0.0.1:1/ws"}
	cfg.Telephony.ARI.URL = "http://pbx.invalid:8088/ari"
	said, _ := examine(t, cfg, "")
	for _, want := range []string{
		"?      the dialplan hands calls to the queues support, sales", "Stasis(pult,queue,support)", "sessionlimit is 204 at least", "protocol = ws", "--asterisk-config",
	} {
		if !strings.Contains(said, want) {
			t.Errorf("no %q in:\n%s", want, said)
		}
	}
}

// TestDoctorAtTheRealAsterisk: one thing broken at a time.
func TestDoctorAtTheRealAsterisk(t *testing.T) {
	ast, err := lab.StartAsterisk(t.Context(), lab.AsteriskOptions{Dir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	good := testConfig(t)
	good.Telephony.ARI = config.ARI{URL: ast.ARIURL, User: ast.ARIUser, Password: ast.ARIPassword, App: "pult", Link: config.LinkInbound}
	good.Telephony.Trunk = "PJSIP/{number}@carrier"
	good.Telephony.PhoneWSURLs = []string{ast.WSURL}

	deaf := httptest.NewServer(http.NotFoundHandler())
	defer deaf.Close()
	silent, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer silent.Close()
	at := func(path string) string { return strings.TrimSuffix(ast.WSURL, "/ws") + path }

	for name, tc := range map[string]struct {
		config func(*config.Config)
		file   string                   // of Asterisk's
		edit   func(text string) string // what is done to it
		spoil  func(t *testing.T, dir string)
		want   []string
		fine   bool
	}{
		"nothing": {fine: true, want: []string{
			"Everything is in order.", "answers SIP (401)", "ok     the dialplan hands calls to the queue support", "ok     http.conf: sessionlimit is enough",
			"ok     pjsip.conf: phones have a transport", "ok     ari.conf: the user pult may command", "ok     recordings have a place",
		}},
		"ARI's password": {config: func(c *config.Config) { c.Telephony.ARI.Password = "wrong" }, want: []string{"refuses the user"}},
		"trunk":          {config: func(c *config.Config) { c.Telephony.Trunk = "PJSIP/{number}@nowhere" }, want: []string{"no endpoint PJSIP/nowhere"}},
		"phones' path":   {config: func(c *config.Config) { c.Telephony.PhoneWSURLs = []string{at("/wss")} }, want: []string{"nothing at this path", "Asterisk serves phones at /ws"}},
		"phones at ARI":  {config: func(c *config.Config) { c.Telephony.PhoneWSURLs = []string{at("/ari/events")} }, want: []string{"the answer to a WebSocket is 401"}},
		"phones elsewhere": {config: func(c *config.Config) {
			c.Telephony.PhoneWSURLs = []string{"ws" + strings.TrimPrefix(deaf.URL, "http") + "/ws"}
		},
			want: []string{"nothing at this path"}},
		"phones at a wall": {config: func(c *config.Config) { c.Telephony.PhoneWSURLs = []string{"ws://" + silent.Addr().String() + "/ws"} }, want: []string{"nobody answers"}},
		"no TLS for phones": {config: func(c *config.Config) {
			c.Telephony.PhoneWSURLs = []string{"wss" + strings.TrimPrefix(ast.WSURL, "ws")}
		}, want: []string{"there is no TLS"}},
		"a queue that Pult has not": {file: "extensions.conf", edit: replace("queue,sales)", "queue,sale)"), want: []string{
			`calls are handed to "sale", and Pult has support, sales`, "into /etc/asterisk/extensions.conf", "perhaps: the queue's name comes from a variable",
		}},
		"a queue that is not in the dialplan": {file: "extensions.conf", edit: func(s string) string {
			return replace("Stasis(pult,queue,${PULT_QUEUE})", "NoOp()")(replace("Stasis(pult,queue,sales)", "NoOp()")(s))
		}, want: []string{"no Stasis(pult,queue,sales) in extensions.conf", "exten => sales,1,Stasis(pult,queue,sales)"}},
		"another application":  {file: "extensions.conf", edit: replace("Stasis(pult,", "Stasis(other,"), want: []string{"no Stasis(pult,queue,support)"}},
		"a commented dialplan": {file: "extensions.conf", edit: func(s string) string { return ";--\n" + s + "\n--;\n" }, want: []string{"no Stasis(pult,queue,support)"}},
		"no fallback":          {file: "extensions.conf", edit: replace(" same => n,Goto(pult-fallback,${EXTEN},1)\n", ""), want: []string{"nothing stands behind Stasis()", "with Pult away the call ends"}},
		"dialplan in another file": {fine: true, file: "extensions.conf", spoil: func(t *testing.T, dir string) {
			move(t, dir, "extensions.conf", "pult.inc")
			write(t, dir, "extensions.conf", "#include pult.inc\n")
		}, want: []string{"pult.inc:"}},
		"no dialplan":           {spoil: func(t *testing.T, dir string) { move(t, dir, "extensions.conf", "x") }, want: []string{"WRONG  extensions.conf is there", "there is no such file"}},
		"few sessions":          {file: "http.conf", edit: replace("sessionlimit = 5000", "sessionlimit = 150"), want: []string{"it is 150; 204 are needed", "sessionlimit = 5000"}},
		"sessions by default":   {file: "http.conf", edit: replace("sessionlimit = 5000", ""), want: []string{"which means 100"}},
		"HTTP server off":       {file: "http.conf", edit: replace("enabled = yes", "enabled = no"), want: []string{"WRONG  http.conf: the HTTP server is on"}},
		"no transport":          {file: "pjsip.conf", edit: replace("protocol = ws", "protocol = tcp"), want: []string{"WRONG  pjsip.conf: phones have a transport"}},
		"transport as template": {file: "pjsip.conf", edit: replace("[transport-ws]", "[transport-ws](!)"), want: []string{"WRONG  pjsip.conf: phones have a transport"}},
		"ARI user may read":     {file: "ari.conf", edit: replace("read_only = no", "read_only = yes"), want: []string{"it may only read"}},
		"another ARI user":      {file: "ari.conf", edit: replace("[pult]", "[other]"), want: []string{"there is no section [pult] with type = user"}},
		"no recordings": {file: "asterisk.conf", edit: func(s string) string {
			return regexp.MustCompile(`astspooldir => .*`).ReplaceAllString(s, "astspooldir => "+t.TempDir())
		}, want: []string{"every recording fails"}},
		"a line that nobody understands": {fine: true, file: "pjsip.conf", edit: func(s string) string { return s + "\n[oops\n" }, want: []string{"?      parts of pjsip.conf", "no closing bracket"}},
	} {
		t.Run(name, func(t *testing.T) {
			cfg, dir := good, filepath.Join(t.TempDir(), "etc")
			if err := os.CopyFS(dir, os.DirFS(filepath.Join(ast.Dir, "etc"))); err != nil {
				t.Fatal(err)
			}
			if tc.config != nil {
				tc.config(&cfg)
			}
			if tc.edit != nil {
				text, err := os.ReadFile(filepath.Join(dir, tc.file))
				if err != nil {
					t.Fatal(err)
				}
				edited := tc.edit(string(text))
				if edited == string(text) {
					t.Fatal("nothing was broken")
				}
				write(t, dir, tc.file, edited)
			}
			if tc.spoil != nil {
				tc.spoil(t, dir)
			}
			said, err := examine(t, cfg, dir)
			if tc.fine != (err == nil) {
				t.Errorf("the verdict is %v:\n%s", err, said)
			}
			for _, want := range tc.want {
				if !strings.Contains(said, want) {
					t.Errorf("no %q in:\n%s", want, said)
				}
			}
			for _, secret := range []string{ast.ARIPassword, "api_key"} {
				if strings.Contains(said, secret) {
					t.Errorf("%q is said", secret)
				}
			}
		})
	}
}

// TestDoctorMissesTheFolderForRecordings: Debian's package leaves it out.
func TestDoctorMissesTheFolderForRecordings(t *testing.T) {
	ast, err := lab.StartAsterisk(t.Context(), lab.AsteriskOptions{Dir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	cfg := testConfig(t)
	cfg.Telephony.ARI.URL, cfg.Telephony.ARI.User, cfg.Telephony.ARI.Password = ast.ARIURL, ast.ARIUser, ast.ARIPassword
	cfg.Telephony.Trunk, cfg.Telephony.PhoneWSURLs = "PJSIP/{number}@carrier", []string{ast.WSURL}
	if said, _ := examine(t, cfg, ""); !strings.Contains(said, "ok     Asterisk has a folder for recordings") {
		t.Errorf("with the folder:\n%s", said)
	}
	move(t, filepath.Join(ast.Dir, "var/spool"), "recording", "elsewhere")
	if said, err := examine(t, cfg, ""); err == nil || !strings.Contains(said, "WRONG  Asterisk has a folder for recordings") {
		t.Errorf("without it: %v\n%s", err, said)
	}
}

// TestDoctorOfAnAsteriskThatConnects: the same for ari.conf's and websocket_client.conf's part in it.
func TestDoctorOfAnAsteriskThatConnects(t *testing.T) {
	good := testConfig(t)
	addr := outbound(t, &good)
	ast, err := lab.StartAsterisk(t.Context(), lab.AsteriskOptions{
		Dir: t.TempDir(), OutboundURL: "ws://" + addr + "/asterisk", OutboundUser: "asterisk", OutboundPassword: "link-password",
	})
	if err != nil {
		t.Fatal(err)
	}
	good.Telephony.ARI.URL, good.Telephony.ARI.User, good.Telephony.ARI.Password = ast.ARIURL, ast.ARIUser, ast.ARIPassword
	good.Telephony.Trunk, good.Telephony.PhoneWSURLs = "PJSIP/{number}@carrier", []string{ast.WSURL}
	for name, tc := range map[string]struct {
		file     string
		from, to string
		want     string
	}{
		"nothing":          {want: "ok     websocket_client.conf: [pult] leads to Pult"},
		"no connection":    {"ari.conf", "type = outbound_websocket", "type = user", "no section has type = outbound_websocket and pult among its apps"},
		"another app":      {"ari.conf", "apps = pult", "apps = one, two", "no section has type = outbound_websocket"},
		"no client":        {"ari.conf", "websocket_client_id = pult", "", "has no websocket_client_id"},
		"unknown user":     {"ari.conf", "local_ari_user = pult", "local_ari_user = nobody", "has no local_ari_user that ari.conf knows"},
		"unknown client":   {"ari.conf", "websocket_client_id = pult", "websocket_client_id = other", "there is no such section"},
		"another path":     {"websocket_client.conf", "/asterisk\n", "/elsewhere\n", "its uri does not end in /asterisk"},
		"a call each":      {"websocket_client.conf", "= persistent", "= per_call_config", "only persistent keeps events"},
		"another protocol": {"websocket_client.conf", "protocols = ari", "protocols = media", "its protocols are media"},
		"another username": {"websocket_client.conf", "username = asterisk", "username = x", "its username is not that of"},
		"no password":      {"websocket_client.conf", "password = link-password", "", "it has no password"},
		"TLS not enabled":  {"websocket_client.conf", "uri = ws:", "uri = wss:", "tls_enabled is not set"},
	} {
		t.Run(name, func(t *testing.T) {
			dir := filepath.Join(t.TempDir(), "etc")
			if err := os.CopyFS(dir, os.DirFS(filepath.Join(ast.Dir, "etc"))); err != nil {
				t.Fatal(err)
			}
			if tc.file != "" {
				text, err := os.ReadFile(filepath.Join(dir, tc.file))
				if err != nil || !strings.Contains(string(text), tc.from) {
					t.Fatalf("nothing to break: %v", err)
				}
				write(t, dir, tc.file, strings.Replace(string(text), tc.from, tc.to, 1))
			}
			said, err := examine(t, good, dir)
			if (tc.file == "") != (err == nil) || !strings.Contains(said, tc.want) || strings.Contains(said, "link-password") {
				t.Errorf("%v, want %q in:\n%s", err, tc.want, said)
			}
			if tc.file != "" && !strings.Contains(said, "──── into /etc/asterisk/") {
				t.Errorf("nothing to write anywhere:\n%s", said)
			}
		})
	}
	t.Run("not in Asterisk", func(t *testing.T) {
		cfg := good
		cfg.Telephony.ARI.App = "unknown"
		if said, err := examine(t, cfg, t.TempDir()); err == nil || !strings.Contains(said, "WRONG  Asterisk keeps the application unknown for Pult") {
			t.Errorf("%v\n%s", err, said)
		}
	})
}

// TestDoctorCountsPeople: sessionlimit is judged by the people in the database, which is left as it is.
func TestDoctorCountsPeople(t *testing.T) {
	cfg := testConfig(t)
	addPeople(t, cfg, 3)
	dir := t.TempDir()
	write(t, dir, "http.conf", "[general]\nenabled = yes\nsessionlimit = 211\n")
	said, _ := examine(t, cfg, dir)
	for _, want := range []string{"people: 3, queues: 2", "it is 211; 212 are needed"} {
		if !strings.Contains(said, want) {
			t.Errorf("no %q in:\n%s", want, said)
		}
	}
}

func replace(from, to string) func(string) string {
	return func(s string) string { return strings.ReplaceAll(s, from, to) }
}

func write(t *testing.T, dir, name, text string) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

func move(t *testing.T, dir, from, to string) {
	t.Helper()
	if err := os.Rename(filepath.Join(dir, from), filepath.Join(dir, to)); err != nil {
		t.Fatal(err)
	}
}

func addPeople(t *testing.T, cfg config.Config, n int) {
	t.Helper()
	logins := []string{"anna", "boris", "vera", "gleb"}
	for _, login := range slices.Clip(logins[:n]) {
		if _, err := app.AddUser(t.Context(), cfg, discard(), app.UserSpec{Login: login, Name: login, Password: "a long password", Role: "OPERATOR"}); err != nil {
			t.Fatal(err)
		}
	}
}

func discard() *slog.Logger { return slog.New(slog.DiscardHandler) }
