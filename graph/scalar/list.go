package scalar

import (
	"context"

	"github.com/99designs/gqlgen/graphql"
)

// MarshalList stands in generated code for graphql.MarshalSliceConcurrently, which starts a goroutine an element. What our lists hold is
// in memory: handing the two legs of a call to other threads, and waiting for these, takes longer than writing them. A list of customers
// with their histories, which no page asks for, reads one history after the other.
func MarshalList(ctx context.Context, length int, _ int64, _ bool, element func(ctx context.Context, i int) graphql.Marshaler) graphql.Array {
	list := make(graphql.Array, length)
	for i := range list {
		ctx := graphql.WithFieldContext(ctx, &graphql.FieldContext{Index: &i})
		if !marshalOne(ctx, &list[i], i, element) {
			return nil
		}
	}
	return list
}

func marshalOne(ctx context.Context, into *graphql.Marshaler, i int, element func(context.Context, int) graphql.Marshaler) (ok bool) {
	defer func() {
		if p := recover(); p != nil {
			graphql.AddError(ctx, graphql.Recover(ctx, p))
			ok = false
		}
	}()
	*into = element(ctx, i)
	return true
}
