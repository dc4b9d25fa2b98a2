// Package number holds what connectors need to ask for a telephone number that a system keeps as people typed it. Understanding
// numbers is the host's; this only makes what to look for.
package number

import (
	"strings"
	"unicode"
)

// Digits returns the digits of a text.
func Digits(s string) string {
	return strings.Map(func(r rune) rune {
		if r < '0' || r > '9' {
			return -1
		}
		return r
	}, s)
}

// Tails returns how the end of a number may be written. Russian cell phones are written 916 123-45-67: six digits tell enough.
// Local numbers have five to seven digits behind a code that may be long: (48741) 2-34-56, so five must do. Elsewhere in the world
// groups of four are common: 7946 0958. They find too much; the host verifies.
func Tails(region, digits string) []string {
	n := 5
	if region != "RU" && region != "KZ" || strings.HasPrefix(digits, "9") {
		n = 6
	}
	if len(digits) < n {
		return []string{digits}
	}
	t := digits[len(digits)-n:]
	pairs := t[:n-4] + "%" + t[n-4:n-2] + "%" + t[n-2:]
	out := []string{strings.ReplaceAll(pairs, "%", "-"), strings.ReplaceAll(pairs, "%", " "), t}
	return append(out, t[:n-4]+"-"+t[n-4:], t[:n-4]+" "+t[n-4:])
}

// Spread puts a wildcard around every digit: "%4%9%5%", which finds a number however it is grouped.
func Spread(digits string) string {
	if digits == "" {
		return ""
	}
	return "%" + strings.Join(strings.Split(digits, ""), "%") + "%"
}

// Typed reports whether a search text is digits as people write numbers, and returns them without the Russian trunk prefix.
func Typed(s string) (string, bool) {
	for _, r := range s {
		if !unicode.IsDigit(r) && !strings.ContainsRune(" +-().\u00a0", r) {
			return "", false
		}
	}
	digits := Digits(s)
	if len(digits) == 11 && (digits[0] == '8' || digits[0] == '7') {
		digits = digits[1:]
	}
	return digits, len(digits) >= 4
}
