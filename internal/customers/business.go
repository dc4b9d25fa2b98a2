package customers

import (
	"context"

	"github.com/pult-cc/pult/connectors"
	"github.com/pult-cc/pult/internal/errs"
)

// Teller is a Source that knows more of a customer than who has a number. What a system cannot tell is errs.Unsupported.
type Teller interface {
	Related(ctx context.Context, customer connectors.Ref, limit int) ([]connectors.Item, error)
	History(ctx context.Context, customer connectors.Ref, limit int) ([]connectors.Contact, error)
}

// Related tells what goes on with a customer in their own system: deals, tickets, orders. A system that cannot tell has nothing to
// tell; one that does not answer in time is errs.Timeout or errs.Unavailable.
func (s *Service) Related(ctx context.Context, id ID, limit int) ([]connectors.Item, error) {
	return tell(ctx, s, "reading what goes on with a customer", id, func(ctx context.Context, t Teller, ref connectors.Ref) ([]connectors.Item, error) {
		return t.Related(ctx, ref, limit)
	})
}

// Contacts tells what was said and written with a customer according to their own system, as Related does.
func (s *Service) Contacts(ctx context.Context, id ID, limit int) ([]connectors.Contact, error) {
	return tell(ctx, s, "reading the history of a customer", id, func(ctx context.Context, t Teller, ref connectors.Ref) ([]connectors.Contact, error) {
		return t.History(ctx, ref, limit)
	})
}

func tell[T any](ctx context.Context, s *Service, op string, id ID, ask func(context.Context, Teller, connectors.Ref) ([]T, error)) ([]T, error) {
	ref, err := DecodeID(id)
	if err != nil {
		return nil, errs.Wrap(op, err)
	}
	src := s.source(ref.Connector)
	teller, ok := src.(Teller)
	if !ok {
		return nil, nil // nothing to tell, or no longer configured
	}
	ctx, cancel := context.WithTimeout(ctx, s.o.SearchDeadline)
	defer cancel()
	out, err := ask(ctx, teller, ref)
	switch {
	case err == nil:
		return out, nil
	case errs.Is(err, errs.Unsupported), errs.Is(err, errs.NotFound):
		return nil, nil
	}
	return nil, saidBy(src, op, err)
}

// source returns a customer system by its id; nil when there is none.
func (s *Service) source(id string) Source {
	for _, src := range s.systems.Load().sources {
		if src.ID() == id {
			return src
		}
	}
	return nil
}
