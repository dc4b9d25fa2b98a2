package auth

import (
	"fmt"
	"net/netip"
	"testing"
	"time"
)

func TestLimiterAllowsABurstThenARate(t *testing.T) {
	now := time.Unix(1000, 0)
	l := newLimiter(Limit{Burst: 3, Every: 10 * time.Second})
	for i := range 3 {
		if wait := l.take("a", now); wait != 0 {
			t.Fatalf("attempt %d waits %s", i+1, wait)
		}
	}
	if wait := l.take("a", now); wait != 10*time.Second {
		t.Fatalf("the fourth waits %s, want 10 s", wait)
	}
	if wait := l.take("b", now); wait != 0 {
		t.Fatalf("another key waits %s", wait)
	}
	if wait := l.take("a", now.Add(4*time.Second)); wait != 6*time.Second {
		t.Fatalf("after 4 s it waits %s, want 6 s: a refused attempt must not count", wait)
	}
	if wait := l.take("a", now.Add(10*time.Second)); wait != 0 {
		t.Fatalf("after 10 s it waits %s", wait)
	}
}

func TestLimiterRefundsASuccess(t *testing.T) {
	now := time.Unix(1000, 0)
	l := newLimiter(Limit{Burst: 1, Every: time.Minute})
	for i := range 100 {
		if wait := l.take("a", now); wait != 0 {
			t.Fatalf("attempt %d waits %s", i+1, wait)
		}
		l.refund("a", now)
	}
	if len(l.free) != 0 {
		t.Fatalf("%d keys are kept", len(l.free))
	}
}

func TestLimiterMemoryIsBoundedAndTheAttackedKeyStays(t *testing.T) {
	now := time.Unix(1000, 0)
	l := newLimiter(Limit{Burst: 3, Every: 10 * time.Second})
	for range 3 {
		l.take("victim", now)
	}
	for i := range 2 * limiterKeys {
		l.take(fmt.Sprint(i), now)
	}
	if len(l.free) > limiterKeys {
		t.Fatalf("%d keys are kept", len(l.free))
	}
	if wait := l.take("victim", now); wait == 0 {
		t.Fatal("a flood of other names let the attacked one be tried again")
	}
	l.prune(now.Add(time.Hour))
	if len(l.free) != 0 {
		t.Fatalf("%d keys survive pruning", len(l.free))
	}
}

func TestAddressKey(t *testing.T) {
	for addr, want := range map[string]string{
		"192.0.2.7":            "192.0.2.7",
		"::ffff:192.0.2.7":     "192.0.2.7",
		"2001:db8:1:2:3:4:5:6": "2001:db8:1:2::/64",
		"fe80::1%eth0":         "fe80::/64",
	} {
		if got := addressKey(netip.MustParseAddr(addr)); got != want {
			t.Errorf("addressKey(%s) = %s, want %s", addr, got, want)
		}
	}
	if got := addressKey(netip.Addr{}); got != "unknown" {
		t.Errorf("addressKey of none = %s", got)
	}
}
