package store

import (
	"context"

	"github.com/pult-cc/pult/ent"
	"github.com/pult-cc/pult/ent/sipcredential"
	"github.com/pult-cc/pult/internal/errs"
	"github.com/pult-cc/pult/internal/seal"
)

type credentialRepo struct{ *Store }

var _ seal.CredentialRepository = credentialRepo{}

// SwapCredential implements seal.CredentialRepository. One statement decides: of two that swap the same session, in whatever
// processes, the second finds its row gone or there already.
func (r credentialRepo) SwapCredential(ctx context.Context, c seal.Credential, former string) error {
	const op = "saving credential"
	if c.OperatorID == "" {
		return errs.Field(op, "operatorId", "missing")
	}
	if c.SessionID == "" {
		return errs.Field(op, "sessionId", "missing")
	}
	sealed := append([]byte{}, c.Sealed...) // never NULL
	if former == "" {
		err := r.client.SipCredential.Create().SetID(c.OperatorID).
			SetSessionID(c.SessionID).SetClientID(clean(c.ClientID)).SetEndpoint(c.Endpoint).SetRealm(c.Realm).
			SetKeyVersion(c.KeyVersion).SetSealed(sealed).SetCreatedAt(utc(c.CreatedAt)).SetDesk(c.Desk).SetPending(c.Pending).
			Exec(ctx)
		return wrap(op, err)
	}
	n, err := r.client.SipCredential.Update().Where(sipcredential.ID(c.OperatorID), sipcredential.SessionID(former)).
		SetSessionID(c.SessionID).SetClientID(clean(c.ClientID)).SetEndpoint(c.Endpoint).SetRealm(c.Realm).
		SetKeyVersion(c.KeyVersion).SetSealed(sealed).SetCreatedAt(utc(c.CreatedAt)).SetDesk(c.Desk).SetPending(c.Pending).
		Save(ctx)
	switch {
	case err != nil:
		return wrap(op, err)
	case n == 0:
		return errs.E(errs.Conflict, op, "another phone session has started or ended")
	}
	return nil
}

// Credentials implements seal.CredentialRepository.
func (r credentialRepo) Credentials(ctx context.Context) ([]seal.Credential, error) {
	return credentials(ctx, r.client.SipCredential.Query())
}

// PendingCredentials implements seal.CredentialRepository.
func (r credentialRepo) PendingCredentials(ctx context.Context) ([]seal.Credential, error) {
	return credentials(ctx, r.client.SipCredential.Query().Where(sipcredential.Pending(true)))
}

func credentials(ctx context.Context, q *ent.SipCredentialQuery) ([]seal.Credential, error) {
	rows, err := q.Order(sipcredential.ByID()).All(ctx)
	if err != nil {
		return nil, wrap("reading credentials", err)
	}
	out := make([]seal.Credential, len(rows))
	for i, row := range rows {
		out[i] = credentialOf(row)
	}
	return out, nil
}

// CredentialOf implements seal.CredentialRepository.
func (r credentialRepo) CredentialOf(ctx context.Context, operatorID string) (seal.Credential, error) {
	row, err := r.client.SipCredential.Get(ctx, clean(operatorID))
	if err != nil {
		return seal.Credential{}, notFound("reading credential", "the operator has no phone session", err)
	}
	return credentialOf(row), nil
}

// SettleCredential implements seal.CredentialRepository.
func (r credentialRepo) SettleCredential(ctx context.Context, operatorID, sessionID string) error {
	err := r.client.SipCredential.Update().
		Where(sipcredential.ID(clean(operatorID)), sipcredential.SessionID(clean(sessionID))).SetPending(false).Exec(ctx)
	return wrap("settling credential", err)
}

// DeleteCredential implements seal.CredentialRepository.
func (r credentialRepo) DeleteCredential(ctx context.Context, operatorID, sessionID string) error {
	_, err := r.client.SipCredential.Delete().
		Where(sipcredential.ID(clean(operatorID)), sipcredential.SessionID(clean(sessionID))).Exec(ctx)
	return wrap("deleting credential", err)
}

func credentialOf(row *ent.SipCredential) seal.Credential {
	return seal.Credential{
		OperatorID: row.ID, SessionID: row.SessionID, ClientID: row.ClientID, Endpoint: row.Endpoint, Realm: row.Realm,
		KeyVersion: row.KeyVersion, Sealed: row.Sealed, CreatedAt: row.CreatedAt.UTC(),
		Desk: row.Desk, Pending: row.Pending,
	}
}
