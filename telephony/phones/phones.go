// Package phones makes operators' SIP accounts: a random secret for one phone session of the page, or for a desk phone, sealed at rest,
// pushed to the PBX by whoever owns the floor, and pushed again when the PBX has forgotten it. No SIP password exists anywhere else.
package phones

import (
	"context"
	"crypto/md5" //nolint:gosec // RFC 2617 digest: the SIP standard that phones speak; the secret is 128 random bits for one session
	"crypto/rand"
	"encoding/hex"
	"errors"
	"log/slog"
	"time"

	"github.com/pult-cc/pult/internal/errs"
	"github.com/pult-cc/pult/internal/seal"
	"github.com/pult-cc/pult/telephony/calls"
	"github.com/pult-cc/pult/telephony/queues"
)

// Sealer makes secrets unreadable at rest and readable again. Its methods may be called concurrently.
type Sealer interface {
	Seal(ctx context.Context, b seal.Binding, plaintext []byte) (sealed []byte, version uint32, err error)
	Open(ctx context.Context, b seal.Binding, sealed []byte) ([]byte, error)
}

// Session is what a phone needs to sign in. HA1 is equivalent to a password: hand it over once, keep it in memory only.
type Session struct {
	ID          string
	Endpoint    string // user name, also the authorisation user
	DisplayName string
	Realm       string
	HA1         string
	URLs        []string // WebSocket addresses of the PBX (RFC 7118)
	Host        string   // host part of the SIP URI
	Simulated   bool     // no phone signs in: answer through the API
}

// Settings are the site's.
type Settings struct {
	Realm     string
	URLs      []string
	Host      string
	Simulated bool

	DeskServer    string // where desk phones find the PBX: host, or host and port
	DeskTransport string // udp, tcp or tls
}

// Floor is what phones need of the floor.
type Floor interface {
	Do(ctx context.Context, cmd calls.Command) (calls.Reply, error)
}

// Notifier tells an operator's windows something.
type Notifier interface {
	Notify(ctx context.Context, n calls.Notice) error
}

// Service starts and stops phone sessions, in any process, and pushes accounts in the process that owns the PBX (calls.Phones).
// Methods may be called concurrently.
type Service struct {
	repo    seal.CredentialRepository
	devices Devices
	sealer  Sealer
	floor   Floor
	notify  Notifier
	set     Settings
	log     *slog.Logger

	accounts stripes
}

// New makes the service.
func New(repo seal.CredentialRepository, devices Devices, sealer Sealer, floor Floor, notify Notifier, set Settings, log *slog.Logger) *Service {
	return &Service{repo: repo, devices: devices, sealer: sealer, floor: floor, notify: notify, set: set, log: log}
}

var _ calls.Phones = (*Service)(nil)

// Request is a window's wish for the operator's phone.
type Request struct {
	OperatorID  string
	DisplayName string
	ClientID    string // names the window, over reloads; 1 to 64 characters
	Take        bool   // a person wants the phone in this window, wherever it is now
}

// Start makes a new secret for the operator's window, stores it sealed and has it pushed to the PBX. The earlier session of the
// operator ends: its secret no longer signs in and its window is told. Error: Conflict, and nothing has changed, when another window
// has the phone and nobody asked to take it: a window that slept through its loss must not fetch the phone back from a conversation.
// Conflict, too, where the operator's device is a desk phone: the page is none then.
func (s *Service) Start(ctx context.Context, r Request) (Session, error) {
	const op = "starting phone"
	if r.ClientID == "" || len(r.ClientID) > 64 {
		return Session{}, errs.Field(op, "clientId", "1 to 64 characters")
	}
	if err := s.atPage(ctx, r.OperatorID); err != nil {
		return Session{}, errs.Wrap(op, err)
	}
	c, ha1, err := s.make(ctx, r, rand.Text())
	if err != nil {
		return Session{}, errs.Wrap(op, err)
	}
	former, err := s.replace(ctx, c, r.Take)
	if err != nil {
		return Session{}, errs.Wrap(op, err)
	}
	if _, err := s.floor.Do(ctx, calls.Command{Kind: calls.CmdProvisionPhone, OperatorID: r.OperatorID}); err != nil {
		s.undo(ctx, c, former)
		return Session{}, errs.Wrap(op, err)
	}
	switch now, err := s.repo.CredentialOf(ctx, r.OperatorID); {
	case err != nil:
		return Session{}, errs.Wrap(op, err)
	case now.SessionID != c.SessionID:
		return Session{}, elsewhere(op)
	}
	if err := s.atPage(ctx, r.OperatorID); err != nil { // another device was chosen meanwhile, which found nothing to end
		_, _ = s.end(ctx, r.OperatorID, r.ClientID) // what fails of it is owed: see ProvisionAll
		return Session{}, errs.Wrap(op, err)
	}
	if heldElsewhere(former, r.ClientID) {
		n := calls.Notice{ID: newID(), At: c.CreatedAt, Kind: calls.NoticePhoneTakenOver, OperatorID: r.OperatorID, PhoneClientID: r.ClientID}
		if err := s.notify.Notify(ctx, n); err != nil {
			s.log.Warn("telling the former phone window", "error", err)
		}
	}
	return Session{
		ID: c.SessionID, Endpoint: c.Endpoint, DisplayName: r.DisplayName, Realm: c.Realm, HA1: ha1,
		URLs: s.set.URLs, Host: s.set.Host, Simulated: s.set.Simulated,
	}, nil
}

// atPage refuses where the operator talks at a desk phone.
func (s *Service) atPage(ctx context.Context, operatorID string) error {
	desk, err := s.devices.AtDesk(ctx, operatorID)
	if err == nil && desk {
		err = atDesk("checking device")
	}
	return err
}

func atDesk(op string) error { return errs.E(errs.Conflict, op, "your device is a desk phone") }

// make seals a secret. It has 128 random bits: beyond guessing, which is what makes MD5 digests acceptable.
func (s *Service) make(ctx context.Context, r Request, secret string) (c seal.Credential, ha1 string, err error) {
	endpoint := calls.EndpointOf(r.OperatorID)
	ha1 = HA1(endpoint, s.set.Realm, secret)
	sealed, version, err := s.sealer.Seal(ctx, s.binding(r.OperatorID), []byte(ha1))
	return seal.Credential{
		OperatorID: r.OperatorID, SessionID: newID(), ClientID: r.ClientID, Endpoint: endpoint, Realm: s.set.Realm,
		KeyVersion: version, Sealed: sealed, CreatedAt: time.Now(),
	}, ha1, err
}

// replace makes c the operator's credential, if its window may have the phone, and returns the one it has replaced (zero for none).
func (s *Service) replace(ctx context.Context, c seal.Credential, take bool) (former seal.Credential, err error) {
	for {
		former, err = s.present(ctx, c.OperatorID)
		switch {
		case err != nil:
			return former, err
		case former.Desk && !former.Ended():
			return former, atDesk("replacing credential")
		case !take && heldElsewhere(former, c.ClientID):
			return former, elsewhere("replacing credential")
		}
		err = s.repo.SwapCredential(ctx, c, former.SessionID)
		if !errs.Is(err, errs.Conflict) {
			return former, err
		}
		// Another window, perhaps in another process, came between: what it left decides anew.
	}
}

// present reads the operator's credential; none is the zero one.
func (s *Service) present(ctx context.Context, operatorID string) (seal.Credential, error) {
	c, err := s.repo.CredentialOf(ctx, operatorID)
	if errs.Is(err, errs.NotFound) {
		return seal.Credential{}, nil
	}
	return c, err
}

// heldElsewhere tells whether the phone of the credential is with another window than this.
func heldElsewhere(c seal.Credential, clientID string) bool {
	return c.SessionID != "" && !c.Ended() && c.ClientID != clientID
}

func elsewhere(op string) error { return errs.E(errs.Conflict, op, "another window has the phone") }

// undo brings the former credential back where the new one could not be pushed: the phone that has it is signed in, and will have
// to be again when the PBX has restarted.
func (s *Service) undo(ctx context.Context, c, former seal.Credential) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 2*time.Second)
	defer cancel()
	if former.SessionID == "" {
		former = ended(c) // that the push failed does not say that nothing of it has arrived
	}
	err := s.repo.SwapCredential(ctx, former, c.SessionID)
	if err != nil && !errs.Is(err, errs.Conflict) { // Conflict: a newer one, not ours to change
		s.log.Warn("taking a phone session back", "operator", c.OperatorID, "error", err)
	}
}

// ended is what is kept of a session whose account may still be on the PBX.
func ended(c seal.Credential) seal.Credential {
	c.SessionID, c.ClientID, c.Sealed, c.Pending = newID(), "", nil, c.Desk
	return c
}

// Stop ends the operator's phone session if this window has it; an empty clientID stands for whichever window does. The sealed secret
// goes at once. Account and contact go with it, or, where that fails (the error says so), as soon as the PBX is back. No session, or
// another window's, or a desk phone, is success and changes nothing.
func (s *Service) Stop(ctx context.Context, operatorID, clientID string) error {
	_, err := s.end(ctx, operatorID, clientID)
	return errs.Wrap("stopping phone", err)
}

// Leave is for a window whose person signs out: its phone session ends as with Stop, and the operator is offline, unless another
// window has the phone and so goes on.
func (s *Service) Leave(ctx context.Context, operatorID, clientID string) error {
	goesOn, stopped := s.end(ctx, operatorID, clientID)
	if goesOn {
		return nil
	}
	offline := calls.Command{Kind: calls.CmdSetAvailability, OperatorID: operatorID, Avail: queues.Offline}
	_, err := s.floor.Do(ctx, offline)
	if errs.Is(err, errs.NotFound) {
		err = nil
	}
	return errors.Join(errs.Wrap("stopping phone", stopped), errs.Wrap("setting offline", err))
}

// end is Stop; it also tells whether another window has the phone.
func (s *Service) end(ctx context.Context, operatorID, clientID string) (goesOn bool, err error) {
	for {
		c, err := s.present(ctx, operatorID)
		switch {
		case err != nil:
			return false, err
		case c.SessionID == "", c.Desk && !c.Ended():
			return false, nil
		case clientID != "" && heldElsewhere(c, clientID):
			return true, nil
		}
		if !c.Ended() {
			err = s.repo.SwapCredential(ctx, ended(c), c.SessionID)
			if errs.Is(err, errs.Conflict) {
				continue // as in replace
			}
			if err != nil {
				return false, err
			}
		}
		_, err = s.floor.Do(ctx, calls.Command{Kind: calls.CmdDropPhone, OperatorID: operatorID})
		if errs.Is(err, errs.Conflict) {
			return true, nil // a newer session has started: this one is over all the same
		}
		return false, err
	}
}

const purpose = "sip-ha1"

func (s *Service) binding(operatorID string) seal.Binding {
	return seal.Binding{Operator: operatorID, Realm: s.set.Realm, Purpose: purpose}
}

// HA1 is the digest of user, realm and secret (RFC 2617 §3.2.2.2), lower-case hex.
func HA1(user, realm, secret string) string {
	sum := md5.Sum([]byte(user + ":" + realm + ":" + secret)) //nolint:gosec // see the import
	return hex.EncodeToString(sum[:])
}

func newID() string {
	var b [12]byte
	_, _ = rand.Read(b[:]) // never fails, see crypto/rand
	return hex.EncodeToString(b[:])
}
