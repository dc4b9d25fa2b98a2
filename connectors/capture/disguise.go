package capture

import (
	"context"
	"encoding/json"
	"strings"

	"github.com/pult-cc/pult/connectors"
	"github.com/pult-cc/pult/internal/errs"
)

// noSecret begins what stands in a secret's place.
const noSecret = "no-secret-"

// remembered notes which secrets there are, so that they are seen where they stand in a request.
type remembered struct {
	connectors.Secrets
	values []string
}

// Secret implements connectors.Secrets. Drivers resolve while they are made, one after the other.
func (r *remembered) Secret(ctx context.Context, ref string) (string, error) {
	v, err := r.Secrets.Secret(ctx, ref)
	if len(v) > 2 {
		r.values = append(r.values, v)
	}
	return v, err
}

// NoSecrets resolves every reference to a text that is none.
type NoSecrets struct{}

// Secret implements connectors.Secrets.
func (NoSecrets) Secret(_ context.Context, ref string) (string, error) {
	return noSecret + strings.NewReplacer(":", "-", "/", "-", "#", "-").Replace(ref), nil
}

// private are settings of a configuration that are the installation's own; everything else describes the system.
var private = []string{"base_url", "links", "user", "title", "token_url", "client_id", "scope", "keep", "networks", "settings", "params", "constants"}

// disguise makes a configuration one of nobody: addresses, people and names of a database become pseudonyms, secrets references to
// nothing.
func disguise(a *Anonymiser, f connectors.Factory, config json.RawMessage) (json.RawMessage, error) {
	var v map[string]any
	if err := json.Unmarshal(config, &v); err != nil {
		return nil, errs.E(errs.Invalid, "reading configuration", "is no JSON object")
	}
	var schema map[string]any
	_ = json.Unmarshal(f.Schema, &schema) // none: nothing is known to be a secret
	return json.Marshal(a.settings(v, schema))
}

func (a *Anonymiser) settings(v, schema map[string]any) map[string]any {
	properties, _ := schema["properties"].(map[string]any)
	others, _ := schema["additionalProperties"].(map[string]any)
	out := map[string]any{}
	for k, e := range v {
		own, known := properties[k].(map[string]any)
		if !known {
			own = others
		}
		section, isSection := e.(map[string]any)
		switch {
		case own["x-secret"] == true:
			out[k] = "env:CAPTURED_" + strings.ToUpper(k)
		case k == "keep":
		case k == "networks":
			out[k] = []string{"127.0.0.0/8"}
		case isPrivate(k):
			out[k] = a.value(e, k)
		case isSection && own["properties"] != nil || isSection && own["additionalProperties"] != nil && own["x-secret"] == nil && k == "secrets":
			out[k] = a.settings(section, own)
		default:
			out[k] = e
		}
	}
	if properties["networks"] != nil {
		out["networks"] = []string{"127.0.0.0/8"}
	}
	return out
}

func isPrivate(k string) bool {
	for _, p := range private {
		if p == k {
			return true
		}
	}
	return false
}

// at is a disguised configuration whose system is at an address of this machine.
func at(config json.RawMessage, address string) (json.RawMessage, error) {
	return json.RawMessage(strings.ReplaceAll(string(config), "http://"+Host, "http://"+address)), nil
}
