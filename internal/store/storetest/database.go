package storetest

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/pult-cc/pult/internal/errs"
	"github.com/pult-cc/pult/internal/store"
	"github.com/pult-cc/pult/telephony/queues"
)

func runDatabase(t *testing.T, fresh NewDatabase) {
	t.Run("a second start finds everything and adds nothing", func(t *testing.T) {
		dsn := fresh(t)
		open(t, dsn)
		starts := func() string {
			s, err := store.Open(t.Context(), store.Options{DSN: dsn})
			must(t, "Open", err)
			must(t, "Migrate", s.Migrate(t.Context()))
			must(t, "Seed", s.Seed(t.Context(), "en", start))
			qs, err := s.Directory().Queues(t.Context())
			must(t, "Queues", err)
			reasons, err := s.Directory().PauseReasons(t.Context())
			must(t, "PauseReasons", err)
			must(t, "Close", s.Close())
			return fmt.Sprintf("%+v %+v", qs, reasons)
		}
		if first, second := starts(), starts(); first != second {
			t.Errorf("the second start finds %s, the first %s", second, first)
		}
	})
	t.Run("processes that start together do not trip over each other", func(t *testing.T) {
		dsn := fresh(t)
		var wg sync.WaitGroup
		for range 4 {
			wg.Go(func() {
				s, err := store.Open(t.Context(), store.Options{DSN: dsn})
				if err != nil {
					t.Errorf("Open: %v", err)
					return
				}
				defer s.Close()
				if err := s.Migrate(t.Context()); err != nil {
					t.Errorf("Migrate: %v", err)
				} else if err := s.Seed(t.Context(), "ru", start); err != nil {
					t.Errorf("Seed: %v", err)
				}
			})
		}
		wg.Wait()
		qs, err := open(t, dsn).Directory().Queues(t.Context())
		must(t, "Queues", err)
		if len(qs) != 2 {
			t.Errorf("%d queues", len(qs))
		}
	})
	t.Run("pending migrations are named", func(t *testing.T) {
		s, err := store.Open(t.Context(), store.Options{DSN: fresh(t)})
		must(t, "Open", err)
		defer s.Close()
		names, err := s.Pending(t.Context())
		must(t, "Pending", err)
		if len(names) == 0 || !strings.HasSuffix(names[0], "_initial.sql") {
			t.Errorf("before: %v", names)
		}
		_, err = s.Directory().Queues(t.Context())
		wantKind(t, "reading a database without tables", err, errs.Internal)
		must(t, "Migrate", s.Migrate(t.Context()))
		if names, err = s.Pending(t.Context()); err != nil || len(names) != 0 {
			t.Errorf("after: %v, %v", names, err)
		}
	})
	t.Run("defaults are laid down once, in one language", func(t *testing.T) { testSeed(t, open(t, fresh(t))) })
	t.Run("settings", func(t *testing.T) {
		d := open(t, fresh(t))
		_, err := d.Setting(t.Context(), "theme")
		wantKind(t, "a setting never set", err, errs.NotFound)
		for _, v := range []string{"a", "б\"'{}", ""} {
			must(t, "SetSetting", d.SetSetting(t.Context(), "theme", v, start))
			if got, err := d.Setting(t.Context(), "theme"); err != nil || got != v {
				t.Errorf("got %q, %v", got, err)
			}
		}
		wantKind(t, "no name", d.SetSetting(t.Context(), "", "x", start), errs.Invalid)
	})
	t.Run("an ended context ends the work", func(t *testing.T) {
		d := open(t, fresh(t))
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		_, err := d.Auth().Users(ctx)
		wantKind(t, "reading", err, errs.Timeout)
		wantKind(t, "writing", d.Directory().UpsertQueue(ctx, queues.Queue{ID: "q", Key: "q"}), errs.Timeout)
	})
}

func testSeed(t *testing.T, d *db) {
	ctx := t.Context()
	must(t, "Seed again, in another language", d.Seed(ctx, "en", start))
	qs, err := d.Directory().Queues(ctx)
	must(t, "Queues", err)
	if len(qs) != 2 || qs[0].Key != "support" || qs[0].Name != "Поддержка" || qs[1].Key != "sales" || qs[1].Name != "Продажи" ||
		qs[0].RingTimeout <= 0 || qs[0].WrapUp <= 0 {
		t.Errorf("queues: %+v", qs)
	}
	reasons, err := d.Directory().PauseReasons(ctx)
	must(t, "PauseReasons", err)
	var keys []string
	for _, r := range reasons {
		keys = append(keys, fmt.Sprint(r.Key, r.System))
	}
	if got, want := strings.Join(keys, " "), "lunchfalse breakfalse trainingfalse no_answertrue declinedtrue phone_losttrue"; got != want {
		t.Errorf("pause reasons: %s, want %s", got, want)
	}
	topics, err := d.Interactions().Topics(ctx)
	must(t, "Topics", err)
	seen := map[string]bool{}
	for i, topic := range topics {
		if topic.ID == "" || topic.Group == "" || topic.Name == "" || i > 0 && topic.Order <= topics[i-1].Order {
			t.Errorf("topic %+v", topic)
		}
		seen[topic.Group+" › "+topic.Name] = true
	}
	if len(topics) < 10 || !seen["Оплата › Возврат"] {
		t.Errorf("topics: %v", seen)
	}
	wantKind(t, "an unknown language", d.Seed(ctx, "de", start), errs.Invalid)

	// What an administrator changed stays so.
	qs[0].Name = "Первая линия"
	must(t, "UpsertQueue", d.Directory().UpsertQueue(ctx, qs[0]))
	must(t, "Seed", d.Seed(ctx, "ru", start))
	if again, err := d.Directory().Queues(ctx); err != nil || again[0].Name != "Первая линия" {
		t.Errorf("queues after the next start: %+v, %v", again, err)
	}
}
