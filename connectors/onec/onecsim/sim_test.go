package onecsim_test

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pult-cc/pult/connectors/onec/onecsim"
)

// small is a base with two companies, one of them with a partner, a manager and contact information.
func small() *onecsim.Base {
	b := onecsim.NewUT11()
	onecsim.AddKinds(b)
	user, partner := onecsim.NewGUID("u"), onecsim.NewGUID("p")
	b.Add(onecsim.SetUsers, onecsim.Row{"Ref_Key": user, "Description": "Орлов Игорь"})
	b.Add(onecsim.SetPartners, onecsim.Row{"Ref_Key": partner, "Description": "Василёк", "ОсновнойМенеджер_Key": user})
	b.Add(onecsim.SetCounterparties, onecsim.Row{
		"Ref_Key": onecsim.NewGUID("c1"), "Description": "ООО «Василёк»", "Партнер_Key": partner, "ИНН": "0000000137",
		onecsim.PartContactInfo: []onecsim.Row{
			onecsim.Phone("Телефон", "8 (495) 012-34-50", onecsim.DigitsFull),
			onecsim.Phone("Мобильный", "+7 975 012-45-67", onecsim.DigitsEmpty),
		},
	}, onecsim.Row{"Ref_Key": onecsim.NewGUID("c2"), "Description": "О'Нил", "DeletionMark": true})
	return b
}

// ask sends a request whose path and query are written as they go over the wire.
func ask(t *testing.T, o onecsim.Options, target string, header ...string) (int, http.Header, string) {
	t.Helper()
	if o.Base == nil {
		o.Base = small()
	}
	return askSim(t, onecsim.New(o), target, header...)
}

func askSim(t *testing.T, sim *onecsim.Sim, target string, header ...string) (int, http.Header, string) {
	t.Helper()
	path, query, _ := strings.Cut(target, "?")
	r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, onecsim.DefaultRoot, nil)
	plain, err := url.PathUnescape(path)
	if err != nil {
		t.Fatal(err)
	}
	r.URL = &url.URL{Path: onecsim.DefaultRoot + plain, RawPath: onecsim.DefaultRoot + path, RawQuery: query}
	for i := 0; i+1 < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	w := httptest.NewRecorder()
	sim.ServeHTTP(w, r)
	return w.Code, w.Header(), w.Body.String()
}

// esc percent-encodes a value of a query option as a careful client does.
func esc(s string) string {
	return strings.NewReplacer("+", "%20", "%27", "'", "%28", "(", "%29", ")", "%2F", "/", "%2C", ",").Replace(url.QueryEscape(s))
}

func names(t *testing.T, body string) []string {
	t.Helper()
	var a struct {
		Value []struct{ Description string } `json:"value"`
	}
	if err := json.Unmarshal([]byte(strings.TrimPrefix(body, "\ufeff")), &a); err != nil {
		t.Fatalf("%v in %s", err, body)
	}
	out := []string{}
	for _, v := range a.Value {
		out = append(out, v.Description)
	}
	return out
}

func wantError(t *testing.T, status int, body string, wantStatus int, code string, has ...string) {
	t.Helper()
	var e struct {
		Error struct {
			Code    string
			Message struct{ Lang, Value string }
		} `json:"odata.error"`
	}
	if err := json.Unmarshal([]byte(strings.TrimPrefix(body, "\ufeff")), &e); err != nil {
		t.Fatalf("%d, %v in %s", status, err, body)
	}
	if status != wantStatus || e.Error.Code != code || e.Error.Message.Lang != "ru-RU" {
		t.Errorf("got %d/%s, want %d/%s: %s", status, e.Error.Code, wantStatus, code, body)
	}
	for _, h := range has {
		if !strings.Contains(e.Error.Message.Value, h) {
			t.Errorf("message %q lacks %q", e.Error.Message.Value, h)
		}
	}
}

const counterparties = "Catalog_%D0%9A%D0%BE%D0%BD%D1%82%D1%80%D0%B0%D0%B3%D0%B5%D0%BD%D1%82%D1%8B"

func filter(s string) string {
	return counterparties + "?$format=json&$select=Description&$filter=" + esc(s)
}

// Facts 0.3, P9: "the stub was twice softer than the platform: + in $filter".
func TestPlusIsNoSpace(t *testing.T) {
	status, _, body := ask(t, onecsim.Options{}, counterparties+"?$format=json&$filter=DeletionMark+eq+true")
	wantError(t, status, body, 400, "14", "$filter")
	status, _, body = ask(t, onecsim.Options{}, counterparties+"?$format=json&$filter=DeletionMark%20eq%20true")
	if got := names(t, body); status != 200 || len(got) != 1 || got[0] != "О'Нил" {
		t.Errorf("%d %v", status, got)
	}
}

// Facts 1.2: the option name must be a literal $filter.
func TestOptionNamesAreLiteral(t *testing.T) {
	status, _, body := ask(t, onecsim.Options{}, counterparties+"?$format=json&%24filter=DeletionMark%20eq%20true")
	wantError(t, status, body, 400, "14")
}

// P4: without $format=json comes Atom, whatever Accept says.
func TestAtomWithoutFormat(t *testing.T) {
	_, h, body := ask(t, onecsim.Options{}, counterparties+"?$top=1", "Accept", "application/json")
	if !strings.HasPrefix(h.Get("Content-Type"), "application/atom+xml") || !strings.Contains(body, "<d:Description>ООО «Василёк»</d:Description>") {
		t.Errorf("%s %s", h.Get("Content-Type"), body)
	}
	status, h, body := ask(t, onecsim.Options{}, counterparties+"?$select=Code")
	if status != 400 || !strings.HasPrefix(h.Get("Content-Type"), "application/xml") || !strings.Contains(body, "<m:code>6</m:code>") {
		t.Errorf("%d %s", status, body)
	}
}

// Facts 1.2: JSON may begin with a byte order mark.
func TestByteOrderMark(t *testing.T) {
	if _, _, body := ask(t, onecsim.Options{}, counterparties+"?$format=json"); !strings.HasPrefix(body, "\ufeff{") {
		t.Errorf("%.20q", body)
	}
	if _, _, body := ask(t, onecsim.Options{NoBOM: true}, counterparties+"?$format=json"); !strings.HasPrefix(body, "{") {
		t.Errorf("%.20q", body)
	}
}

// P4: "odata.count": "1103" is a text. Facts 1.2: so is every Edm.Int64.
func TestNumbersAreTexts(t *testing.T) {
	_, _, body := ask(t, onecsim.Options{}, counterparties+"?$format=json&$inlinecount=allpages&$top=1")
	if !strings.Contains(body, `"odata.count":"2"`) || !strings.Contains(body, `"LineNumber":"1"`) {
		t.Error(body)
	}
}

// Facts 1.2 and 1.9: the shape of a record.
func TestShapeOfARecord(t *testing.T) {
	_, h, body := ask(t, onecsim.Options{NoBOM: true}, counterparties+"(guid'"+onecsim.NewGUID("c1")+"')?$format=json")
	var e map[string]any
	if err := json.Unmarshal([]byte(body), &e); err != nil {
		t.Fatal(err)
	}
	if m, _ := e["odata.metadata"].(string); !strings.HasSuffix(m, "$metadata#Catalog_Контрагенты/@Element") {
		t.Errorf("odata.metadata = %q", m)
	}
	if l, _ := e["Партнер@navigationLinkUrl"].(string); l != "Catalog_Контрагенты(guid'"+onecsim.NewGUID("c1")+"')/Партнер" {
		t.Errorf("navigation link %q", l)
	}
	line := e["КонтактнаяИнформация"].([]any)[0].(map[string]any)
	if line["ДействуетС"] != "0001-01-01T00:00:00" || line["ВидДляСписка_Key"] != onecsim.ZeroGUID {
		t.Errorf("empty values: %v", line)
	}
	for _, column := range []string{
		"LineNumber", "Тип", "Вид_Key", "Представление", "ЗначенияПолей", "Страна", "Регион", "Город", "АдресЭП", "ДоменноеИмяСервера",
		"НомерТелефона", "НомерТелефонаБезКодов", "ВидДляСписка_Key", "ДействуетС", "Значение",
	} { // the columns of a real base, facts 1.4
		if _, ok := line[column]; !ok {
			t.Errorf("contact information lacks %s", column)
		}
	}
	for _, column := range []string{"Ref_Key", "DataVersion", "Description", "DeletionMark", "НаименованиеПолное", "ИНН", "КПП", "Партнер_Key", "ЮрФизЛицо", "КодПоОКПО"} {
		if _, ok := e[column]; !ok {
			t.Errorf("the record lacks %s", column)
		}
	}
	if _, ok := e["Code"]; ok { // facts 1.4: no Code in that base
		t.Error("the record has a Code")
	}
	if h.Get("ETag") != "" || h.Get("DataServiceVersion") != "3.0" { // facts 1.2: no ETag
		t.Errorf("headers %v", h)
	}
}

// P4 and P7: unknown names are refused with code 6 and repeated; an unknown set is 404.
func TestUnknownNames(t *testing.T) {
	for _, option := range []string{"$select=Code", "$orderby=Code", "$expand=Code", "$select=Партнер_Key/x", "$select=Партнер/Нет"} {
		status, _, body := ask(t, onecsim.Options{}, counterparties+"?$format=json&"+strings.SplitN(option, "=", 2)[0]+"="+esc(strings.SplitN(option, "=", 2)[1]))
		wantError(t, status, body, 400, "6", "Сегмент пути")
	}
	status, _, body := ask(t, onecsim.Options{}, "Catalog_ZZMARKER?$format=json")
	wantError(t, status, body, 404, "0", "ZZMARKER")
	status, _, body = ask(t, onecsim.Options{Unpublished: []string{onecsim.SetCounterparties}}, counterparties+"?$format=json")
	wantError(t, status, body, 404, "0") // facts 1.2: publication is selective
}

// P7: which wrong filters are refused how, and what the answer repeats.
func TestWrongFilters(t *testing.T) {
	for f, want := range map[string]struct {
		status int
		code   string
		echo   string
	}{
		"НетТакого eq 'ZZMARKER'":               {400, "14", ""},
		"Description eq 'ZZMARKER":              {400, "14", ""},
		"Description eq 7391":                   {400, "14", "7391"},
		"substringof('ZZMARKER',Партнер_Key)":   {500, "-1", ""},
		"Description like 'ZZMARKER'":           {400, "14", ""},
		"contains(Description,'ZZMARKER')":      {400, "14", ""}, // OData 4, facts 1.2
		"Description eq datetime'1917'":         {400, "14", ""},
		"Ref_Key eq 'ZZMARKER'":                 {400, "1", "ZZMARKER"},
		"":                                      {400, "14", ""},
		"Description":                           {400, "14", ""},
		"Description eq 'a' or":                 {400, "14", ""},
		"(Description eq 'a'":                   {400, "14", ""},
		"Description eq 'a' Description eq 'b'": {400, "14", ""},
		"КонтактнаяИнформация/Нет eq 'a'":        {400, "14", ""},
		"Партнер/ОсновнойМенеджер/Нет eq 'a'":    {400, "14", ""},
		strings.Repeat("(", 300) + "Description": {400, "14", ""},
	} {
		status, _, body := ask(t, onecsim.Options{}, filter(f))
		wantError(t, status, body, want.status, want.code, want.echo)
		if want.echo == "" && strings.Contains(body, "ZZMARKER") {
			t.Errorf("%s: the answer repeats the value", f)
		}
	}
	// datetime over a text is accepted and finds nothing (P7).
	if status, _, body := ask(t, onecsim.Options{}, filter("Description eq datetime'1917-11-07T00:00:00'")); status != 200 || len(names(t, body)) != 0 {
		t.Errorf("%d %s", status, body)
	}
}

// Facts 1.2: what filters can say.
func TestFilters(t *testing.T) {
	vasilek, oneil := "ООО «Василёк»", "О'Нил"
	for f, want := range map[string][]string{
		"DeletionMark eq false":                                              {vasilek},
		"DeletionMark ne false":                                              {oneil},
		"not (DeletionMark eq false)":                                        {oneil},
		"Description eq 'О''Нил'":                                            {oneil},
		"Description eq 'о''нил'":                                            {oneil},
		"substringof('силё',Description)":                                    {vasilek},
		"startswith(Description,'ООО') or endswith(Description,'нил')":       {vasilek, oneil},
		"ИНН gt '0' and ИНН le '0000000137'":                                 {vasilek},
		"ИНН ge '0' and ИНН lt '0000000137'":                                 {},
		"Ref_Key eq guid'" + onecsim.NewGUID("c2") + "'":                     {oneil},
		"Партнер/Description eq 'Василёк'":                                   {vasilek},
		"Партнер/ОсновнойМенеджер/Description eq 'Орлов Игорь'":              {vasilek},
		"КонтактнаяИнформация/НомерТелефона eq '84950123450'":                {vasilek},
		"substringof('012-45-67', КонтактнаяИнформация/Представление)":       {vasilek},
		"endswith(КонтактнаяИнформация/НомерТелефона, '4950123450')":         {vasilek},
		"КонтактнаяИнформация/LineNumber gt 1 and DeletionMark eq false":     {vasilek},
		"КонтактнаяИнформация/НомерТелефона eq '1' or ИНН eq ''":             {oneil},
		"substringof('О',Description) eq true and DeletionMark eq true":      {oneil},
		"КонтактнаяИнформация/Вид_Key eq null or Description eq 'нет'":       {oneil}, // an outer join
		"(Description eq 'x' or (DeletionMark eq true and not(ИНН eq 'x')))": {oneil},
	} {
		status, _, body := ask(t, onecsim.Options{}, filter(f))
		if status != 200 {
			t.Errorf("%s: %d %s", f, status, body)
			continue
		}
		if got := names(t, body); strings.Join(got, "|") != strings.Join(want, "|") {
			t.Errorf("%s: %v, want %v", f, got, want)
		}
	}
}

// Facts 1.2 (8.3.8): paths through tabular parts are new; an older platform refuses them. A join would repeat the owner.
func TestPathsThroughTabularParts(t *testing.T) {
	f := filter("substringof('5',КонтактнаяИнформация/Представление)")
	status, _, body := ask(t, onecsim.Options{OldPlatform: true}, f)
	wantError(t, status, body, 400, "14")
	if _, _, body := ask(t, onecsim.Options{}, f); len(names(t, body)) != 1 {
		t.Error(body)
	}
	if _, _, body := ask(t, onecsim.Options{JoinDuplicates: true}, f); len(names(t, body)) != 2 {
		t.Error(body)
	}
	// The part is also a set of its own (facts 1.4), with the owner's key.
	status, _, body = ask(t, onecsim.Options{NoBOM: true}, counterparties+esc("_КонтактнаяИнформация")+
		"?$format=json&$select=Ref_Key,LineNumber&$orderby=LineNumber%20desc&$filter="+esc("substringof('5',Представление)"))
	if status != 200 || !strings.Contains(body, `"value":[{"Ref_Key":"`+onecsim.NewGUID("c1")+`","LineNumber":"2"}`) {
		t.Errorf("%d %s", status, body)
	}
}

// P4: $expand works to depth, and silently not at all unless $select names a field behind it.
func TestExpandNeedsSelect(t *testing.T) {
	_, _, body := ask(t, onecsim.Options{}, counterparties+"?$format=json&$expand="+esc("Партнер")+"&$select=Description")
	if strings.Contains(body, "Василёк\"}") || strings.Contains(body, `"Партнер":`) {
		t.Errorf("expanded without $select: %s", body)
	}
	_, _, body = ask(t, onecsim.Options{}, counterparties+"?$format=json&$select=Description,"+esc("Партнер/ОсновнойМенеджер/Description"))
	if strings.Contains(body, "Орлов") {
		t.Errorf("expanded without $expand: %s", body)
	}
	_, _, body = ask(t, onecsim.Options{}, counterparties+"?$format=json&$expand="+esc("Партнер/ОсновнойМенеджер")+
		"&$select=Description,"+esc("Партнер/Description,Партнер/ОсновнойМенеджер/Description"))
	if !strings.Contains(body, `"Партнер":{"Description":"Василёк","ОсновнойМенеджер":{"Description":"Орлов Игорь"}}`) || !strings.Contains(body, `"Партнер":null`) {
		t.Errorf("not expanded: %s", body)
	}
	// A tabular part can be selected whole or by columns (clients of real bases do both).
	_, _, body = ask(t, onecsim.Options{}, counterparties+"?$format=json&$select="+esc("КонтактнаяИнформация/Представление,КонтактнаяИнформация/Тип"))
	if !strings.Contains(body, `{"КонтактнаяИнформация":[{"Тип":"Телефон","Представление":"8 (495) 012-34-50"}`) {
		t.Error(body)
	}
}

// Facts 1.3: 404/9 for a key that is not there, 400/1 for one that is no GUID. Facts 1.2: parentheses and quotes go raw.
func TestKeys(t *testing.T) {
	status, _, body := ask(t, onecsim.Options{}, counterparties+"(guid'"+onecsim.NewGUID("none")+"')?$format=json")
	wantError(t, status, body, 404, "9", "не найден")
	status, _, body = ask(t, onecsim.Options{}, counterparties+"(guid'ZZMARKER')?$format=json")
	wantError(t, status, body, 400, "1", "ZZMARKER", "Edm.Guid")
	status, _, body = ask(t, onecsim.Options{}, counterparties+"%28guid%27"+onecsim.NewGUID("c1")+"%27%29?$format=json")
	wantError(t, status, body, 400, "6")
}

// P4: HTTP Basic, a login in Cyrillic only as UTF-8; cp1251 is 401.
func TestSignIn(t *testing.T) {
	o := onecsim.Options{User: "Пульт", Password: "secret"}
	utf8 := "Basic 0J/Rg9C70YzRgjpzZWNyZXQ="
	cp1251 := "Basic z/Pr/PI6c2VjcmV0"
	if status, _, _ := ask(t, o, counterparties+"?$format=json", "Authorization", utf8); status != 200 {
		t.Errorf("UTF-8: %d", status)
	}
	for _, h := range []string{cp1251, "Basic %%%", "Bearer x", ""} {
		status, header, body := ask(t, o, counterparties+"?$format=json", "Authorization", h)
		if status != 401 || !strings.HasPrefix(header.Get("WWW-Authenticate"), "Basic") || !strings.HasPrefix(body, "<!DOCTYPE html>") {
			t.Errorf("%q: %d %s", h, status, body)
		}
	}
}

// Microsoft's documentation of requestLimits: a query string over 2048 bytes is 404.15, by IIS itself.
func TestQueryTooLong(t *testing.T) {
	long := filter("Description eq '" + strings.Repeat("a", 2048) + "'")
	if status, _, body := ask(t, onecsim.Options{}, long); status != 404 || !strings.Contains(body, "<html>") {
		t.Errorf("%d %s", status, body)
	}
	if status, _, _ := ask(t, onecsim.Options{MaxQuery: -1}, long); status != 200 {
		t.Errorf("Apache: %d", status)
	}
}

// P4: the first request after idling takes more than 30 s, M1d: 11.5 s.
func TestColdStart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		sim := onecsim.New(onecsim.Options{Base: small(), Delay: time.Second, ColdStart: 11 * time.Second, IdleAfter: time.Minute})
		for _, step := range []struct{ idle, want time.Duration }{{0, 12 * time.Second}, {0, time.Second}, {50 * time.Second, time.Second}, {time.Minute, 12 * time.Second}} {
			time.Sleep(step.idle)
			began := time.Now()
			if status, _, _ := askSim(t, sim, counterparties+"?$format=json&$top=1"); status != 200 || time.Since(began) != step.want {
				t.Errorf("after %v: %d in %v, want %v", step.idle, status, time.Since(began), step.want)
			}
		}
		sim.SetDelay(0)
		began := time.Now()
		askSim(t, sim, counterparties+"?$format=json&$top=1")
		if time.Since(began) != 0 {
			t.Errorf("without delay it took %v", time.Since(began))
		}
	})
}

// P4: $metadata of a real base is 16.8 MB; whoever fetches it is counted.
func TestMetadataIsCounted(t *testing.T) {
	sim := onecsim.New(onecsim.Options{Base: small()})
	status, h, body := askSim(t, sim, "$metadata")
	if status != 200 || h.Get("Content-Type") != "application/xml" || !strings.Contains(body, `Namespace="StandardODATA"`) ||
		!strings.Contains(body, `<Property Name="НомерТелефона" Type="Edm.String"/>`) {
		t.Errorf("%d %.200s", status, body)
	}
	if sim.MetadataRequests() != 1 || len(sim.Requests()) != 1 || !strings.HasSuffix(sim.Requests()[0], "$metadata?") {
		t.Errorf("%d, %v", sim.MetadataRequests(), sim.Requests())
	}
}

func TestServiceDocument(t *testing.T) {
	_, _, body := ask(t, onecsim.Options{Unpublished: []string{onecsim.SetUsers}}, "?$format=json")
	if !strings.Contains(body, `{"name":"Catalog_Партнеры_КонтактнаяИнформация","url":"Catalog_Партнеры_КонтактнаяИнформация"}`) || strings.Contains(body, "Пользователи") {
		t.Error(body)
	}
}

func TestPaging(t *testing.T) {
	for query, want := range map[string]string{
		"$orderby=Description":               "О'Нил|ООО «Василёк»",
		"$orderby=Description%20desc":        "ООО «Василёк»|О'Нил",
		"$orderby=Description&$skip=1":       "ООО «Василёк»",
		"$orderby=Description&$top=1":        "О'Нил",
		"$skip=5":                            "",
		"allowedOnly=true&$top=0":            "",
		"$orderby=DeletionMark%20asc&$top=1": "ООО «Василёк»",
	} {
		status, _, body := ask(t, onecsim.Options{}, counterparties+"?$format=json&$select=Description&"+query)
		if got := strings.Join(names(t, body), "|"); status != 200 || got != want {
			t.Errorf("%s: %d %q, want %q", query, status, got, want)
		}
	}
	for _, query := range []string{"$top=x", "$skip=-1", "$orderby=Description%20up", "$filter=%zz"} {
		if status, _, _ := ask(t, onecsim.Options{}, counterparties+"?$format=json&"+query); status != 400 {
			t.Errorf("%s: %d, want 400", query, status)
		}
	}
}

// Facts 1.3: what a client must survive.
func TestTroubles(t *testing.T) {
	sim := onecsim.New(onecsim.Options{Base: small(), NoBOM: true})
	sim.Suffer(&onecsim.Trouble{Status: 500, Code: "-1", Message: "Не более трёх звонков в день"})
	status, _, body := askSim(t, sim, counterparties+"?$format=json")
	wantError(t, status, body, 500, "-1", "трёх")
	sim.Suffer(&onecsim.Trouble{Status: 429, RetryAfter: "7"})
	if status, h, body := askSim(t, sim, counterparties+"?$format=json"); status != 429 || h.Get("Retry-After") != "7" || !strings.Contains(body, "<html>") {
		t.Errorf("%d %v", status, h)
	}
	sim.Suffer(&onecsim.Trouble{WebPage: true})
	if status, h, _ := askSim(t, sim, counterparties+"?$format=json"); status != 200 || !strings.HasPrefix(h.Get("Content-Type"), "text/html") {
		t.Errorf("%d %v", status, h)
	}
	sim.Suffer(&onecsim.Trouble{CutOff: true})
	if status, _, body := askSim(t, sim, counterparties+"?$format=json"); status != 200 || json.Valid([]byte(body)) {
		t.Errorf("%d %s", status, body)
	}
	sim.Suffer(nil)
	if status, _, body := askSim(t, sim, counterparties+"?$format=json"); status != 200 || !json.Valid([]byte(body)) {
		t.Errorf("healed: %d %s", status, body)
	}
	srv := httptest.NewServer(sim)
	defer srv.Close()
	sim.Suffer(&onecsim.Trouble{HangUp: true})
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, srv.URL+onecsim.DefaultRoot, nil)
	if err != nil {
		t.Fatal(err)
	}
	if resp, err := srv.Client().Do(req); err == nil {
		_, _ = io.Copy(io.Discard, resp.Body)
		resp.Body.Close()
		t.Error("the connection was to be closed without an answer")
	}
}

// Who pages without an order, or compares references, relies on what no source tells.
func TestPagingNeedsAnOrder(t *testing.T) {
	b := onecsim.NewUT11()
	for i := range 10 {
		b.Add(onecsim.SetCounterparties, onecsim.Row{"Ref_Key": onecsim.NewGUID("n", string(rune('a'+i))), "Description": string(rune('a' + i))})
	}
	sim := onecsim.New(onecsim.Options{Base: b})
	page := func(order string, skip string) string {
		t.Helper()
		status, _, body := askSim(t, sim, counterparties+"?$format=json&$select=Description&$top=5&$skip="+skip+order)
		if status != http.StatusOK {
			t.Fatalf("%d: %s", status, body)
		}
		return strings.Join(names(t, body), "")
	}
	if once, again := page("", "5"), page("", "5"); once == again {
		t.Error("the same page twice without an order has the same records")
	}
	first, second := page("&$orderby=Ref_Key", "0"), page("&$orderby=Ref_Key", "5")
	if again := page("&$orderby=Ref_Key", "5"); second != again || strings.ContainsAny(first, second) {
		t.Errorf("in order: %s, %s, again %s", first, second, again)
	}
	status, _, body := askSim(t, sim, filter("Ref_Key gt guid'"+onecsim.NewGUID("n", "a")+"'"))
	wantError(t, status, body, http.StatusBadRequest, "14")
}
