package seal

import (
	"context"
	"time"
)

// Credential is an operator's sealed SIP secret for one phone session, as the database keeps it.
type Credential struct {
	OperatorID string
	SessionID  string // phone session
	ClientID   string // window that holds it
	Endpoint   string
	Realm      string
	KeyVersion uint32
	Sealed     []byte // see Seal
	CreatedAt  time.Time
}

// CredentialRepository keeps sealed credentials, one per operator; implemented by internal/store.
type CredentialRepository interface {
	SaveCredential(ctx context.Context, c Credential) error
	Credentials(ctx context.Context) ([]Credential, error)
	// CredentialOf returns the operator's; none is errs.NotFound.
	CredentialOf(ctx context.Context, operatorID string) (Credential, error)
	DeleteCredential(ctx context.Context, operatorID string) error
}
