// Package scalar says how the scalars of the GraphQL schema look on the wire, and writes lists.
package scalar

import (
	"encoding/json"
	"io"
	"math"
	"strconv"
	"time"

	"github.com/99designs/gqlgen/graphql"

	"github.com/pult-cc/pult/internal/errs"
)

// MarshalTime writes a point in time as RFC 3339 in UTC, to the millisecond.
func MarshalTime(t time.Time) graphql.Marshaler {
	return graphql.WriterFunc(func(w io.Writer) {
		b := make([]byte, 0, 32)
		b = append(b, '"')
		b = t.UTC().AppendFormat(b, "2006-01-02T15:04:05.000Z")
		b = append(b, '"')
		_, _ = w.Write(b) // into a buffer
	})
}

// UnmarshalTime reads RFC 3339.
func UnmarshalTime(v any) (time.Time, error) {
	s, ok := v.(string)
	if !ok {
		return time.Time{}, errs.E(errs.Invalid, "reading time", "a time is a string in RFC 3339")
	}
	t, err := time.Parse(time.RFC3339Nano, s)
	if err != nil {
		return time.Time{}, errs.E(errs.Invalid, "reading time", "not a time in RFC 3339")
	}
	return t.UTC(), nil
}

// MarshalDuration writes a length of time in seconds, to the millisecond.
func MarshalDuration(d time.Duration) graphql.Marshaler {
	return graphql.WriterFunc(func(w io.Writer) {
		b := strconv.AppendFloat(make([]byte, 0, 16), float64(d.Milliseconds())/1000, 'f', -1, 64)
		_, _ = w.Write(b) // into a buffer
	})
}

// UnmarshalDuration reads seconds, possibly fractional.
func UnmarshalDuration(v any) (time.Duration, error) {
	var seconds float64
	switch x := v.(type) {
	case float64:
		seconds = x
	case int64:
		seconds = float64(x)
	case int:
		seconds = float64(x)
	case json.Number:
		f, err := x.Float64()
		if err != nil {
			return 0, errs.E(errs.Invalid, "reading duration", "a duration is a number of seconds")
		}
		seconds = f
	default:
		return 0, errs.E(errs.Invalid, "reading duration", "a duration is a number of seconds")
	}
	if math.IsNaN(seconds) || math.Abs(seconds) > math.MaxInt64/float64(time.Second)/2 {
		return 0, errs.E(errs.Invalid, "reading duration", "a duration is out of range")
	}
	return time.Duration(seconds * float64(time.Second)), nil
}
