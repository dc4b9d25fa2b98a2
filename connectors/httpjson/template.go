package httpjson

import (
	"context"
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strings"

	"github.com/itchyny/gojq"

	"github.com/pult-cc/pult/connectors/internal/conf"
	"github.com/pult-cc/pult/internal/errs"
)

// A template is a text with ${jq expressions}. What an expression yields is encoded by where the text stands, so a customer's name
// ends no path segment, query value or JSON string. Where the text itself is in another language (OData, SOQL, a search syntax), an
// expression within quotes has to end in the quoting of that language; one that does not is refused when the configuration is read.
type template struct {
	parts []part
}

type part struct {
	literal string
	expr    *program // nil: literal
}

// context tells where a template stands.
type place int

const (
	inPath place = iota
	inQuery
	inHeader
	inBody
)

// parseTemplate compiles a text. path is the configuration's, for errors.
func parseTemplate(defs *library, path, text string, at place) (*template, error) {
	t := &template{}
	literal := ""
	flush := func() {
		if literal != "" {
			t.parts = append(t.parts, part{literal: literal})
			literal = ""
		}
	}
	for rest := text; rest != ""; {
		i := strings.Index(rest, "${")
		if i < 0 {
			literal += rest
			break
		}
		if i > 0 && rest[i-1] == '$' { // $${ is a literal ${
			literal += rest[:i-1] + "${"
			rest = rest[i+2:]
			continue
		}
		literal += rest[:i]
		rest = rest[i+2:]
		expr, size, err := cutExpression(defs, rest)
		if err != nil {
			return nil, conf.Field(path, "%s", err)
		}
		before := literal
		flush()
		rest = rest[size:]
		if at == inQuery && quoted(before, rest) && !ownQuoting(expr.text) {
			return nil, conf.Field(path, "${%s} stands within quotes: let it end in | odata, | soql, | sosl, | lucene or | like, as the language there wants", expr.text)
		}
		if at != inBody && at != inHeader && strings.Contains(expr.text, ".secrets") {
			return nil, conf.Field(path, "secrets are for headers and bodies, an address is written to logs")
		}
		t.parts = append(t.parts, part{expr: expr})
	}
	flush()
	return t, nil
}

// cutExpression finds the end of an expression: the first brace before which it is a whole one.
func cutExpression(defs *library, s string) (*program, int, error) {
	var first error
	for end := strings.IndexByte(s, '}'); end >= 0; {
		text := strings.TrimSpace(s[:end])
		_, err := gojq.Parse(text)
		if err == nil && text != "" {
			p, err := compile(defs, text)
			if err != nil {
				return nil, 0, fmt.Errorf("${%s}: %w", text, err)
			}
			return p, end + 1, nil
		}
		if first == nil {
			first = err
		}
		next := strings.IndexByte(s[end+1:], '}')
		if next < 0 {
			break
		}
		end += 1 + next
	}
	if first == nil {
		return nil, 0, fmt.Errorf("${ without an expression and }")
	}
	return nil, 0, fmt.Errorf("${%s: %w", s[:min(40, len(s))], first)
}

func quoted(before, after string) bool {
	return strings.Count(before, "'")%2 == 1 || strings.HasSuffix(before, `"`) || strings.HasSuffix(before, "{") && strings.HasPrefix(after, "}")
}

// ownQuoting reports whether an expression ends in a quoting function.
func ownQuoting(expr string) bool {
	last := strings.TrimSpace(expr[strings.LastIndexByte(expr, '|')+1:])
	return slices.Contains(quoting, strings.TrimRight(last, ") "))
}

// value evaluates a template that is a single expression to what that yields, any other to a text.
func (t *template) value(ctx context.Context, scope any) (any, error) {
	if len(t.parts) == 1 && t.parts[0].expr != nil {
		return t.parts[0].expr.run(ctx, scope, scope, 0, nil)
	}
	return t.text(ctx, scope, func(s string) (string, error) { return s, nil })
}

// text joins the parts; encode is for what expressions yield.
func (t *template) text(ctx context.Context, scope any, encode func(string) (string, error)) (string, error) {
	var b strings.Builder
	for _, p := range t.parts {
		if p.expr == nil {
			b.WriteString(p.literal)
			continue
		}
		v, err := p.expr.run(ctx, scope, scope, 0, nil)
		if err != nil {
			return "", err
		}
		s, ok := asText(v)
		if !ok && v != nil {
			return "", fmt.Errorf("${%s} yields no text", p.expr.text)
		}
		if s, err = encode(s); err != nil {
			return "", err
		}
		b.WriteString(s)
	}
	return b.String(), nil
}

// errSegment is the error of a path that an odd key would lead elsewhere: there is no such record.
var errSegment = errs.E(errs.NotFound, "making the address", "there is no such record")

func segment(s string) (string, error) {
	if s == "" || s == "." || s == ".." || strings.ContainsRune(s, 0) {
		return "", errSegment
	}
	return url.PathEscape(s), nil
}

func headerValue(s string) (string, error) {
	if strings.ContainsAny(s, "\r\n\x00") {
		return "", errs.E(errs.Invalid, "making a header", "a header has one line")
	}
	return s, nil
}

// queryEscape encodes a value; a space is %20, which every server reads.
func queryEscape(s string) string { return strings.ReplaceAll(url.QueryEscape(s), "+", "%20") }

// queryKey encodes a key but leaves $filter as it is, since some servers compare before they decode.
func queryKey(s string) string { return strings.ReplaceAll(queryEscape(s), "%24", "$") }

// body is a tree of JSON with templates for texts.
type body struct {
	tree any // map[string]*body, []*body, *template or a plain value
}

func parseBody(defs *library, path string, v any) (*body, error) {
	switch v := v.(type) {
	case string:
		t, err := parseTemplate(defs, path, v, inBody)
		return &body{t}, err
	case map[string]any:
		out := map[string]*body{}
		for k, e := range v {
			b, err := parseBody(defs, conf.Join(path, k), e)
			if err != nil {
				return nil, err
			}
			out[k] = b
		}
		return &body{out}, nil
	case []any:
		out := make([]*body, len(v))
		for i, e := range v {
			b, err := parseBody(defs, fmt.Sprintf("%s[%d]", path, i), e)
			if err != nil {
				return nil, err
			}
			out[i] = b
		}
		return &body{out}, nil
	}
	return &body{v}, nil
}

// render fills the templates in. A key whose expression yields null is left out.
func (b *body) render(ctx context.Context, scope any) (any, error) {
	switch tree := b.tree.(type) {
	case *template:
		return tree.value(ctx, scope)
	case map[string]*body:
		out := make(map[string]any, len(tree))
		for _, k := range slices.Sorted(maps.Keys(tree)) {
			v, err := tree[k].render(ctx, scope)
			if err != nil {
				return nil, err
			}
			if _, expr := tree[k].tree.(*template); v == nil && expr {
				continue
			}
			out[k] = v
		}
		return out, nil
	case []*body:
		out := make([]any, 0, len(tree))
		for _, e := range tree {
			v, err := e.render(ctx, scope)
			if err != nil {
				return nil, err
			}
			out = append(out, v)
		}
		return out, nil
	}
	return b.tree, nil
}
