package astconf

import (
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write the golden files anew")

// dump writes what was read, a line each.
func dump(f *File) string {
	var b strings.Builder
	for _, s := range f.Sections {
		fmt.Fprintf(&b, "[%s]", s.Name)
		if s.Template {
			b.WriteString(" template")
		}
		b.WriteByte('\n')
		for _, e := range s.Entries {
			sign := "="
			if e.Object {
				sign = "=>"
			}
			fmt.Fprintf(&b, "  %s %s %s    (%s)\n", e.Key, sign, e.Value, e.At())
		}
	}
	for _, p := range f.Problems {
		fmt.Fprintf(&b, "problem %s\n", p)
	}
	fmt.Fprintf(&b, "read %s\n", strings.Join(f.Sources, " "))
	return b.String()
}

func TestGolden(t *testing.T) {
	for dir, name := range map[string]string{"testdata/site": "everything.conf"} {
		f, err := Read(dir, name)
		if err != nil {
			t.Fatal(err)
		}
		got, golden := dump(f), filepath.Join("testdata", name+".golden")
		if *update {
			if err := os.WriteFile(golden, []byte(got), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(golden)
		if err != nil {
			t.Fatal(err)
		}
		if got != string(want) {
			t.Errorf("%s reads as\n%s\nwant\n%s", name, got, want)
		}
	}
}

func TestValues(t *testing.T) {
	f, err := Read("testdata/site", "everything.conf")
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ section, key, want string }{
		{"general", "ENABLED", "yes"}, {"general", "password", "a;b;c"}, {"general", "list", "a,b"}, {"general", "bindport", "8088"},
		{"op-1", "transport", "udp"}, {"op-1", "allow", "opus"}, {"op-1", "max_contacts", "1"}, {"first", "a", "1"}, {"second", "b", "2"},
	} {
		if got, ok := f.Get(c.section, c.key); !ok || got != c.want {
			t.Errorf("[%s] %s is %q, %v; want %q", c.section, c.key, got, ok, c.want)
		}
	}
	if _, ok := f.Get("general", "hidden"); ok {
		t.Error("a block comment was read")
	}
	if n := len(f.Named("op-1")); n != 2 {
		t.Errorf("there are %d sections op-1, want 2", n)
	}
	if f.Named("base") != nil {
		t.Error("a template is named as a section")
	}
}

func TestFileThatCannotBeRead(t *testing.T) {
	if _, err := Read(t.TempDir(), "pjsip.conf"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("an absent file gave %v", err)
	}
	dir := t.TempDir()
	if err := os.Mkdir(filepath.Join(dir, "ari.conf"), 0o700); err != nil {
		t.Fatal(err)
	}
	if _, err := Read(dir, "ari.conf"); err == nil {
		t.Error("a folder was read as a file")
	}
}

func FuzzRead(f *testing.F) {
	f.Add("[a](!,b)\nc += d;--\n--;e => \\;\n#include a.conf")
	f.Fuzz(func(t *testing.T, text string) {
		dir := t.TempDir()
		if err := os.WriteFile(filepath.Join(dir, "a.conf"), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		file, err := Read(dir, "a.conf")
		if err == nil && len(file.Sources) == 0 {
			t.Error("nothing was read")
		}
	})
}
