package calls_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/pult-cc/pult/internal/errs"
	"github.com/pult-cc/pult/telephony"
	"github.com/pult-cc/pult/telephony/calls"
	"github.com/pult-cc/pult/telephony/health"
	"github.com/pult-cc/pult/telephony/queues"
)

// says makes a report of one step.
func says(name health.StepName, state health.StepState, problem string) *health.Report {
	return &health.Report{Check: &health.Check{Browser: "Chrome 142", Steps: []health.Step{{Name: name, State: state, Problem: problem}}}}
}

func (s *stand) health(operator string, r *health.Report) {
	s.t.Helper()
	s.must(calls.Command{Kind: calls.CmdReportHealth, OperatorID: operator, Health: r})
}

func (s *stand) becomesReady(operator string) error {
	return s.do(calls.Command{Kind: calls.CmdSetAvailability, OperatorID: operator, Avail: queues.Ready})
}

func TestNobodyBecomesReadyWithoutAMicrophone(t *testing.T) {
	s := newStand(t, "anna")
	s.linkUp("anna")
	s.must(calls.Command{Kind: calls.CmdSetAvailability, OperatorID: "anna", Avail: queues.Offline})
	if err := s.becomesReady("anna"); err != nil {
		t.Fatalf("one who never reported: %v", err)
	}
	s.must(calls.Command{Kind: calls.CmdSetAvailability, OperatorID: "anna", Avail: queues.Offline})
	for _, bad := range []*health.Report{
		says(health.StepPermission, health.Failed, "denied"), says(health.StepMicrophone, health.Failed, "missing"),
	} {
		s.health("anna", bad)
		err := s.becomesReady("anna")
		if !errs.Is(err, errs.Conflict) || errs.Message(err) == "" || s.ops["anna"].Availability != queues.Offline {
			t.Fatalf("with %+v: %v, and she is %s", bad.Check.Steps, err, s.ops["anna"].Availability)
		}
		s.must(calls.Command{Kind: calls.CmdSetAvailability, OperatorID: "anna", Avail: queues.Paused, Pause: "lunch"})
		s.must(calls.Command{Kind: calls.CmdSetAvailability, OperatorID: "anna", Avail: queues.Offline})
	}
	s.health("anna", &health.Report{Errors: []health.Error{{Kind: health.ErrorPage, Text: "oops"}}})
	if err := s.becomesReady("anna"); !errs.Is(err, errs.Conflict) {
		t.Fatalf("a report that says nothing of the microphone cleared it: %v", err)
	}
	s.health("anna", says(health.StepMicrophone, health.OK, ""))
	if err := s.becomesReady("anna"); err != nil {
		t.Fatalf("after a good report: %v", err)
	}
}

func TestADeskPhoneNeedsNoMicrophoneOfAPage(t *testing.T) {
	s := newStand(t, "anna")
	s.desks = map[string]bool{"anna": true}
	s.directory("anna")
	s.linkUp("anna")
	s.health("anna", says(health.StepPermission, health.Failed, "denied"))
	if err := s.becomesReady("anna"); err != nil {
		t.Fatal(err)
	}
	if o := s.ops["anna"]; o.Readiness != calls.CanTake || !o.Desk {
		t.Errorf("anna is %+v", o)
	}
}

// Who is ready and loses the microphone stays ready, and gets calls again when it is back.
func TestNobodyIsOfferedACallThatTheyCouldNotSpeakIn(t *testing.T) {
	s := newStand(t, "anna")
	s.linkUp("anna")
	s.health("anna", says(health.StepMicrophone, health.Failed, "missing"))
	if o := s.ops["anna"]; o.Readiness != calls.Unheard || s.qs["q1"].Ready != 0 || o.Availability != queues.Ready {
		t.Fatalf("anna is %+v, ready in the queue are %d", o, s.qs["q1"].Ready)
	}
	id := s.callIn("leg1", "+79161234567")
	s.want(id, calls.StateQueued)
	s.health("anna", says(health.StepMicrophone, health.OK, ""))
	s.want(id, calls.StateOffered)
}

func TestReadinessSaysWhatStandsInTheWayAndSinceWhen(t *testing.T) {
	s := newStand(t, "anna")
	want := func(r calls.Readiness, since time.Time) {
		t.Helper()
		if o := s.ops["anna"]; o.Readiness != r || !o.ReadySince.Equal(since) {
			t.Fatalf("anna is %s since %v, want %s since %v", o.Readiness, o.ReadySince, r, since)
		}
	}
	want(calls.NotReached, epoch)
	s.advance(time.Second)
	s.linkUp("anna")
	want(calls.CanTake, epoch.Add(time.Second))
	s.advance(time.Second)
	s.health("anna", says(health.StepClock, health.Warn, "skew"))
	want(calls.CanTake, epoch.Add(time.Second)) // it is no reason
	if h := s.ops["anna"].Health; h == nil || len(h.Troubles()) != 1 {
		t.Fatalf("of her phone is known %+v", h)
	}
	s.callIn("leg1", "")
	want(calls.Engaged, epoch.Add(2*time.Second))
	s.advance(time.Second)
	s.must(calls.Command{Kind: calls.CmdSetAvailability, OperatorID: "anna", Avail: queues.Paused})
	want(calls.NotDeclared, epoch.Add(3*time.Second))
}

func TestAPageInTroubleCannotFloodTheFloor(t *testing.T) {
	s := newStand(t, "anna", "boris")
	r := says(health.StepMedia, health.Failed, "no_echo")
	for range 30 {
		s.health("anna", r)
	}
	if err := s.do(calls.Command{Kind: calls.CmdReportHealth, OperatorID: "anna", Health: r}); !errs.Is(err, errs.RateLimited) {
		t.Fatalf("the 31st report in a minute: %v", err)
	}
	s.health("boris", r) // another's are their own
	s.advance(time.Minute)
	s.health("anna", r)
}

func TestReportsThatMakeNoSenseAreRefused(t *testing.T) {
	s := newStand(t, "anna")
	if err := s.do(calls.Command{Kind: calls.CmdReportHealth, OperatorID: "anna"}); !errs.Is(err, errs.Invalid) {
		t.Errorf("nothing: %v", err)
	}
	if err := s.do(calls.Command{Kind: calls.CmdReportHealth, OperatorID: "nobody", Health: says(health.StepClock, health.OK, "")}); !errs.Is(err, errs.NotFound) {
		t.Errorf("nobody's: %v", err)
	}
}

func TestANewOwnerKnowsWhoseMicrophoneIsBlocked(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSite(t)
		stop := s.own(s.pbx.NewDriver(), "one")
		s.ready()
		s.do(calls.Command{Kind: calls.CmdReportHealth, OperatorID: "anna", Health: says(health.StepPermission, health.Failed, "denied")})
		synctest.Wait()
		stop()
		defer s.own(s.pbx.NewDriver(), "two")()
		synctest.Wait()
		o, _ := s.board.Operator("anna")
		if o.Readiness != calls.Unheard || o.Health == nil || o.Health.Check.Browser != "Chrome 142" {
			t.Errorf("anna is %+v with a new owner", o)
		}
		_, err := s.svc.Do(t.Context(), calls.Command{Kind: calls.CmdSetAvailability, OperatorID: "anna", Avail: queues.Ready})
		if !errs.Is(err, errs.Conflict) {
			t.Errorf("she becomes ready: %v", err)
		}
	})
}

// TestNobodyIsGivenACallThatTheyCouldNotSpeakIn: neither consulted nor transferred to, where ringing is in vain.
func TestNobodyIsGivenACallThatTheyCouldNotSpeakIn(t *testing.T) {
	w, id := talking(t)
	w.s.health("boris", says(health.StepMicrophone, health.Failed, "missing"))
	for _, kind := range []calls.CommandKind{calls.CmdConsult, calls.CmdTransfer} {
		w.refused(calls.Command{Kind: kind, CallID: id, OperatorID: "anna", To: &colleague}, errs.Conflict)
		w.s.want(id, calls.StateTalking)
	}
	w.s.health("boris", says(health.StepMicrophone, health.OK, ""))
	w.must(calls.Command{Kind: calls.CmdConsult, CallID: id, OperatorID: "anna", To: &colleague})
	w.s.want(id, calls.StateConsulting)
}

// TestLostCallWaitsForTheMicrophone: the page is back, and says that nobody would hear it.
func TestLostCallWaitsForTheMicrophone(t *testing.T) {
	w, id := talking(t)
	w.s.health("anna", says(health.StepMicrophone, health.Failed, "missing"))
	w.end(w.s.operatorLeg(id), telephony.Cause{Q850: telephony.CauseNormal}, false)
	w.workAll()
	w.s.want(id, calls.StateRescuing)
	w.s.health("anna", says(health.StepMicrophone, health.OK, ""))
	w.workAll()
	w.s.want(id, calls.StateOffered)
	w.talk(id)
}
