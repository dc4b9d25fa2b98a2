package trace

import (
	"context"
	"net/http"
)

// Exchange is an HTTP request with its answer, whole and unmasked: nothing that may be shown or kept as it is.
type Exchange struct {
	Method  string
	URL     string
	Header  http.Header
	Body    []byte
	Status  int
	Answer  http.Header
	Payload []byte // of the answer
}

type tapKey struct{}

// WithTap returns a context whose finished exchanges are handed to tap, from many goroutines.
func WithTap(ctx context.Context, tap func(Exchange)) context.Context {
	return context.WithValue(ctx, tapKey{}, tap)
}

// Tap returns what exchanges are handed to, or nil.
func Tap(ctx context.Context) func(Exchange) {
	tap, _ := ctx.Value(tapKey{}).(func(Exchange))
	return tap
}
