package graph

import (
	"context"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/pult-cc/pult/internal/customers"
	"github.com/pult-cc/pult/internal/errs"
	"github.com/pult-cc/pult/internal/interactions"
	"github.com/pult-cc/pult/telephony/calls"
)

const callFields = `
	id version direction state since startedAt answeredAt queue { id key name } operator { id name presence queues { id } }
	from { number { e164 display kind } name } to { number { kind } } legs { id role state } held muted answerRequested waited attempts position
	route { at kind operator { id } queue { id } } customer { ...C } end { at result by cause } wrapUpUntil offerUntil
	match { state asked problem failingSince chosenBy chosenByOperator { id } chosen { ...C } candidates { why confidence customer { ...C } } }
	interaction { id channel direction startedAt endedAt waited talked result number { e164 } customerName topic { id name group } tags { name } comment commentSavedAt }`

const customerFragment = ` fragment C on Customer { id kind name company taxId numbers { label number { display } } emails responsible url source sourceName asOf }`

func TestCallIsTranslated(t *testing.T) {
	s := newStand(t)
	c := talking("x", "anna", "q1")
	c.Match.ChosenBy = "boris"
	s.board.putCall(c)
	s.history.put(interactions.Interaction{ID: "x", Notes: interactions.Notes{TopicID: "billing", Tags: []string{"urgent"}, Comment: "c", CommentAt: &testNow}})
	got := at(s.must("anna", `{ call(id: "x") {`+callFields+`} }`+customerFragment), "call")
	for path, want := range map[string]any{
		"state": "TALKING", "direction": "INBOUND", "since": "2026-11-01T08:59:00.000Z", "version": 3.0, "waited": 60.0, "held": false, "position": nil,
		"queue.name": "Queue q1", "operator.presence": "READY", "from.number.e164": "+79161234567", "from.number.display": "8 916 123-45-67",
		"from.name": "Ivan", "to.number.kind": "ANONYMOUS", "legs.0.role": "CUSTOMER", "legs.0.state": "UP", "route.0.operator.id": "anna",
		"customer.name": "Ромашка", "customer.responsible": "Петров", "customer.numbers.0.label": "Рабочий", "customer.asOf": "2026-11-01T09:00:00.000Z",
		"match.state": "FOUND", "match.chosenBy": "PERSON", "match.chosenByOperator.id": "boris", "match.candidates.0.why": "EXACT",
		"match.candidates.0.confidence": 1.0, "match.asked.0": "1C", "end": nil,
		"interaction.id": "x", "interaction.talked": 60.0, "interaction.topic.name": "Billing", "interaction.topic.group": "Money",
		"interaction.tags.0.name": "urgent", "interaction.comment": "c", "interaction.customerName": "Ромашка", "interaction.result": nil,
	} {
		if v := dig(got, path); v != want {
			t.Errorf("%s is %v, want %v", path, v, want)
		}
	}
}

// dig is at with a path in one string.
func dig(v any, path string) any {
	var steps []any
	for _, p := range strings.Split(path, ".") {
		if len(p) == 1 && p[0] >= '0' && p[0] <= '9' {
			steps = append(steps, int(p[0]-'0'))
		} else {
			steps = append(steps, p)
		}
	}
	return at(v, steps...)
}

func TestListsCostAConstantNumberOfStatements(t *testing.T) {
	s := newStand(t)
	for i := range 40 {
		id := fmt.Sprintf("c%02d", i)
		s.board.putCall(talking(calls.ID(id), "anna", "q1"))
		s.history.put(interactions.Interaction{ID: id, Channel: "CALL", Direction: "INBOUND", Notes: interactions.Notes{TopicID: "billing"}})
	}
	for query, want := range map[string]int{
		`{ calls { id state queue { name } operator { name queues { name } } customer { name } } }`:                                             0,
		`{ calls { id interaction { id waited talked customerName } } }`:                                                                        0,
		`{ calls { id interaction { comment } } }`:                                                                                              1,
		`{ calls { ...F } } fragment F on Call { interaction { ...N } } fragment N on Interaction { ... @include(if: true) { tags { name } } }`: 1,
		`{ calls { interaction { topic @skip(if: true) { id } } } }`:                                                                            0,
		`{ calls {` + callFields + `} }` + customerFragment:                                                                                     1,
		`{ interactions(first: 40) { edges { node { topic { name } queue { name } operator { name } tags { name } } } } }`:                      1,
		`{ customer(id: "c1") { history { edges { node { topic { name } operator { name } } } } } }`:                                            1,
	} {
		before := s.history.count()
		s.must("sonya", query)
		if n := s.history.count() - before; n != want {
			t.Errorf("%.60s… took %d statements, want %d", query, n, want)
		}
	}
}

func TestCallsAreFiltered(t *testing.T) {
	s := newStand(t)
	held := talking("2", "boris", "q2")
	held.State = calls.StateHeld
	s.board.putCall(talking("1", "anna", "q1"))
	s.board.putCall(held)
	for args, want := range map[string]string{
		``: "12", `(state: [HELD])`: "2", `(queueId: "q1")`: "1", `(operatorId: "boris")`: "2", `(state: [HELD], queueId: "q1")`: "", `(state: [])`: "",
	} {
		got := ""
		for _, c := range at(s.must("sonya", `{ calls`+args+` { id } }`), "calls").([]any) {
			got += at(c, "id").(string)
		}
		if got != want {
			t.Errorf("calls%s: %q, want %q", args, got, want)
		}
	}
}

func TestDirectories(t *testing.T) {
	s := newStand(t)
	d := s.must("anna", `{ queues { id key } queue(id: "q2") { name } none: queue(id: "q9") { id } operators { id } pauseReasons { id system }
		topics { id group } tags(search: "x") { name } system { ready version parts { name ok } } customers(search: "ром") { name }
		customer(id: "c9") { id } matchCaller(number: "8916") { state chosen { name } chosenBy } }`)
	for path, want := range map[string]any{
		"queues.1.key": "key-q2", "queue.name": "Queue q2", "none": nil, "operators.0.id": "adam", "pauseReasons.1.system": true, "topics.0.group": "Money",
		"tags.0.name": "xurgent", "system.version": "test", "system.ready": true, "customers.0.name": "Ромашка", "customer": nil,
		"matchCaller.state": "FOUND", "matchCaller.chosenBy": "RULE",
	} {
		if v := dig(d, path); v != want {
			t.Errorf("%s is %v, want %v", path, v, want)
		}
	}
	for _, query := range []string{`{ customers(search: "a", first: 0) { id } }`, `{ interactions(first: 101) { edges { cursor } } }`} {
		if a := s.do("anna", query); a.code() != "BAD_USER_INPUT" || at(a.Errors[0].Extensions, "fields", "first") == nil {
			t.Errorf("%s: %s", query, a.Body)
		}
	}
	if got := s.must("anna", `{ customers(search: "  ") { id } }`); len(at(got, "customers").([]any)) != 0 {
		t.Errorf("searching for nothing finds %v", got)
	}
}

func TestHistoryPages(t *testing.T) {
	s := newStand(t)
	for _, id := range []string{"a", "b", "c"} {
		s.history.put(interactions.Interaction{ID: id, CustomerID: "c1", Channel: "CALL", Direction: "INBOUND", Result: "ABANDONED", StartedAt: testNow})
	}
	page := `query($after: String) { interactions(filter: {customerId: "c1"}, first: 2, after: $after) { edges { cursor node { id result talked } } pageInfo { hasNextPage endCursor } } }`
	one := at(s.must("anna", page), "interactions")
	if dig(one, "edges.1.cursor") != "b" || dig(one, "pageInfo.hasNextPage") != true || dig(one, "edges.0.node.result") != "ABANDONED" || dig(one, "edges.0.node.talked") != nil {
		t.Fatalf("the first page is %v", one)
	}
	two := at(s.must("anna", page, "after", dig(one, "pageInfo.endCursor")), "interactions")
	if dig(two, "edges.0.node.id") != "c" || dig(two, "pageInfo.hasNextPage") != false || dig(two, "pageInfo.endCursor") != "c" {
		t.Fatalf("the second page is %v", two)
	}
}

func TestDialling(t *testing.T) {
	s := newStand(t)
	d := s.must("anna", `mutation { dial(input: {number: "8 916 123-45-67"}) { call { id state operator { id } to { number { e164 } } } } }`)
	if dig(d, "dial.call.state") != "NEW" || dig(d, "dial.call.operator.id") != "anna" || s.floor.last(t).Number != "8 916 123-45-67" {
		t.Errorf("dialling: %v, %+v", d, s.floor.last(t))
	}
	s.must("anna", `mutation { dial(input: {number: "+7916", customerId: "c1"}) { call { id } } }`)
	if cmd := s.floor.last(t); cmd.Kind != calls.CmdLinkCustomer || cmd.CallID != "dialled" || cmd.CustomerID != "c1" {
		t.Errorf("the customer whose number was clicked is not linked: %+v", cmd)
	}
}

func TestAvailability(t *testing.T) {
	s := newStand(t)
	d := s.must("anna", `mutation { setAvailability(input: {availability: PAUSED, pauseReasonId: "r-lunch"}) { operator { availability pauseReason { key name } } } }`)
	if dig(d, "setAvailability.operator.pauseReason.name") != "Lunch" || s.floor.last(t).Pause != "lunch" {
		t.Errorf("pausing: %v", d)
	}
	for _, input := range []string{`{availability: PAUSED, pauseReasonId: "r-no"}`, `{availability: PAUSED, pauseReasonId: "x"}`, `{availability: READY, pauseReasonId: "r-lunch"}`} {
		if a := s.do("anna", `mutation { setAvailability(input: `+input+`) { operator { id } } }`); a.code() != "BAD_USER_INPUT" || at(a.Errors[0].Extensions, "fields", "pauseReasonId") == nil {
			t.Errorf("%s: %s", input, a.Body)
		}
	}
}

func TestPhone(t *testing.T) {
	s := newStand(t, func(c *Core, _ *Options) {
		c.Phone = PhoneOptions{ICEServers: []ICEServer{{URLs: []string{"stun:stun.example"}}}, RegisterExpires: time.Minute}
	})
	a := s.do("anna", `mutation { startPhone(input: {clientId: "w1"}) { phone { id wsUrls uri authorizationUser realm ha1 displayName iceServers { urls username } registerExpires simulated } } }`)
	for path, want := range map[string]any{
		"wsUrls.0": "wss://pbx/ws", "uri": "sip:op-anna@pbx", "authorizationUser": "op-anna", "ha1": "0123456789abcdef", "displayName": "Anna",
		"iceServers.0.urls.0": "stun:stun.example", "iceServers.0.username": nil, "registerExpires": 60.0, "simulated": false,
	} {
		if v := dig(at(a.Data, "startPhone", "phone"), path); v != want {
			t.Errorf("%s is %v, want %v", path, v, want)
		}
	}
	if a.Header.Get("Cache-Control") != "no-store" {
		t.Errorf("the secret may be kept: %v", a.Header)
	}
	if a := s.do("anna", `mutation { startPhone(input: {clientId: ""}) { phone { id } } }`); a.code() != "BAD_USER_INPUT" {
		t.Errorf("without a client id: %s", a.Body)
	}
	if a := s.do("anna", `mutation { startPhone(input: {clientId: "slept"}) { phone { id } } }`); a.code() != "CONFLICT" {
		t.Errorf("a renewal of what another window has: %s", a.Body)
	}
	s.must("anna", `mutation { startPhone(input: {clientId: "slept", take: true}) { phone { id } } }`)
	s.must("anna", `mutation { stopPhone { ok } }`)
	s.must("anna", `mutation { stopPhone(input: {clientId: "w1"}) { ok } }`)
	if want := []string{"anna ", "anna w1"}; !slices.Equal(s.phones.stopped, want) {
		t.Errorf("stopped are %q, want %q", s.phones.stopped, want)
	}
}

func TestPreferences(t *testing.T) {
	s := newStand(t)
	d := s.must("anna", `mutation { setPreferences(input: {language: "ru", theme: "dark"}) { viewer { preferences { language theme } operator { id } } } }`)
	if dig(d, "setPreferences.viewer.preferences.language") != "ru" || dig(d, "setPreferences.viewer.operator.id") != "anna" {
		t.Errorf("preferences: %v", d)
	}
	if got := s.must("anna", `{ viewer { preferences { theme } } }`); dig(got, "viewer.preferences.theme") != "dark" {
		t.Errorf("the theme is not kept: %v", got)
	}
	if a := s.do("anna", `mutation { setPreferences(input: {theme: "pink"}) { viewer { now } } }`); a.code() != "BAD_USER_INPUT" {
		t.Errorf("pink: %s", a.Body)
	}
}

func TestViewerNotOnTheFloorIsOffline(t *testing.T) {
	s := newStand(t)
	s.board.mu.Lock()
	delete(s.board.operators, "sonya")
	s.board.mu.Unlock()
	d := s.must("sonya", `{ viewer { operator { id availability presence } roles } }`)
	if dig(d, "viewer.operator.presence") != "OFFLINE" || dig(d, "viewer.roles.1") != "SUPERVISOR" || dig(d, "viewer.roles.2") != nil {
		t.Errorf("the viewer is %v", d)
	}
}

func wrapUpOf(action, rest string) string {
	return `mutation { wrapUp(input: {callId: "x", action: ` + action + rest + `}) { call { id state } interaction { comment topic { id } tags { name } commentSavedAt } } }`
}

func TestWrapUp(t *testing.T) {
	s := newStand(t)
	c := talking("x", "anna", "q1")
	c.State = calls.StateWrapUp
	s.board.putCall(c)
	s.history.put(interactions.Interaction{ID: "x", OperatorID: "anna", QueueID: "q1"})

	d := s.must("anna", wrapUpOf("SAVE", `, comment: "typed", tags: ["a b"], topicId: "billing"`))
	if dig(d, "wrapUp.interaction.comment") != "typed" || dig(d, "wrapUp.interaction.tags.0.name") != "a b" || dig(d, "wrapUp.interaction.tags.1") != nil ||
		dig(d, "wrapUp.interaction.topic.id") != "billing" || s.floor.count() != 0 {
		t.Errorf("saving: %v", d)
	}
	if s.must("anna", wrapUpOf("EXTEND", "")); s.floor.last(t).Kind != calls.CmdExtendWrapUp {
		t.Errorf("extending gave %+v", s.floor.last(t))
	}
	d = s.must("anna", wrapUpOf("FINISH", `, comment: "more"`))
	if dig(d, "wrapUp.interaction.comment") != "more" || dig(d, "wrapUp.interaction.topic.id") != "billing" || s.floor.last(t).Kind != calls.CmdFinishWrapUp {
		t.Errorf("finishing: %v", d)
	}
	if d = s.must("anna", wrapUpOf("SAVE", `, topicId: null, tags: null, comment: null`)); dig(d, "wrapUp.interaction.topic.id") != "billing" ||
		dig(d, "wrapUp.interaction.tags.0.name") != "a b" || dig(d, "wrapUp.interaction.comment") != "more" {
		t.Errorf("null did not leave as it is: %v", d)
	}
	if d = s.must("anna", wrapUpOf("SAVE", `, topicId: "", tags: []`)); dig(d, "wrapUp.interaction.topic") != nil || dig(d, "wrapUp.interaction.tags.0") != nil {
		t.Errorf("empty did not clear: %v", d)
	}
}

func TestTopicIsSetClearedAndLeft(t *testing.T) {
	s := newStand(t)
	s.history.put(interactions.Interaction{ID: "x", OperatorID: "anna"})
	for _, step := range []struct{ input, want string }{{`, topicId: "billing"`, "billing"}, {``, "billing"}, {`, topicId: null`, "billing"}, {`, topicId: ""`, ""}} {
		d := s.must("anna", `mutation { setTopic(input: {interactionId: "x"`+step.input+`}) { interaction { topic { id } } } }`)
		if got, _ := dig(d, "setTopic.interaction.topic.id").(string); got != step.want {
			t.Errorf("%q gives %q, want %q", step.input, got, step.want)
		}
	}
}

// The rules of notes stand in internal/interactions; here it is told which field is wrong, whichever way notes come.
func TestRefusedNotesNameTheField(t *testing.T) {
	s := newStand(t)
	s.history.put(interactions.Interaction{ID: "x", OperatorID: "anna"})
	s.history.refuse = &errs.Error{Kind: errs.Invalid, Op: "checking notes", Msg: "no", Fields: map[string]string{"comment": "too long", "tags": "too many"}}
	for _, mutation := range []string{
		wrapUpOf("FINISH", `, comment: "c"`),
		`mutation { commentInteraction(input: {interactionId: "x", comment: "c"}) { interaction { id } } }`,
		`mutation { tagInteraction(input: {interactionId: "x", tags: ["t"]}) { interaction { id } } }`,
	} {
		a := s.do("anna", mutation)
		if a.code() != "BAD_USER_INPUT" || at(a.Errors[0].Extensions, "fields", "comment") != "too long" || at(a.Errors[0].Extensions, "fields", "tags") != "too many" {
			t.Errorf("%s: %s", mutation, a.Body)
		}
	}
	if s.floor.count() != 0 {
		t.Error("the wrap-up was finished although its notes were refused")
	}
}

func TestLimitsOfNotesAreServed(t *testing.T) {
	d := newStand(t).must("anna", `{ noteLimits { comment tags tag } }`)
	want := map[string]any{"comment": float64(interactions.Limits.Comment), "tags": float64(interactions.Limits.Tags), "tag": float64(interactions.Limits.Tag)}
	if got := at(d, "noteLimits"); !reflect.DeepEqual(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

func TestWhatWasTypedOutlivesTheWrapUp(t *testing.T) {
	s := newStand(t)
	ended := testNow.Add(-time.Minute)
	s.history.put(interactions.Interaction{
		ID: "x", OperatorID: "anna", QueueID: "q1", Channel: "CALL", Direction: "OUTBOUND", Result: "ANSWERED", EndedAt: &ended,
		Number: customers.Number{E164: "+79161234567", Kind: customers.NumberPublic},
	})
	for _, action := range []string{"SAVE", "FINISH"} {
		d := s.must("anna", wrapUpOf(action, `, comment: "late `+action+`"`))
		if dig(d, "wrapUp.interaction.comment") != "late "+action || dig(d, "wrapUp.call.state") != "ENDED" {
			t.Errorf("%s after the end: %v", action, d)
		}
	}
	a := s.do("anna", wrapUpOf("EXTEND", `, comment: "kept"`))
	if in, err := s.history.Get(t.Context(), "x"); a.code() != "CONFLICT" || err != nil || in.Notes.Comment != "kept" {
		t.Errorf("extending after the end: %s, the comment is %q", a.Body, in.Notes.Comment)
	}
	s.history.mu.Lock()
	delete(s.history.rows, "x")
	s.history.mu.Unlock()
	if a := s.do("anna", wrapUpOf("SAVE", `, comment: "c"`)); a.code() != "NOT_FOUND" {
		t.Errorf("an unknown call: %s", a.Body)
	}
}

func TestNotesOfACallOnTheBoardAreToldToBeLive(t *testing.T) {
	s := newStand(t)
	s.board.putCall(talking("x", "anna", "q1"))
	for _, id := range []string{"x", "past"} {
		s.history.put(interactions.Interaction{ID: id, OperatorID: "anna", Channel: "CALL", Direction: "INBOUND"})
		s.must("anna", `mutation { commentInteraction(input: {interactionId: "`+id+`", comment: "c"}) { interaction { id } } }`)
		if s.history.live != (id == "x") {
			t.Errorf("%s: live is %v", id, s.history.live)
		}
	}
}

func TestDemo(t *testing.T) {
	if a := newStand(t).do("anna", `mutation { demoCall(input: {}) { ok } }`); a.code() != "FORBIDDEN" {
		t.Errorf("outside a demo: %s", a.Body)
	}
	fail := false
	s := newStand(t, func(c *Core, _ *Options) {
		c.Demo = &Demo{Simulated: true, Unknown: customers.Number{E164: "+79990000000"}, Callers: func(context.Context) ([]DemoCaller, error) {
			if fail {
				return nil, errs.E(errs.Unavailable, "listing", "1C is away")
			}
			return []DemoCaller{{Name: "Ivan", Company: "Ромашка", Number: customers.Number{E164: "+79161234567"}}}, nil
		}}
	})
	d := s.must("anna", `{ viewer { demo { simulated callers { name company number { e164 } } } } }`)
	if dig(d, "viewer.demo.simulated") != true || dig(d, "viewer.demo.callers.0.number.e164") != "+79161234567" {
		t.Errorf("the demo is %v", d)
	}
	s.must("anna", `mutation { demoCall(input: {number: "+79161234567", queue: "key-q2"}) { ok } }`)
	if cmd := s.floor.last(t); cmd.Number != "+79161234567" || cmd.Name != "Ivan" || cmd.Queue != "key-q2" {
		t.Errorf("a known caller: %+v", cmd)
	}
	s.must("anna", `mutation { demoCall(input: {}) { ok } }`)
	if cmd := s.floor.last(t); cmd.Number != "+79990000000" || cmd.Queue != "key-q1" {
		t.Errorf("an unknown caller: %+v", cmd)
	}
	for input, field := range map[string]string{`{number: "+7000"}`: "number", `{queue: "nowhere"}`: "queue"} {
		if a := s.do("anna", `mutation { demoCall(input: `+input+`) { ok } }`); a.code() != "BAD_USER_INPUT" || at(a.Errors[0].Extensions, "fields", field) == nil {
			t.Errorf("%s: %s", input, a.Body)
		}
	}
	fail = true
	if d := s.must("anna", `{ viewer { operator { id } demo { callers { name } } } }`); dig(d, "viewer.operator.id") != "anna" {
		t.Errorf("with the demo base away: %v", d)
	}
	if d := s.must("", `{ viewer { demo { simulated callers { name } } } }`); dig(d, "viewer.demo.simulated") != true {
		t.Errorf("for strangers: %v", d)
	}
}

// eventually waits for a condition.
func eventually(t *testing.T, ok func() bool) {
	t.Helper()
	deadline := time.NewTimer(5 * time.Second)
	defer deadline.Stop()
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	for !ok() {
		select {
		case <-deadline.C:
			t.Fatal("it has not come true in 5 s")
		case <-tick.C:
		}
	}
}

// TestQueriesWaitForThePictureAsFeedsDo, and say so where it does not come.
func TestQueriesWaitForThePictureAsFeedsDo(t *testing.T) {
	s := newStand(t, func(_ *Core, o *Options) { o.Limits.RequestTimeout = 500 * time.Millisecond })
	s.board.putCall(talking("a", "anna", "q1"))
	s.board.doubt = make(chan struct{})
	a := s.do("sonya", `{ calls { id } call(id: "a") { id } queues { id } queue(id: "q1") { id } operators { id } readiness { id } }`)
	late := map[any]bool{}
	for _, e := range a.Errors {
		late[e.Path[0]] = e.Extensions["code"] == "TIMEOUT"
	}
	for _, field := range []string{"calls", "call", "queues", "queue", "operators", "readiness"} {
		if !late[field] {
			t.Errorf("%s is answered from a picture that nobody has confirmed: %s", field, a.Body)
		}
	}
	if d := s.must("sonya", `{ viewer { operator { id } } }`); dig(d, "viewer.operator.id") != "sonya" { // who one is needs no picture
		t.Errorf("the viewer is %v", d)
	}
}
