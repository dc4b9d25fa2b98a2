//go:build ignore

// Command generate_lean changes what gqlgen has no setting for, and what costs a feed much of its time: the generated code writes lists
// by scalar.MarshalList, objects whose fields all stand in them by scalar.Object, without preparing parts that are sent later (@defer),
// and what stands in an object at once, without a recovery and a chain of interceptors of its own: the schema has none, and nothing can
// fail there. A plain value needs no context either; an object does, because something in it may fail, which is told with the path to it.
package main

import (
	"bytes"
	"go/format"
	"log"
	"os"
	"regexp"
)

const path = "generated/generated.go"

// A field that stands in its object as it is, by how gqlgen reads it. Its type is written between before and after.
const (
	before = `(?m)^(func \(ec \*executionContext\) _(\w+?)_\w+\(ctx context\.Context, field graphql\.CollectedField, obj \*?model\.\w+\)) \(ret graphql\.Marshaler\) \{
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
		func\(ctx context\.Context, selections ast\.SelectionSet, v `
	after = `\) graphql\.Marshaler \{
			return ec\.(marshal[^(]+)\(ctx, selections, v\)
		\},
		true,
		(?:true|false),
	\)
\}
`
	// scalarContext follows a field that is a scalar or an enum.
	scalarContext = `(func \(ec \*executionContext\) fieldContext_\w+\(_ context\.Context, field graphql\.CollectedField\) \(fc \*graphql\.FieldContext, err error\) \{
	return graphql\.NewScalarFieldContext\([^\n]*\)
\})$`
)

var (
	lists   = regexp.MustCompile(`graphql\.MarshalSliceConcurrently\(`)
	plain   = regexp.MustCompile(before + `[^\[)][^)]*` + after + scalarContext)
	objects = regexp.MustCompile(before + `(?:\[\])?\*?model\.\w+` + after)
	object  = regexp.MustCompile(`(?ms)^func \(ec \*executionContext\) _\w+\(ctx context\.Context, sel ast\.SelectionSet, obj \*model\.\w+\) graphql\.Marshaler \{\n\tfields := .*?^\}$`)
)

// deferral sends what is to come later. The generated code does so for every object, also where nothing is.
const deferral = "\tatomic.AddInt32(&ec.Deferred, int32(min(len(deferLabelToView), math.MaxInt32)))\n\n" +
	"\tec.ProcessDeferredGroup(graphql.DeferredGroup{\n" +
	"\t\tDefers:   deferLabelToView,\n\t\tPath:     graphql.GetPath(ctx),\n\t\tFieldSet: deferredFieldSet,\n\t\tContext:  ctx,\n\t})\n\n"

// What the function of an object has for fields that are read beside the others, or sent later. Where it has needs, there are some.
var (
	needs = []string{"out.Concurrently(", "deferLabelToView["}
	parts = []struct{ from, to string }{
		{"\tout := graphql.NewFieldSet(fields)\n", "\tout := scalar.NewObject(fields)\n"},
		{"\tdeferredFieldSet := graphql.NewFieldSet(nil)\n\tdeferLabelToView := make(map[string]*graphql.FieldSetView)\n", ""},
		{"\tout.Dispatch(ctx)\n", ""},
		{deferral, ""},
	}
)

// simple writes the function of an object that needs nothing of that without it.
func simple(function []byte) []byte {
	for _, n := range needs {
		if bytes.Contains(function, []byte(n)) {
			return bytes.Replace(function, []byte(deferral), []byte("\tif len(deferLabelToView) > 0 {\n"+deferral+"\t}\n\n"), 1)
		}
	}
	for _, p := range parts {
		if !bytes.Contains(function, []byte(p.from)) {
			log.Fatalf("%s has an object without %q: look how this gqlgen writes them\n%s", path, p.from, function)
		}
		function = bytes.Replace(function, []byte(p.from), []byte(p.to), 1)
	}
	return function
}

func main() {
	code, err := os.ReadFile(path)
	if err != nil {
		log.Fatal(err)
	}
	replace := func(what string, re *regexp.Regexp, by string) {
		if !re.Match(code) {
			log.Fatalf("%s has no %s: look how this gqlgen writes them", path, what)
		}
		code = re.ReplaceAll(code, []byte(by))
	}
	replace("lists", lists, "scalar.MarshalList(")
	replace("plain fields", plain, "$1 graphql.Marshaler {\n\treturn ec.$4(ctx, field.Selections, $3)\n}\n$5")
	replace("fields with objects", objects, "$1 graphql.Marshaler {\n"+
		"\tctx = graphql.WithFieldContext(ctx, &graphql.FieldContext{Object: \"$2\", Field: field})\n"+
		"\treturn ec.$4(ctx, field.Selections, $3)\n}\n")
	if !object.Match(code) {
		log.Fatalf("%s has no objects: look how this gqlgen writes them", path)
	}
	code = object.ReplaceAllFunc(code, simple)
	if code, err = format.Source(code); err != nil {
		log.Fatal(err)
	}
	if err := os.WriteFile(path, code, 0o644); err != nil { //nolint:gosec // source code
		log.Fatal(err)
	}
}
