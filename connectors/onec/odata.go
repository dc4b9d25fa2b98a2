package onec

import (
	"net/url"
	"regexp"
	"sort"
	"strconv"
	"strings"
	"unicode"
)

// What 1C wants in an address differs from what net/url writes, so addresses are written here: option names with a literal "$", a
// space as "%20" ("+" is not a space for 1C), parentheses and apostrophes as they are.

// query is a request for records of a set.
type query struct {
	entity string
	key    string // "" for many
	sel    []string
	filter string
	order  string
	top    int
	skip   int
}

// rawQuery writes the query string.
func (q query) rawQuery() string {
	var b strings.Builder
	b.WriteString("$format=json")
	if q.key == "" {
		b.WriteString("&$top=" + strconv.Itoa(q.top))
	}
	if q.skip > 0 {
		b.WriteString("&$skip=" + strconv.Itoa(q.skip))
	}
	if q.order != "" {
		b.WriteString("&$orderby=" + escape(q.order))
	}
	b.WriteString("&$select=" + escape(strings.Join(q.sel, ",")))
	if x := expands(q.sel); len(x) > 0 {
		b.WriteString("&$expand=" + escape(strings.Join(x, ",")))
	}
	if q.filter != "" {
		b.WriteString("&$filter=" + escape(q.filter))
	}
	return b.String()
}

// on writes the whole address below the root of the interface.
func (q query) on(root *url.URL) *url.URL {
	name, escaped := q.entity, escape(q.entity)
	if q.key != "" {
		name += "(guid'" + q.key + "')"
		escaped += "(guid'" + q.key + "')"
	}
	u := *root
	u.Path += name
	u.RawPath = root.EscapedPath() + escaped
	u.RawQuery = q.rawQuery()
	return &u
}

// expands lists the navigation properties that a selection goes through: "Партнер/ОсновнойМенеджер/Description" needs
// "Партнер/ОсновнойМенеджер" expanded. What is a prefix of a longer one goes without saying.
func expands(sel []string) []string {
	set := map[string]bool{}
	for _, s := range sel {
		if i := strings.LastIndexByte(s, '/'); i > 0 {
			set[s[:i]] = true
		}
	}
	var out []string
	for s := range set {
		longer := false
		for other := range set {
			longer = longer || strings.HasPrefix(other, s+"/")
		}
		if !longer {
			out = append(out, s)
		}
	}
	sort.Strings(out)
	return out
}

// escape percent-encodes the value of an option or a path segment.
func escape(s string) string {
	const hex = "0123456789ABCDEF"
	var b strings.Builder
	for i := range len(s) {
		c := s[i]
		switch {
		case c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z', c >= '0' && c <= '9', strings.IndexByte("-_.~'(),/:", c) >= 0:
			b.WriteByte(c)
		default:
			b.WriteByte('%')
			b.WriteByte(hex[c>>4])
			b.WriteByte(hex[c&15])
		}
	}
	return b.String()
}

// text writes a text literal: an apostrophe is doubled, characters that no name or number contains are dropped.
func text(s string) string {
	s = strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || r == unicode.ReplacementChar {
			return -1
		}
		return r
	}, s)
	return "'" + strings.ReplaceAll(s, "'", "''") + "'"
}

func contains(s, field string) string { return "substringof(" + text(s) + "," + field + ")" }

var guidForm = regexp.MustCompile(`^[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}$`)

const zeroGUID = "00000000-0000-0000-0000-000000000000"

// isPath reports whether s is a name of 1C or several joined by "/": letters, digits, "_".
func isPath(s string) bool {
	for name := range strings.SplitSeq(s, "/") {
		for i, r := range name {
			if r != '_' && !unicode.IsLetter(r) && (i == 0 || !unicode.IsDigit(r)) {
				return false
			}
		}
		if name == "" {
			return false
		}
	}
	return true
}

// pack joins conditions with "or" into as few filters as fit a query string; a condition that does not fit alone gets a filter of
// its own. before is put in front of every filter with "and".
func (q query) pack(before string, conditions []string, maxBytes int) []query {
	var out []query
	wrap := func(cs []string) query {
		n := q
		n.filter = strings.Join(cs, " or ")
		if before != "" {
			n.filter = before + " and (" + n.filter + ")"
		}
		return n
	}
	for len(conditions) > 0 {
		n := 1
		for n < len(conditions) && len(wrap(conditions[:n+1]).rawQuery()) <= maxBytes {
			n++
		}
		out = append(out, wrap(conditions[:n]))
		conditions = conditions[n:]
	}
	return out
}
