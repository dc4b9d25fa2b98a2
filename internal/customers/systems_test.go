package customers_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/pult-cc/pult/connectors"
	"github.com/pult-cc/pult/internal/customers"
	"github.com/pult-cc/pult/internal/errs"
)

func TestAQuestionStaysWithTheSystemsItWasPutTo(t *testing.T) {
	former, next := &system{id: "1c"}, &system{id: "crm"}
	former.set(500*time.Millisecond, nil, record("1c", "Maria", messy))
	next.set(100*time.Millisecond, nil, record("crm", "Mary", messy))
	in(t, []*system{former}, func(t *testing.T, b bench) {
		began := time.Now()
		_, later := b.Start(t.Context(), number)
		synctest.Wait()
		if err := b.SetSystems([]customers.Source{next}, nil); err != nil {
			t.Fatal(err)
		}
		if m := <-later; told(began, m) != "500 FOUND Maria" {
			t.Errorf("the question that was under way: %s", told(began, m))
		}
		synctest.Wait()
		if m := b.Match(t.Context(), number); len(m.Asked) != 1 || m.Asked[0] != "CRM" || former.asked.Load() != 1 {
			t.Errorf("a new question was put to %v", m.Asked)
		}
		if got := b.Systems(); len(got) != 1 {
			t.Errorf("the systems are %v", got)
		}
		if err := b.SetSystems([]customers.Source{next, former, next}, nil); !errs.Is(err, errs.Invalid) || len(b.Systems()) != 1 {
			t.Errorf("two of one id: %v", err)
		}
	})
}

func TestExamineTellsWhyEveryRecordIsWhereItIs(t *testing.T) {
	n, err := customers.NewNormalizer("RU", "")
	if err != nil {
		t.Fatal(err)
	}
	rec := func(id string, kind connectors.Kind, phones ...string) connectors.Candidate {
		c := connectors.Candidate{Ref: connectors.Ref{Connector: "1c", Type: "t", ID: id}, Kind: kind, Name: id}
		for _, p := range phones {
			c.Phones = append(c.Phones, connectors.Phone{Raw: p})
		}
		return c
	}
	gone := rec("gone", connectors.KindPerson, "8 916 123-45-67")
	gone.Deleted = true
	party := rec("party", connectors.KindCompany, "8 916 123-45-67")
	partner := rec("partner", connectors.KindCompany, "8 916 123-45-67")
	party.StandsFor = partner.Ref
	open := rec("open", connectors.KindCompany, "+7 (916) 123-45-67 доб. 5; 8 495 012-34-56")
	open.Open = true
	found := []connectors.Candidate{gone, rec("other", connectors.KindPerson, "8 926 123-45-67"), partner, party, open, rec("local", connectors.KindPerson, "123-45-67")}
	m, got := n.Examine(n.Parse("+79161234567"), "1c", "1C", found, time.Now())
	type verdict struct {
		why   customers.Reason
		place int
		left  customers.LeftOut
	}
	for i, want := range []verdict{
		{customers.ReasonExact, 0, customers.LeftOutDeleted}, {"", 0, customers.LeftOutNumber}, {customers.ReasonExact, 0, customers.LeftOutSame},
		{customers.ReasonExact, 1, ""}, {customers.ReasonExtension, 2, ""}, {customers.ReasonSuffix, 3, ""},
	} {
		if have := (verdict{got[i].Why, got[i].Place, got[i].LeftOut}); have != want {
			t.Errorf("%s: %+v, want %+v", got[i].Candidate.Name, have, want)
		}
	}
	if m.State != customers.MatchFound || m.Chosen.Name != "party" || len(got[4].Also) != 1 {
		t.Errorf("the card says %+v", m)
	}
	if p := got[4].Phones[0]; len(p.Numbers) != 2 || p.Numbers[0].Why != customers.ReasonExtension || p.Numbers[1].Why != "" {
		t.Errorf("the numbers of a field: %+v", p)
	}
}
