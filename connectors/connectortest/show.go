package connectortest

import (
	"fmt"
	"strings"

	"github.com/pult-cc/pult/connectors"
)

// showCall opens the system's own card of a call at an operator, moves it to the next, and ends the call.
func showCall(t T, h bench) {
	s := start(t, h, anyone, Customer{Kind: anyone.Kind, Name: "Ромашка", Phones: []string{"8 (495) 012-34-61"}},
		Customer{Kind: otherKind(anyone.Kind), Name: "Лютик", Phones: []string{"8 (495) 012-34-62"}})
	shower, ok := connectors.As[connectors.CallShower](s.Driver)
	if !ok {
		t.Log("the driver shows no cards")
		return
	}
	customer := customerOf(t, s)
	p := pops{t, s, shower, customer}
	p.announce("shown-1", "11") // the answer is lost
	live := p.announce("shown-1", "11")
	if written(t, s, Cards, "shown-1", 0); len(s.Written(Calls, "shown-1")) != 0 {
		t.Errorf("a call that goes on stands as one that was: %q", s.Written(Calls, "shown-1"))
	}
	for range 2 {
		p.show(live, "shown-1", "11", false)
	}
	if text := written(t, s, Cards, "shown-1", 1)[0]; !strings.Contains(text, "11") || !strings.Contains(text, customer.ID) {
		t.Errorf("the card lacks its operator or its customer %s: %q", customer.ID, text)
	}
	for range 2 { // who did not answer sees it no more
		p.show(live, "shown-1", "11", true)
	}
	written(t, s, Cards, "shown-1", 0)
	p.show(live, "shown-1", "12", false)
	if text := written(t, s, Cards, "shown-1", 1)[0]; !strings.Contains(text, "12") {
		t.Errorf("the card is not at the next operator: %q", text)
	}
	p.show(live, "shown-1", "12", true)
	written(t, s, Cards, "shown-1", 0)
	logger, ok := connectors.As[connectors.CallLogger](s.Driver)
	if !ok {
		return
	}
	p.ended(logger)
	p.notThem(logger)
}

// pops has cards of one customer shown.
type pops struct {
	t        T
	s        System
	shower   connectors.CallShower
	customer connectors.Ref
}

func (p pops) announce(key, agent string) connectors.Ref {
	p.t.Helper()
	c := p.call(key, agent, p.customer)
	live, err := p.shower.AnnounceCall(p.t.Context(), connectors.LiveCall{
		Key: key, Customer: p.customer, Number: c.Number, Inbound: true, Queue: c.Queue, Agent: c.Agent, StartedAt: c.StartedAt,
	})
	if err != nil {
		p.t.Fatal(err)
	}
	checkRef(p.t, p.s, live)
	return live
}

func (p pops) call(key, agent string, customer connectors.Ref) connectors.CallRecord {
	c := aCall(key, customer)
	c.Agent.ID = agent
	return c
}

func (p pops) show(live connectors.Ref, key, agent string, away bool) {
	p.t.Helper()
	card := connectors.Card{Key: key, Call: live, Agent: p.call(key, agent, p.customer).Agent, Away: away}
	if err := p.shower.ShowCall(p.t.Context(), card); err != nil {
		p.t.Fatal(err)
	}
}

// ended logs a call that was shown: it stands once, and its card is gone and does not come back.
func (p pops) ended(logger connectors.CallLogger) {
	const key = "shown-2"
	live := p.announce(key, "11")
	p.show(live, key, "11", false)
	record := p.call(key, "11", p.customer)
	record.Announced = connectors.Announced{Ref: live, Customer: p.customer}
	for range 2 { // once more, as after a lost answer
		if _, err := logger.LogCall(p.t.Context(), record); err != nil {
			p.t.Fatal(err)
		}
	}
	written(p.t, p.s, Cards, key, 0)
	p.show(live, key, "11", false) // too late
	written(p.t, p.s, Cards, key, 0)
	p.show(live, key, "11", true)
	if text := written(p.t, p.s, Calls, key, 1)[0]; !strings.Contains(text, p.customer.ID) {
		p.t.Errorf("the call that was shown lacks its customer %s: %q", p.customer.ID, text)
	}
}

// notThem logs calls of which the operator has found in the talk that somebody else is calling: they stand as if nobody had been shown.
func (p pops) notThem(logger connectors.CallLogger) {
	for number, name := range map[string]string{"4950123461": "Ромашка", "4950123462": "Лютик"} {
		other, found := byName(lookup(p.t, p.s, Query(number)), name)
		if !found {
			continue // NoCompanies
		}
		if _, err := logger.LogCall(p.t.Context(), p.call("alone-"+number, "11", other.Ref)); err != nil {
			p.t.Fatal(err)
		}
		alone := standing(p.t, p.s, "alone-"+number)
		for _, lost := range []bool{false, true} { // the answer to what was announced
			key := fmt.Sprintf("shown-%s-%t", number, lost)
			record := p.call(key, "11", other.Ref)
			record.Announced = connectors.Announced{Ref: p.announce(key, "11"), Customer: p.customer}
			if lost {
				record.Announced.Ref = connectors.Ref{}
			} else {
				p.show(record.Announced.Ref, key, "11", false)
				p.show(record.Announced.Ref, key, "11", true)
			}
			for range 2 {
				if _, err := logger.LogCall(p.t.Context(), record); err != nil {
					p.t.Fatal(err)
				}
			}
			text := standing(p.t, p.s, key)
			if mentions(text, other.Ref) != mentions(alone, other.Ref) || mentions(text, p.customer) != mentions(alone, p.customer) {
				p.t.Errorf("announced with %s, logged for %s: %q; without a card it is %q", p.customer.ID, other.Ref.ID, text, alone)
			}
		}
	}
}
