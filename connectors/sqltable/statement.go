package sqltable

import (
	"fmt"
	"slices"
	"strings"

	"github.com/pult-cc/pult/connectors/internal/conf"
)

// statement is a query whose named parameters have become bind variables.
type statement struct {
	text  string
	binds []string // which parameter each variable is, in order
}

// translate makes a statement of a query with :names. What stands in quotes or comments is left alone, :: is PostgreSQL's cast. No
// value is ever put into the text.
func translate(path, query string, dialect dialect, known []string) (statement, error) {
	var s statement
	var out strings.Builder
	q := strings.TrimSuffix(strings.TrimSpace(query), ";")
	first, _, _ := strings.Cut(strings.ToUpper(strings.TrimLeft(q, "( \t\r\n")), " ")
	if first = strings.Fields(first + " ")[0]; first != "SELECT" && first != "WITH" {
		return s, conf.Field(path, "must be a SELECT (or WITH … SELECT): this connector only reads")
	}
	for i := 0; i < len(q); {
		if end := skip(q, i, dialect); end > i {
			out.WriteString(q[i:end])
			i = end
			continue
		}
		switch {
		case q[i] == ';':
			return s, conf.Field(path, "must be one statement")
		case strings.HasPrefix(q[i:], "::"):
			out.WriteString("::")
			i += 2
		case q[i] == ':' && i+1 < len(q) && isLetter(q[i+1]):
			end := i + 1
			for end < len(q) && (isLetter(q[end]) || q[end] >= '0' && q[end] <= '9') {
				end++
			}
			name := q[i+1 : end]
			if !slices.Contains(known, name) {
				return s, conf.Field(path, ":%s is no parameter of this query%s", name, conf.DidYouMean(name, slices.Clone(known)))
			}
			out.WriteString(s.bind(name, dialect))
			i = end
		default:
			out.WriteByte(q[i])
			i++
		}
	}
	s.text = out.String()
	return s, nil
}

// bind returns the variable of a parameter. PostgreSQL numbers them, so one parameter is one variable however often it occurs.
func (s *statement) bind(name string, d dialect) string {
	if d == mySQL {
		s.binds = append(s.binds, name)
		return "?"
	}
	i := slices.Index(s.binds, name)
	if i < 0 {
		s.binds = append(s.binds, name)
		i = len(s.binds) - 1
	}
	return fmt.Sprintf("$%d", i+1)
}

func isLetter(c byte) bool { return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c == '_' }

// skip returns where a quoted text or comment that begins at i ends, or i.
func skip(q string, i int, d dialect) int {
	until := func(from int, end string) int {
		if n := strings.Index(q[from:], end); n >= 0 {
			return from + n + len(end)
		}
		return len(q)
	}
	switch {
	case strings.HasPrefix(q[i:], "--"):
		return until(i, "\n")
	case strings.HasPrefix(q[i:], "/*"):
		return until(i+2, "*/")
	case q[i] == '\'', q[i] == '"', q[i] == '`' && d == mySQL:
		for j := i + 1; j < len(q); j++ {
			switch {
			case q[j] == '\\' && d == mySQL:
				j++
			case q[j] == q[i]:
				return j + 1 // a doubled quote begins the next text at once
			}
		}
		return len(q)
	case q[i] == '$' && d == postgres:
		if n := strings.IndexByte(q[i+1:], '$'); n >= 0 && !strings.ContainsFunc(q[i+1:i+1+n], func(r rune) bool { return !isLetter(byte(r)) }) {
			return until(i+n+2, q[i:i+n+2])
		}
	}
	return i
}
