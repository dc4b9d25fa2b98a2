package auth

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"encoding/base64"
	"fmt"
	"runtime"
	"strings"

	"golang.org/x/crypto/argon2"
	"golang.org/x/text/unicode/norm"

	"github.com/pult-cc/pult/internal/errs"
)

// The cost of one hash: the least that the OWASP Password Storage Cheat Sheet asks of argon2id.
const (
	argonMemory  = 19456 // KiB
	argonTime    = 2
	argonThreads = 1
	argonSalt    = 16 // bytes
	argonKey     = 32 // bytes

	// What a stored hash may ask of us at most, so that a damaged row cannot take the server down.
	argonMaxMemory = 256 << 10 // KiB
	argonMaxTime   = 16
)

// A hasher makes and checks argon2id hashes, a bounded number at a time: each takes 19 MiB, so an unbounded sign-in would be a
// way to exhaust memory. Its methods may be called concurrently.
type hasher struct {
	slots chan struct{}
	dummy string // a hash nobody knows the password of
}

func newHasher(slots int) *hasher {
	if slots <= 0 {
		slots = max(1, runtime.GOMAXPROCS(0)/2)
	}
	h := &hasher{slots: make(chan struct{}, slots)}
	// The dummy is never equal to anything: its key is random, not derived from a password.
	h.dummy = encodePHC(random(argonSalt), random(argonKey))
	return h
}

func random(n int) []byte {
	b := make([]byte, n)
	_, _ = rand.Read(b) // never fails, see crypto/rand
	return b
}

// normalise gives equal bytes for what people see as equal: "й" may be typed as one code point or as two.
func normalise(password string) []byte { return norm.NFC.Bytes([]byte(password)) }

// enter waits for a slot and returns what leaves it.
func (h *hasher) enter(ctx context.Context) (func(), error) {
	select {
	case h.slots <- struct{}{}:
		return func() { <-h.slots }, nil
	case <-ctx.Done():
		return nil, &errs.Error{Kind: errs.Unavailable, Op: "waiting to check a password", Msg: "too busy, try again", Err: ctx.Err()}
	}
}

// hash returns a PHC string with a fresh salt. It waits while too many hashes are being made; ctx ends the wait.
func (h *hasher) hash(ctx context.Context, password string) (string, error) {
	leave, err := h.enter(ctx)
	if err != nil {
		return "", err
	}
	defer leave()
	salt := random(argonSalt)
	return encodePHC(salt, argon2.IDKey(normalise(password), salt, argonTime, argonMemory, argonThreads, argonKey)), nil
}

// verify reports whether the password belongs to the PHC string; an empty string costs as much as a real one and never matches.
func (h *hasher) verify(ctx context.Context, phc, password string) (bool, error) {
	known := phc != ""
	if !known {
		phc = h.dummy
	}
	p, err := decodePHC(phc)
	if err != nil {
		return false, errs.With(errs.Internal, "reading a stored password hash", err)
	}
	leave, err := h.enter(ctx)
	if err != nil {
		return false, err
	}
	defer leave()
	key := argon2.IDKey(normalise(password), p.salt, p.time, p.memory, p.threads, uint32(len(p.key))) //nolint:gosec // at most 64, see decodePHC
	return subtle.ConstantTimeCompare(key, p.key) == 1 && known, nil
}

type phc struct {
	memory, time uint32
	threads      uint8
	salt, key    []byte
}

var phcBase64 = base64.RawStdEncoding.Strict()

// encodePHC writes the hash as the PHC string format has it: $argon2id$v=19$m=…,t=…,p=…$salt$hash, unpadded base64.
func encodePHC(salt, key []byte) string {
	return fmt.Sprintf("$argon2id$v=%d$m=%d,t=%d,p=%d$%s$%s", argon2.Version, argonMemory, argonTime, argonThreads,
		phcBase64.EncodeToString(salt), phcBase64.EncodeToString(key))
}

func decodePHC(s string) (phc, error) {
	var p phc
	parts := strings.Split(s, "$")
	if len(parts) != 6 || parts[0] != "" || parts[1] != "argon2id" {
		return p, fmt.Errorf("not an argon2id PHC string")
	}
	var version int
	if _, err := fmt.Sscanf(parts[2], "v=%d", &version); err != nil || version != argon2.Version {
		return p, fmt.Errorf("argon2 version %q is not supported", parts[2])
	}
	if _, err := fmt.Sscanf(parts[3], "m=%d,t=%d,p=%d", &p.memory, &p.time, &p.threads); err != nil {
		return p, fmt.Errorf("argon2 parameters %q: %w", parts[3], err)
	}
	if p.memory < 8 || p.memory > argonMaxMemory || p.time < 1 || p.time > argonMaxTime || p.threads < 1 {
		return p, fmt.Errorf("argon2 parameters %q are out of bounds", parts[3])
	}
	var err error
	if p.salt, err = phcBase64.DecodeString(parts[4]); err != nil {
		return p, fmt.Errorf("argon2 salt: %w", err)
	}
	if p.key, err = phcBase64.DecodeString(parts[5]); err != nil {
		return p, fmt.Errorf("argon2 hash: %w", err)
	}
	if len(p.salt) < 8 || len(p.key) < 16 || len(p.key) > 64 {
		return p, fmt.Errorf("argon2 salt or hash is of a wrong length")
	}
	return p, nil
}
