// Command vaultserver is a real HashiCorp Vault server for tests: Vault's own core, barrier, HTTP API, KV v2 and transit
// engines and AppRole login, without the hundreds of cloud plugins that the released binary carries. It is a module of its
// own, so that nothing of Vault becomes a dependency of Pult.
//
//	vaultserver [-listen 127.0.0.1:0] [-storage DIR] [-v]
//
// When it is ready it prints one line of JSON on standard output, {"address":"http://…","token":"…"}, and serves until it
// is killed. Mounted are KV version 2 at secret/, transit at transit/, and AppRole login at auth/approle/.
//
// Without -storage everything is in memory. With it the sealed data lives in DIR and, like in Vault's development mode, the
// key and the root token lie beside it: a server that was killed comes back with the same address (if given), token and
// data. Never use it for real secrets.
package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/hashicorp/go-hclog"
	kv "github.com/hashicorp/vault-plugin-secrets-kv"
	"github.com/hashicorp/vault/builtin/credential/approle"
	"github.com/hashicorp/vault/builtin/logical/transit"
	vaulthttp "github.com/hashicorp/vault/http"
	"github.com/hashicorp/vault/internalshared/configutil"
	"github.com/hashicorp/vault/sdk/helper/consts"
	"github.com/hashicorp/vault/sdk/logical"
	"github.com/hashicorp/vault/sdk/physical"
	"github.com/hashicorp/vault/sdk/physical/file"
	"github.com/hashicorp/vault/sdk/physical/inmem"
	"github.com/hashicorp/vault/vault"
)

func main() {
	listen := flag.String("listen", "127.0.0.1:0", "address to serve on; port 0 chooses one")
	storage := flag.String("storage", "", "directory to keep the data in; empty keeps it in memory")
	verbose := flag.Bool("v", false, "log what Vault does to standard error")
	flag.Parse()
	if err := run(context.Background(), *listen, *storage, *verbose); err != nil {
		log.Fatal("vaultserver: ", err)
	}
}

func run(ctx context.Context, listen, storage string, verbose bool) error {
	level := hclog.Error
	if verbose {
		level = hclog.Info
	}
	logger := hclog.New(&hclog.LoggerOptions{Name: "vault", Level: level, Output: os.Stderr})

	l, err := net.Listen("tcp", listen)
	if err != nil {
		return err
	}
	address := "http://" + l.Addr().String()
	core, err := newCore(storage, address, logger)
	if err != nil {
		return fmt.Errorf("starting the core: %w", err)
	}
	server := &http.Server{
		Handler:           vaulthttp.Handler.Handler(&vault.HandlerProperties{Core: core, ListenerConfig: &configutil.Listener{}}),
		ReadHeaderTimeout: 10 * time.Second,
	}
	failed := make(chan error, 1)
	go func() { failed <- server.Serve(l) }()

	api := &client{address: address}
	if err := api.open(ctx, storage); err != nil {
		return err
	}
	if err := json.NewEncoder(os.Stdout).Encode(map[string]string{"address": address, "token": api.token}); err != nil {
		return err
	}
	return <-failed
}

// newCore makes a sealed Vault on the given storage.
func newCore(storage, address string, logger hclog.Logger) (*vault.Core, error) {
	var back physical.Backend
	var err error
	if storage == "" {
		back, err = inmem.NewInmem(nil, logger)
	} else {
		back, err = file.NewFileBackend(map[string]string{"path": filepath.Join(storage, "data")}, logger)
	}
	if err != nil {
		return nil, err
	}
	return vault.NewCore(&vault.CoreConfig{
		Physical:           back,
		LogicalBackends:    map[string]logical.Factory{"kv": kv.Factory, "transit": transit.Factory},
		CredentialBackends: map[string]logical.Factory{"approle": approle.Factory},
		BuiltinRegistry:    builtins{},
		RedirectAddr:       address,
		DisableMlock:       true,
		Logger:             logger,
	})
}

// builtins is Vault's list of the plugins that are compiled in.
type builtins struct{}

func (builtins) factory(name string, kind consts.PluginType) logical.Factory {
	switch {
	case kind == consts.PluginTypeSecrets && name == "kv":
		return kv.Factory
	case kind == consts.PluginTypeSecrets && name == "transit":
		return transit.Factory
	case kind == consts.PluginTypeCredential && name == "approle":
		return approle.Factory
	}
	return nil
}

func (b builtins) Get(name string, kind consts.PluginType) (func() (any, error), bool) {
	f := b.factory(name, kind)
	return func() (any, error) { return f, nil }, f != nil
}

func (builtins) Keys(kind consts.PluginType) []string {
	switch kind {
	case consts.PluginTypeSecrets:
		return []string{"kv", "transit"}
	case consts.PluginTypeCredential:
		return []string{"approle"}
	}
	return nil
}

func (b builtins) Contains(name string, kind consts.PluginType) bool {
	return slices.Contains(b.Keys(kind), name)
}

func (builtins) DeprecationStatus(string, consts.PluginType) (consts.DeprecationStatus, bool) {
	return consts.Supported, true
}

func (builtins) IsBuiltinEntPlugin(string, consts.PluginType) bool { return false }

// client brings the server up through its own HTTP API, which is stabler than its Go one.
type client struct{ address, token string }

// opened is what a later start on the same storage needs.
type opened struct {
	Key   string `json:"key"`
	Token string `json:"token"`
}

// open initialises a new Vault, or remembers the key of an old one, unseals it, and mounts what is missing.
func (c *client) open(ctx context.Context, storage string) error {
	remembered := filepath.Join(storage, "init.json")
	var o opened
	if raw, err := os.ReadFile(remembered); storage != "" && err == nil {
		if err := json.Unmarshal(raw, &o); err != nil {
			return fmt.Errorf("reading %s: %w", remembered, err)
		}
	} else {
		var answer struct {
			Keys  []string `json:"keys"`
			Token string   `json:"root_token"`
		}
		if err := c.call(ctx, http.MethodPut, "sys/init", map[string]any{"secret_shares": 1, "secret_threshold": 1}, &answer); err != nil {
			return err
		}
		if len(answer.Keys) != 1 {
			return fmt.Errorf("initialising gave %d keys", len(answer.Keys))
		}
		o = opened{Key: answer.Keys[0], Token: answer.Token}
		if storage != "" {
			raw, err := json.Marshal(o)
			if err != nil {
				return err
			}
			if err := os.WriteFile(remembered, raw, 0o600); err != nil {
				return err
			}
		}
	}
	c.token = o.Token
	if err := c.call(ctx, http.MethodPut, "sys/unseal", map[string]any{"key": o.Key}, nil); err != nil {
		return err
	}
	for _, m := range []struct {
		list, path string
		body       map[string]any
	}{
		{"sys/mounts", "secret", map[string]any{"type": "kv", "options": map[string]string{"version": "2"}}},
		{"sys/mounts", "transit", map[string]any{"type": "transit"}},
		{"sys/auth", "approle", map[string]any{"type": "approle"}},
	} {
		var there struct{ Data map[string]any }
		if err := c.call(ctx, http.MethodGet, m.list, nil, &there); err != nil {
			return err
		}
		if _, ok := there.Data[m.path+"/"]; ok {
			continue
		}
		if err := c.call(ctx, http.MethodPost, m.list+"/"+m.path, m.body, nil); err != nil {
			return err
		}
	}
	return c.waitKV(ctx)
}

// waitKV waits until the KV engine serves: it upgrades its storage in the background after mounting and refuses calls meanwhile.
func (c *client) waitKV(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, 20*time.Second)
	defer cancel()
	for {
		err := c.call(ctx, http.MethodPost, "secret/data/ready", map[string]any{"data": map[string]any{"ready": true}}, nil)
		if err == nil {
			return nil
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("waiting for the KV engine: %w", err)
		case <-time.After(20 * time.Millisecond):
		}
	}
}

// call sends a request and decodes the answer into out, unless that is nil.
func (c *client) call(ctx context.Context, method, path string, body, out any) error {
	var in io.Reader = http.NoBody
	if body != nil {
		raw, err := json.Marshal(body)
		if err != nil {
			return err
		}
		in = bytes.NewReader(raw)
	}
	req, err := http.NewRequestWithContext(ctx, method, c.address+"/v1/"+path, in)
	if err != nil {
		return err
	}
	if c.token != "" {
		req.Header.Set("X-Vault-Token", c.token)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return err
	}
	raw, err := io.ReadAll(resp.Body)
	if err := errors.Join(err, resp.Body.Close()); err != nil {
		return err
	}
	if resp.StatusCode >= 300 {
		return fmt.Errorf("%s %s: %s: %s", method, path, resp.Status, bytes.TrimSpace(raw))
	}
	if out == nil {
		return nil
	}
	return json.Unmarshal(raw, out)
}
