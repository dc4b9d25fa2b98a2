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
	if err := s.o.Repository.SaveWebConnector(ctx, r, d.Version); err != nil {
		if errs.Is(err, errs.Conflict) {
			return Connector{}, taken(d)
		}
		return Connector{}, errs.Wrap(op, err)
	}
	s.o.Log.Info("connector saved", "connector", r.ID, "kind", r.Kind, "version", r.Version, "user", userID, "disabled", r.Disabled)
	s.o.Changed(context.WithoutCancel(ctx))
	c := s.shown(r)
	c.Status = s.o.Status()[r.ID]
	return c, nil
}

// taken is the error of a draft whose version is not the stored one.
func taken(d Draft) error {
	if d.Version == 0 {
		return errs.Field("saving connector", "id", "there is a connector of this name already")
	}
	return changed()
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
