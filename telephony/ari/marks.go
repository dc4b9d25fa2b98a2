package ari

import (
	"net/url"
	"strings"

	"github.com/pult-cc/pult/internal/errs"
	"github.com/pult-cc/pult/telephony"
)

// markVariable is the channel variable that holds a leg's marks, as an URL-encoded form. It works on every Asterisk 22; the
// variables with report_events of 22.10 are not needed, because after a connect one request per leg is cheap enough.
const markVariable = "PULT"

// Keys of our own in the form. The port's keys may not begin with a dot.
const (
	keyOriginated = ".leg" // "out" on legs that we originated
	keyNumber     = ".to"  // the number that was dialled through the trunk
)

// note is what the variable holds.
type note struct {
	originated bool
	number     string
	marks      telephony.Marks
}

// encode writes the variable.
func (n note) encode() string {
	form := url.Values{}
	for k, v := range n.marks {
		form.Set(k, v)
	}
	if n.originated {
		form.Set(keyOriginated, "out")
	}
	if n.number != "" {
		form.Set(keyNumber, n.number)
	}
	return form.Encode()
}

// decodeNote reads the variable. What cannot be read is skipped: a leg with a damaged mark is better than none.
func decodeNote(value string) note {
	form, _ := url.ParseQuery(value) // returns what it could read
	n := note{originated: form.Get(keyOriginated) == "out", number: form.Get(keyNumber), marks: telephony.Marks{}}
	for k := range form {
		if !strings.HasPrefix(k, ".") {
			n.marks[k] = form.Get(k)
		}
	}
	return n
}

// validMarks refuses what the port forbids, and keys of our own.
func validMarks(op string, marks telephony.Marks) error {
	for k, v := range marks {
		if k == "" || k[0] == '.' {
			return errs.Field(op, "marks", "a key is empty or begins with a dot")
		}
		if !printable(k) || !printable(v) {
			return errs.Field(op, "marks", "printable ASCII only")
		}
	}
	return nil
}

// printable reports whether s is ASCII without control characters.
func printable(s string) bool {
	for i := range len(s) {
		if s[i] < ' ' || s[i] > '~' {
			return false
		}
	}
	return true
}
