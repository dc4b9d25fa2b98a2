package seal

import (
	"context"
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"encoding/binary"

	"github.com/pult-cc/pult/internal/errs"
)

// A sealed value is: format (1 byte) | key version (4 bytes, big endian) | nonce (12 bytes, random) | ciphertext and tag. AES-256 in
// GCM (NIST SP 800-38D); at 96 random bits a nonce repeats with probability 2^-32 after 2^32 values of one key version, and an
// installation makes a few per operator and day.
const (
	format     = 1
	nonceSize  = 12
	headerSize = 1 + 4
)

// Sealer seals and opens small secrets. Its methods may be called concurrently.
type Sealer struct{ keys KeySource }

// New returns a sealer that takes its keys from the source.
func New(keys KeySource) *Sealer { return &Sealer{keys: keys} }

// Seal encrypts the plaintext for its row under the newest key, whose version it returns. Errors are those of KeySource.Current.
func (s *Sealer) Seal(ctx context.Context, b Binding, plaintext []byte) (sealed []byte, version uint32, err error) {
	const op = "sealing secret"
	key, err := s.keys.Current(ctx)
	if err != nil {
		return nil, 0, errs.Wrap(op, err)
	}
	aead, err := gcm(&key)
	if err != nil {
		return nil, 0, errs.With(errs.Internal, op, err)
	}
	sealed = make([]byte, headerSize+nonceSize, headerSize+nonceSize+len(plaintext)+aead.Overhead())
	sealed[0] = format
	binary.BigEndian.PutUint32(sealed[1:], key.Version)
	nonce := sealed[headerSize:]
	_, _ = rand.Read(nonce) // never fails: it would end the process
	return aead.Seal(sealed, nonce, plaintext, b.data(sealed[:headerSize])), key.Version, nil
}

// Open decrypts a value that was sealed for the same row. A value that was changed, or sealed for another row, is errs.Invalid; one
// whose key version is gone is errs.NotFound; otherwise errors are those of KeySource.Version. The caller may clear the plaintext.
func (s *Sealer) Open(ctx context.Context, b Binding, sealed []byte) ([]byte, error) {
	const op = "opening sealed secret"
	if len(sealed) < headerSize+nonceSize || sealed[0] != format {
		return nil, errs.E(errs.Invalid, op, "not a sealed value")
	}
	key, err := s.keys.Version(ctx, binary.BigEndian.Uint32(sealed[1:]))
	if err != nil {
		return nil, errs.Wrap(op, err)
	}
	aead, err := gcm(&key)
	if err != nil {
		return nil, errs.With(errs.Internal, op, err)
	}
	header, rest := sealed[:headerSize], sealed[headerSize:]
	plaintext, err := aead.Open(nil, rest[:nonceSize], rest[nonceSize:], b.data(header))
	if err != nil {
		return nil, &errs.Error{Kind: errs.Invalid, Op: op, Msg: "the sealed value was changed or belongs to another row", Err: err}
	}
	return plaintext, nil
}

// gcm makes the cipher and forgets the key's copy: the best that Go allows.
func gcm(key *Key) (cipher.AEAD, error) {
	defer clear(key.Bytes[:])
	block, err := aes.NewCipher(key.Bytes[:])
	if err != nil {
		return nil, err
	}
	return cipher.NewGCM(block)
}

// data is what GCM authenticates beside the ciphertext: the header, so that no version is swapped, and the row. Lengths keep
// neighbours apart: operator "ab", realm "c" is not operator "a", realm "bc".
func (b Binding) data(header []byte) []byte {
	out := append([]byte{}, header...)
	for _, part := range []string{b.Operator, b.Realm, b.Purpose} {
		out = binary.AppendUvarint(out, uint64(len(part)))
		out = append(out, part...)
	}
	return out
}
