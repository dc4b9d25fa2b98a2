// Package table makes candidates of rows with named columns, as queries and files have them.
package table

import (
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strings"

	"github.com/pult-cc/pult/connectors"
	"github.com/pult-cc/pult/connectors/internal/conf"
	"github.com/pult-cc/pult/connectors/internal/number"
)

// Columns are the names that a row may have. Phone and email may be repeated with something behind an underscore: phone_work; so the
// word becomes the number's label. note_x is a note x.
var Columns = []string{"type", "id", "kind", "name", "company", "phone", "email", "tax_id", "owner_id", "owner", "open", "url", "deleted", "note_…"}

// Known tells whether a column has a meaning.
func Known(column string) bool {
	return slices.Contains(Columns, column) || prefixed(column, "phone_") || prefixed(column, "email_") || prefixed(column, "note_")
}

func prefixed(s, prefix string) bool { return strings.HasPrefix(s, prefix) && len(s) > len(prefix) }

// Unknown is the error text of a column without a meaning.
func Unknown(column string) string {
	return fmt.Sprintf("column %q is unknown%s", column, conf.DidYouMean(column, slices.Clone(Columns)))
}

// Shape completes what rows leave open.
type Shape struct {
	Connector string
	Type      string          // of rows without one
	Kind      connectors.Kind // of rows without one
	Link      string          // deep link with {id} and {type}; empty: none
}

// Check checks a shape's configuration.
func (s *Shape) Check() error {
	if s.Type == "" {
		s.Type = "customer"
	}
	if s.Kind == "" {
		s.Kind = connectors.KindPerson
	}
	if err := conf.OneOf("kind", string(s.Kind), "COMPANY", "LEAD", "PERSON"); err != nil {
		return err
	}
	if s.Link == "" {
		return nil
	}
	u, err := url.Parse(strings.NewReplacer("{id}", "1", "{type}", "t").Replace(s.Link))
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" {
		return conf.Field("link", "must be an absolute address, such as https://crm.example.com/customers/{id}")
	}
	return nil
}

// Rows collects rows into candidates: rows of the same record are one, with all their numbers.
type Rows struct {
	shape Shape
	list  []connectors.Candidate
	at    map[connectors.Ref]int
}

// New starts a collection.
func New(s Shape) *Rows { return &Rows{shape: s, at: map[connectors.Ref]int{}} }

// Candidates returns what was collected, in the order of first rows.
func (r *Rows) Candidates() []connectors.Candidate { return r.list }

// Add adds a row. One without id is refused.
func (r *Rows) Add(row map[string]string) error {
	ref := connectors.Ref{Connector: r.shape.Connector, Type: or(row["type"], r.shape.Type), ID: row["id"]}
	if ref.ID == "" {
		return fmt.Errorf("a row has no id")
	}
	i, known := r.at[ref]
	if !known {
		c := connectors.Candidate{
			Ref: ref, Kind: connectors.Kind(strings.ToUpper(or(row["kind"], string(r.shape.Kind)))), Name: row["name"], Company: row["company"],
			TaxID: row["tax_id"], Owner: connectors.Person{ID: row["owner_id"], Name: row["owner"]}, Open: yes(row["open"]),
			Deleted: yes(row["deleted"]), URL: r.url(row["url"], ref),
		}
		switch c.Kind {
		case connectors.KindPerson, connectors.KindCompany, connectors.KindLead:
		default:
			return fmt.Errorf("kind must be PERSON, COMPANY or LEAD")
		}
		i = len(r.list)
		r.at[ref], r.list = i, append(r.list, c)
	}
	c := &r.list[i]
	for _, column := range slices.Sorted(maps.Keys(row)) {
		value, label := row[column], ""
		if value == "" {
			continue
		}
		head, tail, deep := strings.Cut(column, "_")
		if deep {
			label = tail
		}
		switch head {
		case "phone":
			p := connectors.Phone{Raw: value, Label: label}
			if !slices.Contains(c.Phones, p) {
				c.Phones = append(c.Phones, p)
			}
		case "email":
			if !slices.Contains(c.Emails, value) {
				c.Emails = append(c.Emails, value)
			}
		case "note":
			if c.Notes == nil {
				c.Notes = map[string]string{}
			}
			c.Notes[label] = value
		}
	}
	return nil
}

func (r *Rows) url(given string, ref connectors.Ref) string {
	if given == "" && r.shape.Link != "" {
		given = strings.NewReplacer("{id}", url.PathEscape(ref.ID), "{type}", url.PathEscape(ref.Type)).Replace(r.shape.Link)
	}
	if u, err := url.Parse(given); err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" {
		return ""
	}
	return given
}

func or(v, d string) string {
	if v == "" {
		return d
	}
	return v
}

func yes(s string) bool {
	switch strings.ToLower(s) {
	case "1", "t", "true", "y", "yes", "да", "истина":
		return true
	}
	return false
}

// HasDigits reports whether one of a record's numbers has the digits.
func HasDigits(c connectors.Candidate, digits string) bool {
	for _, p := range c.Phones {
		if strings.Contains(number.Digits(p.Raw), digits) {
			return true
		}
	}
	return false
}

// Best puts those that have the digits first and cuts.
func Best(found []connectors.Candidate, digits string, limit int) []connectors.Candidate {
	if digits != "" {
		slices.SortStableFunc(found, func(a, b connectors.Candidate) int {
			x, y := HasDigits(a, digits), HasDigits(b, digits)
			switch {
			case x == y:
				return 0
			case x:
				return -1
			}
			return 1
		})
	}
	if limit <= 0 {
		limit = 20
	}
	return found[:min(limit, len(found))]
}
