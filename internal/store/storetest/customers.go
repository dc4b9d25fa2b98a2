package storetest

import (
	"fmt"
	"reflect"
	"slices"
	"testing"
	"time"

	"github.com/pult-cc/pult/connectors"
	"github.com/pult-cc/pult/internal/customers"
	"github.com/pult-cc/pult/internal/errs"
)

func customer(id customers.ID, name string, numbers ...string) customers.Customer {
	c := customers.Customer{
		ID: id, Ref: connectors.Ref{Connector: "1c", Type: "Catalog_Контрагенты", ID: string(id)}, Kind: connectors.KindCompany,
		Name: name, Company: "ООО «Ромашка»", TaxID: "7701234567", Emails: []string{"buh@romashka.example"}, Owner: "Сидорова М.",
		URL: "https://1c.example/#e1cib/" + string(id), Source: "1c", SourceName: "1С", AsOf: start,
	}
	for _, n := range numbers {
		c.Numbers = append(c.Numbers, customers.LabeledNumber{
			Number: customers.Number{E164: n, Display: n, Kind: customers.NumberPublic}, Label: "Мобильный",
		})
	}
	return c
}

func runCustomers(t *testing.T, fresh NewDatabase) {
	each(t, fresh, []testCase{
		{"a customer is read as it was kept", func(t *testing.T, d *db) {
			c := customer("k-1", "Пётр Ёжиков 王 \x00 \"'\\u0000", "+79161112233", "+74951112233")
			must(t, "Keep", d.Customers().Keep(t.Context(), []customers.Customer{c}))
			if got, err := d.Customers().Kept(t.Context(), "k-1"); err != nil || !reflect.DeepEqual(got, c) {
				t.Errorf("got %+v, %v", got, err)
			}
			_, err := d.Customers().Kept(t.Context(), "none\x00")
			wantKind(t, "unknown", err, errs.NotFound)
			wantKind(t, "no id", d.Customers().Keep(t.Context(), []customers.Customer{{}}), errs.Invalid)
			must(t, "Keep of none", d.Customers().Keep(t.Context(), nil))
		}},
		{"numbers follow the newest description", func(t *testing.T, d *db) {
			keep := func(c customers.Customer) {
				t.Helper()
				must(t, "Keep", d.Customers().Keep(t.Context(), []customers.Customer{c}))
			}
			byNumber := func(e164 string, want ...customers.ID) {
				t.Helper()
				got, err := d.Customers().KeptByNumber(t.Context(), e164)
				must(t, "KeptByNumber", err)
				if !slices.Equal(customerIDs(got), want) {
					t.Errorf("%s: got %v, want %v", e164, customerIDs(got), want)
				}
			}
			keep(customer("k-2", "Б", "+79160000001", "+79160000002", "+79160000001", ""))
			keep(customer("k-3", "А", "+79160000002"))
			byNumber("+79160000001", "k-2")
			byNumber("+79160000002", "k-3", "k-2") // by name
			byNumber("", []customers.ID(nil)...)
			newer := customer("k-2", "Б", "+79160000003")
			newer.AsOf = start.Add(time.Minute)
			keep(newer)
			byNumber("+79160000001", []customers.ID(nil)...)
			byNumber("+79160000003", "k-2")
			// An answer that was overtaken.
			keep(customer("k-2", "old", "+79160000001"))
			byNumber("+79160000001", []customers.ID(nil)...)
			byNumber("+79160000003", "k-2")
			if got, err := d.Customers().Kept(t.Context(), "k-2"); err != nil || !reflect.DeepEqual(got, newer) {
				t.Errorf("got %+v, %v", got, err)
			}
			// The same moment again, in one go with itself.
			again := newer
			again.Name = "Б2"
			must(t, "Keep", d.Customers().Keep(t.Context(), []customers.Customer{newer, again}))
			if got, err := d.Customers().Kept(t.Context(), "k-2"); err != nil || got.Name != "Б2" {
				t.Errorf("got %+v, %v", got, err)
			}
		}},
		{"search", testSearch},
		{"a choice is remembered, the newest wins", func(t *testing.T, d *db) {
			repo, number := d.Customers(), "+79169999999"
			if l := links(t, d, number); l.Chosen != nil || len(l.Refused) != 0 || l.Spoken != "" {
				t.Errorf("of a new number: %+v", l)
			}
			must(t, "Forget of none", repo.Forget(t.Context(), number))
			first, second := customer("r-1", "Первый"), customer("r-2", "Второй", number)
			must(t, "Remember", errOf(repo.Remember(t.Context(), number, first, "u-anna", start)))
			must(t, "Remember", errOf(repo.Remember(t.Context(), number, second, "u-boris", start.Add(time.Second))))
			must(t, "Remember, late", errOf(repo.Remember(t.Context(), number, first, "u-anna", start)))
			if l := links(t, d, number); l.By != "u-boris" || l.Chosen == nil || !reflect.DeepEqual(*l.Chosen, second) {
				t.Errorf("got %+v by %s", l.Chosen, l.By)
			}
			must(t, "Forget", repo.Forget(t.Context(), number))
			if l := links(t, d, number); l.Chosen != nil {
				t.Errorf("a forgotten choice: %+v", l.Chosen)
			}
		}},
		{"a refusal undoes a link everywhere", testRefusal},
		{"many cost no more statements than one", func(t *testing.T, d *db) {
			one := d.statements(func() {
				must(t, "Keep", d.Customers().Keep(t.Context(), []customers.Customer{customer("m", "М", "+79161230000")}))
			})
			many := make([]customers.Customer, 200)
			for i := range many {
				many[i] = customer(customers.ID(fmt.Sprint("m-", i)), "М", "+79161230000", fmt.Sprintf("+7916123%04d", i))
			}
			if n := d.statements(func() { must(t, "Keep", d.Customers().Keep(t.Context(), many)) }); n != one {
				t.Errorf("%d statements keep 1, %d keep 200", one, n)
			}
			var got []customers.Customer
			n := d.statements(func() { got, _ = d.Customers().KeptByNumber(t.Context(), "+79161230000") })
			if n != 1 || len(got) != 201 {
				t.Errorf("%d statements for %d customers of a number", n, len(got))
			}
			if n := d.statements(func() { got, _ = d.Customers().SearchKept(t.Context(), "м", 100) }); n != 1 || len(got) != 100 {
				t.Errorf("%d statements find %d", n, len(got))
			}
		}},
	})
}

func links(t *testing.T, d *db, number string) customers.Links {
	t.Helper()
	l, err := d.Customers().Links(t.Context(), number)
	must(t, "Links", err)
	return l
}

// errOf is the error of a call whose figure does not matter.
func errOf[T any](_ T, err error) error { return err }

func testRefusal(t *testing.T, d *db) {
	repo, number := d.Customers(), "+79168888888"
	wrong, twin, right := customer("x-1", "Не тот"), customer("x-2", "Не тот"), customer("x-3", "Тот")
	talk := func(id, number string, who customers.Customer, after time.Duration, answered bool) {
		t.Helper()
		in := call(id)
		in.Number = customers.Number{E164: number, Display: number, Kind: customers.NumberPublic}
		in.CustomerID, in.CustomerName, in.StartedAt = who.ID, who.Name, start.Add(after)
		if in.AnsweredAt = nil; answered {
			in.AnsweredAt = ptr(start.Add(after))
		}
		save(t, d, in)
	}
	talk("ref-1", number, right, time.Minute, true)
	talk("ref-2", number, wrong, 2*time.Minute, true)
	talk("ref-3", number, right, 3*time.Minute, false) // nobody answered
	talk("ref-4", "+79160000004", wrong, 4*time.Minute, true)
	must(t, "Remember", errOf(repo.Remember(t.Context(), number, wrong, "u-anna", start)))
	if l := links(t, d, number); l.Spoken != wrong.ID {
		t.Errorf("spoken with %q last, want %q", l.Spoken, wrong.ID)
	}

	must(t, "Refuse", errOf(repo.Refuse(t.Context(), number, []customers.ID{wrong.ID, twin.ID, wrong.ID}, "u-boris", start.Add(time.Hour))))
	l := links(t, d, number)
	if l.Chosen != nil || l.Spoken != right.ID || len(l.Refused) != 2 || l.Refused[wrong.ID] != "u-boris" || l.Refused[twin.ID] != "u-boris" {
		t.Errorf("refused: %+v", l)
	}
	for id, want := range map[string]customers.ID{"ref-1": right.ID, "ref-2": "", "ref-3": right.ID, "ref-4": wrong.ID} {
		if in, err := d.Interactions().Get(t.Context(), id); err != nil || in.CustomerID != want || (want == "") != (in.CustomerName == "") {
			t.Errorf("%s is linked to %q (%s), %v; want %q", id, in.CustomerID, in.CustomerName, err, want)
		}
	}
	must(t, "Refuse again", errOf(repo.Refuse(t.Context(), number, []customers.ID{twin.ID}, "u-anna", start.Add(2*time.Hour))))
	must(t, "Refuse nobody", errOf(repo.Refuse(t.Context(), number, nil, "u-anna", start)))
	must(t, "Remember", errOf(repo.Remember(t.Context(), number, wrong, "u-anna", start.Add(3*time.Hour))))
	if l := links(t, d, number); l.Chosen == nil || l.Chosen.ID != wrong.ID || l.Refused[wrong.ID] != "" || l.Refused[twin.ID] != "u-anna" {
		t.Errorf("chosen again: %+v", l)
	}
	if l := links(t, d, "+79160000004"); l.Spoken != wrong.ID || len(l.Refused) != 0 {
		t.Errorf("another number: %+v", l)
	}
}

func testSearch(t *testing.T, d *db) {
	anna := customer("s-1", "Анна Каренина", "+79161230011", "+78121230012")
	anna.Company, anna.TaxID, anna.Owner, anna.Emails = "Роман", "", "", nil
	fyodor := customer("s-2", "Фёдор Семёнов 100%", "+79161230022")
	fyodor.Company, fyodor.TaxID, fyodor.Owner, fyodor.Emails = "ИП Семёнов", "503801234567", "Анна П.", []string{"Fedor@Example.com"}
	must(t, "Keep", d.Customers().Keep(t.Context(), []customers.Customer{anna, fyodor}))
	for text, want := range map[string][]customers.ID{
		"каренина": {"s-1"}, "КАРЕНИНА анна": {"s-1"}, "анна": {"s-1", "s-2"}, "анна семенов": {"s-2"}, "фёдор": {"s-2"}, "федор": {"s-2"},
		"fedor@example": {"s-2"}, "5038012": {"s-2"}, "8 (916) 123-00-11": {"s-1"}, "+7 812 123-00-12": {"s-1"}, "23-00-22": {"s-2"},
		"100%": {"s-2"}, "%": {"s-2"}, "_": nil, "нет такого": nil, "": nil, "  ": nil, "'; DROP TABLE users --": nil, "\x00": nil,
	} {
		got, err := d.Customers().SearchKept(t.Context(), text, 10)
		must(t, "SearchKept", err)
		if !slices.Equal(customerIDs(got), want) {
			t.Errorf("%q: got %v, want %v", text, customerIDs(got), want)
		}
	}
	if got, err := d.Customers().SearchKept(t.Context(), "анна", 1); err != nil || len(got) != 1 {
		t.Errorf("limited: %d, %v", len(got), err)
	}
}

func customerIDs(cs []customers.Customer) []customers.ID {
	var out []customers.ID
	for _, c := range cs {
		out = append(out, c.ID)
	}
	return out
}
