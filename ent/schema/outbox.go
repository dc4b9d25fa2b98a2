package schema

import (
	"encoding/json"

	"entgo.io/ent"
	"entgo.io/ent/dialect/entsql"
	"entgo.io/ent/schema/field"
	"entgo.io/ent/schema/index"
)

// OutboxEntry is a record that a customer system is to have, see internal/outbox.
type OutboxEntry struct{ ent.Schema }

// Fields of an entry.
func (OutboxEntry) Fields() []ent.Field {
	return []ent.Field{
		field.String("id").Immutable().Comment("sorts by creation"),
		field.String("connector").Immutable(),
		field.String("kind").Immutable(),
		field.String("subject").Immutable().Comment("interaction; what is of one is delivered in order"),
		field.String("key").Immutable().Comment("names the record to the customer system"),
		field.JSON("payload", json.RawMessage{}),
		field.JSON("edits", json.RawMessage{}).Optional().Comment("what a person put right"),
		field.Int64("revision").Default(1),
		field.String("state"),
		field.Time("since").Comment("when the state began"),
		field.Int("attempts").Default(0),
		field.Time("next_attempt_at").Comment("while leased: when the lease ends"),
		field.String("lease").Default(""),
		field.Text("reason").Default(""),
		field.String("reason_code").Default(""),
		field.String("written_type").Default(""),
		field.String("written_id").Default(""),
		field.String("written_for_type").Default("").Comment("the customer for whom it stands there, or may stand"),
		field.String("written_for_id").Default(""),
		field.Bool("past").Default(false).Comment("what it said is forgotten"),
		field.Time("created_at").Immutable(),
		field.Time("updated_at"),
		field.Time("delivered_at").Optional().Nillable(),
	}
}

// Indexes of entries: one record of a kind and key; what is due, in order; what stands before it; lists; what is old.
func (OutboxEntry) Indexes() []ent.Index {
	return []ent.Index{
		index.Fields("connector", "kind", "key").Unique(),
		index.Fields("connector", "state", "id"),
		index.Fields("connector", "subject", "id"),
		index.Fields("connector", "lease"),
		index.Fields("state", "since").StorageKey("outbox_present").Annotations(entsql.IndexWhere("past = false")),
	}
}
