package telephonytest

import (
	"testing"
	"time"

	"github.com/pult-cc/pult/internal/errs"
	"github.com/pult-cc/pult/telephony"
)

// mediaTests are about the counts of media, where the driver has them.
var mediaTests = []test{
	{"MediaIsCounted", func(t *testing.T, b *bench) {
		p, _ := b.start(t)
		m, ok := p.Driver.(telephony.RTPMeter)
		if !ok {
			return
		}
		leg, far := b.callIn(t, p)
		fresh, err := m.RTP(t.Context(), leg.ID)
		must(t, err)
		if fresh.Received+fresh.Sent+fresh.LostIn != 0 || fresh.At.IsZero() {
			t.Errorf("a leg through which nothing passed has %+v", fresh)
		}
		must(t, p.Answer(t.Context(), leg.ID))
		must(t, p.Park(t.Context(), leg.ID))
		await(t, p.recorder, ofLeg[telephony.LegParked](leg.ID))
		first := mediaOf(t, m, leg.ID, 0) // music
		later := mediaOf(t, m, leg.ID, first.Sent)
		if !later.At.After(first.At) || later.Codec == "" {
			t.Errorf("counts %+v, then %+v", first, later)
		}
		far.Hangup(t)
		end := await(t, p.recorder, ofLeg[telephony.LegEnded](leg.ID))
		if end.RTP == nil || end.RTP.Sent < later.Sent || end.RTP.At.IsZero() {
			t.Errorf("after %+v the end told %+v", later, end.RTP)
		}
		if _, err := m.RTP(t.Context(), leg.ID); !errs.Is(err, errs.Conflict) {
			t.Errorf("RTP of an ended leg: %v, want a conflict", err)
		}
	}},
	{"MediaIsNotCountedWithoutALink", func(t *testing.T, b *bench) {
		p, _ := b.start(t)
		m, ok := p.Driver.(telephony.RTPMeter)
		if !ok {
			return
		}
		leg, _ := b.callIn(t, p)
		b.CutLink(t)
		await[telephony.LinkDown](t, p.recorder, nil)
		if _, err := m.RTP(t.Context(), leg.ID); !errs.Is(err, errs.Unavailable) {
			t.Errorf("RTP without a link: %v, want unavailable", err)
		}
		b.RestoreLink(t)
		await[telephony.LinkUp](t, p.recorder, nil)
	}},
}

// mediaOf asks for the counts until more than so many packets were sent.
func mediaOf(t *testing.T, m telephony.RTPMeter, leg telephony.LegID, sent uint64) telephony.RTP {
	t.Helper()
	deadline := time.After(Patience)
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for {
		got, err := m.RTP(t.Context(), leg)
		must(t, err)
		if got.Sent > sent {
			return got
		}
		select {
		case <-deadline:
			t.Fatalf("only %d packets were sent", got.Sent)
		case <-tick.C:
		}
	}
}
