package app_test

import (
	"context"
	"io"
	"log/slog"
	"net"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/pult-cc/pult/connectors"
	"github.com/pult-cc/pult/connectors/onec/onecsim"
	"github.com/pult-cc/pult/internal/app"
	"github.com/pult-cc/pult/internal/auth"
	"github.com/pult-cc/pult/internal/config"
	"github.com/pult-cc/pult/internal/customers"
	"github.com/pult-cc/pult/internal/errs"
	"github.com/pult-cc/pult/internal/interactions"
)

// The whole way: a call that has ended in the database is a document in 1C, with the names of queue, operator and topic.
func TestCallsAreWrittenInto1C(t *testing.T) {
	sim := onecsim.New(onecsim.Options{Base: onecsim.NewDemo()})
	srv := httptest.NewServer(sim)
	defer srv.Close()
	cfg := testConfig(t)
	cfg.Telephony.Driver = config.DriverFakePBX
	cfg.Connectors = []config.Connector{{ID: "1c", Kind: "onec", Name: "1C", LogCalls: true, NoIndex: true, Config: map[string]any{
		"base_url": srv.URL + "/demo", "user": "x", "password": "",
	}}}
	anna, err := app.AddUser(t.Context(), cfg, slog.New(slog.DiscardHandler), app.UserSpec{
		Login: "anna", Name: "Анна Ли", Password: "a long password", Role: auth.RoleOperator,
	})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	ready := make(chan net.Addr, 1)
	a, err := app.New(ctx, cfg, app.Options{Version: "test", Log: slog.New(slog.NewTextHandler(t.Output(), nil)), Ready: func(at net.Addr) { ready <- at }})
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan error, 1)
	go func() { done <- a.Run(ctx) }()
	defer func() {
		cancel()
		if err := <-done; err != nil {
			t.Errorf("stopping: %v", err)
		}
		if err := a.Close(); err != nil {
			t.Errorf("closing: %v", err)
		}
	}()
	<-ready
	qs, err := a.Store().Directory().Queues(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	topics, err := a.Store().Interactions().Topics(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	end := time.Now().UTC()
	answered := end.Add(-time.Minute)
	in := interactions.Interaction{
		ID: "call-1", Channel: interactions.ChannelCall, Direction: "INBOUND", QueueID: qs[0].ID, OperatorID: anna, StartedAt: answered,
		AnsweredAt: &answered, EndedAt: &end, Result: "ANSWERED", Number: customers.Number{E164: "+74950123450", Kind: customers.NumberPublic},
		CustomerID: customers.EncodeID(connectors.Ref{
			Connector: "1c", Type: onecsim.SetPartners, ID: onecsim.NewGUID("партнёр", "Василёк", "ООО «Василёк»"),
		}),
	}
	history := a.Store().Interactions()
	if err := history.SaveCall(t.Context(), in); err != nil {
		t.Fatal(err)
	}
	topic, comment := topics[0].ID, "Перезвонить завтра"
	if _, err := history.SetNotes(t.Context(), in.ID, interactions.NotesChange{TopicID: &topic, Comment: &comment}, end); err != nil {
		t.Fatal(err)
	}
	in.ClosedAt = &end
	if err := history.SaveCall(t.Context(), in); err != nil {
		t.Fatal(err)
	}
	var rows []onecsim.Row
	look := time.NewTicker(20 * time.Millisecond)
	defer look.Stop()
	limit := time.After(20 * time.Second)
	for len(rows) == 0 {
		select {
		case <-look.C:
			rows = sim.Written(onecsim.SetCalls)
		case <-limit:
			t.Fatal("1C has no document")
		}
	}
	text, _ := rows[0]["Описание"].(string)
	for _, want := range []string{comment, topics[0].Group + " › " + topics[0].Name, qs[0].Name, "Анна Ли", "1:00"} {
		if !strings.Contains(text, want) {
			t.Errorf("the document lacks %q:\n%s", want, text)
		}
	}
	if rows[0]["АбонентПредставление"] != "Василёк" {
		t.Errorf("got %v", rows[0])
	}
}

func TestWhatASystemCannotTakeStopsTheStart(t *testing.T) {
	for name, c := range map[string]config.Connector{
		"connectors.list.log_calls":       {ID: "list", Kind: "csvfile", Name: "List", LogCalls: true, Config: map[string]any{"path": "/nowhere/x.csv", "columns": map[string]any{"id": "a", "name": "b", "phone": "c"}}},
		"connectors.1c.missed_call_tasks": {ID: "1c", Kind: "onec", Name: "1C", MissedCallTasks: true, Config: map[string]any{"base_url": "http://127.0.0.1:1/demo", "user": "x", "password": ""}},
		"connectors.2c.show_calls":        {ID: "2c", Kind: "onec", Name: "1C", LogCalls: true, ShowCalls: true, Config: map[string]any{"base_url": "http://127.0.0.1:1/demo", "user": "x", "password": ""}},
		"connectors.unf.log_calls":        {ID: "unf", Kind: "onec", Name: "1C", LogCalls: true, Config: map[string]any{"base_url": "http://127.0.0.1:1/demo", "user": "x", "password": "", "preset": "unf"}},
	} {
		cfg := testConfig(t)
		cfg.Connectors = []config.Connector{c}
		a, err := app.New(t.Context(), cfg, app.Options{Log: slog.New(slog.NewTextHandler(io.Discard, nil))})
		if !errs.Is(err, errs.Invalid) || errs.FieldsOf(err)[name] == "" {
			t.Errorf("%s: %v", name, err)
		}
		if a != nil {
			_ = a.Close()
		}
		w, err := app.OpenWorkbench(cfg, slog.New(slog.DiscardHandler))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := w.Open(t.Context(), c); errs.FieldsOf(err)[name] == "" {
			t.Errorf("%s: the check on the command line says %v", name, err)
		}
		if err := w.Close(); err != nil {
			t.Error(err)
		}
	}
}

func TestTasksAreWordedInTheLanguageOfTheInstallation(t *testing.T) {
	cfg := testConfig(t)
	cfg.Telephony.Driver, cfg.Language = config.DriverFakePBX, "ru"
	cfg.Connectors = []config.Connector{{ID: "mem", Kind: "memory", Name: "M", MissedCallTasks: true}}
	a, err := app.New(t.Context(), cfg, app.Options{Version: "test", Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	defer a.Close()
	end := time.Now().UTC()
	err = a.Store().Interactions().SaveCall(t.Context(), interactions.Interaction{
		ID: "m", Channel: interactions.ChannelCall, Direction: "INBOUND", StartedAt: end.Add(-75 * time.Second), EndedAt: &end, ClosedAt: &end,
		Waited: 75 * time.Second, Result: "ABANDONED", Number: customers.Number{E164: "+74950123450", Display: "8 (495) 012-34-50", Kind: customers.NumberPublic},
	})
	if err != nil {
		t.Fatal(err)
	}
	es, err := a.Store().Outbox().Claim(t.Context(), "mem", 10, false, "l", end.Add(time.Minute), end.Add(2*time.Minute))
	if err != nil || len(es) != 1 {
		t.Fatalf("%v, %v", es, err)
	}
	if p := es[0].Payload; p.Title != "Перезвонить: 8 (495) 012-34-50" || !strings.Contains(p.Text, "Время ожидания: 1:15") {
		t.Errorf("got %+v", p)
	}
}
