package graph

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"math"
	"runtime/debug"
	"time"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"github.com/pult-cc/pult/internal/errs"
)

// plain is what a kind says where no layer has found better words.
var plain = map[errs.Kind]string{
	errs.Internal:        "internal error",
	errs.Invalid:         "the input is wrong",
	errs.Unauthenticated: "sign in first",
	errs.Forbidden:       "not permitted",
	errs.NotFound:        "not found",
	errs.Conflict:        "not possible now",
	errs.Unavailable:     "not available now, try again",
	errs.Timeout:         "no answer in time",
	errs.RateLimited:     "too many requests, try again later",
	errs.Rejected:        "refused by the other system",
	errs.Unsupported:     "not supported here",
}

// present turns whatever went wrong into what a client may see: extensions.code by kind, fields for wrong input, a wait where there is
// one, and for our own defects nothing but an id under which the cause stands in the log, once.
func (c Core) present(ctx context.Context, err error) *gqlerror.Error {
	out := &gqlerror.Error{Extensions: map[string]any{}}
	var g *gqlerror.Error
	if errors.As(err, &g) {
		out.Path, out.Locations = g.Path, g.Locations
	}
	if out.Path == nil && graphql.GetPathContext(ctx) != nil {
		out.Path = graphql.GetPath(ctx)
	}
	kind, ofGraphQL := kindOf(err, g)
	out.Extensions["code"] = kind.String()
	switch {
	case kind == errs.Internal:
		id := traceID()
		if g != nil && g.Unwrap() != nil {
			err = g.Unwrap()
		}
		c.Log.LogAttrs(ctx, slog.LevelError, "internal error", slog.String("trace", id), slog.String("operation", operationName(ctx)),
			slog.String("path", out.Path.String()), slog.Any("error", err))
		out.Message = plain[kind]
		out.Extensions["traceId"] = id
		return out
	case ofGraphQL:
		out.Message = g.Message
	default:
		if out.Message = errs.Message(err); out.Message == "" {
			out.Message = plain[kind]
		}
		c.Log.LogAttrs(ctx, slog.LevelDebug, "refused", slog.String("code", kind.String()), slog.String("path", out.Path.String()), slog.Any("error", err))
	}
	if fields := errs.FieldsOf(err); len(fields) > 0 {
		out.Extensions["fields"] = maps.Clone(fields)
	}
	var wait interface{ RetryAfter() time.Duration }
	if errors.As(err, &wait) {
		out.Extensions["retryAfter"] = int(math.Ceil(wait.RetryAfter().Seconds()))
	}
	return out
}

// kindOf returns the kind of an error, and whether GraphQL itself made it: a document that does not parse or validate, a variable of a
// wrong type. Such errors carry a code and no cause.
func kindOf(err error, g *gqlerror.Error) (kind errs.Kind, ofGraphQL bool) {
	var e *errs.Error
	if !errors.As(err, &e) && g != nil && g.Unwrap() == nil {
		if code, ok := g.Extensions["code"].(string); ok && code != "" {
			return errs.Invalid, true
		}
	}
	return errs.KindOf(err), false
}

func operationName(ctx context.Context) string {
	if !graphql.HasOperationContext(ctx) {
		return ""
	}
	oc := graphql.GetOperationContext(ctx)
	if oc.OperationName == "" && oc.Operation != nil {
		return oc.Operation.Name
	}
	return oc.OperationName
}

func traceID() string {
	b := make([]byte, 8)
	_, _ = rand.Read(b) // never fails, see crypto/rand
	return hex.EncodeToString(b)
}

// recovered turns a panic into an internal error, with the stack for the log.
func (c Core) recovered(_ context.Context, p any) error {
	return errs.With(errs.Internal, "resolving", fmt.Errorf("panic: %v\n%s", p, debug.Stack()))
}
