// Package schema describes Pult's tables for the ent generator.
//
// Ids are strings made by the core, so that an id is known before the row is written and a repeated write is no second row.
// Times are UTC with microseconds, the finest that PostgreSQL keeps. After a change run `go generate ./ent` and
// `go run ./ent/migrate/diff`.
package schema

import (
	"encoding/json"

	"entgo.io/ent"
	"entgo.io/ent/dialect/entsql"
	"entgo.io/ent/schema/edge"
	"entgo.io/ent/schema/field"
	"entgo.io/ent/schema/index"
)

// User is a person with an account.
type User struct{ ent.Schema }

// Fields of a user.
func (User) Fields() []ent.Field {
	return []ent.Field{
		field.String("id").Immutable(),
		field.String("login").Unique().Comment("lower case"),
		field.String("name"),
		field.String("role"),
		field.String("password").Sensitive().Comment("PHC string"),
		field.String("language").Default(""),
		field.String("theme").Default(""),
		field.Bool("disabled").Default(false),
		field.String("device").Default("WEB").Comment("where they talk: WEB or DESK"),
	}
}

// Edges of a user: the queues served or watched, and the sessions.
func (User) Edges() []ent.Edge {
	return []ent.Edge{
		edge.To("queues", Queue.Type),
		edge.To("sessions", Session.Type).Annotations(entsql.OnDelete(entsql.Cascade)),
	}
}

// Session is a signed-in browser; its id is the hash of the token.
type Session struct{ ent.Schema }

// Fields of a session.
func (Session) Fields() []ent.Field {
	return []ent.Field{
		field.String("id").Immutable().Comment("hash of the token"),
		field.String("user_id").Immutable(),
		field.Time("created_at").Immutable(),
		field.Time("expires_at"),
	}
}

// Edges of a session.
func (Session) Edges() []ent.Edge {
	return []ent.Edge{edge.From("user", User.Type).Ref("sessions").Field("user_id").Unique().Required().Immutable()}
}

// Indexes of sessions: by user, to end them all, and by end, to sweep.
func (Session) Indexes() []ent.Index {
	return []ent.Index{index.Fields("user_id"), index.Fields("expires_at")}
}

// SipCredential is an operator's sealed SIP secret: of one phone session, or of a desk phone.
type SipCredential struct{ ent.Schema }

// Fields of a credential; the id is the operator's.
func (SipCredential) Fields() []ent.Field {
	return []ent.Field{
		field.String("id").Immutable().Comment("operator id"),
		field.String("session_id").Comment("phone session"),
		field.String("client_id").Comment("window that holds the phone"),
		field.String("endpoint"),
		field.String("realm"),
		field.Uint32("key_version"),
		field.Bytes("sealed").Sensitive(),
		field.Time("created_at"),
		field.Bool("desk").Default(false).Comment("of a desk phone, until it is revoked"),
		field.Bool("pending").Default(false).Comment("the PBX has not been told of it yet"),
	}
}

// DeclaredAvailability is what an operator declared, kept over restarts.
type DeclaredAvailability struct{ ent.Schema }

// Fields of a declaration; the id is the operator's.
func (DeclaredAvailability) Fields() []ent.Field {
	return []ent.Field{
		field.String("id").Immutable().Comment("operator id"),
		field.String("availability"),
		field.String("pause_reason").Default("").Comment("key of a pause reason"),
		field.Time("since"),
		field.Time("idle_since"),
	}
}

// PhoneHealth is what an operator's page last said of their phone.
type PhoneHealth struct{ ent.Schema }

// Fields of a phone's health; the id is the operator's.
func (PhoneHealth) Fields() []ent.Field {
	return []ent.Field{
		field.String("id").Immutable().Comment("operator id"),
		field.Time("at"),
		field.JSON("record", json.RawMessage{}).Comment("the last check, and the last errors of the page"),
	}
}

// Setting is a named value of the installation.
type Setting struct{ ent.Schema }

// Fields of a setting; the id is its name.
func (Setting) Fields() []ent.Field {
	return []ent.Field{
		field.String("id").Immutable().Comment("name"),
		field.Text("value"),
		field.Time("updated_at"),
	}
}
