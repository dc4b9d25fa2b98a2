package customers

import (
	"context"
	"net/mail"
	"regexp"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/pult-cc/pult/connectors"
	"github.com/pult-cc/pult/internal/errs"
)

// Creator is a Source in which customers can be created.
type Creator interface {
	// Creates tells whether CreateContact is not errs.Unsupported. It asks nobody.
	Creates() bool
	CreateContact(ctx context.Context, n connectors.NewContact) (connectors.Candidate, error)
}

// System is a customer system as people choose among them.
type System struct {
	ID   string
	Name string
}

// Creating lists the systems in which customers can be created, in the order of the configuration.
func (s *Service) Creating() []System {
	var out []System
	for _, src := range s.systems.Load().sources {
		if c, ok := src.(Creator); ok && c.Creates() {
			out = append(out, System{src.ID(), src.Name()})
		}
	}
	return out
}

// NewCustomer is a customer that somebody wants to create.
type NewCustomer struct {
	Key       string // names this wish: twice the same key makes one record
	System    string // connector id; "" where only one can
	Kind      connectors.Kind
	Name      string
	Company   string
	TaxID     string // for finding who is there already; no system of ours takes one, so it stands in the comment
	Number    string // as typed
	Email     string
	Comment   string
	Confirmed bool // the duplicates have been seen: create all the same
	Agent     connectors.Agent
}

// Created is what became of the wish: a customer, or, unless it was confirmed, those who may be it.
type Created struct {
	Customer   *Customer
	Number     Number
	Duplicates []Duplicate
}

// The bounds of a new customer's fields, in code points.
const (
	maxName    = 200
	maxComment = 2000
)

var validKey = regexp.MustCompile(`^[A-Za-z0-9_-]{1,64}$`)

// Create makes a customer in a system, unless somebody there has the same number, mail, tax number or nearly the same name: then
// nothing is made and they are returned, for a person to say who is who. A field that cannot stay as it is is errs.Invalid with its
// name; a system that does not answer the question who is there already is asked for nothing else.
func (s *Service) Create(ctx context.Context, w NewCustomer) (Created, error) {
	const op = "creating customer"
	n, err := s.checked(&w)
	if err != nil {
		return Created{}, err
	}
	src, creator, err := s.creator(w.System)
	if err != nil {
		return Created{}, err
	}
	out := Created{Number: n}
	if !w.Confirmed {
		ctx, cancel := context.WithTimeout(ctx, s.o.SearchDeadline)
		defer cancel()
		if out.Duplicates, err = s.duplicates(ctx, src, n, w); err != nil {
			return Created{}, saidBy(src, op, err)
		}
		if len(out.Duplicates) > 0 {
			return out, nil
		}
	}
	made, err := creator.CreateContact(ctx, w.contact(s.numbers, n))
	if err != nil {
		return Created{}, saidBy(src, op, err)
	}
	c := s.customer(src, made, connectors.Answer{AsOf: time.Now()})
	if err := s.repo.Keep(ctx, []Customer{c}); err != nil {
		s.log.Warn("keeping a created customer failed", "err", err)
	}
	out.Customer = &c
	return out, nil
}

// creator finds the system to create in.
func (s *Service) creator(id string) (Source, Creator, error) {
	const op, field = "creating customer", "systemId"
	able := s.Creating()
	switch {
	case len(able) == 0:
		return nil, nil, errs.E(errs.Unsupported, op, "customers cannot be created in any of the systems")
	case id == "" && len(able) > 1:
		return nil, nil, errs.Field(op, field, "choose the system")
	case id == "":
		id = able[0].ID
	}
	src := s.source(id)
	creator, ok := src.(Creator)
	if !ok || !creator.Creates() {
		return nil, nil, errs.Field(op, field, "customers cannot be created there")
	}
	return src, creator, nil
}

// checked trims the fields and says which of them cannot stay.
func (s *Service) checked(w *NewCustomer) (Number, error) {
	const op = "creating customer"
	for _, f := range []*string{&w.Name, &w.Company, &w.TaxID, &w.Number, &w.Email, &w.Comment} {
		*f = strings.TrimSpace(*f)
	}
	wrong := map[string]string{}
	if !validKey.MatchString(w.Key) {
		wrong["key"] = "must be 1 to 64 letters, digits, - or _"
	}
	switch w.Kind {
	case connectors.KindPerson, connectors.KindCompany, connectors.KindLead:
	default:
		wrong["kind"] = "must be a person, a company or a lead"
	}
	if w.Name == "" {
		wrong["name"] = "enter a name"
	}
	for field, text := range map[string]string{"name": w.Name, "company": w.Company, "taxId": w.TaxID} {
		if utf8.RuneCountInString(text) > maxName {
			wrong[field] = "is too long"
		}
	}
	if utf8.RuneCountInString(w.Comment) > maxComment {
		wrong["comment"] = "is too long"
	}
	if w.Email != "" {
		if a, err := mail.ParseAddress(w.Email); err != nil || a.Address != w.Email {
			wrong["email"] = "is no address of mail"
		}
	}
	var n Number
	if w.Number != "" {
		if n = s.numbers.Parse(w.Number); n.Kind != NumberPublic || !isE164(n.E164) {
			wrong["number"] = "is no valid telephone number"
		}
	}
	if len(wrong) > 0 {
		return n, &errs.Error{Kind: errs.Invalid, Op: op, Msg: "some fields cannot stay as they are", Fields: wrong}
	}
	return n, nil
}

// contact is the wish as a driver takes it.
func (w NewCustomer) contact(numbers *Normalizer, n Number) connectors.NewContact {
	c := connectors.NewContact{
		Key: w.Key, Kind: w.Kind, Name: w.Name, Company: w.Company, Phone: n.E164, Email: w.Email, Comment: w.Comment, Agent: w.Agent,
	}
	if w.TaxID != "" {
		label := "Tax ID"
		if numbers.Region() == "RU" {
			label = "ИНН"
		}
		c.Comment = strings.TrimSpace(label + " " + w.TaxID + "\n" + w.Comment)
	}
	return c
}
