package plugin_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/pult-cc/pult/connectors/connectortest"
	"github.com/pult-cc/pult/connectors/plugin"
)

const guide = "../../docs/connectors/plugins.md"

// block returns the first block of code in a language.
func block(t *testing.T, language string) string {
	t.Helper()
	text, err := os.ReadFile(guide)
	if err != nil {
		t.Fatal(err)
	}
	_, rest, ok := strings.Cut(string(text), "```"+language+"\n")
	code, _, closed := strings.Cut(rest, "```\n")
	if !ok || !closed {
		t.Fatalf("%s has no %s in it", guide, language)
	}
	return code
}

func keep(t *testing.T, path, text string) string {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// What the guide shows is what works, word for word.
func TestThePlugInsOfTheGuideWork(t *testing.T) {
	dir := t.TempDir()
	program := filepath.Join(dir, "acme-crm")
	source := keep(t, filepath.Join(dir, "main.go"), block(t, "go"))
	if out, err := exec.CommandContext(t.Context(), "go", "build", "-o", program, source).CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	node := sampleNode(t)
	modules, err := filepath.Abs("../../examples/plugins/node/node_modules")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(modules, filepath.Join(dir, "node_modules")); err != nil {
		t.Fatal(err)
	}
	proto, err := os.ReadFile("proto/pult/connector/v1/connector.proto")
	if err != nil {
		t.Fatal(err)
	}
	keep(t, filepath.Join(dir, "connector.proto"), string(proto))
	node.Args = []string{keep(t, filepath.Join(dir, "main.mjs"), block(t, "js"))}
	for name, s := range map[string]plugin.Settings{"go": {Command: program}, "node": node} {
		t.Run(name, func(t *testing.T) {
			s.Secrets = map[string]string{"token": "env:CRM"}
			d := open(t, s, plugin.Options{})
			found, err := d.Lookup(t.Context(), connectortest.Query("4950123401"))
			if err != nil || len(found) != 1 || found[0].Name != "Василёк" || d.About().Name != "acme-crm" {
				t.Errorf("found %+v, %v", found, err)
			}
			if found, err := d.Lookup(t.Context(), connectortest.Query("4950123402")); err != nil || len(found) != 0 {
				t.Errorf("nobody: %+v, %v", found, err)
			}
		})
	}
}
