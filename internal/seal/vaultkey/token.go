package vaultkey

import (
	"context"
	"encoding/json"
	"log/slog"
	"net/http"
	"time"

	"github.com/pult-cc/pult/internal/errs"
)

const (
	tendAtLeast = 100 * time.Millisecond
	tendAtMost  = time.Hour // tokens may be revoked, or given a shorter life
)

// Run keeps the token alive until ctx ends, and then returns nil: it renews the token well before it ends, and with AppRole signs
// in again when Vault renews no more. Without Run everything works until the token ends.
func (s *Source) Run(ctx context.Context) error {
	worried := false
	for {
		wait, err := s.tend(ctx)
		if err != nil && ctx.Err() == nil {
			wait = again
			if !worried {
				s.log.WarnContext(ctx, "vault token cannot be renewed", slog.Any("error", err))
			}
		}
		worried = err != nil
		timer := time.NewTimer(min(max(wait, tendAtLeast), tendAtMost))
		select {
		case <-ctx.Done():
			timer.Stop()
			return nil
		case <-timer.C:
		}
	}
}

// tend looks after the token once and returns when to do so again.
func (s *Source) tend(ctx context.Context) (time.Duration, error) {
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	token := s.client.Token()
	if token == "" {
		if err := s.login(ctx, token); err != nil {
			return 0, err
		}
	}
	self, err := s.client.Auth().Token().LookupSelfWithContext(ctx)
	if status(err) == http.StatusForbidden && s.opts.RoleID != "" {
		return 0, s.login(ctx, token)
	}
	if err != nil {
		return 0, kinded(ctx, err)
	}
	ttl, creation := seconds(self.Data["ttl"]), seconds(self.Data["creation_ttl"])
	renewable, _ := self.Data["renewable"].(bool)
	switch {
	case ttl == 0: // a token without end
		return tendAtMost, nil
	case ttl > creation*2/3 && ttl > tendAtLeast:
		return ttl - creation*2/3 + tendAtLeast, nil
	}
	if renewable {
		renewed, err := s.client.Auth().Token().RenewSelfWithContext(ctx, int(creation/time.Second))
		if err == nil && renewed.Auth != nil {
			if now := time.Duration(renewed.Auth.LeaseDuration) * time.Second; now > ttl {
				return now / 3, nil
			}
		}
	}
	// Its greatest age is near.
	if s.opts.RoleID != "" {
		return 0, s.login(ctx, s.client.Token())
	}
	return ttl / 3, errs.E(errs.Unavailable, "renewing Vault token", "Vault does not renew the token any more")
}

// login signs in by AppRole unless the token is another than the one that was found wanting.
func (s *Source) login(ctx context.Context, wanting string) error {
	const op = "signing in to Vault"
	s.signIn.Lock()
	defer s.signIn.Unlock()
	if s.client.Token() != wanting {
		return nil
	}
	client, err := s.client.Clone() // without the token, which may be an ended one
	if err != nil {
		return errs.With(errs.Internal, op, err)
	}
	client.ClearToken()
	if s.opts.Namespace != "" {
		client.SetNamespace(s.opts.Namespace)
	}
	secret, err := client.Logical().WriteWithContext(ctx, "auth/"+s.opts.AuthMount+"/login", map[string]any{
		"role_id": s.opts.RoleID, "secret_id": s.opts.SecretID,
	})
	switch code := status(err); {
	case code == http.StatusBadRequest, code == http.StatusForbidden:
		return &errs.Error{Kind: errs.Unavailable, Op: op, Msg: "Vault does not accept role_id and secret_id", Err: err}
	case err != nil:
		return errs.Wrap(op, kinded(ctx, err))
	case secret == nil || secret.Auth == nil || secret.Auth.ClientToken == "":
		return errs.E(errs.Unavailable, op, "Vault gave no token")
	}
	s.client.SetToken(secret.Auth.ClientToken)
	return nil
}

// seconds reads a number of Vault's JSON.
func seconds(v any) time.Duration {
	n, ok := v.(json.Number)
	if !ok {
		return 0
	}
	i, err := n.Int64()
	if err != nil {
		return 0
	}
	return time.Duration(i) * time.Second
}
