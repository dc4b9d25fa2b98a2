package outboxtest

import (
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/pult-cc/pult/connectors"
	"github.com/pult-cc/pult/internal/errs"
	"github.com/pult-cc/pult/internal/outbox"
)

// What a repository remembers of entries: for whom they were written, which wait for a customer, and which are long past.

func (b *bench) fail(e outbox.Entry, f outbox.Failure, at time.Duration) {
	b.Helper()
	b.must("Failed", b.r.Failed(b.Context(), e.ID, e.Lease, e.Revision, f, start.Add(at)))
}

// other is another customer of the bench's system.
func other(crm string) connectors.Ref {
	return connectors.Ref{Connector: crm, Type: "Контрагент", ID: "77"}
}

func writtenFor(t *testing.T, b *bench) {
	w := b.wish(outbox.KindCall, b.crm+"-call")
	b.put(start, w)
	b.deliver(b.one("a", 0), time.Second)
	w.Payload.Customer = other(b.crm)
	b.put(start.Add(2*time.Second), w)
	moved := b.one("b", time.Hour)
	if moved.Written != written(b.crm, w.Key) || moved.WrittenFor != customer(b.crm) || moved.Payload.Customer != other(b.crm) {
		t.Errorf("linked anew: %+v", moved)
	}
	b.fail(moved, outbox.Failure{Next: start.Add(time.Hour), Reason: "нет ответа", ReasonCode: "TIMEOUT"}, time.Hour)
	if e := b.get(moved.ID); e.Written != moved.Written || e.WrittenFor != customer(b.crm) {
		t.Errorf("without an answer it is as it was: %+v", e)
	}
	// Of this one no answer came at all, and it has another customer now.
	lost := b.wish(outbox.KindCall, b.crm+"-lost")
	b.put(start, lost)
	b.fail(b.claim(10, "c", time.Minute)[0], outbox.Failure{Next: start.Add(time.Minute), Reason: "нет ответа", ReasonCode: "TIMEOUT"}, time.Minute)
	lost.Payload.Customer = connectors.Ref{}
	b.put(start.Add(2*time.Minute), lost)
	for _, e := range b.claim(10, "d", 2*time.Minute) {
		if e.Key == lost.Key && (e.Written.ID != "" || e.WrittenFor != customer(b.crm) || e.Payload.Customer.ID != "") {
			t.Errorf("it may stand with a customer: %+v", e)
		}
	}
}

func again(t *testing.T, b *bench) {
	b.calls(start, 1)
	e := b.one("a", 0)
	d := delivery(b.crm, e.Key)
	d.Again = start.Add(10 * time.Minute)
	b.must("Delivered", b.r.Delivered(t.Context(), e.ID, "a", e.Revision, d, start))
	if got := b.claim(10, "b", 9*time.Minute); len(got) != 0 {
		t.Errorf("delivered again too early: %v", keys(got))
	}
	e = b.one("c", 10*time.Minute)
	if e.Written != d.Written.Ref || e.Attempts != 0 || e.ReasonCode != "" {
		t.Errorf("got %+v", e)
	}
	b.deliver(e, 10*time.Minute)
	if e = b.get(e.ID); e.State != outbox.StateDelivered {
		t.Errorf("got %+v", e)
	}
	// It has changed in flight: it is due at once, and nobody forgets why it was to be delivered once more.
	w := b.wish(outbox.KindCall, b.crm+"-changed")
	b.put(start, w)
	e = b.one("d", 0)
	w.Payload.Comment = "второе"
	b.put(start, w)
	b.must("Delivered", b.r.Delivered(t.Context(), e.ID, "d", e.Revision, d, start))
	if e = b.one("e", 0); e.ReasonCode != "TIMEOUT" || e.Reason != "" || e.Written != d.Written.Ref {
		t.Errorf("changed in flight: %+v", e)
	}
}

// taskMeanwhile: somebody was called back ten minutes late. A recording waits, since it is attached to what the call becomes.
func taskMeanwhile(t *testing.T, b *bench) {
	b.put(start, b.wish(outbox.KindCall, b.crm+"-spoken"), b.wish(outbox.KindRecording, b.crm+"-spoken"))
	b.put(start, b.wish(outbox.KindCall, b.crm+"-missed"), b.wish(outbox.KindTask, b.crm+"-missed"))
	for _, e := range b.claim(10, "a", 0) {
		d := delivery(b.crm, e.Key)
		d.Again = start.Add(10 * time.Minute)
		b.must("Delivered", b.r.Delivered(t.Context(), e.ID, "a", e.Revision, d, start))
	}
	if got := b.claim(10, "b", time.Second); len(got) != 1 || got[0].Kind != outbox.KindTask {
		t.Errorf("got %v, want the task", keys(got))
	}
}

func held(t *testing.T, b *bench) {
	w := b.wish(outbox.KindCall, b.crm+"-call")
	b.put(start, w)
	b.deliver(b.one("a", 0), 0)
	w.Payload.Customer = connectors.Ref{}
	b.put(start.Add(time.Minute), w)
	task := b.wish(outbox.KindTask, b.crm+"-call")
	b.put(start.Add(time.Minute), task)
	e := b.one("b", 2*time.Minute)
	b.fail(e, outbox.Failure{Held: true, Uncounted: true, Reason: "нужен клиент", ReasonCode: "UNSUPPORTED"}, 2*time.Minute)
	e = b.get(e.ID)
	if e.State != outbox.StateHeld || !e.Since.Equal(start.Add(2*time.Minute)) || e.Written.ID != "" || e.WrittenFor.ID != "" || e.Attempts != 0 || e.Lease != "" {
		t.Errorf("got %+v", e)
	}
	if got := b.claim(10, "c", 240*time.Hour); len(got) != 1 || got[0].Kind != outbox.KindTask {
		t.Errorf("what is held is not tried, and holds up nothing: %v", keys(got))
	}
	counts, err := b.r.Counts(t.Context())
	b.must("Counts", err)
	if !slices.ContainsFunc(counts, func(c outbox.Count) bool {
		return c.Connector == b.crm && c.State == outbox.StateHeld && c.Entries == 1 && c.Oldest.Equal(start.Add(2*time.Minute))
	}) {
		t.Errorf("counted %+v", counts)
	}
	w.Payload.Comment = "ещё никто"
	b.put(start.Add(time.Hour), w)
	if e = b.get(e.ID); e.State != outbox.StateHeld || e.Payload.Comment != "ещё никто" {
		t.Errorf("new notes of what is held: %+v", e)
	}
	w.Payload.Customer = other(b.crm)
	b.put(start.Add(2*time.Hour), w)
	if e = b.get(e.ID); e.State != outbox.StatePending || !e.NextAttempt.Equal(start.Add(2*time.Hour)) || e.Reason != "" {
		t.Errorf("its customer is known: %+v", e)
	}
	// A call that lost its customer while it was taken back is not written anywhere, whatever it says now.
	e = b.claim(1, "d", 3*time.Hour)[0]
	w.Payload.Comment = "меняется"
	b.put(start.Add(3*time.Hour), w)
	b.fail(e, outbox.Failure{Held: true}, 3*time.Hour)
	if e = b.get(e.ID); e.State != outbox.StatePending || e.Written.ID != "" {
		t.Errorf("changed while it was taken back: %+v", e)
	}
}

func freshOnly(t *testing.T, b *bench) {
	b.calls(start, 2)
	b.fail(b.claim(1, "a", 0)[0], outbox.Failure{Next: start}, 0)
	for lease, want := range [][]string{{b.crm + "-call-1"}, nil} {
		got, err := b.r.Claim(t.Context(), b.crm, 10, true, strconv.Itoa(lease), start, start.Add(time.Minute))
		b.must("Claim", err)
		if !slices.Equal(keys(got), want) {
			t.Errorf("claimed %v, want %v", keys(got), want)
		}
	}
}

func troubleIsCounted(t *testing.T, b *bench) {
	b.calls(start, 3)
	got := b.claim(2, "a", 0)
	b.fail(got[1], outbox.Failure{Next: start.Add(time.Hour), Reason: "позже"}, 2*time.Minute)
	b.fail(got[0], outbox.Failure{Next: start.Add(time.Hour), Reason: "раньше"}, time.Minute)
	counts, err := b.r.Counts(t.Context())
	b.must("Counts", err)
	for _, c := range counts {
		if c.Connector == b.crm && (c.Reason != "позже" || c.Entries != 3) {
			t.Errorf("got %+v", c)
		}
	}
}

func swept(t *testing.T, b *bench) {
	const old = -48 * time.Hour
	b.calls(start.Add(old), 4)
	got := b.claim(4, "a", 0)
	b.deliver(got[0], old)
	b.deliver(got[1], 0)
	_, err := b.r.Change(t.Context(), got[2].ID, func(e outbox.Entry) (outbox.Entry, error) {
		e.State, e.Since = outbox.StateDiscarded, start.Add(old)
		return e, nil
	})
	b.must("Change", err)
	b.fail(got[3], outbox.Failure{Held: true}, old)
	done := b.wish(outbox.KindTask, b.crm+"-call-0")
	b.put(start.Add(old), done)
	b.deliver(b.one("b", 0), old)
	b.put(start.Add(old), b.wish(outbox.KindCall, b.crm+"-call-4"))
	n, err := b.r.Sweep(t.Context(), start.Add(-24*time.Hour))
	b.must("Sweep", err)
	if n != 4 {
		t.Errorf("%d swept", n)
	}
	if n, err := b.r.Sweep(t.Context(), start.Add(-24*time.Hour)); err != nil || n != 0 {
		t.Errorf("%d swept twice, %v", n, err)
	}
	if _, err := b.r.Get(t.Context(), got[3].ID); !errs.Is(err, errs.NotFound) {
		t.Errorf("what was held so long is there: %v", err)
	}
	for _, id := range []string{got[0].ID, got[2].ID} {
		if e := b.get(id); !e.Past || e.Payload.Number != "" || e.Payload.Comment != "" || e.Edits != (outbox.Edits{}) {
			t.Errorf("it still says %+v", e)
		}
	}
	p, err := b.r.List(t.Context(), outbox.Filter{Connector: b.crm}, 10, "")
	b.must("List", err)
	if left := keys(p.Items); !slices.Equal(left, []string{got[1].Key, b.crm + "-call-4"}) && !slices.Equal(left, []string{b.crm + "-call-4", got[1].Key}) {
		t.Errorf("listed: %v", left)
	}
	// Somebody changes their notes and links after all that time.
	for _, key := range []string{b.crm + "-call-0", b.crm + "-call-2"} {
		w := b.wish(outbox.KindCall, key)
		w.Payload.Customer = other(b.crm)
		b.put(start, w)
	}
	done.Payload.Comment = "то же дело"
	b.put(start, done)
	due := b.claim(10, "c", time.Minute)
	if !slices.Equal(keys(due), []string{b.crm + "-call-0", b.crm + "-call-4"}) {
		t.Fatalf("due: %v: what was discarded, or done, is written again", keys(due))
	}
	if e := due[0]; e.ID != got[0].ID || e.Past || e.Written != written(b.crm, e.Key) || e.WrittenFor != customer(b.crm) || e.Payload.Customer != other(b.crm) {
		t.Errorf("the record that is there is not known any more: %+v", e)
	}
}

func oneClock(t *testing.T, b *bench) {
	before := time.Now()
	now, err := b.r.Now(t.Context())
	b.must("Now", err)
	if now.Before(before.Add(-time.Minute)) || now.After(time.Now().Add(time.Minute)) {
		t.Errorf("it is %v, want about %v", now, before) // the test's database is on this machine
	}
}
