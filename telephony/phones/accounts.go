package phones

import (
	"context"
	"hash/fnv"
	"sync"

	"golang.org/x/sync/errgroup"

	"github.com/pult-cc/pult/internal/errs"
	"github.com/pult-cc/pult/telephony"
	"github.com/pult-cc/pult/telephony/calls"
)

// Provision pushes the operator's present account.
func (s *Service) Provision(ctx context.Context, d telephony.Provisioner, operatorID string) error {
	return s.push(ctx, d, operatorID)
}

// provisionWidth is how many accounts are pushed side by side: some hundred phones wait after a restart of the PBX.
const provisionWidth = 8

// ProvisionAll makes the accounts of the PBX those of the database. It pushes every account whose endpoint is not in have or that the
// PBX was not told of, adds those it pushed, and removes the accounts of sessions that ended while the PBX could not be told. One that cannot be opened (its key is
// gone), or was made for another realm, is reported and left out: that operator's phone starts a new session. It stops at the first
// part that is away (Unavailable, Timeout); called again with the same have it goes on from there.
func (s *Service) ProvisionAll(ctx context.Context, d telephony.Provisioner, have map[string]bool) error {
	cs, err := s.repo.Credentials(ctx)
	if err != nil {
		return errs.Wrap("reading credentials", err)
	}
	var mu sync.Mutex // guards have
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(provisionWidth)
	for _, c := range cs {
		mu.Lock()
		there := have[c.Endpoint]
		mu.Unlock()
		if there && !c.Ended() && !c.Pending {
			continue
		}
		g.Go(func() error {
			change, doing := s.push, "pushing phone account"
			if c.Ended() {
				change, doing = s.Drop, "removing phone account"
			}
			err := change(ctx, d, c.OperatorID)
			signedIn := c.Ended() && errs.Is(err, errs.Conflict) // meanwhile; Start pushes that account
			switch {
			case errs.Is(err, errs.Unavailable), errs.Is(err, errs.Timeout):
				return err
			case err != nil && !signedIn && !errs.Is(err, errs.NotFound): // NotFound: signed out meanwhile
				s.log.Warn(doing, "operator", c.OperatorID, "error", err)
			}
			mu.Lock()
			defer mu.Unlock()
			have[c.Endpoint] = !c.Ended() || signedIn
			return nil
		})
	}
	return g.Wait()
}

// Drop removes the operator's account from the PBX. Error: Conflict, and nothing is done, when another session has started meanwhile.
func (s *Service) Drop(ctx context.Context, d telephony.Provisioner, operatorID string) error {
	defer s.accounts.lock(operatorID)()
	c, err := s.present(ctx, operatorID)
	switch {
	case err != nil:
		return errs.Wrap("reading credential", err)
	case c.SessionID != "" && !c.Ended():
		return errs.E(errs.Conflict, "removing account", "another phone session has started")
	}
	if err := d.Deprovision(ctx, calls.EndpointOf(operatorID)); err != nil {
		return err
	}
	return s.repo.DeleteCredential(ctx, operatorID, c.SessionID)
}

// push reads the operator's present credential and pushes it, one change of an account at a time: whatever was read earlier could
// be older than what the PBX already has.
func (s *Service) push(ctx context.Context, d telephony.Provisioner, operatorID string) error {
	defer s.accounts.lock(operatorID)()
	c, err := s.repo.CredentialOf(ctx, operatorID)
	switch {
	case err != nil:
		return errs.Wrap("reading credential", err)
	case c.Ended():
		return errs.E(errs.NotFound, "reading credential", "the operator has no phone session")
	}
	if c.Realm != s.set.Realm {
		return errs.Ef(errs.Conflict, "opening credential", "it was made for the realm %q", c.Realm)
	}
	ha1, err := s.sealer.Open(ctx, s.binding(operatorID), c.Sealed)
	if err != nil {
		if errs.Is(err, errs.NotFound) {
			err = errs.With(errs.Internal, "the sealing key is gone", err)
		}
		return errs.Wrap("opening credential", err)
	}
	defer clear(ha1)
	err = d.Provision(ctx, telephony.Account{Endpoint: c.Endpoint, DisplayName: c.Endpoint, HA1: string(ha1), WebRTC: !c.Desk})
	if err != nil || !c.Pending {
		return err
	}
	return s.repo.SettleCredential(ctx, operatorID, c.SessionID)
}

// stripes are locks by name.
type stripes [64]sync.Mutex

// lock locks a name and returns what unlocks it.
func (s *stripes) lock(name string) (unlock func()) {
	h := fnv.New32a()
	h.Write([]byte(name)) // never fails
	m := &s[h.Sum32()%uint32(len(s))]
	m.Lock()
	return m.Unlock
}
