package store

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"time"

	"github.com/pult-cc/pult/ent"
	"github.com/pult-cc/pult/ent/session"
	"github.com/pult-cc/pult/ent/user"
	"github.com/pult-cc/pult/internal/auth"
	"github.com/pult-cc/pult/internal/errs"
)

type authRepo struct{ *Store }

var _ auth.Repository = authRepo{}

const (
	noUser    = "there is no such user"
	noSession = "the session does not exist"
)

// CreateUser implements auth.Repository. The id is the caller's to choose.
func (r authRepo) CreateUser(ctx context.Context, u auth.User) error {
	const op = "creating user"
	if err := checkUser(op, u); err != nil {
		return err
	}
	err := r.inTx(ctx, func(tx *ent.Tx) error {
		return tx.User.Create().SetID(u.ID).
			SetLogin(strings.ToLower(u.Login)).SetName(clean(u.Name)).SetRole(string(u.Role)).SetPassword(u.Password).
			SetLanguage(u.Language).SetTheme(u.Theme).SetDisabled(u.Disabled).SetDevice(deviceOf(u)).
			AddQueueIDs(u.Queues...).
			Exec(ctx)
	})
	return userError(op, err)
}

// UpdateUser implements auth.Repository: every field but the id becomes what u says.
func (r authRepo) UpdateUser(ctx context.Context, u auth.User) error {
	const op = "updating user"
	if err := checkUser(op, u); err != nil {
		return err
	}
	err := r.inTx(ctx, func(tx *ent.Tx) error {
		n, err := tx.User.Update().Where(user.ID(u.ID)).
			SetLogin(strings.ToLower(u.Login)).SetName(clean(u.Name)).SetRole(string(u.Role)).SetPassword(u.Password).
			SetLanguage(u.Language).SetTheme(u.Theme).SetDisabled(u.Disabled).SetDevice(deviceOf(u)).
			ClearQueues().AddQueueIDs(u.Queues...).
			Save(ctx)
		if err == nil && n == 0 {
			return errs.E(errs.NotFound, "", noUser)
		}
		return err
	})
	return userError(op, err)
}

func checkUser(op string, u auth.User) error {
	switch {
	case u.ID == "":
		return errs.Field(op, "id", "missing")
	case u.Login == "":
		return errs.Field(op, "login", "missing")
	}
	return nil
}

func userError(op string, err error) error {
	switch kindOfAny(err) {
	case errs.Conflict:
		return &errs.Error{Kind: errs.Conflict, Op: op, Msg: "the login is in use", Err: err}
	case errs.Invalid:
		return &errs.Error{Kind: errs.Invalid, Op: op, Msg: "queues: unknown queue", Fields: map[string]string{"queues": "unknown queue"}, Err: err}
	}
	return wrap(op, err)
}

// UserByLogin implements auth.Repository.
func (r authRepo) UserByLogin(ctx context.Context, login string) (auth.User, error) {
	u, err := r.client.User.Query().Where(user.Login(strings.ToLower(clean(login)))).WithQueues().Only(ctx)
	if err != nil {
		return auth.User{}, notFound("reading user", noUser, err)
	}
	return userOf(u), nil
}

// UserByID implements auth.Repository.
func (r authRepo) UserByID(ctx context.Context, id string) (auth.User, error) {
	u, err := r.client.User.Query().Where(user.ID(clean(id))).WithQueues().Only(ctx)
	if err != nil {
		return auth.User{}, notFound("reading user", noUser, err)
	}
	return userOf(u), nil
}

// Users implements auth.Repository, in the order of logins.
func (r authRepo) Users(ctx context.Context) ([]auth.User, error) {
	rows, err := r.client.User.Query().WithQueues().Order(user.ByLogin()).All(ctx)
	if err != nil {
		return nil, wrap("reading users", err)
	}
	out := make([]auth.User, len(rows))
	for i, u := range rows {
		out[i] = userOf(u)
	}
	return out, nil
}

// SetPreferences implements auth.Repository.
func (r authRepo) SetPreferences(ctx context.Context, userID, language, theme string) error {
	const op = "saving preferences"
	n, err := r.client.User.Update().Where(user.ID(clean(userID))).SetLanguage(clean(language)).SetTheme(clean(theme)).Save(ctx)
	if err == nil && n == 0 {
		return errs.E(errs.NotFound, op, noUser)
	}
	return wrap(op, err)
}

// SetDevice implements auth.Repository.
func (r authRepo) SetDevice(ctx context.Context, userID string, device auth.Device) error {
	const op = "saving device"
	n, err := r.client.User.Update().Where(user.ID(clean(userID))).SetDevice(string(device)).Save(ctx)
	if err == nil && n == 0 {
		return errs.E(errs.NotFound, op, noUser)
	}
	return wrap(op, err)
}

func deviceOf(u auth.User) string { return string(cmp.Or(u.Device, auth.DeviceWeb)) }

func userOf(u *ent.User) auth.User {
	slices.SortFunc(u.Edges.Queues, byPosition)
	var queueIDs []string
	for _, q := range u.Edges.Queues {
		queueIDs = append(queueIDs, q.ID)
	}
	return auth.User{
		ID: u.ID, Login: u.Login, Name: u.Name, Role: auth.Role(u.Role), Queues: queueIDs, Password: u.Password,
		Language: u.Language, Theme: u.Theme, Disabled: u.Disabled, Device: auth.Device(u.Device),
	}
}

func byPosition(a, b *ent.Queue) int {
	return cmp.Or(cmp.Compare(a.Position, b.Position), cmp.Compare(a.ID, b.ID))
}

// CreateSession implements auth.Repository. An unknown user is errs.NotFound.
func (r authRepo) CreateSession(ctx context.Context, s auth.Session) error {
	const op = "creating session"
	err := r.client.Session.Create().SetID(s.TokenHash).SetUserID(s.UserID).
		SetCreatedAt(utc(s.CreatedAt)).SetExpiresAt(utc(s.ExpiresAt)).
		Exec(ctx)
	if kindOfAny(err) == errs.Invalid {
		return &errs.Error{Kind: errs.NotFound, Op: op, Msg: noUser, Err: err}
	}
	return wrap(op, err)
}

// SessionByHash implements auth.Repository. It returns an expired session too: what has expired is the caller's clock to say.
func (r authRepo) SessionByHash(ctx context.Context, hash string) (auth.Session, error) {
	s, err := r.client.Session.Get(ctx, clean(hash))
	if err != nil {
		return auth.Session{}, notFound("reading session", noSession, err)
	}
	return auth.Session{TokenHash: s.ID, UserID: s.UserID, CreatedAt: s.CreatedAt.UTC(), ExpiresAt: s.ExpiresAt.UTC()}, nil
}

// TouchSession implements auth.Repository.
func (r authRepo) TouchSession(ctx context.Context, hash string, expiresAt time.Time) error {
	const op = "prolonging session"
	n, err := r.client.Session.Update().Where(session.ID(clean(hash))).SetExpiresAt(utc(expiresAt)).Save(ctx)
	if err == nil && n == 0 {
		return errs.E(errs.NotFound, op, noSession)
	}
	return wrap(op, err)
}

// DeleteSession implements auth.Repository.
func (r authRepo) DeleteSession(ctx context.Context, hash string) error {
	_, err := r.client.Session.Delete().Where(session.ID(clean(hash))).Exec(ctx)
	return wrap("deleting session", err)
}

// DeleteSessionsOf implements auth.Repository.
func (r authRepo) DeleteSessionsOf(ctx context.Context, userID string) error {
	_, err := r.client.Session.Delete().Where(session.UserID(clean(userID))).Exec(ctx)
	return wrap("deleting sessions of user", err)
}

// DeleteExpiredSessions implements auth.Repository: those that end at now or before.
func (r authRepo) DeleteExpiredSessions(ctx context.Context, now time.Time) error {
	_, err := r.client.Session.Delete().Where(session.ExpiresAtLTE(utc(now))).Exec(ctx)
	return wrap("deleting expired sessions", err)
}
