package obs

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"github.com/pult-cc/pult/internal/errs"
)

func logged(t *testing.T, format string, log func(*slog.Logger)) string {
	t.Helper()
	var b bytes.Buffer
	l, err := NewLogger(&b, LogOptions{Level: "debug", Format: format})
	if err != nil {
		t.Fatal(err)
	}
	log(l)
	return b.String()
}

type valuer struct{}

func (valuer) LogValue() slog.Value {
	return slog.GroupValue(slog.String("phone", "9161234567"), slog.String("password", "hunter2"))
}

func TestLogShowsNeitherNumbersNorSecrets(t *testing.T) {
	for _, format := range []string{"text", "json"} {
		got := logged(t, format, func(l *slog.Logger) {
			l.With("ari_password", "hunter2", "caller", "8 (916) 123-45-67").WithGroup("sip").Info("call from +79161234567 to 79161234567",
				"error", errs.With(errs.Invalid, "dialling", fmt.Errorf("bad number 8-916-123-45-67")),
				"dsn", "postgres://pult:hunter2@db/pult", "header", "Authorization: Bearer hunter2",
				"from", 79161234567, "party", struct{ Number, Name string }{"+79161234567", "Anna"},
				"raw", []byte("ha1=hunter2"), "group", slog.GroupValue(slog.String("to", "4951234567"), slog.String("HA1", "hunter2")),
				"v", valuer{}, slog.Group("secrets", slog.String("one", "hunter2")),
				"uri", "PJSIP/79161234567@trunk", "leg", "PJSIP/79161234567-00000012", "cli", "99.12.34.56", "nothing", nil)
		})
		for _, leak := range []string{"hunter2", "1234567", "123-45", "12.34", "Anna Orlova"} {
			if strings.Contains(got, leak) {
				t.Errorf("%s log shows %q:\n%s", format, leak, got)
			}
		}
		for _, want := range []string{"call from +7***4567 to ***4567", "bad number ***4567", "***4567", "Anna", "PJSIP/***4567@trunk", "postgres://pult:[removed]@db/pult"} {
			if !strings.Contains(got, want) {
				t.Errorf("%s log lacks %q:\n%s", format, want, got)
			}
		}
	}
}

func TestLogKeepsWhatIsNoNumber(t *testing.T) {
	got := logged(t, "json", func(l *slog.Logger) {
		l.Info("started", "id", "018f2f7a-7b6c-7d61-9161-234567891234", "channel", "PJSIP/trunk-0000001a", "unique", "1762345678.791",
			"millis", int64(1762345678901), "local", "PJSIP/trunk-00000012 and Local/204@pult-00000a12;1", "panic", "goroutine 12345 [running]: main.go:12345 +0x1d4 0xc000123456",
			"sql", "ERROR: duplicate key (SQLSTATE 23505)", "times", "2026-11-01 09:00:00.123456789 +0300 MSK, after 1h2m3.123456789s, 12.345678ms",
			"share", "0.123456789", "version", "20.11.1", "rows", "more than 10000 rows", "peer", "dialling 10.0.0.1:5060", "since", "2026-11-01T09:00:00Z", "address", "192.168.100.200:50612", "took", "1.234s", "n", 79161234567)
	})
	var m map[string]any
	if err := json.Unmarshal([]byte(got), &m); err != nil {
		t.Fatal(err)
	}
	for key, want := range map[string]any{
		"id": "018f2f7a-7b6c-7d61-9161-234567891234", "channel": "PJSIP/trunk-0000001a", "unique": "1762345678.791",
		"millis": 1762345678901.0, "since": "2026-11-01T09:00:00Z", "address": "192.168.100.200:50612", "level": "INFO", "n": 79161234567.0,
		"local": "PJSIP/trunk-00000012 and Local/204@pult-00000a12;1", "panic": "goroutine 12345 [running]: main.go:12345 +0x1d4 0xc000123456",
		"sql": "ERROR: duplicate key (SQLSTATE 23505)", "times": "2026-11-01 09:00:00.123456789 +0300 MSK, after 1h2m3.123456789s, 12.345678ms",
		"share": "0.123456789", "version": "20.11.1", "rows": "more than 10000 rows", "peer": "dialling 10.0.0.1:5060", "took": "1.234s",
	} {
		if m[key] != want {
			t.Errorf("%s is %v, want %v", key, m[key], want)
		}
	}
}

func TestMaskNumber(t *testing.T) {
	for in, want := range map[string]string{
		"+79161234567":       "+7***4567",
		"+7 (495) 123-45-67": "+7***4567",
		"89161234567":        "***4567",
		"+442079460958":      "+44***0958",
		"+12015550123":       "+1***0123",
		"1234567":            "***67",
		"+3725551234":        "+372***34",
		"+29022158":          "+290***58",
		"+2908999":           "+290***",
		"22158":              "***58",
		"+":                  "+",
		"101":                "101",
		"":                   "",
	} {
		if got := MaskNumber(in); got != want {
			t.Errorf("MaskNumber(%q) = %q, want %q", in, got, want)
		}
	}
}

func TestLevelAndFormat(t *testing.T) {
	var b bytes.Buffer
	l, err := NewLogger(&b, LogOptions{Level: "warn", Format: "json"})
	if err != nil {
		t.Fatal(err)
	}
	l.Info("quiet")
	l.Error("loud", "error", errors.New("x"))
	if got := b.String(); strings.Contains(got, "quiet") || !strings.Contains(got, `"msg":"loud","error":"x"`) {
		t.Errorf("log is %s", got)
	}
	for _, o := range []LogOptions{{Level: "loud"}, {Format: "xml"}} {
		if _, err := NewLogger(&b, o); !errs.Is(err, errs.Invalid) {
			t.Errorf("%+v gives %v", o, err)
		}
	}
}

func FuzzMask(f *testing.F) {
	f.Add("call from +7 (916) 123-45-67, http://a:b@c token=x")
	f.Fuzz(func(t *testing.T, s string) {
		for _, masked := range []string{Mask(s), Mask(s + " +79161234567"), Mask(s + " 89161234567")} {
			if strings.Contains(masked, "9161234567") && !strings.Contains(s, "9161234567") {
				t.Fatalf("%q gives %q", s, masked)
			}
		}
	})
}
