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

// SaveCredential implements seal.CredentialRepository: an operator has one, the newest.
func (r credentialRepo) SaveCredential(ctx context.Context, c seal.Credential) error {
	const op = "saving credential"
	if c.OperatorID == "" {
		return errs.Field(op, "operatorId", "missing")
	}
	err := r.client.SipCredential.Create().SetID(c.OperatorID).
		SetSessionID(c.SessionID).SetClientID(clean(c.ClientID)).SetEndpoint(c.Endpoint).SetRealm(c.Realm).
		SetKeyVersion(c.KeyVersion).SetSealed(c.Sealed).SetCreatedAt(utc(c.CreatedAt)).
		OnConflictColumns(sipcredential.FieldID).UpdateNewValues().
		Exec(ctx)
	return wrap(op, err)
}

// Credentials implements seal.CredentialRepository.
func (r credentialRepo) Credentials(ctx context.Context) ([]seal.Credential, error) {
	rows, err := r.client.SipCredential.Query().Order(sipcredential.ByID()).All(ctx)
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

// DeleteCredential implements seal.CredentialRepository; an absent one is success.
func (r credentialRepo) DeleteCredential(ctx context.Context, operatorID string) error {
	_, err := r.client.SipCredential.Delete().Where(sipcredential.ID(clean(operatorID))).Exec(ctx)
	return wrap("deleting credential", err)
}

func credentialOf(row *ent.SipCredential) seal.Credential {
	return seal.Credential{
		OperatorID: row.ID, SessionID: row.SessionID, ClientID: row.ClientID, Endpoint: row.Endpoint, Realm: row.Realm,
		KeyVersion: row.KeyVersion, Sealed: row.Sealed, CreatedAt: row.CreatedAt.UTC(),
	}
}
