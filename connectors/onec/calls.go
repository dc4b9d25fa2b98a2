package onec

import (
	"fmt"
	"slices"

	"github.com/pult-cc/pult/internal/errs"
)

// Calls says where calls are written, and into which fields. An empty name is the standard library's; "-" leaves the field out.
type Calls struct {
	Entity   string `json:"entity"`   // default Document_ТелефонныйЗвонок
	Date     string `json:"date"`     // default Date
	Inbound  string `json:"inbound"`  // default Входящий
	Subject  string `json:"subject"`  // default Тема; carries the mark by which a call is found again
	Text     string `json:"text"`     // default Описание
	Customer string `json:"customer"` // default АбонентКонтакт
	// CustomerForm is how the customer is written: "typed" beside a field with the type's name (АбонентКонтакт_Type), or "key".
	CustomerForm string         `json:"customer_form"`
	CustomerName string         `json:"customer_name"` // default АбонентПредставление
	Number       string         `json:"number"`        // default АбонентКакСвязаться
	Reviewed     string         `json:"reviewed"`      // default Рассмотрено; true when somebody answered
	Seconds      string         `json:"seconds"`       // a number field of the base's own for how long it was talked; default none
	Constants    map[string]any `json:"constants"`     // what else to write into a new document; default Важность: Обычная
	SubjectSize  int            `json:"subject_size"`  // characters that the base keeps of the subject; default 100
	Language     string         `json:"language"`      // of what is written: ru or en; default ru
}

// The ways to write a customer.
const (
	customerTyped = "typed"
	customerByKey = "key"
)

// noField leaves a field out.
const noField = "-"

// smallestSubject has room for the mark of the longest key.
const smallestSubject = len(markOpen) + maxKey + len(markClose)

func (c *Calls) complete() error {
	const op = "reading configuration"
	def(&c.Entity, "Document_ТелефонныйЗвонок")
	def(&c.Date, "Date")
	def(&c.Inbound, "Входящий")
	def(&c.Subject, "Тема")
	def(&c.Text, "Описание")
	def(&c.Customer, "АбонентКонтакт")
	def(&c.CustomerForm, customerTyped)
	def(&c.CustomerName, "АбонентПредставление")
	def(&c.Number, "АбонентКакСвязаться")
	def(&c.Reviewed, "Рассмотрено")
	def(&c.Seconds, noField)
	def(&c.Language, "ru")
	if c.Constants == nil {
		c.Constants = map[string]any{"Важность": "Обычная"}
	}
	if c.SubjectSize == 0 {
		c.SubjectSize = 100
	}
	switch {
	case c.SubjectSize < smallestSubject:
		return errs.Field(op, "calls.subject_size", fmt.Sprintf("must be %d at least: the mark of a call has to fit", smallestSubject))
	case c.CustomerForm != customerTyped && c.CustomerForm != customerByKey:
		return errs.Field(op, "calls.customer_form", "must be typed or key")
	case c.Language != "ru" && c.Language != "en":
		return errs.Field(op, "calls.language", "must be ru or en")
	case c.Subject == noField:
		return errs.Field(op, "calls.subject", "is needed: calls are found again by it")
	}
	for _, f := range []struct{ key, name string }{
		{"entity", c.Entity}, {"date", c.Date}, {"inbound", c.Inbound}, {"subject", c.Subject}, {"text", c.Text}, {"customer", c.Customer},
		{"customer_name", c.CustomerName}, {"number", c.Number}, {"reviewed", c.Reviewed}, {"seconds", c.Seconds},
	} {
		if f.name != noField && (!isPath(f.name) || slices.Contains([]rune(f.name), '/')) {
			return errs.Field(op, "calls."+f.key, fmt.Sprintf("%q is no name of a field in 1C", f.name))
		}
	}
	for name := range c.Constants {
		if !isPath(name) {
			return errs.Field(op, "calls.constants", fmt.Sprintf("%q is no name of a field in 1C", name))
		}
	}
	return nil
}

// callsOf says where a preset's calls are written: nil where no source tells.
func callsOf(preset string) *Calls {
	if preset == "ut11" {
		return &Calls{}
	}
	return nil
}
