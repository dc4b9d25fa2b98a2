package onecsim

import (
	"errors"
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// The $filter language of 1C, OData 3.0 as far as 1C supports it: eq ne gt ge lt le and or not, parentheses, substringof,
// startswith, endswith, 'text' with '' for a quote, guid'...', datetime'...', numbers, true, false, null, and paths through
// navigation properties and tabular parts (Контрагенты/КонтактнаяИнформация/НомерТелефона).

// errFilter is the answer to everything that is not of the language; the platform does not say what exactly it minds (P7).
var errFilter = errors.New("filter syntax")

type tokenKind int

const (
	tokEnd tokenKind = iota
	tokWord
	tokString
	tokGUID
	tokDate
	tokNumber
	tokOpen
	tokClose
	tokComma
)

type token struct {
	kind tokenKind
	text string
}

// lex splits a filter into tokens. A '+' is no space: it is an error, as it is on the platform.
func lex(s string) ([]token, error) {
	var out []token
	for i := 0; i < len(s); {
		r, size := utf8.DecodeRuneInString(s[i:])
		if r == utf8.RuneError && size <= 1 {
			return nil, fmt.Errorf("%w: not UTF-8", errFilter)
		}
		switch {
		case r == ' ':
			i += size
		case r == '(':
			out = append(out, token{tokOpen, "("})
			i += size
		case r == ')':
			out = append(out, token{tokClose, ")"})
			i += size
		case r == ',':
			out = append(out, token{tokComma, ","})
			i += size
		case r == '\'':
			text, n, err := quoted(s[i:])
			if err != nil {
				return nil, err
			}
			out = append(out, token{tokString, text})
			i += n
		case r >= '0' && r <= '9' || r == '-':
			j := i + size
			for j < len(s) && (s[j] >= '0' && s[j] <= '9' || s[j] == '.') {
				j++
			}
			if s[i:j] == "-" {
				return nil, fmt.Errorf("%w: a lone minus", errFilter)
			}
			out = append(out, token{tokNumber, s[i:j]})
			i = j
		case unicode.IsLetter(r) || r == '_':
			j := i
			for j < len(s) {
				r, size := utf8.DecodeRuneInString(s[j:])
				if !unicode.IsLetter(r) && !unicode.IsDigit(r) && r != '_' && r != '/' {
					break
				}
				j += size
			}
			word := s[i:j]
			if (word == "guid" || word == "datetime") && j < len(s) && s[j] == '\'' {
				text, n, err := quoted(s[j:])
				if err != nil {
					return nil, err
				}
				kind := tokGUID
				if word == "datetime" {
					kind = tokDate
				}
				out = append(out, token{kind, text})
				i = j + n
				continue
			}
			out = append(out, token{tokWord, word})
			i = j
		default:
			return nil, fmt.Errorf("%w: character %q", errFilter, r)
		}
	}
	return append(out, token{kind: tokEnd}), nil
}

// quoted reads a quoted text at the start of s and returns it with the number of bytes read.
func quoted(s string) (string, int, error) {
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
		if !utf8.ValidString(b.String()) {
			return "", 0, fmt.Errorf("%w: not UTF-8", errFilter)
		}
		return b.String(), i + 1, nil
	}
	return "", 0, fmt.Errorf("%w: quote without end", errFilter)
}

// expr is a node of a parsed filter.
type expr interface{}

type (
	binary struct {
		op   string // and or eq ne gt ge lt le
		l, r expr
	}
	not  struct{ x expr }
	call struct {
		name string
		args []expr
	}
	path    struct{ names []string }
	literal struct {
		kind  tokenKind // tokWord: true, false, null
		value string
	}
)

type parser struct {
	toks  []token
	pos   int
	depth int
}

// maxDepth bounds nesting, so that no filter can exhaust the stack.
const maxDepth = 200

// parseFilter parses a $filter.
func parseFilter(s string) (expr, error) {
	toks, err := lex(s)
	if err != nil {
		return nil, err
	}
	p := &parser{toks: toks}
	x, err := p.or()
	if err != nil {
		return nil, err
	}
	if p.peek().kind != tokEnd {
		return nil, fmt.Errorf("%w: text after the end", errFilter)
	}
	return x, nil
}

func (p *parser) peek() token { return p.toks[p.pos] }

func (p *parser) next() token {
	t := p.toks[p.pos]
	if t.kind != tokEnd {
		p.pos++
	}
	return t
}

func (p *parser) word(w string) bool {
	if t := p.peek(); t.kind == tokWord && t.text == w {
		p.pos++
		return true
	}
	return false
}

func (p *parser) or() (expr, error) { return p.chain("or", p.and) }

func (p *parser) and() (expr, error) { return p.chain("and", p.unary) }

func (p *parser) chain(op string, operand func() (expr, error)) (expr, error) {
	l, err := operand()
	if err != nil {
		return nil, err
	}
	for p.word(op) {
		r, err := operand()
		if err != nil {
			return nil, err
		}
		l = binary{op, l, r}
	}
	return l, nil
}

func (p *parser) unary() (expr, error) {
	if p.word("not") {
		if err := p.deeper(); err != nil {
			return nil, err
		}
		defer p.shallower()
		x, err := p.unary()
		return not{x}, err
	}
	return p.comparison()
}

func (p *parser) deeper() error {
	if p.depth++; p.depth > maxDepth {
		return fmt.Errorf("%w: nested too deep", errFilter)
	}
	return nil
}

func (p *parser) shallower() { p.depth-- }

func (p *parser) comparison() (expr, error) {
	l, err := p.operand()
	if err != nil {
		return nil, err
	}
	if t := p.peek(); t.kind == tokWord {
		switch t.text {
		case "eq", "ne", "gt", "ge", "lt", "le":
			p.pos++
			r, err := p.operand()
			if err != nil {
				return nil, err
			}
			return binary{t.text, l, r}, nil
		}
	}
	switch l.(type) {
	case call, binary, not:
		return l, nil
	}
	return nil, fmt.Errorf("%w: a condition was expected", errFilter)
}

// reserved words are no field names.
var reserved = map[string]bool{
	"and": true, "or": true, "not": true, "eq": true, "ne": true, "gt": true, "ge": true, "lt": true, "le": true,
}

func (p *parser) operand() (expr, error) {
	if err := p.deeper(); err != nil {
		return nil, err
	}
	defer p.shallower()
	switch t := p.next(); t.kind {
	case tokOpen:
		x, err := p.or()
		if err != nil {
			return nil, err
		}
		if p.next().kind != tokClose {
			return nil, fmt.Errorf("%w: parenthesis without end", errFilter)
		}
		return x, nil
	case tokString, tokGUID, tokDate, tokNumber:
		return literal{t.kind, t.text}, nil
	case tokWord:
		if reserved[t.text] {
			return nil, fmt.Errorf("%w: %q is no operand", errFilter, t.text)
		}
		if t.text == "true" || t.text == "false" || t.text == "null" {
			return literal{tokWord, t.text}, nil
		}
		if p.peek().kind == tokOpen {
			return p.call(t.text)
		}
		names := strings.Split(t.text, "/")
		for _, n := range names {
			if n == "" {
				return nil, fmt.Errorf("%w: an empty path segment", errFilter)
			}
		}
		return path{names}, nil
	}
	return nil, fmt.Errorf("%w: an operand was expected", errFilter)
}

// functions are those of OData 3.0 for text that public clients use against 1C, with the number of their arguments. contains() is
// of OData 4 and unknown here; like() has no public source.
var functions = map[string]int{"substringof": 2, "startswith": 2, "endswith": 2}

func (p *parser) call(name string) (expr, error) {
	n, ok := functions[name]
	if !ok {
		return nil, fmt.Errorf("%w: function %q", errFilter, name)
	}
	p.next() // (
	c := call{name: name}
	for i := range n {
		if i > 0 && p.next().kind != tokComma {
			return nil, fmt.Errorf("%w: a comma was expected", errFilter)
		}
		x, err := p.operand()
		if err != nil {
			return nil, err
		}
		c.args = append(c.args, x)
	}
	if p.next().kind != tokClose {
		return nil, fmt.Errorf("%w: parenthesis without end", errFilter)
	}
	return c, nil
}
