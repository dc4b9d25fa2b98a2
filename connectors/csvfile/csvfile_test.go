package csvfile_test

import (
	"encoding/csv"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/text/encoding/charmap"
	uni "golang.org/x/text/encoding/unicode"

	"github.com/pult-cc/pult/connectors"
	"github.com/pult-cc/pult/connectors/connectortest"
	"github.com/pult-cc/pult/connectors/csvfile"
	"github.com/pult-cc/pult/internal/errs"
)

func open(t *testing.T, path string, extra map[string]any) *csvfile.Driver {
	t.Helper()
	config := map[string]any{"path": path, "every": "1ns", "link": "https://shop.example/customers/{id}"}
	for k, v := range extra {
		config[k] = v
	}
	raw, err := json.Marshal(config)
	if err != nil {
		t.Fatal(err)
	}
	d, err := csvfile.New(t.Context(), "csv", raw, nil)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// replace puts a file in place as a careful writer does.
func replace(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path+".new", []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(path+".new", path); err != nil {
		t.Fatal(err)
	}
}

var headings = []string{"id", "kind", "name", "company", "tax_id", "owner", "deleted", "phone", "phone_2"}

func TestConformance(t *testing.T) {
	connectortest.Run(t, connectortest.Harness{New: func(t *testing.T, customers []connectortest.Customer) connectortest.System {
		path := filepath.Join(t.TempDir(), "customers.csv")
		var b strings.Builder
		w := csv.NewWriter(&b)
		rows := [][]string{headings}
		for i, c := range customers {
			phones := append(append([]string{}, c.Phones...), "", "")
			rows = append(rows, []string{
				fmt.Sprint(i + 1), string(c.Kind), c.Name, c.Company, c.TaxID, c.Owner, fmt.Sprint(c.Deleted), phones[0], phones[1],
			})
		}
		if err := w.WriteAll(rows); err != nil {
			t.Fatal(err)
		}
		good := b.String()
		replace(t, path, good)
		d := open(t, path, nil)
		return connectortest.System{
			Driver: d, ID: "csv", Gaps: []connectortest.Gap{connectortest.FromMemory},
			// Away first: what was read once goes on to answer.
			Faults: []connectortest.Fault{connectortest.Down, connectortest.ByteOrder},
			Reopen: func() connectors.Driver { return open(t, path, nil) },
			Inject: func(f connectortest.Fault) {
				switch f {
				case connectortest.Down:
					if err := os.Remove(path); err != nil {
						t.Error(err)
					}
				case connectortest.ByteOrder:
					replace(t, path, "\ufeff"+good)
				default:
					replace(t, path, good)
				}
			},
			Close: func() {},
		}
	}})
}

func TestEncodingsAndDelimiters(t *testing.T) {
	table := "Код;Наименование;Телефон;Рабочий\r\n00-001;ООО \"Василёк\";8 (495) 012-34-01, доб. 12;\r\n00-002;\"Рога; и копыта\";;+7 495 012-34-02\r\n"
	columns := map[string]string{"id": "Код", "name": "Наименование", "phone": "Телефон", "phone_work": "Рабочий"}
	cp1251, err := charmap.Windows1251.NewEncoder().String(table)
	if err != nil {
		t.Fatal(err)
	}
	koi8, err := charmap.KOI8R.NewEncoder().String(table)
	if err != nil {
		t.Fatal(err)
	}
	utf16, err := uni.UTF16(uni.LittleEndian, uni.UseBOM).NewEncoder().String(table)
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct{ text, encoding, delimiter string }{
		"utf-8":            {table, "auto", "auto"},
		"utf-8 with BOM":   {"\ufeff" + table, "auto", ";"},
		"windows-1251":     {cp1251, "auto", "auto"},
		"windows-1251 set": {cp1251, "windows-1251", ";"},
		"koi8-r":           {koi8, "koi8-r", "auto"},
		"utf-16":           {utf16, "auto", "auto"},
		"tabs":             {strings.NewReplacer(";;", "\t\t", ";", "\t").Replace(strings.ReplaceAll(table, "Рога; и", "Рога\t и")), "auto", `\t`},
	} {
		path := filepath.Join(t.TempDir(), "c.csv")
		replace(t, path, c.text)
		d := open(t, path, map[string]any{"encoding": c.encoding, "delimiter": c.delimiter, "columns": columns})
		found, err := d.Lookup(t.Context(), connectortest.Query("4950123401"))
		if err != nil || len(found) != 1 || found[0].Name != `ООО "Василёк"` || found[0].Ref.ID != "00-001" {
			t.Errorf("%s: %+v, %v", name, found, err)
			continue
		}
		found, err = d.Lookup(t.Context(), connectortest.Query("4950123402"))
		if err != nil || len(found) != 1 || !strings.HasPrefix(found[0].Name, "Рога") || found[0].Phones[0].Label != "work" ||
			found[0].URL != "https://shop.example/customers/00-002" {
			t.Errorf("%s: %+v, %v", name, found, err)
		}
	}
}

func TestTheLastGoodContentAnswersWhileTheFileIsBroken(t *testing.T) {
	path := filepath.Join(t.TempDir(), "c.csv")
	d := open(t, path, nil)
	q := connectortest.Query("4950123401")
	name := func() string {
		t.Helper()
		found, err := d.Lookup(t.Context(), q)
		if err != nil || len(found) != 1 {
			t.Fatalf("got %v, %v", found, err)
		}
		return found[0].Name
	}
	if _, err := d.Lookup(t.Context(), q); !errs.Is(err, errs.Unavailable) || !strings.Contains(errs.Message(err), "not there") {
		t.Errorf("without a file: %v", err)
	}
	replace(t, path, "id,name,phone\n1,First,84950123401\n")
	if got := name(); got != "First" {
		t.Errorf("got %s", got)
	}
	if h, err := d.Check(t.Context()); err != nil || !strings.HasPrefix(h.Version, "1 customers as of ") {
		t.Errorf("got %+v, %v", h, err)
	}
	for broken, want := range map[string]string{
		"id,name,phone\n1,Second,84950123401,what?\n": "line 2 has another number of cells than the headings",
		"id,name,phone\n,Second,84950123401\n":        "line 2: a row has no id",
		"id,nme,phone\n1,Second,84950123401\n":        `column "nme" is unknown; did you mean name?`,
		"":                                            "the file is empty",
	} {
		replace(t, path, broken)
		if got := name(); got != "First" {
			t.Errorf("%q: got %s", broken, got)
		}
		_, err := d.Check(t.Context())
		if !errs.Is(err, errs.Unavailable) || !strings.Contains(errs.Message(err), want) || !strings.Contains(errs.Message(err), "; the content of 20") {
			t.Errorf("%q: %v", broken, err)
		}
	}
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	if got := name(); got != "First" {
		t.Errorf("removed: got %s", got)
	}
	replace(t, path, "id,name,phone\n1,Second,84950123401\n")
	if got := name(); got != "Second" {
		t.Errorf("mended: got %s", got)
	}
	if _, err := d.Check(t.Context()); err != nil {
		t.Errorf("mended: %v", err)
	}
}

func TestAFileIsNotReadAgainUnlessItChanged(t *testing.T) {
	path := filepath.Join(t.TempDir(), "c.csv")
	replace(t, path, "id,name,phone\n1,First,84950123401\n")
	d := open(t, path, map[string]any{"every": "1h"})
	if _, err := d.Lookup(t.Context(), connectortest.Query("4950123401")); err != nil {
		t.Fatal(err)
	}
	replace(t, path, "id,name,phone\n1,Second,84950123401\n")
	found, err := d.Lookup(t.Context(), connectortest.Query("4950123401"))
	if err != nil || found[0].Name != "First" {
		t.Errorf("before it is due: %v, %v", found, err)
	}
	if _, err := d.Check(t.Context()); err != nil { // looks at once
		t.Fatal(err)
	}
	found, err = d.Lookup(t.Context(), connectortest.Query("4950123401"))
	if err != nil || found[0].Name != "Second" {
		t.Errorf("after the check: %v, %v", found, err)
	}
}

func TestConfigurationErrors(t *testing.T) {
	for config, want := range map[string][2]string{
		`{}`:                {"path", "is required: the file with customers"},
		`{"path": "c.csv"}`: {"path", "must be absolute"},
		`{"path": "/c", "encoding": "windows1251"}`: {"encoding", `"windows1251" is unknown; did you mean windows-1251?`},
		`{"path": "/c", "delimiter": ";;"}`:         {"delimiter", "must be auto or one character"},
		`{"path": "/c", "columns": {"nme": "x"}}`:   {"columns.nme", `column "nme" is unknown; did you mean name?`},
		`{"path": "/c", "columns": {"name": "x"}}`:  {"columns.id", "is required: the heading of the column by which customers are told apart"},
		`{"path": "/c", "delimeter": ";"}`:          {"delimeter", "is unknown; did you mean delimiter?"},
		`{"path": "/c", "link": "customers/{id}"}`:  {"link", "must be an absolute address, such as https://crm.example.com/customers/{id}"},
	} {
		_, err := csvfile.New(t.Context(), "csv", json.RawMessage(config), nil)
		if got := errs.FieldsOf(err)[want[0]]; got != want[1] {
			t.Errorf("%s: %v", config, err)
		}
	}
}

func BenchmarkLookup(b *testing.B) {
	path := filepath.Join(b.TempDir(), "c.csv")
	var text strings.Builder
	text.WriteString("id,name,phone\n")
	for i := range 100_000 {
		fmt.Fprintf(&text, "%d,Customer %d,8 (495) %03d-%02d-%02d\n", i, i, i/10000, i/100%100, i%100)
	}
	if err := os.WriteFile(path, []byte(text.String()), 0o600); err != nil {
		b.Fatal(err)
	}
	d, err := csvfile.New(b.Context(), "csv", json.RawMessage(`{"path": "`+path+`"}`), nil)
	if err != nil {
		b.Fatal(err)
	}
	began := time.Now()
	if _, err := d.Check(b.Context()); err != nil {
		b.Fatal(err)
	}
	b.Logf("100,000 customers are read in %v", time.Since(began))
	for b.Loop() {
		if found, err := d.Lookup(b.Context(), connectortest.Query("4950093456")); err != nil || len(found) != 1 {
			b.Fatal(found, err)
		}
	}
}
