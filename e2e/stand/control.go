package main

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"time"

	"github.com/pult-cc/pult/connectors/onec/onecsim"
	"github.com/pult-cc/pult/e2e/served"
)

// info is what tests need to know; it is printed when everything is ready.
type info struct {
	Control string   `json:"control"` // this interface
	URLs    []string `json:"urls"`    // of the servers
	People  []person `json:"people"`
	// Callers of the 1C base.
	Callers []caller `json:"callers"`
	CRM     crm      `json:"crm"`
}

type caller struct {
	Name    string `json:"name"`
	Company string `json:"company"`
	Number  string `json:"number"`
	Case    string `json:"case"`
}

func (s *stand) info(control string) info {
	in := info{Control: control, People: people(), CRM: s.crm}
	for _, server := range s.servers {
		in.URLs = append(in.URLs, server.URL())
	}
	for _, c := range onecsim.Demo() {
		in.Callers = append(in.Callers, caller{c.Name, c.Company, c.Number, c.Case})
	}
	return in
}

// routes is the interface. Bodies are JSON; an error is 500 and a text.
func (s *stand) routes() http.Handler {
	mux := http.NewServeMux()
	// Customers. POST /calls makes one call or wait for a call; GET tells what became of it (?tone=1000 asks whether that is
	// heard), and kept packet by packet when it was; next makes them hang up, give up or answer at once.
	mux.HandleFunc("POST /calls", handle(func(r *http.Request) (any, error) {
		var req callRequest
		if err := decode(r, &req); err != nil {
			return nil, err
		}
		id, err := s.newCall(req)
		return map[string]string{"id": id}, err
	}))
	mux.HandleFunc("GET /calls/{id}", handle(s.withCall(func(r *http.Request, c *call) (any, error) {
		return c.state(r.URL.Query()["tone"])
	})))
	mux.HandleFunc("GET /calls/{id}/kept", handle(s.withCall(func(r *http.Request, c *call) (any, error) {
		return c.kept(r.URL.Query()["tone"], r.URL.Query().Get("after"))
	})))
	mux.HandleFunc("POST /calls/{id}/next", handle(s.withCall(func(r *http.Request, c *call) (any, error) {
		return nil, c.sipp.Next(r.Context())
	})))
	mux.HandleFunc("POST /calls/{id}/tone", handle(s.withCall(func(r *http.Request, c *call) (any, error) {
		var req struct {
			Tone float64 `json:"tone"`
		}
		err := decode(r, &req)
		c.rtp.Tone(req.Tone)
		return nil, err
	})))
	mux.HandleFunc("POST /calls/{id}/still", handle(s.withCall(func(r *http.Request, c *call) (any, error) {
		var req struct {
			Still bool `json:"still"`
		}
		err := decode(r, &req)
		c.rtp.Still(req.Still)
		return nil, err
	})))
	mux.HandleFunc("DELETE /calls/{id}", handle(s.withCall(func(r *http.Request, c *call) (any, error) {
		s.mu.Lock()
		delete(s.calls, r.PathValue("id"))
		s.mu.Unlock()
		return nil, c.leave(r.Context())
	})))

	mux.HandleFunc("POST /onec", handle(s.setOneC))
	mux.HandleFunc("GET /onec", handle(func(*http.Request) (any, error) { return s.sim.Requests(), nil }))
	mux.HandleFunc("GET /onec/calls", handle(func(*http.Request) (any, error) {
		return append([]onecsim.Row{}, s.sim.Written(onecsim.SetCalls)...), nil
	}))

	// How long a lost call of a queue is kept for its operator, as of the next time that somebody signs in.
	mux.HandleFunc("POST /queues/{key}/rescue", handle(func(r *http.Request) (any, error) {
		var req struct {
			Seconds int `json:"seconds"`
		}
		if err := decode(r, &req); err != nil {
			return nil, err
		}
		return nil, s.servers[0].SetRescue(r.Context(), r.PathValue("key"), time.Duration(req.Seconds)*time.Second)
	}))

	// The servers, by their number from 0, and Asterisk. Requests return when it is done, and ready again.
	mux.HandleFunc("POST /pult/{n}/{what}", handle(func(r *http.Request) (any, error) {
		var n int
		if _, err := fmt.Sscan(r.PathValue("n"), &n); err != nil || n < 0 || n >= len(s.servers) {
			return nil, fmt.Errorf("no server %q", r.PathValue("n"))
		}
		return nil, s.pult(s.servers[n], r.PathValue("what"))
	}))
	mux.HandleFunc("POST /asterisk/{what}", handle(func(r *http.Request) (any, error) {
		switch what := r.PathValue("what"); what {
		case "kill":
			return nil, s.asterisk.Kill()
		case "restart":
			return nil, s.asterisk.Restart(r.Context())
		case "hang":
			return nil, s.asterisk.Hang()
		case "resume":
			return nil, s.asterisk.Resume()
		default:
			return nil, fmt.Errorf("cannot %q Asterisk", what)
		}
	}))
	mux.HandleFunc("POST /asterisk/cli", handle(func(r *http.Request) (any, error) {
		command, err := io.ReadAll(r.Body)
		if err != nil {
			return nil, err
		}
		return s.asterisk.CLI(r.Context(), string(command))
	}))
	mux.HandleFunc("GET /logs/{name}", func(w http.ResponseWriter, r *http.Request) {
		if b := s.logs[r.PathValue("name")]; b != nil {
			_, _ = io.WriteString(w, b.String()) // the test may have gone
		}
	})
	return mux
}

// setOneC changes how the simulated 1C behaves: everything that is not said is as it should be.
func (s *stand) setOneC(r *http.Request) (any, error) {
	var req struct {
		DelayMS int    `json:"delayMs"`
		Mode    string `json:"mode"`
	}
	if err := decode(r, &req); err != nil {
		return nil, err
	}
	var t *onecsim.Trouble
	switch req.Mode {
	case "", "ok":
	case "html":
		t = &onecsim.Trouble{WebPage: true}
	case "401":
		t = &onecsim.Trouble{Status: http.StatusUnauthorized}
	case "500":
		t = &onecsim.Trouble{Status: http.StatusInternalServerError, Code: "-1", Message: "Ошибка при вызове метода контекста"}
	case "truncated":
		t = &onecsim.Trouble{CutOff: true}
	case "closed":
		t = &onecsim.Trouble{HangUp: true}
	default:
		return nil, fmt.Errorf("1C knows no mode %q", req.Mode)
	}
	s.sim.SetDelay(time.Duration(req.DelayMS) * time.Millisecond)
	s.sim.Suffer(t)
	return nil, nil
}

func (s *stand) pult(server *served.Server, what string) error {
	switch what {
	case "stop":
		return server.Stop()
	case "kill":
		return server.Kill()
	case "start":
		return server.Start(s.ctx)
	case "restart":
		if err := server.Stop(); err != nil {
			return err
		}
		return server.Start(s.ctx)
	}
	return fmt.Errorf("cannot %q pult", what)
}

func decode(r *http.Request, into any) error {
	d := json.NewDecoder(r.Body)
	d.DisallowUnknownFields()
	if err := d.Decode(into); err != nil {
		return fmt.Errorf("reading the request: %w", err)
	}
	return nil
}

func handle(do func(*http.Request) (any, error)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		out, err := do(r)
		if err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
		if out == nil {
			w.WriteHeader(http.StatusNoContent)
			return
		}
		w.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(w).Encode(out) // the test may have gone
	}
}
