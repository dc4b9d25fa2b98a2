package onec

import (
	"context"
	"maps"
	"slices"
	"strings"
	"time"
	"unicode"

	"github.com/pult-cc/pult/connectors"
	"github.com/pult-cc/pult/internal/errs"
)

// Get implements connectors.Getter.
func (d *Driver) Get(ctx context.Context, ref connectors.Ref) (connectors.Candidate, error) {
	const op = "getting record from 1C"
	for _, s := range d.sources {
		if s.Entity != ref.Type || ref.Connector != d.id || !guidForm.MatchString(ref.ID) {
			continue
		}
		r, err := d.client.one(ctx, op, query{entity: s.Entity, key: strings.ToLower(ref.ID), sel: s.selection()})
		if err != nil {
			return connectors.Candidate{}, err
		}
		return d.candidate(s, r), nil
	}
	return connectors.Candidate{}, errs.E(errs.NotFound, op, "there is no such record")
}

// The bounds of a search text: more words than that narrow nothing down and lengthen the address.
const (
	maxWords    = 5
	maxWordSize = 40
)

// Search implements connectors.Searcher. Records marked for deletion are not found.
func (d *Driver) Search(ctx context.Context, words string, limit int) ([]connectors.Candidate, error) {
	const op = "searching in 1C"
	if number, ok := asNumber(words); ok {
		q := connectors.LookupQuery{National: number, Region: "RU"}
		return d.collect(ctx, limit, number, func(ctx context.Context, i int) ([]record, error) {
			found, err := d.byNumber(ctx, op, i, q)
			if err != nil || d.sources[i].TaxID == "" {
				return alive(found), err
			}
			tax := query{
				entity: d.sources[i].Entity, sel: d.sources[i].selection(), top: rowsAsked,
				filter: d.sources[i].TaxID + " eq " + text(onlyDigits(words)),
			}
			more, err := d.client.list(ctx, op, tax)
			return alive(append(found, more...)), err
		})
	}
	parts := searchWords(words)
	if len(parts) == 0 {
		return nil, nil
	}
	return d.collect(ctx, limit, "", func(ctx context.Context, i int) ([]record, error) {
		s := d.sources[i]
		q := query{entity: s.Entity, sel: s.selection(), top: rowsAsked, filter: "DeletionMark eq false"}
		for _, p := range parts {
			var fields []string
			for _, f := range s.SearchFields {
				fields = append(fields, contains(p, f))
			}
			q.filter += " and (" + strings.Join(fields, " or ") + ")"
		}
		return d.client.list(ctx, op, q)
	})
}

func alive(records []record) []record {
	out := records[:0]
	for _, r := range records {
		if !r.flag("DeletionMark") {
			out = append(out, r)
		}
	}
	return out
}

// asNumber reports whether a search text is digits as people write numbers, and returns them without the Russian trunk prefix.
func asNumber(s string) (string, bool) {
	for _, r := range s {
		if !unicode.IsDigit(r) && !strings.ContainsRune(" +-().\u00a0", r) {
			return "", false
		}
	}
	digits := onlyDigits(s)
	if len(digits) == 11 && (digits[0] == '8' || digits[0] == '7') {
		digits = digits[1:]
	}
	return digits, len(digits) >= 4
}

func searchWords(s string) []string {
	var out []string
	for _, w := range strings.FieldsFunc(s, func(r rune) bool { return unicode.IsSpace(r) || unicode.IsControl(r) }) {
		if r := []rune(w); len(r) > maxWordSize {
			w = string(r[:maxWordSize])
		}
		if out = append(out, w); len(out) == maxWords {
			break
		}
	}
	return out
}

// Check implements connectors.Checker: one small request per source with all its fields, so that a set that is not published and a
// field that the base does not know are found here and not when the phone rings. It also fetches the names of the kinds of contact
// information, once; without them phones are shown without label.
func (d *Driver) Check(ctx context.Context) (connectors.Health, error) {
	const op = "checking 1C"
	began := time.Now()
	err := together(ctx, len(d.sources), func(ctx context.Context, i int) error {
		s := d.sources[i]
		_, err := d.client.list(ctx, op, query{entity: s.Entity, sel: s.selection(), top: 1})
		return err
	})
	if err != nil {
		return connectors.Health{}, err
	}
	if err := d.checkWriting(ctx, op); err != nil {
		return connectors.Health{}, err
	}
	h := connectors.Health{Version: "OData 3.0", Latency: time.Since(began)}
	if err := d.learnLabels(ctx, op); err != nil {
		return connectors.Health{}, err
	}
	return h, nil
}

// learnLabels fetches the names of the kinds of contact information, once. A base that does not publish them has none: labels are a
// courtesy.
func (d *Driver) learnLabels(ctx context.Context, op string) error {
	if d.labels.Load() != nil {
		return nil
	}
	kinds, err := d.client.list(ctx, op, query{entity: kindsEntity, sel: []string{"Ref_Key", "Description"}, top: 500})
	if err != nil && !errs.Is(err, errs.Invalid) {
		return err
	}
	labels := make(map[string]string, len(kinds))
	for _, k := range kinds {
		labels[k.str("Ref_Key")] = k.str("Description")
	}
	d.labels.Store(&labels)
	return nil
}

// label names a kind of contact information, once the names are learnt.
func (d *Driver) label(key string) string {
	if labels := d.labels.Load(); labels != nil {
		return (*labels)[key]
	}
	return ""
}

// checkWriting asks for the sets and fields of what is written.
func (d *Driver) checkWriting(ctx context.Context, op string) error {
	if d.contacts != nil {
		for _, rec := range d.contacts.all() {
			i := slices.IndexFunc(d.sources, func(s Source) bool { return s.Entity == rec.Entity })
			if err := d.publishes(ctx, op, rec.Entity, append(rec.fields(), d.sources[i].Tabular)); err != nil {
				return err
			}
		}
	}
	if d.tasks == nil {
		return nil
	}
	sample := connectors.Task{DueAt: d.now()}
	return d.publishes(ctx, op, d.tasks.Entity, slices.Sorted(maps.Keys(tasker{d}.taskFields(sample, "", ""))))
}
