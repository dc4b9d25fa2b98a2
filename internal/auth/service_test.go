package auth_test

import (
	"context"
	"errors"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pult-cc/pult/internal/auth"
	"github.com/pult-cc/pult/internal/auth/memrepo"
	"github.com/pult-cc/pult/internal/errs"
)

// clock is a hand-moved clock.
type clock struct {
	mu  sync.Mutex
	now time.Time
}

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *clock) Add(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

var client = netip.MustParseAddr("192.0.2.1")

type fixture struct {
	*auth.Service
	repo  *memrepo.Repo
	clock *clock
	anna  auth.User
}

func setUp(t *testing.T, o auth.Options) fixture {
	t.Helper()
	c := &clock{now: time.Date(2026, 11, 1, 9, 0, 0, 0, time.UTC)}
	o.Now = c.Now
	repo := &memrepo.Repo{}
	s := auth.New(repo, o)
	anna, err := s.CreateUser(t.Context(), auth.NewUser{
		Login: "Anna ", Name: "Анна Орлова", Role: auth.RoleOperator, Queues: []string{"q1"}, Password: "long enough",
	})
	if err != nil {
		t.Fatal(err)
	}
	return fixture{s, repo, c, anna}
}

func (f fixture) signIn(t *testing.T) (string, auth.Principal) {
	t.Helper()
	token, p, err := f.SignIn(t.Context(), auth.Credentials{Login: "ANNA", Password: "long enough", Address: client})
	if err != nil {
		t.Fatal(err)
	}
	return token, p
}

func closed(ch <-chan struct{}) bool {
	select {
	case <-ch:
		return true
	default:
		return false
	}
}

func wantKind(t *testing.T, err error, kind errs.Kind) {
	t.Helper()
	if !errs.Is(err, kind) {
		t.Fatalf("error %v, want %s", err, kind)
	}
}

func TestSignInOpensASessionThatAuthenticates(t *testing.T) {
	f := setUp(t, auth.Options{})
	token, p := f.signIn(t)
	if p.User.ID != f.anna.ID || p.User.Password != "" {
		t.Fatalf("principal %+v", p)
	}
	got, err := f.Authenticate(t.Context(), token)
	if err != nil || got.User.Login != "anna" || got.TokenHash != auth.HashToken(token) {
		t.Fatalf("Authenticate = %+v, %v", got, err)
	}
	if sess, err := f.repo.SessionByHash(t.Context(), p.TokenHash); err != nil || strings.Contains(sess.TokenHash, token) {
		t.Fatalf("stored session %+v, %v", sess, err)
	}
	another, _ := f.signIn(t)
	if another == token {
		t.Fatal("two sessions have one token")
	}
}

func TestWrongCredentialsAreAllTheSame(t *testing.T) {
	f := setUp(t, auth.Options{})
	disabled, err := f.CreateUser(t.Context(), auth.NewUser{Login: "boris", Name: "Boris", Role: auth.RoleOperator, Password: "long enough"})
	if err != nil {
		t.Fatal(err)
	}
	disabled.Disabled = true
	if err := f.UpdateUser(t.Context(), disabled); err != nil {
		t.Fatal(err)
	}
	texts := map[string]bool{}
	for name, c := range map[string]auth.Credentials{
		"wrong password": {Login: "anna", Password: "long enougH"},
		"unknown login":  {Login: "nobody", Password: "long enough"},
		"disabled":       {Login: "boris", Password: "long enough"},
		"empty":          {},
		"endless":        {Login: strings.Repeat("a", 1<<20), Password: strings.Repeat("b", 1<<20)},
	} {
		_, _, err := f.SignIn(t.Context(), c)
		if !errs.Is(err, errs.Unauthenticated) {
			t.Errorf("%s: %v", name, err)
			continue
		}
		texts[err.Error()] = true
	}
	if len(texts) != 1 {
		t.Errorf("the answers tell the cases apart: %v", texts)
	}
}

func TestFailuresOfALoginAreLimited(t *testing.T) {
	f := setUp(t, auth.Options{LoginFailures: auth.Limit{Burst: 2, Every: 30 * time.Second}})
	for range 10 { // successes do not count
		f.signIn(t)
	}
	wrong := auth.Credentials{Login: "anna", Password: "wrong guess", Address: client}
	for range 2 {
		_, _, err := f.SignIn(t.Context(), wrong)
		wantKind(t, err, errs.Unauthenticated)
	}
	wrong.Address = netip.MustParseAddr("198.51.100.9") // another address does not help
	_, _, err := f.SignIn(t.Context(), wrong)
	wantKind(t, err, errs.RateLimited)
	var after interface{ RetryAfter() time.Duration }
	if !errors.As(err, &after) || after.RetryAfter() != 30*time.Second {
		t.Fatalf("error %v says no wait of 30 s", err)
	}
	if msg := errs.Message(err); msg != "too many attempts, try again in 30 s" {
		t.Fatalf("message %q", msg)
	}
	f.clock.Add(30 * time.Second)
	f.signIn(t)
}

func TestFailuresFromAnAddressAreLimited(t *testing.T) {
	f := setUp(t, auth.Options{AddressFailures: auth.Limit{Burst: 3, Every: time.Minute}})
	for _, login := range []string{"a", "b", "c"} {
		_, _, err := f.SignIn(t.Context(), auth.Credentials{Login: login, Password: "guess", Address: client})
		wantKind(t, err, errs.Unauthenticated)
	}
	_, _, err := f.SignIn(t.Context(), auth.Credentials{Login: "anna", Password: "long enough", Address: client})
	wantKind(t, err, errs.RateLimited)
	if _, _, err := f.SignIn(t.Context(), auth.Credentials{Login: "anna", Password: "long enough", Address: netip.MustParseAddr("192.0.2.2")}); err != nil {
		t.Fatalf("another address is limited too: %v", err)
	}
}

func TestAnOutageIsNoFailureOfTheUser(t *testing.T) {
	f := setUp(t, auth.Options{LoginFailures: auth.Limit{Burst: 1, Every: time.Hour}})
	f.repo.Break(errs.E(errs.Unavailable, "asking", "database is down"))
	for range 3 {
		_, _, err := f.SignIn(t.Context(), auth.Credentials{Login: "anna", Password: "long enough"})
		wantKind(t, err, errs.Unavailable)
	}
	f.repo.Break(nil)
	f.signIn(t)
}

func TestTokensThatAreNone(t *testing.T) {
	f := setUp(t, auth.Options{})
	calls := f.repo.Calls()
	for _, token := range []string{"", "x", strings.Repeat("a", 1<<16)} {
		_, err := f.Authenticate(t.Context(), token)
		wantKind(t, err, errs.Unauthenticated)
	}
	if f.repo.Calls() != calls {
		t.Error("the repository was asked for a token of a wrong form")
	}
	_, err := f.Authenticate(t.Context(), strings.Repeat("a", 43))
	wantKind(t, err, errs.Unauthenticated)
}

func TestAuthenticateAsksTheRepositoryOnceInAWhile(t *testing.T) {
	f := setUp(t, auth.Options{CacheFor: 5 * time.Second})
	token, _ := f.signIn(t)
	calls := f.repo.Calls()
	for range 100 {
		if _, err := f.Authenticate(t.Context(), token); err != nil {
			t.Fatal(err)
		}
	}
	if f.repo.Calls() != calls {
		t.Fatalf("the repository was asked %d times within the cache's time", f.repo.Calls()-calls)
	}
	f.clock.Add(6 * time.Second)
	if _, err := f.Authenticate(t.Context(), token); err != nil {
		t.Fatal(err)
	}
	if n := f.repo.Calls() - calls; n != 2 {
		t.Fatalf("re-checking took %d calls, want 2", n)
	}
}

func TestSessionEndsWhenIdleAndAbsolutely(t *testing.T) {
	f := setUp(t, auth.Options{IdleTimeout: time.Hour, AbsoluteTimeout: 3 * time.Hour})
	token, _ := f.signIn(t)
	for range 5 { // used every half hour it lives on
		f.clock.Add(30 * time.Minute)
		if _, err := f.Authenticate(t.Context(), token); err != nil {
			t.Fatal(err)
		}
	}
	f.clock.Add(29 * time.Minute)
	if _, err := f.Authenticate(t.Context(), token); err != nil {
		t.Fatal(err)
	}
	f.clock.Add(time.Minute) // three hours after sign-in
	_, err := f.Authenticate(t.Context(), token)
	wantKind(t, err, errs.Unauthenticated)

	token, _ = f.signIn(t)
	f.clock.Add(time.Hour)
	_, err = f.Authenticate(t.Context(), token)
	wantKind(t, err, errs.Unauthenticated)
}

func TestKnownSessionsOutliveAnOutage(t *testing.T) {
	f := setUp(t, auth.Options{})
	token, _ := f.signIn(t)
	f.repo.Break(errs.E(errs.Unavailable, "asking", "database is down"))
	f.clock.Add(4 * time.Minute)
	if _, err := f.Authenticate(t.Context(), token); err != nil {
		t.Fatalf("a session confirmed 4 minutes ago is refused: %v", err)
	}
	f.clock.Add(2 * time.Minute)
	_, err := f.Authenticate(t.Context(), token)
	wantKind(t, err, errs.Unavailable)
}

func TestSignOutEndsTheSessionAndItsSockets(t *testing.T) {
	var announced []string
	f := setUp(t, auth.Options{Announce: func(u string) { announced = append(announced, u) }})
	token, p := f.signIn(t)
	other, q := f.signIn(t)
	ended, release := f.Watch(p.TokenHash)
	defer release()
	untouched, releaseOther := f.Watch(q.TokenHash)
	defer releaseOther()
	if err := f.SignOut(t.Context(), token); err != nil {
		t.Fatal(err)
	}
	_, err := f.Authenticate(t.Context(), token)
	wantKind(t, err, errs.Unauthenticated)
	if !closed(ended) || closed(untouched) {
		t.Fatalf("own socket ended: %v, other session's: %v", closed(ended), closed(untouched))
	}
	if _, err := f.Authenticate(t.Context(), other); err != nil {
		t.Fatal(err)
	}
	if err := f.SignOut(t.Context(), token); err != nil {
		t.Fatalf("signing out twice: %v", err)
	}
	if !slices.Equal(announced, []string{f.anna.ID}) {
		t.Fatalf("announced %v", announced)
	}
}

func TestSignOutAtAnotherProcessIsNoticed(t *testing.T) {
	f := setUp(t, auth.Options{})
	there := auth.New(f.repo, auth.Options{Now: f.clock.Now})
	token, p := f.signIn(t)
	ended, release := there.Watch(p.TokenHash)
	defer release()
	if _, err := there.Authenticate(t.Context(), token); err != nil {
		t.Fatal(err)
	}
	if err := f.SignOut(t.Context(), token); err != nil {
		t.Fatal(err)
	}
	there.Recheck(t.Context(), f.anna.ID)
	if !closed(ended) {
		t.Fatal("the socket at the other process lives on")
	}
	_, err := there.Authenticate(t.Context(), token)
	wantKind(t, err, errs.Unauthenticated)
}

func TestOutageClosesNoSocket(t *testing.T) {
	f := setUp(t, auth.Options{})
	_, p := f.signIn(t)
	ended, release := f.Watch(p.TokenHash)
	defer release()
	f.repo.Break(errs.E(errs.Unavailable, "asking", "database is down"))
	f.Recheck(t.Context(), "")
	if closed(ended) {
		t.Fatal("an outage of the database closed a socket")
	}
}

func TestChangedRightsCloseSocketsButNotSessions(t *testing.T) {
	f := setUp(t, auth.Options{})
	token, p := f.signIn(t)
	ended, release := f.Watch(p.TokenHash)
	defer release()
	u := f.anna
	u.Role, u.Queues = auth.RoleSupervisor, []string{"q1", "q2"}
	if err := f.UpdateUser(t.Context(), u); err != nil {
		t.Fatal(err)
	}
	if !closed(ended) {
		t.Fatal("the socket keeps the old rights")
	}
	got, err := f.Authenticate(t.Context(), token)
	if err != nil || got.User.Role != auth.RoleSupervisor || len(got.User.Queues) != 2 {
		t.Fatalf("Authenticate = %+v, %v", got, err)
	}
	if _, _, err := f.SignIn(t.Context(), auth.Credentials{Login: "anna", Password: "long enough"}); err != nil {
		t.Fatalf("the password was lost: %v", err)
	}
}

func TestRightsChangedElsewhereAreNoticed(t *testing.T) {
	f := setUp(t, auth.Options{})
	_, p := f.signIn(t)
	ended, release := f.Watch(p.TokenHash)
	defer release()
	f.Recheck(t.Context(), "")
	if closed(ended) {
		t.Fatal("a socket was closed though nothing changed")
	}
	u := f.anna
	u.Queues = nil
	if err := auth.New(f.repo, auth.Options{}).UpdateUser(t.Context(), u); err != nil {
		t.Fatal(err)
	}
	f.Recheck(t.Context(), "")
	if !closed(ended) {
		t.Fatal("the socket keeps the old rights")
	}
}

func TestDisablingEndsSessions(t *testing.T) {
	f := setUp(t, auth.Options{})
	token, _ := f.signIn(t)
	u := f.anna
	u.Disabled = true
	if err := f.UpdateUser(t.Context(), u); err != nil {
		t.Fatal(err)
	}
	_, err := f.Authenticate(t.Context(), token)
	wantKind(t, err, errs.Unauthenticated)
}

func TestNewPasswordEndsSessions(t *testing.T) {
	f := setUp(t, auth.Options{})
	token, _ := f.signIn(t)
	if err := f.SetPassword(t.Context(), f.anna.ID, "anna"); !errs.Is(err, errs.Invalid) || errs.FieldsOf(err)["password"] == "" {
		t.Fatalf("a bad password gives %v", err)
	}
	if err := f.SetPassword(t.Context(), f.anna.ID, "quite different"); err != nil {
		t.Fatal(err)
	}
	_, err := f.Authenticate(t.Context(), token)
	wantKind(t, err, errs.Unauthenticated)
	_, _, err = f.SignIn(t.Context(), auth.Credentials{Login: "anna", Password: "long enough"})
	wantKind(t, err, errs.Unauthenticated)
	if _, _, err := f.SignIn(t.Context(), auth.Credentials{Login: "anna", Password: "quite different"}); err != nil {
		t.Fatal(err)
	}
}

func TestCreateUserNamesEveryWrongField(t *testing.T) {
	f := setUp(t, auth.Options{})
	_, err := f.CreateUser(t.Context(), auth.NewUser{Login: "a b", Name: " ", Role: "BOSS", Language: "xx", Theme: "pink", Password: "short"})
	wantKind(t, err, errs.Invalid)
	got := errs.FieldsOf(err)
	for _, field := range []string{"login", "name", "role", "language", "theme", "password"} {
		if got[field] == "" {
			t.Errorf("field %s is not named in %v", field, got)
		}
	}
	_, err = f.CreateUser(t.Context(), auth.NewUser{Login: "ANNA", Name: "Another", Role: auth.RoleAdmin, Password: "long enough"})
	wantKind(t, err, errs.Conflict)
	if errs.FieldsOf(err)["login"] == "" {
		t.Errorf("the conflict does not name the login: %v", err)
	}
}

func TestPreferences(t *testing.T) {
	f := setUp(t, auth.Options{})
	token, _ := f.signIn(t)
	ru, pink := "ru", "pink"
	if u, err := f.SetPreferences(t.Context(), f.anna.ID, &ru, nil); err != nil || u.Language != "ru" || u.Theme != "" {
		t.Fatalf("SetPreferences = %+v, %v", u, err)
	}
	if p, err := f.Authenticate(t.Context(), token); err != nil || p.User.Language != "ru" {
		t.Fatalf("Authenticate = %+v, %v", p, err)
	}
	_, err := f.SetPreferences(t.Context(), f.anna.ID, nil, &pink)
	wantKind(t, err, errs.Invalid)
}

func TestRoles(t *testing.T) {
	if !auth.RoleAdmin.Includes(auth.RoleOperator) || auth.RoleOperator.Includes(auth.RoleSupervisor) || auth.Role("").Includes("") {
		t.Error("the order of roles is wrong")
	}
	if got := auth.RoleSupervisor.All(); !slices.Equal(got, []auth.Role{auth.RoleOperator, auth.RoleSupervisor}) {
		t.Errorf("All = %v", got)
	}
}

func TestRunClosesSocketsOfExpiredSessionsAndKeepsLiveOnes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		repo := &memrepo.Repo{}
		s := auth.New(repo, auth.Options{IdleTimeout: time.Hour, AbsoluteTimeout: 10 * time.Hour})
		if _, err := s.CreateUser(t.Context(), auth.NewUser{Login: "anna", Name: "Anna", Role: auth.RoleOperator, Password: "long enough"}); err != nil {
			t.Fatal(err)
		}
		_, p, err := s.SignIn(t.Context(), auth.Credentials{Login: "anna", Password: "long enough"})
		if err != nil {
			t.Fatal(err)
		}
		_, idle, err := s.SignIn(t.Context(), auth.Credentials{Login: "anna", Password: "long enough"})
		if err != nil {
			t.Fatal(err)
		}
		ended, release := s.Watch(p.TokenHash)
		defer release()
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error, 1)
		go func() { done <- s.Run(ctx) }()

		time.Sleep(9 * time.Hour) // an open socket is use
		synctest.Wait()
		if closed(ended) {
			t.Fatal("the session of an open socket was taken for idle")
		}
		if _, err := repo.SessionByHash(t.Context(), idle.TokenHash); !errs.Is(err, errs.NotFound) {
			t.Fatalf("the expired session is still stored: %v", err)
		}
		time.Sleep(time.Hour + time.Minute)
		synctest.Wait()
		if !closed(ended) {
			t.Fatal("the socket outlived the session")
		}
		cancel()
		if err := <-done; !errors.Is(err, context.Canceled) {
			t.Fatalf("Run returned %v", err)
		}
	})
}
