package customers

import (
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode"
)

// ParseAll finds the numbers in a field of a customer system, which may hold several, extensions and words: "8 (495) 123-45-67, +7
// 916 765-43-21 доб. 5 (Света)". Without any valid number it returns the digits there are as one number; without digits nothing.
func (n *Normalizer) ParseAll(field string) []Number {
	if len(field) > maxField {
		field = field[:maxField]
	}
	field = whole(field)
	var valid, other []Number
	for _, p := range n.scan(field) {
		if slices.Contains(valid, p.Number) || slices.Contains(other, p.Number) {
			continue
		}
		if p.valid() {
			valid = append(valid, p.Number)
		} else {
			other = append(other, p.Number)
		}
	}
	if len(valid) > 0 || len(other) == 0 {
		return valid
	}
	longest := other[0]
	for _, o := range other {
		if len(o.E164) > len(longest.E164) {
			longest = o
		}
	}
	return []Number{longest}
}

// whole returns the digits of a number that a spreadsheet or a program has kept as a fraction: "79161234567.0", "7.9161234567e10". Other
// fields come back as they are, also what was rounded on its way ("7.91612E+10"): those digits are not the customer's.
func whole(field string) string {
	if strings.IndexByte(field, '.') < 0 {
		return field
	}
	m := fraction.FindStringSubmatch(field)
	if m == nil {
		return field
	}
	digits, after := m[1], strings.TrimRight(m[2], "0")
	if m[3] == "" {
		if after != "" {
			return field
		}
		return digits
	}
	places, err := strconv.Atoi(m[3])
	if err != nil || len(digits) != 1 || len(after) < 7 || places < len(after) || places > 15 {
		return field
	}
	return digits + after + strings.Repeat("0", places-len(after))
}

// fraction is a decimal number of a program: digits, places, exponent.
var fraction = regexp.MustCompile(`^\s*(\d{1,15})\.(\d{1,15})(?:[eE]\+?(\d{1,2}))?\s*$`)

// maxField is how much of a field is read.
const maxField = 1000

var (
	// extension finds "доб. 12", "(вн. 12)", "ext 12", "#12", "x12" behind a number.
	extension = regexp.MustCompile(`(?i)[\s,;(]*(?:доб(?:ав(?:очный)?)?|внутр(?:енний)?|вн|доп|ext(?:ension|n)?|[xх]|[#*]|;ext=)[\s.:№=)-]*(\d{1,7})\)?`)
	// chunk is a run of what numbers are written with.
	chunk = regexp.MustCompile(`[+(]*[+]?\d[\d\s().+‐‑‒–—−\-]*(?:\x01\d{1,7}\x01)?`)
)

// scan finds everything that looks like a number, valid or not.
func (n *Normalizer) scan(field string) []parsed {
	if bare, ok := plain(field); ok {
		return n.chunk(nil, bare, "")
	}
	field = ascii(field)
	if mayHaveExtension(field) {
		field = extension.ReplaceAllString(field, "\x01$1\x01")
	}
	var out []parsed
	for _, c := range chunk.FindAllString(field, -1) {
		body, ext, _ := strings.Cut(c, "\x01")
		out = n.chunk(out, body, strings.TrimSuffix(ext, "\x01"))
	}
	return out
}

// mayHaveExtension reports whether digits stand behind a word or sign that stands behind digits. The search for extensions takes longer
// than all the rest, and few fields have one.
func mayHaveExtension(field string) bool {
	digits, word := false, false
	for _, r := range field {
		switch {
		case r >= '0' && r <= '9':
			if digits && word {
				return true
			}
			digits, word = true, false
		case r == '#', r == '*', r == '=', unicode.IsLetter(r):
			word = true
		case !strings.ContainsRune(" .:№=)-", r):
			word = false
		}
	}
	return false
}

// plain returns the number in a field that has nothing but what numbers are written with, which most have: there is nothing to search
// for in it.
func plain(field string) (string, bool) {
	first := -1
	for i := range len(field) {
		switch c := field[i]; {
		case c >= '0' && c <= '9':
			if first < 0 {
				first = i
			}
		case c == ' ', c == '(', c == ')', c == '-', c == '+', c == '.':
		default:
			return "", false
		}
	}
	if first < 0 {
		return "", false
	}
	for first > 0 && (field[first-1] == '+' || field[first-1] == '(') {
		first--
	}
	return field[first:], true
}

// chunk appends the number, or the numbers, of a run of what numbers are written with.
func (n *Normalizer) chunk(out []parsed, body, ext string) []parsed {
	p := n.number(body, ext)
	if digits := len(digitsOf(body)); !p.valid() && (digits > 11 || strings.Count(body, "+") > 1) {
		parts := n.split(body, ext)
		// Twelve digits may be a number with a digit too many: only one that stands at the beginning, whole words of it, is believed.
		if len(parts) > 0 && (digits > 12 || len(parts) == 1 && strings.HasPrefix(digitsOf(body), n.trunk+parts[0].national)) {
			return append(out, parts...)
		}
	}
	if digitsOf(body) != "" {
		out = append(out, p)
	}
	return out
}

// split takes apart numbers that stand behind each other with nothing but spaces between them.
func (n *Normalizer) split(body, ext string) []parsed {
	words := strings.Fields(strings.ReplaceAll(body, "+", " +"))
	var out []parsed
	for len(words) > 0 {
		took := 0
		for k := 1; k <= len(words) && k <= 8; k++ {
			if p := n.number(strings.Join(words[:k], " "), ""); p.valid() {
				out, took = append(out, p), k
				break
			}
		}
		words = words[max(took, 1):]
	}
	if len(out) > 0 && ext != "" {
		last := &out[len(out)-1]
		last.Ext, last.Display = ext, n.withExt(last.Display, ext)
	}
	return out
}
