package graph

import (
	"context"
	"time"

	"github.com/pult-cc/pult/graph/model"
	"github.com/pult-cc/pult/internal/auth"
	"github.com/pult-cc/pult/telephony/calls"
	"github.com/pult-cc/pult/telephony/queues"
)

func (r *Resolver) signIn(ctx context.Context, input model.SignInInput) (*model.SignInPayload, error) {
	x, err := exchangeOf(ctx)
	if err != nil {
		return nil, err
	}
	token, p, err := r.core.Auth.SignIn(ctx, auth.Credentials{Login: input.Login, Password: input.Password, Address: x.client})
	if err != nil {
		return nil, err
	}
	if x.token != "" {
		// The browser forgets the former session; so does the server. A failure leaves it to expire.
		if err := r.core.Auth.SignOut(ctx, x.token); err != nil {
			r.core.Log.Warn("ending the former session", "error", err)
		}
	}
	x.setToken(token)
	v := viewer{p}
	return &model.SignInPayload{Viewer: r.viewerModel(ctx, &v)}, nil
}

// signOutWait bounds taking the phone away at sign-out.
const signOutWait = 3 * time.Second

// signOut takes the window's phone away and ends the session. The session ends whatever becomes of the rest.
func (r *Resolver) signOut(ctx context.Context, input *model.SignOutInput) (*model.SignOutPayload, error) {
	x, err := exchangeOf(ctx)
	if err != nil {
		return nil, err
	}
	if v, ok := viewerOf(ctx); ok {
		limit, cancel := context.WithTimeout(ctx, signOutWait)
		window := ""
		if input != nil && input.ClientID != nil {
			window = *input.ClientID
		}
		if err := r.core.Phones.Leave(limit, v.id(), window); err != nil {
			r.core.Log.Warn("leaving the phone at sign-out", "operator", v.id(), "error", err)
		}
		cancel()
	}
	if x.token != "" {
		if err := r.core.Auth.SignOut(ctx, x.token); err != nil {
			return nil, err
		}
		x.clearToken()
	}
	return &model.SignOutPayload{Ok: true}, nil
}

// viewerModel tells who asks; nil is nobody.
func (r *Resolver) viewerModel(ctx context.Context, v *viewer) *model.Viewer {
	m := &model.Viewer{Roles: []model.Role{}, Preferences: &model.Preferences{Theme: "auto"}, Now: r.core.Now(), Alerts: r.alertSettings()}
	if r.core.Demo != nil {
		m.Demo = &model.Demo{Simulated: r.core.Demo.Simulated, Callers: []*model.DemoCaller{}}
	}
	if v == nil {
		return m
	}
	u := v.User
	for _, role := range u.Role.All() {
		m.Roles = append(m.Roles, model.Role(role))
	}
	m.Preferences.Language = u.Language
	if u.Theme != "" {
		m.Preferences.Theme = u.Theme
	}
	l := r.lens(ctx)
	if m.Operator = l.operatorByID(u.ID); m.Operator == nil {
		// Not on the floor yet: the account is newer than the floor's directory, or the floor is being taken over.
		m.Operator = l.operator(&calls.Operator{
			ID: u.ID, Login: u.Login, Name: u.Name, Queues: u.Queues, Availability: queues.Offline, Presence: calls.PresenceOffline, Since: m.Now,
			Desk: u.Device == auth.DeviceDesk,
		})
	}
	if m.Demo != nil {
		callers, err := r.core.Demo.Callers(ctx)
		if err != nil { // the page works without them
			r.core.Log.Warn("listing demo customers", "error", err)
		}
		for _, c := range callers {
			m.Demo.Callers = append(m.Demo.Callers, &model.DemoCaller{Name: c.Name, Company: c.Company, Number: number(c.Number)})
		}
	}
	return m
}

func hashOf(token string) string { return auth.HashToken(token) }
