// Package workbench configures customer systems in the web app: what can be configured, drafts that are tried before they are saved,
// secrets that nobody reads again, and what is stored for every process to open. Connectors of the configuration file are shown and
// tried here, never changed.
//
// It opens drivers by a function it is given, and knows no kind by name.
package workbench

import (
	"context"
	"encoding/json"
	"log/slog"
	"slices"
	"time"

	"github.com/pult-cc/pult/connectors"
	"github.com/pult-cc/pult/internal/customers"
	"github.com/pult-cc/pult/internal/errs"
	"github.com/pult-cc/pult/internal/seal"
)

// Options of a Service. All are required but Log.
type Options struct {
	Kinds []connectors.Factory
	// Open makes a driver; nothing is asked of the system yet. Who gets one closes it if it is an io.Closer.
	Open       func(ctx context.Context, id, kind string, config json.RawMessage, secrets connectors.Secrets) (connectors.Driver, error)
	File       []Spec // of the configuration file, in its order
	Reach      connectors.Reach
	Repository Repository
	Sealer     Sealer
	Numbers    *customers.Normalizer
	// Lock waits until nobody else holds the name, in any process, or ctx ends.
	Lock func(ctx context.Context, name string) (release func(), err error)
	// Changed is called when what is stored has changed; it makes this process and the others use it, and waits for this one.
	Changed func(ctx context.Context)
	// Status tells how the connectors that are in use are doing, by id.
	Status func() map[string]Status
	Now    func() time.Time
	Log    *slog.Logger
}

// Sealer seals secrets; *seal.Sealer implements it.
type Sealer interface {
	Seal(ctx context.Context, b seal.Binding, plaintext []byte) (sealed []byte, version uint32, err error)
	Open(ctx context.Context, b seal.Binding, sealed []byte) ([]byte, error)
}

// Status is how a connector in use is doing. Refused says why its newest configuration could not be opened: what was in use before it
// still is.
type Status struct {
	connectors.Status
	Refused string
}

// Spec is a connector as it is opened.
type Spec struct {
	ID, Kind, Name string
	Config         json.RawMessage
	Secrets        connectors.Secrets
	NoIndex        bool
	Version        int64 // of a connector of the web app; 0 of the file's
	Problem        error // why it cannot be opened; nothing but the names is set then
}

// Connector is one as people are shown it. Secrets are names only.
type Connector struct {
	ID, Kind, Name string
	FromFile       bool
	Config         json.RawMessage // nil of one of the file
	Secrets        []string        // paths that are set
	NoIndex        bool
	Disabled       bool
	Version        int64
	UpdatedAt      time.Time
	UpdatedBy      string
	Status         Status
}

// Service is the workbench. Its methods may be called concurrently.
type Service struct {
	o     Options
	kinds map[string]connectors.Factory

	unsaved unsaved
}

// New makes a workbench.
func New(o Options) *Service {
	s := &Service{o: o, kinds: map[string]connectors.Factory{}}
	for _, f := range o.Kinds {
		s.kinds[f.Kind] = f
	}
	if o.Log == nil {
		s.o.Log = slog.New(slog.DiscardHandler)
	}
	return s
}

// Kinds lists what can be configured in the web app.
func (s *Service) Kinds() []connectors.Factory {
	return slices.DeleteFunc(slices.Clone(s.o.Kinds), func(f connectors.Factory) bool { return f.Browser == nil })
}

// List returns every connector: those of the file first, in its order, then those of the web app.
func (s *Service) List(ctx context.Context) ([]Connector, error) {
	stored, err := s.o.Repository.WebConnectors(ctx)
	if err != nil {
		return nil, errs.Wrap("listing connectors", err)
	}
	status := s.o.Status()
	var out []Connector
	for _, f := range s.o.File {
		out = append(out, Connector{ID: f.ID, Kind: f.Kind, Name: f.Name, FromFile: true, NoIndex: f.NoIndex, Status: status[f.ID]})
	}
	for _, r := range stored {
		c := s.shown(r)
		c.Status = status[r.ID]
		if s.ofFile(r.ID) {
			c.Status = Status{Refused: "the configuration file has a connector of this name, which is used instead"}
		}
		out = append(out, c)
	}
	return out, nil
}

// shown is a record without what nobody may see.
func (s *Service) shown(r Record) Connector {
	c := Connector{
		ID: r.ID, Kind: r.Kind, Name: r.Name, NoIndex: r.NoIndex, Disabled: r.Disabled, Version: r.Version,
		UpdatedAt: r.UpdatedAt, UpdatedBy: r.UpdatedBy,
	}
	sch, config, err := s.read(r.Kind, r.Config)
	if err != nil {
		return c
	}
	for path := range sch.secrets(config) {
		c.Secrets = append(c.Secrets, path)
	}
	slices.Sort(c.Secrets)
	for _, path := range c.Secrets {
		sch.put(config, path, nil)
	}
	if text, err := json.Marshal(config); err == nil {
		c.Config = text
	}
	return c
}

func (s *Service) ofFile(id string) bool {
	return slices.ContainsFunc(s.o.File, func(f Spec) bool { return f.ID == id })
}

// Specs returns what there is to open: the file's connectors, then those of the web app that are not disabled. What cannot be opened
// says so.
func (s *Service) Specs(ctx context.Context) ([]Spec, error) {
	stored, err := s.o.Repository.WebConnectors(ctx)
	if err != nil {
		return nil, errs.Wrap("reading connectors", err)
	}
	out := slices.Clone(s.o.File)
	for _, r := range stored {
		if r.Disabled || s.ofFile(r.ID) {
			continue
		}
		spec, err := s.spec(ctx, r)
		if err != nil {
			spec = Spec{ID: r.ID, Kind: r.Kind, Name: r.Name, Version: r.Version, Problem: err}
		}
		out = append(out, spec)
	}
	return out, nil
}

// spec makes a stored connector one that can be opened.
func (s *Service) spec(ctx context.Context, r Record) (Spec, error) {
	opened, err := s.unseal(ctx, r)
	if err != nil {
		return Spec{}, err
	}
	return s.confined(r, opened)
}

// confined holds a connector to what the file permits.
func (s *Service) confined(r Record, secrets held) (Spec, error) {
	f, err := s.kind(r.Kind)
	if err != nil {
		return Spec{}, err
	}
	config, err := f.Browser.Confine(r.Config, s.o.Reach)
	if err != nil {
		return Spec{}, inConfig(err)
	}
	b, err := s.bindingOf(f, r)
	if err != nil {
		return Spec{}, err
	}
	return Spec{
		ID: r.ID, Kind: r.Kind, Name: r.Name, Config: config, NoIndex: r.NoIndex, Version: r.Version,
		Secrets: &keeper{held: secrets, s: s, id: r.ID, realm: b.Realm},
	}, nil
}
