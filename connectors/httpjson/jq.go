package httpjson

import (
	"context"
	"crypto/sha1"
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/itchyny/gojq"

	"github.com/pult-cc/pult/connectors/internal/number"
	"github.com/pult-cc/pult/connectors/internal/web"
	"github.com/pult-cc/pult/internal/errs"
)

// program is a compiled jq expression. "." is what it is given, $in what the operation was asked with.
type program struct {
	code *gojq.Code
	text string
}

//go:embed prelude.jq
var prelude string

// library is definitions that expressions may use: the prelude's and a description's own.
type library struct {
	defs  []*gojq.FuncDef
	texts []string
}

func newLibrary(own string) (*library, error) {
	q, err := gojq.Parse(prelude + own + "\n.")
	if err != nil {
		return nil, err
	}
	l := &library{defs: q.FuncDefs}
	for _, d := range q.FuncDefs {
		l.texts = append(l.texts, d.String())
	}
	return l, nil
}

// needed returns the definitions that a text may call, in order. Compiling all of them for each of a hundred expressions would take
// longer than anything else here.
func (l *library) needed(text string) []*gojq.FuncDef {
	var out []*gojq.FuncDef
	for i := len(l.defs) - 1; i >= 0; i-- {
		if strings.Contains(text, l.defs[i].Name) {
			out = append(out, l.defs[i])
			text += l.texts[i]
		}
	}
	slices.Reverse(out)
	return out
}

// compile compiles an expression that may use the library.
func compile(l *library, text string) (*program, error) {
	q, err := gojq.Parse(text)
	if err != nil {
		return nil, err
	}
	q.FuncDefs = append(l.needed(text), q.FuncDefs...)
	options := []gojq.CompilerOption{gojq.WithVariables([]string{"$in", "$status", "$headers"})}
	for name, f := range textFunctions {
		options = append(options, gojq.WithFunction(name, 0, 0, func(v any, _ []any) any {
			s, ok := asText(v)
			if !ok {
				return fmt.Errorf("%s wants a text", name)
			}
			return f(s)
		}))
	}
	options = append(options, gojq.WithFunction("tails", 1, 1, func(v any, args []any) any {
		s, _ := asText(v)
		region, _ := asText(args[0])
		out := []any{}
		for _, t := range number.Tails(region, number.Digits(s)) {
			out = append(out, t)
		}
		return out
	}))
	code, err := gojq.Compile(q, options...)
	if err != nil {
		return nil, err
	}
	return &program{code, text}, nil
}

// textFunctions are what expressions may do to a text beside jq's own. The quoting ones make it safe within another language.
var textFunctions = map[string]func(string) any{
	"digits": func(s string) any { return number.Digits(s) },
	"spread": func(s string) any { return number.Spread(number.Digits(s)) },
	"uuid":   func(s string) any { return uuid(s) },
	"lower":  func(s string) any { return strings.ToLower(s) },
	// quoting
	"odata":     func(s string) any { return strings.ReplaceAll(s, "'", "''") },
	"soql":      func(s string) any { return soql.Replace(s) },
	"soql_like": func(s string) any { return strings.NewReplacer("%", `\%`, "_", `\_`).Replace(soql.Replace(s)) },
	"sosl":      func(s string) any { return escapeAny(s, `?&|!{}[]()^~*:\"'+-`) },
	"lucene":    func(s string) any { return escapeAny(s, `+-=&|><!(){}[]^"~*?:\/ `) },
	"like":      func(s string) any { return escapeAny(s, `%_\`) },
}

// quoting are the functions after which a text may stand within the quotes of another language.
var quoting = []string{"odata", "soql", "soql_like", "sosl", "lucene", "like", "digits", "spread", "uuid", "@json", "@uri", "@html"}

var soql = strings.NewReplacer(`\`, `\\`, `'`, `\'`, `"`, `\"`, "\n", `\n`, "\r", `\r`, "\t", `\t`)

func escapeAny(s, special string) string {
	var b strings.Builder
	for _, r := range s {
		if strings.ContainsRune(special, r) {
			b.WriteByte('\\')
		}
		b.WriteRune(r)
	}
	return b.String()
}

// uuid makes the same UUID of the same text (version 5, RFC 9562), for systems where the caller may choose a record's key.
func uuid(s string) string {
	h := sha1.New()
	h.Write([]byte("pult\x00" + s))
	u := h.Sum(nil)[:16]
	u[6], u[8] = u[6]&0x0f|0x50, u[8]&0x3f|0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", u[:4], u[4:6], u[6:8], u[8:10], u[10:])
}

func asText(v any) (string, bool) {
	switch v := v.(type) {
	case string:
		return v, true
	case json.Number:
		return v.String(), true
	case int:
		return strconv.Itoa(v), true
	case float64:
		return strconv.FormatFloat(v, 'f', -1, 64), true
	case bool:
		return strconv.FormatBool(v), true
	case fmt.Stringer: // *big.Int
		return v.String(), true
	}
	return "", false
}

// run evaluates: nothing is nil, one output itself, several are a list.
func (p *program) run(ctx context.Context, input, in any, status int, headers map[string]any) (any, error) {
	if headers == nil {
		headers = map[string]any{}
	}
	iter := p.code.RunWithContext(ctx, input, in, status, headers)
	var out []any
	for {
		v, ok := iter.Next()
		if !ok {
			break
		}
		if err, failed := v.(error); failed {
			var halt *gojq.HaltError
			if errors.As(err, &halt) && halt.Value() == nil {
				break
			}
			return nil, discreet(ctx, err)
		}
		out = append(out, v)
	}
	switch len(out) {
	case 0:
		return nil, nil
	case 1:
		return out[0], nil
	}
	return out, nil
}

// discreet keeps of jq's error what was done, and leaves out to what: it repeats values, and they are people's.
func discreet(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return &errs.Error{Kind: errs.Timeout, Msg: "no answer in time", Err: ctx.Err()}
	}
	var raised gojq.ValueError
	if errors.As(err, &raised) {
		if v, ok := raised.Value().(map[string]any); ok { // error({kind: "unauthenticated", message: "…"})
			name, _ := asText(v["kind"])
			message, _ := asText(v["message"])
			if kind, known := kinds[name]; known {
				if message == "" {
					message = usualMessage(kind)
				}
				return errs.E(kind, "reading the answer", web.Scrub(message))
			}
		}
	}
	text, _, _ := strings.Cut(err.Error(), " (")
	text, _, _ = strings.Cut(text, ": ")
	return errors.New("jq: " + web.Scrub(text))
}
