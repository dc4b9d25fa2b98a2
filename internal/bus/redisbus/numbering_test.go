package redisbus

import (
	"strings"
	"testing"
	"time"

	"github.com/pult-cc/pult/internal/bus"
)

// TestNumbering feeds messages and heartbeats of another process as Redis would, with holes that a real one makes seldom.
func TestNumbering(t *testing.T) {
	b, err := New(Options{URL: "redis://127.0.0.1:1"})
	if err != nil {
		t.Fatal(err)
	}
	s, err := b.Subscribe(t.Context(), "calls")
	if err != nil {
		t.Fatal(err)
	}
	message := func(epoch string, seq uint64) func() error {
		return func() error { return b.onMessage("calls", string(encodeMessage(epoch, seq, []byte("x")))) }
	}
	beat := func(epoch string, age time.Duration, lossy bool) func() error {
		return func() error {
			return b.onControl(string(encodeNote(control{Beat: 1, Epoch: epoch, AgeMS: age.Milliseconds(), Lossy: lossy}, nil)))
		}
	}
	b.link = &link{since: time.Now().Add(-time.Minute), down: make(chan struct{})}
	type want struct{ gap, payload bool }
	none, news, missed, gap := []want(nil), []want{{false, true}}, []want{{true, false}}, []want{{true, true}}
	for _, step := range []struct {
		name string
		do   func() error
		want []want
	}{
		{"a publisher nobody knows", message("p.1", 5), gap},
		{"the next number", message("p.1", 6), news},
		{"a number missing", message("p.1", 8), gap},
		{"the same again", message("p.1", 8), none},
		{"an older one", message("p.1", 7), none},
		{"its heartbeat", beat("p.1", time.Hour, false), none},
		{"the next number", message("p.1", 9), news},
		{"a heartbeat of a new epoch", beat("p.2", time.Second, true), missed},
		{"the new epoch from its start", message("p.2", 1), news},
		{"the same heartbeat", beat("p.2", 2*time.Second, true), none},
		{"the old epoch again", message("p.1", 10), gap},
		{"a peer older than our link", beat("q.7", time.Hour, true), none},
		{"its messages from any number on", message("q.7", 1000), news},
		{"and then in order", message("q.7", 1002), gap},
		{"a peer that came later and lost nothing", beat("r.2", time.Second, false), none},
		{"its first message", message("r.2", 1), gap},
		{"a peer that came later and lost something", beat("s.3", time.Second, true), missed},
		{"our own heartbeat", beat(b.epoch, time.Second, false), none},
		{"our own message", message(b.epoch, 1), none},
	} {
		t.Run(step.name, func(t *testing.T) {
			if err := step.do(); err != nil {
				t.Fatal(err)
			}
			var got []want
			for len(s.C()) > 0 {
				e := <-s.C()
				got = append(got, want{e.Gap, e.Payload != nil})
			}
			if len(got) != len(step.want) || len(got) > 0 && got[0] != step.want[0] {
				t.Errorf("got %v, want %v", got, step.want)
			}
		})
	}
	b.forget("q", b.peers["q"])
	if err := message("q.7", 1003)(); err != nil || !(<-s.C()).Gap {
		t.Errorf("a peer that was forgotten and is back: no Gap, %v", err)
	}
	b.link = nil
}

func TestNumbersAreBounded(t *testing.T) {
	b, err := New(Options{URL: "redis://127.0.0.1:1"})
	if err != nil {
		t.Fatal(err)
	}
	s, err := b.Subscribe(t.Context(), "calls")
	if err != nil {
		t.Fatal(err)
	}
	publish := func(name string) {
		_ = b.Publish(t.Context(), name, []byte("x")) // there is no Redis
	}
	publish("calls")
	first := <-s.C()
	for i := range maxSubjects {
		publish(strings.Repeat("x", 1+i%7) + string(rune(i+0x10000)))
	}
	if len(b.seqs) > maxSubjects {
		t.Errorf("%d numbers are remembered", len(b.seqs))
	}
	publish("calls")
	if e := <-s.C(); !e.Gap || e.Epoch == first.Epoch {
		t.Errorf("the new epoch is not told: %+v after %+v", e, first)
	}
}

func TestMalformedMessages(t *testing.T) {
	b, err := New(Options{URL: "redis://127.0.0.1:1"})
	if err != nil {
		t.Fatal(err)
	}
	var s bus.Subscription
	if s, err = b.Subscribe(t.Context(), "calls"); err != nil {
		t.Fatal(err)
	}
	good := string(encodeMessage("p.1", 300, nil))
	for i := range good {
		if b.onMessage("calls", good[:i]) == nil && i < len(good) {
			t.Errorf("a message cut off after %d bytes is read", i)
		}
	}
	for _, data := range []string{"", "\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff", "\x05{}", "\x02{]", "\x80"} {
		if b.onControl(data) == nil {
			t.Errorf("control message %q is read", data)
		}
		if b.onInbox(t.Context(), data) == nil {
			t.Errorf("inbox message %q is read", data)
		}
	}
	if n := len(s.C()); n != 0 {
		t.Errorf("%d envelopes of nothing", n)
	}
}

func FuzzDecode(f *testing.F) {
	f.Add(string(encodeMessage("p.1", 300, []byte("payload"))))
	f.Add(string(encodeNote(note{Request: 1, Subject: "engine"}, []byte("payload"))))
	f.Fuzz(func(t *testing.T, data string) {
		if epoch, seq, payload, err := decodeMessage(data); err == nil {
			again, n, rest, err := decodeMessage(string(encodeMessage(epoch, seq, []byte(payload))))
			if err != nil || again != epoch || n != seq || rest != payload {
				t.Errorf("%q: not the same again", data)
			}
		}
		var n note
		_, _ = decodeNote(data, &n)
	})
}
