package store

import (
	"context"
	"time"

	"github.com/pult-cc/pult/ent/setting"
	"github.com/pult-cc/pult/internal/errs"
)

// Setting returns a named value of the installation; one never set is errs.NotFound.
func (s *Store) Setting(ctx context.Context, name string) (string, error) {
	row, err := s.client.Setting.Get(ctx, name)
	if err != nil {
		return "", notFound("reading setting", "the setting has no value", err)
	}
	return row.Value, nil
}

// SetSetting gives a named value; the last write wins. at is the time of the change.
func (s *Store) SetSetting(ctx context.Context, name, value string, at time.Time) error {
	const op = "saving setting"
	if name == "" {
		return errs.Field(op, "name", "missing")
	}
	err := s.client.Setting.Create().SetID(name).SetValue(clean(value)).SetUpdatedAt(utc(at)).
		OnConflictColumns(setting.FieldID).UpdateNewValues().
		Exec(ctx)
	return wrap(op, err)
}
