package interactions_test

import (
	"context"
	"log/slog"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pult-cc/pult/internal/bus/membus"
	"github.com/pult-cc/pult/internal/customers"
	"github.com/pult-cc/pult/internal/errs"
	"github.com/pult-cc/pult/internal/interactions"
)

// rows is a history of as many methods as these tests need; a call of any other is a nil dereference.
type rows struct {
	interactions.Repository
	mu   *sync.Mutex
	byID map[string]interactions.Interaction
}

func newRows() rows { return rows{mu: new(sync.Mutex), byID: map[string]interactions.Interaction{}} }

func (r rows) SaveCall(_ context.Context, in interactions.Interaction) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.byID[in.ID] = in
	return nil
}

func (r rows) Get(_ context.Context, id string) (interactions.Interaction, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.byID[id], nil
}

func (r rows) SetNotes(_ context.Context, id string, c interactions.NotesChange, at time.Time) (interactions.Interaction, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	in, ok := r.byID[id]
	if !ok {
		return in, errs.E(errs.NotFound, "saving notes", "no such interaction")
	}
	if c.Tags != nil {
		in.Notes.Tags = *c.Tags
	}
	if c.Comment != nil {
		in.Notes.Comment, in.Notes.CommentAt = *c.Comment, &at
	}
	r.byID[id] = in
	return in, nil
}

func TestFollowersSeeTheirCustomerOnly(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := interactions.NewService(newRows(), membus.New(), time.Now, slog.New(slog.DiscardHandler))
		ctx, cancel := context.WithCancel(t.Context())
		news, err := s.Follow(ctx, "c1")
		if err != nil {
			t.Fatal(err)
		}
		for id, customer := range map[string]customers.ID{"other": "c2", "nobody": "", "mine": "c1"} {
			if err := s.SaveCall(ctx, interactions.Interaction{ID: id, CustomerID: customer}); err != nil {
				t.Fatal(err)
			}
		}
		if got := <-news; got.ID != "mine" {
			t.Fatalf("got %q", got.ID)
		}
		text := "не приходит чек"
		if _, err := s.SetNotes(ctx, "mine", interactions.NotesChange{Comment: &text}, false); err != nil {
			t.Fatal(err)
		}
		if got := <-news; got.Notes.Comment != text {
			t.Fatalf("got comment %q", got.Notes.Comment)
		}
		cancel()
		if _, open := <-news; open {
			t.Fatal("the channel outlives its context")
		}
	})
}
