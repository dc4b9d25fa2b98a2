package onecsim

import (
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"
)

// What else can be wrong with a filter, besides its syntax.
var (
	errFunction = errors.New("function over a field that is no text") // 500 (P7)
	errPart     = errors.New("path through a tabular part")           // the platform before 8.3.8 knows none
)

// errNumber is a number where a text is expected; the platform repeats it in its answer (P7).
type errNumber struct{ text string }

func (e errNumber) Error() string { return "number instead of text: " + e.text }

// errValue is a literal that is not of the field's type; code 1 (facts 1.3).
type errValue struct {
	text string
	typ  Type
}

func (e errValue) Error() string { return fmt.Sprintf("%q is no %s", e.text, e.typ) }

var (
	guidForm = regexp.MustCompile(`^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$`)
	dateForm = regexp.MustCompile(`^\d{4}-\d\d-\d\d(T\d\d:\d\d:\d\d)?$`)
)

// condition is a parsed filter that fits a set.
type condition struct {
	base *Base
	set  *Set
	part *Part // the tabular part that its paths go through; at most one
	line *Set  // and its columns
	x    expr
}

// compile checks a filter against a set: every path must exist, every function must have texts. parts tells whether paths through
// tabular parts are supported.
func compile(b *Base, set *Set, filter string, parts bool) (*condition, error) {
	x, err := parseFilter(filter)
	if err != nil {
		return nil, err
	}
	c := &condition{base: b, set: set, x: x}
	if _, err := c.check(x); err != nil {
		return nil, err
	}
	if c.part != nil && !parts {
		return nil, errPart
	}
	return c, nil
}

// boolean is the type of conditions; "" is that of null.
const boolean = Boolean

func (c *condition) check(x expr) (Type, error) {
	switch x := x.(type) {
	case literal:
		return checkLiteral(x)
	case path:
		f, err := c.resolve(x.names)
		return f.Type, err
	case not:
		_, err := c.check(x.x)
		return boolean, err
	case call:
		for _, a := range x.args {
			t, err := c.check(a)
			if err != nil {
				return "", err
			}
			if t != String {
				return "", errFunction
			}
		}
		return boolean, nil
	case binary:
		l, err := c.check(x.l)
		if err != nil {
			return "", err
		}
		r, err := c.check(x.r)
		if err != nil {
			return "", err
		}
		if x.op == "and" || x.op == "or" {
			return boolean, nil
		}
		return boolean, fits(x, l, r)
	}
	return "", errFilter
}

func checkLiteral(l literal) (Type, error) {
	switch l.kind {
	case tokGUID:
		if !guidForm.MatchString(l.value) {
			return "", errValue{l.value, GUID}
		}
		return GUID, nil
	case tokDate:
		if !dateForm.MatchString(l.value) {
			return "", fmt.Errorf("%w: a broken datetime", errFilter)
		}
		return DateTime, nil
	case tokNumber:
		return Int64, nil
	case tokString:
		return String, nil
	}
	if l.value == "null" {
		return "", nil
	}
	return Boolean, nil
}

func fits(x binary, l, r Type) error {
	if l == String && r == Int64 || l == Int64 && r == String {
		for _, side := range []expr{x.l, x.r} {
			if lit, ok := side.(literal); ok && lit.kind == tokNumber {
				return errNumber{lit.value}
			}
		}
	}
	if l == GUID && r == String || l == String && r == GUID {
		for _, side := range []expr{x.l, x.r} {
			if lit, ok := side.(literal); ok && lit.kind == tokString {
				return errValue{lit.value, GUID}
			}
		}
	}
	if (l == GUID || r == GUID) && x.op != "eq" && x.op != "ne" {
		return fmt.Errorf("%w: references have no order", errFilter) // no source tells that the platform compares them
	}
	return nil // datetime against a text is accepted and matches nothing (P7)
}

// resolve follows a path from the set to a field.
func (c *condition) resolve(names []string) (Field, error) {
	set := c.set
	for i, n := range names {
		if i == len(names)-1 {
			if f, ok := set.field(n); ok {
				return f, nil
			}
			break
		}
		if nav, ok := set.nav(n); ok {
			next, ok := c.base.lookup(nav.Set)
			if !ok {
				break
			}
			set = next
			continue
		}
		p := set.part(n)
		if p == nil || set != c.set || c.part != nil && c.part.Name != p.Name {
			break
		}
		if c.part == nil {
			c.part, c.line = p, p.asSet()
		}
		set = c.line
	}
	return Field{}, fmt.Errorf("%w: unknown field %s", errFilter, strings.Join(names, "/"))
}

// matches counts how often the row fulfils the condition: a path through a tabular part joins its lines, so that each fitting line
// counts.
func (c *condition) matches(row Row) int {
	if c.part == nil {
		return btoi(c.truth(c.x, row, nil))
	}
	lines, _ := row[c.part.Name].([]Row)
	if len(lines) == 0 {
		return btoi(c.truth(c.x, row, nil))
	}
	n := 0
	for _, line := range lines {
		n += btoi(c.truth(c.x, row, line))
	}
	return n
}

func btoi(b bool) int {
	if b {
		return 1
	}
	return 0
}

// truth evaluates a condition; comparisons with null are false.
func (c *condition) truth(x expr, row, line Row) bool {
	switch x := x.(type) {
	case not:
		return !c.truth(x.x, row, line)
	case call:
		a, aok := c.value(x.args[0], row, line)
		b, bok := c.value(x.args[1], row, line)
		if !aok || !bok {
			return false
		}
		a, b = strings.ToLower(a), strings.ToLower(b) // 1C compares texts without case
		switch x.name {
		case "substringof":
			return strings.Contains(b, a)
		case "startswith":
			return strings.HasPrefix(a, b)
		}
		return strings.HasSuffix(a, b)
	case binary:
		switch x.op {
		case "and":
			return c.truth(x.l, row, line) && c.truth(x.r, row, line)
		case "or":
			return c.truth(x.l, row, line) || c.truth(x.r, row, line)
		}
		return c.compare(x, row, line)
	}
	return false
}

func (c *condition) compare(x binary, row, line Row) bool {
	l, lok := c.value(x.l, row, line)
	r, rok := c.value(x.r, row, line)
	if !lok || !rok {
		return x.op == "eq" && lok == rok || x.op == "ne" && lok != rok
	}
	order := strings.Compare(strings.ToLower(l), strings.ToLower(r))
	if ln, err := strconv.ParseInt(l, 10, 64); err == nil && c.isNumber(x.l) && c.isNumber(x.r) {
		if rn, err := strconv.ParseInt(r, 10, 64); err == nil {
			order = btoi(ln > rn) - btoi(ln < rn)
		}
	}
	switch x.op {
	case "eq":
		return order == 0
	case "ne":
		return order != 0
	case "gt":
		return order > 0
	case "ge":
		return order >= 0
	case "lt":
		return order < 0
	}
	return order <= 0
}

func (c *condition) isNumber(x expr) bool {
	t, err := c.check(x)
	return err == nil && t == Int64
}

// value returns an operand as text; false is null.
func (c *condition) value(x expr, row, line Row) (string, bool) {
	switch x := x.(type) {
	case literal:
		return x.value, x.kind != tokWord || x.value != "null"
	case path:
		return c.follow(x.names, row, line)
	}
	return strconv.FormatBool(c.truth(x, row, line)), true
}

func (c *condition) follow(names []string, row, line Row) (string, bool) {
	set := c.set
	for i, n := range names {
		if row == nil {
			return "", false
		}
		if i == len(names)-1 {
			f, _ := set.field(n)
			return asText(row[n], f.Type), true
		}
		if nav, ok := set.nav(n); ok {
			row = c.base.byKey(nav.Set, guidOf(row[n+"_Key"]))
			set, _ = c.base.lookup(nav.Set)
			continue
		}
		row, set = line, c.line
	}
	return "", false
}

// asText writes a value as JSON would, without quotes; a missing one as its type's empty value.
func asText(v any, t Type) string {
	switch v := v.(type) {
	case string:
		return v
	case bool:
		return strconv.FormatBool(v)
	case int:
		return strconv.Itoa(v)
	}
	switch t {
	case GUID:
		return ZeroGUID
	case Boolean:
		return "false"
	case Int64:
		return "0"
	case DateTime:
		return "0001-01-01T00:00:00"
	}
	return ""
}
