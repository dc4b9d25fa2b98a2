package onec_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/pult-cc/pult/connectors"
	"github.com/pult-cc/pult/connectors/onec"
	"github.com/pult-cc/pult/connectors/onec/onecsim"
)

// firms makes a base of companies; those in gone are marked for deletion.
func firms(n int, gone func(int) bool) *onecsim.Sim {
	b := onecsim.NewUT11()
	for i := range n {
		b.Add(onecsim.SetCounterparties, onecsim.Row{
			"Ref_Key": onecsim.NewGUID("firm", fmt.Sprint(i)), "Description": fmt.Sprint("Firm ", i), "DeletionMark": gone(i),
			onecsim.PartContactInfo: []onecsim.Row{onecsim.Phone("Телефон", fmt.Sprintf("8 (495) 012-%02d-%02d", i/100, i%100), onecsim.DigitsFull)},
		})
	}
	return onecsim.New(onecsim.Options{Base: b, User: user, Password: password})
}

// changing serves a base that is another one each time it is set.
type changing struct{ atomic.Pointer[onecsim.Sim] }

func (c *changing) ServeHTTP(w http.ResponseWriter, r *http.Request) { c.Load().ServeHTTP(w, r) }

func openIndex(t *testing.T, h http.Handler, extra map[string]any) *onec.Driver {
	t.Helper()
	srv := httptest.NewServer(h)
	t.Cleanup(srv.Close)
	return open(t, srv.URL, extra)
}

// $skip counts records, so what is marked for deletion between two pages moves the others forward. Nobody who stays may be left out,
// not even when the record that the last page ended with goes, or more of them than pages overlap.
func TestRecordsThatGoBetweenPagesHideNoOther(t *testing.T) {
	const n = 400
	for name, goes := range map[string]func(listed map[string]bool, last string) func(int) bool{
		"one of the first": func(listed map[string]bool, last string) func(int) bool {
			done := false
			return func(i int) bool {
				if name := fmt.Sprint("Firm ", i); !done && listed[name] && name != last {
					done = true
					return true
				}
				return false
			}
		},
		"the last of the page": func(_ map[string]bool, last string) func(int) bool {
			return func(i int) bool { return fmt.Sprint("Firm ", i) == last }
		},
		"most of what was read": func(listed map[string]bool, last string) func(int) bool {
			return func(i int) bool { name := fmt.Sprint("Firm ", i); return listed[name] && name != last && i%5 > 0 }
		},
		"all that was read": func(listed map[string]bool, _ string) func(int) bool {
			return func(i int) bool { return listed[fmt.Sprint("Firm ", i)] }
		},
		"nobody": func(map[string]bool, string) func(int) bool { return func(int) bool { return false } },
	} {
		t.Run(name, func(t *testing.T) {
			var base changing
			base.Store(firms(n, func(int) bool { return false }))
			d := openIndex(t, &base, nil)
			listed := map[string]bool{}
			var gone func(int) bool
			cursor, last := "", ""
			for range 100 {
				page, err := d.Index(t.Context(), cursor, 50)
				if err != nil {
					t.Fatal(err)
				}
				for _, c := range page.Candidates {
					listed[c.Name], last = true, c.Name
				}
				if cursor = page.Next; cursor == "" {
					break
				}
				if gone == nil && len(listed) >= 150 {
					seen := map[string]bool{}
					for name := range listed {
						seen[name] = true
					}
					which, marked := goes(seen, last), map[int]bool{}
					for i := range n {
						marked[i] = which(i)
					}
					gone = func(i int) bool { return marked[i] }
					base.Store(firms(n, gone))
				}
			}
			if cursor != "" {
				t.Fatal("the pages do not end")
			}
			for i := range n {
				if name := fmt.Sprint("Firm ", i); !listed[name] && !gone(i) {
					t.Errorf("%s was never listed", name)
				}
			}
		})
	}
}

// A page that is longer than max_answer_bytes is asked for in halves: what one record needs is always small enough.
func TestALongPageIsReadInHalves(t *testing.T) {
	d := openIndex(t, firms(300, func(int) bool { return false }), map[string]any{"max_answer_bytes": 70_000})
	listed := map[connectors.Ref]bool{}
	pages := 0
	for cursor := ""; ; pages++ {
		page, err := d.Index(t.Context(), cursor, 0)
		if err != nil {
			t.Fatal(err)
		}
		for _, c := range page.Candidates {
			listed[c.Ref] = true
		}
		if cursor = page.Next; cursor == "" {
			break
		}
	}
	if len(listed) != 300 || pages < 4 {
		t.Errorf("%d of 300 listed in %d pages", len(listed), pages)
	}
}

// The record of a counterparty says which partner it stands for, so that the host shows one customer where both have the number.
func TestALegalSideStandsForItsPartner(t *testing.T) {
	b := onecsim.NewUT11()
	partner := onecsim.NewGUID("partner")
	line := func() []onecsim.Row {
		return []onecsim.Row{onecsim.Phone("Телефон", "8 (495) 012-34-01", onecsim.DigitsFull)}
	}
	b.Add(onecsim.SetPartners, onecsim.Row{"Ref_Key": partner, "Description": "Василёк", onecsim.PartContactInfo: line()})
	b.Add(onecsim.SetCounterparties, onecsim.Row{
		"Ref_Key": onecsim.NewGUID("legal"), "Description": "ООО «Василёк»", "Партнер_Key": partner, onecsim.PartContactInfo: line(),
	}, onecsim.Row{"Ref_Key": onecsim.NewGUID("alone"), "Description": "Один", onecsim.PartContactInfo: line()})
	d := openIndex(t, onecsim.New(onecsim.Options{Base: b, User: user, Password: password}), nil)
	var lines []string
	for cursor := ""; ; {
		page, err := d.Index(t.Context(), cursor, 0)
		if err != nil {
			t.Fatal(err)
		}
		for _, c := range page.Candidates {
			lines = append(lines, fmt.Sprintf("%s for %s %v", c.Name, c.StandsFor.Type, c.StandsFor.ID == partner))
		}
		if cursor = page.Next; cursor == "" {
			break
		}
	}
	got := strings.Join(lines, ", ")
	for _, want := range []string{"ООО «Василёк» for Catalog_Партнеры true", "Один for  false", "Василёк for  false"} {
		if !strings.Contains(got, want) {
			t.Errorf("%q is missing in %s", want, got)
		}
	}
}
