package store

import (
	"cmp"
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"time"

	entsql "entgo.io/ent/dialect/sql"

	"github.com/pult-cc/pult/ent"
	"github.com/pult-cc/pult/ent/customernumber"
	"github.com/pult-cc/pult/ent/interaction"
	"github.com/pult-cc/pult/ent/predicate"
	"github.com/pult-cc/pult/ent/refusedlink"
	"github.com/pult-cc/pult/ent/rememberedchoice"
	"github.com/pult-cc/pult/ent/seencustomer"
	"github.com/pult-cc/pult/internal/customers"
	"github.com/pult-cc/pult/internal/errs"
	"github.com/pult-cc/pult/internal/interactions"
)

type customerRepo struct{ *Store }

var _ customers.Repository = customerRepo{}

// keepBatch is how many customers one statement keeps; SQLite takes at most 32,766 values a statement.
const keepBatch = 500

// Remember implements customers.Repository. A choice older than the one stored is left out, in whatever order they arrive.
func (r customerRepo) Remember(ctx context.Context, e164 string, c customers.Customer, operatorID string, at time.Time) (int, error) {
	const op = "remembering choice"
	record, err := json.Marshal(c)
	if err != nil {
		return 0, errs.With(errs.Invalid, op, err)
	}
	linked := 0
	err = r.inTx(ctx, func(tx *ent.Tx) error {
		err := tx.RememberedChoice.Create().SetID(clean(e164)).
			SetCustomerID(clean(string(c.ID))).SetRecord(string(record)).SetOperatorID(operatorID).SetChosenAt(utc(at)).
			OnConflict(
				entsql.ConflictColumns(rememberedchoice.FieldID),
				entsql.ResolveWithNewValues(),
				entsql.UpdateWhere(entsql.P(func(b *entsql.Builder) {
					b.WriteString(`remembered_choices.chosen_at <= excluded.chosen_at`)
				})),
			).
			Exec(ctx)
		if errors.Is(err, sql.ErrNoRows) {
			return nil
		}
		if err != nil {
			return err
		}
		_, err = tx.RefusedLink.Delete().Where(
			refusedlink.E164(clean(e164)), refusedlink.CustomerID(clean(string(c.ID))), refusedlink.RefusedAtLTE(utc(at)),
		).Exec(ctx)
		if err != nil {
			return err
		}
		// An older process, in an upgrade one by one, links without saying so in the column that unlinked reads.
		nobodys := []predicate.Interaction{interaction.Number(clean(e164)), unlinked, interaction.CustomerID("")}
		return r.retelling(ctx, tx, nobodys, func() (err error) {
			linked, err = tx.Interaction.Update().Where(nobodys...).
				SetCustomerID(clean(string(c.ID))).SetCustomerName(clean(c.Name)).
				SetLinkedBy(clean(operatorID)).SetLinkedAt(utc(at)).SetLink(int(interactions.LinkPerson)).Save(ctx)
			return err
		})
	})
	if err != nil {
		return 0, wrap(op, err)
	}
	return linked, nil
}

// Forget implements customers.Repository; a number without a choice is success.
func (r customerRepo) Forget(ctx context.Context, e164 string) error {
	_, err := r.client.RememberedChoice.Delete().Where(rememberedchoice.ID(clean(e164))).Exec(ctx)
	return wrap("forgetting choice", err)
}

// Refuse implements customers.Repository.
func (r customerRepo) Refuse(ctx context.Context, e164 string, ids []customers.ID, operatorID string, at time.Time) (int, error) {
	if len(ids) == 0 {
		return 0, nil
	}
	number := clean(e164)
	refused := make([]string, len(ids))
	for i, id := range ids {
		refused[i] = clean(string(id))
	}
	slices.Sort(refused) // every process takes rows in the same order
	refused = slices.Compact(refused)
	unlinked := 0
	err := r.inTx(ctx, func(tx *ent.Tx) error {
		rows := make([]*ent.RefusedLinkCreate, len(refused))
		for i, id := range refused {
			rows[i] = tx.RefusedLink.Create().SetE164(number).SetCustomerID(id).SetOperatorID(operatorID).SetRefusedAt(utc(at))
		}
		err := tx.RefusedLink.CreateBulk(rows...).OnConflict(
			entsql.ConflictColumns(refusedlink.FieldE164, refusedlink.FieldCustomerID), entsql.ResolveWithNewValues(),
		).Exec(ctx)
		if err != nil {
			return err
		}
		_, err = tx.RememberedChoice.Delete().Where(rememberedchoice.ID(number), rememberedchoice.CustomerIDIn(refused...)).Exec(ctx)
		if err != nil {
			return err
		}
		theirs := []predicate.Interaction{interaction.Number(number), interaction.CustomerIDIn(refused...)}
		return r.retelling(ctx, tx, theirs, func() (err error) {
			unlinked, err = tx.Interaction.Update().Where(theirs...).
				SetCustomerID("").SetCustomerName("").SetLinkedBy("").SetLinkedAt(utc(at)).
				Modify(func(u *entsql.UpdateBuilder) {
					// What counts is a call with a public number; anything else has no link, and keeps none.
					u.Set(interaction.FieldLink, entsql.Expr("CASE WHEN "+interaction.FieldLink+" = 0 THEN 0 ELSE 1 END"))
				}).Save(ctx)
			return err
		})
	})
	if err != nil {
		return 0, wrap("refusing customers", err)
	}
	return unlinked, nil
}

// Links implements customers.Repository.
func (r customerRepo) Links(ctx context.Context, e164 string) (customers.Links, error) {
	const op = "reading what is known of a number"
	number := clean(e164)
	var out customers.Links
	choice, err := r.client.RememberedChoice.Query().Where(rememberedchoice.ID(number)).All(ctx)
	if err != nil {
		return out, wrap(op, err)
	}
	for _, row := range choice {
		c, err := customerOf(row.Record)
		if err != nil {
			return out, errs.Wrap(op, err)
		}
		out.Chosen, out.By, out.At = &c, row.OperatorID, utc(row.ChosenAt)
	}
	refused, err := r.client.RefusedLink.Query().Where(refusedlink.E164(number)).All(ctx)
	if err != nil {
		return out, wrap(op, err)
	}
	for _, row := range refused {
		if out.Refused == nil {
			out.Refused = map[customers.ID]string{}
		}
		out.Refused[customers.ID(row.CustomerID)] = row.OperatorID
	}
	spoken, err := r.client.Interaction.Query().
		Where(interaction.Number(number), interaction.CustomerIDNEQ(""), interaction.AnsweredAtNotNil()).
		Order(ent.Desc(interaction.FieldStartedAt, interaction.FieldID)).Limit(1).
		Select(interaction.FieldCustomerID).Strings(ctx)
	if err != nil {
		return out, wrap(op, err)
	}
	if len(spoken) > 0 {
		out.Spoken = customers.ID(spoken[0])
	}
	return out, nil
}

// Keep implements customers.Repository. A description older than the one stored is left out: answers of a slow customer system may
// overtake each other.
func (r customerRepo) Keep(ctx context.Context, cs []customers.Customer) error {
	const op = "keeping customers"
	// One row per customer, and every process takes rows in the same order, so that two never wait for each other.
	latest := map[customers.ID]customers.Customer{}
	for _, c := range cs {
		if c.ID == "" {
			return errs.Field(op, "id", "missing")
		}
		if seen, ok := latest[c.ID]; !ok || !c.AsOf.Before(seen.AsOf) {
			latest[c.ID] = c
		}
	}
	unique := make([]customers.Customer, 0, len(latest))
	for _, c := range latest {
		unique = append(unique, c)
	}
	slices.SortFunc(unique, func(a, b customers.Customer) int { return cmp.Compare(a.ID, b.ID) })
	for batch := range slices.Chunk(unique, keepBatch) {
		if err := r.inTx(ctx, func(tx *ent.Tx) error { return keep(ctx, tx, batch) }); err != nil {
			return wrap(op, err)
		}
	}
	return nil
}

func keep(ctx context.Context, tx *ent.Tx, cs []customers.Customer) error {
	rows := make([]*ent.SeenCustomerCreate, len(cs))
	ids := make([]string, len(cs))
	for i, c := range cs {
		record, err := json.Marshal(c)
		if err != nil {
			return errs.With(errs.Invalid, "", err)
		}
		ids[i] = clean(string(c.ID))
		rows[i] = tx.SeenCustomer.Create().SetID(ids[i]).
			SetName(clean(c.Name)).SetSearch(searchText(c)).SetRecord(string(record)).SetAsOf(utc(c.AsOf))
	}
	err := tx.SeenCustomer.CreateBulk(rows...).OnConflict(
		entsql.ConflictColumns(seencustomer.FieldID),
		entsql.ResolveWithNewValues(),
		entsql.UpdateWhere(entsql.P(func(b *entsql.Builder) {
			b.WriteString(`seen_customers.as_of <= excluded.as_of`)
		})),
	).Exec(ctx)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return err
	}
	// The rows are locked now. Numbers are replaced where our description is the one that stands.
	stands, err := tx.SeenCustomer.Query().Where(seencustomer.IDIn(ids...)).All(ctx)
	if err != nil {
		return err
	}
	asOf := make(map[string]time.Time, len(stands))
	for _, row := range stands {
		asOf[row.ID] = row.AsOf
	}
	var mine []string
	var numbers []*ent.CustomerNumberCreate
	for i, c := range cs {
		if !asOf[ids[i]].Equal(utc(c.AsOf)) {
			continue
		}
		mine = append(mine, ids[i])
		seen := map[string]bool{}
		for _, n := range c.Numbers {
			if e164 := clean(n.Number.E164); e164 != "" && !seen[e164] {
				seen[e164] = true
				numbers = append(numbers, tx.CustomerNumber.Create().SetCustomerID(ids[i]).SetE164(e164))
			}
		}
	}
	if _, err := tx.CustomerNumber.Delete().Where(customernumber.CustomerIDIn(mine...)).Exec(ctx); err != nil {
		return err
	}
	for batch := range slices.Chunk(numbers, keepBatch) {
		if err := tx.CustomerNumber.CreateBulk(batch...).Exec(ctx); err != nil {
			return err
		}
	}
	return nil
}

// Kept implements customers.Repository.
func (r customerRepo) Kept(ctx context.Context, id customers.ID) (customers.Customer, error) {
	const op = "reading customer"
	row, err := r.client.SeenCustomer.Get(ctx, clean(string(id)))
	if err != nil {
		return customers.Customer{}, notFound(op, "the customer has not been seen yet", err)
	}
	c, err := customerOf(row.Record)
	return c, errs.Wrap(op, err)
}

// KeptByNumber implements customers.Repository in one statement, by name.
func (r customerRepo) KeptByNumber(ctx context.Context, e164 string) ([]customers.Customer, error) {
	const op = "reading customers of number"
	rows, err := r.client.SeenCustomer.Query().
		Where(hasNumber(entsql.EQ(customernumber.FieldE164, clean(e164)))).
		Order(seencustomer.ByName(), seencustomer.ByID()).
		All(ctx)
	if err != nil {
		return nil, wrap(op, err)
	}
	return customersOf(op, rows)
}

// SearchKept implements customers.Repository: every word must occur in name, company, tax id, e-mail or responsible manager; digits
// may also be part of a number, with or without the country's code or trunk prefix before them.
func (r customerRepo) SearchKept(ctx context.Context, text string, limit int) ([]customers.Customer, error) {
	const op = "searching customers"
	words := strings.Fields(fold(clean(text)))
	if len(words) == 0 || limit <= 0 {
		return nil, nil
	}
	var where []predicate.SeenCustomer
	for _, w := range words {
		where = append(where, seencustomer.SearchContains(w))
	}
	match := seencustomer.And(where...)
	if number, ok := digits(text); ok {
		// Ten digits are a national number almost everywhere; what stands before them people write in many ways ("8 916…").
		tail := number[max(0, len(number)-10):]
		match = seencustomer.Or(match, hasNumber(entsql.Contains(customernumber.FieldE164, tail)))
	}
	rows, err := r.client.SeenCustomer.Query().Where(match).
		Order(seencustomer.ByName(), seencustomer.ByID()).
		Limit(limit).
		All(ctx)
	if err != nil {
		return nil, wrap(op, err)
	}
	return customersOf(op, rows)
}

// hasNumber selects customers with such a number. It is an IN, which databases answer from the index of numbers; of the EXISTS
// that ent's own predicate is, SQLite makes a walk over all customers.
func hasNumber(such *entsql.Predicate) predicate.SeenCustomer {
	return func(s *entsql.Selector) {
		t := entsql.Table(customernumber.Table)
		s.Where(entsql.In(s.C(seencustomer.FieldID), entsql.Select(t.C(customernumber.FieldCustomerID)).From(t).Where(such)))
	}
}

func searchText(c customers.Customer) string {
	parts := append([]string{c.Name, c.Company, c.TaxID, c.Owner}, c.Emails...)
	return fold(clean(strings.Join(parts, "\n")))
}

func customersOf(op string, rows []*ent.SeenCustomer) ([]customers.Customer, error) {
	out := make([]customers.Customer, len(rows))
	for i, row := range rows {
		c, err := customerOf(row.Record)
		if err != nil {
			return nil, errs.Wrap(op, err)
		}
		out[i] = c
	}
	return out, nil
}

func customerOf(record string) (customers.Customer, error) {
	var c customers.Customer
	if err := json.Unmarshal([]byte(record), &c); err != nil {
		return customers.Customer{}, errs.With(errs.Internal, "decoding customer", err)
	}
	return c, nil
}
