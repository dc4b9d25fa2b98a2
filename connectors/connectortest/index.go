package connectortest

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/pult-cc/pult/connectors"
	"github.com/pult-cc/pult/internal/errs"
)

// index asks for everybody, page after page. A driver without the capability passes by lacking it.
func index(t T, h bench) {
	empty := start(t, h)
	if _, ok := connectors.As[connectors.Indexer](empty.Driver); !ok {
		t.Log("the driver does not list everybody")
		return
	}
	for _, p := range pages(t, empty, "", 0) {
		if len(p.Candidates) != 0 {
			t.Errorf("an empty system lists %v", p.Candidates)
		}
	}
	t.Run("Complete", func(t T) { indexComplete(t, h) })
	t.Run("AsLookedUp", func(t T) { indexAsLookedUp(t, h) })
	t.Run("Resumes", func(t T) { indexResumes(t, h) })
	t.Run("Refuses", func(t T) { indexRefuses(t, h) })
	t.Run("Faults", func(t T) { indexFaults(t, h) })
}

func indexer(t T, s System) connectors.Indexer {
	t.Helper()
	i, ok := connectors.As[connectors.Indexer](s.Driver)
	if !ok {
		t.Fatal("another driver to the same system does not list everybody")
	}
	return i
}

// pages reads all pages from a cursor on.
func pages(t T, s System, cursor string, limit int) []connectors.Page {
	t.Helper()
	var out []connectors.Page
	seen := map[string]bool{}
	for {
		p, err := indexer(t, s).Index(t.Context(), cursor, limit)
		if err != nil {
			t.Fatalf("page %d: %v", len(out)+1, err)
		}
		for _, c := range p.Candidates {
			checkCandidate(t, s, c)
		}
		out = append(out, p)
		if p.Next == "" {
			return out
		}
		if seen[p.Next] {
			t.Fatalf("page %d leads to a page that was read before: it never ends", len(out))
		}
		seen[p.Next] = true
		cursor = p.Next
	}
}

// crowd makes companies and persons, some without a number and some marked for deletion.
func crowd(n int) []Customer {
	var out []Customer
	for i := range n {
		out = append(out, Customer{
			Kind: connectors.KindCompany, Name: fmt.Sprintf("Firm %03d", i), Owner: "Орлов Игорь", TaxID: fmt.Sprintf("%010d", 7_700_000_000+i),
			Phones: []string{fmt.Sprintf("8 (495) 012-%02d-%02d", i/100, i%100), fmt.Sprintf("+7 (812) 033-%02d-%02d", i/100, i%100)},
		})
		switch i % 5 {
		case 1:
			out = append(out, Customer{
				Kind: connectors.KindPerson, Name: fmt.Sprintf("Person %03d", i), Company: fmt.Sprintf("Firm %03d", i),
				Phones: []string{fmt.Sprintf("8-975-044-%02d-%02d", i/100, i%100)},
			})
		case 2:
			out = append(out, Customer{Kind: connectors.KindCompany, Name: fmt.Sprintf("Silent %03d", i)})
		case 3:
			out = append(out, Customer{
				Kind: connectors.KindCompany, Name: fmt.Sprintf("Gone %03d", i), Deleted: true,
				Phones: []string{fmt.Sprintf("8 (495) 055-%02d-%02d", i/100, i%100)},
			})
		}
	}
	return out
}

func indexComplete(t T, h bench) {
	cs := crowd(43)
	s := start(t, h, cs...)
	for _, limit := range []int{0, 1, 7, 1000} {
		count := map[connectors.Ref]int{}
		names := map[string]connectors.Candidate{}
		for _, p := range pages(t, s, "", limit) {
			for _, c := range p.Candidates {
				if count[c.Ref]++; count[c.Ref] > 1 {
					t.Errorf("limit %d: %q is listed %d times though nothing changed", limit, c.Name, count[c.Ref])
				}
				if old, ok := names[c.Name]; !ok || old.Ref == c.StandsFor {
					names[c.Name] = c
				}
			}
		}
		for _, want := range cs {
			got, ok := names[want.Name]
			switch {
			case want.Deleted && ok && !got.Deleted:
				t.Errorf("limit %d: %q is marked for deletion and listed without the mark", limit, want.Name)
			case want.Deleted || len(want.Phones) == 0:
			case !ok:
				t.Errorf("limit %d: %q is left out", limit, want.Name)
			case !hasAll(got, want.Phones):
				t.Errorf("limit %d: %q has the phones %v, want %v", limit, want.Name, got.Phones, want.Phones)
			}
		}
	}
}

// indexAsLookedUp: who is read from the index is who a look-up finds.
func indexAsLookedUp(t T, h bench) {
	s := start(t, h, crowd(7)...)
	listed := map[connectors.Ref]connectors.Candidate{}
	for _, p := range pages(t, s, "", 3) {
		for _, c := range p.Candidates {
			listed[c.Ref] = c
		}
	}
	for _, number := range []string{"4950120001", "8120330006", "9750440001"} {
		for _, want := range lookup(t, s, Query(number)) {
			got, ok := listed[want.Ref]
			if !ok {
				t.Errorf("%q is found by number and not listed", want.Name)
				continue
			}
			if got.Name != want.Name || got.Kind != want.Kind || got.Company != want.Company || got.Owner != want.Owner ||
				got.TaxID != want.TaxID || got.URL != want.URL || len(got.Phones) != len(want.Phones) {
				t.Errorf("listed %+v, look-up said %+v", got, want)
			}
		}
	}
}

// indexResumes: any cursor gives the same page again, to this driver and to one that is opened later.
func indexResumes(t T, h bench) {
	s := start(t, h, crowd(23)...)
	all := pages(t, s, "", 4)
	if len(all) < 3 {
		t.Fatalf("only %d pages of 23 customers by 4", len(all))
	}
	later := s
	if s.Reopen == nil {
		t.Error("the harness cannot open a second driver: what a cursor is worth after a restart is not shown")
	} else {
		later.Driver = s.Reopen()
	}
	for i := range all[:len(all)-1] {
		rest := pages(t, later, all[i].Next, 4)
		if len(rest) != len(all)-i-1 {
			t.Errorf("after page %d there were %d pages, now %d", i+1, len(all)-i-1, len(rest))
			continue
		}
		for j, p := range rest {
			if !sameRefs(p, all[i+1+j]) {
				t.Errorf("after page %d, page %d has other records than before", i+1, j+1)
			}
		}
	}
}

func sameRefs(a, b connectors.Page) bool {
	if len(a.Candidates) != len(b.Candidates) {
		return false
	}
	for i := range a.Candidates {
		if a.Candidates[i].Ref != b.Candidates[i].Ref {
			return false
		}
	}
	return true
}

func indexRefuses(t T, h bench) {
	s := start(t, h, anyone)
	for _, odd := range []string{"no such cursor", "'", "-1", "999999999999999999999", "\x00", "0|x|y|z", "😀"} {
		if p, err := indexer(t, s).Index(t.Context(), odd, 10); !errs.Is(err, errs.Invalid) {
			t.Errorf("the cursor %q: %d records, %v; want Invalid", odd, len(p.Candidates), err)
		}
	}
}

func indexFaults(t T, h bench) {
	s := start(t, h, anyone)
	for _, f := range s.Faults {
		if f == ByteOrder {
			continue
		}
		s.Inject(f)
		ctx, cancel := context.WithTimeout(t.Context(), deadlineFor(f))
		_, err := indexer(t, s).Index(ctx, "", 10)
		cancel()
		if want := expected[f]; errs.KindOf(err) != want {
			t.Errorf("%s: %v is %v, want %v", f, err, errs.KindOf(err), want)
		}
		if f == Slow && !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("%s: %v does not wrap the context's error", f, err)
		}
		discreet(t, s, string(f), err)
	}
	s.Inject("")
	listed := 0
	for _, p := range pages(t, s, "", 10) {
		listed += len(p.Candidates)
	}
	if listed == 0 {
		t.Error("healed, but nobody is listed: a driver keeps no memory of trouble")
	}
}

// hasAll reports whether a record has all numbers, be it two in one field.
func hasAll(c connectors.Candidate, phones []string) bool {
	var all string
	for _, p := range c.Phones {
		all += onlyDigits(p.Raw) + "|"
	}
	for _, p := range phones {
		if !strings.Contains(all, onlyDigits(p)) {
			return false
		}
	}
	return true
}
