// Package errs gives every error of Pult a kind, an operation and a message fit to show to a person.
//
// Programs act upon the kind, never upon the text. A driver returns errors with a kind; each layer may add its operation
// with Wrap; the edges (GraphQL presenter, log) turn the kind into a code. The package knows nothing else of Pult.
package errs

import (
	"context"
	"errors"
	"fmt"
	"strings"
)

// Kind is the category of an error. Kinds are append-only.
type Kind int

// The kinds, and what a caller may conclude from each.
const (
	Internal        Kind = iota // a defect of ours: nothing the caller can do
	Invalid                     // the input is wrong; Fields say where; sending it again fails again
	Unauthenticated             // who is calling is unknown
	Forbidden                   // known, and not permitted
	NotFound                    // the named thing does not exist, or must not be known to exist
	Conflict                    // the thing's state does not allow it (the call has ended): read again, then decide
	Unavailable                 // a part is down or not ready; the same request may succeed later
	Timeout                     // no answer in time; whether it was carried out is unknown
	RateLimited                 // too many requests; wait
	Rejected                    // a foreign system's business rule refused; not an outage
	Unsupported                 // this driver lacks the capability
)

var kindNames = [...]string{
	"INTERNAL", "BAD_USER_INPUT", "UNAUTHENTICATED", "FORBIDDEN", "NOT_FOUND", "CONFLICT",
	"UNAVAILABLE", "TIMEOUT", "RATE_LIMITED", "REJECTED", "UNSUPPORTED",
}

// String returns the stable code of the kind, as the GraphQL API shows it.
func (k Kind) String() string {
	if k < 0 || int(k) >= len(kindNames) {
		return "INTERNAL"
	}
	return kindNames[k]
}

// ParseKind is the inverse of String; an unknown code is Internal.
func ParseKind(code string) Kind {
	for i, n := range kindNames {
		if n == code {
			return Kind(i)
		}
	}
	return Internal
}

// Error is an error with a kind. It is immutable once returned.
type Error struct {
	Kind   Kind
	Op     string            // what was being done, as a gerund: "originating leg"
	Msg    string            // fit to show to the user: no secret, no full phone number; may be empty
	Fields map[string]string // Invalid only: input field path to what is wrong with it
	Err    error             // the cause, for the log only
}

// Error implements error. The text is for logs.
func (e *Error) Error() string {
	var b strings.Builder
	b.WriteString(e.Op)
	if e.Msg != "" {
		if b.Len() > 0 {
			b.WriteString(": ")
		}
		b.WriteString(e.Msg)
	}
	if e.Err != nil {
		if b.Len() > 0 {
			b.WriteString(": ")
		}
		b.WriteString(e.Err.Error())
	}
	if b.Len() == 0 {
		return e.Kind.String()
	}
	return b.String()
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }

// E makes an error of a kind with a message fit to show.
func E(kind Kind, op, msg string) *Error { return &Error{Kind: kind, Op: op, Msg: msg} }

// Ef is E with formatting.
func Ef(kind Kind, op, format string, args ...any) *Error {
	return &Error{Kind: kind, Op: op, Msg: fmt.Sprintf(format, args...)}
}

// With makes an error of a kind around a cause.
func With(kind Kind, op string, err error) *Error { return &Error{Kind: kind, Op: op, Err: err} }

// Field makes an Invalid error that names the input field.
func Field(op, field, msg string) *Error {
	return &Error{Kind: Invalid, Op: op, Msg: field + ": " + msg, Fields: map[string]string{field: msg}}
}

// Wrap adds an operation to an error and keeps its kind. It returns nil for a nil error.
func Wrap(op string, err error) error {
	if err == nil {
		return nil
	}
	return &Error{Kind: KindOf(err), Op: op, Err: err, Msg: "", Fields: nil}
}

// KindOf returns the kind of the outermost Error in the chain; a bare context error is Timeout; anything else is Internal.
func KindOf(err error) Kind {
	var e *Error
	switch {
	case errors.As(err, &e):
		return e.Kind
	case errors.Is(err, context.DeadlineExceeded), errors.Is(err, context.Canceled):
		return Timeout
	}
	return Internal
}

// Is reports whether err has the kind.
func Is(err error, kind Kind) bool { return err != nil && KindOf(err) == kind }

// Message returns the innermost message fit to show, or "" where no layer gave one.
func Message(err error) string {
	msg := ""
	for err != nil {
		var e *Error
		if !errors.As(err, &e) {
			break
		}
		if e.Msg != "" {
			msg = e.Msg
		}
		err = e.Err
	}
	return msg
}

// FieldsOf joins the named fields of every Error in the chain.
func FieldsOf(err error) map[string]string {
	out := map[string]string{}
	var walk func(error)
	walk = func(err error) {
		if err == nil {
			return
		}
		if e, ok := err.(*Error); ok {
			for k, v := range e.Fields {
				out[k] = v
			}
		}
		switch u := err.(type) {
		case interface{ Unwrap() error }:
			walk(u.Unwrap())
		case interface{ Unwrap() []error }:
			for _, c := range u.Unwrap() {
				walk(c)
			}
		}
	}
	walk(err)
	return out
}
