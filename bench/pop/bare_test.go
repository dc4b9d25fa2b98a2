package main

import (
	"context"
	"testing"
	"time"

	"github.com/pult-cc/pult/internal/lab"
)

// The instruments against a real Asterisk: what the carrier calls is heard at the bare listener, and ends when it gives up.
func TestCarrierReachesTheBareListener(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	a, err := lab.StartAsterisk(ctx, lab.AsteriskOptions{})
	if err != nil {
		t.Fatal(err)
	}
	defer a.Close()
	b, err := newBare(ctx, a)
	if err != nil {
		t.Fatal(err)
	}
	defer b.close()
	_, local := lab.Addrs()
	c, err := newCarrier(local, a.SIPAddr, a.TrunkToken)
	if err != nil {
		t.Fatal(err)
	}
	defer c.close()
	for _, exten := range []string{bareApp + "1", bareApp + "2"} {
		call, err := c.call(number(0), exten)
		if err != nil {
			t.Fatal(err)
		}
		at, err := b.wait(ctx, exten)
		if err != nil {
			t.Fatal(err)
		}
		if took := at.Sub(call.sent); took <= 0 || took > 10*time.Second {
			t.Errorf("the event came %v after the INVITE", took)
		}
		if err := call.hangUp(ctx); err != nil {
			t.Error(err)
		}
	}
}
