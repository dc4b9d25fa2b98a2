package calls_test

import (
	"context"
	"errors"
	"log/slog"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pult-cc/pult/internal/bus"
	"github.com/pult-cc/pult/internal/bus/membus"
	"github.com/pult-cc/pult/telephony/calls"
	"github.com/pult-cc/pult/telephony/queues"
)

// process starts a board, as another process has, or one that starts anew.
func process(t *testing.T, b bus.Bus) *calls.Board {
	board := calls.NewBoard(b, slog.New(slog.DiscardHandler))
	go func() {
		if err := board.Run(t.Context()); !errors.Is(err, context.Canceled) {
			t.Errorf("board: %v", err)
		}
	}()
	return board
}

// shown is the picture that a page gets, and when.
type shown struct {
	calls.Snapshot
	at time.Time
}

// nextPicture is what a page gets that follows: the picture, or after a gap the next one.
func nextPicture(t *testing.T, w *calls.Watch, gap bool) <-chan shown {
	out := make(chan shown, 1)
	go func() {
		for gap {
			cs, err := w.Next(t.Context())
			if err != nil {
				t.Error(err)
				return
			}
			gap = !cs[0].Reset
		}
		s, err := w.Picture(t.Context())
		if err != nil {
			t.Error(err)
			return
		}
		out <- shown{s, time.Now()}
	}()
	return out
}

// takenOver is the moment after the owner of the floor has died in a consultation, with a new one that has no link to the PBX yet, and
// what pages of three processes will be shown: the new owner's, another, and one that has just started.
func takenOver(t *testing.T) (*site, map[string]<-chan shown) {
	s := newSite(t)
	kill := s.own(s.pbx.NewDriver(), "one")
	s.ready()
	s.do(calls.Command{Kind: calls.CmdProvisionPhone, OperatorID: "boris"})
	s.pbx.SetEndpointOnline(calls.EndpointOf("boris"), true)
	s.do(calls.Command{Kind: calls.CmdSetAvailability, OperatorID: "boris", Avail: queues.Ready})
	c := s.talk()
	s.do(calls.Command{Kind: calls.CmdConsult, OperatorID: "anna", CallID: c.ID, To: &calls.Target{OperatorID: "boris"}})
	c = s.only()
	s.pbx.AnswerLeg(c.Guest.ID)
	if c = s.only(); c.State != calls.StateConsulting || c.Consult.Front != calls.SideGuest {
		t.Fatalf("before, the call is %s with %+v", c.State, c.Consult)
	}
	other := process(t, s.bus)
	settle()
	pages := map[string]<-chan shown{
		"of the new owner":       nextPicture(t, s.board.Watch(), true),
		"of another process":     nextPicture(t, other.Watch(), true),
		"of a restarted process": nil,
	}
	kill()
	s.pbx.CutLink("not connected yet")
	t.Cleanup(s.own(s.pbx.NewDriver(), "two"))
	pages["of a restarted process"] = nextPicture(t, process(t, s.bus).Watch(), false)
	settle()
	return s, pages
}

// TestFirstPictureOfANewOwnerIsNotTheHistorys: it showed a talk as waiting, its operator as ready and a consulted colleague as free, and
// the colleague's page hung up.
func TestFirstPictureOfANewOwnerIsNotTheHistorys(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, pages := takenOver(t)
		time.Sleep(time.Second) // synctest's clock
		linked := time.Now()
		s.pbx.RestoreLink()
		settle()
		for of, page := range pages {
			var p shown
			select {
			case p = <-page:
			default:
				t.Fatalf("a page %s is shown nothing", of)
			}
			if late := p.at.Sub(linked); late > time.Millisecond { // the bus comes after the owner's own pages
				t.Errorf("a page %s is shown the picture %s after the link was up", of, late)
			}
			if len(p.Calls) != 1 || p.Calls[0].State != calls.StateConsulting || p.Calls[0].Consult == nil || p.Calls[0].Consult.OperatorID != "boris" {
				t.Fatalf("a page %s is shown %+v", of, p.Calls)
			}
			for _, o := range p.Operators {
				if o.Presence != calls.PresenceTalking || !o.PhoneOnline {
					t.Errorf("a page %s is shown that %s is %s", of, o.ID, o.Presence)
				}
			}
			if !p.LinkUp || p.Restored || p.Epoch != "two" {
				t.Errorf("the picture %s is of %s, link %v, restored %v", of, p.Epoch, p.LinkUp, p.Restored)
			}
		}
	})
}

// TestPBXThatIsAwayHidesNoPicture: the history is the best there is, and says so.
func TestPBXThatIsAwayHidesNoPicture(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, pages := takenOver(t)
		begun := time.Now()
		time.Sleep(3 * time.Second) // synctest's clock
		for of, page := range pages {
			p := <-page
			if waited := p.at.Sub(begun); waited <= 0 || waited > 3*time.Second || p.LinkUp || !p.Restored || len(p.Calls) != 1 || len(p.Operators) != 2 {
				t.Errorf("after %s a page %s is shown %+v", waited, of, p.Snapshot)
			}
		}
		now := time.Now()
		if p := <-nextPicture(t, s.board.Watch(), false); !p.at.Equal(now) { // whoever comes later does not wait again
			t.Errorf("a page that came later waited %s", p.at.Sub(now))
		}
		s.pbx.RestoreLink()
		if c := s.only(); c.State != calls.StateConsulting {
			t.Errorf("when the PBX is back the call is %s", c.State)
		}
	})
}

// TestBoardWithoutAPictureShowsNone: an empty floor is something else, and a page would drop all that it has.
func TestBoardWithoutAPictureShowsNone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		board := process(t, membus.New())
		ctx, cancel := context.WithTimeout(t.Context(), 24*time.Hour)
		defer cancel()
		if s, err := board.Watch().Picture(ctx); !errors.Is(err, context.DeadlineExceeded) {
			t.Fatalf("shown is %+v, %v", s, err)
		}
	})
}
