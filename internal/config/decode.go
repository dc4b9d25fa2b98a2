package config

import (
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
)

// A decoder fills a value from a YAML tree and collects problems with their lines. It is our own because the library's strict mode
// stops at the first unknown key and knows no suggestion; null leaves a default standing.
type decoder struct {
	name     string
	problems []string
}

func (d *decoder) problem(n ast.Node, path, msg string) {
	line := 0
	if t := n.GetToken(); t != nil && t.Position != nil {
		line = t.Position.Line
	}
	if path != "" {
		path += ": "
	}
	d.problems = append(d.problems, fmt.Sprintf("%s:%d: %s%s", d.name, line, path, msg))
}

func (d *decoder) decode(n ast.Node, path string, v reflect.Value) {
	switch n := n.(type) {
	case *ast.NullNode:
		return
	case *ast.AnchorNode, *ast.AliasNode, *ast.MergeKeyNode:
		d.problem(n, path, "anchors and aliases are not supported")
		return
	case *ast.TagNode:
		d.problem(n, path, "tags are not supported")
		return
	}
	switch {
	case v.Kind() == reflect.Struct:
		d.section(n, path, v)
	case v.Kind() == reflect.Slice:
		d.list(n, path, v)
	case v.Kind() == reflect.Map:
		if _, ok := n.(ast.MapNode); !ok {
			d.problem(n, path, "must be a section")
			return
		}
		if err := yaml.NodeToValue(n, v.Addr().Interface()); err != nil {
			d.problem(n, path, yaml.FormatError(err, false, false))
		}
	default:
		text, ok := scalar(n)
		if !ok {
			d.problem(n, path, "must be a single value")
			return
		}
		if msg := setText(v, text); msg != "" {
			d.problem(n, path, msg)
		}
	}
}

func (d *decoder) section(n ast.Node, path string, v reflect.Value) {
	m, ok := n.(ast.MapNode)
	if !ok {
		d.problem(n, path, "must be a section with keys of its own")
		return
	}
	fields, names := map[string]reflect.Value{}, []string{}
	for i := range v.NumField() {
		name := v.Type().Field(i).Tag.Get("yaml")
		fields[name] = v.Field(i)
		names = append(names, name)
	}
	for it := m.MapRange(); it.Next(); {
		key := it.Key().GetToken().Value
		f, known := fields[key]
		if !known {
			d.unknown(it.Key(), path, key, names)
			continue
		}
		d.decode(it.Value(), join(path, key), f)
	}
}

// unknown reports an unknown key and where it should stand: here under a like name, or elsewhere under its own.
func (d *decoder) unknown(n ast.Node, path, key string, names []string) {
	where := "at the top"
	if path != "" {
		where = "in " + path
	}
	hint := didYouMean(nearest(key, names))
	if hint == "" {
		if places := pathsOf(key); len(places) == 1 {
			hint = didYouMean(places[0])
		}
	}
	if hint == "" {
		slices.Sort(names)
		hint = "; known are " + strings.Join(names, ", ")
	}
	d.problem(n, "", fmt.Sprintf("unknown key %q %s%s", key, where, hint))
}

// pathsOf returns every path whose last part is the key.
func pathsOf(key string) []string {
	var out []string
	var walk func(path string, t reflect.Type)
	walk = func(path string, t reflect.Type) {
		if t.Kind() == reflect.Slice {
			t = t.Elem()
		}
		if t.Kind() != reflect.Struct {
			return
		}
		for i := range t.NumField() {
			name := t.Field(i).Tag.Get("yaml")
			if name == key {
				out = append(out, join(path, name))
			}
			walk(join(path, name), t.Field(i).Type)
		}
	}
	walk("", reflect.TypeFor[Config]())
	return out
}

func (d *decoder) list(n ast.Node, path string, v reflect.Value) {
	seq, ok := n.(*ast.SequenceNode)
	if !ok {
		d.problem(n, path, "must be a list")
		return
	}
	out := reflect.MakeSlice(v.Type(), len(seq.Values), len(seq.Values))
	for i, item := range seq.Values {
		d.decode(item, fmt.Sprintf("%s[%d]", path, i), out.Index(i))
	}
	v.Set(out)
}

func join(path, key string) string {
	if path == "" {
		return key
	}
	return path + "." + key
}

// scalar returns the text of a single value, as written.
func scalar(n ast.Node) (string, bool) {
	switch n := n.(type) {
	case *ast.StringNode:
		return n.Value, true
	case *ast.LiteralNode:
		return n.Value.Value, true
	case ast.ScalarNode:
		return n.GetToken().Value, true
	}
	return "", false
}

// setText parses text into v and returns what is wrong with it, or "".
func setText(v reflect.Value, text string) string {
	switch {
	case v.Type() == reflect.TypeFor[time.Duration]():
		x, err := time.ParseDuration(strings.TrimSpace(text))
		if err != nil {
			return fmt.Sprintf("%q is no duration; write for instance 30s, 5m or 12h", text)
		}
		v.SetInt(int64(x))
	case v.Kind() == reflect.String:
		v.SetString(text)
	case v.Kind() == reflect.Bool:
		x, err := strconv.ParseBool(text)
		if err != nil {
			return fmt.Sprintf("%q is neither true nor false", text)
		}
		v.SetBool(x)
	case v.Kind() == reflect.Int:
		x, err := strconv.Atoi(text)
		if err != nil {
			return fmt.Sprintf("%q is no whole number", text)
		}
		v.SetInt(int64(x))
	case v.Kind() == reflect.Slice:
		parts := []string{}
		for p := range strings.SplitSeq(text, ",") {
			if p = strings.TrimSpace(p); p != "" {
				parts = append(parts, p)
			}
		}
		v.Set(reflect.ValueOf(parts))
	default:
		return "cannot be set like this"
	}
	return ""
}
