package workbench

import (
	"context"
	"io"

	"github.com/pult-cc/pult/connectors"
	"github.com/pult-cc/pult/internal/errs"
)

// Save stores a draft and has it used. What its driver does not take is errs.Invalid with the fields, and what is in use stays; so it
// does with errs.Conflict, when somebody else was faster.
func (s *Service) Save(ctx context.Context, d Draft, userID string) (Connector, error) {
	const op = "saving connector"
	r, h, err := s.compose(ctx, d)
	if err != nil {
		return Connector{}, errs.Wrap(op, err)
	}
	if err := s.opens(ctx, r, h); err != nil {
		return Connector{}, errs.Wrap(op, err)
	}
	if r.Sealed, err = s.seal(ctx, r, h); err != nil {
		return Connector{}, errs.Wrap(op, err)
	}
	r.UpdatedAt, r.UpdatedBy = s.o.Now(), userID
	c, err := s.store(ctx, r, d.Version)
	if errs.Is(err, errs.Conflict) && d.Version == 0 {
		return Connector{}, errs.Field(op, "id", "there is a connector of this name already")
	}
	return c, errs.Wrap(op, err)
}

// store stores a record over a former version and has it used.
func (s *Service) store(ctx context.Context, r Record, former int64) (c Connector, err error) {
	if r.Version, err = s.o.Repository.SaveWebConnector(ctx, r, former); err != nil {
		if errs.Is(err, errs.Conflict) {
			return c, changed()
		}
		return c, err
	}
	s.o.Log.Info("connector saved", "connector", r.ID, "kind", r.Kind, "version", r.Version, "user", r.UpdatedBy, "disabled", r.Disabled)
	if err := s.keepDrafts(ctx, r); err != nil {
		s.o.Log.Warn("a renewed secret is not stored yet", "connector", r.ID, "err", err)
	}
	s.o.Changed(context.WithoutCancel(ctx))
	c = s.shown(r)
	c.Status = s.o.Status()[r.ID]
	return c, nil
}

// Switch takes a connector out of use, or into it again, as it is stored. Nothing is opened to take one out: whatever is wrong with it,
// it can be stopped. One that cannot be opened is not taken into use.
func (s *Service) Switch(ctx context.Context, id string, disabled bool, version int64, userID string) (Connector, error) {
	const op = "switching connector"
	if s.ofFile(id) {
		return Connector{}, errs.E(errs.Invalid, op, "the connector is one of the configuration file: take it out there")
	}
	r, err := s.o.Repository.WebConnector(ctx, id)
	if err != nil {
		return Connector{}, errs.Wrap(op, err)
	}
	if r.Version != version {
		return Connector{}, changed()
	}
	if !disabled {
		h, err := s.unseal(ctx, r)
		if err != nil {
			return Connector{}, errs.Wrap(op, err)
		}
		if err := s.opens(ctx, r, h); err != nil {
			return Connector{}, errs.Wrap(op, err)
		}
	}
	r.Disabled, r.Version, r.UpdatedAt, r.UpdatedBy = disabled, version+1, s.o.Now(), userID
	c, err := s.store(ctx, r, version)
	return c, errs.Wrap(op, err)
}

// Delete removes a connector and has it no longer used.
func (s *Service) Delete(ctx context.Context, id string, version int64, userID string) error {
	const op = "deleting connector"
	if s.ofFile(id) {
		return errs.E(errs.Invalid, op, "the connector is one of the configuration file: take it out there")
	}
	if err := s.o.Repository.DeleteWebConnector(ctx, id, version); err != nil {
		if errs.Is(err, errs.Conflict) {
			return changed()
		}
		return errs.Wrap(op, err)
	}
	s.o.Log.Info("connector deleted", "connector", id, "user", userID)
	s.o.Changed(context.WithoutCancel(ctx))
	return nil
}

// opens makes sure that a driver takes the configuration.
func (s *Service) opens(ctx context.Context, r Record, h held) error {
	spec, err := s.confined(r, h)
	if err != nil {
		return err
	}
	d, err := s.o.Open(ctx, spec.ID, spec.Kind, spec.Config, spec.Secrets)
	if err != nil {
		return inConfig(err)
	}
	return closeDriver(d)
}

func closeDriver(d connectors.Driver) error {
	if c, ok := d.(io.Closer); ok {
		return c.Close()
	}
	return nil
}
