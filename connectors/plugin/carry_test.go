package plugin_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/pult-cc/pult/connectors"
	"github.com/pult-cc/pult/connectors/plugin"
	"github.com/pult-cc/pult/internal/errs"
)

// vault knows secrets by reference.
type vault map[string]string

func (v vault) Secret(_ context.Context, ref string) (string, error) {
	if s, ok := v[ref]; ok {
		return s, nil
	}
	return "", errs.Field("resolving secret", ref, "is not set")
}

const password = "п@роль-42/7"

// open opens a plug-in that plays a part.
func open(t testing.TB, s plugin.Settings, o plugin.Options) *plugin.Driver {
	t.Helper()
	if o.Log == nil {
		o.Log = logTo(t)
	}
	if o.Patience == 0 {
		o.Patience = far
	}
	d, err := plugin.Open(t.Context(), "crm", s, vault{"env:CRM": password}, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := d.Close(); err != nil {
			t.Error(err)
		}
	})
	return d
}

// can finds a capability that must be there.
func can[T any](t *testing.T, d *plugin.Driver) T {
	t.Helper()
	c, ok := connectors.As[T](d)
	if !ok {
		t.Fatalf("the plug-in is no %v", reflect.TypeFor[T]())
	}
	return c
}

func same(t *testing.T, got any, err error, want any) {
	t.Helper()
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v, %v\nwant %+v", got, err, want)
	}
}

func TestEveryCapabilityIsCarriedWhole(t *testing.T) {
	s := as("full")
	s.Secrets["password"] = "env:CRM"
	d := open(t, s, plugin.Options{})
	ctx := t.Context()
	customer := connectors.Ref{Connector: "crm", Type: "client", ID: "42"}
	agent := connectors.Agent{ID: "1", Login: "orlov", Name: "Орлов", Extension: "204", Email: "o@example.org"}

	q := connectors.LookupQuery{E164: "+74950123401", National: "4950123401", Region: "RU", Limit: 3}
	found, err := d.Lookup(ctx, q)
	same(t, found, err, []connectors.Candidate{whole("crm", echo(q))})
	health, err := can[connectors.Checker](t, d).Check(ctx)
	same(t, health, err, connectors.Health{Version: "full 1", Latency: 3 * time.Millisecond})
	one, err := can[connectors.Getter](t, d).Get(ctx, customer)
	same(t, one, err, whole("crm", echo(customer)))
	found, err = can[connectors.Searcher](t, d).Search(ctx, "Василёк", 5)
	same(t, found, err, []connectors.Candidate{whole("crm", echo("Василёк", 5))})
	page, err := can[connectors.Indexer](t, d).Index(ctx, "here", 7)
	same(t, page, err, connectors.Page{Candidates: []connectors.Candidate{whole("crm", echo("here", 7))}, Next: "next"})
	items, err := can[connectors.Relater](t, d).Related(ctx, customer, 9)
	same(t, items, err, []connectors.Item{{
		Ref: connectors.Ref{Connector: "crm", Type: "deal", ID: "5"}, Kind: connectors.ItemOrder, Title: echo(customer, 9),
		Status: "в работе", Open: true, Sum: "100 ₽", Owner: someone, At: aTime, URL: "https://crm.example/5",
	}})
	contacts, err := can[connectors.Historian](t, d).History(ctx, customer, 9)
	same(t, contacts, err, []connectors.Contact{{
		Ref: connectors.Ref{Connector: "crm", Type: "mail", ID: "6"}, Channel: "MAIL", Inbound: true, At: aTime, Title: echo(customer, 9),
		Text: "Добрый день", Who: someone, URL: "https://crm.example/6",
	}})
	wish := connectors.NewContact{
		Key: "k1", Kind: connectors.KindCompany, Name: "Ромашка", Company: "Холдинг", Phone: "+74950123401", Email: "r@example.org",
		Comment: "со звонка", Agent: agent,
	}
	one, err = can[connectors.ContactCreator](t, d).CreateContact(ctx, wish)
	same(t, one, err, whole("crm", echo(wish)))
	call := connectors.CallRecord{
		Key: "c1", Customer: customer, Number: "+74950123401", Inbound: true, Queue: "support", Agent: agent, StartedAt: aTime,
		Waited: 3 * time.Second, Talked: time.Minute, Outcome: connectors.OutcomeMissed, Topic: "Доставка", Tags: []string{"срочно", "жалоба"},
		Comment: "перезвонить", URL: "https://pult.example/c1",
		Announced: connectors.Announced{Ref: connectors.Ref{Connector: "crm", Type: "live", ID: "7"}, Customer: customer},
		Written: connectors.Written{
			Ref: connectors.Ref{Connector: "crm", Type: "call", ID: "17"}, Customer: connectors.Ref{Connector: "crm", Type: "client", ID: "3"},
		},
	}
	ref, err := can[connectors.CallLogger](t, d).LogCall(ctx, call)
	same(t, ref, err, connectors.Ref{Connector: "crm", Type: "call", ID: echo(call)})
	call.Customer = connectors.Ref{}
	if _, err := can[connectors.CallLogger](t, d).LogCall(ctx, call); !errs.Is(err, errs.Unsupported) || !errors.Is(err, connectors.ErrCustomerNeeded) {
		t.Errorf("a call of nobody: %v, want that a customer is needed", err)
	}
	task := connectors.Task{
		Key: "t1", Customer: customer, Number: "+74950123401", Title: "Перезвонить", Text: "до вечера", DueAt: aTime, Agent: agent,
	}
	ref, err = can[connectors.TaskCreator](t, d).CreateTask(ctx, task)
	same(t, ref, err, connectors.Ref{Connector: "crm", Type: "task", ID: echo(task)})
	live := connectors.LiveCall{
		Key: "c1", Customer: customer, Number: "+74950123401", Inbound: true, Queue: "support", Agent: agent, StartedAt: aTime,
	}
	ref, err = can[connectors.CallShower](t, d).AnnounceCall(ctx, live)
	same(t, ref, err, connectors.Ref{Connector: "crm", Type: "live", ID: echo(live)})
	card := connectors.Card{Key: "c1", Call: connectors.Ref{Connector: "crm", Type: "live", ID: "7"}, Agent: agent, Away: true}
	if err := can[connectors.CallShower](t, d).ShowCall(ctx, card); !errs.Is(err, errs.Rejected) || errs.Message(err) != spelled(echo(card)) {
		t.Errorf("a card: %v\nwant %s", err, spelled(echo(card)))
	}
	agents, err := can[connectors.AgentLister](t, d).Agents(ctx)
	same(t, agents, err, []connectors.Agent{agent})
	r := httptest.NewRequest(http.MethodPost, "/click/crm?a=1&b=%D0%B0", strings.NewReader("number=84950123401"))
	r.Header["X-Sign"] = []string{"one", "two"}
	clicks, err := can[connectors.ClickSource](t, d).Clicked(ctx, r)
	same(t, clicks, err, []connectors.Click{{
		Agent: connectors.Agent{Extension: "204"}, Customer: customer, Key: "k",
		Call:   connectors.Ref{Connector: "crm", Type: "live", ID: "7"},
		Number: echo("POST", "/click/crm?a=1&b=%D0%B0", []string{"one", "two"}, "number=84950123401", r.RemoteAddr),
	}})
	recording(t, d, customer)
}

func recording(t *testing.T, d *plugin.Driver, customer connectors.Ref) {
	rec := connectors.Recording{
		Key: "c1", Call: connectors.Ref{Connector: "crm", Type: "call", ID: "9"}, Customer: customer, Name: "c1.ogg", Type: "audio/ogg",
		Length: time.Minute, URL: "https://pult.example/c1.ogg", Announced: connectors.Announced{Customer: customer},
	}
	want := echo(rec, 2*300_000)
	rec.Open = func(context.Context) (io.ReadCloser, error) {
		return io.NopCloser(bytes.NewReader(make([]byte, 300_000))), nil
	}
	err := can[connectors.RecordingAttacher](t, d).AttachRecording(t.Context(), rec)
	if !errs.Is(err, errs.Rejected) || errs.Message(err) != want {
		t.Errorf("recording: %v\nwant %s", err, want)
	}
	boom := errors.New("boom")
	rec.Open = func(context.Context) (io.ReadCloser, error) {
		return io.NopCloser(io.MultiReader(bytes.NewReader(make([]byte, 100)), failingReader{boom})), nil
	}
	if err := can[connectors.RecordingAttacher](t, d).AttachRecording(t.Context(), rec); !errors.Is(err, boom) {
		t.Errorf("a voice that breaks off: %v, want %v", err, boom)
	}
}

type failingReader struct{ err error }

func (f failingReader) Read([]byte) (int, error) { return 0, f.err }

func TestErrorsAreCarriedWithWaitAndFieldsAndWithoutSecrets(t *testing.T) {
	s := as("full")
	s.Secrets["password"] = "env:CRM"
	d := open(t, s, plugin.Options{})
	ask := func(what string) error {
		_, err := d.Lookup(t.Context(), connectors.LookupQuery{National: what})
		return err
	}
	err := ask("pause")
	if wait, ok := connectors.RetryAfterOf(err); !errs.Is(err, errs.RateLimited) || !ok || wait != 1500*time.Millisecond {
		t.Errorf("pause: %v, wait %v", err, wait)
	}
	if got := errs.Message(err); got != "too many, says ***" {
		t.Errorf("the message is %q", got)
	}
	if err := ask("leak"); !errs.Is(err, errs.Unauthenticated) || errs.Message(err) != "the password [removed] is wrong" || strings.Contains(err.Error(), password) {
		t.Errorf("leak: %v", err)
	}
	if err := ask("secret"); !errs.Is(err, errs.Invalid) || errs.FieldsOf(err)["secrets.unknown"] == "" {
		t.Errorf("a secret that is not configured: %v, %v", err, errs.FieldsOf(err))
	}
	if _, err := can[connectors.ContactCreator](t, d).CreateContact(t.Context(), connectors.NewContact{Key: "twice"}); !errs.Is(err, errs.Conflict) {
		t.Errorf("twice: %v", err)
	}
	s.Config = json.RawMessage(`{"wrong":true}`)
	_, err = plugin.Open(t.Context(), "crm", s, vault{"env:CRM": password}, plugin.Options{Log: logTo(t), Patience: far})
	if !errs.Is(err, errs.Invalid) || errs.FieldsOf(err)["config.wrong"] != "must not be set" {
		t.Errorf("settings that the plug-in refuses: %v, %v", err, errs.FieldsOf(err))
	}
}

func TestAPlugInHasOnlyTheCapabilitiesThatItTells(t *testing.T) {
	d := open(t, as("narrow"), plugin.Options{})
	if _, ok := connectors.As[connectors.Getter](d); ok {
		t.Error("it gets")
	}
	if _, ok := connectors.As[connectors.Checker](d); ok {
		t.Error("it checks")
	}
	if _, ok := connectors.As[io.Writer](d); ok {
		t.Error("it is something that the port does not know")
	}
	if a := d.About(); a.Name != "narrow" || len(a.Capabilities) != 0 {
		t.Errorf("it says %+v", a)
	}
}

func TestCleanTexts(t *testing.T) {
	secrets := map[string]string{"a": "s3cret/ä", "b": "xy", "c": `quo"ted`}
	for in, want := range map[string]string{
		"key s3cret/ä.": "key [removed].", "key s3cret%2F%C3%A4": "key [removed]", "Basic czNjcmV0L8Ok": "Basic [removed]",
		`{"p":"quo\"ted"}`: `{"p":"[removed]"}`, "xylophone": "xylophone", "call +7 (495) 012-34-01 back": "call *** back",
		"took 123456 µs": "took 123456 µs", "\xff": "�",
	} {
		if got := plugin.Clean(secrets, in); got != want {
			t.Errorf("%q becomes %q, want %q", in, got, want)
		}
	}
	if got := plugin.Clean(nil, strings.Repeat("я", 2000)); len(got) > 1010 || !strings.HasSuffix(got, "…") {
		t.Errorf("a long text becomes %d bytes", len(got))
	}
}
