package memrepo_test

import (
	"context"
	"testing"
	"time"

	"github.com/pult-cc/pult/internal/customers"
	"github.com/pult-cc/pult/internal/customers/memrepo"
	"github.com/pult-cc/pult/internal/errs"
)

func named(name, e164 string) customers.Customer {
	return customers.Customer{
		ID: customers.ID(name), Name: name,
		Numbers: []customers.LabeledNumber{{Number: customers.Number{E164: e164, Kind: customers.NumberPublic}}},
	}
}

func TestChoices(t *testing.T) {
	var r memrepo.Repository
	ctx := t.Context()
	links := func() customers.Links {
		t.Helper()
		l, err := r.Links(ctx, "+7")
		if err != nil {
			t.Fatal(err)
		}
		return l
	}
	if l := links(); l.Chosen != nil || l.Spoken != "" || len(l.Refused) != 0 {
		t.Errorf("at first: %+v", l)
	}
	now := time.Now()
	for _, c := range []struct {
		name string
		at   time.Time
	}{{"Anna", now}, {"Boris", now.Add(time.Second)}, {"too late", now}} {
		if _, err := r.Remember(ctx, "+7", named(c.name, "+7"), "olga", c.at); err != nil {
			t.Fatal(err)
		}
	}
	if l := links(); l.Chosen == nil || l.Chosen.Name != "Boris" || l.By != "olga" {
		t.Errorf("the newest choice: %+v", l)
	}
	if err := r.Forget(ctx, "+7"); err != nil {
		t.Fatal(err)
	}
	if l := links(); l.Chosen != nil {
		t.Errorf("forgotten: %+v", l)
	}
	r.Spoke("+7", "Anna")
	if _, err := r.Remember(ctx, "+7", named("Anna", "+7"), "olga", now.Add(time.Hour)); err != nil {
		t.Fatal(err)
	}
	if _, err := r.Refuse(ctx, "+7", []customers.ID{"Anna", "Anna2"}, "igor", now); err != nil {
		t.Fatal(err)
	}
	if l := links(); l.Chosen != nil || l.Spoken != "" || l.Refused["Anna"] != "igor" || l.Refused["Anna2"] != "igor" {
		t.Errorf("refused: %+v", l)
	}
	if _, err := r.Remember(ctx, "+7", named("Anna", "+7"), "olga", now.Add(2*time.Hour)); err != nil {
		t.Fatal(err)
	}
	if l := links(); l.Chosen == nil || l.Refused["Anna"] != "" || l.Refused["Anna2"] != "igor" {
		t.Errorf("chosen again: %+v", l)
	}
}

func TestKept(t *testing.T) {
	var r memrepo.Repository
	ctx := t.Context()
	if err := r.Keep(ctx, []customers.Customer{named("Мария Котова", "+79161234567"), named("Анна", "+79161234567"), named("Пётр", "+74950000000")}); err != nil {
		t.Fatal(err)
	}
	if c, err := r.Kept(ctx, "Анна"); err != nil || c.Name != "Анна" {
		t.Errorf("%v, %v", c, err)
	}
	if _, err := r.Kept(ctx, "x"); !errs.Is(err, errs.NotFound) {
		t.Errorf("unknown: %v", err)
	}
	if cs, err := r.KeptByNumber(ctx, "+79161234567"); err != nil || len(cs) != 2 || cs[0].Name != "Анна" {
		t.Errorf("%v, %v", cs, err)
	}
	if err := r.Keep(ctx, []customers.Customer{named("Анна", "+74951111111")}); err != nil {
		t.Fatal(err)
	}
	for text, want := range map[string]int{"котова мар": 1, "916 123": 1, "495": 0, "4951": 1, "пётр": 1, "": 0, "zz": 0} {
		if cs, err := r.SearchKept(ctx, text, 10); err != nil || len(cs) != want {
			t.Errorf("%q: %v, %v, want %d", text, cs, err, want)
		}
	}
	if cs, err := r.SearchKept(ctx, "а", 2); err != nil || len(cs) != 2 {
		t.Errorf("limited: %v, %v", cs, err)
	}
	ended, cancel := context.WithCancel(ctx)
	cancel()
	if _, err := r.Kept(ended, "Анна"); !errs.Is(err, errs.Timeout) {
		t.Errorf("ended: %v", err)
	}
}
