package store

import (
	"context"
	"encoding/json"

	"github.com/pult-cc/pult/ent/phonehealth"
	"github.com/pult-cc/pult/internal/errs"
	"github.com/pult-cc/pult/telephony/health"
)

// PhoneHealth keeps the last word on operators' phones. Its methods may be called concurrently.
type PhoneHealth struct{ *Store }

// Health returns what is known of everybody's phone. A record that a newer Pult wrote in another way is left out: the page says it
// anew at its next start.
func (r PhoneHealth) Health(ctx context.Context) ([]health.Record, error) {
	rows, err := r.client.PhoneHealth.Query().Order(phonehealth.ByID()).All(ctx)
	if err != nil {
		return nil, wrap("reading the health of phones", err)
	}
	var out []health.Record
	for _, row := range rows {
		var rec health.Record
		if json.Unmarshal(row.Record, &rec) == nil && rec.OperatorID == row.ID {
			out = append(out, rec)
		}
	}
	return out, nil
}

// SaveHealth keeps a record in place of the operator's former one.
func (r PhoneHealth) SaveHealth(ctx context.Context, rec health.Record) error {
	const op = "saving the health of a phone"
	if rec.OperatorID == "" {
		return errs.Field(op, "operatorId", "missing")
	}
	raw, err := json.Marshal(rec)
	if err != nil {
		return errs.With(errs.Internal, op, err)
	}
	err = r.client.PhoneHealth.Create().SetID(rec.OperatorID).SetAt(utc(rec.At)).SetRecord(raw).
		OnConflictColumns(phonehealth.FieldID).UpdateNewValues().
		Exec(ctx)
	return wrap(op, err)
}
