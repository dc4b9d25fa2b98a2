// Package conf reads the configuration of a connector: what is unknown or of another type is an error that names the field and what
// may have been meant.
package conf

import (
	"bytes"
	"context"
	"encoding"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/agnivade/levenshtein"

	"github.com/pult-cc/pult/connectors"
	"github.com/pult-cc/pult/internal/errs"
)

const op = "reading configuration"

// Field is the error of a field that is wrong.
func Field(path, format string, args ...any) error {
	return errs.Field(op, path, fmt.Sprintf(format, args...))
}

// Parse reads JSON with numbers as they are written.
func Parse(raw []byte) (any, error) {
	dec := json.NewDecoder(bytes.NewReader(raw))
	dec.UseNumber()
	var v any
	if err := dec.Decode(&v); err != nil {
		return nil, err
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return nil, errors.New("something follows the JSON")
	}
	return v, nil
}

// Text is a text of values that are told apart by it; see connectors.Mirrored.
func Text(values ...any) string {
	text, err := json.Marshal(values)
	if err != nil { // nothing that came out of JSON
		return fmt.Sprint(values...)
	}
	return string(text)
}

// Decode fills target, a pointer to a struct, from a JSON object.
func Decode(raw json.RawMessage, target any) error {
	v, err := Parse(raw)
	if err != nil {
		return &errs.Error{Kind: errs.Invalid, Op: op, Msg: "the configuration is not JSON", Err: err}
	}
	if err := check("", v, reflect.TypeOf(target).Elem()); err != nil {
		return err
	}
	if err := json.Unmarshal(raw, target); err != nil {
		return &errs.Error{Kind: errs.Invalid, Op: op, Msg: strings.TrimPrefix(err.Error(), "json: ")}
	}
	return nil
}

var leaves = []reflect.Type{reflect.TypeFor[json.Unmarshaler](), reflect.TypeFor[encoding.TextUnmarshaler]()}

func check(path string, v any, t reflect.Type) error {
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	if v == nil || t.Kind() == reflect.Interface {
		return nil
	}
	for _, l := range leaves {
		if reflect.PointerTo(t).Implements(l) {
			p := reflect.New(t).Interface()
			text, err := json.Marshal(v)
			if err == nil {
				err = json.Unmarshal(text, p)
			}
			if err != nil {
				return Field(path, "%s", strings.TrimPrefix(err.Error(), "json: "))
			}
			return nil
		}
	}
	switch t.Kind() {
	case reflect.Struct:
		return checkStruct(path, v, t)
	case reflect.Map:
		m, ok := v.(map[string]any)
		if !ok {
			return Field(at(path), "must be a section of names and values")
		}
		for _, k := range slices.Sorted(maps.Keys(m)) {
			if err := check(Join(path, k), m[k], t.Elem()); err != nil {
				return err
			}
		}
	case reflect.Slice:
		list, ok := v.([]any)
		if !ok {
			return Field(at(path), "must be a list")
		}
		for i, e := range list {
			if err := check(fmt.Sprintf("%s[%d]", path, i), e, t.Elem()); err != nil {
				return err
			}
		}
	case reflect.String:
		if _, ok := v.(string); !ok {
			return Field(path, "must be a text")
		}
	case reflect.Bool:
		if _, ok := v.(bool); !ok {
			return Field(path, "must be true or false")
		}
	default:
		n, ok := v.(json.Number)
		if !ok {
			return Field(path, "must be a number")
		}
		if _, err := n.Int64(); err != nil && t.Kind() != reflect.Float64 {
			return Field(path, "must be a whole number")
		}
	}
	return nil
}

func checkStruct(path string, v any, t reflect.Type) error {
	m, ok := v.(map[string]any)
	if !ok {
		return Field(at(path), "must be a section with keys of its own")
	}
	fields := map[string]reflect.Type{}
	collect(t, fields)
	for _, k := range slices.Sorted(maps.Keys(m)) {
		f, known := fields[k]
		if !known {
			return Field(Join(path, k), "is unknown%s", DidYouMean(k, slices.Collect(maps.Keys(fields))))
		}
		if err := check(Join(path, k), m[k], f); err != nil {
			return err
		}
	}
	return nil
}

func collect(t reflect.Type, fields map[string]reflect.Type) {
	for i := range t.NumField() {
		f := t.Field(i)
		if f.Anonymous {
			collect(f.Type, fields)
			continue
		}
		if name, _, _ := strings.Cut(f.Tag.Get("json"), ","); name != "" && name != "-" {
			fields[name] = f.Type
		}
	}
}

func at(path string) string {
	if path == "" {
		return "config"
	}
	return path
}

// Join puts a key behind a path.
func Join(path, key string) string {
	if path == "" {
		return key
	}
	return path + "." + key
}

// DidYouMean returns "; did you mean x?" for the name that is nearest, or "; known: …" where none is near.
func DidYouMean(name string, names []string) string {
	slices.Sort(names)
	best, bestAt := "", 1+max(2, len(name)/4)
	for _, n := range names {
		if d := levenshtein.ComputeDistance(strings.ToLower(name), strings.ToLower(n)); d < bestAt {
			best, bestAt = n, d
		}
	}
	if best == "" {
		return "; known: " + strings.Join(names, ", ")
	}
	return "; did you mean " + best + "?"
}

// OneOf is the error of a value that is none of the known ones, or nil.
func OneOf(path, value string, known ...string) error {
	if slices.Contains(known, value) {
		return nil
	}
	if value == "" {
		return Field(path, "is required; known: %s", strings.Join(known, ", "))
	}
	return Field(path, "%q is unknown%s", value, DidYouMean(value, slices.Clone(known)))
}

// Duration is a time.Duration written as 500ms, 10s, 5m.
type Duration time.Duration

// UnmarshalText implements encoding.TextUnmarshaler.
func (d *Duration) UnmarshalText(text []byte) error {
	v, err := time.ParseDuration(string(text))
	if err != nil || v < 0 {
		return fmt.Errorf("%q is no length of time; write it like 500ms, 10s or 5m", text)
	}
	*d = Duration(v)
	return nil
}

// With returns a JSON object with another value under a key.
func With(raw json.RawMessage, key string, value any) (json.RawMessage, error) {
	v, err := Parse(raw)
	object, ok := v.(map[string]any)
	if err != nil || !ok {
		return nil, errs.E(errs.Invalid, op, "the configuration is no JSON object")
	}
	object[key] = value
	return json.Marshal(object)
}

// Secret resolves a reference; "" stays "".
func Secret(ctx context.Context, secrets connectors.Secrets, path, ref string) (string, error) {
	if ref == "" {
		return "", nil
	}
	if secrets == nil {
		return "", Field(path, "there is nothing to resolve the secret with")
	}
	v, err := secrets.Secret(ctx, ref)
	if err != nil {
		return "", errs.Wrap("reading the secret "+path, err)
	}
	return v, nil
}
