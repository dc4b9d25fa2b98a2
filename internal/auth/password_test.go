package auth

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/pult-cc/pult/internal/errs"
)

func TestHashIsAPHCStringThatVerifies(t *testing.T) {
	h := newHasher(1)
	s, err := h.hash(t.Context(), "correct horse")
	if err != nil {
		t.Fatal(err)
	}
	if !strings.HasPrefix(s, "$argon2id$v=19$m=19456,t=2,p=1$") {
		t.Fatalf("hash %q is not the PHC string of the agreed cost", s)
	}
	for password, want := range map[string]bool{"correct horse": true, "Correct horse": false, "": false} {
		if got, err := h.verify(t.Context(), s, password); err != nil || got != want {
			t.Errorf("verify(%q) = %v, %v, want %v", password, got, err, want)
		}
	}
}

func TestHashOfAnotherImplementationVerifies(t *testing.T) {
	// From the reference command: echo -n password | argon2 somesalt -id -t 2 -m 16 -p 1 (github.com/P-H-C/phc-winner-argon2, test.c).
	const s = "$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc"
	if ok, err := newHasher(1).verify(t.Context(), s, "password"); err != nil || !ok {
		t.Fatalf("verify = %v, %v", ok, err)
	}
}

func TestPasswordTypedDecomposedIsTheSame(t *testing.T) {
	h := newHasher(1)
	s, err := h.hash(t.Context(), "пароль-\u0439") // й as one code point
	if err != nil {
		t.Fatal(err)
	}
	if ok, err := h.verify(t.Context(), s, "пароль-\u0438\u0306"); err != nil || !ok { // и and a combining breve
		t.Fatalf("verify = %v, %v", ok, err)
	}
}

func TestUnknownUserCostsAHashAndNeverMatches(t *testing.T) {
	h := newHasher(1)
	start := time.Now()
	if ok, err := h.verify(t.Context(), h.dummy, "anything at all"); err != nil || ok {
		t.Fatalf("verify = %v, %v", ok, err)
	}
	known := time.Since(start)
	start = time.Now()
	if ok, err := h.verify(t.Context(), "", "anything at all"); err != nil || ok {
		t.Fatalf("verify = %v, %v", ok, err)
	}
	if unknown := time.Since(start); unknown < known/4 {
		t.Errorf("an unknown user took %s, a known one %s", unknown, known)
	}
}

func TestHashesAreBounded(t *testing.T) {
	h := newHasher(1)
	leave, err := h.enter(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := h.hash(ctx, "whatever it is"); !errs.Is(err, errs.Unavailable) {
		t.Fatalf("with every slot taken hash gives %v, want unavailable", err)
	}
	leave()
	if _, err := h.hash(t.Context(), "whatever it is"); err != nil {
		t.Fatal(err)
	}
}

func TestDamagedHashIsRefused(t *testing.T) {
	good := encodePHC(make([]byte, 16), make([]byte, 32))
	for name, s := range map[string]string{
		"plain text":      "secret",
		"bcrypt":          "$2a$10$N9qo8uLOickgx2ZMRZoMyeIjZAgcfl7p92ldGxad68LJZdL17lhWy",
		"argon2i":         strings.Replace(good, "argon2id", "argon2i", 1),
		"version":         strings.Replace(good, "v=19", "v=16", 1),
		"memory bomb":     strings.Replace(good, "m=19456", "m=4000000", 1),
		"endless":         strings.Replace(good, "t=2", "t=4000000", 1),
		"no threads":      strings.Replace(good, "p=1", "p=0", 1),
		"salt not base64": strings.Replace(good, "$AAAA", "$!!!!", 1),
		"no key":          good[:strings.LastIndex(good, "$")+1],
	} {
		if _, err := decodePHC(s); err == nil {
			t.Errorf("%s: %q was accepted", name, s)
		}
	}
}

func FuzzDecodePHC(f *testing.F) {
	f.Add(encodePHC(make([]byte, 16), make([]byte, 32)))
	f.Add("$argon2id$v=19$m=,t=,p=$$")
	f.Fuzz(func(t *testing.T, s string) {
		p, err := decodePHC(s)
		if err == nil && (p.memory > argonMaxMemory || p.time > argonMaxTime || len(p.key) > 64 || len(p.key) < 16) {
			t.Fatalf("%q gives %+v", s, p)
		}
	})
}
