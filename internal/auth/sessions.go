package auth

import (
	"context"
	"slices"
	"time"

	"github.com/pult-cc/pult/internal/errs"
)

const (
	cacheSize = 1 << 14
	// graceFor is how long a session is believed after it was last confirmed while the repository is out of reach.
	graceFor = 5 * time.Minute
)

// cached is a session as last confirmed by the repository.
type cached struct {
	principal Principal
	created   time.Time
	checked   time.Time
}

// watched is a session with open sockets.
type watched struct {
	ended  chan struct{}
	refs   int
	rights rights
	known  bool // rights have been read
}

// rights are what a socket was opened with.
type rights struct {
	userID string
	role   Role
	queues []string
}

func rightsOf(u User) rights { return rights{userID: u.ID, role: u.Role, queues: u.Queues} }

func (r rights) equal(o rights) bool {
	return r.userID == o.userID && r.role == o.role && slices.Equal(r.queues, o.queues)
}

// remember puts the session into the cache, unless something was forgotten since the turn in which it was read, and returns its
// principal.
func (s *Service) remember(sess Session, u User, now time.Time, turn uint64) Principal {
	u.Password = ""
	p := Principal{User: u, TokenHash: sess.TokenHash, ExpiresAt: sess.ExpiresAt}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.turn != turn {
		return p
	}
	if len(s.cache) >= cacheSize {
		for h, c := range s.cache {
			if now.Sub(c.checked) > s.o.CacheFor || len(s.cache) >= cacheSize {
				delete(s.cache, h)
			}
		}
	}
	s.cache[sess.TokenHash] = cached{principal: p, created: sess.CreatedAt, checked: now}
	if w := s.watched[sess.TokenHash]; w != nil {
		s.compare(sess.TokenHash, w, rightsOf(u))
	}
	return p
}

// compare closes the watch when the rights are not those it began with. The caller holds mu.
func (s *Service) compare(hash string, w *watched, r rights) {
	switch {
	case !w.known:
		w.rights, w.known = r, true
	case !w.rights.equal(r):
		delete(s.watched, hash)
		close(w.ended)
	}
}

func (s *Service) authenticate(ctx context.Context, hash string) (Principal, error) {
	now := s.o.Now()
	s.mu.Lock()
	c, hit := s.cache[hash]
	s.mu.Unlock()
	hit = hit && now.Before(c.principal.ExpiresAt)
	if hit && now.Sub(c.checked) < s.o.CacheFor {
		return c.principal, nil
	}
	p, err := s.confirm(ctx, hash, now)
	switch {
	case err == nil:
		return p, nil
	case errs.Is(err, errs.Unauthenticated):
		s.forgetSession(hash)
		return Principal{}, err
	case hit && now.Sub(c.checked) < graceFor:
		return c.principal, nil
	}
	return Principal{}, errs.Wrap("authenticating", err)
}

// confirm asks the repository and prolongs the session, writing at most once in a twentieth of the idle time.
func (s *Service) confirm(ctx context.Context, hash string, now time.Time) (Principal, error) {
	s.mu.Lock()
	turn := s.turn
	s.mu.Unlock()
	sess, err := s.repo.SessionByHash(ctx, hash)
	if errs.Is(err, errs.NotFound) || err == nil && !now.Before(sess.ExpiresAt) {
		return Principal{}, notSignedIn(err)
	}
	if err != nil {
		return Principal{}, err
	}
	u, err := s.repo.UserByID(ctx, sess.UserID)
	if errs.Is(err, errs.NotFound) || err == nil && u.Disabled {
		return Principal{}, notSignedIn(err)
	}
	if err != nil {
		return Principal{}, err
	}
	if end := s.endOf(sess.CreatedAt, now); end.Sub(sess.ExpiresAt) > s.o.IdleTimeout/20 {
		if err := s.repo.TouchSession(ctx, hash, end); err != nil {
			if errs.Is(err, errs.NotFound) {
				return Principal{}, notSignedIn(err)
			}
			return Principal{}, err
		}
		sess.ExpiresAt = end
	}
	return s.remember(sess, u, now, turn), nil
}

// Watch returns a channel that is closed when the session ends or its user's rights change, and a function to call when nobody
// watches any longer. Authenticate tells the two apart. To miss nothing, watch first and authenticate then.
func (s *Service) Watch(tokenHash string) (ended <-chan struct{}, release func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	w := s.watched[tokenHash]
	if w == nil {
		w = &watched{ended: make(chan struct{})}
		if c, ok := s.cache[tokenHash]; ok {
			w.rights, w.known = rightsOf(c.principal.User), true
		}
		s.watched[tokenHash] = w
	}
	w.refs++
	released := false
	return w.ended, func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		if released {
			return
		}
		released = true
		if w.refs--; w.refs == 0 && s.watched[tokenHash] == w {
			delete(s.watched, tokenHash)
		}
	}
}

// forgetSession drops the session from the cache and closes its watch.
func (s *Service) forgetSession(hash string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.turn++
	delete(s.cache, hash)
	if w := s.watched[hash]; w != nil {
		delete(s.watched, hash)
		close(w.ended)
	}
}

// dropCached makes the next Authenticate of the user's sessions ask the repository.
func (s *Service) dropCached(userID string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.turn++
	for h, c := range s.cache {
		if c.principal.User.ID == userID {
			delete(s.cache, h)
		}
	}
}

// forgetUser closes every watch of the user's sessions, here and by Announce elsewhere.
func (s *Service) forgetUser(userID string) {
	s.dropCached(userID)
	s.mu.Lock()
	for h, w := range s.watched {
		if w.rights.userID == userID {
			delete(s.watched, h)
			close(w.ended)
		}
	}
	s.mu.Unlock()
	s.announce(userID)
}

func (s *Service) announce(userID string) {
	if s.o.Announce != nil {
		s.o.Announce(userID)
	}
}

// Recheck asks the repository about every watched session of the user ("" for everybody's) and closes the watches of those that
// ended or changed. Another process calls it when told by Announce.
func (s *Service) Recheck(ctx context.Context, userID string) {
	if userID != "" {
		s.dropCached(userID)
	}
	s.mu.Lock()
	var hashes []string
	for h, w := range s.watched {
		if userID == "" || w.rights.userID == userID || !w.known {
			hashes = append(hashes, h)
		}
	}
	s.mu.Unlock()
	now := s.o.Now()
	for _, h := range hashes {
		// What cannot be asked now is asked at the next turn: an outage of the database must not throw people out.
		if _, err := s.confirm(ctx, h, now); errs.Is(err, errs.Unauthenticated) {
			s.forgetSession(h)
		}
	}
}

// Run re-checks watched sessions and removes expired ones until ctx ends, whose error it returns.
func (s *Service) Run(ctx context.Context) error {
	t := time.NewTicker(s.o.CheckEvery)
	defer t.Stop()
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-t.C:
		}
		s.Recheck(ctx, "")
		now := s.o.Now()
		s.logins.prune(now)
		s.addrs.prune(now)
		// Expired rows are refused anyway; removing them is housekeeping and waits for the next turn when it fails.
		_ = s.repo.DeleteExpiredSessions(ctx, now)
	}
}
