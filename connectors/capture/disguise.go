package capture

import (
	"bytes"
	"context"
	"encoding/json"
	"regexp"
	"slices"
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
	dec := json.NewDecoder(bytes.NewReader(config))
	dec.UseNumber()
	if err := dec.Decode(&v); err != nil {
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
		case slices.Contains(described, k):
			out[k] = a.described(e, k, k == "numbers")
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

func isPrivate(k string) bool { return slices.Contains(private, k) }

// described are the sections in which an installation describes its system, and expressions the keys there whose texts are jq.
var (
	described   = []string{"headers", "types", "errors", "operations", "numbers", "defs"}
	expressions = []string{"result", "when", "each", "message", "retry_after", "defs"}
)

// negotiated are headers that say how, not who.
var negotiated = []string{"accept", "accept-language", "content-type", "prefer"}

var (
	placed = regexp.MustCompile(`(?s)\$\{.*?\}`)
	quoted = regexp.MustCompile(`"(?:[^"\\]|\\.)*"`)
)

// described replaces what stands in a description for itself, as the value of a header or a text that an expression compares with; the
// same texts become the same pseudonyms in answers. Names and expressions stay.
func (a *Anonymiser) described(v any, key string, jq bool) any {
	switch v := v.(type) {
	case map[string]any:
		out := make(map[string]any, len(v))
		for k, e := range v {
			if out[k] = a.described(e, k, jq); key == "headers" && !slices.Contains(negotiated, strings.ToLower(k)) {
				out[k] = a.literal(e)
			}
		}
		return out
	case []any:
		out := make([]any, len(v))
		for i := range v {
			out[i] = a.described(v[i], key, jq)
		}
		return out
	case string:
		if jq || slices.Contains(expressions, key) {
			return quoted.ReplaceAllStringFunc(v, a.quoted)
		}
		return a.outside(placed, v, func(s string) string { return quoted.ReplaceAllStringFunc(s, a.quoted) }, a.Text)
	case json.Number:
		return a.figure(v, key)
	}
	return v
}

// quoted is a text of an expression. One with an expression of its own in it is left: \\(…).
func (a *Anonymiser) quoted(s string) string {
	if strings.Contains(s, `\(`) {
		return s
	}
	return `"` + a.outside(escaped, s[1:len(s)-1], func(e string) string { return e }, a.Text) + `"`
}

var escaped = regexp.MustCompile(`\\.`)

// literal is a header's value without anything of its own but expressions: what is no word of the system's may be a key.
func (a *Anonymiser) literal(v any) any {
	s, ok := v.(string)
	if !ok {
		return v
	}
	return a.outside(placed, s, func(e string) string { return e }, func(s string) string {
		return wordForm.ReplaceAllStringFunc(s, a.word)
	})
}

// at is a disguised configuration whose system is at an address of this machine.
func at(config json.RawMessage, address string) (json.RawMessage, error) {
	return json.RawMessage(strings.ReplaceAll(string(config), "http://"+Host, "http://"+address)), nil
}
