// Package capture makes an anonymised recording of a real customer system that can be given away and become a test.
//
// It asks twice. First the real system, with every exchange recorded. Then the same driver with pseudonyms in its questions and
// settings, at a server on this machine that gives the recorded answers, anonymised, to the requests that correspond: so the requests
// of the recording are those of the driver itself, and both outcomes can be compared before anything is written.
package capture

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"io"
	"sync"

	"github.com/pult-cc/pult/connectors"
	"github.com/pult-cc/pult/connectors/trace"
	"github.com/pult-cc/pult/internal/errs"
)

// Options say what is captured.
type Options struct {
	Factory  connectors.Factory
	ID       string
	Config   json.RawMessage
	Secrets  connectors.Secrets
	Numbers  []connectors.LookupQuery
	Searches []string
	Index    bool // the first page
	Check    bool
}

// question is one thing to ask.
type question struct {
	op    string
	query connectors.LookupQuery
	text  string
}

// outcome is what came of it.
type outcome struct {
	found []connectors.Candidate
	err   error
}

// recording is what the system was asked, question by question.
type recording struct {
	mu  sync.Mutex
	now int
	all []recorded
}

// recorded is an exchange and the question that it belongs to.
type recorded struct {
	trace.Exchange
	of int
}

func (r *recording) begin(question int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.now = question
}

func (r *recording) add(e trace.Exchange) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.all = append(r.all, recorded{e, r.now})
}

// Run captures. A kind that asks nothing by HTTP is errs.Unsupported; recorded answers of which the driver makes something else than
// of the real ones are errs.Rejected.
func Run(ctx context.Context, o Options) (Fixture, error) {
	const op = "capturing"
	key := make([]byte, 32)
	_, _ = rand.Read(key) // never fails, see crypto/rand
	var words []string
	if o.Factory.Vocabulary != nil {
		words = o.Factory.Vocabulary(o.Config)
	}
	a := NewAnonymiser(key, words, Host)

	var rec recording
	asked := o.questions()
	secrets := &remembered{Secrets: o.Secrets}
	actual, err := ask(trace.WithTap(ctx, rec.add), o.Factory, o.ID, o.Config, secrets, asked, rec.begin)
	if err != nil {
		return Fixture{}, errs.Wrap(op, err)
	}
	if len(rec.all) == 0 {
		return Fixture{}, errs.E(errs.Unsupported, op, "the connector sent no HTTP request: there is nothing to record")
	}

	s, err := newShadow(ctx, a, rec.all, secrets.values)
	if err != nil {
		return Fixture{}, err
	}
	defer s.close()
	config, err := disguise(a, o.Factory, o.Config)
	if err != nil {
		return Fixture{}, errs.Wrap(op, err)
	}
	again := make([]question, len(asked))
	for i, q := range asked {
		again[i] = a.question(q)
	}
	local, err := at(config, s.address)
	if err != nil {
		return Fixture{}, errs.Wrap(op, err)
	}
	rehearsed, err := ask(ctx, o.Factory, o.ID, local, NoSecrets{}, again, s.begin)
	if err != nil {
		return Fixture{}, errs.Wrap(op, err)
	}
	out := Fixture{Format: Format, Kind: o.Factory.Kind, Config: config, Exchanges: s.exchanges()}
	for i, q := range again {
		if err := same(actual[i], rehearsed[i]); err != nil {
			return Fixture{}, errs.Ef(errs.Rejected, op, "%s does not go with anonymised answers as it does with the real ones: %v", q.op, err)
		}
		out.Cases = append(out.Cases, s.caseOf(q, rehearsed[i]))
	}
	return out, nil
}

func (o Options) questions() []question {
	var out []question
	if o.Check {
		out = append(out, question{op: "check"})
	}
	for _, q := range o.Numbers {
		out = append(out, question{op: "lookup", query: q})
	}
	for _, t := range o.Searches {
		out = append(out, question{op: "search", text: t})
	}
	if o.Index {
		out = append(out, question{op: "index"})
	}
	return out
}

// question is one about the pseudonyms.
func (a *Anonymiser) question(q question) question {
	q.query.E164, q.query.National, q.text = a.Number(q.query.E164), a.Number(q.query.National), a.Text(q.text)
	return q
}

// ask opens a driver and asks it one after the other.
func ask(ctx context.Context, f connectors.Factory, id string, config json.RawMessage, secrets connectors.Secrets, qs []question, begin func(int)) ([]outcome, error) {
	d, err := f.New(ctx, id, config, secrets)
	if err != nil {
		return nil, err
	}
	if c, ok := d.(io.Closer); ok {
		defer func() { _ = c.Close() }() // nothing was written
	}
	out := make([]outcome, len(qs))
	for i, q := range qs {
		begin(i)
		out[i].found, out[i].err = Ask(ctx, d, Case{Op: q.op, Query: &q.query, Text: q.text})
	}
	return out, nil
}

// pageSize is how many records of an index are asked for.
const pageSize = 50

// Ask puts the question of a case to a driver. What the driver cannot is errs.Unsupported.
func Ask(ctx context.Context, d connectors.Driver, c Case) ([]connectors.Candidate, error) {
	switch c.Op {
	case "check":
		if checker, ok := connectors.As[connectors.Checker](d); ok {
			_, err := checker.Check(ctx)
			return nil, err
		}
	case "lookup":
		return d.Lookup(ctx, *c.Query)
	case "search":
		if searcher, ok := connectors.As[connectors.Searcher](d); ok {
			return searcher.Search(ctx, c.Text, 20)
		}
	case "index":
		if indexer, ok := connectors.As[connectors.Indexer](d); ok {
			page, err := indexer.Index(ctx, "", pageSize)
			return page.Candidates, err
		}
	}
	return nil, errs.E(errs.Unsupported, "asking", "the connector cannot "+c.Op)
}

// same tells whether two outcomes are alike but for names.
func same(a, b outcome) error {
	if errs.KindOf(a.err) != errs.KindOf(b.err) || (a.err == nil) != (b.err == nil) {
		return fmt.Errorf("it ends with %v instead of %v", b.err, a.err)
	}
	if len(a.found) != len(b.found) {
		return fmt.Errorf("%d records instead of %d", len(b.found), len(a.found))
	}
	for i, x := range a.found {
		y := b.found[i]
		if a, b := shape(x), shape(y); a != b {
			return fmt.Errorf("record %d is %s instead of %s", i+1, b, a)
		}
	}
	return nil
}

// shape is what of a record tells of nobody.
func shape(c connectors.Candidate) string {
	return fmt.Sprintf("a %s of %s with %d phones and %d addresses of mail, deleted %v, open %v", c.Kind, c.Ref.Type, len(c.Phones), len(c.Emails), c.Deleted, c.Open)
}
