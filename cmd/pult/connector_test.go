package main

import (
	"bytes"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/pult-cc/pult/connectors/connectortest/replay"
	"github.com/pult-cc/pult/connectors/onec/onecsim"
	"github.com/pult-cc/pult/internal/errs"
)

// pult runs a command and returns what it prints.
func pult(t *testing.T, args ...string) (string, error) {
	t.Helper()
	var out bytes.Buffer
	cmd := root()
	cmd.SetArgs(args)
	cmd.SetOut(&out)
	cmd.SetErr(t.Output())
	err := cmd.ExecuteContext(t.Context())
	return out.String(), err
}

func wants(t *testing.T, got string, err error, want ...string) {
	t.Helper()
	if err != nil {
		t.Errorf("failed: %v", err)
	}
	for _, w := range want {
		if !strings.Contains(got, w) {
			t.Errorf("no %q in\n%s", w, got)
		}
	}
}

func write(t *testing.T, name, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

const twoConnectors = `
connectors:
  - id: base
    kind: memory
    name: База
    config:
      customers:
        - {name: ООО Василёк, kind: COMPANY, phones: ["8 (495) 012-34-01, доб. 12"], owner: Орлов Игорь, tax_id: "0123456789"}
        - {name: Похожий, kind: PERSON, phones: ["8 (812) 012-34-01"]}
`

func TestConnectorCommandsOnAConfiguration(t *testing.T) {
	cfg := write(t, "pult.yaml", twoConnectors)
	got, err := pult(t, "connector", "check", "-c", cfg)
	wants(t, got, err, "base: well, answered in")
	got, err = pult(t, "connector", "lookup", "-c", cfg, "8 495 012-34-01", "base")
	wants(t, got, err, "asked as +74950123401: 2 found", "ООО Василёк (company)", "<- the number", "Орлов Игорь", "Похожий (person)",
		"left out: no phone of this record has the number", "place 1 on the card", "the card: ООО Василёк")
	if strings.Count(got, "<- the number") != 1 {
		t.Errorf("the number is seen in another one:\n%s", got)
	}
	got, err = pult(t, "connector", "test", "-c", cfg, "--number", "84950123401", "--name", "Василёк", "base")
	wants(t, got, err, "nothing is written", "ok    Known", "ok    Index", "10 cases, all passed")
	got, err = pult(t, "connector", "test", "-c", cfg, "--number", "84950123401", "--name", "Ромашка", "base")
	if !errs.Is(err, errs.Rejected) || !strings.Contains(got, "FAIL  Known") || !strings.Contains(got, `nobody called "Ромашка"`) {
		t.Errorf("%v\n%s", err, got)
	}
	for want, args := range map[string][]string{
		"no connector crm; there are base":     {"check", "-c", cfg, "crm"},
		"name one connector":                   {"test", "-c", cfg},
		"NUMBER: is no number":                 {"lookup", "-c", cfg, "что-то", "base"},
		"--plugin wants a program":             {"test", "-c", cfg, "--plugin"},
		"--settings: is no JSON object":        {"test", "-c", cfg, "--plugin", "--settings", "x", "program"},
		"--secret: must be NAME=REFERENCE":     {"test", "-c", cfg, "--plugin", "--secret", "x", "program"},
		"command: absent-program is not there": {"check", "-c", cfg, "--plugin", "absent-program"},
		"--number wants a telephone number":    {"test", "-c", cfg, "--number", "84950123401", "base"},
		"command: the program does not greet":  {"check", "-c", cfg, "--plugin", "echo", "hello"},
	} {
		_, err := pult(t, append([]string{"connector"}, args...)...)
		if err == nil || !strings.Contains(explain(err), want) || exitCode(err) != 2 {
			t.Errorf("%v: %v, want %q", args, err, want)
		}
	}
}

func TestConnectorCommandsOnAPlugIn(t *testing.T) {
	sample := filepath.Join(t.TempDir(), "sample")
	if out, err := exec.CommandContext(t.Context(), "go", "build", "-o", sample, "../../examples/plugins/go").CombinedOutput(); err != nil {
		t.Fatalf("building the sample: %v\n%s", err, out)
	}
	got, err := pult(t, "connector", "test", "--plugin", sample)
	wants(t, got, err, "sample-go 1.0.0 rehearses", "ok    Spellings", "ok    LogCall", "not asked: Relater", "cases, all passed")
	customers := write(t, "customers.json", `[{"id":"1","kind":"COMPANY","name":"Василёк","phones":["8 (495) 012-34-01"]}]`)
	settings := `{"customers":"` + customers + `"}`
	got, err = pult(t, "connector", "lookup", "--plugin", "--settings", settings, "84950123401", sample)
	wants(t, got, err, "CALL Lookup: answered", "1 found", "Василёк (company)", "<- the number")
	got, err = pult(t, "connector", "check", "--plugin", "--settings", settings, sample)
	wants(t, got, err, "plug-in sample-go 1.0.0: lookup, check, get, search, index, log-call, show-call, rehearse", "well, answered in")
	got, err = pult(t, "connector", "test", "--plugin", "--settings", settings, "--number", "84950123401", "--name", "Василёк", sample)
	wants(t, got, err, "nothing is written", "10 cases, all passed")
	_, err = pult(t, "connector", "check", "--plugin", sample)
	if err == nil || !strings.Contains(explain(err), "which file holds the customers?") || errs.FieldsOf(err)["config.customers"] == "" {
		t.Errorf("without settings: %v", err)
	}
}

func TestConnectorCaptureWritesAFixture(t *testing.T) {
	srv := httptest.NewServer(onecsim.New(onecsim.Options{Base: onecsim.NewDemo(), User: "pult", Password: "geheim-4711"}))
	defer srv.Close()
	t.Setenv("CAPTURE_1C", "geheim-4711")
	cfg := write(t, "pult.yaml", `
connectors:
  - {id: 1c, kind: onec, name: 1C, config: {base_url: "`+srv.URL+`/demo", user: pult, password: "env:CAPTURE_1C"}}
  - {id: list, kind: memory, name: List}
`)
	out := filepath.Join(t.TempDir(), "fixture.json")
	got, err := pult(t, "connector", "capture", "-c", cfg, "--number", "8 975 012-45-67", "--number", "+79990001122", "--search", "Василёк", "--index", "--out", out, "1c")
	wants(t, got, err, "check", "lookup +7975", "1 found", "0 found", "index", "look at it before you give it away")
	data, err := os.ReadFile(out)
	if err != nil {
		t.Fatal(err)
	}
	f, err := replay.Read(data)
	if err != nil || len(f.Cases) != 5 || len(f.Exchanges) < 5 {
		t.Errorf("%d cases, %d exchanges, %v", len(f.Cases), len(f.Exchanges), err)
	}
	for _, s := range []string{"Котова", "Василёк", "9750124567", "geheim-4711", strings.TrimPrefix(srv.URL, "http://")} {
		if strings.Contains(string(data), s) {
			t.Errorf("the recording has %s", s)
		}
	}
	for want, args := range map[string][]string{
		"it must not be there yet":       {"-c", cfg, "--number", "89750124567", "--out", out, "1c"},
		"give --out":                     {"-c", cfg, "--out", out, "1c"},
		"is no number":                   {"-c", cfg, "--number", "что-то", "--out", out + "2", "1c"},
		"there is nothing to record":     {"-c", cfg, "--number", "89750124567", "--out", out + "2", "list"},
		"no connector crm; there are 1c": {"-c", cfg, "--number", "89750124567", "--out", out + "2", "crm"},
	} {
		if _, err := pult(t, append([]string{"connector", "capture"}, args...)...); err == nil || !strings.Contains(explain(err), want) {
			t.Errorf("%v: %v, want %q", args, err, want)
		}
	}
}

func TestConnectorLookupShowsWhatWasAsked(t *testing.T) {
	srv := httptest.NewServer(onecsim.New(onecsim.Options{Base: onecsim.NewDemo(), User: "pult", Password: "geheim-4711"}))
	defer srv.Close()
	t.Setenv("CAPTURE_1C", "wrong")
	cfg := write(t, "pult.yaml", `
connectors: [{id: 1c, kind: onec, name: 1C, config: {base_url: "`+srv.URL+`/demo", user: pult, password: "env:CAPTURE_1C"}}]
`)
	got, err := pult(t, "connector", "lookup", "-c", cfg, "8 975 012-45-67", "1c")
	if !errs.Is(err, errs.Unauthenticated) || !strings.Contains(got, "GET http://") || !strings.Contains(got, "401") {
		t.Errorf("with a wrong password: %v\n%s", err, got)
	}
	t.Setenv("CAPTURE_1C", "geheim-4711")
	got, err = pult(t, "connector", "lookup", "-c", cfg, "8 975 012-45-67", "1c")
	wants(t, got, err, "GET http://", "Catalog_Контрагенты", "200, ", "place 1 on the card", "the card: Котова Мария Сергеевна")
	if strings.Contains(got, "substringof('9750124567'") {
		t.Errorf("a request shows the number:\n%s", got)
	}
}
