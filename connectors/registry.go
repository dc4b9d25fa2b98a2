package connectors

import (
	"context"
	"encoding/json"
	"fmt"
	"net/url"
	"sort"
	"strings"

	"github.com/pult-cc/pult/internal/errs"
)

// Registry knows the kinds of connectors. It is a value, not a global: the composition root fills one (connectors/all) and a test
// another. It must not be changed once it is used from several goroutines.
type Registry struct {
	factories map[string]Factory
}

// Register adds a kind. A second factory of the same kind, or one without a name or constructor, is errs.Internal.
func (r *Registry) Register(f Factory) error {
	const op = "registering connector kind"
	if f.Kind == "" || f.New == nil {
		return errs.E(errs.Internal, op, "a factory needs a kind and a constructor")
	}
	if _, dup := r.factories[f.Kind]; dup {
		return errs.Ef(errs.Internal, op, "kind %q is registered twice", f.Kind)
	}
	if len(f.Schema) > 0 && !json.Valid(f.Schema) {
		return errs.Ef(errs.Internal, op, "the schema of kind %q is not JSON", f.Kind)
	}
	if r.factories == nil {
		r.factories = map[string]Factory{}
	}
	r.factories[f.Kind] = f
	return nil
}

// Kinds returns the registered factories, by name.
func (r *Registry) Kinds() []Factory {
	out := make([]Factory, 0, len(r.factories))
	for _, f := range r.factories {
		out = append(out, f)
	}
	sort.Slice(out, func(i, j int) bool { return out[i].Kind < out[j].Kind })
	return out
}

// Mirrored tells what a copy of the records of a configuration depends on.
func (r *Registry) Mirrored(kind string, config json.RawMessage) Mirrored {
	whole := Mirrored{System: string(config)}
	if f := r.factories[kind]; f.Mirrored != nil {
		if m, err := f.Mirrored(config); err == nil {
			whole = m
		}
	}
	whole.System = kind + " " + whole.System
	return whole
}

// Whose tells customer systems apart: System with what Accounts refer to. Of an address, as a database's, it has the server and the path:
// it is the same one whoever reads it. It has secrets in it, so no more than a digest is for keeping.
func (m Mirrored) Whose(ctx context.Context, secrets Secrets) (string, error) {
	whose := m.System
	for _, ref := range m.Accounts {
		key, err := secrets.Secret(ctx, ref)
		if err != nil {
			return "", err
		}
		if u, err := url.Parse(key); err == nil && u.Host != "" {
			key = u.Host + u.Path
		}
		whose += " " + key
	}
	return whose, nil
}

// Open makes a driver of a kind for the connector instance id. An unknown kind and a configuration that does not fit are
// errs.Invalid and say what would fit. Nothing is connected yet.
func (r *Registry) Open(ctx context.Context, id, kind string, config json.RawMessage, secrets Secrets) (Driver, error) {
	op := fmt.Sprintf("opening connector %q", id)
	if id == "" || strings.ContainsRune(id, 0) {
		return nil, errs.Field("opening connector", "id", "a connector needs a name")
	}
	f, ok := r.factories[kind]
	if !ok {
		names := make([]string, 0, len(r.factories))
		for _, k := range r.Kinds() {
			names = append(names, k.Kind)
		}
		return nil, errs.Field(op, "kind", fmt.Sprintf("%q is unknown; known kinds: %s", kind, strings.Join(names, ", ")))
	}
	if len(config) == 0 {
		config = json.RawMessage("{}")
	}
	d, err := f.New(ctx, id, config, secrets)
	if err != nil {
		return nil, errs.Wrap(op, err)
	}
	return d, nil
}
