package customers_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pult-cc/pult/connectors"
	"github.com/pult-cc/pult/internal/customers"
	"github.com/pult-cc/pult/internal/errs"
)

func idOf(system, name string) customers.ID {
	return customers.EncodeID(connectors.Ref{Connector: system, Type: "t", ID: name})
}

func TestAChoiceIsRemembered(t *testing.T) {
	crm := &system{id: "1c"}
	crm.set(10*time.Millisecond, nil, record("1c", "Maria", messy), record("1c", "Anna", messy))
	in(t, []*system{crm}, func(t *testing.T, b bench) {
		if got := b.story(t.Context(), b.Start); got != "0 PENDING, 10 MANY" {
			t.Error(got)
		}
		c, err := b.Choose(t.Context(), messy, idOf("1c", "Anna"), "olga")
		if err != nil || c.Name != "Anna" {
			t.Fatalf("%+v, %v", c, err)
		}
		if got := b.story(t.Context(), b.Start); got != "0 FOUND Anna by olga, 10 FOUND Anna by olga" {
			t.Error(got)
		}
		if m := newBench(t, b.repo, crm).Match(t.Context(), number); m.Chosen == nil || m.Chosen.Name != "Anna" || m.ChosenBy != "olga" || len(m.Candidates) != 2 {
			t.Errorf("another process: %+v", m)
		}
		if err := b.Forget(t.Context(), messy); err != nil {
			t.Fatal(err)
		}
		if m := b.Match(t.Context(), number); m.State != customers.MatchMany {
			t.Errorf("forgotten: %+v", m)
		}
		if err := b.Forget(t.Context(), "anonymous"); err != nil {
			t.Errorf("forgetting nobody: %v", err)
		}
	})
}

func TestAChoiceStandsAgainstLateAnswers(t *testing.T) {
	crm := &system{id: "1c"}
	crm.set(time.Second, nil, record("1c", "Maria", messy), record("1c", "Anna", messy))
	in(t, []*system{crm}, func(t *testing.T, b bench) {
		b.Match(t.Context(), number)
		synctest.Wait()
		_, later := newBench(t, b.repo, crm).Start(t.Context(), number)
		if m := <-later; m.State != customers.MatchMany {
			t.Errorf("kept: %+v", m)
		}
		_, later = b.Start(t.Context(), number)
		if _, err := b.Choose(t.Context(), number, idOf("1c", "Anna"), "olga"); err != nil {
			t.Fatal(err)
		}
		var last customers.Match
		for m := range later {
			last = m
		}
		if last.Chosen == nil || last.Chosen.Name != "Anna" || last.ChosenBy != "olga" {
			t.Errorf("the late answer undid the choice: %+v", last)
		}
	})
}

// Somebody linked the number to a customer whose record lacks it.
func TestAChoiceOfARecordWithoutTheNumber(t *testing.T) {
	crm := &system{id: "1c"}
	crm.set(10*time.Millisecond, nil, record("1c", "Boris", "8 (495) 123-45-67"))
	in(t, []*system{crm}, func(t *testing.T, b bench) {
		if _, err := b.Choose(t.Context(), number, idOf("1c", "Boris"), "olga"); err != nil {
			t.Fatal(err)
		}
		if m := b.Match(t.Context(), number); m.State != customers.MatchFound || m.Chosen.Name != "Boris" || m.Candidates[0].Why != customers.ReasonRemembered {
			t.Errorf("%+v", m)
		}
		gets := crm.gets.Load()
		b.Match(t.Context(), number)
		if crm.gets.Load() != gets {
			t.Error("a fresh customer is fetched again for every call")
		}
		time.Sleep(time.Hour)
		renamed := record("1c", "Boris", "8 (495) 123-45-67")
		renamed.Company = "Ромашка"
		crm.set(10*time.Millisecond, nil, renamed)
		if m := b.Match(t.Context(), number); m.Chosen.Company != "Ромашка" || m.ChosenBy != "olga" {
			t.Errorf("the card is not renewed: %+v", m)
		}
		time.Sleep(time.Hour)
		crm.set(10*time.Millisecond, nil)
		if m := b.Match(t.Context(), number); m.State != customers.MatchNone {
			t.Errorf("a record that is gone is still offered: %+v", m)
		}
	})
}

func TestChooseRefuses(t *testing.T) {
	crm := &system{id: "1c"}
	in(t, []*system{crm}, func(t *testing.T, b bench) {
		for _, n := range []string{"101", "anonymous"} {
			if _, err := b.Choose(t.Context(), n, idOf("1c", "x"), "olga"); !errs.Is(err, errs.Invalid) {
				t.Errorf("%s: %v, want Invalid", n, err)
			}
		}
		for _, id := range []customers.ID{idOf("1c", "nobody"), idOf("other", "x"), "nonsense"} {
			if _, err := b.Choose(t.Context(), number, id, "olga"); !errs.Is(err, errs.NotFound) {
				t.Errorf("%s: %v, want NotFound", id, err)
			}
		}
	})
}

func TestGet(t *testing.T) {
	crm := &system{id: "1c"}
	crm.set(10*time.Millisecond, nil, record("1c", "Maria", messy))
	in(t, []*system{crm}, func(t *testing.T, b bench) {
		id := idOf("1c", "Maria")
		if _, err := b.Known(t.Context(), id); !errs.Is(err, errs.NotFound) {
			t.Errorf("known before anybody asked: %v", err)
		}
		for range 3 {
			if c, err := b.Get(t.Context(), id); err != nil || c.Name != "Maria" {
				t.Errorf("%+v, %v", c, err)
			}
		}
		if n := crm.gets.Load(); n != 1 {
			t.Errorf("the system was asked %d times, want once", n)
		}
		time.Sleep(time.Hour)
		crm.set(10*time.Millisecond, errs.E(errs.Unavailable, "asking", "away"))
		if c, err := b.Get(t.Context(), id); err != nil || time.Since(c.AsOf) < time.Hour {
			t.Errorf("while the system is away: %+v, %v", c, err)
		}
		if c, err := b.Known(t.Context(), id); err != nil || c.Name != "Maria" {
			t.Errorf("known: %+v, %v", c, err)
		}
		if _, err := b.Get(t.Context(), idOf("1c", "Anna")); !errs.Is(err, errs.Unavailable) {
			t.Errorf("never seen, system away: %v", err)
		}
		crm.set(10*time.Millisecond, nil)
		if _, err := b.Get(t.Context(), id); !errs.Is(err, errs.NotFound) {
			t.Errorf("gone: %v", err)
		}
	})
}

func TestSearch(t *testing.T) {
	a, z := &system{id: "a"}, &system{id: "z"}
	gone := record("a", "Gone")
	gone.Deleted = true
	a.set(10*time.Millisecond, nil, record("a", "Maria", messy), gone)
	z.set(time.Hour, nil)
	in(t, []*system{a, z}, func(t *testing.T, b bench) {
		began := time.Now()
		found, err := b.Search(t.Context(), " mar ", 10)
		if err != nil || len(found) != 1 || found[0].Name != "Maria" || time.Since(began) != 5*time.Second {
			t.Errorf("%+v, %v after %v", found, err, time.Since(began))
		}
		a.set(0, errs.E(errs.Unavailable, "asking", "away"))
		z.set(0, errs.E(errs.Unsupported, "asking", "cannot"))
		if found, err := b.Search(t.Context(), "maria", 10); err != nil || len(found) != 1 {
			t.Errorf("among those last seen: %+v, %v", found, err)
		}
		if _, err := b.Search(t.Context(), "nobody", 10); !errs.Is(err, errs.Unavailable) {
			t.Errorf("nobody answers: %v", err)
		}
		a.set(0, nil)
		if found, err := b.Search(t.Context(), "nobody", 10); err != nil || len(found) != 0 {
			t.Errorf("%+v, %v", found, err)
		}
		a.set(0, nil, record("a", "A"), record("a", "B"), record("a", "C"))
		if found, err := b.Search(t.Context(), "abc", 2); err != nil || len(found) != 2 {
			t.Errorf("limited: %+v, %v", found, err)
		}
		for _, short := range []string{"", " m "} {
			if found, err := b.Search(t.Context(), short, 10); err != nil || found != nil {
				t.Errorf("%q: %v, %v", short, found, err)
			}
		}
	})
}

// Who was linked by a rule, because a customer system says so, is not linked again once somebody said that it is not them; not in
// this process, nor in another.
func TestAWrongLinkIsUndone(t *testing.T) {
	crm := &system{id: "1c"}
	crm.set(10*time.Millisecond, nil, record("1c", "Maria", messy))
	in(t, []*system{crm}, func(t *testing.T, b bench) {
		b.repo.Spoke(number, idOf("1c", "Maria"))
		if m := b.Match(t.Context(), number); m.Chosen == nil {
			t.Fatalf("at first: %+v", m)
		}
		if err := b.Refuse(t.Context(), messy, "olga"); err != nil {
			t.Fatal(err)
		}
		for name, s := range map[string]bench{"here": b, "in another process": newBench(t, b.repo, crm)} {
			m := s.Match(t.Context(), number)
			if m.State != customers.MatchMany || m.Chosen != nil || len(m.Candidates) != 1 || m.Candidates[0].RefusedBy != "olga" {
				t.Errorf("%s: %+v", name, m)
			}
		}
		if l, _ := b.repo.Links(t.Context(), number); l.Spoken != "" {
			t.Errorf("the history is still linked to %s", l.Spoken)
		}
		if _, err := b.Choose(t.Context(), number, idOf("1c", "Maria"), "olga"); err != nil {
			t.Fatal(err)
		}
		for name, s := range map[string]bench{"here": b, "in another process": newBench(t, b.repo, crm)} {
			if m := s.Match(t.Context(), number); m.State != customers.MatchFound || m.ChosenBy != "olga" || m.Candidates[0].RefusedBy != "" {
				t.Errorf("chosen after all, %s: %+v", name, m)
			}
		}
		if err := b.Refuse(t.Context(), number, "igor"); err != nil {
			t.Fatal(err)
		}
		if m := b.Match(t.Context(), number); m.Chosen != nil || m.Candidates[0].RefusedBy != "igor" {
			t.Errorf("a choice is taken back: %+v", m)
		}
		if err := b.Refuse(t.Context(), "anonymous", "igor"); err != nil {
			t.Errorf("refusing nobody: %v", err)
		}
	})
}

// The same customer in two systems is one on the card, and one to choose and to refuse.
func TestTheSameCustomerInTwoSystemsIsOne(t *testing.T) {
	a, z := &system{id: "a"}, &system{id: "z"}
	here, there := record("a", "ООО «Василёк»", messy), record("z", "Vasilek LLC", messy)
	here.Kind, there.Kind, here.TaxID, there.TaxID = connectors.KindCompany, connectors.KindCompany, "7701234567", "7701234567"
	a.set(10*time.Millisecond, nil, here)
	z.set(20*time.Millisecond, nil, there)
	in(t, []*system{a, z}, func(t *testing.T, b bench) {
		m := b.Match(t.Context(), number)
		if m.State != customers.MatchFound || len(m.Candidates) != 1 || len(m.Candidates[0].Same) != 1 {
			t.Fatalf("%+v", m)
		}
		// Whatever record of the two is chosen, the other stays beside it.
		for _, id := range []customers.ID{idOf("a", "ООО «Василёк»"), idOf("z", "Vasilek LLC")} {
			if _, err := b.Choose(t.Context(), number, id, "olga"); err != nil {
				t.Fatal(err)
			}
			m = b.Match(t.Context(), number)
			if m.Chosen.ID != id || len(m.Candidates) != 1 || m.Candidates[0].Customer.ID != id || len(m.Candidates[0].Same) != 1 ||
				m.Candidates[0].Same[0].ID == id || m.Candidates[0].Why != customers.ReasonRemembered {
				t.Errorf("%s chosen: %+v", id, m)
			}
		}
		if err := b.Refuse(t.Context(), number, "olga"); err != nil {
			t.Fatal(err)
		}
		if m := b.Match(t.Context(), number); m.Chosen != nil || m.State != customers.MatchMany {
			t.Errorf("refused in one system, linked in the other: %+v", m)
		}
	})
}

func TestAWordOfAnotherProcessIsHeardAtTheNextCall(t *testing.T) {
	crm := &system{id: "1c"}
	crm.set(10*time.Millisecond, nil, record("1c", "Maria", messy), record("1c", "Anna", messy))
	in(t, []*system{crm}, func(t *testing.T, b bench) {
		there := newBench(t, b.repo, crm)
		there.Match(t.Context(), number)
		if _, err := b.Choose(t.Context(), number, idOf("1c", "Anna"), "olga"); err != nil {
			t.Fatal(err)
		}
		if m := there.Match(t.Context(), number); m.Chosen != nil {
			t.Errorf("memory is believed for half a minute: %+v", m.Chosen)
		}
		there.Reread(messy)
		if m := there.Match(t.Context(), number); m.Chosen == nil || m.Chosen.Name != "Anna" || m.ChosenBy != "olga" {
			t.Errorf("after the word: %+v", m)
		}
	})
}

// A call asks again because of the choice, and the word of the choice arrives in the midst of it.
func TestAWordThatArrivesInAQuestionDoesNotWipeItsAnswer(t *testing.T) {
	crm := &system{id: "1c"}
	crm.set(100*time.Millisecond, nil, record("1c", "Maria", messy), record("1c", "Anna", messy))
	in(t, []*system{crm}, func(t *testing.T, b bench) {
		there := newBench(t, b.repo, crm)
		there.Match(t.Context(), number)
		if _, err := b.Choose(t.Context(), number, idOf("1c", "Anna"), "olga"); err != nil {
			t.Fatal(err)
		}
		_, later := there.Refresh(t.Context(), number)
		if m := <-later; m.Chosen == nil || m.Chosen.Name != "Anna" {
			t.Fatalf("read anew: %+v", m)
		}
		there.Reread(number)
		for m := range later {
			if m.Chosen == nil || m.Chosen.Name != "Anna" {
				t.Errorf("wiped: %+v", m)
			}
		}
	})
}

// TestASystemThatHangsKeepsNobodyFromUndoingALink: it was waited for until the request had ended, and nothing was undone.
func TestASystemThatHangsKeepsNobodyFromUndoingALink(t *testing.T) {
	crm, away := &system{id: "1c"}, &system{id: "away"}
	crm.set(0, nil, record("1c", "Maria", messy))
	in(t, []*system{crm, away}, func(t *testing.T, b bench) {
		if m := b.Match(t.Context(), number); m.Chosen == nil || m.Chosen.Name != "Maria" {
			t.Fatalf("%+v", m)
		}
		away.set(time.Minute, nil)
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		defer cancel()
		if err := b.Refuse(ctx, number, "olga"); err != nil {
			t.Fatal(err)
		}
		if m := b.Match(t.Context(), number); m.Chosen != nil {
			t.Errorf("it is %s still", m.Chosen.Name)
		}
	})
}
