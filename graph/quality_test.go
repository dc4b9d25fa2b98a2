package graph

import (
	"testing"
	"time"

	"github.com/pult-cc/pult/internal/interactions"
	"github.com/pult-cc/pult/telephony/calls"
	"github.com/pult-cc/pult/telephony/quality"
)

const reportHealth = `mutation($input: PhoneHealthInput!) { reportPhoneHealth(input: $input) { ok } }`

const qualityFields = `quality { grade mos alerting sides { side grade codec from until mos { now average worst } jitterMs { worst }
	lossIn { average } lossOut { now } roundTripMs { average } } alerts { kind side from until } }`

func TestPagesReportQuality(t *testing.T) {
	s := newStand(t)
	s.board.putCall(talking("x", "anna", "q1"))
	s.must("anna", reportHealth, "input", map[string]any{"quality": map[string]any{
		"callId": "x",
		"samples": []any{
			map[string]any{"at": "2026-11-01T08:59:30Z", "codec": "opus", "jitterMs": 2.5, "lossIn": 0.01, "lossOut": 0.02, "roundTripMs": 40},
			map[string]any{"at": "2026-11-01T08:59:32Z", "jitterMs": 1e300, "lossIn": 0},
		},
		"alerts": []any{map[string]any{"kind": "ONE_WAY_IN", "at": "2026-11-01T08:59:33Z", "over": true}},
	}})
	cmd := s.floor.last(t)
	if cmd.Kind != calls.CmdReportQuality || cmd.CallID != "x" || cmd.OperatorID != "anna" || cmd.Supervisor || cmd.Quality == nil {
		t.Fatalf("the floor was told %+v", cmd)
	}
	w, n := cmd.Quality.Windows, cmd.Quality.Notes
	if len(w) != 2 || w[0].Codec != "opus" || w[0].Jitter != 2500*time.Microsecond || *w[0].LossOut != 0.02 || *w[0].RoundTrip != 40*time.Millisecond ||
		w[1].LossOut != nil || w[1].RoundTrip != nil || w[1].Jitter <= 0 {
		t.Errorf("windows %+v", w)
	}
	if len(n) != 1 || n[0].Kind != quality.OneWayIn || !n[0].Over {
		t.Errorf("notes %+v", n)
	}
	if a := s.do("anna", reportHealth, "input", map[string]any{}); a.code() != "BAD_USER_INPUT" {
		t.Errorf("a report of nothing: %s", a.Body)
	}
	if a := s.do("sonya", reportHealth, "input", map[string]any{"quality": map[string]any{"callId": "x", "samples": []any{}, "alerts": []any{}}}); a.code() != "FORBIDDEN" {
		t.Errorf("a supervisor's report of another's call: %s", a.Body)
	}
}

func measured() *quality.Record {
	at, trip := testNow.Add(-time.Minute), 40*time.Millisecond
	r := quality.Record{}.
		Add(quality.Page, quality.Window{At: at, Codec: "opus", Jitter: 4 * time.Millisecond, RoundTrip: &trip}).
		Add(quality.Customer, quality.Window{At: at, Codec: "alaw", LossIn: 0.5}).
		Add(quality.Customer, quality.Window{At: at.Add(5 * time.Second), Codec: "alaw"}).
		Raise(quality.OneWayIn, quality.Customer, at)
	return &r
}

func TestLiveQualityIsOfLate(t *testing.T) {
	s := newStand(t)
	c := talking("x", "anna", "q1")
	s.board.putCall(c)
	if got := at(s.must("anna", `{ call(id: "x") { `+qualityFields+` } }`), "call", "quality"); got != nil {
		t.Errorf("before anything is measured: %v", got)
	}
	c.Version++
	c.Quality = measured()
	s.board.putCall(c)
	got := at(s.must("anna", `{ call(id: "x") { `+qualityFields+` interaction { `+qualityFields+` } } }`), "call")
	cust, _ := c.Quality.Leg(quality.Customer)
	for path, want := range map[string]any{
		"quality.grade": string(quality.GradeOf(cust.MOS.Now)), "quality.mos": cust.MOS.Now, "quality.alerting": true,
		"quality.sides.0.side": "PAGE", "quality.sides.0.codec": "opus", "quality.sides.0.grade": "GOOD", "quality.sides.0.lossOut": nil,
		"quality.sides.0.roundTripMs.average": 40.0, "quality.sides.0.jitterMs.worst": 4.0, "quality.sides.1.side": "CUSTOMER",
		"quality.sides.1.lossIn.average": 0.25, "quality.sides.1.mos.worst": cust.MOS.Worst, "quality.sides.1.roundTripMs": nil,
		"quality.alerts.0.kind": "ONE_WAY_IN", "quality.alerts.0.side": "CUSTOMER", "quality.alerts.0.until": nil,
		"interaction.quality.mos": cust.MOS.Now,
	} {
		if v := dig(got, path); v != want {
			t.Errorf("%s is %v, want %v", path, v, want)
		}
	}
}

func TestPastQualityIsTheAverageAndCostsNothing(t *testing.T) {
	s := newStand(t)
	ended := testNow.Add(-time.Second)
	r := measured().Close(ended)
	s.history.put(interactions.Interaction{
		ID: "old", Channel: "CALL", Direction: "INBOUND", OperatorID: "anna", StartedAt: testNow.Add(-time.Hour), EndedAt: &ended, Quality: &r,
	})
	before := s.history.count()
	got := at(s.must("anna", `{ interactions(first: 5) { edges { node { `+qualityFields+` } } } }`), "interactions", "edges", 0, "node")
	if n := s.history.count() - before; n != 1 {
		t.Errorf("the list cost %d statements", n)
	}
	overall, _ := r.Overall()
	if dig(got, "quality.mos") != overall || dig(got, "quality.alerting") != false || dig(got, "quality.alerts.0.until") == nil {
		t.Errorf("got %v, want %v", dig(got, "quality"), overall)
	}
}

func TestViewersAreToldWhenToBeWarned(t *testing.T) {
	s := newStand(t, func(c *Core, _ *Options) { c.Phone.LongHold, c.Phone.DeadAir = time.Minute, 15*time.Second })
	got := at(s.must("anna", `{ viewer { alerts { longHold deadAir } } }`), "viewer", "alerts")
	if dig(got, "longHold") != 60.0 || dig(got, "deadAir") != 15.0 {
		t.Errorf("got %v", got)
	}
}
