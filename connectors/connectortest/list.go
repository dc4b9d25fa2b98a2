package connectortest

import (
	"slices"

	"github.com/pult-cc/pult/connectors"
)

func related(t T, h bench) {
	busy := anyone
	busy.Business = []Business{{"Закрытая", false}, {"Поставка «Юг»", true}, {"Ещё закрытая", false}, {"Ремонт", true}}
	s := start(t, h, busy, Customer{Kind: connectors.KindCompany, Name: "Idle", Phones: []string{"8 (495) 012-34-02"}})
	relater, ok := connectors.As[connectors.Relater](s.Driver)
	if !ok {
		t.Log("the driver tells no business")
		return
	}
	items, err := relater.Related(t.Context(), customerOf(t, s), 3)
	if err != nil || len(items) != 3 {
		t.Fatalf("got %+v, %v; want 3 of 4", items, err)
	}
	for i, it := range items {
		checkRef(t, s, it.Ref)
		if it.Open != (i < 2) {
			t.Errorf("open ones come first: %d is %+v", i, it)
		}
		if it.Kind == "" || it.Title == "" {
			t.Errorf("no kind or title: %+v", it)
		}
	}
	idle, ok := byName(lookup(t, s, Query("4950123402")), "Idle")
	if !ok {
		t.Fatal("the idle customer is not found")
	}
	if items, err := relater.Related(t.Context(), idle.Ref, 3); err != nil || len(items) != 0 {
		t.Errorf("an idle customer: %v, %v", items, err)
	}
}

func agents(t T, h bench) {
	owned := anyone
	owned.Owner = "Орлов Игорь"
	s := start(t, h, owned)
	lister, ok := connectors.As[connectors.AgentLister](s.Driver)
	if !ok {
		t.Log("the driver does not tell who works with the system")
		return
	}
	list, err := lister.Agents(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, a := range list {
		if a.ID == "" || a.Name == "" {
			t.Errorf("somebody without id or name: %+v", a)
		}
	}
	if !slices.ContainsFunc(list, func(a connectors.Agent) bool { return a.Name == "Орлов Игорь" }) {
		t.Errorf("got %+v, want Орлов Игорь among them", list)
	}
}

// gaps lists what was not asked, so that nobody takes a passed suite for more than it is.
func gaps(t T, h bench) {
	s := start(t, h)
	for _, g := range s.Gaps {
		t.Logf("not asked: the system %s", g)
	}
	has := func(name string, ok bool) {
		if !ok {
			t.Logf("not asked: %s, a capability that the driver lacks", name)
		}
	}
	_, ok := connectors.As[connectors.Checker](s.Driver)
	has("Checker", ok)
	_, ok = connectors.As[connectors.Getter](s.Driver)
	has("Getter", ok)
	_, ok = connectors.As[connectors.Searcher](s.Driver)
	has("Searcher", ok)
	_, ok = connectors.As[connectors.Indexer](s.Driver)
	has("Indexer", ok)
	_, ok = connectors.As[connectors.Relater](s.Driver)
	has("Relater", ok)
	_, ok = connectors.As[connectors.Historian](s.Driver)
	has("Historian", ok)
	_, ok = connectors.As[connectors.ContactCreator](s.Driver)
	has("ContactCreator", ok)
	_, ok = connectors.As[connectors.CallLogger](s.Driver)
	has("CallLogger", ok)
	_, ok = connectors.As[connectors.RecordingAttacher](s.Driver)
	has("RecordingAttacher", ok)
	_, ok = connectors.As[connectors.TaskCreator](s.Driver)
	has("TaskCreator", ok)
	_, ok = connectors.As[connectors.CallShower](s.Driver)
	has("CallShower", ok)
	_, ok = connectors.As[connectors.AgentLister](s.Driver)
	has("AgentLister", ok)
	_, ok = connectors.As[connectors.ClickSource](s.Driver)
	has("ClickSource", ok)
	if s.Driver == nil {
		t.Error("the harness has no driver")
	}
}
