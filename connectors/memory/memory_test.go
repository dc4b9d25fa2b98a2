package memory_test

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/pult-cc/pult/connectors"
	"github.com/pult-cc/pult/connectors/connectortest"
	"github.com/pult-cc/pult/connectors/memory"
	"github.com/pult-cc/pult/internal/errs"
)

func TestConformance(t *testing.T) {
	connectortest.Run(t, connectortest.Harness{New: newSystem})
}

func newSystem(_ *testing.T, customers []connectortest.Customer) connectortest.System {
	var records []connectors.Candidate
	for _, c := range customers {
		r := connectors.Candidate{
			Kind: c.Kind, Name: c.Name, Company: c.Company, TaxID: c.TaxID, Deleted: c.Deleted, Owner: connectors.Person{Name: c.Owner},
		}
		for _, p := range c.Phones {
			r.Phones = append(r.Phones, connectors.Phone{Raw: p})
		}
		records = append(records, r)
	}
	d := memory.New("mem", records)
	answers := map[connectortest.Fault]error{
		connectortest.Down:         errs.E(errs.Unavailable, "asking", "the system does not answer"),
		connectortest.Unauthorized: errs.E(errs.Unauthenticated, "asking", "the password was refused"),
		connectortest.BusinessRule: errs.E(errs.Rejected, "asking", "a rule refused"),
		connectortest.TooMany: &errs.Error{
			Kind: errs.RateLimited, Op: "asking", Msg: "too many requests", Err: &connectors.RetryAfter{After: 7 * time.Second},
		},
	}
	s := connectortest.System{
		Driver: d, ID: "mem", Reopen: func() connectors.Driver { return memory.New("mem", records) },
		Faults: []connectortest.Fault{connectortest.Slow}, Close: func() {},
	}
	s.Written = func(what connectortest.Record, key string) []string { return texts(d.Written(), what, key) }
	for f := range answers {
		s.Faults = append(s.Faults, f)
	}
	s.Inject = func(f connectortest.Fault) {
		if f == connectortest.Slow {
			d.Behave(time.Minute, nil)
			return
		}
		d.Behave(0, answers[f])
	}
	return s
}

func texts(w memory.Written, what connectortest.Record, key string) []string {
	var out []string
	switch what {
	case connectortest.Calls:
		for _, c := range w.Calls {
			if c.Key == key {
				out = append(out, c.Comment+" "+c.Customer.ID)
			}
		}
	case connectortest.Tasks:
		for _, t := range w.Tasks {
			if t.Key == key {
				out = append(out, t.Title+" "+t.Customer.ID)
			}
		}
	case connectortest.Cards:
		for _, c := range w.Cards {
			if c.Key == key {
				out = append(out, c.Agent.ID+" "+c.Customer.ID)
			}
		}
	case connectortest.Recordings:
		for _, r := range w.Recordings {
			if r.Key == key {
				out = append(out, string(r.Data))
			}
		}
	}
	return out
}

func TestAnAnswerThatIsLostIsNoSecondRecord(t *testing.T) {
	d := memory.New("mem", nil)
	d.LoseAnswers(true)
	if _, err := d.LogCall(t.Context(), connectors.CallRecord{Key: "a"}); !errs.Is(err, errs.Timeout) {
		t.Fatalf("got %v", err)
	}
	d.LoseAnswers(false)
	if ref, err := d.LogCall(t.Context(), connectors.CallRecord{Key: "a", Comment: "ещё раз"}); err != nil || ref.ID != "a" {
		t.Fatalf("got %+v, %v", ref, err)
	}
	if w := d.Written(); len(w.Calls) != 1 || w.Calls[0].Comment != "ещё раз" {
		t.Errorf("got %+v", w.Calls)
	}
	if _, err := d.CreateTask(t.Context(), connectors.Task{Key: "t", Customer: connectors.Ref{ID: "gone"}}); !errs.Is(err, errs.NotFound) {
		t.Errorf("a customer who is not there: %v", err)
	}
}

func TestOpensFromConfiguration(t *testing.T) {
	f := memory.Factory()
	var schema map[string]any
	if err := json.Unmarshal(f.Schema, &schema); err != nil {
		t.Fatal(err)
	}
	d, err := f.New(t.Context(), "demo", json.RawMessage(`{"customers":[
		{"id":"m1","kind":"PERSON","name":"Мария","company":"Василёк","phones":["8 (495) 012-34-01"],"tax_id":"1","owner":"Игорь"},
		{"name":"Анна","phones":["8 (495) 012-34-01"]}]}`), nil)
	if err != nil {
		t.Fatal(err)
	}
	found, err := d.Lookup(t.Context(), connectortest.Query("4950123401"))
	if err != nil || len(found) != 2 {
		t.Fatalf("found %v, %v", found, err)
	}
	if c := found[0]; c.Ref != (connectors.Ref{Connector: "demo", Type: "customer", ID: "m1"}) || c.Owner.Name != "Игорь" || c.TaxID != "1" {
		t.Errorf("got %+v", c)
	}
	if c := found[1]; c.Ref.ID != "2" || c.Kind != connectors.KindPerson {
		t.Errorf("got %+v", c)
	}
	for _, bad := range []string{`{"custommers":[]}`, `{"customers":[{"phones":[]}]}`, `[`} {
		if _, err := f.New(t.Context(), "demo", json.RawMessage(bad), nil); !errs.Is(err, errs.Invalid) {
			t.Errorf("%s: %v, want Invalid", bad, err)
		}
	}
}

func TestARecordThatGoesMovesNoOther(t *testing.T) {
	var records []connectors.Candidate
	for _, name := range []string{"a", "b", "c", "d", "e"} {
		records = append(records, connectors.Candidate{Ref: connectors.Ref{ID: name}, Name: name, Phones: []connectors.Phone{{Raw: "1"}}})
	}
	d := memory.New("mem", records)
	page, err := d.Index(t.Context(), "", 2)
	if err != nil || len(page.Candidates) != 2 {
		t.Fatal(page, err)
	}
	d.Set(records[1:]) // "a" is gone
	if page, err = d.Index(t.Context(), page.Next, 2); err != nil || len(page.Candidates) != 2 || page.Candidates[0].Name != "c" {
		t.Errorf("the next page: %+v, %v", page, err)
	}
	d.Set(records[4:])
	if _, err = d.Index(t.Context(), page.Next, 2); !errs.Is(err, errs.Invalid) {
		t.Errorf("a cursor whose record is gone: %v, want Invalid", err)
	}
}
