package auth

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"net/netip"
	"sync"
	"time"

	"github.com/pult-cc/pult/internal/errs"
)

// Options tune a Service; zero values take the defaults named at each field.
type Options struct {
	IdleTimeout     time.Duration // a session without a request or an open socket ends after: 12 h
	AbsoluteTimeout time.Duration // a session ends at the latest after: 7 days
	CacheFor        time.Duration // how long a session is believed without asking the repository: 5 s
	CheckEvery      time.Duration // how often Run re-checks watched sessions: 1 min
	Hashes          int           // password hashes being made at a time (19 MiB each): half of the processors
	LoginFailures   Limit         // failed sign-ins per login: 5, then one in 10 s
	AddressFailures Limit         // failed sign-ins per client address: 30, then one in 2 s
	Now             func() time.Time

	// Announce, where set, is told of every session or user that lost or changed its rights here, so that other processes can be
	// told to call Recheck. It must not block.
	Announce func(userID string)
}

func (o Options) withDefaults() Options {
	or := func(d *time.Duration, v time.Duration) {
		if *d <= 0 {
			*d = v
		}
	}
	or(&o.IdleTimeout, 12*time.Hour)
	or(&o.AbsoluteTimeout, 7*24*time.Hour)
	or(&o.CacheFor, 5*time.Second)
	or(&o.CheckEvery, time.Minute)
	if o.LoginFailures == (Limit{}) {
		o.LoginFailures = Limit{Burst: 5, Every: 10 * time.Second}
	}
	if o.AddressFailures == (Limit{}) {
		o.AddressFailures = Limit{Burst: 30, Every: 2 * time.Second}
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	return o
}

// Service signs people in and knows who a token belongs to. Its methods may be called concurrently. Run keeps it tidy; without
// Run everything but the closing of expired sockets works.
type Service struct {
	repo   Repository
	o      Options
	hashes *hasher
	logins *limiter
	addrs  *limiter

	mu      sync.Mutex
	turn    uint64              // grows whenever something is forgotten
	cache   map[string]cached   // by token hash
	watched map[string]*watched // by token hash
}

// New makes a Service over the repository.
func New(repo Repository, o Options) *Service {
	o = o.withDefaults()
	return &Service{
		repo: repo, o: o, hashes: newHasher(o.Hashes), logins: newLimiter(o.LoginFailures), addrs: newLimiter(o.AddressFailures),
		cache: map[string]cached{}, watched: map[string]*watched{},
	}
}

// Credentials are what somebody signs in with. Address is the client's, for counting failures.
type Credentials struct {
	Login    string
	Password string
	Address  netip.Addr
}

// Principal is who makes a request.
type Principal struct {
	User      User   // without Password
	TokenHash string // names the session
	ExpiresAt time.Time
}

// TooMany is the cause inside an errs.RateLimited of SignIn.
type TooMany struct{ Wait time.Duration }

// Error implements error.
func (t TooMany) Error() string { return fmt.Sprintf("free again in %s", t.Wait) }

// RetryAfter is how long to wait.
func (t TooMany) RetryAfter() time.Duration { return t.Wait }

// HashToken returns what is stored of a token: SHA-256 in hexadecimal. The token itself has 256 random bits, so no salt is needed.
func HashToken(token string) string {
	sum := sha256.Sum256([]byte(token))
	return hex.EncodeToString(sum[:])
}

const tokenLength = 43 // 32 bytes in unpadded base64url

func newToken() string { return base64.RawURLEncoding.EncodeToString(random(32)) }

// SignIn checks the credentials and opens a session. The token is returned once and cannot be recovered. An unknown login, a
// wrong password and a disabled account are the same errs.Unauthenticated after the same work. Too many failures of the login or
// from the address are errs.RateLimited with TooMany as cause; only failures count.
func (s *Service) SignIn(ctx context.Context, c Credentials) (token string, p Principal, err error) {
	const op = "signing in"
	now := s.o.Now()
	login, addr := NormaliseLogin(c.Login), addressKey(c.Address)
	if len(login) > 4*MaxLogin || len(c.Password) > 4*MaxPassword {
		return "", Principal{}, wrongCredentials()
	}
	if err := s.admit(login, addr, now); err != nil {
		return "", Principal{}, err
	}
	u, err := s.repo.UserByLogin(ctx, login)
	if err != nil && !errs.Is(err, errs.NotFound) {
		s.refund(login, addr, now)
		return "", Principal{}, errs.Wrap(op, err)
	}
	phc := u.Password
	if err != nil || u.Disabled {
		phc = ""
	}
	ok, err := s.hashes.verify(ctx, phc, c.Password)
	if err != nil {
		s.refund(login, addr, now)
		return "", Principal{}, errs.Wrap(op, err)
	}
	if !ok {
		return "", Principal{}, wrongCredentials()
	}
	s.refund(login, addr, now)
	token = newToken()
	sess := Session{TokenHash: HashToken(token), UserID: u.ID, CreatedAt: now, ExpiresAt: s.endOf(now, now)}
	s.mu.Lock()
	turn := s.turn
	s.mu.Unlock()
	if err := s.repo.CreateSession(ctx, sess); err != nil {
		return "", Principal{}, errs.Wrap(op, err)
	}
	return token, s.remember(sess, u, now, turn), nil
}

func wrongCredentials() error {
	return errs.E(errs.Unauthenticated, "signing in", "wrong name or password")
}

func (s *Service) admit(login, addr string, now time.Time) error {
	wait := s.addrs.take(addr, now)
	if wait == 0 {
		if wait = s.logins.take(login, now); wait > 0 {
			s.addrs.refund(addr, now)
		}
	}
	if wait == 0 {
		return nil
	}
	seconds := int((wait + time.Second - 1) / time.Second)
	return &errs.Error{
		Kind: errs.RateLimited, Op: "signing in", Err: TooMany{Wait: wait},
		Msg: fmt.Sprintf("too many attempts, try again in %d s", seconds),
	}
}

func (s *Service) refund(login, addr string, now time.Time) {
	s.logins.refund(login, now)
	s.addrs.refund(addr, now)
}

// endOf is when a session ends that was created then and used now.
func (s *Service) endOf(created, now time.Time) time.Time {
	idle, absolute := now.Add(s.o.IdleTimeout), created.Add(s.o.AbsoluteTimeout)
	if idle.Before(absolute) {
		return idle
	}
	return absolute
}

// SignOut ends the session of the token; an unknown token is success. Sockets of the session are closed.
func (s *Service) SignOut(ctx context.Context, token string) error {
	hash := HashToken(token)
	sess, err := s.repo.SessionByHash(ctx, hash)
	if errs.Is(err, errs.NotFound) {
		s.forgetSession(hash)
		return nil
	}
	if err == nil {
		err = s.repo.DeleteSession(ctx, hash)
	}
	if err != nil {
		return errs.Wrap("signing out", err)
	}
	s.forgetSession(hash)
	s.announce(sess.UserID)
	return nil
}

// Authenticate tells who the token belongs to and prolongs the session. An unknown, ended or disabled one is
// errs.Unauthenticated. While the repository is out of reach, sessions seen lately are still believed.
func (s *Service) Authenticate(ctx context.Context, token string) (Principal, error) {
	if len(token) != tokenLength {
		return Principal{}, notSignedIn(nil)
	}
	return s.authenticate(ctx, HashToken(token))
}

func notSignedIn(err error) error {
	return &errs.Error{Kind: errs.Unauthenticated, Op: "authenticating", Msg: "sign in first", Err: err}
}
