package app

import (
	"context"
	"time"

	"github.com/pult-cc/pult/telephony"
	"github.com/pult-cc/pult/telephony/calls"
	"github.com/pult-cc/pult/telephony/fakepbx"
)

// simulation is the silent PBX of `pult demo --simulate`: fakepbx, whose phones are operated by the page through the API. An
// operator's phone is there as soon as its account is, and far ends behave as people do.
type simulation struct {
	*fakepbx.Driver
	pbx *fakepbx.PBX
}

var (
	_ telephony.FarAnswerer = simulation{}
	_ telephony.DemoCaller  = simulation{}
)

// newSimulation makes the PBX of one demo.
func newSimulation() *fakepbx.PBX {
	return fakepbx.New(fakepbx.Options{
		Node: "simulation", Realm: "pult",
		Trunk: fakepbx.Behaviour{RingAfter: 300 * time.Millisecond, AnswerAfter: 2 * time.Second, HangupAfter: time.Minute},
	})
}

// Provision registers the phone at once: the page is the phone.
func (s simulation) Provision(ctx context.Context, a telephony.Account) error {
	if err := s.Driver.Provision(ctx, a); err != nil {
		return err
	}
	s.pbx.SignIn(a.Endpoint, a.HA1)
	return nil
}

// Originate lets the phone answer by itself where it is asked to.
func (s simulation) Originate(ctx context.Context, o telephony.Originate) error {
	if err := s.Driver.Originate(ctx, o); err != nil {
		return err
	}
	if o.Headers[calls.HeaderAutoAnswer] != "" {
		time.AfterFunc(300*time.Millisecond, func() { s.pbx.AnswerLeg(o.Leg) })
	}
	return nil
}

// AnswerFar implements telephony.FarAnswerer.
func (s simulation) AnswerFar(_ context.Context, leg telephony.LegID) error {
	s.pbx.AnswerLeg(leg)
	return nil
}

// DemoCall implements telephony.DemoCaller: to is the queue's key.
func (s simulation) DemoCall(_ context.Context, from telephony.Party, to string, d time.Duration) error {
	leg := s.pbx.InboundCall(from, to, "queue", to)
	time.AfterFunc(d, func() { s.pbx.FarEndHangup(leg) })
	return nil
}
