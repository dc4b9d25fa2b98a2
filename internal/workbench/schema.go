package workbench

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"
)

// schema is what is read of a kind's JSON Schema: where its secrets are.
type schema struct {
	Secret     bool              `json:"x-secret"`
	Properties map[string]schema `json:"properties"`
	Others     *others           `json:"additionalProperties"`
}

// others are the properties that have no name in the schema: false, true, or a schema.
type others struct{ schema }

// UnmarshalJSON implements json.Unmarshaler.
func (o *others) UnmarshalJSON(b []byte) error {
	if string(b) == "true" || string(b) == "false" {
		return nil
	}
	return json.Unmarshal(b, &o.schema)
}

// at returns the schema of a property.
func (s schema) at(name string) (schema, bool) {
	if p, ok := s.Properties[name]; ok {
		return p, true
	}
	if s.Others != nil {
		return s.Others.schema, true
	}
	return schema{}, false
}

// secret tells whether a path (auth.token) is one of a secret.
func (s schema) secret(path string) bool {
	name, rest, more := strings.Cut(path, ".")
	if next, ok := s.at(name); ok && name != "" {
		if !more {
			return next.Secret
		}
		if next.secret(rest) {
			return true
		}
	}
	return s.Others != nil && s.Others.Secret && path != "" // a name with dots in it
}

// secrets lists what stands at the paths of secrets in a configuration, empty ones left out.
func (s schema) secrets(config map[string]any) map[string]any {
	out := map[string]any{}
	for _, name := range slices.Sorted(maps.Keys(config)) {
		p, ok := s.at(name)
		if !ok {
			continue
		}
		if v := config[name]; p.Secret && v != nil && v != "" {
			out[name] = v
			continue
		}
		if section, ok := config[name].(map[string]any); ok {
			for path, v := range p.secrets(section) {
				out[name+"."+path] = v
			}
		}
	}
	return out
}

// put sets what stands at a path, making sections on the way; nil takes it away. The path is one that secret knows.
func (s schema) put(config map[string]any, path string, value any) {
	name, rest, more := strings.Cut(path, ".")
	if next, ok := s.at(name); more && ok && next.secret(rest) {
		section, ok := config[name].(map[string]any)
		if !ok {
			if value == nil {
				return
			}
			section = map[string]any{}
			config[name] = section
		}
		next.put(section, rest, value)
		return
	}
	if value == nil {
		delete(config, path)
		return
	}
	config[path] = value
}
