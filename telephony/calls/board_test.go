package calls

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"

	"github.com/pult-cc/pult/internal/bus"
	"github.com/pult-cc/pult/internal/bus/membus"
	"github.com/pult-cc/pult/internal/errs"
)

func quietBoard(b bus.Bus) *Board { return NewBoard(b, slog.New(slog.DiscardHandler)) }

// callAt is a change of a call.
func callAt(id string, version uint64, state State) Change {
	return Change{Call: &Call{ID: ID(id), Version: version, State: state}}
}

// TestNoHoleBetweenPictureAndChanges: whoever starts to watch at any moment knows everything in the end.
func TestNoHoleBetweenPictureAndChanges(t *testing.T) {
	b := quietBoard(nil)
	b.replace(Snapshot{Epoch: "e"})
	const last = 2000
	var wg sync.WaitGroup
	for range 20 {
		wg.Go(func() {
			w := b.Watch()
			defer w.Close()
			have := map[ID]uint64{}
			picture := func() {
				s, err := w.Picture(t.Context())
				if err != nil {
					t.Error(err)
				}
				clear(have)
				for _, c := range s.Calls {
					have[c.ID] = c.Version
				}
			}
			picture()
			for have["end"] == 0 {
				cs, err := w.Next(t.Context())
				if err != nil {
					t.Error(err)
					return
				}
				for _, c := range cs {
					switch {
					case c.Reset:
						picture()
					case c.Call.State == StateEnded:
						delete(have, c.Call.ID)
					default:
						have[c.Call.ID] = c.Call.Version
					}
				}
			}
			want := map[ID]uint64{}
			for _, c := range b.Snapshot().Calls {
				want[c.ID] = c.Version
			}
			if !maps.Equal(have, want) {
				t.Errorf("a watch ended with %v, want %v", have, want)
			}
		})
	}
	n := uint64(0)
	for i := range uint64(last) {
		n++
		state := StateQueued
		if i%7 == 6 {
			state = StateEnded
		}
		b.apply(batch{Epoch: "e", N: n, Changes: []Change{callAt(fmt.Sprint(i%13), i+1, state)}})
		if i == last/2 { // a hole was mended
			s := b.Snapshot()
			n++
			s.Seq = n
			b.replace(s)
		}
	}
	b.apply(batch{Epoch: "e", N: n + 1, Changes: []Change{callAt("end", 1, StateQueued)}})
	wg.Wait()
}

// TestSlowWatchGetsTheNewest: however much happened meanwhile, each thing comes once, as it is now, in the order of changing.
func TestSlowWatchGetsTheNewest(t *testing.T) {
	b := quietBoard(nil)
	b.replace(Snapshot{Epoch: "e"})
	w := b.Watch()
	n := uint64(0)
	put := func(cs ...Change) {
		n++
		b.apply(batch{Epoch: "e", N: n, Changes: cs})
	}
	for v := range uint64(1000) {
		put(callAt("a", v+1, StateQueued), callAt("b", v+1, StateQueued), Change{Operator: &Operator{ID: "anna", Version: v + 1}})
	}
	put(callAt("a", 1001, StateEnded))
	put(Change{Notice: &Notice{ID: "n"}})
	got, err := w.Next(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	var order []string
	for _, c := range got {
		switch {
		case c.Call != nil:
			order = append(order, fmt.Sprint(c.Call.ID, c.Call.Version))
		case c.Operator != nil:
			order = append(order, fmt.Sprint(c.Operator.ID, c.Operator.Version))
		case c.Notice != nil:
			order = append(order, c.Notice.ID)
		}
	}
	if want := []string{"b1000", "anna1000", "a1001", "n"}; !slices.Equal(order, want) {
		t.Fatalf("got %v, want %v", order, want)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if cs, err := w.Next(ctx); !errors.Is(err, context.Canceled) {
		t.Fatalf("then %v, %v", cs, err)
	}
}

// TestWatchThatNobodyReads costs nothing: what it has missed is not kept for it, and it is told so.
func TestWatchThatNobodyReads(t *testing.T) {
	b := quietBoard(nil)
	b.replace(Snapshot{Epoch: "e"})
	w := b.Watch()
	for n := range uint64(20 * pastMax) {
		b.apply(batch{Epoch: "e", N: n + 1, Changes: []Change{callAt(fmt.Sprint(n), 1, StateEnded), {Notice: &Notice{ID: fmt.Sprint(n)}}}})
	}
	if kept := len(b.recent.past) + b.recent.order.Len(); kept > 2*pastMax {
		t.Fatalf("%d changes are kept", kept)
	}
	cs, err := w.Next(t.Context())
	if err != nil || len(cs) != 1 || !cs[0].Reset {
		t.Fatalf("got %d changes, %v; want to be told to read the picture", len(cs), err)
	}
	if _, err := w.Picture(t.Context()); err != nil {
		t.Fatal(err)
	}
	b.apply(batch{Epoch: "e", N: 20*pastMax + 1, Changes: []Change{callAt("x", 1, StateQueued)}})
	if cs, err = w.Next(t.Context()); err != nil || len(cs) != 1 || cs[0].Call == nil {
		t.Fatalf("then %v, %v", cs, err)
	}
}

func TestClosedWatchWakes(t *testing.T) {
	before := goleak.IgnoreCurrent()
	synctest.Test(t, func(t *testing.T) {
		b := quietBoard(nil)
		w := b.Watch()
		got := make(chan error)
		go func() {
			_, err := w.Next(t.Context())
			got <- err
		}()
		synctest.Wait()
		w.Close()
		w.Close()
		if err := <-got; !errs.Is(err, errs.Unavailable) {
			t.Fatalf("it woke with %v", err)
		}
	})
	if err := goleak.Find(before); err != nil {
		t.Fatal(err)
	}
}

// leaky is a bus that loses what it is told to.
type leaky struct {
	*membus.Bus
	mu      sync.Mutex
	lose    int           // messages that get lost without a word
	fail    int           // messages that are refused
	hang    chan struct{} // publishing waits for it
	inject  chan struct{} // each: the subscribers are told of a hole, without a message
	answers func(ctx context.Context, payload []byte, next func() ([]byte, error)) ([]byte, error)
}

func (l *leaky) Publish(ctx context.Context, subject string, payload []byte) error {
	if l.hang != nil {
		<-l.hang
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	switch {
	case l.fail > 0:
		l.fail--
		return errs.E(errs.Unavailable, "publishing", "away")
	case l.lose > 0:
		l.lose--
		return nil
	}
	return l.Bus.Publish(ctx, subject, payload)
}

func (l *leaky) Request(ctx context.Context, subject string, payload []byte) ([]byte, error) {
	next := func() ([]byte, error) { return l.Bus.Request(ctx, subject, payload) }
	if l.answers != nil && subject == subjectSnapshot {
		return l.answers(ctx, payload, next)
	}
	return next()
}

func (l *leaky) Subscribe(ctx context.Context, subject string) (bus.Subscription, error) {
	sub, err := l.Bus.Subscribe(ctx, subject)
	if err != nil || l.inject == nil {
		return sub, err
	}
	out := bus.NewMailbox(ctx, subject, 16, nil)
	go func() {
		defer out.Close()
		for {
			select {
			case env, ok := <-sub.C():
				if !ok {
					return
				}
				out.Put(env)
			case <-l.inject:
				out.Miss("bus")
			}
		}
	}()
	return out, nil
}

// floor stands for the engine of another process: it publishes batches and answers with snapshots.
type floor struct {
	t     *testing.T
	bus   bus.Bus
	epoch string
	n     uint64
	calls map[ID]Call
}

func (f *floor) serve(ctx context.Context) {
	err := f.bus.Handle(ctx, subjectSnapshot, func(context.Context, []byte) ([]byte, error) {
		s := Snapshot{Epoch: f.epoch, Seq: f.n, LinkUp: true}
		for _, c := range f.calls {
			s.Calls = append(s.Calls, c)
		}
		return marshal(f.t, s), nil
	})
	if err != nil {
		f.t.Error(err)
	}
}

func (f *floor) put(id string, version uint64) {
	f.n++
	f.calls[ID(id)] = Call{ID: ID(id), Version: version, State: StateQueued}
	if err := f.bus.Publish(f.t.Context(), subjectFloor, marshal(f.t, batch{Epoch: f.epoch, N: f.n, Changes: []Change{callAt(id, version, StateQueued)}})); err != nil {
		f.t.Error(err)
	}
}

func boardOf(t *testing.T, b bus.Bus) *Board {
	board := quietBoard(b)
	go func() {
		if err := board.Run(t.Context()); !errors.Is(err, context.Canceled) {
			t.Errorf("board: %v", err)
		}
	}()
	synctest.Wait()
	return board
}

func versionOn(b *Board, id string) uint64 {
	c, _ := b.Call(ID(id))
	return c.Version
}

func inStep(t *testing.T, b *Board) {
	t.Helper()
	if since, stale := b.Stale(); stale {
		t.Fatalf("the board is out of step since %s", since)
	}
}

// TestOwnBatchIsNotDecodedAgain: in the owner's process the engine has applied it before the bus brings it.
func TestOwnBatchIsNotDecodedAgain(t *testing.T) {
	b := quietBoard(membus.New())
	b.replace(Snapshot{Epoch: "one", Seq: 7})
	for _, c := range []struct {
		payload string
		want    bool
	}{
		{`{"epoch":"one","n":7,"changes":"not looked at"}`, true},
		{`{"epoch":"one","n":8,"changes":"not a list"}`, false},
		{`{"epoch":"one","n":8,"changes":[]}`, true},
		{`{"epoch":"two","n":7,"changes":[]}`, false},
		{`{"epoch":"one"`, false},
	} {
		if got := b.take(bus.Envelope{Payload: []byte(c.payload)}); got != c.want {
			t.Errorf("%s is taken: %v", c.payload, got)
		}
	}
}

// TestBoardMendsAHole by a snapshot, and tells those who watch.
func TestBoardMendsAHole(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := &leaky{Bus: membus.New()}
		f := &floor{t: t, bus: l, epoch: "one", calls: map[ID]Call{}}
		f.serve(t.Context())
		b := boardOf(t, l)
		f.put("a", 1)
		synctest.Wait()
		w := b.Watch()
		l.lose = 1
		f.put("lost", 1)
		f.put("a", 2)
		synctest.Wait()
		if versionOn(b, "lost") != 1 || versionOn(b, "a") != 2 {
			t.Fatalf("the board has %v", b.Snapshot().Calls)
		}
		inStep(t, b)
		cs, err := w.Next(t.Context())
		if err != nil || len(cs) != 1 || !cs[0].Reset {
			t.Fatalf("the watch got %v, %v", cs, err)
		}
	})
}

// TestHoleWithNothingBehindIt: the bus noticed that something was lost, and nothing has happened since.
func TestHoleWithNothingBehindIt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := &leaky{Bus: membus.New(), inject: make(chan struct{})}
		f := &floor{t: t, bus: l, epoch: "one", calls: map[ID]Call{}}
		f.serve(t.Context())
		b := boardOf(t, l)
		l.lose = 1
		f.put("lost", 1)
		l.inject <- struct{}{}
		synctest.Wait()
		if versionOn(b, "lost") != 1 {
			t.Fatal("the board waits for something to happen")
		}
		inStep(t, b)
	})
}

// TestNewOwnerNewPicture: another process owns the floor now.
func TestNewOwnerNewPicture(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := &leaky{Bus: membus.New()}
		ctx, die := context.WithCancel(t.Context())
		old := &floor{t: t, bus: l, epoch: "one", calls: map[ID]Call{}}
		old.serve(ctx)
		b := boardOf(t, l)
		old.put("a", 7)
		synctest.Wait()
		w := b.Watch()
		die()
		f := &floor{t: t, bus: l, epoch: "two", calls: map[ID]Call{"a": {ID: "a", Version: 9, State: StateTalking}}}
		f.serve(t.Context())
		f.put("b", 1)
		synctest.Wait()
		if s := b.Snapshot(); s.Epoch != "two" || versionOn(b, "a") != 9 || versionOn(b, "b") != 1 {
			t.Fatalf("the board shows %+v", s)
		}
		if cs, err := w.Next(t.Context()); err != nil || !cs[0].Reset {
			t.Fatalf("the watch got %v, %v", cs, err)
		}
		if b.newest() != 9 {
			t.Fatalf("the newest version is taken for %d", b.newest())
		}
	})
}

// TestAnswerOfAFormerOwner comes when this process owns the floor itself already.
func TestAnswerOfAFormerOwner(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := &leaky{Bus: membus.New()}
		held := make(chan struct{})
		l.answers = func(_ context.Context, _ []byte, next func() ([]byte, error)) ([]byte, error) {
			raw, err := next()
			<-held
			return raw, err
		}
		old := &floor{t: t, bus: l, epoch: "one", calls: map[ID]Call{"a": {ID: "a", Version: 1}}}
		ctx, die := context.WithCancel(t.Context())
		old.serve(ctx)
		b := boardOf(t, l)
		die()
		b.replace(Snapshot{Epoch: "two", Seq: 1, Calls: []Call{{ID: "a", Version: 5}}})
		close(held)
		synctest.Wait()
		if versionOn(b, "a") != 5 {
			t.Fatal("the board went back to the former owner's picture")
		}
	})
}

// TestOvertakenSnapshot: the owner's own board is fed directly, and is ahead of what it asked for.
func TestOvertakenSnapshot(t *testing.T) {
	b := quietBoard(nil)
	b.replace(Snapshot{Epoch: "e", Seq: 5})
	b.apply(batch{Epoch: "e", N: 6, Changes: []Change{callAt("a", 1, StateQueued)}})
	b.markStale()
	b.replace(Snapshot{Epoch: "e", Seq: 5})
	if versionOn(b, "a") != 1 {
		t.Fatal("the board went back")
	}
	inStep(t, b)
}

// TestBoardWaitsForAnOwner: there is none for a while, then there is.
func TestBoardWaitsForAnOwner(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := &leaky{Bus: membus.New()}
		b := boardOf(t, l)
		time.Sleep(time.Minute) // synctest's clock
		if _, stale := b.Stale(); !stale {
			t.Fatal("an empty board takes itself for the truth")
		}
		f := &floor{t: t, bus: l, epoch: "one", calls: map[ID]Call{"a": {ID: "a", Version: 1}}}
		f.serve(t.Context())
		time.Sleep(time.Second)
		if versionOn(b, "a") != 1 {
			t.Fatal("the board does not see the owner")
		}
		inStep(t, b)
	})
}
