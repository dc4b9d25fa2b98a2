package onec

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/pult-cc/pult/connectors"
)

// str returns the text at a path; a number of a JSON type is written out, anything else is "".
func (r record) str(path string) string {
	head, rest, deep := strings.Cut(path, "/")
	if deep {
		sub, _ := r[head].(map[string]any)
		return record(sub).str(rest)
	}
	switch v := r[head].(type) {
	case string:
		return strings.TrimSpace(v)
	case float64:
		return fmt.Sprintf("%.0f", v)
	}
	return ""
}

// flag returns a boolean, which a proxy or an old platform may have written as text.
func (r record) flag(name string) bool {
	b, _ := r[name].(bool)
	return b || r[name] == "true"
}

func (r record) lines(name string) []record {
	list, _ := r[name].([]any)
	out := make([]record, 0, len(list))
	for _, l := range list {
		if m, ok := l.(map[string]any); ok {
			out = append(out, m)
		}
	}
	return out
}

// timeForm is how 1C writes a time, which is the base's and carries no zone.
const timeForm = "2006-01-02T15:04:05"

// The types of contact information that matter here.
const (
	typePhone = "Телефон"
	typeFax   = "Факс"
	typeEmail = "АдресЭлектроннойПочты"
)

// selection lists the fields that a candidate needs.
func (s Source) selection() []string {
	out := []string{"Ref_Key", "DeletionMark", s.Name}
	for _, f := range []string{s.TaxID, s.PersonField, s.ParentLink, s.PhoneField, s.Company, s.Owner} {
		if f != "" {
			out = append(out, f)
		}
	}
	out = append(out, slices.Sorted(maps.Values(s.Notes))...)
	return append(out, s.Tabular)
}

// candidate reads a record.
func (d *Driver) candidate(s Source, r record) connectors.Candidate {
	c := connectors.Candidate{
		Ref:     connectors.Ref{Connector: d.id, Type: s.Entity, ID: strings.ToLower(r.str("Ref_Key"))},
		Kind:    s.Kind,
		Name:    r.str(s.Name),
		Deleted: r.flag("DeletionMark"),
	}
	if s.TaxID != "" {
		c.TaxID = r.str(s.TaxID)
	}
	if s.PersonField != "" {
		value := r.str(s.PersonField)
		for _, v := range s.PersonValues {
			if v == value {
				c.Kind = connectors.KindPerson
			}
		}
	}
	if key := strings.ToLower(r.str(s.ParentLink)); s.ParentLink != "" && key != "" && key != zeroGUID {
		c.StandsFor = connectors.Ref{Connector: d.id, Type: s.ParentEntity, ID: key}
	}
	if s.Company != "" {
		c.Company = r.str(s.Company)
	}
	if s.Owner != "" {
		c.Owner.Name = r.str(s.Owner)
	}
	for word, path := range s.Notes {
		if v := d.shown(r.str(path)); v != "" {
			if c.Notes == nil {
				c.Notes = map[string]string{}
			}
			c.Notes[word] = v
		}
	}
	d.readContacts(s, r, &c)
	c.URL = d.link(s.Entity, c.Ref.ID)
	return c
}

// readContacts reads the tabular part.
func (d *Driver) readContacts(s Source, r record, c *connectors.Candidate) {
	for _, l := range r.lines(s.Tabular) {
		switch kind := l.str(s.Columns.Type); kind {
		case typeEmail:
			if e := firstOf(l.str(s.Columns.Email), l.str(s.Columns.Text)); e != "" {
				c.Emails = append(c.Emails, e)
			}
		case typePhone, typeFax:
			label := d.label(l.str(s.Columns.Kind))
			if label == "" && kind == typeFax {
				label = kind
			}
			typed, digits := l.str(s.Columns.Text), l.str(s.Columns.Digits)
			if typed == "" && digits == "" {
				typed = valueOf(l.str("Значение"))
			}
			if typed != "" {
				c.Phones = append(c.Phones, connectors.Phone{Raw: typed, Label: label})
			}
			if missing(digits, typed) {
				c.Phones = append(c.Phones, connectors.Phone{Raw: digits, Label: label})
			}
		}
	}
	if s.PhoneField == "" {
		return
	}
	search := r.str(s.PhoneField)
	for _, p := range c.Phones {
		if !missing(search, p.Raw) {
			return
		}
	}
	if search != "" {
		c.Phones = append(c.Phones, connectors.Phone{Raw: search})
	}
}

// missing reports whether the digits column knows a number that the text does not tell, such as the area code.
func missing(digits, typed string) bool {
	short := onlyDigits(digits)
	if len(short) > 10 {
		short = short[len(short)-10:]
	}
	return short != "" && !strings.Contains(onlyDigits(typed), short)
}

// valueOf reads the text of the JSON form of contact information (БСП, "version":4).
func valueOf(s string) string {
	var v struct {
		Value string `json:"value"`
	}
	if json.Unmarshal([]byte(s), &v) != nil {
		return ""
	}
	return v.Value
}

// shown writes a value for people: times of 1C carry no zone, so the base's is added; empty ones vanish.
func (d *Driver) shown(v string) string {
	t, err := time.ParseInLocation(timeForm, v, d.zone)
	switch {
	case err != nil:
		if v == zeroGUID {
			return ""
		}
		return v
	case t.Year() == 1:
		return ""
	}
	return t.Format(time.RFC3339)
}

func firstOf(texts ...string) string {
	for _, t := range texts {
		if t != "" {
			return t
		}
	}
	return ""
}
