package vaultkey

import (
	"context"

	"github.com/hashicorp/vault/api"

	"github.com/pult-cc/pult/internal/errs"
)

// Read returns one field of another secret in the same engine: what a configuration names as vault:path#field. An unknown path or
// field is errs.NotFound, a field that is no text errs.Invalid.
func (s *Source) Read(ctx context.Context, path, field string) (string, error) {
	const op = "reading secret from Vault"
	var secret *api.KVSecret
	err := s.ask(ctx, func(ctx context.Context) error {
		var err error
		secret, err = s.kv.Get(ctx, path)
		return err
	})
	if err := kinded(ctx, err); err != nil {
		return "", errs.Wrap(op, err)
	}
	v, ok := secret.Data[field]
	if !ok {
		return "", errs.Ef(errs.NotFound, op, "the secret %s has no field %s", path, field)
	}
	text, ok := v.(string)
	if !ok {
		return "", errs.Ef(errs.Invalid, op, "field %s of the secret %s is no text", field, path)
	}
	return text, nil
}
