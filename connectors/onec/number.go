package onec

import (
	"github.com/pult-cc/pult/connectors"
	"github.com/pult-cc/pult/connectors/internal/number"
)

// A number lives in 1C as free text beside a column of digits that is empty or odd in part of the rows, so it is asked for by what
// people's ways of writing have in common: the digits in the digits column, and the last groups of digits in the text, as Russians
// group them. That finds too much; the host verifies.

// numberConditions makes the conditions that find a number, the most telling first. digits and text are the fields' names.
func numberConditions(q connectors.LookupQuery, digits, text string) []string {
	wanted := onlyDigits(q.National)
	if wanted == "" {
		wanted = onlyDigits(q.E164)
	}
	if len(wanted) < 4 {
		return nil
	}
	out := []string{contains(wanted, digits)}
	for _, tail := range number.Tails(q.Region, wanted) {
		out = append(out, contains(tail, text))
	}
	return out
}

func onlyDigits(s string) string { return number.Digits(s) }
