package connectors_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/pult-cc/pult/connectors"
	"github.com/pult-cc/pult/internal/errs"
)

type nobody struct{ id string }

func (nobody) Lookup(context.Context, connectors.LookupQuery) ([]connectors.Candidate, error) {
	return nil, nil
}

func factory(kind string) connectors.Factory {
	return connectors.Factory{
		Kind:   kind,
		Schema: json.RawMessage(`{"type":"object"}`),
		New: func(_ context.Context, id string, config json.RawMessage, _ connectors.Secrets) (connectors.Driver, error) {
			if string(config) != "{}" {
				return nil, errs.Field("reading configuration", "colour", "is unknown")
			}
			return nobody{id}, nil
		},
	}
}

type whole struct{ nobody }

func (whole) Get(context.Context, connectors.Ref) (connectors.Candidate, error) {
	return connectors.Candidate{Name: "whole"}, nil
}

type partial struct {
	nobody
	can bool
}

func (p partial) As(target any) bool {
	if g, ok := target.(*connectors.Getter); ok && p.can {
		*g = whole{}
		return true
	}
	return false
}

func TestAsFindsWhatADriverCan(t *testing.T) {
	for name, c := range map[string]struct {
		driver connectors.Driver
		want   bool
	}{
		"by its type": {whole{}, true}, "lacks it": {nobody{}, false}, "says so": {partial{can: true}, true}, "says not": {partial{}, false},
	} {
		g, ok := connectors.As[connectors.Getter](c.driver)
		if ok != c.want {
			t.Errorf("%s: %v", name, ok)
		}
		if !ok {
			continue
		}
		if r, err := g.Get(t.Context(), connectors.Ref{}); err != nil || r.Name != "whole" {
			t.Errorf("%s: got %+v, %v", name, r, err)
		}
		if _, ok := connectors.As[connectors.Searcher](c.driver); ok {
			t.Errorf("%s: searches", name)
		}
	}
}

func TestRegistryOpens(t *testing.T) {
	var r connectors.Registry
	for _, k := range []string{"zeta", "alpha"} {
		if err := r.Register(factory(k)); err != nil {
			t.Fatal(err)
		}
	}
	if k := r.Kinds(); len(k) != 2 || k[0].Kind != "alpha" || k[1].Kind != "zeta" {
		t.Errorf("kinds = %v, want alpha, zeta", k)
	}
	d, err := r.Open(t.Context(), "crm", "alpha", nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	if d.(nobody).id != "crm" {
		t.Errorf("the driver got id %q", d.(nobody).id)
	}
}

func TestRegistryRefuses(t *testing.T) {
	var r connectors.Registry
	if err := r.Register(factory("alpha")); err != nil {
		t.Fatal(err)
	}
	for name, f := range map[string]connectors.Factory{
		"twice":          factory("alpha"),
		"no name":        factory(""),
		"no constructor": {Kind: "x"},
		"bad schema":     {Kind: "x", New: factory("x").New, Schema: json.RawMessage("{")},
	} {
		if err := r.Register(f); !errs.Is(err, errs.Internal) {
			t.Errorf("%s: %v, want Internal", name, err)
		}
	}
	_, err := r.Open(t.Context(), "crm", "alfa", nil, nil)
	if !errs.Is(err, errs.Invalid) || !strings.Contains(errs.Message(err), "known kinds: alpha") {
		t.Errorf("unknown kind: %v", err)
	}
	_, err = r.Open(t.Context(), "crm", "alpha", json.RawMessage(`{"colour":1}`), nil)
	if !errs.Is(err, errs.Invalid) || errs.FieldsOf(err)["colour"] == "" || !strings.Contains(err.Error(), `connector "crm"`) {
		t.Errorf("bad configuration: %v", err)
	}
	if _, err = r.Open(t.Context(), "", "alpha", nil, nil); !errs.Is(err, errs.Invalid) {
		t.Errorf("no id: %v", err)
	}
}

func TestRetryAfterOf(t *testing.T) {
	err := errs.With(errs.RateLimited, "asking", fmt.Errorf("answer 429: %w", &connectors.RetryAfter{After: 3 * time.Second}))
	if d, ok := connectors.RetryAfterOf(err); !ok || d != 3*time.Second {
		t.Errorf("got %v %v, want 3s", d, ok)
	}
	for _, err := range []error{nil, errors.New("x"), &connectors.RetryAfter{}} {
		if d, ok := connectors.RetryAfterOf(err); ok {
			t.Errorf("%v: got %v", err, d)
		}
	}
}

type checked struct{ nobody }

func (checked) Check(context.Context) (connectors.Health, error) { return connectors.Health{}, nil }

func (checked) Get(context.Context, connectors.Ref) (connectors.Candidate, error) {
	return connectors.Candidate{}, nil
}

func TestCapabilitiesAreThoseThatAsFinds(t *testing.T) {
	if got := connectors.Capabilities(checked{}); !slices.Equal(got, []string{"CHECK", "GET"}) {
		t.Errorf("it can %v", got)
	}
	if got := connectors.Capabilities(nobody{}); got != nil {
		t.Errorf("nobody can %v", got)
	}
}
