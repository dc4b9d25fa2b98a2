package app_test

import (
	"log/slog"
	"net"
	"net/http"
	"testing"
	"time"

	"github.com/pult-cc/pult/internal/app"
	"github.com/pult-cc/pult/internal/auth"
	"github.com/pult-cc/pult/internal/config"
	"github.com/pult-cc/pult/internal/lab"
)

// outbound makes Asterisk connect to the configuration's process, and returns the address that it connects to.
func outbound(t *testing.T, cfg *config.Config) string {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	addr := ln.Addr().String()
	if err := ln.Close(); err != nil {
		t.Fatal(err)
	}
	cfg.Telephony.ARI.Link = config.LinkOutbound
	cfg.Telephony.ARI.Outbound = config.Outbound{Listen: addr, Path: "/asterisk", User: "asterisk", Password: "link-password"}
	return addr
}

// knock is the answer to a load balancer's check.
func knock(t *testing.T, url, password string) int {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	req.SetBasicAuth("asterisk", password)
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return 0
	}
	resp.Body.Close()
	return resp.StatusCode
}

// until waits for a condition.
func until(t *testing.T, what string, cond func() bool) {
	t.Helper()
	deadline := time.After(20 * time.Second)
	for !cond() {
		select {
		case <-deadline:
			t.Fatal("waited in vain for " + what)
		case <-time.After(20 * time.Millisecond):
		}
	}
}

// TestCallWaitsForPultThatRestarts: Asterisk connects to Pult; a call that SIPp makes while Pult is away stays in the application, and
// the next Pult has it in its queue.
func TestCallWaitsForPultThatRestarts(t *testing.T) {
	cfg := testConfig(t)
	addr := outbound(t, &cfg)
	ast, err := lab.StartAsterisk(t.Context(), lab.AsteriskOptions{
		Dir: t.TempDir(), OutboundURL: "ws://" + addr + "/asterisk", OutboundUser: "asterisk", OutboundPassword: "link-password",
	})
	if err != nil {
		t.Fatal(err)
	}
	cfg.Telephony.ARI.URL, cfg.Telephony.ARI.User, cfg.Telephony.ARI.Password = ast.ARIURL, ast.ARIUser, ast.ARIPassword
	if _, err := app.AddUser(t.Context(), cfg, slog.New(slog.DiscardHandler), app.UserSpec{
		Login: "vera", Name: "Vera", Password: "a long password", Role: auth.RoleSupervisor,
	}); err != nil {
		t.Fatal(err)
	}
	linked := func(t *testing.T) *client {
		c := newClient(t, serve(t, cfg))
		if _, code := c.query(`mutation{signIn(input:{login:"vera",password:"a long password"}){viewer{roles}}}`); code != "" {
			t.Fatalf("sign-in gave %q", code)
		}
		until(t, "Asterisk", func() bool {
			data, _ := c.query(`{system{parts{name ok}}}`)
			for _, p := range data["system"].(map[string]any)["parts"].([]any) {
				if part := p.(map[string]any); part["name"] == "pbx" && part["ok"] == true {
					return true
				}
			}
			return false
		})
		return c
	}
	if !t.Run("before", func(t *testing.T) { linked(t) }) {
		return
	}
	call, err := ast.Call(t.Context(), lab.CallOptions{To: "support", From: "+79161234567"})
	if err != nil {
		t.Fatal(err)
	}
	defer call.Close()
	until(t, "the call in Asterisk", func() bool {
		var channels []struct {
			State    string
			Dialplan struct {
				App string `json:"app_name"`
			}
		}
		err := ast.ARI(t.Context(), http.MethodGet, "/channels", nil, &channels)
		return err == nil && len(channels) == 1 && channels[0].Dialplan.App == "Stasis"
	})
	t.Run("after", func(t *testing.T) {
		c := linked(t)
		until(t, "the call in the queue", func() bool {
			data, _ := c.query(`{queues{key waiting}}`)
			for _, q := range data["queues"].([]any) {
				if q := q.(map[string]any); q["key"] == "support" {
					return q["waiting"] == 1.0
				}
			}
			return false
		})
		if data, code := c.query(`{calls{from{number{e164}} queue{key}}}`); code != "" || len(data["calls"].([]any)) != 1 {
			t.Errorf("calls are %v, %s", data, code)
		}
	})
}

// TestOnlyTheOwnerLetsAsteriskIn: the others answer 503, so that a balancer in between looks for the owner; when it dies another opens.
func TestOnlyTheOwnerLetsAsteriskIn(t *testing.T) {
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
	outbound(t, &cfg)
	cfg.Telephony.ARI.Outbound.Listen = "" // on the server's own address
	var heir string
	all := t
	t.Run("two", func(t *testing.T) {
		owner := serve(t, cfg) + "/asterisk" // ends with this part of the test
		until(t, "the owner", func() bool { return knock(t, owner, "link-password") == http.StatusNoContent })
		if got := knock(t, owner, "wrong"); got != http.StatusUnauthorized {
			t.Errorf("a wrong password is answered %d", got)
		}
		heir = serve(all, cfg) + "/asterisk"
		if got := knock(t, heir, "link-password"); got != http.StatusServiceUnavailable {
			t.Errorf("who does not own the calls answers %d, want 503", got)
		}
	})
	until(t, "the heir", func() bool { return knock(t, heir, "link-password") == http.StatusNoContent })
}
