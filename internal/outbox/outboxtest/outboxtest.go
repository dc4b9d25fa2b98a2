// Package outboxtest is the conformance suite of repositories of the outbox.
package outboxtest

import (
	"fmt"
	"slices"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/pult-cc/pult/connectors"
	"github.com/pult-cc/pult/internal/errs"
	"github.com/pult-cc/pult/internal/outbox"
)

var start = time.Date(2026, 3, 29, 1, 59, 59, 999_999_000, time.UTC)

// Run runs the suite on an empty repository. Every case has connectors of its own.
func Run(t *testing.T, r outbox.Repository) {
	for _, c := range []struct {
		name string
		run  func(*testing.T, *bench)
	}{
		{"an entry is read as it was put", asPut},
		{"a wish changes its entry", changes},
		{"due entries are claimed once, oldest first", claims},
		{"entries of one call are delivered in order", inOrder},
		{"many workers never get the same entry", workers},
		{"the entries of a dead worker come back", deadWorker},
		{"what changed in flight is delivered again", changedInFlight},
		{"what changed while no answer came waits for it all the same", changedWithoutAnswer},
		{"a failure waits or dies", failures},
		{"what a worker did not begin is given back", released},
		{"after an outage nothing waits", woken},
		{"a person changes an entry", personal},
		{"everything refused is replayed", replayed},
		{"lists and counts", lists},
		{"it is known for whom a call was written, or may have been", writtenFor},
		{"what was answered late is delivered once more", again},
		{"a task does not wait until its call is delivered once more", taskMeanwhile},
		{"what needs a customer is held until there is one", held},
		{"the latest trouble is told of", troubleIsCounted},
		{"only what has not failed yet", freshOnly},
		{"what is old is forgotten, but not that it was", swept},
		{"there is one clock", oneClock},
	} {
		t.Run(c.name, func(t *testing.T) { c.run(t, &bench{T: t, r: r, crm: fmt.Sprintf("crm-%d", next())}) })
	}
}

var (
	counter   int
	counterMu sync.Mutex
)

func next() int {
	counterMu.Lock()
	defer counterMu.Unlock()
	counter++
	return counter
}

// newID sorts by time, as the ids of the product do.
func newID() string { return fmt.Sprintf("entry-%08d", next()) }

type bench struct {
	*testing.T
	r   outbox.Repository
	crm string
}

func (b *bench) must(what string, err error) {
	b.Helper()
	if err != nil {
		b.Fatalf("%s: %v", what, err)
	}
}

func (b *bench) wish(kind outbox.Kind, call string) outbox.Wish {
	w := outbox.Wish{Connector: b.crm, Kind: kind, Subject: call, Key: call, Payload: outbox.Payload{
		Customer: customer(b.crm), Number: "+74950123401", Inbound: true,
		StartedAt: start, Talked: 95 * time.Second, Outcome: connectors.OutcomeAnswered, Tags: []string{"срочно"}, Comment: "Ёж \"и\" уж",
	}}
	if kind == outbox.KindTask {
		w.Key += "-callback"
	}
	return w
}

func (b *bench) put(at time.Time, wishes ...outbox.Wish) {
	b.Helper()
	b.must("Put", b.r.Put(b.Context(), wishes, newID, at))
}

func (b *bench) calls(at time.Time, n int) {
	b.Helper()
	for i := range n {
		b.put(at, b.wish(outbox.KindCall, b.crm+"-call-"+strconv.Itoa(i)))
	}
}

func (b *bench) claim(limit int, lease string, at time.Duration) []outbox.Entry {
	b.Helper()
	now := start.Add(at)
	got, err := b.r.Claim(b.Context(), b.crm, limit, false, lease, now, now.Add(time.Minute))
	b.must("Claim", err)
	return got
}

func (b *bench) one(lease string, at time.Duration) outbox.Entry {
	b.Helper()
	got := b.claim(10, lease, at)
	if len(got) != 1 {
		b.Fatalf("claimed %d entries, want 1", len(got))
	}
	return got[0]
}

func (b *bench) get(id string) outbox.Entry {
	b.Helper()
	e, err := b.r.Get(b.Context(), id)
	b.must("Get", err)
	return e
}

func (b *bench) deliver(e outbox.Entry, at time.Duration) {
	b.Helper()
	b.must("Delivered", b.r.Delivered(b.Context(), e.ID, e.Lease, e.Revision, delivery(b.crm, e.Key), start.Add(at)))
}

func written(crm, id string) connectors.Ref {
	return connectors.Ref{Connector: crm, Type: "Call", ID: id}
}

// customer is whom the wishes of a bench are about.
func customer(crm string) connectors.Ref {
	return connectors.Ref{Connector: crm, Type: "Контрагент", ID: "42"}
}

func delivery(crm, id string) outbox.Delivery {
	return outbox.Delivery{Written: connectors.Written{Ref: written(crm, id), Customer: customer(crm)}}
}

func keys(entries []outbox.Entry) []string {
	var out []string
	for _, e := range entries {
		out = append(out, e.Key)
	}
	return out
}

func asPut(t *testing.T, b *bench) {
	w := b.wish(outbox.KindCall, b.crm+"-call")
	b.put(start, w)
	e := b.one("a", 0)
	got := b.get(e.ID)
	want := outbox.Entry{
		ID: e.ID, Connector: b.crm, Kind: outbox.KindCall, Subject: w.Subject, Key: w.Key, Payload: w.Payload, Revision: 1,
		State: outbox.StatePending, Since: start, NextAttempt: start.Add(time.Minute), Lease: "a", CreatedAt: start, UpdatedAt: start,
	}
	if fmt.Sprintf("%+v", got) != fmt.Sprintf("%+v", want) {
		t.Errorf("got  %+v\nwant %+v", got, want)
	}
	if fmt.Sprintf("%+v", e) != fmt.Sprintf("%+v", want) {
		t.Errorf("claimed %+v\nwant    %+v", e, want)
	}
	if _, err := b.r.Get(t.Context(), "nobody"); !errs.Is(err, errs.NotFound) {
		t.Errorf("an unknown id: %v", err)
	}
	_, err := b.r.Written(t.Context(), b.crm, w.Subject)
	if !errs.Is(err, errs.NotFound) {
		t.Errorf("where it is written before it is: %v", err)
	}
	b.deliver(e, time.Second)
	if ref, err := b.r.Written(t.Context(), b.crm, w.Subject); err != nil || ref != written(b.crm, w.Key) {
		t.Errorf("written at %+v, %v", ref, err)
	}
	got = b.get(e.ID)
	if got.State != outbox.StateDelivered || !got.Since.Equal(start.Add(time.Second)) || got.Lease != "" || got.DeliveredAt == nil || got.Written.ID != w.Key {
		t.Errorf("delivered: %+v", got)
	}
	if more := b.claim(10, "b", time.Hour); len(more) != 0 {
		t.Errorf("a delivered entry is claimed: %+v", more)
	}
}

func changes(t *testing.T, b *bench) {
	w := b.wish(outbox.KindCall, b.crm+"-call")
	b.put(start, w)
	b.put(start.Add(time.Second), w) // the same again
	w.Payload.Comment = "потом"
	b.put(start.Add(2*time.Second), w)
	e := b.one("a", time.Minute)
	if e.Revision != 2 || e.Payload.Comment != "потом" || !e.UpdatedAt.Equal(start.Add(2*time.Second)) {
		t.Errorf("got %+v", e)
	}
	b.deliver(e, time.Minute)
	w.Payload.Comment = "ещё позже"
	b.put(start.Add(2*time.Minute), w)
	again := b.one("b", time.Hour)
	if again.ID != e.ID || again.Key != e.Key || again.Payload.Comment != "ещё позже" || again.Written.ID != w.Key {
		t.Errorf("after delivery: %+v", again)
	}
}

func claims(t *testing.T, b *bench) {
	b.calls(start, 5)
	if got := keys(b.claim(2, "a", 0)); !slices.Equal(got, []string{b.crm + "-call-0", b.crm + "-call-1"}) {
		t.Errorf("first: %v", got)
	}
	if got := keys(b.claim(10, "b", 0)); !slices.Equal(got, []string{b.crm + "-call-2", b.crm + "-call-3", b.crm + "-call-4"}) {
		t.Errorf("then: %v", got)
	}
	if got := b.claim(10, "c", 0); len(got) != 0 {
		t.Errorf("claimed twice: %v", keys(got))
	}
	late := b.wish(outbox.KindCall, b.crm+"-late")
	late.NotBefore = start.Add(30 * time.Second)
	b.put(start, late)
	if got := b.claim(10, "d", 29*time.Second); len(got) != 0 {
		t.Errorf("claimed before its time: %v", keys(got))
	}
	if got := b.claim(10, "d", 30*time.Second); len(got) != 1 {
		t.Errorf("not claimed at its time: %v", keys(got))
	}
}

func inOrder(t *testing.T, b *bench) {
	call := b.crm + "-call"
	b.put(start, b.wish(outbox.KindCall, call), b.wish(outbox.KindTask, call), b.wish(outbox.KindCall, call+"-2"))
	got := b.claim(10, "a", 0)
	if !slices.Equal(keys(got), []string{call, call + "-2"}) {
		t.Fatalf("claimed %v: the task has to wait for its call", keys(got))
	}
	if more := b.claim(10, "b", 0); len(more) != 0 {
		t.Errorf("the task is claimed while its call is under way: %v", keys(more))
	}
	b.must("Failed", b.r.Failed(t.Context(), got[0].ID, "a", 1, outbox.Failure{Dead: true, Reason: "no", ReasonCode: "REJECTED"}, start))
	if more := b.claim(10, "b", time.Second); len(more) != 0 {
		t.Errorf("the task is claimed although its call was refused: %v", keys(more))
	}
	_, err := b.r.Replay(t.Context(), b.crm, start.Add(time.Second))
	b.must("Replay", err)
	b.deliver(b.one("c", time.Second), 2*time.Second)
	if e := b.one("d", 3*time.Second); e.Kind != outbox.KindTask {
		t.Errorf("then comes %+v", e)
	}
}

func workers(t *testing.T, b *bench) {
	const n = 200
	b.calls(start, n)
	var mu sync.Mutex
	seen := map[string]int{}
	var wg sync.WaitGroup
	for w := range 6 {
		wg.Go(func() {
			for i := 0; ; i++ {
				got, err := b.r.Claim(t.Context(), b.crm, 7, false, fmt.Sprint("w", w, "-", i), start, start.Add(time.Minute))
				if err != nil {
					t.Errorf("Claim: %v", err)
					return
				}
				if len(got) == 0 {
					// Nothing free for a moment is not nothing left, but then another worker has it.
					return
				}
				mu.Lock()
				for _, e := range got {
					seen[e.ID]++
				}
				mu.Unlock()
				for _, e := range got {
					if err := b.r.Delivered(t.Context(), e.ID, e.Lease, e.Revision, delivery(b.crm, e.Key), start); err != nil {
						t.Errorf("Delivered: %v", err)
					}
				}
			}
		})
	}
	wg.Wait()
	for i := 0; len(seen) < n; i++ {
		got := b.claim(n, fmt.Sprint("rest", i), 0)
		if len(got) == 0 {
			break
		}
		for _, e := range got {
			seen[e.ID]++
		}
	}
	if len(seen) != n {
		t.Errorf("%d of %d entries were claimed", len(seen), n)
	}
	for id, times := range seen {
		if times != 1 {
			t.Errorf("%s was claimed %d times", id, times)
		}
	}
}
