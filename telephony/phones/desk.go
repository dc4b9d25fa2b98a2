package phones

import (
	"context"
	"crypto/rand"
	"time"

	"github.com/pult-cc/pult/internal/errs"
	"github.com/pult-cc/pult/internal/seal"
	"github.com/pult-cc/pult/telephony/calls"
)

// A desk phone is a hard phone, or a softphone of its own, that an operator talks at instead of the page. Its SIP account lasts until
// somebody changes or revokes it, whoever signs in or out of the page.

// Devices keeps what the operators talk at. Its methods may be called concurrently, also by other processes.
type Devices interface {
	// AtDesk tells whether the operator's device is a desk phone. Error: NotFound for nobody.
	AtDesk(ctx context.Context, operatorID string) (bool, error)
	SetAtDesk(ctx context.Context, operatorID string, desk bool) error
}

// DeskAccount is what is typed into a desk phone. It is shown once: the password is nowhere afterwards.
type DeskAccount struct {
	Server    string // host, or host and port
	Transport string // udp, tcp or tls
	User      string // also the authorisation user
	Password  string
	Realm     string
	Renewed   bool // there was an account, whose password is no longer good
}

// IssueDesk makes a desk phone the operator's device and makes a new password for it; a former one, and the phone session of a page,
// end. The PBX is told at once, or, while it is away, as soon as it is back.
func (s *Service) IssueDesk(ctx context.Context, operatorID string) (DeskAccount, error) {
	const op = "issuing desk phone"
	if err := s.devices.SetAtDesk(ctx, operatorID, true); err != nil {
		return DeskAccount{}, errs.Wrap(op, err)
	}
	password := newPassword()
	c, _, err := s.make(ctx, Request{OperatorID: operatorID}, password)
	if err != nil {
		return DeskAccount{}, errs.Wrap(op, err)
	}
	c.Desk, c.Pending = true, true
	var former seal.Credential
	for {
		if former, err = s.present(ctx, operatorID); err == nil {
			err = s.repo.SwapCredential(ctx, c, former.SessionID)
		}
		if !errs.Is(err, errs.Conflict) {
			break
		} // another change came between; this one is to be the last
	}
	if err != nil {
		return DeskAccount{}, errs.Wrap(op, err)
	}
	if err := s.tell(ctx, c); err != nil {
		s.log.Warn("the PBX does not know a desk phone's account yet", "operator", operatorID, "error", err)
	}
	return DeskAccount{
		Server: s.set.DeskServer, Transport: s.set.DeskTransport, User: c.Endpoint, Password: password, Realm: c.Realm,
		Renewed: former.Desk && !former.Ended(),
	}, nil
}

// HasDesk tells whether there is an account of a desk phone for the operator.
func (s *Service) HasDesk(ctx context.Context, operatorID string) (bool, error) {
	c, err := s.present(ctx, operatorID)
	return c.Desk && !c.Ended(), errs.Wrap("looking for desk phone", err)
}

// SetDevice chooses between the page and a desk phone. What the other one signs in with ends: a desk phone's account is revoked. A desk
// phone needs an account then: see IssueDesk.
func (s *Service) SetDevice(ctx context.Context, operatorID string, desk bool) error {
	const op = "choosing device"
	if err := s.devices.SetAtDesk(ctx, operatorID, desk); err != nil {
		return errs.Wrap(op, err)
	}
	for {
		c, err := s.present(ctx, operatorID)
		switch {
		case err != nil:
			return errs.Wrap(op, err)
		case c.SessionID == "" || c.Ended() || c.Desk == desk:
			s.reload(ctx)
			return nil
		}
		gone := ended(c)
		gone.Pending = true
		err = s.repo.SwapCredential(ctx, gone, c.SessionID)
		if errs.Is(err, errs.Conflict) {
			continue
		}
		if err != nil {
			return errs.Wrap(op, err)
		}
		if err := s.tell(ctx, gone); err != nil {
			s.log.Warn("the PBX still knows the account of a former device", "operator", operatorID, "error", err)
		}
		return nil
	}
}

// tell lets the owner of the floor know of the device, and the PBX of its account. What fails stays pending.
func (s *Service) tell(ctx context.Context, c seal.Credential) error {
	s.reload(ctx)
	kind := calls.CmdProvisionPhone
	if c.Ended() {
		kind = calls.CmdDropPhone
	}
	_, err := s.floor.Do(ctx, calls.Command{Kind: kind, OperatorID: c.OperatorID})
	if errs.Is(err, errs.Conflict) && c.Ended() {
		return nil // another account has taken its place
	}
	return err
}

// reload makes the floor read who has which device. It reads that at its start, too.
func (s *Service) reload(ctx context.Context) {
	if _, err := s.floor.Do(ctx, calls.Command{Kind: calls.CmdReloadDirectory}); err != nil {
		s.log.Warn("telling the floor of a device", "error", err)
	}
}

const (
	followEvery = 2 * time.Second  // Follow looks
	followPause = 30 * time.Second // it leaves alone what has just failed
)

// Follow carries out, until ctx ends, what was changed where nobody could be told: on the command line, by a process that died, or
// while the PBX was away. Run it where the floor is owned.
func (s *Service) Follow(ctx context.Context) {
	tick := time.NewTicker(followEvery)
	defer tick.Stop()
	failed := map[string]time.Time{}
	for {
		select {
		case <-ctx.Done():
			return
		case now := <-tick.C:
			s.catchUp(ctx, now, failed)
		}
	}
}

// CatchUp is one look of Follow.
func (s *Service) CatchUp(ctx context.Context) { s.catchUp(ctx, time.Now(), map[string]time.Time{}) }

// catchUp leaves alone what failed a moment ago, by phone session: every attempt lets the phone seem away for a moment.
func (s *Service) catchUp(ctx context.Context, now time.Time, failed map[string]time.Time) {
	cs, err := s.repo.PendingCredentials(ctx)
	if err != nil {
		s.log.Debug("looking for changed accounts", "error", err)
		return
	}
	for session, at := range failed {
		if now.Sub(at) >= followPause {
			delete(failed, session)
		}
	}
	for _, c := range cs {
		if _, waits := failed[c.SessionID]; waits {
			continue
		}
		if err := s.tell(ctx, c); err != nil {
			s.log.Info("the PBX could not be told of an account", "operator", c.OperatorID, "error", err)
			failed[c.SessionID] = now
		}
	}
}

// passwordRunes are easy to tell apart, and on the keys of every phone. 26 of them are 128.8 bits: as with the page's secrets, that is
// what makes MD5 digests acceptable.
const (
	passwordRunes  = "abcdefghjkmnpqrstuvwxyz23456789"
	passwordLength = 26
)

func newPassword() string {
	out := make([]byte, 0, passwordLength)
	for buf := make([]byte, 2*passwordLength); len(out) < passwordLength; {
		_, _ = rand.Read(buf) // never fails, see crypto/rand
		for _, b := range buf {
			if i := int(b & 31); i < len(passwordRunes) && len(out) < passwordLength { // every rune as likely as the others
				out = append(out, passwordRunes[i])
			}
		}
	}
	return string(out)
}
