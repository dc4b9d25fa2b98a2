package quality_test

import (
	"encoding/json"
	"math"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/pult-cc/pult/internal/errs"
	"github.com/pult-cc/pult/telephony"
	"github.com/pult-cc/pult/telephony/quality"
)

var began = time.Date(2025, 3, 3, 9, 0, 0, 0, time.UTC)

func at(seconds int) time.Time { return began.Add(time.Duration(seconds) * time.Second) }

// TestScoresOfTheRecommendation: ITU-T G.107 annex B, table B.1, and the rating of a connection without any fault.
func TestScoresOfTheRecommendation(t *testing.T) {
	for r, want := range map[float64]float64{90: 4.34, 80: 4.02, 70: 3.60, 60: 3.10, 50: 2.58, 93.2: 4.41, 0: 1, -20: 1, 3: 1, 100: 4.5, 120: 4.5} {
		if got := quality.MOS(r); math.Abs(got-want) > 0.006 {
			t.Errorf("MOS(%v) = %.3f, want %.2f", r, got, want)
		}
	}
}

// TestPageAndServerEstimateAlike reads what the page's tests read too.
func TestPageAndServerEstimateAlike(t *testing.T) {
	raw, err := os.ReadFile("testdata/emodel.json")
	if err != nil {
		t.Fatal(err)
	}
	var vectors []struct {
		Codec                          string
		Loss, JitterMs, RoundTripMs, R float64
		MOS                            float64
	}
	if err := json.Unmarshal(raw, &vectors); err != nil || len(vectors) < 10 {
		t.Fatalf("%d vectors, %v", len(vectors), err)
	}
	for _, v := range vectors {
		r := quality.R(quality.Network{
			Codec: v.Codec, Loss: v.Loss, Jitter: ms(v.JitterMs), RoundTrip: ms(v.RoundTripMs),
		})
		if math.Abs(r-v.R) > 1e-5 || math.Abs(quality.MOS(r)-v.MOS) > 1e-5 {
			t.Errorf("%+v: R %.6f MOS %.6f", v, r, quality.MOS(r))
		}
	}
}

func ms(v float64) time.Duration { return time.Duration(v * float64(time.Millisecond)) }

func TestGrades(t *testing.T) {
	for mos, want := range map[float64]quality.Grade{4.4: quality.Good, 4.02: quality.Good, 4.01: quality.Fair, 3.1: quality.Fair, 3.09: quality.Poor, 1: quality.Poor} {
		if got := quality.GradeOf(mos); got != want {
			t.Errorf("GradeOf(%v) = %s, want %s", mos, got, want)
		}
	}
}

func TestSummaryIsOfTheWorstSideAndForgetsNothing(t *testing.T) {
	var r quality.Record
	if _, ok := r.Now(); ok {
		t.Error("a score of nothing")
	}
	bad, trip := 0.3, 80*time.Millisecond
	first := r.Add(quality.Page, quality.Window{At: at(1), Codec: "opus", Jitter: 4 * time.Millisecond})
	second := first.Add(quality.Page, quality.Window{At: at(3), Codec: "opus", LossOut: &bad, RoundTrip: &trip})
	third := second.Add(quality.Customer, quality.Window{At: at(3), Codec: "alaw"})
	page, _ := third.Leg(quality.Page)
	if page.MOS.N != 2 || page.MOS.Worst >= page.MOS.Avg || page.LossOut.Worst != bad || page.LossOut.N != 1 ||
		page.RoundTrip.Avg != 80 || page.Jitter.Avg != 2 || page.Jitter.Worst != 4 || !page.From.Equal(at(1)) || !page.Until.Equal(at(3)) {
		t.Errorf("the page's summary is %+v", page)
	}
	if got, _ := first.Leg(quality.Page); got.MOS.N != 1 {
		t.Error("an older summary changed")
	}
	if overall, _ := third.Overall(); overall != page.MOS.Avg {
		t.Errorf("overall %v, want the worst side's %v", overall, page.MOS.Avg)
	}
	if now, _ := third.Now(); now != page.MOS.Now {
		t.Errorf("now %v, want the worst side's %v", now, page.MOS.Now)
	}
}

func TestAlertsHaveABeginningAndAnEndAndAreBounded(t *testing.T) {
	var r quality.Record
	r = r.Raise(quality.OneWayIn, quality.Page, at(1)).Raise(quality.OneWayIn, quality.Page, at(2)).Raise(quality.OneWayIn, quality.Customer, at(2))
	if len(r.Alerts) != 2 || !r.Alerting() {
		t.Fatalf("alerts %+v", r.Alerts)
	}
	open := r
	r = r.Clear(quality.OneWayIn, quality.Page, at(5)).Clear(quality.DeadAir, quality.Page, at(5))
	if a := r.Alerts[0]; a.Until == nil || !a.Until.Equal(at(5)) || !r.Alerting() {
		t.Errorf("alerts %+v", r.Alerts)
	}
	if open.Alerts[0].Until != nil {
		t.Error("an older record changed")
	}
	if r = r.Close(at(9)); r.Alerting() || !r.Alerts[1].Until.Equal(at(9)) {
		t.Errorf("alerts after the end %+v", r.Alerts)
	}
	for i := range 100 {
		r = r.Raise(quality.MutedTalk, quality.Page, at(i)).Clear(quality.MutedTalk, quality.Page, at(i))
	}
	if len(r.Alerts) != 20 {
		t.Errorf("%d alerts are kept", len(r.Alerts))
	}
}

func TestAPagesReportIsNotTrusted(t *testing.T) {
	over, nan, long, negative := 1.5, math.NaN(), 2*time.Minute, -time.Second
	window := func(change func(*quality.Window)) quality.Report {
		w := quality.Window{At: began}
		change(&w)
		return quality.Report{Windows: []quality.Window{w}}
	}
	for field, reports := range map[string][]quality.Report{
		"samples": {
			{Windows: make([]quality.Window, quality.MaxWindows+1)},
			window(func(w *quality.Window) { w.LossIn = over }), window(func(w *quality.Window) { w.LossIn = nan }),
			window(func(w *quality.Window) { w.LossOut = &over }), window(func(w *quality.Window) { w.Jitter = long }),
			window(func(w *quality.Window) { w.Jitter = negative }), window(func(w *quality.Window) { w.RoundTrip = &long }),
			window(func(w *quality.Window) { w.Codec = "Opus/48000" }), window(func(w *quality.Window) { w.Codec = strings.Repeat("a", 25) }),
		},
		"alerts": {{Notes: make([]quality.Note, quality.MaxNotes+1)}, {Notes: []quality.Note{{Kind: "BORED", At: began}}}},
	} {
		for i, p := range reports {
			if err := p.Validate(); !errs.Is(err, errs.Invalid) || errs.FieldsOf(err)[field] == "" {
				t.Errorf("%s %d: %v", field, i, err)
			}
		}
	}
	r := quality.Record{}.Take(quality.Report{
		Windows: []quality.Window{{At: at(-3600)}, {At: at(3600)}},
		Notes:   []quality.Note{{Kind: quality.DeadAir, At: at(3600)}},
	}, began, at(10))
	page, _ := r.Leg(quality.Page)
	if !page.From.Equal(began) || !page.Until.Equal(at(10)) || !r.Alerts[0].From.Equal(at(10)) {
		t.Errorf("a wrong clock is believed: %+v %+v", page, r.Alerts)
	}
}

func TestMeterReadsCountsThatGrow(t *testing.T) {
	var m quality.Meter
	read := func(rtp telephony.RTP, talking bool) quality.Reading {
		t.Helper()
		var out quality.Reading
		m, out = m.Read(rtp, talking)
		return out
	}
	if out := read(telephony.RTP{At: at(0), Received: 100, Sent: 100}, true); out.Window != nil {
		t.Error("the first counts, of unknown length, made a window")
	}
	out := read(telephony.RTP{At: at(5), Received: 325, Sent: 350, LostIn: 25, Codec: "alaw", JitterIn: 3 * time.Millisecond}, true)
	if out.Window == nil || out.Window.LossIn != 0.1 || out.Window.LossOut != nil || out.Window.RoundTrip != nil || out.OneWay {
		t.Fatalf("got %+v %+v", out, out.Window)
	}
	out = read(telephony.RTP{At: at(10), Received: 575, Sent: 600, LostIn: 20, LostOut: 50, RoundTrip: 40 * time.Millisecond, Reported: true}, true)
	if w := out.Window; w == nil || w.LossIn != 0 || *w.LossOut != 0.2 || *w.RoundTrip != 40*time.Millisecond {
		t.Errorf("late packets, and what the far end reports: %+v", w)
	}
	if out = read(telephony.RTP{At: at(15), Received: 10, Sent: 10}, true); out.Window != nil {
		t.Error("counts that went back made a window")
	}
}

func TestMeterHearsThatNothingArrives(t *testing.T) {
	var m quality.Meter
	steps := []struct {
		second, received int
		talking, want    bool
	}{
		{0, 0, true, false}, {3, 0, true, false}, {5, 0, true, true}, {8, 0, true, true},
		{10, 5, true, false},                        // it is heard
		{15, 5, true, true},                         // and no longer
		{20, 5, false, false}, {25, 5, true, false}, // on hold nobody is expected
		{30, 5, true, true}, // the silence counts anew
		{31, 9, true, false},
	}
	for _, s := range steps {
		var out quality.Reading
		m, out = m.Read(telephony.RTP{At: at(s.second), Received: uint64(s.received), Sent: uint64(50 * s.second)}, s.talking)
		if out.OneWay != s.want {
			t.Errorf("at %d s: one-way %v, want %v", s.second, out.OneWay, s.want)
		}
	}
}
