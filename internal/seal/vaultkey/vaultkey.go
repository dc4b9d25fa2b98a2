// Package vaultkey keeps the sealing key as a secret of HashiCorp Vault's key-value engine, version 2. The engine's version of the
// secret is the key's version. It is the only package that speaks to Vault.
//
// Keys are kept in memory once they were read: an outage of Vault stops no sign-in and no re-push of SIP accounts. A process that
// starts during an outage has no key and fails closed. Running on during an outage also means that a key version destroyed in
// Vault goes on opening values in processes that know it; restart them when that matters.
//
// The policy that a token needs, for mount "secret" and path "pult/sealing":
//
//	path "secret/data/pult/sealing" { capabilities = ["create", "read", "update"] }
//
// After the first start "read" is enough, with keys rotated by an administrator. The engine keeps ten versions unless its
// max_versions says otherwise; what was sealed under an older one cannot be opened any more.
package vaultkey

import (
	"context"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"log/slog"
	"net/http"
	"os"
	"sync"
	"time"

	"github.com/hashicorp/vault/api"

	"github.com/pult-cc/pult/internal/errs"
	"github.com/pult-cc/pult/internal/seal"
)

// Options say where the key is and who asks. Either Token or RoleID and SecretID are given.
type Options struct {
	// Address is Vault's base URL: "https://vault.example:8200".
	Address string
	// CACert is a PEM file with the authority that signed Vault's certificate. Empty: the system's.
	CACert string
	// Namespace of Vault Enterprise; mostly empty.
	Namespace string
	// Mount is where the key-value engine is. Empty: "secret".
	Mount string
	// Path of the secret under the mount. Empty: "pult/sealing".
	Path string

	// Token to use. Run renews it while Vault allows.
	Token string
	// RoleID and SecretID sign in by AppRole, mounted at AuthMount (empty: "approle"). Run signs in again when a token ends.
	RoleID, SecretID, AuthMount string

	// Refresh is how old the current key may be before Vault is asked for a newer one. 0: a minute.
	Refresh time.Duration
	// Logger is told when Vault stops and starts to answer. Nil is silent. It never sees keys or tokens.
	Logger *slog.Logger
}

const (
	timeout = 5 * time.Second // for one question to Vault
	again   = 5 * time.Second // how long the known key is used without asking, while Vault does not answer
)

// Source implements seal.KeySource on Vault.
type Source struct {
	opts   Options
	client *api.Client
	kv     *api.KVv2
	log    *slog.Logger

	signIn sync.Mutex // one AppRole login at a time
	asking sync.Mutex // one question for the current key at a time; taken before mu

	mu     sync.Mutex
	keys   map[uint32]seal.Key
	latest uint32    // version; 0: never read
	askAt  time.Time // when to ask for a newer one
	down   bool      // the last question failed
}

var _ seal.KeySource = (*Source)(nil)

// New returns a source. Vault is not asked before the first key is wanted. Options that contradict each other, or a CA file that
// cannot be read, are errs.Invalid. Variables of the environment (VAULT_TOKEN and the like) do not matter.
func New(opts Options) (*Source, error) {
	const op = "configuring Vault"
	for _, d := range []struct {
		value *string
		text  string
	}{{&opts.Mount, "secret"}, {&opts.Path, "pult/sealing"}, {&opts.AuthMount, "approle"}} {
		if *d.value == "" {
			*d.value = d.text
		}
	}
	if opts.Refresh == 0 {
		opts.Refresh = time.Minute
	}
	if opts.Logger == nil {
		opts.Logger = slog.New(slog.DiscardHandler)
	}
	switch {
	case opts.Address == "":
		return nil, errs.Field(op, "address", "missing")
	case opts.Token == "" && (opts.RoleID == "" || opts.SecretID == ""):
		return nil, errs.Field(op, "token", "a token, or role_id and secret_id, is missing")
	case opts.Token != "" && opts.RoleID != "":
		return nil, errs.Field(op, "token", "give either a token or role_id and secret_id")
	}
	transport := &http.Transport{
		Proxy:             http.ProxyFromEnvironment,
		TLSClientConfig:   &tls.Config{MinVersion: tls.VersionTLS12},
		DisableKeepAlives: true, // a question a minute: nothing is to be left open between
	}
	if opts.CACert != "" {
		pem, err := os.ReadFile(opts.CACert)
		if err != nil {
			return nil, errs.Field(op, "ca_cert", "cannot be read")
		}
		pool := x509.NewCertPool()
		if !pool.AppendCertsFromPEM(pem) {
			return nil, errs.Field(op, "ca_cert", "holds no certificate")
		}
		transport.TLSClientConfig.RootCAs = pool
	}
	client, err := api.NewClient(&api.Config{
		Address: opts.Address, HttpClient: &http.Client{Transport: transport}, Timeout: timeout, MaxRetries: 0,
	})
	if err != nil {
		return nil, errs.Field(op, "address", "not a URL")
	}
	client.ClearToken() // what the environment says
	client.ClearNamespace()
	if opts.Namespace != "" {
		client.SetNamespace(opts.Namespace)
	}
	if opts.Token != "" {
		client.SetToken(opts.Token)
	}
	return &Source{
		opts: opts, client: client, kv: client.KVv2(opts.Mount), log: opts.Logger, keys: map[uint32]seal.Key{},
	}, nil
}

// Current implements seal.KeySource. It asks Vault at most every Refresh; while Vault does not answer, the key read last serves.
func (s *Source) Current(ctx context.Context) (seal.Key, error) {
	const op = "reading key from Vault"
	if err := ctx.Err(); err != nil {
		return seal.Key{}, errs.With(errs.Timeout, op, err)
	}
	if k, fresh := s.known(); fresh {
		return k, nil
	}
	s.asking.Lock()
	defer s.asking.Unlock()
	known, fresh := s.known()
	if fresh { // another has asked meanwhile
		return known, nil
	}
	k, err := s.fetch(ctx, 0)
	if errs.Is(err, errs.NotFound) && known.Version == 0 {
		k, err = s.first(ctx)
	}
	s.note(ctx, err)
	switch {
	case err == nil:
		s.keep(k, true)
		return k, nil
	case known.Version != 0:
		s.mu.Lock()
		s.askAt = time.Now().Add(min(again, s.opts.Refresh))
		s.mu.Unlock()
		return known, nil
	case errs.Is(err, errs.NotFound): // made by somebody, and deleted
		return seal.Key{}, errs.E(errs.Invalid, op, "the newest version of the sealing key has been deleted in Vault")
	}
	return seal.Key{}, errs.Wrap(op, err)
}

// known returns the current key read last, its version 0 if there is none, and whether it may be used without asking.
func (s *Source) known() (k seal.Key, fresh bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.keys[s.latest], s.latest != 0 && time.Now().Before(s.askAt)
}

func (s *Source) keep(k seal.Key, latest bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.keys[k.Version] = k
	if latest {
		s.latest, s.askAt = k.Version, time.Now().Add(s.opts.Refresh)
	}
}

// note logs that Vault has stopped or started to answer.
func (s *Source) note(ctx context.Context, err error) {
	down := err != nil && errs.KindOf(err) != errs.NotFound
	s.mu.Lock()
	changed := s.down != down
	s.down = down
	s.mu.Unlock()
	switch {
	case changed && down:
		s.log.WarnContext(ctx, "vault does not give the sealing key", slog.Any("error", err))
	case changed:
		s.log.InfoContext(ctx, "vault gives the sealing key again")
	}
}

// Version implements seal.KeySource. A version read once is never asked for again.
func (s *Source) Version(ctx context.Context, v uint32) (seal.Key, error) {
	const op = "reading key version from Vault"
	if v == 0 { // which is the newest, to Vault
		return seal.Key{}, errs.E(errs.NotFound, op, "there is no version 0")
	}
	if err := ctx.Err(); err != nil {
		return seal.Key{}, errs.With(errs.Timeout, op, err)
	}
	s.mu.Lock()
	k, ok := s.keys[v]
	s.mu.Unlock()
	if ok {
		return k, nil
	}
	k, err := s.fetch(ctx, v)
	if err != nil {
		return seal.Key{}, errs.Wrap(op, err)
	}
	s.keep(k, false)
	return k, nil
}

// Rotate writes a new version, the first if there is none, which is the current one from now on; other processes see it within
// their Refresh. When somebody else writes at the same time, one of the two gets errs.Conflict.
func (s *Source) Rotate(ctx context.Context) (seal.Key, error) {
	const op = "rotating key in Vault"
	now, err := s.fetch(ctx, 0)
	if err != nil && !errs.Is(err, errs.NotFound) {
		return seal.Key{}, errs.Wrap(op, err)
	}
	k, err := s.write(ctx, now.Version)
	if err != nil {
		return seal.Key{}, errs.Wrap(op, err)
	}
	s.keep(k, true)
	return k, nil
}

// first writes version 1, unless another process does so before, and returns what is then current.
func (s *Source) first(ctx context.Context) (seal.Key, error) {
	k, err := s.write(ctx, 0)
	if errs.Is(err, errs.Conflict) {
		return s.fetch(ctx, 0)
	}
	return k, err
}

// write writes a key after the given version; if that is not the newest it is errs.Conflict.
func (s *Source) write(ctx context.Context, after uint32) (seal.Key, error) {
	var k seal.Key
	_, _ = rand.Read(k.Bytes[:]) // never fails: it would end the process
	var err error
	k.Version, err = s.put(ctx, k.Bytes[:], after)
	return k, err
}
