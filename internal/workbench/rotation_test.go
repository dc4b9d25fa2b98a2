package workbench_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"github.com/pult-cc/pult/connectors"
	"github.com/pult-cc/pult/internal/errs"
	"github.com/pult-cc/pult/internal/workbench"
)

// portal is a system whose refresh tokens are good once.
type portal struct {
	*httptest.Server
	mu      sync.Mutex
	turn    int
	refused int
}

func newPortal(t *testing.T) *portal {
	t.Helper()
	p := &portal{}
	p.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		p.mu.Lock()
		defer p.mu.Unlock()
		if r.URL.Path != "/token" {
			_, _ = w.Write([]byte("[]"))
			return
		}
		if r.FormValue("refresh_token") != fmt.Sprint("refresh-", p.turn) {
			p.refused++
			w.WriteHeader(http.StatusBadRequest)
			return
		}
		p.turn++
		_, _ = fmt.Fprintf(w, `{"access_token":"access-%d","refresh_token":"refresh-%d","expires_in":3600}`, p.turn, p.turn)
	}))
	t.Cleanup(p.Close)
	return p
}

func (p *portal) draft(id string) workbench.Draft {
	config, _ := json.Marshal(map[string]any{
		"base_url": p.URL,
		"auth":     map[string]any{"kind": "oauth2_refresh_token", "token_url": "/token", "client_id": "pult"},
		"operations": map[string]any{
			"check": map[string]any{"path": "/me", "result": "{}"}, "lookup": map[string]any{"path": "/find", "result": "[]"},
		},
	})
	return workbench.Draft{ID: id, Kind: "httpjson", Name: "Portal", Config: config, Secrets: map[string]*string{"auth.refresh_token": ptr("refresh-0")}}
}

// another is a workbench of another process, or of this one after a restart.
func (s *stand) another(t *testing.T, change ...func(*workbench.Options)) *stand {
	t.Helper()
	return newStand(t, append([]func(*workbench.Options){func(o *workbench.Options) {
		o.Repository, o.Sealer, o.Lock = s.rows, s.sealer, s.lock
	}}, change...)...)
}

func (s *stand) test(t *testing.T, sub workbench.Subject) {
	t.Helper()
	if got, err := s.Test(t.Context(), sub); err != nil || got.Problem != nil {
		t.Errorf("tested: %v, %v", got.Problem, err)
	}
}

func TestRefreshTokensThatChangeOutliveTheProcess(t *testing.T) {
	p, s := newPortal(t), newStand(t)
	s.save(p.draft("crm"))
	saved := workbench.Subject{ID: "crm"}
	s.test(t, saved)
	s.test(t, saved)
	s.another(t).test(t, saved)
	renamed := p.draft("crm")
	renamed.Version, renamed.Name, renamed.Secrets = 1, "Наш портал", nil
	s.save(renamed)
	s.test(t, saved)
	if p.turn != 4 || p.refused != 0 {
		t.Errorf("%d tokens were given, %d refused", p.turn, p.refused)
	}
	if text := string(s.rows.rotated["crm"]); text == "" || strings.Contains(text, "refresh-") || strings.Contains(s.log.String(), "refresh-") {
		t.Errorf("stored as %q, logged %s", text, s.log.String())
	}
	// Typed anew it is another one.
	p.turn = 0
	again := p.draft("crm")
	again.Version, again.Secrets = 2, map[string]*string{"auth.refresh_token": ptr("refresh-7")}
	p.turn = 7
	s.save(again)
	s.test(t, saved)
	if p.turn != 8 || p.refused != 0 {
		t.Errorf("typed anew: turn %d, %d refused", p.turn, p.refused)
	}
}

func TestTwoProcessesUseNoSpentToken(t *testing.T) {
	p, s := newPortal(t), newStand(t)
	s.save(p.draft("crm"))
	var wg sync.WaitGroup
	for _, process := range []*stand{s, s.another(t), s.another(t)} {
		for range 4 {
			wg.Go(func() { process.test(t, workbench.Subject{ID: "crm"}) })
		}
	}
	wg.Wait()
	if p.turn != 12 || p.refused != 0 {
		t.Errorf("%d tokens were given, %d refused", p.turn, p.refused)
	}
}

func TestATokenThatWasSpentBeforeSavingIsNotSaved(t *testing.T) {
	p, s := newPortal(t), newStand(t)
	unnamed := p.draft("")
	s.test(t, workbench.Subject{Draft: &unnamed})
	named := p.draft("crm")
	s.save(named)
	s.another(t).test(t, workbench.Subject{ID: "crm"})
	if p.turn != 2 || p.refused != 0 {
		t.Errorf("%d tokens were given, %d refused", p.turn, p.refused)
	}
}

func TestATokenThatWasSpentUnderAnotherNameIsNotSaved(t *testing.T) {
	p, s := newPortal(t), newStand(t)
	tried := p.draft("b24")
	s.test(t, workbench.Subject{Draft: &tried})
	s.save(p.draft("crm"))
	s.another(t).test(t, workbench.Subject{ID: "crm"})
	if p.turn != 2 || p.refused != 0 {
		t.Errorf("%d tokens were given, %d refused", p.turn, p.refused)
	}
}

// Whoever knows a token that was given once, and another address, does not get the newest one sent there.
func TestARenewedTokenGoesNowhereElse(t *testing.T) {
	p, s := newPortal(t), newStand(t)
	s.save(p.draft("crm"))
	s.test(t, workbench.Subject{ID: "crm"})
	var got []string
	thief := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { got = append(got, r.FormValue("refresh_token")) }))
	defer thief.Close()
	d := p.draft("crm")
	d.Version, d.Config = 1, json.RawMessage(strings.Replace(string(d.Config), p.URL, thief.URL, 1))
	if _, err := s.Test(t.Context(), workbench.Subject{Draft: &d}); err != nil {
		t.Fatal(err)
	}
	if len(got) != 1 || got[0] != "refresh-0" {
		t.Errorf("sent %v", got)
	}
}

// renew has a connector's refresh token changed to next, by the process s, and returns what it was.
func (s *stand) renew(t *testing.T, next string) (former string, err error) {
	t.Helper()
	specs, err := s.Specs(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	err = specs[0].Secrets.(connectors.Rotating).Rotate(t.Context(), "sealed:auth.refresh_token", func(_ context.Context, value string) (string, error) {
		former = value
		return next, nil
	})
	return former, err
}

// The database stores a token and its answer is lost; another process goes on from there.
func TestATokenWhoseStoringIsUncertainDoesNotComeBack(t *testing.T) {
	p, s := newPortal(t), newStand(t)
	s.save(p.draft("crm"))
	other := s.another(t)
	s.rows.lost = errs.E(errs.Timeout, "writing", "no answer")
	if _, err := s.renew(t, "a"); !errs.Is(err, errs.Unavailable) {
		t.Errorf("while answers are lost: %v", err)
	}
	s.rows.lost = nil
	if former, err := other.renew(t, "b"); err != nil || former != "a" {
		t.Errorf("the other process used %q, %v", former, err)
	}
	renamed := p.draft("crm")
	renamed.Version, renamed.Name, renamed.Secrets = 1, "Наш портал", nil
	s.save(renamed) // stores what it believes not to be stored
	for i, process := range []*stand{s, other} {
		if former, err := process.renew(t, string(rune('c'+i))); err != nil || former != string(rune('b'+i)) {
			t.Errorf("process %d used %q, %v", i, former, err)
		}
	}
}

func TestATokenThatCannotBeStoredIsTheNextOneUsed(t *testing.T) {
	p, s := newPortal(t), newStand(t)
	s.save(p.draft("crm"))
	specs, err := s.Specs(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	secrets := specs[0].Secrets.(connectors.Rotating)
	use := func(next string) (seen string, err error) {
		err = secrets.Rotate(t.Context(), "sealed:auth.refresh_token", func(_ context.Context, value string) (string, error) {
			seen = value
			return next, nil
		})
		return seen, err
	}
	s.rows.broken = errs.E(errs.Unavailable, "writing", "the database is away")
	if _, err := use("a"); !errs.Is(err, errs.Unavailable) {
		t.Errorf("while the database is away: %v", err)
	}
	s.rows.broken = nil
	for i, want := range []string{"refresh-0", "b"} {
		if seen, err := use("b"); err != nil || seen != want {
			t.Errorf("%d: used %q, %v", i, seen, err)
		}
	}
	asked, end := context.WithCancel(t.Context())
	err = secrets.Rotate(asked, "sealed:auth.refresh_token", func(ctx context.Context, _ string) (string, error) {
		end() // who asked has gone
		return "c", ctx.Err()
	})
	if seen, _ := use(""); err != nil || seen != "c" {
		t.Errorf("when nobody waits: %v, then %q", err, seen)
	}
	if err := secrets.Rotate(t.Context(), "env:HOME", nil); err == nil {
		t.Error("a reference to something else was resolved")
	}
}
