package phoneindex_test

import (
	"fmt"
	"math/rand/v2"
	"reflect"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/pult-cc/pult/connectors"
	"github.com/pult-cc/pult/internal/customers"
	"github.com/pult-cc/pult/internal/customers/phoneindex"
	"github.com/pult-cc/pult/internal/errs"
)

var noon = time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)

func russian(t testing.TB) *customers.Normalizer {
	t.Helper()
	n, err := customers.NewNormalizer("RU", "")
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// someone draws a customer whose fields are empty, usual, or strange.
func someone(t *rapid.T, n *customers.Normalizer, id int) customers.Customer {
	text := rapid.OneOf(
		rapid.SampledFrom([]string{"", "Котова Мария Сергеевна", "ООО «Василёк»", "O'Neil & 王 🎄", "\xff\xfe broken", "нет", "№ 5 — “да”"}),
		rapid.String(),
	)
	phone := rapid.SampledFrom([]string{
		"8 (916) 123-45-67", "+7 916 123-45-67 доб. 12", "+7 926 123-45-67", "123-45-67", "029 123-45-67", "+375 29 123-45-67", "101", "000-00-00",
		"+44 20 7946 0958", "8 (495) 765-43-21", "8 (495) 765-43-21; 765-43-21", "8 (000) 123-45-67", "нет",
	})
	c := connectors.Candidate{
		Ref:  connectors.Ref{Connector: "1c", Type: rapid.SampledFrom([]string{"Catalog_Контрагенты", "contact", ""}).Draw(t, "type")},
		Kind: rapid.SampledFrom([]connectors.Kind{connectors.KindPerson, connectors.KindCompany, connectors.KindLead}).Draw(t, "kind"),
		Name: text.Draw(t, "name"), Company: text.Draw(t, "company"), TaxID: text.Draw(t, "tax"), Open: rapid.Bool().Draw(t, "open"),
		Owner: connectors.Person{Name: text.Draw(t, "owner")}, Emails: rapid.SliceOfN(text, 0, 2).Draw(t, "mail"),
		URL: rapid.SampledFrom([]string{
			"", "https://1c.example/#e1cib/data/Справочник.Контрагенты?ref=a9b000055d49b45e11db8c4c9d5c422d", "https://b24.example/crm/7/", "x", "/=/",
		}).Draw(t, "url"),
	}
	c.Ref.ID = rapid.SampledFrom([]string{"9d5c422d-8c4c-11db-a9b0-00055d49b4%02x", "ab12cd34%02x", "%d", "Ключ %d"}).Draw(t, "form")
	c.Ref.ID = fmt.Sprintf(c.Ref.ID, id)
	if rapid.Bool().Draw(t, "stands") {
		c.StandsFor = connectors.Ref{Connector: "1c", Type: "Catalog_Партнеры", ID: "9d5c422d-8c4c-11db-a9b0-00055d49b45e"}
	}
	for _, p := range rapid.SliceOfN(phone, 0, 4).Draw(t, "phones") {
		c.Phones = append(c.Phones, connectors.Phone{Raw: p, Label: rapid.SampledFrom([]string{"", "Мобильный", "Факс"}).Draw(t, "label")})
	}
	cust := n.Customer("1c", "1C", c, noon)
	if len(cust.Emails) == 0 {
		cust.Emails = nil
	}
	return cust
}

func TestPagesAreReadAsTheyWereWritten(t *testing.T) {
	n := russian(t)
	rapid.Check(t, func(t *rapid.T) {
		var cs []customers.Customer
		for i := range rapid.IntRange(0, 5).Draw(t, "n") {
			cs = append(cs, someone(t, n, i))
		}
		data, err := phoneindex.EncodePage(cs)
		if err != nil {
			t.Fatal(err)
		}
		got, err := phoneindex.DecodePage(data, "1c")
		if err != nil || len(got) != len(cs) {
			t.Fatalf("%d of %d customers, %v", len(got), len(cs), err)
		}
		for i := range got {
			got[i].Source, got[i].SourceName, got[i].AsOf = "1c", "1C", noon
			if !reflect.DeepEqual(got[i], cs[i]) {
				t.Fatalf("got  %+v\nwant %+v", got[i], cs[i])
			}
		}
		if len(data) > 0 {
			if _, err := phoneindex.DecodePage(data[:len(data)-1], "1c"); !errs.Is(err, errs.Invalid) {
				t.Fatalf("cut off: %v, want Invalid", err)
			}
		}
	})
}

func FuzzDecodePage(f *testing.F) {
	n, err := customers.NewNormalizer("RU", "")
	if err != nil {
		f.Fatal(err)
	}
	c := n.Customer("1c", "1C", connectors.Candidate{Ref: connectors.Ref{Type: "t", ID: "1"}, Name: "Мария", Phones: []connectors.Phone{{Raw: "89161234567"}}}, noon)
	data, err := phoneindex.EncodePage([]customers.Customer{c})
	if err != nil {
		f.Fatal(err)
	}
	f.Add(data)
	f.Add([]byte{})
	f.Fuzz(func(t *testing.T, data []byte) {
		if _, err := phoneindex.DecodePage(data, "1c"); err != nil && !errs.Is(err, errs.Invalid) {
			t.Errorf("%v is not Invalid", err)
		}
	})
}

// TestIndexIsAMapOfNumbers compares an index with a plain map after every change.
func TestIndexIsAMapOfNumbers(t *testing.T) {
	n := russian(t)
	asked := []customers.Number{
		n.Parse("+79161234567"), n.Parse("+79261234567"), n.Parse("+375291234567"), n.Parse("+74957654321"), n.Parse("765-43-21"), n.Parse("+442079460958"),
		n.Parse("101"), n.Parse("anonymous"), n.Parse("+7 000 123-45-67"),
	}
	rapid.Check(t, func(t *rapid.T) {
		x := phoneindex.New("1c", "1C")
		model := map[customers.ID]customers.Customer{}
		for step := range rapid.IntRange(1, 12).Draw(t, "steps") {
			now := noon.Add(time.Duration(step) * time.Minute)
			if rapid.IntRange(0, 4).Draw(t, "prune") == 0 {
				since := noon.Add(time.Duration(rapid.IntRange(0, step).Draw(t, "since")) * time.Minute)
				want := 0
				for id, c := range model {
					if c.AsOf.Before(since) {
						delete(model, id)
						want++
					}
				}
				if got := x.Prune(since); got != want {
					t.Fatalf("%d pruned, want %d", got, want)
				}
			} else {
				var cs []customers.Customer
				for range rapid.IntRange(1, 6).Draw(t, "put") {
					c := someone(t, n, rapid.IntRange(0, 9).Draw(t, "who"))
					c.AsOf = now
					if rapid.IntRange(0, 5).Draw(t, "late") == 0 {
						c.AsOf = noon // of an answer that was overtaken
					}
					cs = append(cs, c)
					if old, ok := model[c.ID]; !ok || !old.AsOf.After(c.AsOf) {
						model[c.ID] = c
					}
				}
				x.Put(cs)
			}
			if got := x.Stats().Customers; got != len(model) {
				t.Fatalf("%d customers, want %d", got, len(model))
			}
			for _, a := range asked {
				want := map[customers.ID]customers.Customer{}
				for id, c := range model {
					if mayHave(c, a) {
						want[id] = c
					}
				}
				got := map[customers.ID]customers.Customer{}
				for _, c := range x.Lookup(a) {
					if _, twice := got[c.ID]; twice {
						t.Fatalf("%s is found twice for %s", c.ID, a.E164)
					}
					got[c.ID] = c
				}
				if !reflect.DeepEqual(got, want) {
					t.Fatalf("%s: found %+v\nwant %+v", a.E164, got, want)
				}
			}
		}
	})
}

// mayHave is the contract of a look-up, as a walk over all numbers.
func mayHave(c customers.Customer, asked customers.Number) bool {
	tail, ok := customers.Tail(asked)
	for _, l := range c.Numbers {
		other, has := customers.Tail(l.Number)
		if !ok || !has || tail != other {
			continue
		}
		both := strings.HasPrefix(l.Number.E164, "+") && strings.HasPrefix(asked.E164, "+")
		if !both || l.Number.E164 == asked.E164 {
			return true
		}
	}
	return false
}

func TestTail(t *testing.T) {
	n := russian(t)
	for raw, want := range map[string]uint32{
		"+7 916 123-45-67": 1234567, "029 123-45-67": 1234567, "123-45-67": 1234567, "0123456": 0, "101": 0, "anonymous": 0, "": 0,
		"000-00-00": 0, "8 (000) 000-00-00": 0, "555-55-55": 0, "+7 916 000-00-00": 0, "8 916 000-00-01": 1,
	} {
		got, ok := customers.Tail(n.Parse(raw))
		if valid := raw == "+7 916 000-00-00"; got != want || ok != (want != 0 || valid) {
			t.Errorf("%q: %d, %v", raw, got, ok)
		}
	}
}

// numbered makes the customer i of a large base, in a version.
func numbered(n *customers.Normalizer, i, version int, asOf time.Time) customers.Customer {
	return n.Customer("1c", "1C", connectors.Candidate{
		Ref:  connectors.Ref{Connector: "1c", Type: "t", ID: fmt.Sprintf("9d5c422d-8c4c-11db-a9b0-%012x", i)},
		Name: fmt.Sprintf("Клиент %d, версия %d", i, version), Phones: []connectors.Phone{{Raw: fmt.Sprintf("+7916%07d", i)}},
	}, asOf)
}

// Readers see every customer who is there throughout, whole, while everything around them is replaced, removed and swept.
func TestReadersAreNotDisturbed(t *testing.T) {
	n := russian(t)
	x := phoneindex.New("1c", "1C")
	const steady, moving, rounds = 200, 800, 12
	forever := noon.Add(time.Hour * 24 * 365)
	var all []customers.Customer
	for i := range steady + moving {
		all = append(all, numbered(n, i, 0, forever))
	}
	first := all[:steady]
	x.Put(first)
	var done atomic.Bool
	var looks atomic.Int64
	var wg sync.WaitGroup
	for w := range 2 {
		wg.Go(func() {
			random := rand.New(rand.NewPCG(1, uint64(w)))
			for !done.Load() {
				i := random.IntN(steady)
				found := x.Lookup(first[i].Numbers[0].Number)
				if len(found) != 1 || found[0].ID != first[i].ID || !strings.HasPrefix(found[0].Name, fmt.Sprintf("Клиент %d, ", i)) {
					t.Errorf("customer %d: found %+v", i, found)
					return
				}
				looks.Add(1)
				runtime.Gosched()
			}
		})
	}
	filler := strings.Repeat("длинное имя ", 60)
	for round := range rounds {
		cs := slices.Clone(all)
		for i := range cs {
			cs[i].Name = fmt.Sprintf("Клиент %d, версия %d %s", i, round, filler)
			if i >= steady {
				cs[i].AsOf = noon.Add(time.Duration(round) * time.Minute)
			}
		}
		for chunk := range slices.Chunk(cs, 500) {
			x.Put(chunk)
		}
		if round%4 == 3 {
			x.Prune(noon.Add(time.Hour))
		}
	}
	done.Store(true)
	wg.Wait()
	if s := x.Stats(); s.Customers != steady || looks.Load() == 0 || s.Bytes > 12<<20 {
		t.Errorf("%+v after %d looks: the garbage is not swept, or nobody looked", s, looks.Load())
	}
}

// More customers than are kept behind one number do not make the others wait, nor lose them.
func TestANumberThatEverybodyHas(t *testing.T) {
	n := russian(t)
	x := phoneindex.New("1c", "1C")
	var cs []customers.Customer
	for i := range 5000 {
		c := numbered(n, i, 0, noon)
		c.Numbers = append(c.Numbers, customers.LabeledNumber{Number: n.Parse("+7 800 555-35-35")})
		cs = append(cs, c)
	}
	x.Put(cs)
	if found := x.Lookup(n.Parse("+78005553535")); len(found) < 20 || len(found) > 300 {
		t.Errorf("%d of 5000 found by the number of all", len(found))
	}
	for i := range cs {
		if found := x.Lookup(cs[i].Numbers[0].Number); len(found) != 1 || found[0].ID != cs[i].ID {
			t.Fatalf("customer %d by their own number: %+v", i, found)
		}
	}
	if removed := x.Prune(noon.Add(time.Hour)); removed != 5000 || x.Stats().Numbers != 0 {
		t.Errorf("%d removed, %+v left", removed, x.Stats())
	}
}
