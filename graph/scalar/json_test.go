package scalar_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/pult-cc/pult/graph/scalar"
)

func TestJSON(t *testing.T) {
	for in, want := range map[string]string{`{"a":[1,null]}`: `{"a":[1,null]}`, "": "null", " ": "null"} {
		var out strings.Builder
		scalar.MarshalJSON(json.RawMessage(in)).MarshalGQL(&out)
		if out.String() != want {
			t.Errorf("%q is written %s", in, &out)
		}
	}
	got, err := scalar.UnmarshalJSON(map[string]any{"n": json.Number("9007199254740993"), "t": "ы"})
	if err != nil || string(got) != `{"n":9007199254740993,"t":"ы"}` {
		t.Errorf("read %s, %v", got, err)
	}
	if _, err := scalar.UnmarshalJSON(func() {}); err == nil {
		t.Error("what is no JSON was taken")
	}
}
