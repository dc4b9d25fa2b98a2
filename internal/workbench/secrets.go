package workbench

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"slices"
	"strings"

	"github.com/pult-cc/pult/connectors"
	"github.com/pult-cc/pult/internal/errs"
	"github.com/pult-cc/pult/internal/seal"
)

// scheme begins a reference to a secret of the same connector.
const scheme = "sealed:"

// held are the secrets of one connector, by path. It resolves references to them and no other: an administrator in a browser must not
// read Pult's environment, files and vault by having them sent somewhere.
type held map[string]string

var _ connectors.Secrets = held{}

// Secret implements connectors.Secrets.
func (h held) Secret(_ context.Context, ref string) (string, error) {
	const op = "resolving secret"
	path, ok := strings.CutPrefix(ref, scheme)
	if !ok {
		return "", errs.E(errs.Invalid, op, "not a secret of this connector")
	}
	v, ok := h[path]
	if !ok {
		return "", errs.E(errs.NotFound, op, "the secret is not set")
	}
	return v, nil
}

// binding ties sealed secrets to the connector and to whatever decides where they are sent: a row in which that was changed, by
// whatever way, opens no more.
func binding(f connectors.Factory, id string, config map[string]any) (seal.Binding, error) {
	bound := map[string]any{}
	for name, v := range config {
		if !slices.Contains(f.Browser.Stay, name) {
			bound[name] = v
		}
	}
	text, err := json.Marshal(canonical(bound)) // by name
	if err != nil {
		return seal.Binding{}, errs.With(errs.Internal, "sealing secrets", err)
	}
	sum := sha256.Sum256(text)
	return seal.Binding{Operator: id, Realm: f.Kind + " " + hex.EncodeToString(sum[:]), Purpose: "connector"}, nil
}

// canonical is a value as any database gives it back: numbers by what they are, not by how they were written.
func canonical(v any) any {
	text, err := json.Marshal(v)
	var out any
	if err != nil || json.Unmarshal(text, &out) != nil {
		return v
	}
	return out
}

// plain returns a configuration without its secrets, which is what they are bound to.
func plain(sch schema, config map[string]any) (map[string]any, error) {
	out, err := clone(config)
	if err != nil {
		return nil, err
	}
	for path := range sch.secrets(out) {
		sch.put(out, path, nil)
	}
	return out, nil
}

func clone(config map[string]any) (map[string]any, error) {
	text, err := json.Marshal(config)
	if err != nil {
		return nil, errs.With(errs.Internal, "copying configuration", err)
	}
	return object(text)
}

// bindingOf is the binding of a record.
func (s *Service) bindingOf(f connectors.Factory, r Record) (seal.Binding, error) {
	sch, config, err := s.read(r.Kind, r.Config)
	if err != nil {
		return seal.Binding{}, err
	}
	if config, err = plain(sch, config); err != nil {
		return seal.Binding{}, err
	}
	return binding(f, r.ID, config)
}

// unseal opens the secrets of a record. Those that cannot be opened, since the key is gone or the row was changed by hand, are
// errs.Invalid.
func (s *Service) unseal(ctx context.Context, r Record) (held, error) {
	const op = "opening a connector's secrets"
	if len(r.Sealed) == 0 {
		return held{}, nil
	}
	f, err := s.kind(r.Kind)
	if err != nil {
		return nil, err
	}
	b, err := s.bindingOf(f, r)
	if err != nil {
		return nil, err
	}
	text, err := s.o.Sealer.Open(ctx, b, r.Sealed)
	if errs.Is(err, errs.Unavailable) || errs.Is(err, errs.Timeout) {
		return nil, errs.Wrap(op, err) // the key is away, which passes
	}
	defer clear(text)
	var h held
	if err == nil {
		err = json.Unmarshal(text, &h)
	}
	if err != nil {
		return nil, &errs.Error{Kind: errs.Invalid, Op: op, Msg: "its secrets cannot be opened any more: type them again", Err: errors.New(err.Error())}
	}
	return h, nil
}

func (s *Service) seal(ctx context.Context, r Record, h held) ([]byte, error) {
	if len(h) == 0 {
		return []byte{}, nil
	}
	f, err := s.kind(r.Kind)
	if err != nil {
		return nil, err
	}
	b, err := s.bindingOf(f, r)
	if err != nil {
		return nil, err
	}
	text, err := json.Marshal(h)
	if err != nil {
		return nil, errs.With(errs.Internal, "sealing secrets", err)
	}
	defer clear(text)
	sealed, _, err := s.o.Sealer.Seal(ctx, b, text)
	return sealed, err
}
