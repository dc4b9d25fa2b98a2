package plugin

import (
	"encoding/base64"
	"encoding/json"
	"net/url"
	"regexp"
	"strings"
	"sync/atomic"
)

// cleaner takes out of a plug-in's texts what nobody may read: the secrets that it was given, and telephone numbers.
type cleaner struct {
	secrets atomic.Pointer[strings.Replacer]
}

const (
	removed     = "[removed]"
	maxText     = 1000 // of one line or message
	shortSecret = 4    // anything shorter would take half of every text with it
)

// guard makes the cleaner know the secrets, in every form in which they travel.
func (c *cleaner) guard(secrets map[string]string) {
	var pairs []string
	for _, s := range secrets {
		if len(s) < shortSecret {
			continue
		}
		forms := []string{
			s, url.QueryEscape(s), url.PathEscape(s), base64.StdEncoding.EncodeToString([]byte(s)), base64.URLEncoding.EncodeToString([]byte(s)),
		}
		if quoted, err := json.Marshal(s); err == nil {
			forms = append(forms, string(quoted[1:len(quoted)-1]))
		}
		for _, f := range forms {
			pairs = append(pairs, f, removed)
		}
	}
	c.secrets.Store(strings.NewReplacer(pairs...))
}

// number is seven digits and more, written as people write telephone numbers.
var number = regexp.MustCompile(`\+?\d(?:[ ()\-.\x{a0}]{0,3}\d){6,}`)

// text returns what may be shown of a text.
func (c *cleaner) text(s string) string {
	if r := c.secrets.Load(); r != nil {
		s = r.Replace(s)
	}
	s = number.ReplaceAllString(s, "***")
	s = strings.ToValidUTF8(s, "�")
	if len(s) > maxText {
		s = strings.ToValidUTF8(s[:maxText], "") + "…"
	}
	return s
}
