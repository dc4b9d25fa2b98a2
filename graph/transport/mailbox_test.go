package transport

import (
	"errors"
	"testing"
	"testing/synctest"
	"time"
)

func TestMailboxWaitsForRoomThenGivesUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMailbox(2, 100)
		for _, f := range []string{"a", "b"} {
			if err := m.put([]byte(f), time.Second); err != nil {
				t.Fatal(err)
			}
		}
		start := time.Now()
		if err := m.put([]byte("c"), time.Second); !errors.Is(err, errStalled) || time.Since(start) != time.Second {
			t.Fatalf("a full mailbox gives %v after %s", err, time.Since(start))
		}
		done := make(chan error, 2)
		for _, f := range []string{"c", "d"} {
			go func() { done <- m.put([]byte(f), time.Second) }()
		}
		synctest.Wait()
		if got := m.take(); len(got) != 2 || string(got[0]) != "a" || string(got[1]) != "b" {
			t.Fatalf("taken are %q", got)
		}
		for range 2 {
			if err := <-done; err != nil {
				t.Fatal(err)
			}
		}
		if got := m.take(); len(got) != 2 {
			t.Fatalf("taken are %q", got)
		}
	})
}

func TestMailboxCountsBytesButTakesOneOfAnySize(t *testing.T) {
	m := newMailbox(10, 10)
	if err := m.put(make([]byte, 50), 0); err != nil {
		t.Fatal(err)
	}
	if err := m.put([]byte("x"), time.Millisecond); !errors.Is(err, errStalled) {
		t.Fatalf("beyond the size put gives %v", err)
	}
}

func TestClosedMailboxRefusesAndWakes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMailbox(1, 10)
		if err := m.put([]byte("a"), 0); err != nil {
			t.Fatal(err)
		}
		done := make(chan error, 1)
		go func() { done <- m.put([]byte("b"), time.Hour) }()
		synctest.Wait()
		m.close()
		if err := <-done; !errors.Is(err, errClosed) {
			t.Fatalf("who waited gets %v", err)
		}
		if err := m.put([]byte("c"), 0); !errors.Is(err, errClosed) || len(m.take()) != 0 {
			t.Fatalf("a closed mailbox gives %v", err)
		}
	})
}

func TestOneTakesAtATimeAndLeavesNothing(t *testing.T) {
	m := newMailbox(10, 100)
	put := func(frame string) {
		t.Helper()
		if err := m.put([]byte(frame), 0); err != nil {
			t.Fatal(err)
		}
	}
	put("a")
	if !m.begin() {
		t.Fatal("nobody takes")
	}
	if got := m.take(); len(got) != 1 {
		t.Fatalf("taken are %q", got)
	}
	put("b")
	if m.begin() {
		t.Fatal("two take")
	}
	if got := m.take(); len(got) != 1 || string(got[0]) != "b" {
		t.Fatalf("taken are %q: what was put meanwhile is left to who takes", got)
	}
	if got := m.take(); len(got) != 0 {
		t.Fatalf("taken are %q", got)
	}
	if !m.begin() {
		t.Fatal("the turn does not end")
	}
}
