package vaultkey

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"

	"github.com/hashicorp/vault/api"

	"github.com/pult-cc/pult/internal/errs"
	"github.com/pult-cc/pult/internal/seal"
)

// field of the secret holds the key: 32 bytes in base64.
const field = "key"

// fetch reads a version; 0 is the newest.
func (s *Source) fetch(ctx context.Context, v uint32) (seal.Key, error) {
	var secret *api.KVSecret
	err := s.ask(ctx, func(ctx context.Context) (err error) {
		if v == 0 {
			secret, err = s.kv.Get(ctx, s.opts.Path)
		} else {
			secret, err = s.kv.GetVersion(ctx, s.opts.Path, int(v))
		}
		return err
	})
	if err != nil {
		return seal.Key{}, err
	}
	if secret.Data == nil { // deleted or destroyed: only what is known about it is left
		return seal.Key{}, errs.E(errs.NotFound, "", "the version has been deleted in Vault")
	}
	var k seal.Key
	text, _ := secret.Data[field].(string)
	raw, err := base64.StdEncoding.DecodeString(text)
	defer clear(raw)
	if err != nil || len(raw) != len(k.Bytes) || secret.VersionMetadata == nil {
		return seal.Key{}, errs.Ef(errs.Invalid, "", "the secret at %s/%s is no sealing key", s.opts.Mount, s.opts.Path)
	}
	k.Version = uint32(secret.VersionMetadata.Version)
	copy(k.Bytes[:], raw)
	return k, nil
}

// put writes a key and returns the version that Vault gave it.
func (s *Source) put(ctx context.Context, key []byte, after uint32) (version uint32, err error) {
	data := map[string]any{field: base64.StdEncoding.EncodeToString(key)}
	err = s.ask(ctx, func(ctx context.Context) error {
		secret, err := s.kv.Put(ctx, s.opts.Path, data, api.WithCheckAndSet(int(after)))
		switch {
		case err != nil:
			return err
		case secret.VersionMetadata == nil:
			return errors.New("vault does not say which version it wrote")
		}
		version = uint32(secret.VersionMetadata.Version)
		return nil
	})
	return version, err
}

// ask puts a question to Vault, signing in when there is no valid token, and gives errors their kind.
func (s *Source) ask(ctx context.Context, question func(context.Context) error) error {
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	token := s.client.Token()
	if token == "" {
		if err := s.login(ctx, token); err != nil {
			return err
		}
		token = s.client.Token()
	}
	err := question(ctx)
	if status(err) == http.StatusForbidden && s.opts.RoleID != "" { // the token has ended
		if err := s.login(ctx, token); err != nil {
			return err
		}
		err = question(ctx)
	}
	return kinded(ctx, err)
}

// status returns the HTTP status of an answer that is an error, and 0 for anything else.
func status(err error) int {
	var response *api.ResponseError
	if errors.As(err, &response) {
		return response.StatusCode
	}
	return 0
}

// kinded gives an error of Vault its kind.
func kinded(ctx context.Context, err error) error {
	as := func(kind errs.Kind, msg string) error { return &errs.Error{Kind: kind, Msg: msg, Err: err} }
	switch {
	case err == nil:
		return nil
	case errors.Is(err, api.ErrSecretNotFound):
		return as(errs.NotFound, "Vault has no such key version")
	case errors.Is(ctx.Err(), context.Canceled):
		return as(errs.Timeout, "")
	}
	switch code := status(err); code {
	case 0:
		return as(errs.Unavailable, "Vault does not answer")
	case http.StatusBadRequest: // the engine's word for a check-and-set that came too late
		return as(errs.Conflict, "the sealing key was changed meanwhile")
	case http.StatusForbidden, http.StatusUnauthorized:
		return as(errs.Unavailable, "Vault does not let us read the sealing key")
	case http.StatusServiceUnavailable:
		return as(errs.Unavailable, "Vault is sealed")
	default:
		return as(errs.Unavailable, fmt.Sprintf("Vault answers with status %d", code))
	}
}
