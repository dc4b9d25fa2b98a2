package conf_test

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/pult-cc/pult/connectors/internal/conf"
	"github.com/pult-cc/pult/internal/errs"
)

type inner struct {
	Path  string `json:"path"`
	Limit int    `json:"limit"`
}

type outer struct {
	inner
	Steps []inner          `json:"steps"`
	Wait  conf.Duration    `json:"wait"`
	By    map[string]inner `json:"by"`
	Any   any              `json:"any"`
	On    *bool            `json:"on"`
}

func TestDecode(t *testing.T) {
	var o outer
	err := conf.Decode(json.RawMessage(`{"path":"/x","steps":[{"limit":5}],"wait":"2s","by":{"a":{"path":"y"}},"any":[1],"on":true}`), &o)
	if err != nil || o.Path != "/x" || o.Steps[0].Limit != 5 || time.Duration(o.Wait) != 2*time.Second || o.By["a"].Path != "y" || !*o.On {
		t.Errorf("got %+v, %v", o, err)
	}
}

func TestErrorsNameTheField(t *testing.T) {
	for config, want := range map[string][2]string{
		`{"pth":"x"}`:               {"pth", "is unknown; did you mean path?"},
		`{"steps":[{},{"limt":1}]}`: {"steps[1].limt", "is unknown; did you mean limit?"},
		`{"by":{"a":{"xyzzy":1}}}`:  {"by.a.xyzzy", "is unknown; known: limit, path"},
		`{"limit":"5"}`:             {"limit", "must be a number"},
		`{"limit":5.5}`:             {"limit", "must be a whole number"},
		`{"path":5}`:                {"path", "must be a text"},
		`{"on":"yes"}`:              {"on", "must be true or false"},
		`{"steps":{}}`:              {"steps", "must be a list"},
		`{"wait":"soon"}`:           {"wait", `"soon" is no length of time; write it like 500ms, 10s or 5m`},
		`[]`:                        {"config", "must be a section with keys of its own"},
	} {
		var o outer
		err := conf.Decode(json.RawMessage(config), &o)
		if got := errs.FieldsOf(err)[want[0]]; got != want[1] {
			t.Errorf("%s: %v", config, err)
		}
	}
	var o outer
	if err := conf.Decode(json.RawMessage(`{"path":`), &o); !errs.Is(err, errs.Invalid) {
		t.Errorf("broken: %v", err)
	}
}
