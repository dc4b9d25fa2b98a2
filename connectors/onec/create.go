package onec

import (
	"context"
	"encoding/json"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/pult-cc/pult/connectors"
	"github.com/pult-cc/pult/internal/errs"
)

// creator is a Driver to a base in which customers are created.
type creator struct{ *Driver }

// CreateContact implements connectors.ContactCreator. 1C knows no idempotency, so the customer of the same wish is recognised by name and
// number (or mail): where one is there nothing is made. What was made is read back, for 1C drops silently what it does not know and
// cuts what is too long; a record that is not what was wished is marked for deletion.
func (d creator) CreateContact(ctx context.Context, n connectors.NewContact) (connectors.Candidate, error) {
	const op = "creating customer in 1C"
	rec := d.contacts.of(n.Kind)
	if rec == nil {
		return connectors.Candidate{}, errs.Field(op, "kind", "customers of this kind are not created in this base")
	}
	source := d.sources[slices.IndexFunc(d.sources, func(s Source) bool { return s.Entity == rec.Entity })]
	name := oneLine(printable(n.Name))
	switch {
	case name == "":
		return connectors.Candidate{}, errs.Field(op, "name", "enter a name")
	case utf8.RuneCountInString(name) > rec.NameSize:
		return connectors.Candidate{}, errs.Field(op, "name", "is too long for this base")
	case n.Phone == "" && n.Email == "":
		return connectors.Candidate{}, errs.Field(op, "number", "give a number or a mail address: the customer is found again by it")
	}
	comment := printable(strings.TrimSpace(n.Comment))
	if n.Company != "" && n.Kind != connectors.KindCompany { // a reference would need to know which company of that name
		comment = strings.TrimSpace(oneLine(printable(n.Company)) + "\n" + comment)
	}
	if comment != "" && rec.Comment == noField {
		return connectors.Candidate{}, errs.Field(op, "comment", "this base has no field for a comment")
	}
	done, err := d.turns.take(ctx, op, "contact "+n.Phone+" "+strings.ToLower(n.Email))
	if err != nil {
		return connectors.Candidate{}, err
	}
	defer done()
	// A field that the base lacks would be ignored when it is written and refused when it is read: asked first, nothing is made.
	if err := d.publishes(ctx, op, rec.Entity, append(rec.fields(), source.Tabular)); err != nil {
		return connectors.Candidate{}, err
	}
	key, err := d.same(ctx, op, rec, source, name, n)
	if err != nil {
		return connectors.Candidate{}, err
	}
	if key != "" {
		return d.Get(ctx, connectors.Ref{Connector: d.id, Type: rec.Entity, ID: key})
	}
	lines, err := d.contactLines(ctx, op, rec, n)
	if err != nil {
		return connectors.Candidate{}, err
	}
	fields := maps.Clone(rec.Constants)
	if fields == nil {
		fields = map[string]any{}
	}
	for _, f := range rec.Names {
		fields[f] = name
	}
	if rec.Comment != noField {
		fields[rec.Comment] = comment
	}
	if source.PhoneField != "" && n.Phone != "" {
		fields[source.PhoneField] = onlyDigits(n.Phone)
	}
	head := maps.Clone(fields)
	fields[source.Tabular] = lines
	if key, err = d.client.write(ctx, op, http.MethodPost, query{entity: rec.Entity}, fields); err != nil {
		return connectors.Candidate{}, err
	}
	return d.created(ctx, op, rec, key, head, n)
}

// created reads a new record back; one that is not what was wished is marked for deletion and said to be wrong.
func (d creator) created(ctx context.Context, op string, rec *NewRecord, key string, head map[string]any, n connectors.NewContact) (connectors.Candidate, error) {
	lost, err := d.readBack(ctx, op, rec.Entity, key, head, nil)
	if err != nil {
		return connectors.Candidate{}, err
	}
	made, err := d.Get(ctx, connectors.Ref{Connector: d.id, Type: rec.Entity, ID: key})
	if err != nil {
		return connectors.Candidate{}, err
	}
	if !reaches(made, n) {
		lost = append(lost, "contact information")
	}
	if len(lost) == 0 {
		return made, nil
	}
	if err := d.mark(ctx, op, rec.Entity, key); err != nil {
		return connectors.Candidate{}, err
	}
	return connectors.Candidate{}, errs.E(errs.Invalid, op, "the base did not keep "+strings.Join(lost, ", ")+" as it was sent; the record is marked for deletion")
}

// same finds the customer of the same name and number or mail, "" when there is none.
func (d creator) same(ctx context.Context, op string, rec *NewRecord, source Source, name string, n connectors.NewContact) (string, error) {
	found, err := d.client.list(ctx, op, query{
		entity: rec.Entity, sel: []string{"Ref_Key", rec.Names[0], source.Tabular}, top: rowsAsked, order: "Ref_Key",
		filter: rec.Names[0] + " eq " + text(name) + " and DeletionMark eq false",
	})
	if err != nil {
		return "", err
	}
	for _, r := range found {
		var c connectors.Candidate
		d.readContacts(source, r, &c)
		if key := strings.ToLower(r.str("Ref_Key")); guidForm.MatchString(key) && reaches(c, n) {
			return key, nil
		}
	}
	return "", nil
}

// reaches tells whether a record has the number and the mail address of the wish.
func reaches(c connectors.Candidate, n connectors.NewContact) bool {
	if n.Phone != "" && !slices.ContainsFunc(c.Phones, func(p connectors.Phone) bool { return onlyDigits(p.Raw) == onlyDigits(n.Phone) }) {
		return false
	}
	return n.Email == "" || slices.ContainsFunc(c.Emails, func(e string) bool { return strings.EqualFold(e, n.Email) })
}

// contactLines are the lines of contact information, as clients of real bases write them: what people see, digits, and the JSON of the
// standard library.
func (d creator) contactLines(ctx context.Context, op string, rec *NewRecord, n connectors.NewContact) ([]map[string]any, error) {
	var out []map[string]any
	add := func(kindName, field, kind, shown string, more map[string]any) error {
		key, err := d.contactKind(ctx, op, kindName, field)
		if err != nil {
			return err
		}
		value, err := json.Marshal(map[string]any{"version": 4, "value": shown, "type": kind})
		if err != nil {
			return errs.E(errs.Internal, op, "the contact information could not be written")
		}
		line := map[string]any{
			"LineNumber": strconv.Itoa(len(out) + 1), "Тип": kind, "Вид_Key": key, "Представление": shown, "Значение": string(value),
		}
		maps.Copy(line, more)
		out = append(out, line)
		return nil
	}
	if n.Phone != "" {
		if err := add(rec.PhoneKind, "phone_kind", typePhone, n.Phone, map[string]any{"НомерТелефона": onlyDigits(n.Phone)}); err != nil {
			return nil, err
		}
	}
	if n.Email != "" {
		_, domain, _ := strings.Cut(n.Email, "@")
		more := map[string]any{"АдресЭП": n.Email, "ДоменноеИмяСервера": domain}
		if err := add(rec.EmailKind, "email_kind", typeEmail, n.Email, more); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// contactKind finds the key of a kind of contact information by its predefined name. Newer versions of the standard library keep that name
// in a field of its own.
func (d creator) contactKind(ctx context.Context, op, name, field string) (string, error) {
	if guidForm.MatchString(name) {
		return strings.ToLower(name), nil
	}
	if name == "" {
		return "", errs.E(errs.Invalid, op, "no kind of contact information is configured for it: contacts, "+field)
	}
	if key, ok := d.kinds.Load(name); ok {
		return key.(string), nil
	}
	for _, f := range []string{"PredefinedDataName", "ИмяПредопределенногоВида"} {
		found, err := d.client.list(ctx, op, query{entity: kindsEntity, sel: []string{"Ref_Key"}, top: 2, filter: f + " eq " + text(name) + " and DeletionMark eq false"})
		if errs.Is(err, errs.Invalid) && f != "PredefinedDataName" {
			break // an older library has no such field
		}
		if err != nil {
			return "", err
		}
		if len(found) == 1 && guidForm.MatchString(found[0].str("Ref_Key")) {
			key := strings.ToLower(found[0].str("Ref_Key"))
			d.kinds.Store(name, key)
			return key, nil
		}
	}
	return "", errs.E(errs.Invalid, op, "the base has no kind of contact information named "+name+": give its key as contacts, "+field)
}
