package seal

import (
	"context"
	"time"
)

// Credential is an operator's sealed SIP secret, as the database keeps it: of one phone session of the page, or of a desk phone for as
// long as nobody changes or revokes it.
type Credential struct {
	OperatorID string
	SessionID  string // phone session
	ClientID   string // window that holds it
	Endpoint   string
	Realm      string
	KeyVersion uint32
	Sealed     []byte // see Seal; empty says that the session has ended and that its account may still be on the PBX
	CreatedAt  time.Time
	Desk       bool // of a desk phone: no window has it, and none may take it
	Pending    bool // made or ended where the PBX could not be told: whoever owns it still has to
}

// Ended tells whether the phone session is over.
func (c Credential) Ended() bool { return len(c.Sealed) == 0 }

// CredentialRepository keeps sealed credentials, one per operator; implemented by internal/store. Its methods may be called
// concurrently, also by other processes.
type CredentialRepository interface {
	// SwapCredential makes c the operator's credential if the present one is of the phone session former; empty stands for none.
	// Error: Conflict, and nothing is changed, when it is of another session.
	SwapCredential(ctx context.Context, c Credential, former string) error
	Credentials(ctx context.Context) ([]Credential, error)
	// PendingCredentials returns those that the PBX has not been told of.
	PendingCredentials(ctx context.Context) ([]Credential, error)
	// SettleCredential says that the PBX has been told of the credential, if the operator's still is of that session.
	SettleCredential(ctx context.Context, operatorID, sessionID string) error
	// CredentialOf returns the operator's; none is errs.NotFound.
	CredentialOf(ctx context.Context, operatorID string) (Credential, error)
	// DeleteCredential deletes the operator's credential if it is of that phone session; that it is not, or absent, is success.
	DeleteCredential(ctx context.Context, operatorID, sessionID string) error
}
