package plugin_test

import (
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/pult-cc/pult/connectors/connectortest"
	"github.com/pult-cc/pult/connectors/plugin"
	"github.com/pult-cc/pult/connectors/plugin/plugintest"
	"github.com/pult-cc/pult/internal/lab"
)

// sampleGo is the sample connector in Go, built for these tests.
var sampleGo string

func TestMain(m *testing.M) {
	if play(os.Getenv(part)) {
		return
	}
	os.Exit(run(m))
}

func run(m *testing.M) int {
	dir, err := os.MkdirTemp("", "plugins-")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer func() { _ = os.RemoveAll(dir) }()
	sampleGo = filepath.Join(dir, "sample-go")
	if out, err := exec.Command("go", "build", "-o", sampleGo, "../../examples/plugins/go").CombinedOutput(); err != nil {
		fmt.Fprintf(os.Stderr, "building the sample: %v\n%s", err, out)
		return 1
	}
	return m.Run()
}

// logTo is a log that go test shows of a test that fails.
func logTo(t testing.TB) *slog.Logger { return slog.New(slog.NewTextHandler(t.Output(), nil)) }

func TestConformanceGo(t *testing.T) {
	conforms(t, plugin.Settings{Command: sampleGo})
}

func conforms(t *testing.T, s plugin.Settings) {
	connectortest.Run(t, connectortest.Harness{New: func(t *testing.T, customers []connectortest.Customer) connectortest.System {
		return plugintest.Open(connectortest.Of(t), s, customers, plugin.Options{Log: logTo(t)})
	}})
}

// sampleNode is the sample connector in Node, with the Node that scripts/parts brought.
func sampleNode(t testing.TB) plugin.Settings {
	t.Helper()
	node, err := lab.Find("node")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat("../../examples/plugins/node/node_modules/@grpc/grpc-js"); err != nil {
		t.Fatal("the sample's modules are missing: run make examples/plugins/node/node_modules/.stamp")
	}
	return plugin.Settings{
		Command: filepath.Join(node, "node"), Args: []string{"../../examples/plugins/node/main.mjs"},
	}
}

func TestConformanceNode(t *testing.T) {
	conforms(t, sampleNode(t))
}
