// Package astconf reads Asterisk's configuration files as Asterisk does (main/config.c), so that `pult doctor` can judge what a site
// has in them: comments, #include, templates, objects. It is tolerant: what it does not understand becomes a problem and the rest is
// read. It knows nothing of what sections and keys mean, nor of Pult.
package astconf

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// Limits of what is read: configuration, not data.
const (
	maxDepth = 10       // of #include, as in Asterisk
	maxBytes = 16 << 20 // of all files together
	maxFiles = 1000
)

// File is a configuration file with everything it includes.
type File struct {
	Sections []*Section // in order, templates among them; the same name may occur several times
	Problems []string   // lines that were not understood, files that are not there: "pjsip.conf:12: …"
	Sources  []string   // the files that were read
}

// Section is what stands under a [name].
type Section struct {
	Name     string
	Template bool // [name](!): for others to inherit from, nothing by itself
	Entries  []Entry
}

// Entry is one line: key = value, or key => value.
type Entry struct {
	Key, Value string
	Object     bool   // =>
	File       string // where it stands, relative to the folder; of the template, for what is inherited
	Line       int
}

// At says where the entry stands: "extensions.conf:12".
func (e Entry) At() string { return fmt.Sprintf("%s:%d", e.File, e.Line) }

// Get returns the last value of a key, as Asterisk's own modules take it; keys are compared without case.
func (s *Section) Get(key string) (string, bool) {
	for _, e := range slices.Backward(s.Entries) {
		if strings.EqualFold(e.Key, key) {
			return e.Value, true
		}
	}
	return "", false
}

// Named returns the sections of a name that are no templates.
func (f *File) Named(name string) (out []*Section) {
	for _, s := range f.Sections {
		if s.Name == name && !s.Template {
			out = append(out, s)
		}
	}
	return out
}

// Get returns the last value of a key in the sections of a name.
func (f *File) Get(section, key string) (value string, ok bool) {
	for _, s := range f.Named(section) {
		if v, found := s.Get(key); found {
			value, ok = v, true
		}
	}
	return value, ok
}

// Read reads a file of the folder and what it includes. An absent file is fs.ErrNotExist, one that may not be read fs.ErrPermission.
func Read(dir, name string) (*File, error) {
	r := &reader{dir: dir, file: &File{}}
	if err := r.read(filepath.Join(dir, name), 0); err != nil {
		return nil, fmt.Errorf("reading %s: %w", name, err)
	}
	return r.file, nil
}

type reader struct {
	dir     string
	file    *File
	section *Section
	size    int64
}

// read reads one file. A block comment ends with it.
func (r *reader) read(path string, depth int) error {
	if depth > maxDepth {
		return errors.New("#include goes too deep")
	}
	info, err := os.Stat(path)
	if err != nil {
		return err
	}
	if r.size += info.Size(); !info.Mode().IsRegular() || r.size > maxBytes || len(r.file.Sources) >= maxFiles {
		return errors.New("too much to read")
	}
	data, err := os.ReadFile(path) //nolint:gosec // the administrator names the folder
	if err != nil {
		return err
	}
	short := path
	if rel, err := filepath.Rel(r.dir, path); err == nil && !strings.HasPrefix(rel, "..") {
		short = rel
	}
	r.file.Sources = append(r.file.Sources, short)
	in := bufio.NewScanner(bytes.NewReader(bytes.TrimPrefix(data, []byte("\xef\xbb\xbf"))))
	in.Buffer(nil, maxBytes)
	nested := 0
	for n := 1; in.Scan(); n++ {
		var text string
		text, nested = uncomment(in.Text(), nested)
		if text = strings.TrimSpace(text); text != "" {
			r.line(text, short, n, depth)
		}
	}
	return in.Err()
}

func (r *reader) problem(file string, line int, format string, args ...any) {
	r.file.Problems = append(r.file.Problems, fmt.Sprintf("%s:%d: ", file, line)+fmt.Sprintf(format, args...))
}

// uncomment removes what follows ";" and what stands between ";--" and "--;", which may nest. "\;" is a semicolon.
func uncomment(line string, nested int) (string, int) {
	var out strings.Builder
	for i := 0; i < len(line); i++ {
		rest := line[i:]
		switch {
		case nested == 0 && strings.HasPrefix(rest, `\;`):
			out.WriteByte(';')
			i++
		case strings.HasPrefix(rest, ";--") && !strings.HasPrefix(rest, ";---"):
			nested++
			i += 2
		case nested > 0 && strings.HasPrefix(rest, "--;"):
			nested--
			i += 2
		case nested == 0 && rest[0] == ';':
			return out.String(), nested
		case nested == 0:
			out.WriteByte(rest[0])
		}
	}
	return out.String(), nested
}

func (r *reader) line(text, file string, n, depth int) {
	switch text[0] {
	case '[':
		r.open(text, file, n)
	case '#':
		r.directive(text, file, n, depth)
	default:
		r.entry(text, file, n)
	}
}

// open begins a section: [name], [name](!), [name](template,template), [name](+).
func (r *reader) open(text, file string, n int) {
	name, rest, ok := strings.Cut(text[1:], "]")
	if !ok {
		r.problem(file, n, "no closing bracket")
		return
	}
	s := &Section{Name: strings.TrimSpace(name)}
	options, _, _ := strings.Cut(strings.TrimPrefix(strings.TrimSpace(rest), "("), ")")
	more := false
	for o := range strings.SplitSeq(options, ",") {
		switch o = strings.TrimSpace(o); o {
		case "":
		case "!":
			s.Template = true
		case "+":
			more = true
		default:
			base := r.last(o)
			if base == nil {
				r.problem(file, n, "[%s] inherits from [%s], which does not stand before it", s.Name, o)
				continue
			}
			s.Entries = append(s.Entries, base.Entries...)
		}
	}
	if more {
		if base := r.last(s.Name); base != nil {
			base.Entries = append(base.Entries, s.Entries...)
			r.section = base
			return
		}
		r.problem(file, n, "[%s](+) adds to a section that does not stand before it", s.Name)
	}
	r.file.Sections = append(r.file.Sections, s)
	r.section = s
}

// last returns the newest section of a name.
func (r *reader) last(name string) *Section {
	for _, s := range slices.Backward(r.file.Sections) {
		if s.Name == name {
			return s
		}
	}
	return nil
}

// directive handles #include, #tryinclude and #exec.
func (r *reader) directive(text, file string, n, depth int) {
	word, arg, _ := strings.Cut(text[1:], " ")
	if tab, rest, ok := strings.Cut(text[1:], "\t"); ok && len(tab) < len(word) {
		word, arg = tab, rest
	}
	arg = strings.Trim(strings.TrimSpace(arg), `"<>`)
	switch strings.ToLower(word) {
	case "include", "tryinclude":
		if arg == "" {
			r.problem(file, n, "#%s names no file", word)
			return
		}
		pattern := arg
		if !filepath.IsAbs(pattern) {
			pattern = filepath.Join(r.dir, pattern)
		}
		paths, err := filepath.Glob(pattern)
		if err != nil || len(paths) == 0 && !strings.ContainsAny(arg, "*?[") {
			paths = []string{pattern}
		}
		for _, path := range paths {
			err := r.read(path, depth+1)
			if err != nil && (!strings.EqualFold(word, "tryinclude") || !errors.Is(err, fs.ErrNotExist)) {
				r.problem(file, n, "#include %s: %s", arg, reason(err))
			}
		}
	case "exec":
		r.problem(file, n, "#exec is not run here: what it prints is not seen")
	default:
		r.problem(file, n, "unknown directive #%s", word)
	}
}

func reason(err error) string {
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return "there is no such file"
	case errors.Is(err, fs.ErrPermission):
		return "it may not be read"
	}
	return err.Error()
}

// entry reads key = value, key => value and key += value, which adds to the value before it.
func (r *reader) entry(text, file string, n int) {
	key, value, ok := strings.Cut(text, "=")
	if !ok {
		r.problem(file, n, "neither a section nor key = value")
		return
	}
	e := Entry{File: file, Line: n}
	value, e.Object = strings.CutPrefix(value, ">")
	key, add := strings.CutSuffix(strings.TrimSpace(key), "+")
	e.Key, e.Value = strings.TrimSpace(key), strings.TrimSpace(value)
	if r.section == nil {
		r.problem(file, n, "%s stands before the first section", e.Key)
		return
	}
	if before, found := r.section.Get(e.Key); add && found {
		e.Value = before + e.Value
	}
	r.section.Entries = append(r.section.Entries, e)
}
