package store_test

import (
	"context"
	"database/sql"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/pult-cc/pult/connectors"
	"github.com/pult-cc/pult/internal/customers"
	"github.com/pult-cc/pult/internal/interactions"
	"github.com/pult-cc/pult/internal/outbox"
	"github.com/pult-cc/pult/internal/store"
)

// TestTimelinesUseIndexes asks SQLite how it would read each timeline: along its index, in order, at any depth, so that a page costs
// the same whatever the history's length.
func TestTimelinesUseIndexes(t *testing.T) {
	dsn := newSQLite(t)
	var last string
	s, err := store.Open(t.Context(), store.Options{DSN: dsn, OnStatement: func(_ context.Context, text string) { last = text }})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if err := s.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	db, err := sql.Open("sqlite", "file:"+(&url.URL{Path: strings.TrimPrefix(dsn, "sqlite:")}).EscapedPath())
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	repo := s.Interactions()
	list := func(f interactions.Filter, after string) func() error {
		return func() error { _, err := repo.List(t.Context(), f, 20, after); return err }
	}
	const after = "MTowOng" // 1:0:x
	for index, reads := range map[string][]func() error{
		"interaction_started_at_id":                     {list(interactions.Filter{}, ""), list(interactions.Filter{}, after)},
		"interaction_customer_id_started_at_id":         {list(interactions.Filter{CustomerID: "c"}, ""), list(interactions.Filter{CustomerID: "c"}, after)},
		"interaction_number_started_at_id":              {list(interactions.Filter{Number: "+7"}, ""), list(interactions.Filter{Number: "+7"}, after)},
		"interaction_operator_id_started_at_id":         {list(interactions.Filter{OperatorID: "u"}, ""), list(interactions.Filter{OperatorID: "u"}, after)},
		"interaction_queue_id_started_at_id":            {list(interactions.Filter{QueueID: "q"}, ""), list(interactions.Filter{QueueID: "q"}, after)},
		"COVERING INDEX interaction_week_queue_id_link": {func() error { _, err := repo.LinkCounts(t.Context(), 0); return err }},
		"interaction_open":                              {func() error { _, err := repo.OpenCalls(t.Context()); return err }},
		"customernumber_e164":                           {func() error { _, err := s.Customers().KeptByNumber(t.Context(), "+7"); return err }},
	} {
		for _, read := range reads {
			if err := read(); err != nil {
				t.Fatal(err)
			}
			plan := explain(t, db, last)
			if !strings.Contains(plan, index) || strings.Contains(index, "interaction") && index != "interaction_open" && strings.Contains(plan, "TEMP B-TREE") {
				t.Errorf("%s\nis read by\n%s", last, plan)
			}
		}
	}
}

// TestUnlinkedNumbersUseTheirIndex asks SQLite how it reads the work list: the groups along the index of unlinked calls, without the
// rows, sorting no more than groups; and of each group one call.
func TestUnlinkedNumbersUseTheirIndex(t *testing.T) {
	dsn := newSQLite(t)
	var said []string
	s, err := store.Open(t.Context(), store.Options{DSN: dsn, OnStatement: func(_ context.Context, text string) { said = append(said, text) }})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if err := s.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	db, err := sql.Open("sqlite", "file:"+(&url.URL{Path: strings.TrimPrefix(dsn, "sqlite:")}).EscapedPath())
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	for _, number := range []string{"+1", "+2"} {
		err := s.Interactions().SaveCall(t.Context(), interactions.Interaction{
			ID: number, Channel: interactions.ChannelCall, Number: customers.Number{E164: number, Kind: customers.NumberPublic}, StartedAt: time.Unix(1, 0),
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	for _, order := range []interactions.UnlinkedOrder{interactions.UnlinkedByCalls, interactions.UnlinkedByRecent} {
		said = nil
		f := interactions.UnlinkedFilter{Order: order, Since: time.Unix(0, 0), QueueID: ""}
		if page, err := s.Interactions().Unlinked(t.Context(), f, 1, ""); err != nil || page.Next == "" {
			t.Fatalf("%+v, %v", page, err)
		}
		if len(said) != 2 {
			t.Fatalf("%d statements", len(said))
		}
		if plan := explain(t, db, said[0]); !strings.Contains(plan, "COVERING INDEX interaction_unlinked") || strings.Contains(plan, "GROUP BY") {
			t.Errorf("%s\nis read by\n%s", said[0], plan)
		}
		if plan := explain(t, db, said[1]); strings.Contains(plan, "SCAN") {
			t.Errorf("%s\nis read by\n%s", said[1], plan)
		}
	}
}

func explain(t *testing.T, db *sql.DB, statement string) string {
	t.Helper()
	args := make([]any, strings.Count(statement, "?")) // their values do not matter
	rows, err := db.QueryContext(t.Context(), "EXPLAIN QUERY PLAN "+statement, args...)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	var plan []string
	for rows.Next() {
		var id, parent, unused int
		var detail string
		if err := rows.Scan(&id, &parent, &unused, &detail); err != nil {
			t.Fatal(err)
		}
		plan = append(plan, detail)
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return strings.Join(plan, "\n")
}

// TestClaimsUseIndexes: after a day of outage the outbox has a million entries, and a worker looks for the oldest that is due.
func TestClaimsUseIndexes(t *testing.T) {
	dsn := newSQLite(t)
	var all []string
	s, err := store.Open(t.Context(), store.Options{DSN: dsn, OnStatement: func(_ context.Context, text string) { all = append(all, text) }})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if err := s.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	wish := outbox.Wish{Connector: "c", Kind: outbox.KindCall, Subject: "s", Key: "k"}
	now := time.Now()
	if err := s.Outbox().Put(t.Context(), []outbox.Wish{wish}, func() string { return "e" }, now); err != nil {
		t.Fatal(err)
	}
	all = nil
	if es, err := s.Outbox().Claim(t.Context(), "c", 10, false, "l", now, now.Add(time.Minute)); err != nil || len(es) != 1 {
		t.Fatalf("%v, %v", es, err)
	}
	db, err := sql.Open("sqlite", "file:"+(&url.URL{Path: strings.TrimPrefix(dsn, "sqlite:")}).EscapedPath())
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	read := 0
	for _, statement := range all {
		if !strings.HasPrefix(statement, "SELECT") {
			continue
		}
		read++
		plan := explain(t, db, statement)
		if !strings.Contains(plan, "outboxentry_connector_state_id") || strings.Contains(plan, "TEMP B-TREE") || strings.Contains(plan, "SCAN") ||
			strings.Contains(statement, "EXISTS") && !strings.Contains(plan, "outboxentry_connector_subject_id") {
			t.Errorf("%s\nis read by\n%s", statement, plan)
		}
	}
	if read != 2 {
		t.Errorf("%d statements read: %v", read, all)
	}
}

// TestAChoiceReadsNoMoreOfTheOutboxThanItsCalls: entries are kept as long as the history is, and every choice of a customer looked
// through all of them, with SQLite's one writer waiting.
func TestAChoiceReadsNoMoreOfTheOutboxThanItsCalls(t *testing.T) {
	dsn := newSQLite(t)
	var all []string
	s, err := store.Open(t.Context(), store.Options{
		DSN: dsn, OnStatement: func(_ context.Context, text string) { all = append(all, text) },
		Outbox: &outbox.Planner{Lines: []outbox.Line{{Connector: "a", Calls: true}, {Connector: "b", Calls: true}}, Now: time.Now},
	})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if err := s.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	db, err := sql.Open("sqlite", "file:"+(&url.URL{Path: strings.TrimPrefix(dsn, "sqlite:")}).EscapedPath())
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	all = nil
	ref := connectors.Ref{Connector: "a", Type: "contact", ID: "1"}
	c := customers.Customer{ID: customers.EncodeID(ref), Ref: ref, Name: "Ромашка"}
	if _, err := s.Customers().Remember(t.Context(), "+74950123401", c, "u", time.Now()); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Customers().Refuse(t.Context(), "+74950123401", []customers.ID{c.ID}, "u", time.Now()); err != nil {
		t.Fatal(err)
	}
	read := 0
	for _, statement := range all {
		if !strings.HasPrefix(statement, "SELECT") || !strings.Contains(statement, "outbox_entries") {
			continue
		}
		read++
		if plan := explain(t, db, statement); strings.Contains(plan, "SCAN") || !strings.Contains(plan, "outboxentry_connector_subject_id (connector=? AND subject=?)") {
			t.Errorf("%s\nis read by\n%s", statement, plan)
		}
	}
	if read != 2 {
		t.Errorf("%d statements read the outbox: %v", read, all)
	}
}
