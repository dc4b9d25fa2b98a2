package localkey_test

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"go.uber.org/goleak"

	"github.com/pult-cc/pult/internal/errs"
	"github.com/pult-cc/pult/internal/seal"
	"github.com/pult-cc/pult/internal/seal/localkey"
	"github.com/pult-cc/pult/internal/seal/sealtest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestLocalKey(t *testing.T) {
	sealtest.Run(t, func(t *testing.T) sealtest.Place {
		path := filepath.Join(t.TempDir(), "made", "on", "first", "use", "pult.key")
		return sealtest.Place{
			Open: func(*testing.T) seal.KeySource { return localkey.New(path) },
			Rotate: func(t *testing.T) {
				if _, err := localkey.New(path).Rotate(t.Context()); err != nil {
					t.Fatal(err)
				}
			},
			Destroy: func(t *testing.T, version uint32) {
				if err := localkey.New(path).Destroy(t.Context(), version); err != nil {
					t.Fatal(err)
				}
			},
			// A file system out of reach: the file's folder is a dangling loop of links.
			Stop: func(t *testing.T) {
				dir := filepath.Dir(path)
				if err := os.RemoveAll(dir); err != nil {
					t.Fatal(err)
				}
				if err := os.Symlink(dir, dir); err != nil {
					t.Fatal(err)
				}
			},
		}
	})
}

func TestFileIsPrivate(t *testing.T) {
	path := filepath.Join(t.TempDir(), "pult.key")
	key, err := localkey.New(path).Current(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	if mode := info.Mode().Perm(); mode != 0o600 {
		t.Errorf("mode %#o", mode)
	}
	if err := os.Chmod(path, 0o644); err != nil {
		t.Fatal(err)
	}
	_, err = localkey.New(path).Current(t.Context())
	if !errs.Is(err, errs.Invalid) || !strings.Contains(errs.Message(err), "chmod 600") {
		t.Errorf("a file that others may read: %v", err)
	}
	if strings.Contains(err.Error(), string(key.Bytes[:])) {
		t.Error("the error tells the key")
	}
}

func TestDamagedFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "pult.key")
	if _, err := localkey.New(path).Rotate(t.Context()); err != nil {
		t.Fatal(err)
	}
	good, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for name, content := range map[string][]byte{
		"empty": {}, "cut off": good[:len(good)/2], "no keys": []byte(`{"keys":[]}`), "short key": []byte(`{"keys":[{"version":1,"key":"AAAA"}]}`),
		"not JSON": []byte("secret"), "version 0": bytes.ReplaceAll(good, []byte(`"version": 1`), []byte(`"version": 0`)),
	} {
		t.Run(name, func(t *testing.T) {
			if err := os.WriteFile(path, content, 0o600); err != nil {
				t.Fatal(err)
			}
			// It must not be taken for an empty place: a new first version would make every sealed value unreadable.
			if _, err := localkey.New(path).Current(t.Context()); !errs.Is(err, errs.Invalid) {
				t.Errorf("Current: %v", err)
			}
			if _, err := localkey.New(path).Rotate(t.Context()); !errs.Is(err, errs.Invalid) {
				t.Errorf("Rotate: %v", err)
			}
			if now, err := os.ReadFile(path); err != nil || !bytes.Equal(now, content) {
				t.Errorf("the file was changed: %v", err)
			}
		})
	}
}

func TestDestroyCurrent(t *testing.T) {
	s := localkey.New(filepath.Join(t.TempDir(), "pult.key"))
	k, err := s.Current(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Destroy(t.Context(), k.Version); !errs.Is(err, errs.Conflict) {
		t.Fatalf("got %v", err)
	}
}
