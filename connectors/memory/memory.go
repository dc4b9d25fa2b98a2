// Package memory is a customer system that is a Go slice: for tests, for demonstrations without any other system, and as the
// smallest example of a driver.
package memory

import (
	"bytes"
	"context"
	"encoding/json"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
	"unicode"

	"github.com/pult-cc/pult/connectors"
	"github.com/pult-cc/pult/internal/errs"
)

// Kind is the name of this kind of connector in configurations.
const Kind = "memory"

// refType is the record type of all records here.
const refType = "customer"

// Driver implements connectors.Driver, Checker, Getter, Searcher and Indexer over a slice, and keeps the calls, recordings and tasks that
// are written into it.
type Driver struct {
	id string

	mu      sync.RWMutex
	records []connectors.Candidate
	delay   time.Duration
	err     error
	lose    bool // answers of what writes
	written Written

	announced map[string]connectors.Ref // calls that live, and with whom
}

var _ interface {
	connectors.Driver
	connectors.Checker
	connectors.Getter
	connectors.Searcher
	connectors.Indexer
} = (*Driver)(nil)

// New makes a driver for the connector instance id that knows the candidates. A candidate without Ref.ID gets its position.
func New(id string, records []connectors.Candidate) *Driver {
	d := &Driver{id: id, announced: map[string]connectors.Ref{}}
	d.Set(records)
	return d
}

// Set replaces the records.
func (d *Driver) Set(records []connectors.Candidate) {
	own := make([]connectors.Candidate, len(records))
	copy(own, records)
	for i := range own {
		own[i].Ref.Connector = d.id
		if own[i].Ref.Type == "" {
			own[i].Ref.Type = refType
		}
		if own[i].Ref.ID == "" {
			own[i].Ref.ID = strconv.Itoa(i + 1)
		}
		if own[i].Kind == "" {
			own[i].Kind = connectors.KindPerson
		}
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.records = own
}

// Behave makes every following answer take so long, and be err unless that is nil: a slow or broken system for tests.
func (d *Driver) Behave(delay time.Duration, err error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.delay, d.err = delay, err
}

// wait plays the configured trouble and returns the records.
func (d *Driver) wait(ctx context.Context, op string) ([]connectors.Candidate, error) {
	d.mu.RLock()
	records, delay, err := d.records, d.delay, d.err
	d.mu.RUnlock()
	if delay > 0 {
		timer := time.NewTimer(delay)
		defer timer.Stop()
		select {
		case <-timer.C:
		case <-ctx.Done():
		}
	}
	if ctx.Err() != nil {
		return nil, &errs.Error{Kind: errs.Timeout, Op: op, Msg: "no answer in time", Err: ctx.Err()}
	}
	if err != nil {
		return nil, errs.Wrap(op, err)
	}
	return records, nil
}

// Lookup implements connectors.Driver: every record that has the last seven digits of the number in one of its phones.
func (d *Driver) Lookup(ctx context.Context, q connectors.LookupQuery) ([]connectors.Candidate, error) {
	records, err := d.wait(ctx, "looking up number")
	if err != nil {
		return nil, err
	}
	tail := digits(q.National)
	if tail == "" {
		tail = digits(q.E164)
	}
	if tail == "" {
		return nil, nil
	}
	if len(tail) > 7 {
		tail = tail[len(tail)-7:]
	}
	return pick(records, q.Limit, func(c connectors.Candidate) bool { return hasDigits(c, tail) }), nil
}

// Get implements connectors.Getter.
func (d *Driver) Get(ctx context.Context, ref connectors.Ref) (connectors.Candidate, error) {
	records, err := d.wait(ctx, "getting record")
	if err != nil {
		return connectors.Candidate{}, err
	}
	for _, c := range records {
		if c.Ref == ref {
			return c, nil
		}
	}
	return connectors.Candidate{}, errs.E(errs.NotFound, "getting record", "there is no such record")
}

// Search implements connectors.Searcher: records that have every word, or the digits in a phone.
func (d *Driver) Search(ctx context.Context, text string, limit int) ([]connectors.Candidate, error) {
	records, err := d.wait(ctx, "searching")
	if err != nil {
		return nil, err
	}
	words := strings.Fields(strings.ToLower(text))
	if len(words) == 0 {
		return nil, nil
	}
	number := digits(text)
	return pick(records, limit, func(c connectors.Candidate) bool {
		if len(number) >= 4 && hasDigits(c, number) {
			return true
		}
		hay := strings.ToLower(strings.Join([]string{c.Name, c.Company, c.TaxID}, " "))
		for _, w := range words {
			if !strings.Contains(hay, w) {
				return false
			}
		}
		return true
	}), nil
}

// pageSize is how many records a page has when nobody minds.
const pageSize = 100

// Index implements connectors.Indexer. The cursor is the id of the last record of the page before: records that go do not move the
// others.
func (d *Driver) Index(ctx context.Context, cursor string, limit int) (connectors.Page, error) {
	const op = "listing records"
	records, err := d.wait(ctx, op)
	if err != nil {
		return connectors.Page{}, err
	}
	if limit <= 0 {
		limit = pageSize
	}
	if cursor != "" {
		at := slices.IndexFunc(records, func(c connectors.Candidate) bool { return c.Ref.ID == cursor })
		if at < 0 {
			return connectors.Page{}, errs.E(errs.Invalid, op, "the cursor is not known any more")
		}
		records = records[at+1:]
	}
	page := connectors.Page{}
	if len(records) > limit {
		records = records[:limit]
		page.Next = records[limit-1].Ref.ID
	}
	for _, c := range records {
		if len(c.Phones) > 0 && !c.Deleted {
			page.Candidates = append(page.Candidates, c)
		}
	}
	return page, nil
}

// Check implements connectors.Checker.
func (d *Driver) Check(ctx context.Context) (connectors.Health, error) {
	began := time.Now()
	_, err := d.wait(ctx, "checking")
	return connectors.Health{Version: Kind, Latency: time.Since(began)}, err
}

func pick(records []connectors.Candidate, limit int, fits func(connectors.Candidate) bool) []connectors.Candidate {
	if limit <= 0 {
		limit = 20
	}
	var out []connectors.Candidate
	for _, c := range records {
		if len(out) == limit {
			break
		}
		if fits(c) {
			out = append(out, c)
		}
	}
	return out
}

func hasDigits(c connectors.Candidate, tail string) bool {
	for _, p := range c.Phones {
		if strings.Contains(digits(p.Raw), tail) {
			return true
		}
	}
	return false
}

func digits(s string) string {
	return strings.Map(func(r rune) rune {
		if r < '0' || r > '9' {
			return -1
		}
		return r
	}, s)
}

// record is a customer as configurations write it.
type record struct {
	ID      string          `json:"id"`
	Kind    connectors.Kind `json:"kind"`
	Name    string          `json:"name"`
	Company string          `json:"company"`
	Phones  []string        `json:"phones"`
	Emails  []string        `json:"emails"`
	TaxID   string          `json:"tax_id"`
	Owner   string          `json:"owner"`
	URL     string          `json:"url"`
	Deleted bool            `json:"deleted"`
}

// Factory returns the factory of the kind "memory".
func Factory() connectors.Factory {
	return connectors.Factory{
		Kind: Kind,
		Schema: json.RawMessage(`{
  "$schema": "https://json-schema.org/draft/2020-12/schema",
  "type": "object",
  "additionalProperties": false,
  "properties": {
    "customers": {
      "type": "array",
      "title": "Customers",
      "items": {
        "type": "object",
        "additionalProperties": false,
        "required": ["name"],
        "properties": {
          "id": {"type": "string"},
          "kind": {"enum": ["PERSON", "COMPANY", "LEAD"]},
          "name": {"type": "string"},
          "company": {"type": "string"},
          "phones": {"type": "array", "items": {"type": "string"}},
          "emails": {"type": "array", "items": {"type": "string"}},
          "tax_id": {"type": "string"},
          "owner": {"type": "string"},
          "url": {"type": "string", "format": "uri"},
          "deleted": {"type": "boolean"}
        }
      }
    }
  }
}`),
		New: open,
	}
}

func open(_ context.Context, id string, config json.RawMessage, _ connectors.Secrets) (connectors.Driver, error) {
	var c struct {
		Customers []record `json:"customers"`
	}
	dec := json.NewDecoder(bytes.NewReader(config))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&c); err != nil {
		return nil, &errs.Error{
			Kind: errs.Invalid, Op: "reading configuration", Msg: err.Error(), Fields: map[string]string{"customers": err.Error()},
		}
	}
	out := make([]connectors.Candidate, 0, len(c.Customers))
	for _, r := range c.Customers {
		if strings.TrimFunc(r.Name, unicode.IsSpace) == "" {
			return nil, errs.Field("reading configuration", "customers", "a customer needs a name")
		}
		cand := connectors.Candidate{
			Ref: connectors.Ref{ID: r.ID}, Kind: r.Kind, Name: r.Name, Company: r.Company, Emails: r.Emails, TaxID: r.TaxID,
			Owner: connectors.Person{Name: r.Owner}, URL: r.URL, Deleted: r.Deleted,
		}
		for _, p := range r.Phones {
			cand.Phones = append(cand.Phones, connectors.Phone{Raw: p})
		}
		out = append(out, cand)
	}
	return New(id, out), nil
}
