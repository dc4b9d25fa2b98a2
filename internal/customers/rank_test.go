package customers

import (
	"fmt"
	"reflect"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/pult-cc/pult/connectors"
)

// someone draws a candidate of a small world, where records often share names, tax numbers, addresses and systems.
func someone(t *rapid.T, i int) Candidate {
	c := who(fmt.Sprintf("%d@%s", i, rapid.SampledFrom([]string{"1c", "b24", "odoo"}).Draw(t, "system")), "")
	c.Kind = rapid.SampledFrom([]connectors.Kind{connectors.KindPerson, connectors.KindCompany}).Draw(t, "kind")
	c.Name = rapid.SampledFrom([]string{"Василёк", "Мария", "Ромашка"}).Draw(t, "name")
	c.Company = rapid.SampledFrom([]string{"", "Василёк"}).Draw(t, "company")
	c.TaxID = rapid.SampledFrom([]string{"", "", "7701234567", "770123456789", "0000000000"}).Draw(t, "tax")
	c.Emails = rapid.SampledFrom([][]string{nil, nil, {"a@x.example"}, {"A@X.example", "b@x.example"}, {"b@x.example"}, {"нет"}}).Draw(t, "mail")
	cand := Candidate{Customer: c, Why: rapid.SampledFrom([]Reason{ReasonExact, ReasonExact, ReasonNational, ReasonExtension, ReasonSuffix}).Draw(t, "why")}
	if rapid.IntRange(0, 4).Draw(t, "refused") == 0 {
		cand.RefusedBy = "olga"
	}
	if rapid.IntRange(0, 3).Draw(t, "open") == 0 {
		cand.Also = []Reason{ReasonOpen}
	}
	return cand
}

func crowdOf(t *rapid.T) []Candidate {
	cs := make([]Candidate, rapid.IntRange(0, 9).Draw(t, "n"))
	for i := range cs {
		cs[i] = someone(t, i)
	}
	for i := range cs { // some stand for an earlier record of their system
		if j := rapid.IntRange(0, 3*len(cs)).Draw(t, "stands for"); j < i && cs[j].Customer.Source == cs[i].Customer.Source {
			cs[i].Customer.StandsFor = cs[j].Customer.ID
		}
	}
	return cs
}

func TestUniteKeepsEverybodyAndMergesRightly(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		in := crowdOf(t)
		before := slices.Clone(in)
		shuffled := rapid.Permutation(in).Draw(t, "order")
		out := unite(slices.Clone(in))
		if !reflect.DeepEqual(out, unite(shuffled)) {
			t.Fatal("the order in which candidates come decides what they become")
		}
		if again := unite(slices.Clone(out)); !reflect.DeepEqual(again, out) {
			t.Fatalf("uniting twice makes another answer: %+v", again)
		}
		stoodFor := map[ID]bool{}
		for _, c := range before {
			stoodFor[c.Customer.StandsFor] = true
		}
		count := map[ID]int{}
		for i := range out {
			members := records(&out[i])
			for k, m := range members {
				count[m.ID]++
				linked := len(members) == 1
				for l, o := range members {
					if k != l && m.Source == o.Source {
						t.Fatalf("two records of %s are one customer: %+v", m.Source, out[i])
					}
					linked = linked || k != l && sameElsewhere(*m, *o)
				}
				if !linked {
					t.Fatalf("%s is joined to %+v without a tax number or mail in common", m.ID, out[i])
				}
			}
		}
		for _, c := range before {
			want := 1
			if stoodFor[c.Customer.ID] {
				want = 0
			}
			if count[c.Customer.ID] != want {
				t.Fatalf("%s is there %d times, want %d", c.Customer.ID, count[c.Customer.ID], want)
			}
		}
	})
}

func TestNamesMergeNobody(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		in := crowdOf(t)
		for i := range in {
			in[i].Customer.TaxID, in[i].Customer.Emails, in[i].Customer.StandsFor = "", nil, ""
			in[i].Customer.Name = "Мария"
		}
		if out := unite(slices.Clone(in)); len(out) != len(in) {
			t.Fatalf("%d candidates of the same name became %d", len(in), len(out))
		}
	})
}

// What is chosen without a person is the only one of its rank whom nobody refused, and never found by last digits alone.
func TestOneBestIsAlone(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		cs := unite(crowdOf(t))
		best, ok := oneBest(cs)
		if !ok {
			return
		}
		if best.RefusedBy != "" || best.Why == ReasonSuffix {
			t.Fatalf("chosen: %+v", best)
		}
		for _, c := range cs {
			if c.RefusedBy != "" || c.Customer.ID == best.Customer.ID {
				continue
			}
			if reasonRank[c.Why] < reasonRank[best.Why] {
				t.Fatalf("%+v is better than %+v", c, best)
			}
			if c.Why == best.Why && !worksFor(best.Customer, c.Customer) {
				t.Fatalf("%+v is as good as %+v", c, best)
			}
		}
	})
}

func TestRankOrder(t *testing.T) {
	exact := func(name string, kind connectors.Kind, also ...Reason) Candidate {
		return Candidate{Customer: who(name, kind), Why: ReasonExact, Also: also}
	}
	refused := exact("refused", connectors.KindPerson)
	refused.RefusedBy = "olga"
	want := []Candidate{
		{Customer: who("chosen", connectors.KindLead), Why: ReasonRemembered},
		exact("spoken", connectors.KindLead, ReasonLastSpoken),
		exact("deal", connectors.KindLead, ReasonOpen),
		exact("a person", connectors.KindPerson),
		exact("b person", connectors.KindPerson),
		exact("company", connectors.KindCompany),
		exact("lead", connectors.KindLead),
		refused,
		{Customer: who("national", connectors.KindPerson), Why: ReasonNational},
		{Customer: who("extension", connectors.KindPerson), Why: ReasonExtension},
		{Customer: who("suffix", connectors.KindPerson), Why: ReasonSuffix},
	}
	got := slices.Clone(want)
	slices.Reverse(got)
	if rank(got); !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v", got)
	}
}

func TestTaxIDsThatSayNothing(t *testing.T) {
	for id, want := range map[string]string{
		"7701234567": "7701234567", " 77 0123-4567 ": "7701234567", "0000000000": "", "1234567890": "", "123": "", "": "", "gb123456789": "GB123456789",
	} {
		if got := taxID(Customer{TaxID: id}); got != want {
			t.Errorf("%q: %q, want %q", id, got, want)
		}
	}
	trader := func(system string, kind connectors.Kind, id string) Customer {
		c := who("X@"+system, kind)
		c.TaxID = id
		return c
	}
	if !sameElsewhere(trader("1c", connectors.KindCompany, "770123456789"), trader("b24", connectors.KindPerson, "770123456789")) {
		t.Error("a sole trader is a company here and a person there")
	}
	if sameElsewhere(trader("1c", connectors.KindCompany, "7701234567"), trader("b24", connectors.KindPerson, "7701234567")) {
		t.Error("a person with a company's number is not the company")
	}
}
