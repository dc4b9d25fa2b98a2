package lab

import (
	"errors"
	"net/http"
	"os"
	"slices"
	"testing"
)

func TestOdooKeepsItsDataOverACrash(t *testing.T) {
	t.Parallel()
	o, err := StartOdoo(t.Context(), ServerOptions{Dir: t.TempDir(), Log: t.Output()})
	if err != nil {
		t.Fatal(err)
	}
	closing(t, &o.Process)
	closing(t, &o.Postgres.Process)
	ctx := within(t)
	var id int
	if err := o.Execute(ctx, &id, "res.partner", "create", []any{map[string]any{"name": "Василёк"}}, nil); err != nil {
		t.Fatal(err)
	}
	if err := o.Kill(); err != nil {
		t.Fatal(err)
	}
	if err := o.Restart(ctx); err != nil {
		t.Fatal(err)
	}
	var found []struct{ Name string }
	if err := o.Execute(ctx, &found, "res.partner", "read", []any{[]int{id}, []string{"name"}}, nil); err != nil {
		t.Fatal(err)
	}
	if len(found) != 1 || found[0].Name != "Василёк" {
		t.Errorf("after the crash: %+v", found)
	}
}

// Two at the same time have nothing in common: each works on a copy of its own, which goes with it.
func TestOdoosAreApart(t *testing.T) {
	t.Parallel()
	var both []*Odoo
	for range 2 {
		o, err := StartOdoo(t.Context(), ServerOptions{})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = o.Close() })
		both = append(both, o)
	}
	ctx := within(t)
	if err := both[0].Execute(ctx, nil, "res.partner", "create", []any{map[string]any{"name": "Василёк"}}, nil); err != nil {
		t.Fatal(err)
	}
	for i, want := range []int{1, 0} {
		var n int
		if err := both[i].Execute(ctx, &n, "res.partner", "search_count", []any{[]any{[]any{"name", "=", "Василёк"}}}, nil); err != nil || n != want {
			t.Errorf("number %d counts %d, %v; want %d", i, n, err, want)
		}
	}
	for _, o := range both {
		dirs := []string{o.Dir, o.Postgres.Dir}
		if err := o.Close(); err != nil {
			t.Error(err)
		}
		if slices.ContainsFunc(dirs, func(d string) bool { _, err := os.Stat(d); return !errors.Is(err, os.ErrNotExist) }) {
			t.Errorf("it left one of %v", dirs)
		}
		if resp, err := http.Get(o.URL); err == nil {
			resp.Body.Close()
			t.Error("it still answers")
		}
	}
}
