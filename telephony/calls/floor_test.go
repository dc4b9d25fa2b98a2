package calls_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/pult-cc/pult/internal/customers"
	"github.com/pult-cc/pult/internal/errs"
	"github.com/pult-cc/pult/telephony"
	"github.com/pult-cc/pult/telephony/calls"
	"github.com/pult-cc/pult/telephony/queues"
)

var epoch = time.Date(2026, 11, 22, 9, 0, 0, 0, time.UTC)

// tester is what testing and rapid have in common.
type tester interface {
	Helper()
	Fatal(args ...any)
	Fatalf(format string, args ...any)
}

// stand drives a Floor as the engine would, with a clock of its own.
type stand struct {
	t         tester
	f         *calls.Floor
	now       time.Time
	n         int
	owner     int // how many have owned the floor before
	people    []string
	desks     map[string]bool // who of them has a desk phone
	effects   []calls.CallEffect
	calls     map[calls.ID]calls.Call
	inherited map[calls.ID]calls.Call // as the former owner left them
	ops       map[string]calls.Operator
	qs        map[string]calls.Queue
	declared  map[string]queues.Declared
	journal   []calls.Call
	notices   []calls.Notice
}

func options(next func() string) calls.FloorOptions {
	return calls.FloorOptions{
		Normalize: func(raw string) customers.Number {
			kind := customers.NumberPublic
			if raw == "" {
				kind = customers.NumberAnonymous
			}
			return customers.Number{E164: raw, Display: raw, Kind: kind}
		},
		ParseDialed: func(s string) (customers.Number, error) {
			if s == "" || s[0] != '+' {
				return customers.Number{}, errs.Field("dialling", "number", "not a telephone number")
			}
			return customers.Number{E164: s, Display: s, Kind: customers.NumberPublic}, nil
		},
		NewID: next, VersionBase: 100, CallerID: customers.Number{E164: "+74950000000", Kind: customers.NumberPublic},
	}
}

var support = queues.Queue{ID: "q1", Key: "support", Name: "Support", RingTimeout: 15 * time.Second, WrapUp: time.Minute, RescueFor: 20 * time.Second}

// newStand makes a floor with one queue, served by operators who are ready, the first being idle longest.
func newStand(t tester, operators ...string) *stand {
	s := &stand{t: t, now: epoch, people: operators, declared: map[string]queues.Declared{}}
	for i, id := range operators {
		s.declared[id] = queues.Declared{
			OperatorID: id, Availability: queues.Ready, Since: epoch, IdleSince: epoch.Add(time.Duration(i) * time.Second),
		}
	}
	s.begin()
	return s
}

// begin makes an empty floor of an owner who knows what the database does.
func (s *stand) begin() {
	s.calls, s.ops, s.qs = map[calls.ID]calls.Call{}, map[string]calls.Operator{}, map[string]calls.Queue{}
	opt := options(func() string { s.n++; return fmt.Sprintf("id%d", s.n) })
	opt.VersionBase = uint64(10_000 * s.owner)
	s.f = calls.NewFloor(opt)
	s.directory(s.people...)
}

// directory tells the floor who there is.
func (s *stand) directory(operators ...string) {
	var people []calls.Person
	var declared []queues.Declared
	for _, id := range operators {
		people = append(people, calls.Person{ID: id, Login: id, Name: id, Queues: []string{"q1"}, Desk: s.desks[id]})
		declared = append(declared, s.declared[id])
	}
	s.f.SetDirectory([]queues.Queue{support}, people, declared, s.now)
	s.settle()
}

// queue changes the one queue.
func (s *stand) queue(q queues.Queue) {
	var people []calls.Person
	for _, id := range s.people {
		people = append(people, calls.Person{ID: id, Login: id, Name: id, Queues: []string{"q1"}})
	}
	s.f.SetDirectory([]queues.Queue{q}, people, nil, s.now)
	s.settle()
}

// succeed is a new owner of the same floor, who has heard of nothing yet.
func (s *stand) succeed() *stand {
	n := &stand{t: s.t, now: s.now.Add(time.Millisecond), n: s.n, owner: s.owner + 1, people: s.people, desks: s.desks, inherited: s.calls, declared: s.declared}
	n.begin()
	return n
}

func (s *stand) settle() {
	out := s.f.Take(s.now)
	s.effects = append(s.effects, out.Effects...)
	s.journal = append(s.journal, out.Journal...)
	for _, d := range out.Declared {
		s.declared[d.OperatorID] = d
	}
	for _, c := range out.Changes {
		switch {
		case c.Call != nil:
			if old, ok := s.calls[c.Call.ID]; ok && c.Call.Version != old.Version+1 {
				s.t.Fatalf("call %s went from version %d to %d", c.Call.ID, old.Version, c.Call.Version)
			}
			if old := s.inherited[c.Call.ID]; c.Call.Version <= old.Version {
				s.t.Fatalf("call %s fell from version %d to %d with a new owner", c.Call.ID, old.Version, c.Call.Version)
			}
			s.calls[c.Call.ID] = *c.Call
		case c.Operator != nil:
			s.ops[c.Operator.ID] = *c.Operator
		case c.Queue != nil:
			s.qs[c.Queue.ID] = *c.Queue
		case c.Notice != nil:
			s.notices = append(s.notices, *c.Notice)
		}
	}
}

func (s *stand) pbx(ev telephony.Event) {
	s.f.PBX(ev, s.now)
	s.settle()
}

func (s *stand) linkUp(online ...string) {
	up := telephony.LinkUp{At: s.now, StartedAt: epoch}
	for _, id := range online {
		up.Endpoints = append(up.Endpoints, telephony.Endpoint{Name: calls.EndpointOf(id), Online: true})
	}
	s.pbx(up)
}

func (s *stand) callIn(leg telephony.LegID, number string) calls.ID {
	s.pbx(telephony.LegStarted{At: s.now, Leg: telephony.Leg{ID: leg, State: telephony.LegDown, Party: telephony.Party{Number: number}}, Args: []string{"queue", "support"}})
	for id, c := range s.calls {
		if c.Customer != nil && c.Customer.ID == leg {
			return id
		}
	}
	s.t.Fatalf("no call for leg %s", leg)
	return ""
}

func (s *stand) do(cmd calls.Command) error {
	_, err := s.f.Command(cmd, s.now)
	s.settle()
	return err
}

func (s *stand) must(cmd calls.Command) {
	s.t.Helper()
	if err := s.do(cmd); err != nil {
		s.t.Fatalf("%s: %v", cmd.Kind, err)
	}
}

func (s *stand) advance(d time.Duration) {
	s.now = s.now.Add(d)
	s.f.Tick(s.now)
	s.settle()
}

// take returns and forgets the effects so far.
func (s *stand) take() []calls.CallEffect {
	out := s.effects
	s.effects = nil
	return out
}

func has[E calls.Effect](effects []calls.CallEffect, match func(E) bool) bool {
	for _, e := range effects {
		if v, ok := e.Effect.(E); ok && (match == nil || match(v)) {
			return true
		}
	}
	return false
}

func (s *stand) operatorLeg(id calls.ID) telephony.LegID {
	s.t.Helper()
	c := s.calls[id]
	if c.Operator == nil {
		s.t.Fatalf("call %s in %s has no operator leg", id, c.State)
	}
	return c.Operator.ID
}

// connect answers the offered call and lets the PBX confirm the bridge.
func (s *stand) connect(id calls.ID) {
	op := s.operatorLeg(id)
	s.pbx(telephony.LegRang{At: s.now, Leg: op})
	s.pbx(telephony.LegAnswered{At: s.now, Leg: op})
	s.pbx(telephony.LegJoined{At: s.now, Leg: s.calls[id].Customer.ID, Bridge: calls.BridgeOf(id)})
	s.pbx(telephony.LegJoined{At: s.now, Leg: op, Bridge: calls.BridgeOf(id)})
	s.want(id, calls.StateTalking)
}

func (s *stand) want(id calls.ID, st calls.State) {
	s.t.Helper()
	if got := s.calls[id].State; got != st {
		s.t.Fatalf("call %s is %s, want %s", id, got, st)
	}
}

func TestInboundStory(t *testing.T) {
	s := newStand(t, "anna", "boris")
	s.linkUp("anna", "boris")
	id := s.callIn("leg1", "+79161234567")
	s.want(id, calls.StateOffered)
	if got := s.calls[id].OperatorID; got != "anna" {
		t.Fatalf("offered to %s, want the longest idle, anna", got)
	}
	e := s.take()
	for name, ok := range map[string]bool{
		"answer":  has(e, func(d calls.DoAnswer) bool { return d.Leg == "leg1" }),
		"music":   has(e, func(d calls.DoPark) bool { return d.Leg == "leg1" }),
		"mark":    has(e, func(d calls.DoMark) bool { return d.Marks["call"] == string(id) }),
		"look up": has(e, func(d calls.LookUp) bool { return d.Number.E164 == "+79161234567" }),
		"ring": has(e, func(d calls.DoOriginate) bool {
			return d.Endpoint == "op-anna" && d.Headers["X-Pult-Call"] == string(id)
		}),
	} {
		if !ok {
			t.Errorf("entering the queue did not %s", name)
		}
	}
	s.connect(id)
	if s.calls[id].AnsweredAt == nil || s.ops["anna"].Presence != calls.PresenceTalking {
		t.Fatal("talking is not recorded")
	}

	s.must(calls.Command{Kind: calls.CmdHold, OperatorID: "anna", CallID: id})
	s.want(id, calls.StateTalking) // until the PBX confirms
	s.pbx(telephony.LegLeft{At: s.now, Leg: "leg1", Bridge: calls.BridgeOf(id)})
	s.pbx(telephony.LegParked{At: s.now, Leg: "leg1"})
	s.want(id, calls.StateHeld)
	s.must(calls.Command{Kind: calls.CmdResume, OperatorID: "anna", CallID: id})
	s.pbx(telephony.LegJoined{At: s.now, Leg: "leg1", Bridge: calls.BridgeOf(id)})
	s.want(id, calls.StateTalking)

	s.advance(3 * time.Minute)
	s.pbx(telephony.LegEnded{At: s.now, Leg: "leg1", Cause: telephony.Cause{Q850: 16}})
	s.want(id, calls.StateWrapUp)
	if end := s.calls[id].End; end == nil || end.By != calls.ByCustomer || end.Result != calls.ResultAnswered {
		t.Fatalf("end is %+v", end)
	}
	if !has(s.take(), func(d calls.DoHangup) bool { return d.Leg != "leg1" }) {
		t.Fatal("the operator's leg was not ended")
	}
	s.must(calls.Command{Kind: calls.CmdFinishWrapUp, OperatorID: "anna", CallID: id})
	s.want(id, calls.StateEnded)
	if s.ops["anna"].Presence != calls.PresenceReady {
		t.Fatalf("anna is %s", s.ops["anna"].Presence)
	}
	if id2 := s.callIn("leg2", "+79160000000"); s.calls[id2].OperatorID != "boris" {
		t.Fatalf("second call offered to %s; boris has been idle longer", s.calls[id2].OperatorID)
	}
}

func TestDeclineAndNoAnswerGoToTheNext(t *testing.T) {
	for name, tc := range map[string]struct {
		end    func(s *stand, id calls.ID, leg telephony.LegID)
		reason string
	}{
		"declined by command": {func(s *stand, id calls.ID, leg telephony.LegID) {
			s.must(calls.Command{Kind: calls.CmdDecline, OperatorID: "anna", CallID: id})
			s.pbx(telephony.LegEnded{At: s.now, Leg: leg, ByUs: true})
		}, queues.PauseDeclined},
		"declined at the phone": {func(s *stand, id calls.ID, leg telephony.LegID) {
			s.pbx(telephony.LegEnded{At: s.now, Leg: leg, Cause: telephony.Cause{Q850: telephony.CauseRejected, SIP: 603}})
		}, queues.PauseDeclined},
		"no answer": {func(s *stand, id calls.ID, leg telephony.LegID) {
			s.pbx(telephony.LegEnded{At: s.now, Leg: leg, Cause: telephony.Cause{Q850: telephony.CauseNoAnswer}})
		}, queues.PauseNoAnswer},
		"phone out of reach": {func(s *stand, id calls.ID, leg telephony.LegID) {
			s.f.OriginateFailed(id, leg, false, s.now)
			s.settle()
		}, queues.PausePhone},
	} {
		t.Run(name, func(t *testing.T) {
			s := newStand(t, "anna", "boris")
			s.linkUp("anna", "boris")
			id := s.callIn("leg1", "+79161234567")
			tc.end(s, id, s.operatorLeg(id))
			if a := s.ops["anna"]; a.Presence != calls.PresencePaused || a.PauseReason != tc.reason || a.CallID != "" {
				t.Fatalf("anna is %+v", a)
			}
			if c := s.calls[id]; c.State != calls.StateOffered || c.OperatorID != "boris" || c.Attempts != 2 {
				t.Fatalf("call is %s at %q after %d attempts", c.State, c.OperatorID, c.Attempts)
			}
			if len(s.notices) == 0 || s.notices[len(s.notices)-1].OperatorID != "anna" {
				t.Fatal("anna was not told why she is paused")
			}
		})
	}
}

func TestCallerGivesUp(t *testing.T) {
	t.Run("waiting", func(t *testing.T) {
		s := newStand(t)
		s.linkUp()
		id := s.callIn("leg1", "")
		s.want(id, calls.StateQueued)
		if s.calls[id].Position != 1 || s.calls[id].Match.State != customers.MatchSkipped {
			t.Fatalf("position %d, match %s", s.calls[id].Position, s.calls[id].Match.State)
		}
		s.pbx(telephony.LegEnded{At: s.now, Leg: "leg1"})
		s.want(id, calls.StateEnded)
		if s.calls[id].End.Result != calls.ResultAbandoned {
			t.Fatalf("result %s", s.calls[id].End.Result)
		}
	})
	t.Run("ringing", func(t *testing.T) {
		s := newStand(t, "anna")
		s.linkUp("anna")
		id := s.callIn("leg1", "+79161234567")
		leg := s.operatorLeg(id)
		s.pbx(telephony.LegRang{At: s.now, Leg: leg})
		s.want(id, calls.StateRinging)
		s.take()
		s.pbx(telephony.LegEnded{At: s.now, Leg: "leg1"})
		s.want(id, calls.StateEnded)
		if !has(s.take(), func(d calls.DoHangup) bool { return d.Leg == leg }) {
			t.Fatal("the operator's phone goes on ringing")
		}
		if s.ops["anna"].Presence != calls.PresenceReady {
			t.Fatalf("anna is %s; it was not her fault", s.ops["anna"].Presence)
		}
	})
}

func TestOutboundStory(t *testing.T) {
	s := newStand(t, "anna")
	s.linkUp("anna")
	if err := s.do(calls.Command{Kind: calls.CmdDial, OperatorID: "anna", Number: "112"}); !errs.Is(err, errs.Invalid) || errs.FieldsOf(err)["number"] == "" {
		t.Fatalf("an invalid number gave %v", err)
	}
	r, err := s.f.Command(calls.Command{Kind: calls.CmdDial, OperatorID: "anna", Number: "+74951112233"}, s.now)
	if err != nil {
		t.Fatal(err)
	}
	s.settle()
	id := r.Call.ID
	if err := s.do(calls.Command{Kind: calls.CmdDial, OperatorID: "anna", Number: "+74951112233"}); !errs.Is(err, errs.Conflict) {
		t.Fatalf("a second call at once gave %v", err)
	}
	op := s.operatorLeg(id)
	s.pbx(telephony.LegAnswered{At: s.now, Leg: op})
	s.want(id, calls.StateRinging)
	e := s.take()
	cust := s.calls[id].Customer.ID
	if !has(e, func(d calls.DoOriginate) bool {
		return d.Number == "+74951112233" && d.Leg == cust && d.From.Number == "+74950000000"
	}) ||
		!has(e, func(d calls.DoRingback) bool { return d.On }) {
		t.Fatal("the far end is not reached with a ringing tone for the operator")
	}
	s.pbx(telephony.LegAnswered{At: s.now, Leg: cust})
	s.pbx(telephony.LegJoined{At: s.now, Leg: cust, Bridge: calls.BridgeOf(id)})
	s.pbx(telephony.LegJoined{At: s.now, Leg: op, Bridge: calls.BridgeOf(id)})
	s.want(id, calls.StateTalking)
	s.must(calls.Command{Kind: calls.CmdHangUp, OperatorID: "anna", CallID: id})
	s.pbx(telephony.LegEnded{At: s.now, Leg: op, ByUs: true})
	s.pbx(telephony.LegEnded{At: s.now, Leg: cust, ByUs: true})
	s.want(id, calls.StateWrapUp)
	if s.calls[id].End.By != calls.ByOperator {
		t.Fatalf("ended by %s", s.calls[id].End.By)
	}
}

func TestOutboundFailures(t *testing.T) {
	for cause, want := range map[int]calls.Result{
		telephony.CauseBusy: calls.ResultBusy, telephony.CauseNoAnswer: calls.ResultNoAnswer,
		telephony.CauseRejected: calls.ResultRejected, telephony.CauseUnallocated: calls.ResultFailed,
	} {
		s := newStand(t, "anna")
		s.linkUp("anna")
		r, err := s.f.Command(calls.Command{Kind: calls.CmdDial, OperatorID: "anna", Number: "+74951112233"}, s.now)
		if err != nil {
			t.Fatal(err)
		}
		s.settle()
		s.pbx(telephony.LegAnswered{At: s.now, Leg: s.operatorLeg(r.Call.ID)})
		s.pbx(telephony.LegEnded{At: s.now, Leg: s.calls[r.Call.ID].Customer.ID, Cause: telephony.Cause{Q850: cause}})
		s.want(r.Call.ID, calls.StateWrapUp)
		if got := s.calls[r.Call.ID].End.Result; got != want {
			t.Errorf("cause %d gave %s, want %s", cause, got, want)
		}
	}
}

func TestLostOperatorLegIsRescued(t *testing.T) {
	s := newStand(t, "anna", "boris")
	s.linkUp("anna", "boris")
	id := s.callIn("leg1", "+79161234567")
	s.connect(id)
	s.take()
	s.pbx(telephony.EndpointChanged{At: s.now, Endpoint: telephony.Endpoint{Name: "op-anna"}})
	s.pbx(telephony.LegEnded{At: s.now, Leg: s.operatorLeg(id)})
	s.want(id, calls.StateRescuing)
	if !has(s.take(), func(d calls.DoPark) bool { return d.Leg == "leg1" }) {
		t.Fatal("the customer hears silence")
	}
	s.pbx(telephony.EndpointChanged{At: s.now, Endpoint: telephony.Endpoint{Name: "op-anna", Online: true}})
	if c := s.calls[id]; c.State != calls.StateOffered || c.OperatorID != "anna" {
		t.Fatalf("after the phone is back the call is %s at %q", c.State, c.OperatorID)
	}
	if !has(s.take(), func(d calls.DoOriginate) bool { return d.Headers["X-Pult-Auto-Answer"] == "1" }) {
		t.Fatal("the rejoining phone is not asked to answer by itself")
	}
	s.connect(id)

	s.pbx(telephony.EndpointChanged{At: s.now, Endpoint: telephony.Endpoint{Name: "op-anna"}})
	s.pbx(telephony.LegEnded{At: s.now, Leg: s.operatorLeg(id)})
	s.advance(19 * time.Second)
	s.want(id, calls.StateRescuing)
	s.advance(2 * time.Second)
	if c := s.calls[id]; c.State != calls.StateOffered || c.OperatorID != "boris" {
		t.Fatalf("after the rescue time the call is %s at %q", c.State, c.OperatorID)
	}
	s.connect(id)
	if a := s.ops["anna"]; a.CallID != "" || a.Presence == calls.PresenceTalking {
		t.Fatalf("anna still holds the call that boris has: %+v", a)
	}
}

func TestPermissions(t *testing.T) {
	s := newStand(t, "anna", "boris")
	s.linkUp("anna", "boris")
	id := s.callIn("leg1", "+79161234567")
	s.connect(id)
	if err := s.do(calls.Command{Kind: calls.CmdHangUp, OperatorID: "boris", CallID: id}); !errs.Is(err, errs.Forbidden) {
		t.Fatalf("another's call: %v", err)
	}
	if err := s.do(calls.Command{Kind: calls.CmdHold, OperatorID: "anna", CallID: "gone"}); !errs.Is(err, errs.Conflict) {
		t.Fatalf("an ended call: %v", err)
	}
	if err := s.do(calls.Command{Kind: calls.CmdResume, OperatorID: "anna", CallID: id}); !errs.Is(err, errs.Conflict) {
		t.Fatalf("resume while talking: %v", err)
	}
	if err := s.do(calls.Command{Kind: calls.CmdSendDigits, OperatorID: "anna", CallID: id, Digits: "12;rm"}); errs.FieldsOf(err)["digits"] == "" {
		t.Fatalf("bad digits: %v", err)
	}
	s.pbx(telephony.LinkDown{At: s.now, Reason: "cut"})
	if err := s.do(calls.Command{Kind: calls.CmdHold, OperatorID: "anna", CallID: id}); !errs.Is(err, errs.Unavailable) {
		t.Fatalf("PBX away: %v", err)
	}
	s.want(id, calls.StateTalking)
}

func TestWrapUpEndsByItself(t *testing.T) {
	s := newStand(t, "anna")
	s.linkUp("anna")
	id := s.callIn("leg1", "+79161234567")
	s.connect(id)
	s.pbx(telephony.LegEnded{At: s.now, Leg: "leg1"})
	s.must(calls.Command{Kind: calls.CmdExtendWrapUp, OperatorID: "anna", CallID: id})
	s.advance(90 * time.Second)
	s.want(id, calls.StateWrapUp)
	s.advance(31 * time.Second)
	s.want(id, calls.StateEnded)
}

func TestUnknownQueueGoesBackToTheDialplan(t *testing.T) {
	s := newStand(t)
	s.linkUp()
	s.pbx(telephony.LegStarted{At: s.now, Leg: telephony.Leg{ID: "leg1"}, Args: []string{"queue", "nonsense"}})
	if !has(s.take(), func(d calls.DoReturn) bool { return d.Leg == "leg1" }) || len(s.calls) != 0 {
		t.Fatal("the caller is stuck")
	}
}

// TestSilentPBXBlamesNobody: an Originate without an answer in time says nothing about the phone; a PBX that hangs for some seconds
// must not leave a floor of paused operators behind.
func TestSilentPBXBlamesNobody(t *testing.T) {
	s := newStand(t, "anna")
	s.linkUp("anna")
	id := s.callIn("leg1", "+79161234567")
	first := s.operatorLeg(id)
	s.take()
	s.f.OriginateFailed(id, first, true, s.now)
	s.settle()
	if a := s.ops["anna"]; a.Availability != queues.Ready {
		t.Fatalf("anna is %s (%s)", a.Availability, a.PauseReason)
	}
	if c := s.calls[id]; c.State != calls.StateOffered || c.OperatorID != "anna" || s.operatorLeg(id) == first {
		t.Fatalf("the call is %s at %q, leg %s", c.State, c.OperatorID, s.operatorLeg(id))
	}
	if !has(s.take(), func(d calls.DoHangup) bool { return d.Leg == first }) {
		t.Fatal("the leg that may exist goes on ringing")
	}
}
