package scalar

import (
	"bytes"
	"encoding/json"
	"testing"
	"time"

	"github.com/99designs/gqlgen/graphql"

	"github.com/pult-cc/pult/internal/errs"
)

func text(m graphql.Marshaler) string {
	var b bytes.Buffer
	m.MarshalGQL(&b)
	return b.String()
}

func TestTime(t *testing.T) {
	moscow := time.FixedZone("MSK", 3*3600)
	if got := text(MarshalTime(time.Date(2026, 11, 1, 12, 0, 0, 7_654_321, moscow))); got != `"2026-11-01T09:00:00.007Z"` {
		t.Errorf("written as %s", got)
	}
	if got, err := UnmarshalTime("2026-11-01T12:00:00+03:00"); err != nil || !got.Equal(time.Date(2026, 11, 1, 9, 0, 0, 0, time.UTC)) {
		t.Errorf("read as %s, %v", got, err)
	}
	for _, v := range []any{"yesterday", 7, nil} {
		if _, err := UnmarshalTime(v); !errs.Is(err, errs.Invalid) {
			t.Errorf("%v gives %v", v, err)
		}
	}
}

func TestDuration(t *testing.T) {
	for d, want := range map[time.Duration]string{
		0: "0", 90 * time.Second: "90", 1500 * time.Millisecond: "1.5", 1234567 * time.Microsecond: "1.234", -time.Second: "-1",
	} {
		if got := text(MarshalDuration(d)); got != want {
			t.Errorf("%s is written as %s, want %s", d, got, want)
		}
	}
	for _, v := range []any{1.5, json.Number("1.5")} {
		if d, err := UnmarshalDuration(v); err != nil || d != 1500*time.Millisecond {
			t.Errorf("%v is read as %s, %v", v, d, err)
		}
	}
	for _, v := range []any{int64(2), 2, json.Number("2")} {
		if d, err := UnmarshalDuration(v); err != nil || d != 2*time.Second {
			t.Errorf("%v is read as %s, %v", v, d, err)
		}
	}
	for _, v := range []any{"1", nil, 1e300, json.Number("x")} {
		if _, err := UnmarshalDuration(v); !errs.Is(err, errs.Invalid) {
			t.Errorf("%v gives %v", v, err)
		}
	}
}
