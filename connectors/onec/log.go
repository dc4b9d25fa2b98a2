package onec

import (
	"context"
	"maps"
	"net/http"
	"slices"
	"strings"
	"sync"

	"github.com/pult-cc/pult/connectors"
	"github.com/pult-cc/pult/internal/errs"
)

// Writer is a Driver to a base that calls are written into.
type Writer struct {
	*Driver
	calls Calls
}

var _ connectors.CallLogger = (*Writer)(nil)

// The mark by which a call is found again. 1C knows no idempotency: a document that is not looked for is made twice.
const (
	markOpen  = "[cc:"
	markClose = "]"
	maxKey    = 64
)

// atMost bounds how many documents of one call are looked at: there should be one.
const atMost = 10

// LogCall implements connectors.CallLogger: it looks for the call's document, changes it or makes one, and reads it back, because 1C
// accepts silently what it does not keep. Where a document was made twice, since an answer came too late, the later ones are marked for
// deletion.
func (w *Writer) LogCall(ctx context.Context, call connectors.CallRecord) (connectors.Ref, error) {
	const op = "writing call into 1C"
	if call.Key == "" || len(call.Key) > maxKey || strings.ContainsFunc(call.Key, notOfKey) {
		return connectors.Ref{}, errs.Field(op, "key", "is no key of a call")
	}
	done, err := w.turns.take(ctx, op, "call "+call.Key)
	if err != nil {
		return connectors.Ref{}, err
	}
	defer done()
	name := ""
	if w.calls.Customer != noField {
		name, err = w.nameOf(ctx, op, call.Customer)
	}
	if err != nil {
		return connectors.Ref{}, err
	}
	found, err := w.client.list(ctx, op, query{
		entity: w.calls.Entity, sel: []string{"Ref_Key", "DeletionMark"}, top: atMost, order: "Ref_Key",
		filter: contains(markOpen+call.Key+markClose, w.calls.Subject),
	})
	if err != nil {
		return connectors.Ref{}, err
	}
	fields := w.fields(call, name)
	key, doubles := keep(found)
	if key == "" {
		if key, err = w.unmarked(ctx, op, call.Written.Ref); err != nil {
			return connectors.Ref{}, err
		}
	}
	fresh := key == ""
	if fresh {
		made := maps.Clone(fields)
		for field, value := range w.calls.Constants {
			made[field] = value
		}
		key, err = w.client.write(ctx, op, http.MethodPost, query{entity: w.calls.Entity}, made)
	} else {
		_, err = w.client.write(ctx, op, http.MethodPatch, query{entity: w.calls.Entity, key: key}, fields)
	}
	if err != nil {
		return connectors.Ref{}, err
	}
	for _, d := range doubles {
		if err := w.mark(ctx, op, w.calls.Entity, d); err != nil {
			return connectors.Ref{}, err
		}
	}
	// What is shown to people only, the customer's name and how to reach them, may be cut.
	lost, err := w.readBack(ctx, op, w.calls.Entity, key, fields, []string{w.calls.CustomerName, w.calls.Number})
	if err != nil {
		return connectors.Ref{}, err
	}
	if len(lost) > 0 {
		if fresh && slices.Contains(lost, w.calls.Subject) { // it would never be found again
			if err := w.mark(ctx, op, w.calls.Entity, key); err != nil {
				return connectors.Ref{}, err
			}
		}
		return connectors.Ref{}, errs.E(errs.Invalid, op, "the base did not keep "+strings.Join(lost, ", ")+" as it was sent")
	}
	return connectors.Ref{Connector: w.id, Type: w.calls.Entity, ID: key}, nil
}

// unmarked returns the document that was written before, where it is still there: people edit subjects, and the mark with them.
func (w *Writer) unmarked(ctx context.Context, op string, written connectors.Ref) (string, error) {
	key := strings.ToLower(written.ID)
	if written.Connector != w.id || written.Type != w.calls.Entity || !guidForm.MatchString(key) {
		return "", nil
	}
	_, err := w.client.one(ctx, op, query{entity: w.calls.Entity, key: key, sel: []string{"Ref_Key"}})
	if errs.Is(err, errs.NotFound) {
		return "", nil
	}
	return key, err
}

func notOfKey(r rune) bool {
	return (r < '0' || r > '9') && (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && r != '-' && r != '_'
}

// keep chooses the document to go on with, the first that is not marked for deletion, and the others that are not. A document that
// somebody has marked stays marked: it is not made anew.
func keep(found []record) (key string, doubles []string) {
	marked := ""
	for _, r := range found {
		k := strings.ToLower(r.str("Ref_Key"))
		switch {
		case !guidForm.MatchString(k):
		case r.flag("DeletionMark"):
			if marked == "" {
				marked = k
			}
		case key == "":
			key = k
		default:
			doubles = append(doubles, k)
		}
	}
	if key == "" {
		return marked, nil
	}
	return key, doubles
}

// mark marks a record for deletion.
func (d *Driver) mark(ctx context.Context, op, entity, key string) error {
	_, err := d.client.write(ctx, op, http.MethodPatch, query{entity: entity, key: key}, map[string]any{"DeletionMark": true})
	return err
}

// nameOf reads what a customer is called, which also tells whether they are there: 1C stores a reference to nothing.
func (d *Driver) nameOf(ctx context.Context, op string, ref connectors.Ref) (string, error) {
	if ref == (connectors.Ref{}) {
		return "", nil
	}
	i := slices.IndexFunc(d.sources, func(s Source) bool { return s.Entity == ref.Type })
	if i < 0 || ref.Connector != d.id || !guidForm.MatchString(ref.ID) {
		return "", errs.E(errs.Invalid, op, "the customer is not one of this base")
	}
	r, err := d.client.one(ctx, op, query{entity: ref.Type, key: strings.ToLower(ref.ID), sel: []string{"Ref_Key", d.sources[i].Name}})
	if errs.Is(err, errs.NotFound) {
		return "", errs.E(errs.NotFound, op, "the customer is not in the base any more")
	}
	if err != nil {
		return "", err
	}
	return r.str(d.sources[i].Name), nil
}

// publishes asks once whether a set is published with these fields: 1C ignores an unknown field when it is written and refuses it when
// it is read.
func (d *Driver) publishes(ctx context.Context, op, entity string, fields []string) error {
	key := entity + " " + strings.Join(fields, ",")
	if _, known := d.published.Load(key); known {
		return nil
	}
	if _, err := d.client.list(ctx, op, query{entity: entity, sel: append([]string{"Ref_Key", "DeletionMark"}, fields...), top: 1}); err != nil {
		return err
	}
	d.published.Store(key, true)
	return nil
}

// readBack names the fields that do not hold what was sent. An unknown field is ignored by 1C, a text that is too long is cut, which those
// of loose may be.
func (d *Driver) readBack(ctx context.Context, op, entity, key string, sent map[string]any, loose []string) (lost []string, err error) {
	names := slices.Sorted(maps.Keys(sent))
	r, err := d.client.one(ctx, op, query{entity: entity, key: key, sel: append([]string{"Ref_Key"}, names...)})
	if err != nil {
		return nil, err
	}
	for _, name := range names {
		if !kept(r, name, sent[name], slices.Contains(loose, name)) {
			lost = append(lost, name)
		}
	}
	return lost, nil
}

// kept tells whether a field has what was sent.
func kept(r record, name string, sent any, loose bool) bool {
	switch v := sent.(type) {
	case bool:
		return r.flag(name) == v
	case string:
		got, want := lines(r.str(name)), lines(v)
		if loose {
			return strings.HasPrefix(want, got) && (got != "" || want == "")
		}
		return strings.EqualFold(got, want) // keys come back in any case
	}
	return r.str(name) != ""
}

// lines is a text without what a base may change of it: the ends, and how a line ends.
func lines(s string) string { return strings.TrimSpace(strings.ReplaceAll(s, "\r\n", "\n")) }

// turns lets one at a time work on a key. The zero value is ready.
type turns struct {
	mu   sync.Mutex
	busy map[string]chan struct{}
}

// take waits for the turn.
func (t *turns) take(ctx context.Context, op, key string) (done func(), err error) {
	for {
		t.mu.Lock()
		others := t.busy[key]
		if others == nil {
			if t.busy == nil {
				t.busy = map[string]chan struct{}{}
			}
			mine := make(chan struct{})
			t.busy[key] = mine
			t.mu.Unlock()
			return func() {
				t.mu.Lock()
				delete(t.busy, key)
				t.mu.Unlock()
				close(mine)
			}, nil
		}
		t.mu.Unlock()
		select {
		case <-others:
		case <-ctx.Done():
			return nil, &errs.Error{Kind: errs.Timeout, Op: op, Msg: "no answer in time", Err: ctx.Err()}
		}
	}
}
