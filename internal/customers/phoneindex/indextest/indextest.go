// Package indextest is the conformance suite of repositories of the phone index.
package indextest

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/pult-cc/pult/internal/customers/phoneindex"
	"github.com/pult-cc/pult/internal/errs"
)

var start = time.Date(2026, 3, 29, 1, 59, 59, 999_999_000, time.UTC)

func scan(id, connector string, after time.Duration) phoneindex.Scan {
	return phoneindex.Scan{ID: id, Connector: connector, Stamp: "v1 RU", StartedAt: start.Add(after)}
}

func page(seq int, next string) phoneindex.Page {
	return phoneindex.Page{
		Seq: seq, Next: next, Records: 2 * seq, ReadAt: start.Add(time.Duration(seq) * time.Second), Data: bytes.Repeat([]byte{byte(seq), 0, 255}, seq*1000),
	}
}

// Run runs the suite on an empty repository.
func Run(t *testing.T, r phoneindex.Repository) {
	t.Run("a scan is read as it was stored", func(t *testing.T) { asStored(t, r) })
	t.Run("a page is stored once", func(t *testing.T) { once(t, r) })
	t.Run("a finished scan replaces the older ones", func(t *testing.T) { finished(t, r) })
	t.Run("a dropped scan is gone with its pages", func(t *testing.T) { dropped(t, r) })
}

func must(t *testing.T, what string, err error) {
	t.Helper()
	if err != nil {
		t.Fatalf("%s: %v", what, err)
	}
}

func scans(t *testing.T, r phoneindex.Repository, connector string) []phoneindex.Scan {
	t.Helper()
	found, err := r.Scans(t.Context(), connector)
	must(t, "Scans", err)
	return found
}

func ids(found []phoneindex.Scan) []string {
	var out []string
	for _, s := range found {
		out = append(out, s.ID)
	}
	return out
}

func pages(t *testing.T, r phoneindex.Repository, id string, after int) []phoneindex.Page {
	t.Helper()
	var out []phoneindex.Page
	must(t, "Pages", r.Pages(t.Context(), id, after, func(p phoneindex.Page) error { out = append(out, p); return nil }))
	return out
}

func asStored(t *testing.T, r phoneindex.Repository) {
	if found := scans(t, r, "a"); len(found) != 0 {
		t.Fatalf("not empty: %v", found)
	}
	must(t, "Begin", r.Begin(t.Context(), scan("a-1", "a", 0)))
	got := scans(t, r, "a")
	if want := scan("a-1", "a", 0); len(got) != 1 || got[0] != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
	const n = 40
	for seq := 1; seq <= n; seq++ {
		must(t, "Add", r.Add(t.Context(), "a-1", page(seq, fmt.Sprint("курсор|", seq))))
	}
	got = scans(t, r, "a")
	if len(got) != 1 || got[0].Pages != n || got[0].Next != fmt.Sprint("курсор|", n) || got[0].FinishedAt != nil {
		t.Errorf("got %+v", got)
	}
	for _, after := range []int{0, 15, 16, n - 1, n} {
		found := pages(t, r, "a-1", after)
		if len(found) != n-after {
			t.Fatalf("%d pages behind %d, want %d", len(found), after, n-after)
		}
		for i, p := range found {
			want := page(after+i+1, fmt.Sprint("курсор|", after+i+1))
			if p.Seq != want.Seq || p.Next != want.Next || p.Records != want.Records || !p.ReadAt.Equal(want.ReadAt) || !bytes.Equal(p.Data, want.Data) {
				t.Errorf("page %d is %+v", want.Seq, p)
			}
		}
	}
	stop := errors.New("enough")
	if err := r.Pages(t.Context(), "a-1", 0, func(phoneindex.Page) error { return stop }); !errors.Is(err, stop) {
		t.Errorf("stopped: %v", err)
	}
}

func once(t *testing.T, r phoneindex.Repository) {
	must(t, "Begin", r.Begin(t.Context(), scan("b-1", "b", 0)))
	must(t, "Add", r.Add(t.Context(), "b-1", page(1, "x")))
	if err := r.Add(t.Context(), "b-1", page(1, "y")); !errs.Is(err, errs.Conflict) {
		t.Errorf("the same page again: %v, want Conflict", err)
	}
	if err := r.Add(t.Context(), "no such scan", page(1, "y")); !errs.Is(err, errs.NotFound) {
		t.Errorf("a page of no scan: %v, want NotFound", err)
	}
	if found := pages(t, r, "b-1", 0); len(found) != 1 || found[0].Next != "x" {
		t.Errorf("got %+v", found)
	}
}

func finished(t *testing.T, r phoneindex.Repository) {
	for i, id := range []string{"c-1", "c-2", "c-3"} {
		must(t, "Begin", r.Begin(t.Context(), scan(id, "c", time.Duration(i)*time.Hour)))
		must(t, "Add", r.Add(t.Context(), id, page(1, "")))
	}
	must(t, "Begin", r.Begin(t.Context(), scan("other", "other", 0)))
	must(t, "Finish", r.Finish(t.Context(), "c-2", start.Add(90*time.Minute)))
	got := scans(t, r, "c")
	if !slices.Equal(ids(got), []string{"c-2", "c-3"}) || got[0].FinishedAt == nil || !got[0].FinishedAt.Equal(start.Add(90*time.Minute)) {
		t.Errorf("got %+v", got)
	}
	if found := pages(t, r, "c-1", 0); len(found) != 0 {
		t.Errorf("an old scan left %d pages", len(found))
	}
	if found := scans(t, r, "other"); len(found) != 1 {
		t.Errorf("another connector has %+v", found)
	}
	if err := r.Finish(t.Context(), "c-1", start); !errs.Is(err, errs.NotFound) {
		t.Errorf("finishing what was dropped: %v, want NotFound", err)
	}
}

func dropped(t *testing.T, r phoneindex.Repository) {
	must(t, "Begin", r.Begin(t.Context(), scan("d-1", "d", 0)))
	must(t, "Add", r.Add(t.Context(), "d-1", page(1, "x")))
	must(t, "Drop", r.Drop(t.Context(), "d-1"))
	must(t, "Drop again", r.Drop(t.Context(), "d-1"))
	if found := scans(t, r, "d"); len(found) != 0 || len(pages(t, r, "d-1", 0)) != 0 {
		t.Errorf("got %+v", found)
	}
}
