package customers

import (
	"strconv"
	"strings"
	"unicode"

	"github.com/pult-cc/pult/internal/errs"
)

// ParseDialed normalises a number that somebody typed to be called. Unlike Parse it refuses what cannot be called: the error is
// errs.Invalid with the field "number" and says what is wrong. Short numbers are internal; whether they may be called is not
// decided here.
func (n *Normalizer) ParseDialed(text string) (Number, error) {
	const op = "reading number to dial"
	refuse := func(why string) (Number, error) { return Number{}, errs.Field(op, "number", why) }
	s := ascii(bare(text))
	if strings.TrimSpace(s) == "" {
		return refuse("enter a number")
	}
	body := extension.ReplaceAllString(s, "")
	for _, r := range body {
		switch {
		case unicode.IsLetter(r):
			return refuse("has letters; a number is digits, spaces, + ( ) - only")
		case r == '*' || r == '#':
			return refuse("has * or #; service codes cannot be dialled here")
		case r != '+' && !strings.ContainsRune(" ().-‐‑‒–—−/", r) && (r < '0' || r > '9'):
			return refuse("has characters that no number has; use digits, spaces, + ( ) - only")
		}
	}
	digits := digitsOf(body)
	switch {
	case digits == "":
		return refuse("has no digits")
	case len(digits) > maxDigits+3: // 8~10 and the like in front of an international number
		return refuse("is too long; check the digits")
	case strings.Count(body, "+") > 1 || strings.Contains(strings.TrimLeft(body, " ("), "+") && !strings.HasPrefix(strings.TrimLeft(body, " ("), "+"):
		return refuse("has a + that is not at the beginning")
	}
	ext := ""
	if m := extension.FindStringSubmatch(s); m != nil {
		ext = m[1]
	}
	p := n.number(body, ext)
	switch {
	case p.valid():
		return p.Number, nil
	case len(digits) <= maxInternal && !strings.Contains(body, "+"):
		return p.Number, nil
	case len(digits) < 10:
		return refuse("is too short; add the area code")
	}
	return refuse("is not a valid telephone number; check the digits")
}

func itoa(n int) string { return strconv.Itoa(n) }
