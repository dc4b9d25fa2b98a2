package ari

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/pult-cc/pult/internal/errs"
	"github.com/pult-cc/pult/telephony"
)

// linked is a driver that has a link to the server and one leg, c-1, in its application.
func linked(t *testing.T, tune func(*Driver)) (*fakeARI, *told) {
	t.Helper()
	f := newFakeARI(t)
	x := f.drive(t, tune)
	x.await(t, 1)
	f.send(stasisStart("c-1"))
	x.await(t, 2)
	return f, x
}

func (f *fakeARI) answerWith(prefix string, status int, message string) {
	f.set(func() { f.intercept = on(prefix, status, message) })
}

func TestAnswersOfAsterisk(t *testing.T) {
	f, x := linked(t, nil)
	ctx := t.Context()
	originate := func() error {
		return x.Originate(ctx, telephony.Originate{Leg: telephony.LegID(fmt.Sprintf("leg-%d", time.Now().UnixNano())), Endpoint: "op-1"})
	}
	answer := func() error { return x.Answer(ctx, "c-1") }
	hangup := func() error { return x.Hangup(ctx, "c-1", telephony.Cause{}) }
	provision := func() error {
		return x.Provision(ctx, telephony.Account{Endpoint: "op-1", HA1: strings.Repeat("0", 32)})
	}
	n := 0
	join := func() error { n++; return x.Join(ctx, telephony.BridgeID(fmt.Sprintf("b-%d", n)), "c-1") }
	for _, tc := range []struct {
		name, prefix string
		status       int
		command      func() error
		want         error // nil: success
	}{
		{"an id that is taken is a leg that is there", "POST /channels", 409, originate, nil},
		{"allocation failed", "POST /channels", 500, originate, errs.E(errs.Unavailable, "", "")},
		{"bad request", "POST /channels", 400, originate, errs.E(errs.Invalid, "", "")},
		{"leg is gone", "POST /channels/c-1/answer", 404, answer, errs.E(errs.Conflict, "", "")},
		{"leg is not in the application", "POST /channels/c-1/answer", 409, answer, errs.E(errs.Conflict, "", "")},
		{"leg's state", "POST /channels/c-1/answer", 412, answer, errs.E(errs.Conflict, "", "")},
		{"credentials changed", "POST /channels/c-1/answer", 401, answer, errs.E(errs.Unavailable, "", "")},
		{"overloaded", "POST /channels/c-1/answer", 503, answer, errs.E(errs.Unavailable, "", "")},
		{"leg to be ended is gone", "DELETE /channels/c-1", 404, hangup, nil},
		{"hanging up fails", "DELETE /channels/c-1", 500, hangup, errs.E(errs.Unavailable, "", "")},
		{"bridge is there", "POST /bridges/b-1", 409, join, errs.E(errs.Conflict, "", "")}, // addChannel begins so, too
		{"a channel is gone", "POST /bridges/b-2/addChannel", 400, join, errs.E(errs.Conflict, "", "")},
		{"a channel is not in the application", "POST /bridges/b-3/addChannel", 422, join, errs.E(errs.Conflict, "", "")},
		{"bridge vanishes again and again", "POST /bridges/b-4/addChannel", 404, join, errs.E(errs.Conflict, "", "")},
		{"objects are in files", "PUT /asterisk/config", 403, provision, errs.E(errs.Unsupported, "", "")},
		{"object is refused", "PUT /asterisk/config", 400, provision, errs.E(errs.Internal, "", "")},
		{"nothing to remove", "DELETE /asterisk/config", 404, provision, nil},
		{"a redirect is not followed", "POST /channels/c-1/answer", 302, answer, errs.E(errs.Unavailable, "", "")},
	} {
		t.Run(tc.name, func(t *testing.T) {
			f.answerWith(tc.prefix, tc.status, "as Asterisk says")
			err := tc.command()
			if tc.want == nil && err != nil || tc.want != nil && !errs.Is(err, errs.KindOf(tc.want)) {
				t.Errorf("got %v, want kind %v", err, tc.want)
			}
			if err != nil && errs.Message(err) == "" {
				t.Errorf("%v has nothing fit to show", err)
			}
		})
	}
}

func TestIdempotentRequestsAreRepeated(t *testing.T) {
	f, x := linked(t, nil)
	var trouble atomic.Int64
	f.set(func() {
		f.intercept = func(w http.ResponseWriter, r *http.Request) bool {
			if r.URL.Path == "/ari/events" || trouble.Add(1) > 2 {
				return false
			}
			hangUp(w)
			return true
		}
	})
	for what, command := range map[string]func() error{
		"DELETE /channels": func() error { return x.Hangup(t.Context(), "c-1", telephony.Cause{}) },
		"POST /channels": func() error {
			return x.Originate(t.Context(), telephony.Originate{Leg: "leg-1", Endpoint: "op-1"})
		},
		"POST /channels/c-1/variable": func() error { return x.Mark(t.Context(), "c-1", telephony.Marks{"a": "b"}) },
	} {
		trouble.Store(0)
		before := len(f.asked(what))
		if err := command(); err != nil {
			t.Errorf("%s after two cut connections: %v", what, err)
		}
		if n := len(f.asked(what)) - before; n != 3 {
			t.Errorf("%s was asked %d times, want 3", what, n)
		}
	}
	trouble.Store(0)
	if err := x.Answer(t.Context(), "c-1"); !errs.Is(err, errs.Unavailable) {
		t.Errorf("Answer over a cut connection: %v, want unavailable", err)
	}
	if n := len(f.asked("POST /channels/c-1/answer")); n != 1 {
		t.Errorf("Answer was asked %d times, want once", n)
	}
}

func TestJoinMakesTheBridgeThatIsMissing(t *testing.T) {
	f, x := linked(t, nil)
	if err := x.Join(t.Context(), "b-1", "c-1"); err != nil {
		t.Fatal(err)
	}
	f.send(bridgeEvt("ChannelEnteredBridge", "b-1", "mixing", "c-1"))
	x.await(t, 3)
	// Known to be there: one request. Gone behind our back: made again.
	if err := x.Park(t.Context(), "c-1"); err != nil {
		t.Fatal(err)
	}
	var gone atomic.Bool
	f.set(func() {
		f.intercept = func(w http.ResponseWriter, r *http.Request) bool {
			return r.URL.Path == "/ari/bridges/b-1/addChannel" && !gone.Swap(true) && on("POST /bridges/b-1/addChannel", 404, "Bridge not found")(w, r)
		}
	})
	if err := x.Join(t.Context(), "b-1", "c-1"); err != nil {
		t.Fatal(err)
	}
	want := []string{
		"POST /bridges/b-1?name=pult&type=mixing", "POST /bridges/b-1/addChannel",
		"POST /bridges/pult-music?name=pult&type=holding", "POST /bridges/pult-music/addChannel",
		"POST /bridges/b-1/addChannel", "POST /bridges/b-1?name=pult&type=mixing", "POST /bridges/b-1/addChannel",
	}
	if got := f.asked("POST /bridges"); fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("asked\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	// A bridge that this call made and nobody entered is not left behind.
	f.answerWith("POST /bridges/b-9/addChannel", 400, "Channel not found")
	if err := x.Join(t.Context(), "b-9", "c-1"); !errs.Is(err, errs.Conflict) {
		t.Errorf("Join: %v, want a conflict", err)
	}
	if n := len(f.asked("DELETE /bridges/b-9")); n != 1 {
		t.Errorf("the empty bridge was closed %d times, want once", n)
	}
}

func TestOriginateWithoutAnAnswer(t *testing.T) {
	f, x := linked(t, func(d *Driver) { d.timing.command = time.Second })
	f.set(func() {
		f.intercept = func(_ http.ResponseWriter, r *http.Request) bool {
			if r.Method == http.MethodPost && r.URL.Path == "/ari/channels" {
				f.hang(r)
				return true
			}
			return false
		}
	})
	o := telephony.Originate{Leg: "leg-1", Endpoint: "op-1"}
	if err := x.Originate(t.Context(), o); !errs.Is(err, errs.Timeout) {
		t.Fatalf("Originate: %v, want a timeout", err)
	}
	// It may have been made: asking again is safe, and Asterisk says that it is there.
	f.answerWith("POST /channels", 409, "Channel with given unique ID already exists")
	if err := x.Originate(t.Context(), o); err != nil {
		t.Errorf("Originate again: %v", err)
	}
	f.send(evt("StasisStart", `"args":[],"channel":`+chanJSON("leg-1", "Up")))
	x.await(t, 4)
	if got := x.lines()[2:]; fmt.Sprint(got) != "[started leg-1  answered leg-1]" {
		t.Errorf("told %q", got)
	}
}

func TestGivenUpLegThatComesToLife(t *testing.T) {
	f, x := linked(t, func(d *Driver) { d.timing.command = time.Second })
	f.set(func() {
		f.intercept = func(w http.ResponseWriter, r *http.Request) bool {
			if r.Method == http.MethodPost && r.URL.Path == "/ari/channels" {
				f.hang(r)
				return true
			}
			return on("DELETE /channels/leg-1", 404, "Channel not found")(w, r)
		}
	})
	if err := x.Originate(t.Context(), telephony.Originate{Leg: "leg-1", Endpoint: "op-1"}); !errs.Is(err, errs.Timeout) {
		t.Fatalf("Originate: %v, want a timeout", err)
	}
	if err := x.Hangup(t.Context(), "leg-1", telephony.Cause{}); err != nil {
		t.Fatalf("Hangup: %v", err)
	}
	before := len(f.asked("DELETE /channels/leg-1"))
	f.set(func() { f.intercept = nil })
	f.send(evt("StasisStart", `"args":[],"channel":`+chanJSON("leg-1", "Up")))
	eventually(t, "the leg's end", func() bool { return len(f.asked("DELETE /channels/leg-1")) > before })
}

func TestCommandsEndWithTheLink(t *testing.T) {
	f, x := linked(t, func(d *Driver) { d.timing.command = time.Minute })
	f.set(func() {
		f.intercept = func(_ http.ResponseWriter, r *http.Request) bool {
			if strings.HasSuffix(r.URL.Path, "/answer") {
				f.hang(r)
				return true
			}
			return false
		}
	})
	answered := make(chan error, 1)
	go func() { answered <- x.Answer(context.Background(), "c-1") }()
	eventually(t, "the command at Asterisk", func() bool { return len(f.asked("POST /channels/c-1/answer")) == 1 })
	f.cut()
	select {
	case err := <-answered:
		if !errs.Is(err, errs.Unavailable) || errs.Message(err) != errLinkLost.Error() {
			t.Errorf("Answer: %v, want unavailable because the link was lost", err)
		}
	case <-time.After(10 * time.Second):
		t.Error("the command did not end with the link")
	}
}
