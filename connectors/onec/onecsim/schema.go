package onecsim

import (
	"fmt"
	"strings"
)

// ZeroGUID is how 1C writes an empty reference.
const ZeroGUID = "00000000-0000-0000-0000-000000000000"

// Type is the type of a field, as $metadata names it.
type Type string

// The types that the simulated sets use.
const (
	String   Type = "Edm.String"
	GUID     Type = "Edm.Guid"
	Boolean  Type = "Edm.Boolean"
	Int64    Type = "Edm.Int64" // a string in JSON
	DateTime Type = "Edm.DateTime"
)

// Field is a property of a set or of a tabular part.
type Field struct {
	Name string
	Type Type
}

// Nav is a navigation property: the record of another set whose key is in the field Name + "_Key".
type Nav struct {
	Name string
	Set  string
}

// Part is a tabular part: published inside its owner and as a set of its own, "<owner>_<part>".
type Part struct {
	Name   string
	Fields []Field
	Navs   []Nav
}

// Set is a published entity set.
type Set struct {
	Name   string
	Fields []Field
	Navs   []Nav
	Parts  []Part
	Sizes  map[string]int // of texts that the base cuts; others are of any length
	rows   []Row
}

// Row is a record: field name to string, bool or int, and tabular part name to []Row. A field that is not there has its type's
// empty value.
type Row map[string]any

// Base is an information base: published sets with their rows. Once a Sim serves it, only the Sim changes it.
type Base struct {
	sets  map[string]*Set
	order []string
}

// NewBase makes an empty base with the sets.
func NewBase(sets ...Set) *Base {
	b := &Base{sets: map[string]*Set{}}
	for _, s := range sets {
		b.sets[s.Name] = &s
		b.order = append(b.order, s.Name)
	}
	return b
}

// Add puts rows into a set. A row must have a Ref_Key; an unknown set or field is a mistake of the caller and panics.
func (b *Base) Add(set string, rows ...Row) {
	s, ok := b.sets[set]
	if !ok {
		panic("onecsim: no set " + set)
	}
	for _, r := range rows {
		for name := range r {
			if _, isField := s.field(name); !isField && s.part(name) == nil {
				panic(fmt.Sprintf("onecsim: %s has no field %s", set, name))
			}
		}
		if guidOf(r["Ref_Key"]) == "" {
			panic("onecsim: a row without Ref_Key")
		}
		for _, p := range s.Parts {
			lines, _ := r[p.Name].([]Row)
			for i, line := range lines {
				line["Ref_Key"] = r["Ref_Key"]
				line["LineNumber"] = i + 1
			}
		}
		s.rows = append(s.rows, r)
	}
}

// Rows returns the rows of a set.
func (b *Base) Rows(set string) []Row {
	if s, ok := b.sets[set]; ok {
		return s.rows
	}
	return nil
}

// lookup finds a set or, as a set of its own, a tabular part.
func (b *Base) lookup(name string) (*Set, bool) {
	if s, ok := b.sets[name]; ok {
		return s, true
	}
	// The name of an object may have an underscore itself, so the longest owner wins (P4: "splitting by _ is wrong").
	for _, owner := range b.order {
		s := b.sets[owner]
		rest, ok := strings.CutPrefix(name, owner+"_")
		if !ok {
			continue
		}
		if p := s.part(rest); p != nil {
			own := &Set{Name: name, Navs: p.Navs}
			own.Fields = append([]Field{{"Ref_Key", GUID}, {"LineNumber", Int64}}, p.Fields...)
			for _, r := range s.rows {
				lines, _ := r[p.Name].([]Row)
				own.rows = append(own.rows, lines...)
			}
			return own, true
		}
	}
	return nil, false
}

func (b *Base) byKey(set, key string) Row {
	s, ok := b.sets[set]
	if !ok || key == "" || key == ZeroGUID {
		return nil
	}
	for _, r := range s.rows {
		if strings.EqualFold(guidOf(r["Ref_Key"]), key) {
			return r
		}
	}
	return nil
}

func (s *Set) field(name string) (Field, bool) { return findField(s.Fields, name) }

func findField(fields []Field, name string) (Field, bool) {
	for _, f := range fields {
		if f.Name == name {
			return f, true
		}
	}
	return Field{}, false
}

func (s *Set) nav(name string) (Nav, bool) { return findNav(s.Navs, name) }

func findNav(navs []Nav, name string) (Nav, bool) {
	for _, n := range navs {
		if n.Name == name {
			return n, true
		}
	}
	return Nav{}, false
}

func (s *Set) part(name string) *Part {
	for i := range s.Parts {
		if s.Parts[i].Name == name {
			return &s.Parts[i]
		}
	}
	return nil
}

// asSet lets a tabular part be asked for its fields like a set.
func (p *Part) asSet() *Set {
	return &Set{Name: p.Name, Fields: append([]Field{{"Ref_Key", GUID}, {"LineNumber", Int64}}, p.Fields...), Navs: p.Navs}
}

func guidOf(v any) string {
	s, _ := v.(string)
	return s
}
