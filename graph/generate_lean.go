//go:build ignore

// Command generate_lean changes what gqlgen has no setting for, and what costs a feed much of its time: the generated code writes lists
// by scalar.MarshalList, and prepares the deferred part of an object (@defer) only where there is one.
package main

import (
	"bytes"
	"log"
	"os"
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
	if err := os.WriteFile(path, code, 0o644); err != nil { //nolint:gosec // source code
		log.Fatal(err)
	}
}
