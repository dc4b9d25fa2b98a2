package schema

import (
	"entgo.io/ent"
	"entgo.io/ent/schema/field"
	"entgo.io/ent/schema/index"
)

// ScreenPop is what a customer system was told of a live call, see internal/screenpop.
type ScreenPop struct{ ent.Schema }

// Fields of a pop.
func (ScreenPop) Fields() []ent.Field {
	return []ent.Field{
		field.String("connector").Immutable(),
		field.String("call_id").Immutable().Comment("interaction"),
		field.String("ref_type"),
		field.String("ref_id").Comment("what the system calls the call"),
		field.String("customer_type"),
		field.String("customer_id"),
		field.String("agent").Default("").Comment("by the system's own id: where the card is open"),
		field.Time("at"),
	}
}

// Indexes of pops: one of a call in a system; which cards are open; what is old.
func (ScreenPop) Indexes() []ent.Index {
	return []ent.Index{index.Fields("connector", "call_id").Unique(), index.Fields("connector", "agent"), index.Fields("at")}
}
