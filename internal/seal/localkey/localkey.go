// Package localkey keeps the sealing key in a file beside the database: the default, for installations without a Vault.
//
// The file protects a copy of the database that goes astray (a backup, a dump), not a machine that is taken over. It is made with
// mode 0600 and refused when others may read it.
package localkey

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"sync"
	"time"

	"github.com/pult-cc/pult/internal/errs"
	"github.com/pult-cc/pult/internal/seal"
)

// Source implements seal.KeySource on a file. Any number of processes may use the file at the same time, one of them rotating it.
type Source struct {
	path string

	mu   sync.Mutex
	info fs.FileInfo // of the file when it was read; nil before
	keys []seal.Key  // by version
}

var _ seal.KeySource = (*Source)(nil)

// New returns a source on the file. Nothing is read or made before it is needed.
func New(path string) *Source { return &Source{path: path} }

// Current implements seal.KeySource. It notices a rotation by another process.
func (s *Source) Current(ctx context.Context) (seal.Key, error) {
	const op = "reading key file"
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.load(ctx); err != nil {
		return seal.Key{}, errs.Wrap(op, err)
	}
	if len(s.keys) == 0 {
		if err := s.change(ctx, func(keys []seal.Key) []seal.Key {
			if len(keys) > 0 { // another process was first
				return keys
			}
			return appendKey(keys)
		}); err != nil {
			return seal.Key{}, errs.Wrap("making key file", err)
		}
	}
	return s.keys[len(s.keys)-1], nil
}

// Version implements seal.KeySource.
func (s *Source) Version(ctx context.Context, v uint32) (seal.Key, error) {
	const op = "reading key file"
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.load(ctx); err != nil {
		return seal.Key{}, errs.Wrap(op, err)
	}
	for _, k := range s.keys {
		if k.Version == v {
			return k, nil
		}
	}
	return seal.Key{}, errs.Ef(errs.NotFound, op, "the key file has no version %d", v)
}

// Rotate adds a version, the first if there is none, which is the current one from now on. Old versions go on opening what they sealed.
func (s *Source) Rotate(ctx context.Context) (seal.Key, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.change(ctx, appendKey); err != nil {
		return seal.Key{}, errs.Wrap("rotating key file", err)
	}
	return s.keys[len(s.keys)-1], nil
}

// Destroy removes an old version: what it sealed can never be opened again. The current version is errs.Conflict.
func (s *Source) Destroy(ctx context.Context, v uint32) error {
	const op = "destroying key version"
	s.mu.Lock()
	defer s.mu.Unlock()
	current := false
	err := s.change(ctx, func(keys []seal.Key) []seal.Key {
		if current = len(keys) > 0 && keys[len(keys)-1].Version == v; current {
			return keys
		}
		return slices.DeleteFunc(keys, func(k seal.Key) bool { return k.Version == v })
	})
	if err == nil && current {
		return errs.E(errs.Conflict, op, "the current version seals; rotate first")
	}
	return errs.Wrap(op, err)
}

func appendKey(keys []seal.Key) []seal.Key {
	k := seal.Key{Version: 1}
	if len(keys) > 0 {
		k.Version = keys[len(keys)-1].Version + 1
	}
	_, _ = rand.Read(k.Bytes[:]) // never fails: it would end the process
	return append(keys, k)
}

// file is the file's form.
type file struct {
	Keys []fileKey `json:"keys"`
}

type fileKey struct {
	Version   uint32    `json:"version"`
	Key       []byte    `json:"key"` // base64
	CreatedAt time.Time `json:"createdAt"`
}

// load reads the file when it is another than the one read last. A file that has vanished, or a file system that does not answer,
// changes nothing: the keys in memory go on working, and no new first version takes the place of keys that still seal rows.
func (s *Source) load(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return errs.With(errs.Timeout, "", err)
	}
	info, err := os.Stat(s.path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case err != nil && s.info != nil:
		return nil
	case err != nil:
		return errs.With(errs.Unavailable, "", err)
	case s.info != nil && os.SameFile(info, s.info) && info.ModTime().Equal(s.info.ModTime()) && info.Size() == s.info.Size():
		return nil
	}
	f, err := s.read()
	if err != nil {
		return err
	}
	keys := make([]seal.Key, len(f.Keys))
	for i, k := range f.Keys {
		if len(k.Key) != len(keys[i].Bytes) || k.Version == 0 || i > 0 && k.Version <= keys[i-1].Version {
			return errs.E(errs.Invalid, "", "the key file is damaged")
		}
		keys[i].Version = k.Version
		copy(keys[i].Bytes[:], k.Key)
		clear(k.Key)
	}
	s.keys, s.info = keys, info
	return nil
}

func (s *Source) read() (file, error) {
	f, err := os.Open(s.path)
	if err != nil {
		return file{}, errs.With(errs.Unavailable, "", err)
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return file{}, errs.With(errs.Unavailable, "", err)
	}
	if runtime.GOOS != "windows" && info.Mode().Perm()&0o077 != 0 {
		return file{}, errs.Ef(errs.Invalid, "", "the key file may be read by others (mode %#o): chmod 600 it", info.Mode().Perm())
	}
	var out file
	if err := json.NewDecoder(f).Decode(&out); err != nil || len(out.Keys) == 0 {
		// The cause is left out: a JSON error may quote the file.
		return file{}, errs.E(errs.Invalid, "", "the key file is damaged")
	}
	return out, nil
}

// change replaces the file's keys by what f makes of them, in one step: a crash leaves the old file or the new one. Processes that
// change it wait for each other.
func (s *Source) change(ctx context.Context, f func([]seal.Key) []seal.Key) error {
	dir := filepath.Dir(s.path)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return errs.With(errs.Unavailable, "", err)
	}
	unlock, err := lockFile(s.path + ".lock")
	if err != nil {
		return errs.With(errs.Unavailable, "locking", err)
	}
	defer unlock()
	if err := s.load(ctx); err != nil {
		return err
	}
	keys := f(slices.Clone(s.keys))
	if slices.Equal(keys, s.keys) {
		return nil
	}
	if err := s.write(dir, keys); err != nil {
		return errs.With(errs.Unavailable, "", err)
	}
	return s.load(ctx)
}

func (s *Source) write(dir string, keys []seal.Key) (err error) {
	var content file
	made := map[uint32]time.Time{}
	if old, err := s.read(); err == nil {
		for _, k := range old.Keys {
			made[k.Version] = k.CreatedAt
		}
	}
	for _, k := range keys {
		at, known := made[k.Version]
		if !known {
			at = time.Now().UTC().Truncate(time.Second)
		}
		content.Keys = append(content.Keys, fileKey{Version: k.Version, Key: k.Bytes[:], CreatedAt: at})
	}
	data, err := json.MarshalIndent(content, "", "  ")
	if err != nil {
		return err
	}
	defer clear(data)
	tmp, err := os.CreateTemp(dir, filepath.Base(s.path)+".*") // with mode 0600
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			_ = os.Remove(tmp.Name())
		}
	}()
	if _, err = tmp.Write(append(data, '\n')); err == nil {
		err = tmp.Sync()
	}
	if err = errors.Join(err, tmp.Close()); err != nil {
		return err
	}
	if err = os.Rename(tmp.Name(), s.path); err != nil {
		return err
	}
	return syncDir(dir)
}

// syncDir makes a rename survive a power cut.
func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	defer d.Close()
	if runtime.GOOS == "windows" { // folders cannot be synced there
		return nil
	}
	return d.Sync()
}
