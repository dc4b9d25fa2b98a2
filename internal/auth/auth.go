// Package auth knows who people are: accounts, passwords, sessions, roles. Its repository is implemented by internal/store.
package auth

import (
	"context"
	"time"
)

// Role is what a person may do; a greater role includes the lesser.
type Role string

// The roles.
const (
	RoleOperator   Role = "OPERATOR"
	RoleSupervisor Role = "SUPERVISOR"
	RoleAdmin      Role = "ADMIN"
)

// Device is where an operator talks.
type Device string

// The devices.
const (
	DeviceWeb  Device = "WEB"  // the page
	DeviceDesk Device = "DESK" // a hard phone or a softphone of its own
)

// User is a person with an account. Operators, supervisors and admins are all users.
type User struct {
	ID       string
	Login    string // lower case, unique
	Name     string
	Role     Role
	Queues   []string // ids of the queues the user serves (operator) or watches (supervisor)
	Password string   // PHC string (argon2id); never leaves the server
	Language string   // ru, en or ""
	Theme    string   // light, dark or auto
	Disabled bool
	Device   Device // empty: DeviceWeb, and never read back so
}

// Session is a signed-in browser. Only a hash of its token is stored.
type Session struct {
	TokenHash string
	UserID    string
	CreatedAt time.Time
	ExpiresAt time.Time
}

// Repository keeps users and sessions. Methods may be called concurrently and honour ctx. Absent rows are errs.NotFound, a login
// in use is errs.Conflict.
type Repository interface {
	CreateUser(ctx context.Context, u User) error
	UpdateUser(ctx context.Context, u User) error
	UserByLogin(ctx context.Context, login string) (User, error)
	UserByID(ctx context.Context, id string) (User, error)
	Users(ctx context.Context) ([]User, error)
	SetPreferences(ctx context.Context, userID, language, theme string) error
	SetDevice(ctx context.Context, userID string, device Device) error

	CreateSession(ctx context.Context, s Session) error
	SessionByHash(ctx context.Context, hash string) (Session, error)
	// TouchSession moves the end of a session; an unknown one is errs.NotFound.
	TouchSession(ctx context.Context, hash string, expiresAt time.Time) error
	// DeleteSession removes a session; an unknown one is success.
	DeleteSession(ctx context.Context, hash string) error
	// DeleteSessionsOf removes every session of the user.
	DeleteSessionsOf(ctx context.Context, userID string) error
	DeleteExpiredSessions(ctx context.Context, now time.Time) error
}
