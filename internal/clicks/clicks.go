// Package clicks turns a number that somebody clicked in a customer system into a call of the operator who that is here. It gives the
// command that the operator's own page gives, and only where that operator is at work; what proves a click to be the system's is the
// connector's to check. See docs/decisions/0022-click-to-call.md.
package clicks

import (
	"context"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"time"

	"golang.org/x/time/rate"

	"github.com/pult-cc/pult/connectors"
	"github.com/pult-cc/pult/internal/customers"
	"github.com/pult-cc/pult/internal/errs"
	"github.com/pult-cc/pult/telephony/calls"
	"github.com/pult-cc/pult/telephony/queues"
)

// Person is somebody with an account.
type Person struct{ ID, Login string }

// System is a customer system that sends clicks.
type System struct {
	ID string
	// People are our logins and who they are there, as the configuration says.
	People map[string]string
	// Agents lists who works there; errs.Unsupported where it cannot tell.
	Agents func(ctx context.Context) ([]connectors.Agent, error)
}

// Options are what a Service works with.
type Options struct {
	People   func(ctx context.Context) ([]Person, error) // those whose accounts are in force
	Operator func(id string) (calls.Operator, bool)      // as the board shows them
	Do       func(context.Context, calls.Command) (calls.Reply, error)
	Customer func(context.Context, customers.ID) (customers.Customer, error)
	// Begun notes that a system has begun a call of its own for the click that became a call here; nil where nobody ends those.
	Begun func(ctx context.Context, system string, call calls.ID, c connectors.Click) error
	Now   func() time.Time
	Log   *slog.Logger
}

// What one operator's clicks may come to: a person clicks, thinks, and talks.
const (
	burst = 3
	every = 10 * time.Second
)

// How long is remembered which clicks were seen and who works in a system.
const (
	seenFor   = 10 * time.Minute
	agentsFor = 10 * time.Minute
	maxSeen   = 4096
)

// Service dials clicked numbers. Its methods may be called concurrently.
type Service struct {
	o Options

	mu     sync.Mutex
	seen   map[string]time.Time
	limits map[string]*rate.Limiter // by operator
	agents map[string]agents        // by system
}

type agents struct {
	read time.Time
	list []connectors.Agent
}

// New makes a service.
func New(o Options) *Service {
	return &Service{o: o, seen: map[string]time.Time{}, limits: map[string]*rate.Limiter{}, agents: map[string]agents{}}
}

// Dial has the operator who clicked call the number, and links the customer whose card it was where the number is one of theirs. A click that was seen before is done
// already. Errors: NotFound (nobody here is that person), Conflict (not at work, in a call, or the phone does not allow it), Invalid
// (no number that can be called), RateLimited, and those of the floor.
func (s *Service) Dial(ctx context.Context, from System, c connectors.Click) (err error) {
	const op = "calling a clicked number"
	who, err := s.operator(ctx, from, c.Agent)
	if err != nil {
		return err
	}
	if c.Key != "" {
		key := from.ID + "\x00" + c.Key
		if !s.first(key) {
			return nil
		}
		defer func() {
			if errs.Is(err, errs.Conflict) || errs.Is(err, errs.RateLimited) {
				s.forget(key) // nothing came of it
			}
		}()
	}
	o, ok := s.o.Operator(who)
	switch {
	case !ok || o.Availability == queues.Offline || o.Availability == "":
		return errs.E(errs.Conflict, op, "the operator is not at work")
	case o.CallID != "" && o.Presence != calls.PresenceWrapUp:
		// The floor would put whom they talk to on hold: that is for the operator to say, not for a click elsewhere.
		return errs.E(errs.Conflict, op, "the operator is in a call")
	case !s.limit(who).AllowN(s.o.Now(), 1):
		return errs.E(errs.RateLimited, op, "the operator's clicks come too fast")
	}
	reply, err := s.o.Do(ctx, calls.Command{Kind: calls.CmdDial, OperatorID: who, Number: c.Number})
	if err != nil {
		return err
	}
	if reply.Call == nil {
		return nil
	}
	// The call goes on whether or not this could be noted.
	if c.Call.ID != "" && s.o.Begun != nil {
		if err := s.o.Begun(ctx, from.ID, reply.Call.ID, c); err != nil {
			s.o.Log.Warn("noting the call that a system has begun for a click", "connector", from.ID, "error", err)
		}
	}
	if c.Customer != (connectors.Ref{}) {
		if err := s.link(ctx, who, reply.Call, customers.EncodeID(c.Customer)); err != nil {
			s.o.Log.Warn("linking the customer whose number was clicked", "connector", from.ID, "error", err)
		}
	}
	return nil
}

// link chooses the customer for the call. Who is chosen is remembered for the number, and a card shows numbers of other people too, in
// notes and letters: the customer has to have the number.
func (s *Service) link(ctx context.Context, operator string, call *calls.Call, id customers.ID) error {
	c, err := s.o.Customer(ctx, id)
	if err != nil {
		return err
	}
	if !slices.ContainsFunc(c.Numbers, func(n customers.LabeledNumber) bool { return n.Number.E164 == call.To.Number.E164 }) {
		return nil
	}
	_, err = s.o.Do(ctx, calls.Command{Kind: calls.CmdLinkCustomer, OperatorID: operator, CallID: call.ID, CustomerID: id})
	return err
}

// operator finds who clicked: by the configuration, else by a mail address that is a login here, unless the configuration says that
// somebody else there is that operator. A name proves nobody.
func (s *Service) operator(ctx context.Context, from System, a connectors.Agent) (string, error) {
	const op = "finding who clicked"
	people, err := s.o.People(ctx)
	if err != nil {
		return "", errs.Wrap(op, err)
	}
	byLogin := map[string]string{}
	for _, p := range people {
		byLogin[strings.ToLower(p.Login)] = p.ID
	}
	unknown := errs.E(errs.NotFound, op, "nobody here is the one who clicked: see connectors, operators")
	if a.ID == "" && a.Email == "" {
		return "", unknown
	}
	named := map[string]bool{}
	for login, id := range from.People {
		login = strings.ToLower(login)
		if id != "" && id == a.ID {
			if who := byLogin[login]; who != "" {
				return who, nil
			}
			return "", unknown
		}
		named[login] = true
	}
	mail := a.Email
	if mail == "" {
		if mail, err = s.mail(ctx, from, a.ID); err != nil {
			return "", err
		}
	}
	mail = strings.ToLower(mail)
	if who := byLogin[mail]; who != "" && mail != "" && !named[mail] {
		return who, nil
	}
	return "", unknown
}

// mail is the address of somebody who works in a system, "" when it does not tell.
func (s *Service) mail(ctx context.Context, from System, id string) (string, error) {
	s.mu.Lock()
	known := s.agents[from.ID]
	s.mu.Unlock()
	if s.o.Now().Sub(known.read) > agentsFor {
		list, err := from.Agents(ctx)
		if err != nil && !errs.Is(err, errs.Unsupported) {
			return "", errs.Wrap("finding who clicked", err)
		}
		known = agents{s.o.Now(), list}
		s.mu.Lock()
		s.agents[from.ID] = known
		s.mu.Unlock()
	}
	for _, a := range known.list {
		if a.ID == id {
			return a.Email, nil
		}
	}
	return "", nil
}

// first tells whether a click is seen for the first time.
func (s *Service) first(key string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := s.o.Now()
	if at, ok := s.seen[key]; ok && now.Sub(at) < seenFor {
		return false
	}
	if len(s.seen) >= maxSeen {
		for k, at := range s.seen {
			if now.Sub(at) >= seenFor || len(s.seen) >= maxSeen {
				delete(s.seen, k)
			}
		}
	}
	s.seen[key] = now
	return true
}

func (s *Service) forget(key string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.seen, key)
}

func (s *Service) limit(operator string) *rate.Limiter {
	s.mu.Lock()
	defer s.mu.Unlock()
	l := s.limits[operator]
	if l == nil {
		l = rate.NewLimiter(rate.Every(every), burst)
		s.limits[operator] = l
	}
	return l
}
