package httpjson

import (
	"context"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"

	"github.com/pult-cc/pult/connectors/internal/conf"
	"github.com/pult-cc/pult/internal/errs"
)

// operation is a compiled Operation.
type operation struct {
	name          string
	steps         []*step
	content       bool
	needsCustomer bool
}

// step is a compiled Step.
type step struct {
	name    string
	when    *program
	each    *program // yields the items
	method  string
	path    *template // nil: nothing is asked
	query   map[string][]*template
	params  *template // yields the query as a whole
	headers map[string]*template
	body    *body
	form    bool
	emptyOn []int
	result  *program
}

func compileOperation(defs *library, name string, o *Operation) (*operation, error) {
	path := "operations." + name
	out := &operation{name: name, content: o.Content, needsCustomer: o.NeedsCustomer}
	steps := o.Steps
	switch {
	case len(steps) == 0:
		steps = []Step{o.Step}
	case o.Path != "" || o.Result != "":
		return nil, conf.Field(path+".steps", "goes without path and result beside it")
	}
	for i, s := range steps {
		at := path
		if len(o.Steps) > 0 {
			at = fmt.Sprintf("%s.steps[%d]", path, i)
		}
		c, err := compileStep(defs, at, s)
		if err != nil {
			return nil, err
		}
		out.steps = append(out.steps, c)
	}
	return out, nil
}

func compileStep(defs *library, path string, s Step) (*step, error) {
	out := &step{name: s.Name, method: strings.ToUpper(s.Method), emptyOn: s.EmptyOn, form: s.Encoding == "form"}
	var err error
	jq := func(field, text string) *program {
		if text == "" || err != nil {
			return nil
		}
		p, e := compile(defs, text)
		if e != nil {
			err = conf.Field(conf.Join(path, field), "%s", e)
		}
		return p
	}
	out.when = jq("when", s.When)
	out.result = jq("result", s.Result)
	switch each := s.Each.(type) {
	case nil:
	case string:
		out.each = jq("each", each)
	case []any:
		text, e := jsonText(each)
		if e != nil {
			return nil, conf.Field(path+".each", "must be a list or a jq expression")
		}
		out.each = jq("each", text)
	default:
		return nil, conf.Field(path+".each", "must be a list or a jq expression")
	}
	if err != nil {
		return nil, err
	}
	if s.Path == "" {
		if s.Result == "" || s.Body != nil || s.Query != nil {
			return nil, conf.Field(path+".path", "is required, such as /api/contacts")
		}
		return out, nil
	}
	return out, out.compileRequest(defs, path, s)
}

func (out *step) compileRequest(defs *library, path string, s Step) (err error) {
	if !strings.HasPrefix(s.Path, "/") {
		return conf.Field(path+".path", "must begin with /; it follows base_url")
	}
	if out.method == "" {
		out.method = http.MethodGet
		if s.Body != nil {
			out.method = http.MethodPost
		}
	}
	if err := conf.OneOf(path+".method", out.method, "GET", "POST", "PUT", "PATCH", "DELETE"); err != nil {
		return err
	}
	if s.Encoding != "" {
		if err := conf.OneOf(path+".encoding", s.Encoding, "json", "form"); err != nil {
			return err
		}
	}
	if out.path, err = parseTemplate(defs, path+".path", s.Path, inPath); err != nil {
		return err
	}
	out.headers = map[string]*template{}
	if err := out.compileQuery(defs, path+".query", s.Query); err != nil {
		return err
	}
	for _, name := range slices.Sorted(maps.Keys(s.Headers)) {
		if out.headers[name], err = parseTemplate(defs, path+".headers."+name, s.Headers[name], inHeader); err != nil {
			return err
		}
	}
	if s.Body != nil {
		out.body, err = parseBody(defs, path+".body", s.Body)
	}
	return err
}

func (out *step) compileQuery(defs *library, path string, query any) (err error) {
	if text, ok := query.(string); ok {
		out.params, err = parseTemplate(defs, path, text, inBody)
		return err
	}
	names, ok := query.(map[string]any)
	if !ok && query != nil {
		return conf.Field(path, "must be names and texts, or a template that yields those")
	}
	out.query = map[string][]*template{}
	for _, name := range slices.Sorted(maps.Keys(names)) {
		values, ok := names[name].([]any)
		if !ok {
			values = []any{names[name]}
		}
		for _, v := range values {
			text, ok := asText(v)
			if !ok {
				return conf.Field(path+"."+name, "must be a text or a list of texts")
			}
			t, err := parseTemplate(defs, path+"."+name, text, inQuery)
			if err != nil {
				return err
			}
			out.query[name] = append(out.query[name], t)
		}
	}
	return nil
}

// run carries an operation out. scope is what it is asked with; it is changed.
func (d *Driver) run(ctx context.Context, op string, o *operation, scope map[string]any) (any, error) {
	scope["settings"], scope["secrets"], scope["ask"] = d.settings, d.secrets, d.limits.Candidates
	if d.ops["session"] == nil || o.name == "session" {
		return d.attempt(ctx, op, o, scope)
	}
	signIn := func(ctx context.Context) (any, error) { return d.run(ctx, op, d.ops["session"], map[string]any{}) }
	for try := 0; ; try++ {
		session, turn, err := d.session.get(ctx, signIn)
		if err != nil {
			return nil, err
		}
		scope["session"] = session
		out, err := d.attempt(ctx, op, o, scope)
		if try > 0 || !errs.Is(err, errs.Unauthenticated) {
			return out, err
		}
		d.session.forget(turn) // it has ended: once more with a new one
	}
}

func (d *Driver) attempt(ctx context.Context, op string, o *operation, scope map[string]any) (any, error) {
	results := map[string]any{}
	scope["steps"] = results
	var last any
	for _, s := range o.steps {
		if s.when != nil {
			v, err := s.when.run(ctx, scope, scope, 0, nil)
			if err != nil {
				return nil, mapping(op, o, err)
			}
			if v == nil || v == false {
				continue
			}
		}
		v, err := d.step(ctx, op, o, s, scope)
		if err != nil {
			return nil, err
		}
		last = v
		if s.name != "" {
			results[s.name] = v
		}
	}
	return last, nil
}

func (d *Driver) step(ctx context.Context, op string, o *operation, s *step, scope map[string]any) (any, error) {
	if s.each == nil {
		return d.once(ctx, op, o, s, scope)
	}
	v, err := s.each.run(ctx, scope, scope, 0, nil)
	if err != nil {
		return nil, mapping(op, o, err)
	}
	items, ok := v.([]any)
	if !ok && v != nil {
		return nil, mapping(op, o, fmt.Errorf("each yields no list"))
	}
	answers := make([]any, len(items))
	err = together(ctx, len(items), d.limits.MaxConnections, func(ctx context.Context, i int) (err error) {
		own := maps.Clone(scope)
		own["item"] = items[i]
		answers[i], err = d.once(ctx, op, o, s, own)
		return err
	})
	if err != nil {
		return nil, err
	}
	out := []any{}
	for _, a := range answers {
		switch a := a.(type) {
		case nil:
		case []any:
			out = append(out, a...)
		default:
			out = append(out, a)
		}
	}
	return out, nil
}

func (d *Driver) once(ctx context.Context, op string, o *operation, s *step, scope map[string]any) (any, error) {
	if s.path == nil {
		v, err := s.result.run(ctx, scope, scope, 0, nil)
		if err != nil {
			return nil, mapping(op, o, err)
		}
		return v, nil
	}
	a, err := d.ask(ctx, op, o, s, scope)
	if err != nil || s.result == nil {
		return a.value, err
	}
	v, err := s.result.run(ctx, a.value, scope, a.status, a.headers)
	if err != nil {
		return nil, mapping(op, o, err)
	}
	return v, nil
}

// mapping is the error of an expression that does not fit the system.
func mapping(op string, o *operation, err error) error {
	if errs.KindOf(err) != errs.Internal {
		return errs.Wrap(op, err)
	}
	return &errs.Error{Kind: errs.Invalid, Op: op, Msg: "the description of operation " + o.name + " does not fit what the system says", Err: err}
}
