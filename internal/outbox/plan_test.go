package outbox

import (
	"fmt"
	"testing"
	"time"

	"github.com/pult-cc/pult/connectors"
	"github.com/pult-cc/pult/internal/customers"
	"github.com/pult-cc/pult/internal/errs"
	"github.com/pult-cc/pult/internal/interactions"
)

var start = time.Date(2026, 3, 4, 9, 15, 30, 0, time.UTC)

func at(d time.Duration) *time.Time { t := start.Add(d); return &t }

func planner() *Planner {
	n := 0
	return &Planner{
		Lines: []Line{{Connector: "1c", Calls: true}, {Connector: "crm", Calls: true, MissedTasks: true}, {Connector: "list"}},
		Wording: Wording{
			MissedTitle: func(n customers.Number) string { return "call back " + n.E164 },
			MissedText:  func(in interactions.Interaction) string { return "waited " + in.Waited.String() },
		},
		NewID: func() string { n++; return fmt.Sprint("e", n) }, Now: func() time.Time { return start.Add(time.Hour) },
	}
}

func answered() interactions.Interaction {
	return interactions.Interaction{
		ID: "c1", Channel: interactions.ChannelCall, Direction: "INBOUND", QueueID: "q", OperatorID: "u", StartedAt: start,
		Number:     customers.Number{E164: "+74950123401", Kind: customers.NumberPublic},
		CustomerID: customers.EncodeID(connectors.Ref{Connector: "crm", Type: "contact", ID: "42"}),
		AnsweredAt: at(10 * time.Second), EndedAt: at(70 * time.Second), ClosedAt: at(90 * time.Second), Waited: 10 * time.Second, Result: "ANSWERED",
		Notes: interactions.Notes{TopicID: "t", Tags: []string{"a"}, Comment: "да"},
	}
}

func TestPlanTellsEachSystemWhatItTakes(t *testing.T) {
	wishes := planner().Plan(answered())
	if len(wishes) != 2 {
		t.Fatalf("got %+v", wishes)
	}
	for i, crm := range []string{"1c", "crm"} {
		w := wishes[i]
		if w.Connector != crm || w.Kind != KindCall || w.Key != "c1" || w.Subject != "c1" || !w.NotBefore.IsZero() {
			t.Errorf("got %+v", w)
		}
		p := w.Payload
		if (p.Customer.ID == "42") != (crm == "crm") {
			t.Errorf("%s is told of customer %+v", crm, p.Customer)
		}
		if !p.Inbound || p.Number != "+74950123401" || p.Talked != time.Minute || p.Waited != 10*time.Second || p.Outcome != connectors.OutcomeAnswered ||
			p.QueueID != "q" || p.OperatorID != "u" || p.TopicID != "t" || p.Comment != "да" || len(p.Tags) != 1 {
			t.Errorf("got %+v", p)
		}
	}
}

func TestPlanIsAboutCallsThatHaveEnded(t *testing.T) {
	for name, change := range map[string]func(*interactions.Interaction){
		"a live call": func(in *interactions.Interaction) { in.EndedAt, in.ClosedAt = nil, nil },
		"a chat":      func(in *interactions.Interaction) { in.Channel = interactions.ChannelChat },
		"between extension": func(in *interactions.Interaction) {
			in.Number = customers.Number{E164: "101", Kind: customers.NumberInternal}
		},
	} {
		in := answered()
		change(&in)
		if got := planner().Plan(in); len(got) != 0 {
			t.Errorf("%s is told: %+v", name, got)
		}
	}
	var none *Planner
	if got := none.Plan(answered()); len(got) != 0 {
		t.Errorf("without a planner: %+v", got)
	}
}

func TestPlanOutcomes(t *testing.T) {
	for _, c := range []struct {
		direction, result string
		want              connectors.Outcome
	}{
		{"INBOUND", "ANSWERED", connectors.OutcomeAnswered},
		{"INBOUND", "ABANDONED", connectors.OutcomeMissed},
		{"INBOUND", "NO_ANSWER", connectors.OutcomeMissed},
		{"INBOUND", "FAILED", connectors.OutcomeFailed},
		{"OUTBOUND", "ANSWERED", connectors.OutcomeAnswered},
		{"OUTBOUND", "BUSY", connectors.OutcomeBusy},
		{"OUTBOUND", "NO_ANSWER", connectors.OutcomeNoAnswer},
		{"OUTBOUND", "REJECTED", connectors.OutcomeNoAnswer},
		{"OUTBOUND", "CANCELLED", connectors.OutcomeNoAnswer},
		{"OUTBOUND", "FAILED", connectors.OutcomeFailed},
	} {
		in := answered()
		in.Direction, in.Result, in.AnsweredAt = c.direction, c.result, nil
		w := planner().Plan(in)
		if got := w[0].Payload; got.Outcome != c.want || got.Talked != 0 {
			t.Errorf("%s %s is %s, talked %s; want %s", c.direction, c.result, got.Outcome, got.Talked, c.want)
		}
		if tasks := len(w) - 2; (tasks == 1) != (c.want == connectors.OutcomeMissed) {
			t.Errorf("%s %s makes %d tasks", c.direction, c.result, tasks)
		}
	}
}

func TestPlanMakesNoTaskNobodyCanDo(t *testing.T) {
	in := answered()
	in.Result, in.AnsweredAt = "ABANDONED", nil
	w := planner().Plan(in)
	if len(w) != 3 || w[2].Kind != KindTask || w[2].Key != "c1-callback" || w[2].Payload.Title != "call back +74950123401" || w[2].Payload.Text != "waited 10s" ||
		!w[2].Payload.DueAt.Equal(in.EndedAt.Add(CallBackWithin)) || w[2].Payload.Customer.ID != "42" {
		t.Fatalf("got %+v", w)
	}
	in.Number = customers.Number{Kind: customers.NumberAnonymous}
	if w := planner().Plan(in); len(w) != 2 || w[0].Payload.Number != "" {
		t.Errorf("to call back a withheld number: %+v", w)
	}
}

func TestPlanWaitsForWrapUp(t *testing.T) {
	in := answered()
	in.ClosedAt = nil
	if w := planner().Plan(in)[0]; !w.NotBefore.Equal(in.EndedAt.Add(WrapUpHold)) {
		t.Errorf("goes at %v", w.NotBefore)
	}
}

func TestMerge(t *testing.T) {
	id := func() string { return "e1" }
	w := planner().Plan(answered())[1]
	made, changed := Merge(nil, w, id, start)
	if !changed || made.ID != "e1" || made.State != StatePending || !made.NextAttempt.Equal(start) || made.Revision != 1 {
		t.Fatalf("made %+v", made)
	}
	if _, changed := Merge(&made, w, id, start); changed {
		t.Error("the same wish again changes the entry")
	}
	later := w
	later.Payload.Comment = "нет"
	number, comment := "+7", "исправлено"
	for name, c := range map[string]struct {
		have        func(*Entry)
		wish        Wish
		want        State
		next        time.Duration
		stays       bool
		attempts    int
		wantComment string
	}{
		"waits":                {func(*Entry) {}, later, StatePending, 0, false, 0, "нет"},
		"waits after fail":     {func(e *Entry) { e.Attempts, e.NextAttempt = 3, *at(9 * time.Minute) }, later, StatePending, 9 * time.Minute, false, 3, "нет"},
		"under way":            {func(e *Entry) { e.Lease, e.NextAttempt = "l", *at(2 * time.Minute) }, later, StatePending, 2 * time.Minute, false, 0, "нет"},
		"delivered":            {func(e *Entry) { e.State, e.DeliveredAt = StateDelivered, at(0) }, later, StatePending, time.Minute + Throttle, false, 0, "нет"},
		"delivered, waits":     {func(e *Entry) { e.DeliveredAt, e.NextAttempt = at(0), *at(65 * time.Second) }, later, StatePending, 65 * time.Second, false, 0, "нет"},
		"delivered, once more": {func(e *Entry) { e.DeliveredAt, e.NextAttempt = at(0), *at(10 * time.Minute) }, later, StatePending, time.Minute + Throttle, false, 0, "нет"},
		"delivered long ago":   {func(e *Entry) { e.State, e.DeliveredAt, e.Past, e.Payload = StateDelivered, at(0), true, Payload{} }, later, StatePending, time.Minute + Throttle, false, 0, "нет"},
		"discarded long ago":   {func(e *Entry) { e.State, e.Past, e.Payload = StateDiscarded, true, Payload{} }, later, StateDiscarded, 0, true, 0, ""},
		"held":                 {func(e *Entry) { e.State, e.Reason = StateHeld, "no" }, later, StatePending, time.Minute, false, 0, "нет"},
		"refused":              {func(e *Entry) { e.State, e.Attempts, e.Reason = StateDead, 2, "no" }, later, StatePending, time.Minute, false, 0, "нет"},
		"discarded":            {func(e *Entry) { e.State = StateDiscarded }, later, StateDiscarded, 0, true, 0, "да"},
		"edited":               {func(e *Entry) { e.Edits = Edits{Number: &number, Comment: &comment} }, later, StatePending, 0, false, 0, "нет"},
		"a task that is done":  {func(e *Entry) { e.State, e.Kind, e.DeliveredAt = StateDelivered, KindTask, at(0) }, later, StateDelivered, 0, true, 0, "да"},
	} {
		e := made
		c.have(&e)
		got, changed := Merge(&e, c.wish, id, start.Add(time.Minute))
		if got.State != c.want || !got.NextAttempt.Equal(start.Add(c.next)) || changed == c.stays || got.Attempts != c.attempts || got.Effective().Comment != c.wantComment {
			t.Errorf("%s: %v, %+v", name, changed, got)
		}
		if wantRevision := int64(1); !c.stays {
			wantRevision++
			if got.Revision != wantRevision {
				t.Errorf("%s: revision %d", name, got.Revision)
			}
		}
		if name == "edited" && (got.Effective().Number != number || got.Edits.Comment != nil) {
			t.Errorf("of the edits stays %+v", got.Edits)
		}
	}
}

// TestMergeKnowsWhereACallMayHaveGoneThatComesBack: linked to another customer, tried in vain, and linked as it was, it looked as if it had
// never left, and stayed with the other where the attempt had moved it.
func TestMergeKnowsWhereACallMayHaveGoneThatComesBack(t *testing.T) {
	to := func(id string) Wish {
		w := planner().Plan(answered())[1]
		w.Payload.Customer = connectors.Ref{}
		if id != "" {
			w.Payload.Customer = connectors.Ref{Connector: w.Connector, Type: "c", ID: id}
		}
		return w
	}
	ref := func(id string) connectors.Ref { return to(id).Payload.Customer }
	for name, c := range map[string]struct {
		first, second, third string
		tried                bool
		want                 string
	}{
		"back":                       {"A", "B", "A", true, "B"},
		"back to nobody":             {"", "B", "", true, "B"},
		"back before it was tried":   {"A", "B", "A", false, "A"},
		"on to a third":              {"A", "B", "C", true, "A"},
		"taken back after a timeout": {"A", "B", "", true, "A"},
	} {
		e, _ := Merge(nil, to(c.first), func() string { return "e1" }, start)
		e.State, e.DeliveredAt, e.Written = StateDelivered, at(0), connectors.Ref{Connector: e.Connector, Type: "call", ID: "1"}
		e, _ = Merge(&e, to(c.second), nil, start.Add(time.Minute))
		if e.WrittenFor != ref(c.first) {
			t.Fatalf("%s: it stands for %+v", name, e.WrittenFor)
		}
		if c.tried {
			e.Attempts, e.Reason, e.ReasonCode = 1, "no answer in time", errs.Timeout.String()
		}
		if e, _ = Merge(&e, to(c.third), nil, start.Add(2*time.Minute)); e.WrittenFor != ref(c.want) || e.Revision != 3 {
			t.Errorf("%s: it may stand for %+v, revision %d", name, e.WrittenFor, e.Revision)
		}
	}
}

// A person's correction says for whom, too.
func TestMergeHoldsWhatHasNoCustomer(t *testing.T) {
	p := planner()
	w := p.Plan(answered())[1]
	held, _ := Merge(nil, w, p.NewID, start)
	held.State, held.Payload.Customer = StateHeld, connectors.Ref{}
	nobody := w
	nobody.Payload.Customer, nobody.Payload.Comment = connectors.Ref{}, "нет"
	if got, changed := Merge(&held, nobody, p.NewID, start); !changed || got.State != StateHeld || got.Payload.Comment != "нет" {
		t.Errorf("got %+v", got)
	}
	held.Edits.Customer = &w.Payload.Customer
	if got, _ := Merge(&held, nobody, p.NewID, start); got.State != StatePending {
		t.Errorf("with a correction: %+v", got)
	}
}

func TestMergeLetsAnEndedWrapUpGo(t *testing.T) {
	in := answered()
	in.ClosedAt = nil
	p := planner()
	held, _ := Merge(nil, p.Plan(in)[0], p.NewID, start.Add(70*time.Second))
	closed, changed := Merge(&held, p.Plan(answered())[0], p.NewID, start.Add(90*time.Second))
	if !changed || !closed.NextAttempt.Equal(start.Add(90*time.Second)) || closed.Revision != 1 {
		t.Errorf("got %+v", closed)
	}
}
