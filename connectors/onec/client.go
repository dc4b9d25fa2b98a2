package onec

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/netip"
	"net/url"
	"strings"

	"github.com/pult-cc/pult/connectors"
	"github.com/pult-cc/pult/connectors/internal/web"
	"github.com/pult-cc/pult/internal/errs"
)

// client sends requests to the OData interface and sorts what comes back.
type client struct {
	web      *web.Client
	root     *url.URL
	user     string
	password string
}

func newClient(c Config, root *url.URL, networks []netip.Prefix, password string) *client {
	return &client{
		web: web.New(web.Options{
			Hosts: []string{root.Host}, Networks: networks, MaxConns: c.MaxConnections,
			MaxAnswer: int64(c.MaxAnswerBytes), Setting: "max_answer_bytes", Secrets: []string{password},
		}),
		root: root, user: c.User, password: password,
	}
}

// record is one record of an answer.
type record map[string]any

// list asks for many records.
func (c *client) list(ctx context.Context, op string, q query) ([]record, error) {
	body, err := c.send(ctx, op, q.on(c.root))
	if err != nil {
		return nil, err
	}
	var answer struct {
		Value *[]record `json:"value"`
	}
	if err := json.Unmarshal(body, &answer); err != nil {
		return nil, web.NotJSON(op, err)
	}
	if answer.Value == nil {
		return nil, errs.E(errs.Unavailable, op, "the answer is not one of 1C")
	}
	return *answer.Value, nil
}

// one asks for a record by its key.
func (c *client) one(ctx context.Context, op string, q query) (record, error) {
	body, err := c.send(ctx, op, q.on(c.root))
	if err != nil {
		return nil, err
	}
	var r record
	if err := json.Unmarshal(body, &r); err != nil {
		return nil, web.NotJSON(op, err)
	}
	return r, nil
}

// write makes a record (POST) or changes fields of one (PATCH) and returns its key.
func (c *client) write(ctx context.Context, op, method string, q query, fields map[string]any) (string, error) {
	raw, err := json.Marshal(fields)
	if err != nil {
		return "", errs.E(errs.Internal, op, "the record could not be written")
	}
	u := q.on(c.root)
	u.RawQuery = "$format=json"
	body, err := c.ask(ctx, op, method, u, raw)
	if err != nil {
		return "", err
	}
	var r record
	if err := json.Unmarshal(body, &r); err != nil {
		return "", web.NotJSON(op, err)
	}
	key := strings.ToLower(r.str("Ref_Key"))
	if !guidForm.MatchString(key) {
		return "", errs.E(errs.Unavailable, op, "the answer is not one of 1C")
	}
	return key, nil
}

// send sends a GET and returns the JSON of a good answer.
func (c *client) send(ctx context.Context, op string, u *url.URL) ([]byte, error) {
	return c.ask(ctx, op, http.MethodGet, u, nil)
}

func (c *client) ask(ctx context.Context, op, method string, u *url.URL, body []byte) ([]byte, error) {
	req, err := http.NewRequestWithContext(ctx, method, u.String(), bytes.NewReader(body))
	if err != nil {
		return nil, errs.E(errs.Internal, op, "the request could not be made") // err repeats the address, and with it the number
	}
	if body != nil {
		req.Header.Set("Content-Type", "application/json; charset=utf-8")
	} else {
		req.Body, req.GetBody, req.ContentLength = nil, nil, 0
	}
	req.Header.Set("Accept", "application/json")
	if c.user != "" {
		req.SetBasicAuth(c.user, c.password) // UTF-8, the only encoding of a Cyrillic login that works
	}
	answer, err := c.web.Do(ctx, op, req)
	if err != nil {
		return nil, err
	}
	if err := classify(op, answer); err != nil {
		return nil, err
	}
	return answer.Body, nil
}

// platformError is what 1C says in an odata.error.
type platformError struct {
	Status  int
	Code    string
	Message string
}

// Error implements error. The platform repeats keys, numbers and names of a request in its messages, so those are blotted out.
func (e *platformError) Error() string {
	return fmt.Sprintf("1C answered %d, code %s: %s", e.Status, e.Code, web.Scrub(e.Message))
}

// classify tells a good answer from the others.
func classify(op string, answer web.Answer) error {
	status := answer.Status
	platform := platformErrorOf(status, answer.Body)
	fail := func(kind errs.Kind, msg string) error {
		e := &errs.Error{Kind: kind, Op: op, Msg: msg, Err: fmt.Errorf("HTTP status %d", status)}
		if platform != nil {
			e.Err = platform
		}
		if after := web.RetryAfter(answer.Header.Get("Retry-After")); after > 0 {
			e.Err = fmt.Errorf("%w: %w", e.Err, &connectors.RetryAfter{After: after})
		}
		return e
	}
	switch {
	case status == http.StatusUnauthorized:
		return fail(errs.Unauthenticated, "the user name or password was refused")
	case status == http.StatusForbidden:
		return fail(errs.Unauthenticated, "access is forbidden: the account may be locked or lack the right to use OData")
	case status == http.StatusTooManyRequests:
		return fail(errs.RateLimited, "the server asks for fewer requests")
	case status == http.StatusGatewayTimeout: // of a proxy: 1C may still be at it
		return fail(errs.Timeout, "no answer in time")
	case status == http.StatusBadGateway, status == http.StatusServiceUnavailable:
		return fail(errs.Unavailable, "the server is busy or being restarted")
	case platform != nil:
		return fail(platform.kind(), platform.shown())
	case status >= 300 && status < 400:
		return fail(errs.Invalid, "the address leads elsewhere; check base_url")
	case status >= 500:
		return fail(errs.Unavailable, "the web server failed")
	case status == http.StatusNotFound:
		return fail(errs.Unavailable, "there is no 1C at this address")
	case status != http.StatusOK && status != http.StatusCreated:
		return fail(errs.Unavailable, "the web server refused the request")
	case answer.Page():
		return fail(errs.Unavailable, "a web page came instead of data")
	}
	return nil
}

func platformErrorOf(status int, body []byte) *platformError {
	var e struct {
		Error *struct {
			Code    json.RawMessage `json:"code"`
			Message struct {
				Value string `json:"value"`
			} `json:"message"`
		} `json:"odata.error"`
	}
	if json.Unmarshal(body, &e) != nil || e.Error == nil {
		return nil
	}
	return &platformError{Status: status, Code: strings.Trim(string(e.Error.Code), `"`), Message: e.Error.Message.Value}
}

// kind sorts the platform's codes (facts: 9 no such record; 6, 14, 1 the request does not fit the base; 500 with -1 an exception in
// the configuration's own code, which is a business rule and no outage).
func (e *platformError) kind() errs.Kind {
	switch {
	case e.Status == http.StatusNotFound && e.Code == "9":
		return errs.NotFound
	case e.Status >= 500:
		return errs.Rejected
	}
	return errs.Invalid
}

func (e *platformError) shown() string {
	switch {
	case e.kind() == errs.NotFound:
		return "there is no such record"
	case e.kind() == errs.Rejected:
		return "the base refused: " + web.Scrub(e.Message)
	case e.Status == http.StatusNotFound:
		return "the base does not publish what is asked for: " + web.Scrub(e.Message)
	}
	return "the request does not fit this base: " + web.Scrub(e.Message)
}

// refusesPaths reports whether an error may come from a platform that knows no paths through tabular parts.
func refusesPaths(err error) bool {
	var e *platformError
	return errors.As(err, &e) && (e.Status == http.StatusBadRequest || e.Status == http.StatusInternalServerError)
}
