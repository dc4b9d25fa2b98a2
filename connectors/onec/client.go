package onec

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/pult-cc/pult/connectors"
	"github.com/pult-cc/pult/internal/errs"
)

// client sends requests to the OData interface and sorts what comes back.
type client struct {
	http      *http.Client
	root      *url.URL
	user      string
	password  string
	maxAnswer int64
}

func newClient(c Config, root *url.URL, password string) *client {
	transport := http.DefaultTransport.(*http.Transport).Clone()
	transport.MaxConnsPerHost = c.MaxConnections
	transport.MaxIdleConnsPerHost = c.MaxConnections
	return &client{
		http: &http.Client{
			Transport: transport,
			// A redirect is a proxy's sign-in page or a wrong address; following it would carry the password elsewhere.
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		},
		root: root, user: c.User, password: password, maxAnswer: int64(c.MaxAnswerBytes),
	}
}

// errTooLong is an answer of which less should have been asked.
var errTooLong = errors.New("answer too long")

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
		return nil, notJSON(op, err)
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
		return nil, notJSON(op, err)
	}
	return r, nil
}

func notJSON(op string, err error) error {
	return &errs.Error{Kind: errs.Unavailable, Op: op, Msg: "the answer was cut off", Err: shapeOf(err)}
}

// shapeOf tells what is wrong with an answer without repeating any of it.
func shapeOf(err error) error {
	var syntax *json.SyntaxError
	if errors.As(err, &syntax) {
		return fmt.Errorf("JSON is broken at byte %d", syntax.Offset)
	}
	var typed *json.UnmarshalTypeError
	if errors.As(err, &typed) {
		return fmt.Errorf("JSON has another type at byte %d", typed.Offset)
	}
	return errors.New("JSON is broken")
}

// send sends a GET and returns the JSON of a good answer.
func (c *client) send(ctx context.Context, op string, u *url.URL) ([]byte, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, u.String(), nil)
	if err != nil {
		return nil, errs.E(errs.Internal, op, "the request could not be made") // err repeats the address, and with it the number
	}
	req.Header.Set("Accept", "application/json")
	req.Header.Set("User-Agent", "Pult")
	if c.user != "" {
		req.SetBasicAuth(c.user, c.password) // UTF-8, the only encoding of a Cyrillic login that works
	}
	resp, err := c.http.Do(req)
	if err != nil {
		return nil, transportError(ctx, op, err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(io.LimitReader(resp.Body, c.maxAnswer+1))
	switch {
	case err != nil && ctx.Err() != nil:
		return nil, transportError(ctx, op, err)
	case err != nil:
		return nil, &errs.Error{Kind: errs.Unavailable, Op: op, Msg: "the answer was cut off", Err: err}
	case int64(len(body)) > c.maxAnswer:
		return nil, &errs.Error{Kind: errs.Invalid, Op: op, Msg: fmt.Sprintf("the answer is longer than max_answer_bytes (%d)", c.maxAnswer), Err: errTooLong}
	}
	body = bytes.TrimSpace(bytes.TrimPrefix(body, []byte("\ufeff")))
	if err := classify(op, resp, body); err != nil {
		return nil, err
	}
	return body, nil
}

// transportError is the error of a request without an answer. A *url.Error repeats the address, and with it the customer's number,
// so only its cause is kept.
func transportError(ctx context.Context, op string, err error) error {
	if ctx.Err() != nil {
		return &errs.Error{Kind: errs.Timeout, Op: op, Msg: "no answer in time", Err: ctx.Err()}
	}
	var wrapped *url.Error
	if errors.As(err, &wrapped) {
		err = wrapped.Err
	}
	var slow interface{ Timeout() bool }
	if errors.As(err, &slow) && slow.Timeout() {
		return &errs.Error{Kind: errs.Timeout, Op: op, Msg: "no answer in time", Err: err}
	}
	return &errs.Error{Kind: errs.Unavailable, Op: op, Msg: "the server does not answer", Err: err}
}

// platformError is what 1C says in an odata.error.
type platformError struct {
	Status  int
	Code    string
	Message string
}

// Error implements error. The platform repeats keys, numbers and names of a request in its messages, so those are blotted out.
func (e *platformError) Error() string {
	return fmt.Sprintf("1C answered %d, code %s: %s", e.Status, e.Code, scrub(e.Message))
}

var personal = regexp.MustCompile(`[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}|[0-9][0-9() .+-]{3,}[0-9]`)

func scrub(s string) string {
	s = personal.ReplaceAllString(s, "…")
	if r := []rune(s); len(r) > 200 {
		s = string(r[:200]) + "…"
	}
	return s
}

// classify tells a good answer from the others.
func classify(op string, resp *http.Response, body []byte) error {
	status := resp.StatusCode
	platform := platformErrorOf(status, body)
	fail := func(kind errs.Kind, msg string) error {
		e := &errs.Error{Kind: kind, Op: op, Msg: msg, Err: fmt.Errorf("HTTP status %d", status)}
		if platform != nil {
			e.Err = platform
		}
		if after := retryAfter(resp.Header.Get("Retry-After")); after > 0 {
			e.Err = fmt.Errorf("%w: %w", e.Err, &connectors.RetryAfter{After: after})
		}
		return e
	}
	page := len(body) > 0 && body[0] == '<'
	switch {
	case status == http.StatusUnauthorized:
		return fail(errs.Unauthenticated, "the user name or password was refused")
	case status == http.StatusForbidden:
		return fail(errs.Unauthenticated, "access is forbidden: the account may be locked or lack the right to use OData")
	case status == http.StatusTooManyRequests:
		return fail(errs.RateLimited, "the server asks for fewer requests")
	case status == http.StatusBadGateway, status == http.StatusServiceUnavailable, status == http.StatusGatewayTimeout:
		return fail(errs.Unavailable, "the server is busy or being restarted")
	case platform != nil:
		return fail(platform.kind(), platform.shown())
	case status >= 300 && status < 400:
		return fail(errs.Invalid, "the address leads elsewhere; check base_url")
	case status >= 500:
		return fail(errs.Unavailable, "the web server failed")
	case status == http.StatusNotFound:
		return fail(errs.Unavailable, "there is no 1C at this address")
	case status != http.StatusOK:
		return fail(errs.Unavailable, "the web server refused the request")
	case page:
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
		return "the base refused: " + scrub(e.Message)
	case e.Status == http.StatusNotFound:
		return "the base does not publish what is asked for: " + scrub(e.Message)
	}
	return "the request does not fit this base: " + scrub(e.Message)
}

// refusesPaths reports whether an error may come from a platform that knows no paths through tabular parts.
func refusesPaths(err error) bool {
	var e *platformError
	return errors.As(err, &e) && (e.Status == http.StatusBadRequest || e.Status == http.StatusInternalServerError)
}

// retryAfter reads the header: seconds or a date (RFC 9110, section 10.2.3).
func retryAfter(h string) time.Duration {
	if n, err := strconv.Atoi(strings.TrimSpace(h)); err == nil && n > 0 {
		return time.Duration(n) * time.Second
	}
	if at, err := http.ParseTime(h); err == nil {
		return max(0, time.Until(at))
	}
	return 0
}
