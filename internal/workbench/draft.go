package workbench

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"maps"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/pult-cc/pult/connectors"
	"github.com/pult-cc/pult/internal/errs"
)

// Draft is a connector as somebody wants it.
type Draft struct {
	ID, Kind, Name string
	Config         json.RawMessage    // without secrets
	Secrets        map[string]*string // by path: a value, or nil to take it away; those not named stay as they are
	NoIndex        bool
	Disabled       bool
	Version        int64 // of the connector that is changed; 0: a new one
}

// Limits of what may be typed.
const (
	maxConfig = 256 << 10
	maxSecret = 16 << 10
	maxName   = 80
)

var reID = regexp.MustCompile(`^[a-z0-9][a-z0-9_-]{0,31}$`)

const opDraft = "reading the connector's settings"

// compose makes a draft a record and its secrets. Stored secrets are taken over only where nothing has changed that decides where they
// go; else they are asked for again.
func (s *Service) compose(ctx context.Context, d Draft) (Record, held, error) {
	r := Record{ID: d.ID, Kind: d.Kind, Name: strings.TrimSpace(d.Name), NoIndex: d.NoIndex, Disabled: d.Disabled, Version: d.Version + 1}
	if err := s.checkNames(r); err != nil {
		return r, nil, err
	}
	f, err := s.kind(d.Kind)
	if err != nil {
		return r, nil, err
	}
	if len(d.Config) > maxConfig {
		return r, nil, errs.Field(opDraft, "config", "is too long")
	}
	sch, config, err := s.read(d.Kind, d.Config)
	if err != nil {
		return r, nil, err
	}
	for _, path := range slices.Sorted(maps.Keys(sch.secrets(config))) {
		return r, nil, errs.Field(opDraft, "config."+path, "is a secret, which does not go with the other settings")
	}
	h, err := s.kept(ctx, d, f, sch, config)
	if err != nil {
		return r, nil, err
	}
	for _, path := range slices.Sorted(maps.Keys(d.Secrets)) {
		if err := h.take(sch, path, d.Secrets[path]); err != nil {
			return r, nil, err
		}
	}
	for path := range h {
		sch.put(config, path, scheme+path)
	}
	if r.Config, err = json.Marshal(config); err != nil {
		return r, nil, errs.With(errs.Internal, opDraft, err)
	}
	return r, h, nil
}

func (s *Service) checkNames(r Record) error {
	switch {
	case !reID.MatchString(r.ID):
		return errs.Field(opDraft, "id", "must be lower-case letters, digits, - and _, at most 32")
	case s.ofFile(r.ID):
		return errs.Field(opDraft, "id", "is one of the configuration file's connectors")
	case r.Name == "":
		return errs.Field(opDraft, "name", "is required: people see it on the customer's card")
	case utf8.RuneCountInString(r.Name) > maxName:
		return errs.Field(opDraft, "name", "is too long")
	}
	return nil
}

// take changes one secret.
func (h held) take(sch schema, path string, value *string) error {
	at := "config." + path
	switch {
	case !sch.secret(path):
		return errs.Field(opDraft, at, "is no secret of this kind of connector")
	case value == nil || *value == "":
		delete(h, path)
		return nil
	case len(*value) > maxSecret:
		return errs.Field(opDraft, at, "is too long")
	case isReference(*value):
		return errs.Field(opDraft, at, "must be the secret itself; references such as env:NAME are for the configuration file")
	}
	h[path] = *value
	return nil
}

func isReference(v string) bool {
	for _, s := range []string{"env:", "file:", "vault:", scheme} {
		if strings.HasPrefix(v, s) {
			return true
		}
	}
	return false
}

// kept returns the stored secrets that may be used with a draft.
func (s *Service) kept(ctx context.Context, d Draft, f connectors.Factory, sch schema, config map[string]any) (held, error) {
	if d.Version == 0 {
		return held{}, nil
	}
	old, err := s.o.Repository.WebConnector(ctx, d.ID)
	if err != nil {
		return nil, err
	}
	switch {
	case old.Version != d.Version:
		return nil, changed()
	case old.Kind != d.Kind:
		return nil, errs.Field(opDraft, "kind", "cannot be changed; make another connector")
	}
	if len(old.Sealed) == 0 {
		return held{}, nil
	}
	_, before, err := s.read(old.Kind, old.Config)
	if err != nil {
		return nil, err
	}
	names := slices.Sorted(maps.Keys(sch.secrets(before)))
	if before, err = plain(sch, before); err != nil {
		return nil, err
	}
	now, err := plain(sch, config)
	if err != nil {
		return nil, err
	}
	if field := moved(f, before, now); field != "" {
		return anew(d, names, "must be given again, because "+field+" has changed: a stored secret goes nowhere else than where it was given for")
	}
	h, err := s.unseal(ctx, old)
	if errs.Is(err, errs.Invalid) {
		return anew(d, names, "must be given again: what is stored cannot be opened")
	}
	return h, err
}

// anew is a connector without its stored secrets, where a draft gives them all or takes them away.
func anew(d Draft, names []string, why string) (held, error) {
	for _, path := range names {
		if _, given := d.Secrets[path]; !given {
			return nil, errs.Field(opDraft, "config."+path, why)
		}
	}
	return held{}, nil
}

// moved names a setting that has changed and may decide where secrets go.
func moved(f connectors.Factory, before, now map[string]any) string {
	all := slices.Sorted(maps.Keys(before))
	all = append(all, slices.Sorted(maps.Keys(now))...)
	for _, name := range all {
		if !slices.Contains(f.Browser.Stay, name) && !reflect.DeepEqual(tidy(canonical(before[name])), tidy(canonical(now[name]))) {
			return name
		}
	}
	return ""
}

// tidy makes a section that is empty none.
func tidy(v any) any {
	if section, ok := v.(map[string]any); ok && len(section) == 0 {
		return nil
	}
	return v
}

// changed is the error of whoever is late.
func changed() error {
	return errs.E(errs.Conflict, "saving connector", "somebody else has changed the connector meanwhile: look at it again")
}

// kind returns the factory of a kind that the web app may configure.
func (s *Service) kind(name string) (connectors.Factory, error) {
	f, ok := s.kinds[name]
	switch {
	case !ok:
		return f, errs.Field(opDraft, "kind", "is unknown")
	case f.Browser == nil:
		return f, errs.Field(opDraft, "kind", "connectors of this kind are made in the configuration file only")
	}
	return f, nil
}

// read parses a configuration of a kind and its schema.
func (s *Service) read(kind string, config json.RawMessage) (schema, map[string]any, error) {
	var sch schema
	if err := json.Unmarshal(s.kinds[kind].Schema, &sch); err != nil {
		return sch, nil, errs.With(errs.Internal, "reading the schema of "+kind, err)
	}
	o, err := object(config)
	if err != nil {
		return sch, nil, errs.Field(opDraft, "config", "must be an object")
	}
	return sch, o, nil
}

// object reads a JSON object with numbers as they are written.
func object(text json.RawMessage) (map[string]any, error) {
	dec := json.NewDecoder(bytes.NewReader(text))
	dec.UseNumber()
	var o map[string]any
	if err := dec.Decode(&o); err != nil {
		return nil, err
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) || o == nil {
		return nil, errors.New("no object")
	}
	return o, nil
}

// inConfig puts the fields that a driver names where they stand in a draft.
func inConfig(err error) error {
	fields := errs.FieldsOf(err)
	if len(fields) == 0 {
		return err
	}
	out := &errs.Error{Kind: errs.KindOf(err), Op: opDraft, Msg: errs.Message(err), Fields: map[string]string{}}
	for path, what := range fields {
		out.Fields["config."+path] = what
	}
	return out
}
