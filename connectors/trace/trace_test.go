package trace_test

import (
	"strings"
	"sync"
	"testing"

	"github.com/pult-cc/pult/connectors/trace"
)

func TestMaskedIsWhatIsPersonalAndNothingElse(t *testing.T) {
	for in, want := range map[string]string{
		"https://crm.example.com/api/v2/contacts?phone=+7 916 123-45-67&limit=20": "https://crm.example.com/api/v2/contacts?phone=…&limit=20",
		"like(Номер, '%9%1%6%1%2%3%4%5%6%7%')":                                    "like(Номер, '%…%')",
		"https://b24/rest/1/s3cret-hook/crm.contact.list.json":                    "https://b24/rest/1/***/crm.contact.list.json",
		"Ref_Key eq guid'dee6e19a-55bc-11d9-848a-00112f43529a'":                   "Ref_Key eq guid'…'",
		"/search?q=maria.kotova@example.com":                                      "/search?q=…",
		"/x?session=a8f5f167f44f4964e6c998dee827110c":                             "/x?session=…",
		"Catalog_Контрагенты_КонтактнаяИнформация?$top=50":                        "Catalog_Контрагенты_КонтактнаяИнформация?$top=50",
		"/services/data/v62.0/parameterizedSearchResults":                         "/services/data/v62.0/parameterizedSearchResults",
	} {
		if got := trace.Mask(in, "s3cret-hook", ""); got != want {
			t.Errorf("%s\nbecame %s\nwant   %s", in, got, want)
		}
	}
	if got := trace.Mask(strings.Repeat("ы", 2000)); len([]rune(got)) != 601 {
		t.Errorf("a long one has %d runes", len([]rune(got)))
	}
}

func TestRecorderIsBoundedAndMayBeAbsent(t *testing.T) {
	none := trace.From(t.Context())
	none.Begin("GET", "x")(trace.Request{})
	if all, dropped := none.Requests(); all != nil || dropped != 0 {
		t.Errorf("nobody recorded %v", all)
	}
	ctx, r := trace.With(t.Context())
	var wg sync.WaitGroup
	for range 130 {
		wg.Go(func() { trace.From(ctx).Begin("GET", "/8 916 123-45-67")(trace.Request{Status: 200}) })
	}
	wg.Wait()
	all, dropped := r.Requests()
	if len(all) != 100 || dropped != 30 || all[0].Target != "/…" || all[0].Status != 200 || all[0].Took < 0 {
		t.Errorf("recorded %d, dropped %d, %+v", len(all), dropped, all[0])
	}
}
