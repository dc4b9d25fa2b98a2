package graph

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/pult-cc/pult/connectors"
	"github.com/pult-cc/pult/internal/customers"
	"github.com/pult-cc/pult/internal/interactions"
	"github.com/pult-cc/pult/internal/outbox"
	"github.com/pult-cc/pult/internal/outbox/memrepo"
)

// newFakeOutbox is the real desk over a repository in memory.
func newFakeOutbox() *fakeOutbox {
	n, err := customers.NewNormalizer("RU", "")
	if err != nil {
		panic(err)
	}
	f := &fakeOutbox{repo: &memrepo.Repository{}}
	f.Desk = outbox.NewDesk(f.repo, n, []outbox.LineName{{ID: "1c", Name: "1С"}}, func() time.Time { return testNow })
	return f
}

type fakeOutbox struct {
	*outbox.Desk
	repo *memrepo.Repository
	made int
}

func (f *fakeOutbox) put(t *testing.T, connector, call string, customer string) {
	t.Helper()
	w := outbox.Wish{Connector: connector, Kind: outbox.KindCall, Subject: call, Key: call, Payload: outbox.Payload{
		Number: "+74950123401", Comment: "да", StartedAt: testNow, Customer: connectors.Ref{Connector: connector, Type: "t", ID: customer},
	}}
	newID := func() string { f.made++; return fmt.Sprintf("e%d", f.made) }
	if err := f.repo.Put(t.Context(), []outbox.Wish{w}, newID, testNow); err != nil {
		t.Fatal(err)
	}
}

func (f *fakeOutbox) refuse(t *testing.T, connector string) {
	t.Helper()
	f.fail(t, connector, outbox.Failure{Dead: true, Reason: "правило", ReasonCode: "REJECTED"})
}

// fail makes the oldest that is due fail.
func (f *fakeOutbox) fail(t *testing.T, connector string, failure outbox.Failure) {
	t.Helper()
	es, err := f.repo.Claim(t.Context(), connector, 1, false, "l", testNow, testNow.Add(time.Minute))
	if err != nil || len(es) != 1 {
		t.Fatalf("%v, %v", es, err)
	}
	if err := f.repo.Failed(t.Context(), es[0].ID, "l", 1, failure, testNow); err != nil {
		t.Fatal(err)
	}
}

const outboxFields = `id connectorId connectorName kind state since attempts nextAttemptAt inProgress reason reasonCode interactionId startedAt
	number { e164 display } customerId customerName comment title edited`

func outboxStand(t *testing.T) (*stand, *fakeOutbox) {
	f := newFakeOutbox()
	s := newStand(t, func(c *Core, _ *Options) { c.Outbox = f })
	f.put(t, "1c", "a", "42")
	f.refuse(t, "1c")
	f.put(t, "1c", "b", "")
	f.put(t, "gone", "b", "")
	id := customers.EncodeID(connectors.Ref{Connector: "1c", Type: "t", ID: "42"})
	s.history.put(interactions.Interaction{ID: "a", Channel: interactions.ChannelCall, Direction: "INBOUND", StartedAt: testNow, CustomerID: id, CustomerName: "Василёк"})
	return s, f
}

func TestTheOutboxIsForAdministrators(t *testing.T) {
	s, f := outboxStand(t)
	for name, query := range map[string]string{
		"outbox": `{ outbox { edges { node { id } } } }`, "connectors": `{ outboxConnectors { id } }`,
		"retry":   `mutation { retryOutboxEntry(input: {id: "e1"}) { entry { id } } }`,
		"edit":    `mutation { editOutboxEntry(input: {id: "e1", comment: "x"}) { entry { id } } }`,
		"discard": `mutation { discardOutboxEntry(input: {id: "e1"}) { entry { id } } }`,
		"replay":  `mutation { replayOutbox(input: {connectorId: "1c"}) { replayed } }`,
	} {
		for who, want := range map[string]string{"": "UNAUTHENTICATED", "anna": "FORBIDDEN", "sonya": "FORBIDDEN"} {
			if a := s.do(who, query); a.code() != want {
				t.Errorf("%s as %q: %q, want %q", name, who, a.code(), want)
			}
		}
	}
	if e, err := f.repo.Get(t.Context(), "e1"); err != nil || e.State != outbox.StateDead || e.Edits != (outbox.Edits{}) {
		t.Errorf("changed by who may not: %+v, %v", e, err)
	}
}

func TestTheOutboxShowsWhatWaitsAndWhatWasRefused(t *testing.T) {
	s, _ := outboxStand(t)
	got := s.must("adam", `{ outbox(first: 2) { edges { node { `+outboxFields+` } cursor } pageInfo { hasNextPage endCursor } }
		outboxConnectors { id name active waiting waitingSince dead deadSince held problem } }`)
	edges := at(got, "outbox", "edges").([]any)
	if len(edges) != 2 || at(edges[0], "node", "id") != "e3" || at(got, "outbox", "pageInfo", "hasNextPage") != true {
		t.Fatalf("got %v", got)
	}
	after := at(got, "outbox", "pageInfo", "endCursor").(string)
	rest := s.must("adam", `query($after: String) { outbox(after: $after) { edges { node { `+outboxFields+` } } } }`, "after", after)
	dead := at(at(rest, "outbox", "edges").([]any)[0], "node")
	if at(dead, "id") != "e1" || at(dead, "state") != "DEAD" || at(dead, "reason") != "правило" || at(dead, "reasonCode") != "REJECTED" ||
		at(dead, "customerName") != "Василёк" || at(dead, "number", "display") == "" || at(dead, "nextAttemptAt") != nil || at(dead, "connectorName") != "1С" {
		t.Errorf("got %v", dead)
	}
	filtered := s.must("adam", `{ outbox(filter: {connectorId: "1c", states: [PENDING]}) { edges { node { `+outboxFields+` } } } }`)
	waiting := at(filtered, "outbox", "edges").([]any)
	if len(waiting) != 1 || at(waiting[0], "node", "id") != "e2" || at(waiting[0], "node", "nextAttemptAt") == nil || at(waiting[0], "node", "customerId") != nil {
		t.Errorf("got %v", waiting)
	}
	want := `[map[active:true dead:1 deadSince:2026-11-01T09:00:00.000Z held:0 id:1c name:1С problem: waiting:1 waitingSince:2026-11-01T09:00:00.000Z] ` +
		`map[active:false dead:0 deadSince:<nil> held:0 id:gone name:gone problem: waiting:1 waitingSince:2026-11-01T09:00:00.000Z]]`
	if text := fmt.Sprint(at(got, "outboxConnectors")); text != want {
		t.Errorf("got  %s\nwant %s", text, want)
	}
	if a := s.do("adam", `{ outbox(after: "x") { edges { cursor } } }`); a.code() != "BAD_USER_INPUT" {
		t.Errorf("a cursor that is none: %s", a.Body)
	}
}

func TestWhatWaitsForACustomerIsNoTroubleAndWhatFailsSaysWhy(t *testing.T) {
	s, f := outboxStand(t)
	f.put(t, "1c", "c", "")
	f.fail(t, "1c", outbox.Failure{Held: true, Reason: "нужен клиент", ReasonCode: "UNSUPPORTED"})
	f.fail(t, "1c", outbox.Failure{Next: testNow.Add(time.Hour), Reason: "прокси ответил 404", ReasonCode: "BAD_USER_INPUT"})
	one := at(s.must("adam", `{ outboxConnectors { id waiting dead held problem } }`), "outboxConnectors").([]any)[0]
	if got := fmt.Sprint(one); got != "map[dead:1 held:1 id:1c problem:прокси ответил 404 waiting:1]" {
		t.Errorf("got %s", got)
	}
	for states, want := range map[string]int{"[HELD]": 1, "[PENDING, DEAD]": 3} {
		got := s.must("adam", `{ outbox(filter: {states: `+states+`}) { edges { node { id state } } } }`)
		if edges := at(got, "outbox", "edges").([]any); len(edges) != want {
			t.Errorf("%s: %v", states, edges)
		}
	}
	if got := s.must("adam", `{ outbox { edges { node { state } } } }`); strings.Contains(fmt.Sprint(got), "HELD") {
		t.Errorf("what is held is among the trouble: %v", got)
	}
}

func TestAnEntryOfTheOutboxIsPutRight(t *testing.T) {
	s, _ := outboxStand(t)
	edit := `mutation($in: EditOutboxEntryInput!) { editOutboxEntry(input: $in) { entry { ` + outboxFields + ` } } }`
	a := s.do("adam", edit, "in", map[string]any{"id": "e1", "number": "101", "customerId": "rubbish"})
	if a.code() != "BAD_USER_INPUT" || !strings.Contains(a.Body, "customerId") {
		t.Errorf("what cannot be: %s", a.Body)
	}
	got := at(s.must("adam", edit, "in", map[string]any{"id": "e1", "number": "8 495 012-34-02", "customerId": "", "comment": "нет"}), "editOutboxEntry", "entry")
	if at(got, "state") != "PENDING" || at(got, "number", "e164") != "+74950123402" || at(got, "customerId") != nil || at(got, "customerName") != "" ||
		at(got, "comment") != "нет" || at(got, "edited") != true || at(got, "reasonCode") != nil {
		t.Errorf("got %v", got)
	}
	got = at(s.must("adam", `mutation { discardOutboxEntry(input: {id: "e1"}) { entry { state } } }`), "discardOutboxEntry", "entry")
	if at(got, "state") != "DISCARDED" {
		t.Errorf("got %v", got)
	}
	if a := s.do("adam", `mutation { retryOutboxEntry(input: {id: "e1"}) { entry { state } } }`); a.code() != "CONFLICT" {
		t.Errorf("trying what was discarded: %s", a.Body)
	}
	if a := s.do("adam", `mutation { retryOutboxEntry(input: {id: "nobody"}) { entry { state } } }`); a.code() != "NOT_FOUND" {
		t.Errorf("what is not there: %s", a.Body)
	}
	s.must("adam", `mutation { retryOutboxEntry(input: {id: "e2"}) { entry { state } } }`)
}

func TestWhatWasRefusedIsReplayed(t *testing.T) {
	s, f := outboxStand(t)
	for want := 1; want >= 0; want-- {
		if n := at(s.must("adam", `mutation { replayOutbox(input: {connectorId: "1c"}) { replayed } }`), "replayOutbox", "replayed"); fmt.Sprint(n) != fmt.Sprint(want) {
			t.Errorf("replayed %v, want %d", n, want)
		}
	}
	if e, err := f.repo.Get(t.Context(), "e1"); err != nil || e.State != outbox.StatePending {
		t.Errorf("got %+v, %v", e, err)
	}
}
