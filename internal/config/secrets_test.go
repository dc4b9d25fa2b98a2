package config

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/pult-cc/pult/internal/errs"
)

func TestSecrets(t *testing.T) {
	dir := t.TempDir()
	write := func(name, text string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	env := map[string]string{"GOOD": "from env", "EMPTY": ""}
	s := NewSecrets(func(n string) (string, bool) { v, ok := env[n]; return v, ok }, func(_ context.Context, path, field string) (string, error) {
		if path != "kv/app" {
			return "", errs.E(errs.Unavailable, "reading", "sealed")
		}
		return "vault " + field, nil
	})
	for ref, want := range map[string]string{
		"env:GOOD":                             "from env",
		"file:" + write("a", "from file\n"):    "from file",
		"file:" + write("b", "two\nlines\r\n"): "two\nlines",
		"file:" + write("c", " spaces stay "):  " spaces stay ",
		"vault:kv/app#password":                "vault password",
	} {
		if got, err := s.Secret(t.Context(), ref); err != nil || got != want {
			t.Errorf("Secret(%s) = %q, %v, want %q", ref, got, err, want)
		}
	}
	for ref, kind := range map[string]errs.Kind{
		"env:ABSENT":               errs.NotFound,
		"env:EMPTY":                errs.NotFound,
		"file:" + dir + "/absent":  errs.NotFound,
		"file:" + write("d", "\n"): errs.NotFound,
		"file:" + dir:              errs.Invalid,
		"file:" + write("e", strings.Repeat("x", 65<<10)): errs.Invalid,
		"vault:kv/app":     errs.Invalid,
		"vault:kv/other#x": errs.Unavailable,
		"hunter2":          errs.Invalid,
		"":                 errs.Invalid,
	} {
		_, err := s.Secret(t.Context(), ref)
		if !errs.Is(err, kind) {
			t.Errorf("Secret(%.40s) = %v, want %s", ref, err, kind)
		}
		if err != nil && strings.Contains(err.Error(), "hunter2") {
			t.Errorf("the error shows the secret: %v", err)
		}
	}
	if _, err := NewSecrets(os.LookupEnv, nil).Secret(t.Context(), "vault:a#b"); !errs.Is(err, errs.Invalid) {
		t.Errorf("without a vault: %v", err)
	}
	if v, err := s.Resolve(t.Context(), "plain"); err != nil || v != "plain" {
		t.Errorf("Resolve = %q, %v", v, err)
	}
}
