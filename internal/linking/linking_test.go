package linking_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/pult-cc/pult/internal/bus/membus"
	"github.com/pult-cc/pult/internal/customers"
	"github.com/pult-cc/pult/internal/errs"
	"github.com/pult-cc/pult/internal/interactions"
	"github.com/pult-cc/pult/internal/linking"
	"github.com/pult-cc/pult/telephony/calls"
)

// world is everything around the service; it takes down what is said to it.
type world struct {
	said    []string
	rows    map[string]interactions.Interaction
	board   calls.Snapshot
	created customers.Created
	fail    error
}

func (w *world) say(format string, args ...any) {
	w.said = append(w.said, fmt.Sprintf(format, args...))
}

func (w *world) Link(_ context.Context, number string, id customers.ID, who string) (customers.Linked, error) {
	w.say("%s: %s is %s", who, number, id)
	n := customers.Number{E164: strings.ReplaceAll(number, " ", ""), Kind: customers.NumberPublic}
	return customers.Linked{Number: n, Customer: customers.Customer{ID: id, Name: "N" + string(id)}, Calls: 3}, w.fail
}

func (w *world) Unlink(_ context.Context, number string, id customers.ID, who string) (customers.Linked, error) {
	w.say("%s: %s is not %s", who, number, id)
	return customers.Linked{Number: customers.Number{E164: number, Kind: customers.NumberPublic}, Calls: 2}, w.fail
}

func (w *world) Get(_ context.Context, id customers.ID) (customers.Customer, error) {
	return customers.Customer{ID: id, Name: "N" + string(id)}, w.fail
}

func (w *world) Create(context.Context, customers.NewCustomer) (customers.Created, error) {
	return w.created, w.fail
}

func (w *world) Reread(number string) { w.say("reread %s", number) }

type history struct{ *world }

func (h history) Get(_ context.Context, id string) (interactions.Interaction, error) {
	in, ok := h.rows[id]
	if !ok {
		return in, errs.E(errs.NotFound, "reading", "none")
	}
	return in, nil
}

func (h history) SetCustomer(_ context.Context, id string, c customers.ID, name, by string) error {
	h.say("%s is %s (%s) by %s", id, c, name, by)
	in := h.rows[id]
	in.CustomerID, in.CustomerName, in.LinkedBy = c, name, by
	h.rows[id] = in
	return nil
}

func (w *world) Do(_ context.Context, cmd calls.Command) (calls.Reply, error) {
	w.say("%s %s %s by %s %v", cmd.Kind, cmd.CallID, cmd.CustomerID, cmd.OperatorID, cmd.Supervisor)
	return calls.Reply{}, nil
}

func (w *world) Snapshot() calls.Snapshot { return w.board }

func (w *world) Call(id calls.ID) (calls.Call, bool) {
	i := slices.IndexFunc(w.board.Calls, func(c calls.Call) bool { return c.ID == id })
	if i < 0 {
		return calls.Call{}, false
	}
	return w.board.Calls[i], true
}

func led(id, number string) calls.Call {
	n := customers.Number{E164: number, Kind: customers.NumberPublic}
	if number == "" {
		n.Kind = customers.NumberAnonymous
	}
	return calls.Call{ID: calls.ID(id), Direction: calls.Inbound, From: calls.Party{Number: n}}
}

func past(number string, kind customers.NumberKind, customer customers.ID) interactions.Interaction {
	return interactions.Interaction{Channel: interactions.ChannelCall, Number: customers.Number{E164: number, Kind: kind}, CustomerID: customer}
}

func newWorld() *world {
	return &world{
		rows: map[string]interactions.Interaction{
			"p1": past("+7916", customers.NumberPublic, ""), "p2": past("+7916", customers.NumberPublic, "old"),
			"p3": past("", customers.NumberAnonymous, ""), "live": past("", customers.NumberAnonymous, ""),
		},
		board: calls.Snapshot{Calls: []calls.Call{led("l1", "+7916"), led("l2", "+7917"), led("live", "")}},
	}
}

func service(w *world, log *bytes.Buffer) *linking.Service {
	return linking.NewService(w, history{w}, w, w, membus.New(), slog.New(slog.NewTextHandler(log, nil)))
}

func (w *world) want(t *testing.T, what string, said ...string) {
	t.Helper()
	if !slices.Equal(w.said, said) {
		t.Errorf("%s: said\n  %s\nwant\n  %s", what, strings.Join(w.said, "\n  "), strings.Join(said, "\n  "))
	}
	w.said = nil
}

func TestWhatIsSaidOfANumberReachesItsCalls(t *testing.T) {
	w := newWorld()
	s := service(w, &bytes.Buffer{})
	l, err := s.LinkNumber(t.Context(), "sonya", "+7 916", "c1")
	if err != nil || l.Calls != 3 {
		t.Fatalf("%+v, %v", l, err)
	}
	w.want(t, "linking", "sonya: +7 916 is c1", "RETRY_MATCH l1  by sonya true")
	if n, err := s.UnlinkNumber(t.Context(), "sonya", "+7916", "c1"); err != nil || n != 2 {
		t.Fatalf("%d, %v", n, err)
	}
	w.want(t, "unlinking", "sonya: +7916 is not c1", "RETRY_MATCH l1  by sonya true")
	if _, err := s.UnlinkNumber(t.Context(), "sonya", "+7916", ""); errs.FieldsOf(err)["customerId"] == "" {
		t.Errorf("unlinking nobody: %v", err)
	}
	w.fail = errs.E(errs.NotFound, "linking", "none")
	if _, err := s.LinkNumber(t.Context(), "sonya", "+7916", "c9"); !errs.Is(err, errs.NotFound) {
		t.Errorf("a stranger: %v", err)
	}
	w.want(t, "what failed is told to nobody", "sonya: +7916 is c9")
}

func TestOneInteractionIsLinked(t *testing.T) {
	for _, c := range []struct {
		what, id string
		customer customers.ID
		said     []string
	}{
		{"of a public number", "p1", "c1", []string{"anna: +7916 is c1", "RETRY_MATCH l1  by anna true", "p1 is c1 (Nc1) by anna"}},
		{"that was another's", "p2", "c1", []string{"anna: +7916 is c1", "RETRY_MATCH l1  by anna true", "p2 is c1 (Nc1) by anna"}},
		{"no longer", "p2", "", []string{"anna: +7916 is not old", "RETRY_MATCH l1  by anna true", "p2 is  () by anna"}},
		{"of nobody, no longer", "p1", "", nil},
		{"with a withheld number", "p3", "c1", []string{"p3 is c1 (Nc1) by anna"}},
		{"that is led", "live", "c1", []string{"LINK_CUSTOMER live c1 by anna true"}},
		{"that is led, no longer", "live", "", []string{"UNLINK_CUSTOMER live  by anna true"}},
	} {
		w := newWorld()
		in, err := service(w, &bytes.Buffer{}).LinkInteraction(t.Context(), "anna", c.id, c.customer)
		if err != nil || c.id != "live" && in.CustomerID != c.customer {
			t.Errorf("%s: %+v, %v", c.what, in, err)
		}
		w.want(t, c.what, c.said...)
	}
	if _, err := service(newWorld(), &bytes.Buffer{}).LinkInteraction(t.Context(), "anna", "none", "c1"); !errs.Is(err, errs.NotFound) {
		t.Errorf("of no interaction: %v", err)
	}
}

func TestACreatedCustomerIsLinked(t *testing.T) {
	made := customers.Created{Customer: &customers.Customer{ID: "new"}, Number: customers.Number{E164: "+7916", Kind: customers.NumberPublic}}
	w := newWorld()
	w.created = made
	s := service(w, &bytes.Buffer{})
	if _, n, err := s.Create(t.Context(), "sonya", "", customers.NewCustomer{}); err != nil || n != 3 {
		t.Errorf("%d, %v", n, err)
	}
	w.want(t, "its number", "sonya: +7916 is new", "RETRY_MATCH l1  by sonya true")
	if _, _, err := s.Create(t.Context(), "anna", "live", customers.NewCustomer{}); err != nil {
		t.Error(err)
	}
	w.want(t, "its call", "LINK_CUSTOMER live new by anna true")
	w.created = customers.Created{Duplicates: []customers.Duplicate{{}}}
	if got, _, err := s.Create(t.Context(), "anna", "live", customers.NewCustomer{}); err != nil || len(got.Duplicates) != 1 {
		t.Errorf("%+v, %v", got, err)
	}
	w.want(t, "duplicates")
	w.created.Customer, w.created.Duplicates = &customers.Customer{ID: "new"}, nil
	log := &bytes.Buffer{}
	if got, _, err := service(w, log).Create(t.Context(), "anna", "none", customers.NewCustomer{}); err != nil || got.Customer == nil || !strings.Contains(log.String(), "linking the call") {
		t.Errorf("a call that cannot be linked unmakes nobody: %+v, %v; log %s", got, err, log)
	}
}

func TestOtherProcessesForgetTheNumber(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := membus.New()
		here, there := newWorld(), &world{}
		quiet := slog.New(slog.DiscardHandler)
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error, 1)
		go func() { done <- linking.NewService(there, history{there}, there, there, b, quiet).Run(ctx) }()
		synctest.Wait()
		if _, err := linking.NewService(here, history{here}, here, here, b, quiet).LinkNumber(ctx, "sonya", "+7916", "c1"); err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		cancel()
		if err := <-done; !errors.Is(err, context.Canceled) {
			t.Errorf("Run: %v", err)
		}
		there.want(t, "elsewhere", "reread +7916")
	})
}
