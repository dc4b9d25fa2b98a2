package sim

import (
	"fmt"
	"strings"
	"unicode"
)

// condition is a boolean expression as SOQL and OData write it: and, or, not, parentheses, comparisons, contains().
type condition struct {
	op          string // and, or, not; else a comparison
	left, right *condition
	field       string
	value       string
	null        bool
}

type conditionParser struct {
	rest    string
	literal func(string) (string, int, error) // reads a literal that begins with '
}

func parseCondition(s string, literal func(string) (string, int, error)) (*condition, error) {
	if strings.TrimSpace(s) == "" {
		return nil, nil
	}
	p := &conditionParser{rest: s, literal: literal}
	c, err := p.or()
	if err == nil && strings.TrimSpace(p.rest) != "" {
		err = fmt.Errorf("something follows the condition: %s", p.rest)
	}
	return c, err
}

func (p *conditionParser) word() string {
	p.rest = strings.TrimLeft(p.rest, " ")
	i := strings.IndexFunc(p.rest, func(r rune) bool {
		return !unicode.IsLetter(r) && !unicode.IsDigit(r) && !strings.ContainsRune("_./$-@", r)
	})
	if i < 0 {
		i = len(p.rest)
	}
	return p.rest[:i]
}

func (p *conditionParser) take(word string) bool {
	p.rest = strings.TrimLeft(p.rest, " ")
	if len(p.rest) >= len(word) && strings.EqualFold(p.rest[:len(word)], word) {
		p.rest = p.rest[len(word):]
		return true
	}
	return false
}

func (p *conditionParser) takeWord(word string) bool {
	return strings.EqualFold(p.word(), word) && p.take(word)
}

func (p *conditionParser) or() (*condition, error) {
	left, err := p.and()
	for err == nil && p.takeWord("or") {
		var right *condition
		if right, err = p.and(); err == nil {
			left = &condition{op: "or", left: left, right: right}
		}
	}
	return left, err
}

func (p *conditionParser) and() (*condition, error) {
	left, err := p.term()
	for err == nil && p.takeWord("and") {
		var right *condition
		if right, err = p.term(); err == nil {
			left = &condition{op: "and", left: left, right: right}
		}
	}
	return left, err
}

func (p *conditionParser) term() (*condition, error) {
	if p.takeWord("not") {
		c, err := p.term()
		return &condition{op: "not", left: c}, err
	}
	if p.take("(") {
		c, err := p.or()
		if err == nil && !p.take(")") {
			err = fmt.Errorf("a parenthesis is missing: %s", p.rest)
		}
		return c, err
	}
	if p.takeWord("contains") {
		if !p.take("(") {
			return nil, fmt.Errorf("contains without parenthesis")
		}
		field := p.word()
		p.take(field)
		if !p.take(",") {
			return nil, fmt.Errorf("contains wants two arguments")
		}
		c := &condition{op: "contains", field: field}
		if err := p.operand(c); err != nil {
			return nil, err
		}
		if !p.take(")") {
			return nil, fmt.Errorf("contains is not closed: %s", p.rest)
		}
		return c, nil
	}
	field := p.word()
	if field == "" {
		return nil, fmt.Errorf("a field is missing: %s", p.rest)
	}
	p.take(field)
	for _, op := range []string{"!=", "=", ">", "like", "eq", "ne", "gt"} {
		if (unicode.IsLetter(rune(op[0])) && p.takeWord(op)) || (!unicode.IsLetter(rune(op[0])) && p.take(op)) {
			c := &condition{op: map[string]string{"eq": "=", "ne": "!=", "gt": ">"}[op], field: field}
			if c.op == "" {
				c.op = op
			}
			return c, p.operand(c)
		}
	}
	return nil, fmt.Errorf("an operator is missing: %s", p.rest)
}

func (p *conditionParser) operand(c *condition) error {
	p.rest = strings.TrimLeft(p.rest, " ")
	if strings.HasPrefix(p.rest, "'") {
		v, n, err := p.literal(p.rest)
		if err != nil {
			return err
		}
		c.value, p.rest = v, p.rest[n:]
		return nil
	}
	w := p.word()
	if w == "" {
		return fmt.Errorf("a value is missing: %s", p.rest)
	}
	p.take(w)
	c.value, c.null = w, strings.EqualFold(w, "null")
	return nil
}

// odataString reads a literal in which a quote is written twice.
func odataString(s string) (string, int, error) {
	var b strings.Builder
	for i := 1; i < len(s); i++ {
		if s[i] != '\'' {
			b.WriteByte(s[i])
			continue
		}
		if i+1 < len(s) && s[i+1] == '\'' {
			b.WriteByte('\'')
			i++
			continue
		}
		return b.String(), i + 1, nil
	}
	return "", 0, fmt.Errorf("literal without an end")
}

// unlike takes away what escapes LIKE's wildcards.
var unlike = strings.NewReplacer(`\\`, `\`, `\%`, `%`, `\_`, `_`)

// holds evaluates the condition on an object.
func (c *condition) holds(o Object, known func(string) bool) (bool, error) {
	if c == nil {
		return true, nil
	}
	switch c.op {
	case "and", "or":
		l, err := c.left.holds(o, known)
		if err != nil {
			return false, err
		}
		r, err := c.right.holds(o, known)
		return c.op == "and" && l && r || c.op == "or" && (l || r), err
	case "not":
		l, err := c.left.holds(o, known)
		return !l, err
	}
	if !known(c.field) {
		return false, fmt.Errorf("no field %q", c.field)
	}
	v := text(o[c.field])
	if c.null {
		return (v == "") == (c.op == "="), nil
	}
	switch c.op {
	case "=":
		return strings.EqualFold(v, unlike.Replace(c.value)), nil
	case "!=":
		return !strings.EqualFold(v, unlike.Replace(c.value)), nil
	case ">":
		return v > c.value, nil
	case "like":
		return likeMatch(c.value, v), nil
	case "contains":
		return strings.Contains(strings.ToLower(v), strings.ToLower(c.value)), nil
	}
	return false, fmt.Errorf("operator %q", c.op)
}
