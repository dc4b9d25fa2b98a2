package config

import (
	"context"
	"errors"
	"io"
	"os"
	"strings"

	"github.com/pult-cc/pult/connectors"
	"github.com/pult-cc/pult/internal/errs"
)

// maxSecret is more than any secret has, in bytes.
const maxSecret = 64 << 10

func isReference(s string) bool {
	return strings.HasPrefix(s, "env:") || strings.HasPrefix(s, "file:") || strings.HasPrefix(s, "vault:")
}

// IsReference tells whether s is a secret reference (env:NAME, file:path, vault:path#field) and not a plain value.
func IsReference(s string) bool { return isReference(s) }

// VaultReader reads one field of a secret in Vault. It is injected so that this package imports no Vault.
type VaultReader func(ctx context.Context, path, field string) (string, error)

// Secrets resolves secret references. Its methods may be called concurrently; nothing is kept, so a rotated secret is seen at the
// next call.
type Secrets struct {
	lookupEnv func(string) (string, bool)
	vault     VaultReader
}

var _ connectors.Secrets = (*Secrets)(nil)

// NewSecrets makes a resolver. lookupEnv is os.LookupEnv but for tests; vault may be nil where there is none.
func NewSecrets(lookupEnv func(string) (string, bool), vault VaultReader) *Secrets {
	return &Secrets{lookupEnv: lookupEnv, vault: vault}
}

// Secret implements connectors.Secrets. env:NAME is an environment variable, file:path a file's text without the line break at its
// end, vault:path#field a field in Vault. What is not there is errs.NotFound, a text that is no reference errs.Invalid, a Vault out of
// reach errs.Unavailable. Errors name the reference, never the value.
func (s *Secrets) Secret(ctx context.Context, ref string) (string, error) {
	const op = "resolving secret"
	kind, rest, _ := strings.Cut(ref, ":")
	switch kind {
	case "env":
		v, ok := s.lookupEnv(rest)
		if !ok || v == "" {
			return "", errs.Ef(errs.NotFound, op, "environment variable %s is not set", rest)
		}
		return v, nil
	case "file":
		return readSecretFile(rest)
	case "vault":
		path, field, ok := strings.Cut(rest, "#")
		if !ok || path == "" || field == "" {
			return "", errs.Ef(errs.Invalid, op, "%s must be vault:path#field", ref)
		}
		if s.vault == nil {
			return "", errs.Ef(errs.Invalid, op, "%s needs seal.vault to be configured", ref)
		}
		v, err := s.vault(ctx, path, field)
		if err != nil {
			return "", errs.Wrap(op+" "+ref, err)
		}
		return v, nil
	}
	// The text itself may be a secret that somebody put where a reference belongs.
	return "", errs.E(errs.Invalid, op, "not a reference: write env:NAME, file:path or vault:path#field")
}

func readSecretFile(path string) (string, error) {
	const op = "resolving secret"
	f, err := os.Open(path) //nolint:gosec // the administrator names it
	if errors.Is(err, os.ErrNotExist) {
		return "", errs.Ef(errs.NotFound, op, "there is no file %s", path)
	}
	if err != nil {
		return "", errs.With(errs.Invalid, op, err)
	}
	defer f.Close() //nolint:errcheck // only read
	b, err := io.ReadAll(io.LimitReader(f, maxSecret+1))
	if err != nil {
		return "", errs.With(errs.Invalid, op, err)
	}
	if len(b) > maxSecret {
		return "", errs.Ef(errs.Invalid, op, "%s is larger than 64 KiB", path)
	}
	v := strings.TrimSuffix(strings.TrimSuffix(string(b), "\n"), "\r")
	if v == "" {
		return "", errs.Ef(errs.NotFound, op, "%s is empty", path)
	}
	return v, nil
}

// Resolve returns the value of a setting that may be a plain value or a secret reference.
func (s *Secrets) Resolve(ctx context.Context, value string) (string, error) {
	if !isReference(value) {
		return value, nil
	}
	return s.Secret(ctx, value)
}
