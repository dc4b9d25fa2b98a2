package graph

import (
	"fmt"
	"testing"

	"github.com/pult-cc/pult/graph/generated"
	"github.com/pult-cc/pult/internal/auth"
	"github.com/pult-cc/pult/internal/errs"
	"github.com/pult-cc/pult/internal/interactions"
	"github.com/pult-cc/pult/telephony/calls"
)

func TestEveryRootFieldHasItsAccess(t *testing.T) {
	schema := generated.NewExecutableSchema(generated.Config{}).Schema()
	inSchema := map[string]bool{}
	for _, root := range []string{"Query", "Mutation", "Subscription"} {
		for _, f := range schema.Types[root].Fields {
			if f.Name[0] == '_' {
				continue
			}
			inSchema[root+"."+f.Name] = true
			if fieldAccess[root+"."+f.Name] == 0 {
				t.Errorf("%s.%s has no access rule", root, f.Name)
			}
		}
	}
	for f := range fieldAccess {
		if !inSchema[f] {
			t.Errorf("the access rule of %s is of no field", f)
		}
	}
	if err := admit(t.Context(), "Query.unheardOf", true); !errs.Is(err, errs.Forbidden) {
		t.Errorf("a field without a rule gives %v", err)
	}
}

// The matrix: who × what on a call of Anna's in queue q1.
func TestWhoMayCommandACall(t *testing.T) {
	ops := map[string]string{
		"answer":         `mutation { answer(input: {callId: "x"}) { call { id } } }`,
		"decline":        `mutation { decline(input: {callId: "x"}) { call { id } } }`,
		"hangUp":         `mutation { hangUp(input: {callId: "x"}) { call { id } } }`,
		"hold":           `mutation { hold(input: {callId: "x"}) { call { id } } }`,
		"resume":         `mutation { resume(input: {callId: "x"}) { call { id } } }`,
		"setMuted":       `mutation { setMuted(input: {callId: "x", muted: true}) { call { id } } }`,
		"sendDigits":     `mutation { sendDigits(input: {callId: "x", digits: "1"}) { call { id } } }`,
		"takeCall":       `mutation { takeCall(input: {callId: "x"}) { call { id } } }`,
		"wrapUp":         `mutation { wrapUp(input: {callId: "x", action: FINISH, comment: "c"}) { call { id } } }`,
		"linkCustomer":   `mutation { linkCustomer(input: {callId: "x", customerId: "c1"}) { call { id } } }`,
		"unlinkCustomer": `mutation { unlinkCustomer(input: {callId: "x"}) { call { id } } }`,
		"retryMatch":     `mutation { retryMatch(input: {callId: "x"}) { call { id } } }`,
		"setTopic":       `mutation { setTopic(input: {interactionId: "x", topicId: "billing"}) { interaction { id } } }`,
		"tag":            `mutation { tagInteraction(input: {interactionId: "x", tags: ["t"]}) { interaction { id } } }`,
		"comment":        `mutation { commentInteraction(input: {interactionId: "x", comment: "c"}) { interaction { id } } }`,
	}
	// What a supervisor may do with another's call: nothing that touches the other's phone.
	foreign := map[string]bool{
		"hangUp": true, "takeCall": true, "wrapUp": true, "linkCustomer": true, "unlinkCustomer": true, "retryMatch": true,
		"setTopic": true, "tag": true, "comment": true,
	}
	want := func(who, op string) string {
		switch who {
		case "":
			return "UNAUTHENTICATED"
		case "anna":
			return ""
		case "vera": // of another queue: the call does not exist for her
			return "NOT_FOUND"
		case "boris":
			if op == "takeCall" {
				return "" // the floor refuses what does not wait
			}
			return "FORBIDDEN"
		}
		if foreign[op] {
			return ""
		}
		return "FORBIDDEN"
	}
	s := newStand(t)
	s.board.putCall(talking("x", "anna", "q1"))
	s.history.put(interactions.Interaction{ID: "x", OperatorID: "anna", QueueID: "q1", Channel: interactions.ChannelCall, Direction: "INBOUND"})
	for _, who := range []string{"", "anna", "boris", "vera", "sonya", "adam"} {
		for op, query := range ops {
			before := s.floor.count()
			a := s.do(who, query)
			if a.code() != want(who, op) {
				t.Errorf("%s as %q: %q, want %q\n%s", op, who, a.code(), want(who, op), a.Body)
			}
			if a.code() != "" && s.floor.count() != before {
				t.Errorf("%s as %q was refused and yet reached the floor", op, who)
			}
			if a.code() == "" && s.floor.count() != before {
				cmd := s.floor.last(t)
				if supervisor := (who == "sonya" || who == "adam") && foreign[op]; cmd.OperatorID != who || cmd.Supervisor != supervisor {
					t.Errorf("%s as %q gave %+v", op, who, cmd)
				}
			}
		}
	}
}

func TestWhoSeesACall(t *testing.T) {
	s := newStand(t)
	s.board.putCall(talking("x", "anna", "q1"))
	s.board.putCall(talking("direct", "anna", ""))
	for who, want := range map[string][2]bool{
		"anna": {true, true}, "boris": {true, false}, "vera": {false, false}, "sonya": {true, true}, "adam": {true, true},
	} {
		for i, id := range []string{"x", "direct"} {
			got := at(s.must(who, fmt.Sprintf(`{ call(id: %q) { id } }`, id)), "call") != nil
			if got != want[i] {
				t.Errorf("%s sees the call %s: %v, want %v", who, id, got, want[i])
			}
			listed := false
			for _, c := range at(s.must(who, `{ calls { id } }`), "calls").([]any) {
				listed = listed || at(c, "id") == id
			}
			if listed != want[i] {
				t.Errorf("%s finds the call %s in the list: %v, want %v", who, id, listed, want[i])
			}
		}
	}
}

func TestWhoSeesAnInteraction(t *testing.T) {
	s := newStand(t)
	s.history.put(interactions.Interaction{ID: "h", OperatorID: "anna", QueueID: "q1", Channel: interactions.ChannelCall, Direction: "INBOUND"})
	for who, want := range map[string]bool{"anna": true, "boris": true, "vera": false, "sonya": true, "adam": true} {
		if got := at(s.must(who, `{ interaction(id: "h") { id } }`), "interaction") != nil; got != want {
			t.Errorf("%s sees the interaction: %v, want %v", who, got, want)
		}
		s.must(who, `{ interactions { edges { node { id } } } }`)
		f := s.history.filter
		if restricted := f.OwnOperator == who && f.Queues != nil; restricted == (who == "sonya" || who == "adam") {
			t.Errorf("%s asks the history with %+v", who, f)
		}
	}
	for who, want := range map[string]string{"anna": "", "boris": "FORBIDDEN", "vera": "NOT_FOUND", "sonya": "", "adam": ""} {
		if a := s.do(who, `mutation { commentInteraction(input: {interactionId: "h", comment: "c"}) { interaction { id } } }`); a.code() != want {
			t.Errorf("%s comments: %q, want %q", who, a.code(), want)
		}
	}
}

func TestUnsignedRequestsGetNothingButTheirOwnAbsence(t *testing.T) {
	s := newStand(t)
	for _, query := range []string{
		`{ calls { id } }`, `{ queues { id } }`, `{ operators { name } }`, `{ system { ready } }`, `{ customers(search: "a") { name } }`,
		`{ viewer { now } queues { id } }`, `query { ...F } fragment F on Query { topics { id } }`, `query { ... { tags { id } } }`,
		`mutation { startPhone(input: {clientId: "w"}) { phone { ha1 } } }`, `mutation { dial(input: {number: "1"}) { call { id } } }`,
	} {
		if a := s.do("", query); a.code() != "UNAUTHENTICATED" || a.Data != nil {
			t.Errorf("%s: %s", query, a.Body)
		}
	}
	v := at(s.must("", `{ viewer { operator { id } roles preferences { language theme } demo { simulated } now } }`), "viewer")
	if at(v, "operator") != nil || len(at(v, "roles").([]any)) != 0 || at(v, "preferences", "theme") != "auto" || at(v, "now") != "2026-11-01T09:00:00.000Z" {
		t.Errorf("the viewer who is nobody is %v", v)
	}
}

func TestScopes(t *testing.T) {
	mine, queued, other := talking("1", "anna", "q2"), talking("2", "", "q1"), talking("3", "vera", "q2")
	p := func(id string, role auth.Role, queues ...string) viewer {
		return viewer{auth.Principal{User: auth.User{ID: id, Role: role, Queues: queues}}}
	}
	for name, tc := range map[string]struct {
		v     viewer
		scope string
		want  string
	}{
		"operator's own":      {p("anna", auth.RoleOperator, "q1"), "MINE", "1"},
		"operator's queues":   {p("anna", auth.RoleOperator, "q1"), "QUEUES", "12"},
		"operator's all":      {p("anna", auth.RoleOperator, "q1"), "ALL", ""},
		"supervisor's own":    {p("sonya", auth.RoleSupervisor, "q2"), "MINE", ""},
		"supervisor's queues": {p("sonya", auth.RoleSupervisor, "q2"), "QUEUES", "13"},
		"supervisor's all":    {p("sonya", auth.RoleSupervisor, "q2"), "ALL", "123"},
		"unknown scope":       {p("sonya", auth.RoleSupervisor, "q2"), "MOON", ""},
	} {
		got := ""
		for _, c := range []calls.Call{mine, queued, other} {
			if tc.v.inScope(&c, scopeOf(tc.scope)) {
				got += string(c.ID)
			}
		}
		if got != tc.want {
			t.Errorf("%s: %q, want %q", name, got, tc.want)
		}
	}
	if n := (calls.Notice{OperatorID: "anna"}); p("boris", auth.RoleAdmin).seesNotice(&n) || !p("anna", auth.RoleOperator).seesNotice(&n) {
		t.Error("a notice goes to the wrong person")
	}
}
