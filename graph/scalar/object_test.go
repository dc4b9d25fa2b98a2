package scalar_test

import (
	"strings"
	"testing"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"

	"github.com/pult-cc/pult/graph/scalar"
)

func TestObject(t *testing.T) {
	named := func(names ...string) []graphql.CollectedField {
		var out []graphql.CollectedField
		for _, n := range names {
			out = append(out, graphql.CollectedField{Field: &ast.Field{Alias: n}})
		}
		return out
	}
	for want, fields := range map[string][]graphql.CollectedField{
		"{}":                        nil,
		`{"a":"0","b_1":"1"}`:       named("a", "b_1"),
		`{"a":"0","b":"1"}`:         named("a", "b", "a"),
		`{"a":"0","b":"2"}`:         named("a", "a", "b"),
		`{"a":"0","b":"1","c":"3"}`: named("a", "b", "b", "c"),
	} {
		o := scalar.NewObject(fields)
		for i := range fields {
			o.Values[i] = graphql.MarshalString(string(rune('0' + i)))
		}
		var b strings.Builder
		o.MarshalGQL(&b)
		if b.String() != want {
			t.Errorf("got %s, want %s", b.String(), want)
		}
	}
}
