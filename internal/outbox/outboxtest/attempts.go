package outboxtest

import (
	"errors"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/pult-cc/pult/connectors"
	"github.com/pult-cc/pult/internal/errs"
	"github.com/pult-cc/pult/internal/outbox"
)

func deadWorker(t *testing.T, b *bench) {
	b.calls(start, 1)
	lost := b.one("dead", 0)
	if got := b.claim(10, "b", 59*time.Second); len(got) != 0 {
		t.Fatalf("claimed while the lease lasts: %v", keys(got))
	}
	heir := b.one("heir", time.Minute)
	if heir.ID != lost.ID || heir.Lease != "heir" {
		t.Fatalf("got %+v", heir)
	}
	// The dead worker was only slow.
	b.must("Delivered", b.r.Delivered(t.Context(), lost.ID, "dead", 1, delivery(b.crm, "late"), start.Add(2*time.Minute)))
	b.must("Failed", b.r.Failed(t.Context(), lost.ID, "dead", 1, outbox.Failure{Dead: true}, start.Add(2*time.Minute)))
	if e := b.get(lost.ID); e.State != outbox.StatePending || e.Lease != "heir" || e.Attempts != 0 {
		t.Errorf("who lost the lease changed %+v", e)
	}
	b.deliver(heir, 2*time.Minute)
	if e := b.get(lost.ID); e.State != outbox.StateDelivered {
		t.Errorf("got %+v", e)
	}
}

func changedInFlight(t *testing.T, b *bench) {
	w := b.wish(outbox.KindCall, b.crm+"-call")
	b.put(start, w)
	first := b.one("a", 0)
	w.Payload.Comment = "второе"
	b.put(start.Add(time.Second), w)
	if got := b.claim(10, "b", 2*time.Second); len(got) != 0 {
		t.Fatalf("delivered by two at a time: %v", keys(got))
	}
	b.deliver(first, 3*time.Second)
	second := b.one("c", 3*time.Second)
	if second.ID != first.ID || second.Revision != 2 || second.Payload.Comment != "второе" || second.Written.ID == "" {
		t.Fatalf("got %+v", second)
	}
	w.Payload.Comment = "третье"
	b.put(start.Add(4*time.Second), w)
	// What was refused is not what stands there now.
	b.must("Failed", b.r.Failed(t.Context(), second.ID, "c", second.Revision, outbox.Failure{Dead: true, Reason: "no"}, start.Add(5*time.Second)))
	third := b.one("d", 5*time.Second)
	if third.Revision != 3 || third.Payload.Comment != "третье" {
		t.Errorf("got %+v", third)
	}
}

// changedWithoutAnswer: it was due at once, and written for another customer while the system was still at the first.
func changedWithoutAnswer(t *testing.T, b *bench) {
	w := b.wish(outbox.KindCall, b.crm+"-call")
	b.put(start, w)
	first := b.one("a", 0)
	w.Payload.Customer = other(b.crm)
	b.put(start.Add(time.Second), w)
	b.fail(first, outbox.Failure{Next: start.Add(time.Minute), Reason: "нет ответа", ReasonCode: "TIMEOUT"}, 2*time.Second)
	if got := b.claim(10, "b", 59*time.Second); len(got) != 0 {
		t.Fatalf("written anew while the system may be at it: %v", keys(got))
	}
	e := b.one("c", time.Minute)
	if e.WrittenFor != customer(b.crm) || e.Payload.Customer != other(b.crm) || e.ReasonCode != "TIMEOUT" || e.Lease != "c" || e.Revision != 2 {
		t.Errorf("got %+v", e)
	}
	// A refusal, or a system that is away, tells nothing of what it is now: it is due.
	w.Payload.Comment = "ещё"
	b.put(start.Add(2*time.Minute), w)
	b.fail(e, outbox.Failure{Next: start.Add(time.Hour), Reason: "нет связи", ReasonCode: "UNAVAILABLE"}, 2*time.Minute)
	b.one("d", 2*time.Minute)
}

func failures(t *testing.T, b *bench) {
	b.calls(start, 1)
	e := b.one("a", 0)
	b.must("Failed", b.r.Failed(t.Context(), e.ID, "a", 1, outbox.Failure{Next: start.Add(10 * time.Second), Reason: "нет ответа", ReasonCode: "TIMEOUT"}, start))
	if got := b.claim(10, "b", 9*time.Second); len(got) != 0 {
		t.Errorf("tried before its time: %v", keys(got))
	}
	e = b.one("b", 10*time.Second)
	if e.Attempts != 1 || e.Reason != "нет ответа" || e.ReasonCode != "TIMEOUT" {
		t.Errorf("got %+v", e)
	}
	b.must("Failed", b.r.Failed(t.Context(), e.ID, "b", 1, outbox.Failure{Next: start.Add(20 * time.Second), Uncounted: true}, start))
	if e = b.one("c", 20*time.Second); e.Attempts != 1 {
		t.Errorf("counted what does not count: %+v", e)
	}
	at := start.Add(21 * time.Second)
	b.must("Failed", b.r.Failed(t.Context(), e.ID, "c", 1, outbox.Failure{Dead: true, Reason: "правило", ReasonCode: "REJECTED"}, at))
	e = b.get(e.ID)
	if e.State != outbox.StateDead || !e.Since.Equal(at) || e.Attempts != 2 || e.Reason != "правило" || e.Lease != "" {
		t.Errorf("got %+v", e)
	}
	if got := b.claim(10, "d", 240*time.Hour); len(got) != 0 {
		t.Errorf("a dead letter is tried again by itself: %v", keys(got))
	}
}

func released(t *testing.T, b *bench) {
	b.calls(start, 3)
	got := b.claim(10, "a", 0)
	b.deliver(got[0], 0)
	b.must("Release", b.r.Release(t.Context(), b.crm, "a", start.Add(time.Second)))
	b.must("Release", b.r.Release(t.Context(), b.crm, "a", start.Add(time.Second))) // nothing is left
	if again := keys(b.claim(10, "b", time.Second)); !slices.Equal(again, keys(got[1:])) {
		t.Errorf("got %v, want %v", again, keys(got[1:]))
	}
}

func woken(t *testing.T, b *bench) {
	b.calls(start, 4)
	got := b.claim(3, "a", 0)
	b.must("Failed", b.r.Failed(t.Context(), got[0].ID, "a", 1, outbox.Failure{Next: start.Add(15 * time.Minute), ReasonCode: "UNAVAILABLE"}, start))
	b.must("Failed", b.r.Failed(t.Context(), got[1].ID, "a", 1, outbox.Failure{Next: start.Add(15 * time.Minute), ReasonCode: "TIMEOUT"}, start))
	later := b.wish(outbox.KindCall, b.crm+"-later")
	later.NotBefore = start.Add(time.Hour)
	b.put(start, later)
	b.must("Wake", b.r.Wake(t.Context(), b.crm, 30*time.Second, start.Add(time.Second)))
	// Not what is under way, nor what never was to be tried yet, nor what the system may still be at.
	if again := keys(b.claim(10, "b", time.Second)); !slices.Equal(again, []string{got[0].Key, b.crm + "-call-3"}) {
		t.Errorf("got %v", again)
	}
	if again := b.claim(10, "c", 29*time.Second); len(again) != 0 {
		t.Errorf("too early: %v", keys(again))
	}
	if again := keys(b.claim(10, "d", 30*time.Second)); !slices.Equal(again, []string{got[1].Key}) {
		t.Errorf("after the pause: %v", again)
	}
}

func personal(t *testing.T, b *bench) {
	b.calls(start, 1)
	id := b.one("a", 0).ID
	b.must("Failed", b.r.Failed(t.Context(), id, "a", 1, outbox.Failure{Dead: true, Reason: "нет такого"}, start))
	ref, number, comment := connectors.Ref{Connector: b.crm, Type: "X", ID: "7"}, "", "\u0000исправлено"
	_, err := b.r.Change(t.Context(), id, func(e outbox.Entry) (outbox.Entry, error) {
		e.Edits = outbox.Edits{Customer: &ref, Number: &number, Comment: &comment}
		e.State, e.Reason, e.NextAttempt, e.Attempts = outbox.StatePending, "", start.Add(time.Second), 0
		e.Revision++
		return e, nil
	})
	b.must("Change", err)
	e := b.one("b", time.Second)
	if p := e.Effective(); p.Customer != ref || p.Number != "" || p.Comment == "Ёж \"и\" уж" || p.Outcome != connectors.OutcomeAnswered || e.Revision != 2 {
		t.Errorf("got %+v", p)
	}
	no := errors.New("no")
	if _, err := b.r.Change(t.Context(), id, func(e outbox.Entry) (outbox.Entry, error) {
		e.State = outbox.StateDiscarded
		return e, no
	}); !errors.Is(err, no) || b.get(id).State != outbox.StatePending {
		t.Errorf("a refused change: %v, %v", err, b.get(id).State)
	}
	if _, err := b.r.Change(t.Context(), "nobody", func(e outbox.Entry) (outbox.Entry, error) { return e, nil }); !errs.Is(err, errs.NotFound) {
		t.Errorf("an unknown id: %v", err)
	}
}

func replayed(t *testing.T, b *bench) {
	b.calls(start, 4)
	for _, e := range b.claim(3, "a", 0) {
		b.must("Failed", b.r.Failed(t.Context(), e.ID, "a", 1, outbox.Failure{Dead: true, Reason: "no"}, start))
	}
	if n, err := b.r.Replay(t.Context(), b.crm, start.Add(time.Second)); err != nil || n != 3 {
		t.Errorf("replayed %d, %v", n, err)
	}
	got := b.claim(10, "b", time.Second)
	if len(got) != 4 || got[0].Attempts != 0 || got[0].Reason != "" {
		t.Errorf("got %+v", got)
	}
	if n, err := b.r.Replay(t.Context(), b.crm, start); err != nil || n != 0 {
		t.Errorf("replayed nothing: %d, %v", n, err)
	}
}

func lists(t *testing.T, b *bench) {
	for i := range 5 {
		b.put(start.Add(time.Duration(i)*time.Second), b.wish(outbox.KindCall, b.crm+"-call-"+strconv.Itoa(i)))
	}
	got := b.claim(2, "a", 0)
	b.must("Failed", b.r.Failed(t.Context(), got[0].ID, "a", 1, outbox.Failure{Dead: true}, start.Add(time.Minute)))
	f := outbox.Filter{Connector: b.crm}
	var seen []string
	for after := ""; ; {
		p, err := b.r.List(t.Context(), f, 2, after)
		b.must("List", err)
		seen = append(seen, keys(p.Items)...)
		if len(p.Cursors) != len(p.Items) {
			t.Fatalf("%d cursors of %d entries", len(p.Cursors), len(p.Items))
		}
		if after = p.Next; after == "" {
			break
		}
	}
	c := b.crm + "-call-"
	if want := []string{c + "4", c + "3", c + "2", c + "1", c + "0"}; !slices.Equal(seen, want) {
		t.Errorf("got %v, want %v", seen, want)
	}
	f.States = []outbox.State{outbox.StateDead}
	if p, err := b.r.List(t.Context(), f, 10, ""); err != nil || !slices.Equal(keys(p.Items), []string{c + "0"}) {
		t.Errorf("dead: %v, %v", keys(p.Items), err)
	}
	if _, err := b.r.List(t.Context(), f, 10, "rubbish"); !errs.Is(err, errs.Invalid) {
		t.Errorf("a cursor that is none: %v", err)
	}
	counts, err := b.r.Counts(t.Context())
	b.must("Counts", err)
	want := map[outbox.State]outbox.Count{
		outbox.StatePending: {Connector: b.crm, State: outbox.StatePending, Entries: 4, Oldest: start.Add(time.Second)},
		outbox.StateDead:    {Connector: b.crm, State: outbox.StateDead, Entries: 1, Oldest: start.Add(time.Minute)},
	}
	for _, n := range counts {
		if n.Connector != b.crm {
			continue
		}
		if n != want[n.State] {
			t.Errorf("got %+v, want %+v", n, want[n.State])
		}
		delete(want, n.State)
	}
	if len(want) != 0 {
		t.Errorf("not counted: %+v", want)
	}
}
