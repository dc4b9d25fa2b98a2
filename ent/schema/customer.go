package schema

import (
	"entgo.io/ent"
	"entgo.io/ent/dialect/entsql"
	"entgo.io/ent/schema/edge"
	"entgo.io/ent/schema/field"
	"entgo.io/ent/schema/index"
)

// SeenCustomer is a customer as a customer system last described them. The record itself is JSON: Pult reads it back whole.
type SeenCustomer struct{ ent.Schema }

// Fields of a seen customer.
func (SeenCustomer) Fields() []ent.Field {
	return []ent.Field{
		field.String("id").Immutable().Comment("customers.ID"),
		field.Text("name").Comment("for ordering"),
		field.Text("search").Comment("words to find them by, lower case by Unicode"),
		field.Text("record").Comment("JSON"),
		field.Time("as_of"),
	}
}

// Edges of a seen customer.
func (SeenCustomer) Edges() []ent.Edge {
	return []ent.Edge{edge.To("numbers", CustomerNumber.Type).Annotations(entsql.OnDelete(entsql.Cascade))}
}

// Indexes of seen customers.
func (SeenCustomer) Indexes() []ent.Index {
	return []ent.Index{index.Fields("name")}
}

// CustomerNumber is a number of a seen customer.
type CustomerNumber struct{ ent.Schema }

// Fields of a number.
func (CustomerNumber) Fields() []ent.Field {
	return []ent.Field{
		field.String("customer_id").Immutable(),
		field.String("e164").Immutable(),
	}
}

// Edges of a number.
func (CustomerNumber) Edges() []ent.Edge {
	return []ent.Edge{
		edge.From("customer", SeenCustomer.Type).Ref("numbers").Field("customer_id").Unique().Required().Immutable(),
	}
}

// Indexes of numbers.
func (CustomerNumber) Indexes() []ent.Index {
	return []ent.Index{
		index.Fields("customer_id", "e164").Unique(),
		index.Fields("e164"),
	}
}

// RememberedChoice is the customer a person chose for a number.
type RememberedChoice struct{ ent.Schema }

// Fields of a choice; the id is the number.
func (RememberedChoice) Fields() []ent.Field {
	return []ent.Field{
		field.String("id").Immutable().Comment("E.164"),
		field.String("customer_id"),
		field.Text("record").Comment("JSON"),
		field.String("operator_id"),
		field.Time("chosen_at"),
	}
}

// RefusedLink says that a number is not a customer's, whatever the customer systems hold.
type RefusedLink struct{ ent.Schema }

// Fields of a refusal.
func (RefusedLink) Fields() []ent.Field {
	return []ent.Field{
		field.String("e164").Immutable(),
		field.String("customer_id").Immutable(),
		field.String("operator_id"),
		field.Time("refused_at"),
	}
}

// Indexes of refusals.
func (RefusedLink) Indexes() []ent.Index {
	return []ent.Index{index.Fields("e164", "customer_id").Unique()}
}
