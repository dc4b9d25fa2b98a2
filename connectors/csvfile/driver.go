// Package csvfile is the driver of customers in a file of comma-separated values, as any system can write one. The file is looked at
// when somebody asks, and read anew when it has changed. While a new one is broken or half written, the last good content goes on to
// answer, and the check says so.
package csvfile

import (
	"context"
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/pult-cc/pult/connectors"
	"github.com/pult-cc/pult/connectors/internal/conf"
	"github.com/pult-cc/pult/connectors/internal/number"
	"github.com/pult-cc/pult/connectors/internal/table"
	"github.com/pult-cc/pult/internal/errs"
)

// Kind is the name of this kind of connector in configurations.
const Kind = "csvfile"

// Driver implements connectors.Driver, Checker, Getter, Searcher and Indexer. It may be used by many goroutines.
type Driver struct {
	c     Config
	shape table.Shape
	now   func() time.Time

	reading chan struct{} // one place: who reads the file
	mu      sync.Mutex
	good    *content  // the last that could be read
	goodAt  time.Time // when that was
	trouble error     // why the file of now is not it
	seen    state
	lookAt  time.Time
}

// state is by what a change of the file is noticed.
type state struct {
	size int64
	at   time.Time
	read time.Time // when it was looked at
}

// settled is how old a file has to be for its time to tell it from the next: clocks of file systems are coarse.
const settled = 2 * time.Second

// same reports whether a file that is now like this is surely the one that was read.
func (s state) same(now state) bool {
	return s.size == now.size && s.at.Equal(now.at) && s.read.Sub(s.at) > settled
}

var _ interface {
	connectors.Driver
	connectors.Checker
	connectors.Getter
	connectors.Searcher
	connectors.Indexer
} = (*Driver)(nil)

//go:embed schema.json
var schema []byte

// Factory returns the factory of the kind "csvfile".
func Factory() connectors.Factory {
	return connectors.Factory{
		Kind: Kind, Schema: schema,
		New: func(ctx context.Context, id string, config json.RawMessage, secrets connectors.Secrets) (connectors.Driver, error) {
			return New(ctx, id, config, secrets)
		},
		Browser:  &connectors.Browser{Confine: confine},
		Mirrored: mirrored,
	}
}

// mirrored implements connectors.Factory.
func mirrored(config json.RawMessage) (connectors.Mirrored, error) {
	c, err := readConfig(config)
	if err != nil {
		return connectors.Mirrored{}, err
	}
	return connectors.Mirrored{System: filepath.Clean(c.Path), Records: conf.Text(c.Encoding, c.Delimiter, c.Columns, c.Type, c.Kind, c.Link, c.Page)}, nil
}

// confine implements connectors.Browser: the file lies in a folder that is meant for such files, also when links are followed.
func confine(config json.RawMessage, r connectors.Reach) (json.RawMessage, error) {
	c, err := readConfig(config)
	if err != nil {
		return nil, err
	}
	path := filepath.Clean(c.Path)
	if real, err := filepath.EvalSymlinks(path); err == nil {
		path = real
	}
	for _, folder := range r.Folders {
		if real, err := filepath.EvalSymlinks(folder); err == nil {
			folder = real
		}
		if within, err := filepath.Rel(folder, path); err == nil && filepath.IsLocal(within) {
			return conf.With(config, "path", path)
		}
	}
	return nil, conf.Field("path", "lies in no folder that is permitted here; whoever runs Pult permits one in web_connectors.folders of the configuration file")
}

// New makes a driver from the JSON of a Config. The file is not read yet.
func New(_ context.Context, id string, config json.RawMessage, _ connectors.Secrets) (*Driver, error) {
	c, err := readConfig(config)
	if err != nil {
		return nil, err
	}
	d := &Driver{c: c, shape: table.Shape{Connector: id, Type: c.Type, Kind: c.Kind, Link: c.Link}, now: time.Now, reading: make(chan struct{}, 1)}
	if err := d.shape.Check(); err != nil {
		return nil, err
	}
	return d, nil
}

// content returns the last good content, having looked at the file if that is due. One reads, others take what is there.
func (d *Driver) content(ctx context.Context, op string, look bool) (*content, error) {
	d.mu.Lock()
	good, due := d.good, look || d.now().After(d.lookAt)
	d.mu.Unlock()
	if due {
		if err := d.look(ctx, op, good == nil || look); err != nil {
			return nil, err
		}
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.good == nil {
		return nil, errs.Wrap(op, d.trouble)
	}
	return d.good, nil
}

// look reads the file if it has changed. Who needs not wait goes on while another reads.
func (d *Driver) look(ctx context.Context, op string, wait bool) error {
	if wait {
		select {
		case d.reading <- struct{}{}:
		case <-ctx.Done():
			return &errs.Error{Kind: errs.Timeout, Op: op, Msg: "no answer in time", Err: ctx.Err()}
		}
	} else {
		select {
		case d.reading <- struct{}{}:
		default:
			return nil
		}
	}
	defer func() { <-d.reading }()
	d.mu.Lock()
	before, good := d.seen, d.good
	d.mu.Unlock()
	fresh, state, err := d.read(before, good != nil)
	d.mu.Lock()
	defer d.mu.Unlock()
	d.lookAt = d.now().Add(time.Duration(d.c.Every))
	switch {
	case err != nil:
		d.trouble = err
		d.seen = state
	case fresh != nil:
		d.good, d.goodAt, d.trouble, d.seen = fresh, d.now(), nil, state
	}
	return nil
}

// read reads the file, or returns nothing when it has not changed. A file that changes meanwhile is being written.
func (d *Driver) read(before state, known bool) (*content, state, error) {
	const op = "reading the file"
	f, err := os.Open(d.c.Path)
	if err != nil {
		return nil, state{}, &errs.Error{Kind: errs.Unavailable, Op: op, Msg: "the file cannot be opened: " + reason(err), Err: err}
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil || !info.Mode().IsRegular() {
		return nil, state{}, errs.E(errs.Invalid, op, "this is no file")
	}
	now := state{info.Size(), info.ModTime(), d.now()}
	if known && before.same(now) {
		return nil, now, nil
	}
	if info.Size() > d.c.MaxBytes {
		return nil, now, errs.Ef(errs.Invalid, op, "the file is longer than max_bytes (%d)", d.c.MaxBytes)
	}
	raw, err := io.ReadAll(io.LimitReader(f, d.c.MaxBytes+1))
	if err != nil {
		return nil, state{}, &errs.Error{Kind: errs.Unavailable, Op: op, Msg: "the file cannot be read", Err: err}
	}
	if after, err := f.Stat(); err != nil || after.Size() != now.size || !after.ModTime().Equal(now.at) || int64(len(raw)) != now.size {
		return nil, state{}, errs.E(errs.Unavailable, op, "the file is being written")
	}
	c, err := parse(raw, d.c, d.shape)
	if err != nil {
		return nil, now, errs.E(errs.Unavailable, op, "the file is broken: "+err.Error())
	}
	return c, now, nil
}

func reason(err error) string {
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return "it is not there"
	case errors.Is(err, fs.ErrPermission):
		return "that is not permitted"
	}
	return "the system does not say why"
}

func gone(ctx context.Context, op string) error {
	if ctx.Err() == nil {
		return nil
	}
	return &errs.Error{Kind: errs.Timeout, Op: op, Msg: "no answer in time", Err: ctx.Err()}
}

// Lookup implements connectors.Driver.
func (d *Driver) Lookup(ctx context.Context, q connectors.LookupQuery) ([]connectors.Candidate, error) {
	const op = "looking up number in the file"
	if err := gone(ctx, op); err != nil {
		return nil, err
	}
	c, err := d.content(ctx, op, false)
	if err != nil {
		return nil, err
	}
	digits := number.Digits(q.National)
	if digits == "" {
		digits = number.Digits(q.E164)
	}
	if digits == "" {
		return nil, nil
	}
	var found []connectors.Candidate
	for _, i := range c.tails[digits[max(0, len(digits)-tail):]] {
		found = append(found, c.list[i])
	}
	return table.Best(found, digits, q.Limit), nil
}

// Get implements connectors.Getter.
func (d *Driver) Get(ctx context.Context, ref connectors.Ref) (connectors.Candidate, error) {
	const op = "getting record of the file"
	c, err := d.content(ctx, op, false)
	if err != nil {
		return connectors.Candidate{}, err
	}
	if i, ok := c.at[ref]; ok {
		return c.list[i], nil
	}
	return connectors.Candidate{}, errs.E(errs.NotFound, op, "there is no such record")
}

// Search implements connectors.Searcher: records with every word, or with the digits in a number.
func (d *Driver) Search(ctx context.Context, text string, limit int) ([]connectors.Candidate, error) {
	const op = "searching the file"
	words := strings.Fields(strings.ToLower(text))
	if len(words) == 0 {
		return nil, nil
	}
	c, err := d.content(ctx, op, false)
	if err != nil {
		return nil, err
	}
	digits, isNumber := number.Typed(text)
	out := []connectors.Candidate{}
	for i, r := range c.list {
		if len(out) >= max(1, limit) {
			break
		}
		if r.Deleted {
			continue
		}
		hit := isNumber && table.HasDigits(r, digits)
		if !hit {
			hit = true
			for _, w := range words {
				hit = hit && strings.Contains(c.names[i], w)
			}
		}
		if hit {
			out = append(out, r)
		}
	}
	return out, gone(ctx, op)
}

// cursorPrefix begins a cursor; what follows is the last record's type and id.
const cursorPrefix = "after:"

// Index implements connectors.Indexer. A cursor is a place in the order of keys, so it outlives a new file.
func (d *Driver) Index(ctx context.Context, cursor string, limit int) (connectors.Page, error) {
	const op = "listing customers of the file"
	if err := gone(ctx, op); err != nil {
		return connectors.Page{}, err
	}
	last := ""
	if cursor != "" {
		var ok bool
		if last, ok = strings.CutPrefix(cursor, cursorPrefix); !ok {
			return connectors.Page{}, errs.E(errs.Invalid, op, "no such cursor")
		}
	}
	c, err := d.content(ctx, op, false)
	if err != nil {
		return connectors.Page{}, err
	}
	if limit <= 0 || limit > d.c.Page {
		limit = d.c.Page
	}
	var p connectors.Page
	for _, r := range c.list {
		key := r.Ref.Type + "\x00" + r.Ref.ID
		if key <= last || len(r.Phones) == 0 {
			continue
		}
		if len(p.Candidates) == limit {
			before := p.Candidates[limit-1].Ref
			p.Next = cursorPrefix + before.Type + "\x00" + before.ID
			break
		}
		p.Candidates = append(p.Candidates, r)
	}
	return p, nil
}

// Check implements connectors.Checker: it looks at the file at once, and says what is wrong with it even while the content of before
// goes on to answer.
func (d *Driver) Check(ctx context.Context) (connectors.Health, error) {
	const op = "checking the file"
	if err := gone(ctx, op); err != nil {
		return connectors.Health{}, err
	}
	began := time.Now()
	c, err := d.content(ctx, op, true)
	if err != nil {
		return connectors.Health{}, err
	}
	d.mu.Lock()
	trouble, at := d.trouble, d.goodAt
	d.mu.Unlock()
	if trouble != nil {
		return connectors.Health{}, &errs.Error{
			Kind: errs.KindOf(trouble), Op: op, Msg: fmt.Sprintf("%s; the content of %s answers", errs.Message(trouble), at.Format(time.RFC3339)),
		}
	}
	return connectors.Health{Version: fmt.Sprintf("%d customers as of %s", len(c.list), at.Format(time.RFC3339)), Latency: time.Since(began)}, nil
}
