package workbench_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/pult-cc/pult/connectors"
	"github.com/pult-cc/pult/internal/customers"
	"github.com/pult-cc/pult/internal/errs"
	"github.com/pult-cc/pult/internal/workbench"
)

func TestSavedIsListedWithoutItsSecret(t *testing.T) {
	s := newStand(t)
	c := s.save(s.draft())
	if c.Version != 1 || c.UpdatedBy != "adam" || !c.UpdatedAt.Equal(now) || len(c.Secrets) != 1 || c.Secrets[0] != "password" || s.changed != 1 {
		t.Errorf("saved %+v, told %d times", c, s.changed)
	}
	all, err := s.List(t.Context())
	if err != nil || len(all) != 1 {
		t.Fatalf("listed %v, %v", all, err)
	}
	if text := string(all[0].Config); strings.Contains(text, "password") || !strings.Contains(text, s.url) {
		t.Errorf("shown as %s", text)
	}
	for what, text := range map[string]string{"the database": string(s.rows.m["1c"].Config) + string(s.rows.m["1c"].Sealed), "the log": s.log.String()} {
		if strings.Contains(text, password) {
			t.Errorf("%s has the secret", what)
		}
	}
	specs, err := s.Specs(t.Context())
	if err != nil || len(specs) != 1 || specs[0].Problem != nil {
		t.Fatalf("to open: %+v, %v", specs, err)
	}
	var opened map[string]any
	if err := json.Unmarshal(specs[0].Config, &opened); err != nil {
		t.Fatal(err)
	}
	if v, err := specs[0].Secrets.Secret(t.Context(), opened["password"].(string)); err != nil || v != password {
		t.Errorf("the secret is opened as %q, %v", v, err)
	}
	for _, ref := range []string{"env:HOME", "file:/etc/passwd", "sealed:other"} {
		if _, err := specs[0].Secrets.Secret(t.Context(), ref); err == nil {
			t.Errorf("%s was resolved", ref)
		}
	}
}

func TestWhatIsWrongIsNamedAndNothingIsSaved(t *testing.T) {
	s := newStand(t, func(o *workbench.Options) { o.File = []workbench.Spec{{ID: "file", Kind: "memory", Name: "File"}} })
	change := func(f func(*workbench.Draft)) workbench.Draft {
		d := s.draft()
		f(&d)
		return d
	}
	for field, d := range map[string]workbench.Draft{
		"id":                  change(func(d *workbench.Draft) { d.ID = "Мой CRM" }),
		"name":                change(func(d *workbench.Draft) { d.Name = " " }),
		"kind":                change(func(d *workbench.Draft) { d.Kind = "plugin" }),
		"config":              change(func(d *workbench.Draft) { d.Config = json.RawMessage(`[]`) }),
		"config.base_url":     change(func(d *workbench.Draft) { d.Config = s.config(map[string]any{"base_url": "ftp://x"}) }),
		"config.max_conexion": change(func(d *workbench.Draft) { d.Config = s.config(map[string]any{"max_conexion": 1}) }),
		"config.password":     change(func(d *workbench.Draft) { d.Secrets["password"] = ptr("env:PULT_ARI_PASSWORD") }),
		"config.user":         change(func(d *workbench.Draft) { d.Secrets["user"] = ptr("x") }),
		"config.networks[0]":  change(func(d *workbench.Draft) { d.Config = s.config(map[string]any{"networks": []string{"10.0.0.0/8"}}) }),
	} {
		_, err := s.Save(t.Context(), d, "adam")
		if !errs.Is(err, errs.Invalid) || errs.FieldsOf(err)[field] == "" {
			t.Errorf("%s: %v, fields %v", field, err, errs.FieldsOf(err))
		}
	}
	for what, d := range map[string]workbench.Draft{
		"one of the file":          change(func(d *workbench.Draft) { d.ID = "file" }),
		"a secret among the rest":  change(func(d *workbench.Draft) { d.Config = s.config(map[string]any{"password": "x"}) }),
		"an unknown kind":          change(func(d *workbench.Draft) { d.Kind = "sap" }),
		"a change of what is gone": change(func(d *workbench.Draft) { d.Version = 3 }),
	} {
		if _, err := s.Save(t.Context(), d, "adam"); err == nil {
			t.Errorf("%s was saved", what)
		}
	}
	if len(s.rows.m) != 0 || s.changed != 0 {
		t.Errorf("%d were saved, told %d times", len(s.rows.m), s.changed)
	}
}

// The one attack that matters: whoever may change settings must not have a stored secret sent to a server of their own.
func TestAStoredSecretGoesNowhereElse(t *testing.T) {
	s := newStand(t)
	s.save(s.draft())
	moved := workbench.Draft{ID: "1c", Kind: "onec", Name: "1С", Version: 1, Config: s.config(map[string]any{"base_url": strings.Replace(s.url, "127.0.0.1", "127.0.0.2", 1)})}
	asked := len(s.sim.Requests())
	for what, try := range map[string]func() error{
		"saving":  func() error { _, err := s.Save(t.Context(), moved, "eve"); return err },
		"testing": func() error { _, err := s.Test(t.Context(), workbench.Subject{Draft: &moved}); return err },
		"trying": func() error {
			_, err := s.Try(t.Context(), workbench.Subject{Draft: &moved}, caller)
			return err
		},
	} {
		if err := try(); errs.FieldsOf(err)["config.password"] == "" || !strings.Contains(errs.Message(err), "base_url") {
			t.Errorf("%s: %v", what, err)
		}
	}
	// A row that was changed in the database does not open either.
	r := s.rows.m["1c"]
	r.Config = json.RawMessage(strings.Replace(string(r.Config), "127.0.0.1", "127.0.0.2", 1))
	s.rows.m["1c"] = r
	if _, err := s.Test(t.Context(), workbench.Subject{ID: "1c"}); !errs.Is(err, errs.Invalid) {
		t.Errorf("a changed row: %v", err)
	}
	if specs, err := s.Specs(t.Context()); err != nil || specs[0].Problem == nil {
		t.Errorf("a changed row is to be opened: %+v, %v", specs, err)
	}
	if len(s.sim.Requests()) != asked {
		t.Errorf("the secret was sent: %v", s.sim.Requests())
	}
}

func TestSecretsStayThroughHarmlessChanges(t *testing.T) {
	s := newStand(t)
	s.save(s.draft())
	d := workbench.Draft{ID: "1c", Kind: "onec", Name: "Наша 1С", Version: 1, Config: s.config(map[string]any{"max_connections": 2})}
	if c := s.save(d); c.Version != 2 || len(c.Secrets) != 1 {
		t.Fatalf("saved %+v", c)
	}
	if got, err := s.Test(t.Context(), workbench.Subject{ID: "1c"}); err != nil || got.Problem != nil || !got.Checked {
		t.Errorf("tested %+v, %v", got, err)
	}
	d.Version, d.Secrets = 2, map[string]*string{"password": nil}
	if c := s.save(d); len(c.Secrets) != 0 || len(s.rows.m["1c"].Sealed) != 0 {
		t.Errorf("taken away: %+v", c)
	}
}

// A key that was lost, or a row that was changed by hand: it can be stopped and mended.
func TestASecretThatDoesNotOpenIsTypedAnew(t *testing.T) {
	s := newStand(t)
	s.save(s.draft())
	r := s.rows.m["1c"]
	r.Sealed = []byte("of another installation")
	s.rows.m["1c"] = r
	d := s.draft()
	d.Version, d.Secrets = 1, nil
	if _, err := s.Save(t.Context(), d, "adam"); errs.FieldsOf(err)["config.password"] == "" {
		t.Errorf("saved without it: %v", err)
	}
	if _, err := s.Switch(t.Context(), "1c", true, 7, "adam"); !errs.Is(err, errs.Conflict) {
		t.Errorf("stopping another version: %v", err)
	}
	if c, err := s.Switch(t.Context(), "1c", true, 1, "adam"); err != nil || !c.Disabled || c.Version != 2 || s.changed != 2 {
		t.Fatalf("stopped: %+v, %v", c, err)
	}
	if specs, err := s.Specs(t.Context()); err != nil || len(specs) != 0 {
		t.Errorf("stopped and used: %+v, %v", specs, err)
	}
	if _, err := s.Switch(t.Context(), "1c", false, 2, "adam"); !strings.Contains(errs.Message(err), "type them again") || s.rows.m["1c"].Version != 2 {
		t.Errorf("it is in use and cannot be opened: %v", err)
	}
	d.Version, d.Secrets, d.Disabled = 2, map[string]*string{"password": ptr(password)}, true
	s.save(d)
	if c, err := s.Switch(t.Context(), "1c", false, 3, "adam"); err != nil || c.Disabled || c.Version != 4 {
		t.Errorf("in use again: %+v, %v", c, err)
	}
	s.test(t, workbench.Subject{ID: "1c"})
}

func TestAConnectorMadeAnewIsNotTheOldOne(t *testing.T) {
	s := newStand(t)
	d := s.draft()
	s.save(d)
	if err := s.Delete(t.Context(), "1c", 1, "adam"); err != nil {
		t.Fatal(err)
	}
	if c := s.save(d); c.Version == 1 {
		t.Error("it has the version of the one that was deleted")
	}
	d.Version = 1
	if _, err := s.Save(t.Context(), d, "late"); !errs.Is(err, errs.Conflict) {
		t.Errorf("a page of the old one: %v", err)
	}
}

func TestWhoIsLateIsTold(t *testing.T) {
	s := newStand(t)
	s.save(s.draft())
	if _, err := s.Save(t.Context(), s.draft(), "adam"); !errs.Is(err, errs.Invalid) || errs.FieldsOf(err)["id"] == "" {
		t.Errorf("a second one of the name: %v", err)
	}
	d := s.draft()
	d.Version = 1
	s.save(d)
	if _, err := s.Save(t.Context(), d, "late"); !errs.Is(err, errs.Conflict) {
		t.Errorf("saving: %v", err)
	}
	if err := s.Delete(t.Context(), "1c", 1, "late"); !errs.Is(err, errs.Conflict) {
		t.Errorf("deleting: %v", err)
	}
	if err := s.Delete(t.Context(), "1c", 2, "adam"); err != nil || len(s.rows.m) != 0 || s.changed != 3 {
		t.Errorf("deleting: %v, told %d times", err, s.changed)
	}
}

func TestConnectorsOfTheFileAreShownAndTriedOnly(t *testing.T) {
	s := newStand(t, func(o *workbench.Options) {
		o.File = []workbench.Spec{{ID: "list", Kind: "memory", Name: "Список", Config: json.RawMessage(`{"customers":[{"name":"Анна","phones":["8 (916) 123-45-67"]}]}`)}}
	})
	all, err := s.List(t.Context())
	if err != nil || len(all) != 1 || !all[0].FromFile || all[0].Config != nil || all[0].Version != 0 {
		t.Errorf("listed %+v, %v", all, err)
	}
	if err := s.Delete(t.Context(), "list", 0, "adam"); !errs.Is(err, errs.Invalid) {
		t.Errorf("deleting: %v", err)
	}
	got, err := s.Try(t.Context(), workbench.Subject{ID: "list"}, "+7 916 123-45-67")
	if err != nil || got.Match.State != customers.MatchFound || got.Found[0].Place != 1 {
		t.Errorf("tried: %+v, %v", got, err)
	}
	s.rows.m["list"] = workbench.Record{ID: "list", Kind: "onec", Version: 1, Config: json.RawMessage(`{}`)}
	if specs, err := s.Specs(t.Context()); err != nil || len(specs) != 1 || specs[0].Kind != "memory" {
		t.Errorf("both of a name: %+v, %v", specs, err)
	}
	if all, err := s.List(t.Context()); err != nil || all[1].Status.Refused == "" {
		t.Errorf("both of a name: %+v, %v", all, err)
	}
}

func TestKindsThatRunProgramsOrReadDatabasesAreTheFiles(t *testing.T) {
	s := newStand(t)
	var names []string
	for _, f := range s.Kinds() {
		names = append(names, f.Kind)
	}
	if got := strings.Join(names, " "); got != "csvfile httpjson onec" {
		t.Errorf("configurable here: %s", got)
	}
}

func TestPermissionThatIsTakenBack(t *testing.T) {
	s := newStand(t)
	s.save(s.draft())
	strict := newStand(t, func(o *workbench.Options) { o.Repository, o.Reach = s.rows, connectors.Reach{} })
	specs, err := strict.Specs(t.Context())
	if err != nil || len(specs) != 1 {
		t.Fatalf("%+v, %v", specs, err)
	}
	// Without a list of its own the connector may be opened; the guard refuses the address when it asks.
	got, err := strict.Test(t.Context(), workbench.Subject{Draft: ptrTo(s.draft())})
	if err != nil || got.Problem == nil || !strings.Contains(errs.Message(got.Problem), "web_connectors.networks") {
		t.Errorf("tested %+v, %v", got, err)
	}
}

func ptrTo(d workbench.Draft) *workbench.Draft { return &d }
