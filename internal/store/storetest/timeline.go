package storetest

import (
	"encoding/base64"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/pult-cc/pult/internal/errs"
	"github.com/pult-cc/pult/internal/interactions"
)

const timelineRows = 40

// runTimeline fills a history where several rows share a moment, and reads it in every way.
func runTimeline(t *testing.T, fresh NewDatabase) {
	d := open(t, fresh(t))
	var newestFirst []interactions.Interaction
	for i := range timelineRows {
		in := closed(call(fmt.Sprintf("c-%02d", i)))
		in.StartedAt = start.Add(time.Duration(i/4) * time.Second) // four to a moment: the id decides
		in.QueueID = []string{"support", "sales"}[i%2]
		in.OperatorID = []string{"u-anna", "u-boris", ""}[i%3]
		in.Number.E164 = []string{"+79160000001", "+79160000002"}[i%2]
		in.CustomerID = "c-2"
		if i%5 == 0 {
			in.CustomerID = "c-1"
		}
		save(t, d, in)
		if i%2 == 0 {
			notes, err := d.Interactions().SetNotes(t.Context(), in.ID, interactions.NotesChange{Tags: ptr([]string{"a", "b"})}, start)
			must(t, "SetNotes", err)
			in = notes
		}
		newestFirst = append([]interactions.Interaction{in}, newestFirst...)
	}
	t.Run("pages cover everything once, newest first", func(t *testing.T) {
		for _, size := range []int{1, 3, timelineRows - 1, timelineRows, timelineRows + 1} {
			if got := pages(t, d, interactions.Filter{}, size); !slices.Equal(got, ids(newestFirst)) {
				t.Errorf("by %d: got %v", size, got)
			}
		}
	})
	t.Run("filters", func(t *testing.T) { testFilters(t, d, newestFirst) })
	t.Run("new rows shift nothing", func(t *testing.T) {
		first, err := d.Interactions().List(t.Context(), interactions.Filter{}, 10, "")
		must(t, "List", err)
		fresh := closed(call("c-new"))
		fresh.StartedAt = start.Add(time.Hour)
		save(t, d, fresh)
		second, err := d.Interactions().List(t.Context(), interactions.Filter{}, 10, first.Next)
		must(t, "List", err)
		if got := append(ids(first.Items), ids(second.Items)...); !slices.Equal(got, ids(newestFirst[:20])) {
			t.Errorf("got %v", got)
		}
	})
	t.Run("a page continues behind any of its rows", func(t *testing.T) {
		page, err := d.Interactions().List(t.Context(), interactions.Filter{QueueID: "sales"}, 10, "")
		must(t, "List", err)
		if len(page.Cursors) != len(page.Items) || page.Next != page.Cursors[len(page.Cursors)-1] {
			t.Fatalf("%d cursors for %d items, next %q", len(page.Cursors), len(page.Items), page.Next)
		}
		rest, err := d.Interactions().List(t.Context(), interactions.Filter{QueueID: "sales"}, 3, page.Cursors[4])
		must(t, "List", err)
		if !slices.Equal(ids(rest.Items), ids(page.Items[5:8])) {
			t.Errorf("got %v after %v", ids(rest.Items), ids(page.Items[:5]))
		}
	})
	t.Run("a page costs one statement, whatever its size", func(t *testing.T) {
		for _, size := range []int{1, 10, 100} {
			n := d.statements(func() {
				if _, err := d.Interactions().List(t.Context(), interactions.Filter{CustomerID: "c-2"}, size, ""); err != nil {
					t.Errorf("List: %v", err)
				}
			})
			if n != 1 {
				t.Errorf("by %d: %d statements", size, n)
			}
		}
	})
	t.Run("a malformed cursor is invalid", func(t *testing.T) {
		encode := base64.RawURLEncoding.EncodeToString
		for _, bad := range []string{
			"x", "!", "0", encode([]byte("1:zz")), encode([]byte("2:0:c-1")), encode([]byte("1:?:c-1")), encode([]byte("1:1y2p0ij32e8e7:c")),
			encode([]byte("1:0:a\x00")), encode([]byte("1:-1y2p0ij32e8e8:c")), encode([]byte("1:0:\xff")),
		} {
			_, err := d.Interactions().List(t.Context(), interactions.Filter{}, 10, bad)
			wantKind(t, fmt.Sprintf("cursor %q", bad), err, errs.Invalid)
		}
		_, err := d.Interactions().List(t.Context(), interactions.Filter{}, 0, "")
		wantKind(t, "no rows wanted", err, errs.Invalid)
	})
}

func testFilters(t *testing.T, d *db, all []interactions.Interaction) {
	for name, c := range map[string]struct {
		filter interactions.Filter
		want   func(interactions.Interaction) bool
	}{
		"customer": {interactions.Filter{CustomerID: "c-1"}, func(in interactions.Interaction) bool { return in.CustomerID == "c-1" }},
		"number": {
			interactions.Filter{Number: "+79160000002"},
			func(in interactions.Interaction) bool { return in.Number.E164 == "+79160000002" },
		},
		"operator": {interactions.Filter{OperatorID: "u-boris"}, func(in interactions.Interaction) bool { return in.OperatorID == "u-boris" }},
		"queue":    {interactions.Filter{QueueID: "sales"}, func(in interactions.Interaction) bool { return in.QueueID == "sales" }},
		"customer and queue": {
			interactions.Filter{CustomerID: "c-2", QueueID: "sales"},
			func(in interactions.Interaction) bool { return in.CustomerID == "c-2" && in.QueueID == "sales" },
		},
		"scope: own only": {interactions.Filter{OwnOperator: "u-anna"}, func(in interactions.Interaction) bool { return in.OperatorID == "u-anna" }},
		"scope: queues only": {
			interactions.Filter{Queues: []string{"support", "other"}},
			func(in interactions.Interaction) bool { return in.QueueID == "support" },
		},
		"scope: queues or own": {
			interactions.Filter{Queues: []string{"support"}, OwnOperator: "u-boris"},
			func(in interactions.Interaction) bool { return in.QueueID == "support" || in.OperatorID == "u-boris" },
		},
		"scope restricts a filter": {
			interactions.Filter{CustomerID: "c-1", Queues: []string{"sales"}, OwnOperator: "u-anna"},
			func(in interactions.Interaction) bool {
				return in.CustomerID == "c-1" && (in.QueueID == "sales" || in.OperatorID == "u-anna")
			},
		},
		"scope: no queue at all": {interactions.Filter{Queues: []string{}}, func(interactions.Interaction) bool { return false }},
		"unknown customer":       {interactions.Filter{CustomerID: "none\x00"}, func(interactions.Interaction) bool { return false }},
	} {
		var want []string
		for _, in := range all {
			if c.want(in) {
				want = append(want, in.ID)
			}
		}
		if got := pages(t, d, c.filter, 3); !slices.Equal(got, want) {
			t.Errorf("%s: got %v, want %v", name, got, want)
		}
	}
	page, err := d.Interactions().List(t.Context(), interactions.Filter{}, len(all), "")
	must(t, "List", err)
	for i := range page.Items {
		if got, want := page.Items[i].Notes.Tags, all[i].Notes.Tags; !slices.Equal(got, want) {
			t.Errorf("%s: tags %v, want %v", page.Items[i].ID, got, want)
		}
	}
}

func pages(t *testing.T, d *db, f interactions.Filter, size int) []string {
	t.Helper()
	var got []string
	after := ""
	for {
		page, err := d.Interactions().List(t.Context(), f, size, after)
		must(t, "List", err)
		if len(page.Items) > size || len(got) > 2*timelineRows {
			t.Fatalf("a page of %d rows, %d in all", len(page.Items), len(got))
		}
		got = append(got, ids(page.Items)...)
		if page.Next == "" {
			return got
		}
		after = page.Next
	}
}

func ids(items []interactions.Interaction) []string {
	var out []string
	for _, in := range items {
		out = append(out, in.ID)
	}
	return out
}
