package onec

import (
	"fmt"
	"slices"
	"strings"

	"github.com/pult-cc/pult/connectors"
	"github.com/pult-cc/pult/internal/errs"
)

// Contacts says where new customers are written. An empty section takes what the preset knows; a kind that is left out cannot be
// created.
type Contacts struct {
	Company *NewRecord `json:"company"`
	Person  *NewRecord `json:"person"`
	Lead    *NewRecord `json:"lead"`
}

// NewRecord is a new record of one kind of customer.
type NewRecord struct {
	Entity   string   `json:"entity"`    // one of the sources
	Names    []string `json:"names"`     // fields that take the name, the one that is searched first; default Description
	NameSize int      `json:"name_size"` // characters that the base keeps of it; default 100
	Comment  string   `json:"comment"`   // default none: a comment is refused then
	// PhoneKind and EmailKind are the kinds of contact information: the predefined name (ТелефонПартнера) or the key.
	PhoneKind string         `json:"phone_kind"`
	EmailKind string         `json:"email_kind"`
	Constants map[string]any `json:"constants"` // what else a new record has
}

// of returns the record of a kind, nil when there is none.
func (c *Contacts) of(k connectors.Kind) *NewRecord {
	switch k {
	case connectors.KindCompany:
		return c.Company
	case connectors.KindPerson:
		return c.Person
	case connectors.KindLead:
		return c.Lead
	}
	return nil
}

func (c *Contacts) all() []*NewRecord {
	return slices.DeleteFunc([]*NewRecord{c.Company, c.Person, c.Lead}, func(r *NewRecord) bool { return r == nil })
}

// complete checks the section against the sources; an empty one is replaced by the preset's.
func (c *Contacts) complete(preset string, sources []Source) error {
	const op = "reading configuration"
	if len(c.all()) == 0 {
		known := contactsOf(preset)
		if known == nil {
			return errs.Field(op, "contacts", "say where customers are created: company, person or lead")
		}
		*c = *known
	}
	for name, r := range map[string]*NewRecord{"company": c.Company, "person": c.Person, "lead": c.Lead} {
		if r == nil {
			continue
		}
		if err := r.complete("contacts."+name, sources); err != nil {
			return err
		}
	}
	return nil
}

func (r *NewRecord) complete(at string, sources []Source) error {
	const op = "reading configuration"
	if !slices.ContainsFunc(sources, func(s Source) bool { return s.Entity == r.Entity }) {
		return errs.Field(op, at+".entity", fmt.Sprintf("%q is none of the sources: who is created there would not be found", r.Entity))
	}
	if len(r.Names) == 0 {
		r.Names = []string{"Description"}
	}
	def(&r.Comment, noField)
	if r.NameSize == 0 {
		r.NameSize = 100
	}
	if r.NameSize < 1 {
		return errs.Field(op, at+".name_size", "must be positive")
	}
	names := slices.Clone(r.Names)
	if r.Comment != noField {
		names = append(names, r.Comment)
	}
	for n := range r.Constants {
		names = append(names, n)
	}
	for _, n := range names {
		if !isPath(n) || strings.Contains(n, "/") {
			return errs.Field(op, at, fmt.Sprintf("%q is no name of a field in 1C", n))
		}
	}
	for field, kind := range map[string]string{"phone_kind": r.PhoneKind, "email_kind": r.EmailKind} {
		if kind != "" && !guidForm.MatchString(kind) && (!isPath(kind) || strings.Contains(kind, "/")) {
			return errs.Field(op, at+"."+field, fmt.Sprintf("%q is neither the predefined name of a kind nor a key", kind))
		}
	}
	return nil
}

// fields lists what of a record is written and read back.
func (r *NewRecord) fields() []string {
	out := slices.Clone(r.Names)
	if r.Comment != noField {
		out = append(out, r.Comment)
	}
	for n := range r.Constants {
		out = append(out, n)
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// contactsOf says how a preset's customers are created; nil where no source tells.
//
// ut11: a client of a real "Управление торговлей" writes partners so, with the kinds ТелефонПартнера and EmailПартнера and the values
// Компания and ЧастноеЛицо. A counterparty is not made: its tax number and bank account are an accountant's. unf and bp30: a client that
// creates counterparties in either tries these fields (ВидКонтрагента, ЮридическоеФизическоеЛицо, Покупатель) and kinds; which of them a
// base has is asked before anything is written.
func contactsOf(preset string) *Contacts {
	partner := func(legal string) *NewRecord {
		return &NewRecord{
			Entity: "Catalog_Партнеры", Names: []string{"Description", "НаименованиеПолное"}, Comment: "ДополнительнаяИнформация",
			PhoneKind: "ТелефонПартнера", EmailKind: "EmailПартнера", Constants: map[string]any{"ЮрФизЛицо": legal, "Клиент": true},
		}
	}
	counterparty := func(comment string, constants map[string]any) *NewRecord {
		return &NewRecord{
			Entity: "Catalog_Контрагенты", Names: []string{"Description", "НаименованиеПолное"}, Comment: comment,
			PhoneKind: "ТелефонКонтрагента", EmailKind: "EmailКонтрагента", Constants: constants,
		}
	}
	switch preset {
	case "ut11":
		return &Contacts{Company: partner("Компания"), Person: partner("ЧастноеЛицо")}
	case "unf":
		kind := func(v string) *NewRecord {
			return counterparty("Комментарий", map[string]any{"ВидКонтрагента": v, "Покупатель": true})
		}
		return &Contacts{Company: kind("ЮридическоеЛицо"), Person: kind("ФизическоеЛицо")}
	case "bp30":
		kind := func(v string) *NewRecord {
			return counterparty("ДополнительнаяИнформация", map[string]any{"ЮридическоеФизическоеЛицо": v})
		}
		return &Contacts{Company: kind("ЮридическоеЛицо"), Person: kind("ФизическоеЛицо")}
	}
	return nil
}
