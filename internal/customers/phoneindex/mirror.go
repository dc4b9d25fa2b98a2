package phoneindex

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"sync"
	"time"

	"github.com/pult-cc/pult/connectors"
	"github.com/pult-cc/pult/internal/customers"
	"github.com/pult-cc/pult/internal/errs"
)

// Lister is what a Mirror needs of a connector.
type Lister interface {
	Index(ctx context.Context, cursor string, limit int) (connectors.Page, error)
}

// Options configure a Mirror. Connector, Lister, Numbers and Repository are required.
type Options struct {
	Connector  string // instance id
	Name       string // as people know it
	System     string // tells customer systems apart: what was read of another one is not used
	Config     string // how records are read: what was read under another one serves until everything is read anew
	Lister     Lister
	Numbers    *customers.Normalizer
	Repository Repository
	Former     *Mirror // in whose place this one comes; nil: nobody's. Of another connector or system it is not regarded
	// Lead waits until this process is the one that reads, and returns what is closed when it no longer is. nil: it always is.
	Lead func(ctx context.Context) (lost <-chan struct{}, release func(), err error)

	Every    time.Duration // from the end of a scan to the beginning of the next; default 24 h
	Limit    int           // records a page; default 500
	MinPause time.Duration // after a page; default 200 ms. After a slow page the pause is as long as the page took
	Poll     time.Duration // how often the others look for what was read; default 30 s
	NewID    func() string // of a scan; ids of later scans need not be greater
	Log      *slog.Logger  // default: discarded
}

// Mirror keeps an Index filled: from the repository at first, then page after page from the customer system, again and again. One of
// many processes reads, the others follow through the repository.
type Mirror struct {
	o     Options
	index *Index
	view  *View
	log   *slog.Logger

	catching sync.Mutex

	mu     sync.Mutex
	state  State
	loaded map[string]int // scan: Seq of the last page in the index
	pruned map[string]bool
}

// State is how a mirror is doing.
type State struct {
	Stats
	CompleteAt time.Time // end of the last complete scan; zero: none yet
	Reading    bool      // a scan goes on
	Pages      int       // of it
	Problem    string    // of the last page, fit to show; "" when it was read
}

// The age from which a scan is not gone on with: cursors are good for a day.
const maxScanAge = 24 * time.Hour

// NewMirror makes a mirror. Run fills it.
func NewMirror(o Options) (*Mirror, error) {
	if o.Connector == "" || o.Lister == nil || o.Numbers == nil || o.Repository == nil || o.NewID == nil {
		return nil, errs.E(errs.Internal, "making phone index", "connector, lister, numbers, repository and ids are needed")
	}
	for _, d := range []struct {
		v   *time.Duration
		def time.Duration
	}{{&o.Every, 24 * time.Hour}, {&o.MinPause, 200 * time.Millisecond}, {&o.Poll, 30 * time.Second}} {
		if *d.v <= 0 {
			*d.v = d.def
		}
	}
	if o.Limit <= 0 {
		o.Limit = 500
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	index := New(o.Connector, o.Name)
	m := &Mirror{
		o: o, index: index, view: &View{own: index}, log: o.Log.With("connector", o.Connector),
		loaded: map[string]int{}, pruned: map[string]bool{},
	}
	m.succeed(o.Former)
	m.o.Former = nil
	return m, nil
}

// Index is what the mirror fills.
func (m *Mirror) Index() *View { return m.view }

// State tells how the mirror is doing.
func (m *Mirror) State() State {
	m.mu.Lock()
	defer m.mu.Unlock()
	s := m.state
	s.Stats = m.view.Stats()
	return s
}

func (m *Mirror) note(f func(*State)) {
	m.mu.Lock()
	defer m.mu.Unlock()
	f(&m.state)
}

// stamp says how pages are written, of which system, and how its records are read.
func (m *Mirror) stamp() string { return m.place() + " " + m.o.Config }

// place is what pages have in common that may answer together.
func (m *Mirror) place() string { return format + " " + m.o.Numbers.Region() + " " + m.o.System }

// Run fills the index until ctx ends, or until the system turns out to be one that cannot list its records.
func (m *Mirror) Run(ctx context.Context) error {
	following, stop := context.WithCancel(ctx)
	var wg sync.WaitGroup
	wg.Go(func() { m.follow(following) })
	defer wg.Wait()
	defer stop()
	for ctx.Err() == nil {
		err := m.lead(ctx)
		switch {
		case errs.Is(err, errs.Unsupported):
			m.log.Info("customer system cannot list its records: no phone index")
			return nil
		case err != nil && ctx.Err() == nil:
			m.log.Warn("phone index", "err", err)
		}
		pause(ctx, m.o.Poll)
	}
	return nil
}

// follow takes what is in the repository, now and again: at a start everything, later what another process has read.
func (m *Mirror) follow(ctx context.Context) {
	for ctx.Err() == nil {
		if _, err := m.catchUp(ctx); err != nil && ctx.Err() == nil {
			m.log.Warn("reading the phone index", "err", err)
		}
		pause(ctx, m.o.Poll)
	}
}

// lead reads scan after scan while this process is the one to do so.
func (m *Mirror) lead(ctx context.Context) error {
	if m.o.Lead != nil {
		lost, release, err := m.o.Lead(ctx)
		if err != nil {
			return err
		}
		defer release()
		held, cancel := context.WithCancel(ctx)
		defer cancel()
		go func() {
			select {
			case <-lost:
				cancel()
			case <-held.Done():
			}
		}()
		ctx = held
	}
	for ctx.Err() == nil {
		scans, err := m.catchUp(ctx)
		if err != nil {
			return err
		}
		s, due := m.next(scans, time.Now())
		if s == nil {
			pause(ctx, due)
			continue
		}
		if err := m.scan(ctx, *s); err != nil {
			return err
		}
	}
	return nil
}

// next returns the scan to go on with or to begin; else how long there is nothing to do.
func (m *Mirror) next(scans []Scan, now time.Time) (*Scan, time.Duration) {
	var done time.Time
	for i := len(scans) - 1; i >= 0; i-- {
		s := scans[i]
		if s.Stamp != m.stamp() {
			continue
		}
		if s.FinishedAt == nil && now.Sub(s.StartedAt) < maxScanAge {
			return &s, 0
		}
		if s.FinishedAt != nil && s.FinishedAt.After(done) {
			done = *s.FinishedAt
		}
	}
	if wait := done.Add(m.o.Every).Sub(now); wait > 0 {
		return nil, wait
	}
	return &Scan{Connector: m.o.Connector, Stamp: m.stamp(), StartedAt: now.UTC().Truncate(time.Microsecond)}, 0
}

// scan reads a scan to its end. Trouble of the system makes it wait longer and longer; other errors end it.
func (m *Mirror) scan(ctx context.Context, s Scan) error {
	if s.ID == "" {
		s.ID = m.o.NewID()
		if err := m.o.Repository.Begin(ctx, s); err != nil {
			return err
		}
	}
	m.note(func(st *State) { st.Reading, st.Pages = true, s.Pages })
	defer m.note(func(st *State) { st.Reading = false })
	if s.Pages > 0 && s.Next == "" { // everything was read and the end was not noted
		return m.finish(ctx, s)
	}
	wait := time.Second
	for ctx.Err() == nil {
		began := time.Now()
		next, err := m.page(ctx, &s)
		switch {
		case err == nil && next == "":
			return m.finish(ctx, s)
		case err == nil:
			wait = time.Second
			pause(ctx, max(m.o.MinPause, time.Since(began)))
			continue
		case errs.Is(err, errs.Invalid) && s.Next != "": // the cursor is too old: from the beginning
			m.log.Info("phone index begins anew", "err", err)
			err := m.o.Repository.Drop(ctx, s.ID)
			pause(ctx, m.o.Poll)
			return err
		case errs.Is(err, errs.Unsupported), errs.Is(err, errs.Conflict), errs.Is(err, errs.NotFound):
			return err
		}
		if ctx.Err() != nil {
			break
		}
		m.note(func(st *State) { st.Problem = problem(err) })
		m.log.Info("a page of the phone index could not be read", "page", s.Pages+1, "err", err, "again_in", wait)
		asked, _ := connectors.RetryAfterOf(err)
		pause(ctx, max(wait, asked))
		wait = min(2*wait, 5*time.Minute)
	}
	return nil
}

// page reads the next page of a scan, stores it and takes it into the index.
func (m *Mirror) page(ctx context.Context, s *Scan) (next string, err error) {
	answer, err := m.o.Lister.Index(ctx, s.Next, m.o.Limit)
	if err != nil {
		return "", err
	}
	now := time.Now().UTC().Truncate(time.Millisecond)
	cs := make([]customers.Customer, 0, len(answer.Candidates))
	for _, c := range answer.Candidates {
		if c.Deleted {
			continue
		}
		if known := m.o.Numbers.Customer(m.o.Connector, m.o.Name, c, now); len(known.Numbers) > 0 {
			cs = append(cs, known)
		}
	}
	data, err := EncodePage(cs)
	if err != nil {
		return "", err
	}
	p := Page{Seq: s.Pages + 1, Next: answer.Next, Records: len(cs), ReadAt: now, Data: data}
	if err := m.o.Repository.Add(ctx, s.ID, p); err != nil {
		return "", err
	}
	m.index.Put(cs)
	s.Pages, s.Next = p.Seq, p.Next
	m.mu.Lock()
	defer m.mu.Unlock()
	m.loaded[s.ID] = max(m.loaded[s.ID], p.Seq)
	m.state.Pages, m.state.Problem = p.Seq, ""
	return p.Next, nil
}

func (m *Mirror) finish(ctx context.Context, s Scan) error {
	now := time.Now().UTC().Truncate(time.Microsecond)
	if err := m.o.Repository.Finish(ctx, s.ID, now); err != nil {
		return err
	}
	s.FinishedAt = &now
	m.complete(s)
	st := m.State()
	m.log.Info("phone index is complete", "customers", st.Customers, "numbers", st.Numbers, "pages", s.Pages, "took", now.Sub(s.StartedAt).Round(time.Second))
	return nil
}

// complete takes out of the index whom a complete scan did not mention.
func (m *Mirror) complete(s Scan) {
	m.mu.Lock()
	first := !m.pruned[s.ID]
	m.pruned[s.ID] = true
	m.state.CompleteAt = *s.FinishedAt
	m.mu.Unlock()
	if first {
		m.index.Prune(s.StartedAt.Truncate(time.Millisecond))
	}
}

// catchUp takes the pages that are stored and not in the index, oldest scans first.
func (m *Mirror) catchUp(ctx context.Context) ([]Scan, error) {
	m.catching.Lock()
	defer m.catching.Unlock()
	scans, err := m.o.Repository.Scans(ctx, m.o.Connector)
	if err != nil {
		return nil, err
	}
	for _, s := range m.serving(scans) {
		m.mu.Lock()
		after := m.loaded[s.ID]
		m.mu.Unlock()
		if s.Pages > after {
			err := m.o.Repository.Pages(ctx, s.ID, after, func(p Page) error {
				cs, err := DecodePage(p.Data, m.o.Connector)
				if err != nil {
					return err
				}
				for i := range cs {
					cs[i].AsOf = p.ReadAt
				}
				m.index.Put(cs)
				m.mu.Lock()
				m.loaded[s.ID] = max(m.loaded[s.ID], p.Seq)
				m.mu.Unlock()
				return nil
			})
			if errs.Is(err, errs.Invalid) {
				m.log.Warn("a stored phone index is broken and is dropped", "scan", s.ID)
				return nil, errors.Join(err, m.o.Repository.Drop(ctx, s.ID))
			}
			if err != nil {
				return nil, err
			}
		}
		if s.FinishedAt != nil {
			m.complete(s)
		}
	}
	m.forget(scans)
	m.view.former.Store(nil)
	return scans, nil
}

// forget drops the notes on scans that are no longer there. A scan that has just begun here may not be among them yet.
func (m *Mirror) forget(scans []Scan) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for id := range m.loaded {
		if m.pruned[id] && !slices.ContainsFunc(scans, func(s Scan) bool { return s.ID == id }) {
			delete(m.loaded, id)
			delete(m.pruned, id)
		}
	}
}

// problem is the text of an error that is fit to show.
func problem(err error) string {
	if msg := errs.Message(err); msg != "" {
		return msg
	}
	return "the page could not be read"
}

func pause(ctx context.Context, d time.Duration) {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
	case <-t.C:
	}
}
