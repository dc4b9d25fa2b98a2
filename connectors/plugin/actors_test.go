package plugin_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"slices"
	"strings"
	"time"

	"github.com/pult-cc/pult/connectors"
	"github.com/pult-cc/pult/connectors/plugin"
	"github.com/pult-cc/pult/connectors/plugin/sdk"
)

// part is the environment variable that makes this test's own binary play a plug-in, or a Pult that has one.
const part = "PULT_TEST_PART"

// as are the settings of a plug-in that plays a part.
func as(name string, env ...string) plugin.Settings {
	self, err := os.Executable()
	if err != nil {
		panic(err)
	}
	s := plugin.Settings{Command: self, Env: map[string]string{part: name}, Config: json.RawMessage("{}"), Secrets: map[string]string{}}
	for i := 0; i+1 < len(env); i += 2 {
		s.Env[env[i]] = env[i+1]
	}
	return s
}

// play plays a part, and reports whether there was one to play.
func play(name string) bool {
	switch name {
	case "":
		return false
	case "narrow": // can look up and nothing else
		sdk.Serve(connectors.Factory{Kind: "narrow", New: func(context.Context, string, json.RawMessage, connectors.Secrets) (connectors.Driver, error) {
			return narrow{}, nil
		}})
	case "full": // can do everything
		sdk.Serve(connectors.Factory{Kind: "full", New: openFull})
	case "flaky": // fails at its first start
		if _, err := os.Stat(os.Getenv("MARK")); err != nil {
			if err := os.WriteFile(os.Getenv("MARK"), nil, 0o600); err != nil {
				panic(err)
			}
			os.Exit(5)
		}
		play("narrow")
	case "newer": // speaks a version of the protocol that is not made yet
		fmt.Println("1|2|unix|/nowhere|grpc")
		_, _ = io.Copy(io.Discard, os.Stdin)
	case "older":
		fmt.Println("1|0|unix|/nowhere|grpc")
		_, _ = io.Copy(io.Discard, os.Stdin)
	case "stranger": // is no plug-in
		fmt.Println("usage: stranger FILE")
	case "mute": // never greets
		_, _ = io.Copy(io.Discard, os.Stdin)
	case "parent": // leaves a process behind that holds its pipes
		child := exec.Command("sleep", "600")
		child.Stdout, child.Stderr = os.Stdout, os.Stderr
		if err := child.Start(); err != nil {
			panic(err)
		}
		fmt.Fprintln(os.Stderr, "child", child.Process.Pid)
		play("narrow")
	case "pult": // a Pult with a plug-in, to be killed
		d, err := plugin.Open(context.Background(), "crm", as("narrow"), nil, plugin.Options{})
		if err != nil {
			panic(err)
		}
		fmt.Println(d.Pid())
		select {}
	}
	return true
}

// narrow does what the number tells it to.
type narrow struct{}

func (narrow) Lookup(ctx context.Context, q connectors.LookupQuery) ([]connectors.Candidate, error) {
	switch q.National {
	case "crash":
		os.Exit(3)
	case "panic":
		panic("the record is odd")
	case "hang":
		fmt.Fprintln(os.Stderr, "it hangs")
		<-ctx.Done()
		return nil, ctx.Err()
	case "environment":
		var names []connectors.Candidate
		for _, e := range os.Environ() {
			name, _, _ := strings.Cut(e, "=")
			names = append(names, connectors.Candidate{Name: name})
		}
		return names, nil
	}
	return []connectors.Candidate{{Ref: connectors.Ref{Type: "t", ID: "1"}, Name: "Somebody"}}, nil
}

// full says in every answer what it was asked.
type full struct {
	id      string
	secrets connectors.Secrets
}

func openFull(_ context.Context, id string, config json.RawMessage, secrets connectors.Secrets) (connectors.Driver, error) {
	var c struct{ Wrong, Loud bool }
	if err := json.Unmarshal(config, &c); err != nil {
		return nil, err
	}
	if c.Wrong {
		return nil, sdk.BadSetting("wrong", "must not be set")
	}
	if c.Loud {
		password, err := secrets.Secret(context.Background(), "password")
		if err != nil {
			return nil, err
		}
		fmt.Fprintf(os.Stderr, "signing in with %s for +7 495 012-34-01\n", password)
		fmt.Printf("%s\n", strings.Repeat("x", 100_000))
	}
	return full{id, secrets}, nil
}

// echo makes a text of values, the same on both sides of a wire that keeps them whole.
func echo(values ...any) string {
	return strings.ReplaceAll(fmt.Sprintf("%+v", values), " +0000 UTC", "")
}

var (
	aTime   = time.Date(2026, 11, 26, 9, 30, 0, 123456000, time.UTC)
	someone = connectors.Person{ID: "7", Name: "Орлов Игорь"}
)

// whole is a record with every field.
func whole(id, name string) connectors.Candidate {
	return connectors.Candidate{
		Ref: connectors.Ref{Connector: id, Type: "client", ID: "42"}, Kind: connectors.KindLead, Name: name, Company: "Василёк",
		StandsFor: connectors.Ref{Connector: id, Type: "partner", ID: "41"},
		Phones:    []connectors.Phone{{Raw: "8 (495) 012-34-01", Label: "Рабочий"}}, Emails: []string{"a@example.org"}, TaxID: "0123456789",
		Owner: someone, Open: true, URL: "https://crm.example/42", Deleted: true, Notes: map[string]string{"segment": "VIP"},
	}
}

func (f full) Lookup(_ context.Context, q connectors.LookupQuery) ([]connectors.Candidate, error) {
	switch q.National {
	case "pause":
		return nil, sdk.Error(sdk.RateLimited, "too many, says 84950123401", &connectors.RetryAfter{After: 1500 * time.Millisecond})
	case "leak":
		password, err := f.secrets.Secret(context.Background(), "password")
		if err != nil {
			return nil, err
		}
		return nil, sdk.Error(sdk.Unauthenticated, "the password "+password+" is wrong", errors.New(password))
	case "secret":
		_, err := f.secrets.Secret(context.Background(), "unknown")
		return nil, err
	}
	return []connectors.Candidate{whole(f.id, echo(q))}, nil
}

func (f full) Check(context.Context) (connectors.Health, error) {
	return connectors.Health{Version: "full 1", Latency: 3 * time.Millisecond}, nil
}

func (f full) Get(_ context.Context, ref connectors.Ref) (connectors.Candidate, error) {
	return whole(f.id, echo(ref)), nil
}

func (f full) Search(_ context.Context, text string, limit int) ([]connectors.Candidate, error) {
	return []connectors.Candidate{whole(f.id, echo(text, limit))}, nil
}

func (f full) Index(_ context.Context, cursor string, limit int) (connectors.Page, error) {
	return connectors.Page{Candidates: []connectors.Candidate{whole(f.id, echo(cursor, limit))}, Next: "next"}, nil
}

func (f full) Related(_ context.Context, customer connectors.Ref, limit int) ([]connectors.Item, error) {
	return []connectors.Item{{
		Ref: connectors.Ref{Connector: f.id, Type: "deal", ID: "5"}, Kind: connectors.ItemOrder, Title: echo(customer, limit),
		Status: "в работе", Open: true, Sum: "100 ₽", Owner: someone, At: aTime, URL: "https://crm.example/5",
	}}, nil
}

func (f full) History(_ context.Context, customer connectors.Ref, limit int) ([]connectors.Contact, error) {
	return []connectors.Contact{{
		Ref: connectors.Ref{Connector: f.id, Type: "mail", ID: "6"}, Channel: "MAIL", Inbound: true, At: aTime, Title: echo(customer, limit),
		Text: "Добрый день", Who: someone, URL: "https://crm.example/6",
	}}, nil
}

func (f full) CreateContact(_ context.Context, c connectors.NewContact) (connectors.Candidate, error) {
	if c.Key == "twice" {
		return connectors.Candidate{}, sdk.Error(sdk.Conflict, "there is one already", nil)
	}
	return whole(f.id, echo(c)), nil
}

func (f full) LogCall(_ context.Context, c connectors.CallRecord) (connectors.Ref, error) {
	if c.Customer == (connectors.Ref{}) {
		return connectors.Ref{}, connectors.NeedsCustomer("logging call")
	}
	return connectors.Ref{Connector: f.id, Type: "call", ID: echo(c)}, nil
}

func (f full) AttachRecording(ctx context.Context, r connectors.Recording) error {
	size := 0
	for range 2 { // it can be read more than once
		voice, err := r.Open(ctx)
		if err != nil {
			return err
		}
		b, err := io.ReadAll(voice)
		if err != nil {
			return err
		}
		if err := voice.Close(); err != nil {
			return err
		}
		size += len(b)
	}
	r.Open = nil
	return sdk.Error(sdk.Rejected, echo(r, size), nil)
}

func (f full) CreateTask(_ context.Context, t connectors.Task) (connectors.Ref, error) {
	return connectors.Ref{Connector: f.id, Type: "task", ID: echo(t)}, nil
}

func (f full) AnnounceCall(_ context.Context, c connectors.LiveCall) (connectors.Ref, error) {
	return connectors.Ref{Connector: f.id, Type: "live", ID: echo(c)}, nil
}

func (f full) ShowCall(_ context.Context, c connectors.Card) error {
	return sdk.Error(sdk.Rejected, spelled(echo(c)), nil)
}

// spelled writes digits as letters: figures that may be somebody's are not let through errors.
func spelled(s string) string {
	return strings.Map(func(r rune) rune {
		if '0' <= r && r <= '9' {
			return r - '0' + 'a'
		}
		return r
	}, s)
}

func (f full) Agents(context.Context) ([]connectors.Agent, error) {
	return []connectors.Agent{{ID: "1", Login: "orlov", Name: "Орлов", Extension: "204", Email: "o@example.org"}}, nil
}

func (f full) Clicked(_ context.Context, r *http.Request) ([]connectors.Click, error) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, err
	}
	values := slices.Clone(r.Header.Values("X-Sign"))
	return []connectors.Click{{
		Agent: connectors.Agent{Extension: "204"}, Number: echo(r.Method, r.URL.String(), values, string(body), r.RemoteAddr),
		Customer: connectors.Ref{Connector: f.id, Type: "client", ID: "42"}, Key: "k",
		Call: connectors.Ref{Connector: f.id, Type: "live", ID: "7"},
	}}, nil
}
