package seal_test

import (
	"context"
	"encoding/hex"
	"testing"

	"github.com/pult-cc/pult/internal/errs"
	"github.com/pult-cc/pult/internal/seal"
)

// fixed is a source with one key that never changes.
type fixed struct{ key seal.Key }

func (f fixed) Current(context.Context) (seal.Key, error) { return f.key, nil }

func (f fixed) Version(_ context.Context, v uint32) (seal.Key, error) {
	if v != f.key.Version {
		return seal.Key{}, errs.E(errs.NotFound, "reading key", "no such version")
	}
	return f.key, nil
}

// TestFormat opens a value that another implementation sealed (pyca/cryptography, by the description of the format): rows that are
// in databases must open for ever.
func TestFormat(t *testing.T) {
	source := fixed{seal.Key{Version: 258}}
	for i := range source.key.Bytes {
		source.key.Bytes[i] = byte(i)
	}
	const golden = "01000001026465666768696a6b6c6d6e6f2c2fef02418a32a706046fd8b8575ac9" +
		"27fb3e3abb55ca4ac2b2ca70cf91922df3ba7299e21134ceb303469f92c09f3f"
	value, err := hex.DecodeString(golden)
	if err != nil {
		t.Fatal(err)
	}
	row := seal.Binding{Operator: "op-1", Realm: "pult", Purpose: "sip-ha1"}
	got, err := seal.New(source).Open(t.Context(), row, value)
	if err != nil || string(got) != "d41d8cd98f00b204e9800998ecf8427e" {
		t.Fatalf("got %q, %v", got, err)
	}
	fresh, version, err := seal.New(source).Seal(t.Context(), row, got)
	if err != nil || version != 258 || len(fresh) != len(value) || hex.EncodeToString(fresh[:5]) != golden[:10] {
		t.Fatalf("sealed anew: %x, version %d, %v", fresh, version, err)
	}
}
