//go:build ignore

// Command generate_lean changes what gqlgen has no setting for, and what costs a feed much of its time: the generated code writes lists
// by scalar.MarshalList, prepares the deferred part of an object (@defer) only where there is one, and writes a plain value of an object
// at once, without a context, a recovery and a chain of interceptors of its own: nothing can fail there, and the schema has none.
package main

import (
	"bytes"
	"log"
	"os"
	"regexp"
)

const path = "generated/generated.go"

var changes = []struct{ from, to string }{
	{"graphql.MarshalSliceConcurrently(", "scalar.MarshalList("},
	{
		"\tatomic.AddInt32(&ec.Deferred, int32(min(len(deferLabelToView), math.MaxInt32)))\n\n" +
			"\tec.ProcessDeferredGroup(graphql.DeferredGroup{\n" +
			"\t\tDefers:   deferLabelToView,\n\t\tPath:     graphql.GetPath(ctx),\n\t\tFieldSet: deferredFieldSet,\n\t\tContext:  ctx,\n\t})\n",
		"\tif len(deferLabelToView) > 0 {\n" +
			"\t\tatomic.AddInt32(&ec.Deferred, int32(min(len(deferLabelToView), math.MaxInt32)))\n\n" +
			"\t\tec.ProcessDeferredGroup(graphql.DeferredGroup{\n" +
			"\t\t\tDefers:   deferLabelToView,\n\t\t\tPath:     graphql.GetPath(ctx),\n\t\t\tFieldSet: deferredFieldSet,\n\t\t\tContext:  ctx,\n\t\t})\n\t}\n",
	},
}

// plain is a field that is a scalar or an enum, no list, and stands in the object as it is.
var plain = regexp.MustCompile(
	`(?m)^(func \(ec \*executionContext\) _\w+\(ctx context\.Context, field graphql\.CollectedField, obj \*?model\.\w+\)) \(ret graphql\.Marshaler\) \{
	return graphql\.ResolveField\(
		ctx,
		ec\.OperationContext,
		field,
		func\(ctx context\.Context, field graphql\.CollectedField\) \(\*graphql\.FieldContext, error\) \{
			return ec\.fieldContext_\w+\(ctx, field\)
		\},
		func\(ctx context\.Context\) \(any, error\) \{
			return (obj\.\w+), nil
		\},
		nil,
		func\(ctx context\.Context, selections ast\.SelectionSet, v [^\[)][^)]*\) graphql\.Marshaler \{
			return ec\.(marshal\w+)\(ctx, selections, v\)
		\},
		true,
		(?:true|false),
	\)
\}
(func \(ec \*executionContext\) fieldContext_\w+\(_ context\.Context, field graphql\.CollectedField\) \(fc \*graphql\.FieldContext, err error\) \{
	return graphql\.NewScalarFieldContext\([^\n]*\)
\})$`)

func main() {
	code, err := os.ReadFile(path)
	if err != nil {
		log.Fatal(err)
	}
	for _, c := range changes {
		if !bytes.Contains(code, []byte(c.from)) {
			log.Fatalf("%s has no %q: look how this gqlgen writes it", path, c.from)
		}
		code = bytes.ReplaceAll(code, []byte(c.from), []byte(c.to))
	}
	if !plain.Match(code) {
		log.Fatalf("%s has no plain fields: look how this gqlgen writes them", path)
	}
	code = plain.ReplaceAll(code, []byte("$1 graphql.Marshaler {\n\treturn ec.$3(ctx, field.Selections, $2)\n}\n$4"))
	if err := os.WriteFile(path, code, 0o644); err != nil { //nolint:gosec // source code
		log.Fatal(err)
	}
}
