package onecsim_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/pult-cc/pult/connectors/onec/onecsim"
)

const callsSet = onecsim.SetCalls

// change sends a body and returns status, header and the record of the answer.
func change(t *testing.T, sim *onecsim.Sim, method, path, body string, header ...string) (int, http.Header, map[string]any, string) {
	t.Helper()
	r := httptest.NewRequestWithContext(t.Context(), method, onecsim.DefaultRoot, strings.NewReader(body))
	u := url.URL{Path: onecsim.DefaultRoot + path}
	escaped := strings.NewReplacer("%27", "'", "%28", "(", "%29", ")").Replace(u.EscapedPath())
	r.URL = &url.URL{Path: u.Path, RawPath: escaped, RawQuery: "$format=json"}
	r.Header.Set("Content-Type", "application/json")
	for i := 0; i+1 < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	w := httptest.NewRecorder()
	sim.ServeHTTP(w, r)
	var rec map[string]any
	text := strings.TrimPrefix(w.Body.String(), "\ufeff")
	if err := json.Unmarshal([]byte(text), &rec); err != nil {
		t.Fatalf("%d, %v in %s", w.Code, err, text)
	}
	return w.Code, w.Header(), rec, text
}

func made(t *testing.T, sim *onecsim.Sim, body string) (key string) {
	t.Helper()
	status, _, rec, text := change(t, sim, http.MethodPost, callsSet, body)
	key, _ = rec["Ref_Key"].(string)
	if status != http.StatusCreated || key == "" {
		t.Fatalf("%d %s", status, text)
	}
	return key
}

// Facts 1.6: POST answers 201 with the whole object and a Location.
func TestMakingARecordAnswersWithTheWholeOfIt(t *testing.T) {
	sim := onecsim.New(onecsim.Options{})
	status, header, rec, text := change(t, sim, http.MethodPost, callsSet, `{"Тема":"Звонок","Входящий":true,"Date":"2026-03-04T12:15:30"}`)
	if status != http.StatusCreated || !strings.HasSuffix(header.Get("Location"), "(guid'"+rec["Ref_Key"].(string)+"')") || rec["Описание"] != "" || rec["Входящий"] != true || rec["DataVersion"] == "" {
		t.Errorf("%d %v %s", status, header, text)
	}
	if rows := sim.Written(callsSet); len(rows) != 1 || rows[0]["Тема"] != "Звонок" {
		t.Errorf("stored %v", rows)
	}
}

// P8, P9: PATCH changes what it names and answers 200 with the whole object.
func TestAChangeIsPartial(t *testing.T) {
	sim := onecsim.New(onecsim.Options{})
	key := made(t, sim, `{"Тема":"Звонок","Описание":"первое"}`)
	status, _, rec, text := change(t, sim, http.MethodPatch, callsSet+"(guid'"+key+"')", `{"Описание":"второе"}`)
	if status != http.StatusOK || rec["Тема"] != "Звонок" || rec["Описание"] != "второе" {
		t.Errorf("%d %s", status, text)
	}
	status, _, _, text = change(t, sim, http.MethodPatch, callsSet+"(guid'"+onecsim.NewGUID("nobody")+"')", `{}`)
	wantError(t, status, text, http.StatusNotFound, "9")
}

// P8: an unknown field is ignored and the answer is 200.
func TestAnUnknownFieldIsIgnored(t *testing.T) {
	sim := onecsim.New(onecsim.Options{})
	status, _, rec, text := change(t, sim, http.MethodPost, callsSet, `{"Тема":"Звонок","Длительность":95}`)
	if _, there := rec["Длительность"]; status != http.StatusCreated || there {
		t.Errorf("%d %s", status, text)
	}
}

// P8: a text that is too long is cut without a word.
func TestALongTextIsCut(t *testing.T) {
	sim := onecsim.New(onecsim.Options{})
	made(t, sim, `{"Тема":"`+strings.Repeat("я", 200)+`"}`)
	if got, _ := sim.Written(callsSet)[0]["Тема"].(string); got != strings.Repeat("я", 100) {
		t.Errorf("kept %q", got)
	}
}

// P8: a reference to nothing is stored.
func TestAReferenceToNothingIsStored(t *testing.T) {
	sim := onecsim.New(onecsim.Options{})
	nobody := onecsim.NewGUID("nobody")
	made(t, sim, `{"Ответственный_Key":"`+nobody+`"}`)
	if got := sim.Written(callsSet)[0]["Ответственный_Key"]; got != nobody {
		t.Errorf("kept %v", got)
	}
}

// Facts 1.2 (LIVE-3P): DataVersion grows at every write; a stale If-Match is applied with 200.
func TestThereIsNoOptimisticLock(t *testing.T) {
	sim := onecsim.New(onecsim.Options{})
	key := made(t, sim, `{"Тема":"Звонок"}`)
	before := sim.Written(callsSet)[0]["DataVersion"]
	status, header, rec, text := change(t, sim, http.MethodPatch, callsSet+"(guid'"+key+"')", `{"DataVersion":"AAAAAAAAAAA="}`, "If-Match", "AAAAAAAAAAA=")
	if status != http.StatusOK || rec["DataVersion"] == before || header.Get("ETag") != "" {
		t.Errorf("%d %v %s", status, header, text)
	}
}

// P9: handlers of the configuration run, and their exception is a 500 with -1.
func TestAHandlerMayRefuse(t *testing.T) {
	sim := onecsim.New(onecsim.Options{Handler: func(set string, _ onecsim.Row) string {
		if set == callsSet {
			return "Не более трёх звонков в день"
		}
		return ""
	}})
	status, _, _, text := change(t, sim, http.MethodPost, callsSet, `{"Тема":"Звонок"}`)
	wantError(t, status, text, http.StatusInternalServerError, "-1", "трёх звонков")
	if rows := sim.Written(callsSet); len(rows) != 0 {
		t.Errorf("stored all the same: %v", rows)
	}
}

// P8: a tabular part is replaced entirely, and its lines are numbered from 1.
func TestATabularPartIsReplaced(t *testing.T) {
	sim := onecsim.New(onecsim.Options{Base: small()})
	path := onecsim.SetCounterparties + "(guid'" + onecsim.NewGUID("c1") + "')"
	_, _, rec, text := change(t, sim, http.MethodPatch, path, `{"КонтактнаяИнформация":[{"LineNumber":"1","Тип":"Телефон","Представление":"1"}]}`)
	if lines, _ := rec["КонтактнаяИнформация"].([]any); len(lines) != 1 {
		t.Errorf("got %s", text)
	}
	status, _, _, text := change(t, sim, http.MethodPatch, path, `{"КонтактнаяИнформация":[{"Тип":"Телефон"}]}`)
	wantError(t, status, text, http.StatusInternalServerError, "-1")
}

// Facts 1.3: 400/1 is a value that is not of the field's type. A time carries no zone (facts 1.2).
func TestValuesHaveTypes(t *testing.T) {
	for name, body := range map[string]string{
		"a boolean as a text": `{"Входящий":"да"}`, "a key that is none": `{"Автор_Key":"7"}`, "a time with a zone": `{"Date":"2026-03-04T12:15:30Z"}`,
		"a text that is none": `{"Тема":7}`, "no JSON": `{`, "a part that is none": `{"Тема":`,
	} {
		sim := onecsim.New(onecsim.Options{})
		status, _, _, text := change(t, sim, http.MethodPost, callsSet, body)
		t.Log(name)
		wantError(t, status, text, http.StatusBadRequest, "1")
	}
	sim := onecsim.New(onecsim.Options{})
	status, _, _, text := change(t, sim, http.MethodPost, callsSet, `{}`, "Content-Type", "text/plain")
	wantError(t, status, text, http.StatusBadRequest, "1")
	status, _, _, text = change(t, sim, http.MethodDelete, callsSet, `{}`)
	wantError(t, status, text, http.StatusMethodNotAllowed, "6")
}

// A record that is marked by PATCH is still found (facts 1.6).
func TestADeletionMarkIsAField(t *testing.T) {
	sim := onecsim.New(onecsim.Options{})
	key := made(t, sim, `{"Тема":"Звонок"}`)
	change(t, sim, http.MethodPatch, callsSet+"(guid'"+key+"')", `{"DeletionMark":true}`)
	if rows := sim.Written(callsSet); len(rows) != 1 || rows[0]["DeletionMark"] != true {
		t.Errorf("got %v", rows)
	}
}

// The name of a predefined kind of contact information stands in one of two fields: a client of real bases that creates counterparties asks
// PredefinedDataName and then ИмяПредопределенногоВида, and selects both from one base.
func TestThePredefinedNameOfAKindIsInOneOfTwoFields(t *testing.T) {
	for _, where := range []onecsim.Kinds{onecsim.KindsOfPlatform, onecsim.KindsOfLibrary} {
		b := onecsim.NewUT11()
		onecsim.AddPredefinedKinds(b, where)
		for _, row := range b.Rows(onecsim.SetContactKinds) {
			name, _ := row[string(where)].(string)
			if name == "" || row["Ref_Key"] != onecsim.KindGUID(name) || row["Тип"] == "" {
				t.Errorf("%s: %v", where, row)
			}
		}
		if n := len(b.Rows(onecsim.SetContactKinds)); n != 4 {
			t.Errorf("%s: %d kinds", where, n)
		}
	}
}

// A client of a real 1С:ERP makes a task so and reads number and performer from the answer.
func TestATaskIsMadeAsAClientOfARealBaseDoes(t *testing.T) {
	sim := onecsim.New(onecsim.Options{})
	user := onecsim.NewGUID("user")
	status, _, rec, text := change(t, sim, http.MethodPost, onecsim.SetTasks, `{"Date":"2026-03-04T12:15:30","DeletionMark":false,"Executed":false,
		"Description":"Ознакомиться","Описание":"Ознакомиться","Предмет":"`+user+`","Предмет_Type":"StandardODATA.Catalog_Партнеры","ПредметСтрокой":"Василёк",
		"Исполнитель":"`+user+`","Исполнитель_Type":"StandardODATA.Catalog_Пользователи","BusinessProcess":"","BusinessProcess_Type":"StandardODATA.Undefined",
		"RoutePoint":"","RoutePoint_Type":"StandardODATA.Undefined","Важность":"Обычная","ДатаНачала":"2026-03-04T12:15:30","ПринятаКИсполнению":false,
		"СостояниеБизнесПроцесса":"Активен"}`)
	if status != http.StatusCreated || rec["Исполнитель"] != user || rec["Executed"] != false || rec["Number"] != "" {
		t.Errorf("%d %s", status, text)
	}
}
