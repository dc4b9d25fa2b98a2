package app_test

import (
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/pult-cc/pult/connectors/onec/onecsim"
	"github.com/pult-cc/pult/internal/app"
	"github.com/pult-cc/pult/internal/auth"
	"github.com/pult-cc/pult/internal/config"
	"github.com/pult-cc/pult/internal/lab"
)

const crmPassword = "п@роль 1С"

// admin signs in to a process as somebody who administers it.
func admin(t *testing.T, base string) *client {
	t.Helper()
	c := newClient(t, base)
	if _, code := c.query(`mutation{signIn(input:{login:"adam",password:"a long password"}){viewer{roles}}}`); code != "" {
		t.Fatalf("sign-in gave %q", code)
	}
	return c
}

func webConfig(t *testing.T) config.Config {
	t.Helper()
	cfg := testConfig(t)
	cfg.Telephony.Driver = config.DriverFakePBX
	cfg.WebConnectors.Networks = []string{"127.0.0.0/8"}
	return cfg
}

func addAdmin(t *testing.T, cfg config.Config) {
	t.Helper()
	if _, err := app.AddUser(t.Context(), cfg, slog.New(slog.DiscardHandler), app.UserSpec{
		Login: "adam", Name: "Adam", Password: "a long password", Role: auth.RoleAdmin,
	}); err != nil {
		t.Fatal(err)
	}
}

func demoBase(t *testing.T) string {
	t.Helper()
	srv := httptest.NewServer(onecsim.New(onecsim.Options{Base: onecsim.NewDemo(), User: "Пульт", Password: crmPassword}))
	t.Cleanup(srv.Close)
	return srv.URL + "/demo"
}

// upsert writes a connector to a 1C; change is more of the draft.
func upsert(address, config, change string) string {
	return fmt.Sprintf(`mutation{upsertConnector(input:{connector:{id:"1c",kind:"onec",name:"Base",config:{base_url:%q,user:"Пульт"%s}%s}}){connector{version state}}}`,
		address, config, change)
}

var theSecret = fmt.Sprintf(`,secrets:[{path:"password",value:%q}]`, crmPassword)

// caller asks who calls and returns state and name.
func (c *client) caller(number string) string {
	c.t.Helper()
	data, code := c.query(fmt.Sprintf(`{matchCaller(number:%q){state chosen{name sourceName}}}`, number))
	if code != "" {
		c.t.Fatalf("matchCaller gave %q", code)
	}
	m := data["matchCaller"].(map[string]any)
	if chosen, ok := m["chosen"].(map[string]any); ok {
		return fmt.Sprint(m["state"], " ", chosen["name"], " ", chosen["sourceName"])
	}
	return m["state"].(string)
}

// TestConnectorsOfTheWebAppComeAndGo: added, changed, refused, disabled and deleted without a restart.
func TestConnectorsOfTheWebAppComeAndGo(t *testing.T) {
	cfg, address := webConfig(t), demoBase(t)
	addAdmin(t, cfg)
	c := admin(t, serve(t, cfg))
	const number, maria = "+79750124567", "FOUND Котова Мария Сергеевна Base"
	if got := c.caller(number); got != "NONE" {
		t.Fatalf("before there is a system: %s", got)
	}
	if _, code := c.query(upsert(address, "", theSecret)); code != "" {
		t.Fatalf("adding gave %q", code)
	}
	if got := c.caller(number); got != maria {
		t.Errorf("with the system: %s", got)
	}
	for what, doc := range map[string]string{
		"a field that is none": upsert(address, `,max_conexions:1`, ",version:1"), "a late change": upsert(address, "", ",version:7"),
		"a network that is not permitted": upsert(address, `,networks:["10.0.0.0/8"]`, ",version:1"),
		"another server for the secret":   upsert(strings.Replace(address, "127.0.0.1", "127.0.0.2", 1), "", ",version:1"),
	} {
		if _, code := c.query(doc); code != "BAD_USER_INPUT" && code != "CONFLICT" {
			t.Errorf("%s gave %q", what, code)
		}
		if got := c.caller(number); got != maria {
			t.Errorf("after %s was refused: %s", what, got)
		}
	}
	if _, code := c.query(upsert(address, `,max_connections:2`, `,version:1`)); code != "" {
		t.Errorf("changing gave %q", code)
	}
	if got := c.caller(number); got != maria {
		t.Errorf("changed: %s", got)
	}
	if _, code := c.query(upsert(address, "", `,version:2,disabled:true`)); code != "" {
		t.Errorf("disabling gave %q", code)
	}
	if got := c.caller("+79750121905"); got != "NONE" { // one that nobody has asked about before
		t.Errorf("disabled: %s", got)
	}
	if _, code := c.query(upsert(address, "", `,version:3`)); code != "" {
		t.Errorf("enabling gave %q", code)
	}
	if got := c.caller("+79750121905"); !strings.HasPrefix(got, "FOUND Лебедева") {
		t.Errorf("enabled: %s", got)
	}
	if _, code := c.query(`mutation{deleteConnector(input:{id:"1c",version:4}){id}}`); code != "" {
		t.Errorf("deleting gave %q", code)
	}
	data, _ := c.query(`{connectors{id} system{parts{name}}}`)
	if len(data["connectors"].([]any)) != 0 || strings.Contains(fmt.Sprint(data["system"]), "connector:1c") {
		t.Errorf("after it was deleted: %v", data)
	}
}

// TestAChangedSettingLeavesCallersFound: the system is away, so that the phone index alone knows who calls, before and after.
func TestAChangedSettingLeavesCallersFound(t *testing.T) {
	cfg := webConfig(t)
	sim := onecsim.New(onecsim.Options{Base: onecsim.NewDemo(), User: "Пульт", Password: crmPassword})
	srv := httptest.NewServer(sim)
	t.Cleanup(srv.Close)
	address := srv.URL + "/demo"
	addAdmin(t, cfg)
	c := admin(t, serve(t, cfg))
	if _, code := c.query(upsert(address, "", theSecret)); code != "" {
		t.Fatalf("adding gave %q", code)
	}
	deadline := time.After(20 * time.Second)
	for {
		data, _ := c.query(`{phoneIndexes{completeAt}}`)
		if all := data["phoneIndexes"].([]any); len(all) == 1 && all[0].(map[string]any)["completeAt"] != nil {
			break
		}
		select {
		case <-deadline:
			t.Fatalf("the base is not read: %v", data)
		case <-time.After(20 * time.Millisecond):
		}
	}
	sim.Suffer(&onecsim.Trouble{Status: 503})
	const number, maria = "+79750124567", "FAILED Котова Мария Сергеевна " // in the index, and the system does not answer
	for i, change := range []struct{ name, config string }{
		{"Base", `,max_connections:2`},
		{"Наша база", `,max_connections:2`},
		{"1C", `,max_connections:2,links:"https://1c.example.com/"`}, // all has to be read anew, and cannot
	} {
		doc := strings.Replace(upsert(address, change.config, fmt.Sprintf(",version:%d", i+1)), `name:"Base"`, fmt.Sprintf("name:%q", change.name), 1)
		if _, code := c.query(doc); code != "" {
			t.Fatalf("change %d gave %q", i, code)
		}
		if got := c.caller(number); got != maria+change.name {
			t.Errorf("after change %d: %s", i, got)
		}
	}
}

// TestAnotherAccountBehindTheSameAddressIsAnotherSystem: a vendor's one address, where the key alone tells whose customers they are.
func TestAnotherAccountBehindTheSameAddressIsAnotherSystem(t *testing.T) {
	var away atomic.Bool
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch {
		case away.Load():
			w.WriteHeader(http.StatusServiceUnavailable)
		case r.Header.Get("Authorization") == "Bearer first":
			_, _ = fmt.Fprint(w, `[{"type":"person","id":"1","name":"Мария","phones":[{"raw":"+79750124567"}]}]`)
		default:
			_, _ = fmt.Fprint(w, "[]")
		}
	}))
	t.Cleanup(srv.Close)
	cfg := webConfig(t)
	addAdmin(t, cfg)
	c := admin(t, serve(t, cfg))
	upsert := func(version int, token string) {
		t.Helper()
		_, code := c.query(fmt.Sprintf(`mutation{upsertConnector(input:{connector:{id:"crm",kind:"httpjson",name:"CRM",version:%d,config:{base_url:%q,
			auth:{kind:"bearer"},types:{person:{kind:"PERSON"}},operations:{check:{path:"/me",result:"{}"},lookup:{path:"/find"},index:{path:"/all",result:"{candidates: .}"}}},
			secrets:[{path:"auth.token",value:%q}]}}){connector{version}}}`, version, srv.URL, token))
		if code != "" {
			t.Fatalf("saving gave %q", code)
		}
	}
	upsert(0, "first")
	waitFor(t, "the first account is not read", func() bool {
		data, _ := c.query(`{phoneIndexes{completeAt}}`)
		all := data["phoneIndexes"].([]any)
		return len(all) == 1 && all[0].(map[string]any)["completeAt"] != nil
	})
	away.Store(true)
	if got := c.caller("+79750124567"); got != "FAILED Мария CRM" {
		t.Fatalf("of the first account: %s", got)
	}
	upsert(1, "second")
	if got := c.caller("+79750124567"); got != "FAILED" {
		t.Errorf("of the second account: %s", got)
	}
}

// TestConnectorsOfTheWebAppAreSharedAndKept: another process uses what one was told, and a restart keeps it.
func TestConnectorsOfTheWebAppAreSharedAndKept(t *testing.T) {
	pg, err := lab.StartPostgres(t.Context(), lab.ServerOptions{})
	if err != nil {
		t.Fatal(err)
	}
	redis, err := lab.StartRedis(t.Context(), lab.ServerOptions{})
	if err != nil {
		t.Fatal(err)
	}
	cfg, address := webConfig(t), demoBase(t)
	cfg.Database.DSN, cfg.Bus.URL = pg.URL, redis.URL
	addAdmin(t, cfg)
	one, two := admin(t, serve(t, cfg)), admin(t, serve(t, cfg))
	if _, code := one.query(upsert(address, "", theSecret)); code != "" {
		t.Fatalf("adding gave %q", code)
	}
	deadline := time.After(5 * time.Second) // sooner than it would look by itself
	for !strings.HasPrefix(two.caller("+79750124567"), "FOUND") {
		select {
		case <-deadline:
			t.Fatal("the other process does not use it")
		case <-time.After(20 * time.Millisecond):
		}
	}
	if got := admin(t, serve(t, cfg)).caller("+79750121905"); !strings.HasPrefix(got, "FOUND") {
		t.Errorf("a process that was started later: %s", got)
	}
	// A process that permits less shows what is wrong and serves all the same.
	cfg.WebConnectors.Networks = []string{"10.0.0.0/8"}
	strict := admin(t, serve(t, cfg))
	data, _ := strict.query(`mutation{testConnector(input:{id:"1c"}){trial{ok problem}}}`)
	if !strings.Contains(fmt.Sprint(data), "web_connectors.networks") {
		t.Errorf("where the network is not permitted: %v", data)
	}
}
