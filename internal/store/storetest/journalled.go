package storetest

import (
	"fmt"
	"testing"
	"time"

	"github.com/pult-cc/pult/connectors"
	"github.com/pult-cc/pult/internal/customers"
	"github.com/pult-cc/pult/internal/errs"
	"github.com/pult-cc/pult/internal/interactions"
	"github.com/pult-cc/pult/internal/outbox"
	"github.com/pult-cc/pult/internal/store"
)

// told is a store that tells customer systems, and a clock.
type told struct {
	*store.Store
	dsn string
	now time.Time
	ids int
	id  func() string
}

func openTold(t *testing.T, dsn string) *told {
	t.Helper()
	d := &told{dsn: dsn, now: start.Add(time.Hour)}
	d.id = func() string { d.ids++; return fmt.Sprintf("entry-%06d", d.ids) }
	s, err := store.Open(t.Context(), store.Options{DSN: dsn, Outbox: &outbox.Planner{
		Lines: []outbox.Line{{Connector: "1c", Calls: true, MissedTasks: true}, {Connector: "silent"}},
		Wording: outbox.Wording{
			MissedTitle: func(n customers.Number) string { return "Перезвонить: " + n.Display },
			MissedText:  func(interactions.Interaction) string { return "" },
		},
		NewID: func() string { return d.id() }, Now: func() time.Time { return d.now },
	}})
	must(t, "Open", err)
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Errorf("Close: %v", err)
		}
	})
	must(t, "Migrate", s.Migrate(t.Context()))
	d.Store = s
	return d
}

// entries are those of a call, oldest first.
func (d *told) entries(t *testing.T, call string) []outbox.Entry {
	t.Helper()
	p, err := d.Outbox().List(t.Context(), outbox.Filter{}, 1000, "")
	must(t, "List", err)
	var out []outbox.Entry
	for _, e := range p.Items {
		if e.Subject == call {
			out = append([]outbox.Entry{e}, out...)
		}
	}
	return out
}

func (d *told) one(t *testing.T, call string) outbox.Entry {
	t.Helper()
	es := d.entries(t, call)
	if len(es) != 1 {
		t.Fatalf("%d entries of %s, want 1: %+v", len(es), call, es)
	}
	return es[0]
}

// deliverAll delivers whatever is due.
func (d *told) deliverAll(t *testing.T) {
	t.Helper()
	for {
		es, err := d.Outbox().Claim(t.Context(), "1c", 100, false, "w", d.now, d.now.Add(time.Minute))
		must(t, "Claim", err)
		if len(es) == 0 {
			return
		}
		for _, e := range es {
			ref := connectors.Ref{Connector: "1c", Type: "Document", ID: "d-" + e.Key}
			must(t, "Delivered", d.Outbox().Delivered(t.Context(), e.ID, "w", e.Revision, outbox.Delivery{
				Written: connectors.Written{Ref: ref, Customer: e.Payload.Customer},
			}, d.now))
		}
	}
}

var linked = connectors.Ref{Connector: "1c", Type: "Catalog_Партнеры", ID: "42"}

func ended(id string) interactions.Interaction {
	in := closed(call(id))
	in.ClosedAt, in.CustomerID = nil, customers.EncodeID(linked)
	return in
}

func runJournalled(t *testing.T, fresh NewDatabase) {
	d := openTold(t, fresh(t))
	for _, c := range []struct {
		name string
		test func(*testing.T, *told)
	}{
		{"what a call's end means to a customer system is written with it", endIsTold},
		{"an entry that cannot be written does not cost the call its end", endIsKept},
		{"who holds the floor no more tells nothing", staleTellsNothing},
		{"later notes are told, once", notesAreTold},
		{"a later link is told", linkIsTold},
		{"a system is told whom it knows as the customer of another", twinIsTold},
		{"a refused link is told where it was told before", refusalIsTold},
		{"a missed call makes a task, while it is fresh", missedMakesTask},
	} {
		t.Run(c.name, func(t *testing.T) { c.test(t, d) })
	}
}

func (d *told) save(t *testing.T, in interactions.Interaction) {
	t.Helper()
	must(t, "SaveCall", d.Interactions().SaveCall(t.Context(), in))
}

func endIsTold(t *testing.T, d *told) {
	d.save(t, call("j-1"))
	if es := d.entries(t, "j-1"); len(es) != 0 {
		t.Fatalf("a live call is told: %+v", es)
	}
	d.now = start.Add(time.Minute)
	d.save(t, ended("j-1"))
	e := d.one(t, "j-1")
	if e.Connector != "1c" || e.Kind != outbox.KindCall || e.Key != "j-1" || e.Payload.Customer != linked || e.Payload.Number != "+79161234567" ||
		!e.Payload.Inbound || e.Payload.Talked != 51*time.Second || e.Payload.Outcome != connectors.OutcomeAnswered {
		t.Errorf("got %+v", e)
	}
	if want := start.Add(time.Minute + outbox.WrapUpHold); !e.NextAttempt.Equal(want) {
		t.Errorf("goes at %v, want %v: notes are being typed", e.NextAttempt, want)
	}
	d.now = start.Add(90 * time.Second)
	in := ended("j-1")
	in.ClosedAt = ptr(start.Add(90 * time.Second))
	d.save(t, in)
	if e = d.one(t, "j-1"); !e.NextAttempt.Equal(d.now) || e.Revision != 1 {
		t.Errorf("wrap-up is over: %+v", e)
	}
	d.deliverAll(t)
	d.save(t, in) // nothing new
	if e = d.one(t, "j-1"); e.State != outbox.StateDelivered {
		t.Errorf("got %+v", e)
	}
}

func endIsKept(t *testing.T, d *told) {
	d.save(t, ended("j-2"))
	taken, usual := d.one(t, "j-2").ID, d.id
	d.id = func() string { return taken }
	err := d.Interactions().SaveCall(t.Context(), ended("j-3"))
	d.id = usual
	wantKind(t, "SaveCall with an id that is taken", err, errs.Conflict)
	in, err := d.Interactions().Get(t.Context(), "j-3")
	if err != nil || in.EndedAt == nil {
		t.Errorf("the call without its entry: %+v, %v", in, err)
	}
	if es := d.entries(t, "j-3"); len(es) != 0 {
		t.Errorf("told by halves: %+v", es)
	}
	d.save(t, ended("j-3"))
	d.one(t, "j-3")
}

func staleTellsNothing(t *testing.T, d *told) {
	d.save(t, ended("j-4"))
	old := ended("j-4")
	old.Term, old.Result, old.AnsweredAt = 6, "ABANDONED", nil
	d.save(t, old)
	if e := d.one(t, "j-4"); e.Payload.Outcome != connectors.OutcomeAnswered || e.Revision != 1 {
		t.Errorf("got %+v", e)
	}
}

func notesAreTold(t *testing.T, d *told) {
	d.save(t, call("j-5"))
	live := interactions.NotesChange{Comment: ptr("ещё говорим")}
	_, err := d.Interactions().SetNotes(t.Context(), "j-5", live, d.now)
	must(t, "SetNotes", err)
	if es := d.entries(t, "j-5"); len(es) != 0 {
		t.Fatalf("notes of a live call are told: %+v", es)
	}
	in := ended("j-5")
	in.ClosedAt = ptr(start.Add(2 * time.Minute))
	d.save(t, in)
	d.deliverAll(t)
	for _, text := range []string{"с", "со", "сов"} { // as it is typed
		d.now = d.now.Add(time.Second)
		_, err := d.Interactions().SetNotes(t.Context(), "j-5", interactions.NotesChange{Comment: &text, Tags: &[]string{"x"}}, d.now)
		must(t, "SetNotes", err)
	}
	e := d.one(t, "j-5")
	if want := d.now.Add(outbox.Throttle - 2*time.Second); e.State != outbox.StatePending || e.Payload.Comment != "сов" ||
		len(e.Payload.Tags) != 1 || !e.NextAttempt.Equal(want) {
		t.Errorf("got %+v, want it to go at %v", e, want)
	}
	d.now = d.now.Add(outbox.Throttle)
	d.deliverAll(t)
	if e = d.one(t, "j-5"); e.State != outbox.StateDelivered || e.Revision != 4 {
		t.Errorf("got %+v", e)
	}
}

func linkIsTold(t *testing.T, d *told) {
	in := ended("j-6")
	in.CustomerID, in.ClosedAt = "", ptr(start.Add(2*time.Minute))
	d.save(t, in)
	if e := d.one(t, "j-6"); e.Payload.Customer != (connectors.Ref{}) {
		t.Errorf("nobody is linked: %+v", e)
	}
	must(t, "SetCustomer", d.Interactions().SetCustomer(t.Context(), "j-6", customers.EncodeID(linked), "Ёлка", "u-anna", d.now))
	if e := d.one(t, "j-6"); e.Payload.Customer != linked {
		t.Errorf("got %+v", e)
	}
	elsewhere := customers.EncodeID(connectors.Ref{Connector: "silent", Type: "x", ID: "1"})
	must(t, "SetCustomer", d.Interactions().SetCustomer(t.Context(), "j-6", elsewhere, "Ёлка", "u-anna", d.now))
	if e := d.one(t, "j-6"); e.Payload.Customer != (connectors.Ref{}) {
		t.Errorf("a customer of another system: %+v", e)
	}
}

func twinIsTold(t *testing.T, d *told) {
	const number = "+79995554433"
	in := ended("j-11")
	in.Number.E164, in.ClosedAt = number, ptr(start.Add(2*time.Minute))
	in.CustomerID = customers.EncodeID(connectors.Ref{Connector: "crm", Type: "contact", ID: "7"})
	record := func(source, id, tax string) customers.Customer {
		ref := connectors.Ref{Connector: source, Type: linked.Type, ID: id}
		if source == "crm" {
			ref.Type = "contact"
		}
		c := customer(customers.EncodeID(ref), "Ёлка", number)
		c.Ref, c.Source, c.Kind, c.TaxID, c.Emails = ref, source, connectors.KindCompany, tax, nil
		return c
	}
	keep := func(cs ...customers.Customer) { must(t, "Keep", d.Customers().Keep(t.Context(), cs)) }
	keep(record("crm", "7", "7701234567"), record("1c", "1042", "7701234567"), record("1c", "1043", "7709999999"))
	d.save(t, in)
	twin := connectors.Ref{Connector: "1c", Type: linked.Type, ID: "1042"}
	if e := d.one(t, "j-11"); e.Payload.Customer != twin {
		t.Errorf("got %+v, want %+v", e.Payload.Customer, twin)
	}
	// A person says that the number is not theirs.
	must(t, "Refuse", errOf(d.Customers().Refuse(t.Context(), number, []customers.ID{customers.EncodeID(twin)}, "u-anna", d.now)))
	again := interactions.NotesChange{Comment: ptr("ещё раз")}
	_, err := d.Interactions().SetNotes(t.Context(), "j-11", again, d.now)
	must(t, "SetNotes", err)
	if e := d.one(t, "j-11"); e.Payload.Customer != (connectors.Ref{}) {
		t.Errorf("refused, and told all the same: %+v", e.Payload.Customer)
	}
	// Two of them are nobody's twin.
	keep(record("1c", "1044", "7701234567"), record("1c", "1045", "7701234567"))
	again.Comment = ptr("и ещё раз")
	_, err = d.Interactions().SetNotes(t.Context(), "j-11", again, d.now)
	must(t, "SetNotes", err)
	if e := d.one(t, "j-11"); e.Payload.Customer != (connectors.Ref{}) {
		t.Errorf("of two records one was taken: %+v", e.Payload.Customer)
	}
}

func refusalIsTold(t *testing.T, d *told) {
	in := ended("j-7")
	in.Number.E164, in.ClosedAt = "+79990001122", ptr(start.Add(2*time.Minute))
	d.save(t, in)
	before := in // from the time before customer systems were told
	before.ID = "j-8"
	quiet, err := store.Open(t.Context(), store.Options{DSN: d.dsn})
	must(t, "Open", err)
	defer quiet.Close()
	must(t, "SaveCall", quiet.Interactions().SaveCall(t.Context(), before))
	must(t, "Refuse", errOf(d.Customers().Refuse(t.Context(), in.Number.E164, []customers.ID{in.CustomerID}, "u-anna", d.now)))
	if e := d.one(t, "j-7"); e.Payload.Customer != (connectors.Ref{}) {
		t.Errorf("got %+v", e)
	}
	if es := d.entries(t, "j-8"); len(es) != 0 {
		t.Errorf("old calls are told: %+v", es)
	}
	for _, id := range []string{"j-7", "j-8"} {
		if got, err := d.Interactions().Get(t.Context(), id); err != nil || got.CustomerID != "" {
			t.Errorf("%s is still linked: %+v, %v", id, got, err)
		}
	}
	// A person links the number again: both calls are linked, and the system learns of the one that it knows.
	c := customer(customers.EncodeID(linked), "Ёлка", in.Number.E164)
	n, err := d.Customers().Remember(t.Context(), in.Number.E164, c, "u-anna", d.now.Add(time.Minute))
	if err != nil || n != 2 {
		t.Errorf("linked %d calls, %v", n, err)
	}
	if e := d.one(t, "j-7"); e.Payload.Customer != linked {
		t.Errorf("after a choice: %+v", e)
	}
	if es := d.entries(t, "j-8"); len(es) != 0 {
		t.Errorf("old calls are told of a choice: %+v", es)
	}
}

func missedMakesTask(t *testing.T, d *told) {
	missed := ended("j-9")
	missed.AnsweredAt, missed.Result, missed.OperatorID, missed.ClosedAt = nil, "ABANDONED", "", missed.EndedAt
	d.now = *missed.EndedAt
	d.save(t, missed)
	es := d.entries(t, "j-9")
	if len(es) != 2 || es[0].Kind != outbox.KindCall || es[0].Payload.Outcome != connectors.OutcomeMissed || es[1].Kind != outbox.KindTask {
		t.Fatalf("got %+v", es)
	}
	task := es[1].Payload
	if es[1].Key != "j-9-callback" || task.Title != "Перезвонить: 8 (916) 123-45-67" || task.Customer != linked || !task.DueAt.Equal(d.now.Add(15*time.Minute)) {
		t.Errorf("got %+v", es[1])
	}
	d.deliverAll(t)
	d.now = d.now.Add(time.Minute)
	must(t, "SetCustomer", d.Interactions().SetCustomer(t.Context(), "j-9", "", "", "u-anna", d.now))
	if es = d.entries(t, "j-9"); es[0].State != outbox.StatePending || es[1].State != outbox.StateDelivered {
		t.Errorf("the call is told again, the task is not: %+v", es)
	}
	old := missed
	old.ID = "j-10"
	d.now = old.EndedAt.Add(30 * 24 * time.Hour)
	d.save(t, old)
	if e := d.one(t, "j-10"); e.Kind != outbox.KindCall {
		t.Errorf("a task for a call of last month: %+v", e)
	}
}
