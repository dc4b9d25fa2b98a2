package onec

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/pult-cc/pult/connectors"
	"github.com/pult-cc/pult/internal/errs"
)

func TestAddressesAreWrittenFor1C(t *testing.T) {
	root := &url.URL{Scheme: "http", Host: "server", Path: "/base/odata/standard.odata/"}
	many := query{entity: "Catalog_Х", sel: []string{"Ref_Key", "А/Б/Description"}, filter: "Поле eq 'О''Нил & +#%'", top: 5}
	want := "http://server/base/odata/standard.odata/Catalog_%D0%A5?$format=json&$top=5&$select=Ref_Key,%D0%90/%D0%91/Description" +
		"&$expand=%D0%90/%D0%91&$filter=%D0%9F%D0%BE%D0%BB%D0%B5%20eq%20'%D0%9E''%D0%9D%D0%B8%D0%BB%20%26%20%2B%23%25'"
	if got := many.on(root).String(); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	one := query{entity: "Catalog_Х", key: "9d5c422d-8c4c-11db-a9b0-00055d49b45e", sel: []string{"Ref_Key"}}
	want = "http://server/base/odata/standard.odata/Catalog_%D0%A5(guid'9d5c422d-8c4c-11db-a9b0-00055d49b45e')?$format=json&$select=Ref_Key"
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, one.on(root).String(), nil)
	if err != nil {
		t.Fatal(err)
	}
	if got := req.URL.String(); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

func TestExpands(t *testing.T) {
	got := expands([]string{"Ref_Key", "А/Description", "А/Б/Description", "В/Description", "АБ/Code"})
	if strings.Join(got, " ") != "А/Б АБ В" {
		t.Errorf("got %v", got)
	}
}

// The vector is a third party's unit test of the conversion.
func TestDeepLink(t *testing.T) {
	const guid, hex = "9d5c422d-8c4c-11db-a9b0-00055d49b45e", "a9b000055d49b45e11db8c4c9d5c422d"
	if got := linkRef(guid); got != hex {
		t.Errorf("got %s, want %s", got, hex)
	}
	d := &Driver{links: "https://server/base/"}
	for entity, want := range map[string]string{
		"Catalog_Контрагенты":        "https://server/base/#e1cib/data/Справочник.Контрагенты?ref=" + hex,
		"Document_ТелефонныйЗвонок":  "https://server/base/#e1cib/data/Документ.ТелефонныйЗвонок?ref=" + hex,
		"InformationRegister_Другое": "",
		"Без":                        "",
	} {
		if got := d.link(entity, guid); got != want {
			t.Errorf("%s: %q, want %q", entity, got, want)
		}
	}
	if got := d.link("Catalog_Х", "no guid"); got != "" {
		t.Errorf("got %q", got)
	}
}

// The look-up of every preset is one request per source even behind an IIS that nobody configured.
func TestLookupFitsTheQueryString(t *testing.T) {
	for name, sources := range presets() {
		for _, s := range sources {
			if err := s.complete(name); err != nil {
				t.Fatal(err)
			}
			for _, q := range []connectors.LookupQuery{
				{E164: "+79161234567", National: "9161234567", Region: "RU"}, {E164: "+74991234567", National: "4991234567", Region: "RU"},
			} {
				conditions := numberConditions(q, s.Tabular+"/"+s.Columns.Digits, s.Tabular+"/"+s.Columns.Text)
				if s.PhoneField != "" {
					conditions = append(ownFieldConditions(q, s.PhoneField), conditions...)
				}
				qs := query{entity: s.Entity, sel: s.selection(), top: rowsAsked}.pack("", conditions, 2048)
				t.Logf("%s %s: %d conditions, %d bytes", name, s.Entity, len(conditions), len(qs[0].rawQuery()))
				// With a search field besides the tabular part it takes two, sent at the same time.
				if most := 1 + min(1, len(s.PhoneField)); len(qs) > most {
					t.Errorf("%s %s: %d requests, want %d at most", name, s.Entity, len(qs), most)
				}
			}
		}
	}
}

func TestPack(t *testing.T) {
	q := query{entity: "e", sel: []string{"a"}, top: 1}
	conditions := []string{"a eq '1'", "a eq '2'", "a eq '3'", strings.Repeat("x", 500)}
	qs := q.pack("b eq true", conditions, len("$format=json&$top=1&$select=a&$filter=b%20eq%20true%20and%20(a%20eq%20'1'%20or%20a%20eq%20'2')"))
	var got []string
	for _, q := range qs {
		got = append(got, q.filter)
	}
	want := []string{"b eq true and (a eq '1' or a eq '2')", "b eq true and (a eq '3')", "b eq true and (" + conditions[3] + ")"}
	if strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Errorf("got %q", got)
	}
	if len(q.pack("", nil, 100)) != 0 {
		t.Error("no conditions are no request")
	}
}

func TestNumberConditions(t *testing.T) {
	got := numberConditions(connectors.LookupQuery{National: "9161234567", Region: "RU"}, "Ц", "Т")
	want := "substringof('9161234567',Ц)|substringof('23-45-67',Т)|substringof('23 45 67',Т)|substringof('234567',Т)|" +
		"substringof('23-4567',Т)|substringof('23 4567',Т)"
	if strings.Join(got, "|") != want {
		t.Errorf("got %v", got)
	}
	got = numberConditions(connectors.LookupQuery{National: "2079460958", Region: "GB"}, "Ц", "Т")
	if !strings.Contains(strings.Join(got, "|"), "substringof('46 0958',Т)") {
		t.Errorf("a British number: %v", got)
	}
	for _, short := range []string{"", "112", "'"} {
		if got := numberConditions(connectors.LookupQuery{National: short}, "Ц", "Т"); got != nil {
			t.Errorf("%q: %v", short, got)
		}
	}
}

func TestConfiguration(t *testing.T) {
	const good = `"base_url":"https://server/base","user":"u","password":"env:P"`
	vault := secretsFunc(func(string) (string, error) { return "p", nil })
	for config, field := range map[string]string{
		`{` + good + `,"colour":"red"}`:          "",
		`{`:                                      "",
		`{"user":"u"}`:                           "base_url",
		`{"base_url":"ftp://server/base"}`:       "base_url",
		`{"base_url":"https://u:p@server/base"}`: "base_url",
		`{"base_url":"https://server/base?x=1"}`: "base_url",
		`{"base_url":"https://server/base#x"}`:   "base_url",
		`{"base_url":"http://[::1"}`:             "base_url",
		`{` + good + `,"preset":"ut12"}`:         "preset",
		`{` + good + `,"preset":"ut11","sources":[{"entity":"Catalog_X","kind":"PERSON"}]}`:      "preset",
		`{` + good + `,"sources":[{"entity":"Catalog_X"}]}`:                                      "sources[0].kind",
		`{` + good + `,"sources":[{"kind":"PERSON"}]}`:                                           "sources[0].entity",
		`{` + good + `,"sources":[{"entity":"X') or (1","kind":"PERSON"}]}`:                      "sources[0].entity",
		`{` + good + `,"sources":[{"entity":"X","kind":"PERSON","name":"a b"}]}`:                 "sources[0].name",
		`{` + good + `,"sources":[{"entity":"X","kind":"PERSON","notes":{"n":"1a"}}]}`:           "sources[0].notes.n",
		`{` + good + `,"sources":[{"entity":"X","kind":"PERSON","lookup":"fast"}]}`:              "sources[0].lookup",
		`{` + good + `,"sources":[{"entity":"X","kind":"PERSON","parent_link":"P"}]}`:            "sources[0].parent_link",
		`{` + good + `,"sources":[{"entity":"X","kind":"PERSON","search_fields":["a/"]}]}`:       "sources[0].search_fields[0]",
		`{` + good + `,"time_zone":"Moscow"}`:                                                    "time_zone",
		`{` + good + `,"links":"javascript:alert(1)"}`:                                           "links",
		`{` + good + `,"preset":"ut11","contacts":{"person":{"entity":"Catalog_Лиды"}}}`:         "contacts.person.entity",
		`{` + good + `,"contacts":{"person":{"entity":"Catalog_Партнеры","names":["А/Б"]}}}`:     "contacts.person",
		`{` + good + `,"contacts":{"person":{"entity":"Catalog_Партнеры","phone_kind":"' or"}}}`: "contacts.person.phone_kind",
		`{` + good + `,"contacts":{"person":{"entity":"Catalog_Партнеры","name_size":-1}}}`:      "contacts.person.name_size",
		`{` + good + `,"contacts":{},"sources":[{"entity":"Catalog_Х","kind":"PERSON"}]}`:        "contacts",
		`{` + good + `,"tasks":{}}`:                                      "tasks.default_performer",
		`{` + good + `,"tasks":{"default_performer":"Иванов"}}`:          "tasks.default_performer",
		`{` + good + `,"tasks":{"performer":"-","title":"-"}}`:           "tasks.title",
		`{` + good + `,"tasks":{"performer":"-","title_size":60}}`:       "tasks.title_size",
		`{` + good + `,"tasks":{"performer":"-","due":"А/Б"}}`:           "tasks.due",
		`{` + good + `,"tasks":{"performer":"-","constants":{"А Б":1}}}`: "tasks.constants",
		`{` + good + `,"tasks":{"performer":"-","language":"de"}}`:       "tasks.language",
		`{` + good + `,"max_query_bytes":100}`:                           "max_query_bytes",
		`{` + good + `,"max_connections":-1}`:                            "max_connections, max_query_bytes, max_answer_bytes",
	} {
		_, err := New(t.Context(), "1c", json.RawMessage(config), vault)
		if !errs.Is(err, errs.Invalid) {
			t.Errorf("%s: %v, want Invalid", config, err)
		}
		if field != "" && errs.FieldsOf(err)[field] == "" {
			t.Errorf("%s: names %v, want %s", config, errs.FieldsOf(err), field)
		}
	}
	for _, config := range []string{
		`{` + good + `}`, `{"base_url":"http://server:8080/base/odata/standard.odata/"}`,
		`{` + good + `,"preset":"unf","links":"e1c://server/srv1c/base","time_zone":"Asia/Novosibirsk"}`,
	} {
		d, err := Factory().New(t.Context(), "1c", json.RawMessage(config), vault)
		if err != nil {
			t.Errorf("%s: %v", config, err)
			continue
		}
		_, writes := connectors.As[connectors.CallLogger](d)
		if writes == strings.Contains(config, `"unf"`) {
			t.Errorf("%s: writes calls is %v", config, writes)
		}
		driver, _ := d.(*Driver)
		if p := driver.client.root.Path; p != "/base/odata/standard.odata/" {
			t.Errorf("%s: root %q", config, p)
		}
	}
	if _, err := New(t.Context(), "1c", json.RawMessage(`{`+good+`}`), secretsFunc(func(string) (string, error) {
		return "", errs.E(errs.Unavailable, "reading secret", "the vault is sealed")
	})); !errs.Is(err, errs.Unavailable) {
		t.Errorf("a sealed vault: %v", err)
	}
	if _, err := New(t.Context(), "1c", json.RawMessage(`{`+good+`}`), nil); !errs.Is(err, errs.Invalid) {
		t.Errorf("nothing to resolve with: %v", err)
	}
	if !json.Valid(Factory().Schema) || !strings.Contains(string(Factory().Schema), `"x-secret": true`) {
		t.Error("the schema is broken or does not mark the password")
	}
}

type secretsFunc func(string) (string, error)

func (f secretsFunc) Secret(_ context.Context, ref string) (string, error) { return f(ref) }

// answering makes a driver whose server gives one answer.
func answering(t *testing.T, h http.HandlerFunc) *Driver {
	t.Helper()
	srv := httptest.NewServer(h)
	t.Cleanup(srv.Close)
	d, err := New(t.Context(), "1c", json.RawMessage(`{"base_url":"`+srv.URL+`/base","max_answer_bytes":65536}`), nil)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func TestAnswersAreSorted(t *testing.T) {
	odata := func(code, message string) string {
		return fmt.Sprintf("\ufeff"+`{"odata.error":{"code":%s,"message":{"lang":"ru-RU","value":%q}}}`, code, message)
	}
	for name, c := range map[string]struct {
		status int
		body   string
		header string
		kind   errs.Kind
		says   string
	}{
		"filter refused":      {400, odata(`"14"`, "Ошибка при разборе опции запроса $filter"), "", errs.Invalid, "$filter"},
		"unknown field":       {400, odata(`"6"`, "Сегмент пути НетПоля не найден!"), "", errs.Invalid, "НетПоля"},
		"code as a number":    {400, odata(`6`, "Сегмент"), "", errs.Invalid, "Сегмент"},
		"echo of a number":    {400, odata(`"14"`, "Ошибка: 8 916 123-45-67"), "", errs.Invalid, "Ошибка: …"},
		"echo of a key":       {400, odata(`"1"`, "строку '9d5c422d-8c4c-11db-a9b0-00055d49b45e'"), "", errs.Invalid, "строку '…'"},
		"not published":       {404, odata(`"0"`, "Сущность 'Catalog_Х' не найдена"), "", errs.Invalid, "does not publish"},
		"business rule":       {500, odata(`"-1"`, "Не более трёх"), "", errs.Rejected, "Не более трёх"},
		"wrong address":       {404, "<html>404</html>", "", errs.Unavailable, "no 1C"},
		"redirect":            {302, "", "", errs.Invalid, "elsewhere"},
		"method refused":      {405, "", "", errs.Unavailable, ""},
		"busy, come back":     {503, "", "30", errs.Unavailable, "busy"},
		"a proxy gave up":     {504, "<html>504</html>", "", errs.Timeout, "no answer in time"},
		"atom":                {200, "<?xml version=\"1.0\"?><feed/>", "", errs.Unavailable, "web page"},
		"empty":               {200, "", "", errs.Unavailable, "cut off"},
		"another service":     {200, `{"ok":true}`, "", errs.Unavailable, "not one of 1C"},
		"an array":            {200, `[1]`, "", errs.Unavailable, "cut off"},
		"too long":            {200, `{"value":["` + strings.Repeat("x", 1<<17) + `"]}`, "", errs.Invalid, "max_answer_bytes"},
		"error with 200":      {200, odata(`"14"`, "странно"), "", errs.Invalid, "странно"},
		"a very long message": {500, odata(`"-1"`, strings.Repeat("я", 5000)), "", errs.Rejected, "яяя…"},
	} {
		d := answering(t, func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Location", "/elsewhere")
			if c.header != "" {
				w.Header().Set("Retry-After", c.header)
			}
			w.WriteHeader(c.status)
			_, _ = w.Write([]byte(c.body))
		})
		_, err := d.Lookup(t.Context(), connectors.LookupQuery{E164: "+79161234567", National: "9161234567", Region: "RU"})
		if errs.KindOf(err) != c.kind || err == nil {
			t.Errorf("%s: %v is %v, want %v", name, err, errs.KindOf(err), c.kind)
		}
		if m := errs.Message(err); m == "" || !strings.Contains(m, c.says) || len([]rune(m)) > 300 {
			t.Errorf("%s: says %q, want %q in it", name, m, c.says)
		}
		if strings.Contains(fmt.Sprintf("%v %#v", err, err), "123-45-67") || strings.Contains(err.Error(), "9161234567") {
			t.Errorf("%s: the error repeats the number: %v", name, err)
		}
		if after, ok := connectors.RetryAfterOf(err); ok != (c.header != "") || ok && after != 30*time.Second {
			t.Errorf("%s: retry after %v %v", name, after, ok)
		}
	}
}

func TestNobodyListens(t *testing.T) {
	srv := httptest.NewServer(http.NotFoundHandler())
	address := srv.URL
	srv.Close()
	d, err := New(t.Context(), "1c", json.RawMessage(`{"base_url":"`+address+`/base"}`), nil)
	if err != nil {
		t.Fatal(err)
	}
	_, err = d.Lookup(t.Context(), connectors.LookupQuery{E164: "+79161234567", National: "9161234567", Region: "RU"})
	if !errs.Is(err, errs.Unavailable) || strings.Contains(err.Error(), "odata") {
		t.Errorf("got %v, want Unavailable without the address", err)
	}
	var wrapped *url.Error
	if errors.As(err, &wrapped) {
		t.Error("the error carries the request's address, and with it the number")
	}
}

// Odd values of real bases must not disturb: numbers as JSON numbers, null, missing columns, flags as text.
func TestOddRecords(t *testing.T) {
	d := answering(t, func(w http.ResponseWriter, _ *http.Request) {
		_, _ = w.Write([]byte(`{"value":[
			{"Ref_Key":"9D5C422D-8C4C-11DB-A9B0-00055D49B45E","Description":" Имя ","DeletionMark":"true","ИНН":7707083893,"Партнер":null,
			 "КонтактнаяИнформация":[
				{"Тип":"Телефон","Представление":"","НомерТелефона":"","Значение":"{\"version\":4,\"value\":\"8 916 123-45-67\"}"},
				{"Тип":"Телефон","Представление":"123-45-67","НомерТелефона":"74951234567"},
				{"Тип":"Телефон","Представление":"8 (495) 123-45-68","НомерТелефона":"84951234568"},
				{"Тип":"Факс","Представление":"8 (495) 123-45-69","Вид_Key":"x"},
				{"Тип":"АдресЭлектроннойПочты","Представление":"a@b.example"},
				{"Тип":"Адрес","Представление":"Москва"}, "мусор", null]},
			{"Ref_Key":"","Description":"без ключа"},
			{"КонтактнаяИнформация":"не список"}]}`))
	})
	found, err := d.Lookup(t.Context(), connectors.LookupQuery{National: "9161234567", Region: "RU"})
	if err != nil || len(found) != 3 { // once per source
		t.Fatalf("%v, %v", found, err)
	}
	c := found[0]
	if c.Ref.ID != "9d5c422d-8c4c-11db-a9b0-00055d49b45e" || c.Name != "Имя" || !c.Deleted || c.TaxID != "7707083893" || c.Owner.Name != "" {
		t.Errorf("got %+v", c)
	}
	want := []connectors.Phone{
		{Raw: "8 916 123-45-67"}, {Raw: "123-45-67"}, {Raw: "74951234567"}, {Raw: "8 (495) 123-45-68"}, {Raw: "8 (495) 123-45-69", Label: "Факс"},
	}
	if fmt.Sprint(c.Phones) != fmt.Sprint(want) || fmt.Sprint(c.Emails) != "[a@b.example]" {
		t.Errorf("phones %v, want %v; e-mails %v", c.Phones, want, c.Emails)
	}
}

func TestShownTimes(t *testing.T) {
	zone, err := time.LoadLocation("Europe/Moscow")
	if err != nil {
		t.Fatal(err)
	}
	d := &Driver{zone: zone}
	for in, want := range map[string]string{
		"2026-08-26T19:30:41": "2026-08-26T19:30:41+03:00", "0001-01-01T00:00:00": "", zeroGUID: "", "директор": "директор", "": "",
	} {
		if got := d.shown(in); got != want {
			t.Errorf("%q is shown as %q, want %q", in, got, want)
		}
	}
}

func TestPathFieldOfUNF(t *testing.T) {
	asked := make(chan string, 10)
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		text, err := url.PathUnescape(r.URL.RawQuery)
		if err != nil {
			t.Error(err)
		}
		asked <- text
		_, _ = w.Write([]byte(`{"value":[{"Ref_Key":"9d5c422d-8c4c-11db-a9b0-00055d49b45e","НомерТелефонаДляПоиска":"9161234567"}]}`))
	}))
	defer srv.Close()
	d, err := New(t.Context(), "1c", json.RawMessage(`{"base_url":"`+srv.URL+`/unf","sources":[
		{"entity":"Catalog_Контрагенты","kind":"COMPANY","phone_field":"НомерТелефонаДляПоиска"}]}`), nil)
	if err != nil {
		t.Fatal(err)
	}
	found, err := d.Lookup(t.Context(), connectors.LookupQuery{National: "9161234567", Region: "RU"})
	if err != nil || len(found) != 1 || len(found[0].Phones) != 1 || found[0].Phones[0].Raw != "9161234567" {
		t.Errorf("%v, %v", found, err)
	}
	if q := <-asked; !strings.Contains(q, "$filter=substringof('9161234567',НомерТелефонаДляПоиска) or substringof(") {
		t.Errorf("asked %s", q)
	}
}

func FuzzText(f *testing.F) {
	for _, s := range []string{"О'Нил", "''", "\x00", "a\xffb", "') or (1 eq 1", "+%20&#", "😀"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		l := text(s)
		if !strings.HasPrefix(l, "'") || !strings.HasSuffix(l, "'") || strings.Count(l, "'")%2 != 0 {
			t.Errorf("%q becomes %q", s, l)
		}
		if inner := strings.ReplaceAll(l[1:len(l)-1], "''", ""); strings.Contains(inner, "'") {
			t.Errorf("%q ends its own text: %q", s, l)
		}
		e := escape(l)
		if back, err := url.PathUnescape(e); err != nil || back != l || strings.ContainsAny(e, " +&#?%$=\"<>") && !onlyPercentCodes(e) {
			t.Errorf("%q is escaped as %q: %v", l, e, err)
		}
	})
}

// onlyPercentCodes reports whether every special character of an escaped text is a percent sign of a code.
func onlyPercentCodes(s string) bool { return !strings.ContainsAny(s, " +&#?$=\"<>") }
