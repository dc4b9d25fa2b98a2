package config

import (
	"errors"
	"fmt"
	"os"
	"reflect"
	"slices"
	"strings"

	"github.com/agnivade/levenshtein"
	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/parser"

	"github.com/pult-cc/pult/internal/errs"
)

// EnvFile is the environment variable that names the configuration file where no flag does.
const EnvFile = "PULT_CONFIG"

// maxFile is more than any sensible configuration has, in bytes.
const maxFile = 1 << 20

// Load reads the file (none when path is "") over Default, then the environment (as of os.Environ) over both, and validates. The
// error is errs.Invalid, or errs.NotFound when the file is not there, and names every problem on a line of its own.
func Load(path string, environ []string) (Config, error) {
	var data []byte
	if path != "" {
		info, err := os.Stat(path)
		switch {
		case errors.Is(err, os.ErrNotExist):
			return Config{}, errs.Ef(errs.NotFound, "reading configuration", "there is no file %s; `pult config default` prints one", path)
		case err == nil && info.Size() > maxFile:
			return Config{}, errs.Ef(errs.Invalid, "reading configuration", "%s is larger than 1 MiB", path)
		case err == nil:
			data, err = os.ReadFile(path) //nolint:gosec // the administrator names it
		}
		if err != nil {
			return Config{}, errs.With(errs.Invalid, "reading configuration", err)
		}
	}
	return Parse(path, data, environ)
}

// Parse is Load for text that has been read already; name stands in front of line numbers.
func Parse(name string, data []byte, environ []string) (Config, error) {
	c := Default()
	problems := decodeFile(name, data, &c)
	problems = append(problems, applyEnv(environ, &c)...)
	if len(problems) == 0 {
		problems = c.problems()
	}
	if len(problems) > 0 {
		return Config{}, invalid(problems)
	}
	return c, nil
}

func invalid(problems []string) error {
	return errs.E(errs.Invalid, "checking configuration", strings.Join(problems, "\n"))
}

func decodeFile(name string, data []byte, c *Config) []string {
	if name == "" {
		name = "configuration"
	}
	file, err := parser.ParseBytes(data, 0)
	if err != nil {
		// Without the source text: it may be the line of somebody's secret.
		return []string{fmt.Sprintf("%s: %s", name, yaml.FormatError(err, false, false))}
	}
	d := decoder{name: name}
	for i, doc := range file.Docs {
		if i > 0 && doc.Body != nil {
			d.problem(doc.Body, "", "a second document is not read")
			break
		}
		if doc.Body != nil {
			d.decode(doc.Body, "", reflect.ValueOf(c).Elem())
		}
	}
	return d.problems
}

// applyEnv sets what PULT_… variables say. A variable that begins like a section and names nothing is a mistake, unless a
// secret reference uses it.
func applyEnv(environ []string, c *Config) []string {
	vars := map[string]reflect.Value{}
	collectVars("PULT", reflect.ValueOf(c).Elem(), vars)
	names := make([]string, 0, len(vars))
	for n := range vars {
		names = append(names, n)
	}
	slices.Sort(names)

	var problems, unknown []string
	for _, kv := range environ {
		name, value, _ := strings.Cut(kv, "=")
		if !strings.HasPrefix(name, "PULT_") || name == EnvFile {
			continue
		}
		if v, ok := vars[name]; ok {
			if msg := setText(v, value); msg != "" {
				problems = append(problems, fmt.Sprintf("environment variable %s: %s", name, msg))
			}
			continue
		}
		unknown = append(unknown, name)
	}
	used := envReferences(reflect.ValueOf(*c))
	for _, name := range unknown {
		if used[name] {
			continue
		}
		if near := nearest(name, names); near != "" || inSection(name) {
			problems = append(problems, fmt.Sprintf("environment variable %s names nothing%s", name, didYouMean(near)))
		}
	}
	return problems
}

func collectVars(prefix string, v reflect.Value, into map[string]reflect.Value) {
	t := v.Type()
	for i := range t.NumField() {
		name := prefix + "_" + strings.ToUpper(t.Field(i).Tag.Get("yaml"))
		switch f := v.Field(i); {
		case f.Kind() == reflect.Struct:
			collectVars(name, f, into)
		case f.Kind() == reflect.Slice && f.Type().Elem().Kind() != reflect.String:
			// Connectors and the like are for the file.
		default:
			into[name] = f
		}
	}
}

// inSection reports whether the variable begins like one of a section: PULT_SERVER_….
func inSection(name string) bool {
	t := reflect.TypeFor[Config]()
	for i := range t.NumField() {
		if t.Field(i).Type.Kind() == reflect.Struct && strings.HasPrefix(name, "PULT_"+strings.ToUpper(t.Field(i).Tag.Get("yaml"))+"_") {
			return true
		}
	}
	return false
}

// envReferences collects the variables that secret references name.
func envReferences(v reflect.Value) map[string]bool {
	out := map[string]bool{}
	var walk func(v reflect.Value)
	walk = func(v reflect.Value) {
		switch v.Kind() {
		case reflect.String:
			if name, ok := strings.CutPrefix(v.String(), "env:"); ok {
				out[name] = true
			}
		case reflect.Struct:
			for i := range v.NumField() {
				walk(v.Field(i))
			}
		case reflect.Slice:
			for i := range v.Len() {
				walk(v.Index(i))
			}
		case reflect.Map:
			for _, k := range v.MapKeys() {
				walk(v.MapIndex(k))
			}
		case reflect.Interface:
			if !v.IsNil() {
				walk(v.Elem())
			}
		}
	}
	walk(v)
	return out
}

// nearest returns the name most like the given one, or "" when none is like it.
func nearest(name string, names []string) string {
	best, bestAt := "", 1+max(2, len(name)/4)
	for _, n := range names {
		if d := levenshtein.ComputeDistance(strings.ToLower(name), strings.ToLower(n)); d < bestAt {
			best, bestAt = n, d
		}
	}
	return best
}

func didYouMean(name string) string {
	if name == "" {
		return ""
	}
	return "; did you mean " + name + "?"
}
