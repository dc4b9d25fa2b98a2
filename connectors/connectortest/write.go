package connectortest

import (
	"bytes"
	"context"
	"errors"
	"io"
	"strings"
	"sync"
	"time"

	"github.com/pult-cc/pult/connectors"
	"github.com/pult-cc/pult/internal/errs"
)

// Texts that would do harm where a template is filled in carelessly.
const (
	wildName    = `O'Нил "и" <b>К°</b> \ ${.secrets} {{x}} 😀`
	wildComment = "Перезвонить \"завтра\"'); DROP TABLE calls; --\n<script>alert(1)</script> ${.settings} \\u0041 & ещё"
)

var began = time.Date(2026, 3, 4, 9, 15, 30, 0, time.UTC)

func aCall(key string, customer connectors.Ref) connectors.CallRecord {
	return connectors.CallRecord{
		Key: key, Customer: customer, Number: "+74950123401", Inbound: true, Queue: "support", StartedAt: began,
		Agent: connectors.Agent{Login: "anna", Name: "Анна Ли", Extension: "101", Email: "anna@example.com"}, Waited: 12 * time.Second,
		Talked: 95 * time.Second, Outcome: connectors.OutcomeAnswered, Topic: "Доставка", Tags: []string{"срочно"}, Comment: "первый вид",
		URL: "https://pult.example/calls/" + key,
	}
}

// written returns what stands under a key; a driver that writes must come with a harness that looks.
func written(t T, s System, what Record, key string, want int) []string {
	t.Helper()
	if s.Written == nil {
		t.Fatalf("the driver writes, but the harness cannot look at a %s", what)
	}
	got := s.Written(what, key)
	if len(got) != want {
		t.Fatalf("%d records of %s %q, want %d: %q", len(got), what, key, want, got)
	}
	return got
}

func customerOf(t T, s System) connectors.Ref {
	t.Helper()
	c, ok := byName(lookup(t, s, Query("4950123401")), anyone.Name)
	if !ok {
		t.Fatal("the customer is not found")
	}
	return c.Ref
}

func checkRef(t T, s System, r connectors.Ref) {
	t.Helper()
	if r.Connector != s.ID || r.Type == "" || r.ID == "" {
		t.Errorf("reference %+v, want all parts", r)
	}
}

func logCall(t T, h bench) {
	s := start(t, h, anyone)
	logger, ok := connectors.As[connectors.CallLogger](s.Driver)
	if !ok {
		t.Log("the driver logs no calls")
		return
	}
	customer := customerOf(t, s)
	first, err := logger.LogCall(t.Context(), aCall("call-1", customer))
	if err != nil {
		t.Fatal(err)
	}
	checkRef(t, s, first)
	if text := written(t, s, Calls, "call-1", 1)[0]; !strings.Contains(text, "первый вид") || !strings.Contains(text, customer.ID) {
		t.Errorf("the call lacks its comment or its customer %s: %q", customer.ID, text)
	}
	again := aCall("call-1", customer)
	again.Comment = wildComment
	second, err := logger.LogCall(t.Context(), again)
	if err != nil || second != first {
		t.Errorf("the same call again: %+v, %v; want %+v", second, err, first)
	}
	if text := written(t, s, Calls, "call-1", 1)[0]; !s.lacks(NoUpdate) && !strings.Contains(unbroken(text), unbroken(wildComment)) {
		t.Errorf("the call has not its later state: %q", text)
	}
	var wg sync.WaitGroup
	for range 5 {
		wg.Go(func() {
			if _, err := logger.LogCall(t.Context(), aCall("call-2", customer)); err != nil {
				t.Errorf("five times at once: %v", err)
			}
		})
	}
	wg.Wait()
	written(t, s, Calls, "call-2", 1)
	missed := aCall("call-3", customer)
	missed.Outcome, missed.Talked, missed.Agent, missed.Comment, missed.Topic, missed.Tags = connectors.OutcomeMissed, 0, connectors.Agent{}, "", "", nil
	if _, err := logger.LogCall(t.Context(), missed); err != nil {
		t.Errorf("a missed call: %v", err)
	}
	written(t, s, Calls, "call-3", 1)
	out := aCall("call-4", customer)
	out.Inbound, out.Outcome = false, connectors.OutcomeBusy
	if _, err := logger.LogCall(t.Context(), out); err != nil {
		t.Errorf("an outbound call: %v", err)
	}
	written(t, s, Calls, "call-4", 1)
}

// unbroken leaves line breaks out: some systems keep HTML.
func unbroken(s string) string { return strings.NewReplacer("\n", " ", "\r", " ").Replace(s) }

func createTask(t T, h bench) {
	s := start(t, h, anyone)
	tasker, ok := connectors.As[connectors.TaskCreator](s.Driver)
	if !ok {
		t.Log("the driver creates no tasks")
		return
	}
	task := connectors.Task{
		Key: "task-1", Customer: customerOf(t, s), Number: "+74950123401", Title: "Перезвонить: " + wildName, Text: "Пропущенный звонок",
		DueAt: began.Add(time.Hour),
	}
	first, err := tasker.CreateTask(t.Context(), task)
	if err != nil {
		t.Fatal(err)
	}
	checkRef(t, s, first)
	if second, err := tasker.CreateTask(t.Context(), task); err != nil || second != first {
		t.Errorf("the same task again: %+v, %v; want %+v", second, err, first)
	}
	if text := written(t, s, Tasks, "task-1", 1)[0]; !strings.Contains(text, task.Title) || !strings.Contains(text, task.Customer.ID) {
		t.Errorf("the task lacks its title or its customer: %q", text)
	}
}

func createContact(t T, h bench) {
	s := start(t, h, anyone)
	creator, ok := connectors.As[connectors.ContactCreator](s.Driver)
	if !ok {
		t.Log("the driver creates no contacts")
		return
	}
	wish := connectors.NewContact{
		Key: "contact-1", Kind: connectors.KindPerson, Name: wildName, Phone: "+74950129988", Email: "new@example.com", Comment: wildComment,
	}
	made, err := creator.CreateContact(t.Context(), wish)
	if err != nil {
		t.Fatal(err)
	}
	checkCandidate(t, s, made)
	if made.Name != wildName {
		t.Errorf("created %q, want %q", made.Name, wildName)
	}
	found, ok := byName(lookup(t, s, Query("4950129988")), wildName)
	if !ok || found.Ref != made.Ref {
		t.Errorf("look-up finds %+v, want the created %+v", found, made.Ref)
	}
	if again, err := creator.CreateContact(t.Context(), wish); err != nil || again.Ref != made.Ref {
		t.Errorf("the same wish again: %+v, %v; want %+v", again.Ref, err, made.Ref)
	}
	if n := len(lookup(t, s, Query("4950129988"))); n != 1 {
		t.Errorf("%d records of the same wish, want 1", n)
	}
}

func attachRecording(t T, h bench) {
	s := start(t, h, anyone)
	attacher, ok := connectors.As[connectors.RecordingAttacher](s.Driver)
	if !ok {
		t.Log("the driver attaches no recordings")
		return
	}
	logger, ok := connectors.As[connectors.CallLogger](s.Driver)
	if !ok {
		t.Fatal("the driver attaches recordings to calls that it does not log")
	}
	customer := customerOf(t, s)
	call, err := logger.LogCall(t.Context(), aCall("call-1", customer))
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		err := attacher.AttachRecording(t.Context(), connectors.Recording{
			Key: "call-1", Call: call, Customer: customer, Name: "call-1.mp3", Type: "audio/mpeg", Length: 95 * time.Second,
			URL: "https://pult.example/recordings/call-1.mp3",
			Open: func(context.Context) (io.ReadCloser, error) {
				return io.NopCloser(bytes.NewReader([]byte("ID3 not really music"))), nil
			},
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	written(t, s, Recordings, "call-1", 1)
	written(t, s, Calls, "call-1", 1)
}

func history(t T, h bench) {
	s := start(t, h, anyone)
	historian, ok := connectors.As[connectors.Historian](s.Driver)
	if !ok {
		t.Log("the driver knows no history")
		return
	}
	logger, ok := connectors.As[connectors.CallLogger](s.Driver)
	if !ok {
		t.Log("the driver has a history, but logs nothing that could be seen in it")
		return
	}
	customer := customerOf(t, s)
	if past, err := historian.History(t.Context(), customer, 10); err != nil || len(past) != 0 {
		t.Errorf("before anything: %v, %v", past, err)
	}
	for i, key := range []string{"call-1", "call-2", "call-3"} {
		c := aCall(key, customer)
		c.StartedAt, c.Comment = began.Add(time.Duration(i)*time.Hour), "разговор "+key
		if _, err := logger.LogCall(t.Context(), c); err != nil {
			t.Fatal(err)
		}
	}
	past, err := historian.History(t.Context(), customer, 2)
	if err != nil || len(past) != 2 {
		t.Fatalf("got %+v, %v; want the last two", past, err)
	}
	for i, key := range []string{"call-3", "call-2"} {
		if c := past[i]; c.Channel != "CALL" || !c.Inbound || !c.At.Equal(began.Add(time.Duration(2-i)*time.Hour)) ||
			!strings.Contains(c.Title+c.Text, "разговор "+key) {
			t.Errorf("%d: got %+v, want %s", i, c, key)
		}
	}
}

// writeFaults does what faults does, to every capability that writes.
func writeFaults(t T, h bench) {
	s := start(t, h, anyone)
	customer := customerOf(t, s)
	ask := map[string]func(context.Context) error{}
	if c, ok := connectors.As[connectors.CallLogger](s.Driver); ok {
		ask["logging"] = func(ctx context.Context) error { _, err := c.LogCall(ctx, aCall("call-9", customer)); return err }
	}
	if c, ok := connectors.As[connectors.TaskCreator](s.Driver); ok {
		ask["task"] = func(ctx context.Context) error {
			_, err := c.CreateTask(ctx, connectors.Task{Key: "task-9", Customer: customer, Title: "x", DueAt: began})
			return err
		}
	}
	if c, ok := connectors.As[connectors.ContactCreator](s.Driver); ok {
		ask["creating"] = func(ctx context.Context) error {
			_, err := c.CreateContact(ctx, connectors.NewContact{Key: "contact-9", Kind: connectors.KindPerson, Name: "x", Phone: "+74950123409"})
			return err
		}
	}
	if c, ok := connectors.As[connectors.CallShower](s.Driver); ok {
		live := connectors.LiveCall{Key: "live-9", Customer: customer, Number: "+74950123401", Agent: connectors.Agent{ID: "11"}, StartedAt: began}
		call, err := c.AnnounceCall(t.Context(), live)
		if err != nil {
			t.Fatal(err)
		}
		ask["announcing"] = func(ctx context.Context) error { _, err := c.AnnounceCall(ctx, live); return err }
		ask["showing"] = func(ctx context.Context) error {
			return c.ShowCall(ctx, connectors.Card{Key: live.Key, Call: call, Agent: live.Agent})
		}
	}
	if len(ask) == 0 {
		t.Log("the driver writes nothing")
		return
	}
	for _, f := range s.Faults {
		if f == ByteOrder {
			continue
		}
		s.Inject(f)
		for what, do := range ask {
			ctx, cancel := context.WithTimeout(t.Context(), deadlineFor(f))
			err := do(ctx)
			cancel()
			if errs.KindOf(err) != expected[f] || err == nil {
				t.Errorf("%s, %s: %v, want %v", f, what, err, expected[f])
			}
			if f == Slow && !errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("%s, %s: %v, want the context's error in it", f, what, err)
			}
			discreet(t, s, string(f)+", "+what, err)
		}
	}
}
