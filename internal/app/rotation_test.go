package app_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"github.com/pult-cc/pult/internal/lab"
)

// TestProcessesShareARefreshTokenThatChanges: with a real database and bus two processes and a third that starts later renew in turns,
// and none uses a token that another has spent.
func TestProcessesShareARefreshTokenThatChanges(t *testing.T) {
	pg, err := lab.StartPostgres(t.Context(), lab.ServerOptions{})
	if err != nil {
		t.Fatal(err)
	}
	redis, err := lab.StartRedis(t.Context(), lab.ServerOptions{})
	if err != nil {
		t.Fatal(err)
	}
	var mu sync.Mutex
	turn, refused := 0, 0
	portal := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		defer mu.Unlock()
		switch {
		case r.URL.Path != "/token":
			_, _ = fmt.Fprint(w, "[]")
		case r.FormValue("refresh_token") != fmt.Sprint("refresh-", turn):
			refused++
			w.WriteHeader(http.StatusBadRequest)
		default:
			turn++
			_, _ = fmt.Fprintf(w, `{"access_token":"a","refresh_token":"refresh-%d","expires_in":3600}`, turn)
		}
	}))
	defer portal.Close()
	cfg := webConfig(t)
	cfg.Database.DSN, cfg.Bus.URL = pg.URL, redis.URL
	addAdmin(t, cfg)
	one, two := admin(t, serve(t, cfg)), admin(t, serve(t, cfg))
	_, code := one.query(fmt.Sprintf(`mutation{upsertConnector(input:{connector:{id:"crm",kind:"httpjson",name:"CRM",config:{base_url:%q,
		auth:{kind:"oauth2_refresh_token",token_url:"/token",client_id:"pult"},
		operations:{check:{path:"/me",result:"{}"},lookup:{path:"/find",result:"[]"}}},secrets:[{path:"auth.refresh_token",value:"refresh-0"}]}}){connector{version}}}`, portal.URL))
	if code != "" {
		t.Fatalf("adding gave %q", code)
	}
	const test = `mutation{testConnector(input:{id:"crm"}){trial{ok problem}}}`
	var wg sync.WaitGroup
	for range 5 {
		for _, c := range []*client{one, two} {
			wg.Go(func() {
				if data, code := c.query(test); code != "" || !strings.Contains(fmt.Sprint(data), "ok:true") {
					t.Errorf("testing gave %q, %v", code, data)
				}
			})
		}
	}
	wg.Wait()
	if data, _ := admin(t, serve(t, cfg)).query(test); !strings.Contains(fmt.Sprint(data), "ok:true") {
		t.Errorf("a process that was started later: %v", data)
	}
	mu.Lock()
	defer mu.Unlock()
	if turn < 11 || refused != 0 {
		t.Errorf("%d tokens were given, %d refused", turn, refused)
	}
}
