package calls_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/pult-cc/pult/telephony/calls"
	"github.com/pult-cc/pult/telephony/fakepbx"
)

// TestEngineNoticesADeadBrowser by its registration, and a dead network by its beats; music is there within two seconds, and the same
// leg goes on when it is heard again.
func TestEngineNoticesADeadBrowser(t *testing.T) {
	t.Run("killed", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			s := newSite(t)
			defer s.own(s.pbx.NewDriver(), "one")()
			s.ready()
			c := s.talk()
			s.pbx.SetMedia(c.Operator.ID, fakepbx.Media{Silent: true})
			s.pbx.SetEndpointOnline(calls.EndpointOf("anna"), false)
			time.Sleep(500 * time.Millisecond) // synctest's clock
			if c = s.only(); c.State != calls.StateRescuing || !c.Customer.Parked {
				t.Fatalf("half a second after the loss the call is %s, the customer's leg %+v", c.State, c.Customer)
			}
		})
	})
	t.Run("cut", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			s := newSite(t)
			defer s.own(s.pbx.NewDriver(), "one")()
			s.ready()
			c := s.talk()
			leg := c.Operator.ID
			beat := calls.Command{Kind: calls.CmdBeat, OperatorID: "anna"}
			for range 20 {
				s.do(beat)
				time.Sleep(calls.BeatEvery) // synctest's clock
			}
			if c = s.only(); c.State != calls.StateTalking {
				t.Fatalf("with beats the call is %s", c.State)
			}
			s.pbx.SetMedia(leg, fakepbx.Media{Silent: true})
			time.Sleep(1200 * time.Millisecond) // synctest's clock
			if c = s.only(); c.State != calls.StateRescuing || !c.Customer.Parked {
				t.Fatalf("the call is %s", c.State)
			}
			s.pbx.SetMedia(leg, fakepbx.Media{})
			s.do(beat)
			time.Sleep(time.Second) // synctest's clock
			if c = s.only(); c.State != calls.StateTalking || c.Operator.ID != leg {
				t.Fatalf("with the network back the call is %s on %s", c.State, c.Operator.ID)
			}
		})
	})
}
