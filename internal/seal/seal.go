// Package seal keeps SIP secrets unreadable at rest: AES-256-GCM under a key that is not in the database.
//
// The key comes from a KeySource: a local file, or a KV secret of HashiCorp Vault (the only place that imports vault/api). Sealed
// values carry the key's version, so keys can be rotated: old versions only open. Both sources pass sealtest.
package seal

import "context"

// Key is one version of the sealing key.
type Key struct {
	Version uint32
	Bytes   [32]byte
}

// KeySource yields keys. Methods may be called concurrently and honour ctx. A version that is gone is errs.NotFound; a source out
// of reach is errs.Unavailable.
type KeySource interface {
	// Current returns the newest version, the one to seal with. The first call on an empty source makes version 1.
	Current(ctx context.Context) (Key, error)
	// Version returns one version, to open with.
	Version(ctx context.Context, v uint32) (Key, error)
}

// Binding ties a sealed value to its row: opening with another binding fails, so rows cannot be swapped.
type Binding struct {
	Operator string
	Realm    string
	Purpose  string // "sip-ha1"
}
