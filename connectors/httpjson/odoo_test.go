package httpjson_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/pult-cc/pult/connectors"
	"github.com/pult-cc/pult/connectors/connectortest"
	"github.com/pult-cc/pult/connectors/resilient"
	"github.com/pult-cc/pult/internal/customers"
	"github.com/pult-cc/pult/internal/customers/memrepo"
	"github.com/pult-cc/pult/internal/errs"
)

// TestRealOdoo asks a running Odoo 14 what TestPresets asks its simulator, and what only the real one can answer.
func TestRealOdoo(t *testing.T) {
	o := startOdoo(t)
	t.Run("Conformance", func(t *testing.T) { connectortest.Run(t, connectortest.Harness{New: o.system}) })
	t.Run("HostFindsTheOneCustomer", o.hostFindsTheOneCustomer)
	t.Run("ACallInItsLaterState", o.aCallInItsLaterState)
	t.Run("ANoteIsReadable", o.aNoteIsReadable)
	t.Run("Refusals", o.refusals)
	t.Run("AsTheSimulator", o.asTheSimulator)
}

// Odoo is asked generously; the host has to be left with the right customer.
func (o *realOdoo) hostFindsTheOneCustomer(t *testing.T) {
	typed := []string{
		"+7 (495) 012-34-01", "8 (495) 012-34-02", "84950123403", "+74950123404", "4950123405", "8-495-012-34-06", "8 495 012 34 07",
		"+7 495 0123408", "(495) 012-34-09", "8 (495) 012-34-10 доб. 12", "8 (495) 055-00-00, 8 (495) 012-34-11", "7 495 012-3412",
		"8 10 7 495 012 34 13", "тел. 8(495)0123414 Ольга", "+7\u00a0495\u00a0012‑34‑15", "8.495.012.34.16",
	}
	var list []connectortest.Customer
	for i, number := range typed {
		c := connectortest.Customer{Kind: connectors.KindCompany, Name: fmt.Sprintf("Клиент %02d", i+1), Phones: []string{"8 (812) 099-00-00", number}}
		if i%2 == 0 {
			c.Phones = []string{number}
		}
		// Somebody whose number has the same digits in between: Odoo's search finds them, too.
		decoy := fmt.Sprintf("+7 495 01%d 23 4%02d", i%10, i+1)
		list = append(list, c, connectortest.Customer{Kind: connectors.KindPerson, Name: fmt.Sprintf("Не он %02d", i+1), Phones: []string{decoy}})
	}
	o.hold(t, list)
	source, err := resilient.New(o.driver(t, nil), resilient.Options{ID: "crm", Name: "Odoo", RingDeadline: 10 * time.Second, KeepAlive: -1})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(source.Close)
	numbers, err := customers.NewNormalizer("RU", "495")
	if err != nil {
		t.Fatal(err)
	}
	host, err := customers.NewService(customers.Options{Normalizer: numbers, Sources: []customers.Source{source}, Repository: &memrepo.Repository{}})
	if err != nil {
		t.Fatal(err)
	}
	for i, number := range typed {
		m := host.Match(t.Context(), fmt.Sprintf("+749501234%02d", i+1))
		if want := list[2*i].Name; m.State != customers.MatchFound || m.Chosen == nil || m.Chosen.Name != want {
			t.Errorf("stored as %q: %s, %+v, want %s", number, m.State, m.Chosen, want)
		}
	}
	if m := host.Match(t.Context(), "+74950123499"); m.State != customers.MatchNone {
		t.Errorf("a number that nobody has: %s %+v", m.State, m.Candidates)
	}
}

// What stands in Odoo after a call was sent twice, field by field.
func (o *realOdoo) aCallInItsLaterState(t *testing.T) {
	o.hold(t, []connectortest.Customer{{Kind: connectors.KindCompany, Name: "Василёк", Phones: []string{"8 (495) 012-34-01"}}})
	d := o.driver(t, nil)
	found, err := d.Lookup(t.Context(), connectortest.Query("4950123401"))
	if err != nil || len(found) != 1 {
		t.Fatal(found, err)
	}
	logger, _ := connectors.As[connectors.CallLogger](d)
	call := connectors.CallRecord{
		Key: "later-1", Customer: found[0].Ref, Number: "+74950123401", Inbound: true, Talked: 95 * time.Second,
		StartedAt: time.Date(2026, 3, 4, 9, 15, 30, 0, time.UTC), Outcome: connectors.OutcomeAnswered, Comment: "первый вид",
	}
	if _, err := logger.LogCall(t.Context(), call); err != nil {
		t.Fatal(err)
	}
	call.Comment = "второй вид"
	ref, err := logger.LogCall(t.Context(), call)
	if err != nil {
		t.Fatal(err)
	}
	var messages []struct {
		ID                int
		Model, Date, Body string
		Res               int             `json:"res_id"`
		Author            json.RawMessage `json:"author_id"`
		Kind              string          `json:"message_type"`
	}
	fields := []string{"model", "res_id", "date", "body", "author_id", "message_type"}
	o.do(t, &messages, "mail.message", "search_read", domain{[]any{"body", "ilike", "later-1"}}, fields)
	if len(messages) != 1 {
		t.Fatalf("%d notes of one call", len(messages))
	}
	m := messages[0]
	if strconv.Itoa(m.ID) != ref.ID || m.Model != "res.partner" || strconv.Itoa(m.Res) != found[0].Ref.ID || m.Date != "2026-03-04 09:15:30" || m.Kind != "comment" {
		t.Errorf("the note is %+v, the call %+v of %+v", m, ref, found[0].Ref)
	}
	if !strings.Contains(m.Body, "второй вид") || strings.Contains(m.Body, "первый вид") {
		t.Errorf("its text is not the later one: %s", m.Body)
	}
	if !strings.Contains(string(m.Author), "Pult") {
		t.Errorf("its author is %s", m.Author)
	}
}

// Notes of a partner are plain text in Odoo 14 and HTML in later ones: what is written as HTML shows its tags in 14.
func (o *realOdoo) aNoteIsReadable(t *testing.T) {
	o.hold(t, nil)
	creator, _ := connectors.As[connectors.ContactCreator](o.driver(t, nil))
	const comment = "Просил \"перезвонить\" & <срочно>\nвторая строка"
	if _, err := creator.CreateContact(t.Context(), connectors.NewContact{
		Key: "note-1", Kind: connectors.KindPerson, Name: "Котова Мария", Phone: "+74950129988", Comment: comment,
	}); err != nil {
		t.Fatal(err)
	}
	var found []struct{ Comment string }
	o.do(t, &found, "res.partner", "search_read", everybody([]any{"phone", "=", "+74950129988"}), []string{"comment"})
	if len(found) != 1 || found[0].Comment != comment+"\n[pult:note-1]" {
		t.Errorf("the note reads %+v", found)
	}
}

// What Odoo refuses, in its own words and forms.
func (o *realOdoo) refusals(t *testing.T) {
	check := func(d connectors.Driver) error {
		c, _ := connectors.As[connectors.Checker](d)
		_, err := c.Check(t.Context())
		return err
	}
	o.hold(t, []connectortest.Customer{{Kind: connectors.KindCompany, Name: "Василёк", Phones: []string{"8 (495) 012-34-01"}}})
	d := o.driver(t, nil)
	found, err := d.Lookup(t.Context(), connectortest.Query("4950123401"))
	if err != nil || len(found) != 1 {
		t.Fatal(found, err)
	}
	create := func(d connectors.Driver) error {
		c, _ := connectors.As[connectors.ContactCreator](d)
		_, err := c.CreateContact(t.Context(), connectors.NewContact{Key: "refused-1", Kind: connectors.KindPerson, Name: "Никто", Phone: "+74950129988"})
		return err
	}
	related := func(d connectors.Driver) error {
		r, _ := connectors.As[connectors.Relater](d)
		_, err := r.Related(t.Context(), found[0].Ref, 10)
		return err
	}
	gone := found[0].Ref
	gone.ID = "999999"
	logger, _ := connectors.As[connectors.CallLogger](d)
	_, noCall := logger.LogCall(t.Context(), connectors.CallRecord{Key: "refused-2", Customer: gone, Number: "+74950123401", StartedAt: time.Now()})
	tasker, _ := connectors.As[connectors.TaskCreator](d)
	_, noTask := tasker.CreateTask(t.Context(), connectors.Task{Key: "refused-3", Customer: gone, Title: "x", DueAt: time.Now()})
	wrong := open(t, o.URL, "odoo-rpc", values{"settings": values{"database": o.Database, "login": "pult"}, "secrets": values{"password": "env:WRONG"}})
	defer wrong.Close()
	for _, c := range []struct {
		what string
		err  error
		want errs.Kind
	}{
		{"wrong password", check(wrong), errs.Unauthenticated},
		{"wrong login", check(o.driver(t, values{"login": "nobody"})), errs.Unauthenticated},
		{"unknown database", check(o.driver(t, values{"database": "nosuch"})), errs.Invalid},
		{"a field that 14 lacks", check(o.driver(t, values{"phones": []string{"phone_mobile_search"}})), errs.Invalid},
		{"a call with somebody deleted", noCall, errs.NotFound},
		{"a task for somebody deleted", noTask, errs.NotFound},
		{"a contact without the right", create(o.driver(t, values{"login": "trainee"})), errs.Unauthenticated},
		{"opportunities without the right", related(o.driver(t, values{"login": "trainee"})), errs.Unauthenticated},
	} {
		if errs.KindOf(c.err) != c.want || c.err == nil || errs.Message(c.err) == "" {
			t.Errorf("%s: %v is %v, want %v", c.what, c.err, errs.KindOf(c.err), c.want)
		}
	}
	if calls, tasks := o.written(t, connectortest.Calls, "refused-2"), o.written(t, connectortest.Tasks, "refused-3"); len(calls)+len(tasks) != 0 {
		t.Errorf("what was refused stands there: %v %v", calls, tasks)
	}
	if ids := o.search(t, "res.partner", everybody([]any{"comment", "ilike", "refused-1"})); len(ids) != 0 {
		t.Errorf("what was refused stands there: %v", ids)
	}
	if !slices.Equal(o.search(t, "res.partner", everybody([]any{"phone", "not in", []any{false, ""}})), []int{atoi(t, found[0].Ref.ID)}) {
		t.Error("others than the one customer have a number now")
	}
}

func atoi(t *testing.T, s string) int {
	t.Helper()
	n, err := strconv.Atoi(s)
	if err != nil {
		t.Fatal(err)
	}
	return n
}
