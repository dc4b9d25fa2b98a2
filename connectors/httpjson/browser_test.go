package httpjson_test

import (
	"encoding/json"
	"slices"
	"testing"

	"github.com/pult-cc/pult/connectors"
	"github.com/pult-cc/pult/connectors/httpjson"
	"github.com/pult-cc/pult/internal/errs"
)

func TestTheSchemaListsThePresets(t *testing.T) {
	var s struct {
		Properties struct {
			Preset struct{ Enum []string }
		}
	}
	if err := json.Unmarshal(httpjson.Factory().Schema, &s); err != nil || !slices.Equal(s.Properties.Preset.Enum, httpjson.Presets()) {
		t.Errorf("schema has %v, there are %v, %v", s.Properties.Preset.Enum, httpjson.Presets(), err)
	}
	all := httpjson.Factory().Presets()
	if len(all) != len(httpjson.Presets()) {
		t.Errorf("%d presets can be begun with", len(all))
	}
	for _, p := range all {
		if p.Title == "" || !json.Valid(p.Config) {
			t.Errorf("preset %s has title %q", p.Name, p.Title)
		}
	}
}

func TestInTheBrowserFilesAndNetworksAreTheFilesToPermit(t *testing.T) {
	confine := httpjson.Factory().Browser.Confine
	reach := connectors.Reach{Networks: []string{"10.0.0.0/8", "127.0.0.0/8"}}
	for _, c := range []struct{ config, field, networks string }{
		{config: `{"base_url":"https://crm"}`, networks: `["10.0.0.0/8","127.0.0.0/8"]`},
		{config: `{"networks":["10.1.0.0/16"]}`, networks: `["10.1.0.0/16"]`},
		{config: `{"networks":["10.0.0.0/7"]}`, field: "networks[0]"},
		{config: `{"networks":["10.1.0.0/16","192.168.0.0/16"]}`, field: "networks[1]"},
		{config: `{"networks":["house"]}`, field: "networks[0]"},
		{config: `{"auth":{"keep":"/tmp/token"}}`, field: "auth.keep"},
		{config: `{"base_ur":"x"}`, field: "base_ur"},
	} {
		got, err := confine(json.RawMessage(c.config), reach)
		if c.field != "" {
			if !errs.Is(err, errs.Invalid) || errs.FieldsOf(err)[c.field] == "" {
				t.Errorf("%s: %v", c.config, err)
			}
			continue
		}
		var out struct{ Networks json.RawMessage }
		if err != nil || json.Unmarshal(got, &out) != nil || string(out.Networks) != c.networks {
			t.Errorf("%s became %s, %v", c.config, got, err)
		}
	}
}
