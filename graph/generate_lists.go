//go:build ignore

// Command generate_lists makes the generated code write lists by scalar.MarshalList; gqlgen has no setting for it.
package main

import (
	"bytes"
	"log"
	"os"
)

func main() {
	const path = "generated/generated.go"
	code, err := os.ReadFile(path)
	if err != nil {
		log.Fatal(err)
	}
	const from, to = "graphql.MarshalSliceConcurrently(", "scalar.MarshalList("
	if !bytes.Contains(code, []byte(from)) {
		log.Fatalf("%s has no %q: look how this gqlgen writes lists", path, from)
	}
	if err := os.WriteFile(path, bytes.ReplaceAll(code, []byte(from), []byte(to)), 0o644); err != nil {
		log.Fatal(err)
	}
}
