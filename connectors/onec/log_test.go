package onec_test

import (
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/pult-cc/pult/connectors"
	"github.com/pult-cc/pult/connectors/onec"
	"github.com/pult-cc/pult/connectors/onec/onecsim"
	"github.com/pult-cc/pult/internal/errs"
)

var began = time.Date(2026, 3, 4, 9, 15, 30, 0, time.UTC)

// customer is the demo base's Василёк.
func customer() connectors.Ref {
	return connectors.Ref{Connector: "1c", Type: onecsim.SetPartners, ID: onecsim.NewGUID("партнёр", "Василёк", "ООО «Василёк»")}
}

func aCall() connectors.CallRecord {
	return connectors.CallRecord{
		Key: "0190b2f4-1111-7222-8333-444455556666", Customer: customer(), Number: "+74950123450", Inbound: true, Queue: "Поддержка",
		Agent: connectors.Agent{Login: "anna", Name: "Анна Ли"}, StartedAt: began, Waited: 12 * time.Second, Talked: 95 * time.Second,
		Outcome: connectors.OutcomeAnswered, Topic: "Доставка › Сроки", Tags: []string{"срочно"}, Comment: "Перезвонить\nзавтра",
	}
}

func writer(t *testing.T, o onecsim.Options, extra map[string]any) (*onecsim.Sim, *onec.Writer) {
	t.Helper()
	o.Base, o.User, o.Password = onecsim.NewDemo(), user, password
	sim := onecsim.New(o)
	srv := httptest.NewServer(sim)
	t.Cleanup(srv.Close)
	w, ok := open(t, srv.URL, extra).Writer()
	if !ok {
		t.Fatal("the driver writes no calls")
	}
	t.Cleanup(func() { _ = w.Close() })
	return sim, w
}

func TestACallIsADocument(t *testing.T) {
	sim, w := writer(t, onecsim.Options{}, nil)
	ref, err := w.LogCall(t.Context(), aCall())
	if err != nil {
		t.Fatal(err)
	}
	rows := sim.Written(onecsim.SetCalls)
	if len(rows) != 1 || ref.Type != onecsim.SetCalls || ref.ID != rows[0]["Ref_Key"] {
		t.Fatalf("%+v, %v", ref, rows)
	}
	for field, want := range map[string]any{
		"Date":     "2026-03-04T12:15:30", // of Moscow, without zone
		"Входящий": true, "Рассмотрено": true, "Важность": "Обычная",
		"Тема":           "Входящий звонок, состоялся: Доставка › Сроки [cc:0190b2f4-1111-7222-8333-444455556666]",
		"Описание":       "Перезвонить\nзавтра\n\nТематика: Доставка › Сроки\nМетки: срочно\nОчередь: Поддержка\nОператор: Анна Ли\nОжидание: 0:12\nДлительность: 1:35",
		"АбонентКонтакт": customer().ID, "АбонентКонтакт_Type": "StandardODATA." + onecsim.SetPartners,
		"АбонентПредставление": "Василёк", "АбонентКакСвязаться": "+74950123450",
	} {
		if rows[0][field] != want {
			t.Errorf("%s is %q, want %q", field, rows[0][field], want)
		}
	}
}

func TestWhatPeopleOnlyReadMayBeCut(t *testing.T) {
	sim, w := writer(t, onecsim.Options{}, nil)
	c := aCall()
	c.Number = "+" + strings.Repeat("1", 80)
	if _, err := w.LogCall(t.Context(), c); err != nil || len(sim.Written(onecsim.SetCalls)) != 1 {
		t.Errorf("got %v", err)
	}
}

func TestAMissedCallIsNotReviewed(t *testing.T) {
	sim, w := writer(t, onecsim.Options{}, map[string]any{"calls": map[string]any{"language": "en"}})
	c := aCall()
	c.Customer, c.Number, c.Outcome, c.Talked, c.Agent, c.Comment, c.Topic, c.Tags = connectors.Ref{}, "", connectors.OutcomeMissed, 0, connectors.Agent{}, "", "", nil
	if _, err := w.LogCall(t.Context(), c); err != nil {
		t.Fatal(err)
	}
	row := sim.Written(onecsim.SetCalls)[0]
	if row["Рассмотрено"] != false || row["АбонентКонтакт"] != "" || row["Тема"] != "Inbound call, missed [cc:"+c.Key+"]" ||
		row["Описание"] != "Queue: Поддержка\nWaited: 0:12\nNumber: number withheld" {
		t.Errorf("got %v", row)
	}
}

// The answer is lost after 1C has written the document.
func TestAnAnswerThatIsLostMakesNoSecondDocument(t *testing.T) {
	sim, w := writer(t, onecsim.Options{}, nil)
	sim.Suffer(&onecsim.Trouble{Deaf: true})
	if _, err := w.LogCall(t.Context(), aCall()); !errs.Is(err, errs.Unavailable) {
		t.Fatalf("got %v", err)
	}
	sim.Suffer(nil)
	later := aCall()
	later.Comment = "другое"
	if _, err := w.LogCall(t.Context(), later); err != nil {
		t.Fatal(err)
	}
	rows := sim.Written(onecsim.SetCalls)
	if len(rows) != 1 || !strings.HasPrefix(rows[0]["Описание"].(string), "другое") {
		t.Errorf("got %v", rows)
	}
}

// People edit subjects. The document whose mark is gone was made anew, without anybody's notes.
func TestADocumentWhoseMarkSomebodyRemovedIsNotMadeAnew(t *testing.T) {
	sim, w := writer(t, onecsim.Options{}, nil)
	if _, err := w.LogCall(t.Context(), aCall()); err != nil {
		t.Fatal(err)
	}
	edited := sim.Written(onecsim.SetCalls)[0]
	edited["Ref_Key"], edited["Тема"] = "0e5ff000-0000-4000-8000-00000000eeee", "Жалоба"
	sim.Insert(onecsim.SetCalls, edited)
	again := aCall()
	again.Key, again.Comment = "another", "другое"
	again.Written = connectors.Written{Ref: connectors.Ref{Connector: "1c", Type: onecsim.SetCalls, ID: edited["Ref_Key"].(string)}, Customer: again.Customer}
	ref, err := w.LogCall(t.Context(), again)
	if rows := sim.Written(onecsim.SetCalls); err != nil || ref != again.Written.Ref || len(rows) != 2 || !strings.HasPrefix(rows[1]["Описание"].(string), "другое") {
		t.Errorf("got %+v, %v, %v", ref, err, rows)
	}
	gone := aCall()
	gone.Key, gone.Written.Ref = "third", connectors.Ref{Connector: "1c", Type: onecsim.SetCalls, ID: "0e5ff000-0000-4000-8000-00000000ffff"}
	if _, err := w.LogCall(t.Context(), gone); err != nil || len(sim.Written(onecsim.SetCalls)) != 3 {
		t.Errorf("a document that is gone: %v, %v", err, sim.Written(onecsim.SetCalls))
	}
}

// A request that we gave up may be carried out after the next one has looked: then there are two documents, and one has to go.
func TestADocumentThatWasMadeTwiceIsMarkedForDeletion(t *testing.T) {
	sim, w := writer(t, onecsim.Options{}, nil)
	first, err := w.LogCall(t.Context(), aCall())
	if err != nil {
		t.Fatal(err)
	}
	twin := onecsim.Row{}
	for name, value := range sim.Written(onecsim.SetCalls)[0] {
		twin[name] = value
	}
	twin["Ref_Key"] = "ffffffff-ffff-4fff-8fff-ffffffffffff"
	sim.Insert(onecsim.SetCalls, twin)
	again, err := w.LogCall(t.Context(), aCall())
	if err != nil || again != first {
		t.Fatalf("%+v, %v; want %+v", again, err, first)
	}
	for _, r := range sim.Written(onecsim.SetCalls) {
		if marked := r["DeletionMark"] == true; marked != (r["Ref_Key"] == twin["Ref_Key"]) {
			t.Errorf("%v: marked is %v", r["Ref_Key"], marked)
		}
	}
}

// Somebody marked the document: it is brought up to date, stays marked, and is not made anew.
func TestAMarkedDocumentIsNotMadeAnew(t *testing.T) {
	sim, w := writer(t, onecsim.Options{}, nil)
	ref, err := w.LogCall(t.Context(), aCall())
	if err != nil {
		t.Fatal(err)
	}
	sim.Mark(onecsim.SetCalls, ref.ID)
	again, err := w.LogCall(t.Context(), aCall())
	if rows := sim.Written(onecsim.SetCalls); err != nil || again != ref || len(rows) != 1 || rows[0]["DeletionMark"] != true {
		t.Errorf("%+v, %v, %v", again, err, rows)
	}
}

// 1C accepts silently what it does not keep: that is seen when the document is read back.
func TestWhatTheBaseDoesNotKeepIsAnError(t *testing.T) {
	for name, c := range map[string]struct {
		calls map[string]any
		names string
	}{
		"a field that the base lacks is refused when read": {map[string]any{"seconds": "Длительность"}, "Длительность"},
		"a text that the base cuts":                        {map[string]any{"text": "АбонентКакСвязаться", "number": "-"}, "АбонентКакСвязаться"},
		"a subject that the base cuts":                     {map[string]any{"subject_size": 120}, "Тема"},
		"a set that is not published":                      {map[string]any{"entity": "Document_Событие"}, "publish"},
	} {
		sim, w := writer(t, onecsim.Options{}, map[string]any{"calls": c.calls})
		call := aCall()
		call.Topic = strings.Repeat("тема ", 20)
		if _, err := w.LogCall(t.Context(), call); !errs.Is(err, errs.Invalid) || !strings.Contains(errs.Message(err), c.names) {
			t.Errorf("%s: %v", name, err)
		}
		for _, r := range sim.Written(onecsim.SetCalls) { // a document that nobody would find again
			if lost := name == "a subject that the base cuts"; lost != (r["DeletionMark"] == true) {
				t.Errorf("%s: marked for deletion is %v", name, r["DeletionMark"])
			}
		}
	}
}

func TestALongSubjectKeepsItsMark(t *testing.T) {
	sim, w := writer(t, onecsim.Options{}, nil)
	c := aCall()
	c.Topic = strings.Repeat("Доставка ", 50)
	for range 2 {
		if _, err := w.LogCall(t.Context(), c); err != nil {
			t.Fatal(err)
		}
	}
	rows := sim.Written(onecsim.SetCalls)
	if subject, _ := rows[0]["Тема"].(string); len(rows) != 1 || len([]rune(subject)) > 100 || !strings.HasSuffix(subject, "… [cc:"+c.Key+"]") {
		t.Errorf("got %d: %q", len(rows), subject)
	}
}

func TestACustomerWhoIsGoneIsNotLinkedTo(t *testing.T) {
	sim, w := writer(t, onecsim.Options{}, nil)
	for name, ref := range map[string]connectors.Ref{
		"gone": {Connector: "1c", Type: onecsim.SetPartners, ID: onecsim.NewGUID("nobody")},
	} {
		c := aCall()
		c.Customer = ref
		if _, err := w.LogCall(t.Context(), c); !errs.Is(err, errs.NotFound) || !strings.Contains(errs.Message(err), "customer") {
			t.Errorf("%s: %v", name, err)
		}
	}
	for name, ref := range map[string]connectors.Ref{
		"of another base": {Connector: "2c", Type: onecsim.SetPartners, ID: customer().ID},
		"of another kind": {Connector: "1c", Type: onecsim.SetUsers, ID: customer().ID},
		"no key":          {Connector: "1c", Type: onecsim.SetPartners, ID: "x' or true"},
	} {
		c := aCall()
		c.Customer = ref
		if _, err := w.LogCall(t.Context(), c); !errs.Is(err, errs.Invalid) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if rows := sim.Written(onecsim.SetCalls); len(rows) != 0 {
		t.Errorf("written all the same: %v", rows)
	}
}

func TestAKeyIsNoFilter(t *testing.T) {
	_, w := writer(t, onecsim.Options{}, nil)
	for _, key := range []string{"", "a' or true", strings.Repeat("a", 65), "ключ"} {
		c := aCall()
		c.Key = key
		if _, err := w.LogCall(t.Context(), c); !errs.Is(err, errs.Invalid) {
			t.Errorf("%q: %v", key, err)
		}
	}
}

func TestARuleOfTheBaseIsRejected(t *testing.T) {
	_, w := writer(t, onecsim.Options{Handler: func(string, onecsim.Row) string {
		return "Не более трёх звонков 74950123401 в день"
	}}, nil)
	_, err := w.LogCall(t.Context(), aCall())
	if m := errs.Message(err); !errs.Is(err, errs.Rejected) || !strings.Contains(m, "трёх звонков") || strings.Contains(m, "74950123401") {
		t.Errorf("got %v", err)
	}
}

func TestCustomersMayBeWrittenByKey(t *testing.T) {
	sim, w := writer(t, onecsim.Options{}, map[string]any{"calls": map[string]any{"customer": "Ответственный", "customer_form": "key"}})
	if _, err := w.LogCall(t.Context(), aCall()); err != nil {
		t.Fatal(err)
	}
	if got := sim.Written(onecsim.SetCalls)[0]["Ответственный_Key"]; got != customer().ID {
		t.Errorf("got %v", got)
	}
}
