package storetest

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/pult-cc/pult/internal/auth"
	"github.com/pult-cc/pult/internal/customers"
	"github.com/pult-cc/pult/internal/errs"
	"github.com/pult-cc/pult/internal/interactions"
	"github.com/pult-cc/pult/telephony/queues"
)

const writers = 50

// runConcurrency has many write at once, from two processes, what in part are the same rows. None may see an error.
func runConcurrency(t *testing.T, fresh NewDatabase) {
	dsn := fresh(t)
	stores := []*db{open(t, dsn), open(t, dsn)}
	d := stores[0]
	must(t, "CreateUser", d.Auth().CreateUser(t.Context(), anna))
	save(t, d, call("c-notes"))

	all := func(t *testing.T, do func(i int, d *db) error) {
		t.Helper()
		var wg sync.WaitGroup
		for _, i := range rand.Perm(writers) {
			wg.Go(func() {
				if err := do(i, stores[i%len(stores)]); err != nil {
					t.Errorf("writer %d: %v", i, err)
				}
			})
		}
		wg.Wait()
	}
	t.Run("of writes to one call the greatest term's stands", func(t *testing.T) {
		all(t, func(i int, d *db) error {
			in := call("c-shared")
			in.Term, in.OperatorID = uint64(100+i), fmt.Sprint("u-", i)
			return d.Interactions().SaveCall(t.Context(), in)
		})
		got, err := d.Interactions().Get(t.Context(), "c-shared")
		if err != nil || got.Term != 100+writers-1 || got.OperatorID != fmt.Sprint("u-", writers-1) {
			t.Errorf("got %+v, %v", got, err)
		}
	})
	t.Run("notes of one interaction stay whole", func(t *testing.T) {
		all(t, func(i int, d *db) error {
			tag, topic := fmt.Sprint("tag-", i), []string{"other", "billing-refund", ""}[i%3]
			comment := fmt.Sprint("comment ", i)
			_, err := d.Interactions().SetNotes(t.Context(), "c-notes", interactions.NotesChange{
				Tags: ptr([]string{tag, "shared"}), TopicID: &topic, Comment: &comment,
			}, start)
			return err
		})
		got, err := d.Interactions().Get(t.Context(), "c-notes")
		must(t, "Get", err)
		var i int
		if _, err := fmt.Sscanf(got.Notes.Comment, "comment %d", &i); err != nil {
			t.Fatal(err)
		}
		inUse, err := d.Interactions().Tags(t.Context(), "tag-", 10)
		must(t, "Tags", err)
		if want := fmt.Sprint("tag-", i); !slices.Equal(got.Notes.Tags, []string{want, "shared"}) || !slices.Equal(inUse, []string{want}) {
			t.Errorf("comment of writer %d, tags %v, in use %v", i, got.Notes.Tags, inUse)
		}
	})
	t.Run("of those who replace one credential one succeeds", func(t *testing.T) {
		former := ""
		for _, round := range []string{"first", "second"} { // the row is made, and then changed
			var won atomic.Pointer[string]
			all(t, func(i int, d *db) error {
				session := fmt.Sprint(round, "-", i)
				switch err := d.Credentials().SwapCredential(t.Context(), credential("u-shared", session), former); {
				case errs.Is(err, errs.Conflict):
					return nil
				case err != nil:
					return err
				}
				if before := won.Swap(&session); before != nil {
					return fmt.Errorf("both %s and %s have replaced %q", *before, session, former)
				}
				return nil
			})
			got, err := d.Credentials().CredentialOf(t.Context(), "u-shared")
			must(t, "CredentialOf", err)
			if w := won.Load(); w == nil || *w != got.SessionID {
				t.Fatalf("%s is there", got.SessionID)
			}
			former = got.SessionID
		}
	})
	t.Run("everything at once", func(t *testing.T) {
		all(t, func(i int, d *db) error { return writeAll(t, d, i) })
		page, err := d.Interactions().List(t.Context(), interactions.Filter{Number: "+70000000000"}, 2*writers, "")
		if err != nil || len(page.Items) != writers {
			t.Errorf("%d calls, %v", len(page.Items), err)
		}
		kept, err := d.Customers().KeptByNumber(t.Context(), "+79160000000")
		if err != nil || len(kept) != 5 {
			t.Errorf("%d customers, %v", len(kept), err)
		}
		for _, c := range kept {
			if c.AsOf.Sub(start) < time.Minute*(writers-5) {
				t.Errorf("%s: the description of %v stands", c.ID, c.AsOf)
			}
		}
	})
}

// writeAll writes a row of each kind, and reads while others write.
func writeAll(t *testing.T, d *db, i int) error {
	ctx := t.Context()
	in := call(fmt.Sprint("c-own-", i))
	in.Number.E164 = "+70000000000"
	var seen []customers.Customer
	for n := range 5 { // the same five, from every writer
		c := customer(customers.ID(fmt.Sprint("k-", (n+i)%5)), "К", "+79160000000", fmt.Sprintf("+7916000%04d", i))
		c.AsOf = start.Add(time.Duration(i) * time.Minute)
		seen = append(seen, c)
	}
	hash := fmt.Sprint("hash-", i)
	for _, step := range []func() error{
		func() error { return d.Interactions().SaveCall(ctx, in) },
		func() error { return d.Customers().Keep(ctx, seen) },
		func() error {
			return d.Auth().CreateSession(ctx, auth.Session{TokenHash: hash, UserID: anna.ID, CreatedAt: start, ExpiresAt: start})
		},
		func() error {
			return d.Directory().SaveDeclared(ctx, queues.Declared{OperatorID: anna.ID, Availability: queues.Ready, Since: start, IdleSince: start})
		},
		func() error {
			return d.Credentials().SwapCredential(ctx, credential(fmt.Sprint("u-own-", i), hash), "")
		},
		func() error { return errOf(d.Customers().Remember(ctx, "+79160000000", seen[0], anna.ID, start)) },
		func() error { return d.Auth().UpdateUser(ctx, anna) },
		func() error {
			_, err := d.Interactions().List(ctx, interactions.Filter{CustomerID: "c-1"}, 20, "")
			return err
		},
		func() error { return d.Interactions().SaveCall(ctx, closed(in)) },
		func() error { return d.Auth().DeleteSession(ctx, hash) },
	} {
		if err := step(); err != nil {
			return err
		}
	}
	return nil
}
