package health

import (
	"regexp"
	"strings"
	"unicode"
)

// What may name a person: an address (mail, or SIP), the rest of an address of the web behind its host, a long number however it is
// grouped, a secret in hexadecimal.
var personal = []struct {
	pattern *regexp.Regexp
	instead string
}{
	{regexp.MustCompile(`(?i)\b(?:sips?|tel):[^\s"'<>)]+`), "…"},
	{regexp.MustCompile(`[^\s"'<>(]+@[^\s"'<>)]+`), "…"},
	{regexp.MustCompile(`(?i)\b((?:https?|wss?|blob)://[^\s"'<>)/?#]+)[/?#][^\s"'<>)]*`), "$1/…"},
	{regexp.MustCompile(`(?i)\b[0-9a-f]{16,}\b`), "…"},
	{regexp.MustCompile(`\+?\d(?:[\s().-]{0,2}\d){4,}`), "…"},
}

// Clean takes control characters and what may be personal out of a text and cuts it to so many characters.
func Clean(text string, most int) string {
	text = strings.ToValidUTF8(text, "")
	if len(text) > 16*most { // whatever it is, its beginning says enough
		text = strings.ToValidUTF8(text[:16*most], "")
	}
	text = strings.Map(func(r rune) rune {
		if unicode.IsControl(r) {
			return ' '
		}
		return r
	}, text)
	for _, p := range personal {
		text = p.pattern.ReplaceAllString(text, p.instead)
	}
	text = strings.Join(strings.Fields(text), " ")
	if r := []rune(text); len(r) > most {
		text = string(r[:most-1]) + "…"
	}
	return text
}
