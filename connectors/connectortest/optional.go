package connectortest

import (
	"github.com/pult-cc/pult/connectors"
	"github.com/pult-cc/pult/internal/errs"
)

// The optional capabilities. A driver without one passes by lacking it.

func get(t T, h bench) {
	s := start(t, h,
		Customer{Kind: connectors.KindCompany, Name: "Василёк", TaxID: "0000000000", Owner: "Орлов Игорь", Phones: []string{"8 (495) 012-34-01", "+7 495 012-34-02"}},
		Customer{Kind: connectors.KindPerson, Name: "Котова Мария", Company: "Василёк", Phones: []string{"8 (495) 012-34-03"}},
	)
	getter, ok := connectors.As[connectors.Getter](s.Driver)
	if !ok {
		t.Log("the driver does not get single records")
		return
	}
	for _, number := range []string{"4950123401", "4950123403"} {
		for _, want := range lookup(t, s, Query(number)) {
			got, err := getter.Get(t.Context(), want.Ref)
			if err != nil {
				t.Fatalf("getting %q: %v", want.Name, err)
			}
			checkCandidate(t, s, got)
			if got.Ref != want.Ref || got.Name != want.Name || got.Kind != want.Kind || got.Company != want.Company ||
				got.Owner != want.Owner || got.TaxID != want.TaxID || got.URL != want.URL || len(got.Phones) < len(want.Phones) {
				t.Errorf("got %+v, look-up said %+v", got, want)
			}
			unknown := want.Ref
			unknown.ID = "0e5ff000-0000-4000-8000-00000000ffff"
			if _, err := getter.Get(t.Context(), unknown); !errs.Is(err, errs.NotFound) {
				t.Errorf("an unknown record: %v, want NotFound", err)
			}
			for _, odd := range []string{"", "'", "x') or (1 eq 1", "../../", "0e5ff000-0000-4000-8000-00000000fff'"} {
				unknown.ID = odd
				if _, err := getter.Get(t.Context(), unknown); !errs.Is(err, errs.NotFound) {
					t.Errorf("the odd id %q: %v, want NotFound", odd, err)
				}
			}
			unknown = want.Ref
			unknown.Type = "no such type"
			if _, err := getter.Get(t.Context(), unknown); !errs.Is(err, errs.NotFound) {
				t.Errorf("an unknown type: %v, want NotFound", err)
			}
		}
	}
}

func search(t T, h bench) {
	s := start(t, h,
		Customer{Kind: connectors.KindCompany, Name: "Торговый дом Василёк", Phones: []string{"8 (495) 012-34-01"}},
		Customer{Kind: connectors.KindCompany, Name: "Василёк плюс", Phones: []string{"8 (495) 012-34-02"}},
		Customer{Kind: connectors.KindCompany, Name: "Ромашка", Phones: []string{"8 (495) 055-66-77"}},
	)
	searcher, ok := connectors.As[connectors.Searcher](s.Driver)
	if !ok {
		t.Log("the driver does not search")
		return
	}
	for text, want := range map[string]int{
		"Василёк": 2, "василёк": 2, "дом Василёк": 1, "Ромаш": 1, "нет такого": 0, "": 0, "  ": 0, "84950556677": 1, "055-66-77": 1,
	} {
		if text == "055-66-77" && s.lacks(NoPartOfNumber) {
			continue
		}
		found, err := searcher.Search(t.Context(), text, 10)
		if err != nil || len(found) != want {
			t.Errorf("search for %q: %d found, %v; want %d", text, len(found), err, want)
		}
		for _, c := range found {
			checkCandidate(t, s, c)
		}
	}
	if found, err := searcher.Search(t.Context(), "Василёк", 1); err != nil || len(found) != 1 {
		t.Errorf("search limited to 1: %d found, %v", len(found), err)
	}
}

func check(t T, h bench) {
	s := start(t, h, anyone)
	checker, ok := connectors.As[connectors.Checker](s.Driver)
	if !ok {
		t.Log("the driver does not check")
		return
	}
	health, err := checker.Check(t.Context())
	if err != nil || health.Latency < 0 {
		t.Errorf("a healthy system: %+v, %v", health, err)
	}
	s.Inject(Down)
	if _, err := checker.Check(t.Context()); !errs.Is(err, errs.Unavailable) {
		t.Errorf("a system that is away: %v, want Unavailable", err)
	}
}
