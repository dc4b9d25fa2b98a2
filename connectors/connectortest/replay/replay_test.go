package replay_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/pult-cc/pult/connectors"
	"github.com/pult-cc/pult/connectors/capture"
	"github.com/pult-cc/pult/connectors/connectortest/replay"
	"github.com/pult-cc/pult/connectors/csvfile"
	"github.com/pult-cc/pult/connectors/httpjson"
	"github.com/pult-cc/pult/connectors/httpjson/sim"
	"github.com/pult-cc/pult/connectors/onec"
	"github.com/pult-cc/pult/connectors/onec/onecsim"
	"github.com/pult-cc/pult/internal/customers"
	"github.com/pult-cc/pult/internal/errs"
)

const token = "h00k-s3cret-t0ken"

type secrets string

func (s secrets) Secret(context.Context, string) (string, error) { return string(s), nil }

// system is a customer system that is captured, and what of it must not be seen.
type system struct {
	factory   connectors.Factory
	handler   http.Handler
	config    map[string]any
	path      string
	numbers   []string
	search    string
	originals []string
}

func oneC() system {
	base := onecsim.NewDemo()
	s := system{
		factory: onec.Factory(), handler: onecsim.New(onecsim.Options{Base: base, User: "Администратор", Password: token}), path: "/vasilek",
		config: map[string]any{"user": "Администратор", "password": "env:X"}, search: "Василёк", originals: []string{"Администратор", "vasilek", "Орлов"},
	}
	s.handler = http.StripPrefix("/vasilek", rooted(s.handler))
	for _, c := range onecsim.Demo() {
		s.numbers = append(s.numbers, c.Number)
		if c.Case == "unknown" || c.Case == "deleted" {
			continue
		}
		for _, w := range strings.FieldsFunc(c.Name+" "+c.Company, func(r rune) bool { return strings.ContainsRune(" «»/-", r) }) {
			if len([]rune(w)) > 3 {
				s.originals = append(s.originals, w)
			}
		}
	}
	return s
}

// rooted puts the simulator's own root before what is left of the path.
func rooted(h http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		r.URL.Path, r.URL.RawPath = "/demo"+r.URL.Path, ""
		h.ServeHTTP(w, r)
	})
}

func bitrix() system {
	b := sim.Bitrix24(token)
	phone := func(v string) sim.Object {
		return sim.Object{"ID": "1", "VALUE_TYPE": "WORK", "VALUE": v, "TYPE_ID": "PHONE"}
	}
	b.Add("user", sim.Object{"ID": "10007", "NAME": "Игорь", "LAST_NAME": "Орлов", "EMAIL": "orlov@romashka.ru", "ACTIVE": true})
	b.Add("company", sim.Object{"ID": "20001", "TITLE": "ООО Ромашка", "HAS_PHONE": "Y", "PHONE": []any{phone("8 (495) 123-45-67 доб. 12")}, "ASSIGNED_BY_ID": "10007"})
	b.Add("contact", sim.Object{
		"ID": "30002", "NAME": "Мария", "LAST_NAME": "Котова", "HAS_PHONE": "Y", "COMPANY_ID": "20001", "ASSIGNED_BY_ID": "10007",
		"PHONE": []any{phone("+79161234567"), phone("8 495 123 45 67")}, "EMAIL": []any{sim.Object{"ID": "5", "VALUE_TYPE": "WORK", "VALUE": "maria.kotova@romashka.ru", "TYPE_ID": "EMAIL"}},
	})
	return system{
		factory: httpjson.Factory(), handler: b, path: "/rest/1", numbers: []string{"+79161234567", "+74951234567", "+79269990017"}, search: "Котова",
		config: map[string]any{
			"preset": "bitrix24-webhook", "auth": map[string]any{"token": "env:X"}, "limits": map[string]any{"requests": 0}, "networks": []string{"127.0.0.0/8"},
			"settings": map[string]any{"responsible": "10007"},
		},
		originals: []string{
			"Мария", "Котова", "Ромашка", "romashka", "maria", "kotova", "Игорь", "Орлов", "orlov", "9161234567", "4951234567", "123-45-67", "123 45 67",
			"20001", "30002", "10007",
		},
	}
}

// bitrixApp is the same portal as an installed application sees it: a token in every body, and one that is spent by each renewal.
func bitrixApp(t *testing.T) system {
	t.Helper()
	s := bitrix()
	inner, ok := s.handler.(*sim.Sim)
	if !ok {
		t.Fatal("the portal is no simulator")
	}
	app := sim.Bitrix24App("local.5c8b", token, token)
	for _, set := range []string{"user", "company", "contact"} {
		for _, o := range inner.Set(set) {
			app.Add(set, o)
		}
	}
	s.handler, s.path = app, "/rest"
	s.config["preset"] = "bitrix24-app"
	s.config["auth"] = map[string]any{
		"token_url": "/oauth/token/", "client_id": "local.5c8b", "client_secret": "env:X", "refresh_token": "env:X", "keep": filepath.Join(t.TempDir(), "refresh"),
	}
	s.originals = append(s.originals, "access-1", "refresh-1", "local.5c8b", "a223c6b9410f85df78e9377d6c4f7213")
	return s
}

// described is a system that an installation has described itself, with what is its own in headers, addresses, queries and expressions.
func described() system {
	const key, hook = "k3y0fRomashka", "9f8e7d6c5b4a"
	return system{
		factory: httpjson.Factory(), path: "/api", numbers: []string{"+79161234567"}, search: "Котова",
		handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.Header.Get("X-Key") != "Zugang "+key || !strings.HasPrefix(r.URL.Path, "/api/hooks/"+hook+"/") || r.URL.Query().Get("tenant") != "romashka" {
				w.WriteHeader(http.StatusForbidden)
				return
			}
			w.Header().Set("Content-Type", "application/json")
			_, _ = fmt.Fprint(w, `[{"id":30002,"name":"Мария Котова","firm":"ООО Ромашка","phone":79161234567.0,"mobile":7.9161234567e10},
				{"id":30003,"name":"Пётр Чужой","firm":"ООО Другая","phone":79161234567,"mobile":null}]`)
		}),
		config: map[string]any{
			"networks": []string{"127.0.0.0/8"}, "headers": map[string]any{"X-Key": "Zugang " + key, "Accept": "application/json"},
			"defs": `def ours: select(.firm == "ООО Ромашка");`,
			"operations": map[string]any{
				"check": map[string]any{"path": "/hooks/" + hook + "/me", "query": map[string]any{"tenant": "romashka"}, "result": "{}"},
				"lookup": map[string]any{
					"path": "/hooks/" + hook + "/find", "query": map[string]any{"tenant": "romashka", "owner": 1234567, "digits": "${.number.national}"},
					"result": `[.[] | ours | {type: "contact", id, kind: "PERSON", name, company: .firm, phones: [.phone, .mobile | select(.) | {raw: tostring}]}]`,
				},
				"search": map[string]any{
					"path": "/hooks/" + hook + "/find", "query": map[string]any{"tenant": "romashka", "text": "${.text}"},
					"result": `[.[] | ours | {type: "contact", id, kind: "PERSON", name, phones: []}]`,
				},
				"index": map[string]any{
					"path": "/hooks/" + hook + "/all", "query": map[string]any{"tenant": "romashka"},
					"result": `{candidates: [.[] | ours | {type: "contact", id, kind: "PERSON", name, phones: []}]}`,
				},
			},
		},
		originals: []string{key, hook, "Zugang", "romashka", "Ромашка", "1234567", "Мария", "Котова", "Другая", "9161234567", "30002"},
	}
}

// TestACaptureBehavesAsTheSystemDid: what was captured of a strict 1C and of a Bitrix24 is replayed, the same questions find the same,
// the host makes the same of it, and nothing of anybody is left.
func TestACaptureBehavesAsTheSystemDid(t *testing.T) {
	numbers, err := customers.NewNormalizer("RU", "")
	if err != nil {
		t.Fatal(err)
	}
	for name, s := range map[string]system{"1C": oneC(), "Bitrix24": bitrix(), "Bitrix24App": bitrixApp(t), "one described": described()} {
		t.Run(name, func(t *testing.T) {
			srv := httptest.NewServer(s.handler)
			defer srv.Close()
			s.config["base_url"] = srv.URL + s.path
			config, err := json.Marshal(s.config)
			if err != nil {
				t.Fatal(err)
			}
			o := capture.Options{Factory: s.factory, ID: "crm", Config: config, Secrets: secrets(token), Searches: []string{s.search}, Index: true, Check: true}
			for _, n := range s.numbers {
				o.Numbers = append(o.Numbers, numbers.Query(numbers.Parse(n)))
			}
			f, err := capture.Run(t.Context(), o)
			if err != nil {
				t.Fatal(err)
			}
			data, err := json.MarshalIndent(f, "", "  ")
			if err != nil {
				t.Fatal(err)
			}
			leaks(t, string(data), append(s.originals, token, strings.TrimPrefix(srv.URL, "http://"), "127.0.0.1:"), s.numbers)
			if f, err = replay.Read(data); err != nil {
				t.Fatal(err)
			}
			server := replay.New(f)
			again := httptest.NewServer(server)
			defer again.Close()
			address := strings.TrimPrefix(again.URL, "http://")
			d, err := s.factory.New(t.Context(), "crm", replay.Config(f, address), capture.NoSecrets{})
			if err != nil {
				t.Fatal(err)
			}
			actual, err := s.factory.New(t.Context(), "crm", config, secrets(token))
			if err != nil {
				t.Fatal(err)
			}
			met := 0
			for _, c := range f.Cases {
				found, err := capture.Ask(t.Context(), d, c)
				if err != nil || len(found) != len(c.Found) {
					t.Fatalf("%s %v: %d records instead of %d, %v\n%s", c.Op, c.Query, len(found), len(c.Found), err, strings.Join(server.Violations(), "\n"))
				}
				for i := range found {
					found[i].URL = strings.ReplaceAll(found[i].URL, address, capture.Host)
					if fmt.Sprint(found[i]) != fmt.Sprint(c.Found[i]) {
						t.Errorf("%s %d is\n%+v\nin the recording\n%+v", c.Op, i, found[i], c.Found[i])
					}
				}
				if c.Op != "lookup" {
					continue
				}
				before, err := actual.Lookup(t.Context(), o.Numbers[met])
				if err != nil {
					t.Fatal(err)
				}
				want := verdicts(numbers, o.Numbers[met], before)
				if got := verdicts(numbers, *c.Query, found); !reflect.DeepEqual(got, want) {
					t.Errorf("%s: the host makes %v of it, of the real answer %v", s.numbers[met], got, want)
				}
				met++
			}
			if met != len(s.numbers) || len(server.Violations()) != 0 {
				t.Errorf("%d look-ups, violations %v", met, server.Violations())
			}
		})
	}
}

// verdicts are what the host makes of an answer, without names.
func verdicts(n *customers.Normalizer, q connectors.LookupQuery, found []connectors.Candidate) []string {
	m, all := n.Examine(n.Parse(q.E164), "crm", "CRM", found, time.Now())
	out := []string{string(m.State), fmt.Sprint(m.Chosen != nil)}
	places := map[int]string{}
	for _, e := range all {
		places[e.Place] += fmt.Sprint(e.Candidate.Kind, e.Why, e.Also, e.LeftOut, " ")
	}
	for at := range len(all) + 1 { // equal ones may stand in another order: they are ordered by name
		if at == 0 {
			out = append(out, places[0])
		}
	}
	return append(out, fmt.Sprint(len(m.Candidates)))
}

func leaks(t *testing.T, text string, originals, numbers []string) {
	t.Helper()
	for _, n := range numbers {
		originals = append(originals, n[2:], n[len(n)-7:])
	}
	lower := strings.ToLower(text)
	for _, o := range originals {
		o = strings.ToLower(o)
		for at := 0; ; at += len(o) {
			i := strings.Index(lower[at:], o)
			if i < 0 {
				break
			}
			at += i
			if len([]rune(o)) < 6 && inWord(lower, at, at+len(o)) {
				continue // a pseudonym has four letters in a row by chance
			}
			t.Errorf("%q is left: …%s…", o, lower[max(0, at-60):min(len(lower), at+60)])
			break
		}
	}
}

// inWord tells whether a letter or digit stands on either side of text[from:to].
func inWord(text string, from, to int) bool {
	before, _ := utf8.DecodeLastRuneInString(text[:from])
	after, _ := utf8.DecodeRuneInString(text[to:])
	return unicode.IsLetter(before) || unicode.IsDigit(before) || unicode.IsLetter(after) || unicode.IsDigit(after)
}

func TestWhatCannotBeCaptured(t *testing.T) {
	_, err := capture.Run(t.Context(), capture.Options{
		Factory: csvfile.Factory(), ID: "list", Config: json.RawMessage(`{"path":"/nowhere.csv"}`), Check: true,
	})
	if !errs.Is(err, errs.Unsupported) {
		t.Errorf("a file: %v", err)
	}
	for text, want := range map[string]string{`{`: "unexpected", `{"format":9}`: "format 9"} {
		if _, err := replay.Read([]byte(text)); !errs.Is(err, errs.Invalid) || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", text, err)
		}
	}
}

// TestErrorsAreCapturedToo: a wrong password is a case like any other.
func TestErrorsAreCapturedToo(t *testing.T) {
	s := bitrix()
	srv := httptest.NewServer(s.handler)
	defer srv.Close()
	s.config["base_url"] = srv.URL + s.path
	config, err := json.Marshal(s.config)
	if err != nil {
		t.Fatal(err)
	}
	f, err := capture.Run(t.Context(), capture.Options{Factory: s.factory, ID: "crm", Config: config, Secrets: secrets("wrong"), Check: true})
	if err != nil || f.Cases[0].Problem != "UNAUTHENTICATED" || f.Exchanges[0].Status < 400 {
		t.Fatalf("%+v, %v", f, err)
	}
	server := httptest.NewServer(replay.New(f))
	defer server.Close()
	d, err := s.factory.New(t.Context(), "crm", replay.Config(f, strings.TrimPrefix(server.URL, "http://")), capture.NoSecrets{})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := capture.Ask(t.Context(), d, f.Cases[0]); !errs.Is(err, errs.Unauthenticated) {
		t.Errorf("replayed: %v", err)
	}
	if _, err := d.Lookup(t.Context(), connectors.LookupQuery{E164: "+79161234567", National: "9161234567", Region: "RU"}); err == nil {
		t.Error("what was not recorded was answered")
	}
}
