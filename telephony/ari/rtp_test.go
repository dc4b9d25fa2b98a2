package ari

import (
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/pult-cc/pult/internal/errs"
	"github.com/pult-cc/pult/internal/lab"
	"github.com/pult-cc/pult/telephony"
)

// As Asterisk 22.10 says it.
const qos = "ssrc=114972473;themssrc=2689536696;lp=7;rxjitter=0.002500;rxcount=895;txjitter=0.001250;txcount=894;rlp=3;rtt=0.040000;rxmes=85.100000;txmes=88.087887"

func TestCountsOfAnEndedLeg(t *testing.T) {
	at := time.Now()
	got := lastRTP(at, "alaw", map[string]string{varQoS: qos})
	want := telephony.RTP{
		At: at, Codec: "alaw", Received: 895, Sent: 894, LostIn: 7, LostOut: 3, JitterIn: 1250 * time.Microsecond,
		JitterOut: 2500 * time.Microsecond, RoundTrip: 40 * time.Millisecond, Reported: true,
	}
	if got == nil || *got != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
	for name, vars := range map[string]map[string]string{
		"not configured": nil, "empty": {varQoS: ""}, "nonsense": {varQoS: "rxcount=x;;=;lp"}, "not a number": {varQoS: "rxcount=NaN;txcount=-1"},
	} {
		if got := lastRTP(at, "", vars); got != nil {
			t.Errorf("%s: got %+v", name, got)
		}
	}
	odd := lastRTP(at, "", map[string]string{varQoS: "rxcount=5;lp=-2;rtt=nan;txjitter=1e9"})
	if odd == nil || *odd != (telephony.RTP{At: at, Received: 5}) {
		t.Errorf("got %+v", odd)
	}
}

// TestRealCounts: a customer at the carrier's end loses every tenth packet, then falls silent, then hangs up.
func TestRealCounts(t *testing.T) {
	h, x := live(t)
	host, _ := lab.Addrs()
	rtp, err := lab.ListenRTP(host)
	if err != nil {
		t.Fatal(err)
	}
	defer rtp.Close()
	rtp.Tone(440)
	caller, err := h.lab.pbx.Call(t.Context(), lab.CallOptions{To: "support", From: "79161234567", Media: rtp})
	if err != nil {
		t.Fatal(err)
	}
	defer caller.Close()
	var leg telephony.LegID
	eventually(t, "the call", func() bool {
		x.Driver.mu.Lock()
		defer x.Driver.mu.Unlock()
		for id := range x.legs.legs {
			leg = id
		}
		return leg != ""
	})
	noError(t, x.Answer(t.Context(), leg))
	noError(t, x.Park(t.Context(), leg))
	counts := func() telephony.RTP {
		got, err := x.RTP(t.Context(), leg)
		noError(t, err)
		return got
	}
	eventually(t, "sound from the customer", func() bool { return counts().Received > 50 })
	if got := counts(); got.Codec != "alaw" || got.LostIn != 0 || got.Reported {
		t.Errorf("a healthy leg without RTCP has %+v", got)
	}
	rtp.Lose(10)
	// Asterisk counts what is lost when it makes a report, every five seconds.
	eventually(t, "loss to be counted", func() bool { return counts().LostIn > 10 })
	got := counts()
	if share := float64(got.LostIn) / float64(got.LostIn+got.Received); share < 0.02 || share > 0.12 {
		t.Errorf("of every tenth packet lost %.3f is seen: %+v", share, got)
	}
	rtp.Still(true)
	eventually(t, "the customer's silence", func() bool {
		before := counts()
		until := time.Now().Add(500 * time.Millisecond)
		after := before
		for time.Now().Before(until) && after.Received == before.Received {
			after = counts()
		}
		return after.Received == before.Received && after.Sent > before.Sent
	})
	last := counts()
	noError(t, caller.Next(t.Context()))
	eventually(t, "the end", func() bool { return x.ended(leg) != nil })
	if end := x.ended(leg); end.RTP == nil || end.RTP.Received < last.Received || end.RTP.Sent < last.Sent || end.RTP.LostIn < last.LostIn || end.RTP.Codec != "alaw" {
		t.Errorf("the end told %+v after %+v", end.RTP, last)
	}
}

// ended returns the leg's end, nil before.
func (x *told) ended(id telephony.LegID) *telephony.LegEnded {
	x.mu.Lock()
	defer x.mu.Unlock()
	for _, e := range x.events {
		if end, ok := e.(telephony.LegEnded); ok && end.Leg == id {
			return &end
		}
	}
	return nil
}

// TestCountsOfALegWithoutMedia: Asterisk answers 404 for a channel without RTP as for none at all.
func TestCountsOfALegWithoutMedia(t *testing.T) {
	message := ""
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusNotFound)
		_, _ = w.Write([]byte(`{"message":"` + message + `"}`))
	}))
	defer s.Close()
	d, err := New(Options{URL: s.URL + "/ari", User: "u", Password: "p", Logger: quietLogger()})
	if err != nil {
		t.Fatal(err)
	}
	defer d.rest.transport.CloseIdleConnections()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	d.link.Store(&session{ctx: ctx})
	d.legs.legs["leg"] = &leg{Leg: telephony.Leg{ID: "leg"}}
	for message = range map[string]bool{"RTP info not found": true, "Statistics not found": true} {
		if got, err := d.RTP(t.Context(), "leg"); err != nil || got.Received != 0 || got.At.IsZero() {
			t.Errorf("%s: %+v, %v", message, got, err)
		}
	}
	message = "Channel not found"
	if _, err := d.RTP(t.Context(), "leg"); !errs.Is(err, errs.Conflict) {
		t.Errorf("%s: %v, want a conflict", message, err)
	}
	if _, err := d.RTP(t.Context(), "other"); !errs.Is(err, errs.Conflict) || strings.Contains(err.Error(), "404") {
		t.Errorf("a leg that is not ours: %v, want a conflict", err)
	}
}
