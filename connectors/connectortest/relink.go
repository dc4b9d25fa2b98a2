package connectortest

import (
	"errors"
	"strings"

	"github.com/pult-cc/pult/connectors"
	"github.com/pult-cc/pult/internal/errs"
)

// linked is a call as it is sent after its customer has changed.
func linked(key string, customer connectors.Ref, written connectors.Written) connectors.CallRecord {
	c := aCall(key, customer)
	c.Written = written
	return c
}

// standing is the one record of a call, beside empty ones where the system cannot do without.
func standing(t T, s System, key string) string {
	t.Helper()
	if !s.lacks(KeepsEmpty) {
		return written(t, s, Calls, key, 1)[0]
	}
	var full []string
	for _, text := range s.Written(Calls, key) {
		if strings.Contains(text, "первый вид") {
			full = append(full, text)
		}
	}
	if len(full) != 1 {
		t.Fatalf("%d records of call %q say what was said, want 1: %q", len(full), key, full)
	}
	return full[0]
}

// mentions counts how often a reference's id stands in a text, as a word. Other words may look like it.
func mentions(text string, r connectors.Ref) int {
	n := 0
	for _, w := range strings.FieldsFunc(text, func(c rune) bool { return strings.ContainsRune(" \t\r\n()/\\\"'<>,;:", c) }) {
		if w == r.ID {
			n++
		}
	}
	return n
}

// relinkCall changes the customer of a call that stands in the system: the call has to follow, and to stand there once.
func relinkCall(t T, h bench) {
	s := start(t, h, anyone,
		Customer{Kind: anyone.Kind, Name: "Ромашка", Phones: []string{"8 (495) 012-34-61"}},
		Customer{Kind: otherKind(anyone.Kind), Name: "Лютик", Phones: []string{"8 (495) 012-34-62"}})
	logger, ok := connectors.As[connectors.CallLogger](s.Driver)
	if !ok {
		t.Log("the driver logs no calls")
		return
	}
	customers := []connectors.Ref{customerOf(t, s)}
	for number, name := range map[string]string{"4950123461": "Ромашка", "4950123462": "Лютик"} {
		if c, found := byName(lookup(t, s, Query(number)), name); found {
			customers = append(customers, c.Ref)
		} else if !s.lacks(NoCompanies) {
			t.Fatalf("%s is not found", name)
		}
	}
	alone := map[connectors.Ref]string{} // how a call of each looks that was never another's
	for _, c := range customers {
		if _, err := logger.LogCall(t.Context(), aCall("alone-"+c.ID, c)); err != nil {
			t.Fatal(err)
		}
		alone[c] = standing(t, s, "alone-"+c.ID)
	}
	// belongs wants a record that names its customer as often as that of a call that was always theirs, and nobody else.
	belongs := func(when, key string, to connectors.Ref) {
		t.Helper()
		text := standing(t, s, key)
		for _, c := range customers {
			want := 0
			if c == to {
				want = mentions(alone[c], c)
			} else if to != (connectors.Ref{}) {
				want = mentions(alone[to], c)
			} else {
				continue
			}
			if got := mentions(text, c); got != want {
				t.Errorf("%s the call names customer %s %d times, want %d: %q", when, c.ID, got, want, text)
			}
		}
	}
	log := func(when, key string, to connectors.Ref, before connectors.Written) connectors.Written {
		t.Helper()
		ref, err := logger.LogCall(t.Context(), linked(key, to, before))
		if err != nil {
			t.Fatalf("%s: %v", when, err)
		}
		belongs(when, key, to)
		return connectors.Written{Ref: ref, Customer: to}
	}
	now := connectors.Written{}
	for _, c := range append(customers, customers[0]) {
		now = log("linked anew,", "moved", c, now)
	}
	// The first answer was lost, and the call linked to somebody else before it was tried again.
	lost := log("first", "lost", customers[0], connectors.Written{})
	log("linked anew after a lost answer,", "lost", customers[1], connectors.Written{Customer: lost.Customer})
	// It was moved, and the answer of that was lost.
	log("moved once more,", "moved", customers[1], now)
	now = log("moved again after a lost answer,", "moved", customers[1], now)
	// It was moved, the answer of that was lost, and then it is linked as it was.
	log("moved away,", "moved", customers[0], now)
	now = log("moved back after a lost answer,", "moved", customers[1], connectors.Written{Ref: now.Ref, Customer: customers[0]})

	unlinked(t, s, logger, "moved", now, customers, alone)
	now = log("linked again,", "moved", customers[0], connectors.Written{})
	if again := log("linked as it was,", "moved", customers[0], now); again != now {
		t.Errorf("the record is %+v, was %+v", again, now)
	}
}

// unlinked takes the customer from a call that stands in the system. Without one it stays as a call of nobody, or is taken back.
func unlinked(
	t T, s System, logger connectors.CallLogger, key string, before connectors.Written, customers []connectors.Ref, alone map[connectors.Ref]string,
) {
	t.Helper()
	for range 2 { // the answer may be lost
		_, err := logger.LogCall(t.Context(), linked(key, connectors.Ref{}, before))
		if err == nil {
			if text := standing(t, s, key); mentions(text, before.Customer) >= mentions(alone[before.Customer], before.Customer) {
				t.Errorf("a call of nobody names its customer of before: %q", text)
			}
			continue
		}
		if !errors.Is(err, connectors.ErrCustomerNeeded) || !errs.Is(err, errs.Unsupported) {
			t.Fatalf("a call without its customer: %v, want none or that one is needed", err)
		}
		if !s.lacks(KeepsEmpty) {
			written(t, s, Calls, key, 0)
		}
		for _, text := range s.Written(Calls, key) {
			if strings.Contains(text, "первый вид") {
				t.Errorf("what was said stands with somebody whose call it was not: %q", text)
			}
		}
	}
	_, err := logger.LogCall(t.Context(), linked("nobody", connectors.Ref{}, connectors.Written{}))
	switch {
	case err == nil:
		standing(t, s, "nobody")
	case !errors.Is(err, connectors.ErrCustomerNeeded):
		t.Errorf("a call of nobody: %v, want none or that a customer is needed", err)
	}
}

func otherKind(k connectors.Kind) connectors.Kind {
	if k == connectors.KindPerson {
		return connectors.KindCompany
	}
	return connectors.KindPerson
}
