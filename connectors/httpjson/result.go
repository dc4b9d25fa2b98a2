package httpjson

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/pult-cc/pult/connectors"
	"github.com/pult-cc/pult/connectors/internal/conf"
	"github.com/pult-cc/pult/connectors/internal/number"
)

// What operations yield, as jq writes it. Anything else is an error that names the key.
type (
	phoneOut struct {
		Raw   text `json:"raw"`
		Label text `json:"label"`
	}
	personOut struct {
		ID   text `json:"id"`
		Name text `json:"name"`
	}
	candidateOut struct {
		Type    text            `json:"type"`
		ID      text            `json:"id"`
		Kind    text            `json:"kind"`
		Name    text            `json:"name"`
		Company text            `json:"company"`
		Phones  []phoneOut      `json:"phones"`
		Emails  []text          `json:"emails"`
		TaxID   text            `json:"tax_id"`
		Owner   personOut       `json:"owner"`
		Open    bool            `json:"open"`
		URL     text            `json:"url"`
		Deleted bool            `json:"deleted"`
		Notes   map[string]text `json:"notes"`
	}
	pageOut struct {
		Candidates []candidateOut `json:"candidates"`
		Next       text           `json:"next"`
	}
	itemOut struct {
		Type   text      `json:"type"`
		ID     text      `json:"id"`
		Kind   text      `json:"kind"`
		Title  text      `json:"title"`
		Status text      `json:"status"`
		Open   bool      `json:"open"`
		Sum    text      `json:"sum"`
		Owner  personOut `json:"owner"`
		At     moment    `json:"at"`
		URL    text      `json:"url"`
	}
	contactOut struct {
		Type    text      `json:"type"`
		ID      text      `json:"id"`
		Channel text      `json:"channel"`
		Inbound bool      `json:"inbound"`
		At      moment    `json:"at"`
		Title   text      `json:"title"`
		Text    text      `json:"text"`
		Who     personOut `json:"who"`
		URL     text      `json:"url"`
	}
	refOut struct {
		Type text `json:"type"`
		ID   text `json:"id"`
	}
	agentOut struct {
		ID        text `json:"id"`
		Login     text `json:"login"`
		Name      text `json:"name"`
		Extension text `json:"extension"`
		Email     text `json:"email"`
	}
	healthOut struct {
		Version text `json:"version"`
	}
)

// text takes a text, a number, true, or nothing: null and false, which some systems write for an empty field.
type text string

// UnmarshalJSON implements json.Unmarshaler.
func (t *text) UnmarshalJSON(b []byte) error {
	s := string(bytes.TrimSpace(b))
	switch {
	case s == "null", s == "false":
		*t = ""
	case strings.HasPrefix(s, `"`):
		var v string
		if err := json.Unmarshal(b, &v); err != nil {
			return err
		}
		*t = text(strings.TrimSpace(v))
	case strings.HasPrefix(s, "{"), strings.HasPrefix(s, "["):
		return fmt.Errorf("must be a text")
	default:
		*t = text(s)
	}
	return nil
}

// moment takes a time as systems write it; what is none is the zero time, since a mere date must not cost the record.
type moment time.Time

// UnmarshalJSON implements json.Unmarshaler.
func (m *moment) UnmarshalJSON(b []byte) error {
	var t text
	if err := t.UnmarshalJSON(b); err != nil {
		return err
	}
	for _, form := range []string{time.RFC3339, "2006-01-02T15:04:05Z0700", "2006-01-02T15:04:05", "2006-01-02 15:04:05", "2006-01-02"} {
		if at, err := time.Parse(form, string(t)); err == nil {
			*m = moment(at)
			return nil
		}
	}
	var seconds int64
	if err := json.Unmarshal([]byte(t), &seconds); err == nil && seconds > 0 {
		*m = moment(time.Unix(seconds, 0).UTC())
	}
	return nil
}

// decode reads what an operation yielded into target, a pointer to a slice or struct.
func decode(v any, target any) error {
	raw, err := json.Marshal(v)
	if err != nil {
		return err
	}
	return conf.Decode(raw, target)
}

// each decodes a list, one record, or nothing.
func each[T any](v any) ([]T, error) {
	var out []T
	var add func(any) error
	add = func(v any) error {
		switch v := v.(type) {
		case nil:
			return nil
		case []any:
			for _, e := range v {
				if err := add(e); err != nil {
					return err
				}
			}
			return nil
		}
		var t T
		if err := decode(v, &t); err != nil {
			return err
		}
		out = append(out, t)
		return nil
	}
	return out, add(v)
}

// candidate completes a candidate.
func (d *Driver) candidate(ctx context.Context, o candidateOut) (connectors.Candidate, bool) {
	if o.ID == "" || o.Type == "" {
		return connectors.Candidate{}, false
	}
	c := connectors.Candidate{
		Ref: d.ref(o.Type, o.ID), Kind: connectors.Kind(o.Kind), Name: string(o.Name), Company: string(o.Company), TaxID: string(o.TaxID),
		Owner: connectors.Person{ID: string(o.Owner.ID), Name: string(o.Owner.Name)}, Open: o.Open, Deleted: o.Deleted,
		URL: d.url(ctx, o.URL, o.Type, o.ID),
	}
	if c.Kind == "" {
		c.Kind = connectors.Kind(d.types[string(o.Type)].kind)
	}
	if c.Kind == "" {
		c.Kind = connectors.KindPerson
	}
	for _, p := range o.Phones {
		if p.Raw != "" {
			c.Phones = append(c.Phones, connectors.Phone{Raw: string(p.Raw), Label: string(p.Label)})
		}
	}
	for _, e := range o.Emails {
		if e != "" {
			c.Emails = append(c.Emails, string(e))
		}
	}
	for k, v := range o.Notes {
		if v != "" {
			if c.Notes == nil {
				c.Notes = map[string]string{}
			}
			c.Notes[k] = string(v)
		}
	}
	return c, true
}

func (d *Driver) candidates(ctx context.Context, v any) ([]connectors.Candidate, error) {
	list, err := each[candidateOut](v)
	if err != nil {
		return nil, err
	}
	var out []connectors.Candidate
	seen := map[connectors.Ref]bool{}
	for _, o := range list {
		if c, ok := d.candidate(ctx, o); ok && !seen[c.Ref] {
			seen[c.Ref] = true
			out = append(out, c)
		}
	}
	return out, nil
}

func (d *Driver) ref(kind, id text) connectors.Ref {
	return connectors.Ref{Connector: d.id, Type: string(kind), ID: string(id)}
}

func hasDigits(c connectors.Candidate, digits string) bool {
	for _, p := range c.Phones {
		if strings.Contains(number.Digits(p.Raw), digits) {
			return true
		}
	}
	return false
}
