package interactions

import (
	"context"
	"fmt"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/pult-cc/pult/internal/errs"
)

// NoteLimits bound what people write, in characters (Unicode code points) and pieces. Pages are told them, so that page and server agree.
type NoteLimits struct {
	Comment int // characters
	Tags    int
	Tag     int // characters
}

// Limits are the bounds of every note.
var Limits = NoteLimits{Comment: 10_000, Tags: 20, Tag: 50}

// How long a live call's row may be on its way into the database, and how often it is looked for.
const (
	rowWait  = 2 * time.Second
	rowRetry = 25 * time.Millisecond
)

// SetNotes changes what people wrote and announces it. live says that the interaction is a call still on the floor: its row is written
// behind the call's back, and what somebody types in its first moments waits for it. Errors: Invalid (topicId, tags, comment: the
// fields say what is wrong, and nothing is changed), NotFound; for live calls Unavailable when the row does not come.
func (s *Service) SetNotes(ctx context.Context, id string, change NotesChange, live bool) (Interaction, error) {
	change, err := change.normal()
	if err != nil {
		return Interaction{}, err
	}
	out, err := s.write(ctx, id, change, live)
	if err != nil {
		return Interaction{}, err
	}
	s.announce(ctx, id, out.CustomerID)
	return out, nil
}

func (s *Service) write(ctx context.Context, id string, change NotesChange, live bool) (Interaction, error) {
	const op = "writing notes"
	deadline := time.NewTimer(rowWait)
	defer deadline.Stop()
	retry := time.NewTicker(rowRetry)
	defer retry.Stop()
	for {
		out, err := s.Repository.SetNotes(ctx, id, change, s.now())
		if !live || !errs.Is(err, errs.NotFound) {
			return out, err
		}
		select {
		case <-ctx.Done():
			return Interaction{}, errs.With(errs.Timeout, op, ctx.Err())
		case <-deadline.C:
			return Interaction{}, errs.With(errs.Unavailable, op+": the call has no record yet", err)
		case <-retry.C:
		}
	}
}

// normal brings a change into the form in which it is kept, or names every field that is wrong. Whether a topic exists, the repository
// knows.
func (c NotesChange) normal() (NotesChange, error) {
	wrong := map[string]string{}
	if c.Comment != nil && utf8.RuneCountInString(*c.Comment) > Limits.Comment {
		wrong["comment"] = fmt.Sprintf("is longer than %d characters", Limits.Comment)
	}
	if c.Tags != nil {
		tags := NormalTags(*c.Tags)
		c.Tags = &tags
		if problem := tagsProblem(tags); problem != "" {
			wrong["tags"] = problem
		}
	}
	if len(wrong) == 0 {
		return c, nil
	}
	msg := ""
	for _, field := range []string{"comment", "tags"} {
		if wrong[field] != "" {
			msg += "; " + field + ": " + wrong[field]
		}
	}
	return c, &errs.Error{Kind: errs.Invalid, Op: "checking notes", Msg: msg[2:], Fields: wrong}
}

func tagsProblem(tags []string) string {
	if len(tags) > Limits.Tags {
		return fmt.Sprintf("are more than %d", Limits.Tags)
	}
	for _, t := range tags {
		switch {
		case utf8.RuneCountInString(t) > Limits.Tag:
			return fmt.Sprintf("one is longer than %d characters", Limits.Tag)
		case strings.ContainsFunc(t, unicode.IsControl):
			return "one has characters that cannot be seen"
		}
	}
	return ""
}

// NormalTags trims tags and drops empty ones and those that are an earlier one by FoldTag. The result is never nil.
func NormalTags(tags []string) []string {
	out, seen := []string{}, map[string]bool{}
	for _, t := range tags {
		t = strings.Join(strings.Fields(t), " ")
		if t == "" || seen[FoldTag(t)] {
			continue
		}
		seen[FoldTag(t)] = true
		out = append(out, t)
	}
	return out
}

// FoldTag is what tags are compared by: case does not count, nor whether ё is typed as е.
func FoldTag(tag string) string { return strings.ReplaceAll(strings.ToLower(tag), "ё", "е") }
