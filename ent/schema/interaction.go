package schema

import (
	"encoding/json"

	"entgo.io/ent"
	"entgo.io/ent/dialect/entsql"
	"entgo.io/ent/schema/edge"
	"entgo.io/ent/schema/field"
	"entgo.io/ent/schema/index"
)

// Interaction is one row of the history. It references operators, queues and customers by bare ids: history outlives them, and
// customers live in other systems.
type Interaction struct{ ent.Schema }

// Fields of an interaction.
func (Interaction) Fields() []ent.Field {
	return []ent.Field{
		field.String("id").Immutable().Comment("for a call the call's id"),
		field.String("channel"),
		field.String("direction"),
		field.String("number").Comment("E.164, or digits as received"),
		field.String("number_display").Default(""),
		field.String("number_ext").Default(""),
		field.String("number_kind").Default(""),
		field.String("queue_id").Default(""),
		field.String("operator_id").Default(""),
		field.String("customer_id").Default(""),
		field.String("customer_name").Default("").Comment("as known then"),
		field.String("linked_by").Default("").Comment("operator who chose the customer; empty: the ranking did, or nobody is linked"),
		field.Time("linked_at").Optional().Nillable().Comment("when a person decided on the link, or that there is none; null: nobody has"),
		field.Int("link").Default(0).Comment("of a call with a public number: 1 nobody, 2 by the system, 3 by a person; else 0. For counting"),
		field.Int("week").Default(0).Comment("of a call: since Monday, 29 December 1969, UTC; 0: no call"),
		field.Time("started_at"),
		field.Time("enqueued_at").Optional().Nillable(),
		field.Time("answered_at").Optional().Nillable(),
		field.Time("ended_at").Optional().Nillable(),
		field.Time("closed_at").Optional().Nillable().Comment("wrap-up finished"),
		field.Int64("waited_ms").Default(0),
		field.String("result").Default(""),
		field.Int64("term").Default(0).Comment("lease term of the writer, fences older ones"),

		field.Float("mos").Optional().Nillable().Comment("quality in one number, for reports: mean opinion score of the worst side, 1 to 4.5"),
		field.JSON("quality", json.RawMessage{}).Optional().Comment("summary per side, and alerts"),

		field.String("topic_id").Optional().Nillable(),
		field.Strings("tags").Optional().Comment("as shown; interaction_tags is the index over it"),
		field.Text("comment").Default(""),
		field.Time("comment_at").Optional().Nillable(),
	}
}

// Edges of an interaction.
func (Interaction) Edges() []ent.Edge {
	return []ent.Edge{
		edge.From("topic", Topic.Type).Ref("interactions").Field("topic_id").Unique(),
		edge.To("tag_rows", InteractionTag.Type).Annotations(entsql.OnDelete(entsql.Cascade)),
	}
}

// Indexes of interactions: each timeline in the order of its keyset cursor, the few that are open, and what the link rate and the list
// of unlinked numbers are read from without touching the rows.
func (Interaction) Indexes() []ent.Index {
	return []ent.Index{
		index.Fields("started_at", "id"),
		index.Fields("customer_id", "started_at", "id"),
		index.Fields("number", "started_at", "id"),
		index.Fields("operator_id", "started_at", "id"),
		index.Fields("queue_id", "started_at", "id"),
		index.Fields("topic_id"),
		index.Fields("week", "queue_id", "link"),
		index.Fields("number", "started_at", "queue_id").StorageKey("interaction_unlinked").Annotations(entsql.IndexWhere("link = 1")),
		index.Fields("started_at", "id").StorageKey("interaction_open").Annotations(entsql.IndexWhere("closed_at IS NULL")),
	}
}

// InteractionTag is a tag of an interaction, for counting and finding tags in use.
type InteractionTag struct{ ent.Schema }

// Fields of a tag.
func (InteractionTag) Fields() []ent.Field {
	return []ent.Field{
		field.String("interaction_id").Immutable(),
		field.String("folded").Immutable().Comment("lower case, by Unicode: SQLite folds only ASCII"),
		field.String("name").Immutable(),
	}
}

// Edges of a tag.
func (InteractionTag) Edges() []ent.Edge {
	return []ent.Edge{
		edge.From("interaction", Interaction.Type).Ref("tag_rows").Field("interaction_id").Unique().Required().Immutable(),
	}
}

// Indexes of tags: one of a kind per interaction, and by prefix.
func (InteractionTag) Indexes() []ent.Index {
	return []ent.Index{
		index.Fields("interaction_id", "folded").Unique(),
		index.Fields("folded"),
	}
}
