package interactions

import (
	"context"
	"encoding/json"
	"log/slog"
	"time"

	"github.com/pult-cc/pult/internal/bus"
	"github.com/pult-cc/pult/internal/customers"
	"github.com/pult-cc/pult/internal/errs"
)

// subject of the bus on which changed interactions are announced.
const subject = "history"

// changed is what is announced: who wants it reads it, so nothing of the history travels or grows stale.
type changed struct {
	ID       string       `json:"id"`
	Customer customers.ID `json:"customer"`
}

// Service is the history with its changes told to whoever follows, in every process. Methods may be called concurrently.
type Service struct {
	Repository
	bus bus.Bus
	now func() time.Time
	log *slog.Logger
}

// NewService makes the service. now is time.Now but for tests.
func NewService(repo Repository, b bus.Bus, now func() time.Time, log *slog.Logger) *Service {
	return &Service{Repository: repo, bus: b, now: now, log: log}
}

// SaveCall saves the call part and announces it.
func (s *Service) SaveCall(ctx context.Context, in Interaction) error {
	if err := s.Repository.SaveCall(ctx, in); err != nil {
		return err
	}
	s.announce(ctx, in.ID, in.CustomerID)
	return nil
}

// SetCustomer links the interaction, or unlinks it, and announces it to the followers of who has it now.
func (s *Service) SetCustomer(ctx context.Context, id string, customer customers.ID, name, by string) error {
	if err := s.Repository.SetCustomer(ctx, id, customer, name, by, s.now()); err != nil {
		return err
	}
	s.announce(ctx, id, customer)
	return nil
}

// announce tells the followers. A bus that is away costs them a moment, not the change: it is saved.
func (s *Service) announce(ctx context.Context, id string, customer customers.ID) {
	if customer == "" {
		return
	}
	raw, err := json.Marshal(changed{id, customer})
	if err == nil {
		err = s.bus.Publish(ctx, subject, raw)
	}
	if err != nil && ctx.Err() == nil {
		s.log.Debug("announcing a change of the history", "error", err)
	}
}

// Follow delivers the customer's new and changed interactions until ctx ends; then the channel is closed. After a hole in the bus
// the newest page is delivered again. A reader that is slow delays only itself.
func (s *Service) Follow(ctx context.Context, customer customers.ID) (<-chan Interaction, error) {
	sub, err := s.bus.Subscribe(ctx, subject)
	if err != nil {
		return nil, errs.Wrap("following the history", err)
	}
	out := make(chan Interaction)
	go func() {
		defer close(out)
		defer sub.Close()
		for env := range sub.C() {
			for _, in := range s.news(ctx, env, customer) {
				select {
				case out <- in:
				case <-ctx.Done():
					return
				}
			}
		}
	}()
	return out, nil
}

// followPage is how much of the history is delivered again after a hole.
const followPage = 20

func (s *Service) news(ctx context.Context, env bus.Envelope, customer customers.ID) []Interaction {
	var out []Interaction
	if env.Gap {
		page, err := s.List(ctx, Filter{CustomerID: customer}, followPage, "")
		if err != nil {
			s.log.Warn("reading the history after a hole", "error", err)
		}
		out = page.Items
	}
	var c changed
	if len(env.Payload) == 0 || json.Unmarshal(env.Payload, &c) != nil || c.Customer != customer {
		return out
	}
	in, err := s.Get(ctx, c.ID)
	if err != nil {
		if ctx.Err() == nil {
			s.log.Warn("reading a changed interaction", "error", err)
		}
		return out
	}
	return append(out, in)
}
