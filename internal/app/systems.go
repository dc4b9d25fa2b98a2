package app

import (
	"cmp"
	"context"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/pult-cc/pult/connectors"
	"github.com/pult-cc/pult/connectors/all"
	"github.com/pult-cc/pult/connectors/resilient"
	"github.com/pult-cc/pult/graph"
	"github.com/pult-cc/pult/internal/bus"
	"github.com/pult-cc/pult/internal/customers"
	"github.com/pult-cc/pult/internal/customers/phoneindex"
	"github.com/pult-cc/pult/internal/errs"
	"github.com/pult-cc/pult/internal/obs"
	"github.com/pult-cc/pult/internal/workbench"
)

// subjectConnectors is where processes tell each other that a connector of the web app has changed.
const subjectConnectors = "connectors"

// lookForConnectors is how often the database is asked all the same: a message may be lost.
const lookForConnectors = 15 * time.Second

// systems are the customer systems in use: those of the configuration file, which stay, and those of the web app, which come and go
// while calls are under way. Questions stay with the systems that they were put to; one that is replaced ends when those are over.
type systems struct {
	app   *App
	kinds *connectors.Registry
	wake  chan struct{} // somebody is waiting to be started

	mu      sync.Mutex
	all     []*system
	waiting []*system
	refused map[string]string // what could not be opened, by id
}

// system is one customer system in use.
type system struct {
	spec    workbench.Spec
	c       *resilient.Connector
	mirror  *phoneindex.Mirror // nil: not mirrored
	part    obs.Part
	retired chan struct{} // closed when it has been replaced or taken away
	gone    atomic.Bool   // its connector is no longer configured
}

// openConnectors makes the customer systems' drivers, the matcher over them and the workbench. Nothing is connected yet, but plug-ins
// are started.
func (a *App) openConnectors(ctx context.Context) error {
	reg, err := all.Registry(a.log)
	if err != nil {
		return err
	}
	a.systems = &systems{app: a, kinds: reg, wake: make(chan struct{}, 1), refused: map[string]string{}}
	file, err := a.fileConnectors()
	if err != nil {
		return err
	}
	a.bench = workbench.New(workbench.Options{
		Kinds: reg.Kinds(), Open: reg.Open, File: file, Repository: a.store.WebConnectors(), Sealer: a.sealer, Numbers: a.number,
		Reach:   connectors.Reach{Networks: a.cfg.WebConnectors.Networks, Folders: a.cfg.WebConnectors.Folders},
		Lock:    a.exclusive,
		Changed: a.systems.changed, Status: a.systems.status, Now: time.Now, Log: a.log,
	})
	if a.match, err = customers.NewService(customers.Options{Repository: a.store.Customers(), Normalizer: a.number, Log: a.log}); err != nil {
		return err
	}
	a.closers = append(a.closers, closing(a.systems.close)) // also when Run is never reached: a plug-in is a process
	a.workers = append(a.workers, a.systems.run)
	return a.systems.reconcile(ctx)
}

// fileConnectors are those of the configuration file.
func (a *App) fileConnectors() ([]workbench.Spec, error) {
	var out []workbench.Spec
	for _, c := range a.cfg.Connectors {
		raw, err := c.JSON()
		if err != nil {
			return nil, err
		}
		out = append(out, workbench.Spec{ID: c.ID, Kind: c.Kind, Name: cmp.Or(c.Name, c.ID), Config: raw, Secrets: a.secrets, NoIndex: c.NoIndex})
	}
	return out, nil
}

// closing is an io.Closer.
type closing func()

func (c closing) Close() error {
	c()
	return nil
}

// reconcile makes the systems in use those that are configured. One of the web app that cannot be opened leaves what is in use under
// its name standing; one of the file is an error.
func (s *systems) reconcile(ctx context.Context) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	specs, err := s.app.bench.Specs(ctx)
	if err != nil {
		return err
	}
	inUse := map[string]*system{}
	for _, sys := range s.all {
		inUse[sys.spec.ID] = sys
	}
	var next, opened []*system
	refused := map[string]string{}
	for _, spec := range specs {
		old := inUse[spec.ID]
		if old != nil && old.spec.Version == spec.Version && old.spec.Kind == spec.Kind {
			next = append(next, old)
			continue
		}
		sys, err := s.open(ctx, spec, old)
		switch {
		case err == nil:
			next, opened = append(next, sys), append(opened, sys)
		case spec.Version == 0:
			for _, sys := range opened {
				sys.c.Close()
			}
			return err
		default:
			refused[spec.ID] = cmp.Or(errs.Message(err), "it cannot be opened")
			if s.refused[spec.ID] != refused[spec.ID] {
				s.app.log.Warn("connector cannot be used", "connector", spec.ID, "err", err)
			}
			if old != nil {
				next = append(next, old)
				continue
			}
			s.app.health.Advise("connector:" + spec.ID).Fail(spec.Name + ": " + refused[spec.ID])
		}
	}
	return s.replace(next, opened, refused)
}

// replace puts the next systems into use. The caller holds mu.
func (s *systems) replace(next, opened []*system, refused map[string]string) error {
	sources, indexes := make([]customers.Source, len(next)), map[string]customers.Index{}
	stays, configured := map[*system]bool{}, map[string]bool{}
	for i, sys := range next {
		sources[i] = sys.c
		if sys.mirror != nil {
			indexes[sys.spec.ID] = sys.mirror.Index()
		}
		stays[sys], configured[sys.spec.ID] = true, true
	}
	if err := s.app.match.SetSystems(sources, indexes); err != nil {
		return err
	}
	for _, sys := range s.all {
		if stays[sys] {
			continue
		}
		sys.gone.Store(!configured[sys.spec.ID])
		close(sys.retired)
		if !configured[sys.spec.ID] && refused[sys.spec.ID] == "" {
			sys.part.Forget()
		}
	}
	for id := range s.refused {
		if refused[id] == "" && !configured[id] {
			s.app.health.Advise("connector:" + id).Forget()
		}
	}
	s.all, s.refused, s.waiting = next, refused, append(s.waiting, opened...)
	select {
	case s.wake <- struct{}{}:
	default:
	}
	return nil
}

// open makes a system of its configuration. What is mirrored of the one before it goes on to answer, where it is the same.
func (s *systems) open(ctx context.Context, spec workbench.Spec, former *system) (*system, error) {
	if spec.Problem != nil {
		return nil, spec.Problem
	}
	d, err := s.kinds.Open(ctx, spec.ID, spec.Kind, spec.Config, spec.Secrets)
	if err != nil {
		return nil, err
	}
	sys := &system{spec: spec, part: s.app.health.Advise("connector:" + spec.ID), retired: make(chan struct{})}
	sys.part.OK() // until it is asked and does not answer
	sys.c, err = resilient.New(d, resilient.Options{ID: spec.ID, Name: spec.Name, Log: s.app.log, Hooks: resilient.Hooks{StateChanged: sys.tell}})
	if err != nil {
		return nil, err
	}
	if err := s.app.writable(spec.ID, d); err != nil {
		sys.c.Close()
		return nil, err
	}
	var before *phoneindex.Mirror
	if former != nil {
		before = former.mirror
	}
	if _, lists := connectors.As[connectors.Indexer](d); lists && !spec.NoIndex {
		of := s.kinds.Mirrored(spec.Kind, spec.Config)
		if of.System, err = of.Whose(ctx, spec.Secrets); err == nil {
			sys.mirror, err = s.app.openMirror(spec.ID, spec.Name, of, sys.c, before)
		}
		if err != nil {
			sys.c.Close()
			return nil, err
		}
	}
	return sys, nil
}

// byID returns the system in use under a name, nil when there is none.
func (s *systems) byID(id string) *system {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, sys := range s.all {
		if sys.spec.ID == id {
			return sys
		}
	}
	return nil
}

// indexes tells how the phone indexes are doing.
func (s *systems) indexes() []graph.PhoneIndex {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := []graph.PhoneIndex{}
	for _, sys := range s.all {
		if sys.mirror == nil {
			continue
		}
		st := sys.mirror.State()
		out = append(out, graph.PhoneIndex{
			ID: sys.spec.ID, Name: sys.spec.Name, Numbers: st.Numbers, Records: st.Customers, CompleteAt: st.CompleteAt, Reading: st.Reading,
			Problem: st.Problem,
		})
	}
	return out
}

// tell keeps the system's state in the health of the process.
func (sys *system) tell(_ string, _, to connectors.State) {
	select {
	case <-sys.retired:
		return // another stands under the name
	default:
	}
	if to == connectors.StateFailing || to == connectors.StateDown {
		sys.part.Fail(sys.spec.Name + " does not answer")
		return
	}
	sys.part.OK()
}

// changed is called when the workbench has stored something: this process uses it at once, the others as soon as they hear of it.
func (s *systems) changed(ctx context.Context) {
	if err := s.reconcile(ctx); err != nil {
		s.app.log.Warn("using changed connectors", "error", err)
	}
	if err := s.app.bus.Publish(ctx, subjectConnectors, nil); err != nil {
		s.app.log.Warn("telling others that connectors have changed", "error", err)
	}
}

// status implements workbench.Options.Status.
func (s *systems) status() map[string]workbench.Status {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := map[string]workbench.Status{}
	for _, sys := range s.all {
		out[sys.spec.ID] = workbench.Status{Status: sys.c.Status()}
	}
	for id, why := range s.refused {
		st := out[id]
		st.Refused = why
		out[id] = st
	}
	return out
}

// close ends every system, for a process whose run was never reached or has ended.
func (s *systems) close() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, sys := range append(s.all, s.waiting...) {
		sys.c.Close()
	}
}

// run keeps the systems awake and mirrored and follows changes, until ctx ends.
func (s *systems) run(ctx context.Context) error {
	sub, err := s.app.bus.Subscribe(ctx, subjectConnectors)
	if err != nil {
		return errs.Wrap("following connectors", err)
	}
	defer sub.Close()
	g, ctx := errgroup.WithContext(ctx)
	g.Go(func() error { return s.follow(ctx, sub.C()) })
	g.Go(func() error {
		for {
			s.mu.Lock()
			starting := s.waiting
			s.waiting = nil
			s.mu.Unlock()
			for _, sys := range starting {
				g.Go(func() error { return s.attend(ctx, sys) })
			}
			select {
			case <-ctx.Done():
				return ctx.Err()
			case <-s.wake:
			}
		}
	})
	return g.Wait()
}

// attend runs one system until ctx ends, or it is retired and the questions that were put to it are over.
func (s *systems) attend(ctx context.Context, sys *system) error {
	ctx, end := context.WithCancel(ctx)
	defer end()
	mirroring, stop := context.WithCancel(ctx)
	defer stop()
	var g errgroup.Group
	g.Go(func() error {
		select {
		case <-ctx.Done():
			return nil
		case <-sys.retired:
		}
		stop()
		pause(ctx, matchTime)
		end()
		return nil
	})
	g.Go(func() error { return sys.c.Run(ctx) })
	if sys.mirror != nil {
		g.Go(func() error { return clean(mirroring, sys.mirror.Run(mirroring)) })
	}
	err := g.Wait()
	if sys.gone.Load() {
		s.forget(context.WithoutCancel(ctx), sys.spec.ID)
	}
	return err
}

// follow uses what others have changed until ctx ends.
func (s *systems) follow(ctx context.Context, news <-chan bus.Envelope) error {
	tick := time.NewTicker(lookForConnectors)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case _, ok := <-news:
			if !ok {
				news = nil // the bus has ended; the database is still asked
			}
		case <-tick.C:
		}
		if err := s.reconcile(ctx); err != nil && ctx.Err() == nil {
			s.app.log.Warn("looking for changed connectors", "error", err)
		}
	}
}

// forget removes what a connector's mirror may have stored after the connector was deleted.
func (s *systems) forget(ctx context.Context, id string) {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	if _, err := s.app.store.WebConnectors().WebConnector(ctx, id); !errs.Is(err, errs.NotFound) {
		return // only disabled, or made anew
	}
	scans, err := s.app.store.PhoneIndex().Scans(ctx, id)
	for _, scan := range scans {
		if err == nil {
			err = s.app.store.PhoneIndex().Drop(ctx, scan.ID)
		}
	}
	if err != nil {
		s.app.log.Warn("removing a phone index", "connector", id, "error", err)
	}
}
