package app

import (
	"cmp"
	"context"
	"io"
	"log/slog"
	"slices"
	"strings"
	"time"

	"github.com/pult-cc/pult/connectors"
	"github.com/pult-cc/pult/connectors/all"
	"github.com/pult-cc/pult/connectors/capture"
	"github.com/pult-cc/pult/internal/config"
	"github.com/pult-cc/pult/internal/customers"
	"github.com/pult-cc/pult/internal/errs"
)

// Workbench opens customer systems one by one, for the command line. Close ends what was opened.
type Workbench struct {
	app    *App
	kinds  *connectors.Registry
	number *customers.Normalizer
	opened []io.Closer
}

// OpenWorkbench makes a workbench for a configuration. It touches neither database nor PBX.
func OpenWorkbench(cfg config.Config, log *slog.Logger) (*Workbench, error) {
	a := &App{cfg: cfg, log: log}
	a.secrets = config.NewSecrets(lookupEnv, a.vaultReader())
	kinds, err := all.Registry(log)
	if err != nil {
		return nil, err
	}
	number, err := customers.NewNormalizer(cfg.Region, "")
	if err != nil {
		return nil, err
	}
	return &Workbench{app: a, kinds: kinds, number: number}, nil
}

// Close ends what was opened.
func (w *Workbench) Close() error {
	for _, c := range w.opened {
		_ = c.Close() // nothing was written
	}
	w.opened = nil
	return nil
}

// Secrets resolves secret references.
func (w *Workbench) Secrets() connectors.Secrets { return w.app.secrets }

// IDs lists the configured connectors.
func (w *Workbench) IDs() []string {
	var ids []string
	for _, c := range w.app.cfg.Connectors {
		ids = append(ids, c.ID)
	}
	return ids
}

// Find returns a connector's configuration.
func (w *Workbench) Find(id string) (config.Connector, error) {
	i := slices.IndexFunc(w.app.cfg.Connectors, func(c config.Connector) bool { return c.ID == id })
	if i < 0 {
		have := "none is configured"
		if ids := w.IDs(); len(ids) > 0 {
			have = "there are " + strings.Join(ids, ", ")
		}
		return config.Connector{}, errs.E(errs.NotFound, "opening connector", "no connector "+id+"; "+have)
	}
	return w.app.cfg.Connectors[i], nil
}

// Open opens a configured connector, or any that is described like one.
func (w *Workbench) Open(ctx context.Context, c config.Connector) (connectors.Driver, error) {
	raw, err := c.JSON()
	if err != nil {
		return nil, err
	}
	d, err := w.kinds.Open(ctx, c.ID, c.Kind, raw, w.app.secrets)
	if err != nil {
		return nil, err
	}
	if closer, ok := d.(io.Closer); ok {
		w.opened = append(w.opened, closer)
	}
	return d, w.app.writable(c.ID, d)
}

// CaptureOptions are those of a recording of a configured connector, without what is to be asked.
func (w *Workbench) CaptureOptions(c config.Connector) (capture.Options, error) {
	raw, err := c.JSON()
	if err != nil {
		return capture.Options{}, err
	}
	for _, f := range w.kinds.Kinds() {
		if f.Kind == c.Kind {
			return capture.Options{Factory: f, ID: c.ID, Config: raw, Secrets: w.app.secrets}, nil
		}
	}
	return capture.Options{}, errs.Field("opening connector", "kind", c.Kind+" is unknown")
}

// Query makes the question about a number, as people write it.
func (w *Workbench) Query(raw string) connectors.LookupQuery {
	return w.number.Query(w.number.Parse(raw))
}

// Examine tells what becomes of what a connector found for a number, as people write it: see customers.Normalizer.Examine.
func (w *Workbench) Examine(raw string, c config.Connector, found []connectors.Candidate) (customers.Match, []customers.Examined) {
	return w.number.Examine(w.number.Parse(raw), c.ID, cmp.Or(c.Name, c.ID), found, time.Now())
}
