package onec

import (
	"strings"

	"github.com/pult-cc/pult/connectors"
)

// A number lives in 1C as free text beside a column of digits that is empty or odd in part of the rows, so it is asked for by what
// people's ways of writing have in common: the digits in the digits column, and the last groups of digits in the text, as Russians
// group them. That finds too much; the host verifies.

// numberConditions makes the conditions that find a number, the most telling first. digits and text are the fields' names.
func numberConditions(q connectors.LookupQuery, digits, text string) []string {
	number := onlyDigits(q.National)
	if number == "" {
		number = onlyDigits(q.E164)
	}
	if len(number) < 4 {
		return nil
	}
	out := []string{contains(number, digits)}
	for _, tail := range tails(q.Region, number) {
		out = append(out, contains(tail, text))
	}
	return out
}

// tails returns how the end of a number may be written. Russian cell phones are written 916 123-45-67: six digits tell enough.
// Local numbers have five to seven digits behind a code that may be long: (48741) 2-34-56, so five must do. Elsewhere in the world
// groups of four are common: 7946 0958.
func tails(region, number string) []string {
	n := 5
	if region != "RU" && region != "KZ" || strings.HasPrefix(number, "9") {
		n = 6
	}
	if len(number) < n {
		return []string{number}
	}
	t := number[len(number)-n:]
	pairs := t[:n-4] + "%" + t[n-4:n-2] + "%" + t[n-2:]
	out := []string{strings.ReplaceAll(pairs, "%", "-"), strings.ReplaceAll(pairs, "%", " "), t}
	return append(out, t[:n-4]+"-"+t[n-4:], t[:n-4]+" "+t[n-4:])
}

func onlyDigits(s string) string {
	return strings.Map(func(r rune) rune {
		if r < '0' || r > '9' {
			return -1
		}
		return r
	}, s)
}
