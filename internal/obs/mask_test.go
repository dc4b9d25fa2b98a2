package obs

import (
	"bytes"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"testing"

	"github.com/nyaruka/phonenumbers"

	"github.com/pult-cc/pult/internal/errs"
)

// timeless is a log without times, whose digits are no number's.
func timeless(b *bytes.Buffer) *slog.Logger {
	return slog.New(slog.NewJSONHandler(b, &slog.HandlerOptions{ReplaceAttr: func(groups []string, a slog.Attr) slog.Attr {
		if a.Key == slog.TimeKey {
			return slog.Attr{}
		}
		return clean(groups, a)
	}}))
}

// shownDigits is how many digits of a subscriber may stand together in a log.
const shownDigits = 4

// written returns the forms in which a number may come: as people and machines of its region and of others write it.
func written(n *phonenumbers.PhoneNumber) []string {
	e164, national := phonenumbers.Format(n, phonenumbers.E164), phonenumbers.Format(n, phonenumbers.NATIONAL)
	forms := []string{
		e164, strings.TrimPrefix(e164, "+"), national, digitsOf(national), phonenumbers.GetNationalSignificantNumber(n),
		phonenumbers.Format(n, phonenumbers.INTERNATIONAL), phonenumbers.Format(n, phonenumbers.RFC3966),
		strings.ReplaceAll(national, "-", "\u2011"), strings.ReplaceAll(national, " ", "\u00a0"),
	}
	// Four groups of two digits with dots between are an address, unless the key of the field says otherwise.
	if dotted := strings.ReplaceAll(national, " ", "."); !reAddress.MatchString(dotted) {
		forms = append(forms, dotted)
	}
	slices.Sort(forms)
	return slices.Compact(forms)
}

// leaks tells whether more of a number's subscriber is shown than may be.
func leaks(line string, n *phonenumbers.PhoneNumber) bool {
	line = strings.NewReplacer(" ", "", "-", "", "(", "", ")", "", ".", "", "\u2011", "", "\u00a0", "").Replace(line)
	subscriber := phonenumbers.GetNationalSignificantNumber(n)
	for i := 0; i+shownDigits < len(subscriber); i++ {
		if strings.Contains(line, subscriber[i:i+shownDigits+1]) {
			return true
		}
	}
	return false
}

// Whatever region a number is of and however it is written, in a field, in the message, within an error or a channel's name: no line
// of the log shows more than its last digits.
func TestNoLineShowsANumberOfAnyRegion(t *testing.T) {
	numbers, seen, out := 0, map[string]bool{}, &bytes.Buffer{}
	l := timeless(out)
	for region := range phonenumbers.GetSupportedRegions() {
		for kind := phonenumbers.FIXED_LINE; kind <= phonenumbers.VOICEMAIL; kind++ {
			n := phonenumbers.GetExampleNumberForType(region, kind)
			e164 := phonenumbers.Format(n, phonenumbers.E164)
			if n.GetNationalNumber() == 0 || seen[e164] {
				continue
			}
			seen[e164] = true
			numbers++
			for _, w := range written(n) {
				out.Reset()
				l.Info("call from "+w, "number", w, "e164", any(w), "caller", w+" Anna", "sip", "sip:"+w+"@pbx", "party", struct{ Number string }{"to " + w},
					"error", errs.With(errs.Invalid, "dialling", fmt.Errorf("bad number %q", w)), "channel", "PJSIP/"+w+"@trunk-000abcde")
				for line := range strings.Lines(out.String()) {
					if leaks(line, n) {
						t.Errorf("%s, type %d, %q: %s", region, kind, w, line)
					}
				}
			}
		}
	}
	if numbers < 900 {
		t.Errorf("only %d example numbers", numbers)
	}
}

func TestCountryCodesAreThoseOfTheWorld(t *testing.T) {
	for region := range phonenumbers.GetSupportedRegions() {
		n := phonenumbers.GetExampleNumber(region)
		code := fmt.Sprint(n.GetCountryCode())
		if got := countryCode(strings.TrimPrefix(phonenumbers.Format(n, phonenumbers.E164), "+")); got != len(code) {
			t.Errorf("%s: the code is %s, taken for %d digits", region, code, got)
		}
	}
}
