// Command go is a connector for Pult that runs as a process of its own: a small customer base in a JSON file. It shows what a
// connector has to do and nothing else; docs/connectors/plugins.md goes through it.
package main

import (
	"bytes"
	"context"
	"encoding/json"
	"os"

	"github.com/pult-cc/pult/connectors"
	"github.com/pult-cc/pult/connectors/plugin/sdk"
)

func main() {
	sdk.Serve(connectors.Factory{Kind: "sample-go", Schema: schema, New: open}, sdk.WithVersion("1.0.0"), sdk.WithRehearsal(rehearse))
}

// schema is what Pult shows as a form.
var schema = json.RawMessage(`{
  "$schema": "https://json-schema.org/draft/2020-12/schema",
  "type": "object",
  "additionalProperties": false,
  "required": ["customers"],
  "properties": {
    "customers": {"type": "string", "title": "File of customers"},
    "calls": {"type": "string", "title": "File of calls, written by the connector"}
  }
}`)

// open makes the driver from the settings. Whether the base is there is for Check.
func open(_ context.Context, connector string, config json.RawMessage, secrets connectors.Secrets) (connectors.Driver, error) {
	var settings struct {
		Customers string `json:"customers"`
		Calls     string `json:"calls"`
	}
	dec := json.NewDecoder(bytes.NewReader(config))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&settings); err != nil {
		return nil, sdk.Error(sdk.Invalid, "the settings are not understood: "+err.Error(), err)
	}
	if settings.Customers == "" {
		return nil, sdk.BadSetting("customers", "which file holds the customers?")
	}
	return &base{connector: connector, calls: settings.Calls, read: func(context.Context) ([]customer, error) {
		return readFile(settings.Customers)
	}}, nil
}

func readFile(name string) ([]customer, error) {
	text, err := os.ReadFile(name)
	if err != nil {
		return nil, sdk.Error(sdk.Unavailable, "the file of customers cannot be read", err)
	}
	var all []customer
	if err := json.Unmarshal(text, &all); err != nil {
		return nil, sdk.Error(sdk.Unavailable, "the file of customers is not JSON", err)
	}
	return all, nil
}
