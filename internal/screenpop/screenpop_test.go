package screenpop

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pult-cc/pult/connectors"
	"github.com/pult-cc/pult/internal/customers"
	"github.com/pult-cc/pult/internal/errs"
	"github.com/pult-cc/pult/telephony/calls"
)

// floor has Anna and Boris, and Vera whom the system does not know.
type floor struct{}

func (floor) Watch() *calls.Watch { panic("nobody follows here") }
func (floor) LinkUp() bool        { return true }

func (floor) Operator(id string) (calls.Operator, bool) {
	ops := map[string]calls.Operator{
		"a": {ID: "a", Login: "anna", Name: "Анна"}, "b": {ID: "b", Login: "boris", Name: "Борис"}, "v": {ID: "v", Login: "vera", Name: "Вера"},
	}
	op, ok := ops[id]
	return op, ok
}

func (floor) Queue(id string) (calls.Queue, bool) {
	q := calls.Queue{}
	q.Name = "Поддержка"
	return q, id == "q"
}

// desk is a Popper within a bubble, and the system that it tells: "c1:11+" is a card that opens at user 11, "c1:11-" one that goes.
type desk struct {
	*Popper
	t *testing.T

	mu    sync.Mutex
	told  []string
	live  connectors.LiveCall // as announced last
	card  connectors.Card     // as told last
	fails map[string]error    // by what is told
	while func()              // once, while a card is told

	nameless bool // calls that are announced
	pops     map[string]Pop
	dead     bool // the repository
}

func bubble(t *testing.T, f func(d *desk)) {
	synctest.Test(t, func(t *testing.T) { f(newDesk(t, map[string]Pop{})) })
}

func newDesk(t *testing.T, pops map[string]Pop) *desk {
	d := &desk{t: t, fails: map[string]error{}, pops: pops}
	d.Popper = New(Options{
		Floor: floor{}, System: d, Repository: d, Epoch: "now", Log: slog.New(slog.DiscardHandler), Mask: func(s string) string { return s },
		Agent: func(login, name string) connectors.Agent {
			return connectors.Agent{ID: map[string]string{"anna": "11", "boris": "12"}[login], Login: login, Name: name}
		},
	})
	if !d.load(t.Context()) {
		t.Fatal("the open cards are not read")
	}
	return d
}

func (d *desk) ID() string { return "b24" }

func (d *desk) AnnounceCall(_ context.Context, c connectors.LiveCall) (connectors.Ref, error) {
	err := d.tell("announce "+c.Customer.ID, func() { d.live = c })
	if d.nameless {
		return connectors.Ref{}, err
	}
	return connectors.Ref{Connector: "b24", Type: "call", ID: "externalCall." + c.Key}, err
}

func (d *desk) ShowCall(_ context.Context, c connectors.Card) error {
	sign := "+"
	if c.Away {
		sign = "-"
	}
	if c.Call.ID != "externalCall."+c.Key {
		d.t.Errorf("a card of %+v, which was not announced", c.Call)
	}
	d.mu.Lock()
	while := d.while
	d.while = nil
	d.mu.Unlock()
	if while != nil {
		while()
	}
	return d.tell(c.Key+":"+c.Agent.ID+sign, func() { d.card = c })
}

func (d *desk) tell(what string, note func()) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.told = append(d.told, what)
	note()
	return d.fails[what]
}

func (d *desk) Get(_ context.Context, _, call string) (Pop, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.dead {
		return Pop{}, errs.E(errs.Unavailable, "reading", "away")
	}
	if p, ok := d.pops[call]; ok {
		return p, nil
	}
	return Pop{}, errs.E(errs.NotFound, "reading", "none")
}

func (d *desk) Open(context.Context, string, time.Time) ([]Pop, error) {
	var out []Pop
	for _, p := range d.pops {
		if p.Agent != "" {
			out = append(out, p)
		}
	}
	return out, nil
}

func (d *desk) Add(ctx context.Context, p Pop) (Pop, error) {
	if there, err := d.Get(ctx, p.Connector, p.Call); !errs.Is(err, errs.NotFound) {
		return there, err
	}
	return p, d.Put(ctx, p)
}

func (d *desk) Put(_ context.Context, p Pop) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.dead {
		return errs.E(errs.Unavailable, "keeping", "away")
	}
	d.pops[p.Call] = p
	return nil
}

func (d *desk) Sweep(context.Context, time.Time) (int, error) { return 0, nil }

// sees takes states of calls one after the other, each once the system has been told of the one before, and compares what it was told.
func (d *desk) sees(states []calls.Call, want ...string) {
	d.t.Helper()
	for _, c := range states {
		d.follow(d.t.Context(), c)
		d.wg.Wait()
	}
	d.wg.Wait()
	if !slices.Equal(d.told, want) {
		d.t.Errorf("the system was told %v, want %v", d.told, want)
	}
	d.told = nil
}

func (d *desk) remembers(want int) {
	d.t.Helper()
	if len(d.cards) != want {
		d.t.Errorf("%d calls are remembered, want %d", len(d.cards), want)
	}
}

var start = time.Date(2026, 3, 4, 9, 15, 30, 0, time.UTC)

func record(source, id, taxID string) customers.Customer {
	ref := connectors.Ref{Connector: source, Type: "contact", ID: id}
	return customers.Customer{ID: customers.EncodeID(ref), Ref: ref, Source: source, Kind: connectors.KindCompany, Name: "Василёк", TaxID: taxID}
}

func found(c customers.Customer) customers.Match {
	return customers.Match{State: customers.MatchFound, Chosen: &c}
}

// a call of customer 797; who is "" for nobody.
func call(state calls.State, who string, change ...func(*calls.Call)) calls.Call {
	c := calls.Call{
		ID: "c1", Direction: calls.Inbound, State: state, OperatorID: who, QueueID: "q", StartedAt: start, Match: found(record("b24", "797", "")),
		From: calls.Party{Number: customers.Number{E164: "+74951234567", Kind: customers.NumberPublic}},
	}
	for _, f := range change {
		f(&c)
	}
	return c
}

func ended(c *calls.Call) { c.End = &calls.End{At: start.Add(time.Minute)} }

func of(m customers.Match) func(*calls.Call) { return func(x *calls.Call) { x.Match = m } }

func states(cs ...calls.Call) []calls.Call { return cs }

func TestTheCardGoesWhereTheCallGoes(t *testing.T) {
	bubble(t, func(d *desk) {
		d.sees(states(call(calls.StateQueued, "")))
		d.remembers(0)
		d.sees(states(call(calls.StateOffered, "a"), call(calls.StateRinging, "a")), "announce 797", "c1:11+")
		want := connectors.LiveCall{
			Key: "c1", Customer: connectors.Ref{Connector: "b24", Type: "contact", ID: "797"}, Number: "+74951234567", Inbound: true, Queue: "Поддержка",
			Agent: connectors.Agent{ID: "11", Login: "anna", Name: "Анна"}, StartedAt: start,
		}
		if d.live != want || d.card.Agent != want.Agent {
			t.Errorf("announced %+v, shown to %+v", d.live, d.card.Agent)
		}
		d.sees(states(call(calls.StateQueued, ""), call(calls.StateOffered, "b")), "c1:11-", "c1:12+")
		d.sees(states(call(calls.StateTalking, "b"), call(calls.StateRescuing, "b"), call(calls.StateTalking, "b")))
		d.sees(states(call(calls.StateTalking, "a")), "c1:12-", "c1:11+") // a transfer
		d.sees(states(call(calls.StateWrapUp, "a", ended), call(calls.StateEnded, "a", ended)), "c1:11-")
		d.remembers(0)
		if p := d.pops["c1"]; p.Agent != "" || p.Announced.Ref.ID != "externalCall.c1" || p.Announced.Customer.ID != "797" {
			t.Errorf("kept %+v, which ends the call in the system", p)
		}
	})
}

func TestACallThatNobodyAnswersLeavesNoCard(t *testing.T) {
	bubble(t, func(d *desk) {
		d.sees(states(call(calls.StateRinging, "a"), call(calls.StateEnded, "", ended)), "announce 797", "c1:11+", "c1:11-")
		d.remembers(0)
	})
}

func TestTheCardOfAnotherCustomerIsNeverShown(t *testing.T) {
	bubble(t, func(d *desk) {
		d.sees(states(call(calls.StateRinging, "a")), "announce 797", "c1:11+")
		other := of(found(record("b24", "798", "")))
		d.sees(states(call(calls.StateTalking, "a", other)), "c1:11-")
		d.sees(states(call(calls.StateTalking, "b", other)))
		d.sees(states(call(calls.StateTalking, "b")), "c1:12+") // it was them after all
		d.sees(states(call(calls.StateTalking, "b", of(customers.Match{State: customers.MatchNone}))), "c1:12-")
		d.sees(states(call(calls.StateEnded, "b", other, ended)))
	})
}

// The answer was lost: announced again with another customer a call is the same for the system, with the customer of before.
func TestWhoMayHaveBeenAnnouncedIsNotReplaced(t *testing.T) {
	bubble(t, func(d *desk) {
		d.fails["announce 797"] = errs.E(errs.Timeout, "announcing", "no answer")
		d.sees(states(call(calls.StateRinging, "a")), "announce 797", "announce 797", "announce 797")
		d.sees(states(call(calls.StateTalking, "a", of(found(record("b24", "798", ""))))))
		if p := d.pops["c1"]; p.Announced.Ref != (connectors.Ref{}) || p.Announced.Customer.ID != "797" {
			t.Errorf("kept %+v: the record of the call has to know whom the system may have been told of", p)
		}
		delete(d.fails, "announce 797")
		d.sees(states(call(calls.StateTalking, "a")), "announce 797", "c1:11+")
	})
}

func TestACardComesWhenTheCustomerIsFound(t *testing.T) {
	bubble(t, func(d *desk) {
		d.sees(states(call(calls.StateRinging, "a", of(customers.Match{State: customers.MatchPending}))))
		d.sees(states(call(calls.StateTalking, "a")), "announce 797", "c1:11+")
	})
}

func TestACustomerOfTwoSystemsIsShownInBoth(t *testing.T) {
	here, there := record("b24", "797", "7701234567"), record("1c", "5", "7701234567")
	for name, tc := range map[string]struct {
		with customers.Candidate
		want []string
	}{
		"beside them":          {customers.Candidate{Customer: here}, []string{"announce 797", "c1:11+"}},
		"united with them":     {customers.Candidate{Customer: there, Same: []customers.Customer{here}}, []string{"announce 797", "c1:11+"}},
		"said not to be them":  {customers.Candidate{Customer: here, RefusedBy: "olga"}, nil},
		"somebody of the name": {customers.Candidate{Customer: record("b24", "797", "")}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(d *desk) {
				m := found(there)
				m.Candidates = []customers.Candidate{{Customer: there}, tc.with}
				d.sees(states(call(calls.StateRinging, "a", of(m))), tc.want...)
			})
		})
	}
}

func TestWhatTheSystemDoesNotKnowIsNotShown(t *testing.T) {
	bubble(t, func(d *desk) {
		d.sees(states(
			call(calls.StateRinging, "v"), // an operator whom it does not know
			call(calls.StateRinging, "a", of(found(record("1c", "5", "7701234567")))),
			call(calls.StateRinging, "a", of(customers.Match{State: customers.MatchNone})),
			call(calls.StateRinging, "a", func(c *calls.Call) { c.From = calls.Party{} }),
		))
		d.sees(states(call(calls.StateEnded, "a", ended)))
		d.remembers(0)
	})
}

func TestASystemThatIsBehindIsToldWhatHolds(t *testing.T) {
	bubble(t, func(d *desk) {
		for range 3 { // others take all the places
			d.places <- struct{}{}
		}
		for range 100 {
			for _, c := range states(call(calls.StateRinging, "a"), call(calls.StateQueued, ""), call(calls.StateRinging, "b")) {
				d.follow(d.t.Context(), c)
			}
		}
		for range 3 {
			<-d.places
		}
		d.sees(nil, "announce 797", "c1:12+")
	})
}

func TestWhatFailsIsTriedAFewTimesAndAgainWhenTheCallMovesOn(t *testing.T) {
	bubble(t, func(d *desk) {
		d.fails["c1:11+"] = errs.E(errs.Unavailable, "showing", "away")
		began := time.Now()
		d.sees(states(call(calls.StateRinging, "a"), call(calls.StateTalking, "a")), "announce 797", "c1:11+", "c1:11+", "c1:11+")
		if took := time.Since(began); took != 2*again {
			t.Errorf("it took %v", took)
		}
		d.sees(states(call(calls.StateTalking, "b")), "c1:11-", "c1:12+") // the card may have opened all the same
		d.fails["c1:12-"] = errs.E(errs.Rejected, "showing", "no")
		d.sees(states(call(calls.StateQueued, "")), "c1:12-")
		d.sees(states(call(calls.StateQueued, "")))
		delete(d.fails, "c1:12-")
		d.sees(states(call(calls.StateEnded, "", ended)), "c1:12-")
		d.remembers(0)
	})
}

// A call that moved on during its last try was tried for ever, and one that moved on before it not at all.
func TestATryIsOfOneStepOnly(t *testing.T) {
	away := errs.E(errs.Unavailable, "showing", "away")
	bubble(t, func(d *desk) {
		d.fails["c1:11+"], d.fails["c1:11-"] = away, away
		d.follow(d.t.Context(), call(calls.StateRinging, "a"))
		synctest.Wait()
		time.Sleep(again + again/2) // two tries are over
		d.mu.Lock()
		d.while = func() { d.follow(d.t.Context(), call(calls.StateEnded, "", ended)) }
		d.mu.Unlock()
		time.Sleep(24 * time.Hour)
		d.sees(nil, "announce 797", "c1:11+", "c1:11+", "c1:11+", "c1:11-", "c1:11-", "c1:11-")
		d.remembers(0)
	})
	bubble(t, func(d *desk) {
		d.fails["c1:11+"], d.fails["c1:11-"] = away, away
		d.follow(d.t.Context(), call(calls.StateRinging, "a"))
		synctest.Wait()
		time.Sleep(again + again/2)
		d.follow(d.t.Context(), call(calls.StateEnded, "", ended))
		time.Sleep(again) // one try more, of the card's going
		d.mu.Lock()
		delete(d.fails, "c1:11-")
		d.mu.Unlock()
		d.sees(nil, "announce 797", "c1:11+", "c1:11+", "c1:11-", "c1:11-")
	})
}

// The index knows somebody, and their system says a moment later that the number is another's by now: a card stays with whom it was announced.
func TestNobodyIsAnnouncedBeforeTheirSystemHasSpoken(t *testing.T) {
	known := func(id string, origin customers.Origin) func(*calls.Call) {
		m := found(record("b24", id, ""))
		m.Candidates = []customers.Candidate{{Customer: *m.Chosen, Origin: origin}}
		return of(m)
	}
	bubble(t, func(d *desk) {
		d.sees(states(call(calls.StateRinging, "a", known("797", customers.OriginIndex)), call(calls.StateRinging, "a", known("797", customers.OriginKept))))
		d.sees(states(call(calls.StateRinging, "a", known("798", customers.OriginLive))), "announce 798", "c1:11+")
		d.sees(states(call(calls.StateTalking, "a", known("798", customers.OriginIndex)))) // once is enough
	})
	bubble(t, func(d *desk) {
		chosen := call(calls.StateTalking, "a", known("797", customers.OriginIndex))
		chosen.Match.ChosenBy = "anna"
		d.sees(states(chosen), "announce 797", "c1:11+")
	})
}

// A plug-in may answer with nothing: the call was announced without end.
func TestASystemThatGivesACallNoNameIsLeftAlone(t *testing.T) {
	bubble(t, func(d *desk) {
		d.nameless = true
		d.sees(states(call(calls.StateRinging, "a"), call(calls.StateTalking, "a")), "announce 797")
	})
	bubble(t, func(d *desk) {
		d.pops["c1"] = Pop{Connector: "b24", Call: "c1"} // begun by a click, of nobody and without a name
		d.sees(states(call(calls.StateTalking, "a")))
	})
}

// "Not them", then "look again": the card of who was refused came back while nobody knew better.
func TestWhoWasRefusedDoesNotComeBack(t *testing.T) {
	bubble(t, func(d *desk) {
		d.sees(states(call(calls.StateTalking, "a"), call(calls.StateTalking, "a", of(customers.Match{State: customers.MatchNone}))), "announce 797", "c1:11+", "c1:11-")
		d.sees(states(call(calls.StateTalking, "a", of(customers.Match{State: customers.MatchPending}))))
	})
}

// The wish is taken when there is a place: the card of a call that has gone was opened and closed.
func TestWhatWaitedForItsPlaceIsNotShownTooLate(t *testing.T) {
	bubble(t, func(d *desk) {
		d.sees(states(call(calls.StateRinging, "a"), call(calls.StateQueued, "")), "announce 797", "c1:11+", "c1:11-")
		for range concurrent {
			d.places <- struct{}{}
		}
		d.follow(d.t.Context(), call(calls.StateRinging, "a"))
		synctest.Wait()
		d.follow(d.t.Context(), call(calls.StateRinging, "b", of(customers.Match{State: customers.MatchNone})))
		for range concurrent {
			<-d.places
		}
		d.sees(nil)
	})
}

// Which card is open has to be known to whoever comes next.
func TestNothingIsShownThatCannotBeNoted(t *testing.T) {
	bubble(t, func(d *desk) {
		d.dead = true
		d.sees(states(call(calls.StateRinging, "a")))
		d.dead = false
		d.sees(states(call(calls.StateRinging, "b")), "announce 797", "c1:12+")
	})
}

func TestANewOwnerTakesTheCardsOver(t *testing.T) {
	bubble(t, func(first *desk) {
		first.sees(states(call(calls.StateTalking, "a"), call(calls.StateTalking, "a", func(c *calls.Call) { c.ID = "c2" })),
			"announce 797", "c1:11+", "announce 797", "c2:11+")
		d := newDesk(first.t, first.pops)
		unheard := call(calls.StateQueued, "", of(customers.Match{State: customers.MatchPending}))
		d.all(d.t.Context(), calls.Snapshot{Calls: states(unheard)}) // as the history has it: the PBX has not spoken
		d.sees(nil)
		looking := call(calls.StateTalking, "a", of(customers.Match{State: customers.MatchPending}))
		d.all(d.t.Context(), calls.Snapshot{LinkUp: true, Epoch: "before"}) // the former owner's
		d.sees(nil)
		d.all(d.t.Context(), calls.Snapshot{LinkUp: true, Epoch: "now", Calls: states(looking)})
		d.wg.Wait()
		slices.Sort(d.told)
		d.sees(nil, "c1:11+", "c2:11-") // once more, lest it was noted and not shown; the other has ended meanwhile
		d.sees(states(call(calls.StateTalking, "a")))
		d.sees(states(call(calls.StateTalking, "b")), "c1:11-", "c1:12+")
	})
}

func TestWhoseCardIsClosedIsNotAnnouncedTwice(t *testing.T) {
	bubble(t, func(first *desk) {
		first.sees(states(call(calls.StateRinging, "a"), call(calls.StateQueued, "")), "announce 797", "c1:11+", "c1:11-")
		d := newDesk(first.t, first.pops)
		d.sees(states(call(calls.StateRinging, "b")), "c1:12+")
	})
}

// A number was clicked in the system, which has begun the call itself and shows its card.
func TestACallThatTheSystemHasBegunIsNotAnnounced(t *testing.T) {
	dialled := func(c *calls.Call) { c.Direction, c.From, c.To = calls.Outbound, c.To, c.From }
	none := customers.Match{State: customers.MatchNone}
	for name, tc := range map[string]struct {
		of   customers.Match
		told connectors.Ref
		want []string
	}{
		"of somebody it knows":       {found(record("b24", "797", "")), connectors.Ref{Connector: "b24", Type: "contact", ID: "797"}, nil},
		"of whom it does not say":    {found(record("b24", "797", "")), connectors.Ref{}, nil},
		"of nobody whom we know":     {none, connectors.Ref{}, nil},
		"of nobody known, at a card": {none, connectors.Ref{Connector: "b24", Type: "contact", ID: "797"}, []string{"c1:11-"}},
		"of somebody else":           {found(record("b24", "798", "")), connectors.Ref{Connector: "b24", Type: "contact", ID: "797"}, []string{"c1:11-"}},
		"of who is looked up yet":    {customers.Match{State: customers.MatchPending}, connectors.Ref{Connector: "b24", Type: "contact", ID: "797"}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(d *desk) {
				d.sees(states(call(calls.StateNew, "a", dialled, of(tc.of))))
				d.pops["c1"] = Pop{Connector: "b24", Call: "c1", Agent: "11", Announced: connectors.Announced{
					Ref: connectors.Ref{Connector: "b24", Type: "call", ID: "externalCall.c1"}, Customer: tc.told,
				}}
				d.sees(states(call(calls.StateRinging, "a", dialled, of(tc.of)), call(calls.StateTalking, "a", dialled, of(tc.of))), tc.want...)
				if tc.want == nil {
					tc.want = []string{"c1:11-"}
				} else {
					tc.want = nil
				}
				d.sees(states(call(calls.StateEnded, "a", dialled, of(tc.of), ended)), tc.want...)
				d.remembers(0)
			})
		})
	}
}

// An operator who does not pick up, a number that is nobody's, somebody whom the configuration does not name: the portal's card stayed.
func TestTheCardOfAClickGoesWhateverBecameOfTheCall(t *testing.T) {
	dialled := func(c *calls.Call) { c.Direction, c.From, c.To = calls.Outbound, c.To, c.From }
	for name, who := range map[string]string{"who is known": "a", "whom the configuration does not name": "v"} {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(d *desk) {
				d.sees(states(call(calls.StateNew, who, dialled)))
				d.pops["c1"] = Pop{Connector: "b24", Call: "c1", Agent: "77", Announced: connectors.Announced{
					Ref: connectors.Ref{Connector: "b24", Type: "clicked", ID: "externalCall.c1"},
				}}
				d.sees(states(call(calls.StateWrapUp, who, dialled, ended)), "c1:77-")
				d.sees(states(call(calls.StateEnded, who, dialled, ended)))
				d.remembers(0)
			})
		})
	}
}

// The click is noted after the customer is reached, by another process: what the system has begun stays what it is.
func TestAClickThatIsNotedLateIsNotReplaced(t *testing.T) {
	dialled := func(c *calls.Call) { c.Direction, c.From, c.To = calls.Outbound, c.To, c.From }
	bubble(t, func(d *desk) {
		d.sees(states(call(calls.StateRinging, "a", dialled, of(customers.Match{State: customers.MatchPending})))) // nothing is there yet
		clicked := connectors.Ref{Connector: "b24", Type: "clicked", ID: "externalCall.c1"}
		d.pops["c1"] = Pop{Connector: "b24", Call: "c1", Agent: "11", Announced: connectors.Announced{Ref: clicked}}
		d.sees(states(call(calls.StateTalking, "a", dialled)))
		d.sees(states(call(calls.StateEnded, "a", dialled, ended)), "c1:11-")
		if p := d.pops["c1"]; p.Announced.Ref != clicked || p.Agent != "" {
			t.Errorf("kept %+v", p)
		}
	})
}

func TestTheEndOfThePopperIsNoTrouble(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var log strings.Builder
		d := newDesk(t, map[string]Pop{})
		d.o.Log = slog.New(slog.NewTextHandler(&log, nil))
		d.fails["announce 797"] = &errs.Error{Kind: errs.Timeout, Op: "announcing", Msg: "given up", Err: errors.New("given up")}
		ctx, cancel := context.WithCancel(t.Context())
		d.follow(ctx, call(calls.StateRinging, "a"))
		synctest.Wait() // it waits for the next try
		cancel()
		d.wg.Wait()
		if len(d.told) != 1 || log.Len() != 0 {
			t.Errorf("told %v; logged %s", d.told, log.String())
		}
	})
}
