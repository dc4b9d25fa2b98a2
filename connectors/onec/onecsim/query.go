package onecsim

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"sort"
	"strconv"
	"strings"
)

// problem is an error answer of the platform.
type problem struct {
	status  int
	code    string
	message string
}

func (p *problem) Error() string { return fmt.Sprintf("%d/%s: %s", p.status, p.code, p.message) }

// The answers of a real base, from facts 1.3 and P7.
func badFilter() *problem {
	return &problem{http.StatusBadRequest, "14", "Ошибка при разборе опции запроса $filter"}
}

func unknownSegment(name string) *problem {
	return &problem{http.StatusBadRequest, "6", fmt.Sprintf("Сегмент пути %s не найден!", name)}
}

func badOption(name string) *problem {
	return &problem{http.StatusBadRequest, "14", "Ошибка при разборе опции запроса " + name}
}

// options are the query options that the simulator knows.
type options struct {
	json     bool
	count    bool
	filter   string
	hasFlt   bool
	sel      []string // nil: everything
	expand   []string
	orderBy  []string
	top      int // -1: all
	skip     int
	rawQuery string
}

// parseOptions reads a query string as 1C does: option names are literal ("%24filter" is unknown to it), a space is "%20", and "+"
// stays a plus, which no filter may contain outside of a text (facts 0.3).
func parseOptions(raw string) (options, *problem) {
	o := options{top: -1, rawQuery: raw}
	for _, pair := range strings.Split(raw, "&") {
		if pair == "" {
			continue
		}
		key, value, _ := strings.Cut(pair, "=")
		if strings.HasPrefix(strings.ToLower(key), "%24") {
			return o, badOption(key)
		}
		text, err := url.PathUnescape(value) // unlike QueryUnescape it keeps '+'
		if err != nil {
			return o, badOption(key)
		}
		switch key {
		case "$format":
			o.json = text == "json" || strings.HasPrefix(text, "application/json")
		case "$inlinecount":
			o.count = text == "allpages"
		case "$filter":
			o.filter, o.hasFlt = text, true
		case "$select":
			o.sel = list(text)
		case "$expand":
			o.expand = list(text)
		case "$orderby":
			o.orderBy = list(text)
		case "$top", "$skip":
			n, err := strconv.Atoi(text)
			if err != nil || n < 0 {
				return o, badOption(key)
			}
			if key == "$top" {
				o.top = n
			} else {
				o.skip = n
			}
		}
	}
	return o, nil
}

func list(s string) []string {
	var out []string
	for _, part := range strings.Split(s, ",") {
		if part = strings.TrimSpace(part); part != "" {
			out = append(out, part)
		}
	}
	return out
}

// selection is what $select and $expand ask of a set.
type selection struct {
	all    bool                 // no $select, or *
	fields map[string]bool      // own fields
	parts  map[string]selection // tabular parts
	navs   map[string]selection // expanded navigation properties
}

// selectFrom checks $select and $expand against a set. An unknown name is refused and repeated (P7); a navigation property is
// expanded only when $select names a field behind it, otherwise silently not (P4).
func (b *Base) selectFrom(set *Set, sel, expand []string) (selection, *problem) {
	s := selection{fields: map[string]bool{}, parts: map[string]selection{}, navs: map[string]selection{}}
	s.all = sel == nil
	expanded := map[string][]string{}
	for _, e := range expand {
		name, rest, _ := strings.Cut(e, "/")
		if _, ok := set.nav(name); !ok {
			return s, unknownSegment(name)
		}
		if rest != "" {
			expanded[name] = append(expanded[name], rest)
		} else if expanded[name] == nil {
			expanded[name] = []string{}
		}
	}
	behind := map[string][]string{}
	for _, name := range sel {
		if name == "*" {
			s.all = true
			continue
		}
		head, rest, deep := strings.Cut(name, "/")
		_, isField := set.field(head)
		_, isNav := set.nav(head)
		part := set.part(head)
		switch {
		case !deep && isField:
			s.fields[head] = true
		case !deep && part != nil:
			s.parts[head] = selection{all: true}
		case deep && (isNav || part != nil):
			behind[head] = append(behind[head], rest)
		default:
			return s, unknownSegment(head)
		}
	}
	for head, rests := range behind {
		if part := set.part(head); part != nil {
			sub, p := b.selectFrom(part.asSet(), rests, nil)
			if p != nil {
				return s, p
			}
			s.parts[head] = sub
			continue
		}
		nav, _ := set.nav(head)
		target, ok := b.lookup(nav.Set)
		if !ok {
			return s, unknownSegment(head)
		}
		sub, p := b.selectFrom(target, rests, expanded[head])
		if p != nil {
			return s, p
		}
		if _, asked := expanded[head]; asked {
			s.navs[head] = sub
		}
	}
	return s, nil
}

// order sorts rows by $orderby.
func order(set *Set, rows []Row, by []string) *problem {
	type key struct {
		field Field
		desc  bool
	}
	var keys []key
	for _, k := range by {
		words := strings.Fields(k)
		f, ok := set.field(words[0])
		if !ok {
			return unknownSegment(words[0])
		}
		if len(words) > 2 || len(words) == 2 && words[1] != "asc" && words[1] != "desc" {
			return badOption("$orderby")
		}
		keys = append(keys, key{f, len(words) == 2 && words[1] == "desc"})
	}
	sort.SliceStable(rows, func(i, j int) bool {
		for _, k := range keys {
			a, b := sortKey(rows[i][k.field.Name], k.field.Type), sortKey(rows[j][k.field.Name], k.field.Type)
			if k.field.Type == Int64 && len(a) != len(b) {
				return (len(a) < len(b)) != k.desc
			}
			if a != b {
				return (a < b) != k.desc
			}
		}
		return false
	})
	return nil
}

// sortKey is what a value is ordered by. A reference is ordered as Microsoft SQL Server orders its own type for it, by the last group
// first, so that nobody relies on the order of texts (no source tells 1C's).
func sortKey(v any, t Type) string {
	s := asText(v, t)
	if groups := strings.Split(s, "-"); t == GUID && len(groups) == 5 {
		slices.Reverse(groups)
		return strings.ToLower(strings.Join(groups, ""))
	}
	return s
}
