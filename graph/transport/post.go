// Package transport carries GraphQL operations over HTTP POST and over WebSockets.
//
// Both transports are our own. gqlgen's POST does not answer as GraphQL over HTTP asks (status codes by media type, no data entry in
// request errors), and its WebSocket closes with codes of another protocol, waits without bounds for slow browsers, and accepts an
// id twice. Who asks, and from where, is decided before: see package graph.
package transport

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"mime"
	"net/http"
	"strings"
	"time"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"github.com/pult-cc/pult/internal/errs"
)

// Media types of the GraphQL over HTTP specification.
const (
	mediaJSON    = "application/json"
	mediaGraphQL = "application/graphql-response+json"
)

// Post is the graphql.Transport of queries and mutations (GraphQL over HTTP, draft of 2025, §5 and §6). The body is JSON; nothing else
// is accepted, so that no form of a foreign page can be one.
type Post struct {
	MaxBytes int64         // of a body
	Timeout  time.Duration // of one operation
}

var _ graphql.Transport = Post{}

// Supports implements graphql.Transport.
func (p Post) Supports(r *http.Request) bool {
	return r.Method == http.MethodPost && r.Header.Get("Upgrade") == ""
}

// Do implements graphql.Transport.
func (p Post) Do(w http.ResponseWriter, r *http.Request, exec graphql.GraphExecutor) {
	accept := acceptable(r.Header.Get("Accept"))
	if accept == "" {
		reply(w, mediaJSON, http.StatusNotAcceptable, requestError(exec, r.Context(), "the answer is application/json or application/graphql-response+json"))
		return
	}
	if media, params, err := mime.ParseMediaType(r.Header.Get("Content-Type")); err != nil || media != mediaJSON ||
		params["charset"] != "" && !strings.EqualFold(params["charset"], "utf-8") {
		reply(w, accept, http.StatusUnsupportedMediaType, requestError(exec, r.Context(), "the request must be application/json in UTF-8"))
		return
	}
	start := graphql.Now()
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, p.MaxBytes))
	if err != nil {
		status, msg := http.StatusBadRequest, "the request could not be read"
		if tooLarge := (*http.MaxBytesError)(nil); errors.As(err, &tooLarge) {
			status, msg = http.StatusRequestEntityTooLarge, "the request is too large"
		}
		reply(w, accept, status, requestError(exec, r.Context(), msg))
		return
	}
	params, msg := parseParams(body)
	if msg != "" {
		reply(w, accept, http.StatusBadRequest, requestError(exec, r.Context(), msg))
		return
	}
	params.Headers = r.Header
	params.ReadTime = graphql.TraceTiming{Start: start, End: graphql.Now()}

	ctx, cancel := context.WithTimeout(r.Context(), p.Timeout)
	defer cancel()
	op, list := exec.CreateOperationContext(ctx, params)
	if list == nil && op.Operation.Operation == ast.Subscription {
		list = gqlerror.List{asGraphQL(errs.E(errs.Invalid, "reading request", "subscriptions are for WebSockets"))}
	}
	if list != nil {
		// The operation was not executed. application/json cannot tell such an answer from a gateway's, so it stays 200 there (§6.4.1).
		status := http.StatusBadRequest
		if accept == mediaJSON {
			status = http.StatusOK
		}
		reply(w, accept, status, exec.DispatchError(graphql.WithOperationContext(ctx, op), list))
		return
	}
	responses, ctx := exec.DispatchOperation(ctx, op)
	resp := responses(ctx)
	if resp == nil { // only when ctx has ended
		resp = exec.DispatchError(ctx, gqlerror.List{asGraphQL(errs.With(errs.Timeout, "executing operation", ctx.Err()))})
	}
	reply(w, accept, http.StatusOK, resp)
}

// acceptable chooses the media type of the answer, or "". Without a wish it is application/json, as clients of before the
// specification expect.
func acceptable(header string) string {
	if strings.TrimSpace(header) == "" {
		return mediaJSON
	}
	best, bestQ := "", "0"
	for part := range strings.SplitSeq(header, ",") {
		media, params, err := mime.ParseMediaType(part)
		if err != nil {
			continue
		}
		q := params["q"]
		if q == "" {
			q = "1"
		}
		switch media {
		case mediaGraphQL, mediaJSON:
		case "*/*", "application/*":
			media = mediaJSON
		default:
			continue
		}
		if q > bestQ { // "1" > "0.9" > "0.85" > "0": qvalues compare as text (RFC 9110 §12.4.2)
			best, bestQ = media, q
		}
	}
	return best
}

// parseParams reads the parameters of a request (§5.1), strictly. msg says what is wrong.
func parseParams(body []byte) (params *graphql.RawParams, msg string) {
	var raw struct {
		Query         *json.RawMessage `json:"query"`
		OperationName *json.RawMessage `json:"operationName"`
		Variables     *json.RawMessage `json:"variables"`
		Extensions    *json.RawMessage `json:"extensions"`
	}
	if err := json.Unmarshal(body, &raw); err != nil {
		return nil, "the request is not a JSON object"
	}
	p := &graphql.RawParams{}
	if raw.Query == nil || decode(*raw.Query, &p.Query) != nil || p.Query == "" {
		return nil, "query must be a string and not empty"
	}
	if raw.OperationName != nil && decode(*raw.OperationName, &p.OperationName) != nil {
		return nil, "operationName must be a string or null"
	}
	if raw.Variables != nil && decode(*raw.Variables, &p.Variables) != nil {
		return nil, "variables must be an object or null"
	}
	if raw.Extensions != nil && decode(*raw.Extensions, &p.Extensions) != nil {
		return nil, "extensions must be an object or null"
	}
	return p, ""
}

// decode keeps numbers as written: a variable may be an id of many digits.
func decode(raw json.RawMessage, into any) error {
	d := json.NewDecoder(strings.NewReader(string(raw)))
	d.UseNumber()
	return d.Decode(into)
}

func asGraphQL(err error) *gqlerror.Error { return gqlerror.WrapPath(nil, err) }

// requestError is the answer to a request that is none.
func requestError(exec graphql.GraphExecutor, ctx context.Context, msg string) *graphql.Response { //nolint:revive // as gqlgen's
	return exec.DispatchError(ctx, gqlerror.List{asGraphQL(errs.E(errs.Invalid, "reading request", msg))})
}

func reply(w http.ResponseWriter, media string, status int, resp *graphql.Response) {
	h := w.Header()
	h.Set("Content-Type", media+"; charset=utf-8")
	h.Set("Cache-Control", "no-store")
	h.Set("X-Content-Type-Options", "nosniff")
	w.WriteHeader(status)
	_, _ = w.Write(appendResponse(nil, resp)) // the client has gone: nobody to tell
}

// appendResponse writes a response by hand: gqlgen's data is JSON already, and a request error must have no data entry (GraphQL
// §7.1).
func appendResponse(b []byte, resp *graphql.Response) []byte {
	b = append(b, '{')
	if len(resp.Errors) > 0 {
		b = append(b, `"errors":`...)
		b = appendJSON(b, resp.Errors)
	}
	if resp.Data != nil {
		if len(resp.Errors) > 0 {
			b = append(b, ',')
		}
		b = append(b, `"data":`...)
		b = append(b, resp.Data...)
	}
	return append(b, '}')
}

// appendJSON writes what is known to be encodable.
func appendJSON(b []byte, v any) []byte {
	j, err := json.Marshal(v)
	if err != nil {
		return append(b, "null"...)
	}
	return append(b, j...)
}
