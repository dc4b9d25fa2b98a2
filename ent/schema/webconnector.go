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
		field.Bool("no_index").Default(false),
		field.Bool("disabled").Default(false),
		field.Int64("version").Comment("grows by one with every change"),
		field.Time("updated_at"),
		field.String("updated_by").Comment("user id"),
	}
}
