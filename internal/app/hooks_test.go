package app_test

import (
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/pult-cc/pult/connectors"
	"github.com/pult-cc/pult/connectors/httpjson/sim"
	"github.com/pult-cc/pult/internal/app"
	"github.com/pult-cc/pult/internal/auth"
	"github.com/pult-cc/pult/internal/config"
	"github.com/pult-cc/pult/internal/customers"
	"github.com/pult-cc/pult/internal/errs"
	"github.com/pult-cc/pult/internal/interactions"
)

const eventToken = "51610fefc120afg4b628cc82d6298cce"

// portal is a configuration with a Bitrix24 in which Anna is user 1269.
func portal(t *testing.T) (config.Config, *sim.Sim) {
	t.Helper()
	s := sim.Bitrix24App("local.5c8b", "secret", "first")
	s.Add("contact", sim.Object{"ID": "797", "LAST_NAME": "Котова", "PHONE": []any{sim.Object{"VALUE": "+74951234567", "VALUE_TYPE": "WORK"}}, "HAS_PHONE": "Y"})
	s.Add("user", sim.Object{"ID": "1270", "NAME": "Борис", "LAST_NAME": "Ли", "EMAIL": "Boris@example.com", "ACTIVE": true})
	srv := httptest.NewServer(s)
	t.Cleanup(func() {
		srv.CloseClientConnections()
		srv.Close()
		for _, v := range s.Violations() {
			t.Errorf("Bitrix24 would not take it: %s", v)
		}
	})
	for name, value := range map[string]string{"B24_SECRET": "secret", "B24_REFRESH": "first", "B24_EVENTS": eventToken} {
		t.Setenv(name, value)
	}
	cfg := testConfig(t)
	cfg.Telephony.Driver = config.DriverFakePBX
	cfg.Connectors = []config.Connector{{
		ID: "b24", Kind: "httpjson", Name: "Битрикс24", NoIndex: true, Clicks: true, Operators: map[string]string{"anna": "1269"},
		Config: map[string]any{
			"preset": "bitrix24-app", "base_url": srv.URL + "/rest", "networks": []any{"127.0.0.0/8"},
			"auth": map[string]any{
				"token_url": "/oauth/token/", "client_id": "local.5c8b", "client_secret": "env:B24_SECRET", "refresh_token": "env:B24_REFRESH",
				"keep": filepath.Join(t.TempDir(), "refresh"),
			},
			"secrets": map[string]any{"application_token": "env:B24_EVENTS"},
		},
	}}
	for _, login := range []string{"anna", "boris@example.com"} {
		if _, err := app.AddUser(t.Context(), cfg, slog.New(slog.DiscardHandler), app.UserSpec{
			Login: login, Name: "Somebody", Password: "a long password", Role: auth.RoleOperator,
		}); err != nil {
			t.Fatal(err)
		}
	}
	return cfg, s
}

// atWork signs somebody in, with a phone, and ready.
func atWork(t *testing.T, base, login string) *client {
	t.Helper()
	c := newClient(t, base)
	for _, doc := range []string{
		`mutation{signIn(input:{login:"` + login + `",password:"a long password"}){viewer{roles}}}`,
		`mutation{startPhone(input:{clientId:"w1",take:true}){phone{id}}}`,
		`mutation{setAvailability(input:{availability:READY}){operator{id}}}`,
	} {
		if _, code := c.query(doc); code != "" {
			t.Fatalf("%s gave %q", doc, code)
		}
	}
	return c
}

// event sends what the portal sends when somebody clicks a number.
func event(t *testing.T, base, token, user, key string) (int, string) {
	t.Helper()
	form := url.Values{
		"event": {"ONEXTERNALCALLSTART"}, "data[PHONE_NUMBER]": {"+74951234567"}, "data[PHONE_NUMBER_INTERNATIONAL]": {"+74951234567"}, "data[USER_ID]": {user},
		"data[CALL_ID]": {"externalCall." + key}, "data[CRM_ENTITY_TYPE]": {"CONTACT"}, "data[CRM_ENTITY_ID]": {"797"},
		"ts": {strconv.FormatInt(time.Now().Unix(), 10)}, "auth[application_token]": {token},
	}
	return post(t, base+"/hooks/b24", "application/x-www-form-urlencoded", form.Encode())
}

func post(t *testing.T, address, kind, body string) (int, string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, address, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", kind)
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, string(text)
}

// numbers are those that somebody's calls go to.
func numbers(t *testing.T, c *client) []string {
	t.Helper()
	data, code := c.query(`{calls{direction to{number{e164}} match{chosen{name}}}}`)
	if code != "" {
		t.Fatalf("calls gave %q", code)
	}
	var out []string
	for _, call := range data["calls"].([]any) {
		out = append(out, call.(map[string]any)["to"].(map[string]any)["number"].(map[string]any)["e164"].(string))
	}
	return out
}

// waitFor repeats a look until it is as wanted.
func waitFor(t *testing.T, what string, good func() bool) {
	t.Helper()
	look := time.NewTicker(20 * time.Millisecond)
	defer look.Stop()
	limit := time.After(10 * time.Second)
	for !good() {
		select {
		case <-look.C:
		case <-limit:
			t.Fatal(what)
		}
	}
}

// The whole way: an event of the portal is a call of the operator who clicked, linked to the customer whose card it was.
func TestANumberClickedInBitrix24IsCalledByWhoClicked(t *testing.T) {
	cfg, _ := portal(t)
	base := serve(t, cfg)
	anna, boris := atWork(t, base, "anna"), atWork(t, base, "boris@example.com")
	waitFor(t, "the phones are not there", func() bool {
		data, _ := anna.query(`{operators{phoneOnline}}`)
		list, _ := data["operators"].([]any)
		for _, o := range list {
			if o.(map[string]any)["phoneOnline"] != true {
				return false
			}
		}
		return len(list) > 0
	})
	for range 2 { // the portal may send an event again
		if status, body := event(t, base, eventToken, "1269", "1"); status != http.StatusOK || body != `{"dialled":1}`+"\n" {
			t.Fatalf("%d %s", status, body)
		}
	}
	waitFor(t, "Anna has no call", func() bool { return len(numbers(t, anna)) == 1 })
	if got := numbers(t, anna); got[0] != "+74951234567" {
		t.Errorf("got %v", got)
	}
	waitFor(t, "the customer of the card is not linked", func() bool {
		data, _ := anna.query(`{calls{match{chosen{name}}}}`)
		raw, err := json.Marshal(data)
		return err == nil && strings.Contains(string(raw), "Котова")
	})
	// Who is in a call makes no other, and the portal is not asked to try again.
	if status, body := event(t, base, eventToken, "1269", "2"); status != http.StatusOK || !strings.Contains(body, `"dialled":0`) {
		t.Errorf("%d %s", status, body)
	}
	// Boris is found by his mail address there, which is his login here.
	if status, body := event(t, base, eventToken, "1270", "3"); status != http.StatusOK || !strings.Contains(body, `"dialled":1`) {
		t.Errorf("%d %s", status, body)
	}
	waitFor(t, "Boris has no call", func() bool { return len(numbers(t, boris)) > 0 })
}

func TestRequestsThatProveNothingCallNobody(t *testing.T) {
	cfg, _ := portal(t)
	base := serve(t, cfg)
	anna := atWork(t, base, "anna")
	if status, _ := event(t, base, "guessed", "1269", "1"); status != http.StatusUnauthorized {
		t.Errorf("another token: %d", status)
	}
	for name, c := range map[string]struct {
		path, kind, body string
		status           int
	}{
		"an unknown connector": {"/hooks/other", "application/json", "{}", http.StatusNotFound},
		"no JSON":              {"/hooks/b24", "application/json", "{", http.StatusBadRequest},
		"a text":               {"/hooks/b24", "text/plain", "x", http.StatusBadRequest},
		"too much":             {"/hooks/b24", "application/json", `{"x":"` + strings.Repeat("x", 70<<10) + `"}`, http.StatusBadRequest},
	} {
		if status, body := post(t, base+c.path, c.kind, c.body); status != c.status || strings.Contains(body, eventToken) {
			t.Errorf("%s: %d %s", name, status, body)
		}
	}
	if status, body := event(t, base, eventToken, "9999", "2"); status != http.StatusOK || !strings.Contains(body, "NOT_FOUND") {
		t.Errorf("somebody unknown: %d %s", status, body)
	}
	if got := numbers(t, anna); len(got) != 0 {
		t.Errorf("calls %v", got)
	}
}

func TestTooManyRequestsOfCustomerSystemsAreRefused(t *testing.T) {
	cfg, _ := portal(t)
	base := serve(t, cfg)
	refused := false
	for range 100 {
		if status, _ := event(t, base, "not the token", "1269", "1"); status != http.StatusUnauthorized {
			t.Fatalf("a request without proof: %d", status)
		}
	}
	if status, text := event(t, base, eventToken, "1269", "1"); status != http.StatusOK {
		t.Errorf("after a hundred of strangers: %d %s", status, text)
	}
	for i := 0; i < 100 && !refused; i++ {
		status, _ := event(t, base, eventToken, "1269", "1")
		refused = status == http.StatusTooManyRequests
	}
	if !refused {
		t.Error("no click was refused")
	}
	refused = false
	for i := 0; i < 2000 && !refused; i++ {
		status, _ := post(t, base+"/hooks/other", "application/json", "{}")
		refused = status == http.StatusTooManyRequests
	}
	if !refused {
		t.Error("no stranger was refused")
	}
}

func TestClicksNeedTheSystemsSecret(t *testing.T) {
	cfg, _ := portal(t)
	delete(cfg.Connectors[0].Config, "secrets")
	a, err := app.New(t.Context(), cfg, app.Options{Log: slog.New(slog.DiscardHandler)})
	if !errs.Is(err, errs.Invalid) || errs.FieldsOf(err)["connectors.b24.clicks"] == "" {
		t.Errorf("got %v", err)
	}
	if a != nil {
		_ = a.Close()
	}
}

// The whole way of a call into the telephony of Bitrix24: registered and finished for the user that the operator is there.
func TestCallsAreWrittenIntoBitrix24ForWhoLedThem(t *testing.T) {
	cfg, s := portal(t)
	cfg.Connectors[0].LogCalls, cfg.Connectors[0].Clicks = true, false
	a, err := app.New(t.Context(), cfg, app.Options{Version: "test", Log: slog.New(slog.NewTextHandler(t.Output(), nil))})
	if err != nil {
		t.Fatal(err)
	}
	anna, err := a.Store().Auth().UserByLogin(t.Context(), "anna")
	if err != nil {
		t.Fatal(err)
	}
	end := time.Now().UTC()
	answered := end.Add(-time.Minute)
	err = a.Store().Interactions().SaveCall(t.Context(), interactions.Interaction{
		ID: "call-1", Channel: interactions.ChannelCall, Direction: "INBOUND", OperatorID: anna.ID, StartedAt: answered, AnsweredAt: &answered, EndedAt: &end, ClosedAt: &end,
		Result: "ANSWERED", Number: customers.Number{E164: "+74951234567", Kind: customers.NumberPublic},
		CustomerID: customers.EncodeID(connectors.Ref{Connector: "b24", Type: "contact", ID: "797"}),
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := a.Close(); err != nil {
		t.Fatal(err)
	}
	serve(t, cfg)
	waitFor(t, "the statistics have no call", func() bool { return len(s.Set("statistic")) == 1 })
	if st := s.Set("statistic")[0]; st["PORTAL_USER_ID"] != "1269" || st["CALL_DURATION"] != "60" || st["CRM_ENTITY_ID"] != "797" || st["CALL_FAILED_CODE"] != "200" {
		t.Errorf("got %v", st)
	}
}
