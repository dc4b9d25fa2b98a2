package graph

import (
	"fmt"
	"testing"
	"time"

	"github.com/pult-cc/pult/internal/customers"
	"github.com/pult-cc/pult/internal/errs"
	"github.com/pult-cc/pult/internal/interactions"
)

// The matrix: who × what of the link-rate desk.
func TestWhoLinksAndCreates(t *testing.T) {
	const create = `mutation { createCustomer(input: {key: "k", kind: PERSON, name: "N"%s}) { calls } }`
	supervisors := map[string]string{"": "UNAUTHENTICATED", "anna": "FORBIDDEN", "boris": "FORBIDDEN", "vera": "FORBIDDEN"}
	own := map[string]string{"": "UNAUTHENTICATED", "boris": "FORBIDDEN", "vera": "NOT_FOUND"}
	for name, c := range map[string]struct {
		query string
		codes map[string]string // of those who are refused
	}{
		"linkRate":         {`{ linkRate { total { calls } } }`, supervisors},
		"unlinkedCalls":    {`{ unlinkedCalls { edges { cursor } } }`, supervisors},
		"phoneIndexes":     {`{ phoneIndexes { id } }`, supervisors},
		"contactSystems":   {`{ contactSystems { id } }`, map[string]string{"": "UNAUTHENTICATED"}},
		"linkNumber":       {`mutation { linkNumber(input: {number: "+7", customerId: "c1"}) { calls } }`, supervisors},
		"unlinkNumber":     {`mutation { unlinkNumber(input: {number: "+7", customerId: "c1"}) { calls } }`, supervisors},
		"linkInteraction":  {`mutation { linkInteraction(input: {interactionId: "h", customerId: "c1"}) { interaction { customerId } } }`, own},
		"create":           {fmt.Sprintf(create, ""), supervisors},
		"create for a led": {fmt.Sprintf(create, `, callId: "x"`), own},
		"create for past":  {fmt.Sprintf(create, `, callId: "h"`), own},
	} {
		s := newStand(t)
		s.board.putCall(talking("x", "anna", "q1"))
		s.history.put(interactions.Interaction{ID: "h", OperatorID: "anna", QueueID: "q1", Channel: interactions.ChannelCall, Direction: "INBOUND"})
		for _, who := range []string{"", "anna", "boris", "vera", "sonya", "adam"} {
			before := len(s.links.said)
			a := s.do(who, c.query)
			if a.code() != c.codes[who] {
				t.Errorf("%s as %q: %q, want %q\n%s", name, who, a.code(), c.codes[who], a.Body)
			}
			if a.code() != "" && len(s.links.said) != before {
				t.Errorf("%s as %q was refused and yet done: %s", name, who, s.links.last())
			}
		}
	}
}

func TestLinkRate(t *testing.T) {
	s := newStand(t)
	week := interactions.WeekOf(testNow)
	s.history.counts = []interactions.LinkCount{
		{Week: week - 1, QueueID: "q1", Calls: 4, Resolvable: 3, BySystem: 1},
		{Week: week, Calls: 2},
		{Week: week, QueueID: "q1", Calls: 6, Resolvable: 5, BySystem: 3, ByPerson: 1},
		{Week: week, QueueID: "gone", Calls: 1, Resolvable: 1, ByPerson: 1},
	}
	const fields = `{ total { calls resolvable linked bySystem byPerson } weeks { begins all { calls linked } queues { queueId queue { name } share { linked } } } }`
	rate := at(s.must("sonya", `{ linkRate `+fields+` }`), "linkRate")
	if got, want := fmt.Sprint(at(rate, "total")), "map[byPerson:2 bySystem:4 calls:13 linked:6 resolvable:9]"; got != want {
		t.Errorf("total %s, want %s", got, want)
	}
	if n := len(at(rate, "weeks").([]any)); n != 2 || at(rate, "weeks", 0, "begins") != "2026-10-19T00:00:00.000Z" || at(rate, "weeks", 1, "all", "calls") != 9.0 ||
		at(rate, "weeks", 1, "all", "linked") != 5.0 {
		t.Errorf("%d weeks: %v", n, at(rate, "weeks"))
	}
	if got := fmt.Sprint(at(rate, "weeks", 1, "queues")); got != "[map[queue:<nil> queueId: share:map[linked:0]] map[queue:map[name:Queue q1] queueId:q1 share:map[linked:4]] map[queue:<nil> queueId:gone share:map[linked:1]]]" {
		t.Errorf("queues %s", got)
	}
	since := testNow.Format(time.RFC3339)
	if weeks := at(s.must("sonya", `query($s: Time) { linkRate(since: $s) { weeks { begins } } }`, "s", since), "linkRate", "weeks").([]any); len(weeks) != 1 {
		t.Errorf("since %s: %v", since, weeks)
	}
}

func TestUnlinkedCalls(t *testing.T) {
	s := newStand(t)
	last := interactions.Interaction{ID: "u1", Channel: interactions.ChannelCall, Direction: "INBOUND", QueueID: "q1", StartedAt: testNow}
	last.Number = customers.Number{E164: "+79160000001", Display: "+7 916 000-00-01", Kind: customers.NumberPublic}
	s.history.unlinked = interactions.UnlinkedPage{
		Items: []interactions.UnlinkedNumber{{Number: last.Number, Calls: 5, Last: last}}, Cursors: []string{"c1"}, Next: "c1",
	}
	const query = `query($f: UnlinkedFilter) { unlinkedCalls(filter: $f, first: 1, after: "c0") {
		edges { cursor node { number { display } calls last { id queue { name } customerId } } } pageInfo { hasNextPage endCursor } } }`
	got := at(s.must("sonya", query, "f", map[string]any{"queueId": "q1", "order": "RECENT"}), "unlinkedCalls")
	node := at(got, "edges", 0, "node")
	if at(node, "calls") != 5.0 || at(node, "number", "display") != "+7 916 000-00-01" || at(node, "last", "queue", "name") != "Queue q1" ||
		at(node, "last", "customerId") != nil || at(got, "pageInfo", "endCursor") != "c1" || at(got, "pageInfo", "hasNextPage") != true {
		t.Errorf("%v", got)
	}
	if f := s.history.unlinkedAsked; f.QueueID != "q1" || f.Order != interactions.UnlinkedByRecent || s.history.unlinkedAfter != "c0" {
		t.Errorf("asked for %+v after %q", f, s.history.unlinkedAfter)
	}
	s.must("sonya", query, "f", nil)
	if f := s.history.unlinkedAsked; f != (interactions.UnlinkedFilter{Order: interactions.UnlinkedByCalls}) {
		t.Errorf("without a filter asked for %+v", f)
	}
	if a := s.do("sonya", `{ unlinkedCalls(first: 101) { edges { cursor } } }`); a.code() != "BAD_USER_INPUT" {
		t.Errorf("too many: %s", a.Body)
	}
}

func TestLinkingANumberAndBack(t *testing.T) {
	s := newStand(t)
	p := at(s.must("sonya", `mutation { linkNumber(input: {number: "+7916", customerId: "c1"}) { calls customer { name } } }`), "linkNumber")
	if at(p, "calls") != 3.0 || at(p, "customer", "name") != "Ромашка" || s.links.last() != "sonya links +7916 c1" {
		t.Errorf("%v; %s", p, s.links.last())
	}
	p = at(s.must("sonya", `mutation { unlinkNumber(input: {number: "+7916", customerId: "c1"}) { calls customer { name } } }`), "unlinkNumber")
	if at(p, "calls") != 2.0 || at(p, "customer") != nil || s.links.last() != "sonya unlinks +7916 c1" {
		t.Errorf("%v; %s", p, s.links.last())
	}
	s.history.put(interactions.Interaction{ID: "h", OperatorID: "anna", QueueID: "q1", Channel: interactions.ChannelCall, Direction: "INBOUND"})
	in := at(s.must("anna", `mutation { linkInteraction(input: {interactionId: "h", customerId: "c1"}) { interaction { id customerId } } }`), "linkInteraction", "interaction")
	if at(in, "customerId") != "c1" || s.links.last() != "anna links h c1" {
		t.Errorf("%v; %s", in, s.links.last())
	}
	s.must("anna", `mutation { linkInteraction(input: {interactionId: "h"}) { interaction { id } } }`)
	if s.links.last() != "anna links h" {
		t.Errorf("unlinking: %s", s.links.last())
	}
}

func TestCreatingACustomer(t *testing.T) {
	s := newStand(t)
	s.links.dups = []customers.Duplicate{{Customer: romashka, Why: []customers.Sameness{customers.SameNumber, customers.SameName}}}
	const query = `mutation($ok: Boolean!) { createCustomer(input: {
		key: "k1", systemId: "crm", kind: COMPANY, name: "Василёк", company: "В", taxId: "77", number: "8 916", email: "a@b.example", comment: "c", confirmed: $ok
	}) { customer { id } duplicates { why customer { name } } calls } }`
	p := at(s.must("sonya", query, "ok", false), "createCustomer")
	if at(p, "customer") != nil || fmt.Sprint(at(p, "duplicates")) != "[map[customer:map[name:Ромашка] why:[NUMBER NAME]]]" {
		t.Errorf("%v", p)
	}
	p = at(s.must("sonya", query, "ok", true), "createCustomer")
	if at(p, "customer", "id") != "c1" || at(p, "calls") != 1.0 || len(at(p, "duplicates").([]any)) != 0 {
		t.Errorf("%v", p)
	}
	w := s.links.wish
	if w.Key != "k1" || w.System != "crm" || w.Kind != "COMPANY" || w.Name != "Василёк" || w.Company != "В" || w.TaxID != "77" || w.Number != "8 916" ||
		w.Email != "a@b.example" || w.Comment != "c" || w.Agent.Login != "sonya" {
		t.Errorf("wished %+v", w)
	}
	s.links.err = &errs.Error{Kind: errs.Invalid, Op: "creating", Msg: "wrong", Fields: map[string]string{"email": "is no address"}}
	if a := s.do("sonya", query, "ok", true); a.code() != "BAD_USER_INPUT" || fmt.Sprint(a.Errors[0].Extensions["fields"]) != "map[email:is no address]" {
		t.Errorf("the field is not named: %s", a.Body)
	}
	if got := at(s.must("anna", `{ contactSystems { id name } }`), "contactSystems"); fmt.Sprint(got) != "[map[id:crm name:CRM]]" {
		t.Errorf("%v", got)
	}
}

func TestWhatTheCustomersOwnSystemTells(t *testing.T) {
	s := newStand(t)
	c := at(s.must("anna", `{ customer(id: "c1") { related(first: 5) { kind title status open sum at } contacts { channel title at } } }`), "customer")
	if got := fmt.Sprint(at(c, "related")); got != "[map[at:2026-11-01T09:00:00.000Z kind:DEAL open:true status:В работе sum:120 000 ₽ title:Поставка] map[at:<nil> kind:DEAL open:false status: sum: title:]]" {
		t.Errorf("related %s", got)
	}
	if got := fmt.Sprint(at(c, "contacts")); got != "[map[at:2026-11-01T09:00:00.000Z channel:MAIL title:Счёт] map[at:<nil> channel:OTHER title:]]" {
		t.Errorf("contacts %s", got)
	}
	if c := at(s.must("anna", `{ customer(id: "c1") { related(first: 1) { title } } }`), "customer", "related").([]any); len(c) != 1 {
		t.Errorf("one was asked for: %v", c)
	}
	// In a feed every change of a call would ask.
	s.board.putCall(talking("x", "anna", "q1"))
	c1 := s.open("anna")
	c1.subscribe("1", `subscription { callFeed(scope: MINE) { ... on CallChanged { call { customer { id related { title } } } } } }`)
	if m := at(c1.next("1"), "callFeed", "call", "customer"); at(m, "id") != "c1" || at(m, "related") != nil {
		t.Errorf("a feed asks the customer system: %v", m)
	}
}
