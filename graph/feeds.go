package graph

import (
	"context"
	"encoding/base64"
	"slices"
	"strconv"
	"time"

	"github.com/pult-cc/pult/graph/model"
	"github.com/pult-cc/pult/graph/transport"
	"github.com/pult-cc/pult/internal/interactions"
	"github.com/pult-cc/pult/telephony/calls"
)

// A feed sends what is true now, Synced, and then every change. It follows the board, whose mailbox keeps the newest version of each
// object while a slow browser is busy; after a gap it sends everything again, and Synced again. It ends with its subscription only:
// any other end is an error that the client is told, so that it subscribes anew.

// stream runs fn beside the subscription until ctx ends and gives what it sends. fn returns why it ended.
func stream[T any](ctx context.Context, r *Resolver, fn func(ctx context.Context, out chan<- T) error) <-chan T {
	out := make(chan T)
	go func() {
		defer close(out)
		defer func() {
			if p := recover(); p != nil {
				transport.Fail(ctx, r.core.recovered(ctx, p))
			}
		}()
		if err := fn(ctx, out); err != nil && ctx.Err() == nil {
			transport.Fail(ctx, err)
		}
	}()
	return out
}

// send hands an item to the subscription; the error is ctx's.
func send[T any](ctx context.Context, out chan<- T, item T) error {
	select {
	case out <- item:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// cursorOf names a place in a feed. It is opaque to clients. A client that returns with one gets the whole picture: that is always
// legal, and the picture is small.
func cursorOf(epoch string, version uint64) string {
	return base64.RawURLEncoding.EncodeToString([]byte("1:" + epoch + ":" + strconv.FormatUint(version, 36)))
}

// follow calls picture with the picture, as soon as it may be believed, and again after every gap, and changes with what changed since.
func follow(ctx context.Context, b Board, picture func(calls.Snapshot) error, changes func([]calls.Change) error) error {
	w := b.Follow()
	defer w.Close()
	for {
		s, err := w.Picture(ctx)
		if err == nil {
			err = picture(s)
		}
		for err == nil {
			var cs []calls.Change
			if cs, err = w.Next(ctx); slices.ContainsFunc(cs, func(c calls.Change) bool { return c.Reset }) {
				break
			}
			if err == nil {
				err = changes(cs)
			}
		}
		if err != nil {
			return err
		}
	}
}

// picture is what is true now: for queries, which are one answer of a feed.
func (r *Resolver) picture(ctx context.Context) (calls.Snapshot, error) {
	if err := r.core.Board.Confirmed(ctx); err != nil {
		return calls.Snapshot{}, err
	}
	return r.core.Board.Snapshot(), nil
}

// notesWait bounds reading notes for a feed: a slow database must not hold back calls.
const notesWait = 500 * time.Millisecond

// callFeed is one subscription to calls.
type callFeed struct {
	r         *Resolver
	viewer    viewer
	scope     model.CallScope
	wantNotes bool
	out       chan<- model.CallFeedItem

	epoch string
	sent  map[calls.ID]struct{}
	notes map[string]*interactions.Notes // as last read, for when the database is away
}

func newCallFeed(r *Resolver, v viewer, scope model.CallScope, notes bool, out chan<- model.CallFeedItem) *callFeed {
	return &callFeed{
		r: r, viewer: v, scope: scope, wantNotes: notes, out: out, sent: map[calls.ID]struct{}{}, notes: map[string]*interactions.Notes{},
	}
}

func (f *callFeed) run(ctx context.Context) error {
	return follow(ctx, f.r.core.Board,
		func(s calls.Snapshot) error { return f.picture(ctx, s) },
		func(cs []calls.Change) error { return f.changes(ctx, cs) })
}

func (f *callFeed) picture(ctx context.Context, s calls.Snapshot) error {
	f.epoch = s.Epoch
	var in []calls.Call
	present := make(map[calls.ID]struct{}, len(s.Calls))
	for i := range s.Calls {
		if f.viewer.inScope(&s.Calls[i], f.scope) {
			in = append(in, s.Calls[i])
			present[s.Calls[i].ID] = struct{}{}
		}
	}
	for id := range f.sent {
		if _, still := present[id]; still {
			continue
		}
		if err := f.remove(ctx, id, s.Seq); err != nil {
			return err
		}
	}
	if err := f.send(ctx, in); err != nil {
		return err
	}
	return send[model.CallFeedItem](ctx, f.out, model.Synced{Cursor: cursorOf(s.Epoch, s.Seq), At: f.r.core.Now()})
}

func (f *callFeed) changes(ctx context.Context, changes []calls.Change) error {
	var in []calls.Call
	var gone []*calls.Call
	for _, ch := range changes {
		c := ch.Call
		if c == nil {
			continue
		}
		_, known := f.sent[c.ID]
		ended, inScope := c.State == calls.StateEnded, f.viewer.inScope(c, f.scope)
		if inScope && (known || !ended) {
			in = append(in, *c)
		}
		if known && (ended || !inScope) {
			gone = append(gone, c)
		}
	}
	if err := f.send(ctx, in); err != nil {
		return err
	}
	for _, c := range gone {
		if err := f.remove(ctx, c.ID, c.Version); err != nil {
			return err
		}
	}
	return nil
}

// send sends calls as changed.
func (f *callFeed) send(ctx context.Context, cs []calls.Call) error {
	if f.wantNotes {
		f.readNotes(ctx, cs)
	}
	l := f.r.lens(ctx)
	for i := range cs {
		c := &cs[i]
		f.sent[c.ID] = struct{}{}
		item := model.CallChanged{Call: l.call(c, f.notes[string(c.ID)]), Cursor: cursorOf(f.epoch, c.Version)}
		if err := send[model.CallFeedItem](ctx, f.out, item); err != nil {
			return err
		}
	}
	return nil
}

func (f *callFeed) remove(ctx context.Context, id calls.ID, version uint64) error {
	delete(f.sent, id)
	delete(f.notes, string(id))
	return send[model.CallFeedItem](ctx, f.out, model.CallRemoved{ID: string(id), Cursor: cursorOf(f.epoch, version)})
}

// readNotes reads the notes of the calls. When the database does not answer, those read before serve: the calls themselves go on.
// Nobody has written about a customer whom nobody has answered yet: the card of a ringing call does not wait for a database.
func (f *callFeed) readNotes(ctx context.Context, cs []calls.Call) {
	cs = slices.DeleteFunc(slices.Clone(cs), func(c calls.Call) bool {
		return c.Direction == calls.Inbound && c.AnsweredAt == nil && c.End == nil
	})
	if len(cs) == 0 {
		return
	}
	limit, cancel := context.WithTimeout(ctx, notesWait)
	defer cancel()
	notes, err := f.r.notesOf(limit, cs)
	if err != nil {
		if ctx.Err() == nil {
			f.r.core.Log.Debug("reading notes for a feed", "error", err)
		}
		return
	}
	for id, n := range notes {
		f.notes[id] = n
	}
}

// followQueues sends queues, all or those of the ids, as they change.
func (r *Resolver) followQueues(ctx context.Context, ids []string, out chan<- model.QueueFeedItem) error {
	epoch := ""
	queue := func(q *calls.Queue) error {
		if ids != nil && !slices.Contains(ids, q.ID) {
			return nil
		}
		return send[model.QueueFeedItem](ctx, out, model.QueueChanged{Queue: queueModel(q), Cursor: cursorOf(epoch, q.Version)})
	}
	return follow(ctx, r.core.Board, func(s calls.Snapshot) error {
		epoch = s.Epoch
		for i := range s.Queues {
			if err := queue(&s.Queues[i]); err != nil {
				return err
			}
		}
		return send[model.QueueFeedItem](ctx, out, model.Synced{Cursor: cursorOf(s.Epoch, s.Seq), At: r.core.Now()})
	}, func(cs []calls.Change) error {
		for _, c := range cs {
			if c.Queue == nil {
				continue
			}
			if err := queue(c.Queue); err != nil {
				return err
			}
		}
		return nil
	})
}

// followOperators sends operators as they change.
func (r *Resolver) followOperators(ctx context.Context, out chan<- model.OperatorFeedItem) error {
	epoch := ""
	operator := func(l *lens, o *calls.Operator) error {
		return send[model.OperatorFeedItem](ctx, out, model.OperatorChanged{Operator: l.operator(o), Cursor: cursorOf(epoch, o.Version)})
	}
	return follow(ctx, r.core.Board, func(s calls.Snapshot) error {
		epoch = s.Epoch
		l := r.lens(ctx)
		for i := range s.Operators {
			if err := operator(l, &s.Operators[i]); err != nil {
				return err
			}
		}
		return send[model.OperatorFeedItem](ctx, out, model.Synced{Cursor: cursorOf(s.Epoch, s.Seq), At: r.core.Now()})
	}, func(cs []calls.Change) error {
		l := r.lens(ctx)
		for _, c := range cs {
			if c.Operator == nil {
				continue
			}
			if err := operator(l, c.Operator); err != nil {
				return err
			}
		}
		return nil
	})
}

// followNotices sends what is for the viewer from now on. There is no picture of notices, so they wait for none.
func (r *Resolver) followNotices(ctx context.Context, v viewer, out chan<- *model.Notice) error {
	w := r.core.Board.Follow()
	defer w.Close()
	for {
		cs, err := w.Next(ctx)
		if err != nil {
			return err
		}
		for _, c := range cs {
			if c.Notice == nil || !v.seesNotice(c.Notice) {
				continue
			}
			if err := send(ctx, out, noticeModel(c.Notice)); err != nil {
				return err
			}
		}
	}
}
