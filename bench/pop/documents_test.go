package main

import (
	"strings"
	"testing"
)

func TestOperationBringsItsFragmentsOnce(t *testing.T) {
	d := documents{}
	d.read("# a comment\nquery A {\n  x {\n    ...F\n    ...G\n    ... on T {\n      y\n    }\n  }\n}\n\nfragment F on X {\n  ...G\n}\n")
	d.read("fragment G on X {\n  id\n}\nfragment H on X {\n  id\n}\n")
	text, err := d.operation("A")
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]int{"query A": 1, "fragment F": 1, "fragment G": 1, "fragment H": 0} {
		if got := strings.Count(text, name); got != want {
			t.Errorf("%s is there %d times, want %d:\n%s", name, got, want, text)
		}
	}
	if _, err := d.operation("B"); err == nil {
		t.Error("an unknown operation is an error")
	}
}

func TestTheWorkspaceHasWhatIsMeasured(t *testing.T) {
	d, err := readDocuments()
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{feedDocument, "SignIn", "StartPhone", "SetAvailability"} {
		if _, err := d.operation(name); err != nil {
			t.Error(err)
		}
	}
}
