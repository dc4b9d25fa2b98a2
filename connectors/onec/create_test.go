package onec_test

import (
	"maps"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/pult-cc/pult/connectors"
	"github.com/pult-cc/pult/connectors/onec/onecsim"
	"github.com/pult-cc/pult/internal/errs"
)

func creator(t *testing.T, o onecsim.Options, extra map[string]any) (*onecsim.Sim, connectors.ContactCreator) {
	t.Helper()
	sim, srv := demoSim(t, o)
	config := map[string]any{"contacts": map[string]any{}}
	maps.Copy(config, extra)
	d, ok := connectors.As[connectors.ContactCreator](open(t, srv.URL, config))
	if !ok {
		t.Fatal("the driver creates nobody")
	}
	return sim, d
}

func aPerson() connectors.NewContact {
	return connectors.NewContact{
		Key: "wish-1", Kind: connectors.KindPerson, Name: "Сафронова  Ольга", Company: "Ромашка", Phone: "+79750128899", Email: "olga@romashka.example",
		Comment: "Просила счёт",
	}
}

// newcomers are the partners that the demo base does not have by itself.
func newcomers(sim *onecsim.Sim) []onecsim.Row {
	return sim.Written(onecsim.SetPartners)[len(onecsim.NewDemo().Rows(onecsim.SetPartners)):]
}

func TestANewCustomerIsAPartnerWithLinesOfContactInformation(t *testing.T) {
	sim, d := creator(t, onecsim.Options{}, nil)
	made, err := d.CreateContact(t.Context(), aPerson())
	if err != nil {
		t.Fatal(err)
	}
	rows := newcomers(sim)
	if len(rows) != 1 || made.Ref != (connectors.Ref{Connector: "1c", Type: onecsim.SetPartners, ID: rows[0]["Ref_Key"].(string)}) || made.Kind != connectors.KindPerson {
		t.Fatalf("%+v, %v", made, rows)
	}
	for field, want := range map[string]any{
		"Description": "Сафронова Ольга", "НаименованиеПолное": "Сафронова Ольга", "ЮрФизЛицо": "ЧастноеЛицо", "Клиент": true,
		"ДополнительнаяИнформация": "Ромашка\nПросила счёт",
	} {
		if rows[0][field] != want {
			t.Errorf("%s is %q, want %q", field, rows[0][field], want)
		}
	}
	lines, _ := rows[0][onecsim.PartContactInfo].([]onecsim.Row)
	want := []onecsim.Row{
		{
			"Тип": "Телефон", "Вид_Key": onecsim.KindGUID("ТелефонПартнера"), "Представление": "+79750128899", "НомерТелефона": "79750128899",
			"Значение": `{"type":"Телефон","value":"+79750128899","version":4}`,
		},
		{
			"Тип": "АдресЭлектроннойПочты", "Вид_Key": onecsim.KindGUID("EmailПартнера"), "Представление": "olga@romashka.example",
			"АдресЭП": "olga@romashka.example", "ДоменноеИмяСервера": "romashka.example",
			"Значение": `{"type":"АдресЭлектроннойПочты","value":"olga@romashka.example","version":4}`,
		},
	}
	if len(lines) != len(want) {
		t.Fatalf("got %v", lines)
	}
	for i := range want {
		for field, v := range want[i] {
			if lines[i][field] != v {
				t.Errorf("line %d: %s is %q, want %q", i+1, field, lines[i][field], v)
			}
		}
	}
}

// Newer versions of the standard library keep the names of the kinds in a field of their own.
func TestKindsOfContactInformationAreFoundInEitherField(t *testing.T) {
	b := onecsim.NewUT11()
	onecsim.AddPredefinedKinds(b, onecsim.KindsOfLibrary)
	sim, d := creatorOn(t, b, map[string]any{})
	if _, err := d.CreateContact(t.Context(), aPerson()); err != nil || len(sim.Written(onecsim.SetPartners)) != 1 {
		t.Errorf("got %v", err)
	}
}

func creatorOn(t *testing.T, b *onecsim.Base, contacts map[string]any) (*onecsim.Sim, connectors.ContactCreator) {
	t.Helper()
	sim, d := system(t, onecsim.Options{Base: b}, map[string]any{"contacts": contacts})
	c, ok := connectors.As[connectors.ContactCreator](d)
	if !ok {
		t.Fatal("the driver creates nobody")
	}
	return sim, c
}

func TestWithoutTheKindNobodyIsCreated(t *testing.T) {
	sim, d := creatorOn(t, onecsim.NewUT11(), map[string]any{})
	_, err := d.CreateContact(t.Context(), aPerson())
	if !errs.Is(err, errs.Invalid) || !strings.Contains(errs.Message(err), "phone_kind") || len(sim.Written(onecsim.SetPartners)) != 0 {
		t.Errorf("got %v", err)
	}
	key := onecsim.NewGUID("any kind")
	sim, d = creatorOn(t, onecsim.NewUT11(), map[string]any{"person": map[string]any{"entity": onecsim.SetPartners, "comment": "Комментарий", "phone_kind": key, "email_kind": key}})
	if _, err := d.CreateContact(t.Context(), aPerson()); err != nil || len(sim.Written(onecsim.SetPartners)) != 1 {
		t.Errorf("with the keys of the kinds: %v", err)
	}
}

// The answer is lost after 1C has written the record.
func TestAnAnswerThatIsLostMakesNoSecondCustomer(t *testing.T) {
	sim, d := creator(t, onecsim.Options{}, nil)
	sim.Suffer(&onecsim.Trouble{Deaf: true})
	if _, err := d.CreateContact(t.Context(), aPerson()); !errs.Is(err, errs.Unavailable) {
		t.Fatalf("got %v", err)
	}
	sim.Suffer(nil)
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			if made, err := d.CreateContact(t.Context(), aPerson()); err != nil || made.Name != "Сафронова Ольга" {
				t.Errorf("%+v, %v", made, err)
			}
		})
	}
	wg.Wait()
	if rows := newcomers(sim); len(rows) != 1 {
		t.Errorf("%d records", len(rows))
	}
	other := aPerson()
	other.Phone = "+79750128800" // a namesake
	if _, err := d.CreateContact(t.Context(), other); err != nil || len(newcomers(sim)) != 2 {
		t.Errorf("a namesake with another number: %v, %d records", err, len(newcomers(sim)))
	}
}

func TestAFieldThatTheBaseLacksIsFoundBeforeAnythingIsWritten(t *testing.T) {
	sim, d := creator(t, onecsim.Options{}, map[string]any{"contacts": map[string]any{"person": map[string]any{
		"entity": onecsim.SetPartners, "comment": "Заметки", "phone_kind": "ТелефонПартнера", "email_kind": "EmailПартнера",
	}}})
	if _, err := d.CreateContact(t.Context(), aPerson()); !errs.Is(err, errs.Invalid) || len(newcomers(sim)) != 0 {
		t.Errorf("got %v, %d records", err, len(newcomers(sim)))
	}
}

func TestARecordThatTheBaseCutsIsMarkedForDeletion(t *testing.T) {
	sim, d := creator(t, onecsim.Options{}, map[string]any{"contacts": map[string]any{"person": map[string]any{
		"entity": onecsim.SetPartners, "name_size": 200, "comment": "Комментарий", "phone_kind": "ТелефонПартнера", "email_kind": "EmailПартнера",
	}}})
	long := aPerson()
	long.Name = strings.Repeat("имя ", 40) + "!"
	_, err := d.CreateContact(t.Context(), long)
	if rows := newcomers(sim); !errs.Is(err, errs.Invalid) || !strings.Contains(errs.Message(err), "Description") || len(rows) != 1 || rows[0]["DeletionMark"] != true {
		t.Errorf("%v, %v", err, rows)
	}
}

func TestWishesThatCannotBe(t *testing.T) {
	sim, d := creator(t, onecsim.Options{}, nil)
	for field, change := range map[string]func(*connectors.NewContact){
		"kind":   func(n *connectors.NewContact) { n.Kind = connectors.KindLead },
		"name":   func(n *connectors.NewContact) { n.Name = strings.Repeat("и", 101) },
		"number": func(n *connectors.NewContact) { n.Phone, n.Email = "", "" },
	} {
		n := aPerson()
		change(&n)
		if _, err := d.CreateContact(t.Context(), n); !errs.Is(err, errs.Invalid) || errs.FieldsOf(err)[field] == "" {
			t.Errorf("%s: %v", field, err)
		}
	}
	if len(newcomers(sim)) != 0 {
		t.Error("written all the same")
	}
}

func TestNobodyIsCreatedUnlessTheConfigurationSaysSo(t *testing.T) {
	_, srv := demoSim(t, onecsim.Options{})
	d := open(t, srv.URL, nil)
	if _, ok := connectors.As[connectors.ContactCreator](d); ok {
		t.Error("creates")
	}
	if _, ok := connectors.As[connectors.TaskCreator](d); ok {
		t.Error("takes tasks")
	}
}

func TestCheckAsksForWhatIsWritten(t *testing.T) {
	_, d := system(t, onecsim.Options{Base: onecsim.NewDemo()}, map[string]any{"contacts": map[string]any{}, "tasks": tasks(nil)})
	if _, err := d.Check(t.Context()); err != nil {
		t.Fatal(err)
	}
	_, d = system(t, onecsim.Options{Base: onecsim.NewDemo(), Unpublished: []string{onecsim.SetTasks}}, map[string]any{"tasks": tasks(nil)})
	if _, err := d.Check(t.Context()); !errs.Is(err, errs.Invalid) || !strings.Contains(errs.Message(err), "publish") {
		t.Errorf("a set of tasks that is not published: %v", err)
	}
	lead := map[string]any{"company": map[string]any{"entity": onecsim.SetPartners, "comment": "Заметки"}}
	_, d = system(t, onecsim.Options{Base: onecsim.NewDemo()}, map[string]any{"contacts": lead})
	if _, err := d.Check(t.Context()); !errs.Is(err, errs.Invalid) {
		t.Errorf("a field that the base lacks: %v", err)
	}
}

var boss = onecsim.NewGUID("менеджер", "Орлов Игорь Дмитриевич")

func tasks(extra map[string]any) map[string]any {
	out := map[string]any{"default_performer": boss}
	maps.Copy(out, extra)
	return out
}

func tasker(t *testing.T, o onecsim.Options, extra map[string]any) (*onecsim.Sim, connectors.TaskCreator) {
	t.Helper()
	o.Base = onecsim.NewDemo()
	sim, d := system(t, o, map[string]any{"tasks": tasks(extra)})
	c, ok := connectors.As[connectors.TaskCreator](d)
	if !ok {
		t.Fatal("the driver takes no tasks")
	}
	return sim, c
}

func aTask() connectors.Task {
	return connectors.Task{
		Key: "0190b2f4-1111-7222-8333-444455556666", Customer: customer(), Number: "+74950123450", Title: "Перезвонить: +7 495 012-34-50",
		Text: "Пропущенный звонок.", DueAt: began.Add(time.Hour),
	}
}

func TestATaskForAMissedCall(t *testing.T) {
	sim, d := tasker(t, onecsim.Options{}, nil)
	ref, err := d.CreateTask(t.Context(), aTask())
	if err != nil {
		t.Fatal(err)
	}
	rows := sim.Written(onecsim.SetTasks)
	if len(rows) != 1 || ref.Type != onecsim.SetTasks || ref.ID != rows[0]["Ref_Key"] {
		t.Fatalf("%+v, %v", ref, rows)
	}
	for field, want := range map[string]any{
		"Description": "Перезвонить: +7 495 012-34-50 [cc:0190b2f4-1111-7222-8333-444455556666]", "Описание": "Пропущенный звонок.\nНомер: +74950123450",
		"СрокИсполнения": "2026-03-04T13:15:30", "Предмет": customer().ID, "Предмет_Type": "StandardODATA." + onecsim.SetPartners, "ПредметСтрокой": "Василёк",
		"Исполнитель": boss, "Исполнитель_Type": "StandardODATA." + onecsim.SetUsers, "Executed": false, "Важность": "Обычная",
	} {
		if rows[0][field] != want {
			t.Errorf("%s is %q, want %q", field, rows[0][field], want)
		}
	}
}

func TestATaskIsForTheOperatorOfTheCallWhereTheBaseKnowsThem(t *testing.T) {
	sim, d := tasker(t, onecsim.Options{}, nil)
	for i, c := range []struct{ name, want string }{
		{"Соболева Анна Викторовна", onecsim.NewGUID("менеджер", "Соболева Анна Викторовна")}, {"Никто Такой", boss},
	} {
		task := aTask()
		task.Key, task.Agent.Name = task.Key[:35]+string(rune('a'+i)), c.name
		if _, err := d.CreateTask(t.Context(), task); err != nil {
			t.Fatal(err)
		}
		if rows := sim.Written(onecsim.SetTasks); rows[i]["Исполнитель"] != c.want {
			t.Errorf("%s: %v", c.name, rows[i]["Исполнитель"])
		}
	}
}

func TestATaskThatIsThereIsLeftAlone(t *testing.T) {
	sim, d := tasker(t, onecsim.Options{}, nil)
	sim.Suffer(&onecsim.Trouble{Deaf: true}) // the answer is lost
	if _, err := d.CreateTask(t.Context(), aTask()); !errs.Is(err, errs.Unavailable) {
		t.Fatalf("got %v", err)
	}
	sim.Suffer(nil)
	later := aTask()
	later.Text = "другое"
	first, err := d.CreateTask(t.Context(), later)
	rows := sim.Written(onecsim.SetTasks)
	if err != nil || len(rows) != 1 || !strings.HasPrefix(rows[0]["Описание"].(string), "Пропущенный") {
		t.Fatalf("%v, %v", err, rows)
	}
	twin := rows[0]
	twin["Ref_Key"] = "ffffffff-ffff-4fff-8fff-ffffffffffff" // made by a request that we had given up
	sim.Insert(onecsim.SetTasks, twin)
	if again, err := d.CreateTask(t.Context(), aTask()); err != nil || again != first {
		t.Errorf("%+v, %v; want %+v", again, err, first)
	}
	for _, r := range sim.Written(onecsim.SetTasks) {
		if marked := r["DeletionMark"] == true; marked != (r["Ref_Key"] == twin["Ref_Key"]) {
			t.Errorf("%v: marked is %v", r["Ref_Key"], marked)
		}
	}
}

func TestTasksThatCannotBe(t *testing.T) {
	sim, d := tasker(t, onecsim.Options{}, nil)
	for _, key := range []string{"", "a' or true", strings.Repeat("a", 65)} {
		task := aTask()
		task.Key = key
		if _, err := d.CreateTask(t.Context(), task); !errs.Is(err, errs.Invalid) {
			t.Errorf("%q: %v", key, err)
		}
	}
	gone := aTask()
	gone.Customer.ID = onecsim.NewGUID("nobody")
	if _, err := d.CreateTask(t.Context(), gone); !errs.Is(err, errs.NotFound) {
		t.Errorf("a customer who is gone: %v", err)
	}
	if rows := sim.Written(onecsim.SetTasks); len(rows) != 0 {
		t.Errorf("written all the same: %v", rows)
	}
	sim, d = tasker(t, onecsim.Options{}, map[string]any{"due": "Срок"})
	if _, err := d.CreateTask(t.Context(), aTask()); !errs.Is(err, errs.Invalid) || len(sim.Written(onecsim.SetTasks)) != 0 {
		t.Errorf("a field that the base lacks: %v", err)
	}
	sim, d = tasker(t, onecsim.Options{}, map[string]any{"title_size": 200})
	long := aTask()
	long.Title = strings.Repeat("Перезвонить ", 20)
	_, err := d.CreateTask(t.Context(), long)
	if rows := sim.Written(onecsim.SetTasks); !errs.Is(err, errs.Invalid) || len(rows) != 1 || rows[0]["DeletionMark"] != true {
		t.Errorf("a title that the base cuts: %v, %v", err, rows)
	}
	// It is no task, however often it is tried, until the base keeps it; then it is, and no second one is made.
	for range 2 {
		if _, err := d.CreateTask(t.Context(), long); !errs.Is(err, errs.Invalid) {
			t.Errorf("what was marked for deletion passes for a task: %v", err)
		}
	}
	long.Title = "Перезвонить"
	ref, err := d.CreateTask(t.Context(), long)
	if rows := sim.Written(onecsim.SetTasks); err != nil || len(rows) != 1 || rows[0]["DeletionMark"] == true || rows[0]["Ref_Key"] != ref.ID ||
		rows[0]["Description"] != "Перезвонить [cc:"+long.Key+"]" {
		t.Errorf("once the base keeps it: %v, %v", err, rows)
	}
	if again, err := d.CreateTask(t.Context(), long); err != nil || again != ref {
		t.Errorf("and again: %v, %v", again, err)
	}
	_, d = tasker(t, onecsim.Options{Handler: func(string, onecsim.Row) string { return "Задача без бизнес-процесса" }}, nil)
	if _, err := d.CreateTask(t.Context(), aTask()); !errs.Is(err, errs.Rejected) || !strings.Contains(errs.Message(err), "бизнес-процесса") {
		t.Errorf("a rule of the base: %v", err)
	}
}

// TestATaskThatTheBaseDidNotKeepIsNoTask: it was marked for deletion, kept its mark, and passed for written when it was tried again.
func TestATaskThatTheBaseDidNotKeepIsNoTask(t *testing.T) {
	sim, d := tasker(t, onecsim.Options{}, map[string]any{"text": "ПредметСтрокой", "subject_name": "-"})
	task := aTask()
	task.Text = strings.Repeat("Ждал долго. ", 20) // which the field cuts
	for range 3 {
		_, err := d.CreateTask(t.Context(), task)
		if rows := sim.Written(onecsim.SetTasks); !errs.Is(err, errs.Invalid) || len(rows) != 1 || rows[0]["DeletionMark"] != true {
			t.Fatalf("%v, %v", err, rows)
		}
	}
	task.Text = "Ждал долго."
	ref, err := d.CreateTask(t.Context(), task)
	if rows := sim.Written(onecsim.SetTasks); err != nil || len(rows) != 1 || rows[0]["DeletionMark"] != false || rows[0]["Ref_Key"] != ref.ID {
		t.Errorf("once the base keeps it: %v, %v", err, rows)
	}
	// What a person marks for deletion stays so.
	sim.Mark(onecsim.SetTasks, ref.ID)
	if again, err := d.CreateTask(t.Context(), task); err != nil || again != ref || sim.Written(onecsim.SetTasks)[0]["DeletionMark"] != true {
		t.Errorf("marked by a person: %v, %v", again, err)
	}
}
