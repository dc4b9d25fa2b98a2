package store

import (
	"strings"
	"time"
	"unicode"
)

// utc is t as both databases keep it, so that what is read equals what was written.
func utc(t time.Time) time.Time { return t.UTC().Truncate(time.Microsecond) }

func utcOrNil(t *time.Time) *time.Time {
	if t == nil {
		return nil
	}
	u := utc(*t)
	return &u
}

// clean drops what PostgreSQL cannot keep in a text: the NUL character and bytes that are no UTF-8. Both come in from outside.
func clean(s string) string {
	s = strings.ToValidUTF8(s, "\uFFFD")
	return strings.ReplaceAll(s, "\x00", "")
}

// fold is s for comparing without case. It is done here since SQLite folds ASCII only, and the ё of people's names is often
// typed as е.
func fold(s string) string {
	return strings.ReplaceAll(strings.ToLower(s), "ё", "е")
}

// digits returns the digits of s, and whether s is a number as people type it: digits, spaces and punctuation only.
func digits(s string) (string, bool) {
	var b strings.Builder
	for _, r := range s {
		switch {
		case r >= '0' && r <= '9':
			b.WriteRune(r)
		case unicode.IsLetter(r):
			return "", false
		}
	}
	return b.String(), b.Len() > 0
}
