package app_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/cookiejar"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/pult-cc/pult/internal/app"
	"github.com/pult-cc/pult/internal/auth"
	"github.com/pult-cc/pult/internal/config"
	"github.com/pult-cc/pult/internal/lab"
)

func testConfig(t *testing.T) config.Config {
	t.Helper()
	cfg := config.Default()
	dir := t.TempDir()
	cfg.Server.Listen = "127.0.0.1:0"
	cfg.Server.DrainTimeout = 2 * time.Second
	cfg.Database.DSN = "sqlite:" + filepath.Join(dir, "pult.db")
	cfg.Seal.KeyFile = filepath.Join(dir, "pult.key")
	cfg.Telephony.ARI.Password = "nobody-listens"
	cfg.Telephony.ARI.URL = "http://127.0.0.1:1/ari"
	cfg.Telephony.PhoneWSURLs = []string{"ws://127.0.0.1:1/ws"}
	return cfg
}

// serve runs an app until the test ends and returns its base address.
func serve(t *testing.T, cfg config.Config) string {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	ready := make(chan net.Addr, 1)
	a, err := app.New(ctx, cfg, app.Options{
		Version: "test", Log: slog.New(slog.NewTextHandler(t.Output(), nil)), Ready: func(addr net.Addr) { ready <- addr },
	})
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan error, 1)
	go func() { done <- a.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		select {
		case err := <-done:
			if err != nil {
				t.Errorf("stopping: %v", err)
			}
		case <-time.After(10 * time.Second):
			t.Error("does not stop")
		}
		if err := a.Close(); err != nil {
			t.Errorf("closing: %v", err)
		}
	})
	select {
	case addr := <-ready:
		return "http://" + addr.String()
	case err := <-done:
		t.Fatalf("ended at once: %v", err)
	case <-time.After(20 * time.Second):
		t.Fatal("not ready in 20 s")
	}
	return ""
}

type client struct {
	t    *testing.T
	base string
	http *http.Client
}

func newClient(t *testing.T, base string) *client {
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	return &client{t, base, &http.Client{Jar: jar, Timeout: 10 * time.Second}}
}

// query posts a document and returns its data, or the first error's code.
func (c *client) query(doc string) (map[string]any, string) {
	c.t.Helper()
	body, err := json.Marshal(map[string]string{"query": doc})
	if err != nil {
		c.t.Fatal(err)
	}
	req, err := http.NewRequestWithContext(c.t.Context(), http.MethodPost, c.base+"/graphql", bytes.NewReader(body))
	if err != nil {
		c.t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("X-Pult-Client", "test")
	resp, err := c.http.Do(req)
	if err != nil {
		c.t.Fatal(err)
	}
	defer resp.Body.Close()
	var out struct {
		Data   map[string]any
		Errors []struct {
			Message    string
			Extensions struct{ Code string }
		}
	}
	if err := json.NewDecoder(resp.Body).Decode(&out); err != nil {
		c.t.Fatal(err)
	}
	if len(out.Errors) > 0 {
		return out.Data, out.Errors[0].Extensions.Code
	}
	return out.Data, ""
}

// TestAsteriskDownAtStart: the page, sign-in and history are served; what needs the telephone system says so.
func TestAsteriskDownAtStart(t *testing.T) {
	cfg := testConfig(t)
	if _, err := app.AddUser(t.Context(), cfg, slog.New(slog.DiscardHandler), app.UserSpec{
		Login: "anna", Name: "Anna", Password: "a long password", Role: auth.RoleOperator,
	}); err != nil {
		t.Fatal(err)
	}
	base := serve(t, cfg)
	c := newClient(t, base)
	if _, code := c.query(`mutation{signIn(input:{login:"anna",password:"wrong"}){viewer{roles}}}`); code != "UNAUTHENTICATED" {
		t.Fatalf("a wrong password gave %q", code)
	}
	if _, code := c.query(`{queues{id}}`); code != "UNAUTHENTICATED" {
		t.Fatalf("unsigned request gave %q", code)
	}
	if _, code := c.query(`mutation{signIn(input:{login:"anna",password:"a long password"}){viewer{roles}}}`); code != "" {
		t.Fatalf("sign-in gave %q", code)
	}
	data, code := c.query(`{queues{key} system{ready parts{name ok detail}}}`)
	if code != "" || len(data["queues"].([]any)) != 2 {
		t.Fatalf("queues: %v %q", data, code)
	}
	var pbx map[string]any
	for _, p := range data["system"].(map[string]any)["parts"].([]any) {
		if part := p.(map[string]any); part["name"] == "pbx" {
			pbx = part
		}
	}
	if pbx == nil || pbx["ok"] != false || pbx["detail"] == "" {
		t.Fatalf("the state of the telephone system is %v", pbx)
	}
	if _, code := c.query(`mutation{startPhone(input:{clientId:"w1"}){phone{id}}}`); code != "UNAVAILABLE" {
		t.Fatalf("startPhone without a telephone system gave %q", code)
	}
	if _, code := c.query(`mutation{dial(input:{number:"+79161234567"}){call{id}}}`); code != "UNAVAILABLE" {
		t.Fatalf("dial without a telephone system gave %q", code)
	}
}

func TestPagesAreServedSafely(t *testing.T) {
	base := serve(t, testConfig(t))
	for path, want := range map[string]int{"/": 200, "/settings": 200, "/assets/none.js": 404, "/healthz": 200, "/readyz": 200, "/../../etc/passwd": 200} {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, base+path, nil)
		if err != nil {
			t.Fatal(err)
		}
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(resp.Body)
		resp.Body.Close()
		if err != nil || resp.StatusCode != want {
			t.Errorf("%s: %d, %v", path, resp.StatusCode, err)
		}
		if strings.Contains(string(body), "root:") {
			t.Errorf("%s escapes the web app", path)
		}
		if path == "/" && !strings.Contains(resp.Header.Get("Content-Security-Policy"), "frame-ancestors 'none'") {
			t.Error("the page may be framed")
		}
	}
}

// TestSharedFloor: two processes over PostgreSQL and Redis see one floor, one of them owns it, and the other takes over.
func TestSharedFloor(t *testing.T) {
	pg, err := lab.StartPostgres(t.Context(), lab.ServerOptions{})
	if err != nil {
		t.Fatal(err)
	}
	redis, err := lab.StartRedis(t.Context(), lab.ServerOptions{})
	if err != nil {
		t.Fatal(err)
	}
	cfg := testConfig(t)
	cfg.Database.DSN, cfg.Bus.URL = pg.URL, redis.URL
	cfg.Telephony.Driver = config.DriverFakePBX
	if _, err := app.AddUser(t.Context(), cfg, slog.New(slog.DiscardHandler), app.UserSpec{
		Login: "anna", Name: "Anna", Password: "a long password", Role: auth.RoleOperator,
	}); err != nil {
		t.Fatal(err)
	}
	one, two := newClient(t, serve(t, cfg)), newClient(t, serve(t, cfg))
	for _, c := range []*client{one, two} {
		if _, code := c.query(`mutation{signIn(input:{login:"anna",password:"a long password"}){viewer{roles}}}`); code != "" {
			t.Fatalf("sign-in gave %q", code)
		}
	}
	for i, want := range []string{"READY", "OFFLINE"} {
		from, to := one, two
		if i == 1 {
			from, to = two, one
		}
		if _, code := from.query(fmt.Sprintf(`mutation{setAvailability(input:{availability:%s}){operator{availability}}}`, want)); code != "" {
			t.Fatalf("setting availability gave %q", code)
		}
		deadline := time.After(5 * time.Second)
		for {
			data, _ := to.query(`{operators{availability}}`)
			if got := data["operators"].([]any)[0].(map[string]any)["availability"]; got == want {
				break
			}
			select {
			case <-deadline:
				t.Fatalf("the other process does not see %s", want)
			case <-time.After(20 * time.Millisecond):
			}
		}
	}
}
