package onecsim_test

import (
	"context"
	"encoding/json"
	"net"
	"net/http"
	"reflect"
	"strings"
	"testing"

	"github.com/nyaruka/phonenumbers"

	"github.com/pult-cc/pult/connectors/onec/onecsim"
)

func TestDemoIsTheSameEveryTime(t *testing.T) {
	a, b := onecsim.NewDemo(), onecsim.NewDemo()
	sizes := map[string]int{}
	for _, set := range []string{onecsim.SetCounterparties, onecsim.SetPartners, onecsim.SetContacts, onecsim.SetUsers} {
		if !reflect.DeepEqual(a.Rows(set), b.Rows(set)) {
			t.Errorf("%s differs between two starts", set)
		}
		sizes[set] = len(a.Rows(set))
		keys := map[any]bool{}
		for _, r := range a.Rows(set) {
			if keys[r["Ref_Key"]] {
				t.Errorf("%s: %v is there twice", set, r["Description"])
			}
			keys[r["Ref_Key"]] = true
		}
	}
	if n := sizes[onecsim.SetCounterparties] + sizes[onecsim.SetContacts]; n < 150 || sizes[onecsim.SetUsers] != 8 {
		t.Errorf("sizes %v, want some hundred and fifty companies and people", sizes)
	}
}

// Every number of the demo base is a valid number of nobody.
func TestDemoNumbers(t *testing.T) {
	b := onecsim.NewDemo()
	messy := map[string]int{}
	for _, set := range []string{onecsim.SetCounterparties, onecsim.SetPartners, onecsim.SetContacts} {
		for _, r := range b.Rows(set) {
			lines, _ := r[onecsim.PartContactInfo].([]onecsim.Row)
			for _, l := range lines {
				text, _ := l["Представление"].(string)
				if l["Тип"] != "Телефон" || text == "" {
					continue
				}
				if l["НомерТелефона"] == nil {
					messy["no digits"]++
				}
				for _, part := range strings.Split(text, ", ") {
					if strings.Contains(part, "(Света") {
						messy["words"]++
						continue
					}
					part = strings.TrimPrefix(part, "тел./факс ")
					if strings.HasPrefix(part, "после") {
						continue
					}
					n, err := phonenumbers.Parse(part, "RU")
					if err != nil || !phonenumbers.IsValidNumber(n) {
						t.Errorf("%v: %q is no valid number: %v", r["Description"], part, err)
						continue
					}
					if n.GetExtension() != "" {
						messy["extension"]++
					}
					e164 := phonenumbers.Format(n, phonenumbers.E164)
					nobody := strings.HasPrefix(e164, "+7975") || strings.HasPrefix(e164, "+442079460") || strings.HasPrefix(e164, "+7700000") ||
						strings.HasPrefix(e164, "+74950") || strings.HasPrefix(e164, "+78120") || strings.HasPrefix(e164, "+73830") ||
						strings.HasPrefix(e164, "+7484") || strings.HasPrefix(e164, "+749120")
					if !nobody {
						t.Errorf("%v: %s may be somebody's", r["Description"], e164)
					}
				}
				if strings.Contains(text, ", ") {
					messy["several"]++
				}
				if strings.HasPrefix(text, "975") || strings.HasPrefix(text, "(") {
					messy["no country"]++
				}
			}
		}
	}
	for _, kind := range []string{"no digits", "words", "extension", "several", "no country"} {
		if messy[kind] == 0 {
			t.Errorf("no number is of the kind %q: %v", kind, messy)
		}
	}
}

func TestDemoCallers(t *testing.T) {
	cases := map[string]bool{}
	for _, c := range onecsim.Demo() {
		n, err := phonenumbers.Parse(c.Number, "")
		if err != nil || !phonenumbers.IsValidNumber(n) || phonenumbers.Format(n, phonenumbers.E164) != c.Number {
			t.Errorf("%s: %q is no valid E.164: %v", c.Name, c.Number, err)
		}
		if c.Name == "" || c.Case == "" {
			t.Errorf("%+v lacks a name or a case", c)
		}
		cases[c.Case] = true
	}
	for _, must := range []string{"exact", "several", "unknown", "private", "deleted"} {
		if !cases[must] {
			t.Errorf("no caller shows %q", must)
		}
	}
}

func TestServe(t *testing.T) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- onecsim.Serve(ctx, ln, onecsim.New(onecsim.Options{Base: onecsim.NewDemo()})) }()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://"+ln.Addr().String()+onecsim.DefaultRoot+"?$format=json", nil)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		t.Errorf("status %d", resp.StatusCode)
	}
	cancel()
	if err := <-done; err != nil {
		t.Errorf("after the end: %v", err)
	}
	http.DefaultClient.CloseIdleConnections()
}

func FuzzFilter(f *testing.F) {
	for _, seed := range []string{
		"Ref_Key eq guid'1fa1a135-d89b-11e6-8343-40167e2531c3'", "substringof('x',КонтактнаяИнформация/Представление) or not (ИНН eq '')",
		"Description eq 'О''Нил'", "((", "a/b/c eq -1.5", "datetime'2020-01-01' gt Ref_Key", "+", "'", "not not not", "eq eq eq", "Партнер/Партнер/Ref_Key eq null",
	} {
		f.Add(seed)
	}
	base := small()
	f.Fuzz(func(t *testing.T, s string) {
		sim := onecsim.New(onecsim.Options{Base: base, NoBOM: true, MaxQuery: -1})
		status, _, body := askSim(t, sim, filter(s))
		if status != 200 && status != 400 && status != 500 {
			t.Errorf("status %d", status)
		}
		if !json.Valid([]byte(body)) {
			t.Errorf("no JSON: %s", body)
		}
	})
}
