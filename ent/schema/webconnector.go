package schema

import (
	"encoding/json"

	"entgo.io/ent"
	"entgo.io/ent/schema/field"
)

// WebConnector is a customer system that was configured in the web app.
type WebConnector struct{ ent.Schema }

// Fields of a connector; the id is the instance's, which customers' ids contain.
func (WebConnector) Fields() []ent.Field {
	return []ent.Field{
		field.String("id").Immutable(),
		field.String("kind").Immutable(),
		field.String("name"),
		field.JSON("config", json.RawMessage{}).Comment("secrets stand in it as references into sealed"),
		field.Bytes("sealed").Sensitive().Comment("all secrets together; empty when there are none"),
		field.Bytes("rotated").Optional().Sensitive().Comment("secrets that changed when they were used, all together"),
		field.Bool("no_index").Default(false),
		field.Bool("disabled").Default(false),
		field.Int64("version").Comment("grows with every change, also over a deletion"),
		field.Time("updated_at"),
		field.String("updated_by").Comment("user id"),
	}
}
