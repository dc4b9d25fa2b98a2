package httpjson

import (
	"bytes"
	"context"
	"encoding/base64"
	"io"
	"strings"
	"time"
	"unicode"

	"github.com/pult-cc/pult/connectors"
	"github.com/pult-cc/pult/connectors/internal/number"
	"github.com/pult-cc/pult/internal/errs"
)

// The capabilities. Each is a type of its own, so that a driver without the operation has not the method either.
type (
	getter   struct{ *Driver }
	searcher struct{ *Driver }
	relater  struct{ *Driver }
	historic struct{ *Driver }
	creator  struct{ *Driver }
	logger   struct{ *Driver }
	attacher struct{ *Driver }
	tasker   struct{ *Driver }
	shower   struct{ *Driver }
	indexer  struct{ *Driver }
	lister   struct{ *Driver }
)

// As implements connectors.Partial.
func (d *Driver) As(target any) bool {
	has := func(op string) bool { return d.ops[op] != nil }
	switch t := target.(type) {
	case *connectors.Checker:
		*t = d
		return true
	case *connectors.Getter:
		return set(t, connectors.Getter(getter{d}), has("get"))
	case *connectors.Searcher:
		return set(t, connectors.Searcher(searcher{d}), has("search"))
	case *connectors.Relater:
		return set(t, connectors.Relater(relater{d}), has("related"))
	case *connectors.Historian:
		return set(t, connectors.Historian(historic{d}), has("history"))
	case *connectors.ContactCreator:
		return set(t, connectors.ContactCreator(creator{d}), has("create_contact"))
	case *connectors.CallLogger:
		return set(t, connectors.CallLogger(logger{d}), has("log_call"))
	case *connectors.RecordingAttacher:
		return set(t, connectors.RecordingAttacher(attacher{d}), has("attach_recording"))
	case *connectors.TaskCreator:
		return set(t, connectors.TaskCreator(tasker{d}), has("create_task"))
	case *connectors.CallShower:
		return set(t, connectors.CallShower(shower{d}), has("show_call"))
	case *connectors.Indexer:
		return set(t, connectors.Indexer(indexer{d}), has("index"))
	case *connectors.AgentLister:
		return set(t, connectors.AgentLister(lister{d}), has("agents"))
	case *connectors.ClickSource:
		return set(t, connectors.ClickSource(clicked{d}), d.click != nil && d.secrets[d.click.secret] != "" && d.secrets[d.click.secret] != nil)
	case *io.Closer:
		*t = d
		return true
	}
	return false
}

func set[T any](target *T, capability T, has bool) bool {
	if has {
		*target = capability
	}
	return has
}

// Get implements connectors.Getter.
func (d getter) Get(ctx context.Context, ref connectors.Ref) (connectors.Candidate, error) {
	const op = "getting record"
	none := errs.E(errs.NotFound, op, "there is no such record")
	if _, known := d.types[ref.Type]; !known || ref.Connector != d.id || ref.ID == "" {
		return connectors.Candidate{}, none
	}
	v, err := d.run(ctx, op, d.ops["get"], map[string]any{"type": ref.Type, "id": ref.ID})
	if err != nil {
		return connectors.Candidate{}, err
	}
	found, err := d.candidates(ctx, v)
	if err != nil {
		return connectors.Candidate{}, misfit(op, d.ops["get"], err)
	}
	for _, c := range found {
		if c.Ref == ref {
			return c, nil
		}
	}
	return connectors.Candidate{}, none
}

// The bounds of a search text: more words than that narrow nothing down.
const (
	maxWords    = 5
	maxWordSize = 40
)

// Search implements connectors.Searcher. .number is set when the text is digits as people write numbers, else .words.
func (d searcher) Search(ctx context.Context, text string, limit int) ([]connectors.Candidate, error) {
	const op = "searching"
	words := []any{}
	for _, w := range strings.FieldsFunc(text, func(r rune) bool { return unicode.IsSpace(r) || unicode.IsControl(r) }) {
		if !strings.ContainsFunc(w, func(r rune) bool { return unicode.IsLetter(r) || unicode.IsDigit(r) }) {
			continue // punctuation narrows nothing down, and every system has its own idea of it
		}
		if r := []rune(w); len(r) > maxWordSize {
			w = string(r[:maxWordSize])
		}
		if words = append(words, w); len(words) == maxWords {
			break
		}
	}
	if len(words) == 0 {
		return nil, nil
	}
	scope := map[string]any{"text": strings.TrimSpace(text), "words": words, "number": nil}
	digits := ""
	if n, ok := number.Typed(text); ok {
		doc, err := d.numberScope(ctx, connectors.LookupQuery{National: n, Region: "RU"})
		if err != nil {
			return nil, err
		}
		scope["number"], digits = doc, n
	}
	found, err := d.find(ctx, op, d.ops["search"], scope, max(limit, d.limits.Candidates), digits)
	if err != nil {
		return nil, err
	}
	out := []connectors.Candidate{}
	for _, c := range found {
		if !c.Deleted && (digits == "" || hasDigits(c, digits) || c.TaxID == digits) && len(out) < max(1, limit) {
			out = append(out, c)
		}
	}
	return out, nil
}

func person(p personOut) connectors.Person {
	return connectors.Person{ID: string(p.ID), Name: string(p.Name)}
}

func customerScope(r connectors.Ref) any {
	if r == (connectors.Ref{}) {
		return nil
	}
	return map[string]any{"type": r.Type, "id": r.ID}
}

func (d *Driver) listOf(ctx context.Context, op, name string, customer connectors.Ref, limit int) (any, int, error) {
	if limit <= 0 {
		limit = 20
	}
	v, err := d.run(ctx, op, d.ops[name], map[string]any{"customer": customerScope(customer), "limit": limit})
	return v, limit, err
}

// Related implements connectors.Relater.
func (d relater) Related(ctx context.Context, customer connectors.Ref, limit int) ([]connectors.Item, error) {
	const op = "asking for business"
	v, limit, err := d.listOf(ctx, op, "related", customer, limit)
	if err != nil {
		return nil, err
	}
	list, err := each[itemOut](v)
	if err != nil {
		return nil, misfit(op, d.ops["related"], err)
	}
	out := []connectors.Item{}
	for _, o := range list {
		out = append(out, connectors.Item{
			Ref: d.ref(o.Type, o.ID), Kind: connectors.ItemKind(o.Kind), Title: string(o.Title), Status: string(o.Status), Open: o.Open,
			Sum: string(o.Sum), Owner: person(o.Owner), At: time.Time(o.At), URL: d.url(ctx, o.URL, o.Type, o.ID),
		})
	}
	sortStable(out, func(a, b connectors.Item) bool {
		if a.Open != b.Open {
			return a.Open
		}
		return a.At.After(b.At)
	})
	return out[:min(limit, len(out))], nil
}

// History implements connectors.Historian.
func (d historic) History(ctx context.Context, customer connectors.Ref, limit int) ([]connectors.Contact, error) {
	const op = "asking for earlier contacts"
	v, limit, err := d.listOf(ctx, op, "history", customer, limit)
	if err != nil {
		return nil, err
	}
	list, err := each[contactOut](v)
	if err != nil {
		return nil, misfit(op, d.ops["history"], err)
	}
	out := []connectors.Contact{}
	for _, o := range list {
		out = append(out, connectors.Contact{
			Ref: d.ref(o.Type, o.ID), Channel: string(o.Channel), Inbound: o.Inbound, At: time.Time(o.At), Title: string(o.Title),
			Text: string(o.Text), Who: person(o.Who), URL: d.url(ctx, o.URL, o.Type, o.ID),
		})
	}
	sortStable(out, func(a, b connectors.Contact) bool { return a.At.After(b.At) })
	return out[:min(limit, len(out))], nil
}

func agentScope(a connectors.Agent) any {
	if a == (connectors.Agent{}) {
		return nil
	}
	return map[string]any{"id": orNull(a.ID), "login": a.Login, "name": a.Name, "extension": orNull(a.Extension), "email": orNull(a.Email)}
}

func orNull(s string) any {
	if s == "" {
		return nil
	}
	return s
}

// CreateContact implements connectors.ContactCreator.
func (d creator) CreateContact(ctx context.Context, c connectors.NewContact) (connectors.Candidate, error) {
	const op = "creating contact"
	o := d.ops["create_contact"]
	done, err := d.writing.lock(ctx, "contact "+c.Key)
	if err != nil {
		return connectors.Candidate{}, err
	}
	defer done()
	first, last, _ := strings.Cut(c.Name, " ")
	v, err := d.run(ctx, op, o, map[string]any{"contact": map[string]any{
		"key": c.Key, "kind": string(c.Kind), "name": c.Name, "first_name": first, "last_name": strings.TrimSpace(last), "company": orNull(c.Company),
		"phone": c.Phone, "email": orNull(c.Email), "comment": orNull(c.Comment), "agent": agentScope(c.Agent),
	}})
	if err != nil {
		return connectors.Candidate{}, err
	}
	found, err := d.candidates(ctx, v)
	if err != nil {
		return connectors.Candidate{}, misfit(op, o, err)
	}
	if len(found) == 0 {
		return connectors.Candidate{}, errs.E(errs.Invalid, op, "the system did not say what it created")
	}
	if found[0].Name == "" {
		found[0].Name = c.Name
	}
	if len(found[0].Phones) == 0 && c.Phone != "" {
		found[0].Phones = []connectors.Phone{{Raw: c.Phone}}
	}
	return found[0], nil
}

// LogCall implements connectors.CallLogger.
func (d logger) LogCall(ctx context.Context, c connectors.CallRecord) (connectors.Ref, error) {
	const op = "logging call"
	if c.Customer != (connectors.Ref{}) || c.Written == (connectors.Written{}) || !d.ops["log_call"].needsCustomer {
		return d.write(ctx, op, "log_call", c.Key, "call", callScope(c))
	}
	withdraw := d.ops["withdraw_call"]
	if withdraw == nil {
		return connectors.Ref{}, errs.E(errs.Unsupported, op, "what was written for a wrong customer cannot be taken back")
	}
	done, err := d.writing.lock(ctx, "log_call "+c.Key)
	if err != nil {
		return connectors.Ref{}, err
	}
	defer done()
	if _, err := d.run(ctx, op, withdraw, map[string]any{"call": callScope(c)}); err != nil {
		return connectors.Ref{}, err
	}
	return connectors.Ref{}, connectors.NeedsCustomer(op)
}

// CreateTask implements connectors.TaskCreator.
func (d tasker) CreateTask(ctx context.Context, t connectors.Task) (connectors.Ref, error) {
	return d.write(ctx, "creating task", "create_task", t.Key, "task", map[string]any{
		"key": t.Key, "customer": customerScope(t.Customer), "number": orNull(t.Number), "title": t.Title, "text": t.Text,
		"due_at": stamp(t.DueAt), "agent": agentScope(t.Agent),
	})
}

// AnnounceCall implements connectors.CallShower.
func (d shower) AnnounceCall(ctx context.Context, c connectors.LiveCall) (connectors.Ref, error) {
	const op = "announcing call"
	done, err := d.writing.lock(ctx, "log_call "+c.Key)
	if err != nil {
		return connectors.Ref{}, err
	}
	defer done()
	return d.write(ctx, op, "announce_call", c.Key, "call", map[string]any{
		"key": c.Key, "customer": customerScope(c.Customer), "number": orNull(c.Number), "inbound": c.Inbound, "queue": orNull(c.Queue),
		"agent": agentScope(c.Agent), "started_at": stamp(c.StartedAt),
	})
}

// ShowCall implements connectors.CallShower.
func (d shower) ShowCall(ctx context.Context, c connectors.Card) error {
	const op = "showing call"
	done, err := d.writing.lock(ctx, "log_call "+c.Key)
	if err != nil {
		return err
	}
	defer done()
	_, err = d.run(ctx, op, d.ops["show_call"], map[string]any{"card": map[string]any{
		"key": c.Key, "call": customerScope(c.Call), "agent": agentScope(c.Agent), "away": c.Away,
	}})
	return err
}

func callScope(c connectors.CallRecord) map[string]any {
	tags := []any{}
	for _, t := range c.Tags {
		tags = append(tags, t)
	}
	return map[string]any{
		"key": c.Key, "customer": customerScope(c.Customer), "number": orNull(c.Number), "inbound": c.Inbound, "queue": orNull(c.Queue),
		"agent": agentScope(c.Agent), "started_at": stamp(c.StartedAt), "ended_at": stamp(c.StartedAt.Add(c.Waited + c.Talked)),
		"waited": int(c.Waited.Seconds()), "talked": int(c.Talked.Seconds()), "outcome": string(c.Outcome), "topic": orNull(c.Topic),
		"tags": tags, "comment": orNull(c.Comment), "url": orNull(c.URL), "written": writtenScope(c),
		"announced": announcedScope(c.Announced, c.Customer),
	}
}

// writtenScope tells what stands of a call already; its customer is there only when it is another one than now, or nobody.
func writtenScope(c connectors.CallRecord) map[string]any {
	out := map[string]any{"type": orNull(c.Written.Ref.Type), "id": orNull(c.Written.Ref.ID), "customer": nil}
	if c.Written.Customer != c.Customer {
		out["customer"] = customerScope(c.Written.Customer)
	}
	return out
}

// announcedScope tells what the system was told of the call while it lived, null when it was not; its customer is there only when it is
// another one than now.
func announcedScope(a connectors.Announced, now connectors.Ref) any {
	if a == (connectors.Announced{}) {
		return nil
	}
	out := map[string]any{"type": orNull(a.Ref.Type), "id": orNull(a.Ref.ID), "customer": nil}
	if a.Customer != now {
		out["customer"] = customerScope(a.Customer)
	}
	return out
}

func stamp(t time.Time) any {
	if t.IsZero() {
		return nil
	}
	return t.UTC().Format(time.RFC3339)
}

func (d *Driver) write(ctx context.Context, op, name, key, as string, doc map[string]any) (connectors.Ref, error) {
	if d.ops[name].needsCustomer && doc["customer"] == nil {
		return connectors.Ref{}, connectors.NeedsCustomer(op)
	}
	done, err := d.writing.lock(ctx, name+" "+key)
	if err != nil {
		return connectors.Ref{}, err
	}
	defer done()
	v, err := d.run(ctx, op, d.ops[name], map[string]any{as: doc})
	if err != nil {
		return connectors.Ref{}, err
	}
	refs, err := each[refOut](v)
	if err != nil {
		return connectors.Ref{}, misfit(op, d.ops[name], err)
	}
	if len(refs) == 0 || refs[0].ID == "" {
		return connectors.Ref{}, errs.E(errs.Invalid, op, "the system did not say what it wrote")
	}
	return d.ref(refs[0].Type, refs[0].ID), nil
}

// maxRecording is the longest file that is sent within a request.
const maxRecording = 32 << 20

// AttachRecording implements connectors.RecordingAttacher.
func (d attacher) AttachRecording(ctx context.Context, r connectors.Recording) error {
	const op = "attaching recording"
	o := d.ops["attach_recording"]
	done, err := d.writing.lock(ctx, "log_call "+r.Key)
	if err != nil {
		return err
	}
	defer done()
	doc := map[string]any{
		"key": r.Key, "call": customerScope(r.Call), "customer": customerScope(r.Customer), "name": r.Name, "type": r.Type,
		"seconds": int(r.Length.Seconds()), "url": orNull(r.URL), "content": nil, "announced": announcedScope(r.Announced, r.Customer),
	}
	if o.content {
		if doc["content"], err = content(ctx, op, r); err != nil {
			return err
		}
	}
	_, err = d.run(ctx, op, o, map[string]any{"recording": doc})
	return err
}

func content(ctx context.Context, op string, r connectors.Recording) (string, error) {
	f, err := r.Open(ctx)
	if err != nil {
		return "", errs.Wrap(op, err)
	}
	defer f.Close()
	var b bytes.Buffer
	enc := base64.NewEncoder(base64.StdEncoding, &b)
	n, err := io.Copy(enc, io.LimitReader(f, maxRecording+1))
	if err == nil {
		err = enc.Close()
	}
	switch {
	case err != nil:
		return "", &errs.Error{Kind: errs.Unavailable, Op: op, Msg: "the recording cannot be read", Err: err}
	case n > maxRecording:
		return "", errs.Ef(errs.Rejected, op, "the recording is longer than %d MiB", maxRecording>>20)
	}
	return b.String(), nil
}

// Index implements connectors.Indexer.
func (d indexer) Index(ctx context.Context, cursor string, limit int) (connectors.Page, error) {
	const op = "listing customers"
	if limit <= 0 || limit > d.limits.Page {
		limit = d.limits.Page
	}
	v, err := d.run(ctx, op, d.ops["index"], map[string]any{"cursor": orNull(cursor), "limit": limit})
	if err != nil {
		return connectors.Page{}, err
	}
	var p pageOut
	if err := decode(v, &p); err != nil {
		return connectors.Page{}, misfit(op, d.ops["index"], err)
	}
	out := connectors.Page{Next: string(p.Next)}
	for _, o := range p.Candidates {
		if c, ok := d.candidate(ctx, o); ok {
			out.Candidates = append(out.Candidates, c)
		}
	}
	return out, nil
}

// Agents implements connectors.AgentLister.
func (d lister) Agents(ctx context.Context) ([]connectors.Agent, error) {
	const op = "listing people"
	v, err := d.run(ctx, op, d.ops["agents"], map[string]any{})
	if err != nil {
		return nil, err
	}
	list, err := each[agentOut](v)
	if err != nil {
		return nil, misfit(op, d.ops["agents"], err)
	}
	var out []connectors.Agent
	for _, a := range list {
		out = append(out, connectors.Agent{
			ID: string(a.ID), Login: string(a.Login), Name: string(a.Name), Extension: string(a.Extension), Email: string(a.Email),
		})
	}
	return out, nil
}
