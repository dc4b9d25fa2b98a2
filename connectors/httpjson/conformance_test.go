package httpjson_test

import (
	"context"
	"encoding/json"
	"fmt"
	"html"
	"maps"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"regexp"
	"slices"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/pult-cc/pult/connectors"
	"github.com/pult-cc/pult/connectors/connectortest"
	"github.com/pult-cc/pult/connectors/httpjson"
	"github.com/pult-cc/pult/connectors/httpjson/sim"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const secret = "s3cret-кл/юч?&="

type secrets map[string]string

func (s secrets) Secret(_ context.Context, ref string) (string, error) {
	v, ok := s[ref]
	if !ok {
		return "", fmt.Errorf("unknown secret %s", ref)
	}
	return v, nil
}

// system is how a preset is tried: a simulator, how customers get into it, and what differs from system to system.
type system struct {
	config  map[string]any // beside preset, base_url and networks
	base    string         // path of base_url
	sim     func() *sim.Sim
	fill    func(s *sim.Sim, customers []connectortest.Customer)
	gaps    []connectortest.Gap
	refusal sim.Trouble                     // how the system's own logic refuses
	written map[connectortest.Record]string // the set that holds a record
	key     func(key string) string         // how the key is written there; nil: as it is
	forms   map[connectortest.Fault]sim.Trouble
	keeps   bool // a refresh token that changes has to be kept
}

func open(t *testing.T, address, preset string, extra map[string]any) *httpjson.Driver {
	t.Helper()
	config := map[string]any{"preset": preset, "base_url": address, "networks": []string{"127.0.0.0/8"}}
	for k, v := range extra {
		config[k] = v
	}
	raw, err := json.Marshal(config)
	if err != nil {
		t.Fatal(err)
	}
	d, err := httpjson.New(t.Context(), "crm", raw, secrets{"env:SECRET": secret, "env:WRONG": "not " + secret, "env:FIRST": "first-refresh"})
	if err != nil {
		t.Fatalf("%s: %v", preset, err)
	}
	return d
}

// TestPresets runs the conformance suite on every preset.
func TestPresets(t *testing.T) {
	for _, name := range httpjson.Presets() {
		sys, ok := systems[name]
		if !ok {
			t.Errorf("preset %s is tried against nothing", name)
			continue
		}
		t.Run(name, func(t *testing.T) {
			connectortest.Run(t, connectortest.Harness{New: func(t *testing.T, customers []connectortest.Customer) connectortest.System {
				return sys.start(t, name, customers)
			}})
		})
	}
}

func (sys system) start(t *testing.T, preset string, customers []connectortest.Customer) connectortest.System {
	t.Helper()
	s := sys.sim()
	sys.refusal.Data = true
	sys.fill(s, customers)
	srv := httptest.NewServer(s)
	if sys.keeps {
		auth := map[string]any{"keep": filepath.Join(t.TempDir(), "refresh")}
		maps.Copy(auth, sys.config["auth"].(map[string]any))
		sys.config = maps.Clone(sys.config)
		sys.config["auth"] = auth
	}
	d := open(t, srv.URL+sys.base, preset, sys.config)
	troubles := map[connectortest.Fault]*sim.Trouble{
		connectortest.Slow:         {Delay: time.Minute},
		connectortest.Down:         {HangUp: true},
		connectortest.Unauthorized: {Status: http.StatusUnauthorized, Body: "{}"},
		connectortest.Forbidden:    {Status: http.StatusForbidden, Body: "{}"},
		connectortest.TooMany:      {Status: http.StatusTooManyRequests, RetryAfter: "7", Body: "{}"},
		connectortest.BusinessRule: &sys.refusal,
		connectortest.ServerError:  {Status: http.StatusInternalServerError},
		connectortest.BadGateway:   {Status: http.StatusBadGateway, Body: "<html>Bad Gateway</html>"},
		connectortest.Busy:         {Status: http.StatusServiceUnavailable},
		connectortest.WebPage:      {WebPage: true},
		connectortest.CutOff:       {CutOff: true},
		connectortest.ByteOrder:    {BOM: true},
	}
	for f, trouble := range sys.forms {
		troubles[f] = &trouble
	}
	if sys.keeps { // an answer of the token endpoint that is lost loses the refresh token with it: that is no fault to recover from
		for f, trouble := range troubles {
			own := *trouble
			own.Data = true
			troubles[f] = &own
		}
	}
	var once sync.Once
	out := connectortest.System{
		Driver: d, ID: "crm", Secret: secret, Gaps: sys.gaps,
		Inject: func(f connectortest.Fault) { s.Suffer(troubles[f]) },
		Written: func(what connectortest.Record, key string) []string {
			own := key
			if sys.key != nil {
				own = sys.key(key)
			}
			var out []string
			for _, text := range s.Texts(sys.written[what], key, own) {
				out = append(out, html.UnescapeString(lineBreak.ReplaceAllString(text, "\n"))) // some keep HTML
			}
			return out
		},
		Close: func() {
			once.Do(func() {
				_ = d.Close()
				s.Suffer(nil)
				srv.CloseClientConnections()
				srv.Close()
				for _, v := range s.Violations() {
					t.Errorf("%s would not take it: %s", preset, v)
				}
			})
		},
	}
	out.Reopen = func() connectors.Driver { return open(t, srv.URL+sys.base, preset, sys.config) }
	for f := range troubles {
		out.Faults = append(out.Faults, f)
	}
	slices.Sort(out.Faults)
	return out
}

var lineBreak = regexp.MustCompile(`<br/?>`)

// ids numbers records: 1, 2, 3.
type ids struct{ n int }

func (i *ids) next() int { i.n++; return i.n }

func idOf(kind string, n int) string { return fmt.Sprintf("%s%013d", kind, n) }
