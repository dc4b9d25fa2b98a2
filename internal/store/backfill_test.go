package store_test

import (
	"database/sql"
	"net/url"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/pult-cc/pult/internal/customers"
	"github.com/pult-cc/pult/internal/interactions"
	"github.com/pult-cc/pult/internal/store"
)

func TestSQLiteLinkRateOfOldCalls(t *testing.T) {
	dsn := newSQLite(t)
	db, err := sql.Open("sqlite", "file:"+(&url.URL{Path: strings.TrimPrefix(dsn, "sqlite:")}).EscapedPath())
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	testLinkRateOfOldCalls(t, dsn, "sqlite", db)
}

// testLinkRateOfOldCalls proves that the migration counts the calls of before as SaveCall counts those of after.
func testLinkRateOfOldCalls(t *testing.T, dsn, dialect string, db *sql.DB) {
	s, err := store.Open(t.Context(), store.Options{DSN: dsn})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if err := s.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	at := time.Date(2026, 3, 22, 23, 59, 59, 999_000_000, time.UTC) // a Sunday's last millisecond
	number := func(kind customers.NumberKind) customers.Number {
		return customers.Number{E164: "+79160000001", Kind: kind}
	}
	save := func(in interactions.Interaction) {
		t.Helper()
		if err := s.Interactions().SaveCall(t.Context(), in); err != nil {
			t.Fatal(err)
		}
	}
	chosen := customers.Customer{ID: "chosen", Name: "Она"}
	if _, err := s.Customers().Remember(t.Context(), "+79160000001", chosen, "u-anna", at); err != nil {
		t.Fatal(err)
	}
	for i, in := range []interactions.Interaction{
		{CustomerID: "chosen", LinkedBy: "u-anna", Number: number(customers.NumberPublic)},
		{CustomerID: "ranked", Number: number(customers.NumberPublic)},
		{Number: number(customers.NumberPublic)},
		{Number: number(customers.NumberAnonymous)},
		{Number: number(customers.NumberPublic), Channel: interactions.ChannelMail},
	} {
		if in.Channel == "" {
			in.Channel = interactions.ChannelCall
		}
		in.ID, in.StartedAt = string(rune('a'+i)), at.Add(time.Duration(i)*time.Second)
		save(in)
	}
	want, err := s.Interactions().LinkCounts(t.Context(), 0)
	if err != nil || len(want) != 2 {
		t.Fatalf("%+v, %v", want, err)
	}
	text, err := os.ReadFile(filepath.Join("..", "..", "ent", "migrate", dialect, "00008_link_rate.sql"))
	if err != nil {
		t.Fatal(err)
	}
	statements := []string{"UPDATE interactions SET link = 0, week = 0, linked_by = ''"}
	for _, statement := range strings.Split(string(text), ";") {
		if strings.HasPrefix(strings.TrimSpace(statement), "UPDATE") {
			statements = append(statements, statement)
		}
	}
	if len(statements) != 3 {
		t.Fatalf("%d statements", len(statements))
	}
	for _, statement := range statements {
		if _, err := db.ExecContext(t.Context(), statement); err != nil {
			t.Fatalf("%s: %v", statement, err)
		}
	}
	if got, err := s.Interactions().LinkCounts(t.Context(), 0); err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("got  %+v, %v\nwant %+v", got, err, want)
	}
	if in, err := s.Interactions().Get(t.Context(), "a"); err != nil || in.LinkedBy != "u-anna" {
		t.Errorf("who chose is lost: %+v, %v", in, err)
	}
}
