package main

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"time"

	"github.com/pult-cc/pult/connectors"
	"github.com/pult-cc/pult/connectors/httpjson"
	"github.com/pult-cc/pult/connectors/resilient"
	"github.com/pult-cc/pult/internal/obs"
	"github.com/pult-cc/pult/internal/outbox"
	"github.com/pult-cc/pult/internal/store"
)

const connectorID = "crm"

// dsnEnv carries the database's address, which may hold a password, to the delivering process.
const dsnEnv = "BENCH_OUTBOX_DSN"

// description is the connector to the system: it looks before it writes.
func description(base string) json.RawMessage {
	fields := map[string]any{"key": "${.call.key}", "comment": "${.call.comment}"}
	raw, err := json.Marshal(map[string]any{
		"base_url": base, "networks": []string{"127.0.0.0/8"}, "auth": map[string]any{"kind": "none"},
		"types": map[string]any{"call": map[string]any{}, "client": map[string]any{"kind": "COMPANY"}},
		"operations": map[string]any{
			"check":  map[string]any{"path": "/me", "result": "{version}"},
			"lookup": map[string]any{"path": "/me", "result": "[]"},
			"log_call": map[string]any{"steps": []any{
				map[string]any{"name": "known", "path": "/calls", "query": map[string]any{"key": "${.call.key}"}, "result": ".items[0].id"},
				map[string]any{
					"when": ".steps.known != null", "method": "PUT", "path": "/calls/${.steps.known}", "body": fields,
					"result": `{type: "call", id: (.id | tostring)}`,
				},
				map[string]any{
					"when": ".steps.known == null", "method": "POST", "path": "/calls", "body": fields,
					"result": `{type: "call", id: (.id | tostring)}`,
				},
			}},
		},
	})
	if err != nil {
		panic(err) // of constants
	}
	return raw
}

// nobody has no names: the history of this benchmark knows neither queues nor people.
type nobody struct{}

func (nobody) Names(context.Context, string, string, string) (outbox.Names, error) {
	return outbox.Names{}, nil
}

// deliverTo delivers to the system at base as `pult serve` does.
func deliverTo(ctx context.Context, base string) error {
	s, err := store.Open(ctx, store.Options{DSN: os.Getenv(dsnEnv)})
	if err != nil {
		return err
	}
	defer s.Close()
	reg := &connectors.Registry{}
	if err := reg.Register(httpjson.Factory()); err != nil {
		return err
	}
	d, err := reg.Open(ctx, connectorID, httpjson.Kind, description(base), nil)
	if err != nil {
		return err
	}
	c, err := resilient.New(d, resilient.Options{ID: connectorID, Name: "CRM"})
	if err != nil {
		return err
	}
	defer c.Close()
	go func() { _ = c.Run(ctx) }()
	log := slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelWarn}))
	return outbox.NewDeliverer(outbox.Options{
		Repository: s.Outbox(), Targets: []outbox.Target{c}, Directory: nobody{}, Mask: obs.Mask, NewID: newID, Now: time.Now, Log: log,
	}).Run(ctx)
}

// worker is a delivering process.
type worker struct {
	cmd  *exec.Cmd
	done chan struct{}
}

func startWorker(ctx context.Context, dsn, base string) (*worker, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	cmd := exec.CommandContext(ctx, self, "-deliver", base)
	cmd.Env = append(os.Environ(), dsnEnv+"="+dsn)
	cmd.Stderr = os.Stderr
	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("starting the delivering process: %w", err)
	}
	w := &worker{cmd: cmd, done: make(chan struct{})}
	go func() {
		_ = cmd.Wait() // it is killed
		close(w.done)
	}()
	return w, nil
}

// kill ends the process as a power cut would.
func (w *worker) kill() {
	_ = w.cmd.Process.Kill() // it may be gone
	<-w.done
}
