// Package sealtest proves that a key source keeps the promises of internal/seal, alone and under a seal.Sealer. Each source runs
// the whole of it.
package sealtest

import (
	"bytes"
	"context"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/pult-cc/pult/internal/errs"
	"github.com/pult-cc/pult/internal/seal"
)

// Place is where keys are kept, empty at first.
type Place struct {
	// Open makes a source on the place, as a process does when it starts.
	Open func(t *testing.T) seal.KeySource
	// Rotate adds a version, as an administrator does.
	Rotate func(t *testing.T)
	// Destroy removes an old version for good.
	Destroy func(t *testing.T, version uint32)
	// Stop puts the place out of reach.
	Stop func(t *testing.T)
}

var row = seal.Binding{Operator: "op-1", Realm: "pult", Purpose: "sip-ha1"}

// Run runs the suite; open makes a fresh place.
func Run(t *testing.T, open func(t *testing.T) Place) {
	for _, c := range []struct {
		name string
		test func(*testing.T, Place)
	}{
		{"the first use makes version 1", testFirst},
		{"processes that start together agree on one key", testRace},
		{"a version that never was is not found", testUnknownVersion},
		{"what is sealed opens", testRoundTrip},
		{"a sealed value says nothing and never repeats", testOpaque},
		{"a row does not open as another", testSwappedRows},
		{"a changed value does not open", testTampered},
		{"after a rotation the old opens and the new seals", testRotate},
		{"a destroyed version is gone", testDestroy},
		{"out of reach, known keys go on working", testOutageKnown},
		{"out of reach, a new process fails closed", testOutageNew},
		{"all may be used at the same time", testConcurrent},
		{"an ended context ends the work", testContext},
	} {
		t.Run(c.name, func(t *testing.T) { c.test(t, open(t)) })
	}
}

func within(t *testing.T) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	t.Cleanup(cancel)
	return ctx
}

func current(t *testing.T, s seal.KeySource) seal.Key {
	t.Helper()
	k, err := s.Current(within(t))
	if err != nil {
		t.Fatalf("Current: %v", err)
	}
	return k
}

func sealed(t *testing.T, s *seal.Sealer, b seal.Binding, plaintext string) ([]byte, uint32) {
	t.Helper()
	out, version, err := s.Seal(within(t), b, []byte(plaintext))
	if err != nil {
		t.Fatalf("Seal: %v", err)
	}
	return out, version
}

func opens(t *testing.T, s *seal.Sealer, b seal.Binding, value []byte, want string) {
	t.Helper()
	got, err := s.Open(within(t), b, value)
	if err != nil || string(got) != want {
		t.Fatalf("Open: got %q, %v, want %q", got, err, want)
	}
}

func testFirst(t *testing.T, p Place) {
	first := p.Open(t)
	k := current(t, first)
	if k.Version != 1 || k.Bytes == ([32]byte{}) {
		t.Fatalf("version %d, key all zero: %v", k.Version, k.Bytes == [32]byte{})
	}
	for name, s := range map[string]seal.KeySource{"same process": first, "another": p.Open(t)} {
		if current(t, s) != k {
			t.Errorf("%s: another current key", name)
		}
		if got, err := s.Version(within(t), 1); err != nil || got != k {
			t.Errorf("%s: version 1: %v", name, err)
		}
	}
}

func testRace(t *testing.T, p Place) {
	keys := make([]seal.Key, 8)
	var wg sync.WaitGroup
	for i := range keys {
		s := p.Open(t)
		wg.Go(func() {
			var err error
			if keys[i], err = s.Current(within(t)); err != nil {
				t.Errorf("Current: %v", err)
			}
		})
	}
	wg.Wait()
	if len(slices.Compact(keys)) != 1 {
		t.Fatal("they hold different keys")
	}
}

func testUnknownVersion(t *testing.T, p Place) {
	s := p.Open(t)
	if _, err := s.Version(within(t), 1); !errs.Is(err, errs.NotFound) {
		t.Errorf("version 1 of an empty place: %v", err)
	}
	current(t, s)
	for _, v := range []uint32{0, 2, 1 << 31} {
		if _, err := s.Version(within(t), v); !errs.Is(err, errs.NotFound) {
			t.Errorf("version %d: %v", v, err)
		}
	}
	value, _ := sealed(t, seal.New(s), row, "ha1")
	value[4] = 9 // of a version that never was
	if _, err := seal.New(s).Open(within(t), row, value); !errs.Is(err, errs.NotFound) {
		t.Errorf("a value of an unknown version: %v", err)
	}
}

func testRoundTrip(t *testing.T, p Place) {
	for _, plaintext := range []string{"", "d41d8cd98f00b204e9800998ecf8427e", "пароль\x00", string(make([]byte, 5000))} {
		value, version := sealed(t, seal.New(p.Open(t)), row, plaintext)
		if version != 1 {
			t.Fatalf("sealed under version %d", version)
		}
		opens(t, seal.New(p.Open(t)), row, value, plaintext)
	}
}

func testOpaque(t *testing.T, p Place) {
	const secret = "d41d8cd98f00b204e9800998ecf8427e"
	s := seal.New(p.Open(t))
	seen := map[string]bool{}
	for range 50 {
		value, _ := sealed(t, s, row, secret)
		if bytes.Contains(value, []byte(secret[:8])) || bytes.Contains(value, []byte(row.Operator)) {
			t.Fatal("the sealed value can be read")
		}
		if seen[string(value)] || seen["n"+string(value[5:17])] {
			t.Fatal("a sealed value or a nonce repeats")
		}
		seen[string(value)], seen["n"+string(value[5:17])] = true, true
	}
}

func testSwappedRows(t *testing.T, p Place) {
	s := seal.New(p.Open(t))
	value, _ := sealed(t, s, row, "ha1")
	for _, other := range []seal.Binding{
		{Operator: "op-2", Realm: row.Realm, Purpose: row.Purpose},
		{Operator: row.Operator, Realm: "other", Purpose: row.Purpose},
		{Operator: row.Operator, Realm: row.Realm, Purpose: "token"},
		{Operator: row.Operator + row.Realm, Realm: "", Purpose: row.Purpose},
		{Operator: "op-", Realm: "1" + row.Realm, Purpose: row.Purpose},
		{},
	} {
		if got, err := s.Open(within(t), other, value); !errs.Is(err, errs.Invalid) || got != nil {
			t.Errorf("opened as %+v: %v", other, err)
		}
	}
	opens(t, s, row, value, "ha1")
}

func testTampered(t *testing.T, p Place) {
	source := p.Open(t)
	s := seal.New(source)
	value, _ := sealed(t, s, row, "ha1")
	for i := range value {
		changed := bytes.Clone(value)
		changed[i] ^= 1
		if _, err := s.Open(within(t), row, changed); err == nil {
			t.Errorf("opens with byte %d changed", i)
		}
		if _, err := s.Open(within(t), row, value[:i]); !errs.Is(err, errs.Invalid) {
			t.Errorf("cut off after %d bytes: %v", i, err)
		}
	}
	// A version that exists, but did not seal the value.
	p.Rotate(t)
	changed := bytes.Clone(value)
	changed[4] = 2
	if _, err := seal.New(p.Open(t)).Open(within(t), row, changed); !errs.Is(err, errs.Invalid) {
		t.Errorf("under another version's number: %v", err)
	}
	if _, err := s.Open(within(t), row, nil); !errs.Is(err, errs.Invalid) {
		t.Errorf("an empty value: %v", err)
	}
}

func testRotate(t *testing.T, p Place) {
	before := p.Open(t)
	old, _ := sealed(t, seal.New(before), row, "old")
	p.Rotate(t)
	after := p.Open(t)
	fresh, version := sealed(t, seal.New(after), row, "new")
	if version != 2 || current(t, after).Bytes == current(t, p.Open(t)).Bytes && bytes.Equal(old[:5], fresh[:5]) {
		t.Fatalf("sealed under version %d", version)
	}
	if one, err := after.Version(within(t), 1); err != nil || one.Bytes == current(t, after).Bytes {
		t.Fatalf("version 1 after the rotation: %v", err)
	}
	for name, s := range map[string]seal.KeySource{"running since before": before, "started after": after} {
		t.Run(name, func(t *testing.T) {
			opens(t, seal.New(s), row, old, "old")
			opens(t, seal.New(s), row, fresh, "new")
		})
	}
	// A process that runs on uses the new version before long.
	deadline := time.Now().Add(20 * time.Second)
	for current(t, before).Version != 2 {
		if time.Now().After(deadline) {
			t.Fatal("a running process goes on sealing under the old version")
		}
	}
}

func testDestroy(t *testing.T, p Place) {
	old, _ := sealed(t, seal.New(p.Open(t)), row, "old")
	p.Rotate(t)
	p.Destroy(t, 1)
	s := p.Open(t)
	if _, err := s.Version(within(t), 1); !errs.Is(err, errs.NotFound) {
		t.Errorf("Version: %v", err)
	}
	if _, err := seal.New(s).Open(within(t), row, old); !errs.Is(err, errs.NotFound) {
		t.Errorf("Open: %v", err)
	}
	if v := current(t, s).Version; v != 2 {
		t.Errorf("current version %d", v)
	}
}

func testOutageKnown(t *testing.T, p Place) {
	s := seal.New(p.Open(t))
	value, _ := sealed(t, s, row, "before")
	p.Stop(t)
	opens(t, s, row, value, "before")
	during, _ := sealed(t, s, row, "during")
	opens(t, s, row, during, "during")
}

func testOutageNew(t *testing.T, p Place) {
	value, _ := sealed(t, seal.New(p.Open(t)), row, "before")
	p.Stop(t)
	s := p.Open(t)
	if _, err := s.Current(within(t)); !errs.Is(err, errs.Unavailable) {
		t.Errorf("Current: %v", err)
	}
	if got, err := seal.New(s).Open(within(t), row, value); !errs.Is(err, errs.Unavailable) || got != nil {
		t.Errorf("Open: %v", err)
	}
}

func testConcurrent(t *testing.T, p Place) {
	source := p.Open(t)
	current(t, source)
	s := seal.New(source)
	var wg sync.WaitGroup
	for i := range 20 {
		wg.Go(func() {
			b := seal.Binding{Operator: fmt.Sprint("op-", i), Realm: "pult", Purpose: "sip-ha1"}
			for range 10 {
				value, _, err := s.Seal(within(t), b, []byte(b.Operator))
				if err != nil {
					t.Errorf("Seal: %v", err)
					return
				}
				if got, err := s.Open(within(t), b, value); err != nil || string(got) != b.Operator {
					t.Errorf("Open: %q, %v", got, err)
				}
			}
		})
	}
	p.Rotate(t)
	wg.Wait()
	if k := current(t, p.Open(t)); k.Version != 2 {
		t.Errorf("current version %d", k.Version)
	}
}

func testContext(t *testing.T, p Place) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := p.Open(t).Current(ctx); !errs.Is(err, errs.Timeout) {
		t.Errorf("got %v", err)
	}
}
