// Package onec is the driver of 1C:Enterprise 8.3 over its standard OData interface (OData 3.0): who has this number, new customers,
// calls as documents and tasks.
//
// One request answers: the set of customers is filtered by a path through its tabular part with contact information, and the same
// answer carries name, tax number, all numbers, the company and the responsible manager. All sources are asked at the same time.
// Platforms before 8.3.8 know no such path; there the tabular part is asked first and the set afterwards. $metadata, which may be
// 17 MB, is never fetched.
//
// What is known of the interface's habits comes from public probes and clients of real bases, and is tested against onecsim.
package onec

import (
	"context"
	"encoding/json"
	"io"
	"net/url"
	"sort"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/pult-cc/pult/connectors"
	"github.com/pult-cc/pult/connectors/internal/conf"
	"github.com/pult-cc/pult/connectors/internal/web"
	"github.com/pult-cc/pult/internal/errs"
)

// Kind is the name of this kind of connector in configurations.
const Kind = "onec"

// Driver implements connectors.Driver, Checker, Getter, Searcher and Indexer for one base. It may be used by many goroutines.
type Driver struct {
	id      string
	client  *client
	sources []Source
	twoStep []atomic.Bool // per source: direct look-ups were refused
	zone    *time.Location
	links   string
	calls   *Calls // nil: none are written
	tasks   *Tasks // nil: none are written
	// contacts says where customers are created; nil: nowhere.
	contacts  *Contacts
	now       func() time.Time
	maxQry    int
	labels    atomic.Pointer[map[string]string]
	kinds     sync.Map // of contact information: predefined name to key
	published sync.Map // sets and fields that have been asked for
	turns     turns    // of what is written
}

var _ interface {
	connectors.Driver
	connectors.Checker
	connectors.Getter
	connectors.Searcher
	connectors.Indexer
	connectors.Partial
} = (*Driver)(nil)

// Factory returns the factory of the kind "onec".
func Factory() connectors.Factory {
	return connectors.Factory{
		Kind: Kind, Schema: schema,
		New: func(ctx context.Context, id string, config json.RawMessage, secrets connectors.Secrets) (connectors.Driver, error) {
			d, err := New(ctx, id, config, secrets)
			if err != nil {
				return nil, err
			}
			return d, nil
		},
		Vocabulary: vocabulary, Mirrored: mirrored,
		Browser: &connectors.Browser{
			Confine: confine,
			Stay: []string{
				"user", "preset", "sources", "time_zone", "links", "calls", "contacts", "tasks", "networks", "max_connections", "max_query_bytes", "max_answer_bytes",
			},
		},
	}
}

// vocabulary implements connectors.Factory.
func vocabulary(config json.RawMessage) []string {
	out := []string{typePhone, typeEmail, zeroGUID}
	c, err := readConfig(config)
	if err != nil {
		return out
	}
	for _, s := range c.Sources {
		out = append(append(out, s.PersonValues...), s.Entity)
	}
	return out
}

// mirrored implements connectors.Factory. Whoever reads the base, it is the same base.
func mirrored(config json.RawMessage) (connectors.Mirrored, error) {
	c, err := readConfig(config)
	if err != nil {
		return connectors.Mirrored{}, err
	}
	root, err := c.root()
	if err != nil {
		return connectors.Mirrored{}, err
	}
	return connectors.Mirrored{System: strings.ToLower(root.Host) + root.Path, Records: conf.Text(c.User, c.Sources, c.TimeZone, c.Links)}, nil
}

// confine implements connectors.Browser.
func confine(config json.RawMessage, r connectors.Reach) (json.RawMessage, error) {
	c, err := decode(config)
	if err != nil {
		return nil, err
	}
	networks, err := web.Confine("reading configuration", "networks", c.Networks, r.Networks)
	if err != nil {
		return nil, err
	}
	return conf.With(config, "networks", networks)
}

// As implements connectors.Partial: what is written depends on the configuration.
func (d *Driver) As(target any) bool {
	switch t := target.(type) {
	case *connectors.Checker:
		*t = d
	case *connectors.Getter:
		*t = d
	case *connectors.Searcher:
		*t = d
	case *connectors.Indexer:
		*t = d
	case *io.Closer:
		*t = d
	case *connectors.CallLogger:
		w, ok := d.Writer()
		if ok {
			*t = w
		}
		return ok
	case *connectors.ContactCreator:
		if d.contacts == nil {
			return false
		}
		*t = creator{d}
	case *connectors.TaskCreator:
		if d.tasks == nil {
			return false
		}
		*t = tasker{d}
	default:
		return false
	}
	return true
}

// Writer returns the driver that writes calls, too, where the configuration says into which documents.
func (d *Driver) Writer() (*Writer, bool) {
	if d.calls == nil {
		return nil, false
	}
	return &Writer{Driver: d, calls: *d.calls}, true
}

// New makes a driver from the JSON of a Config. Nothing is asked of 1C yet; a configuration that cannot be right is errs.Invalid
// and names the field.
func New(ctx context.Context, id string, config json.RawMessage, secrets connectors.Secrets) (*Driver, error) {
	c, err := readConfig(config)
	if err != nil {
		return nil, err
	}
	root, err := c.root()
	if err != nil {
		return nil, err
	}
	networks := web.Local  // a 1C is in the house
	if c.Networks != nil { // an empty list permits none
		if networks, err = web.Networks("reading configuration", "networks", c.Networks); err != nil {
			return nil, err
		}
	}
	password := ""
	if c.Password != "" {
		if secrets == nil {
			return nil, errs.Field("reading configuration", "password", "there is nothing to resolve the secret with")
		}
		if password, err = secrets.Secret(ctx, c.Password); err != nil {
			return nil, errs.Wrap("reading the password", err)
		}
	}
	zone, err := time.LoadLocation(c.TimeZone)
	if err != nil {
		return nil, errs.With(errs.Invalid, "reading configuration", err)
	}
	links, err := linkBase(c, root)
	if err != nil {
		return nil, err
	}
	return &Driver{
		id: id, client: newClient(c, root, networks, password), sources: c.Sources, twoStep: make([]atomic.Bool, len(c.Sources)),
		zone: zone, links: links, calls: c.Calls, contacts: c.Contacts, tasks: c.Tasks, now: time.Now, maxQry: c.MaxQueryBytes,
	}, nil
}

func linkBase(c Config, root *url.URL) (string, error) {
	if c.Links == "" {
		u := *root
		u.Path = strings.TrimSuffix(u.Path, "odata/standard.odata/")
		return u.String(), nil
	}
	u, err := url.Parse(c.Links)
	if err != nil || u.Host == "" || (u.Scheme != "http" && u.Scheme != "https" && u.Scheme != "e1c" && u.Scheme != "e1cs") || u.Fragment != "" {
		return "", errs.Field("reading configuration", "links", "must be an address like https://server/base/ or e1c://server/srv1c/base")
	}
	return c.Links, nil
}

// Close closes idle connections. The driver stays usable.
func (d *Driver) Close() error {
	d.client.web.Close()
	return nil
}

// rowsAsked is how many records a request may return: more than a caller wants, because some will turn out to be others'.
const rowsAsked = 50

// Lookup implements connectors.Driver.
func (d *Driver) Lookup(ctx context.Context, q connectors.LookupQuery) ([]connectors.Candidate, error) {
	const op = "looking up number in 1C"
	return d.collect(ctx, q.Limit, onlyDigits(q.National), func(ctx context.Context, i int) ([]record, error) {
		return d.byNumber(ctx, op, i, q)
	})
}

// collect asks all sources at the same time and joins what they find: the same record once, records that really have the digits
// first, at most limit. Should one source fail, so does the whole: half an answer would pass for "nobody".
func (d *Driver) collect(ctx context.Context, limit int, digits string, ask func(context.Context, int) ([]record, error)) ([]connectors.Candidate, error) {
	answers := make([][]record, len(d.sources))
	if err := together(ctx, len(d.sources), func(ctx context.Context, i int) (err error) {
		answers[i], err = ask(ctx, i)
		return err
	}); err != nil {
		return nil, err
	}
	var out []connectors.Candidate
	seen := map[connectors.Ref]bool{}
	legal := map[connectors.Ref]bool{} // parents whose legal side is among the found
	for i, records := range answers {
		s := d.sources[i]
		for _, r := range records {
			c := d.candidate(s, r)
			if c.Ref.ID == "" || seen[c.Ref] {
				continue
			}
			seen[c.Ref] = true
			if !c.Deleted {
				legal[c.StandsFor] = true
			}
			out = append(out, c)
		}
	}
	kept := out[:0]
	for _, c := range out {
		if !legal[c.Ref] {
			kept = append(kept, c)
		}
	}
	if digits != "" {
		sort.SliceStable(kept, func(i, j int) bool { return hasDigits(kept[i], digits) && !hasDigits(kept[j], digits) })
	}
	if limit <= 0 {
		limit = 20
	}
	return kept[:min(limit, len(kept))], nil
}

func hasDigits(c connectors.Candidate, digits string) bool {
	for _, p := range c.Phones {
		if strings.Contains(onlyDigits(p.Raw), digits) {
			return true
		}
	}
	return false
}

// byNumber looks a number up in one source.
func (d *Driver) byNumber(ctx context.Context, op string, i int, q connectors.LookupQuery) ([]record, error) {
	s := d.sources[i]
	if s.Lookup == lookupTwoStep || d.twoStep[i].Load() {
		return d.viaPart(ctx, op, s, q)
	}
	found, err := d.direct(ctx, op, s, q)
	if err == nil || s.Lookup == lookupDirect || !refusesPaths(err) {
		return found, err
	}
	found, second := d.viaPart(ctx, op, s, q)
	if second != nil {
		return nil, err // the path was not what it minds
	}
	d.twoStep[i].Store(true)
	return found, nil
}

// direct filters the set by paths through its tabular part: one request, or a few at the same time where the conditions are too
// long for one query string.
func (d *Driver) direct(ctx context.Context, op string, s Source, q connectors.LookupQuery) ([]record, error) {
	conditions := numberConditions(q, s.Tabular+"/"+s.Columns.Digits, s.Tabular+"/"+s.Columns.Text)
	if s.PhoneField != "" {
		conditions = append(ownFieldConditions(q, s.PhoneField), conditions...)
	}
	base := query{entity: s.Entity, sel: s.selection(), top: rowsAsked}
	return d.all(ctx, op, base.pack("", conditions, d.maxQry))
}

// viaPart asks the tabular part, published as a set of its own, whose rows fit, and then for their owners.
func (d *Driver) viaPart(ctx context.Context, op string, s Source, q connectors.LookupQuery) ([]record, error) {
	rows := query{entity: s.Entity + "_" + s.Tabular, sel: []string{"Ref_Key"}, top: rowsAsked}
	found, err := d.all(ctx, op, rows.pack("", numberConditions(q, s.Columns.Digits, s.Columns.Text), d.maxQry))
	if err != nil {
		return nil, err
	}
	var conditions []string
	seen := map[string]bool{}
	for _, r := range found {
		if key := r.str("Ref_Key"); guidForm.MatchString(key) && !seen[key] {
			seen[key] = true
			conditions = append(conditions, "Ref_Key eq guid'"+key+"'")
		}
	}
	if s.PhoneField != "" {
		conditions = append(ownFieldConditions(q, s.PhoneField), conditions...)
	}
	owners := query{entity: s.Entity, sel: s.selection(), top: rowsAsked}
	return d.all(ctx, op, owners.pack("", conditions, d.maxQry))
}

// ownFieldConditions look into a field of the set itself, which holds digits in an order and number that only the base knows.
func ownFieldConditions(q connectors.LookupQuery, field string) []string {
	number := onlyDigits(q.National)
	if len(number) < 4 {
		return nil
	}
	return []string{contains(number, field)}
}

// all sends requests at the same time and joins their records.
func (d *Driver) all(ctx context.Context, op string, qs []query) ([]record, error) {
	answers := make([][]record, len(qs))
	if err := together(ctx, len(qs), func(ctx context.Context, i int) (err error) {
		answers[i], err = d.client.list(ctx, op, qs[i])
		return err
	}); err != nil {
		return nil, err
	}
	var out []record
	for _, a := range answers {
		out = append(out, a...)
	}
	return out, nil
}

// together runs n functions at the same time; the first error cancels the others and is returned.
func together(ctx context.Context, n int, f func(context.Context, int) error) error {
	if n == 1 {
		return f(ctx, 0)
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	var (
		wg    sync.WaitGroup
		once  sync.Once
		first error
	)
	for i := range n {
		wg.Go(func() {
			if err := f(ctx, i); err != nil {
				once.Do(func() {
					first = err
					cancel()
				})
			}
		})
	}
	wg.Wait()
	return first
}
