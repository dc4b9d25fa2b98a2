package onec_test

import (
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/pult-cc/pult/connectors"
	"github.com/pult-cc/pult/connectors/connectortest"
	"github.com/pult-cc/pult/connectors/onec"
	"github.com/pult-cc/pult/connectors/onec/onecsim"
)

const (
	user     = "Пульт"
	password = "п@роль-секрет"
)

type secrets map[string]string

func (s secrets) Secret(_ context.Context, ref string) (string, error) { return s[ref], nil }

// open makes a driver to a simulator at an address.
func open(t *testing.T, address string, extra map[string]any) *onec.Driver {
	t.Helper()
	config := map[string]any{"base_url": address + "/demo", "user": user, "password": "env:ONEC"}
	for k, v := range extra {
		config[k] = v
	}
	raw, err := json.Marshal(config)
	if err != nil {
		t.Fatal(err)
	}
	d, err := onec.New(t.Context(), "1c", raw, secrets{"env:ONEC": password})
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// TestConformance runs the suite against the simulator: as a base of today, as one before 8.3.8, with numbers that are nowhere but
// in the text people typed, and with owners repeated by a join.
func TestConformance(t *testing.T) {
	for name, c := range map[string]struct {
		sim    onecsim.Options
		digits onecsim.Digits
		config map[string]any
	}{
		"Today":        {},
		"TextOnly":     {digits: onecsim.DigitsEmpty},
		"OldPlatform":  {sim: onecsim.Options{OldPlatform: true}},
		"OldTextOnly":  {sim: onecsim.Options{OldPlatform: true}, digits: onecsim.DigitsEmpty},
		"Joined":       {sim: onecsim.Options{JoinDuplicates: true, NoBOM: true}},
		"ShortQueries": {sim: onecsim.Options{MaxQuery: 1200}, config: map[string]any{"max_query_bytes": 1200}},
	} {
		t.Run(name, func(t *testing.T) {
			connectortest.Run(t, connectortest.Harness{New: func(t *testing.T, customers []connectortest.Customer) connectortest.System {
				return newSystem(t, customers, c.sim, c.digits, c.config)
			}})
		})
	}
}

func newSystem(t *testing.T, customers []connectortest.Customer, o onecsim.Options, digits onecsim.Digits, config map[string]any) connectortest.System {
	t.Helper()
	o.Base, o.User, o.Password = base(customers, digits), user, password
	sim := onecsim.New(o)
	srv := httptest.NewServer(sim)
	writing := map[string]any{"contacts": map[string]any{}, "tasks": map[string]any{"default_performer": onecsim.NewGUID("somebody")}}
	for k, v := range config {
		writing[k] = v
	}
	d := open(t, srv.URL, writing)
	var once sync.Once
	troubles := map[connectortest.Fault]*onecsim.Trouble{
		connectortest.Slow:         {Delay: time.Minute},
		connectortest.Down:         {HangUp: true},
		connectortest.Unauthorized: {Status: http.StatusUnauthorized},
		connectortest.Forbidden:    {Status: http.StatusForbidden},
		connectortest.TooMany:      {Status: http.StatusTooManyRequests, RetryAfter: "7"},
		connectortest.BusinessRule: {Status: http.StatusInternalServerError, Code: "-1", Message: "Не более трёх обращений к 74950123401 в день"},
		connectortest.ServerError:  {Status: http.StatusInternalServerError},
		connectortest.BadGateway:   {Status: http.StatusBadGateway},
		connectortest.Busy:         {Status: http.StatusServiceUnavailable},
		connectortest.WebPage:      {WebPage: true},
		connectortest.CutOff:       {CutOff: true},
		connectortest.ByteOrder:    nil, // the simulator's answers begin with one anyway
	}
	s := connectortest.System{
		Driver: d, ID: "1c", Secret: password, Reopen: func() connectors.Driver { return open(t, srv.URL, config) },
		Inject:  func(f connectortest.Fault) { sim.Suffer(troubles[f]) },
		Written: func(what connectortest.Record, key string) []string { return documents(sim, what, key) },
		Close: func() {
			once.Do(func() {
				_ = d.Close()
				sim.Suffer(nil)
				srv.CloseClientConnections()
				srv.Close()
			})
		},
	}
	for f := range troubles {
		s.Faults = append(s.Faults, f)
	}
	return s
}

// documents are the texts of what was written under a key.
func documents(sim *onecsim.Sim, what connectortest.Record, key string) []string {
	var out []string
	for _, r := range sim.Written(onecsim.SetCalls) {
		if subject, _ := r["Тема"].(string); what == connectortest.Calls && strings.HasSuffix(subject, "[cc:"+key+"]") {
			text, _ := r["Описание"].(string)
			contact, _ := r["АбонентКонтакт"].(string)
			out = append(out, text+" "+contact)
		}
	}
	for _, r := range sim.Written(onecsim.SetTasks) {
		if title, _ := r["Description"].(string); what == connectortest.Tasks && strings.HasSuffix(title, "[cc:"+key+"]") {
			subject, _ := r["Предмет"].(string)
			out = append(out, title+" "+subject)
		}
	}
	return out
}

// base makes a base of "Управление торговлей" with the customers.
func base(customers []connectortest.Customer, digits onecsim.Digits) *onecsim.Base {
	b := onecsim.NewUT11()
	onecsim.AddPredefinedKinds(b, onecsim.KindsOfPlatform)
	partners := map[string]string{}
	for _, c := range customers {
		var lines []onecsim.Row
		for _, p := range c.Phones {
			lines = append(lines, onecsim.Phone("Телефон", p, digits))
		}
		if c.Kind == connectors.KindPerson {
			b.Add(onecsim.SetContacts, onecsim.Row{
				"Ref_Key": onecsim.NewGUID("person", c.Name), "Description": c.Name, "Owner_Key": partners[c.Company],
				"DeletionMark": c.Deleted, onecsim.PartContactInfo: lines,
			})
			continue
		}
		partner, manager := onecsim.NewGUID("partner", c.Name), onecsim.NewGUID("user", c.Owner)
		partners[c.Name] = partner
		if c.Owner != "" {
			b.Add(onecsim.SetUsers, onecsim.Row{"Ref_Key": manager, "Description": c.Owner})
		}
		b.Add(onecsim.SetPartners, onecsim.Row{
			"Ref_Key": partner, "Description": c.Name, "ОсновнойМенеджер_Key": manager, "DeletionMark": c.Deleted,
			// The partner repeats the numbers of its legal side, as it does in real bases: one customer must come of it.
			onecsim.PartContactInfo: copies(lines),
		})
		b.Add(onecsim.SetCounterparties, onecsim.Row{
			"Ref_Key": onecsim.NewGUID("legal", c.Name), "Description": c.Name, "ИНН": c.TaxID, "Партнер_Key": partner,
			"DeletionMark": c.Deleted, onecsim.PartContactInfo: lines,
		})
	}
	return b
}

func copies(lines []onecsim.Row) []onecsim.Row {
	var out []onecsim.Row
	for _, l := range lines {
		own := onecsim.Row{}
		for k, v := range l {
			own[k] = v
		}
		out = append(out, own)
	}
	return out
}

// system makes a driver to a simulator of a base.
func system(t *testing.T, o onecsim.Options, extra map[string]any) (*onecsim.Sim, *onec.Driver) {
	t.Helper()
	o.User, o.Password = user, password
	sim := onecsim.New(o)
	srv := httptest.NewServer(sim)
	t.Cleanup(srv.Close)
	d := open(t, srv.URL, extra)
	t.Cleanup(func() { _ = d.Close() })
	return sim, d
}

func demoSim(t *testing.T, o onecsim.Options) (*onecsim.Sim, *httptest.Server) {
	t.Helper()
	o.Base, o.User, o.Password = onecsim.NewDemo(), user, password
	sim := onecsim.New(o)
	srv := httptest.NewServer(sim)
	t.Cleanup(srv.Close)
	return sim, srv
}

// One number is one request per source, all at the same time, and never $metadata.
func TestOneRoundTrip(t *testing.T) {
	const delay = 500 * time.Millisecond
	sim, srv := demoSim(t, onecsim.Options{})
	d := open(t, srv.URL, nil)
	if _, err := d.Check(t.Context()); err != nil { // opens the connections, as Run does long before a call
		t.Fatal(err)
	}
	before := len(sim.Requests())
	sim.SetDelay(delay)
	began := time.Now()
	found, err := d.Lookup(t.Context(), connectortest.Query("9750124567"))
	took := time.Since(began)
	if err != nil || len(found) == 0 {
		t.Fatalf("%v, %v", found, err)
	}
	if asked := sim.Requests()[before:]; len(asked) != 3 {
		t.Errorf("a look-up was %d requests, want one per source:\n%s", len(asked), strings.Join(asked, "\n"))
	}
	// Two waits one after the other would be 1000 ms. What the driver itself adds is a matter for the benchmark.
	t.Logf("a look-up in a 1C of %v took %v", delay, took)
	if took >= 2*delay {
		t.Errorf("a look-up took %v: more than one round trip of %v", took, delay)
	}
	if sim.MetadataRequests() != 0 {
		t.Error("$metadata was fetched")
	}
}

func TestDemoCallersAreFound(t *testing.T) {
	_, srv := demoSim(t, onecsim.Options{})
	d := open(t, srv.URL, nil)
	if _, err := d.Check(t.Context()); err != nil {
		t.Fatal(err)
	}
	for _, c := range onecsim.Demo() {
		q := connectors.LookupQuery{E164: c.Number, National: c.Number[2:], Region: "RU"}
		if strings.HasPrefix(c.Number, "+44") {
			q.National, q.Region = c.Number[3:], "GB"
		}
		found, err := d.Lookup(t.Context(), q)
		if err != nil {
			t.Fatal(err)
		}
		var names []string
		for _, f := range found {
			if f.Deleted {
				names = append(names, "("+f.Name+")")
				continue
			}
			names = append(names, f.Name)
		}
		t.Logf("%-10s %s: %s", c.Case, c.Number, strings.Join(names, ", "))
		if got := len(found) == 0; got != (c.Case == "unknown") {
			t.Errorf("%s (%s): found %v", c.Name, c.Case, names)
		}
	}
	found, err := d.Lookup(t.Context(), connectortest.Query("9750124567"))
	if err != nil || len(found) != 1 {
		t.Fatalf("%v %v", found, err)
	}
	m := found[0]
	want := connectors.Candidate{
		Ref: m.Ref, Kind: connectors.KindPerson, Name: "Котова Мария Сергеевна", Company: "Василёк",
		Owner: connectors.Person{Name: "Орлов Игорь Дмитриевич"},
	}
	if m.Kind != want.Kind || m.Name != want.Name || m.Company != want.Company || m.Owner != want.Owner ||
		m.Phones[0] != (connectors.Phone{Raw: "8 (975) 012-45-67", Label: "Мобильный"}) || m.Emails[0] != "maria@vasilek.example" ||
		m.Notes["position"] != "бухгалтер" || m.Ref.Type != "Catalog_КонтактныеЛицаПартнеров" {
		t.Errorf("got %+v", m)
	}
	if link := srv.URL + "/demo/#e1cib/data/Справочник.КонтактныеЛицаПартнеров?ref="; !strings.HasPrefix(m.URL, link) || len(m.URL) != len(link)+32 {
		t.Errorf("link %q", m.URL)
	}
}

// The first request after idling waits for 1C to wake; the driver's caller does not wait longer than it wants.
func TestColdStart(t *testing.T) {
	_, srv := demoSim(t, onecsim.Options{ColdStart: time.Minute})
	d := open(t, srv.URL, nil)
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	began := time.Now()
	if _, err := d.Lookup(ctx, connectortest.Query("9750124567")); err == nil || time.Since(began) > 5*time.Second {
		t.Errorf("got %v after %v", err, time.Since(began))
	}
	srv.CloseClientConnections()
}

// BenchmarkLookup is what driver and simulator add to the time that 1C takes.
func BenchmarkLookup(b *testing.B) {
	srv := httptest.NewServer(onecsim.New(onecsim.Options{Base: onecsim.NewDemo()}))
	defer srv.Close()
	d, err := onec.New(b.Context(), "1c", json.RawMessage(`{"base_url":"`+srv.URL+`/demo"}`), nil)
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		if found, err := d.Lookup(b.Context(), connectortest.Query("9750124567")); err != nil || len(found) == 0 {
			b.Fatal(found, err)
		}
	}
}
