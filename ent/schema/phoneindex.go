package schema

import (
	"entgo.io/ent"
	"entgo.io/ent/dialect/entsql"
	"entgo.io/ent/schema/edge"
	"entgo.io/ent/schema/field"
	"entgo.io/ent/schema/index"
)

// IndexScan is one reading of everybody in a customer system, for the phone index. The last finished one is kept, and what is being
// read after it.
type IndexScan struct{ ent.Schema }

// Fields of a scan.
func (IndexScan) Fields() []ent.Field {
	return []ent.Field{
		field.String("id").Immutable(),
		field.String("connector").Immutable(),
		field.String("stamp").Immutable().Comment("how its pages are written: others cannot be read"),
		field.Time("started_at").Immutable(),
		field.Time("finished_at").Optional().Nillable(),
	}
}

// Edges of a scan.
func (IndexScan) Edges() []ent.Edge {
	return []ent.Edge{edge.To("pages", IndexPage.Type).Annotations(entsql.OnDelete(entsql.Cascade))}
}

// Indexes of scans.
func (IndexScan) Indexes() []ent.Index {
	return []ent.Index{index.Fields("connector", "started_at")}
}

// IndexPage is a page of a scan, with the cursor of the next: both are stored at once, which is what makes a scan resumable.
type IndexPage struct{ ent.Schema }

// Fields of a page.
func (IndexPage) Fields() []ent.Field {
	return []ent.Field{
		field.String("scan_id").Immutable(),
		field.Int("seq").Immutable(),
		field.Text("next").Immutable().Comment("cursor; empty on the last page"),
		field.Int("records").Immutable(),
		field.Time("read_at").Immutable(),
		field.Bytes("data").Immutable().Comment("see internal/customers/phoneindex"),
	}
}

// Edges of a page.
func (IndexPage) Edges() []ent.Edge {
	return []ent.Edge{edge.From("scan", IndexScan.Type).Ref("pages").Field("scan_id").Unique().Required().Immutable()}
}

// Indexes of pages.
func (IndexPage) Indexes() []ent.Index {
	return []ent.Index{index.Fields("scan_id", "seq").Unique()}
}
