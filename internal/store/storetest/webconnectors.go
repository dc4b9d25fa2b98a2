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
		{"no version comes twice", testWebConnectorMadeAnew},
		{"rotated secrets are replaced once", testRotatedSecrets},
	})
}

func saveConnector(t *testing.T, repo workbench.Repository, c workbench.Record, former int64) error {
	t.Helper()
	version, err := repo.SaveWebConnector(t.Context(), c, former)
	if err == nil && version != c.Version {
		t.Errorf("saving %s as %d gave version %d", c.ID, c.Version, version)
	}
	return err
}

func testWebConnectorRoundTrip(t *testing.T, d *db) {
	repo := d.WebConnectors()
	_, err := repo.WebConnector(t.Context(), "crm")
	wantKind(t, "an unknown one", err, errs.NotFound)
	first := webConnector("crm", 1)
	must(t, "saving", saveConnector(t, repo, first, 0))
	wantKind(t, "saving a new one twice", saveConnector(t, repo, first, 0), errs.Conflict)
	bare := workbench.Record{ID: "bare", Kind: "csvfile", Name: "List", Config: json.RawMessage(`{}`), Version: 1, NoIndex: true, Disabled: true, UpdatedAt: start.Add(time.Hour)}
	must(t, "saving one without secrets", saveConnector(t, repo, bare, 0))
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
	wantKind(t, "saving one without id", saveConnector(t, repo, workbench.Record{}, 0), errs.Invalid)
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
	must(t, "saving", saveConnector(t, repo, webConnector("raced", 1), 0))
	var won atomic.Int32
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			switch err := saveConnector(t, repo, webConnector("raced", 2), 1); {
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
	wantKind(t, "replacing what is not there", saveConnector(t, repo, webConnector("absent", 2), 1), errs.Conflict)
	wantKind(t, "deleting an older version", repo.DeleteWebConnector(t.Context(), "raced", 1), errs.Conflict)
}

func testWebConnectorDeleted(t *testing.T, d *db) {
	repo, index := d.WebConnectors(), d.PhoneIndex()
	must(t, "saving", saveConnector(t, repo, webConnector("gone", 1), 0))
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

// A process that has not heard of the deletion, and a page that is still open, must not take the new one for the old.
func testWebConnectorMadeAnew(t *testing.T, d *db) {
	repo := d.WebConnectors()
	for round, last := range []int64{0, 3, 5} {
		version, err := repo.SaveWebConnector(t.Context(), webConnector("anew", 1), 0)
		must(t, "making", err)
		if version != last+1 {
			t.Errorf("round %d made version %d, want %d", round, version, last+1)
		}
		c, err := repo.WebConnector(t.Context(), "anew")
		must(t, "reading", err)
		if c.Version != version {
			t.Errorf("stored is version %d, want %d", c.Version, version)
		}
		must(t, "storing a secret", repo.SaveRotated(t.Context(), "anew", nil, []byte("of this one")))
		for next := version + 1; next <= []int64{3, 5, 7}[round]; next++ {
			must(t, "changing", saveConnector(t, repo, webConnector("anew", next), next-1))
			version = next
		}
		must(t, "deleting", repo.DeleteWebConnector(t.Context(), "anew", version))
	}
	must(t, "making another", saveConnector(t, repo, webConnector("other", 1), 0))
}

func testRotatedSecrets(t *testing.T, d *db) {
	repo := d.WebConnectors()
	_, err := repo.Rotated(t.Context(), "rotating")
	wantKind(t, "of an unknown one", err, errs.NotFound)
	wantKind(t, "storing of an unknown one", repo.SaveRotated(t.Context(), "rotating", nil, []byte("1")), errs.NotFound)
	must(t, "saving", saveConnector(t, repo, webConnector("rotating", 1), 0))
	rotated, err := repo.Rotated(t.Context(), "rotating")
	must(t, "reading none", err)
	if len(rotated) != 0 {
		t.Errorf("a new one has %q", rotated)
	}
	wantKind(t, "replacing what is not stored", repo.SaveRotated(t.Context(), "rotating", []byte{1}, []byte{2}), errs.Conflict)
	must(t, "storing", repo.SaveRotated(t.Context(), "rotating", nil, []byte{1, 0, 255}))
	wantKind(t, "storing over what is there", repo.SaveRotated(t.Context(), "rotating", nil, []byte{2}), errs.Conflict)
	must(t, "replacing", repo.SaveRotated(t.Context(), "rotating", []byte{1, 0, 255}, []byte{3}))
	must(t, "changing the connector", saveConnector(t, repo, webConnector("rotating", 2), 1))
	rotated, err = repo.Rotated(t.Context(), "rotating")
	must(t, "reading", err)
	if !bytes.Equal(rotated, []byte{3}) {
		t.Errorf("read %v", rotated)
	}
}
