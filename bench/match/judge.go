package main

import (
	"context"
	"fmt"
	"io"
	"slices"
	"sort"
	"strings"
	"sync/atomic"
	"time"

	"github.com/pult-cc/pult/connectors"
	"github.com/pult-cc/pult/internal/customers"
	"github.com/pult-cc/pult/internal/customers/memrepo"
	"github.com/pult-cc/pult/internal/customers/phoneindex"
	"github.com/pult-cc/pult/internal/errs"
)

// system is a customer system that answers as 1C does: everybody in whose fields the last seven digits are anywhere. It can hang.
type system struct {
	tails map[string][]int
	all   []connectors.Candidate
	hangs atomic.Bool
}

func newSystem(all []connectors.Candidate) *system {
	s := &system{tails: map[string][]int{}, all: all}
	for i, c := range all {
		for _, p := range c.Phones {
			digits := digitsOf(p.Raw)
			for at := 0; at+7 <= len(digits); at++ {
				if had := s.tails[digits[at:at+7]]; len(had) == 0 || had[len(had)-1] != i {
					s.tails[digits[at:at+7]] = append(had, i)
				}
			}
		}
	}
	return s
}

func digitsOf(s string) string {
	return strings.Map(func(r rune) rune {
		if r < '0' || r > '9' {
			return -1
		}
		return r
	}, s)
}

func (s *system) ID() string                  { return "1c" }
func (s *system) Name() string                { return "1C" }
func (s *system) RingDeadline() time.Duration { return 1500 * time.Millisecond }
func (s *system) Status() connectors.Status   { return connectors.Status{} }
func (s *system) Peek(connectors.LookupQuery) (connectors.Answer, bool) {
	return connectors.Answer{}, false
}

func (s *system) Refresh(ctx context.Context, q connectors.LookupQuery) (connectors.Answer, error) {
	if s.hangs.Load() {
		<-ctx.Done()
		return connectors.Answer{}, errs.With(errs.Timeout, "asking", ctx.Err())
	}
	a := connectors.Answer{AsOf: time.Now()}
	if len(q.National) >= 7 {
		for _, i := range s.tails[q.National[len(q.National)-7:]] {
			a.Candidates = append(a.Candidates, s.all[i])
		}
	}
	return a, nil
}

func (s *system) Get(context.Context, connectors.Ref) (connectors.Candidate, error) {
	return connectors.Candidate{}, errs.E(errs.Unsupported, "getting", "not here")
}

func (s *system) Search(context.Context, string, int) ([]connectors.Candidate, error) {
	return nil, errs.E(errs.Unsupported, "searching", "not here")
}

// verdict counts what became of calls.
type verdict struct {
	resolvable, linked int
	wrong              int // linked to somebody whose number it is not
	ambiguous, hidden  int // several have the number, and that is not what was shown
	missed             map[string][2]int
	examples           []string
}

// judge compares an answer with the truth.
func (v *verdict) judge(c call, m customers.Match) {
	chosen := ""
	if m.Chosen != nil {
		chosen = m.Chosen.Name
	}
	if chosen != "" && !slices.Contains(c.owners, chosen) {
		v.wrong++
		v.example("wrong", c, chosen)
	}
	switch c.kind {
	case single, person:
		v.resolvable++
		of := v.missed[c.class]
		of[1]++
		if chosen == c.owners[0] {
			v.linked++
		} else {
			of[0]++
			v.example("missed", c, string(m.State))
		}
		v.missed[c.class] = of
	case ambiguous:
		v.ambiguous++
		shown := map[string]bool{}
		for _, cand := range m.Candidates {
			shown[cand.Customer.Name] = true
		}
		for _, o := range c.owners {
			if m.State != customers.MatchMany || !shown[o] {
				v.hidden++
				v.example("hidden", c, string(m.State))
				break
			}
		}
	}
}

func (v *verdict) example(what string, c call, got string) {
	if len(v.examples) < 10 {
		v.examples = append(v.examples, fmt.Sprintf("%s: %s (%s, %s) is %v, got %q", what, c.number, c.kind, c.class, c.owners, got))
	}
}

func (v *verdict) print(out io.Writer, what string) {
	fmt.Fprintf(out, "%s: %d of %d resolvable linked, %d ambiguous, %d wrong\n", what, v.linked, v.resolvable, v.ambiguous, v.wrong)
	var names []string
	for name, of := range v.missed {
		if of[0] > 0 {
			names = append(names, fmt.Sprintf("  %d of %d missed: %s", of[0], of[1], name))
		}
	}
	sort.Strings(names)
	for _, line := range append(names, v.examples...) {
		fmt.Fprintln(out, line)
	}
}

// answers asks for every call: from the index while the system hangs, and of the system itself.
func answers(ctx context.Context, b base) (fromIndex, live verdict, err error) {
	n, err := customers.NewNormalizer("RU", "")
	if err != nil {
		return fromIndex, live, err
	}
	sys := newSystem(b.customers)
	x := phoneindex.New("1c", "1C")
	for chunk := range slices.Chunk(b.customers, 500) {
		x.Put(normalised(n, chunk))
	}
	fromIndex.missed, live.missed = map[string][2]int{}, map[string][2]int{}
	for _, way := range []struct {
		v       *verdict
		indexes map[string]customers.Index
	}{{&fromIndex, map[string]customers.Index{"1c": x}}, {&live, nil}} {
		s, err := customers.NewService(customers.Options{
			Normalizer: n, Sources: []customers.Source{sys}, Repository: &memrepo.Repository{}, Indexes: way.indexes,
		})
		if err != nil {
			return fromIndex, live, err
		}
		sys.hangs.Store(way.indexes != nil)
		for _, c := range b.calls {
			if way.indexes == nil {
				way.v.judge(c, s.Match(ctx, c.number))
				continue
			}
			asking, over := context.WithCancel(ctx)
			now, later := s.Start(asking, c.number) // what a ringing call gets at once
			over()
			for range later {
			}
			way.v.judge(c, now)
		}
	}
	return fromIndex, live, nil
}

func normalised(n *customers.Normalizer, cs []connectors.Candidate) []customers.Customer {
	now := time.Now()
	out := make([]customers.Customer, len(cs))
	for i, c := range cs {
		out[i] = n.Customer("1c", "1C", c, now)
	}
	return out
}
