package calls

import (
	"context"
	"encoding/json"
	"log/slog"
	"sync"
	"time"

	"github.com/pult-cc/pult/internal/bus"
	"github.com/pult-cc/pult/internal/customers"
	"github.com/pult-cc/pult/internal/errs"
	"github.com/pult-cc/pult/telephony"
	"github.com/pult-cc/pult/telephony/health"
	"github.com/pult-cc/pult/telephony/queues"
)

// Matcher answers who is calling. Its methods may be called concurrently.
type Matcher interface {
	// Match reports what is known at once, then every better answer, through report, and returns after the last.
	Match(ctx context.Context, number customers.Number, fresh bool, report func(customers.Match))
	// Link remembers a person's choice for the number (an empty id takes it back) and returns the new answer.
	Link(ctx context.Context, number customers.Number, id customers.ID, operatorID string) (customers.Match, error)
}

// Journal keeps the records of calls. Its methods may be called concurrently.
type Journal interface {
	SaveCall(ctx context.Context, c Call) error
	OpenCalls(ctx context.Context) ([]OpenRecord, error)
}

// Directory says who and what there is.
type Directory interface {
	Queues(ctx context.Context) ([]queues.Queue, error)
	People(ctx context.Context) ([]Person, error)
	Declared(ctx context.Context) ([]queues.Declared, error)
	SaveDeclared(ctx context.Context, d queues.Declared) error
	// Health returns what was last known of everybody's phone.
	Health(ctx context.Context) ([]health.Record, error)
	SaveHealth(ctx context.Context, r health.Record) error
}

// Phones pushes operators' accounts to the PBX.
type Phones interface {
	// Provision pushes the operator's present credential.
	Provision(ctx context.Context, d telephony.Provisioner, operatorID string) error
	// ProvisionAll pushes everybody's whose endpoint is not in have, and adds to have those it pushed, so that trying again goes on
	// where it failed. Pushing what is there would sign the phone out. It also removes the accounts whose sessions ended while the PBX
	// was away.
	ProvisionAll(ctx context.Context, d telephony.Provisioner, have map[string]bool) error
	Drop(ctx context.Context, d telephony.Provisioner, operatorID string) error
}

// EngineOptions are the engine's neighbours. All fields are required but Observe.
type EngineOptions struct {
	Driver    telephony.Driver
	Bus       bus.Bus
	Board     *Board // this process's own: fed directly, so that a slow bus delays nobody here
	Matcher   Matcher
	Journal   Journal
	Directory Directory
	Phones    Phones
	Floor     FloorOptions
	Epoch     string // unique to this incarnation
	Log       *slog.Logger
}

// Engine is the one writer of the floor. Run it in the process that owns the PBX; at most one runs at a time (see bus.Lease).
type Engine struct {
	o     EngineOptions
	floor *Floor
	in    *mailbox[input]
	out   *mailbox[batch] // to the bus, in order, without waiting for it
	saves *saves
	lanes *lanes
	n     uint64
	up    time.Time          // StartedAt of the PBX at the last LinkUp
	halt  context.CancelFunc // ends the pushing of accounts that the last LinkUp began

	reloading sync.Mutex
	ended     chan struct{} // closed when the loop has ended: nothing more comes to be saved
}

// headStart is how long everything else lets the pages go first: effects, the bus, the database. They cost more processor time than the
// card: those of a new call, started at once, overtake it on a small machine. A page also knows of a call before its phone rings.
const headStart = time.Millisecond

// input is one thing that happens to the floor; it runs on the engine's goroutine.
type input func(f *Floor, now time.Time)

// NewEngine makes an engine; Run starts it.
func NewEngine(o EngineOptions) *Engine {
	return &Engine{
		o: o, floor: NewFloor(o.Floor), in: newMailbox[input](), out: newMailbox[batch](),
		saves: newSaves(), lanes: newLanes(), ended: make(chan struct{}),
	}
}

// Run owns the floor until ctx ends (the lease is lost, the process stops) and returns ctx's error, or why it could not start.
// Nothing is told to the PBX at the end: the calls live on there and the next owner adopts them.
func (e *Engine) Run(ctx context.Context) error {
	// Clocks of processes differ: versions go on from what is known here, whatever the time says.
	e.floor.opt.VersionBase = max(e.floor.opt.VersionBase, e.o.Board.newest())
	e.floor.inherited = e.o.Board.records()
	if err := e.load(ctx); err != nil {
		return err
	}
	now := time.Now()
	restored := e.turn(now)
	e.note(restored)
	e.o.Board.replace(e.snapshot(e.floor, now)) // the board belongs to a former epoch, or is empty
	ctx, cancel := context.WithCancel(ctx)
	var wg sync.WaitGroup
	defer wg.Wait()
	defer cancel()
	failed := make(chan error, 6) // as many as run
	run := func(name string, fn func(context.Context) error) {
		wg.Add(1)
		go func() {
			defer wg.Done()
			if err := fn(ctx); err != nil && ctx.Err() == nil {
				failed <- errs.Wrap(name, err)
				cancel()
			}
		}()
	}
	run("serving commands", func(ctx context.Context) error { return e.o.Bus.Handle(ctx, subjectCommand, e.serveCommand) })
	run("serving snapshots", func(ctx context.Context) error { return e.o.Bus.Handle(ctx, subjectSnapshot, e.serveSnapshot) })
	run("publishing", e.publish)
	run("saving", e.save)
	run("measuring", e.measure)
	run("following the PBX", func(ctx context.Context) error {
		return e.o.Driver.Run(ctx, func(ev telephony.Event) { e.pbx(ctx, ev) })
	})
	for _, ce := range restored.out.Effects { // questions only: who is on the line
		e.execute(ctx, ce)
	}
	e.loop(ctx)
	close(e.ended)
	e.lanes.wait()
	select {
	case err := <-failed:
		return err
	default:
		return ctx.Err()
	}
}

func (e *Engine) load(ctx context.Context) error {
	install, err := e.readDirectory(ctx)
	if err != nil {
		return err
	}
	open, err := e.o.Journal.OpenCalls(ctx)
	if err != nil {
		return errs.Wrap("reading open calls", err)
	}
	known, err := e.o.Directory.Health(ctx)
	if err != nil {
		return errs.Wrap("reading the health of phones", err)
	}
	now := time.Now()
	e.floor.RestoreHealth(known)
	install(e.floor, now)
	e.floor.Restore(open, now)
	return nil
}

// readDirectory asks the database, off the engine's goroutine, and returns what to do to the floor.
func (e *Engine) readDirectory(ctx context.Context) (input, error) {
	qs, err := e.o.Directory.Queues(ctx)
	if err != nil {
		return nil, errs.Wrap("reading queues", err)
	}
	people, err := e.o.Directory.People(ctx)
	if err != nil {
		return nil, errs.Wrap("reading people", err)
	}
	declared, err := e.o.Directory.Declared(ctx)
	if err != nil {
		return nil, errs.Wrap("reading availability", err)
	}
	return func(f *Floor, now time.Time) { f.SetDirectory(qs, people, declared, now) }, nil
}

// reload makes the floor know of edits in the directory.
func (e *Engine) reload(ctx context.Context) error {
	// What was read later is installed later.
	e.reloading.Lock()
	defer e.reloading.Unlock()
	install, err := e.readDirectory(ctx)
	if err != nil {
		return err
	}
	_, err = ask(ctx, e.in, func(f *Floor, now time.Time) (struct{}, error) {
		install(f, now)
		return struct{}{}, nil
	})
	return err
}

// acquaint makes sure that the floor knows whoever commands: somebody added a moment ago is not in its directory yet.
func (e *Engine) acquaint(ctx context.Context, operatorID string) error {
	known, err := ask(ctx, e.in, func(f *Floor, _ time.Time) (bool, error) { return f.Knows(operatorID), nil })
	if err != nil || known || operatorID == "" {
		return err
	}
	return e.reload(ctx)
}

// loop is the single writer.
func (e *Engine) loop(ctx context.Context) {
	timer := time.NewTimer(time.Hour)
	defer timer.Stop()
	start := time.NewTimer(time.Hour)
	defer start.Stop()
	var later []turn // wait for start
	flush := func(now time.Time) {
		t := e.turn(now)
		if !t.idle() {
			if len(later) == 0 {
				start.Reset(headStart)
			}
			later = append(later, t)
		}
	}
	for {
		now := time.Now()
		if d := e.floor.Deadline(now); !d.IsZero() {
			timer.Reset(max(d.Sub(now), 0))
		}
		select {
		case <-ctx.Done():
			for _, t := range later {
				e.note(t)
			}
			return
		case <-e.in.ready:
			for _, fn := range e.in.take() {
				now = time.Now()
				fn(e.floor, now)
				flush(now)
			}
		case <-timer.C:
			now = time.Now()
			e.floor.Tick(now)
			flush(now)
		case <-start.C:
			for _, t := range later {
				e.note(t)
				for _, ce := range t.out.Effects {
					e.execute(ctx, ce)
				}
			}
			later = nil
		}
	}
}

// turn is what has come of an input.
type turn struct {
	out   Outcome
	batch batch // its changes
}

func (t *turn) idle() bool {
	return len(t.out.Changes)+len(t.out.Journal)+len(t.out.Declared)+len(t.out.Health)+len(t.out.Effects) == 0
}

// turn takes what has come of the last input and shows it on the board of this process.
func (e *Engine) turn(now time.Time) turn {
	t := turn{out: e.floor.Take(now)}
	if len(t.out.Changes) > 0 {
		e.n++
		t.batch = batch{Epoch: e.o.Epoch, N: e.n, Changes: t.out.Changes}
		if !e.o.Board.apply(t.batch) {
			e.o.Board.replace(e.snapshot(e.floor, now))
		}
	}
	return t
}

// note has a turn published and recorded.
func (e *Engine) note(t turn) {
	out := t.out
	if len(out.Changes) > 0 {
		e.out.put(t.batch)
	}
	for _, c := range out.Journal {
		e.saves.put("call "+string(c.ID), func(ctx context.Context) error { return e.o.Journal.SaveCall(ctx, c) })
	}
	for _, d := range out.Declared {
		e.saves.put("operator "+d.OperatorID, func(ctx context.Context) error { return e.o.Directory.SaveDeclared(ctx, d) })
	}
	for _, r := range out.Health {
		e.saves.put("health "+r.OperatorID, func(ctx context.Context) error { return e.o.Directory.SaveHealth(ctx, *r) })
	}
}

func (e *Engine) snapshot(f *Floor, now time.Time) Snapshot {
	s := f.Snapshot(now)
	s.Epoch, s.Seq = e.o.Epoch, e.n
	return s
}

// pbx takes the driver's events; it never blocks.
func (e *Engine) pbx(ctx context.Context, ev telephony.Event) {
	if up, ok := ev.(telephony.LinkUp); ok {
		e.in.put(func(*Floor, time.Time) { e.provisionMissing(ctx, up) })
	}
	e.in.put(func(f *Floor, now time.Time) { f.PBX(ev, now) })
}

// provisionMissing pushes the accounts that the PBX does not have: all of them after it has restarted, none after we have.
func (e *Engine) provisionMissing(ctx context.Context, up telephony.LinkUp) {
	p, ok := e.o.Driver.(telephony.Provisioner)
	if !ok {
		return
	}
	have := map[string]bool{}
	if e.up.IsZero() || up.StartedAt.Equal(e.up) {
		for _, ep := range up.Endpoints {
			have[ep.Name] = true
		}
	}
	e.up = up.StartedAt
	if e.halt != nil {
		e.halt() // what it still has to push is missing now, too
	}
	ctx, e.halt = context.WithCancel(ctx)
	e.lanes.run("phones", func() {
		// Without end: while the database or the key is away, phones that were signed in cannot come back.
		// What somebody has given an account for meanwhile, in another process, is their device: who pushes it takes it off the list of
		// those whose device is to be read.
		err := retry(ctx, forever, func(ctx context.Context) error {
			if err := e.o.Phones.ProvisionAll(ctx, p, have); err != nil {
				return err
			}
			return e.reload(ctx)
		})
		if err != nil && ctx.Err() == nil {
			e.o.Log.Error("pushing phone accounts to the PBX", "error", err)
		}
	})
}

func (e *Engine) serveSnapshot(ctx context.Context, _ []byte) ([]byte, error) {
	s, err := ask(ctx, e.in, func(f *Floor, now time.Time) (Snapshot, error) { return e.snapshot(f, now), nil })
	if err != nil {
		return nil, err
	}
	return json.Marshal(s)
}

func (e *Engine) serveCommand(ctx context.Context, raw []byte) ([]byte, error) {
	var cmd Command
	if err := json.Unmarshal(raw, &cmd); err != nil {
		return nil, errs.With(errs.Invalid, "decoding command", err)
	}
	r, err := e.command(ctx, cmd)
	if err != nil {
		return nil, err
	}
	return json.Marshal(r)
}

func (e *Engine) command(ctx context.Context, cmd Command) (Reply, error) {
	switch cmd.Kind {
	case CmdProvisionPhone, CmdDropPhone:
		return Reply{}, e.phone(ctx, cmd)
	case CmdDemoCall:
		d, ok := e.o.Driver.(telephony.DemoCaller)
		if !ok {
			return Reply{}, errs.E(errs.Unsupported, "calling as a demo customer", "this telephone system has no demo callers")
		}
		return Reply{}, d.DemoCall(ctx, telephony.Party{Number: cmd.Number, Name: cmd.Name}, cmd.Queue, 2*time.Minute)
	case CmdReloadDirectory:
		return Reply{}, e.reload(ctx)
	case CmdSetAvailability, CmdDial, CmdReportHealth:
		if err := e.acquaint(ctx, cmd.OperatorID); err != nil {
			return Reply{}, err
		}
	}
	return ask(ctx, e.in, func(f *Floor, now time.Time) (Reply, error) { return f.Command(cmd, now) })
}

func (e *Engine) phone(ctx context.Context, cmd Command) error {
	know := e.acquaint
	if cmd.Kind == CmdProvisionPhone { // somebody signs in, or opens a page: edits of other processes are to be known by then
		know = func(ctx context.Context, _ string) error { return e.reload(ctx) }
	}
	if err := know(ctx, cmd.OperatorID); err != nil {
		return err
	}
	p, ok := e.o.Driver.(telephony.Provisioner)
	if !ok {
		return errs.E(errs.Unsupported, "provisioning phone", "this telephone system has no accounts to push")
	}
	// Before the account changes, so that the device's coming and going is news from then on.
	_, err := ask(ctx, e.in, func(f *Floor, now time.Time) (struct{}, error) {
		return struct{}{}, f.RenewPhone(cmd.OperatorID, cmd.Kind == CmdDropPhone, now)
	})
	if err != nil {
		return err
	}
	if cmd.Kind == CmdDropPhone {
		err = e.o.Phones.Drop(ctx, p, cmd.OperatorID)
	} else {
		err = e.o.Phones.Provision(ctx, p, cmd.OperatorID)
	}
	if err != nil {
		e.in.put(func(f *Floor, now time.Time) { f.KeepPhone(cmd.OperatorID, now) })
	}
	return err
}

// ask runs fn on the engine's goroutine and waits for its answer.
func ask[T any](ctx context.Context, in *mailbox[input], fn func(f *Floor, now time.Time) (T, error)) (T, error) {
	type answer struct {
		v   T
		err error
	}
	ch := make(chan answer, 1)
	in.put(func(f *Floor, now time.Time) {
		v, err := fn(f, now)
		ch <- answer{v, err}
	})
	select {
	case a := <-ch:
		return a.v, a.err
	case <-ctx.Done():
		var zero T
		return zero, errs.With(errs.Timeout, "waiting for the floor", ctx.Err())
	}
}
