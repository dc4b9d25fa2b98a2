package fakepbx_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pult-cc/pult/internal/errs"
	"github.com/pult-cc/pult/telephony"
	"github.com/pult-cc/pult/telephony/fakepbx"
)

// play runs the PBX on the virtual clock and returns what it tells, each event with the time since the beginning.
func play(t *testing.T, o fakepbx.Options, scene func(*testing.T, *fakepbx.PBX)) (told []string) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		pbx := fakepbx.New(o)
		began := time.Now()
		go func() {
			if err := pbx.Run(ctx, func(e telephony.Event) {
				told = append(told, fmt.Sprintf("%v %s", time.Since(began), short(e)))
			}); !errors.Is(err, context.Canceled) {
				t.Errorf("Run returned %v", err)
			}
		}()
		synctest.Wait()
		scene(t, pbx)
		synctest.Wait()
		cancel()
		synctest.Wait()
	})
	return told
}

func short(e telephony.Event) string {
	switch v := e.(type) {
	case telephony.LinkUp:
		return fmt.Sprintf("up %d", len(v.Legs))
	case telephony.LinkDown:
		return "down"
	case telephony.LegStarted:
		return fmt.Sprintf("started %v", v.Args)
	case telephony.LegRang:
		return "rang"
	case telephony.LegAnswered:
		return "answered"
	case telephony.LegEnded:
		return fmt.Sprintf("ended %d by us %v", v.Cause.Q850, v.ByUs)
	}
	return fmt.Sprintf("%T", e)
}

func TestBehaviourRunsOnTheClock(t *testing.T) {
	o := telephony.Originate{Leg: "leg-1", Endpoint: "op-1", Timeout: 20 * time.Second}
	for _, tc := range []struct {
		name      string
		behaviour fakepbx.Behaviour
		want      []string
	}{
		{"answers and hangs up", fakepbx.Behaviour{RingAfter: time.Second, AnswerAfter: 3 * time.Second, HangupAfter: time.Minute},
			[]string{"1s rang", "4s started []", "4s answered", "1m4s ended 16 by us false"}},
		{"declines", fakepbx.Behaviour{RejectAfter: 2 * time.Second}, []string{"0s rang", "2s ended 17 by us false"}},
		{"nobody answers", fakepbx.Behaviour{}, []string{"0s rang", "20s ended 19 by us false"}},
		{"never rings", fakepbx.Behaviour{RingAfter: -1}, []string{"20s ended 19 by us false"}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			got := play(t, fakepbx.Options{Device: tc.behaviour}, func(t *testing.T, pbx *fakepbx.PBX) {
				pbx.SetEndpointOnline("op-1", true)
				if err := pbx.Originate(t.Context(), o); err != nil {
					t.Errorf("Originate: %v", err)
				}
				time.Sleep(2 * time.Minute)
			})
			if got = got[2:]; !slices.Equal(got, tc.want) { // LinkUp and EndpointChanged before
				t.Errorf("got  %q\nwant %q", got, tc.want)
			}
		})
	}
}

func TestDemoCallerHangsUpByItself(t *testing.T) {
	got := play(t, fakepbx.Options{}, func(t *testing.T, pbx *fakepbx.PBX) {
		if err := pbx.DemoCall(t.Context(), telephony.Party{Number: "1"}, "support", 30*time.Second); err != nil {
			t.Errorf("DemoCall: %v", err)
		}
		time.Sleep(5 * time.Second)
		if err := pbx.Answer(t.Context(), pbx.Legs()[0].ID); err != nil {
			t.Errorf("Answer: %v", err)
		}
		time.Sleep(time.Minute)
	})
	if want := []string{"0s up 0", "0s started [queue support]", "5s answered", "35s ended 16 by us false"}; !slices.Equal(got, want) {
		t.Errorf("got  %q\nwant %q", got, want)
	}
}

func TestNobodyConnected(t *testing.T) {
	got := play(t, fakepbx.Options{}, func(t *testing.T, pbx *fakepbx.PBX) {
		pbx.SetEndpointOnline("op-1", true)
		if err := pbx.Originate(t.Context(), telephony.Originate{Leg: "leg-1", Endpoint: "op-1", Timeout: time.Minute}); err != nil {
			t.Errorf("Originate: %v", err)
		}
		pbx.CutLink("cut")
		if id := pbx.InboundCall(telephony.Party{}, "support", "queue"); id != "" || pbx.FellPast() != 1 {
			t.Errorf("a call reached an application that is not connected")
		}
		// Asterisk hangs up a leg that answers while nobody is there.
		if !pbx.AnswerLeg("leg-1") {
			t.Error("the leg did not ring")
		}
		pbx.RestoreLink()
	})
	if want := []string{"0s up 0", "0s telephony.EndpointChanged", "0s rang", "0s down", "0s up 0"}; !slices.Equal(got, want) {
		t.Errorf("got  %q\nwant %q", got, want)
	}
}

func TestReplacedDriverComesBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		pbx := fakepbx.New(fakepbx.Options{ReplacedBackoff: 10 * time.Second})
		var first, second []string
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		run := func(d *fakepbx.Driver, ctx context.Context, told *[]string) {
			go func() {
				if err := d.Run(ctx, func(e telephony.Event) { *told = append(*told, short(e)) }); !errors.Is(err, context.Canceled) {
					t.Errorf("Run returned %v", err)
				}
			}()
			synctest.Wait()
		}
		run(pbx.Driver, ctx, &first)
		secondCtx, stopSecond := context.WithCancel(ctx)
		run(pbx.NewDriver(), secondCtx, &second)
		stopSecond()
		time.Sleep(9 * time.Second)
		if err := pbx.Hangup(ctx, "x", telephony.Cause{}); !errs.Is(err, errs.Unavailable) {
			t.Errorf("a command of the replaced driver: %v", err)
		}
		time.Sleep(2 * time.Second)
		if err := pbx.Hangup(ctx, "x", telephony.Cause{}); err != nil {
			t.Errorf("a command after the driver came back: %v", err)
		}
		cancel()
		synctest.Wait()
		if want := []string{"up 0", "down", "up 0"}; !slices.Equal(first, want) {
			t.Errorf("the first driver was told %q, want %q", first, want)
		}
		if want := []string{"up 0"}; !slices.Equal(second, want) {
			t.Errorf("the second driver was told %q, want %q", second, want)
		}
	})
}

func TestFaultsAndLatency(t *testing.T) {
	play(t, fakepbx.Options{}, func(t *testing.T, pbx *fakepbx.PBX) {
		broken := errs.E(errs.Internal, "testing", "broken")
		pbx.FailNext("Hangup", broken)
		if err := pbx.Hangup(t.Context(), "x", telephony.Cause{}); !errors.Is(err, broken) {
			t.Errorf("Hangup: %v, want the fault", err)
		}
		pbx.SetLatency(2 * time.Second)
		began := time.Now()
		if err := pbx.Hangup(t.Context(), "x", telephony.Cause{}); err != nil || time.Since(began) != 2*time.Second {
			t.Errorf("Hangup: %v after %v, want success after 2 s", err, time.Since(began))
		}
		pbx.SetHanging(true)
		began = time.Now()
		if err := pbx.Hangup(t.Context(), "x", telephony.Cause{}); !errs.Is(err, errs.Timeout) || time.Since(began) != 3*time.Second {
			t.Errorf("Hangup: %v after %v, want a timeout after 3 s", err, time.Since(began))
		}
		if n := pbx.Count("Hangup"); n != 3 {
			t.Errorf("Hangup was counted %d times, want 3", n)
		}
	})
}

func TestTheWorldSeesWhatCommandsDid(t *testing.T) {
	play(t, fakepbx.Options{}, func(t *testing.T, pbx *fakepbx.PBX) {
		ctx := t.Context()
		id := pbx.InboundCall(telephony.Party{Number: "7916"}, "support", "queue", "support")
		for _, err := range []error{
			pbx.Answer(ctx, id), pbx.SetMuted(ctx, id, true), pbx.SetRingback(ctx, id, true), pbx.SendDigits(ctx, id, "12"),
			pbx.SendDigits(ctx, id, "#"), pbx.Join(ctx, "b", id),
		} {
			if err != nil {
				t.Error(err)
			}
		}
		l, ok := pbx.Leg(id)
		if !ok || !l.Muted || !l.Ringback || l.Digits != "12#" || l.Bridge != "b" {
			t.Errorf("the leg is %+v", l)
		}
		if members, ok := pbx.Bridge("b"); !ok || len(members) != 1 {
			t.Errorf("the bridge has %v", members)
		}
		if a, ok := pbx.Account("op-1"); ok {
			t.Errorf("there is an account %q", a.Endpoint)
		}
		pbx.SetTrunk(false)
		if err := pbx.Originate(ctx, telephony.Originate{Leg: "x", Number: "1"}); !errs.Is(err, errs.Unavailable) {
			t.Errorf("dialling without a trunk: %v", err)
		}
	})
}
