package all_test

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"strconv"
	"testing"

	"github.com/pult-cc/pult/connectors/all"
)

// What is mirrored has to be read anew only for what decides which records there are and what is kept of them.
func TestWhatAMirrorDependsOn(t *testing.T) {
	reg, err := all.Registry(slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	const nothing, records, system = "nothing", "records", "system"
	onec := `"base_url":"https://1c.example.com/ut","user":"pult","password":"sealed:password"`
	bitrix := `"preset":"bitrix24-webhook","base_url":"https://a.bitrix24.ru/rest/1","auth":{"token":"sealed:auth.token"}`
	odoo := `"preset":"odoo-rpc","base_url":"https://odoo.example.com","secrets":{"password":"sealed:secrets.password"},"settings":{"login":"pult",`
	custom := func(company, base, title string) string {
		return fmt.Sprintf(`"title":%q,"base_url":"https://api.example.com","headers":{"X-Company":%q},"operations":{"check":{"path":"/me"},"lookup":{"path":"/find"},
			"index":{"path":"/all"},"session":{"steps":[{"name":"base","result":%q},{"path":"/in/${.steps.base}","result":".token"}]}}`, title, company, strconv.Quote(base))
	}
	for _, c := range []struct{ kind, former, now, want string }{
		{"onec", onec, onec + `,"max_connections":2,"max_query_bytes":4000,"networks":["10.0.0.0/8"]`, nothing},
		{"onec", onec, onec + `,"preset":"ut11","time_zone":"Europe/Moscow"`, nothing}, // the defaults
		{"onec", onec, `"base_url":"https://1C.example.com/ut/odata/standard.odata/","user":"pult","password":"env:X"`, nothing},
		{"onec", onec, onec + `,"calls":{"entity":"Document_Звонок"}`, nothing},
		{"onec", onec, onec + `,"links":"https://other.example.com/"`, records},
		{"onec", onec, onec + `,"preset":"bp30"`, records},
		{"onec", onec, `"base_url":"https://1c.example.com/ut","user":"other","password":"sealed:password"`, records},
		{"onec", onec, `"base_url":"https://1c.example.com/bp","user":"pult","password":"sealed:password"`, system},
		{"httpjson", bitrix, bitrix + `,"title":"Our portal","limits":{"requests":1,"max_connections":2},"networks":[]`, nothing},
		{"httpjson", bitrix, bitrix + `,"settings":{"language":"en","responsible":"7"}`, nothing},
		{"httpjson", bitrix, bitrix + `,"operations":{"log_call":null}`, nothing},
		{"httpjson", bitrix, bitrix + `,"links":"https://b.example.com"`, records},
		{"httpjson", bitrix, bitrix + `,"types":{"lead":{"kind":"PERSON"}}`, records},
		{"httpjson", bitrix, `"preset":"bitrix24-webhook","base_url":"https://b.bitrix24.ru/rest/1","auth":{"token":"sealed:auth.token"}`, system},
		{"httpjson", odoo + `"database":"a"}`, odoo + `"database":"a","language":"en"}`, nothing},
		{"httpjson", odoo + `"database":"a"}`, odoo + `"database":"b"}`, system},
		{"httpjson", custom("one", "a", ""), custom("one", "a", "Ours"), nothing},
		{"httpjson", custom("one", "a", ""), custom("two", "a", ""), system},
		{"httpjson", custom("one", "a", ""), custom("one", "b", ""), system}, // a step that asks nothing says which
		{"csvfile", `"path":"/srv/a.csv"`, `"path":"/srv/./a.csv","every":"1m","max_bytes":1000000`, nothing},
		{"csvfile", `"path":"/srv/a.csv"`, `"path":"/srv/a.csv","delimiter":";"`, records},
		{"csvfile", `"path":"/srv/a.csv"`, `"path":"/srv/b.csv"`, system},
		{"sqltable", `"dsn":"env:A","queries":{"lookup":"SELECT 1"}`, `"dsn":"env:A","timeout":"1s","queries":{"lookup":"SELECT 2"}`, nothing},
		{"sqltable", `"dsn":"env:A","queries":{"lookup":"SELECT 1"}`, `"dsn":"env:A","queries":{"lookup":"SELECT 1","index":"SELECT 2"}`, records},
		{"sqltable", `"dsn":"env:A","queries":{"lookup":"SELECT 1"}`, `"dsn":"env:B","queries":{"lookup":"SELECT 1"}`, system},
		{"memory", `"customers":[]`, `"customers":[{"name":"A"}]`, system},
		{"unknown", `"a":1`, `"a":2`, system},
	} {
		former, now := reg.Mirrored(c.kind, json.RawMessage("{"+c.former+"}")), reg.Mirrored(c.kind, json.RawMessage("{"+c.now+"}"))
		got := nothing
		switch {
		case former.System != now.System:
			got = system
		case former.Records != now.Records:
			got = records
		}
		if got != c.want {
			t.Errorf("%s: %s instead of %s is a change of %s, want %s\n%+v\n%+v", c.kind, c.now, c.former, got, c.want, former, now)
		}
	}
}

// Behind one address of a vendor there are all its customers: another key may be another customer's.
func TestWhoseKeysTellSystemsApart(t *testing.T) {
	reg, err := all.Registry(slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	const token, operations = `"auth":{"kind":"bearer","token":"sealed:auth.token"}`, `"operations":{"check":{"path":"/me"},"lookup":{"path":"/find"}}`
	for config, want := range map[string]string{
		`"preset":"hubspot","settings":{"portal":"1"},` + token:                                                                              "[sealed:auth.token]",
		`"preset":"bitrix24-webhook","base_url":"https://a.bitrix24.ru/rest/1","auth":{"token":"x"}`:                                         "[]",
		`"base_url":"https://api.example.com",` + token + "," + operations:                                                                   "[sealed:auth.token]",
		`"base_url":"https://api.example.com","headers":{"X-Key":"${.secrets.key}"},"secrets":{"key":"env:K","other":"env:O"},` + operations: "[env:K]",
	} {
		if got := fmt.Sprint(reg.Mirrored("httpjson", json.RawMessage("{"+config+"}")).Accounts); got != want {
			t.Errorf("%s: got %s, want %s", config, got, want)
		}
	}
}

type values map[string]string

func (v values) Secret(_ context.Context, ref string) (string, error) { return v[ref], nil }

// A reference stays when what it refers to becomes another database; a new password leaves the same one.
func TestADatabaseIsAnotherWhereItsAddressIs(t *testing.T) {
	reg, err := all.Registry(slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	whose := func(dsn string) string {
		t.Helper()
		of := reg.Mirrored("sqltable", json.RawMessage(`{"dsn":"env:A","queries":{"lookup":"SELECT 1"}}`))
		system, err := of.Whose(t.Context(), values{"env:A": dsn})
		if err != nil {
			t.Fatal(err)
		}
		return system
	}
	const former = "postgres://pult:old@db.example.com/crm?sslmode=require"
	for dsn, same := range map[string]bool{
		"postgres://pult:new@db.example.com/crm": true, "postgres://pult:old@db.example.com/other": false, "postgres://pult:old@db2.example.com/crm": false,
	} {
		if (whose(dsn) == whose(former)) != same {
			t.Errorf("%s and %s are told as %s and %s", dsn, former, whose(dsn), whose(former))
		}
	}
}
