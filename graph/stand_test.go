package graph

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/pult-cc/pult/internal/auth"
	"github.com/pult-cc/pult/internal/auth/memrepo"
	"github.com/pult-cc/pult/internal/customers"
	"github.com/pult-cc/pult/internal/interactions"
	"github.com/pult-cc/pult/internal/obs"
	"github.com/pult-cc/pult/telephony/calls"
	"github.com/pult-cc/pult/telephony/queues"
)

var testNow = time.Date(2026, 11, 1, 9, 0, 0, 0, time.UTC)

// stand is the edge over a fake core, served for real.
type stand struct {
	t       testing.TB
	board   *fakeBoard
	floor   *fakeFloor
	history *fakeHistory
	phones  *fakePhones
	links   *fakeLinks
	bench   *fakeBench
	repo    *memrepo.Repo
	auth    *auth.Service
	handler *Handler
	server  *httptest.Server
	log     *syncBuffer
	tokens  map[string]string // by login
	users   map[string]auth.User
}

type syncBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (s *syncBuffer) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.Write(p)
}

func (s *syncBuffer) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.String()
}

// Anna and Boris serve the queue q1, Vera q2; Sonya supervises, Adam administers.
var people = []auth.NewUser{
	{ID: "anna", Login: "anna", Name: "Anna", Role: auth.RoleOperator, Queues: []string{"q1"}},
	{ID: "boris", Login: "boris", Name: "Boris", Role: auth.RoleOperator, Queues: []string{"q1"}},
	{ID: "vera", Login: "vera", Name: "Vera", Role: auth.RoleOperator, Queues: []string{"q2"}},
	{ID: "sonya", Login: "sonya", Name: "Sonya", Role: auth.RoleSupervisor},
	{ID: "adam", Login: "adam", Name: "Adam", Role: auth.RoleAdmin},
}

const password = "a long password"

// peopleRepo hashes the passwords once for all tests.
var peopleRepo = sync.OnceValue(func() []auth.User {
	repo := &memrepo.Repo{}
	s := auth.New(repo, auth.Options{Hashes: 2})
	for _, p := range people {
		p.Password = password
		if _, err := s.CreateUser(context.Background(), p); err != nil {
			panic(err)
		}
	}
	us, err := repo.Users(context.Background())
	if err != nil {
		panic(err)
	}
	return us
})

func newStand(t testing.TB, change ...func(*Core, *Options)) *stand {
	t.Helper()
	s := &stand{
		t: t, board: newFakeBoard(), phones: &fakePhones{}, links: &fakeLinks{}, bench: &fakeBench{}, repo: &memrepo.Repo{}, log: &syncBuffer{},
		history: &fakeHistory{rows: map[string]interactions.Interaction{}, changes: make(chan interactions.Interaction)},
		tokens:  map[string]string{}, users: map[string]auth.User{},
	}
	s.floor = &fakeFloor{board: s.board}
	for _, u := range peopleRepo() {
		if err := s.repo.CreateUser(t.Context(), u); err != nil {
			t.Fatal(err)
		}
		s.users[u.ID] = u
		o := calls.Operator{ID: u.ID, Version: 1, Login: u.Login, Name: u.Name, Queues: u.Queues, Availability: queues.Ready, Presence: calls.PresenceReady, Since: testNow, Readiness: calls.CanTake, ReadySince: testNow}
		s.board.put(calls.Change{Operator: &o})
	}
	for _, id := range []string{"q1", "q2"} {
		s.board.put(calls.Change{Queue: &calls.Queue{Queue: queues.Queue{ID: id, Key: "key-" + id, Name: "Queue " + id}, Version: 1}})
	}
	s.auth = auth.New(s.repo, auth.Options{})
	logger, err := obs.NewLogger(s.log, obs.LogOptions{Level: "info", Format: "json"})
	if err != nil {
		t.Fatal(err)
	}
	core := Core{
		Auth: s.auth, Floor: s.floor, Board: s.board, Customers: fakeCustomers{}, History: s.history, Phones: s.phones,
		Links: s.links, Indexes: func() []PhoneIndex { return []PhoneIndex{{ID: "1c", Name: "1C", Numbers: 7, CompleteAt: testNow}} },
		Reasons: fakeReasons{}, Health: obs.NewHealth(time.Now), Connectors: s.bench, Outbox: newFakeOutbox(), Version: "test", Now: func() time.Time { return testNow }, Log: logger,
	}
	o := Options{Origins: []string{"https://crm.example.com"}}
	for _, c := range change {
		c(&core, &o)
	}
	if s.handler, err = NewHandler(core, o); err != nil {
		t.Fatal(err)
	}
	s.server = httptest.NewServer(s.handler)
	s.server.Config.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, slog.LevelDebug)
	t.Cleanup(s.server.Close)
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(t.Context()), 5*time.Second)
		defer cancel()
		s.handler.Drain(ctx)
	})
	return s
}

// as returns the session token of a person; "" is nobody.
func (s *stand) as(login string) string {
	s.t.Helper()
	if login == "" {
		return ""
	}
	if s.tokens[login] == "" {
		token, _, err := s.auth.SignIn(s.t.Context(), auth.Credentials{Login: login, Password: password, Address: netip.MustParseAddr("192.0.2.1")})
		if err != nil {
			s.t.Fatal(err)
		}
		s.tokens[login] = token
	}
	return s.tokens[login]
}

// answer is a GraphQL response as a client sees it.
type answer struct {
	Status int
	Header http.Header
	Body   string
	Data   map[string]any
	Errors []struct {
		Message    string
		Path       []any
		Extensions map[string]any
	}
}

// code returns the code of the only error, or "".
func (a answer) code() string {
	if len(a.Errors) == 0 {
		return ""
	}
	code, _ := a.Errors[0].Extensions["code"].(string)
	return code
}

// request is an HTTP request to the edge with everything a browser of ours sends.
func (s *stand) request(login, body string) *http.Request {
	s.t.Helper()
	r, err := http.NewRequestWithContext(s.t.Context(), http.MethodPost, s.server.URL+"/graphql", strings.NewReader(body))
	if err != nil {
		s.t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set(ClientHeader, "web")
	if token := s.as(login); token != "" {
		r.AddCookie(&http.Cookie{Name: plainCookie, Value: token})
	}
	return r
}

func (s *stand) send(r *http.Request) answer {
	s.t.Helper()
	resp, err := s.server.Client().Do(r)
	if err != nil {
		s.t.Fatal(err)
	}
	defer resp.Body.Close() //nolint:errcheck // only read
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		s.t.Fatal(err)
	}
	a := answer{Status: resp.StatusCode, Header: resp.Header, Body: string(b)}
	if strings.Contains(resp.Header.Get("Content-Type"), "json") {
		if err := json.Unmarshal(b, &a); err != nil {
			s.t.Fatalf("the answer is no JSON: %v\n%s", err, b)
		}
	}
	return a
}

// do sends an operation as a person.
func (s *stand) do(login, query string, variables ...any) answer {
	s.t.Helper()
	body := map[string]any{"query": query}
	if len(variables) > 0 {
		vars := map[string]any{}
		for i := 0; i < len(variables); i += 2 {
			vars[variables[i].(string)] = variables[i+1]
		}
		body["variables"] = vars
	}
	b, err := json.Marshal(body)
	if err != nil {
		s.t.Fatal(err)
	}
	return s.send(s.request(login, string(b)))
}

// must is do for operations that succeed.
func (s *stand) must(login, query string, variables ...any) map[string]any {
	s.t.Helper()
	a := s.do(login, query, variables...)
	if len(a.Errors) > 0 {
		s.t.Fatalf("%s: %s", query, a.Body)
	}
	return a.Data
}

// at digs into an answer: at(data, "call", "state").
func at(v any, path ...any) any {
	for _, p := range path {
		switch p := p.(type) {
		case string:
			m, _ := v.(map[string]any)
			v = m[p]
		case int:
			l, _ := v.([]any)
			if p >= len(l) {
				return nil
			}
			v = l[p]
		}
	}
	return v
}

// talking is a call of an operator.
func talking(id calls.ID, operator, queue string) calls.Call {
	return calls.Call{
		ID: id, Version: 3, Direction: calls.Inbound, State: calls.StateTalking, Since: testNow.Add(-time.Minute), StartedAt: testNow.Add(-2 * time.Minute),
		AnsweredAt: ptr(testNow.Add(-time.Minute)), QueueID: queue, OperatorID: operator,
		From:     calls.Party{Number: customers.Number{E164: "+79161234567", Display: "8 916 123-45-67", Kind: customers.NumberPublic}, Name: "Ivan"},
		Customer: &calls.Leg{ID: "l1", Role: calls.RoleCustomer, State: "UP"},
		Route:    []calls.RouteStep{{At: testNow, Kind: calls.RouteOffered, OperatorID: operator, QueueID: queue}},
		Match: customers.Match{
			State: customers.MatchFound, Chosen: &romashka, Asked: []string{"1C"},
			Candidates: []customers.Candidate{{Customer: romashka, Why: customers.ReasonExact, Confidence: 1}},
		},
	}
}

func ptr[T any](v T) *T { return &v }
