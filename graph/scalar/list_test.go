package scalar_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/99designs/gqlgen/graphql"

	"github.com/pult-cc/pult/graph/scalar"
)

// TestListWaitsForNobody: elements are written one after the other by who asks; a list of two was once handed to two more threads.
func TestListWaitsForNobody(t *testing.T) {
	var order []int // not guarded: the race detector sees any other goroutine
	list := scalar.MarshalList(t.Context(), 3, 0, false, func(ctx context.Context, i int) graphql.Marshaler {
		order = append(order, i)
		if at := graphql.GetFieldContext(ctx).Index; at == nil || *at != i {
			t.Errorf("element %d has the index %v", i, at)
		}
		return graphql.MarshalInt(10 * i)
	})
	var out strings.Builder
	list.MarshalGQL(&out)
	if out.String() != "[0,10,20]" || !slices.Equal(order, []int{0, 1, 2}) {
		t.Errorf("wrote %s in the order %v", &out, order)
	}
	if empty := scalar.MarshalList(t.Context(), 0, 0, false, nil); empty == nil || len(empty) != 0 {
		t.Errorf("an empty list is %v", empty)
	}
}

// TestListWithAnElementThatPanics is null with an error, as gqlgen has it.
func TestListWithAnElementThatPanics(t *testing.T) {
	ctx := graphql.WithResponseContext(t.Context(), graphql.DefaultErrorPresenter, func(context.Context, any) error { return errors.New("mended") })
	list := scalar.MarshalList(ctx, 2, 0, false, func(_ context.Context, i int) graphql.Marshaler { panic(i) })
	if list != nil {
		t.Errorf("got %v", list)
	}
	if errs := graphql.GetErrors(ctx); len(errs) != 1 || errs[0].Message != "mended" {
		t.Errorf("errors are %v", errs)
	}
}
