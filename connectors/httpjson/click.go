package httpjson

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"io"
	"maps"
	"mime"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/pult-cc/pult/connectors"
	"github.com/pult-cc/pult/connectors/internal/conf"
	"github.com/pult-cc/pult/internal/errs"
)

// Click is what the system sends when somebody clicks a number there. Expressions see {body, query}.
type Click struct {
	Secret string `json:"secret"` // which of secrets a request has to show; without it the connector understands no clicks
	Token  string `json:"token"`  // jq, yields what the request shows
	When   string `json:"when"`   // jq; a request for which it yields false or null is no click
	Result string `json:"result"` // jq, yields {agent, number, customer, key, at} or a list of them; at in seconds of Unix
}

// click is a compiled Click.
type click struct {
	secret              string
	token, when, result *program
}

type clickOut struct {
	Agent    agentOut `json:"agent"`
	Number   text     `json:"number"`
	Customer refOut   `json:"customer"`
	Key      text     `json:"key"`
	Call     refOut   `json:"call"`
	At       text     `json:"at"`
}

// A portal that was away sends what it could not: nobody waits any more for the call of a click that is older than freshness. One that
// is ahead by more than clocks are would be fresh for longer than anybody remembers that it was seen.
const (
	freshness = time.Minute
	ahead     = 5 * time.Minute
)

func compileClick(defs *library, c *Click) (*click, error) {
	if c == nil {
		return nil, nil
	}
	out := &click{secret: c.Secret}
	if c.Secret == "" {
		return nil, conf.Field("operations.click.secret", "is required: anybody could have operators call otherwise")
	}
	for _, f := range []struct {
		field, text string
		to          **program
		need        bool
	}{{"token", c.Token, &out.token, true}, {"when", c.When, &out.when, false}, {"result", c.Result, &out.result, true}} {
		if f.text == "" {
			if f.need {
				return nil, conf.Field("operations.click."+f.field, "is required")
			}
			continue
		}
		p, err := compile(defs, f.text)
		if err != nil {
			return nil, conf.Field("operations.click."+f.field, "%s", err)
		}
		*f.to = p
	}
	return out, nil
}

// clicked is a Driver to a system that sends clicks.
type clicked struct{ *Driver }

// Clicked implements connectors.ClickSource.
func (d clicked) Clicked(ctx context.Context, r *http.Request) ([]connectors.Click, error) {
	const op = "reading a click"
	unproven := errs.E(errs.Unauthenticated, op, "the request does not prove where it comes from")
	scope, err := clickScope(op, r)
	if err != nil {
		return nil, err
	}
	shown, err := d.click.token.run(ctx, scope, scope, 0, nil)
	token, isText := shown.(string)
	want, _ := d.secrets[d.click.secret].(string)
	if err != nil || !isText || want == "" || !equal(token, want) {
		return nil, unproven
	}
	if d.click.when != nil {
		if v, err := d.click.when.run(ctx, scope, scope, 0, nil); err != nil || v == nil || v == false {
			return nil, nil // another event
		}
	}
	v, err := d.click.result.run(ctx, scope, scope, 0, nil)
	if err != nil {
		return nil, &errs.Error{Kind: errs.Invalid, Op: op, Msg: "the description of clicks does not fit what the system sends", Err: err}
	}
	list, err := each[clickOut](v)
	if err != nil {
		return nil, &errs.Error{Kind: errs.Invalid, Op: op, Msg: "the description of clicks does not fit what the system sends", Err: err}
	}
	var out []connectors.Click
	for _, c := range list {
		if c.At != "" {
			at, err := strconv.ParseFloat(string(c.At), 64)
			age := time.Since(time.Unix(int64(at), 0))
			switch {
			case err != nil || age < -ahead:
				return nil, errs.E(errs.Invalid, op, "the time of a click has to be in seconds of Unix, and not to come")
			case age > freshness:
				continue
			}
		}
		one := connectors.Click{
			Agent: connectors.Agent{
				ID: string(c.Agent.ID), Login: string(c.Agent.Login), Name: string(c.Agent.Name), Extension: string(c.Agent.Extension), Email: string(c.Agent.Email),
			},
			Number: string(c.Number), Key: string(c.Key),
		}
		if c.Customer.ID != "" && c.Customer.ID != "0" && d.types[string(c.Customer.Type)].kind != "" {
			one.Customer = d.ref(c.Customer.Type, c.Customer.ID)
		}
		if c.Call.ID != "" {
			one.Call = d.ref(c.Call.Type, c.Call.ID)
		}
		out = append(out, one)
	}
	return out, nil
}

// equal compares without telling by its time how much was right.
func equal(a, b string) bool {
	x, y := sha256.Sum256([]byte(a)), sha256.Sum256([]byte(b))
	return subtle.ConstantTimeCompare(x[:], y[:]) == 1
}

// clickScope reads a request: JSON, or a form whose names nest by brackets, as PHP writes them.
func clickScope(op string, r *http.Request) (map[string]any, error) {
	raw, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, &errs.Error{Kind: errs.Invalid, Op: op, Msg: "the request could not be read", Err: err}
	}
	kind, _, _ := mime.ParseMediaType(r.Header.Get("Content-Type"))
	var body any
	switch kind {
	case "application/json":
		if body, err = conf.Parse(raw); err != nil {
			return nil, errs.E(errs.Invalid, op, "the request is no JSON")
		}
	case "application/x-www-form-urlencoded":
		form, err := url.ParseQuery(string(raw))
		if err != nil {
			return nil, errs.E(errs.Invalid, op, "the request is no form")
		}
		body = nested(form)
	default:
		return nil, errs.E(errs.Invalid, op, "send JSON or a form")
	}
	return map[string]any{"body": body, "query": nested(r.URL.Query())}, nil
}

// deepest is how far names of a form may nest.
const deepest = 5

// nested turns a[b][c]=v into objects in objects. A name that is also the beginning of another is left out, as is one that nests too deep.
func nested(form url.Values) map[string]any {
	out := map[string]any{}
	for _, name := range slices.Sorted(maps.Keys(form)) {
		values := form[name]
		head, rest, _ := strings.Cut(name, "[")
		path := []string{head}
		if rest != "" {
			path = append(path, strings.Split(strings.TrimSuffix(rest, "]"), "][")...)
		}
		if len(path) > deepest || len(values) == 0 {
			continue
		}
		at, fits := out, true
		for _, p := range path[:len(path)-1] {
			if at[p] == nil {
				at[p] = map[string]any{}
			}
			if at, fits = at[p].(map[string]any); !fits {
				break
			}
		}
		if last := path[len(path)-1]; fits && at[last] == nil {
			at[last] = values[0]
		}
	}
	return out
}
