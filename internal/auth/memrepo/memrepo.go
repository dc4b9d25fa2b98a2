// Package memrepo is auth.Repository in memory, for tests and demos.
package memrepo

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/pult-cc/pult/internal/auth"
	"github.com/pult-cc/pult/internal/errs"
)

// Repo implements auth.Repository. The zero value is empty and ready; its methods may be called concurrently.
type Repo struct {
	mu       sync.Mutex
	users    map[string]auth.User
	sessions map[string]auth.Session
	broken   error
	calls    int
}

var _ auth.Repository = (*Repo)(nil)

// Break makes every method fail with err until it is called with nil.
func (r *Repo) Break(err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.broken = err
}

// Calls returns how many methods have been called.
func (r *Repo) Calls() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.calls
}

// enter locks; the caller unlocks unless there is an error.
func (r *Repo) enter(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return errs.With(errs.Timeout, "asking the repository", err)
	}
	r.mu.Lock()
	r.calls++
	if r.broken != nil {
		defer r.mu.Unlock()
		return r.broken
	}
	if r.users == nil {
		r.users, r.sessions = map[string]auth.User{}, map[string]auth.Session{}
	}
	return nil
}

func clone(u auth.User) auth.User {
	u.Queues = slices.Clone(u.Queues)
	u.Device = cmp.Or(u.Device, auth.DeviceWeb)
	return u
}

func (r *Repo) byLogin(login string) (auth.User, bool) {
	for _, u := range r.users {
		if u.Login == login {
			return u, true
		}
	}
	return auth.User{}, false
}

// CreateUser implements auth.Repository.
func (r *Repo) CreateUser(ctx context.Context, u auth.User) error {
	if err := r.enter(ctx); err != nil {
		return err
	}
	defer r.mu.Unlock()
	_, loginUsed := r.byLogin(u.Login)
	if _, idUsed := r.users[u.ID]; idUsed || loginUsed {
		return errs.E(errs.Conflict, "creating user", "login is in use")
	}
	r.users[u.ID] = clone(u)
	return nil
}

// UpdateUser implements auth.Repository.
func (r *Repo) UpdateUser(ctx context.Context, u auth.User) error {
	if err := r.enter(ctx); err != nil {
		return err
	}
	defer r.mu.Unlock()
	if _, ok := r.users[u.ID]; !ok {
		return errs.E(errs.NotFound, "updating user", "no such user")
	}
	if other, ok := r.byLogin(u.Login); ok && other.ID != u.ID {
		return errs.E(errs.Conflict, "updating user", "login is in use")
	}
	r.users[u.ID] = clone(u)
	return nil
}

// UserByLogin implements auth.Repository.
func (r *Repo) UserByLogin(ctx context.Context, login string) (auth.User, error) {
	if err := r.enter(ctx); err != nil {
		return auth.User{}, err
	}
	defer r.mu.Unlock()
	u, ok := r.byLogin(login)
	if !ok {
		return auth.User{}, errs.E(errs.NotFound, "finding user", "no such user")
	}
	return clone(u), nil
}

// UserByID implements auth.Repository.
func (r *Repo) UserByID(ctx context.Context, id string) (auth.User, error) {
	if err := r.enter(ctx); err != nil {
		return auth.User{}, err
	}
	defer r.mu.Unlock()
	u, ok := r.users[id]
	if !ok {
		return auth.User{}, errs.E(errs.NotFound, "finding user", "no such user")
	}
	return clone(u), nil
}

// Users implements auth.Repository, ordered by login.
func (r *Repo) Users(ctx context.Context) ([]auth.User, error) {
	if err := r.enter(ctx); err != nil {
		return nil, err
	}
	defer r.mu.Unlock()
	out := make([]auth.User, 0, len(r.users))
	for _, u := range r.users {
		out = append(out, clone(u))
	}
	slices.SortFunc(out, func(a, b auth.User) int { return strings.Compare(a.Login, b.Login) })
	return out, nil
}

// SetPreferences implements auth.Repository.
func (r *Repo) SetPreferences(ctx context.Context, userID, language, theme string) error {
	if err := r.enter(ctx); err != nil {
		return err
	}
	defer r.mu.Unlock()
	u, ok := r.users[userID]
	if !ok {
		return errs.E(errs.NotFound, "setting preferences", "no such user")
	}
	u.Language, u.Theme = language, theme
	r.users[userID] = u
	return nil
}

// SetDevice implements auth.Repository.
func (r *Repo) SetDevice(ctx context.Context, userID string, device auth.Device) error {
	if err := r.enter(ctx); err != nil {
		return err
	}
	defer r.mu.Unlock()
	u, ok := r.users[userID]
	if !ok {
		return errs.E(errs.NotFound, "setting device", "no such user")
	}
	u.Device = device
	r.users[userID] = u
	return nil
}

// CreateSession implements auth.Repository.
func (r *Repo) CreateSession(ctx context.Context, s auth.Session) error {
	if err := r.enter(ctx); err != nil {
		return err
	}
	defer r.mu.Unlock()
	r.sessions[s.TokenHash] = s
	return nil
}

// SessionByHash implements auth.Repository.
func (r *Repo) SessionByHash(ctx context.Context, hash string) (auth.Session, error) {
	if err := r.enter(ctx); err != nil {
		return auth.Session{}, err
	}
	defer r.mu.Unlock()
	s, ok := r.sessions[hash]
	if !ok {
		return auth.Session{}, errs.E(errs.NotFound, "finding session", "no such session")
	}
	return s, nil
}

// TouchSession implements auth.Repository.
func (r *Repo) TouchSession(ctx context.Context, hash string, expiresAt time.Time) error {
	if err := r.enter(ctx); err != nil {
		return err
	}
	defer r.mu.Unlock()
	s, ok := r.sessions[hash]
	if !ok {
		return errs.E(errs.NotFound, "prolonging session", "no such session")
	}
	s.ExpiresAt = expiresAt
	r.sessions[hash] = s
	return nil
}

// DeleteSession implements auth.Repository.
func (r *Repo) DeleteSession(ctx context.Context, hash string) error {
	return r.deleteSessions(ctx, func(s auth.Session) bool { return s.TokenHash == hash })
}

// DeleteSessionsOf implements auth.Repository.
func (r *Repo) DeleteSessionsOf(ctx context.Context, userID string) error {
	return r.deleteSessions(ctx, func(s auth.Session) bool { return s.UserID == userID })
}

// DeleteExpiredSessions implements auth.Repository.
func (r *Repo) DeleteExpiredSessions(ctx context.Context, now time.Time) error {
	return r.deleteSessions(ctx, func(s auth.Session) bool { return !now.Before(s.ExpiresAt) })
}

func (r *Repo) deleteSessions(ctx context.Context, which func(auth.Session) bool) error {
	if err := r.enter(ctx); err != nil {
		return err
	}
	defer r.mu.Unlock()
	for h, s := range r.sessions {
		if which(s) {
			delete(r.sessions, h)
		}
	}
	return nil
}
