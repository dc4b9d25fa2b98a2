// Package linking carries what people say about numbers and calls, who is whose, to everywhere it matters: the memory of all processes,
// the history, and the calls that are being led. It decides nothing of telephony and knows no customer system.
package linking

import (
	"context"
	"log/slog"

	"github.com/pult-cc/pult/internal/bus"
	"github.com/pult-cc/pult/internal/customers"
	"github.com/pult-cc/pult/internal/errs"
	"github.com/pult-cc/pult/internal/interactions"
	"github.com/pult-cc/pult/telephony/calls"
)

// subject of the bus on which processes tell each other of which number people said something new.
const subject = "links"

// People is what this package needs of a customers.Service.
type People interface {
	Link(ctx context.Context, number string, id customers.ID, operatorID string) (customers.Linked, error)
	Unlink(ctx context.Context, number string, id customers.ID, operatorID string) (customers.Linked, error)
	Get(ctx context.Context, id customers.ID) (customers.Customer, error)
	Create(ctx context.Context, w customers.NewCustomer) (customers.Created, error)
	Reread(number string)
}

// History is what this package needs of the history.
type History interface {
	Get(ctx context.Context, id string) (interactions.Interaction, error)
	SetCustomer(ctx context.Context, id string, customer customers.ID, name, by string) error
}

// Floor takes commands for calls that are being led, and Board has the picture of them.
type (
	Floor interface {
		Do(ctx context.Context, cmd calls.Command) (calls.Reply, error)
	}
	Board interface {
		Snapshot() calls.Snapshot
		Call(id calls.ID) (calls.Call, bool)
	}
)

// Service links and unlinks. Its methods may be called concurrently.
type Service struct {
	people  People
	history History
	floor   Floor
	board   Board
	bus     bus.Bus
	log     *slog.Logger
}

// NewService makes a service. Run has to run in every process that matches callers.
func NewService(people People, history History, floor Floor, board Board, b bus.Bus, log *slog.Logger) *Service {
	return &Service{people: people, history: history, floor: floor, board: board, bus: b, log: log}
}

// Run makes this process forget what it remembers of numbers about which others have learnt something, until ctx ends. A message that
// is lost costs as long as the memory believes itself: half a minute.
func (s *Service) Run(ctx context.Context) error {
	sub, err := s.bus.Subscribe(ctx, subject)
	if err != nil {
		return errs.Wrap("following links", err)
	}
	defer sub.Close()
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case env, ok := <-sub.C():
			if !ok {
				return errs.E(errs.Unavailable, "following links", "the bus ended the subscription")
			}
			if len(env.Payload) > 0 {
				s.people.Reread(string(env.Payload))
			}
		}
	}
}

// LinkNumber remembers that a number is a customer's: the next call from it shows them, calls that are being led do at once, and past
// calls that had nobody have them.
func (s *Service) LinkNumber(ctx context.Context, operatorID, number string, id customers.ID) (customers.Linked, error) {
	l, err := s.people.Link(ctx, number, id, operatorID)
	if err != nil {
		return customers.Linked{}, err
	}
	s.tell(ctx, operatorID, l.Number.E164)
	return l, nil
}

// UnlinkNumber takes back that a number is a customer's, and returns how many past calls lost their link. It undoes LinkNumber, which
// undoes it.
func (s *Service) UnlinkNumber(ctx context.Context, operatorID, number string, id customers.ID) (int, error) {
	if id == "" {
		return 0, errs.Field("unlinking number", "customerId", "say who is not theirs")
	}
	l, err := s.people.Unlink(ctx, number, id, operatorID)
	if err != nil {
		return 0, err
	}
	s.tell(ctx, operatorID, l.Number.E164)
	return l.Calls, nil
}

// LinkInteraction links one interaction to a customer, or with "" unlinks it. Where its number is public that is said of the number,
// too. A call that is still led is linked by the floor, which would overwrite anybody else.
func (s *Service) LinkInteraction(ctx context.Context, operatorID, id string, customer customers.ID) (interactions.Interaction, error) {
	in, err := s.history.Get(ctx, id)
	if err != nil {
		return in, err
	}
	if _, led := s.board.Call(calls.ID(id)); led {
		cmd := calls.Command{Kind: calls.CmdLinkCustomer, CallID: calls.ID(id), CustomerID: customer, OperatorID: operatorID, Supervisor: true}
		if customer == "" {
			cmd.Kind = calls.CmdUnlinkCustomer
		}
		_, err := s.floor.Do(ctx, cmd)
		return in, err
	}
	name := ""
	public := in.Number.Kind == customers.NumberPublic
	switch {
	case customer == "" && in.CustomerID == "":
		return in, nil
	case customer == "" && public:
		_, err = s.UnlinkNumber(ctx, operatorID, in.Number.E164, in.CustomerID)
	case customer != "" && public:
		var l customers.Linked
		l, err = s.LinkNumber(ctx, operatorID, in.Number.E164, customer)
		name = l.Customer.Name
	case customer != "":
		var c customers.Customer
		c, err = s.people.Get(ctx, customer)
		name = c.Name
	}
	if err != nil {
		return in, err
	}
	// It may have had another customer, which linking the number leaves alone.
	if err := s.history.SetCustomer(ctx, id, customer, name, operatorID); err != nil {
		return in, err
	}
	return s.history.Get(ctx, id)
}

// Create makes a customer in a system and says that the number is theirs. Who may be the same is returned instead, see
// customers.Service.Create. callID names the call, led or past, that is linked to the customer, too; it may be empty. A customer whose
// number or call could not be linked is made all the same.
func (s *Service) Create(ctx context.Context, operatorID, callID string, w customers.NewCustomer) (customers.Created, int, error) {
	made, err := s.people.Create(ctx, w)
	if err != nil || made.Customer == nil {
		return made, 0, err
	}
	if callID != "" {
		if _, err := s.LinkInteraction(ctx, operatorID, callID, made.Customer.ID); err != nil {
			s.log.Warn("linking the call of a created customer", "call", callID, "err", err)
		}
		return made, 0, nil
	}
	if made.Number.E164 == "" {
		return made, 0, nil
	}
	l, err := s.LinkNumber(ctx, operatorID, made.Number.E164, made.Customer.ID)
	if err != nil {
		s.log.Warn("linking the number of a created customer", "number", made.Number.E164, "err", err)
		return made, 0, nil
	}
	return made, l.Calls, nil
}

// tell makes every process read anew what people said of a number, and the calls with it ask again.
func (s *Service) tell(ctx context.Context, operatorID, number string) {
	if err := s.bus.Publish(ctx, subject, []byte(number)); err != nil && ctx.Err() == nil {
		s.log.Warn("telling others of a link", "err", err)
	}
	snapshot := s.board.Snapshot()
	for i := range snapshot.Calls {
		c := &snapshot.Calls[i]
		if n := c.CustomerNumber(); n.Kind != customers.NumberPublic || n.E164 != number {
			continue
		}
		cmd := calls.Command{Kind: calls.CmdRetryMatch, CallID: c.ID, OperatorID: operatorID, Supervisor: true}
		if _, err := s.floor.Do(ctx, cmd); err != nil && !errs.Is(err, errs.NotFound) && !errs.Is(err, errs.Conflict) {
			s.log.Warn("asking again who is calling", "call", c.ID, "err", err)
		}
	}
}
