package httpjson

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/pult-cc/pult/connectors"
	"github.com/pult-cc/pult/connectors/internal/conf"
	"github.com/pult-cc/pult/connectors/internal/web"
	"github.com/pult-cc/pult/internal/errs"
)

// reply is a good answer.
type reply struct {
	status  int
	headers map[string]any
	value   any
}

// ask sends the request of a step and sorts what comes back. Once, a token that was refused is replaced by a new one.
func (d *Driver) ask(ctx context.Context, op string, o *operation, s *step, scope map[string]any) (reply, error) {
	for try := 0; ; try++ {
		req, err := d.request(ctx, op, o, s, scope)
		if err != nil {
			return reply{}, err
		}
		token, err := d.auth.sign(ctx, op, req)
		if err != nil {
			return reply{}, err
		}
		if err := d.turn(ctx, op, o); err != nil {
			return reply{}, err
		}
		answer, err := d.web.Do(ctx, op, req)
		if err != nil {
			return reply{}, err
		}
		r, err := d.read(ctx, op, o, s, answer)
		if try > 0 || token == 0 || !errs.Is(err, errs.Unauthenticated) {
			return r, err
		}
		d.auth.token.forget(token)
	}
}

// turn waits for a place within the system's limit; what would not be let through in time is refused at once. Signing in is never aside:
// questions wait for it too, whoever began it.
func (d *Driver) turn(ctx context.Context, op string, o *operation) error {
	if d.pace == nil {
		return nil
	}
	err := d.pace.Wait(ctx, connectors.IsAside(ctx) && o.name != "session")
	switch {
	case errors.Is(err, connectors.ErrNoTurn):
		return &errs.Error{Kind: errs.RateLimited, Op: op, Msg: "more requests are waiting than the system takes", Err: err}
	case err != nil:
		return &errs.Error{Kind: errs.Timeout, Op: op, Msg: "no answer in time", Err: err}
	}
	return nil
}

// request makes the request of a step.
func (d *Driver) request(ctx context.Context, op string, o *operation, s *step, scope map[string]any) (*http.Request, error) {
	path, err := s.path.text(ctx, scope, segment)
	if err != nil {
		return nil, mapping(op, o, err)
	}
	query, err := s.queryText(ctx, scope)
	if err != nil {
		return nil, mapping(op, o, err)
	}
	payload, kind, err := s.payload(ctx, scope)
	if err != nil {
		return nil, mapping(op, o, err)
	}
	address := d.base + path
	if query != "" {
		address += "?" + query
	}
	req, err := http.NewRequestWithContext(ctx, s.method, address, bytes.NewReader(payload))
	if err != nil {
		return nil, errs.E(errs.Internal, op, "the request could not be made") // err repeats the address, and with it the number
	}
	req.Header.Set("Accept", "application/json")
	if kind != "" {
		req.Header.Set("Content-Type", kind)
	}
	for _, headers := range []map[string]*template{d.headers, s.headers} {
		for _, name := range slices.Sorted(maps.Keys(headers)) {
			v, err := headers[name].text(ctx, scope, headerValue)
			if err != nil {
				return nil, mapping(op, o, err)
			}
			req.Header.Set(name, v)
		}
	}
	return req, nil
}

// queryText encodes the query, by name. A parameter whose only expression yields null is left out, a list is repeated.
func (s *step) queryText(ctx context.Context, scope any) (string, error) {
	params := map[string]any{}
	if s.params != nil {
		v, err := s.params.value(ctx, scope)
		if err != nil {
			return "", err
		}
		var ok bool
		if params, ok = v.(map[string]any); !ok && v != nil {
			return "", errors.New("query yields no names and values")
		}
	}
	for name, templates := range s.query {
		var values []any
		for _, t := range templates {
			v, err := t.value(ctx, scope)
			if err != nil {
				return "", err
			}
			if list, ok := v.([]any); ok {
				values = append(values, list...)
			} else {
				values = append(values, v)
			}
		}
		params[name] = values
	}
	var out []string
	for _, name := range slices.Sorted(maps.Keys(params)) {
		values, list := params[name].([]any)
		if !list {
			values = []any{params[name]}
		}
		for _, v := range values {
			if v == nil {
				continue
			}
			text, ok := asText(v)
			if !ok {
				return "", fmt.Errorf("query %s yields no text", name)
			}
			out = append(out, queryKey(name)+"="+queryEscape(text))
		}
	}
	return strings.Join(out, "&"), nil
}

func (s *step) payload(ctx context.Context, scope any) ([]byte, string, error) {
	if s.body == nil {
		return nil, "", nil
	}
	v, err := s.body.render(ctx, scope)
	if err != nil {
		return nil, "", err
	}
	if !s.form {
		b, err := json.Marshal(v)
		return b, "application/json", err
	}
	fields, ok := v.(map[string]any)
	if !ok {
		return nil, "", errors.New("a form has names and values")
	}
	form := url.Values{}
	for k, v := range fields {
		text, ok := asText(v)
		if !ok {
			return nil, "", fmt.Errorf("field %s yields no text", k)
		}
		form.Set(k, text)
	}
	return []byte(form.Encode()), "application/x-www-form-urlencoded", nil
}

// errorRule is a compiled ErrorRule.
type errorRule struct {
	status                    []int
	when, message, retryAfter *program
	kind                      errs.Kind
}

// kinds are the kinds that a rule may name.
var kinds = map[string]errs.Kind{
	"unauthenticated": errs.Unauthenticated, "not_found": errs.NotFound, "conflict": errs.Conflict, "unavailable": errs.Unavailable,
	"rate_limited": errs.RateLimited, "rejected": errs.Rejected, "invalid": errs.Invalid, "unsupported": errs.Unsupported,
}

func compileErrors(defs *library, rules []ErrorRule) ([]errorRule, error) {
	var out []errorRule
	for i, r := range rules {
		path := fmt.Sprintf("errors[%d]", i)
		if err := conf.OneOf(path+".kind", r.Kind, slices.Sorted(maps.Keys(kinds))...); err != nil {
			return nil, err
		}
		c := errorRule{status: r.Status, kind: kinds[r.Kind]}
		for field, p := range map[string]struct {
			text string
			into **program
		}{"when": {r.When, &c.when}, "message": {r.Message, &c.message}, "retry_after": {r.RetryAfter, &c.retryAfter}} {
			if p.text == "" {
				continue
			}
			compiled, err := compile(defs, p.text)
			if err != nil {
				return nil, conf.Field(path+"."+field, "%s", err)
			}
			*p.into = compiled
		}
		out = append(out, c)
	}
	return out, nil
}

// read tells a good answer from the others.
func (d *Driver) read(ctx context.Context, op string, o *operation, s *step, a web.Answer) (reply, error) {
	r := reply{status: a.Status, headers: map[string]any{}}
	for k, v := range a.Header {
		r.headers[strings.ToLower(k)] = v[0]
	}
	v, notJSON := conf.Parse(a.Body)
	if notJSON == nil {
		r.value = v
	}
	for _, rule := range d.errors {
		if err := rule.apply(ctx, op, r, a); err != nil {
			return reply{}, err
		}
	}
	if a.Status == http.StatusNoContent || slices.Contains(s.emptyOn, a.Status) {
		r.value = nil
		return r, nil
	}
	if err := usual(op, o, a); err != nil {
		return reply{}, err
	}
	switch {
	case a.Page():
		return reply{}, errs.E(errs.Unavailable, op, "a web page came instead of data")
	case len(a.Body) == 0 && a.Status != http.StatusOK:
		return r, nil
	case notJSON != nil:
		return reply{}, web.NotJSON(op, notJSON)
	}
	return r, nil
}

func (rule errorRule) apply(ctx context.Context, op string, r reply, a web.Answer) error {
	if len(rule.status) > 0 && !slices.Contains(rule.status, r.status) {
		return nil
	}
	if rule.when != nil {
		v, err := rule.when.run(ctx, r.value, nil, r.status, r.headers)
		if err != nil || v == nil || v == false {
			return nil // the answer is none that the rule knows
		}
	}
	e := &errs.Error{Kind: rule.kind, Op: op, Msg: usualMessage(rule.kind), Err: fmt.Errorf("HTTP status %d", r.status)}
	if rule.message != nil {
		if v, err := rule.message.run(ctx, r.value, nil, r.status, r.headers); err == nil {
			if text, ok := asText(v); ok && text != "" {
				e.Msg += ": " + web.Scrub(text)
			}
		}
	}
	after := web.RetryAfter(a.Header.Get("Retry-After"))
	if rule.retryAfter != nil {
		if v, err := rule.retryAfter.run(ctx, r.value, nil, r.status, r.headers); err == nil {
			if text, ok := asText(v); ok {
				if seconds, err := time.ParseDuration(text + "s"); err == nil && seconds > 0 {
					after = seconds
				}
			}
		}
	}
	return withRetryAfter(e, after)
}

func withRetryAfter(e *errs.Error, after time.Duration) error {
	if after > 0 {
		e.Err = fmt.Errorf("%w: %w", e.Err, &connectors.RetryAfter{After: after})
	}
	return e
}

func usualMessage(k errs.Kind) string {
	switch k {
	case errs.Unauthenticated:
		return "the system did not let us in"
	case errs.NotFound:
		return "there is no such record"
	case errs.Conflict:
		return "the system has such a record already"
	case errs.RateLimited:
		return "the system asks for fewer requests"
	case errs.Rejected:
		return "the system refused"
	case errs.Invalid:
		return "the request does not fit the system"
	case errs.Unsupported:
		return "this system cannot do that"
	case errs.Timeout:
		return "no answer in time"
	}
	return "the system is busy or failed"
}

// usual is what a status means where no rule says otherwise.
func usual(op string, o *operation, a web.Answer) error {
	kind := errs.Internal
	switch s := a.Status; {
	case s >= 200 && s < 300:
		return nil
	case s >= 300 && s < 400:
		return &errs.Error{Kind: errs.Invalid, Op: op, Msg: "the address leads elsewhere; check base_url", Err: fmt.Errorf("HTTP status %d", s)}
	case s == http.StatusUnauthorized, s == http.StatusForbidden:
		kind = errs.Unauthenticated
	case s == http.StatusNotFound, s == http.StatusGone:
		if kind = errs.Invalid; o.name == "get" && !a.Page() {
			kind = errs.NotFound
		}
	case s == http.StatusConflict:
		kind = errs.Conflict
	case s == http.StatusTooManyRequests:
		kind = errs.RateLimited
	case s == http.StatusGatewayTimeout: // of a proxy: the system may still be at it
		kind = errs.Timeout
	case s == http.StatusRequestTimeout, s >= 500:
		kind = errs.Unavailable
	case s == http.StatusUnprocessableEntity:
		kind = errs.Rejected
	default:
		kind = errs.Invalid
	}
	e := &errs.Error{Kind: kind, Op: op, Msg: usualMessage(kind), Err: fmt.Errorf("HTTP status %d", a.Status)}
	return withRetryAfter(e, web.RetryAfter(a.Header.Get("Retry-After")))
}
