package schema

import (
	"entgo.io/ent"
	"entgo.io/ent/dialect/entsql"
	"entgo.io/ent/schema/edge"
	"entgo.io/ent/schema/field"
	"entgo.io/ent/schema/index"
)

// Queue is the configuration of a waiting line.
type Queue struct{ ent.Schema }

// Fields of a queue. Durations are milliseconds.
func (Queue) Fields() []ent.Field {
	return []ent.Field{
		field.String("id").Immutable(),
		field.String("key").Unique().Comment("name in the dialplan"),
		field.String("name"),
		field.Int("position").Default(0),
		field.Int64("ring_timeout_ms").Default(0),
		field.Int64("wrap_up_ms").Default(0).Comment("0: no limit"),
		field.Int64("rescue_for_ms").Default(0),
		field.Bool("auto_answer").Default(false).Comment("operators' phones answer by themselves, after a tone"),
		field.String("tone").Default("").Comment("how it rings at the operators; empty: the usual way"),
	}
}

// Edges of a queue: its people.
func (Queue) Edges() []ent.Edge {
	return []ent.Edge{edge.From("users", User.Type).Ref("queues")}
}

// PauseReason is why an operator takes no calls.
type PauseReason struct{ ent.Schema }

// Fields of a pause reason.
func (PauseReason) Fields() []ent.Field {
	return []ent.Field{
		field.String("id").Immutable(),
		field.String("key").Unique(),
		field.String("name"),
		field.Bool("system").Default(false).Comment("set by Pult, not to be chosen"),
		field.Int("position").Default(0),
	}
}

// Topic is what a conversation was about.
type Topic struct{ ent.Schema }

// Fields of a topic.
func (Topic) Fields() []ent.Field {
	return []ent.Field{
		field.String("id").Immutable(),
		field.String("group").Default("").Comment("parent's name"),
		field.String("name"),
		field.Int("position").Default(0),
	}
}

// Edges of a topic.
func (Topic) Edges() []ent.Edge {
	return []ent.Edge{edge.To("interactions", Interaction.Type).Annotations(entsql.OnDelete(entsql.SetNull))}
}

// Indexes of topics.
func (Topic) Indexes() []ent.Index {
	return []ent.Index{index.Fields("group", "name").Unique()}
}
