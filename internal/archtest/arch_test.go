// Package archtest keeps the arrows of docs/architecture.md: who may import whom.
package archtest

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"os/exec"
	"path"
	"strings"
	"testing"
)

const module = "github.com/pult-cc/pult/"

// rule says what a room's packages may import of the project and which vendor libraries belong to it alone.
type rule struct {
	room  string   // path below the module; "x/..." includes subfolders
	allow []string // project imports permitted; "" entries none; patterns as room
}

// rules, first match wins. Rooms not named here (cmd, internal/app, internal/lab, tests' helpers) may import everything.
var rules = []rule{
	{"internal/errs", nil},
	{"telephony", nil},
	{"internal/astconf", nil},
	{"connectors", []string{"internal/errs"}},
	{"internal/bus", []string{"internal/errs"}},
	{"internal/bus/...", []string{"internal/bus/...", "internal/errs"}},
	{"internal/seal/...", []string{"internal/seal/...", "internal/errs"}},
	{"telephony/ari/...", []string{"telephony", "telephony/ari/...", "internal/errs"}},
	{"telephony/fakepbx/...", []string{"telephony", "internal/errs"}},
	{"telephony/telephonytest/...", []string{"telephony", "internal/errs"}},
	{"telephony/queues", []string{"internal/errs"}},
	{"telephony/health", []string{"internal/errs"}},
	{"telephony/quality", []string{"telephony", "internal/errs"}},
	{"telephony/calls", []string{"telephony", "telephony/queues", "telephony/quality", "telephony/health", "internal/bus", "internal/customers", "internal/errs"}},
	{"telephony/phones", []string{"telephony", "telephony/calls", "telephony/queues", "internal/seal", "internal/errs"}},
	{"connectors/all", []string{"connectors/..."}},
	{"examples/...", []string{"connectors", "connectors/plugin/sdk"}}, // what others outside can import
	{"connectors/...", []string{"connectors/...", "internal/errs"}},
	{"internal/customers/...", []string{"connectors", "connectors/resilient", "internal/customers/...", "internal/errs"}},
	{"internal/workbench", []string{"connectors", "connectors/trace", "internal/customers", "internal/seal", "internal/errs"}},
	{"internal/interactions", []string{"telephony/quality", "internal/customers", "internal/bus", "internal/errs"}},
	{"internal/linking", []string{"telephony/calls", "internal/customers", "internal/interactions", "internal/bus", "internal/errs"}},
	{"internal/clicks", []string{"telephony/calls", "telephony/queues", "connectors", "internal/customers", "internal/errs"}},
	{"internal/screenpop/...", []string{"internal/screenpop/...", "telephony/calls", "connectors", "internal/customers", "internal/errs"}},
	{"internal/outbox/...", []string{"internal/outbox/...", "connectors", "telephony/calls", "internal/customers", "internal/interactions", "internal/errs"}},
	{"internal/auth/...", []string{"internal/auth/...", "internal/errs"}},
	{"internal/store/...", []string{
		"ent/...", "internal/store/...", "internal/auth", "internal/customers", "internal/customers/phoneindex/...", "internal/interactions", "internal/outbox/...", "internal/screenpop/...", "internal/seal", "internal/workbench",
		"telephony/queues", "telephony/quality", "telephony/health", "connectors", "internal/errs",
	}},
	{"ent/...", []string{"ent/..."}},
	{"graph/...", []string{
		"graph/...", "telephony/calls", "telephony/queues", "telephony/quality", "telephony/health", "telephony/phones", "internal/customers", "internal/interactions", "internal/linking",
		"internal/outbox", "internal/auth", "internal/errs", "internal/obs", "internal/workbench", "connectors", "connectors/trace",
	}},
}

// vendors belong to one room each.
var vendors = map[string]string{
	"github.com/CyCoreSystems/ari/":    "telephony/ari/...",
	"github.com/redis/go-redis/":       "internal/bus/redisbus/...",
	"github.com/hashicorp/vault/":      "internal/seal/...",
	"entgo.io/ent":                     "internal/store/... ent/...",
	"github.com/99designs/gqlgen":      "graph/...",
	"github.com/nyaruka/phonenumbers":  "internal/customers/... connectors/...",
	"github.com/jackc/pgx":             "internal/store/... ent/migrate/... connectors/sqltable/...",
	"modernc.org/sqlite":               "internal/store/... ent/migrate/...",
	"github.com/pressly/goose":         "internal/store/... ent/...",
	"github.com/prometheus/":           "internal/obs/...",
	"github.com/rs/cors":               "graph/... internal/app/...",
	"github.com/spf13/cobra":           "cmd/...",
	"github.com/sony/gobreaker":        "connectors/resilient/...",
	"github.com/hashicorp/go-plugin":   "connectors/plugin/...",
	"github.com/hashicorp/go-hclog":    "connectors/plugin/...",
	"google.golang.org/grpc":           "connectors/plugin/...",
	"github.com/coder/websocket":       "telephony/ari/... graph/... internal/lab/... cmd/... bench/... e2e/...",
	"github.com/goccy/go-yaml":         "internal/config/... connectors/httpjson/...",
	"github.com/itchyny/gojq":          "connectors/httpjson/...",
	"github.com/go-sql-driver/mysql":   "connectors/sqltable/...",
	"go.yaml.in/yaml":                  "internal/config/...",
	"gopkg.in/yaml":                    "internal/config/...",
	"github.com/caarlos0/env":          "internal/config/...",
	"golang.org/x/crypto/argon2":       "internal/auth/...",
	"github.com/alexedwards/argon2id":  "internal/auth/...",
	"github.com/vektah/gqlparser/":     "graph/...",
	"github.com/hashicorp/golang-lru/": "graph/...",
	"github.com/gorilla/websocket":     "",
	"golang.org/x/net/websocket":       "",
}

type pkg struct {
	ImportPath string
	Imports    []string
}

func TestArrows(t *testing.T) {
	for _, p := range list(t) {
		room := strings.TrimPrefix(p.ImportPath, module)
		for _, imp := range p.Imports {
			if in, ok := strings.CutPrefix(imp, module); ok {
				if r, ruled := ruleFor(room); ruled && !anyMatch(r.allow, in) {
					t.Errorf("%s imports %s: not an arrow of docs/architecture.md", room, in)
				}
				continue
			}
			for prefix, homes := range vendors {
				if strings.HasPrefix(imp, prefix) && !anyMatch(strings.Fields(homes), room) {
					t.Errorf("%s imports %s, which belongs to %q alone", room, imp, homes)
				}
			}
			if (room == "telephony" || room == "connectors" || room == "internal/errs") && strings.Contains(strings.Split(imp, "/")[0], ".") {
				t.Errorf("%s imports %s: a port knows the standard library only", room, imp)
			}
			if isCore(room) && (imp == "net/http" || imp == "database/sql") {
				t.Errorf("%s imports %s: the core does no I/O of its own", room, imp)
			}
		}
	}
}

func isCore(room string) bool {
	switch room {
	case "telephony/calls", "telephony/queues", "telephony/quality", "telephony/health", "internal/interactions", "internal/customers", "internal/linking", "internal/outbox", "internal/workbench", "internal/clicks", "internal/screenpop":
		return true
	}
	return false
}

func ruleFor(room string) (rule, bool) {
	for _, r := range rules {
		if match(r.room, room) {
			return r, true
		}
	}
	return rule{}, false
}

func anyMatch(patterns []string, room string) bool {
	for _, p := range patterns {
		if match(p, room) {
			return true
		}
	}
	return false
}

func match(pattern, room string) bool {
	if base, ok := strings.CutSuffix(pattern, "/..."); ok {
		return room == base || strings.HasPrefix(room, base+"/")
	}
	return path.Clean(pattern) == room
}

func list(t *testing.T) []pkg {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "go", "list", "-json=ImportPath,Imports", "./...")
	cmd.Dir = "../.."
	out, err := cmd.Output()
	if err != nil {
		var ee *exec.ExitError
		if errors.As(err, &ee) {
			t.Fatalf("go list: %s", ee.Stderr)
		}
		t.Fatal(err)
	}
	var pkgs []pkg
	for dec := json.NewDecoder(bytes.NewReader(out)); ; {
		var p pkg
		if err := dec.Decode(&p); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			t.Fatal(err)
		}
		pkgs = append(pkgs, p)
	}
	if len(pkgs) < 10 {
		t.Fatalf("only %d packages listed", len(pkgs))
	}
	return pkgs
}
