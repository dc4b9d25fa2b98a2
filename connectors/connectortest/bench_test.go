package connectortest

import (
	"context"
	"slices"
	"strings"
	"testing"

	"github.com/pult-cc/pult/connectors"
	"github.com/pult-cc/pult/internal/errs"
)

// nobodyKnown is a driver that finds nobody, and fails when told to.
type nobodyKnown struct{ err error }

func (n *nobodyKnown) Lookup(context.Context, connectors.LookupQuery) ([]connectors.Candidate, error) {
	return nil, n.err
}

func TestVerifyTellsWhatIsWrong(t *testing.T) {
	verdicts := map[string]Verdict{}
	closed := 0
	open := func(t T, customers []Customer) System {
		if slices.ContainsFunc(customers, func(c Customer) bool { return strings.HasPrefix(c.Name, "Branch") }) {
			t.Fatal("so many customers do not fit")
		}
		d := &nobodyKnown{}
		return System{Driver: d, ID: "x", Faults: []Fault{Slow, Down}, Close: func() { closed++ }, Inject: func(f Fault) {
			if d.err = nil; f != "" {
				d.err = errs.E(errs.Internal, "asking", "always the same")
			}
		}}
	}
	for v := range Verify(t.Context(), open) {
		verdicts[v.Name] = v
	}
	if len(verdicts) != len(suite) {
		t.Fatalf("%d verdicts of %d cases", len(verdicts), len(suite))
	}
	for name, want := range map[string]string{
		"Spellings": "not found by +74950123401", "Limit": "so many customers do not fit", "Faults": "is INTERNAL, want TIMEOUT",
		"SlowHonoursDeadline": "want Timeout around the context's error",
	} {
		v := verdicts[name]
		if v.OK() || !slices.ContainsFunc(v.Failed, func(s string) bool { return strings.Contains(s, want) }) {
			t.Errorf("%s says %q, want %q", name, v.Failed, want)
		}
	}
	if v := verdicts["Nobody"]; !v.OK() || len(v.Notes) != 0 {
		t.Errorf("Nobody: %+v", v)
	}
	if v := verdicts["Get"]; !v.OK() || len(v.Notes) != 1 {
		t.Errorf("Get, which the driver lacks: %+v", v)
	}
	if closed == 0 {
		t.Error("systems are left open")
	}
}

func TestVerifySurvivesAPanicAndNamesPartsOfCases(t *testing.T) {
	var order []string
	v := judge(t.Context(), "Case", func(t T) {
		t.Cleanup(func() { order = append(order, "first") })
		t.Cleanup(func() { order = append(order, "second") })
		if t.Run("Part", func(t T) { t.Fatalf("it is %d", 5) }) {
			t.Error("a failed part passed")
		}
		if !t.Run("Whole", func(t T) { t.Logf("noted") }) {
			t.Error("a whole part failed")
		}
		panic("boom")
	})
	if len(v.Failed) != 2 || v.Failed[0] != "Part: it is 5" || !strings.Contains(v.Failed[1], "boom") {
		t.Errorf("failed: %q", v.Failed)
	}
	if len(v.Notes) != 1 || v.Notes[0] != "Whole: noted" || !slices.Equal(order, []string{"second", "first"}) {
		t.Errorf("notes %q, cleaned up %q", v.Notes, order)
	}
}

func TestVerifyStopsWithItsContext(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	n := 0
	for range Verify(ctx, func(T, []Customer) System {
		return System{Driver: &nobodyKnown{}, ID: "x", Close: func() {}, Inject: func(Fault) {}}
	}) {
		n++
		cancel()
	}
	if n != 1 {
		t.Errorf("%d cases ran after the first was told to be the last", n)
	}
}

// few is a driver with one customer, who is wrong in some way.
type few struct {
	found func(connectors.LookupQuery) []connectors.Candidate
}

func (f *few) Lookup(_ context.Context, q connectors.LookupQuery) ([]connectors.Candidate, error) {
	return f.found(q), nil
}

func TestVerifyLive(t *testing.T) {
	known := &Known{Query: Query("4950123401"), Name: "Василёк"}
	good := connectors.Candidate{
		Ref: connectors.Ref{Connector: "crm", Type: "t", ID: "1"}, Kind: connectors.KindCompany, Name: "ООО Василёк",
		Phones: []connectors.Phone{{Raw: "8 (495) 012-34-01"}},
	}
	mute := good
	mute.Phones = nil
	foreign := good
	foreign.Ref.Connector = "another"
	ask := func(known *Known, c connectors.Candidate, always bool) map[string]Verdict {
		out := map[string]Verdict{}
		d := &few{found: func(q connectors.LookupQuery) []connectors.Candidate {
			if always || q.National == "4950123401" {
				return []connectors.Candidate{c}
			}
			return nil
		}}
		for v := range VerifyLive(t.Context(), d, "crm", known) {
			out[v.Name] = v
		}
		return out
	}
	for name, v := range ask(known, good, false) {
		if !v.OK() {
			t.Errorf("%s: %q", name, v.Failed)
		}
	}
	for name, c := range map[string]struct {
		candidate connectors.Candidate
		always    bool
		failing   string
	}{
		"no phones": {mute, false, "Known"}, "foreign reference": {foreign, false, "Known"}, "everybody for everything": {good, true, "Nobody"},
	} {
		if v := ask(known, c.candidate, c.always)[c.failing]; v.OK() {
			t.Errorf("%s: %s passed", name, c.failing)
		}
	}
	if v := ask(&Known{Query: known.Query, Name: "Ромашка"}, good, false)["Known"]; v.OK() {
		t.Error("another name passed")
	}
	if v := ask(nil, good, false)["Known"]; !v.OK() || len(v.Notes) == 0 {
		t.Errorf("nobody was named: %+v", v)
	}
}
