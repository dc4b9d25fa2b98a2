package interactions_test

import (
	"context"
	"log/slog"
	"maps"
	"slices"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pult-cc/pult/internal/bus/membus"
	"github.com/pult-cc/pult/internal/errs"
	"github.com/pult-cc/pult/internal/interactions"
)

func newService(r rows) *interactions.Service {
	return interactions.NewService(r, membus.New(), time.Now, slog.New(slog.DiscardHandler))
}

func TestNotesAreBounded(t *testing.T) {
	limits := interactions.Limits
	numbered := func(n int) *[]string {
		tags := make([]string, n)
		for i := range tags {
			tags[i] = "t" + strconv.Itoa(i)
		}
		return &tags
	}
	text := func(n int) *string { s := strings.Repeat("ы", n); return &s }
	tag := func(n int) *[]string { return &[]string{"ok", *text(n)} }
	for name, c := range map[string]struct {
		change interactions.NotesChange
		wrong  []string
	}{
		"as long as may be":       {interactions.NotesChange{Comment: text(limits.Comment), Tags: numbered(limits.Tags)}, nil},
		"a tag as long as may be": {interactions.NotesChange{Tags: tag(limits.Tag)}, nil},
		"a long comment":          {interactions.NotesChange{Comment: text(limits.Comment + 1)}, []string{"comment"}},
		"many tags":               {interactions.NotesChange{Tags: numbered(limits.Tags + 1)}, []string{"tags"}},
		"a long tag":              {interactions.NotesChange{Tags: tag(limits.Tag + 1)}, []string{"tags"}},
		"an unseen character":     {interactions.NotesChange{Tags: &[]string{"a\x07b"}}, []string{"tags"}},
		"everything at once":      {interactions.NotesChange{Comment: text(limits.Comment + 1), Tags: tag(limits.Tag + 1)}, []string{"comment", "tags"}},
		// Counted as they are kept, not as they were typed.
		"many tags, few different": {interactions.NotesChange{Tags: &[]string{21: "x"}}, nil},
	} {
		r := newRows()
		r.byID["x"] = interactions.Interaction{ID: "x"}
		_, err := newService(r).SetNotes(t.Context(), "x", c.change, false)
		if got := slices.Sorted(maps.Keys(errs.FieldsOf(err))); !slices.Equal(got, c.wrong) {
			t.Errorf("%s: %v is refused for %v, want %v", name, err, got, c.wrong)
		}
		if kept := r.byID["x"].Notes; c.wrong != nil && (kept.Comment != "" || kept.Tags != nil) {
			t.Errorf("%s: %+v is kept although refused", name, kept)
		}
	}
}

func TestTagsAreKeptInTheirNormalForm(t *testing.T) {
	r := newRows()
	r.byID["x"] = interactions.Interaction{ID: "x"}
	in, err := newService(r).SetNotes(t.Context(), "x", interactions.NotesChange{Tags: &[]string{" новый  клиент ", "", "Новый Клиент", "Ёлка", "елка", "b\tc"}}, false)
	if want := []string{"новый клиент", "Ёлка", "b c"}; err != nil || !slices.Equal(in.Notes.Tags, want) {
		t.Errorf("got %q, %v, want %q", in.Notes.Tags, err, want)
	}
}

func TestNotesOfTheFirstMomentsWaitForTheRecord(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, text := newService(newRows()), "early"
		done := make(chan error)
		write := func(ctx context.Context) {
			_, err := s.SetNotes(ctx, "x", interactions.NotesChange{Comment: &text}, true)
			done <- err
		}
		go write(t.Context())
		<-time.After(time.Second) // of the bubble
		if err := s.SaveCall(t.Context(), interactions.Interaction{ID: "x"}); err != nil {
			t.Fatal(err)
		}
		if err := <-done; err != nil {
			t.Errorf("the row came, and yet: %v", err)
		}
		if in, err := s.Get(t.Context(), "x"); err != nil || in.Notes.Comment != text {
			t.Errorf("kept is %q, %v", in.Notes.Comment, err)
		}
	})
}

func TestNotesDoNotWaitForever(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, text := newService(newRows()), "early"
		change := interactions.NotesChange{Comment: &text}
		if _, err := s.SetNotes(t.Context(), "x", change, true); !errs.Is(err, errs.Unavailable) {
			t.Errorf("without a row: %v", err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Millisecond)
		defer cancel()
		if _, err := s.SetNotes(ctx, "x", change, true); !errs.Is(err, errs.Timeout) {
			t.Errorf("when the asker has gone: %v", err)
		}
		begun := time.Now()
		if _, err := s.SetNotes(t.Context(), "x", change, false); !errs.Is(err, errs.NotFound) || time.Since(begun) != 0 {
			t.Errorf("a call of the past: %v after %s", err, time.Since(begun))
		}
	})
}
