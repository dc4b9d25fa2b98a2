package storetest

import (
	"bytes"
	"encoding/json"
	"reflect"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/pult-cc/pult/internal/customers/phoneindex"
	"github.com/pult-cc/pult/internal/errs"
	"github.com/pult-cc/pult/internal/workbench"
)

func webConnector(id string, version int64) workbench.Record {
	return workbench.Record{
		ID: id, Kind: "onec", Name: "1С «Бухгалтерия»", Config: json.RawMessage(`{"base_url": "https://1c.example.com/ut", "password": "sealed:password"}`),
		Sealed: []byte{1, 0, 255}, Version: version, UpdatedAt: start, UpdatedBy: "adam",
	}
}

func runWebConnectors(t *testing.T, fresh NewDatabase) {
	each(t, fresh, []testCase{
		{"stored is read back", testWebConnectorRoundTrip},
		{"a version is replaced once", testWebConnectorVersions},
		{"deleted with its phone index", testWebConnectorDeleted},
	})
}

func testWebConnectorRoundTrip(t *testing.T, d *db) {
	repo := d.WebConnectors()
	_, err := repo.WebConnector(t.Context(), "crm")
	wantKind(t, "an unknown one", err, errs.NotFound)
	first := webConnector("crm", 1)
	must(t, "saving", repo.SaveWebConnector(t.Context(), first, 0))
	wantKind(t, "saving a new one twice", repo.SaveWebConnector(t.Context(), first, 0), errs.Conflict)
	bare := workbench.Record{ID: "bare", Kind: "csvfile", Name: "List", Config: json.RawMessage(`{}`), Version: 1, NoIndex: true, Disabled: true, UpdatedAt: start.Add(time.Hour)}
	must(t, "saving one without secrets", repo.SaveWebConnector(t.Context(), bare, 0))
	all, err := repo.WebConnectors(t.Context())
	must(t, "listing", err)
	for i, want := range []workbench.Record{bare, first} {
		if i >= len(all) || !sameConnector(all[i], want) {
			t.Fatalf("listed %+v, want %+v at %d", all, want, i)
		}
	}
	one, err := repo.WebConnector(t.Context(), "crm")
	must(t, "reading", err)
	if !sameConnector(one, first) {
		t.Errorf("read %+v", one)
	}
	wantKind(t, "saving one without id", repo.SaveWebConnector(t.Context(), workbench.Record{}, 0), errs.Invalid)
}

// sameConnector compares JSON by what it says: PostgreSQL writes it its own way.
func sameConnector(a, b workbench.Record) bool {
	var x, y any
	if json.Unmarshal(a.Config, &x) != nil || json.Unmarshal(b.Config, &y) != nil || !reflect.DeepEqual(x, y) {
		return false
	}
	if !bytes.Equal(a.Sealed, b.Sealed) { // none is nil or empty
		return false
	}
	a.Config, b.Config, a.Sealed, b.Sealed = nil, nil, nil, nil
	return reflect.DeepEqual(a, b)
}

func testWebConnectorVersions(t *testing.T, d *db) {
	repo := d.WebConnectors()
	must(t, "saving", repo.SaveWebConnector(t.Context(), webConnector("raced", 1), 0))
	var won atomic.Int32
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			switch err := repo.SaveWebConnector(t.Context(), webConnector("raced", 2), 1); {
			case err == nil:
				won.Add(1)
			case !errs.Is(err, errs.Conflict):
				t.Errorf("the late one got %v", err)
			}
		})
	}
	wg.Wait()
	if won.Load() != 1 {
		t.Errorf("%d of 4 replaced the same version", won.Load())
	}
	wantKind(t, "replacing what is not there", repo.SaveWebConnector(t.Context(), webConnector("absent", 2), 1), errs.Conflict)
	wantKind(t, "deleting an older version", repo.DeleteWebConnector(t.Context(), "raced", 1), errs.Conflict)
}

func testWebConnectorDeleted(t *testing.T, d *db) {
	repo, index := d.WebConnectors(), d.PhoneIndex()
	must(t, "saving", repo.SaveWebConnector(t.Context(), webConnector("gone", 1), 0))
	for _, id := range []string{"gone", "stays"} {
		must(t, "beginning a scan", index.Begin(t.Context(), phoneindex.Scan{ID: "scan-" + id, Connector: id, Stamp: "s", StartedAt: start}))
		must(t, "adding a page", index.Add(t.Context(), "scan-"+id, phoneindex.Page{Seq: 1, Next: "2", Records: 1, ReadAt: start, Data: []byte("x")}))
	}
	must(t, "deleting", repo.DeleteWebConnector(t.Context(), "gone", 1))
	must(t, "deleting again", repo.DeleteWebConnector(t.Context(), "gone", 1))
	for id, want := range map[string]int{"gone": 0, "stays": 1} {
		scans, err := index.Scans(t.Context(), id)
		must(t, "reading scans", err)
		if len(scans) != want {
			t.Errorf("%s has %d scans, want %d", id, len(scans), want)
		}
	}
}
