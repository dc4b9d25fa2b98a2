package storetest

import (
	"fmt"
	"reflect"
	"slices"
	"testing"
	"time"

	"github.com/pult-cc/pult/internal/auth"
	"github.com/pult-cc/pult/internal/errs"
)

var anna = auth.User{
	ID: "u-anna", Login: "anna", Name: "Анна Ё. 王 🎧", Role: auth.RoleOperator, Queues: []string{"support", "sales"},
	Password: "$argon2id$v=19$m=19456,t=2,p=1$c2FsdA$aGFzaA", Language: "ru", Theme: "auto", Device: auth.DeviceDesk,
}

func runUsers(t *testing.T, fresh NewDatabase) {
	each(t, fresh, []testCase{
		{"a user is read as it was created", func(t *testing.T, d *db) {
			must(t, "CreateUser", d.Auth().CreateUser(t.Context(), anna))
			byID, err := d.Auth().UserByID(t.Context(), anna.ID)
			must(t, "UserByID", err)
			byLogin, err := d.Auth().UserByLogin(t.Context(), "ANNA")
			must(t, "UserByLogin", err)
			for _, got := range []auth.User{byID, byLogin} {
				if !reflect.DeepEqual(got, anna) {
					t.Errorf("got %+v", got)
				}
			}
		}},
		{"logins and ids are unique", func(t *testing.T, d *db) {
			wantKind(t, "same login", d.Auth().CreateUser(t.Context(), auth.User{ID: "u-2", Login: "Anna"}), errs.Conflict)
			wantKind(t, "same id", d.Auth().CreateUser(t.Context(), auth.User{ID: anna.ID, Login: "other"}), errs.Conflict)
			must(t, "CreateUser", d.Auth().CreateUser(t.Context(), auth.User{ID: "u-boris", Login: "boris", Role: auth.RoleAdmin}))
			wantKind(t, "renaming to a login in use", d.Auth().UpdateUser(t.Context(), auth.User{ID: "u-boris", Login: "anna"}), errs.Conflict)
			wantKind(t, "no id", d.Auth().CreateUser(t.Context(), auth.User{Login: "x"}), errs.Invalid)
			wantKind(t, "no login", d.Auth().CreateUser(t.Context(), auth.User{ID: "x"}), errs.Invalid)
		}},
		{"an unknown queue is refused, and nothing is left behind", func(t *testing.T, d *db) {
			err := d.Auth().CreateUser(t.Context(), auth.User{ID: "u-3", Login: "vera", Queues: []string{"support", "nowhere"}})
			wantKind(t, "CreateUser", err, errs.Invalid)
			if errs.FieldsOf(err)["queues"] == "" {
				t.Errorf("the field is not named: %v", errs.FieldsOf(err))
			}
			_, err = d.Auth().UserByID(t.Context(), "u-3")
			wantKind(t, "half a user", err, errs.NotFound)
			broken := anna
			broken.Name, broken.Queues = "changed", []string{"nowhere"}
			wantKind(t, "UpdateUser", d.Auth().UpdateUser(t.Context(), broken), errs.Invalid)
			if got, err := d.Auth().UserByID(t.Context(), anna.ID); err != nil || !reflect.DeepEqual(got, anna) {
				t.Errorf("after a refused update: %+v, %v", got, err)
			}
		}},
		{"an update replaces everything", func(t *testing.T, d *db) {
			changed := auth.User{ID: anna.ID, Login: "anna2", Name: "A", Role: auth.RoleSupervisor, Queues: []string{"sales"}, Password: "p", Disabled: true, Device: auth.DeviceWeb}
			must(t, "UpdateUser", d.Auth().UpdateUser(t.Context(), changed))
			if got, err := d.Auth().UserByID(t.Context(), anna.ID); err != nil || !reflect.DeepEqual(got, changed) {
				t.Errorf("got %+v, %v", got, err)
			}
			must(t, "UpdateUser", d.Auth().UpdateUser(t.Context(), anna))
			if got, err := d.Auth().UserByID(t.Context(), anna.ID); err != nil || !reflect.DeepEqual(got, anna) {
				t.Errorf("got %+v, %v", got, err)
			}
		}},
		{"preferences", func(t *testing.T, d *db) {
			must(t, "SetPreferences", d.Auth().SetPreferences(t.Context(), anna.ID, "en", "dark"))
			got, err := d.Auth().UserByID(t.Context(), anna.ID)
			if err != nil || got.Language != "en" || got.Theme != "dark" || got.Password != anna.Password {
				t.Errorf("got %+v, %v", got, err)
			}
		}},
		{"the page is the device until another is chosen, which nothing else changes", func(t *testing.T, d *db) {
			boris, err := d.Auth().UserByLogin(t.Context(), "boris")
			if err != nil || boris.Device != auth.DeviceWeb {
				t.Fatalf("got %+v, %v", boris, err)
			}
			must(t, "SetDevice", d.Auth().SetDevice(t.Context(), boris.ID, auth.DeviceDesk))
			must(t, "SetPreferences", d.Auth().SetPreferences(t.Context(), boris.ID, "ru", ""))
			boris.Device, boris.Language = auth.DeviceDesk, "ru"
			if got, err := d.Auth().UserByID(t.Context(), boris.ID); err != nil || !reflect.DeepEqual(got, boris) {
				t.Errorf("got %+v, %v", got, err)
			}
			wantKind(t, "SetDevice", d.Auth().SetDevice(t.Context(), "nobody", auth.DeviceDesk), errs.NotFound)
		}},
		{"what is unknown is not found", func(t *testing.T, d *db) {
			for _, id := range []string{"nobody", "", "\x00", "' OR 1=1 --"} {
				_, err := d.Auth().UserByID(t.Context(), id)
				wantKind(t, "UserByID", err, errs.NotFound)
				_, err = d.Auth().UserByLogin(t.Context(), id)
				wantKind(t, "UserByLogin", err, errs.NotFound)
				_, err = d.Auth().SessionByHash(t.Context(), id)
				wantKind(t, "SessionByHash", err, errs.NotFound)
			}
			wantKind(t, "UpdateUser", d.Auth().UpdateUser(t.Context(), auth.User{ID: "nobody", Login: "nobody"}), errs.NotFound)
			wantKind(t, "SetPreferences", d.Auth().SetPreferences(t.Context(), "nobody", "ru", "dark"), errs.NotFound)
			wantKind(t, "TouchSession", d.Auth().TouchSession(t.Context(), "none", start), errs.NotFound)
			wantKind(t, "session of nobody", d.Auth().CreateSession(t.Context(), auth.Session{TokenHash: "h", UserID: "nobody"}), errs.NotFound)
		}},
		{"sessions", testSessions},
		{"all users cost two statements, however many they are", func(t *testing.T, d *db) {
			few := d.statements(func() { _, _ = d.Auth().Users(t.Context()) })
			for i := range 30 {
				must(t, "CreateUser", d.Auth().CreateUser(t.Context(), auth.User{
					ID: fmt.Sprint("u-many-", i), Login: fmt.Sprintf("many%02d", i), Queues: []string{"support"},
				}))
			}
			var users []auth.User
			many := d.statements(func() { users, _ = d.Auth().Users(t.Context()) })
			if few != 2 || many != 2 {
				t.Errorf("%d and %d statements", few, many)
			}
			if len(users) != 32 || !slices.IsSortedFunc(users, func(a, b auth.User) int {
				if a.Login < b.Login {
					return -1
				}
				return 1
			}) {
				t.Errorf("%d users, or out of order", len(users))
			}
		}},
	})
}

func testSessions(t *testing.T, d *db) {
	ctx, repo := t.Context(), d.Auth()
	session := func(hash string, ends time.Duration) auth.Session {
		return auth.Session{TokenHash: hash, UserID: anna.ID, CreatedAt: start, ExpiresAt: start.Add(ends)}
	}
	for hash, ends := range map[string]time.Duration{"h1": time.Hour, "h2": time.Minute, "h3": 2 * time.Hour} {
		must(t, "CreateSession", repo.CreateSession(ctx, session(hash, ends)))
	}
	wantKind(t, "the same hash again", repo.CreateSession(ctx, session("h1", 0)), errs.Conflict)
	if got, err := repo.SessionByHash(ctx, "h1"); err != nil || got != session("h1", time.Hour) {
		t.Errorf("got %+v, %v", got, err)
	}
	must(t, "TouchSession", repo.TouchSession(ctx, "h1", start.Add(3*time.Hour)))
	if got, err := repo.SessionByHash(ctx, "h1"); err != nil || got != session("h1", 3*time.Hour) {
		t.Errorf("after TouchSession: %+v, %v", got, err)
	}
	must(t, "DeleteExpiredSessions", repo.DeleteExpiredSessions(ctx, start.Add(time.Minute)))
	_, err := repo.SessionByHash(ctx, "h2")
	wantKind(t, "an expired session", err, errs.NotFound)
	must(t, "DeleteSession", repo.DeleteSession(ctx, "h1"))
	must(t, "DeleteSession again", repo.DeleteSession(ctx, "h1"))
	_, err = repo.SessionByHash(ctx, "h1")
	wantKind(t, "a deleted session", err, errs.NotFound)
	if got, err := repo.SessionByHash(ctx, "h3"); err != nil || got != session("h3", 2*time.Hour) {
		t.Errorf("a session that is none of these: %+v, %v", got, err)
	}
	must(t, "DeleteSessionsOf", repo.DeleteSessionsOf(ctx, anna.ID))
	_, err = repo.SessionByHash(ctx, "h3")
	wantKind(t, "a session of the user", err, errs.NotFound)
}
