package connectortest

import (
	"fmt"
	"net/url"
	"strings"
	"sync"

	"github.com/pult-cc/pult/connectors"
)

// Query makes the look-up of a Russian number: "4950123401" becomes +74950123401.
func Query(national string) connectors.LookupQuery {
	return connectors.LookupQuery{E164: "+7" + national, National: national, Region: "RU"}
}

// spelled are twelve ways in which people write a number into a customer system, and the number.
var spelled = []struct{ national, stored string }{
	{"4950123401", "+7 (495) 012-34-01"},
	{"4950123402", "8 (495) 012-34-02"},
	{"4950123403", "84950123403"},
	{"4950123404", "+74950123404"},
	{"4950123405", "4950123405"},
	{"4950123406", "8-495-012-34-06"},
	{"4950123407", "8 495 012 34 07"},
	{"4950123408", "+7 495 0123408"},
	{"4950123409", "(495) 012-34-09"},
	{"4950123410", "8 (495) 012-34-10 доб. 12"},
	{"4950123411", "8 (495) 055-00-00, 8 (495) 012-34-11"},
	{"4950123412", "7 495 012-3412"},
}

func start(t T, h bench, customers ...Customer) System {
	t.Helper()
	s := h(t, customers)
	t.Cleanup(s.Close)
	return s
}

// lookup asks and checks what is true of every answer.
func lookup(t T, s System, q connectors.LookupQuery) []connectors.Candidate {
	t.Helper()
	found, err := s.Driver.Lookup(t.Context(), q)
	if err != nil {
		t.Fatalf("look-up of %s: %v", q.National, err)
	}
	seen := map[connectors.Ref]bool{}
	for _, c := range found {
		checkCandidate(t, s, c)
		if seen[c.Ref] {
			t.Errorf("%q is returned twice", c.Name)
		}
		seen[c.Ref] = true
	}
	return found
}

func checkCandidate(t T, s System, c connectors.Candidate) {
	t.Helper()
	if c.Ref.Connector != s.ID || c.Ref.Type == "" || c.Ref.ID == "" {
		t.Errorf("%q has reference %+v, want all parts, connector %q", c.Name, c.Ref, s.ID)
	}
	switch c.Kind {
	case connectors.KindPerson, connectors.KindCompany, connectors.KindLead:
	default:
		t.Errorf("%q has kind %q", c.Name, c.Kind)
	}
	if c.URL != "" {
		if u, err := url.Parse(c.URL); err != nil || !u.IsAbs() {
			t.Errorf("%q has URL %q, want an absolute one", c.Name, c.URL)
		}
	}
}

func byName(found []connectors.Candidate, name string) (connectors.Candidate, bool) {
	for _, c := range found {
		if c.Name == name {
			return c, true
		}
	}
	return connectors.Candidate{}, false
}

func onlyDigits(s string) string {
	return strings.Map(func(r rune) rune {
		if r >= '0' && r <= '9' {
			return r
		}
		return -1
	}, s)
}

func spellings(t T, h bench) {
	var cs []Customer
	for i, sp := range spelled {
		cs = append(cs, Customer{Kind: connectors.KindCompany, Name: fmt.Sprintf("Spelling %02d", i+1), Phones: []string{sp.stored}})
	}
	s := start(t, h, cs...)
	for i, sp := range spelled {
		if s.lacks(NoExtension) && strings.Contains(sp.stored, "доб.") || s.lacks(NoJoined) && strings.Contains(sp.stored, ",") {
			continue
		}
		c, ok := byName(lookup(t, s, Query(sp.national)), cs[i].Name)
		if !ok {
			t.Errorf("stored as %q: not found by +7%s", sp.stored, sp.national)
			continue
		}
		has := false
		for _, p := range c.Phones {
			has = has || strings.Contains(onlyDigits(p.Raw), sp.national)
		}
		if !has {
			t.Errorf("stored as %q: the phones returned (%v) lack the number, the host cannot verify them", sp.stored, c.Phones)
		}
	}
}

func nobody(t T, h bench) {
	s := start(t, h, Customer{Kind: connectors.KindCompany, Name: "Somebody", Phones: []string{"8 (495) 012-34-01"}})
	if found := lookup(t, s, Query("8120567890")); len(found) != 0 {
		t.Errorf("an unknown number found %v", found)
	}
	empty := start(t, h)
	if found := lookup(t, empty, Query("4950123401")); len(found) != 0 {
		t.Errorf("an empty system found %v", found)
	}
}

func several(t T, h bench) {
	s := start(t, h,
		Customer{Kind: connectors.KindCompany, Name: "First", Phones: []string{"8 (495) 012-34-01"}},
		Customer{Kind: connectors.KindCompany, Name: "Second", Phones: []string{"+74950123401", "8 (495) 012-34-02"}},
		Customer{Kind: connectors.KindCompany, Name: "Other", Phones: []string{"8 (812) 099-88-77"}},
	)
	found := lookup(t, s, Query("4950123401"))
	for _, name := range []string{"First", "Second"} {
		if _, ok := byName(found, name); !ok {
			t.Errorf("%s is missing in %v", name, found)
		}
	}
	if _, ok := byName(found, "Other"); ok {
		t.Error("a record without anything of the number was returned: generous is not everything")
	}
}

func personAndCompany(t T, h bench) {
	s := start(t, h,
		Customer{Kind: connectors.KindCompany, Name: "Василёк", TaxID: "0000000000", Owner: "Орлов Игорь", Phones: []string{"8 (495) 012-34-01"}},
		Customer{Kind: connectors.KindPerson, Name: "Котова Мария", Company: "Василёк", Phones: []string{"8 (495) 012-34-01"}},
	)
	found := lookup(t, s, Query("4950123401"))
	company, ok := byName(found, "Василёк")
	if !ok || company.Kind != connectors.KindCompany && !s.lacks(NoCompanies) || !s.lacks(NoTaxID) && company.TaxID != "0000000000" {
		t.Errorf("the company: %+v", company)
	}
	person, ok := byName(found, "Котова Мария")
	if !ok || person.Kind != connectors.KindPerson || person.Company != "Василёк" {
		t.Errorf("the person: %+v, want company Василёк", person)
	}
	for _, c := range []connectors.Candidate{company, person} {
		if c.Owner.Name != "" && c.Owner.Name != "Орлов Игорь" {
			t.Errorf("%s has manager %q", c.Name, c.Owner.Name)
		}
	}
	if company.Owner == (connectors.Person{}) && !s.lacks(NoOwner) {
		t.Error("the company lacks its responsible manager")
	}
}

func deletionMark(t T, h bench) {
	s := start(t, h,
		Customer{Kind: connectors.KindCompany, Name: "Gone", Deleted: true, Phones: []string{"8 (495) 012-34-01"}},
		Customer{Kind: connectors.KindCompany, Name: "Here", Phones: []string{"8 (495) 012-34-01"}},
	)
	found := lookup(t, s, Query("4950123401"))
	if c, ok := byName(found, "Gone"); ok && !c.Deleted {
		t.Error("a record marked for deletion is returned without the mark")
	}
	if c, ok := byName(found, "Here"); !ok || c.Deleted {
		t.Errorf("the living record: %+v", c)
	}
}

func limit(t T, h bench) {
	var cs []Customer
	for i := range 30 {
		cs = append(cs, Customer{Kind: connectors.KindCompany, Name: fmt.Sprintf("Branch %02d", i), Phones: []string{"8 (495) 012-34-01"}})
	}
	s := start(t, h, cs...)
	for ask, want := range map[int]int{0: 20, 5: 5} {
		q := Query("4950123401")
		q.Limit = ask
		if found := lookup(t, s, q); len(found) != want {
			t.Errorf("limit %d returned %d, want %d", ask, len(found), want)
		}
	}
}

func oddCharacters(t T, h bench) {
	names := []string{
		`ООО "Рога & Копыта"`, "O'Нил и 'партнёры'", "Эмодзи 😀 <b>жирный</b>", "Проценты 100%25 + плюс", "Слэш \\ и / и #решётка",
	}
	var cs []Customer
	for i, n := range names {
		cs = append(cs, Customer{Kind: connectors.KindCompany, Name: n, Phones: []string{fmt.Sprintf("8 (495) 012-34-%02d", i)}})
	}
	s := start(t, h, cs...)
	for i, n := range names {
		if _, ok := byName(lookup(t, s, Query(fmt.Sprintf("49501234%02d", i))), n); !ok {
			t.Errorf("%q does not come back as it is", n)
		}
	}
	// A number is digits by the time it gets here. Should it not be, nothing may happen but an empty answer or a refusal.
	for _, evil := range []string{"' or '1' eq '1", "') or (1 eq 1", "%27", "&$top=1000", "\x00", "😀"} {
		found, err := s.Driver.Lookup(t.Context(), connectors.LookupQuery{E164: evil, National: evil})
		if err == nil && len(found) != 0 {
			t.Errorf("number %q found %v", evil, found)
		}
	}
	searcher, ok := connectors.As[connectors.Searcher](s.Driver)
	if !ok {
		return
	}
	for _, n := range names {
		found, err := searcher.Search(t.Context(), n, 10)
		if err != nil {
			t.Errorf("search for %q: %v", n, err)
		}
		if _, ok := byName(found, n); !ok {
			t.Errorf("search for %q found %v", n, found)
		}
	}
	for _, evil := range []string{"' or '1' eq '1", "')", "%27)", "zz&$top=1000", "zz#x"} {
		if found, err := searcher.Search(t.Context(), evil, 10); err != nil || len(found) != 0 {
			t.Errorf("search for %q: %d found, %v; want none and no error", evil, len(found), err)
		}
	}
}

func concurrent(t T, h bench) {
	var cs []Customer
	for i := range 50 {
		cs = append(cs, Customer{Kind: connectors.KindCompany, Name: fmt.Sprintf("Number %02d", i), Phones: []string{fmt.Sprintf("8 (495) 012-77-%02d", i)}})
	}
	s := start(t, h, cs...)
	var wg sync.WaitGroup
	for i := range cs {
		wg.Go(func() {
			found, err := s.Driver.Lookup(t.Context(), Query(fmt.Sprintf("49501277%02d", i)))
			if err != nil {
				t.Errorf("look-up %d: %v", i, err)
			}
			if _, ok := byName(found, cs[i].Name); !ok {
				t.Errorf("look-up %d found %v", i, found)
			}
		})
	}
	wg.Wait()
}
