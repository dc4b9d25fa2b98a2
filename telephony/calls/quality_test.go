package calls_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/pult-cc/pult/internal/errs"
	"github.com/pult-cc/pult/telephony"
	"github.com/pult-cc/pult/telephony/calls"
	"github.com/pult-cc/pult/telephony/fakepbx"
	"github.com/pult-cc/pult/telephony/quality"
)

// counts is what the PBX counted of a perfect leg by now.
func (s *stand) counts() telephony.RTP {
	n := uint64(50 * s.now.Sub(epoch).Seconds())
	return telephony.RTP{At: s.now, Received: n, Sent: n, Codec: "alaw"}
}

func (s *stand) measured(leg telephony.LegID, change func(*telephony.RTP)) {
	rtp := s.counts()
	if change != nil {
		change(&rtp)
	}
	s.f.Measured(leg, rtp, s.now)
	s.settle()
}

func (s *stand) report(id calls.ID, p quality.Report) error {
	return s.do(calls.Command{Kind: calls.CmdReportQuality, CallID: id, OperatorID: "anna", Quality: &p})
}

func talkingStand(t *testing.T) (*stand, calls.ID, telephony.LegID) {
	t.Helper()
	s := newStand(t, "anna")
	s.linkUp("anna")
	id := s.callIn("leg1", "+79161234567")
	if n := len(s.f.Measurable()); n != 0 {
		t.Fatalf("%d legs to measure before the conversation", n)
	}
	s.pbx(telephony.LegAnswered{At: s.now, Leg: "leg1"})
	s.connect(id)
	return s, id, s.operatorLeg(id)
}

func TestBothLegsAndThePageAreSummedUp(t *testing.T) {
	s, id, op := talkingStand(t)
	if n := len(s.f.Measurable()); n != 2 {
		t.Fatalf("%d legs to measure, want both", n)
	}
	for range 4 {
		s.advance(5 * time.Second)
		s.measured("leg1", func(r *telephony.RTP) { r.LostIn = r.Received / 4 })
		s.measured(op, nil)
	}
	noError(t, s.report(id, quality.Report{Windows: []quality.Window{{At: s.now, Codec: "opus", Jitter: time.Millisecond}}}))
	q := s.calls[id].Quality
	if q == nil || len(q.Legs) != 3 {
		t.Fatalf("quality %+v", q)
	}
	cust, _ := q.Leg(quality.Customer)
	page, _ := q.Leg(quality.Page)
	oper, _ := q.Leg(quality.Operator)
	if cust.MOS.N != 3 || cust.LossIn.Avg < 0.19 || cust.LossIn.Avg > 0.21 || page.MOS.N != 1 || oper.MOS.Avg < 4.3 || cust.MOS.Avg > 3 {
		t.Errorf("customer %+v, operator %+v, page %+v", cust, oper, page)
	}
}

func TestFiguresAloneMakeFewVersions(t *testing.T) {
	s, id, op := talkingStand(t)
	for range 3 {
		s.advance(5 * time.Second)
		s.measured("leg1", nil)
		s.measured(op, nil)
	}
	before := s.calls[id].Version
	for range 12 { // a minute
		s.advance(5 * time.Second)
		s.measured("leg1", nil)
		s.measured(op, nil)
	}
	if n := s.calls[id].Version - before; n < 5 || n > 7 {
		t.Errorf("a minute of steady figures made %d versions", n)
	}
	before = s.calls[id].Version
	s.advance(time.Second)
	noError(t, s.report(id, quality.Report{Notes: []quality.Note{{Kind: quality.OneWayIn, At: s.now}}}))
	if s.calls[id].Version != before+1 || !s.calls[id].Quality.Alerting() {
		t.Error("an alert is not told at once")
	}
}

func TestPBXSeesOneWayAudio(t *testing.T) {
	s, id, op := talkingStand(t)
	silent := func(r *telephony.RTP) { r.Received = 0 }
	alerts := func() []quality.Alert {
		if q := s.calls[id].Quality; q != nil {
			return q.Alerts
		}
		return nil
	}
	for range 3 {
		s.measured("leg1", silent)
		s.measured(op, nil)
		s.advance(5 * time.Second)
	}
	if a := alerts(); len(a) != 1 || a[0].Kind != quality.OneWayIn || a[0].Side != quality.Customer || a[0].Until != nil {
		t.Fatalf("a silent customer makes alerts %+v", a)
	}
	s.pbx(telephony.LegLeft{At: s.now, Leg: "leg1", Bridge: calls.BridgeOf(id)})
	s.pbx(telephony.LegParked{At: s.now, Leg: "leg1"})
	s.want(id, calls.StateHeld)
	s.measured("leg1", silent)
	for range 3 {
		s.advance(5 * time.Second)
		s.measured("leg1", silent)
		s.measured(op, func(r *telephony.RTP) { r.Received = 1000 })
	}
	if a := alerts(); len(a) != 1 || a[0].Until == nil {
		t.Errorf("on hold nobody has to be heard: %+v", a)
	}
}

func TestWhoIsMutedNeedNotBeHeard(t *testing.T) {
	s, id, op := talkingStand(t)
	s.must(calls.Command{Kind: calls.CmdSetMuted, CallID: id, OperatorID: "anna", Muted: true})
	for range 4 {
		s.measured(op, func(r *telephony.RTP) { r.Received = 0 })
		s.advance(5 * time.Second)
	}
	if q := s.calls[id].Quality; q != nil && len(q.Alerts) != 0 {
		t.Errorf("alerts %+v", q.Alerts)
	}
}

func TestTheEndBringsTheLastFigures(t *testing.T) {
	s, id, op := talkingStand(t)
	s.measured("leg1", nil)
	s.measured(op, nil)
	noError(t, s.report(id, quality.Report{Notes: []quality.Note{{Kind: quality.DeadAir, At: s.now}}}))
	s.advance(3 * time.Second)
	s.take()
	last := s.counts()
	s.pbx(telephony.LegEnded{At: s.now, Leg: "leg1", Cause: telephony.Cause{Q850: 16}, RTP: &last})
	s.want(id, calls.StateWrapUp)
	order := 0
	for _, e := range s.take() {
		switch d := e.Effect.(type) {
		case calls.DoMeasure:
			if d.Leg == op && order == 0 {
				order = 1
			}
		case calls.DoHangup:
			if d.Leg == op && order == 1 {
				order = 2
			}
		}
	}
	if order != 2 {
		t.Error("the operator's leg is not measured right before it is ended")
	}
	s.measured(op, nil)
	noError(t, s.report(id, quality.Report{
		Windows: []quality.Window{{At: s.now}}, Notes: []quality.Note{{Kind: quality.MutedTalk, At: s.now}},
	}))
	q := s.calls[id].Quality
	for _, side := range []quality.Side{quality.Customer, quality.Operator, quality.Page} {
		if l, ok := q.Leg(side); !ok || l.MOS.N != 1 {
			t.Errorf("of the last seconds at %s there is %+v", side, l)
		}
	}
	if q.Alerting() {
		t.Errorf("alerts outlive the conversation: %+v", q.Alerts)
	}
	s.must(calls.Command{Kind: calls.CmdFinishWrapUp, CallID: id, OperatorID: "anna"})
	if j := s.journal[len(s.journal)-1]; j.Quality == nil || len(j.Quality.Legs) != 3 {
		t.Errorf("the journal is given %+v", j.Quality)
	}
}

func TestReportsAreTheOperatorsOwn(t *testing.T) {
	s := newStand(t, "anna", "boris")
	s.linkUp("anna", "boris")
	id := s.callIn("leg1", "+79161234567")
	if err := s.report(id, quality.Report{}); !errs.Is(err, errs.Conflict) {
		t.Errorf("before the conversation: %v, want a conflict", err)
	}
	s.connect(id)
	err := s.do(calls.Command{Kind: calls.CmdReportQuality, CallID: id, OperatorID: "boris", Quality: &quality.Report{}})
	if !errs.Is(err, errs.Forbidden) {
		t.Errorf("of another's call: %v, want forbidden", err)
	}
	if err := s.do(calls.Command{Kind: calls.CmdReportQuality, CallID: id, OperatorID: "anna"}); !errs.Is(err, errs.Invalid) {
		t.Errorf("of nothing: %v, want invalid", err)
	}
	if err := s.report(id, quality.Report{Windows: []quality.Window{{LossIn: 7}}}); !errs.Is(err, errs.Invalid) {
		t.Errorf("of nonsense: %v, want invalid", err)
	}
}

func noError(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// TestEngineMeasures: a driver that can count is asked all along, and a new owner goes on with what the former knew.
func TestEngineMeasures(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSite(t)
		kill := s.own(s.pbx.NewDriver(), "one")
		s.ready()
		c := s.talk()
		s.pbx.SetMedia(c.Customer.ID, fakepbx.Media{LossIn: 0.2, Jitter: 30 * time.Millisecond})
		time.Sleep(31 * time.Second) // synctest's clock
		c = s.only()
		if c.Quality == nil || len(c.Quality.Legs) != 2 {
			t.Fatalf("quality %+v", c.Quality)
		}
		if mos, _ := c.Quality.Now(); mos > 3 {
			t.Errorf("a fifth of the packets lost makes a score of %.2f", mos)
		}
		kill()
		defer s.own(s.pbx.NewDriver(), "two")()
		if after := s.only(); after.Quality == nil || len(after.Quality.Legs) != 2 {
			t.Fatalf("the next owner forgets: %+v", after.Quality)
		}
		s.pbx.SetMedia(c.Customer.ID, fakepbx.Media{Silent: true})
		time.Sleep(21 * time.Second) // synctest's clock
		if c = s.only(); len(c.Quality.Alerts) != 1 || !c.Quality.Alerting() {
			t.Errorf("of a silent customer there are alerts %+v", c.Quality.Alerts)
		}
		s.pbx.FarEndHangup(c.Customer.ID)
		if c = s.only(); c.State != calls.StateWrapUp || c.Quality.Alerting() {
			t.Errorf("after the end the call is %s, alerts %+v", c.State, c.Quality.Alerts)
		}
	})
}
