package capture

import (
	"bytes"
	"encoding/json"
	"math/big"
	"net/http"
	"strconv"
	"strings"
	"unicode"
)

// Payload returns an answer's body with pseudonyms: of JSON every text, long number and key that is one; of anything else its form.
func (a *Anonymiser) Payload(body []byte) []byte {
	switch {
	case len(bytes.TrimSpace(body)) == 0:
		return nil
	case body[0] == '<':
		return []byte("<html><body>a page</body></html>")
	}
	dec := json.NewDecoder(bytes.NewReader(body))
	dec.UseNumber()
	var v any
	if err := dec.Decode(&v); err != nil || dec.More() {
		return []byte(a.Text(string(body)))
	}
	out, err := marshal(a.value(v, ""))
	if err != nil {
		return nil
	}
	return out
}

func marshal(v any) ([]byte, error) {
	var out bytes.Buffer
	enc := json.NewEncoder(&out)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		return nil, err
	}
	return bytes.TrimSpace(out.Bytes()), nil
}

func (a *Anonymiser) value(v any, key string) any {
	switch v := v.(type) {
	case map[string]any:
		out := make(map[string]any, len(v))
		for k, e := range v {
			out[a.name(k)] = a.value(e, k)
		}
		return out
	case []any:
		for i := range v {
			v[i] = a.value(v[i], key)
		}
		return v
	case string:
		return a.Text(v)
	case json.Number:
		return a.figure(v, key)
	}
	return v
}

// name is a property's: one that is somebody's key, number or address becomes a pseudonym.
func (a *Anonymiser) name(k string) string {
	if guidForm.MatchString(k) || mailForm.MatchString(k) || numberForm.MatchString(k) && strings.IndexFunc(k, unicode.IsLetter) < 0 {
		return a.Text(k)
	}
	return k
}

// figure replaces a number that is an id or a telephone number: one of five digits or more before the point, however it is written
// (79161234567.0, 7.9161234567e10). What is behind the point goes. Lengths of time are none.
func (a *Anonymiser) figure(n json.Number, key string) json.Number {
	if strings.Contains(strings.ToLower(key), "expires") {
		return n
	}
	s, minus := strings.CutPrefix(n.String(), "-")
	whole := strings.Trim(s, "0123456789") == ""
	if !whole {
		if v, err := strconv.ParseFloat(s, 64); err != nil || v < 1e4 || v > 1e18 { // small, or nobody's
			return n
		}
		v, _, err := big.ParseFloat(s, 10, 128, big.ToZero)
		if err != nil {
			return n
		}
		s = v.Text('f', 0)
	}
	if len(s) < 5 {
		return n
	}
	s = a.Number(s)
	switch {
	case whole:
	case strings.ContainsAny(n.String(), "eE"):
		s = strings.TrimRight(s[:1]+"."+s[1:], "0") + "e" + strconv.Itoa(len(s)-1)
		s = strings.Replace(s, ".e", "e", 1)
	default:
		s += ".0"
	}
	if minus {
		s = "-" + s
	}
	return json.Number(s)
}

// kept are the headers that mean something to a driver.
var kept = []string{"Content-Type", "Retry-After"}

func header(h http.Header) map[string]string {
	out := map[string]string{}
	for _, k := range kept {
		if v := h.Get(k); v != "" {
			out[k] = v
		}
	}
	return out
}
