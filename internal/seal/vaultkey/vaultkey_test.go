package vaultkey_test

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/hashicorp/vault/api"
	"go.uber.org/goleak"

	"github.com/pult-cc/pult/internal/errs"
	"github.com/pult-cc/pult/internal/lab"
	"github.com/pult-cc/pult/internal/seal"
	"github.com/pult-cc/pult/internal/seal/sealtest"
	"github.com/pult-cc/pult/internal/seal/vaultkey"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// vault is a real Vault with a client of its administrator.
type vault struct {
	*lab.Vault
	root *api.Client
}

func startVault(t *testing.T) vault {
	t.Helper()
	server, err := lab.StartVault(t.Context(), lab.ServerOptions{})
	if err != nil {
		t.Fatalf("starting Vault: %v", err)
	}
	t.Cleanup(func() {
		if err := server.Close(); err != nil {
			t.Errorf("closing Vault: %v", err)
		}
	})
	root, err := api.NewClient(&api.Config{
		Address: server.Address, HttpClient: &http.Client{Transport: &http.Transport{DisableKeepAlives: true}},
	})
	if err != nil {
		t.Fatal(err)
	}
	root.SetToken(server.Token)
	return vault{server, root}
}

func (v vault) write(t *testing.T, path string, data map[string]any) *api.Secret {
	t.Helper()
	s, err := v.root.Logical().WriteWithContext(t.Context(), path, data)
	if err != nil {
		t.Fatalf("writing %s: %v", path, err)
	}
	return s
}

// policy makes the policy of the package comment for a path.
func (v vault) policy(t *testing.T, path string) string {
	t.Helper()
	name := "pult-" + strings.ReplaceAll(path, "/", "-")
	v.write(t, "sys/policies/acl/"+name, map[string]any{
		"policy": fmt.Sprintf(`path "secret/data/%s" { capabilities = ["create", "read", "update"] }`, path),
	})
	return name
}

// role makes an AppRole whose tokens live for so long, and returns what signs in.
func (v vault) role(t *testing.T, path, ttl, maxTTL string) (roleID, secretID string) {
	t.Helper()
	name := v.policy(t, path)
	v.write(t, "auth/approle/role/"+name, map[string]any{"token_policies": name, "token_ttl": ttl, "token_max_ttl": maxTTL})
	id, err := v.root.Logical().ReadWithContext(t.Context(), "auth/approle/role/"+name+"/role-id")
	if err != nil {
		t.Fatal(err)
	}
	secret := v.write(t, "auth/approle/role/"+name+"/secret-id", nil)
	return id.Data["role_id"].(string), secret.Data["secret_id"].(string)
}

func newSource(t *testing.T, opts vaultkey.Options) *vaultkey.Source {
	t.Helper()
	s, err := vaultkey.New(opts)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestVaultKey(t *testing.T) {
	shared := startVault(t)
	var places atomic.Int32
	sealtest.Run(t, func(t *testing.T) sealtest.Place {
		v := shared
		if strings.Contains(t.Name(), "out_of_reach") {
			v = startVault(t)
		}
		path := fmt.Sprint("pult/place-", places.Add(1))
		role, secret := v.role(t, path, "1h", "2h")
		opts := vaultkey.Options{Address: v.Address, Path: path, RoleID: role, SecretID: secret, Refresh: 20 * time.Millisecond}
		return sealtest.Place{
			Open: func(t *testing.T) seal.KeySource { return newSource(t, opts) },
			Rotate: func(t *testing.T) {
				if _, err := newSource(t, opts).Rotate(t.Context()); err != nil {
					t.Fatal(err)
				}
			},
			Destroy: func(t *testing.T, version uint32) {
				if err := v.root.KVv2("secret").Destroy(t.Context(), path, []int{int(version)}); err != nil {
					t.Fatal(err)
				}
			},
			Stop: func(t *testing.T) {
				if err := v.Kill(); err != nil {
					t.Fatal(err)
				}
			},
		}
	})
}

func TestToken(t *testing.T) {
	v := startVault(t)
	t.Run("a token of the least rights is enough", func(t *testing.T) {
		made := v.write(t, "auth/token/create", map[string]any{"policies": []string{v.policy(t, "pult/token")}})
		s := newSource(t, vaultkey.Options{Address: v.Address, Path: "pult/token", Token: made.Auth.ClientToken})
		if k, err := s.Current(t.Context()); err != nil || k.Version != 1 {
			t.Errorf("version %d, %v", k.Version, err)
		}
	})
	t.Run("variables of the environment do not matter", func(t *testing.T) {
		t.Setenv("VAULT_TOKEN", v.Token)
		t.Setenv("VAULT_NAMESPACE", "elsewhere")
		s := newSource(t, vaultkey.Options{Address: v.Address, Token: "wrong"})
		if _, err := s.Current(t.Context()); !errs.Is(err, errs.Unavailable) {
			t.Errorf("a wrong token: %v", err)
		}
		if _, err := newSource(t, vaultkey.Options{Address: v.Address, Token: v.Token}).Current(t.Context()); err != nil {
			t.Errorf("the right one: %v", err)
		}
	})
	t.Run("credentials that are wrong are told", func(t *testing.T) {
		role, secret := v.role(t, "pult/wrong", "1h", "1h")
		for _, opts := range []vaultkey.Options{{RoleID: role, SecretID: "wrong"}, {RoleID: "wrong", SecretID: secret}} {
			opts.Address = v.Address
			_, err := newSource(t, opts).Current(t.Context())
			if !errs.Is(err, errs.Unavailable) || errs.Message(err) == "" || strings.Contains(err.Error(), secret) {
				t.Errorf("got %v", err)
			}
		}
	})
}

// TestTokenLives has tokens that live for two seconds, renewable up to four: only signing in again gets beyond.
func TestTokenLives(t *testing.T) {
	v := startVault(t)
	role, secret := v.role(t, "pult/short", "2s", "4s")
	s := newSource(t, vaultkey.Options{Address: v.Address, Path: "pult/short", RoleID: role, SecretID: secret, Refresh: time.Millisecond})
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- s.Run(ctx) }()
	began := time.Now()
	for version := uint32(1); time.Since(began) < 7*time.Second; version++ {
		k, err := s.Current(ctx)
		if err != nil || k.Version != version {
			t.Fatalf("after %v: version %d in place of %d, %v", time.Since(began), k.Version, version, err)
		}
		// That the next version is seen shows that Vault was asked, with a token that lives.
		if _, err := newSource(t, vaultkey.Options{Address: v.Address, Path: "pult/short", Token: v.Token}).Rotate(ctx); err != nil {
			t.Fatal(err)
		}
		select {
		case <-time.After(300 * time.Millisecond):
		case <-ctx.Done():
		}
	}
	cancel()
	if err := <-ended; err != nil {
		t.Errorf("Run: %v", err)
	}
	// Without Run, an ended token is noticed and replaced when it is needed.
	accessors, err := v.root.Logical().ListWithContext(t.Context(), "auth/token/accessors")
	if err != nil {
		t.Fatal(err)
	}
	for _, a := range accessors.Data["keys"].([]any) {
		info, err := v.root.Auth().Token().LookupAccessorWithContext(t.Context(), a.(string))
		if err == nil && info.Data["path"] == "auth/approle/login" {
			if err := v.root.Auth().Token().RevokeAccessorWithContext(t.Context(), a.(string)); err != nil {
				t.Fatal(err)
			}
		}
	}
	want, err := newSource(t, vaultkey.Options{Address: v.Address, Path: "pult/short", Token: v.Token}).Rotate(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if got, err := s.Current(t.Context()); err != nil || got != want {
		t.Errorf("after the token was revoked: version %d in place of %d, %v", got.Version, want.Version, err)
	}
}

func TestVaultComesBack(t *testing.T) {
	v := startVault(t)
	opts := vaultkey.Options{Address: v.Address, Token: v.Token, Refresh: 10 * time.Millisecond}
	s := newSource(t, opts)
	first, err := s.Current(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if err := v.root.Sys().SealWithContext(t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, err := newSource(t, opts).Current(t.Context()); !errs.Is(err, errs.Unavailable) || !strings.Contains(errs.Message(err), "sealed") {
		t.Errorf("a sealed Vault: %v", err)
	}
	if k, err := s.Current(t.Context()); err != nil || k != first {
		t.Errorf("the known key, while Vault is sealed: %v", err)
	}
	if err := v.Kill(); err != nil {
		t.Fatal(err)
	}
	if k, err := s.Current(t.Context()); err != nil || k != first {
		t.Errorf("the known key, while Vault is dead: %v", err)
	}
	if err := v.Restart(t.Context()); err != nil {
		t.Fatal(err)
	}
	if k, err := newSource(t, opts).Current(t.Context()); err != nil || k != first {
		t.Errorf("a new process, with Vault back: version %d, %v", k.Version, err)
	}
	second, err := newSource(t, opts).Rotate(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	deadline := time.Now().Add(10 * time.Second)
	for {
		k, err := s.Current(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if k == second {
			return
		}
		if time.Now().After(deadline) {
			t.Fatal("a running process does not see that Vault is back")
		}
	}
}

func TestForeignSecret(t *testing.T) {
	v := startVault(t)
	for path, data := range map[string]map[string]any{
		"a": {"password": "hunter2"}, "b": {"key": "hunter2"}, "c": {"key": "aHVudGVyMg=="}, "d": {"key": 5},
	} {
		if _, err := v.root.KVv2("secret").Put(t.Context(), path, data); err != nil {
			t.Fatal(err)
		}
		_, err := newSource(t, vaultkey.Options{Address: v.Address, Path: path, Token: v.Token}).Current(t.Context())
		if !errs.Is(err, errs.Invalid) || strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%v: %v", data, err)
		}
	}
	// The newest version deleted: another first version must not take its place.
	s := newSource(t, vaultkey.Options{Address: v.Address, Path: "e", Token: v.Token})
	if _, err := s.Current(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := v.root.KVv2("secret").Delete(t.Context(), "e"); err != nil {
		t.Fatal(err)
	}
	if _, err := newSource(t, vaultkey.Options{Address: v.Address, Path: "e", Token: v.Token}).Current(t.Context()); !errs.Is(err, errs.Invalid) {
		t.Errorf("a deleted key: %v", err)
	}
}

func TestOptions(t *testing.T) {
	empty := filepath.Join(t.TempDir(), "empty.pem")
	if err := os.WriteFile(empty, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for field, opts := range map[string]vaultkey.Options{
		"address":  {Token: "t"},
		"token":    {Address: "http://127.0.0.1:1", RoleID: "r"},
		"token ":   {Address: "http://127.0.0.1:1", Token: "t", RoleID: "r", SecretID: "s"},
		"ca_cert":  {Address: "http://127.0.0.1:1", Token: "t", CACert: "/does/not/exist"},
		"ca_cert ": {Address: "http://127.0.0.1:1", Token: "t", CACert: empty},
		"address ": {Address: "http://bad host\x7f", Token: "t"},
	} {
		_, err := vaultkey.New(opts)
		if !errs.Is(err, errs.Invalid) || errs.FieldsOf(err)[strings.TrimSpace(field)] == "" {
			t.Errorf("%s: %v", field, err)
		}
	}
}
