package onec

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/pult-cc/pult/connectors"
	"github.com/pult-cc/pult/connectors/internal/conf"
	"github.com/pult-cc/pult/internal/errs"
)

// Config is the configuration of one 1C base.
type Config struct {
	BaseURL  string   `json:"base_url"`  // address of the publication, with or without /odata/standard.odata/
	User     string   `json:"user"`      // 1C user with the right to read the sets below
	Password string   `json:"password"`  // reference to a secret
	Preset   string   `json:"preset"`    // where customers are in a standard configuration: ut11, bp30, unf
	Sources  []Source `json:"sources"`   // where customers are, instead of a preset
	TimeZone string   `json:"time_zone"` // of the base, whose times carry none; default Europe/Moscow
	Links    string   `json:"links"`     // where deep links open: the web client or e1c://…; default: the publication
	Calls    *Calls   `json:"calls"`     // where calls are written; default by the preset
	// Contacts says where new customers are written; an empty section is the preset's, none creates none.
	Contacts *Contacts `json:"contacts"`
	Tasks    *Tasks    `json:"tasks"` // where tasks are written; none takes none

	Networks       []string `json:"networks"`         // private networks that base_url may be in; default: all, empty list: none
	MaxConnections int      `json:"max_connections"`  // to the web server; default 8
	MaxQueryBytes  int      `json:"max_query_bytes"`  // longest query string; default 2048, the limit of an unconfigured IIS
	MaxAnswerBytes int      `json:"max_answer_bytes"` // longer answers are refused; default 4 MiB
}

// Source is a set of records that may be customers, with the names of its fields. A path goes through navigation properties:
// "Партнер/ОсновнойМенеджер/Description".
type Source struct {
	Entity string          `json:"entity"` // "Catalog_Контрагенты"
	Kind   connectors.Kind `json:"kind"`
	// Tabular is the part with contact information; default КонтактнаяИнформация.
	Tabular string `json:"tabular"`
	// Lookup is how numbers are asked: "direct" filters the set through its tabular part, one request; "two_step" asks the tabular
	// part and then the set, for platforms before 8.3.8; "auto", the default, begins with direct and remembers what works.
	Lookup string `json:"lookup"`

	Name    string `json:"name"`    // path of the name; default Description
	Company string `json:"company"` // path of the company's name, for persons
	Owner   string `json:"owner"`   // path of the responsible manager's name
	TaxID   string `json:"tax_id"`  // field of the tax number

	// PersonField and PersonValues make single records persons: ЮрФизЛицо = ФизЛицо.
	PersonField  string   `json:"person_field"`
	PersonValues []string `json:"person_values"`
	// ParentLink is the field with the key of the record in ParentEntity that this one is the legal side of. When both are found,
	// the parent is left out: it is the same customer.
	ParentLink   string `json:"parent_link"`
	ParentEntity string `json:"parent_entity"`

	PhoneField   string            `json:"phone_field"`   // a field of the set itself with numbers, where there is one
	SearchFields []string          `json:"search_fields"` // fields whose words are searched; default: the name
	Notes        map[string]string `json:"notes"`         // what else to show: word to path

	// Columns of the tabular part; the defaults are those of the standard library.
	Columns Columns `json:"columns"`
}

// Columns are the names of the columns of contact information.
type Columns struct {
	Text   string `json:"text"`   // as typed; default Представление
	Digits string `json:"digits"` // digits only, empty in part of the rows; default НомерТелефона
	Type   string `json:"type"`   // default Тип
	Kind   string `json:"kind"`   // default Вид_Key
	Email  string `json:"email"`  // default АдресЭП
}

func def(v *string, d string) {
	if *v == "" {
		*v = d
	}
}

func decode(raw json.RawMessage) (Config, error) {
	var c Config
	err := conf.Decode(raw, &c)
	return c, err
}

// readConfig reads and checks a configuration.
func readConfig(raw json.RawMessage) (Config, error) {
	const op = "reading configuration"
	c, err := decode(raw)
	if err != nil {
		return c, err
	}
	if c.MaxConnections < 0 || c.MaxQueryBytes < 0 || c.MaxAnswerBytes < 0 {
		return c, errs.Field(op, "max_connections, max_query_bytes, max_answer_bytes", "must not be negative")
	}
	if c.MaxConnections == 0 {
		c.MaxConnections = 8
	}
	if c.MaxQueryBytes == 0 {
		c.MaxQueryBytes = 2048
	}
	if c.MaxQueryBytes < minQueryBytes {
		return c, errs.Field(op, "max_query_bytes", fmt.Sprintf("must be %d at least", minQueryBytes))
	}
	if c.MaxAnswerBytes == 0 {
		c.MaxAnswerBytes = 4 << 20
	}
	def(&c.TimeZone, "Europe/Moscow")
	if _, err := time.LoadLocation(c.TimeZone); err != nil {
		return c, errs.Field(op, "time_zone", fmt.Sprintf("%q is no time zone; write it like Europe/Moscow", c.TimeZone))
	}
	switch {
	case c.Preset != "" && len(c.Sources) > 0:
		return c, errs.Field(op, "preset", "give a preset or sources, not both")
	case c.Preset == "" && len(c.Sources) == 0:
		c.Preset = "ut11"
		fallthrough
	case c.Preset != "":
		preset, ok := presets()[c.Preset]
		if !ok {
			return c, errs.Field(op, "preset", fmt.Sprintf("%q is unknown; known presets: bp30, unf, ut11", c.Preset))
		}
		c.Sources = preset
		if c.Calls == nil {
			c.Calls = callsOf(c.Preset)
		}
	}
	if c.Calls != nil {
		if err := c.Calls.complete(); err != nil {
			return c, err
		}
	}
	for i := range c.Sources {
		if err := c.Sources[i].complete(fmt.Sprintf("sources[%d]", i)); err != nil {
			return c, err
		}
	}
	if c.Contacts != nil {
		if err := c.Contacts.complete(c.Preset, c.Sources); err != nil {
			return c, err
		}
	}
	if c.Tasks != nil {
		if err := c.Tasks.complete(); err != nil {
			return c, err
		}
	}
	return c, nil
}

// minQueryBytes is what the longest single condition of a preset needs.
const minQueryBytes = 1200

func (s *Source) complete(at string) error {
	const op = "reading configuration"
	def(&s.Tabular, "КонтактнаяИнформация")
	def(&s.Lookup, "auto")
	def(&s.Name, "Description")
	def(&s.Columns.Text, "Представление")
	def(&s.Columns.Digits, "НомерТелефона")
	def(&s.Columns.Type, "Тип")
	def(&s.Columns.Kind, "Вид_Key")
	def(&s.Columns.Email, "АдресЭП")
	switch s.Kind {
	case connectors.KindCompany, connectors.KindPerson, connectors.KindLead:
	default:
		return errs.Field(op, at+".kind", "must be COMPANY, PERSON or LEAD")
	}
	switch s.Lookup {
	case lookupAuto, lookupDirect, lookupTwoStep:
	default:
		return errs.Field(op, at+".lookup", "must be auto, direct or two_step")
	}
	if (s.ParentLink == "") != (s.ParentEntity == "") {
		return errs.Field(op, at+".parent_link", "goes together with parent_entity")
	}
	names := map[string]string{
		"entity": s.Entity, "tabular": s.Tabular, "columns.text": s.Columns.Text, "columns.digits": s.Columns.Digits,
		"columns.type": s.Columns.Type, "columns.kind": s.Columns.Kind, "columns.email": s.Columns.Email, "name": s.Name,
	}
	for field, optional := range map[string]string{
		"company": s.Company, "owner": s.Owner, "tax_id": s.TaxID, "person_field": s.PersonField, "parent_link": s.ParentLink,
		"phone_field": s.PhoneField,
	} {
		if optional != "" {
			names[field] = optional
		}
	}
	for i, f := range s.SearchFields {
		names[fmt.Sprintf("search_fields[%d]", i)] = f
	}
	for word, path := range s.Notes {
		names["notes."+word] = path
	}
	for _, field := range slices.Sorted(maps.Keys(names)) {
		if !isPath(names[field]) {
			return errs.Field(op, at+"."+field, fmt.Sprintf("%q is no name of a field in 1C", names[field]))
		}
	}
	if len(s.SearchFields) == 0 {
		s.SearchFields = []string{s.Name}
	}
	return nil
}

// The ways to look numbers up.
const (
	lookupAuto    = "auto"
	lookupDirect  = "direct"
	lookupTwoStep = "two_step"
)

// root returns the address of the interface itself.
func (c Config) root() (*url.URL, error) {
	const op = "reading configuration"
	u, err := url.Parse(strings.TrimSpace(c.BaseURL))
	switch {
	case err != nil || c.BaseURL == "":
		return nil, errs.Field(op, "base_url", "is no address; write it like https://server/base")
	case u.Scheme != "http" && u.Scheme != "https" || u.Host == "":
		return nil, errs.Field(op, "base_url", "must begin with http:// or https://")
	case u.User != nil:
		return nil, errs.Field(op, "base_url", "must not contain a password; use user and password")
	case u.RawQuery != "" || u.Fragment != "":
		return nil, errs.Field(op, "base_url", "must end with the base's name")
	}
	path := strings.TrimRight(u.Path, "/")
	if !strings.HasSuffix(path, "/odata/standard.odata") {
		path += "/odata/standard.odata"
	}
	return &url.URL{Scheme: u.Scheme, Host: u.Host, Path: path + "/"}, nil
}
