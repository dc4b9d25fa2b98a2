// Package phones makes operators' SIP accounts: a random secret for one phone session, sealed at rest, pushed to the PBX by whoever
// owns the floor, and pushed again when the PBX has forgotten it. No SIP password exists anywhere else.
package phones

import (
	"context"
	"crypto/md5" //nolint:gosec // RFC 2617 digest: the SIP standard that phones speak; the secret is 128 random bits for one session
	"crypto/rand"
	"encoding/hex"
	"hash/fnv"
	"log/slog"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/pult-cc/pult/internal/errs"
	"github.com/pult-cc/pult/internal/seal"
	"github.com/pult-cc/pult/telephony"
	"github.com/pult-cc/pult/telephony/calls"
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
	repo   seal.CredentialRepository
	sealer Sealer
	floor  Floor
	notify Notifier
	set    Settings
	log    *slog.Logger

	accounts stripes
}

// New makes the service.
func New(repo seal.CredentialRepository, sealer Sealer, floor Floor, notify Notifier, set Settings, log *slog.Logger) *Service {
	return &Service{repo: repo, sealer: sealer, floor: floor, notify: notify, set: set, log: log}
}

var _ calls.Phones = (*Service)(nil)

// Start makes a new secret for the operator's window, stores it sealed and has it pushed to the PBX. Every earlier session of the
// operator ends: its secret no longer signs in and its window is told.
func (s *Service) Start(ctx context.Context, operatorID, displayName, clientID string) (Session, error) {
	const op = "starting phone"
	if clientID == "" || len(clientID) > 64 {
		return Session{}, errs.Field(op, "clientId", "1 to 64 characters")
	}
	var raw [16]byte // 128 bits: beyond guessing, which is what makes MD5 digests acceptable
	if _, err := rand.Read(raw[:]); err != nil {
		return Session{}, errs.With(errs.Internal, op, err)
	}
	endpoint := calls.EndpointOf(operatorID)
	ha1 := HA1(endpoint, s.set.Realm, hex.EncodeToString(raw[:]))
	clear(raw[:])
	bind := s.binding(operatorID)
	sealed, version, err := s.sealer.Seal(ctx, bind, []byte(ha1))
	if err != nil {
		return Session{}, errs.Wrap(op, err)
	}
	c := seal.Credential{
		OperatorID: operatorID, SessionID: newID(), ClientID: clientID, Endpoint: endpoint, Realm: s.set.Realm,
		KeyVersion: version, Sealed: sealed, CreatedAt: time.Now(),
	}
	former, err := s.repo.CredentialOf(ctx, operatorID)
	if err != nil && !errs.Is(err, errs.NotFound) {
		return Session{}, errs.Wrap(op, err)
	}
	if err := s.repo.SaveCredential(ctx, c); err != nil {
		return Session{}, errs.Wrap(op, err)
	}
	if _, err := s.floor.Do(ctx, calls.Command{Kind: calls.CmdProvisionPhone, OperatorID: operatorID}); err != nil {
		s.undo(ctx, c, former)
		return Session{}, errs.Wrap(op, err)
	}
	switch now, err := s.repo.CredentialOf(ctx, operatorID); {
	case err != nil:
		return Session{}, errs.Wrap(op, err)
	case now.SessionID != c.SessionID:
		return Session{}, errs.E(errs.Conflict, op, "another window has taken the phone over")
	}
	if former.SessionID != "" && former.ClientID != clientID {
		n := calls.Notice{ID: newID(), At: c.CreatedAt, Kind: calls.NoticePhoneTakenOver, OperatorID: operatorID, PhoneClientID: clientID}
		if err := s.notify.Notify(ctx, n); err != nil {
			s.log.Warn("telling the former phone window", "error", err)
		}
	}
	return Session{
		ID: c.SessionID, Endpoint: endpoint, DisplayName: displayName, Realm: s.set.Realm, HA1: ha1,
		URLs: s.set.URLs, Host: s.set.Host, Simulated: s.set.Simulated,
	}, nil
}

// undo brings the former credential back where the new one could not be pushed: the phone that has it is signed in, and will have
// to be again when the PBX has restarted.
func (s *Service) undo(ctx context.Context, c, former seal.Credential) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 2*time.Second)
	defer cancel()
	now, err := s.repo.CredentialOf(ctx, c.OperatorID)
	switch {
	case err != nil || now.SessionID != c.SessionID: // a newer one, or none: not ours to change
	case former.SessionID != "":
		err = s.repo.SaveCredential(ctx, former)
	default:
		err = s.repo.DeleteCredential(ctx, c.OperatorID)
	}
	if err != nil {
		s.log.Warn("taking a phone session back", "operator", c.OperatorID, "error", err)
	}
}

// Stop ends the operator's phone session: account, contact and sealed secret go. No session is success.
func (s *Service) Stop(ctx context.Context, operatorID string) error {
	const op = "stopping phone"
	if err := s.repo.DeleteCredential(ctx, operatorID); err != nil && !errs.Is(err, errs.NotFound) {
		return errs.Wrap(op, err)
	}
	_, err := s.floor.Do(ctx, calls.Command{Kind: calls.CmdDropPhone, OperatorID: operatorID})
	if errs.Is(err, errs.Conflict) {
		return nil // a newer session has started: this one is over all the same
	}
	return errs.Wrap(op, err)
}

// Provision pushes the operator's present account.
func (s *Service) Provision(ctx context.Context, d telephony.Provisioner, operatorID string) error {
	return s.push(ctx, d, operatorID)
}

// provisionWidth is how many accounts are pushed side by side: some hundred phones wait after a restart of the PBX.
const provisionWidth = 8

// ProvisionAll pushes every account whose endpoint is not in have, and adds those it pushed. One that cannot be opened (its key is
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
		if there {
			continue
		}
		g.Go(func() error {
			err := s.push(ctx, d, c.OperatorID)
			switch {
			case errs.Is(err, errs.Unavailable), errs.Is(err, errs.Timeout):
				return err
			case err != nil && !errs.Is(err, errs.NotFound): // signed out meanwhile
				s.log.Warn("pushing phone account", "operator", c.OperatorID, "error", err)
			}
			mu.Lock()
			defer mu.Unlock()
			have[c.Endpoint] = true
			return nil
		})
	}
	return g.Wait()
}

// Drop removes the operator's account from the PBX. Error: Conflict, and nothing is done, when another session has started meanwhile.
func (s *Service) Drop(ctx context.Context, d telephony.Provisioner, operatorID string) error {
	defer s.accounts.lock(operatorID)()
	_, err := s.repo.CredentialOf(ctx, operatorID)
	switch {
	case err == nil:
		return errs.E(errs.Conflict, "removing account", "another phone session has started")
	case !errs.Is(err, errs.NotFound):
		return errs.Wrap("reading credential", err)
	}
	return d.Deprovision(ctx, calls.EndpointOf(operatorID))
}

// push reads the operator's present credential and pushes it, one change of an account at a time: whatever was read earlier could
// be older than what the PBX already has.
func (s *Service) push(ctx context.Context, d telephony.Provisioner, operatorID string) error {
	defer s.accounts.lock(operatorID)()
	c, err := s.repo.CredentialOf(ctx, operatorID)
	if err != nil {
		return errs.Wrap("reading credential", err)
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
	return d.Provision(ctx, telephony.Account{Endpoint: c.Endpoint, DisplayName: c.Endpoint, HA1: string(ha1), WebRTC: true})
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
