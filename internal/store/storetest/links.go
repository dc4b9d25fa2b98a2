package storetest

import (
	"fmt"
	"reflect"
	"slices"
	"testing"
	"time"

	"github.com/pult-cc/pult/internal/customers"
	"github.com/pult-cc/pult/internal/errs"
	"github.com/pult-cc/pult/internal/interactions"
)

// monday is the begin of a week.
var monday = time.Date(2026, 3, 23, 0, 0, 0, 0, time.UTC)

// dialled saves an ended call with a number, linked as said.
func dialled(t *testing.T, d *db, id, number, queue string, at time.Time, link interactions.Link) interactions.Interaction {
	t.Helper()
	in := closed(call(id))
	in.Number = customers.Number{E164: number, Display: "№ " + number, Kind: customers.NumberPublic}
	in.QueueID, in.StartedAt, in.CustomerID, in.CustomerName, in.LinkedBy = queue, at, "c-1", "Кто-то", ""
	switch link {
	case interactions.LinkNone:
		in.CustomerID, in.CustomerName = "", ""
	case interactions.LinkPerson:
		in.LinkedBy = "u-anna"
	case interactions.LinkOut:
		in.Number = customers.Number{Kind: customers.NumberAnonymous}
	}
	save(t, d, in)
	return in
}

func counts(t *testing.T, d *db, since interactions.Week) []interactions.LinkCount {
	t.Helper()
	out, err := d.Interactions().LinkCounts(t.Context(), since)
	must(t, "LinkCounts", err)
	return out
}

func runLinks(t *testing.T, fresh NewDatabase) {
	t.Run("calls are counted by week, queue and how they are linked", func(t *testing.T) { testLinkCounts(t, open(t, fresh(t))) })
	t.Run("a choice links what was unlinked and a refusal takes it back", func(t *testing.T) { testRelinking(t, open(t, fresh(t))) })
	t.Run("unlinked numbers", func(t *testing.T) { testUnlinked(t, open(t, fresh(t))) })
}

func testLinkCounts(t *testing.T, d *db) {
	if got := counts(t, d, 0); len(got) != 0 {
		t.Errorf("of an empty history: %+v", got)
	}
	week := interactions.WeekOf(monday)
	if !week.Begin().Equal(monday) || interactions.WeekOf(monday.Add(-time.Microsecond)) != week-1 || interactions.WeekOf(monday.Add(7*24*time.Hour-1)) != week {
		t.Fatalf("the week of %v is %d, which begins at %v", monday, week, week.Begin())
	}
	n := 0
	add := func(queue string, at time.Time, links ...interactions.Link) {
		for _, link := range links {
			n++
			dialled(t, d, fmt.Sprint("lc-", n), fmt.Sprintf("+7916000%04d", n), queue, at, link)
		}
	}
	add("sales", monday, interactions.LinkSystem)
	add("support", monday.Add(7*24*time.Hour-time.Microsecond), interactions.LinkNone, interactions.LinkSystem, interactions.LinkSystem, interactions.LinkPerson, interactions.LinkOut)
	add("support", monday.Add(-time.Microsecond), interactions.LinkNone)
	add("", monday, interactions.LinkOut)
	mail := closed(call("lc-mail"))
	mail.Channel, mail.StartedAt = interactions.ChannelMail, monday
	save(t, d, mail)
	internal := closed(call("lc-internal"))
	internal.Number.Kind, internal.StartedAt, internal.QueueID = customers.NumberInternal, monday, "sales"
	save(t, d, internal)
	want := []interactions.LinkCount{
		{Week: week - 1, QueueID: "support", Calls: 1, Resolvable: 1},
		{Week: week, QueueID: "", Calls: 1},
		{Week: week, QueueID: "sales", Calls: 2, Resolvable: 1, BySystem: 1},
		{Week: week, QueueID: "support", Calls: 5, Resolvable: 4, BySystem: 2, ByPerson: 1},
	}
	if got := counts(t, d, 0); !reflect.DeepEqual(got, want) {
		t.Errorf("got  %+v\nwant %+v", got, want)
	}
	if got := counts(t, d, week); !reflect.DeepEqual(got, want[1:]) {
		t.Errorf("since the week: %+v", got)
	}
	if n := d.statements(func() { counts(t, d, 0) }); n != 1 {
		t.Errorf("counting takes %d statements", n)
	}
	// A link that changes is counted as it is now.
	must(t, "SetCustomer", d.Interactions().SetCustomer(t.Context(), "lc-2", "c-9", "Девятый", "u-anna", start))
	must(t, "SetCustomer", d.Interactions().SetCustomer(t.Context(), "lc-3", "", "", "u-anna", start))
	must(t, "SetCustomer of a withheld number", d.Interactions().SetCustomer(t.Context(), "lc-6", "c-9", "Девятый", "u-anna", start))
	want[3].BySystem, want[3].ByPerson = 1, 2
	if got := counts(t, d, week); got[2] != want[3] {
		t.Errorf("after linking by hand: %+v, want %+v", got[2], want[3])
	}
}

func testRelinking(t *testing.T, d *db) {
	repo, number, who := d.Customers(), "+79167777777", customer("rl-1", "Та самая")
	dialled(t, d, "rl-a", number, "support", monday, interactions.LinkNone)
	dialled(t, d, "rl-b", number, "sales", monday.Add(time.Hour), interactions.LinkNone)
	dialled(t, d, "rl-c", number, "sales", monday.Add(2*time.Hour), interactions.LinkSystem) // another's, and stays so
	dialled(t, d, "rl-d", "+79167777778", "sales", monday, interactions.LinkNone)
	linked, err := repo.Remember(t.Context(), number, who, "u-anna", start)
	if err != nil || linked != 2 {
		t.Fatalf("linked %d calls, %v", linked, err)
	}
	for id, want := range map[string]customers.ID{"rl-a": who.ID, "rl-b": who.ID, "rl-c": "c-1", "rl-d": ""} {
		in, err := d.Interactions().Get(t.Context(), id)
		must(t, "Get", err)
		if in.CustomerID != want || want == who.ID && (in.CustomerName != who.Name || in.LinkedBy != "u-anna") {
			t.Errorf("%s is linked to %q (%q) by %q, want %q", id, in.CustomerID, in.CustomerName, in.LinkedBy, want)
		}
	}
	if linked, err := repo.Remember(t.Context(), number, who, "u-anna", start.Add(-time.Hour)); err != nil || linked != 0 {
		t.Errorf("a choice that came late linked %d, %v", linked, err)
	}
	unlinked, err := repo.Refuse(t.Context(), number, []customers.ID{who.ID}, "u-boris", start.Add(time.Minute))
	if err != nil || unlinked != 2 {
		t.Errorf("unlinked %d calls, %v", unlinked, err)
	}
	total := interactions.LinkCount{}
	for _, c := range counts(t, d, 0) {
		total = total.Add(c)
	}
	if total.Linked() != 1 || total.Resolvable != 4 {
		t.Errorf("after the refusal %+v", total)
	}
	if again, err := repo.Remember(t.Context(), number, who, "u-boris", start.Add(time.Hour)); err != nil || again != 2 {
		t.Errorf("linked %d again, %v", again, err)
	}
}

func testUnlinked(t *testing.T, d *db) {
	// Nine numbers; the number n called n times, the later the more often; a tie is decided by the number.
	var byCalls, byRecent []string
	for n := 1; n <= 9; n++ {
		number := fmt.Sprintf("+7916100000%d", n)
		for i := range (n + 1) / 2 {
			dialled(t, d, fmt.Sprintf("u-%d-%d", n, i), number, []string{"support", "sales"}[n%2], monday.Add(time.Duration(20-n)*time.Hour+time.Duration(i)*time.Minute), interactions.LinkNone)
		}
		byCalls = append([]string{number}, byCalls...)
		byRecent = append(byRecent, number)
	}
	dialled(t, d, "u-linked", "+79161000001", "support", monday.Add(99*time.Hour), interactions.LinkSystem)
	dialled(t, d, "u-withheld", "", "support", monday, interactions.LinkOut)
	read := func(f interactions.UnlinkedFilter, size int) []string {
		t.Helper()
		var out []string
		for after := ""; ; {
			page, err := d.Interactions().Unlinked(t.Context(), f, size, after)
			must(t, "Unlinked", err)
			if len(page.Cursors) != len(page.Items) || page.Next != "" && page.Next != page.Cursors[len(page.Cursors)-1] {
				t.Fatalf("%d cursors of %d items, next %q", len(page.Cursors), len(page.Items), page.Next)
			}
			for _, item := range page.Items {
				out = append(out, item.Number.E164)
			}
			if after = page.Next; after == "" {
				return out
			}
		}
	}
	for _, size := range []int{1, 2, 8, 9, 10} {
		if got := read(interactions.UnlinkedFilter{}, size); !slices.Equal(got, byCalls) {
			t.Errorf("by calls, by %d: %v", size, got)
		}
		if got := read(interactions.UnlinkedFilter{Order: interactions.UnlinkedByRecent}, size); !slices.Equal(got, byRecent) {
			t.Errorf("the latest first, by %d: %v", size, got)
		}
	}
	if got := read(interactions.UnlinkedFilter{QueueID: "sales"}, 2); !slices.Equal(got, []string{byCalls[0], byCalls[2], byCalls[4], byCalls[6], byCalls[8]}) {
		t.Errorf("of a queue: %v", got)
	}
	if got := read(interactions.UnlinkedFilter{Since: monday.Add(17 * time.Hour)}, 5); !slices.Equal(got, []string{"+79161000003", "+79161000002", "+79161000001"}) {
		t.Errorf("since: %v", got)
	}
	var page interactions.UnlinkedPage
	var err error
	statements := d.statements(func() { page, err = d.Interactions().Unlinked(t.Context(), interactions.UnlinkedFilter{}, 9, "") })
	must(t, "Unlinked", err)
	first := page.Items[0]
	if statements != 2 || first.Calls != 5 || first.Last.ID != "u-9-4" || first.Number.Display != "№ +79161000009" || first.Last.QueueID != "sales" {
		t.Errorf("%d statements for %+v", statements, first)
	}
	for _, after := range []string{"x", "MTowOng", page.Cursors[0]} {
		f := interactions.UnlinkedFilter{Order: interactions.UnlinkedByRecent}
		_, err := d.Interactions().Unlinked(t.Context(), f, 1, after)
		wantKind(t, "cursor "+after, err, errs.Invalid)
	}
	_, err = d.Interactions().Unlinked(t.Context(), interactions.UnlinkedFilter{}, 0, "")
	wantKind(t, "no limit", err, errs.Invalid)
	if page, err := d.Interactions().Unlinked(t.Context(), interactions.UnlinkedFilter{QueueID: "none"}, 5, ""); err != nil || len(page.Items) != 0 || page.Next != "" {
		t.Errorf("of a queue without any: %+v, %v", page, err)
	}
}
