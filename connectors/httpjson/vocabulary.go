package httpjson

import (
	"encoding/json"
	"maps"
	"regexp"
	"slices"
	"strings"
	"unicode"

	"github.com/pult-cc/pult/connectors/internal/conf"
)

var (
	word       = regexp.MustCompile(`[\pL\pN_.-]+`)
	quotation  = regexp.MustCompile(`"(?:[^"\\]|\\.)*"`)
	placed     = regexp.MustCompile(`(?s)\$\{.*?\}`)
	expression = []string{"result", "when", "each", "message", "retry_after", "defs"} // keys whose texts are jq
	named      = []string{"path", "method", "encoding", "name", "kind"}               // keys whose texts are names of the system's
)

// vocabulary implements connectors.Factory: the words of the description, which hold whatever its expressions compare answers with. Of
// a preset that is all; of what an installation has written itself, names and expressions, but no texts that may tell whose it is: what
// is sent as it stands, in headers, queries and bodies, and in expressions quoted texts that look like a name, a number or a key.
func vocabulary(config json.RawMessage) []string {
	if _, err := readConfig(config); err != nil {
		return nil
	}
	own, err := conf.Parse(config)
	if err != nil {
		return nil
	}
	var out []string
	description, _ := own.(map[string]any)
	if name, _ := description["preset"].(string); name != "" {
		if preset, err := Preset(name); err == nil {
			out = word.FindAllString(string(preset), -1)
		}
	}
	for _, section := range []string{"types", "errors", "operations", "numbers", "defs"} {
		out = words(out, section, description[section], section == "numbers")
	}
	return out
}

// words adds those of a value under a key; jq: its texts are expressions.
func words(out []string, key string, v any, jq bool) []string {
	switch v := v.(type) {
	case map[string]any:
		for _, k := range slices.Sorted(maps.Keys(v)) {
			out = words(append(out, word.FindAllString(k, -1)...), k, v[k], jq)
		}
	case []any:
		for _, e := range v {
			out = words(out, key, e, jq)
		}
	case string:
		if jq || slices.Contains(expression, key) {
			return expressionWords(out, v)
		}
		for _, part := range placed.FindAllString(v, -1) {
			out = expressionWords(out, part)
		}
		if slices.Contains(named, key) {
			out = append(out, plainWords(placed.ReplaceAllString(v, " "))...)
		}
	}
	return out
}

// expressionWords adds those of jq. What is quoted behind a point or a bracket is a name, too.
func expressionWords(out []string, jq string) []string {
	from := 0
	for _, m := range quotation.FindAllStringIndex(jq, -1) {
		out = append(out, word.FindAllString(jq[from:m[0]], -1)...)
		before := strings.TrimRight(jq[:m[0]], " ")
		if strings.HasSuffix(before, ".") || strings.HasSuffix(before, ".[") {
			out = append(out, word.FindAllString(jq[m[0]:m[1]], -1)...)
		} else {
			out = append(out, plainWords(jq[m[0]:m[1]])...)
		}
		from = m[1]
	}
	return append(out, word.FindAllString(jq[from:], -1)...)
}

func plainWords(s string) []string { return slices.DeleteFunc(word.FindAllString(s, -1), telling) }

// telling is a word that may be somebody's name, number or key rather than one of an interface.
func telling(w string) bool {
	digits, letters := 0, 0
	for _, r := range w {
		switch {
		case r > unicode.MaxASCII:
			return true
		case r >= '0' && r <= '9':
			digits++
		case unicode.IsLetter(r):
			letters++
		}
	}
	return digits >= 5 || digits > 0 && digits+letters >= 12
}
