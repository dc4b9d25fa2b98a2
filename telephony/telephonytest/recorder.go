package telephonytest

import (
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/pult-cc/pult/telephony"
)

// recorder is a sink that keeps events for the test to wait for, and checks what holds for every sequence.
type recorder struct {
	mu     sync.Mutex
	events []telephony.Event
	news   chan struct{} // closed and replaced at every event
	cursor int           // up to where await has looked

	linked   bool
	alive    map[telephony.LegID]bool // told and not ended
	ended    map[telephony.LegID]bool
	breaches []string
}

func newRecorder() *recorder {
	return &recorder{news: make(chan struct{}), alive: map[telephony.LegID]bool{}, ended: map[telephony.LegID]bool{}}
}

func (r *recorder) sink(e telephony.Event) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.verify(e)
	r.events = append(r.events, e)
	close(r.news)
	r.news = make(chan struct{})
}

// verify checks the promises about order. r.mu is held.
func (r *recorder) verify(e telephony.Event) {
	breach := func(format string, args ...any) {
		r.breaches = append(r.breaches, fmt.Sprintf(format, args...)+": "+describe(e))
	}
	switch v := e.(type) {
	case telephony.LinkUp:
		if r.linked {
			breach("LinkUp while the link was up")
		}
		r.linked = true
		r.alive = map[telephony.LegID]bool{}
		for _, l := range v.Legs {
			if r.alive[l.ID] {
				breach("a leg twice in LinkUp")
			}
			r.alive[l.ID] = true
			delete(r.ended, l.ID)
		}
		return
	case telephony.LinkDown:
		if !r.linked {
			breach("LinkDown while there was no link")
		}
		r.linked = false
		return
	}
	if !r.linked {
		breach("an event without a link")
	}
	switch v := e.(type) {
	case telephony.LegStarted:
		if r.ended[v.Leg.ID] {
			breach("a leg started after it had ended")
		}
		r.alive[v.Leg.ID] = true
	case telephony.LegEnded:
		if r.ended[v.Leg] {
			breach("a leg ended twice")
		}
		r.ended[v.Leg] = true
	default:
		if id, ok := legOf(e); ok && r.ended[id] {
			breach("something followed the end of a leg")
		}
	}
	if v, ok := e.(telephony.LegAnswered); ok && !r.alive[v.Leg] {
		breach("a leg was answered before it started")
	}
}

// check fails the test if a promise was broken.
func (r *recorder) check(t testing.TB) {
	t.Helper()
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, b := range r.breaches {
		t.Error(b)
	}
	if t.Failed() {
		t.Log("events:\n" + r.listing())
	}
}

func (r *recorder) listing() string {
	var b strings.Builder
	for _, e := range r.events {
		b.WriteString("  " + describe(e) + "\n")
	}
	return b.String()
}

func describe(e telephony.Event) string {
	return strings.TrimPrefix(fmt.Sprintf("%T%+v", e, e), "telephony.")
}

// await waits for the next event of a type that fits, and skips everything before it. A nil fit takes any.
func await[E telephony.Event](t testing.TB, r *recorder, fit func(E) bool) E {
	t.Helper()
	deadline := time.NewTimer(Patience)
	defer deadline.Stop()
	for {
		r.mu.Lock()
		for i := r.cursor; i < len(r.events); i++ {
			if e, ok := r.events[i].(E); ok && (fit == nil || fit(e)) {
				r.cursor = i + 1
				r.mu.Unlock()
				return e
			}
		}
		news := r.news
		r.mu.Unlock()
		select {
		case <-news:
		case <-deadline.C:
			var e E
			r.mu.Lock()
			defer r.mu.Unlock()
			t.Fatalf("no %T came; events:\n%s", e, r.listing())
		}
	}
}

// awaitAll waits until every condition was met by some event from here on, in any order, and goes on behind the last.
func awaitAll(t testing.TB, r *recorder, what ...func(telephony.Event) bool) {
	t.Helper()
	r.mu.Lock()
	from := r.cursor
	r.mu.Unlock()
	end := from
	for _, fit := range what {
		r.mu.Lock()
		r.cursor = from
		r.mu.Unlock()
		await(t, r, fit)
		r.mu.Lock()
		end = max(end, r.cursor)
		r.cursor = end
		r.mu.Unlock()
	}
}

// quiet waits for a moment and fails the test if an event that fits comes, or has come since the cursor.
func quiet(t testing.TB, r *recorder, fit func(telephony.Event) bool) {
	t.Helper()
	moment := time.NewTimer(300 * time.Millisecond)
	defer moment.Stop()
	for i := -1; ; {
		r.mu.Lock()
		if i < 0 {
			i = r.cursor
		}
		for ; i < len(r.events); i++ {
			if fit(r.events[i]) {
				t.Errorf("unexpected %s; events:\n%s", describe(r.events[i]), r.listing())
			}
		}
		news := r.news
		r.mu.Unlock()
		select {
		case <-news:
		case <-moment.C:
			return
		}
	}
}

// count returns how many events fit, from the beginning.
func (r *recorder) count(fit func(telephony.Event) bool) (n int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, e := range r.events {
		if fit(e) {
			n++
		}
	}
	return n
}

// legOf returns the leg that an event is about.
func legOf(e telephony.Event) (telephony.LegID, bool) {
	switch v := e.(type) {
	case telephony.LegStarted:
		return v.Leg.ID, true
	case telephony.LegRang:
		return v.Leg, true
	case telephony.LegAnswered:
		return v.Leg, true
	case telephony.LegJoined:
		return v.Leg, true
	case telephony.LegParked:
		return v.Leg, true
	case telephony.LegLeft:
		return v.Leg, true
	case telephony.LegDigit:
		return v.Leg, true
	case telephony.LegEnded:
		return v.Leg, true
	}
	return "", false
}

// ofLeg fits events of one type about one leg.
func ofLeg[E telephony.Event](id telephony.LegID) func(E) bool {
	return func(e E) bool {
		got, ok := legOf(e)
		return ok && got == id
	}
}

// about fits any event about one leg.
func about(id telephony.LegID) func(telephony.Event) bool {
	return func(e telephony.Event) bool {
		got, ok := legOf(e)
		return ok && got == id
	}
}

// is fits events of one type about one leg, for awaitAll and count.
func is[E telephony.Event](id telephony.LegID) func(telephony.Event) bool {
	return func(e telephony.Event) bool {
		v, ok := e.(E)
		return ok && ofLeg[E](id)(v)
	}
}

// joined fits a leg's arrival in a bridge.
func joined(id telephony.LegID, bridge telephony.BridgeID) func(telephony.Event) bool {
	return func(e telephony.Event) bool {
		v, ok := e.(telephony.LegJoined)
		return ok && v.Leg == id && v.Bridge == bridge
	}
}

func left(id telephony.LegID, bridge telephony.BridgeID) func(telephony.Event) bool {
	return func(e telephony.Event) bool {
		v, ok := e.(telephony.LegLeft)
		return ok && v.Leg == id && v.Bridge == bridge
	}
}
