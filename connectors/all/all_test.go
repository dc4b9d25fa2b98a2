package all_test

import (
	"encoding/json"
	"slices"
	"testing"

	"github.com/pult-cc/pult/connectors/all"
)

func TestEveryKindHasASchema(t *testing.T) {
	r, err := all.Registry(nil)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, f := range r.Kinds() {
		names = append(names, f.Kind)
		var schema struct {
			Type       string         `json:"type"`
			Properties map[string]any `json:"properties"`
		}
		if err := json.Unmarshal(f.Schema, &schema); err != nil || schema.Type != "object" || len(schema.Properties) == 0 {
			t.Errorf("%s: schema %+v, %v", f.Kind, schema, err)
		}
	}
	if !slices.Equal(names, []string{"csvfile", "httpjson", "memory", "onec", "plugin", "sqltable"}) {
		t.Errorf("kinds %v", names)
	}
	d, err := r.Open(t.Context(), "1c", "onec", json.RawMessage(`{"base_url":"https://server/base"}`), nil)
	if err != nil || d == nil {
		t.Errorf("opening: %v", err)
	}
}
