package customers_test

import (
	"context"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/pult-cc/pult/connectors"
	"github.com/pult-cc/pult/internal/customers"
	"github.com/pult-cc/pult/internal/customers/memrepo"
	"github.com/pult-cc/pult/internal/errs"
)

// crm is a system in which customers can be created and that tells of them.
type crm struct {
	system
	mu     sync.Mutex
	made   []connectors.NewContact
	refuse error
	unable bool
}

func (c *crm) Creates() bool { return !c.unable }

func (c *crm) CreateContact(_ context.Context, n connectors.NewContact) (connectors.Candidate, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.refuse != nil {
		return connectors.Candidate{}, c.refuse
	}
	c.made = append(c.made, n)
	return record(c.id, n.Name, n.Phone), nil
}

func (c *crm) Related(ctx context.Context, ref connectors.Ref, _ int) ([]connectors.Item, error) {
	if _, err := c.answer(ctx); err != nil {
		return nil, err
	}
	return []connectors.Item{{Title: "сделка с " + ref.ID}}, nil
}

func (c *crm) History(context.Context, connectors.Ref, int) ([]connectors.Contact, error) {
	return nil, errs.E(errs.Unsupported, "asking", "cannot")
}

func creating(t *testing.T, systems ...customers.Source) bench {
	t.Helper()
	n, err := customers.NewNormalizer("RU", "")
	if err != nil {
		t.Fatal(err)
	}
	b := bench{repo: &memrepo.Repository{}}
	if b.Service, err = customers.NewService(customers.Options{Normalizer: n, Repository: b.repo, Sources: systems}); err != nil {
		t.Fatal(err)
	}
	return b
}

func wish() customers.NewCustomer {
	return customers.NewCustomer{
		Key: "k-1", Kind: connectors.KindPerson, Name: " Мария Котова ", Number: messy, Email: "maria@vasilek.example",
		TaxID: "770123456789", Comment: "просила счёт", Agent: connectors.Agent{Login: "olga"},
	}
}

func TestACustomerIsCreatedWithWhatIsKnown(t *testing.T) {
	one := &crm{system: system{id: "crm"}}
	b := creating(t, one)
	made, err := b.Create(t.Context(), wish())
	if err != nil || made.Customer == nil || made.Customer.Source != "crm" || made.Number.E164 != number {
		t.Fatalf("%+v, %v", made, err)
	}
	want := connectors.NewContact{
		Key: "k-1", Kind: connectors.KindPerson, Name: "Мария Котова", Phone: number, Email: "maria@vasilek.example",
		Comment: "ИНН 770123456789\nпросила счёт", Agent: connectors.Agent{Login: "olga"},
	}
	if len(one.made) != 1 || one.made[0] != want {
		t.Errorf("created %+v, want %+v", one.made, want)
	}
	if kept, err := b.Known(t.Context(), made.Customer.ID); err != nil || kept.Name != "Мария Котова" {
		t.Errorf("kept: %+v, %v", kept, err)
	}
}

func TestWhoMayBeTheSameIsShownAndNothingIsMade(t *testing.T) {
	one := &crm{system: system{id: "crm"}}
	b := creating(t, one, &system{id: "other"})
	sure := record("crm", "Совсем другая", number)
	typo := record("crm", "Котова Марья")
	tax := record("crm", "По ИНН")
	tax.TaxID = "770 123 456 789"
	mail := record("crm", "По почте")
	mail.Emails = []string{"Maria@Vasilek.example"}
	gone := record("crm", "Мария Котова")
	gone.Deleted = true
	one.set(0, nil, record("crm", "Мария Иванова"), mail, tax, typo, gone, sure, record("crm", "Пётр", "+79169999999"))
	made, err := b.Create(t.Context(), wish())
	if err != nil || made.Customer != nil || len(one.made) != 0 {
		t.Fatalf("%+v, %v; made %+v", made, err, one.made)
	}
	var got []string
	for _, d := range made.Duplicates {
		why := make([]string, len(d.Why))
		for i, w := range d.Why {
			why[i] = string(w)
		}
		got = append(got, d.Customer.Name+": "+strings.Join(why, "+"))
	}
	if want := "Совсем другая: NUMBER, По ИНН: TAX_ID, По почте: MAIL, Котова Марья: NAME"; strings.Join(got, ", ") != want {
		t.Errorf("got  %s\nwant %s", strings.Join(got, ", "), want)
	}
	confirmed := wish()
	confirmed.Confirmed = true
	if made, err := b.Create(t.Context(), confirmed); err != nil || made.Customer == nil || len(one.made) != 1 {
		t.Errorf("confirmed: %+v, %v", made, err)
	}
}

func TestNamesThatAreTheSameToPeople(t *testing.T) {
	for other, want := range map[string]bool{
		"Котова Мария": true, "МАРИЯ КОТОВА": true, "Марья Котова": true, "Мария Котов": true, "Мария Кошкина": false, "Мария": false,
		"Дарья Котова": false, "Мария Ивановна Котова": false, "Мария Котовва": true,
	} {
		one := &crm{system: system{id: "crm"}}
		one.set(0, nil, record("crm", other))
		w := wish()
		made, err := creating(t, one).Create(t.Context(), w)
		if err != nil || (len(made.Duplicates) == 1) != want {
			t.Errorf("%q: %+v, %v; want the same: %v", other, made.Duplicates, err, want)
		}
	}
	company := &crm{system: system{id: "crm"}}
	company.set(0, nil, connectors.Candidate{Ref: connectors.Ref{Connector: "crm", ID: "1"}, Kind: connectors.KindCompany, Name: "«Василек» ООО"})
	w := wish()
	w.Kind, w.Name = connectors.KindCompany, "ООО Василёк"
	if made, err := creating(t, company).Create(t.Context(), w); err != nil || len(made.Duplicates) != 1 {
		t.Errorf("the company: %+v, %v", made, err)
	}
}

func TestNothingIsCreatedUnchecked(t *testing.T) {
	one := &crm{system: system{id: "crm"}}
	one.set(0, errs.E(errs.Unavailable, "asking", "is away"))
	if made, err := creating(t, one).Create(t.Context(), wish()); !errs.Is(err, errs.Unavailable) || !strings.Contains(errs.Message(err), "CRM: is away") || len(one.made) != 0 {
		t.Errorf("%+v, %v; made %+v", made, err, one.made)
	}
}

func TestFieldsThatCannotStayAreNamed(t *testing.T) {
	one := &crm{system: system{id: "crm"}}
	b := creating(t, one)
	for field, change := range map[string]func(*customers.NewCustomer){
		"key":      func(w *customers.NewCustomer) { w.Key = "a b" },
		"name":     func(w *customers.NewCustomer) { w.Name = " " },
		"company":  func(w *customers.NewCustomer) { w.Company = strings.Repeat("ы", 201) },
		"email":    func(w *customers.NewCustomer) { w.Email = "Maria <m@x.example>" },
		"number":   func(w *customers.NewCustomer) { w.Number = "12" },
		"comment":  func(w *customers.NewCustomer) { w.Comment = strings.Repeat("ы", 2001) },
		"kind":     func(w *customers.NewCustomer) { w.Kind = "ALIEN" },
		"systemId": func(w *customers.NewCustomer) { w.System = "nowhere" },
	} {
		w := wish()
		change(&w)
		if _, err := b.Create(t.Context(), w); !errs.Is(err, errs.Invalid) || errs.FieldsOf(err)[field] == "" {
			t.Errorf("%s: %v", field, err)
		}
	}
	one.refuse = &errs.Error{Kind: errs.Rejected, Op: "creating", Msg: "the stage is missing", Fields: map[string]string{"name": "is taken"}}
	if _, err := b.Create(t.Context(), wish()); !errs.Is(err, errs.Rejected) || errs.Message(err) != "CRM: the stage is missing" {
		t.Errorf("what the system says is lost: %v", err)
	}
	if len(one.made) != 0 {
		t.Errorf("made %+v", one.made)
	}
}

func TestWhereCustomersCanBeCreated(t *testing.T) {
	one, two, unable := &crm{system: system{id: "one"}}, &crm{system: system{id: "two"}}, &crm{system: system{id: "reads"}, unable: true}
	b := creating(t, &system{id: "1c"}, one, unable, two)
	if got := b.Creating(); len(got) != 2 || got[0] != (customers.System{ID: "one", Name: "ONE"}) || got[1].ID != "two" {
		t.Errorf("%+v", got)
	}
	if _, err := b.Create(t.Context(), wish()); errs.FieldsOf(err)["systemId"] == "" {
		t.Errorf("which of two: %v", err)
	}
	w := wish()
	w.System = "two"
	if made, err := b.Create(t.Context(), w); err != nil || made.Customer.Source != "two" {
		t.Errorf("%+v, %v", made, err)
	}
	w.System = "reads"
	if _, err := b.Create(t.Context(), w); errs.FieldsOf(err)["systemId"] == "" {
		t.Errorf("in one that cannot: %v", err)
	}
	if _, err := creating(t, &system{id: "1c"}).Create(t.Context(), wish()); !errs.Is(err, errs.Unsupported) {
		t.Errorf("in none: %v", err)
	}
}

func TestASystemTellsOfItsCustomerAndNobodyElseDoes(t *testing.T) {
	one := &crm{system: system{id: "crm"}}
	one.set(time.Millisecond, nil)
	b := creating(t, one, &system{id: "1c"})
	items, err := b.Related(t.Context(), idOf("crm", "Maria"), 5)
	if err != nil || len(items) != 1 || items[0].Title != "сделка с Maria" {
		t.Errorf("%+v, %v", items, err)
	}
	for _, id := range []customers.ID{idOf("1c", "Maria"), idOf("gone", "Maria")} {
		if items, err := b.Related(t.Context(), id, 5); err != nil || items != nil {
			t.Errorf("%s tells %+v, %v", id, items, err)
		}
	}
	if past, err := b.Contacts(t.Context(), idOf("crm", "Maria"), 5); err != nil || past != nil {
		t.Errorf("a system that cannot tells %+v, %v", past, err)
	}
	if _, err := b.Related(t.Context(), "nonsense", 5); !errs.Is(err, errs.NotFound) {
		t.Errorf("of nobody: %v", err)
	}
	one.set(0, errs.E(errs.Unavailable, "asking", "is away"))
	if _, err := b.Related(t.Context(), idOf("crm", "Maria"), 5); !errs.Is(err, errs.Unavailable) || errs.Message(err) != "CRM: is away" {
		t.Errorf("away: %v", err)
	}
}
