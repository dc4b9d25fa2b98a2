package customers

import (
	"context"
	"errors"
	"log/slog"
	"reflect"
	"slices"
	"sync/atomic"
	"time"

	"github.com/pult-cc/pult/connectors"
	"github.com/pult-cc/pult/internal/errs"
)

// Options configure a Service. Normalizer and Repository are required.
type Options struct {
	Normalizer *Normalizer
	Sources    []Source // in the order in which equal customers are preferred
	Repository Repository
	Indexes    map[string]Index // of the sources that are mirrored, by their ids

	LocalFor       time.Duration // what the repository said is believed so long without asking again; default 30 s
	LocalDeadline  time.Duration // how long the repository may take; default 1.5 s
	SearchDeadline time.Duration // how long a search waits for the systems; default 5 s
	FreshFor       time.Duration // a kept customer is shown by Get so long without asking its system; default 5 min
	MaxKnown       int           // numbers kept in memory; default 4096
	Log            *slog.Logger  // default: discarded
}

// Service answers who is calling. It may be used by many goroutines. It starts goroutines only for questions under way; they end with
// the context of the question.
type Service struct {
	numbers *Normalizer
	systems atomic.Pointer[systems]
	repo    Repository
	o       Options
	memory  memory
	log     *slog.Logger
}

// NewService makes a service.
func NewService(o Options) (*Service, error) {
	const op = "making customer service"
	if o.Normalizer == nil || o.Repository == nil {
		return nil, errs.E(errs.Internal, op, "a normalizer and a repository are needed")
	}
	orDefault(&o.LocalFor, 30*time.Second)
	orDefault(&o.LocalDeadline, 1500*time.Millisecond)
	orDefault(&o.SearchDeadline, 5*time.Second)
	orDefault(&o.FreshFor, 5*time.Minute)
	if o.MaxKnown <= 0 {
		o.MaxKnown = 4096
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	s := &Service{
		numbers: o.Normalizer, repo: o.Repository, o: o, log: o.Log,
		memory: memory{max: o.MaxKnown, entries: map[string]remembered{}},
	}
	return s, errs.Wrap(op, s.SetSystems(o.Sources, o.Indexes))
}

// systems are whom a question is put to: those that there were when it was asked, to its end.
type systems struct {
	sources []Source
	indexes map[string]Index
}

// SetSystems replaces the customer systems. Questions under way stay with those that they were put to, so these have to answer for as
// long as a question lasts. Neither argument may be changed afterwards. Two of one id are errs.Invalid, and nothing is replaced.
func (s *Service) SetSystems(sources []Source, indexes map[string]Index) error {
	seen := map[string]bool{}
	for _, src := range sources {
		if seen[src.ID()] {
			return errs.Ef(errs.Invalid, "replacing customer systems", "two customer systems are called %q", src.ID())
		}
		seen[src.ID()] = true
	}
	s.systems.Store(&systems{sources: sources, indexes: indexes})
	return nil
}

func orDefault(d *time.Duration, def time.Duration) {
	if *d <= 0 {
		*d = def
	}
}

// Numbers returns the normalizer.
func (s *Service) Numbers() *Normalizer { return s.numbers }

// Systems tells how the customer systems have been doing, in their order. It asks nobody.
func (s *Service) Systems() []connectors.Status {
	sources := s.systems.Load().sources
	out := make([]connectors.Status, 0, len(sources))
	for _, src := range sources {
		out = append(out, src.Status())
	}
	return out
}

// Start asks who has a number and does not wait: now is what memory knows, within microseconds. later delivers better answers as they
// come and is closed after the last; it is closed at once when now is final. The channel is buffered for all of them: whoever loses
// interest just stops reading. ctx bounds the whole question, not the call of this method; when it ends later is closed early.
func (s *Service) Start(ctx context.Context, rawNumber string) (now Match, later <-chan Match) {
	return s.start(ctx, rawNumber, false)
}

// Refresh is Start past every cache and what was remembered of the repository.
func (s *Service) Refresh(ctx context.Context, rawNumber string) (now Match, later <-chan Match) {
	return s.start(ctx, rawNumber, true)
}

// Match asks who has a number and waits for the last answer, or for the end of ctx.
func (s *Service) Match(ctx context.Context, rawNumber string) Match {
	m, later := s.Start(ctx, rawNumber)
	for better := range later {
		m = better
	}
	return m
}

func (s *Service) start(ctx context.Context, rawNumber string, force bool) (Match, <-chan Match) {
	n := s.numbers.Parse(rawNumber)
	if n.Kind != NumberPublic {
		return Match{State: MatchSkipped}, closed
	}
	sys := s.systems.Load()
	q := s.numbers.Query(n)
	known := s.memory.get(n.E164)
	inq := &inquiry{numbers: s.numbers, number: n, sources: make([]sourceState, len(sys.sources)), local: known.local, version: known.version}
	fresh := time.Since(inq.local.readAt) < s.o.LocalFor
	if !fresh || force {
		inq.local.readAt = time.Time{} // shown, but asked again
	}
	for i, src := range sys.sources {
		st := &inq.sources[i]
		st.id, st.name = src.ID(), src.Name()
		a, ok := src.Peek(q)
		if ok {
			st.found = s.check(n, src, a)
			if !a.Stale && !force {
				st.phase = answered
				continue
			}
		}
		if index := sys.indexes[src.ID()]; index != nil {
			st.indexed = s.fromIndex(n, index)
		}
	}
	now := inq.match()
	if inq.settled() {
		return now, closed
	}
	later := make(chan Match, 3*len(sys.sources)+3) // one per event at most, see follow
	go func() {
		defer close(later)
		s.follow(ctx, sys.sources, inq, q, now, later)
	}()
	return now, later
}

// closed is the channel of questions without a later answer.
var closed = func() <-chan Match {
	c := make(chan Match)
	close(c)
	return c
}()

// event is news for an inquiry: from the repository (source -1), from a source, or that a source is late.
type event struct {
	source int
	local  local
	answer connectors.Answer
	err    error
	late   bool
}

// follow asks whoever has not answered and sends every match that differs from the one before.
func (s *Service) follow(ctx context.Context, sources []Source, inq *inquiry, q connectors.LookupQuery, last Match, later chan<- Match) {
	began := time.Now()
	events := make(chan event, 2*len(sources)+1)
	if inq.local.readAt.IsZero() {
		go func() { events <- event{source: -1, local: s.readLocal(ctx, inq.number, inq.version)} }()
	}
	for i, src := range sources {
		if inq.sources[i].phase == answered {
			continue
		}
		timer := time.AfterFunc(src.RingDeadline(), func() { events <- event{source: i, late: true} })
		defer timer.Stop()
		go func() {
			a, err := src.Refresh(ctx, q)
			events <- event{source: i, answer: a, err: err}
		}()
	}
	tell := func() {
		// Somebody may have chosen meanwhile, perhaps upon what we said last; that stands.
		if k := s.memory.get(inq.number.E164); k.version.choices != inq.version.choices {
			inq.local.remembered, inq.local.by, inq.local.at, inq.local.refused = k.local.remembered, k.local.by, k.local.at, k.local.refused
		}
		if m := inq.match(); !reflect.DeepEqual(m, last) {
			last = m
			later <- m
		}
	}
	var heard []Customer
	for !inq.settled() {
		select {
		case <-ctx.Done():
			return
		case e := <-events:
			heard = append(heard, s.apply(sources, inq, e, began)...)
			tell()
		}
	}
	if s.renew(ctx, sources, inq) {
		tell()
		if c := inq.local.remembered; c != nil {
			heard = append(heard, *c)
		}
	}
	s.keep(ctx, inq.number, heard)
}

// apply takes an event into the inquiry and returns customers that a system has just told about.
func (s *Service) apply(sources []Source, inq *inquiry, e event, began time.Time) []Customer {
	if e.source < 0 {
		inq.local = e.local
		return nil
	}
	src, st := sources[e.source], &inq.sources[e.source]
	switch {
	case e.late && st.phase != waiting:
	case e.late:
		st.phase, st.since, st.problem = late, failingSince(src, began), "no answer yet"
	case e.err != nil:
		st.phase, st.since, st.problem = failed, failingSince(src, began), showProblem(e.err)
		s.log.Debug("customer system did not answer", "connector", src.ID(), "number", inq.number.E164, "kind", errs.KindOf(e.err).String())
	default:
		st.phase, st.problem = answered, ""
		st.found = s.check(inq.number, src, e.answer)
		out := make([]Customer, 0, len(st.found))
		for _, c := range st.found {
			out = append(out, c.Customer)
		}
		return out
	}
	return nil
}

func failingSince(src Source, began time.Time) time.Time {
	if since := src.Status().FailingSince; since != nil && since.Before(began) {
		return utc(*since)
	}
	return utc(began)
}

// readLocal asks the repository, and remembers what it said unless somebody has chosen since. Trouble there is logged and no more: the
// systems still answer.
func (s *Service) readLocal(ctx context.Context, n Number, at version) local {
	ctx, cancel := context.WithTimeout(ctx, s.o.LocalDeadline)
	defer cancel()
	known := local{readAt: time.Now()}
	links, err := s.repo.Links(ctx, n.E164)
	known.remembered, known.by, known.at, known.refused, known.spoken = links.Chosen, links.By, links.At, links.Refused, links.Spoken
	ok := s.fine("reading what is known of a number", n, err)
	known.kept, err = s.repo.KeptByNumber(ctx, n.E164)
	if s.fine("reading kept customers", n, err) && ok {
		s.memory.change(n.E164, func(r remembered) remembered {
			if r.version == at {
				r.local = known
			}
			return r
		})
	}
	return known
}

// fine reports whether the repository did its work, and logs when not.
func (s *Service) fine(what string, n Number, err error) bool {
	if err == nil || errs.Is(err, errs.NotFound) {
		return true
	}
	if !errors.Is(err, context.Canceled) { // the call is over: nobody waits for this
		s.log.Warn(what+" failed", "number", n.E164, "err", err)
	}
	return false
}

// renew fetches a remembered customer whose system is well but did not mention it: the record lacks the number, which is why a
// person had to choose it. A record that is gone is no longer offered.
func (s *Service) renew(ctx context.Context, sources []Source, inq *inquiry) bool {
	c := inq.local.remembered
	if c == nil {
		return false
	}
	for i, src := range sources {
		st := inq.sources[i]
		if src.ID() != c.Source || st.phase != answered {
			continue
		}
		for _, f := range st.found {
			if f.Customer.ID == c.ID {
				return false
			}
		}
		if time.Since(c.AsOf) < s.o.FreshFor {
			return false
		}
		ctx, cancel := context.WithTimeout(ctx, src.RingDeadline())
		defer cancel()
		found, err := src.Get(ctx, c.Ref)
		switch {
		case errs.Is(err, errs.NotFound) || err == nil && found.Deleted:
			inq.local.remembered, inq.local.by = nil, ""
		case err == nil:
			renewed := s.customer(src, found, connectors.Answer{AsOf: time.Now()})
			inq.local.remembered = &renewed
		default:
			return false
		}
		known := inq.local
		s.memory.change(inq.number.E164, func(r remembered) remembered {
			if r.version == inq.version {
				r.local = known
			}
			return r
		})
		return true
	}
	return false
}

// keep stores what systems told, for the day when they are silent, and remembers it for the number.
func (s *Service) keep(ctx context.Context, n Number, cs []Customer) {
	if len(cs) == 0 {
		return
	}
	s.memory.change(n.E164, func(r remembered) remembered {
		known := append([]Customer(nil), cs...)
		for _, old := range r.local.kept {
			if !slices.ContainsFunc(cs, func(c Customer) bool { return c.ID == old.ID }) {
				known = append(known, old)
			}
		}
		r.local.kept = known
		return r
	})
	ctx, cancel := context.WithTimeout(ctx, s.o.SearchDeadline)
	defer cancel()
	s.fine("keeping customers", n, s.repo.Keep(ctx, cs))
}
