package app

import (
	"context"
	"encoding/json"
	"net/http"
	"time"

	"golang.org/x/time/rate"

	"github.com/pult-cc/pult/connectors"
	"github.com/pult-cc/pult/internal/clicks"
	"github.com/pult-cc/pult/internal/config"
	"github.com/pult-cc/pult/internal/errs"
)

// What a customer system may send.
const (
	hookBytes = 64 << 10
	hookTime  = 10 * time.Second
	// Requests a second. Who proves nothing is stopped at a rate that clicks never come near, so that strangers take no place of theirs.
	hookRate, hookBurst   = 200, 400 // from everybody together
	clickRate, clickBurst = 20, 60   // from the systems
)

// hooks take what customer systems send when somebody clicks a number there. Requests carry no session: each proves by its system's secret
// where it comes from, and only connectors of the configuration file with clicks: true are there at all.
type hooks struct {
	app             *App
	dial            *clicks.Service
	traffic, proven *rate.Limiter
	complaints      rate.Sometimes // so that strangers fill no log
}

func (a *App) hooks() http.Handler {
	h := &hooks{app: a, traffic: rate.NewLimiter(hookRate, hookBurst), proven: rate.NewLimiter(clickRate, clickBurst), complaints: rate.Sometimes{Interval: time.Second}}
	h.dial = clicks.New(clicks.Options{
		People: h.people, Operator: a.board.Operator, Do: a.service.Do, Customer: a.match.Get, Begun: a.begun, Now: time.Now, Log: a.log,
	})
	return h
}

// people are those whose accounts are in force.
func (h *hooks) people(ctx context.Context) ([]clicks.Person, error) {
	users, err := h.app.store.Auth().Users(ctx)
	var out []clicks.Person
	for _, u := range users {
		if !u.Disabled {
			out = append(out, clicks.Person{ID: u.ID, Login: u.Login})
		}
	}
	return out, err
}

// ServeHTTP implements http.Handler.
func (h *hooks) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Cache-Control", "no-store")
	if !h.traffic.Allow() {
		http.Error(w, "too many requests", http.StatusTooManyRequests)
		return
	}
	id := r.PathValue("connector")
	of, sys := h.connector(id), h.app.systems.byID(id)
	if of == nil || sys == nil {
		http.NotFound(w, r)
		return
	}
	ctx, cancel := context.WithTimeout(r.Context(), hookTime)
	defer cancel()
	r.Body = http.MaxBytesReader(w, r.Body, hookBytes)
	list, err := sys.c.Clicked(ctx, r)
	if err != nil {
		h.refuse(w, id, err)
		return
	}
	if !h.proven.Allow() {
		http.Error(w, "too many requests", http.StatusTooManyRequests)
		return
	}
	// A system that is told of a refusal would send the click again, when nobody waits for the call any more.
	answer := struct {
		Dialled int      `json:"dialled"`
		Refused []string `json:"refused,omitempty"`
	}{}
	from := clicks.System{ID: id, People: of.Operators, Agents: func(ctx context.Context) ([]connectors.Agent, error) { return sys.c.Agents(ctx) }}
	for _, c := range list {
		if err := h.dial.Dial(ctx, from, c); err != nil {
			h.app.log.Info("a clicked number is not called", "connector", id, "code", errs.KindOf(err).String(), "why", errs.Message(err))
			answer.Refused = append(answer.Refused, errs.KindOf(err).String())
			continue
		}
		answer.Dialled++
	}
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(answer) // the system may have gone
}

// connector is what the configuration file says of a connector that may send clicks.
func (h *hooks) connector(id string) *config.Connector {
	for i, c := range h.app.cfg.Connectors {
		if c.ID == id && c.Clicks {
			return &h.app.cfg.Connectors[i]
		}
	}
	return nil
}

func (h *hooks) refuse(w http.ResponseWriter, id string, err error) {
	status := http.StatusServiceUnavailable
	switch errs.KindOf(err) {
	case errs.Unauthenticated:
		status = http.StatusUnauthorized
	case errs.Invalid:
		status = http.StatusBadRequest
	}
	h.complaints.Do(func() {
		h.app.log.Warn("a request of a customer system is refused", "connector", id, "code", errs.KindOf(err).String())
	})
	http.Error(w, http.StatusText(status), status)
}
