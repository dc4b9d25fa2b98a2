package phoneindex_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/pult-cc/pult/internal/customers/phoneindex"
)

func under(config string) func(*phoneindex.Options) {
	return func(o *phoneindex.Options) { o.Config = config }
}

// After a change of how records are read, the former reading answers until the new one is complete, also over a restart.
func TestCallersStayFoundWhileEverybodyIsReadAnew(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, repo := newCRM(45), &phoneindex.Memory{}
		mirror(t, c, repo, under("a")).after(time.Minute).stop()
		c.set(func(c *crm) {
			c.records = c.records[1:]
			c.records[40].Name = "renamed"
		})
		c.take()
		d := mirror(t, c, repo, under("b")).after(250 * time.Millisecond)
		if s := d.State(); d.who(0) != "N0" || d.who(44) != "N44" || d.who(41) != "N41" || !s.Reading {
			t.Errorf("meanwhile: %q %q %q, %+v", d.who(0), d.who(44), d.who(41), s)
		}
		d.stop()
		d = mirror(t, c, repo, under("b")).after(0)
		if d.who(0) != "N0" || d.who(44) != "N44" {
			t.Errorf("after a restart: %q %q", d.who(0), d.who(44))
		}
		d.after(time.Minute)
		if s := d.State(); d.who(0) != "" || d.who(41) != "renamed" || s.Customers != 44 || s.Reading {
			t.Errorf("read anew: %q %q, %+v", d.who(0), d.who(41), s)
		}
		if scans, _ := repo.Scans(t.Context(), "1c"); len(scans) != 1 {
			t.Errorf("stored are %+v", scans)
		}
	})
}

// What was half read under settings that were taken back is not used.
func TestSettingsThatWereTakenBackLeaveNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, repo := newCRM(25), &phoneindex.Memory{}
		mirror(t, c, repo, under("a")).after(time.Minute).stop()
		c.set(func(c *crm) { c.records[0].Name = "another reading" })
		mirror(t, c, repo, under("b")).after(50 * time.Millisecond).stop()
		c.take()
		if d := mirror(t, c, repo, under("a")).after(time.Minute); d.who(0) != "N0" || c.take() != "" {
			t.Errorf("found %q", d.who(0))
		}
	})
}

// A mirror that takes the place of another answers at once what that one would, under its own name, and forgets it afterwards.
func TestAMirrorSucceedsAnother(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, repo := newCRM(25), &phoneindex.Memory{}
		former := mirror(t, c, repo, nil).after(time.Minute)
		for what, change := range map[string]func(*phoneindex.Options){
			"renamed": func(o *phoneindex.Options) { o.Name = "Our 1C" }, "read otherwise": under("b"),
			"another base": func(o *phoneindex.Options) { o.System = "b" }, "another connector": func(o *phoneindex.Options) { o.Connector = "2c" },
		} {
			o := phoneindex.Options{
				Connector: "1c", Name: "1C", Lister: c, Numbers: russian(t), Repository: &phoneindex.Memory{}, NewID: func() string { return "id" },
				Former: former.Mirror,
			}
			change(&o)
			next, err := phoneindex.NewMirror(o)
			if err != nil {
				t.Fatal(err)
			}
			found := next.Index().Lookup(o.Numbers.Parse("+79160000004"))
			same := what == "renamed" || what == "read otherwise"
			if same != (len(found) == 1) || same && (found[0].SourceName != o.Name || next.State().Customers != 25 || next.State().CompleteAt.IsZero()) {
				t.Errorf("%s: found %+v, %+v", what, found, next.State())
			}
		}
		former.stop()
		c.set(func(c *crm) { c.took = time.Hour })
		d := mirror(t, c, &phoneindex.Memory{}, func(o *phoneindex.Options) { o.Former = former.Mirror }) // as if nothing were stored
		if d.after(time.Minute); d.who(3) != "" {
			t.Errorf("what is not stored is still known: %q", d.who(3))
		}
	})
}
