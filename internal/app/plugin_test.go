package app_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"sync"
	"testing"

	"github.com/pult-cc/pult/internal/app"
	"github.com/pult-cc/pult/internal/config"
)

// remembered is a log that can be read.
type remembered struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (r *remembered) Write(p []byte) (int, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.b.Write(p)
}

// pid returns the number of the plug-in's process, as the log says it.
func (r *remembered) pid(t *testing.T) string {
	t.Helper()
	r.mu.Lock()
	defer r.mu.Unlock()
	m := regexp.MustCompile(`msg="plug-in runs" connector=crm .*pid=(\d+)`).FindSubmatch(r.b.Bytes())
	if m == nil {
		t.Fatalf("no plug-in runs:\n%s", r.b.String())
	}
	return string(m[1])
}

// A plug-in ends with Pult: with one that served, and with one that was opened and never ran.
func TestAPlugInEndsWithPult(t *testing.T) {
	program := filepath.Join(t.TempDir(), "sample")
	if out, err := exec.CommandContext(t.Context(), "go", "build", "-o", program, "../../examples/plugins/go").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	for name, run := range map[string]bool{"that served": true, "that was only opened": false} {
		t.Run(name, func(t *testing.T) {
			cfg := testConfig(t)
			cfg.Connectors = []config.Connector{{ID: "crm", Kind: "plugin", Config: map[string]any{
				"command": program, "config": map[string]any{"customers": "absent.json"},
			}}}
			var log remembered
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			a, err := app.New(ctx, cfg, app.Options{
				Version: "test", Log: slog.New(slog.NewTextHandler(io.MultiWriter(&log, t.Output()), nil)),
			})
			if err != nil {
				t.Fatal(err)
			}
			process := fmt.Sprintf("/proc/%s", log.pid(t))
			if _, err := os.Stat(process); err != nil {
				t.Fatalf("the plug-in does not run: %v", err)
			}
			if run {
				cancel()
				if err := a.Run(ctx); err != nil {
					t.Errorf("stopping: %v", err)
				}
			}
			if err := a.Close(); err != nil {
				t.Error(err)
			}
			if _, err := os.Stat(process); err == nil {
				t.Error("the plug-in is still there")
			}
		})
	}
}
