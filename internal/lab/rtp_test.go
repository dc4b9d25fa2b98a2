package lab

import (
	"context"
	"math"
	"testing"
	"time"
)

func TestG711KeepsSamples(t *testing.T) {
	t.Parallel()
	for _, payload := range []uint8{payloadPCMU, payloadPCMA} {
		for i := -1000; i <= 1000; i++ {
			want := float64(i) / 1000
			got := decode(payload, []byte{encode(payload, want)})[0]
			// The step of G.711 is at most a sixteenth of the value, and the smallest one 1/4096.
			if math.Abs(got-want) > math.Abs(want)/16+1.0/2048 {
				t.Fatalf("payload %d: %g came back as %g", payload, want, got)
			}
		}
	}
}

// The tables of ITU-T G.711 fix these: silence, the loudest value, and its opposite.
func TestG711KnownBytes(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		payload uint8
		sample  float64
		want    byte
	}{
		{payloadPCMU, 0, 0xff}, {payloadPCMU, 1, 0x80}, {payloadPCMU, -1, 0x00},
		{payloadPCMA, 0, 0xd5}, {payloadPCMA, 1, 0xaa}, {payloadPCMA, -1, 0x2a},
	} {
		if got := encode(c.payload, c.sample); got != c.want {
			t.Errorf("payload %d: %g is %#02x, want %#02x", c.payload, c.sample, got, c.want)
		}
	}
}

// pair returns two endpoints, the first of which knows the second.
func pair(t *testing.T) (a, b *RTP) {
	t.Helper()
	ends := [2]*RTP{}
	for i := range ends {
		r, err := ListenRTP("127.0.0.1")
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() {
			if err := r.Close(); err != nil {
				t.Error(err)
			}
		})
		ends[i] = r
	}
	ends[0].setRemote(ends[1].Addr())
	return ends[0], ends[1]
}

// within bounds a wait; what it waits for takes a fraction of it.
func within(t *testing.T) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	t.Cleanup(cancel)
	return ctx
}

func TestRTPHearsTheRightTone(t *testing.T) {
	t.Parallel()
	a, b := pair(t)
	ctx := within(t)
	if !b.Silence() || b.HearsTone(440) {
		t.Error("something is heard before anything was sent")
	}
	a.Tone(440)
	if err := b.WaitTone(ctx, 440); err != nil {
		t.Fatal(err)
	}
	if b.HearsTone(523) || b.Silence() {
		t.Error("440 Hz is taken for 523 Hz or for silence")
	}
	// The second end knows where to answer since it has heard something.
	b.Tone(1000)
	if err := a.WaitTone(ctx, 1000); err != nil {
		t.Fatal(err)
	}
	a.Tone(0)
	if err := b.WaitSilence(ctx); err != nil {
		t.Fatal(err)
	}
	if err := a.WaitTone(ctx, 1000); err != nil {
		t.Fatal("silence one way ended the tone the other way:", err)
	}
}

func TestRTPHearsKeys(t *testing.T) {
	t.Parallel()
	a, b := pair(t)
	if err := a.Press("12x"); err == nil {
		t.Error("a key that does not exist was taken")
	}
	a.Tone(600)
	if err := a.Press("1*#055"); err != nil {
		t.Fatal(err)
	}
	ctx := within(t)
	if err := b.WaitDigits(ctx, "1*#055"); err != nil {
		t.Fatal(err)
	}
	if err := b.WaitTone(ctx, 600); err != nil {
		t.Fatal("no audio after the keys:", err)
	}
	if s := b.Stats(); s.Lost != 0 || s.Packets == 0 {
		t.Errorf("lost packets on loopback: %+v", s)
	}
}

func TestWaitingForATone(t *testing.T) {
	t.Parallel()
	_, b := pair(t)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := b.WaitTone(ctx, 440); err == nil {
		t.Error("waiting under a dead context succeeded")
	}
}

// A tone is known by single packets, in time and apart from another that is heard with it.
func TestKeptTonesHaveTheirTime(t *testing.T) {
	t.Parallel()
	a, b := pair(t)
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	b.Keep(1000, 600)
	a.Tone(1000)
	few := func(freq float64) {
		t.Helper()
		if err := b.waitFor(ctx, "a few packets", func() bool { return len(b.Kept(freq, time.Time{})) >= 3 }); err != nil {
			t.Fatal(err)
		}
	}
	few(1000)
	changed := time.Now()
	a.Tone(600)
	few(600)
	before, after := b.Kept(1000, time.Time{}), b.Kept(600, time.Time{})
	// One packet may have been on its way, and one may be of both.
	if last, first := before[len(before)-1], after[0]; first.Before(changed.Add(-time.Millisecond)) || last.Sub(first) > frame {
		t.Fatalf("changed at %v, the first was last heard at %v, the second first at %v", changed, last, first)
	}
	if got := b.Kept(1000, changed.Add(time.Second)); len(got) != 0 {
		t.Fatalf("heard in the future: %v", got)
	}
	if got := b.Kept(600, after[1]); len(got) == 0 || !got[0].Equal(after[2]) {
		t.Fatalf("after the second packet comes %v, not the third", got)
	}
}
