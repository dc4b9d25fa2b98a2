package httpjson_test

import (
	"context"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/pult-cc/pult/connectors"
	"github.com/pult-cc/pult/connectors/httpjson"
	"github.com/pult-cc/pult/connectors/httpjson/sim"
	"github.com/pult-cc/pult/internal/errs"
)

// keepingAt opens applications of one Bitrix24 whose refresh token is kept in a file. before sees each request for a token.
func keepingAt(t *testing.T, path string, before func(*sim.Sim, *http.Request)) (reopen func() *httpjson.Driver) {
	t.Helper()
	sys := systems["bitrix24-app"]
	s := sys.sim()
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.Contains(r.URL.Path, "/oauth/") {
			before(s, r)
		}
		s.ServeHTTP(w, r)
	}))
	t.Cleanup(func() {
		srv.CloseClientConnections()
		srv.Close()
	})
	auth := maps.Clone(sys.config["auth"].(map[string]any))
	auth["keep"] = path
	config := maps.Clone(sys.config)
	config["auth"] = auth
	return func() *httpjson.Driver {
		d := open(t, srv.URL+sys.base, "bitrix24-app", config)
		t.Cleanup(func() { _ = d.Close() })
		return d
	}
}

// Another process with the same file, or a check on the command line, renews between our look into the file and our request.
func TestATokenThatAnotherProcessHasJustSpentIsTakenAnew(t *testing.T) {
	var faster *httpjson.Driver
	asked := 0
	reopen := keepingAt(t, filepath.Join(t.TempDir(), "refresh"), func(*sim.Sim, *http.Request) {
		if asked++; asked == 1 {
			if _, err := faster.Check(t.Context()); err != nil {
				t.Error(err)
			}
		}
	})
	faster = reopen()
	if _, err := reopen().Check(t.Context()); err != nil || asked != 3 {
		t.Errorf("%v, asked %d times", err, asked)
	}
}

// A ringing call has a deadline, and the system spends the token whether or not somebody waits for the new one.
func TestARenewalThatNobodyWaitsForAnyMoreIsKept(t *testing.T) {
	asked, giveUp := context.WithCancel(t.Context())
	defer giveUp()
	s, reopen := installed(t, "bitrix24-app", func(w http.ResponseWriter, r *http.Request, s *sim.Sim) bool {
		if !strings.Contains(r.URL.Path, "/oauth/") {
			return false
		}
		rec := httptest.NewRecorder()
		s.ServeHTTP(rec, r)
		giveUp()
		for k, v := range rec.Header() {
			w.Header()[k] = v
		}
		w.WriteHeader(rec.Code)
		_, _ = w.Write(rec.Body.Bytes())
		return true
	})
	d := reopen()
	if _, err := d.Check(asked); err == nil {
		t.Error("who has given up was answered")
	}
	if _, err := d.Check(t.Context()); err != nil {
		t.Errorf("afterwards: %v", err)
	}
	s.Expire()
	if _, err := reopen().Check(t.Context()); err != nil {
		t.Errorf("after a restart: %v", err)
	}
}

func TestATokenIsNotSpentWhereTheNextOneCannotBeKept(t *testing.T) {
	folder := filepath.Join(t.TempDir(), "later")
	spent := 0
	d := keepingAt(t, filepath.Join(folder, "refresh"), func(*sim.Sim, *http.Request) { spent++ })()
	if _, err := d.Check(t.Context()); !errs.Is(err, errs.Unavailable) || !strings.Contains(errs.Message(err), "auth.keep") || spent != 0 {
		t.Errorf("without the folder: %v, %d tokens spent", err, spent)
	}
	if err := os.Mkdir(folder, 0o700); err != nil {
		t.Fatal(err)
	}
	if _, err := d.Check(t.Context()); err != nil || spent != 1 {
		t.Errorf("with it: %v, %d tokens spent", err, spent)
	}
	if files, err := os.ReadDir(folder); err != nil || len(files) != 1 {
		t.Errorf("left are %v, %v", files, err)
	}
}

// The file has the former token, which is spent: it must not come back.
func TestATokenThatCouldNotBeKeptIsTheNextOneUsed(t *testing.T) {
	path := filepath.Join(t.TempDir(), "refresh")
	var sys *sim.Sim
	broken := false
	d := keepingAt(t, path, func(s *sim.Sim, _ *http.Request) {
		if sys = s; broken { // no file can take the place of a folder
			if err := os.Remove(path); err != nil {
				t.Error(err)
			}
			if err := os.MkdirAll(filepath.Join(path, "x"), 0o700); err != nil {
				t.Error(err)
			}
		}
	})()
	if _, err := d.Check(t.Context()); err != nil {
		t.Fatal(err)
	}
	former, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	sys.Expire()
	broken = true
	if _, err := d.Check(t.Context()); !errs.Is(err, errs.Unavailable) {
		t.Errorf("while it cannot be written: %v", err)
	}
	broken = false
	if err := os.RemoveAll(path); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, former, 0o600); err != nil {
		t.Fatal(err)
	}
	sys.Expire()
	if _, err := d.Check(t.Context()); err != nil {
		t.Errorf("when it can be written again: %v", err)
	}
	if now, err := os.ReadFile(path); err != nil || string(now) == string(former) {
		t.Errorf("kept is %s, %v", now, err)
	}
}

// A portal tells fifty people at a time; whoever is not among the first is one of them all the same.
func TestAPortalOfManyPeopleTellsThemAll(t *testing.T) {
	s, reopen := installed(t, "bitrix24-app", nil)
	for i := range 120 {
		s.Add("user", sim.Object{"ID": strconv.Itoa(1000 + i), "NAME": "Анна", "EMAIL": fmt.Sprintf("%d@example.com", i), "ACTIVE": true})
	}
	lister, ok := connectors.As[connectors.AgentLister](reopen())
	if !ok {
		t.Fatal("nobody is told")
	}
	list, err := lister.Agents(t.Context())
	found := map[string]bool{}
	for _, a := range list {
		found[a.Email] = true
	}
	if err != nil || !found["0@example.com"] || !found["75@example.com"] || !found["119@example.com"] || len(found) != len(list) {
		t.Errorf("%d people, %v", len(list), err)
	}
}
