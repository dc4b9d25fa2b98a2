package ari

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/pult-cc/pult/internal/errs"
)

// errLinkLost is the cause of a command's end when the link was lost under it.
var errLinkLost = errors.New("the link to Asterisk was lost")

// Limits of the HTTP client. Asterisk closes a connection that was idle for 15 s (http.conf session_keep_alive): ours is
// shorter, so that no request meets a dying connection. Connections count against http.conf sessionlimit.
const (
	maxConns      = 32
	idleTimeout   = 10 * time.Second
	maxAnswer     = 16 << 20
	retries       = 2
	retryInterval = 50 * time.Millisecond
)

// restClient makes ARI requests. The library's own knows neither contexts nor deadlines nor the operations of Asterisk 22.
// Bodies and answers are never logged: they hold digest secrets and people's numbers.
type restClient struct {
	base           *url.URL
	user, password string
	http           *http.Client
	transport      *http.Transport
}

func newRESTClient(base *url.URL, o Options) *restClient {
	t := &http.Transport{
		// No proxy: ARI is never beyond one, and a proxy of the environment must not see it.
		MaxConnsPerHost: maxConns, MaxIdleConnsPerHost: maxConns, IdleConnTimeout: idleTimeout,
		ResponseHeaderTimeout: defaultTiming.command, TLSHandshakeTimeout: defaultTiming.command,
		TLSClientConfig: o.TLS,
	}
	return &restClient{
		base: base, user: o.User, password: o.Password, transport: t,
		http: &http.Client{
			Transport: t,
			// Following a redirect would show the credentials to another address.
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		},
	}
}

// request is one ARI request. Path elements and query are escaped by the client.
type request struct {
	method string
	path   []string
	query  url.Values
	body   any
	// creates says that the request names the id of what it creates: it may be sent again, and 409 says that it is there.
	creates bool
}

// statusError is an answer other than 2xx.
type statusError struct {
	status  int
	message string // Asterisk's own words
}

func (e *statusError) Error() string {
	return fmt.Sprintf("Asterisk answered %d: %s", e.status, e.message)
}

// statusOf returns the HTTP status of an answer, 0 when there was none.
func statusOf(err error) int {
	var s *statusError
	if errors.As(err, &s) {
		return s.status
	}
	return 0
}

// do makes a request within ctx and decodes the answer into out, unless out is nil. A request that can be sent twice without
// harm is sent again after a failure of the connection. Answers other than 2xx are *statusError.
func (c *restClient) do(ctx context.Context, r request, out any) error {
	var body []byte
	if r.body != nil {
		var err error
		if body, err = json.Marshal(r.body); err != nil {
			return fmt.Errorf("encoding request: %w", err)
		}
	}
	again := r.creates || r.method != http.MethodPost
	for try := 0; ; try++ {
		err := c.once(ctx, r, body, out)
		if err == nil || statusOf(err) != 0 || !again || try == retries || ctx.Err() != nil {
			return err
		}
		timer := time.NewTimer(retryInterval << try)
		select {
		case <-ctx.Done():
			timer.Stop()
			return err
		case <-timer.C:
		}
	}
}

func (c *restClient) once(ctx context.Context, r request, body []byte, out any) error {
	u := *c.base
	escaped := make([]string, 0, len(r.path))
	for _, p := range r.path {
		escaped = append(escaped, url.PathEscape(p))
	}
	u.RawPath = c.base.EscapedPath() + "/" + strings.Join(escaped, "/")
	u.Path = c.base.Path + "/" + strings.Join(r.path, "/")
	u.RawQuery = r.query.Encode()
	req, err := http.NewRequestWithContext(ctx, r.method, u.String(), bytes.NewReader(body))
	if err != nil {
		return fmt.Errorf("making request: %w", err)
	}
	req.SetBasicAuth(c.user, c.password)
	if body != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	resp, err := c.http.Do(req)
	if err != nil {
		// The URL may hold what must not be logged: keep the reason only.
		var ue *url.Error
		if errors.As(err, &ue) {
			err = ue.Err
		}
		return fmt.Errorf("asking Asterisk: %w", err)
	}
	defer resp.Body.Close()
	answer, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswer))
	if err != nil {
		return fmt.Errorf("reading Asterisk's answer: %w", err)
	}
	if resp.StatusCode < 200 || resp.StatusCode > 299 {
		var e struct{ Message, Error string }
		if json.Unmarshal(answer, &e) != nil || e.Message+e.Error == "" {
			e.Message = http.StatusText(resp.StatusCode)
		}
		return &statusError{status: resp.StatusCode, message: e.Message + e.Error}
	}
	if out == nil {
		return nil
	}
	if err := json.Unmarshal(answer, out); err != nil {
		return fmt.Errorf("decoding Asterisk's answer: %w", err)
	}
	return nil
}

// fail gives an error of do its kind. It is the one place that knows what an answer means for a leg's command.
func fail(ctx context.Context, op string, err error) error {
	if err == nil {
		return nil
	}
	e := errs.With(errs.Unavailable, op, err)
	switch status := statusOf(err); {
	case status == http.StatusNotFound:
		e.Kind, e.Msg = errs.Conflict, "the call has ended"
	case status == http.StatusConflict, status == http.StatusPreconditionFailed, status == http.StatusUnprocessableEntity:
		e.Kind, e.Msg = errs.Conflict, "the call's state does not allow it"
	case status == http.StatusBadRequest:
		e.Kind, e.Msg = errs.Invalid, "Asterisk does not understand the request"
	case status == http.StatusUnauthorized, status == http.StatusForbidden:
		e.Msg = "Asterisk refuses Pult's ARI user"
	case status != 0:
		e.Msg = "Asterisk failed"
	case errors.Is(context.Cause(ctx), errLinkLost):
		e.Msg = errLinkLost.Error()
	case ctx.Err() != nil, isTimeout(err):
		e.Kind, e.Msg = errs.Timeout, "Asterisk does not answer"
	default:
		e.Msg = "Asterisk cannot be reached"
	}
	return e
}

// isTimeout reports whether err is a deadline, ours or the transport's.
func isTimeout(err error) bool {
	var t interface{ Timeout() bool }
	return errors.As(err, &t) && t.Timeout()
}
